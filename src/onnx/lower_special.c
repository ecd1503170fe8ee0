/* SPDX-License-Identifier: Apache-2.0 */
/* Operators with tasks of their own: max pooling, layer normalisation. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "nn/special.h"
#include "onnx/lower_internal.h"
#include "tensor/quantise.h"

/* ---- max pooling ---- */

zkg_status zkg_onnx_lower_max_pool(zkg_onnx_lowering *w)
{
    const zkg_onnx_node *n = &w->m->node[w->node];
    const uint32_t to = w->plan->step[w->node].out;
    zkg_onnx_flow *y = &w->flow[to], *x;
    char name[ZKG_ONNX_NAME];
    zkg_nn_max_pool pool = {.name = name};
    zkg_onnx_window v;
    uint64_t lead;

    ZKG_TRY(zkg_onnx_window_of(&v, w->m, n, w->err));
    ZKG_TRY(zkg_onnx_window_model(&pool.window, &x, w, &v));
    pool.x = x->tensor;
    *y = *x;
    memcpy(y->len + x->axes - v.axes, v.out, v.axes * sizeof(v.out[0]));
    lead = x->count / zkg_nn_window_in(&pool.window);
    y->count = lead * zkg_nn_window_out(&pool.window);
    y->sample = zkg_alloc(w->samples * y->count, sizeof(y->sample[0]));
    if (y->sample == NULL)
        return zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory for calibration");
    zkg_nn_model_max_pool(y->sample, &pool.window, w->samples * lead,
                          x->sample);
    zkg_onnx_tensor_name(y->tensor, w, to);
    zkg_onnx_task_name(name, w, n->name);
    pool.y = y->tensor;
    pool.y_visibility = zkg_onnx_visibility(w, to);
    ZKG_TRY(zkg_nn_max_pool_add(w->g, &pool, w->err));
    ZKG_TRY(zkg_onnx_display(w, y));
    ZKG_TRY(zkg_onnx_note(w, name, n->op, y,
                          zkg_onnx_seen(y->sample, w->samples * y->count),
                          zkg_onnx_flow_range(w, x), "", 1));
    return zkg_onnx_emit_functions(w, to);
}

/* ---- layer normalisation ---- */

#define MEAN_BITS 4
#define ROOT_BITS 31
#define VARIANCE_MARGIN 8

/* What a normalisation is made of. */
typedef struct norm {
    zkg_onnx_flow *x;
    zkg_nn_layer_norm l;
    double *real_gain, *real_bias; /* n each; owned */
    int64_t *gain, *bias;          /* the same, quantised; owned */
    char gain_name[ZKG_ONNX_NAME], bias_name[ZKG_ONNX_NAME];
} norm;

/* A constant that broadcasts to the normalised axes. */
static zkg_status take(double **out, const zkg_onnx_lowering *w, uint32_t value,
                       uint64_t n)
{
    const zkg_onnx_step *s = &w->plan->step[w->node];
    const zkg_onnx_shape *x = &w->m->value[s->x].shape;
    const zkg_onnx_tensor *t;

    if (value == ZKG_ONNX_NONE)
        return ZKG_OK;
    t = &w->m->value[value].t;
    for (uint32_t k = 0; k < t->shape.axes; k++) {
        if (t->shape.axes - k > s->axes && t->shape.len[k] != 1)
            return zkg_onnx_refuse(w, "a gain or bias that differs from row "
                                      "to row is not there");
    }
    *out = zkg_alloc(n, sizeof(**out));
    if (*out == NULL)
        return zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory");
    for (uint64_t i = 0; i < n; i++) {
        uint64_t rest = i, at = 0, stride = 1;

        for (uint32_t k = 0; k < t->shape.axes; k++) {
            const uint64_t len = t->shape.len[t->shape.axes - 1 - k];

            if (len > 1)
                at += rest % len * stride;
            stride *= len;
            rest /= x->len[x->axes - 1 - k];
        }
        (*out)[i] = zkg_onnx_tensor_at(t, at);
    }
    return ZKG_OK;
}

