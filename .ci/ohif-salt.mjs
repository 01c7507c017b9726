#!/usr/bin/env node
/**
 * `npx ohif-salt` in a clone. dist/ is none of git's, so that the program itself cannot be what npm links to: this prepares the clone where
 * that is missing or out of date, and then is the program.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

// On stdout are results alone, which programs may read.
const { status } = spawnSync(process.execPath, [fileURLToPath(new URL('prepare.mjs', import.meta.url))], {
  stdio: ['ignore', process.stderr.fd, 'inherit'],
});
if (status !== 0) process.exit(1);
await import('../dist/cli/main.js');
