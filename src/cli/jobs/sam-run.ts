import { countParameters, createAdapter, parseMethod } from '../../adapters/index.ts';
import type { FactorMatrices, MethodConfig } from '../../adapters/index.ts';
import type { SamBase } from '../../inference/sam-base.ts';
import { samModel } from '../../model/sam/index.ts';
import { allStages } from '../../model/segmentation-model.ts';
import { hashedTextEncoder } from '../../model/text/hashed-text-encoder.ts';
import type { Opened } from '../../runtime/open.ts';
import type { RunDescription } from '../../training/adapter-of-run.ts';
import { choosePlan } from '../../training/choose-plan.ts';
import type { PlanChoice } from '../../training/choose-plan.ts';
import type { TrainingSubject } from '../../training/job.ts';
import { SALT_LOSS } from '../../training/loss.ts';
import { SAM_PRESET, samSide } from '../../training/presets.ts';
import { samSubject } from '../../training/sam-subject.ts';
import { layoutModel } from '../../training/segments.ts';
import type { TrainingSettings } from '../../training/settings.ts';
import { settingsOf } from './train-settings.ts';
import type { TrainRequest } from './train-request.ts';

/** A run, ready to start. */
export interface PreparedRun {
  readonly subject: TrainingSubject;
  readonly settings: TrainingSettings;
  readonly description: Omit<RunDescription, 'trainingSamples' | 'heldOutSamples'>;
  readonly opened: Opened;
}

export interface SamRunOptions {
  readonly request: TrainRequest;
  readonly base: SamBase;
  readonly factor: FactorMatrices;
  readonly maxBytes: number;
  tell(text: string): void;
  /** @param arena whether memory is kept between runs of the device */
  open(arena: boolean): Promise<Opened>;
}

/**
 * Sets up SAM with an adapter. Unless a batch size was asked for, it is the published one; where the memory is too
 * small for that, one sample at a time, as many of them before each update.
 */
export async function prepareSamRun(options: SamRunOptions): Promise<PreparedRun> {
  const { request, base, factor, maxBytes } = options;
  const method = parseMethod(request.method ?? { method: 'salt' });
  const imageSize = request.imageSize ?? samSide(base.config.imageSize);
  const fitting = (batchSize: number) => planFor(base, method, imageSize, batchSize);
  let batchSize = request.batchSize ?? SAM_PRESET.batchSize;
  let plan = fitting(batchSize);
  const alone = request.batchSize === undefined && Math.min(...Object.values(plan.estimates)) > maxBytes;
  if (alone) {
    batchSize = 1;
    plan = fitting(1);
  }
  const settings = settingsOf(request, SAM_PRESET, alone ? { accumulate: SAM_PRESET.batchSize } : {});
  // Stage by stage there is little to keep, and kept memory is what is short then.
  const opened = await options.open(plan.estimates.whole <= maxBytes);
  const encoder = hashedTextEncoder(base.config.textDim);
  const { seed, words } = settings;
  const { executor } = opened;
  const subject = await samSubject({
    base,
    method,
    imageSize,
    batchSize,
    seed,
    words,
    encoder,
    factor,
    executor,
  });
  countParameters(createAdapter(method, allStages(subject.model)), []).notes.forEach((note) =>
    options.tell(note),
  );
  const { name, weightsHash, config } = base;
  return {
    subject,
    settings,
    opened,
    description: {
      model: { kind: 'sam', name, weightsHash, config },
      method,
      seed,
      imageSize,
      normalisation: 'sam',
      prompts: words.map((word) => {
        const embedding = subject.embeddings?.get(word);
        return { word, encoder: encoder.id, ...(embedding && { embedding }) };
      }),
    },
  };
}

/** What a step would take. */
function planFor(base: SamBase, method: MethodConfig, imageSize: number, batchSize: number): PlanChoice {
  const model = samModel(base.config, { batchSize, imageSize, prompts: { text: true } });
  const adapter = createAdapter(method, allStages(model));
  return choosePlan(model, layoutModel(model, adapter), adapter, SALT_LOSS, Infinity);
}
