/** DICOM's names of character sets (PS3.3 C.12.1.1.2) and the Encoding Standard's. */
const LABELS: Readonly<Record<string, string>> = {
  'ISO_IR 100': 'iso-8859-1',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 148': 'iso-8859-9',
  'ISO_IR 203': 'iso-8859-15',
  'ISO_IR 13': 'shift_jis',
  'ISO_IR 166': 'windows-874',
  'ISO_IR 87': 'iso-2022-jp',
  'ISO_IR 159': 'iso-2022-jp',
  'ISO_IR 149': 'euc-kr',
  'ISO_IR 58': 'gb18030',
  'ISO_IR 192': 'utf-8',
  GB18030: 'gb18030',
  GBK: 'gbk',
};

/** Character sets without escape sequences: bytes of their characters look like delimiters. */
const WHOLE = ['ISO_IR 192', 'GB18030', 'GBK'];

/** What bytes above 127 are after an escape sequence (PS3.3 tables C.12-3 and C.12-4). */
const UPPER: Readonly<Record<string, string>> = {
  '-A': 'iso-8859-1',
  '-B': 'iso-8859-2',
  '-C': 'iso-8859-3',
  '-D': 'iso-8859-4',
  '-L': 'iso-8859-5',
  '-G': 'iso-8859-6',
  '-F': 'iso-8859-7',
  '-H': 'iso-8859-8',
  '-M': 'iso-8859-9',
  '-b': 'iso-8859-15',
  '-T': 'windows-874',
  ')I': 'shift_jis',
  '$)C': 'euc-kr',
  '$)A': 'gb18030',
};

/** What bytes below 128 are after one: single letters, or pairs with these bytes before them in EUC-JP. */
const LOWER: Readonly<Record<string, readonly number[] | undefined>> = {
  '(B': undefined,
  '(J': undefined,
  $B: [],
  '$(D': [0x8f],
};

interface State {
  /** As in `LOWER`. */
  readonly pairs: readonly number[] | undefined;
  /** A name of the Encoding Standard's, whose lower half is ASCII. */
  readonly upper: string;
}

/* eslint-disable no-control-regex -- they are control characters */
const ESCAPES = /\x1b([ -/]*[0-~])/u;
const LINE = /[\t\n\f\r]/u;
const LINE_OR_VALUE = /[\t\n\f\r\\]/u;
const ANY_DELIMITER = /[\t\n\f\r\\^=]/u;
const RUNS = /[\x80-\xff]+|(?:[!-~]{2})+|[^]/gu;
/* eslint-enable no-control-regex */

/**
 * Text from a data set. Of several character sets the first holds until an escape sequence names another, and again from
 * the next delimiter or end of a line on (PS3.5 6.1.2.5.3).
 *
 * @param charset value of Specific Character Set (0008,0005). Unknown or absent means ASCII and its western superset.
 * @param vr says which delimiters there are; without it a text is taken for a name.
 */
export function decodeText(bytes: Uint8Array, charset: string | undefined, vr = 'PN'): string {
  const terms = (charset ?? '').split('\\').map((term) => term.trim().replace(/^ISO 2022 IR /u, 'ISO_IR '));
  const whole = terms.find((term) => WHOLE.includes(term));
  if (whole !== undefined) return decode(bytes, LABELS[whole]);
  const labels = terms.map((term) => LABELS[term]).filter((label) => label !== 'iso-2022-jp');
  // ASCII has no upper half: bytes there without an escape sequence, as some write them, can only be the last one's.
  const first: State = { pairs: undefined, upper: labels[0] ?? labels.at(-1) ?? 'iso-8859-1' };
  if (!bytes.includes(0x1b)) return decode(bytes, first.upper);
  const delimiter = delimiterOf(vr);
  let state = first;
  let text = '';
  // Escape sequences stand at odd places.
  for (const [i, piece] of latin1(bytes).split(ESCAPES).entries()) {
    if (i % 2 === 1) {
      state = {
        pairs: piece in LOWER ? LOWER[piece] : state.pairs,
        upper: UPPER[piece] ?? state.upper,
      };
      continue;
    }
    // In pairs any byte may look like a delimiter, so that an escape sequence ends them before one.
    const end = piece.search(state.pairs ? LINE : delimiter);
    text += end < 0 ? decodePiece(piece, state) : decodePiece(piece.slice(0, end), state);
    if (end < 0) continue;
    state = first;
    text += decodePiece(piece.slice(end), state);
  }
  return text;
}

function delimiterOf(vr: string): RegExp {
  if (vr === 'PN') return ANY_DELIMITER;
  return ['LT', 'ST', 'UR', 'UT'].includes(vr) ? LINE : LINE_OR_VALUE;
}

/** @param piece a character for each byte */
function decodePiece(piece: string, { pairs, upper }: State): string {
  if (!pairs) return decode(bytesOf(piece), upper);
  return piece.replace(RUNS, (run) => {
    if (run > '\x7f') return decode(bytesOf(run), upper);
    if (run.length < 2) return run;
    const euc = Array.from({ length: run.length / 2 }, (_, i) => [
      ...pairs,
      run.charCodeAt(2 * i) | 0x80,
      run.charCodeAt(2 * i + 1) | 0x80,
    ]);
    return decode(Uint8Array.from(euc.flat()), 'euc-jp');
  });
}

function decode(bytes: Uint8Array, label: string | undefined): string {
  return new TextDecoder(label).decode(bytes);
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
