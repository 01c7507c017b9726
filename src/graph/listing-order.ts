import type { Node } from './graph.ts';

/**
 * The order in which to list nodes in a model, so that ONNX Runtime executes them in an order that frees memory
 * early.
 *
 * ONNX Runtime walks back from the nodes that nobody reads, the last listed first, and runs a node as soon as the
 * walk has been through its inputs, again the last listed first (`GraphViewer`, `Graph::ReverseDFSFrom`). In the
 * order in which a backward pass is made, that leaves all weight gradients to the very end, and every activation
 * and its gradient is kept until then. Here the nodes are listed by the same walk with the longest path first, so
 * that what needs least comes last in the list and is run first: the weight gradients of the last layer, then
 * those of the layer before it.
 *
 * @param nodes in an order in which they can be run
 */
export function listingOrder(nodes: readonly Node[]): Node[] {
  const depthOf = new Map<string, number>();
  const depths = nodes.map((node) => {
    const depth = 1 + Math.max(0, ...node.inputs.map((name) => depthOf.get(name) ?? 0));
    for (const name of node.outputs) depthOf.set(name, depth);
    return depth;
  });
  return walkBack(nodes, (i) => depths[i] ?? 0);
}

/** The order in which ONNX Runtime runs nodes that are listed in this order, but for those that it fuses. */
export function executionOrder(listed: readonly Node[]): Node[] {
  return walkBack(listed, (i) => i);
}

/** Depth first from the nodes that nobody reads, and among the inputs of a node, the highest rank first. */
function walkBack(nodes: readonly Node[], rank: (index: number) => number): Node[] {
  const maker = new Map(nodes.flatMap((node, i) => node.outputs.map((name) => [name, i] as const)));
  const read = new Set(nodes.flatMap((node) => node.inputs));
  const byRank = (a: number, b: number): number => rank(a) - rank(b) || a - b;
  const done: Node[] = [];
  const state = new Uint8Array(nodes.length); // 0: not met, 1: inputs under way, 2: done
  const stack = [...nodes.keys()]
    .filter((i) => !nodes[i]?.outputs.some((name) => read.has(name)))
    .sort(byRank);
  for (let i = stack.pop(); i !== undefined; i = stack.pop()) {
    const node = nodes[i];
    if (!node || state[i] === 2) continue;
    if (state[i] === 1) {
      state[i] = 2;
      done.push(node);
      continue;
    }
    state[i] = 1;
    stack.push(i);
    const makers = node.inputs.flatMap((name) => maker.get(name) ?? []).filter((k) => state[k] === 0);
    stack.push(...makers.sort(byRank));
  }
  return done;
}
