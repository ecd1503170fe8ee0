/* SPDX-License-Identifier: Apache-2.0 */
/* Layer normalisation: the numbers of each row, then the elements. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "nn/special.h"
#include "tensor/dtype.h"

#define NAME_BYTES (ZKG_MAX_NAME + 32)

/* The task of the rows under construction. */
typedef struct rows {
    zkg_graph *g;
    const zkg_nn_layer_norm *l;
    zkg_tensor x;          /* a copy: the list of tensors moves */
    char name[NAME_BYTES]; /* of kernel and task */
    char out[96], all[160];
    uint32_t v_low, u_low; /* bits of the lower limbs */
    uint32_t next;         /* einsum to be added */
    zkg_error *err;
} rows;

static void list_push(char *list, size_t bytes, const char *text)
{
    const size_t n = strlen(list);

    snprintf(list + n, bytes - n, "%s%s", n > 0 ? "," : "", text);
}

/* The tensor behind a parameter: <name>.<param>. */
static void tensor_name(char out[NAME_BYTES], const rows *r, const char *param)
{
    snprintf(out, NAME_BYTES, "%.110s.%.12s", r->l->name, param);
}

/* A tensor of one number a row, its parameter, and its lookup. */
static zkg_status add_row(rows *r, const char *param, zkg_visibility vis,
                          int64_t min, int64_t max)
{
    char name[NAME_BYTES], table[ZKG_NN_TABLE_NAME];
    zkg_tensor_spec spec = {.name = name,
                            .type = zkg_dtype_for_range(min, max),
                            .visibility = vis,
                            .axes = r->l->row_axes,
                            .min = min,
                            .max = max};

    tensor_name(name, r, param);
    memcpy(spec.len, r->x.len, spec.axes * sizeof(spec.len[0]));
    ZKG_TRY(zkg_graph_add_tensor(r->g, &spec, r->err));
    ZKG_TRY(zkg_graph_kernel_param(r->g, r->name, param, r->out, r->err));
    if (vis == ZKG_VIRTUAL)
        return ZKG_OK;
    ZKG_TRY(zkg_nn_range_table(table, r->g, min, max, r->err));
    return zkg_graph_kernel_lookup(r->g, r->name, table, param, r->err);
}

/* A term of parameters over the rows, or over all of x. */
static zkg_status term(rows *r, int64_t c, const char *a, const char *b)
{
    char text[24], f[2][200];
    const char *const names[2] = {a, b};

    snprintf(text, sizeof(text), "%" PRId64, c);
    for (int i = 0; i < 2; i++) {
        const char *list =
            names[i] != NULL && strcmp(names[i], "x") == 0 ? r->all : r->out;

        if (names[i] != NULL)
            snprintf(f[i], sizeof(f[i]), list[0] != 0 ? "%s[%s]" : "%s",
                     names[i], list);
    }
    return zkg_graph_kernel_term(r->g, r->name, text, a == NULL ? NULL : f[0],
                                 b == NULL ? NULL : f[1], r->err);
}

static zkg_status einsum(rows *r, const char *equals)
{
    r->next++;
    return zkg_graph_kernel_einsum(r->g, r->name, r->out, equals, r->err);
}

/* How D's remainders are cut into parts of at most 16 bits; `rem0`, `rem1`. */
typedef struct parts {
    uint32_t n;
    int64_t radix[5];
    char param[4][12];
} parts;

/* Remainders of 2^k n0 with n0 odd: n0 first, unless it is 1. */
static zkg_status plan_parts(parts *p, const rows *r, uint64_t d,
                             const char *stem)
{
    uint64_t odd = d, at = 1;
    uint32_t bits = 0;

    *p = (parts){.radix = {1}};
    while (odd % 2 == 0) {
        odd /= 2;
        bits++;
    }
    if (odd > ZKG_MAX_TABLE_ROWS || bits > 48)
        return zkg_fail(r->err, ZKG_ERR_UNSUPPORTED,
                        "layer %s: rows of a length whose odd part is over "
                        "2^20 are not there yet",
                        r->l->name);
    while (bits > 0 || odd > 1) {
        const uint32_t take = odd > 1 ? 0 : bits > 16 ? 16 : bits;

        at *= odd > 1 ? odd : (uint64_t)1 << take;
        bits -= take;
        odd = 1;
        snprintf(p->param[p->n], sizeof(p->param[0]), "%s%u", stem, p->n);
        p->radix[++p->n] = (int64_t)at;
    }
    return ZKG_OK;
}

static zkg_status add_parts(rows *r, const parts *p)
{
    for (uint32_t i = 0; i < p->n; i++)
        ZKG_TRY(add_row(r, p->param[i], ZKG_PRIVATE, 0,
                        p->radix[i + 1] / p->radix[i] - 1));
    return ZKG_OK;
}

