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

/** Failures of a device that is not there, in plain words. */
const ABSENT: readonly (readonly [RegExp, string])[] = [
  [/WebGPU adapter|No supported adapters/i, 'No graphics adapter answered.'],
  [/Failed to load shared library|libcu|cudnn|cudaGetDevice|no CUDA-capable/i, 'CUDA could not be loaded.'],
  [/backend not found|no available backend/i, 'This build of ONNX Runtime lacks it.'],
];

/** First match wins. The texts are ONNX Runtime's, Dawn's, Vulkan's, CUDA's and the browsers'. */
const PATTERNS: readonly (readonly [RegExp, ErrorCode])[] = [
  [
    /device (is |was )?lost|instance (was |is )?dropped|external instance reference|DEVICE_LOST/i,
    'DEVICE_LOST',
  ],
  [
    /failed to allocate|out of memory|bad_alloc|OUT_OF_(HOST|DEVICE)_MEMORY|\bOOM\b|allocation failed|ALLOC_FAILED|invalid array (buffer )?length/i,
    'OUT_OF_MEMORY',
  ],
  [
    /no op registered|not implemented|could not find an implementation|invalid model|invalid_graph|protobuf parsing|ShapeInferenceError|type error|dimension|explicitly disabled|is missing in 'feeds'|unexpected input data type|invalid (input|feed|rank)/i,
    'GRAPH_INVALID',
  ],
];

const ADVICE: Partial<Record<ErrorCode, string>> = {
  OUT_OF_MEMORY: 'Use a smaller batch or image, or the lean memory plan.',
  DEVICE_LOST: 'The driver reset the device or the machine slept; start again from the last checkpoint.',
};

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
  const text = typeof error === 'number' ? `out of memory (${error})` : messageOf(error);
  const absent = ABSENT.find(([pattern]) => pattern.test(text))?.[1];
  if (absent) return new SaltError('DEVICE_UNAVAILABLE', absent, { device }, { cause: error });
  const code = PATTERNS.find(([pattern]) => pattern.test(text))?.[1] ?? 'GRAPH_INVALID';
  const lacking = /explicitly disabled/.test(text) ? operators.filter((op) => NOT_ON_WEBGPU.has(op)) : [];
  const why =
    lacking.length > 0
      ? `${device} has no kernel for ${lacking.join(', ')}.`
      : `${text.trim().replace(/\.?$/, '.')}${/explicitly disabled/.test(text) ? ` The graph uses ${operators.join(', ')}.` : ''}`;
  const advice = ADVICE[code];
  return new SaltError(
    code,
    `${doing} on ${device} failed: ${why}${advice ? ` ${advice}` : ''}`,
    { device, ...(lacking.length > 0 ? { operators: lacking } : {}) },
    { cause: error },
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
