import { basename, dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { SaltError } from '../../../protocol/errors.ts';
import { belongingsOf, removeBelongings } from '../../../runtime/models/remove.node.ts';
import { modelsFolder } from '../../models/folders.ts';
import { findModel } from '../../models/model-source.ts';
import { registeredModels } from '../../models/registry.ts';
import { SHIPPED_PATH } from '../../models/shipped.ts';
import { consoleOf, withOutput } from '../../options.ts';
import type { CommonOptions } from '../../options.ts';
import { formatBytes } from '../../../protocol/format-bytes.ts';

interface RemoveOptions extends CommonOptions {
  readonly yes?: true;
}

const NOTES = `
Example:
    ohif-salt models remove sam-vit-h

Removes the files of a model in the folder of models, prepared and as they were fetched, and its decomposed weights from
the cache; of a checkpoint that you put there yourself, that one file. All else in its folder is kept, adapters too; those
that were trained on it need it again to be used. So is the record of its hash.
`;

export function addRemove(models: Command): void {
  withOutput(
    models
      .command('remove')
      .summary('delete a model and its decomposed weights')
      .description('Deletes a model of the folder of models.')
      .argument('<name>', 'as "models list" gives it')
      .option('--yes', 'do not ask'),
  )
    .addHelpText('after', NOTES)
    .action(runRemove);
}

async function runRemove(name: string, options: RemoveOptions): Promise<void> {
  const console = consoleOf(options);
  const found = await findModel(name);
  if (found.kind === 'file' && resolve(found.path) === resolve(SHIPPED_PATH)) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `"${name}" comes with the program, and is needed by it: there is nothing to remove.`,
    );
  }
  if (found.kind !== 'file') {
    throw new SaltError('INVALID_ARGUMENT', `"${name}" is made on the spot: there is nothing to remove.`);
  }
  const around = dirname(resolve(found.path));
  const models = resolve(modelsFolder());
  const hasFolder = dirname(around) === models;
  if (!hasFolder && around !== models) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `${found.path} is not in the folder of models, ${models}: delete it yourself.`,
    );
  }
  const registered = registeredModels().find((model) => hasFolder && model.name === basename(around));
  const belongings = await belongingsOf(found.path, { hasFolder, ...(registered && { registered }) });
  const { files, factors } = belongings;
  const [own, cached] = [total(files), total(factors)];
  const what = `${files.length} files of ${formatBytes(own)}${factors.length > 0 ? `, and ${factors.length} decomposed weights of ${formatBytes(cached)}` : ''}`;
  if (!options.yes && !(await confirmed(`Remove "${name}": ${what}? [y/N] `))) {
    throw new SaltError('CANCELLED', 'Nothing was removed.');
  }
  await removeBelongings(belongings);
  console.result(`Removed "${name}": ${formatBytes(own + cached)} are free again.`, {
    name,
    bytesFreed: own + cached,
    files: files.map(({ path }) => path),
    factors: factors.length,
  });
}

function total(files: readonly { readonly bytes: number }[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** @throws SaltError `INVALID_ARGUMENT` where nobody can answer, `CANCELLED` after Ctrl-C or Ctrl-D */
export async function confirmed(
  question: string,
  input: NodeJS.ReadableStream & { readonly isTTY?: boolean } = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
): Promise<boolean> {
  if (!input.isTTY) {
    throw new SaltError('INVALID_ARGUMENT', 'Nobody is there to be asked: add --yes to remove it.');
  }
  const terminal = createInterface({ input, output });
  try {
    return /^y(?:es)?$/i.test((await terminal.question(question)).trim());
  } catch (cause) {
    throw new SaltError('CANCELLED', 'Nothing was removed.', {}, { cause });
  } finally {
    terminal.close();
  }
}