/* Where rows end and elements begin. */
static zkg_status split_rows(norm *d, zkg_onnx_lowering *w)
{
    const zkg_onnx_step *s = &w->plan->step[w->node];
    const zkg_onnx_shape *shape = &w->m->value[s->x].shape;
    const uint32_t lead = shape->axes - s->axes;
    zkg_onnx_map map;

    ZKG_TRY(zkg_onnx_aligned(&d->x, &map, w, s->x, shape));
    d->l.x = d->x->tensor;
    d->l.row_axes = lead == 0 ? 0 : map.first[lead];
    d->l.how.n = 1;
    for (uint32_t i = d->l.row_axes; i < d->x->axes; i++)
        d->l.how.n *= d->x->len[i];
    d->l.how.rows = d->x->count / d->l.how.n;
    return ZKG_OK;
}

/* Least and greatest variance, epsilon included, and means, of the rows. */
static void survey(double *low, double *high, zkg_interval *mean, const norm *d,
                   const zkg_onnx_lowering *w)
{
    const zkg_onnx_step *s = &w->plan->step[w->node];
    const uint64_t n = d->l.how.n;

    *low = INFINITY;
    *high = 0;
    *mean = (zkg_interval){INT64_MAX, INT64_MIN};
    for (uint64_t r = 0; r < w->samples * d->l.how.rows; r++) {
        const int64_t *x = d->x->sample + r * n;
        double sum = 0, squares = 0, var;
        int64_t m;

        for (uint64_t i = 0; i < n; i++)
            sum += (double)x[i];
        for (uint64_t i = 0; i < n; i++)
            squares += ((double)x[i] - sum / (double)n) *
                       ((double)x[i] - sum / (double)n);
        var = ldexp(squares / (double)n, -2 * (int)w->options->scale) +
              s->epsilon;
        m = (int64_t)ldexp(sum / (double)n, MEAN_BITS);
        *low = var < *low ? var : *low;
        *high = var > *high ? var : *high;
        mean->min = m - 1 < mean->min ? m - 1 : mean->min;
        mean->max = m + 1 > mean->max ? m + 1 : mean->max;
    }
}

/* Scales from the variances of the samples' rows. */
static zkg_status choose_scales(norm *d, const zkg_onnx_lowering *w)
{
    const double epsilon = w->plan->step[w->node].epsilon;
    zkg_nn_norm *h = &d->l.how;
    double low, high, v_max, v_min;
    zkg_interval mean;

    h->scale = w->options->scale;
    h->mean_bits = MEAN_BITS;
    h->root_bits = ROOT_BITS;
    h->param_scale = d->real_gain != NULL ? w->options->param_scale : 0;
    survey(&low, &high, &mean, d, w);
    if (!(low > 0) || !zkg_quantise(&h->epsilon, epsilon * (double)h->n,
                                    2 * (h->scale + MEAN_BITS)))
        return zkg_onnx_refuse(w, "a variance of 0 in the calibration data");
    /* The largest v is of 2^22 or so, and never finer than the squares. */
    h->variance_scale = h->scale + MEAN_BITS;
    while (h->variance_scale > 0 &&
           ldexp(high, 2 * (int)h->variance_scale) > 1 << 22)
        h->variance_scale--;
    v_max = ldexp(high, 2 * (int)h->variance_scale) * VARIANCE_MARGIN;
    v_min = ldexp(low, 2 * (int)h->variance_scale) / VARIANCE_MARGIN;
    d->l.v_bits = zkg_log2_ceil((uint64_t)v_max + 2);
    d->l.u_bits = 1 + zkg_log2_ceil((uint64_t)(ldexp(1, ROOT_BITS) /
                                               sqrt(v_min < 1 ? 1 : v_min)));
    d->l.m = zkg_nn_signed_range(zkg_nn_signed_bits(zkg_onnx_margin(w, mean)));
    if (zkg_nn_signed_bits(d->l.m) > ZKG_NN_TABLE_BITS || d->l.v_bits < 2 ||
        d->l.v_bits > 32)
        return zkg_onnx_refuse(w, "means or variances that need limbs; use a "
                                  "smaller --scale");
    return ZKG_OK;
}

