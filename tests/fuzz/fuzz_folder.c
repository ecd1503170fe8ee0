/* SPDX-License-Identifier: Apache-2.0 */
/* What stands beside graph.json in a graph's folder: programs.bin and
 * private.safetensors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "fuzz.h"
#include "graph/graph.h"
#include "graph/programs_file.h"
#include "graph/witness.h"
#include "zkgkr/device.h"
#include "zkgkr/kernel.h"
#include "zkgkr/nn.h"

typedef struct world {
    char *folder;
    char programs[4200], values[4200], other[4200]; /* graphs' folders */
    char file[4400], back[4400];
    zkg_graph *has_programs, *has_values;
} world;

static void load(fuzz_bytes *out, const char *path)
{
    if (!fuzz_bytes_load(out, path))
        fuzz_broken("cannot read %s", path);
}

/* ---- programs.bin ---- */

enum { COPIES = 3, XS = 2 };

/* Each operation of programs, and all hints that are built in. */
static zkg_recorder *record(void)
{
    zkg_error err = {0};
    zkg_recorder *r;

    fuzz_must(zkg_recorder_new(&r, "all", &err), &err);

    const zkg_param x = zkg_input(r, "x", ZKG_I32, 1, (uint64_t[]){XS});
    const zkg_param y = zkg_output(r, "y", ZKG_FR, 1, (uint64_t[]){4});
    const zkg_var a = zkg_get(r, x, 0), b = zkg_get(r, x, 1);
    const zkg_var product = zkg_mul(r, a, b);
    const zkg_lut squares = zkg_lut_new(r, "squares", 1);
    const zkg_lut own = zkg_lut_new(r, "own", 1);
    zkg_var bits[8], q, rest, square;

    zkg_bits(r, 8, bits, a);
    zkg_hint_divide(r, ZKG_I32, &q, &rest, product, b);
    zkg_assert_equal(r, q, a, "the quotient");
    zkg_assert_zero(r, rest, "the rest");
    for (int64_t i = 0; i < 8; i++)
        zkg_lut_row(r, squares, i, (const int64_t[]){i * i});
    zkg_lut_find(r, squares, ZKG_I32, 1, &b, &square);
    zkg_lut_check(r, squares);
    zkg_lut_row_vars(r, own, a, &product);
    zkg_lut_row_vars(r, own, b, &square);
    zkg_lut_query(r, own, a, &product);
    zkg_lut_check(r, own);
    zkg_set(r, y, 0, zkg_inverse(r, b));
    zkg_set(r, y, 1, zkg_commit(r, ZKG_I64, square));
    zkg_set(r, y, 2,
            zkg_combine(r, 5, 2, (const int64_t[]){3, -1},
                        (const zkg_var[]){rest, bits[3]}));
    zkg_set(r, y, 3, product);
    fuzz_must(zkg_recorder_finish(r, &err), &err);
    return r;
}

static zkg_graph *graph_with_programs(void)
{
    zkg_recorder *r = record();
    zkg_error err = {0};
    zkg_graph *g = NULL;
    zkg_handle x, y;
    zkg_device *d;

    fuzz_must(zkg_device_new(&d, &err), &err);
    fuzz_must(zkg_device_input(d, &x, "x", ZKG_I32, ZKG_PRIVATE, 2,
                               (uint64_t[]){COPIES, XS}, &err),
              &err);
    fuzz_must(zkg_device_call(d, NULL, r, COPIES,
                              (zkg_arg[]){{"x", .in = x}, {"y", .out = &y}}, 2,
                              &err),
              &err);
    fuzz_must(zkg_device_output(d, y, "y", ZKG_PUBLIC, &err), &err);
    fuzz_must(zkg_device_finish(&g, d, &err), &err);
    zkg_device_free(d);
    zkg_recorder_free(r);
    return g;
}

static void programs(void *user, fuzz_bytes *out, uint64_t which)
{
    world *w = user;
    zkg_error err = {0};

    (void)which;
    (void)snprintf(w->file, sizeof(w->file), "%s/programs.bin", w->programs);
    fuzz_must(zkg_programs_save(w->has_programs, w->file, &err), &err);
    load(out, w->file);
}

/* Equal bytes and only those: what was read writes itself. */
static void same_programs(const world *w, const zkg_graph *g,
                          const fuzz_bytes *b)
{
    fuzz_bytes again = {0};
    zkg_error err = {0};

    fuzz_must(zkg_programs_save(g, w->back, &err), &err);
    if (!zkg_file_exists(w->back)) {
        for (uint32_t i = 0; i < g->st.kernels; i++)
            if (g->program[i].params > 0)
                fuzz_broken("programs are not written");
        return;
    }
    load(&again, w->back);
    if (again.len != b->len || memcmp(again.data, b->data, b->len) != 0)
        fuzz_broken("programs have two encodings");
    fuzz_bytes_clear(&again);
}

