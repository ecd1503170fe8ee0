/* SPDX-License-Identifier: Apache-2.0 */
/* Maxima: differences that are not negative, and their product. */
#include "nn/pool.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "nn/layer.h"
#include "nn/range.h"
#include "nn/special.h"
#include "tensor/dtype.h"

#define NAME_BYTES (ZKG_MAX_NAME + 16)
#define LIST_BYTES 160

/* ---- a product that is 0 ---- */

/* A product of what lies over taps [from, to): two nodes, or taps. */
typedef struct node {
    uint32_t from, to;
    uint32_t child[2]; /* 0: a tap, the one at from */
    uint32_t first[2];
} node;

/* Nodes in an order in which children follow; returns how many: n - 1. */
static uint32_t tree(node out[ZKG_NN_MAX_TAPS], uint32_t taps)
{
    uint32_t n = 1;

    out[0] = (node){.to = taps};
    for (uint32_t i = 0; i < n; i++) {
        node *x = &out[i];
        const uint32_t middle = x->from + (x->to - x->from + 1) / 2;
        const uint32_t end[2][2] = {{x->from, middle}, {middle, x->to}};

        for (int k = 0; k < 2; k++) {
            x->first[k] = end[k][0];
            x->child[k] = 0;
            if (end[k][1] - end[k][0] < 2)
                continue;
            x->child[k] = n;
            out[n++] = (node){.from = end[k][0], .to = end[k][1]};
        }
    }
    return n;
}

bool zkg_nn_zero_product_fits(uint64_t taps, uint32_t bits)
{
    return taps <= ZKG_NN_MAX_TAPS && (taps + 1) / 2 * bits <= 62;
}

static void tensor_name(char out[NAME_BYTES], const zkg_nn_zero_product *p,
                        uint32_t i)
{
    snprintf(out, NAME_BYTES, "%.120s.p%u", p->kernel, i);
}

zkg_status zkg_nn_zero_product_params(const zkg_nn_zero_product *p,
                                      zkg_error *err)
{
    const int64_t most = ((int64_t)1 << p->bits) - 1;
    node nodes[ZKG_NN_MAX_TAPS];
    const uint32_t n = tree(nodes, p->taps);

    for (uint32_t i = 1; i < n; i++) {
        zkg_tensor_spec spec = {
            .visibility = ZKG_VIRTUAL, .axes = p->lens, .min = 0, .max = 1};
        char name[NAME_BYTES], param[16];

        for (uint32_t k = nodes[i].from; k < nodes[i].to; k++)
            spec.max *= most;
        spec.type = zkg_dtype_for_range(spec.min, spec.max);
        memcpy(spec.len, p->len, p->lens * sizeof(p->len[0]));
        tensor_name(name, p, i);
        spec.name = name;
        ZKG_TRY(zkg_graph_add_tensor(p->g, &spec, err));
        snprintf(param, sizeof(param), "p%u", i);
        ZKG_TRY(zkg_graph_kernel_param(p->g, p->kernel, param, p->axes, err));
    }
    return ZKG_OK;
}

zkg_status zkg_nn_zero_product_einsums(uint32_t *einsums,
                                       const zkg_nn_zero_product *p,
                                       zkg_error *err)
{
    node nodes[ZKG_NN_MAX_TAPS];
    const uint32_t n = tree(nodes, p->taps);

    for (uint32_t i = 0; i < n; i++) {
        char param[16], factor[2][LIST_BYTES];

        for (int k = 0; k < 2; k++) {
            if (nodes[i].child[k] == 0)
                p->tap(factor[k], p->user, nodes[i].first[k]);
            else
                snprintf(factor[k], LIST_BYTES, "p%u[%s]", nodes[i].child[k],
                         p->axes);
        }
        snprintf(param, sizeof(param), "p%u", i);
        ZKG_TRY(zkg_graph_kernel_einsum(p->g, p->kernel, p->axes,
                                        i == 0 ? NULL : param, err));
        ZKG_TRY(zkg_graph_kernel_term(p->g, p->kernel, "1", factor[0],
                                      factor[1], err));
    }
    *einsums = n;
    return ZKG_OK;
}

