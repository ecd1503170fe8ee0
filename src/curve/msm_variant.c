/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pippenger's method with signed digits, for several sums at once.
 *
 * A magnitude m <= 2^bits is sum over w < W of d_w 2^(c w), W = ceil((bits + 1)
 * / c), with -2^(c-1) <= d_w < 2^(c-1) below the top and 0 <= d_{W-1} <=
 * 2^(c-1).  Adding 2^(c-1) at every window but the top one first makes each
 * digit a plain field of bits, less 2^(c-1).
 *
 * Buckets: a window of a sum is a row.  The terms of some rows are sorted by
 * row and |d|, and the points of each bucket are added in pairs until one is
 * left.  Of images by phi the points are added in buckets of their own, and the
 * image of the sum is added to the bucket of the points.
 *
 * Weights: B_b being the sum of bucket b, of weight b + 1, of 2 L buckets,
 * sum_b b B_b halves its length by
 *
 *     sum_{b < 2L} b B_b = sum_{b < L} b (B_b + B_{b+L}) + L sum_{b < L}
 * B_{b+L},
 *
 * so with U_j the sum of the upper half where L = 2^j, and T what is left
 *
 *     sum_b (b + 1) B_b = T + sum_j 2^j U_j.
 *
 * All of this is affine additions that do not depend on one another, of all
 * rows together, with one inversion for many; what is left is one sum of
 * points times powers of two for each sum.
 */
#include "curve/msm_variant.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/arena.h"
#include "base/mem.h"
#include "curve/glv.h"
#include "curve/msm.h"
#include "curve/run_sums.h"

enum {
    AFFINE_FROM = 300, /* additions for which batches of them pay */
    MAX_WINDOW = 17,
    /* of rows sorted, and weighed, together, unless one has more */
    GROUP_TERMS = 1 << 14,
    FETCH_AHEAD = 32, /* terms */
    GROUP_PLACES = 1 << 14,
#ifdef ZKG_FIELD_IFMA
    HALVED_FOR_ONE = 4, /* scalars, in the time of an addition */
    BIT_COST = 8 /* of a bit of the last sum, in additions by the batch */
#else
    HALVED_FOR_ONE = 2,
    BIT_COST = 3
#endif
};

/* Window w of a sum. */
typedef struct row {
    const zkg_msm_terms *t;
    zkg_g1j *out;
    uint32_t w, c, windows;
    uint32_t buckets; /* bucket b < 2^(c-1) is for |d| = b + 1; whole packs */
    uint32_t places;  /* buckets, and as many behind them if there are images */
} row;

/* The work space.  Terms and buckets of rows are one after another. */
typedef struct space {
    row *rows;
    size_t count;
    size_t terms;     /* with FETCH_AHEAD more for each row */
    size_t places;    /* of rows weighed together */
    uint32_t *start;  /* places: where they begin in sorted */
    uint32_t *len;    /* places: what is left in each */
    uint32_t *sorted; /* terms: as index, the sign taken in */
    uint32_t *digits; /* terms: as digit() gives them, twice the buckets added
                       * for an image, and zeros */
    zkg_g1 *part[2];  /* sums of parts of buckets */
    zkg_g1 *sums;     /* places: their points, or infinity */
    pack *packs;      /* the same, LANES in each */
    block *block;
    uint32_t in_order[RUN_MOST]; /* as index: 0, 2, 4, .. */
} space;

/*
 * Window w's digit d of a magnitude with the offset added, as 2 |d|, plus 1 for
 * d < 0: without a branch, which would be foreseen half the time.
 */
static inline uint32_t digit(const uint64_t *m, uint32_t limbs, uint32_t w,
                             uint32_t c, uint32_t windows)
{
    const uint32_t bit = w * c, word = bit / 64, shift = bit % 64;
    const uint32_t zero = w + 1 == windows ? 0 : 1u << (c - 1);
    uint64_t v = m[word] >> shift;
    uint32_t d, minus;

    if (shift && word + 1 < limbs)
        v |= m[word + 1] << (64 - shift);
    d = (uint32_t)(v & (((uint64_t)1 << c) - 1)) - zero;
    minus = d >> 31;
    return ((d ^ (0 - minus)) + minus) << 1 | minus;
}

