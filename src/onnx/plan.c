/* SPDX-License-Identifier: Apache-2.0 */
/* What each node becomes, and what is not supported. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "onnx/lower.h"
#include "onnx/window.h"

/* Everything that planning carries along. */
typedef struct planner {
    const zkg_onnx_model *m;
    zkg_onnx_plan *p;
    uint32_t *uses; /* one a value: live nodes that read it, and outputs */
} planner;

static bool is(const zkg_onnx_node *n, const char *op)
{
    return strcmp(n->op, op) == 0;
}

/* Input i's value, or NULL when it is left out. */
static const zkg_onnx_value *in(const planner *a, const zkg_onnx_node *n,
                                uint32_t i)
{
    return i < n->inputs && n->input[i] != ZKG_ONNX_NONE
               ? &a->m->value[n->input[i]]
               : NULL;
}

static bool is_fixed(const planner *a, const zkg_onnx_node *n, uint32_t i)
{
    const zkg_onnx_value *v = in(a, n, i);

    return v != NULL && v->is_constant;
}

static uint64_t count(const zkg_onnx_shape *s)
{
    uint64_t n = 0;

    (void)zkg_onnx_count(&n, s);
    return n;
}

static void refuse(planner *a, uint32_t k, const char *why)
{
    zkg_onnx_step *s = &a->p->step[k];

    s->role = ZKG_ONNX_UNSUPPORTED;
    snprintf(s->why, sizeof(s->why), "%s", why);
    a->p->unsupported++;
}

/* ---- layer normalisation as nine nodes ---- */

/* The node that makes a value, when it is live and of this operator. */
static const zkg_onnx_node *maker(const planner *a, uint32_t value,
                                  const char *op)
{
    const uint32_t root =
        value == ZKG_ONNX_NONE ? value : zkg_onnx_root(a->m, value);
    const zkg_onnx_node *n;

    if (root == ZKG_ONNX_NONE || a->m->value[root].maker == ZKG_ONNX_NONE)
        return NULL;
    n = &a->m->node[a->m->value[root].maker];
    if (n->fate != ZKG_ONNX_LIVE || !is(n, op) || n->inputs == 0 ||
        !a->m->value[root].has_shape)
        return NULL;
    for (uint32_t i = 0; i < n->inputs; i++) {
        if (n->input[i] == ZKG_ONNX_NONE)
            return NULL;
    }
    return n;
}

/* The trailing axes over which a ReduceMean runs; 0: none such. */
static uint32_t mean_axes(const planner *a, const zkg_onnx_node *n)
{
    const zkg_onnx_shape *x = &a->m->value[n->input[0]].shape;
    const zkg_onnx_attr *axes = zkg_onnx_attr_of(n, "axes");
    bool gone[ZKG_ONNX_MAX_AXES] = {false};
    uint32_t trailing = 0;

    if (axes == NULL || zkg_onnx_attr_i(n, "keepdims", 1) == 0)
        return 0;
    for (size_t i = 0; i < axes->n_ints; i++)
        gone[axes->ints[i] < 0 ? axes->ints[i] + x->axes : axes->ints[i]] =
            true;
    while (trailing < x->axes && gone[x->axes - 1 - trailing])
        trailing++;
    return trailing == axes->n_ints ? trailing : 0;
}

/* Is value x - mean(x) over trailing axes?  Returns the Sub. */
static const zkg_onnx_node *centred(const planner *a, uint32_t value,
                                    uint32_t *x, uint32_t *axes)
{
    const zkg_onnx_node *sub = maker(a, value, "Sub"), *mean;

    if (sub == NULL || sub->inputs != 2)
        return NULL;
    mean = maker(a, sub->input[1], "ReduceMean");
    if (mean == NULL || zkg_onnx_root(a->m, mean->input[0]) !=
                            zkg_onnx_root(a->m, sub->input[0]))
        return NULL;
    *x = zkg_onnx_root(a->m, sub->input[0]);
    *axes = mean_axes(a, mean);
    return *axes > 0 ? sub : NULL;
}

