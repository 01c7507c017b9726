/** The worker's device: opened when first used, and opened anew after it was lost. */
import type { FactorMatrices } from '../adapters/index.ts';
import { svdAll } from '../linalg/svd-all.ts';
import type { SvdProgress } from '../linalg/svd-all.ts';
import type { DeviceInfo } from '../protocol/backend.ts';
import { SaltError } from '../protocol/errors.ts';
import { whyOf } from '../runtime/devices.ts';
import type { Opened } from '../runtime/open.ts';
import { webSvdPool } from '../runtime/svd-pool.web.ts';
import { openWebDevice } from '../runtime/web.ts';
import type { WorkerSettings } from './messages.ts';
import { storedSvds } from './store/svd-cache.ts';

/**
 * Opens the device that the settings name. One that was there before and is gone (a graphics driver that was reset) gives
 * way to the processor.
 * @throws SaltError `DEVICE_UNAVAILABLE`
 */
export async function openDevice({ assets, device, threads }: WorkerSettings): Promise<Opened> {
  try {
    return await openWebDevice(device, { assets, threads });
  } catch (error) {
    if (device !== 'webgpu' || !isUnavailable(error)) throw error;
    const opened = await openWebDevice('wasm', { assets, threads });
    return { ...opened, passedOver: [{ device, reason: error.message, ...whyOf(error.details) }] };
  }
}

function isUnavailable(error: unknown): error is SaltError {
  return error instanceof SaltError && error.code === 'DEVICE_UNAVAILABLE';
}

export function infoOf({ device, passedOver }: Opened, threads: number): DeviceInfo {
  const name = device === 'webgpu' ? 'webgpu' : 'wasm';
  const used = globalThis.crossOriginIsolated ? threads : 1;
  // A page that is not secure is told to become so first.
  const isolation =
    globalThis.crossOriginIsolated || threads === 1 || !globalThis.isSecureContext
      ? []
      : [
          {
            device: `wasm with ${threads} threads`,
            reason:
              'The page is not cross-origin isolated, so that one thread must do: its server has to send ' +
              'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.',
            why: 'one thread' as const,
          },
        ];
  return { device: name, threads: name === 'wasm' ? used : 1, passedOver: [...passedOver, ...isolation] };
}

/** What a training step may take where nothing says how much memory there is, in bytes. */
const DEFAULT_STEP_BYTES = 2 * 2 ** 30;
/** WASM has 4 GB, part of which is for weights and for what ONNX Runtime itself needs. */
const MOST_STEP_BYTES = 3 * 2 ** 30;

/** What a training step may take: half of the machine's memory, as far as the browser tells (8 GB at most). */
export function memoryForStep(): number {
  const { deviceMemory } = navigator as { deviceMemory?: number };
  return deviceMemory === undefined
    ? DEFAULT_STEP_BYTES
    : Math.min(MOST_STEP_BYTES, (deviceMemory / 2) * 2 ** 30);
}

/** Matrices so small that starting a worker takes longer than they do. */
const SMALL_SIDE = 64;

/** Decomposes in workers, with the browser's cache. */
export function webFactor(
  concurrency: number,
  onProgress: (progress: SvdProgress) => void = () => undefined,
): FactorMatrices {
  return (tasks) => {
    const small = tasks.every(({ rows, cols }) => Math.min(rows, cols) <= SMALL_SIDE);
    return svdAll(tasks, {
      ...(small ? {} : { pool: webSvdPool, cache: storedSvds }),
      concurrency,
      onProgress,
    });
  };
}
