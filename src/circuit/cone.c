/* SPDX-License-Identifier: Apache-2.0
 * Gates over all values of a few wires. */
#include "circuit/cone.h"

#include <string.h>

/* The feet, and the two values of each. */
typedef struct cone {
    const zkg_circuit_cones *k;
    zkg_circuit_wire foot[ZKG_CONE_FEET];
    zkg_circuit_span span[ZKG_CONE_FEET];
    uint32_t feet;
} cone;

void zkg_circuit_next_terms(zkg_circuit_terms *g, const zkg_circuit_layer *l,
                            uint32_t o)
{
    g->mul = g->mul_end;
    g->add = g->add_end;
    g->constant = g->constant_end;
    while (g->mul_end < l->muls && l->mul[g->mul_end].gate == o)
        g->mul_end++;
    while (g->add_end < l->adds && l->add[g->add_end].gate == o)
        g->add_end++;
    while (g->constant_end < l->constants &&
           l->constant[g->constant_end].gate == o)
        g->constant_end++;
}

/* ---- feet ---------------------------------------------------------------- */

static uint32_t foot_of(const cone *n, zkg_circuit_wire w)
{
    uint32_t f = 0;

    while (f < n->feet &&
           (n->foot[f].source != w.source || n->foot[f].index != w.index))
        f++;
    return f;
}

static bool add_foot(cone *n, zkg_circuit_wire w, const zkg_circuit_span *span)
{
    const uint32_t f = foot_of(n, w);

    if (f < n->feet)
        return true;
    if (f == ZKG_CONE_FEET || span->high - span->low > 1)
        return false;
    n->foot[f] = w;
    n->span[f] = *span;
    n->feet++;
    return true;
}

static bool add_feet(cone *n, uint32_t i, uint32_t gate, uint32_t depth);

/* Of a wire that layer i reads. */
static bool add_wire(cone *n, uint32_t i, zkg_circuit_wire w, uint32_t depth)
{
    if (w.source != ZKG_CIRCUIT_PREVIOUS)
        return add_foot(n, w, &n->k->input[w.source - 1]);
    return depth == 0 ? add_foot(n, w, &n->k->layer[i - 1])
                      : add_feet(n, i - 1, w.index, depth - 1);
}

/* Of a gate of layer i. */
static bool add_feet(cone *n, uint32_t i, uint32_t gate, uint32_t depth)
{
    const zkg_circuit_layer *l = &n->k->c->layer[i];
    const zkg_circuit_terms *g = &n->k->terms[i][gate];
    bool few = true;

    for (uint32_t t = g->mul; few && t < g->mul_end; t++)
        few = add_wire(n, i, l->mul[t].a, depth) &&
              add_wire(n, i, l->mul[t].b, depth);
    for (uint32_t t = g->add; few && t < g->add_end; t++)
        few = add_wire(n, i, l->add[t].a, depth);
    return few;
}

/* ---- values -------------------------------------------------------------- */

/* A wire's values, by assignment: bit f of it chooses foot f's. */
typedef int64_t values[1 << ZKG_CONE_FEET];

static void values_of_gate(int64_t *out, const cone *n, uint32_t i,
                           uint32_t gate, uint32_t depth);

static void values_of(int64_t *out, const cone *n, uint32_t i,
                      zkg_circuit_wire w, uint32_t depth)
{
    uint32_t f;

    if (w.source == ZKG_CIRCUIT_PREVIOUS && depth > 0) {
        values_of_gate(out, n, i - 1, w.index, depth - 1);
        return;
    }
    f = foot_of(n, w);
    for (uint32_t a = 0; a < 1u << n->feet; a++)
        out[a] = (a >> f & 1) != 0 ? n->span[f].high : n->span[f].low;
}

static void values_of_gate(int64_t *out, const cone *n, uint32_t i,
                           uint32_t gate, uint32_t depth)
{
    const zkg_circuit_layer *l = &n->k->c->layer[i];
    const zkg_circuit_terms *g = &n->k->terms[i][gate];
    const uint32_t all = 1u << n->feet;
    values x, y;

    memset(out, 0, all * sizeof(*out));
    for (uint32_t t = g->mul; t < g->mul_end; t++) {
        values_of(x, n, i, l->mul[t].a, depth);
        values_of(y, n, i, l->mul[t].b, depth);
        for (uint32_t a = 0; a < all; a++)
            out[a] += n->k->coeff[l->mul[t].coeff] * x[a] * y[a];
    }
    for (uint32_t t = g->add; t < g->add_end; t++) {
        values_of(x, n, i, l->add[t].a, depth);
        for (uint32_t a = 0; a < all; a++)
            out[a] += n->k->coeff[l->add[t].coeff] * x[a];
    }
    for (uint32_t t = g->constant; t < g->constant_end; t++)
        for (uint32_t a = 0; a < all; a++)
            out[a] += n->k->coeff[l->constant[t].coeff];
}

bool zkg_circuit_cone_span(zkg_circuit_span *out, const zkg_circuit_cones *k,
                           uint32_t i, uint32_t gate, uint32_t depth)
{
    cone n = {.k = k};
    values v;

    if (!add_feet(&n, i, gate, depth))
        return false;
    values_of_gate(v, &n, i, gate, depth);
    *out = (zkg_circuit_span){v[0], v[0]};
    for (uint32_t a = 1; a < 1u << n.feet; a++) {
        out->low = v[a] < out->low ? v[a] : out->low;
        out->high = v[a] > out->high ? v[a] : out->high;
    }
    return true;
}
