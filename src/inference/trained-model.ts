/** Models ready to segment with: those of adapter files, and those that are used as they are. */
import { createAdapter, factorLayers, mergeWeights, requireBaseModel } from '../adapters/index.ts';
import type { AdapterFile, FactorMatrices } from '../adapters/index.ts';
import type { Executor } from '../graph/executor.ts';
import { floatTensor } from '../graph/tensor.ts';
import type { FloatTensor } from '../graph/tensor.ts';
import { DETAIL_PREFIX, detailMultiple } from '../model/detail/index.ts';
import { enlargedSide, samSide } from '../model/sam-side.ts';
import { GAUSSIAN_MATRIX, prepareSamWeights } from '../model/sam/index.ts';
import { allStages } from '../model/segmentation-model.ts';
import type { SegmentationModel } from '../model/segmentation-model.ts';
import type { TextEncoder } from '../model/text/text-encoder.ts';
import { unetModel, unetMultiple } from '../model/unet.ts';
import type { UnetConfig } from '../model/unet.ts';
import { listWords } from '../protocol/answer-warning.ts';
import type { AnswerWarning } from '../protocol/answer-warning.ts';
import { SaltError } from '../protocol/errors.ts';
import type { Flips } from './mirror.ts';
import { inputSize, wholeInput } from './model-input.ts';
import type { InputSize, ModelInput, SquareInput } from './model-input.ts';
import { embedAskedWord, indexOfWord } from './prompt-words.ts';
import type { FindEncoder } from './prompt-words.ts';
import { placeTensors } from './place-prompt.ts';
import type { PlacePrompt } from './place-prompt.ts';
import { inputMultiple, samModelOf, samTensors, trainedInput, withoutDetail } from './sam-base.ts';
import type { SamBase } from './sam-base.ts';
import type { Weights } from './stage-programs.ts';

/** How a model is asked for a word. */
export interface Question {
  /** Batch tensors of the prompt. */
  readonly prompt: Readonly<Record<string, FloatTensor>>;
  /** Which of the model's outputs answers. */
  readonly output: number;
  readonly warning?: AnswerWarning;
}

export interface TrainedModel {
  /** What it was taught, as far as that is known. */
  readonly words: readonly string[];
  /** Mirrored copies to average over unless asked otherwise: what trained in every orientation gains by it. */
  readonly flips: Flips;
  readonly input: ModelInput;
  /** Whether it sees frames of runs less what stands still in them, where that is known. */
  readonly subtracts: boolean;
  /** What `modelAt` reads. */
  weightsAt(size: InputSize): Weights;
  /** @param pointTokens of clicks and boxes; only where there is `places`. Default: 0 */
  modelAt(size: InputSize, pointTokens?: number): SegmentationModel;
  /** Present where clicks and boxes can be prompts. */
  readonly places?: PlacePrompts;
  /** @throws SaltError `INVALID_ARGUMENT` for a word that it cannot answer to at all */
  ask(word: string): Promise<Question>;
}

/** What it takes to ask by place. */
export interface PlacePrompts {
  /** How a place alone is asked, without a word; undefined where a word must be given. */
  readonly withoutWord: Question | undefined;
  /** The batch tensors of a place. @throws SaltError `INVALID_ARGUMENT` for what lies outside the frame */
  tensors(place: PlacePrompt, frame: InputSize): Readonly<Record<string, FloatTensor>>;
}

/** A U-Net that was trained before. */
export interface TrainedUnet {
  readonly config: UnetConfig;
  readonly weights: Weights;
  /** In the order of its outputs. */
  readonly words: readonly string[];
}

/** Of a text affine layer that nothing will read. */
const SEED = 1;

/** The U-Net that an adapter file holds; undefined for the adapter of a SAM. */
export function unetOfAdapter({ info, values }: AdapterFile): TrainedUnet | undefined {
  if (info.model.kind !== 'unet') return undefined;
  return { config: info.model.config, weights: values, words: info.prompts.map(({ word }) => word) };
}

/**
 * A SAM with an adapter merged into its weights.
 * @param findEncoder for words that the adapter was not trained on; it brings the embeddings of its own
 * @throws SaltError `CHECKPOINT_MISMATCH` when `base` is not the model that the adapter was trained on,
 *   `ADAPTER_INVALID`
 */
export async function adaptedSam(
  file: AdapterFile,
  base: SamBase,
  findEncoder: FindEncoder,
  factor: FactorMatrices,
  executor: Executor,
): Promise<TrainedModel> {
  const { info, values } = file;
  requireBaseModel(info, base);
  const { imageSize } = info;
  // A head is all in the adapter's own file.
  const detail = info.model.kind === 'sam' ? info.model.detail : undefined;
  const sam = { ...withoutDetail(base), ...(detail && { detail: { config: detail, weights: values } }) };
  const model = samModelOf(sam, { batchSize: 1, imageSize, prompts: { text: true } });
  const adapter = createAdapter(info.method, allStages(model));
  const weights = samTensors(withoutDetail(base), imageSize, SEED);
  const svdOf = await factorLayers(adapter, weights, factor);
  const words = info.prompts.map(({ word }) => word);
  const input = trainedInput(info, inputMultiple(sam));
  const merged = await mergeWeights(weights, adapter, values, svdOf, executor);
  return {
    words,
    flips: 1,
    input,
    subtracts: info.stillBackground === 'subtracted',
    weightsAt: ({ width }) => (width === imageSize ? merged : prepareSamWeights(merged, base.config, width)),
    modelAt: atTokens(sam, true),
    places: placesOf(weights, input, undefined),
    async ask(word) {
      const known = { name: base.name, knowsWords: base.textAffine !== undefined };
      const { embedding, ...warning } = await embedAskedWord(word, file, known, findEncoder);
      return { prompt: { text_embedding: asRow(embedding) }, output: 0, ...warning };
    },
  };
}

