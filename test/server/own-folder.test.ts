import assert from 'node:assert/strict';
import { mkdirSync, promises, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startViewerServer } from '../../src/server/start.ts';
import { CINE, cine, fundus, second, temporaryFolder } from './studies.ts';

const folder = temporaryFolder();

describe('a folder of a person’s own', () => {
  it('is read whatever else lies in it, says what it left out, and is not changed', async () => {
    const own = join(folder, 'own');
    mkdirSync(join(own, 'empty'), { recursive: true });
    writeFileSync(join(own, 'one'), cine());
    writeFileSync(join(own, 'copy of one.dcm'), cine());
    writeFileSync(join(own, 'two.dcm'), second());
    writeFileSync(join(own, 'cut.dcm'), fundus().subarray(0, 400));
    writeFileSync(join(own, 'notes.txt'), 'hello');
    writeFileSync(join(own, 'nothing'), '');
    writeFileSync(join(own, 'DICOMDIR'), fundus());
    symlinkSync(join(own, 'unplugged'), join(own, 'nowhere.dcm'));
    symlinkSync(join(own, 'empty'), join(own, 'folder.dcm'));
    const listing = (): string[] => readdirSync(own, { recursive: true, encoding: 'utf8' }).sort();
    const before = listing();
    const lines: string[] = [];
    const other = await startViewerServer({
      archive: { kind: 'folder', folder: own },
      port: 0,
      tell: (line) => lines.push(line),
    });
    try {
      assert.equal(other.archive?.index.size, 2);
      assert.ok(
        lines.some((line) => /Left out .*cut\.dcm: .*damaged or ends early/u.test(line)),
        lines.join('\n'),
      );
      assert.ok(
        lines.some((line) => /Left out .*nowhere\.dcm: it cannot be read \(ENOENT\)/u.test(line)),
        lines.join('\n'),
      );
      assert.ok(!lines.some((line) => line.includes('folder.dcm')));
      assert.ok(lines.some((line) => line.startsWith('1 files hold the same objects')));
      assert.ok(!lines.some((line) => line.includes('notes.txt')));
      assert.deepEqual(listing(), before);
      // A file that vanishes is an answer, not an end.
      rmSync(join(own, 'two.dcm'));
      const response = await fetch(`${other.url}/dicom-web/studies/${CINE.study}/metadata`);
      assert.equal(response.status, 410);
      assert.ok(!(await response.text()).includes(own));
    } finally {
      await other.close();
    }
  });

  it('is read where files or folders in it may not be, and says which', async (t) => {
    const own = join(folder, 'guarded');
    mkdirSync(join(own, 'lost+found'), { recursive: true });
    writeFileSync(join(own, 'one.dcm'), cine());
    writeFileSync(join(own, 'secret.dcm'), second());
    // Who runs the tests may read everything.
    for (const [method, name, code] of [
      ['readdir', 'lost+found', 'EACCES'],
      ['open', 'secret.dcm', 'EIO'],
    ] as const) {
      const whole = promises[method] as (path: string, ...rest: unknown[]) => Promise<unknown>;
      t.mock.method(promises, method, (path: string, ...rest: unknown[]) =>
        path.endsWith(name)
          ? Promise.reject(Object.assign(new Error(`${code}: ${path}`), { code }))
          : whole(path, ...rest),
      );
    }
    syncBuiltinESMExports();
    const lines: string[] = [];
    try {
      const other = await startViewerServer({
        archive: { kind: 'folder', folder: own, storeFolder: join(folder, 'guarded-stored') },
        port: 0,
        tell: (line) => lines.push(line),
      });
      await other.close();
      assert.equal(other.archive?.index.size, 1);
    } finally {
      t.mock.restoreAll();
      syncBuiltinESMExports();
    }
    const left = lines.filter((line) => line.startsWith('Left out'));
    assert.equal(left.length, 2);
    assert.match(left[0] ?? '', /lost\+found: it cannot be read \(EACCES\)/u);
    assert.match(left[1] ?? '', /secret\.dcm: it cannot be read \(EIO\)/u);
  });

  it('that is not there is a clear error', async () => {
    await assert.rejects(
      startViewerServer({ archive: { kind: 'folder', folder: join(folder, 'nowhere') }, port: 0 }),
      /folder .*nowhere cannot be read/u,
    );
  });
});