zkg_status zkg_nn_zero_product_bind(const zkg_nn_zero_product *p,
                                    zkg_error *err)
{
    for (uint32_t i = 1; i + 1 < p->taps; i++) {
        char name[NAME_BYTES], param[16];

        tensor_name(name, p, i);
        snprintf(param, sizeof(param), "p%u", i);
        ZKG_TRY(zkg_graph_bind(p->g, param, name, false, err));
    }
    return ZKG_OK;
}

zkg_status zkg_nn_zero_product_rules(const zkg_nn_zero_product *p,
                                     const char *task, zkg_error *err)
{
    for (uint32_t i = p->taps - 1; i-- > 1;) {
        char name[NAME_BYTES];

        tensor_name(name, p, i);
        ZKG_TRY(zkg_graph_rule_solve(p->g, task, i, name, err));
    }
    return ZKG_OK;
}

/* ---- max pooling ---- */

/* A task under construction. */
typedef struct pool {
    const zkg_nn_max_pool *p;
    zkg_graph *g;
    const zkg_tensor *x;
    uint32_t leads; /* leading axes */
    char lead[LIST_BYTES], out[LIST_BYTES], taps[LIST_BYTES], in[LIST_BYTES];
    char at[LIST_BYTES]; /* indices of x */
    char d[NAME_BYTES], ones[NAME_BYTES];
    uint32_t bits; /* of d */
    int64_t min;   /* of y */
    bool padded;   /* some tap lies outside, and x may be negative */
} pool;

static void push(char list[LIST_BYTES], const char *format, uint32_t k)
{
    const size_t n = strlen(list);

    if (n > 0)
        strcat(list, ",");
    snprintf(list + strlen(list), LIST_BYTES - strlen(list), format, k);
}

/* "a,b", or "a" where b is empty. */
static void join(char out[2 * LIST_BYTES], const char *a, const char *b)
{
    snprintf(out, 2 * LIST_BYTES, "%s%s%s", a, a[0] && b[0] ? "," : "", b);
}

/* Tap i as indices into d's own axes. */
static void tap_text(char out[64], void *user, uint32_t i)
{
    const pool *t = user;
    const zkg_nn_window *w = &t->p->window;
    char list[LIST_BYTES] = "", whole[2 * LIST_BYTES];
    uint64_t index[ZKG_NN_SPATIAL];

    for (uint32_t k = w->axes; k-- > 0;) {
        index[k] = i % w->kernel[k];
        i /= (uint32_t)w->kernel[k];
    }
    for (uint32_t k = 0; k < w->axes; k++)
        push(list, "0*z+%u", (uint32_t)index[k]);
    join(whole, list, t->out);
    snprintf(out, 64, "d[%.60s]", whole);
}

static zkg_status add_axes(pool *t, zkg_error *err)
{
    const zkg_nn_max_pool *p = t->p;
    const zkg_nn_window *w = &p->window;
    const char *k = p->name;
    char axis[16];

    for (uint32_t i = 0; i < t->leads; i++) {
        snprintf(axis, sizeof(axis), "a%u", i);
        ZKG_TRY(zkg_graph_kernel_axis(t->g, k, axis, t->x->len[i], err));
        push(t->lead, "a%u", i);
    }
    strcpy(t->out, t->lead);
    strcpy(t->in, t->lead);
    strcpy(t->at, t->lead);
    for (uint32_t i = 0; i < w->axes; i++) {
        const struct {
            const char *format;
            uint64_t len;
            char *list;
        } kinds[] = {{"y%u", w->out[i], t->out},
                     {"i%u", w->kernel[i], t->taps},
                     {"u%u", w->in[i], t->in}};

        for (size_t j = 0; j < sizeof(kinds) / sizeof(kinds[0]); j++) {
            snprintf(axis, sizeof(axis), kinds[j].format, i);
            ZKG_TRY(zkg_graph_kernel_axis(t->g, k, axis, kinds[j].len, err));
            push(kinds[j].list, kinds[j].format, i);
        }
        snprintf(t->at + strlen(t->at), LIST_BYTES - strlen(t->at),
                 "%s%" PRId64 "*y%u+%" PRId64 "*i%u%+" PRId64,
                 t->at[0] != 0 ? "," : "", w->stride[i], i, w->dilation[i], i,
                 -w->before[i]);
    }
    return zkg_graph_kernel_axis(t->g, k, "z", 1, err);
}

