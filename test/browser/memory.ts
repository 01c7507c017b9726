/** Measures what rounds of training and segmenting leave behind in a page. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { withPage } from './harness.ts';
import type { Arguments, Round } from './pages/worker-memory.ts';

export interface MeasuredRound extends Round {
  /** Memory that the page's process holds, WASM and workers included, in bytes. Linux only, else NaN. */
  readonly resident: number;
}

export function measureMemory(
  argument: Arguments,
  rounds: number,
  onRound: (round: MeasuredRound, number: number) => void = () => undefined,
): Promise<MeasuredRound[]> {
  return withPage(
    async (page) => {
      const measured: MeasuredRound[] = [];
      for (let number = 1; number <= rounds; number++) {
        const round = await page.evaluate(async (input) => {
          const url: string = '/pages/worker-memory.js';
          const module = (await import(url)) as { main(argument: Arguments): Promise<Round> };
          return module.main(input);
        }, argument);
        measured.push({ ...round, resident: await residentBytes(page) });
        onRound(measured.at(-1)!, number);
      }
      return measured;
    },
    // Without it, a measurement waits for a collection that may be 20 s away.
    { flags: ['--enable-blink-features=ForceEagerMeasureMemory'] },
  );
}

/** Of the one renderer that has a page of ours: the largest. */
async function residentBytes(page: Page): Promise<number> {
  const browser = page.context().browser();
  if (!browser) return NaN;
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const sizes = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(async ({ id }) => {
      const status = await readFile(`/proc/${id}/status`, 'utf8').catch(() => '');
      return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? NaN) * 1024;
    });
  return Math.max(...(await Promise.all(sizes)));
}
