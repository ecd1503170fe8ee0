/* SPDX-License-Identifier: Apache-2.0
 * Arrays of field elements, eight at a time. */
#include "backend/ifma.h"
#include "backend/ifma_slots.h"

/* c 2^(4 k): the constant that cancels k products' factors 2^-4. */
static zkg_fr shifted(const zkg_fr *c, uint32_t k)
{
    zkg_fr r = *c;

    for (uint32_t i = 0; i < 4 * k; i++)
        zkg_fr_double(&r, &r);
    return r;
}

/* ---- folds ---- */

zkg_status zkg_ifma_poly_fold(zkg_fr *out, const zkg_fr *p, const zkg_fr *u,
                              size_t n)
{
    size_t i = 0;
    mulc8 k;

    if (n < 8)
        return zkg_backend_table_cpu.poly_fold(out, p, u, n);
    mulc8_init(&k, u);
    for (; i + 8 <= n; i += 8) {
        v8 even, odd;

        v8_load_pairs(&even, &odd, p + 2 * i);
        v8_store(out + i, v8_finish(v8_mulc_add(v8_diff(odd, even), &k, even)));
    }
    return zkg_backend_table_cpu.poly_fold(out + i, p + 2 * i, u, n - i);
}

zkg_status zkg_ifma_fr_axpy(zkg_fr *out, const zkg_fr *c, const zkg_fr *v,
                            size_t n)
{
    size_t i = 0;
    mulc8 k;

    mulc8_init(&k, c);
    for (; i + 8 <= n; i += 8)
        v8_store(out + i,
                 v8_finish(v8_mulc_add(v8_load(v + i), &k, v8_load(out + i))));
    return zkg_backend_table_cpu.fr_axpy(out + i, c, v + i, n - i);
}

/* Rows that are added up before a column is reduced: by one Montgomery step of
 * 2^260 = 84 p, below 64 / 84 p + p. */
#define FOLD_ROWS 64

/* sum of rows[r][at ..] times limb[r], r < count, eight columns: as dot_block,
 * in two accumulators. */
V8_INLINE v8 fold_column(const uint64_t (*limb)[5], const zkg_fr *const *rows,
                         size_t count, size_t at)
{
    acc8 low, high;

    acc8_zero(&low);
    acc8_zero(&high);
    for (size_t r = 0; r < count; r++) {
        const zkg_fr *row = rows[r] + at;
        const v8 x = v8_load_operand(row);

        for (int i = 0; i < 4; i++)
            _mm_prefetch((const char *)(row + 8 + 2 * i), _MM_HINT_T0);
        for (int j = 0; j < 5; j++) {
            const __m512i w = v8_set(limb[r][j]);

            for (int i = 0; i < 5; i++) {
                low.l[i + j] = lo52(low.l[i + j], x.l[i], w);
                high.l[i + j + 1] = hi52(high.l[i + j + 1], x.l[i], w);
            }
        }
    }
    for (int k = 0; k < 10; k++)
        low.l[k] = _mm512_add_epi64(low.l[k], high.l[k]);
    acc8_carry(&low);
    return acc8_reduce_raw(low);
}

/* The limbs of w 2^4, which cancels the reduction's 2^-4. */
static void weight_limbs(uint64_t (*limb)[5], const zkg_fr *w, size_t count)
{
    for (size_t r = 0; r < count; r++) {
        const zkg_fr x = shifted(&w[r], 1);
        const uint64_t m = (UINT64_C(1) << 52) - 1;

        limb[r][0] = x.l[0] & m;
        limb[r][1] = (x.l[0] >> 52 | x.l[1] << 12) & m;
        limb[r][2] = (x.l[1] >> 40 | x.l[2] << 24) & m;
        limb[r][3] = (x.l[2] >> 28 | x.l[3] << 36) & m;
        limb[r][4] = x.l[3] >> 16;
    }
}

/* The same of two rows, n a multiple of eight: below (2 * 4.1 + 1) p + p. */
static void fold_two(zkg_fr *out, const zkg_fr w[2],
                     const zkg_fr *const rows[2], size_t n)
{
    mulc8 k[2];

    mulc8_init(&k[0], &w[0]);
    mulc8_init(&k[1], &w[1]);
    for (size_t i = 0; i < n; i += 8) {
        mulc8_sum s = {0};

        mulc8_mac(&s, v8_load_operand(rows[0] + i), &k[0]);
        mulc8_mac(&s, v8_load_operand(rows[1] + i), &k[1]);
        v8_store(out + i,
                 v8_finish(v8_trim_16(mulc8_sum_reduce(&s, v8_load(out + i)))));
    }
}

