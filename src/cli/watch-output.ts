import { unwritable } from '../runtime/files.node.ts';
import type { Console } from './console.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { hasBegunJob, leave, stopJobs } from './run-job.ts';

/** Of streams whose reader has left. */
const CLOSED: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED']);

/**
 * What happens when stdout or stderr cannot be written. Output cut off by `| head` is no failure; a job is stopped by it,
 * as by Ctrl-C, and its command keeps what there is to keep. Anything else is told, once.
 */
export function watchOutput(console: Console): void {
  let isTold = false;
  for (const [name, stream] of [
    ['stdout', process.stdout],
    ['stderr', process.stderr],
  ] as const) {
    // It comes again with every line.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (CLOSED.has(error.code)) {
        if (!hasBegunJob()) process.exit(EXIT.ok);
        stopJobs();
        return;
      }
      if (isTold) return;
      isTold = true;
      const failure = unwritable(name, error);
      // Of a job, the failure reaches whoever runs it.
      if (stopJobs(failure)) return;
      console.failure(failure);
      if (!hasBegunJob()) leave(exitCodeOf(failure));
      process.exitCode = exitCodeOf(failure);
    });
  }
}
