/* SPDX-License-Identifier: Apache-2.0 */
/* The classes that a float model, and the graphs compiled from it, give to each
 * of many images.
 *
 *     run_images MODEL.onnx IMAGES COUNT GRAPH.zkg..
 *
 * IMAGES holds COUNT inputs of the model's size, float32, little-endian.  A
 * line an image: the place of the largest entry of the model's output, and of
 * each graph's, or -1 where the witness is refused. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "graph/witness.h"
#include "onnx/fold.h"
#include "tensor/quantise.h"

#define CLASSES 64
#define GRAPHS 8

/* A model, and the graphs made from it, all of the same sizes. */
typedef struct family {
    const char *model;
    zkg_graph *graph[GRAPHS];
    int graphs;
    uint64_t classes, pixels;
} family;

static uint64_t largest(const double *v, uint64_t n)
{
    uint64_t best = 0;

    for (uint64_t i = 1; i < n; i++)
        best = v[i] > v[best] ? i : best;
    return best;
}

/* Quantise an image into the input, and solve. */
static zkg_status solve(zkg_witness *w, const zkg_graph *g, const double *image,
                        zkg_error *err)
{
    const uint32_t id = g->input[0];
    const zkg_tensor *t = &g->st.tensor[id];

    ZKG_TRY(zkg_array_init(&w->array[id], t->type, t->axes, t->len, err));
    for (uint64_t i = 0; i < zkg_tensor_count(t); i++) {
        int64_t v;

        if (!zkg_quantise(&v, image[i], g->display[id].scale) || v < t->min ||
            v > t->max)
            return zkg_fail(err, ZKG_ERR_WITNESS, "a pixel out of range");
        zkg_array_set_i64(&w->array[id], i, v);
    }
    return zkg_witness_solve(w, g, err);
}

/* The graph's scores. */
static zkg_status integers(double *score, const zkg_graph *g,
                           const double *image, zkg_error *err)
{
    const uint32_t out = g->output[0];
    zkg_witness w;
    zkg_status s;

    ZKG_TRY(zkg_witness_init(&w, g, err));
    s = solve(&w, g, image, err);
    for (uint64_t i = 0; s == ZKG_OK && i < zkg_array_count(&w.array[out]); i++)
        score[i] = ldexp((double)zkg_array_get_i64(&w.array[out], i),
                         -(int)g->display[out].scale);
    zkg_witness_clear(&w);
    return s;
}

/* The model's. */
static zkg_status reals(double *score, uint64_t classes, const char *path,
                        const double *image, zkg_error *err)
{
    zkg_onnx_model m;
    zkg_status s;

    ZKG_TRY(zkg_onnx_read(&m, path, err));
    s = zkg_onnx_evaluate(&m, &image, err);
    if (s == ZKG_OK && zkg_onnx_reals(&m, m.output[0]) == NULL)
        s = zkg_fail(err, ZKG_ERR_UNSUPPORTED, "no reals for the output");
    if (s == ZKG_OK)
        memcpy(score, zkg_onnx_reals(&m, m.output[0]),
               classes * sizeof(score[0]));
    zkg_onnx_clear(&m);
    return s;
}

static int classify(const family *f, const double *image)
{
    double score[CLASSES];
    zkg_error err = {0};

    if (reals(score, f->classes, f->model, image, &err) != ZKG_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    printf("%" PRIu64, largest(score, f->classes));
    for (int k = 0; k < f->graphs; k++) {
        zkg_error refused = {0};

        if (integers(score, f->graph[k], image, &refused) == ZKG_OK)
            printf(" %" PRIu64, largest(score, f->classes));
        else
            printf(" -1");
        fputs(refused.text, stderr);
    }
    printf("\n");
    return 0;
}

static int run(const family *f, const uint8_t *bytes, size_t len,
               uint64_t images)
{
    double *image = zkg_alloc(f->pixels, sizeof(image[0]));
    int bad = image == NULL || images * f->pixels * sizeof(float) > len ? 2 : 0;

    for (uint64_t i = 0; i < images && bad == 0; i++) {
        for (uint64_t k = 0; k < f->pixels; k++) {
            float v;

            memcpy(&v, bytes + (i * f->pixels + k) * sizeof(v), sizeof(v));
            image[k] = (double)v;
        }
        bad = classify(f, image);
    }
    zkg_free(image);
    return bad;
}

static int load(family *f, int graphs, char **path)
{
    for (; f->graphs < graphs && f->graphs < GRAPHS; f->graphs++) {
        zkg_graph **g = &f->graph[f->graphs];
        zkg_error err = {0};

        if (zkg_graph_load(g, path[f->graphs], &err) != ZKG_OK) {
            fprintf(stderr, "%s\n", err.text);
            return 2;
        }
        f->classes = zkg_tensor_count(&(*g)->st.tensor[(*g)->output[0]]);
        f->pixels = zkg_tensor_count(&(*g)->st.tensor[(*g)->input[0]]);
    }
    return f->classes == 0 || f->classes > CLASSES ? 2 : 0;
}

int main(int argc, char **argv)
{
    zkg_error err = {0};
    family f = {.model = NULL};
    uint8_t *bytes = NULL;
    size_t len = 0;
    int bad = argc < 5 ? 2 : load(&f, argc - 4, argv + 4);

    f.model = argv[1];
    if (bad == 0 &&
        zkg_file_read(&bytes, &len, argv[2], (size_t)1 << 30, &err) != ZKG_OK) {
        fprintf(stderr, "%s\n", err.text);
        bad = 2;
    }
    if (bad == 0)
        bad = run(&f, bytes, len, strtoull(argv[3], NULL, 10));
    zkg_free(bytes);
    for (int k = 0; k < f.graphs; k++)
        zkg_graph_free(f.graph[k]);
    return bad;
}
