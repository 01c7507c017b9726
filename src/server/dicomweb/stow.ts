import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { reasonOf } from '../../imaging/dicom/errors.ts';
import { formatBytes } from '../../protocol/format-bytes.ts';
import { FAILURE, StoreRefusal } from '../archive/failure.ts';
import type { FolderArchive, Stored } from '../archive/folder-archive.ts';
import type { DicomJson } from '../dicom/json.ts';
import { HttpError, baseUrl, instanceUrl, sendJson } from './answers.ts';
import type { Params } from './answers.ts';
import { parseMediaType } from './media-type.ts';
import { readMultipart } from './multipart.ts';
import type { ReceivedPart } from './multipart.ts';

const DICOM = 'application/dicom';
const MULTIPART = 'multipart/related';

type Request = FastifyRequest<{ Params: Params; Body: Readable }>;

/** The store transaction (STOW-RS, PS3.18 10.5). A request is received to its end before anything of it is kept. */
export function addStore(
  server: FastifyInstance,
  archive: FolderArchive,
  prefix: string,
  tell: (line: string) => void,
): void {
  server.removeAllContentTypeParsers();
  for (const type of [MULTIPART, DICOM]) {
    server.addContentTypeParser(type, (_request, payload, done) => done(null, payload));
  }
  for (const path of ['/studies', '/studies/:study']) {
    server.post<{ Params: Params; Body: Readable }>(path, (request, reply) =>
      store(request, reply, archive, prefix, tell),
    );
  }
}

async function store(
  request: Request,
  reply: FastifyReply,
  archive: FolderArchive,
  prefix: string,
  tell: (line: string) => void,
): Promise<FastifyReply> {
  const outcomes = await storeParts(request, archive);
  const refusals = outcomes.filter((outcome) => outcome instanceof StoreRefusal);
  for (const { message } of refusals) tell(`Not stored: ${message}`);
  if (refusals.length > 0) void reply.header('Warning', warningOf(prefix, refusals));
  const status = refusals.length === 0 ? 200 : refusals.length < outcomes.length ? 202 : 409;
  return sendJson(reply, status, answer(outcomes, baseUrl(request, prefix)));
}

/** One outcome for each part. */
async function storeParts(request: Request, archive: FolderArchive): Promise<(Stored | StoreRefusal)[]> {
  const newFile = await archive.receive();
  const begun: string[] = [];
  try {
    const parts = await receive(request, () => {
      const file = newFile();
      begun.push(file);
      return file;
    });
    const outcomes: (Stored | StoreRefusal)[] = [];
    for (const [i, part] of parts.entries()) {
      outcomes.push(await storePart(archive, part, `Part ${i + 1}`, request.params.study));
    }
    return outcomes;
  } finally {
    await Promise.all(begun.map((file) => rm(file, { force: true })));
  }
}

/**
 * @throws HttpError 400 for a request that is not what it says, or not all of it; 413 for one that is too large; 507 where the disk
 *   is full, 500 where it fails.
 */
async function receive(request: Request, newFile: () => string): Promise<ReceivedPart[]> {
  const { type, parameters } = parseMediaType(request.headers['content-type'] ?? '');
  const most = request.routeOptions.bodyLimit;
  if (Number(request.headers['content-length'] ?? 0) > most) throw tooLarge(most);
  const body = upTo(most, request.body);
  try {
    if (type === DICOM) {
      const file = newFile();
      await pipeline(body, createWriteStream(file, { flags: 'wx' }));
      return [{ file, contentType: DICOM }];
    }
    const { boundary } = parameters;
    if (boundary === undefined || boundary === '') throw new Error('its Content-Type names no boundary');
    return await readMultipart(body, boundary, newFile);
  } catch (error) {
    await readToTheEnd(request.body);
    throw refusalOf(error);
  }
}

/** Fastify itself counts only what it parses. @throws HttpError 413 */
async function* upTo(most: number, body: Readable): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  // What fails must not break the connection off: the answer goes out on it.
  for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > most) throw tooLarge(most);
    yield chunk;
  }
}

function tooLarge(most: number): HttpError {
  return new HttpError(
    413,
    `The request is larger than ${formatBytes(most)}, nothing of it was stored. Send its objects in several requests.`,
  );
}

/** Many clients listen only once they have sent everything. */
async function readToTheEnd(body: Readable): Promise<void> {
  try {
    for await (const _unused of body);
  } catch {
    // The client is gone.
  }
}

function refusalOf(cause: unknown): HttpError {
  if (cause instanceof HttpError) return cause;
  const { code, syscall } = cause as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new HttpError(507, 'The disk is full: nothing of the request was stored.', { cause });
  }
  if (code !== undefined && (syscall === 'open' || syscall === 'write')) {
    return new HttpError(
      500,
      `The request cannot be written to the disk (${code}), nothing of it was stored. Look after the disk, then send it again.`,
      { cause },
    );
  }
  return new HttpError(400, `The request cannot be read, nothing of it was stored: ${reasonOf(cause)}.`, {
    cause,
  });
}

async function storePart(
  archive: FolderArchive,
  { file, contentType }: ReceivedPart,
  name: string,
  study: string | undefined,
): Promise<Stored | StoreRefusal> {
  const { type } = parseMediaType(contentType);
  if (type !== '' && type !== DICOM) {
    return new StoreRefusal(FAILURE.unreadable, `${name} is ${type}; only ${DICOM} is stored.`, undefined);
  }
  try {
    return await archive.store(file, name, study);
  } catch (error) {
    if (error instanceof StoreRefusal) return error;
    throw error;
  }
}

/** Store Instances Response (PS3.18 table 10.5.3-1, I.2). */
function answer(outcomes: readonly (Stored | StoreRefusal)[], base: string): DicomJson {
  const stored: DicomJson[] = [];
  const failed: DicomJson[] = [];
  /** Parts that do not say which instance they are. */
  const others: DicomJson[] = [];
  const studies = new Set<string>();
  for (const outcome of outcomes) {
    if (outcome instanceof StoreRefusal) {
      const reason: DicomJson = { '00081197': { vr: 'US', Value: [outcome.reason] } };
      if (outcome.sop === undefined || outcome.sopClass === undefined) others.push(reason);
      else failed.push({ ...reference(outcome.sopClass, outcome.sop), ...reason });
      continue;
    }
    const { instance } = outcome;
    studies.add(`${base}/studies/${instance.study}`);
    const url = instanceUrl(base, instance);
    stored.push({ ...reference(instance.sopClass, instance.sop), '00081190': { vr: 'UR', Value: [url] } });
  }
  const [study] = studies;
  return {
    ...(studies.size === 1 && study !== undefined ? { '00081190': { vr: 'UR', Value: [study] } } : {}),
    ...(failed.length > 0 ? { '00081198': { vr: 'SQ', Value: failed } } : {}),
    ...(stored.length > 0 ? { '00081199': { vr: 'SQ', Value: stored } } : {}),
    ...(others.length > 0 ? { '0008119A': { vr: 'SQ', Value: others } } : {}),
  };
}

function reference(sopClass: string, sop: string): DicomJson {
  return { '00081150': { vr: 'UI', Value: [sopClass] }, '00081155': { vr: 'UI', Value: [sop] } };
}

/** The words behind the codes: the response data set has no place for them. */
function warningOf(prefix: string, refusals: readonly StoreRefusal[]): string {
  return refusals
    .slice(0, 10)
    .map(({ message }) => `299 ${prefix} "${message.replace(/[^\x20-\x7e]|["\\]/gu, '?').slice(0, 300)}"`)
    .join(', ');
}
