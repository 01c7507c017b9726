import type { FloatTensor } from '../graph/tensor.ts';
import { samMetadata } from '../model/checkpoint/load-sam.ts';
import { encodeSafetensors } from '../model/checkpoint/safetensors-writer.ts';
import { expectedTensors, expectedTextAffine } from '../model/checkpoint/sam-tensors.ts';
import { expectedDetailTensors } from '../model/detail/index.ts';
import type { DetailConfig } from '../model/detail/index.ts';
import type { SamConfig } from '../model/sam-config.ts';
import { TEXT_ENCODER_PREFIX } from '../model/text/built-in-text.ts';
import { SaltError } from '../protocol/errors.ts';

/**
 * A merged SAM as safetensors under Meta's names, with the text affine layer, and with detail head and text encoder, if there
 * are such. Its position tables are those of the image size that the adapter was trained at, and its configuration says so.
 * @param merged the result of `mergeWeights`; what is computed from it for one size is left out
 * @throws SaltError `CHECKPOINT_MISMATCH` listing the tensors that `merged` lacks
 */
export function encodeMergedSam(
  merged: ReadonlyMap<string, FloatTensor>,
  {
    config,
    detail,
    textEncoder = new Map(),
  }: {
    readonly config: SamConfig;
    readonly detail?: DetailConfig | undefined;
    readonly textEncoder?: ReadonlyMap<string, FloatTensor> | undefined;
  },
  imageSize: number,
): Uint8Array<ArrayBuffer> {
  const sized = { ...config, imageSize };
  const tensors = new Map<string, FloatTensor>();
  const missing: string[] = [];
  const head = detail ? expectedDetailTensors(sized, detail) : [];
  for (const { name } of [...expectedTensors(sized), ...expectedTextAffine(sized), ...head]) {
    const tensor = merged.get(name);
    if (tensor) tensors.set(name, tensor);
    else missing.push(name);
  }
  if (missing.length > 0) {
    throw new SaltError('CHECKPOINT_MISMATCH', `The merged model lacks ${missing.join(', ')}.`, { missing });
  }
  for (const [name, tensor] of textEncoder) tensors.set(TEXT_ENCODER_PREFIX + name, tensor);
  return encodeSafetensors(tensors, samMetadata(sized, detail));
}
