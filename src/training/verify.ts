/**
 * Runs a model that another implementation has run, and compares: outputs, losses and gradients. Gradients go the way
 * that training goes, through the same plans.
 */
import { createAdapter } from '../adapters/index.ts';
import type { StageAdapter } from '../adapters/index.ts';
import type { DeviceTensor, Executor } from '../graph/executor.ts';
import { floatTensor } from '../graph/tensor.ts';
import type { FloatTensor, Shape } from '../graph/tensor.ts';
import type { SafetensorsFile } from '../model/checkpoint/safetensors.ts';
import { POSITION_EMBEDDING, prepareSamWeights, resizeGridGradient, samModel } from '../model/sam/index.ts';
import { allStages } from '../model/segmentation-model.ts';
import type { SegmentationModel } from '../model/segmentation-model.ts';
import { SaltError } from '../protocol/errors.ts';
import { choosePlan } from './choose-plan.ts';
import { forwardPass } from './forward-pass.ts';
import { FrozenTensors } from './frozen-tensors.ts';
import { SALT_LOSS } from './loss.ts';
import { downloadFloats } from './plan-io.ts';
import { readReference, saltMethodOf, shapedLike } from './reference-file.ts';
import type { Reference } from './reference-file.ts';
import { layoutModel, pack, unpackHost } from './segments.ts';
import type { LossParts, StepPlan } from './step-plan.ts';

/** Largest relative errors that pass. */
const VERIFICATION_LIMITS = {
  outputs: 1e-4,
  saltOutputs: 1e-4,
  losses: 1e-4,
  gradients: 1e-3,
} as const;

export type VerificationGroup = keyof typeof VERIFICATION_LIMITS;

export interface Comparison {
  /** E.g. `low_res_logits`, `total` or `image_encoder.blocks.0.norm1.weight`. */
  readonly tensor: string;
  /** Norm of the difference over the norm of the reference (Frobenius). */
  readonly error: number;
}

export interface VerifiedGroup {
  readonly group: VerificationGroup;
  readonly limit: number;
  /** Worst first; empty where the file has nothing to compare with. */
  readonly comparisons: readonly Comparison[];
  readonly passed: boolean;
}

export interface Verification {
  readonly groups: readonly VerifiedGroup[];
  readonly passed: boolean;
}

export interface VerifyOptions {
  /** Default: the fast plan where it fits `maxBytes`. */
  readonly plan?: StepPlan['kind'];
  /** What a training step may take. Default: no limit. */
  readonly maxBytes?: number;
}

interface Subject {
  readonly reference: Reference;
  readonly model: SegmentationModel;
  /** Everything that the model reads: weights and adapter by the checkpoint's names, and the batch. */
  readonly tensors: ReadonlyMap<string, FloatTensor>;
  readonly executor: Executor;
}

const PLAIN: StageAdapter = { adaptationFor: () => () => undefined, isTrainable: () => false };

/**
 * @param file of the format `salt-reference/1`
 * @throws SaltError `CHECKPOINT_INVALID` if it is none; `CHECKPOINT_MISMATCH` if its tensors do not fit the model that
 *   it describes, gradients of parameters that the model does not have included
 */
export async function verifyReference(
  file: SafetensorsFile,
  executor: Executor,
  options: VerifyOptions = {},
): Promise<Verification> {
  const reference = readReference(file);
  const { config, batchSize, imageSize, outputs } = reference;
  const model = samModel(config, { batchSize, imageSize, prompts: { text: true } });
  const tensors = new Map([
    ...prepareSamWeights(reference.weights, config, imageSize),
    ['image', reference.image],
    ['text_embedding', reference.textEmbedding],
  ]);
  const plain = await forwardPass(model, PLAIN, tensors, executor);
  const comparisons: Record<VerificationGroup, readonly Comparison[]> = {
    outputs: [
      ...compare('image_embedding', plain.embedding, outputs.get('image_embedding')),
      ...compare('low_res_logits', plain.logits, outputs.get('low_res_logits')),
    ],
    saltOutputs: [],
    losses: [],
    gradients: [],
  };

  const method = saltMethodOf(reference);
  if (method) {
    const adapter = createAdapter(method, allStages(model));
    const own = shapedLike([...adapter.trainable, ...adapter.frozen], reference.adapter);
    const adapted = { reference, model, tensors: new Map([...tensors, ...own]), executor };
    const { logits } = await forwardPass(model, adapter, adapted.tensors, executor);
    comparisons.saltOutputs = compare('salt_low_res_logits', logits, outputs.get('salt_low_res_logits'));
    if (reference.mask && reference.losses.size + reference.gradients.size > 0) {
      const step = await trainingStep(adapted, adapter, reference.mask, options);
      comparisons.losses = compareLosses(step.loss, reference.losses);
      comparisons.gradients = [...reference.gradients].flatMap(([name, expected]) => {
        const found = step.gradients.get(name);
        return found ? compare(name, likeReference(name, found, expected.shape), expected) : [];
      });
    }
  }
  return summarise(comparisons);
}

interface Step {
  readonly loss: LossParts;
  /** By the checkpoint's names. */
  readonly gradients: ReadonlyMap<string, FloatTensor>;
}

