/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pippenger's method with signed digits.
 *
 * A magnitude m < 2^bits is sum over w < W of d_w 2^(c w), W = ceil((bits + 1)
 * / c), with -2^(c-1) <= d_w < 2^(c-1) below the top and 0 <= d_{W-1} <=
 * 2^(c-1).  Adding 2^(c-1) at every window but the top one first makes each
 * digit a plain field of bits, less 2^(c-1).
 *
 * Buckets: the terms of some windows are sorted by window and |d|, and the
 * points of each bucket are added in pairs until one is left.
 *
 * Weights: B_b being the sum of bucket b, of weight b + 1, sum_b b B_b halves
 * its length by
 *
 *     sum_b b B_b = 2 sum_i i (B_{2i} + B_{2i+1}) + sum_i B_{2i+1},
 *
 * so with O_j what step j has at odd places, summed, and T what is left at last
 *
 *     sum_b (b + 1) B_b = T + sum_j 2^j O_j.
 *
 * All of this is affine additions that do not depend on one another, of all
 * windows together, with one inversion for many; what is left is one sum of
 * points times powers of two.
 */
#include "curve/msm_variant.h"

#include <stdlib.h>
#include <string.h>

#include "curve/batch_add.h"

enum {
    AFFINE_FROM = 300, /* additions for which batches of them pay */
    MAX_WINDOW = 17,
    /* of windows sorted, and weighed, together, unless one has more */
    GROUP_TERMS = 1 << 14,
    BLOCK = 1 << 13,  /* terms added up together, in cache */
    FETCH_AHEAD = 32, /* terms */
    GROUP_BUCKETS = 1 << 15
};

