/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic modulo a 254-bit prime p on four 64-bit limbs, lowest first.
 *
 * Private to fr.h and fp.h, which pass their own constants.  Everything here is
 * static inline.  Sums and differences are in assembler on x86-64, where
 * compilers make twice the instructions of a chain of carries, unless a file
 * defines ZKG_FIELD_PLAIN; products are where it defines ZKG_FIELD_MULX (x86-64
 * with BMI2 and ADX only).  The rest is plain C; all agree bit for bit.
 * Elements are in Montgomery form, R = 2^256, and canonical (< p) on entry and
 * on return.  Outputs may alias inputs.
 */
#ifndef ZKG_FIELD_LIMB4_H
#define ZKG_FIELD_LIMB4_H

#include <stdbool.h>
#include <stdint.h>

#include "base/inline.h"

/* Add and subtract with carry, which need no extension.  gcc takes a third of a
 * second to read the header that names them, in every file that includes this:
 * these are what it calls them. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define ZKG_ADDCARRY __builtin_ia32_addcarryx_u64
#define ZKG_SUBBORROW __builtin_ia32_sbb_u64
#elif defined(__x86_64__)
#include <x86intrin.h>
#define ZKG_ADDCARRY _addcarry_u64
#define ZKG_SUBBORROW _subborrow_u64
#endif

#define ZKG_LIMB4_INLINE ZKG_INLINE

__extension__ typedef unsigned __int128 zkg_u128;

/** A modulus: p, and -1/p mod 2^64. */
typedef struct zkg_limb4_mod {
    uint64_t p[4];
    uint64_t inv;
} zkg_limb4_mod;

#if defined(__x86_64__)

/** Returns a + b + *c, and leaves the carry (0 or 1) in *c. */
ZKG_LIMB4_INLINE uint64_t zkg_limb_adc(uint64_t a, uint64_t b, uint64_t *c)
{
    unsigned long long r;

    *c = ZKG_ADDCARRY((unsigned char)*c, a, b, &r);
    return r;
}

/** Returns a - b - *c, and leaves the borrow (0 or 1) in *c. */
ZKG_LIMB4_INLINE uint64_t zkg_limb_sbb(uint64_t a, uint64_t b, uint64_t *c)
{
    unsigned long long r;

    *c = ZKG_SUBBORROW((unsigned char)*c, a, b, &r);
    return r;
}

#else

ZKG_LIMB4_INLINE uint64_t zkg_limb_adc(uint64_t a, uint64_t b, uint64_t *c)
{
    zkg_u128 t = (zkg_u128)a + b + *c;

    *c = (uint64_t)(t >> 64);
    return (uint64_t)t;
}

ZKG_LIMB4_INLINE uint64_t zkg_limb_sbb(uint64_t a, uint64_t b, uint64_t *c)
{
    zkg_u128 t = (zkg_u128)a - b - *c;

    *c = (uint64_t)(t >> 64) & 1;
    return (uint64_t)t;
}

#endif

/** Returns a + b * c + *d, and leaves the high word in *d. */
ZKG_LIMB4_INLINE uint64_t zkg_limb_mac(uint64_t a, uint64_t b, uint64_t c,
                                       uint64_t *d)
{
    zkg_u128 t = (zkg_u128)b * c + a + *d;

    *d = (uint64_t)(t >> 64);
    return (uint64_t)t;
}

/** r = a - p when a >= p, else a.  For a < 2p. */
ZKG_LIMB4_INLINE void zkg_limb4_reduce_once(uint64_t r[4], const uint64_t a[4],
                                            const zkg_limb4_mod *m)
{
    uint64_t c = 0;
    uint64_t t0 = zkg_limb_sbb(a[0], m->p[0], &c);
    uint64_t t1 = zkg_limb_sbb(a[1], m->p[1], &c);
    uint64_t t2 = zkg_limb_sbb(a[2], m->p[2], &c);
    uint64_t t3 = zkg_limb_sbb(a[3], m->p[3], &c);
    uint64_t keep = 0 - c;

    r[0] = (a[0] & keep) | (t0 & ~keep);
    r[1] = (a[1] & keep) | (t1 & ~keep);
    r[2] = (a[2] & keep) | (t2 & ~keep);
    r[3] = (a[3] & keep) | (t3 & ~keep);
}

