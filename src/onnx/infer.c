/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes, constant folding, and nodes that do nothing. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "onnx/fold.h"
#include "onnx/lower.h"
#include "onnx/window.h"

/* A node with what surrounds it. */
typedef struct site {
    zkg_onnx_model *m;
    zkg_onnx_node *n;
    zkg_error *err;
} site;

static zkg_status bad(const site *s, const char *why)
{
    return zkg_fail(s->err, ZKG_ERR_MALFORMED, "node %s (%s): %s", s->n->name,
                    s->n->op, why);
}

/* ---- inputs and outputs ---- */

static zkg_onnx_value *in(const site *s, uint32_t i)
{
    return i < s->n->inputs && s->n->input[i] != ZKG_ONNX_NONE
               ? &s->m->value[s->n->input[i]]
               : NULL;
}

/* The constant at input i, or NULL. */
static const zkg_onnx_tensor *fixed(const site *s, uint32_t i)
{
    const zkg_onnx_value *v = in(s, i);

    return v != NULL && v->is_constant ? &v->t : NULL;
}

static zkg_onnx_value *out(const site *s)
{
    return &s->m->value[s->n->output[0]];
}

static void set_shape(const site *s, const zkg_onnx_shape *shape, bool is_real)
{
    zkg_onnx_value *v = out(s);

    v->has_shape = true;
    v->shape = *shape;
    v->is_real = is_real;
}

/* The output becomes a constant of this shape, to be filled. */
static zkg_status make_constant(zkg_onnx_tensor **t, const site *s,
                                const zkg_onnx_shape *shape, bool is_real)
{
    ZKG_TRY(zkg_onnx_make_constant(t, s->m, s->n->output[0], shape, is_real,
                                   s->err));
    s->n->fate = ZKG_ONNX_FOLDED;
    return ZKG_OK;
}

/* Small lists: axes, shapes, pads; from an input, or from an attribute. */
typedef struct list {
    int64_t v[4 * ZKG_ONNX_MAX_AXES];
    uint32_t n;
    bool given;
} list;

static zkg_status take_list(list *out, const site *s, const char *attr,
                            uint32_t input)
{
    const zkg_onnx_attr *a = attr == NULL ? NULL : zkg_onnx_attr_of(s->n, attr);
    const zkg_onnx_tensor *t = fixed(s, input);
    const uint64_t n = a != NULL ? a->n_ints : t != NULL ? t->count : 0;

    *out = (list){.n = (uint32_t)n, .given = a != NULL || t != NULL};
    if (n > sizeof(out->v) / sizeof(out->v[0]) ||
        (t != NULL && a == NULL && t->whole == NULL))
        return bad(s, "a list that is too long, or not of integers");
    for (uint64_t i = 0; i < n; i++)
        out->v[i] = a != NULL ? a->ints[i] : t->whole[i];
    return ZKG_OK;
}

/* -axes..axes-1 to 0..axes-1. */
static zkg_status take_axis(uint32_t *out, const site *s, int64_t axis,
                            uint32_t axes)
{
    *out = 0;
    if (axis < -(int64_t)axes || axis >= (int64_t)axes)
        return bad(s, "an axis that its input does not have");
    *out = (uint32_t)(axis < 0 ? axis + axes : axis);
    return ZKG_OK;
}

/* ---- moving elements: each output element is one input element ---- */

/* Element i of the output comes from here; UINT64_MAX: from nowhere. */
typedef uint64_t source_fn(const void *how, uint64_t i);

static zkg_status move(const site *s, const zkg_onnx_shape *shape,
                       source_fn *from, const void *how, double otherwise)
{
    const zkg_onnx_value *x = in(s, 0);
    zkg_onnx_tensor *t;

    if (!x->is_constant) {
        set_shape(s, shape, x->is_real);
        return ZKG_OK;
    }
    ZKG_TRY(make_constant(&t, s, shape, x->t.real != NULL));
    x = in(s, 0);
    for (uint64_t i = 0; i < t->count; i++) {
        const uint64_t at = from(how, i);

        if (t->real != NULL)
            t->real[i] = at == UINT64_MAX ? otherwise : x->t.real[at];
        else
            t->whole[i] =
                at == UINT64_MAX ? (int64_t)otherwise : x->t.whole[at];
    }
    return ZKG_OK;
}

static uint64_t same_place(const void *how, uint64_t i)
{
    (void)how;
    return i;
}

/* The same elements in the same order. */
static zkg_status relabel(const site *s, const zkg_onnx_shape *shape)
{
    const zkg_onnx_value *x = in(s, 0);
    uint64_t a, b;

    if (!zkg_onnx_count(&a, shape) || !zkg_onnx_count(&b, &x->shape) || a != b)
        return bad(s, "a shape of another number of elements than its input");
    if (x->is_constant)
        return move(s, shape, same_place, NULL, 0);
    set_shape(s, shape, x->is_real);
    out(s)->alias = x->alias;
    s->n->fate = ZKG_ONNX_ALIAS;
    return ZKG_OK;
}

static zkg_status identity(const site *s)
{
    return relabel(s, &in(s, 0)->shape);
}

