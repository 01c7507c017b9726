/** Loaded into a process with `--import`: as its last line on stderr it says how much memory it took at most. */
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  process.on('exit', () => {
    process.stderr.write(`\npeak megabytes ${process.resourceUsage().maxRSS / 1024}\n`);
  });
}
