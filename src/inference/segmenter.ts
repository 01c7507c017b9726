import type { DeviceTensor, Executor } from '../graph/executor.ts';
import { sizeOf } from '../graph/tensor.ts';
import type { FloatTensor } from '../graph/tensor.ts';
import type { Mask } from '../imaging/frame.ts';
import { cropMask, cropRaster } from '../imaging/geometry.ts';
import type { Raster, Rectangle } from '../imaging/geometry.ts';
import type { SegmentationModel } from '../model/segmentation-model.ts';
import { SaltError } from '../protocol/errors.ts';
import { DeviceCache } from './device-cache.ts';
import { maskOf } from './mask.ts';
import type { MaskOptions, ProbabilityMap } from './mask.ts';
import { mirrored, mirrors } from './mirror.ts';
import type { Flips, Mirror } from './mirror.ts';
import { inputSize, inputTensor, logitsOfFrame, requireFinitePixels, wholeInput } from './model-input.ts';
import type { InputSize, ModelInput } from './model-input.ts';
import { pixelHash } from './pixel-hash.ts';
import { compileStages } from './stage-programs.ts';
import type { StageChain, WeightPlacement, Weights } from './stage-programs.ts';
import { TiledMaps, tilesOf } from './tiles.ts';

export interface SegmenterOptions {
  readonly executor: Executor;
  readonly input: ModelInput;
  /** The model for one image of the given size, ... */
  readonly model: (size: InputSize) => SegmentationModel;
  /** ... and what it reads: a SAM's positions depend on the size. With placement `inputs`, the same at every size. */
  readonly weights: (size: InputSize) => Weights;
  /** Default: `constants`. */
  readonly placement?: WeightPlacement;
  /** Image embeddings are kept on the device up to this size. Default: 256 MB. */
  readonly cacheBytes?: number;
}

export interface SegmentOptions {
  /** Batch tensors of the prompt by name, batch size 1, e.g. `text_embedding` [1, T]. Default: none. */
  readonly prompt?: Readonly<Record<string, FloatTensor>>;
  /** Where the frame shows anything at all: measured for normalisation. */
  readonly fieldOfView?: Mask | undefined;
  /** Average over this many mirrored copies. Default: 1. */
  readonly flips?: Flips;
  /** Looked at between programs; when it turns true the call ends with SaltError `CANCELLED`. */
  readonly shouldStop?: () => boolean;
}

/** Frames in, masks out. Asking again about a frame costs the prompt's program only. */
export interface Segmenter {
  /**
   * One map for each output of the model, at the frame's size.
   * @throws SaltError `NOT_FINITE`, `INVALID_ARGUMENT`, `CHECKPOINT_MISMATCH`, `CANCELLED`
   */
  probabilities(frame: Raster, options?: SegmentOptions): Promise<ProbabilityMap[]>;
  /** One mask for each output of the model, at the frame's size, inside the field of view. */
  segment(frame: Raster, options?: SegmentOptions & MaskOptions): Promise<Mask[]>;
  /**
   * Computes and keeps what does not depend on the prompt.
   * @throws SaltError as `probabilities`
   */
  embed(frame: Raster, options?: Omit<SegmentOptions, 'prompt'>): Promise<void>;
  /** Compiles what frames of this size need, so that the first is as quick as the second. */
  prepare(size: InputSize): Promise<void>;
  dispose(): Promise<void>;
}

/** What `details.layer` of a `NOT_FINITE` says when the model's answer itself is meant. */
export const OUTPUT_LAYER = 'output';

const CACHE_BYTES = 256 * 2 ** 20;
/** Sizes of frames for which compiled programs are kept. */
const MAX_SIZES = 3;
/** Prompts that point at places, which a mirror would have to move. */
const SPATIAL_PROMPTS = ['point_encoding', 'mask_input'];

/** @throws SaltError `CHECKPOINT_MISMATCH` from the first use when weights do not fit the model */
export function createSegmenter(options: SegmenterOptions): Segmenter {
  return new StagedSegmenter(options);
}

/** A frame or a tile as the model is to see it. */
interface View {
  readonly frame: Raster;
  readonly input: ModelInput;
  readonly hash: string;
}

interface SizedPrograms {
  readonly image: StageChain;
  readonly prompt: StageChain;
}

