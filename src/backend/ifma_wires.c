/* SPDX-License-Identifier: Apache-2.0
 * Wires of circuits, eight copies at a time: element x of a full group is four
 * vectors, limb by limb, as in lanes.h, below 2 p.  Groups of fewer copies are
 * plain: their gates are the cpu's, their rounds gather eight pairs of values.
 *
 * A sum of integers times elements, acc7, is 2^-104 or 2^-52 of itself once
 * reduced, one of products of elements 2^-260; what cancels that is in the
 * weights, or in the scale of a whole sum.
 */
#include "backend/for_type.h"
#include "backend/lanes.h"
#include "base/mem.h"

/* c 2^k */
static zkg_fr shifted(const zkg_fr *c, uint32_t k)
{
    zkg_fr r = *c, limb;

    for (; k >= 52; k -= 52) {
        zkg_fr_from_u64(&limb, UINT64_C(1) << 52);
        zkg_fr_mul(&r, &r, &limb);
    }
    for (; k > 0; k--)
        zkg_fr_double(&r, &r);
    return r;
}

V8_INLINE bool is_full(const zkg_wires *w)
{
    return w->lanes == ZKG_WIRE_LANES;
}

/* ---- integers times elements ---- */

/* Signed limbs of a sum of at most INTS_MOST products of an integer, not larger
 * than 2^51, and an element below 4 p: between -2^58 p and 2^58 p. */
typedef struct acc7 {
    __m512i l[7];
} acc7;

#define INTS_MOST 32

V8_INLINE void acc7_zero(acc7 *t)
{
    for (int k = 0; k < 7; k++)
        t->l[k] = _mm512_setzero_si512();
}

/* t += s a, a closed.  IFMA takes a negative s for s + 2^52. */
V8_INLINE void acc7_mac(acc7 *t, __m512i s, const v8 *a)
{
    const __mmask8 negative = _mm512_movepi64_mask(s);

    for (int k = 0; k < 5; k++) {
        t->l[k] = lo52(t->l[k], a->l[k], s);
        t->l[k + 1] = hi52(t->l[k + 1], a->l[k], s);
    }
    for (int k = 0; k < 5; k++)
        t->l[k + 1] =
            _mm512_mask_sub_epi64(t->l[k + 1], negative, t->l[k + 1], a->l[k]);
}

/* A sum t is 2^-power of itself once reduced: of integers of 32 bits and fewer
 * one step of Montgomery's reduction is enough.  0: there are none. */
enum { NO_INTS = 0, SMALL_INTS = 52, ANY_INTS = 104 };

V8_INLINE uint32_t int_power(zkg_dtype type)
{
    return type == ZKG_FR ? NO_INTS : type == ZKG_I64 ? ANY_INTS : SMALL_INTS;
}

/* t += q p for the lowest limb s to be a multiple of 2^52, which is passed on.
 */
V8_INLINE void acc7_step(acc7 *t, int s)
{
    const __m512i q =
        lo52(_mm512_setzero_si512(), t->l[s], v8_set(zkg_fr_mod_.inv));

    for (int k = 0; k < 5; k++) {
        t->l[s + k] = lo52(t->l[s + k], q, v8_p(k, 1));
        t->l[s + k + 1] = hi52(t->l[s + k + 1], q, v8_p(k, 1));
    }
    t->l[s + 1] = _mm512_add_epi64(t->l[s + 1], _mm512_srai_epi64(t->l[s], 52));
}

/* limb k of 2^44 p, more than 32 products of 2^33 4 p, of 8 lanes */
V8_INLINE __m512i small_lift(int k)
{
    const uint64_t m = (UINT64_C(1) << 52) - 1;

    return v8_set(((k < 5 ? p_limb(k, 1) << 44 : 0) & m) |
                  (k > 0 ? p_limb(k - 1, 1) >> 8 : 0));
}

/* t / 2^power mod p, below 1.01 p, of 2^bits sums together; open. */
V8_INLINE v8 acc7_reduce(acc7 t, uint32_t power, uint32_t bits)
{
    v8 r;

    if (power == SMALL_INTS) {
        for (int k = 0; k < 6; k++)
            t.l[k] = _mm512_add_epi64(t.l[k], small_lift(k));
        acc7_step(&t, 0);
    } else {
        /* 2^52 64 p = 2^58 p makes one positive */
        for (int k = 0; k < 5; k++)
            t.l[k + 1] = _mm512_add_epi64(t.l[k + 1],
                                          _mm512_slli_epi64(v8_p(k, 64), bits));
        for (int k = 0; k < 6; k++) {
            t.l[k + 1] =
                _mm512_add_epi64(t.l[k + 1], _mm512_srai_epi64(t.l[k], 52));
            t.l[k] = _mm512_and_si512(t.l[k], v8_mask());
        }
        acc7_step(&t, 0);
        acc7_step(&t, 1);
    }
    for (int k = 0; k < 5; k++)
        r.l[k] = t.l[k + (power == SMALL_INTS ? 1 : 2)];
    return v8_pass(r);
}

/* Eight integers from values[i]. */
V8_INLINE __m512i ints8(const void *values, zkg_dtype type, size_t i)
{
    switch (type) {
    case ZKG_I8:
        return _mm512_cvtepi8_epi64(
            _mm_loadl_epi64((const __m128i *)((const int8_t *)values + i)));
    case ZKG_U8:
        return _mm512_cvtepu8_epi64(
            _mm_loadl_epi64((const __m128i *)((const uint8_t *)values + i)));
    case ZKG_I16:
        return _mm512_cvtepi16_epi64(
            _mm_loadu_si128((const __m128i *)((const int16_t *)values + i)));
    case ZKG_U16:
        return _mm512_cvtepu16_epi64(
            _mm_loadu_si128((const __m128i *)((const uint16_t *)values + i)));
    case ZKG_I32:
        return _mm512_cvtepi32_epi64(
            _mm256_loadu_si256((const __m256i *)((const int32_t *)values + i)));
    default:
        return _mm512_loadu_si512((const int64_t *)values + i);
    }
}

/* Wire x of a full group of integers. */
V8_INLINE __m512i ints_at(const zkg_wires *w, size_t group, size_t x)
{
    return ints8(w->at, w->type, (group * w->count + x) * ZKG_WIRE_LANES);
}

/* Wire x of a full group of elements. */
V8_INLINE __m512i *wire_at(const zkg_wires *w, size_t group, size_t x)
{
    return (__m512i *)w->at + 4 * (group * w->count + x);
}

/* ---- in and out ---- */

zkg_status zkg_ifma_wires_import(zkg_wires *w, size_t group, const zkg_fr *v)
{
    if (!is_full(w))
        return zkg_backend_table_cpu.wires_import(w, group, v);
    for (size_t x = 0; x < w->count; x++)
        v8_pack(wire_at(w, group, x), v8_load(v + 8 * x));
    return ZKG_OK;
}

