import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { dicomInvalid } from '../../imaging/dicom/errors.ts';
import { DERIVED } from '../archive/attributes.ts';
import { readBulkData } from '../archive/bulk-data.ts';
import type { FolderArchive } from '../archive/folder-archive.ts';
import type { StoredInstance } from '../archive/instance.ts';
import { toDicomJson } from '../dicom/json.ts';
import type { DicomJson } from '../dicom/json.ts';
import { readHeader } from '../dicom/read-header.ts';
import { HttpError, baseUrl, instanceUrl, scopeOf, sendJson } from './answers.ts';
import type { Params } from './answers.ts';
import { sendFrames } from './frames.ts';
import { covers, parseAccept } from './media-type.ts';
import type { Acceptable } from './media-type.ts';
import { writeMultipart } from './multipart.ts';
import type { Part } from './multipart.ts';
import { expectJson } from './qido.ts';

const SCOPES = [
  '/studies/:study',
  '/studies/:study/series/:series',
  '/studies/:study/series/:series/instances/:sop',
];
const INSTANCE = SCOPES[2] ?? '';
const DICOM = 'application/dicom';
const PIXEL_DATA = '7FE00010';

type Request = FastifyRequest<{ Params: Params }>;

/** Retrieve transactions (WADO-RS, PS3.18 10.4). */
export function addRetrieve(server: FastifyInstance, archive: FolderArchive, prefix: string): void {
  for (const scope of SCOPES) {
    server.get<{ Params: Params }>(scope, (request, reply) => sendInstances(request, reply, archive, prefix));
    server.get<{ Params: Params }>(`${scope}/metadata`, async (request, reply) => {
      expectJson(request.headers.accept);
      const base = baseUrl(request, prefix);
      const metadata: DicomJson[] = [];
      for (const instance of existing(archive, request.params))
        metadata.push(await metadataOf(instance, base));
      return sendJson(reply, 200, metadata);
    });
  }
  server.get<{ Params: Params }>(`${INSTANCE}/frames/:frames`, async (request, reply) => {
    const [instance] = existing(archive, request.params);
    const reader = await archive.frames.open(instance.path);
    const numbers = frameNumbers(request.params.frames ?? '', reader.frames);
    return sendFrames(reply, reader, numbers, parseAccept(request.headers.accept));
  });
  server.get<{ Params: Params }>(`${INSTANCE}/bulkdata/*`, async (request, reply) => {
    const [instance] = existing(archive, request.params);
    const accepted = parseAccept(request.headers.accept);
    const place = request.params['*'] ?? '';
    const bytes = await readBulkData(instance.path, place);
    if (bytes) return sendBytes(reply, bytes, accepted);
    // Encapsulated pixels are sent frame by frame (PS3.18 10.4.1.1.5).
    if (place.toUpperCase() === PIXEL_DATA) {
      const reader = await archive.frames.open(instance.path);
      const all = Array.from({ length: reader.frames }, (_, i) => i + 1);
      return sendFrames(reply, reader, all, accepted);
    }
    throw new HttpError(404, `The instance has no bulk data at ${place}.`);
  });
}

function sendInstances(
  request: Request,
  reply: FastifyReply,
  archive: FolderArchive,
  prefix: string,
): FastifyReply {
  const instances = existing(archive, request.params);
  const ranges = parseAccept(request.headers.accept).filter(({ type }) => covers(type, DICOM));
  if (ranges.length === 0) throw new HttpError(406, `Instances are sent as ${DICOM} only.`);
  const accepted = ranges.find(({ transferSyntax: asked }) =>
    instances.every(({ transferSyntax }) => takes(asked, transferSyntax)),
  );
  if (!accepted) {
    const stored = [...new Set(instances.map(({ transferSyntax }) => transferSyntax))].join(', ');
    throw new HttpError(
      406,
      `Instances are sent as they are stored, in ${stored}: accept transfer-syntax=*.`,
    );
  }
  const [first] = instances;
  if (accepted.multipart === false) {
    if (instances.length > 1) {
      throw new HttpError(
        406,
        `${instances.length} instances need an Accept of multipart/related; type="${DICOM}".`,
      );
    }
    return reply.type(DICOM).send(createReadStream(first.path));
  }
  const base = baseUrl(request, prefix);
  const { contentType, body } = writeMultipart(DICOM, partsOf(instances, base));
  return reply.type(contentType).send(body);
}

/** Where none is asked for, what is stored will do. */
function takes(asked: string | undefined, stored: string): boolean {
  return asked === undefined || asked === '*' || asked === stored;
}

function* partsOf(instances: readonly StoredInstance[], base: string): Iterable<Part> {
  for (const instance of instances) {
    yield {
      contentType: `${DICOM}; transfer-syntax=${instance.transferSyntax}`,
      location: instanceUrl(base, instance),
      body: createReadStream(instance.path),
    };
  }
}

async function metadataOf(instance: StoredInstance, base: string): Promise<DicomJson> {
  const name = basename(instance.path);
  const header = await readHeader(instance.path, name);
  if (!header) throw dicomInvalid(name, 'it is no longer a DICOM file');
  const url = instanceUrl(base, instance);
  return {
    ...toDicomJson(header.dataSet, { bulkData: (path) => `${url}/bulkdata/${path}` }),
    [DERIVED.availableTransferSyntax]: { vr: 'UI', Value: [instance.transferSyntax] },
    [DERIVED.retrieveUrl]: { vr: 'UR', Value: [url] },
  };
}

/** @throws HttpError 404 */
function existing(archive: FolderArchive, params: Params): readonly [StoredInstance, ...StoredInstance[]] {
  const [first, ...rest] = archive.index.instances(scopeOf(params));
  if (!first) throw new HttpError(404, 'The archive has no such study, series or instance.');
  return [first, ...rest];
}

/** `1` or `1,2,5`. @throws HttpError 400, 404 */
function frameNumbers(list: string, frames: number): number[] {
  return list.split(',').map((text) => {
    if (!/^[0-9]+$/u.test(text))
      throw new HttpError(400, `Frames are counted from 1: "${list}" is no list of them.`);
    const number = Number(text);
    if (number < 1 || number > frames) {
      throw new HttpError(404, `There is no frame ${text}: the instance has ${frames}, counted from 1.`);
    }
    return number;
  });
}

function sendBytes(reply: FastifyReply, bytes: Uint8Array, accepted: readonly Acceptable[]): FastifyReply {
  const type = 'application/octet-stream';
  const match = accepted.find((range) => covers(range.type, type));
  if (!match) throw new HttpError(406, `Bulk data is sent as ${type} only.`);
  if (match.multipart === false) return reply.type(type).send(Buffer.from(bytes));
  const { contentType, body } = writeMultipart(type, [{ contentType: type, body: bytes }]);
  return reply.type(contentType).send(body);
}
