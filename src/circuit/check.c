/* SPDX-License-Identifier: Apache-2.0
 * What a circuit must be, and what follows from its shape. */
#include "base/bits.h"
#include "base/mem.h"
#include "circuit/circuit.h"

#include <string.h>

uint32_t zkg_circuit_layer_vars(const zkg_circuit *c, uint32_t i)
{
    return zkg_log2_ceil(c->layer[i].gates);
}

uint32_t zkg_circuit_shape_vars(const zkg_circuit_shape *s)
{
    uint32_t vars = 0;

    for (uint32_t k = 0; k < s->axes; k++)
        vars += zkg_log2_ceil(s->len[k]);
    return vars;
}

uint32_t zkg_circuit_source_vars(const zkg_circuit *c, uint32_t i,
                                 uint32_t source)
{
    return source == ZKG_CIRCUIT_PREVIOUS
               ? zkg_circuit_layer_vars(c, i - 1)
               : zkg_circuit_shape_vars(&c->input[source - 1]);
}

uint64_t zkg_circuit_wires(const zkg_circuit *c, uint32_t i, uint32_t source)
{
    return source == ZKG_CIRCUIT_PREVIOUS
               ? c->layer[i - 1].gates
               : UINT64_C(1) << zkg_circuit_shape_vars(&c->input[source - 1]);
}

uint32_t zkg_circuit_cell(const zkg_circuit_shape *s, uint32_t index)
{
    uint32_t position = 0, shift = 0;

    for (uint32_t k = s->axes; k-- > 0;) {
        const uint32_t len = (uint32_t)s->len[k];

        if (len == 1)
            continue;
        position += (index % len) << shift;
        index /= len;
        shift += zkg_log2_ceil(len);
    }
    return position;
}

bool zkg_circuit_asserts_all(const zkg_circuit *c)
{
    return c->asserted == c->layer[c->layers - 1].gates;
}

/* ---- checks ---- */

static zkg_status check_shapes(const zkg_circuit *c, zkg_error *err)
{
    if (c->inputs > ZKG_CIRCUIT_MAX_INPUTS)
        return zkg_fail(err, ZKG_ERR_INVALID, "a circuit has %u inputs",
                        c->inputs);
    for (uint32_t s = 0; s < c->inputs; s++) {
        const zkg_circuit_shape *shape = &c->input[s];
        uint32_t vars = 0;

        if (shape->axes > ZKG_MAX_AXES)
            return zkg_fail(err, ZKG_ERR_INVALID,
                            "input %u of a circuit has %u axes", s,
                            shape->axes);
        for (uint32_t k = 0; k < shape->axes; k++) {
            if (shape->len[k] == 0)
                return zkg_fail(err, ZKG_ERR_INVALID,
                                "input %u of a circuit has an axis of length 0",
                                s);
            vars += zkg_log2_ceil(shape->len[k]);
            if (vars > ZKG_CIRCUIT_MAX_VARS)
                return zkg_fail(err, ZKG_ERR_INVALID,
                                "input %u of a circuit is too large", s);
        }
    }
    return ZKG_OK;
}

static uint64_t source_entries(const zkg_circuit *c, uint32_t i,
                               uint32_t source)
{
    uint64_t n = 1;

    if (source == ZKG_CIRCUIT_PREVIOUS)
        return i == 0 ? 0 : c->layer[i - 1].gates;
    if (source > c->inputs)
        return 0;
    for (uint32_t k = 0; k < c->input[source - 1].axes; k++)
        n *= c->input[source - 1].len[k];
    return n;
}

/* Gate and coefficient of a term; *last: the gate of the term before. */
static zkg_status check_term(const zkg_circuit *c, uint32_t i, uint32_t gate,
                             uint32_t coeff, uint32_t *last, zkg_error *err)
{
    if (gate >= c->layer[i].gates || gate < *last)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "circuit, layer %u: a term of gate %u is out of range "
                        "or out of order",
                        i, gate);
    if (coeff >= c->coeffs)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "circuit, layer %u, gate %u: no coefficient %u", i,
                        gate, coeff);
    *last = gate;
    return ZKG_OK;
}

/* entries[]: real entries by source. */
static zkg_status check_wire(const zkg_circuit *c, uint32_t i, uint32_t gate,
                             zkg_circuit_wire w, const uint64_t *entries,
                             zkg_error *err)
{
    if (w.source > c->inputs || w.index >= entries[w.source])
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "circuit, layer %u, gate %u: source %u has no entry %u",
                        i, gate, w.source, w.index);
    return ZKG_OK;
}

