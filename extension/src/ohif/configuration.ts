/** What a site may set for the extension: `extensions: [[extension, { ... }]]` in OHIF's configuration. */
import { z } from 'zod';
import { SaltError } from '../../../src/protocol/errors.ts';
import type { WorkerBackendOptions } from '../../../src/worker/client.ts';
import { readConfig } from '../store/config.ts';
import type { SaltConfig } from '../store/config.ts';
import { EXTENSION_VERSION } from './id.ts';

const engineSchema = z.object({
  /** Where frames are computed. */
  device: z.enum(['auto', 'webgpu', 'wasm']).default('auto'),
  /** Of the processor. */
  threads: z.int().min(1).max(64).exactOptional(),
  /** Models that are served to everyone; the first lends its text encoder and detail head to those that have none. */
  servedModels: z
    .array(z.strictObject({ id: z.string().min(1), title: z.string().min(1), url: z.string().min(1) }))
    .min(1)
    .exactOptional(),
  /** Of worker.js, of the page's own origin. Default: beside the extension. */
  workerUrl: z.string().exactOptional(),
  /** Folder of ONNX Runtime's .mjs and .wasm files. Default: `salt-ort/` beside the extension: OHIF has an `ort/` of its own. */
  runtimeUrl: z.string().exactOptional(),
});

export interface Configuration {
  readonly panel: SaltConfig;
  readonly engine: WorkerBackendOptions;
}

/**
 * @param input as OHIF hands it over; nothing is the default
 * @param folder of the plug-in, with a slash at its end
 * @throws SaltError `INVALID_ARGUMENT` with the fields that are wrong
 */
export function readConfiguration(input: unknown, folder: string): Configuration {
  const given = typeof input === 'object' && input !== null ? input : {};
  const parsed = engineSchema.safeParse(given);
  if (!parsed.success) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `The configuration of the SALT extension cannot be used: ${z.prettifyError(parsed.error)}`,
    );
  }
  const { device, threads, servedModels, workerUrl, runtimeUrl } = parsed.data;
  const ours = Object.keys(engineSchema.shape);
  const rest = Object.fromEntries(Object.entries(given).filter(([key]) => !ours.includes(key)));
  const runtime = runtimeUrl ?? `${folder}salt-ort/`;
  return {
    panel: readConfig({ version: EXTENSION_VERSION, ...rest }),
    engine: {
      device,
      workerUrl: workerUrl ?? `${folder}worker.js`,
      assets: runtime.endsWith('/') ? runtime : `${runtime}/`,
      models: servedModels ?? [
        {
          id: 'salt-tiny',
          title: 'SALT tiny',
          url: `${folder}models/salt-tiny/salt-tiny.safetensors`,
        },
      ],
      ...(threads === undefined ? {} : { threads }),
    },
  };
}
