/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that are sums of products, divided: convolutions, matrices,
 * constants per channel, sums and products of values, pooling, means. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "onnx/lower_internal.h"

/* ---- pieces ---- */

static const zkg_onnx_node *node_of(const zkg_onnx_lowering *w)
{
    return &w->m->node[w->node];
}

static const zkg_onnx_shape *shape_of(const zkg_onnx_lowering *w, uint32_t v)
{
    return &w->m->value[v].shape;
}

static uint64_t magnitude(const int64_t *v, uint64_t n)
{
    uint64_t m = 0;

    for (uint64_t i = 0; i < n; i++) {
        const uint64_t a = (uint64_t)(v[i] < 0 ? -v[i] : v[i]);

        m = a > m ? a : m;
    }
    return m;
}

zkg_status zkg_onnx_new_acc(int64_t **acc, const zkg_onnx_lowering *w,
                            uint64_t n)
{
    *acc = zkg_alloc(w->samples * n, sizeof(**acc));
    return *acc != NULL
               ? ZKG_OK
               : zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory for calibration");
}

zkg_status zkg_onnx_too_large(const zkg_onnx_lowering *w)
{
    return zkg_onnx_refuse(w, "its sums could leave 62 bits; use smaller "
                              "scales");
}

/* "name[list]", or "name" for a scalar. */
static void factor(char out[160], const char *name, const char *list)
{
    if (list[0] == 0)
        snprintf(out, 160, "%s", name);
    else
        snprintf(out, 160, "%.20s[%.120s]", name, list);
}

void zkg_onnx_push_term(zkg_nn_layer *l, int64_t c, const char *p0,
                        const char *a0, const char *p1, const char *a1)
{
    char f0[160], f1[160] = "";

    factor(f0, p0, a0);
    if (p1 != NULL)
        factor(f1, p1, a1);
    zkg_nn_term_push(l, c, f0, f1);
}

static void push_inner(zkg_nn_layer *l, const char *axes)
{
    char f[160];

    factor(f, "x", axes);
    zkg_nn_inner_push(l, 1, f, NULL);
}

/* All stored axes by name. */
static void all_axes(char list[64], const zkg_onnx_flow *f)
{
    list[0] = 0;
    zkg_onnx_name_axes(list, 64, 0, f->axes);
}

/* Move row-major [rows][cols] to [cols][rows]. */
static double *transposed(const zkg_onnx_tensor *t, uint64_t rows,
                          uint64_t cols)
{
    double *out = zkg_alloc(rows * cols, sizeof(out[0]));

    for (uint64_t i = 0; out != NULL && i < rows * cols; i++)
        out[i % cols * rows + i / cols] = zkg_onnx_tensor_at(t, i);
    return out;
}

static double *reals(const zkg_onnx_tensor *t)
{
    double *out = zkg_alloc(t->count, sizeof(out[0]));

    for (uint64_t i = 0; out != NULL && i < t->count; i++)
        out[i] = zkg_onnx_tensor_at(t, i);
    return out;
}

/* ---- matrices ---- */

/* What a product with a constant matrix is made of. */
typedef struct dense {
    zkg_onnx_flow *x;
    zkg_onnx_map map; /* of {rows, k} */
    uint64_t rows, k, n;
    double *weight; /* n * k; owned */
    double *bias;   /* n, or rows * n, or NULL; owned */
    bool per_row;
} dense;

static zkg_status take_weight(dense *d, const zkg_onnx_lowering *w)
{
    const zkg_onnx_node *n = node_of(w);
    const zkg_onnx_value *b = &w->m->value[n->input[1]];
    const bool gemm = strcmp(n->op, "Gemm") == 0;
    const bool flipped = gemm && zkg_onnx_attr_i(n, "transB", 0) != 0;
    const double alpha = gemm ? zkg_onnx_attr_f(n, "alpha", 1) : 1;

    d->k = b->shape.len[flipped ? 1 : 0];
    d->n = b->shape.len[flipped ? 0 : 1];
    d->rows = d->x->count / d->k;
    d->weight = flipped ? reals(&b->t) : transposed(&b->t, d->k, d->n);
    if (d->weight == NULL)
        return zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory for weights");
    for (uint64_t i = 0; i < d->k * d->n; i++)
        d->weight[i] *= alpha;
    return ZKG_OK;
}

/* C broadcasts to [rows, n]. */
static zkg_status take_bias(dense *d, const zkg_onnx_lowering *w)
{
    const zkg_onnx_node *n = node_of(w);
    const double beta = zkg_onnx_attr_f(n, "beta", 1);
    const zkg_onnx_value *c;
    uint64_t rows, cols, count;

    if (n->inputs < 3 || n->input[2] == ZKG_ONNX_NONE)
        return ZKG_OK;
    c = &w->m->value[n->input[2]];
    cols = c->shape.axes == 0 ? 1 : c->shape.len[c->shape.axes - 1];
    rows = c->shape.axes < 2 ? 1 : c->shape.len[c->shape.axes - 2];
    if (c->shape.axes > 2 || (cols != 1 && cols != d->n) ||
        (rows != 1 && rows != d->rows))
        return zkg_onnx_refuse(w, "its C does not fit its output");
    d->per_row = rows > 1;
    count = (d->per_row ? d->rows : 1) * d->n;
    d->bias = zkg_alloc(count, sizeof(d->bias[0]));
    if (d->bias == NULL)
        return zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory for a bias");
    for (uint64_t i = 0; i < count; i++)
        d->bias[i] =
            beta * zkg_onnx_tensor_at(&c->t, i / d->n * cols +
                                                 (cols == 1 ? 0 : i % d->n));
    return ZKG_OK;
}

