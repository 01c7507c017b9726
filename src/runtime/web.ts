import type { InferenceSession as Session } from 'onnxruntime-common';
import type * as Ort from 'onnxruntime-web/wasm';
import type { DeviceName, Executor } from '../graph/executor.ts';
import { SaltError } from '../protocol/errors.ts';
import type { DeviceRequest } from './devices.ts';
import { oneAtATime } from './library.ts';
import type { Library } from './library.ts';
import { openSelected } from './open.ts';
import type { Opened } from './open.ts';
import { SessionExecutor } from './session-executor.ts';

export interface WebDeviceOptions {
  /** Where onnxruntime-web's .mjs and .wasm files are served: a URL that ends with a slash. */
  readonly assets: string;
  /**
   * Threads for the operators on the processor. Default: one for each logical core, 8 at most; 1 on a page that
   * is not cross-origin isolated. The first opening of a device on a page settles it.
   */
  readonly threads?: number;
  /** On an accelerator: refuse graphs of which any operator would run on the processor. Default: false. */
  readonly strict?: boolean;
}

/** More threads than this gain little in WASM and starve the page. */
const MAX_THREADS = 8;

/** ONNX Runtime's log level for a session, "fatal": its errors reach us as exceptions. */
const SILENT = 4;

/**
 * Each device has a build of ONNX Runtime of its own: the one with WebGPU can suspend its WASM code, which makes
 * that code 1.2 to 3 times slower. Loaded when first used, and kept: a build cannot be initialised twice.
 */
const BUILDS: Partial<Record<DeviceName, () => Promise<typeof Ort>>> = {
  wasm: () => import('onnxruntime-web/wasm'),
  webgpu: () => import('onnxruntime-web/webgpu'),
};
const libraries = new Map<DeviceName, Promise<Library>>();

/**
 * Opens a device of the browser, from a page or a worker: the one asked for, or with `auto` the best that works.
 * A WASM run blocks its thread until it is done: train in a worker.
 * @throws SaltError `DEVICE_UNAVAILABLE`
 */
export function openWebDevice(request: DeviceRequest, options: WebDeviceOptions): Promise<Opened> {
  const anyAdapter = request === 'webgpu';
  return openSelected(request, 'browser', (device) => createExecutor(device, options, anyAdapter));
}

async function createExecutor(
  device: DeviceName,
  options: WebDeviceOptions,
  anyAdapter: boolean,
): Promise<Executor> {
  if (device === 'webgpu') await requireAdapter(anyAdapter);
  const library = await loadLibrary(device, options);
  const session: Session.SessionOptions = {
    executionProviders: [device],
    enableMemPattern: false, // for the reason given in node.ts
    logSeverityLevel: SILENT,
  };
  const accelerator = device === 'webgpu';
  const strict = accelerator && (options.strict ?? false);
  return new SessionExecutor(library, { device, session, resident: accelerator, strict });
}

function loadLibrary(device: DeviceName, options: WebDeviceOptions): Promise<Library> {
  let library = libraries.get(device);
  if (!library) {
    library = initialise(device, options);
    libraries.set(device, library);
    library.catch(() => libraries.delete(device));
  }
  return library;
}

async function initialise(device: DeviceName, { assets, threads }: WebDeviceOptions): Promise<Library> {
  const load = BUILDS[device];
  if (!load) throw new SaltError('DEVICE_UNAVAILABLE', `There is no device "${device}" in a browser.`);
  const { InferenceSession, Tensor, env } = await load();
  env.logLevel = 'fatal';
  env.wasm.wasmPaths = assets;
  env.wasm.numThreads = globalThis.crossOriginIsolated
    ? (threads ?? Math.min(navigator.hardwareConcurrency, MAX_THREADS))
    : 1;
  return { InferenceSession, Tensor, exclusive: oneAtATime() };
}

/**
 * Tells the common reasons for WebGPU's absence apart, which ONNX Runtime does not.
 * @param any whether an adapter in software will do: it is a processor pretending to be a GPU, and to load a build of ONNX Runtime
 *   for it and try it out takes seconds
 */
async function requireAdapter(any: boolean): Promise<void> {
  if (!globalThis.isSecureContext) {
    throw new SaltError(
      'DEVICE_UNAVAILABLE',
      'Browsers offer WebGPU to secure pages only: open this one over https, or on localhost.',
      { why: 'missing' },
    );
  }
  // The DOM's types promise `gpu` to every navigator; older browsers did not hear of it.
  const { gpu } = navigator as { gpu?: GPU };
  if (!gpu) {
    const message = 'This browser has no WebGPU: use a current one.';
    throw new SaltError('DEVICE_UNAVAILABLE', message, { why: 'missing' });
  }
  const adapter = await gpu.requestAdapter();
  if (!adapter) {
    throw new SaltError(
      'DEVICE_UNAVAILABLE',
      'The browser found no graphics adapter: hardware acceleration is off, or its GPU is on the list of broken ones.',
      { why: 'missing' },
    );
  }
  // Older browsers tell nothing of their adapters: those are tried out.
  const { info } = adapter as { info?: GPUAdapterInfo };
  if (info?.isFallbackAdapter === true && !any) {
    throw new SaltError(
      'DEVICE_UNAVAILABLE',
      'The browser has a software adapter only: hardware acceleration is off, or its GPU is on the list of broken ones. Ask for "webgpu" by name to use it anyway.',
      { why: 'software' },
    );
  }
}