/* The digits of a row, counted in len, which is 0 before. */
static void count_digits(uint32_t *digits, uint32_t *len, const row *r)
{
    /* copies, which what is written cannot change */
    const zkg_msm_terms t = *r->t;
    const row own = *r;
    const uint32_t image = 2 * (own.places - own.buckets);

    for (size_t i = 0; i < t.n; i++) {
        uint32_t d =
            digit(t.mag + i * t.limbs, t.limbs, own.w, own.c, own.windows);

        d += d && i & 1 ? image : 0;
        digits[i] = d;
        if (d)
            len[d / 2 - 1]++;
    }
    memset(digits + t.n, 0, FETCH_AHEAD * sizeof(*digits));
}

/* Each term goes to its bucket's next place. */
static void place_terms(uint32_t *sorted, uint32_t *start,
                        const uint32_t *digits, const row *r)
{
    for (size_t i = 0; i < r->t->n; i++) {
        const uint32_t d = digits[i], later = digits[i + FETCH_AHEAD];

        /* to be written */
        __builtin_prefetch(&sorted[start[later / 2 - (later > 0)]], 1);
        if (d)
            sorted[start[d / 2 - 1]++] = r->t->index[i] ^ (d & 1);
    }
}

/* Fills start, len and sorted for count rows, of so many places.  How many
 * terms are sorted. */
static size_t sort_rows(space *s, const row *r, size_t count, size_t places)
{
    uint32_t *digits = s->digits, *len = s->len, *start = s->start, sum = 0;

    memset(s->len, 0, places * sizeof(*s->len));
    for (size_t i = 0; i < count; i++) {
        count_digits(digits, len, &r[i]);
        digits += r[i].t->n + FETCH_AHEAD;
        len += r[i].places;
    }
    for (size_t b = 0; b < places; b++) {
        s->start[b] = sum;
        sum += s->len[b];
    }
    digits = s->digits;
    for (size_t i = 0; i < count; i++) {
        place_terms(s->sorted, start, digits, &r[i]);
        digits += r[i].t->n + FETCH_AHEAD;
        start += r[i].places;
    }
    return sum;
}

/* The longest run of so many terms: few packs would share an inversion of each
 * step of longer ones. */
static uint32_t longest_run(size_t terms)
{
    const size_t most = terms / (8 * LANES);

    return most > RUN_MOST ? RUN_MOST : most < 4 ? 4 : (uint32_t)most;
}

/* At least the runs of so many terms that have more in their buckets: each is
 * more than half as long as the longest. */
static size_t most_parts(size_t terms)
{
    return 32 * LANES + terms / (RUN_MOST / 2);
}

/*
 * to[b] = the sum of bucket b of n, len[b] of the terms sorted, after one
 * another; those of none are left as they were.  Overwrites len.  A bucket
 * longer than a run is made of the sums of several, next time.
 */
static void add_buckets(space *s, zkg_g1 *to, const zkg_g1 *points,
                        uint32_t *len, size_t n, size_t terms)
{
    for (uint32_t pass = 0; terms > 0; pass++) {
        const uint32_t most = longest_run(terms);
        zkg_g1 *part = s->part[pass % 2];
        size_t at = 0, parts = 0;

        s->block->end = pass ? NULL : s->sorted + terms;
        for (size_t b = 0; b < n; b++) {
            uint32_t left = len[b], runs = 1;
            zkg_g1 *out = to + b;

            len[b] = 0;
            if (left == 0)
                continue;
            if (left > most) {
                out = part + parts;
                len[b] = runs = (left + most - 1) / most;
                parts += runs;
            }
            for (; runs > 0; runs--) {
                const uint32_t take = runs > 1 ? left / runs : left;
                const run r = {pass ? points + at : points,
                               pass ? s->in_order : s->sorted + at, take,
                               out++};

                block_push(s->block, r);
                at += take;
                left -= take;
            }
        }
        block_flush(s->block);
        s->block->end = NULL;
        points = part;
        terms = parts;
    }
}