/* Operands are pointers in registers; this says what is read through them. */
#define ZKG_M4(v) "m"(*(const uint64_t(*)[4])(v))

/* Unoptimised code has too few registers left for the assembler. */
#if defined(ZKG_FIELD_MULX) && defined(__OPTIMIZE__)

/* (t4, .., t0) += a * b, then += q * p with t0 = 0, for one limb a of the
 * scanned operand; t0 is the next step's t4. */
#define ZKG_MULX_ROW(a, t0, t1, t2, t3, t4)                                    \
    "movq " a ", %%rdx\n\t"                                                    \
    "xorl %k[" t4 "], %k[" t4 "]\n\t"                                          \
    "mulxq (%[b]), %[lo], %[hi]\n\t"                                           \
    "adcxq %[lo], %[" t0 "]\n\t"                                               \
    "adoxq %[hi], %[" t1 "]\n\t"                                               \
    "mulxq 8(%[b]), %[lo], %[hi]\n\t"                                          \
    "adcxq %[lo], %[" t1 "]\n\t"                                               \
    "adoxq %[hi], %[" t2 "]\n\t"                                               \
    "mulxq 16(%[b]), %[lo], %[hi]\n\t"                                         \
    "adcxq %[lo], %[" t2 "]\n\t"                                               \
    "adoxq %[hi], %[" t3 "]\n\t"                                               \
    "mulxq 24(%[b]), %[lo], %[hi]\n\t"                                         \
    "adcxq %[lo], %[" t3 "]\n\t"                                               \
    "adoxq %[hi], %[" t4 "]\n\t"                                               \
    "adcq $0, %[" t4 "]\n\t"

#define ZKG_MULX_RED(t0, t1, t2, t3, t4)                                       \
    "movq %[" t0 "], %%rdx\n\t"                                                \
    "imulq 32(%[m]), %%rdx\n\t"                                                \
    "xorl %k[lo], %k[lo]\n\t"                                                  \
    "mulxq (%[m]), %[lo], %[hi]\n\t"                                           \
    "adcxq %[lo], %[" t0 "]\n\t"                                               \
    "adoxq %[hi], %[" t1 "]\n\t"                                               \
    "mulxq 8(%[m]), %[lo], %[hi]\n\t"                                          \
    "adcxq %[lo], %[" t1 "]\n\t"                                               \
    "adoxq %[hi], %[" t2 "]\n\t"                                               \
    "mulxq 16(%[m]), %[lo], %[hi]\n\t"                                         \
    "adcxq %[lo], %[" t2 "]\n\t"                                               \
    "adoxq %[hi], %[" t3 "]\n\t"                                               \
    "mulxq 24(%[m]), %[lo], %[hi]\n\t"                                         \
    "adcxq %[lo], %[" t3 "]\n\t"                                               \
    "adoxq %[hi], %[" t4 "]\n\t"                                               \
    "adcq $0, %[" t4 "]\n\t"