static zkg_status reshape(const site *s)
{
    const zkg_onnx_shape *x = &in(s, 0)->shape;
    zkg_onnx_shape shape = {.axes = 0};
    uint64_t count, rest = 1;
    uint32_t open = UINT32_MAX;
    list to;

    ZKG_TRY(take_list(&to, s, NULL, 1));
    if (!to.given)
        return ZKG_OK;
    if (to.n > ZKG_ONNX_MAX_AXES || !zkg_onnx_count(&count, x))
        return bad(s, "too many axes");
    shape.axes = to.n;
    for (uint32_t i = 0; i < to.n; i++) {
        int64_t len = to.v[i];

        if (len == 0 && zkg_onnx_attr_i(s->n, "allowzero", 0) == 0) {
            if (i >= x->axes)
                return bad(s, "an axis copied that its input does not have");
            len = (int64_t)x->len[i];
        }
        if (len < -1 || (len == -1 && open != UINT32_MAX))
            return bad(s, "a shape with two open axes, or a length below -1");
        if (len == -1) {
            open = i;
            continue;
        }
        shape.len[i] = (uint64_t)len;
        if (!zkg_mul_ok(&rest, rest, (uint64_t)len))
            return bad(s, "a shape that is too large");
    }
    if (open != UINT32_MAX) {
        if (rest == 0 || count % rest != 0)
            return bad(s, "no length of its open axis fits");
        shape.len[open] = count / rest;
    }
    return relabel(s, &shape);
}

static zkg_status flatten(const site *s)
{
    const zkg_onnx_shape *x = &in(s, 0)->shape;
    const int64_t axis = zkg_onnx_attr_i(s->n, "axis", 1);
    zkg_onnx_shape shape = {.axes = 2, .len = {1, 1}};
    uint32_t cut = 0;

    if (axis == (int64_t)x->axes)
        cut = x->axes;
    else
        ZKG_TRY(take_axis(&cut, s, axis, x->axes));
    for (uint32_t i = 0; i < x->axes; i++) {
        if (!zkg_mul_ok(&shape.len[i >= cut], shape.len[i >= cut], x->len[i]))
            return bad(s, "a shape that is too large");
    }
    return relabel(s, &shape);
}

static zkg_status squeeze(const site *s)
{
    const zkg_onnx_shape *x = &in(s, 0)->shape;
    bool drop[ZKG_ONNX_MAX_AXES] = {false};
    zkg_onnx_shape shape = {.axes = 0};
    list axes;

    ZKG_TRY(take_list(&axes, s, "axes", 1));
    for (uint32_t i = 0; i < x->axes && !axes.given; i++)
        drop[i] = x->len[i] == 1;
    for (uint32_t i = 0; i < axes.n; i++) {
        uint32_t a;

        ZKG_TRY(take_axis(&a, s, axes.v[i], x->axes));
        drop[a] = true;
    }
    for (uint32_t i = 0; i < x->axes; i++) {
        if (!drop[i])
            shape.len[shape.axes++] = x->len[i];
    }
    return relabel(s, &shape);
}

static zkg_status unsqueeze(const site *s)
{
    const zkg_onnx_shape *x = &in(s, 0)->shape;
    bool fresh[ZKG_ONNX_MAX_AXES] = {false};
    zkg_onnx_shape shape = {.axes = 0};
    uint32_t from = 0;
    list axes;

    ZKG_TRY(take_list(&axes, s, "axes", 1));
    if (!axes.given)
        return ZKG_OK;
    shape.axes = x->axes + axes.n;
    if (shape.axes > ZKG_ONNX_MAX_AXES)
        return bad(s, "too many axes");
    for (uint32_t i = 0; i < axes.n; i++) {
        uint32_t a;

        ZKG_TRY(take_axis(&a, s, axes.v[i], shape.axes));
        if (fresh[a])
            return bad(s, "an axis named twice");
        fresh[a] = true;
    }
    for (uint32_t i = 0; i < shape.axes; i++)
        shape.len[i] = fresh[i] ? 1 : x->len[from++];
    return relabel(s, &shape);
}

/* Strided walks: transpose, slice, pad, expand, gather along one axis. */
typedef struct walk {
    zkg_onnx_shape out;
    int64_t start, stride[ZKG_ONNX_MAX_AXES];
    int64_t *const *pick;              /* entries of some axes, or NULL */
    uint64_t limit[ZKG_ONNX_MAX_AXES]; /* pad: real lengths, 0: no limit */
    int64_t before[ZKG_ONNX_MAX_AXES];
} walk;

static uint64_t walk_source(const void *how, uint64_t i)
{
    const walk *w = how;
    int64_t at = w->start;

    for (uint32_t k = w->out.axes; k-- > 0;) {
        int64_t pos = (int64_t)(i % w->out.len[k]);

        i /= w->out.len[k];
        if (w->limit[k] != 0) {
            pos -= w->before[k];
            if (pos < 0 || pos >= (int64_t)w->limit[k])
                return UINT64_MAX;
        }
        if (w->pick != NULL && w->pick[k] != NULL)
            pos = w->pick[k][pos];
        at += pos * w->stride[k];
    }
    return (uint64_t)at;
}

