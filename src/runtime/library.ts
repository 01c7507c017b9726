import type { InferenceSessionFactory, TensorConstructor } from 'onnxruntime-common';

/** What an executor needs from one of the ONNX Runtime packages (each brings its own copy of these classes). */
export interface Library {
  readonly InferenceSession: InferenceSessionFactory;
  readonly Tensor: TensorConstructor;
  /** Runs a task that calls into the library, after those before it where the library takes one call at a time. */
  readonly exclusive: <T>(task: () => Promise<T>) => Promise<T>;
}

/** A queue for libraries that refuse a second call while one is under way. A failed task does not stop the next. */
export function oneAtATime(): Library['exclusive'] {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const next = last.then(task, task);
    last = next.catch(() => undefined);
    return next;
  };
}