/* The square of a centred value: Pow(d, 2) or Mul(d, d). */
static bool squared(const planner *a, uint32_t value, uint32_t *d)
{
    const zkg_onnx_node *pow = maker(a, value, "Pow");
    const zkg_onnx_node *mul = maker(a, value, "Mul");

    if (pow != NULL && pow->inputs == 2 && is_fixed(a, pow, 1) &&
        a->m->value[pow->input[1]].t.count == 1 &&
        zkg_onnx_tensor_at(&a->m->value[pow->input[1]].t, 0) == 2) {
        *d = pow->input[0];
        return true;
    }
    if (mul != NULL && mul->inputs == 2 && mul->input[0] == mul->input[1]) {
        *d = mul->input[0];
        return true;
    }
    return false;
}

/* All that is only there for node k belongs to it: from its inputs back to x.
 * A part that somebody else reads too stays on its own. */
static void absorb(planner *a, uint32_t k, uint32_t x)
{
    bool again = true;

    while (again) {
        again = false;
        for (uint32_t j = k; j-- > 0;) {
            const zkg_onnx_node *n = &a->m->node[j];
            zkg_onnx_step *s = &a->p->step[j];
            uint32_t left;

            if (n->fate != ZKG_ONNX_LIVE || s->into != ZKG_ONNX_NONE ||
                n->outputs != 1 || n->output[0] == x)
                continue;
            left = a->uses[n->output[0]];
            for (uint32_t i = 0; i <= k && left > 0; i++) {
                const zkg_onnx_node *u = &a->m->node[i];

                if (i != k && a->p->step[i].into != k)
                    continue;
                for (uint32_t q = 0; q < u->inputs; q++)
                    left -= u->input[q] == n->output[0];
            }
            if (left == 0 && a->uses[n->output[0]] > 0) {
                s->into = k;
                again = true;
            }
        }
    }
}

/* After Div: Mul by a constant gain, then Add of a constant bias. */
static void gain_and_bias(planner *a, uint32_t k)
{
    static const char *const ops[2] = {"Mul", "Add"};
    zkg_onnx_step *s = &a->p->step[k];

    for (int which = 0; which < 2; which++) {
        for (uint32_t j = k + 1; j < a->m->nodes; j++) {
            const zkg_onnx_node *n = &a->m->node[j];
            uint32_t other;

            if (n->fate != ZKG_ONNX_LIVE || !is(n, ops[which]) ||
                n->inputs != 2 || a->uses[s->out] != 1)
                continue;
            if (n->input[0] == s->out && is_fixed(a, n, 1))
                other = n->input[1];
            else if (n->input[1] == s->out && is_fixed(a, n, 0))
                other = n->input[0];
            else
                continue;
            if (!zkg_onnx_same_shape(&a->m->value[n->output[0]].shape,
                                     &a->m->value[s->out].shape))
                continue;
            *(which == 0 ? &s->gain : &s->bias) = other;
            s->out = n->output[0];
            a->p->step[j].into = k;
            break;
        }
    }
}

/* Node k is the Div of the nine: mean, sub, pow, mean, add, sqrt, div, mul,
 * add. */
static bool find_layer_norm(planner *a, uint32_t k)
{
    const zkg_onnx_node *div = &a->m->node[k], *sqrt, *add, *mean;
    zkg_onnx_step *s = &a->p->step[k];
    uint32_t x, y, d, axes, inner, side;

    if (!is(div, "Div") || div->inputs != 2 ||
        centred(a, div->input[0], &x, &axes) == NULL)
        return false;
    sqrt = maker(a, div->input[1], "Sqrt");
    add = sqrt == NULL ? NULL : maker(a, sqrt->input[0], "Add");
    if (add == NULL || add->inputs != 2)
        return false;
    side = is_fixed(a, add, 1) ? 1 : 0;
    mean = maker(a, add->input[1 - side], "ReduceMean");
    if (mean == NULL || !is_fixed(a, add, side) ||
        a->m->value[add->input[side]].t.count != 1 ||
        mean_axes(a, mean) != axes || !squared(a, mean->input[0], &d) ||
        centred(a, d, &y, &inner) == NULL || y != x || inner != axes)
        return false;
    s->role = ZKG_ONNX_LAYER_NORM;
    s->x = x;
    s->axes = axes;
    s->epsilon = zkg_onnx_tensor_at(&a->m->value[add->input[side]].t, 0);
    s->out = div->output[0];
    gain_and_bias(a, k);
    absorb(a, k, x);
    return true;
}