/* A program that is not the kernel's makes another witness, or none. */
static void run_programs(const zkg_graph *g, size_t len)
{
    static const int64_t x[COPIES * XS] = {200, 3, 0, 7, 255, 1};
    zkg_error err = {0};
    zkg_witness v;
    zkg_status s;

    fuzz_must(zkg_witness_init(&v, g, &err), &err);
    fuzz_must(zkg_array_init(&v.array[g->input[0]], ZKG_I32, 2,
                             (uint64_t[]){COPIES, XS}, &err),
              &err);
    for (uint64_t i = 0; i < COPIES * XS; i++)
        zkg_array_set_i64(&v.array[g->input[0]], i, x[i]);
    fuzz_meter();
    s = zkg_witness_solve(&v, g, &err);
    if (s == ZKG_OK)
        s = zkg_witness_check(&v, g, &err);
    fuzz_metered(1 << 20, 512, len);
    (void)fuzz_said(s, &err, NULL,
                    FUZZ_MAY(ZKG_ERR_WITNESS) | FUZZ_MAY(ZKG_ERR_MALFORMED) |
                        FUZZ_MAY(ZKG_ERR_UNSUPPORTED));
    zkg_witness_clear(&v);
}

static bool read_programs(void *user, const fuzz_bytes *b)
{
    world *w = user;
    zkg_graph *g = NULL;
    zkg_error err = {0};
    zkg_status s;

    fuzz_bytes_save(b, w->file);
    fuzz_meter();
    s = zkg_graph_load(&g, w->programs, &err);
    fuzz_metered(1 << 22, 16, b->len);
    if (s == ZKG_OK) {
        same_programs(w, g, b);
        run_programs(g, b->len);
        zkg_graph_free(g);
    }
    return fuzz_said(s, &err, w->file,
                     FUZZ_MAY(ZKG_ERR_MALFORMED) |
                         FUZZ_MAY(ZKG_ERR_UNSUPPORTED));
}

/* ---- private.safetensors ---- */

/* y = w x + k, w and k private values of the graph. */
static zkg_graph *graph_with_values(void)
{
    static const zkg_tensor_spec tensors[] = {
        {"x", ZKG_I8, ZKG_PRIVATE, 1, {2}, -4, 3},
        {"w", ZKG_I8, ZKG_PRIVATE, 1, {2}, -128, 127},
        {"k", ZKG_I16, ZKG_PRIVATE, 0, {0}, -512, 511},
        {"y", ZKG_I16, ZKG_PUBLIC, 1, {2}, -999, 999},
    };
    zkg_error err = {0};
    zkg_graph *g;

    fuzz_must(zkg_graph_new(&g, &err), &err);
    for (size_t i = 0; i < sizeof(tensors) / sizeof(tensors[0]); i++)
        fuzz_must(zkg_graph_add_tensor(g, &tensors[i], &err), &err);
    fuzz_must(zkg_nn_range(g, "x", &err), &err);
    fuzz_must(zkg_nn_range(g, "w", &err), &err);
    fuzz_must(zkg_nn_range(g, "k", &err), &err);
    fuzz_must(zkg_graph_add_kernel(g, "m", &err), &err);
    fuzz_must(zkg_graph_kernel_axis(g, "m", "i", 2, &err), &err);
    fuzz_must(zkg_graph_kernel_param(g, "m", "w", "i", &err), &err);
    fuzz_must(zkg_graph_kernel_param(g, "m", "x", "i", &err), &err);
    fuzz_must(zkg_graph_kernel_param(g, "m", "k", "", &err), &err);
    fuzz_must(zkg_graph_kernel_param(g, "m", "y", "i", &err), &err);
    fuzz_must(zkg_graph_kernel_einsum(g, "m", "i", NULL, &err), &err);
    fuzz_must(zkg_graph_kernel_term(g, "m", "1", "w[i]", "x[i]", &err), &err);
    fuzz_must(zkg_graph_kernel_term(g, "m", "1", "k", NULL, &err), &err);
    fuzz_must(zkg_graph_kernel_term(g, "m", "-1", "y[i]", NULL, &err), &err);
    fuzz_must(zkg_graph_add_task(g, "product", "m", 1, &err), &err);
    fuzz_must(zkg_graph_bind(g, "w", "w", false, &err), &err);
    fuzz_must(zkg_graph_bind(g, "x", "x", false, &err), &err);
    fuzz_must(zkg_graph_bind(g, "k", "k", false, &err), &err);
    fuzz_must(zkg_graph_bind(g, "y", "y", false, &err), &err);
    fuzz_must(zkg_graph_add_input(g, "x", &err), &err);
    fuzz_must(zkg_graph_add_output(g, "y", &err), &err);
    fuzz_must(zkg_graph_rule_values(g, "w", (const int64_t[]){3, -4}, 2, &err),
              &err);
    fuzz_must(zkg_graph_rule_values(g, "k", (const int64_t[]){5}, 1, &err),
              &err);
    fuzz_must(zkg_graph_rule_solve(g, "product", 0, "y", &err), &err);
    fuzz_must(zkg_graph_finish(g, &err), &err);
    return g;
}

