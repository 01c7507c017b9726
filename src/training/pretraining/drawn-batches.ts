import { generateImage } from '../../generator/index.ts';
import { IMAGE_KINDS, STRUCTURES } from '../../generator/generated-image.ts';
import type { GeneratedImage, ImageKind, Structure } from '../../generator/generated-image.ts';
import { floatTensor } from '../../graph/tensor.ts';
import { BUCKETS, subWordFeatures } from '../../model/text/sub-words.ts';
import { createRandom } from '../../protocol/random.ts';
import type { Batch } from '../batches.ts';
import { drawExample } from '../example.ts';
import { loadSample } from '../loaded-sample.ts';
import type { LoadedSample } from '../loaded-sample.ts';
import { drawPrompts } from './prompts.ts';
import type { PretrainingSettings } from './settings.ts';

/** Kinds of image by how often they come, in twelfths. */
const SHARES: Readonly<Record<ImageKind, number>> = { angiogram: 4, subtraction: 1, fundus: 5, octa: 2 };
const DECK: readonly ImageKind[] = IMAGE_KINDS.flatMap((kind) => new Array<ImageKind>(SHARES[kind]).fill(kind));
/** Seeds of images lie above those of draws, and those of demos and tests below a million. */
const FIRST_IMAGE_SEED = 1_000_000_000;
/** Room for the images of one run. */
const SEEDS_PER_RUN = 100_000_000;

interface Drawn {
  readonly kind: ImageKind;
  readonly sample: LoadedSample;
  readonly present: ReadonlySet<Structure>;
}

/**
 * The batches of a pretraining run. Each follows from the settings and the step alone, so that a run can go on from any
 * step.
 */
export class DrawnBatches {
  readonly #settings: PretrainingSettings;
  readonly #outputs: number;
  /** By index, oldest first. */
  readonly #pool = new Map<number, Promise<Drawn>>();

  /** @param outputs of the model; each is taught the same */
  constructor(settings: PretrainingSettings, outputs: number) {
    this.#settings = settings;
    this.#outputs = outputs;
  }

  /**
   * `image` [B, 3, S, S], `text_pieces` [B P, BUCKETS], `target` [B P, outputs, S, S], `valid` [B P, 1, S, S].
   * @param step counted from 1
   */
  async at(step: number): Promise<Batch> {
    const { imagesPerStep, promptsPerImage, imageSize: side } = this.#settings;
    const [size, outputs, answers] = [side * side, this.#outputs, imagesPerStep * promptsPerImage];
    const image = floatTensor([imagesPerStep, 3, side, side]);
    const pieces = floatTensor([answers, BUCKETS]);
    const target = floatTensor([answers, outputs, side, side]);
    const valid = floatTensor([answers, 1, side, side]);
    for (let b = 0; b < imagesPerStep; b++) {
      const random = createRandom((step * imagesPerStep + b) * 2 + this.#settings.seed * 0x100000000);
      const { kind, sample, present } = await this.#image(step * imagesPerStep + b, random.uniform());
      const prompts = drawPrompts(promptsPerImage, kind, present, random);
      const planes = prompts.map(() => new Float32Array(size));
      const inside = new Float32Array(size);
      const wanted = prompts.flatMap(({ structure }, i) =>
        structure && present.has(structure) ? [{ place: i, mask: STRUCTURES.indexOf(structure) }] : [],
      );
      drawExample(
        sample,
        wanted.map(({ mask }) => mask),
        { side, crop: 'frame', normalisation: 'sam', augmentation: this.#settings.augmentation },
        random,
        {
          image: image.data.subarray(b * 3 * size, (b + 1) * 3 * size),
          masks: wanted.flatMap(({ place }) => planes[place] ?? []),
          valid: inside,
        },
      );
      prompts.forEach(({ phrase }, i) => {
        const row = b * promptsPerImage + i;
        pieces.data.set(subWordFeatures(phrase), row * BUCKETS);
        valid.data.set(inside, row * size);
        for (let output = 0; output < outputs; output++) {
          target.data.set(planes[i] ?? [], (row * outputs + output) * size);
        }
      });
    }
    return { image, text_pieces: pieces, target, valid };
  }

  /** @param place of the draw in the run; @param where in the pool, 0 to 1 */
  async #image(place: number, where: number): Promise<Drawn> {
    const newest = Math.floor(place / this.#settings.uses);
    const back = Math.floor(where * Math.min(newest + 1, this.#settings.pool));
    const index = newest - back;
    for (const old of this.#pool.keys()) if (old <= newest - this.#settings.pool) this.#pool.delete(old);
    let drawn = this.#pool.get(index);
    if (!drawn) {
      drawn = drawImage(this.#settings, index);
      this.#pool.set(index, drawn);
    }
    return drawn;
  }
}

async function drawImage({ seed, imageSize }: PretrainingSettings, index: number): Promise<Drawn> {
  // Whole decks, each shuffled, keep the kinds in proportion at any time.
  const deck = createRandom(seed * SEEDS_PER_RUN + Math.floor(index / DECK.length));
  const left = [...DECK];
  let kind: ImageKind = 'angiogram';
  for (let i = 0; i <= index % DECK.length; i++) kind = left.splice(deck.integer(left.length), 1)[0] ?? kind;
  const image = generateImage(FIRST_IMAGE_SEED + seed * SEEDS_PER_RUN + index, imageSize, kind);
  return { kind, present: new Set(image.masks.keys()), sample: await loadGenerated(image, String(index)) };
}

async function loadGenerated({ frame, masks }: GeneratedImage, id: string): Promise<LoadedSample> {
  const loaders = [...masks].map(([name, mask]) => [name, () => Promise.resolve(mask)] as const);
  // What lies outside the field of view counts as well: a model must not paint the collimator's edge.
  return loadSample({ id, loadFrame: () => Promise.resolve(frame), masks: new Map(loaders) }, STRUCTURES);
}
