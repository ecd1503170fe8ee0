/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks piece by piece. */
#include "nn/task.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "nn/model.h"
#include "nn/range.h"
#include "tensor/dtype.h"

void zkg_nn_cube_push(zkg_nn_cube *c, const char *axis, uint64_t len)
{
    const size_t n = strlen(c->list);

    snprintf(c->list + n, sizeof(c->list) - n, "%s%s", n > 0 ? "," : "", axis);
    c->len[c->axes++] = len;
}

void zkg_nn_task_tensor_name(char out[ZKG_NN_TASK_NAME], const zkg_nn_task *t,
                             const char *param)
{
    snprintf(out, ZKG_NN_TASK_NAME, "%.110s.%.12s", t->name, param);
}

void zkg_nn_task_factor(char out[ZKG_NN_FACTOR], const char *param,
                        const zkg_nn_cube *c)
{
    snprintf(out, ZKG_NN_FACTOR, c->axes > 0 ? "%.80s[%s]" : "%.80s", param,
             c->list);
}

zkg_status zkg_nn_task_tensor(const zkg_nn_task *t, const char *param,
                              const zkg_nn_cube *c, zkg_visibility vis,
                              zkg_interval range)
{
    char name[ZKG_NN_TASK_NAME];
    zkg_tensor_spec spec = {.name = name,
                            .type = zkg_dtype_for_range(range.min, range.max),
                            .visibility = vis,
                            .axes = c->axes,
                            .min = range.min,
                            .max = range.max};

    zkg_nn_task_tensor_name(name, t, param);
    memcpy(spec.len, c->len, c->axes * sizeof(spec.len[0]));
    ZKG_TRY(zkg_graph_add_tensor(t->g, &spec, t->err));
    return zkg_graph_kernel_param(t->g, t->name, param, c->list, t->err);
}

zkg_status zkg_nn_task_ranged(const zkg_nn_task *t, const char *param,
                              const zkg_nn_cube *c, zkg_interval range)
{
    char table[ZKG_NN_TABLE_NAME];

    ZKG_TRY(zkg_nn_task_tensor(t, param, c, ZKG_PRIVATE, range));
    ZKG_TRY(zkg_nn_range_table(table, t->g, range.min, range.max, t->err));
    return zkg_graph_kernel_lookup(t->g, t->name, table, param, t->err);
}

zkg_status zkg_nn_task_einsum(const zkg_nn_task *t, const zkg_nn_cube *out,
                              const char *equals)
{
    return zkg_graph_kernel_einsum(t->g, t->name, out->list, equals, t->err);
}

zkg_status zkg_nn_task_term(const zkg_nn_task *t, int64_t c, const char *a,
                            const zkg_nn_cube *a_axes, const char *b,
                            const zkg_nn_cube *b_axes)
{
    char text[24], f[2][ZKG_NN_FACTOR];

    snprintf(text, sizeof(text), "%" PRId64, c);
    if (a != NULL)
        zkg_nn_task_factor(f[0], a, a_axes);
    if (b != NULL)
        zkg_nn_task_factor(f[1], b, b_axes);
    return zkg_graph_kernel_term(t->g, t->name, text, a == NULL ? NULL : f[0],
                                 b == NULL ? NULL : f[1], t->err);
}

zkg_status zkg_nn_task_add(const zkg_nn_task *t, const zkg_nn_bound *bound,
                           uint32_t bounds)
{
    const uint32_t k = zkg_statement_kernel_id(&t->g->st, t->name);
    const uint32_t params = t->g->st.kernel[k].params;

    ZKG_TRY(zkg_graph_add_task(t->g, NULL, t->name, 1, t->err));
    for (uint32_t i = 0; i < params; i++) {
        const char *param = t->g->st.kernel[k].param[i].name;
        char own[ZKG_NN_TASK_NAME];
        const char *tensor = own;

        zkg_nn_task_tensor_name(own, t, param);
        for (uint32_t j = 0; j < bounds; j++) {
            if (strcmp(bound[j].param, param) == 0)
                tensor = bound[j].tensor;
        }
        ZKG_TRY(zkg_graph_bind(t->g, param, tensor, false, t->err));
    }
    return ZKG_OK;
}

/* The task is the one added last. */
static const char *task_name(const zkg_nn_task *t)
{
    return t->g->st.task[t->g->st.tasks - 1].name;
}

zkg_status zkg_nn_task_solve(const zkg_nn_task *t, uint32_t e,
                             const char *param)
{
    char name[ZKG_NN_TASK_NAME];

    zkg_nn_task_tensor_name(name, t, param);
    return zkg_graph_rule_solve(t->g, task_name(t), e, name, t->err);
}

/* ---- division ---- */

#define DIGIT_BITS 16

/* Numbers below 2 h_most in n digits of `each` bits. */
static void plan_digits(uint32_t *n, uint32_t *each, const zkg_nn_quotient *q)
{
    uint32_t bits = 2;

    while (bits < 63 && UINT64_C(1) << bits < 2 * q->h_most)
        bits++;
    *n = (bits + DIGIT_BITS - 1) / DIGIT_BITS;
    *each = (bits + *n - 1) / *n;
}

