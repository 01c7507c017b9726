import type { Command } from 'commander';
import { SaltError } from '../../protocol/errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { SegmentJob } from '../jobs/segment-job.ts';
import { findModel } from '../models/model-source.ts';
import { consoleOf, deviceOf, masksOf, repeated, withDevice, withMasks, withOutput } from '../options.ts';
import type { CommonOptions, DeviceCliOptions, MaskCliOptions } from '../options.ts';
import { runJob } from '../run-job.ts';
import { tellEvent } from '../tell-event.ts';
import type { BoxPrompt } from '../../model/sam/index.ts';
import type { Click, PlacePrompt } from '../../inference/place-prompt.ts';
import { box, click, wholeNumber } from '../values.ts';

export interface ModelCliOptions {
  readonly adapter?: string;
  readonly model?: string;
  readonly imageSize?: number;
  readonly detail: boolean;
}

interface SegmentOptions extends CommonOptions, DeviceCliOptions, MaskCliOptions, ModelCliOptions {
  readonly prompt?: readonly string[];
  readonly click?: readonly Click[];
  readonly box?: BoxPrompt;
  readonly subtract: boolean;
  readonly steady: boolean;
  readonly out: string;
}

const EXAMPLES = `
Examples:
  All images of a folder:
    ohif-salt segment --adapter vein.safetensors --prompt Vein --out found frames/images
  A DICOM cine: a PNG for each frame, and one DICOM segmentation for the file:
    ohif-salt segment --adapter vein.safetensors --out found run1.dcm
  The model that ships, as it is:
    ohif-salt segment --model salt-tiny --prompt "optic disc" --out found fundus.png
  By clicks and a box, as SAM takes them (the second click is beside the structure); with a word, inside a box:
    ohif-salt segment --model sam_vit_b_01ec64.pth --click 210,140 --click 60,300,off --out found frame.png
    ohif-salt segment --model salt-tiny --box 100,80,400,300 --prompt vein --out found frame.png

An adapter finds the model it was trained on by itself where it was trained, and in the folder of models; elsewhere
give that model with --model. Masks are PNG files: 255 for the structure, 0 for the rest. An image in a folder
images/ with a folder fov/ beside it is segmented inside its field of view.
`;

export function addSegment(program: Command): void {
  const command = program
    .command('segment')
    .summary('draw masks on images')
    .description('Segments image files, DICOM files (every frame of them) and folders of both.')
    .argument('<inputs...>', 'files and folders')
    .requiredOption('--out <folder>', 'where masks are written: a folder of their own')
    .option(
      '--prompt <word>',
      'what to segment; may be given several times (default: all that was taught)',
      repeated,
    )
    .option('--click <x,y[,off]>', 'a place on the structure, or off it; may be given several times', click)
    .option(
      '--box <left,top,right,bottom>',
      'where the structure is, in pixels of the frame; with a word, where to look for it',
      box,
    )
    .option(
      '--no-subtract',
      'see frames of an angiographic run as they are, with what stands still in it (default: without, by a model that sees runs so)',
    )
    .option(
      '--no-steady',
      'frames of such a run each on their own (default: each is averaged with the two beside it, vessels brought back to where they were)',
    );
  withModel(command);
  withMasks(command);
  withDevice(command);
  withOutput(command).addHelpText('after', EXAMPLES).action(runSegment);
}

/** `--adapter` or `--model`. */
export function withModel(command: Command): Command {
  return command
    .option('--adapter <file>', 'what "train" wrote')
    .option('--model <model>', 'a model as it is; with --adapter, the model that it was trained on')
    .option(
      '--image-size <px>',
      "side of SAM's input, for a model as it is (default: 512; 640 where it has a detail head and frames are no larger)",
      wholeNumber(8, 8192),
    )
    .option('--no-detail', "SAM's own masks, without what its detail head adds");
}

export async function modelRequestOf({ adapter, model, imageSize, detail }: ModelCliOptions) {
  if (adapter === undefined && model === undefined) {
    throw new SaltError('INVALID_ARGUMENT', 'Say what to segment with: --adapter FILE or --model MODEL.');
  }
  return {
    ...(adapter !== undefined && { adapter }),
    ...(model !== undefined && { model: await findModel(model) }),
    ...(imageSize !== undefined && { imageSize }),
    detail,
  };
}

function placeOf({ click: clicks = [], box: around }: SegmentOptions): { readonly place?: PlacePrompt } {
  if (clicks.length === 0 && !around) return {};
  return { place: { clicks, ...(around && { box: around }) } };
}

async function runSegment(inputs: readonly string[], options: SegmentOptions): Promise<void> {
  const console = consoleOf(options);
  const progress = console.progress();
  const result = await runJob<SegmentJob>({
    name: 'segment',
    request: {
      ...deviceOf(options),
      ...masksOf(options),
      ...(await modelRequestOf(options)),
      inputs,
      words: options.prompt ?? [],
      subtract: options.subtract,
      steady: options.steady,
      out: options.out,
      ...placeOf(options),
    },
    console,
    onEvent(event) {
      if (event.kind !== 'file') tellEvent(event, console, progress);
      else progress.update(event.done / event.total, `${event.done} of ${event.total} files ${event.file}`);
    },
  }).finally(() => progress.stop());
  const { frames, segmentations, problems } = result;
  const seg = segmentations.length > 0 ? ` and ${segmentations.length} DICOM segmentation(s)` : '';
  console.result(`Wrote ${frames.length} mask(s)${seg} to ${options.out}.`, result);
  if (problems.length > 0) {
    console.tell(`${problems.length} file(s) could not be segmented, or not in full; see above.`);
    process.exitCode = EXIT.data;
  }
}
