/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One vector of 15, seen as [15], as [5,3], as [3,5], and transposed, in one
 * graph.  A view costs nothing where each copy finds its entries in one place;
 * else the graph copies it, as the five columns of [3,5] here.
 */
#include <string.h>

#include "../common/example.h"
#include "zkgkr/device.h"
#include "zkgkr/kernel.h"

/* sum of (i + 1) x[i], n of them */
static zkg_status record_weigh(zkg_recorder **out, const char *name, uint64_t n,
                               zkg_error *err)
{
    int64_t weight[15];
    zkg_recorder *r;
    zkg_var v[15];

    ZKG_TRY(zkg_recorder_new(&r, name, err));
    *out = r;

    const zkg_param x = zkg_input(r, "x", ZKG_I32, 1, &n);
    const zkg_param s = zkg_output(r, "s", ZKG_I64, 0, NULL);

    for (uint64_t i = 0; i < n; i++) {
        v[i] = zkg_get(r, x, i);
        weight[i] = (int64_t)i + 1;
    }
    zkg_set(r, s, 0, zkg_combine(r, 0, n, weight, v));
    return zkg_recorder_finish(r, err);
}

typedef struct kernels {
    zkg_recorder *all, *threes, *fives;
} kernels;

static zkg_status weigh(zkg_device *d, const zkg_recorder *kernel, uint64_t n,
                        zkg_handle x, const char *name, zkg_error *err)
{
    zkg_handle s;

    ZKG_TRY(zkg_device_call(d, NULL, kernel, n,
                            (zkg_arg[]){{"x", .in = x}, {"s", .out = &s}}, 2,
                            err));
    return zkg_device_output(d, s, name, ZKG_PUBLIC, err);
}

static zkg_status calls(zkg_device *d, void *user, zkg_error *err)
{
    static const uint32_t turn[2] = {1, 0};
    const kernels *k = user;
    zkg_handle v, five_three, three_five, turned, back, middle;

    ZKG_TRY(zkg_device_input(d, &v, "v", ZKG_I32, ZKG_PRIVATE, 1,
                             (uint64_t[]){15}, err));
    ZKG_TRY(zkg_device_reshape(d, &five_three, v, 2, (uint64_t[]){5, 3}, err));
    ZKG_TRY(zkg_device_reshape(d, &three_five, five_three, 2,
                               (uint64_t[]){3, 5}, err));
    ZKG_TRY(zkg_device_transpose(d, &turned, three_five, turn, err));
    ZKG_TRY(zkg_device_reshape(d, &back, turned, 1, (uint64_t[]){15}, err));
    ZKG_TRY(zkg_device_slice(d, &middle, three_five, 0, 1, 1, err));
    ZKG_TRY(weigh(d, k->all, 1, v, "all", err));
    ZKG_TRY(weigh(d, k->threes, 5, five_three, "threes", err));
    ZKG_TRY(weigh(d, k->fives, 3, three_five, "fives", err));
    ZKG_TRY(weigh(d, k->threes, 5, turned, "columns", err));
    ZKG_TRY(weigh(d, k->fives, 1, middle, "middle", err));
    return weigh(d, k->all, 1, back, "turned", err);
}

/* What a call would not take, and says. */
static zkg_status wrong_calls(zkg_device *d, void *user, zkg_error *err)
{
    const kernels *k = user;
    zkg_error said = {0};
    zkg_handle v, s;

    ZKG_TRY(zkg_device_input(d, &v, "v", ZKG_I32, ZKG_PRIVATE, 2,
                             (uint64_t[]){5, 4}, err));
    if (zkg_device_call(d, NULL, k->threes, 5,
                        (zkg_arg[]){{"x", .in = v}, {"s", .out = &s}}, 2,
                        &said) == ZKG_OK)
        return zkg_fail(err, ZKG_ERR_INTERNAL, "a wrong shape was taken");
    return zkg_fail(err, said.status, "%s", said.text);
}

static zkg_status run(example *e, const zkg_graph *g, zkg_error *err)
{
    int64_t v[15], all = 0, turned = 0, middle = 0;
    int64_t threes[5] = {0}, fives[3] = {0}, columns[5] = {0};
    const example_values in = {"v", v, 15};
    const example_values out[] = {
        {"all", &all, 1},        {"threes", threes, 5},  {"fives", fives, 3},
        {"columns", columns, 5}, {"turned", &turned, 1}, {"middle", &middle, 1},
    };

    for (int i = 0; i < 15; i++) {
        const int row = i / 5, column = i % 5;

        v[i] = 100 * i * i - 7 * i + 3;
        all += (i + 1) * v[i];
        threes[i / 3] += (i % 3 + 1) * v[i];
        fives[row] += (column + 1) * v[i];
        columns[column] += (row + 1) * v[i];
        turned += (3 * column + row + 1) * v[i];
        middle += row == 1 ? (column + 1) * v[i] : 0;
    }
    return example_run(e, g, &in, 1, out, 6, err);
}

static zkg_status see_refused(const kernels *k, zkg_error *err)
{
    static const char want[] = "kernel weigh_3, parameter x: v of shape [5,4] "
                               "is given, and its copies need [5,3]";
    zkg_error said = {0};
    zkg_graph *g = NULL;

    if (example_graph(&g, wrong_calls, (void *)k, &said) == ZKG_ERR_INVALID &&
        strcmp(said.text, want) == 0)
        return ZKG_OK;
    return zkg_fail(err, ZKG_ERR_INTERNAL, "\"%.200s\" is not \"%s\"",
                    said.text, want);
}

int main(int argc, char **argv)
{
    kernels k = {NULL, NULL, NULL};
    zkg_error err = {0};
    zkg_graph *g = NULL;
    example e;
    zkg_status s = example_start(&e, "shapes", argc, argv, &err);

    if (s == ZKG_OK)
        s = record_weigh(&k.all, "weigh_15", 15, &err);
    if (s == ZKG_OK)
        s = record_weigh(&k.threes, "weigh_3", 3, &err);
    if (s == ZKG_OK)
        s = record_weigh(&k.fives, "weigh_5", 5, &err);
    if (s == ZKG_OK)
        s = example_graph(&g, calls, &k, &err);
    if (s == ZKG_OK)
        s = run(&e, g, &err);
    if (s == ZKG_OK)
        s = see_refused(&k, &err);
    zkg_graph_free(g);
    zkg_recorder_free(k.all);
    zkg_recorder_free(k.threes);
    zkg_recorder_free(k.fives);
    return example_end(&e, s, &err);
}
