/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of field_tmpl.h that are not inline; fr.c and fp.c include
 * this after defining
 *
 *   ZKG_F(name), ZKG_F_T, ZKG_F_WIDE_T  as there
 *   ZKG_F_R, ZKG_F_R2, ZKG_F_R3         2^256, 2^512, 2^768 mod p, in braces
 *   ZKG_F_INV_FIX                       2^(768 - 527) mod p, in braces
 */
const ZKG_F_T ZKG_F(zero) = {{0, 0, 0, 0}};
const ZKG_F_T ZKG_F(one) = {ZKG_F_R};

static const ZKG_F_T r2 = {ZKG_F_R2}, r3 = {ZKG_F_R3};

static uint64_t load_le64(const uint8_t in[8])
{
    uint64_t v = 0;

    for (int i = 7; i >= 0; i--)
        v = v << 8 | in[i];
    return v;
}

void ZKG_F(wide_reduce)(ZKG_F_T *r, const ZKG_F_WIDE_T *acc)
{
    bool negative = acc->l[5] >> 63;
    uint64_t v[6], c = 0;
    ZKG_F_T lo, hi;

    for (int i = 0; i < 6; i++)
        v[i] = negative ? zkg_limb_sbb(0, acc->l[i], &c) : acc->l[i];
    /* v = lo + R hi: a product's first factor need not be reduced */
    zkg_limb4_mul(lo.l, v, ZKG_F(one).l, &ZKG_F(mod_));
    zkg_limb4_mul(hi.l, (uint64_t[4]){v[4], v[5], 0, 0}, r2.l, &ZKG_F(mod_));
    ZKG_F(add)(r, &lo, &hi);
    if (negative)
        ZKG_F(neg)(r, r);
}

void ZKG_F(pow)(ZKG_F_T *r, const ZKG_F_T *a, const uint64_t *e, size_t n)
{
    ZKG_F_T t = ZKG_F(one), x = *a;

    for (size_t i = 64 * n; i-- > 0;) {
        ZKG_F(sqr)(&t, &t);
        if (e[i / 64] >> i % 64 & 1)
            ZKG_F(mul)(&t, &t, &x);
    }
    *r = t;
}

void ZKG_F(pow_u64)(ZKG_F_T *r, const ZKG_F_T *a, uint64_t e)
{
    ZKG_F_T t = ZKG_F(one), x = *a;

    for (; e; e >>= 1) {
        if (e & 1)
            ZKG_F(mul)(&t, &t, &x);
        ZKG_F(sqr)(&x, &x);
    }
    *r = t;
}

/* Bits start .. start + 63 of a; bits above the top are 0. */
static uint64_t window_at(const uint64_t a[4], unsigned start)
{
    const unsigned i = start / 64, shift = start % 64;
    uint64_t v = a[i] >> shift;

    if (shift && i < 3)
        v |= a[i + 1] << (64 - shift);
    return v;
}

/* r = |a f + b g| / 2^31, which is exact; returns whether it was negative. */
static bool combine(uint64_t r[4], const uint64_t a[4], const uint64_t b[4],
                    int64_t f, int64_t g)
{
    const uint64_t fs = f < 0 ? UINT64_MAX : 0, gs = g < 0 ? UINT64_MAX : 0;
    const uint64_t fm = ((uint64_t)f ^ fs) - fs, gm = ((uint64_t)g ^ gs) - gs;
    uint64_t fc = 0, gc = 0, cf = fs & 1, cg = gs & 1, c = 0, t[5], neg;

    /* signed products, five words each, by complement and one more */
    for (int i = 0; i < 4; i++) {
        const uint64_t x = zkg_limb_mac(0, a[i], fm, &fc) ^ fs;
        const uint64_t y = zkg_limb_mac(0, b[i], gm, &gc) ^ gs;

        t[i] =
            zkg_limb_adc(zkg_limb_adc(x, 0, &cf), zkg_limb_adc(y, 0, &cg), &c);
    }
    t[4] = (fc ^ fs) + cf + (gc ^ gs) + cg + c;
    neg = 0 - (t[4] >> 63);
    c = neg & 1;
    for (int i = 0; i < 5; i++)
        t[i] = zkg_limb_adc(t[i] ^ neg, 0, &c);
    for (int i = 0; i < 4; i++)
        r[i] = t[i] >> 31 | t[i + 1] << 33;
    return neg & 1;
}