static void strides(int64_t *stride, const zkg_onnx_shape *x)
{
    int64_t n = 1;

    for (uint32_t k = x->axes; k-- > 0;) {
        stride[k] = n;
        n *= (int64_t)x->len[k];
    }
}

/* The node walks its input: as it is, until an axis is said to differ. */
static void set_moves(const site *s, uint32_t axes)
{
    s->n->moves = true;
    for (uint32_t k = 0; k < axes; k++) {
        s->n->axis[k] = k;
        s->n->from[k] = 0;
        s->n->step[k] = 1;
    }
}

static zkg_status transpose(const site *s)
{
    const zkg_onnx_shape *x = &in(s, 0)->shape;
    const zkg_onnx_attr *perm = zkg_onnx_attr_of(s->n, "perm");
    int64_t stride[ZKG_ONNX_MAX_AXES];
    bool seen[ZKG_ONNX_MAX_AXES] = {false}, moves = false;
    walk w = {.out = {.axes = x->axes}};
    uint32_t last = 0;

    if (perm != NULL && perm->n_ints != x->axes)
        return bad(s, "its permutation has another number of axes");
    strides(stride, x);
    set_moves(s, x->axes);
    for (uint32_t k = 0; k < x->axes; k++) {
        uint32_t a = x->axes - 1 - k;

        if (perm != NULL)
            ZKG_TRY(take_axis(&a, s, perm->ints[k], x->axes));
        if (seen[a])
            return bad(s, "its permutation names an axis twice");
        seen[a] = true;
        s->n->axis[k] = a;
        w.out.len[k] = x->len[a];
        w.stride[k] = stride[a];
        if (x->len[a] == 1)
            continue;
        moves = moves || a < last;
        last = a;
    }
    return moves ? move(s, &w.out, walk_source, &w, 0) : relabel(s, &w.out);
}

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

static zkg_status slice(const site *s)
{
    const zkg_onnx_shape *x = &in(s, 0)->shape;
    list start, end, axes, step;
    walk w = {.out = *x};
    bool whole = true;

    ZKG_TRY(take_list(&start, s, NULL, 1));
    ZKG_TRY(take_list(&end, s, NULL, 2));
    ZKG_TRY(take_list(&axes, s, NULL, 3));
    ZKG_TRY(take_list(&step, s, NULL, 4));
    if (!start.given || !end.given)
        return ZKG_OK;
    if (start.n != end.n || (axes.given && axes.n != start.n) ||
        (step.given && step.n != start.n))
        return bad(s, "its lists differ in length");
    strides(w.stride, x);
    set_moves(s, x->axes);
    for (uint32_t i = 0; i < start.n; i++) {
        const int64_t by = step.given ? step.v[i] : 1;
        int64_t from = start.v[i], to = end.v[i], len;
        uint32_t a = i;

        if (axes.given || i >= x->axes)
            ZKG_TRY(
                take_axis(&a, s, axes.given ? axes.v[i] : (int64_t)i, x->axes));
        if (by == 0 || by == INT64_MIN)
            return bad(s, "a step of 0");
        len = (int64_t)x->len[a];
        from = clamp(from < 0 ? from + len : from, 0, by > 0 ? len : len - 1);
        to =
            clamp(to < 0 ? (to < -len ? -1 - (by > 0 ? -1 : 0) : to + len) : to,
                  by > 0 ? 0 : -1, len);
        len = by > 0 ? (to - from + by - 1) / by : (from - to - by - 1) / -by;
        if (len <= 0)
            return bad(s, "an empty slice");
        whole = whole && from == 0 && by == 1 && (uint64_t)len == x->len[a];
        s->n->from[a] = from;
        s->n->step[a] = by;
        w.start += from * w.stride[a];
        w.stride[a] *= by;
        w.out.len[a] = (uint64_t)len;
    }
    return whole ? identity(s) : move(s, &w.out, walk_source, &w, 0);
}

/* Entries of an axis, to be filled. */
static zkg_status new_picks(int64_t **pick, const site *s, uint32_t axis,
                            uint64_t n)
{
    *pick = zkg_alloc(n, sizeof(**pick));
    if (*pick == NULL)
        return zkg_fail(s->err, ZKG_ERR_NOMEM, "no memory");
    zkg_free(s->n->pick[axis]);
    s->n->pick[axis] = *pick;
    s->n->picks[axis] = n;
    return ZKG_OK;
}