static void plan_layer_norm(planner *a, uint32_t k)
{
    const zkg_onnx_node *n = &a->m->node[k];
    const zkg_onnx_shape *x = &a->m->value[n->input[0]].shape;
    const int64_t axis = zkg_onnx_attr_i(n, "axis", -1);
    zkg_onnx_step *s = &a->p->step[k];

    if (!is_fixed(a, n, 1) || (in(a, n, 2) != NULL && !is_fixed(a, n, 2)) ||
        axis < -(int64_t)x->axes || axis >= (int64_t)x->axes) {
        refuse(a, k, "its scale and bias are to be constants");
        return;
    }
    s->role = ZKG_ONNX_LAYER_NORM;
    s->x = zkg_onnx_root(a->m, n->input[0]);
    s->gain = n->input[1];
    s->bias = in(a, n, 2) != NULL ? n->input[2] : ZKG_ONNX_NONE;
    s->axes = (uint32_t)(axis < 0 ? -axis : (int64_t)x->axes - axis);
    s->epsilon = zkg_onnx_attr_f(n, "epsilon", 1e-5);
}

/* ---- the other operators ---- */

/* A function of one value: same elements, scalars besides. */
static bool plan_function(planner *a, uint32_t k)
{
    const zkg_onnx_node *n = &a->m->node[k];
    const uint64_t size = count(&a->m->value[n->output[0]].shape);
    uint32_t base = ZKG_ONNX_NONE;

    if (!zkg_onnx_op_is_function(n) || n->inputs > 3)
        return false;
    for (uint32_t i = 0; i < n->inputs; i++) {
        const zkg_onnx_value *v = in(a, n, i);
        uint32_t b;

        if (v == NULL)
            continue;
        if (v->is_constant) {
            if (v->t.count != 1)
                return false;
            continue;
        }
        b = a->p->base[zkg_onnx_root(a->m, n->input[i])];
        if (!v->is_real || count(&v->shape) != size ||
            (base != ZKG_ONNX_NONE && b != base))
            return false;
        base = b;
    }
    if (base == ZKG_ONNX_NONE)
        return false;
    a->p->base[n->output[0]] = base;
    a->p->step[k].role = ZKG_ONNX_FUNCTION;
    return true;
}

/* A constant that does not repeat the value is a x + b; all others are pairs.
 */
static void plan_binary(planner *a, uint32_t k)
{
    const zkg_onnx_node *n = &a->m->node[k];
    zkg_onnx_step *s = &a->p->step[k];
    const bool left = is_fixed(a, n, 0), right = is_fixed(a, n, 1);
    const uint64_t size = count(&a->m->value[n->output[0]].shape);
    const bool div = is(n, "Div");

    if (!a->m->value[n->input[0]].is_real || !a->m->value[n->input[1]].is_real)
        refuse(a, k, "values that are not floats are not there");
    else if ((right || (left && !div)) &&
             count(&a->m->value[n->input[left ? 1 : 0]].shape) == size)
        s->role = ZKG_ONNX_AFFINE;
    else if (is(n, "Mul") || (div && right))
        s->role = ZKG_ONNX_PRODUCT;
    else
        s->role = div ? ZKG_ONNX_QUOTIENT : ZKG_ONNX_SUM;
}

/* Folded into the convolution before it, else on its own. */
static void plan_batch_norm(planner *a, uint32_t k)
{
    const zkg_onnx_node *n = &a->m->node[k];
    const zkg_onnx_node *conv = maker(a, n->input[0], "Conv");
    const zkg_onnx_shape *x = &a->m->value[n->input[0]].shape;
    const uint64_t channels = x->axes < 2 ? 0 : x->len[1];

    for (uint32_t i = 1; i < 5; i++) {
        if (channels == 0 || !is_fixed(a, n, i) ||
            a->m->value[n->input[i]].t.count != channels) {
            refuse(a, k,
                   "its scale, bias, mean and variance are to be "
                   "constants, one a channel");
            return;
        }
    }
    if (zkg_onnx_attr_i(n, "training_mode", 0) != 0) {
        refuse(a, k, "training mode is not there");
        return;
    }
    if (conv != NULL && a->uses[n->input[0]] == 1 &&
        a->m->value[n->input[0]].alias == n->input[0]) {
        const uint32_t c = a->m->value[n->input[0]].maker;

        if (a->p->step[c].role == ZKG_ONNX_CONV) {
            a->p->step[c].norm = k;
            a->p->step[c].out = n->output[0];
            a->p->step[k].into = c;
            return;
        }
    }
    a->p->step[k].role = ZKG_ONNX_AFFINE;
}

