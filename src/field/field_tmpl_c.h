/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of field_tmpl.h that are not inline; fr.c and fp.c include
 * this after defining
 *
 *   ZKG_F(name), ZKG_F_T, ZKG_F_WIDE_T  as there
 *   ZKG_F_R, ZKG_F_R2, ZKG_F_R3         2^256, 2^512, 2^768 mod p, in braces
 *   ZKG_F_INV_FIX                       2^(768 - 527 + 1088) mod p, in braces
 */
#include "base/bytes.h"

const ZKG_F_T ZKG_F(zero) = {{0, 0, 0, 0}};
const ZKG_F_T ZKG_F(one) = {ZKG_F_R};

static const ZKG_F_T r2 = {ZKG_F_R2}, r3 = {ZKG_F_R3};

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

__extension__ typedef __int128 signed128;

/* t = a f + b g, |f| + |g| <= 2^31; highest limbs are signed. */
static void dot5(uint64_t t[5], const uint64_t a[4], const uint64_t b[4],
                 int64_t f, int64_t g)
{
    signed128 sum = 0;

    for (int i = 0; i < 3; i++) {
        sum += (signed128)a[i] * f + (signed128)b[i] * g;
        t[i] = (uint64_t)sum;
        sum >>= 64;
    }
    sum += (signed128)(int64_t)a[3] * f + (signed128)(int64_t)b[3] * g;
    t[3] = (uint64_t)sum;
    t[4] = (uint64_t)(sum >> 64);
}

/* r = |a f + b g| / 2^31, which is exact; returns whether it was negative. */
static bool combine(uint64_t r[4], const uint64_t a[4], const uint64_t b[4],
                    int64_t f, int64_t g)
{
    uint64_t t[5], neg, low, c;

    dot5(t, a, b, f, g);
    neg = 0 - (t[4] >> 63);
    c = neg & 1;
    low = zkg_limb_adc(t[0] ^ neg, 0, &c);
    for (int i = 0; i < 4; i++) {
        const uint64_t high = zkg_limb_adc(t[i + 1] ^ neg, 0, &c);

        r[i] = low >> 31 | high << 33;
        low = high;
    }
    return neg & 1;
}

/* r = (u f + v g) / 2^64 mod p, by one Montgomery step: where u and v are above
 * -p and below 2 p, above -2^-31 p and below p + 2^-31 p. */
static void mix(uint64_t r[4], const uint64_t u[4], const uint64_t v[4],
                int64_t f, int64_t g)
{
    const uint64_t *p = ZKG_F(mod_).p;
    uint64_t t[5], c = 0, q;

    dot5(t, u, v, f, g);
    q = t[0] * ZKG_F(mod_).inv;
    (void)zkg_limb_mac(t[0], q, p[0], &c);
    for (int i = 1; i < 4; i++)
        r[i - 1] = zkg_limb_mac(t[i], q, p[i], &c);
    r[3] = t[4] + c;
}

/* f and g of f + 2^32 g, -2^31 < f, g <= 2^31 */
static void unpack(int64_t *f, int64_t *g, uint64_t fg)
{
    fg += 0x7fffffff7fffffff;
    *f = (int64_t)(fg & UINT32_MAX) - INT32_MAX;
    *g = (int64_t)(fg >> 32) - INT32_MAX;
}

/* The top 33 and the low 31 bits of a, below 2^len. */
static uint64_t ends_of(const uint64_t a[4], unsigned len)
{
    const uint64_t top = window_at(a, len - 33);

    return (a[0] & (((uint64_t)1 << 31) - 1)) | (top & UINT32_MAX) << 31 |
           top >> 32 << 63;
}

/*
 * 31 steps of the GCD of xa and xb, xb odd: where xa is odd, the smaller one is
 * taken off the larger, which becomes xa; then xa is halved.  a' and b', 2^-31
 * times (f[k] a + g[k] b), are what they make of the whole a, b.  Halvings in a
 * row are one shift.
 */
