/* SPDX-License-Identifier: Apache-2.0
 * Integers against the float model's values. */
#include "accuracy.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "graph/inputs.h"
#include "onnx/fold.h"

zkg_status zkg_expectation_check(zkg_expectation *e, zkg_error *err)
{
    char *end;

    if (e->max_error == NULL)
        return ZKG_OK;
    if (e->path == NULL && e->model == NULL)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "--max-error goes with --expect FILE, the float "
                        "model's outputs, or with --model MODEL.onnx");
    e->limit = strtod(e->max_error, &end);
    if (*end != '\0' || end == e->max_error || !(e->limit >= 0))
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "--max-error: `%s` is not a number from 0",
                        e->max_error);
    return ZKG_OK;
}

/* ---- the model's inputs, in reals ---- */

static zkg_status dequantise(zkg_real_input *in, const zkg_array *a,
                             uint32_t scale, zkg_error *err)
{
    in->value = zkg_alloc(zkg_array_count(a), sizeof(in->value[0]));
    if (in->value == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (uint64_t i = 0; i < zkg_array_count(a); i++)
        in->value[i] = ldexp((double)zkg_array_get_i64(a, i), -(int)scale);
    return ZKG_OK;
}

/* From the file, or from the witness. */
static zkg_status take_inputs(zkg_real_input *in, const zkg_witness *w,
                              const zkg_graph *g, const char *path,
                              zkg_error *err)
{
    zkg_status s = ZKG_OK;

    for (uint32_t i = 0; i < g->inputs; i++) {
        const zkg_tensor *t = &g->st.tensor[g->input[i]];

        if (t->type == ZKG_FR)
            return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                            "input %s holds field elements, which are no reals",
                            t->name);
        in[i] = (zkg_real_input){.name = t->name, .axes = t->axes};
        memcpy(in[i].len, t->len, sizeof(t->len));
    }
    if (path != NULL)
        return zkg_real_inputs_read(in, g->inputs, path, err);
    for (uint32_t i = 0; i < g->inputs && s == ZKG_OK; i++)
        s = dequantise(&in[i], &w->array[g->input[i]],
                       g->display[g->input[i]].scale, err);
    return s;
}

/* The model's values on these inputs. */
static zkg_status evaluate(zkg_onnx_model *m, const zkg_real_input *in,
                           const zkg_graph *g, const char *path, zkg_error *err)
{
    const double **real = zkg_alloc(g->inputs, sizeof(real[0]));
    zkg_status s =
        real == NULL ? zkg_fail(err, ZKG_ERR_NOMEM, "no memory") : ZKG_OK;

    for (uint32_t i = 0; i < g->inputs && s == ZKG_OK; i++) {
        uint64_t count = 0;

        if (i < m->inputs)
            (void)zkg_onnx_count(&count, &m->value[m->input[i]].shape);
        if (m->inputs != g->inputs ||
            count != zkg_tensor_count(&g->st.tensor[g->input[i]]))
            s = zkg_fail(err, ZKG_ERR_MALFORMED,
                         "%s is not the model that the graph was compiled "
                         "from: its inputs differ",
                         path);
        real[i] = in[i].value;
    }
    if (s == ZKG_OK)
        s = zkg_onnx_evaluate(m, real, err);
    zkg_free(real);
    return s;
}

/* ---- layers ---- */

static int worst_first(const void *a, const void *b)
{
    const double x = ((const zkg_accuracy *)a)->max_error;
    const double y = ((const zkg_accuracy *)b)->max_error;

    return (x < y) - (x > y);
}

/* The reals that a tensor stands for; NULL where there are none. */
static zkg_status reals_of(const double **out, const zkg_onnx_model *m,
                           const zkg_graph *g, uint32_t id, const char *path,
                           zkg_error *err)
{
    const char *value = g->display[id].value;
    const uint32_t v =
        value == NULL ? ZKG_ONNX_NONE : zkg_onnx_value_id(m, value);

    *out = v == ZKG_ONNX_NONE ? NULL : zkg_onnx_reals(m, v);
    if (value != NULL &&
        (v == ZKG_ONNX_NONE ||
         (*out != NULL &&
          m->value[v].t.count != zkg_tensor_count(&g->st.tensor[id]))))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s is not the model that the graph was compiled from: "
                        "it has no value %s like tensor %s",
                        path, value, g->st.tensor[id].name);
    return ZKG_OK;
}

static zkg_status compare_layers(zkg_expectation *e, const zkg_onnx_model *m,
                                 const zkg_witness *w, const zkg_graph *g,
                                 zkg_error *err)
{
    for (uint32_t id = 0; id < g->st.tensors; id++) {
        const zkg_display *d = &g->display[id];
        const double *want;

        ZKG_TRY(reals_of(&want, m, g, id, e->model, err));
        e->unknown += d->value != NULL && want == NULL;
        if (want == NULL || w->array[id].data == NULL)
            continue;
        ZKG_TRY(zkg_accuracy_of(&e->layer[e->layers], g->st.tensor[id].name,
                                &w->array[id], d->scale, want, err));
        e->layers++;
    }
    qsort(e->layer, e->layers, sizeof(e->layer[0]), worst_first);
    return ZKG_OK;
}

