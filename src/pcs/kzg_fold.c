/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folds of chunks: the only step of an opening that touches all data.
 *
 * Integers of up to 16 bits, v + o >= 0, are multiplied with the eight 32-bit
 * digits of a weight, a strip of columns at a time:
 *
 *     acc[d][i] += (v[i] + o) * digit_d,
 *
 * which is below 2^48 a term and is the loop that compilers turn into vector
 * code.  The o's share, o times the weights of the chunks that have cell i, is
 * taken off at the end.
 */
#include "pcs/kzg_walk.h"

#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "poly/eq.h"

/* Columns of a strip: its sums fit the first-level cache. */
#define STRIP 512
#define DIGITS 8

/* Fewer than 2^16 terms below 2^48 fit 64 bits. */
#define MOST_CHUNKS 32768

/* Below this the digits' reduction costs more than it saves. */
#define FEW_CHUNKS 8

/* A weight and its digits in base 2^32. */
typedef struct weight {
    zkg_fr value;
    uint32_t digit[DIGITS];
} weight;

typedef struct strip {
    uint64_t acc[DIGITS][STRIP];
    uint32_t x[STRIP];      /* the run at hand, v + o */
    zkg_fr edge[STRIP + 1]; /* weights that begin, less those that ended */
} strip;

/* scale * eq(z_hi, c) */
static void chunk_weight(zkg_fr *out, uint32_t n, uint32_t k,
                         const zkg_fr *point, uint64_t chunk,
                         const zkg_fr *scale)
{
    *out = *scale;
    if (n <= k)
        return;
    zkg_eq_at(out, point + k, n - k, chunk);
    zkg_fr_mul(out, out, scale);
}

/* ---- any type, any number of chunks ---- */

static zkg_status fold_wide(zkg_fr_wide *acc, const zkg_backend *backend,
                            const zkg_array *a, uint32_t k, const zkg_fr *point,
                            uint64_t first, uint64_t end, const zkg_fr *scale)
{
    const uint32_t n = zkg_array_vars(a);
    zkg_kzg_layout l;

    zkg_kzg_layout_init(&l, a);
    for (uint64_t c = first; c < end; c++) {
        zkg_kzg_walk w;
        zkg_kzg_run r;
        zkg_fr value;

        chunk_weight(&value, n, k, point, c, scale);
        zkg_kzg_walk_init(&w, &l, c << k, (uint64_t)1 << k);
        while (zkg_kzg_walk_next(&r, &w))
            ZKG_TRY(backend->int_axpy(acc + r.at, &value,
                                      zkg_kzg_cell(a, r.flat), a->type, r.len));
    }
    return ZKG_OK;
}

static zkg_status fold_any(zkg_fr *out, size_t len, const zkg_backend *backend,
                           const zkg_array *a, uint32_t k, const zkg_fr *point,
                           uint64_t first, uint64_t end, const zkg_fr *scale)
{
    zkg_fr_wide *acc = zkg_alloc_aligned(len, sizeof(*acc));
    zkg_fr *sum = zkg_alloc_aligned(len, sizeof(*sum));
    zkg_status s = acc != NULL && sum != NULL ? ZKG_OK : ZKG_ERR_NOMEM;

    if (s == ZKG_OK)
        s = fold_wide(acc, backend, a, k, point, first, end, scale);
    if (s == ZKG_OK)
        s = backend->wide_reduce(sum, acc, len);
    if (s == ZKG_OK)
        for (size_t i = 0; i < len; i++)
            zkg_fr_add(&out[i], &out[i], &sum[i]);
    zkg_free(sum);
    zkg_free(acc);
    return s;
}

/* ---- small integers, many chunks ---- */

static bool is_small(zkg_dtype type)
{
    return type == ZKG_I8 || type == ZKG_U8 || type == ZKG_I16 ||
           type == ZKG_U16;
}

/* o */
static uint32_t offset_of(zkg_dtype type)
{
    return type == ZKG_I8 ? 1u << 7 : type == ZKG_I16 ? 1u << 15 : 0;
}

/* x[i] = v[i] + o */
static void load_run(uint32_t *x, const void *cells, zkg_dtype type, size_t n)
{
    const int8_t *i8 = cells;
    const uint8_t *u8 = cells;
    const int16_t *i16 = cells;
    const uint16_t *u16 = cells;

    if (type == ZKG_I8)
        for (size_t i = 0; i < n; i++)
            x[i] = (uint32_t)(i8[i] + (1 << 7));
    else if (type == ZKG_U8)
        for (size_t i = 0; i < n; i++)
            x[i] = u8[i];
    else if (type == ZKG_I16)
        for (size_t i = 0; i < n; i++)
            x[i] = (uint32_t)(i16[i] + (1 << 15));
    else
        for (size_t i = 0; i < n; i++)
            x[i] = u16[i];
}