/** r = a * b / R mod p.  a may be any 256-bit number; b < p. */
ZKG_LIMB4_INLINE void zkg_limb4_mul(uint64_t r[4], const uint64_t a[4],
                                    const uint64_t b[4], const zkg_limb4_mod *m)
{
    uint64_t t0, t1, t2, t3, t4, lo, hi;

    __asm__("movq (%[a]), %%rdx\n\t"
            "mulxq (%[b]), %[t0], %[t1]\n\t"
            "mulxq 8(%[b]), %[lo], %[t2]\n\t"
            "addq %[lo], %[t1]\n\t"
            "mulxq 16(%[b]), %[lo], %[t3]\n\t"
            "adcq %[lo], %[t2]\n\t"
            "mulxq 24(%[b]), %[lo], %[t4]\n\t"
            "adcq %[lo], %[t3]\n\t"
            "adcq $0, %[t4]\n\t" ZKG_MULX_RED("t0", "t1", "t2", "t3", "t4")
                ZKG_MULX_ROW("8(%[a])", "t1", "t2", "t3", "t4", "t0")
                    ZKG_MULX_RED("t1", "t2", "t3", "t4", "t0")
                        ZKG_MULX_ROW("16(%[a])", "t2", "t3", "t4", "t0", "t1")
                            ZKG_MULX_RED("t2", "t3", "t4", "t0", "t1")
                                ZKG_MULX_ROW("24(%[a])", "t3", "t4", "t0", "t1",
                                             "t2")
                                    ZKG_MULX_RED("t3", "t4", "t0", "t1", "t2")
            /* the result, < 2p, is (t4, t0, t1, t2) from the lowest limb up */
            "movq %[t4], %%rdx\n\t"
            "subq (%[m]), %[t4]\n\t"
            "movq %[t0], %[t3]\n\t"
            "sbbq 8(%[m]), %[t0]\n\t"
            "movq %[t1], %[lo]\n\t"
            "sbbq 16(%[m]), %[t1]\n\t"
            "movq %[t2], %[hi]\n\t"
            "sbbq 24(%[m]), %[t2]\n\t"
            "cmovcq %%rdx, %[t4]\n\t"
            "cmovcq %[t3], %[t0]\n\t"
            "cmovcq %[lo], %[t1]\n\t"
            "cmovcq %[hi], %[t2]\n\t"
            : [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3),
              [t4] "=&r"(t4), [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [a] "r"(a), [b] "r"(b), [m] "r"(m), ZKG_M4(a), ZKG_M4(b), "m"(*m)
            : "rdx", "cc");
    r[0] = t4;
    r[1] = t0;
    r[2] = t1;
    r[3] = t2;
}

#else /* plain C */

/** r = a * b / R mod p.  a may be any 256-bit number; b < p. */
ZKG_LIMB4_INLINE void zkg_limb4_mul(uint64_t r[4], const uint64_t a[4],
                                    const uint64_t b[4], const zkg_limb4_mod *m)
{
    uint64_t t[4] = {0, 0, 0, 0};

    /* t < 2p after each step, so that the top word never carries out: p has
     * two spare bits. */
    for (int i = 0; i < 4; i++) {
        uint64_t hi = 0, c = 0, lo = zkg_limb_mac(t[0], a[i], b[0], &hi);
        uint64_t q = lo * m->inv;

        (void)zkg_limb_mac(lo, q, m->p[0], &c);
        lo = zkg_limb_mac(t[1], a[i], b[1], &hi);
        t[0] = zkg_limb_mac(lo, q, m->p[1], &c);
        lo = zkg_limb_mac(t[2], a[i], b[2], &hi);
        t[1] = zkg_limb_mac(lo, q, m->p[2], &c);
        lo = zkg_limb_mac(t[3], a[i], b[3], &hi);
        t[2] = zkg_limb_mac(lo, q, m->p[3], &c);
        t[3] = hi + c;
    }
    zkg_limb4_reduce_once(r, t, m);
}

#endif

#if defined(__x86_64__) && defined(__OPTIMIZE__) && !defined(ZKG_FIELD_PLAIN)

ZKG_LIMB4_INLINE void zkg_limb4_add(uint64_t r[4], const uint64_t a[4],
                                    const uint64_t b[4], const zkg_limb4_mod *m)
{
    uint64_t t0 = a[0], t1 = a[1], t2 = a[2], t3 = a[3], s0, s1, s2, s3;

    __asm__("addq (%[b]), %[t0]\n\t"
            "adcq 8(%[b]), %[t1]\n\t"
            "adcq 16(%[b]), %[t2]\n\t"
            "adcq 24(%[b]), %[t3]\n\t"
            "movq %[t0], %[s0]\n\t"
            "movq %[t1], %[s1]\n\t"
            "movq %[t2], %[s2]\n\t"
            "movq %[t3], %[s3]\n\t"
            "subq (%[m]), %[t0]\n\t"
            "sbbq 8(%[m]), %[t1]\n\t"
            "sbbq 16(%[m]), %[t2]\n\t"
            "sbbq 24(%[m]), %[t3]\n\t"
            "cmovcq %[s0], %[t0]\n\t"
            "cmovcq %[s1], %[t1]\n\t"
            "cmovcq %[s2], %[t2]\n\t"
            "cmovcq %[s3], %[t3]\n\t"
            : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3),
              [s0] "=&r"(s0), [s1] "=&r"(s1), [s2] "=&r"(s2), [s3] "=&r"(s3)
            : [b] "r"(b), [m] "r"(m), ZKG_M4(b), "m"(*m)
            : "cc");
    r[0] = t0;
    r[1] = t1;
    r[2] = t2;
    r[3] = t3;
}

