export interface NumberRules {
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
}

/**
 * What is typed as a number; undefined where it is none, or none in range. A whole number has digits alone: whether
 * the "1.000" of one country is a thousand or one cannot be known.
 */
export function parseNumber(text: string, { min, max, whole }: NumberRules): number | undefined {
  const form = whole ? /^\d+$/u : /^\d*[.,]?\d+(e-?\d+)?$/iu;
  const trimmed = text.trim();
  if (!form.test(trimmed)) return undefined;
  const number = Number(trimmed.replace(',', '.'));
  return number >= min && number <= max ? number : undefined;
}
