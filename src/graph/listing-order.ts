import type { Node } from './graph.ts';

/**
 * The order in which to list nodes in a model, so that ONNX Runtime executes them in the order in which they were
 * made. It walks back from the nodes that nobody reads, the last listed first, and runs each node as soon as the
 * walk has been through its inputs, again the last listed first (`GraphViewer`, `Graph::ReverseDFSFrom`). A backward
 * pass in its natural order would be run with all weight gradients at the very end, and every activation and its
 * gradient kept until then; hence the same walk here, by the last made first.
 */
export function listingOrder(nodes: readonly Node[]): Node[] {
  const maker = new Map<string, number>();
  const read = new Set<string>();
  nodes.forEach((node, i) => {
    for (const name of node.outputs) maker.set(name, i);
    for (const name of node.inputs) read.add(name);
  });
  const listed: Node[] = [];
  const state = new Uint8Array(nodes.length); // 0: not met, 1: inputs under way, 2: listed
  const stack: number[] = [];
  nodes.forEach((node, i) => {
    if (!node.outputs.some((name) => read.has(name))) stack.push(i);
  });
  for (let i = stack.pop(); i !== undefined; i = stack.pop()) {
    const node = nodes[i];
    if (!node || state[i] === 2) continue;
    if (state[i] === 1) {
      state[i] = 2;
      listed.push(node);
      continue;
    }
    state[i] = 1;
    stack.push(i);
    const makers = node.inputs.map((name) => maker.get(name) ?? -1).filter((k) => k >= 0 && state[k] === 0);
    stack.push(...makers.sort((a, b) => a - b));
  }
  return listed;
}
