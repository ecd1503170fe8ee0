/* SPDX-License-Identifier: Apache-2.0 */
/* The same elements in another shape.
 *
 * Both shapes are cut into the same pieces where their lengths allow it: the
 * einsum x[..] - y[..] = 0 runs over the pieces, and an axis of two of them is
 * the index L a + b.  What takes more goes by shapes between. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "nn/special.h"
#include "nn/task.h"

#define MAX_PIECES (2 * ZKG_MAX_AXES)

typedef struct shape {
    uint32_t axes;
    uint64_t len[ZKG_MAX_AXES];
} shape;

/* Pieces of both, highest first, and how many each axis has. */
typedef struct pieces {
    uint32_t n;
    uint64_t len[MAX_PIECES];
    uint32_t of[2][ZKG_MAX_AXES];
} pieces;

/* False when their cuts do not divide each other. */
static bool cut(pieces *p, const shape *a, const shape *b)
{
    const shape *s[2] = {a, b};
    uint32_t at[2] = {0, 0};
    uint64_t left[2] = {1, 1};

    *p = (pieces){.n = 0};
    for (;;) {
        uint64_t piece;

        for (int k = 0; k < 2; k++) {
            while (left[k] == 1 && at[k] < s[k]->axes)
                left[k] = s[k]->len[at[k]++];
        }
        if (left[0] == 1 || left[1] == 1)
            return left[0] == left[1];
        piece = left[0] < left[1] ? left[0] : left[1];
        if (left[0] % piece != 0 || left[1] % piece != 0 || p->n == MAX_PIECES)
            return false;
        p->len[p->n++] = piece;
        for (int k = 0; k < 2; k++) {
            left[k] /= piece;
            p->of[k][at[k] - 1]++;
        }
    }
}

/* Replace axis k by two. */
static bool split_axis(shape *out, const shape *a, uint32_t k, uint64_t first)
{
    *out = *a;
    if (a->axes == ZKG_MAX_AXES)
        return false;
    for (uint32_t i = a->axes; i > k; i--)
        out->len[i] = a->len[i - 1];
    out->axes++;
    out->len[k] = first;
    out->len[k + 1] = a->len[k] / first;
    return true;
}

/* Where the pieces of axis k of one of the two begin. */
static uint32_t first_piece(const pieces *p, int which, uint32_t k)
{
    uint32_t at = 0;

    for (uint32_t i = 0; i < k; i++)
        at += p->of[which][i];
    return at;
}

/* A shape that one task makes of a, on the way to b. */
static bool next_shape(shape *out, const shape *a, const shape *b)
{
    shape flat = {.axes = 1, .len = {1}}, whole = {.axes = 0};
    pieces p;

    for (uint32_t i = 0; i < a->axes; i++)
        flat.len[0] *= a->len[i];
    if (!cut(&p, a, b)) {
        b = &flat;
        (void)cut(&p, a, b);
    }
    for (uint32_t k = 0; k < a->axes; k++) {
        if (p.of[0][k] > 2)
            return split_axis(out, a, k, p.len[first_piece(&p, 0, k)]);
    }
    *out = *b;
    for (uint32_t k = 0; k < b->axes; k++) {
        const uint32_t at = first_piece(&p, 1, k);

        if (p.of[1][k] <= 2)
            continue;
        /* The pieces by themselves, the first two of this axis as one. */
        for (uint32_t i = 0; i < p.n; i++) {
            if (i == at + 1)
                whole.len[whole.axes - 1] *= p.len[i];
            else if (whole.axes == ZKG_MAX_AXES)
                return false;
            else
                whole.len[whole.axes++] = p.len[i];
        }
        *out = whole;
        break;
    }
    return true;
}

