/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions and pools of images: shapes and names over nn/layer.h and
 * nn/pool.h, and the task of a convolution with its maximum. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "nn/layer.h"
#include "nn/model.h"
#include "nn/pool.h"
#include "nn/special.h"
#include "nn/weights.h"
#include "tensor/dtype.h"

#define NAME_BYTES (ZKG_MAX_NAME + 16)
#define MAX_LEN                                                                \
    (UINT64_C(1) << 20) /* of rows and columns, and all the rest               \
                         */

#define DIGIT_BITS 16
#define MAX_DIGITS (1 + ZKG_RULE_DIGITS)
#define MAX_POOLED_SHIFT 48 /* of a convolution with its maximum */

/* ---- shapes ---- */

static uint64_t at_least_1(uint64_t v)
{
    return v == 0 ? 1 : v;
}

bool zkg_nn_window2d_out(uint64_t out[2], const zkg_nn_window2d *w)
{
    for (int k = 0; k < 2; k++) {
        const uint64_t s = at_least_1(w->stride[k]);
        const uint64_t d = at_least_1(w->dilation[k]);
        uint64_t whole, reach;

        if (w->in[k] < 1 || w->kernel[k] < 1 || w->in[k] > MAX_LEN ||
            w->kernel[k] > MAX_LEN || w->before[k] > MAX_LEN ||
            w->after[k] > MAX_LEN || s > MAX_LEN || d > MAX_LEN)
            return false;
        whole = w->in[k] + w->before[k] + w->after[k];
        reach = d * (w->kernel[k] - 1) + 1;
        if (reach > whole)
            return false;
        out[k] = (whole - reach) / s + 1;
    }
    return true;
}

static bool window_of(zkg_nn_window *out, const zkg_nn_window2d *w)
{
    *out = (zkg_nn_window){.axes = 2};
    if (!zkg_nn_window2d_out(out->out, w))
        return false;
    for (int k = 0; k < 2; k++) {
        out->in[k] = w->in[k];
        out->kernel[k] = w->kernel[k];
        out->stride[k] = (int64_t)at_least_1(w->stride[k]);
        out->dilation[k] = (int64_t)at_least_1(w->dilation[k]);
        out->before[k] = (int64_t)w->before[k];
    }
    return true;
}

/* A convolution's numbers, made whole. */
typedef struct shape {
    zkg_nn_window w;
    uint64_t batch, groups, in, out; /* in, out: channels of one group */
    uint64_t pool[2], y[2];
    bool depthwise, pooled, padded;
} shape;

static zkg_status shape_of(shape *s, const zkg_nn_conv2d *c, zkg_error *err)
{
    *s = (shape){.batch = at_least_1(c->batch),
                 .groups = at_least_1(c->groups),
                 .pool = {at_least_1(c->pool[0]), at_least_1(c->pool[1])}};
    s->pooled = c->pool[0] > 1 || c->pool[1] > 1;
    if (c->in_channels < 1 || c->out_channels < 1 || c->in_channels > MAX_LEN ||
        c->out_channels > MAX_LEN || s->batch > MAX_LEN ||
        s->pool[0] > MAX_LEN || s->pool[1] > MAX_LEN ||
        c->in_channels % s->groups != 0 || c->out_channels % s->groups != 0)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "layer %s: %llu channels in, %llu out, in %llu groups",
                        c->name, (unsigned long long)c->in_channels,
                        (unsigned long long)c->out_channels,
                        (unsigned long long)s->groups);
    s->in = c->in_channels / s->groups;
    s->out = c->out_channels / s->groups;
    s->depthwise = s->groups > 1 && s->in == 1 && s->out == 1;
    if (!window_of(&s->w, &c->window) || s->w.out[0] < s->pool[0] ||
        s->w.out[1] < s->pool[1])
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "layer %s: a kernel of %llux%llu over %llux%llu leaves "
                        "nothing",
                        c->name, (unsigned long long)c->window.kernel[0],
                        (unsigned long long)c->window.kernel[1],
                        (unsigned long long)c->window.in[0],
                        (unsigned long long)c->window.in[1]);
    if (s->pooled && (c->shift < 1 || c->shift > MAX_POOLED_SHIFT))
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "layer %s: a maximum in the convolution's task has a "
                        "shift of 1 to %d",
                        c->name, MAX_POOLED_SHIFT);
    if (c->shift > 62 || c->bits == 1 || c->bits > ZKG_NN_TABLE_BITS ||
        (c->relu && c->table != NULL))
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "layer %s: a shift of %u, a table of %u bits, or two "
                        "activations",
                        c->name, c->shift, c->bits);
    for (int k = 0; k < 2; k++) {
        s->y[k] = s->w.out[k] / s->pool[k];
        s->padded |= c->window.before[k] > 0 || c->window.after[k] > 0;
    }
    return ZKG_OK;
}

bool zkg_nn_conv2d_out(uint64_t out[2], const zkg_nn_conv2d *c)
{
    shape s;

    if (shape_of(&s, c, NULL) != ZKG_OK)
        return false;
    out[0] = s.y[0];
    out[1] = s.y[1];
    return true;
}

