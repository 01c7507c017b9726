import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { SaltError } from '../../protocol/errors.ts';

/**
 * Runs one command of this program as a person would, says so, and returns the lines that it wrote to stdout. What it
 * tells people goes through.
 * @throws SaltError `INVALID_ARGUMENT` when it ends with an error, which it has explained itself
 */
export async function command(...args: readonly string[]): Promise<string[]> {
  process.stderr.write(`\n$ ohif-salt ${args.join(' ')}\n`);
  const [, script = ''] = process.argv;
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0)
    throw new SaltError('INVALID_ARGUMENT', `The demo stopped at "ohif-salt ${args[0] ?? ''}".`);
  return lines;
}
