import { Command } from 'commander';
import { addDemo } from './commands/demo.ts';
import { addDoctor } from './commands/doctor.ts';
import { addEvaluate } from './commands/evaluate.ts';
import { addMerge } from './commands/merge.ts';
import { addModels } from './commands/models.ts';
import { addParameters } from './commands/parameters.ts';
import { addPretrain } from './commands/pretrain.ts';
import { addSegment } from './commands/segment.ts';
import { addServe } from './commands/serve.ts';
import { addTrain } from './commands/train.ts';
import { addVerify } from './commands/verify.ts';
import { VERSION } from './version.ts';

const HELP = `
Start here:
  ohif-salt doctor                                                     what this machine can do
  ohif-salt train --data frames --model unet --minutes 15 --out a.safetensors
  ohif-salt evaluate --adapter a.safetensors --data frames
  ohif-salt segment --adapter a.safetensors --out found frames/images

Every command has its own help with examples: ohif-salt train --help

Exit codes: 0 done, 1 a check failed, 2 wrong usage, 3 unusable data or model, 4 device or memory, 130 cancelled.
Environment: OHIF_SALT_MODELS is the folder of models, OHIF_SALT_MIRROR where to fetch them from instead,
OHIF_SALT_CACHE the folder of things worth keeping between runs.
`;

export function createProgram(): Command {
  const program = new Command('ohif-salt')
    .description('Teaches Segment Anything, or a U-Net, to draw vessels, and lets it draw.')
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError('Add --help to see how it is used.')
    .addHelpText('after', HELP);
  addServe(program);
  addDemo(program);
  addTrain(program);
  addSegment(program);
  addEvaluate(program);
  addMerge(program);
  addParameters(program);
  addVerify(program);
  addDoctor(program);
  addModels(program);
  addPretrain(program);
  return program;
}