/*
 * Pornin's binary GCD (eprint 2020/972): 31 steps at a time on the top 33 and
 * the low 31 bits of a and b, then a, b and the cofactors u, v take the steps
 * together.  Throughout, x u = 2^(31 k) a and x v = 2^(31 k) b mod p after k
 * turns, x the input's limbs; 17 turns, 527 >= 2 * 254 - 1 steps, leave b = 1.
 * Once a = 0, mostly after 12, a turn does no more than double v 31 times.
 */
void ZKG_F(inv)(ZKG_F_T *r, const ZKG_F_T *x)
{
    static const ZKG_F_T fix = {ZKG_F_INV_FIX};
    ZKG_F_T u = {{1, 0, 0, 0}}, v = {{0, 0, 0, 0}}, s, t;
    uint64_t a[4], b[4], c[4];

    for (int i = 0; i < 4; i++) {
        a[i] = x->l[i];
        b[i] = ZKG_F(mod_).p[i];
    }
    for (int k = 0; k < 17; k++) {
        const uint64_t bias = 0x7fffffff7fffffff;
        uint64_t fg0 = 1, fg1 = (uint64_t)1 << 32;
        int64_t f0, g0, f1, g1;
        const uint64_t low = ((uint64_t)1 << 31) - 1;
        unsigned len = 64;
        uint64_t xa, xb;

        if (!(a[0] | a[1] | a[2] | a[3])) {
            ZKG_F(mul_i64)(&v, &v, (int64_t)1 << 31);
            continue;
        }
        for (unsigned i = 3; i > 0; i--) {
            if (a[i] | b[i]) {
                len = 64 * i + 64 - (unsigned)__builtin_clzll(a[i] | b[i]);
                break;
            }
        }
        xa = (a[0] & low) | (window_at(a, len - 33) & UINT32_MAX) << 31 |
             window_at(a, len - 33) >> 32 << 63;
        xb = (b[0] & low) | (window_at(b, len - 33) & UINT32_MAX) << 31 |
             window_at(b, len - 33) >> 32 << 63;
        /* fg = f + 2^32 g, with -2^31 < f, g <= 2^31 */
        for (int i = 0; i < 31; i++) {
            const uint64_t odd = 0 - (xa & 1);
            const uint64_t swap = odd & (0 - (uint64_t)(xa < xb));
            const uint64_t d = (xa ^ xb) & swap, e = (fg0 ^ fg1) & swap;

            xb ^= d;
            fg1 ^= e;
            xa = ((xa ^ d) - (xb & odd)) >> 1;
            fg0 = (fg0 ^ e) - (fg1 & odd);
            fg1 *= 2;
        }
        f0 = (int64_t)((fg0 + bias) & UINT32_MAX) - INT32_MAX;
        g0 = (int64_t)((fg0 + bias) >> 32) - INT32_MAX;
        f1 = (int64_t)((fg1 + bias) & UINT32_MAX) - INT32_MAX;
        g1 = (int64_t)((fg1 + bias) >> 32) - INT32_MAX;
        if (combine(c, a, b, f0, g0)) {
            f0 = -f0;
            g0 = -g0;
        }
        if (combine(b, a, b, f1, g1)) {
            f1 = -f1;
            g1 = -g1;
        }
        for (int i = 0; i < 4; i++)
            a[i] = c[i];
        ZKG_F(mul_i64)(&s, &u, f0);
        ZKG_F(mul_i64)(&t, &v, g0);
        ZKG_F(add)(&s, &s, &t);
        ZKG_F(mul_i64)(&u, &u, f1);
        ZKG_F(mul_i64)(&v, &v, g1);
        ZKG_F(add)(&v, &u, &v);
        u = s;
    }
    /* v = 2^527 / (a R) for the element a; 0 for 0, where u and v did not mix
     */
    if (ZKG_F(is_zero)(x))
        v = *x;
    ZKG_F(mul)(r, &v, &fix);
}

