/* SPDX-License-Identifier: Apache-2.0
 * Bounds of wires, layer by layer. */
#include "circuit/types.h"

#include "backend/wires.h"
#include "base/bits.h"
#include "base/mem.h"

/* No bound: elements. */
#define ELEMENTS UINT64_MAX

/* Gates of more wires than this are bounded term by term. */
enum { CORNER_WIRES = 4 };

typedef struct range {
    int64_t low, high;
    uint64_t most; /* the larger absolute value; ELEMENTS */
} range;

typedef struct bounds {
    const zkg_circuit *c;
    range source[ZKG_CIRCUIT_MAX_SOURCES];
    int64_t *coeff; /* where `size` is not ELEMENTS */
    uint64_t *size; /* of a coefficient, or ELEMENTS */
} bounds;

/* A gate's terms: [mul, mul_end) and so on of its layer. */
typedef struct gate {
    uint32_t mul, mul_end, add, add_end, constant, constant_end;
} gate;

static range range_from(int64_t low, int64_t high)
{
    const uint64_t a = zkg_circuit_size(low), b = zkg_circuit_size(high);

    return (range){low, high, a > b ? a : b};
}

static const range elements = {0, 0, ELEMENTS};

zkg_dtype zkg_circuit_input_type(const zkg_circuit_range *r)
{
    if (r->elements || r->shared || r->low < -ZKG_WIRE_MOST ||
        r->high > ZKG_WIRE_MOST)
        return ZKG_FR;
    return zkg_dtype_for_range(r->low, r->high);
}

zkg_dtype zkg_circuit_layer_type(uint64_t most)
{
    const int64_t room = (int64_t)most + 1;

    return zkg_dtype_for_range(-room, room);
}

/* *to += a b c, all of them at least 1; false: too large, or elements. */
static bool add_bound(uint64_t *to, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t v;

    return a != ELEMENTS && b != ELEMENTS && c != ELEMENTS &&
           zkg_mul_ok(&v, zkg_circuit_factor_bound(a),
                      zkg_circuit_factor_bound(b)) &&
           zkg_mul_ok(&v, v, zkg_circuit_factor_bound(c)) &&
           zkg_add_ok(to, *to, v);
}

static bool bound_gate(uint64_t *out, const bounds *b,
                       const zkg_circuit_layer *l, const gate *g)
{
    bool is_small = true;

    *out = 0;
    for (uint32_t k = g->mul; k < g->mul_end && is_small; k++)
        is_small = add_bound(out, b->size[l->mul[k].coeff],
                             b->source[l->mul[k].a.source].most,
                             b->source[l->mul[k].b.source].most);
    for (uint32_t k = g->add; k < g->add_end && is_small; k++)
        is_small = add_bound(out, b->size[l->add[k].coeff],
                             b->source[l->add[k].a.source].most, 1);
    for (uint32_t k = g->constant; k < g->constant_end && is_small; k++)
        is_small = add_bound(out, b->size[l->constant[k].coeff], 1, 1);
    return is_small && *out < (uint64_t)ZKG_WIRE_MOST;
}

/* Where wire w is in the list, appended if it is new; CORNER_WIRES: full. */
static uint32_t place_of(zkg_circuit_wire *wire, uint32_t *n,
                         zkg_circuit_wire w)
{
    uint32_t k = 0;

    while (k < *n && (wire[k].source != w.source || wire[k].index != w.index))
        k++;
    if (k == *n && k < CORNER_WIRES)
        wire[(*n)++] = w;
    return k;
}

/* The wires of a gate; false: too many, or one that is squared. */
static bool list_wires(zkg_circuit_wire *wire, uint32_t *n,
                       const zkg_circuit_layer *l, const gate *g)
{
    *n = 0;
    for (uint32_t k = g->mul; k < g->mul_end; k++) {
        const uint32_t x = place_of(wire, n, l->mul[k].a);
        const uint32_t y = place_of(wire, n, l->mul[k].b);

        if (x == CORNER_WIRES || y == CORNER_WIRES || x == y)
            return false;
    }
    for (uint32_t k = g->add; k < g->add_end; k++)
        if (place_of(wire, n, l->add[k].a) == CORNER_WIRES)
            return false;
    return true;
}

/* A gate that is bounded, with wire k at the upper end of its source's range
 * where bit k of `corner` is 1. */
