/**
 * Runs graphs in float64 with the plainest loops there are: what our operators mean, written down a second time.
 * Finite differences of it are exact to about 1e-9, and it says what ONNX Runtime ought to answer.
 */
import type { Graph, Node } from '../../src/graph/graph.ts';
import { sizeOf } from '../../src/graph/tensor.ts';
import {
  alongLast,
  Attributes,
  broadcast,
  concat,
  conv,
  convTranspose,
  erf,
  generate,
  layerNorm,
  map,
  matmul,
  permute,
  pool,
  read,
  reduce,
  softmax,
  tensor,
  total,
} from './interpreter-kernels.ts';
import type { Tensor } from './interpreter-kernels.ts';

/** The values of all outputs of the graph, by name. */
export function interpret(graph: Graph, feeds: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const values = new Map<string, Tensor>(Object.entries(feeds));
  for (const { value, data } of graph.initializers) {
    values.set(value.name, tensor(value.shape, Array.from(data as ArrayLike<number | bigint>, Number)));
  }
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => {
      if (name === '') return undefined;
      const found = values.get(name);
      if (!found) throw new Error(`${node.op} reads "${name}", which was not made`);
      return found;
    });
    const outputs = evaluate(node, inputs, new Attributes(node));
    node.outputs.forEach((name, i) => {
      const output = outputs[i];
      const declared = graph.valueNamed(name)?.shape;
      if (!output || output.shape.join() !== declared?.join()) {
        throw new Error(
          `${node.op} made [${output?.shape.join() ?? ''}], the graph says [${declared?.join() ?? ''}]`,
        );
      }
      values.set(name, output);
    });
  }
  return Object.fromEntries(
    [...graph.outputs].map(([name, value]) => [name, values.get(value.name) ?? tensor([], [NaN])]),
  );
}

const UNARY: Record<string, (x: number) => number> = {
  Neg: (x) => -x,
  Exp: Math.exp,
  Log: Math.log,
  Sqrt: Math.sqrt,
  Sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  Softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  Relu: (x) => Math.max(x, 0),
  Erf: erf,
  Gelu: (x) => (x / 2) * (1 + erf(x / Math.SQRT2)),
};

const BINARY: Record<string, (a: number, b: number) => number> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Pow: (a, b) => a ** b,
  Min: Math.min,
  Max: Math.max,
  Greater: (a, b) => Number(a > b),
  Equal: (a, b) => Number(a === b),
};

function evaluate(node: Node, inputs: readonly (Tensor | undefined)[], attributes: Attributes): Tensor[] {
  const input = (i: number): Tensor => {
    const found = inputs[i];
    if (!found) throw new Error(`${node.op} lacks input ${i}`);
    return found;
  };
  const ints = (i: number): number[] => [...input(i).data];
  const unary = UNARY[node.op];
  if (unary) return [map(input(0), unary)];
  const binary = BINARY[node.op];
  if (binary) return [broadcast([input(0), input(1)], (v) => binary(v[0]!, v[1]!))];
  const x = input(0);
  switch (node.op) {
    case 'HardSigmoid': {
      const [alpha, beta] = [attributes.number('alpha', 0.2), attributes.number('beta', 0.5)];
      return [map(x, (v) => Math.min(1, Math.max(0, alpha * v + beta)))];
    }
    case 'Clip':
      return [broadcast([x, input(1), input(2)], (v) => Math.min(v[2]!, Math.max(v[1]!, v[0]!)))];
    case 'Where':
      return [broadcast([x, input(1), input(2)], (v) => (v[0] ? v[1]! : v[2]!))];
    case 'MatMul':
      return [matmul(x, input(1))];
    case 'Gemm': {
      const a = attributes.number('transA', 0) ? permute(x, [1, 0]) : x;
      const b = attributes.number('transB', 0) ? permute(input(1), [1, 0]) : input(1);
      const y = matmul(a, b);
      return [inputs[2] ? broadcast([y, inputs[2]], (v) => v[0]! + v[1]!) : y];
    }
    case 'Softmax':
      return [alongLast(x, softmax)];
    case 'ReduceSum':
    case 'ReduceMean': {
      const total = reduce(x, ints(1), attributes.number('keepdims', 1) === 1);
      const count = node.op === 'ReduceMean' ? x.data.length / total.data.length : 1;
      return [map(total, (v) => v / count)];
    }
    case 'Reshape':
      return [{ shape: ints(1), data: x.data }];
    case 'Expand':
      return [broadcast([x, tensor(ints(1), new Float64Array(sizeOf(ints(1))))], (v) => v[0]!)];
    case 'Transpose':
      return [permute(x, attributes.ints('perm', []))];
    case 'Slice': {
      const start = x.shape.map(() => 0);
      const shape = [...x.shape];
      ints(3).forEach((axis, i) => {
        start[axis] = ints(1)[i]!;
        shape[axis] = ints(2)[i]! - ints(1)[i]!;
      });
      return [
        generate(shape, (at) =>
          read(
            x,
            at.map((p, axis) => p + start[axis]!),
          ),
        ),
      ];
    }
    case 'Pad': {
      const before = ints(1).slice(0, x.shape.length);
      const after = ints(1).slice(x.shape.length);
      const shape = x.shape.map((n, i) => n + before[i]! + after[i]!);
      return [
        generate(shape, (at) =>
          read(
            x,
            at.map((p, axis) => p - before[axis]!),
          ),
        ),
      ];
    }
    case 'Concat':
      return [
        concat(
          inputs.map((_, i) => input(i)),
          attributes.number('axis', 0),
        ),
      ];
    case 'Split': {
      const axis = attributes.number('axis', 0);
      let start = 0;
      return ints(1).map((size) => {
        const from = start;
        start += size;
        const shape = x.shape.map((n, i) => (i === axis ? size : n));
        return generate(shape, (at) =>
          read(
            x,
            at.map((p, i) => (i === axis ? p + from : p)),
          ),
        );
      });
    }
    case 'Gather': {
      const indices = ints(1);
      const along = attributes.number('axis', 0);
      const shape = x.shape.map((n, i) => (i === along ? indices.length : n));
      return [
        generate(shape, (at) =>
          read(
            x,
            at.map((p, i) => (i === along ? indices[p]! : p)),
          ),
        ),
      ];
    }
    case 'Conv': {
      const y = conv(x, input(1), attributes);
      return [
        inputs[2]
          ? broadcast([y, { shape: [y.shape[1]!, 1, 1], data: inputs[2].data }], (v) => v[0]! + v[1]!)
          : y,
      ];
    }
    case 'ConvTranspose':
      return [convTranspose(x, input(1), attributes)];
    case 'MaxPool':
      return [pool(x, attributes.ints('kernel_shape', [])[0]!, (cell) => Math.max(...cell))];
    case 'AveragePool':
      return [pool(x, attributes.ints('kernel_shape', [])[0]!, (cell) => total(cell) / cell.length)];
    case 'Resize': {
      const scales = input(2).data;
      const shape = x.shape.map((n, i) => n * scales[i]!);
      return [
        generate(shape, (at) =>
          read(
            x,
            at.map((p, i) => Math.floor(p / scales[i]!)),
          ),
        ),
      ];
    }
    case 'LayerNormalization':
      return layerNorm(x, input(1), input(2), attributes.number('epsilon', 1e-5));
    default:
      throw new Error(`The interpreter does not know ${node.op}`);
  }
}
