import { Worker } from 'node:worker_threads';

/**
 * The URL of a module beside the caller's, whether the code runs compiled or, under tsx, from its source.
 * @param name without its extension, e.g. `train-worker.node`
 * @param caller its `import.meta.url`
 */
export function siblingModule(name: string, caller: string): URL {
  return new URL(`./${name}${caller.endsWith('.ts') ? '.ts' : '.js'}`, caller);
}

/**
 * Starts a worker thread from a module. Where that is TypeScript (tests, development), tsx is set up in the thread
 * first: in Node 20 a loader given by `--import` does not reach worker threads.
 */
export function startWorker(entry: URL): Worker {
  if (!entry.pathname.endsWith('.ts')) return new Worker(entry);
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const module = JSON.stringify(entry.href);
  return new Worker(`import(${loader}).then(({ register }) => (register(), import(${module})));`, {
    eval: true,
  });
}