/** The same adapter without its detail head, for whose sake frames may have been enlarged. */
export function withoutHead({ info, values, embeddings }: AdapterFile): AdapterFile {
  if (info.model.kind !== 'sam') return { info, values, embeddings };
  const { detail: _, ...model } = info.model;
  const { segmentedAt: __, ...others } = info;
  const kept = [...values].filter(([name]) => !name.startsWith(DETAIL_PREFIX));
  return { info: { ...others, model }, values: new Map(kept), embeddings };
}

/**
 * A SAM without an adapter. Unless it was taught words before, it segments what it would without being asked. One that has a
 * detail head sees small frames enlarged.
 * @param side of its input; the usual one without
 */
export function plainSam(base: SamBase, encoder: TextEncoder, side?: number): TrainedModel {
  const text = base.textAffine !== undefined;
  const input = side === undefined ? usualInput(base) : ({ framing: 'square', side } as const);
  const imageSize = input.side;
  const weights = samTensors(base, imageSize, SEED);
  const noWord = encoder.noWord && { text_embedding: asRow(encoder.noWord) };
  const alone = text ? noWord : {};
  return {
    words: [],
    flips: 1,
    input,
    subtracts: true,
    weightsAt: ({ width }) => (width === imageSize ? weights : samTensors(base, width, SEED)),
    modelAt: atTokens(base, text),
    places: placesOf(weights, input, alone && { prompt: alone, output: 0 }),
    async ask(word) {
      if (text) return { prompt: { text_embedding: asRow(await encoder.embed(word)) }, output: 0 };
      return {
        prompt: {},
        output: 0,
        warning: { kind: 'no words', word, base: base.name },
      };
    },
  };
}

/**
 * Enlarged, thin vessels get more pixels; large frames gain nothing from it before training. Dice of salt-tiny after its eighth run,
 * no flips, at 512 and 640 px: six frames of the demonstration's coronary run (512 px) 0.741 and 0.753, and 0.849 and 0.863 of what lies on
 * or at the vessels; four runs of the coronary phantom (512 px) 0.895, 0.865, 0.860, 0.870 and 0.887, 0.877, 0.857, 0.869. DRIVE (584 px; four
 * flips) at 592, 640, 704 and 768 px: 0.782, 0.783, 0.785, 0.784. CHASE_DB1 (999 px; after its sixth run) at 512 and 640 px: 0.624 and 0.609.
 */
function usualInput({ config, detail }: SamBase): SquareInput {
  const usual = samSide(config.imageSize);
  if (!detail) return { framing: 'square', side: usual };
  return {
    framing: 'square',
    side: enlargedSide(usual, detailMultiple(detail.config, config)),
    reducedTo: usual,
  };
}

/** A model for each number of point tokens, built when it is first asked for. */
function atTokens(base: Pick<SamBase, 'config' | 'detail'>, text: boolean): TrainedModel['modelAt'] {
  return ({ width }, points = 0) =>
    samModelOf(base, {
      batchSize: 1,
      imageSize: width,
      prompts: { text, ...(points > 0 && { points }) },
    });
}

function placesOf(weights: Weights, input: ModelInput, withoutWord: Question | undefined): PlacePrompts {
  const matrix = weights.get(GAUSSIAN_MATRIX);
  if (!matrix) throw new SaltError('CHECKPOINT_MISMATCH', `The model lacks ${GAUSSIAN_MATRIX}.`);
  return {
    withoutWord,
    tensors: (place, frame) => placeTensors(place, frame, matrix, inputSize(wholeInput(input), frame).width),
  };
}

/** @param trained false for a network of random weights */
export function unetAsModel({ config, weights, words }: TrainedUnet, trained = true): TrainedModel {
  return {
    words,
    flips: 4,
    input: { framing: 'native', multiple: unetMultiple(config) },
    subtracts: false,
    weightsAt: () => weights,
    modelAt: (size) => unetModel(config, { batchSize: 1, imageSize: size }),
    async ask(word) {
      if (!trained) {
        return { prompt: {}, output: 0, warning: { kind: 'untrained' } };
      }
      const output = indexOfWord(words, word);
      if (output >= 0) return { prompt: {}, output };
      const [known, ...others] = words;
      if (known === undefined || others.length > 0) {
        throw new SaltError(
          'INVALID_ARGUMENT',
          `This U-Net was not trained on "${word}": choose among ${listWords(words)}.`,
        );
      }
      return {
        prompt: {},
        output: 0,
        warning: { kind: 'one word', word, known },
      };
    },
  };
}

function asRow(embedding: Float32Array): FloatTensor {
  return floatTensor([1, embedding.length], embedding);
}
