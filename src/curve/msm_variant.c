/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pippenger's method with signed digits.
 *
 * A magnitude m < 2^bits is sum over w < W of d_w 2^(c w), W = ceil((bits + 1)
 * / c), with -2^(c-1) <= d_w < 2^(c-1) below the top and 0 <= d_{W-1} <=
 * 2^(c-1).  Adding 2^(c-1) at every window but the top one first makes each
 * digit a plain field of bits, less 2^(c-1).
 *
 * Per window the terms are sorted by |d|, the points of each bucket are added
 * in pairs until one is left (affine, with one inversion for many pairs), and
 * sum over d of d * bucket_d is formed from the top down.
 */
#include "curve/msm_variant.h"

#include <stdlib.h>
#include <string.h>

#include "curve/batch_add.h"

enum {
    AFFINE_FROM = 400, /* terms for which batches of additions pay */
    MAX_WINDOW = 16
};

static inline void load_point(zkg_g1 *r, const zkg_g1 *points, uint32_t index)
{
    const zkg_g1 *p = &points[index >> 1];

    r->x = p->x;
    if (index & 1)
        zkg_fp_neg(&r->y, &p->y);
    else
        r->y = p->y;
}

/* The work space of one sum. */
typedef struct space {
    uint32_t buckets; /* 2^(c-1): bucket b is for |d| = b + 1 */
    uint32_t *start;  /* buckets: places in sorted */
    uint32_t *len;    /* buckets: what is left in each */
    uint32_t *sorted; /* n: as index, the sign taken in */
    zkg_g1 *big, *small, *column;
    zkg_g1 *copy; /* 2 BATCH signed points of the first round */
    queue *q;
} space;

/* Window w's digit of term i, from magnitudes with the offset added. */
static inline int32_t digit(const uint64_t *m, uint32_t limbs, uint32_t w,
                            uint32_t c, bool top)
{
    uint32_t bit = w * c, word = bit / 64, shift = bit % 64;
    uint64_t v = m[word] >> shift;

    if (shift && word + 1 < limbs)
        v |= m[word + 1] << (64 - shift);
    v &= ((uint64_t)1 << c) - 1;
    return (int32_t)v - (top ? 0 : (int32_t)1 << (c - 1));
}

/* Fills start, len and sorted for a window. */
static void sort_window(space *s, const zkg_msm_terms *t, uint32_t w,
                        uint32_t c, bool top)
{
    uint32_t sum = 0;

    memset(s->len, 0, s->buckets * sizeof(*s->len));
    for (size_t i = 0; i < t->n; i++) {
        int32_t d = digit(t->mag + i * t->limbs, t->limbs, w, c, top);

        if (d)
            s->len[(d < 0 ? -d : d) - 1]++;
    }
    for (uint32_t b = 0; b < s->buckets; b++) {
        s->start[b] = sum;
        sum += s->len[b];
    }
    for (size_t i = 0; i < t->n; i++) {
        int32_t d = digit(t->mag + i * t->limbs, t->limbs, w, c, top);

        if (d)
            s->sorted[s->start[(d < 0 ? -d : d) - 1]++] = t->index[i] ^ (d < 0);
    }
}

/* First round: pairs of the sorted points; each bucket's results follow the
 * last bucket's in s->big. */
static void first_round(space *s, const zkg_g1 *points)
{
    const uint32_t *in = s->sorted;
    zkg_g1 *out = s->big;

    for (uint32_t b = 0; b < s->buckets; b++) {
        uint32_t n = s->len[b], i = 0;

        for (; i + 1 < n; i += 2, in += 2) {
            zkg_g1 *copy;

            if (s->q->wait.n == BATCH)
                flush(s->q);
            copy = s->copy + 2 * s->q->wait.n;
            __builtin_prefetch(&points[in[16] >> 1]);
            __builtin_prefetch(&points[in[17] >> 1]);
            load_point(&copy[0], points, in[0]);
            load_point(&copy[1], points, in[1]);
            push(s->q, out++, &copy[0], &copy[1]);
        }
        if (i < n)
            load_point(out++, points, *in++);
        s->len[b] = (n + 1) / 2;
    }
    flush(s->q);
}

/*
 * Adds up each of n runs of points, len[i] long, one after another in from:
 * then len[i] is 0 or 1.  Returns where the sums, one after another, are: from
 * or to, both of which are overwritten.
 */
static zkg_g1 *add_runs(queue *q, zkg_g1 *from, zkg_g1 *to, uint32_t *len,
                        uint32_t n)
{
    for (bool more = true; more;) {
        const zkg_g1 *in = from;
        zkg_g1 *out = to;

        more = false;
        for (uint32_t b = 0; b < n; b++) {
            uint32_t i = 0;

            for (; i + 1 < len[b]; i += 2, in += 2)
                push(q, out++, &in[0], &in[1]);
            if (i < len[b])
                *out++ = *in++;
            len[b] = (len[b] + 1) / 2;
            more |= len[b] > 1;
        }
        flush(q);
        out = to;
        to = from;
        from = out;
    }
    return from;
}

/* out = sum over i < n of (i + first) a_i; the a_i with len[i] = 1 follow one
 * another in a, the others are infinite.  first is 0 or 1. */
static void weigh(zkg_g1j *out, const zkg_g1 *a, const uint32_t *len,
                  uint32_t n, uint32_t first)
{
    zkg_g1j run, sum;

    for (uint32_t i = 0; i < n; i++)
        a += len[i];
    zkg_g1j_set_infinity(&run);
    zkg_g1j_set_infinity(&sum);
    for (uint32_t i = n; i-- > 1 - first;) {
        if (len[i])
            zkg_g1j_add_mixed(&run, &run, --a);
        zkg_g1j_add(&sum, &sum, &run);
    }
    *out = sum;
}

