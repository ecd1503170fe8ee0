/* SPDX-License-Identifier: Apache-2.0 */
/* Max pooling: differences that are not negative, and whose product is 0. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "nn/special.h"
#include "tensor/dtype.h"

#define MAX_TAPS 64
#define NAME_BYTES (ZKG_MAX_NAME + 32)

/* One task under construction. */
typedef struct pool {
    zkg_graph *g;
    const char *name, *x, *y;
    zkg_visibility vis;
    const zkg_nn_window *w;
    zkg_tensor in; /* a copy: the list of tensors moves */
    uint32_t lead; /* leading axes */
    char out[96];  /* "a0,a1,y0,y1" */
    uint32_t taps;
    uint32_t bits; /* of a D_i */
    bool masked[MAX_TAPS];
    zkg_error *err;
} pool;

static void list_push(char *list, size_t bytes, const char *text)
{
    const size_t n = strlen(list);

    snprintf(list + n, bytes - n, "%s%s", n > 0 ? "," : "", text);
}

static void tap_position(int64_t i[ZKG_NN_SPATIAL], const zkg_nn_window *w,
                         uint32_t tap)
{
    for (uint32_t k = w->axes; k-- > 0;) {
        i[k] = (int64_t)(tap % w->kernel[k]);
        tap = (uint32_t)(tap / w->kernel[k]);
    }
}

/* Does tap t of output (flat) y lie in x? */
static bool tap_is_real(const zkg_nn_window *w, uint32_t t, uint64_t y)
{
    int64_t i[ZKG_NN_SPATIAL];

    tap_position(i, w, t);
    for (uint32_t k = w->axes; k-- > 0;) {
        const int64_t pos = w->stride[k] * (int64_t)(y % w->out[k]) +
                            w->dilation[k] * i[k] - w->before[k];

        if (pos < 0 || pos >= (int64_t)w->in[k])
            return false;
        y /= w->out[k];
    }
    return true;
}

/* Spec of a tensor of the output's shape. */
static zkg_tensor_spec out_spec(const pool *p, const char *name,
                                zkg_visibility vis, int64_t min, int64_t max)
{
    zkg_tensor_spec spec = {.name = name,
                            .type = zkg_dtype_for_range(min, max),
                            .visibility = vis,
                            .axes = p->lead + p->w->axes,
                            .min = min,
                            .max = max};

    memcpy(spec.len, p->in.len, p->lead * sizeof(spec.len[0]));
    memcpy(spec.len + p->lead, p->w->out, p->w->axes * sizeof(spec.len[0]));
    return spec;
}

/* M_t as a fixed tensor of the window's output, where it is not all 1. */
static zkg_status add_mask(pool *p, uint32_t t)
{
    const uint64_t n = zkg_nn_window_out(p->w);
    int64_t *m = zkg_alloc(n, sizeof(m[0]));
    char name[NAME_BYTES];
    zkg_status s = ZKG_OK;

    if (m == NULL)
        return zkg_fail(p->err, ZKG_ERR_NOMEM, "no memory");
    for (uint64_t y = 0; y < n; y++) {
        m[y] = tap_is_real(p->w, t, y);
        p->masked[t] = p->masked[t] || m[y] == 0;
    }
    snprintf(name, sizeof(name), "%.110s.mask%u", p->name, t);
    if (p->masked[t])
        s = zkg_nn_fixed(p->g, name, p->w->axes, p->w->out, m, p->err);
    zkg_free(m);
    return s;
}

