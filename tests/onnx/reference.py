# SPDX-License-Identifier: Apache-2.0
"""Operators in exact arithmetic with the rounding of docs/protocol.md, 9.

Values are Python integers in nested order (flat lists with a shape): slow,
obvious, and of no relation to the C code.  numpy is not needed.

    x = quantise([0.5, -0.25], 7)       round half up of v 2^7
    y = rescale(acc, 2 ** 7)            round half up of acc / 2^7
"""
import itertools
import math
from fractions import Fraction


negative_ties = 0  # that half_up() met: what rounding is most often wrong for


def half_up(v):
    """floor(v + 1/2) of a Fraction, an int, or a float taken exactly."""
    global negative_ties
    v = Fraction(v)
    negative_ties += v < 0 and v.denominator == 2
    return math.floor(v + Fraction(1, 2))


def quantise(values, scale):
    return [half_up(Fraction(v) * 2 ** scale) for v in values]


def rescale(acc, divisor):
    return [half_up(Fraction(a, divisor)) for a in acc]


def function(q, scale, f):
    """round(f(q / 2^s) 2^s), f in double precision."""
    return [half_up(Fraction(f(v / 2 ** scale)) * 2 ** scale) for v in q]


def count(shape):
    return math.prod(shape)


def indices(shape):
    return itertools.product(*(range(n) for n in shape))


def flat(index, shape):
    at = 0
    for i, n in zip(index, shape):
        at = at * n + i
    return at


def taps(window, y):
    """Where each tap of output y lies, or None outside."""
    for i in indices(window['kernel']):
        at = [s * p + d * k - b for s, p, d, k, b in zip(
            window['stride'], y, window['dilation'], i, window['before'])]
        inside = all(0 <= a < n for a, n in zip(at, window['in']))
        yield i, (at if inside else None)


def conv(x, w, b, window, batch, groups, out, inp):
    """acc[n, g o, y] = b[g o] + sum w[g o, c, i] x[n, g c, y at i]."""
    acc = []
    size = count(window['in'])
    for n, o, y in itertools.product(range(batch), range(groups * out),
                                     indices(window['out'])):
        s = b[o]
        for c in range(inp):
            for i, at in taps(window, y):
                if at is not None:
                    channel = (n * groups + o // out) * inp + c
                    s += (w[(o * inp + c) * count(window['kernel']) +
                            flat(i, window['kernel'])] *
                          x[channel * size + flat(at, window['in'])])
        acc.append(s)
    return acc


def pool(x, window, maps, how):
    """how(list of the taps' values, how many taps) for each output."""
    size = count(window['in'])
    return [how([x[m * size + flat(at, window['in'])]
                 for _, at in taps(window, y) if at is not None],
                count(window['kernel']))
            for m in range(maps) for y in indices(window['out'])]


def pool_counts(window, padding):
    """Taps of each output that lie inside, padding included or not."""
    out = []
    for y in indices(window['out']):
        n = 0
        for i in indices(window['kernel']):
            at = [s * p + d * k - b for s, p, d, k, b in zip(
                window['stride'], y, window['dilation'], i, window['before'])]
            n += all(-b <= a < m + e if padding else 0 <= a < m
                     for a, m, b, e in zip(at, window['in'], window['before'],
                                           window['after']))
        out.append(n)
    return out


def softmax(row, scale):
    """exp(x - max) to enough bits, then the division by their sum."""
    bits = scale + 4 + (len(row) - 1).bit_length()
    e = [half_up(Fraction(math.exp((v - max(row)) / 2 ** scale)) * 2 ** bits)
         for v in row]
    y = [half_up(Fraction(v * 2 ** scale, sum(e))) for v in e]
    whole = math.fsum(math.exp((v - max(row)) / 2 ** scale) for v in row)
    for v, q in zip(row, y):
        real = math.exp((v - max(row)) / 2 ** scale) / whole
        assert abs(q - real * 2 ** scale) <= 0.5 + 1 / 16, (row, y)
    return y


def broadcast_shape(a, b):
    n = max(len(a), len(b))
    a, b = [1] * (n - len(a)) + a, [1] * (n - len(b)) + b
    return [v if u == 1 else u for u, v in zip(a, b)]


def matmul(x, y, batch, m, k, n):
    return [sum(x[(b * m + i) * k + c] * y[(b * k + c) * n + j]
                for c in range(k))
            for b in range(batch) for i in range(m) for j in range(n)]


def broadcast(shape, x_shape, index):
    """Flat place in x of the output's index."""
    own = index[len(shape) - len(x_shape):]
    return flat([0 if n == 1 else i for i, n in zip(own, x_shape)], x_shape)


def layer_norm_exact(x, rows, gain, bias, scale, param_scale, epsilon):
    """Real mean and variance of the stored x; gain and bias as stored."""
    n = len(x) // rows
    out = []
    for r in range(rows):
        row = [v / 2 ** scale for v in x[r * n:(r + 1) * n]]
        mean = math.fsum(row) / n
        var = math.fsum((v - mean) ** 2 for v in row) / n
        for i, v in enumerate(row):
            y = ((v - mean) / math.sqrt(var + epsilon) *
                 gain[i] / 2 ** param_scale +
                 bias[i] / 2 ** (scale + param_scale))
            out.append(half_up(y * 2 ** scale))
    return out
