/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of one value, from nodes: what tables of activations hold. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "onnx/lower.h"
#include "tensor/quantise.h"

#define MAX_VALUE 2147483647.0 /* of a table's second column */

/* Operators by name; p0, p1: attributes with their defaults. */
typedef enum op {
    OP_ABS,
    OP_ADD,
    OP_CEIL,
    OP_CLIP,
    OP_DIV,
    OP_ELU,
    OP_ERF,
    OP_EXP,
    OP_FLOOR,
    OP_GELU,
    OP_HARD_SIGMOID,
    OP_HARD_SWISH,
    OP_LEAKY_RELU,
    OP_LOG,
    OP_MAX,
    OP_MIN,
    OP_MUL,
    OP_NEG,
    OP_POW,
    OP_RECIPROCAL,
    OP_RELU,
    OP_SIGMOID,
    OP_SOFTPLUS,
    OP_SQRT,
    OP_SUB,
    OP_TANH,
    OP_NONE
} op;

static const char *const op_names[OP_NONE] = {
    "Abs",       "Add",        "Ceil",  "Clip",    "Div",         "Elu",
    "Erf",       "Exp",        "Floor", "Gelu",    "HardSigmoid", "HardSwish",
    "LeakyRelu", "Log",        "Max",   "Min",     "Mul",         "Neg",
    "Pow",       "Reciprocal", "Relu",  "Sigmoid", "Softplus",    "Sqrt",
    "Sub",       "Tanh",
};

static op op_of(const zkg_onnx_node *n)
{
    int low = 0, high = OP_NONE;

    while (low < high) {
        const int middle = (low + high) / 2;
        const int c = strcmp(n->op, op_names[middle]);

        if (c == 0)
            return (op)middle;
        *(c < 0 ? &high : &low) = c < 0 ? middle : middle + 1;
    }
    return OP_NONE;
}

bool zkg_onnx_op_is_function(const zkg_onnx_node *n)
{
    return op_of(n) != OP_NONE;
}