/* ---- what it means ---- */

static uint64_t largest(const int64_t *v, uint64_t n)
{
    uint64_t most = 0;

    for (uint64_t i = 0; i < n; i++) {
        const uint64_t m = v[i] < 0 ? 0 - (uint64_t)v[i] : (uint64_t)v[i];

        most = m > most ? m : most;
    }
    return most;
}

static uint64_t weights(const shape *s)
{
    return s->groups * s->out * s->in * zkg_nn_window_taps(&s->w);
}

/* The largest magnitude that n of the layer's parameters are declared with. */
static uint64_t declared(const zkg_nn_conv2d *c, const int64_t *v, uint64_t n)
{
    const zkg_interval h = zkg_nn_weights_range(v, n, c->param_visibility);

    return largest((const int64_t[2]){h.min, h.max}, 2);
}

/* Do all sums stay below 2^62 for |x| <= x? */
static bool sums_fit(const zkg_nn_conv2d *c, const shape *s, uint64_t x)
{
    const uint64_t half = c->shift > 0 ? UINT64_C(1) << (c->shift - 1) : 0;
    uint64_t b = c->b == NULL ? 0 : declared(c, c->b, s->groups * s->out);

    return zkg_add_ok(&b, b, half) &&
           zkg_nn_sum_fits(s->in * zkg_nn_window_taps(&s->w),
                           declared(c, c->w, weights(s)), x, b);
}

/* y = max over blocks of q, which is one map. */
static void pool_map(int64_t *y, const int64_t *q, const shape *s)
{
    for (uint64_t r = 0; r < s->y[0]; r++) {
        for (uint64_t k = 0; k < s->y[1]; k++) {
            int64_t most = INT64_MIN;

            for (uint64_t i = 0; i < s->pool[0] * s->pool[1]; i++) {
                const uint64_t row = r * s->pool[0] + i / s->pool[1];
                const uint64_t column = k * s->pool[1] + i % s->pool[1];
                const int64_t v = q[row * s->w.out[1] + column];

                most = v > most ? v : most;
            }
            y[r * s->y[1] + k] = most;
        }
    }
}