static zkg_status add_tensors(pool *t, char table[ZKG_NN_TABLE_NAME],
                              zkg_error *err)
{
    const zkg_nn_max_pool *p = t->p;
    const zkg_nn_window *w = &p->window;
    zkg_tensor_spec y = {.name = p->y,
                         .type = t->x->type,
                         .visibility = p->y_visibility,
                         .axes = t->leads + w->axes,
                         .min = t->min,
                         .max = t->x->max};
    zkg_tensor_spec d = {.name = t->d,
                         .visibility = ZKG_VIRTUAL,
                         .axes = w->axes + y.axes,
                         .max = ((int64_t)1 << t->bits) - 1};
    zkg_tensor_spec ones = {.name = t->ones,
                            .type = ZKG_U8,
                            .visibility = ZKG_PUBLIC,
                            .axes = w->axes,
                            .min = 1,
                            .max = 1};

    memcpy(y.len, t->x->len, t->leads * sizeof(y.len[0]));
    memcpy(y.len + t->leads, w->out, w->axes * sizeof(y.len[0]));
    memcpy(d.len, w->kernel, w->axes * sizeof(d.len[0]));
    memcpy(d.len + w->axes, y.len, y.axes * sizeof(d.len[0]));
    memcpy(ones.len, w->in, w->axes * sizeof(ones.len[0]));
    d.type = zkg_dtype_for_range(0, d.max);
    if (p->y_visibility != ZKG_PUBLIC)
        ZKG_TRY(zkg_nn_range_table(table, t->g, y.min, y.max, err));
    /* x may move when tensors are added. */
    t->x = NULL;
    ZKG_TRY(zkg_graph_add_tensor(t->g, &y, err));
    if (t->padded)
        ZKG_TRY(zkg_graph_add_tensor(t->g, &ones, err));
    return zkg_graph_add_tensor(t->g, &d, err);
}

/* d = y - m - x + m ones: a tap outside reads m <= 0, the least that x is. */
static zkg_status add_difference(const pool *t, int64_t m, zkg_error *err)
{
    const char *k = t->p->name;
    char out[2 * LIST_BYTES], factor[2 * LIST_BYTES], text[24];

    join(out, t->taps, t->out);
    ZKG_TRY(zkg_graph_kernel_einsum(t->g, k, out, "d", err));
    snprintf(factor, sizeof(factor), "y[%s]", t->out);
    ZKG_TRY(zkg_graph_kernel_term(t->g, k, "1", factor, NULL, err));
    snprintf(factor, sizeof(factor), "x[%s]", t->at);
    ZKG_TRY(zkg_graph_kernel_term(t->g, k, "-1", factor, NULL, err));
    if (!t->padded)
        return ZKG_OK;
    snprintf(text, sizeof(text), "%" PRId64, -m);
    ZKG_TRY(zkg_graph_kernel_term(t->g, k, text, NULL, NULL, err));
    snprintf(text, sizeof(text), "%" PRId64, m);
    snprintf(factor, sizeof(factor), "ones[%s]",
             t->at + strlen(t->lead) + (t->lead[0] != 0));
    return zkg_graph_kernel_term(t->g, k, text, factor, NULL, err);
}

