/* SPDX-License-Identifier: Apache-2.0
 * Plain evaluation. */
#include "base/mem.h"
#include "circuit/circuit.h"

#include <string.h>

void zkg_circuit_coefficients(zkg_fr *out, const zkg_circuit *c,
                              const zkg_fr *challenge)
{
    for (uint32_t k = 0; k < c->coeffs; k++) {
        out[k] = c->coeff[k].value;
        if (c->coeff[k].challenge != ZKG_CIRCUIT_PLAIN)
            zkg_fr_mul(&out[k], &out[k], &challenge[c->coeff[k].challenge]);
    }
}

static void load_cell(zkg_fr *out, const zkg_array *a, uint64_t i)
{
    if (a->type == ZKG_FR)
        *out = ((const zkg_fr *)a->data)[i];
    else
        zkg_fr_from_i64(out, zkg_array_get_i64(a, i));
}

void zkg_circuit_load(zkg_fr *out, const zkg_array *a, uint32_t axes,
                      uint64_t copy)
{
    const uint32_t above = a->axes - axes;
    uint64_t index[ZKG_MAX_AXES] = {0};
    uint64_t cells = 1;
    uint32_t vars = 0, shift[ZKG_MAX_AXES];

    for (uint32_t k = a->axes; k-- > above;) {
        shift[k] = vars;
        vars += zkg_axis_bits(a->len[k]);
        cells *= a->stored[k];
    }
    memset(out, 0, sizeof(*out) << vars);
    if (above > 0 && copy >= a->stored[0])
        return;
    for (uint64_t i = 0; i < cells; i++) {
        uint64_t at = 0;

        for (uint32_t k = above; k < a->axes; k++)
            at += index[k] << shift[k];
        load_cell(&out[at], a, (above > 0 ? copy * cells : 0) + i);
        for (uint32_t k = a->axes; k-- > above;) {
            if (++index[k] < a->stored[k])
                break;
            index[k] = 0;
        }
    }
}

/* out += w v */
static void add_product(zkg_fr *out, const zkg_fr *w, const zkg_fr *v)
{
    zkg_fr term;

    if (zkg_fr_equal(w, &zkg_fr_one)) {
        zkg_fr_add(out, out, v);
        return;
    }
    zkg_fr_mul(&term, w, v);
    zkg_fr_add(out, out, &term);
}

void zkg_circuit_eval_layer(zkg_fr *out, const zkg_circuit *c, uint32_t i,
                            const zkg_fr *coeff, const zkg_fr *const *source)
{
    const zkg_circuit_layer *l = &c->layer[i];

    memset(out, 0, l->gates * sizeof(*out));
    for (uint32_t k = 0; k < l->muls; k++) {
        const zkg_circuit_mul *m = &l->mul[k];
        zkg_fr v;

        zkg_fr_mul(&v, &source[m->a.source][zkg_circuit_position(c, m->a)],
                   &source[m->b.source][zkg_circuit_position(c, m->b)]);
        add_product(&out[m->gate], &coeff[m->coeff], &v);
    }
    for (uint32_t k = 0; k < l->adds; k++) {
        const zkg_circuit_add *a = &l->add[k];

        add_product(&out[a->gate], &coeff[a->coeff],
                    &source[a->a.source][zkg_circuit_position(c, a->a)]);
    }
    for (uint32_t k = 0; k < l->constants; k++)
        zkg_fr_add(&out[l->constant[k].gate], &out[l->constant[k].gate],
                   &coeff[l->constant[k].coeff]);
}

zkg_status zkg_circuit_assert(const zkg_circuit *c, const zkg_fr *top,
                              uint64_t copy, zkg_error *err)
{
    for (uint32_t k = 0; k < c->asserted; k++)
        if (!zkg_fr_is_zero(&top[c->assertion[k]]))
            return zkg_fail(err, ZKG_ERR_WITNESS,
                            "assertion %u does not hold in copy %llu: gate %u "
                            "of the top layer is not 0",
                            k, (unsigned long long)copy, c->assertion[k]);
    return ZKG_OK;
}

/* What the evaluation of one copy after the other needs. */
typedef struct evaluator {
    const zkg_circuit *c;
    const zkg_array *const *input;
    zkg_fr *coeff;
    zkg_fr *layer[2]; /* two layers' worth of gates */
    zkg_fr *table[ZKG_CIRCUIT_MAX_SOURCES];
} evaluator;

