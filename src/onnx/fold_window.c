/* SPDX-License-Identifier: Apache-2.0 */
/* Windows over constants, in double precision. */
#include <math.h>
#include <string.h>

#include "onnx/fold.h"
#include "onnx/window.h"

#define AXES ZKG_ONNX_MAX_SPATIAL

/* A window over exactly three axes: what is missing has length 1. */
static void over_three(zkg_onnx_window *w)
{
    const uint32_t more = AXES - w->axes;

    for (uint32_t k = AXES; k-- > 0;) {
        const bool there = k >= more;

        w->in[k] = there ? w->in[k - more] : 1;
        w->out[k] = there ? w->out[k - more] : 1;
        w->kernel[k] = there ? w->kernel[k - more] : 1;
        w->stride[k] = there ? w->stride[k - more] : 1;
        w->dilation[k] = there ? w->dilation[k - more] : 1;
        w->before[k] = there ? w->before[k - more] : 0;
        w->after[k] = there ? w->after[k - more] : 0;
    }
}

static uint64_t product(const uint64_t len[AXES])
{
    return len[0] * len[1] * len[2];
}

/* Where tap i of output y lies along axis k; it may be outside. */
static int64_t place(const zkg_onnx_window *w, uint32_t k, uint64_t y,
                     uint64_t i)
{
    return w->stride[k] * (int64_t)y + w->dilation[k] * (int64_t)i -
           w->before[k];
}

static bool inside(const zkg_onnx_window *w, uint32_t k, int64_t at)
{
    return at >= 0 && at < (int64_t)w->in[k];
}

/* y[o] += weight * x[place of this tap], along a row of outputs */
static void add_row(double *y, const double *x, double weight,
                    const zkg_onnx_window *w, uint64_t tap)
{
    const int64_t step = w->stride[2], start = place(w, 2, 0, tap);
    int64_t first = 0, end = (int64_t)w->out[2];

    while (first < end && start + step * first < 0)
        first++;
    while (end > first && start + step * (end - 1) >= (int64_t)w->in[2])
        end--;
    if (step == 1) {
        for (int64_t o = first; o < end; o++)
            y[o] += weight * x[start + o];
        return;
    }
    for (int64_t o = first; o < end; o++)
        y[o] += weight * x[start + step * o];
}

/* One input channel into one output channel. */
static void add_plane(double *y, const double *x, const double *weight,
                      const zkg_onnx_window *w)
{
    for (uint64_t i = 0; i < product(w->kernel); i++) {
        const uint64_t i2 = i % w->kernel[2], i1 = i / w->kernel[2];

        for (uint64_t row = 0; row < w->out[0] * w->out[1]; row++) {
            const int64_t at0 = place(w, 0, row / w->out[1], i1 / w->kernel[1]);
            const int64_t at1 = place(w, 1, row % w->out[1], i1 % w->kernel[1]);

            if (inside(w, 0, at0) && inside(w, 1, at1))
                add_row(y + row * w->out[2],
                        x + ((uint64_t)at0 * w->in[1] + (uint64_t)at1) *
                                w->in[2],
                        weight[i], w, i2);
        }
    }
}

static void conv(double *y, const double *x, const double *weight,
                 const double *bias, const zkg_onnx_window *w)
{
    const uint64_t inner = w->channels / w->groups;
    const uint64_t outer = w->out_channels / w->groups;

    for (uint64_t n = 0; n < w->batch; n++) {
        for (uint64_t o = 0; o < w->out_channels; o++) {
            for (uint64_t i = 0; bias != NULL && i < product(w->out); i++)
                y[i] = bias[o];
            for (uint64_t c = 0; c < inner; c++)
                add_plane(y,
                          x + (n * w->channels + o / outer * inner + c) *
                                  product(w->in),
                          weight + (o * inner + c) * product(w->kernel), w);
            y += product(w->out);
        }
    }
}

