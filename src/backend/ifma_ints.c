/* SPDX-License-Identifier: Apache-2.0
 * Small integers times field elements, eight at a time. */
#include "backend/for_type.h"
#include "backend/lanes.h"

/* c 2^(4 k): the constant that cancels k products' factors 2^-4. */
static zkg_fr shifted(const zkg_fr *c, uint32_t k)
{
    zkg_fr r = *c;

    for (uint32_t i = 0; i < 4 * k; i++)
        zkg_fr_double(&r, &r);
    return r;
}

V8_INLINE size_t int_bytes(zkg_dtype type)
{
    return type == ZKG_I8 || type == ZKG_U8     ? 1
           : type == ZKG_I16 || type == ZKG_U16 ? 2
           : type == ZKG_I32                    ? 4
                                                : 8;
}

/* u = v + bias, v of type, eight from values[i]; lanes beyond n read nothing.
 * A u of i64 has 64 bits, all others 32. */
V8_INLINE __m512i biased8(const void *values, zkg_dtype type, size_t i,
                          size_t n, uint64_t bias)
{
    const __mmask8 m =
        n - i >= 8 ? (__mmask8)0xff : (__mmask8)((1u << (n - i)) - 1);
    const uint8_t *at = (const uint8_t *)values + i * int_bytes(type);
    __m512i v;

    switch (type) {
    case ZKG_I8:
        v = _mm512_cvtepi8_epi64(_mm_maskz_loadu_epi8(m, at));
        break;
    case ZKG_U8:
        v = _mm512_cvtepu8_epi64(_mm_maskz_loadu_epi8(m, at));
        break;
    case ZKG_I16:
        v = _mm512_cvtepi16_epi64(_mm_maskz_loadu_epi16(m, at));
        break;
    case ZKG_U16:
        v = _mm512_cvtepu16_epi64(_mm_maskz_loadu_epi16(m, at));
        break;
    case ZKG_I32:
        v = _mm512_cvtepi32_epi64(_mm256_maskz_loadu_epi32(m, at));
        break;
    default:
        v = _mm512_maskz_loadu_epi64(m, at);
        break;
    }
    return _mm512_add_epi64(v, v8_set(bias));
}

V8_INLINE uint64_t bias_of(zkg_dtype type)
{
    return type == ZKG_I64                     ? UINT64_C(1) << 63
           : type == ZKG_U8 || type == ZKG_U16 ? 0
                                               : UINT64_C(1) << 31;
}

/* out[i] += c u_i, for n rounded up to eights; k = c 2^52, 2^104 for i64.
 * k u < 2^318 or 2^254+64, and as many Montgomery steps of 52 bits as k has
 * undo its power of two: below p + 1 afterwards. */
V8_INLINE void add_ints8(zkg_fr *out, const v8 *k, const void *values,
                         zkg_dtype type, size_t from, size_t n)
{
    const __m512i zero = _mm512_setzero_si512(), m = v8_mask();
    const __m512i inv = v8_set(zkg_fr_mod_.inv & ((UINT64_C(1) << 52) - 1));
    const int steps = type == ZKG_I64 ? 2 : 1;

    for (size_t i = 0; i < n; i += 8) {
        const __m512i u =
            biased8(values, type, from + i, from + n, bias_of(type));
        __m512i t[7] = {zero, zero, zero, zero, zero, zero, zero}, limb[2];
        v8 r;

        limb[0] = steps == 2 ? _mm512_and_si512(u, m) : u;
        limb[1] = _mm512_srli_epi64(u, 52);
        for (int s = 0; s < steps; s++) {
            for (int j = 0; j < 5; j++) {
                t[s + j] = lo52(t[s + j], k->l[j], limb[s]);
                t[s + j + 1] = hi52(t[s + j + 1], k->l[j], limb[s]);
            }
        }
        for (int s = 0; s < steps; s++) {
            const __m512i q = lo52(zero, _mm512_and_si512(t[s], m), inv);

            for (int j = 0; j < 5; j++) {
                t[s + j] = lo52(t[s + j], q, v8_p(j, 1));
                t[s + j + 1] = hi52(t[s + j + 1], q, v8_p(j, 1));
            }
            t[s + 1] = _mm512_add_epi64(t[s + 1], _mm512_srli_epi64(t[s], 52));
        }
        for (int j = 0; j < 5; j++)
            r.l[j] = t[steps + j];
        v8_store(out + i, v8_canonical(v8_add_raw(r, v8_load(out + i))));
    }
}

