import { encodeMergedSam, exportOnnx } from '../../adapters/index.ts';
import type { AdapterInfo } from '../../adapters/index.ts';
import type { SamBase } from '../../inference/sam-base.ts';
import { unetOfAdapter } from '../../inference/trained-model.ts';
import { SaltError } from '../../protocol/errors.ts';
import { findBase, searchBase } from '../models/find-base.ts';
import { readAdapter } from '../models/load-model.ts';
import type { ModelSource } from '../models/model-source.ts';
import { textEncoderOf } from '../models/shipped.ts';
import { requireOtherFile } from '../outputs.ts';
import { nodeFactor, openDevice } from './device.ts';
import type { CommonEvent, DeviceOptions } from './device.ts';
import { openModel } from './open-model.ts';

export interface MergeRequest extends DeviceOptions {
  readonly adapter: string;
  /** The base, where it cannot be found by itself. */
  readonly model?: ModelSource;
  readonly format: 'safetensors' | 'onnx';
  /** Where the file will be written. */
  readonly out: string;
  /** Side of the square image that an ONNX file of a U-Net takes, in pixels. Default: 512. */
  readonly imageSize?: number;
}

const UNET_SIDE = 512;

/**
 * An adapter composed into its base model's weights, as the bytes of one file.
 * @throws SaltError `INVALID_ARGUMENT` for what cannot be merged, and where the file would replace one that is read
 */
export async function mergeAdapter(
  request: MergeRequest,
  emit: (event: CommonEvent) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const { adapter, out } = request;
  await requireOtherFile(out, [adapter]);
  const file = await readAdapter(adapter);
  const isUnet = unetOfAdapter(file) !== undefined;
  if (isUnet && request.format === 'safetensors') {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `${adapter} is a U-Net with all its weights, not an adapter: it can be used as --model as it is.`,
    );
  }
  if (!isUnet && request.imageSize !== undefined) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `--image-size is for a U-Net's ONNX file: ${adapter} is a SAM's, and sees images of the side that it was taught for.`,
    );
  }
  const model = request.model ?? (isUnet ? undefined : await searchBase(file.info, adapter));
  if (model?.kind === 'file') await requireOtherFile(out, [model.path]);
  const base = request.format === 'onnx' ? undefined : await baseOf(file.info, adapter, model);
  const { executor } = await openDevice(request, emit);
  const factor = nodeFactor(emit, new AbortController().signal);
  const merged = await openModel({ adapter, ...(model && { model }) }, factor, executor);
  await executor.dispose();
  const side = merged.input.framing === 'square' ? merged.input.side : (request.imageSize ?? UNET_SIDE);
  const size = { width: side, height: side };
  const { imageSize, frameSize } = file.info;
  if (request.format === 'onnx' && frameSize !== undefined) {
    const longest = Math.round((frameSize * side) / imageSize);
    const text = `Its ONNX file takes tiles of ${side} px, cut from frames that are scaled until their longest side is ${longest} px.`;
    emit({ kind: 'message', text });
  }
  if (base) emit({ kind: 'message', text: howToSegment(file.info) });
  else if (file.info.stillBackground === 'subtracted') {
    const text =
      'The adapter was taught on frames of angiographic runs less what stands still in them: take that off before the model sees a frame.';
    emit({ kind: 'message', text });
  }
  if (!base) return exportOnnx(merged.modelAt(size), merged.weightsAt(size));
  const weights = merged.weightsAt({ width: imageSize, height: imageSize });
  const detail = file.info.model.kind === 'sam' ? file.info.model.detail : undefined;
  return encodeMergedSam(weights, { ...base, detail }, imageSize);
}

/**
 * The model that the adapter was trained on, where a checkpoint can hold all that the adapter says.
 * @throws SaltError `INVALID_ARGUMENT` where it cannot; as `findBase` does
 */
async function baseOf(info: AdapterInfo, adapter: string, model: ModelSource | undefined): Promise<SamBase> {
  const keep = 'Keep to the adapter, or merge it into an .onnx file.';
  if (info.frameSize !== undefined) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `${adapter} sees frames of ${info.frameSize} px in tiles of ${info.imageSize} px, which no checkpoint can say: merged, it would draw other masks. ${keep}`,
    );
  }
  const base = await findBase(info, adapter, model);
  const { id } = await textEncoderOf(base);
  const foreign = info.prompts.find(({ encoder }) => encoder !== null && encoder !== id);
  if (!foreign) return base;
  throw new SaltError(
    'INVALID_ARGUMENT',
    `${adapter} was taught "${foreign.word}" by the text encoder ${foreign.encoder}, but its model asks by ${id}: merged, it would draw other masks. ${keep}`,
  );
}

/** What a checkpoint does not say of how it was taught. */
function howToSegment({ imageSize, segmentedAt = imageSize, stillBackground, prompts }: AdapterInfo): string {
  const options = [
    `--image-size ${segmentedAt}`,
    ...(stillBackground === 'subtracted' ? [] : ['--no-subtract']),
    ...prompts.map(({ word }) => `--prompt "${word}"`),
  ];
  return `For the masks that the adapter draws, segment with the merged file as --model, and ${options.join(' ')}.`;
}
