/* SPDX-License-Identifier: Apache-2.0
 * Values of wires: memory, and the inputs. */
#include "circuit/values.h"

#include <string.h>

#include "base/mem.h"

/* Wires that have no memory yet; false: they have more bytes than fit. */
static bool shape_wires(zkg_wires *out, const zkg_circuit_values *vs,
                        zkg_dtype type, size_t count)
{
    const size_t size = zkg_dtype_size(type) * vs->lanes;

    *out = (zkg_wires){
        .type = type, .lanes = vs->lanes, .count = count, .groups = vs->groups};
    return vs->groups <= SIZE_MAX / size / (count + 1);
}

zkg_status zkg_circuit_values_wires(zkg_wires *out,
                                    const zkg_circuit_values *vs,
                                    zkg_dtype type, size_t count)
{
    if (!shape_wires(out, vs, type, count))
        return ZKG_ERR_NOMEM;
    out->at = zkg_alloc_raw(zkg_wires_bytes(out), 1);
    return out->at == NULL ? ZKG_ERR_NOMEM : ZKG_OK;
}

zkg_status zkg_circuit_values_layer(zkg_circuit_values *vs, uint32_t i,
                                    zkg_dtype type)
{
    zkg_wires *w = &vs->layer[i];

    if (!vs->pooled)
        return zkg_circuit_values_wires(w, vs, type, vs->c->layer[i].gates);
    if (!shape_wires(w, vs, type, vs->c->layer[i].gates))
        return ZKG_ERR_NOMEM;
    w->at = zkg_pool_take(&vs->pool, zkg_wires_bytes(w));
    return w->at == NULL ? ZKG_ERR_NOMEM : ZKG_OK;
}

/* ---- inputs ---- */

/* Values of one stored copy. */
static uint64_t cells_of(const zkg_array *a)
{
    uint64_t cells = 1;

    for (uint32_t k = 1; k < a->axes; k++)
        cells *= a->stored[k];
    return cells;
}

/* The range of the integers of these copies, 0 included. */
static void range_of(int64_t *low, int64_t *high, const zkg_circuit_values *vs,
                     const zkg_array *a)
{
    const uint64_t cells = cells_of(a), copies = vs->groups * vs->lanes;
    const uint64_t end =
        a->stored[0] < vs->begin + copies ? a->stored[0] : vs->begin + copies;

    *low = *high = 0;
    for (uint64_t i = vs->begin * cells; i < end * cells; i++) {
        const int64_t v = zkg_array_get_i64(a, i);

        *low = v < *low ? v : *low;
        *high = v > *high ? v : *high;
    }
}

/* place[i]: where stored cell i of one copy lies in its padded cube. */
static uint32_t *places_of(const zkg_array *a)
{
    const uint64_t cells = cells_of(a);
    uint32_t *place = zkg_alloc(cells, sizeof(*place));

    for (uint64_t i = 0; place != NULL && i < cells; i++) {
        uint64_t index = i;
        uint32_t shift = 0;

        for (uint32_t k = a->axes; k-- > 1;) {
            place[i] |= (uint32_t)(index % a->stored[k]) << shift;
            index /= a->stored[k];
            shift += zkg_axis_bits(a->len[k]);
        }
    }
    return place;
}

static zkg_status load_ints(zkg_circuit_values *vs, uint32_t input,
                            const zkg_array *a)
{
    zkg_wires *w = &vs->input[input];
    zkg_array to = {.type = w->type, .data = w->at};
    const uint64_t cells = cells_of(a);
    uint32_t *place = places_of(a);

    if (place == NULL)
        return ZKG_ERR_NOMEM;
    memset(w->at, 0, zkg_wires_bytes(w));
    for (uint64_t c = 0;
         c < (vs->groups * vs->lanes) && vs->begin + c < a->stored[0]; c++) {
        const uint64_t from = (vs->begin + c) * cells;
        const uint64_t at =
            c / vs->lanes * w->count * vs->lanes + c % vs->lanes;

        for (uint64_t i = 0; i < cells; i++)
            zkg_array_set_i64(&to, at + (uint64_t)place[i] * vs->lanes,
                              zkg_array_get_i64(a, from + i));
    }
    zkg_free(place);
    return ZKG_OK;
}