uint32_t zkg_onnx_root(const zkg_onnx_model *m, uint32_t v)
{
    return m->value[v].alias;
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double clip(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

static double gelu(const zkg_onnx_node *n, double x)
{
    const char *how = zkg_onnx_attr_s(n, "approximate", "none");

    if (strcmp(how, "tanh") == 0)
        return x / 2 *
               (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
    return x / 2 * (1 + erf(x / sqrt(2)));
}

double zkg_onnx_op_apply(const zkg_onnx_node *n, const double v[3],
                         const bool has[3])
{
    const double x = v[0];

    switch (op_of(n)) {
    case OP_ABS:
        return fabs(x);
    case OP_ADD:
        return x + v[1];
    case OP_CEIL:
        return ceil(x);
    case OP_CLIP:
        return clip(x, has[1] ? v[1] : zkg_onnx_attr_f(n, "min", -INFINITY),
                    has[2] ? v[2] : zkg_onnx_attr_f(n, "max", INFINITY));
    case OP_DIV:
        return x / v[1];
    case OP_ELU:
        return x >= 0 ? x : zkg_onnx_attr_f(n, "alpha", 1) * expm1(x);
    case OP_ERF:
        return erf(x);
    case OP_EXP:
        return exp(x);
    case OP_FLOOR:
        return floor(x);
    case OP_GELU:
        return gelu(n, x);
    case OP_HARD_SIGMOID:
        return clip(zkg_onnx_attr_f(n, "alpha", 0.2) * x +
                        zkg_onnx_attr_f(n, "beta", 0.5),
                    0, 1);
    case OP_HARD_SWISH:
        return x * clip(x / 6 + 0.5, 0, 1);
    case OP_LEAKY_RELU:
        return x >= 0 ? x : zkg_onnx_attr_f(n, "alpha", 0.01) * x;
    case OP_LOG:
        return log(x);
    case OP_MAX:
        return x > v[1] ? x : v[1];
    case OP_MIN:
        return x < v[1] ? x : v[1];
    case OP_MUL:
        return x * v[1];
    case OP_NEG:
        return -x;
    case OP_POW:
        return pow(x, v[1]);
    case OP_RECIPROCAL:
        return 1 / x;
    case OP_RELU:
        return x > 0 ? x : 0;
    case OP_SIGMOID:
        return sigmoid(x);
    case OP_SOFTPLUS:
        return log1p(exp(-fabs(x))) + (x > 0 ? x : 0);
    case OP_SQRT:
        return sqrt(x);
    case OP_SUB:
        return x - v[1];
    case OP_TANH:
        return tanh(x);
    default:
        return NAN;
    }
}

/* From the value back: which nodes it needs. */
static void mark(bool *wanted, const zkg_onnx_model *m, uint32_t base,
                 uint32_t value)
{
    const uint32_t top = m->value[value].maker;

    wanted[top] = true;
    for (uint32_t k = top + 1; k-- > 0;) {
        if (!wanted[k])
            continue;
        for (uint32_t i = 0; i < m->node[k].inputs; i++) {
            const uint32_t id = m->node[k].input[i];
            const uint32_t v =
                id == ZKG_ONNX_NONE ? base : zkg_onnx_root(m, id);

            if (v != base && !m->value[v].is_constant)
                wanted[m->value[v].maker] = true;
        }
    }
}

zkg_status zkg_onnx_function_init(zkg_onnx_function *out,
                                  const zkg_onnx_model *m,
                                  const zkg_onnx_plan *p, uint32_t value,
                                  zkg_error *err)
{
    bool *wanted = zkg_alloc(m->nodes, sizeof(wanted[0]));

    *out = (zkg_onnx_function){.m = m, .base = p->base[value], .value = value};
    out->node = zkg_alloc(m->nodes, sizeof(out->node[0]));
    out->at = zkg_alloc(m->values, sizeof(out->at[0]));
    if (wanted == NULL || out->node == NULL || out->at == NULL) {
        zkg_free(wanted);
        zkg_onnx_function_clear(out);
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    }
    mark(wanted, m, out->base, value);
    for (uint32_t k = 0; k < m->nodes; k++) {
        if (wanted[k])
            out->node[out->nodes++] = k;
    }
    zkg_free(wanted);
    return ZKG_OK;
}

void zkg_onnx_function_clear(zkg_onnx_function *f)
{
    zkg_free(f->node);
    zkg_free(f->at);
    *f = (zkg_onnx_function){.m = NULL};
}

double zkg_onnx_function_real(zkg_onnx_function *f, double x)
{
    f->at[f->base] = x;
    for (uint32_t k = 0; k < f->nodes; k++) {
        const zkg_onnx_node *n = &f->m->node[f->node[k]];
        double v[3] = {0};
        bool has[3] = {false};

        for (uint32_t i = 0; i < n->inputs && i < 3; i++) {
            const zkg_onnx_value *in;

            if (n->input[i] == ZKG_ONNX_NONE)
                continue;
            in = &f->m->value[n->input[i]];
            has[i] = true;
            v[i] = in->is_constant ? zkg_onnx_tensor_at(&in->t, 0)
                                   : f->at[zkg_onnx_root(f->m, n->input[i])];
        }
        f->at[n->output[0]] = zkg_onnx_op_apply(n, v, has);
    }
    return f->at[f->value];
}

bool zkg_onnx_function_at(int64_t *y, void *function, int64_t q)
{
    zkg_onnx_function *f = function;
    const double v =
        zkg_onnx_function_real(f, ldexp((double)q, -(int)f->scale_in));

    return fabs(v) < ldexp(MAX_VALUE, -(int)f->scale_out) &&
           zkg_quantise(y, v, f->scale_out);
}

bool zkg_onnx_function_is_relu(const zkg_onnx_function *f)
{
    return f->nodes == 1 && op_of(&f->m->node[f->node[0]]) == OP_RELU &&
           f->scale_in == f->scale_out;
}
