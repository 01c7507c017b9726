import { z } from 'zod';
import { wordSchema } from './config.ts';
import type { SaltConfig } from './config.ts';

const SECTIONS = ['frames', 'train', 'segment', 'save', 'adapters'] as const;
export type Section = (typeof SECTIONS)[number];

export const METHODS = ['salt', 'ssam', 'lora'] as const;

/** Kinds of layers of the image encoder that an adapter may change, as `TrainChoices.layers` names them. */
export const LAYERS = ['qkv', 'proj', 'lin1', 'lin2', 'neck'] as const;

const share = z.number().min(0).max(1);

const shape = {
  /** One that cannot be kept, such as an adapter's that is too long for a segment, takes none of the others with it. */
  words: z
    .array(z.unknown())
    .transform((words) => words.filter((word) => wordSchema.safeParse(word).success))
    .pipe(z.array(wordSchema).min(1)),
  /** What the brush paints. */
  activeWord: z.string(),
  method: z.enum(METHODS),
  /** `id` of one of the presets, or `custom` for `steps` or `epochs`. */
  preset: z.string(),
  customBudget: z.object({ kind: z.enum(['steps', 'epochs']), amount: z.int().min(1).max(100_000) }),
  /** Whether a run starts from the adapter that is chosen as source, where it is one of the model and method. */
  goOn: z.boolean(),
  /** Base model; without it the first that is shipped. */
  model: z.string().optional(),
  rank: z.int().min(1).max(4096).optional(),
  loraRank: z.int().min(1).max(4096).optional(),
  layers: z.array(z.enum(LAYERS)).min(1).optional(),
  learningRate: z.number().positive().max(1).optional(),
  seed: z.int().min(0),
  heldOutShare: share.max(0.9),
  /** What segments; without it the base model. */
  source: z.object({ kind: z.enum(['adapter', 'model']), id: z.string() }).optional(),
  /** A pixel belongs to the structure when its probability is at least this. */
  threshold: share,
  /** Connected pieces of fewer pixels are dropped. */
  minimumSize: z.int().min(0).max(100_000),
  /** Whether collected frames keep the masks that a person approved when their series is segmented. */
  keepMine: z.boolean(),
  /** Whether what stands still in angiographic runs is taken off before the model sees their frames. */
  subtract: z.boolean(),
  open: z.array(z.enum(SECTIONS)),
  advanced: z.boolean(),
};

const settingsSchema = z.object(shape);

/** Everything that a person chose in the panel. */
export type Settings = Readonly<z.infer<typeof settingsSchema>>;

export function defaultSettings(config: SaltConfig): Settings {
  const words = [...config.words];
  return {
    words,
    activeWord: words[0] ?? '',
    method: config.method,
    preset: config.preset,
    customBudget: { kind: 'steps', amount: 200 },
    goOn: true,
    seed: 1,
    heldOutShare: config.heldOutShare,
    threshold: config.threshold,
    minimumSize: config.minimumSize,
    keepMine: true,
    subtract: true,
    open: ['frames', 'train', 'segment', 'save'],
    advanced: false,
  };
}

/** Settings as they were stored: what is missing or no longer valid is taken from the defaults, field by field. */
export function readSettings(stored: unknown, defaults: Settings): Settings {
  if (typeof stored !== 'object' || stored === null) return defaults;
  const kept = Object.entries(shape).flatMap(([key, schema]) => {
    const parsed = schema.safeParse(Reflect.get(stored, key));
    return parsed.success && parsed.data !== undefined ? [[key, parsed.data]] : [];
  });
  const merged = settingsSchema.safeParse({ ...defaults, ...Object.fromEntries(kept) });
  if (!merged.success) return defaults;
  const { words, activeWord } = merged.data;
  return words.includes(activeWord) ? merged.data : { ...merged.data, activeWord: words[0] ?? '' };
}
