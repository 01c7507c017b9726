import { z } from 'zod';
import type { AdapterInfo } from '../../adapters/index.ts';
import type { AdapterSummary } from '../../protocol/backend.ts';
import { heldOutScoreSchema } from '../../protocol/events.ts';
import { SaltError } from '../../protocol/errors.ts';
import { parsed, reading, writing } from './database.ts';
import type { WritableStore } from './database.ts';

const recordSchema = z.strictObject({
  id: z.string().min(1),
  name: z.string().min(1),
  /** The base model's own name, as the file has it. */
  model: z.string(),
  /** Null for a U-Net, which has no base. */
  weightsHash: z.string().nullable(),
  method: z.string(),
  words: z.array(z.string()).readonly(),
  trainingFrames: z.int().min(0),
  heldOutFrames: z.int().min(0),
  score: heldOutScoreSchema.nullable(),
  createdAt: z.iso.datetime(),
  bytes: z.int().min(0),
});

export type AdapterRecord = Readonly<z.infer<typeof recordSchema>>;

const fileSchema = z.instanceof(Uint8Array<ArrayBuffer>);

const MAX_NAME = 200;

export function recordOf(id: string, name: string, info: AdapterInfo, bytes: number): AdapterRecord {
  const { model, method, prompts, training, metrics, createdAt } = info;
  return {
    id,
    // What was learnt is not lost for its name.
    name: name.trim().slice(0, MAX_NAME).trim() || method.method,
    model: model.name,
    weightsHash: model.kind === 'sam' ? model.weightsHash : null,
    method: method.method,
    words: prompts.map(({ word }) => word),
    trainingFrames: training.frames.length,
    heldOutFrames: training.heldOut.length,
    // A file of another program may lack the distance: what cannot be compared is not shown.
    score: metrics && metrics.hd95 !== null ? { dice: metrics.dice, hd95: metrics.hd95 } : null,
    createdAt,
    bytes,
  };
}

/** @param model `ModelSummary.id` where that is known */
export function summaryOf({ weightsHash: _, ...record }: AdapterRecord, model: string): AdapterSummary {
  return { ...record, model };
}

/** @throws SaltError `INVALID_ARGUMENT` */
export function adapterName(name: string): string {
  const trimmed = name.trim();
  if (trimmed !== '' && trimmed.length <= MAX_NAME) return trimmed;
  throw new SaltError('INVALID_ARGUMENT', `Give the adapter a name of 1 to ${MAX_NAME} characters.`);
}

/** Those that are whole, the newest first. */
export async function listAdapters(): Promise<AdapterRecord[]> {
  const values = await reading((db) => db.getAll('adapters'));
  const records = values.flatMap((value) => parsed(recordSchema, value) ?? []);
  return records.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
}

/** @throws SaltError `ADAPTER_INVALID` when there is none of this id, or a damaged one */
async function adapterRecord(id: string): Promise<AdapterRecord> {
  const record = parsed(recordSchema, await reading((db) => db.get('adapters', id)));
  if (record) return record;
  throw noAdapter(id);
}

/** @throws SaltError `ADAPTER_INVALID` when there is none of this id, or a damaged one */
export async function adapterBytes(id: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = parsed(fileSchema, await reading((db) => db.get('adapterFiles', id)));
  if (bytes) return bytes;
  throw noAdapter(id);
}

function noAdapter(id: string): SaltError {
  return new SaltError(
    'ADAPTER_INVALID',
    'This adapter is no longer in the browser, or is damaged: choose another, or import its file again.',
    { id },
  );
}

/** Within a transaction over `adapters` and `adapterFiles`. */
export async function putAdapter(
  store: (name: 'adapters' | 'adapterFiles') => WritableStore,
  record: AdapterRecord,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  await store('adapters').put(recordSchema.parse(record), record.id);
  await store('adapterFiles').put(bytes, record.id);
}

/** @throws SaltError `FILE_UNWRITABLE` */
export function addAdapter(record: AdapterRecord, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  return writing(['adapters', 'adapterFiles'], (store) => putAdapter(store, record, bytes));
}

/** @throws SaltError `ADAPTER_INVALID`, `INVALID_ARGUMENT`, `FILE_UNWRITABLE` */
export async function renameAdapter(id: string, name: string): Promise<void> {
  const record = { ...(await adapterRecord(id)), name: adapterName(name) };
  await writing(['adapters'], (store) => store('adapters').put(record, id));
}

export function removeAdapter(id: string): Promise<void> {
  return writing(['adapters', 'adapterFiles'], async (store) => {
    await store('adapters').delete(id);
    await store('adapterFiles').delete(id);
  });
}