class StagedSegmenter implements Segmenter {
  readonly #options: SegmenterOptions;
  readonly #embeddings: DeviceCache;
  readonly #programs = new Map<string, SizedPrograms>();
  readonly #uploaded: Map<string, DeviceTensor> | undefined;

  constructor(options: SegmenterOptions) {
    this.#options = options;
    this.#embeddings = new DeviceCache(options.cacheBytes ?? CACHE_BYTES);
    this.#uploaded = options.placement === 'inputs' ? new Map() : undefined;
  }

  async segment(frame: Raster, options: SegmentOptions & MaskOptions = {}): Promise<Mask[]> {
    const maps = await this.probabilities(frame, options);
    return maps.map((map) => maskOf(map, options));
  }

  async probabilities(frame: Raster, options: SegmentOptions = {}): Promise<ProbabilityMap[]> {
    const { prompt = {}, flips = 1 } = options;
    const { input } = this.#options;
    const pointsAtPlace = SPATIAL_PROMPTS.some((name) => name in prompt);
    if (flips > 1 && pointsAtPlace) {
      throw new SaltError('INVALID_ARGUMENT', 'Points, boxes and masks do not go with averaging over flips.');
    }
    requireFinitePixels(frame, 'The frame');
    if (pointsAtPlace) return this.#mapsOf(frame, wholeInput(input), options);
    const tiles = tilesIn(input, frame);
    if (tiles.length === 1) return this.#mapsOf(frame, input, options);
    const whole = new TiledMaps({ width: frame.width, height: frame.height });
    for (const tile of tiles) {
      whole.add(tile, await this.#mapsOf(cropRaster(frame, tile), input, within(tile, options)));
    }
    return whole.maps();
  }

  /** Of a frame, or a tile of one. */
  async #mapsOf(frame: Raster, input: ModelInput, options: SegmentOptions): Promise<ProbabilityMap[]> {
    const programs = await this.#sized(inputSize(input, frame));
    const hash = pixelHash(frame, options.fieldOfView);
    const { width, height } = frame;
    const views = mirrors(options.flips ?? 1);
    const planes: Float32Array[][] = [];
    for (const mirror of views) {
      const seen = await this.#probabilitiesOf({ frame, input, hash }, mirror, programs, options);
      planes.push(seen.map((plane) => mirrored(plane, { width, height }, mirror)));
    }
    const [first = [], ...others] = planes;
    return first.map((plane, output) => {
      const data = average([plane, ...others.flatMap((view) => view[output] ?? [])]);
      return { width, height, data };
    });
  }

  async embed(frame: Raster, options: Omit<SegmentOptions, 'prompt'> = {}): Promise<void> {
    requireFinitePixels(frame, 'The frame');
    const { input } = this.#options;
    for (const tile of tilesIn(input, frame)) {
      const seen = cropRaster(frame, tile);
      const asked = within(tile, options);
      const programs = await this.#sized(inputSize(input, seen));
      const view = { frame: seen, input, hash: pixelHash(seen, asked.fieldOfView) };
      for (const mirror of mirrors(options.flips ?? 1)) {
        await this.#embeddingOf(view, mirror, programs, asked);
      }
    }
  }

  async prepare(size: InputSize): Promise<void> {
    await this.#sized(inputSize(this.#options.input, size));
  }

