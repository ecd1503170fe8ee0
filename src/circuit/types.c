/* SPDX-License-Identifier: Apache-2.0
 * Bounds of wires, layer by layer. */
#include "circuit/types.h"

#include "backend/wires.h"
#include "base/bits.h"
#include "base/mem.h"
#include "circuit/cone.h"

/* No bound: elements. */
#define ELEMENTS UINT64_MAX

/* Gates of more wires, products or linear terms than this are bounded term by
 * term. */
enum { CORNER_WIRES = 4, CORNER_TERMS = 8 };

typedef struct range {
    int64_t low, high;
    uint64_t most; /* the larger absolute value; ELEMENTS */
} range;

typedef struct bounds {
    const zkg_circuit *c;
    range source[ZKG_CIRCUIT_MAX_SOURCES];
    int64_t *coeff; /* where `size` is not ELEMENTS */
    uint64_t *size; /* of a coefficient, or ELEMENTS */
    zkg_circuit_span input[ZKG_CIRCUIT_MAX_INPUTS];
    zkg_circuit_span *layer;   /* those below */
    zkg_circuit_terms **terms; /* of the highest layers; NULL: not closely */
} bounds;

static range range_from(int64_t low, int64_t high)
{
    const uint64_t a = zkg_circuit_size(low), b = zkg_circuit_size(high);

    return (range){low, high, a > b ? a : b};
}

static const range elements = {0, 0, ELEMENTS};

/* Of elements: more than any cone takes. */
static const zkg_circuit_span any = {-ZKG_WIRE_MOST, ZKG_WIRE_MOST};

static zkg_circuit_span span_of(const range *r)
{
    return r->most == ELEMENTS ? any : (zkg_circuit_span){r->low, r->high};
}

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
                       const zkg_circuit_layer *l, const zkg_circuit_terms *g)
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

/* The wires of a gate, and where each term's are among them. */
typedef struct corner_gate {
    uint32_t wires;
    zkg_circuit_wire wire[CORNER_WIRES];
    uint8_t mul[CORNER_TERMS][2], add[CORNER_TERMS];
} corner_gate;

/* Where wire w is in the list, appended if it is new; CORNER_WIRES: full. */
static uint8_t place_of(corner_gate *n, zkg_circuit_wire w)
{
    uint32_t k = 0;

    while (k < n->wires &&
           (n->wire[k].source != w.source || n->wire[k].index != w.index))
        k++;
    if (k == n->wires && k < CORNER_WIRES)
        n->wire[n->wires++] = w;
    return (uint8_t)k;
}

/* false: too many terms or wires, or one that is squared. */
static bool list_wires(corner_gate *n, const zkg_circuit_layer *l,
                       const zkg_circuit_terms *g)
{
    const uint32_t muls = g->mul_end - g->mul, adds = g->add_end - g->add;

    n->wires = 0;
    if (muls > CORNER_TERMS || adds > CORNER_TERMS)
        return false;
    for (uint32_t k = 0; k < muls; k++) {
        const uint8_t x = place_of(n, l->mul[g->mul + k].a);
        const uint8_t y = place_of(n, l->mul[g->mul + k].b);

        if (x == CORNER_WIRES || y == CORNER_WIRES || x == y)
            return false;
        n->mul[k][0] = x;
        n->mul[k][1] = y;
    }
    for (uint32_t k = 0; k < adds; k++) {
        n->add[k] = place_of(n, l->add[g->add + k].a);
        if (n->add[k] == CORNER_WIRES)
            return false;
    }
    return true;
}

/* A gate that is bounded, with wire k at the upper end of its source's range
 * where bit k of `corner` is 1. */
static int64_t value_at(const bounds *b, const zkg_circuit_layer *l,
                        const zkg_circuit_terms *g, const corner_gate *n,
                        uint32_t corner)
{
    int64_t at[CORNER_WIRES], v = 0;

    for (uint32_t k = 0; k < n->wires; k++)
        at[k] = (corner >> k & 1) != 0 ? b->source[n->wire[k].source].high
                                       : b->source[n->wire[k].source].low;
    for (uint32_t k = g->mul; k < g->mul_end; k++)
        v += b->coeff[l->mul[k].coeff] * at[n->mul[k - g->mul][0]] *
             at[n->mul[k - g->mul][1]];
    for (uint32_t k = g->add; k < g->add_end; k++)
        v += b->coeff[l->add[k].coeff] * at[n->add[k - g->add]];
    for (uint32_t k = g->constant; k < g->constant_end; k++)
        v += b->coeff[l->constant[k].coeff];
    return v;
}

/* What a gate can be, each wire by itself; false: too many terms or wires, or
 * one that is squared. */
