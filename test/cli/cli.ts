/** Runs the compiled program in processes of its own, on data that is drawn for the test. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decodeAdapter } from '../../src/adapters/index.ts';
import type { AdapterFile } from '../../src/adapters/index.ts';
import { trainLineSchema } from '../../src/cli/events.ts';
import type { TrainLine } from '../../src/cli/events.ts';
import { CLEAR } from '../../src/generator/xray/look.ts';
import { generateXray } from '../../src/generator/xray/xray.ts';
import { encodeFramePng, encodeMaskPng } from '../../src/imaging/mask.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = join(ROOT, 'dist/cli/main.js');

const prepared = spawnSync(process.execPath, [join(ROOT, '.ci/prepare.mjs')], { encoding: 'utf8' });
assert.equal(prepared.status, 0, prepared.stderr);

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves with the first line of stdout that is wanted. */
  line(isWanted: (line: string) => boolean): Promise<string>;
}

/** A folder for one test file, removed after it; the caches of the program are in it. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ohif-salt-cli-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function start(folder: string, args: readonly string[]): Started {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    env: { ...process.env, OHIF_SALT_CACHE: join(folder, 'cache'), OHIF_SALT_MODELS: join(folder, 'models') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  child.stdout.on('data', (chunk: Buffer) => {
    output.stdout += chunk.toString();
    for (const look of waiting) look();
  });
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  return {
    child,
    finished,
    line: (isWanted) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = output.stdout.split('\n').slice(0, -1).find(isWanted);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
        void finished.then(({ stderr }) => reject(new Error(`it ended without that line: ${stderr}`)));
      }),
  };
}

export function run(folder: string, args: readonly string[]): Promise<Finished> {
  return start(folder, args).finished;
}

/** Runs what must succeed. */
export async function succeed(folder: string, args: readonly string[]): Promise<Finished> {
  const done = await run(folder, args);
  assert.equal(done.code, 0, done.stderr);
  return done;
}

/** Five frames with masks, two of them for testing. @param side in pixels */
export function writeDataset(folder: string, name: string, side = 64): void {
  for (const part of ['images', 'masks', 'fov']) mkdirSync(join(folder, name, part), { recursive: true });
  const rows = ['image,split'];
  for (let i = 0; i < 5; i++) {
    const { frame, masks } = generateXray(i + 1, side, 'angiogram', CLEAR);
    const mask = masks.get('vessel');
    assert.ok(mask);
    const inside = mask.data.map((_, pixel) => (pixel % side < side - 4 ? 1 : 0));
    writeFileSync(join(folder, name, 'images', `f${i}.png`), encodeFramePng(frame));
    writeFileSync(join(folder, name, 'masks', `f${i}_mask.png`), encodeMaskPng(mask));
    writeFileSync(join(folder, name, 'fov', `f${i}_fov.png`), encodeMaskPng({ ...mask, data: inside }));
    rows.push(`f${i}.png,${i < 3 ? 'train' : 'test'}`);
  }
  writeFileSync(join(folder, name, 'data_split.csv'), rows.join('\n'));
}

/** A U-Net that trains in a second. */
export const TINY_UNET = ['--model', 'unet', '--unet-depth', '2', '--unet-features', '4'];
export const CPU = ['--device', 'cpu', '--threads', '1'];

/** The lines of `train --json`, each of them checked. */
export function trainLines(stdout: string): TrainLine[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => trainLineSchema.parse(JSON.parse(line)));
}

export function linesOf<K extends TrainLine['kind']>(
  lines: readonly TrainLine[],
  kind: K,
): (TrainLine & { readonly kind: K })[] {
  return lines.filter((line): line is TrainLine & { readonly kind: K } => line.kind === kind);
}

export function readAdapterFile(folder: string, name: string): AdapterFile {
  return decodeAdapter(readFileSync(join(folder, name)));
}

/** Fails unless the program ended with the code and one plain sentence on what is wrong. */
export function assertFailed(done: Finished, code: number, says: RegExp): void {
  assert.equal(done.code, code, done.stderr);
  const message = /^Error: (.*)$/mu.exec(done.stderr)?.[1] ?? '';
  assert.match(message, says, done.stderr);
  assert.doesNotMatch(done.stderr, /^\s+at /mu, 'it shows a stack');
  assert.equal(done.stdout, '');
}
