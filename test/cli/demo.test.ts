/** The demo writes under fixed names: where it may, and that nobody else's files are among them. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { claimFolder } from '../../src/cli/demo/folder.ts';
import { writeFrames } from '../../src/cli/demo/frames.ts';
import { assertFailed, run, workFolder } from './cli.ts';

const folder = workFolder();

/** Every file below a folder, with its bytes. */
function contents(path: string): Map<string, string> {
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return new Map(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [file, readFileSync(file, 'base64')]),
  );
}

describe('demo', () => {
  test('refuses a folder with anything in it that it did not make, and leaves all of it alone', async () => {
    const project = join(folder, 'proj');
    mkdirSync(join(project, 'frames/masks'), { recursive: true });
    mkdirSync(join(project, 'frames/images'));
    for (const file of ['frames/masks/01.png', 'frames/images/01.png', 'salt.safetensors', 'index.html']) {
      writeFileSync(join(project, file), `drawn by hand: ${file}`);
    }
    const before = contents(project);
    assertFailed(await run(project, ['demo', '--out', '.']), 2, /would write over.*new or an empty folder/u);
    assertFailed(await run(folder, ['demo', '--out', 'proj']), 2, /proj holds files/u);
    assert.deepEqual(contents(project), before);
  });

  test('says so where a file is in the way', async () => {
    writeFileSync(join(folder, 'page'), '');
    assertFailed(await run(folder, ['demo', '--out', 'page']), 3, /Cannot write page/u);
  });

  test('takes a new folder and an empty one, and its own a second time, where what it did not write stays', async () => {
    mkdirSync(join(folder, 'empty'));
    for (const name of ['empty', 'new/demo']) {
      const own = join(folder, name);
      await claimFolder(own);
      await writeFrames(join(own, 'frames'));
      const first = contents(own);
      assert.equal(first.size, 1 + 20 + 20 + 1);
      writeFileSync(join(own, 'frames/masks/mine.png'), 'drawn by hand');
      writeFileSync(join(own, 'frames/masks/angiogram-01.png'), 'cut short');
      await claimFolder(own);
      await writeFrames(join(own, 'frames'));
      const second = contents(own);
      assert.equal(readFileSync(join(own, 'frames/masks/mine.png'), 'utf8'), 'drawn by hand');
      second.delete(join(own, 'frames/masks/mine.png'));
      assert.deepEqual(second, first);
    }
  });
});