/* The outputs, from the layers. */
static zkg_status outputs_from_layers(zkg_expectation *e, const zkg_graph *g,
                                      zkg_error *err)
{
    e->found = zkg_alloc(g->outputs, sizeof(e->found[0]));
    if (e->found == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (uint32_t i = 0; i < g->outputs; i++) {
        const char *name = g->st.tensor[g->output[i]].name;
        uint32_t k = 0;

        while (k < e->layers && strcmp(e->layer[k].name, name) != 0)
            k++;
        if (k == e->layers)
            return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                            "%s: output %s cannot be computed in floating "
                            "point here; give --expect FILE",
                            e->model, name);
        e->found[i] = e->layer[k];
        e->outputs = i + 1;
    }
    return ZKG_OK;
}

static zkg_status measure_model(zkg_expectation *e, const zkg_witness *w,
                                const zkg_graph *g, const char *input,
                                zkg_error *err)
{
    zkg_real_input *in = zkg_alloc(g->inputs, sizeof(in[0]));
    zkg_onnx_model m;
    zkg_status s;

    e->layer = zkg_alloc(g->st.tensors, sizeof(e->layer[0]));
    if (in == NULL || e->layer == NULL) {
        zkg_free(in);
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    }
    s = zkg_onnx_read(&m, e->model, err);
    if (s != ZKG_OK) {
        zkg_free(in);
        return s;
    }
    s = take_inputs(in, w, g, input, err);
    if (s == ZKG_OK)
        s = evaluate(&m, in, g, e->model, err);
    if (s == ZKG_OK)
        s = compare_layers(e, &m, w, g, err);
    zkg_onnx_clear(&m);
    zkg_real_inputs_clear(in, g->inputs);
    zkg_free(in);
    return s;
}

zkg_status zkg_expectation_measure(zkg_expectation *e, const zkg_witness *w,
                                   const zkg_graph *g, const char *input,
                                   zkg_error *err)
{
    if (e->model != NULL)
        ZKG_TRY(measure_model(e, w, g, input, err));
    if (e->path != NULL) {
        ZKG_TRY(zkg_accuracy_measure(&e->found, w, g, e->path, err));
        e->outputs = g->outputs;
    } else if (e->model != NULL) {
        ZKG_TRY(outputs_from_layers(e, g, err));
    }
    return e->max_error == NULL
               ? ZKG_OK
               : zkg_accuracy_gate(e->found, e->outputs, e->limit, err);
}

/* ---- printing ---- */

static void print_layers(const zkg_expectation *e, uint32_t most)
{
    printf("layers against %s, the worst first:\n"
           "%-32s %9s %9s %10s %10s %10s  %s\n",
           e->model, "tensor", "elements", "largest", "max error", "mean error",
           "RMSE", "same argmax");
    for (uint32_t i = 0; i < e->layers && i < most; i++) {
        const zkg_accuracy *a = &e->layer[i];

        printf("%-32s %9" PRIu64 " %9.4g %10.4g %10.4g %10.4g  %" PRIu64
               " of %" PRIu64 "\n",
               a->name, a->count, a->largest, a->max_error, a->mean_error,
               a->rmse, a->same_rows, a->rows);
    }
    if (e->layers > most)
        printf("and %" PRIu32 " more, in a --report\n", e->layers - most);
    if (e->unknown > 0)
        printf("%" PRIu32 " tensors are left out: operators that are not "
               "computed in floating point here\n",
               e->unknown);
}

void zkg_expectation_print(const zkg_expectation *e, uint32_t most)
{
    for (uint32_t i = 0; i < e->outputs; i++) {
        const zkg_accuracy *a = &e->found[i];

        printf("%s against %s: largest error %.4g, mean %.4g, root mean "
               "square %.4g; largest entry agrees in %" PRIu64 " of %" PRIu64
               " rows\n",
               a->name, e->path != NULL ? e->path : e->model, a->max_error,
               a->mean_error, a->rmse, a->same_rows, a->rows);
    }
    if (e->layers > 0)
        print_layers(e, most);
}

static void key_double(zkg_json_out *o, const char *key, double v)
{
    zkg_json_out_key(o, key);
    zkg_json_out_double(o, v);
}

static void key_u64(zkg_json_out *o, const char *key, uint64_t v)
{
    zkg_json_out_key(o, key);
    zkg_json_out_u64(o, v);
}

static void list_json(zkg_json_out *o, const char *key, const char *kind,
                      const zkg_accuracy *list, uint32_t n)
{
    zkg_json_out_key(o, key);
    zkg_json_out_array(o);
    for (uint32_t i = 0; i < n; i++) {
        const zkg_accuracy *a = &list[i];

        zkg_json_out_line_object(o);
        zkg_json_out_key(o, kind);
        zkg_json_out_string(o, a->name);
        key_u64(o, "elements", a->count);
        key_double(o, "largest", a->largest);
        key_double(o, "max_error", a->max_error);
        key_double(o, "mean_error", a->mean_error);
        key_double(o, "rmse", a->rmse);
        key_u64(o, "rows", a->rows);
        key_u64(o, "same_argmax", a->same_rows);
        zkg_json_out_end(o);
    }
    zkg_json_out_end(o);
}

void zkg_expectation_json(zkg_json_out *o, const zkg_expectation *e)
{
    if (e->outputs > 0)
        list_json(o, "accuracy", "output", e->found, e->outputs);
    if (e->layers > 0)
        list_json(o, "layers", "tensor", e->layer, e->layers);
}

void zkg_expectation_clear(zkg_expectation *e)
{
    zkg_free(e->found);
    zkg_free(e->layer);
    e->found = e->layer = NULL;
    e->outputs = e->layers = 0;
}
