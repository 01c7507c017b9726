import { parse } from 'node:path';
import type { FrameFile } from '../../imaging/decode-any.ts';

/** What the masks of one file are called, with their endings. */
export interface FileMaskNames {
  /** `<image>[_<word>][_frame<N>].png` @param frameNumber one-based */
  mask(word: string, frameNumber: number): string;
  /** `<image>.seg.dcm` */
  readonly segmentation: string;
}

/** Names for the masks of several files in one folder: no two are the same, on disks that ignore case either. */
export class MaskNames {
  /** What each word adds to the name of its image; '' for the only one. */
  readonly endings: ReadonlyMap<string, string>;
  readonly #taken = new Set<string>();

  constructor(words: readonly string[]) {
    const taken = new Set<string>();
    this.endings = new Map(words.map((word) => [word, words.length > 1 ? endingOf(word, taken) : '']));
  }

  /** With a number behind the file's own name where another file's masks are called so already. */
  of(path: string, file: Pick<FrameFile, 'frameCount'>): FileMaskNames {
    const own = parse(path).name;
    let names = this.#namesOf(own, file);
    for (let n = 2; names.all.some((name) => this.#taken.has(name.toLowerCase())); n++) {
      names = this.#namesOf(`${own}-${n}`, file);
    }
    for (const name of names.all) this.#taken.add(name.toLowerCase());
    return names;
  }

  #namesOf(stem: string, { frameCount }: Pick<FrameFile, 'frameCount'>): FileMaskNames & { all: string[] } {
    const mask = (word: string, frameNumber: number): string =>
      `${stem}${this.endings.get(word) ?? ''}${frameSuffix(frameNumber, frameCount)}.png`;
    const frames = Array.from({ length: frameCount }, (_, i) => i + 1);
    const masks = [...this.endings.keys()].flatMap((word) => frames.map((frame) => mask(word, frame)));
    const segmentation = `${stem}.seg.dcm`;
    return { mask, segmentation, all: [...masks, segmentation] };
  }
}

/** Words may differ in case or in signs alone, which names of files do not keep. */
function endingOf(word: string, taken: Set<string>): string {
  const own = `_${word.replace(/[^\p{L}\p{N}-]+/gu, '-').toLowerCase()}`;
  let ending = own;
  for (let n = 2; taken.has(ending); n++) ending = `${own}-${n}`;
  taken.add(ending);
  return ending;
}

function frameSuffix(frameNumber: number, frameCount: number): string {
  if (frameCount === 1) return '';
  return `_frame${String(frameNumber).padStart(String(frameCount).length, '0')}`;
}