  async dispose(): Promise<void> {
    this.#embeddings.clear();
    for (const tensor of this.#uploaded?.values() ?? []) tensor.dispose();
    this.#uploaded?.clear();
    for (const programs of this.#programs.values()) await disposeAll(programs);
    this.#programs.clear();
  }

  /** Probabilities of the mirrored frame, one plane for each output. */
  async #probabilitiesOf(
    view: View,
    mirror: Mirror,
    programs: SizedPrograms,
    options: SegmentOptions,
  ): Promise<Float32Array[]> {
    const { executor } = this.#options;
    const { prompt = {}, shouldStop } = options;
    const embedding = await this.#embeddingOf(view, mirror, programs, options);
    const batch: Record<string, DeviceTensor> = {};
    try {
      for (const [name, tensor] of Object.entries(prompt)) batch[name] = await executor.upload(tensor);
      const output = await programs.prompt.run(embedding, batch, shouldStop);
      const logits = await executor.download(output);
      output.dispose();
      return planesOf(logits.shape, logits.data).map(({ plane, grid }) =>
        sigmoid(logitsOfFrame(view.input, view.frame, plane, grid)),
      );
    } finally {
      for (const tensor of Object.values(batch)) tensor.dispose();
    }
  }

  /** Of the mirrored frame; the cache's own. */
  async #embeddingOf(
    { frame, input, hash }: View,
    mirror: Mirror,
    programs: SizedPrograms,
    { fieldOfView, shouldStop }: SegmentOptions,
  ): Promise<DeviceTensor> {
    const key = `${hash} ${mirror.x} ${mirror.y} ${inputSize(input, frame).width}`;
    const kept = this.#embeddings.get(key);
    if (kept) return kept;
    const { executor } = this.#options;
    const pixels = mirrored(frame.pixels, frame, mirror);
    const inside = fieldOfView && { ...fieldOfView, data: mirrored(fieldOfView.data, fieldOfView, mirror) };
    const image = await executor.upload(inputTensor(input, { ...frame, pixels }, inside));
    try {
      const embedding = await programs.image.run(undefined, { image }, shouldStop);
      this.#embeddings.set(key, embedding);
      return embedding;
    } finally {
      image.dispose();
    }
  }

  async #sized(size: InputSize): Promise<SizedPrograms> {
    const key = `${size.width} x ${size.height}`;
    let programs = this.#programs.get(key);
    if (programs) {
      this.#programs.delete(key);
    } else {
      const { executor } = this.#options;
      const [model, weights] = [this.#options.model(size), this.#options.weights(size)];
      const uploaded = this.#uploaded && { uploaded: this.#uploaded };
      const image = await compileStages(executor, model.imageStages, weights, {
        ...uploaded,
        toHost: false,
      });
      try {
        const toHost = { ...uploaded, toHost: true };
        programs = { image, prompt: await compileStages(executor, [model.promptStage], weights, toHost) };
      } catch (error) {
        await image.dispose();
        throw error;
      }
    }
    this.#programs.set(key, programs);
    for (const [oldest, old] of this.#programs) {
      if (this.#programs.size <= MAX_SIZES) break;
      this.#programs.delete(oldest);
      await disposeAll(old);
    }
    return programs;
  }
}

function tilesIn(input: ModelInput, frame: InputSize): readonly Rectangle[] {
  return tilesOf(frame, input.framing === 'square' ? (input.tiles?.share ?? 1) : 1);
}

function within(tile: Rectangle, options: SegmentOptions): SegmentOptions {
  const { fieldOfView } = options;
  return fieldOfView ? { ...options, fieldOfView: cropMask(fieldOfView, tile) } : options;
}

async function disposeAll({ image, prompt }: SizedPrograms): Promise<void> {
  await image.dispose();
  await prompt.dispose();
}

/** @param shape [1, outputs, h, w] */
function planesOf(
  shape: readonly number[],
  data: Float32Array | Int32Array | Uint8Array,
): { plane: Float32Array; grid: InputSize }[] {
  const [, outputs = 0, height = 0, width = 0] = shape;
  if (!(data instanceof Float32Array) || data.length !== sizeOf(shape)) {
    throw new SaltError('GRAPH_INVALID', 'The model returned no float logits.');
  }
  if (!data.every(Number.isFinite)) {
    throw new SaltError(
      'NOT_FINITE',
      'The model returned NaN or Inf for this frame: its weights are damaged, or were trained too fast.',
      { layer: OUTPUT_LAYER },
    );
  }
  const size = height * width;
  return Array.from({ length: outputs }, (_, output) => ({
    plane: data.subarray(output * size, (output + 1) * size),
    grid: { width, height },
  }));
}

/** In place. */
function sigmoid(logits: Float32Array): Float32Array {
  for (let i = 0; i < logits.length; i++) logits[i] = 1 / (1 + Math.exp(-logits[i]!));
  return logits;
}

function average(planes: readonly Float32Array[]): Float32Array {
  const [first, ...others] = planes;
  if (!first || others.length === 0) return first ?? new Float32Array();
  const mean = first.map((value) => value / planes.length);
  for (const plane of others) for (let i = 0; i < mean.length; i++) mean[i]! += plane[i]! / planes.length;
  return mean;
}