static zkg_status add_tensors(pool *p)
{
    const int64_t top = ((int64_t)1 << p->bits) - 1;
    int64_t most = top;
    char name[NAME_BYTES];
    zkg_tensor_spec spec = out_spec(p, p->y, p->vis, p->in.min, p->in.max);

    ZKG_TRY(zkg_graph_add_tensor(p->g, &spec, p->err));
    for (uint32_t t = 0; t < p->taps; t++) {
        ZKG_TRY(add_mask(p, t));
        snprintf(name, sizeof(name), "%.110s.d%u", p->name, t);
        spec = out_spec(p, name, ZKG_VIRTUAL, 0, top);
        ZKG_TRY(zkg_graph_add_tensor(p->g, &spec, p->err));
    }
    for (uint32_t t = 1; t + 1 < p->taps; t++) {
        most *= top;
        snprintf(name, sizeof(name), "%.110s.p%u", p->name, t);
        spec = out_spec(p, name, ZKG_VIRTUAL, 0, most);
        ZKG_TRY(zkg_graph_add_tensor(p->g, &spec, p->err));
    }
    return ZKG_OK;
}

static zkg_status add_axes(pool *p)
{
    const char *k = p->name;
    char x_axes[96] = "", w_axes[48] = "", text[16];

    ZKG_TRY(zkg_graph_add_kernel(p->g, k, p->err));
    for (uint32_t i = 0; i < p->lead; i++) {
        snprintf(text, sizeof(text), "a%u", i);
        ZKG_TRY(zkg_graph_kernel_axis(p->g, k, text, p->in.len[i], p->err));
        list_push(p->out, sizeof(p->out), text);
        list_push(x_axes, sizeof(x_axes), text);
    }
    for (uint32_t i = 0; i < p->w->axes; i++) {
        snprintf(text, sizeof(text), "y%u", i);
        ZKG_TRY(zkg_graph_kernel_axis(p->g, k, text, p->w->out[i], p->err));
        list_push(p->out, sizeof(p->out), text);
        list_push(w_axes, sizeof(w_axes), text);
        snprintf(text, sizeof(text), "x%u", i);
        ZKG_TRY(zkg_graph_kernel_axis(p->g, k, text, p->w->in[i], p->err));
        list_push(x_axes, sizeof(x_axes), text);
    }
    ZKG_TRY(zkg_graph_kernel_param(p->g, k, "x", x_axes, p->err));
    ZKG_TRY(zkg_graph_kernel_param(p->g, k, "y", p->out, p->err));
    for (uint32_t t = 0; t < p->taps; t++) {
        snprintf(text, sizeof(text), "d%u", t);
        ZKG_TRY(zkg_graph_kernel_param(p->g, k, text, p->out, p->err));
        snprintf(text, sizeof(text), "m%u", t);
        if (p->masked[t])
            ZKG_TRY(zkg_graph_kernel_param(p->g, k, text, w_axes, p->err));
    }
    for (uint32_t t = 1; t + 1 < p->taps; t++) {
        snprintf(text, sizeof(text), "p%u", t);
        ZKG_TRY(zkg_graph_kernel_param(p->g, k, text, p->out, p->err));
    }
    return ZKG_OK;
}

static zkg_status add_lookups(pool *p)
{
    char table[ZKG_NN_TABLE_NAME], text[16];
    const int64_t top = ((int64_t)1 << p->bits) - 1;

    ZKG_TRY(zkg_nn_range_table(table, p->g, 0, top, p->err));
    for (uint32_t t = 0; t < p->taps; t++) {
        snprintf(text, sizeof(text), "d%u", t);
        ZKG_TRY(zkg_graph_kernel_lookup(p->g, p->name, table, text, p->err));
    }
    if (p->vis == ZKG_PUBLIC)
        return ZKG_OK;
    ZKG_TRY(zkg_nn_range_table(table, p->g, p->in.min, p->in.max, p->err));
    return zkg_graph_kernel_lookup(p->g, p->name, table, "y", p->err);
}

static zkg_status term(pool *p, const char *c, const char *a, const char *b)
{
    return zkg_graph_kernel_term(p->g, p->name, c, a, b, p->err);
}

/* The product of the D_i, in steps: p1 = d0 d1, p2 = p1 d2, .. ; consumers
 * come before producers. */