static void steps(int64_t f[2], int64_t g[2], uint64_t xa, uint64_t xb)
{
    uint64_t fg0 = 1, fg1 = (uint64_t)1 << 32;
    unsigned left = 31;
    unsigned z = (unsigned)__builtin_ctzll(xa | (uint64_t)1 << left);

    for (;;) {
        uint64_t d, e, less;

        xa >>= z;
        fg1 <<= z;
        left -= z;
        if (left == 0)
            break;
        /* without a branch, which would be a matter of luck */
        less = 0 - (uint64_t)(xa < xb);
        d = xa - xb;
        e = fg0 - fg1;
        /* d and -d end by as many zeros */
        z = (unsigned)__builtin_ctzll(d | (uint64_t)1 << left);
        xb += d & less;
        fg1 += e & less;
        xa = (d ^ less) - less;
        fg0 = (e ^ less) - less;
    }
    unpack(&f[0], &g[0], fg0);
    unpack(&f[1], &g[1], fg1);
}

/* The bits of the larger of a and b; 64 at least. */
static unsigned length_of(const uint64_t a[4], const uint64_t b[4])
{
    for (unsigned i = 3; i > 0; i--)
        if (a[i] | b[i])
            return 64 * i + 64 - (unsigned)__builtin_clzll(a[i] | b[i]);
    return 64;
}

/*
 * Pornin's binary GCD (eprint 2020/972): 31 steps at a time on the top 33 and
 * the low 31 bits of a and b, then a, b and the cofactors u, v take the steps
 * together.  Throughout, x u = 2^(31 k - 64 k) a and x v = 2^(31 k - 64 k) b
 * mod p after k turns, x the input's limbs; 17 turns, 527 >= 2 * 254 - 1 steps,
 * leave b = 1.  Once a = 0, mostly after 12, a turn does no more than multiply
 * v by 2^31 / 2^64.
 */
void ZKG_F(inv)(ZKG_F_T *r, const ZKG_F_T *x)
{
    static const ZKG_F_T fix = {ZKG_F_INV_FIX};
    uint64_t a[4], b[4], u[4] = {1, 0, 0, 0}, v[4] = {0, 0, 0, 0};
    uint64_t carry = 0;

    if (ZKG_F(is_zero)(x)) {
        *r = *x;
        return;
    }
    for (int i = 0; i < 4; i++) {
        a[i] = x->l[i];
        b[i] = ZKG_F(mod_).p[i];
    }
    for (int k = 0; k < 17; k++) {
        uint64_t c[4], w[4];
        int64_t f[2], g[2];
        unsigned len;

        if (!(a[0] | a[1] | a[2] | a[3])) {
            mix(v, v, u, (int64_t)1 << 31, 0);
            continue;
        }
        len = length_of(a, b);
        steps(f, g, ends_of(a, len), ends_of(b, len));
        if (combine(c, a, b, f[0], g[0])) {
            f[0] = -f[0];
            g[0] = -g[0];
        }
        if (combine(b, a, b, f[1], g[1])) {
            f[1] = -f[1];
            g[1] = -g[1];
        }
        mix(w, u, v, f[0], g[0]);
        mix(v, u, v, f[1], g[1]);
        for (int i = 0; i < 4; i++) {
            a[i] = c[i];
            u[i] = w[i];
        }
    }
    /* v = 2^(527 - 1088) / (a R) for the element a, or less by p */
    for (int i = 0; i < 4; i++)
        v[i] = zkg_limb_adc(v[i], ZKG_F(mod_).p[i], &carry);
    zkg_limb4_mul(r->l, v, fix.l, &ZKG_F(mod_));
}

void ZKG_F(batch_inv)(ZKG_F_T *v, size_t n, ZKG_F_T *scratch)
{
    ZKG_F_T t = ZKG_F(one);

    if (n == 0)
        return;
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
    for (int i = 0; i < 4; i++)
        zkg_store_u64le(out + 8 * i, s[i]);
}

bool ZKG_F(from_bytes)(ZKG_F_T *r, const uint8_t in[32])
{
    uint64_t s[4];

    for (int i = 0; i < 4; i++)
        s[i] = zkg_load_u64le(in + 8 * i);
    return ZKG_F(from_scalar)(r, s);
}

bool ZKG_F(from_mont_bytes)(ZKG_F_T *r, const uint8_t in[32])
{
    ZKG_F_T t;

    for (int i = 0; i < 4; i++)
        t.l[i] = zkg_load_u64le(in + 8 * i);
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
        s[i] = zkg_load_u64le(in + 8 * i);
    zkg_limb4_mul(lo.l, s, r2.l, &ZKG_F(mod_));
    zkg_limb4_mul(hi.l, s + 4, r3.l, &ZKG_F(mod_));
    ZKG_F(add)(r, &lo, &hi);
}
