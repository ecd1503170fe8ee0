/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Affine additions by the batch: one inversion for up to BATCH of them.
 *
 * For msm_variant.c, in its variant: plain C, mulx, or, with ZKG_FIELD_IFMA,
 * eight pairs at a time.  Equal, opposite and infinite points are right; the
 * eight-lane code leaves them to the scalar code.
 */
#ifndef ZKG_CURVE_BATCH_ADD_H
#define ZKG_CURVE_BATCH_ADD_H

#include "base/mem.h"
#include "curve/g1.h"

#ifdef ZKG_FIELD_IFMA
#include "field/ifma.h"
/* from LANES_FROM pairs on lanes save more than their inversion costs */
enum { BATCH = 2048, LANES_FROM = 32 };
#else
enum { BATCH = 1024 };
#endif

/* Pairs waiting to be added, and their sums' places. */
typedef struct pairs {
    const zkg_g1 *a[BATCH], *b[BATCH];
    zkg_g1 *out[BATCH];
    size_t n;
} pairs;

static inline void pairs_push(pairs *w, zkg_g1 *out, const zkg_g1 *a,
                              const zkg_g1 *b)
{
    w->a[w->n] = a;
    w->b[w->n] = b;
    w->out[w->n++] = out;
}

/* A queue of pairs with the scratch that adding them takes. */
typedef struct queue {
    pairs wait;
    zkg_fp den[BATCH], prefix[BATCH];
#ifdef ZKG_FIELD_IFMA
    zkg_x8 den8[BATCH / 8], prefix8[BATCH / 8], xa8[BATCH / 8];
    uint8_t skip[BATCH / 8]; /* lanes left to the scalar code */
    pairs slow;
    zkg_x8_mod mod;
#endif
} queue;

/* NULL when memory is short. */
static queue *queue_new(void)
{
    queue *q = zkg_alloc_raw(1, sizeof(*q));

    if (!q)
        return NULL;
    q->wait.n = 0;
#ifdef ZKG_FIELD_IFMA
    q->slow.n = 0;
    zkg_x8_mod_init(&q->mod, &zkg_fp_mod_);
#endif
    return q;
}

static void queue_free(queue *q)
{
    zkg_free(q);
}

enum { DONE, ADD, DOUBLE };

/* What a + b takes; the denominator of its slope, or the sum itself. */
static int slope_kind(zkg_fp *den, zkg_g1 *out, const zkg_g1 *a,
                      const zkg_g1 *b)
{
    zkg_fp_sub(den, &b->x, &a->x);
    if (__builtin_expect(zkg_fp_is_zero(den), 0)) {
        /* equal, opposite, or both infinite */
        if (zkg_fp_equal(&a->y, &b->y) && !zkg_g1_is_infinity(a)) {
            zkg_fp_double(den, &a->y);
            return DOUBLE;
        }
        *out = (zkg_g1){{{0}}, {{0}}};
        return DONE;
    }
    if (__builtin_expect(zkg_g1_is_infinity(a), 0)) {
        *out = *b;
        return DONE;
    }
    if (__builtin_expect(zkg_g1_is_infinity(b), 0)) {
        *out = *a;
        return DONE;
    }
    return ADD;
}

/* *out = a + b with inv the inverse of the slope's denominator. */
static inline void add_with_inverse(zkg_g1 *out, const zkg_g1 *a,
                                    const zkg_g1 *b, const zkg_fp *inv,
                                    int kind)
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
    zkg_fp_sub(&out->y, &y, &a->y);
    out->x = x;
}

static void add_scalar(queue *q, pairs *w)
{
    uint8_t kind[BATCH];
    zkg_fp t = zkg_fp_one, inv;

    if (w->n == 0)
        return;
    for (size_t i = 0; i < w->n; i++) {
        kind[i] = (uint8_t)slope_kind(&q->den[i], w->out[i], w->a[i], w->b[i]);
        if (__builtin_expect(kind[i] == DONE, 0))
            continue;
        q->prefix[i] = t;
        zkg_fp_mul(&t, &t, &q->den[i]);
    }
    zkg_fp_inv(&t, &t);
    for (size_t i = w->n; i-- > 0;) {
        if (__builtin_expect(kind[i] == DONE, 0))
            continue;
        zkg_fp_mul(&inv, &t, &q->prefix[i]);
        zkg_fp_mul(&t, &t, &q->den[i]);
        add_with_inverse(w->out[i], w->a[i], w->b[i], &inv, kind[i]);
    }
    w->n = 0;
}

#ifdef ZKG_FIELD_IFMA
#include "curve/batch_add_ifma_tmpl.h"
#endif

/* Adds all that waits. An out may be the a or b of its own pair, and of no
 * other that waits. */
static void flush(queue *q)
{
#ifdef ZKG_FIELD_IFMA
    if (q->wait.n >= LANES_FROM) {
        add_lanes(q);
        return;
    }
#endif
    add_scalar(q, &q->wait);
}

/* Adds to those that wait, waiting of them; how many wait then. */
static inline size_t push_at(queue *q, size_t waiting, zkg_g1 *out,
                             const zkg_g1 *a, const zkg_g1 *b)
{
    if (waiting == BATCH) {
        q->wait.n = BATCH;
        flush(q);
        waiting = 0;
    }
    q->wait.a[waiting] = a;
    q->wait.b[waiting] = b;
    q->wait.out[waiting] = out;
    return waiting + 1;
}

static inline void push(queue *q, zkg_g1 *out, const zkg_g1 *a, const zkg_g1 *b)
{
    q->wait.n = push_at(q, q->wait.n, out, a, b);
}

#endif
