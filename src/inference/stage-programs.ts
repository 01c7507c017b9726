import { encodeModel, Graph, sizeOf } from '../graph/index.ts';
import type { Value } from '../graph/index.ts';
import type { DeviceTensor, Executor, Program } from '../graph/executor.ts';
import type { FloatTensor, TensorSpec } from '../graph/tensor.ts';
import { Scope } from '../model/scope.ts';
import { stageSpecs } from '../model/stage-specs.ts';
import type { Stage } from '../model/segmentation-model.ts';
import { SaltError } from '../protocol/errors.ts';
import { breathe } from '../protocol/breathe.ts';

/** A model's tensors by their names in the checkpoint, adapters merged. */
export type Weights = ReadonlyMap<string, FloatTensor>;

/**
 * `constants`: part of the compiled program, which can then prepare them: fastest. `inputs`: fed from memory that
 * others may share, and quick to compile: for weights that soon change.
 */
export type WeightPlacement = 'constants' | 'inputs';

/** A protobuf message may not exceed 2 GiB, so larger models become several programs. */
const MAX_PROGRAM_BYTES = 1.5 * 2 ** 30;

/** Some stages of a model at one size, compiled. */
export interface StageChain {
  /**
   * @param activation what the stage before returned; it is not disposed
   * @param batch the tensors that the stages read, by name; more are allowed
   * @param shouldStop looked at before each program, when messages have been let in
   */
  run(
    activation: DeviceTensor | undefined,
    batch: Readonly<Record<string, DeviceTensor>>,
    shouldStop?: () => boolean,
  ): Promise<DeviceTensor>;
  dispose(): Promise<void>;
}

interface Link {
  readonly program: Program;
  readonly inputs: readonly string[];
}

const ACTIVATION = 'activation';
const OUTPUT = 'output';

/**
 * @param uploaded the weights on the device, for placement `inputs`; filled with what is not there yet
 * @param toHost whether the output is read by the host at once
 * @param maxProgramBytes weights that one program may hold
 * @throws SaltError `CHECKPOINT_MISMATCH` listing every tensor that is absent or misshapen
 */
export async function compileStages(
  executor: Executor,
  stages: readonly Stage[],
  weights: Weights,
  options: {
    readonly uploaded?: Map<string, DeviceTensor>;
    readonly toHost: boolean;
    readonly maxProgramBytes?: number;
  },
): Promise<StageChain> {
  checkWeights(stages, weights);
  const { uploaded, maxProgramBytes = MAX_PROGRAM_BYTES } = options;
  const groups = uploaded ? [[...stages]] : groupBySize(stages, weights, maxProgramBytes);
  const links: Link[] = [];
  const dispose = async (): Promise<void> => {
    for (const { program } of links) await program.dispose();
  };
  const compile = async (group: readonly Stage[], isLast: boolean): Promise<void> => {
    const graph = chainGraph(group, weights, uploaded !== undefined);
    const hostOutputs = options.toHost && isLast ? [OUTPUT] : [];
    links.push({
      program: await executor.compile(encodeModel(graph), { hostOutputs }),
      inputs: graph.inputs.map(({ name }) => name),
    });
    if (!uploaded) return;
    for (const { name } of graph.inputs) {
      const value = weights.get(name);
      if (value && !uploaded.has(name)) uploaded.set(name, await executor.upload(value));
    }
  };
  try {
    for (const [i, group] of groups.entries()) await compile(group, i === groups.length - 1);
  } catch (error) {
    // What was compiled holds weights, and nobody would know of it.
    await dispose();
    throw error;
  }
  return {
    async run(activation, batch, shouldStop) {
      let flowing = activation;
      for (const { program, inputs } of links) {
        if (shouldStop) await stopIfAsked(shouldStop);
        const feeds: Record<string, DeviceTensor> = {};
        for (const name of inputs) {
          const feed = name === ACTIVATION ? flowing : (batch[name] ?? uploaded?.get(name));
          if (!feed) {
            throw new SaltError('INVALID_ARGUMENT', `The model asks for "${name}", which the prompt lacks.`);
          }
          feeds[name] = feed;
        }
        const { [OUTPUT]: output, ...others } = await program.run(feeds);
        for (const tensor of Object.values(others)) tensor.dispose();
        if (flowing !== activation) flowing?.dispose();
        flowing = output;
      }
      if (!flowing) throw new SaltError('GRAPH_INVALID', 'The model returned nothing.');
      return flowing;
    },
    dispose,
  };
}

/** Lets the message in that asks to stop, and stops where one did. */
async function stopIfAsked(shouldStop: () => boolean): Promise<void> {
  await breathe();
  if (shouldStop()) throw new SaltError('CANCELLED', 'The segmentation was cancelled.');
}

function chainGraph(stages: readonly Stage[], weights: Weights, asInputs: boolean): Graph {
  const graph = new Graph();
  const batch: Record<string, Value> = {};
  const values = new Map<string, Value>();
  const [first] = stages;
  let activation = first?.activation && graph.input(ACTIVATION, first.activation);
  for (const stage of stages) {
    for (const { name, shape } of stage.batchInputs) batch[name] ??= graph.input(name, shape);
    const resolve = ({ name, shape }: TensorSpec): Value => {
      const global = stage.prefix + name;
      let value = values.get(global);
      if (!value) {
        const data = weights.get(global)?.data ?? new Float32Array(sizeOf(shape));
        value = asInputs ? graph.input(global, shape) : graph.constant(data, shape);
        values.set(global, value);
      }
      return value;
    };
    activation = stage.build(new Scope(graph, resolve), activation, batch);
  }
  if (!activation) throw new SaltError('GRAPH_INVALID', 'A model has at least one stage.');
  graph.output(OUTPUT, activation);
  return graph;
}

function checkWeights(stages: readonly Stage[], weights: Weights): void {
  const wrong = stages.flatMap((stage) =>
    stageSpecs(stage).filter(({ name, shape }) => weights.get(name)?.shape.join() !== shape.join()),
  );
  if (wrong.length === 0) return;
  const names = wrong.map(({ name, shape }) => `${name} [${shape.join(', ')}]`);
  throw new SaltError('CHECKPOINT_MISMATCH', `The model needs ${names.join(', ')}.`, {
    missing: wrong.map(({ name }) => name),
  });
}

function groupBySize(stages: readonly Stage[], weights: Weights, maxBytes: number): Stage[][] {
  const groups: Stage[][] = [];
  let bytes = Infinity;
  for (const stage of stages) {
    const own = stageSpecs(stage).reduce(
      (sum, { name }) => sum + (weights.get(name)?.data.byteLength ?? 0),
      0,
    );
    if (bytes + own > maxBytes) {
      groups.push([]);
      bytes = 0;
    }
    groups[groups.length - 1]?.push(stage);
    bytes += own;
  }
  return groups;
}
