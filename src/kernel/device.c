/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors of a device, and views of them. */
#include "kernel/device.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tensor/dtype.h"

static zkg_status no_memory(zkg_error *err)
{
    return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a graph");
}

uint64_t zkg_device_count(uint32_t axes, const uint64_t *len)
{
    uint64_t n = 1;

    for (uint32_t i = 0; i < axes; i++)
        n *= len[i];
    return n;
}

void zkg_device_shape_text(char *out, uint32_t axes, const uint64_t *len)
{
    zkg_tensor t = {.axes = axes};

    memcpy(t.len, len, axes * sizeof(len[0]));
    zkg_tensor_shape_text(out, &t);
}

zkg_status zkg_device_new(zkg_device **out, zkg_error *err)
{
    zkg_device *d = zkg_alloc(1, sizeof(*d));
    zkg_status s;

    if (d == NULL)
        return no_memory(err);
    s = zkg_graph_new(&d->graph, err);
    if (s != ZKG_OK) {
        zkg_free(d);
        return s;
    }
    *out = d;
    return ZKG_OK;
}

void zkg_device_free(zkg_device *d)
{
    if (d == NULL)
        return;
    for (uint32_t i = 0; i < d->view.count; i++)
        zkg_free(((zkg_device_view *)d->view.data)[i].order);
    zkg_list_free(&d->view);
    zkg_list_free(&d->kernel);
    zkg_graph_free(d->graph);
    zkg_free(d);
}

static zkg_status check_open(const zkg_device *d, zkg_error *err)
{
    return d->graph != NULL ? ZKG_OK
                            : zkg_fail(err, ZKG_ERR_INVALID,
                                       "the device's graph is finished");
}

zkg_status zkg_device_find(zkg_device_view **out, const zkg_device *d,
                           zkg_handle h, zkg_error *err)
{
    ZKG_TRY(check_open(d, err));
    if (h.id < 1 || h.id > d->view.count)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "a handle that no call of this device gave");
    *out = &((zkg_device_view *)d->view.data)[h.id - 1];
    return ZKG_OK;
}

/* Takes v->order over. */
static zkg_status add_view(zkg_device *d, zkg_handle *out,
                           const zkg_device_view *v, zkg_error *err)
{
    if (zkg_list_add(&d->view, sizeof(*v), 1, v) == NULL) {
        zkg_free(v->order);
        return no_memory(err);
    }
    out->id = d->view.count;
    return ZKG_OK;
}

zkg_status zkg_device_whole(zkg_device *d, zkg_handle *out, uint32_t tensor,
                            zkg_error *err)
{
    const zkg_tensor *t = zkg_device_tensor(d, tensor);
    zkg_device_view v = {.tensor = tensor, .axes = t->axes};

    memcpy(v.len, t->len, sizeof(v.len));
    return add_view(d, out, &v, err);
}

/* ---- tensors ---- */

static zkg_status check_shape(const char *what, uint32_t axes,
                              const uint64_t *len, zkg_error *err)
{
    uint64_t n = 1;

    if (axes > ZKG_MAX_AXES)
        return zkg_fail(err, ZKG_ERR_INVALID, "%s: %u axes, at most %d", what,
                        axes, ZKG_MAX_AXES);
    for (uint32_t i = 0; i < axes; i++) {
        if (len[i] == 0 || len[i] > INT32_MAX || n > INT32_MAX / len[i])
            return zkg_fail(err, ZKG_ERR_INVALID,
                            "%s: axis %u has length %llu; none is empty, and "
                            "all together hold less than 2^31",
                            what, i, (unsigned long long)len[i]);
        n *= len[i];
    }
    return ZKG_OK;
}

static zkg_status add_tensor(zkg_device *d, const char *name, zkg_dtype type,
                             zkg_visibility visibility, uint32_t axes,
                             const uint64_t *len, zkg_error *err)
{
    zkg_tensor_spec spec = {
        .name = name,
        .type = type,
        .visibility = visibility,
        .axes = axes,
        .min = zkg_dtype_min(type),
        .max = zkg_dtype_max(type),
    };

    ZKG_TRY(check_open(d, err));
    ZKG_TRY(check_shape(name, axes, len, err));
    for (uint32_t i = 0; i < axes; i++)
        spec.len[i] = len[i];
    return zkg_graph_add_tensor(d->graph, &spec, err);
}

zkg_status zkg_device_input(zkg_device *d, zkg_handle *out, const char *name,
                            zkg_dtype type, zkg_visibility visibility,
                            uint32_t axes, const uint64_t *len, zkg_error *err)
{
    if (visibility != ZKG_PUBLIC && visibility != ZKG_PRIVATE)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "input %s: inputs are public or private", name);
    ZKG_TRY(add_tensor(d, name, type, visibility, axes, len, err));
    ZKG_TRY(zkg_graph_add_input(d->graph, name, err));
    return zkg_device_whole(d, out, d->graph->st.tensors - 1, err);
}

