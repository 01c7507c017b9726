import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { SaltError } from '../../src/protocol/errors.ts';
import type { ErrorCode } from '../../src/protocol/errors.ts';
import { download } from '../../src/runtime/download/download.node.ts';
import type { DownloadOptions, DownloadProgress } from '../../src/runtime/download/download.node.ts';
import { partialFile } from '../../src/runtime/download/partial-file.node.ts';
import {
  breakOnceWritten,
  etagOf,
  inTurn,
  say,
  serveFile,
  startMisbehaving,
  truncateAt,
} from './misbehaving-server.ts';
import type { Behaviour } from './misbehaving-server.ts';

const root = mkdtempSync(join(tmpdir(), 'ohif-salt-download-'));
after(() => rmSync(root, { recursive: true, force: true }));

const FILE = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) & 255);
const HALF = 150_000;
let files = 0;

interface Outcome {
  readonly error?: SaltError;
  /** What lies in the partial file. */
  readonly content: Uint8Array;
  readonly requests: readonly { readonly url: string; readonly range?: string }[];
  readonly notices: readonly string[];
}

/** Fetches from a server of that behaviour. @param runs how often to call `download`, errors of all but the last aside */
async function fetchFrom(behaviour: Behaviour, options: DownloadOptions = {}, runs = 1): Promise<Outcome> {
  const server = await startMisbehaving(behaviour);
  const part = partialFile(join(root, `file-${files++}`));
  const notices: string[] = [];
  let error: SaltError | undefined;
  try {
    for (let run = 0; run < runs; run++) {
      error = undefined;
      try {
        const settings = {
          pauseMs: 1,
          stallMs: 1000,
          onNotice: (text: string) => notices.push(text),
          ...options,
          onProgress: (progress: DownloadProgress) => {
            server.written = progress.bytes;
            options.onProgress?.(progress);
          },
        };
        await download([`${server.origin}/model.pth`], part, settings);
      } catch (thrown) {
        assert.ok(thrown instanceof SaltError, String(thrown));
        error = thrown;
      }
    }
    const content = (await part.size()) > 0 ? readFileSync(part.path) : new Uint8Array();
    return { ...(error && { error }), content: new Uint8Array(content), requests: server.requests, notices };
  } finally {
    await server.close();
  }
}

function assertWhole({ error, content }: Outcome): void {
  assert.equal(error, undefined);
  assert.ok(Buffer.from(content).equals(FILE), 'the file differs');
}

function assertFails({ error }: Outcome, code: ErrorCode, says: RegExp): void {
  assert.equal(error?.code, code, error?.message);
  assert.match(error.message, says);
}

