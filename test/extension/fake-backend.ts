/** A back end that finds what is dark, and whose training does what a test says. */
import type {
  AdapterSummary,
  Backend,
  EvaluateRequest,
  ModelSummary,
  SegmentRequest,
  SegmentedFrame,
  TrainOutcome,
  TrainRequest,
  TrainRun,
  TrainRunEvent,
  UnfinishedRun,
} from '../../src/protocol/backend.ts';
import { SaltError } from '../../src/protocol/errors.ts';

export interface FakeRun {
  readonly request: TrainRequest | undefined;
  readonly resumed: string | undefined;
  readonly asked: string[];
  readonly emit: (event: TrainRunEvent) => void;
  readonly end: (outcome: TrainOutcome) => void;
  readonly fail: (error: Error) => void;
}

export interface FakeBackend extends Backend {
  readonly runs: FakeRun[];
  readonly requests: SegmentRequest[];
  readonly lookedAhead: { readonly request: SegmentRequest; readonly signal: AbortSignal | undefined }[];
  readonly evaluations: EvaluateRequest[];
  readonly removed: string[];
  adapterList: AdapterSummary[];
  modelList: ModelSummary[];
  unfinishedList: UnfinishedRun[];
  /** Called before each frame is segmented; may throw or wait. */
  beforeSegment: (request: SegmentRequest, signal?: AbortSignal) => void | Promise<void>;
}

export function makeAdapter(id: string, change: Partial<AdapterSummary> = {}): AdapterSummary {
  return {
    id,
    name: `Adapter ${id}`,
    model: 'salt-tiny',
    method: 'salt',
    words: ['Vein'],
    trainingFrames: 3,
    heldOutFrames: 1,
    score: { dice: 0.81, hd95: 3.2 },
    createdAt: '2026-11-25T10:00:00.000Z',
    bytes: 1_234_567,
    ...change,
  };
}

export function createFakeBackend(): FakeBackend {
  const runs: FakeRun[] = [];
  const requests: SegmentRequest[] = [];
  const lookedAhead: FakeBackend['lookedAhead'] = [];
  const evaluations: EvaluateRequest[] = [];
  const removed: string[] = [];

  const startRun = (
    request: TrainRequest | undefined,
    resumed: string | undefined,
    onEvent: (event: TrainRunEvent) => void,
  ): TrainRun => {
    const asked: string[] = [];
    const { promise, resolve, reject } = withResolvers<TrainOutcome>();
    runs.push({ request, resumed, asked, emit: onEvent, end: resolve, fail: reject });
    return {
      id: `run-${runs.length}`,
      outcome: promise,
      finish: () => void asked.push('finish'),
      pause: () => void asked.push('pause'),
      discard: () => void asked.push('discard'),
    };
  };

  const backend: FakeBackend = {
    runs,
    requests,
    lookedAhead,
    evaluations,
    removed,
    adapterList: [],
    modelList: [
      { id: 'salt-tiny', title: 'SALT tiny', bytes: 9_000_000, origin: 'shipped', knowsWords: true },
    ],
    unfinishedList: [],
    beforeSegment: () => {},

    device: async () => ({ device: 'webgpu', threads: 4, passedOver: [] }),
    warmUp: async () => {},
    async lookAhead(request, signal) {
      lookedAhead.push({ request, signal });
    },
    openRun: async () => false,
    stillBackground: async () => undefined,
    async segment(request, signal) {
      requests.push(request);
      await backend.beforeSegment(request, signal);
      if (signal?.aborted) throw new SaltError('CANCELLED', 'Cancelled.');
      return findDark(request);
    },
    async evaluate(request) {
      evaluations.push(request);
      const dice = request.source.kind === 'adapter' ? 0.8 : 0.6;
      return request.annotations.flatMap(({ id, masks }) =>
        masks.map(({ word }) => ({ id, word, dice, hd95: 4 })),
      );
    },
    train: (request, onEvent) => startRun(request, undefined, onEvent),
    unfinished: async () => backend.unfinishedList,
    resume: (id, onEvent) => startRun(undefined, id, onEvent),
    async discardUnfinished(id) {
      backend.unfinishedList = backend.unfinishedList.filter((run) => run.id !== id);
    },
    secondsPerStep: async () => 0.5,
    models: async () => backend.modelList,
    async importModel(files, onProgress) {
      onProgress({ kind: 'fetching', done: 1, total: 2 });
      const name = files[0]?.name ?? '';
      const model: ModelSummary = { id: name, title: name, bytes: 1, origin: 'stored', knowsWords: false };
      backend.modelList = [...backend.modelList, model];
      return model;
    },
    async removeModel(id) {
      backend.modelList = backend.modelList.filter((model) => model.id !== id);
    },
    adapters: async () => backend.adapterList,
    async renameAdapter(id, name) {
      backend.adapterList = backend.adapterList.map((one) => (one.id === id ? { ...one, name } : one));
    },
    async removeAdapter(id) {
      removed.push(id);
      backend.adapterList = backend.adapterList.filter((one) => one.id !== id);
    },
    exportAdapter: async (id) => new Blob([id]),
    async importAdapter(_file, name) {
      const adapter = makeAdapter(`imported-${name}`, { name });
      backend.adapterList = [...backend.adapterList, adapter];
      return adapter;
    },
    storedBytes: async () => 12_345_678,
    async eraseAll() {
      backend.adapterList = [];
      backend.unfinishedList = [];
    },
    dispose: async () => {},
  };
  return backend;
}

/** Dark is certain, middling is unsure; later frames are surer. */
function findDark({ words, frame }: SegmentRequest): SegmentedFrame {
  const probabilities = new Uint8Array(frame.width * frame.height);
  frame.values.forEach((value, at) => {
    probabilities[at] = value < 80 ? 230 : value < 130 ? 90 : 5;
  });
  const middling = probabilities.reduce((sum, value) => sum + (value === 90 ? 1 : 0), 0);
  return {
    maps: words.map((word, index) => ({
      word,
      probabilities: index === 0 ? probabilities : new Uint8Array(probabilities.length),
    })),
    uncertainty: middling / probabilities.length,
    milliseconds: 1,
  };
}

export function withResolvers<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: Error) => void;
} {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
}