zkg_status zkg_nn_conv2d_model(int64_t *y, const zkg_nn_conv2d *c,
                               const int64_t *x, zkg_error *err)
{
    const uint64_t images = at_least_1(c->batch) * c->out_channels;
    uint64_t n, maps;
    int64_t *q;
    shape s;

    ZKG_TRY(shape_of(&s, c, err));
    maps = zkg_nn_window_out(&s.w);
    n = s.batch * c->in_channels * zkg_nn_window_in(&s.w);
    if (!sums_fit(c, &s, largest(x, n)))
        return zkg_fail(err, ZKG_ERR_WITNESS,
                        "layer %s: its sums may leave 64 bits", c->name);
    q = zkg_alloc(images * maps, sizeof(*q));
    if (q == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    zkg_nn_model_conv(q, &s.w, s.batch, s.groups, s.out, s.in, c->w, c->b, x);
    zkg_nn_model_rescale(q, images * maps, (int64_t)1 << c->shift);
    for (uint64_t i = 0; i < images; i++)
        pool_map(y + i * s.y[0] * s.y[1], q + i * maps, &s);
    for (uint64_t i = 0; i < images * s.y[0] * s.y[1]; i++)
        y[i] = c->relu && y[i] < 0 ? 0 : y[i];
    zkg_free(q);
    return ZKG_OK;
}

/* What q can be: of each output channel its own weights' interval. */
static zkg_interval q_interval(const zkg_nn_conv2d *c, const shape *s,
                               zkg_interval x)
{
    const uint64_t each = s->in * zkg_nn_window_taps(&s->w);
    zkg_interval h = {INT64_MAX, INT64_MIN};

    if (s->padded) {
        x.min = x.min < 0 ? x.min : 0;
        x.max = x.max > 0 ? x.max : 0;
    }
    for (uint64_t o = 0; o < s->groups * s->out; o++) {
        int64_t low = c->b == NULL ? 0 : c->b[o], high = low;

        for (uint64_t k = 0; k < each; k++) {
            const int64_t w = c->w[o * each + k];

            low += w * (w < 0 ? x.max : x.min);
            high += w * (w < 0 ? x.min : x.max);
        }
        h.min = low < h.min ? low : h.min;
        h.max = high > h.max ? high : h.max;
    }
    h.min = zkg_nn_round_div(h.min, (int64_t)1 << c->shift);
    h.max = zkg_nn_round_div(h.max, (int64_t)1 << c->shift);
    return h;
}

/* ---- the plain task ---- */

/* One direction's index into x: an axis by itself where the map allows. */
static void index_text(char out[64], const zkg_nn_window *w, int k,
                       const char *y, const char *i)
{
    if (w->kernel[k] == 1 && w->stride[k] == 1 && w->before[k] == 0 &&
        w->out[k] == w->in[k])
        snprintf(out, 64, "%s", y);
    else if (w->out[k] == 1 && w->dilation[k] == 1 && w->before[k] == 0 &&
             w->kernel[k] == w->in[k])
        snprintf(out, 64, "%s", i);
    else
        snprintf(out, 64, "%" PRId64 "*%s+%" PRId64 "*%s%+" PRId64,
                 w->stride[k], y, w->dilation[k], i, -w->before[k]);
}

/* Names of axes: those of w, and those before the image's of x and y. */
typedef struct axes_text {
    char w[24], x[24], y[24];
    char at[2][64]; /* indices of the image */
} axes_text;

static void axes_of(axes_text *t, const zkg_nn_conv2d *c, const shape *s,
                    const char *rows, const char *columns)
{
    const char *n = c->batch > 0 ? "n," : "";
    const char *g = s->groups > 1 && !s->depthwise ? "g," : "";

    snprintf(t->w, sizeof(t->w), "%s%s", g, s->depthwise ? "o" : "o,c");
    snprintf(t->x, sizeof(t->x), "%s%s%s", n, g, s->depthwise ? "o" : "c");
    snprintf(t->y, sizeof(t->y), "%s%so", n, g);
    index_text(t->at[0], &s->w, 0, rows, "i");
    index_text(t->at[1], &s->w, 1, columns, "j");
}

/* Names of a layer's tensors. */
typedef struct names {
    char w[NAME_BYTES], b[NAME_BYTES];
} names;

static zkg_status add_weights(names *name, zkg_graph *g, const zkg_nn_conv2d *c,
                              const shape *s, zkg_error *err)
{
    uint64_t len[5], bias[2];
    uint32_t n = 0, m = 0;

    if (s->groups > 1 && !s->depthwise)
        len[n++] = bias[m++] = s->groups;
    len[n++] = bias[m++] = s->depthwise ? s->groups : s->out;
    if (!s->depthwise)
        len[n++] = s->in;
    len[n++] = s->w.kernel[0];
    len[n++] = s->w.kernel[1];
    snprintf(name->w, NAME_BYTES, "%.120s.w", c->name);
    snprintf(name->b, NAME_BYTES, "%.120s.b", c->name);
    ZKG_TRY(zkg_nn_weights(g, name->w, n, len, c->w, c->param_visibility, err));
    return c->b == NULL ? ZKG_OK
                        : zkg_nn_weights(g, name->b, m, bias, c->b,
                                         c->param_visibility, err);
}

static zkg_status add_plain(zkg_graph *g, const zkg_nn_conv2d *c,
                            const shape *s, zkg_interval q, const char *table,
                            zkg_error *err)
{
    zkg_nn_layer *l = zkg_alloc(1, sizeof(*l));
    char text[160], factor[160];
    axes_text t;
    names name;
    zkg_status status;

    if (l == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    axes_of(&t, c, s, "y", "x");
    l->name = c->name;
    l->divisor = (uint64_t)1 << c->shift;
    l->q = q;
    l->table = table;
    l->y = c->y;
    l->y_visibility = c->y_visibility;
    if (c->batch > 0)
        zkg_nn_axis_push(l, "n", s->batch);
    if (s->groups > 1 && !s->depthwise)
        zkg_nn_axis_push(l, "g", s->groups);
    zkg_nn_axis_push(l, "o", s->depthwise ? s->groups : s->out);
    if (!s->depthwise)
        zkg_nn_axis_push(l, "c", s->in);
    zkg_nn_axis_push(l, "y", s->w.out[0]);
    zkg_nn_axis_push(l, "x", s->w.out[1]);
    zkg_nn_axis_push(l, "i", s->w.kernel[0]);
    zkg_nn_axis_push(l, "j", s->w.kernel[1]);
    zkg_nn_axis_push(l, "u", s->w.in[0]);
    zkg_nn_axis_push(l, "v", s->w.in[1]);
    snprintf(l->out, sizeof(l->out), "%s,y,x", t.y);
    snprintf(text, sizeof(text), "%s,i,j", t.w);
    zkg_nn_param_push(l, "w", text, name.w);
    snprintf(factor, sizeof(factor), "w[%.60s]", text);
    snprintf(text, sizeof(text), "%s,u,v", t.x);
    zkg_nn_param_push(l, "x", text, c->x);
    snprintf(text, sizeof(text), "x[%.24s,%.60s,%.60s]", t.x, t.at[0], t.at[1]);
    zkg_nn_term_push(l, 1, factor, text);
    if (c->b != NULL) {
        const char *bias = c->batch > 0 ? t.y + 2 : t.y;

        zkg_nn_param_push(l, "b", bias, name.b);
        snprintf(factor, sizeof(factor), "b[%s]", bias);
        zkg_nn_term_push(l, 1, factor, NULL);
    }
    status = add_weights(&name, g, c, s, err);
    if (status == ZKG_OK)
        status = zkg_nn_layer_add(g, l, err);
    zkg_free(l);
    return status;
}

/* ---- the task with a maximum ---- */

/*
 *   v = w x + b                                                (virtual)
 *   v[o, p y + s, ..] + 2^(shift-1) = 2^shift (q - d) + rem    q[o,y], d, rem
 *                                                              [s,t,o,y,x]
 *   0 <= d, 0 <= rem < 2^shift, prod_{s,t} d = 0; (q, out) in the table.
 *
 * d and rem have the taps as highest axes: their lookups end at a point whose
 * lower part is that of q's.
 */
typedef struct fused {
    zkg_graph *g;
    const zkg_nn_conv2d *c;
    const shape *s;
    axes_text t;
    names name;
    char v[NAME_BYTES], q[NAME_BYTES], d[NAME_BYTES];
    char rem[MAX_DIGITS][NAME_BYTES]; /* digits, lowest first */
    char rem_param[MAX_DIGITS][8];
    uint32_t digits, digit_bits; /* of rem; the highest may have fewer bits */
    char y_axes[64];             /* "n,g,o,y,x" */
    uint64_t len[5];             /* of these */
    uint32_t lens;
    uint32_t bits; /* of d */
    zkg_interval q_range, v_range;
} fused;

static void block_tap(char out[64], void *user, uint32_t i)
{
    const fused *f = user;

    snprintf(out, 64, "d[0*z+%u,0*z+%u,%.30s]", (uint32_t)(i / f->s->pool[1]),
             (uint32_t)(i % f->s->pool[1]), f->y_axes);
}

static zkg_status fused_axes(const fused *f, zkg_error *err)
{
    const shape *s = f->s;
    const bool g = s->groups > 1 && !s->depthwise;
    const struct {
        const char *name;
        uint64_t len;
        bool there;
    } axis[] = {
        {"n", s->batch, f->c->batch > 0},
        {"g", s->groups, g},
        {"o", s->depthwise ? s->groups : s->out, true},
        {"c", s->in, !s->depthwise},
        {"i", s->w.kernel[0], true},
        {"j", s->w.kernel[1], true},
        {"u", s->w.in[0], true},
        {"v", s->w.in[1], true},
        {"Y", s->w.out[0], true},
        {"X", s->w.out[1], true},
        {"y", s->y[0], true},
        {"x", s->y[1], true},
        {"s", s->pool[0], true},
        {"t", s->pool[1], true},
        {"z", 1, true},
    };

    for (size_t i = 0; i < sizeof(axis) / sizeof(axis[0]); i++) {
        if (axis[i].there)
            ZKG_TRY(zkg_graph_kernel_axis(f->g, f->c->name, axis[i].name,
                                          axis[i].len, err));
    }
    return ZKG_OK;
}

static zkg_status add_tensor(zkg_graph *g, const char *name, zkg_visibility vis,
                             zkg_interval h, const uint64_t *before,
                             uint32_t n_before, const uint64_t *len, uint32_t n,
                             zkg_error *err)
{
    zkg_tensor_spec spec = {.name = name,
                            .type = zkg_dtype_for_range(h.min, h.max),
                            .visibility = vis,
                            .axes = n_before + n,
                            .min = h.min,
                            .max = h.max};

    for (uint32_t i = 0; i < n_before; i++)
        spec.len[i] = before[i];
    for (uint32_t i = 0; i < n; i++)
        spec.len[n_before + i] = len[i];
    return zkg_graph_add_tensor(g, &spec, err);
}

/* The largest digit i of a remainder below 2^shift. */
static int64_t digit_max(const fused *f, uint32_t i)
{
    const uint32_t left = f->c->shift - i * f->digit_bits;

    return ((int64_t)1 << (left < f->digit_bits ? left : f->digit_bits)) - 1;
}

static void plan_digits(fused *f)
{
    f->digits = (f->c->shift + DIGIT_BITS - 1) / DIGIT_BITS;
    f->digit_bits = (f->c->shift + f->digits - 1) / f->digits;
    for (uint32_t i = 0; i < f->digits; i++) {
        char param[sizeof(f->rem_param[0])] = "rem";

        if (i > 0)
            snprintf(param, sizeof(param), "rem%u", i);
        memcpy(f->rem_param[i], param, sizeof(param));
        snprintf(f->rem[i], NAME_BYTES, "%.120s.%s", f->c->name, param);
    }
}

static zkg_status fused_tensors(fused *f, const char *table, zkg_interval y,
                                zkg_error *err)
{
    const zkg_interval d = {0, ((int64_t)1 << f->bits) - 1};
    uint64_t whole[5];

    memcpy(whole, f->len, sizeof(whole));
    whole[f->lens - 2] = f->s->w.out[0];
    whole[f->lens - 1] = f->s->w.out[1];
    ZKG_TRY(add_weights(&f->name, f->g, f->c, f->s, err));
    ZKG_TRY(add_tensor(f->g, f->v, ZKG_VIRTUAL, f->v_range, NULL, 0, whole,
                       f->lens, err));
    if (table != NULL)
        ZKG_TRY(add_tensor(f->g, f->q, ZKG_PRIVATE, f->q_range, NULL, 0, f->len,
                           f->lens, err));
    ZKG_TRY(add_tensor(f->g, f->c->y, f->c->y_visibility, y, NULL, 0, f->len,
                       f->lens, err));
    ZKG_TRY(add_tensor(f->g, f->d, ZKG_PRIVATE, d, f->s->pool, 2, f->len,
                       f->lens, err));
    for (uint32_t i = 0; i < f->digits; i++) {
        const zkg_interval rem = {0, digit_max(f, i)};

        ZKG_TRY(add_tensor(f->g, f->rem[i], ZKG_PRIVATE, rem, f->s->pool, 2,
                           f->len, f->lens, err));
    }
    return ZKG_OK;
}

/* The axes of b: those of v without the batch. */
static const char *bias_axes(const fused *f)
{
    return f->c->batch > 0 ? f->t.y + 2 : f->t.y;
}

/* w and b, where they are sums of digits; b is the second and may lack. */
static void fused_splits(zkg_nn_split out[2], char w_axes[64], const fused *f)
{
    snprintf(w_axes, 64, "%s,i,j", f->t.w);
    out[0] = (zkg_nn_split){f->g, f->c->name, "w", w_axes, f->name.w};
    out[1] = (zkg_nn_split){f->g, f->c->name, "b", bias_axes(f), f->name.b};
}

static zkg_status fused_params(const fused *f, bool with_q, zkg_error *err)
{
    const char *k = f->c->name;
    char text[160], axes[64];
    zkg_nn_split split[2];

    snprintf(text, sizeof(text), "%s,i,j", f->t.w);
    ZKG_TRY(zkg_graph_kernel_param(f->g, k, "w", text, err));
    snprintf(text, sizeof(text), "%s,u,v", f->t.x);
    ZKG_TRY(zkg_graph_kernel_param(f->g, k, "x", text, err));
    if (f->c->b != NULL)
        ZKG_TRY(zkg_graph_kernel_param(f->g, k, "b", bias_axes(f), err));
    snprintf(text, sizeof(text), "%s,Y,X", f->t.y);
    ZKG_TRY(zkg_graph_kernel_param(f->g, k, "v", text, err));
    if (with_q)
        ZKG_TRY(zkg_graph_kernel_param(f->g, k, "q", f->y_axes, err));
    ZKG_TRY(zkg_graph_kernel_param(f->g, k, "y", f->y_axes, err));
    snprintf(text, sizeof(text), "s,t,%s", f->y_axes);
    ZKG_TRY(zkg_graph_kernel_param(f->g, k, "d", text, err));
    for (uint32_t i = 0; i < f->digits; i++)
        ZKG_TRY(zkg_graph_kernel_param(f->g, k, f->rem_param[i], text, err));
    fused_splits(split, axes, f);
    for (int i = 0; i < (f->c->b != NULL ? 2 : 1); i++)
        ZKG_TRY(zkg_nn_split_params(&split[i], err));
    return ZKG_OK;
}

static zkg_status term(const fused *f, int64_t c, const char *f0,
                       const char *f1, zkg_error *err)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRId64, c);
    return zkg_graph_kernel_term(f->g, f->c->name, text, f0, f1, err);
}