zkg_status zkg_ifma_wires_export(zkg_fr *out, const zkg_wires *w, size_t group)
{
    if (!is_full(w) || w->type != ZKG_FR)
        return zkg_backend_table_cpu.wires_export(out, w, group);
    for (size_t x = 0; x < w->count; x++)
        v8_store(out + 8 * x, v8_finish(lane_read(wire_at(w, group, x))));
    return ZKG_OK;
}

/* ---- gates ---- */

/* What a term's weight is multiplied by: for an element, a product of
 * elements; for an integer it is terms8.power. */
enum { TIMES_ELEMENT = 4, TIMES_PRODUCT = 8 };

/* Limbs of weights, of eight at a time: limb k of weight i is at
 * [i / 8][k][i % 8]. */
typedef struct limbs8 {
    uint64_t (*l)[5][8];
} limbs8;

typedef struct terms8 {
    const zkg_wire_term *term;
    const zkg_wires *source;
    const zkg_fr *base;
    limbs8 element, product, integer;
    int8_t *unit;   /* 1, -1, or 0: another weight; of elements' terms */
    v8 one;         /* an integer's factor to be an element */
    uint32_t power; /* ANY_INTS where a term has a wide integer */
} terms8;

/* The weights times 2^power, below 1.01 p; empty where that is not wanted. */
static bool make_limbs(limbs8 *out, const zkg_fr *weight, size_t n,
                       uint32_t power, bool wanted)
{
    const v8 zero = v8_of(&zkg_fr_zero);
    zkg_fr factor;
    mulc8 f;

    out->l = NULL;
    if (!wanted)
        return true;
    factor = shifted(&zkg_fr_one, power);
    mulc8_init(&f, &factor);
    out->l = zkg_alloc_raw((n + 7) / 8, sizeof(*out->l));
    if (out->l == NULL)
        return false;
    for (size_t i = 0; i < n; i += 8) {
        const size_t left = n - i;
        zkg_fr w[8] = {{{0}}};
        v8 v;

        if (left < 8)
            memcpy(w, weight + i, left * sizeof(*w));
        v = v8_load(left < 8 ? w : weight + i);
        v = v8_close(v8_mulc_add(v, &f, zero));
        for (int k = 0; k < 5; k++)
            _mm512_storeu_si512(out->l[i / 8][k], v.l[k]);
    }
    return true;
}

V8_INLINE v8 limbs_at(const limbs8 *w, uint32_t i)
{
    v8 r;

    for (int k = 0; k < 5; k++)
        r.l[k] = v8_set(w->l[i / 8][k][i % 8]);
    return r;
}

static void clear_terms(terms8 *t)
{
    zkg_free(t->element.l);
    zkg_free(t->product.l);
    zkg_free(t->integer.l);
    zkg_free(t->unit);
}

static bool make_units(terms8 *t, const zkg_fr *weight, size_t weights)
{
    zkg_fr minus_one;

    zkg_fr_neg(&minus_one, &zkg_fr_one);
    t->unit = zkg_alloc(weights, 1);
    if (t->unit == NULL)
        return false;
    for (size_t i = 0; i < weights; i++)
        t->unit[i] = zkg_fr_equal(&weight[i], &zkg_fr_one)  ? 1
                     : zkg_fr_equal(&weight[i], &minus_one) ? -1
                                                            : 0;
    return true;
}

V8_INLINE bool is_int_term(const terms8 *t, const zkg_wire_term *m)
{
    return m->b == ZKG_WIRE_LINEAR && t->source[m->a_source].type != ZKG_FR;
}

V8_INLINE bool is_wide_term(const terms8 *t, const zkg_wire_term *m)
{
    return t->source[m->a_source].type == ZKG_I64 ||
           (m->b != ZKG_WIRE_LINEAR && t->source[m->b_source].type == ZKG_I64);
}

static bool make_terms(terms8 *t, const zkg_wire_term *term, size_t n,
                       const zkg_fr *weight, size_t weights)
{
    bool element = false, product = false, integer = false;
    zkg_fr factor;

    t->power = SMALL_INTS;
    for (size_t i = 0; i < n; i++) {
        if (is_wide_term(t, &term[i]))
            t->power = ANY_INTS;
        if (is_int_term(t, &term[i])) {
            integer = true;
            continue;
        }
        if (t->unit == NULL && !make_units(t, weight, weights))
            return false;
        if (t->unit[term[i].weight] != 0)
            continue;
        element |= term[i].b == ZKG_WIRE_LINEAR;
        product |= term[i].b != ZKG_WIRE_LINEAR;
    }
    factor = shifted(&zkg_fr_one, t->power);
    t->one = v8_of(&factor);
    return make_limbs(&t->element, weight, weights, TIMES_ELEMENT, element) &&
           make_limbs(&t->product, weight, weights, TIMES_PRODUCT, product) &&
           make_limbs(&t->integer, weight, weights, t->power, integer);
}

/* A gate's value so far, in three sums.  room: how far the sum of what they
 * are when reduced is from 8 p, in 40ths of p. */
typedef struct gate8 {
    acc8 products; /* of elements, 2^260 as large */
    acc7 ints;     /* integers times weights, 2^power as large */
    v8 plain;      /* elements; limbs not normalised */
    uint32_t products_held, ints_held;
    int32_t room;
} gate8;

/* In 40ths of p: 8 p less the two reductions' p and what they lack; an element
 * below 2 p; a product of one below 32 p and one below 2 p, over 84 p; one of
 * an element and a weight. */
enum { ALL_ROOM = 236, PLAIN_ROOM = 80, PRODUCT_ROOM = 31, WEIGHTED_ROOM = 1 };

V8_INLINE void gate_start(gate8 *g, const zkg_fr *base)
{
    acc8_zero(&g->products);
    acc7_zero(&g->ints);
    g->plain = v8_of(base);
    g->products_held = g->ints_held = 0;
    g->room = ALL_ROOM - 40;
}

/* Below 1.02 p, open. */
V8_INLINE v8 gate_value(gate8 *g, uint32_t power)
{
    v8 v = g->plain;

    if (g->products_held > 0)
        v = v8_add_raw(v, acc8_reduce_raw(g->products));
    if (g->ints_held > 0)
        v = v8_add_raw(v, v8_close(acc7_reduce(g->ints, power, 0)));
    return v8_trim(v8_carry(v));
}

/* Before a summand: what there is becomes one element when it would be too
 * much. */
V8_INLINE void gate_room(gate8 *g, int32_t room, uint32_t power)
{
    if (__builtin_expect(g->room < room || g->ints_held == INTS_MOST, 0)) {
        const v8 v = v8_close(gate_value(g, power));

        gate_start(g, &zkg_fr_zero);
        g->plain = v;
        g->room = ALL_ROOM - 41;
    }
    g->room -= room;
}

V8_INLINE v8 times16(v8 a)
{
    for (int k = 0; k < 5; k++)
        a.l[k] = _mm512_slli_epi64(a.l[k], 4);
    return v8_carry(a);
}

/* A wire as an element below 2 p. */
V8_INLINE v8 element_at(const terms8 *t, uint32_t source, size_t group,
                        size_t x, uint32_t power)
{
    const zkg_wires *w = &t->source[source];
    acc7 s;

    if (w->type == ZKG_FR)
        return lane_read(wire_at(w, group, x));
    acc7_zero(&s);
    acc7_mac(&s, ints_at(w, group, x), &t->one);
    return v8_close(acc7_reduce(s, power, 0));
}