static zkg_status add_products(pool *p)
{
    const uint32_t last = p->taps - 1;
    char a[112], b[112];

    snprintf(b, sizeof(b), "d%u[%s]", last, p->out);
    snprintf(a, sizeof(a), "%s%u[%s]", last >= 2 ? "p" : "d",
             last >= 2 ? last - 1 : 0, p->out);
    ZKG_TRY(zkg_graph_kernel_einsum(p->g, p->name, p->out, NULL, p->err));
    if (last == 0)
        return term(p, "1", b, NULL);
    ZKG_TRY(term(p, "1", a, b));
    for (uint32_t t = last - 1; t >= 1; t--) {
        char equals[16];

        snprintf(equals, sizeof(equals), "p%u", t);
        snprintf(a, sizeof(a), "%s%u[%s]", t >= 2 ? "p" : "d",
                 t >= 2 ? t - 1 : 0, p->out);
        snprintf(b, sizeof(b), "d%u[%s]", t, p->out);
        ZKG_TRY(zkg_graph_kernel_einsum(p->g, p->name, p->out, equals, p->err));
        ZKG_TRY(term(p, "1", a, b));
    }
    return ZKG_OK;
}

/* D_t = M y - x[..] + 1 - M. */
static zkg_status add_difference(pool *p, uint32_t t)
{
    char equals[16], y[112], x[256] = "", m[64] = "", index[80];
    int64_t i[ZKG_NN_SPATIAL];

    tap_position(i, p->w, t);
    snprintf(equals, sizeof(equals), "d%u", t);
    snprintf(y, sizeof(y), "y[%s]", p->out);
    for (uint32_t k = 0; k < p->lead; k++) {
        snprintf(index, sizeof(index), "a%u", k);
        list_push(x, sizeof(x), index);
    }
    for (uint32_t k = 0; k < p->w->axes; k++) {
        snprintf(index, sizeof(index), "%" PRId64 "*y%u%+" PRId64,
                 p->w->stride[k], k,
                 p->w->dilation[k] * i[k] - p->w->before[k]);
        list_push(x, sizeof(x), index);
        snprintf(index, sizeof(index), "y%u", k);
        list_push(m, sizeof(m), index);
    }
    memmove(x + 2, x, strlen(x) + 1);
    memcpy(x, "x[", 2);
    strcat(x, "]");
    snprintf(index, sizeof(index), "m%u[%s]", t, m);
    ZKG_TRY(zkg_graph_kernel_einsum(p->g, p->name, p->out, equals, p->err));
    ZKG_TRY(term(p, "-1", x, NULL));
    if (!p->masked[t])
        return term(p, "1", y, NULL);
    ZKG_TRY(term(p, "1", index, y));
    ZKG_TRY(term(p, "1", NULL, NULL));
    return term(p, "-1", index, NULL);
}

static zkg_status add_task(pool *p)
{
    char param[16], name[NAME_BYTES];
    const char *task;
    uint32_t einsum = 0;

    ZKG_TRY(zkg_graph_add_task(p->g, NULL, p->name, 1, p->err));
    ZKG_TRY(zkg_graph_bind(p->g, "x", p->x, false, p->err));
    ZKG_TRY(zkg_graph_bind(p->g, "y", p->y, false, p->err));
    for (uint32_t t = 0; t < p->taps; t++) {
        snprintf(param, sizeof(param), "d%u", t);
        snprintf(name, sizeof(name), "%.110s.d%u", p->name, t);
        ZKG_TRY(zkg_graph_bind(p->g, param, name, false, p->err));
        snprintf(param, sizeof(param), "m%u", t);
        snprintf(name, sizeof(name), "%.110s.mask%u", p->name, t);
        if (p->masked[t])
            ZKG_TRY(zkg_graph_bind(p->g, param, name, false, p->err));
    }
    for (uint32_t t = 1; t + 1 < p->taps; t++) {
        snprintf(param, sizeof(param), "p%u", t);
        snprintf(name, sizeof(name), "%.110s.p%u", p->name, t);
        ZKG_TRY(zkg_graph_bind(p->g, param, name, false, p->err));
    }
    /* Products come first among the einsums, differences after them. */
    task = p->g->st.task[p->g->st.tasks - 1].name;
    einsum = p->taps >= 2 ? p->taps - 1 : 1;
    ZKG_TRY(zkg_graph_rule_least(p->g, task, einsum, p->taps, p->y, p->err));
    for (uint32_t t = 0; t < p->taps; t++) {
        snprintf(name, sizeof(name), "%.110s.d%u", p->name, t);
        ZKG_TRY(zkg_graph_rule_solve(p->g, task, einsum + t, name, p->err));
    }
    for (uint32_t t = 1; t + 1 < p->taps; t++) {
        snprintf(name, sizeof(name), "%.110s.p%u", p->name, t);
        ZKG_TRY(
            zkg_graph_rule_solve(p->g, task, p->taps - 1 - t, name, p->err));
    }
    return ZKG_OK;
}

