import type { FastifyInstance } from 'fastify';
import { DERIVED, SERIES_UID, SOP_UID, STUDY_UID } from '../archive/attributes.ts';
import type { Level } from '../archive/attributes.ts';
import type { FolderArchive } from '../archive/folder-archive.ts';
import type { Condition } from '../archive/match.ts';
import { search, searchable } from '../archive/search.ts';
import { tagOf } from '../dicom/dictionary.ts';
import { firstText } from '../dicom/json.ts';
import type { DicomJson } from '../dicom/json.ts';
import { HttpError, baseUrl, scopeOf, sendJson } from './answers.ts';
import type { Params } from './answers.ts';
import { covers, parseAccept } from './media-type.ts';

/** Results where the client sets no limit. */
const MOST_RESULTS = 5000;

const ROUTES: readonly (readonly [path: string, level: Level])[] = [
  ['/studies', 'study'],
  ['/series', 'series'],
  ['/studies/:study/series', 'series'],
  ['/instances', 'instance'],
  ['/studies/:study/instances', 'instance'],
  ['/studies/:study/series/:series/instances', 'instance'],
];

/** Search transactions (QIDO-RS, PS3.18 10.6). */
export function addSearch(server: FastifyInstance, archive: FolderArchive, prefix: string): void {
  for (const [path, level] of ROUTES) {
    server.get<{ Params: Params }>(path, (request, reply) => {
      const parameters = new URL(request.url, 'http://localhost').searchParams;
      expectJson(acceptOf(parameters) ?? request.headers.accept);
      const query = readQuery(parameters, level);
      const { results, remaining } = search(archive.index, {
        level,
        scope: scopeOf(request.params),
        ...query,
      });
      const warnings = [
        ...(query.isFuzzy
          ? ['The fuzzymatching parameter is not supported. Only literal matching has been performed.']
          : []),
        ...query.ignored.map((name) => `The parameter ${name} was ignored: it cannot be searched for here.`),
        ...(remaining > 0 ? [`There are ${remaining} additional results that can be requested.`] : []),
      ];
      if (warnings.length > 0) {
        void reply.header('Warning', warnings.map((text) => `299 ${prefix} "${printable(text)}"`).join(', '));
      }
      if (results.length === 0) return reply.code(204).send();
      const base = baseUrl(request, prefix);
      return sendJson(
        reply,
        200,
        results.map((result) => withUrl(result, level, base)),
      );
    });
  }
}

interface Query {
  readonly conditions: readonly Condition[];
  readonly include: ReadonlySet<string> | 'all';
  readonly limit: number;
  readonly offset: number;
  readonly ignored: readonly string[];
  /** Whether names that sound alike are asked for, of which one is to be told that it is not done (PS3.18 8.3.4.2). */
  readonly isFuzzy: boolean;
}

/** Parameters that are no attributes; `charset` may ask for what it likes, JSON is in UTF-8. */
const NO_ATTRIBUTES: ReadonlySet<string> = new Set([
  'limit',
  'offset',
  'fuzzymatching',
  'emptyvaluematching',
  'multiplevaluematching',
  'accept',
  'charset',
]);

/**
 * Names that are not known are ignored, as the standard wants (PS3.18 8.3).
 * @throws HttpError 400 for values that are no numbers.
 */
function readQuery(parameters: URLSearchParams, level: Level): Query {
  const known = searchable(level);
  const conditions: Condition[] = [];
  const include = new Set<string>();
  const ignored: string[] = [];
  for (const [name, value] of parameters) {
    if (NO_ATTRIBUTES.has(name)) continue;
    if (name === 'includefield') {
      for (const field of value.split(',')) include.add(field === 'all' ? field : (tagOf(field) ?? field));
      continue;
    }
    const tag = tagOf(name);
    if (tag !== undefined && known.has(tag)) conditions.push({ tag, value });
    else if (value !== '') ignored.push(name);
  }
  return {
    conditions,
    include: include.has('all') ? 'all' : include,
    limit: Math.min(MOST_RESULTS, count(parameters, 'limit') ?? MOST_RESULTS),
    offset: count(parameters, 'offset') ?? 0,
    ignored,
    isFuzzy: parameters.get('fuzzymatching') === 'true',
  };
}

function count(parameters: URLSearchParams, name: string): number | undefined {
  const text = parameters.get(name);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new HttpError(400, `${name} must be a whole number, not "${text}".`);
  }
  return value;
}

/** Of a client that cannot set headers (PS3.18 8.3.3.1); it goes before the header. */
function acceptOf(parameters: URLSearchParams): string | undefined {
  // A plus that is not escaped has been read as a space.
  return parameters.get('accept')?.replaceAll('dicom json', 'dicom+json');
}

function withUrl(result: DicomJson, level: Level, base: string): DicomJson {
  const uid = (tag: string): string => firstText(result, tag);
  const parts = [
    `${base}/studies/${uid(STUDY_UID)}`,
    ...(level === 'study' ? [] : [`series/${uid(SERIES_UID)}`]),
    ...(level === 'instance' ? [`instances/${uid(SOP_UID)}`] : []),
  ];
  return { ...result, [DERIVED.retrieveUrl]: { vr: 'UR', Value: [parts.join('/')] } };
}

/** @throws HttpError 406 */
export function expectJson(accept: string | undefined): void {
  const isWelcome = parseAccept(accept).some(
    ({ type, multipart }) =>
      multipart !== true && (covers(type, 'application/dicom+json') || covers(type, 'application/json')),
  );
  if (!isWelcome)
    throw new HttpError(406, 'Searches and metadata are answered as application/dicom+json only.');
}

/** For a header: names of parameters come from the client. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]|"/gu, '?');
}
