#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A second verifier, written from docs/protocol.md and docs/formats.md alone,
with nothing but the standard library: slow, short, and no code in common.

    verify.py KEY PROOF     exit 0: accepted, 1: refused

Numbers in brackets are sections of docs/protocol.md.
"""
import hashlib
import struct
import sys

P = 21888242871839275222246405745257275088548364400416034343698204186575808495617
Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583


class Refused(Exception):
    pass


def need(ok, check):
    if not ok:
        raise Refused(check)


# ---- the curve ----------------------------------------------------------

def g1_from(b):
    n = int.from_bytes(b, 'little')
    odd, inf, x = n >> 255, n >> 254 & 1, n & ((1 << 254) - 1)
    if inf:
        need(not odd and x == 0, 'malformed')
        return None
    need(x < Q, 'malformed')
    y = pow(x * x * x + 3, (Q + 1) // 4, Q)
    need((y * y - x * x * x - 3) % Q == 0, 'malformed')
    return (x, y if y & 1 == odd else Q - y)


def g1_to(p):
    if p is None:
        return (1 << 254).to_bytes(32, 'little')
    return (p[0] | (p[1] & 1) << 255).to_bytes(32, 'little')


def g1_add(a, b):
    if a is None:
        return b
    if b is None:
        return a
    if a[0] == b[0]:
        if (a[1] + b[1]) % Q == 0:
            return None
        s = 3 * a[0] * a[0] * pow(2 * a[1], -1, Q)
    else:
        s = (b[1] - a[1]) * pow(b[0] - a[0], -1, Q)
    x = (s * s - a[0] - b[0]) % Q
    return (x, (s * (a[0] - x) - a[1]) % Q)


def msm(terms):
    """The sum of k p over (p, k): Horner on the bits of all scalars at once."""
    terms = [(p, k % P) for p, k in terms]
    r = None
    for bit in reversed(range(P.bit_length())):
        r = g1_add(r, r)
        for p, k in terms:
            if k >> bit & 1:
                r = g1_add(r, p)
    return r


# Fp12 = Fp[w] / (w^12 - 18 w^6 + 82); Fp2's i is w^6 - 9.
def mul12(a, b):
    c = [0] * 23
    for i, x in enumerate(a):
        if x:
            for j, y in enumerate(b):
                c[i + j] += x * y
    for i in range(22, 11, -1):
        c[i - 6] += 18 * c[i]
        c[i - 12] -= 82 * c[i]
    return [x % Q for x in c[:12]]


ONE12 = [1] + [0] * 11


def pow12(a, n):
    r = ONE12
    for bit in bin(n)[2:]:
        r = mul12(r, r)
        if bit == '1':
            r = mul12(r, a)
    return r


def mul2(a, b):
    return ((a[0] * b[0] - a[1] * b[1]) % Q, (a[0] * b[1] + a[1] * b[0]) % Q)


def inv2(a):
    d = pow(a[0] * a[0] + a[1] * a[1], -1, Q)
    return (a[0] * d % Q, -a[1] * d % Q)


def sub2(a, b):
    return ((a[0] - b[0]) % Q, (a[1] - b[1]) % Q)


def line(r, s, t):
    """The line through the twist's points r and s, at t in G1; and r + s.

    The untwist is (x, y) -> (x w^2, y w^3); a + b i is a - 9 b + b w^6."""
    if r == s:
        m = mul2(mul2((3, 0), mul2(r[0], r[0])), inv2(mul2((2, 0), r[1])))
    else:
        m = mul2(sub2(s[1], r[1]), inv2(sub2(s[0], r[0])))
    x = sub2(sub2(mul2(m, m), r[0]), s[0])
    y = sub2(mul2(m, sub2(r[0], x)), r[1])
    out = [0] * 12
    out[0] = -t[1] % Q
    c = mul2(m, (t[0], 0))
    out[1], out[7] = (c[0] - 9 * c[1]) % Q, c[1]
    c = sub2(r[1], mul2(m, r[0]))
    out[3], out[9] = (c[0] - 9 * c[1]) % Q, c[1]
    return out, (x, y)


def pow2(a, n):
    r = (1, 0)
    for bit in bin(n)[2:]:
        r = mul2(r, r)
        if bit == '1':
            r = mul2(r, a)
    return r


# w^6 is 9 + i: w^(Q - 1) to the powers of 2 and 3, and w^(Q^2 - 1), in Fp.
X_TWIST = pow2((9, 1), (Q - 1) // 3)
Y_TWIST = pow2((9, 1), (Q - 1) // 2)
W_SIXTH = pow2((9, 1), (Q ** 2 - 1) // 6)[0]


def frobenius(p):
    (a, b), (c, d) = p
    return mul2((a, -b), X_TWIST), mul2((c, -d), Y_TWIST)


def miller(pairs):
    """The product of the pairs' Miller loops, which share their squarings."""
    f, at = ONE12, [q for _, q in pairs]

    def step(others):
        """f times the lines through each pair's point and its other one"""
        nonlocal f
        for i, (t, _) in enumerate(pairs):
            l, at[i] = line(at[i], others[i], t)
            f = mul12(l, f)

    for bit in bin(29793968203157093288)[3:]:
        f = mul12(f, f)
        step(list(at))
        if bit == '1':
            step([q for _, q in pairs])
    first = [frobenius(q) for _, q in pairs]
    second = [frobenius(q) for q in first]
    step(first)
    step([(x, sub2((0, 0), y)) for x, y in second])
    return f