/* One task; the products fit. */
static zkg_status add_task(pool *t, zkg_error *err)
{
    const zkg_nn_max_pool *p = t->p;
    const int64_t m = t->x->min;
    uint64_t len[ZKG_MAX_AXES];
    char y_table[ZKG_NN_TABLE_NAME] = "", d_table[ZKG_NN_TABLE_NAME];
    char axes[2 * LIST_BYTES];
    zkg_nn_zero_product zero = {.g = t->g,
                                .kernel = p->name,
                                .axes = t->out,
                                .lens = t->leads + p->window.axes,
                                .len = len,
                                .bits = t->bits,
                                .tap = tap_text,
                                .user = t};
    const char *k = p->name, *task;
    uint32_t einsums = 0;

    zero.taps = (uint32_t)zkg_nn_window_taps(&p->window);
    memcpy(len, t->x->len, t->leads * sizeof(len[0]));
    memcpy(len + t->leads, p->window.out, p->window.axes * sizeof(len[0]));
    ZKG_TRY(zkg_graph_add_kernel(t->g, k, err));
    ZKG_TRY(add_axes(t, err));
    ZKG_TRY(
        zkg_nn_range_table(d_table, t->g, 0, ((int64_t)1 << t->bits) - 1, err));
    ZKG_TRY(add_tensors(t, y_table, err));
    ZKG_TRY(zkg_graph_kernel_param(t->g, k, "x", t->in, err));
    ZKG_TRY(zkg_graph_kernel_param(t->g, k, "y", t->out, err));
    join(axes, t->taps, t->out);
    ZKG_TRY(zkg_graph_kernel_param(t->g, k, "d", axes, err));
    if (t->padded)
        ZKG_TRY(zkg_graph_kernel_param(
            t->g, k, "ones", t->in + strlen(t->lead) + (t->lead[0] != 0), err));
    if (zero.taps > 1)
        ZKG_TRY(zkg_nn_zero_product_params(&zero, err));
    ZKG_TRY(zkg_graph_kernel_lookup(t->g, k, d_table, "d", err));
    if (y_table[0] != 0)
        ZKG_TRY(zkg_graph_kernel_lookup(t->g, k, y_table, "y", err));
    if (zero.taps > 1) {
        ZKG_TRY(zkg_nn_zero_product_einsums(&einsums, &zero, err));
    } else {
        char tap[64];

        tap_text(tap, t, 0);
        ZKG_TRY(zkg_graph_kernel_einsum(t->g, k, t->out, NULL, err));
        ZKG_TRY(zkg_graph_kernel_term(t->g, k, "1", tap, NULL, err));
        einsums = 1;
    }
    ZKG_TRY(add_difference(t, m, err));
    ZKG_TRY(zkg_graph_add_task(t->g, NULL, k, 1, err));
    ZKG_TRY(zkg_graph_bind(t->g, "x", p->x, false, err));
    ZKG_TRY(zkg_graph_bind(t->g, "y", p->y, false, err));
    ZKG_TRY(zkg_graph_bind(t->g, "d", t->d, false, err));
    task = t->g->st.task[t->g->st.tasks - 1].name;
    if (t->padded) {
        ZKG_TRY(zkg_graph_bind(t->g, "ones", t->ones, false, err));
        ZKG_TRY(zkg_graph_rule_constant(t->g, t->ones, 1, err));
    }
    ZKG_TRY(zkg_nn_zero_product_bind(&zero, err));
    ZKG_TRY(zkg_graph_rule_max(t->g, task, einsums, p->y, err));
    ZKG_TRY(zkg_graph_rule_solve(t->g, task, einsums, t->d, err));
    return zkg_nn_zero_product_rules(&zero, task, err);
}

static bool has_outside(const zkg_nn_window *w)
{
    for (uint32_t k = 0; k < w->axes; k++) {
        const int64_t last = w->stride[k] * ((int64_t)w->out[k] - 1) +
                             w->dilation[k] * ((int64_t)w->kernel[k] - 1) -
                             w->before[k];

        if (w->before[k] > 0 || last >= (int64_t)w->in[k])
            return true;
    }
    return false;
}

