import { de } from './de.ts';
import { en } from './en.ts';
import type { Strings } from './en.ts';

export type { Strings };

const CATALOGUES: Readonly<Record<string, Strings>> = { en, de };

/**
 * The catalogue of the first language that there is one for, else English.
 *
 * @param languages BCP 47, most wanted first, e.g. the viewer's own, then `navigator.languages`
 */
export function chooseStrings(languages: readonly (string | undefined)[]): Strings {
  for (const language of languages) {
    const primary = language?.toLowerCase().split(/[-_]/u)[0];
    const found = primary === undefined ? undefined : CATALOGUES[primary];
    if (found) return found;
  }
  return en;
}
