# SPDX-License-Identifier: Apache-2.0
"""Writes ONNX files: protocol buffers by hand, the standard library only.

    w = Model(opset=14)
    w.input("x", [1, 3])
    w.constant("w", [2, 3], [0.5] * 6)
    w.node("Gemm", ["x", "w"], ["y"], transB=1)
    w.output("y")
    w.save("model.onnx")

Numbers of fields are those of onnx.proto.
"""
import struct

FLOAT, INT64 = 1, 7


def varint(v):
    v &= (1 << 64) - 1
    out = b""
    while v >= 128:
        out += bytes([v & 127 | 128])
        v >>= 7
    return out + bytes([v])


def number(field, v):
    return varint(field << 3) + varint(v)


def data(field, v):
    v = v.encode() if isinstance(v, str) else v
    return varint(field << 3 | 2) + varint(len(v)) + v


def tensor(name, shape, values, raw=True):
    """A TensorProto; floats unless all values are int."""
    whole = len(values) > 0 and all(isinstance(v, int) for v in values)
    out = b"".join(number(1, n) for n in shape)
    out += number(2, INT64 if whole else FLOAT)
    code = "<%d%s" % (len(values), "q" if whole else "f")
    if raw:
        out += data(9, struct.pack(code, *values))
    elif whole:
        out += data(7, b"".join(varint(v) for v in values))
    else:
        out += data(4, struct.pack(code, *values))
    return out + (data(8, name) if name else b"")


def attribute(name, v):
    out = data(1, name)
    if isinstance(v, bool) or isinstance(v, int):
        return out + number(3, int(v)) + number(20, 2)
    if isinstance(v, float):
        return out + varint(2 << 3 | 5) + struct.pack("<f", v) + number(20, 1)
    if isinstance(v, str):
        return out + data(4, v) + number(20, 3)
    if isinstance(v, bytes):  # a TensorProto
        return out + data(5, v) + number(20, 4)
    if all(isinstance(i, int) for i in v):
        return out + b"".join(number(8, i) for i in v) + number(20, 7)
    return (out + data(7, struct.pack("<%df" % len(v), *v)) + number(20, 6))


def value_info(name, shape):
    dims = b"".join(data(1, number(1, n)) for n in shape)
    kind = data(1, number(1, FLOAT) + data(2, dims))
    return data(1, name) + data(2, kind)


class Model:
    def __init__(self, opset=14):
        self.graph = b""
        self.opset = opset
        self.count = 0

    def node(self, op, inputs, outputs, name=None, **attributes):
        body = b"".join(data(1, i) for i in inputs)
        body += b"".join(data(2, o) for o in outputs)
        body += data(3, name or "%s_%d" % (op, self.count)) + data(4, op)
        body += b"".join(data(5, attribute(k, v))
                         for k, v in attributes.items())
        self.count += 1
        self.graph += data(1, body)

    def constant(self, name, shape, values, raw=True):
        self.graph += data(5, tensor(name, shape, list(values), raw))

    def input(self, name, shape):
        self.graph += data(11, value_info(name, shape))

    def output(self, name, shape=()):
        self.graph += data(12, value_info(name, shape))

    def bytes(self):
        return (number(1, 7) + data(2, "tests") +
                data(7, data(2, "graph") + self.graph) +
                data(8, data(1, "") + number(2, self.opset)))

    def save(self, path):
        with open(path, "wb") as f:
            f.write(self.bytes())
