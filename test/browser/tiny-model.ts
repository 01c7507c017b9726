import { randomSamWeights, randomTextAffine } from '../../src/model/checkpoint/random-weights.ts';
import { DETAIL_CONFIG_KEY, SAM_CONFIG_KEY } from '../../src/model/checkpoint/load-sam.ts';
import { encodeSafetensors } from '../../src/model/checkpoint/safetensors-writer.ts';
import { randomDetailWeights } from '../../src/model/detail/index.ts';
import type { DetailConfig } from '../../src/model/detail/index.ts';
import type { SamConfig } from '../../src/model/sam-config.ts';
import { createRandom } from '../../src/protocol/random.ts';
import type { Annotation, FramePixels, MaskPixels } from '../../src/protocol/frames.ts';
import { TINY_SAM } from '../adapters/tiny-sam.ts';

const HEAD: DetailConfig = { poolings: 2, features: 4, fold: 2, localContrast: true };

/** The file of a tiny random SAM that takes words and has a detail head; the same every time. */
export function tinyModelFile(seed = 1): Uint8Array<ArrayBuffer> {
  return randomModelFile(TINY_SAM, HEAD, seed);
}

/** The smallest that has all parts, at 64 px: for software that imitates a graphics device. */
export function smallestModelFile(): Uint8Array<ArrayBuffer> {
  const sam = { ...TINY_SAM, imageSize: 64, depth: 2, decoderDepth: 1 };
  return randomModelFile(sam, HEAD, 1);
}

function randomModelFile(sam: SamConfig, head: DetailConfig, seed: number): Uint8Array<ArrayBuffer> {
  const tensors = new Map([
    ...randomSamWeights(sam, seed),
    ...randomTextAffine(sam, seed + 1),
    ...randomDetailWeights(sam, head, seed + 2),
  ]);
  return encodeSafetensors(tensors, {
    [SAM_CONFIG_KEY]: JSON.stringify(sam),
    [DETAIL_CONFIG_KEY]: JSON.stringify(head),
  });
}

export interface Drawn {
  readonly frame: FramePixels;
  readonly bright: MaskPixels;
  readonly dark: MaskPixels;
}

/** A bright and a dark disc on grey, as 16-bit values with a window. */
export function drawFrame(seed: number, width = 60, height = 48): Drawn {
  const random = createRandom(seed);
  const centres = [0, 1].map((half) => ({
    x: (half + 0.3 + 0.4 * random.uniform()) * (width / 2),
    y: (0.3 + 0.4 * random.uniform()) * height,
  }));
  const masks = centres.map(({ x, y }) =>
    Uint8Array.from({ length: width * height }, (_, i) =>
      Math.hypot((i % width) - x, Math.floor(i / width) - y) < 9 ? 1 : 0,
    ),
  );
  const [bright = new Uint8Array(), dark = new Uint8Array()] = masks;
  const values = Int16Array.from({ length: width * height }, (_, i) =>
    Math.round(500 + 300 * ((bright[i] ?? 0) - (dark[i] ?? 0)) + 20 * random.normal()),
  );
  return {
    frame: { width, height, channels: 1, values, window: { lower: 0, upper: 1000 } },
    bright: { width, height, data: bright },
    dark: { width, height, data: dark },
  };
}

export function annotationOf(seed: number, role: Annotation['role']): Annotation {
  const { frame, bright, dark } = drawFrame(seed);
  const masks = [
    { word: 'bright', mask: bright },
    { word: 'dark', mask: dark },
  ];
  return { id: `frame ${seed}`, frame, masks, role };
}

/** A frame of 512 px with a bright branching line, as a work load: what it shows does not matter. */
export function vesselAnnotation(seed: number, role: Annotation['role']): Annotation {
  const side = 512;
  const random = createRandom(seed);
  const data = new Uint8Array(side * side);
  for (let branch = 0; branch < 4; branch++) {
    const start = random.uniform() * side;
    const slope = random.uniform() - 0.5;
    for (let y = 0; y < side; y++) {
      const x = Math.round(start + slope * y + 20 * Math.sin(y / 40));
      for (let dx = -3; dx <= 3; dx++) if (x + dx >= 0 && x + dx < side) data[y * side + x + dx] = 1;
    }
  }
  const values = Uint8Array.from(data, (on) =>
    Math.min(255, 90 + 80 * on + Math.floor(30 * random.uniform())),
  );
  return {
    id: `frame ${seed}`,
    frame: { width: side, height: side, channels: 1, values },
    masks: [{ word: 'Vein', mask: { width: side, height: side, data } }],
    role,
  };
}
