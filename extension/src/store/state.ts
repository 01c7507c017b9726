/** What the panel shows: one plain, immutable object. Only `workflow/` changes it. */
import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import type {
  AdapterSummary,
  DeviceInfo,
  FramePixels,
  MaskPixels,
  ModelSummary,
  PreparingWhat,
  UnfinishedRun,
} from '../../../src/protocol/backend.ts';
import type { HeldOutScore } from '../../../src/protocol/events.ts';
import type { Colour } from '../../../src/protocol/segment-colours.ts';
import type { FrameRef, SegmentationInfo, Series } from '../host/viewer.ts';
import { bytesOf } from './collected-frame.ts';
import type { CollectedFrame } from './collected-frame.ts';
import type { Section, Settings } from './settings.ts';
import type { TrainingLog } from './training-log.ts';

/** What the active viewport shows, and what is painted there. */
export interface PlaceState {
  readonly series: Series;
  readonly frameIndex: number;
  readonly frame: FrameRef;
  readonly frameId: string;
  /** What is painted into, collected from and saved; undefined before the first draft or stroke. */
  readonly segmentation: SegmentationInfo | undefined;
  /** All segmentations on the series. */
  readonly choices: readonly SegmentationInfo[];
  /** Pixels of each word on this frame. */
  readonly painted: readonly { readonly word: string; readonly pixels: number }[];
  /** Whether what the viewer's tools paint is a segment of no word on the list. */
  readonly paintsOther: boolean;
  /** Whether the masks of the collected frame are no longer those on screen. */
  readonly changed: boolean;
  /** Frames of the series that were painted by hand and are not in the set as they are. */
  readonly uncollected: number;
  /** 0 to 1 for each frame of the series, where it has been segmented; undefined when none has. */
  readonly uncertainty: readonly (number | null)[] | undefined;
  /** Whether the threshold may be moved without running the model again. */
  readonly rethreshold: boolean;
  /** Whether the viewer's mode has a brush to correct with. */
  readonly hasBrush: boolean;
  /** Segmentations of the series that were never saved, from when it was open before. */
  readonly unsaved: readonly UnsavedSegmentation[];
}

/** A segmentation that was in the viewer when its study was left, and had not been saved as it was. */
export interface UnsavedSegmentation {
  readonly key: string;
  readonly label: string;
  readonly frames: number;
  /** ISO 8601; of the last change. */
  readonly keptAt: string;
}

export interface WordMask {
  readonly word: string;
  readonly mask: MaskPixels;
}

export interface TrainingState {
  readonly status: 'idle' | 'preparing' | 'running' | 'ending' | 'finished';
  readonly name: string;
  readonly preparing: { readonly what: PreparingWhat; readonly fraction: number | null } | undefined;
  readonly fraction: number;
  readonly secondsLeft: number | null;
  readonly log: TrainingLog;
  readonly preview: { readonly frame: FramePixels; readonly masks: readonly WordMask[] } | undefined;
  readonly message: string | undefined;
  readonly result: AdapterSummary | undefined;
}

export type Scope = 'frame' | 'series' | 'all';

export interface SegmentingState {
  readonly status: 'idle' | 'running' | 'done';
  /** Description of the series that is being segmented. */
  readonly title: string;
  readonly done: number;
  readonly total: number;
  readonly secondsLeft: number | null;
  /** What the back end warned of, once each. */
  readonly warnings: readonly string[];
}

interface Problem {
  readonly id: number;
  readonly where: Section;
  readonly title: string;
  readonly message: string;
}

interface UndoOffer {
  readonly text: string;
}

export interface Comparison {
  readonly frames: number;
  /** Whether the frames were trained on, since none is held out. */
  readonly trainedOn: boolean;
  readonly rows: readonly { readonly name: string; readonly score: HeldOutScore | undefined }[];
}

interface SaveState {
  readonly at: string;
  readonly bytes: number;
  /** Whether the segmentation changed since. */
  readonly stale: boolean;
}

interface EstimateState {
  readonly model: string;
  readonly method: string;
  readonly secondsPerStep: number | undefined;
}

export interface SessionState {
  /** False until the stored set and settings have been read. */
  readonly ready: boolean;
  readonly lasting: boolean;
  readonly settings: Settings;
  readonly device: DeviceInfo | undefined;
  readonly models: readonly ModelSummary[];
  readonly adapters: readonly AdapterSummary[];
  readonly unfinished: readonly UnfinishedRun[];
  /** What the back end keeps; `bytesInBrowser` counts the set, too. */
  readonly storedBytes: number | undefined;
  readonly estimate: EstimateState | undefined;
  /** In the order of collection. */
  readonly frames: readonly CollectedFrame[];
  readonly place: PlaceState | undefined;
  /** What words are drawn in where the user is, by word in lower case. */
  readonly colours: Readonly<Record<string, Colour>>;
  /** Series that are open in the viewer. */
  readonly openSeries: number;
  readonly training: TrainingState;
  readonly segmenting: SegmentingState;
  readonly importing: { readonly title: string; readonly fraction: number | null } | undefined;
  readonly comparison: Comparison | undefined;
  /** By segmentation; those that were saved since the page was opened. */
  readonly saved: Readonly<Record<string, SaveState>>;
  /** Actions that are under way, by name. */
  readonly busy: Readonly<Record<string, true>>;
  readonly problems: readonly Problem[];
  readonly undo: UndoOffer | undefined;
  /** Read out by screen readers. */
  readonly announcement: string;
}

export type SessionStore = StoreApi<SessionState>;

export const IDLE_TRAINING: TrainingState = {
  status: 'idle',
  name: '',
  preparing: undefined,
  fraction: 0,
  secondsLeft: null,
  log: { loss: [], dice: [], step: 0, steps: null, before: undefined },
  preview: undefined,
  message: undefined,
  result: undefined,
};

const IDLE_SEGMENTING: SegmentingState = {
  status: 'idle',
  title: '',
  done: 0,
  total: 0,
  secondsLeft: null,
  warnings: [],
};

/** Adapters, models, unfinished runs and the set. Masks that are not saved yet are packed, and hardly count. */
export function bytesInBrowser({ storedBytes, frames }: SessionState): number | undefined {
  return storedBytes === undefined ? undefined : frames.reduce((sum, one) => sum + bytesOf(one), storedBytes);
}

export function createSessionStore(settings: Settings): SessionStore {
  return createStore<SessionState>(() => ({
    ready: false,
    lasting: true,
    settings,
    device: undefined,
    models: [],
    adapters: [],
    unfinished: [],
    storedBytes: undefined,
    estimate: undefined,
    frames: [],
    place: undefined,
    colours: {},
    openSeries: 0,
    training: IDLE_TRAINING,
    segmenting: IDLE_SEGMENTING,
    importing: undefined,
    comparison: undefined,
    saved: {},
    busy: {},
    problems: [],
    undo: undefined,
    announcement: '',
  }));
}