static void dense_model(int64_t *acc, const zkg_onnx_lowering *w,
                        const dense *d, const int64_t *weight,
                        const int64_t *bias)
{
    for (uint64_t i = 0; i < w->samples * d->rows; i++) {
        const int64_t *x = d->x->sample + i * d->k;
        const uint64_t row = i % d->rows;

        for (uint64_t o = 0; o < d->n; o++) {
            int64_t sum =
                bias == NULL ? 0 : bias[d->per_row ? row * d->n + o : o];

            for (uint64_t c = 0; c < d->k; c++)
                sum += weight[o * d->k + c] * x[c];
            acc[i * d->n + o] = sum;
        }
    }
}

/* Kernel and calibration of w x + b. */
static zkg_status add_dense(zkg_onnx_lowering *w, const dense *d)
{
    const uint32_t p = w->options->param_scale, s = w->options->scale;
    const zkg_onnx_flow *x = d->x;
    const uint32_t first = d->map.first[1], n = d->map.count[1];
    char name[ZKG_ONNX_NAME], w_name[ZKG_ONNX_NAME], b_name[ZKG_ONNX_NAME];
    char list[64] = "o", rows[64] = "", all[64];
    zkg_nn_layer l = {.name = name, .divisor = (uint64_t)1 << p};
    uint64_t len[ZKG_MAX_AXES + 1] = {d->n};
    int64_t *weight = NULL, *bias = NULL, *acc = NULL;
    zkg_status st;

    memcpy(len + 1, x->len + first, n * sizeof(len[0]));
    ZKG_TRY(
        zkg_onnx_weights(w, w_name, "w", 1 + n, len, d->weight, p, &weight));
    zkg_onnx_push_axes(&l, x);
    zkg_nn_axis_push(&l, "o", d->n);
    zkg_onnx_name_axes(list, sizeof(list), first, n);
    zkg_onnx_name_axes(rows, sizeof(rows), 0, first);
    all_axes(all, x);
    zkg_nn_param_push(&l, "w", list, w_name);
    zkg_nn_param_push(&l, "x", all, x->tensor);
    zkg_onnx_push_term(&l, 1, "w", list, "x", all);
    snprintf(l.out, sizeof(l.out), "%s", rows);
    zkg_onnx_name_push(l.out, sizeof(l.out), "o");
    st = ZKG_OK;
    if (d->bias != NULL) {
        memcpy(len, x->len, first * sizeof(len[0]));
        len[d->per_row ? first : 0] = d->n;
        st = zkg_onnx_weights(w, b_name, "b", d->per_row ? first + 1 : 1, len,
                              d->bias, p + s, &bias);
        zkg_nn_param_push(&l, "b", d->per_row ? l.out : "o", b_name);
        zkg_onnx_push_term(&l, 1, "b", d->per_row ? l.out : "o", NULL, NULL);
    }
    if (st == ZKG_OK &&
        !zkg_nn_sum_fits(
            d->k, magnitude(weight, d->k * d->n), zkg_onnx_flow_bound(w, x),
            bias == NULL ? 0
                         : magnitude(bias, d->per_row ? d->rows * d->n : d->n)))
        st = zkg_onnx_too_large(w);
    if (st == ZKG_OK)
        st = zkg_onnx_new_acc(&acc, w, d->rows * d->n);
    if (st == ZKG_OK)
        dense_model(acc, w, d, weight, bias);
    zkg_free(weight);
    zkg_free(bias);
    zkg_onnx_task_name(name, w, node_of(w)->name);
    return st == ZKG_OK ? zkg_onnx_emit(w, &l, w->plan->step[w->node].out, acc)
                        : st;
}

zkg_status zkg_onnx_lower_matmul(zkg_onnx_lowering *w)
{
    dense d = {.x = zkg_onnx_flow_of(w, node_of(w)->input[0])};
    zkg_onnx_shape logical = {.axes = 2};
    zkg_status s = take_weight(&d, w);

    if (s == ZKG_OK && strcmp(node_of(w)->op, "Gemm") == 0)
        s = take_bias(&d, w);
    logical.len[0] = d.rows;
    logical.len[1] = d.k;
    if (s == ZKG_OK)
        s = zkg_onnx_aligned(&d.x, &d.map, w, node_of(w)->input[0], &logical);
    if (s == ZKG_OK)
        s = add_dense(w, &d);
    zkg_free(d.weight);
    zkg_free(d.bias);
    return s;
}

