/* SPDX-License-Identifier: Apache-2.0 */
/* The class that a graph gives to each of many images.
 *
 *     run_images GRAPH.zkg IMAGES COUNT
 *
 * IMAGES holds COUNT inputs of the graph's size, float32, little-endian.  A
 * line an image: the place of the output's largest entry, or -1 where the
 * witness is refused. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "graph/witness.h"
#include "tensor/quantise.h"

static float pixel(const uint8_t *bytes, uint64_t i)
{
    float f;

    memcpy(&f, bytes + 4 * i, sizeof(f));
    return f;
}

/* Quantise an image into the input, and solve. */
static zkg_status solve(zkg_witness *w, const zkg_graph *g,
                        const uint8_t *image, zkg_error *err)
{
    const uint32_t id = g->input[0];
    const zkg_tensor *t = &g->st.tensor[id];

    ZKG_TRY(zkg_array_init(&w->array[id], t->type, t->axes, t->len, err));
    for (uint64_t i = 0; i < zkg_tensor_count(t); i++) {
        int64_t v;

        if (!zkg_quantise(&v, (double)pixel(image, i), g->display[id].scale) ||
            v < t->min || v > t->max)
            return zkg_fail(err, ZKG_ERR_WITNESS, "a pixel out of range");
        zkg_array_set_i64(&w->array[id], i, v);
    }
    return zkg_witness_solve(w, g, err);
}

static int classify(const zkg_graph *g, const uint8_t *image)
{
    const uint32_t out = g->output[0];
    zkg_error err = {0};
    zkg_witness w;
    int best = -1;

    if (zkg_witness_init(&w, g, &err) != ZKG_OK)
        return -1;
    if (solve(&w, g, image, &err) == ZKG_OK) {
        const zkg_array *a = &w.array[out];

        best = 0;
        for (uint64_t i = 1; i < zkg_array_count(a); i++) {
            if (zkg_array_get_i64(a, i) > zkg_array_get_i64(a, (uint64_t)best))
                best = (int)i;
        }
    } else {
        fprintf(stderr, "%s\n", err.text);
    }
    zkg_witness_clear(&w);
    return best;
}

int main(int argc, char **argv)
{
    zkg_error err = {0};
    uint8_t *bytes;
    zkg_graph *g;
    uint64_t size;
    size_t len;

    if (argc != 4 || zkg_graph_load(&g, argv[1], &err) != ZKG_OK ||
        zkg_file_read(&bytes, &len, argv[2], (size_t)1 << 30, &err) != ZKG_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    size = 4 * zkg_tensor_count(&g->st.tensor[g->input[0]]);
    for (uint64_t i = 0; i < strtoull(argv[3], NULL, 10); i++) {
        if ((i + 1) * size > len)
            return 2;
        printf("%d\n", classify(g, bytes + i * size));
    }
    zkg_free(bytes);
    zkg_graph_free(g);
    return 0;
}