static int64_t value_at(const bounds *b, const zkg_circuit_layer *l,
                        const gate *g, zkg_circuit_wire *wire, uint32_t n,
                        uint32_t corner)
{
    int64_t at[CORNER_WIRES + 1], v = 0;

    for (uint32_t k = 0; k < n; k++)
        at[k] = (corner >> k & 1) != 0 ? b->source[wire[k].source].high
                                       : b->source[wire[k].source].low;
    for (uint32_t k = g->mul; k < g->mul_end; k++)
        v += b->coeff[l->mul[k].coeff] * at[place_of(wire, &n, l->mul[k].a)] *
             at[place_of(wire, &n, l->mul[k].b)];
    for (uint32_t k = g->add; k < g->add_end; k++)
        v += b->coeff[l->add[k].coeff] * at[place_of(wire, &n, l->add[k].a)];
    for (uint32_t k = g->constant; k < g->constant_end; k++)
        v += b->coeff[l->constant[k].coeff];
    return v;
}

/* What a gate of at most `most` can be, taken into *out. */
static void widen(range *out, const bounds *b, const zkg_circuit_layer *l,
                  const gate *g, uint64_t most)
{
    zkg_circuit_wire wire[CORNER_WIRES];
    int64_t low = -(int64_t)most, high = (int64_t)most;
    uint32_t n;

    if (list_wires(wire, &n, l, g)) {
        low = high = value_at(b, l, g, wire, n, 0);
        for (uint32_t k = 1; k < 1u << n; k++) {
            const int64_t v = value_at(b, l, g, wire, n, k);

            low = v < low ? v : low;
            high = v > high ? v : high;
        }
    }
    *out = range_from(low < out->low ? low : out->low,
                      high > out->high ? high : out->high);
}

/* A layer's range, and what its gates are bounded by; false: elements. */
static bool bound_layer(range *out, uint64_t *most, const bounds *b,
                        const zkg_circuit_layer *l)
{
    gate g = {0};

    *out = range_from(0, 0);
    *most = 0;
    for (uint32_t o = 0; o < l->gates; o++) {
        uint64_t bound;

        while (g.mul_end < l->muls && l->mul[g.mul_end].gate == o)
            g.mul_end++;
        while (g.add_end < l->adds && l->add[g.add_end].gate == o)
            g.add_end++;
        while (g.constant_end < l->constants &&
               l->constant[g.constant_end].gate == o)
            g.constant_end++;
        if (!bound_gate(&bound, b, l, &g))
            return false;
        *most = bound > *most ? bound : *most;
        widen(out, b, l, &g, bound);
        g.mul = g.mul_end;
        g.add = g.add_end;
        g.constant = g.constant_end;
    }
    return true;
}

static zkg_status bounds_init(bounds *b, const zkg_circuit *c)
{
    *b = (bounds){.c = c,
                  .coeff = zkg_alloc(c->coeffs, sizeof(*b->coeff)),
                  .size = zkg_alloc(c->coeffs, sizeof(*b->size))};
    if (b->coeff == NULL || b->size == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t k = 0; k < c->coeffs; k++)
        b->size[k] = c->coeff[k].challenge == ZKG_CIRCUIT_PLAIN &&
                             zkg_fr_to_i64(&b->coeff[k], &c->coeff[k].value)
                         ? zkg_circuit_size(b->coeff[k])
                         : ELEMENTS;
    return ZKG_OK;
}

static void bounds_clear(bounds *b)
{
    zkg_free(b->coeff);
    zkg_free(b->size);
}

zkg_status zkg_circuit_types_init(zkg_circuit_types *out, const zkg_circuit *c,
                                  const zkg_circuit_range *input)
{
    bounds b;
    zkg_status status = bounds_init(&b, c);

    *out = (zkg_circuit_types){
        .c = c,
        .input = zkg_alloc(c->inputs, sizeof(*out->input)),
        .layer = zkg_alloc(c->layers, sizeof(*out->layer)),
        .shared = zkg_alloc(c->inputs, sizeof(*out->shared))};
    if (out->input == NULL || out->layer == NULL || out->shared == NULL)
        status = ZKG_ERR_NOMEM;
    for (uint32_t k = 0; k < c->inputs && status == ZKG_OK; k++) {
        out->input[k] = zkg_circuit_input_type(&input[k]);
        out->shared[k] = input[k].shared;
        /* What copies share is in the weights, of any size. */
        b.source[k + 1] =
            input[k].elements || (out->input[k] == ZKG_FR && !input[k].shared)
                ? elements
                : range_from(input[k].low, input[k].high);
    }
    for (uint32_t i = 0; i < c->layers && status == ZKG_OK; i++) {
        range *below = &b.source[ZKG_CIRCUIT_PREVIOUS], next;
        uint64_t most;

        if (bound_layer(&next, &most, &b, &c->layer[i])) {
            *below = next;
            out->layer[i] = zkg_circuit_layer_type(most);
        } else {
            *below = elements;
            out->layer[i] = ZKG_FR;
        }
    }
    bounds_clear(&b);
    return status;
}

void zkg_circuit_types_clear(zkg_circuit_types *t)
{
    zkg_free(t->input);
    zkg_free(t->layer);
    zkg_free(t->shared);
    *t = (zkg_circuit_types){.c = NULL};
}
