/* SPDX-License-Identifier: Apache-2.0
 * The cpu backend where there is AVX-512 IFMA: slots over long tables take
 * eight elements at a time, all else is the text of ops_tmpl.c with mulx. */
#include "backend/host.h"

#define BACKEND_NO_TABLE
#include "backend/ops_tmpl.c"

#include "backend/ifma.h"

/* c 2^(4 k): the constant that cancels k products' factors 2^-4. */
static zkg_fr shifted(const zkg_fr *c, uint32_t k)
{
    zkg_fr r = *c;

    for (uint32_t i = 0; i < 4 * k; i++)
        zkg_fr_double(&r, &r);
    return r;
}

/* ---- folds ---- */

/* x + r (y - x) for eight; r16 = 16 r */
V8_INLINE v8 fold8(v8 x, v8 y, const v8 *r16)
{
    const v8 d = v8_sub(y, x);

    return v8_canonical(v8_add_raw(v8_mul_raw(&d, r16), x));
}

static zkg_status ifma_poly_fold(zkg_fr *out, const zkg_fr *p, const zkg_fr *u,
                                 size_t n)
{
    const zkg_fr u16 = shifted(u, 1);
    const v8 r = v8_of(&u16);
    size_t i = 0;

    for (; i + 8 <= n; i += 8) {
        v8 even, odd;

        v8_load_pairs(&even, &odd, p + 2 * i);
        v8_store(out + i, fold8(even, odd, &r));
    }
    return op_poly_fold(out + i, p + 2 * i, u, n - i);
}

static zkg_status ifma_table_fold(zkg_table *t, const zkg_fr *r)
{
    t->vars--;
    return ifma_poly_fold(entries(t), entries(t), r, table_len(t));
}

static zkg_status ifma_fr_axpy(zkg_fr *out, const zkg_fr *c, const zkg_fr *v,
                               size_t n)
{
    const zkg_fr c16 = shifted(c, 1);
    const v8 k = v8_of(&c16);
    size_t i = 0;

    for (; i + 8 <= n; i += 8) {
        const v8 x = v8_load(v + i), y = v8_load(out + i);

        v8_store(out + i, v8_canonical(v8_add_raw(v8_mul_raw(&x, &k), y)));
    }
    return op_fr_axpy(out + i, c, v + i, n - i);
}

static zkg_status ifma_table_axpy(zkg_table *t, const zkg_fr *c,
                                  const zkg_table *x)
{
    return ifma_fr_axpy(entries(t), c, entries(x), table_len(t));
}

static zkg_status ifma_table_affine(zkg_table *t, const zkg_fr *c,
                                    const zkg_fr *d)
{
    const zkg_fr c16 = shifted(c, 1);
    const v8 k = v8_of(&c16), add = v8_of(d);
    zkg_fr *e = entries(t);

    if (t->vars < 3)
        return op_table_affine(t, c, d);
    for (size_t i = 0; i < table_len(t); i += 8) {
        const v8 x = v8_load(e + i);

        v8_store(e + i, v8_canonical(v8_add_raw(v8_mul_raw(&x, &k), add)));
    }
    return ZKG_OK;
}

static zkg_status ifma_eq_expand(zkg_fr *out, const zkg_fr *u, uint32_t n,
                                 const zkg_fr *scale)
{
    const uint32_t low = n < 3 ? n : 3;

    (void)op_eq_expand(out, u, low, scale);
    for (uint32_t t = low; t < n; t++) {
        const size_t half = (size_t)1 << t;
        const zkg_fr u16 = shifted(&u[t], 1);
        const v8 k = v8_of(&u16);

        for (size_t i = 0; i < half; i += 8) {
            const v8 x = v8_load(out + i);
            const v8 upper = v8_canonical(v8_mul_raw(&x, &k));

            v8_store(out + half + i, upper);
            v8_store(out + i, v8_canonical(v8_sub(x, upper)));
        }
    }
    return ZKG_OK;
}

static zkg_status ifma_table_eq(zkg_table *t, const zkg_fr *u,
                                const zkg_fr *scale)
{
    return ifma_eq_expand(entries(t), u, t->vars, scale);
}

