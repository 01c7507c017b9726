/** What a test asks of the viewer in the page, and does in it with the mouse. */
import type { Locator, Page } from 'playwright-core';
import type { Mask } from '../../src/imaging/frame.ts';
import type { Stroke } from './strokes.ts';

/** The parts of the host that these helpers touch. Declared in the page's own words, since they run there. */
interface Host {
  readonly services: {
    readonly viewportGridService: { getState(): { readonly activeViewportId: string } };
    readonly cornerstoneViewportService: {
      getCornerstoneViewport(id: string): {
        readonly element: HTMLElement;
        getCurrentImageId(): string;
        getImageIds(): string[];
        setImageIdIndex(index: number): Promise<string>;
        worldToCanvas(point: number[]): number[];
        render(): void;
      };
    };
    readonly displaySetService: {
      getActiveDisplaySets(): {
        readonly Modality: string;
        readonly displaySetInstanceUID: string;
        load?(options: object): Promise<unknown>;
      }[];
    };
    readonly segmentationService: {
      addSegmentationRepresentation(viewportId: string, representation: object): Promise<void>;
      getSegmentations(): {
        readonly segmentationId: string;
        readonly label: string;
        readonly representationData: { readonly Labelmap?: { readonly imageIds?: readonly string[] } };
      }[];
    };
  };
  readonly extensionManager: {
    getModuleEntry(id: string): {
      readonly exports: {
        getCornerstoneLibraries(): {
          readonly cornerstone: {
            readonly cache: {
              getImage(id: string):
                | {
                    readonly referencedImageId?: string;
                    readonly voxelManager: { getScalarData(): Uint8Array };
                  }
                | undefined;
            };
            readonly utilities: { imageToWorldCoords(id: string, point: number[]): number[] };
          };
          readonly cornerstoneTools: {
            readonly utilities: {
              readonly segmentation: { setBrushSizeForToolGroup(group: string, size: number): void };
            };
          };
        };
      };
    };
  };
}

export interface Labelmap {
  readonly label: string;
  /** For each frame the pixels of each segment that has any, by index. */
  readonly frames: readonly Readonly<Record<number, number>>[];
}

/** The viewer's segmentations, in its own order. */
export function labelmaps(page: Page): Promise<Labelmap[]> {
  return page.evaluate(() => {
    const { services, extensionManager } = window as unknown as Host;
    const common = extensionManager.getModuleEntry('@ohif/extension-cornerstone.utilityModule.common');
    const { cache } = common.exports.getCornerstoneLibraries().cornerstone;
    return services.segmentationService.getSegmentations().map(({ label, representationData }) => ({
      label,
      frames: (representationData.Labelmap?.imageIds ?? []).map((id) => {
        const counts: Record<number, number> = {};
        for (const value of cache.getImage(id)?.voxelManager.getScalarData() ?? []) {
          if (value > 0) counts[value] = (counts[value] ?? 0) + 1;
        }
        return counts;
      }),
    }));
  });
}

/**
 * One frame's labelmap as it is: 0, or the index of a segment; empty where the frame has none.
 * @param segmentation its place in the viewer's order
 * @param frame zero-based
 */
export async function labelsOf(page: Page, segmentation: number, frame: number): Promise<Uint8Array> {
  const text = await page.evaluate(
    ([which, index]) => {
      const { services, extensionManager } = window as unknown as Host;
      const common = extensionManager.getModuleEntry('@ohif/extension-cornerstone.utilityModule.common');
      const { cache } = common.exports.getCornerstoneLibraries().cornerstone;
      const found = services.segmentationService.getSegmentations()[which];
      const ids = found?.representationData.Labelmap?.imageIds ?? [];
      // One that was loaded from an archive need not have its frames in the image's order.
      const { activeViewportId } = services.viewportGridService.getState();
      const viewport = services.cornerstoneViewportService.getCornerstoneViewport(activeViewportId);
      const shown = viewport.getImageIds()[index];
      const id = ids.find((candidate) => cache.getImage(candidate)?.referencedImageId === shown);
      const data = id === undefined ? undefined : cache.getImage(id)?.voxelManager.getScalarData();
      let binary = '';
      for (const value of data ?? []) binary += String.fromCharCode(value);
      return btoa(binary);
    },
    [segmentation, frame] as const,
  );
  return new Uint8Array(Buffer.from(text, 'base64'));
}

export function maskIn(labels: Uint8Array, index: number, width: number, height: number): Mask {
  return { width, height, data: labels.map((value) => (value === index ? 1 : 0)) };
}

/** Looks at one frame only: whoever waits for a draft must not slow it down. */
function isPainted(page: Page, segmentation: number, frame: number): Promise<boolean> {
  return page.evaluate(
    ([which, index]) => {
      const { services, extensionManager } = window as unknown as Host;
      const common = extensionManager.getModuleEntry('@ohif/extension-cornerstone.utilityModule.common');
      const { cache } = common.exports.getCornerstoneLibraries().cornerstone;
      const found = services.segmentationService.getSegmentations()[which];
      const id = found?.representationData.Labelmap?.imageIds?.[index];
      const data = id === undefined ? undefined : cache.getImage(id)?.voxelManager.getScalarData();
      return data?.some((value) => value > 0) ?? false;
    },
    [segmentation, frame] as const,
  );
}

