/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling: inputs, the walk over the nodes, and what operators share. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "graph/inputs.h"
#include "nn/special.h"
#include "nn/weights.h"
#include "onnx/lower_internal.h"
#include "tensor/dtype.h"
#include "tensor/quantise.h"

#define MADE_SAMPLES 2
#define MADE_MARGIN 400 /* percent */
#define DATA_MARGIN 150
#define MAX_INPUT ((uint64_t)1 << 26)

zkg_status zkg_onnx_refuse(const zkg_onnx_lowering *w, const char *why)
{
    const zkg_onnx_node *n = &w->m->node[w->node];

    return zkg_fail(w->err, ZKG_ERR_UNSUPPORTED, "node %s (%s): %s", n->name,
                    n->op, why);
}

zkg_onnx_flow *zkg_onnx_flow_of(const zkg_onnx_lowering *w, uint32_t value)
{
    return &w->flow[zkg_onnx_root(w->m, value)];
}

uint64_t zkg_onnx_flow_bound(const zkg_onnx_lowering *w, const zkg_onnx_flow *f)
{
    const uint32_t id = zkg_statement_tensor_id(&w->g->st, f->tensor);
    const zkg_tensor *t = &w->g->st.tensor[id];
    const uint64_t a = (uint64_t)(t->min < 0 ? -t->min : t->min);
    const uint64_t b = (uint64_t)(t->max < 0 ? -t->max : t->max);

    return a > b ? a : b;
}

zkg_interval zkg_onnx_flow_range(const zkg_onnx_lowering *w,
                                 const zkg_onnx_flow *f)
{
    const uint32_t id = zkg_statement_tensor_id(&w->g->st, f->tensor);

    return (zkg_interval){w->g->st.tensor[id].min, w->g->st.tensor[id].max};
}

/* ---- shapes ---- */

bool zkg_onnx_align(zkg_onnx_map *out, const zkg_onnx_flow *f,
                    const zkg_onnx_shape *logical)
{
    uint32_t at = 0;

    for (uint32_t k = 0; k < logical->axes; k++) {
        uint64_t n = 1;

        out->first[k] = at;
        while (at < f->axes && n < logical->len[k])
            n *= f->len[at++];
        /* Ones go with the axis before them, unless the rest needs them. */
        while (n == logical->len[k] && at < f->axes && f->len[at] == 1 &&
               out->first[k] == at && logical->len[k] == 1)
            at++;
        if (n != logical->len[k])
            return false;
        out->count[k] = at - out->first[k];
    }
    while (at < f->axes && f->len[at] == 1 && logical->axes > 0) {
        out->count[logical->axes - 1]++;
        at++;
    }
    return at == f->axes;
}

static bool has_shape(const zkg_onnx_flow *f, const zkg_onnx_shape *s)
{
    return f->axes == s->axes &&
           memcmp(f->len, s->len, s->axes * sizeof(s->len[0])) == 0;
}

zkg_status zkg_onnx_plain(zkg_onnx_flow **out, zkg_onnx_lowering *w,
                          uint32_t value)
{
    const zkg_onnx_shape *s = &w->m->value[value].shape;
    zkg_onnx_flow *root = zkg_onnx_flow_of(w, value), *f = &w->plain[value];
    char name[ZKG_ONNX_NAME], tensor[ZKG_NN_TASK_NAME];
    zkg_interval seen;

    *out = has_shape(root, s) ? root : f;
    if (*out == root || f->tensor[0] != 0)
        return ZKG_OK;
    snprintf(name, sizeof(name), "%.60s.as%u", root->tensor, value);
    ZKG_TRY(zkg_nn_reshape_add(tensor, w->g, name, root->tensor, s->axes,
                               s->len, w->err));
    *f = *root;
    f->axes = s->axes;
    memcpy(f->len, s->len, sizeof(s->len));
    snprintf(f->tensor, sizeof(f->tensor), "%.110s", tensor);
    seen = zkg_onnx_seen(f->sample, w->samples * f->count);
    return zkg_onnx_note(w, name, "Reshape", f, seen, zkg_onnx_flow_range(w, f),
                         "", 1);
}

