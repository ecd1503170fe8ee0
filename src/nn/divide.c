/* SPDX-License-Identifier: Apache-2.0 */
/* Division by a tensor, and softmax, which divides by the sum of its row. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "nn/range.h"
#include "nn/special.h"
#include "nn/task.h"
#include "nn/weights.h"

/* ---- x / z ---- */

/* 1 or -1: a zkg_nn_function without a value at 0. */
static bool sign_of(int64_t *y, void *user, int64_t q)
{
    (void)user;
    *y = q < 0 ? -1 : 1;
    return q != 0;
}

static zkg_interval symmetric(uint64_t most)
{
    return (zkg_interval){-(int64_t)most, (int64_t)most};
}

static uint64_t magnitude(const zkg_tensor *t)
{
    const uint64_t low = t->min < 0 ? 0 - (uint64_t)t->min : (uint64_t)t->min;
    const uint64_t high = t->max < 0 ? 0 - (uint64_t)t->max : (uint64_t)t->max;

    return low > high ? low : high;
}

/* A list of the layer's axes; kept: those of `among` alone. */
static void cube_of(zkg_nn_cube *c, const zkg_nn_layer *l, const char *list,
                    const zkg_nn_cube *among)
{
    *c = (zkg_nn_cube){.axes = 0};
    while (*list != 0) {
        const size_t n = strcspn(list, ",");

        for (uint32_t i = 0; i < l->axes; i++) {
            const char *name = l->axis[i].name;
            bool kept = among == NULL;

            if (strlen(name) != n || strncmp(name, list, n) != 0)
                continue;
            for (const char *a = among == NULL ? "" : among->list; *a != 0;
                 a += strcspn(a, ",") + (a[strcspn(a, ",")] == ','))
                kept =
                    kept || (strcspn(a, ",") == n && strncmp(a, list, n) == 0);
            if (kept)
                zkg_nn_cube_push(c, name, l->axis[i].len);
        }
        list += n + (list[n] == ',');
    }
}

/* A division under construction; docs/operators.md. */
typedef struct division {
    const zkg_nn_layer *l;
    zkg_nn_task t;
    zkg_nn_quotient q;
    zkg_nn_cube x, z, h;
    char sign_table[ZKG_NN_TABLE_NAME];
} division;

static zkg_status divide_kernel(division *d)
{
    const zkg_nn_layer *l = d->l;
    const zkg_nn_task *t = &d->t;

    ZKG_TRY(zkg_graph_add_kernel(t->g, t->name, t->err));
    for (uint32_t i = 0; i < l->axes; i++)
        ZKG_TRY(zkg_graph_kernel_axis(t->g, t->name, l->axis[i].name,
                                      l->axis[i].len, t->err));
    ZKG_TRY(zkg_graph_kernel_param(t->g, t->name, "x", d->x.list, t->err));
    ZKG_TRY(zkg_graph_kernel_param(t->g, t->name, "z", d->z.list, t->err));
    ZKG_TRY(zkg_nn_quotient_params(&d->q));
    ZKG_TRY(zkg_nn_task_tensor(t, "sign", &d->z, ZKG_PRIVATE, symmetric(1)));
    ZKG_TRY(zkg_nn_task_tensor(t, "a", &d->q.out, ZKG_VIRTUAL,
                               symmetric(d->q.a_most)));
    ZKG_TRY(
        zkg_nn_task_tensor(t, "h", &d->h, ZKG_VIRTUAL, symmetric(d->q.h_most)));
    ZKG_TRY(zkg_graph_kernel_lookup(t->g, t->name, d->sign_table, "z,sign",
                                    t->err));
    ZKG_TRY(zkg_nn_quotient_einsums(&d->q));
    ZKG_TRY(zkg_nn_task_einsum(t, &d->q.out, "a"));
    ZKG_TRY(zkg_nn_task_term(t, 1, "x", &d->x, "sign", &d->z));
    ZKG_TRY(zkg_nn_task_einsum(t, &d->h, "h"));
    return zkg_nn_task_term(t, 1, "z", &d->z, "sign", &d->z);
}

