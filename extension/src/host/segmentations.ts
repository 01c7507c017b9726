import { SaltError } from '../../../src/protocol/errors.ts';
import type { Colour } from '../../../src/protocol/segment-colours.ts';
import { isAttributes, textOf } from './attributes.ts';
import type { Labelmaps } from './labelmaps.ts';
import type { OhifSegment, OhifSegmentation } from './ohif-types.ts';
import type { Host } from './open-host.ts';
import type { Places } from './places.ts';
import type { SeriesCatalogue } from './series.ts';
import type { Segment, SegmentationInfo } from './viewer.ts';

/** The viewer's own list of segmentations, those that are labelmaps on a series. */
export class Segmentations {
  readonly #host: Host;
  readonly #catalogue: SeriesCatalogue;
  readonly #places: Places;
  readonly #labelmaps: Labelmaps;

  constructor(host: Host, catalogue: SeriesCatalogue, places: Places, labelmaps: Labelmaps) {
    this.#host = host;
    this.#catalogue = catalogue;
    this.#places = places;
    this.#labelmaps = labelmaps;
  }

  on(seriesId: string): readonly SegmentationInfo[] {
    const { segmentationService } = this.#host.services;
    return segmentationService
      .getSegmentations()
      .flatMap((segmentation) => this.#describe(segmentation) ?? [])
      .filter((info) => info.seriesId === seriesId);
  }

  /** @throws SaltError INVALID_ARGUMENT without words; VIEWER_STATE when the series is not open. */
  async create(seriesId: string, label: string, words: readonly string[]): Promise<SegmentationInfo> {
    if (words.length === 0) {
      throw new SaltError('INVALID_ARGUMENT', 'A segmentation needs at least one word to paint.');
    }
    const { displaySet } = this.#catalogue.find(seriesId);
    const { segmentationService } = this.#host.services;
    const segments = words.map((word, i) => ({ segmentIndex: i + 1, label: word, active: i === 0 }));
    const id = await segmentationService.createLabelmapForDisplaySet(displaySet, {
      label,
      segments: Object.fromEntries(segments.map((segment) => [segment.segmentIndex, segment])),
    });
    await this.#show(id, seriesId);
    await this.activate(id, 1);
    return {
      id,
      label,
      seriesId,
      segments: segments.map(({ segmentIndex, label: word }) => ({ index: segmentIndex, label: word })),
    };
  }

  /** Words are told apart without regard to case. */
  ensureSegment(segmentationId: string, word: string): Segment {
    const segments = segmentsOf(this.#labelmaps.segmentation(segmentationId));
    const wanted = word.trim();
    const found = segments.find(({ label }) => label.trim().toLowerCase() === wanted.toLowerCase());
    if (found) return found;
    if (wanted === '') throw new SaltError('INVALID_ARGUMENT', 'A segment needs a word.');
    const { segmentationService } = this.#host.services;
    const active = this.#places.activeSegment(segmentationId);
    const index = Math.max(0, ...segments.map((segment) => segment.index)) + 1;
    segmentationService.addSegment(segmentationId, { segmentIndex: index, label: wanted });
    // Adding one makes it the active one, but what the brush paints is the user's choice.
    if (active !== undefined && segments.some((segment) => segment.index === active)) {
      segmentationService.setActiveSegment(segmentationId, active);
    }
    return { index, label: wanted };
  }

  remove(segmentationId: string): void {
    this.#labelmaps.segmentation(segmentationId);
    this.#host.services.segmentationService.remove(segmentationId);
  }

  async activate(segmentationId: string, segmentIndex: number): Promise<void> {
    const segmentation = this.#labelmaps.segmentation(segmentationId);
    expectSegment(segmentation, segmentIndex);
    const seriesId = this.#describe(segmentation)?.seriesId;
    if (seriesId !== undefined) await this.#show(segmentationId, seriesId);
    const { segmentationService } = this.#host.services;
    for (const viewportId of segmentationService.getViewportIdsWithSegmentation(segmentationId)) {
      segmentationService.setActiveSegmentation(viewportId, segmentationId);
    }
    segmentationService.setActiveSegment(segmentationId, segmentIndex);
  }

  /** In every viewport of its series: one that was opened since the segmentation was made would neither show it nor paint. */
  async #show(segmentationId: string, seriesId: string): Promise<void> {
    const { segmentationService } = this.#host.services;
    const shownIn = new Set(segmentationService.getViewportIdsWithSegmentation(segmentationId));
    for (const viewportId of this.#places.viewportsOf(seriesId)) {
      if (shownIn.has(viewportId)) continue;
      await segmentationService.addSegmentationRepresentation(viewportId, {
        segmentationId,
        type: 'Labelmap',
      });
    }
  }

  #describe(segmentation: OhifSegmentation): SegmentationInfo | undefined {
    const [imageId] = this.#labelmaps.imageIds(segmentation);
    const referenced = imageId === undefined ? undefined : this.#labelmaps.referenced(imageId);
    const open = referenced === undefined ? undefined : this.#catalogue.ofImage(referenced);
    if (!open) return undefined;
    return {
      id: segmentation.segmentationId,
      label: segmentation.label ?? '',
      seriesId: open.series.id,
      segments: segmentsOf(segmentation),
    };
  }
}

export function segmentsOf({ segments }: OhifSegmentation): Segment[] {
  return Object.values(segments)
    .flatMap((segment): Segment[] => (segment ? [describe(segment)] : []))
    .sort((a, b) => a.index - b.index);
}

function describe({ segmentIndex, label, cachedStats }: OhifSegment): Segment {
  const stats = isAttributes(cachedStats) ? cachedStats : {};
  const [type, name] = [textOf(stats, 'algorithmType'), textOf(stats, 'algorithmName')];
  return {
    index: segmentIndex,
    label,
    ...(type !== '' && { stated: { type, ...(name !== '' && { name }) } }),
  };
}

/** @throws SaltError INVALID_ARGUMENT for a segment that is not there. */
export function expectSegment(segmentation: OhifSegmentation, segmentIndex: number): void {
  if (segmentation.segments[segmentIndex]) return;
  throw new SaltError(
    'INVALID_ARGUMENT',
    `The segmentation has no segment ${segmentIndex}. Choose one of its words, or add the word first.`,
  );
}

/** That a segment is drawn in, which users may choose; undefined where no viewport shows it. */
export function colourOnScreen(
  { services: { segmentationService } }: Host,
  segmentationId: string,
  index: number,
): Colour | undefined {
  const [viewportId] = segmentationService.getViewportIdsWithSegmentation(segmentationId);
  if (viewportId === undefined) return undefined;
  const [red, green, blue] = segmentationService.getSegmentColor?.(viewportId, segmentationId, index) ?? [];
  return red === undefined || green === undefined || blue === undefined ? undefined : [red, green, blue];
}
