#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Print curve.txt, from plain integer arithmetic: python3 curve.py >curve.txt

Points are affine, the pairing is the textbook's Miller loop over Fp12 =
Fp[w] / (w^12 - 18 w^6 + 82) with u = w^6 - 9, and the final exponentiation is
one power.  Nothing is shared with the C code but the curve.
"""
import random

X = 4965661367192848881
Q = 36 * X**4 + 36 * X**3 + 24 * X**2 + 6 * X + 1
R = 36 * X**4 + 36 * X**3 + 18 * X**2 + 6 * X + 1
G1 = (1, 2)
G2 = (
    (
        10857046999023057135944570762232829481370756359578518086990519993285655852781,
        11559732032986387107991004021392285783925812861821192530917403151452391805634,
    ),
    (
        8495653923123431417604973247489272438418190587263600148770280649306958101930,
        4082367875863433681332203403145435568316851327593401208105741076214120093531,
    ),
)


class Ext:
    """A polynomial over Fp modulo z^n = sum of tail[i] z^i."""

    def __init__(self, c):
        self.c = [v % Q for v in c]

    def new(self, c):
        return type(self)(c)

    def __add__(self, o):
        return self.new([a + b for a, b in zip(self.c, o.c)])

    def __sub__(self, o):
        return self.new([a - b for a, b in zip(self.c, o.c)])

    def __neg__(self):
        return self.new([-a for a in self.c])

    def __eq__(self, o):
        return self.c == o.c

    def __mul__(self, o):
        n = len(self.c)
        t = [0] * (2 * n - 1)
        for i, a in enumerate(self.c):
            for j, b in enumerate(o.c):
                t[i + j] += a * b
        for k in range(2 * n - 2, n - 1, -1):
            for i, v in self.TAIL:
                t[k - n + i] += v * t[k]
            t[k] = 0
        return self.new(t[:n])

    def power(self, e):
        r, a = self.new([1] + [0] * (len(self.c) - 1)), self
        while e:
            if e & 1:
                r = r * a
            a = a * a
            e >>= 1
        return r

    def inverse(self):
        return self.power(Q ** len(self.c) - 2)


class Fp(Ext):
    TAIL = ()


class Fp2(Ext):
    TAIL = ((0, -1),)


class Fp12(Ext):
    TAIL = ((0, -82), (6, 18))


def slope(p, q):
    if p == q:
        s = p[0] * p[0]
        return (s + s + s) * (p[1] + p[1]).inverse()
    return (q[1] - p[1]) * (q[0] - p[0]).inverse()


def add(p, q):
    if p is None or q is None:
        return q if p is None else p
    if p[0] == q[0] and not p[1] == q[1]:
        return None
    s = slope(p, q)
    x = s * s - p[0] - q[0]
    return (x, s * (p[0] - x) - p[1])


def mul(k, p):
    r = None
    for b in bin(k)[2:]:
        r = add(r, r)
        if b == "1":
            r = add(r, p)
    return r


def untwist(q):
    def lift(v, j):
        c = [0] * 12
        c[0], c[6] = v.c[0] - 9 * v.c[1], v.c[1]
        return Fp12(c) * Fp12([int(i == j) for i in range(12)])

    return (lift(q[0], 2), lift(q[1], 3))


def pairing(p, q):
    px, py = (Fp12([v.c[0]] + [0] * 11) for v in p)
    q = untwist(q)
    f, t = Fp12([1] + [0] * 11), q

    def line(a, b):
        s = slope(a, b)
        return s * (px - a[0]) - (py - a[1])

    for b in bin(6 * X + 2)[3:]:
        f, t = f * f * line(t, t), add(t, t)
        if b == "1":
            f, t = f * line(t, q), add(t, q)
    q1 = tuple(v.power(Q) for v in q)
    q2 = tuple(v.power(Q) for v in q1)
    f, t = f * line(t, q1), add(t, q1)
    f = f * line(t, (q2[0], -q2[1]))
    k = 2 * X * (6 * X * X + 3 * X + 1)
    return f.power(k * ((Q**12 - 1) // R))


def coefficients(f):
    """Of w^j, as elements of Fp2."""
    return [v for j in range(6) for v in
            ((f.c[j] + 9 * f.c[j + 6]) % Q, f.c[j + 6])]


def show(verb, *values):
    print(verb, *("%064x" % v for v in values))


def flat(p):
    return [v for c in p for v in c.c] if p else [0] * 2


def compressed(p):
    x, y = flat(p)
    return (x | (y & 1) << 255).to_bytes(32, "little").hex()


def main():
    rnd = random.Random(7)
    g1 = tuple(Fp([v]) for v in G1)
    g2 = tuple(Fp2(v) for v in G2)
    print("# Made by curve.py.  Numbers are big-endian; points affine.")
    print("# g1 scalar px py rx ry: r = scalar p; infinity is 0 0")
    for k in (1, 2, 3, R - 1, R - 2, (R - 1) // 2, 2**128):
        show("g1", k, *flat(g1), *flat(mul(k, g1)))
    show("g1", 0, *flat(g1), 0, 0)
    for _ in range(4):
        p = mul(rnd.randrange(R), g1)
        k = rnd.randrange(R)
        show("g1", k, *flat(p), *flat(mul(k, p)))
    print("# bytes px py: the 32 bytes of the wire form, in order")
    for k in (1, 2, 5, 77, R - 1):
        p = mul(k, g1)
        print("bytes", *("%064x" % v for v in flat(p)), compressed(p))
    print("bytes", "0" * 64, "0" * 64, (1 << 254).to_bytes(32, "little").hex())
    print("# refused wire forms")
    for x in range(8):
        if pow(x**3 + 3, (Q - 1) // 2, Q) == Q - 1:
            print("refuse", x.to_bytes(32, "little").hex())
    for v in (Q, Q + 1, Q + 1 + 2**255, 3 << 254, 2**254 + 1, 2**255, 2**256 - 1):
        print("refuse", v.to_bytes(32, "little").hex())
    print("# g2 scalar px0 px1 py0 py1 rx0 rx1 ry0 ry1")
    for k in (1, 2, 3, R - 1, rnd.randrange(R)):
        show("g2", k, *flat(g2), *flat(mul(k, g2)))
    print("# pair px py qx0 qx1 qy0 qy1, then twelve numbers: the coefficients")
    print("# of w^0, .., w^5, each as two of Fp")
    for k in (1, 3):
        p, q = mul(k, g1), mul(k * k, g2)
        show("pair", *flat(p), *flat(q), *coefficients(pairing(p, q)))


if __name__ == "__main__":
    main()
