/**
 * `npm run bench:step`: one SALT training step of SAM ViT-B (512 px, batch 1, two threads, all gradients, AdamW),
 * ours beside PyTorch's, in turn on the same machine.
 */
import { join } from 'node:path';
import { measureInTurn, tableOf } from './pairs.ts';
import type { Side } from './pairs.ts';
import { findTorch } from './python.ts';

const ROUNDS = 3;

const ours = (plan: string): Side => ({
  name: `ours, ${plan} plan`,
  command: process.execPath,
  args: ['--import', 'tsx', join(import.meta.dirname, 'sam-step-ours.ts'), '--plan', plan],
});
const found = findTorch();
const torch = (form: string): Side[] =>
  'python' in found
    ? [
        {
          name: `PyTorch, ${form}`,
          command: found.python,
          args: [join(import.meta.dirname, 'torch/sam_step.py'), '--form', form],
        },
      ]
    : [];
if ('missing' in found) console.log(found.missing);
console.log(
  tableOf(measureInTurn([...torch('composed'), ...torch('factored'), ours('whole'), ours('staged')], ROUNDS)),
);