/** Waits until something is painted on a frame, or nothing is any more. @param frame zero-based */
export async function waitForPaint(
  page: Page,
  segmentation: number,
  frame: number,
  painted: boolean,
): Promise<void> {
  const start = Date.now();
  while (Date.now() - start < 60_000) {
    if ((await isPainted(page, segmentation, frame)) === painted) return;
    await page.waitForTimeout(50);
  }
  throw new Error(`Frame ${frame} was${painted ? ' not' : ''} painted after a minute.`);
}

/** Shows a frame, as scrolling would. @param frame zero-based */
export async function showFrame(page: Page, frame: number): Promise<void> {
  await page.evaluate(async (index) => {
    const { services } = window as unknown as Host;
    const { activeViewportId } = services.viewportGridService.getState();
    const viewport = services.cornerstoneViewportService.getCornerstoneViewport(activeViewportId);
    await viewport.setImageIdIndex(index);
    viewport.render();
  }, frame);
}

/** Paints with the viewer's own brush, by real movements of the mouse. The brush must be in hand. */
export async function paint(page: Page, strokes: readonly Stroke[]): Promise<void> {
  for (const { diameter, path } of strokes) {
    const points = await page.evaluate(
      ([size, pixels]) => {
        const { services, extensionManager } = window as unknown as Host;
        const common = extensionManager.getModuleEntry('@ohif/extension-cornerstone.utilityModule.common');
        const { cornerstone, cornerstoneTools } = common.exports.getCornerstoneLibraries();
        const { activeViewportId } = services.viewportGridService.getState();
        const viewport = services.cornerstoneViewportService.getCornerstoneViewport(activeViewportId);
        const { left, top } = viewport.element.getBoundingClientRect();
        const imageId = viewport.getCurrentImageId();
        // The viewer's brush is measured in mm, by its radius.
        const [a, b] = [
          [0, 0],
          [1, 0],
        ].map((point) => cornerstone.utilities.imageToWorldCoords(imageId, point));
        const pixel = Math.hypot(...(a ?? []).map((value, i) => value - (b?.[i] ?? 0)));
        cornerstoneTools.utilities.segmentation.setBrushSizeForToolGroup('default', (size / 2) * pixel);
        return pixels.map(([x, y]) => {
          const [canvasX = 0, canvasY = 0] = viewport.worldToCanvas(
            cornerstone.utilities.imageToWorldCoords(imageId, [x + 0.5, y + 0.5]),
          );
          return [left + canvasX, top + canvasY] as const;
        });
      },
      [diameter, path] as const,
    );
    const [first, ...others] = points;
    if (!first) continue;
    await page.mouse.move(...first);
    await page.mouse.down();
    for (const point of others) await page.mouse.move(...point);
    await page.mouse.up();
  }
}

/** Until a run has ended and the series has been segmented with what it learnt. */
export async function waitForSegmentation(panel: Locator): Promise<void> {
  const progress = panel.getByRole('progressbar', { name: 'Progress of segmentation' });
  await progress.waitFor({ timeout: 600_000 });
  await progress.waitFor({ state: 'detached', timeout: 600_000 });
}

/** Opens the one segmentation that the archive has for the study, as choosing it would. */
export async function openSaved(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const { services } = window as unknown as Host;
    return services.displaySetService.getActiveDisplaySets().some(({ Modality }) => Modality === 'SEG');
  });
  await page.evaluate(async () => {
    const { services } = window as unknown as Host;
    const sets = services.displaySetService.getActiveDisplaySets();
    const [saved, ...others] = sets.filter(({ Modality }) => Modality === 'SEG');
    if (!saved?.load || others.length > 0) throw new Error('there is not one segmentation');
    await saved.load({ headers: {} });
    const { activeViewportId } = services.viewportGridService.getState();
    await services.segmentationService.addSegmentationRepresentation(activeViewportId, {
      segmentationId: saved.displaySetInstanceUID,
      type: 'Labelmap',
    });
  });
}

/** Puts the brush in hand by the panel's button, and waits until the viewer has it. */
export async function takeBrush(page: Page, panel: Locator): Promise<void> {
  await press(panel, 'Brush');
  for (let tries = 0; (await labelmaps(page)).length === 0; tries++) {
    if (tries > 600) throw new Error('There is nothing to paint into after a minute.');
    await page.waitForTimeout(100);
  }
  // The segment is chosen and the tool taken right after.
  await page.waitForTimeout(500);
}

/** Waits for a button to be usable, and presses it. */
export async function press(panel: Locator, name: string | RegExp): Promise<void> {
  await panel
    .getByRole('button', { name, exact: typeof name === 'string' })
    .first()
    .click();
}
