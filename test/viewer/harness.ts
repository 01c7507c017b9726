import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser, Locator, Page, ViewportSize } from 'playwright-core';
import { findChromium } from '../../.ci/chromium.mjs';
import { OHIF_VERSION, fetchOhif, findOhif } from '../../.ci/ohif.mjs';
import { buildPlugin } from '../browser/plugin.ts';
import { FLAGS, skipWithoutChromium } from '../browser/harness.ts';
import { startViewerServer } from '../../src/server/start.ts';
import type { ArchiveOptions } from '../../src/server/start.ts';

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Everything is slow on software WebGL and two cores. */
const PATIENCE_MS = 120_000;

/** A page that no graphics device composes is drawn by the processor, not by WebGL in software. */
const WITHOUT_GPU = '--disable-gpu-compositing';

/** Of a desk's screen. */
export const DESKTOP: ViewportSize = { width: 1440, height: 900 };

/** Software draws every pixel. */
const SMALL: ViewportSize = { width: 1100, height: 700 };

/** The plug-in then computes with one thread. */
const ONE_PROCESSOR = "Object.defineProperty(navigator, 'hardwareConcurrency', { value: 1 });";

/** For `{ skip }` of a suite: false where the viewer and a browser are here, else what is missing. */
export const skipWithoutViewer: string | false =
  skipWithoutChromium === false && findOhif() === undefined
    ? 'The viewer has not been fetched: node .ci/ohif.mjs'
    : skipWithoutChromium;

export interface ViewerOptions {
  readonly archive: ArchiveOptions;
  /** Version of OHIF. */
  readonly ohif?: string;
  /** JavaScript that runs behind the viewer's own configuration, to change `window.config`. */
  readonly config?: string;
  /** More flags for Chromium. */
  readonly flags?: readonly string[];
  /** In CSS pixels. Default: a small one. */
  readonly window?: ViewportSize;
}

/** For `config`: what the extension is configured with. */
export function configured(settings: Readonly<Record<string, unknown>>): string {
  return `window.config.extensions = window.config.extensions.map((url) =>
    import(url).then((module) => [module.default, ${JSON.stringify(settings)}]));`;
}

/** A viewer that is open in a browser, as a person sees it. */
export interface OpenViewer {
  readonly page: Page;
  readonly origin: string;
  /** The region of our panel. */
  readonly panel: Locator;
  /** What the page's console said at level `error`, and errors that nobody caught. */
  readonly errors: readonly string[];
  /** Every address that the page has asked for. */
  readonly requests: readonly string[];
  /**
   * Opens a study in our mode (or the one named by its route) and waits until its image and our panel are there.
   * @param until what to wait for in place of the panel
   */
  open(studyInstanceUid: string, route?: string, until?: Locator): Promise<void>;
  /** Into out/screenshots/. */
  screenshot(name: string): Promise<void>;
}

/**
 * Starts the viewer and a browser, and ends both. A request to another origin is refused and fails the test, as does
 * an error that nobody caught.
 */
