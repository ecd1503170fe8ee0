/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A handwritten digit, from a trained network to a graph.
 *
 *     make-graph --weights weights.safetensors --scale 7 -o digits.zkg
 *
 * The network is y = w2 relu(w1 x + b1) + b2, 64 pixels in [0,1], 48 hidden
 * units, 10 classes.  In fixed point, reals become integers: a pixel or an
 * activation v is floor(v 2^S + 1/2) at scale S, a weight likewise at the
 * scale P of the parameters.  A product is then at scale S + P, so biases are
 * stored at S + P, and each layer ends with a rescale by 2^P, back to S.
 *
 *     layer 1   q1 = round((w1 x + b1) / 2^P),   h = max(0, q1)
 *     layer 2   y  = round((w2 h + b2) / 2^P)
 *
 * A layer is one task: one sum per output, plus lookups that hold the
 * remainder of the rounding to [0, 2^P) and (q1, h) to the ReLU's table.  How
 * large the tables must be follows from interval arithmetic: no input in
 * [0,1] can leave them.
 *
 * Weights are fixed: they are committed once, in the key.  With
 * --param-visibility private they are committed in each proof instead, and
 * tasks of their own hold them to their ranges.  The output is public.  The
 * image is public, or private with --input-visibility private; then one more
 * task holds its pixels to 0 .. 2^S.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zkgkr/graph.h"
#include "zkgkr/nn.h"

/* Not one of the public headers: reading the weights is no part of the
 * library's interface, any other reader does as well. */
#include "tensor/safetensors.h"

enum { PIXELS = 64, HIDDEN = 48, CLASSES = 10 };

static const char usage[] =
    "usage: make-graph --weights FILE [--scale S] [--param-scale P]\n"
    "                  [--input-visibility public|private]\n"
    "                  [--param-visibility fixed|private|public] -o "
    "DIGITS.zkg\n"
    "\n"
    "  --weights FILE      safetensors with w1, b1, w2, b2 (F32)\n"
    "  --scale S           pixels and activations are stored as v * 2^S; "
    "default 7\n"
    "  --param-scale P     weights are stored as w * 2^P; default the larger "
    "of 12 and S\n"
    "  --input-visibility  who sees the image; default public\n"
    "  --param-visibility  who sees the weights; default fixed: the key has "
    "them\n";

typedef struct options {
    const char *weights, *output;
    uint32_t scale, param_scale;
    zkg_visibility image, weights_are;
} options;

/* Everything of one network, as integers. */
typedef struct network {
    int64_t w1[HIDDEN * PIXELS], b1[HIDDEN];
    int64_t w2[CLASSES * HIDDEN], b2[CLASSES];
} network;

/* Read a tensor of n reals and store it at a scale. */
static zkg_status read_reals(int64_t *out, size_t n,
                             const zkg_safetensors *file, const char *name,
                             uint32_t scale, zkg_error *err)
{
    const zkg_st_entry *e = zkg_safetensors_find(file, name);

    if (e == NULL || zkg_st_entry_count(e) != n)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "the weights have no tensor %s of %zu numbers", name,
                        n);
    for (size_t i = 0; i < n; i++) {
        if (!zkg_nn_quantise(&out[i], zkg_st_entry_f64(e, i), scale))
            return zkg_fail(err, ZKG_ERR_MALFORMED,
                            "%s[%zu] is not a finite number", name, i);
    }
    return ZKG_OK;
}

static zkg_status read_network(network *net, const options *o, zkg_error *err)
{
    const uint32_t p = o->param_scale, sum = o->param_scale + o->scale;
    zkg_safetensors file;
    zkg_status s;

    ZKG_TRY(zkg_safetensors_read(&file, o->weights, err));
    s = read_reals(net->w1, HIDDEN * PIXELS, &file, "w1", p, err);
    if (s == ZKG_OK)
        s = read_reals(net->b1, HIDDEN, &file, "b1", sum, err);
    if (s == ZKG_OK)
        s = read_reals(net->w2, CLASSES * HIDDEN, &file, "w2", p, err);
    if (s == ZKG_OK)
        s = read_reals(net->b2, CLASSES, &file, "b2", sum, err);
    zkg_safetensors_clear(&file);
    return s;
}