/* ---- sums ---- */

/* A sum over many products: what acc holds, and what was added up before. */
typedef struct long_sum {
    acc8 acc;
    uint32_t held;   /* products since acc was normalised */
    uint32_t blocks; /* times it was */
    zkg_fr sum;      /* without the factor of the products */
} long_sum;

V8_INLINE void long_zero(long_sum *s)
{
    acc8_zero(&s->acc);
    s->held = 0;
    s->blocks = 0;
    s->sum = zkg_fr_zero;
}

/* Add the eight lanes of acc, over 2^260, to sum.  acc < 2^520, so that the
 * first reduction is below 2^260 + p, which the second brings below 2p. */
static void long_flush(long_sum *s, const v8 *one)
{
    zkg_fr lane[8];
    v8 v = acc8_reduce(s->acc);

    v = v8_canonical(v8_mul_raw(&v, one));
    v8_store(lane, v);
    for (int i = 0; i < 8; i++)
        zkg_fr_add(&s->sum, &s->sum, &lane[i]);
    acc8_zero(&s->acc);
    s->held = 0;
    s->blocks = 0;
}

/* Blocks of ACC8_PRODUCTS products, each below 4 p^2 < 2^509.3, that stay
 * below 2^520 together. */
#define LONG_BLOCKS 8

/* Make room for n more products. */
V8_INLINE void long_room(long_sum *s, uint32_t n, const v8 *one)
{
    if (__builtin_expect(s->held + n > ACC8_PRODUCTS, 0)) {
        if (++s->blocks == LONG_BLOCKS) {
            long_flush(s, one);
        } else {
            acc8_carry(&s->acc);
            s->held = 0;
        }
    }
    s->held += n;
}

static zkg_status ifma_fr_dot(zkg_fr *out, const zkg_fr *a, const zkg_fr *b,
                              size_t n)
{
    /* A product leaves 2^-4, and so does the flush; 2^260 as an operand would
     * cancel the latter, 2^264 cancels both. */
    const zkg_fr scale = shifted(&zkg_fr_one, 2);
    const v8 one = v8_of(&scale);
    zkg_fr tail;
    long_sum s;
    size_t i = 0;

    long_zero(&s);
    for (; i + 8 <= n; i += 8) {
        const v8 x = v8_load(a + i), y = v8_load(b + i);

        long_room(&s, 1, &one);
        acc8_mac(&s.acc, &x, &y);
    }
    long_flush(&s, &one);
    (void)op_fr_dot(&tail, a + i, b + i, n - i);
    zkg_fr_add(out, &s.sum, &tail);
    return ZKG_OK;
}

/* Ends of eight pairs in each table. */
typedef struct ends8 {
    v8 lo[4], hi[4];
} ends8;

/* Read pairs i .. i+7 of a table; with r16, fold them first, in place. */
V8_INLINE void read8(v8 *lo, v8 *hi, zkg_fr *t, size_t i, const v8 *r16)
{
    if (r16 == NULL) {
        v8_load_pairs(lo, hi, t + 2 * i);
    } else {
        v8 even, odd, a, b;

        v8_load_pairs(&even, &odd, t + 4 * i);
        a = fold8(even, odd, r16);
        v8_load_pairs(&even, &odd, t + 4 * i + 16);
        b = fold8(even, odd, r16);
        v8_store(t + 2 * i, a);
        v8_store(t + 2 * i + 8, b);
        v8_deinterleave(lo, hi, &a, &b);
    }
}

/* at1 and c2 of eight pairs, as sums of products. */
V8_INLINE void terms8(acc8 *at1, acc8 *c2, const ends8 *e, uint32_t tables)
{
    v8 d[4];

    for (uint32_t k = 0; k < tables; k++)
        d[k] = v8_sub(e->hi[k], e->lo[k]);
    if (tables == 2) {
        acc8_mac(at1, &e->hi[0], &e->hi[1]);
        acc8_mac(c2, &d[0], &d[1]);
    } else {
        acc8_mac(at1, &e->hi[0], &e->hi[3]);
        acc8_mac(at1, &e->hi[1], &e->hi[2]);
        acc8_mac(c2, &d[0], &d[3]);
        acc8_mac(c2, &d[1], &d[2]);
    }
}