static zkg_status load_elements(zkg_circuit_values *vs, uint32_t input,
                                const zkg_array *a)
{
    const zkg_backend *backend = vs->backend;
    const uint32_t axes = vs->c->input[input].axes;
    zkg_wires *w = &vs->input[input];
    zkg_fr *one = zkg_alloc(w->count, sizeof(*one));
    zkg_fr *all = zkg_alloc(w->count * vs->lanes, sizeof(*all));
    zkg_status status = ZKG_OK;

    if (one == NULL || all == NULL)
        status = ZKG_ERR_NOMEM;
    for (size_t g = 0; g < vs->groups && status == ZKG_OK; g++) {
        for (uint32_t j = 0; j < vs->lanes; j++) {
            zkg_circuit_load(one, a, axes, vs->begin + g * vs->lanes + j);
            for (size_t x = 0; x < w->count; x++)
                all[x * vs->lanes + j] = one[x];
        }
        status = backend->wires_import(w, g, all);
    }
    zkg_free(one);
    zkg_free(all);
    return status;
}

/* One copy for all. */
static zkg_status load_shared(zkg_circuit_values *vs, uint32_t input,
                              const zkg_array *a)
{
    const zkg_circuit_shape *shape = &vs->c->input[input];
    zkg_wires *w = &vs->input[input];

    *w = (zkg_wires){.type = ZKG_FR,
                     .lanes = 1,
                     .count = (size_t)1 << zkg_circuit_shape_vars(shape),
                     .groups = 1};
    w->at = zkg_alloc_raw(w->count, sizeof(zkg_fr));
    if (w->at == NULL)
        return ZKG_ERR_NOMEM;
    zkg_circuit_load(w->at, a, shape->axes, 0);
    return ZKG_OK;
}

static zkg_status load_input(zkg_circuit_values *vs, uint32_t input,
                             const zkg_array *a)
{
    const size_t count = (size_t)1
                         << zkg_circuit_shape_vars(&vs->c->input[input]);
    zkg_circuit_range *r = &vs->range[input];
    zkg_dtype type;

    r->shared = a->axes == vs->c->input[input].axes;
    r->elements = a->type == ZKG_FR;
    if (r->shared) {
        if (!r->elements)
            zkg_array_bounds(&r->low, &r->high, a);
        return load_shared(vs, input, a);
    }
    if (!r->elements)
        range_of(&r->low, &r->high, vs, a);
    type = zkg_circuit_input_type(r);
    ZKG_TRY(zkg_circuit_values_wires(&vs->input[input], vs, type, count));
    return type == ZKG_FR ? load_elements(vs, input, a)
                          : load_ints(vs, input, a);
}

/* ---- start and end ---- */

uint32_t zkg_circuit_lanes(uint64_t copies)
{
    uint32_t lanes = 1;

    while (lanes < ZKG_WIRE_LANES && lanes < copies)
        lanes *= 2;
    return lanes;
}

zkg_status zkg_circuit_values_init(zkg_circuit_values *vs,
                                   const zkg_backend *backend,
                                   const zkg_circuit *c, const zkg_fr *coeff,
                                   const zkg_array *const *input,
                                   uint64_t begin, uint32_t lanes,
                                   size_t groups)
{
    *vs = (zkg_circuit_values){
        .backend = backend,
        .c = c,
        .coeff = coeff,
        .begin = begin,
        .lanes = lanes,
        .groups = groups,
        .layer = zkg_alloc(c->layers, sizeof(zkg_wires)),
        .input = zkg_alloc(c->inputs, sizeof(zkg_wires)),
        .range = zkg_alloc(c->inputs, sizeof(zkg_circuit_range)),
        .most = zkg_alloc(c->layers, sizeof(uint64_t))};
    if (vs->layer == NULL || vs->input == NULL || vs->range == NULL ||
        vs->most == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t k = 0; k < c->inputs; k++)
        ZKG_TRY(load_input(vs, k, input[k]));
    return ZKG_OK;
}

void zkg_circuit_values_drop(zkg_circuit_values *vs, uint32_t i)
{
    if (vs->pooled)
        zkg_pool_give(&vs->pool, vs->layer[i].at);
    else
        zkg_free(vs->layer[i].at);
    vs->layer[i].at = NULL;
}

void zkg_circuit_values_clear(zkg_circuit_values *vs)
{
    for (uint32_t i = 0; vs->layer != NULL && i < vs->c->layers; i++)
        zkg_circuit_values_drop(vs, i);
    for (uint32_t k = 0; vs->input != NULL && k < vs->c->inputs; k++)
        zkg_free(vs->input[k].at);
    zkg_free(vs->layer);
    zkg_free(vs->input);
    zkg_free(vs->range);
    zkg_free(vs->most);
    *vs = (zkg_circuit_values){0};
}
