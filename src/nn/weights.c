/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of layers, whoever may see them. */
#include "nn/weights.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "nn/layer.h"
#include "tensor/dtype.h"

#define DIGIT_NAME (ZKG_MAX_NAME + 8)

/* ---- values ---- */

static zkg_interval hull(const int64_t *value, uint64_t n)
{
    zkg_interval h = {value[0], value[0]};

    for (uint64_t i = 1; i < n; i++) {
        h.min = value[i] < h.min ? value[i] : h.min;
        h.max = value[i] > h.max ? value[i] : h.max;
    }
    return h;
}

/* b bits in n digits of `each`. */
static void plan(uint32_t *n, uint32_t *each, uint32_t bits)
{
    *n = (bits + ZKG_NN_DIGIT_BITS - 1) / ZKG_NN_DIGIT_BITS;
    *each = (bits + *n - 1) / *n;
}

zkg_interval zkg_nn_weights_range(const int64_t *value, uint64_t n,
                                  zkg_visibility vis)
{
    const zkg_interval h = hull(value, n);
    uint32_t bits = zkg_nn_signed_bits(h), digits, each;

    if (vis == ZKG_FIXED)
        return h;
    if (vis == ZKG_PRIVATE && bits > ZKG_NN_DIGIT_BITS) {
        plan(&digits, &each, bits);
        bits = digits * each;
    }
    return zkg_nn_signed_range(bits);
}

static uint64_t set_shape(zkg_tensor_spec *spec, uint32_t axes,
                          const uint64_t *len)
{
    uint64_t n = 1;

    spec->axes = axes;
    for (uint32_t i = 0; i < axes; i++) {
        spec->len[i] = len[i];
        n *= len[i];
    }
    return n;
}

static void digit_name(char out[DIGIT_NAME], const char *tensor, uint32_t i)
{
    snprintf(out, DIGIT_NAME, "%.120s.%" PRIu32, tensor, i);
}

/* Digit i of each value, as a private tensor. */
static zkg_status add_digit(zkg_graph *g, const zkg_tensor_spec *w, uint32_t i,
                            uint32_t each, const int64_t *value, uint64_t n,
                            zkg_error *err)
{
    const int64_t top = ((int64_t)1 << each) - 1;
    char name[DIGIT_NAME];
    zkg_tensor_spec spec = *w;
    int64_t *digit = zkg_alloc(n, sizeof(digit[0]));
    zkg_status s;

    if (digit == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for weights");
    digit_name(name, w->name, i);
    spec.name = name;
    spec.visibility = ZKG_PRIVATE;
    spec.min = 0;
    spec.max = top;
    spec.type = zkg_dtype_for_range(0, top);
    for (uint64_t k = 0; k < n; k++)
        digit[k] = (int64_t)((uint64_t)(value[k] - w->min) >> (each * i)) & top;
    s = zkg_graph_add_tensor(g, &spec, err);
    if (s == ZKG_OK)
        s = zkg_graph_rule_values(g, name, digit, n, err);
    zkg_free(digit);
    return s == ZKG_OK ? zkg_nn_range(g, name, err) : s;
}

static zkg_status add_split(zkg_graph *g, zkg_tensor_spec *spec,
                            const int64_t *value, uint64_t n, zkg_error *err)
{
    uint32_t digits, each;

    plan(&digits, &each,
         zkg_nn_signed_bits((zkg_interval){spec->min, spec->max}));
    for (uint32_t i = 0; i < digits; i++)
        ZKG_TRY(add_digit(g, spec, i, each, value, n, err));
    spec->visibility = ZKG_VIRTUAL;
    return zkg_graph_add_tensor(g, spec, err);
}

zkg_status zkg_nn_weights(zkg_graph *g, const char *name, uint32_t axes,
                          const uint64_t *len, const int64_t *value,
                          zkg_visibility vis, zkg_error *err)
{
    zkg_tensor_spec spec = {.name = name, .visibility = vis};
    const uint64_t n = set_shape(&spec, axes, len);
    const uint32_t bits = zkg_nn_signed_bits(hull(value, n));
    zkg_interval range;

    if (vis == ZKG_FIXED)
        return zkg_nn_fixed(g, name, axes, len, value, err);
    if (vis == ZKG_PRIVATE && bits > ZKG_NN_WEIGHT_BITS)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "weights %s: values of %" PRIu32 " bits; private ones "
                        "have at most %d, use a smaller scale",
                        name, bits, ZKG_NN_WEIGHT_BITS);
    range = zkg_nn_weights_range(value, n, vis);
    spec.min = range.min;
    spec.max = range.max;
    spec.type = zkg_dtype_for_range(range.min, range.max);
    if (vis == ZKG_PRIVATE && bits > ZKG_NN_DIGIT_BITS)
        return add_split(g, &spec, value, n, err);
    ZKG_TRY(zkg_graph_add_tensor(g, &spec, err));
    ZKG_TRY(zkg_graph_rule_values(g, name, value, n, err));
    return vis == ZKG_PRIVATE ? zkg_nn_range(g, name, err) : ZKG_OK;
}