/* A parameter's axes, and its indices over the pieces. */
static zkg_status push_side(zkg_nn_cube *own, char index[ZKG_NN_FACTOR],
                            const zkg_nn_task *t, const pieces *p, int which,
                            const shape *s)
{
    *own = (zkg_nn_cube){.axes = 0};
    index[0] = 0;
    for (uint32_t k = 0; k < s->axes; k++) {
        const uint32_t at = first_piece(p, which, k);
        const size_t n = strlen(index);
        char axis[16], text[64];

        snprintf(axis, sizeof(axis), "%s%u", which == 0 ? "x" : "y", k);
        if (p->of[which][k] == 1) {
            snprintf(axis, sizeof(axis), "p%u", at);
        } else {
            ZKG_TRY(
                zkg_graph_kernel_axis(t->g, t->name, axis, s->len[k], t->err));
        }
        if (p->of[which][k] == 2)
            snprintf(text, sizeof(text), "%" PRIu64 "*p%u+1*p%u",
                     p->len[at + 1], at, at + 1);
        else
            snprintf(text, sizeof(text), "%s", axis);
        zkg_nn_cube_push(own, axis, s->len[k]);
        snprintf(index + n, ZKG_NN_FACTOR - n, "%s%s", n > 0 ? "," : "", text);
    }
    return ZKG_OK;
}

/* x in shape a to y in shape b, in one task. */
static zkg_status add_step(const zkg_nn_task *t, const char *x, const char *y,
                           const shape *a, const shape *b)
{
    const zkg_tensor *from =
        &t->g->st.tensor[zkg_statement_tensor_id(&t->g->st, x)];
    const zkg_interval range = {from->min, from->max};
    const zkg_nn_bound bound[] = {{"x", x}};
    zkg_nn_cube out = {.axes = 0}, own[2];
    char index[2][ZKG_NN_FACTOR], factor[2][ZKG_NN_FACTOR + 8];
    pieces p;

    (void)cut(&p, a, b);
    ZKG_TRY(zkg_graph_add_kernel(t->g, t->name, t->err));
    for (uint32_t i = 0; i < p.n; i++) {
        char axis[16];

        snprintf(axis, sizeof(axis), "p%u", i);
        ZKG_TRY(zkg_graph_kernel_axis(t->g, t->name, axis, p.len[i], t->err));
        zkg_nn_cube_push(&out, axis, p.len[i]);
    }
    ZKG_TRY(push_side(&own[0], index[0], t, &p, 0, a));
    ZKG_TRY(push_side(&own[1], index[1], t, &p, 1, b));
    ZKG_TRY(zkg_graph_kernel_param(t->g, t->name, "x", own[0].list, t->err));
    ZKG_TRY(zkg_nn_task_ranged(t, "y", &own[1], range));
    snprintf(factor[0], sizeof(factor[0]), a->axes > 0 ? "x[%s]" : "x",
             index[0]);
    snprintf(factor[1], sizeof(factor[1]), b->axes > 0 ? "y[%s]" : "y",
             index[1]);
    ZKG_TRY(zkg_nn_task_einsum(t, &out, NULL));
    ZKG_TRY(zkg_graph_kernel_term(t->g, t->name, "1", factor[0], NULL, t->err));
    ZKG_TRY(
        zkg_graph_kernel_term(t->g, t->name, "-1", factor[1], NULL, t->err));
    ZKG_TRY(zkg_nn_task_add(t, bound, 1));
    return zkg_graph_rule_copy(t->g, x, y, t->err);
}

zkg_status zkg_nn_reshape_add(char y[ZKG_NN_TASK_NAME], zkg_graph *g,
                              const char *name, const char *x, uint32_t axes,
                              const uint64_t *len, zkg_error *err)
{
    const zkg_tensor *from = &g->st.tensor[zkg_statement_tensor_id(&g->st, x)];
    shape a = {.axes = from->axes}, b = {.axes = axes}, c;
    char at[ZKG_NN_TASK_NAME], task[ZKG_NN_TASK_NAME];

    memcpy(a.len, from->len, a.axes * sizeof(a.len[0]));
    memcpy(b.len, len, axes * sizeof(len[0]));
    snprintf(at, sizeof(at), "%s", x);
    for (uint32_t i = 0;; i++) {
        const zkg_nn_task t = {g, task, err};

        snprintf(task, sizeof(task), "%.90s.shape%u", name, i);
        if (!next_shape(&c, &a, &b))
            return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                            "layer %s: a shape of too many axes", name);
        zkg_nn_task_tensor_name(y, &t, "y");
        ZKG_TRY(add_step(&t, at, y, &a, &c));
        if (c.axes == b.axes &&
            memcmp(c.len, b.len, b.axes * sizeof(b.len[0])) == 0)
            return ZKG_OK;
        a = c;
        snprintf(at, sizeof(at), "%s", y);
    }
}