static zkg_status model(int64_t *acc, const norm *d, const zkg_onnx_lowering *w)
{
    const uint64_t n = d->l.how.n;

    for (uint64_t r = 0; r < w->samples * d->l.how.rows; r++) {
        int64_t m, v, u;

        if (!zkg_nn_model_layer_norm(acc + r * n, &m, &v, &u, &d->l.how,
                                     d->gain, d->bias, d->x->sample + r * n))
            return zkg_onnx_refuse(w, "its sums leave 62 bits; use smaller "
                                      "scales");
    }
    return ZKG_OK;
}

static uint64_t largest(const int64_t *v, uint64_t n)
{
    uint64_t m = 0;

    for (uint64_t i = 0; i < n; i++) {
        const uint64_t a = (uint64_t)(v[i] < 0 ? -v[i] : v[i]);

        m = a > m ? a : m;
    }
    return m;
}

static zkg_status add_elements(zkg_onnx_lowering *w, norm *d)
{
    const zkg_nn_norm *h = &d->l.how;
    const uint32_t rest = h->mean_bits + h->root_bits - h->variance_scale;
    const uint64_t bound =
        (zkg_onnx_flow_bound(w, d->x) << h->mean_bits) + (uint64_t)-d->l.m.min;
    const int64_t top = (int64_t)(bound << d->l.u_bits);
    zkg_nn_layer l = {.name = d->l.name,
                      .divisor = (uint64_t)1 << (rest + h->param_scale),
                      .t = {-top, top}};
    const zkg_tensor *x =
        &w->g->st.tensor[zkg_statement_tensor_id(&w->g->st, d->x->tensor)];
    char names[3][160];
    int64_t *acc;
    zkg_status s;

    if (!zkg_nn_sum_fits((uint64_t)1 << d->l.u_bits, bound,
                         d->gain == NULL ? 1 : largest(d->gain, h->n), 0))
        return zkg_onnx_refuse(w, "its sums could leave 62 bits; use smaller "
                                  "scales");
    zkg_nn_layer_norm_elements(&l, names, &d->l, x,
                               d->gain != NULL ? d->gain_name : NULL,
                               d->bias != NULL ? d->bias_name : NULL);
    acc = zkg_alloc(w->samples * d->x->count, sizeof(acc[0]));
    if (acc == NULL)
        return zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory for calibration");
    s = model(acc, d, w);
    if (s != ZKG_OK) {
        zkg_free(acc);
        return s;
    }
    return zkg_onnx_emit(w, &l, w->plan->step[w->node].out, acc);
}

static zkg_status add_norm(zkg_onnx_lowering *w, norm *d)
{
    const zkg_onnx_step *s = &w->plan->step[w->node];
    const uint32_t axes = d->x->axes - d->l.row_axes;
    const uint64_t *len = d->x->len + d->l.row_axes;

    ZKG_TRY(take(&d->real_gain, w, s->gain, d->l.how.n));
    ZKG_TRY(take(&d->real_bias, w, s->bias, d->l.how.n));
    ZKG_TRY(choose_scales(d, w));
    if (d->real_gain != NULL)
        ZKG_TRY(zkg_onnx_weights(w, d->gain_name, "g", axes, len, d->real_gain,
                                 d->l.how.param_scale, &d->gain));
    if (d->real_bias != NULL)
        ZKG_TRY(zkg_onnx_weights(w, d->bias_name, "b", axes, len, d->real_bias,
                                 d->l.how.param_scale + d->l.how.scale,
                                 &d->bias));
    ZKG_TRY(zkg_nn_layer_norm_rows(w->g, &d->l, w->err));
    return add_elements(w, d);
}

zkg_status zkg_onnx_lower_layer_norm(zkg_onnx_lowering *w)
{
    char name[ZKG_ONNX_NAME];
    norm d = {.l = {.name = name}};
    zkg_status st;

    zkg_onnx_task_name(name, w, w->m->node[w->node].name);
    st = split_rows(&d, w);
    if (st == ZKG_OK)
        st = add_norm(w, &d);
    zkg_free(d.real_gain);
    zkg_free(d.real_bias);
    zkg_free(d.gain);
    zkg_free(d.bias);
    return st;
}

/* ---- softmax ---- */

#define MORE_BITS 4 /* of the exponentials, beyond y's and the row's */