V8_INLINE void gate_product(gate8 *g, const terms8 *t, const zkg_wire_term *m,
                            size_t group, uint32_t power)
{
    const int unit = t->unit[m->weight];
    const v8 b = element_at(t, m->b_source, group, m->b, power);
    v8 a = element_at(t, m->a_source, group, m->a, power);

    gate_room(g, PRODUCT_ROOM, power);
    g->products_held++;
    if (unit == 0) {
        const v8 w = limbs_at(&t->product, m->weight);

        a = v8_carry(v8_mul_raw(&a, &w));
    } else {
        if (unit < 0)
            a = v8_close(v8_diff(v8_of(&zkg_fr_zero), a));
        a = times16(a);
    }
    acc8_mac(&g->products, &a, &b);
}

V8_INLINE void gate_linear(gate8 *g, const terms8 *t, const zkg_wire_term *m,
                           size_t group, uint32_t power)
{
    const zkg_wires *from = &t->source[m->a_source];
    int unit;
    v8 a;

    if (from->type != ZKG_FR) {
        const v8 w = limbs_at(&t->integer, m->weight);

        gate_room(g, 0, power);
        g->ints_held++;
        acc7_mac(&g->ints, ints_at(from, group, m->a), &w);
        return;
    }
    a = lane_read(wire_at(from, group, m->a));
    unit = t->unit[m->weight];
    if (unit != 0) {
        gate_room(g, PLAIN_ROOM, power);
        if (unit < 0)
            a = v8_close(v8_diff(v8_of(&zkg_fr_zero), a));
        g->plain = v8_add_raw(g->plain, a);
    } else {
        const v8 w = limbs_at(&t->element, m->weight);

        gate_room(g, WEIGHTED_ROOM, power);
        g->products_held++;
        acc8_mac(&g->products, &a, &w);
    }
}

/* Wires from .. to-1 of a group, whose terms begin at k; power is known when
 * this is compiled. */
V8_INLINE void gates_of(zkg_wires *out, const terms8 *t, size_t group,
                        size_t from, size_t to, size_t k, size_t n,
                        uint32_t power)
{
    for (size_t x = from; x < to; x++) {
        gate8 g;

        gate_start(&g, &t->base[x]);
        for (; k < n && t->term[k].to == x; k++) {
            if (t->term[k].b == ZKG_WIRE_LINEAR)
                gate_linear(&g, t, &t->term[k], group, power);
            else
                gate_product(&g, t, &t->term[k], group, power);
        }
        lane_write(wire_at(out, group, x), gate_value(&g, power));
    }
}

static void gates8(zkg_wires *out, const terms8 *t, size_t group, size_t from,
                   size_t to, size_t k, size_t n)
{
    if (t->power == SMALL_INTS)
        gates_of(out, t, group, from, to, k, n, SMALL_INTS);
    else
        gates_of(out, t, group, from, to, k, n, ANY_INTS);
}

/* Terms that stay in the nearest cache while groups go by. */
enum { TERMS_TILE = 4096 };

/* The wires whose terms begin at k: up to *to, about a tile of terms, the next
 * one's at the return value. */
static size_t next_tile(size_t *to, const zkg_wire_term *term, size_t n,
                        size_t k, size_t count)
{
    if (n - k <= TERMS_TILE) {
        *to = count;
        return n;
    }
    for (k += TERMS_TILE; k < n && term[k].to == term[k - 1].to; k++)
        ;
    *to = k < n ? term[k].to : count;
    return k;
}

zkg_status zkg_ifma_wires_terms(zkg_wires *out, const zkg_fr *base,
                                const zkg_wire_term *term, size_t n,
                                const zkg_fr *weight, size_t weights,
                                const zkg_wires *source)
{
    terms8 t = {.term = term, .source = source, .base = base};
    zkg_status status = ZKG_ERR_NOMEM;

    if (!is_full(out))
        return zkg_backend_table_cpu.wires_terms(out, base, term, n, weight,
                                                 weights, source);
    if (make_terms(&t, term, n, weight, weights)) {
        for (size_t x = 0, k = 0; x < out->count;) {
            size_t to;
            const size_t next = next_tile(&to, term, n, k, out->count);

            for (size_t g = 0; g < out->groups; g++)
                gates8(out, &t, g, x, to, k, next);
            x = to;
            k = next;
        }
        status = ZKG_OK;
    }
    clear_terms(&t);
    return status;
}

/* ---- gates of integers ---- */

/* A full group's copies, as lanes. */
#define ALL_COPIES ((__mmask8)0xff)

/* Wire x of a group of integers, of few copies too: lanes without one are 0,
 * and not read. */
V8_INLINE __m512i few_ints_at(const zkg_wires *w, size_t group, size_t x,
                              __mmask8 copies)
{
    const size_t i = (group * w->count + x) * w->lanes;

    if (copies == ALL_COPIES)
        return ints_at(w, group, x);
    switch (w->type) {
    case ZKG_I8:
        return _mm512_cvtepi8_epi64(
            _mm_maskz_loadu_epi8(copies, (const int8_t *)w->at + i));
    case ZKG_U8:
        return _mm512_cvtepu8_epi64(
            _mm_maskz_loadu_epi8(copies, (const uint8_t *)w->at + i));
    case ZKG_I16:
        return _mm512_cvtepi16_epi64(
            _mm_maskz_loadu_epi16(copies, (const int16_t *)w->at + i));
    case ZKG_U16:
        return _mm512_cvtepu16_epi64(
            _mm_maskz_loadu_epi16(copies, (const uint16_t *)w->at + i));
    case ZKG_I32:
        return _mm512_cvtepi32_epi64(
            _mm256_maskz_loadu_epi32(copies, (const int32_t *)w->at + i));
    default:
        return _mm512_maskz_loadu_epi64(copies, (const int64_t *)w->at + i);
    }
}

V8_INLINE void put_ints8(const zkg_wires *w, size_t group, size_t x, __m512i v)
{
    const size_t i = (group * w->count + x) * ZKG_WIRE_LANES;

    switch (w->type) {
    case ZKG_I8:
    case ZKG_U8:
        _mm_storel_epi64((__m128i *)((uint8_t *)w->at + i),
                         _mm512_cvtepi64_epi8(v));
        break;
    case ZKG_I16:
    case ZKG_U16:
        _mm_storeu_si128((__m128i *)((uint16_t *)w->at + i),
                         _mm512_cvtepi64_epi16(v));
        break;
    case ZKG_I32:
        _mm256_storeu_si256((__m256i *)((int32_t *)w->at + i),
                            _mm512_cvtepi64_epi32(v));
        break;
    default:
        _mm512_storeu_si512((int64_t *)w->at + i, v);
    }
}