static zkg_status part_terms(rows *r, const parts *p)
{
    for (uint32_t i = 0; i < p->n; i++)
        ZKG_TRY(term(r, -p->radix[i], p->param[i], NULL));
    return ZKG_OK;
}

/* With D odd everything is doubled. */
static int64_t doubling(int64_t d)
{
    return d % 2 == 0 ? 1 : 2;
}

/* Axes, x, and the tensors of each row. */
static zkg_status add_rows(rows *r, const parts *mean, const parts *var,
                           const parts *gap)
{
    const zkg_nn_layer_norm *l = r->l;
    const uint64_t bound =
        (uint64_t)(-r->x.min > r->x.max ? -r->x.min : r->x.max);
    const int64_t sum = (int64_t)(bound * l->how.n);
    const int64_t v_max = ((int64_t)1 << l->v_bits) - 1;
    const int64_t u_max = ((int64_t)1 << l->u_bits) - 1;

    ZKG_TRY(zkg_graph_add_kernel(r->g, r->name, r->err));
    for (uint32_t i = 0; i < r->x.axes; i++) {
        char axis[16];

        snprintf(axis, sizeof(axis), "a%u", i);
        ZKG_TRY(
            zkg_graph_kernel_axis(r->g, r->name, axis, r->x.len[i], r->err));
        list_push(r->all, sizeof(r->all), axis);
        if (i < l->row_axes)
            list_push(r->out, sizeof(r->out), axis);
    }
    ZKG_TRY(zkg_graph_kernel_param(r->g, r->name, "x", r->all, r->err));
    ZKG_TRY(add_row(r, "m", ZKG_PRIVATE, l->m.min, l->m.max));
    ZKG_TRY(add_parts(r, mean));
    ZKG_TRY(add_parts(r, var));
    ZKG_TRY(add_row(r, "v0", ZKG_PRIVATE, 0, ((int64_t)1 << r->v_low) - 1));
    ZKG_TRY(add_row(r, "v1", ZKG_PRIVATE, 0, v_max >> r->v_low));
    ZKG_TRY(add_row(r, "u0", ZKG_PRIVATE, 0, ((int64_t)1 << r->u_low) - 1));
    ZKG_TRY(add_row(r, "u1", ZKG_PRIVATE, 0, u_max >> r->u_low));
    for (int which = 0; which < 2; which++) {
        for (uint32_t i = 0; i < gap->n; i++) {
            char param[12];

            snprintf(param, sizeof(param), "%s%u", which == 0 ? "lo" : "hi", i);
            ZKG_TRY(add_row(r, param, ZKG_PRIVATE, 0,
                            gap->radix[i + 1] / gap->radix[i] - 1));
        }
    }
    ZKG_TRY(add_row(r, "sum", ZKG_VIRTUAL, -sum, sum));
    ZKG_TRY(add_row(r, "v", ZKG_VIRTUAL, 0, v_max));
    ZKG_TRY(add_row(r, "u", ZKG_VIRTUAL, 0, u_max));
    return add_row(r, "uu", ZKG_VIRTUAL, 0,
                   l->u_bits > 31 ? INT64_MAX : u_max * u_max);
}

/* 2^e sum x + half = n m + rem. */
static zkg_status mean_einsum(rows *r, const parts *p)
{
    const int64_t n = (int64_t)r->l->how.n, d = doubling(n);

    ZKG_TRY(einsum(r, NULL));
    ZKG_TRY(term(r, d * ((int64_t)1 << r->l->how.mean_bits), "x", NULL));
    if (n > 1)
        ZKG_TRY(term(r, d * n / 2, NULL, NULL));
    ZKG_TRY(term(r, -d * n, "m", NULL));
    return n > 1 ? part_terms(r, p) : ZKG_OK;
}

/* 2^(2e) sum x^2 - 2^(e+1) sum m + n m^2 + epsilon + half = D v + rem. */
static zkg_status variance_einsum(rows *r, const parts *p, int64_t divisor)
{
    const zkg_nn_norm *h = &r->l->how;
    const int64_t d = doubling(divisor), e = (int64_t)1 << h->mean_bits;
    const int64_t constant =
        d * h->epsilon + (divisor > 1 ? d * divisor / 2 : 0);

    ZKG_TRY(einsum(r, NULL));
    ZKG_TRY(term(r, d * e * e, "x", "x"));
    ZKG_TRY(term(r, -2 * d * e, "sum", "m"));
    ZKG_TRY(term(r, d * (int64_t)h->n, "m", "m"));
    if (constant != 0)
        ZKG_TRY(term(r, constant, NULL, NULL));
    ZKG_TRY(term(r, -d * divisor, "v0", NULL));
    ZKG_TRY(term(r, -d * divisor * ((int64_t)1 << r->v_low), "v1", NULL));
    return divisor > 1 ? part_terms(r, p) : ZKG_OK;
}