/* to: the sums of all buckets of count rows, of so many places. */
static void fill_buckets(zkg_g1 *to, space *s, const zkg_g1 *points,
                         const row *r, size_t count, size_t places)
{
    const size_t terms = sort_rows(s, r, count, places);

    memset(to, 0, places * sizeof(*to)); /* infinity */
    add_buckets(s, to, points, s->len, places, terms);
}

/* b[i] += b[i + n], i < n, at the next flush, or at once where one of them is
 * infinite. */
static void fold(queue *q, pack *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const pack *high = &b[i + n];

        if (pack_is_infinity(high))
            continue;
        if (pack_is_infinity(&b[i]))
            b[i] = *high;
        else
            push(q, &b[i], high);
    }
}

/* To the buckets of count rows those of images. */
static void add_images(space *s, const row *r, size_t count)
{
    queue *q = &s->block->q;
    pack *b = s->packs;

    for (size_t i = 0; i < count; b += r[i++].places / LANES) {
        const size_t n = r[i].buckets / LANES;

        if (r[i].places == r[i].buckets)
            continue;
        packs_map(b + n, n, q);
        fold(q, b, n);
    }
    flush(q);
}

/*
 * Folds the packs of count rows: what the first 2 n of a row leave behind as
 * their upper half is halved itself from the next step on, so that all steps
 * are of n = half its packs, a quarter, .. 1.  Then the lanes of its first pack
 * are LANES buckets that weigh as all of them did, and U_j is the sum of the
 * lanes of pack 2^j / LANES, for 2^j >= LANES.
 */
static void fold_rows(space *s, const row *r, size_t count)
{
    queue *q = &s->block->q;
    size_t most = 0;

    for (size_t i = 0; i < count; i++)
        most = r[i].buckets > most ? r[i].buckets : most;
    for (size_t n = most / LANES / 2; n > 0; n /= 2) {
        pack *b = s->packs;

        for (size_t i = 0; i < count; b += r[i++].places / LANES) {
            if (r[i].buckets / LANES < 2 * n)
                continue;
            fold(q, b, n);
            for (size_t up = 2 * n; up < r[i].buckets / LANES; up *= 2)
                fold(q, b + up, n);
        }
        flush(q);
    }
}

/* Where U_j of a row is left, from its first bucket on. */
static size_t place_of(uint32_t j)
{
    const size_t bit = (size_t)1 << j;

    return bit < LANES ? bit : (size_t)(1 + j - LOG_LANES) * LANES;
}

/*
 * T and the U_j of a folded row at its buckets, T being at the first.  Each but
 * T overwrites what T and itself alone are made of.
 */
static void sum_lanes(space *s, zkg_g1 *to, const pack *from, uint32_t c)
{
    /* lanes with bit j set, twice their number */
    static const uint32_t lanes[3][4] = {
        {2, 6, 10, 14}, {4, 6, 12, 14}, {8, 10, 12, 14}};
    zkg_g1 *at[LANES];

    for (uint32_t j = LOG_LANES; j < c || j == LOG_LANES; j++) {
        const size_t place = j == LOG_LANES ? 0 : place_of(j - 1);

        for (size_t i = 0; i < LANES; i++)
            at[i] = to + place + i;
        pack_store(at, j == LOG_LANES ? from
                                      : from + ((size_t)1 << (j - 1)) / LANES);
        block_push(s->block, (run){at[0], s->in_order, LANES, at[0]});
    }
    for (uint32_t j = 0; 1u << j < LANES && j + 1 < c; j++)
        block_push(s->block, (run){to, lanes[j], LANES / 2, to + place_of(j)});
}

