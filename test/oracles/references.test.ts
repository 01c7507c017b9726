/** References made anew: the committed ones are what the script beside them makes, and a large one agrees too. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseSafetensors } from '../../src/model/checkpoint/safetensors.ts';
import type { SafetensorsFile } from '../../src/model/checkpoint/safetensors.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';
import { verifyReference } from '../../src/training/verify.ts';
import { assertTypical } from '../model/sam/typical.ts';

const PYTHON = process.env['OHIF_SALT_PYTHON'];
const COMMITTED = join(import.meta.dirname, '../reference');

/** What no choice of singular vectors changes: their signs are the linear algebra library's. */
const DETERMINED = /^(?:weights|input|output\/(?!salt))/;

const open = async (folder: string, name: string): Promise<SafetensorsFile> =>
  parseSafetensors(await readFile(join(folder, name)));

describe(
  "references from Meta's modules",
  { skip: PYTHON ? false : 'set OHIF_SALT_PYTHON to a Python with torch and segment-anything' },
  async () => {
    let folder = '';
    const make = (...names: string[]): void => {
      execFileSync(PYTHON ?? '', [join(COMMITTED, 'make_references.py'), '--out', folder, ...names]);
    };
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'salt-references-'));
      make();
    });
    after(() => rm(folder, { recursive: true }));

    for (const name of (await readdir(COMMITTED)).filter((each) => each.endsWith('.safetensors'))) {
      it(`${name} is what the script makes`, async () => {
        const [committed, made] = [await open(COMMITTED, name), await open(folder, name)];
        assert.deepEqual([...made.names].sort(), [...committed.names].sort());
        assert.deepEqual(made.metadata, committed.metadata);
        for (const tensor of committed.names.filter((each) => DETERMINED.test(each))) {
          if (committed.info(tensor).dtype !== 'F32') continue;
          const expected = committed.float32(tensor).data;
          const found = made.float32(tensor).data;
          const error = Math.hypot(...expected.map((value, i) => value - (found[i] ?? NaN)));
          assert.ok(error <= 1e-6 * Math.hypot(...expected), `${tensor}: ${error}`);
        }
      });
    }

    it('blocks and decoder of ViT-B at 512 pixels agree', async () => {
      make('vit-b-blocks');
      const { executor } = await openNodeDevice('cpu');
      assertTypical(await verifyReference(await open(folder, 'vit-b-blocks.safetensors'), executor));
      await executor.dispose();
    });
  },
);
