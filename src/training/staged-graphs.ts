import { buildStage } from '../adapters/stage-tensors.ts';
import type { StageAdapter } from '../adapters/stage-tensors.ts';
import { Graph, gradients, ops, sizeOf } from '../graph/index.ts';
import type { Seed } from '../graph/gradient.ts';
import type { Value } from '../graph/graph.ts';
import type { SegmentationModel } from '../model/segmentation-model.ts';
import { segmentationLoss } from './loss.ts';
import type { LossOptions } from './loss.ts';
import { nameLosses, targetInputs } from './plan-io.ts';
import { stageResolver } from './segments.ts';
import type { ModelLayout, StageLayout } from './segments.ts';

/** Tensors of a stage enter its graph under this prefix and their local name, so that equal stages share it. */
export const TENSOR = 'tensor.';

export interface StageGraphs {
  readonly layout: StageLayout;
  /** Activation to activation. Absent for the last stage, whose loss graph does everything. */
  readonly forward: Graph | undefined;
  /** Recomputes the stage and carries the gradient through it. Absent below everything that is trained. */
  readonly backward: Graph | undefined;
}

export interface StagedGraphs {
  readonly stages: readonly StageGraphs[];
  readonly penaltyWeight: number;
}

/**
 * A forward and a backward graph for each stage. The backward graph recomputes what it needs from the stage's
 * input, so that only one activation for each stage is kept (Chen et al., Training Deep Nets with Sublinear Memory
 * Cost, 2016).
 */
export function stagedGraphs(
  model: SegmentationModel,
  layout: ModelLayout,
  adapter: StageAdapter,
  loss: LossOptions,
): StagedGraphs {
  const firstTrained = layout.stages.findIndex(({ segment }) => segment !== undefined);
  const stages = layout.stages.map((stageLayout, i): StageGraphs => {
    const isLast = i === layout.stages.length - 1;
    const carriesOn = i > firstTrained;
    return {
      layout: stageLayout,
      forward: isLast ? undefined : forwardGraph(stageLayout, adapter),
      backward:
        i < firstTrained
          ? undefined
          : isLast
            ? lossGraph(model, stageLayout, adapter, loss, carriesOn)
            : backwardGraph(stageLayout, adapter, loss, carriesOn),
    };
  });
  return { stages, penaltyWeight: loss.penaltyWeight };
}

function begin(stageLayout: StageLayout, adapter: StageAdapter) {
  const graph = new Graph();
  const length = stageLayout.trainable.reduce((total, { shape }) => total + sizeOf(shape), 0);
  const vector = stageLayout.segment === undefined ? undefined : graph.input('parameters', [length]);
  const resolve = stageResolver(graph, stageLayout, vector, (local) => TENSOR + local);
  return { graph, vector, built: buildStage(stageLayout.stage, graph, resolve, adapter) };
}

function forwardGraph(stageLayout: StageLayout, adapter: StageAdapter): Graph {
  const { graph, built } = begin(stageLayout, adapter);
  graph.output('output', built.output);
  return graph;
}

function backwardGraph(
  stageLayout: StageLayout,
  adapter: StageAdapter,
  loss: LossOptions,
  carriesOn: boolean,
): Graph {
  const { graph, vector, built } = begin(stageLayout, adapter);
  const seeds: Seed[] = [{ value: built.output, gradient: graph.input('gradient', built.output.shape) }];
  const penalty = built.penalties.reduce((sum, term) => ops.add(sum, term), graph.scalar(0));
  if (built.penalties.length > 0) {
    seeds.push({ value: penalty, gradient: graph.scalar(loss.penaltyWeight) });
  }
  graph.output('penalty', penalty);
  nameGradients(graph, seeds, vector, carriesOn ? built.activation : undefined);
  return graph;
}

function lossGraph(
  model: SegmentationModel,
  stageLayout: StageLayout,
  adapter: StageAdapter,
  loss: LossOptions,
  carriesOn: boolean,
): Graph {
  const { graph, vector, built } = begin(stageLayout, adapter);
  const { target, valid } = targetInputs(graph, model);
  const losses = segmentationLoss(built.output, target, valid, built.penalties, loss);
  nameLosses(graph, losses);
  nameGradients(graph, losses.total, vector, carriesOn ? built.activation : undefined);
  return graph;
}

function nameGradients(
  graph: Graph,
  of: Value | readonly Seed[],
  vector: Value | undefined,
  activation: Value | undefined,
): void {
  const wrt = [vector, activation].filter((value) => value !== undefined);
  const found = gradients(graph, of, wrt);
  const dVector = vector && found[0];
  const dActivation = activation && found[found.length - 1];
  if (dVector) {
    graph.output('dParameters', dVector);
    graph.output('squaredNorm', ops.sum(ops.mul(dVector, dVector)));
  }
  if (dActivation) graph.output('dActivation', dActivation);
}
