/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_BACKEND_LANES_H
#define ZKG_BACKEND_LANES_H

/**
 * @file
 * How the backend cpu-ifma lays out a table; private to ifma_*.c.
 *
 * Tables of fewer than LANE_VARS_MIN variables are plain: zkg_fr in order,
 * canonical.  Longer ones are blocks of 2^k entries, k = k(t), each block
 * 2^(k-3) groups of eight: group v holds entries v + l 2^(k-3) of its block,
 * l the lane, limb by limb in four vectors.  So the lanes are the block's three
 * highest variables: neighbours 2i, 2i + 1 lie in the same lane of the groups
 * 2v, 2v + 1, and a fold makes group v from these two, over the whole table in
 * order and in place.  It leaves blocks of 2^(k-1); at k = 3 the lanes would be
 * the next variable, and the table, 2^6 times shorter then, is laid out anew.
 *
 * Entries are Montgomery forms below 2 p.
 *
 * An empty table is one of zeros whose memory has not been cleared yet.
 */

#include <assert.h>
#include <string.h>

#include "backend/ifma.h"
#include "backend/ifma_slots.h"

#define LANE_VARS_MIN 5
#define LANE_BLOCK_MAX 9
#define LANE_EMPTY UINT32_C(0x100)

/** k(t); 0: plain */
V8_INLINE uint32_t lane_block(const zkg_table *t)
{
    return t->layout & 0xff;
}

V8_INLINE bool lane_is_plain(const zkg_table *t)
{
    return lane_block(t) == 0;
}

V8_INLINE uint32_t lane_block_for(uint32_t vars)
{
    return vars < LANE_VARS_MIN    ? 0
           : vars < LANE_BLOCK_MAX ? vars
                                   : LANE_BLOCK_MAX;
}

V8_INLINE size_t lane_len(const zkg_table *t)
{
    return (size_t)1 << t->vars;
}

/** Groups of eight in a table that is not plain. */
V8_INLINE size_t lane_groups(const zkg_table *t)
{
    return (size_t)1 << (t->vars - 3);
}

/** Group g, four vectors. */
V8_INLINE __m512i *lane_at(const zkg_table *t, size_t g)
{
    return (__m512i *)t->data + 4 * g;
}

/** Bytes: of 512 to 16384 the distance at which sumchecks over tables beyond
 *  the second-level cache were quickest; powers of two were slower. */
#define LANE_AHEAD 2560

#define LANE_PAGE 4096
#define LANE_PAGE_AHEAD (3 * LANE_PAGE)

/**
 * Before n groups from w on are read, of a table that is read in order: have
 * those LANE_AHEAD behind them fetched.  The processor fetches ahead by itself,
 * but for the ends of pages; so of the page LANE_PAGE_AHEAD the first eighth is
 * fetched while w's is read, a line at every other group, which has its address
 * known and that fetching begun when LANE_AHEAD comes to it.  Addresses beyond
 * t do no harm.
 */
V8_INLINE void lane_fetch(const __m512i *w, size_t n)
{
    for (size_t i = 0; i < n; i++, w += 4) {
        const char *at = (const char *)w;
        const size_t in = (uintptr_t)w % LANE_PAGE;

        for (size_t k = 0; k < 4; k++)
            _mm_prefetch(at + LANE_AHEAD + k * sizeof(*w), _MM_HINT_T0);
        if (in % (8 * sizeof(*w)) < 4 * sizeof(*w))
            _mm_prefetch(at - in + LANE_PAGE_AHEAD + in / 8, _MM_HINT_T1);
    }
}

V8_INLINE v8 lane_read(const __m512i *w)
{
    return v8_split(w[0], w[1], w[2], w[3]);
}

/** a open, below 2 p */
V8_INLINE void lane_write(__m512i *w, v8 a)
{
    assert(_mm512_cmpgt_epu64_mask(a.l[4], v8_p(4, 2)) == 0);
    v8_pack(w, a);
}

/** The same past the caches, which does not read the lines beforehand: for
 *  what will not be read soon.  A lane_far_done() must follow. */
V8_INLINE void lane_write_far(__m512i *w, v8 a)
{
    __m512i words[4];

    assert(_mm512_cmpgt_epu64_mask(a.l[4], v8_p(4, 2)) == 0);
    v8_pack(words, a);
    for (int i = 0; i < 4; i++)
        _mm512_stream_si512(w + i, words[i]);
}

V8_INLINE void lane_far_done(void)
{
    _mm_sfence();
}

/** x + r (y - x) for the groups x, y at w: open, below 1.01 p. */
V8_INLINE v8 lane_fold(const __m512i *w, const mulc8 *r)
{
    const v8 x = lane_read(w), y = lane_read(w + 4);

    return v8_mulc_add(v8_diff(y, x), r, x);
}

/** r_0, r_1 and their product, as lane_fold_2 takes them. */
V8_INLINE void lane_fold_2_init(mulc8 out[3], const zkg_fr r[2])
{
    zkg_fr both;

    zkg_fr_mul(&both, &r[0], &r[1]);
    mulc8_init(&out[0], &r[0]);
    mulc8_init(&out[1], &r[1]);
    mulc8_init(&out[2], &both);
}

/** Two folds at once of the groups x, y, z, w at at:
 *  x + r_0 (y - x) + r_1 (z - x) + r_0 r_1 (w - z - y + x): open, below 1.01 p.
 */
V8_INLINE v8 lane_fold_2(const __m512i *at, const mulc8 r[3])
{
    const v8 x = lane_read(at), y = lane_read(at + 4);
    const v8 z = lane_read(at + 8), w = lane_read(at + 12);
    const v8 both = v8_sub_raw(v8_sub_raw(w, z), v8_sub_raw(y, x));

    return v8_mulc_add_3(v8_diff(y, x), v8_diff(z, x), v8_lift(both, 4), r, x);
}

/** Clear the memory of an empty table; it may still say that it is empty. */
V8_INLINE void lane_materialise(const zkg_table *t)
{
    if (t->layout & LANE_EMPTY)
        memset(t->data, 0, lane_len(t) * sizeof(zkg_fr));
}

/** Before t is written in parts. */
V8_INLINE void lane_open(zkg_table *t)
{
    lane_materialise(t);
    t->layout &= ~LANE_EMPTY;
}

/** Before all of t is written. */
V8_INLINE void lane_overwrite(zkg_table *t)
{
    t->layout &= ~LANE_EMPTY;
}

/** After folds: lay t out anew where its lanes have become the next variable
 *  or it has become short. */
void zkg_lane_settle(zkg_table *t);

/** t[at + i] = v[i step], i < n, step 1 or 2. */
void zkg_lane_put(zkg_table *t, uint64_t at, const zkg_fr *v, size_t step,
                  size_t n);

/** Columns whose factors are made beforehand. */
#define LEAVES_READY 4

/** base + sum_c coeff_c column_c, ready to be made piece by piece. */
typedef struct zkg_leaves {
    zkg_fr start;
    zkg_fr ready[LEAVES_READY];
    const zkg_column *columns;
    size_t count;
} zkg_leaves;

void zkg_leaves_init(zkg_leaves *l, const zkg_fr *base,
                     const zkg_column *columns, size_t count);

/** out[i] = leaf from + i, i < n; out has room for n rounded up to eights. */
void zkg_leaves_make(zkg_fr *out, const zkg_leaves *l, size_t from, size_t n);

#endif