/* The axes of x's flow that make a row: before opset 13 all from `axis` on. */
static zkg_status softmax_axes(bool *over, uint64_t *row, zkg_onnx_flow **x,
                               zkg_onnx_lowering *w)
{
    const zkg_onnx_node *n = &w->m->node[w->node];
    const zkg_onnx_shape *s = &w->m->value[n->input[0]].shape;
    const bool trailing = w->m->opset < 13;
    int64_t axis = zkg_onnx_attr_i(n, "axis", trailing ? 1 : -1);
    zkg_onnx_map map;

    ZKG_TRY(zkg_onnx_aligned(x, &map, w, n->input[0], s));
    axis = axis < 0 ? axis + s->axes : axis;
    *row = 1;
    for (uint32_t k = 0; k < s->axes; k++) {
        if ((int64_t)k != axis && !(trailing && (int64_t)k > axis))
            continue;
        for (uint32_t i = map.first[k]; i < map.first[k] + map.count[k]; i++) {
            over[i] = true;
            *row *= (*x)->len[i];
        }
    }
    return ZKG_OK;
}

/* Rows of x, whatever their axes, on the samples. */
static void softmax_model(int64_t *y, const zkg_onnx_lowering *w,
                          const zkg_onnx_flow *x, const zkg_nn_softmax *l,
                          uint64_t n, int64_t *row)
{
    uint64_t *place = (uint64_t *)(void *)(row + n);

    for (uint64_t i = 0; i < w->samples * x->count; i++) {
        uint64_t rest = i % x->count, k = 0;
        bool first = true;

        for (uint32_t a = x->axes; a-- > 0;) {
            first = first && (!l->over[a] || rest % x->len[a] == 0);
            rest /= x->len[a];
        }
        if (!first)
            continue;
        /* All elements that differ from i in the row's axes. */
        for (uint64_t j = 0; j < n; j++) {
            uint64_t left = j, stride = 1;

            place[k] = i;
            for (uint32_t a = x->axes; a-- > 0;) {
                if (l->over[a]) {
                    place[k] += left % x->len[a] * stride;
                    left /= x->len[a];
                }
                stride *= x->len[a];
            }
            row[k] = x->sample[place[k]];
            k++;
        }
        zkg_nn_model_softmax(row, row, n, 1, l->scale, l->exp_bits);
        for (uint64_t j = 0; j < n; j++)
            y[place[j]] = row[j];
    }
}

zkg_status zkg_onnx_lower_softmax(zkg_onnx_lowering *w)
{
    const zkg_onnx_node *n = &w->m->node[w->node];
    const uint32_t to = w->plan->step[w->node].out;
    char name[ZKG_ONNX_NAME];
    zkg_nn_softmax l = {.name = name, .scale = w->options->scale};
    zkg_onnx_flow *y = &w->flow[to], *x;
    uint64_t row_len;
    int64_t *row;

    ZKG_TRY(softmax_axes(l.over, &row_len, &x, w));
    l.exp_bits = l.scale + MORE_BITS + zkg_log2_ceil(row_len);
    if (l.exp_bits > 30)
        return zkg_onnx_refuse(w, "rows too long for this --scale");
    *y = *x;
    zkg_onnx_tensor_name(y->tensor, w, to);
    ZKG_TRY(zkg_onnx_new_acc(&y->sample, w, x->count));
    row = zkg_alloc(2 * row_len, sizeof(row[0]));
    if (row == NULL)
        return zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory for calibration");
    softmax_model(y->sample, w, x, &l, row_len, row);
    zkg_free(row);
    zkg_onnx_task_name(name, w, n->name);
    l.x = x->tensor;
    l.y = y->tensor;
    l.y_visibility = zkg_onnx_visibility(w, to);
    ZKG_TRY(zkg_nn_softmax_add(w->g, &l, w->err));
    ZKG_TRY(zkg_onnx_display(w, y));
    ZKG_TRY(zkg_onnx_note(w, name, n->op, y,
                          zkg_onnx_seen(y->sample, w->samples * y->count),
                          zkg_onnx_flow_range(w, y), "", 1));
    return zkg_onnx_emit_functions(w, to);
}