static uint64_t magnitude(zkg_interval h)
{
    const uint64_t low = h.min < 0 ? 0 - (uint64_t)h.min : (uint64_t)h.min;
    const uint64_t high = h.max < 0 ? 0 - (uint64_t)h.max : (uint64_t)h.max;

    return low > high ? low : high;
}

static void digit_name(char out[12], const char *stem, uint32_t i)
{
    snprintf(out, 12, "%s%u", stem, i);
}

zkg_status zkg_nn_quotient_params(const zkg_nn_quotient *q)
{
    const zkg_nn_task *t = q->task;
    zkg_tensor_spec y = {.name = q->y,
                         .type = zkg_dtype_for_range(q->q.min, q->q.max),
                         .visibility = q->y_visibility,
                         .axes = q->out.axes,
                         .min = q->q.min,
                         .max = q->q.max};
    char table[ZKG_NN_TABLE_NAME];
    uint32_t n, each;

    if (q->h_most > (uint64_t)1 << 40 ||
        !zkg_nn_sum_fits(2, q->a_most, (uint64_t)q->c, q->h_most) ||
        !zkg_nn_sum_fits(2, q->h_most, magnitude(q->q) + 1, 0))
        return zkg_fail(t->err, ZKG_ERR_UNSUPPORTED,
                        "layer %s: a division whose sums could leave 62 bits; "
                        "use smaller scales",
                        t->name);
    plan_digits(&n, &each, q);
    memcpy(y.len, q->out.len, y.axes * sizeof(y.len[0]));
    ZKG_TRY(zkg_graph_add_tensor(t->g, &y, t->err));
    ZKG_TRY(zkg_graph_kernel_param(t->g, t->name, "y", q->out.list, t->err));
    for (int which = 0; which < 2; which++) {
        for (uint32_t i = 0; i < n; i++) {
            char param[12];

            digit_name(param, which == 0 ? "rem" : "gap", i);
            ZKG_TRY(zkg_nn_task_ranged(
                t, param, &q->out,
                (zkg_interval){0, ((int64_t)1 << each) - 1}));
        }
    }
    if (q->y_visibility == ZKG_PUBLIC)
        return ZKG_OK;
    ZKG_TRY(zkg_nn_range_table(table, t->g, q->q.min, q->q.max, t->err));
    return zkg_graph_kernel_lookup(t->g, t->name, table, "y", t->err);
}

static zkg_status digit_terms(const zkg_nn_quotient *q, const char *stem)
{
    uint32_t n, each;

    plan_digits(&n, &each, q);
    for (uint32_t i = 0; i < n; i++) {
        char param[12];

        digit_name(param, stem, i);
        ZKG_TRY(zkg_nn_task_term(q->task, -((int64_t)1 << (each * i)), param,
                                 &q->out, NULL, NULL));
    }
    return ZKG_OK;
}

zkg_status zkg_nn_quotient_einsums(const zkg_nn_quotient *q)
{
    const zkg_nn_task *t = q->task;

    ZKG_TRY(zkg_nn_task_einsum(t, &q->out, NULL));
    ZKG_TRY(zkg_nn_task_term(t, 2 * q->c, q->a, q->a_axes, NULL, NULL));
    ZKG_TRY(zkg_nn_task_term(t, 1, q->h, q->h_axes, NULL, NULL));
    ZKG_TRY(zkg_nn_task_term(t, -2, q->h, q->h_axes, "y", &q->out));
    ZKG_TRY(digit_terms(q, "rem"));
    ZKG_TRY(zkg_nn_task_einsum(t, &q->out, NULL));
    ZKG_TRY(zkg_nn_task_term(t, 2, q->h, q->h_axes, NULL, NULL));
    ZKG_TRY(zkg_nn_task_term(t, -1, NULL, NULL, NULL, NULL));
    ZKG_TRY(digit_terms(q, "rem"));
    return digit_terms(q, "gap");
}

zkg_status zkg_nn_quotient_rules(const zkg_nn_quotient *q)
{
    const zkg_nn_task *t = q->task;
    char name[2][ZKG_NN_QUOTIENT_DIGITS][ZKG_NN_TASK_NAME], param[12];
    const char *digit[2][ZKG_NN_QUOTIENT_DIGITS];
    uint32_t n, each;

    plan_digits(&n, &each, q);
    for (int which = 0; which < 2; which++) {
        for (uint32_t i = 0; i < n; i++) {
            digit_name(param, which == 0 ? "rem" : "gap", i);
            zkg_nn_task_tensor_name(name[which][i], t, param);
            digit[which][i] = name[which][i];
        }
    }
    ZKG_TRY(zkg_graph_rule_digits(t->g, task_name(t), 0, q->y, digit[0], n,
                                  t->err));
    /* The highest digit of the gap is what is left of it. */
    return n == 1
               ? zkg_graph_rule_solve(t->g, task_name(t), 1, digit[1][0],
                                      t->err)
               : zkg_graph_rule_digits(t->g, task_name(t), 1, digit[1][n - 1],
                                       digit[1], n - 1, t->err);
}