static zkg_status fused_einsums(const fused *f, bool with_q, zkg_error *err)
{
    const char *k = f->c->name;
    const int64_t whole = (int64_t)1 << f->c->shift;
    char text[160], other[160], axes[64];
    zkg_nn_split split[2];

    snprintf(text, sizeof(text), "s,t,%s", f->y_axes);
    ZKG_TRY(zkg_graph_kernel_einsum(f->g, k, text, NULL, err));
    snprintf(text, sizeof(text), "v[%s,%" PRIu64 "*y+1*s,%" PRIu64 "*x+1*t]",
             f->t.y, f->s->pool[0], f->s->pool[1]);
    ZKG_TRY(term(f, 1, text, NULL, err));
    ZKG_TRY(term(f, whole / 2, NULL, NULL, err));
    snprintf(text, sizeof(text), "%s[%s]", with_q ? "q" : "y", f->y_axes);
    ZKG_TRY(term(f, -whole, text, NULL, err));
    snprintf(text, sizeof(text), "d[s,t,%s]", f->y_axes);
    ZKG_TRY(term(f, whole, text, NULL, err));
    for (uint32_t i = 0; i < f->digits; i++) {
        snprintf(text, sizeof(text), "%s[s,t,%s]", f->rem_param[i], f->y_axes);
        ZKG_TRY(term(f, -((int64_t)1 << (i * f->digit_bits)), text, NULL, err));
    }

    snprintf(text, sizeof(text), "%s,Y,X", f->t.y);
    ZKG_TRY(zkg_graph_kernel_einsum(f->g, k, text, "v", err));
    snprintf(text, sizeof(text), "w[%s,i,j]", f->t.w);
    snprintf(other, sizeof(other), "x[%.24s,%.60s,%.60s]", f->t.x, f->t.at[0],
             f->t.at[1]);
    ZKG_TRY(term(f, 1, text, other, err));
    fused_splits(split, axes, f);
    if (f->c->b == NULL)
        return zkg_nn_split_einsum(&split[0], err);
    snprintf(text, sizeof(text), "b[%s]", bias_axes(f));
    ZKG_TRY(term(f, 1, text, NULL, err));
    ZKG_TRY(zkg_nn_split_einsum(&split[0], err));
    return zkg_nn_split_einsum(&split[1], err);
}

