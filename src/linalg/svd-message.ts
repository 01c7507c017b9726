import { SaltError } from '../protocol/errors.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { Floats } from './gemm.ts';
import { svd } from './svd.ts';
import type { Svd } from './svd.ts';

const OUT_OF_HEAP = 'ERR_WORKER_OUT_OF_MEMORY';

/** A matrix to factor: rows x cols, row-major. */
export interface SvdTask {
  readonly matrix: Floats;
  readonly rows: number;
  readonly cols: number;
}

/** What a worker sends back for one task; a failure as plain data, since an error loses its class on the way. */
export type SvdAnswer =
  | { readonly svd: Svd }
  | {
      readonly failure: {
        readonly code: ErrorCode;
        readonly message: string;
        readonly details: Readonly<Record<string, unknown>>;
      };
    };

/** What a worker does with one message, and the buffers that go back without being copied. */
export function answerSvdTask(task: SvdTask): { answer: SvdAnswer; transfer: ArrayBuffer[] } {
  try {
    const result = svd(task.matrix, task.rows, task.cols);
    return { answer: { svd: result }, transfer: buffersOf([result.u, result.s, result.vt]) };
  } catch (error) {
    const { code, message, details } = asSaltError(error);
    return { answer: { failure: { code, message, details } }, transfer: [] };
  }
}

/** The result in an answer. @throws SaltError the failure that the worker met */
export function readSvdAnswer(answer: SvdAnswer): Svd {
  if ('svd' in answer) return answer.svd;
  const { code, message, details } = answer.failure;
  throw new SaltError(code, message, details);
}

/** A task as it may be posted to a worker: alone in a buffer that can be given away (a view would drag along its whole file). */
export function detachableTask(task: SvdTask): { task: SvdTask; transfer: ArrayBuffer[] } {
  const matrix = task.matrix.slice();
  return { task: { ...task, matrix }, transfer: buffersOf([matrix]) };
}

/** Any failure of a factorisation or of its worker as one that a person may see. */
export function asSaltError(error: unknown): SaltError {
  if (error instanceof SaltError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  // An allocation that fails is a RangeError in a thread; a thread without heap ends with a code of Node's.
  const memory =
    error instanceof RangeError || (error instanceof Error && 'code' in error && error.code === OUT_OF_HEAP);
  const code = memory ? 'OUT_OF_MEMORY' : 'DEVICE_UNAVAILABLE';
  return new SaltError(code, `The SVD worker failed: ${reason}`, {}, { cause: error });
}

function buffersOf(arrays: readonly Floats[]): ArrayBuffer[] {
  return arrays.flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? [buffer] : []));
}
