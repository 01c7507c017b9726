import type { FloatTensor } from '../../src/graph/tensor.ts';
import type { Frame, Mask } from '../../src/imaging/frame.ts';
import { createRandom } from '../../src/protocol/random.ts';
import type { TrainingSubject } from '../../src/training/job.ts';
import { layoutModel } from '../../src/training/segments.ts';
import { frozenSpecs } from '../../src/training/frozen-tensors.ts';
import { AUGMENTATIONS } from '../../src/training/augmentation.ts';
import { trainingSettingsSchema } from '../../src/training/settings.ts';
import type { TrainingSettings, TrainingSettingsInput } from '../../src/training/settings.ts';
import type { TrainingSample } from '../../src/training/training-sample.ts';
import { randomTensors, toyModel, training } from './toy-model.ts';

export const SIDE = 16;

/** Bright discs on a dark, noisy ground: bright is the structure. */
export function discSamples(count: number, size = SIDE, seed = 7): TrainingSample[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, i) => {
    const pixels = new Float32Array(size * size);
    const data = new Uint8Array(size * size);
    const [cx, cy] = [random.integer(size), random.integer(size)];
    const radius = size / 4 + random.uniform() * 3;
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const inside = Math.hypot(x - cx, y - cy) < radius;
        data[y * size + x] = inside ? 1 : 0;
        pixels[y * size + x] = (inside ? 190 : 60) + 20 * random.uniform();
      }
    }
    return sampleOf(`disc ${i}`, greyFrame(size, size, pixels), { width: size, height: size, data });
  });
}

export function greyFrame(width: number, height: number, pixels: Float32Array): Frame {
  return {
    width,
    height,
    channels: 1,
    pixels,
    source: { file: 'made', frameNumber: 1 },
    intensity: 'as made',
  };
}

export function sampleOf(id: string, frame: Frame, mask: Mask, word = 'disc'): TrainingSample {
  return {
    id,
    loadFrame: () => Promise.resolve(frame),
    masks: new Map([[word, () => Promise.resolve(mask)]]),
  };
}

/** The toy model, all of it trained. */
export function toySubject(
  options: { batchSize?: number; trains?: RegExp; change?: (values: Map<string, FloatTensor>) => void } = {},
): TrainingSubject {
  const { batchSize = 2, trains = /./, change } = options;
  const model = toyModel(batchSize, SIDE);
  const adapter = training(trains);
  const layout = layoutModel(model, adapter);
  const specs = [...layout.segments.flatMap(({ parameters }) => parameters), ...frozenSpecs(layout)];
  const values = randomTensors(
    specs.sort((a, b) => (a.name < b.name ? -1 : 1)),
    11,
  );
  change?.(values);
  return {
    identity: { name: 'toy' },
    model,
    adapter,
    values,
    input: { framing: 'square', side: SIDE },
    wordRole: 'output',
    modelAt: () => toyModel(1, SIDE),
    merge: (trained) => Promise.resolve(new Map([...values, ...trained])),
  };
}

export function toySettings(changes: Partial<TrainingSettingsInput> = {}): TrainingSettings {
  return trainingSettingsSchema.parse({
    words: ['disc'],
    budget: { steps: 30 },
    crop: 'frame',
    augmentation: AUGMENTATIONS.published,
    schedule: { learningRate: 0.02 },
    ...changes,
  });
}
