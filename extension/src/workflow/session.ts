import type { Backend } from '../../../src/protocol/backend.ts';
import type { Viewer } from '../host/viewer.ts';
import type { SaltConfig } from '../store/config.ts';
import { defaultSettings, readSettings } from '../store/settings.ts';
import type { Section, Settings } from '../store/settings.ts';
import { createSessionStore } from '../store/state.ts';
import type { SessionStore } from '../store/state.ts';
import type { SetStorage } from '../store/storage.ts';
import { readFrames } from '../store/stored-frames.ts';
import { openVisit } from '../store/visits.ts';
import { tellingStorage } from '../store/windows.ts';
import type { OtherWindows } from '../store/windows.ts';
import type { Strings } from '../strings/index.ts';
import { createAdapterActions } from './adapters.ts';
import type { AdapterActions } from './adapters.ts';
import { inOrder, isInSet } from './frames/collecting.ts';
import { announce, attempt, patch, patchSettings } from './common/context.ts';
import type { Context } from './common/context.ts';
import { followViewer } from './follow-viewer.ts';
import { followWindows } from './follow-windows.ts';
import { createFrameActions } from './frames/frames.ts';
import type { FrameActions } from './frames/frames.ts';
import { lookAhead } from './segment/look-ahead.ts';
import { createMachineMasks } from './masks/machine-masks.ts';
import { createMaskKeeper } from './masks/mask-keeper.ts';
import type { Parts } from './masks/parts.ts';
import { createResults } from './masks/results.ts';
import { createSavingActions } from './saving.ts';
import type { SavingActions } from './saving.ts';
import { createSegmentJobs } from './segment/segmenting.ts';
import type { SegmentJobs } from './segment/segmenting.ts';
import { baseModel, currentSource } from './common/source.ts';
import { createSeeFrame } from './common/seen-frames.ts';
import { createThresholding } from './segment/thresholding.ts';
import type { Thresholding } from './segment/thresholding.ts';
import { createTrainingActions } from './train/training.ts';
import type { TrainingActions } from './train/training.ts';
import { createUndo } from './common/undo.ts';
import { createUnsavedActions } from './frames/unsaved-masks.ts';
import type { UnsavedActions } from './frames/unsaved-masks.ts';
import { createUnsavedRecords } from './masks/unsaved-records.ts';
import { createWordActions } from './words.ts';
import type { WordActions } from './words.ts';
import { createWorking } from './common/working.ts';

export interface SessionOptions {
  readonly viewer: Viewer;
  readonly backend: Backend;
  readonly storage: SetStorage;
  /** Those that share the storage; closed with the session. */
  readonly windows: OtherWindows;
  readonly strings: Strings;
  readonly config: SaltConfig;
  /** For tests. */
  readonly now?: () => Date;
}

/** Everything that the panel shows and does. One for each page: it outlives the panel, which OHIF takes down freely. */
export interface Session {
  readonly store: SessionStore;
  readonly strings: Strings;
  readonly config: SaltConfig;
  readonly words: WordActions;
  readonly frames: FrameActions;
  readonly unsaved: UnsavedActions;
  readonly training: TrainingActions;
  readonly segmenting: SegmentJobs & Thresholding;
  readonly adapters: AdapterActions;
  readonly saving: SavingActions;
  /** Resolves when the stored set, the settings and the lists have been read; never rejects. */
  readonly ready: Promise<void>;
  readonly change: (settings: Partial<Settings>) => void;
  readonly toggle: (section: Section) => void;
  /** Works on another segmentation of the series on screen. */
  readonly chooseSegmentation: (segmentationId: string) => Promise<void>;
  readonly dismiss: (problem: number) => void;
  /** Tells why something cannot be done now. */
  readonly say: (text: string) => void;
  readonly undo: () => Promise<void>;
  readonly goToFrame: (index: number) => Promise<void>;
  /** Keeps masks that are not saved, for a page that is about to go. */
  readonly keepNow: () => Promise<boolean>;
  /** Stops following the viewer; the back end is its owner's to dispose of. */
  readonly dispose: () => Promise<void>;
}

