/* SPDX-License-Identifier: Apache-2.0 */
/* Elements to other places.  Transpose, Slice, Pad with a number, Gather of
 * equally spaced entries, Concat: one einsum of affine indices that read 0
 * outside.  Other gathers and pads: along each axis a product with a constant
 * matrix that has one 1 a row. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "onnx/lower_internal.h"

/* How one input lands in the output: axis k of the output walks its axis
 * axis[k] from from[k] in steps of step[k]. */
typedef struct part {
    uint32_t axis[ZKG_ONNX_MAX_AXES];
    int64_t from[ZKG_ONNX_MAX_AXES], step[ZKG_ONNX_MAX_AXES];
} part;

/* Axis z<k>, once: of length 1, its index is 0. */
static void push_zero(zkg_nn_layer *l, uint32_t k)
{
    char name[8];

    snprintf(name, sizeof(name), "z%u", k);
    for (uint32_t i = 0; i < l->axes; i++) {
        if (strcmp(l->axis[i].name, name) == 0)
            return;
    }
    zkg_nn_axis_push(l, name, 1);
}

/* Parameter x<p> with its indices.  An index that begins at 0 with step 1 is
 * a plain axis only if the lengths are the same; else z, which is 0, is added.
 */
static void push_part(zkg_nn_layer *l, uint32_t p, const part *x,
                      const zkg_onnx_flow *f, const zkg_onnx_shape *out)
{
    char axes[64] = "", index[ZKG_ONNX_MAX_AXES][64], list[160] = "";
    char name[16], text[200];

    for (uint32_t k = 0; k < out->axes; k++) {
        const uint32_t a = x->axis[k];

        if (x->step[k] == 1 && x->from[k] == 0 && f->len[a] == out->len[k]) {
            snprintf(index[a], sizeof(index[a]), "a%u", k);
            continue;
        }
        snprintf(index[a], sizeof(index[a]), "%" PRId64 "*a%u+1*z%u%+" PRId64,
                 x->step[k], k, k, x->from[k]);
        push_zero(l, k);
    }
    for (uint32_t a = 0; a < f->axes; a++) {
        if (strchr(index[a], '*') != NULL) {
            snprintf(name, sizeof(name), "x%u_%u", p, a);
            zkg_nn_axis_push(l, name, f->len[a]);
        } else {
            snprintf(name, sizeof(name), "%.7s", index[a]);
        }
        zkg_onnx_name_push(axes, sizeof(axes), name);
        zkg_onnx_name_push(list, sizeof(list), index[a]);
    }
    snprintf(name, sizeof(name), "x%u", p);
    zkg_nn_param_push(l, name, axes, f->tensor);
    snprintf(text, sizeof(text), "%s[%s]", name, list);
    zkg_nn_term_push(l, 1, text, NULL);
}

/* acc += the input at its places. */
static void add_part(int64_t *acc, const zkg_onnx_lowering *w, const part *x,
                     const zkg_onnx_flow *f, const zkg_onnx_shape *out)
{
    uint64_t count = 0;

    (void)zkg_onnx_count(&count, out);
    for (uint64_t i = 0; i < w->samples * count; i++) {
        uint64_t rest = i % count, index[ZKG_ONNX_MAX_AXES] = {0}, at = 0;
        bool inside = true;

        for (uint32_t k = out->axes; k-- > 0;) {
            const int64_t pos =
                x->from[k] + x->step[k] * (int64_t)(rest % out->len[k]);

            inside = inside && pos >= 0 && pos < (int64_t)f->len[x->axis[k]];
            index[x->axis[k]] = (uint64_t)pos;
            rest /= out->len[k];
        }
        for (uint32_t a = 0; a < f->axes; a++)
            at = at * f->len[a] + index[a];
        if (inside)
            acc[i] += f->sample[i / count * f->count + at];
    }
}

/* Input i of the node under way. */
static void take_part(part *x, const zkg_onnx_lowering *w, uint32_t i,
                      uint64_t before)
{
    const zkg_onnx_node *n = &w->m->node[w->node];
    const zkg_onnx_shape *s = &w->m->value[n->input[i]].shape;
    const int64_t axis = zkg_onnx_attr_i(n, "axis", 0);
    const bool concat = strcmp(n->op, "Concat") == 0;

    for (uint32_t k = 0; k < s->axes; k++) {
        const bool here = (int64_t)k == (axis < 0 ? axis + s->axes : axis);

        x->axis[k] = concat ? k : n->axis[k];
        x->step[k] = concat ? 1 : n->step[k];
        x->from[k] = !concat ? n->from[k] : here ? -(int64_t)before : 0;
    }
}

