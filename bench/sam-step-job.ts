import { createAdapter, methodFor } from '../src/adapters/index.ts';
import type { Executor } from '../src/graph/executor.ts';
import { floatTensor, sizeOf } from '../src/graph/tensor.ts';
import type { FloatTensor, TensorSpec } from '../src/graph/tensor.ts';
import { detailModel } from '../src/model/detail/index.ts';
import { samModel } from '../src/model/sam/index.ts';
import { SAM_VIT_B } from '../src/model/sam-config.ts';
import type { SamConfig } from '../src/model/sam-config.ts';
import { SALT_TINY, SALT_TINY_DETAIL } from '../src/model/salt-tiny.ts';
import { allStages } from '../src/model/segmentation-model.ts';
import type { SegmentationModel } from '../src/model/segmentation-model.ts';
import { createRandom } from '../src/protocol/random.ts';
import { ADAMW_DEFAULTS, AdamW } from '../src/training/adamw.ts';
import { choosePlan } from '../src/training/choose-plan.ts';
import { FrozenTensors, frozenSpecs } from '../src/training/frozen-tensors.ts';
import { SALT_LOSS, VESSEL_LOSS } from '../src/training/loss.ts';
import { layoutModel, pack } from '../src/training/segments.ts';
import type { LossOptions } from '../src/training/loss.ts';
import type { StepPlan } from '../src/training/step-plan.ts';

export const STEP_MODELS = ['vit-b', 'salt-tiny'] as const;
export type StepModel = (typeof STEP_MODELS)[number];

export interface SamStepArguments {
  /** Default: `vit-b`. */
  readonly model?: StepModel;
  readonly plan: StepPlan['kind'];
  /** Measured steps; one more warms up. */
  readonly steps: number;
  readonly imageSize: number;
}

export interface SamStepReport {
  readonly milliseconds: readonly number[];
  /** Estimated peak of tensors in bytes for each plan. */
  readonly estimates: Readonly<Record<StepPlan['kind'], number>>;
}

interface Measured {
  readonly config: SamConfig;
  readonly model: SegmentationModel;
  readonly loss: LossOptions;
}

/** Batch 1, one word; salt-tiny with its head. */
function measured(name: StepModel, imageSize: number): Measured {
  const options = { batchSize: 1, imageSize, prompts: { text: true } };
  return name === 'vit-b'
    ? { config: SAM_VIT_B, model: samModel(SAM_VIT_B, options), loss: SALT_LOSS }
    : { config: SALT_TINY, model: detailModel(SALT_TINY, SALT_TINY_DETAIL, options), loss: VESSEL_LOSS };
}

/**
 * SALT training steps, batch 1: all gradients and AdamW. Weights are random: time and memory do not depend on them.
 */
export async function measureSamStep(executor: Executor, options: SamStepArguments): Promise<SamStepReport> {
  const { plan, steps, imageSize } = options;
  const { config, model, loss } = measured(options.model ?? 'vit-b', imageSize);
  const adapter = createAdapter(methodFor(config), allStages(model));
  const layout = layoutModel(model, adapter);
  const trained = layout.segments.flatMap(({ parameters }) => parameters);
  const values = new Map([...frozenSpecs(layout), ...trained].map((spec) => [spec.name, fill(spec)]));
  const choice = choosePlan(model, layout, adapter, loss, Infinity, plan);
  const frozen = await FrozenTensors.upload(executor, layout, values);
  const step = await choice.compile(frozen, executor);
  let parameters = await Promise.all(
    layout.segments.map((segment) => executor.upload(pack(segment, values))),
  );
  const optimizer = await AdamW.create(executor, layout.segments, ADAMW_DEFAULTS);
  const plane = [1, 1, imageSize, imageSize];
  const batch = {
    image: await executor.upload(fill({ name: 'image', shape: [1, 3, imageSize, imageSize] })),
    text_embedding: await executor.upload(fill({ name: 'text', shape: [1, config.textDim] })),
    target: await executor.upload(floatTensor(plane)),
    valid: await executor.upload(floatTensor(plane, new Float32Array(sizeOf(plane)).fill(1))),
  };
  const milliseconds: number[] = [];
  for (let i = 0; i <= steps; i++) {
    const start = performance.now();
    const { gradients } = await step.gradients(parameters, batch);
    parameters = await optimizer.apply(parameters, gradients, { learningRate: 1e-4, scale: 1, step: i + 1 });
    milliseconds.push(performance.now() - start);
  }
  return { milliseconds: milliseconds.slice(1), estimates: choice.estimates };
}

/** Norm scales of one, everything else small: numbers that neither overflow nor turn subnormal. */
function fill({ name, shape }: TensorSpec): FloatTensor {
  const random = createRandom(1);
  const spread = name === 'image' ? 1 : 0.06;
  const isScale = /(norm[^.]*|neck\.[13]|output_upscaling\.1|text_affine\.2)\.weight$|alpha$/.test(name);
  const draw = isScale ? () => 1 : () => spread * (random.uniform() - 0.5);
  return floatTensor(shape, Float32Array.from({ length: sizeOf(shape) }, draw));
}
