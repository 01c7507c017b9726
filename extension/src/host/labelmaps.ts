import { SaltError } from '../../../src/protocol/errors.ts';
import type { MaskPixels } from '../../../src/protocol/frames.ts';
import type { VoxelManager } from './cornerstone-types.ts';
import { fingerprint } from './fingerprint.ts';
import type { Labels } from './fingerprint.ts';
import type { LabelmapData, LabelmapLayer, OhifSegmentation } from './ohif-types.ts';
import type { Host } from './open-host.ts';

/** The labelmap of one frame. */
export interface FrameLabelmap {
  readonly imageId: string;
  readonly width: number;
  readonly height: number;
  /** One label for each pixel, row-major; the viewer's own memory. */
  readonly labels: Labels;
  readonly voxels: VoxelManager;
}

/** Where a segment's pixels are: images by the image they lie on, and the label that stands for it there. */
export interface SegmentLayer {
  readonly label: number;
  readonly imageIdOf: ReadonlyMap<string, string>;
  /** The labels of segments in this layer that the user has locked. */
  readonly locked: ReadonlySet<number>;
}

/** Reads and finds labelmaps in the viewer's own segmentations. */
export class Labelmaps {
  readonly #host: Host;
  readonly #references = new WeakMap<readonly string[], ReadonlyMap<string, string>>();

  constructor(host: Host) {
    this.#host = host;
  }

  /** @throws SaltError VIEWER_STATE when the viewer has no such segmentation any more. */
  segmentation(id: string): OhifSegmentation {
    const found = this.#host.services.segmentationService.getSegmentation(id);
    if (found?.representationData.Labelmap) return found;
    throw new SaltError(
      'VIEWER_STATE',
      'The segmentation is no longer in the viewer. Choose another, or make a new one.',
    );
  }

  /** Labelmap images of a segmentation, all layers together. */
  imageIds(segmentation: OhifSegmentation): readonly string[] {
    const { Labelmap } = segmentation.representationData;
    if (!Labelmap) return [];
    const lists = this.#layersOf(Labelmap).map((layer) => this.#imageIdsOf(layer));
    return lists.length === 1 ? (lists[0] ?? []) : lists.flat();
  }

  layerOf(segmentation: OhifSegmentation, segmentIndex: number): SegmentLayer {
    const { Labelmap = {} } = segmentation.representationData;
    const bindings = Labelmap.segmentBindings;
    const own = bindings?.[segmentIndex];
    const layer = (own && Labelmap.labelmaps?.[own.labelmapId]) ?? Labelmap;
    const locked = Object.values(segmentation.segments).flatMap((segment) => {
      if (segment?.locked !== true) return [];
      const binding = bindings?.[segment.segmentIndex];
      return binding?.labelmapId === own?.labelmapId ? [binding?.labelValue ?? segment.segmentIndex] : [];
    });
    return {
      label: own?.labelValue ?? segmentIndex,
      imageIdOf: this.#referencesOf(this.#imageIdsOf(layer)),
      locked: new Set(locked),
    };
  }

  /** Undefined where the frame has none. */
  get(imageId: string | undefined): FrameLabelmap | undefined {
    const image = imageId === undefined ? undefined : this.#host.core.cache.getImage(imageId);
    if (!image?.voxelManager) return undefined;
    const labels = image.voxelManager.getScalarData();
    const isLabels = labels instanceof Uint8Array || labels instanceof Uint16Array;
    if (!isLabels || labels.length !== image.columns * image.rows) return undefined;
    return {
      imageId: image.imageId,
      width: image.columns,
      height: image.rows,
      labels,
      voxels: image.voxelManager,
    };
  }

  /** All labelmaps of one image: several where segments lie in layers of their own. */
  on(segmentation: OhifSegmentation, imageId: string): readonly FrameLabelmap[] {
    const { Labelmap } = segmentation.representationData;
    if (!Labelmap) return [];
    return this.#layersOf(Labelmap).flatMap(
      (layer) => this.get(this.#referencesOf(this.#imageIdsOf(layer)).get(imageId)) ?? [],
    );
  }

  /** Of all that is painted on an image; 0 where nothing is. */
  fingerprint(segmentation: OhifSegmentation, imageId: string): number {
    return fingerprint(this.on(segmentation, imageId).map(({ labels }) => labels));
  }

  /** The image that a labelmap's image lies on. */
  referenced(imageId: string): string | undefined {
    return this.#host.core.cache.getImage(imageId)?.referencedImageId;
  }

  #layersOf(labelmap: LabelmapData): readonly LabelmapLayer[] {
    const layers = Object.values(labelmap.labelmaps ?? {});
    return layers.length > 0 ? layers : [labelmap];
  }

  #imageIdsOf({ imageIds, volumeId }: LabelmapLayer): readonly string[] {
    if (imageIds && imageIds.length > 0) return imageIds;
    return (volumeId === undefined ? undefined : this.#host.core.cache.getVolume(volumeId)?.imageIds) ?? [];
  }

  #referencesOf(imageIds: readonly string[]): ReadonlyMap<string, string> {
    const known = this.#references.get(imageIds);
    if (known?.size === imageIds.length) return known;
    const pairs = imageIds.flatMap((imageId): [string, string][] => {
      const referenced = this.referenced(imageId);
      return referenced === undefined ? [] : [[referenced, imageId]];
    });
    const references = new Map(pairs);
    this.#references.set(imageIds, references);
    return references;
  }
}

export function maskOf({ width, height, labels }: FrameLabelmap, label: number): MaskPixels {
  const data = new Uint8Array(labels.length);
  for (let i = 0; i < data.length; i++) data[i] = labels[i] === label ? 1 : 0;
  return { width, height, data };
}
