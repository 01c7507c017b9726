/** `model.json`: what a prepared model is, and which files hold it. */
import { z } from 'zod';
import { SaltError } from '../../protocol/errors.ts';
import { faultsOf } from '../../protocol/faults.ts';

export const INDEX_FILE = 'model.json';
/** The names of its shards, as `prepareModel` gives them. */
export const SHARD_FILE = /^shard-\d{5}-of-\d{5}-[0-9a-f]{8}\.safetensors$/;
export const PREPARED_FORMAT = 'ohif-salt-model-1';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** Beside the index, so it must name nothing elsewhere. */
const fileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/);

export const preparedFileSchema = z.strictObject({ name: fileName, bytes: z.int().positive(), sha256 });

const roundingSchema = z.strictObject({
  /** The tensor that lost most: |rounded - exact| / |exact|, Euclidean norms. */
  tensor: z.string(),
  tensorError: z.number().nonnegative(),
  /** The worst of a single number of at least 2^-14, below which float16 has fewer digits; at most 2^-11. */
  numberError: z.number().nonnegative(),
  /** Numbers too small for float16, which became 0. */
  vanished: z.int().nonnegative(),
});

export const preparedIndexSchema = z.strictObject({
  format: z.literal(PREPARED_FORMAT),
  name: z.string().min(1),
  kind: z.enum(['sam', 'clip-text']),
  architecture: z.string(),
  /** Of the file that it was made from. */
  source: z.strictObject({
    file: z.string(),
    naming: z.string(),
    dtypes: z.array(z.string()),
    /** Absent where it was not a file on disk. */
    sha256: sha256.optional(),
  }),
  parameters: z.int().positive(),
  /**
   * `weightsHash` of the numbers as they are stored here, by which adapters name their base: of a SAM without its text
   * affine layer, detail head and text encoder, which adapters bring themselves.
   */
  weightsHash: sha256,
  rounding: roundingSchema,
  metadata: z.record(z.string(), z.string()),
  /** safetensors files. */
  shards: z.array(preparedFileSchema).min(1),
  /** Tensor -> its shape and shard, an index into `shards`. */
  tensors: z.record(
    z.string(),
    z.strictObject({ shape: z.array(z.int().nonnegative()), shard: z.int().nonnegative() }),
  ),
  /** Other files that belong to it, such as those of a tokeniser. */
  files: z.array(preparedFileSchema),
});

export type Rounding = Readonly<z.infer<typeof roundingSchema>>;
export type PreparedFile = Readonly<z.infer<typeof preparedFileSchema>>;
export type PreparedIndex = Readonly<z.infer<typeof preparedIndexSchema>>;

/**
 * @param name of the index, for messages
 * @throws SaltError `CHECKPOINT_INVALID`
 */
export function parsePreparedIndex(json: string, name: string): PreparedIndex {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new SaltError('CHECKPOINT_INVALID', `${name} is not valid JSON.`, {}, { cause });
  }
  const parsed = preparedIndexSchema.safeParse(value);
  if (!parsed.success) {
    const faults = faultsOf(parsed.error);
    throw new SaltError(
      'CHECKPOINT_INVALID',
      `${name} describes no prepared model: ${faults.slice(0, 5).join('; ')}.`,
      { faults },
    );
  }
  const strays = Object.entries(parsed.data.tensors).filter(
    ([, { shard }]) => !(shard in parsed.data.shards),
  );
  if (strays[0]) {
    throw new SaltError('CHECKPOINT_INVALID', `${name} has tensors in a shard that it does not name.`, {
      tensor: strays[0][0],
    });
  }
  return parsed.data;
}
