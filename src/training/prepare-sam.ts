import { countParameters, createAdapter, methodFor } from '../adapters/index.ts';
import type { AdapterFile, FactorMatrices, MethodConfig } from '../adapters/index.ts';
import { samModelOf } from '../inference/sam-base.ts';
import type { SamBase, TrainedSizes } from '../inference/sam-base.ts';
import { allStages } from '../model/segmentation-model.ts';
import type { TextEncoder } from '../model/text/text-encoder.ts';
import { SaltError } from '../protocol/errors.ts';
import { choosePlan } from './choose-plan.ts';
import { notesOnEarlierFrames } from './earlier-frames.ts';
import type { Fingerprint } from './fingerprint.ts';
import { frameKindOf } from './frame-kind.ts';
import { splitOfJob } from './job-split.ts';
import { SALT_LOSS } from './loss.ts';
import type { OpenExecutor, PreparedRun } from './prepared-run.ts';
import { PRETRAINED_PRESET, SAM_PRESET } from './presets.ts';
import { settingsOf } from './run-choices.ts';
import type { RunChoices } from './run-choices.ts';
import { promptsAtOnce, samSubject } from './sam-subject.ts';
import { layoutModel } from './segments.ts';
import { segmentingSideFor, trainedSizes } from './trained-sizes.ts';
import type { TrainingSample } from './training-sample.ts';

export interface SamRunOptions {
  readonly choices: RunChoices;
  readonly base: SamBase;
  readonly encoder: TextEncoder;
  readonly factor: FactorMatrices;
  /** What a training step may take. */
  readonly maxBytes: number;
  readonly open: OpenExecutor;
  readonly samples: readonly TrainingSample[];
  /** An adapter to go on from: of the same model and method, and of the same size unless none was chosen. */
  readonly from?: AdapterFile;
  /** Of the run whose checkpoint is gone on from. Its batches are kept: with other memory free, others would follow. */
  readonly begun?: Fingerprint | undefined;
}

/**
 * Sets up SAM with an adapter. Unless a batch size was chosen, it is the published one; where the memory is too small
 * for that, one sample at a time, as many of them before each update.
 * @throws SaltError `INVALID_ARGUMENT`, `DATASET_INVALID` without samples, and what `samSubject` and loading a frame throw
 */
export async function prepareSamRun(options: SamRunOptions): Promise<PreparedRun> {
  const { base, encoder, factor, maxBytes } = options;
  const choices = asBegun(options.choices, options.begun, promptsAtOnce(base, options.choices.words));
  const method = methodFor(base.config, choices.method);
  const preset = base.textAffine && base.detail ? PRETRAINED_PRESET : SAM_PRESET;
  const kind = await frameKindOf(choices.words, options.samples);
  const sizes = await trainedSizes(options, preset, kind);
  const { imageSize, frameSize } = sizes;
  if (options.from) requireSameKind(options.from, base, method, sizes);
  let batchSize = choices.batchSize ?? preset.batchSize;
  let needs = bytesOfStep(base, method, imageSize, batchSize, choices.words);
  const isTooLarge = choices.batchSize === undefined && Math.min(needs.whole, needs.staged) > maxBytes;
  if (isTooLarge) {
    batchSize = 1;
    needs = bytesOfStep(base, method, imageSize, batchSize, choices.words);
  }
  const { augmentationOfWords } = preset;
  const areWordsWhole = choices.words.length > 1 && frameSize === undefined;
  const settings = settingsOf(choices, preset, {
    ...(isTooLarge && { accumulate: preset.batchSize }),
    ...(augmentationOfWords && areWordsWhole && { augmentation: augmentationOfWords }),
  });
  const executor = await options.open(needs.whole <= maxBytes);
  const { seed, words } = settings;
  const segmentedAt = segmentingSideFor(base, sizes, settings, kind);
  const subject = await samSubject({
    base,
    method,
    imageSize,
    segmentedAt,
    ...(frameSize !== undefined && { frameSize }),
    batchSize,
    seed,
    words,
    encoder,
    factor,
    executor,
    ...(options.from && { start: options.from.values }),
  });
  const { name, weightsHash, config, detail } = base;
  const { from, samples } = options;
  const { heldOut } = splitOfJob({ settings, samples });
  return {
    subject,
    settings,
    executor,
    notes: [
      ...countParameters(createAdapter(method, allStages(subject.model)), []).notes,
      ...(from ? await notesOnEarlierFrames(from, heldOut) : []),
    ],
    description: {
      ...(from && { earlier: from.info.training }),
      model: { kind: 'sam', name, weightsHash, config, ...(detail && { detail: detail.config }) },
      method,
      seed,
      imageSize,
      ...(segmentedAt !== imageSize && { segmentedAt }),
      ...(frameSize !== undefined && { frameSize }),
      normalisation: 'sam',
      prompts: words.map((word) => {
        const embedding = subject.embeddings?.get(word);
        return { word, encoder: encoder.id, ...(embedding && { embedding }) };
      }),
    },
  };
}

/** What was chosen, with the batches of the run that began so, unless others were chosen. */
function asBegun(choices: RunChoices, begun: Fingerprint | undefined, promptsPerImage: number): RunChoices {
  const batchSize = Number(begun?.['batchSize']) / promptsPerImage;
  const accumulate = Number(begun?.['accumulate']);
  const isCount = (value: number): boolean => Number.isInteger(value) && value > 0;
  return {
    ...(isCount(batchSize) && { batchSize }),
    ...(isCount(accumulate) && { accumulate }),
    ...choices,
  };
}

/** @throws SaltError `INVALID_ARGUMENT` saying what differs */
function requireSameKind(
  { info }: AdapterFile,
  base: SamBase,
  method: MethodConfig,
  { imageSize, frameSize }: TrainedSizes,
): void {
  const { model } = info;
  const detail = model.kind === 'sam' ? model.detail : undefined;
  const differences = [
    ...(model.kind === 'sam' && model.weightsHash === base.weightsHash ? [] : [`its model is ${model.name}`]),
    ...(isEqual(info.method, method) ? [] : [`its method is ${JSON.stringify(info.method)}`]),
    ...(info.imageSize === imageSize ? [] : [`its images have ${info.imageSize} px a side`]),
    ...(info.frameSize === frameSize
      ? []
      : [`its images show frames of ${info.frameSize ?? info.imageSize} px`]),
    ...(isEqual(detail, base.detail?.config) ? [] : ['its detail head is another']),
  ];
  if (differences.length === 0) return;
  throw new SaltError(
    'INVALID_ARGUMENT',
    `The training cannot go on from this adapter: ${differences.join('; ')}. Choose the same, or start anew.`,
    { differences },
  );
}

/** Of plain data, whatever the order of its fields. */
function isEqual(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const fields = Object.entries(value).sort(([p], [q]) => (p < q ? -1 : 1));
  return `{${fields.map(([name, inner]) => `${name}:${canonical(inner)}`).join()}}`;
}

/** What a step would take, as one graph and stage by stage. */
function bytesOfStep(
  base: SamBase,
  method: MethodConfig,
  imageSize: number,
  batchSize: number,
  words: readonly string[],
): Readonly<Record<'whole' | 'staged', number>> {
  const promptsPerImage = promptsAtOnce(base, words);
  const model = samModelOf(base, { batchSize, imageSize, prompts: { text: true }, promptsPerImage });
  const adapter = createAdapter(method, allStages(model));
  return choosePlan(model, layoutModel(model, adapter), adapter, SALT_LOSS, Infinity).estimates;
}
