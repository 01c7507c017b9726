import { chooseStrings } from '../strings/index.ts';
import type { Strings } from '../strings/index.ts';

/** The catalogue of the viewer's language, else of the browser's. */
export function pageStrings(): Strings {
  return chooseStrings([viewerLanguage(), ...navigator.languages]);
}

function viewerLanguage(): string | undefined {
  try {
    return localStorage.getItem('i18nextLng') ?? undefined;
  } catch {
    // A browser that lets nothing be stored; the viewer starts all the same.
    return undefined;
  }
}