static bool corners(zkg_circuit_span *s, const bounds *b,
                    const zkg_circuit_layer *l, const zkg_circuit_terms *g)
{
    corner_gate n;

    if (!list_wires(&n, l, g))
        return false;
    s->low = s->high = value_at(b, l, g, &n, 0);
    for (uint32_t k = 1; k < 1u << n.wires; k++) {
        const int64_t v = value_at(b, l, g, &n, k);

        s->low = v < s->low ? v : s->low;
        s->high = v > s->high ? v : s->high;
    }
    return true;
}

static bool is_within(const zkg_circuit_span *s, const range *r)
{
    return s->low >= r->low && s->high <= r->high;
}

/* What gate o of layer i, of at most `most`, can be, taken into *out.  One that
 * would widen it is looked at more closely. */
static void widen(range *out, const bounds *b, uint32_t i, uint32_t o,
                  const zkg_circuit_terms *g, uint64_t most)
{
    const zkg_circuit_cones cones = {b->c, b->coeff, b->input, b->layer,
                                     b->terms};
    zkg_circuit_span s = {-(int64_t)most, (int64_t)most}, tried;
    const bool alone = corners(&s, b, &b->c->layer[i], g);

    for (uint32_t d = alone; b->terms != NULL && d <= ZKG_CONE_DEPTH &&
                             d <= i && !is_within(&s, out);
         d++)
        if (zkg_circuit_cone_span(&tried, &cones, i, o, d)) {
            s.low = tried.low > s.low ? tried.low : s.low;
            s.high = tried.high < s.high ? tried.high : s.high;
        }
    *out = range_from(s.low < out->low ? s.low : out->low,
                      s.high > out->high ? s.high : out->high);
}

/* A layer's range, and what its gates are bounded by; false: elements. */
static bool bound_layer(range *out, uint64_t *most, const bounds *b, uint32_t i)
{
    const zkg_circuit_layer *l = &b->c->layer[i];
    zkg_circuit_terms g = {0};

    *out = range_from(0, 0);
    *most = 0;
    for (uint32_t o = 0; o < l->gates; o++) {
        uint64_t bound;

        zkg_circuit_next_terms(&g, l, o);
        if (b->terms != NULL)
            b->terms[i][o] = g;
        if (!bound_gate(&bound, b, l, &g))
            return false;
        *most = bound > *most ? bound : *most;
        widen(out, b, i, o, &g, bound);
    }
    return true;
}

static zkg_status bounds_init(bounds *b, const zkg_circuit *c, bool closely)
{
    *b = (bounds){.c = c,
                  .coeff = zkg_alloc(c->coeffs, sizeof(*b->coeff)),
                  .size = zkg_alloc(c->coeffs, sizeof(*b->size)),
                  .layer = zkg_alloc(c->layers, sizeof(*b->layer))};
    if (closely)
        b->terms = zkg_alloc(c->layers, sizeof(*b->terms));
    if (b->coeff == NULL || b->size == NULL || b->layer == NULL ||
        (closely && b->terms == NULL))
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
    for (uint32_t i = 0; b->terms != NULL && i < b->c->layers; i++)
        zkg_free(b->terms[i]);
    zkg_free(b->terms);
    zkg_free(b->coeff);
    zkg_free(b->size);
    zkg_free(b->layer);
}

/* Room for layer i's terms, in place of what no cone of it reaches. */
static zkg_status make_terms(bounds *b, uint32_t i)
{
    if (b->terms == NULL)
        return ZKG_OK;
    if (i > ZKG_CONE_DEPTH) {
        zkg_free(b->terms[i - ZKG_CONE_DEPTH - 1]);
        b->terms[i - ZKG_CONE_DEPTH - 1] = NULL;
    }
    b->terms[i] = zkg_alloc(b->c->layer[i].gates, sizeof(*b->terms[i]));
    return b->terms[i] == NULL ? ZKG_ERR_NOMEM : ZKG_OK;
}