/* The shape that is stored: of a Gather, its indices in one axis. */
static void stored_shape(zkg_onnx_shape *out, const zkg_onnx_lowering *w)
{
    const zkg_onnx_node *n = &w->m->node[w->node];
    const zkg_onnx_shape *x = &w->m->value[n->input[0]].shape;

    *out = w->m->value[w->plan->step[w->node].out].shape;
    if (strcmp(n->op, "Gather") != 0)
        return;
    *out = *x;
    for (uint32_t k = 0; k < x->axes; k++) {
        if (n->pick[k] != NULL)
            out->len[k] = n->picks[k];
    }
}

/* A Pad's number; 0 of other nodes. */
static double fill_of(const zkg_onnx_lowering *w)
{
    const zkg_onnx_node *n = &w->m->node[w->node];

    return strcmp(n->op, "Pad") == 0 && n->inputs > 2 &&
                   n->input[2] != ZKG_ONNX_NONE
               ? zkg_onnx_tensor_at(&w->m->value[n->input[2]].t, 0)
               : 0;
}

/* The axes that a Pad changes. */
typedef struct fill {
    const zkg_onnx_node *n;
    const zkg_onnx_flow *x;
    const zkg_onnx_shape *out;
    bool padded[ZKG_ONNX_MAX_AXES];
    zkg_onnx_shape own; /* these */
} fill;

/* Element i's place over the axes that are padded; is it outside of x? */
static bool fill_place(uint64_t *at, const fill *f, uint64_t i)
{
    uint64_t stride = 1;
    bool outside = false;

    *at = 0;
    for (uint32_t k = f->out->axes; k-- > 0;) {
        const uint64_t here = i % f->out->len[k];
        const int64_t pos = f->n->from[k] + (int64_t)here;

        i /= f->out->len[k];
        if (!f->padded[k])
            continue;
        outside = outside || pos < 0 || pos >= (int64_t)f->x->len[k];
        *at += here * stride;
        stride *= f->out->len[k];
    }
    return outside;
}

/* A Pad's number, where it is not 0: a constant over the axes that are padded,
 * 0 where x is. */
static zkg_status push_fill(zkg_nn_layer *l, int64_t *acc, zkg_onnx_lowering *w,
                            char name[ZKG_ONNX_NAME], const zkg_onnx_flow *x,
                            const zkg_onnx_shape *out)
{
    fill f = {.n = &w->m->node[w->node], .x = x, .out = out};
    const double v = fill_of(w);
    uint64_t count = 1, all = 0, at;
    int64_t *whole = NULL;
    char list[64] = "";
    double *real;
    zkg_status s;

    if (v == 0)
        return ZKG_OK;
    for (uint32_t k = 0; k < out->axes; k++) {
        f.padded[k] = f.n->from[k] != 0 || x->len[k] != out->len[k];
        if (!f.padded[k])
            continue;
        f.own.len[f.own.axes++] = out->len[k];
        count *= out->len[k];
        zkg_onnx_name_axes(list, sizeof(list), k, 1);
    }
    (void)zkg_onnx_count(&all, out);
    real = zkg_alloc(count, sizeof(real[0]));
    if (real == NULL)
        return zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory");
    for (uint64_t i = 0; i < all; i++) {
        if (fill_place(&at, &f, i))
            real[at] = v;
    }
    s = zkg_onnx_fixed(w, name, "fill", f.own.axes, f.own.len, real,
                       w->options->scale, &whole);
    zkg_free(real);
    if (s != ZKG_OK)
        return s;
    for (uint64_t i = 0; i < w->samples * all; i++) {
        (void)fill_place(&at, &f, i % all);
        acc[i] += whole[at];
    }
    zkg_free(whole);
    zkg_nn_param_push(l, "fill", list, name);
    zkg_onnx_push_term(l, 1, "fill", list, NULL, NULL);
    return ZKG_OK;
}

