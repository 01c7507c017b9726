import { SaltError } from '../protocol/errors.ts';

/** The little of an ONNX ModelProto that an executor must know before a session exists. */
export interface ModelSummary {
  readonly outputs: readonly string[];
  /** Distinct operator names, in the order of first use. */
  readonly operators: readonly string[];
}

// Field numbers of onnx.proto3.
const MODEL_GRAPH = 7;
const GRAPH_NODE = 1;
const GRAPH_OUTPUT = 12;
const NODE_OP_TYPE = 4;
const VALUE_INFO_NAME = 1;

// Protocol Buffers wire types.
const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** @throws SaltError `GRAPH_INVALID` if the bytes are no protobuf message with a graph in it. */
export function summarise(model: Uint8Array): ModelSummary {
  const text = new TextDecoder();
  const graph = [...fields(model)].find(([field]) => field === MODEL_GRAPH)?.[1];
  if (!graph) throw new SaltError('GRAPH_INVALID', 'The model holds no graph.');
  const outputs: string[] = [];
  const operators = new Set<string>();
  for (const [field, bytes] of fields(graph)) {
    if (field !== GRAPH_NODE && field !== GRAPH_OUTPUT) continue;
    const wanted = field === GRAPH_NODE ? NODE_OP_TYPE : VALUE_INFO_NAME;
    for (const [inner, value] of fields(bytes)) {
      if (inner !== wanted) continue;
      if (field === GRAPH_NODE) operators.add(text.decode(value));
      else outputs.push(text.decode(value));
    }
  }
  return { outputs, operators: [...operators] };
}

/** The length-delimited fields of a message, as views; other fields are skipped. */
function* fields(message: Uint8Array): Generator<readonly [field: number, bytes: Uint8Array]> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = message[at++];
      if (byte === undefined) throw truncated();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const wire = tag % 8;
    if (wire === VARINT) varint();
    else if (wire === FIXED_64) at += 8;
    else if (wire === FIXED_32) at += 4;
    else if (wire === LENGTH_DELIMITED) {
      const length = varint();
      if (at + length > message.length) throw truncated();
      yield [Math.floor(tag / 8), message.subarray(at, at + length)];
      at += length;
    } else throw new SaltError('GRAPH_INVALID', `The model is no ONNX file: wire type ${wire}.`);
  }
}

function truncated(): SaltError {
  return new SaltError('GRAPH_INVALID', 'The model is no ONNX file, or ends too early.');
}
