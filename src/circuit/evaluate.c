/* SPDX-License-Identifier: Apache-2.0
 * The top layer of many copies, some at a time. */
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "circuit/values.h"

/* Bytes of two layers of elements that are there at one time, about. */
#define CHUNK_BYTES ((uint64_t)32 << 20)
#define CHUNK_COPIES 256

typedef struct evaluator {
    const zkg_backend *backend;
    const zkg_circuit *c;
    const zkg_array *const *input;
    zkg_fr *coeff;
    zkg_fr *top; /* of a group: gates * lanes */
    uint64_t chunk;
    uint32_t gates; /* of the top layer */
    uint32_t lanes;
} evaluator;

/* What is done with a copy: its top layer is top[o lanes], o < gates. */
typedef zkg_status (*visit_copy)(void *user, const zkg_fr *top, uint32_t lanes,
                                 uint64_t copy);

static zkg_status evaluator_init(evaluator *e, const zkg_circuit *c,
                                 const zkg_fr *challenge,
                                 const zkg_array *const *input, uint64_t copies)
{
    uint64_t widest = 1;

    *e = (evaluator){.backend = zkg_backend_get(zkg_cpu_features(ZKG_CPU_ALL)),
                     .c = c,
                     .input = input,
                     .coeff =
                         zkg_alloc((size_t)c->coeffs + 1, sizeof(*e->coeff)),
                     .gates = c->layer[c->layers - 1].gates,
                     .lanes = zkg_circuit_lanes(copies)};
    for (uint32_t i = 0; i < c->layers; i++)
        widest = c->layer[i].gates > widest ? c->layer[i].gates : widest;
    e->chunk = CHUNK_COPIES;
    while (e->chunk > e->lanes &&
           2 * sizeof(zkg_fr) * widest * e->chunk > CHUNK_BYTES)
        e->chunk /= 2;
    e->top = zkg_alloc((size_t)e->gates * e->lanes, sizeof(*e->top));
    if (e->coeff == NULL || e->top == NULL)
        return ZKG_ERR_NOMEM;
    zkg_circuit_coefficients(e->coeff, c, challenge);
    return ZKG_OK;
}

static void evaluator_clear(evaluator *e)
{
    zkg_free(e->coeff);
    zkg_free(e->top);
}

/* Copies [begin, end), at most a chunk. */
static zkg_status run_chunk(const evaluator *e, uint64_t begin, uint64_t end,
                            visit_copy visit, void *user)
{
    const uint32_t layers = e->c->layers;
    const size_t groups = (size_t)((end - begin + e->lanes - 1) / e->lanes);
    zkg_circuit_values v;
    zkg_status status = zkg_circuit_values_init(
        &v, e->backend, e->c, e->coeff, e->input, begin, e->lanes, groups);

    for (uint32_t i = 0; i < layers && status == ZKG_OK; i++) {
        status = zkg_circuit_values_eval(&v, i);
        if (i > 0)
            zkg_circuit_values_drop(&v, i - 1);
    }
    for (uint64_t copy = begin; copy < end && status == ZKG_OK; copy++) {
        const uint64_t j = (copy - begin) % e->lanes;

        if (j == 0)
            status = e->backend->wires_export(e->top, &v.layer[layers - 1],
                                              (copy - begin) / e->lanes);
        if (status == ZKG_OK)
            status = visit(user, e->top + j, e->lanes, copy);
    }
    zkg_circuit_values_clear(&v);
    return status;
}

static zkg_status run(const zkg_circuit *c, const zkg_fr *challenge,
                      const zkg_array *const *input, uint64_t copies,
                      visit_copy visit, void *user, zkg_error *err)
{
    evaluator e;
    zkg_status status = evaluator_init(&e, c, challenge, input, copies);

    for (uint64_t at = 0; at < copies && status == ZKG_OK; at += e.chunk)
        status = run_chunk(
            &e, at, copies - at < e.chunk ? copies : at + e.chunk, visit, user);
    evaluator_clear(&e);
    return status == ZKG_ERR_NOMEM
               ? zkg_fail(err, status, "no memory for a circuit")
               : status;
}

/* ---- assertions ---- */

typedef struct assertions {
    zkg_fr *top; /* or NULL */
    const zkg_circuit *c;
    zkg_error *err;
} assertions;

static zkg_status check_copy(void *user, const zkg_fr *top, uint32_t lanes,
                             uint64_t copy)
{
    const assertions *a = user;
    const uint32_t gates = a->c->layer[a->c->layers - 1].gates;

    for (uint32_t o = 0; a->top != NULL && o < gates; o++)
        a->top[copy * gates + o] = top[(size_t)o * lanes];
    for (uint32_t k = 0; k < a->c->asserted; k++)
        if (!zkg_fr_is_zero(&top[(size_t)a->c->assertion[k] * lanes]))
            return zkg_fail(a->err, ZKG_ERR_WITNESS,
                            "assertion %u does not hold in copy %llu: gate %u "
                            "of the top layer is not 0",
                            k, (unsigned long long)copy, a->c->assertion[k]);
    return ZKG_OK;
}

zkg_status zkg_circuit_eval(zkg_fr *top, const zkg_circuit *c,
                            const zkg_fr *challenge,
                            const zkg_array *const *input, uint64_t copies,
                            zkg_error *err)
{
    assertions a = {top, c, err};

    return run(c, challenge, input, copies, check_copy, &a, err);
}

/* ---- outputs ---- */

typedef struct outputs {
    zkg_fr *const *out;
    const zkg_circuit *c;
} outputs;

static zkg_status put_copy(void *user, const zkg_fr *top, uint32_t lanes,
                           uint64_t copy)
{
    const outputs *p = user;
    const uint32_t gates = p->c->layer[p->c->layers - 1].gates;

    for (uint32_t k = 0; k < p->c->outputs; k++) {
        const zkg_circuit_output *o = &p->c->output[k];
        const size_t size = (size_t)1 << o->bits;

        for (size_t i = 0; i < size; i++)
            p->out[k][copy * size + i] = o->first + i < gates
                                             ? top[(o->first + i) * lanes]
                                             : zkg_fr_zero;
    }
    return ZKG_OK;
}

zkg_status zkg_circuit_eval_outputs(zkg_fr *const *out, const zkg_circuit *c,
                                    const zkg_array *const *input,
                                    uint64_t copies, zkg_error *err)
{
    zkg_fr *zeros = zkg_alloc((size_t)c->challenges + 1, sizeof(*zeros));
    outputs p = {out, c};
    zkg_status status;

    if (zeros == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a circuit");
    status = run(c, zeros, input, copies, put_copy, &p, err);
    zkg_free(zeros);
    return status;
}