/* ---- windows ---- */

static void window_model(zkg_nn_window *out, const zkg_onnx_window *w)
{
    *out = (zkg_nn_window){.axes = w->axes};
    for (uint32_t k = 0; k < w->axes; k++) {
        out->in[k] = w->in[k];
        out->out[k] = w->out[k];
        out->kernel[k] = w->kernel[k];
        out->stride[k] = w->stride[k];
        out->dilation[k] = w->dilation[k];
        out->before[k] = w->before[k];
    }
}

/* Kernel axes of a window: y0, y1 of the output, i0, i1 of the taps, and the
 * indices "2*y0+1*i0-1,.." of the input. */
static void push_window(zkg_nn_layer *l, char *index, size_t bytes, char *out,
                        size_t out_bytes, char *taps, size_t taps_bytes,
                        const zkg_onnx_window *w)
{
    for (uint32_t k = 0; k < w->axes; k++) {
        char y[16], i[16], text[80];

        snprintf(y, sizeof(y), "y%u", k);
        snprintf(i, sizeof(i), "i%u", k);
        zkg_nn_axis_push(l, y, w->out[k]);
        zkg_nn_axis_push(l, i, w->kernel[k]);
        snprintf(text, sizeof(text), "%" PRId64 "*%s+%" PRId64 "*%s",
                 w->stride[k], y, w->dilation[k], i);
        if (w->before[k] != 0)
            snprintf(text + strlen(text), sizeof(text) - strlen(text),
                     "-%" PRId64, w->before[k]);
        zkg_onnx_name_push(index, bytes, text);
        zkg_onnx_name_push(out, out_bytes, y);
        zkg_onnx_name_push(taps, taps_bytes, i);
    }
}

/* How x's stored axes split: batch, channels, then exactly the window's.
 * whole: the channels are to be one axis. */
static zkg_status split_image(uint32_t *channel, uint32_t *channels,
                              zkg_onnx_flow **x, zkg_onnx_lowering *w,
                              const zkg_onnx_window *v, bool whole)
{
    zkg_onnx_shape logical = {.axes = 2 + v->axes,
                              .len = {v->batch, v->channels}};
    zkg_onnx_map map;

    memcpy(logical.len + 2, v->in, v->axes * sizeof(v->in[0]));
    ZKG_TRY(zkg_onnx_aligned(x, &map, w, node_of(w)->input[0], &logical));
    whole = whole && map.count[1] != 1;
    for (uint32_t k = 0; k < v->axes; k++)
        whole = whole || map.count[2 + k] != 1;
    if (whole) {
        ZKG_TRY(zkg_onnx_plain(x, w, node_of(w)->input[0]));
        (void)zkg_onnx_align(&map, *x, &logical);
    }
    *channel = map.first[1];
    *channels = map.first[2] - map.first[1];
    return ZKG_OK;
}

zkg_status zkg_onnx_window_model(zkg_nn_window *out, zkg_onnx_flow **x,
                                 zkg_onnx_lowering *w, const zkg_onnx_window *v)
{
    uint32_t channel, channels;

    window_model(out, v);
    return split_image(&channel, &channels, x, w, v, false);
}

/* Weights and bias, with a BatchNormalization after them folded in:
 * y = gain (conv(x) - mean) / sqrt(variance + epsilon) + bias. */
static zkg_status conv_constants(double **weight, double **bias,
                                 const zkg_onnx_lowering *w,
                                 const zkg_onnx_window *v)
{
    const zkg_onnx_node *n = node_of(w);
    const uint32_t norm = w->plan->step[w->node].norm;
    const zkg_onnx_tensor *t = &w->m->value[n->input[1]].t;
    const uint64_t each = t->count / v->out_channels;
    const bool has_bias = n->inputs > 2 && n->input[2] != ZKG_ONNX_NONE;

    *weight = reals(t);
    *bias = zkg_alloc(v->out_channels, sizeof(**bias));
    if (*weight == NULL || *bias == NULL)
        return zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory for weights");
    if (has_bias && w->m->value[n->input[2]].t.count != v->out_channels)
        return zkg_onnx_refuse(w, "its bias does not fit its weights");
    for (uint64_t o = 0; o < v->out_channels; o++) {
        double b =
            has_bias ? zkg_onnx_tensor_at(&w->m->value[n->input[2]].t, o) : 0;

        if (norm != ZKG_ONNX_NONE) {
            const zkg_onnx_node *bn = &w->m->node[norm];
            double p[4], a;

            for (int i = 0; i < 4; i++)
                p[i] = zkg_onnx_tensor_at(&w->m->value[bn->input[1 + i]].t, o);
            a = p[0] / sqrt(p[3] + zkg_onnx_attr_f(bn, "epsilon", 1e-5));
            for (uint64_t i = 0; i < each; i++)
                (*weight)[o * each + i] *= a;
            b = (b - p[2]) * a + p[1];
        }
        (*bias)[o] = b;
    }
    return ZKG_OK;
}

/* t[n,g,c,..] = x[n, C g + c, ..]: the weights have g as well, so the channels
 * are split in an einsum of their own. */
