/* SPDX-License-Identifier: Apache-2.0 */
/* Operators on two values, either of which may be a constant: sums, products,
 * quotients element by element, and products of matrices. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "nn/special.h"
#include "onnx/lower_internal.h"

/* ---- operands ---- */

/* A value, or a constant that became a tensor. */
typedef struct operand {
    zkg_onnx_flow *f;
    zkg_onnx_flow own; /* f of a constant; its samples are owned */
    zkg_onnx_shape shape;
} operand;

static const zkg_onnx_node *node_of(const zkg_onnx_lowering *w)
{
    return &w->m->node[w->node];
}

static bool is_fixed(const zkg_onnx_lowering *w, uint32_t value)
{
    return w->m->value[value].is_constant;
}

zkg_status zkg_onnx_constant(zkg_onnx_flow *out, zkg_onnx_lowering *w,
                             uint32_t value, const char *suffix, double factor,
                             bool invert, uint32_t scale)
{
    const zkg_onnx_tensor *t = &w->m->value[value].t;
    double *real = zkg_alloc(t->count, sizeof(real[0]));
    int64_t *whole = NULL;
    zkg_status s;

    if (real == NULL)
        return zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory for constants");
    for (uint64_t i = 0; i < t->count; i++)
        real[i] = invert ? factor / zkg_onnx_tensor_at(t, i)
                         : factor * zkg_onnx_tensor_at(t, i);
    out->axes = t->shape.axes;
    out->count = t->count;
    memcpy(out->len, t->shape.len, sizeof(t->shape.len));
    s = zkg_onnx_weights(w, out->tensor, suffix, out->axes, out->len, real,
                         scale, &whole);
    zkg_free(real);
    if (s == ZKG_OK)
        s = zkg_onnx_new_acc(&out->sample, w, t->count);
    for (uint64_t i = 0; s == ZKG_OK && i < w->samples * t->count; i++)
        out->sample[i] = whole[i % t->count];
    zkg_free(whole);
    return s;
}

static zkg_status take_constant(operand *x, zkg_onnx_lowering *w,
                                uint32_t value, const char *suffix,
                                double factor, bool invert, uint32_t scale)
{
    x->f = &x->own;
    return zkg_onnx_constant(x->f, w, value, suffix, factor, invert, scale);
}

static zkg_status take_value(operand *x, zkg_onnx_lowering *w, uint32_t value)
{
    return zkg_onnx_plain(&x->f, w, value);
}

static void operand_clear(operand *x)
{
    zkg_free(x->own.sample);
}

/* ---- broadcasting ---- */

/* A value's element for element i of the output, both in plain shapes. */
static uint64_t place_of(const zkg_onnx_shape *out, const zkg_onnx_shape *x,
                         uint64_t i)
{
    uint64_t at = 0, stride = 1;

    for (uint32_t k = out->axes; k-- > 0;) {
        const uint32_t skip = out->axes - x->axes;

        if (k >= skip) {
            if (x->len[k - skip] != 1)
                at += i % out->len[k] * stride;
            stride *= x->len[k - skip];
        }
        i /= out->len[k];
    }
    return at;
}

/* Names of the output's axes that x has; ones get axes of their own. */
static void push_broadcast(zkg_nn_layer *l, char list[64], const char *one,
                           const zkg_onnx_shape *out, const zkg_onnx_shape *x)
{
    for (uint32_t k = 0; k < x->axes; k++) {
        const uint32_t at = k + out->axes - x->axes;
        char name[8];

        if (x->len[k] == out->len[at]) {
            zkg_onnx_name_axes(list, 64, at, 1);
            continue;
        }
        snprintf(name, sizeof(name), "%s%u", one, k);
        zkg_nn_axis_push(l, name, 1);
        zkg_onnx_name_push(list, 64, name);
    }
}

static void push_out(zkg_nn_layer *l, const zkg_onnx_shape *out)
{
    for (uint32_t k = 0; k < out->axes; k++) {
        char axis[8];

        snprintf(axis, sizeof(axis), "a%u", k);
        zkg_nn_axis_push(l, axis, out->len[k]);
    }
    zkg_onnx_name_axes(l->out, sizeof(l->out), 0, out->axes);
}

