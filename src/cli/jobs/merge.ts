import { encodeMergedSam, exportOnnx } from '../../adapters/index.ts';
import { unetOfAdapter } from '../../inference/trained-model.ts';
import { SaltError } from '../../protocol/errors.ts';
import { findBase } from '../models/find-base.ts';
import { readAdapter } from '../models/load-model.ts';
import type { ModelSource } from '../models/model-source.ts';
import { nodeFactor, openDevice } from './device.ts';
import type { CommonEvent, DeviceOptions } from './device.ts';
import { openModel } from './open-model.ts';

export interface MergeRequest extends DeviceOptions {
  readonly adapter: string;
  /** The base, where it cannot be found by itself. */
  readonly model?: ModelSource;
  readonly format: 'safetensors' | 'onnx';
  /** Side of the square image that an ONNX file of a U-Net takes, in pixels. */
  readonly imageSize: number;
}

/** An adapter composed into its base model's weights, as the bytes of one file. */
export async function mergeAdapter(
  request: MergeRequest,
  emit: (event: CommonEvent) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const file = await readAdapter(request.adapter);
  const isUnet = unetOfAdapter(file) !== undefined;
  if (isUnet && request.format === 'safetensors') {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `${request.adapter} is a U-Net with all its weights, not an adapter: it can be used as --model as it is.`,
    );
  }
  const { executor } = await openDevice(request, emit);
  const factor = nodeFactor(emit, new AbortController().signal);
  const merged = await openModel(request, factor, executor);
  await executor.dispose();
  const side = merged.input.framing === 'square' ? merged.input.side : request.imageSize;
  const size = { width: side, height: side };
  const { imageSize, frameSize } = file.info;
  if (request.format === 'onnx' && frameSize !== undefined) {
    const text = `Its ONNX file takes tiles of ${side} px, cut from frames that are scaled until their longest side is ${frameSize} px.`;
    emit({ kind: 'message', text });
  }
  if (file.info.stillBackground === 'subtracted') {
    const text =
      'The adapter was taught on frames of angiographic runs less what stands still in them: take that off before the model sees a frame.';
    emit({ kind: 'message', text });
  }
  if (request.format === 'onnx') return exportOnnx(merged.modelAt(size), merged.weightsAt(size));
  const weights = merged.weightsAt({ width: imageSize, height: imageSize });
  const { config } = await findBase(file.info, request.adapter, request.model);
  const detail = file.info.model.kind === 'sam' ? file.info.model.detail : undefined;
  return encodeMergedSam(weights, { config, detail }, imageSize);
}