/* As above, of each of count rows. */
static void weigh(space *s, const row *r, size_t count, size_t places)
{
    const pack *from = s->packs;
    zkg_g1 *b = s->sums;

    for (size_t k = 0; k < places / LANES; k++) {
        const zkg_g1 *p[LANES];

        for (size_t i = 0; i < LANES; i++)
            p[i] = &b[k * LANES + i];
        pack_load(&s->packs[k], p, 0, &s->block->q);
    }
    add_images(s, r, count);
    fold_rows(s, r, count);
    for (size_t i = 0; i < count; i++) {
        sum_lanes(s, b, from, r[i].c);
        b += r[i].places;
        from += r[i].places / LANES;
    }
    block_flush(s->block);
}

/* out = 2^c out + T + sum_j 2^j U_j for a row that is weighed. */
static void add_row(zkg_g1j *out, const zkg_g1 *b, uint32_t c)
{
    for (uint32_t j = c; j-- > 0;) {
        if (!zkg_g1j_is_infinity(out))
            zkg_g1j_double(out, out);
        if (j < c - 1) /* bit c - 1 is empty */
            zkg_g1j_add_mixed(out, out, &b[place_of(j)]);
    }
    zkg_g1j_add_mixed(out, out, &b[0]);
}

/* As many rows from r on as have limit of what they cost; 1 at least. */
static size_t fit(const row *r, size_t count, size_t limit,
                  size_t (*cost)(const row *r))
{
    size_t n = 1, sum = cost(r);

    while (n < count && sum + cost(r + n) <= limit)
        sum += cost(r + n++);
    return n;
}

static size_t row_places(const row *r)
{
    return r->places;
}

static size_t row_terms(const row *r)
{
    return r->t->n + FETCH_AHEAD;
}

/* Adds count rows to their sums. */
static void sum_rows(space *s, const zkg_g1 *points, const row *r, size_t count)
{
    zkg_g1 *b = s->sums;
    size_t all = 0;

    for (size_t i = 0, n; i < count; i += n) {
        size_t places = 0;

        n = fit(r + i, count - i, s->terms, row_terms);
        for (size_t k = i; k < i + n; k++)
            places += r[k].places;
        fill_buckets(b, s, points, r + i, n, places);
        b += places;
        all += places;
    }
    weigh(s, r, count, all);
    b = s->sums;
    for (size_t i = 0; i < count; b += r[i++].places)
        add_row(r[i].out, b, r[i].c);
}

static void sum_affine(space *s, const zkg_g1 *points)
{
    for (size_t i = 0, n; i < s->count; i += n) {
        n = fit(s->rows + i, s->count - i, s->places, row_places);
        sum_rows(s, points, s->rows + i, n);
    }
}

/* One window's weighted sum with buckets in Jacobian coordinates, for few
 * terms. */
static void window_jacobian(zkg_g1j *out, zkg_g1j *bucket, const zkg_g1 *points,
                            const zkg_msm_terms *t, uint32_t w, uint32_t c,
                            uint32_t windows)
{
    const uint32_t buckets = 1u << (c - 1);
    zkg_g1j upper, sum;
    zkg_g1 p;

    memset(bucket, 0, buckets * sizeof(*bucket));
    for (size_t i = 0; i < t->n; i++) {
        const uint32_t d =
            digit(t->mag + i * t->limbs, t->limbs, w, c, windows);
        zkg_g1j *to;

        if (!d)
            continue;
        to = &bucket[d / 2 - 1];
        p = points[t->index[i] >> 1];
        if ((t->index[i] ^ d) & 1)
            zkg_g1_neg(&p, &p);
        if (t->has_images && i & 1)
            zkg_fp_mul(&p.x, &p.x, &zkg_glv_beta);
        zkg_g1j_add_mixed(to, to, &p);
    }
    zkg_g1j_set_infinity(&upper);
    zkg_g1j_set_infinity(&sum);
    for (uint32_t b = buckets; b-- > 0;) {
        zkg_g1j_add(&upper, &upper, &bucket[b]);
        zkg_g1j_add(&sum, &sum, &upper);
    }
    *out = sum;
}