/* at1, c2 and c3 of eight pairs of three tables, two products each at most.
 * The first two tables' product is at0 + c1 X + c X^2. */
V8_INLINE void terms8_three(acc8 *at1, acc8 *c2, acc8 *c3, const ends8 *e)
{
    const v8 da = v8_sub(e->hi[0], e->lo[0]), db = v8_sub(e->hi[1], e->lo[1]);
    const v8 di = v8_sub(e->hi[2], e->lo[2]);
    const v8 x0 = v8_carry(v8_mul_raw(&e->lo[0], &e->lo[1]));
    const v8 x1 = v8_carry(v8_mul_raw(&e->hi[0], &e->hi[1]));
    const v8 c = v8_carry(v8_mul_raw(&da, &db));
    v8 c1;

    /* each is below 1.1 p: c1 + 3 p is positive */
    for (int k = 0; k < 5; k++) {
        c1.l[k] = _mm512_sub_epi64(x1.l[k], x0.l[k]);
        c1.l[k] = _mm512_sub_epi64(c1.l[k], c.l[k]);
        c1.l[k] = _mm512_add_epi64(c1.l[k], v8_p(k, 3));
    }
    c1 = v8_carry(c1);
    acc8_mac(at1, &x1, &e->hi[2]);
    acc8_mac(c2, &c, &e->lo[2]);
    acc8_mac(c2, &c1, &di);
    acc8_mac(c3, &c, &di);
}

/* Tables of a part; the third of three repeats. */
typedef struct part8 {
    uint32_t tables;
    zkg_fr *t[4];
    size_t mask3;
} part8;

/* Sums over pairs: at1, c2, c3. */
typedef struct sums3 {
    long_sum at1, c2, c3;
} sums3;

/* *to += the reduced s, times w */
V8_INLINE void add_weighted8(long_sum *to, const acc8 *s, const v8 *w,
                             const v8 *one)
{
    const v8 x = acc8_reduce(*s);

    long_room(to, 1, one);
    acc8_mac(&to->acc, &x, w);
}

/* Pairs from .. to-1, multiples of 8, into the sums.  lo: their weights, or
 * NULL for 1. */
V8_INLINE void run8(sums3 *s, const part8 *p, uint32_t tables, size_t from,
                    size_t to, const v8 *r16, const zkg_fr *lo, const v8 *one)
{
    for (size_t i = from; i < to; i += 8) {
        acc8 at1, c2, c3;
        ends8 e;

        for (uint32_t k = 0; k < (tables == 3 ? 2 : tables); k++)
            read8(&e.lo[k], &e.hi[k], p->t[k], i, r16);
        if (tables == 3)
            v8_load_pairs(&e.lo[2], &e.hi[2], p->t[2] + 2 * (i & p->mask3));
        if (lo == NULL) {
            long_room(&s->at1, 2, one);
            long_room(&s->c2, 2, one);
            if (tables == 3) {
                long_room(&s->c3, 2, one);
                terms8_three(&s->at1.acc, &s->c2.acc, &s->c3.acc, &e);
            } else {
                terms8(&s->at1.acc, &s->c2.acc, &e, tables);
            }
        } else {
            const v8 w = v8_load(lo + (i - from));

            acc8_zero(&at1);
            acc8_zero(&c2);
            acc8_zero(&c3);
            if (tables == 3)
                terms8_three(&at1, &c2, &c3, &e);
            else
                terms8(&at1, &c2, &e, tables);
            add_weighted8(&s->at1, &at1, &w, one);
            add_weighted8(&s->c2, &c2, &w, one);
            if (tables == 3)
                add_weighted8(&s->c3, &c3, &w, one);
        }
    }
}

/* out += the sum, times the block's weight */
static void add_block(zkg_fr *out, long_sum *s, const zkg_fr *hi, const v8 *one)
{
    long_flush(s, one);
    if (hi != NULL)
        zkg_fr_mul(&s->sum, &s->sum, hi);
    zkg_fr_add(out, out, &s->sum);
}