zkg_status zkg_onnx_aligned(zkg_onnx_flow **out, zkg_onnx_map *map,
                            zkg_onnx_lowering *w, uint32_t value,
                            const zkg_onnx_shape *logical)
{
    *out = zkg_onnx_flow_of(w, value);
    if (zkg_onnx_align(map, *out, logical))
        return ZKG_OK;
    ZKG_TRY(zkg_onnx_plain(out, w, value));
    return zkg_onnx_align(map, *out, logical)
               ? ZKG_OK
               : zkg_onnx_refuse(w, "its input has a shape that does not fit");
}

void zkg_onnx_push_axes(zkg_nn_layer *l, const zkg_onnx_flow *f)
{
    for (uint32_t i = 0; i < f->axes; i++) {
        char name[8];

        snprintf(name, sizeof(name), "a%u", i);
        zkg_nn_axis_push(l, name, f->len[i]);
    }
}

void zkg_onnx_name_push(char *list, size_t bytes, const char *name)
{
    const size_t n = strlen(list);

    snprintf(list + n, bytes - n, "%s%s", n > 0 ? "," : "", name);
}

void zkg_onnx_name_axes(char *list, size_t bytes, uint32_t first,
                        uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        char name[8];

        snprintf(name, sizeof(name), "a%u", i);
        zkg_onnx_name_push(list, bytes, name);
    }
}

/* ---- names ---- */

/* Letters, digits, `_` and `.`, which tensors, kernels and tasks may have. */
static void clean(char out[ZKG_ONNX_NAME], const char *wish)
{
    size_t n = 0;

    while (*wish == '/')
        wish++;
    for (; *wish != 0 && n < ZKG_ONNX_NAME - 20; wish++)
        out[n++] = isalnum((unsigned char)*wish) || *wish == '.' ? *wish : '_';
    if (n == 0)
        out[n++] = '_';
    out[n] = 0;
}

void zkg_onnx_task_name(char name[ZKG_ONNX_NAME], const zkg_onnx_lowering *w,
                        const char *wish)
{
    size_t n;

    clean(name, wish);
    n = strlen(name);
    for (uint32_t i = 2; zkg_statement_task_id(&w->g->st, name) != ZKG_NO_ID ||
                         zkg_statement_kernel_id(&w->g->st, name) != ZKG_NO_ID;
         i++)
        snprintf(name + n, ZKG_ONNX_NAME - n, ".%u", i);
}

void zkg_onnx_tensor_name(char name[ZKG_ONNX_NAME], const zkg_onnx_lowering *w,
                          uint32_t value)
{
    uint32_t id = value;
    size_t n;

    /* An output that is an alias of this value gives it its name. */
    for (uint32_t i = 0; i < w->m->outputs; i++) {
        if (zkg_onnx_root(w->m, w->m->output[i]) == value)
            id = w->m->output[i];
    }
    clean(name, w->m->value[id].name);
    n = strlen(name);
    for (uint32_t i = 2; zkg_statement_tensor_id(&w->g->st, name) != ZKG_NO_ID;
         i++)
        snprintf(name + n, ZKG_ONNX_NAME - n, ".%u", i);
}

/* ---- constants ---- */

zkg_status zkg_onnx_quantised(int64_t **whole, const zkg_onnx_lowering *w,
                              const double *real, uint64_t n, uint32_t scale)
{
    *whole = zkg_alloc(n, sizeof(**whole));
    if (*whole == NULL)
        return zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory for constants");
    for (uint64_t i = 0; i < n; i++) {
        if (zkg_quantise(&(*whole)[i], real[i], scale) &&
            (*whole)[i] <= INT32_MAX && (*whole)[i] >= INT32_MIN)
            continue;
        zkg_free(*whole);
        *whole = NULL;
        return zkg_onnx_refuse(w, "a constant that does not fit 32 bits at "
                                  "this scale; use a smaller --param-scale");
    }
    return ZKG_OK;
}