static void private_values(void *user, fuzz_bytes *out, uint64_t which)
{
    world *w = user;
    zkg_error err = {0};

    (void)which;
    (void)snprintf(w->file, sizeof(w->file), "%s/%s", w->values,
                   ZKG_PRIVATE_FILE);
    fuzz_must(zkg_graph_save(w->has_values, w->values, &err), &err);
    load(out, w->file);
}

static void same_values(const zkg_graph *a, const zkg_graph *b)
{
    for (uint32_t i = 0; i < a->st.tensors; i++) {
        const zkg_array *x = &a->value[i], *y = &b->value[i];

        if ((x->data == NULL) != (y->data == NULL))
            fuzz_broken("values of %s are not there", a->st.tensor[i].name);
        for (uint64_t k = 0; x->data != NULL && k < zkg_array_count(x); k++)
            if (!zkg_array_same_cell(x, y, k))
                fuzz_broken("values of %s are others", a->st.tensor[i].name);
    }
}

/* What was read is saved, and is read again the same. */
static void values_round_trip(const world *w, const zkg_graph *g)
{
    zkg_error err = {0};
    zkg_graph *back = NULL;

    for (uint32_t i = 0; i < g->st.tensors; i++)
        if (g->value[i].data != NULL && g->value[i].type != ZKG_FR)
            fuzz_must(
                zkg_values_check_range(&g->st.tensor[i], &g->value[i], &err),
                &err);
    fuzz_must(zkg_graph_save(g, w->other, &err), &err);
    fuzz_must(zkg_graph_load(&back, w->other, &err), &err);
    same_values(g, back);
    zkg_graph_free(back);
}

static bool read_values(void *user, const fuzz_bytes *b)
{
    world *w = user;
    zkg_graph *g = NULL, *mapped = NULL;
    zkg_error err = {0}, again = {0};
    zkg_status s;

    fuzz_bytes_save(b, w->file);
    fuzz_meter();
    s = zkg_graph_load(&g, w->values, &err);
    fuzz_metered(1 << 22, 64, b->len);
    if (zkg_graph_load_mapped(&mapped, w->values, &again) != s ||
        strcmp(err.text, again.text) != 0)
        fuzz_broken("mapped: \"%s\", else \"%s\"", again.text, err.text);
    if (s == ZKG_OK) {
        same_values(g, mapped);
        values_round_trip(w, g);
        zkg_graph_free(mapped);
        zkg_graph_free(g);
    }
    return fuzz_said(s, &err, w->file,
                     FUZZ_MAY(ZKG_ERR_MALFORMED) | FUZZ_MAY(ZKG_ERR_WITNESS));
}

static const fuzz_target all[] = {
    {"programs.bin", NULL, 150, programs, read_programs, 1},
    {"private tensors", NULL, 50, private_values, read_values, 1, NULL, 6},
    {"private tensors' head", &fuzz_json, 30, private_values, read_values, 1},
};

int main(int argc, char **argv)
{
    zkg_error err = {0};
    world *w = calloc(1, sizeof(*w));
    int status;

    if (w == NULL)
        return 99;
    w->folder = fuzz_folder();
    (void)snprintf(w->programs, sizeof(w->programs), "%s/p.zkg", w->folder);
    (void)snprintf(w->values, sizeof(w->values), "%s/v.zkg", w->folder);
    (void)snprintf(w->other, sizeof(w->other), "%s/o.zkg", w->folder);
    (void)snprintf(w->back, sizeof(w->back), "%s/back.bin", w->folder);
    w->has_programs = graph_with_programs();
    w->has_values = graph_with_values();
    fuzz_must(zkg_graph_save(w->has_programs, w->programs, &err), &err);
    status = fuzz_main("fuzz_folder", all, sizeof(all) / sizeof(all[0]), w,
                       argc, argv);
    zkg_graph_free(w->has_programs);
    zkg_graph_free(w->has_values);
    fuzz_folder_remove(w->folder);
    free(w);
    return status;
}
