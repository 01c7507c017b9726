/** What an adapter file says about itself. */
import { z } from 'zod';
import { detailConfigSchema } from '../model/detail/index.ts';
import { sha256 as hexOfSha256 } from '../model/checkpoint/weights-hash.ts';
import { samConfigSchema } from '../model/sam-config.ts';
import { unetConfigSchema } from '../model/unet.ts';
import { methodConfigSchema } from './method-config.ts';

export const ADAPTER_FORMAT = 'ohif-salt-adapter/1';

/** Of a model's input, in pixels: position tables grow with its square, before anything else can refuse it. */
const MOST_SIDE = 8192;
/** Of a frame's side in that of a tile: tiles grow with its square. */
const MOST_TILES = 32;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hexadecimal');
const label = z.string().min(1).max(256);

const samBase = z.strictObject({
  kind: z.literal('sam'),
  /** As the registry or the file names it. */
  name: label,
  /** `weightsHash` of `SamWeights.weights`: as loaded, without a text affine layer, before anything is resized. */
  weightsHash: sha256,
  config: samConfigSchema,
  /** Present when the adapter holds a detail head. */
  detail: detailConfigSchema.optional(),
});

/** A U-Net has no base: all its weights are in the file. */
const unetBase = z.strictObject({
  kind: z.literal('unet'),
  name: label,
  config: unetConfigSchema,
});

/** Frames are named by salted hashes: who has a frame can see whether it was used, nobody can read which were. */
const trainingSchema = z.strictObject({
  /** Hexadecimal; of an adapter and those that went on from it. */
  salt: z.string().regex(/^(?:[0-9a-f]{2}){16,64}$/),
  /** `hashFrame` of every frame trained on, in this run and those that it went on from, ... */
  frames: z.array(sha256).max(1_000_000),
  /** ... and of those held out in this one. */
  heldOut: z.array(sha256).max(1_000_000),
});

const metricsSchema = z.strictObject({
  /** Mean Dice of the held-out frames, 0 to 1. */
  dice: z.number().min(0).max(1),
  /**
   * Mean 95th percentile symmetric surface distance in pixels, as `evaluate` defines it for empty masks. Null in files
   * from before it was defined for them.
   */
  hd95: z.number().min(0).nullable(),
  /** The epoch whose weights these are, from 1; 0 is the start. */
  epoch: z.int().min(0),
});

export const adapterInfoSchema = z
  .strictObject({
    format: z.literal(ADAPTER_FORMAT),
    /** Version of this software that wrote the file. */
    software: label,
    createdAt: z.iso.datetime(),
    seed: z.int(),
    model: z.discriminatedUnion('kind', [samBase, unetBase]),
    method: methodConfigSchema,
    /** Side of the model's square input in training, in pixels. */
    imageSize: z.int().min(1).max(MOST_SIDE),
    /** The same when frames are segmented, where it is another. */
    segmentedAt: z.int().min(1).max(MOST_SIDE).optional(),
    /** Longest side of frames in training, in pixels, where the model saw tiles of `imageSize` of them; else it saw them whole. */
    frameSize: z.int().min(1).max(65_536).optional(),
    /** How pixels were prepared, e.g. `sam` (mean and deviation of SAM) or `field-of-view`. */
    normalisation: label,
    /** Whether it was taught on frames of runs less what stands still in them; else it sees such frames as they are. */
    stillBackground: z.literal('subtracted').optional(),
    /** What the model was taught to answer to, in the order of its outputs where it has several. */
    prompts: z
      .array(
        z.strictObject({
          word: label,
          /** `TextEncoder.id`; null for a model that takes no text. */
          encoder: label.nullable(),
        }),
      )
      .min(1)
      .max(1024),
    training: trainingSchema,
    /** Null when no frame was held out. */
    metrics: metricsSchema.nullable(),
  })
  .refine(({ imageSize, frameSize = imageSize }) => frameSize >= imageSize, {
    path: ['frameSize'],
    message: 'tiles are no larger than their frame',
  })
  .refine(({ imageSize, frameSize = imageSize }) => frameSize <= MOST_TILES * imageSize, {
    path: ['frameSize'],
    message: `a frame's side is at most ${MOST_TILES} times that of its tiles`,
  })
  .refine(({ model, prompts }) => model.kind === 'sam' || prompts.length === model.config.outputs, {
    path: ['prompts'],
    message: 'a U-Net has one output for each word',
  })
  .refine(({ model, method }) => model.kind === 'sam' || method.method === 'full', {
    path: ['method'],
    message: 'a U-Net has no base model, so that its file must hold all its weights: method "full"',
  });

export type AdapterInfo = Readonly<z.infer<typeof adapterInfoSchema>>;

/**
 * The name under which a frame appears in an adapter file: SHA-256 of salt and identifier, in hexadecimal.
 * @throws SaltError `PAGE_INSECURE`
 */
export function hashFrame(salt: string, frameId: string): Promise<string> {
  return hexOfSha256(new TextEncoder().encode(`${salt}\n${frameId}`));
}
