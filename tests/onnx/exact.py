# SPDX-License-Identifier: Apache-2.0
"""The benchmark's one-layer models in exact arithmetic with the rounding of
docs/protocol.md, 9, in numpy: what their errors are to be measured by.

    layer = Layer('model.onnx')
    y = layer.integers(x, scale, param_scale)    # x: reals; y: integers

Integers are float64 where a product goes through BLAS, which is exact below
2^53; nothing here knows of the C code.
"""
import struct

import numpy as np


def fields(b):
    """(number, value) of a protocol buffer's fields: ints, or bytes."""
    at = 0

    def varint():
        nonlocal at
        v = shift = 0
        while True:
            v |= (b[at] & 127) << shift
            at, shift = at + 1, shift + 7
            if b[at - 1] < 128:
                return v

    while at < len(b):
        key = varint()
        n = {0: None, 1: 8, 5: 4}.get(key & 7, -1)
        if n is None:
            yield key >> 3, varint()
            continue
        n = varint() if n < 0 else n
        yield key >> 3, b[at:at + n]
        at += n


def ints(v):
    """A repeated integer, packed or one of several."""
    return [v] if isinstance(v, int) else list(v)


def tensor(b):
    dims, raw, name, floats = [], b'', '', b''
    for k, v in fields(b):
        if k == 1:
            dims += ints(v)
        elif k == 4:
            floats += v
        elif k == 8:
            name = v.decode()
        elif k == 9:
            raw = v
    return name, np.frombuffer(raw or floats, '<f4').astype(float).reshape(dims)


def signed(v):
    return v - (1 << 64) if v >> 63 else v


def node(b):
    op, attrs = '', {}
    for k, v in fields(b):
        if k == 4:
            op = v.decode()
        elif k == 5:
            name, value, several = '', None, []
            for j, x in fields(v):
                if j == 1:
                    name = x.decode()
                elif j == 2:
                    value = struct.unpack('<f', x)[0]
                elif j == 3:
                    value = signed(x)
                elif j == 5:
                    value = tensor(x)[1] if b'\x10\x01' in x else None
                elif j == 8:
                    several += ints(x)
            attrs[name] = several if several else value
    return op, attrs


def half_up(v):
    return np.floor(v + 0.5)


def quantise(x, scale):
    return half_up(np.asarray(x, float) * 2.0 ** scale)


def rescale(acc, divisor):
    """floor(acc / divisor + 1/2) of integers."""
    acc = acc.astype(np.int64)
    return (2 * acc + divisor) // (2 * divisor)


class Layer:
    """A model of one layer."""

    def __init__(self, path):
        with open(path, 'rb') as f:
            graph = next(v for k, v in fields(f.read()) if k == 7)
        nodes = [node(v) for k, v in fields(graph) if k == 1]
        self.const = [tensor(v)[1] for k, v in fields(graph) if k == 5]
        self.attrs = {op: attrs for op, attrs in nodes}
        self.ops = [op for op, _ in nodes if op not in ('Constant', 'Pad')]
        self.value = [a['value'] for op, a in nodes if op == 'Constant']

    def integers(self, x, scale, param_scale):
        """The output's integers at `scale`, of reals x."""
        q = quantise(x, scale)
        how = getattr(self, '_'.join(self.ops).lower())
        return how(q, scale, param_scale).astype(np.int64)

    # Functions: round(f(q / 2^s) 2^s)

    def table(self, q, scale, f):
        return half_up(f(q / 2.0 ** scale) * 2.0 ** scale)

    def relu(self, q, scale, _):
        return np.maximum(q, 0)

    def tanh(self, q, scale, _):
        return self.table(q, scale, np.tanh)

    def sigmoid_mul(self, q, scale, _):
        return self.table(q, scale, lambda v: v / (1 + np.exp(-v)))

    def pow(self, q, scale, _):
        return self.table(q, scale, lambda v: v ** float(self.value[0]))

    # Windows of 2 x 2, stride 2

    @staticmethod
    def windows(q):
        n, c, h, w = q.shape
        return q.reshape(n, c, h // 2, 2, w // 2, 2)

    def maxpool(self, q, scale, _):
        return self.windows(q).max(axis=(3, 5))

    def averagepool(self, q, scale, _):
        return rescale(self.windows(q).sum(axis=(3, 5)), 4)

    # (sum w x + b) / 2^P, w at P, b at s + P

    def params(self, scale, param_scale):
        weight, bias = self.const
        return (quantise(weight, param_scale),
                quantise(bias, scale + param_scale))

    def gemm(self, q, scale, param_scale):
        w, b = self.params(scale, param_scale)
        return rescale(q @ w.T + b, 1 << param_scale)

    def conv(self, q, scale, param_scale):
        a = self.attrs['Conv']
        w, b = self.params(scale, param_scale)
        (sy, sx), pad, groups = a['strides'], a['pads'][0], a.get('group', 1)
        q = np.pad(q, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        h = (q.shape[2] - w.shape[2]) // sy + 1
        v = (q.shape[3] - w.shape[3]) // sx + 1
        acc = np.zeros((1, w.shape[0], h, v)) + b[:, None, None]
        for i in range(w.shape[2]):
            for j in range(w.shape[3]):
                x = q[:, :, i:i + sy * h:sy, j:j + sx * v:sx]
                if groups == 1:
                    acc[0] += np.tensordot(w[:, :, i, j], x[0], 1)
                else:
                    assert groups == w.shape[0] == q.shape[1]
                    acc += w[:, 0, i, j][:, None, None] * x
        return rescale(acc, 1 << param_scale)

    # a x + c by channel; rows of all elements

    def batchnormalization(self, q, scale, param_scale):
        gain, bias, mean, var = self.const
        epsilon = self.attrs['BatchNormalization'].get('epsilon', 1e-5)
        a = gain / np.sqrt(var + epsilon)
        acc = (quantise(a, param_scale)[:, None, None] * q +
               quantise(bias - a * mean, scale + param_scale)[:, None, None])
        return rescale(acc, 1 << param_scale)

    def reducemean_sub_pow_reducemean_add_sqrt_div_mul_add(self, q, scale,
                                                           param_scale):
        gain, bias = self.const
        epsilon = float(self.value[1])
        x = q / 2.0 ** scale
        y = (x - x.mean()) / np.sqrt(x.var() + epsilon)
        y = (y * quantise(gain, param_scale) / 2.0 ** param_scale +
             quantise(bias, scale + param_scale) / 2.0 ** (scale + param_scale))
        return half_up(y * 2.0 ** scale)
