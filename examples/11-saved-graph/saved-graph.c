/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A graph made once, saved with its key, loaded, and proven with new data; and
 * a hint of one's own, which the saved graph only names.
 *
 *     saved-graph [FOLDER.zkg KEY.vk [WITNESS]]
 *
 * The graph is that of the first example, and the square root of its total,
 * rounded down: r^2 <= total < (r + 1)^2, r found by the hint "square_root".
 * Under mpirun rank 0 saves, and all ranks load.  The program zkgkr, which has
 * no such hint, proves the graph when it is given the last witness.
 */
#include <stdio.h>

#include "../common/example.h"
#include "zkgkr/device.h"
#include "zkgkr/kernel.h"
#include "zkgkr/prove.h"

/* ---- kernels and graph ---- */

static zkg_status record_add(zkg_recorder **out, const char *name, uint64_t n,
                             zkg_error *err)
{
    zkg_recorder *r;
    zkg_var x[16];

    ZKG_TRY(zkg_recorder_new(&r, name, err));
    *out = r;

    const zkg_param a = zkg_input(r, "a", ZKG_I32, 1, &n);
    const zkg_param s = zkg_output(r, "s", ZKG_I32, 0, NULL);

    for (uint64_t i = 0; i < n; i++)
        x[i] = zkg_get(r, a, i);
    zkg_set(r, s, 0, zkg_sum(r, n, x));
    return zkg_recorder_finish(r, err);
}

static zkg_status record_root(zkg_recorder **out, zkg_error *err)
{
    zkg_recorder *r;
    zkg_var root;

    ZKG_TRY(zkg_recorder_new(&r, "square_root", err));
    *out = r;

    const zkg_param x = zkg_input(r, "x", ZKG_I32, 0, NULL);
    const zkg_param y = zkg_output(r, "y", ZKG_I32, 0, NULL);
    const zkg_lut limbs = zkg_lut_range(r, 8);
    const zkg_var v = zkg_get(r, x, 0), one = zkg_constant(r, 1);

    zkg_hint_call(r, "square_root", ZKG_I32, 1, &root, 1, &v);

    const zkg_var next = zkg_add(r, root, one);

    zkg_range(r, limbs, root, 16);
    zkg_range(r, limbs, zkg_sub(r, v, zkg_mul(r, root, root)), 32);
    zkg_range(r, limbs, zkg_sub(r, zkg_sub(r, zkg_mul(r, next, next), one), v),
              32);
    zkg_lut_check(r, limbs);
    zkg_set(r, y, 0, root);
    return zkg_recorder_finish(r, err);
}

typedef struct kernels {
    zkg_recorder *add_2, *add_16, *root;
} kernels;

static zkg_status calls(zkg_device *d, void *user, zkg_error *err)
{
    const kernels *k = user;
    zkg_handle a, sums, total, root;

    ZKG_TRY(zkg_device_input(d, &a, "a", ZKG_I32, ZKG_PRIVATE, 2,
                             (uint64_t[]){16, 2}, err));
    ZKG_TRY(zkg_device_call(d, "pairs", k->add_2, 16,
                            (zkg_arg[]){{"a", .in = a}, {"s", .out = &sums}}, 2,
                            err));
    ZKG_TRY(zkg_device_call(
        d, "all", k->add_16, 1,
        (zkg_arg[]){{"a", .in = sums}, {"s", .out = &total}}, 2, err));
    ZKG_TRY(zkg_device_call(
        d, "root", k->root, 1,
        (zkg_arg[]){{"x", .in = total}, {"y", .out = &root}}, 2, err));
    ZKG_TRY(zkg_device_output(d, total, "total", ZKG_PUBLIC, err));
    return zkg_device_output(d, root, "root", ZKG_PUBLIC, err);
}

