import { invalid, quote } from './invalid.ts';

const WHOLE_NUMBER = /(?:0|[1-9][0-9]{0,15})(?![0-9.eE])/y;

/** Walks over JSON text one expected piece at a time. Every method throws `CHECKPOINT_INVALID` on anything else. */
export class HeaderCursor {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** `member` must consume the value of the key it is given. A key that comes twice is refused. */
  object(what: string, member: (key: string) => void): void {
    const keys = new Set<string>();
    this.#expect('{', what);
    if (this.#accept('}')) return;
    do {
      const key = this.string(`a key of ${what}`);
      if (keys.has(key)) throw invalid(`The key ${quote(key)} comes twice in ${what}.`, { key });
      keys.add(key);
      this.#expect(':', what);
      member(key);
    } while (this.#accept(','));
    this.#expect('}', what);
  }

  /** A list of whole numbers from 0 to 2^53 - 1. */
  integers(what: string): number[] {
    const values: number[] = [];
    this.#expect('[', what);
    if (this.#accept(']')) return values;
    do values.push(this.#integer(what));
    while (this.#accept(','));
    this.#expect(']', what);
    return values;
  }

  string(what: string): string {
    this.#expect('"', what);
    const start = this.#at - 1;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (Number.isNaN(code)) throw this.#unexpected(what);
      this.#at += code === 0x5c ? 2 : 1; // a backslash escapes what follows it
      if (code === 0x22) break;
    }
    let value: unknown;
    try {
      value = JSON.parse(this.#text.slice(start, this.#at));
    } catch {
      this.#at = start;
      throw this.#unexpected(what);
    }
    if (typeof value !== 'string' || /[\ud800-\udfff]/u.test(value)) {
      throw invalid(`The safetensors header holds half a character in ${what}.`);
    }
    return value;
  }

  /** Only white space may follow: writers pad the header with it. */
  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#unexpected('the end of the safetensors header');
  }

  #integer(what: string): number {
    this.#skipSpace();
    WHOLE_NUMBER.lastIndex = this.#at;
    const text = WHOLE_NUMBER.exec(this.#text)?.[0] ?? '';
    const value = Number(text);
    if (text === '' || !Number.isSafeInteger(value)) throw this.#unexpected(`a whole number of ${what}`);
    this.#at += text.length;
    return value;
  }

  #accept(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #expect(character: string, what: string): void {
    if (!this.#accept(character)) throw this.#unexpected(what);
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at += 1;
    }
  }

  #unexpected(what: string): Error {
    const found = this.#at < this.#text.length ? quote(this.#text.slice(this.#at, this.#at + 20)) : 'the end';
    return invalid(
      `The safetensors header is not what the format allows: in ${what}, at character ${this.#at}, found ${found}.`,
    );
  }
}
