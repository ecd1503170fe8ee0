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
 * left.
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

#include "curve/batch_add.h"
#include "curve/glv.h"
#include "curve/msm.h"

enum {
    AFFINE_FROM = 300, /* additions for which batches of them pay */
    MAX_WINDOW = 17,
    /* of rows sorted, and weighed, together, unless one has more */
    GROUP_TERMS = 1 << 14,
    BLOCK = 1 << 13,  /* terms added up together, in cache */
    FETCH_AHEAD = 32, /* terms */
    GROUP_BUCKETS = 1 << 15,
    HALVING_COST = 1, /* of a term, in additions */
#ifdef ZKG_FIELD_IFMA
    HALVED_MOST = 1 << 14, /* terms of a sum: more leave the cache */
    BIT_COST = 8 /* of a bit of the last sum, in additions by the batch */
#else
    HALVED_MOST = ZKG_MSM_TOGETHER,
    BIT_COST = 3
#endif
};

/* Window w of a sum. */
typedef struct row {
    const zkg_msm_terms *t;
    zkg_g1j *out;
    uint32_t w, c, windows;
    uint32_t buckets; /* 2^(c-1): bucket b is for |d| = b + 1 */
} row;

/* The work space.  Terms and buckets of rows are one after another. */
typedef struct space {
    row *rows;
    size_t count;
    size_t terms;     /* with FETCH_AHEAD more for each row */
    size_t buckets;   /* of rows weighed together */
    uint32_t *start;  /* buckets: places in sorted */
    uint32_t *len;    /* buckets: what is left in each */
    uint32_t *sorted; /* terms: as index, the sign taken in */
    uint32_t *digits; /* terms: as digit() gives them, and zeros */
    zkg_g1 *big, *small;
    zkg_g1 *sums; /* buckets: their points, or infinity */
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

/* The digits of a row, counted in len, which is 0 before. */
static void count_digits(uint32_t *digits, uint32_t *len, const row *r)
{
    /* copies, which what is written cannot change */
    const zkg_msm_terms t = *r->t;
    const row own = *r;

    for (size_t i = 0; i < t.n; i++) {
        const uint32_t d =
            digit(t.mag + i * t.limbs, t.limbs, own.w, own.c, own.windows);

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

/* Fills start, len and sorted for count rows, of so many buckets. */
static void sort_rows(space *s, const row *r, size_t count, size_t buckets)
{
    uint32_t *digits = s->digits, *len = s->len, *start = s->start, sum = 0;

    memset(s->len, 0, buckets * sizeof(*s->len));
    for (size_t i = 0; i < count; i++) {
        count_digits(digits, len, &r[i]);
        digits += r[i].t->n + FETCH_AHEAD;
        len += r[i].buckets;
    }
    for (size_t b = 0; b < buckets; b++) {
        s->start[b] = sum;
        sum += s->len[b];
    }
    digits = s->digits;
    for (size_t i = 0; i < count; i++) {
        place_terms(s->sorted, start, digits, &r[i]);
        digits += r[i].t->n + FETCH_AHEAD;
        start += r[i].buckets;
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
        size_t waiting = q->wait.n; /* here the compiler keeps it at hand */

        more = false;
        for (uint32_t b = 0; b < n; b++) {
            const uint32_t some = len[b];

            if (some > 2) {
                for (uint32_t i = 0; i < some / 2; i++, in += 2)
                    waiting = push_at(q, waiting, out++, &in[0], &in[1]);
                if (some & 1)
                    *out++ = *in++;
                len[b] = (some + 1) / 2;
                more = true;
                continue;
            }
            if (some == 2)
                waiting = push_at(q, waiting, &to[b], &in[0], &in[1]);
            else if (some == 1)
                to[b] = *in;
            in += some;
            len[b] = 0;
        }
        q->wait.n = waiting;
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

/* to: the sums of all buckets of count rows, of so many buckets. */
static void fill_buckets(zkg_g1 *to, space *s, const zkg_g1 *points,
                         const row *r, size_t count, size_t buckets)
{
    const uint32_t *in = s->sorted;

    sort_rows(s, r, count, buckets);
    memset(to, 0, buckets * sizeof(*to)); /* infinity */
    for (size_t b = 0, end = 0; b < buckets; b = end) {
        uint32_t n = 0;

        while (end < buckets && s->len[end] <= BLOCK - n)
            n += s->len[end++];
        if (end == b) {
            n = s->len[end++];
            add_long(&to[b], s, points, in, n);
        } else {
            gather(s->big, points, in, n);
            add_runs(s->q, to + b, s->big, s->small, s->len + b,
                     (uint32_t)(end - b));
        }
        in += n;
    }
}

/* b[i] += b[i + n], i < n, at the next flush, or at once where one of them is
 * infinite. */
static void fold(queue *q, zkg_g1 *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const zkg_g1 *high = &b[i + n];

        if (zkg_g1_is_infinity(high))
            continue;
        if (zkg_g1_is_infinity(&b[i]))
            b[i] = *high;
        else
            push(q, &b[i], &b[i], high);
    }
}

/*
 * Of each of count rows T takes the place of its first bucket, and U_j that of
 * bucket 2^j: what the first 2 n buckets leave behind as their upper half is
 * halved itself from the next step on, so that all steps are of n = half the
 * buckets, a quarter, .. 1.
 */
static void weigh(space *s, const row *r, size_t count)
{
    size_t most = 0;

    for (size_t i = 0; i < count; i++)
        most = r[i].buckets > most ? r[i].buckets : most;
    for (size_t n = most / 2; n > 0; n /= 2) {
        zkg_g1 *b = s->sums;

        for (size_t i = 0; i < count; b += r[i++].buckets) {
            if (r[i].buckets < 2 * n)
                continue;
            fold(s->q, b, n);
            for (size_t upper = 2 * n; upper < r[i].buckets; upper *= 2)
                fold(s->q, b + upper, n);
        }
        flush(s->q);
    }
}

/* out = 2^c out + T + sum_j 2^j U_j for a row that is weighed. */
static void add_row(zkg_g1j *out, const zkg_g1 *b, uint32_t c)
{
    for (uint32_t j = c; j-- > 0;) {
        if (!zkg_g1j_is_infinity(out))
            zkg_g1j_double(out, out);
        if (j < c - 1) /* bit c - 1 is empty */
            zkg_g1j_add_mixed(out, out, &b[(size_t)1 << j]);
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

static size_t row_buckets(const row *r)
{
    return r->buckets;
}

static size_t row_terms(const row *r)
{
    return r->t->n + FETCH_AHEAD;
}

/* Adds count rows, of so many buckets together, to their sums. */
static void sum_rows(space *s, const zkg_g1 *points, const row *r, size_t count)
{
    zkg_g1 *b = s->sums;

    for (size_t i = 0, n; i < count; i += n) {
        size_t buckets = 0;

        n = fit(r + i, count - i, s->terms, row_terms);
        for (size_t k = i; k < i + n; k++)
            buckets += r[k].buckets;
        fill_buckets(b, s, points, r + i, n, buckets);
        b += buckets;
    }
    weigh(s, r, count);
    b = s->sums;
    for (size_t i = 0; i < count; b += r[i++].buckets)
        add_row(r[i].out, b, r[i].c);
}

static void sum_affine(space *s, const zkg_g1 *points)
{
    for (size_t i = 0, n; i < s->count; i += n) {
        n = fit(s->rows + i, s->count - i, s->buckets, row_buckets);
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
        load_signed(&p, &points[t->index[i] >> 1], (t->index[i] ^ d) & 1);
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
 * that it is copied to.
 */
static uint32_t choose_window(uint64_t *cost, size_t n, uint32_t bits,
                              bool affine)
{
    const uint64_t per_bit = affine ? BIT_COST : 1;
    uint32_t c_best = 1;

    *cost = UINT64_MAX;
    for (uint32_t c = 1; c <= MAX_WINDOW; c++) {
        const uint64_t buckets = (uint64_t)1 << (c - 1);
        const uint64_t weights = affine ? 3 * buckets / 2 : 3 * buckets;
        const uint64_t sum = windows_of(bits, c) * (n + weights + per_bit * c);

        if (sum < *cost) {
            *cost = sum;
            c_best = c;
        }
    }
    return c_best;
}

bool ZKG_VARIANT(zkg_msm_halves)(size_t n, uint32_t bits)
{
    uint64_t whole, halves;

    if (n > HALVED_MOST)
        return false;
    choose_window(&whole, n, bits, true);
    choose_window(&halves, 2 * n, ZKG_GLV_BITS, true);
    return halves + HALVING_COST * n < whole;
}

uint64_t ZKG_VARIANT(zkg_msm_cost)(size_t n, uint32_t bits)
{
    uint64_t cost;

    choose_window(&cost, n, bits, true);
    return n == 0 ? 0 : cost;
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

static void space_clear(space *s)
{
    zkg_free(s->rows);
    zkg_free(s->start);
    zkg_free(s->len);
    zkg_free(s->sorted);
    zkg_free(s->digits);
    zkg_free(s->big);
    zkg_free(s->small);
    zkg_free(s->sums);
    queue_free(s->q);
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

/* s->rows and s->count are there; frees all if memory is short. */
static bool space_init(space *s)
{
    s->terms = most_of(s->rows, s->count, GROUP_TERMS, row_terms);
    s->buckets = most_of(s->rows, s->count, GROUP_BUCKETS, row_buckets);
    s->start = zkg_alloc_raw(s->buckets, sizeof(*s->start));
    s->len = zkg_alloc_raw(s->buckets, sizeof(*s->len));
    s->sorted = zkg_alloc(s->terms, sizeof(*s->sorted));
    s->digits = zkg_alloc_raw(s->terms, sizeof(*s->digits));
    s->big = zkg_alloc_raw(BLOCK + 1, sizeof(*s->big));
    s->small = zkg_alloc_raw(BLOCK + 1, sizeof(*s->small));
    s->sums = zkg_alloc_raw(s->buckets, sizeof(*s->sums));
    s->q = queue_new();
    if (s->start && s->len && s->sorted && s->digits && s->small && s->big &&
        s->sums && s->q)
        return true;
    space_clear(s);
    return false;
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
            n += windows_of(t[i].bits,
                            choose_window(&cost, t[i].n, t[i].bits, true));
    rows = zkg_alloc_raw(n, sizeof(*rows));
    if (!rows)
        return NULL;
    *count = n;
    n = 0;
    for (size_t i = 0; i < sums; i++) {
        const uint32_t c = choose_window(&cost, t[i].n, t[i].bits, true);
        const uint32_t windows = t[i].n ? windows_of(t[i].bits, c) : 0;

        add_offset(&t[i], c, windows);
        for (uint32_t w = windows; w-- > 0;)
            rows[n++] = (row){&t[i], &out[i], w, c, windows, 1u << (c - 1)};
    }
    return rows;
}

/* What all sums cost, in additions by the batch. */
static uint64_t cost_of(const zkg_msm_terms *t, size_t sums)
{
    uint64_t all = 0, cost;

    for (size_t i = 0; i < sums; i++) {
        choose_window(&cost, t[i].n, t[i].bits, true);
        all += t[i].n ? cost : 0;
    }
    return all;
}

static bool sum_few(zkg_g1j *out, const zkg_g1 *points, const zkg_msm_terms *t)
{
    uint64_t cost;
    const uint32_t c = choose_window(&cost, t->n, t->bits, false);
    const uint32_t windows = windows_of(t->bits, c);

    add_offset(t, c, windows);
    return sum_jacobian(out, points, t, c, windows);
}

bool ZKG_VARIANT(zkg_msm_sums)(zkg_g1j *out, const zkg_g1 *points,
                               const zkg_msm_terms *terms, size_t count)
{
    space s = {.q = NULL};

    for (size_t i = 0; i < count; i++)
        zkg_g1j_set_infinity(&out[i]);
    if (cost_of(terms, count) < AFFINE_FROM) {
        for (size_t i = 0; i < count; i++)
            if (!sum_few(&out[i], points, &terms[i]))
                return false;
        return true;
    }
    s.rows = make_rows(&s.count, out, terms, count);
    if (!s.rows || !space_init(&s))
        return false;
    sum_affine(&s, points);
    space_clear(&s);
    return true;
}

enum { POWER_WINDOW = 8, POWER_ROWS = 32, POWER_COLS = 255 };

/* table[w * POWER_COLS + d - 1] = d 2^(8 w) G */
static bool make_table(zkg_g1 *table)
{
    zkg_g1j *multiple = malloc((POWER_COLS + 1) * sizeof(*multiple));
    zkg_fp *scratch = malloc(2 * POWER_COLS * sizeof(*scratch));
    const bool ok = multiple && scratch;

    if (ok) {
        zkg_g1j_from_affine(&multiple[0], &zkg_g1_generator);
        for (int w = 0; w < POWER_ROWS; w++) {
            for (int d = 1; d <= POWER_COLS; d++)
                zkg_g1j_add(&multiple[d], &multiple[d - 1], &multiple[0]);
            zkg_g1j_batch_to_affine(table + w * POWER_COLS, multiple,
                                    POWER_COLS, scratch);
            multiple[0] = multiple[POWER_COLS];
        }
    }
    free(scratch);
    free(multiple);
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
    if (scalar)
        sodium_memzero(scalar, BATCH * sizeof(*scalar));
    sodium_memzero(&power, sizeof(power));
    free(scalar);
    free(table);
    return ok;
}
