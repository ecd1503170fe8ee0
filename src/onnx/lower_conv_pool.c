/* SPDX-License-Identifier: Apache-2.0 */
/* A convolution, the Relu after it, and the maximum of its blocks: one task,
 * which commits to none of what is before the maximum (src/nn/conv.c). */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "onnx/lower_internal.h"

/* The layer under construction. */
typedef struct layer {
    zkg_nn_conv2d c;
    zkg_nn_window conv, pool;
    int64_t *weight, *bias; /* owned */
    char name[ZKG_ONNX_NAME];
} layer;

static void set_window(layer *l, const zkg_onnx_window *v,
                       const zkg_onnx_window *p)
{
    l->conv.axes = l->pool.axes = 2;
    for (int k = 0; k < 2; k++) {
        l->c.window.in[k] = l->conv.in[k] = v->in[k];
        l->c.window.kernel[k] = l->conv.kernel[k] = v->kernel[k];
        l->conv.stride[k] = v->stride[k];
        l->conv.dilation[k] = v->dilation[k];
        l->conv.before[k] = v->before[k];
        l->conv.out[k] = l->pool.in[k] = v->out[k];
        l->c.window.stride[k] = (uint64_t)v->stride[k];
        l->c.window.dilation[k] = (uint64_t)v->dilation[k];
        l->c.window.before[k] = (uint64_t)v->before[k];
        l->c.window.after[k] = (uint64_t)v->after[k];
        l->c.pool[k] = l->pool.kernel[k] = p->kernel[k];
        l->pool.stride[k] = p->stride[k];
        l->pool.dilation[k] = 1;
        l->pool.out[k] = p->out[k];
    }
}

/* y's samples, and how many bits q has. */
static zkg_status model(zkg_onnx_flow *y, layer *l, zkg_onnx_lowering *w,
                        const zkg_onnx_flow *x)
{
    const zkg_nn_conv2d *c = &l->c;
    const uint64_t maps = w->samples * c->batch * c->out_channels;
    const uint64_t n = maps * zkg_nn_window_out(&l->conv);
    int64_t *q;

    ZKG_TRY(zkg_onnx_new_acc(&q, w, n / w->samples));
    zkg_nn_model_conv(q, &l->conv, w->samples * c->batch, c->groups,
                      c->out_channels / c->groups, c->in_channels / c->groups,
                      l->weight, l->bias, x->sample);
    zkg_nn_model_rescale(q, n, (int64_t)1 << c->shift);
    l->c.bits = zkg_nn_signed_bits(zkg_onnx_margin(w, zkg_onnx_seen(q, n)));
    y->axes = 4;
    y->len[0] = c->batch;
    y->len[1] = c->out_channels;
    memcpy(y->len + 2, l->pool.out, 2 * sizeof(y->len[0]));
    y->count = maps / w->samples * zkg_nn_window_out(&l->pool);
    y->sample = zkg_alloc(w->samples * y->count, sizeof(q[0]));
    if (y->sample != NULL)
        zkg_nn_model_max_pool(y->sample, &l->pool, maps, q);
    zkg_free(q);
    for (uint64_t i = 0; y->sample != NULL && i < w->samples * y->count; i++)
        y->sample[i] = c->relu && y->sample[i] < 0 ? 0 : y->sample[i];
    return y->sample != NULL
               ? ZKG_OK
               : zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory for calibration");
}

static zkg_status add(layer *l, zkg_onnx_lowering *w, const zkg_onnx_window *v,
                      const double *weight, const double *bias)
{
    const uint32_t p = w->options->param_scale;
    const uint64_t each = v->channels / v->groups * v->kernel[0] * v->kernel[1];
    const zkg_onnx_node *n = &w->m->node[w->node];
    const uint32_t to = w->plan->step[w->node].out;
    zkg_onnx_flow *x, *y = &w->flow[to];

    ZKG_TRY(zkg_onnx_plain(&x, w, n->input[0]));
    ZKG_TRY(
        zkg_onnx_quantised(&l->weight, w, weight, v->out_channels * each, p));
    ZKG_TRY(zkg_onnx_quantised(&l->bias, w, bias, v->out_channels,
                               p + w->options->scale));
    l->c.w = l->weight;
    l->c.b = l->bias;
    zkg_onnx_tensor_name(y->tensor, w, to);
    zkg_onnx_task_name(l->name, w, n->name);
    l->c.x = x->tensor;
    l->c.y = y->tensor;
    l->c.y_visibility = zkg_onnx_visibility(w, to);
    ZKG_TRY(model(y, l, w, x));
    ZKG_TRY(zkg_nn_conv2d_add(w->g, NULL, &l->c, zkg_onnx_flow_range(w, x),
                              w->err));
    ZKG_TRY(zkg_onnx_display(w, y));
    ZKG_TRY(zkg_onnx_note(
        w, l->name, l->c.relu ? "Conv+Relu+MaxPool" : "Conv+MaxPool", y,
        zkg_onnx_seen(y->sample, w->samples * y->count),
        zkg_nn_signed_range(l->c.bits), "", (uint64_t)1 << p));
    return zkg_onnx_emit_functions(w, to);
}

zkg_status zkg_onnx_lower_conv_pool(zkg_onnx_lowering *w,
                                    const zkg_onnx_window *v,
                                    const double *weight, const double *bias)
{
    const zkg_onnx_step *step = &w->plan->step[w->node];
    layer l = {.c = {.batch = v->batch,
                     .in_channels = v->channels,
                     .out_channels = v->out_channels,
                     .groups = v->groups,
                     .shift = w->options->param_scale,
                     .relu = step->relu,
                     .param_visibility = w->options->param}};
    zkg_onnx_window pool;
    zkg_status s;

    l.c.name = l.name;
    s = zkg_onnx_window_of(&pool, w->m, &w->m->node[step->pool], w->err);
    if (s == ZKG_OK) {
        set_window(&l, v, &pool);
        s = add(&l, w, v, weight, bias);
    }
    zkg_free(l.weight);
    zkg_free(l.bias);
    return s;
}
