/* SPDX-License-Identifier: Apache-2.0 */
/* Terms of two factors as products of matrices.
 *
 *   sum[b][r][c] += coefficient * sum_k A[b][r][k] B[b][c][k]
 *
 * Loops of the nest are in out or not, in one factor or both: b in all three, r
 * in out and A, c in out and B, k in neither's out.  Lines A[b][r] and B[b][c]
 * are written one behind the other in 16 bits, a block at a time, with 0 where
 * a map is not real.  Four lines of A times two of B are summed in 32 bits, as
 * many k at once as cannot leave them, and their sums in 64. */
#include <string.h>

#include "base/mem.h"
#include "graph/eval_nest.h"
#include "tensor/for_ctype.h"

/* Loops are worth one more copy of the function for wider vectors. */
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) &&      \
    !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

/* Lines that are multiplied at once; what k is rounded up to; k below which
 * lines are not worth writing; bytes of a block of lines. */
enum { A_LINES = 4, B_LINES = 2, K_STEP = 16, K_LEAST = 16 };
enum { A_BYTES = 1 << 18, B_BYTES = 1 << 20 };

/* The loops in their order: batch, rows, columns, inner. */
typedef struct groups {
    uint32_t first[5]; /* of each group, and behind the last */
    uint64_t rows, cols, k;
} groups;

/* Lines of a factor, some of them. */
typedef struct lines {
    uint32_t factor, from, to; /* loops that count the lines */
    uint32_t k_from, k_to;     /* loops along a line */
    uint64_t k, k_padded, most;
    int16_t *data; /* [most][k_padded]; owned */
    int64_t *out;  /* of each line of the factor: where it is in out; owned */
} lines;

static bool is_in(const zkg_nest *n, uint32_t loop, uint32_t f)
{
    bool in = n->stride[loop][f] != 0;

    for (uint32_t m = 0; m < n->maps; m++)
        in = in || (n->map[m].factor == f && n->map[m].coef[loop] != 0);
    return in;
}

/* 0 .. 3; 4 for a loop of out alone. */
static uint32_t group_of(const zkg_nest *n, uint32_t loop)
{
    const bool a = is_in(n, loop, 0), b = is_in(n, loop, 1);

    if (n->out_stride[loop] == 0)
        return 3;
    return a && b ? 0 : a ? 1 : b ? 2 : 4;
}

static uint64_t count(const zkg_nest *n, uint32_t from, uint32_t to)
{
    uint64_t all = 1;

    for (uint32_t i = from; i < to; i++)
        all *= n->len[i];
    return all;
}

/* Order the loops; whether the term is worth it. */
static bool group(groups *g, zkg_nest *n)
{
    uint32_t next = 0;

    if (n->factors != 2 || n->most[0] > INT16_MAX || n->most[1] > INT16_MAX ||
        n->most[0] * n->most[1] > INT32_MAX / K_STEP)
        return false;
    for (uint32_t k = 0; k < 4; k++) {
        g->first[k] = next;
        for (uint32_t i = next; i < n->loops; i++) {
            if (group_of(n, i) != k)
                continue;
            for (uint32_t j = i; j > next; j--)
                zkg_nest_swap(n, j, j - 1);
            next++;
        }
    }
    g->first[4] = next;
    g->rows = count(n, g->first[1], g->first[2]);
    g->cols = count(n, g->first[2], g->first[3]);
    g->k = count(n, g->first[3], g->first[4]);
    return next == n->loops && g->k >= K_LEAST &&
           (g->rows >= A_LINES || g->cols >= A_LINES);
}

static zkg_status lines_init(lines *x, const zkg_nest *n, const groups *g,
                             uint32_t f)
{
    const uint64_t step = f == 0 ? A_LINES : B_LINES;
    const uint64_t all = f == 0 ? g->rows : g->cols;
    const uint64_t whole = (all + step - 1) / step * step;
    zkg_nest_stand s;

    *x = (lines){.factor = f,
                 .from = g->first[1 + f],
                 .to = g->first[2 + f],
                 .k_from = g->first[3],
                 .k_to = g->first[4],
                 .k = g->k,
                 .k_padded = (g->k + K_STEP - 1) / K_STEP * K_STEP};
    x->most = (f == 0 ? A_BYTES : B_BYTES) / (2 * x->k_padded * step) * step;
    x->most = x->most < step ? step : x->most;
    x->most = x->most > whole ? whole : x->most;
    x->data = zkg_alloc_aligned(x->most * x->k_padded, sizeof(*x->data));
    x->out = zkg_alloc(whole, sizeof(*x->out));
    if (x->data == NULL || x->out == NULL)
        return ZKG_ERR_NOMEM;
    zkg_nest_start(&s, n);
    for (uint64_t i = 0; i < all; i++) {
        x->out[i] = s.out;
        (void)zkg_nest_step(&s, n, x->from, x->to);
    }
    return ZKG_OK;
}

