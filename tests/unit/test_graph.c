/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "graph/graph.h"
#include "graph/text.h"

#define OK(call) assert_int_equal((call), ZKG_OK)

/* y = table(x), and its double as a virtual tensor; everything the format
 * knows occurs. */
static zkg_graph *sample(void)
{
    static const int64_t in[3] = {-1, 4, 7}, out[3] = {2, 0, 1};
    static const int64_t *const cols[2] = {in, out};
    static const int64_t c[2] = {3, 4};
    static const char *const labels[4] = {"a", "b \"q\"", "c", "d"};
    static const zkg_tensor_spec tensors[] = {
        {"x", ZKG_I32, ZKG_PRIVATE, 2, {2, 2}, -1, 7},
        {"y", ZKG_I8, ZKG_PRIVATE, 2, {2, 2}, 0, 2},
        {"c", ZKG_I8, ZKG_FIXED, 1, {2}, 3, 4},
        {"v", ZKG_I32, ZKG_VIRTUAL, 2, {2, 2}, -128, 127},
        {"k", ZKG_I8, ZKG_PUBLIC, 0, {0}, 5, 5},
    };
    zkg_graph *g;

    OK(zkg_graph_new(&g, NULL));
    for (size_t i = 0; i < sizeof(tensors) / sizeof(tensors[0]); i++)
        OK(zkg_graph_add_tensor(g, &tensors[i], NULL));
    OK(zkg_graph_set_fixed(g, "c", c, 2, NULL));
    OK(zkg_graph_add_columns(g, "act", 2, 3, cols, NULL));
    OK(zkg_graph_add_table(g, "s8", ZKG_KIND_SIGNED_RANGE, 8, NULL));
    OK(zkg_graph_add_kernel(g, "k1", NULL));
    OK(zkg_graph_kernel_axis(g, "k1", "i", 2, NULL));
    OK(zkg_graph_kernel_param(g, "k1", "x", "i", NULL));
    OK(zkg_graph_kernel_param(g, "k1", "y", "i", NULL));
    OK(zkg_graph_kernel_param(g, "k1", "c", "i", NULL));
    OK(zkg_graph_kernel_param(g, "k1", "v", "i", NULL));
    OK(zkg_graph_kernel_param(g, "k1", "k", "", NULL));
    OK(zkg_graph_kernel_lookup(g, "k1", "act", "x, y", NULL));
    OK(zkg_graph_kernel_lookup(g, "k1", "s8", "v", NULL));
    OK(zkg_graph_kernel_einsum(g, "k1", "i", "v", NULL));
    OK(zkg_graph_kernel_term(g, "k1", "2", "c[i]", "y[i]", NULL));
    OK(zkg_graph_kernel_term(g, "k1", "-1", "k", NULL, NULL));
    OK(zkg_graph_kernel_term(g, "k1", "7", NULL, NULL, NULL));
    OK(zkg_graph_add_task(g, NULL, "k1", 2, NULL));
    OK(zkg_graph_bind(g, "x", "x", false, NULL));
    OK(zkg_graph_bind(g, "y", "y", false, NULL));
    OK(zkg_graph_bind(g, "c", "c", true, NULL));
    OK(zkg_graph_bind(g, "v", "v", false, NULL));
    OK(zkg_graph_bind(g, "k", "k", true, NULL));
    OK(zkg_graph_add_input(g, "x", NULL));
    OK(zkg_graph_add_output(g, "y", NULL));
    OK(zkg_graph_rule_map(g, "act", "x", "y", NULL));
    OK(zkg_graph_rule_constant(g, "k", 5, NULL));
    OK(zkg_graph_rule_solve(g, "Task0", 0, "v", NULL));
    OK(zkg_graph_display(g, "y", 3, labels, 4, NULL));
    return g;
}

static void temp_folder(char out[64])
{
    snprintf(out, 64, "/tmp/zkg-graph-%ld.zkg", (long)getpid());
}

