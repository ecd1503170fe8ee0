/* SPDX-License-Identifier: Apache-2.0 */
/* Sums, rescaled, through a table: one task. */
#include "nn/layer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/mem.h"
#include "nn/weights.h"
#include "tensor/dtype.h"

#define MAX_DIGITS (1 + ZKG_RULE_DIGITS)
#define DIGIT_BITS 16

/* Names of a layer's tensors have a suffix. */
#define NAME_BYTES (ZKG_MAX_NAME + 16)

void zkg_nn_axis_push(zkg_nn_layer *l, const char *name, uint64_t len)
{
    zkg_nn_axis *a = &l->axis[l->axes];

    if (l->axes == ZKG_MAX_KERNEL_AXES) {
        l->full = true;
        return;
    }
    l->axes++;
    snprintf(a->name, sizeof(a->name), "%s", name);
    a->len = len;
}

void zkg_nn_param_push(zkg_nn_layer *l, const char *name, const char *axes,
                       const char *tensor)
{
    zkg_nn_param *p = &l->param[l->params];

    if (l->params == ZKG_NN_PARAMS) {
        l->full = true;
        return;
    }
    l->params++;
    snprintf(p->name, sizeof(p->name), "%s", name);
    snprintf(p->axes, sizeof(p->axes), "%s", axes);
    p->tensor = tensor;
}

static void set_term(zkg_nn_term *t, int64_t c, const char *f0, const char *f1)
{
    t->c = c;
    snprintf(t->f0, sizeof(t->f0), "%s", f0 == NULL ? "" : f0);
    snprintf(t->f1, sizeof(t->f1), "%s", f1 == NULL ? "" : f1);
}

void zkg_nn_term_push(zkg_nn_layer *l, int64_t c, const char *f0,
                      const char *f1)
{
    if (l->terms == ZKG_NN_TERMS)
        l->full = true;
    else
        set_term(&l->term[l->terms++], c, f0, f1);
}

void zkg_nn_inner_push(zkg_nn_layer *l, int64_t c, const char *f0,
                       const char *f1)
{
    if (l->inners == ZKG_NN_TERMS)
        l->full = true;
    else
        set_term(&l->inner[l->inners++], c, f0, f1);
}

uint32_t zkg_nn_signed_bits(zkg_interval h)
{
    uint32_t bits = 2;

    while (bits < 62 && (h.min < -((int64_t)1 << (bits - 1)) ||
                         h.max >= (int64_t)1 << (bits - 1)))
        bits++;
    return bits;
}

zkg_interval zkg_nn_signed_range(uint32_t bits)
{
    const int64_t top = (int64_t)1 << (bits - 1);

    return (zkg_interval){-top, top - 1};
}

zkg_status zkg_nn_fixed(zkg_graph *g, const char *name, uint32_t axes,
                        const uint64_t *len, const int64_t *value,
                        zkg_error *err)
{
    zkg_tensor_spec spec = {
        .name = name,
        .visibility = ZKG_FIXED,
        .axes = axes,
        .min = value[0],
        .max = value[0],
    };
    uint64_t n = 1;

    for (uint32_t i = 0; i < axes; i++) {
        spec.len[i] = len[i];
        n *= len[i];
    }
    for (uint64_t i = 0; i < n; i++) {
        spec.min = value[i] < spec.min ? value[i] : spec.min;
        spec.max = value[i] > spec.max ? value[i] : spec.max;
    }
    spec.type = zkg_dtype_for_range(spec.min, spec.max);
    ZKG_TRY(zkg_graph_add_tensor(g, &spec, err));
    return zkg_graph_set_fixed(g, name, value, n, err);
}

/* ---- tables ---- */

zkg_status zkg_nn_relu_table(char name[ZKG_NN_TABLE_NAME], zkg_graph *g,
                             uint32_t bits, zkg_error *err)
{
    snprintf(name, ZKG_NN_TABLE_NAME, "relu%u", bits);
    return zkg_nn_share_table(g, name, ZKG_KIND_RELU, bits, err);
}

