/* SPDX-License-Identifier: Apache-2.0 */
/* A graph of one deep circuit, y = x^(2^LAYERS) of COPIES numbers, and its
 * input: what a limit on memory makes prove keep fewer layers of.
 *
 *     make_deep GRAPH.zkg INPUT.json
 */
#include <stdio.h>

#include "zkgkr/device.h"
#include "zkgkr/kernel.h"

enum { LAYERS = 64, COPIES = 4096 };

static zkg_status record(zkg_recorder **out, zkg_error *err)
{
    zkg_recorder *r;

    ZKG_TRY(zkg_recorder_new(&r, "power", err));
    *out = r;

    const zkg_param x = zkg_input(r, "x", ZKG_I32, 0, NULL);
    const zkg_param y = zkg_output(r, "y", ZKG_FR, 0, NULL);
    zkg_var v = zkg_get(r, x, 0);

    for (int i = 0; i < LAYERS; i++)
        v = zkg_mul(r, v, v);
    zkg_set(r, y, 0, v);
    return zkg_recorder_finish(r, err);
}

static zkg_status build(zkg_graph **out, const zkg_recorder *power,
                        zkg_device *d, zkg_error *err)
{
    zkg_handle x, y;

    ZKG_TRY(zkg_device_input(d, &x, "x", ZKG_I32, ZKG_PRIVATE, 1,
                             (uint64_t[]){COPIES}, err));
    ZKG_TRY(zkg_device_call(d, "deep", power, COPIES,
                            (zkg_arg[]){{"x", .in = x}, {"y", .out = &y}}, 2,
                            err));
    ZKG_TRY(zkg_device_output(d, y, "y", ZKG_PRIVATE, err));
    return zkg_device_finish(out, d, err);
}

static zkg_status save(const char *folder, zkg_error *err)
{
    zkg_recorder *power = NULL;
    zkg_device *d = NULL;
    zkg_graph *g = NULL;
    zkg_status s = record(&power, err);

    if (s == ZKG_OK)
        s = zkg_device_new(&d, err);
    if (s == ZKG_OK)
        s = build(&g, power, d, err);
    if (s == ZKG_OK)
        s = zkg_graph_save(g, folder, err);
    zkg_graph_free(g);
    zkg_device_free(d);
    zkg_recorder_free(power);
    return s;
}

int main(int argc, char **argv)
{
    zkg_error err = {0};
    FILE *f;

    if (argc != 3 || save(argv[1], &err) != ZKG_OK ||
        (f = fopen(argv[2], "w")) == NULL) {
        (void)fprintf(stderr, "make_deep GRAPH.zkg INPUT.json: %s\n", err.text);
        return 2;
    }
    (void)fprintf(f, "{\"input_data\": [[");
    for (int i = 0; i < COPIES; i++)
        (void)fprintf(f, "%s%d", i == 0 ? "" : ", ", i - 5);
    (void)fprintf(f, "]]}\n");
    return fclose(f) == 0 ? 0 : 2;
}
