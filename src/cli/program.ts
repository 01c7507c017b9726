import { Command } from 'commander';
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

type AddCommand = (program: Command) => void;

/** In the order of the help. Each is loaded when it is needed: all of them together take most of a second to load. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  serve: async () => (await import('./commands/serve.ts')).addServe,
  demo: async () => (await import('./commands/demo.ts')).addDemo,
  train: async () => (await import('./commands/train.ts')).addTrain,
  segment: async () => (await import('./commands/segment.ts')).addSegment,
  evaluate: async () => (await import('./commands/evaluate.ts')).addEvaluate,
  merge: async () => (await import('./commands/merge.ts')).addMerge,
  parameters: async () => (await import('./commands/parameters.ts')).addParameters,
  verify: async () => (await import('./commands/verify.ts')).addVerify,
  doctor: async () => (await import('./commands/doctor.ts')).addDoctor,
  models: async () => (await import('./commands/models.ts')).addModels,
  pretrain: async () => (await import('./commands/pretrain.ts')).addPretrain,
};

/** @param name of the only command that will be run; what is none brings all of them, for help and suggestions */
export async function createProgram(name: string | undefined): Promise<Command> {
  const program = new Command('ohif-salt')
    .description('Teaches Segment Anything, or a U-Net, to draw vessels, and lets it draw.')
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError('Add --help to see how it is used.')
    .addHelpText('after', HELP);
  const only = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  for (const load of only ? [only] : Object.values(COMMANDS)) (await load())(program);
  return program;
}