export async function withViewer<T>(
  use: (viewer: OpenViewer) => Promise<T>,
  options: ViewerOptions,
): Promise<T> {
  buildPlugin();
  const server = await startViewerServer({
    archive: options.archive,
    viewerDir: await fetchOhif(options.ohif ?? OHIF_VERSION),
    port: 0,
  });
  let browser: Browser | undefined;
  try {
    browser = await chromium.launch({
      executablePath: findChromium() ?? '',
      headless: true,
      args: [...FLAGS, WITHOUT_GPU, ...(options.flags ?? [])],
    });
    const context = await browser.newContext({ viewport: options.window ?? SMALL });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    if (process.env['OHIF_SALT_SHARED_PROCESSOR']) await page.addInitScript(ONE_PROCESSOR);
    const strangers: string[] = [];
    const uncaught: string[] = [];
    const errors: string[] = [];
    const requests: string[] = [];
    page.on('pageerror', (error) => {
      uncaught.push(error.stack ?? error.message);
      errors.push(error.stack ?? error.message);
    });
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    context.on('request', (request) => requests.push(request.url()));
    await context.route(
      (url) => url.origin !== server.url && !['blob:', 'data:'].includes(url.protocol),
      async (route) => {
        strangers.push(route.request().url());
        await route.abort();
      },
    );
    if (options.config !== undefined) {
      await context.route(`${server.url}/app-config.js`, async (route) => {
        const text = await (await route.fetch()).text();
        await route.fulfill({ contentType: 'text/javascript', body: `${text}\n${options.config}` });
      });
    }
    const viewer: OpenViewer = {
      page,
      origin: server.url,
      panel: page.getByRole('region', { name: 'SALT fine-tune' }),
      errors,
      requests,
      open: (study, route = 'salt', until = viewer.panel) => openStudy(page, until, server.url, study, route),
      async screenshot(name) {
        mkdirSync(root('out/screenshots'), { recursive: true });
        await page.screenshot({ path: root(`out/screenshots/${name}.png`) });
      },
    };
    try {
      const result = await use(viewer);
      assert.deepEqual(strangers, [], 'the page asked another origin');
      assert.deepEqual(uncaught, [], 'the page threw where nobody caught it');
      return result;
    } catch (error) {
      await viewer.screenshot('failure').catch(() => undefined);
      console.error(errors.join('\n'));
      throw error;
    }
  } finally {
    await browser?.close();
    await server.close();
  }
}

async function openStudy(
  page: Page,
  until: Locator,
  origin: string,
  study: string,
  route: string,
): Promise<void> {
  await page.goto(`${origin}/${route}?StudyInstanceUIDs=${study}`);
  await page.locator('canvas.cornerstone-canvas, .cornerstone-canvas').first().waitFor();
  await imageShown(page);
  // The basic viewer first shows newcomers round.
  const tour = page.getByText('Skip all');
  if (await tour.isVisible()) await tour.click();
  // A bar for investigational use lies over the page until it is confirmed.
  const bar = page.getByText('Confirm and hide');
  if (await bar.isVisible()) await bar.click();
  await until.waitFor();
}

/** Until the active viewport has drawn an image. */
async function imageShown(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const { services } = window as unknown as {
      readonly services?: {
        readonly viewportGridService: { getState(): { readonly activeViewportId: string } };
        readonly cornerstoneViewportService: {
          getCornerstoneViewport(id: string): { getCurrentImageId?(): string | undefined } | undefined;
        };
      };
    };
    if (services === undefined) return false;
    // Its services exist before what they are made of does.
    try {
      const { activeViewportId } = services.viewportGridService.getState();
      const viewport = services.cornerstoneViewportService.getCornerstoneViewport(activeViewportId);
      return viewport?.getCurrentImageId?.() !== undefined;
    } catch {
      return false;
    }
  });
}

/** Painted pixels of each frame of each segmentation, in the viewer's own order. */
export function paintedPixels(page: Page): Promise<number[][]> {
  return page.evaluate(() => {
    interface Library {
      readonly cornerstone: {
        readonly cache: {
          getImage(id: string): { readonly voxelManager: { getScalarData(): Uint8Array } } | undefined;
        };
      };
    }
    const { services, extensionManager } = window as unknown as {
      readonly services: {
        readonly segmentationService: {
          getSegmentations(): {
            readonly representationData: { readonly Labelmap?: { readonly imageIds?: readonly string[] } };
          }[];
        };
      };
      readonly extensionManager: {
        getModuleEntry(id: string): { readonly exports: { getCornerstoneLibraries(): Library } };
      };
    };
    const common = extensionManager.getModuleEntry('@ohif/extension-cornerstone.utilityModule.common');
    const { cache } = common.exports.getCornerstoneLibraries().cornerstone;
    return services.segmentationService.getSegmentations().map(({ representationData }) =>
      (representationData.Labelmap?.imageIds ?? []).map(
        (id) =>
          cache
            .getImage(id)
            ?.voxelManager.getScalarData()
            .filter((value) => value > 0).length ?? 0,
      ),
    );
  });
}
