import type { Command } from 'commander';
import { addImport } from './models/import.ts';
import { addInspect } from './models/inspect.ts';
import { addList } from './models/list.ts';
import { addPull } from './models/pull.ts';
import { addRemove } from './models/remove.ts';

const EXAMPLES = `
Examples:
    ohif-salt models list
    ohif-salt models pull sam-vit-b
    ohif-salt models import sam-vit-b
    ohif-salt models inspect vein.safetensors
    ohif-salt models remove sam-vit-b
`;

export function addModels(program: Command): void {
  const command = program
    .command('models')
    .summary('fetch, prepare, list and remove models; look into files')
    .description('Models by name: what there is, what can be fetched, and what is in a file.')
    .addHelpText('after', EXAMPLES);
  addList(command);
  addPull(command);
  addImport(command);
  addInspect(command);
  addRemove(command);
}