void zkg_ifma_fold_elements(zkg_fr *out, const zkg_fr *w,
                            const zkg_fr *const *rows, size_t count, size_t n)
{
    const size_t n8 = n & ~(size_t)7;
    uint64_t limb[FOLD_ROWS][5];

    if (count == 1) {
        (void)zkg_ifma_fr_axpy(out, w, rows[0], n);
        return;
    }
    if (count == 2)
        fold_two(out, w, rows, n8);
    for (size_t r = 0; r < count && count > 2; r += FOLD_ROWS) {
        const size_t some = count - r < FOLD_ROWS ? count - r : FOLD_ROWS;

        weight_limbs(limb, w + r, some);
        for (size_t i = 0; i < n8; i += 8)
            v8_store(out + i, v8_canonical(v8_add_raw(
                                  fold_column(limb, rows + r, some, i),
                                  v8_load(out + i))));
    }
    for (size_t r = 0; r < count; r++)
        (void)zkg_backend_table_cpu.fr_axpy(out + n8, &w[r], rows[r] + n8,
                                            n - n8);
}

zkg_status zkg_ifma_eq_expand(zkg_fr *out, const zkg_fr *u, uint32_t n,
                              const zkg_fr *scale)
{
    const uint32_t low = n < 3 ? n : 3;
    const v8 zero = v8_of(&zkg_fr_zero);

    (void)zkg_backend_table_cpu.eq_expand(out, u, low, scale);
    for (uint32_t t = low; t < n; t++) {
        const size_t half = (size_t)1 << t;
        mulc8 k;

        mulc8_init(&k, &u[t]);
        for (size_t i = 0; i < half; i += 8) {
            const v8 x = v8_load(out + i);
            const v8 upper = v8_close(v8_finish(v8_mulc_add(x, &k, zero)));

            v8_store(out + half + i, upper);
            v8_store(out + i, v8_finish(v8_sub(x, upper)));
        }
    }
    return ZKG_OK;
}

/* ---- sums ---- */

/* Groups of eight products that are summed before limbs are normalised, and
 * such blocks before they are reduced: each product is below p^2 < 2^507.3, so
 * that all are below 2^518. */
#define DOT_GROUPS ACC8_PRODUCTS
#define DOT_BLOCKS 8

/* Bytes, as LANE_AHEAD of lanes.h: of 1536, 2560 and 4608 the quickest over
 * arrays beyond the last-level cache; none costs anything in nearer ones. */
#define DOT_AHEAD 4608

/* Before elements p[0] .. p[7] of an array that is read in order. */
V8_INLINE void dot_fetch(const zkg_fr *p)
{
    const char *ahead = (const char *)p + DOT_AHEAD;

    for (int i = 0; i < 4; i++)
        _mm_prefetch(ahead + 64 * i, _MM_HINT_T0);
}

/* sum += a b, `groups` groups.  Lower and upper halves of products go to
 * accumulators of their own: five additions deep for each limb, not ten. */
static void dot_block(acc8 *sum, const zkg_fr *a, const zkg_fr *b,
                      size_t groups)
{
    acc8 low, high;

    acc8_zero(&low);
    acc8_zero(&high);
    for (size_t g = 0; g < groups; g++) {
        const v8 x = v8_load_operand(a + 8 * g), y = v8_load_operand(b + 8 * g);

        dot_fetch(a + 8 * g);
        dot_fetch(b + 8 * g);
        for (int i = 0; i < 5; i++) {
            for (int j = 0; j < 5; j++) {
                low.l[i + j] = lo52(low.l[i + j], x.l[i], y.l[j]);
                high.l[i + j + 1] = hi52(high.l[i + j + 1], x.l[i], y.l[j]);
            }
        }
    }
    for (int k = 0; k < 10; k++)
        sum->l[k] =
            _mm512_add_epi64(sum->l[k], _mm512_add_epi64(low.l[k], high.l[k]));
    acc8_carry(sum);
}

/* out += the eight lanes of acc, reduced twice: acc < 2^520, so that the first
 * is below 2^260 + p, which the second brings below 2 p. */
static void dot_flush(zkg_fr *out, acc8 *acc, const v8 *one)
{
    zkg_fr lane[8];
    v8 v = acc8_reduce(*acc);

    v8_store(lane, v8_canonical(v8_mul_raw(&v, one)));
    for (int i = 0; i < 8; i++)
        zkg_fr_add(out, out, &lane[i]);
    acc8_zero(acc);
}

zkg_status zkg_ifma_fr_dot(zkg_fr *out, const zkg_fr *a, const zkg_fr *b,
                           size_t n)
{
    /* A product leaves 2^-4, and so does the flush; 2^260 as an operand would
     * cancel the latter, 2^264 cancels both. */
    const zkg_fr scale = shifted(&zkg_fr_one, 2);
    const v8 one = v8_of(&scale);
    const size_t groups = n / 8;
    uint32_t blocks = 0;
    zkg_fr sum = zkg_fr_zero, tail;
    acc8 acc;

    acc8_zero(&acc);
    for (size_t g = 0; g < groups; g += DOT_GROUPS) {
        const size_t some = groups - g < DOT_GROUPS ? groups - g : DOT_GROUPS;

        dot_block(&acc, a + 8 * g, b + 8 * g, some);
        if (++blocks == DOT_BLOCKS) {
            dot_flush(&sum, &acc, &one);
            blocks = 0;
        }
    }
    dot_flush(&sum, &acc, &one);
    (void)zkg_backend_table_cpu.fr_dot(&tail, a + 8 * groups, b + 8 * groups,
                                       n % 8);
    zkg_fr_add(out, &sum, &tail);
    return ZKG_OK;
}

