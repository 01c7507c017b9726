import { svdAll } from '../../../src/linalg/svd-all.ts';
import { SaltError } from '../../../src/protocol/errors.ts';
import { webSvdPool } from '../../../src/runtime/svd-pool.web.ts';
import { gaussian } from '../../linalg/matrices.ts';

export interface Arguments {
  /** Rows and columns of each matrix; its seed is its number of rows. */
  readonly shapes: readonly (readonly [number, number])[];
}

export interface Result {
  /** U, s and Vt of each matrix, one after the other. */
  readonly factors: readonly (readonly number[])[];
  /** Code of the error that a matrix with NaN gives. */
  readonly notFinite: string;
  /** Code of the error when cancelled during a matrix that takes seconds, and the milliseconds until it came. */
  readonly cancelled: string;
  /** Matrices of the one that was cancelled. */
  readonly finishedAnyway: number;
}

/** SVDs in two Web Workers. */
export async function main({ shapes }: Arguments): Promise<Result> {
  const tasks = shapes.map(([rows, cols]) => ({ matrix: gaussian(rows, cols, rows), rows, cols }));
  const svds = await svdAll(tasks, { pool: webSvdPool, concurrency: 2 });
  const bad = { matrix: new Float32Array([1, NaN]), rows: 1, cols: 2 };
  const notFinite = await codeOf(svdAll([bad], { pool: webSvdPool }));

  const long = { matrix: gaussian(1000, 1000, 1), rows: 1000, cols: 1000 };
  const controller = new AbortController();
  let done = 0;
  const onProgress = (): void => {
    done++;
  };
  const running = codeOf(svdAll([long], { pool: webSvdPool, signal: controller.signal, onProgress }));
  await new Promise((resolve) => setTimeout(resolve, 300));
  controller.abort();
  const cancelled = await running;
  return {
    factors: svds.map(({ u, s, vt }) => [...u, ...s, ...vt]),
    notFinite,
    cancelled,
    finishedAnyway: done,
  };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'no error';
  } catch (error) {
    return error instanceof SaltError ? error.code : String(error);
  }
}
