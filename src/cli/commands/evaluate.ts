import type { Command } from 'commander';
import { SaltError } from '../../protocol/errors.ts';
import type { EvaluateJob, EvaluateResult } from '../jobs/evaluate-job.ts';
import { consoleOf, deviceOf, masksOf, withDevice, withMasks, withOutput } from '../options.ts';
import type { CommonOptions, DeviceCliOptions, MaskCliOptions } from '../options.ts';
import { runJob } from '../run-job.ts';
import { table } from '../table.ts';
import { tellEvent } from '../tell-event.ts';
import { modelRequestOf, withModel } from './segment.ts';
import type { ModelCliOptions } from './segment.ts';

interface EvaluateOptions extends CommonOptions, DeviceCliOptions, MaskCliOptions, ModelCliOptions {
  readonly data?: string;
  readonly dicom?: readonly string[];
  readonly split?: string;
  readonly prompt?: string;
}

const EXAMPLES = `
Examples:
    ohif-salt evaluate --adapter vein.safetensors --data frames --split test
    ohif-salt evaluate --model sam_vit_b_01ec64.pth --data frames --json > before.json

Masks are compared at the frame's own size, inside the masks of fov/ where the data set has them. HD95 is the 95th
percentile of the symmetric distance between outlines. Where only one of two masks is empty it is the diagonal of
the image (or of the box around its field of view); where both are, it is 0 and Dice is 1.
`;

export function addEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .summary('compare masks with those of a data set: Dice, HD95 and more')
    .description('Segments the frames of a data set and scores the masks, image by image and on average.')
    .option('--data <folder>', 'folder with images/ and masks/, or of DICOM files')
    .option('--dicom <files...>', 'DICOM images and segmentations, or folders of them')
    .option('--split <name>', 'only images that data_split.csv puts there, e.g. test')
    .option('--prompt <word>', 'what to segment (default: the first word that was taught, or else Vein)');
  withModel(command);
  withMasks(command);
  withDevice(command);
  withOutput(command).addHelpText('after', EXAMPLES).action(runEvaluate);
}

async function runEvaluate(options: EvaluateOptions): Promise<void> {
  const { data, dicom = [], split, prompt } = options;
  if (data === undefined && dicom.length === 0) {
    throw new SaltError('INVALID_ARGUMENT', 'Say what to compare with: --data FOLDER or --dicom FILES.');
  }
  const console = consoleOf(options);
  const progress = console.progress();
  const result = await runJob<EvaluateJob>({
    name: 'evaluate',
    request: {
      ...deviceOf(options),
      ...masksOf(options),
      ...(await modelRequestOf(options)),
      ...(data !== undefined && { folder: data }),
      dicom,
      ...(split !== undefined && { split }),
      ...(prompt !== undefined && { word: prompt }),
    },
    console,
    onEvent(event) {
      if (event.kind !== 'image') tellEvent(event, console, progress);
      else {
        const last = event.dice === null ? '' : `, Dice ${event.dice.toFixed(3)}`;
        progress.update(event.done / event.total, `${event.done} of ${event.total} images${last}`);
      }
    },
  }).finally(() => progress.stop());
  console.result(textOf(result), result);
}

const COLUMNS = [
  ['Dice', 'dice', 4],
  ['HD95 px', 'hd95', 2],
  ['HD95 mm', 'hd95Mm', 2],
  ['IoU', 'iou', 4],
  ['clDice', 'clDice', 4],
  ['sensitivity', 'sensitivity', 4],
  ['specificity', 'specificity', 4],
] as const;

function textOf({ word, flips, images, summary }: EvaluateResult): string {
  const shown = COLUMNS.filter(([, metric]) => summary.metrics[metric].n > 0);
  const rows = images.map(({ id, scores }) => [
    id,
    ...shown.map(([, metric, digits]) => scores[metric]?.toFixed(digits) ?? '-'),
  ]);
  const means = shown.map(([, metric, digits]) => {
    const { mean, std } = summary.metrics[metric];
    return `${mean?.toFixed(digits) ?? '-'}${std === null ? '' : ` ± ${std.toFixed(digits)}`}`;
  });
  const inside = images.filter(({ insideFieldOfView }) => insideFieldOfView).length;
  return [
    table([['image', ...shown.map(([name]) => name)], ...rows, ['mean ± deviation', ...means]]),
    `${images.length} image(s), "${word}", ${inside === images.length ? 'all' : inside === 0 ? 'none' : `${inside} of them`} ` +
      `inside a field of view, averaged over ${flips} mirror image(s).`,
  ].join('\n');
}
