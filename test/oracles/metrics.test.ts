import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite, test } from 'node:test';
import { assertAgrees, readReferenceCases } from '../metrics/reference-case.ts';

const python = process.env.OHIF_SALT_PYTHON;
const script = fileURLToPath(new URL('metrics_reference.py', import.meta.url));

suite(
  'scores agree with SciPy and scikit-image on new masks',
  {
    skip: python ? false : 'Set OHIF_SALT_PYTHON to a Python with SciPy and scikit-image.',
  },
  () => {
    for (const seed of [2, 3, 4, 5]) {
      test(`seed ${seed}`, () => {
        const json = execFileSync(python ?? '', [script, String(seed)], { encoding: 'utf8' });
        for (const expected of readReferenceCases(json)) assertAgrees(expected);
      });
    }
  },
);