static void plan_pool(planner *a, uint32_t k)
{
    const zkg_onnx_node *n = &a->m->node[k];
    zkg_onnx_window w;
    zkg_error err = {0};

    if (zkg_onnx_window_of(&w, a->m, n, &err) != ZKG_OK || !w.known) {
        refuse(a, k, "windows over one to three axes are there");
        return;
    }
    if (is(n, "MaxPool")) {
        if (n->outputs > 1 && n->output[1] != ZKG_ONNX_NONE &&
            a->uses[n->output[1]] > 0)
            refuse(a, k, "its indices are not there");
        else
            a->p->step[k].role = ZKG_ONNX_MAX_POOL;
        return;
    }
    a->p->step[k].role = ZKG_ONNX_POOL;
}

static void plan_conv(planner *a, uint32_t k)
{
    const zkg_onnx_node *n = &a->m->node[k];
    zkg_error err = {0};
    zkg_onnx_window w;

    if (!is_fixed(a, n, 1) || (in(a, n, 2) != NULL && !is_fixed(a, n, 2)))
        refuse(a, k, "weights and bias are to be constants");
    else if (zkg_onnx_window_of(&w, a->m, n, &err) != ZKG_OK || !w.known ||
             w.axes > 2)
        refuse(a, k, "windows over one or two axes are there");
    else
        a->p->step[k].role = ZKG_ONNX_CONV;
}

/* A value with a constant matrix, or anything else. */
static void plan_matmul(planner *a, uint32_t k)
{
    const zkg_onnx_node *n = &a->m->node[k];
    const bool plain =
        !is_fixed(a, n, 0) && is_fixed(a, n, 1) &&
        a->m->value[n->input[0]].shape.axes > 1 &&
        a->m->value[n->input[1]].shape.axes == 2 &&
        (!is(n, "Gemm") || ((in(a, n, 2) == NULL || is_fixed(a, n, 2)) &&
                            zkg_onnx_attr_i(n, "transA", 0) == 0));

    a->p->step[k].role = plain ? ZKG_ONNX_MATMUL : ZKG_ONNX_MATRICES;
}

/* Concat, and what infer found to walk its input. */
static void plan_move(planner *a, uint32_t k)
{
    const zkg_onnx_node *n = &a->m->node[k];

    if (is(n, "Concat")) {
        if (n->inputs > ZKG_NN_PARAMS - 2)
            refuse(a, k, "of more than eight values it is not there");
        else
            a->p->step[k].role = ZKG_ONNX_MOVE;
    } else if (n->moves) {
        a->p->step[k].role = ZKG_ONNX_MOVE;
    } else if (n->selects) {
        a->p->step[k].role = ZKG_ONNX_SELECT;
    } else {
        refuse(a, k,
               is(n, "Gather") ? "indices are to be a constant"
                               : "this mode, or a number that is no "
                                 "constant, is not there");
    }
}

