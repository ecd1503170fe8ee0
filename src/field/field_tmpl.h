/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of one prime field; fr.h and fp.h include this after defining
 *
 *   ZKG_F(name)   zkg_fr_name or zkg_fp_name
 *   ZKG_F_T       zkg_fr or zkg_fp
 *   ZKG_F_WIDE_T  zkg_fr_wide or zkg_fp_wide
 *   ZKG_F_P       the limbs of p, lowest first, in braces
 *   ZKG_F_INV     -1/p mod 2^64
 *   ZKG_F_MU      floor(2^317 / p)
 *
 * An element is in Montgomery form with R = 2^256 and always canonical (< p):
 * equal elements have equal limbs.  Outputs may alias inputs.  Times depend on
 * values in inv, pow and the batch inverse: none of them sees a secret.
 */

static const zkg_limb4_mod ZKG_F(mod_)
    __attribute__((unused)) = {ZKG_F_P, ZKG_F_INV};

extern const ZKG_F_T ZKG_F(zero), ZKG_F(one);

ZKG_LIMB4_INLINE void ZKG_F(add)(ZKG_F_T *r, const ZKG_F_T *a, const ZKG_F_T *b)
{
    zkg_limb4_add(r->l, a->l, b->l, &ZKG_F(mod_));
}

ZKG_LIMB4_INLINE void ZKG_F(sub)(ZKG_F_T *r, const ZKG_F_T *a, const ZKG_F_T *b)
{
    zkg_limb4_sub(r->l, a->l, b->l, &ZKG_F(mod_));
}

ZKG_LIMB4_INLINE void ZKG_F(neg)(ZKG_F_T *r, const ZKG_F_T *a)
{
    const ZKG_F_T zero = {{0, 0, 0, 0}};

    zkg_limb4_sub(r->l, zero.l, a->l, &ZKG_F(mod_));
}

ZKG_LIMB4_INLINE void ZKG_F(double)(ZKG_F_T *r, const ZKG_F_T *a)
{
    zkg_limb4_add(r->l, a->l, a->l, &ZKG_F(mod_));
}

/** r = a / 2 */
ZKG_LIMB4_INLINE void ZKG_F(half)(ZKG_F_T *r, const ZKG_F_T *a)
{
    zkg_limb4_half(r->l, a->l, &ZKG_F(mod_));
}

ZKG_LIMB4_INLINE void ZKG_F(mul)(ZKG_F_T *r, const ZKG_F_T *a, const ZKG_F_T *b)
{
    zkg_limb4_mul(r->l, a->l, b->l, &ZKG_F(mod_));
}

ZKG_LIMB4_INLINE void ZKG_F(sqr)(ZKG_F_T *r, const ZKG_F_T *a)
{
    zkg_limb4_mul(r->l, a->l, a->l, &ZKG_F(mod_));
}

ZKG_LIMB4_INLINE bool ZKG_F(is_zero)(const ZKG_F_T *a)
{
    return zkg_limb4_is_zero(a->l);
}

ZKG_LIMB4_INLINE bool ZKG_F(equal)(const ZKG_F_T *a, const ZKG_F_T *b)
{
    return zkg_limb4_equal(a->l, b->l);
}

/** r = a * b; about a third of the cost of a field multiplication. */
ZKG_LIMB4_INLINE void ZKG_F(mul_i64)(ZKG_F_T *r, const ZKG_F_T *a, int64_t b)
{
    zkg_limb4_mul_i64(r->l, a->l, b, ZKG_F_MU, &ZKG_F(mod_));
}

/**
 * acc += a * b, unreduced.  Start from {{0}}; holds the sum of at least 2^64
 * products of any size.
 */
ZKG_LIMB4_INLINE void ZKG_F(wide_mac)(ZKG_F_WIDE_T *acc, const ZKG_F_T *a,
                                      int64_t b)
{
    zkg_limb6_mac(acc->l, a->l, b);
}

/** The element that a sum of products stands for. */
void ZKG_F(wide_reduce)(ZKG_F_T *r, const ZKG_F_WIDE_T *acc);

/** r = 1 / a; 0 when a = 0. */
void ZKG_F(inv)(ZKG_F_T *r, const ZKG_F_T *a);

/** r = a^e; a^0 = 1, also for a = 0. */
void ZKG_F(pow_u64)(ZKG_F_T *r, const ZKG_F_T *a, uint64_t e);

/** r = a^e for an exponent of n limbs, lowest first. */
void ZKG_F(pow)(ZKG_F_T *r, const ZKG_F_T *a, const uint64_t *e, size_t n);

/** v[i] = 1 / v[i] for i < n; zeros stay zero.  scratch: n elements. */
void ZKG_F(batch_inv)(ZKG_F_T *v, size_t n, ZKG_F_T *scratch);

void ZKG_F(from_u64)(ZKG_F_T *r, uint64_t v);

/** A negative v stands for p - |v|. */
void ZKG_F(from_i64)(ZKG_F_T *r, int64_t v);

/** The inverse of from_i64: false, and *v unchanged, when none maps to a. */
bool ZKG_F(to_i64)(int64_t *v, const ZKG_F_T *a);

/** 32 bytes, little-endian, canonical. */
void ZKG_F(to_bytes)(uint8_t out[32], const ZKG_F_T *a);

/** False, and *r unchanged, unless in < p as a little-endian number. */
bool ZKG_F(from_bytes)(ZKG_F_T *r, const uint8_t in[32]);

/** r = in mod p, a 512-bit little-endian number. */
void ZKG_F(from_wide_bytes)(ZKG_F_T *r, const uint8_t in[64]);

/**
 * Read an element whose bytes are its Montgomery form (a R mod p, little-
 * endian), as snarkjs files have them.  False, *r unchanged, when not < p.
 */
bool ZKG_F(from_mont_bytes)(ZKG_F_T *r, const uint8_t in[32]);

/** The integer in [0, p), four limbs, lowest first. */
void ZKG_F(to_scalar)(uint64_t out[4], const ZKG_F_T *a);

/** False, and *r unchanged, when the integer is not < p. */
bool ZKG_F(from_scalar)(ZKG_F_T *r, const uint64_t in[4]);

#undef ZKG_F
#undef ZKG_F_T
#undef ZKG_F_WIDE_T
#undef ZKG_F_P
#undef ZKG_F_INV
#undef ZKG_F_MU
