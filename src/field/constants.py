#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Print the constants of fr.h, fp.h: everything follows from the modulus."""

X = 4965661367192848881  # the curve family's parameter
MODULI = {
    "fr": 36 * X**4 + 36 * X**3 + 18 * X**2 + 6 * X + 1,
    "fp": 36 * X**4 + 36 * X**3 + 24 * X**2 + 6 * X + 1,
}


def limbs(v, n=4):
    return ", ".join("0x%016x" % (v >> 64 * i & 2**64 - 1) for i in range(n))


for name, p in MODULI.items():
    print(name)
    print("  P     ", limbs(p))
    print("  P_INV  0x%016x  (-1/p mod 2^64)" % (-pow(p, -1, 2**64) % 2**64))
    print("  R     ", limbs(2**256 % p))
    print("  R2    ", limbs(2**512 % p))
    print("  R3    ", limbs(2**768 % p))
    print("  INV_FIX", limbs(pow(2, 768 - 527 + 1088, p)))
    print("  MU     0x%016x  (floor(2^317 / p))" % (2**317 // p))
    print("  P - 2 ", limbs(p - 2))
    print("  (P+1)/4", limbs((p + 1) // 4) if p % 4 == 3 else "none")
