/* SPDX-License-Identifier: Apache-2.0 */
/* Dense layers: one einsum and the lookups of its remainder and output. */
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "nn/layer.h"
#include "nn/range.h"
#include "tensor/dtype.h"

/* Names of a layer's tensors. */
typedef struct names {
    char w[ZKG_MAX_NAME + 8], b[ZKG_MAX_NAME + 8], q[ZKG_MAX_NAME + 8],
        rem[ZKG_MAX_NAME + 8];
} names;

static void make_names(names *n, const zkg_nn_dense *d)
{
    snprintf(n->w, sizeof(n->w), "%.120s.w", d->name);
    snprintf(n->b, sizeof(n->b), "%.120s.b", d->name);
    snprintf(n->q, sizeof(n->q), "%.120s.q", d->name);
    snprintf(n->rem, sizeof(n->rem), "%.120s.rem", d->name);
}

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

static zkg_status add_vector(zkg_graph *g, const char *name, zkg_visibility vis,
                             uint64_t len, zkg_interval h, zkg_error *err)
{
    const zkg_tensor_spec spec = {
        .name = name,
        .type = zkg_dtype_for_range(h.min, h.max),
        .visibility = vis,
        .axes = 1,
        .len = {len},
        .min = h.min,
        .max = h.max,
    };

    return zkg_graph_add_tensor(g, &spec, err);
}

/* Power of two as text. */
static void power_text(char out[24], const char *sign, uint32_t e)
{
    snprintf(out, 24, "%s%llu", sign, (unsigned long long)1 << e);
}

/* The kernel: lookups, then the one einsum.  value is the parameter that the
 * rescale gives: q with an activation, else y. */
static zkg_status add_kernel(zkg_graph *g, const zkg_nn_dense *d,
                             const char *rem_table, const char *y_table,
                             bool relu, zkg_error *err)
{
    const char *k = d->name;
    char half[24], scale[24];

    power_text(half, "", d->shift - 1);
    power_text(scale, "-", d->shift);
    ZKG_TRY(zkg_graph_add_kernel(g, k, err));
    ZKG_TRY(zkg_graph_kernel_axis(g, k, "o", d->out, err));
    ZKG_TRY(zkg_graph_kernel_axis(g, k, "k", d->in, err));
    ZKG_TRY(zkg_graph_kernel_param(g, k, "w", "o,k", err));
    ZKG_TRY(zkg_graph_kernel_param(g, k, "x", "k", err));
    ZKG_TRY(zkg_graph_kernel_param(g, k, "b", "o", err));
    if (relu)
        ZKG_TRY(zkg_graph_kernel_param(g, k, "q", "o", err));
    ZKG_TRY(zkg_graph_kernel_param(g, k, "y", "o", err));
    ZKG_TRY(zkg_graph_kernel_param(g, k, "rem", "o", err));
    ZKG_TRY(zkg_graph_kernel_lookup(g, k, rem_table, "rem", err));
    if (y_table != NULL)
        ZKG_TRY(
            zkg_graph_kernel_lookup(g, k, y_table, relu ? "q,y" : "y", err));
    ZKG_TRY(zkg_graph_kernel_einsum(g, k, "o", NULL, err));
    ZKG_TRY(zkg_graph_kernel_term(g, k, "1", "w[o,k]", "x[k]", err));
    ZKG_TRY(zkg_graph_kernel_term(g, k, "1", "b[o]", NULL, err));
    ZKG_TRY(zkg_graph_kernel_term(g, k, half, NULL, NULL, err));
    ZKG_TRY(
        zkg_graph_kernel_term(g, k, scale, relu ? "q[o]" : "y[o]", NULL, err));
    return zkg_graph_kernel_term(g, k, "-1", "rem[o]", NULL, err);
}

static zkg_status add_task(zkg_graph *g, const zkg_nn_dense *d,
                           const names *name, bool relu, zkg_error *err)
{
    ZKG_TRY(zkg_graph_add_task(g, NULL, d->name, 1, err));
    ZKG_TRY(zkg_graph_bind(g, "w", name->w, false, err));
    ZKG_TRY(zkg_graph_bind(g, "x", d->x, false, err));
    ZKG_TRY(zkg_graph_bind(g, "b", name->b, false, err));
    if (relu)
        ZKG_TRY(zkg_graph_bind(g, "q", name->q, false, err));
    ZKG_TRY(zkg_graph_bind(g, "y", d->y, false, err));
    return zkg_graph_bind(g, "rem", name->rem, false, err);
}

