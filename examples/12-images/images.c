/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two classic networks of images, with random weights at scale 7: LeNet-5 for
 * 28 x 28, and VGG-16 for 32 x 32 in three colours.  Each convolution is one
 * task, with its rescale, its maximum and its ReLU; what the plain integer
 * model says is what is proved.
 *
 *     lenet [options] [private]
 *     vgg [options] [private] [WIDTH]
 *
 * Both are this source, with NETWORK defined.  WIDTH is the number of maps of
 * VGG's first layer: 64 is the real one, of 15 million weights, which wants a
 * reference string of power 13 (zkgkr srs new, --srs FILE); 2 where nothing is
 * said.  With `private` the weights are committed in the proof and not in the
 * key.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "../common/example.h"
#include "zkgkr/nn.h"
#include "zkgkr/prove.h"

enum { SCALE = 7, BITS = 14, LAYERS = 24 };

/* A layer: maps, kernel, padding, and the block of its maximum. */
typedef struct layer {
    uint64_t maps, kernel, padding, block;
} layer;

static uint64_t next(uint64_t *s)
{
    uint64_t z = *s += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static void draw(int64_t *v, size_t n, int64_t most, uint64_t *s)
{
    for (size_t i = 0; i < n; i++)
        v[i] = (int64_t)(next(s) % (uint64_t)(2 * most + 1)) - most;
}

/* A network under construction, and what it computes. */
typedef struct net {
    zkg_graph *g;
    uint64_t random;
    uint64_t maps, size; /* of the last tensor, an image of size x size */
    char x[16];
    int64_t *value; /* of it, by the model; owned */
    size_t weights;
    zkg_visibility weights_are;
} net;

/* One layer of the graph, and of the model. */
static zkg_status add_layer(net *n, const layer *l, uint32_t index, bool last,
                            zkg_error *err)
{
    const uint64_t kernel = l->kernel == 0 ? n->size : l->kernel;
    const uint64_t fan_in = n->maps * kernel * kernel;
    char name[16], y[16];
    uint64_t out[2];
    int64_t *w = malloc(l->maps * fan_in * sizeof(*w));
    int64_t *b = malloc(l->maps * sizeof(*b)), *value = NULL;
    zkg_status s = ZKG_ERR_NOMEM;
    const zkg_nn_conv2d c = {
        .param_visibility = n->weights_are,
        .name = name,
        .x = n->x,
        .y = y,
        .in_channels = n->maps,
        .out_channels = l->maps,
        .window = {.in = {n->size, n->size},
                   .kernel = {kernel, kernel},
                   .before = {l->padding, l->padding},
                   .after = {l->padding, l->padding}},
        .w = w,
        .b = b,
        .shift = SCALE,
        .bits = BITS,
        .relu = !last,
        .pool = {l->block, l->block},
        .y_visibility = last ? ZKG_PUBLIC : ZKG_PRIVATE,
    };

    snprintf(name, sizeof(name), "layer%u", index);
    snprintf(y, sizeof(y), last ? "y" : "x%u", index + 1);
    if (w != NULL && b != NULL && zkg_nn_conv2d_out(out, &c))
        value = malloc(l->maps * out[0] * out[1] * sizeof(*value));
    if (value != NULL) {
        /* Uniform, of the variance that keeps values as large as they are. */
        const double most = (1 << SCALE) * sqrt(6.0 / (double)fan_in);

        draw(w, l->maps * fan_in, 1 + (int64_t)most, &n->random);
        draw(b, l->maps, 1 << SCALE, &n->random);
        s = zkg_nn_conv2d_add(n->g, NULL, &c, (zkg_interval){0, 1 << BITS},
                              err);
    }
    if (s == ZKG_OK)
        s = zkg_nn_conv2d_model(value, &c, n->value, err);
    if (s == ZKG_OK) {
        free(n->value);
        n->value = value;
        value = NULL;
        n->weights += l->maps * (fan_in + 1);
        n->maps = l->maps;
        n->size = out[0];
        snprintf(n->x, sizeof(n->x), "%s", y);
    }
    free(w);
    free(b);
    free(value);
    return s == ZKG_ERR_NOMEM ? zkg_fail(err, s, "no memory") : s;
}

static zkg_status add_network(net *n, const layer *l, uint32_t layers,
                              zkg_error *err)
{
    const zkg_tensor_spec x = {.name = "x0",
                               .type = ZKG_U8,
                               .visibility = ZKG_PRIVATE,
                               .axes = 3,
                               .len = {n->maps, n->size, n->size},
                               .max = (1 << SCALE) - 1};

    ZKG_TRY(zkg_graph_add_tensor(n->g, &x, err));
    ZKG_TRY(zkg_nn_range(n->g, x.name, err));
    snprintf(n->x, sizeof(n->x), "%s", x.name);
    for (uint32_t i = 0; i < layers; i++)
        ZKG_TRY(add_layer(n, &l[i], i, i + 1 == layers, err));
    ZKG_TRY(zkg_graph_add_input(n->g, "x0", err));
    ZKG_TRY(zkg_graph_add_output(n->g, "y", err));
    return zkg_graph_finish(n->g, err);
}

static zkg_status prove(example *e, const net *n, const int64_t *image,
                        size_t pixels, zkg_error *err)
{
    zkg_witness *w = NULL;
    const clock_t start = clock();
    zkg_status s = zkg_witness_new(&w, n->g, NULL, err);

    if (s == ZKG_OK)
        s = zkg_witness_set_i64(w, "x0", image, pixels, err);
    if (s == ZKG_OK)
        s = zkg_witness_make(w, err);
    if (s == ZKG_OK)
        s = example_expect(w, "y", n->value, n->maps, err);
    if (s == ZKG_OK && example_is_first(e))
        printf("%zu weights; the witness took %.3f s of a core\n", n->weights,
               (double)(clock() - start) / CLOCKS_PER_SEC);
    if (s == ZKG_OK)
        s = example_prove(e, n->g, w, err);
    zkg_witness_free(w);
    return s;
}

static zkg_status run(example *e, const layer *l, uint32_t layers,
                      uint64_t maps, uint64_t size, zkg_error *err)
{
    const size_t pixels = maps * size * size;
    net n = {.random = 20261121,
             .maps = maps,
             .size = size,
             .weights_are = ZKG_FIXED};
    int64_t *image = malloc(pixels * sizeof(*image));
    zkg_status s;

    if (e->argc > 0 && strcmp(e->argv[0], "private") == 0)
        n.weights_are = ZKG_PRIVATE;
    n.value = malloc(pixels * sizeof(*n.value));
    s = image != NULL && n.value != NULL
            ? zkg_graph_new(&n.g, err)
            : zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (size_t i = 0; i < pixels && s == ZKG_OK; i++)
        image[i] = n.value[i] = (int64_t)(next(&n.random) % (1 << SCALE));
    if (s == ZKG_OK)
        s = add_network(&n, l, layers, err);
    if (s == ZKG_OK)
        s = prove(e, &n, image, pixels, err);
    zkg_graph_free(n.g);
    free(n.value);
    free(image);
    return s;
}

#if NETWORK == 5
static zkg_status network(example *e, uint64_t width, zkg_error *err)
{
    static const layer layers[] = {{6, 5, 2, 2},
                                   {16, 5, 0, 2},
                                   {120, 0, 0, 0},
                                   {84, 0, 0, 0},
                                   {10, 0, 0, 0}};

    (void)width;
    return run(e, layers, sizeof(layers) / sizeof(layers[0]), 1, 28, err);
}

#else
static zkg_status network(example *e, uint64_t width, zkg_error *err)
{
    /* Maps in units of the first layer's; 13 convolutions, 5 maxima. */
    static const struct {
        uint64_t units;
        bool pool;
    } convs[13] = {{1, false}, {1, true},  {2, false}, {2, true},  {4, false},
                   {4, false}, {4, true},  {8, false}, {8, false}, {8, true},
                   {8, false}, {8, false}, {8, true}};
    layer layers[LAYERS];
    uint32_t n = 0;

    for (; n < 13; n++)
        layers[n] =
            (layer){width * convs[n].units, 3, 1, convs[n].pool ? 2 : 0};
    layers[n++] = (layer){.maps = 8 * width};
    layers[n++] = (layer){.maps = 8 * width};
    layers[n++] = (layer){.maps = 10};
    return run(e, layers, n, 3, 32, err);
}
#endif

int main(int argc, char **argv)
{
    zkg_error err = {0};
    example e;
    zkg_status s =
        example_start(&e, NETWORK == 5 ? "lenet" : "vgg", argc, argv, &err);
    const int named =
        s == ZKG_OK && e.argc > 0 && strcmp(e.argv[0], "private") == 0;
    const uint64_t width =
        s == ZKG_OK && e.argc > named ? strtoull(e.argv[named], NULL, 10) : 2;
    struct rusage used;

    if (s == ZKG_OK && (width < 1 || width > 64))
        s = zkg_fail(&err, ZKG_ERR_USAGE, "a width of 1 to 64");
    if (s == ZKG_OK)
        s = network(&e, width, &err);
    if (s == ZKG_OK && example_is_first(&e) &&
        getrusage(RUSAGE_SELF, &used) == 0)
        printf("peak memory %ld MiB\n", used.ru_maxrss / 1024);
    return example_end(&e, s, &err);
}