/* All pairs, where weights come in runs of eight; false: they do not. */
V8_INLINE bool sums8(zkg_sums *out, const part8 *p, uint32_t tables,
                     size_t pairs, const zkg_fr *r, const zkg_weights *w)
{
    const size_t block = (size_t)1 << w->lo_bits;
    /* factors 2^-4 to cancel: the summand's, its weight's, the flush's */
    const zkg_fr scale = shifted(&zkg_fr_one, (w->lo == NULL ? 2u : 3u) +
                                                  (tables == 3 ? 1u : 0u));
    const v8 one = v8_of(&scale);
    zkg_fr r16 = zkg_fr_zero;
    v8 fold;

    if (pairs % 8 != 0 || out->want_at0 || (tables == 3 && p->mask3 < 7))
        return false;
    if (w->lo != NULL && (w->free != 0 || block < 8 || w->first % 8 != 0))
        return false;
    if (r != NULL)
        r16 = shifted(r, 1);
    fold = v8_of(&r16);
    out->at1 = out->c2 = out->c3 = zkg_fr_zero;
    for (size_t i = 0; i < pairs;) {
        const uint64_t j = w->first + i;
        const size_t left = block - (size_t)(j & (block - 1));
        const zkg_fr *hi = w->lo != NULL ? &w->hi[j >> w->lo_bits] : NULL;
        size_t end = pairs;
        sums3 s;

        if (w->lo != NULL && left < pairs - i)
            end = i + left;
        long_zero(&s.at1);
        long_zero(&s.c2);
        long_zero(&s.c3);
        run8(&s, p, tables, i, end, r != NULL ? &fold : NULL,
             w->lo != NULL ? w->lo + (j & (block - 1)) : NULL, &one);
        add_block(&out->at1, &s.at1, hi, &one);
        add_block(&out->c2, &s.c2, hi, &one);
        if (tables == 3)
            add_block(&out->c3, &s.c3, hi, &one);
        i = end;
    }
    return true;
}

/* The same, compiled for each kind. */
static bool kind_sums8(zkg_sums *out, zkg_form_kind kind,
                       const zkg_table *tables, size_t pairs, const zkg_fr *r,
                       const zkg_weights *w)
{
    part8 p = {.tables = zkg_form_arity(kind)};

    table_pointers(p.t, tables, p.tables);
    switch (kind) {
    case ZKG_FORM_PRODUCT:
        return r != NULL ? sums8(out, &p, 2, pairs, r, w)
                         : sums8(out, &p, 2, pairs, NULL, w);
    case ZKG_FORM_PRODUCT3:
        p.mask3 = table_len(&tables[2]) / 2 - 1;
        return r != NULL ? sums8(out, &p, 3, pairs, r, w)
                         : sums8(out, &p, 3, pairs, NULL, w);
    case ZKG_FORM_FRACTION:
        return r != NULL ? sums8(out, &p, 4, pairs, r, w)
                         : sums8(out, &p, 4, pairs, NULL, w);
    default:
        return false;
    }
}

static zkg_status ifma_part_sums(zkg_sums *out, zkg_form_kind kind,
                                 const zkg_table *tables, const zkg_weights *w)
{
    const size_t pairs = table_len(&tables[0]) / 2;

    if (kind_sums8(out, kind, tables, pairs, NULL, w))
        return ZKG_OK;
    return op_part_sums(out, kind, tables, w);
}

static zkg_status ifma_part_fold_sums(zkg_sums *out, zkg_form_kind kind,
                                      zkg_table *tables, const zkg_fr *r,
                                      const zkg_weights *w)
{
    const size_t pairs = table_len(&tables[0]) / 4;
    const uint32_t arity = zkg_form_arity(kind);
    uint32_t folded = arity;

    /* The third of three is read more than once when it is shorter. */
    if (kind == ZKG_FORM_PRODUCT3) {
        ZKG_TRY(ifma_table_fold(&tables[2], r));
        folded = 2;
    }
    if (kind_sums8(out, kind, tables, pairs, r, w)) {
        for (uint32_t k = 0; k < folded; k++)
            tables[k].vars--;
        return ZKG_OK;
    }
    for (uint32_t k = 0; k < folded; k++)
        ZKG_TRY(ifma_table_fold(&tables[k], r));
    return ifma_part_sums(out, kind, tables, w);
}

