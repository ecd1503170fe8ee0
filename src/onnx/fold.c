/* SPDX-License-Identifier: Apache-2.0 */
/* Operators on constants, in double precision: slow and plain. */
#include "onnx/fold.h"

#include <math.h>
#include <string.h>

#include "onnx/lower.h"

#define MAX_FOLDED ((uint64_t)1 << 26) /* elements of a constant */

typedef struct site {
    zkg_onnx_model *m;
    zkg_onnx_node *n;
    zkg_error *err;
} site;

/* The constant at input i, or NULL. */
static const zkg_onnx_tensor *in(const site *s, uint32_t i)
{
    return i < s->n->inputs && s->n->input[i] != ZKG_ONNX_NONE
               ? &s->m->value[s->n->input[i]].t
               : NULL;
}

zkg_status zkg_onnx_make_constant(zkg_onnx_tensor **out, zkg_onnx_model *m,
                                  uint32_t value, const zkg_onnx_shape *shape,
                                  bool is_real, zkg_error *err)
{
    zkg_onnx_value *v = &m->value[value];
    uint64_t n;

    if (!zkg_onnx_count(&n, shape) || n > MAX_FOLDED)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "value %s: a constant of more than 2^26 elements",
                        v->name);
    ZKG_TRY(zkg_onnx_tensor_init(&v->t, shape, is_real, err));
    v->has_shape = v->is_constant = true;
    v->shape = *shape;
    v->is_real = is_real;
    *out = &v->t;
    return ZKG_OK;
}

/* The output, of the shape that inference gave it. */
static zkg_status begin(double **y, const site *s)
{
    const uint32_t id = s->n->output[0];
    const zkg_onnx_shape shape = s->m->value[id].shape;
    zkg_onnx_tensor *t = NULL;

    ZKG_TRY(zkg_onnx_make_constant(&t, s->m, id, &shape, true, s->err));
    s->n->fate = ZKG_ONNX_FOLDED;
    *y = t->real;
    return ZKG_OK;
}

static const zkg_onnx_shape *out_shape(const site *s)
{
    return &s->m->value[s->n->output[0]].shape;
}

/* Where x, broadcast to `shape`, has element i of it. */
static uint64_t broadcast_at(const zkg_onnx_shape *shape,
                             const zkg_onnx_shape *x, uint64_t i)
{
    uint64_t at = 0, stride = 1;

    for (uint32_t k = 0; k < x->axes; k++) {
        const uint64_t len = shape->len[shape->axes - 1 - k];
        const uint64_t own = x->len[x->axes - 1 - k];

        at += own == 1 ? 0 : i % len * stride;
        stride *= own;
        i /= len;
    }
    return at;
}

/* y[i] = f(x0[i], x1[i], x2[i]), broadcast */
static zkg_status elementwise(const site *s)
{
    const zkg_onnx_shape *shape = out_shape(s);
    uint64_t count;
    double *y;

    ZKG_TRY(begin(&y, s));
    (void)zkg_onnx_count(&count, shape);
    for (uint64_t i = 0; i < count; i++) {
        double v[3] = {0};
        bool has[3] = {false};

        for (uint32_t k = 0; k < s->n->inputs && k < 3; k++) {
            const zkg_onnx_tensor *x = in(s, k);

            has[k] = x != NULL;
            if (has[k])
                v[k] = zkg_onnx_tensor_at(x, broadcast_at(shape, &x->shape, i));
        }
        y[i] = zkg_onnx_op_apply(s->n, v, has);
    }
    return ZKG_OK;
}

