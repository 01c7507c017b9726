import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  ModelProtoSchema,
  TensorProto_DataType,
  type AttributeProto,
  type ModelProto,
  type TensorProto,
  type ValueInfoProto,
} from 'onnx-buf';
import { encodeModel, Graph, OPSET, ops } from '../../src/graph/index.ts';
import type { Attribute, Initializer, Value } from '../../src/graph/index.ts';
import { liveNodes } from '../../src/graph/liveness.ts';
import { createRandom } from '../../src/protocol/random.ts';
import { lossGraph } from './derivatives.ts';
import { OPERATIONS } from './operations.ts';

const ELEMENT = {
  float32: TensorProto_DataType.FLOAT,
  int32: TensorProto_DataType.INT32,
  int64: TensorProto_DataType.INT64,
  uint8: TensorProto_DataType.UINT8,
  bool: TensorProto_DataType.BOOL,
};

function decode(graph: Graph): ModelProto {
  return fromBinary(ModelProtoSchema, encodeModel(graph));
}

/** Compares everything that the model says with the graph it was written from. */
function checkModel(graph: Graph): void {
  const model = decode(graph);
  assert.equal(model.irVersion, 9n);
  assert.equal(model.producerName, 'ohif-salt');
  assert.deepEqual(
    model.opsetImport.map(({ domain, version }) => [domain, version]),
    [['', BigInt(OPSET)]],
  );
  const written = model.graph!;
  assert.deepEqual(
    written.input.map(summary),
    graph.inputs.map((value) => described(value.name, value)),
  );
  assert.deepEqual(
    written.output.map(summary),
    [...graph.outputs].map(([name, value]) => described(name, value)),
  );

  const identities = written.node.splice(-graph.outputs.size);
  assert.deepEqual(
    identities.map(({ opType, input, output }) => [opType, input, output]),
    [...graph.outputs].map(([name, value]) => ['Identity', [value.name], [name]]),
  );
  const nodes = new Map(liveNodes(graph).map((node) => [node.outputs[0], node]));
  assert.equal(written.node.length, nodes.size, 'every live node, once');
  const made = new Set([...written.input, ...written.initializer].map(({ name }) => name));
  for (const { opType, domain, input, output, attribute } of written.node) {
    const node = nodes.get(output[0])!;
    assert.deepEqual([opType, domain, input, output], [node.op, '', node.inputs, node.outputs]);
    assert.deepEqual(
      Object.fromEntries(attribute.map((a) => [a.name, attributeOf(a)])),
      Object.fromEntries(Object.entries(node.attributes).map(([name, a]) => [name, rounded(a)])),
    );
    for (const name of input)
      assert.ok(name === '' || made.has(name), `${opType} reads ${name} before it is made`);
    for (const name of output) made.add(name);
  }
  const constants = new Map(graph.initializers.map((constant) => [constant.value.name, constant]));
  for (const constant of written.initializer) checkInitializer(constant, constants.get(constant.name)!);
}

const described = (name: string, { shape, dtype }: Value): unknown => [name, ELEMENT[dtype], [...shape]];

function summary({ name, type }: ValueInfoProto): unknown {
  assert.equal(type?.value.case, 'tensorType');
  const { elemType, shape } = type.value.value;
  return [
    name,
    elemType,
    shape!.dim.map(({ value }) => (value.case === 'dimValue' ? Number(value.value) : value.case)),
  ];
}

function attributeOf(attribute: AttributeProto): Attribute {
  switch (attribute.type) {
    case AttributeProto_AttributeType.INT:
      return { int: Number(attribute.i) };
    case AttributeProto_AttributeType.FLOAT:
      return { float: attribute.f };
    case AttributeProto_AttributeType.INTS:
      return { ints: attribute.ints.map(Number) };
    case AttributeProto_AttributeType.STRING:
      return { string: new TextDecoder().decode(attribute.s) };
    default:
      throw new Error(`attribute ${attribute.name} has type ${attribute.type}`);
  }
}

function rounded(attribute: Attribute): Attribute {
  if ('float' in attribute) return { float: Math.fround(attribute.float) };
  return 'ints' in attribute ? { ints: [...attribute.ints] } : attribute;
}

function checkInitializer(written: TensorProto, { value, data }: Initializer): void {
  assert.deepEqual(written.dims.map(Number), [...value.shape]);
  assert.equal(written.dataType, ELEMENT[value.dtype]);
  assert.deepEqual(written.rawData, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

describe('a model decodes to the graph it was written from', () => {
  for (const [index, [name, operation]] of Object.entries(OPERATIONS).entries()) {
    test(name, () => {
      checkModel(lossGraph(operation(createRandom(index)), createRandom(1), true));
    });
  }

  test('inputs of every type, a scalar, an output that is an input', () => {
    const graph = new Graph();
    graph.output('scalar', graph.input('a', []));
    for (const dtype of ['int32', 'int64', 'bool', 'uint8'] as const) {
      graph.output(`${dtype} out`, graph.input(dtype, [2, 0, 5], dtype));
    }
    checkModel(graph);
  });

  test('names in any script', () => {
    const graph = new Graph();
    graph.output('Gefäß', ops.relu(graph.input('血管', [1])));
    checkModel(graph);
  });

  test('constants that are views of a larger buffer', () => {
    const graph = new Graph();
    const buffer = new Float32Array([9, 1, 2, 9]);
    graph.output('y', ops.relu(graph.constant(buffer.subarray(1, 3), [2])));
    checkModel(graph);
  });
});

test('equal scalars and equal int64 vectors are stored once', () => {
  const graph = new Graph();
  const x = graph.input('x', [2, 3]);
  graph.output('a', ops.transpose(ops.reshape(ops.mul(x, 2), [3, 2]), [1, 0]));
  graph.output('b', ops.reshape(ops.add(x, 2), [3, 2]));
  assert.equal(decode(graph).graph!.initializer.length, 2);
});