static void add_column8(zkg_fr *out, const zkg_column *c, const v8 *k,
                        size_t from, size_t n)
{
#define CALL(type) add_ints8(out, k, c->values, type, from, n)
    FOR_TYPE(c->type, CALL);
#undef CALL
}

/* ---- leaves ---- */

void zkg_leaves_init(zkg_leaves *l, const zkg_fr *base,
                     const zkg_column *columns, size_t count)
{
    l->start = *base;
    l->columns = columns;
    l->count = count;
    for (size_t c = 0; c < count; c++) {
        const zkg_column *x = &columns[c];
        zkg_fr v;

        if (x->step == 0 && x->type == ZKG_FR) {
            zkg_fr_mul(&v, &x->coeff, (const zkg_fr *)x->values);
            zkg_fr_add(&l->start, &l->start, &v);
        } else if (x->step == 0) {
            zkg_fr_mul_i64(&v, &x->coeff, int_at(x->values, x->type, 0));
            zkg_fr_add(&l->start, &l->start, &v);
        } else if (x->type != ZKG_FR) {
            /* coeff (u - bias): the bias goes into the start */
            zkg_fr_mul_i64(&v, &x->coeff, (int64_t)(bias_of(x->type) / 2));
            zkg_fr_double(&v, &v);
            zkg_fr_sub(&l->start, &l->start, &v);
            if (c < LEAVES_READY)
                l->ready[c] = shifted(&x->coeff, x->type == ZKG_I64 ? 26 : 13);
        }
    }
}

void zkg_leaves_make(zkg_fr *out, const zkg_leaves *l, size_t from, size_t n)
{
    for (size_t i = 0; i < ((n + 7) & ~(size_t)7); i++)
        out[i] = l->start;
    for (size_t c = 0; c < l->count; c++) {
        const zkg_column *x = &l->columns[c];
        zkg_fr factor;
        v8 k;

        if (x->step == 0)
            continue;
        if (x->type == ZKG_FR) {
            (void)zkg_ifma_fr_axpy(out, &x->coeff,
                                   (const zkg_fr *)x->values + from, n);
            continue;
        }
        factor = c < LEAVES_READY
                     ? l->ready[c]
                     : shifted(&x->coeff, x->type == ZKG_I64 ? 26 : 13);
        k = v8_of(&factor);
        add_column8(out, x, &k, from, n);
    }
}

/* ---- small integers ---- */

/* Shorter ones are not worth the two reductions at the end. */
#define DOT_FROM 64
/* Products of 52 by 32 bits in a limb before it is normalised. */
#define DOT_BLOCK 1024

/* What is reduced by 2^260 twice comes back by 2^520 = 2^264 R. */
static void power_520(zkg_fr *out)
{
    zkg_fr_from_u64(out, UINT64_C(1) << 33);
    zkg_fr_sqr(out, out);
    zkg_fr_sqr(out, out);
    zkg_fr_sqr(out, out);
}

/* acc += c times the elements that s's lanes stand for. */
static void add_lanes(zkg_fr_wide *acc, acc8 *s, const v8 *back,
                      const zkg_fr *c)
{
    zkg_fr lane[8], sum = zkg_fr_zero;
    v8 v;

    acc8_carry(s);
    v = acc8_reduce(*s);
    v8_store(lane, v8_canonical(v8_mul_raw(&v, back)));
    for (int k = 0; k < 8; k++)
        zkg_fr_add(&sum, &sum, &lane[k]);
    zkg_fr_mul(&sum, &sum, c);
    zkg_fr_wide_mac(acc, &sum, 1);
}