static zkg_status add_constant(zkg_onnx_lowering *w, char name[ZKG_ONNX_NAME],
                               const char *suffix, uint32_t axes,
                               const uint64_t *len, const double *real,
                               uint32_t scale, zkg_visibility vis,
                               int64_t **whole)
{
    uint64_t n = 1;
    char task[ZKG_ONNX_NAME];
    zkg_status s;

    for (uint32_t i = 0; i < axes; i++)
        n *= len[i];
    ZKG_TRY(zkg_onnx_quantised(whole, w, real, n, scale));
    zkg_onnx_task_name(task, w, w->m->node[w->node].name);
    snprintf(name, ZKG_ONNX_NAME, "%.100s.%s", task, suffix);
    s = zkg_nn_weights(w->g, name, axes, len, *whole, vis, w->err);
    if (s != ZKG_OK) {
        zkg_free(*whole);
        *whole = NULL;
    }
    return s;
}

zkg_status zkg_onnx_weights(zkg_onnx_lowering *w, char name[ZKG_ONNX_NAME],
                            const char *suffix, uint32_t axes,
                            const uint64_t *len, const double *real,
                            uint32_t scale, int64_t **whole)
{
    return add_constant(w, name, suffix, axes, len, real, scale,
                        w->options->param, whole);
}

zkg_status zkg_onnx_fixed(zkg_onnx_lowering *w, char name[ZKG_ONNX_NAME],
                          const char *suffix, uint32_t axes,
                          const uint64_t *len, const double *real,
                          uint32_t scale, int64_t **whole)
{
    return add_constant(w, name, suffix, axes, len, real, scale, ZKG_FIXED,
                        whole);
}

/* ---- ranges ---- */

zkg_interval zkg_onnx_seen(const int64_t *v, uint64_t n)
{
    zkg_interval h = {v[0], v[0]};

    for (uint64_t i = 1; i < n; i++) {
        h.min = v[i] < h.min ? v[i] : h.min;
        h.max = v[i] > h.max ? v[i] : h.max;
    }
    return h;
}

zkg_interval zkg_onnx_margin(const zkg_onnx_lowering *w, zkg_interval seen)
{
    const int64_t low = seen.min < 0 ? -seen.min : seen.min;
    const int64_t high = seen.max < 0 ? -seen.max : seen.max;
    int64_t top = low > high ? low : high;

    if (top > (int64_t)1 << 46)
        top = (int64_t)1 << 46;
    top = (top * (int64_t)w->margin + 99) / 100;
    return (zkg_interval){-top, top};
}

zkg_status zkg_onnx_note(zkg_onnx_lowering *w, const char *name, const char *op,
                         const zkg_onnx_flow *y, zkg_interval seen,
                         zkg_interval range, const char *table,
                         uint64_t divisor)
{
    zkg_onnx_report *r = w->report;
    zkg_onnx_line *line;
    void *more = zkg_realloc(r->line, r->lines + 1, sizeof(*line));
    size_t n;

    if (more == NULL)
        return zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory for the report");
    r->line = more;
    line = &r->line[r->lines++];
    *line = (zkg_onnx_line){.seen = seen, .range = range, .divisor = divisor};
    snprintf(line->name, sizeof(line->name), "%s", name);
    snprintf(line->op, sizeof(line->op), "%s", op);
    snprintf(line->table, sizeof(line->table), "%s", table);
    line->bits = zkg_nn_signed_bits(range);
    n = (size_t)snprintf(line->shape, sizeof(line->shape), "[");
    for (uint32_t i = 0; i < y->axes; i++)
        n +=
            (size_t)snprintf(line->shape + n, sizeof(line->shape) - n, "%s%llu",
                             i > 0 ? "," : "", (unsigned long long)y->len[i]);
    snprintf(line->shape + n, sizeof(line->shape) - n, "]");
    return ZKG_OK;
}

void zkg_onnx_report_clear(zkg_onnx_report *r)
{
    for (uint32_t i = 0; i < r->outputs; i++)
        zkg_free(r->expected[i]);
    zkg_free(r->expected);
    zkg_free(r->line);
    *r = (zkg_onnx_report){.line = NULL};
}

