/** The long-lived worker: segments, and looks after all that the browser keeps. */
import { decodeAdapter } from '../adapters/index.ts';
import type { AdapterSummary } from '../protocol/backend.ts';
import { SaltError } from '../protocol/errors.ts';
import { newUuid } from '../protocol/uuid.ts';
import type { EngineService, WorkerSettings } from './messages.ts';
import { Models } from './models.ts';
import { runsUnderWay } from './run-locks.ts';
import { Segmenting } from './segmenting.ts';
import { StillBackgrounds } from './still-backgrounds.ts';
import * as adapters from './store/adapters.ts';
import type { AdapterRecord } from './store/adapters.ts';
import { eraseDatabase, svdBytes } from './store/maintenance.ts';
import { readPace } from './store/pace.ts';
import { listRuns, removeRun, unfinishedOf } from './store/runs.ts';

/** Larger files are no adapters of ours, and would take the browser's memory before anything could be said. */
const MAX_ADAPTER_BYTES = 2 ** 30;

export function createEngine(settings: WorkerSettings): EngineService {
  const models = new Models(settings.models);
  const segmenting = new Segmenting(settings, models);
  const stillBackgrounds = new StillBackgrounds();

  const summaryOf = async (record: AdapterRecord): Promise<AdapterSummary> =>
    adapters.summaryOf(record, (await models.idOf(record.model, record.weightsHash)) ?? record.model);

  return {
    device: () => segmenting.device(),
    warmUp: ({ signal }, source, words, frame) => segmenting.warmUp(source, words, frame, signal),
    lookAhead: ({ signal }, request) => segmenting.lookAhead(request, signal),
    openRun: (_, run, frames) => stillBackgrounds.open(run, frames),
    stillBackground: async (_, run, frame) => stillBackgrounds.under(run, frame),
    segment: ({ signal }, request) => segmenting.segment(request, signal),
    evaluate: ({ signal }, request) => segmenting.evaluate(request, signal),

    async unfinished() {
      const underWay = await runsUnderWay();
      return (await listRuns()).filter(({ id }) => !underWay.has(id)).map(unfinishedOf);
    },
    discardUnfinished: (_, id) => removeRun(id),
    secondsPerStep: (_, model, method) => readPace(model, method),

    models: () => models.list(),
    importModel: ({ progress, signal }, files) => models.accept(files, progress, signal),
    async removeModel(_, id) {
      await models.remove(id);
      await segmenting.forget();
    },

    async adapters() {
      const found: AdapterSummary[] = [];
      for (const record of await adapters.listAdapters()) found.push(await summaryOf(record));
      return found;
    },
    renameAdapter: (_, id, name) => adapters.renameAdapter(id, name),
    async removeAdapter(_, id) {
      await adapters.removeAdapter(id);
      await segmenting.forget({ kind: 'adapter', id });
    },
    async exportAdapter(_, id) {
      const bytes = await adapters.adapterBytes(id);
      return new Blob([bytes], { type: 'application/octet-stream' });
    },
    async importAdapter(_, file, name) {
      const bytes = await bytesOf(file);
      const { info } = decodeAdapter(bytes);
      const record = adapters.recordOf(newUuid(), name, info, bytes.byteLength);
      await adapters.addAdapter(record, bytes);
      return summaryOf(record);
    },

    async storedBytes() {
      const sum = (records: readonly { readonly bytes: number }[]): number =>
        records.reduce((total, { bytes }) => total + bytes, 0);
      const kept = sum(await adapters.listAdapters()) + sum(await listRuns());
      return kept + (await models.storedBytes()) + (await svdBytes());
    },
    async eraseAll() {
      await eraseDatabase();
      await models.erase();
      await segmenting.forget();
    },
  };
}

/** @throws SaltError `ADAPTER_INVALID`, `FILE_UNREADABLE` */
async function bytesOf(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  if (file.size > MAX_ADAPTER_BYTES) {
    throw new SaltError('ADAPTER_INVALID', 'The file is too large for an adapter.', { bytes: file.size });
  }
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    throw new SaltError(
      'FILE_UNREADABLE',
      'The browser could not read the file; choose it again.',
      {},
      { cause },
    );
  }
}