static void group_channels(zkg_nn_layer *l, const zkg_onnx_lowering *w,
                           const zkg_onnx_flow *x, uint32_t channel,
                           uint64_t in)
{
    const int64_t bound = (int64_t)zkg_onnx_flow_bound(w, x);
    char list[160] = "", text[60];

    zkg_onnx_name_axes(list, sizeof(list), 0, channel);
    zkg_onnx_name_axes(l->inner_out, sizeof(l->inner_out), 0, channel);
    snprintf(text, sizeof(text), "%" PRIu64 "*g+1*c", in);
    zkg_onnx_name_push(list, sizeof(list), text);
    zkg_onnx_name_push(l->inner_out, sizeof(l->inner_out), "g,c");
    for (uint32_t i = channel + 1; i < x->axes; i++) {
        snprintf(text, sizeof(text), "x%u", i);
        zkg_onnx_name_push(list, sizeof(list), text);
        zkg_onnx_name_push(l->inner_out, sizeof(l->inner_out), text);
    }
    push_inner(l, list);
    l->t = (zkg_interval){-bound, bound};
}

/* The kernel: Y[n,g,o,y] = W[g,o,c,i] X[n,g,c,..] + B[g,o]. */
static zkg_status conv_layer(zkg_nn_layer *l, zkg_onnx_flow **from,
                             zkg_onnx_lowering *w, const zkg_onnx_window *v,
                             uint32_t *axes, uint64_t *len, uint32_t *bias_axes)
{
    const bool grouped = v->groups > 1;
    const uint64_t in = v->channels / v->groups;
    const uint64_t out = v->out_channels / v->groups;
    char index[128] = "", spatial[64] = "", taps[64] = "";
    char wl[64] = "", xl[160] = "", bl[64] = "";
    uint32_t channel = 0, channels = 0;
    const zkg_onnx_flow *x;

    ZKG_TRY(split_image(&channel, &channels, from, w, v, grouped));
    x = *from;
    for (uint32_t i = 0; i < channel + (grouped ? 0 : channels); i++) {
        char name[8];

        snprintf(name, sizeof(name), "a%u", i);
        zkg_nn_axis_push(l, name, x->len[i]);
    }
    *axes = 0;
    zkg_onnx_name_axes(l->out, sizeof(l->out), 0, channel);
    zkg_onnx_name_axes(xl, sizeof(xl), 0, channel);
    if (grouped) {
        zkg_nn_axis_push(l, "g", v->groups);
        zkg_onnx_name_push(wl, sizeof(wl), "g");
        len[(*axes)++] = v->groups;
    }
    if (!grouped || out > 1) {
        zkg_nn_axis_push(l, "o", out);
        zkg_onnx_name_push(wl, sizeof(wl), "o");
        len[(*axes)++] = out;
    }
    *bias_axes = *axes;
    snprintf(bl, sizeof(bl), "%s", wl);
    zkg_onnx_name_push(l->out, sizeof(l->out), wl);
    if (grouped && in == 1) {
        zkg_onnx_name_push(xl, sizeof(xl), "g");
    } else if (grouped) {
        zkg_nn_axis_push(l, "c", in);
        zkg_onnx_name_push(xl, sizeof(xl), "g");
        zkg_onnx_name_push(xl, sizeof(xl), "c");
        zkg_onnx_name_push(wl, sizeof(wl), "c");
        len[(*axes)++] = in;
        group_channels(l, w, x, channel, in);
    } else {
        zkg_onnx_name_axes(xl, sizeof(xl), channel, channels);
        zkg_onnx_name_axes(wl, sizeof(wl), channel, channels);
        for (uint32_t i = 0; i < channels; i++)
            len[(*axes)++] = x->len[channel + i];
    }
    push_window(l, index, sizeof(index), spatial, sizeof(spatial), taps,
                sizeof(taps), v);
    zkg_onnx_name_push(xl, sizeof(xl), index);
    zkg_onnx_name_push(wl, sizeof(wl), taps);
    zkg_onnx_name_push(l->out, sizeof(l->out), spatial);
    for (uint32_t k = 0; k < v->axes; k++)
        len[(*axes)++] = v->kernel[k];
    zkg_nn_param_push(l, "w", wl, NULL);
    zkg_nn_param_push(l, "x", "", x->tensor);
    zkg_nn_param_push(l, "b", bl, NULL);
    zkg_onnx_push_term(l, 1, "w", wl, l->inners > 0 ? "t" : "x", xl);
    zkg_onnx_push_term(l, 1, "b", bl, NULL, NULL);
    return ZKG_OK;
}

/* x's own axes: those that its indices name, with the input's lengths. */
static void push_image_axes(zkg_nn_layer *l, uint32_t param,
                            const zkg_onnx_flow *x, uint32_t named)
{
    char *axes = l->param[param].axes;

    axes[0] = 0;
    for (uint32_t i = 0; i < x->axes; i++) {
        char name[8];

        snprintf(name, sizeof(name), i < named ? "a%u" : "x%u", i);
        if (i >= named)
            zkg_nn_axis_push(l, name, x->len[i]);
        zkg_onnx_name_push(axes, sizeof(l->param[param].axes), name);
    }
}