/* The two layers.  Each gives the exact range of its outputs to the next. */
static zkg_status add_layers(zkg_graph *g, const network *net, const options *o,
                             zkg_error *err)
{
    const zkg_nn_dense layer1 = {
        .name = "layer1",
        .x = "image",
        .y = "hidden",
        .out = HIDDEN,
        .in = PIXELS,
        .w = net->w1,
        .b = net->b1,
        .shift = o->param_scale,
        .y_visibility = ZKG_PRIVATE,
        .param_visibility = o->weights_are,
    };
    const zkg_nn_dense layer2 = {
        .name = "layer2",
        .x = "hidden",
        .y = "output",
        .out = CLASSES,
        .in = HIDDEN,
        .w = net->w2,
        .b = net->b2,
        .shift = o->param_scale,
        .y_visibility = ZKG_PUBLIC,
        .param_visibility = o->weights_are,
    };
    zkg_interval image[PIXELS], hidden[HIDDEN];

    for (int i = 0; i < PIXELS; i++)
        image[i] = (zkg_interval){0, (int64_t)1 << o->scale};
    ZKG_TRY(zkg_nn_dense_rescale_relu(g, hidden, &layer1, image, err));
    return zkg_nn_dense_rescale(g, NULL, &layer2, hidden, err);
}

static zkg_status build(zkg_graph *g, const network *net, const options *o,
                        zkg_error *err)
{
    static const char *const digit[CLASSES] = {"0", "1", "2", "3", "4",
                                               "5", "6", "7", "8", "9"};
    const zkg_tensor_spec image = {
        .name = "image",
        .type = o->scale < 8 ? ZKG_U8 : ZKG_I32,
        .visibility = o->image,
        .axes = 1,
        .len = {PIXELS},
        .min = 0,
        .max = (int64_t)1 << o->scale,
    };

    ZKG_TRY(zkg_graph_add_tensor(g, &image, err));
    ZKG_TRY(add_layers(g, net, o, err));
    if (o->image == ZKG_PRIVATE)
        ZKG_TRY(zkg_nn_range(g, "image", err));
    ZKG_TRY(zkg_graph_add_input(g, "image", err));
    ZKG_TRY(zkg_graph_add_output(g, "output", err));
    ZKG_TRY(zkg_graph_display(g, "image", o->scale, NULL, 0, err));
    ZKG_TRY(zkg_graph_display(g, "hidden", o->scale, NULL, 0, err));
    ZKG_TRY(zkg_graph_display(g, "output", o->scale, digit, CLASSES, err));
    ZKG_TRY(zkg_graph_finish(g, err));
    return zkg_graph_save(g, o->output, err);
}

static zkg_status run(const options *o, zkg_error *err)
{
    network net;
    zkg_graph *g;
    zkg_status s;

    ZKG_TRY(read_network(&net, o, err));
    ZKG_TRY(zkg_graph_new(&g, err));
    s = build(g, &net, o, err);
    zkg_graph_free(g);
    return s;
}

/* A whole number from 1 to 24; 0 when it is none. */
static uint32_t parse_scale(const char *text)
{
    char *end;
    const long v = strtol(text, &end, 10);

    return *text == 0 || *end != 0 || v < 1 || v > 24 ? 0 : (uint32_t)v;
}

static bool parse(options *o, int argc, char **argv)
{
    static const struct option known[] = {
        {"weights", required_argument, NULL, 'w'},
        {"scale", required_argument, NULL, 's'},
        {"param-scale", required_argument, NULL, 'p'},
        {"input-visibility", required_argument, NULL, 'i'},
        {"param-visibility", required_argument, NULL, 'v'},
        {"output", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int c;

    *o = (options){.scale = 7, .image = ZKG_PUBLIC, .weights_are = ZKG_FIXED};
    while ((c = getopt_long(argc, argv, "o:", known, NULL)) != -1) {
        switch (c) {
        case 'w':
            o->weights = optarg;
            break;
        case 'o':
            o->output = optarg;
            break;
        case 's':
            o->scale = parse_scale(optarg);
            if (o->scale == 0)
                return false;
            break;
        case 'p':
            o->param_scale = parse_scale(optarg);
            if (o->param_scale == 0)
                return false;
            break;
        case 'i':
            if (strcmp(optarg, "private") == 0)
                o->image = ZKG_PRIVATE;
            else if (strcmp(optarg, "public") != 0)
                return false;
            break;
        case 'v':
            if (strcmp(optarg, "private") == 0)
                o->weights_are = ZKG_PRIVATE;
            else if (strcmp(optarg, "public") == 0)
                o->weights_are = ZKG_PUBLIC;
            else if (strcmp(optarg, "fixed") != 0)
                return false;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            return false;
        }
    }
    if (o->param_scale == 0)
        o->param_scale = o->scale > 12 ? o->scale : 12;
    return optind == argc && o->weights != NULL && o->output != NULL;
}

int main(int argc, char **argv)
{
    zkg_error err = {0};
    options o;
    zkg_status s;

    if (!parse(&o, argc, argv)) {
        fputs(usage, stderr);
        return zkg_status_exit_code(ZKG_ERR_USAGE);
    }
    s = run(&o, &err);
    if (s != ZKG_OK)
        fprintf(stderr, "make-graph: %s\n", err.text);
    return zkg_status_exit_code(s);
}
