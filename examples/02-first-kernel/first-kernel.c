/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A first kernel: the numbers 1 to 32, added in pairs, then all together.
 *
 *     a [16][2]  --add_2, 16 copies-->  sums [16]  --add_16-->  total = 528
 *
 * docs/kernels.md walks through it.
 */
#include <stdio.h>

#include "../common/example.h"
#include "zkgkr/device.h"
#include "zkgkr/kernel.h"

/* A kernel that adds n numbers. */
static zkg_status record_add(zkg_recorder **out, const char *name, uint64_t n,
                             zkg_error *err)
{
    zkg_recorder *r;

    ZKG_TRY(zkg_recorder_new(&r, name, err));
    *out = r;

    const zkg_param a = zkg_input(r, "a", ZKG_I32, 1, &n);
    const zkg_param s = zkg_output(r, "s", ZKG_I32, 0, NULL);
    zkg_var sum = zkg_get(r, a, 0);

    for (uint64_t i = 1; i < n; i++)
        sum = zkg_add(r, sum, zkg_get(r, a, i));
    zkg_set(r, s, 0, sum);
    return zkg_recorder_finish(r, err);
}

typedef struct kernels {
    zkg_recorder *add_2, *add_16;
} kernels;

/* Two calls make the graph. */
static zkg_status calls(zkg_device *d, void *user, zkg_error *err)
{
    const kernels *k = user;
    zkg_handle a, sums, total;

    ZKG_TRY(zkg_device_input(d, &a, "a", ZKG_I32, ZKG_PRIVATE, 2,
                             (uint64_t[]){16, 2}, err));
    ZKG_TRY(zkg_device_call(d, "pairs", k->add_2, 16,
                            (zkg_arg[]){{"a", .in = a}, {"s", .out = &sums}}, 2,
                            err));
    ZKG_TRY(zkg_device_call(
        d, "all", k->add_16, 1,
        (zkg_arg[]){{"a", .in = sums}, {"s", .out = &total}}, 2, err));
    return zkg_device_output(d, total, "total", ZKG_PUBLIC, err);
}

static zkg_status build(zkg_graph **g, zkg_error *err)
{
    kernels k = {NULL, NULL};
    zkg_status s = record_add(&k.add_2, "add_2", 2, err);

    if (s == ZKG_OK)
        s = record_add(&k.add_16, "add_16", 16, err);
    if (s == ZKG_OK)
        s = example_graph(g, calls, &k, err);
    zkg_recorder_free(k.add_2);
    zkg_recorder_free(k.add_16);
    return s;
}

/* New data, the same graph. */
static zkg_status run(example *e, const zkg_graph *g, zkg_error *err)
{
    const int64_t total = 528;
    int64_t a[32];
    const example_values in = {"a", a, 32}, out = {"total", &total, 1};

    for (int i = 0; i < 32; i++)
        a[i] = i + 1;
    return example_run(e, g, &in, 1, &out, 1, err);
}

int main(int argc, char **argv)
{
    zkg_error err = {0};
    zkg_graph *g = NULL;
    example e;
    zkg_status s = example_start(&e, "first-kernel", argc, argv, &err);

    if (s == ZKG_OK)
        s = build(&g, &err);
    if (s == ZKG_OK)
        s = run(&e, g, &err);
    zkg_graph_free(g);
    return example_end(&e, s, &err);
}
