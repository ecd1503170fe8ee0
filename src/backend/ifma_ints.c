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

/* u = v + bias, v of type, eight from values[i]; lanes beyond n read nothing.
 * A u of i64 has 64 bits, all others 32. */
V8_INLINE __m512i biased8(const void *values, zkg_dtype type, size_t i,
                          size_t n, uint64_t bias)
{
    const __mmask8 m = (__mmask8)(n - i >= 8 ? 0xff : (1u << (n - i)) - 1);
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

/* Integers below 2^32 that a biased one is made of: the halves of an i64. */
V8_INLINE uint32_t int_parts(zkg_dtype type)
{
    return type == ZKG_I64 ? 2 : 1;
}

/* u = sum_k 2^(32 k) part k, k < int_parts(type) */
V8_INLINE __m512i int_part(__m512i u, zkg_dtype type, uint32_t k)
{
    if (int_parts(type) == 1)
        return u;
    return k == 1 ? _mm512_srli_epi64(u, 32)
                  : _mm512_and_si512(u, v8_set(UINT32_MAX));
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

/* s += x part, the part below 2^32 */
V8_INLINE void mac_part(acc8 *s, const v8 *x, __m512i part)
{
    for (int j = 0; j < 5; j++) {
        s->l[j] = lo52(s->l[j], x->l[j], part);
        s->l[j + 1] = hi52(s->l[j + 1], x->l[j], part);
    }
}

/* acc += sum w_i v_i = sum w_i u_i - bias sum w_i for n, a multiple of 8. */
V8_INLINE void dot8(zkg_fr_wide *acc, const zkg_fr *w, const void *values,
                    zkg_dtype type, size_t n)
{
    const uint64_t bias = bias_of(type);
    zkg_fr power, factor = zkg_fr_one;
    acc8 s[2], all;
    v8 back;

    for (uint32_t k = 0; k < int_parts(type); k++)
        acc8_zero(&s[k]);
    acc8_zero(&all);
    for (size_t i = 0; i < n; i += 8) {
        const v8 x = v8_load(w + i);
        const __m512i u = biased8(values, type, i, n, bias);

        for (uint32_t k = 0; k < int_parts(type); k++)
            mac_part(&s[k], &x, int_part(u, type, k));
        for (int j = 0; j < 5 && bias != 0; j++)
            all.l[j] = _mm512_add_epi64(all.l[j], x.l[j]);
        if (i / 8 % DOT_BLOCK == DOT_BLOCK - 1) {
            for (uint32_t k = 0; k < int_parts(type); k++)
                acc8_carry(&s[k]);
            acc8_carry(&all);
        }
    }
    power_520(&power);
    back = v8_of(&power);
    for (uint32_t k = 0; k < int_parts(type); k++) {
        add_lanes(acc, &s[k], &back, &factor);
        zkg_fr_mul_i64(&factor, &factor, INT64_C(1) << 32);
    }
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
    if (n < DOT_FROM)
        return zkg_backend_table_cpu.int_dot(acc, w, values, type, n);
#define CALL(type) dot8(acc, w, values, type, n8)
    FOR_TYPE(type, CALL);
#undef CALL
    return zkg_backend_table_cpu.int_dot(
        acc, w + n8, (const uint8_t *)values + n8 * zkg_dtype_size(type), type,
        n - n8);
}

/* ---- folds ---- */

/*
 * A weight, times 2^52, in limbs so narrow that a limb times a biased integer
 * is below 2^52: six of 44 bits for one byte, eight of 36 for two, one
 * multiply-add each.  For four bytes five of 52, two multiply-adds each.  Eight
 * bytes are two rows of four, whose weights are w and 2^32 w.  A column's sums
 * are those of its integers times each limb: nothing is carried and nothing
 * reduced before the last row, and then one Montgomery step takes the 2^52
 * away.
 */
#define FOLD_LIMBS 8
/* Parts of rows whose limbs are laid out at a time; sums stay below 2^63, and
 * what they stand for below 2^296. */
#define FOLD_ROWS 512
/* A sum takes two halves of products below 2^52 a row at most. */
_Static_assert(FOLD_ROWS <= UINT64_C(1) << (63 - 52 - 1),
               "the sums of a column's limbs would wrap");
/* A weight is below p < 2^254, a part of a biased integer below 2^32. */
_Static_assert(FOLD_ROWS <= UINT64_C(1) << (296 - 254 - 32),
               "fold_end() would not reduce a column's sum");
_Static_assert(FOLD_ROWS % 8 == 0, "limbs are laid out eight rows at a time");
/* Rows of one pass over the columns: as many streams as are prefetched. */
#define FOLD_PASS 32
/* Bytes that are fetched at a time. */
#define LINE 64
/* Columns whose sums are kept between passes. */
#define FOLD_STRIP 1024
/* Fewer products are not worth laying the weights out. */
#define FOLD_FROM 32

typedef struct fold_weights {
    uint64_t limb[FOLD_ROWS][FOLD_LIMBS];
    v8 offset; /* takes off what the integers' bias adds */
} fold_weights;

V8_INLINE uint32_t fold_bits(zkg_dtype type)
{
    return int_bytes(type) == 1 ? 44 : int_bytes(type) == 2 ? 36 : 52;
}

V8_INLINE uint32_t fold_limbs(zkg_dtype type)
{
    return int_bytes(type) == 1 ? 6 : int_bytes(type) == 2 ? 8 : 5;
}

V8_INLINE uint32_t fold_sums(zkg_dtype type)
{
    return int_bytes(type) >= 4 ? 6 : fold_limbs(type);
}

/* Groups of eight columns whose sums fit the registers. */
V8_INLINE size_t fold_groups(zkg_dtype type)
{
    return int_bytes(type) == 2 || int_bytes(type) == 8 ? 2 : 4;
}

V8_INLINE uint64_t fold_bias(zkg_dtype type)
{
    return bias_of(type) == 0 ? 0 : UINT64_C(1) << (8 * int_bytes(type) - 1);
}

/* The limbs of w 2^52, w at most eight, of one part each. */
static void fold_limbs8(uint64_t (*limb)[FOLD_LIMBS], const zkg_fr *w,
                        size_t count, const v8 *by, zkg_dtype type)
{
    const uint32_t bits = fold_bits(type);
    const __m512i m = v8_set((UINT64_C(1) << bits) - 1);
    const __mmask8 rows = (__mmask8)((1u << count) - 1);
    const __m512i row =
        _mm512_mullo_epi64(_mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7),
                           v8_set(FOLD_LIMBS * int_parts(type)));
    __m512i words[5];
    zkg_fr lane[8] = {{{0}}};
    v8 x;

    memcpy(lane, w, count * sizeof(*w));
    x = v8_load(lane);
    v8_pack(words, v8_canonical(v8_mul_raw(&x, by)));
    words[4] = _mm512_setzero_si512();
    for (uint32_t j = 0; j < fold_limbs(type); j++) {
        const uint32_t k = j * bits / 64, at = j * bits % 64;
        const __m512i low = _mm512_srlv_epi64(words[k], v8_set(at));
        const __m512i high = _mm512_sllv_epi64(words[k + 1], v8_set(64 - at));

        _mm512_mask_i64scatter_epi64(
            &limb[0][j], rows, row,
            _mm512_and_si512(_mm512_or_si512(low, high), m), 8);
    }
}

static void fold_weights_init(fold_weights *f, const zkg_fr *w, size_t count,
                              zkg_dtype type)
{
    const uint64_t bias = fold_bias(type);
    zkg_fr sum = zkg_fr_zero, scale;

    /* 2^56 as an element is the number 2^312, and a product divides by 2^260 */
    zkg_fr_from_u64(&scale, UINT64_C(1) << 56);
    for (uint32_t k = 0; k < int_parts(type); k++) {
        const v8 by = v8_of(&scale);

        for (size_t r = 0; r < count; r += 8)
            fold_limbs8(&f->limb[r * int_parts(type) + k], w + r,
                        count - r < 8 ? count - r : 8, &by, type);
        zkg_fr_mul_i64(&scale, &scale, INT64_C(1) << 32);
    }
    for (size_t r = 0; r < count && bias != 0; r++)
        zkg_fr_add(&sum, &sum, &w[r]);
    zkg_fr_mul_i64(&sum, &sum, (int64_t)(bias / 2));
    zkg_fr_double(&sum, &sum);
    zkg_fr_mul_i64(&sum, &sum, INT64_C(1) << 52);
    zkg_fr_neg(&sum, &sum);
    f->offset = v8_of(&sum);
}

/* s += part k of u times its weight. */
V8_INLINE void fold_part(__m512i (*s)[FOLD_LIMBS], const uint64_t *limb,
                         const __m512i *u, zkg_dtype type, uint32_t k,
                         size_t groups)
{
    for (uint32_t j = 0; j < fold_limbs(type); j++) {
        const __m512i w = v8_set(limb[j]);

        for (size_t g = 0; g < groups; g++) {
            const __m512i x = int_part(u[g], type, k);

            s[g][j] = lo52(s[g][j], w, x);
            if (fold_sums(type) > fold_limbs(type))
                s[g][j + 1] = hi52(s[g][j + 1], w, x);
        }
    }
}

/* sum += rows times weights, of `groups` groups of columns from `at` on, n in
 * all; fresh: sum =.  Of the `ahead` rows behind them, not more, a line each is
 * fetched: at once they would be more than can be on their way. */
V8_INLINE void fold_pass(__m512i (*sum)[FOLD_LIMBS],
                         const uint64_t (*limb)[FOLD_LIMBS],
                         const void *const *rows, size_t count, size_t ahead,
                         zkg_dtype type, size_t at, size_t n, size_t groups,
                         bool fresh)
{
    const uint64_t bias = fold_bias(type);
    __m512i s[4][FOLD_LIMBS], u[4];

    for (size_t g = 0; g < groups; g++)
        for (uint32_t j = 0; j < fold_sums(type); j++)
            s[g][j] = fresh ? _mm512_setzero_si512() : sum[g][j];
    for (size_t r = 0; r < count; r++) {
        if (r < ahead)
            _mm_prefetch((const char *)rows[count + r] + at * int_bytes(type),
                         _MM_HINT_T0);
        for (size_t g = 0; g < groups; g++)
            u[g] = biased8(rows[r], type, at + 8 * g, n, bias);
        for (uint32_t k = 0; k < int_parts(type); k++)
            fold_part(s, limb[r * int_parts(type) + k], u, type, k, groups);
    }
    for (size_t g = 0; g < groups; g++)
        for (uint32_t j = 0; j < fold_sums(type); j++)
            sum[g][j] = s[g][j];
}

/* The sums of a group's limbs in limbs of 52 bits, the highest unfinished. */
V8_INLINE void fold_carry(__m512i limb[7], const __m512i *sum, zkg_dtype type)
{
    const uint32_t bits = fold_bits(type), last = fold_sums(type) - 1;
    const __m512i m = v8_set((UINT64_C(1) << bits) - 1);
    __m512i t = _mm512_setzero_si512();

    for (int k = 0; k < 7; k++)
        limb[k] = _mm512_setzero_si512();
    for (uint32_t j = 0; j <= last; j++) {
        const uint32_t to = j * bits / 52, at = j * bits % 52;
        __m512i x;

        t = _mm512_add_epi64(t, sum[j]);
        x = j < last ? _mm512_and_si512(t, m) : t;
        t = _mm512_srli_epi64(t, bits);
        limb[to] = _mm512_add_epi64(
            limb[to], _mm512_and_si512(_mm512_slli_epi64(x, at), v8_mask()));
        limb[to + 1] =
            _mm512_add_epi64(limb[to + 1], _mm512_srli_epi64(x, 52 - at));
    }
}

/* out[0..7] += a group's columns: below 2^296 + p over 2^52, and p. */
V8_INLINE void fold_end(zkg_fr *out, const __m512i *sum, const v8 *offset,
                        zkg_dtype type)
{
    __m512i t[7];

    fold_carry(t, sum, type);
    for (int j = 0; j < 5; j++)
        t[j] = _mm512_add_epi64(t[j], offset->l[j]);
    v8_store(out, v8_canonical(mulc8_reduce(t, v8_load(out))));
}

/* The same of n < 8 columns. */
V8_INLINE void fold_end_few(zkg_fr *out, const __m512i *sum, const v8 *offset,
                            zkg_dtype type, size_t n)
{
    zkg_fr lane[8] = {{{0}}};

    memcpy(lane, out, n * sizeof(*out));
    fold_end(lane, sum, offset, type);
    memcpy(out, lane, n * sizeof(*out));
}

/* Columns of one strip; values[r]: row r from it on. */
V8_INLINE void fold_strip(zkg_fr *out, const fold_weights *f,
                          const void *const *rows, size_t count, zkg_dtype type,
                          size_t from, size_t n)
{
    const size_t wide = fold_groups(type), step = 8 * wide * int_bytes(type);
    __m512i sum[FOLD_STRIP / 8][FOLD_LIMBS];

    for (size_t r = 0; r < count; r += FOLD_PASS) {
        const size_t some = count - r < FOLD_PASS ? count - r : FOLD_PASS;
        const size_t left = count - r - some;
        const size_t ahead = left < FOLD_PASS ? left : FOLD_PASS;
        size_t i = from;

        for (; i + 8 * wide <= n; i += 8 * wide)
            fold_pass(&sum[(i - from) / 8], &f->limb[r * int_parts(type)],
                      rows + r, some,
                      i * int_bytes(type) % LINE < step ? ahead : 0, type, i,
                      i + 8 * wide, wide, r == 0);
        for (; i < n; i += 8)
            fold_pass(&sum[(i - from) / 8], &f->limb[r * int_parts(type)],
                      rows + r, some, 0, type, i, n, 1, r == 0);
    }
    for (size_t i = from; i + 8 <= n; i += 8)
        fold_end(&out[i], sum[(i - from) / 8], &f->offset, type);
    if ((n - from) % 8 != 0)
        fold_end_few(&out[n - (n - from) % 8], sum[(n - from) / 8], &f->offset,
                     type, (n - from) % 8);
}

V8_INLINE void fold_rows(zkg_fr *out, const zkg_fr *w, const void *const *rows,
                         size_t count, zkg_dtype type, size_t n)
{
    fold_weights f;

    fold_weights_init(&f, w, count, type);
    for (size_t at = 0; at < n; at += FOLD_STRIP)
        fold_strip(out, &f, rows, count, type, at,
                   n - at < FOLD_STRIP ? n : at + FOLD_STRIP);
}

zkg_status zkg_ifma_int_fold(zkg_fr *out, const zkg_fr *w,
                             const void *const *rows, size_t count,
                             zkg_dtype type, size_t n)
{
    const size_t most = FOLD_ROWS / int_parts(type);

    if (type != ZKG_FR && count * n < FOLD_FROM)
        return zkg_backend_table_cpu.int_fold(out, w, rows, count, type, n);
    if (type == ZKG_FR)
        zkg_ifma_fold_elements(out, w, (const zkg_fr *const *)rows, count, n);
    if (int_bytes(type) == 1 && count >= BYTE_ROWS_FROM &&
        n >= BYTE_COLUMNS_FROM) {
        zkg_ifma_fold_bytes(out, w, rows, count, type == ZKG_I8, n);
        return ZKG_OK;
    }
    for (size_t r = 0; type != ZKG_FR && r < count; r += most) {
        const size_t some = count - r < most ? count - r : most;

#define CALL(type) fold_rows(out, w + r, rows + r, some, type, n)
        FOR_TYPE(type, CALL);
#undef CALL
    }
    return ZKG_OK;
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