/* A table is named by a little of a digest of its contents: equal ones are one,
 * and of two that only share the name the second is refused. */
static zkg_status name_table(char name[ZKG_NN_TABLE_NAME], const int64_t *q,
                             const int64_t *y, uint64_t rows, zkg_error *err)
{
    zkg_writer w;
    uint8_t digest[32];
    char hex[65];
    zkg_status s;

    zkg_writer_init(&w);
    for (uint64_t i = 0; i < rows; i++) {
        (void)zkg_writer_i64(&w, q[i]);
        (void)zkg_writer_i64(&w, y[i]);
    }
    s = w.status;
    if (s == ZKG_OK) {
        zkg_blake2b_256(digest, w.data, w.len);
        zkg_digest_hex(hex, digest);
        snprintf(name, ZKG_NN_TABLE_NAME, "map_%.12s", hex);
    }
    zkg_writer_free(&w);
    return s == ZKG_OK ? s : zkg_fail(err, s, "no memory for a table");
}

zkg_status zkg_nn_function_table(char name[ZKG_NN_TABLE_NAME], zkg_graph *g,
                                 zkg_interval q, zkg_nn_function *f, void *user,
                                 zkg_error *err)
{
    const uint64_t most = (uint64_t)q.max - (uint64_t)q.min + 1;
    const int64_t *columns[2];
    int64_t *value;
    uint64_t rows = 0;
    zkg_status s;

    if (most == 0 || most > ZKG_MAX_TABLE_ROWS)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "a table of %lld..%lld; at most 2^%d rows are there",
                        (long long)q.min, (long long)q.max, ZKG_NN_TABLE_BITS);
    value = zkg_alloc(2 * most, sizeof(value[0]));
    if (value == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a table");
    for (uint64_t i = 0; i < most; i++) {
        if (f(&value[most + rows], user, q.min + (int64_t)i))
            value[rows++] = q.min + (int64_t)i;
    }
    columns[0] = value;
    columns[1] = value + most;
    if (rows == 0)
        s = zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                     "a function without a value in %lld..%lld",
                     (long long)q.min, (long long)q.max);
    else
        s = name_table(name, columns[0], columns[1], rows, err);
    if (s == ZKG_OK)
        s = zkg_nn_share_columns(g, name, 2, rows, columns, err);
    zkg_free(value);
    return s;
}

/* ---- tensors ---- */

static const char *inner_out(const zkg_nn_layer *l)
{
    return l->inner_out[0] != 0 ? l->inner_out : l->out;
}

static zkg_status add_tensor(zkg_graph *g, const char *name,
                             const zkg_nn_layer *l, const char *out,
                             zkg_visibility vis, zkg_interval h, zkg_error *err)
{
    zkg_tensor_spec spec = {
        .name = name,
        .type = zkg_dtype_for_range(h.min, h.max),
        .visibility = vis,
        .min = h.min,
        .max = h.max,
    };
    const char *at = out;

    while (*at != 0) {
        const size_t n = strcspn(at, ",");

        for (uint32_t i = 0; i < l->axes; i++) {
            if (strlen(l->axis[i].name) == n &&
                strncmp(l->axis[i].name, at, n) == 0)
                spec.len[spec.axes++] = l->axis[i].len;
        }
        at += n + (at[n] == ',');
    }
    return zkg_graph_add_tensor(g, &spec, err);
}

/* The remainder in digits: digit i has radix[i] times its value. */
typedef struct digits {
    uint32_t n;
    int64_t radix[MAX_DIGITS + 1];
    char table[MAX_DIGITS][ZKG_NN_TABLE_NAME];
    char name[MAX_DIGITS][NAME_BYTES];
    char param[MAX_DIGITS][12];
    int64_t scale; /* of A: 1, or 2 with D odd */
    int64_t half;  /* what is added */
} digits;

