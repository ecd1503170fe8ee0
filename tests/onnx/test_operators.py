# SPDX-License-Identifier: Apache-2.0
"""Random small models, operator by operator: the witness that the graph's rules
find, the operators' integer models in C (run_cases compares those two), and
reference.py, which has nothing in common with either.

    test_operators.py RUN_CASES [CASES] [SEED]
"""
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import onnx_writer  # noqa: E402
import reference as ref  # noqa: E402

RUN_CASES = sys.argv[1]
CASES = int(sys.argv[2]) if len(sys.argv) > 2 else 200
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 20251129
PROVE = 4  # of each operator's cases
SEARCH = 30  # the same: all their witnesses are sought
LENGTHS = [1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8]


def f32(v):
    return onnx_writer.struct.unpack('f', onnx_writer.struct.pack('f', v))[0]


class Case:
    """One model with its input; expect: the outputs' integers."""

    def __init__(self, rng, scale, param, kind):
        self.rng, self.s, self.p, self.kind = rng, scale, param, kind
        self.w = onnx_writer.Model(opset=rng.choice([11, 13, 14, 15, 17]))
        self.inputs = []

    def length(self, top=8):
        return min(self.rng.choice(LENGTHS), top)

    def reals(self, n, ties=True):
        """Some of them fall between two steps of the scale: ties."""
        out = []
        for _ in range(n):
            v = self.rng.gauss(0, 1.2)
            if ties and self.rng.random() < 0.3:
                v = (math.floor(v * 2 ** self.s) + 0.5) / 2 ** self.s
            out.append(f32(v))
        return out

    def input(self, shape, name=None):
        name = name or 'x%d' % len(self.inputs)
        values = self.reals(ref.count(shape))
        self.inputs.append(values)
        self.w.input(name, shape)
        return name, ref.quantise(values, self.s)

    def constant(self, name, shape, scale):
        values = self.reals(ref.count(shape), ties=False)
        self.w.constant(name, shape, values, raw=self.rng.random() < 0.5)
        return ref.quantise(values, scale)