/* lo = 2^(2t) - u^2 v and hi = (u+1)^2 v - 1 - 2^(2t), in parts: not below 0.
 */
static zkg_status root_einsums(rows *r, const parts *gap)
{
    const int64_t one = (int64_t)1 << (2 * r->l->how.root_bits);

    for (int which = 0; which < 2; which++) {
        ZKG_TRY(einsum(r, NULL));
        ZKG_TRY(term(r, which == 0 ? -1 : 1, "uu", "v"));
        if (which == 1) {
            ZKG_TRY(term(r, 2, "u", "v"));
            ZKG_TRY(term(r, 1, "v", NULL));
        }
        ZKG_TRY(term(r, which == 0 ? one : -one - 1, NULL, NULL));
        for (uint32_t i = 0; i < gap->n; i++) {
            char param[12];

            snprintf(param, sizeof(param), "%s%u", which == 0 ? "lo" : "hi", i);
            ZKG_TRY(term(r, -gap->radix[i], param, NULL));
        }
    }
    return ZKG_OK;
}

/* The virtual ones, after their consumers. */
static zkg_status virtual_einsums(rows *r)
{
    ZKG_TRY(einsum(r, "uu"));
    ZKG_TRY(term(r, 1, "u", "u"));
    ZKG_TRY(einsum(r, "u"));
    ZKG_TRY(term(r, 1, "u0", NULL));
    ZKG_TRY(term(r, (int64_t)1 << r->u_low, "u1", NULL));
    ZKG_TRY(einsum(r, "v"));
    ZKG_TRY(term(r, 1, "v0", NULL));
    ZKG_TRY(term(r, (int64_t)1 << r->v_low, "v1", NULL));
    ZKG_TRY(einsum(r, "sum"));
    return term(r, 1, "x", NULL);
}

static zkg_status bind_rows(rows *r)
{
    const uint32_t k = zkg_statement_kernel_id(&r->g->st, r->name);
    const uint32_t params = r->g->st.kernel[k].params;

    ZKG_TRY(zkg_graph_add_task(r->g, NULL, r->name, 1, r->err));
    for (uint32_t i = 0; i < params; i++) {
        const char *param = r->g->st.kernel[k].param[i].name;
        char name[NAME_BYTES];

        tensor_name(name, r, param);
        ZKG_TRY(zkg_graph_bind(r->g, param,
                               strcmp(param, "x") == 0 ? r->l->x : name, false,
                               r->err));
    }
    return ZKG_OK;
}

/* quotient and digits of an einsum. */
static zkg_status rule(rows *r, uint32_t e, const char *quotient,
                       const parts *p, const char *more)
{
    char q[NAME_BYTES], name[5][NAME_BYTES];
    const char *digit[5], *task = r->g->st.task[r->g->st.tasks - 1].name;
    uint32_t n = 0;

    tensor_name(q, r, quotient);
    for (uint32_t i = 0; p != NULL && i < p->n; i++)
        tensor_name(name[n++], r, p->param[i]);
    if (more != NULL)
        tensor_name(name[n++], r, more);
    for (uint32_t i = 0; i < n; i++)
        digit[i] = name[i];
    return n == 0 ? zkg_graph_rule_solve(r->g, task, e, q, r->err)
                  : zkg_graph_rule_digits(r->g, task, e, q, digit, n, r->err);
}

/* lo and hi: the highest part is the quotient. */
static zkg_status gap_rule(rows *r, uint32_t e, const char *stem,
                           const parts *gap)
{
    parts p = *gap;
    char top[12];

    p.n--;
    for (uint32_t i = 0; i < p.n; i++)
        snprintf(p.param[i], sizeof(p.param[0]), "%s%u", stem, i);
    snprintf(top, sizeof(top), "%s%u", stem, p.n);
    return rule(r, e, top, &p, NULL);
}

/* Einsums: 0 mean, 1 variance, 2 lo, 3 hi, 4 uu, 5 u, 6 v, 7 sum. */
static zkg_status add_rules(rows *r, const parts *mean, const parts *var,
                            const parts *gap)
{
    char v[NAME_BYTES], u[NAME_BYTES];

    tensor_name(v, r, "v");
    tensor_name(u, r, "u");
    ZKG_TRY(rule(r, 7, "sum", NULL, NULL));
    ZKG_TRY(rule(r, 0, "m", mean, NULL));
    ZKG_TRY(rule(r, 1, "v1", var, "v0"));
    ZKG_TRY(rule(r, 6, "v", NULL, NULL));
    ZKG_TRY(zkg_graph_rule_rsqrt(r->g, v, u, r->l->how.root_bits, r->err));
    ZKG_TRY(rule(r, 5, "u1", NULL, "u0"));
    ZKG_TRY(rule(r, 4, "uu", NULL, NULL));
    ZKG_TRY(gap_rule(r, 2, "lo", gap));
    return gap_rule(r, 3, "hi", gap);
}

