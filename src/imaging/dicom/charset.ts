import { convertBytes } from 'dicom-character-set';

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

/** Those that escape sequences switch to, all of which are understood: files do not name each that they use. Latin-9 (203) is not in the package. */
const EXTENSIONS = [100, 101, 109, 110, 144, 127, 126, 138, 148, 13, 166, 87, 159, 149, 58].map(
  (number) => `ISO 2022 IR ${number}`,
);
/** Of two bytes a character, which no text begins with unless an escape sequence says so. */
const TWO_BYTES = ['ISO_IR 87', 'ISO_IR 159', 'ISO_IR 149', 'ISO_IR 58'];

const ESCAPE = 0x1b;
// eslint-disable-next-line no-control-regex -- it is one
const ESCAPES = /\x1b[ -/]*[0-~]/gu;

/**
 * Text from a data set. Of several character sets the first holds until an escape sequence names another, and again from
 * the next delimiter or end of a line on (PS3.5 6.1.2.5.3).
 *
 * @param charset value of Specific Character Set (0008,0005). Unknown or absent means ASCII and its western superset.
 * @param vr says which delimiters there are; without it a text is taken for a name.
 */
export function decodeText(bytes: Uint8Array, charset: string | undefined, vr = 'PN'): string {
  const terms = (charset ?? '').split('\\').map(usualTerm);
  const whole = terms.find((term) => WHOLE.includes(term));
  if (whole !== undefined) return decode(bytes, LABELS[whole]);
  const labels = terms.map((term) => LABELS[term]).filter((label) => label !== 'iso-2022-jp');
  // ASCII has no upper half: bytes there without an escape sequence, as some write them, can only be the last one's.
  const label = labels[0] ?? labels.at(-1) ?? 'iso-8859-1';
  if (!bytes.includes(ESCAPE)) return decode(bytes, label);
  const [first = ''] = terms;
  const own = first.replace('ISO_IR', 'ISO 2022 IR');
  const begun = EXTENSIONS.includes(own) && !TWO_BYTES.includes(first) ? own : '';
  try {
    return convertBytes([begun, ...EXTENSIONS].join('\\'), bytes, { vr });
  } catch {
    // It met an escape sequence that it does not know.
    return decode(bytes, label).replace(ESCAPES, '');
  }
}

/** As the standard writes it, without code extensions; files have it with other signs and in other letters. */
function usualTerm(term: string): string {
  const written = term.trim().toUpperCase();
  if (/^UTF[-_ ]?8$/u.test(written)) return 'ISO_IR 192';
  return written.replace(/^ISO[-_ ](?:2022[-_ ])?IR[-_ ]?(?=\d)/u, 'ISO_IR ');
}

function decode(bytes: Uint8Array, label: string | undefined): string {
  return new TextDecoder(label).decode(bytes);
}