static zkg_status check_layer(const zkg_nn_dense *d, zkg_error *err)
{
    if (d->shift < 1 || d->shift > ZKG_NN_MAX_SHIFT)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "layer %s: a rescale by 2^%u; 1 to %d is there, more "
                        "needs limbs",
                        d->name, d->shift, ZKG_NN_MAX_SHIFT);
    if (d->param_visibility != ZKG_FIXED)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "layer %s: weights that are %s are not there yet, "
                        "fixed ones are",
                        d->name, zkg_visibility_name(d->param_visibility));
    if (d->out < 1 || d->in < 1)
        return zkg_fail(err, ZKG_ERR_INVALID, "layer %s is empty", d->name);
    return ZKG_OK;
}

/* Everything once the interval of q is known. */
static zkg_status build(zkg_graph *g, const zkg_nn_dense *d, zkg_interval q,
                        bool relu, zkg_error *err)
{
    const zkg_interval rem = {0, ((int64_t)1 << d->shift) - 1};
    const uint32_t bits = zkg_nn_signed_bits(q);
    const int64_t top = (int64_t)1 << (bits - 1);
    const uint64_t shape[2] = {d->out, d->in};
    char rem_table[ZKG_NN_TABLE_NAME], y_table[ZKG_NN_TABLE_NAME] = "";
    zkg_interval y = q;
    names name;
    uint32_t task;

    make_names(&name, d);
    if (bits > ZKG_NN_TABLE_BITS)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "layer %s: outputs of %lld..%lld need a table of %u "
                        "bits, at most %d are there; use a smaller scale",
                        d->name, (long long)q.min, (long long)q.max, bits,
                        ZKG_NN_TABLE_BITS);
    ZKG_TRY(zkg_nn_range_table(rem_table, g, rem.min, rem.max, err));
    if (relu) {
        snprintf(y_table, sizeof(y_table), "relu%u", bits);
        if (zkg_statement_table_id(&g->st, y_table) == ZKG_NO_ID)
            ZKG_TRY(zkg_graph_add_table(g, y_table, ZKG_KIND_RELU, bits, err));
        q = (zkg_interval){-top, top - 1};
        y = (zkg_interval){0, top - 1};
    } else if (d->y_visibility == ZKG_PRIVATE) {
        y = (zkg_interval){-top, top - 1};
        ZKG_TRY(zkg_nn_range_table(y_table, g, y.min, y.max, err));
    }
    ZKG_TRY(zkg_nn_fixed(g, name.w, 2, shape, d->w, err));
    ZKG_TRY(zkg_nn_fixed(g, name.b, 1, shape, d->b, err));
    if (relu)
        ZKG_TRY(add_vector(g, name.q, ZKG_PRIVATE, d->out, q, err));
    ZKG_TRY(add_vector(g, d->y, d->y_visibility, d->out, y, err));
    ZKG_TRY(add_vector(g, name.rem, ZKG_PRIVATE, d->out, rem, err));
    ZKG_TRY(add_kernel(g, d, rem_table, y_table[0] != 0 ? y_table : NULL, relu,
                       err));
    ZKG_TRY(add_task(g, d, &name, relu, err));
    task = g->st.tasks - 1;
    ZKG_TRY(zkg_graph_rule_divmod(g, g->st.task[task].name, 0,
                                  relu ? name.q : d->y, name.rem, err));
    if (relu)
        ZKG_TRY(zkg_graph_rule_map(g, y_table, name.q, d->y, err));
    return ZKG_OK;
}

static zkg_status dense(zkg_graph *g, zkg_interval *y_range,
                        const zkg_nn_dense *d, const zkg_interval *x_range,
                        bool relu, zkg_error *err)
{
    zkg_interval *q;
    zkg_status s = ZKG_OK;

    ZKG_TRY(check_layer(d, err));
    q = zkg_alloc(d->out, sizeof(q[0]));
    if (q == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (uint64_t o = 0; o < d->out && s == ZKG_OK; o++) {
        if (!output_interval(&q[o], d, o, x_range))
            s = zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                         "layer %s: the sums leave 64 bits", d->name);
    }
    if (s == ZKG_OK)
        s = build(g, d, hull(q, d->out), relu, err);
    for (uint64_t o = 0; o < d->out && s == ZKG_OK && y_range != NULL; o++) {
        y_range[o] = q[o];
        if (relu && y_range[o].min < 0)
            y_range[o].min = 0;
        if (relu && y_range[o].max < 0)
            y_range[o].max = 0;
    }
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
