/**
 * `npm run bench:unet`: one training step of the plain U-Net (16 features, 4 poolings, batch 4, 256 px crops, two
 * threads, AdamW), ours beside PyTorch's in fp32 and channels-last, in turn on the same machine.
 */
import { join } from 'node:path';
import { measureInTurn, tableOf } from './pairs.ts';
import type { Side } from './pairs.ts';
import { findTorch } from './python.ts';

const ROUNDS = 5;

const ours: Side = {
  name: 'ours',
  command: process.execPath,
  args: ['--import', 'tsx', join(import.meta.dirname, 'unet-step-ours.ts')],
};
const found = findTorch();
const sides =
  'python' in found
    ? [
        {
          name: 'PyTorch',
          command: found.python,
          args: [join(import.meta.dirname, 'torch/unet_step.py')],
        },
        ours,
      ]
    : [ours];
if ('missing' in found) console.log(found.missing);
console.log(tableOf(measureInTurn(sides, ROUNDS)));