static bool sum_jacobian(zkg_g1j *out, const zkg_g1 *points,
                         const zkg_msm_terms *t, uint32_t c, uint32_t windows)
{
    zkg_g1j *bucket = zkg_alloc_raw((size_t)1 << (c - 1), sizeof(*bucket));
    zkg_g1j part;

    if (!bucket)
        return false;
    for (uint32_t w = windows; w-- > 0;) {
        for (uint32_t j = 0; j < c; j++)
            zkg_g1j_double(out, out);
        window_jacobian(&part, bucket, points, t, w, c, windows);
        zkg_g1j_add(out, out, &part);
    }
    zkg_free(bucket);
    return true;
}

static uint32_t windows_of(uint32_t bits, uint32_t c)
{
    return (bits + c) / c;
}

/*
 * The window that costs least, in additions.  A term takes one in each window.
 * A bucket takes two for the weighted sum, three where that is done one after
 * another; its first term takes none, of which half is left for the places
 * that it is copied to.  Another half is for the place that it has for images.
 */
static uint32_t choose_window(uint64_t *cost, size_t n, uint32_t bits,
                              bool has_images, bool affine)
{
    const uint64_t per_bit = affine ? BIT_COST : 1;
    const uint64_t halves = !affine ? 6 : has_images ? 4 : 3;
    uint32_t c_best = 1;

    *cost = UINT64_MAX;
    for (uint32_t c = 1; c <= MAX_WINDOW; c++) {
        const uint64_t weights = (halves << (c - 1)) / 2;
        const uint64_t sum = windows_of(bits, c) * (n + weights + per_bit * c);

        if (sum < *cost) {
            *cost = sum;
            c_best = c;
        }
    }
    return c_best;
}

/* As above, for terms that are there, by the batch. */
static uint32_t window_of(uint64_t *cost, const zkg_msm_terms *t)
{
    return choose_window(cost, t->n, t->bits, t->has_images, true);
}

/* A sum of whole scalars, and of halves, which are to be made. */
static void costs_of(uint64_t *whole, uint64_t *halves, size_t n, uint32_t bits)
{
    choose_window(whole, n, bits, false, true);
    choose_window(halves, 2 * n, ZKG_GLV_BITS, true, true);
    *halves += n / HALVED_FOR_ONE;
}

bool ZKG_VARIANT(zkg_msm_halves)(size_t n, uint32_t bits)
{
    uint64_t whole, halves;

    costs_of(&whole, &halves, n, bits);
    return halves < whole;
}

uint64_t ZKG_VARIANT(zkg_msm_cost)(size_t n, uint32_t bits)
{
    uint64_t whole, halves;

    costs_of(&whole, &halves, n, bits);
    return n == 0 ? 0 : halves < whole ? halves : whole;
}

void ZKG_VARIANT(zkg_msm_images)(zkg_g1 *out, const zkg_g1 *points, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        zkg_fp_mul(&out[i].x, &points[i].x, &zkg_glv_beta);
        out[i].y = points[i].y;
    }
}

/* mag += 2^(c-1) at every window below the top. */
static void add_offset(const zkg_msm_terms *t, uint32_t c, uint32_t windows)
{
    uint64_t k[4] = {0, 0, 0, 0};

    for (uint32_t w = 0; w + 1 < windows; w++) {
        uint32_t bit = w * c + c - 1;

        k[bit / 64] |= (uint64_t)1 << bit % 64;
    }
    for (size_t i = 0; i < t->n; i++) {
        uint64_t carry = 0;

        for (uint32_t j = 0; j < t->limbs; j++)
            t->mag[i * t->limbs + j] =
                zkg_limb_adc(t->mag[i * t->limbs + j], k[j], &carry);
    }
}

/* The most that rows taken together cost: limit, or all, or the costliest. */
static size_t most_of(const row *r, size_t count, size_t limit,
                      size_t (*cost)(const row *r))
{
    size_t all = 0, most = 0;

    for (size_t i = 0; i < count; i++) {
        all += cost(&r[i]);
        most = cost(&r[i]) > most ? cost(&r[i]) : most;
    }
    return most > limit ? most : all < limit ? all : limit;
}