static zkg_status gather(const site *s)
{
    const zkg_onnx_shape *x = &in(s, 0)->shape;
    const zkg_onnx_tensor *index = fixed(s, 1);
    const zkg_onnx_shape *in_shape = in(s, 1) != NULL ? &in(s, 1)->shape : NULL;
    int64_t stride[ZKG_ONNX_MAX_AXES], *pick;
    zkg_onnx_shape shape = {.axes = 0};
    uint32_t axis;
    walk w = {.start = 0};

    ZKG_TRY(take_axis(&axis, s, zkg_onnx_attr_i(s->n, "axis", 0), x->axes));
    if (index == NULL || index->whole == NULL)
        return ZKG_OK;
    if (x->axes - 1 + in_shape->axes > ZKG_ONNX_MAX_AXES)
        return bad(s, "too many axes");
    ZKG_TRY(new_picks(&pick, s, axis, index->count));
    for (uint64_t i = 0; i < index->count; i++) {
        pick[i] = index->whole[i];
        if (pick[i] < 0 && pick[i] >= -(int64_t)x->len[axis])
            pick[i] += (int64_t)x->len[axis];
        if (pick[i] < 0 || pick[i] >= (int64_t)x->len[axis])
            return bad(s, "an index beyond its axis");
    }
    set_moves(s, x->axes);
    s->n->from[axis] = index->count > 0 ? pick[0] : 0;
    s->n->step[axis] = index->count > 1 ? pick[1] - pick[0] : 1;
    for (uint64_t i = 0; i + 1 < index->count; i++)
        s->n->moves = s->n->moves && s->n->step[axis] != 0 &&
                      pick[i + 1] - pick[i] == s->n->step[axis];
    s->n->selects = !s->n->moves;
    strides(stride, x);
    w.pick = s->n->pick;
    w.out.axes = x->axes;
    for (uint32_t k = 0; k < x->axes; k++) {
        w.out.len[k] = k == axis ? index->count : x->len[k];
        w.stride[k] = stride[k];
        for (uint32_t j = 0; k == axis && j < in_shape->axes; j++)
            shape.len[shape.axes++] = in_shape->len[j];
        if (k != axis)
            shape.len[shape.axes++] = x->len[k];
    }
    return move(s, &shape, walk_source, &w, 0);
}

/* Which entry of an axis stands at position `at`, which may lie outside. */
static int64_t mirrored(int64_t at, int64_t len, bool edge)
{
    if (edge || len == 1)
        return clamp(at, 0, len - 1);
    while (at < 0 || at >= len)
        at = at < 0 ? -at : 2 * (len - 1) - at;
    return at;
}

/* Modes `edge` and `reflect`; others are left alone. */
static zkg_status pad_by_entries(const site *s, walk *w, const char *mode)
{
    const zkg_onnx_shape *x = &in(s, 0)->shape;
    const bool edge = strcmp(mode, "edge") == 0;

    if (!edge && strcmp(mode, "reflect") != 0) {
        set_shape(s, &w->out, in(s, 0)->is_real);
        return ZKG_OK;
    }
    for (uint32_t k = 0; k < x->axes; k++) {
        int64_t *pick;

        if (w->before[k] == 0 && w->out.len[k] == x->len[k])
            continue;
        ZKG_TRY(new_picks(&pick, s, k, w->out.len[k]));
        for (uint64_t i = 0; i < w->out.len[k]; i++)
            pick[i] =
                mirrored((int64_t)i - w->before[k], (int64_t)x->len[k], edge);
    }
    s->n->selects = true;
    memset(w->limit, 0, sizeof(w->limit));
    w->pick = s->n->pick;
    return move(s, &w->out, walk_source, w, 0);
}

static zkg_status pad(const site *s)
{
    const zkg_onnx_shape *x = &in(s, 0)->shape;
    const zkg_onnx_tensor *value = fixed(s, 2);
    const char *mode = zkg_onnx_attr_s(s->n, "mode", "constant");
    walk w = {.out = *x};
    bool none = true;
    list pads;

    ZKG_TRY(take_list(&pads, s, "pads", 1));
    if (!pads.given)
        return ZKG_OK;
    if (pads.n != 2 * x->axes)
        return bad(s, "its pads do not fit its input's axes");
    strides(w.stride, x);
    for (uint32_t k = 0; k < x->axes; k++) {
        const int64_t a = pads.v[k], b = pads.v[k + x->axes];
        const int64_t len = (int64_t)x->len[k];

        if (a < -len || b < -len || a > 1 << 24 || b > 1 << 24 ||
            len + a + b < 1)
            return bad(s, "pads that are too large, or leave nothing");
        none = none && a == 0 && b == 0;
        w.before[k] = a;
        w.limit[k] = (uint64_t)len;
        w.out.len[k] = (uint64_t)(len + a + b);
    }
    if (none)
        return identity(s);
    if (strcmp(mode, "constant") != 0)
        return pad_by_entries(s, &w, mode);
    if (in(s, 2) == NULL || (value != NULL && value->count == 1)) {
        set_moves(s, x->axes);
        for (uint32_t k = 0; k < x->axes; k++)
            s->n->from[k] = -w.before[k];
    }
    return move(
        s, &w.out, walk_source, &w,
        value != NULL && value->count == 1 ? zkg_onnx_tensor_at(value, 0) : 0);
}

/* ---- broadcasting ---- */

static bool broadcast(zkg_onnx_shape *out, const zkg_onnx_shape *a,
                      const zkg_onnx_shape *b)
{
    const uint32_t n = a->axes > b->axes ? a->axes : b->axes;

    out->axes = n;
    for (uint32_t k = 0; k < n; k++) {
        const uint64_t u = k + a->axes < n ? 1 : a->len[k + a->axes - n];
        const uint64_t v = k + b->axes < n ? 1 : b->len[k + b->axes - n];

        if (u != v && u != 1 && v != 1)
            return false;
        out->len[k] = u == 1 ? v : u;
    }
    return true;
}