static uint64_t elements(const zkg_onnx_shape *s)
{
    uint64_t n = 0;

    (void)zkg_onnx_count(&n, s);
    return n;
}

/* ---- element by element ---- */

/* x + z, x - z, x z / D, 2^s x / z, or x alone. */
typedef struct pair {
    operand x[2];
    uint32_t n;
    zkg_onnx_shape out;
    zkg_onnx_role role;
    int64_t sign;
} pair;

/* Two values that are stored alike stay as they are. */
static bool stored_alike(const pair *p)
{
    const zkg_onnx_flow *a = p->x[0].f, *b = p->x[1].f;

    return p->n == 2 && a->axes == b->axes && a->axes <= ZKG_ONNX_MAX_AXES &&
           memcmp(a->len, b->len, a->axes * sizeof(a->len[0])) == 0;
}

static zkg_status take_operands(pair *p, zkg_nn_layer *l, zkg_onnx_lowering *w)
{
    const zkg_onnx_node *n = node_of(w);
    const uint32_t s = w->options->scale;
    /* A division by a constant is a product with its reciprocal. */
    const bool over = strcmp(n->op, "Div") == 0 && p->role == ZKG_ONNX_PRODUCT;
    bool fixed = false;

    l->divisor = p->role == ZKG_ONNX_PRODUCT ? (uint64_t)1 << s : 1;
    for (uint32_t i = 0; i < p->n; i++) {
        fixed = fixed || is_fixed(w, n->input[i]);
        p->x[i].f = zkg_onnx_flow_of(w, n->input[i]);
    }
    if (!fixed && stored_alike(p) && p->x[0].f->count == elements(&p->out)) {
        p->out.axes = p->x[0].f->axes;
        memcpy(p->out.len, p->x[0].f->len, sizeof(p->out.len));
        p->x[0].shape = p->x[1].shape = p->out;
        return ZKG_OK;
    }
    for (uint32_t i = 0; i < p->n; i++) {
        const bool product = p->role == ZKG_ONNX_PRODUCT;

        p->x[i].shape = w->m->value[n->input[i]].shape;
        if (!is_fixed(w, n->input[i])) {
            ZKG_TRY(take_value(&p->x[i], w, n->input[i]));
            continue;
        }
        if (product)
            l->divisor = (uint64_t)1 << w->options->param_scale;
        ZKG_TRY(take_constant(&p->x[i], w, n->input[i], i == 0 ? "c" : "d", 1,
                              over, product ? w->options->param_scale : s));
    }
    return ZKG_OK;
}

static bool pair_at(int64_t *y, const pair *p, uint32_t shift, int64_t u,
                    int64_t v)
{
    *y = p->role == ZKG_ONNX_PRODUCT ? u * v : u + p->sign * v;
    return p->role != ZKG_ONNX_QUOTIENT || zkg_nn_model_divide(y, u, v, shift);
}

/* The integer model on the samples. */
static zkg_status pair_model(int64_t **acc, const pair *p,
                             const zkg_onnx_lowering *w)
{
    const uint64_t n = elements(&p->out);

    ZKG_TRY(zkg_onnx_new_acc(acc, w, n));
    for (uint64_t i = 0; i < w->samples * n; i++) {
        int64_t v[2] = {0, 0};

        for (uint32_t k = 0; k < p->n; k++)
            v[k] = p->x[k].f->sample[i / n * p->x[k].f->count +
                                     place_of(&p->out, &p->x[k].shape, i % n)];
        if (!pair_at(&(*acc)[i], p, w->options->scale, v[0], v[1])) {
            zkg_free(*acc);
            return zkg_onnx_refuse(w, "calibration data in which it divides "
                                      "by 0, or leaves 62 bits");
        }
    }
    return ZKG_OK;
}