/* y[i,j] = alpha sum_k A[i,k] B[k,j] + beta C[i,j] */
static zkg_status gemm(const site *s)
{
    const bool ta = zkg_onnx_attr_i(s->n, "transA", 0) != 0;
    const bool tb = zkg_onnx_attr_i(s->n, "transB", 0) != 0;
    const double alpha = zkg_onnx_attr_f(s->n, "alpha", 1);
    const double beta = zkg_onnx_attr_f(s->n, "beta", 1);
    const zkg_onnx_tensor *a = in(s, 0), *b = in(s, 1), *c = in(s, 2);
    const zkg_onnx_shape *shape = out_shape(s);
    const uint64_t rows = shape->len[0], cols = shape->len[1];
    const uint64_t inner = a->shape.len[ta ? 0 : 1];
    double *y;

    ZKG_TRY(begin(&y, s));
    for (uint64_t i = 0; i < rows; i++) {
        for (uint64_t j = 0; j < cols; j++) {
            double sum = 0;

            for (uint64_t k = 0; k < inner; k++)
                sum += a->real[ta ? k * rows + i : i * inner + k] *
                       b->real[tb ? j * inner + k : k * cols + j];
            y[i * cols + j] = alpha * sum;
            if (c != NULL)
                y[i * cols + j] +=
                    beta *
                    c->real[broadcast_at(shape, &c->shape, i * cols + j)];
        }
    }
    return ZKG_OK;
}

/* Its leading axes, without the matrix. */
static zkg_onnx_shape leading(const zkg_onnx_shape *x)
{
    zkg_onnx_shape lead = *x;

    lead.axes -= 2;
    return lead;
}

/* y[b,i,j] = sum_k A[b,i,k] B[b,k,j], leading axes broadcast */
static zkg_status matmul(const site *s)
{
    const zkg_onnx_tensor *a = in(s, 0), *b = in(s, 1);
    const zkg_onnx_shape lead = leading(out_shape(s)), la = leading(&a->shape),
                         lb = leading(&b->shape);
    const uint64_t rows = a->shape.len[la.axes];
    const uint64_t inner = a->shape.len[la.axes + 1];
    const uint64_t cols = b->shape.len[lb.axes + 1];
    uint64_t batch;
    double *y;

    ZKG_TRY(begin(&y, s));
    (void)zkg_onnx_count(&batch, &lead);
    for (uint64_t n = 0; n < batch; n++) {
        const double *x = a->real + broadcast_at(&lead, &la, n) * rows * inner;
        const double *w = b->real + broadcast_at(&lead, &lb, n) * inner * cols;

        for (uint64_t i = 0; i < rows; i++, y += cols) {
            for (uint64_t k = 0; k < inner; k++) {
                for (uint64_t j = 0; j < cols; j++)
                    y[j] += x[i * inner + k] * w[k * cols + j];
            }
        }
    }
    return ZKG_OK;
}

/* y = gain (x - mean) / sqrt(variance + epsilon) + bias, by channel */
static zkg_status batch_norm(const site *s)
{
    const zkg_onnx_tensor *x = in(s, 0), *gain = in(s, 1), *bias = in(s, 2),
                          *mean = in(s, 3), *variance = in(s, 4);
    const double epsilon = zkg_onnx_attr_f(s->n, "epsilon", 1e-5);
    const uint64_t channels = x->shape.axes < 2 ? 1 : x->shape.len[1];
    uint64_t inner = 1;
    double *y;

    if (gain == NULL || bias == NULL || mean == NULL || variance == NULL ||
        gain->count != channels || bias->count != channels ||
        mean->count != channels || variance->count != channels)
        return ZKG_OK;
    for (uint32_t k = 2; k < x->shape.axes; k++)
        inner *= x->shape.len[k];
    ZKG_TRY(begin(&y, s));
    for (uint64_t i = 0; i < x->count; i++) {
        const uint64_t c = i / inner % channels;

        y[i] = gain->real[c] * (x->real[i] - mean->real[c]) /
                   sqrt(variance->real[c] + epsilon) +
               bias->real[c];
    }
    return ZKG_OK;
}

/* Rows of n elements: mean 0, variance 1, then gain and bias */
static zkg_status layer_norm(const site *s)
{
    const zkg_onnx_tensor *x = in(s, 0), *gain = in(s, 1), *bias = in(s, 2);
    const double epsilon = zkg_onnx_attr_f(s->n, "epsilon", 1e-5);
    int64_t axis = zkg_onnx_attr_i(s->n, "axis", -1);
    zkg_onnx_shape row = {.axes = 0};
    uint64_t n = 1;
    double *y;

    axis += axis < 0 ? x->shape.axes : 0;
    if (axis < 0 || axis >= (int64_t)x->shape.axes)
        return ZKG_OK;
    for (uint32_t k = (uint32_t)axis; k < x->shape.axes; k++) {
        row.len[row.axes++] = x->shape.len[k];
        n *= x->shape.len[k];
    }
    ZKG_TRY(begin(&y, s));
    for (uint64_t r = 0; r < x->count; r += n) {
        double mean = 0, squares = 0;

        for (uint64_t i = 0; i < n; i++)
            mean += x->real[r + i] / (double)n;
        for (uint64_t i = 0; i < n; i++)
            squares += pow(x->real[r + i] - mean, 2) / (double)n;
        for (uint64_t i = 0; i < n; i++) {
            y[r + i] = (x->real[r + i] - mean) / sqrt(squares + epsilon);
            if (gain != NULL)
                y[r + i] *= gain->real[broadcast_at(&row, &gain->shape, i)];
            if (bias != NULL)
                y[r + i] += bias->real[broadcast_at(&row, &bias->shape, i)];
        }
    }
    return ZKG_OK;
}

