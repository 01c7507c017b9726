import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A Python that has torch: OHIF_SALT_PYTHON, or the environment that `npm run test:oracles` makes.
 * @returns its path, or a sentence that says how to get one
 */
export function findTorch(): { readonly python: string } | { readonly missing: string } {
  const candidates = [process.env['OHIF_SALT_PYTHON'], join(import.meta.dirname, '../.oracles/bin/python')];
  for (const python of candidates) {
    if (!python || !existsSync(python)) continue;
    try {
      // segment_anything itself imports torchvision, which its modules do not need: look, do not load.
      execFileSync(
        python,
        ['-c', 'import torch, importlib.util as u; assert u.find_spec("segment_anything")'],
        {
          stdio: 'ignore',
        },
      );
      return { python };
    } catch {
      // Not this one: try the next.
    }
  }
  return {
    missing:
      'No Python with torch and segment-anything was found, so PyTorch is not measured. Run `npm run test:oracles` ' +
      'once, or set OHIF_SALT_PYTHON.',
  };
}
