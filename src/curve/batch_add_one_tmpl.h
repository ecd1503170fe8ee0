/* SPDX-License-Identifier: Apache-2.0 */
/* The part of batch_add.h for one lane. */
#ifndef ZKG_CURVE_BATCH_ADD_ONE_TMPL_H
#define ZKG_CURVE_BATCH_ADD_ONE_TMPL_H

enum { LOG_LANES = 0, LANES = 1 << LOG_LANES, BATCH = 1024 };

typedef zkg_g1 pack;

typedef struct queue {
    pack *a[BATCH];
    const pack *b[BATCH];
    size_t n;
    coming coming;
    zkg_fp den[BATCH], prefix[BATCH];
} queue;

static void queue_init(queue *q)
{
    q->n = 0;
    q->coming = (coming){0};
}

/* Without a branch on the sign, which would be foreseen half the time. */
static inline void pack_load(pack *to, const zkg_g1 *const p[LANES],
                             uint32_t minus, const queue *q)
{
    const zkg_fp *x = &p[0]->x;
    /* infinity, x = y = 0, stays as it is */
    const bool any = (x->l[0] | x->l[1] | x->l[2] | x->l[3]) != 0;
    const uint64_t mask = 0 - (uint64_t)(minus & any);
    uint64_t carry = mask & 1;

    (void)q;
    to->x = *x;
    for (int i = 0; i < 4; i++) /* ~y + p + 1 */
        to->y.l[i] =
            zkg_limb_adc(p[0]->y.l[i] ^ mask, zkg_fp_mod_.p[i] & mask, &carry);
}

static inline void pack_store(zkg_g1 *const p[LANES], const pack *from)
{
    *p[0] = *from;
}

static inline bool pack_is_infinity(const pack *a)
{
    return zkg_g1_is_infinity(a);
}

static void packs_map(pack *p, size_t n, const queue *q)
{
    (void)q;
    for (size_t i = 0; i < n; i++)
        zkg_fp_mul(&p[i].x, &p[i].x, &zkg_glv_beta);
}

enum { DONE, ADD, DOUBLE };

/* What a + b takes; the denominator of its slope, or the sum itself in a. */
static int slope_kind(zkg_fp *den, zkg_g1 *a, const zkg_g1 *b)
{
    zkg_fp_sub(den, &b->x, &a->x);
    if (__builtin_expect(zkg_fp_is_zero(den), 0)) {
        /* equal, opposite, or both infinite */
        if (zkg_fp_equal(&a->y, &b->y) && !zkg_g1_is_infinity(a)) {
            zkg_fp_double(den, &a->y);
            return DOUBLE;
        }
        *a = (zkg_g1){{{0}}, {{0}}};
        return DONE;
    }
    if (__builtin_expect(zkg_g1_is_infinity(a), 0)) {
        *a = *b;
        return DONE;
    }
    return __builtin_expect(zkg_g1_is_infinity(b), 0) ? DONE : ADD;
}

/* *a += *b with inv the inverse of the slope's denominator. */
static inline void add_with_inverse(zkg_g1 *a, const zkg_g1 *b,
                                    const zkg_fp *inv, int kind)
{
    zkg_fp s, x, y;

    if (__builtin_expect(kind == DOUBLE, 0)) {
        zkg_fp_sqr(&x, &a->x);
        zkg_fp_double(&s, &x);
        zkg_fp_add(&s, &s, &x);
    } else {
        zkg_fp_sub(&s, &b->y, &a->y);
    }
    zkg_fp_mul(&s, &s, inv);
    zkg_fp_sqr(&x, &s);
    zkg_fp_sub(&x, &x, &a->x);
    zkg_fp_sub(&x, &x, &b->x);
    zkg_fp_sub(&y, &a->x, &x);
    zkg_fp_mul(&y, &y, &s);
    zkg_fp_sub(&a->y, &y, &a->y);
    a->x = x;
}

static void flush(queue *q)
{
    uint8_t kind[BATCH];
    zkg_fp t = zkg_fp_one, inv;

    if (q->n == 0)
        return;
    for (size_t i = 0; i < q->n; i++) {
        fetch_coming(&q->coming, 1);
        kind[i] = (uint8_t)slope_kind(&q->den[i], q->a[i], q->b[i]);
        if (__builtin_expect(kind[i] == DONE, 0))
            continue;
        q->prefix[i] = t;
        zkg_fp_mul(&t, &t, &q->den[i]);
    }
    zkg_fp_inv(&t, &t);
    for (size_t i = q->n; i-- > 0;) {
        if (__builtin_expect(kind[i] == DONE, 0))
            continue;
        zkg_fp_mul(&inv, &t, &q->prefix[i]);
        zkg_fp_mul(&t, &t, &q->den[i]);
        add_with_inverse(q->a[i], q->b[i], &inv, kind[i]);
    }
    q->n = 0;
}

#endif