/* A walk over x as if it had the shape of out. */
static void broadcast_walk(walk *w, const zkg_onnx_shape *shape,
                           const zkg_onnx_shape *x)
{
    int64_t stride[ZKG_ONNX_MAX_AXES];

    *w = (walk){.out = *shape};
    strides(stride, x);
    for (uint32_t k = 0; k < x->axes; k++) {
        const uint32_t to = k + shape->axes - x->axes;

        w->stride[to] = x->len[k] == 1 ? 0 : stride[k];
    }
}

static zkg_status expand(const site *s)
{
    const zkg_onnx_shape *x = &in(s, 0)->shape;
    zkg_onnx_shape to = {.axes = 0}, shape;
    list want;
    walk w;

    ZKG_TRY(take_list(&want, s, NULL, 1));
    if (!want.given)
        return ZKG_OK;
    if (want.n > ZKG_ONNX_MAX_AXES)
        return bad(s, "too many axes");
    to.axes = want.n;
    for (uint32_t i = 0; i < want.n; i++) {
        if (want.v[i] < 1)
            return bad(s, "a length below 1");
        to.len[i] = (uint64_t)want.v[i];
    }
    if (!broadcast(&shape, x, &to))
        return bad(s, "shapes that do not broadcast");
    broadcast_walk(&w, &shape, x);
    return zkg_onnx_same_shape(&shape, x) ? identity(s)
                                          : move(s, &shape, walk_source, &w, 0);
}

static bool fold_whole(int64_t *out, const char *op, int64_t a, int64_t b)
{
    if (strcmp(op, "Add") == 0)
        return zkg_add_i64_ok(out, a, b);
    if (strcmp(op, "Sub") == 0)
        return !__builtin_sub_overflow(a, b, out);
    if (strcmp(op, "Mul") == 0)
        return zkg_mul_i64_ok(out, a, b);
    if (strcmp(op, "Div") == 0) {
        if (b == 0 || (a == INT64_MIN && b == -1))
            return false;
        *out = a / b;
        return true;
    }
    if (strcmp(op, "Min") == 0)
        *out = a < b ? a : b;
    else if (strcmp(op, "Max") == 0)
        *out = a > b ? a : b;
    else if (strcmp(op, "Equal") == 0)
        *out = a == b;
    else
        return false;
    return true;
}

static zkg_status binary(const site *s)
{
    const zkg_onnx_value *a = in(s, 0), *b = in(s, 1);
    zkg_onnx_shape shape;
    zkg_onnx_tensor *t;
    walk wa, wb;

    if (b == NULL || s->n->inputs != 2)
        return ZKG_OK;
    if (!broadcast(&shape, &a->shape, &b->shape))
        return bad(s, "shapes that do not broadcast");
    if (!a->is_constant || !b->is_constant || a->is_real || b->is_real) {
        set_shape(s, &shape, a->is_real);
        return ZKG_OK;
    }
    ZKG_TRY(make_constant(&t, s, &shape, false));
    a = in(s, 0);
    b = in(s, 1);
    broadcast_walk(&wa, &shape, &a->shape);
    broadcast_walk(&wb, &shape, &b->shape);
    for (uint64_t i = 0; i < t->count; i++) {
        const uint64_t x = walk_source(&wa, i), y = walk_source(&wb, i);

        if (!fold_whole(&t->whole[i], s->n->op, a->t.whole[x], b->t.whole[y]))
            return bad(s, "constants that cannot be computed");
    }
    return ZKG_OK;
}

/* Same shape.  Of integers those are folded that stay integers. */
static zkg_status unary(const site *s)
{
    const zkg_onnx_value *x = in(s, 0);
    const bool is_neg = strcmp(s->n->op, "Neg") == 0;
    const bool is_abs = strcmp(s->n->op, "Abs") == 0;
    zkg_onnx_tensor *t;

    if (x->is_real || !x->is_constant || (!is_neg && !is_abs)) {
        set_shape(s, &x->shape, x->is_real);
        return ZKG_OK;
    }
    ZKG_TRY(make_constant(&t, s, &x->shape, false));
    x = in(s, 0);
    for (uint64_t i = 0; i < t->count; i++) {
        const int64_t v = x->t.whole[i];

        if (v == INT64_MIN)
            return bad(s, "a constant that is too large");
        t->whole[i] = is_neg || v < 0 ? -v : v;
    }
    return ZKG_OK;
}

static zkg_status cast(const site *s)
{
    const zkg_onnx_value *x = in(s, 0);
    const int64_t to = zkg_onnx_attr_i(s->n, "to", 1);
    const bool is_real = to == 1 || to == 10 || to == 11;
    zkg_onnx_tensor *t;

    if (!x->is_constant && x->is_real && is_real)
        return identity(s);
    if (!x->is_constant) {
        set_shape(s, &x->shape, is_real);
        return ZKG_OK;
    }
    ZKG_TRY(make_constant(&t, s, &x->shape, is_real));
    x = in(s, 0);
    for (uint64_t i = 0; i < t->count; i++) {
        const double v = zkg_onnx_tensor_at(&x->t, i);

        if (is_real)
            t->real[i] = v;
        else if (x->t.whole != NULL)
            t->whole[i] = to == 9 ? x->t.whole[i] != 0 : x->t.whole[i];
        else if (fabs(v) < 9e15)
            t->whole[i] = to == 9 ? v != 0 : (int64_t)v;
        else
            return bad(s, "a constant that is too large");
    }
    return ZKG_OK;
}