V8_INLINE void put_ints(const zkg_wires *w, size_t group, size_t x, __m512i v,
                        __mmask8 copies)
{
    const size_t i = (group * w->count + x) * w->lanes;

    if (copies == ALL_COPIES) {
        put_ints8(w, group, x, v);
        return;
    }
    switch (w->type) {
    case ZKG_I8:
    case ZKG_U8:
        _mm_mask_storeu_epi8((uint8_t *)w->at + i, copies,
                             _mm512_cvtepi64_epi8(v));
        break;
    case ZKG_I16:
    case ZKG_U16:
        _mm_mask_storeu_epi16((uint16_t *)w->at + i, copies,
                              _mm512_cvtepi64_epi16(v));
        break;
    case ZKG_I32:
        _mm256_mask_storeu_epi32((int32_t *)w->at + i, copies,
                                 _mm512_cvtepi64_epi32(v));
        break;
    default:
        _mm512_mask_storeu_epi64((int64_t *)w->at + i, copies, v);
    }
}

/* Lanes without a copy are 0. */
V8_INLINE __m512i int_gate(int64_t base, const zkg_wire_term *term, size_t n,
                           const int64_t *weight, const zkg_wires *source,
                           size_t group, __mmask8 copies)
{
    __m512i sum = _mm512_maskz_set1_epi64(copies, base);

    for (size_t k = 0; k < n; k++) {
        const zkg_wire_term *t = &term[k];
        __m512i v = few_ints_at(&source[t->a_source], group, t->a, copies);

        if (t->b != ZKG_WIRE_LINEAR)
            v = _mm512_mullo_epi64(
                v, few_ints_at(&source[t->b_source], group, t->b, copies));
        if (weight[t->weight] != 1)
            v = _mm512_mullo_epi64(v, _mm512_set1_epi64(weight[t->weight]));
        sum = _mm512_add_epi64(sum, v);
    }
    return sum;
}

/* All of it; whether groups are full is known when this is compiled. */
V8_INLINE uint64_t int_gates(zkg_wires *out, const int64_t *base,
                             const zkg_wire_term *term, size_t n,
                             const int64_t *weight, const zkg_wires *source,
                             __mmask8 copies)
{
    __m512i largest = _mm512_setzero_si512();

    for (size_t x = 0, k = 0; x < out->count;) {
        size_t to;
        const size_t next = next_tile(&to, term, n, k, out->count);

        for (size_t g = 0; g < out->groups; g++) {
            size_t at = k;

            for (size_t y = x; y < to; y++) {
                const size_t first = at;
                __m512i v;

                while (at < next && term[at].to == y)
                    at++;
                v = int_gate(base[y], term + first, at - first, weight, source,
                             g, copies);
                largest = _mm512_max_epu64(largest, _mm512_abs_epi64(v));
                put_ints(out, g, y, v, copies);
            }
        }
        x = to;
        k = next;
    }
    return _mm512_reduce_max_epu64(largest);
}

/* ---- the same of 16 bits ---- */

/* Groups at a time. */
enum { SHORT_GROUPS = 4 };

/* Wire x of n groups from `group` on, of each copy what it is modulo 2^16. */
V8_INLINE void shorts_at(__m128i *v, const zkg_wires *w, size_t group, size_t x,
                         size_t n)
{
    const size_t step = w->count * ZKG_WIRE_LANES;
    const size_t at = (group * w->count + x) * ZKG_WIRE_LANES;

    for (size_t i = 0; i < n; i++) {
        const size_t k = at + i * step;

        switch (w->type) {
        case ZKG_I8:
            v[i] = _mm_cvtepi8_epi16(
                _mm_loadl_epi64((const __m128i *)((const int8_t *)w->at + k)));
            break;
        case ZKG_U8:
            v[i] = _mm_cvtepu8_epi16(
                _mm_loadl_epi64((const __m128i *)((const uint8_t *)w->at + k)));
            break;
        case ZKG_I16:
        case ZKG_U16:
            v[i] =
                _mm_loadu_si128((const __m128i *)((const int16_t *)w->at + k));
            break;
        case ZKG_I32:
            v[i] = _mm256_cvtepi32_epi16(_mm256_loadu_si256(
                (const __m256i *)((const int32_t *)w->at + k)));
            break;
        default:
            v[i] = _mm512_cvtepi64_epi16(
                _mm512_loadu_si512((const int64_t *)w->at + k));
        }
    }
}

V8_INLINE void put_shorts(const zkg_wires *w, size_t group, size_t x, __m128i v)
{
    const size_t at = (group * w->count + x) * ZKG_WIRE_LANES;

    if (w->type == ZKG_I16)
        _mm_storeu_si128((__m128i *)((int16_t *)w->at + at), v);
    else
        _mm_storel_epi64((__m128i *)((int8_t *)w->at + at),
                         _mm_cvtepi16_epi8(v));
}

/* sum[i] = gate of n groups, modulo 2^16. */
V8_INLINE void short_gate(__m128i *sum, int64_t base, const zkg_wire_term *term,
                          size_t terms, const int64_t *weight,
                          const zkg_wires *source, size_t group, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum[i] = _mm_set1_epi16((int16_t)base);
    for (const zkg_wire_term *t = term; t < term + terms; t++) {
        const __m128i w = _mm_set1_epi16((int16_t)weight[t->weight]);
        __m128i v[SHORT_GROUPS], u[SHORT_GROUPS];

        shorts_at(v, &source[t->a_source], group, t->a, n);
        if (t->b != ZKG_WIRE_LINEAR) {
            shorts_at(u, &source[t->b_source], group, t->b, n);
            for (size_t i = 0; i < n; i++)
                v[i] = _mm_mullo_epi16(v[i], u[i]);
        }
        for (size_t i = 0; i < n; i++)
            sum[i] = _mm_add_epi16(sum[i], _mm_mullo_epi16(v[i], w));
    }
}

/* Wires x .. to-1 of n groups; the largest of them and `largest`. */
V8_INLINE __m128i short_gates(const zkg_wires *out, const int64_t *base,
                              const zkg_wire_term *term,
                              const zkg_wire_term *end, const int64_t *weight,
                              const zkg_wires *source, size_t group, size_t n,
                              size_t x, size_t to, __m128i largest)
{
    for (; x < to; x++) {
        const zkg_wire_term *first = term;
        __m128i sum[SHORT_GROUPS];

        while (term < end && term->to == x)
            term++;
        short_gate(sum, base[x], first, (size_t)(term - first), weight, source,
                   group, n);
        for (size_t i = 0; i < n; i++) {
            largest = _mm_max_epu16(largest, _mm_abs_epi16(sum[i]));
            put_shorts(out, group + i, x, sum[i]);
        }
    }
    return largest;
}

/* A sum that is known to be of 16 bits may be made modulo 2^16, whatever its
 * terms are. */