static zkg_status fused_bind(const fused *f, bool with_q, zkg_error *err)
{
    zkg_nn_split split[2];
    char axes[64];

    ZKG_TRY(zkg_graph_bind(f->g, "w", f->name.w, false, err));
    ZKG_TRY(zkg_graph_bind(f->g, "x", f->c->x, false, err));
    if (f->c->b != NULL)
        ZKG_TRY(zkg_graph_bind(f->g, "b", f->name.b, false, err));
    ZKG_TRY(zkg_graph_bind(f->g, "v", f->v, false, err));
    if (with_q)
        ZKG_TRY(zkg_graph_bind(f->g, "q", f->q, false, err));
    ZKG_TRY(zkg_graph_bind(f->g, "y", f->c->y, false, err));
    ZKG_TRY(zkg_graph_bind(f->g, "d", f->d, false, err));
    for (uint32_t i = 0; i < f->digits; i++)
        ZKG_TRY(zkg_graph_bind(f->g, f->rem_param[i], f->rem[i], false, err));
    fused_splits(split, axes, f);
    for (int i = 0; i < (f->c->b != NULL ? 2 : 1); i++)
        ZKG_TRY(zkg_nn_split_bind(&split[i], err));
    return ZKG_OK;
}

/* Remainders in their ranges, the table of each made before. */
static zkg_status fused_lookups(const fused *f,
                                char table[MAX_DIGITS][ZKG_NN_TABLE_NAME],
                                zkg_error *err)
{
    for (uint32_t i = 0; i < f->digits; i++)
        ZKG_TRY(zkg_graph_kernel_lookup(f->g, f->c->name, table[i],
                                        f->rem_param[i], err));
    return ZKG_OK;
}

