/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs against floating point. */
#include "graph/accuracy.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "graph/inputs.h"

/* The place of the largest of n numbers; of equal ones the first. */
static uint64_t largest(const double *v, uint64_t n)
{
    uint64_t best = 0;

    for (uint64_t i = 1; i < n; i++) {
        if (v[i] > v[best])
            best = i;
    }
    return best;
}

zkg_status zkg_accuracy_of(zkg_accuracy *a, const char *name,
                           const zkg_array *got, uint32_t scale,
                           const double *want, zkg_error *err)
{
    const uint64_t row = got->axes == 0 ? 1 : got->len[got->axes - 1];
    const uint64_t count = zkg_array_count(got);
    double *real = zkg_alloc(count, sizeof(real[0]));
    double sum = 0, squares = 0;

    if (real == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    *a = (zkg_accuracy){.name = name, .count = count};
    for (uint64_t i = 0; i < a->count; i++) {
        double e;

        real[i] = ldexp((double)zkg_array_get_i64(got, i), -(int)scale);
        e = isfinite(want[i]) ? fabs(real[i] - want[i]) : INFINITY;
        a->largest = fmax(a->largest, fabs(want[i]));
        sum += e;
        squares += e * e;
        if (e > a->max_error) {
            a->max_error = e;
            a->worst = i;
        }
    }
    a->mean_error = sum / (double)a->count;
    a->rmse = sqrt(squares / (double)a->count);
    a->rows = a->count / row;
    for (uint64_t r = 0; r < a->rows; r++)
        a->same_rows +=
            largest(real + r * row, row) == largest(want + r * row, row);
    zkg_free(real);
    return ZKG_OK;
}

zkg_status zkg_accuracy_measure(zkg_accuracy **out, const zkg_witness *w,
                                const zkg_graph *g, const char *path,
                                zkg_error *err)
{
    zkg_real_input *want = zkg_alloc(g->outputs, sizeof(want[0]));
    zkg_accuracy *a = zkg_alloc(g->outputs, sizeof(a[0]));
    zkg_status s = want == NULL || a == NULL
                       ? zkg_fail(err, ZKG_ERR_NOMEM, "no memory")
                       : ZKG_OK;

    for (uint32_t i = 0; i < g->outputs && s == ZKG_OK; i++) {
        const zkg_tensor *t = &g->st.tensor[g->output[i]];

        want[i] = (zkg_real_input){
            .name = t->name, .axes = t->axes, .any_shape = true};
        memcpy(want[i].len, t->len, sizeof(t->len));
        a[i] = (zkg_accuracy){.name = t->name, .count = zkg_tensor_count(t)};
        if (t->type == ZKG_FR)
            s = zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                         "output %s holds field elements, which are no "
                         "reals",
                         t->name);
    }
    if (s == ZKG_OK)
        s = zkg_real_inputs_read(want, g->outputs, path, err);
    for (uint32_t i = 0; i < g->outputs && s == ZKG_OK; i++)
        s = zkg_accuracy_of(&a[i], a[i].name, &w->array[g->output[i]],
                            g->display[g->output[i]].scale, want[i].value, err);
    if (want != NULL)
        zkg_real_inputs_clear(want, g->outputs);
    zkg_free(want);
    if (s != ZKG_OK) {
        zkg_free(a);
        return s;
    }
    *out = a;
    return ZKG_OK;
}

zkg_status zkg_accuracy_gate(const zkg_accuracy *a, uint32_t outputs,
                             double max_error, zkg_error *err)
{
    for (uint32_t i = 0; i < outputs; i++) {
        if (!(a[i].max_error <= max_error))
            return zkg_fail(err, ZKG_ERR_ACCURACY,
                            "output %s: element %llu is off by %.4g, more than "
                            "--max-error %.4g; compile with a larger --scale "
                            "or --param-scale",
                            a[i].name, (unsigned long long)a[i].worst,
                            a[i].max_error, max_error);
    }
    return ZKG_OK;
}