static uint64_t short_int_gates(const zkg_wires *out, const int64_t *base,
                                const zkg_wire_term *term, size_t n,
                                const int64_t *weight, const zkg_wires *source)
{
    __m128i largest = _mm_setzero_si128();
    uint16_t lane[8];
    uint64_t most = 0;

    for (size_t x = 0, k = 0; x < out->count;) {
        size_t to, g = 0;
        const size_t next = next_tile(&to, term, n, k, out->count);

        for (; g + SHORT_GROUPS <= out->groups; g += SHORT_GROUPS)
            largest = short_gates(out, base, term + k, term + next, weight,
                                  source, g, SHORT_GROUPS, x, to, largest);
        for (; g < out->groups; g++)
            largest = short_gates(out, base, term + k, term + next, weight,
                                  source, g, 1, x, to, largest);
        x = to;
        k = next;
    }
    _mm_storeu_si128((__m128i *)lane, largest);
    for (int i = 0; i < 8; i++)
        most = lane[i] > most ? lane[i] : most;
    return most;
}

zkg_status zkg_ifma_wires_int_terms(zkg_wires *out, uint64_t *most,
                                    const int64_t *base,
                                    const zkg_wire_term *term, size_t n,
                                    const int64_t *weight,
                                    const zkg_wires *source)
{
    const __mmask8 few = (__mmask8)((1u << out->lanes) - 1);

    if (!is_full(out))
        *most = int_gates(out, base, term, n, weight, source, few);
    else if (out->type == ZKG_I8 || out->type == ZKG_I16)
        *most = short_int_gates(out, base, term, n, weight, source);
    else
        *most = int_gates(out, base, term, n, weight, source, ALL_COPIES);
    return ZKG_OK;
}

/* ---- rounds ---- */

/* Eight values at (x, c), and at (x + 1, c): neighbouring copies' of one pair
 * of wires, or those of several pairs. */
typedef struct both8 {
    v8 lo, hi; /* elements, closed, below 2 p */
    __m512i lo_int, hi_int;
} both8;

/* How groups are cut into vectors of eight.  Value l of a plain group's vector
 * i is of copy l % lanes and of the wires 2 (l / lanes) and the next of the
 * sixteen values from 16 i on: those at pair[l] and pair[l] + lanes. */
typedef struct round8 {
    bool full;
    uint32_t lanes;
    uint64_t pair[8];
    const zkg_fr *weight; /* NULL: 1 */
    const zkg_fr *r;
    mulc8 fold;  /* by r */
    v8 at0, at1; /* (1 - r), r, as factors of integers, where v has such */
} round8;

/* Vectors of a group of `count` wires. */
V8_INLINE size_t vectors(const round8 *k, size_t count)
{
    return ((count + 1) / 2 * k->lanes + 7) / 8;
}

static void pair_init(round8 *k)
{
    for (uint32_t l = 0; l < 8; l++)
        k->pair[l] = 2 * (l / k->lanes) * k->lanes + l % k->lanes;
}

/* Whether all sixteen values of vector i are there. */
V8_INLINE bool has_pairs(const zkg_wires *w, size_t i)
{
    return 16 * (i + 1) <= w->count * w->lanes;
}

/* A plain group's vector i, the end of a group too: what is not there is 0. */
static void gather8(zkg_fr lo[8], zkg_fr hi[8], const zkg_wires *w,
                    size_t group, size_t i)
{
    const zkg_fr *at = (const zkg_fr *)w->at + group * w->count * w->lanes;

    for (size_t l = 0; l < 8; l++) {
        const size_t e = 8 * i + l, x = 2 * (e / w->lanes), j = e % w->lanes;

        lo[l] = x < w->count ? at[x * w->lanes + j] : zkg_fr_zero;
        hi[l] = x + 1 < w->count ? at[(x + 1) * w->lanes + j] : zkg_fr_zero;
    }
}

static void gather_ints8(int64_t lo[8], int64_t hi[8], const zkg_wires *w,
                         size_t group, size_t i)
{
    const size_t from = group * w->count * w->lanes;

    for (size_t l = 0; l < 8; l++) {
        const size_t e = 8 * i + l, x = 2 * (e / w->lanes), j = e % w->lanes;
        const size_t at = from + x * w->lanes + j;

        lo[l] = x < w->count ? int_at(w->at, w->type, at) : 0;
        hi[l] = x + 1 < w->count ? int_at(w->at, w->type, at + w->lanes) : 0;
    }
}

/* Vector i of a plain group of elements. */
V8_INLINE void read_pairs(both8 *b, const zkg_wires *w, size_t group, size_t i,
                          const round8 *k)
{
    const zkg_fr *at =
        (const zkg_fr *)w->at + group * w->count * w->lanes + 16 * i;
    const zkg_fr *from[8];
    __m512i words[4];

    for (int l = 0; l < 8; l++)
        from[l] = at + k->pair[l];
    v8_gather(words, from, 0);
    b->lo = v8_split(words[0], words[1], words[2], words[3]);
    v8_gather(words, from, w->lanes);
    b->hi = v8_split(words[0], words[1], words[2], words[3]);
}

/* The same of integers. */
V8_INLINE void read_int_pairs(both8 *b, const zkg_wires *w, size_t group,
                              size_t i, const round8 *k)
{
    const size_t at = group * w->count * w->lanes + 16 * i;
    const __m512i first = ints8(w->at, w->type, at);
    const __m512i second = ints8(w->at, w->type, at + 8);
    const __m512i lo = _mm512_loadu_si512(k->pair);
    const __m512i hi = _mm512_add_epi64(lo, v8_set(w->lanes));

    b->lo_int = _mm512_permutex2var_epi64(first, lo, second);
    b->hi_int = _mm512_permutex2var_epi64(first, hi, second);
}

/* Vector i of a group of elements. */
V8_INLINE void read_both(both8 *b, const zkg_wires *w, size_t group, size_t i,
                         const round8 *k)
{
    if (is_full(w)) {
        b->lo = lane_read(wire_at(w, group, 2 * i));
        b->hi = 2 * i + 1 < w->count ? lane_read(wire_at(w, group, 2 * i + 1))
                                     : v8_of(&zkg_fr_zero);
    } else if (has_pairs(w, i)) {
        read_pairs(b, w, group, i, k);
    } else {
        zkg_fr lo[8], hi[8];

        gather8(lo, hi, w, group, i);
        b->lo = v8_load(lo);
        b->hi = v8_load(hi);
    }
}

V8_INLINE void read_both_ints(both8 *b, const zkg_wires *w, size_t group,
                              size_t i, const round8 *k)
{
    if (is_full(w)) {
        b->lo_int = ints_at(w, group, 2 * i);
        b->hi_int = 2 * i + 1 < w->count ? ints_at(w, group, 2 * i + 1)
                                         : _mm512_setzero_si512();
    } else if (has_pairs(w, i)) {
        read_int_pairs(b, w, group, i, k);
    } else {
        int64_t lo[8], hi[8];

        gather_ints8(lo, hi, w, group, i);
        b->lo_int = _mm512_loadu_si512(lo);
        b->hi_int = _mm512_loadu_si512(hi);
    }
}

/* Vector i of a group of `count` wires, open, below 2 p. */
V8_INLINE void write8(const zkg_wires *w, size_t group, size_t i, v8 v)
{
    const size_t all = w->count * w->lanes;
    zkg_fr out[8];

    if (is_full(w)) {
        lane_write(wire_at(w, group, i), v);
        return;
    }
    v8_store(out, v8_finish(v));
    memcpy((zkg_fr *)w->at + group * all + 8 * i, out,
           (all - 8 * i < 8 ? all - 8 * i : 8) * sizeof(*out));
}

