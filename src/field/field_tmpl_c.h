/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of field_tmpl.h that are not inline; fr.c and fp.c include
 * this after defining
 *
 *   ZKG_F(name), ZKG_F_T, ZKG_F_WIDE_T  as there
 *   ZKG_F_R, ZKG_F_R2, ZKG_F_R3         2^256, 2^512, 2^768 mod p, in braces
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

static bool is_one(const uint64_t a[4])
{
    return a[0] == 1 && (a[1] | a[2] | a[3]) == 0;
}

/* a >>= 1, with top coming in */
static void shift_right(uint64_t a[4], uint64_t top)
{
    for (int i = 0; i < 3; i++)
        a[i] = a[i] >> 1 | a[i + 1] << 63;
    a[3] = a[3] >> 1 | top << 63;
}

/* a -= b, or false and nothing done when a < b */
static bool sub_if_not_less(uint64_t a[4], const uint64_t b[4])
{
    uint64_t t[4], c = 0;

    for (int i = 0; i < 4; i++)
        t[i] = zkg_limb_sbb(a[i], b[i], &c);
    if (c)
        return false;
    for (int i = 0; i < 4; i++)
        a[i] = t[i];
    return true;
}

/*
 * Binary Euclid.  With s = a R as an integer: b s = u and c s = v mod p all
 * along, u and v odd at each subtraction; it ends at u or v = 1.
 */
void ZKG_F(inv)(ZKG_F_T *r, const ZKG_F_T *a)
{
    const zkg_limb4_mod *m = &ZKG_F(mod_);
    ZKG_F_T u = *a, b = {{1, 0, 0, 0}}, c = {{0, 0, 0, 0}}, v = {{0}};

    if (ZKG_F(is_zero)(a)) {
        *r = *a;
        return;
    }
    for (int i = 0; i < 4; i++)
        v.l[i] = m->p[i];
    while (!is_one(u.l) && !is_one(v.l)) {
        for (; !(u.l[0] & 1); ZKG_F(half)(&b, &b))
            shift_right(u.l, 0);
        for (; !(v.l[0] & 1); ZKG_F(half)(&c, &c))
            shift_right(v.l, 0);
        if (sub_if_not_less(u.l, v.l)) {
            ZKG_F(sub)(&b, &b, &c);
        } else {
            (void)sub_if_not_less(v.l, u.l);
            ZKG_F(sub)(&c, &c, &b);
        }
    }
    /* 1 / (a R) as an integer; times R^2 is the Montgomery form of 1 / a */
    ZKG_F(mul)(r, is_one(u.l) ? &b : &c, &r3);
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