zkg_status zkg_onnx_display(zkg_onnx_lowering *w, const zkg_onnx_flow *f)
{
    const char *name = w->m->value[f - w->flow].name;

    ZKG_TRY(
        zkg_graph_display(w->g, f->tensor, w->options->scale, NULL, 0, w->err));
    /* A name that cannot be told is not worth a refusal. */
    return zkg_graph_display_value(w->g, f->tensor, name, NULL) == ZKG_ERR_NOMEM
               ? zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory")
               : ZKG_OK;
}

/* ---- functions of a value ---- */

static bool is_output(const zkg_onnx_lowering *w, uint32_t value)
{
    for (uint32_t i = 0; i < w->m->outputs; i++) {
        if (zkg_onnx_root(w->m, w->m->output[i]) == value)
            return true;
    }
    return false;
}

zkg_visibility zkg_onnx_visibility(const zkg_onnx_lowering *w, uint32_t value)
{
    return is_output(w, value) ? w->options->output : ZKG_PRIVATE;
}

/* The next needed value after `from` that is a function of base, not base. */
static uint32_t next_function(const zkg_onnx_lowering *w, uint32_t base,
                              uint32_t from)
{
    for (uint32_t v = from; v < w->m->values; v++) {
        if (w->plan->needed[v] && w->plan->base[v] == base && v != base)
            return v;
    }
    return ZKG_ONNX_NONE;
}

/* Its table over a range of the base. */
static zkg_status function_table(char table[ZKG_NN_TABLE_NAME],
                                 zkg_onnx_function *f, zkg_onnx_lowering *w,
                                 uint32_t value, zkg_interval range)
{
    zkg_status s;

    ZKG_TRY(zkg_onnx_function_init(f, w->m, w->plan, value, w->err));
    f->scale_in = f->scale_out = w->options->scale;
    if (zkg_onnx_function_is_relu(f) &&
        zkg_nn_signed_bits(range) <= ZKG_NN_TABLE_BITS)
        return zkg_nn_relu_table(table, w->g, zkg_nn_signed_bits(range),
                                 w->err);
    s = zkg_nn_function_table(table, w->g, range, zkg_onnx_function_at, f,
                              w->err);
    if (s != ZKG_OK)
        (void)zkg_onnx_refuse(w, "no table can hold its range; use a smaller "
                                 "--scale, or tighter --calibrate data");
    return s;
}

/* The value's flow: y = f(x) on the samples. */
static zkg_status function_samples(zkg_onnx_lowering *w, zkg_onnx_function *f,
                                   const zkg_onnx_flow *x, const int64_t *from)
{
    zkg_onnx_flow *y = &w->flow[f->value];
    const uint64_t n = w->samples * x->count;

    *y = *x;
    y->sample = zkg_alloc(n, sizeof(y->sample[0]));
    if (y->sample == NULL)
        return zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory for calibration");
    zkg_onnx_tensor_name(y->tensor, w, f->value);
    for (uint64_t i = 0; i < n; i++) {
        if (!zkg_onnx_function_at(&y->sample[i], f, from[i]))
            return zkg_onnx_refuse(w, "calibration data for which a function "
                                      "has no value");
    }
    return ZKG_OK;
}

static zkg_status emit_function(zkg_onnx_lowering *w, uint32_t base,
                                uint32_t value)
{
    const zkg_onnx_flow *x = &w->flow[base];
    const zkg_onnx_node *n = &w->m->node[w->m->value[value].maker];
    const zkg_interval range = zkg_onnx_flow_range(w, x);
    char table[ZKG_NN_TABLE_NAME], name[ZKG_ONNX_NAME];
    zkg_onnx_function f;
    zkg_status s;

    w->node = w->m->value[value].maker;
    s = function_table(table, &f, w, value, range);
    if (s == ZKG_OK)
        s = function_samples(w, &f, x, x->sample);
    zkg_onnx_task_name(name, w, n->name);
    if (s == ZKG_OK)
        s = zkg_nn_map_add(w->g, name, x->tensor, table, w->flow[value].tensor,
                           zkg_onnx_visibility(w, value), w->err);
    if (s == ZKG_OK)
        s = zkg_onnx_note(w, name, n->op, &w->flow[value],
                          zkg_onnx_seen(x->sample, w->samples * x->count),
                          range, table, 1);
    if (s == ZKG_OK)
        s = zkg_onnx_display(w, &w->flow[value]);
    zkg_onnx_function_clear(&f);
    return s;
}

