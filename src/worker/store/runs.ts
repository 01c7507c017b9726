/**
 * Training runs that have not ended: what they were asked to do, and the last two checkpoints, so that a tab that is
 * closed in the middle of writing leaves one whole.
 */
import { z } from 'zod';
import type { UnfinishedRun } from '../../protocol/backend.ts';
import { SaltError } from '../../protocol/errors.ts';
import { warningOf } from '../../protocol/run-note.ts';
import type { CheckpointStore } from '../../training/checkpoint-store.ts';
import type { AdapterRecord } from './adapters.ts';
import { putAdapter } from './adapters.ts';
import { parsed, reading, writing } from './database.ts';
import type { StoreName } from './database.ts';
import { choicesSchema, requestSchema } from './request-schema.ts';
import type { StoredRequest } from './request-schema.ts';

const runSchema = z.strictObject({
  id: z.string().min(1),
  choices: choicesSchema,
  frames: z.int().min(0),
  /** Of the last checkpoint. */
  step: z.int().min(0),
  startedAt: z.iso.datetime(),
  /** Checkpoints written so far: the last lies in the slot of its parity. */
  generation: z.int().min(0),
  /** Of request and checkpoints. */
  bytes: z.int().min(0),
});

export type RunRecord = Readonly<z.infer<typeof runSchema>>;

const SLOTS = 2;
const RUN_STORES: readonly StoreName[] = ['runs', 'runRequests', 'checkpoints'];

const slotKey = (id: string, generation: number): string => `${id}/${generation % SLOTS}`;

export async function listRuns(): Promise<RunRecord[]> {
  const values = await reading((db) => db.getAll('runs'));
  const runs = values.flatMap((value) => parsed(runSchema, value) ?? []);
  return runs.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
}

export function unfinishedOf({ id, choices, frames, step, startedAt }: RunRecord): UnfinishedRun {
  return { id, choices, frames, step, startedAt };
}

/** @throws SaltError `FILE_UNWRITABLE` */
export async function addRun(id: string, request: StoredRequest, startedAt: Date): Promise<void> {
  const record: RunRecord = {
    id,
    choices: request.choices,
    frames: request.annotations.length,
    step: 0,
    startedAt: startedAt.toISOString(),
    generation: 0,
    bytes: bytesOf(request),
  };
  await writing(['runs', 'runRequests'], async (store) => {
    await store('runs').put(record, id);
    await store('runRequests').put(request, id);
  });
}

/** @throws SaltError `RESUME_MISMATCH` when there is no such run, or a damaged one */
export async function readRun(
  id: string,
): Promise<{ readonly record: RunRecord; readonly request: StoredRequest }> {
  const record = parsed(runSchema, await reading((db) => db.get('runs', id)));
  const request = parsed(requestSchema, await reading((db) => db.get('runRequests', id)));
  if (record && request) return { record, request };
  throw new SaltError(
    'RESUME_MISMATCH',
    'This run is no longer in the browser, or is damaged: discard it and start anew.',
    { id },
  );
}

export function removeRun(id: string): Promise<void> {
  return writing(RUN_STORES, (store) => deleteRun(store, id));
}

/** The run's end: its adapter is there and the run is gone, or neither. @throws SaltError `FILE_UNWRITABLE` */
export function finishRun(id: string, adapter: AdapterRecord, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  return writing([...RUN_STORES, 'adapters', 'adapterFiles'], async (store) => {
    await deleteRun(store, id);
    await putAdapter(store, adapter, bytes);
  });
}

type StoreOf = Parameters<Parameters<typeof writing>[1]>[0];

async function deleteRun(store: StoreOf, id: string): Promise<void> {
  await store('runs').delete(id);
  await store('runRequests').delete(id);
  for (let slot = 0; slot < SLOTS; slot++) await store('checkpoints').delete(slotKey(id, slot));
}

const checkpointSchema = z.instanceof(Uint8Array<ArrayBuffer>);

/** @param stepNow the step that the run has just done, when a state is saved */
export function runCheckpoints(id: string, stepNow: () => number): CheckpointStore {
  return {
    async load(isIntact, warn) {
      const record = parsed(runSchema, await reading((db) => db.get('runs', id)));
      const generation = record?.generation ?? 0;
      for (let back = 0; back < Math.min(SLOTS, generation); back++) {
        const bytes = parsed(
          checkpointSchema,
          await reading((db) => db.get('checkpoints', slotKey(id, generation - back))),
        );
        if (bytes && isIntact(bytes)) return bytes;
        const hasEarlier = back + 1 < Math.min(SLOTS, generation);
        warn(warningOf({ kind: 'checkpoint damaged', hasEarlier }));
      }
      return undefined;
    },
    async save(bytes) {
      const step = stepNow();
      const whole = compact(bytes);
      await writing(['runs', 'checkpoints'], async (store) => {
        const record = parsed(runSchema, await store('runs').get(id));
        if (!record) throw new SaltError('FILE_UNWRITABLE', 'This run was discarded in another tab.', { id });
        const generation = record.generation + 1;
        await store('checkpoints').put(whole, slotKey(id, generation));
        // States of one run are all about as large.
        const added = record.generation < SLOTS ? whole.byteLength : 0;
        await store('runs').put({ ...record, generation, step, bytes: record.bytes + added }, id);
      });
    },
  };
}

/** With a buffer of its own size: cloning takes the whole buffer along. */
function compact(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength
    ? (bytes as Uint8Array<ArrayBuffer>)
    : bytes.slice();
}

/** Roughly: the pixels. */
export function bytesOf({ annotations, preview, from }: StoredRequest): number {
  const frames = [...annotations.map(({ frame }) => frame), ...(preview ? [preview] : [])];
  const pixels = frames.reduce(
    (sum, { values, background }) => sum + values.byteLength + (background?.byteLength ?? 0),
    0,
  );
  const masks = annotations.flatMap((annotation) => annotation.masks.map(({ mask }) => mask.data.byteLength));
  return pixels + masks.reduce((sum, bytes) => sum + bytes, 0) + (from?.byteLength ?? 0);
}