/* acc += sum w_i v_i = sum w_i u_i - bias sum w_i for n, a multiple of 8. */
V8_INLINE void dot8(zkg_fr_wide *acc, const zkg_fr *w, const void *values,
                    zkg_dtype type, size_t n)
{
    const uint64_t bias = bias_of(type);
    zkg_fr power, factor;
    acc8 s, all;
    v8 back;

    acc8_zero(&s);
    acc8_zero(&all);
    for (size_t i = 0; i < n; i += 8) {
        const v8 x = v8_load(w + i);
        const __m512i u = biased8(values, type, i, n, bias);

        for (int j = 0; j < 5; j++) {
            s.l[j] = lo52(s.l[j], x.l[j], u);
            s.l[j + 1] = hi52(s.l[j + 1], x.l[j], u);
            if (bias != 0)
                all.l[j] = _mm512_add_epi64(all.l[j], x.l[j]);
        }
        if (i / 8 % DOT_BLOCK == DOT_BLOCK - 1) {
            acc8_carry(&s);
            acc8_carry(&all);
        }
    }
    power_520(&power);
    back = v8_of(&power);
    add_lanes(acc, &s, &back, &zkg_fr_one);
    if (bias == 0)
        return;
    zkg_fr_from_u64(&factor, bias);
    zkg_fr_neg(&factor, &factor);
    add_lanes(acc, &all, &back, &factor);
}

zkg_status zkg_ifma_int_dot(zkg_fr_wide *acc, const zkg_fr *w,
                            const void *values, zkg_dtype type, size_t n)
{
    const size_t n8 = n & ~(size_t)7;

    if (type == ZKG_FR) {
        zkg_fr sum;

        (void)zkg_ifma_fr_dot(&sum, w, values, n);
        zkg_fr_wide_mac(acc, &sum, 1);
        return ZKG_OK;
    }
    if (n < DOT_FROM || type == ZKG_I64)
        return zkg_backend_table_cpu.int_dot(acc, w, values, type, n);
#define CALL(type) dot8(acc, w, values, type, n8)
    FOR_TYPE(type, CALL);
#undef CALL
    return zkg_backend_table_cpu.int_dot(
        acc, w + n8, (const uint8_t *)values + n8 * zkg_dtype_size(type), type,
        n - n8);
}

/* Rows at a time: their weights' limbs are laid out beforehand, and fewer rows
 * than this do not overflow a limb. */
#define FOLD_ROWS 512
/* Fewer are not worth the two reductions a column. */
#define FOLD_FROM 6

/* Columns i .. i+15 of rows 0 .. count-1: weights[r] are five limbs. */
V8_INLINE void fold16(zkg_fr_wide *acc, const uint64_t (*weights)[5],
                      const void *const *rows, size_t count, zkg_dtype type,
                      size_t i, size_t n, const v8 *back, const v8 *offset)
{
    const uint64_t bias = bias_of(type);
    const size_t second = i + 8 < n ? i + 8 : i;
    zkg_fr lane[16];
    acc8 s[2];

    acc8_zero(&s[0]);
    acc8_zero(&s[1]);
    for (size_t r = 0; r < count; r++) {
        const __m512i u = biased8(rows[r], type, i, n, bias);
        const __m512i v = biased8(rows[r], type, second, n, bias);

        for (int j = 0; j < 5; j++) {
            const __m512i w = v8_set(weights[r][j]);

            s[0].l[j] = lo52(s[0].l[j], w, u);
            s[0].l[j + 1] = hi52(s[0].l[j + 1], w, u);
            s[1].l[j] = lo52(s[1].l[j], w, v);
            s[1].l[j + 1] = hi52(s[1].l[j + 1], w, v);
        }
    }
    for (int h = 0; h < 2; h++) {
        v8 x;

        acc8_carry(&s[h]);
        x = acc8_reduce(s[h]);
        x = v8_add_raw(v8_mul_raw(&x, back), *offset);
        v8_store(lane + 8 * h, v8_canonical(x));
    }
    for (size_t k = 0; k < 16 && i + k < n; k++)
        zkg_fr_wide_mac(&acc[i + k], &lane[k], 1);
}

