import type { Graph, Node } from './graph.ts';
import { executionOrder, listingOrder } from './listing-order.ts';
import { sizeOf } from './tensor.ts';
import type { DType } from './tensor.ts';

const ELEMENT_BYTES: Record<DType, number> = { float32: 4, int32: 4, int64: 8, bool: 1, uint8: 1 };

/** The nodes that some output depends on, in order. */
export function liveNodes(graph: Graph): Node[] {
  const wanted = new Set([...graph.outputs.values()].map((value) => value.name));
  const live: Node[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i];
    if (!node || !node.outputs.some((name) => wanted.has(name))) continue;
    live.push(node);
    for (const name of node.inputs) wanted.add(name);
  }
  return live.reverse();
}

export interface MemoryEstimate {
  /** Graph inputs and constants, which live through the whole run. */
  readonly fixedBytes: number;
  /** The largest sum of intermediate values alive at once, in the order in which ONNX Runtime runs the nodes. */
  readonly peakActivationBytes: number;
}

/**
 * Estimates what running the graph takes, from liveness alone: a value lives from its node to its last reader;
 * outputs live to the end. Views (Reshape and kin) are counted as free, as ONNX Runtime shares their memory.
 */
export function estimateMemory(graph: Graph): MemoryEstimate {
  const bytesOf = (name: string): number => {
    const value = graph.valueNamed(name);
    return value ? sizeOf(value.shape) * ELEMENT_BYTES[value.dtype] : 0;
  };
  const nodes = executionOrder(listingOrder(liveNodes(graph)));
  const root = new Map<string, string>();
  const rootOf = (name: string): string => root.get(name) ?? name;
  const lastUse = new Map<string, number>();
  nodes.forEach((node, i) => {
    if (VIEWS.has(node.op) && node.inputs[0] && node.outputs[0])
      root.set(node.outputs[0], rootOf(node.inputs[0]));
    for (const name of node.inputs) lastUse.set(rootOf(name), i);
  });
  for (const value of graph.outputs.values()) lastUse.set(rootOf(value.name), nodes.length);

  const fixed = new Set(
    [...graph.inputs, ...graph.initializers.map((c) => c.value)].map((value) => value.name),
  );
  let alive = 0;
  let peak = 0;
  const dyingAt = new Map<number, number>();
  nodes.forEach((node, i) => {
    for (const name of node.outputs) {
      if (root.has(name)) continue;
      const bytes = bytesOf(name);
      alive += bytes;
      const end = lastUse.get(name) ?? i;
      dyingAt.set(end, (dyingAt.get(end) ?? 0) + bytes);
    }
    peak = Math.max(peak, alive);
    alive -= dyingAt.get(i) ?? 0;
  });
  let fixedBytes = 0;
  for (const name of fixed) fixedBytes += bytesOf(name);
  return { fixedBytes, peakActivationBytes: peak };
}

const VIEWS = new Set(['Reshape', 'Identity', 'Squeeze', 'Unsqueeze', 'Flatten']);
