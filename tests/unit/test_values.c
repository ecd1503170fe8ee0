/* SPDX-License-Identifier: Apache-2.0 */
/* Rule `values`: what a graph's folder holds of public and private tensors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/io.h"
#include "graph/graph.h"
#include "graph/witness.h"
#include "tensor/safetensors.h"
#include "zkgkr/nn.h"
#include "zkgkr/witness.h"

#define OK(call) assert_int_equal((call), ZKG_OK)

static const int64_t weights[2] = {3, -4}, constant[1] = {5};

/* y = w x + k; w private, k public.  known: with their values. */
static zkg_graph *sample(bool known)
{
    static const zkg_tensor_spec tensors[] = {
        {"x", ZKG_I8, ZKG_PRIVATE, 1, {2}, -4, 3},
        {"w", ZKG_I8, ZKG_PRIVATE, 1, {2}, -4, 3},
        {"k", ZKG_I8, ZKG_PUBLIC, 0, {0}, -8, 7},
        {"y", ZKG_I8, ZKG_PUBLIC, 1, {2}, -100, 100},
    };
    zkg_error err = {0};
    zkg_graph *g;

    OK(zkg_graph_new(&g, NULL));
    for (size_t i = 0; i < sizeof(tensors) / sizeof(tensors[0]); i++)
        OK(zkg_graph_add_tensor(g, &tensors[i], NULL));
    OK(zkg_nn_range(g, "x", NULL));
    OK(zkg_nn_range(g, "w", NULL));
    OK(zkg_graph_add_kernel(g, "m", NULL));
    OK(zkg_graph_kernel_axis(g, "m", "i", 2, NULL));
    OK(zkg_graph_kernel_param(g, "m", "w", "i", NULL));
    OK(zkg_graph_kernel_param(g, "m", "x", "i", NULL));
    OK(zkg_graph_kernel_param(g, "m", "k", "", NULL));
    OK(zkg_graph_kernel_param(g, "m", "y", "i", NULL));
    OK(zkg_graph_kernel_einsum(g, "m", "i", NULL, NULL));
    OK(zkg_graph_kernel_term(g, "m", "1", "w[i]", "x[i]", NULL));
    OK(zkg_graph_kernel_term(g, "m", "1", "k", NULL, NULL));
    OK(zkg_graph_kernel_term(g, "m", "-1", "y[i]", NULL, NULL));
    OK(zkg_graph_add_task(g, "product", "m", 1, NULL));
    OK(zkg_graph_bind(g, "w", "w", false, NULL));
    OK(zkg_graph_bind(g, "x", "x", false, NULL));
    OK(zkg_graph_bind(g, "k", "k", false, NULL));
    OK(zkg_graph_bind(g, "y", "y", false, NULL));
    OK(zkg_graph_add_input(g, "x", NULL));
    OK(zkg_graph_add_output(g, "y", NULL));
    OK(zkg_graph_rule_values(g, "w", known ? weights : NULL, 2, NULL));
    OK(zkg_graph_rule_values(g, "k", known ? constant : NULL, 1, NULL));
    OK(zkg_graph_rule_solve(g, "product", 0, "y", NULL));
    if (zkg_graph_finish(g, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    return g;
}

typedef struct folder {
    char path[64], arrays[128], own[128], json[128];
} folder;

static folder temp_folder(void)
{
    folder f;

    snprintf(f.path, sizeof(f.path), "/tmp/zkg-values-%ld.zkg", (long)getpid());
    snprintf(f.arrays, sizeof(f.arrays), "%s/tensors.safetensors", f.path);
    snprintf(f.own, sizeof(f.own), "%s/private.safetensors", f.path);
    snprintf(f.json, sizeof(f.json), "%s/graph.json", f.path);
    return f;
}

static void remove_folder(const folder *f)
{
    (void)unlink(f->arrays);
    (void)unlink(f->own);
    (void)unlink(f->json);
    rmdir(f->path);
}

static bool holds(const char *path, const char *tensor)
{
    zkg_safetensors st;
    bool found;

    OK(zkg_safetensors_read(&st, path, NULL));
    found = zkg_safetensors_find(&st, tensor) != NULL;
    zkg_safetensors_clear(&st);
    return found;
}

static zkg_graph *load(const folder *f)
{
    zkg_error err = {0};
    zkg_graph *g;

    if (zkg_graph_load(&g, f->path, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    return g;
}

/* y[0] for x = (2, 1), or what stands in the way. */
static zkg_status run(int64_t *y, const zkg_graph *g, zkg_error *err)
{
    zkg_witness w;
    zkg_status s;

    OK(zkg_witness_init(&w, g, NULL));
    OK(zkg_array_init(&w.array[0], ZKG_I8, 1, g->st.tensor[0].len, NULL));
    zkg_array_set_i64(&w.array[0], 0, 2);
    zkg_array_set_i64(&w.array[0], 1, 1);
    s = zkg_witness_solve(&w, g, err);
    if (s == ZKG_OK)
        s = zkg_witness_check(&w, g, err);
    if (s == ZKG_OK)
        *y = zkg_array_get_i64(&w.array[3], 0);
    zkg_witness_clear(&w);
    return s;
}

/* x, w, k and y are all there; k and y may be asked of a verifier. */
static void what_a_verifier_may_be_asked_is_public(void **state)
{
    zkg_graph *g = sample(true);
    zkg_witness *w;

    (void)state;
    OK(zkg_witness_new(&w, g, NULL, NULL));
    OK(zkg_witness_set_i64(w, "x", (const int64_t[]){2, 1}, 2, NULL));
    OK(zkg_witness_make(w, NULL));
    for (int i = 0; i < 4; i++) {
        const zkg_array *all = zkg_witness_arrays(w)[i];

        assert_non_null(all);
        assert_ptr_equal(zkg_witness_public_arrays(w)[i], i < 2 ? NULL : all);
    }
    zkg_witness_free(w);
    zkg_graph_free(g);
}

static void private_values_are_a_file_of_their_own(void **state)
{
    const folder f = temp_folder();
    zkg_graph *g = sample(true), *h;
    struct stat st;
    int64_t y = 0;

    (void)state;
    OK(zkg_graph_save(g, f.path, NULL));
    assert_true(holds(f.arrays, "k"));
    assert_false(holds(f.arrays, "w"));
    assert_true(holds(f.own, "w"));
    assert_false(holds(f.own, "k"));
    assert_int_equal(stat(f.own, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    h = load(&f);
    assert_int_equal(h->rules, g->rules);
    assert_memory_equal(h->rule, g->rule, g->rules * sizeof(g->rule[0]));
    assert_memory_equal(h->st.digest, g->st.digest, 32);
    for (uint64_t i = 0; i < 2; i++)
        assert_int_equal(zkg_array_get_i64(&h->value[1], i), weights[i]);
    OK(run(&y, h, NULL));
    assert_int_equal(y, 3 * 2 + 5);
    zkg_graph_free(h);
    OK(zkg_graph_load_mapped(&h, f.path, NULL));
    y = 0;
    OK(run(&y, h, NULL));
    assert_int_equal(y, 3 * 2 + 5);
    zkg_graph_free(h);
    zkg_graph_free(g);
    remove_folder(&f);
}

/* Whoever verifies, or makes a key, needs no private values; whoever computes
 * is told what lacks. */
static void a_folder_without_it_is_whole_but_for_witnesses(void **state)
{
    const folder f = temp_folder();
    zkg_graph *g = sample(true), *h;
    zkg_error err = {0};
    int64_t y = 0;

    (void)state;
    OK(zkg_graph_save(g, f.path, NULL));
    assert_int_equal(unlink(f.own), 0);
    h = load(&f);
    assert_memory_equal(h->st.digest, g->st.digest, 32);
    assert_int_equal(run(&y, h, &err), ZKG_ERR_IO);
    assert_non_null(strstr(err.text, "tensor w"));
    assert_non_null(strstr(err.text, "private.safetensors"));
    /* Saved again there is none, and an old one goes. */
    OK(zkg_graph_save(g, f.path, NULL));
    OK(zkg_graph_save(h, f.path, NULL));
    assert_int_not_equal(access(f.own, F_OK), 0);
    zkg_graph_free(h);
    zkg_graph_free(g);
    remove_folder(&f);
}

/* A file of these tensors, as the graph's private one. */
static void write_own(const folder *f, const uint8_t digest[32],
                      const char *name, uint64_t len, const int64_t *value,
                      bool one_more)
{
    char hex[65];
    const char *const meta[] = {"zkgkr", "tensors", "version",
                                "1",     "graph",   hex};
    zkg_st_out out[2];
    zkg_array a;

    zkg_digest_hex(hex, digest);
    OK(zkg_array_init(&a, ZKG_I16, 1, &len, NULL));
    for (uint64_t i = 0; i < len; i++)
        zkg_array_set_i64(&a, i, value[i]);
    out[0] = (zkg_st_out){name, &a};
    out[1] = (zkg_st_out){"more", &a};
    OK(zkg_safetensors_write(f->own, out, one_more ? 2 : 1, meta, 3, true,
                             NULL));
    zkg_array_clear(&a);
}

static void a_file_that_does_not_fit_is_refused(void **state)
{
    static const int64_t fine[3] = {1, 2, 3}, beyond[2] = {1, 4};
    static const uint8_t other[32] = {1};
    static const struct {
        const char *name;
        uint64_t len;
        const int64_t *value;
        const uint8_t *digest;
        bool one_more;
        zkg_status status;
        const char *said;
    } cases[] = {
        {"w", 2, fine, NULL, false, ZKG_OK, ""},
        {"v", 2, fine, NULL, false, ZKG_ERR_MALFORMED,
         "private tensor w is not there"},
        {"w", 3, fine, NULL, false, ZKG_ERR_MALFORMED, "another shape"},
        {"w", 2, beyond, NULL, false, ZKG_ERR_WITNESS,
         "private.safetensors: private tensor w: element 1 is 4, outside "
         "-4..3"},
        {"w", 2, fine, other, false, ZKG_ERR_MALFORMED, "belongs to graph"},
        {"w", 2, fine, NULL, true, ZKG_ERR_MALFORMED, "has 2 tensors"},
    };
    const folder f = temp_folder();
    zkg_graph *g = sample(true), *h;

    (void)state;
    OK(zkg_graph_save(g, f.path, NULL));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const uint8_t *digest =
            cases[i].digest != NULL ? cases[i].digest : g->st.digest;
        zkg_error err = {0};
        zkg_status s;

        write_own(&f, digest, cases[i].name, cases[i].len, cases[i].value,
                  cases[i].one_more);
        s = zkg_graph_load(&h, f.path, &err);
        if (s != cases[i].status || strstr(err.text, cases[i].said) == NULL)
            fail_msg("case %zu: %s: %s", i, zkg_status_name(s), err.text);
        if (s == ZKG_OK)
            zkg_graph_free(h);
    }
    zkg_graph_free(g);
    remove_folder(&f);
}

/* Public ones are in every proof: a folder without them is not whole. */
static void public_values_must_be_there(void **state)
{
    const folder f = temp_folder();
    zkg_graph *g = sample(false), *h;
    zkg_error err = {0};

    (void)state;
    OK(zkg_graph_save(g, f.path, NULL));
    assert_int_equal(zkg_graph_load(&h, f.path, &err), ZKG_ERR_MALFORMED);
    assert_non_null(strstr(err.text, "public tensor k is not there"));
    zkg_graph_free(g);
    remove_folder(&f);
}

static void the_builder_refuses(void **state)
{
    static const int64_t beyond[2] = {3, 5};
    zkg_graph *g;

    (void)state;
    OK(zkg_graph_new(&g, NULL));
    OK(zkg_graph_add_tensor(
        g, &(zkg_tensor_spec){"w", ZKG_I8, ZKG_PRIVATE, 1, {2}, -4, 3}, NULL));
    OK(zkg_graph_add_tensor(
        g, &(zkg_tensor_spec){"c", ZKG_I8, ZKG_FIXED, 1, {2}, -4, 3}, NULL));
    assert_int_equal(zkg_graph_rule_values(g, "w", beyond, 2, NULL),
                     ZKG_ERR_WITNESS);
    assert_int_equal(zkg_graph_rule_values(g, "w", weights, 1, NULL),
                     ZKG_ERR_MALFORMED);
    assert_int_equal(zkg_graph_rule_values(g, "v", weights, 2, NULL),
                     ZKG_ERR_MALFORMED);
    assert_int_equal(zkg_graph_rule_values(g, "c", weights, 2, NULL),
                     ZKG_ERR_MALFORMED);
    zkg_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_verifier_may_be_asked_is_public),
        cmocka_unit_test(private_values_are_a_file_of_their_own),
        cmocka_unit_test(a_folder_without_it_is_whole_but_for_witnesses),
        cmocka_unit_test(a_file_that_does_not_fit_is_refused),
        cmocka_unit_test(public_values_must_be_there),
        cmocka_unit_test(the_builder_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
