/**
 * The viewer as our panel and commands see it. `host/` implements it over OHIF and cornerstone; nothing outside `host/`
 * knows either.
 */
import type { SegmentedProperty } from '../../../src/imaging/dicom/code.ts';
import type { SourceAttributes } from '../../../src/imaging/dicom/source-attributes.ts';
import type { FramePixels, FrameSize, MaskPixels } from '../../../src/protocol/frames.ts';
import type { Colour } from '../../../src/protocol/segment-colours.ts';

/** One frame of one image. */
export interface FrameRef {
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly sopInstanceUid: string;
  /** One-based, as DICOM counts. */
  readonly frameNumber: number;
}

/** A series that is open in the viewer, with its frames in the order in which they are shown. */
export interface Series {
  /** OHIF's display set. */
  readonly id: string;
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly description: string;
  readonly modality: string;
  /** Salted in the adapter; frames of one patient are held out together. */
  readonly patientId: string;
  readonly frames: readonly FrameRef[];
  /** Of the first frame whose image states it. */
  readonly frameSize?: FrameSize;
}

export interface Place {
  readonly series: Series;
  /** Zero-based in `series.frames`. */
  readonly frameIndex: number;
}

export interface Segment {
  /** From 1, as cornerstone and DICOM count. */
  readonly index: number;
  /** The word. */
  readonly label: string;
  /** How the file that it was opened from says that it was made (PS3.3 C.8.20.4). */
  readonly stated?: { readonly type: string; readonly name?: string };
}

export interface SegmentationInfo {
  readonly id: string;
  readonly label: string;
  /** The series that it lies on. */
  readonly seriesId: string;
  readonly segments: readonly Segment[];
}

export interface MaskWrite {
  readonly frame: FrameRef;
  readonly segmentIndex: number;
  readonly mask: MaskPixels;
}

export interface WriteOptions {
  /** Whether all of it is one step of the viewer's undo, as it is unless told; else it is none. */
  readonly undoable?: boolean;
  /** Asked of each frame when its turn has come: frames that a person has touched meanwhile are left alone. */
  readonly unless?: (frame: FrameRef) => boolean;
  /** Told of each frame as soon as it is as it was to be. */
  readonly onWritten?: (frame: FrameRef) => void;
}

export type NoticeLevel = 'info' | 'success' | 'warning' | 'error';

export interface SaveRequest {
  readonly segmentationId: string;
  readonly description: string;
  /** One for each segment of the segmentation, by index. */
  readonly segments: readonly {
    readonly index: number;
    readonly code: SegmentedProperty;
    readonly algorithmType: 'AUTOMATIC' | 'SEMIAUTOMATIC' | 'MANUAL';
  }[];
  /** What drew the masks. */
  readonly algorithm: { readonly name: string; readonly version: string };
}

export interface SavedSegmentation {
  /** Of the files, one for each size that its images have, each a series of its own. */
  readonly sopInstanceUids: readonly string[];
  readonly bytes: number;
  /** Frames with any pixel set. */
  readonly frames: number;
  /** Names of the files, where the study came from no archive and it went to the browser's downloads. */
  readonly downloadedAs?: string;
  /** The archive took it, but did not show it with its study when asked at once. */
  readonly notListedYet?: true;
}

export type BrushTool = 'brush' | 'eraser';

/** Methods throw SaltErrors. Subscriptions return what ends them. */
export interface Viewer {
  /** What the active viewport shows; undefined where it shows no image. */
  active(): Place | undefined;
  /** Told when the active viewport, its series, its frame, or the segmentation or segment that is edited there changes. */
  onActiveChange(listener: () => void): () => void;
  /** Every image series that is loaded in the viewer's grid or study browser. */
  series(): readonly Series[];
  /** Stored values after the modality LUT, with the window that the file states. */
  framePixels(frame: FrameRef): Promise<FramePixels>;
  /** What a segmentation has to say of the frame. */
  sourceAttributes(frame: FrameRef): SourceAttributes;
  /** Shows a frame in the active viewport, or in the one that shows its series. */
  goTo(frame: FrameRef): Promise<void>;

  /** Segmentations (labelmaps) on a series, as OHIF's own list has them. */
  segmentations(seriesId: string): readonly SegmentationInfo[];
  /** The one that the viewer's own tools edit in the active viewport; undefined where it shows none. */
  activeSegmentation(): string | undefined;
  /** The segment of it that its tools edit. */
  activeSegment(segmentationId: string): number | undefined;
  /** That it is drawn in; undefined where no viewport shows it. */
  segmentColour(segmentationId: string, segmentIndex: number): Colour | undefined;
  /** A new, empty labelmap on the series, shown in its viewports, its first segment ready to paint. */
  createSegmentation(seriesId: string, label: string, words: readonly string[]): Promise<SegmentationInfo>;
  /** The segment of this word, added where it is missing. */
  ensureSegment(segmentationId: string, word: string): Promise<Segment>;
  removeSegmentation(segmentationId: string): void;
  /** Chooses what the viewer's own brush paints, and shows it in every viewport of its series. */
  activateSegment(segmentationId: string, segmentIndex: number): Promise<void>;
  /** Whether the mode has a brush for the active viewport: modes for reading alone have none. */
  hasBrush(): boolean;
  /**
   * Puts the viewer's own brush in the user's hand.
   * @param diameter in pixels of the image
   * @throws SaltError VIEWER_STATE where the mode has none
   */
  takeBrush(tool: BrushTool, diameter?: number): void;
  /** Undefined where the frame has no labelmap yet. Empty where it has one without this segment. */
  readMask(segmentationId: string, segmentIndex: number, frame: FrameRef): MaskPixels | undefined;
  /** A number that changes whenever anything painted on the frame does, undo included; 0 where nothing is painted. */
  fingerprint(segmentationId: string, frame: FrameRef): number;
  /** Frames with any pixel of any segment. */
  paintedFrames(segmentationId: string): readonly FrameRef[];
  /**
   * Replaces the segment's pixels on these frames and leaves other segments' alone, except where both claim a pixel:
   * the later wins. The viewer draws and takes input between two frames.
   */
  writeMasks(segmentationId: string, writes: readonly MaskWrite[], options?: WriteOptions): Promise<void>;
  /** Told of brush strokes, undo and our own writes. */
  onMaskChange(listener: (segmentationId: string) => void): () => void;

  /** Stores a DICOM SEG in the archive that the study came from. */
  save(request: SaveRequest): Promise<SavedSegmentation>;

  notify(level: NoticeLevel, title: string, message: string): void;
}