describe('a download', () => {
  test('arrives whole, and tells how far it is', async () => {
    const seen: number[] = [];
    const outcome = await fetchFrom(serveFile(FILE), {
      onProgress: ({ bytes, total }) => {
        assert.equal(total, FILE.length);
        seen.push(bytes);
      },
    });
    assertWhole(outcome);
    assert.deepEqual([seen[0], seen.at(-1)], [0, FILE.length]);
    assert.deepEqual(
      [...seen].sort((a, b) => a - b),
      seen,
    );
  });

  test('goes on by itself where the server broke off', async () => {
    const outcome = await fetchFrom(inTurn(truncateAt(FILE, HALF), serveFile(FILE)));
    assertWhole(outcome);
    assert.deepEqual(
      outcome.requests.map(({ range }) => range),
      [undefined, `bytes=${HALF}-`],
    );
  });

  test('keeps its part when stopped, and goes on when called again', async () => {
    const stop = new AbortController();
    const server = await startMisbehaving(
      inTurn((_, response) => {
        response.writeHead(200, { etag: etagOf(FILE), 'content-length': FILE.length });
        response.write(FILE.subarray(0, HALF));
      }, serveFile(FILE)),
    );
    const part = partialFile(join(root, `file-${files++}`));
    const onProgress = ({ bytes }: { bytes: number }): void => {
      if (bytes >= HALF) stop.abort();
    };
    const url = `${server.origin}/model.pth`;
    await assert.rejects(download([url], part, { signal: stop.signal, onProgress }), { code: 'CANCELLED' });
    assert.equal(await part.size(), HALF);
    await download([url], part);
    await server.close();
    assert.ok(readFileSync(part.path).equals(FILE));
    assert.equal(server.requests[1]?.range, `bytes=${HALF}-`);
  });

  test('needs no further request once its last byte is there', async () => {
    const outcome = await fetchFrom(serveFile(FILE), {}, 2);
    assertWhole(outcome);
    assert.equal(outcome.requests.length, 1);
  });

  test('may have no Content-Length', async () => {
    assertWhole(await fetchFrom((_, response) => void response.writeHead(200).end(FILE)));
  });

  test('outlives a server that closes the connection while the disk is still writing', async () => {
    // Of undici, 6.27 to 6.29 and 7.30 end the whole process here (nodejs/undici#5360).
    const large = new Uint8Array(8 * 2 ** 20).fill(7);
    const outcome = await fetchFrom((_, response) => {
      response.writeHead(200, { 'content-length': large.length, connection: 'close' }).end(large);
    });
    assert.equal(outcome.error, undefined);
    assert.equal(outcome.content.length, large.length);
  });

  test('without a validator starts anew rather than joining two files', async () => {
    const silent: Behaviour = (_request, response, _turn, written) => {
      response.writeHead(200, { 'content-length': FILE.length });
      response.write(FILE.subarray(0, HALF), () => breakOnceWritten(response, HALF, written));
    };
    const outcome = await fetchFrom(inTurn(silent, serveFile(FILE)));
    assertWhole(outcome);
    assert.deepEqual(
      outcome.requests.map(({ range }) => range),
      [undefined, undefined],
    );
  });

  test('follows redirects, and asks for the rest at their end', async () => {
    const there = serveFile(FILE);
    const outcome = await fetchFrom((request, response, turn, written) => {
      if (request.url !== '/real') response.writeHead(302, { location: '/real' }).end();
      else if (turn === 1) truncateAt(FILE, HALF)(request, response, turn, written);
      else there(request, response, turn, written);
    });
    assertWhole(outcome);
    assert.deepEqual(outcome.requests.at(-1), { url: '/real', range: `bytes=${HALF}-` });
  });

  test('tries the next address when one fails', async () => {
    const server = await startMisbehaving((request, response, turn) => {
      if (request.url === '/gone') response.writeHead(404).end();
      else serveFile(FILE)(request, response, turn, () => undefined);
    });
    const part = partialFile(join(root, `file-${files++}`));
    await download([`${server.origin}/gone`, `${server.origin}/there`], part);
    await server.close();
    assert.ok(readFileSync(part.path).equals(FILE));
  });

  test('is written only after the space for it was looked at', async () => {
    const outcome = await fetchFrom(serveFile(FILE), {
      beforeWriting: async (bytes) => {
        assert.equal(bytes, FILE.length);
        throw new SaltError('FILE_UNWRITABLE', 'The disk is full.');
      },
    });
    assertFails(outcome, 'FILE_UNWRITABLE', /full/u);
    assert.equal(outcome.content.length, 0);
  });
});

