import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeText } from '../../src/imaging/dicom/charset.ts';

/** Name of the case, Specific Character Set, bytes, text; a name unless another representation is named. */
const CASES: readonly (readonly [
  name: string,
  charset: string | undefined,
  bytes: string,
  text: string,
  vr?: string,
])[] = [
  [
    'Japanese beside ASCII (PS3.5 H.3.1)',
    '\\ISO 2022 IR 87',
    'Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B',
    'Yamada^Tarou=山田^太郎=やまだ^たろう',
  ],
  [
    'Japanese beside half-width katakana (PS3.5 H.3.2)',
    'ISO 2022 IR 13\\ISO 2022 IR 87',
    '\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J',
    'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう',
  ],
  [
    'Japanese whose bytes are those of delimiters',
    '\\ISO 2022 IR 87',
    '\x1b$B;3K\\\x1b(B\\b',
    '山本\\b',
    'LO',
  ],
  ['UTF-8 by another sign', 'ISO-IR 192', 'M\xc3\xbcller', 'Müller'],
  ['UTF-8 in small letters', 'iso_ir 192', 'M\xc3\xbcller', 'Müller'],
  ['UTF-8 by its usual name', 'UTF-8', 'M\xc3\xbcller', 'Müller'],
  ['a code extension by another sign', '\\ISO 2022-IR-87', '\x1b$B;3ED\x1b(B^x', '山田^x'],
  ['rare Japanese characters', '\\ISO 2022 IR 159', '\x1b$(D0!\x1b(B^x', '丂^x'],
  [
    'Korean (PS3.5 I.2)',
    '\\ISO 2022 IR 149',
    'Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf',
    'Hong^Gildong=洪^吉洞=홍^길동',
  ],
  ['Korean without escape sequences', '\\ISO 2022 IR 149', '\xc8\xab^\xb1\xe6\xb5\xbf', '홍^길동'],
  [
    'Chinese with escape sequences (PS3.5 K.2)',
    '\\ISO 2022 IR 58',
    'Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=',
    'Zhang^XiaoDong=张^小东=',
  ],
  [
    'Chinese text in lines (PS3.5 K.3)',
    '\\ISO 2022 IR 58',
    '1. \x1b$)A\xb5\xda\xd2\xbb\xa3\xba=\xb5\xda\r\nend',
    '1. 第一：=第\r\nend',
    'UT',
  ],
  [
    'Chinese without them (PS3.5 J.3)',
    'GB18030',
    'Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab=',
    'Wang^XiaoDong=王^小东=',
  ],
  ['Chinese whose bytes are those of delimiters', 'GBK', '\x81\x5c', '乗'],
  ['the first of two alone', 'ISO 2022 IR 100\\ISO 2022 IR 144', 'M\xfcller^Anna', 'Müller^Anna'],
  [
    'the second, and the first again behind a delimiter',
    'ISO 2022 IR 100\\ISO 2022 IR 144',
    '\x1b-L\xbb\xee^M\xfcller\\\x1b-L\xbb\\\xfc',
    'Лю^Müller\\Л\\ü',
  ],
  [
    'signs that are no delimiters outside of names',
    'ISO 2022 IR 100\\ISO 2022 IR 144',
    '\x1b-L\xbb=\xee\n\xfc',
    'Л=ю\nü',
    'LO',
  ],
  ['Greek alone', 'ISO_IR 126', '\xc4\xe9\xef\xed', 'Διον'],
  ['UTF-8', 'ISO_IR 192', '\xe7\x8e\x8b^\xc3\xbc', '王^ü'],
  ['an escape sequence that is none of DICOM’s', undefined, 'a\x1b(Zb', 'ab'],
];

for (const [name, charset, bytes, text, vr] of CASES) {
  test(`text: ${name}`, () => {
    assert.equal(decodeText(Buffer.from(bytes, 'latin1'), charset, vr), text);
  });
}
