/** The models that can be fetched by name: what `models/registry.json` says of each. */
import { z } from 'zod';
import { SaltError } from '../../protocol/errors.ts';
import { faultsOf } from '../../protocol/faults.ts';

/** Safe as the name of a file or folder on every system. */
const safeName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'letters, digits, dots, - and _ only');

const digestSchema = z
  .strictObject({
    algorithm: z.enum(['sha256', 'md5']),
    /** Lower-case hexadecimal: all digits, or the first ones where no more have been published. */
    hex: z.string().regex(/^[0-9a-f]{6,64}$/),
    /** Where it was published. */
    source: z.string().min(1),
  })
  .refine(({ algorithm, hex }) => hex.length <= DIGITS[algorithm], 'longer than such a digest is');

const DIGITS = { sha256: 64, md5: 32 } as const;

const fileSchema = z.strictObject({
  name: safeName,
  /** Tried one after the other. */
  urls: z.array(z.url({ protocol: /^https$/ })).min(1),
  /** Absent where it has not been published. */
  bytes: z.int().positive().optional(),
  /** Empty where none has been published: then the first download is recorded, and later ones must equal it. */
  digests: z.array(digestSchema),
});

const modelSchema = z.strictObject({
  name: safeName,
  title: z.string().min(1),
  /** An SPDX identifier. */
  licence: z.string().min(1),
  page: z.url(),
  /** The checkpoint first; then what belongs to it, such as the files of a tokeniser. */
  files: z.array(fileSchema).min(1),
});

const registrySchema = z
  .strictObject({ models: z.array(modelSchema) })
  .refine(
    ({ models }) => new Set(models.map(({ name }) => name)).size === models.length,
    'two models of one name',
  );

export type PublishedDigest = Readonly<z.infer<typeof digestSchema>>;
export type RegisteredFile = Readonly<z.infer<typeof fileSchema>>;
export type RegisteredModel = Readonly<z.infer<typeof modelSchema>>;

/** @throws SaltError `FILE_UNREADABLE` naming what is wrong */
export function parseRegistry(json: string): readonly RegisteredModel[] {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new SaltError('FILE_UNREADABLE', 'The registry of models is not valid JSON.', {}, { cause });
  }
  const parsed = registrySchema.safeParse(value);
  if (parsed.success) return parsed.data.models;
  const faults = faultsOf(parsed.error);
  throw new SaltError('FILE_UNREADABLE', `The registry of models is wrong: ${faults.join('; ')}.`, {
    faults,
  });
}

/** Whether every digit of some digest has been published, so that a file can be told for sure. */
export function isFullyPublished({ digests }: RegisteredFile): boolean {
  return digests.some(({ algorithm, hex }) => hex.length === DIGITS[algorithm]);
}
