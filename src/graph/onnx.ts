import { listingOrder } from './listing-order.ts';
import { liveNodes } from './liveness.ts';
import type { Attribute, Graph, InitializerData, Value } from './graph.ts';
import { ProtoWriter } from './proto-writer.ts';
import type { DType } from './tensor.ts';

/** Default-domain operator set; GELU and LayerNormalization need at least 20 and 17. */
export const OPSET = 20;
/** IR version 9 is the newest that goes with opset 20. */
const IR_VERSION = 9;

/** TensorProto.DataType */
export const ELEMENT_TYPE: Record<DType, number> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 };

// AttributeProto.AttributeType
const ATTRIBUTE = { FLOAT: 1, INT: 2, STRING: 3, INTS: 7 } as const;

/**
 * Writes the graph as an ONNX ModelProto (onnx.proto3, field numbers beside each call). Nodes that no output
 * depends on are left out, so that an unwanted gradient costs nothing.
 */
export function encodeModel(graph: Graph): Uint8Array<ArrayBuffer> {
  const nodes = liveNodes(graph);
  const used = new Set(nodes.flatMap((node) => node.inputs));
  for (const value of graph.outputs.values()) used.add(value.name);

  const model = new ProtoWriter();
  model.int(1, IR_VERSION); // ir_version
  model.string(2, 'ohif-salt'); // producer_name
  model.message(7, (g) => {
    for (const node of listingOrder(nodes)) {
      g.message(1, (n) => {
        for (const name of node.inputs) n.string(1, name);
        for (const name of node.outputs) n.string(2, name);
        n.string(4, node.op);
        for (const [name, attribute] of Object.entries(node.attributes)) {
          n.message(5, (a) => {
            writeAttribute(a, name, attribute);
          });
        }
      });
    }
    g.string(2, 'graph'); // name
    for (const { value, data } of graph.initializers) {
      if (used.has(value.name)) {
        g.message(5, (t) => {
          writeTensor(t, value, data);
        });
      }
    }
    for (const value of graph.inputs) {
      g.message(11, (v) => {
        writeValueInfo(v, value.name, value);
      });
    }
    for (const [name, value] of graph.outputs) {
      // An Identity gives the output its public name; ONNX Runtime removes it where it can.
      g.message(1, (n) => {
        n.string(1, value.name);
        n.string(2, name);
        n.string(4, 'Identity');
      });
      g.message(12, (v) => {
        writeValueInfo(v, name, value);
      });
    }
  });
  model.message(8, (o) => {
    o.string(1, ''); // opset_import: default domain
    o.int(2, OPSET);
  });
  return model.finish();
}

function writeAttribute(w: ProtoWriter, name: string, attribute: Attribute): void {
  w.string(1, name);
  if ('int' in attribute) {
    w.int(3, attribute.int);
    w.int(20, ATTRIBUTE.INT);
  } else if ('float' in attribute) {
    w.float(2, attribute.float);
    w.int(20, ATTRIBUTE.FLOAT);
  } else if ('ints' in attribute) {
    for (const n of attribute.ints) w.int(8, n);
    w.int(20, ATTRIBUTE.INTS);
  } else {
    w.string(4, attribute.string);
    w.int(20, ATTRIBUTE.STRING);
  }
}

function writeTensor(w: ProtoWriter, value: Value, data: InitializerData): void {
  for (const n of value.shape) w.int(1, n); // dims
  w.int(2, ELEMENT_TYPE[value.dtype]);
  w.string(8, value.name);
  w.bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)); // raw_data, little-endian
}

function writeValueInfo(w: ProtoWriter, name: string, value: Value): void {
  w.string(1, name);
  w.message(2, (type) => {
    type.message(1, (tensor) => {
      tensor.int(1, ELEMENT_TYPE[value.dtype]);
      tensor.message(2, (shape) => {
        for (const n of value.shape) {
          shape.message(1, (dim) => {
            dim.int(1, n);
          });
        }
      });
    });
  });
}