/* s->rows and s->count are there. */
static bool space_init(space *s, zkg_arena *work)
{
    const size_t terms = most_of(s->rows, s->count, GROUP_TERMS, row_terms);
    const size_t places = most_of(s->rows, s->count, GROUP_PLACES, row_places);
    const size_t parts = most_parts(terms);
    const size_t packs = places / LANES;

    /* each is rounded up by less than an ARENA_ALIGN */
    if (zkg_arena_reserve(
            work, 2 * places * sizeof(uint32_t) + 2 * terms * sizeof(uint32_t) +
                      2 * parts * sizeof(zkg_g1) + places * sizeof(zkg_g1) +
                      packs * sizeof(pack) + sizeof(block) +
                      9 * ZKG_ARENA_ALIGN) != ZKG_OK)
        return false;
    s->terms = terms;
    s->places = places;
    s->start = zkg_arena_take(work, places * sizeof(*s->start));
    s->len = zkg_arena_take(work, places * sizeof(*s->len));
    s->sorted = zkg_arena_take(work, terms * sizeof(*s->sorted));
    s->digits = zkg_arena_take(work, terms * sizeof(*s->digits));
    for (int i = 0; i < 2; i++)
        s->part[i] = zkg_arena_take(work, parts * sizeof(zkg_g1));
    s->sums = zkg_arena_take(work, places * sizeof(*s->sums));
    s->packs = zkg_arena_take(work, packs * sizeof(*s->packs));
    s->block = zkg_arena_take(work, sizeof(*s->block));
    block_init(s->block);
    for (uint32_t i = 0; i < RUN_MOST; i++)
        s->in_order[i] = 2 * i;
    return true;
}

/* The rows of all sums, highest windows first, offsets added; NULL when memory
 * is short. */
static row *make_rows(size_t *count, zkg_g1j *out, const zkg_msm_terms *t,
                      size_t sums)
{
    uint64_t cost;
    size_t n = 0;
    row *rows;

    for (size_t i = 0; i < sums; i++)
        if (t[i].n)
            n += windows_of(t[i].bits, window_of(&cost, &t[i]));
    rows = zkg_alloc_raw(n, sizeof(*rows));
    if (!rows)
        return NULL;
    *count = n;
    n = 0;
    for (size_t i = 0; i < sums; i++) {
        const uint32_t c = window_of(&cost, &t[i]);
        const uint32_t windows = t[i].n ? windows_of(t[i].bits, c) : 0;
        const uint32_t buckets = c > LOG_LANES ? 1u << (c - 1) : LANES;

        add_offset(&t[i], c, windows);
        for (uint32_t w = windows; w-- > 0;)
            rows[n++] = (row){&t[i],
                              &out[i],
                              w,
                              c,
                              windows,
                              buckets,
                              buckets << t[i].has_images};
    }
    return rows;
}

/* What all sums cost, in additions by the batch. */
static uint64_t cost_of(const zkg_msm_terms *t, size_t sums)
{
    uint64_t all = 0, cost;

    for (size_t i = 0; i < sums; i++) {
        window_of(&cost, &t[i]);
        all += t[i].n ? cost : 0;
    }
    return all;
}

static bool sum_few(zkg_g1j *out, const zkg_g1 *points, const zkg_msm_terms *t)
{
    uint64_t cost;
    const uint32_t c = choose_window(&cost, t->n, t->bits, false, false);
    const uint32_t windows = windows_of(t->bits, c);

    add_offset(t, c, windows);
    return sum_jacobian(out, points, t, c, windows);
}