static zkg_status check_layer(const zkg_circuit *c, uint32_t i, zkg_error *err)
{
    const zkg_circuit_layer *l = &c->layer[i];
    uint64_t entries[ZKG_CIRCUIT_MAX_SOURCES] = {0};
    uint32_t last = 0;
    bool reads = false;

    if (l->gates == 0 || l->gates > (uint32_t)1 << ZKG_CIRCUIT_MAX_VARS)
        return zkg_fail(err, ZKG_ERR_INVALID, "circuit, layer %u has %u gates",
                        i, l->gates);
    for (uint32_t s = 0; s <= c->inputs; s++)
        entries[s] = source_entries(c, i, s);
    for (uint32_t k = 0; k < l->muls; k++) {
        const zkg_circuit_mul *m = &l->mul[k];

        ZKG_TRY(check_term(c, i, m->gate, m->coeff, &last, err));
        ZKG_TRY(check_wire(c, i, m->gate, m->a, entries, err));
        ZKG_TRY(check_wire(c, i, m->gate, m->b, entries, err));
        reads = reads || m->a.source == ZKG_CIRCUIT_PREVIOUS ||
                m->b.source == ZKG_CIRCUIT_PREVIOUS;
    }
    last = 0;
    for (uint32_t k = 0; k < l->adds; k++) {
        const zkg_circuit_add *a = &l->add[k];

        ZKG_TRY(check_term(c, i, a->gate, a->coeff, &last, err));
        ZKG_TRY(check_wire(c, i, a->gate, a->a, entries, err));
        reads = reads || a->a.source == ZKG_CIRCUIT_PREVIOUS;
    }
    last = 0;
    for (uint32_t k = 0; k < l->constants; k++)
        ZKG_TRY(check_term(c, i, l->constant[k].gate, l->constant[k].coeff,
                           &last, err));
    if (i > 0 && !reads)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "circuit, layer %u does not read the one before it", i);
    return ZKG_OK;
}

static zkg_status check_top(const zkg_circuit *c, zkg_error *err)
{
    const uint32_t gates = c->layer[c->layers - 1].gates;
    const uint32_t vars = zkg_circuit_layer_vars(c, c->layers - 1);

    if (c->asserted == 0 && c->outputs == 0)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "a circuit asserts nothing and puts nothing out");
    for (uint32_t k = 0; k < c->asserted; k++)
        if (c->assertion[k] >= gates ||
            (k > 0 && c->assertion[k] <= c->assertion[k - 1]))
            return zkg_fail(err, ZKG_ERR_INVALID,
                            "circuit: assertion %u is out of range or out of "
                            "order",
                            k);
    for (uint32_t k = 0; k < c->outputs; k++) {
        const zkg_circuit_output *o = &c->output[k];

        if (o->bits > vars || o->first >= (uint64_t)1 << vars ||
            (o->first & (((uint32_t)1 << o->bits) - 1)) != 0)
            return zkg_fail(err, ZKG_ERR_INVALID,
                            "circuit: output %u is no aligned block of the top "
                            "layer",
                            k);
    }
    return ZKG_OK;
}

/* tainted[o]: whether gate o of layer i depends on a challenge. */
static void taint_layer(bool *tainted, const bool *below, const zkg_circuit *c,
                        uint32_t i)
{
    const zkg_circuit_layer *l = &c->layer[i];

#define DRAWN(k) (c->coeff[k].challenge != ZKG_CIRCUIT_PLAIN)
#define BELOW(w) ((w).source == ZKG_CIRCUIT_PREVIOUS && below[(w).index])
    memset(tainted, 0, l->gates * sizeof(*tainted));
    for (uint32_t k = 0; k < l->muls; k++)
        if (DRAWN(l->mul[k].coeff) || BELOW(l->mul[k].a) || BELOW(l->mul[k].b))
            tainted[l->mul[k].gate] = true;
    for (uint32_t k = 0; k < l->adds; k++)
        if (DRAWN(l->add[k].coeff) || BELOW(l->add[k].a))
            tainted[l->add[k].gate] = true;
    for (uint32_t k = 0; k < l->constants; k++)
        if (DRAWN(l->constant[k].coeff))
            tainted[l->constant[k].gate] = true;
#undef DRAWN
#undef BELOW
}

/* Readers of an output prove their part before challenges are drawn. */
static zkg_status check_outputs_plain(const zkg_circuit *c, zkg_error *err)
{
    const uint32_t gates = c->layer[c->layers - 1].gates;
    bool *below = NULL;
    zkg_status status = ZKG_OK;

    if (c->outputs == 0 || c->challenges == 0)
        return ZKG_OK;
    for (uint32_t i = 0; i < c->layers; i++) {
        bool *tainted = zkg_alloc(c->layer[i].gates, sizeof(*tainted));

        if (tainted == NULL) {
            zkg_free(below);
            return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a circuit");
        }
        taint_layer(tainted, below, c, i);
        zkg_free(below);
        below = tainted;
    }
    for (uint32_t k = 0; k < c->outputs && status == ZKG_OK; k++) {
        const uint64_t first = c->output[k].first;
        const uint64_t end = first + ((uint64_t)1 << c->output[k].bits);

        for (uint64_t o = first; o < end && o < gates && status == ZKG_OK; o++)
            if (below[o])
                status = zkg_fail(err, ZKG_ERR_INVALID,
                                  "circuit: output %u depends on a challenge "
                                  "(gate %llu of the top layer)",
                                  k, (unsigned long long)o);
    }
    zkg_free(below);
    return status;
}

zkg_status zkg_circuit_check(const zkg_circuit *c, zkg_error *err)
{
    ZKG_TRY(check_shapes(c, err));
    if (c->layers == 0)
        return zkg_fail(err, ZKG_ERR_INVALID, "a circuit has no layers");
    for (uint32_t k = 0; k < c->coeffs; k++)
        if (c->coeff[k].challenge != ZKG_CIRCUIT_PLAIN &&
            c->coeff[k].challenge >= c->challenges)
            return zkg_fail(err, ZKG_ERR_INVALID,
                            "circuit: coefficient %u names challenge %u of %u",
                            k, c->coeff[k].challenge, c->challenges);
    for (uint32_t i = 0; i < c->layers; i++)
        ZKG_TRY(check_layer(c, i, err));
    ZKG_TRY(check_top(c, err));
    return check_outputs_plain(c, err);
}