V8_INLINE v8 folded(const both8 *b, const round8 *k, uint32_t power)
{
    acc7 s;

    if (power == NO_INTS)
        return v8_mulc_add(v8_diff(b->hi, b->lo), &k->fold, b->lo);
    acc7_zero(&s);
    acc7_mac(&s, b->lo_int, &k->at0);
    acc7_mac(&s, b->hi_int, &k->at1);
    return acc7_reduce(s, power, 0);
}

/* A group of `from` into one of `to`, which may lie in the same place. */
V8_INLINE void fold_group(const zkg_wires *to, const zkg_wires *from,
                          size_t group, const round8 *k, uint32_t power)
{
    const size_t n = vectors(k, from->count);

    for (size_t i = 0; i < n; i++) {
        both8 b;

        if (power != NO_INTS)
            read_both_ints(&b, from, group, i, k);
        else
            read_both(&b, from, group, i, k);
        write8(to, group, i, folded(&b, k, power));
    }
}

/* Sums of weighted groups.  Those of a group, of elements or of integers, are
 * reduced, and then multiplied by its weights: outer. */
typedef struct round_sum {
    acc8 at1, c2;    /* products of elements */
    acc7 int1, int2; /* integers times elements */
    uint32_t held;   /* pairs */
    acc8 outer1, outer2;
    uint32_t outer_held;
    zkg_fr total1, total2;
    v8 scale;
    uint32_t power; /* of the integers */
} round_sum;

static void round_zero(round_sum *s)
{
    acc8_zero(&s->at1);
    acc8_zero(&s->c2);
    acc7_zero(&s->int1);
    acc7_zero(&s->int2);
    s->held = 0;
}

static void round_init(round_sum *s, uint32_t power)
{
    /* of the product by scale and of outer, 2^-4 each; of the inner sum */
    const zkg_fr scale =
        shifted(&zkg_fr_one, 8 + (power == NO_INTS ? 4 : power));

    round_zero(s);
    acc8_zero(&s->outer1);
    acc8_zero(&s->outer2);
    s->outer_held = 0;
    s->total1 = s->total2 = zkg_fr_zero;
    s->scale = v8_of(&scale);
    s->power = power;
}

static void drain_one(zkg_fr *total, acc8 *outer, const v8 *scale)
{
    zkg_fr lane[8];
    v8 v;

    acc8_carry(outer);
    v = acc8_reduce(*outer);
    v8_store(lane, v8_canonical(v8_mul_raw(&v, scale)));
    for (int i = 0; i < 8; i++)
        zkg_fr_add(total, total, &lane[i]);
    acc8_zero(outer);
}

static void round_drain(round_sum *s)
{
    drain_one(&s->total1, &s->outer1, &s->scale);
    drain_one(&s->total2, &s->outer2, &s->scale);
    s->outer_held = 0;
}

V8_INLINE v8 inner_value(acc8 *products, const acc7 *sums, uint32_t power)
{
    if (power != NO_INTS)
        return v8_close(power == SMALL_INTS ? acc7_reduce(*sums, SMALL_INTS, 0)
                                            : acc7_reduce(*sums, ANY_INTS, 0));
    acc8_carry(products);
    return acc8_reduce(*products);
}

static void round_end_group(round_sum *s, const v8 *weight)
{
    v8 v;

    if (s->held == 0)
        return;
    if (s->outer_held == ACC8_PRODUCTS)
        round_drain(s);
    v = inner_value(&s->at1, &s->int1, s->power);
    acc8_mac(&s->outer1, &v, weight);
    v = inner_value(&s->c2, &s->int2, s->power);
    acc8_mac(&s->outer2, &v, weight);
    s->outer_held++;
    round_zero(s);
}

V8_INLINE void sum_group(round_sum *s, const zkg_wires *v, const zkg_wires *h,
                         size_t group, const round8 *k, bool ints,
                         const v8 *weight)
{
    const size_t n = vectors(k, v->count);

    for (size_t i = 0; i < n; i++) {
        both8 a, b;
        v8 db;

        if (s->held == (ints ? INTS_MOST : ACC8_PRODUCTS))
            round_end_group(s, weight);
        s->held++;
        read_both(&b, h, group, i, k);
        db = v8_diff(b.hi, b.lo);
        if (ints) {
            read_both_ints(&a, v, group, i, k);
            acc7_mac(&s->int1, a.hi_int, &b.hi);
            db = v8_close(db);
            acc7_mac(&s->int2, _mm512_sub_epi64(a.hi_int, a.lo_int), &db);
        } else {
            v8 da;

            read_both(&a, v, group, i, k);
            da = v8_diff(a.hi, a.lo);
            acc8_mac(&s->at1, &a.hi, &b.hi);
            acc8_mac(&s->c2, &da, &db);
        }
    }
}

/* The weights of a group's vectors: lanes divides 8, and so all have the same.
 */
static v8 group_weight(const round8 *k, size_t group)
{
    zkg_fr w[8];

    if (k->weight == NULL)
        return v8_of(&zkg_fr_one);
    for (size_t l = 0; l < 8; l++)
        w[l] = k->weight[group * k->lanes + l % k->lanes];
    return v8_load(w);
}

/* All of a round; fold and the integers' power are known when this is compiled.
 */
V8_INLINE void round_of(round_sum *s, const zkg_wires *v, const zkg_wires *h,
                        const zkg_wires *from, const zkg_wires *h_from,
                        const round8 *k, bool fold, uint32_t power)
{
    for (size_t g = 0; g < from->groups; g++) {
        v8 weight;

        if (fold) {
            fold_group(v, from, g, k, power);
            fold_group(h, h_from, g, k, NO_INTS);
        }
        if (s == NULL)
            continue;
        weight = group_weight(k, g);
        if (fold)
            sum_group(s, v, h, g, k, false, &weight);
        else
            sum_group(s, from, h, g, k, power != NO_INTS, &weight);
        round_end_group(s, &weight);
    }
}

static void round_all(round_sum *s, const zkg_wires *v, const zkg_wires *h,
                      const zkg_wires *from, const zkg_wires *h_from,
                      const round8 *k)
{
    const uint32_t power = int_power(from->type);

    if (k->r == NULL && power == NO_INTS)
        round_of(s, v, h, from, h_from, k, false, NO_INTS);
    else if (k->r == NULL)
        round_of(s, v, h, from, h_from, k, false, ANY_INTS);
    else if (power == NO_INTS)
        round_of(s, v, h, from, h_from, k, true, NO_INTS);
    else if (power == SMALL_INTS)
        round_of(s, v, h, from, h_from, k, true, SMALL_INTS);
    else
        round_of(s, v, h, from, h_from, k, true, ANY_INTS);
}