zkg_status zkg_nn_divide_add(zkg_graph *g, const zkg_nn_layer *l,
                             uint32_t shift, zkg_error *err)
{
    const char *x = l->param[0].tensor, *z = l->param[1].tensor;
    const zkg_tensor *zt = &g->st.tensor[zkg_statement_tensor_id(&g->st, z)];
    const zkg_tensor *xt = &g->st.tensor[zkg_statement_tensor_id(&g->st, x)];
    const zkg_nn_bound bound[] = {{"x", x}, {"z", z}, {"y", l->y}};
    division d = {.l = l, .t = {g, l->name, err}};
    char sign[ZKG_NN_TASK_NAME];

    if (l->full)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "layer %s has too many axes or operands", l->name);
    if (zkg_nn_is_split(g, x) || zkg_nn_is_split(g, z))
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "layer %s: a division of private weights of more than "
                        "%d bits; use a smaller scale",
                        l->name, ZKG_NN_DIGIT_BITS);
    d.q = (zkg_nn_quotient){.task = &d.t,
                            .c = (int64_t)1 << shift,
                            .a = "a",
                            .a_axes = &d.q.out,
                            .h = "h",
                            .h_axes = &d.h,
                            .a_most = magnitude(xt),
                            .h_most = magnitude(zt),
                            .y = l->y,
                            .y_visibility = l->y_visibility,
                            .q = l->q};
    cube_of(&d.q.out, l, l->out, NULL);
    cube_of(&d.x, l, l->param[0].axes, NULL);
    cube_of(&d.z, l, l->param[1].axes, NULL);
    cube_of(&d.h, l, l->param[1].axes, &d.q.out);
    ZKG_TRY(zkg_nn_function_table(
        d.sign_table, g, (zkg_interval){zt->min, zt->max}, sign_of, NULL, err));
    ZKG_TRY(divide_kernel(&d));
    ZKG_TRY(zkg_nn_task_add(&d.t, bound, 3));
    zkg_nn_task_tensor_name(sign, &d.t, "sign");
    ZKG_TRY(zkg_graph_rule_map(g, d.sign_table, z, sign, err));
    ZKG_TRY(zkg_nn_task_solve(&d.t, 2, "a"));
    ZKG_TRY(zkg_nn_task_solve(&d.t, 3, "h"));
    return zkg_nn_quotient_rules(&d.q);
}

/* ---- softmax ---- */

