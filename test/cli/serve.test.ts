import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { start, workFolder } from './cli.ts';

const folder = workFolder();
/** Nobody listens at it: an archive that does not answer is served all the same. */
const NOBODY = '127.0.0.1:9/dicom-web';

before(() => {
  mkdirSync(join(folder, 'viewer'));
  writeFileSync(join(folder, 'viewer/index.html'), '');
});

/** What it says of an archive elsewhere once it is ready. */
async function behind(address: string, ...args: string[]): Promise<string> {
  const server = start(folder, [
    ...['serve', '--viewer', 'viewer', '--port', '0', '--dicomweb', address],
    ...args,
  ]);
  const said = await server.line((one) => one.startsWith('Behind it'));
  server.child.kill('SIGINT');
  assert.equal((await server.finished).code, EXIT.ok);
  return said;
}

describe('serve', () => {
  test('says which archive is behind it, without its password, whatever signs that has', async () => {
    const said = `Behind it: the archive at http://${NOBODY}.`;
    assert.equal(await behind(`http://anna:50%25off@${NOBODY}`), said);
    assert.equal(await behind(`http://anna:50%off@${NOBODY}`, '--dicomweb-user', 'anna:50%off'), said);
  });

  test('takes an empty OHIF_SALT_DICOMWEB_USER for none', async () => {
    process.env['OHIF_SALT_DICOMWEB_USER'] = '';
    try {
      const bare = start(folder, ['serve', '--viewer', 'viewer', '--dicomweb', `http://a:50%off@${NOBODY}`]);
      const { code, stderr } = await bare.finished;
      assert.equal(code, EXIT.usage);
      // It is the address that is read, since nothing stands in its place.
      assert.match(stderr, /address of the archive has a "%"/u);
    } finally {
      delete process.env['OHIF_SALT_DICOMWEB_USER'];
    }
  });
});