static zkg_status emit_quotient(zkg_onnx_lowering *w, zkg_nn_layer *l,
                                const pair *p, int64_t *y)
{
    const uint32_t to = w->plan->step[w->node].out;
    zkg_onnx_flow *f = &w->flow[to];
    zkg_interval seen;

    f->axes = p->out.axes;
    f->count = elements(&p->out);
    memcpy(f->len, p->out.len, sizeof(p->out.len));
    f->sample = y;
    zkg_onnx_tensor_name(f->tensor, w, to);
    seen = zkg_onnx_seen(y, w->samples * f->count);
    l->y = f->tensor;
    l->y_visibility = zkg_onnx_visibility(w, to);
    l->q = zkg_nn_signed_range(zkg_nn_signed_bits(zkg_onnx_margin(w, seen)));
    ZKG_TRY(zkg_nn_divide_add(w->g, l, w->options->scale, w->err));
    ZKG_TRY(zkg_onnx_display(w, f));
    ZKG_TRY(zkg_onnx_note(w, l->name, node_of(w)->op, f, seen, l->q,
                          l->y_visibility == ZKG_PUBLIC ? "(public)" : "", 1));
    return zkg_onnx_emit_functions(w, to);
}

static void pair_terms(zkg_nn_layer *l, const pair *p)
{
    const char *const name[2] = {"x", "z"};

    for (uint32_t i = 0; i < p->n; i++) {
        char list[64] = "";

        push_broadcast(l, list, i == 0 ? "u" : "v", &p->out, &p->x[i].shape);
        zkg_nn_param_push(l, name[i], list, p->x[i].f->tensor);
        if (p->role == ZKG_ONNX_SUM)
            zkg_onnx_push_term(l, i == 0 ? 1 : p->sign, name[i], list, NULL,
                               NULL);
    }
    if (p->role == ZKG_ONNX_PRODUCT)
        zkg_onnx_push_term(l, 1, "x", l->param[0].axes, "z", l->param[1].axes);
}

static zkg_status lower_pair(zkg_onnx_lowering *w, pair *p)
{
    char name[ZKG_ONNX_NAME];
    zkg_nn_layer l = {.name = name};
    uint64_t bound[2] = {0, 0};
    int64_t *acc;

    ZKG_TRY(take_operands(p, &l, w));
    push_out(&l, &p->out);
    pair_terms(&l, p);
    for (uint32_t i = 0; i < p->n; i++)
        bound[i] = zkg_onnx_flow_bound(w, p->x[i].f);
    if (!zkg_nn_sum_fits(2, bound[0],
                         p->role == ZKG_ONNX_PRODUCT ? bound[1] : 1, bound[1]))
        return zkg_onnx_too_large(w);
    ZKG_TRY(pair_model(&acc, p, w));
    zkg_onnx_task_name(name, w, node_of(w)->name);
    return p->role == ZKG_ONNX_QUOTIENT
               ? emit_quotient(w, &l, p, acc)
               : zkg_onnx_emit(w, &l, w->plan->step[w->node].out, acc);
}

zkg_status zkg_onnx_lower_sum(zkg_onnx_lowering *w)
{
    const zkg_onnx_step *step = &w->plan->step[w->node];
    pair p = {.n = strcmp(node_of(w)->op, "Expand") == 0 ? 1 : 2,
              .out = w->m->value[step->out].shape,
              .role = step->role,
              .sign = strcmp(node_of(w)->op, "Sub") == 0 ? -1 : 1};
    zkg_status s = lower_pair(w, &p);

    operand_clear(&p.x[0]);
    operand_clear(&p.x[1]);
    return s;
}

/* ---- matrices ---- */

/* [.., m, k] [.., k, n] + c, the leading axes broadcast; a vector lacks m, or
 * n. */
typedef struct product {
    operand x[2], c;
    zkg_onnx_shape lead, sides[2]; /* leading axes of all, and of each */
    bool flip[2];                  /* [.., k, m], [.., n, k] */
    bool vector[2], has_c;
    uint64_t m, k, n;
    uint32_t scale; /* of what is no value, or of the second value */
} product;