static zkg_status add_conv(zkg_onnx_lowering *w, const zkg_onnx_window *v,
                           const double *real_w, const double *real_b)
{
    const uint32_t p = w->options->param_scale;
    zkg_onnx_flow *x;
    char name[ZKG_ONNX_NAME], w_name[ZKG_ONNX_NAME], b_name[ZKG_ONNX_NAME];
    zkg_nn_layer l = {.name = name, .divisor = (uint64_t)1 << p};
    const uint64_t in = v->channels / v->groups;
    uint64_t len[ZKG_MAX_AXES] = {0}, terms;
    uint32_t axes = 0, bias_axes = 0, named;
    int64_t *weight = NULL, *bias = NULL, *acc = NULL;
    zkg_nn_window model;
    zkg_status s;

    ZKG_TRY(conv_layer(&l, &x, w, v, &axes, len, &bias_axes));
    named = x->axes - v->axes - (v->groups > 1 ? 1 : 0);
    push_image_axes(&l, 1, x, named);
    window_model(&model, v);
    terms = in * zkg_nn_window_taps(&model);
    s = zkg_onnx_weights(w, w_name, "w", axes, len, real_w, p, &weight);
    if (s == ZKG_OK)
        s = zkg_onnx_weights(w, b_name, "b", bias_axes, len, real_b,
                             p + w->options->scale, &bias);
    l.param[0].tensor = w_name;
    l.param[2].tensor = b_name;
    if (s == ZKG_OK &&
        !zkg_nn_sum_fits(terms, magnitude(weight, v->out_channels * terms),
                         zkg_onnx_flow_bound(w, x),
                         magnitude(bias, v->out_channels)))
        s = zkg_onnx_too_large(w);
    if (s == ZKG_OK)
        s = zkg_onnx_new_acc(
            &acc, w, v->batch * v->out_channels * zkg_nn_window_out(&model));
    if (s == ZKG_OK)
        zkg_nn_model_conv(acc, &model, w->samples * v->batch, v->groups,
                          v->out_channels / v->groups, in, weight, bias,
                          x->sample);
    zkg_free(weight);
    zkg_free(bias);
    zkg_onnx_task_name(name, w, node_of(w)->name);
    return s == ZKG_OK ? zkg_onnx_emit(w, &l, w->plan->step[w->node].out, acc)
                       : s;
}

zkg_status zkg_onnx_lower_conv(zkg_onnx_lowering *w)
{
    double *weight = NULL, *bias = NULL;
    zkg_onnx_window v;
    zkg_status s;

    ZKG_TRY(zkg_onnx_window_of(&v, w->m, node_of(w), w->err));
    s = conv_constants(&weight, &bias, w, &v);
    if (s == ZKG_OK)
        s = w->plan->step[w->node].pool != ZKG_ONNX_NONE
                ? zkg_onnx_lower_conv_pool(w, &v, weight, bias)
                : add_conv(w, &v, weight, bias);
    zkg_free(weight);
    zkg_free(bias);
    return s;
}

/* How many taps of output y lie in x, or in its padding where that counts:
 * what ceil_mode adds beyond it never does. */
static uint64_t real_taps(const zkg_onnx_window *w, bool padding, uint64_t y)
{
    uint64_t n = 1;

    for (uint32_t k = w->axes; k-- > 0;) {
        const int64_t first =
            w->stride[k] * (int64_t)(y % w->out[k]) - w->before[k];
        const int64_t low = padding ? -w->before[k] : 0;
        const int64_t high = (int64_t)w->in[k] + (padding ? w->after[k] : 0);
        uint64_t here = 0;

        for (uint64_t i = 0; i < w->kernel[k]; i++) {
            const int64_t at = first + w->dilation[k] * (int64_t)i;

            here += at >= low && at < high;
        }
        n *= here;
        y /= w->out[k];
    }
    return n;
}

static bool counts_padding(const zkg_onnx_lowering *w)
{
    return zkg_onnx_attr_i(node_of(w), "count_include_pad", 0) != 0;
}

/* Is every output divided by the number of all taps? */
static bool counts_alike(const zkg_onnx_lowering *w, const zkg_onnx_window *v,
                         const zkg_nn_window *model)
{
    for (uint64_t y = 0; y < zkg_nn_window_out(model); y++) {
        if (real_taps(v, counts_padding(w), y) != zkg_nn_window_taps(model))
            return false;
    }
    return true;
}

static uint64_t divisor_of_both(uint64_t a, uint64_t b)
{
    return b == 0 ? a : divisor_of_both(b, a % b);
}

/* Outputs count different taps: y = (L / count) sum / L, L a multiple of all
 * counts; the sums are virtual. */