ZKG_LIMB4_INLINE void zkg_limb4_sub(uint64_t r[4], const uint64_t a[4],
                                    const uint64_t b[4], const zkg_limb4_mod *m)
{
    uint64_t t0 = a[0], t1 = a[1], t2 = a[2], t3 = a[3], s0, s1, s2, s3;

    __asm__("xorl %k[s3], %k[s3]\n\t"
            "subq (%[b]), %[t0]\n\t"
            "sbbq 8(%[b]), %[t1]\n\t"
            "sbbq 16(%[b]), %[t2]\n\t"
            "sbbq 24(%[b]), %[t3]\n\t"
            "movq (%[m]), %[s0]\n\t"
            "movq 8(%[m]), %[s1]\n\t"
            "movq 16(%[m]), %[s2]\n\t"
            "cmovncq %[s3], %[s0]\n\t"
            "cmovncq %[s3], %[s1]\n\t"
            "cmovncq %[s3], %[s2]\n\t"
            "cmovcq 24(%[m]), %[s3]\n\t"
            "addq %[s0], %[t0]\n\t"
            "adcq %[s1], %[t1]\n\t"
            "adcq %[s2], %[t2]\n\t"
            "adcq %[s3], %[t3]\n\t"
            : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3),
              [s0] "=&r"(s0), [s1] "=&r"(s1), [s2] "=&r"(s2), [s3] "=&r"(s3)
            : [b] "r"(b), [m] "r"(m), ZKG_M4(b), "m"(*m)
            : "cc");
    r[0] = t0;
    r[1] = t1;
    r[2] = t2;
    r[3] = t3;
}

#else

ZKG_LIMB4_INLINE void zkg_limb4_add(uint64_t r[4], const uint64_t a[4],
                                    const uint64_t b[4], const zkg_limb4_mod *m)
{
    uint64_t c = 0, t[4];

    for (int i = 0; i < 4; i++)
        t[i] = zkg_limb_adc(a[i], b[i], &c);
    zkg_limb4_reduce_once(r, t, m);
}

ZKG_LIMB4_INLINE void zkg_limb4_sub(uint64_t r[4], const uint64_t a[4],
                                    const uint64_t b[4], const zkg_limb4_mod *m)
{
    uint64_t c = 0, t[4], mask;

    for (int i = 0; i < 4; i++)
        t[i] = zkg_limb_sbb(a[i], b[i], &c);
    mask = 0 - c;
    c = 0;
    for (int i = 0; i < 4; i++)
        r[i] = zkg_limb_adc(t[i], m->p[i] & mask, &c);
}

#endif

ZKG_LIMB4_INLINE bool zkg_limb4_is_zero(const uint64_t a[4])
{
    return (a[0] | a[1] | a[2] | a[3]) == 0;
}

ZKG_LIMB4_INLINE bool zkg_limb4_equal(const uint64_t a[4], const uint64_t b[4])
{
    return ((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3])) == 0;
}

/** a < p */
ZKG_LIMB4_INLINE bool zkg_limb4_is_reduced(const uint64_t a[4],
                                           const zkg_limb4_mod *m)
{
    uint64_t c = 0;

    for (int i = 0; i < 4; i++)
        (void)zkg_limb_sbb(a[i], m->p[i], &c);
    return c != 0;
}

/** r = a / 2 mod p */
ZKG_LIMB4_INLINE void zkg_limb4_half(uint64_t r[4], const uint64_t a[4],
                                     const zkg_limb4_mod *m)
{
    uint64_t mask = 0 - (a[0] & 1), c = 0, t[4];

    for (int i = 0; i < 4; i++)
        t[i] = zkg_limb_adc(a[i], m->p[i] & mask, &c);
    for (int i = 0; i < 3; i++)
        r[i] = t[i] >> 1 | t[i + 1] << 63;
    r[3] = t[3] >> 1;
}

/**
 * r = a * b mod p for an integer b, by one Barrett step: mu = floor(2^317 / p).
 * With v = a * |b| < 2^317 the estimate of v / p is low by less than 3.
 */