/** Losses and the gradients that the reference has, by a plan of the trainer. */
async function trainingStep(
  { reference, model, tensors, executor }: Subject,
  adapter: StageAdapter,
  mask: FloatTensor,
  { plan: wanted, maxBytes = Infinity }: VerifyOptions,
): Promise<Step> {
  const subject: StageAdapter = {
    adaptationFor: (stage) => adapter.adaptationFor(stage),
    isTrainable: (name) =>
      reference.gradients.size > 0 ? reference.gradients.has(name) : adapter.isTrainable(name),
  };
  const layout = layoutModel(model, subject);
  const known = new Set(layout.segments.flatMap(({ parameters }) => parameters.map(({ name }) => name)));
  const unknown = [...reference.gradients.keys()].filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new SaltError(
      'CHECKPOINT_MISMATCH',
      `The reference has gradients of parameters that the model does not have: ${unknown.join(', ')}.`,
      { surplus: unknown },
    );
  }
  const valid = floatTensor(mask.shape, new Float32Array(mask.data.length).fill(1));
  const frozen = await FrozenTensors.upload(executor, layout, tensors);
  const choice = choosePlan(model, layout, subject, SALT_LOSS, maxBytes, wanted);
  const plan = await choice.compile(frozen, executor);
  const held: DeviceTensor[] = [];
  const upload = async (tensor: FloatTensor): Promise<DeviceTensor> => {
    const uploaded = await executor.upload(tensor);
    held.push(uploaded);
    return uploaded;
  };
  try {
    const parameters: DeviceTensor[] = [];
    for (const segment of layout.segments) parameters.push(await upload(pack(segment, tensors)));
    const step = await plan.gradients(parameters, {
      image: await upload(reference.image),
      text_embedding: await upload(reference.textEmbedding),
      target: await upload(mask),
      valid: await upload(valid),
    });
    held.push(...step.gradients);
    const gradients = new Map<string, FloatTensor>();
    for (const [i, segment] of layout.segments.entries()) {
      const vector = step.gradients[i];
      if (!vector) continue;
      for (const [name, gradient] of unpackHost(segment, await downloadFloats(executor, vector))) {
        // The vector is the executor's own memory, which goes with the tensor.
        gradients.set(name, floatTensor(gradient.shape, gradient.data.slice()));
      }
    }
    return { loss: step.loss, gradients };
  } finally {
    for (const tensor of held) tensor.dispose();
    await plan.dispose();
    frozen.dispose();
  }
}

/** A reference whose position table was resized on the way has the gradient of the table as it was before. */
function likeReference(name: string, gradient: FloatTensor, shape: Shape): FloatTensor {
  return name === POSITION_EMBEDDING ? resizeGridGradient(gradient, shape) : gradient;
}

/** Writers give the regulariser before or after its weight: the file's own total tells which. */
function compareLosses(found: LossParts, expected: ReadonlyMap<string, number>): Comparison[] {
  const [focal = NaN, dice = NaN, reg = NaN, total = NaN] = ['focal', 'dice', 'reg', 'total'].map((name) =>
    expected.get(name),
  );
  const weight = SALT_LOSS.penaltyWeight;
  const rest = total - focal - dice;
  const isWeighted = Math.abs(rest - reg) < Math.abs(rest - weight * reg);
  const values = { focal: found.focal, dice: found.dice, reg: found.penalty * (isWeighted ? weight : 1) };
  return Object.entries({ ...values, total: found.total }).flatMap(([name, value]) => {
    const wanted = expected.get(name);
    return wanted === undefined ? [] : compare(name, scalar(value), scalar(wanted));
  });
}

function scalar(value: number): FloatTensor {
  return floatTensor([], Float32Array.of(value));
}

function compare(tensor: string, found: FloatTensor, expected: FloatTensor | undefined): Comparison[] {
  if (!expected) return [];
  if (withoutOnes(found.shape) !== withoutOnes(expected.shape)) {
    throw new SaltError(
      'CHECKPOINT_MISMATCH',
      `The reference's ${tensor} is [${expected.shape.join(', ')}], the model's [${found.shape.join(', ')}].`,
      { tensor },
    );
  }
  return [{ tensor, error: relativeError(found.data, expected.data) }];
}

function withoutOnes(shape: Shape): string {
  return shape.filter((n) => n !== 1).join();
}

/** Infinite where a number is not finite; the absolute error where the reference is zero throughout. */
function relativeError(found: Float32Array, expected: Float32Array): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    const wanted = expected[i]!;
    difference += (found[i]! - wanted) ** 2;
    size += wanted ** 2;
  }
  const error = Math.sqrt(difference) / (size === 0 ? 1 : Math.sqrt(size));
  return Number.isFinite(error) ? error : Infinity;
}

function summarise(comparisons: Readonly<Record<VerificationGroup, readonly Comparison[]>>): Verification {
  const groups = (['outputs', 'saltOutputs', 'losses', 'gradients'] as const).map((group) => {
    const limit = VERIFICATION_LIMITS[group];
    const sorted = [...comparisons[group]].sort((a, b) => b.error - a.error);
    return { group, limit, comparisons: sorted, passed: (sorted[0]?.error ?? 0) <= limit };
  });
  if (groups.every((group) => group.comparisons.length === 0)) {
    throw new SaltError('CHECKPOINT_INVALID', 'The reference file holds nothing to compare with.');
  }
  return { groups, passed: groups.every(({ passed }) => passed) };
}
