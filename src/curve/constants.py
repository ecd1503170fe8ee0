#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Print constants.h: python3 constants.py >constants.h"""

X = 4965661367192848881
Q = 36 * X**4 + 36 * X**3 + 24 * X**2 + 6 * X + 1
R = 36 * X**4 + 36 * X**3 + 18 * X**2 + 6 * X + 1
XI = (9, 1)
# glv.h has what these are
BETA = (18 * X**3 + 18 * X**2 + 9 * X + 1) % Q
LAMBDA = (36 * X**3 + 18 * X**2 + 6 * X + 1) % R
U = 2 * X + 1
W = 6 * X**2 + 2 * X
assert (BETA**2 + BETA + 1) % Q == 0 and (LAMBDA**2 + LAMBDA + 1) % R == 0
assert (U - W * LAMBDA) % R == 0 and (U + W + U * LAMBDA) % R == 0
assert U * U + W * (U + W) == R and 9 * (2 * U + W) < 16 * 2**126
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


def mul(a, b):
    return ((a[0] * b[0] - a[1] * b[1]) % Q, (a[0] * b[1] + a[1] * b[0]) % Q)


def power(a, e):
    r = (1, 0)
    while e:
        if e & 1:
            r = mul(r, a)
        a = mul(a, a)
        e >>= 1
    return r


def inv(a):
    n = pow(a[0] * a[0] + a[1] * a[1], -1, Q)
    return (a[0] * n % Q, -a[1] * n % Q)


def naf(v):
    out = []
    while v:
        d = 2 - v % 4 if v & 1 else 0
        out.append(d)
        v = (v - d) // 2
    return out


def fp(a, pad, modulus=Q):
    m = a * 2**256 % modulus
    w = ["0x%016x" % (m >> 64 * i & 2**64 - 1) for i in range(4)]
    return "{{%s, %s,\n%s  %s, %s}}" % (w[0], w[1], pad, w[2], w[3])


def fp2(a, pad):
    return "{%s,\n%s %s}" % (fp(a[0], pad + " "), pad, fp(a[1], pad + " "))


def table(kind, name, rows):
    print("static const %s %s[%d] __attribute__((unused)) = {" %
          (kind, name, len(rows)))
    for r in rows:
        print("    %s," % (fp2 if kind == "zkg_fp2" else fp)(r, "    "))
    print("};\n")


def macro(name, parts):
    lines = ["#define " + name]
    lines += ("    {" + ",\n     ".join(parts) + "}").split("\n")
    print("\n".join(l.ljust(79) + "\\" for l in lines[:-1]))
    print(lines[-1])


def words(name, v, n):
    print("static const uint64_t %s[%d] __attribute__((unused)) = {" %
          (name, n))
    print("    %s};" % ", ".join("0x%016x" % (v >> 64 * i & 2**64 - 1)
                                 for i in range(n)))


def nearest(a, b):
    return (2 * a + b) // (2 * b)


def digits(name, d):
    print("static const int8_t %s[%d] __attribute__((unused)) = {" %
          (name, len(d)))
    for i in range(0, len(d), 16):
        print("    " + " ".join("%d," % v for v in d[i:i + 16]))
    print("};\n")


print("""/* SPDX-License-Identifier: Apache-2.0 */
/* Made by constants.py; elements in Montgomery form. */
/* clang-format off */
#ifndef ZKG_CURVE_CONSTANTS_H
#define ZKG_CURVE_CONSTANTS_H

#include "curve/fp2.h"

/* 3, and 3 / xi for the twist */""")
table("zkg_fp", "curve_b", [3])
table("zkg_fp2", "twist_b", [mul((3, 0), inv(XI))])
print("/* x, y of the generators */")
macro("G1_GENERATOR", [fp(1, "     "), fp(2, "     ")])
macro("G2_GENERATOR", [fp2(G2[0], "     "), fp2(G2[1], "     ")])
print()
print("/* xi^(j (q - 1) / 6), j = 0..5 */")
table("zkg_fp2", "frob1", [power(XI, j * (Q - 1) // 6) for j in range(6)])
print("/* xi^(j (q^2 - 1) / 6), j = 0..5, all in Fp */")
f2 = [power(XI, j * (Q * Q - 1) // 6) for j in range(6)]
assert all(v[1] == 0 for v in f2)
table("zkg_fp", "frob2", [v[0] for v in f2])
print("/* of glv.h: beta, lambda, u, w, and u / p and w / p times 2^256 */")
macro("GLV_BETA", [fp(BETA, "    ")[1:-1]])
macro("GLV_LAMBDA", [fp(LAMBDA, "    ", R)[1:-1]])
words("glv_u", U, 2)
words("glv_w", W, 2)
words("glv_g1", nearest(2**256 * U, R), 3)
words("glv_g2", nearest(2**256 * W, R), 3)
print()
print("/* signed digits, lowest first: of 6 x + 2 */")
digits("ate_naf", naf(6 * X + 2))
print("/* of x */")
digits("x_naf", naf(X))
print("#endif")