describe('a server that lies', () => {
  const headers = { etag: etagOf(FILE) };

  test('with 200 for a range gives the whole file', async () => {
    const ignoresRanges: Behaviour = (_, response) => void response.writeHead(200, headers).end(FILE);
    assertWhole(await fetchFrom(inTurn(truncateAt(FILE, HALF), ignoresRanges)));
  });

  const wrongAnswers: [name: string, headers: Record<string, string>][] = [
    ['another start', { ...headers, 'content-range': `bytes 0-${FILE.length - 1}/${FILE.length}` }],
    ['another total', { ...headers, 'content-range': `bytes ${HALF}-${FILE.length - 1}/${FILE.length + 9}` }],
    ['no Content-Range', headers],
    ['another ETag', { etag: '"other"', 'content-range': `bytes ${HALF}-${FILE.length - 1}/${FILE.length}` }],
  ];
  for (const [name, wrong] of wrongAnswers) {
    test(`with ${name} in a 206 is asked for the whole file`, async () => {
      const lie: Behaviour = (_, response) => void response.writeHead(206, wrong).end(FILE.subarray(HALF));
      const outcome = await fetchFrom(inTurn(truncateAt(FILE, HALF), lie, serveFile(FILE)));
      assertWhole(outcome);
      assert.equal(outcome.requests[2]?.range, undefined);
      assert.match(outcome.notices.join(' '), /from its start/u);
    });
  }

  test('with 206 though no range was asked for is believed in nothing', async () => {
    const lie = say(206, { ...headers, 'content-range': 'bytes 0-9/10' }, '0123456789');
    assertFails(await fetchFrom(lie), 'DOWNLOAD_INVALID', /another part/u);
  });

  test('with 416 for what it has is asked for the whole file', async () => {
    assertWhole(await fetchFrom(inTurn(truncateAt(FILE, HALF), say(416), serveFile(FILE))));
  });

  test('once, and whose line breaks after that, is asked for what is missing', async () => {
    const old = FILE.map((byte) => byte ^ 255);
    const turns = [truncateAt(old, HALF), say(416), truncateAt(FILE, HALF), serveFile(FILE)];
    const outcome = await fetchFrom(inTurn(...turns));
    assertWhole(outcome);
    const ranges = outcome.requests.map(({ range }) => range);
    assert.deepEqual(ranges, [undefined, `bytes=${HALF}-`, undefined, `bytes=${HALF}-`]);
  });

  test('that has changed its file since the first half gives the new one whole', async () => {
    const old = FILE.map((byte) => byte ^ 255);
    const outcome = await fetchFrom(inTurn(truncateAt(old, HALF), serveFile(FILE)));
    assertWhole(outcome);
  });

  test('with a web page in place of the file is found out, whatever it calls it', async () => {
    const page = '<!DOCTYPE html><html><body>Please log in</body></html>';
    for (const type of ['text/html; charset=utf-8', 'application/octet-stream']) {
      const outcome = await fetchFrom(say(200, { 'content-type': type }, page));
      assertFails(outcome, 'DOWNLOAD_INVALID', /web page.*Open it in a browser/u);
      assert.equal(outcome.requests.length, 1, 'asking again is of no use');
    }
  });

  test('of another size than the published one is refused before it sends', async () => {
    const outcome = await fetchFrom(serveFile(FILE), { bytes: FILE.length + 1 });
    assertFails(outcome, 'DOWNLOAD_INVALID', /300000 bytes; the one that was published has 300001/u);
    assert.equal(outcome.content.length, 0);
  });

  test('with redirects in a circle, to no address or to no encryption is left', async () => {
    const circle: Behaviour = (request, response) =>
      void response.writeHead(302, { location: request.url === '/a' ? '/b' : '/a' }).end();
    assertFails(await fetchFrom(circle), 'DOWNLOAD_INVALID', /without end/u);
    assertFails(await fetchFrom(say(302)), 'DOWNLOAD_INVALID', /no address/u);
    assertFails(
      await fetchFrom(say(302, { location: 'file:///etc/passwd' })),
      'DOWNLOAD_INVALID',
      /no address/u,
    );
  });
});

