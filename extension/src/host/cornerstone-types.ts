/**
 * What is used of the viewer's own cornerstone. Ours would be a second one, with its own cache and state, so it is never
 * imported; `open-host.ts` checks at run time that the functions are there.
 */

export type PixelValues =
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array;

export interface CornerstoneImage {
  readonly imageId: string;
  readonly columns: number;
  readonly rows: number;
  readonly color?: boolean;
  readonly slope?: number;
  readonly intercept?: number;
  /** `scaled`: the modality LUT has been applied. */
  readonly preScale?: { readonly scaled?: boolean };
  /** Of a labelmap: the image that it lies on. */
  readonly referencedImageId?: string;
  readonly voxelManager?: VoxelManager;
  getPixelData(): PixelValues;
}

export interface VoxelManager {
  getScalarData(): PixelValues;
  setScalarData(values: PixelValues): void;
}

/** A step of the viewer's undo. */
export interface Memo {
  readonly id: string;
  readonly operationType: string;
  restoreMemo(isUndo?: boolean): void;
}

export interface HistoryMemo {
  push(memo: Memo): unknown;
}

export interface CornerstoneCore {
  readonly imageLoader: {
    loadAndCacheImage(imageId: string, options: Readonly<Record<string, unknown>>): Promise<CornerstoneImage>;
  };
  readonly cache: {
    getImage(imageId: string): CornerstoneImage | undefined;
    getVolume(volumeId: string): { readonly imageIds?: readonly string[] } | undefined;
  };
  readonly metaData: {
    get(type: string, imageId: string): unknown;
    /** Providers of higher priority are asked first; who answers undefined passes the question on. */
    addProvider(provider: (type: string, query: unknown) => unknown, priority: number): void;
  };
  readonly version?: string;
  readonly utilities: { readonly HistoryMemo: { readonly DefaultHistoryMemo: HistoryMemo } };
}

export interface CornerstoneTools {
  readonly segmentation: {
    readonly triggerSegmentationEvents: {
      triggerSegmentationDataModified(segmentationId: string, imageIndices?: readonly number[]): void;
    };
    readonly segmentIndex: { getActiveSegmentIndex(segmentationId: string): number | undefined };
  };
  readonly utilities: {
    readonly segmentation: {
      setBrushSizeForToolGroup(toolGroupId: string, radius: number, toolName?: string): void;
    };
  };
}