static void add_products(uint64_t *restrict acc, const uint32_t *restrict x,
                         uint32_t digit, size_t n)
{
    for (size_t i = 0; i < n; i++)
        acc[i] += (uint64_t)x[i] * digit;
}

static void add_run(strip *s, const weight *w, const zkg_kzg_run *r,
                    const zkg_array *a)
{
    load_run(s->x, zkg_kzg_cell(a, r->flat), a->type, r->len);
    for (int d = 0; d < DIGITS; d++)
        add_products(s->acc[d] + r->at, s->x, w->digit[d], r->len);
    zkg_fr_add(&s->edge[r->at], &s->edge[r->at], &w->value);
    zkg_fr_sub(&s->edge[r->at + r->len], &s->edge[r->at + r->len], &w->value);
}

/* sum_d acc[d][i] 2^(32 d) mod p */
static void reduce(zkg_fr *out, const strip *s, size_t i)
{
    uint8_t wide[64] = {0};
    uint64_t carry = 0;

    for (int d = 0; d < DIGITS; d++) {
        const uint64_t low = (s->acc[d][i] & UINT32_MAX) + (carry & UINT32_MAX);

        zkg_store_u32le(wide + 4 * d, (uint32_t)low);
        carry = (s->acc[d][i] >> 32) + (carry >> 32) + (low >> 32);
    }
    zkg_store_u64le(wide + 4 * DIGITS, carry);
    zkg_fr_from_wide_bytes(out, wide);
}

static void finish_strip(zkg_fr *out, size_t len, const strip *s, uint32_t o)
{
    zkg_fr present = zkg_fr_zero;

    for (size_t i = 0; i < len; i++) {
        zkg_fr v, excess;

        reduce(&v, s, i);
        zkg_fr_add(&present, &present, &s->edge[i]);
        zkg_fr_mul_i64(&excess, &present, o);
        zkg_fr_sub(&v, &v, &excess);
        zkg_fr_add(&out[i], &out[i], &v);
    }
}

static zkg_status fold_small(zkg_fr *out, const zkg_array *a, uint32_t k,
                             const zkg_fr *point, uint64_t first, uint64_t end,
                             const zkg_fr *scale)
{
    const uint32_t n = zkg_array_vars(a);
    const uint64_t len = (uint64_t)1 << k;
    weight *weights = zkg_alloc(end - first, sizeof(*weights));
    strip *s = zkg_alloc_aligned(1, sizeof(*s));
    zkg_kzg_layout l;

    if (weights == NULL || s == NULL) {
        zkg_free(weights);
        zkg_free(s);
        return ZKG_ERR_NOMEM;
    }
    for (uint64_t c = first; c < end; c++) {
        weight *w = &weights[c - first];
        uint8_t bytes[32];

        chunk_weight(&w->value, n, k, point, c, scale);
        zkg_fr_to_bytes(bytes, &w->value);
        for (int d = 0; d < DIGITS; d++)
            w->digit[d] = zkg_load_u32le(bytes + 4 * d);
    }
    zkg_kzg_layout_init(&l, a);
    for (uint64_t at = 0; at < len; at += STRIP) {
        const uint64_t columns = len - at < STRIP ? len - at : STRIP;

        memset(s, 0, sizeof(*s));
        for (uint64_t c = first; c < end; c++) {
            zkg_kzg_walk w;
            zkg_kzg_run r;

            zkg_kzg_walk_init(&w, &l, (c << k) + at, columns);
            while (zkg_kzg_walk_next(&r, &w))
                add_run(s, &weights[c - first], &r, a);
        }
        finish_strip(out + at, columns, s, offset_of(a->type));
    }
    zkg_free(weights);
    zkg_free(s);
    return ZKG_OK;
}

/* ---- */

zkg_status zkg_kzg_fold_add(zkg_fr *out, const zkg_backend *backend,
                            const zkg_array *a, uint32_t k, const zkg_fr *point,
                            uint64_t first, uint64_t end, const zkg_fr *scale)
{
    const uint32_t n = zkg_array_vars(a);

    if (!is_small(a->type) || end - first < FEW_CHUNKS)
        return fold_any(out, (size_t)1 << (n < k ? n : k), backend, a, k, point,
                        first, end, scale);
    while (first < end) {
        const uint64_t stop =
            end - first < MOST_CHUNKS ? end : first + MOST_CHUNKS;

        ZKG_TRY(fold_small(out, a, k, point, first, stop, scale));
        first = stop;
    }
    return ZKG_OK;
}

zkg_status zkg_kzg_fold(zkg_fr *out, const zkg_backend *backend,
                        const zkg_array *a, uint32_t k, const zkg_fr *point)
{
    const uint32_t n = zkg_array_vars(a);

    memset(out, 0, sizeof(*out) << (n < k ? n : k));
    return zkg_kzg_fold_add(out, backend, a, k, point, 0, zkg_kzg_chunks(n, k),
                            &zkg_fr_one);
}