static zkg_status add_one(zkg_graph *g, const zkg_nn_max_pool *l,
                          const zkg_nn_window *w, const char *name,
                          const char *x, const char *y, zkg_visibility vis,
                          zkg_error *err)
{
    const uint32_t id = zkg_statement_tensor_id(&g->st, x);
    pool p = {.g = g,
              .name = name,
              .x = x,
              .y = y,
              .vis = vis,
              .w = w,
              .in = g->st.tensor[id],
              .taps = (uint32_t)zkg_nn_window_taps(w),
              .err = err};

    p.lead = p.in.axes - w->axes;
    p.bits = zkg_log2_ceil((uint64_t)(p.in.max - p.in.min) + 1);
    if (p.taps > MAX_TAPS || p.bits * (p.taps > 1 ? p.taps - 1 : 1) > 62)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "layer %s: windows of %u taps of %u bits are not there "
                        "yet",
                        l->name, p.taps, p.bits);
    ZKG_TRY(add_tensors(&p));
    ZKG_TRY(add_axes(&p));
    ZKG_TRY(add_lookups(&p));
    ZKG_TRY(add_products(&p));
    for (uint32_t t = 0; t < p.taps; t++)
        ZKG_TRY(add_difference(&p, t));
    return add_task(&p);
}

/* The window along axis k alone; before it, axes are pooled already. */
static void one_axis(zkg_nn_window *out, const zkg_nn_window *w, uint32_t k)
{
    *out = *w;
    for (uint32_t i = 0; i < w->axes; i++) {
        if (i == k)
            continue;
        out->in[i] = out->out[i] = i < k ? w->out[i] : w->in[i];
        out->kernel[i] = 1;
        out->stride[i] = out->dilation[i] = 1;
        out->before[i] = 0;
    }
}

zkg_status zkg_nn_max_pool_add(zkg_graph *g, const zkg_nn_max_pool *l,
                               zkg_error *err)
{
    const zkg_tensor *in = &g->st.tensor[zkg_statement_tensor_id(&g->st, l->x)];
    const uint32_t bits = zkg_log2_ceil((uint64_t)(in->max - in->min) + 1);
    char x[NAME_BYTES], y[NAME_BYTES], name[NAME_BYTES];

    if (zkg_nn_window_taps(&l->window) <= 5 &&
        bits * (zkg_nn_window_taps(&l->window) - 1) <= 62)
        return add_one(g, l, &l->window, l->name, l->x, l->y, l->y_visibility,
                       err);
    snprintf(x, sizeof(x), "%s", l->x);
    for (uint32_t k = 0; k < l->window.axes; k++) {
        const bool last = k + 1 == l->window.axes;
        zkg_nn_window w;

        one_axis(&w, &l->window, k);
        snprintf(name, sizeof(name), last ? "%.100s" : "%.100s.axis%u", l->name,
                 k);
        snprintf(y, sizeof(y), last ? "%.120s" : "%.100s.%u",
                 last ? l->y : l->name, k);
        ZKG_TRY(add_one(g, l, &w, name, x, y,
                        last ? l->y_visibility : ZKG_PRIVATE, err));
        snprintf(x, sizeof(x), "%s", y);
    }
    return ZKG_OK;
}