static void plan_node(planner *a, uint32_t k)
{
    const zkg_onnx_node *n = &a->m->node[k];
    zkg_onnx_step *s = &a->p->step[k];
    const bool ours = n->domain[0] == 0 || strcmp(n->domain, "ai.onnx") == 0;

    if (s->into != ZKG_ONNX_NONE || s->role != ZKG_ONNX_NOTHING)
        return;
    s->out = n->outputs > 0 ? n->output[0] : ZKG_ONNX_NONE;
    if (!ours || s->out == ZKG_ONNX_NONE ||
        (!a->m->value[s->out].has_shape && n->inputs == 0)) {
        refuse(a, k, "the operator is not there");
        return;
    }
    for (uint32_t i = 0; i < n->inputs; i++) {
        const zkg_onnx_value *v = in(a, n, i);

        if (v != NULL && !v->has_shape && v->is_input) {
            refuse(a, k,
                   "its input has no static shape: export the model "
                   "with fixed sizes");
            return;
        }
    }
    if (!a->m->value[s->out].has_shape) {
        refuse(a, k,
               "the operator, or this form of it, is not there, or its "
               "shape cannot be told");
        return;
    }
    if (count(&a->m->value[s->out].shape) == 0) {
        refuse(a, k, "it makes an empty value");
        return;
    }
    if (plan_function(a, k))
        return;
    if (is(n, "Add") || is(n, "Sub") || is(n, "Mul") || is(n, "Div"))
        plan_binary(a, k);
    else if (is(n, "Conv"))
        plan_conv(a, k);
    else if (is(n, "Gemm") || is(n, "MatMul"))
        plan_matmul(a, k);
    else if (is(n, "BatchNormalization"))
        plan_batch_norm(a, k);
    else if (is(n, "AveragePool") || is(n, "MaxPool"))
        plan_pool(a, k);
    else if (is(n, "GlobalAveragePool"))
        s->role = ZKG_ONNX_REDUCE;
    else if (is(n, "ReduceMean") || is(n, "ReduceSum"))
        s->role = ZKG_ONNX_REDUCE;
    else if (is(n, "LayerNormalization"))
        plan_layer_norm(a, k);
    else if (is(n, "Softmax"))
        s->role = ZKG_ONNX_SOFTMAX;
    else if (is(n, "Expand"))
        s->role = ZKG_ONNX_SUM;
    else if (is(n, "Concat") || is(n, "Transpose") || is(n, "Slice") ||
             is(n, "Pad") || is(n, "Gather"))
        plan_move(a, k);
    else
        refuse(a, k, "the operator is not there");
}

#define POOL_TAPS 6 /* of a task that convolves as well */

/* Blocks side by side, none in padding, that a convolution's task can take. */
static bool is_block_pool(const planner *a, const zkg_onnx_node *n)
{
    zkg_onnx_window w;
    zkg_error err = {0};
    uint64_t taps = 1;

    if (!is(n, "MaxPool") || zkg_onnx_window_of(&w, a->m, n, &err) != ZKG_OK ||
        w.axes != 2)
        return false;
    for (uint32_t k = 0; k < 2; k++) {
        if ((int64_t)w.kernel[k] != w.stride[k] || w.dilation[k] != 1 ||
            w.before[k] != 0 || w.kernel[k] > POOL_TAPS ||
            w.out[k] * w.kernel[k] > w.in[k])
            return false;
        taps *= w.kernel[k];
    }
    return taps > 1 && taps <= POOL_TAPS;
}

/* The node that makes a value which nobody else reads, in this shape. */
static uint32_t sole_maker(const planner *a, uint32_t value)
{
    const zkg_onnx_value *v = &a->m->value[value];

    return v->alias == value && a->uses[value] == 1 ? v->maker : ZKG_ONNX_NONE;
}

/* One group, or one channel a group: no axis of the weights is split. */
static bool has_plain_groups(const planner *a, const zkg_onnx_node *n)
{
    zkg_onnx_window w;
    zkg_error err = {0};

    return zkg_onnx_window_of(&w, a->m, n, &err) == ZKG_OK &&
           (w.groups == 1 ||
            (w.groups == w.channels && w.groups == w.out_channels));
}

/* A MaxPool goes into the task of the Conv before it, with the Relu between. */
static void fuse_pool(planner *a, uint32_t k)
{
    const zkg_onnx_node *n = &a->m->node[k];
    uint32_t value = n->input[0], relu = sole_maker(a, value);

    if (!is_block_pool(a, n) || relu == ZKG_ONNX_NONE)
        return;
    if (a->p->step[relu].role == ZKG_ONNX_FUNCTION &&
        is(&a->m->node[relu], "Relu"))
        value = a->m->node[relu].input[0];
    else
        relu = ZKG_ONNX_NONE;
    if (sole_maker(a, value) == ZKG_ONNX_NONE || a->p->base[value] != value)
        return;
    for (uint32_t c = 0; c < k; c++) {
        zkg_onnx_step *s = &a->p->step[c];

        if (s->role != ZKG_ONNX_CONV || s->out != value ||
            !has_plain_groups(a, &a->m->node[c]))
            continue;
        s->pool = k;
        s->relu = relu != ZKG_ONNX_NONE;
        s->out = n->output[0];
        a->p->step[k].role = ZKG_ONNX_NOTHING;
        a->p->step[k].into = c;
        if (relu == ZKG_ONNX_NONE)
            return;
        a->p->step[relu].role = ZKG_ONNX_NOTHING;
        a->p->step[relu].into = c;
        a->p->base[n->input[0]] = n->input[0];
        return;
    }
}

