import { frameOf, shorterStems, stemOf } from './names.ts';

export interface ImageName {
  readonly name: string;
  readonly frames: number;
}

/** Which mask, by image (its position in the list) and frame; 0 stands for every frame. */
export type Matches = ReadonlyMap<number, ReadonlyMap<number, string>>;

/**
 * Pairs masks (or masks of the field of view) with images by name: the same stem; the mask's without its suffixes;
 * for files of several frames, either followed by a frame number; at last, both without suffixes. The closest of
 * these decides, and where it fits several images, or several masks fit one, nothing is guessed.
 *
 * @param what the files are called in problems: `mask`, `field of view`.
 */
export function matchNames(
  images: readonly ImageName[],
  masks: readonly string[],
  what: string,
): { readonly matches: Matches; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const index = new StemIndex(images);
  const found = new Map<number, Map<number, string[]>>();
  for (const mask of masks) {
    const slots = index.find(stemOf(mask));
    const [slot, other] = slots;
    if (!slot) problems.push(`${mask}: no image is named like this ${what}.`);
    else if (other) {
      const names = slots.map(({ image }) => images[image]?.name).join(', ');
      problems.push(`${mask}: this ${what} could belong to any of ${names}. Name it like one of them.`);
    } else {
      const frames = found.get(slot.image) ?? new Map<number, string[]>();
      found.set(slot.image, frames.set(slot.frame, [...(frames.get(slot.frame) ?? []), mask]));
    }
  }
  const matches = new Map<number, Map<number, string>>();
  for (const [image, frames] of found) {
    const chosen = new Map<number, string>();
    for (const [frame, [only, ...others]] of frames) {
      if (only === undefined) continue;
      const name = `${images[image]?.name ?? ''}${frame > 0 ? `, frame ${frame}` : ''}`;
      if (others.length === 0) chosen.set(frame, only);
      else {
        problems.push(
          `${name}: several files could be its ${what} (${[only, ...others].join(', ')}). Keep one of them.`,
        );
      }
    }
    if (chosen.size > 0) matches.set(image, chosen);
  }
  return { matches, problems };
}

interface Slot {
  readonly image: number;
  readonly frame: number;
}

class StemIndex {
  readonly #images: readonly ImageName[];
  /** Images by their own stem. */
  readonly #exact = new Map<string, number[]>();
  /** Images by every shorter form of their stem. */
  readonly #shortened = new Map<string, number[]>();

  constructor(images: readonly ImageName[]) {
    this.#images = images;
    images.forEach(({ name }, image) => {
      const [stem = '', ...shorter] = shorterStems(stemOf(name));
      append(this.#exact, stem, image);
      for (const form of shorter) append(this.#shortened, form, image);
    });
  }

  /** The closest slots for a mask's stem; several when it is ambiguous. */
  find(stem: string): readonly Slot[] {
    const forms = shorterStems(stem);
    for (const stems of [this.#exact, this.#shortened]) {
      for (const form of forms) {
        const whole = (stems.get(form) ?? []).map((image) => ({ image, frame: 0 }));
        if (whole.length > 0) return whole;
        const framed = this.#framed(stems, form);
        if (framed.length > 0) return framed;
      }
    }
    return [];
  }

  #framed(stems: ReadonlyMap<string, readonly number[]>, form: string): Slot[] {
    const numbered = frameOf(form);
    if (!numbered) return [];
    const { base, frame } = numbered;
    return (stems.get(base) ?? []).flatMap((image) => {
      const frames = this.#images[image]?.frames ?? 1;
      return frames > 1 && frame >= 1 && frame <= frames ? [{ image, frame }] : [];
    });
  }
}

function append(stems: Map<string, number[]>, stem: string, image: number): void {
  stems.set(stem, [...(stems.get(stem) ?? []), image]);
}