zkg_status zkg_circuit_types_init(zkg_circuit_types *out, const zkg_circuit *c,
                                  const zkg_circuit_range *input, bool closely)
{
    bounds b;
    zkg_status status = bounds_init(&b, c, closely);

    *out =
        (zkg_circuit_types){.c = c,
                            .input = zkg_alloc(c->inputs, sizeof(*out->input)),
                            .layer = zkg_alloc(c->layers, sizeof(*out->layer)),
                            .range = input};
    if (out->input == NULL || out->layer == NULL)
        status = ZKG_ERR_NOMEM;
    for (uint32_t k = 0; k < c->inputs && status == ZKG_OK; k++) {
        out->input[k] = zkg_circuit_input_type(&input[k]);
        /* What copies share is in the weights, of any size. */
        b.source[k + 1] =
            input[k].elements || (out->input[k] == ZKG_FR && !input[k].shared)
                ? elements
                : range_from(input[k].low, input[k].high);
        b.input[k] = span_of(&b.source[k + 1]);
    }
    for (uint32_t i = 0; i < c->layers && status == ZKG_OK; i++) {
        range *below = &b.source[ZKG_CIRCUIT_PREVIOUS], next;
        uint64_t most;

        status = make_terms(&b, i);
        if (status != ZKG_OK)
            break;
        if (bound_layer(&next, &most, &b, i)) {
            *below = next;
            out->layer[i] = zkg_circuit_layer_type(most);
        } else {
            *below = elements;
            out->layer[i] = ZKG_FR;
        }
        b.layer[i] = span_of(below);
    }
    bounds_clear(&b);
    return status;
}

void zkg_circuit_types_clear(zkg_circuit_types *t)
{
    zkg_free(t->input);
    zkg_free(t->layer);
    *t = (zkg_circuit_types){.c = NULL};
}

/* ---- asserted bits --------------------------------------------------------
 */

static bool same_wire(zkg_circuit_wire a, zkg_circuit_wire b)
{
    return a.source == b.source && a.index == b.index;
}

/* Whether two coefficients' sum is 0, and they are not. */
static bool are_opposite(const zkg_circuit *c, uint32_t a, uint32_t b)
{
    const zkg_circuit_coeff *x = &c->coeff[a], *y = &c->coeff[b];
    zkg_fr sum;

    zkg_fr_add(&sum, &x->value, &y->value);
    return x->challenge == ZKG_CIRCUIT_PLAIN &&
           y->challenge == ZKG_CIRCUIT_PLAIN && zkg_fr_is_zero(&sum) &&
           !zkg_fr_is_zero(&x->value);
}

/* Whether a gate is w b b - w b of an input's entry b, and nothing else. */
static bool is_bit_gate(zkg_circuit_wire *b, const zkg_circuit *c,
                        const zkg_circuit_layer *l, const zkg_circuit_terms *g)
{
    const zkg_circuit_mul *mul = &l->mul[g->mul];
    const zkg_circuit_add *add = &l->add[g->add];

    if (g->mul_end != g->mul + 1 || g->add_end != g->add + 1 ||
        g->constant_end != g->constant)
        return false;
    *b = mul->a;
    return b->source != ZKG_CIRCUIT_PREVIOUS && same_wire(mul->a, mul->b) &&
           same_wire(mul->a, add->a) && are_opposite(c, mul->coeff, add->coeff);
}

static uint64_t entries_of(const zkg_circuit_shape *s)
{
    uint64_t n = 1;

    for (uint32_t k = 0; k < s->axes; k++)
        n *= s->len[k];
    return n;
}

/* bit[k][e]: entry e of input k is asserted to be one; bits[k]: how many. */
static void find_bits(uint8_t *const *bit, uint64_t *bits, const zkg_circuit *c)
{
    const zkg_circuit_layer *top = &c->layer[c->layers - 1];
    uint32_t next = 0;
    zkg_circuit_terms g = {0};

    for (uint32_t o = 0; o < top->gates; o++) {
        zkg_circuit_wire b;

        zkg_circuit_next_terms(&g, top, o);
        if (next == c->asserted || c->assertion[next] != o)
            continue;
        next++;
        if (!is_bit_gate(&b, c, top, &g) || bit[b.source - 1][b.index] != 0)
            continue;
        bit[b.source - 1][b.index] = 1;
        bits[b.source - 1]++;
    }
}

zkg_status zkg_circuit_narrow_ranges(zkg_circuit_range *input,
                                     const zkg_circuit *c)
{
    uint8_t *bit[ZKG_CIRCUIT_MAX_INPUTS] = {NULL};
    uint64_t bits[ZKG_CIRCUIT_MAX_INPUTS] = {0};
    zkg_status status = ZKG_OK;

    for (uint32_t k = 0; k < c->inputs; k++) {
        bit[k] = zkg_alloc(entries_of(&c->input[k]), 1);
        if (bit[k] == NULL)
            status = ZKG_ERR_NOMEM;
    }
    if (status == ZKG_OK)
        find_bits(bit, bits, c);
    for (uint32_t k = 0; k < c->inputs; k++) {
        if (status == ZKG_OK && bits[k] == entries_of(&c->input[k])) {
            input[k].low = 0;
            input[k].high = 1;
            input[k].elements = false;
        }
        zkg_free(bit[k]);
    }
    return status;
}
