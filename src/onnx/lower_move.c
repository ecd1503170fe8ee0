/* SPDX-License-Identifier: Apache-2.0 */
/* Elements to other places: Transpose, Slice, Pad with zeros, Gather of equally
 * spaced rows, Concat.  One einsum of affine indices that read 0 outside. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "onnx/lower_internal.h"

/* How one input lands in the output: axis k of the output walks its axis
 * axis[k] from from[k] in steps of step[k]. */
typedef struct part {
    uint32_t value;
    uint32_t axis[ZKG_ONNX_MAX_AXES];
    int64_t from[ZKG_ONNX_MAX_AXES], step[ZKG_ONNX_MAX_AXES];
} part;

/* Parameter x<p> with its indices.  An index that begins at 0 with step 1 is
 * a plain axis only if the lengths are the same; else z, which is 0, is added.
 */
static void push_part(zkg_nn_layer *l, uint32_t p, const part *x,
                      const zkg_onnx_flow *f, const zkg_onnx_shape *out)
{
    char axes[64] = "", index[ZKG_ONNX_MAX_AXES][64], list[160] = "";
    char name[16], text[200];

    for (uint32_t k = 0; k < out->axes; k++) {
        const uint32_t a = x->axis[k];

        if (x->step[k] == 1 && x->from[k] == 0 && f->len[a] == out->len[k])
            snprintf(index[a], sizeof(index[a]), "a%u", k);
        else
            snprintf(index[a], sizeof(index[a]),
                     "%" PRId64 "*a%u+1*z%u%+" PRId64, x->step[k], k, k,
                     x->from[k]);
    }
    for (uint32_t a = 0; a < f->axes; a++) {
        if (strchr(index[a], '*') != NULL) {
            snprintf(name, sizeof(name), "x%u_%u", p, a);
            zkg_nn_axis_push(l, name, f->len[a]);
        } else {
            snprintf(name, sizeof(name), "%.7s", index[a]);
        }
        zkg_onnx_name_push(axes, sizeof(axes), name);
        zkg_onnx_name_push(list, sizeof(list), index[a]);
    }
    snprintf(name, sizeof(name), "x%u", p);
    zkg_nn_param_push(l, name, axes, f->tensor);
    snprintf(text, sizeof(text), "%s[%s]", name, list);
    zkg_nn_term_push(l, 1, text, NULL);
}

/* acc += the input at its places. */
static void add_part(int64_t *acc, const zkg_onnx_lowering *w, const part *x,
                     const zkg_onnx_flow *f, const zkg_onnx_shape *out)
{
    uint64_t count = 0;

    (void)zkg_onnx_count(&count, out);
    for (uint64_t i = 0; i < w->samples * count; i++) {
        uint64_t rest = i % count, index[ZKG_ONNX_MAX_AXES] = {0}, at = 0;
        bool inside = true;

        for (uint32_t k = out->axes; k-- > 0;) {
            const int64_t pos =
                x->from[k] + x->step[k] * (int64_t)(rest % out->len[k]);

            inside = inside && pos >= 0 && pos < (int64_t)f->len[x->axis[k]];
            index[x->axis[k]] = (uint64_t)pos;
            rest /= out->len[k];
        }
        for (uint32_t a = 0; a < f->axes; a++)
            at = at * f->len[a] + index[a];
        if (inside)
            acc[i] += f->sample[i / count * f->count + at];
    }
}

/* Input i of the node under way. */
static void take_part(part *x, const zkg_onnx_lowering *w, uint32_t i,
                      uint64_t before)
{
    const zkg_onnx_node *n = &w->m->node[w->node];
    const zkg_onnx_shape *s = &w->m->value[n->input[i]].shape;
    const int64_t axis = zkg_onnx_attr_i(n, "axis", 0);
    const bool concat = strcmp(n->op, "Concat") == 0;

    x->value = n->input[i];
    for (uint32_t k = 0; k < s->axes; k++) {
        const bool here = (int64_t)k == (axis < 0 ? axis + s->axes : axis);

        x->axis[k] = concat ? k : n->axis[k];
        x->step[k] = concat ? 1 : n->step[k];
        x->from[k] = !concat ? n->from[k] : here ? -(int64_t)before : 0;
    }
}

zkg_status zkg_onnx_lower_move(zkg_onnx_lowering *w)
{
    const zkg_onnx_node *n = &w->m->node[w->node];
    const uint32_t to = w->plan->step[w->node].out;
    const zkg_onnx_shape *out = &w->m->value[to].shape;
    const uint32_t parts = strcmp(n->op, "Concat") == 0 ? n->inputs : 1;
    const int64_t axis = zkg_onnx_attr_i(n, "axis", 0);
    char name[ZKG_ONNX_NAME];
    zkg_nn_layer l = {.name = name, .divisor = 1};
    uint64_t count = 0, before = 0;
    int64_t *acc;

    (void)zkg_onnx_count(&count, out);
    for (uint32_t i = 0; i < parts; i++) {
        if (!zkg_onnx_is_plain(w, n->input[i]) || out->axes == 0)
            return zkg_onnx_refuse(w, "its input was reshaped in a way that is "
                                      "not there yet");
    }
    for (uint32_t k = 0; k < out->axes; k++) {
        char a[8];

        snprintf(a, sizeof(a), "a%u", k);
        zkg_nn_axis_push(&l, a, out->len[k]);
        zkg_onnx_name_push(l.out, sizeof(l.out), a);
        a[0] = 'z';
        zkg_nn_axis_push(&l, a, 1);
    }
    acc = zkg_alloc(w->samples * count, sizeof(acc[0]));
    if (acc == NULL)
        return zkg_fail(w->err, ZKG_ERR_NOMEM, "no memory for calibration");
    for (uint32_t i = 0; i < parts; i++) {
        const zkg_onnx_flow *f = zkg_onnx_flow_of(w, n->input[i]);
        part x;

        take_part(&x, w, i, before);
        push_part(&l, i, &x, f, out);
        add_part(acc, w, &x, f, out);
        before += f->len[axis < 0 ? axis + f->axes : axis];
    }
    zkg_onnx_task_name(name, w, n->name);
    return zkg_onnx_emit(w, &l, to, acc);
}
