import type { Attributes } from './ohif-types.ts';

/** Reading attributes as viewers keep them: single values in arrays or not, numbers as text or not. */

export function isAttributes(value: unknown): value is Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The first value as text; '' where there is none. */
export function textOf(attributes: Attributes | undefined, keyword: string): string {
  const value = firstOf(attributes, keyword);
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
}

/** The first value as a number. */
export function numberOf(attributes: Attributes | undefined, keyword: string): number | undefined {
  const text = textOf(attributes, keyword);
  const value = Number(text);
  return text !== '' && Number.isFinite(value) ? value : undefined;
}

function firstOf(attributes: Attributes | undefined, keyword: string): unknown {
  const value = attributes?.[keyword];
  return Array.isArray(value) ? (value as readonly unknown[])[0] : value;
}