static void remove_folder(const char *folder)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/graph.json", folder);
    unlink(path);
    snprintf(path, sizeof(path), "%s/tensors.safetensors", folder);
    unlink(path);
    rmdir(folder);
}

static void read_text(char **text, const char *folder)
{
    char path[128];
    size_t len;

    snprintf(path, sizeof(path), "%s/graph.json", folder);
    OK(zkg_file_read((uint8_t **)text, &len, path, 1 << 20, NULL));
}

static void a_graph_survives_its_folder(void **state)
{
    zkg_graph *g = sample(), *h;
    zkg_error err = {0};
    char folder[64], *a, *b;

    (void)state;
    temp_folder(folder);
    if (zkg_graph_finish(g, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    OK(zkg_graph_save(g, folder, NULL));
    read_text(&a, folder);
    if (zkg_graph_load(&h, folder, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    assert_memory_equal(g->st.digest, h->st.digest, 32);
    assert_int_equal(h->rules, g->rules);
    assert_memory_equal(h->rule, g->rule, g->rules * sizeof(g->rule[0]));
    assert_int_equal(h->display[1].scale, 3);
    assert_string_equal(h->display[1].label[1], "b \"q\"");
    assert_int_equal(zkg_array_get_i64(&h->value[2], 1), 4);
    OK(zkg_graph_save(h, folder, NULL));
    read_text(&b, folder);
    assert_string_equal(a, b);
    zkg_free(a);
    zkg_free(b);
    zkg_graph_free(g);
    zkg_graph_free(h);
    remove_folder(folder);
}

/* What a process that was killed left half written beside them. */
static void saving_sweeps_the_folder(void **state)
{
    static const char *const left[] = {
        "graph.json.tmp-abcdef", "tensors.safetensors.tmp-abcdef",
        "circuits.bin.tmp-abcdef", "graph.json.tmp-mine.txt"};
    enum { LEFT = sizeof(left) / sizeof(left[0]) };
    zkg_graph *g = sample();
    char folder[64], path[128];

    (void)state;
    temp_folder(folder);
    OK(zkg_graph_finish(g, NULL));
    OK(zkg_make_dir(folder, NULL));
    for (size_t i = 0; i < LEFT; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, left[i]);
        OK(zkg_file_write_atomic(path, "x", 1, NULL));
    }
    OK(zkg_graph_save(g, folder, NULL));
    for (size_t i = 0; i < LEFT; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, left[i]);
        assert_true(zkg_file_exists(path) == (i == LEFT - 1));
    }
    assert_int_equal(remove(path), 0);
    zkg_graph_free(g);
    remove_folder(folder);
}

static void mapped_tensors_are_the_same_and_not_copies(void **state)
{
    zkg_graph *g = sample(), *h;
    char folder[64], path[128];
    zkg_error err = {0};
    const uint8_t *at;

    (void)state;
    temp_folder(folder);
    OK(zkg_graph_finish(g, NULL));
    OK(zkg_graph_save(g, folder, NULL));
    OK(zkg_graph_load_mapped(&h, folder, NULL));
    assert_memory_equal(g->st.digest, h->st.digest, 32);
    at = h->value[2].data;
    assert_false(h->value[2].owned);
    assert_in_range((uintptr_t)at, (uintptr_t)h->tensors.map.data,
                    (uintptr_t)h->tensors.map.data + h->tensors.map.len - 1);
    for (uint64_t i = 0; i < zkg_array_count(&g->value[2]); i++)
        assert_true(zkg_array_same_cell(&g->value[2], &h->value[2], i));
    /* Replaced by a rename, the old file stays as it is for who mapped it. */
    OK(zkg_graph_save(h, folder, NULL));
    assert_int_equal(zkg_array_get_i64(&h->value[2], 1), 4);
    zkg_graph_free(h);
    /* The range is checked where the values lie. */
    OK(zkg_graph_load(&h, folder, NULL));
    zkg_array_set_i64(&h->value[2], 1, g->st.tensor[2].max + 1);
    OK(zkg_graph_save(h, folder, NULL));
    zkg_graph_free(h);
    assert_int_equal(zkg_graph_load_mapped(&h, folder, &err), ZKG_ERR_WITNESS);
    assert_non_null(strstr(err.text, "element 1 is"));
    err = (zkg_error){0};
    assert_int_equal(zkg_graph_load(&h, folder, &err), ZKG_ERR_WITNESS);
    assert_non_null(strstr(err.text, "element 1 is"));
    snprintf(path, sizeof(path), "%s/tensors.safetensors", folder);
    OK(zkg_file_write_atomic(path, NULL, 0, NULL));
    assert_int_equal(zkg_graph_load_mapped(&h, folder, NULL),
                     ZKG_ERR_MALFORMED);
    zkg_graph_free(g);
    remove_folder(folder);
}

/* Replace one text by another in graph.json, then load. */
static zkg_status load_edited(const char *from, const char *to, zkg_error *err)
{
    zkg_graph *g = sample(), *h = NULL;
    char folder[64], path[128], *text, *at, *edited;
    zkg_status s;

    temp_folder(folder);
    OK(zkg_graph_finish(g, NULL));
    OK(zkg_graph_save(g, folder, NULL));
    zkg_graph_free(g);
    read_text(&text, folder);
    at = strstr(text, from);
    if (at == NULL)
        fail_msg("no %s in %s", from, text);
    edited = zkg_alloc(strlen(text) + strlen(to) + 1, 1);
    memcpy(edited, text, (size_t)(at - text));
    strcat(edited, to);
    strcat(edited, at + strlen(from));
    snprintf(path, sizeof(path), "%s/graph.json", folder);
    OK(zkg_file_write_atomic(path, edited, strlen(edited), NULL));
    s = zkg_graph_load(&h, folder, err);
    zkg_graph_free(h);
    zkg_free(text);
    zkg_free(edited);
    remove_folder(folder);
    return s;
}

static void bad_json_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *from, *to;
        zkg_status status;
        const char *text;
    } cases[] = {
        {"\"shape\": [2, 2]", "\"shap\": [2, 2]", ZKG_ERR_MALFORMED, "shap"},
        {"\"type\": \"i32\"", "\"type\": \"f32\"", ZKG_ERR_MALFORMED,
         "graph.json:6:"},
        {"\"visibility\": \"private\"", "\"visibility\": \"secret\"",
         ZKG_ERR_MALFORMED, "secret"},
        {"\"min\": -1", "\"min\": -1.5", ZKG_ERR_MALFORMED, "graph.json:6:"},
        {"\"c\": \"2\"", "\"c\": \"two\"", ZKG_ERR_MALFORMED, "two"},
        {"\"c\": \"2\"", "\"c\": 2", ZKG_ERR_MALFORMED, "graph.json:"},
        {"\"c[i]\"", "\"c[j]\"", ZKG_ERR_MALFORMED, "c[j]"},
        {"\"c[i]\"", "\"c[2*i-1]\"", ZKG_ERR_UNSUPPORTED, "affine"},
        {"\"kind\": \"signed_range\"", "\"kind\": \"wide\"", ZKG_ERR_MALFORMED,
         "wide"},
        {"\"rule\": \"map\"", "\"rule\": \"callback\"", ZKG_ERR_UNSUPPORTED,
         "callback"},
        {"\"kernel\": \"k1\"", "\"kernel\": \"k2\"", ZKG_ERR_MALFORMED, "k2"},
        {"\"broadcast\": [\"c\"", "\"broadcast\": [\"d\"", ZKG_ERR_MALFORMED,
         "\"d\""},
        {"\"version\": 1", "\"version\": 2", ZKG_ERR_MALFORMED, "version 2"},
        {"\"zkgkr\": \"graph\"", "\"zkgkr\": \"cake\"", ZKG_ERR_MALFORMED,
         "cake"},
        {"\"min\": 0, \"max\": 2", "\"min\": 0, \"max\": 1", ZKG_ERR_MALFORMED,
         "lets pass"},
        {"\"min\": 5, \"max\": 5", "\"min\": 4, \"max\": 5", ZKG_ERR_MALFORMED,
         "belongs to graph"},
        {"\"statement\"", "\"statement\": 1, \"statement\"", ZKG_ERR_MALFORMED,
         "statement"},
        {"\"table:act.1\"", "\"table:act.9\"", ZKG_ERR_MALFORMED, "act.9"},
        {"\"scale\": 3", "\"scale\": 99", ZKG_ERR_MALFORMED, "graph.json:"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        zkg_error err = {0};
        const zkg_status s = load_edited(cases[i].from, cases[i].to, &err);

        if (s != cases[i].status || strstr(err.text, cases[i].text) == NULL)
            fail_msg("case %zu (%s): %s, %s", i, cases[i].to,
                     zkg_status_name(s), err.text);
    }
    {
        zkg_graph *g;

        assert_int_equal(zkg_graph_load(&g, "/nowhere.zkg", NULL), ZKG_ERR_IO);
    }
}

static void factors_are_parsed_and_printed(void **state)
{
    static const char *const good[] = {"x[i]", "k", "x[2*i+1*i-1]",
                                       "x[-1*i+3*i]", "x[1*i+1*i]"};
    static const char *const bad[] = {
        "",         "q[i]", "x[i",   "x[i]]", "x[1]",
        "x[i+i+i]", "x i",  "x[2i]", "x[i,]", "x[99999999999*i]"};
    zkg_graph *g = sample();
    char text[ZKG_FACTOR_TEXT];
    zkg_stmt_factor f;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        OK(zkg_text_factor(&f, &g->st.kernel[0], good[i], NULL));
        zkg_text_factor_format(text, &g->st.kernel[0], &f);
        assert_string_equal(text, good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (zkg_text_factor(&f, &g->st.kernel[0], bad[i], NULL) !=
            ZKG_ERR_MALFORMED)
            fail_msg("%s was read", bad[i]);
    }
    zkg_graph_free(g);
}

static void the_builder_refuses_at_once(void **state)
{
    static const int64_t wrong[2] = {3, 5};
    static const zkg_tensor_spec again = {"x", ZKG_I8, ZKG_PUBLIC, 0,
                                          {0}, 0,      0};
    zkg_graph *g = sample();

    (void)state;
    assert_int_equal(zkg_graph_add_tensor(g, &again, NULL), ZKG_ERR_MALFORMED);
    assert_int_equal(zkg_graph_set_fixed(g, "c", wrong, 2, NULL),
                     ZKG_ERR_WITNESS);
    assert_int_equal(zkg_graph_set_fixed(g, "c", wrong, 1, NULL),
                     ZKG_ERR_MALFORMED);
    assert_int_equal(zkg_graph_set_fixed(g, "x", wrong, 2, NULL),
                     ZKG_ERR_MALFORMED);
    assert_int_equal(zkg_graph_kernel_lookup(g, "k1", "act", "x,y", NULL),
                     ZKG_ERR_MALFORMED);
    assert_int_equal(zkg_graph_bind(g, "x", "x", false, NULL),
                     ZKG_ERR_MALFORMED);
    assert_int_equal(zkg_graph_add_input(g, "c", NULL), ZKG_ERR_MALFORMED);
    OK(zkg_graph_finish(g, NULL));
    assert_int_equal(zkg_graph_add_kernel(g, "late", NULL), ZKG_ERR_INVALID);
    zkg_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_graph_survives_its_folder),
        cmocka_unit_test(saving_sweeps_the_folder),
        cmocka_unit_test(mapped_tensors_are_the_same_and_not_copies),
        cmocka_unit_test(bad_json_is_refused_with_its_place),
        cmocka_unit_test(factors_are_parsed_and_printed),
        cmocka_unit_test(the_builder_refuses_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