static zkg_status pool_uncounted(zkg_onnx_lowering *w, zkg_nn_layer *l,
                                 const zkg_onnx_flow *x,
                                 const zkg_onnx_window *v,
                                 const zkg_nn_window *model, const char *index)
{
    const uint64_t out = zkg_nn_window_out(model);
    const uint64_t maps = v->batch * v->channels;
    const int64_t most =
        (int64_t)(zkg_nn_window_taps(model) * zkg_onnx_flow_bound(w, x));
    char name[ZKG_ONNX_NAME], m_name[ZKG_ONNX_NAME], f[160], list[64] = "";
    int64_t *share = NULL, *acc = NULL;
    uint64_t all = 1;
    double *real = zkg_alloc(out, sizeof(real[0]));
    zkg_status s;

    for (uint64_t y = 0; y < out; y++) {
        const uint64_t n = real_taps(v, counts_padding(w), y);

        if (n == 0) {
            zkg_free(real);
            return zkg_onnx_refuse(w, "a window that lies in the padding");
        }
        all = all / divisor_of_both(all, n) * n;
    }
    for (uint64_t y = 0; real != NULL && y < out; y++)
        real[y] = (double)(all / real_taps(v, counts_padding(w), y));
    for (uint32_t k = 0; k < v->axes; k++) {
        snprintf(f, sizeof(f), "y%u", k);
        zkg_onnx_name_push(list, sizeof(list), f);
    }
    if (real == NULL)
        return zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory");
    s = zkg_onnx_fixed(w, m_name, "share", v->axes, v->out, real, 0, &share);
    zkg_free(real);
    factor(f, "x", index);
    zkg_nn_inner_push(l, 1, f, NULL);
    l->t = (zkg_interval){-most, most};
    zkg_nn_param_push(l, "m", list, m_name);
    zkg_onnx_push_term(l, 1, "m", list, "t", l->out);
    l->divisor = all;
    if (s == ZKG_OK && !zkg_nn_sum_fits(all, (uint64_t)most, 2, all))
        s = zkg_onnx_too_large(w);
    if (s == ZKG_OK)
        s = zkg_onnx_new_acc(&acc, w, maps * out);
    if (s == ZKG_OK)
        zkg_nn_model_sum_pool(acc, model, w->samples * maps, x->sample);
    for (uint64_t i = 0; s == ZKG_OK && i < w->samples * maps * out; i++)
        acc[i] *= share[i % out];
    zkg_free(share);
    zkg_onnx_task_name(name, w, node_of(w)->name);
    l->name = name;
    return s == ZKG_OK ? zkg_onnx_emit(w, l, w->plan->step[w->node].out, acc)
                       : s;
}

zkg_status zkg_onnx_lower_pool(zkg_onnx_lowering *w)
{
    zkg_onnx_flow *x;
    char name[ZKG_ONNX_NAME], index[160] = "", taps[64] = "", list[64] = "";
    zkg_nn_layer l = {.name = name};
    uint32_t channel, channels;
    zkg_onnx_window v;
    zkg_nn_window model;
    int64_t *acc;

    ZKG_TRY(zkg_onnx_window_of(&v, w->m, node_of(w), w->err));
    ZKG_TRY(split_image(&channel, &channels, &x, w, &v, false));
    for (uint32_t i = 0; i < channel + channels; i++) {
        char a[8];

        snprintf(a, sizeof(a), "a%u", i);
        zkg_nn_axis_push(&l, a, x->len[i]);
    }
    zkg_onnx_name_axes(l.out, sizeof(l.out), 0, channel + channels);
    zkg_onnx_name_axes(index, sizeof(index), 0, channel + channels);
    push_window(&l, index, sizeof(index), l.out, sizeof(l.out), taps,
                sizeof(taps), &v);
    zkg_nn_param_push(&l, "x", list, x->tensor);
    push_image_axes(&l, 0, x, channel + channels);
    window_model(&model, &v);
    if (!counts_alike(w, &v, &model))
        return pool_uncounted(w, &l, x, &v, &model, index);
    zkg_onnx_push_term(&l, 1, "x", index, NULL, NULL);
    l.divisor = zkg_nn_window_taps(&model);
    if (!zkg_nn_sum_fits(l.divisor, zkg_onnx_flow_bound(w, x), 2, l.divisor))
        return zkg_onnx_too_large(w);
    ZKG_TRY(zkg_onnx_new_acc(&acc, w,
                             v.batch * v.channels * zkg_nn_window_out(&model)));
    zkg_nn_model_sum_pool(acc, &model, w->samples * v.batch * v.channels,
                          x->sample);
    zkg_onnx_task_name(name, w, node_of(w)->name);
    return zkg_onnx_emit(w, &l, w->plan->step[w->node].out, acc);
}

/* ---- sums over axes ---- */

