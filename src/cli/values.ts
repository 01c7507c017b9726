/** Reading the values of options. */
import { InvalidArgumentError } from 'commander';
import type { Click } from '../inference/place-prompt.ts';
import type { BoxPrompt } from '../model/sam/index.ts';

type Parser<T> = (text: string) => T;

export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): Parser<number> {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least || value > most) {
      const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
      throw new InvalidArgumentError(`Give a whole number ${range}.`);
    }
    return value;
  };
}

/** @param above exclusive @param most inclusive */
export function numberAbove(above: number, most = Infinity): Parser<number> {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value <= above || value > most) {
      const range = most === Infinity ? `above ${above}` : `above ${above}, up to ${most}`;
      throw new InvalidArgumentError(`Give a number ${range}.`);
    }
    return value;
  };
}

export function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 0.9)) {
    throw new InvalidArgumentError('Give a share from 0 to 0.9, e.g. 0.2.');
  }
  return value;
}

/** In pixels, or `whole`. */
export function tileSize(text: string): number | 'whole' {
  return text === 'whole' ? text : wholeNumber(8, 8192)(text);
}

const PREFIXES = ['', 'K', 'M', 'G', 'T'];

/** `4GB`, `512 MB`, `1.5g`: powers of 1000, as `formatBytes` writes them; `4GiB`: powers of 1024. */
export function byteCount(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?\s*$/i.exec(text);
  const power = PREFIXES.indexOf((match?.[2] ?? '').toUpperCase());
  const bytes = Math.floor(Number(match?.[1]) * (match?.[3] ? 1024 : 1000) ** power);
  if (!(bytes > 0)) throw new InvalidArgumentError('Give a size with its unit, e.g. 4GB or 512MB.');
  return bytes;
}

/** `qkv,lin1` or several values of the option. */
export function commaSeparated(text: string, before: readonly string[] = []): readonly string[] {
  const values = text.split(',').map((value) => value.trim());
  if (values.some((value) => value === '')) throw new InvalidArgumentError('Separate values by commas.');
  return [...before, ...values];
}

/** `210,140`, or `60,300,off` for a place that is not on the structure; added to those before. */
export function click(text: string, before: readonly Click[] = []): readonly Click[] {
  const [x, y, where = 'on', ...more] = text.split(',').map((part) => part.trim());
  const place = coordinates([x, y]);
  if (!place || more.length > 0 || (where !== 'on' && where !== 'off')) {
    throw new InvalidArgumentError('Give x,y in pixels of the frame, and ",off" where the structure is not.');
  }
  const [column = 0, row = 0] = place;
  return [...before, { x: column, y: row, on: where === 'on' }];
}

/** `100,80,400,300` */
export function box(text: string): BoxPrompt {
  const corners = coordinates(text.split(','));
  if (corners?.length !== 4)
    throw new InvalidArgumentError('Give left,top,right,bottom in pixels of the frame.');
  const [left = 0, top = 0, right = 0, bottom = 0] = corners;
  return { left, top, right, bottom };
}

function coordinates(parts: readonly (string | undefined)[]): number[] | undefined {
  const numbers = parts.map((part) => (part === undefined || part.trim() === '' ? NaN : Number(part)));
  return numbers.every(Number.isFinite) ? numbers : undefined;
}

export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return whole >= 60 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}
