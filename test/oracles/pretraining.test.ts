import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { drawnSettings } from '../../src/training/pretraining/gpu/drawn-settings.ts';
import { readTensors } from '../../src/model/checkpoint/read-tensors.node.ts';
import { GAUSSIAN_MATRIX } from '../../src/model/sam/index.ts';
import { textEncoderIn } from '../../src/model/text/built-in-text.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';
import { ADAMW_DEFAULTS } from '../../src/training/adamw.ts';
import { DrawnBatches } from '../../src/training/pretraining/drawn-batches.ts';
import { pretrainingLoss } from '../../src/training/pretraining/pretrain.ts';
import { PRETRAINING_OUTPUTS, pretrainingSubject } from '../../src/training/pretraining/subject.ts';
import { StepEngine } from '../../src/training/step-engine.ts';

const python = process.env['OHIF_SALT_PYTHON'];
const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const scripts = path('../../src/training/pretraining/gpu');
const [SEED, SIDE, PROMPTS, SHARE] = [7, 128, 3, 0.05];

suite(
  'pretraining on a GPU takes the steps of pretraining on the processor',
  { skip: python ? false : 'Set OHIF_SALT_PYTHON to a Python with torch and onnx.' },
  () => {
    let folder = '';
    const script = (name: string, ...args: string[]): void => {
      execFileSync(process.execPath, ['--import', 'tsx', join(scripts, name), ...args]);
    };

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'pretraining-oracle-'));
      const from = path('../../models/salt-tiny/salt-tiny.safetensors');
      const sizes = ['--side', String(SIDE), '--prompts', String(PROMPTS)];
      script('export.node.ts', '--out', folder, '--from', from, '--images', '1', ...sizes);
    });
    after(() => rm(folder, { recursive: true, force: true }));

    for (const kind of ['words', 'places'] as const) {
      test(`asked by ${kind}: loss and gradient`, async () => {
        const places = kind === 'places';
        const sizes = ['--side', String(SIDE), '--prompts', String(PROMPTS)];
        const asked = places ? ['--places'] : [];
        script(
          'draw.node.ts',
          ...['--exported', folder, '--into', folder, '--seed', String(SEED), '--count', '1'],
          ...sizes,
          ...asked,
        );
        const example = join(folder, `${kind}-${SEED}-1`);
        const report = execFileSync(
          python ?? '',
          [path('pretraining.py'), scripts, folder, example, String(SHARE)],
          { encoding: 'utf8' },
        );
        const theirs = z.object({ loss: z.number(), norm: z.number() }).parse(JSON.parse(report));

        const values = await readTensors(join(folder, 'start.safetensors'));
        const frequencies = values.get(GAUSSIAN_MATRIX);
        assert.ok(frequencies);
        const settings = drawnSettings(SEED, SIDE, PROMPTS, places);
        const batches = new DrawnBatches(
          settings,
          PRETRAINING_OUTPUTS,
          frequencies,
          await textEncoderIn(values),
        );
        const batch = await batches.at(1);
        const { executor } = await openNodeDevice('cpu');
        const subject = pretrainingSubject(settings, values, { samAlone: false, spatial: places });
        const numerics = {
          optimiser: ADAMW_DEFAULTS,
          accumulate: 1,
          clipNorm: 1,
          loss: pretrainingLoss(settings, SHARE),
        };
        const engine = await StepEngine.open({ executor, plan: 'whole' }, subject, numerics);
        const ours = await engine.step(() => Promise.resolve(batch), {
          step: 1,
          learningRate: 0,
          shouldStop: () => false,
        });
        await engine.dispose();
        await executor.dispose();
        assert.ok('loss' in ours);
        const far = (a: number, b: number): number => Math.abs(a - b) / Math.abs(b);
        const told = `${JSON.stringify(theirs)}, ${ours.loss.total} and ${ours.gradientNorm}`;
        assert.ok(far(theirs.loss, ours.loss.total) < 1e-5, told);
        assert.ok(far(theirs.norm, ours.gradientNorm) < 1e-4, told);
      });
    }
  },
);
