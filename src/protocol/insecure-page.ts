import { SaltError } from './errors.ts';

/** What browsers keep for secure pages cannot be used: hashes, the store of models. */
export function insecurePage(): SaltError {
  return new SaltError(
    'PAGE_INSECURE',
    'Browsers let secure pages alone load models, and this one came over plain http from another machine: open it over https, ' +
      'or by way of localhost, e.g. with "ssh -L 8055:localhost:8055 <that machine>" at http://localhost:8055.',
  );
}