bool ZKG_VARIANT(zkg_msm_sums)(zkg_g1j *out, const zkg_g1 *points,
                               const zkg_msm_terms *terms, size_t count,
                               zkg_arena *work)
{
    space s;
    bool ok;

    for (size_t i = 0; i < count; i++)
        zkg_g1j_set_infinity(&out[i]);
    if (cost_of(terms, count) < AFFINE_FROM) {
        for (size_t i = 0; i < count; i++)
            if (!sum_few(&out[i], points, &terms[i]))
                return false;
        return true;
    }
    s.rows = make_rows(&s.count, out, terms, count);
    ok = s.rows && space_init(&s, work);
    if (ok)
        sum_affine(&s, points);
    zkg_arena_release(work, 0);
    zkg_free(s.rows);
    return ok;
}

enum { POWER_WINDOW = 8, POWER_ROWS = 32, POWER_COLS = 256 };

/* table[w * POWER_COLS + d] = d 2^(8 w) G */
static bool make_table(zkg_g1 *table)
{
    zkg_g1j *multiple = malloc((POWER_COLS + 1) * sizeof(*multiple));
    zkg_fp *scratch = malloc(2 * POWER_COLS * sizeof(*scratch));
    const bool ok = multiple && scratch;

    if (ok) {
        zkg_g1j_set_infinity(&multiple[0]);
        zkg_g1j_from_affine(&multiple[1], &zkg_g1_generator);
        for (int w = 0; w < POWER_ROWS; w++) {
            for (int d = 1; d < POWER_COLS; d++)
                zkg_g1j_add(&multiple[d + 1], &multiple[d], &multiple[1]);
            zkg_g1j_batch_to_affine(table + w * POWER_COLS, multiple,
                                    POWER_COLS, scratch);
            multiple[1] = multiple[POWER_COLS];
        }
    }
    free(scratch);
    free(multiple);
    return ok;
}

/* The work space of powers, of LANES BATCH at once. */
typedef struct powers {
    zkg_g1 table[POWER_ROWS * POWER_COLS];
    uint64_t scalar[LANES * BATCH][4];
    pack sum[BATCH], term[BATCH];
    queue q;
} powers;

/* out[i] = scalar[i] G for i < n <= LANES BATCH. */
static void multiply_generator(zkg_g1 *out, size_t n, powers *p)
{
    zkg_g1 nowhere, *to[LANES];

    memset(p->scalar[n], 0, (LANES * BATCH - n) * sizeof(*p->scalar));
    for (uint32_t w = 0; w < POWER_ROWS; w++) {
        const zkg_g1 *table = p->table + w * POWER_COLS, *from[LANES];

        for (size_t k = 0; k < (n + LANES - 1) / LANES; k++) {
            for (size_t i = 0; i < LANES; i++) {
                const uint64_t *s = p->scalar[k * LANES + i];

                from[i] = &table[s[w / 8] >> POWER_WINDOW * (w % 8) & 255];
            }
            pack_load(w ? &p->term[k] : &p->sum[k], from, 0, &p->q);
            if (w)
                push(&p->q, &p->sum[k], &p->term[k]);
        }
        flush(&p->q);
    }
    for (size_t k = 0; k < (n + LANES - 1) / LANES; k++) {
        for (size_t i = 0; i < LANES; i++)
            to[i] = k * LANES + i < n ? &out[k * LANES + i] : &nowhere;
        pack_store(to, &p->sum[k]);
    }
}

bool ZKG_VARIANT(zkg_g1_powers)(zkg_g1 *out, size_t n, const zkg_fr *tau)
{
    powers *p = zkg_alloc_raw(1, sizeof(*p));
    const bool ok = p && make_table(p->table);
    zkg_fr power = zkg_fr_one;

    if (ok)
        queue_init(&p->q);
    for (size_t first = 0; ok && first < n; first += LANES * BATCH) {
        const size_t len =
            n - first < LANES * BATCH ? n - first : LANES * BATCH;

        for (size_t i = 0; i < len; i++) {
            zkg_fr_to_scalar(p->scalar[i], &power);
            zkg_fr_mul(&power, &power, tau);
        }
        multiply_generator(out + first, len, p);
    }
    if (p) /* what is added up tells digits, too */
        sodium_memzero(p, sizeof(*p));
    sodium_memzero(&power, sizeof(power));
    zkg_free(p);
    return ok;
}
