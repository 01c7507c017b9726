/** What the panel asks for, in the engine's words. */
import { LAYER_KINDS, defaultMethod } from '../adapters/index.ts';
import type { LayerKind, MethodInput } from '../adapters/index.ts';
import { frameOfPixels } from '../imaging/frame-pixels.ts';
import type { SamConfig } from '../model/sam-config.ts';
import type { TrainChoices } from '../protocol/backend.ts';
import type { Annotation } from '../protocol/frames.ts';
import { SaltError } from '../protocol/errors.ts';
import type { RunChoices } from '../training/run-choices.ts';
import type { Budget } from '../training/settings.ts';
import type { TrainingSample } from '../training/training-sample.ts';

/** @throws SaltError `INVALID_ARGUMENT` */
export function runChoicesOf(choices: TrainChoices, config: SamConfig): RunChoices {
  const { words, seed, learningRate } = choices;
  return {
    words,
    seed,
    budget: budgetOf(choices.budget),
    method: methodOf(choices, config),
    ...(learningRate !== undefined && { learningRate }),
  };
}

function budgetOf(budget: TrainChoices['budget']): Budget {
  switch (budget.kind) {
    case 'minutes':
      return { minutes: budget.minutes };
    case 'steps':
      return { steps: budget.steps };
    case 'epochs':
      return { epochs: budget.epochs };
  }
}

function methodOf({ method, rank, loraRank, layers }: TrainChoices, config: SamConfig): MethodInput {
  const kinds = layers && { layers: layers.map(layerKindOf) };
  switch (method) {
    case 'salt': {
      const salt = defaultMethod(config);
      return {
        ...salt,
        method,
        ...kinds,
        ...(rank !== undefined && { rank }),
        ...(loraRank !== undefined && { loraRank }),
      };
    }
    case 'lora':
      return { method, ...kinds, ...(rank !== undefined && { rank }) };
    case 'ssam':
      return { method, ...kinds };
    case 'head':
      return { method };
  }
}

function layerKindOf(name: string): LayerKind {
  const kind = LAYER_KINDS.find((known) => known === name);
  if (kind) return kind;
  throw new SaltError(
    'INVALID_ARGUMENT',
    `There is no layer "${name}": choose among ${LAYER_KINDS.join(', ')}.`,
  );
}

export function sampleOf({ id, frame, masks, group, role }: Annotation): TrainingSample {
  return {
    id,
    loadFrame: () => Promise.resolve(frameOfPixels(frame, `Frame ${id}`)),
    masks: new Map(masks.map(({ word, mask }) => [word, () => Promise.resolve(mask)])),
    ...(group !== undefined && { group }),
    role,
  };
}