static void take_shape(product *p, int i, const zkg_onnx_shape *s)
{
    p->x[i].shape = *s;
    p->vector[i] = s->axes == 1;
    p->sides[i] = *s;
    p->sides[i].axes = p->vector[i] ? 0 : s->axes - 2;
}

/* What Gemm has more than MatMul. */
static zkg_status take_gemm(product *p, zkg_onnx_lowering *w)
{
    const zkg_onnx_node *n = node_of(w);
    const double alpha = zkg_onnx_attr_f(n, "alpha", 1);
    const double beta = zkg_onnx_attr_f(n, "beta", 1);

    p->flip[0] = zkg_onnx_attr_i(n, "transA", 0) != 0;
    p->flip[1] = zkg_onnx_attr_i(n, "transB", 0) != 0;
    p->has_c = n->inputs > 2 && n->input[2] != ZKG_ONNX_NONE;
    if (alpha != 1 && !is_fixed(w, n->input[0]) && !is_fixed(w, n->input[1]))
        return zkg_onnx_refuse(w, "alpha is there with a constant matrix only");
    if (!p->has_c)
        return ZKG_OK;
    p->c.shape = w->m->value[n->input[2]].shape;
    if (is_fixed(w, n->input[2]))
        return take_constant(&p->c, w, n->input[2], "c", beta, false,
                             w->options->scale + p->scale);
    if (beta != 1)
        return zkg_onnx_refuse(w, "beta is there with a constant C only");
    return take_value(&p->c, w, n->input[2]);
}

static zkg_status take_product(product *p, zkg_onnx_lowering *w)
{
    const zkg_onnx_node *n = node_of(w);
    const bool gemm = strcmp(n->op, "Gemm") == 0;
    const double alpha = gemm ? zkg_onnx_attr_f(n, "alpha", 1) : 1;
    const uint32_t to = w->plan->step[w->node].out;
    const zkg_onnx_shape *y = &w->m->value[to].shape;

    p->scale = is_fixed(w, n->input[0]) || is_fixed(w, n->input[1])
                   ? w->options->param_scale
                   : w->options->scale;
    for (int i = 0; i < 2; i++) {
        take_shape(p, i, &w->m->value[n->input[i]].shape);
        if (is_fixed(w, n->input[i]))
            ZKG_TRY(take_constant(&p->x[i], w, n->input[i], i == 0 ? "a" : "b",
                                  alpha, false, w->options->param_scale));
        else
            ZKG_TRY(take_value(&p->x[i], w, n->input[i]));
    }
    if (gemm)
        ZKG_TRY(take_gemm(p, w));
    p->lead = *y;
    p->lead.axes = y->axes - !p->vector[0] - !p->vector[1];
    p->m = p->vector[0] ? 1 : y->len[p->lead.axes];
    p->n = p->vector[1] ? 1 : y->len[y->axes - 1];
    p->k = p->x[0].shape.len[p->x[0].shape.axes - (p->flip[0] ? 2 : 1)];
    return ZKG_OK;
}

/* Its parameters: a<i> are the leading axes, then m, n and k. */
static void product_terms(zkg_nn_layer *l, const product *p)
{
    const char *const inner[2][2] = {{"m", "k"}, {"k", "n"}};
    char list[2][64] = {"", ""};

    push_out(l, &p->lead);
    if (!p->vector[0])
        zkg_onnx_name_push(l->out, sizeof(l->out), "m");
    if (!p->vector[1])
        zkg_onnx_name_push(l->out, sizeof(l->out), "n");
    zkg_nn_axis_push(l, "k", p->k);
    if (!p->vector[0])
        zkg_nn_axis_push(l, "m", p->m);
    if (!p->vector[1])
        zkg_nn_axis_push(l, "n", p->n);
    for (int i = 0; i < 2; i++) {
        push_broadcast(l, list[i], i == 0 ? "u" : "v", &p->lead, &p->sides[i]);
        if (p->vector[i]) {
            zkg_onnx_name_push(list[i], 64, "k");
        } else {
            zkg_onnx_name_push(list[i], 64, inner[i][p->flip[i] ? 1 : 0]);
            zkg_onnx_name_push(list[i], 64, inner[i][p->flip[i] ? 0 : 1]);
        }
        zkg_nn_param_push(l, i == 0 ? "x" : "z", list[i], p->x[i].f->tensor);
    }
    zkg_onnx_push_term(l, 1, "x", list[0], "z", list[1]);
}

