/* SPDX-License-Identifier: Apache-2.0 */
/* Operators over plain integers. */
#include "nn/model.h"

#include <math.h>
#include <string.h>

#include "base/bits.h"

int64_t zkg_nn_round_div(int64_t a, int64_t d)
{
    /* a = d q + r, 0 <= r < d; half up: r >= d - r. */
    int64_t q = a / d, r = a % d;

    if (r < 0) {
        r += d;
        q--;
    }
    return q + (r >= d - r);
}

bool zkg_nn_sum_fits(uint64_t n, uint64_t x, uint64_t y, uint64_t z)
{
    uint64_t v;

    return zkg_mul_ok(&v, n, x) && zkg_mul_ok(&v, v, y) &&
           zkg_add_ok(&v, v, z) && v < (uint64_t)1 << 62;
}

static uint64_t product(const uint64_t *len, uint32_t n)
{
    uint64_t p = 1;

    for (uint32_t i = 0; i < n; i++)
        p *= len[i];
    return p;
}

uint64_t zkg_nn_window_in(const zkg_nn_window *w)
{
    return product(w->in, w->axes);
}

uint64_t zkg_nn_window_out(const zkg_nn_window *w)
{
    return product(w->out, w->axes);
}

uint64_t zkg_nn_window_taps(const zkg_nn_window *w)
{
    return product(w->kernel, w->axes);
}

/* The place of tap i of output y, as a flat index; false: outside. */
static bool place(uint64_t *at, const zkg_nn_window *w, uint64_t y, uint64_t i)
{
    int64_t pos[ZKG_NN_SPATIAL];

    for (uint32_t k = w->axes; k-- > 0;) {
        pos[k] = w->stride[k] * (int64_t)(y % w->out[k]) +
                 w->dilation[k] * (int64_t)(i % w->kernel[k]) - w->before[k];
        if (pos[k] < 0 || pos[k] >= (int64_t)w->in[k])
            return false;
        y /= w->out[k];
        i /= w->kernel[k];
    }
    *at = 0;
    for (uint32_t k = 0; k < w->axes; k++)
        *at = *at * w->in[k] + (uint64_t)pos[k];
    return true;
}

/* One tap of one pair of maps: acc[y] += v x[y at tap], row by row. */
static void add_tap(int64_t *acc, const zkg_nn_window *w, uint64_t tap,
                    int64_t v, const int64_t *x)
{
    const uint32_t last = w->axes - 1;
    const uint64_t row = w->out[last], rows = zkg_nn_window_out(w) / row;
    const int64_t s = w->stride[last];
    const int64_t shift =
        w->dilation[last] * (int64_t)(tap % w->kernel[last]) - w->before[last];
    zkg_nn_window outer = *w;

    outer.axes = last;
    for (uint64_t r = 0; r < rows; r++) {
        uint64_t at = 0;

        if (last > 0 && !place(&at, &outer, r, tap / w->kernel[last]))
            continue;
        for (uint64_t y = 0; y < row; y++) {
            const int64_t pos = s * (int64_t)y + shift;

            if (pos >= 0 && pos < (int64_t)w->in[last])
                acc[r * row + y] += v * x[at * w->in[last] + (uint64_t)pos];
        }
    }
}

void zkg_nn_model_conv(int64_t *acc, const zkg_nn_window *w, uint64_t batch,
                       uint64_t groups, uint64_t out, uint64_t in,
                       const int64_t *weight, const int64_t *b,
                       const int64_t *x)
{
    const uint64_t n_in = zkg_nn_window_in(w), n_out = zkg_nn_window_out(w);
    const uint64_t taps = zkg_nn_window_taps(w);

    for (uint64_t i = 0; i < batch * groups * out; i++) {
        const uint64_t map = i % (groups * out), g = map / out;
        const uint64_t n = i / (groups * out);
        int64_t *to = acc + i * n_out;

        for (uint64_t y = 0; y < n_out; y++)
            to[y] = b == NULL ? 0 : b[map];
        for (uint64_t c = 0; c < in; c++) {
            const int64_t *from = x + ((n * groups + g) * in + c) * n_in;

            for (uint64_t t = 0; t < taps; t++)
                add_tap(to, w, t, weight[(map * in + c) * taps + t], from);
        }
    }
}

void zkg_nn_model_sum_pool(int64_t *acc, const zkg_nn_window *w, uint64_t n,
                           const int64_t *x)
{
    const uint64_t n_in = zkg_nn_window_in(w), n_out = zkg_nn_window_out(w);

    memset(acc, 0, n * n_out * sizeof(acc[0]));
    for (uint64_t i = 0; i < n; i++) {
        for (uint64_t t = 0; t < zkg_nn_window_taps(w); t++)
            add_tap(acc + i * n_out, w, t, 1, x + i * n_in);
    }
}

