/** The decompositions of a model's weights, made before anyone waits for them. */
import { availableParallelism } from 'node:os';
import { blockIndex, layerKind } from '../../adapters/layer-kinds.ts';
import { sizeOf } from '../../graph/tensor.ts';
import { svdAll } from '../../linalg/svd-all.ts';
import type { SvdProgress } from '../../linalg/svd-all.ts';
import { svdCacheKey } from '../../linalg/svd-cache.ts';
import type { SvdTask } from '../../linalg/svd-message.ts';
import type { CheckpointSource } from '../../model/checkpoint/checkpoint-source.ts';
import { fileSvdCache } from '../svd-cache.node.ts';
import { nodeSvdPool } from '../svd-pool.node.ts';

/** Matrices so small that they are decomposed when they are needed. */
const SMALL_SIDE = 128;

export interface FactorOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: SvdProgress) => void) | undefined;
  readonly onWarning?: ((text: string) => void) | undefined;
}

/**
 * Decomposes every weight that an adapter may treat by its singular values and keeps the factors in the cache of this
 * machine. One block is in memory at a time.
 * @param source a SAM under Meta's names
 * @returns how many matrices there were; 0 for a model so small that nothing is kept
 * @throws SaltError `CANCELLED`, and what reading throws
 */
export async function factorModel(source: CheckpointSource, options: FactorOptions = {}): Promise<number> {
  const { signal, onProgress, onWarning } = options;
  const groups = matricesByBlock(source);
  const names = groups.flat();
  if (names.every((name) => Math.min(...sidesOf(source, name)) <= SMALL_SIDE)) return 0;
  const started = performance.now();
  let done = 0;
  for (const group of groups) {
    const tasks: SvdTask[] = [];
    for (const name of group) tasks.push(await taskOf(source, name));
    await svdAll(tasks, {
      pool: nodeSvdPool,
      cache: fileSvdCache(),
      concurrency: Math.min(availableParallelism(), tasks.length),
      ...(signal && { signal }),
      ...(onWarning && { onWarning }),
    });
    done += group.length;
    const seconds = (performance.now() - started) / 1000;
    onProgress?.({ done, total: names.length, secondsLeft: (seconds * (names.length - done)) / done });
  }
  return names.length;
}

/** The cache's names for all factors that there may be of this model. */
export async function factorKeys(source: CheckpointSource): Promise<string[]> {
  const keys: string[] = [];
  for (const name of matricesByBlock(source).flat()) {
    const key = await svdCacheKey(await taskOf(source, name));
    if (key !== undefined) keys.push(key);
  }
  return keys;
}

/** Blocks in order; what is in none comes last. */
function matricesByBlock(source: CheckpointSource): string[][] {
  const blocks = new Map<number, string[]>();
  for (const name of source.names) {
    if (!name.endsWith('.weight') || !layerKind(name.slice(0, -'.weight'.length))) continue;
    const block = blockIndex(name) ?? Infinity;
    blocks.set(block, [...(blocks.get(block) ?? []), name]);
  }
  return [...blocks].sort(([a], [b]) => a - b).map(([, names]) => names);
}

function sidesOf(source: CheckpointSource, name: string): [rows: number, cols: number] {
  const shape = source.shape(name);
  const [rows = 1] = shape;
  return [rows, sizeOf(shape) / rows];
}

async function taskOf(source: CheckpointSource, name: string): Promise<SvdTask> {
  const [rows, cols] = sidesOf(source, name);
  const { data } = await source.float32(name);
  return { matrix: data, rows, cols };
}