static void lines_clear(lines *x)
{
    zkg_free(x->data);
    zkg_free(x->out);
}

/* n values, to_step apart. */
static void copy(int16_t *to, size_t to_step, const zkg_array *a, int64_t at,
                 int64_t step, size_t n)
{
#define BODY(type)                                                             \
    {                                                                          \
        const type *v = (const type *)a->data + at;                            \
                                                                               \
        if (step == 1 && to_step == 1)                                         \
            for (size_t i = 0; i < n; i++)                                     \
                to[i] = (int16_t)v[i];                                         \
        else                                                                   \
            for (size_t i = 0; i < n; i++)                                     \
                to[i * to_step] = (int16_t)v[(int64_t)i * step];               \
    }
    ZKG_FOR_CTYPE(a->type, BODY);
#undef BODY
}

/* Whether a line lies in memory as it is, all of it real. */
static bool is_run(const lines *x, const zkg_nest *n)
{
    int64_t stride = 1;

    for (uint32_t m = 0; m < n->maps; m++)
        if (n->map[m].factor == x->factor)
            return false;
    for (uint32_t i = x->k_to; i-- > x->k_from;) {
        if (n->stride[i][x->factor] != stride)
            return false;
        stride *= (int64_t)n->len[i];
    }
    return true;
}

/* Entry k of the lines [from, to): the k loops stand at it, those of the lines
 * at the first, but for the last of these, which stands at 0. */
static void fill_across(const lines *x, const zkg_nest *n, zkg_nest_stand *s,
                        uint64_t k, uint64_t from, uint64_t to)
{
    const uint32_t f = x->factor, low = x->to - 1;
    const uint64_t len = n->len[low];

    for (uint64_t line = from; line < to;) {
        const uint64_t i0 = line % len;
        const uint64_t i1 = len - i0 < to - line ? len : i0 + (to - line);
        uint64_t lo, hi;

        zkg_nest_real(&lo, &hi, n, s, low, f);
        lo = lo < i0 ? i0 : lo;
        hi = hi > i1 ? i1 : hi;
        if (lo < hi)
            copy(&x->data[(line - from + lo - i0) * x->k_padded + k],
                 x->k_padded, n->array[f],
                 s->place[f] + (int64_t)lo * n->stride[low][f],
                 n->stride[low][f], hi - lo);
        line += i1 - i0;
        (void)zkg_nest_step(s, n, x->from, low);
    }
}

/* Put the loops of lines to line i, but for the lowest `above` of them. */
static void seek(zkg_nest_stand *s, const lines *x, const zkg_nest *n,
                 uint64_t i, uint32_t above)
{
    for (uint32_t l = x->to; l-- > x->from;) {
        if (x->to - l > above)
            zkg_nest_move(s, n, l,
                          (int64_t)(i % n->len[l]) - (int64_t)s->index[l]);
        i /= n->len[l];
    }
}

/* Write the lines [from, to); the batch's loops stand at s, the others at 0. */
static void fill(lines *x, const zkg_nest *n, const zkg_nest_stand *batch,
                 uint64_t from, uint64_t to)
{
    zkg_nest_stand s = *batch;
    uint64_t k = 0;

    if (is_run(x, n)) {
        for (uint64_t line = from; line < to; line++) {
            seek(&s, x, n, line, 0);
            copy(&x->data[(line - from) * x->k_padded], 1, n->array[x->factor],
                 s.place[x->factor], 1, x->k);
        }
        return;
    }
    memset(x->data, 0, (to - from) * x->k_padded * sizeof(*x->data));
    do {
        if (x->from == x->to) {
            uint64_t lo, hi;

            /* One line alone: its loop along k takes the place of a run. */
            zkg_nest_real(&lo, &hi, n, &s, x->k_to - 1, x->factor);
            copy(&x->data[k + lo], 1, n->array[x->factor],
                 s.place[x->factor] +
                     (int64_t)lo * n->stride[x->k_to - 1][x->factor],
                 n->stride[x->k_to - 1][x->factor], hi - lo);
            k += n->len[x->k_to - 1];
        } else {
            seek(&s, x, n, from, 1);
            fill_across(x, n, &s, k++, from, to);
        }
    } while (zkg_nest_step(&s, n, x->k_from,
                           x->from == x->to ? x->k_to - 1 : x->k_to));
}