void zkg_nn_model_max_pool(int64_t *y, const zkg_nn_window *w, uint64_t n,
                           const int64_t *x)
{
    const uint64_t n_in = zkg_nn_window_in(w), n_out = zkg_nn_window_out(w);
    const uint64_t taps = zkg_nn_window_taps(w);

    for (uint64_t i = 0; i < n * n_out; i++) {
        bool any = false;

        y[i] = 0;
        for (uint64_t t = 0; t < taps; t++) {
            uint64_t at;

            if (!place(&at, w, i % n_out, t))
                continue;
            at += i / n_out * n_in;
            if (!any || x[at] > y[i])
                y[i] = x[at];
            any = true;
        }
    }
}

/* floor(2^t / sqrt v): the greatest u with u^2 <= floor(2^(2t) / v). */
static int64_t inverse_root(int64_t v, uint32_t t)
{
    const int64_t n = ((int64_t)1 << (2 * t)) / v;
    int64_t low = 0, high = ((int64_t)1 << t) + 1;

    while (high - low > 1) {
        const int64_t mid = low + (high - low) / 2;

        if (mid * mid <= n)
            low = mid;
        else
            high = mid;
    }
    return low;
}

bool zkg_nn_model_layer_norm(int64_t *acc, int64_t *m, int64_t *v, int64_t *u,
                             const zkg_nn_norm *how, const int64_t *gain,
                             const int64_t *bias, const int64_t *x)
{
    const uint32_t e = how->mean_bits;
    const uint32_t rest = e + how->root_bits - how->variance_scale;
    const int64_t n = (int64_t)how->n;
    int64_t sum = 0, squares = 0;

    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    *m = zkg_nn_round_div(sum * ((int64_t)1 << e), n);
    for (int64_t i = 0; i < n; i++) {
        const int64_t d = x[i] * ((int64_t)1 << e) - *m;
        int64_t v2;

        if (!zkg_mul_i64_ok(&v2, d, d) ||
            !zkg_add_i64_ok(&squares, squares, v2))
            return false;
    }
    if (!zkg_add_i64_ok(&squares, squares, how->epsilon))
        return false;
    *v = zkg_nn_round_div(squares,
                          n << (2 * (how->scale + e - how->variance_scale)));
    if (*v < 1)
        return false;
    *u = inverse_root(*v, how->root_bits);
    for (int64_t i = 0; i < n; i++) {
        acc[i] = (x[i] * ((int64_t)1 << e) - *m) * *u;
        if (gain != NULL && !zkg_mul_i64_ok(&acc[i], acc[i], gain[i]))
            return false;
        if (bias != NULL)
            acc[i] += bias[i] * ((int64_t)1 << rest);
    }
    return true;
}

bool zkg_nn_model_divide(int64_t *y, int64_t a, int64_t b, uint32_t shift)
{
    int64_t top;

    if (b == 0 || shift > 62 || b == INT64_MIN || a == INT64_MIN ||
        !zkg_mul_i64_ok(&top, b < 0 ? -a : a, (int64_t)1 << shift) ||
        top < -((int64_t)1 << 62) || top > (int64_t)1 << 62)
        return false;
    *y = zkg_nn_round_div(top, b < 0 ? -b : b);
    return true;
}

int64_t zkg_nn_model_exp(int64_t d, uint32_t scale, uint32_t bits)
{
    return (int64_t)floor(
        ldexp(exp(-ldexp((double)d, -(int)scale)), (int)bits) + 0.5);
}

void zkg_nn_model_softmax(int64_t *y, const int64_t *x, uint64_t n,
                          uint64_t stride, uint32_t scale, uint32_t bits)
{
    int64_t most = x[0], sum = 0;

    for (uint64_t i = 1; i < n; i++)
        most = x[i * stride] > most ? x[i * stride] : most;
    for (uint64_t i = 0; i < n; i++) {
        y[i * stride] = zkg_nn_model_exp(most - x[i * stride], scale, bits);
        sum += y[i * stride];
    }
    for (uint64_t i = 0; i < n; i++)
        y[i * stride] =
            zkg_nn_round_div(y[i * stride] * ((int64_t)1 << scale), sum);
}

void zkg_nn_model_rescale(int64_t *a, uint64_t n, int64_t d)
{
    for (uint64_t i = 0; i < n; i++)
        a[i] = zkg_nn_round_div(a[i], d);
}