V8_INLINE void fold_rows(zkg_fr_wide *acc, const zkg_fr *w,
                         const void *const *rows, size_t count, zkg_dtype type,
                         size_t n)
{
    const uint64_t bias = bias_of(type), m = (UINT64_C(1) << 52) - 1;
    uint64_t weights[FOLD_ROWS][5];
    zkg_fr sum = zkg_fr_zero, power;
    v8 back, offset;

    for (size_t r = 0; r < count; r++) {
        const uint64_t *l = w[r].l;

        weights[r][0] = l[0] & m;
        weights[r][1] = (l[0] >> 52 | l[1] << 12) & m;
        weights[r][2] = (l[1] >> 40 | l[2] << 24) & m;
        weights[r][3] = (l[2] >> 28 | l[3] << 36) & m;
        weights[r][4] = l[3] >> 16;
        zkg_fr_add(&sum, &sum, &w[r]);
    }
    /* - bias sum w, in each column */
    zkg_fr_mul_i64(&sum, &sum, (int64_t)bias);
    zkg_fr_neg(&sum, &sum);
    offset = v8_of(&sum);
    power_520(&power);
    back = v8_of(&power);
    for (size_t i = 0; i < n; i += 16)
        fold16(acc, weights, rows, count, type, i, n, &back, &offset);
}

zkg_status zkg_ifma_int_fold(zkg_fr_wide *acc, const zkg_fr *w,
                             const void *const *rows, size_t count,
                             zkg_dtype type, size_t n)
{
    if (type == ZKG_FR || type == ZKG_I64 || n < 8)
        return zkg_backend_table_cpu.int_fold(acc, w, rows, count, type, n);
    while (count >= FOLD_FROM) {
        const size_t some = count < FOLD_ROWS ? count : FOLD_ROWS;

#define CALL(type) fold_rows(acc, w, rows, some, type, n)
        FOR_TYPE(type, CALL);
#undef CALL
        w += some;
        rows += some;
        count -= some;
    }
    return zkg_backend_table_cpu.int_fold(acc, w, rows, count, type, n);
}

/* A carry chain an element, which mulx does as fast. */
zkg_status zkg_ifma_int_axpy(zkg_fr_wide *acc, const zkg_fr *w,
                             const void *values, zkg_dtype type, size_t n)
{
    return zkg_backend_table_cpu.int_axpy(acc, w, values, type, n);
}

/* acc[0] .. acc[7] in limbs of 52 bits, the highest signed. */
V8_INLINE void load_wide8(acc8 *t, const zkg_fr_wide *acc)
{
    const __m512i m = v8_mask();
    const __m512i at = _mm512_setr_epi64(0, 6, 12, 18, 24, 30, 36, 42);
    __m512i w[6];

    for (int k = 0; k < 6; k++)
        w[k] = _mm512_i64gather_epi64(at, &acc[0].l[k], 8);
    acc8_zero(t);
    t->l[0] = _mm512_and_si512(w[0], m);
    t->l[1] = _mm512_and_si512(_mm512_shldi_epi64(w[1], w[0], 12), m);
    t->l[2] = _mm512_and_si512(_mm512_shldi_epi64(w[2], w[1], 24), m);
    t->l[3] = _mm512_and_si512(_mm512_shldi_epi64(w[3], w[2], 36), m);
    t->l[4] = _mm512_and_si512(_mm512_shldi_epi64(w[4], w[3], 48), m);
    t->l[5] = _mm512_and_si512(_mm512_srli_epi64(w[4], 4), m);
    t->l[6] = _mm512_and_si512(_mm512_shldi_epi64(w[5], w[4], 8), m);
    t->l[7] = _mm512_srai_epi64(w[5], 44);
}

zkg_status zkg_ifma_wide_reduce(zkg_fr *out, const zkg_fr_wide *acc, size_t n)
{
    zkg_fr power;
    size_t i = 0;
    v8 back;

    power_520(&power);
    back = v8_of(&power);
    for (; i + 8 <= n; i += 8) {
        acc8 t;
        v8 v;

        /* |sum| < 2^383: over 2^260 it is within p of [0, p] */
        load_wide8(&t, &acc[i]);
        v = acc8_reduce_raw(t);
        for (int k = 0; k < 5; k++)
            v.l[k] = _mm512_add_epi64(v.l[k], v8_p(k, 1));
        v = v8_carry(v);
        v8_store(out + i, v8_canonical(v8_mul_raw(&v, &back)));
    }
    return zkg_backend_table_cpu.wide_reduce(out + i, acc + i, n - i);
}
