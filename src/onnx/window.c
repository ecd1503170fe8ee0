/* SPDX-License-Identifier: Apache-2.0 */
/* Windows from attributes. */
#include "onnx/window.h"

#include <string.h>

#define MAX_LENGTH ((int64_t)1 << 24)

static zkg_status bad(const zkg_onnx_node *n, zkg_error *err, const char *why)
{
    return zkg_fail(err, ZKG_ERR_MALFORMED, "node %s (%s): %s", n->name, n->op,
                    why);
}

/* Entry k of an attribute, 1 <= v <= 2^24 (pads: 0). */
static zkg_status entry(int64_t *out, const zkg_onnx_node *n, const char *name,
                        uint32_t k, uint32_t entries, int64_t least,
                        int64_t otherwise, zkg_error *err)
{
    const zkg_onnx_attr *a = zkg_onnx_attr_of(n, name);

    *out = otherwise;
    if (a == NULL)
        return ZKG_OK;
    if (a->n_ints != entries || a->ints[k] < least || a->ints[k] > MAX_LENGTH)
        return bad(n, err, "an attribute that does not fit its input's axes");
    *out = a->ints[k];
    return ZKG_OK;
}

/* SAME_UPPER, SAME_LOWER: so many that out = ceil(in / stride). */
static void same_pads(zkg_onnx_window *w, uint32_t k, bool lower)
{
    const int64_t in = (int64_t)w->in[k], s = w->stride[k];
    const int64_t reach = w->dilation[k] * ((int64_t)w->kernel[k] - 1) + 1;
    int64_t pad = ((in + s - 1) / s - 1) * s + reach - in;

    pad = pad < 0 ? 0 : pad;
    w->before[k] = lower ? pad - pad / 2 : pad / 2;
    w->after[k] = pad - w->before[k];
}

static zkg_status spatial(zkg_onnx_window *w, const zkg_onnx_node *n,
                          uint32_t k, zkg_error *err)
{
    const char *automatic = zkg_onnx_attr_s(n, "auto_pad", "NOTSET");
    const bool ceiling = zkg_onnx_attr_i(n, "ceil_mode", 0) != 0;
    int64_t room;

    ZKG_TRY(entry(&w->stride[k], n, "strides", k, w->axes, 1, 1, err));
    ZKG_TRY(entry(&w->dilation[k], n, "dilations", k, w->axes, 1, 1, err));
    ZKG_TRY(entry(&w->before[k], n, "pads", k, 2 * w->axes, 0, 0, err));
    ZKG_TRY(
        entry(&w->after[k], n, "pads", k + w->axes, 2 * w->axes, 0, 0, err));
    if (strcmp(automatic, "SAME_UPPER") == 0 ||
        strcmp(automatic, "SAME_LOWER") == 0)
        same_pads(w, k, strcmp(automatic, "SAME_LOWER") == 0);
    else if (strcmp(automatic, "VALID") == 0)
        w->before[k] = w->after[k] = 0;
    room = (int64_t)w->in[k] + w->before[k] + w->after[k] -
           w->dilation[k] * ((int64_t)w->kernel[k] - 1) - 1;
    if (room < 0)
        return bad(n, err, "a window that is larger than its input");
    w->out[k] = (uint64_t)(room / w->stride[k] + 1);
    /* The last window, begun for ceil_mode, starts within input or padding. */
    if (ceiling && room % w->stride[k] != 0 &&
        (int64_t)w->out[k] * w->stride[k] < (int64_t)w->in[k] + w->before[k])
        w->out[k]++;
    return ZKG_OK;
}

zkg_status zkg_onnx_window_of(zkg_onnx_window *out, const zkg_onnx_model *m,
                              const zkg_onnx_node *n, zkg_error *err)
{
    const bool is_conv = strcmp(n->op, "Conv") == 0;
    const zkg_onnx_shape *x = &m->value[n->input[0]].shape;
    const zkg_onnx_shape *w = NULL;
    int64_t groups = 1;

    *out = (zkg_onnx_window){.known = false};
    if (x->axes < 3 || x->axes - 2 > ZKG_ONNX_MAX_SPATIAL)
        return ZKG_OK;
    out->axes = x->axes - 2;
    out->batch = x->len[0];
    out->channels = out->out_channels = x->len[1];
    if (is_conv) {
        if (n->inputs < 2 || n->input[1] == ZKG_ONNX_NONE)
            return bad(n, err, "it has no weights");
        w = &m->value[n->input[1]].shape;
        groups = zkg_onnx_attr_i(n, "group", 1);
        if (w->axes != x->axes || groups < 1 ||
            x->len[1] % (uint64_t)groups != 0 ||
            w->len[0] % (uint64_t)groups != 0 ||
            w->len[1] != x->len[1] / (uint64_t)groups)
            return bad(n, err, "weights that do not fit its input");
        out->out_channels = w->len[0];
    }
    out->groups = (uint64_t)groups;
    for (uint32_t k = 0; k < out->axes; k++) {
        int64_t size = is_conv ? (int64_t)w->len[2 + k] : 0;

        ZKG_TRY(entry(&size, n, "kernel_shape", k, out->axes, 1, size, err));
        if (size < 1 || size > MAX_LENGTH || x->len[2 + k] > MAX_LENGTH ||
            x->len[2 + k] < 1 || (is_conv && (uint64_t)size != w->len[2 + k]))
            return bad(n, err, "a kernel_shape that does not fit");
        out->in[k] = x->len[2 + k];
        out->kernel[k] = (uint64_t)size;
        ZKG_TRY(spatial(out, n, k, err));
    }
    out->known = true;
    return ZKG_OK;
}