/* + c[m,n], any of its axes of length 1: a value at scale s counts 2^p. */
static void push_c(zkg_nn_layer *l, const product *p)
{
    const uint64_t len[2] = {p->m, p->n};
    const char *const axis[2] = {"m", "n"};
    char list[64] = "";

    for (uint32_t k = 0; k < p->c.shape.axes; k++) {
        const uint32_t at = k + 2 - p->c.shape.axes;

        if (p->c.shape.len[k] == len[at]) {
            zkg_onnx_name_push(list, 64, axis[at]);
        } else {
            zkg_nn_axis_push(l, at == 0 ? "c0" : "c1", 1);
            zkg_onnx_name_push(list, 64, at == 0 ? "c0" : "c1");
        }
    }
    zkg_nn_param_push(l, "c", list, p->c.f->tensor);
    zkg_onnx_push_term(l, p->c.own.count > 0 ? 1 : (int64_t)1 << p->scale, "c",
                       list, NULL, NULL);
}

static int64_t product_at(const product *p, uint64_t sample, uint64_t b,
                          uint64_t i, uint64_t j)
{
    const int64_t *x = p->x[0].f->sample + sample * p->x[0].f->count +
                       place_of(&p->lead, &p->sides[0], b) * p->m * p->k;
    const int64_t *z = p->x[1].f->sample + sample * p->x[1].f->count +
                       place_of(&p->lead, &p->sides[1], b) * p->k * p->n;
    const zkg_onnx_shape mn = {.axes = 2, .len = {p->m, p->n}};
    int64_t sum = 0;

    for (uint64_t c = 0; c < p->k; c++)
        sum += x[p->flip[0] ? c * p->m + i : i * p->k + c] *
               z[p->flip[1] ? j * p->k + c : c * p->n + j];
    if (!p->has_c)
        return sum;
    return sum + (p->c.own.count > 0 ? 1 : (int64_t)1 << p->scale) *
                     p->c.f->sample[sample * p->c.f->count +
                                    place_of(&mn, &p->c.shape, i * p->n + j)];
}

static zkg_status lower_product(zkg_onnx_lowering *w, product *p)
{
    char name[ZKG_ONNX_NAME];
    zkg_nn_layer l = {.name = name};
    uint64_t size, more = 0, batch;
    int64_t *acc;

    ZKG_TRY(take_product(p, w));
    l.divisor = (uint64_t)1 << p->scale;
    product_terms(&l, p);
    if (p->has_c) {
        push_c(&l, p);
        more = zkg_onnx_flow_bound(w, p->c.f)
               << (p->c.own.count > 0 ? 0 : p->scale);
    }
    if (!zkg_nn_sum_fits(p->k, zkg_onnx_flow_bound(w, p->x[0].f),
                         zkg_onnx_flow_bound(w, p->x[1].f), more))
        return zkg_onnx_too_large(w);
    batch = elements(&p->lead);
    size = p->m * p->n;
    ZKG_TRY(zkg_onnx_new_acc(&acc, w, batch * size));
    for (uint64_t i = 0; i < w->samples * batch * size; i++)
        acc[i] = product_at(p, i / (batch * size), i / size % batch,
                            i % size / p->n, i % p->n);
    zkg_onnx_task_name(name, w, node_of(w)->name);
    return zkg_onnx_emit(w, &l, w->plan->step[w->node].out, acc);
}

zkg_status zkg_onnx_lower_matrices(zkg_onnx_lowering *w)
{
    product p = {.scale = 0};
    zkg_status s = lower_product(w, &p);

    operand_clear(&p.x[0]);
    operand_clear(&p.x[1]);
    operand_clear(&p.c);
    return s;
}
