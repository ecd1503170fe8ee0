/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums of runs of points, LANES runs at a time.
 *
 * Of runs of like length, lane i of pack r has point r of run i; these packs
 * are added up as a tree, in place: step by step pack r takes what pack r + 2^j
 * has, for r a multiple of 2^(j+1).  A lane whose run has ended holds infinity.
 * Each step is of all runs of a block, with one inversion for many.
 */
#ifndef ZKG_CURVE_RUN_SUMS_H
#define ZKG_CURVE_RUN_SUMS_H

#include "curve/batch_add.h"

enum {
    BLOCK = 1 << 13,  /* points added up together, in cache */
    RUN_MOST = 1 << 7 /* points of a run; longer ones are made of several */
};

/* *out = the sum of len points, 0 < len <= RUN_MOST: point i is points[index[i]
 * >> 1], negated where the lowest bit is set. */
typedef struct run {
    const zkg_g1 *points;
    const uint32_t *index;
    uint32_t len;
    zkg_g1 *out;
} run;

/* A block of runs that wait. */
typedef struct block {
    queue q;
    size_t runs, points;
    const uint32_t *end; /* of the lists that runs are of, one after another */
    run run[BLOCK + 1];  /* and one of none */
    uint32_t order[BLOCK + LANES];     /* the longest first */
    uint32_t depth[BLOCK / LANES + 1]; /* of LANES sorted runs: packs */
    pack pack[BLOCK / LANES + RUN_MOST];
} block;

static void block_init(block *b)
{
    b->runs = b->points = 0;
    b->end = NULL;
    queue_init(&b->q);
}

/* The longest first; runs of none, to nowhere, fill the last lanes up.  How
 * many times LANES there are. */
static size_t sort_runs(block *b, zkg_g1 *nowhere)
{
    uint32_t place[RUN_MOST + 1] = {0};
    const size_t bundles = (b->runs + LANES - 1) / LANES;

    for (size_t i = 0; i < b->runs; i++)
        place[b->run[i].len - 1]++; /* of one length more: the longer ones */
    for (uint32_t len = RUN_MOST; len-- > 0;)
        place[len] += place[len + 1];
    for (size_t i = 0; i < b->runs; i++)
        b->order[place[b->run[i].len]++] = (uint32_t)i;
    b->run[BLOCK] = (run){NULL, NULL, 0, nowhere};
    for (size_t i = b->runs; i < bundles * LANES; i++)
        b->order[i] = BLOCK;
    for (size_t k = 0; k < bundles; k++)
        b->depth[k] = b->run[b->order[k * LANES]].len;
    return bundles;
}

/* Pack row of LANES runs. */
typedef struct cursor {
    const run *runs;
    const uint32_t *order;
    uint32_t row;
} cursor;

static inline void step_on(cursor *c)
{
    if (++c->row >= c->runs[c->order[0]].len) {
        c->row = 0;
        c->order += LANES;
    }
}

static inline void fetch(const cursor *c)
{
    for (int i = 0; i < LANES; i++) {
        const run *r = &c->runs[c->order[i]];

        if (c->row < r->len)
            __builtin_prefetch(&r->points[r->index[c->row] >> 1]);
    }
}

static inline void load_row(pack *to, const cursor *c, const queue *q)
{
    const zkg_g1 *p[LANES];
    uint32_t minus = 0;

    for (int i = 0; i < LANES; i++) {
        const run *r = &c->runs[c->order[i]];
        const bool any = c->row < r->len;
        const uint32_t index = any ? r->index[c->row] : 0;

        p[i] = any ? &r->points[index >> 1] : &zkg_g1_infinity;
        minus |= (index & 1) << i;
    }
    pack_load(to, p, minus, q);
}

static void load_packs(block *b, size_t bundles)
{
    enum { AHEAD = 64 / LANES };
    const uint32_t *end = b->order + bundles * LANES;
    cursor at = {b->run, b->order, 0}, ahead = at;

    for (int i = 0; i < AHEAD && ahead.order < end; i++)
        step_on(&ahead);
    for (pack *to = b->pack; at.order < end; to++) {
        if (ahead.order < end) {
            fetch(&ahead);
            step_on(&ahead);
        }
        load_row(to, &at, &b->q);
        step_on(&at);
    }
}

/* What the next block will have, if there is one. */
static coming after(const block *b)
{
    const run *last = b->runs && b->end ? &b->run[b->runs - 1] : NULL;
    const uint32_t *from = last ? last->index + last->len : NULL;

    if (!last)
        return (coming){0};
    return (coming){last->points, from,
                    b->end - from < BLOCK ? b->end : from + BLOCK};
}

/* Adds up all that waits. */
static void block_flush(block *b)
{
    zkg_g1 nowhere, *out[LANES];
    const size_t bundles = sort_runs(b, &nowhere);
    const pack *from = b->pack;

    load_packs(b, bundles);
    b->q.coming = after(b);
    for (uint32_t step = 1; bundles && step < b->depth[0]; step *= 2) {
        pack *p = b->pack;

        for (size_t k = 0; k < bundles && b->depth[k] > step; k++) {
            for (uint32_t r = 0; r + step < b->depth[k]; r += 2 * step)
                push(&b->q, &p[r], &p[r + step]);
            p += b->depth[k];
        }
        flush(&b->q);
    }
    for (size_t k = 0; k < bundles; k++) {
        for (size_t i = 0; i < LANES; i++)
            out[i] = b->run[b->order[k * LANES + i]].out;
        pack_store(out, from);
        from += b->depth[k];
    }
    b->runs = b->points = 0;
    b->q.coming = (coming){0};
}

static inline void block_push(block *b, run r)
{
    if (b->points + r.len > BLOCK)
        block_flush(b);
    b->run[b->runs++] = r;
    b->points += r.len;
}

#endif
