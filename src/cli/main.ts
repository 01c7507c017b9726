#!/usr/bin/env node
import { CommanderError } from 'commander';
import { createConsole } from './console.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { createProgram } from './program.ts';
import { leave } from './run-job.ts';
import { watchOutput } from './watch-output.ts';

const console = createConsole({ json: false, verbose: process.argv.includes('--verbose') });
watchOutput(console);

try {
  const program = await createProgram(process.argv[2]);
  await program.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has said what is wrong; help and version are no failures.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  } else {
    console.failure(error);
    leave(exitCodeOf(error));
  }
}