/* table: of (q, y), or NULL: y is q, and y_table holds it. */
static zkg_status fused_build(fused *f, const char *table, const char *y_table,
                              zkg_interval y, zkg_error *err)
{
    const bool with_q = table != NULL;
    char d_table[ZKG_NN_TABLE_NAME], rem_table[MAX_DIGITS][ZKG_NN_TABLE_NAME];
    const char *k = f->c->name, *task, *digit[MAX_DIGITS];
    const zkg_nn_zero_product zero = {
        .g = f->g,
        .kernel = k,
        .axes = f->y_axes,
        .lens = f->lens,
        .len = f->len,
        .taps = (uint32_t)(f->s->pool[0] * f->s->pool[1]),
        .bits = f->bits,
        .tap = block_tap,
        .user = f,
    };
    uint32_t einsums = 0, next;
    zkg_nn_split split[2];
    char axes[64];

    ZKG_TRY(
        zkg_nn_range_table(d_table, f->g, 0, ((int64_t)1 << f->bits) - 1, err));
    for (uint32_t i = 0; i < f->digits; i++) {
        digit[i] = f->rem[i];
        ZKG_TRY(
            zkg_nn_range_table(rem_table[i], f->g, 0, digit_max(f, i), err));
    }
    ZKG_TRY(fused_tensors(f, table, y, err));
    ZKG_TRY(zkg_graph_add_kernel(f->g, k, err));
    ZKG_TRY(fused_axes(f, err));
    ZKG_TRY(fused_params(f, with_q, err));
    ZKG_TRY(zkg_nn_zero_product_params(&zero, err));
    ZKG_TRY(fused_lookups(f, rem_table, err));
    ZKG_TRY(zkg_graph_kernel_lookup(f->g, k, d_table, "d", err));
    if (with_q)
        ZKG_TRY(zkg_graph_kernel_lookup(f->g, k, table, "q,y", err));
    else if (y_table[0] != 0)
        ZKG_TRY(zkg_graph_kernel_lookup(f->g, k, y_table, "y", err));
    ZKG_TRY(zkg_nn_zero_product_einsums(&einsums, &zero, err));
    ZKG_TRY(fused_einsums(f, with_q, err));
    ZKG_TRY(zkg_graph_add_task(f->g, NULL, k, 1, err));
    ZKG_TRY(fused_bind(f, with_q, err));
    ZKG_TRY(zkg_nn_zero_product_bind(&zero, err));
    task = f->g->st.task[f->g->st.tasks - 1].name;
    next = einsums + 2;
    fused_splits(split, axes, f);
    for (int i = 0; i < (f->c->b != NULL ? 2 : 1); i++)
        ZKG_TRY(zkg_nn_split_rule(&next, &split[i], err));
    ZKG_TRY(zkg_graph_rule_solve(f->g, task, einsums + 1, f->v, err));
    ZKG_TRY(
        zkg_graph_rule_max(f->g, task, einsums, with_q ? f->q : f->c->y, err));
    ZKG_TRY(zkg_graph_rule_digits(f->g, task, einsums, f->d, digit, f->digits,
                                  err));
    if (with_q)
        ZKG_TRY(zkg_graph_rule_map(f->g, table, f->q, f->c->y, err));
    return zkg_nn_zero_product_rules(&zero, task, err);
}

/* What the statement's own bound of v is: of every weight the largest, of x
 * its whole range. */