/* How D's remainders are cut.  Powers of two go into equal parts. */
static zkg_status plan_digits(digits *d, zkg_graph *g, const zkg_nn_layer *l,
                              zkg_error *err)
{
    const bool odd = l->divisor % 2 == 1;
    const uint64_t whole = odd ? 2 * l->divisor : l->divisor;
    uint32_t bits = zkg_log2_ceil(whole), each;

    *d = (digits){.scale = 1, .radix = {1}};
    if (l->divisor == 1)
        return ZKG_OK;
    if (l->divisor == 0 || bits > 4 * DIGIT_BITS - 2 ||
        (!zkg_is_pow2(whole) && bits > ZKG_NN_TABLE_BITS))
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "layer %s: a division by %llu: powers of two up to "
                        "2^%d, and others up to 2^%d, are there",
                        l->name, (unsigned long long)l->divisor,
                        4 * DIGIT_BITS - 2, ZKG_NN_TABLE_BITS - 1);
    d->scale = odd ? 2 : 1;
    d->half = (int64_t)(odd ? l->divisor : l->divisor / 2);
    d->n = zkg_is_pow2(whole) ? (bits + DIGIT_BITS - 1) / DIGIT_BITS : 1;
    each = (bits + d->n - 1) / d->n;
    for (uint32_t i = 0; i < d->n; i++) {
        d->radix[i + 1] =
            i + 1 == d->n ? (int64_t)whole : (int64_t)1 << (each * (i + 1));
        snprintf(d->name[i], NAME_BYTES, "%.120s.rem%u", l->name, i);
        snprintf(d->param[i], sizeof(d->param[i]), "rem%u", i);
        ZKG_TRY(zkg_nn_range_table(d->table[i], g, 0,
                                   d->radix[i + 1] / d->radix[i] - 1, err));
    }
    return ZKG_OK;
}

/* ---- kernel and task ---- */

static zkg_status add_term(zkg_graph *g, const char *k, int64_t c,
                           const char *f0, const char *f1, zkg_error *err)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRId64, c);
    return zkg_graph_kernel_term(g, k, text, f0[0] == 0 ? NULL : f0,
                                 f1[0] == 0 ? NULL : f1, err);
}

/* A parameter's digits, where it is a sum of such. */
static zkg_nn_split split_of(zkg_graph *g, const zkg_nn_layer *l, uint32_t i)
{
    return (zkg_nn_split){g, l->name, l->param[i].name, l->param[i].axes,
                          l->param[i].tensor};
}

static zkg_status add_params(zkg_graph *g, const zkg_nn_layer *l,
                             const digits *d, zkg_error *err)
{
    const char *k = l->name;

    ZKG_TRY(zkg_graph_add_kernel(g, k, err));
    for (uint32_t i = 0; i < l->axes; i++)
        ZKG_TRY(
            zkg_graph_kernel_axis(g, k, l->axis[i].name, l->axis[i].len, err));
    for (uint32_t i = 0; i < l->params; i++)
        ZKG_TRY(zkg_graph_kernel_param(g, k, l->param[i].name, l->param[i].axes,
                                       err));
    if (l->inners > 0)
        ZKG_TRY(zkg_graph_kernel_param(g, k, "t", inner_out(l), err));
    if (l->table != NULL)
        ZKG_TRY(zkg_graph_kernel_param(g, k, "q", l->out, err));
    ZKG_TRY(zkg_graph_kernel_param(g, k, "y", l->out, err));
    for (uint32_t i = 0; i < d->n; i++)
        ZKG_TRY(zkg_graph_kernel_param(g, k, d->param[i], l->out, err));
    for (uint32_t i = 0; i < l->params; i++) {
        const zkg_nn_split p = split_of(g, l, i);

        ZKG_TRY(zkg_nn_split_params(&p, err));
    }
    return ZKG_OK;
}

