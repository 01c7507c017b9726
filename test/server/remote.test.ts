import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { SaltError } from '../../src/protocol/errors.ts';
import { authorizationBy } from '../../src/server/credentials.ts';
import { remoteArchive } from '../../src/server/proxy.ts';
import { startViewerServer } from '../../src/server/start.ts';
import type { ViewerServer } from '../../src/server/start.ts';
import { appConfig } from '../../src/server/viewer/app-config.ts';
import { skipWithoutOrthanc, startOrthanc } from './orthanc.ts';
import type { Orthanc } from './orthanc.ts';
import { temporaryFolder } from './studies.ts';

/** A server before an archive that does not answer. @param lines told what it says */
function startBeforeNobody(lines: string[]): Promise<ViewerServer> {
  return startViewerServer({
    archive: { kind: 'remote', ...remoteArchive('http://127.0.0.1:9/dicom-web/') },
    port: 0,
    tell: (line) => lines.push(line),
  });
}

describe('an archive elsewhere', () => {
  it('that does not answer is told at the start, and to who asks', async () => {
    const lines: string[] = [];
    const other = await startBeforeNobody(lines);
    try {
      assert.match(lines.join('\n'), /archive at http:\/\/127\.0\.0\.1:9\/dicom-web does not answer/u);
      const response = await fetch(`${other.url}/dicom-web/studies`);
      assert.equal(response.status, 502);
      assert.match(await response.text(), /does not answer/u);
    } finally {
      await other.close();
    }
  });

  it('is not said to refuse what this server itself does', async () => {
    const lines: string[] = [];
    const other = await startBeforeNobody(lines);
    try {
      lines.splice(0);
      const headers = { Origin: 'http://evil.example' };
      assert.equal((await fetch(`${other.url}/dicom-web/studies`, { headers })).status, 403);
      assert.deepEqual(lines, []);
    } finally {
      await other.close();
    }
  });

  it('has its bulk data where we serve it, whatever name it gives itself', () => {
    const archiveUrl = 'http://pacs:8080/dcm4chee-arc/aets/DCM4CHEE/rs';
    const window = { location: { origin: 'http://here' } } as Record<string, unknown>;
    runInNewContext(appConfig({ archiveName: 'PACS', archiveUrl, plugin: true }), { window });
    const { dataSources } = window['config'] as {
      dataSources: { configuration: { bulkDataURI: { transform: (uri: string) => string } } }[];
    };
    const transform = dataSources[0]?.configuration.bulkDataURI.transform;
    const ours = '/dicom-web/studies/1.2/series/3/bulkdata/4';
    for (const start of ['http://pacs:8080', 'https://here', 'http://arc', ''])
      assert.equal(
        transform?.(`${start}/dcm4chee-arc/aets/DCM4CHEE/rs/studies/1.2/series/3/bulkdata/4`),
        ours,
      );
    for (const other of ['../../bulkdata/4', 'http://pacs:8080/other/studies/1.2', '/dicom-web/studies/1.2'])
      assert.equal(transform?.(other), other);
  });

  it('keeps its password out of its address', () => {
    assert.deepEqual(remoteArchive('https://anna:s%40crt@host:8042/dicom-web/'), {
      url: 'https://host:8042/dicom-web',
      credentials: { kind: 'user', user: 'anna:s@crt' },
    });
    const bare = 'http://anna:50%off@host/dicom-web';
    assert.throws(() => remoteArchive(bare), { code: 'INVALID_ARGUMENT', message: /"%25"/u });
    const given = { kind: 'user', user: 'anna:50%off' } as const;
    assert.equal(remoteArchive(bare, given).credentials, given);
    assert.throws(() => remoteArchive('host:8042'), /no address of an archive/u);
    assert.throws(() => remoteArchive('file:///etc'), /no address of an archive/u);
  });
});