/*
 * The weighted sum of many buckets, d = 2^k i + j: 2^k sum_i i (sum_j bucket)
 * + sum_j j (sum_i bucket), where the inner sums are plain additions.
 */
static void weigh_square(zkg_g1j *out, space *s, zkg_g1 *a, zkg_g1 *other,
                         uint32_t c)
{
    const uint32_t k = c / 2, cols = 1u << k, rows = (s->buckets >> k) + 1;
    uint32_t row[(1 << MAX_WINDOW / 2) + 1] = {0};
    uint32_t col[1 << MAX_WINDOW / 2] = {0}, at[1 << MAX_WINDOW / 2];
    const zkg_g1 *in = a;
    zkg_g1j part;

    for (uint32_t b = 0; b < s->buckets; b++) {
        row[(b + 1) >> k] += s->len[b];
        col[(b + 1) & (cols - 1)] += s->len[b];
    }
    for (uint32_t j = 0, sum = 0; j < cols; j++) {
        at[j] = sum;
        sum += col[j];
    }
    for (uint32_t b = 0; b < s->buckets; b++)
        if (s->len[b])
            s->column[at[(b + 1) & (cols - 1)]++] = *in++;
    weigh(&part, add_runs(s->q, a, other, row, rows), row, rows, 0);
    for (uint32_t j = 0; j < k; j++)
        zkg_g1j_double(&part, &part);
    weigh(out, add_runs(s->q, s->column, other, col, cols), col, cols, 0);
    zkg_g1j_add(out, out, &part);
}

static void window_affine(zkg_g1j *out, space *s, const zkg_msm_terms *t,
                          uint32_t w, uint32_t c, bool top)
{
    zkg_g1 *sums;

    sort_window(s, t, w, c, top);
    first_round(s, t->points);
    sums = add_runs(s->q, s->big, s->small, s->len, s->buckets);
    if (s->buckets <= 128)
        weigh(out, sums, s->len, s->buckets, 1);
    else
        weigh_square(out, s, sums, sums == s->big ? s->small : s->big, c);
}

/* The same with buckets in Jacobian coordinates, for few terms. */
static void window_jacobian(zkg_g1j *out, zkg_g1j *bucket, uint32_t buckets,
                            const zkg_msm_terms *t, uint32_t w, uint32_t c,
                            bool top)
{
    zkg_g1j run, sum;
    zkg_g1 p;

    memset(bucket, 0, buckets * sizeof(*bucket));
    for (size_t i = 0; i < t->n; i++) {
        int32_t d = digit(t->mag + i * t->limbs, t->limbs, w, c, top);
        zkg_g1j *to;

        if (!d)
            continue;
        to = &bucket[(d < 0 ? -d : d) - 1];
        load_point(&p, t->points, t->index[i] ^ (d < 0));
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

/* The window that costs least, in additions: a term takes one in each window;
 * a bucket two or three for the weighted sum; a batch's inversion many. */
static uint32_t choose_window(size_t n, uint32_t bits)
{
    const uint64_t per_bucket = n < AFFINE_FROM ? 3 : 2;
    const uint64_t fixed = n < AFFINE_FROM ? 0 : 1000;
    uint64_t best = UINT64_MAX;
    uint32_t c_best = 2;

    for (uint32_t c = 2; c <= MAX_WINDOW; c++) {
        const uint64_t windows = (bits + c) / c;
        const uint64_t cost =
            windows * (n + (per_bucket << (c - 1)) + c + fixed);

        if (cost < best) {
            best = cost;
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
    free(s->start);
    free(s->len);
    free(s->sorted);
    free(s->big);
    free(s->small);
    free(s->column);
    free(s->copy);
    queue_free(s->q);
}

static bool space_init(space *s, size_t n, uint32_t buckets)
{
    /* a round leaves at most half of the last one's, and one a bucket */
    const size_t used = buckets < n ? buckets : n;

    *s = (space){.buckets = buckets};
    s->start = malloc((buckets + 1) * sizeof(*s->start));
    s->len = malloc(buckets * sizeof(*s->len));
    s->sorted = calloc(n + 32, sizeof(*s->sorted)); /* read ahead */
    s->small = malloc((n / 4 + 2 * used + 1) * sizeof(*s->small));
    s->big = malloc((n / 2 + used + 1) * sizeof(*s->big));
    s->column = malloc(used * sizeof(*s->column));
    s->copy = malloc(2 * BATCH * sizeof(*s->copy));
    s->q = queue_new();
    if (!s->start || !s->len || !s->sorted || !s->big || !s->small || !s->q) {
        space_clear(s);
        return false;
    }
    return true;
}

bool ZKG_VARIANT(zkg_msm_sum)(zkg_g1j *out, const zkg_msm_terms *t)
{
    const bool affine = t->n >= AFFINE_FROM;
    const uint32_t c = choose_window(t->n, t->bits);
    const uint32_t windows = (t->bits + c) / c, buckets = 1u << (c - 1);
    zkg_g1j *bucket = NULL, sum, part;
    space s = {0};

    if (affine ? !space_init(&s, t->n, buckets)
               : !(bucket = malloc(buckets * sizeof(*bucket))))
        return false;
    add_offset(t, c, windows);
    zkg_g1j_set_infinity(&sum);
    for (uint32_t w = windows; w-- > 0;) {
        for (uint32_t j = 0; j < c; j++)
            zkg_g1j_double(&sum, &sum);
        if (affine)
            window_affine(&part, &s, t, w, c, w + 1 == windows);
        else
            window_jacobian(&part, bucket, buckets, t, w, c, w + 1 == windows);
        zkg_g1j_add(&sum, &sum, &part);
    }
    if (affine)
        space_clear(&s);
    free(bucket);
    *out = sum;
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
