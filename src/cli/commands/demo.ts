import type { Command } from 'commander';
import { runDemo } from '../demo/index.ts';
import { consoleOf, withOutput } from '../options.ts';
import type { CommonOptions } from '../options.ts';

interface DemoOptions extends CommonOptions {
  readonly out: string;
}

export function addDemo(program: Command): void {
  const command = program
    .command('demo')
    .summary('see the whole loop on drawn angiograms')
    .description(
      'Draws angiograms, trains on some of them, segments the others, and writes a page that shows it.',
    )
    .option('--out <folder>', 'where everything goes: a folder of its own', 'out/demo');
  withOutput(command).action(async (options: DemoOptions) => {
    const page = await runDemo(options.out);
    consoleOf(options).result(`\nOpen ${page} in a browser.`, { page });
  });
}