/* As dot_block; there are two sums, so that limbs need no halves. */
static void dot_pairs_block(acc8 sum[2], const zkg_fr *w, const zkg_fr *v,
                            size_t groups)
{
    acc8 part[2];

    acc8_zero(&part[0]);
    acc8_zero(&part[1]);
    for (size_t g = 0; g < groups; g++) {
        const v8 x = v8_load_operand(w + 8 * g);
        v8 even, odd;

        v8_load_pairs(&even, &odd, v + 16 * g);
        acc8_mac(&part[0], &x, &even);
        acc8_mac(&part[1], &x, &odd);
    }
    for (int h = 0; h < 2; h++) {
        for (int k = 0; k < 10; k++)
            sum[h].l[k] = _mm512_add_epi64(sum[h].l[k], part[h].l[k]);
        acc8_carry(&sum[h]);
    }
}

zkg_status zkg_ifma_fr_mul_at(zkg_fr *out, const zkg_fr *a, const zkg_fr *v,
                              const uint32_t *at, size_t n)
{
    const size_t n8 = n & ~(size_t)7;

    for (size_t i = 0; i < n8; i += 8) {
        const zkg_fr *from[8];
        __m512i words[4];
        v8 y;

        for (int l = 0; l < 8; l++)
            from[l] = v + at[i + (size_t)l];
        v8_gather(words, from, 0);
        y = v8_split(words[0], words[1], words[2], words[3]);
        v8_store(out + i, v8_finish(v8_times(v8_load(a + i), &y)));
    }
    return zkg_backend_table_cpu.fr_mul_at(out + n8, a + n8, v, at + n8,
                                           n - n8);
}

zkg_status zkg_ifma_fr_dot_pairs(zkg_fr out[2], const zkg_fr *w,
                                 const zkg_fr *v, size_t n)
{
    const zkg_fr scale = shifted(&zkg_fr_one, 2);
    const v8 one = v8_of(&scale);
    const size_t groups = n / 8;
    uint32_t blocks = 0;
    zkg_fr sum[2] = {zkg_fr_zero, zkg_fr_zero}, tail[2];
    acc8 acc[2];

    acc8_zero(&acc[0]);
    acc8_zero(&acc[1]);
    for (size_t g = 0; g < groups; g += DOT_GROUPS) {
        const size_t some = groups - g < DOT_GROUPS ? groups - g : DOT_GROUPS;

        dot_pairs_block(acc, w + 8 * g, v + 16 * g, some);
        if (++blocks == DOT_BLOCKS || g + some == groups) {
            dot_flush(&sum[0], &acc[0], &one);
            dot_flush(&sum[1], &acc[1], &one);
            blocks = 0;
        }
    }
    (void)zkg_backend_table_cpu.fr_dot_pairs(tail, w + 8 * groups,
                                             v + 16 * groups, n % 8);
    zkg_fr_add(&out[0], &sum[0], &tail[0]);
    zkg_fr_add(&out[1], &sum[1], &tail[1]);
    return ZKG_OK;
}

/* ---- polynomials ---- */

/* 32 Horner chains in x^32, whose values are the coefficients of a last
 * polynomial in x. */
zkg_status zkg_ifma_poly_eval(zkg_fr *out, const zkg_fr *c, size_t n,
                              const zkg_fr *x)
{
    zkg_fr power = *x, chain[32];
    size_t at = n & ~(size_t)31;
    v8 k, s[4];

    if (n < 64)
        return zkg_backend_table_cpu.poly_eval(out, c, n, x);
    for (int i = 0; i < 5; i++)
        zkg_fr_sqr(&power, &power);
    power = shifted(&power, 1);
    k = v8_of(&power);
    for (size_t i = 0; i < 32; i++)
        chain[i] = at + i < n ? c[at + i] : zkg_fr_zero;
    for (int h = 0; h < 4; h++)
        s[h] = v8_load(chain + 8 * h);
    while (at > 0) {
        at -= 32;
        /* s stays below 2.1 p, which the product takes */
        for (int h = 0; h < 4; h++)
            s[h] = v8_carry(v8_add_raw(v8_mul_raw(&s[h], &k),
                                       v8_load(c + at + (size_t)(8 * h))));
    }
    for (int h = 0; h < 4; h++)
        v8_store(chain + 8 * h, v8_canonical(s[h]));
    return zkg_backend_table_cpu.poly_eval(out, chain, 32, x);
}

zkg_status zkg_ifma_poly_divide_linear(zkg_fr *q, zkg_fr *rest, const zkg_fr *c,
                                       size_t n, const zkg_fr *x)
{
    return zkg_backend_table_cpu.poly_divide_linear(q, rest, c, n, x);
}