/* One input of a Concat, or the input. */
static zkg_status take_input(zkg_onnx_flow **f, zkg_onnx_flow *own,
                             zkg_onnx_lowering *w, uint32_t i)
{
    const uint32_t value = w->m->node[w->node].input[i];
    char suffix[16];

    if (!w->m->value[value].is_constant)
        return zkg_onnx_plain(f, w, value);
    *f = own;
    snprintf(suffix, sizeof(suffix), "c%u", i);
    return zkg_onnx_constant(own, w, value, suffix, 1, false,
                             w->options->scale);
}

static zkg_status push_parts(zkg_nn_layer *l, int64_t *acc, zkg_onnx_flow *own,
                             zkg_onnx_lowering *w, const zkg_onnx_shape *out)
{
    const zkg_onnx_node *n = &w->m->node[w->node];
    const uint32_t parts = strcmp(n->op, "Concat") == 0 ? n->inputs : 1;
    const int64_t axis = zkg_onnx_attr_i(n, "axis", 0);
    uint64_t before = 0;

    for (uint32_t i = 0; i < parts; i++) {
        zkg_onnx_flow *f;
        part x;

        ZKG_TRY(take_input(&f, &own[i], w, i));
        take_part(&x, w, i, before);
        push_part(l, i, &x, f, out);
        add_part(acc, w, &x, f, out);
        before += f->len[axis < 0 ? axis + f->axes : axis];
    }
    return ZKG_OK;
}

zkg_status zkg_onnx_lower_move(zkg_onnx_lowering *w)
{
    const zkg_onnx_node *n = &w->m->node[w->node];
    zkg_onnx_flow own[ZKG_NN_PARAMS] = {{.sample = NULL}};
    char name[ZKG_ONNX_NAME], constant[ZKG_ONNX_NAME];
    zkg_nn_layer l = {.name = name, .divisor = 1};
    zkg_onnx_shape out;
    uint64_t count = 0;
    int64_t *acc;
    zkg_status s;

    stored_shape(&out, w);
    (void)zkg_onnx_count(&count, &out);
    for (uint32_t k = 0; k < out.axes; k++) {
        char a[8];

        snprintf(a, sizeof(a), "a%u", k);
        zkg_nn_axis_push(&l, a, out.len[k]);
        zkg_onnx_name_push(l.out, sizeof(l.out), a);
    }
    ZKG_TRY(zkg_onnx_new_acc(&acc, w, count));
    s = push_parts(&l, acc, own, w, &out);
    if (s == ZKG_OK)
        s = push_fill(&l, acc, w, constant, zkg_onnx_flow_of(w, n->input[0]),
                      &out);
    for (uint32_t i = 0; i < ZKG_NN_PARAMS; i++)
        zkg_free(own[i].sample);
    zkg_onnx_task_name(name, w, n->name);
    if (s == ZKG_OK)
        return zkg_onnx_emit(w, &l, w->plan->step[w->node].out, acc);
    zkg_free(acc);
    return s;
}

/* ---- entries by number ---- */

#define MAX_MATRIX ((uint64_t)1 << 24)

/* acc[.., i, ..] = x[.., pick[i], ..] */
static void select_model(int64_t *acc, const zkg_onnx_lowering *w,
                         const zkg_onnx_flow *x, uint32_t axis,
                         const int64_t *pick, uint64_t n)
{
    uint64_t inner = 1;

    for (uint32_t k = axis + 1; k < x->axes; k++)
        inner *= x->len[k];
    for (uint64_t i = 0; i < w->samples * x->count / x->len[axis] * n; i++) {
        const uint64_t outer = i / (inner * n);

        acc[i] =
            x->sample[(outer * x->len[axis] + (uint64_t)pick[i / inner % n]) *
                          inner +
                      i % inner];
    }
}