zkg_status zkg_onnx_emit_functions(zkg_onnx_lowering *w, uint32_t value)
{
    const uint32_t node = w->node;

    for (uint32_t v = next_function(w, value, 0); v != ZKG_ONNX_NONE;
         v = next_function(w, value, v + 1))
        ZKG_TRY(emit_function(w, value, v));
    w->node = node;
    return ZKG_OK;
}

/* ---- layers ---- */

/* The stored shape of a layer's out. */
static void out_shape(zkg_onnx_flow *f, const zkg_nn_layer *l)
{
    const char *at = l->out;

    f->axes = 0;
    f->count = 1;
    while (*at != 0) {
        const size_t n = strcspn(at, ",");

        for (uint32_t i = 0; i < l->axes; i++) {
            if (strlen(l->axis[i].name) == n &&
                strncmp(l->axis[i].name, at, n) == 0) {
                f->len[f->axes++] = l->axis[i].len;
                f->count *= l->axis[i].len;
            }
        }
        at += n + (at[n] == ',');
    }
}

/* q -> y in one table: nothing else needs q. */
static zkg_status emit_fused(zkg_onnx_lowering *w, zkg_nn_layer *l,
                             const zkg_onnx_flow *q, uint32_t to)
{
    const zkg_onnx_node *n = &w->m->node[w->node];
    char table[ZKG_NN_TABLE_NAME], op[80];
    zkg_onnx_function f;
    zkg_status s;

    l->q = zkg_nn_signed_range(zkg_nn_signed_bits(l->q));
    s = function_table(table, &f, w, to, l->q);
    if (s == ZKG_OK)
        s = function_samples(w, &f, q, q->sample);
    if (s == ZKG_OK) {
        l->table = table;
        l->y = w->flow[to].tensor;
        l->y_visibility = zkg_onnx_visibility(w, to);
        s = zkg_nn_layer_add(w->g, l, w->err);
    }
    snprintf(op, sizeof(op), "%.30s+%.30s", n->op,
             w->m->node[w->m->value[to].maker].op);
    if (s == ZKG_OK)
        s = zkg_onnx_note(w, l->name, op, &w->flow[to],
                          zkg_onnx_seen(q->sample, w->samples * q->count), l->q,
                          table, l->divisor);
    if (s == ZKG_OK)
        s = zkg_onnx_display(w, &w->flow[to]);
    zkg_onnx_function_clear(&f);
    return s;
}

zkg_status zkg_onnx_emit(zkg_onnx_lowering *w, zkg_nn_layer *l, uint32_t value,
                         int64_t *acc)
{
    const uint32_t first = next_function(w, value, 0);
    const bool alone = !w->plan->needed[value] && first != ZKG_ONNX_NONE &&
                       next_function(w, value, first + 1) == ZKG_ONNX_NONE;
    zkg_onnx_flow *q = &w->flow[value];
    zkg_interval seen;

    out_shape(q, l);
    q->sample = acc;
    zkg_nn_model_rescale(acc, w->samples * q->count, (int64_t)l->divisor);
    seen = zkg_onnx_seen(acc, w->samples * q->count);
    l->q = zkg_onnx_margin(w, seen);
    if (alone)
        return emit_fused(w, l, q, first);
    zkg_onnx_tensor_name(q->tensor, w, value);
    l->y = q->tensor;
    l->y_visibility = zkg_onnx_visibility(w, value);
    l->q = zkg_nn_signed_range(zkg_nn_signed_bits(l->q));
    ZKG_TRY(zkg_nn_layer_add(w->g, l, w->err));
    ZKG_TRY(zkg_onnx_note(w, l->name, w->m->node[w->node].op, q, seen, l->q,
                          l->y_visibility == ZKG_PUBLIC ? "(public)" : "",
                          l->divisor));
    ZKG_TRY(zkg_onnx_display(w, q));
    return zkg_onnx_emit_functions(w, value);
}

/* ---- inputs ---- */