zkg_status zkg_device_fixed(zkg_device *d, zkg_handle *out, const char *name,
                            zkg_dtype type, uint32_t axes, const uint64_t *len,
                            const int64_t *value, zkg_error *err)
{
    if (type == ZKG_FR)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "fixed tensor %s: its values are integers", name);
    ZKG_TRY(add_tensor(d, name, type, ZKG_FIXED, axes, len, err));
    ZKG_TRY(zkg_graph_set_fixed(d->graph, name, value,
                                zkg_device_count(axes, len), err));
    return zkg_device_whole(d, out, d->graph->st.tensors - 1, err);
}

/* ---- views ---- */

/* A view of the same tensor, with room for an order. */
static zkg_status start_view(zkg_device_view *out, zkg_device_view *in,
                             const zkg_device *d, zkg_handle h, uint64_t count,
                             zkg_error *err)
{
    zkg_device_view *v = NULL;

    ZKG_TRY(zkg_device_find(&v, d, h, err));
    *in = *v;
    *out = (zkg_device_view){.tensor = v->tensor};
    if (count > 0) {
        out->order = zkg_alloc(count, sizeof(out->order[0]));
        if (out->order == NULL)
            return no_memory(err);
    }
    return ZKG_OK;
}

static uint32_t entry_of(const zkg_device_view *v, uint64_t i)
{
    return v->order != NULL ? v->order[i] : (uint32_t)i;
}

zkg_status zkg_device_shape(const zkg_device *d, uint32_t *axes, uint64_t *len,
                            zkg_handle h, zkg_error *err)
{
    zkg_device_view *v = NULL;

    ZKG_TRY(zkg_device_find(&v, d, h, err));
    *axes = v->axes;
    memcpy(len, v->len, v->axes * sizeof(len[0]));
    return ZKG_OK;
}

zkg_status zkg_device_reshape(zkg_device *d, zkg_handle *out, zkg_handle in,
                              uint32_t axes, const uint64_t *len,
                              zkg_error *err)
{
    zkg_device_view v, from, *seen = NULL;
    uint64_t n;

    ZKG_TRY(check_shape("a reshape", axes, len, err));
    n = zkg_device_count(axes, len);
    ZKG_TRY(zkg_device_find(&seen, d, in, err));
    if (n != zkg_device_count(seen->axes, seen->len)) {
        char was[300], is[300];

        zkg_device_shape_text(was, seen->axes, seen->len);
        zkg_device_shape_text(is, axes, len);
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "tensor %s: a view of shape %s has not the entries of "
                        "shape %s",
                        zkg_device_tensor(d, seen->tensor)->name, was, is);
    }
    ZKG_TRY(start_view(&v, &from, d, in, seen->order != NULL ? n : 0, err));
    if (v.order != NULL)
        memcpy(v.order, from.order, n * sizeof(v.order[0]));
    v.axes = axes;
    memcpy(v.len, len, axes * sizeof(len[0]));
    return add_view(d, out, &v, err);
}

static zkg_status check_order(const zkg_device *d, const zkg_device_view *v,
                              const uint32_t *order, zkg_error *err)
{
    uint32_t seen = 0;

    for (uint32_t i = 0; i < v->axes; i++) {
        if (order[i] < v->axes)
            seen |= (uint32_t)1 << order[i];
    }
    if (seen == ((uint32_t)1 << v->axes) - 1)
        return ZKG_OK;
    return zkg_fail(err, ZKG_ERR_INVALID,
                    "tensor %s: a transpose names each of its %u axes once",
                    zkg_device_tensor(d, v->tensor)->name, v->axes);
}

zkg_status zkg_device_transpose(zkg_device *d, zkg_handle *out, zkg_handle in,
                                const uint32_t *order, zkg_error *err)
{
    uint64_t index[ZKG_MAX_AXES] = {0}, stride[ZKG_MAX_AXES], n = 1;
    zkg_device_view v, from, *seen = NULL;

    ZKG_TRY(zkg_device_find(&seen, d, in, err));
    ZKG_TRY(check_order(d, seen, order, err));
    for (uint32_t i = seen->axes; i-- > 0;) {
        stride[i] = n;
        n *= seen->len[i];
    }
    ZKG_TRY(start_view(&v, &from, d, in, n, err));
    v.axes = from.axes;
    for (uint32_t i = 0; i < v.axes; i++)
        v.len[i] = from.len[order[i]];
    for (uint64_t i = 0; i < n; i++) {
        uint64_t at = 0;

        for (uint32_t k = 0; k < v.axes; k++)
            at += index[k] * stride[order[k]];
        v.order[i] = entry_of(&from, at);
        for (uint32_t k = v.axes; k-- > 0 && ++index[k] == v.len[k];)
            index[k] = 0;
    }
    return add_view(d, out, &v, err);
}