/* Values that are tensors: outputs, and what tasks read. */
static void mark_needed(planner *a)
{
    const zkg_onnx_model *m = a->m;

    for (uint32_t i = 0; i < m->outputs; i++)
        a->p->needed[zkg_onnx_root(m, m->output[i])] = true;
    for (uint32_t k = 0; k < m->nodes; k++) {
        const zkg_onnx_step *s = &a->p->step[k];
        const zkg_onnx_node *n = &m->node[k];

        if (s->role == ZKG_ONNX_NOTHING || s->role == ZKG_ONNX_FUNCTION ||
            s->role == ZKG_ONNX_UNSUPPORTED)
            continue;
        if (s->role == ZKG_ONNX_LAYER_NORM) {
            a->p->needed[s->x] = true;
            continue;
        }
        for (uint32_t i = 0; i < n->inputs; i++) {
            if (in(a, n, i) != NULL && !in(a, n, i)->is_constant)
                a->p->needed[zkg_onnx_root(m, n->input[i])] = true;
        }
    }
}

static void count_uses(planner *a)
{
    for (uint32_t i = 0; i < a->m->outputs; i++)
        a->uses[a->m->output[i]]++;
    for (uint32_t k = 0; k < a->m->nodes; k++) {
        const zkg_onnx_node *n = &a->m->node[k];

        for (uint32_t i = 0; i < n->inputs; i++) {
            if (n->fate != ZKG_ONNX_DEAD && n->fate != ZKG_ONNX_FOLDED &&
                n->input[i] != ZKG_ONNX_NONE)
                a->uses[n->input[i]]++;
        }
    }
}

static void plan_all(planner *a)
{
    for (uint32_t v = 0; v < a->m->values; v++)
        a->p->base[v] = v;
    for (uint32_t k = 0; k < a->m->nodes; k++) {
        a->p->step[k].into = a->p->step[k].norm = ZKG_ONNX_NONE;
        a->p->step[k].pool = ZKG_ONNX_NONE;
        a->p->step[k].out = a->p->step[k].x = ZKG_ONNX_NONE;
        a->p->step[k].gain = a->p->step[k].bias = ZKG_ONNX_NONE;
    }
    count_uses(a);
    for (uint32_t k = 0; k < a->m->nodes; k++) {
        if (a->m->node[k].fate == ZKG_ONNX_LIVE)
            (void)find_layer_norm(a, k);
    }
    for (uint32_t k = 0; k < a->m->nodes; k++) {
        if (a->m->node[k].fate == ZKG_ONNX_LIVE)
            plan_node(a, k);
    }
    for (uint32_t k = 0; k < a->m->nodes; k++) {
        if (a->p->step[k].role == ZKG_ONNX_MAX_POOL)
            fuse_pool(a, k);
    }
    mark_needed(a);
}

zkg_status zkg_onnx_plan_init(zkg_onnx_plan *out, const zkg_onnx_model *m,
                              zkg_error *err)
{
    planner a = {m, out, zkg_alloc(m->values, sizeof(uint32_t))};

    *out = (zkg_onnx_plan){
        .step = zkg_alloc(m->nodes, sizeof(out->step[0])),
        .base = zkg_alloc(m->values, sizeof(out->base[0])),
        .needed = zkg_alloc(m->values, sizeof(out->needed[0])),
    };
    if (a.uses == NULL || out->step == NULL || out->base == NULL ||
        out->needed == NULL) {
        zkg_free(a.uses);
        zkg_onnx_plan_clear(out);
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for the plan");
    }
    plan_all(&a);
    zkg_free(a.uses);
    return ZKG_OK;
}

void zkg_onnx_plan_clear(zkg_onnx_plan *p)
{
    zkg_free(p->step);
    zkg_free(p->base);
    zkg_free(p->needed);
    *p = (zkg_onnx_plan){.step = NULL};
}
