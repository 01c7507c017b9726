import { SaltError } from './errors.ts';

/** What browsers keep for secure pages cannot be used: hashes, the store of models. */
export function insecurePage(): SaltError {
  // Where no page is, in tests, there is no location.
  const { location } = globalThis as { location?: Location };
  const port = (location && new URL(location.origin).port) || '80';
  return new SaltError(
    'PAGE_INSECURE',
    'Browsers let secure pages alone load models, and this one came over plain http from another machine: open it over https, ' +
      `or by way of localhost, e.g. with "ssh -L 8055:localhost:${port} <that machine>" at http://localhost:8055.`,
  );
}