/* Standard normal numbers, the same everywhere: sums of twelve uniforms. */
static double made_up(uint64_t *state)
{
    double sum = -6;

    for (int i = 0; i < 12; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        sum += ldexp((double)(*state >> 11), -53);
    }
    return sum;
}

static zkg_status make_samples(zkg_onnx_lowering *w)
{
    uint64_t state = 20251129;

    w->samples = MADE_SAMPLES;
    w->margin = MADE_MARGIN;
    w->report->made_up = true;
    for (uint32_t i = 0; i < w->m->inputs; i++) {
        zkg_onnx_flow *f = zkg_onnx_flow_of(w, w->m->input[i]);

        f->sample = zkg_alloc(w->samples * f->count, sizeof(f->sample[0]));
        if (f->sample == NULL)
            return zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory");
        for (uint64_t k = 0; k < w->samples * f->count; k++)
            (void)zkg_quantise(&f->sample[k], made_up(&state),
                               w->options->scale);
    }
    return ZKG_OK;
}

static zkg_status read_samples(zkg_onnx_lowering *w)
{
    zkg_real_input *in;
    zkg_status s;

    w->margin = DATA_MARGIN;
    in = zkg_alloc(w->m->inputs, sizeof(in[0]));
    if (in == NULL)
        return zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory");
    for (uint32_t i = 0; i < w->m->inputs; i++) {
        const zkg_onnx_flow *f = zkg_onnx_flow_of(w, w->m->input[i]);

        in[i] =
            (zkg_real_input){.name = f->tensor, .axes = f->axes, .many = true};
        memcpy(in[i].len, f->len, sizeof(in[i].len));
    }
    s = zkg_real_inputs_read(in, w->m->inputs, w->options->calibrate, w->err);
    w->samples = in[0].samples;
    for (uint32_t i = 0; i < w->m->inputs && s == ZKG_OK; i++) {
        zkg_onnx_flow *f = zkg_onnx_flow_of(w, w->m->input[i]);
        const uint64_t n = w->samples * f->count;

        f->sample = zkg_alloc(n, sizeof(f->sample[0]));
        if (f->sample == NULL)
            s = zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory");
        for (uint64_t k = 0; k < n && s == ZKG_OK; k++) {
            if (!zkg_quantise(&f->sample[k], in[i].value[k], w->options->scale))
                s = zkg_fail(w->err, ZKG_ERR_MALFORMED,
                             "%s: a number that is too large",
                             w->options->calibrate);
        }
    }
    zkg_real_inputs_clear(in, w->m->inputs);
    zkg_free(in);
    return s;
}

static zkg_status add_input(zkg_onnx_lowering *w, uint32_t value)
{
    const zkg_onnx_flow *f = &w->flow[value];
    const zkg_interval seen = zkg_onnx_seen(f->sample, w->samples * f->count);
    const uint32_t bits = zkg_nn_signed_bits(zkg_onnx_margin(w, seen));
    const zkg_interval range = zkg_nn_signed_range(bits);
    zkg_tensor_spec spec = {
        .name = f->tensor,
        .type = zkg_dtype_for_range(range.min, range.max),
        .visibility = w->options->input,
        .axes = f->axes,
        .min = range.min,
        .max = range.max,
    };

    if (bits > ZKG_NN_TABLE_BITS)
        return zkg_fail(w->err, ZKG_ERR_UNSUPPORTED,
                        "input %s: values of %lld..%lld need a table of %u "
                        "bits, at most %d are there; use a smaller --scale",
                        f->tensor, (long long)seen.min, (long long)seen.max,
                        bits, ZKG_NN_TABLE_BITS);
    memcpy(spec.len, f->len, sizeof(spec.len));
    ZKG_TRY(zkg_graph_add_tensor(w->g, &spec, w->err));
    ZKG_TRY(zkg_graph_add_input(w->g, f->tensor, w->err));
    ZKG_TRY(zkg_onnx_display(w, f));
    ZKG_TRY(zkg_onnx_note(w, f->tensor, "(input)", f, seen, range, "", 1));
    return zkg_onnx_emit_functions(w, value);
}