/* Make graph and key, and leave nothing but their files. */
static zkg_status make_files(const example *e, const char *folder,
                             const char *path, zkg_error *err)
{
    kernels k = {NULL, NULL, NULL};
    zkg_graph *g = NULL;
    zkg_key *key = NULL;
    zkg_status s = record_add(&k.add_2, "add_2", 2, err);

    if (s == ZKG_OK)
        s = record_add(&k.add_16, "add_16", 16, err);
    if (s == ZKG_OK)
        s = record_root(&k.root, err);
    if (s == ZKG_OK)
        s = example_graph(&g, calls, &k, err);
    if (s == ZKG_OK)
        s = zkg_graph_save(g, folder, err);
    if (s == ZKG_OK)
        s = zkg_key_new(&key, g, e->srs, err);
    if (s == ZKG_OK)
        s = zkg_key_save(key, path, err);
    zkg_key_free(key);
    zkg_graph_free(g);
    zkg_recorder_free(k.add_2);
    zkg_recorder_free(k.add_16);
    zkg_recorder_free(k.root);
    return s;
}

/* ---- the hint ---- */

static zkg_status square_root(void *user, zkg_scalar *out, size_t outs,
                              const zkg_scalar *in, size_t ins, zkg_error *err)
{
    int64_t x, root = 0;

    (void)user;
    if (outs != 1 || ins != 1 || !zkg_scalar_to_i64(&x, &in[0]) || x < 0)
        return zkg_fail(err, ZKG_ERR_WITNESS, "no number with a square root");
    for (int64_t step = (int64_t)1 << 15; step > 0; step /= 2) {
        if ((root + step) * (root + step) <= x)
            root += step;
    }
    zkg_scalar_from_i64(&out[0], root);
    return ZKG_OK;
}

/* ---- new data ---- */

static zkg_status run(example *e, const zkg_graph *g, const zkg_key *key,
                      const zkg_hints *hints, int64_t factor, zkg_error *err)
{
    int64_t a[32], total = 0, root = 0;
    zkg_witness *w;
    zkg_status s;

    for (int i = 0; i < 32; i++) {
        a[i] = factor * (i + 1);
        total += a[i];
    }
    while ((root + 1) * (root + 1) <= total)
        root++;
    ZKG_TRY(zkg_witness_new(&w, g, hints, err));
    s = zkg_witness_set_i64(w, "a", a, 32, err);
    if (s == ZKG_OK)
        s = zkg_witness_make(w, err);
    if (s == ZKG_OK)
        s = example_expect(w, "total", &total, 1, err);
    if (s == ZKG_OK)
        s = example_expect(w, "root", &root, 1, err);
    if (s == ZKG_OK)
        s = example_prove_with(e, key, w, err);
    if (s == ZKG_OK && e->argc == 3 && example_is_first(e))
        s = zkg_witness_save(w, e->argv[2], err);
    zkg_witness_free(w);
    return s;
}

/* The graph names a hint that is not there: that is said before all else. */
static zkg_status see_missing(example *e, const zkg_graph *g,
                              const zkg_key *key, zkg_error *err)
{
    zkg_error said = {0};

    if (run(e, g, key, NULL, 1, &said) == ZKG_ERR_UNSUPPORTED)
        return ZKG_OK;
    return zkg_fail(err, ZKG_ERR_INTERNAL, "without its hint: \"%.200s\"",
                    said.text);
}

int main(int argc, char **argv)
{
    static const zkg_hint hint[] = {{"square_root", square_root, NULL}};
    static const zkg_hints hints = {hint, 1};
    static const int64_t factor[] = {1, 3, 1000};
    const char *folder = "saved-graph.zkg", *path = "saved-graph.vk";
    zkg_error err = {0};
    zkg_graph *g = NULL;
    zkg_key *key = NULL;
    example e;
    zkg_status s = example_start(&e, "saved-graph", argc, argv, &err);

    if (e.argc >= 2) {
        folder = e.argv[0];
        path = e.argv[1];
    }
    if (s == ZKG_OK && example_is_first(&e))
        s = make_files(&e, folder, path, &err);
    if (e.world != NULL)
        s = zkg_ranks_agree(e.world, s, &err);
    if (s == ZKG_OK)
        s = zkg_graph_load(&g, folder, &err);
    if (s == ZKG_OK)
        s = zkg_key_load(&key, path, &err);
    for (int i = 0; i < 3 && s == ZKG_OK; i++)
        s = run(&e, g, key, &hints, factor[i], &err);
    if (s == ZKG_OK)
        s = see_missing(&e, g, key, &err);
    zkg_key_free(key);
    zkg_graph_free(g);
    return example_end(&e, s, &err);
}