/* out[i][j] = the product of line i at a and line j at b, lines `line` apart.
 */
WIDE static void dots(int32_t out[A_LINES * B_LINES], const int16_t *restrict a,
                      const int16_t *restrict b, size_t line, size_t n)
{
    const int16_t *a0 = a, *a1 = a + line, *a2 = a1 + line, *a3 = a2 + line;
    const int16_t *b0 = b, *b1 = b + line;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;

    for (size_t k = 0; k < n; k++) {
        s0 += a0[k] * b0[k];
        s1 += a0[k] * b1[k];
        s2 += a1[k] * b0[k];
        s3 += a1[k] * b1[k];
        s4 += a2[k] * b0[k];
        s5 += a2[k] * b1[k];
        s6 += a3[k] * b0[k];
        s7 += a3[k] * b1[k];
    }
    out[0] = s0;
    out[1] = s1;
    out[2] = s2;
    out[3] = s3;
    out[4] = s4;
    out[5] = s5;
    out[6] = s6;
    out[7] = s7;
}

/* Lines a0.. of A times lines b0.. of B, as many as are multiplied at once, or
 * as there are. */
static void multiply(int64_t *sum, int64_t c, const lines *a, uint64_t a0,
                     uint64_t a_lines, const lines *b, uint64_t b0,
                     uint64_t b_lines, const int16_t *a_data,
                     const int16_t *b_data, uint64_t chunk)
{
    int64_t all[A_LINES * B_LINES] = {0};

    for (uint64_t k = 0; k < a->k_padded; k += chunk) {
        const uint64_t rest = a->k_padded - k;
        int32_t part[A_LINES * B_LINES];

        dots(part, a_data + k, b_data + k, a->k_padded,
             rest < chunk ? rest : chunk);
        for (uint32_t i = 0; i < A_LINES * B_LINES; i++)
            all[i] += part[i];
    }
    for (uint32_t i = 0; i < A_LINES && i < a_lines; i++)
        for (uint32_t j = 0; j < B_LINES && j < b_lines; j++)
            sum[a->out[a0 + i] + b->out[b0 + j]] += c * all[i * B_LINES + j];
}

/* One batch: blocks of lines of B, for each the blocks of A. */
static void product(int64_t *sum, const zkg_nest *n, const groups *g, lines *a,
                    lines *b, const zkg_nest_stand *batch)
{
    const uint64_t most = n->most[0] * n->most[1];
    const uint64_t fit = INT32_MAX / (most == 0 ? 1 : most);
    const uint64_t chunk = fit / K_STEP * K_STEP;

    for (uint64_t b0 = 0; b0 < g->cols; b0 += b->most) {
        const uint64_t bs = g->cols - b0 < b->most ? g->cols - b0 : b->most;

        fill(b, n, batch, b0, b0 + bs);
        for (uint64_t a0 = 0; a0 < g->rows; a0 += a->most) {
            const uint64_t as = g->rows - a0 < a->most ? g->rows - a0 : a->most;

            fill(a, n, batch, a0, a0 + as);
            for (uint64_t i = 0; i < as; i += A_LINES)
                for (uint64_t j = 0; j < bs; j += B_LINES)
                    multiply(sum + batch->out, n->c, a, a0 + i, as - i, b,
                             b0 + j, bs - j, &a->data[i * a->k_padded],
                             &b->data[j * b->k_padded], chunk);
        }
    }
}

zkg_status zkg_nest_product(int64_t *sum, bool *done, zkg_nest *n)
{
    zkg_nest_stand batch;
    zkg_status s;
    lines a = {0}, b = {0};
    groups g;

    *done = group(&g, n);
    if (!*done)
        return ZKG_OK;
    s = lines_init(&a, n, &g, 0);
    if (s == ZKG_OK)
        s = lines_init(&b, n, &g, 1);
    if (s == ZKG_OK) {
        zkg_nest_start(&batch, n);
        do
            product(sum, n, &g, &a, &b, &batch);
        while (zkg_nest_step(&batch, n, 0, g.first[1]));
    }
    lines_clear(&a);
    lines_clear(&b);
    return s;
}
