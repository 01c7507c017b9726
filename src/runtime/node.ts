import { InferenceSession, Tensor, env } from 'onnxruntime-node';
import type { DeviceName, Executor } from '../graph/executor.ts';
import { SaltError } from '../protocol/errors.ts';
import type { DeviceRequest, TryOut } from './devices.ts';
import type { NodeDeviceOptions } from './node-device-options.ts';
import { openSelected } from './open.ts';
import type { Opened } from './open.ts';
import { probeApart } from './probe-process.node.ts';
import { probeDevice } from './probe.ts';
import { SessionExecutor } from './session-executor.ts';

/** ONNX Runtime's log level for a session, "fatal": its errors reach us as exceptions. */
const SILENT = 4;
env.logLevel = 'fatal';

const NODE_LIBRARY = {
  InferenceSession,
  Tensor,
  // run() finishes within one turn of the event loop.
  exclusive: <T>(task: () => Promise<T>) => task(),
};

/**
 * Opens a device of Node: the one asked for, or with `auto` the best that works.
 * A run blocks the event loop until it is done: train in a worker thread.
 * @throws SaltError `DEVICE_UNAVAILABLE`
 */
export function openNodeDevice(request: DeviceRequest, options: NodeDeviceOptions = {}): Promise<Opened> {
  const open = (device: DeviceName) => Promise.resolve(createNodeExecutor(device, options));
  const probe: TryOut = (device, timed) =>
    device === 'cpu' ? probeDevice(() => open(device), timed) : probeApart(device, options);
  return openSelected(request, 'node', open, probe);
}

/** Without trying it out. @throws SaltError `DEVICE_UNAVAILABLE` */
export function createNodeExecutor(device: DeviceName, options: NodeDeviceOptions): Executor {
  if (device === 'wasm') throw new SaltError('DEVICE_UNAVAILABLE', 'WASM runs in browsers; in Node use cpu.');
  const { threads, arena = true, strict = false } = options;
  return new SessionExecutor(NODE_LIBRARY, {
    device,
    // ONNX Runtime keeps outputs on CUDA between runs in no Node release yet: they pass through the host.
    resident: device === 'webgpu',
    strict: strict && device !== 'cpu',
    session: {
      executionProviders: [device],
      enableCpuMemArena: arena,
      // From its second run on, ONNX Runtime would plan one block for all activations and allocate it beside the
      // arena of the first run: two thirds more memory, and no faster.
      enableMemPattern: false,
      logSeverityLevel: SILENT,
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    },
  });
}
