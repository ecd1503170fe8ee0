/* SPDX-License-Identifier: Apache-2.0
 * A layer's values from those of its sources: as integers where these are known
 * to stay small, else in the field. */
#include "base/bits.h"
#include "base/mem.h"
#include "circuit/values.h"

#include <math.h>

/* A layer's terms in the order of its gates.  What all copies share is in the
 * weights; a term with nothing else is in the base. */
typedef struct gates {
    zkg_wire_term *term;
    size_t terms;
    zkg_fr *weight; /* the coefficients that occur, then those of terms that
                       something shared is part of */
    size_t weights;
    zkg_fr *base;   /* NULL: 0 */
    uint32_t *seen; /* by coefficient: 1 + its weight, 0: none yet */
} gates;

static void gates_clear(gates *g)
{
    zkg_free(g->term);
    zkg_free(g->weight);
    zkg_free(g->base);
    zkg_free(g->seen);
}

/* The weight that is coefficient k. */
static uint32_t plain_weight(gates *g, const zkg_circuit_values *vs, uint32_t k)
{
    if (g->seen[k] == 0) {
        g->weight[g->weights] = vs->coeff[k];
        g->seen[k] = (uint32_t)++g->weights;
    }
    return g->seen[k] - 1;
}

/* A term of which something may be shared: what is, goes into the weight; what
 * is shared altogether, into the base. */
static void put_split(gates *g, const zkg_circuit_values *vs, zkg_wire_term t,
                      uint32_t coeff)
{
    const bool linear = t.b == ZKG_WIRE_LINEAR;
    const bool a = zkg_circuit_values_shared(vs, t.a_source);
    const bool b = !linear && zkg_circuit_values_shared(vs, t.b_source);
    zkg_fr w = vs->coeff[coeff];

    if (b)
        zkg_fr_mul(&w, &w, zkg_circuit_values_shared_at(vs, t.b_source, t.b));
    if (a)
        zkg_fr_mul(&w, &w, zkg_circuit_values_shared_at(vs, t.a_source, t.a));
    if (a && (b || linear)) {
        zkg_fr_add(&g->base[t.to], &g->base[t.to], &w);
        return;
    }
    if (a) {
        t.a = t.b;
        t.a_source = t.b_source;
    }
    if (a || b) {
        t.b = ZKG_WIRE_LINEAR;
        t.weight = (uint32_t)g->weights;
        g->weight[g->weights++] = w;
    } else {
        t.weight = plain_weight(g, vs, coeff);
    }
    g->term[g->terms++] = t;
}

static inline void put_term(gates *g, const zkg_circuit_values *vs,
                            zkg_wire_term t, uint32_t coeff, bool any_shared)
{
    if (any_shared) {
        put_split(g, vs, t, coeff);
        return;
    }
    t.weight = plain_weight(g, vs, coeff);
    g->term[g->terms++] = t;
}

static inline void put_mul(gates *g, const zkg_circuit_values *vs,
                           const zkg_circuit_mul *m, bool any_shared)
{
    const zkg_wire_term t = {.to = m->gate,
                             .a = zkg_circuit_position(vs->c, m->a),
                             .b = zkg_circuit_position(vs->c, m->b),
                             .a_source = (uint16_t)m->a.source,
                             .b_source = (uint16_t)m->b.source};

    put_term(g, vs, t, m->coeff, any_shared);
}

static inline void put_add(gates *g, const zkg_circuit_values *vs,
                           const zkg_circuit_add *a, bool any_shared)
{
    const zkg_wire_term t = {.to = a->gate,
                             .a = zkg_circuit_position(vs->c, a->a),
                             .b = ZKG_WIRE_LINEAR,
                             .a_source = (uint16_t)a->a.source};

    put_term(g, vs, t, a->coeff, any_shared);
}

static inline void put_terms(gates *g, const zkg_circuit_values *vs,
                             const zkg_circuit_layer *l, bool any_shared)
{
    uint32_t a = 0;

    for (uint32_t m = 0; m < l->muls; m++) {
        for (; a < l->adds && l->add[a].gate < l->mul[m].gate; a++)
            put_add(g, vs, &l->add[a], any_shared);
        put_mul(g, vs, &l->mul[m], any_shared);
    }
    for (; a < l->adds; a++)
        put_add(g, vs, &l->add[a], any_shared);
}

/* A base of zeros. */
static bool make_base(gates *g, const zkg_circuit_layer *l)
{
    g->base = zkg_alloc(l->gates, sizeof(*g->base));
    return g->base != NULL;
}

