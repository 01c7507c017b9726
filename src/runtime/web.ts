import type { InferenceSession as Session } from 'onnxruntime-common';
import { InferenceSession, Tensor, env } from 'onnxruntime-web/webgpu';
import type { DeviceName, Executor } from '../graph/executor.ts';
import { SaltError } from '../protocol/errors.ts';
import type { DeviceRequest } from './devices.ts';
import { oneAtATime } from './library.ts';
import { openSelected } from './open.ts';
import type { Opened } from './open.ts';
import { SessionExecutor } from './session-executor.ts';

export interface WebDeviceOptions {
  /** Where onnxruntime-web's .mjs and .wasm files are served: a URL that ends with a slash. */
  readonly assets: string;
  /**
   * Threads for the operators on the processor. Default: one for each logical core, 8 at most; 1 on a page that
   * is not cross-origin isolated. The first device opened on a page settles it for all.
   */
  readonly threads?: number;
  /** On an accelerator: refuse graphs of which any operator would run on the processor. Default: false. */
  readonly strict?: boolean;
}

/** More threads than this gain little in WASM and starve the page. */
const MAX_THREADS = 8;

/** ONNX Runtime's log level for a session, "fatal": its errors reach us as exceptions. */
const SILENT = 4;

const WEB_LIBRARY = { InferenceSession, Tensor, exclusive: oneAtATime() };

/**
 * Opens a device of the browser, from a page or a worker: the one asked for, or with `auto` the best that works.
 * A WASM run blocks its thread until it is done: train in a worker.
 * @throws SaltError `DEVICE_UNAVAILABLE`
 */
export function openWebDevice(request: DeviceRequest, options: WebDeviceOptions): Promise<Opened> {
  env.logLevel = 'fatal';
  env.wasm.wasmPaths = options.assets;
  env.wasm.numThreads = globalThis.crossOriginIsolated
    ? (options.threads ?? Math.min(navigator.hardwareConcurrency, MAX_THREADS))
    : 1;
  return openSelected(request, 'browser', (device) => createExecutor(device, options.strict ?? false));
}

async function createExecutor(device: DeviceName, strict: boolean): Promise<Executor> {
  if (device === 'webgpu') await requireAdapter();
  const session: Session.SessionOptions = { executionProviders: [device], logSeverityLevel: SILENT };
  const accelerator = device === 'webgpu';
  return new SessionExecutor(WEB_LIBRARY, {
    device,
    session,
    resident: accelerator,
    strict: accelerator && strict,
  });
}

/** Tells the three common reasons for WebGPU's absence apart, which ONNX Runtime does not. */
async function requireAdapter(): Promise<void> {
  if (!globalThis.isSecureContext) {
    throw new SaltError(
      'DEVICE_UNAVAILABLE',
      'Browsers offer WebGPU to secure pages only: open this one over https, or on localhost.',
    );
  }
  // The DOM's types promise `gpu` to every navigator; older browsers did not hear of it.
  const { gpu } = navigator as { gpu?: GPU };
  if (!gpu) throw new SaltError('DEVICE_UNAVAILABLE', 'This browser has no WebGPU: use a current one.');
  if (!(await gpu.requestAdapter())) {
    throw new SaltError(
      'DEVICE_UNAVAILABLE',
      'The browser found no graphics adapter: hardware acceleration is off, or its GPU is on the list of broken ones.',
    );
  }
}