/* scale A + half = scale D q + rem. */
static zkg_status add_einsum(zkg_graph *g, const zkg_nn_layer *l,
                             const digits *d, zkg_error *err)
{
    const char *k = l->name;
    char factor[96];

    ZKG_TRY(zkg_graph_kernel_einsum(g, k, l->out, NULL, err));
    for (uint32_t i = 0; i < l->terms; i++)
        ZKG_TRY(add_term(g, k, d->scale * l->term[i].c, l->term[i].f0,
                         l->term[i].f1, err));
    if (d->half != 0)
        ZKG_TRY(add_term(g, k, d->half, "", "", err));
    snprintf(factor, sizeof(factor), "%s[%s]", l->table != NULL ? "q" : "y",
             l->out);
    ZKG_TRY(add_term(g, k, -d->scale * (int64_t)l->divisor, factor, "", err));
    for (uint32_t i = 0; i < d->n; i++) {
        snprintf(factor, sizeof(factor), "%s[%s]", d->param[i], l->out);
        ZKG_TRY(add_term(g, k, -d->radix[i], factor, "", err));
    }
    if (l->inners > 0)
        ZKG_TRY(zkg_graph_kernel_einsum(g, k, inner_out(l), "t", err));
    for (uint32_t i = 0; i < l->inners; i++)
        ZKG_TRY(
            add_term(g, k, l->inner[i].c, l->inner[i].f0, l->inner[i].f1, err));
    for (uint32_t i = 0; i < l->params; i++) {
        const zkg_nn_split p = split_of(g, l, i);

        ZKG_TRY(zkg_nn_split_einsum(&p, err));
    }
    return ZKG_OK;
}

static zkg_status add_rules(zkg_graph *g, const zkg_nn_layer *l,
                            const digits *d, const char *q, const char *t,
                            zkg_error *err)
{
    const char *task = g->st.task[g->st.tasks - 1].name;
    const char *name[MAX_DIGITS];
    uint32_t einsum = l->inners > 0 ? 2 : 1;

    for (uint32_t i = 0; i < d->n; i++)
        name[i] = d->name[i];
    for (uint32_t i = 0; i < l->params; i++) {
        const zkg_nn_split p = split_of(g, l, i);

        ZKG_TRY(zkg_nn_split_rule(&einsum, &p, err));
    }
    if (l->inners > 0)
        ZKG_TRY(zkg_graph_rule_solve(g, task, 1, t, err));
    if (d->n == 0)
        ZKG_TRY(zkg_graph_rule_solve(g, task, 0, q, err));
    else if (d->n == 1)
        ZKG_TRY(zkg_graph_rule_divmod(g, task, 0, q, name[0], err));
    else
        ZKG_TRY(zkg_graph_rule_digits(g, task, 0, q, name, d->n, err));
    return l->table == NULL ? ZKG_OK
                            : zkg_graph_rule_map(g, l->table, q, l->y, err);
}

/* Bounds of column c of a table. */
static zkg_interval column(const zkg_graph *g, const char *table, uint32_t c)
{
    const uint32_t id = zkg_statement_table_id(&g->st, table);
    zkg_interval h;

    zkg_stmt_table_bounds(&h.min, &h.max, &g->st.table[id], c);
    return h;
}