/* ---- lookups ---- */

static zkg_status ifma_fraction_up(zkg_table *out, const zkg_table *in,
                                   bool ones)
{
    const size_t n = table_len(&in[2]);
    zkg_fr *t[4];

    if (n < 16)
        return op_fraction_up(out, in, ones);
    table_pointers(t, out, 4);
    /* Sixteen pairs: eight of each parity. */
    for (size_t i = 0; i < n; i += 16) {
        v8 q0[2], q1[2];

        v8_load_pairs(&q0[0], &q0[1], entries(&in[2]) + i);
        v8_load_pairs(&q1[0], &q1[1], entries(&in[3]) + i);
        for (int odd = 0; odd < 2; odd++) {
            /* 16 q0 q1 = (16 q0) q1 without a further product */
            v8 s = q0[odd], v;

            for (int k = 0; k < 5; k++)
                s.l[k] = _mm512_slli_epi64(s.l[k], 4);
            s = v8_carry(s);
            v = v8_mul_raw(&s, &q1[odd]);
            v8_store(t[2 + odd] + i / 2, v8_canonical(v));
            if (ones)
                v8_store(t[odd] + i / 2,
                         v8_canonical(v8_add_raw(q0[odd], q1[odd])));
        }
        if (!ones) {
            v8 p0[2], p1[2];

            v8_load_pairs(&p0[0], &p0[1], entries(&in[0]) + i);
            v8_load_pairs(&p1[0], &p1[1], entries(&in[1]) + i);
            for (int odd = 0; odd < 2; odd++) {
                acc8 s;
                v8 v;

                acc8_zero(&s);
                acc8_mac(&s, &p0[odd], &q1[odd]);
                acc8_mac(&s, &p1[odd], &q0[odd]);
                for (int k = 0; k < 10; k++)
                    s.l[k] = _mm512_slli_epi64(s.l[k], 4);
                v = acc8_reduce_raw(s);
                v8_store(t[odd] + i / 2, v8_canonical(v));
            }
        }
    }
    return ZKG_OK;
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

/* Columns of integers, one a leaf, that are taken by eights. */
#define MOST_COLUMNS 4

static bool is_row_of_ints(const zkg_column *c)
{
    return c->step == 1 && c->type != ZKG_FR;
}

static zkg_status ifma_pair_affine(zkg_table *even, zkg_table *odd, uint64_t at,
                                   size_t n, const zkg_fr *base,
                                   const zkg_column *columns, size_t count)
{
    zkg_fr *const half[2] = {entries(even), entries(odd)};
    zkg_fr block[LEAF_BLOCK], start = *base;
    v8 k[MOST_COLUMNS];

    if (n < 8 || count > MOST_COLUMNS)
        return op_pair_affine(even, odd, at, n, base, columns, count);
    for (size_t c = 0; c < count; c++) {
        zkg_fr power = columns[c].coeff, offset;

        if (!is_row_of_ints(&columns[c]))
            continue;
        /* coeff (u - bias): the bias goes into the start */
        zkg_fr_mul_i64(&offset, &power,
                       (int64_t)(bias_of(columns[c].type) / 2));
        zkg_fr_double(&offset, &offset);
        zkg_fr_sub(&start, &start, &offset);
        power = shifted(&power, columns[c].type == ZKG_I64 ? 26 : 13);
        k[c] = v8_of(&power);
    }
    for (size_t from = 0; from < n; from += LEAF_BLOCK) {
        const size_t len = n - from < LEAF_BLOCK ? n - from : LEAF_BLOCK;
        size_t i = 0;

        for (i = 0; i < LEAF_BLOCK; i++)
            block[i] = start;
        for (size_t c = 0; c < count; c++) {
            if (is_row_of_ints(&columns[c]))
                add_column8(block, &columns[c], &k[c], from, len);
            else
                add_column(block, &columns[c], from, len, NULL);
        }
        for (i = 0; i < len; i++) {
            const uint64_t j = at + from + i;

            half[j & 1][j >> 1] = block[i];
        }
    }
    return ZKG_OK;
}

static zkg_status ifma_table_import(zkg_table *t, uint64_t at,
                                    const void *values, zkg_dtype type,
                                    size_t n)
{
    const zkg_column column = {values, type, 1, zkg_fr_one};
    zkg_fr block[8], start, power = zkg_fr_one;
    zkg_fr *out = entries(t) + at;
    size_t i = 0;
    v8 k;

    if (type == ZKG_FR || n < 8)
        return op_table_import(t, at, values, type, n);
    zkg_fr_from_u64(&start, bias_of(type));
    zkg_fr_neg(&start, &start);
    power = shifted(&power, type == ZKG_I64 ? 26 : 13);
    k = v8_of(&power);
    for (size_t x = 0; x < n; x++)
        out[x] = start;
    i = n & ~(size_t)7;
    add_column8(out, &column, &k, 0, i);
    for (size_t x = 0; x < 8; x++)
        block[x] = start;
    if (i < n)
        add_column8(block, &column, &k, i, n - i);
    for (size_t x = i; x < n; x++)
        out[x] = block[x - i];
    return ZKG_OK;
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

static zkg_status ifma_int_dot(zkg_fr_wide *acc, const zkg_fr *w,
                               const void *values, zkg_dtype type, size_t n)
{
    const size_t n8 = n & ~(size_t)7;

    if (type == ZKG_FR) {
        zkg_fr sum;

        (void)ifma_fr_dot(&sum, w, values, n);
        zkg_fr_wide_mac(acc, &sum, 1);
        return ZKG_OK;
    }
    if (n < DOT_FROM || type == ZKG_I64)
        return op_int_dot(acc, w, values, type, n);
#define CALL(type) dot8(acc, w, values, type, n8)
    FOR_TYPE(type, CALL);
#undef CALL
    return op_int_dot(acc, w + n8,
                      (const uint8_t *)values + n8 * zkg_dtype_size(type), type,
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

static zkg_status ifma_int_fold(zkg_fr_wide *acc, const zkg_fr *w,
                                const void *const *rows, size_t count,
                                zkg_dtype type, size_t n)
{
    if (type == ZKG_FR || type == ZKG_I64 || n < 8)
        return op_int_fold(acc, w, rows, count, type, n);
    while (count >= FOLD_FROM) {
        const size_t some = count < FOLD_ROWS ? count : FOLD_ROWS;

#define CALL(type) fold_rows(acc, w, rows, some, type, n)
        FOR_TYPE(type, CALL);
#undef CALL
        w += some;
        rows += some;
        count -= some;
    }
    return op_int_fold(acc, w, rows, count, type, n);
}

/* ---- polynomials ---- */

/* 32 Horner chains in x^32, whose values are the coefficients of a last
 * polynomial in x. */
static zkg_status ifma_poly_eval(zkg_fr *out, const zkg_fr *c, size_t n,
                                 const zkg_fr *x)
{
    zkg_fr power = *x, chain[32];
    size_t at = n & ~(size_t)31;
    v8 k, s[4];

    if (n < 64)
        return op_poly_eval(out, c, n, x);
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
    return op_poly_eval(out, chain, 32, x);
}

#pragma GCC diagnostic ignored "-Woverride-init"
const zkg_backend zkg_backend_table_ifma = {
    .name = "cpu-ifma",
#define SLOT(slot, arguments, names, meaning) .slot = op_##slot,
#include "backend/slots.def"
#undef SLOT
    .poly_fold = ifma_poly_fold,
    .table_fold = ifma_table_fold,
    .fr_axpy = ifma_fr_axpy,
    .table_axpy = ifma_table_axpy,
    .table_affine = ifma_table_affine,
    .eq_expand = ifma_eq_expand,
    .table_eq = ifma_table_eq,
    .fr_dot = ifma_fr_dot,
    .part_sums = ifma_part_sums,
    .part_fold_sums = ifma_part_fold_sums,
    .fraction_up = ifma_fraction_up,
    .pair_affine = ifma_pair_affine,
    .table_import = ifma_table_import,
    .int_dot = ifma_int_dot,
    .int_fold = ifma_int_fold,
    .poly_eval = ifma_poly_eval,
};