/* Which axes of its input a node sums. */
static void reduced(bool gone[ZKG_ONNX_MAX_AXES], const zkg_onnx_lowering *w)
{
    const zkg_onnx_node *n = node_of(w);
    const zkg_onnx_shape *x = shape_of(w, n->input[0]);
    const zkg_onnx_attr *a = zkg_onnx_attr_of(n, "axes");
    const zkg_onnx_tensor *t = n->inputs > 1 && n->input[1] != ZKG_ONNX_NONE
                                   ? &w->m->value[n->input[1]].t
                                   : NULL;
    const uint64_t count = a != NULL ? a->n_ints : t != NULL ? t->count : 0;

    for (uint32_t k = 0; k < x->axes; k++)
        gone[k] = strcmp(n->op, "GlobalAveragePool") == 0 ? k >= 2 : count == 0;
    for (uint64_t i = 0; i < count; i++) {
        const int64_t k = a != NULL ? a->ints[i] : t->whole[i];

        gone[k < 0 ? k + x->axes : k] = true;
    }
}

static void sum_model(int64_t *acc, const zkg_onnx_lowering *w,
                      const zkg_onnx_flow *x, const bool *gone, uint64_t kept)
{
    for (uint64_t i = 0; i < w->samples * x->count; i++) {
        uint64_t rest = i % x->count, at = 0, stride = 1;

        for (uint32_t k = x->axes; k-- > 0;) {
            if (!gone[k]) {
                at += rest % x->len[k] * stride;
                stride *= x->len[k];
            }
            rest /= x->len[k];
        }
        acc[i / x->count * kept + at] += x->sample[i];
    }
}

zkg_status zkg_onnx_lower_reduce(zkg_onnx_lowering *w)
{
    const zkg_onnx_node *n = node_of(w);
    zkg_onnx_flow *x;
    bool gone[ZKG_ONNX_MAX_AXES] = {false}, stored[ZKG_MAX_AXES] = {false};
    char name[ZKG_ONNX_NAME], all[64];
    zkg_nn_layer l = {.name = name, .divisor = 1};
    uint64_t kept = 1, summed = 1;
    zkg_onnx_map map;
    int64_t *acc;

    ZKG_TRY(
        zkg_onnx_aligned(&x, &map, w, n->input[0], shape_of(w, n->input[0])));
    reduced(gone, w);
    zkg_onnx_push_axes(&l, x);
    for (uint32_t k = 0; k < shape_of(w, n->input[0])->axes; k++) {
        for (uint32_t i = map.first[k]; i < map.first[k] + map.count[k]; i++) {
            stored[i] = gone[k];
            *(gone[k] ? &summed : &kept) *= x->len[i];
            if (!gone[k])
                zkg_onnx_name_axes(l.out, sizeof(l.out), i, 1);
        }
    }
    all_axes(all, x);
    zkg_nn_param_push(&l, "x", all, x->tensor);
    zkg_onnx_push_term(&l, 1, "x", all, NULL, NULL);
    if (strcmp(n->op, "ReduceSum") != 0)
        l.divisor = summed;
    if (!zkg_nn_sum_fits(summed, zkg_onnx_flow_bound(w, x), 2, summed))
        return zkg_onnx_too_large(w);
    ZKG_TRY(zkg_onnx_new_acc(&acc, w, kept));
    sum_model(acc, w, x, stored, kept);
    zkg_onnx_task_name(name, w, n->name);
    return zkg_onnx_emit(w, &l, w->plan->step[w->node].out, acc);
}

/* ---- constants per channel or element ---- */

/* y = a x + b: a and b are constants that broadcast, or NULL. */
typedef struct affine {
    uint32_t value;
    zkg_onnx_flow *x;            /* it */
    int64_t sign;                /* of x where there is no a */
    double *a, *b;               /* owned, by the axes below */
    uint32_t axes;               /* stored axes that they have, .. */
    uint32_t axis[ZKG_MAX_AXES]; /* .. these */
    uint64_t len[ZKG_MAX_AXES], count;
} affine;

/* Which stored axes a constant of this shape runs over. */
static zkg_status affine_axes(affine *f, zkg_onnx_lowering *w,
                              const zkg_onnx_shape *c)
{
    const zkg_onnx_shape *s = shape_of(w, f->value);
    zkg_onnx_map map;

    f->count = 1;
    ZKG_TRY(zkg_onnx_aligned(&f->x, &map, w, f->value, s));
    /* Axes of 1 before the value's own say nothing. */
    for (uint32_t k = 0; k < c->axes; k++) {
        const uint32_t at = k + s->axes - c->axes;

        if (c->len[k] == 1)
            continue;
        for (uint32_t i = 0; i < map.count[at]; i++) {
            f->axis[f->axes] = map.first[at] + i;
            f->len[f->axes] = f->x->len[map.first[at] + i];
            f->count *= f->len[f->axes++];
        }
    }
    return ZKG_OK;
}

static zkg_status batch_norm(affine *f, zkg_onnx_lowering *w)
{
    const zkg_onnx_node *n = node_of(w);
    const zkg_onnx_shape *s = shape_of(w, f->value);
    zkg_onnx_shape c = {.axes = s->axes - 1};

    for (uint32_t k = 0; k < c.axes; k++)
        c.len[k] = k == 0 ? s->len[1] : 1;
    ZKG_TRY(affine_axes(f, w, &c));
    f->a = zkg_alloc(s->len[1], sizeof(f->a[0]));
    f->b = zkg_alloc(s->len[1], sizeof(f->b[0]));
    if (f->a == NULL || f->b == NULL)
        return zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory");
    for (uint64_t i = 0; i < s->len[1]; i++) {
        double p[4];

        for (int k = 0; k < 4; k++)
            p[k] = zkg_onnx_tensor_at(&w->m->value[n->input[1 + k]].t, i);
        f->a[i] = p[0] / sqrt(p[3] + zkg_onnx_attr_f(n, "epsilon", 1e-5));
        f->b[i] = p[1] - p[2] * f->a[i];
    }
    return ZKG_OK;
}

