/**
 * `npm run bench:segment`: one 512 px frame through SAM ViT-B, ours beside PyTorch's, in turn; and what a second
 * prompt on the same frame costs.
 */
import { join } from 'node:path';
import { measureInTurn, tableOf } from './pairs.ts';
import type { Side } from './pairs.ts';
import { findTorch } from './python.ts';

const found = findTorch();
if ('missing' in found) console.log(found.missing);
const at = (file: string): string => join(import.meta.dirname, file);
const sides: Side[] = [
  ...('python' in found
    ? [{ name: 'PyTorch', command: found.python, args: [at('torch/sam_segment.py')] }]
    : []),
  { name: 'ours', command: process.execPath, args: ['--import', 'tsx', at('sam-segment-ours.ts')] },
];
const measured = measureInTurn(sides, 3);
console.log(tableOf(measured));
for (const { name, median, secondMedian } of measured) {
  console.log(
    `${name}: a second prompt takes ${((100 * (secondMedian ?? NaN)) / median).toFixed(1)} % of the first.`,
  );
}
