import type { EncodedSeg } from '../../../src/imaging/seg.ts';
import { sourceAttributes } from '../../../src/imaging/dicom/source-attributes.ts';
import { SaltError } from '../../../src/protocol/errors.ts';
import { createBrush } from './brush.ts';
import { readFramePixels } from './frame-pixels.ts';
import { separateFramePlanes } from './frame-planes.ts';
import { Labelmaps, maskOf } from './labelmaps.ts';
import { expectSize, writeLabels } from './mask-edit.ts';
import type { FrameWrite } from './mask-edit.ts';
import type { Managers, OhifSegmentation } from './ohif-types.ts';
import { openHost } from './open-host.ts';
import { Places } from './places.ts';
import { findSource, paintedImages, saveSegmentation } from './save.ts';
import { Segmentations, colourOnScreen, expectSegment } from './segmentations.ts';
import { SeriesCatalogue } from './series.ts';
import { Unsent } from './unsent.ts';
import type { MaskWrite, Viewer } from './viewer.ts';

/**
 * The viewer as the panel sees it, over OHIF. To be called within a mode, when the viewer's services and tools are up.
 *
 * @param managers what OHIF hands to `getPanelModule` and `getCommandsModule`.
 * @throws SaltError VIEWER_UNSUPPORTED in a viewer that lacks what is needed.
 */
export function createOhifViewer(managers: Managers): Viewer {
  const host = openHost(managers);
  separateFramePlanes(host);
  const catalogue = new SeriesCatalogue(host);
  const places = new Places(host, catalogue);
  const labelmaps = new Labelmaps(host);
  const segmentations = new Segmentations(host, catalogue, places, labelmaps);
  const unsent = new Unsent<EncodedSeg>();
  const { segmentationService, uiNotificationService } = host.services;

  const toLabelWrite = (segmentation: OhifSegmentation, { frame, segmentIndex, mask }: MaskWrite) => {
    expectSegment(segmentation, segmentIndex);
    const layer = labelmaps.layerOf(segmentation, segmentIndex);
    if (layer.locked.has(layer.label)) {
      const word = segmentation.segments[segmentIndex]?.label ?? '';
      throw new SaltError('VIEWER_STATE', `"${word}" is locked in the viewer. Unlock it, then try again.`);
    }
    const { index, imageId } = catalogue.ofFrame(frame);
    const labelmap = labelmaps.get(layer.imageIdOf.get(imageId));
    if (!labelmap) {
      throw new SaltError(
        'VIEWER_STATE',
        `The segmentation has no room for frame ${index + 1}. Make a new segmentation on this series.`,
      );
    }
    expectSize(labelmap, mask);
    return { frame, labelmap, layer, mask };
  };

  const toFrameWrites = (segmentationId: string, writes: readonly MaskWrite[]): readonly FrameWrite[] => {
    const segmentation = labelmaps.segmentation(segmentationId);
    const byImage = new Map<string, FrameWrite>();
    for (const write of writes) {
      const { frame, labelmap, layer, mask } = toLabelWrite(segmentation, write);
      const masks = [...(byImage.get(labelmap.imageId)?.masks ?? []), { layer, mask }];
      byImage.set(labelmap.imageId, { frame, imageId: labelmap.imageId, masks });
    }
    return [...byImage.values()];
  };

  return {
    active: () => places.active(),
    onActiveChange: (listener) => places.onChange(listener),
    series: () => catalogue.all().map(({ series }) => series),
    framePixels: async (frame) => readFramePixels(host, catalogue.ofFrame(frame).imageId),
    sourceAttributes: (frame) =>
      sourceAttributes(findSource(catalogue.ofFrame(frame).open, frame) ?? {}, frame.frameNumber),
    goTo: (frame) => places.goTo(frame),

    segmentations: (seriesId) => segmentations.on(seriesId),
    activeSegmentation: () => places.activeSegmentation(),
    activeSegment: (segmentationId) => places.activeSegment(segmentationId),
    segmentColour: (segmentationId, segmentIndex) => colourOnScreen(host, segmentationId, segmentIndex),
    createSegmentation: (seriesId, label, words) => segmentations.create(seriesId, label, words),
    ensureSegment: async (segmentationId, word) => segmentations.ensureSegment(segmentationId, word),
    removeSegmentation: (segmentationId) => segmentations.remove(segmentationId),
    activateSegment: (segmentationId, segmentIndex) => segmentations.activate(segmentationId, segmentIndex),
    ...createBrush(host, places),

    readMask: (segmentationId, segmentIndex, frame) => {
      const layer = labelmaps.layerOf(labelmaps.segmentation(segmentationId), segmentIndex);
      const labelmap = labelmaps.get(layer.imageIdOf.get(catalogue.ofFrame(frame).imageId));
      return labelmap && maskOf(labelmap, layer.label);
    },
    fingerprint: (segmentationId, frame) =>
      labelmaps.fingerprint(labelmaps.segmentation(segmentationId), catalogue.ofFrame(frame).imageId),
    paintedFrames: (segmentationId) => {
      const images = paintedImages(labelmaps, labelmaps.segmentation(segmentationId));
      const open = images[0] === undefined ? undefined : catalogue.ofImage(images[0]);
      if (!open) return [];
      return images
        .map((imageId) => open.imageIds.indexOf(imageId))
        .sort((a, b) => a - b)
        .map((index) => open.series.frames[index])
        .filter((frame) => frame !== undefined);
    },
    writeMasks: async (segmentationId, writes, options) =>
      writeLabels(host, labelmaps, segmentationId, toFrameWrites(segmentationId, writes), options),
    onMaskChange: (listener) => {
      const { SEGMENTATION_DATA_MODIFIED, SEGMENTATION_ADDED, SEGMENTATION_REMOVED } =
        segmentationService.EVENTS;
      const subscriptions = [SEGMENTATION_DATA_MODIFIED, SEGMENTATION_ADDED, SEGMENTATION_REMOVED].flatMap(
        (event) =>
          event === undefined
            ? []
            : segmentationService.subscribe(event, (detail) => {
                const id = segmentationIdOf(detail);
                if (id !== undefined) listener(id);
              }),
      );
      return () => {
        for (const { unsubscribe } of subscriptions) unsubscribe();
      };
    },

    save: (request) => saveSegmentation(host, catalogue, labelmaps, unsent, request),

    notify: (level, title, message) => {
      uiNotificationService.show({ title, message, type: level });
    },
  };
}

function segmentationIdOf(detail: unknown): string | undefined {
  if (typeof detail !== 'object' || detail === null || !('segmentationId' in detail)) return undefined;
  return typeof detail.segmentationId === 'string' ? detail.segmentationId : undefined;
}
