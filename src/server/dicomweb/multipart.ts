import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Dicer } from '@fastify/busboy';

/** One part of a `multipart/related` answer. */
export interface Part {
  readonly contentType: string;
  readonly location?: string;
  readonly body: Uint8Array | Readable;
}

export interface MultipartAnswer {
  readonly contentType: string;
  readonly body: Readable;
}

/**
 * Writes parts as they come. An error on the way breaks the connection off, so that no client takes the beginning for
 * the whole.
 *
 * @param type of the parts, without parameters.
 */
export function writeMultipart(type: string, parts: AsyncIterable<Part> | Iterable<Part>): MultipartAnswer {
  const boundary = randomUUID();
  return {
    contentType: `multipart/related; type="${type}"; boundary=${boundary}`,
    body: Readable.from(encode(boundary, parts), { objectMode: false }),
  };
}

async function* encode(
  boundary: string,
  parts: AsyncIterable<Part> | Iterable<Part>,
): AsyncGenerator<Uint8Array> {
  for await (const { contentType, location, body } of parts) {
    const head = [
      `--${boundary}`,
      `Content-Type: ${contentType}`,
      ...(location === undefined ? [] : [`Content-Location: ${location}`]),
      ...(body instanceof Uint8Array ? [`Content-Length: ${body.length}`] : []),
    ];
    yield Buffer.from(`${head.join('\r\n')}\r\n\r\n`);
    if (body instanceof Uint8Array) yield body;
    else for await (const chunk of body) yield Buffer.from(chunk as Uint8Array);
    yield Buffer.from('\r\n');
  }
  yield Buffer.from(`--${boundary}--\r\n`);
}

/**
 * Gives Dicer all of a request. It says `finish` as soon as it has seen the last boundary, at which a pipe would stop reading: what comes
 * after it, were it the last dash alone, would never be taken from the connection and the request would hang.
 *
 * @param failed aborted when a part cannot be written: Dicer would wait for it to be read on, for ever.
 * @throws Error when the request ends early; the reason of `failed`.
 */
async function feed(dicer: Dicer, body: AsyncIterable<Uint8Array>, failed: AbortSignal): Promise<void> {
  const whole = new Promise<void>((resolve, reject) => {
    dicer.once('finish', resolve);
    dicer.once('error', reject);
    failed.addEventListener('abort', () => reject(failed.reason as Error));
  });
  // It is waited for below, and may have failed before.
  whole.catch(() => undefined);
  for await (const chunk of body) {
    const written = new Promise<void>((resolve) => {
      dicer.write(chunk, () => resolve());
    });
    await Promise.race([written, whole]);
  }
  dicer.end();
  await whole;
}

/** A part of a request, in a file of its own. */
export interface ReceivedPart {
  readonly file: string;
  /** In lower case, '' where it is not said. */
  readonly contentType: string;
}

/**
 * Receives a multipart request into files, part by part.
 *
 * @param newFile makes up a path for the next part.
 * @throws Error when the request ends early or has no part, or when a file cannot be written: the rest of the request is then unread.
 *   Files that were begun are left to the caller.
 */
export async function readMultipart(
  body: AsyncIterable<Uint8Array>,
  boundary: string,
  newFile: () => string,
): Promise<ReceivedPart[]> {
  const dicer = new Dicer({ boundary });
  const streams: Readable[] = [];
  const types: string[] = [];
  const written: Promise<string>[] = [];
  const closed: Promise<void>[] = [];
  const failed = new AbortController();
  dicer.on('part', (part: Readable) => {
    const i = streams.push(part) - 1;
    part.on('header', (header: Record<string, readonly string[] | undefined>) => {
      types[i] = header['content-type']?.[0]?.toLowerCase() ?? '';
    });
    // Dicer waits for the part to be read on when it had more to give than was asked for; of a part that ended with that
    // nobody reads on, and the request would hang.
    part.once('end', () => part._read(0));
    const file = newFile();
    // Begun at once, because a part whose error nobody hears ends the process.
    const output = createWriteStream(file, { flags: 'wx' });
    closed.push(new Promise<void>((resolve) => output.once('close', () => resolve())));
    const writing = pipeline(part, output).then(() => file);
    // The first of several errors is the one that counts: the others follow from it.
    writing.catch((error: unknown) => failed.abort(error));
    written.push(writing);
  });
  let files: string[];
  try {
    await feed(dicer, body, failed.signal);
    files = await Promise.all(written);
  } catch (error) {
    // Parts that will not be finished, e.g. when the client is gone.
    for (const stream of streams) stream.destroy();
    await Promise.allSettled([...written, ...closed]);
    throw error;
  }
  if (files.length === 0) throw new Error('it has no parts between its boundaries');
  return files.map((file, i) => ({ file, contentType: types[i] ?? '' }));
}