static void prepare_fold(round8 *k, zkg_wires *v, zkg_wires *h,
                         const zkg_wires *from)
{
    zkg_fr rest;
    void *const at = v->at;

    *v = *from;
    v->at = at;
    v->type = ZKG_FR;
    v->count = (from->count + 1) / 2;
    h->count = v->count;
    mulc8_init(&k->fold, k->r);
    if (from->type == ZKG_FR)
        return;
    zkg_fr_sub(&rest, &zkg_fr_one, k->r);
    rest = shifted(&rest, int_power(from->type));
    k->at0 = v8_of(&rest);
    rest = shifted(k->r, int_power(from->type));
    k->at1 = v8_of(&rest);
}

zkg_status zkg_ifma_wires_round(zkg_sums *sums, zkg_wires *v, zkg_wires *h,
                                const zkg_wires *from, const zkg_fr *r,
                                const zkg_fr *weight)
{
    const zkg_wires before = *from, h_before = *h;
    round8 k = {
        .full = is_full(from), .lanes = from->lanes, .weight = weight, .r = r};
    round_sum s;

    pair_init(&k);
    if (r != NULL)
        prepare_fold(&k, v, h, &before);
    round_init(&s, r == NULL ? int_power(before.type) : NO_INTS);
    round_all(sums == NULL ? NULL : &s, v, h, &before, &h_before, &k);
    if (sums == NULL)
        return ZKG_OK;
    round_drain(&s);
    sums->at1 = s.total1;
    sums->c2 = s.total2;
    return ZKG_OK;
}

/* ---- sums over copies ---- */

/* Wires whose sums are reduced together, a lane each; and groups of copies
 * whose weights stay in the nearest cache, and products in a sum. */
enum { DOT_TILE = 8, DOT_GROUPS = INTS_MOST };
static_assert((int)DOT_GROUPS <= (int)ACC8_PRODUCTS, "sums of elements fit");

/* Lane i: the sum of all lanes of v[i]. */
V8_INLINE __m512i sums_of_lanes(const __m512i v[8])
{
    __m512i two[4], four[2];

    for (int i = 0; i < 4; i++)
        two[i] =
            _mm512_add_epi64(_mm512_unpacklo_epi64(v[2 * i], v[2 * i + 1]),
                             _mm512_unpackhi_epi64(v[2 * i], v[2 * i + 1]));
    for (int i = 0; i < 2; i++)
        four[i] = _mm512_add_epi64(
            _mm512_shuffle_i64x2(two[2 * i], two[2 * i + 1], 0x88),
            _mm512_shuffle_i64x2(two[2 * i], two[2 * i + 1], 0xdd));
    return _mm512_add_epi64(_mm512_shuffle_i64x2(four[0], four[1], 0x88),
                            _mm512_shuffle_i64x2(four[0], four[1], 0xdd));
}

/* Lane i: all lanes of sums[i] together, reduced; open.  Limbs of a sum are
 * below 2^58 in absolute value, and so of eight below 2^61. */
V8_INLINE v8 acc7_reduce_lanes(const acc7 sums[DOT_TILE], uint32_t power)
{
    acc7 all;

    for (int k = 0; k < 7; k++) {
        __m512i limb[DOT_TILE];

        for (int i = 0; i < DOT_TILE; i++)
            limb[i] = sums[i].l[k];
        all.l[k] = sums_of_lanes(limb);
    }
    return acc7_reduce(all, power, 3);
}

/* The same of products: 10 * 8 DOT_GROUPS 2^52 < 2^64 in a limb, and
 * 8 DOT_GROUPS 2 p p / 84 p + p < 8 p reduced; below 1.01 p, open. */
V8_INLINE v8 acc8_reduce_lanes(const acc8 sums[DOT_TILE])
{
    acc8 all;

    for (int k = 0; k < 10; k++) {
        __m512i limb[DOT_TILE];

        for (int i = 0; i < DOT_TILE; i++)
            limb[i] = sums[i].l[k];
        all.l[k] = sums_of_lanes(limb);
    }
    acc8_carry(&all);
    return v8_trim(acc8_reduce_raw(all));
}

/* out[0 .. n) = v, open, below 2 p, by scale if there is one; added to what is
 * there unless it is the first that comes; n <= 8 */
V8_INLINE void put_lanes(zkg_fr *out, v8 v, size_t n, const mulc8 *scale,
                         bool first)
{
    zkg_fr some[8] = {{{0}}};
    zkg_fr *to = n < 8 ? some : out;
    v8 before = v8_of(&zkg_fr_zero);

    if (!first && n < 8)
        memcpy(some, out, n * sizeof(*out));
    if (!first)
        before = v8_load(to);
    v8_store(to, scale != NULL ? v8_finish(v8_mulc_add(v, scale, before))
                               : v8_canonical(v8_add_raw(v8_close(v), before)));
    if (n < 8)
        memcpy(out, some, n * sizeof(*out));
}

/* A wire of a tile of n: the last again where there are fewer. */
V8_INLINE size_t in_tile(size_t i, size_t n)
{
    return i < n ? i : n - 1;
}

/* Sums of wires x .. x+n-1 of some groups from `from` on, c[k] being the
 * weights of the k-th: two at a time, whose limbs stay in registers and do not
 * wait for each other.  Those behind the last are 0. */
V8_INLINE void dot_ints(acc7 sums[DOT_TILE], const zkg_wires *w, const v8 *c,
                        size_t x, size_t n, size_t from, size_t groups)
{
    for (size_t i = 0; i < DOT_TILE; i += 2) {
        const size_t one = x + in_tile(i, n), other = x + in_tile(i + 1, n);
        acc7 a, b;

        acc7_zero(&a);
        acc7_zero(&b);
        for (size_t g = 0; i < n && g < groups; g++) {
            acc7_mac(&a, ints_at(w, from + g, one), &c[g]);
            acc7_mac(&b, ints_at(w, from + g, other), &c[g]);
        }
        sums[i] = a;
        sums[i + 1] = b;
    }
}

/* The same of elements, one at a time. */
V8_INLINE void dot_elements(acc8 sums[DOT_TILE], const zkg_wires *w,
                            const v8 *c, size_t x, size_t n, size_t from,
                            size_t groups)
{
    for (size_t i = 0; i < DOT_TILE; i++) {
        acc8 a;

        acc8_zero(&a);
        for (size_t g = 0; i < n && g < groups; g++) {
            const v8 v = lane_read(wire_at(w, from + g, x + i));

            acc8_mac(&a, &v, &c[g]);
        }
        sums[i] = a;
    }
}

/* Wires x .. x+n-1 of those groups, n <= DOT_TILE. */
V8_INLINE void dot_tile(zkg_fr *out, const zkg_wires *w, const v8 *c, size_t x,
                        size_t n, size_t from, size_t groups, uint32_t power,
                        const mulc8 *scale)
{
    if (power != NO_INTS) {
        acc7 sums[DOT_TILE];

        dot_ints(sums, w, c, x, n, from, groups);
        put_lanes(out + x, acc7_reduce_lanes(sums, power), n, scale, from == 0);
    } else {
        acc8 sums[DOT_TILE];

        dot_elements(sums, w, c, x, n, from, groups);
        put_lanes(out + x, acc8_reduce_lanes(sums), n, NULL, from == 0);
    }
}

