/** The process that `probeApart` starts: tries a device out, and writes what it found as JSON. */
import { z } from 'zod';
import { createNodeExecutor } from './node.ts';
import { probeDevice } from './probe.ts';

const [, , name, options] = process.argv;
const device = z.enum(['cpu', 'cuda', 'webgpu']).parse(name);
const settings = z
  .object({ threads: z.int().optional(), arena: z.boolean().optional(), strict: z.boolean().optional() })
  .parse(JSON.parse(options ?? '{}'));
const { threads, arena, strict } = settings;
const probe = await probeDevice(
  () =>
    Promise.resolve(
      createNodeExecutor(device, {
        ...(threads !== undefined && { threads }),
        ...(arena !== undefined && { arena }),
        ...(strict !== undefined && { strict }),
      }),
    ),
  true,
);
process.stdout.write(JSON.stringify(probe));
