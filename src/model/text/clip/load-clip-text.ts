/** CLIP's text encoder out of a checkpoint, whoever named its tensors. */
import { floatTensor, sizeOf } from '../../../graph/tensor.ts';
import type { FloatTensor, Shape } from '../../../graph/tensor.ts';
import { SaltError } from '../../../protocol/errors.ts';
import { selectPrefix } from '../../checkpoint/checkpoint-source.ts';
import type { CheckpointSource } from '../../checkpoint/checkpoint-source.ts';
import { assertFinite } from '../../checkpoint/finite.ts';
import type { ClipActivation, ClipTextConfig } from './clip-config.ts';
import { clipTensors, HUGGING_FACE, OPEN_CLIP } from './clip-layouts.ts';
import type { ClipLayout, ClipTensor } from './clip-layouts.ts';

export interface ClipTextWeights {
  readonly config: ClipTextConfig;
  /** `token_embedding`, `positions`, and all that `clipText` reads. */
  readonly weights: ReadonlyMap<string, FloatTensor>;
}

/** Of every published CLIP. */
const HEAD_DEPTH = 64;
const LISTED = 6;

/** Whether a checkpoint has the tensors of a CLIP text encoder, complete or not. */
export function hasClipText(names: readonly string[]): boolean {
  return findLayout(names) !== undefined;
}

/** Where a checkpoint has a CLIP's text tensors. */
export interface ClipTextPlan {
  readonly layout: ClipLayout;
  /** Before all names of the checkpoint. */
  readonly prefix: string;
  readonly config: Omit<ClipTextConfig, 'activation'>;
  readonly tensors: readonly ClipTensor[];
}

/**
 * Finds a CLIP's text encoder by names and shapes alone; nothing else is read.
 * @throws SaltError `CHECKPOINT_MISMATCH` listing all that is missing or misshapen
 */
export function planClipText(source: CheckpointSource): ClipTextPlan {
  const found = findLayout(source.names);
  if (!found) {
    throw new SaltError(
      'CHECKPOINT_MISMATCH',
      `The checkpoint holds no CLIP text encoder: it has neither ${HUGGING_FACE.tokenEmbedding} nor ${OPEN_CLIP.tokenEmbedding}.`,
    );
  }
  const { layout, prefix } = found;
  const clip = selectPrefix(source, prefix);
  const shapes = new Map(clip.names.map((name) => [name, clip.shape(name)]));
  const config = inferConfig(shapes, layout);
  const tensors = clipTensors(config, layout);
  demand(tensors, shapes);
  return { layout, prefix, config, tensors };
}

/**
 * Reads the text tensors of a CLIP into memory; an image encoder beside them is left alone.
 * @param activation as `clipActivation` reads it from the configuration beside the checkpoint
 * @throws SaltError `CHECKPOINT_MISMATCH` listing all that is missing or misshapen; `NOT_FINITE`; `CHECKPOINT_INVALID`,
 *   `FILE_UNREADABLE`
 */
export async function loadClipText(
  source: CheckpointSource,
  activation: ClipActivation,
): Promise<ClipTextWeights> {
  const { prefix, config, tensors } = planClipText(source);
  const clip = selectPrefix(source, prefix);
  const weights = new Map<string, FloatTensor>();
  for (const tensor of tensors) weights.set(tensor.name, await readTensor(clip, tensor));
  return { config: { ...config, activation }, weights };
}

function findLayout(names: readonly string[]): { layout: ClipLayout; prefix: string } | undefined {
  // open_clip's mark is the end of transformers', which therefore comes first.
  for (const layout of [HUGGING_FACE, OPEN_CLIP]) {
    const mark = names.find((name) => `.${name}`.endsWith(`.${layout.tokenEmbedding}`));
    if (mark !== undefined) return { layout, prefix: mark.slice(0, -layout.tokenEmbedding.length) };
  }
  return undefined;
}

/** Where a tensor is missing or odd, its extents are taken from others or as 0, and `demand` says what is wrong. */
function inferConfig(
  shapes: ReadonlyMap<string, Shape>,
  layout: ClipLayout,
): Omit<ClipTextConfig, 'activation'> {
  const [vocabulary = 0, width = 0] = shapes.get(layout.tokenEmbedding) ?? [];
  const projection = shapes.get(layout.projection.name) ?? [];
  let layers = 0;
  while ([...shapes.keys()].some((name) => name.startsWith(layout.block(layers)))) layers += 1;
  if (layers === 0 || width === 0 || width % HEAD_DEPTH !== 0) {
    throw new SaltError(
      'CHECKPOINT_MISMATCH',
      `The checkpoint is no CLIP text encoder: it has ${layers} blocks of width ${width}; CLIP's width is a multiple of ${HEAD_DEPTH}.`,
    );
  }
  const [fc1 = ''] = layout.blockTensors['fc1.weight'] ?? [];
  return {
    width,
    layers,
    heads: width / HEAD_DEPTH,
    hidden: shapes.get(layout.block(0) + fc1)?.[0] ?? 4 * width,
    context: shapes.get(layout.positions)?.[0] ?? 77,
    vocabulary,
    dimension: projection[layout.projection.transposed ? 1 : 0] ?? width,
  };
}

function demand(wanted: readonly ClipTensor[], shapes: ReadonlyMap<string, Shape>): void {
  const missing = wanted.flatMap(({ from }) => from.filter((name) => !shapes.has(name)));
  const misshapen = wanted.flatMap((tensor) => {
    const expected = sourceShape(tensor);
    return tensor.from.flatMap((name) => {
      const shape = shapes.get(name);
      if (!shape || shape.join() === expected.join()) return [];
      return [`${name} is [${shape.join(', ')}], expected [${expected.join(', ')}]`];
    });
  });
  if (missing.length + misshapen.length === 0) return;
  const faults = [...missing.map((name) => `${name} is missing`), ...misshapen];
  const rest = faults.length > LISTED ? `; and ${faults.length - LISTED} more` : '';
  throw new SaltError(
    'CHECKPOINT_MISMATCH',
    `The checkpoint's CLIP text encoder is not complete: ${faults.slice(0, LISTED).join('; ')}${rest}.`,
    { missing, misshapen },
  );
}

/** Of each of the tensors that one is made of. */
function sourceShape({ shape, from, transposed }: ClipTensor): Shape {
  if (transposed) return [...shape].reverse();
  return [(shape[0] ?? 0) / from.length, ...shape.slice(1)];
}

async function readTensor(source: CheckpointSource, tensor: ClipTensor): Promise<FloatTensor> {
  const { name, shape, from, transposed } = tensor;
  const parts: FloatTensor[] = [];
  for (const part of from) parts.push(await source.float32(part));
  const [first] = parts;
  if (first && parts.length === 1 && !transposed) {
    assertFinite(name, first.data);
    return first;
  }
  const data = new Float32Array(sizeOf(shape));
  if (first && transposed) {
    const [rows = 0, columns = 0] = shape;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        data[row * columns + column] = first.data[column * rows + row]!;
      }
    }
  } else {
    let offset = 0;
    for (const part of parts) {
      data.set(part.data, offset);
      offset += part.data.length;
    }
  }
  assertFinite(name, data);
  return floatTensor(shape, data);
}
