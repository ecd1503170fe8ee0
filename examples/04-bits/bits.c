/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hints: the eight bits of 0x55, found by the prover, committed, and checked:
 * each is 0 or 1, and they make up the byte.  One kernel serves 1, 5 and 64
 * copies.
 */
#include "../common/example.h"
#include "zkgkr/device.h"
#include "zkgkr/kernel.h"

static zkg_status record_bits(zkg_recorder **out, zkg_error *err)
{
    zkg_recorder *r;
    zkg_var bit[8];

    ZKG_TRY(zkg_recorder_new(&r, "bits_of_a_byte", err));
    *out = r;

    const zkg_param x = zkg_input(r, "x", ZKG_U8, 0, NULL);
    const zkg_param b = zkg_output(r, "b", ZKG_U8, 1, (uint64_t[]){8});

    zkg_bits(r, 8, bit, zkg_get(r, x, 0));
    for (int i = 0; i < 8; i++)
        zkg_set(r, b, (uint64_t)i, bit[i]);
    return zkg_recorder_finish(r, err);
}

typedef struct shape {
    const zkg_recorder *kernel;
    uint64_t copies;
} shape;

static zkg_status calls(zkg_device *d, void *user, zkg_error *err)
{
    const shape *s = user;
    zkg_handle x, b;

    ZKG_TRY(
        zkg_device_input(d, &x, "x", ZKG_U8, ZKG_PRIVATE, 1, &s->copies, err));
    ZKG_TRY(zkg_device_call(d, NULL, s->kernel, s->copies,
                            (zkg_arg[]){{"x", .in = x}, {"b", .out = &b}}, 2,
                            err));
    return zkg_device_output(d, b, "b", ZKG_PUBLIC, err);
}

static zkg_status run(example *e, const zkg_recorder *kernel, uint64_t copies,
                      zkg_error *err)
{
    shape sh = {kernel, copies};
    int64_t x[64], b[64 * 8];
    const example_values in = {"x", x, copies}, out = {"b", b, 8 * copies};
    zkg_graph *g;
    zkg_status s;

    for (uint64_t i = 0; i < copies; i++)
        x[i] = 0x55;
    for (uint64_t i = 0; i < 8 * copies; i++)
        b[i] = i % 2 == 0;
    ZKG_TRY(example_graph(&g, calls, &sh, err));
    s = example_run(e, g, &in, 1, &out, 1, err);
    zkg_graph_free(g);
    return s;
}

int main(int argc, char **argv)
{
    static const uint64_t copies[] = {1, 5, 64};
    zkg_recorder *kernel = NULL;
    zkg_error err = {0};
    example e;
    zkg_status s = example_start(&e, "bits", argc, argv, &err);

    if (s == ZKG_OK)
        s = record_bits(&kernel, &err);
    for (int i = 0; i < 3 && s == ZKG_OK; i++)
        s = run(&e, kernel, copies[i], &err);
    zkg_recorder_free(kernel);
    return example_end(&e, s, &err);
}
