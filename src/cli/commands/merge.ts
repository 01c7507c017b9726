import type { Command } from 'commander';
import { SaltError } from '../../protocol/errors.ts';
import { writeFileAtomic } from '../../runtime/files.node.ts';
import { mergeAdapter } from '../jobs/merge.ts';
import { findModel } from '../models/model-source.ts';
import { consoleOf, deviceOf, withDevice, withOutput } from '../options.ts';
import type { CommonOptions, DeviceCliOptions } from '../options.ts';
import { tellEvent } from '../tell-event.ts';
import { formatBytes } from '../../protocol/format-bytes.ts';
import { wholeNumber } from '../values.ts';

interface MergeOptions extends CommonOptions, DeviceCliOptions {
  readonly adapter: string;
  readonly model?: string;
  readonly out: string;
  readonly imageSize?: number;
}

const EXAMPLES = `
Examples:
  A checkpoint under Meta's names, which needs the adapter no more:
    ohif-salt merge --adapter vein.safetensors --out sam-vein.safetensors
  One ONNX file for other programs: image and text embedding in, logits out:
    ohif-salt merge --adapter vein.safetensors --out sam-vein.onnx
`;

export function addMerge(program: Command): void {
  const command = program
    .command('merge')
    .summary('compose an adapter into its model, as safetensors or ONNX')
    .description(
      'Composes an adapter into the weights of the model that it was trained on, and writes one file.',
    )
    .requiredOption('--adapter <file>', 'what "train" wrote')
    .option('--model <model>', 'the model that it was trained on, where it is not found by itself')
    .requiredOption('--out <file>', 'what to write: .safetensors or .onnx')
    .option(
      '--image-size <px>',
      "side of the image that a U-Net's ONNX file takes (default: 512)",
      wholeNumber(8, 8192),
    );
  withDevice(command);
  withOutput(command).addHelpText('after', EXAMPLES).action(runMerge);
}

async function runMerge(options: MergeOptions): Promise<void> {
  const { adapter, out, imageSize } = options;
  const model = options.model === undefined ? undefined : await findModel(options.model);
  const console = consoleOf(options);
  const progress = console.progress();
  const bytes = await mergeAdapter(
    {
      ...deviceOf(options),
      adapter,
      ...(model && { model }),
      format: formatOf(out),
      out,
      ...(imageSize !== undefined && { imageSize }),
    },
    (event) => tellEvent(event, console, progress),
  ).finally(() => progress.stop());
  await writeFileAtomic(out, bytes);
  console.result(`Wrote ${out} (${formatBytes(bytes.byteLength)}).`, { out, bytes: bytes.byteLength });
}

function formatOf(out: string): 'safetensors' | 'onnx' {
  if (out.endsWith('.safetensors')) return 'safetensors';
  if (out.endsWith('.onnx')) return 'onnx';
  throw new SaltError('INVALID_ARGUMENT', `--out must end in .safetensors or .onnx; "${out}" does not.`);
}