static zkg_interval v_interval(const zkg_graph *g, const zkg_nn_conv2d *c,
                               const shape *s)
{
    const uint32_t id = zkg_statement_tensor_id(&g->st, c->x);
    const zkg_tensor *x = &g->st.tensor[id];
    const uint64_t low = x->min < 0 ? 0 - (uint64_t)x->min : (uint64_t)x->min;
    const uint64_t high = x->max < 0 ? 0 - (uint64_t)x->max : (uint64_t)x->max;
    const int64_t most =
        (int64_t)(s->in * zkg_nn_window_taps(&s->w) *
                      declared(c, c->w, weights(s)) *
                      (low > high ? low : high) +
                  (c->b == NULL ? 0 : declared(c, c->b, s->groups * s->out)));

    return (zkg_interval){-most, most};
}

static zkg_status add_fused(zkg_graph *g, const zkg_nn_conv2d *c,
                            const shape *s, zkg_interval q, const char *table,
                            zkg_interval q_range, zkg_interval y,
                            zkg_error *err)
{
    fused f = {.g = g, .c = c, .s = s, .q_range = q_range};
    char y_table[ZKG_NN_TABLE_NAME] = "";
    const zkg_tensor *x;

    f.bits = zkg_log2_ceil((uint64_t)q.max - (uint64_t)q.min + 1);
    f.bits = f.bits < 1 ? 1 : f.bits;
    if (f.bits > ZKG_NN_TABLE_BITS ||
        !zkg_nn_zero_product_fits(s->pool[0] * s->pool[1], f.bits))
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "layer %s: a maximum of %llu values of %u bits in one "
                        "task; pool in a layer of its own",
                        c->name, (unsigned long long)(s->pool[0] * s->pool[1]),
                        f.bits);
    x = &g->st.tensor[zkg_statement_tensor_id(&g->st, c->x)];
    if (!sums_fit(c, s, largest((const int64_t[2]){x->min, x->max}, 2)))
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "layer %s: its sums may leave 64 bits", c->name);
    f.v_range = v_interval(g, c, s);
    axes_of(&f.t, c, s, "Y", "X");
    snprintf(f.y_axes, sizeof(f.y_axes), "%s,y,x", f.t.y);
    if (c->batch > 0)
        f.len[f.lens++] = s->batch;
    if (s->groups > 1 && !s->depthwise)
        f.len[f.lens++] = s->groups;
    f.len[f.lens++] = s->depthwise ? s->groups : s->out;
    f.len[f.lens++] = s->y[0];
    f.len[f.lens++] = s->y[1];
    snprintf(f.v, NAME_BYTES, "%.120s.v", c->name);
    snprintf(f.q, NAME_BYTES, "%.120s.q", c->name);
    snprintf(f.d, NAME_BYTES, "%.120s.d", c->name);
    plan_digits(&f);
    if (table == NULL && c->y_visibility != ZKG_PUBLIC)
        ZKG_TRY(zkg_nn_range_table(y_table, g, y.min, y.max, err));
    return fused_build(&f, table, y_table, y, err);
}

/* Bounds of column c of a table. */
static zkg_interval column(const zkg_graph *g, const char *table, uint32_t c)
{
    const uint32_t id = zkg_statement_table_id(&g->st, table);
    zkg_interval h;

    zkg_stmt_table_bounds(&h.min, &h.max, &g->st.table[id], c);
    return h;
}

zkg_status zkg_nn_conv2d_add(zkg_graph *g, zkg_interval *y_range,
                             const zkg_nn_conv2d *c, zkg_interval x_range,
                             zkg_error *err)
{
    const uint64_t most =
        largest((const int64_t[2]){x_range.min, x_range.max}, 2);
    char relu[ZKG_NN_TABLE_NAME];
    const char *table = c->table;
    zkg_interval q, q_range, y;
    uint32_t bits;
    shape s;

    ZKG_TRY(shape_of(&s, c, err));
    if (zkg_statement_tensor_id(&g->st, c->x) == ZKG_NO_ID)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "no tensor is named \"%s\"",
                        c->x);
    if (!sums_fit(c, &s, most))
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "layer %s: its sums may leave 64 bits", c->name);
    q = c->bits > 0 ? zkg_nn_signed_range(c->bits) : q_interval(c, &s, x_range);
    bits = zkg_nn_signed_bits(q);
    if (bits > ZKG_NN_TABLE_BITS)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "layer %s: outputs of %lld..%lld need a table of %u "
                        "bits, at most %d are there; use a smaller scale",
                        c->name, (long long)q.min, (long long)q.max, bits,
                        ZKG_NN_TABLE_BITS);
    if (c->relu) {
        ZKG_TRY(zkg_nn_relu_table(relu, g, bits, err));
        table = relu;
    } else if (table != NULL &&
               zkg_statement_table_id(&g->st, table) == ZKG_NO_ID) {
        return zkg_fail(err, ZKG_ERR_MALFORMED, "no table is named \"%s\"",
                        table);
    }
    q_range = table != NULL ? column(g, table, 0) : zkg_nn_signed_range(bits);
    y = table != NULL ? column(g, table, 1) : q_range;
    if (y_range != NULL) {
        *y_range = table == NULL ? q : y;
        if (c->relu)
            *y_range = (zkg_interval){0, q.max > 0 ? q.max : 0};
    }
    if (s.pooled)
        return add_fused(g, c, &s, q, table, q_range, y, err);
    return add_plain(g, c, &s, q, table, err);
}