void ZKG_F(batch_inv)(ZKG_F_T *v, size_t n, ZKG_F_T *scratch)
{
    ZKG_F_T t = ZKG_F(one);

    /* scratch[i] = the product of the non-zero v[j], j < i */
    for (size_t i = 0; i < n; i++) {
        scratch[i] = t;
        if (!ZKG_F(is_zero)(&v[i]))
            ZKG_F(mul)(&t, &t, &v[i]);
    }
    ZKG_F(inv)(&t, &t);
    /* t = the inverse of the product of the non-zero v[j], j <= i */
    for (size_t i = n; i-- > 0;) {
        ZKG_F_T x = v[i];

        if (ZKG_F(is_zero)(&x))
            continue;
        ZKG_F(mul)(&v[i], &t, &scratch[i]);
        ZKG_F(mul)(&t, &t, &x);
    }
}

void ZKG_F(from_u64)(ZKG_F_T *r, uint64_t v)
{
    zkg_limb4_mul(r->l, (uint64_t[4]){v, 0, 0, 0}, r2.l, &ZKG_F(mod_));
}

void ZKG_F(from_i64)(ZKG_F_T *r, int64_t v)
{
    ZKG_F(from_u64)(r, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
    if (v < 0)
        ZKG_F(neg)(r, r);
}

bool ZKG_F(to_i64)(int64_t *v, const ZKG_F_T *a)
{
    const uint64_t top = (uint64_t)1 << 63;
    uint64_t s[4];
    ZKG_F_T t;

    ZKG_F(to_scalar)(s, a);
    if ((s[1] | s[2] | s[3]) == 0 && s[0] < top) {
        *v = (int64_t)s[0];
        return true;
    }
    ZKG_F(neg)(&t, a);
    ZKG_F(to_scalar)(s, &t);
    if ((s[1] | s[2] | s[3]) != 0 || s[0] > top)
        return false;
    *v = s[0] == top ? INT64_MIN : -(int64_t)s[0];
    return true;
}

void ZKG_F(to_scalar)(uint64_t out[4], const ZKG_F_T *a)
{
    const uint64_t one[4] = {1, 0, 0, 0};

    zkg_limb4_mul(out, one, a->l, &ZKG_F(mod_));
}

bool ZKG_F(from_scalar)(ZKG_F_T *r, const uint64_t in[4])
{
    if (!zkg_limb4_is_reduced(in, &ZKG_F(mod_)))
        return false;
    zkg_limb4_mul(r->l, in, r2.l, &ZKG_F(mod_));
    return true;
}

void ZKG_F(to_bytes)(uint8_t out[32], const ZKG_F_T *a)
{
    uint64_t s[4];

    ZKG_F(to_scalar)(s, a);
    for (int i = 0; i < 32; i++)
        out[i] = (uint8_t)(s[i / 8] >> 8 * (i % 8));
}

bool ZKG_F(from_bytes)(ZKG_F_T *r, const uint8_t in[32])
{
    uint64_t s[4];

    for (int i = 0; i < 4; i++)
        s[i] = load_le64(in + 8 * i);
    return ZKG_F(from_scalar)(r, s);
}

bool ZKG_F(from_mont_bytes)(ZKG_F_T *r, const uint8_t in[32])
{
    ZKG_F_T t;

    for (int i = 0; i < 4; i++)
        t.l[i] = load_le64(in + 8 * i);
    if (!zkg_limb4_is_reduced(t.l, &ZKG_F(mod_)))
        return false;
    *r = t;
    return true;
}

void ZKG_F(from_wide_bytes)(ZKG_F_T *r, const uint8_t in[64])
{
    uint64_t s[8];
    ZKG_F_T lo, hi;

    for (int i = 0; i < 8; i++)
        s[i] = load_le64(in + 8 * i);
    zkg_limb4_mul(lo.l, s, r2.l, &ZKG_F(mod_));
    zkg_limb4_mul(hi.l, s + 4, r3.l, &ZKG_F(mod_));
    ZKG_F(add)(r, &lo, &hi);
}
