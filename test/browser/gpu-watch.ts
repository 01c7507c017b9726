/**
 * Runs in a worker before the program does, and watches what it asks of the graphics device: how often it sent work
 * there, so that a silent fall-back to the processor shows; and it can take the device away, as a driver that is
 * reset does.
 */
import type { FromTrainer } from '../../src/worker/messages.ts';

/** Name of the channel by which the workers tell the page that has started them. */
export const GPU_CHANNEL = 'ohif-salt-test-gpu';

export type WorkerRole = 'serve' | 'train';

/** Command buffers that a worker has submitted so far. */
export interface FromWatch {
  readonly kind: 'counted';
  readonly role: WorkerRole;
  readonly submitted: number;
}

/** Must be called before anything else of the worker runs. */
export function watchGpu(): void {
  watchGpuDevices();
}

/**
 * As `watchGpu`, and takes the device away the moment that the worker has told of a step, so that it has plainly
 * computed there, and before it can begin the next one.
 */
export function watchGpuAndLoseIt(): void {
  const devices = watchGpuDevices();
  const post = self.postMessage.bind(self);
  const postAndLose = (message: FromTrainer, options: StructuredSerializeOptions): void => {
    post(message, options);
    if (message.kind !== 'event' || message.event.kind !== 'training') return;
    if (message.event.event.kind === 'step') for (const device of devices) device.destroy();
  };
  Object.defineProperty(self, 'postMessage', { value: postAndLose });
}

/** @returns the devices that the worker has, as they come */
function watchGpuDevices(): ReadonlySet<GPUDevice> {
  const channel = new BroadcastChannel(GPU_CHANNEL);
  const devices = new Set<GPUDevice>();
  let role: WorkerRole | undefined;
  let submitted = 0;
  self.addEventListener('message', ({ data }: MessageEvent<{ readonly kind: string }>) => {
    if (data.kind === 'serve' || data.kind === 'train') role ??= data.kind;
  });
  const tell = (): void => {
    if (role) channel.postMessage({ kind: 'counted', role, submitted } satisfies FromWatch);
  };
  const adapter = GPUAdapter.prototype;
  const requestDevice = methodOf(adapter, 'requestDevice');
  adapter.requestDevice = async function (this: GPUAdapter, descriptor) {
    const device = await requestDevice.call(this, descriptor);
    devices.add(device);
    return device;
  };
  const queue = GPUQueue.prototype;
  const submit = methodOf(queue, 'submit');
  queue.submit = function (this: GPUQueue, buffers) {
    submitted++;
    // A worker that trains is ended with its run, when it can no longer be asked.
    if (submitted % TELL_EVERY === 1) tell();
    submit.call(this, buffers);
  };
  return devices;
}

const TELL_EVERY = 50;

/** As it is, to be called on an object that is given then. */
function methodOf<T, K extends keyof T>(prototype: T, name: K): T[K] {
  return prototype[name];
}