/* ---- pools ---- */

static zkg_status pool_window(zkg_nn_window *w, const zkg_nn_pool2d *p,
                              zkg_error *err)
{
    bool ok =
        window_of(w, &p->window) && p->channels >= 1 && p->channels <= MAX_LEN;

    /* Every window reads something. */
    for (int k = 0; ok && k < 2; k++) {
        for (uint64_t y = 0; y < w->out[k]; y++) {
            const int64_t at = w->stride[k] * (int64_t)y - w->before[k];
            bool any = false;

            for (uint64_t i = 0; i < w->kernel[k] && !any; i++) {
                const int64_t u = at + w->dilation[k] * (int64_t)i;

                any = u >= 0 && u < (int64_t)w->in[k];
            }
            ok = ok && any;
        }
    }
    return ok ? ZKG_OK
              : zkg_fail(err, ZKG_ERR_INVALID,
                         "layer %s: windows of %llux%llu over %llux%llu that "
                         "read nothing, or none",
                         p->name, (unsigned long long)p->window.kernel[0],
                         (unsigned long long)p->window.kernel[1],
                         (unsigned long long)p->window.in[0],
                         (unsigned long long)p->window.in[1]);
}

zkg_status zkg_nn_max_pool2d_model(int64_t *y, const zkg_nn_pool2d *p,
                                   const int64_t *x, zkg_error *err)
{
    zkg_nn_window w;

    ZKG_TRY(pool_window(&w, p, err));
    zkg_nn_model_max_pool(y, &w, p->channels, x);
    return ZKG_OK;
}

zkg_status zkg_nn_max_pool2d_add(zkg_graph *g, const zkg_nn_pool2d *p,
                                 zkg_error *err)
{
    zkg_nn_max_pool m = {
        .name = p->name, .x = p->x, .y = p->y, .y_visibility = p->y_visibility};

    ZKG_TRY(pool_window(&m.window, p, err));
    return zkg_nn_max_pool_add(g, &m, err);
}

zkg_status zkg_nn_avg_pool2d_model(int64_t *y, const zkg_nn_pool2d *p,
                                   const int64_t *x, zkg_error *err)
{
    const uint64_t n = p->channels;
    zkg_nn_window w;

    ZKG_TRY(pool_window(&w, p, err));
    if (!zkg_nn_sum_fits(zkg_nn_window_taps(&w),
                         largest(x, n * zkg_nn_window_in(&w)), 1, 0))
        return zkg_fail(err, ZKG_ERR_WITNESS,
                        "layer %s: its sums may leave 64 bits", p->name);
    zkg_nn_model_sum_pool(y, &w, n, x);
    zkg_nn_model_rescale(y, n * zkg_nn_window_out(&w),
                         (int64_t)zkg_nn_window_taps(&w));
    return ZKG_OK;
}

zkg_status zkg_nn_avg_pool2d_add(zkg_graph *g, const zkg_nn_pool2d *p,
                                 zkg_error *err)
{
    const uint32_t id = zkg_statement_tensor_id(&g->st, p->x);
    zkg_nn_layer *l;
    zkg_nn_window w;
    char at[2][64], factor[160];
    zkg_status status;

    ZKG_TRY(pool_window(&w, p, err));
    if (id == ZKG_NO_ID)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "no tensor is named \"%s\"",
                        p->x);
    l = zkg_alloc(1, sizeof(*l));
    if (l == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    l->name = p->name;
    l->divisor = zkg_nn_window_taps(&w);
    /* A mean, of zeros too. */
    l->q = (zkg_interval){g->st.tensor[id].min < 0 ? g->st.tensor[id].min : 0,
                          g->st.tensor[id].max > 0 ? g->st.tensor[id].max : 0};
    l->y = p->y;
    l->y_visibility = p->y_visibility;
    zkg_nn_axis_push(l, "c", p->channels);
    zkg_nn_axis_push(l, "y", w.out[0]);
    zkg_nn_axis_push(l, "x", w.out[1]);
    zkg_nn_axis_push(l, "i", w.kernel[0]);
    zkg_nn_axis_push(l, "j", w.kernel[1]);
    zkg_nn_axis_push(l, "u", w.in[0]);
    zkg_nn_axis_push(l, "v", w.in[1]);
    snprintf(l->out, sizeof(l->out), "c,y,x");
    zkg_nn_param_push(l, "x", "c,u,v", p->x);
    index_text(at[0], &w, 0, "y", "i");
    index_text(at[1], &w, 1, "x", "j");
    snprintf(factor, sizeof(factor), "x[c,%.60s,%.60s]", at[0], at[1]);
    zkg_nn_term_push(l, 1, factor, NULL);
    status = zkg_nn_layer_add(g, l, err);
    zkg_free(l);
    return status;
}