describe('how an archive elsewhere is told who asks', () => {
  const file = join(temporaryFolder(), 'token.txt');
  const byToken = () => authorizationBy({ kind: 'token', file });

  it('by a name and a password in UTF-8', async () => {
    assert.equal(await authorizationBy({ kind: 'none' }), undefined);
    assert.equal(await authorizationBy({ kind: 'user', user: 'anna:ü:1' }), 'Basic YW5uYTrDvDox');
  });

  it('by the token that its file holds at that time', async () => {
    writeFileSync(file, 'eyJhbGciOi.J9-_~+/==\n');
    assert.equal(await byToken(), 'Bearer eyJhbGciOi.J9-_~+/==');
    writeFileSync(file, 'Bearer second');
    assert.equal(await byToken(), 'Bearer second');
  });

  it('not by a file that holds something else, whose words it does not repeat', async () => {
    for (const content of [
      '',
      ' \n',
      'two words',
      'one\ntwo',
      '{"access_token":"secret"}',
      'secret\u0000',
      'sécret',
    ]) {
      writeFileSync(file, content);
      await assert.rejects(byToken, (error: unknown) => {
        assert.ok(error instanceof SaltError);
        assert.equal(error.code, 'FILE_UNREADABLE');
        assert.match(error.message, /holds no bearer token/u);
        assert.doesNotMatch(error.message, /secret|sécret|two/u);
        return true;
      });
    }
    rmSync(file);
    await assert.rejects(byToken, {
      code: 'FILE_UNREADABLE',
      message: /cannot be read from .*token\.txt \(ENOENT/u,
    });
  });
});

describe('Orthanc that wants a bearer token, through the proxy', { skip: skipWithoutOrthanc }, () => {
  const file = join(temporaryFolder(), 'token.txt');
  const lines: string[] = [];
  let orthanc: Orthanc;
  let server: ViewerServer;
  const statusAndWords = async (headers: Record<string, string> = {}): Promise<[number, string]> => {
    const response = await fetch(`${server.url}/dicom-web/studies`, { headers });
    return [response.status, await response.text()];
  };

  before(async () => {
    orthanc = await startOrthanc([], { token: 'fresh' });
    writeFileSync(file, 'stale');
    const archive = { kind: 'remote', ...remoteArchive(orthanc.dicomWeb, { kind: 'token', file }) } as const;
    server = await startViewerServer({ archive, port: 0, tell: (line) => lines.push(line) });
  });
  after(async () => {
    await server.close();
    await orthanc.close();
  });

  it('is refused by a stale one, as is told once, and answers as soon as the file holds a fresh one', async () => {
    const refusal = /refuses \(HTTP 40[13]\): has the token expired\?/u;
    assert.match(lines.splice(0).join('\n'), refusal);
    for (let i = 0; i < 3; i++) assert.match(String((await statusAndWords())[0]), /^40[13]$/u);
    assert.equal(lines.length, 1);
    assert.match(lines.splice(0).join('\n'), refusal);
    writeFileSync(file, 'fresh\n');
    assert.deepEqual(await statusAndWords(), [200, '[]']);
    assert.deepEqual(await statusAndWords({ Authorization: 'Bearer another' }), [200, '[]']);
    assert.deepEqual(lines, []);
  });

  it('says without its path that the token is lost, and to who started it where it was', async () => {
    rmSync(file);
    const [status, words] = await statusAndWords();
    assert.equal(status, 502);
    assert.match(words, /has lost its token/u);
    assert.doesNotMatch(words, /token\.txt/u);
    await statusAndWords();
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /token cannot be read from .*token\.txt/u);
  });

  it('is not served at all where there is no token at the start', async () => {
    const archive = { kind: 'remote', ...remoteArchive(orthanc.dicomWeb, { kind: 'token', file }) } as const;
    await assert.rejects(startViewerServer({ archive, port: 0 }), { code: 'FILE_UNREADABLE' });
  });
});
