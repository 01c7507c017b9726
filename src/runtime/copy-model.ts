import { ELEMENT_TYPE, OPSET } from '../graph/onnx.ts';
import { ProtoWriter } from '../graph/proto-writer.ts';
import type { DType } from '../graph/tensor.ts';

/**
 * An ONNX model whose output `y` is its input `x`, of any shape. A session of it that leaves its output on the
 * GPU is an upload; one that brings it to the host is a download. ONNX Runtime has no other way in Node, where
 * `getData()` of a GPU tensor aborts the process.
 */
export function copyModel(dtype: DType): Uint8Array<ArrayBuffer> {
  const value = (name: string) => (v: ProtoWriter) => {
    v.string(1, name);
    v.message(2, (type) => {
      type.message(1, (tensor) => {
        tensor.int(1, ELEMENT_TYPE[dtype]); // no shape: any
      });
    });
  };
  const model = new ProtoWriter();
  model.int(1, 9); // ir_version
  model.message(7, (graph) => {
    graph.message(1, (node) => {
      node.string(1, 'x');
      node.string(2, 'y');
      node.string(4, 'Identity');
    });
    graph.string(2, 'copy');
    graph.message(11, value('x'));
    graph.message(12, value('y'));
  });
  model.message(8, (opset) => {
    opset.string(1, '');
    opset.int(2, OPSET);
  });
  return model.finish();
}