zkg_status zkg_nn_layer_add(zkg_graph *g, const zkg_nn_layer *l, zkg_error *err)
{
    char y_table[ZKG_NN_TABLE_NAME] = "", q_name[NAME_BYTES],
         t_name[NAME_BYTES];
    const char *k = l->name, *q = l->table != NULL ? q_name : l->y;
    const uint32_t bits = zkg_nn_signed_bits(l->q);
    zkg_interval y = l->q;
    digits d;

    snprintf(q_name, sizeof(q_name), "%.120s.q", l->name);
    snprintf(t_name, sizeof(t_name), "%.120s.t", l->name);
    if (l->full)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "layer %s has too many axes or operands", l->name);
    ZKG_TRY(plan_digits(&d, g, l, err));
    if (l->table == NULL && l->y_visibility != ZKG_PUBLIC) {
        if (bits > ZKG_NN_TABLE_BITS)
            return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                            "layer %s: values of %lld..%lld need a table of %u "
                            "bits, at most %d are there; use a smaller scale",
                            l->name, (long long)y.min, (long long)y.max, bits,
                            ZKG_NN_TABLE_BITS);
        y = zkg_nn_signed_range(bits);
        ZKG_TRY(zkg_nn_range_table(y_table, g, y.min, y.max, err));
    }
    if (l->table != NULL) {
        ZKG_TRY(add_tensor(g, q_name, l, l->out, ZKG_PRIVATE,
                           column(g, l->table, 0), err));
        y = column(g, l->table, 1);
    }
    ZKG_TRY(add_tensor(g, l->y, l, l->out, l->y_visibility, y, err));
    if (l->inners > 0)
        ZKG_TRY(add_tensor(g, t_name, l, inner_out(l), ZKG_VIRTUAL, l->t, err));
    ZKG_TRY(add_params(g, l, &d, err));
    for (uint32_t i = 0; i < d.n; i++) {
        const zkg_interval h = {0, d.radix[i + 1] / d.radix[i] - 1};

        ZKG_TRY(add_tensor(g, d.name[i], l, l->out, ZKG_PRIVATE, h, err));
        ZKG_TRY(zkg_graph_kernel_lookup(g, k, d.table[i], d.param[i], err));
    }
    if (l->table != NULL)
        ZKG_TRY(zkg_graph_kernel_lookup(g, k, l->table, "q,y", err));
    else if (y_table[0] != 0)
        ZKG_TRY(zkg_graph_kernel_lookup(g, k, y_table, "y", err));
    ZKG_TRY(add_einsum(g, l, &d, err));
    ZKG_TRY(zkg_graph_add_task(g, NULL, k, 1, err));
    for (uint32_t i = 0; i < l->params; i++)
        ZKG_TRY(zkg_graph_bind(g, l->param[i].name, l->param[i].tensor, false,
                               err));
    if (l->inners > 0)
        ZKG_TRY(zkg_graph_bind(g, "t", t_name, false, err));
    if (l->table != NULL)
        ZKG_TRY(zkg_graph_bind(g, "q", q_name, false, err));
    ZKG_TRY(zkg_graph_bind(g, "y", l->y, false, err));
    for (uint32_t i = 0; i < d.n; i++)
        ZKG_TRY(zkg_graph_bind(g, d.param[i], d.name[i], false, err));
    for (uint32_t i = 0; i < l->params; i++) {
        const zkg_nn_split p = split_of(g, l, i);

        ZKG_TRY(zkg_nn_split_bind(&p, err));
    }
    return add_rules(g, l, &d, q, t_name, err);
}

zkg_status zkg_nn_map_add(zkg_graph *g, const char *name, const char *x,
                          const char *table, const char *y,
                          zkg_visibility y_visibility, zkg_error *err)
{
    const uint32_t id = zkg_statement_tensor_id(&g->st, x);
    const zkg_tensor *t = &g->st.tensor[id];
    zkg_nn_layer l = {.name = name};
    size_t n = 0;

    for (uint32_t i = 0; i < t->axes; i++) {
        char axis[8];

        snprintf(axis, sizeof(axis), "i%u", i);
        zkg_nn_axis_push(&l, axis, t->len[i]);
        n += (size_t)snprintf(l.out + n, sizeof(l.out) - n, "%s%s",
                              i > 0 ? "," : "", axis);
    }
    ZKG_TRY(
        add_tensor(g, y, &l, l.out, y_visibility, column(g, table, 1), err));
    ZKG_TRY(zkg_graph_add_kernel(g, name, err));
    for (uint32_t i = 0; i < l.axes; i++)
        ZKG_TRY(
            zkg_graph_kernel_axis(g, name, l.axis[i].name, l.axis[i].len, err));
    ZKG_TRY(zkg_graph_kernel_param(g, name, "x", l.out, err));
    ZKG_TRY(zkg_graph_kernel_param(g, name, "y", l.out, err));
    ZKG_TRY(zkg_graph_kernel_lookup(g, name, table, "x,y", err));
    ZKG_TRY(zkg_graph_add_task(g, NULL, name, 1, err));
    ZKG_TRY(zkg_graph_bind(g, "x", x, false, err));
    ZKG_TRY(zkg_graph_bind(g, "y", y, false, err));
    return zkg_graph_rule_map(g, table, x, y, err);
}