static zkg_status row_task(rows *r)
{
    const zkg_nn_norm *h = &r->l->how;
    const int64_t divisor =
        (int64_t)h->n << (2 * (h->scale + h->mean_bits - h->variance_scale));
    parts mean, var, gap;

    ZKG_TRY(plan_parts(
        &mean, r, (uint64_t)(doubling((int64_t)h->n) * (int64_t)h->n), "mr"));
    ZKG_TRY(plan_parts(&var, r, (uint64_t)(doubling(divisor) * divisor), "vr"));
    if (h->n == 1)
        mean.n = 0;
    if (divisor == 1)
        var.n = 0;
    /* lo and hi are below (2 u + 1) v, that is 2^(t + 1) sqrt v + v. */
    ZKG_TRY(plan_parts(&gap, r, (uint64_t)1 << 48, "g"));
    if (h->root_bits + 2 + (r->l->v_bits + 1) / 2 > 48)
        return zkg_fail(r->err, ZKG_ERR_UNSUPPORTED,
                        "layer %s: a variance of %u bits", r->l->name,
                        r->l->v_bits);
    ZKG_TRY(add_rows(r, &mean, &var, &gap));
    ZKG_TRY(mean_einsum(r, &mean));
    ZKG_TRY(variance_einsum(r, &var, divisor));
    ZKG_TRY(root_einsums(r, &gap));
    ZKG_TRY(virtual_einsums(r));
    ZKG_TRY(bind_rows(r));
    return add_rules(r, &mean, &var, &gap);
}

zkg_status zkg_nn_layer_norm_rows(zkg_graph *g, const zkg_nn_layer_norm *l,
                                  zkg_error *err)
{
    rows r = {.g = g,
              .l = l,
              .x = g->st.tensor[zkg_statement_tensor_id(&g->st, l->x)],
              .v_low = l->v_bits / 2,
              .u_low = l->u_bits / 2,
              .err = err};

    snprintf(r.name, sizeof(r.name), "%.110s.rows", l->name);
    return row_task(&r);
}

/* acc = gain t + bias 2^rest, t = (2^e x - m) u. */
void zkg_nn_layer_norm_elements(zkg_nn_layer *out, char names[3][160],
                                const zkg_nn_layer_norm *l, const zkg_tensor *x,
                                const char *gain, const char *bias)
{
    const int64_t e = (int64_t)1 << l->how.mean_bits;
    const int64_t high = (int64_t)1 << (l->u_bits / 2);
    char lead[96] = "", inner[96] = "", f[4][160];

    for (uint32_t i = 0; i < x->axes; i++) {
        char axis[8];

        snprintf(axis, sizeof(axis), "a%u", i);
        zkg_nn_axis_push(out, axis, x->len[i]);
        list_push(i < l->row_axes ? lead : inner, sizeof(lead), axis);
        list_push(out->out, sizeof(out->out), axis);
    }
    snprintf(names[0], 160, "%.110s.m", l->name);
    snprintf(names[1], 160, "%.110s.u0", l->name);
    snprintf(names[2], 160, "%.110s.u1", l->name);
    zkg_nn_param_push(out, "x", out->out, l->x);
    zkg_nn_param_push(out, "m", lead, names[0]);
    zkg_nn_param_push(out, "u0", lead, names[1]);
    zkg_nn_param_push(out, "u1", lead, names[2]);
    snprintf(f[0], 160, "x[%s]", out->out);
    for (int i = 0; i < 3; i++)
        snprintf(f[1 + i], 160, lead[0] != 0 ? "%s[%s]" : "%s",
                 i == 0   ? "m"
                 : i == 1 ? "u0"
                          : "u1",
                 lead);
    zkg_nn_inner_push(out, e, f[0], f[2]);
    zkg_nn_inner_push(out, e * high, f[0], f[3]);
    zkg_nn_inner_push(out, -1, f[1], f[2]);
    zkg_nn_inner_push(out, -high, f[1], f[3]);
    snprintf(f[0], 160, "t[%s]", out->out);
    snprintf(f[1], 160, "g[%s]", inner);
    snprintf(f[2], 160, "b[%s]", inner);
    if (gain != NULL) {
        zkg_nn_param_push(out, "g", inner, gain);
        zkg_nn_term_push(out, 1, f[1], f[0]);
    } else {
        zkg_nn_term_push(out, 1, f[0], NULL);
    }
    if (bias != NULL) {
        zkg_nn_param_push(out, "b", inner, bias);
        zkg_nn_term_push(out,
                         (int64_t)1 << (l->how.mean_bits + l->how.root_bits -
                                        l->how.variance_scale),
                         f[2], NULL);
    }
}
