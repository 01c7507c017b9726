import { SaltError } from '../protocol/errors.ts';
import type { Graph, Value } from './graph.ts';
import { add } from './primitives/elementwise.ts';
import { expand } from './primitives/shape.ts';

/** A value whose gradient is known from outside: the loss (gradient 1), or the output of a stage. */
export interface Seed {
  readonly value: Value;
  readonly gradient: Value;
}

/**
 * Reverse-mode differentiation: adds the backward pass of everything recorded so far to the graph.
 *
 * @param of a scalar loss, or seeds where the gradient comes from a later graph
 * @param wrt values whose gradients are wanted
 * @returns the gradient of each `wrt`, of the same shape; zeros where nothing depends on it
 * @throws SaltError `GRAPH_INVALID` if a loss is not a scalar or a gradient has the wrong shape
 */
export function gradients(graph: Graph, of: Value | readonly Seed[], wrt: readonly Value[]): Value[] {
  return graph.silently(() => {
    const known = new Map<string, Value>();
    for (const seed of isSeeds(of) ? of : [lossSeed(graph, of)]) {
      accumulate(known, seed.value, seed.gradient);
    }
    const needed = dependents(graph, wrt);
    // Only what was recorded before this call: the backward pass adds nothing to the tape.
    for (let i = graph.tape.length - 1; i >= 0; i--) {
      const entry = graph.tape[i];
      if (!entry || !entry.outputs.some((value) => known.has(value.name))) continue;
      const wanted = entry.inputs.map((value) => needed.has(value.name));
      if (!wanted.includes(true)) continue;
      const outputGradients = entry.outputs.map((value) => known.get(value.name));
      const inputGradients = entry.vjp(outputGradients, wanted);
      entry.inputs.forEach((input, k) => {
        const gradient = inputGradients[k];
        if (gradient && wanted[k]) accumulate(known, input, gradient);
      });
    }
    return wrt.map((value) => known.get(value.name) ?? expand(graph.scalar(0), value.shape));
  });
}

function isSeeds(of: Value | readonly Seed[]): of is readonly Seed[] {
  return Array.isArray(of);
}

function lossSeed(graph: Graph, loss: Value): Seed {
  if (loss.shape.length !== 0) {
    throw new SaltError(
      'GRAPH_INVALID',
      `A loss is a scalar; this one has shape [${loss.shape.join(', ')}].`,
    );
  }
  return { value: loss, gradient: graph.scalar(1) };
}

function accumulate(known: Map<string, Value>, value: Value, gradient: Value): void {
  if (gradient.shape.join() !== value.shape.join()) {
    throw new SaltError(
      'GRAPH_INVALID',
      `The gradient of "${value.name}" has shape [${gradient.shape.join(', ')}], not [${value.shape.join(', ')}].`,
    );
  }
  const before = known.get(value.name);
  known.set(value.name, before ? add(before, gradient) : gradient);
}

/** Names of the values that depend on any of `roots`, themselves included. */
function dependents(graph: Graph, roots: readonly Value[]): Set<string> {
  const names = new Set(roots.map((value) => value.name));
  for (const { inputs, outputs } of graph.tape) {
    if (inputs.some((value) => names.has(value.name))) {
      for (const output of outputs) names.add(output.name);
    }
  }
  return names;
}