static zkg_status constant_operand(affine *f, zkg_onnx_lowering *w)
{
    const zkg_onnx_node *n = node_of(w);
    const bool left = w->m->value[n->input[0]].is_constant;
    const zkg_onnx_value *c = &w->m->value[n->input[left ? 0 : 1]];
    double *v = reals(&c->t);

    if (v == NULL)
        return zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory");
    f->value = n->input[left ? 1 : 0];
    if (strcmp(n->op, "Mul") == 0 || strcmp(n->op, "Div") == 0)
        f->a = v;
    else
        f->b = v;
    if (strcmp(n->op, "Sub") == 0 && left)
        f->sign = -1;
    for (uint64_t i = 0; i < c->t.count; i++) {
        if (strcmp(n->op, "Div") == 0)
            v[i] = 1 / v[i];
        else if (strcmp(n->op, "Sub") == 0 && !left)
            v[i] = -v[i];
    }
    return affine_axes(f, w, &c->shape);
}

/* The constant's place for element i of x. */
static uint64_t affine_place(const affine *f, const zkg_onnx_flow *x,
                             uint64_t i)
{
    uint64_t at = 0, stride = 1;
    uint32_t k = f->axes;

    for (uint32_t a = x->axes; a-- > 0;) {
        if (k > 0 && f->axis[k - 1] == a) {
            at += i % x->len[a] * stride;
            stride *= x->len[a];
            k--;
        }
        i /= x->len[a];
    }
    return at;
}

static zkg_status add_affine(zkg_onnx_lowering *w, const affine *f)
{
    const uint32_t p = f->a != NULL ? w->options->param_scale : 0;
    const zkg_onnx_flow *x = f->x;
    char name[ZKG_ONNX_NAME], a_name[ZKG_ONNX_NAME], b_name[ZKG_ONNX_NAME];
    char list[64] = "";
    zkg_nn_layer l = {.name = name, .divisor = (uint64_t)1 << p};
    int64_t *a = NULL, *b = NULL, *acc = NULL;
    zkg_status s = ZKG_OK;

    zkg_onnx_push_axes(&l, x);
    all_axes(l.out, x);
    for (uint32_t i = 0; i < f->axes; i++)
        zkg_onnx_name_axes(list, sizeof(list), f->axis[i], 1);
    zkg_nn_param_push(&l, "x", l.out, x->tensor);
    if (f->a != NULL) {
        s = zkg_onnx_weights(w, a_name, "a", f->axes, f->len, f->a, p, &a);
        zkg_nn_param_push(&l, "a", list, a_name);
        zkg_onnx_push_term(&l, 1, "a", list, "x", l.out);
    } else {
        zkg_onnx_push_term(&l, f->sign, "x", l.out, NULL, NULL);
    }
    if (s == ZKG_OK && f->b != NULL) {
        s = zkg_onnx_weights(w, b_name, "b", f->axes, f->len, f->b,
                             p + w->options->scale, &b);
        zkg_nn_param_push(&l, "b", list, b_name);
        zkg_onnx_push_term(&l, 1, "b", list, NULL, NULL);
    }
    if (s == ZKG_OK &&
        !zkg_nn_sum_fits(1, a == NULL ? 1 : magnitude(a, f->count),
                         zkg_onnx_flow_bound(w, x),
                         b == NULL ? 0 : magnitude(b, f->count)))
        s = zkg_onnx_too_large(w);
    if (s == ZKG_OK)
        s = zkg_onnx_new_acc(&acc, w, x->count);
    for (uint64_t i = 0; s == ZKG_OK && i < w->samples * x->count; i++) {
        const uint64_t at = affine_place(f, x, i % x->count);

        acc[i] = (a == NULL ? f->sign : a[at]) * x->sample[i] +
                 (b == NULL ? 0 : b[at]);
    }
    zkg_free(a);
    zkg_free(b);
    zkg_onnx_task_name(name, w, node_of(w)->name);
    return s == ZKG_OK ? zkg_onnx_emit(w, &l, w->plan->step[w->node].out, acc)
                       : s;
}

zkg_status zkg_onnx_lower_affine(zkg_onnx_lowering *w)
{
    affine f = {.value = node_of(w)->input[0], .sign = 1};
    zkg_status s = strcmp(node_of(w)->op, "BatchNormalization") == 0
                       ? batch_norm(&f, w)
                       : constant_operand(&f, w);

    if (s == ZKG_OK)
        s = add_affine(w, &f);
    zkg_free(f.a);
    zkg_free(f.b);
    return s;
}
