import { availableParallelism, freemem } from 'node:os';
import type { FactorMatrices } from '../../adapters/index.ts';
import type { DeviceName } from '../../graph/executor.ts';
import { svdAll } from '../../linalg/svd-all.ts';
import type { SvdProgress } from '../../linalg/svd-all.ts';
import type { DeviceRequest, PassedOver } from '../../runtime/devices.ts';
import { openNodeDevice } from '../../runtime/node.ts';
import type { Opened } from '../../runtime/open.ts';
import { fileSvdCache } from '../../runtime/svd-cache.node.ts';
import { nodeSvdPool } from '../../runtime/svd-pool.node.ts';

export interface DeviceOptions {
  readonly device: DeviceRequest;
  /** On the processor; undefined for one for each core. */
  readonly threads?: number;
}

export interface DeviceEvent {
  readonly kind: 'device';
  readonly device: DeviceName;
  readonly passedOver: readonly PassedOver[];
}

export interface MessageEvent {
  readonly kind: 'message';
  readonly text: string;
}

export type FactorEvent = { readonly kind: 'factoring' } & SvdProgress;

export type CommonEvent = DeviceEvent | MessageEvent | FactorEvent;

/** @throws SaltError `DEVICE_UNAVAILABLE` */
export async function openDevice(
  { device, threads }: DeviceOptions,
  emit: (event: CommonEvent) => void,
  arena = true,
): Promise<Opened> {
  const opened = await openNodeDevice(device, { arena, ...(threads === undefined ? {} : { threads }) });
  emit({ kind: 'device', device: opened.device, passedOver: opened.passedOver });
  return opened;
}

/** Matrices so small that starting a thread takes longer than they do. */
const SMALL_SIDE = 128;

/** Decomposes in threads, with the cache of this machine. */
export function nodeFactor(emit: (event: CommonEvent) => void, signal: AbortSignal): FactorMatrices {
  return async (tasks) => {
    const small = tasks.every(({ rows, cols }) => Math.min(rows, cols) <= SMALL_SIDE);
    return svdAll(tasks, {
      ...(small ? {} : { pool: nodeSvdPool, cache: fileSvdCache() }),
      concurrency: availableParallelism(),
      signal,
      onProgress: (progress) => emit({ kind: 'factoring', ...progress }),
      onWarning: (text) => emit({ kind: 'message', text }),
    });
  };
}

/** Of the memory that is there, what a training step may take; the rest is for frames, weights and everyone else. */
const SHARE_OF_MEMORY = 0.8;

/** In bytes; for a container, what it may still take. */
export function memoryForStep(): number {
  const limit = process.constrainedMemory();
  const free = freemem();
  const most = limit > 0 && limit < Number.MAX_SAFE_INTEGER ? limit - process.memoryUsage.rss() : free;
  return SHARE_OF_MEMORY * Math.max(0, Math.min(free, most));
}
