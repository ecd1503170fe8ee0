/* SPDX-License-Identifier: Apache-2.0 */
/* Witnesses: inputs in, rules, files, the check. */
#include "graph/witness.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "graph/eval.h"
#include "graph/inputs.h"
#include "graph/rule_circuit.h"
#include "graph/rules.h"
#include "tensor/quantise.h"
#include "tensor/safetensors.h"

#define EXACT                                                                  \
    9007199254740992.0 /* 2^53: below it a double tells integers apart */

void zkg_witness_refresh(zkg_witness *w)
{
    for (uint32_t i = 0; i < w->tensors; i++) {
        const bool is_public = w->graph->st.tensor[i].vis == ZKG_PUBLIC;

        w->view[i] = w->array[i].data != NULL ? &w->array[i] : NULL;
        w->of_public[i] = is_public ? w->view[i] : NULL;
    }
}

zkg_status zkg_witness_init(zkg_witness *out, const zkg_graph *g,
                            zkg_error *err)
{
    *out = (zkg_witness){.tensors = g->st.tensors, .graph = g};
    out->array = zkg_alloc(out->tensors, sizeof(out->array[0]));
    out->view = zkg_alloc(out->tensors, sizeof(out->view[0]));
    out->of_public = zkg_alloc(out->tensors, sizeof(out->of_public[0]));
    if (out->array == NULL || out->view == NULL || out->of_public == NULL) {
        zkg_witness_clear(out);
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for the witness");
    }
    for (uint32_t i = 0; i < out->tensors; i++) {
        if (g->st.tensor[i].vis == ZKG_FIXED) {
            out->array[i] = g->value[i];
            out->array[i].owned = false;
        }
    }
    zkg_witness_refresh(out);
    return ZKG_OK;
}

void zkg_witness_clear(zkg_witness *w)
{
    for (uint32_t i = 0; w->array != NULL && i < w->tensors; i++)
        zkg_array_clear(&w->array[i]);
    zkg_free(w->array);
    zkg_free(w->view);
    zkg_free(w->of_public);
    *w = (zkg_witness){.tensors = 0};
}

/* ---- inputs ---- */

typedef struct input_state {
    zkg_witness *w;
    const zkg_graph *g;
} input_state;

static zkg_status take_number(void *user, uint32_t entry, uint64_t at,
                              double value, zkg_error *err)
{
    input_state *in = user;
    const uint32_t id = in->g->input[entry];
    const zkg_tensor *t = &in->g->st.tensor[id];
    const uint32_t scale = in->g->display[id].scale;
    int64_t v = 0;

    if (t->type == ZKG_FR && (fabs(value) >= EXACT || value != floor(value)))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "input %s: element %llu is %.17g: of field elements, "
                        "whole numbers below 2^53 are exact here; give larger "
                        "ones as strings, \"123\"",
                        t->name, (unsigned long long)at, value);
    if (!zkg_quantise(&v, value, scale) ||
        (t->type != ZKG_FR && (v < t->min || v > t->max)))
        return zkg_fail(err, ZKG_ERR_WITNESS,
                        "input %s: element %llu is %.17g, outside the range "
                        "%.17g..%.17g that the graph was made for: zkgkr "
                        "compile --calibrate makes one for such inputs",
                        t->name, (unsigned long long)at, value,
                        ldexp((double)t->min, -(int)scale),
                        ldexp((double)t->max, -(int)scale));
    zkg_array_set_i64(&in->w->array[id], at, v);
    return ZKG_OK;
}

/* A field element, or a negative number, which is p less its magnitude. */
static bool element_of(zkg_fr *out, const char *text)
{
    uint8_t bytes[32];
    zkg_coeff c;

    if (!zkg_coeff_parse(&c, text))
        return false;
    for (int i = 0; i < 32; i++)
        bytes[i] = (uint8_t)(c.limb[i / 4] >> (8 * (i % 4)));
    if (!zkg_fr_from_bytes(out, bytes))
        return false;
    if (c.negative)
        zkg_fr_neg(out, out);
    return true;
}

static zkg_status take_string(void *user, uint32_t entry, uint64_t at,
                              const char *text, zkg_error *err)
{
    input_state *in = user;
    const uint32_t id = in->g->input[entry];
    const zkg_tensor *t = &in->g->st.tensor[id];

    if (t->type != ZKG_FR)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "input %s: element %llu is a string where a number "
                        "should be; strings are for field elements",
                        t->name, (unsigned long long)at);
    if (!element_of((zkg_fr *)in->w->array[id].data + at, text))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "input %s: element %llu is \"%.90s\", which is no "
                        "decimal integer of magnitude below the field's order",
                        t->name, (unsigned long long)at, text);
    return ZKG_OK;
}

