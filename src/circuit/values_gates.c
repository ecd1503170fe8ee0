/* SPDX-License-Identifier: Apache-2.0
 * A layer's values from those of its sources: as integers where these are known
 * to stay small, else in the field. */
#include "base/bits.h"
#include "base/mem.h"
#include "circuit/values.h"

/* A layer's terms in the order of its gates.  What all copies share is in the
 * weights; a term with nothing else is in the base. */
typedef struct gates {
    zkg_wire_term *term;
    size_t terms;
    zkg_fr *weight; /* the coefficients that occur, then those of terms that
                       something shared is part of */
    size_t weights;
    zkg_fr *base;
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

/* A term's weight; false: all of it is shared, *w its value. */
static bool split_term(gates *g, zkg_wire_term *t, zkg_fr *w,
                       const zkg_circuit_values *vs, uint32_t coeff)
{
    const bool a = zkg_circuit_values_shared(vs, t->a_source);
    const bool b =
        t->b != ZKG_WIRE_LINEAR && zkg_circuit_values_shared(vs, t->b_source);

    if (!a && !b) {
        t->weight = plain_weight(g, vs, coeff);
        return true;
    }
    *w = vs->coeff[coeff];
    if (b)
        zkg_fr_mul(w, w, zkg_circuit_values_shared_at(vs, t->b_source, t->b));
    if (a)
        zkg_fr_mul(w, w, zkg_circuit_values_shared_at(vs, t->a_source, t->a));
    if (a && (b || t->b == ZKG_WIRE_LINEAR))
        return false;
    if (a) {
        t->a = t->b;
        t->a_source = t->b_source;
    }
    t->b = ZKG_WIRE_LINEAR;
    t->weight = (uint32_t)g->weights;
    g->weight[g->weights++] = *w;
    return true;
}

/* The term of the next place, or what it is worth added to the base. */
static void put_term(gates *g, const zkg_circuit_values *vs, uint32_t coeff)
{
    zkg_wire_term *t = &g->term[g->terms];
    zkg_fr w;

    if (split_term(g, t, &w, vs, coeff))
        g->terms++;
    else
        zkg_fr_add(&g->base[t->to], &g->base[t->to], &w);
}

static void put_mul(gates *g, const zkg_circuit_values *vs,
                    const zkg_circuit_mul *m)
{
    zkg_wire_term *t = &g->term[g->terms];

    t->to = m->gate;
    t->a = zkg_circuit_position(vs->c, m->a);
    t->b = zkg_circuit_position(vs->c, m->b);
    t->a_source = (uint16_t)m->a.source;
    t->b_source = (uint16_t)m->b.source;
    put_term(g, vs, m->coeff);
}

static void put_add(gates *g, const zkg_circuit_values *vs,
                    const zkg_circuit_add *a)
{
    zkg_wire_term *t = &g->term[g->terms];

    t->to = a->gate;
    t->a = zkg_circuit_position(vs->c, a->a);
    t->b = ZKG_WIRE_LINEAR;
    t->a_source = (uint16_t)a->a.source;
    t->b_source = 0;
    put_term(g, vs, a->coeff);
}

static zkg_status gates_init(gates *g, const zkg_circuit_values *vs, uint32_t i)
{
    const zkg_circuit *c = vs->c;
    const zkg_circuit_layer *l = &c->layer[i];
    const size_t n = (size_t)l->muls + l->adds;
    uint32_t m = 0, a = 0;

    *g = (gates){.term = zkg_alloc_raw(n, sizeof(*g->term)),
                 .weight = zkg_alloc_raw(n, sizeof(*g->weight)),
                 .base = zkg_alloc(l->gates, sizeof(*g->base)),
                 .seen = zkg_alloc(c->coeffs, sizeof(*g->seen))};
    if (g->term == NULL || g->weight == NULL || g->base == NULL ||
        g->seen == NULL)
        return ZKG_ERR_NOMEM;
    while (m < l->muls || a < l->adds) {
        if (a == l->adds || (m < l->muls && l->mul[m].gate <= l->add[a].gate)) {
            put_mul(g, vs, &l->mul[m++]);
        } else {
            put_add(g, vs, &l->add[a++]);
        }
    }
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
 * shared. */
double zkg_circuit_eval_bytes(const zkg_circuit_types *types, uint32_t i)
{
    const zkg_circuit_layer *l = &types->c->layer[i];
    const double terms = (double)l->muls + l->adds;
    double weights = types->c->coeffs;
    bool any = false;

    for (uint32_t k = 0; k < types->c->inputs; k++)
        any |= types->range[k].shared;
    for (uint32_t k = 0; k < l->muls && any; k++)
        weights += is_part_shared(types->range, &l->mul[k]);
    weights = weights < terms ? weights : terms;
    return zkg_circuit_raw_bytes(terms * sizeof(zkg_wire_term)) +
           zkg_circuit_raw_bytes(terms * sizeof(zkg_fr)) +
           l->gates * (double)(sizeof(zkg_fr) + sizeof(int64_t)) +
           types->c->coeffs * (double)sizeof(uint32_t) +
           weights * (sizeof(int64_t) + ZKG_CIRCUIT_LIFTED_BYTES);
}

/* ---- as integers ---- */

/* The largest of a source of layer i, of integers. */
static uint64_t most_of(const zkg_circuit_values *vs, uint32_t i,
                        uint32_t source)
{
    const zkg_circuit_range *r;

    if (source == ZKG_CIRCUIT_PREVIOUS)
        return vs->most[i - 1];
    r = &vs->range[source - 1];
    return zkg_circuit_size(r->high > -r->low ? r->high : r->low);
}

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

/* The largest that a term can be, `most` by source, 0: of elements.  False: not
 * an integer, or too large. */
static inline bool bound_term(uint64_t *out, const zkg_wire_term *t,
                              int64_t weight, const uint64_t *most)
{
    const uint64_t a = most[t->a_source];
    const uint64_t b = t->b == ZKG_WIRE_LINEAR ? 1 : most[t->b_source];
    const uint64_t w = zkg_circuit_factor_bound(zkg_circuit_size(weight));

    return a != 0 && b != 0 && zkg_mul_ok(out, w, a) &&
           zkg_mul_ok(out, *out, b);
}

static void bound_sources(uint64_t *most, const zkg_circuit_values *vs,
                          uint32_t i)
{
    for (uint32_t s = 0; s <= vs->c->inputs; s++) {
        most[s] = 0;
        if ((s != ZKG_CIRCUIT_PREVIOUS || i > 0) &&
            zkg_circuit_values_source(vs, i, s)->type != ZKG_FR)
            most[s] = zkg_circuit_factor_bound(most_of(vs, i, s));
    }
}

/* The largest that a gate can be; false: not an integer, or too large. */
static bool bound_gates(uint64_t *out, const zkg_circuit_values *vs, uint32_t i,
                        const gates *g, const int64_t *base,
                        const int64_t *weight)
{
    uint64_t source[ZKG_CIRCUIT_MAX_SOURCES];
    uint64_t most = 0, gate = 0;

    bound_sources(source, vs, i);
    for (uint32_t o = 0; o < vs->c->layer[i].gates; o++)
        most =
            zkg_circuit_size(base[o]) > most ? zkg_circuit_size(base[o]) : most;
    for (size_t k = 0; k < g->terms; k++) {
        const zkg_wire_term *t = &g->term[k];
        uint64_t v;

        if (!bound_term(&v, t, weight[t->weight], source))
            return false;
        if (k == 0 || g->term[k - 1].to != t->to)
            gate = zkg_circuit_size(base[t->to]);
        if (!zkg_add_ok(&gate, gate, v))
            return false;
        most = gate > most ? gate : most;
    }
    *out = most;
    return most < (uint64_t)ZKG_WIRE_MOST;
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
    } else if (to_ints(base, g->base, count) &&
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
        status = zkg_circuit_values_layer(vs, i, ZKG_FR);
    if (status == ZKG_OK && !done)
        status = vs->backend->wires_terms(&vs->layer[i], g.base, g.term,
                                          g.terms, g.weight, g.weights, source);
    gates_clear(&g);
    return status;
}
