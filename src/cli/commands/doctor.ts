import { constants, access, mkdir } from 'node:fs/promises';
import { arch, availableParallelism, cpus, freemem, platform, release, totalmem } from 'node:os';
import type { Command } from 'commander';
import type { DeviceName } from '../../graph/executor.ts';
import { SaltError } from '../../protocol/errors.ts';
import { DEVICES } from '../../runtime/devices.ts';
import { openNodeDevice } from '../../runtime/node.ts';
import { EXIT } from '../exit-codes.ts';
import { cacheFolder, modelsFolder, modelsIn } from '../models/folders.ts';
import { consoleOf, withOutput } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { list } from '../table.ts';
import { formatBytes } from '../../protocol/format-bytes.ts';
import { VERSION } from '../version.ts';

interface Check {
  readonly name: string;
  /** `note`: works, with something to know. */
  readonly state: 'ok' | 'note' | 'fault';
  readonly found: string;
  /** What to do, where there is something to do. */
  readonly fix?: string;
}

const NODE_LEAST = [20, 19] as const;
/** In bytes; a U-Net trains in less, SAM ViT-B at 512 px in about this, stage by stage. */
const LITTLE_MEMORY = 4 * 2 ** 30;

const EXAMPLES = `
Example:
    ohif-salt doctor

Exit code 1 when something must be mended before anything works.
`;

export function addDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .summary('see what this machine can do, and how to mend what it cannot')
    .description('Checks Node, devices, memory, folders and models.');
  withOutput(command).addHelpText('after', EXAMPLES).action(runDoctor);
}

async function runDoctor(options: CommonOptions): Promise<void> {
  const console = consoleOf(options);
  const checks = [
    checkNode(),
    ...(await checkDevices()),
    checkMemory(),
    await checkCache(),
    await checkModels(),
  ];
  const healthy = checks.every(({ state }) => state !== 'fault');
  console.result(textOf(checks), { version: VERSION, healthy, checks });
  if (!healthy) process.exitCode = EXIT.failed;
}

function checkNode(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major > NODE_LEAST[0] || (major === NODE_LEAST[0] && minor >= NODE_LEAST[1]);
  const found = `${process.versions.node} on ${platform()} ${release()}, ${arch()}`;
  if (enough) return { name: 'Node', state: 'ok', found };
  return {
    name: 'Node',
    state: 'fault',
    found,
    fix: `Install Node ${NODE_LEAST.join('.')} or newer from https://nodejs.org.`,
  };
}

async function checkDevices(): Promise<Check[]> {
  const names = DEVICES.filter(({ places }) => places.includes('node'));
  const checks: Check[] = [];
  for (const { name, needs } of names) checks.push(await checkDevice(name, needs));
  return checks;
}

async function checkDevice(device: DeviceName, needs: string): Promise<Check> {
  const name = `device ${device}`;
  try {
    const { executor } = await openNodeDevice(device);
    await executor.dispose();
    const [processor] = cpus();
    const cores = `${availableParallelism()} cores${processor ? `, ${processor.model.trim()}` : ''}`;
    return { name, state: 'ok', found: device === 'cpu' ? cores : 'works' };
  } catch (error) {
    if (!(error instanceof SaltError)) throw error;
    // Everything works on the processor alone, if slower.
    const state = device === 'cpu' ? 'fault' : 'note';
    const found = /does not work here: (.*?\.)(?:\s|$)/su.exec(error.message)?.[1] ?? error.message;
    return { name, state, found: `not there. ${found}`, fix: `It needs ${needs}.` };
  }
}

function checkMemory(): Check {
  const found = `${formatBytes(freemem())} free of ${formatBytes(totalmem())}`;
  if (freemem() >= LITTLE_MEMORY) return { name: 'memory', state: 'ok', found };
  return {
    name: 'memory',
    state: 'note',
    found,
    fix: 'Enough for a U-Net. For SAM ViT-B close other programs, or use --last-blocks or a smaller --image-size.',
  };
}

async function checkCache(): Promise<Check> {
  const folder = cacheFolder();
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    return { name: 'cache', state: 'ok', found: folder };
  } catch {
    const fix =
      'Set OHIF_SALT_CACHE to a folder that can be written; without one, weights are decomposed anew each time.';
    return { name: 'cache', state: 'note', found: `${folder} cannot be written`, fix };
  }
}

async function checkModels(): Promise<Check> {
  const folder = modelsFolder();
  const found = await modelsIn(folder);
  if (found.length > 0) {
    return { name: 'models', state: 'ok', found: `${folder}: ${found.map(({ name }) => name).join(', ')}` };
  }
  return {
    name: 'models',
    state: 'note',
    found: `none in ${folder}`,
    fix: 'A U-Net needs none. For SAM: ohif-salt models pull sam-vit-b, or put sam_vit_b_01ec64.pth there.',
  };
}

const MARKS = { ok: 'ok', note: '--', fault: 'NO' } as const;

function textOf(checks: readonly Check[]): string {
  return [
    `ohif-salt ${VERSION}`,
    list(
      checks.flatMap(({ name, state, found, fix }) => [
        [MARKS[state], name, found],
        ...(fix === undefined ? [] : [['', '', fix]]),
      ]),
    ),
  ].join('\n');
}
