/* SPDX-License-Identifier: Apache-2.0 */
/* Witnesses and keys as a program outside handles them. */
#include "zkgkr/witness.h"

#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "graph/setup.h"
#include "graph/witness.h"

#define INVALID(...) zkg_fail(err, ZKG_ERR_INVALID, __VA_ARGS__)

zkg_status zkg_witness_new(zkg_witness **out, const zkg_graph *g,
                           const zkg_hints *hints, zkg_error *err)
{
    zkg_witness *w;
    zkg_status s;

    if (!g->finished)
        return INVALID("the graph is not finished");
    w = zkg_alloc(1, sizeof(*w));
    if (w == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a witness");
    s = zkg_witness_init(w, g, err);
    if (s != ZKG_OK) {
        zkg_free(w);
        return s;
    }
    w->hints = hints;
    *out = w;
    return ZKG_OK;
}

void zkg_witness_free(zkg_witness *w)
{
    if (w == NULL)
        return;
    zkg_witness_clear(w);
    zkg_free(w);
}

/* ---- values ---- */

static zkg_status find(uint32_t *id, const zkg_witness *w, const char *tensor,
                       size_t count, zkg_error *err)
{
    const zkg_statement *st = &w->graph->st;

    *id = zkg_statement_tensor_id(st, tensor);
    if (*id == ZKG_NO_ID)
        return INVALID("no tensor is named \"%.130s\"", tensor);
    if (count != zkg_tensor_count(&st->tensor[*id]))
        return INVALID("tensor %s has %llu values, not %zu", tensor,
                       (unsigned long long)zkg_tensor_count(&st->tensor[*id]),
                       count);
    return ZKG_OK;
}

/* An empty array for a tensor's values. */
static zkg_status start(zkg_array **out, uint32_t *id, zkg_witness *w,
                        const char *tensor, size_t count, zkg_error *err)
{
    const zkg_tensor *t;

    ZKG_TRY(find(id, w, tensor, count, err));
    t = &w->graph->st.tensor[*id];
    if (t->vis == ZKG_FIXED)
        return INVALID("tensor %s is fixed: the graph has its values", tensor);
    zkg_array_clear(&w->array[*id]);
    ZKG_TRY(zkg_array_init(&w->array[*id], t->type, t->axes, t->len, err));
    *out = &w->array[*id];
    zkg_witness_refresh(w);
    return ZKG_OK;
}

static zkg_status store(zkg_array *a, const zkg_tensor *t, size_t i, int64_t v,
                        zkg_error *err)
{
    if (t->type != ZKG_FR && (v < t->min || v > t->max))
        return zkg_fail(err, ZKG_ERR_WITNESS,
                        "tensor %s: element %zu is %lld, outside its range "
                        "%lld..%lld",
                        t->name, i, (long long)v, (long long)t->min,
                        (long long)t->max);
    zkg_array_set_i64(a, i, v);
    return ZKG_OK;
}

zkg_status zkg_witness_set_i64(zkg_witness *w, const char *tensor,
                               const int64_t *value, size_t count,
                               zkg_error *err)
{
    zkg_array *a = NULL;
    uint32_t id;

    ZKG_TRY(start(&a, &id, w, tensor, count, err));
    for (size_t i = 0; i < count; i++)
        ZKG_TRY(store(a, &w->graph->st.tensor[id], i, value[i], err));
    return ZKG_OK;
}

zkg_status zkg_witness_set_scalar(zkg_witness *w, const char *tensor,
                                  const zkg_scalar *value, size_t count,
                                  zkg_error *err)
{
    zkg_array *a = NULL;
    uint32_t id;

    ZKG_TRY(start(&a, &id, w, tensor, count, err));
    for (size_t i = 0; i < count; i++) {
        int64_t v;
        zkg_fr f;

        if (!zkg_fr_from_scalar(&f, value[i].limb))
            return zkg_fail(err, ZKG_ERR_WITNESS,
                            "tensor %s: element %zu is not below p", tensor, i);
        if (a->type == ZKG_FR)
            ((zkg_fr *)a->data)[i] = f;
        else if (!zkg_fr_to_i64(&v, &f))
            return zkg_fail(err, ZKG_ERR_WITNESS,
                            "tensor %s: element %zu does not fit its type",
                            tensor, i);
        else
            ZKG_TRY(store(a, &w->graph->st.tensor[id], i, v, err));
    }
    return ZKG_OK;
}

static zkg_status find_values(const zkg_array **out, const zkg_witness *w,
                              const char *tensor, size_t count, zkg_error *err)
{
    uint32_t id = 0;

    ZKG_TRY(find(&id, w, tensor, count, err));
    *out = &w->array[id];
    return (*out)->data != NULL
               ? ZKG_OK
               : INVALID("tensor %s has no values yet", tensor);
}

zkg_status zkg_witness_get_i64(int64_t *value, size_t count,
                               const zkg_witness *w, const char *tensor,
                               zkg_error *err)
{
    const zkg_array *a = NULL;

    ZKG_TRY(find_values(&a, w, tensor, count, err));
    for (size_t i = 0; i < count; i++) {
        if (!zkg_array_try_i64(&value[i], a, zkg_array_real(a, i)))
            return INVALID("tensor %s: element %zu does not fit 64 bits",
                           tensor, i);
    }
    return ZKG_OK;
}

zkg_status zkg_witness_get_scalar(zkg_scalar *value, size_t count,
                                  const zkg_witness *w, const char *tensor,
                                  zkg_error *err)
{
    const zkg_array *a = NULL;

    ZKG_TRY(find_values(&a, w, tensor, count, err));
    for (size_t i = 0; i < count; i++) {
        const uint64_t at = zkg_array_real(a, i);

        if (a->type == ZKG_FR)
            zkg_fr_to_scalar(value[i].limb, &((const zkg_fr *)a->data)[at]);
        else
            zkg_scalar_from_i64(&value[i], zkg_array_get_i64(a, at));
    }
    return ZKG_OK;
}

zkg_status zkg_witness_save(const zkg_witness *w, const char *path,
                            zkg_error *err)
{
    return zkg_witness_write(w, w->graph, path, err);
}

const struct zkg_array *const *zkg_witness_arrays(const zkg_witness *w)
{
    return w->view;
}

const struct zkg_array *const *zkg_witness_public_arrays(const zkg_witness *w)
{
    return w->of_public;
}

/* ---- from inputs to all of it ---- */

zkg_status zkg_witness_make(zkg_witness *w, zkg_error *err)
{
    const zkg_graph *g = w->graph;

    for (uint32_t i = 0; i < g->inputs; i++) {
        if (w->array[g->input[i]].data == NULL)
            return INVALID("input %s has no values",
                           g->st.tensor[g->input[i]].name);
    }
    ZKG_TRY(zkg_witness_solve(w, g, err));
    return zkg_witness_check(w, g, err);
}

/* ---- keys ---- */

static zkg_status new_key(zkg_key **out, zkg_error *err)
{
    *out = zkg_alloc(1, sizeof(**out));
    return *out != NULL ? ZKG_OK
                        : zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a key");
}

/* A key that a call has filled, or not. */
static zkg_status settle(zkg_key **out, zkg_key *key, zkg_status s)
{
    if (s == ZKG_OK)
        *out = key;
    else
        zkg_free(key);
    return s;
}

zkg_status zkg_key_new(zkg_key **out, const zkg_graph *g, const zkg_srs *srs,
                       zkg_error *err)
{
    zkg_key *key = NULL;

    ZKG_TRY(new_key(&key, err));
    return settle(out, key,
                  zkg_setup(key, NULL, g, srs, ZKG_PCS_MERCURY,
                            zkg_cpu_features(UINT32_MAX), err));
}

zkg_status zkg_key_load(zkg_key **out, const char *path, zkg_error *err)
{
    zkg_key *key = NULL;

    ZKG_TRY(new_key(&key, err));
    return settle(out, key, zkg_key_read(key, path, err));
}

zkg_status zkg_key_save(zkg_key *key, const char *path, zkg_error *err)
{
    return zkg_key_write(key, path, err);
}

void zkg_key_free(zkg_key *key)
{
    if (key == NULL)
        return;
    zkg_key_clear(key);
    zkg_free(key);
}

void zkg_proof_free(uint8_t *proof)
{
    zkg_free(proof);
}

const struct zkg_statement *zkg_key_statement(const zkg_key *key)
{
    return &key->statement;
}
