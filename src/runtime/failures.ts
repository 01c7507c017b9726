import { SaltError } from '../protocol/errors.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { DeviceName } from '../graph/executor.ts';

/** Operators without a kernel on ONNX Runtime's WebGPU provider (1.30, opset 20, each tried alone). */
const NOT_ON_WEBGPU = new Set([
  'LogSoftmax',
  'Sign',
  'Softsign',
  'Round',
  'IsNaN',
  'IsInf',
  'Mod',
  'And',
  'Or',
  'Shape',
  'ArgMax',
  'RandomNormal',
]);

// The texts are ONNX Runtime's, Dawn's, Vulkan's, CUDA's and the browsers'.

/** The last is a copy from the device that was under way: nobody but a device that goes takes its buffers away. */
const DEVICE_LOST =
  /device (is |was )?lost|instance (was |is )?dropped|external instance reference|DEVICE_LOST|buffer was (unmapped|destroyed) before mapping/i;

/** Dawn hands out an invalid buffer where one cannot be had, and ORT's sizes overflow in 32-bit WASM. */
const OUT_OF_MEMORY =
  /failed to allocate|out of memory|bad_alloc|OUT_OF_(HOST|DEVICE)_MEMORY|\bOOM\b|allocation failed|ALLOC_FAILED|array buffer|integer overflow|tensor shape is too large|exceeds the max (storage )?buffer|\[Invalid Buffer/i;

/** Names of its libraries' files, or what asks for them. What fails in them later, in the midst of a run, says neither. */
const CUDA_NOT_LOADED =
  /Failed to load (shared )?library|libcu|(cudnn|cublas|cufft|cudart)\w*\.dll|Require cuDNN|cudaGetDevice|no CUDA-capable/i;

/** A device that is not there, and how to say so. */
const ABSENT: readonly (readonly [RegExp, string])[] = [
  [/WebGPU adapter|No supported adapters/i, 'No graphics adapter answered.'],
  [CUDA_NOT_LOADED, 'CUDA could not be loaded.'],
  [/backend not found|no available backend/i, 'This build of ONNX Runtime lacks it.'],
];

const FALLBACK_REFUSED = /fallback to CPU EP has been explicitly disabled/;

/**
 * Turns whatever ONNX Runtime threw into a SaltError. C++ exceptions that leave WASM arrive as bare numbers;
 * there, running out of the 4 GB heap is by far their commonest cause.
 * @param doing what failed, as the beginning of a sentence, e.g. `Running the graph`
 * @param operators those of the graph, to name the ones that the device lacks
 */
export function toSaltError(
  error: unknown,
  device: DeviceName,
  doing: string,
  operators: readonly string[] = [],
): SaltError {
  if (error instanceof SaltError) return error;
  const make = (code: ErrorCode, message: string, details: Record<string, unknown> = {}): SaltError =>
    new SaltError(code, message, { device, ...details }, { cause: error });

  const text = error instanceof Error ? error.message : String(error);
  if (DEVICE_LOST.test(text)) {
    return make(
      'DEVICE_LOST',
      `${doing} on ${device} failed: the driver reset the device, or the machine slept. Start again from the last checkpoint.`,
    );
  }
  if (typeof error === 'number' || OUT_OF_MEMORY.test(text)) {
    return make(
      'OUT_OF_MEMORY',
      `${doing} on ${device} ran out of memory. Use a smaller batch or image, or a lower --max-memory.`,
    );
  }
  const absent = ABSENT.find(([pattern]) => pattern.test(text))?.[1];
  if (absent) return make('DEVICE_UNAVAILABLE', absent);
  if (FALLBACK_REFUSED.test(text)) {
    const lacking = operators.filter((operator) => NOT_ON_WEBGPU.has(operator));
    const named = lacking.length > 0 ? lacking : operators;
    return make(
      'GRAPH_INVALID',
      `${doing} on ${device} failed: ${device} has no kernel for ${lacking.length > 0 ? '' : 'one of '}${named.join(', ')}.`,
      { operators: named },
    );
  }
  const why = text.replace(/^.*ERROR_MESSAGE: /s, '').trim();
  return make('GRAPH_INVALID', `${doing} on ${device} failed: ${why.replace(/\.?$/, '.')}`);
}
