/* SPDX-License-Identifier: Apache-2.0 */
/* What dense_rescale and dense_rescale_relu mean, over plain integers. */
#include "base/bits.h"
#include "tensor/quantise.h"
#include "zkgkr/nn.h"

/* floor(a / 2^s), negatives included; the remainder is never negative. */
static int64_t floor_shift(int64_t *rem, int64_t a, uint32_t s)
{
    const int64_t d = (int64_t)1 << s;
    int64_t q = a / d;

    *rem = a % d;
    if (*rem < 0) {
        *rem += d;
        q--;
    }
    return q;
}

zkg_status zkg_nn_dense_model(int64_t *q, int64_t *rem, int64_t *y,
                              const zkg_nn_dense *layer, bool relu,
                              const int64_t *x, zkg_error *err)
{
    for (uint64_t o = 0; o < layer->out; o++) {
        int64_t acc = layer->b[o], v, r;
        bool fits = true;

        for (uint64_t k = 0; k < layer->in && fits; k++)
            fits = zkg_mul_i64_ok(&v, layer->w[o * layer->in + k], x[k]) &&
                   zkg_add_i64_ok(&acc, acc, v);
        if (!fits ||
            !zkg_add_i64_ok(&acc, acc, (int64_t)1 << (layer->shift - 1)))
            return zkg_fail(err, ZKG_ERR_WITNESS,
                            "layer %s: sum %llu leaves 64 bits", layer->name,
                            (unsigned long long)o);
        v = floor_shift(&r, acc, layer->shift);
        if (q != NULL)
            q[o] = v;
        if (rem != NULL)
            rem[o] = r;
        y[o] = relu && v < 0 ? 0 : v;
    }
    return ZKG_OK;
}

bool zkg_nn_quantise(int64_t *out, double v, uint32_t scale)
{
    return zkg_quantise(out, v, scale);
}
