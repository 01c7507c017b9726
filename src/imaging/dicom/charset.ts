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

/** Escape sequences that switch a code page which the decoder below already assumes. */
// eslint-disable-next-line no-control-regex -- they are control characters
const ESCAPES = /\x1b[$(),\-.][()]?[A-Z]/gu;

/**
 * Text from a data set.
 *
 * @param charset value of Specific Character Set (0008,0005); the last of several, which is the richest, is used
 *   for the whole value. Unknown or absent means ASCII and its western superset.
 */
export function decodeText(bytes: Uint8Array, charset: string | undefined): string {
  const terms = (charset ?? '').split('\\').map((term) => term.trim().replace(/^ISO 2022 IR /u, 'ISO_IR '));
  const label = LABELS[terms.at(-1) ?? ''] ?? 'iso-8859-1';
  const decoded = new TextDecoder(label).decode(bytes);
  return decoded.replace(ESCAPES, '');
}