static zkg_status gates_init(gates *g, const zkg_circuit_values *vs, uint32_t i)
{
    const zkg_circuit *c = vs->c;
    const zkg_circuit_layer *l = &c->layer[i];
    const size_t n = (size_t)l->muls + l->adds;
    bool any_shared = false, has_base;

    for (uint32_t k = 0; k < c->inputs; k++)
        any_shared |= vs->range[k].shared;
    has_base = any_shared || l->constants > 0;
    *g = (gates){.term = zkg_alloc_raw(n, sizeof(*g->term)),
                 .weight = zkg_alloc_raw(n, sizeof(*g->weight)),
                 .seen = zkg_alloc(c->coeffs, sizeof(*g->seen))};
    if (g->term == NULL || g->weight == NULL || g->seen == NULL ||
        (has_base && !make_base(g, l)))
        return ZKG_ERR_NOMEM;
    if (any_shared)
        put_terms(g, vs, l, true);
    else
        put_terms(g, vs, l, false);
    for (uint32_t k = 0; k < l->constants; k++)
        zkg_fr_add(&g->base[l->constant[k].gate], &g->base[l->constant[k].gate],
                   &vs->coeff[l->constant[k].coeff]);
    return ZKG_OK;
}

double zkg_circuit_raw_bytes(double bytes)
{
    return bytes < (double)(SIZE_MAX / 4) ? (double)zkg_raw_bytes((size_t)bytes)
                                          : bytes;
}

/* Whether one of its operands is shared, and the other one not. */
static bool is_part_shared(const zkg_circuit_range *range,
                           const zkg_circuit_mul *m)
{
    return zkg_circuit_is_shared(range, m->a.source) !=
           zkg_circuit_is_shared(range, m->b.source);
}

/* gates_init's arrays, the integers of eval_ints, and what the backend makes of
 * the weights: the coefficients that occur, and one a term of which a part is
 * shared.  Integers without a base have none of elements. */
double zkg_circuit_eval_bytes(const zkg_circuit_types *types, uint32_t i)
{
    const zkg_circuit_layer *l = &types->c->layer[i];
    const double terms = (double)l->muls + l->adds;
    double weights = types->c->coeffs, base = sizeof(int64_t);
    bool any = false;

    for (uint32_t k = 0; k < types->c->inputs; k++)
        any |= types->range[k].shared;
    for (uint32_t k = 0; k < l->muls && any; k++)
        weights += is_part_shared(types->range, &l->mul[k]);
    weights = weights < terms ? weights : terms;
    if (any || l->constants > 0 || types->layer[i] == ZKG_FR)
        base += sizeof(zkg_fr);
    return zkg_circuit_raw_bytes(terms * sizeof(zkg_wire_term)) +
           zkg_circuit_raw_bytes(terms * sizeof(zkg_fr)) + l->gates * base +
           types->c->coeffs * (double)sizeof(uint32_t) +
           weights * (sizeof(int64_t) + ZKG_CIRCUIT_LIFTED_BYTES);
}

/* ---- as integers ---- */

static bool to_ints(int64_t *out, const zkg_fr *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (zkg_fr_is_zero(&x[i]))
            out[i] = 0;
        else if (!zkg_fr_to_i64(&out[i], &x[i]))
            return false;
    }
    return true;
}

/* Bounds are doubles: below 2^53 they are exact, and what is rounded is too
 * large by far. */

static double size_of(int64_t x)
{
    return x < 0 ? -(double)x : (double)x;
}

/* 1 instead of 0, so that products of some of the factors are bounded too. */
static double factor_of(double most)
{
    return most > 1 ? most : 1;
}

/* The largest of each source of layer i as a factor. */
static void bound_sources(double *most, const zkg_circuit_values *vs,
                          uint32_t i)
{
    if (i > 0)
        most[ZKG_CIRCUIT_PREVIOUS] = vs->layer[i - 1].type == ZKG_FR
                                         ? INFINITY
                                         : factor_of((double)vs->most[i - 1]);
    for (uint32_t k = 0; k < vs->c->inputs; k++)
        most[1 + k] = vs->input[k].type == ZKG_FR
                          ? INFINITY
                          : factor_of(fmax(size_of(vs->range[k].low),
                                           size_of(vs->range[k].high)));
}

/* The largest that a gate can be, each by its own terms. */
static double bound_terms(const gates *g, const double *source,
                          const int64_t *base, const int64_t *weight)
{
    double most = 0, gate = 0;

    for (size_t k = 0; k < g->terms; k++) {
        const zkg_wire_term *t = &g->term[k];
        const double w = factor_of(size_of(weight[t->weight]));
        const double b = t->b == ZKG_WIRE_LINEAR ? 1 : source[t->b_source];

        if (k == 0 || g->term[k - 1].to != t->to)
            gate = size_of(base[t->to]);
        gate += w * source[t->a_source] * b;
        most = gate > most ? gate : most;
    }
    return most;
}

