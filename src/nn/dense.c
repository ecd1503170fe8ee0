/* SPDX-License-Identifier: Apache-2.0 */
/* Dense layers: the interval of their outputs, then a layer. */
#include <stdio.h>

#include "base/bits.h"
#include "base/mem.h"
#include "nn/layer.h"
#include "nn/weights.h"

/* The exact interval of one output before the activation. */
static bool output_interval(zkg_interval *q, const zkg_nn_dense *d, uint64_t o,
                            const zkg_interval *x)
{
    const int64_t half = (int64_t)1 << (d->shift - 1);
    int64_t low = d->b[o], high = d->b[o], u, v;

    for (uint64_t k = 0; k < d->in; k++) {
        const int64_t w = d->w[o * d->in + k];

        if (!zkg_mul_i64_ok(&u, w, w < 0 ? x[k].max : x[k].min) ||
            !zkg_mul_i64_ok(&v, w, w < 0 ? x[k].min : x[k].max) ||
            !zkg_add_i64_ok(&low, low, u) || !zkg_add_i64_ok(&high, high, v))
            return false;
    }
    if (!zkg_add_i64_ok(&low, low, half) || !zkg_add_i64_ok(&high, high, half))
        return false;
    /* Arithmetic shift is the floor; compilers of C11 that we build with
     * (gcc, clang) define it so. */
    *q = (zkg_interval){low >> d->shift, high >> d->shift};
    return true;
}

static zkg_interval hull(const zkg_interval *v, uint64_t n)
{
    zkg_interval h = v[0];

    for (uint64_t i = 1; i < n; i++) {
        h.min = v[i].min < h.min ? v[i].min : h.min;
        h.max = v[i].max > h.max ? v[i].max : h.max;
    }
    return h;
}

/* Names of w and b. */
typedef struct names {
    char w[ZKG_MAX_NAME + 8], b[ZKG_MAX_NAME + 8];
} names;

static zkg_status check_layer(const zkg_nn_dense *d, zkg_error *err)
{
    if (d->shift < 1 || d->shift > ZKG_NN_MAX_SHIFT)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "layer %s: a rescale by 2^%u; 1 to %d is there",
                        d->name, d->shift, ZKG_NN_MAX_SHIFT);
    if (d->out < 1 || d->in < 1)
        return zkg_fail(err, ZKG_ERR_INVALID, "layer %s is empty", d->name);
    return ZKG_OK;
}

static void fill_layer(zkg_nn_layer *l, const names *name,
                       const zkg_nn_dense *d, zkg_interval q)
{
    l->name = d->name;
    l->divisor = (uint64_t)1 << d->shift;
    /* The values' own interval would say what private weights are. */
    l->q = d->param_visibility == ZKG_FIXED
               ? q
               : zkg_nn_signed_range(zkg_nn_signed_bits(q));
    l->y = d->y;
    l->y_visibility = d->y_visibility;
    zkg_nn_axis_push(l, "o", d->out);
    zkg_nn_axis_push(l, "k", d->in);
    snprintf(l->out, sizeof(l->out), "o");
    zkg_nn_param_push(l, "w", "o,k", name->w);
    zkg_nn_param_push(l, "x", "k", d->x);
    zkg_nn_param_push(l, "b", "o", name->b);
    zkg_nn_term_push(l, 1, "w[o,k]", "x[k]");
    zkg_nn_term_push(l, 1, "b[o]", NULL);
}

/* Everything once the interval of q is known. */
static zkg_status build(zkg_graph *g, zkg_nn_layer *l, const zkg_nn_dense *d,
                        zkg_interval q, bool relu, zkg_error *err)
{
    const uint32_t bits = zkg_nn_signed_bits(q);
    const uint64_t shape[2] = {d->out, d->in};
    char table[ZKG_NN_TABLE_NAME];
    names name;

    snprintf(name.w, sizeof(name.w), "%.120s.w", d->name);
    snprintf(name.b, sizeof(name.b), "%.120s.b", d->name);
    if (bits > ZKG_NN_TABLE_BITS)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "layer %s: outputs of %lld..%lld need a table of %u "
                        "bits, at most %d are there; use a smaller scale",
                        d->name, (long long)q.min, (long long)q.max, bits,
                        ZKG_NN_TABLE_BITS);
    fill_layer(l, &name, d, q);
    if (relu) {
        ZKG_TRY(zkg_nn_relu_table(table, g, bits, err));
        l->table = table;
    }
    ZKG_TRY(
        zkg_nn_weights(g, name.w, 2, shape, d->w, d->param_visibility, err));
    ZKG_TRY(
        zkg_nn_weights(g, name.b, 1, shape, d->b, d->param_visibility, err));
    return zkg_nn_layer_add(g, l, err);
}

static zkg_status dense(zkg_graph *g, zkg_interval *y_range,
                        const zkg_nn_dense *d, const zkg_interval *x_range,
                        bool relu, zkg_error *err)
{
    zkg_interval *q;
    zkg_nn_layer *l;
    zkg_status s = ZKG_OK;

    ZKG_TRY(check_layer(d, err));
    q = zkg_alloc(d->out, sizeof(q[0]));
    l = zkg_alloc(1, sizeof(*l));
    if (q == NULL || l == NULL)
        s = zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (uint64_t o = 0; o < d->out && s == ZKG_OK; o++) {
        if (!output_interval(&q[o], d, o, x_range))
            s = zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                         "layer %s: the sums leave 64 bits", d->name);
    }
    if (s == ZKG_OK)
        s = build(g, l, d, hull(q, d->out), relu, err);
    for (uint64_t o = 0; o < d->out && s == ZKG_OK && y_range != NULL; o++) {
        y_range[o] = q[o];
        if (relu && y_range[o].min < 0)
            y_range[o].min = 0;
        if (relu && y_range[o].max < 0)
            y_range[o].max = 0;
    }
    zkg_free(l);
    zkg_free(q);
    return s;
}

zkg_status zkg_nn_dense_rescale(zkg_graph *g, zkg_interval *y_range,
                                const zkg_nn_dense *layer,
                                const zkg_interval *x_range, zkg_error *err)
{
    return dense(g, y_range, layer, x_range, false, err);
}

zkg_status zkg_nn_dense_rescale_relu(zkg_graph *g, zkg_interval *y_range,
                                     const zkg_nn_dense *layer,
                                     const zkg_interval *x_range,
                                     zkg_error *err)
{
    return dense(g, y_range, layer, x_range, true, err);
}
