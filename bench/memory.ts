/**
 * `npm run bench:memory -- [tiny|salt-tiny] [rounds] [seconds]`: rounds of training and segmenting in one page of headless
 * Chromium, and the memory that the page and its workers hold after each.
 */
import { measureMemory } from '../test/browser/memory.ts';

const [model = 'tiny', rounds = '10', seconds = '5'] = process.argv.slice(2);
if (model !== 'tiny' && model !== 'salt-tiny') throw new Error(`There is no model "${model}" here.`);

const mb = (bytes: number): string => (bytes / 2 ** 20).toFixed(1).padStart(8);
console.log('round  steps  JS and buffers MB  renderer RSS MB');
const measured = await measureMemory({ model, seconds: Number(seconds) }, Number(rounds), (round, number) =>
  console.log(
    `${String(number).padStart(5)}  ${String(round.steps).padStart(5)}  ${mb(round.bytes).padStart(17)}  ${mb(round.resident).padStart(15)}`,
  ),
);
const [, second, ...later] = measured;
const last = later.at(-1);
if (second && last) {
  const growth = (of: 'bytes' | 'resident'): string => `${((last[of] / second[of] - 1) * 100).toFixed(1)} %`;
  console.log(`growth from round 2 on: ${growth('bytes')}, ${growth('resident')}`);
}