zkg_status zkg_witness_read_input(zkg_witness *w, const zkg_graph *g,
                                  const char *path, zkg_error *err)
{
    input_state in = {.w = w, .g = g};
    zkg_real_input *real = zkg_alloc(g->inputs, sizeof(real[0]));
    zkg_status s = ZKG_OK;

    if (real == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (uint32_t i = 0; i < g->inputs && s == ZKG_OK; i++) {
        const zkg_tensor *t = &g->st.tensor[g->input[i]];

        real[i] = (zkg_real_input){.name = t->name, .axes = t->axes};
        memcpy(real[i].len, t->len, sizeof(t->len));
        zkg_array_clear(&w->array[g->input[i]]);
        s = zkg_array_init(&w->array[g->input[i]], t->type, t->axes, t->len,
                           err);
    }
    if (s == ZKG_OK)
        s = zkg_inputs_read(real, g->inputs, path, take_number, take_string,
                            &in, err);
    zkg_free(real);
    zkg_witness_refresh(w);
    return s;
}

zkg_status zkg_witness_solve(zkg_witness *w, const zkg_graph *g, zkg_error *err)
{
    for (uint32_t i = 0; i < g->rules; i++) {
        bool missing = false;
        uint32_t id, k = 0;

        for (; zkg_rule_makes(&id, g, &g->rule[i], k); k++)
            missing = missing || w->array[id].data == NULL;
        /* What makes nothing asserts something, by its name. */
        if (missing || k == 0)
            ZKG_TRY(zkg_rule_run(w->array, g, &g->rule[i], w->hints, err));
    }
    zkg_witness_refresh(w);
    return ZKG_OK;
}

zkg_status zkg_witness_from_input(zkg_witness *out, const zkg_graph *g,
                                  const char *path, zkg_error *err)
{
    zkg_status s;

    ZKG_TRY(zkg_witness_init(out, g, err));
    s = zkg_witness_read_input(out, g, path, err);
    if (s == ZKG_OK)
        s = zkg_witness_solve(out, g, err);
    if (s == ZKG_OK)
        s = zkg_witness_check(out, g, err);
    if (s != ZKG_OK)
        zkg_witness_clear(out);
    return s;
}

/* ---- the check ---- */

/* Values [i, i + n), of the stored cells from `at` on. */
static zkg_status check_run(const zkg_tensor *t, const zkg_array *a, uint64_t i,
                            uint64_t at, size_t n, zkg_error *err)
{
    int64_t v[ZKG_RUN_MAX];
    const size_t there = zkg_array_read_i64(v, a, at, 1, n);
    bool within = true;

    for (size_t k = 0; k < there; k++)
        within = within && v[k] >= t->min && v[k] <= t->max;
    for (size_t k = 0; !within && k < there; k++)
        if (v[k] < t->min || v[k] > t->max)
            return zkg_fail(err, ZKG_ERR_WITNESS,
                            "tensor %s: element %llu is %lld, outside its "
                            "range %lld..%lld",
                            t->name, (unsigned long long)(i + k),
                            (long long)v[k], (long long)t->min,
                            (long long)t->max);
    if (there == n)
        return ZKG_OK;
    return zkg_fail(err, ZKG_ERR_WITNESS,
                    "tensor %s: element %llu is no integer of 64 bits; its "
                    "range is %lld..%lld",
                    t->name, (unsigned long long)(i + there), (long long)t->min,
                    (long long)t->max);
}

/* Whether all of an array, and 0, lies in a tensor's range: what is quickly
 * said of most. */
static bool is_within(const zkg_tensor *t, const zkg_array *a)
{
    int64_t least, most;

    if (a->type == ZKG_FR)
        return false;
    zkg_array_bounds(&least, &most, a);
    return least >= t->min && most <= t->max;
}

static zkg_status check_ranges(const zkg_witness *w, const zkg_graph *g,
                               zkg_error *err)
{
    for (uint32_t i = 0; i < g->st.tensors; i++) {
        const zkg_tensor *t = &g->st.tensor[i];
        const zkg_array *a = &w->array[i];
        const uint64_t n = t->type == ZKG_FR ? 0 : zkg_tensor_count(t);

        if (a->data == NULL)
            return zkg_fail(err, ZKG_ERR_WITNESS, "tensor %s has no values",
                            t->name);
        if (n == 0 || is_within(t, a))
            continue;
        for (uint64_t k = 0, size; k < n; k += size) {
            uint64_t at;

            size = zkg_array_run(&at, a, k);
            size = size < ZKG_RUN_MAX ? size : ZKG_RUN_MAX;
            ZKG_TRY(check_run(t, a, k, at, (size_t)size, err));
        }
    }
    return ZKG_OK;
}

static zkg_status check_einsum(const zkg_witness *w, const zkg_graph *g,
                               uint32_t task, uint32_t einsum, zkg_error *err)
{
    const zkg_task *t = &g->st.task[task];
    const zkg_kernel *k = &g->st.kernel[t->kernel];
    const zkg_stmt_einsum *e = &k->einsum[einsum];
    zkg_cells equals = {.array = NULL};
    zkg_grid out;
    zkg_runs run;
    int64_t *sum;
    zkg_status s;

    zkg_grid_out(&out, &g->st, t, e);
    sum = zkg_alloc(out.count, sizeof(sum[0]));
    if (sum == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    s = zkg_eval_einsum(sum, &g->st, task, einsum, w->array, NULL, 0, err);
    if (e->equals != ZKG_NO_ID)
        zkg_cells_param(&equals, &g->st, t, e->equals,
                        &w->array[t->bind[e->equals]]);
    zkg_runs_init(&run, &out, &equals, 1);
    while (s == ZKG_OK && zkg_runs_next(&run)) {
        int64_t want[ZKG_RUN_MAX] = {0};
        char where[400];
        size_t i = 0;

        if (equals.array != NULL && !zkg_runs_read(want, &run, 0, equals.array))
            s = zkg_fail(err, ZKG_ERR_WITNESS,
                         "task %s: tensor %s has a field element that is no "
                         "integer of 64 bits",
                         t->name, g->st.tensor[t->bind[e->equals]].name);
        while (i < run.n && sum[run.at + i] == want[i])
            i++;
        if (s != ZKG_OK || i == run.n)
            continue;
        zkg_grid_text(where, &out, run.at + i);
        s = zkg_fail(err, ZKG_ERR_WITNESS,
                     "task %s (kernel %s), einsum %u: the sum at %s is %lld, "
                     "not %lld",
                     t->name, k->name, einsum, where,
                     (long long)sum[run.at + i], (long long)want[i]);
    }
    zkg_free(sum);
    return s;
}

/* The counts that there should be; a row that is in no table is said first. */
static zkg_status count_all(int64_t **want, const zkg_witness *w,
                            const zkg_graph *g, zkg_error *err)
{
    for (uint32_t i = 0; i < g->st.tables; i++) {
        want[i] = zkg_alloc(g->st.table[i].rows, sizeof(want[i][0]));
        if (want[i] == NULL)
            return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
        ZKG_TRY(zkg_eval_counts(want[i], &g->st, i, w->array, err));
    }
    return ZKG_OK;
}

static zkg_status check_counts(const int64_t *want, const zkg_witness *w,
                               const zkg_graph *g, uint32_t table,
                               zkg_error *err)
{
    const zkg_stmt_table *t = &g->st.table[table];
    const zkg_array *counts = &w->array[t->counts];

    for (uint64_t i = 0; i < t->rows; i++) {
        const int64_t v = zkg_array_get_i64(counts, i);

        if (v != want[i])
            return zkg_fail(err, ZKG_ERR_WITNESS,
                            "tensor %s says that row %llu of table %s is "
                            "looked up %lld times; it is looked up %lld times",
                            g->st.tensor[t->counts].name, (unsigned long long)i,
                            t->name, (long long)v, (long long)want[i]);
    }
    return ZKG_OK;
}

zkg_status zkg_witness_check(const zkg_witness *w, const zkg_graph *g,
                             zkg_error *err)
{
    int64_t **want;
    zkg_status s;

    ZKG_TRY(check_ranges(w, g, err));
    for (uint32_t i = 0; i < g->st.tasks; i++) {
        const zkg_kernel *k = &g->st.kernel[g->st.task[i].kernel];

        for (uint32_t j = 0; j < k->einsums; j++)
            ZKG_TRY(check_einsum(w, g, i, j, err));
        ZKG_TRY(zkg_circuit_holds(w->array, g, i, err));
    }
    want = zkg_alloc(g->st.tables, sizeof(want[0]));
    if (want == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    s = count_all(want, w, g, err);
    for (uint32_t i = 0; i < g->st.tables && s == ZKG_OK; i++)
        s = check_counts(want[i], w, g, i, err);
    for (uint32_t i = 0; i < g->st.tables; i++)
        zkg_free(want[i]);
    zkg_free(want);
    return s;
}

/* ---- files ---- */

static bool is_stored(const zkg_tensor *t)
{
    return t->vis == ZKG_PUBLIC || t->vis == ZKG_PRIVATE;
}

zkg_status zkg_witness_write(const zkg_witness *w, const zkg_graph *g,
                             const char *path, zkg_error *err)
{
    char digest[65];
    const char *const meta[] = {"zkgkr", "tensors", "version",
                                "1",     "graph",   digest};
    zkg_st_out *out = zkg_alloc(w->tensors, sizeof(out[0]));
    size_t n = 0;
    zkg_status s;

    if (out == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (uint32_t i = 0; i < w->tensors; i++) {
        if (is_stored(&g->st.tensor[i]))
            out[n++] = (zkg_st_out){g->st.tensor[i].name, &w->array[i]};
    }
    zkg_digest_hex(digest, g->st.digest);
    s = zkg_safetensors_write(path, out, n, meta, 3, true, err);
    zkg_free(out);
    return s;
}

static zkg_status read_tensor(zkg_array *a, const zkg_tensor *t,
                              const zkg_safetensors *st, const char *path,
                              zkg_error *err)
{
    const zkg_st_entry *e = zkg_safetensors_find(st, t->name);
    char shape[300];

    if (e == NULL)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "%s: tensor %s is not there",
                        path, t->name);
    zkg_tensor_shape_text(shape, t);
    if (t->type == ZKG_FR)
        return zkg_st_entry_fr(a, e, t->axes, t->len, path, err);
    if (e->axes != t->axes ||
        memcmp(e->len, t->len, t->axes * sizeof(t->len[0])) != 0 ||
        zkg_st_entry_is_real(e))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: tensor %s is not of integers, or not of shape "
                        "%s",
                        path, t->name, shape);
    ZKG_TRY(zkg_array_init(a, t->type, t->axes, t->len, err));
    for (uint64_t i = 0; i < zkg_st_entry_count(e); i++) {
        const int64_t v = zkg_st_entry_i64(e, i);

        if (v < t->min || v > t->max)
            return zkg_fail(err, ZKG_ERR_WITNESS,
                            "%s: tensor %s: element %llu is %lld, outside "
                            "its range %lld..%lld",
                            path, t->name, (unsigned long long)i, (long long)v,
                            (long long)t->min, (long long)t->max);
        zkg_array_set_i64(a, i, v);
    }
    return ZKG_OK;
}

static zkg_status read_all(zkg_witness *w, const zkg_graph *g,
                           const zkg_safetensors *st, const char *path,
                           zkg_error *err)
{
    const char *said = zkg_safetensors_meta(st, "graph");
    char digest[65];
    size_t n = 0;

    zkg_digest_hex(digest, g->st.digest);
    if (said == NULL)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s has no __metadata__ of this program", path);
    if (strcmp(said, digest) != 0)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s belongs to graph %s, this graph is %s", path, said,
                        digest);
    for (uint32_t i = 0; i < w->tensors; i++) {
        if (!is_stored(&g->st.tensor[i]))
            continue;
        ZKG_TRY(read_tensor(&w->array[i], &g->st.tensor[i], st, path, err));
        n++;
    }
    if (n != st->entries)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s has %zu tensors, the witness of this graph %zu",
                        path, st->entries, n);
    return ZKG_OK;
}

zkg_status zkg_witness_read(zkg_witness *out, const zkg_graph *g,
                            const char *path, zkg_error *err)
{
    zkg_safetensors st;
    zkg_status s;

    ZKG_TRY(zkg_witness_init(out, g, err));
    s = zkg_safetensors_read(&st, path, err);
    if (s == ZKG_OK) {
        s = read_all(out, g, &st, path, err);
        zkg_safetensors_clear(&st);
    }
    if (s == ZKG_OK)
        s = zkg_witness_solve(out, g, err);
    if (s != ZKG_OK)
        zkg_witness_clear(out);
    return s;
}