/* The table of (d, 2^t exp(-d / 2^s), is d 0). */
static zkg_status exp_table(char name[ZKG_NN_TABLE_NAME], zkg_graph *g,
                            uint32_t bits, const zkg_nn_softmax *l,
                            zkg_error *err)
{
    const uint64_t rows = UINT64_C(1) << bits;
    const int64_t *columns[3];
    int64_t *value;
    zkg_status s;

    snprintf(name, ZKG_NN_TABLE_NAME, "exp%u_%u_%u", bits, l->scale,
             l->exp_bits);
    value = zkg_alloc(3 * rows, sizeof(value[0]));
    if (value == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a table");
    for (uint64_t i = 0; i < rows; i++) {
        value[i] = (int64_t)i;
        value[rows + i] = zkg_nn_model_exp((int64_t)i, l->scale, l->exp_bits);
        value[2 * rows + i] = i == 0;
    }
    for (int c = 0; c < 3; c++)
        columns[c] = value + (uint64_t)c * rows;
    s = zkg_nn_share_columns(g, name, 3, rows, columns, err);
    zkg_free(value);
    return s;
}

/* A softmax under construction. */
typedef struct softmax {
    const zkg_nn_softmax *l;
    zkg_nn_task t;
    zkg_nn_quotient q;
    zkg_tensor x; /* a copy: the list of tensors moves */
    zkg_nn_cube row;
    uint64_t n;    /* elements of a row */
    uint32_t bits; /* of d */
    char table[ZKG_NN_TABLE_NAME];
} softmax;

/* Einsums: 0, 1 the quotient's; 2 the zeros, 3 the sum, 4 the differences. */
static zkg_status softmax_einsums(const softmax *s)
{
    const zkg_nn_task *t = &s->t;
    const zkg_nn_cube *all = &s->q.out;

    ZKG_TRY(zkg_nn_quotient_einsums(&s->q));
    ZKG_TRY(zkg_nn_task_einsum(t, &s->row, NULL));
    ZKG_TRY(zkg_nn_task_term(t, 1, "zero", all, NULL, NULL));
    ZKG_TRY(zkg_nn_task_term(t, -1, NULL, NULL, NULL, NULL));
    ZKG_TRY(zkg_nn_task_term(t, -1, "more", &s->row, NULL, NULL));
    ZKG_TRY(zkg_nn_task_einsum(t, &s->row, "sum"));
    ZKG_TRY(zkg_nn_task_term(t, 1, "e", all, NULL, NULL));
    ZKG_TRY(zkg_nn_task_einsum(t, all, "d"));
    ZKG_TRY(zkg_nn_task_term(t, 1, "m", &s->row, NULL, NULL));
    return zkg_nn_task_term(t, -1, "x", all, NULL, NULL);
}

static zkg_status softmax_kernel(softmax *s)
{
    const zkg_nn_task *t = &s->t;
    const zkg_nn_cube *all = &s->q.out;
    const int64_t one = (int64_t)1 << s->l->exp_bits;
    uint32_t zeros = 1;

    while (UINT64_C(1) << zeros < s->n)
        zeros++;
    ZKG_TRY(zkg_graph_add_kernel(t->g, t->name, t->err));
    for (uint32_t i = 0; i < s->x.axes; i++) {
        char axis[16];

        snprintf(axis, sizeof(axis), "a%u", i);
        ZKG_TRY(
            zkg_graph_kernel_axis(t->g, t->name, axis, s->x.len[i], t->err));
    }
    ZKG_TRY(zkg_graph_kernel_param(t->g, t->name, "x", all->list, t->err));
    ZKG_TRY(zkg_nn_quotient_params(&s->q));
    ZKG_TRY(zkg_nn_task_ranged(t, "m", &s->row,
                               (zkg_interval){s->x.min, s->x.max}));
    ZKG_TRY(zkg_nn_task_ranged(t, "more", &s->row,
                               (zkg_interval){0, ((int64_t)1 << zeros) - 1}));
    ZKG_TRY(zkg_nn_task_tensor(t, "d", all, ZKG_VIRTUAL,
                               (zkg_interval){0, ((int64_t)1 << s->bits) - 1}));
    ZKG_TRY(
        zkg_nn_task_tensor(t, "e", all, ZKG_PRIVATE, (zkg_interval){0, one}));
    ZKG_TRY(
        zkg_nn_task_tensor(t, "zero", all, ZKG_PRIVATE, (zkg_interval){0, 1}));
    ZKG_TRY(zkg_nn_task_tensor(t, "sum", &s->row, ZKG_VIRTUAL,
                               (zkg_interval){0, (int64_t)s->q.h_most}));
    ZKG_TRY(
        zkg_graph_kernel_lookup(t->g, t->name, s->table, "d,e,zero", t->err));
    return softmax_einsums(s);
}

static zkg_status softmax_rules(const softmax *s)
{
    const zkg_nn_task *t = &s->t;
    const char *task = t->g->st.task[t->g->st.tasks - 1].name;
    char m[ZKG_NN_TASK_NAME], d[ZKG_NN_TASK_NAME], e[ZKG_NN_TASK_NAME],
        zero[ZKG_NN_TASK_NAME];

    zkg_nn_task_tensor_name(m, t, "m");
    zkg_nn_task_tensor_name(d, t, "d");
    zkg_nn_task_tensor_name(e, t, "e");
    zkg_nn_task_tensor_name(zero, t, "zero");
    ZKG_TRY(zkg_graph_rule_max(t->g, task, 4, m, t->err));
    ZKG_TRY(zkg_graph_rule_solve(t->g, task, 4, d, t->err));
    ZKG_TRY(zkg_graph_rule_map_column(t->g, s->table, 1, d, e, t->err));
    ZKG_TRY(zkg_graph_rule_map_column(t->g, s->table, 2, d, zero, t->err));
    ZKG_TRY(zkg_nn_task_solve(t, 2, "more"));
    ZKG_TRY(zkg_nn_task_solve(t, 3, "sum"));
    return zkg_nn_quotient_rules(&s->q);
}

static zkg_status plan_softmax(softmax *s)
{
    const zkg_nn_softmax *l = s->l;
    const uint64_t range = (uint64_t)s->x.max - (uint64_t)s->x.min;

    s->n = 1;
    for (uint32_t i = 0; i < s->x.axes; i++) {
        char axis[16];

        snprintf(axis, sizeof(axis), "a%u", i);
        zkg_nn_cube_push(&s->q.out, axis, s->x.len[i]);
        if (l->over[i])
            s->n *= s->x.len[i];
        else
            zkg_nn_cube_push(&s->row, axis, s->x.len[i]);
    }
    s->q.h_most = s->n << l->exp_bits;
    s->bits = 1;
    while (s->bits < 63 && UINT64_C(1) << s->bits <= range)
        s->bits++;
    if (s->bits <= ZKG_NN_TABLE_BITS && s->n <= UINT64_C(1) << 20)
        return ZKG_OK;
    return zkg_fail(s->t.err, ZKG_ERR_UNSUPPORTED,
                    "layer %s: rows of %llu values that differ by %llu; both "
                    "are to be below 2^%d: use a smaller scale",
                    l->name, (unsigned long long)s->n,
                    (unsigned long long)range, ZKG_NN_TABLE_BITS);
}

zkg_status zkg_nn_softmax_add(zkg_graph *g, const zkg_nn_softmax *l,
                              zkg_error *err)
{
    const zkg_nn_bound bound[] = {{"x", l->x}, {"y", l->y}};
    softmax s = {.l = l,
                 .t = {g, l->name, err},
                 .x = g->st.tensor[zkg_statement_tensor_id(&g->st, l->x)]};

    s.q = (zkg_nn_quotient){.task = &s.t,
                            .c = (int64_t)1 << l->scale,
                            .a = "e",
                            .a_axes = &s.q.out,
                            .h = "sum",
                            .h_axes = &s.row,
                            .a_most = UINT64_C(1) << l->exp_bits,
                            .y = l->y,
                            .y_visibility = l->y_visibility,
                            .q = {0, ((int64_t)2 << l->scale) - 1}};
    ZKG_TRY(plan_softmax(&s));
    ZKG_TRY(exp_table(s.table, g, s.bits, l, err));
    ZKG_TRY(softmax_kernel(&s));
    ZKG_TRY(zkg_nn_task_add(&s.t, bound, 2));
    return softmax_rules(&s);
}