/* ---- digits in a kernel ---- */

bool zkg_nn_is_split(const zkg_graph *g, const char *tensor)
{
    const uint32_t id = zkg_statement_tensor_id(&g->st, tensor);

    /* Of tensors that are there before a task, no others are virtual. */
    return id != ZKG_NO_ID && g->st.tensor[id].vis == ZKG_VIRTUAL;
}

/* How a tensor is split; false: not at all. */
static bool digits_of(uint32_t *n, uint32_t *each, const zkg_nn_split *p)
{
    const uint32_t id = zkg_statement_tensor_id(&p->g->st, p->tensor);
    const zkg_tensor *t = &p->g->st.tensor[id];

    if (!zkg_nn_is_split(p->g, p->tensor))
        return false;
    plan(n, each, zkg_nn_signed_bits((zkg_interval){t->min, t->max}));
    return true;
}

static void param_name(char out[32], const char *param, uint32_t i)
{
    snprintf(out, 32, "%.16s_%" PRIu32, param, i);
}

zkg_status zkg_nn_split_params(const zkg_nn_split *p, zkg_error *err)
{
    uint32_t n = 0, each;
    char name[32];

    if (!digits_of(&n, &each, p))
        return ZKG_OK;
    for (uint32_t i = 0; i < n; i++) {
        param_name(name, p->param, i);
        ZKG_TRY(zkg_graph_kernel_param(p->g, p->kernel, name, p->axes, err));
    }
    return ZKG_OK;
}

zkg_status zkg_nn_split_einsum(const zkg_nn_split *p, zkg_error *err)
{
    char name[32], factor[160], c[24];
    uint32_t n = 0, each = 0;

    if (!digits_of(&n, &each, p))
        return ZKG_OK;
    ZKG_TRY(zkg_graph_kernel_einsum(p->g, p->kernel, p->axes, p->param, err));
    for (uint32_t i = 0; i < n; i++) {
        param_name(name, p->param, i);
        snprintf(factor, sizeof(factor), p->axes[0] == 0 ? "%s" : "%s[%.100s]",
                 name, p->axes);
        snprintf(c, sizeof(c), "%" PRId64, (int64_t)1 << (each * i));
        ZKG_TRY(zkg_graph_kernel_term(p->g, p->kernel, c, factor, NULL, err));
    }
    snprintf(c, sizeof(c), "%" PRId64, -((int64_t)1 << (n * each - 1)));
    return zkg_graph_kernel_term(p->g, p->kernel, c, NULL, NULL, err);
}

zkg_status zkg_nn_split_bind(const zkg_nn_split *p, zkg_error *err)
{
    char name[32], tensor[DIGIT_NAME];
    uint32_t n = 0, each;

    if (!digits_of(&n, &each, p))
        return ZKG_OK;
    for (uint32_t i = 0; i < n; i++) {
        param_name(name, p->param, i);
        digit_name(tensor, p->tensor, i);
        ZKG_TRY(zkg_graph_bind(p->g, name, tensor, false, err));
    }
    return ZKG_OK;
}

zkg_status zkg_nn_split_rule(uint32_t *einsum, const zkg_nn_split *p,
                             zkg_error *err)
{
    const char *task = p->g->st.task[p->g->st.tasks - 1].name;

    if (!zkg_nn_is_split(p->g, p->tensor))
        return ZKG_OK;
    return zkg_graph_rule_solve(p->g, task, (*einsum)++, p->tensor, err);
}
