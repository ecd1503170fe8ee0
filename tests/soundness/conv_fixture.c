/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "conv_fixture.h"
#include "zkgkr/nn.h"

enum { LOW = -9, HIGH = 13, MOST = 256 };

static void must(zkg_status s, const zkg_error *err)
{
    if (s != ZKG_OK)
        fail_msg("%s", err->text);
}

static uint64_t next(uint64_t *s)
{
    uint64_t z = *s += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    return z ^ z >> 31;
}

static void draw(int64_t *v, size_t n, int64_t most, uint64_t *s)
{
    for (size_t i = 0; i < n; i++)
        v[i] = (int64_t)(next(s) % (uint64_t)(2 * most + 1)) - most;
}

/* The network as it grows: the last tensor, its shape, what it holds. */
typedef struct net {
    zkg_graph *g;
    uint64_t seed, random;
    char x[32];
    uint64_t lead, channels, size[2];
    zkg_interval range;
    uint32_t layers;
} net;

static void convolve(net *t, zkg_nn_conv2d *c, const char *y)
{
    int64_t w[MOST], b[8];
    zkg_error err = {0};
    char name[32];

    draw(w, MOST, 5, &t->random);
    draw(b, 8, 60, &t->random);
    snprintf(name, sizeof(name), "conv%u", t->layers++);
    c->name = name;
    c->x = t->x;
    c->y = y;
    c->in_channels = t->channels;
    memcpy(c->window.in, t->size, sizeof(t->size));
    c->w = w;
    c->b = b;
    assert_true(zkg_nn_conv2d_out(t->size, c));
    must(zkg_nn_conv2d_add(t->g, &t->range, c, t->range, &err), &err);
    t->channels = c->out_channels;
    snprintf(t->x, sizeof(t->x), "%s", y);
}

static void pool(net *t, zkg_nn_pool2d *p, bool max, const char *y)
{
    zkg_error err = {0};

    p->name = max ? "max" : "mean";
    p->x = t->x;
    p->y = y;
    p->channels = t->channels;
    p->y_visibility = ZKG_PRIVATE;
    memcpy(p->window.in, t->size, sizeof(t->size));
    assert_true(zkg_nn_window2d_out(t->size, &p->window));
    must(max ? zkg_nn_max_pool2d_add(t->g, p, &err)
             : zkg_nn_avg_pool2d_add(t->g, p, &err),
         &err);
    snprintf(t->x, sizeof(t->x), "%s", y);
}

static void first_layer(net *t)
{
    zkg_nn_conv2d c = {.param_visibility = ZKG_FIXED,
                       .out_channels = t->lead > 1 ? 4 : 3,
                       .groups = t->lead,
                       .window = {.kernel = {3, 2}},
                       .shift = 3,
                       .relu = (t->seed & 2) != 0,
                       .y_visibility = ZKG_PRIVATE};

    if ((t->seed & 1) != 0 && t->lead == 1) {
        c.window.before[0] = c.window.after[0] = c.window.after[1] = 1;
        c.pool[0] = 2;
        c.pool[1] = 3;
    } else {
        c.window.stride[0] = 2;
        c.window.dilation[1] = 2;
        c.window.before[0] = 1;
        c.window.after[1] = 2;
    }
    convolve(t, &c, "a");
}

static zkg_graph *make_graph(uint64_t seed)
{
    net t = {.seed = seed,
             .random = seed,
             .x = "x",
             .lead = (seed & 8) != 0 ? 2 : 1,
             .size = {7, 6},
             .range = {LOW, HIGH}};
    zkg_tensor_spec x = {.name = "x",
                         .type = ZKG_I8,
                         .visibility = ZKG_PRIVATE,
                         .min = LOW,
                         .max = HIGH};
    zkg_nn_pool2d max = {.window = {.kernel = {3, 2},
                                    .stride = {2, 1},
                                    .before = {1, 1},
                                    .after = {1, 0}}};
    zkg_nn_pool2d mean = {.window = {.kernel = {2, 2}}};
    zkg_nn_conv2d last = {.param_visibility = ZKG_FIXED,
                          .out_channels = 2,
                          .batch = t.lead > 1 ? t.lead : 0,
                          .shift = 4,
                          .y_visibility = ZKG_PUBLIC};
    zkg_error err = {0};

    must(zkg_graph_new(&t.g, &err), &err);
    if (t.lead > 1)
        x.len[x.axes++] = t.lead;
    x.len[x.axes++] = 2;
    x.len[x.axes++] = 7;
    x.len[x.axes++] = 6;
    must(zkg_graph_add_tensor(t.g, &x, &err), &err);
    must(zkg_nn_range(t.g, "x", &err), &err);
    t.channels = 2 * t.lead;
    first_layer(&t);
    if (t.lead == 1 && (seed & 4) != 0) {
        zkg_nn_conv2d c = {.param_visibility = ZKG_FIXED,
                           .out_channels = 3,
                           .groups = 3,
                           .window = {.kernel = {2, 1}, .before = {1, 0}},
                           .shift = 2,
                           .y_visibility = ZKG_PRIVATE};

        convolve(&t, &c, "depthwise");
    }
    pool(&t, &max, true, "b");
    if (t.lead == 1 && (seed & 2) != 0)
        pool(&t, &mean, false, "c");
    memcpy(last.window.kernel, t.size, sizeof(t.size));
    t.channels /= t.lead;
    convolve(&t, &last, "y");
    must(zkg_graph_add_input(t.g, "x", &err), &err);
    must(zkg_graph_add_output(t.g, "y", &err), &err);
    must(zkg_graph_finish(t.g, &err), &err);
    return t.g;
}

void vx_init(fx *f, uint64_t seed, uint32_t power)
{
    zkg_error err = {0};
    uint64_t random = seed + 1;
    zkg_array *x;
    uint32_t id;

    fx_begin(f, make_graph(seed), power);
    id = f->graph->input[0];
    x = &f->witness.array[id];
    must(zkg_array_init(x, f->graph->st.tensor[id].type,
                        f->graph->st.tensor[id].axes,
                        f->graph->st.tensor[id].len, &err),
         &err);
    for (uint64_t i = 0; i < zkg_array_count(x); i++)
        zkg_array_set_i64(x, i,
                          LOW + (int64_t)(next(&random) % (HIGH - LOW + 1)));
    zkg_witness_refresh(&f->witness);
    must(zkg_witness_solve(&f->witness, f->graph, &err), &err);
    must(zkg_witness_check(&f->witness, f->graph, &err), &err);
    zkg_witness_refresh(&f->witness);
}