/* The largest of the sources of a list. */
static double bound_reads(const zkg_circuit_reads *reads, const double *source)
{
    double most = 1;

    for (uint32_t k = 0; k < reads->sources; k++)
        most = fmax(most, source[reads->source[k]]);
    return most;
}

/* The same by the largest that the layer reads: as many terms as a gate can
 * have.  Where there are none, it does not matter what the sources hold. */
static double bound_all(const zkg_circuit_values *vs, uint32_t i,
                        const gates *g, const double *source, double constant,
                        const int64_t *weight)
{
    const zkg_circuit_plan *plan;
    double factor = 1;

    if (g->terms == 0)
        return constant;
    if (vs->c->plan == NULL)
        return INFINITY;
    plan = &vs->c->plan[i];
    for (size_t k = 0; k < g->weights; k++)
        factor = fmax(factor, size_of(weight[k]));
    return constant + (double)plan->terms * factor *
                          bound_reads(&plan->first, source) *
                          bound_reads(&plan->second, source);
}

/* The largest that a gate can be; false: not an integer, or too large.  Where
 * the smallest type holds them all, it does not matter which is how large. */
static bool bound_gates(uint64_t *out, const zkg_circuit_values *vs, uint32_t i,
                        const gates *g, const int64_t *base,
                        const int64_t *weight)
{
    double source[ZKG_CIRCUIT_MAX_SOURCES], constant = 0, most;

    bound_sources(source, vs, i);
    for (uint32_t o = 0; g->base != NULL && o < vs->c->layer[i].gates; o++)
        constant = size_of(base[o]) > constant ? size_of(base[o]) : constant;
    most = bound_all(vs, i, g, source, constant, weight);
    if (most >= INT8_MAX)
        most = fmax(constant, bound_terms(g, source, base, weight));
    if (most >= (double)ZKG_WIRE_MOST)
        return false;
    *out = (uint64_t)most;
    return true;
}

/* Sources of layer i as the slots want them. */
static void list_sources(zkg_wires *out, const zkg_circuit_values *vs,
                         uint32_t i)
{
    for (uint32_t s = 0; s <= vs->c->inputs; s++)
        if (s != ZKG_CIRCUIT_PREVIOUS || i > 0)
            out[s] = *zkg_circuit_values_source(vs, i, s);
}

/* *done: they were integers. */
static zkg_status eval_ints(bool *done, zkg_circuit_values *vs, uint32_t i,
                            const gates *g, const zkg_wires *source)
{
    const uint32_t count = vs->c->layer[i].gates;
    int64_t *base = zkg_alloc(count, sizeof(*base));
    int64_t *weight = zkg_alloc(g->weights, sizeof(*weight));
    zkg_status status = ZKG_OK;
    uint64_t most;

    *done = false;
    if (base == NULL || weight == NULL) {
        status = ZKG_ERR_NOMEM;
    } else if ((g->base == NULL || to_ints(base, g->base, count)) &&
               to_ints(weight, g->weight, g->weights) &&
               bound_gates(&most, vs, i, g, base, weight)) {
        *done = true;
        status = zkg_circuit_values_layer(vs, i, zkg_circuit_layer_type(most));
        if (status == ZKG_OK)
            status =
                vs->backend->wires_int_terms(&vs->layer[i], &vs->most[i], base,
                                             g->term, g->terms, weight, source);
    }
    zkg_free(base);
    zkg_free(weight);
    return status;
}

/* ---- a layer ---- */

/* As elements. */
static zkg_status eval_elements(zkg_circuit_values *vs, uint32_t i, gates *g,
                                const zkg_wires *source)
{
    ZKG_TRY(zkg_circuit_values_layer(vs, i, ZKG_FR));
    if (g->base == NULL && !make_base(g, &vs->c->layer[i]))
        return ZKG_ERR_NOMEM;
    return vs->backend->wires_terms(&vs->layer[i], g->base, g->term, g->terms,
                                    g->weight, g->weights, source);
}

zkg_status zkg_circuit_values_eval(zkg_circuit_values *vs, uint32_t i)
{
    zkg_wires source[ZKG_CIRCUIT_MAX_SOURCES] = {{0}};
    bool done = false;
    gates g;
    zkg_status status = gates_init(&g, vs, i);

    list_sources(source, vs, i);
    if (status == ZKG_OK)
        status = eval_ints(&done, vs, i, &g, source);
    if (status == ZKG_OK && !done)
        status = eval_elements(vs, i, &g, source);
    gates_clear(&g);
    return status;
}