static zkg_status dropout(const site *s)
{
    const zkg_onnx_tensor *train = fixed(s, 2);

    if (in(s, 2) != NULL &&
        (train == NULL || zkg_onnx_tensor_at(train, 0) != 0))
        return ZKG_OK;
    return identity(s);
}

/* ---- constants ---- */

static zkg_status constant(const site *s)
{
    const zkg_onnx_attr *a;
    zkg_onnx_shape shape = {.axes = 0};
    zkg_onnx_tensor *t;
    bool is_real = false;

    if ((a = zkg_onnx_attr_of(s->n, "value")) != NULL && a->has_t) {
        shape = a->t.shape;
        is_real = a->t.real != NULL;
    } else if ((a = zkg_onnx_attr_of(s->n, "value_float")) != NULL) {
        is_real = true;
    } else if ((a = zkg_onnx_attr_of(s->n, "value_floats")) != NULL) {
        shape = (zkg_onnx_shape){.axes = 1, .len = {a->n_floats}};
        is_real = true;
    } else if ((a = zkg_onnx_attr_of(s->n, "value_ints")) != NULL) {
        shape = (zkg_onnx_shape){.axes = 1, .len = {a->n_ints}};
    } else if ((a = zkg_onnx_attr_of(s->n, "value_int")) == NULL) {
        return ZKG_OK;
    }
    ZKG_TRY(make_constant(&t, s, &shape, is_real));
    for (uint64_t i = 0; i < t->count; i++) {
        if (is_real)
            t->real[i] = a->has_t      ? a->t.real[i]
                         : a->n_floats ? a->floats[i]
                                       : a->f;
        else
            t->whole[i] = a->has_t    ? a->t.whole[i]
                          : a->n_ints ? a->ints[i]
                                      : a->i;
    }
    return ZKG_OK;
}

static zkg_status constant_of_shape(const site *s)
{
    const zkg_onnx_attr *a = zkg_onnx_attr_of(s->n, "value");
    zkg_onnx_shape shape = {.axes = 0};
    zkg_onnx_tensor *t;
    list want;

    ZKG_TRY(take_list(&want, s, NULL, 0));
    if (!want.given)
        return ZKG_OK;
    if (want.n > ZKG_ONNX_MAX_AXES ||
        (a != NULL && (!a->has_t || a->t.count != 1)))
        return bad(s, "too many axes, or a value that is not one number");
    shape.axes = want.n;
    for (uint32_t i = 0; i < want.n; i++) {
        if (want.v[i] < 0)
            return bad(s, "a length below 0");
        shape.len[i] = (uint64_t)want.v[i];
    }
    ZKG_TRY(make_constant(&t, s, &shape, a == NULL || a->t.real != NULL));
    for (uint64_t i = 0; i < t->count && a != NULL; i++) {
        if (t->real != NULL)
            t->real[i] = a->t.real[0];
        else
            t->whole[i] = a->t.whole[0];
    }
    return ZKG_OK;
}

static zkg_status shape_of(const site *s)
{
    const zkg_onnx_shape *x = &in(s, 0)->shape;
    const zkg_onnx_shape shape = {.axes = 1, .len = {x->axes}};
    zkg_onnx_tensor *t;

    ZKG_TRY(make_constant(&t, s, &shape, false));
    x = &in(s, 0)->shape;
    for (uint32_t i = 0; i < x->axes; i++)
        t->whole[i] = (int64_t)x->len[i];
    return ZKG_OK;
}

static zkg_status concat(const site *s)
{
    const zkg_onnx_value *x = in(s, 0);
    zkg_onnx_shape shape = x->shape;
    uint64_t outer = 1, inner = 1, at = 0;
    bool constant = true;
    zkg_onnx_tensor *t;
    uint32_t axis;

    ZKG_TRY(take_axis(&axis, s, zkg_onnx_attr_i(s->n, "axis", 0), shape.axes));
    shape.len[axis] = 0;
    for (uint32_t i = 0; i < s->n->inputs; i++) {
        const zkg_onnx_value *v = in(s, i);

        if (v == NULL || v->shape.axes != shape.axes ||
            v->is_real != x->is_real)
            return bad(s, "inputs of other shapes or types");
        for (uint32_t k = 0; k < shape.axes; k++) {
            if (k != axis && v->shape.len[k] != shape.len[k])
                return bad(s, "inputs of other shapes");
        }
        shape.len[axis] += v->shape.len[axis];
        constant = constant && v->is_constant;
    }
    if (!constant) {
        set_shape(s, &shape, x->is_real);
        return s->n->inputs == 1 ? identity(s) : ZKG_OK;
    }
    ZKG_TRY(make_constant(&t, s, &shape, x->is_real));
    for (uint32_t k = 0; k < shape.axes; k++)
        *(k < axis ? &outer : &inner) *= k == axis ? 1 : shape.len[k];
    for (uint64_t o = 0; o < outer; o++) {
        for (uint32_t i = 0; i < s->n->inputs; i++) {
            const zkg_onnx_tensor *v = &in(s, i)->t;
            const uint64_t n = v->shape.len[axis] * inner;

            if (t->real != NULL)
                memcpy(t->real + at, v->real + o * n, n * sizeof(double));
            else
                memcpy(t->whole + at, v->whole + o * n, n * sizeof(int64_t));
            at += n;
        }
    }
    return ZKG_OK;
}

