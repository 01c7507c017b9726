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
  const maker = new Map<string, number>();
  /** Nodes on the longest path that ends in each node. */
  const depth = new Int32Array(nodes.length);
  const read = new Set<string>();
  nodes.forEach((node, i) => {
    depth[i] = 1 + Math.max(0, ...makersOf(node, maker).map((k) => depth[k] ?? 0));
    for (const name of node.outputs) maker.set(name, i);
    for (const name of node.inputs) read.add(name);
  });
  const byDepth = (a: number, b: number): number => (depth[a] ?? 0) - (depth[b] ?? 0) || a - b;

  const listed: Node[] = [];
  const state = new Uint8Array(nodes.length); // 0: not met, 1: inputs under way, 2: listed
  const stack = [...nodes.keys()]
    .filter((i) => !nodes[i]?.outputs.some((name) => read.has(name)))
    .sort(byDepth);
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
    const inputs = makersOf(node, maker).filter((k) => state[k] === 0);
    stack.push(...inputs.sort(byDepth));
  }
  return listed;
}

function makersOf(node: Node, maker: ReadonlyMap<string, number>): number[] {
  return node.inputs.flatMap((name) => maker.get(name) ?? []);
}
