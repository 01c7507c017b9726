import type { WorkerOptions } from 'node:worker_threads';

/**
 * What `new Worker(entry, ...)` needs for an entry that may be TypeScript source. Compiled code needs nothing. For source,
 * tsx registers itself in threads only where Node has synchronous hooks (22.15); in Node 20 each thread must do it.
 */
export function workerOptions(entry: URL): WorkerOptions {
  if (!entry.pathname.endsWith('.ts')) return {};
  const register = `import { register } from '${import.meta.resolve('tsx/esm/api')}'; register();`;
  return { execArgv: ['--import', `data:text/javascript,${encodeURIComponent(register)}`] };
}
