import type { DeviceTensor, Executor, Program } from '../../../graph/executor.ts';
import { encodeModel, Graph } from '../../../graph/index.ts';
import { floatTensor } from '../../../graph/tensor.ts';
import type { FloatTensor } from '../../../graph/tensor.ts';
import { SaltError } from '../../../protocol/errors.ts';
import { weightsHash } from '../../checkpoint/weights-hash.ts';
import { Scope } from '../../scope.ts';
import type { TextEncoder } from '../text-encoder.ts';
import { clipText } from './clip-text-model.ts';
import type { ClipTextConfig } from './clip-config.ts';
import type { ClipTokenizer } from './clip-tokenizer.ts';
import type { ClipTextWeights } from './load-clip-text.ts';

/** Belongs to whoever made it. */
export interface ClipTextEncoder extends TextEncoder {
  /** Frees what it holds on the device; the executor stays. */
  dispose(): Promise<void>;
}

/** Read on the host: a few rows of a large table. */
const HOST_TENSORS = ['token_embedding', 'positions'] as const;

interface Loaded {
  readonly program: Program;
  readonly weights: Readonly<Record<string, DeviceTensor>>;
}

/**
 * CLIP's embedding of a phrase, scaled to Euclidean length 1. Its `id` names the weights and the activation. The
 * weights go to the device with the first phrase.
 * @throws SaltError `CHECKPOINT_MISMATCH` when tokenizer and weights do not belong together
 */
export async function clipTextEncoder(parts: {
  readonly weights: ClipTextWeights;
  readonly tokenizer: ClipTokenizer;
  readonly executor: Executor;
}): Promise<ClipTextEncoder> {
  const { tokenizer, executor } = parts;
  const { config, weights } = parts.weights;
  if (tokenizer.size !== config.vocabulary) {
    throw new SaltError(
      'CHECKPOINT_MISMATCH',
      `The tokenizer has ${tokenizer.size} tokens, the CLIP text encoder ${config.vocabulary}: they do not belong together.`,
    );
  }
  const hash = await weightsHash(weights);
  let loading: Promise<Loaded> | undefined;
  /** A device that had no memory left may have some for the next phrase. */
  const loadOrForget = (): Promise<Loaded> =>
    load(executor, config, weights).catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
  return {
    id: `clip-text/${hash.slice(0, 16)}/${config.activation}`,
    dimension: config.dimension,
    async embed(phrase) {
      if (phrase.trim() === '') {
        throw new SaltError('INVALID_ARGUMENT', 'Name the structure: the prompt is empty.');
      }
      const ids = tokenizer.encode(phrase, config.context);
      const loaded = await (loading ??= loadOrForget());
      return unit(await run(executor, loaded, inputsOf(ids, tokenizer.end, config, weights)));
    },
    async dispose() {
      // Whoever asked for it is told why it failed.
      const loaded = await loading?.catch(() => undefined);
      loading = undefined;
      if (loaded) await free(loaded);
    },
  };
}

async function load(
  executor: Executor,
  config: ClipTextConfig,
  weights: ReadonlyMap<string, FloatTensor>,
): Promise<Loaded> {
  const graph = new Graph();
  const names: string[] = [];
  const scope = new Scope(graph, ({ name, shape }) => {
    names.push(name);
    return graph.input(name, shape);
  });
  const rows = graph.input('rows', [config.context, config.width]);
  const end = graph.input('end', [1, config.context]);
  graph.output('embedding', clipText(scope, config, rows, end));
  const program = await executor.compile(encodeModel(graph), { hostOutputs: ['embedding'] });
  const uploaded: Record<string, DeviceTensor> = {};
  try {
    for (const name of names) uploaded[name] = await executor.upload(tensorNamed(weights, name));
  } catch (error) {
    await free({ program, weights: uploaded });
    throw error;
  }
  return { program, weights: uploaded };
}

async function free({ program, weights }: Loaded): Promise<void> {
  for (const tensor of Object.values(weights)) tensor.dispose();
  await program.dispose();
}

type Inputs = Readonly<Record<'rows' | 'end', FloatTensor>>;

async function run(executor: Executor, { program, weights }: Loaded, inputs: Inputs): Promise<Float32Array> {
  const held: DeviceTensor[] = [];
  const keep = (tensor: DeviceTensor): DeviceTensor => {
    held.push(tensor);
    return tensor;
  };
  try {
    const rows = keep(await executor.upload(inputs.rows));
    const end = keep(await executor.upload(inputs.end));
    const { embedding } = await program.run({ ...weights, rows, end });
    if (!embedding) throw new SaltError('GRAPH_INVALID', 'The text encoder gave no embedding.');
    const { data } = await executor.download(keep(embedding));
    return Float32Array.from(data);
  } finally {
    for (const tensor of held) tensor.dispose();
  }
}

/** Tokens after the end see it, but it does not see them: what stands there makes no difference. */
function inputsOf(
  ids: readonly number[],
  endToken: number,
  { context, width }: ClipTextConfig,
  weights: ReadonlyMap<string, FloatTensor>,
): Inputs {
  const [tokens, positions] = HOST_TENSORS.map((name) => tensorNamed(weights, name).data) as [
    Float32Array,
    Float32Array,
  ];
  const rows = positions.slice();
  ids.forEach((id, place) => {
    for (let i = 0; i < width; i++) rows[place * width + i]! += tokens[id * width + i]!;
  });
  const end = new Float32Array(context);
  // The first: a phrase may spell the token out.
  end[ids.indexOf(endToken)] = 1;
  return { rows: floatTensor([context, width], rows), end: floatTensor([1, context], end) };
}

function tensorNamed(weights: ReadonlyMap<string, FloatTensor>, name: string): FloatTensor {
  const tensor = weights.get(name);
  if (!tensor) throw new SaltError('CHECKPOINT_MISMATCH', `The CLIP text encoder lacks the tensor ${name}.`);
  return tensor;
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
