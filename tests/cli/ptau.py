# SPDX-License-Identifier: Apache-2.0
"""Small .ptau files, good and bad, from plain arithmetic."""
import struct

Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583
R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
G1 = (1, 2)
G2 = ((0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed,
       0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2),
      (0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa,
       0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b))


class F2:
    """a + b i, i^2 = -1."""

    def __init__(self, a, b=0):
        self.a, self.b = a % Q, b % Q

    def __add__(self, o):
        return F2(self.a + o.a, self.b + o.b)

    def __sub__(self, o):
        return F2(self.a - o.a, self.b - o.b)

    def __mul__(self, o):
        return F2(self.a * o.a - self.b * o.b, self.a * o.b + self.b * o.a)

    def inv(self):
        n = pow(self.a * self.a + self.b * self.b, Q - 2, Q)
        return F2(self.a * n, -self.b * n)

    def __eq__(self, o):
        return (self.a, self.b) == (o.a, o.b)

    def sqrt(self):
        n = pow(self.a * self.a + self.b * self.b, (Q + 1) // 4, Q)
        for sign in (1, -1):
            half = (self.a + sign * n) * pow(2, Q - 2, Q) % Q
            x = pow(half, (Q + 1) // 4, Q)
            if x and x * x % Q == half:
                root = F2(x, self.b * pow(2 * x, Q - 2, Q))
                if root * root == self:
                    return root
        return None


def add(p, q):
    """Affine points over F2 (G1: second components 0); None is O."""
    if p is None or q is None:
        return q if p is None else p
    if p[0] == q[0]:
        if not p[1] == q[1]:
            return None
        slope = F2(3) * p[0] * p[0] * (F2(2) * p[1]).inv()
    else:
        slope = (q[1] - p[1]) * (q[0] - p[0]).inv()
    x = slope * slope - p[0] - q[0]
    return x, slope * (p[0] - x) - p[1]


def mul(p, k):
    out = None
    while k:
        if k & 1:
            out = add(out, p)
        p = add(p, p)
        k >>= 1
    return out


def mont(v):
    return (v * (1 << 256) % Q).to_bytes(32, 'little')


def g1_bytes(p):
    return mont(p[0].a) + mont(p[1].a)


def g2_bytes(p):
    return mont(p[0].a) + mont(p[0].b) + mont(p[1].a) + mont(p[1].b)


def off_subgroup():
    """A point of the twist y^2 = x^3 + 3/(9+i) outside the subgroup."""
    b = F2(3) * F2(9, 1).inv()
    for a in range(1, 100):
        x = F2(a, 1)
        y = (x * x * x + b).sqrt()
        if y is not None and mul((x, y), R) is not None:
            return x, y
    raise AssertionError


def powers(p, tau, count):
    out = [p]
    while len(out) < count:
        out.append(mul(out[-1], tau))
    return out


def make(power, tau, bad_g1=None, bad_g2=None):
    """The bytes of a file; bad_g1 = (index, bytes), bad_g2 = bytes of Q_1."""
    one = (F2(G1[0]), F2(G1[1]))
    two = (F2(*G2[0]), F2(*G2[1]))
    g1 = [g1_bytes(p) for p in powers(one, tau, 2 ** (power + 1) - 1)]
    g2 = [g2_bytes(p) for p in powers(two, tau, 2 ** power)]
    if bad_g1:
        g1[bad_g1[0]] = bad_g1[1]
    if bad_g2:
        g2[1] = bad_g2
    n = 2 ** power
    sections = [
        (1, struct.pack('<I', 32) + Q.to_bytes(32, 'little') +
         struct.pack('<II', power, power)),
        (2, b''.join(g1)),
        (3, b''.join(g2)),
        (4, g1[0] * n),
        (5, g1[0] * n),
        (6, g2[0]),
        (7, struct.pack('<I', 0)),
    ]
    out = b'ptau' + struct.pack('<II', 1, len(sections))
    for kind, data in sections:
        out += struct.pack('<IQ', kind, len(data)) + data
    return out
