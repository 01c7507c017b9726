import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { NO_CHROMIUM, findChromium } from '../../.ci/chromium.mjs';
import { startServer } from './server.ts';

/** Software WebGPU through SwiftShader, and no requests of the browser's own. */
export const FLAGS = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
  // SwiftShader compiles for thrice as long where it clears the memory that workgroups share, and not the shaders themselves do. That
  // nobody clears it is as quick, and wrong: ONNX Runtime's kernels rely on it.
  '--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--no-default-browser-check',
];

export interface PageOptions {
  /** False serves the page without the headers that WASM threads need. Default: true. */
  readonly isolated?: boolean;
  /** More flags for Chromium. */
  readonly flags?: readonly string[];
}

/** For `{ skip }` of a suite: false where there is a Chromium, else what to install. */
export const skipWithoutChromium: string | false = findChromium() ? false : NO_CHROMIUM;

let bundled = false;

/** Compiles and bundles test/browser/pages/ where that is out of date, once in a process. */
export function bundlePages(): void {
  if (bundled) return;
  bundled = true;
  execFileSync(
    process.execPath,
    [fileURLToPath(new URL('../../.ci/prepare.mjs', import.meta.url)), '--pages'],
    {
      stdio: 'inherit',
    },
  );
}

/**
 * Opens an empty page in a fresh Chromium and closes everything afterwards. Whatever the page asks of another
 * origin is refused and fails the test, as does an error that nobody caught.
 */
export async function withPage<T>(use: (page: Page) => Promise<T>, options: PageOptions = {}): Promise<T> {
  bundlePages();
  const server = await startServer(options.isolated);
  const args = [...FLAGS, ...(options.flags ?? [])];
  let browser: Browser | undefined;
  try {
    browser = await chromium.launch({ executablePath: findChromium() ?? '', headless: true, args });
    const page = await browser.newPage();
    const strangers: string[] = [];
    const uncaught: string[] = [];
    page.on('pageerror', (error) => uncaught.push(error.message));
    await page.context().route(
      (url) => url.origin !== server.origin && !['blob:', 'data:'].includes(url.protocol),
      async (route) => {
        strangers.push(route.request().url());
        await route.abort();
      },
    );
    await page.goto(server.origin);
    const result = await use(page);
    assert.deepEqual(strangers, [], 'the page asked another origin');
    assert.deepEqual(uncaught, [], 'the page threw where nobody caught it');
    return result;
  } finally {
    await browser?.close();
    await server.close();
  }
}

/** Calls `main(argument)` of test/browser/pages/`entry`.ts in a fresh page and returns its result, as JSON. */
export function runInPage<R>(entry: string, argument: unknown, options?: PageOptions): Promise<R> {
  return withPage(
    (page) =>
      page.evaluate(
        async ([url, input]) => {
          const module = (await import(url)) as { main(argument: unknown): Promise<R> };
          return module.main(input);
        },
        [`/pages/${entry}.js`, argument] as const,
      ),
    options,
  );
}