/* The work space of one sum. */
typedef struct space {
    uint32_t c, windows;
    uint32_t group;   /* windows sorted together */
    uint32_t batch;   /* windows weighed together; group is not more */
    uint32_t buckets; /* 2^(c-1): bucket b is for |d| = b + 1 */
    uint32_t *start;  /* group * buckets: places in sorted */
    uint32_t *len;    /* group * buckets: what is left in each */
    uint32_t *sorted; /* group * n, and FETCH_AHEAD zeros: as index, the sign
                         taken in */
    uint32_t
        *digits; /* group * n, and FETCH_AHEAD zeros: as digit() gives them */
    zkg_g1 *big, *small;
    zkg_g1 *sums;     /* batch * buckets: their points, or infinity */
    zkg_g1 *half;     /* batch * buckets / 2 */
    zkg_g1 *odd;      /* batch * buckets */
    uint32_t *parts;  /* batch * c */
    zkg_g1 *odd_sums; /* batch * c */
    queue *q;
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

/* Fills start, len and sorted for count windows from first on. */
static void sort_windows(space *s, const zkg_msm_terms *t, uint32_t first,
                         uint32_t count)
{
    const uint32_t all = count * s->buckets;
    uint32_t sum = 0;

    memset(s->len, 0, all * sizeof(*s->len));
    for (uint32_t g = 0; g < count; g++) {
        uint32_t *digits = s->digits + g * t->n;
        uint32_t *len = s->len + g * s->buckets;

        for (size_t i = 0; i < t->n; i++) {
            const uint32_t d = digit(t->mag + i * t->limbs, t->limbs, first + g,
                                     s->c, s->windows);

            digits[i] = d;
            if (d)
                len[d / 2 - 1]++;
        }
    }
    for (uint32_t b = 0; b < all; b++) {
        s->start[b] = sum;
        sum += s->len[b];
    }
    for (uint32_t g = 0; g < count; g++) {
        const uint32_t *digits = s->digits + g * t->n;
        uint32_t *start = s->start + g * s->buckets;

        for (size_t i = 0; i < t->n; i++) {
            const uint32_t d = digits[i], later = digits[i + FETCH_AHEAD];

            /* to be written */
            __builtin_prefetch(&s->sorted[start[later / 2 - (later > 0)]], 1);
            if (d)
                s->sorted[start[d / 2 - 1]++] = t->index[i] ^ (d & 1);
        }
    }
}

/*
 * to[b] = the sum of run b of n, of len[b] points, one after another in from;
 * runs of none leave theirs as it was.  Overwrites from, tmp and len.
 */
static void add_runs(queue *q, zkg_g1 *to, zkg_g1 *from, zkg_g1 *tmp,
                     uint32_t *len, uint32_t n)
{
    for (bool more = true; more;) {
        const zkg_g1 *in = from;
        zkg_g1 *out = tmp;

        more = false;
        for (uint32_t b = 0; b < n; b++) {
            const uint32_t some = len[b];

            if (some > 2) {
                for (uint32_t i = 0; i < some / 2; i++, in += 2)
                    push(q, out++, &in[0], &in[1]);
                if (some & 1)
                    *out++ = *in++;
                len[b] = (some + 1) / 2;
                more = true;
                continue;
            }
            if (some == 2)
                push(q, &to[b], &in[0], &in[1]);
            else if (some == 1)
                to[b] = *in;
            in += some;
            len[b] = 0;
        }
        flush(q);
        out = tmp;
        tmp = from;
        from = out;
    }
}

/* r = p, or -p when minus is 1: without a branch. */
static inline void load_signed(zkg_g1 *r, const zkg_g1 *p, uint32_t minus)
{
    const zkg_fp *x = &p->x;
    /* infinity, x = y = 0, stays as it is */
    const bool any = (x->l[0] | x->l[1] | x->l[2] | x->l[3]) != 0;
    const uint64_t mask = 0 - (uint64_t)(minus & any);
    uint64_t carry = mask & 1;

    r->x = *x;
    for (int i = 0; i < 4; i++) /* ~y + p + 1 */
        r->y.l[i] =
            zkg_limb_adc(p->y.l[i] ^ mask, zkg_fp_mod_.p[i] & mask, &carry);
}

/* to[i] = the point that index[i] means, for i < n.  FETCH_AHEAD indices more
 * may be read. */
static void gather(zkg_g1 *to, const zkg_g1 *points, const uint32_t *index,
                   size_t n)
{
    for (size_t i = 0; i < n; i++) {
        __builtin_prefetch(&points[index[i + FETCH_AHEAD] >> 1]);
        load_signed(&to[i], &points[index[i] >> 1], index[i] & 1);
    }
}

/* *to = the sum of a bucket's len > BLOCK points. */
static void add_long(zkg_g1 *to, space *s, const zkg_g1 *points,
                     const uint32_t *in, uint32_t len)
{
    uint32_t kept = 0; /* s->big begins with the sum so far */

    for (uint32_t at = 0; at < len;) {
        const uint32_t n = len - at < BLOCK ? len - at : BLOCK;
        uint32_t run = n + kept;

        gather(s->big + kept, points, in + at, n);
        add_runs(s->q, to, s->big, s->small, &run, 1);
        s->big[0] = *to;
        kept = 1;
        at += n;
    }
}

/* to: the sums of all buckets of count windows from first on. */
static void fill_buckets(zkg_g1 *to, space *s, const zkg_msm_terms *t,
                         uint32_t first, uint32_t count)
{
    const uint32_t buckets = count * s->buckets, *in = s->sorted;

    sort_windows(s, t, first, count);
    memset(to, 0, buckets * sizeof(*to)); /* infinity */
    for (uint32_t b = 0, end = 0; b < buckets; b = end) {
        uint32_t n = 0;

        while (end < buckets && s->len[end] <= BLOCK - n)
            n += s->len[end++];
        if (end == b) {
            n = s->len[end++];
            add_long(&to[b], s, t->points, in, n);
        } else {
            gather(s->big, t->points, in, n);
            add_runs(s->q, to + b, s->big, s->small, s->len + b, end - b);
        }
        in += n;
    }
}

/* out = a + b, at once where one of them is infinite. */
static void push_or_copy(queue *q, zkg_g1 *out, const zkg_g1 *a,
                         const zkg_g1 *b)
{
    if (zkg_g1_is_infinity(a))
        *out = *b;
    else if (zkg_g1_is_infinity(b))
        *out = *a;
    else
        push(q, out, a, b);
}

/*
 * Folds the weights of count windows: what is left of window w is (*left)[w],
 * and for bit j s->odd_sums[j count + w].  Overwrites sums, half and odd.
 */
static void weigh(const zkg_g1 **left, space *s, uint32_t count)
{
    const uint32_t steps = s->c - 1;
    zkg_g1 *from = s->sums, *to = s->half, *at = s->odd, *swap;

    for (uint32_t j = 0; j < steps; j++) {
        const size_t len = (size_t)s->buckets >> (j + 1);

        for (uint32_t w = 0; w < count; w++) {
            const zkg_g1 *in = from + 2 * len * w;
            zkg_g1 *out = to + len * w;
            uint32_t n = 0;

            for (size_t i = 0; i < len; i++) {
                push_or_copy(s->q, &out[i], &in[2 * i], &in[2 * i + 1]);
                if (!zkg_g1_is_infinity(&in[2 * i + 1]))
                    at[n++] = in[2 * i + 1];
            }
            s->parts[j * count + w] = n;
            at += n;
        }
        flush(s->q);
        swap = from;
        from = to;
        to = swap;
    }
    *left = from;
    memset(s->odd_sums, 0, steps * count * sizeof(*s->odd_sums));
    add_runs(s->q, s->odd_sums, s->odd, to, s->parts, steps * count);
}

/* out = 2^(c count) out + sum over w of 2^(c w) (left[w] + sum_j 2^j odd_wj) */
static void add_windows(zkg_g1j *out, const space *s, uint32_t count,
                        const zkg_g1 *left)
{
    for (uint32_t w = count; w-- > 0;) {
        zkg_g1j_double(out, out); /* bit c - 1 is empty */
        for (uint32_t j = s->c - 1; j-- > 0;) {
            zkg_g1j_double(out, out);
            zkg_g1j_add_mixed(out, out, &s->odd_sums[j * count + w]);
        }
        zkg_g1j_add_mixed(out, out, &left[w]);
    }
}

static void sum_affine(zkg_g1j *out, space *s, const zkg_msm_terms *t)
{
    zkg_g1j_set_infinity(out);
    for (uint32_t end = s->windows; end > 0;) {
        const uint32_t count = end < s->batch ? end : s->batch;
        const uint32_t first = end - count;
        const zkg_g1 *left;

        for (uint32_t w = first; w < end; w += s->group)
            fill_buckets(s->sums + (size_t)(w - first) * s->buckets, s, t, w,
                         end - w < s->group ? end - w : s->group);
        weigh(&left, s, count);
        add_windows(out, s, count, left);
        end = first;
    }
}

/* One window's weighted sum with buckets in Jacobian coordinates, for few
 * terms. */
static void window_jacobian(zkg_g1j *out, zkg_g1j *bucket, uint32_t buckets,
                            const zkg_msm_terms *t, uint32_t w, uint32_t c,
                            uint32_t windows)
{
    zkg_g1j run, sum;
    zkg_g1 p;

    memset(bucket, 0, buckets * sizeof(*bucket));
    for (size_t i = 0; i < t->n; i++) {
        const uint32_t d =
            digit(t->mag + i * t->limbs, t->limbs, w, c, windows);
        zkg_g1j *to;

        if (!d)
            continue;
        to = &bucket[d / 2 - 1];
        load_signed(&p, &t->points[t->index[i] >> 1], (t->index[i] ^ d) & 1);
        zkg_g1j_add_mixed(to, to, &p);
    }
    zkg_g1j_set_infinity(&run);
    zkg_g1j_set_infinity(&sum);
    for (uint32_t b = buckets; b-- > 0;) {
        zkg_g1j_add(&run, &run, &bucket[b]);
        zkg_g1j_add(&sum, &sum, &run);
    }
    *out = sum;
}

static bool sum_jacobian(zkg_g1j *out, const zkg_msm_terms *t, uint32_t c,
                         uint32_t windows)
{
    const uint32_t buckets = 1u << (c - 1);
    zkg_g1j *bucket = malloc(buckets * sizeof(*bucket)), part;

    if (!bucket)
        return false;
    zkg_g1j_set_infinity(out);
    for (uint32_t w = windows; w-- > 0;) {
        for (uint32_t j = 0; j < c; j++)
            zkg_g1j_double(out, out);
        window_jacobian(&part, bucket, buckets, t, w, c, windows);
        zkg_g1j_add(out, out, &part);
    }
    free(bucket);
    return true;
}

/* The window that costs least, in additions: a term takes one in each window;
 * a bucket two or three for the weighted sum. */
static uint32_t choose_window(uint64_t *cost, size_t n, uint32_t bits,
                              bool affine)
{
    const uint64_t per_bucket = affine ? 2 : 3;
    uint32_t c_best = 2;

    *cost = UINT64_MAX;
    for (uint32_t c = 2; c <= MAX_WINDOW; c++) {
        const uint64_t windows = (bits + c) / c;
        const uint64_t sum = windows * (n + (per_bucket << (c - 1)) + c);

        if (sum < *cost) {
            *cost = sum;
            c_best = c;
        }
    }
    return c_best;
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

static void space_clear(space *s)
{
    zkg_free(s->start);
    zkg_free(s->len);
    zkg_free(s->sorted);
    zkg_free(s->digits);
    zkg_free(s->big);
    zkg_free(s->small);
    zkg_free(s->sums);
    zkg_free(s->half);
    zkg_free(s->odd);
    zkg_free(s->parts);
    zkg_free(s->odd_sums);
    queue_free(s->q);
}

/* How many of n windows have limit entries of len each; 1 at least. */
static uint32_t fit(uint32_t n, size_t limit, size_t len)
{
    return limit / len >= n ? n : limit / len > 1 ? (uint32_t)(limit / len) : 1;
}

static bool space_init(space *s, size_t n, uint32_t c, uint32_t windows)
{
    size_t sorted, weighed, terms;

    *s = (space){.c = c, .windows = windows, .buckets = 1u << (c - 1)};
    s->batch = fit(windows, GROUP_BUCKETS, s->buckets);
    s->group = fit(s->batch, GROUP_TERMS, n);
    weighed = (size_t)s->batch * s->buckets;
    sorted = (size_t)s->group * s->buckets;
    terms = s->group * n;
    s->start = zkg_alloc_raw(sorted, sizeof(*s->start));
    s->len = zkg_alloc_raw(sorted, sizeof(*s->len));
    s->sorted = zkg_alloc(terms + FETCH_AHEAD, sizeof(*s->sorted));
    s->digits = zkg_alloc(terms + FETCH_AHEAD, sizeof(*s->digits));
    s->big = zkg_alloc_raw(BLOCK + 1, sizeof(*s->big));
    s->small = zkg_alloc_raw(BLOCK + 1, sizeof(*s->small));
    s->sums = zkg_alloc_raw(weighed, sizeof(*s->sums));
    s->half = zkg_alloc_raw(weighed / 2, sizeof(*s->half));
    s->odd = zkg_alloc_raw(weighed, sizeof(*s->odd));
    s->parts = zkg_alloc_raw((size_t)s->batch * c, sizeof(*s->parts));
    s->odd_sums = zkg_alloc_raw((size_t)s->batch * c, sizeof(*s->odd_sums));
    s->q = queue_new();
    if (s->start && s->len && s->sorted && s->digits && s->small && s->big &&
        s->sums && s->half && s->odd && s->parts && s->odd_sums && s->q)
        return true;
    space_clear(s);
    return false;
}

bool ZKG_VARIANT(zkg_msm_sum)(zkg_g1j *out, const zkg_msm_terms *t)
{
    uint64_t cost;
    uint32_t c = choose_window(&cost, t->n, t->bits, true);
    const bool affine = cost >= AFFINE_FROM;
    uint32_t windows;
    space s = {.q = NULL};

    if (!affine)
        c = choose_window(&cost, t->n, t->bits, false);
    windows = (t->bits + c) / c;
    if (affine && !space_init(&s, t->n, c, windows))
        return false;
    add_offset(t, c, windows);
    if (!affine)
        return sum_jacobian(out, t, c, windows);
    sum_affine(out, &s, t);
    space_clear(&s);
    return true;
}

enum { POWER_WINDOW = 8, POWER_ROWS = 32, POWER_COLS = 255 };

/* table[w * POWER_COLS + d - 1] = d 2^(8 w) G */
static bool make_table(zkg_g1 *table)
{
    zkg_g1j *row = malloc((POWER_COLS + 1) * sizeof(*row));
    zkg_fp *scratch = malloc(2 * POWER_COLS * sizeof(*scratch));
    const bool ok = row && scratch;

    if (ok) {
        zkg_g1j_from_affine(&row[0], &zkg_g1_generator);
        for (int w = 0; w < POWER_ROWS; w++) {
            for (int d = 1; d <= POWER_COLS; d++)
                zkg_g1j_add(&row[d], &row[d - 1], &row[0]);
            zkg_g1j_batch_to_affine(table + w * POWER_COLS, row, POWER_COLS,
                                    scratch);
            row[0] = row[POWER_COLS];
        }
    }
    free(scratch);
    free(row);
    return ok;
}

bool ZKG_VARIANT(zkg_g1_powers)(zkg_g1 *out, size_t n, const zkg_fr *tau)
{
    zkg_g1 *table = malloc(POWER_ROWS * POWER_COLS * sizeof(*table));
    uint64_t(*scalar)[4] = malloc(BATCH * sizeof(*scalar));
    queue *q = queue_new();
    const zkg_g1 infinity = {{{0}}, {{0}}};
    const bool ok = table && scalar && q && make_table(table);
    zkg_fr power = zkg_fr_one;

    for (size_t first = 0; ok && first < n; first += BATCH) {
        const size_t len = n - first < BATCH ? n - first : BATCH;

        for (size_t i = 0; i < len; i++) {
            zkg_fr_to_scalar(scalar[i], &power);
            zkg_fr_mul(&power, &power, tau);
            out[first + i] = infinity;
        }
        for (uint32_t w = 0; w < POWER_ROWS; w++) {
            for (size_t i = 0; i < len; i++) {
                uint32_t d = scalar[i][w / 8] >> POWER_WINDOW * (w % 8) & 255;

                if (d)
                    push(q, &out[first + i], &out[first + i],
                         &table[w * POWER_COLS + d - 1]);
            }
            flush(q);
        }
    }
    queue_free(q);
    free(scalar);
    free(table);
    return ok;
}