/* The kernel: y[.., o, ..] = sum over a<axis> of p[o, a] x[.., a, ..]. */
static zkg_status push_select(zkg_nn_layer *l, zkg_onnx_lowering *w,
                              char p[ZKG_ONNX_NAME], const zkg_onnx_flow *x,
                              uint32_t axis, const int64_t *pick, uint64_t n)
{
    const uint64_t len[2] = {n, x->len[axis]};
    double *real = zkg_alloc(n * len[1], sizeof(real[0]));
    int64_t *whole = NULL;
    char list[16], all[64] = "";
    zkg_status s;

    if (real == NULL)
        return zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory");
    for (uint64_t i = 0; i < n; i++)
        real[i * len[1] + (uint64_t)pick[i]] = 1;
    s = zkg_onnx_fixed(w, p, "pick", 2, len, real, 0, &whole);
    zkg_free(real);
    zkg_free(whole);
    ZKG_TRY(s);
    zkg_onnx_push_axes(l, x);
    zkg_nn_axis_push(l, "o", n);
    zkg_onnx_name_axes(l->out, sizeof(l->out), 0, axis);
    zkg_onnx_name_push(l->out, sizeof(l->out), "o");
    zkg_onnx_name_axes(l->out, sizeof(l->out), axis + 1, x->axes - axis - 1);
    zkg_onnx_name_axes(all, sizeof(all), 0, x->axes);
    snprintf(list, sizeof(list), "o,a%u", axis);
    zkg_nn_param_push(l, "p", list, p);
    zkg_nn_param_push(l, "x", all, x->tensor);
    zkg_onnx_push_term(l, 1, "p", list, "x", all);
    return ZKG_OK;
}

/* One axis of several: y is stored, private and in x's range. */
static zkg_status select_between(zkg_onnx_lowering *w, zkg_nn_layer *l,
                                 zkg_onnx_flow *y, const zkg_onnx_flow *x,
                                 uint32_t axis, uint64_t n, int64_t *acc)
{
    *y = *x;
    y->len[axis] = n;
    y->count = x->count / x->len[axis] * n;
    y->sample = acc;
    snprintf(y->tensor, sizeof(y->tensor), "%.90s.axis%u", l->name, axis);
    l->q = zkg_onnx_flow_range(w, x);
    l->y = y->tensor;
    l->y_visibility = ZKG_PRIVATE;
    ZKG_TRY(zkg_nn_layer_add(w->g, l, w->err));
    return zkg_onnx_note(w, l->name, w->m->node[w->node].op, y,
                         zkg_onnx_seen(acc, w->samples * y->count), l->q, "",
                         1);
}

static zkg_status select_axis(zkg_onnx_lowering *w, zkg_onnx_flow *y,
                              const zkg_onnx_flow *x, uint32_t axis, bool last)
{
    const zkg_onnx_node *n = &w->m->node[w->node];
    char name[ZKG_ONNX_NAME], p[ZKG_ONNX_NAME];
    zkg_nn_layer l = {.name = name, .divisor = 1};
    int64_t *acc;

    if (n->picks[axis] > MAX_MATRIX / x->len[axis])
        return zkg_onnx_refuse(w, "more than 2^24 pairs of entries of an axis");
    ZKG_TRY(push_select(&l, w, p, x, axis, n->pick[axis], n->picks[axis]));
    ZKG_TRY(
        zkg_onnx_new_acc(&acc, w, x->count / x->len[axis] * n->picks[axis]));
    select_model(acc, w, x, axis, n->pick[axis], n->picks[axis]);
    zkg_onnx_task_name(name, w, n->name);
    return last ? zkg_onnx_emit(w, &l, w->plan->step[w->node].out, acc)
                : select_between(w, &l, y, x, axis, n->picks[axis], acc);
}

zkg_status zkg_onnx_lower_select(zkg_onnx_lowering *w)
{
    const zkg_onnx_node *n = &w->m->node[w->node];
    zkg_onnx_flow flow[ZKG_ONNX_MAX_AXES] = {{.sample = NULL}}, *x;
    uint32_t last = 0;
    zkg_status s;

    s = zkg_onnx_plain(&x, w, n->input[0]);
    for (uint32_t k = 0; k < ZKG_ONNX_MAX_AXES; k++)
        last = n->pick[k] != NULL ? k : last;
    for (uint32_t k = 0; k <= last && s == ZKG_OK; k++) {
        if (n->pick[k] == NULL)
            continue;
        s = select_axis(w, &flow[k], x, k, k == last);
        x = &flow[k];
    }
    for (uint32_t k = 0; k < ZKG_ONNX_MAX_AXES; k++)
        zkg_free(flow[k].sample);
    return s;
}