typedef enum pooling { POOL_MAX, POOL_MEAN, POOL_MEAN_PADDED } pooling;

/* One window of one map. */
static double pool_at(const double *x, const zkg_onnx_window *w,
                      const uint64_t y[AXES], pooling how)
{
    double most = -INFINITY, sum = 0;
    uint64_t real = 0, padded = 0;

    for (uint64_t i = 0; i < product(w->kernel); i++) {
        const uint64_t tap[AXES] = {i / w->kernel[2] / w->kernel[1],
                                    i / w->kernel[2] % w->kernel[1],
                                    i % w->kernel[2]};
        bool is_in = true, is_padded = true;
        uint64_t at = 0;

        for (uint32_t k = 0; k < AXES; k++) {
            const int64_t p = place(w, k, y[k], tap[k]);

            is_in = is_in && inside(w, k, p);
            is_padded = is_padded && p < (int64_t)w->in[k] + w->after[k];
            at = at * w->in[k] + (is_in ? (uint64_t)p : 0);
        }
        padded += is_padded;
        if (!is_in)
            continue;
        real++;
        sum += x[at];
        most = fmax(most, x[at]);
    }
    if (how == POOL_MAX)
        return most;
    return sum / (double)(how == POOL_MEAN ? real : padded);
}

static void pool(double *y, const double *x, const zkg_onnx_window *w,
                 pooling how)
{
    for (uint64_t n = 0; n < w->batch * w->channels; n++) {
        for (uint64_t i = 0; i < product(w->out); i++) {
            const uint64_t at[AXES] = {i / w->out[2] / w->out[1],
                                       i / w->out[2] % w->out[1],
                                       i % w->out[2]};

            *y++ = pool_at(x + n * product(w->in), w, at, how);
        }
    }
}

/* The mean over all axes behind the channels. */
static void global_mean(double *y, const double *x, const zkg_onnx_shape *s)
{
    const uint64_t maps = s->len[0] * s->len[1];
    uint64_t n = 1;

    for (uint32_t k = 2; k < s->axes; k++)
        n *= s->len[k];
    for (uint64_t i = 0; i < maps * n; i++)
        y[i / n] += x[i] / (double)n;
}

zkg_status zkg_onnx_fold_window(zkg_onnx_model *m, zkg_onnx_node *n,
                                zkg_error *err)
{
    const bool is_conv = strcmp(n->op, "Conv") == 0;
    const bool is_max = strcmp(n->op, "MaxPool") == 0;
    const bool is_global = strcmp(n->op, "GlobalAveragePool") == 0;
    const zkg_onnx_shape shape = m->value[n->output[0]].shape;
    const zkg_onnx_tensor *x = &m->value[n->input[0]].t;
    zkg_onnx_window w;
    zkg_onnx_tensor *t;

    if (!is_conv && !is_max && !is_global && strcmp(n->op, "AveragePool") != 0)
        return ZKG_OK;
    if (!is_global) {
        ZKG_TRY(zkg_onnx_window_of(&w, m, n, err));
        if (!w.known)
            return ZKG_OK;
        over_three(&w);
    }
    ZKG_TRY(zkg_onnx_make_constant(&t, m, n->output[0], &shape, true, err));
    n->fate = ZKG_ONNX_FOLDED;
    if (is_global) {
        global_mean(t->real, x->real, &x->shape);
    } else if (is_conv) {
        const bool has_bias = n->inputs > 2 && n->input[2] != ZKG_ONNX_NONE;

        conv(t->real, x->real, m->value[n->input[1]].t.real,
             has_bias ? m->value[n->input[2]].t.real : NULL, &w);
    } else {
        const bool all = zkg_onnx_attr_i(n, "count_include_pad", 0) != 0;

        pool(t->real, x->real, &w,
             is_max ? POOL_MAX
             : all  ? POOL_MEAN_PADDED
                    : POOL_MEAN);
    }
    return ZKG_OK;
}
