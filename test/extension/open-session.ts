import { after } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { Series } from '../../extension/src/host/viewer.ts';
import { readConfig } from '../../extension/src/store/config.ts';
import { memoryStorage } from '../../extension/src/store/memory-storage.ts';
import type { SessionState } from '../../extension/src/store/state.ts';
import type { SetStorage } from '../../extension/src/store/storage.ts';
import type { OtherWindows } from '../../extension/src/store/windows.ts';
import { chooseStrings } from '../../extension/src/strings/index.ts';
import { createSession } from '../../extension/src/workflow/session.ts';
import type { Session } from '../../extension/src/workflow/session.ts';
import { createFakeBackend } from './fake-backend.ts';
import type { FakeBackend } from './fake-backend.ts';
import { createFakeViewer, makeSeries } from './fake-viewer.ts';
import type { FakeViewer } from './fake-viewer.ts';

export interface Opened {
  readonly session: Session;
  readonly viewer: FakeViewer;
  readonly backend: FakeBackend;
  readonly storage: SetStorage;
  readonly series: readonly [Series, Series];
  readonly state: () => SessionState;
  /** When the state is as wanted; fails after two seconds. */
  readonly until: (wanted: (state: SessionState) => boolean) => Promise<void>;
}

interface Options {
  /** Default: two of six frames. */
  readonly series?: readonly [Series, Series];
  readonly storage?: SetStorage;
  /** Default: there are none. */
  readonly windows?: OtherWindows;
  readonly config?: unknown;
  readonly language?: string;
  readonly prepare?: (backend: FakeBackend) => void;
  /** What is in the viewer before the session begins, such as a segmentation that the archive has. */
  readonly stored?: (viewer: FakeViewer) => Promise<void>;
}

/** A session over two series, ready to be used. */
export async function openSession(options: Options = {}): Promise<Opened> {
  const series = options.series ?? ([makeSeries('A', 6), makeSeries('B', 6, { patientId: 'P2' })] as const);
  const viewer = createFakeViewer(series);
  const backend = createFakeBackend();
  options.prepare?.(backend);
  await options.stored?.(viewer);
  const storage = options.storage ?? memoryStorage();
  let clock = Date.UTC(2026, 10, 25, 12);
  const session = createSession({
    viewer,
    backend,
    storage,
    windows: options.windows ?? { tell() {}, listen() {}, close() {} },
    strings: chooseStrings([options.language ?? 'en']),
    config: readConfig(options.config),
    now: () => new Date((clock += 1000)),
  });
  // An offer to undo would keep the process for another twenty seconds.
  after(() => session.dispose());
  await session.ready;
  const state = (): SessionState => session.store.getState();
  const opened: Opened = {
    session,
    viewer,
    backend,
    storage,
    series,
    state,
    async until(wanted) {
      for (let tries = 0; tries < 200; tries++) {
        if (wanted(state())) return;
        await wait(10);
      }
      throw new Error(`not reached: ${wanted.toString()}`);
    },
  };
  await opened.until(({ place }) => place !== undefined);
  return opened;
}

/** The series' current segmentation, which must be there. */
export function segmentationOf({ viewer }: Opened, seriesId: string) {
  const found = viewer.segmentations(seriesId).at(-1);
  if (!found) throw new Error(`no segmentation on ${seriesId}`);
  return found;
}

/** The state's problems without the noise that reporting them makes. */
export function quietly<T>(action: () => Promise<T>): Promise<T> {
  const { error } = console;
  console.error = () => {};
  return action().finally(() => {
    console.error = error;
  });
}