describe('a server in trouble', () => {
  test('that stalls is left after a while, and what it sent is kept', async () => {
    const stall: Behaviour = (_, response) => {
      response.writeHead(200, { etag: etagOf(FILE), 'content-length': FILE.length });
      response.write(FILE.subarray(0, HALF));
    };
    const outcome = await fetchFrom(inTurn(stall, serveFile(FILE)), { stallMs: 300 });
    assertWhole(outcome);
    assert.match(outcome.notices.join(' '), /stays silent/u);
  });

  test('that never answers fails after five attempts', async () => {
    const outcome = await fetchFrom(() => undefined, { stallMs: 100 });
    assertFails(outcome, 'DOWNLOAD_FAILED', /stays silent/u);
    assert.equal(outcome.requests.length, 5);
  });

  test('with 500 is asked again, after as long as it says', async () => {
    const started = performance.now();
    const outcome = await fetchFrom(inTurn(say(500), say(503, { 'retry-after': '1' }), serveFile(FILE)));
    assertWhole(outcome);
    assert.ok(performance.now() - started >= 990);
  });

  test('with 500 for ever fails', async () => {
    assertFails(await fetchFrom(say(500)), 'DOWNLOAD_FAILED', /at the moment \(500\)/u);
  });

  test('with 404 or 403 is asked once', async () => {
    for (const [status, says] of [
      [404, /not there/u],
      [403, /may not be read/u],
    ] as const) {
      const outcome = await fetchFrom(say(status));
      assertFails(outcome, 'DOWNLOAD_REFUSED', says);
      assert.equal(outcome.requests.length, 1);
    }
  });

  test('that truncates again and again fails, and keeps its part', async () => {
    const outcome = await fetchFrom((request, response, turn, written) => {
      const start = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0);
      if (start === 0) return truncateAt(FILE, 1000)(request, response, turn, written);
      const range = `bytes ${start}-${FILE.length - 1}/${FILE.length}`;
      response.writeHead(206, {
        etag: etagOf(FILE),
        'content-range': range,
        'content-length': FILE.length - start,
      });
      response.write(FILE.subarray(start, start + 1000), () =>
        breakOnceWritten(response, start + 1000, written),
      );
    });
    assertFails(outcome, 'DOWNLOAD_FAILED', /connection broke/u);
    assert.ok(Buffer.from(outcome.content).equals(FILE.subarray(0, 5000)));
  });

  test('that is not there says so, and names the proxy where the address is unknown', async () => {
    const part = partialFile(join(root, `file-${files++}`));
    await assert.rejects(download(['http://127.0.0.1:9/x'], part, { pauseMs: 1 }), {
      code: 'DOWNLOAD_FAILED',
      message: /nothing answers there/u,
    });
    await assert.rejects(download(['http://no-such-host.invalid/x'], part, { pauseMs: 1 }), {
      code: 'DOWNLOAD_FAILED',
      message: /HTTPS_PROXY/u,
    });
  });
});

test('a damaged note beside a partial file makes it start anew', async () => {
  const server = await startMisbehaving(serveFile(FILE));
  const part = partialFile(join(root, `file-${files++}`));
  writeFileSync(part.path, FILE.subarray(0, HALF));
  writeFileSync(`${part.path}.json`, '{"url":');
  await download([`${server.origin}/model.pth`], part);
  await server.close();
  assert.ok(readFileSync(part.path).equals(FILE));
  assert.equal(server.requests[0]?.range, undefined);
});

test('a proxy named in the environment is asked, unless NO_PROXY names the host', async () => {
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(200, { 'content-length': FILE.length }).end(FILE);
  });
  // Plain HTTP through a tunnel, as undici asks for it.
  proxy.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    // Who expected TLS hangs up.
    socket.on('error', () => undefined);
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${FILE.length}\r\nconnection: close\r\n\r\n`);
      socket.end(FILE);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  const server = await startMisbehaving(serveFile(FILE));
  const before = { ...process.env };
  const part = partialFile(join(root, `file-${files++}`));
  try {
    process.env.http_proxy = `http://127.0.0.1:${port}`;
    process.env.no_proxy = '127.0.0.1';
    await download([`${server.origin}/direct.pth`], part);
    assert.deepEqual(asked, []);
    await part.remove();
    process.env.no_proxy = '';
    await download(['http://models.invalid/file.pth'], part, { pauseMs: 1 });
    assert.ok(readFileSync(part.path).equals(FILE));
    assert.match(asked.join(' '), /models\.invalid/u);
    Object.assign(process.env, { http_proxy: '', https_proxy: `http://127.0.0.1:${port}` });
    await assert.rejects(download(['https://secure.invalid/file.pth'], part, { pauseMs: 1 }));
    assert.match(asked.join(' '), /secure\.invalid/u);
  } finally {
    process.env = before;
    await server.close();
    proxy.closeAllConnections();
    proxy.close();
  }
});
