/**
 * The browser's back end, as the page sees it: everything is computed in Web Workers, on this machine. Small, and without
 * ONNX Runtime, because it becomes part of the extension.
 */
import type { Backend, DeviceInfo, TrainRun, TrainRunEvent } from '../protocol/backend.ts';
import { newUuid } from '../protocol/uuid.ts';
import { compactAnnotation, compactFrame, compactRequest } from './compact.ts';
import { EngineClient } from './engine-client.ts';
import type { RunStart, ServedModel, WorkerSettings } from './messages.ts';
import { startRun } from './run-client.ts';
import type { RunClient } from './run-client.ts';

export type { ServedModel } from './messages.ts';

export interface WorkerBackendOptions {
  /** Of the bundled `src/worker/main.ts`, of the page's own origin. */
  readonly workerUrl: string;
  /** Where ONNX Runtime's files are served: a URL that ends with a slash. */
  readonly assets: string;
  /** The first lends its text encoder and its detail head to models that have none. */
  readonly models: readonly ServedModel[];
  /** Default: `auto`, the best that works. */
  readonly device?: WorkerSettings['device'];
  /** Of the processor, for each worker. Default: as many as leave the page responsive. */
  readonly threads?: number;
}

/** More threads than this gain little in WASM. */
const MAX_THREADS = 8;

/** The page needs little, and the operating system lets it go first; from three cores on, it has one for itself. */
function defaultThreads(): number {
  const cores = navigator.hardwareConcurrency;
  return Math.max(1, Math.min(MAX_THREADS, cores > 2 ? cores - 1 : cores));
}

export function createWorkerBackend(options: WorkerBackendOptions): Backend {
  const { workerUrl, assets, models, device = 'auto', threads = defaultThreads() } = options;
  const absolute = (url: string): string => new URL(url, location.href).href;
  const settings: WorkerSettings = {
    assets: absolute(assets),
    models: models.map((model) => ({ ...model, url: absolute(model.url) })),
    device,
    threads,
  };
  const start = (): Worker => new Worker(absolute(workerUrl), { type: 'module', name: 'ohif-salt' });
  const engine = new EngineClient(start, settings);
  const runs = new Set<RunClient>();
  let known: DeviceInfo['device'] | undefined;

  const launch = (what: RunStart, onEvent: (event: TrainRunEvent) => void): TrainRun => {
    // What was tried out already need not be tried again.
    const device = known === 'webgpu' || known === 'wasm' ? known : settings.device;
    const client: RunClient = startRun(start, what, { ...settings, device }, onEvent, {
      forget: () => engine.call('discardUnfinished', [what.id]),
      onEnd: () => runs.delete(client),
    });
    runs.add(client);
    return client.run;
  };

  return {
    async device() {
      const info = await engine.call('device', []);
      known = info.device;
      return info;
    },
    warmUp: (source, words, frame) => engine.call('warmUp', [source, words, frame]),
    lookAhead: (request, signal) => engine.call('lookAhead', [compactRequest(request)], { signal }),
    openRun: (run, frames) => engine.call('openRun', [run, frames.map(compactFrame)]),
    stillBackground: (run, frame) => engine.call('stillBackground', [run, compactFrame(frame)]),
    segment: (request, signal) => engine.call('segment', [compactRequest(request)], { signal }),
    evaluate: (request, signal) =>
      engine.call('evaluate', [{ ...request, annotations: request.annotations.map(compactAnnotation) }], {
        signal,
      }),

    train(request, onEvent) {
      const annotations = request.annotations.map(compactAnnotation);
      const preview = request.preview && { preview: compactFrame(request.preview) };
      return launch({ id: newUuid(), request: { ...request, annotations, ...preview } }, onEvent);
    },
    unfinished: () => engine.call('unfinished', []),
    resume: (id, onEvent) => launch({ id }, onEvent),
    discardUnfinished: (id) => engine.call('discardUnfinished', [id]),
    secondsPerStep: (model, method) => engine.call('secondsPerStep', [model, method]),

    models: () => engine.call('models', []),
    importModel: (files, onProgress) => engine.call('importModel', [files], { onProgress }),
    removeModel: (id) => engine.call('removeModel', [id]),

    adapters: () => engine.call('adapters', []),
    renameAdapter: (id, name) => engine.call('renameAdapter', [id, name]),
    removeAdapter: (id) => engine.call('removeAdapter', [id]),
    exportAdapter: (id) => engine.call('exportAdapter', [id]),
    importAdapter: (file, name) => engine.call('importAdapter', [file, name]),

    storedBytes: () => engine.call('storedBytes', []),
    async eraseAll() {
      for (const client of [...runs]) client.end();
      await engine.call('eraseAll', []);
    },
    async dispose() {
      for (const client of [...runs]) client.end();
      engine.end();
    },
  };
}