static zkg_status lower_inputs(zkg_onnx_lowering *w)
{
    for (uint32_t i = 0; i < w->m->inputs; i++) {
        const zkg_onnx_value *v = &w->m->value[w->m->input[i]];
        zkg_onnx_flow *f = &w->flow[w->m->input[i]];

        if (!v->has_shape || !v->is_real ||
            !zkg_onnx_count(&f->count, &v->shape) || f->count == 0)
            return zkg_fail(w->err, ZKG_ERR_UNSUPPORTED,
                            "input %s is to have a static shape, of floats: "
                            "export the model with fixed sizes",
                            v->name);
        if (f->count > MAX_INPUT)
            return zkg_fail(w->err, ZKG_ERR_UNSUPPORTED,
                            "input %s has more than 2^26 elements", v->name);
        f->axes = v->shape.axes;
        memcpy(f->len, v->shape.len, v->shape.axes * sizeof(f->len[0]));
        clean(f->tensor, v->name);
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(w->flow[w->m->input[j]].tensor, f->tensor) == 0)
                snprintf(f->tensor + strlen(f->tensor), 12, ".%u", i);
        }
    }
    ZKG_TRY(w->options->calibrate != NULL ? read_samples(w) : make_samples(w));
    if (w->options->margin != 0)
        w->margin = w->options->margin;
    for (uint32_t i = 0; i < w->m->inputs; i++)
        ZKG_TRY(add_input(w, w->m->input[i]));
    return ZKG_OK;
}

/* Does some lookup hold a tensor to its range already? */
static bool is_ranged(const zkg_statement *st, uint32_t id)
{
    for (uint32_t i = 0; i < st->tasks; i++) {
        const zkg_task *t = &st->task[i];
        const zkg_kernel *k = &st->kernel[t->kernel];

        for (uint32_t j = 0; j < k->lookups; j++) {
            const zkg_stmt_lookup *l = &k->lookup[j];

            for (uint32_t c = 0; c < l->columns; c++) {
                int64_t low, high;

                if (t->bind[l->param[c]] != id)
                    continue;
                zkg_stmt_table_bounds(&low, &high, &st->table[l->table], c);
                if (st->tensor[id].min <= low && high <= st->tensor[id].max)
                    return true;
            }
        }
    }
    return false;
}

/* ---- the walk ---- */

static zkg_status lower_node(zkg_onnx_lowering *w)
{
    switch (w->plan->step[w->node].role) {
    case ZKG_ONNX_CONV:
        return zkg_onnx_lower_conv(w);
    case ZKG_ONNX_MATMUL:
        return zkg_onnx_lower_matmul(w);
    case ZKG_ONNX_AFFINE:
        return zkg_onnx_lower_affine(w);
    case ZKG_ONNX_MATRICES:
        return zkg_onnx_lower_matrices(w);
    case ZKG_ONNX_SUM:
    case ZKG_ONNX_PRODUCT:
    case ZKG_ONNX_QUOTIENT:
        return zkg_onnx_lower_sum(w);
    case ZKG_ONNX_SELECT:
        return zkg_onnx_lower_select(w);
    case ZKG_ONNX_SOFTMAX:
        return zkg_onnx_lower_softmax(w);
    case ZKG_ONNX_POOL:
        return zkg_onnx_lower_pool(w);
    case ZKG_ONNX_MOVE:
        return zkg_onnx_lower_move(w);
    case ZKG_ONNX_REDUCE:
        return zkg_onnx_lower_reduce(w);
    case ZKG_ONNX_MAX_POOL:
        return zkg_onnx_lower_max_pool(w);
    case ZKG_ONNX_LAYER_NORM:
        return zkg_onnx_lower_layer_norm(w);
    default:
        return ZKG_OK;
    }
}

