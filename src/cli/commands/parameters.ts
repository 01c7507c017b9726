import type { Command } from 'commander';
import {
  countParameters,
  createAdapter,
  methodFor,
  parseMethod,
  samDenominators,
} from '../../adapters/index.ts';
import type { MethodConfig, MethodInput, ParameterCount } from '../../adapters/index.ts';
import { samModelOf } from '../../inference/sam-base.ts';
import type { SamBase } from '../../inference/sam-base.ts';
import { allStages } from '../../model/segmentation-model.ts';
import { UNET_DEFAULTS, unetModel } from '../../model/unet.ts';
import { samSide } from '../../model/sam-side.ts';
import { SaltError } from '../../protocol/errors.ts';
import { runNoteText } from '../../protocol/run-note.ts';
import { loadModel } from '../models/load-model.ts';
import { findModel } from '../models/model-source.ts';
import { RANDOM_SAMS } from '../models/random-models.ts';
import { consoleOf, methodOf, withMethod, withOutput } from '../options.ts';
import type { CommonOptions, MethodCliOptions } from '../options.ts';
import { table } from '../table.ts';
import { wholeNumber } from '../values.ts';

interface ParametersOptions extends CommonOptions, MethodCliOptions {
  readonly model?: string;
  readonly imageSize?: number;
}

/** A SAM, and its detail head where it has one. */
type CountedSam = Pick<SamBase, 'config' | 'detail'>;

interface Row {
  readonly name: string;
  readonly method: MethodConfig;
  readonly count: ParameterCount;
}

/** The rows of the published table. */
const PUBLISHED: readonly (readonly [string, MethodInput])[] = [
  ['S-SAM', { method: 'ssam' }],
  ['LoRA-4', { method: 'lora', rank: 4 }],
  ['LoRA-256', { method: 'lora', rank: 256 }],
  ['SALT-4', { method: 'salt', loraRank: 4 }],
  ['SALT-256', { method: 'salt', loraRank: 256 }],
];

const COLUMNS = [
  { group: 'adapter', title: 'adapters' },
  { group: 'norms', title: 'norms' },
  { group: 'positions', title: 'positions' },
  { group: 'textAffine', title: 'text affine' },
  { group: 'detail', title: 'detail head' },
  { group: 'weights', title: 'weights' },
] as const;

const NO_HEAD =
  'Without the detail head that "train" gives to a SAM that has none, and trains with it (--no-detail: it does not).';

const EXAMPLES = `
Examples:
    ohif-salt parameters                                     the published table, counted from the code
    ohif-salt parameters --method salt --rank 100 --lora-rank 16
    ohif-salt parameters --model sam_vit_l.pth --method lora --rank 8
`;

export function addParameters(program: Command): void {
  const command = program
    .command('parameters')
    .summary('count what each method trains')
    .description('Counts trained parameters from the graphs themselves, with what the percentages refer to.')
    .option('--model <model>', 'a SAM or unet (default: SAM ViT-B)')
    .option('--image-size <px>', "side of the model's input (default: 512)", wholeNumber(8, 8192));
  withMethod(command);
  withOutput(command).addHelpText('after', EXAMPLES).action(runParameters);
}

async function runParameters(options: ParametersOptions): Promise<void> {
  const console = consoleOf(options);
  const { name, sam } = await modelOf(options.model ?? 'random:b');
  const asked = methodOf(options);
  if (!sam) {
    if (options.imageSize !== undefined) {
      throw new SaltError(
        'INVALID_ARGUMENT',
        'A U-Net trains the same numbers at any --image-size: leave it out.',
      );
    }
    const model = unetModel(UNET_DEFAULTS, { batchSize: 1, imageSize: 2 ** UNET_DEFAULTS.poolings });
    const method = parseMethod(asked ?? { method: 'full' });
    const count = countParameters(createAdapter(method, allStages(model)), []);
    console.result(`A U-Net with ${UNET_DEFAULTS.features} features trains ${million(count.trainable)}.`, {
      model: name,
      rows: [{ name: 'U-Net', method, count }],
    });
    return;
  }
  const imageSize = options.imageSize ?? samSide(sam.config.imageSize);
  const rows = (asked ? [[asked.method, asked] as const] : PUBLISHED).map(([row, method]) =>
    rowOf(row, method, sam, imageSize),
  );
  const title = `${options.model === undefined ? 'SAM ViT-B' : name} at ${imageSize} px`;
  const text = [
    `${title}\n\n${textOf(rows)}`,
    ...(options.model !== undefined && !sam.detail ? [NO_HEAD] : []),
  ];
  console.result(text.join('\n'), { model: name, imageSize, rows });
}

/** @returns no SAM for a U-Net */
async function modelOf(reference: string): Promise<{ name: string; sam?: CountedSam }> {
  const config = RANDOM_SAMS.get(reference);
  if (config) return { name: reference, sam: { config } };
  const loaded = await loadModel(await findModel(reference));
  if (loaded.kind === 'unet') return { name: loaded.name };
  return { name: loaded.base.name, sam: loaded.base };
}

function rowOf(name: string, input: MethodInput, sam: CountedSam, imageSize: number): Row {
  const method = methodFor(sam.config, input);
  const model = samModelOf(sam, { batchSize: 1, imageSize, prompts: { text: true } });
  const adapter = createAdapter(method, allStages(model));
  return { name, method, count: countParameters(adapter, samDenominators(sam, imageSize)) };
}

function textOf(rows: readonly Row[]): string {
  const shares = rows[0]?.count.shares ?? [];
  // A SAM without a detail head, such as the published ones, has no column for it.
  const columns = COLUMNS.filter(
    ({ group }) => group !== 'detail' || rows.some(({ count }) => count.groups.detail > 0),
  );
  const head = [
    'method',
    'trained',
    ...columns.map(({ title }) => title),
    ...shares.map((_, i) => `share ${i + 1}`),
  ];
  const body = rows.map(({ name, count: { trainable, groups, shares: of } }) => [
    name,
    million(trainable),
    ...columns.map(({ group }) => groups[group].toLocaleString('en')),
    ...of.map(({ percent }) => `${percent.toFixed(2)} %`),
  ]);
  const notes = new Set(
    rows.flatMap(({ name, count }) => count.notes.map((note) => `${name}: ${runNoteText(note)}`)),
  );
  return [
    table([head, ...body]),
    '',
    ...shares.map(({ name, parameters }, i) => `share ${i + 1}: of ${name}, ${million(parameters)}`),
    ...notes,
  ].join('\n');
}

function million(count: number): string {
  return `${(count / 1e6).toFixed(2)} M`;
}