/* Copy j of wires x .. x+n-1 of a plain group, n <= 8; of the last again where
 * there are fewer than eight. */
V8_INLINE __m512i few_ints(const zkg_wires *w, size_t group, size_t x, size_t n,
                           uint32_t j)
{
    int64_t v[8];

    for (size_t l = 0; l < 8; l++)
        v[l] = int_at(w->at, w->type,
                      (group * w->count + x + in_tile(l, n)) * w->lanes + j);
    return _mm512_loadu_si512(v);
}

/* Wires x .. x+n-1 of a plain group, n <= 8, of `bytes` each, 8 at most, for
 * all copies: a wire a lane. */
V8_INLINE __m512i wire_words(const zkg_wires *w, size_t group, size_t x,
                             size_t n, size_t bytes)
{
    const char *at = (const char *)w->at + (group * w->count + x) * bytes;
    const __mmask8 some = (__mmask8)((1u << n) - 1);

    switch (bytes) {
    case 1:
        return _mm512_cvtepu8_epi64(_mm_maskz_loadu_epi8(some, at));
    case 2:
        return _mm512_cvtepu16_epi64(_mm_maskz_loadu_epi16(some, at));
    case 4:
        return _mm512_cvtepu32_epi64(_mm256_maskz_loadu_epi32(some, at));
    default:
        return _mm512_maskz_loadu_epi64(some, at);
    }
}

/* Copy j of such wires. */
V8_INLINE __m512i copy_of(__m512i words, zkg_dtype type, uint32_t j)
{
    const uint32_t bits = 8 * (uint32_t)int_bytes(type);
    const __m512i top = _mm512_slli_epi64(words, 64 - bits * (j + 1));

    return type == ZKG_U8 || type == ZKG_U16
               ? _mm512_srli_epi64(top, 64 - bits)
               : _mm512_srai_epi64(top, 64 - bits);
}

V8_INLINE v8 few_elements(const zkg_wires *w, size_t group, size_t x, size_t n,
                          uint32_t j)
{
    const zkg_fr *at =
        (const zkg_fr *)w->at + (group * w->count + x) * w->lanes + j;
    const zkg_fr *from[8];
    __m512i words[4];

    for (size_t l = 0; l < 8; l++)
        from[l] = at + in_tile(l, n) * w->lanes;
    v8_gather(words, from, 0);
    return v8_split(words[0], words[1], words[2], words[3]);
}

/* Wires x .. x+n-1 of a plain group, n <= 8, by weights c: a lane each. */
V8_INLINE void dot_few(zkg_fr *out, const zkg_wires *w, const v8 *c,
                       size_t group, size_t x, size_t n, zkg_dtype type)
{
    const size_t bytes = w->lanes * int_bytes(type);
    __m512i words = _mm512_setzero_si512();
    zkg_wires typed = *w;
    acc8 products;
    acc7 sums;

    typed.type = type;
    if (type != ZKG_FR && bytes <= 8)
        words = wire_words(w, group, x, n, bytes);
    acc8_zero(&products);
    acc7_zero(&sums);
    for (uint32_t j = 0; j < w->lanes; j++) {
        if (type == ZKG_FR) {
            const v8 v = few_elements(w, group, x, n, j);

            acc8_mac(&products, &v, &c[j]);
        } else {
            acc7_mac(&sums,
                     bytes <= 8 ? copy_of(words, type, j)
                                : few_ints(&typed, group, x, n, j),
                     &c[j]);
        }
    }
    if (type == ZKG_FR) {
        acc8_carry(&products);
        put_lanes(out + x, acc8_reduce(products), n, NULL, group == 0);
    } else {
        put_lanes(out + x, acc7_reduce(sums, int_power(type), 0), n, NULL,
                  group == 0);
    }
}

/* Eight weights, by what cancels the reduction of such wires' sums. */
static v8 dot_weights(const zkg_fr *weight, zkg_dtype type)
{
    const zkg_fr scale =
        shifted(&zkg_fr_one, 4 + (type == ZKG_FR ? 4 : int_power(type)));
    const v8 s = v8_of(&scale), w = v8_load(weight);

    return v8_canonical(v8_mul_raw(&w, &s));
}

static void dot_plain(zkg_fr *out, const zkg_wires *w, const zkg_fr *weight)
{
#define DOT_FEW(type) dot_few(out, w, c, g, x, n, type)
    for (size_t g = 0; g < w->groups; g++) {
        zkg_fr of[8] = {{{0}}};
        v8 c[ZKG_WIRE_LANES];

        memcpy(of, weight + g * w->lanes, w->lanes * sizeof(*of));
        v8_store(of, dot_weights(of, w->type));
        for (uint32_t j = 0; j < w->lanes; j++)
            c[j] = v8_of(&of[j]);
        for (size_t x = 0; x < w->count; x += 8) {
            const size_t n = w->count - x < 8 ? w->count - x : 8;

            if (w->type == ZKG_FR)
                DOT_FEW(ZKG_FR);
            else
                FOR_TYPE(w->type, DOT_FEW);
        }
    }
#undef DOT_FEW
}

/* What cancels the reduction is in the weights of elements, where it is 2^4,
 * and in the sums of integers: wires may be few, and groups many. */
static void dot_full(zkg_fr *out, const zkg_wires *w, const zkg_fr *weight)
{
    const uint32_t power = int_power(w->type);
    const zkg_fr factor = shifted(&zkg_fr_one, power);
    v8 c[DOT_GROUPS];
    mulc8 scale;

    mulc8_init(&scale, &factor);
    for (size_t g = 0; g < w->groups; g += DOT_GROUPS) {
        const size_t left = w->groups - g;
        const size_t groups = left < DOT_GROUPS ? left : DOT_GROUPS;

        for (size_t k = 0; k < groups; k++) {
            c[k] = v8_load(weight + 8 * (g + k));
            if (power == NO_INTS)
                c[k] = v8_close(v8_trim_16(times16(c[k])));
        }
        for (size_t x = 0; x < w->count; x += DOT_TILE) {
            const size_t n = w->count - x < DOT_TILE ? w->count - x : DOT_TILE;

            if (power == NO_INTS)
                dot_tile(out, w, c, x, n, g, groups, NO_INTS, NULL);
            else if (power == SMALL_INTS)
                dot_tile(out, w, c, x, n, g, groups, SMALL_INTS, &scale);
            else
                dot_tile(out, w, c, x, n, g, groups, ANY_INTS, &scale);
        }
    }
}

zkg_status zkg_ifma_wires_dot(zkg_fr *out, const zkg_wires *v,
                              const zkg_fr *weight)
{
    if (v->groups == 0)
        memset(out, 0, v->count * sizeof(*out));
    else if (!is_full(v))
        dot_plain(out, v, weight);
    else if (int_bytes(v->type) == 1 && v->count >= BYTE_WIRES_FROM)
        zkg_ifma_dot_bytes(out, v, weight);
    else
        dot_full(out, v, weight);
    return ZKG_OK;
}