/* ---- layers ---- */

static zkg_status window(const site *s)
{
    zkg_onnx_window w;
    zkg_onnx_shape shape;

    ZKG_TRY(zkg_onnx_window_of(&w, s->m, s->n, s->err));
    if (!w.known)
        return ZKG_OK;
    shape = in(s, 0)->shape;
    shape.len[1] = w.out_channels;
    for (uint32_t k = 0; k < w.axes; k++)
        shape.len[2 + k] = w.out[k];
    set_shape(s, &shape, true);
    return ZKG_OK;
}

static zkg_status global_pool(const site *s)
{
    zkg_onnx_shape shape = in(s, 0)->shape;

    if (shape.axes < 3)
        return bad(s, "its input has no axes to pool");
    for (uint32_t k = 2; k < shape.axes; k++)
        shape.len[k] = 1;
    set_shape(s, &shape, true);
    return ZKG_OK;
}

static zkg_status gemm(const site *s)
{
    const bool ta = zkg_onnx_attr_i(s->n, "transA", 0) != 0;
    const bool tb = zkg_onnx_attr_i(s->n, "transB", 0) != 0;
    const zkg_onnx_value *a = in(s, 0), *b = in(s, 1);
    zkg_onnx_shape shape = {.axes = 2};

    if (b == NULL || a->shape.axes != 2 || b->shape.axes != 2)
        return bad(s, "its inputs are not matrices");
    if (a->shape.len[ta ? 0 : 1] != b->shape.len[tb ? 1 : 0])
        return bad(s, "matrices that do not fit each other");
    shape.len[0] = a->shape.len[ta ? 1 : 0];
    shape.len[1] = b->shape.len[tb ? 0 : 1];
    set_shape(s, &shape, true);
    return ZKG_OK;
}

static zkg_status matmul(const site *s)
{
    const zkg_onnx_value *a = in(s, 0), *b = in(s, 1);
    zkg_onnx_shape x, y, shape;

    if (b == NULL || a->shape.axes == 0 || b->shape.axes == 0)
        return bad(s, "an input is missing, or a scalar");
    x = a->shape;
    y = b->shape;
    if (x.len[x.axes - 1] != y.len[y.axes == 1 ? 0 : y.axes - 2])
        return bad(s, "matrices that do not fit each other");
    /* A vector is one row, or one column, that the result lacks. */
    x.axes = x.axes == 1 ? 0 : x.axes - 2;
    y.axes = y.axes == 1 ? 0 : y.axes - 2;
    if (!broadcast(&shape, &x, &y) || shape.axes + 2 > ZKG_ONNX_MAX_AXES)
        return bad(s, "shapes that do not broadcast");
    if (a->shape.axes > 1)
        shape.len[shape.axes++] = a->shape.len[a->shape.axes - 2];
    if (b->shape.axes > 1)
        shape.len[shape.axes++] = b->shape.len[b->shape.axes - 1];
    set_shape(s, &shape, true);
    return ZKG_OK;
}

/* y = sum or mean of the constant x over some axes */
static zkg_status sum_axes(const site *s, const zkg_onnx_shape *shape,
                           const bool gone[ZKG_ONNX_MAX_AXES])
{
    const bool mean = strcmp(s->n->op, "ReduceMean") == 0;
    const zkg_onnx_tensor *x = &in(s, 0)->t;
    zkg_onnx_tensor *y;

    if (x->real == NULL)
        return ZKG_OK;
    ZKG_TRY(make_constant(&y, s, shape, true));
    x = &in(s, 0)->t;
    for (uint64_t i = 0; i < x->count; i++) {
        uint64_t rest = i, at = 0, stride = 1;

        for (uint32_t k = x->shape.axes; k-- > 0;) {
            at += gone[k] ? 0 : rest % x->shape.len[k] * stride;
            stride *= gone[k] ? 1 : x->shape.len[k];
            rest /= x->shape.len[k];
        }
        y->real[at] += x->real[i];
    }
    for (uint64_t i = 0; mean && i < y->count; i++)
        y->real[i] *= (double)y->count / (double)x->count;
    return ZKG_OK;
}