zkg_status zkg_device_slice(zkg_device *d, zkg_handle *out, zkg_handle in,
                            uint32_t axis, uint64_t first, uint64_t count,
                            zkg_error *err)
{
    zkg_device_view v, from, *seen = NULL;
    uint64_t inner, n;

    ZKG_TRY(zkg_device_find(&seen, d, in, err));
    if (axis >= seen->axes || count == 0 || first >= seen->len[axis] ||
        count > seen->len[axis] - first) {
        char shape[300];

        zkg_device_shape_text(shape, seen->axes, seen->len);
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "tensor %s: entries %llu to %llu of axis %u of a view "
                        "of shape %s",
                        zkg_device_tensor(d, seen->tensor)->name,
                        (unsigned long long)first,
                        (unsigned long long)(first + count) - 1, axis, shape);
    }
    inner = zkg_device_count(seen->axes - axis - 1, seen->len + axis + 1);
    n = zkg_device_count(axis, seen->len) * count * inner;
    ZKG_TRY(start_view(&v, &from, d, in, n, err));
    v.axes = from.axes;
    memcpy(v.len, from.len, sizeof(v.len));
    v.len[axis] = count;
    for (uint64_t i = 0; i < n; i++) {
        const uint64_t outer = i / (count * inner), rest = i % (count * inner);

        v.order[i] =
            entry_of(&from, (outer * from.len[axis] + first) * inner + rest);
    }
    return add_view(d, out, &v, err);
}

zkg_status zkg_device_copy(zkg_device *d, zkg_handle *out, zkg_handle in,
                           zkg_error *err)
{
    zkg_device_view *v = NULL;
    zkg_handle base = {0};
    char name[40], task[40];
    zkg_dtype type;
    zkg_recorder *r;
    zkg_status s;

    ZKG_TRY(zkg_device_find(&v, d, in, err));
    type = zkg_device_tensor(d, v->tensor)->type;
    ZKG_TRY(zkg_device_whole(d, &base, v->tensor, err));
    ZKG_TRY(zkg_device_find(&v, d, in, err)); /* the list may have moved */
    snprintf(name, sizeof(name), "copy%u", d->copies);
    snprintf(task, sizeof(task), "copy%u", d->copies++);
    ZKG_TRY(zkg_recorder_new(&r, name, err));
    {
        const zkg_tensor *t = zkg_device_tensor(d, v->tensor);
        const zkg_param x = zkg_input(r, "x", type, t->axes, t->len);
        const zkg_param y = zkg_output(r, "y", type, v->axes, v->len);
        const uint64_t n = zkg_device_count(v->axes, v->len);
        const zkg_arg arg[] = {{.param = "x", .in = base},
                               {.param = "y", .out = out}};

        for (uint64_t i = 0; i < n; i++)
            zkg_set(r, y, i, zkg_get(r, x, entry_of(v, i)));
        s = zkg_recorder_finish(r, err);
        if (s == ZKG_OK)
            s = zkg_device_call(d, task, r, 1, arg, 2, err);
    }
    zkg_recorder_free(r);
    return s;
}

/* ---- the end ---- */

/* Whether a call made the tensor, and nobody named it yet. */
static bool is_unnamed(const zkg_device *d, uint32_t tensor)
{
    const zkg_graph *g = d->graph;

    if (zkg_device_tensor(d, tensor)->vis != ZKG_PRIVATE)
        return false;
    for (uint32_t i = 0; i < g->inputs; i++) {
        if (g->input[i] == tensor)
            return false;
    }
    for (uint32_t i = 0; i < g->outputs; i++) {
        if (g->output[i] == tensor)
            return false;
    }
    return true;
}

zkg_status zkg_device_output(zkg_device *d, zkg_handle h, const char *name,
                             zkg_visibility visibility, zkg_error *err)
{
    zkg_device_view *v = NULL;
    zkg_tensor *t;
    char *copy;

    ZKG_TRY(zkg_device_find(&v, d, h, err));
    if (visibility != ZKG_PUBLIC && visibility != ZKG_PRIVATE)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "output %s: outputs are public or private", name);
    t = &d->graph->st.tensor[v->tensor];
    if (v->order != NULL || v->axes != t->axes ||
        memcmp(v->len, t->len, v->axes * sizeof(v->len[0])) != 0 ||
        !is_unnamed(d, v->tensor)) {
        zkg_handle made = {0};

        ZKG_TRY(zkg_device_copy(d, &made, h, err));
        return zkg_device_output(d, made, name, visibility, err);
    }
    if (!zkg_name_is_valid(name) ||
        zkg_statement_tensor_id(&d->graph->st, name) != ZKG_NO_ID)
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "output \"%.130s\": no name, or another tensor's",
                        name);
    copy = zkg_strdup(name);
    if (copy == NULL)
        return no_memory(err);
    zkg_free(t->name);
    t->name = copy;
    t->vis = visibility;
    return zkg_graph_add_output(d->graph, name, err);
}

zkg_status zkg_device_finish(zkg_graph **out, zkg_device *d, zkg_error *err)
{
    zkg_graph *g = d->graph;

    ZKG_TRY(check_open(d, err));
    d->graph = NULL;
    {
        const zkg_status s = zkg_graph_finish(g, err);

        if (s != ZKG_OK) {
            zkg_graph_free(g);
            return s;
        }
    }
    *out = g;
    return ZKG_OK;
}