static void evaluator_clear(evaluator *e)
{
    for (uint32_t s = 0; s < ZKG_CIRCUIT_MAX_SOURCES; s++)
        zkg_free(e->table[s]);
    zkg_free(e->layer[0]);
    zkg_free(e->layer[1]);
    zkg_free(e->coeff);
}

static zkg_status evaluator_init(evaluator *e, const zkg_circuit *c,
                                 const zkg_fr *challenge,
                                 const zkg_array *const *input, zkg_error *err)
{
    uint32_t widest = 0;
    bool ok;

    *e = (evaluator){.c = c, .input = input};
    for (uint32_t i = 0; i < c->layers; i++)
        widest = c->layer[i].gates > widest ? c->layer[i].gates : widest;
    e->coeff = zkg_alloc((size_t)c->coeffs + 1, sizeof(*e->coeff));
    e->layer[0] = zkg_alloc(widest, sizeof(**e->layer));
    e->layer[1] = zkg_alloc(widest, sizeof(**e->layer));
    ok = e->coeff != NULL && e->layer[0] != NULL && e->layer[1] != NULL;
    for (uint32_t s = 1; s <= c->inputs && ok; s++) {
        e->table[s] =
            zkg_alloc((size_t)1 << zkg_circuit_shape_vars(&c->input[s - 1]),
                      sizeof(**e->table));
        ok = e->table[s] != NULL;
    }
    if (!ok) {
        evaluator_clear(e);
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a circuit");
    }
    zkg_circuit_coefficients(e->coeff, c, challenge);
    return ZKG_OK;
}

/* The top layer of a copy; copies are asked for in order from 0. */
static const zkg_fr *evaluate(evaluator *e, uint64_t copy)
{
    const zkg_circuit *c = e->c;
    const zkg_fr *source[ZKG_CIRCUIT_MAX_SOURCES] = {NULL};

    for (uint32_t s = 1; s <= c->inputs; s++) {
        if (copy == 0 || e->input[s - 1]->axes > c->input[s - 1].axes)
            zkg_circuit_load(e->table[s], e->input[s - 1], c->input[s - 1].axes,
                             copy);
        source[s] = e->table[s];
    }
    for (uint32_t i = 0; i < c->layers; i++) {
        source[ZKG_CIRCUIT_PREVIOUS] = i > 0 ? e->layer[(i - 1) % 2] : NULL;
        zkg_circuit_eval_layer(e->layer[i % 2], c, i, e->coeff, source);
    }
    return e->layer[(c->layers - 1) % 2];
}

zkg_status zkg_circuit_eval(zkg_fr *top, const zkg_circuit *c,
                            const zkg_fr *challenge,
                            const zkg_array *const *input, uint64_t copies,
                            zkg_error *err)
{
    const uint32_t gates = c->layer[c->layers - 1].gates;
    zkg_status status = ZKG_OK;
    evaluator e;

    ZKG_TRY(evaluator_init(&e, c, challenge, input, err));
    for (uint64_t copy = 0; copy < copies && status == ZKG_OK; copy++) {
        const zkg_fr *result = evaluate(&e, copy);

        if (top != NULL)
            memcpy(&top[copy * gates], result, gates * sizeof(*top));
        status = zkg_circuit_assert(c, result, copy, err);
    }
    evaluator_clear(&e);
    return status;
}

zkg_status zkg_circuit_eval_outputs(zkg_fr *const *out, const zkg_circuit *c,
                                    const zkg_array *const *input,
                                    uint64_t copies, zkg_error *err)
{
    const uint32_t gates = c->layer[c->layers - 1].gates;
    zkg_fr *zeros = zkg_alloc((size_t)c->challenges + 1, sizeof(*zeros));
    zkg_status status;
    evaluator e;

    if (zeros == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a circuit");
    status = evaluator_init(&e, c, zeros, input, err);
    zkg_free(zeros);
    ZKG_TRY(status);
    for (uint64_t copy = 0; copy < copies; copy++) {
        const zkg_fr *result = evaluate(&e, copy);

        for (uint32_t k = 0; k < c->outputs; k++) {
            const zkg_circuit_output *o = &c->output[k];
            const size_t size = (size_t)1 << o->bits;
            size_t there = o->first < gates ? gates - o->first : 0;

            there = there < size ? there : size;
            memcpy(out[k] + copy * size, result + o->first,
                   there * sizeof(**out));
            memset(out[k] + copy * size + there, 0,
                   (size - there) * sizeof(**out));
        }
    }
    evaluator_clear(&e);
    return ZKG_OK;
}