def window(c, axes, dilate=True, pad=True):
    """A random window that fits; None when there is none."""
    w = {'in': [c.length() for _ in range(axes)]}
    w['kernel'] = [c.rng.randint(1, 3) for _ in range(axes)]
    w['stride'] = [c.rng.randint(1, 3) for _ in range(axes)]
    w['dilation'] = [c.rng.randint(1, 2) if dilate else 1
                     for _ in range(axes)]
    w['before'] = [c.rng.randint(0, (k - 1) * d if pad else 0)
                   for k, d in zip(w['kernel'], w['dilation'])]
    w['after'] = [c.rng.randint(0, (k - 1) * d if pad else 0)
                  for k, d in zip(w['kernel'], w['dilation'])]
    w['out'] = []
    for k in range(axes):
        room = (w['in'][k] + w['before'][k] + w['after'][k] -
                w['dilation'][k] * (w['kernel'][k] - 1) - 1)
        if room < 0:
            return None
        w['out'].append(room // w['stride'][k] + 1)
    return w


def window_attributes(w):
    return {'kernel_shape': w['kernel'], 'strides': w['stride'],
            'dilations': w['dilation'], 'pads': w['before'] + w['after']}


def strided(c, w):
    """An axis that ceil_mode, or auto_pad, says the length of."""
    a = window_attributes(w)
    how = c.rng.choice(['', '', 'SAME_UPPER', 'SAME_LOWER', 'VALID'])
    if how == '':
        return a
    del a['pads']
    a['auto_pad'] = how
    for k in range(len(w['in'])):
        reach = w['dilation'][k] * (w['kernel'][k] - 1) + 1
        pad = 0
        if how != 'VALID':
            out = -(-w['in'][k] // w['stride'][k])
            pad = max(0, (out - 1) * w['stride'][k] + reach - w['in'][k])
        small, large = pad // 2, pad - pad // 2
        w['before'][k] = large if how == 'SAME_LOWER' else small
        w['after'][k] = pad - w['before'][k]
        room = w['in'][k] + pad - reach
        if room < 0:
            return None
        w['out'][k] = room // w['stride'][k] + 1
    return a


def ceiling(c, w):
    """One more window where a part is left, if it begins inside."""
    if c.rng.random() < 0.5:
        return {}
    for k in range(len(w['in'])):
        room = (w['in'][k] + w['before'][k] + w['after'][k] -
                w['dilation'][k] * (w['kernel'][k] - 1) - 1)
        if room % w['stride'][k] and (w['out'][k] * w['stride'][k] <
                                      w['in'][k] + w['before'][k]):
            w['out'][k] += 1
    return {'ceil_mode': 1}


def conv(c):
    w = window(c, c.rng.choice([1, 2, 2, 2]))
    groups = c.rng.choice([1, 1, 2, 3])
    inp, out = c.rng.choice([1, 2, 3]), c.rng.choice([1, 2, 3])
    batch = c.rng.choice([1, 1, 2, 3])
    if w is None:
        return None
    x, q = c.input([batch, groups * inp] + w['in'])
    attributes = strided(c, w)
    if attributes is None:
        return None
    weight = c.constant('w', [groups * out, inp] + w['kernel'], c.p)
    names, bias = [x, 'w'], [0] * (groups * out)
    if c.rng.random() < 0.7:
        bias = c.constant('b', [groups * out], c.s + c.p)
        names.append('b')
    c.w.node('Conv', names, ['y'], group=groups, **attributes)
    return ref.rescale(ref.conv(q, weight, bias, w, batch, groups, out, inp),
                       2 ** c.p)


def conv_relu(c):
    y = conv(c)
    c.w.node('Relu', ['y'], ['z'])
    return None if y is None else ([max(0, v) for v in y], 'z')


def conv_pool(c):
    """One task: the sums, perhaps a Relu, and the maximum of blocks."""
    w = window(c, 2)
    groups = c.rng.choice([1, 1, 2, 3])
    inp, out = (1, 1) if groups > 1 else (c.rng.choice([1, 2, 3]),
                                          c.rng.choice([1, 2, 3]))
    batch = c.rng.choice([1, 1, 2, 3])
    block = c.rng.choice([[2, 2], [2, 2], [1, 2], [3, 2]])
    if w is None or any(n < b for n, b in zip(w['out'], block)):
        return None
    x, q = c.input([batch, groups * inp] + w['in'])
    weight = c.constant('w', [groups * out, inp] + w['kernel'], c.p)
    c.w.node('Conv', [x, 'w'], ['a'], group=groups, **window_attributes(w))
    acc = ref.rescale(ref.conv(q, weight, [0] * (groups * out), w, batch,
                               groups, out, inp), 2 ** c.p)
    last = 'a'
    if c.kind == 'Relu':
        c.w.node('Relu', ['a'], ['r'])
        acc, last = [max(0, v) for v in acc], 'r'
    c.w.node('MaxPool', [last], ['y'], kernel_shape=block, strides=block)
    pool = {'in': w['out'], 'kernel': block, 'stride': block,
            'dilation': [1, 1], 'before': [0, 0],
            'out': [n // b for n, b in zip(w['out'], block)]}
    return ref.pool(acc, pool, batch * groups * out, lambda v, n: max(v))


def max_pool(c):
    w = window(c, c.rng.choice([1, 2, 2, 3]))
    if w is None:
        return None
    more = ceiling(c, w)
    for y in ref.indices(w['out']):
        if not any(at for _, at in ref.taps(w, y)):
            return None  # a window all in the padding
    maps = [c.rng.choice([1, 2]), c.rng.choice([1, 2, 3])]
    x, q = c.input(maps + w['in'])
    c.w.node('MaxPool', [x], ['y'], **window_attributes(w), **more)
    return ref.pool(q, w, ref.count(maps), lambda v, n: max(v))


def average_pool(c):
    w = window(c, c.rng.choice([1, 2, 2]), dilate=False)
    if w is None:
        return None
    maps = [c.rng.choice([1, 2]), c.rng.choice([1, 2, 3])]
    x, q = c.input(maps + w['in'])
    a = window_attributes(w)
    del a['dilations']
    a.update(ceiling(c, w))
    counted = c.rng.randint(0, 1)
    for y in ref.indices(w['out']):
        if not any(at for _, at in ref.taps(w, y)):
            return None
    c.w.node('AveragePool', [x], ['y'], count_include_pad=counted, **a)
    real = ref.pool_counts(w, padding=bool(counted)) * ref.count(maps)
    sums = ref.pool(q, w, ref.count(maps), lambda v, n: sum(v))
    return [ref.half_up(ref.Fraction(v, n)) for v, n in zip(sums, real)]


def global_average_pool(c):
    shape = [c.length(3), c.length(4)] + [c.length() for _ in range(
        c.rng.choice([1, 2]))]
    x, q = c.input(shape)
    c.w.node('GlobalAveragePool', [x], ['y'])
    n = ref.count(shape[2:])
    return [ref.half_up(ref.Fraction(sum(q[i:i + n]), n))
            for i in range(0, len(q), n)]


def reduce(c):
    shape = [c.length(5) for _ in range(c.rng.choice([1, 2, 3]))]
    axes = sorted(c.rng.sample(range(len(shape)),
                               c.rng.randint(1, len(shape))))
    op = c.kind
    x, q = c.input(shape)
    if op == 'ReduceSum' and c.w.opset >= 13:
        c.w.constant('axes', [len(axes)], axes)
        c.w.node(op, [x, 'axes'], ['y'], keepdims=c.rng.randint(0, 1))
    else:
        c.w.node(op, [x], ['y'], axes=axes, keepdims=c.rng.randint(0, 1))
    kept = [n for k, n in enumerate(shape) if k not in axes]
    acc = [0] * ref.count(kept)
    for i in ref.indices(shape):
        own = [v for k, v in enumerate(i) if k not in axes]
        acc[ref.flat(own, kept)] += q[ref.flat(i, shape)]
    n = ref.count(shape) // len(acc) if op == 'ReduceMean' else 1
    return ref.rescale(acc, n)


def gemm(c):
    m, k, n = c.length(4), c.length(), c.length()
    x, q = c.input([m, k])
    flip = c.rng.randint(0, 1)
    alpha, beta = c.rng.choice([(1.0, 1.0), (0.5, 2.0)])
    values = c.reals(k * n, ties=False)
    c.w.constant('w', [n, k] if flip else [k, n], values)
    weight = ref.quantise([v * alpha for v in values], c.p)
    if flip:
        weight = [weight[j * k + i] for i in range(k) for j in range(n)]
    names, bias = [x, 'w'], [0] * (m * n)
    if c.rng.random() < 0.8:
        shape = c.rng.choice([[n], [1, n], [m, n], [m, 1], [1], []])
        values = c.reals(ref.count(shape), ties=False)
        c.w.constant('b', shape, values)
        stored = ref.quantise([v * beta for v in values], c.s + c.p)
        bias = [stored[ref.broadcast([m, n], shape, i)]
                for i in ref.indices([m, n])]
        names.append('b')
    c.w.node('Gemm', names, ['y'], transB=flip, alpha=alpha, beta=beta)
    return ref.rescale([a + b for a, b in zip(
        ref.matmul(q, weight, 1, m, k, n), bias)], 2 ** c.p)


def matmul(c):
    lead = [c.length(3) for _ in range(c.rng.choice([0, 1, 2]))]
    m, k, n = c.length(4), c.length(), c.length(4)
    b = ref.count(lead)
    x, q = c.input(lead + [m, k])
    if c.rng.random() < 0.5:
        y, r = c.input(lead + [k, n])
        c.w.node('MatMul', [x, y], ['y'])
        return ref.rescale(ref.matmul(q, r, b, m, k, n), 2 ** c.s)
    r = c.constant('w', [k, n], c.p)
    c.w.node('MatMul', [x, 'w'], ['y'])
    return ref.rescale(ref.matmul(q, r * b, b, m, k, n), 2 ** c.p)


def matrices(c):
    """All that is no value times one constant matrix."""
    if c.rng.random() < 0.4:
        return gemm_of_values(c)
    m, k, n = c.length(4), c.length(), c.length(4)
    lead = [c.length(3) for _ in range(c.rng.choice([0, 1, 2]))]
    shapes = []
    for tail, vector in ([m, k], [k]), ([k, n], [k]):
        own = [v if c.rng.random() < 0.6 else 1 for v in lead]
        shapes.append(vector if c.rng.random() < 0.2 else
                      own[c.rng.randint(0, len(own)):] + tail)
    fixed = c.rng.choice([None, None, 0, 1])
    names, q = [], []
    for i, shape in enumerate(shapes):
        if i == fixed:
            names.append('w')
            q.append(c.constant('w', shape, c.p))
        else:
            name, values = c.input(shape)
            names.append(name)
            q.append(values)
    c.w.node('MatMul', names, ['y'])
    m = 1 if len(shapes[0]) == 1 else m
    n = 1 if len(shapes[1]) == 1 else n
    heads = [shape[:-2] for shape in shapes]
    whole = ref.broadcast_shape(*heads)
    out = []
    for i in ref.indices(whole):
        a, b = (ref.broadcast(whole, h, i) for h in heads)
        out += ref.matmul(q[0][a * m * k:(a + 1) * m * k],
                          q[1][b * k * n:(b + 1) * k * n], 1, m, k, n)
    return ref.rescale(out, 2 ** (c.s if fixed is None else c.p))


def gemm_of_values(c):
    m, k, n = c.length(4), c.length(), c.length(4)
    ta, tb = c.rng.randint(0, 1), c.rng.randint(0, 1)
    x, q = c.input([k, m] if ta else [m, k])
    y, r = c.input([n, k] if tb else [k, n])
    q = [q[i + j * m] for i in range(m) for j in range(k)] if ta else q
    r = [r[i + j * k] for i in range(k) for j in range(n)] if tb else r
    acc, names = ref.matmul(q, r, 1, m, k, n), [x, y]
    if c.rng.random() < 0.7:
        shape = c.rng.choice([[n], [1, n], [m, n], [m, 1], [1]])
        if c.rng.random() < 0.5:
            z, add = c.input(shape)
            add = [v * 2 ** c.s for v in add]
        else:
            z, add = 'c', c.constant('c', shape, 2 * c.s)
        names.append(z)
        acc = [v + add[ref.broadcast([m, n], shape, i)]
               for v, i in zip(acc, ref.indices([m, n]))]
    c.w.node('Gemm', names, ['y'], transA=ta, transB=tb)
    return ref.rescale(acc, 2 ** c.s)


def broadcast_pair(c):
    shape = [c.length(4) for _ in range(c.rng.choice([1, 2, 3]))]
    other = [n if c.rng.random() < 0.6 else 1 for n in shape]
    return shape, other[c.rng.randint(0, len(other) - 1):]


def elementwise(c):
    """Add, Sub, Mul of two values, one of them perhaps repeated."""
    shape, other = broadcast_pair(c)
    op = c.kind
    x, q = c.input(shape)
    y, r = c.input(other)
    swap = c.rng.randint(0, 1)
    c.w.node(op, [y, x] if swap else [x, y], ['y'])
    f = {'Add': lambda a, b: a + b, 'Sub': lambda a, b: a - b,
         'Mul': lambda a, b: ref.half_up(ref.Fraction(a * b, 2 ** c.s))}[op]
    out = []
    for i in ref.indices(shape):
        a, b = q[ref.flat(i, shape)], r[ref.broadcast(shape, other, i)]
        out.append(f(b, a) if swap else f(a, b))
    return out


def affine(c):
    """Add, Sub, Mul, Div with a constant of more than one element."""
    shape, other = broadcast_pair(c)
    if ref.count(other) == 1:
        return None
    op = c.kind
    x, q = c.input(shape)
    values = [v if abs(v) > 0.2 else 0.75
              for v in c.reals(ref.count(other), ties=False)]
    c.w.constant('c', other, values)
    swap = op != 'Div' and c.rng.randint(0, 1)
    c.w.node(op, ['c', x] if swap else [x, 'c'], ['y'])
    out = []
    stored = ref.quantise([1 / v for v in values] if op == 'Div' else values,
                          c.p if op in ('Mul', 'Div') else c.s)
    if op == 'Sub' and not swap:  # adds the rounded negative
        stored = ref.quantise([-v for v in values], c.s)
    for i in ref.indices(shape):
        a, k = q[ref.flat(i, shape)], stored[ref.broadcast(shape, other, i)]
        if op in ('Mul', 'Div'):
            out.append(ref.half_up(ref.Fraction(a * k, 2 ** c.p)))
        elif op == 'Sub' and swap:
            out.append(k - a)
        else:
            out.append(a + k)
    return out


def repeated(c):
    """A value that a constant of more axes, or an Expand, repeats."""
    other, shape = broadcast_pair(c)
    op = c.kind
    x, q = c.input(shape)
    if op == 'Expand':
        c.w.constant('c', [len(other)], other)
        c.w.node(op, [x, 'c'], ['t'])
        c.w.node('Neg', ['t'], ['y'])
        return [-q[ref.broadcast(other, shape, i)] for i in ref.indices(other)]
    values = [v if abs(v) > 0.2 else 0.75
              for v in c.reals(ref.count(other), ties=False)]
    c.w.constant('c', other, values)
    swap = op != 'Div' and c.rng.randint(0, 1)
    c.w.node(op, ['c', x] if swap else [x, 'c'], ['y'])
    whole = ref.count(shape) == ref.count(other)
    if ref.count(other) == 1 or (whole and op == 'Sub'):
        return None  # others test these
    stored = ref.quantise([1 / v for v in values] if op == 'Div' else values,
                          c.p if op in ('Mul', 'Div') else c.s)
    out = []
    for i in ref.indices(other):
        a, k = q[ref.broadcast(other, shape, i)], stored[ref.flat(i, other)]
        out.append(a + k if op == 'Add' else
                   ref.half_up(ref.Fraction(a * k, 2 ** c.p))
                   if op in ('Mul', 'Div') else k - a if swap else a - k)
    return out


def divide(c):
    """By a value of either sign; of a value or a constant."""
    shape, other = broadcast_pair(c)
    if c.rng.randint(0, 1):
        shape, other = other, shape
    away = c.rng.choice([-1, 1, 0])
    if c.rng.random() < 0.3 and ref.count(shape) > 1:
        x, q = 'c', c.constant('c', shape, c.s)
    else:
        x, q = c.input(shape)
    z, _ = c.input(other)
    values = [abs(v) + 0.5 for v in c.reals(ref.count(other))]
    values = [f32(v * (away or c.rng.choice([-1, 1]))) for v in values]
    c.inputs[-1] = values
    r = ref.quantise(values, c.s)
    c.w.node('Div', [x, z], ['y'])
    out = ref.broadcast_shape(shape, other)
    return [ref.half_up(ref.Fraction(
        q[ref.broadcast(out, shape, i)] * 2 ** c.s,
        r[ref.broadcast(out, other, i)])) for i in ref.indices(out)]


def softmax(c):
    shape = [c.length(5) for _ in range(c.rng.choice([1, 2, 3]))]
    axis = c.rng.randrange(-len(shape), len(shape))
    x, q = c.input(shape)
    c.w.node('Softmax', [x], ['y'], axis=axis)
    axis %= len(shape)
    if c.w.opset < 13:
        over = range(axis, len(shape))
    else:
        over = [axis]
    rows = {}
    for i in ref.indices(shape):
        key = tuple(v for k, v in enumerate(i) if k not in over)
        rows.setdefault(key, []).append(ref.flat(i, shape))
    out = [0] * len(q)
    for places in rows.values():
        got = ref.softmax([q[i] for i in places], c.s)
        for i, v in zip(places, got):
            out[i] = v
    return out


def batch_norm(c):
    ch = c.length(4)
    shape = [c.length(2), ch] + [c.length(4) for _ in range(
        c.rng.choice([0, 1, 2]))]
    x, q = c.input(shape)
    p = [c.reals(ch, ties=False) for _ in range(4)]
    p[3] = [abs(v) + 0.25 for v in p[3]]
    p[3] = [f32(v) for v in p[3]]
    for name, v in zip(['g', 'b', 'm', 'v'], p):
        c.w.constant(name, [ch], v)
    eps = f32(1e-3)
    c.w.node('BatchNormalization', [x, 'g', 'b', 'm', 'v'], ['y'], epsilon=eps)
    a = [p[0][i] / math.sqrt(p[3][i] + eps) for i in range(ch)]
    b = [p[1][i] - p[2][i] * a[i] for i in range(ch)]
    a, b = ref.quantise(a, c.p), ref.quantise(b, c.s + c.p)
    inner = ref.count(shape[2:])
    return ref.rescale([v * a[i // inner % ch] + b[i // inner % ch]
                        for i, v in enumerate(q)], 2 ** c.p)


def sigmoid(v):
    return 1 / (1 + math.exp(-v))


def clip(v, low, high):
    return low if v < low else high if v > high else v


FUNCTIONS = {
    'Relu': (lambda v: max(v, 0.0), {}),
    'LeakyRelu': (lambda v: v if v >= 0 else f32(0.2) * v, {'alpha': 0.2}),
    'Sigmoid': (sigmoid, {}),
    'Tanh': (math.tanh, {}),
    'HardSigmoid': (lambda v: clip(f32(0.2) * v + 0.5, 0, 1),
                    {'alpha': 0.2, 'beta': 0.5}),
    'HardSwish': (lambda v: v * clip(v / 6 + 0.5, 0, 1), {}),
    'Erf': (math.erf, {}),
    'Exp': (math.exp, {}),
    'Softplus': (lambda v: math.log1p(math.exp(-abs(v))) + max(v, 0), {}),
    'Elu': (lambda v: v if v >= 0 else math.expm1(v), {}),
    'Neg': (lambda v: -v, {}),
    'Abs': (abs, {}),
}


def activation(c):
    shape = [c.length(4) for _ in range(c.rng.choice([1, 2, 3]))]
    op = c.kind
    x, q = c.input(shape)
    f, attributes = FUNCTIONS[op]
    c.w.node(op, [x], ['y'], **attributes)
    return ref.function(q, c.s, f)


def composed(c):
    """Chains that become one table: SiLU, GELU by Erf, Pow, Clip, Sqrt."""
    shape = [c.length(4), c.length(4)]
    which = KINDS[composed].index(c.kind)
    x, q = c.input(shape)
    if which == 0:
        c.w.node('Sigmoid', [x], ['a'])
        c.w.node('Mul', [x, 'a'], ['y'])
        return ref.function(q, c.s, lambda v: v * sigmoid(v))
    if which == 1:
        c.w.constant('root', [], [math.sqrt(2)])
        c.w.constant('one', [], [1.0])
        c.w.constant('half', [], [0.5])
        c.w.node('Div', [x, 'root'], ['a'])
        c.w.node('Erf', ['a'], ['b'])
        c.w.node('Add', ['b', 'one'], ['d'])
        c.w.node('Mul', [x, 'd'], ['e'])
        c.w.node('Mul', ['e', 'half'], ['y'])
        root = f32(math.sqrt(2))
        return ref.function(q, c.s,
                            lambda v: v * (math.erf(v / root) + 1) * 0.5)
    if which == 2:
        n = c.rng.choice([2.0, 3.0])
        c.w.constant('n', [], [n])
        c.w.node('Pow', [x, 'n'], ['y'])
        return ref.function(q, c.s, lambda v: v ** n)
    if which == 3:
        c.w.constant('low', [], [-0.5])
        c.w.constant('high', [], [1.25])
        c.w.node('Clip', [x, 'low', 'high'], ['y'])
        return ref.function(q, c.s, lambda v: clip(v, -0.5, 1.25))
    if which == 4:
        c.w.node('Abs', [x], ['a'])
        c.w.node('Sqrt', ['a'], ['y'])
        return ref.function(q, c.s, lambda v: math.sqrt(abs(v)))
    c.w.node('Exp', [x], ['a'])
    c.w.node('Reciprocal', ['a'], ['y'])
    return ref.function(q, c.s, lambda v: 1 / math.exp(v))


def repeats(c, name, shape, scale):
    """A constant of this shape, or of its last axes alone: then repeated."""
    own = shape[c.rng.randrange(len(shape)):]
    return c.constant(name, own, scale) * (ref.count(shape) // ref.count(own))


def layer_norm(c):
    """Within one step of exact arithmetic: mean and root are rounded too."""
    lead = [c.length(3) for _ in range(c.rng.choice([0, 1, 2]))]
    tail = [c.length() for _ in range(c.rng.choice([1, 2]))]
    n = ref.count(tail)
    if n < 2:
        return None
    x, q = c.input(lead + tail)
    gain, bias = [2 ** c.p] * n, [0] * n
    eps = f32(1e-2)
    axes = list(range(-len(tail), 0))
    if c.w.opset == 17:
        gain = repeats(c, 'g', tail, c.p)
        bias = repeats(c, 'b', tail, c.s + c.p)
        c.w.node('LayerNormalization', [x, 'g', 'b'], ['y'],
                 axis=-len(tail), epsilon=eps)
    else:
        c.w.constant('two', [], [2.0])
        c.w.constant('eps', [], [eps])
        c.w.node('ReduceMean', [x], ['mu'], axes=axes, keepdims=1)
        c.w.node('Sub', [x, 'mu'], ['d'])
        c.w.node('Pow', ['d', 'two'], ['sq'])
        c.w.node('ReduceMean', ['sq'], ['var'], axes=axes, keepdims=1)
        c.w.node('Add', ['var', 'eps'], ['ve'])
        c.w.node('Sqrt', ['ve'], ['sd'])
        c.w.node('Div', ['d', 'sd'], ['y'])
    return ref.layer_norm_exact(q, ref.count(lead), gain, bias, c.s, c.p,
                                eps), 'y', 1


def move(c):
    """Transpose, Slice, Pad, Gather, Concat of values."""
    shape = [c.length(5) for _ in range(c.rng.choice([1, 2, 3]))]
    op = c.kind
    x, q = c.input(shape)
    axis = c.rng.randrange(len(shape))
    if op == 'Transpose':
        perm = c.rng.sample(range(len(shape)), len(shape))
        out = [shape[a] for a in perm]
        c.w.node(op, [x], ['t'], perm=perm)

        def at(i):
            return [i[perm.index(k)] for k in range(len(shape))]
    elif op == 'Slice':
        start = c.rng.randrange(shape[axis])
        step = c.rng.choice([1, 2, -1])
        picks = list(range(start, shape[axis]) if step > 0 else
                     range(start, -1, -1))[::abs(step)]
        end = 99 if step > 0 else -99
        for name, v in ('s', start), ('e', end), ('a', axis), ('p', step):
            c.w.constant(name, [1], [v])
        out = shape[:axis] + [len(picks)] + shape[axis + 1:]
        c.w.node(op, [x, 's', 'e', 'a', 'p'], ['t'])

        def at(i):
            return i[:axis] + (picks[i[axis]],) + i[axis + 1:]
    elif op == 'Gather':
        picks = [k % shape[axis] for k in range(c.rng.randint(1, 3))]
        steps = {b - a for a, b in zip(picks, picks[1:])}
        if len(steps) > 1 or steps == {0}:
            return None
        c.w.constant('k', [len(picks)], picks)
        out = shape[:axis] + [len(picks)] + shape[axis + 1:]
        c.w.node(op, [x, 'k'], ['t'], axis=axis)

        def at(i):
            return i[:axis] + (picks[i[axis]],) + i[axis + 1:]
    elif op == 'Pad':
        pads = [c.rng.randint(0, 2) for _ in range(2 * len(shape))]
        c.w.constant('pads', [len(pads)], pads)
        out = [n + pads[k] + pads[k + len(shape)]
               for k, n in enumerate(shape)]
        c.w.node(op, [x, 'pads'], ['t'])

        def at(i):
            return [v - pads[k] for k, v in enumerate(i)]
    else:
        more = shape[:axis] + [c.length(3)] + shape[axis + 1:]
        y, r = c.input(more)
        out = shape[:axis] + [shape[axis] + more[axis]] + shape[axis + 1:]
        c.w.node(op, [x, y], ['t'], axis=axis)

        def at(i):
            return i
    c.w.node('Neg', ['t'], ['y'])
    got = []
    for i in ref.indices(out):
        j = tuple(at(i))
        if all(0 <= v < n for v, n in zip(j, shape)):
            got.append(-q[ref.flat(j, shape)])
        elif op == 'Concat':
            j = i[:axis] + (i[axis] - shape[axis],) + i[axis + 1:]
            got.append(-r[ref.flat(j, more)])
        else:
            got.append(0)
    return got


def factors(c, n):
    """n as a product of a few lengths, ones among them."""
    out = []
    while n > 1:
        f = c.rng.choice([k for k in range(2, n + 1) if n % k == 0])
        out.append(f)
        n //= f
    c.rng.shuffle(out)
    if len(out) < 5 and c.rng.random() < 0.4:
        out.insert(c.rng.randint(0, len(out)), 1)
    return out


def reshape(c):
    """Through another shape and back, elements moving between."""
    n = c.rng.choice([1, 2, 6, 12, 24, 30, 36, 48])
    first, second, third = factors(c, n), factors(c, n), factors(c, n)
    x, q = c.input(first)
    c.w.constant('to', [len(second)], second)
    c.w.constant('last', [len(third)], third)
    c.w.node('Reshape', [x, 'to'], ['a'])
    perm = c.rng.sample(range(len(second)), len(second))
    c.w.node('Transpose', ['a'], ['b'], perm=perm)
    c.w.node('Reshape', ['b', 'last'], ['d'])
    weight = c.constant('w', third + [2], c.s)
    c.w.constant('axis', [1], [len(third)])
    if c.w.opset >= 13:
        c.w.node('Unsqueeze', ['d', 'axis'], ['e'])
    else:
        c.w.node('Unsqueeze', ['d'], ['e'], axes=[len(third)])
    c.w.node('Add', ['e', 'w'], ['y'])
    if len(second) == 0 or len(third) == 0:
        return None
    out = [second[p] for p in perm]
    moved = []
    for i in ref.indices(out):
        j = [i[perm.index(k)] for k in range(len(second))]
        moved.append(q[ref.flat(j, second)])
    return [v + weight[2 * i + k] for i, v in enumerate(moved)
            for k in range(2)]


def shapes(c):
    """What exporters write to flatten: shapes cut, joined and cast."""
    shape = [c.length(5) for _ in range(c.rng.choice([2, 3, 4]))]
    k = c.rng.randrange(len(shape))
    x, q = c.input(shape)
    c.w.constant('at', [], [k])
    c.w.constant('rest', [1], [-1])
    c.w.constant('zero', [1], [0])
    c.w.node('Shape', [x], ['s'])
    c.w.node('Gather', ['s', 'at'], ['n'], axis=0)
    c.w.node('Cast', ['n'], ['m'], to=7)
    if c.w.opset >= 13:
        c.w.node('Unsqueeze', ['m', 'zero'], ['first'])
    else:
        c.w.node('Unsqueeze', ['m'], ['first'], axes=[0])
    c.w.node('Concat', ['first', 'rest'], ['to'], axis=0)
    c.w.node('Reshape', [x, 'to'], ['flat'])
    c.w.node('Cast', ['flat'], ['real'], to=1)
    n, m = shape[k], ref.count(shape) // shape[k]
    weight = c.constant('w', [m], c.s)
    c.w.node('Add', ['real', 'w'], ['y'])
    return [q[i * m + j] + weight[j] for i in range(n) for j in range(m)]


def gather(c):
    """Any entries, indices of any rank."""
    shape = [c.length(5) for _ in range(c.rng.choice([1, 2, 3]))]
    axis = c.rng.randrange(len(shape))
    rank = c.rng.choice([0, 1, 1, 2])
    own = [c.length(3) for _ in range(rank)]
    x, q = c.input(shape)
    picks = [c.rng.randrange(-shape[axis], shape[axis])
             for _ in range(ref.count(own))]
    c.w.constant('k', own, picks)
    c.w.node('Gather', [x, 'k'], ['t'], axis=axis)
    c.w.node('Neg', ['t'], ['y'])
    out = shape[:axis] + own + shape[axis + 1:]
    got = []
    for i in ref.indices(out):
        p = picks[ref.flat(i[axis:axis + rank], own)] % shape[axis]
        got.append(-q[ref.flat(i[:axis] + (p,) + i[axis + rank:], shape)])
    return got


def pad(c):
    """Numbers, edges and mirrors; pads below 0 cut."""
    shape = [c.length(5) for _ in range(c.rng.choice([1, 2, 3]))]
    mode = c.kind
    pads = [c.rng.randint(-1 if c.rng.random() < 0.2 else 0, 2)
            for _ in range(2 * len(shape))]
    out = []
    for k, n in enumerate(shape):
        if mode == 'reflect':
            pads[k] = min(pads[k], n - 1)
            pads[k + len(shape)] = min(pads[k + len(shape)], n - 1)
        out.append(n + pads[k] + pads[k + len(shape)])
    if min(out) < 1:
        return None
    x, q = c.input(shape)
    c.w.constant('pads', [len(pads)], pads)
    fill = f32(c.rng.choice([0.0, -1.5, 0.71]))
    c.w.constant('fill', [], [fill])
    c.w.node('Pad', [x, 'pads', 'fill'], ['t'], mode=mode)
    c.w.node('Neg', ['t'], ['y'])
    got = []
    for i in ref.indices(out):
        at = [v - pads[k] for k, v in enumerate(i)]
        inside = all(0 <= v < n for v, n in zip(at, shape))
        if mode == 'edge':
            at = [clip(v, 0, n - 1) for v, n in zip(at, shape)]
        elif mode == 'reflect':
            at = [abs(v) for v in at]
            at = [min(v, 2 * n - 2 - v) for v, n in zip(at, shape)]
        got.append(-q[ref.flat(at, shape)] if inside or mode != 'constant'
                   else -ref.quantise([fill], c.s)[0])
    return got


def concat(c):
    """Of values and constants."""
    shape = [c.length(4) for _ in range(c.rng.choice([1, 2, 3]))]
    axis = c.rng.randrange(len(shape))
    names, parts = [], []
    for k in range(c.rng.randint(2, 5)):
        own = shape[:axis] + [c.length(3)] + shape[axis + 1:]
        if k > 0 and c.rng.random() < 0.4:
            names.append('c%d' % k)
            q = c.constant(names[-1], own, c.s)
        else:
            name, q = c.input(own)
            names.append(name)
        parts.append((own, q))
    c.w.node('Concat', names, ['t'], axis=axis - c.rng.choice([0, len(shape)]))
    c.w.node('Neg', ['t'], ['y'])
    out = shape[:axis] + [sum(o[axis] for o, _ in parts)] + shape[axis + 1:]
    got = []
    for i in ref.indices(out):
        at = i[axis]
        for own, q in parts:
            if at < own[axis]:
                break
            at -= own[axis]
        got.append(-q[ref.flat(i[:axis] + (at,) + i[axis + 1:], own)])
    return got


def residual(c):
    """x + relu(w x): one value used twice, and a sum."""
    n = c.length()
    x, q = c.input([c.length(3), n])
    weight = c.constant('w', [n, n], c.p)
    c.w.node('MatMul', [x, 'w'], ['a'])
    c.w.node('Relu', ['a'], ['r'])
    c.w.node('Add', [x, 'r'], ['y'])
    m = len(q) // n
    a = ref.rescale(ref.matmul(q, weight, 1, m, n, n), 2 ** c.p)
    return [u + max(0, v) for u, v in zip(q, a)]


# What differs within a function: each has as many cases.
KINDS = {
    conv_pool: ['Relu', 'alone'],
    reduce: ['ReduceMean', 'ReduceSum'],
    elementwise: ['Add', 'Sub', 'Mul'],
    affine: ['Add', 'Sub', 'Mul', 'Div'],
    repeated: ['Add', 'Sub', 'Mul', 'Div', 'Expand'],
    activation: sorted(FUNCTIONS),
    composed: ['SiLU', 'Gelu', 'Pow', 'Clip', 'Sqrt', 'Reciprocal'],
    move: ['Transpose', 'Slice', 'Pad', 'Gather', 'Concat'],
    pad: ['constant', 'edge', 'reflect'],
}
OPERATORS = [conv, conv_relu, conv_pool, max_pool, average_pool, global_average_pool,
             reduce, gemm, matmul, matrices, elementwise, affine, repeated,
             divide, softmax, batch_norm, activation, composed, layer_norm,
             move, gather, pad, concat, reshape, shapes, residual]


def make(operator, kind, rng, scale, param):
    while True:
        c = Case(rng, scale, param, kind)
        out = operator(c)
        if out is None:
            continue
        values, name, slack = (out + (0,))[:3] if isinstance(out, tuple) else (
            out, 'y', 0)
        c.w.output(name)
        return c, values, slack


def test(operator, kind, folder):
    name = operator.__name__ + (' ' + kind if kind else '')
    rng = random.Random('%s %d' % (name, SEED))
    scale, param = rng.choice([(4, 6), (5, 5), (7, 9), (6, 18)])
    ref.negative_ties = 0
    cases = [make(operator, kind, rng, scale, param) for _ in range(CASES)]
    for i, (c, _, _) in enumerate(cases):
        c.w.save(os.path.join(folder, '%d.onnx' % i))
        with open(os.path.join(folder, '%d.json' % i), 'w') as f:
            json.dump({'input_data': c.inputs}, f)
    done = subprocess.run([RUN_CASES, folder, str(CASES), str(scale),
                           str(param), str(PROVE), str(SEARCH)],
                          stdout=subprocess.PIPE, timeout=600)
    bad = refused = 0
    lines = done.stdout.decode().splitlines()
    for i, (_, want, slack) in enumerate(cases):
        got = lines[i].split()[1:] if i < len(lines) else ['missing']
        if got[0] == 'refused':
            refused += 1
            print('  case %d: %s' % (i, ' '.join(got)))
            continue
        try:
            ok = len(got) == len(want) and all(
                abs(int(a) - b) <= slack for a, b in zip(got, want))
        except ValueError:
            ok = False
        if not ok:
            bad += 1
            print('  case %d: got %s, expected %s' % (
                i, ' '.join(got)[:200], ' '.join(map(str, want))[:200]))
    if done.returncode != 0:
        bad = max(bad, 1)
    print('%-20s %3d cases at scales %d, %d: %d wrong, %d refused, %d negative '
          'ties' % (name, CASES, scale, param, bad, refused,
                    ref.negative_ties), flush=True)
    return bad == 0 and refused == 0


def main():
    print('seed %d' % SEED)
    good = True
    for operator in OPERATORS:
        for kind in KINDS.get(operator, ['']):
            folder = tempfile.mkdtemp(prefix='zkgkr-operators-')
            try:
                good = test(operator, kind, folder) and good
            finally:
                shutil.rmtree(folder)
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
