import { SaltError } from '../../../src/protocol/errors.ts';
import type { Viewport } from './ohif-types.ts';
import type { Host } from './open-host.ts';
import type { OpenSeries, SeriesCatalogue } from './series.ts';
import type { FrameRef, Place } from './viewer.ts';

/** Told on a viewport's element when it shows another image. It does not bubble, but is seen on its way down. */
const NEW_IMAGE_EVENTS = ['CORNERSTONE_STACK_NEW_IMAGE', 'CORNERSTONE_VOLUME_NEW_IMAGE'];

const SHOWING_TIMEOUT_MS = 20_000;

/** What the viewports show, and going elsewhere. */
export class Places {
  readonly #host: Host;
  readonly #catalogue: SeriesCatalogue;

  constructor(host: Host, catalogue: SeriesCatalogue) {
    this.#host = host;
    this.#catalogue = catalogue;
  }

  activeViewportId(): string | undefined {
    return this.#host.services.viewportGridService.getState().activeViewportId ?? undefined;
  }

  active(): Place | undefined {
    const viewportId = this.activeViewportId();
    return viewportId === undefined ? undefined : this.#placeIn(viewportId);
  }

  /** Viewports that show a series, the active one first. */
  viewportsOf(seriesId: string): readonly string[] {
    const { activeViewportId, viewports } = this.#host.services.viewportGridService.getState();
    const showing = [...viewports.keys()].filter((id) => this.#seriesIn(id)?.series.id === seriesId);
    return showing.sort((a, b) => Number(b === activeViewportId) - Number(a === activeViewportId));
  }

  viewport(viewportId: string): Viewport | undefined {
    return this.#host.services.cornerstoneViewportService.getCornerstoneViewport(viewportId) ?? undefined;
  }

  /** The segmentation that tools edit in the active viewport. */
  activeSegmentation(): string | undefined {
    const viewportId = this.activeViewportId();
    if (viewportId === undefined) return undefined;
    const active = this.#host.services.segmentationService.getActiveSegmentation(viewportId);
    return active?.segmentationId;
  }

  activeSegment(segmentationId: string): number | undefined {
    return this.#host.tools.segmentation.segmentIndex.getActiveSegmentIndex(segmentationId);
  }

  onChange(listener: () => void): () => void {
    const { viewportGridService, displaySetService, cornerstoneViewportService, segmentationService } =
      this.#host.services;
    let last = this.#fingerprint();
    const check = (): void => {
      const now = this.#fingerprint();
      if (now === last) return;
      last = now;
      listener();
    };
    const services = [viewportGridService, displaySetService, cornerstoneViewportService];
    const subscriptions = services.flatMap((service) =>
      Object.values(service.EVENTS).map((event) => service.subscribe(event, check)),
    );
    const { SEGMENTATION_REPRESENTATION_MODIFIED, SEGMENTATION_MODIFIED } = segmentationService.EVENTS;
    for (const event of [SEGMENTATION_REPRESENTATION_MODIFIED, SEGMENTATION_MODIFIED]) {
      if (event !== undefined) subscriptions.push(segmentationService.subscribe(event, check));
    }
    for (const event of NEW_IMAGE_EVENTS) document.addEventListener(event, check, true);
    return () => {
      for (const { unsubscribe } of subscriptions) unsubscribe();
      for (const event of NEW_IMAGE_EVENTS) document.removeEventListener(event, check, true);
    };
  }

  /** @throws SaltError VIEWER_STATE when the frame is not open, or no viewport shows it in good time. */
  async goTo(frame: FrameRef): Promise<void> {
    const { open, imageId } = this.#catalogue.ofFrame(frame);
    const { viewportGridService } = this.#host.services;
    const showing = this.viewportsOf(open.series.id);
    let viewportId = showing.find((id) => this.viewport(id)?.setImageIdIndex !== undefined) ?? showing[0];
    if (viewportId === undefined) {
      viewportId = this.activeViewportId();
      if (viewportId === undefined)
        throw new SaltError(
          'VIEWER_STATE',
          'The viewer shows no viewport yet. Open a series, then try again.',
        );
      const shown = this.#untilShown(viewportId, imageId);
      viewportGridService.setDisplaySetsForViewport({
        viewportId,
        displaySetInstanceUIDs: [open.displaySet.displaySetInstanceUID],
      });
      await shown;
    }
    if (viewportId !== this.activeViewportId()) viewportGridService.setActiveViewportId(viewportId);
    const viewport = this.viewport(viewportId);
    const index = viewport?.getImageIds?.().indexOf(imageId) ?? -1;
    if (!viewport?.setImageIdIndex || index < 0) {
      throw new SaltError(
        'VIEWER_STATE',
        'The viewport shows a volume, not frames one by one. Choose a layout without reformatted views.',
      );
    }
    await viewport.setImageIdIndex(index);
  }

  #placeIn(viewportId: string): Place | undefined {
    const open = this.#seriesIn(viewportId);
    if (!open) return undefined;
    const imageId = currentImageId(this.viewport(viewportId));
    const frameIndex = imageId === undefined ? -1 : open.imageIds.indexOf(imageId);
    return frameIndex < 0 ? undefined : { series: open.series, frameIndex };
  }

  /** A viewport may show a segmentation beside or instead of what it lies on. */
  #seriesIn(viewportId: string): OpenSeries | undefined {
    const { displaySetService, viewportGridService } = this.#host.services;
    const ids = viewportGridService.getState().viewports.get(viewportId)?.displaySetInstanceUIDs ?? [];
    for (const id of ids) {
      const underneath = displaySetService.getDisplaySetByUID(id)?.referencedDisplaySetInstanceUID;
      const open =
        this.#catalogue.get(id) ?? (underneath === undefined ? undefined : this.#catalogue.get(underneath));
      if (open) return open;
    }
    return undefined;
  }

  #fingerprint(): string {
    const place = this.active();
    const series = this.#catalogue.all().map(({ series: { id, frames } }) => `${id} ${frames.length}`);
    const painting = this.activeSegmentation();
    const segment = painting === undefined ? undefined : this.activeSegment(painting);
    const shown = [this.activeViewportId(), place?.series.id, place?.frameIndex, painting, segment];
    return [...shown, ...series].join('\n');
  }

  /** Not merely its image: once that is there, the viewer goes back to where the series was last looked at. */
  async #untilShown(viewportId: string, imageId: string): Promise<void> {
    const { cornerstoneViewportService: service } = this.#host.services;
    const { VIEWPORT_DATA_CHANGED } = service.EVENTS;
    const isShown = () => this.viewport(viewportId)?.getImageIds?.().includes(imageId) === true;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        subscription?.unsubscribe();
        reject(
          new SaltError('VIEWER_STATE', 'The viewer did not show the series. Open it from the study list.'),
        );
      }, SHOWING_TIMEOUT_MS);
      const check = (): void => {
        if (!isShown()) return;
        clearTimeout(timer);
        subscription?.unsubscribe();
        resolve();
      };
      const subscription =
        VIEWPORT_DATA_CHANGED === undefined ? undefined : service.subscribe(VIEWPORT_DATA_CHANGED, check);
    });
  }
}

/** Undefined while a viewport is being set up, when some kinds throw. */
function currentImageId(viewport: Viewport | undefined): string | undefined {
  try {
    return viewport?.getCurrentImageId?.();
  } catch {
    return undefined;
  }
}