def pairings_cancel(pairs):
    """Is f^((Q^12 - 1) / P) one, for the product f of Miller loops?

    That is g^(Q^6 - 1), where g = f^((Q^2 + 1) (Q^4 - Q^2 + 1) / P): it is one
    if g is not zero and g^(Q^6) = g.  w^(Q^2) = W_SIXTH w, and w^(Q^6) = -w."""
    f = miller([(t, q) for t, q in pairs if t is not None])
    g = mul12(f, [x * pow(W_SIXTH, i, Q) % Q for i, x in enumerate(f)])
    g = pow12(g, (Q ** 4 - Q ** 2 + 1) // P)
    return any(g) and not any(g[1::2])


G1 = (1, 2)
G2 = ((10857046999023057135944570762232829481370756359578518086990519993285655852781,
       11559732032986387107991004021392285783925812861821192530917403151452391805634),
      (8495653923123431417604973247489272438418190587263600148770280649306958101930,
       4082367875863433681332203403145435568316851327593401208105741076214120093531))


# ---- the tape [2, 12.1] -------------------------------------------------

def H(*parts):
    return hashlib.blake2b(b''.join(parts)).digest()


def fr_bytes(v):
    return (v % P).to_bytes(32, 'little')


class Tape:
    def __init__(self, state, data):
        self.state, self.data, self.at = state, data, 0

    def absorb(self, tag, b):
        self.state = H(self.state, bytes([tag]), struct.pack('<Q', len(b)), b)

    def take(self, tag, n):
        b = self.data[self.at:self.at + 32 * n]
        need(len(b) == 32 * n, 'malformed')
        self.at += 32 * n
        return b

    def fr(self, tag, n):
        b = self.take(tag, n)
        v = [int.from_bytes(b[32 * i:32 * i + 32], 'little') for i in range(n)]
        need(all(x < P for x in v), 'malformed')
        self.absorb(tag, b)
        return v

    def g1(self, tag, n):
        b = self.take(tag, n)
        p = [g1_from(b[32 * i:32 * i + 32]) for i in range(n)]
        self.absorb(tag, b)
        return p

    def squeeze(self):
        out = H(self.state, b'C')
        self.state = H(self.state, b'R')
        return out

    def challenge(self):
        return int.from_bytes(self.squeeze(), 'little') % P

    def finish(self):
        need(self.at == len(self.data), 'size')


# ---- polynomials --------------------------------------------------------

def bits(n):
    return (n - 1).bit_length()


def eq(u, x):
    r = 1
    for a, b in zip(u, x):
        r = r * (a * b + (1 - a) * (1 - b)) % P
    return r


def eq_table(u):
    t = [1]
    for a in u:
        t = [x * (1 - a) % P for x in t] + [x * a % P for x in t]
    return t


def indicator(length, r):
    """sum of eq(r, i) over i < length"""
    return 1 if length == 1 << len(r) else sum(eq_table(r)[:length]) % P


def mle(lengths, values, point):
    """Row-major, the last axis lowest, each axis padded by itself."""
    tables, at = [], 0
    for n in reversed(lengths):
        tables.insert(0, eq_table(point[at:at + bits(n)]))
        at += bits(n)
    weights = [1]
    for n, t in zip(lengths, tables):
        weights = [w * t[i] % P for w in weights for i in range(n)]
    return sum(w * v for w, v in zip(weights, values)) % P


def sumcheck(tape, degrees, eq_from, u, claim):
    """[2b]: the claim left over, and the point."""
    point = []
    for t, d in enumerate(degrees):
        m = tape.fr(20, d)
        r = tape.challenge()
        point.append(r)
        if t < eq_from:
            at = [m[0], claim - m[0]] + m[1:]
            claim = 0
            for i in range(d + 1):
                num = den = 1
                for j in range(d + 1):
                    if j != i:
                        num, den = num * (r - j) % P, den * (i - j) % P
                claim += at[i] * num * pow(den, -1, P)
            claim %= P
        else:
            q0 = claim - u[t - eq_from] * m[0]
            c1 = m[0] - sum(m[1:])
            claim = (q0 + c1 * r + sum(c * pow(r, k + 2, P)
                                       for k, c in enumerate(m[1:]))) % P
    return claim, point


# ---- the key ------------------------------------------------------------

class Reader:
    def __init__(self, b):
        self.b, self.at = b, 0

    def take(self, n):
        need(self.at + n <= len(self.b), 'key')
        self.at += n
        return self.b[self.at - n:self.at]

    def u8(self):
        return self.take(1)[0]

    def u32(self):
        return struct.unpack('<I', self.take(4))[0]

    def u64(self):
        return struct.unpack('<Q', self.take(8))[0]

    def i64(self):
        return struct.unpack('<q', self.take(8))[0]

    def text(self):
        return self.take(self.u32()).decode()


NONE = 2 ** 32 - 1
TYPES = [('i', 1), ('u', 1), ('i', 2), ('u', 2), ('i', 4), ('i', 8), ('f', 32)]
PUBLIC, FIXED, PRIVATE, VIRTUAL = range(4)
RANGE, SIGNED, RELU, COLUMNS = range(4)


class Some:
    pass


def read_circuit(r):
    c = Some()
    c.input = [[r.u64() for _ in range(r.u8())] for _ in range(r.u32())]
    c.coeff = []
    for _ in range(r.u32()):
        v = int.from_bytes(r.take(32), 'little')
        need(v < P, 'key')
        c.coeff.append((v, r.u32()))
    c.challenges = r.u32()
    wire = lambda: (r.u8(), r.u32())
    c.layer = []
    for _ in range(r.u32()):
        l = Some()
        l.gates = r.u32()
        l.mul = [(r.u32(), r.u32(), wire(), wire()) for _ in range(r.u32())]
        l.add = [(r.u32(), r.u32(), wire()) for _ in range(r.u32())]
        l.constant = [(r.u32(), r.u32()) for _ in range(r.u32())]
        c.layer.append(l)
    c.asserted = [r.u32() for _ in range(r.u32())]
    c.output = [(r.u32(), r.u32()) for _ in range(r.u32())]
    return c


def read_statement(r):
    need(r.u32() == 1, 'key')
    st = Some()
    st.tensor, st.table, st.circuit, st.kernel, st.task = [], [], [], [], []
    for _ in range(r.u32()):
        t = Some()
        t.name, t.type, t.vis = r.text(), r.u8(), r.u8()
        t.len = [0] * r.u8()
        t.len = [r.u64() for _ in t.len]
        t.min, t.max = r.i64(), r.i64()
        t.vars = sum(bits(n) for n in t.len)
        st.tensor.append(t)
    for _ in range(r.u32()):
        t = Some()
        t.name, t.kind, t.bits, t.columns = r.text(), r.u8(), r.u32(), r.u32()
        t.rows, t.counts, t.hinted = r.u64(), r.u32(), r.u8()
        t.column = [[r.i64() for _ in range(t.rows)]
                    for _ in range(t.columns if t.kind == COLUMNS else 0)]
        st.table.append(t)
    st.circuit = [read_circuit(r) for _ in range(r.u32())]
    for _ in range(r.u32()):
        k = Some()
        k.name = r.text()
        k.axis = [(r.text(), r.u64())[1] for _ in range(r.u32())]
        k.param = []
        for _ in range(r.u32()):
            r.text()
            k.param.append([r.u32() for _ in range(r.u8())])
        k.lookup = []
        for _ in range(r.u32()):
            table = r.u32()
            k.lookup.append((table, [r.u32() for _ in range(r.u8())]))
        k.einsum = []
        for _ in range(r.u32()):
            e = Some()
            e.out = [r.u32() for _ in range(r.u8())]
            e.equals = r.u32()
            e.term = []
            for _ in range(r.u32()):
                sign = -1 if r.u8() else 1
                c = sign * sum(r.u32() << 32 * i for i in range(8))
                factors = []
                for _ in range(r.u8()):
                    p = r.u32()
                    index = []
                    for _ in range(r.u8()):
                        a, b = r.u32(), r.u32()
                        s, d, o = r.i64(), r.i64(), r.i64()
                        need(b != NONE or d == 0, 'key')
                        index.append((s, a, d, b, o))
                    factors.append((p, index))
                e.term.append((c, factors))
            k.einsum.append(e)
        k.circuit = r.u32()
        k.input = [r.u32() for _ in range(r.u32())]
        k.output = [r.u32() for _ in range(r.u32())]
        st.kernel.append(k)
    for _ in range(r.u32()):
        t = Some()
        t.name, t.kernel, t.copies = r.text(), r.u32(), r.u64()
        t.bind = [(r.u32(), r.u8()) for _ in range(r.u32())]
        st.task.append(t)
    need(r.at == len(r.b), 'key')
    return st


def read_key(b):
    key = Some()
    key.digest = hashlib.blake2b(b, digest_size=32).digest()
    r = Reader(b)
    need(r.take(16) == b'ZKGKR\r\n\x1a' + struct.pack('<II', 2, 1), 'key')
    encoded = r.take(r.u64())
    key.graph = hashlib.blake2b(encoded, digest_size=32).digest()
    key.st = read_statement(Reader(encoded))
    for _ in key.st.tensor:
        if r.u8() & 1:
            r.u8()
            for _ in range(r.u32()):
                r.text()
    number = lambda: int.from_bytes(r.take(32), 'little')
    start = r.at
    need((number(), number()) == G1, 'key')
    need(((number(), number()), (number(), number())) == G2, 'key')
    key.tau = ((number(), number()), (number(), number()))
    srs = b[start:r.at]
    key.k, key.pcs, key.flags = r.u32(), r.u32(), r.u32()
    key.srs = r.take(32)
    need(key.pcs in (1, 2), 'key')
    need(key.srs == hashlib.blake2b(b'zkgkr srs' + srs + struct.pack(
        '<Q', 1 << key.k), digest_size=32).digest(), 'key')
    key.fixed = []
    while r.at < len(b):
        x, y = number(), number()
        need(x < Q and y < Q, 'key')
        need((x, y) == (0, 0) or (y * y - x * x * x - 3) % Q == 0, 'key')
        key.fixed.append(None if (x, y) == (0, 0) else (x, y))
    return key


def chunks(t, k):
    return 1 << max(0, t.vars - k)


# ---- a child [12.4, 12.5, 12.6] -----------------------------------------

class Child:
    def __init__(self, tape, st, public, challenge):
        self.tape, self.st, self.public = tape, st, public
        self.challenge = challenge
        self.claims, self.fractions = [], []

    def value(self, tag, tensor, point):
        t = self.st.tensor[tensor]
        if t.vis == PUBLIC:
            return mle(t.len, self.public[tensor], point)
        for c in self.claims:
            if c[0] == tensor and c[1] == point:
                return c[2]
        v = self.tape.fr(tag, 1)[0]
        self.claims.append((tensor, point, v))
        return v

    def trees(self, heights):
        """[6]: the leaves' p and q, and the common point."""
        tape, n = self.tape, max(heights)
        pq = [tape.fr(40, 2) for _ in heights]
        roots, point = list(pq), []
        for l in range(n):
            lam, nu = tape.challenge(), tape.challenge()
            active = [j for j, h in enumerate(heights) if h and l + h >= n]
            claim = sum(pow(nu, j, P) * (pq[j][0] + lam * pq[j][1])
                        for j in active) % P
            claim, rho = sumcheck(tape, [2] * l, 0, point, claim)
            total = 0
            for j in active:
                p0, p1, q0, q1 = pq[j] = tape.fr(43, 4)
                total += pow(nu, j, P) * (p0 * q1 + p1 * q0 + lam * q0 * q1)
            need(total % P == claim, 'sumcheck_end')
            mu = tape.challenge()
            for j in active:
                p0, p1, q0, q1 = pq[j]
                pq[j] = [(p0 + mu * (p1 - p0)) % P, (q0 + mu * (q1 - q0)) % P]
            point = [mu] + rho
        return roots, pq, point


class Axes:
    """Axes with variables, highest first; the last owns the lowest."""

    def __init__(self, length, names):
        self.names = []
        for a in names:
            if length[a] > 1 and a not in self.names:
                self.names.append(a)
        self.vars = sum(bits(length[a]) for a in self.names)
        self.length = length

    def coords(self, point):
        out, at = {}, 0
        for a in reversed(self.names):
            n = bits(self.length[a])
            out[a] = point[at:at + n]
            at += n
        return out


def point_of(axes, coords):
    out = []
    for a in reversed(axes):
        out += coords.get(a, [])
    return out


def PLAIN(a):
    return (1, a, 0, NONE, 0)


def is_plain(x):
    return x == PLAIN(x[1])


class Factor:
    """A tensor of a term with its indices (s, a, d, b, e) [5]."""

    def __init__(self, child, length, tensor, own, index, out, alone):
        self.child, self.length, self.tensor = child, length, tensor
        self.index, self.size = index, [length[a] for a in own]
        self.weighted = []
        for k, (s, a, d, b, e) in enumerate(index):
            if not is_plain(index[k]):
                if (length[a] > 1 or b != NONE and length[b] > 1 or
                        not 0 <= e < self.size[k]):
                    self.weighted.append(k)
            elif alone and length[a] > 1 and a not in out:
                self.weighted.append(k)

    def value(self, at, end):
        """The tensor's value; end: coordinates of weighted axes."""
        point = []
        for k in reversed(range(len(self.index))):
            s, a, d, b, e = self.index[k]
            if k in end:
                point += end[k]
            elif is_plain(self.index[k]):
                point += at.get(a, [])
            else:
                point += [e >> t & 1 for t in range(bits(self.size[k]))]
        return self.child.value(32, self.tensor, point)

    def weights(self, k, at, r):
        """w~(r) of axis k."""
        s, a, d, b, e = self.index[k]
        if is_plain(self.index[k]):
            return indicator(self.size[k], r)
        side = lambda x: ([1] if x == NONE else
                          eq_table(at[x])[:self.length[x]] if x in at else
                          [1] * self.length[x])
        table, total = eq_table(r), 0
        for i, x in enumerate(side(a)):
            for j, y in enumerate(side(b)):
                if 0 <= s * i + d * j + e < self.size[k]:
                    total += x * y * table[s * i + d * j + e]
        return total % P

    def weighted_sum(self, at, claim):
        n = sum(bits(self.size[k]) for k in self.weighted)
        claim, r = sumcheck(self.child.tape, [2] * n, n, [], claim)
        end = {}
        for k in reversed(self.weighted):
            end[k], r = r[:bits(self.size[k])], r[bits(self.size[k]):]
        v = self.value(at, end)
        for k in self.weighted:
            v = v * self.weights(k, at, end[k]) % P
        need(v == claim, 'einsum_end')


def verify_task(child, task):
    st, tape = child.st, child.tape
    k = st.kernel[task.kernel]
    length = [task.copies] + k.axis
    bound = [b for b, _ in task.bind]
    axes = [([] if shared else [0]) + [a + 1 for a in p]
            for p, (_, shared) in zip(k.param, task.bind)]

    def absent(names, have, coords):
        r = 1
        for a in names:
            if a not in have:
                r = r * indicator(length[a], coords[a]) % P
        return r

    sites, leaf = [], []
    for table, columns in k.lookup:
        named = [a for c in columns for a in axes[c]]
        sites.append(Axes(length, [a for a in named if a == 0] + named))
    if sites:
        roots, pq, leaf = child.trees([s.vars for s in sites])
        for (table, columns), site, root, (p, q) in zip(k.lookup, sites,
                                                        roots, pq):
            child.fractions.append((table, root, 1))
            coords = site.coords(leaf)
            alpha, beta = child.challenge[table]
            i = absent(site.names, [], coords)
            want = alpha
            for c, param in enumerate(columns):
                v = child.value(45, bound[param], point_of(axes[param], coords))
                want -= pow(beta, c, P) * v
            need(p == i, 'lookup_leaf')
            need(q == want % P, 'lookup_leaf')

    for e in k.einsum:
        out = Axes(length, [0] + [a + 1 for a in e.out])
        target = 0
        if e.equals != NONE:
            v = bound[e.equals]
            mine = [c for c in child.claims if c[0] == v]
            child.claims = [c for c in child.claims if c[0] != v]
            need(mine, 'ledger')
            r, target = mine[0][1], mine[0][2]
            if len(mine) > 1:
                rho = tape.challenge()
                claim = sum(pow(rho, i, P) * c[2]
                            for i, c in enumerate(mine)) % P
                claim, r = sumcheck(tape, [2] * out.vars, out.vars, [], claim)
                target = tape.fr(32, 1)[0]
                weight = sum(pow(rho, i, P) * eq(c[1], r)
                             for i, c in enumerate(mine))
                need(weight * target % P == claim, 'sumcheck_end')
            coords = out.coords(r)
        else:
            for site in sites:
                if set(site.names) == set(out.names):
                    coords = site.coords(leaf)
                    break
            else:
                coords = out.coords([tape.challenge()
                                     for _ in range(out.vars)])
        total = 0
        for c, factors in e.term:
            index = [([] if task.bind[p][1] else [PLAIN(0)]) +
                     [(s, a + 1, d, b if b == NONE else b + 1, o)
                      for s, a, d, b, o in list_] for p, list_ in factors]
            named = [[a for x in f for a in (x[1], x[3]) if a != NONE]
                     for f in index]
            both = Axes(length, [a for f in named for a in f])
            summed = Axes(length, [a for a in both.names
                                   if a not in out.names])
            two = len(factors) == 2
            batch = Axes(length, [a for a in both.names if a in out.names and
                                  two and a in named[0] and a in named[1]])
            public = two and any(st.tensor[bound[p]].vis == PUBLIC
                                 for p, _ in factors)
            mapped = [a for f in index for x in f if not is_plain(x)
                      for a in (x[1], x[3])]
            masked = [a for a in summed.names if length[a] & (length[a] - 1)
                      and not public and a not in mapped]
            at, v = dict(coords), 1
            terms = [Factor(child, length, bound[p], axes[p], f, out.names,
                            not two) for (p, _), f in zip(factors, index)]
            if two or any(f.weighted for f in terms):
                v = tape.fr(31, 1)[0]
            if two:
                top, low = 0, 0
                for a in reversed(summed.names):
                    low += bits(length[a])
                    if a in masked:
                        top = low
                n = summed.vars + batch.vars
                degrees = [3 if two and i < top else 2 for i in range(n)]
                claim, end = sumcheck(tape, degrees, summed.vars,
                                      point_of(batch.names, coords), v)
                at.update(summed.coords(end[:summed.vars]))
                at.update(batch.coords(end[summed.vars:]))
                z = [tape.fr(34, 1)[0] if f.weighted else f.value(at, {})
                     for f in terms]
                need(absent(masked, [], at) * z[0] * z[1] % P == claim,
                     'einsum_end')
                for f, x in zip(terms, z):
                    if f.weighted:
                        f.weighted_sum(at, x)
            elif terms and terms[0].weighted:
                terms[0].weighted_sum(at, v)
            elif terms:
                v = terms[0].value(at, {})
            total += c * v * absent(out.names, both.names, coords)
        need(total % P == target, 'einsum_end')
    if k.circuit != NONE:
        verify_circuit(child, st.circuit[k.circuit], task.copies,
                       [task.bind[p] for p in k.input],
                       [bound[p] for p in k.output])
    need(not any(st.tensor[c[0]].vis == VIRTUAL for c in child.claims),
         'ledger')


# ---- circuits [7] --------------------------------------------------------

def verify_circuit(child, c, copies, inputs, outputs):
    tape, copy_vars = child.tape, bits(copies)
    draw = lambda n: [tape.challenge() for _ in range(n)]
    drawn = draw(c.challenges)
    coeff = [v * (1 if k == NONE else drawn[k]) % P for v, k in c.coeff]
    top = bits(c.layer[-1].gates)
    if c.asserted:
        rz, rc = draw(top), draw(copy_vars)

    claims = []
    for (first, n), tensor in zip(c.output, outputs):
        mine = [x for x in child.claims if x[0] == tensor]
        need(mine, 'ledger')
        child.claims = [x for x in child.claims if x[0] != tensor]
        for _, z, v in mine:
            place = [first >> t & 1 for t in range(n, top)]
            claims.append((z[:n] + place + z[n:], v))
    if (not claims and len(c.asserted) == c.layer[-1].gates and
            copies == 1 << copy_vars):
        points, claim = [(1, rz)], 0
    elif len(claims) == 1 and not c.asserted:
        points, rc = [(1, claims[0][0][:top])], claims[0][0][top:]
        claim = claims[0][1]
    else:
        weights = [0] if c.asserted else []
        several = len(claims) + len(weights) > 1
        rho = tape.challenge() if several else 1
        power = [pow(rho, i, P) for i in range(len(claims) + len(weights))]
        claim = sum(p * v for p, (_, v) in zip(power[len(weights):],
                                               claims)) % P
        left, end = sumcheck(tape, [2] * (top + copy_vars), top + copy_vars,
                             [], claim)
        z, at_copies = end[:top], end[top:]
        claim = tape.fr(51, 1)[0]
        total = sum(p * eq(u, end) for p, (u, _) in zip(power[len(weights):],
                                                        claims))
        if c.asserted:
            of_gate = [a * b for a, b in zip(eq_table(rz), eq_table(z))]
            of_copy = [a * b for a, b in zip(eq_table(rc),
                                             eq_table(at_copies))]
            total += sum(of_copy[:copies]) * sum(of_gate[o]
                                                 for o in c.asserted)
        need(total * claim % P == left, 'sumcheck_end')
        points, rc = [(1, z)], at_copies

    for i in reversed(range(len(c.layer))):
        points, rc, claim = verify_layer(child, c, coeff, i, inputs, points,
                                         rc, claim)


def verify_layer(child, c, coeff, i, inputs, points, rc, claim):
    tape, l = child.tape, c.layer[i]
    n = bits(l.gates)

    def vars_of(source):
        if source == 0:
            return bits(c.layer[i - 1].gates)
        return sum(bits(x) for x in c.input[source - 1])

    def place(wire):
        source, index = wire
        if source == 0:
            return index
        at = shift = 0
        for length in reversed(c.input[source - 1]):
            at |= index % length << shift
            index //= length
            shift += bits(length)
        return at

    def values(sources, point, copies):
        out = {}
        for s in sources:
            if s == 0:
                out[s] = tape.fr(51, 1)[0]
                continue
            tensor, shared = inputs[s - 1]
            out[s] = child.value(51, tensor, point[:vars_of(s)] +
                                 ([] if shared else copies))
        return out

    def spread(value, point):
        """value, zero-extended, at every entry of its source"""
        out = {}
        for s, v in value.items():
            for x in point[vars_of(s):]:
                v = v * (1 - x) * (1 - x) % P
            out[s] = [v * x % P for x in eq_table(point[:vars_of(s)])]
        return out

    def below(first, point, copies, second=None, other=None):
        on = [(v[0], p[:vars_of(0)]) for v, p in ((first, point),
                                                  (second, other))
              if v is not None and 0 in v]
        if len(on) < 2:
            return [(1, z) for _, z in on], copies, on[0][0] if on else 0
        a = tape.challenge()
        return ([(1, on[0][1]), (a, on[1][1])], copies,
                (on[0][0] + a * on[1][0]) % P)

    wide = lambda sources: max(map(vars_of, sources))
    a = sorted({m[2][0] for m in l.mul} | {m[2][0] for m in l.add})
    b = sorted({m[3][0] for m in l.mul})
    if (l.mul and not l.add and not l.constant and l.gates == 1 << n and
            len(a) == len(b) == 1 and vars_of(a[0]) == vars_of(b[0]) == n and
            [m[0] for m in l.mul] == list(range(l.gates)) and
            all(m[1] == l.mul[0][1] and place(m[2]) == place(m[3]) == m[0]
                for m in l.mul)):
        two = len(points) == 2
        left, end = sumcheck(tape, [3 if two else 2] * n + [2] * len(rc),
                             n if two else 0,
                             rc if two else points[0][1] + rc, claim)
        v = values(a, end[:n], end[n:])
        w = values(b, end[:n], end[n:]) if a != b else v
        e = sum(x * eq(z, end[:n]) for x, z in points) if two else 1
        need(coeff[l.mul[0][1]] * v[a[0]] * w[b[0]] * e % P == left,
             'circuit_end')
        return below(v, end[:n], end[n:], w if a != b else None, end[:n])

    e = [sum(x) % P for x in zip(*[[w * x for x in eq_table(z)]
                                   for w, z in points])]
    claim -= sum(coeff[k] * e[o] for o, k in l.constant)
    adds = lambda x: sum(coeff[k] * e[o] * x[s[0]][place(s)]
                         for o, k, s in l.add)
    if not l.mul:
        left, rx = sumcheck(tape, [2] * wide(a), wide(a), [], claim % P)
        v = values(a, rx, rc)
        need(adds(spread(v, rx)) % P == left, 'circuit_end')
        return below(v, rx, rc)
    left, end = sumcheck(tape, [2] * (wide(a) + len(rc)), wide(a), rc,
                         claim % P)
    rx, rho = end[:wide(a)], end[wide(a):]
    v = values(a, rx, rho)
    x = spread(v, rx)
    left, ry = sumcheck(tape, [2] * wide(b), wide(b), [],
                        (left - adds(x)) % P)
    w = values(b, ry, rho)
    y = spread(w, ry)
    need(sum(coeff[k] * e[o] * x[s[0]][place(s)] * y[t[0]][place(t)]
             for o, k, s, t in l.mul) % P == left, 'circuit_end')
    return below(v, rx, rho, w, ry)


def verify_table(child, index):
    t = child.st.table[index]
    rows = t.rows
    roots, pq, z = child.trees([bits(rows)])
    child.fractions.append((index, roots[0], -1))
    child.claims.append((t.counts, z, pq[0][0]))
    low = sum(x << i for i, x in enumerate(z))
    if t.kind == RANGE:
        column = [low]
    elif t.kind == SIGNED:
        column = [low - (1 << t.bits - 1)]
    elif t.kind == RELU:
        column = [low - (1 << t.bits - 1),
                  z[-1] * sum(x << i for i, x in enumerate(z[:-1]))]
    else:
        column = [mle([rows], c, z) for c in t.column]
    alpha, beta = child.challenge[index]
    i = indicator(rows, z)
    want = i * alpha + 1 - i - sum(pow(beta, c, P) * v
                                   for c, v in enumerate(column))
    need(want % P == pq[0][1], 'lookup_leaf')


# ---- the opening [8, 12.7] ----------------------------------------------

def interpolate_at(xs, ys, z):
    r = 0
    for i, x in enumerate(xs):
        num = den = 1
        for j, w in enumerate(xs):
            if j != i:
                num, den = num * (z - w) % P, den * (x - w) % P
        r += ys[i] * num * pow(den, -1, P)
    return r % P


def verify_opening(tape, key, claims, commitment):
    k = key.k
    gamma = tape.challenge()
    claim = sum(pow(gamma, j, P) * c[2] for j, c in enumerate(claims)) % P
    s, rho = sumcheck(tape, [2] * k, k, [], claim)
    terms = []
    for j, (tensor, z, _) in enumerate(claims):
        low = z[:k] + [0] * (k - len(z[:k]))
        w = pow(gamma, j, P) * eq(low, rho)
        for point, c in zip(commitment[tensor], eq_table(z[k:])):
            terms.append((point, w * c % P))
    verify = verify_hyperkzg if key.pcs == 1 else verify_mercury
    verify(tape, key, terms, rho, s)


def verify_hyperkzg(tape, key, terms, rho, s):
    k = key.k
    fold = tape.g1(62, k - 1) if k > 1 else []
    r = tape.challenge()
    need(r not in (0, 1, P - 1), 'batch')
    v = tape.fr(63, 3 * k - 1)
    plus, minus = v[0:2 * k:2], v[1:2 * k:2]
    square = [None] + v[2 * k:] + [s]
    for t in range(k):
        need((2 * r * square[t + 1] - r * (1 - rho[t]) * (plus[t] + minus[t])
              - rho[t] * (plus[t] - minus[t])) % P == 0, 'batch')
    beta = tape.challenge()
    w = tape.g1(62, 1)[0]
    z = tape.challenge()
    r2 = r * r % P
    need(z not in (r, P - r, r2), 'batch')
    w2 = tape.g1(62, 1)[0]
    all_terms = [(p, c * (z - r2) % P) for p, c in terms]
    constant = (z - r2) * interpolate_at([r, -r], [plus[0], minus[0]], z)
    for t in range(1, k):
        b = pow(beta, t, P)
        all_terms.append((fold[t - 1], b))
        constant += b * interpolate_at([r, -r, r2],
                                       [plus[t], minus[t], square[t]], z)
    all_terms += [(G1, -constant % P), (w, -(z * z - r2) * (z - r2) % P),
                  (w2, z)]
    need(pairings_cancel([(msm(all_terms), G2), (negated(w2), key.tau)]),
         'pairing')


def negated(p):
    return None if p is None else (p[0], Q - p[1])


def eq_at(u, x):
    r = 1
    for c in u:
        r, x = r * (1 - c + c * x) % P, x * x % P
    return r


def verify_mercury(tape, key, terms, rho, s):
    k, c = key.k, (key.k + 1) // 2
    h = tape.g1(62, 1)[0]
    alpha = tape.challenge()
    q, row = tape.g1(62, 2)
    gamma = tape.challenge()
    cross, mirror = tape.g1(62, 2)
    zeta = tape.challenge()
    need(zeta not in (0, 1, P - 1, alpha) and zeta * alpha % P != 1, 'batch')
    nodes = [zeta, pow(zeta, -1, P), alpha]
    v = tape.fr(63, 6)
    quotient = tape.g1(62, 1)[0]
    beta = tape.challenge()
    w = tape.g1(62, 1)[0]
    z = tape.challenge()
    need(z not in nodes, 'batch')
    w2 = tape.g1(62, 1)[0]
    d = tape.challenge()

    def both(i, u):
        return v[i] * eq_at(u, nodes[1]) + v[i + 1] * eq_at(u, zeta)
    h_alpha = (both(0, rho[:c]) + gamma * both(2, rho[c:]) - zeta * v[4]
               - nodes[1] * v[5]) * pow(2, -1, P) - gamma * s
    mirrored = pow(zeta, (1 << c) - 1, P) * v[1]
    all_terms = terms + [(q, alpha - pow(zeta, 1 << c, P)), (quotient, zeta)]
    constant = -v[0]
    for i, (point, values) in enumerate([
            (row, v[0:2]), (h, v[2:4] + [h_alpha]), (cross, v[4:6]),
            (mirror, [mirrored])]):
        scale = d * pow(beta, i, P)
        for x in nodes[len(values):]:
            scale *= z - x
        all_terms.append((point, scale))
        constant -= scale * interpolate_at(nodes[:len(values)], values, z)
    vanish = (z - nodes[0]) * (z - nodes[1]) * (z - nodes[2])
    all_terms += [(w, -d * vanish), (w2, d * z), (G1, constant)]
    left = msm([(p, e % P) for p, e in all_terms])
    right = g1_add(quotient, msm([(w2, d)]))
    need(pairings_cancel([(left, G2), (negated(right), key.tau)]), 'pairing')


# ---- the root [3, 12.2] -------------------------------------------------

def verify(key_bytes, proof):
    key = read_key(key_bytes)
    st, k = key.st, key.k
    need(proof[:16] == b'ZKGKR\r\n\x1a' + struct.pack('<II', 3, 1), 'malformed')
    need(proof[16:48] == key.digest, 'key')
    at, public, raw = 48, {}, {}
    for i, t in enumerate(st.tensor):
        if t.vis != PUBLIC:
            continue
        n = 1
        for x in t.len:
            n *= x
        code, width = TYPES[t.type]
        raw[i] = proof[at:at + n * width]
        need(len(raw[i]) == n * width, 'malformed')
        at += n * width
        public[i] = [int.from_bytes(raw[i][j * width:(j + 1) * width],
                                    'little', signed=code == 'i')
                     for j in range(n)]
        need(all(x < P if code == 'f' else t.min <= x <= t.max
                 for x in public[i]), 'public')

    tape = Tape(bytes(64), b'')
    tape.absorb(1, b'zkgkr gkr bn254')
    tape.absorb(1, struct.pack('<Q', 1))
    tape.absorb(2, struct.pack('<III', key.flags, key.pcs, k))
    tape.absorb(3, key.srs)
    tape.absorb(4, key.graph)
    tape.absorb(5, b''.join(g1_to(p) for p in key.fixed))
    for i in raw:
        tape.absorb(6, raw[i])
    commitment, fixed, start = {}, 0, at
    tape.data, tape.at = proof, at
    for i, t in enumerate(st.tensor):
        if t.vis == FIXED:
            commitment[i] = key.fixed[fixed:fixed + chunks(t, k)]
            fixed += chunks(t, k)
        elif t.vis == PRIVATE:
            commitment[i] = tape.g1(7, chunks(t, k))
    need(fixed == len(key.fixed), 'key')
    gates = [sum(l.gates for l in c.layer) for c in st.circuit]
    tape.absorb(8, bytes(max(gates + [0])))
    for _ in range(max([1000] + [4 * len(c.layer) for c in st.circuit])):
        tape.state = H(tape.state, b'R')
    seed = tape.squeeze()
    challenge = [(tape.challenge(), tape.challenge()) for _ in st.table]

    at, children = tape.at, []
    for kind, n in ((b'task', len(st.task)), (b'table', len(st.table))):
        for i in range(n):
            child = Child(Tape(H(seed, kind, struct.pack('<Q', i)),
                               proof[at:]), st, public, challenge)
            if kind == b'task':
                verify_task(child, st.task[i])
            else:
                verify_table(child, i)
            at += child.tape.at
            children.append(child)
    for child in children:
        tape.absorb(11, child.tape.state)
    claims = [c for child in children for c in child.claims]
    for tensor, point, value in claims:
        tape.absorb(12, struct.pack('<Q', tensor))
        tape.absorb(12, b''.join(map(fr_bytes, point)))
        tape.absorb(12, fr_bytes(value))
    fractions = [f for child in children for f in child.fractions]
    need(all(q for _, (p, q), _ in fractions), 'lookup_zero')
    for i in range(len(st.table)):
        need(sum(s * p * pow(q, -1, P) for t, (p, q), s in fractions
                 if t == i) % P == 0, 'lookup_sum')
    tape.at = at
    if claims:
        verify_opening(tape, key, claims, commitment)
    tape.finish()
    return key, public


def main(argv):
    if len(argv) != 3:
        sys.exit(__doc__)
    with open(argv[1], 'rb') as f:
        key = f.read()
    with open(argv[2], 'rb') as f:
        proof = f.read()
    try:
        made, public = verify(key, proof)
    except Refused as why:
        print('refused:', why)
        return 1
    for i, values in public.items():
        print(made.st.tensor[i].name, values)
    print('accepted')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv))
