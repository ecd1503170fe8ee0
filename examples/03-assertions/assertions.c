/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assertions: six pairs that are all 7, and two vectors that are equal.  Where
 * they do not hold there is no witness, and the message names the kernel, the
 * copy and the assertion.
 */
#include "../common/example.h"
#include "zkgkr/device.h"
#include "zkgkr/kernel.h"

static zkg_status record_sevens(zkg_recorder **out, zkg_error *err)
{
    zkg_recorder *r;

    ZKG_TRY(zkg_recorder_new(&r, "sevens", err));
    *out = r;

    const zkg_param x = zkg_input(r, "x", ZKG_I32, 1, (uint64_t[]){2});
    const zkg_var seven = zkg_constant(r, 7);

    zkg_assert_equal(r, zkg_get(r, x, 0), seven, "the left one is 7");
    zkg_assert_equal(r, zkg_get(r, x, 1), seven, "the right one is 7");
    return zkg_recorder_finish(r, err);
}

static zkg_status record_equal(zkg_recorder **out, zkg_error *err)
{
    zkg_recorder *r;

    ZKG_TRY(zkg_recorder_new(&r, "equal", err));
    *out = r;

    const zkg_param a = zkg_input(r, "a", ZKG_I32, 0, NULL);
    const zkg_param b = zkg_input(r, "b", ZKG_I32, 0, NULL);

    zkg_assert_equal(r, zkg_get(r, a, 0), zkg_get(r, b, 0), "a = b");
    return zkg_recorder_finish(r, err);
}

typedef struct kernels {
    zkg_recorder *sevens, *equal;
} kernels;

static zkg_status calls(zkg_device *d, void *user, zkg_error *err)
{
    const kernels *k = user;
    zkg_handle x, a, b;

    ZKG_TRY(zkg_device_input(d, &x, "x", ZKG_I32, ZKG_PRIVATE, 2,
                             (uint64_t[]){6, 2}, err));
    ZKG_TRY(zkg_device_input(d, &a, "a", ZKG_I32, ZKG_PRIVATE, 1,
                             (uint64_t[]){5}, err));
    ZKG_TRY(zkg_device_input(d, &b, "b", ZKG_I32, ZKG_PUBLIC, 1,
                             (uint64_t[]){5}, err));
    ZKG_TRY(zkg_device_call(d, NULL, k->sevens, 6, (zkg_arg[]){{"x", .in = x}},
                            1, err));
    return zkg_device_call(d, NULL, k->equal, 5,
                           (zkg_arg[]){{"a", .in = a}, {"b", .in = b}}, 2, err);
}

static zkg_status run(example *e, const zkg_graph *g, zkg_error *err)
{
    int64_t x[12], a[5], b[5];
    const example_values in[] = {{"x", x, 12}, {"a", a, 5}, {"b", b, 5}};

    for (int i = 0; i < 12; i++)
        x[i] = 7;
    for (int i = 0; i < 5; i++)
        a[i] = b[i] = 1000 * i - 17;
    ZKG_TRY(example_run(e, g, in, 3, NULL, 0, err));
    b[3]++;
    ZKG_TRY(example_refused(
        g, in, 3, "kernel equal, copy 3: assertion a = b does not hold", err));
    b[3]--;
    x[11] = 8; /* in the last copy, where the padding begins */
    return example_refused(
        g, in, 3,
        "kernel sevens, copy 5: assertion the right one is 7 does not hold",
        err);
}

int main(int argc, char **argv)
{
    kernels k = {NULL, NULL};
    zkg_error err = {0};
    zkg_graph *g = NULL;
    example e;
    zkg_status s = example_start(&e, "assertions", argc, argv, &err);

    if (s == ZKG_OK)
        s = record_sevens(&k.sevens, &err);
    if (s == ZKG_OK)
        s = record_equal(&k.equal, &err);
    if (s == ZKG_OK)
        s = example_graph(&g, calls, &k, &err);
    if (s == ZKG_OK)
        s = run(&e, g, &err);
    zkg_graph_free(g);
    zkg_recorder_free(k.sevens);
    zkg_recorder_free(k.equal);
    return example_end(&e, s, &err);
}