/* Two passes: of all axes but the last one with taps, after that one; a lone
 * axis as windows of half as many taps, two of which reach over all. */
static zkg_status add_in_parts(zkg_graph *g, const zkg_nn_max_pool *p,
                               zkg_error *err)
{
    zkg_nn_max_pool first = *p, second = *p;
    char name[2][NAME_BYTES], y[NAME_BYTES];
    uint32_t last = p->window.axes, with_taps = 0;

    for (uint32_t k = 0; k < p->window.axes; k++) {
        with_taps += p->window.kernel[k] > 1;
        last = p->window.kernel[k] > 1 ? k : last;
    }
    snprintf(name[0], NAME_BYTES, "%.110s.a", p->name);
    snprintf(name[1], NAME_BYTES, "%.110s.b", p->name);
    snprintf(y, sizeof(y), "%.110s.a.y", p->name);
    first.name = name[0];
    second.name = name[1];
    first.y = second.x = y;
    first.y_visibility = ZKG_PRIVATE;
    for (uint32_t k = 0; k < p->window.axes; k++) {
        zkg_nn_window *a = &first.window, *b = &second.window;

        if (k != last) {
            a->kernel[k] = 1;
            a->stride[k] = a->dilation[k] = 1;
            a->before[k] = 0;
            a->out[k] = b->in[k];
        } else if (with_taps > 1) {
            b->in[k] = a->out[k];
            b->kernel[k] = 1;
            b->stride[k] = b->dilation[k] = 1;
            b->before[k] = 0;
        } else {
            const uint64_t part = (a->kernel[k] + 1) / 2;

            a->kernel[k] = part;
            b->dilation[k] *= (int64_t)(b->kernel[k] - part);
            b->kernel[k] = 2;
            a->stride[k] = 1;
            a->out[k] = b->in[k] =
                (uint64_t)(b->stride[k] * ((int64_t)b->out[k] - 1) +
                           b->dilation[k] + 1);
            b->before[k] = 0;
        }
    }
    ZKG_TRY(zkg_nn_max_pool_add(g, &first, err));
    return zkg_nn_max_pool_add(g, &second, err);
}

zkg_status zkg_nn_max_pool_add(zkg_graph *g, const zkg_nn_max_pool *p,
                               zkg_error *err)
{
    const uint32_t id = zkg_statement_tensor_id(&g->st, p->x);
    pool t = {.p = p, .g = g};
    uint64_t range;

    if (id == ZKG_NO_ID)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "no tensor is named \"%s\"",
                        p->x);
    t.x = &g->st.tensor[id];
    t.leads = t.x->axes - p->window.axes;
    if (t.x->axes < p->window.axes || t.x->axes + 1 > ZKG_MAX_AXES ||
        t.leads + 3 * p->window.axes + 1 > ZKG_MAX_KERNEL_AXES)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "layer %s: a maximum over %u of the %u axes of %s",
                        p->name, p->window.axes, t.x->axes, p->x);
    /* What lies outside is 0, or x's least value. */
    t.padded = t.x->min < 0 && has_outside(&p->window);
    t.min = t.x->min > 0 && has_outside(&p->window) ? 0 : t.x->min;
    range = (uint64_t)t.x->max - (uint64_t)t.min;
    t.bits = zkg_log2_ceil(range + 1);
    t.bits = t.bits < 1 ? 1 : t.bits;
    if (t.bits > ZKG_NN_TABLE_BITS)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "layer %s: values of %lld..%lld differ by more than a "
                        "table of 2^%d holds; use a smaller scale",
                        p->name, (long long)t.x->min, (long long)t.x->max,
                        ZKG_NN_TABLE_BITS);
    if (!zkg_nn_zero_product_fits(zkg_nn_window_taps(&p->window), t.bits))
        return add_in_parts(g, p, err);
    snprintf(t.d, sizeof(t.d), "%.120s.d", p->name);
    snprintf(t.ones, sizeof(t.ones), "%.120s.ones", p->name);
    return add_task(&t, err);
}
