"""Runs the graphs that this project writes as PyTorch operations, so that autograd differentiates them.

Knows the operators that salt-tiny's forward pass consists of, with the attributes that it uses, and refuses any other.
Float32 in and out; under autocast PyTorch chooses.
"""

import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper


class OnnxGraph:
    """`graph({input: tensor, ...})` returns the graph's first output. Operators: https://onnx.ai/onnx/operators/"""

    def __init__(self, path, device):
        graph = onnx.load(path).graph
        self.inputs = {i.name: [d.dim_value for d in i.type.tensor_type.shape.dim] for i in graph.input}
        self.output = graph.output[0].name
        self._constants = {}
        self._lists = {}
        for initializer in graph.initializer:
            array = numpy_helper.to_array(initializer)
            # Shapes, axes and sizes are wanted as numbers, before anything runs.
            if array.size <= 8 or (array.dtype.kind == "i" and array.size < 4096):
                self._lists[initializer.name] = array.reshape(-1).tolist()
            self._constants[initializer.name] = torch.from_numpy(array.copy()).to(device)
        self._steps = []
        for node in graph.node:
            run = OPERATORS.get(node.op_type)
            if run is None:
                raise NotImplementedError(f"ONNX operator {node.op_type}")
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            self._steps.append((run, list(node.input), list(node.output), attributes))
        # After which step each value is of no more use.
        last = {name: i for i, (_, inputs, _, _) in enumerate(self._steps) for name in inputs if name}
        self._dead = [[] for _ in self._steps]
        for name, i in last.items():
            if name not in self.inputs and name not in self._constants and name != self.output:
                self._dead[i].append(name)

    def __call__(self, feeds):
        values = {**self._constants, **feeds}
        for (run, inputs, outputs, attributes), dead in zip(self._steps, self._dead):
            tensors = [values[name] if name else None for name in inputs]
            numbers = [self._lists.get(name) for name in inputs]
            result = run(tensors, numbers, attributes)
            # Only Split has several outputs here: a layer norm's mean and deviation are for our own backward pass.
            values.update(zip(outputs, result if isinstance(result, tuple) else (result,)))
            for name in dead:
                del values[name]
        return values[self.output]


def _gemm(x, _, a):
    left = x[0].t() if a.get("transA") else x[0]
    right = x[1].t() if a.get("transB") else x[1]
    product = left @ right
    return product if len(x) < 3 else product + x[2]


def _conv(x, _, a):
    top, left, bottom, right = a["pads"]
    if (top, left) != (bottom, right):
        raise NotImplementedError("uneven padding")
    return F.conv2d(x[0], x[1], x[2] if len(x) > 2 else None, stride=a["strides"], padding=(top, left))


def _reshape(x, n, _):
    return x[0].reshape([x[0].shape[i] if size == 0 else size for i, size in enumerate(n[1])])


def _slice(x, n, _):
    starts, ends, axes = n[1], n[2], n[3]
    steps = n[4] if len(n) > 4 else [1] * len(axes)
    at = [slice(None)] * x[0].dim()
    for axis, start, end, step in zip(axes, starts, ends, steps):
        at[axis] = slice(start, end, step)
    return x[0][tuple(at)]


def _layer_norm(x, _, a):
    if a["axis"] not in (-1, x[0].dim() - 1):
        raise NotImplementedError("layer norm over several axes")
    return F.layer_norm(x[0].float(), x[0].shape[-1:], x[1], x[2] if len(x) > 2 else None, a["epsilon"])


def _reduced(reduce):
    def run(x, n, a):
        axes = n[1] if len(n) > 1 and n[1] is not None else list(range(x[0].dim()))
        return reduce(x[0].float(), dim=axes, keepdim=bool(a.get("keepdims", 1)))

    return run


def _resize(x, n, a):
    if a["mode"] != b"nearest" or a["coordinate_transformation_mode"] != b"asymmetric" or a["nearest_mode"] != b"floor":
        raise NotImplementedError(f"resize {a}")
    if len(x) > 3 and n[3]:
        return F.interpolate(x[0], size=n[3][2:], mode="nearest")
    return F.interpolate(x[0], scale_factor=n[2][2:], mode="nearest")


def _gelu(x, _, a):
    return F.gelu(x[0], approximate=a.get("approximate", b"none").decode())


OPERATORS = {
    "Add": lambda x, n, a: x[0] + x[1],
    "AveragePool": lambda x, n, a: F.avg_pool2d(x[0], a["kernel_shape"], a["strides"]),
    "Concat": lambda x, n, a: torch.cat(x, a["axis"]),
    "Conv": _conv,
    "Div": lambda x, n, a: x[0] / x[1],
    "Expand": lambda x, n, a: x[0].expand(torch.broadcast_shapes(x[0].shape, tuple(n[1]))),
    "Gather": lambda x, n, a: _gather(x, a),
    "Gelu": _gelu,
    "Gemm": _gemm,
    "Identity": lambda x, n, a: x[0],
    "LayerNormalization": _layer_norm,
    "MatMul": lambda x, n, a: x[0] @ x[1],
    "MaxPool": lambda x, n, a: F.max_pool2d(x[0], a["kernel_shape"], a["strides"]),
    "Mul": lambda x, n, a: x[0] * x[1],
    "Pow": lambda x, n, a: x[0] ** x[1],
    "ReduceMean": _reduced(torch.mean),
    "ReduceSum": _reduced(torch.sum),
    "Relu": lambda x, n, a: F.relu(x[0]),
    "Reshape": _reshape,
    "Resize": _resize,
    "Sigmoid": lambda x, n, a: torch.sigmoid(x[0]),
    "Slice": _slice,
    "Softmax": lambda x, n, a: torch.softmax(x[0], a["axis"]),
    "Split": lambda x, n, a: tuple(torch.split(x[0], n[1], a["axis"])),
    "Sqrt": lambda x, n, a: torch.sqrt(x[0]),
    "Sub": lambda x, n, a: x[0] - x[1],
    "Transpose": lambda x, n, a: x[0].permute(a["perm"]),
}


def _gather(x, a):
    if a.get("axis", 0) != 0:
        raise NotImplementedError("gather along another axis than the first")
    return x[0].index_select(0, x[1].reshape(-1)).reshape(*x[1].shape, *x[0].shape[1:])
