#!/usr/bin/env node
import { CommanderError } from 'commander';
import { createConsole } from './console.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { createProgram } from './program.ts';
import { leave } from './run-job.ts';

// Output cut off by `| head` is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

try {
  const program = await createProgram(process.argv[2]);
  await program.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has said what is wrong; help and version are no failures.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  } else {
    createConsole({ json: false, verbose: process.argv.includes('--verbose') }).failure(error);
    leave(exitCodeOf(error));
  }
}
