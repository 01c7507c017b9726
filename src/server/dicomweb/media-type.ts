/** Media types as DICOMweb's clients write them in Accept and Content-Type (PS3.18 8.7, RFC 9110 5.6). */

export interface MediaType {
  /** In lower case, e.g. `multipart/related`. */
  readonly type: string;
  /** Names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** What a client takes, best first. */
export interface Acceptable {
  /** Of one part, or of the whole answer where it is not multipart; may have wildcards. */
  readonly type: string;
  /** As asked for; `*` for as it is stored. */
  readonly transferSyntax: string | undefined;
  /** Undefined where either will do. */
  readonly multipart: boolean | undefined;
}

export function parseMediaType(text: string): MediaType {
  const [type = '', ...rest] = split(text, ';');
  const parameters: Record<string, string> = {};
  for (const part of rest) {
    const [name = '', ...value] = part.split('=');
    parameters[name.trim().toLowerCase()] = unquoted(value.join('=').trim());
  }
  return { type: type.trim().toLowerCase(), parameters };
}

/**
 * Reads an Accept header. Both ways of naming the parts of a multipart answer are understood, the standard's
 * `multipart/related; type="image/jpeg"` and, with the quotes left out, `multipart/related; type=image/jpeg`.
 */
export function parseAccept(header: string | undefined): Acceptable[] {
  const text = header === undefined || header.trim() === '' ? '*/*' : header;
  const found = split(text, ',').map((range) => {
    const { type, parameters } = parseMediaType(range);
    const isMultipart = type === 'multipart/related';
    return {
      type: isMultipart ? (parameters['type'] ?? '*/*').toLowerCase() : type,
      transferSyntax: parameters['transfer-syntax'],
      multipart: isMultipart ? true : type === '*/*' ? undefined : false,
      quality: Number(parameters['q'] ?? 1),
    };
  });
  return found
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality)
    .map(({ type, transferSyntax, multipart }) => ({ type, transferSyntax, multipart }));
}

/** Whether a range such as `image/*` covers a type. */
export function covers(range: string, type: string): boolean {
  if (range === '*/*' || range === type) return true;
  return range.endsWith('/*') && type.startsWith(range.slice(0, -1));
}

/** Splits where the separator is not quoted. */
function split(text: string, separator: string): string[] {
  const parts: string[] = [];
  let part = '';
  let quoted = false;
  for (const char of text) {
    if (char === '"') quoted = !quoted;
    if (char === separator && !quoted) {
      parts.push(part);
      part = '';
    } else part += char;
  }
  return [...parts, part];
}

function unquoted(text: string): string {
  return /^".*"$/su.test(text) ? text.slice(1, -1).replace(/\\(.)/gsu, '$1') : text;
}