ZKG_LIMB4_INLINE void zkg_limb4_mul_i64(uint64_t r[4], const uint64_t a[4],
                                        int64_t b, uint64_t mu,
                                        const zkg_limb4_mod *m)
{
    const uint64_t sign = b < 0 ? UINT64_MAX : 0;
    const uint64_t u = ((uint64_t)b ^ sign) - sign;
    uint64_t c = 0, d = 0, v[5], t[4], q;
    const uint64_t zero[4] = {0, 0, 0, 0};

    for (int i = 0; i < 4; i++)
        v[i] = zkg_limb_mac(0, a[i], u, &c);
    v[4] = c;
    q = (uint64_t)((zkg_u128)(v[3] >> 61 | v[4] << 3) * mu >> 64);
    c = 0;
    for (int i = 0; i < 4; i++)
        v[i] = zkg_limb_sbb(v[i], zkg_limb_mac(0, q, m->p[i], &d), &c);
    zkg_limb4_reduce_once(v, v, m);
    zkg_limb4_reduce_once(v, v, m);
    /* without a branch: signs are often random */
    zkg_limb4_sub(t, zero, v, m);
    for (int i = 0; i < 4; i++)
        r[i] = (v[i] & ~sign) | (t[i] & sign);
}

/** acc += a * b as integers; acc is a signed 384-bit number. */
ZKG_LIMB4_INLINE void zkg_limb6_mac(uint64_t acc[6], const uint64_t a[4],
                                    int64_t b)
{
    /* the product with |b|, and its complement plus one when b < 0 */
    const uint64_t mask = b < 0 ? UINT64_MAX : 0;
    const uint64_t u = ((uint64_t)b ^ mask) - mask;
    uint64_t c = 0, v[5];

    for (int i = 0; i < 4; i++)
        v[i] = zkg_limb_mac(0, a[i], u, &c);
    v[4] = c;
    c = mask & 1;
    for (int i = 0; i < 5; i++)
        acc[i] = zkg_limb_adc(acc[i], v[i] ^ mask, &c);
    acc[5] += mask + c;
}

/** acc += a * u as integers, u unsigned. */
ZKG_LIMB4_INLINE void zkg_limb6_mac_u64(uint64_t acc[6], const uint64_t a[4],
                                        uint64_t u)
{
#if defined(ZKG_FIELD_MULX) && defined(__OPTIMIZE__)
    uint64_t lo, hi;

    __asm__("xorl %k[lo], %k[lo]\n\t"
            "mulxq (%[a]), %[lo], %[hi]\n\t"
            "adcxq %[lo], %[t0]\n\t"
            "adoxq %[hi], %[t1]\n\t"
            "mulxq 8(%[a]), %[lo], %[hi]\n\t"
            "adcxq %[lo], %[t1]\n\t"
            "adoxq %[hi], %[t2]\n\t"
            "mulxq 16(%[a]), %[lo], %[hi]\n\t"
            "adcxq %[lo], %[t2]\n\t"
            "adoxq %[hi], %[t3]\n\t"
            "mulxq 24(%[a]), %[lo], %[hi]\n\t"
            "adcxq %[lo], %[t3]\n\t"
            "adoxq %[hi], %[t4]\n\t"
            "movl $0, %k[lo]\n\t"
            "adcxq %[lo], %[t4]\n\t"
            "adoxq %[lo], %[t5]\n\t"
            "adcxq %[lo], %[t5]\n\t"
            : [t0] "+&r"(acc[0]), [t1] "+&r"(acc[1]), [t2] "+&r"(acc[2]),
              [t3] "+&r"(acc[3]), [t4] "+&r"(acc[4]), [t5] "+&r"(acc[5]),
              [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [a] "r"(a), "d"(u), ZKG_M4(a)
            : "cc");
#else
    uint64_t c = 0, v[5];

    for (int i = 0; i < 4; i++)
        v[i] = zkg_limb_mac(0, a[i], u, &c);
    v[4] = c;
    c = 0;
    for (int i = 0; i < 5; i++)
        acc[i] = zkg_limb_adc(acc[i], v[i], &c);
    acc[5] += c;
#endif
}

#endif