static zkg_status reduce(const site *s)
{
    const bool keep = zkg_onnx_attr_i(s->n, "keepdims", 1) != 0;
    const zkg_onnx_shape *x = &in(s, 0)->shape;
    bool gone[ZKG_ONNX_MAX_AXES] = {false};
    zkg_onnx_shape shape = {.axes = 0};
    list axes;

    ZKG_TRY(take_list(&axes, s, "axes", 1));
    if (!axes.given && in(s, 1) != NULL)
        return ZKG_OK;
    if (axes.n == 0 && zkg_onnx_attr_i(s->n, "noop_with_empty_axes", 0) != 0)
        return identity(s);
    for (uint32_t i = 0; i < x->axes && axes.n == 0; i++)
        gone[i] = true;
    for (uint32_t i = 0; i < axes.n; i++) {
        uint32_t a;

        ZKG_TRY(take_axis(&a, s, axes.v[i], x->axes));
        gone[a] = true;
    }
    for (uint32_t i = 0; i < x->axes; i++) {
        if (!gone[i] || keep)
            shape.len[shape.axes++] = gone[i] ? 1 : x->len[i];
    }
    set_shape(s, &shape, true);
    return in(s, 0)->is_constant && x->axes > 0 ? sum_axes(s, &shape, gone)
                                                : ZKG_OK;
}

/* ---- all of them ---- */

static const struct {
    const char *op;
    zkg_status (*infer)(const site *s);
} known[] = {
    {"Abs", unary},
    {"Add", binary},
    {"AveragePool", window},
    {"BatchNormalization", unary},
    {"Cast", cast},
    {"Ceil", unary},
    {"Clip", unary},
    {"Concat", concat},
    {"Constant", constant},
    {"ConstantOfShape", constant_of_shape},
    {"Conv", window},
    {"Div", binary},
    {"Dropout", dropout},
    {"Elu", unary},
    {"Equal", binary},
    {"Erf", unary},
    {"Exp", unary},
    {"Expand", expand},
    {"Flatten", flatten},
    {"Floor", unary},
    {"Gather", gather},
    {"Gelu", unary},
    {"Gemm", gemm},
    {"GlobalAveragePool", global_pool},
    {"HardSigmoid", unary},
    {"HardSwish", unary},
    {"Identity", identity},
    {"LayerNormalization", unary},
    {"LeakyRelu", unary},
    {"Log", unary},
    {"MatMul", matmul},
    {"Max", binary},
    {"MaxPool", window},
    {"Min", binary},
    {"Mul", binary},
    {"Neg", unary},
    {"Pad", pad},
    {"Pow", binary},
    {"Reciprocal", unary},
    {"ReduceMean", reduce},
    {"ReduceSum", reduce},
    {"Relu", unary},
    {"Reshape", reshape},
    {"Shape", shape_of},
    {"Sigmoid", unary},
    {"Slice", slice},
    {"Softmax", unary},
    {"Softplus", unary},
    {"Sqrt", unary},
    {"Squeeze", squeeze},
    {"Sub", binary},
    {"Tanh", unary},
    {"Transpose", transpose},
    {"Unsqueeze", unsqueeze},
};

static zkg_status infer_node(zkg_onnx_model *m, uint32_t k, zkg_error *err)
{
    const site s = {m, &m->node[k], err};

    for (uint32_t i = 0; i < s.n->inputs; i++) {
        const uint32_t id = s.n->input[i];
        const zkg_onnx_value *v = id == ZKG_ONNX_NONE ? NULL : &m->value[id];

        if (v == NULL)
            continue;
        if (v->maker != ZKG_ONNX_NONE && v->maker >= k)
            return bad(&s, "it uses a value that a later node makes");
        if (!v->has_shape)
            return ZKG_OK; /* said by whoever lowers the maker */
    }
    if (s.n->outputs == 0 || s.n->output[0] == ZKG_ONNX_NONE ||
        (s.n->domain[0] != 0 && strcmp(s.n->domain, "ai.onnx") != 0))
        return ZKG_OK;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].op, s.n->op) != 0)
            continue;
        if (known[i].infer != constant && in(&s, 0) == NULL)
            return bad(&s, "it has no input");
        ZKG_TRY(known[i].infer(&s));
        return out(&s)->has_shape && !out(&s)->is_constant && out(&s)->is_real
                   ? zkg_onnx_fold(m, s.n, err)
                   : ZKG_OK;
    }
    return ZKG_OK;
}

/* From the outputs back: what nobody uses is dead. */
static zkg_status mark_dead(zkg_onnx_model *m, zkg_error *err)
{
    bool *used = zkg_alloc(m->values, sizeof(used[0]));

    if (used == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (uint32_t i = 0; i < m->outputs; i++)
        used[m->output[i]] = true;
    for (uint32_t k = m->nodes; k-- > 0;) {
        zkg_onnx_node *n = &m->node[k];
        bool wanted = false;

        for (uint32_t i = 0; i < n->outputs; i++)
            wanted =
                wanted || (n->output[i] != ZKG_ONNX_NONE && used[n->output[i]]);
        if (!wanted && n->fate == ZKG_ONNX_LIVE)
            n->fate = ZKG_ONNX_DEAD;
        for (uint32_t i = 0; i < n->inputs; i++) {
            if (wanted && n->fate != ZKG_ONNX_FOLDED &&
                n->input[i] != ZKG_ONNX_NONE)
                used[n->input[i]] = true;
        }
    }
    zkg_free(used);
    return ZKG_OK;
}

zkg_status zkg_onnx_infer(zkg_onnx_model *m, zkg_error *err)
{
    for (uint32_t k = 0; k < m->nodes; k++)
        ZKG_TRY(infer_node(m, k, err));
    return mark_dead(m, err);
}
