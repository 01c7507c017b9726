import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package, whether this runs from src/ or from dist/. */
const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

/** Where the build puts extension.js and mode.js. */
export const PLUGIN_FOLDER = join(PACKAGE, 'dist', 'viewer');

/** Models that come with the package. */
export const MODELS_FOLDER = join(PACKAGE, 'models');

/** The version of OHIF that is shown unless another is asked for. */
export const OHIF_VERSION = '3.13.2';

/** OHIF's `dist` as `.ci/ohif.mjs` unpacks it; undefined where that version has not been fetched. */
export function findViewer(version: string): string | undefined {
  const folder = join(PACKAGE, 'out', 'ohif', version);
  return existsSync(join(folder, 'index.html')) ? folder : undefined;
}

/** Where the studies that are drawn for a first look are kept. */
export const DEMO_FOLDER = join(PACKAGE, 'out', 'demo-studies');
