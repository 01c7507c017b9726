/**
 * What is used of OHIF, which ships no types. `open-host.ts` checks at run time that the functions are there; attributes
 * of data sets are `unknown` and read with `attributes.ts`.
 */

/** Attributes of an image by keyword, as OHIF keeps them. */
export type Attributes = Readonly<Record<string, unknown>>;

export interface Subscription {
  readonly unsubscribe: () => void;
}

export interface Events {
  readonly EVENTS: Readonly<Record<string, string>>;
  subscribe(event: string, listener: (detail: unknown) => void): Subscription;
}

/** What OHIF makes of a series, or of a part of one. */
export interface DisplaySet {
  readonly displaySetInstanceUID: string;
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string;
  readonly SeriesDescription?: string;
  readonly SeriesNumber?: unknown;
  readonly Modality?: string;
  /** One for each frame, in the order in which they are shown. */
  readonly imageIds?: readonly string[];
  /** Whether its images are slices of a volume. */
  readonly isReconstructable?: unknown;
  /** One for each SOP instance. */
  readonly instances?: readonly Attributes[];
  /** Of a segmentation: what it lies on. */
  readonly referencedDisplaySetInstanceUID?: string;
}

export interface DisplaySetService extends Events {
  getActiveDisplaySets(): readonly DisplaySet[];
  /** Throws for anything but a string. */
  getDisplaySetByUID(id: string): DisplaySet | undefined;
  getDisplaySetsForSeries(seriesInstanceUid: string): readonly DisplaySet[];
}

export interface GridViewport {
  readonly displaySetInstanceUIDs?: readonly string[];
}

export interface ViewportGridService extends Events {
  getState(): {
    readonly activeViewportId: string | null;
    readonly viewports: ReadonlyMap<string, GridViewport>;
  };
  setActiveViewportId(id: string): void;
  setDisplaySetsForViewport(props: {
    readonly viewportId: string;
    readonly displaySetInstanceUIDs: readonly string[];
  }): unknown;
}

/** A viewport of cornerstone; what only stacks have is optional. */
export interface Viewport {
  readonly element: HTMLElement;
  getCurrentImageId?(): string | undefined;
  getImageIds?(): readonly string[];
  setImageIdIndex?(index: number): Promise<unknown>;
  getImageData?(): { readonly spacing?: readonly number[] } | undefined;
  render(): void;
}

export interface CornerstoneViewportService extends Events {
  getCornerstoneViewport(id: string): Viewport | null | undefined;
}

export interface OhifSegment {
  readonly segmentIndex: number;
  readonly label: string;
  readonly locked?: boolean;
  /** What the viewer reads of a DICOM SEG, among other things. */
  readonly cachedStats?: unknown;
}

/** One labelmap image for each frame; volumes hold theirs. */
export interface LabelmapLayer {
  readonly imageIds?: readonly string[];
  readonly volumeId?: string;
}

/** cornerstone 5 adds layers, for segments that may overlap; 4 has one labelmap. */
export interface LabelmapData extends LabelmapLayer {
  readonly labelmaps?: Readonly<Record<string, LabelmapLayer>>;
  readonly segmentBindings?: Readonly<
    Record<number, { readonly labelmapId: string; readonly labelValue: number }>
  >;
}

export interface OhifSegmentation {
  readonly segmentationId: string;
  readonly label?: string;
  /** By index. */
  readonly segments: Readonly<Record<number, OhifSegment | undefined>>;
  readonly representationData: { readonly Labelmap?: LabelmapData };
}

export interface SegmentationService extends Events {
  getSegmentation(id: string): OhifSegmentation | undefined;
  getSegmentations(): readonly OhifSegmentation[];
  createLabelmapForDisplaySet(
    displaySet: DisplaySet,
    options: {
      readonly label: string;
      readonly segments: Readonly<Record<number, OhifSegment & { readonly active: boolean }>>;
    },
  ): Promise<string>;
  addSegmentationRepresentation(
    viewportId: string,
    representation: { readonly segmentationId: string; readonly type: 'Labelmap' },
  ): Promise<void>;
  addSegment(segmentationId: string, config: { readonly segmentIndex: number; readonly label: string }): void;
  setActiveSegment(segmentationId: string, segmentIndex: number): void;
  setActiveSegmentation(viewportId: string, segmentationId: string): void;
  getActiveSegmentation(viewportId: string): OhifSegmentation | null | undefined;
  getViewportIdsWithSegmentation(segmentationId: string): readonly string[];
  /** Red, green, blue and opacity, 0 to 255 each. */
  getSegmentColor?(
    viewportId: string,
    segmentationId: string,
    segmentIndex: number,
  ): readonly number[] | undefined;
  remove(segmentationId: string): void;
}

export interface ToolGroup {
  readonly id: string;
  hasTool(name: string): boolean;
  /** Changes what is named and leaves the rest as it is. */
  setToolConfiguration(name: string, configuration: Readonly<Record<string, unknown>>): void;
}

export interface ToolGroupService {
  getToolGroupForViewport(viewportId: string): ToolGroup | undefined;
}

export interface OhifServices {
  readonly displaySetService: DisplaySetService;
  readonly viewportGridService: ViewportGridService;
  readonly cornerstoneViewportService: CornerstoneViewportService;
  readonly segmentationService: SegmentationService;
  readonly toolGroupService: ToolGroupService;
  readonly uiNotificationService: {
    show(notice: {
      readonly title: string;
      readonly message: string;
      readonly type: string;
      readonly duration?: number;
    }): unknown;
  };
  readonly userAuthenticationService?: { getUser?(): unknown };
}

export interface DataSource {
  readonly store?: { dicom?(part10: ArrayBuffer): unknown };
  readonly retrieve?: {
    readonly series?: {
      metadata?(request: {
        readonly StudyInstanceUID: string;
        readonly filters: { readonly seriesInstanceUID: readonly string[] };
      }): Promise<unknown>;
    };
  };
  deleteStudyMetadataPromise?(studyInstanceUid: string): void;
  getConfig?(): unknown;
}

export interface CommandsManager {
  runCommand(name: string, options: Readonly<Record<string, unknown>>): unknown;
}

export interface ExtensionManager {
  getModuleEntry(id: string): unknown;
  getActiveDataSource(): readonly DataSource[];
}

/** What OHIF hands to the modules of an extension. */
export interface Managers {
  readonly servicesManager: { readonly services: unknown };
  readonly commandsManager: unknown;
  readonly extensionManager: unknown;
}