/* y = e^(x - max) / sum along an axis; before opset 13 along all from it on */
static zkg_status softmax(const site *s)
{
    const bool flat = s->m->opset < 13;
    const zkg_onnx_tensor *x = in(s, 0);
    int64_t axis = zkg_onnx_attr_i(s->n, "axis", flat ? 1 : -1);
    uint64_t n = 1, inner = 1;
    double *y;

    axis += axis < 0 ? x->shape.axes : 0;
    if (axis < 0 || axis >= (int64_t)x->shape.axes)
        return ZKG_OK;
    for (uint32_t k = (uint32_t)axis; k < x->shape.axes; k++)
        *(flat || k == (uint32_t)axis ? &n : &inner) *= x->shape.len[k];
    ZKG_TRY(begin(&y, s));
    for (uint64_t r = 0; r < x->count / n; r++) {
        const uint64_t first = r / inner * n * inner + r % inner;
        double most = -INFINITY, sum = 0;

        for (uint64_t i = 0; i < n; i++)
            most = fmax(most, x->real[first + i * inner]);
        for (uint64_t i = 0; i < n; i++)
            sum += exp(x->real[first + i * inner] - most);
        for (uint64_t i = 0; i < n; i++)
            y[first + i * inner] = exp(x->real[first + i * inner] - most) / sum;
    }
    return ZKG_OK;
}

static const struct {
    const char *op;
    zkg_status (*fold)(const site *s);
} known[] = {
    {"BatchNormalization", batch_norm},
    {"Gemm", gemm},
    {"LayerNormalization", layer_norm},
    {"MatMul", matmul},
    {"Softmax", softmax},
};

zkg_status zkg_onnx_fold(zkg_onnx_model *m, zkg_onnx_node *n, zkg_error *err)
{
    const site s = {m, n, err};
    bool is_real = true;

    for (uint32_t i = 0; i < n->inputs; i++) {
        const zkg_onnx_value *v =
            n->input[i] == ZKG_ONNX_NONE ? NULL : &m->value[n->input[i]];

        if (v != NULL && !v->is_constant)
            return ZKG_OK;
        is_real = is_real && (v == NULL || v->is_real);
    }
    if (zkg_onnx_op_is_function(n) && n->inputs <= 3)
        return elementwise(&s);
    if (!is_real)
        return ZKG_OK;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].op, n->op) == 0)
            return known[i].fold(&s);
    }
    return zkg_onnx_fold_window(m, n, err);
}

zkg_status zkg_onnx_evaluate(zkg_onnx_model *m, const double *const *real,
                             zkg_error *err)
{
    for (uint32_t i = 0; i < m->inputs; i++) {
        const zkg_onnx_value *v = &m->value[m->input[i]];
        const zkg_onnx_shape shape = v->shape;
        zkg_onnx_tensor *t = NULL;

        if (!v->has_shape || !v->is_real)
            return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                            "input %s is to have a static shape, of floats: "
                            "export the model with fixed sizes",
                            v->name);
        ZKG_TRY(zkg_onnx_make_constant(&t, m, m->input[i], &shape, true, err));
        memcpy(t->real, real[i], t->count * sizeof(t->real[0]));
    }
    return zkg_onnx_infer(m, err);
}

const double *zkg_onnx_reals(const zkg_onnx_model *m, uint32_t value)
{
    const zkg_onnx_value *v = &m->value[value];

    return v->is_constant ? v->t.real : NULL;
}
