/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Affine additions by the batch: one inversion for up to BATCH of them, each of
 * LANES points at once.
 *
 * For msm_variant.c, in its variant: plain C or mulx, of one lane, or, with
 * ZKG_FIELD_IFMA, of eight.  A pack is LANES points, which stay in the form
 * that additions want while they are added up.  Equal, opposite and infinite
 * points are right.
 */
#ifndef ZKG_CURVE_BATCH_ADD_H
#define ZKG_CURVE_BATCH_ADD_H

#include <string.h>

#include "curve/g1.h"
#include "curve/glv.h"

/* Points that are loaded after those being added up. */
typedef struct coming {
    const zkg_g1 *points;
    const uint32_t *index, *end; /* as of a run */
} coming;

/* Asks for n of them: where they are far away, and the page tables that tell
 * where, they come while others are added up. */
static inline void fetch_coming(coming *c, int n)
{
    if (c->end - c->index < n)
        return;
    for (int i = 0; i < n; i++)
        __builtin_prefetch(&c->points[*c->index++ >> 1], 0, 2);
}

/*
 * Each of the two that follow defines LANES, BATCH, pack, a queue with members
 * a, b and n for packs that wait and coming for points that are not yet in any,
 * and
 *
 *     queue_init
 *     pack_load   lane i = *p[i], or its negative where bit i of minus is set
 *     pack_store  *p[i] = lane i
 *     pack_is_infinity   of all lanes
 *     packs_map   p[i] = phi(p[i]), as in glv.h, i < n
 *     flush       a += b for all that waits.
 */
#ifdef ZKG_FIELD_IFMA
#include "curve/batch_add_ifma_tmpl.h"
#else
#include "curve/batch_add_one_tmpl.h"
#endif

/* *a += *b at the next flush.  Until then nothing else may wait that writes b,
 * or has a part in a. */
static inline void push(queue *q, pack *a, const pack *b)
{
    if (q->n == BATCH)
        flush(q);
    q->a[q->n] = a;
    q->b[q->n++] = b;
}

#endif