/* All that is not supported, in one message, or as much as fits. */
static zkg_status refuse_all(const zkg_onnx_lowering *w)
{
    const uint32_t all = w->plan->unsupported;
    uint32_t told = 0;
    char text[880], more[80] = "";
    size_t n = 0;

    text[0] = 0;
    for (uint32_t k = 0; k < w->m->nodes; k++) {
        const zkg_onnx_step *s = &w->plan->step[k];
        char one[sizeof(text)];
        size_t len;

        if (s->role != ZKG_ONNX_UNSUPPORTED)
            continue;
        len = (size_t)snprintf(one, sizeof(one), "%s%.300s (%.60s): %s",
                               told > 0 ? "; " : "", w->m->node[k].name,
                               w->m->node[k].op, s->why);
        if (n + len >= sizeof(text))
            break;
        memcpy(text + n, one, len + 1);
        n += len;
        told++;
    }
    if (told < all)
        snprintf(more, sizeof(more), "; and %u more, which inspect lists",
                 all - told);
    return zkg_fail(w->err, ZKG_ERR_UNSUPPORTED,
                    "%u node%s not supported: %s%s", all,
                    all == 1 ? " is" : "s are", text, more);
}

/* What the integer models make of the first sample. */
static zkg_status keep_expected(zkg_onnx_lowering *w, const zkg_onnx_flow *f,
                                uint32_t i)
{
    zkg_onnx_report *r = w->report;

    if (r->expected == NULL)
        r->expected = zkg_alloc(w->m->outputs, sizeof(r->expected[0]));
    if (r->expected == NULL)
        return zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory");
    r->outputs = i + 1;
    r->expected[i] = zkg_alloc(f->count, sizeof(int64_t));
    if (r->expected[i] == NULL)
        return zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory");
    memcpy(r->expected[i], f->sample, f->count * sizeof(int64_t));
    return ZKG_OK;
}

static zkg_status lower_all(zkg_onnx_lowering *w)
{
    ZKG_TRY(lower_inputs(w));
    for (w->node = 0; w->node < w->m->nodes; w->node++)
        ZKG_TRY(lower_node(w));
    for (uint32_t i = 0; i < w->m->inputs; i++) {
        const char *name = w->flow[w->m->input[i]].tensor;
        const uint32_t id = zkg_statement_tensor_id(&w->g->st, name);

        if (w->g->st.tensor[id].vis == ZKG_PRIVATE && !is_ranged(&w->g->st, id))
            ZKG_TRY(zkg_nn_range(w->g, name, w->err));
    }
    for (uint32_t i = 0; i < w->m->outputs; i++) {
        const zkg_onnx_flow *f = zkg_onnx_flow_of(w, w->m->output[i]);

        if (f->tensor[0] == 0 ||
            w->m->value[zkg_onnx_root(w->m, w->m->output[i])].is_input)
            return zkg_fail(w->err, ZKG_ERR_UNSUPPORTED,
                            "output %s is a constant, or an input as it is",
                            w->m->value[w->m->output[i]].name);
        ZKG_TRY(zkg_graph_add_output(w->g, f->tensor, w->err));
        ZKG_TRY(keep_expected(w, f, i));
    }
    return zkg_graph_finish(w->g, w->err);
}

zkg_status zkg_onnx_compile(zkg_graph **out, zkg_onnx_report *report,
                            const zkg_onnx_model *m, const zkg_onnx_plan *plan,
                            const zkg_onnx_options *options, zkg_error *err)
{
    zkg_onnx_lowering w = {
        .m = m, .plan = plan, .options = options, .report = report, .err = err};
    zkg_status s;

    *report = (zkg_onnx_report){.line = NULL};
    if (plan->unsupported > 0)
        return refuse_all(&w);
    if (m->inputs == 0)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED, "a model without inputs");
    ZKG_TRY(zkg_graph_new(&w.g, err));
    w.flow = zkg_alloc(m->values, sizeof(w.flow[0]));
    w.plain = zkg_alloc(m->values, sizeof(w.plain[0]));
    s = w.flow == NULL || w.plain == NULL
            ? zkg_fail(err, ZKG_ERR_NOMEM, "no memory")
            : lower_all(&w);
    for (uint32_t i = 0; i < m->values && w.flow != NULL; i++)
        zkg_free(w.flow[i].sample);
    zkg_free(w.flow);
    zkg_free(w.plain);
    if (s == ZKG_OK) {
        *out = w.g;
        return ZKG_OK;
    }
    zkg_graph_free(w.g);
    zkg_onnx_report_clear(report);
    return s;
}
