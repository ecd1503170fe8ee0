/* SPDX-License-Identifier: Apache-2.0
 * Bytes of a circuit's proof: a run through what circuit_prove.c makes and
 * frees, in its order. */
#include "relation/circuit_memory.h"

#include <math.h>

#include "base/mem.h"
#include "base/pool.h"
#include "relation/circuit_prover.h"

/* A run: what is there, and the most that was. */
typedef struct tally {
    const zkg_circuit_sizes *z;
    double copies;
    bool pooled;
    double now, most;
    double scratch; /* made at the first layer of products */
} tally;

static void touch(tally *t, double more)
{
    if (t->now + more > t->most)
        t->most = t->now + more;
}

static void touch_need(tally *t, const zkg_circuit_need *n)
{
    touch(t, n->each + n->copy * t->copies +
                 n->lane * fmin(t->copies, ZKG_WIRE_LANES));
}

static double input_bytes(const tally *t, uint32_t k)
{
    const zkg_circuit_types *types = &t->z->types;
    const double wires =
        ldexp(1, (int)zkg_circuit_shape_vars(&t->z->c->input[k]));

    return zkg_circuit_raw_bytes(wires *
                                 (double)zkg_dtype_size(types->input[k]) *
                                 (types->range[k].shared ? 1 : t->copies));
}

/* Where all layers are there they share pieces (base/pool.h). */
static double wires_bytes(const tally *t, uint32_t i)
{
    const double bytes =
        zkg_circuit_raw_bytes(t->z->layer[i].wires * t->copies);

    return t->pooled ? zkg_pool_bytes(bytes) : bytes;
}

static double pool_slack(const tally *t)
{
    double most = 0;

    for (uint32_t i = 0; t->pooled && i < t->z->c->layers; i++)
        most = fmax(most, zkg_pool_slack(zkg_circuit_raw_bytes(
                              t->z->layer[i].wires * t->copies)));
    return most;
}

/* All layers are made, from the lowest up. */
static void go_up(tally *t, uint32_t stride)
{
    for (uint32_t i = 0; i < t->z->c->layers; i++) {
        t->now += wires_bytes(t, i);
        touch(t, t->z->layer[i].eval);
        if (i > 0 && !zkg_circuit_keeps(stride, i - 1))
            t->now -= wires_bytes(t, i - 1);
    }
}

/* Layers from the one above the highest kept one to i are made again.
 * Returns the first of them. */
static uint32_t make_again(tally *t, uint32_t i, uint32_t stride)
{
    const uint32_t first = i / stride * stride;

    for (uint32_t k = first; k <= i; k++) {
        t->now += wires_bytes(t, k);
        touch(t, t->z->layer[k].eval);
    }
    return first;
}

static void make_scratch(tally *t, uint32_t i)
{
    double most = 0;

    if (t->scratch > 0 || t->z->layer[i].scratch == 0)
        return;
    for (uint32_t k = 0; k <= i; k++)
        most = fmax(most, t->z->layer[k].scratch);
    t->scratch = zkg_circuit_raw_bytes(sizeof(zkg_fr) * most * t->copies);
    t->now += t->scratch;
}

/* And proven, from the top down. */
static void go_down(tally *t, uint32_t stride)
{
    uint32_t lowest = t->z->c->layers - 1; /* of what is there, but kept ones */

    for (uint32_t i = t->z->c->layers; i-- > 0;) {
        t->now -= wires_bytes(t, i);
        if (i > 0 && lowest == i)
            lowest = zkg_circuit_keeps(stride, i - 1)
                         ? i - 1
                         : make_again(t, i - 1, stride);
        make_scratch(t, i);
        for (int k = 0; k < ZKG_CIRCUIT_MOMENTS; k++)
            touch_need(t, &t->z->layer[i].prove[k]);
    }
}

/* Made once, before the first layer, for the one that takes most. */
static double vectors_bytes(const zkg_circuit_sizes *z)
{
    double most = 0;

    for (uint32_t i = 0; i < z->c->layers; i++)
        most = fmax(most, z->layer[i].vectors);
    return zkg_circuit_raw_bytes(most);
}

double zkg_circuit_bytes(const zkg_circuit_sizes *z, double copies,
                         uint32_t stride)
{
    tally t = {.z = z, .copies = copies, .pooled = stride == 1};

    for (uint32_t k = 0; k < z->c->inputs; k++)
        t.now += input_bytes(&t, k);
    t.now += (double)sizeof(zkg_fr) * (z->c->coeffs + copies) + pool_slack(&t) +
             vectors_bytes(z);
    go_up(&t, stride);
    touch_need(&t, &z->merge);
    go_down(&t, stride);
    return t.most;
}

uint32_t zkg_circuit_stride(const zkg_circuit_sizes *z, double copies,
                            double room)
{
    uint32_t best = 1;
    double least = zkg_circuit_bytes(z, copies, 1);

    for (uint32_t s = 2; least > room && s / 2 < z->c->layers; s *= 2) {
        const double bytes = zkg_circuit_bytes(z, copies, s);

        if (bytes < least) {
            least = bytes;
            best = s;
        }
    }
    return best;
}

static void size_layer(zkg_circuit_layer_sizes *out,
                       const zkg_circuit_types *types, uint32_t i)
{
    zkg_circuit_plan own;
    const zkg_circuit_plan *plan = &own;

    if (types->c->plan != NULL)
        plan = &types->c->plan[i];
    else
        zkg_circuit_plan_layer(&own, types->c, i);
    out->wires =
        types->c->layer[i].gates * (double)zkg_dtype_size(types->layer[i]);
    out->eval = zkg_circuit_eval_bytes(types, i);
    out->vectors = zkg_circuit_vectors_bytes(types->c, plan, i, true);
    out->scratch =
        (double)zkg_circuit_first_wires(types->c, types->range, plan, i);
    if (plan->kind == ZKG_CIRCUIT_PRODUCTS)
        zkg_circuit_need_products(out->prove, types, plan, i);
    else if (plan->kind == ZKG_CIRCUIT_ELEMENTWISE)
        zkg_circuit_need_elementwise(out->prove, plan);
}

zkg_status zkg_circuit_sizes_init(zkg_circuit_sizes *out, const zkg_circuit *c,
                                  const zkg_circuit_range *range,
                                  uint32_t claims, bool closely)
{
    zkg_status status;

    *out = (zkg_circuit_sizes){
        .c = c, .layer = zkg_alloc(c->layers, sizeof(*out->layer))};
    status = zkg_circuit_types_init(&out->types, c, range, closely);
    if (out->layer == NULL)
        status = ZKG_ERR_NOMEM;
    for (uint32_t i = 0; i < c->layers && status == ZKG_OK; i++)
        size_layer(&out->layer[i], &out->types, i);
    zkg_circuit_need_merge(&out->merge, c, claims);
    return status;
}

void zkg_circuit_sizes_clear(zkg_circuit_sizes *z)
{
    zkg_circuit_types_clear(&z->types);
    zkg_free(z->layer);
    z->layer = NULL;
}
