import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openFileSource } from '../../src/model/checkpoint/file-source.node.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import { unwritable, writeFileAtomic } from '../../src/runtime/files.node.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ohif-salt-files-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const failsWith = (promise: Promise<unknown>, code: string, pattern: RegExp): Promise<void> =>
  assert.rejects(
    promise,
    (error) => error instanceof SaltError && error.code === code && pattern.test(error.message),
  );

describe('writeFileAtomic', () => {
  it('writes and replaces, leaving nothing else behind', async () => {
    const path = join(folder, 'a.bin');
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    await writeFileAtomic(path, Uint8Array.of(4));
    assert.deepEqual([...(await readFile(path))], [4]);
    assert.deepEqual(await readdir(folder), ['a.bin']);
  });

  it('says what to do when it cannot write, and keeps the old content', async () => {
    await failsWith(
      writeFileAtomic(join(folder, 'none', 'a.bin'), Uint8Array.of(1)),
      'FILE_UNWRITABLE',
      /create it/,
    );
    await mkdir(join(folder, 'dir'));
    await failsWith(
      writeFileAtomic(join(folder, 'dir'), Uint8Array.of(1)),
      'FILE_UNWRITABLE',
      /folder of that name/,
    );
    assert.deepEqual((await readdir(folder)).sort(), ['a.bin', 'dir']);
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const error = unwritable('/out/a.safetensors', full);
    assert.match(error.message, /Cannot write \/out\/a.safetensors. The disk is full: free some space/);
    assert.deepEqual(error.details, { path: '/out/a.safetensors', reason: 'ENOSPC' });
  });

  it(
    'names a folder that may not be written to',
    { skip: process.getuid?.() === 0 && 'root may write anywhere' },
    async () => {
      const locked = join(folder, 'locked');
      await mkdir(locked);
      await chmod(locked, 0o500);
      await failsWith(
        writeFileAtomic(join(locked, 'a'), Uint8Array.of(1)),
        'FILE_UNWRITABLE',
        /may not write there/,
      );
    },
  );

  it('leaves the old or the new content, whole, when the process is killed', async () => {
    const path = join(folder, 'killed.bin');
    const size = 1 << 20;
    await writeFile(path, new Uint8Array(size));
    const module = new URL('../../src/runtime/files.node.ts', import.meta.url).href;
    const script = `
      const { writeFileAtomic } = await import(${JSON.stringify(module)});
      console.log('ready');
      for (let i = 1; ; i += 1) await writeFileAtomic(${JSON.stringify(path)}, new Uint8Array(${size}).fill(i));
    `;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await new Promise((resolve) => setTimeout(resolve, 120));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    const bytes = await readFile(path);
    assert.equal(bytes.length, size);
    assert.ok(bytes.every((byte) => byte === bytes[0]));
  });
});

describe('openFileSource', () => {
  it('reads any range, and refuses what lies outside', async () => {
    const path = join(folder, 'source.bin');
    await writeFile(path, Uint8Array.of(10, 11, 12, 13));
    const source = await openFileSource(path);
    try {
      assert.equal(source.size, 4);
      assert.deepEqual(await source.read(1, 2), Uint8Array.of(11, 12));
      assert.deepEqual(await source.read(4, 0), new Uint8Array());
      for (const [offset, length] of [
        [3, 2],
        [-1, 1],
        [0, 2 ** 50],
        [0.5, 1],
      ] as const) {
        await failsWith(source.read(offset, length), 'FILE_UNREADABLE', /ends at byte 4/);
      }
    } finally {
      await source.close();
    }
  });

  it('says which file it cannot read', async () => {
    await failsWith(openFileSource(join(folder, 'nothing.pth')), 'FILE_UNREADABLE', /nothing.pth.*ENOENT/);
    await failsWith(openFileSource(folder), 'FILE_UNREADABLE', /it is not a file/);
  });
});
