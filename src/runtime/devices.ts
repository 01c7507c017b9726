import type { DeviceName } from '../graph/executor.ts';
import type { WhyPassedOver } from '../protocol/backend.ts';
import { SaltError } from '../protocol/errors.ts';

export type Place = 'node' | 'browser';
export type DeviceRequest = DeviceName | 'auto';

export interface Device {
  readonly name: DeviceName;
  readonly places: readonly Place[];
  /** False for the plain processor, which is there on every machine and which the others must beat. */
  readonly accelerator: boolean;
  /** ONNX Runtime's execution provider. */
  readonly provider: 'cpu' | 'cuda' | 'webgpu' | 'wasm';
  /** What a machine must have, as the end of the sentence "It needs ...". */
  readonly needs: string;
}

/** All devices, best first. */
export const DEVICES: readonly Device[] = Object.freeze([
  {
    name: 'cuda',
    places: ['node'],
    accelerator: true,
    provider: 'cuda',
    needs:
      'an NVIDIA GPU under Linux with CUDA 12 and cuDNN 9, and ONNX Runtime installed with its CUDA libraries (ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node)',
  },
  {
    name: 'webgpu',
    places: ['node', 'browser'],
    accelerator: true,
    provider: 'webgpu',
    needs:
      'a GPU with its driver (in Node under Linux: the Vulkan driver and libvulkan1; in a browser: WebGPU and hardware acceleration switched on)',
  },
  {
    name: 'cpu',
    places: ['node'],
    accelerator: false,
    provider: 'cpu',
    needs: 'an x86-64 or 64-bit ARM processor under Linux, macOS or Windows',
  },
  {
    name: 'wasm',
    places: ['browser'],
    accelerator: false,
    provider: 'wasm',
    needs: 'a browser with WebAssembly SIMD',
  },
] as const satisfies readonly Device[]);

/** What trying a device out showed. `rate` is in billions of multiply-adds a second. */
export type Probe =
  | { readonly works: true; readonly rate: number }
  | { readonly works: false; readonly reason: string; readonly why?: WhyPassedOver };

/** Tries a device out. @param timed whether the rate will be compared; without it, a rough one will do */
export type TryOut = (device: DeviceName, timed: boolean) => Promise<Probe>;

export interface PassedOver {
  readonly device: DeviceName;
  /** Plain sentences: what was wrong, and what would mend it. */
  readonly reason: string;
  readonly why?: WhyPassedOver;
}

export interface Selection {
  readonly device: DeviceName;
  readonly passedOver: readonly PassedOver[];
}

/**
 * Chooses where to run. A device asked for by name is taken if it works at all, however slow. `auto` takes the
 * first of the table that works and is faster than the plain processor, so that a software adapter, which is a
 * processor pretending to be a GPU, is passed over.
 * @param probe tries a device out; called for those that matter only, and timed only where two are compared
 * @throws SaltError `DEVICE_UNAVAILABLE` when the device asked for, or every device, is out of the question
 */
export async function selectDevice(request: DeviceRequest, place: Place, probe: TryOut): Promise<Selection> {
  if (request !== 'auto') return selectNamed(request, place, probe);
  const candidates = DEVICES.filter(({ places }) => places.includes(place));
  const processor = candidates.find(({ accelerator }) => !accelerator);
  const passedOver: PassedOver[] = [];
  let processorProbe: Promise<Probe> | undefined;
  for (const { name, accelerator, needs } of candidates) {
    const result = await (accelerator ? probe(name, true) : (processorProbe ?? probe(name, false)));
    if (!result.works) {
      passedOver.push({ ...whyOf(result), device: name, reason: `${result.reason} It needs ${needs}.` });
      continue;
    }
    if (accelerator && processor) {
      const base = await (processorProbe ??= probe(processor.name, true));
      if (base.works && result.rate < base.rate) {
        const reason = tooSlow(name, result.rate, processor.name, base.rate);
        passedOver.push({ device: name, reason, why: 'software' });
        continue;
      }
    }
    return { device: name, passedOver };
  }
  throw new SaltError(
    'DEVICE_UNAVAILABLE',
    `No device works here. ${passedOver.map(({ device, reason }) => `${device}: ${reason}`).join(' ')}`,
    { passedOver },
  );
}

async function selectNamed(name: DeviceName, place: Place, probe: TryOut): Promise<Selection> {
  const device = DEVICES.find((candidate) => candidate.name === name);
  if (!device?.places.includes(place)) {
    const here = DEVICES.filter(({ places }) => places.includes(place)).map((each) => each.name);
    throw new SaltError(
      'DEVICE_UNAVAILABLE',
      `There is no device "${name}" ${place === 'node' ? 'in Node' : 'in a browser'}. Choose auto, ${here.join(', ')}.`,
    );
  }
  const result = await probe(name, false);
  if (result.works) return { device: name, passedOver: [] };
  throw new SaltError(
    'DEVICE_UNAVAILABLE',
    `${name} does not work here: ${result.reason} It needs ${device.needs}.`,
    {
      passedOver: [{ device: name, reason: result.reason }],
      ...whyOf(result),
    },
  );
}

function tooSlow(name: DeviceName, rate: number, processor: DeviceName, base: number): string {
  return (
    `It works, but slower than ${processor} (${rate.toPrecision(2)} against ${base.toPrecision(2)} billion ` +
    `multiply-adds a second): most likely a software adapter, not a GPU. Ask for "${name}" by name to use it anyway.`
  );
}

/** @param source of a cause, if it names one: the details of an error, or what trying a device out showed */
export function whyOf({ why }: { readonly why?: unknown }): { why?: WhyPassedOver } {
  return why === 'missing' || why === 'software' ? { why } : {};
}
