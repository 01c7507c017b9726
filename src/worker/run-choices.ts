/** What the panel asks for, in the engine's words. */
import { layerKindOf } from '../adapters/index.ts';
import type { MethodInput } from '../adapters/index.ts';
import { frameOfPixels } from '../imaging/frame-pixels.ts';
import { requireFinitePixels } from '../inference/model-input.ts';
import type { TrainChoices } from '../protocol/backend.ts';
import type { Annotation } from '../protocol/frames.ts';
import type { RunChoices } from '../training/run-choices.ts';
import type { Budget } from '../training/settings.ts';
import type { TrainingSample } from '../training/training-sample.ts';

/** Longer runs have time for what is not in their frames. */
const SHORT_MINUTES = 5;
/** Of a new run's rate, for a short one that mends what was learnt of a patient's frames: at the whole rate it unlearns first. */
const MENDING_SHARE = 1 / 3;

/**
 * Frames of one patient are all alike, and so are those that the adapter will meet: much turned and recoloured ones would only
 * slow a short run down. Measured on three painted frames of a drawn coronary run after 65 steps: Dice of veins 0.75
 * instead of 0.73 and of the catheter 0.73 instead of 0.21, on six other frames; slight turns are better still (`AUGMENTATIONS`).
 *
 * And paint is mostly wider than what it covers (its own Dice was 0.81): with rims that count neither way, veins had 0.781 in place of
 * 0.728 on those frames after 65 steps and 0.757 in place of 0.711 after 40, the catheter 0.803 in place of 0.850 and 0.724 in place of
 * 0.765 (the model as of 2026-11-26, one run each); exact masks in place of paint gave 0.806 and 0.767.
 *
 * Such a run sees photographs whole: what tiles bring in so few steps was not measured.
 *
 * @param annotations what will be trained on
 * @param goesOn whether it goes on from an adapter, whose frames are then shown as they were to that
 * @throws SaltError `INVALID_ARGUMENT`
 */
export function runChoicesOf(
  choices: TrainChoices,
  annotations: readonly Pick<Annotation, 'group'>[],
  goesOn: boolean,
): RunChoices {
  const { words, seed, learningRate, budget } = choices;
  const isShort = budget.kind === 'minutes' && budget.minutes <= SHORT_MINUTES;
  const isAlike = isShort && new Set(annotations.map(({ group }) => group)).size === 1;
  return {
    words,
    seed,
    budget: budgetOf(budget),
    method: methodOf(choices),
    ...(learningRate !== undefined && { learningRate }),
    forgiveEdges: true,
    ...(isAlike && { augmentation: 'slight' as const }),
    ...(isAlike && goesOn && { rateShare: MENDING_SHARE }),
    ...(isAlike && !goesOn && { tileSize: 'whole' as const }),
  };
}

function budgetOf(budget: TrainChoices['budget']): Budget {
  switch (budget.kind) {
    case 'minutes': {
      const { minutes, leastSteps } = budget;
      return { minutes, ...(leastSteps !== undefined && { leastSteps }) };
    }
    case 'steps':
      return { steps: budget.steps };
    case 'epochs':
      return { epochs: budget.epochs };
  }
}

function methodOf({ method, rank, loraRank, layers }: TrainChoices): MethodInput {
  const kinds = layers && { layers: layers.map(layerKindOf) };
  const asked = rank !== undefined && { rank };
  switch (method) {
    case 'salt':
      return { method, ...kinds, ...asked, ...(loraRank !== undefined && { loraRank }) };
    case 'lora':
      return { method, ...kinds, ...asked };
    case 'ssam':
      return { method, ...kinds };
    case 'head':
      return { method };
  }
}

/**
 * Found only when a frame's turn comes, a NaN would end the run in its middle, and again each time it is gone on with.
 * Whole numbers need no look.
 * @throws SaltError `NOT_FINITE`
 */
export function requireFinite(annotations: readonly Pick<Annotation, 'id' | 'frame'>[]): void {
  for (const { id, frame } of annotations) {
    const name = `Frame ${id}`;
    if (frame.values instanceof Float32Array) requireFinitePixels(frameOfPixels(frame, name), name);
  }
}

export function sampleOf({ id, frame, masks, drafted, region, group, role }: Annotation): TrainingSample {
  return {
    id,
    loadFrame: () => Promise.resolve(frameOfPixels(frame, `Frame ${id}`)),
    masks: new Map(masks.map(({ word, mask }) => [word, () => Promise.resolve(mask)])),
    ...(drafted && { drafted }),
    ...(region && { region }),
    ...(group !== undefined && { group }),
    role,
  };
}
