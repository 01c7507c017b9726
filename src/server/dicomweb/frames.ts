import type { FastifyReply } from 'fastify';
import { EXPLICIT_LITTLE_ENDIAN, findTransferSyntax } from '../../imaging/dicom/transfer-syntax.ts';
import type { FrameReader } from '../archive/frame-reader.ts';
import { HttpError } from './answers.ts';
import { covers } from './media-type.ts';
import type { Acceptable } from './media-type.ts';
import { writeMultipart } from './multipart.ts';
import type { Part } from './multipart.ts';

const OCTETS = 'application/octet-stream';
const prefix = '1.2.840.10008.1.2';

/** Media types of single frames (PS3.18 table 8.7.3-5), the standard's own first, then what was used before it. */
const MEDIA_TYPES: readonly (readonly [syntaxes: readonly string[], types: readonly string[]])[] = [
  [[`${prefix}.5`], ['image/dicom-rle', 'image/x-dicom-rle']],
  [
    [`${prefix}.4.50`, `${prefix}.4.51`, `${prefix}.4.57`, `${prefix}.4.70`],
    ['image/jpeg', 'image/dicom+jpeg'],
  ],
  [
    [`${prefix}.4.80`, `${prefix}.4.81`],
    ['image/jls', 'image/x-jls', 'image/dicom+jpeg-ls'],
  ],
  [
    [`${prefix}.4.90`, `${prefix}.4.91`],
    ['image/jp2', 'image/dicom+jp2'],
  ],
  [
    [`${prefix}.4.92`, `${prefix}.4.93`],
    ['image/jpx', 'image/dicom+jpx'],
  ],
  [[`${prefix}.4.201`, `${prefix}.4.202`, `${prefix}.4.203`], ['image/jphc']],
];

/**
 * Sends frames as they are stored, nothing is decoded: where the client takes that syntax under any of its names, or
 * any syntax as plain bytes, as OHIF asks.
 *
 * @throws HttpError 406
 */
export async function sendFrames(
  reply: FastifyReply,
  reader: FrameReader,
  numbers: readonly number[],
  accepted: readonly Acceptable[],
): Promise<FastifyReply> {
  const { transferSyntax } = reader;
  const isNative = findTransferSyntax(transferSyntax)?.encoding === 'native';
  const types = MEDIA_TYPES.find(([syntaxes]) => syntaxes.includes(transferSyntax))?.[1] ?? [];
  // Native frames are little endian, whether or not their file spells out value representations.
  const syntax = isNative ? EXPLICIT_LITTLE_ENDIAN : transferSyntax;
  const found = accepted
    .filter((range) => range.multipart !== false || numbers.length === 1)
    .map((range) => ({ range, type: typeFor(range, types, isNative, syntax) }))
    .find(({ type }) => type !== undefined);
  if (found?.type === undefined) {
    throw new HttpError(
      406,
      `These frames are kept in transfer syntax ${transferSyntax} and are not converted. ` +
        `Accept multipart/related; type="${OCTETS}"; transfer-syntax=*.`,
    );
  }
  const contentType = `${found.type}; transfer-syntax=${syntax}`;
  if (found.range.multipart === false) {
    return reply.type(contentType).send(Buffer.from(await reader.read(numbers[0] ?? 1)));
  }
  const { contentType: whole, body } = writeMultipart(found.type, partsOf(reader, numbers, contentType));
  return reply.type(whole).send(body);
}

/** What the range calls such frames; undefined where it excludes them. */
function typeFor(
  { type, transferSyntax }: Acceptable,
  types: readonly string[],
  isNative: boolean,
  syntax: string,
): string | undefined {
  const anySyntax = transferSyntax === '*' || transferSyntax === syntax;
  if (isNative)
    return covers(type, OCTETS) && (transferSyntax === undefined || anySyntax) ? OCTETS : undefined;
  const image = types.find((name) => covers(type, name));
  if (image !== undefined && (transferSyntax === undefined || anySyntax)) return image;
  // Plain bytes are uncompressed unless a syntax is named (PS3.18 8.7.3.5.2).
  return covers(type, OCTETS) && anySyntax ? OCTETS : undefined;
}

async function* partsOf(
  reader: FrameReader,
  numbers: readonly number[],
  contentType: string,
): AsyncGenerator<Part> {
  for (const number of numbers) yield { contentType, body: await reader.read(number) };
}
