import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { DeviceName } from '../graph/executor.ts';
import type { Probe } from './devices.ts';
import type { NodeDeviceOptions } from './node-device-options.ts';
import { siblingModule } from './thread.node.ts';

const probeSchema = z.discriminatedUnion('works', [
  z.object({ works: z.literal(true), rate: z.number() }),
  z.object({ works: z.literal(false), reason: z.string() }),
]);

/** A driver that hangs is one that does not work. */
const PATIENCE_MS = 60_000;

/**
 * Tries an accelerator out in a process of its own: a driver may crash the process that asks for it, or write to the
 * terminal, which is nobody's concern while another device will do.
 */
export function probeApart(device: DeviceName, options: NodeDeviceOptions): Promise<Probe> {
  const entry = fileURLToPath(siblingModule('probe-entry.node', import.meta.url));
  const args = [...process.execArgv, entry, device, JSON.stringify(options)];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: PATIENCE_MS }, (error, stdout) => {
      const found = error ? undefined : probeSchema.safeParse(parseOrUndefined(stdout));
      resolve(found?.success ? found.data : { works: false, reason: 'Trying it out crashed or hung.' });
    });
  });
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
