import { generateImage } from '../../generator/index.ts';
import { IMAGE_KINDS, STRUCTURES } from '../../generator/generated-image.ts';
import type { GeneratedImage, ImageKind, Structure } from '../../generator/generated-image.ts';
import { floatTensor } from '../../graph/tensor.ts';
import type { FloatTensor } from '../../graph/tensor.ts';
import { encodePoints } from '../../model/sam/index.ts';
import type { PointPrompt } from '../../model/sam/index.ts';
import type { TextEncoder } from '../../model/text/text-encoder.ts';
import { createRandom } from '../../protocol/random.ts';
import type { Random } from '../../protocol/random.ts';
import type { Batch } from '../batches.ts';
import { drawExample } from '../example.ts';
import { loadSample } from '../loaded-sample.ts';
import type { LoadedSample } from '../loaded-sample.ts';
import { COARSE, coarseMask } from './coarse-masks.ts';
import { drawPrompts } from './prompts.ts';
import type { Prompt } from './prompts.ts';
import { isFirstLesson, isSamAlone, isSpatial } from './settings.ts';
import type { PretrainingSettings } from './settings.ts';
import { POINT_TOKENS, drawSpatialPrompt } from './spatial-prompts.ts';

/** Kinds of image by how often they come, in twelfths. */
const SHARES: Readonly<Record<ImageKind, number>> = { angiogram: 4, subtraction: 1, fundus: 5, octa: 2 };
const DECK: readonly ImageKind[] = IMAGE_KINDS.flatMap((kind) =>
  new Array<ImageKind>(SHARES[kind]).fill(kind),
);
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
  readonly #frequencies: FloatTensor;
  readonly #encoder: TextEncoder;
  /** By index, oldest first. */
  readonly #pool = new Map<number, Promise<Drawn>>();

  /**
   * @param outputs of the model with its head; each is taught the same
   * @param frequencies of the model's positional encoding, [2, C / 2]
   * @param encoder that knows the words already, and what it is to be asked without one
   */
  constructor(
    settings: PretrainingSettings,
    outputs: number,
    frequencies: FloatTensor,
    encoder: TextEncoder,
  ) {
    this.#settings = settings;
    this.#outputs = outputs;
    this.#frequencies = frequencies;
    this.#encoder = encoder;
  }

  /**
   * `image` [B, 3, S, S], `text_embedding` [B P, T], `target` [B P, outputs, S, S], `valid` [B P, 1, S, S] and, in
   * the spatial part of the run, `point_encoding` and `point_types`. While SAM is alone, targets are of its masks: one
   * output, a quarter as wide.
   * @param step counted from 1
   */
  async at(step: number): Promise<Batch> {
    const { imagesPerStep, promptsPerImage, onlyPresent, imageSize: side } = this.#settings;
    const spatial = isSpatial(this.#settings, step);
    const vesselsOnly = isFirstLesson(this.#settings, step);
    const [size, answers] = [side * side, imagesPerStep * promptsPerImage];
    const samAlone = isSamAlone(this.#settings, step);
    const outputs = samAlone ? 1 : this.#outputs;
    const grid = samAlone ? side / COARSE : side;
    const onGrid = (plane: Float32Array): Float32Array => (samAlone ? coarseMask(plane, side) : plane);
    const image = floatTensor([imagesPerStep, 3, side, side]);
    const { dimension, noWord } = this.#encoder;
    const texts = floatTensor([answers, dimension]);
    const target = floatTensor([answers, outputs, grid, grid]);
    const valid = floatTensor([answers, 1, grid, grid]);
    const points: PointPrompt[] = [];
    for (let b = 0; b < imagesPerStep; b++) {
      const place = step * imagesPerStep + b;
      const random = createRandom(place * 2 + this.#settings.seed * 0x100000000);
      const drawn = await this.#image(place, random.uniform());
      const prompts = drawPrompts(
        promptsPerImage,
        drawn.kind,
        drawn.present,
        onlyPresent,
        vesselsOnly,
        random,
      );
      const planes = prompts.map(() => new Float32Array(size));
      const inside = new Float32Array(size);
      const into = image.data.subarray(b * 3 * size, (b + 1) * 3 * size);
      this.#see(drawn, prompts, random, { image: into, planes, inside });
      const embedded = await Promise.all(prompts.map(({ phrase }) => this.#encoder.embed(phrase)));
      embedded.forEach((embedding, i) => {
        const row = b * promptsPerImage + i;
        const plane = planes[i] ?? new Float32Array();
        const where = spatial ? drawSpatialPrompt(plane, side, random) : undefined;
        if (where) points.push(...where.points);
        const text = where?.withWord === false ? noWord : embedding;
        if (text) texts.data.set(text, row * dimension);
        valid.data.set(onGrid(inside), row * grid * grid);
        for (let output = 0; output < outputs; output++) {
          target.data.set(onGrid(plane), (row * outputs + output) * grid * grid);
        }
      });
    }
    return {
      image,
      text_embedding: texts,
      target,
      valid,
      ...(spatial && this.#pointTensors(points, answers)),
    };
  }

  /** Cuts a view of a drawn image, and of the masks that the prompts ask for. */
  #see(
    { sample, present }: Drawn,
    prompts: readonly Prompt[],
    random: Random,
    into: {
      readonly image: Float32Array;
      readonly planes: readonly Float32Array[];
      readonly inside: Float32Array;
    },
  ): void {
    const { imageSize: side, augmentation } = this.#settings;
    const wanted = prompts.flatMap(({ structure }, i) =>
      structure && present.has(structure) ? [{ place: i, mask: STRUCTURES.indexOf(structure) }] : [],
    );
    const masks = wanted.map(({ mask }) => mask);
    drawExample(sample, masks, { side, crop: 'frame', normalisation: 'sam', augmentation }, random, {
      image: into.image,
      masks: wanted.flatMap(({ place }) => into.planes[place] ?? []),
      valid: into.inside,
    });
  }

  #pointTensors(points: readonly PointPrompt[], answers: number): Record<string, FloatTensor> {
    const { encoding, types } = encodePoints(this.#frequencies, points, this.#settings.imageSize);
    const shaped = ({ data }: FloatTensor): FloatTensor =>
      floatTensor([answers, POINT_TOKENS, data.length / (answers * POINT_TOKENS)], data);
    return { point_encoding: shaped(encoding), point_types: shaped(types) };
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