export function createSession(options: SessionOptions): Session {
  const { viewer, backend, windows, strings, config, now = () => new Date() } = options;
  const storage = tellingStorage(options.storage, windows);
  const store = createSessionStore(defaultSettings(config));
  const seeFrame = createSeeFrame({ viewer, backend, store });
  const bare = { viewer, backend, storage, strings, config, store, seeFrame, now };
  const undo = createUndo(bare);
  const context: Context = { ...bare, offerUndo: undo.offer };
  let refresh = (): void => {};
  const machine = createMachineMasks(viewer);
  const results = createResults();
  const visits = openVisit();
  const unsaved = createUnsavedRecords(storage, visits);
  const keeper = createMaskKeeper({
    ...context,
    machine,
    results,
    unsaved,
    visit: visits.own,
    isInSet: (segmentation, frame) => isInSet({ viewer, machine, store }, segmentation, frame),
  });
  const parts: Parts = {
    ...context,
    working: createWorking(context),
    machine,
    unsaved,
    keeper,
    results,
    refresh: () => refresh(),
  };
  const following = followViewer(parts);
  refresh = following.refresh;

  const adapters = createAdapterActions(parts, windows);
  const words = createWordActions(parts);
  const frames = createFrameActions(parts);
  const jobs = createSegmentJobs(parts);
  const training = createTrainingActions(parts, {
    collectPainted: frames.collectPainted,
    listsChanged: adapters.listsChanged,
    whenFinished: async (seriesId) => {
      // Where another study is open by now, there is nothing to write into: the button does it after the return.
      if (viewer.series().some(({ id }) => id === seriesId)) await jobs.segment('series', seriesId);
    },
  });
  followWindows(parts, windows, { followWords: words.follow, refreshLists: adapters.refreshLists });
  const unfollowEstimate = followEstimate(parts);
  const lookAway = lookAhead(parts);

  return {
    store,
    strings,
    config,
    words,
    frames,
    unsaved: createUnsavedActions(parts),
    training,
    segmenting: { ...jobs, ...createThresholding(parts) },
    adapters,
    saving: createSavingActions(parts),
    ready: load(parts, adapters),
    change: (settings) => {
      patchSettings(parts, settings);
      parts.refresh();
    },
    toggle(section) {
      const { open } = store.getState().settings;
      patchSettings(parts, {
        open: open.includes(section) ? open.filter((other) => other !== section) : [...open, section],
      });
    },
    async chooseSegmentation(segmentationId) {
      const { brushFailed } = strings.frames;
      await attempt(parts, { name: 'work on', where: 'frames', title: brushFailed }, async () => {
        const place = viewer.active();
        if (place) await parts.working.workOn(place.series.id, segmentationId);
        parts.refresh();
      });
    },
    dismiss: (problem) =>
      patch(parts, { problems: store.getState().problems.filter(({ id }) => id !== problem) }),
    say(text) {
      announce(parts, text);
      viewer.notify('info', strings.title, text);
    },
    undo: undo.undo,
    async goToFrame(index) {
      await attempt(parts, { name: 'jump', where: 'frames', title: strings.frames.jumpFailed }, async () => {
        const frame = viewer.active()?.series.frames[index];
        if (frame) await viewer.goTo(frame);
      });
    },
    keepNow: keeper.keepNow,
    async dispose() {
      lookAway();
      keeper.stop();
      unfollowEstimate();
      following.stop();
      visits.end();
      await undo.settle();
      windows.close();
    },
  };
}

async function load(parts: Parts, adapters: AdapterActions): Promise<void> {
  const { storage, strings, config } = parts;
  const where = 'frames';
  await attempt(parts, { name: 'load set', where, title: strings.loadFailed }, async () => {
    const settings = readSettings(await storage.settings(), defaultSettings(config));
    patch(parts, { settings, frames: inOrder(await readFrames(storage)) });
  });
  await attempt(parts, { name: 'load unsaved', where, title: strings.loadFailed }, () =>
    parts.unsaved.load(parts.refresh),
  );
  patch(parts, { ready: true, lasting: storage.lasting });
  parts.refresh();
  await attempt(parts, { name: 'load lists', where: 'adapters', title: strings.loadFailed }, () =>
    adapters.refreshLists(),
  );
  // The model may take a minute: a command that waited for it would act on whatever frame is on screen by then.
  void prepare(parts);
}

async function prepare(parts: Parts): Promise<void> {
  const { backend, store, strings, viewer } = parts;
  await attempt(parts, { name: 'device', where: 'train', title: strings.device.failed }, async () => {
    patch(parts, { device: await backend.device() });
  });
  // The first draft is quick when the model is there already. Should that fail, the draft itself will say why.
  const source = currentSource(store.getState());
  const size = viewer.active()?.series.frameSize;
  if (source) await backend.warmUp(source, store.getState().settings.words, size).catch(console.warn);
}

/** Keeps `state.estimate` up to date with the model and method that are chosen. */
function followEstimate({ store, backend }: Parts): () => void {
  let asked = '';
  return store.subscribe((state) => {
    const model = baseModel(state)?.id;
    const { method } = state.settings;
    const key = `${model} ${method} ${state.training.status}`;
    if (model === undefined || key === asked) return;
    asked = key;
    backend.secondsPerStep(model, method).then(
      (secondsPerStep) => store.setState({ estimate: { model, method, secondsPerStep } }),
      () => store.setState({ estimate: undefined }),
    );
  });
}
