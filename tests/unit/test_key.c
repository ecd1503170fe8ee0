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

#include "base/cpu.h"
#include "base/mem.h"
#include "graph/container.h"
#include "graph/key.h"
#include "graph/proof.h"
#include "graph/setup.h"
#include "pcs/kzg.h"
#include "zkgkr/nn.h"

#define OK(call) assert_int_equal((call), ZKG_OK)

/* A small dense layer: 5 inputs, 3 outputs. */
static zkg_graph *sample(void)
{
    static const int64_t w[15] = {1, -2, 3, 4,  5, -6, 7, 8,
                                  9, -1, 2, -3, 4, 5,  6};
    static const int64_t b[3] = {10, -20, 30};
    static const zkg_tensor_spec x = {"x", ZKG_I8, ZKG_PUBLIC, 1, {5}, -9, 9};
    static const zkg_interval range[5] = {
        {-9, 9}, {-9, 9}, {-9, 9}, {-9, 9}, {-9, 9}};
    static const char *const labels[3] = {"a", "b", "c"};
    const zkg_nn_dense layer = {.name = "l",
                                .x = "x",
                                .y = "y",
                                .out = 3,
                                .in = 5,
                                .w = w,
                                .b = b,
                                .shift = 3,
                                .y_visibility = ZKG_PUBLIC,
                                .param_visibility = ZKG_FIXED};
    zkg_graph *g;

    OK(zkg_graph_new(&g, NULL));
    OK(zkg_graph_add_tensor(g, &x, NULL));
    OK(zkg_nn_dense_rescale_relu(g, NULL, &layer, range, NULL));
    OK(zkg_graph_add_input(g, "x", NULL));
    OK(zkg_graph_add_output(g, "y", NULL));
    OK(zkg_graph_display(g, "y", 4, labels, 3, NULL));
    OK(zkg_graph_finish(g, NULL));
    return g;
}

static zkg_srs *read_srs(void)
{
    const char *root = getenv("ZKG_SOURCE_ROOT");
    zkg_error err = {0};
    char path[1024];
    zkg_srs *srs;

    snprintf(path, sizeof(path), "%s/examples/srs/pot12.srs",
             root != NULL ? root : ".");
    if (zkg_srs_read(&srs, path, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    return srs;
}

static void a_key_is_deterministic_and_survives_its_bytes(void **state)
{
    zkg_graph *g = sample();
    zkg_srs *srs = read_srs();
    zkg_error err = {0};
    uint8_t *a, *b;
    size_t la, lb;
    zkg_key key, again;
    zkg_g1 point;
    bool capped;

    (void)state;
    if (zkg_setup(&key, &capped, g, srs, ZKG_PCS_MERCURY, 0, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    OK(zkg_setup(&again, NULL, g, srs, ZKG_PCS_MERCURY,
                 zkg_cpu_features(ZKG_CPU_ALL), NULL));
    assert_false(capped);
    assert_int_equal(key.srs.k, 10);
    assert_int_equal(key.fixed_points, 2);
    OK(zkg_key_encode(&a, &la, &key, NULL));
    OK(zkg_key_encode(&b, &lb, &again, NULL));
    assert_int_equal(la, lb);
    assert_memory_equal(a, b, la);
    zkg_key_clear(&again);
    zkg_free(b);

    OK(zkg_key_decode(&again, a, la, "k", &err));
    assert_memory_equal(again.digest, key.digest, 32);
    assert_memory_equal(again.statement.digest, g->st.digest, 32);
    assert_int_equal(again.display[g->output[0]].scale, 4);
    assert_string_equal(again.display[g->output[0]].label[2], "c");
    assert_true(again.display[g->input[0]].is_input);
    OK(zkg_kzg_commit(&point, srs, key.srs.k, &g->value[1], 0));
    assert_true(zkg_g1_equal(&point, &again.fixed[0]));
    zkg_key_clear(&again);
    zkg_key_clear(&key);
    zkg_free(a);
    zkg_srs_free(srs);
    zkg_graph_free(g);
}

static void damaged_keys_are_refused(void **state)
{
    zkg_graph *g = sample();
    zkg_srs *srs = read_srs();
    uint8_t *a, *longer;
    size_t len;
    uint32_t labels = 0;
    zkg_key key, bad;

    (void)state;
    OK(zkg_setup(&key, NULL, g, srs, ZKG_PCS_MERCURY, 0, NULL));
    OK(zkg_key_encode(&a, &len, &key, NULL));
    for (size_t n = 0; n < len; n += n < 64 || n + 400 > len ? 1 : 7) {
        uint8_t *cut = zkg_alloc(n, 1); /* its own, for the sanitizer */

        memcpy(cut, a, n);
        assert_int_equal(zkg_key_decode(&bad, cut, n, "k", NULL),
                         ZKG_ERR_MALFORMED);
        zkg_free(cut);
    }
    longer = zkg_alloc(len + 64, 1);
    memcpy(longer, a, len);
    assert_int_equal(zkg_key_decode(&bad, longer, len + 1, "k", NULL),
                     ZKG_ERR_MALFORMED);
    assert_int_equal(zkg_key_decode(&bad, longer, len + 64, "k", NULL),
                     ZKG_ERR_MALFORMED);
    /* A label that moves the cursor of whoever prints it. */
    for (size_t i = 0; i + 10 < len; i++)
        if (memcmp(a + i, "\1\0\0\0b\1\0\0\0c", 10) == 0) {
            a[i + 9] = 0x1b;
            assert_int_equal(zkg_key_decode(&bad, a, len, "k", NULL),
                             ZKG_ERR_MALFORMED);
            a[i + 9] = 'c';
            /* Before the labels: flags, scale 4, u32 3, u32 1, a. */
            assert_int_equal(a[i - 10], 4);
            a[i - 10] = 63;
            assert_int_equal(zkg_key_decode(&bad, a, len, "k", NULL),
                             ZKG_ERR_MALFORMED);
            a[i - 10] = 4;
            a[i - 11] ^= 8;
            assert_int_equal(zkg_key_decode(&bad, a, len, "k", NULL),
                             ZKG_ERR_MALFORMED);
            a[i - 11] ^= 8;
            labels++;
        }
    assert_int_equal(labels, 1);
    /* Bits: refused, or another digest; the points of the end are refused. */
    for (size_t i = 0; i<len; i += i + 256> len ? 1 : 5) {
        a[i] ^= 1;
        if (zkg_key_decode(&bad, a, len, "k", NULL) == ZKG_OK) {
            assert_memory_not_equal(bad.digest, key.digest, 32);
            assert_true(i + 128 < len);
            zkg_key_clear(&bad);
        }
        a[i] ^= 1;
    }
    zkg_free(longer);
    zkg_free(a);
    zkg_key_clear(&key);
    zkg_srs_free(srs);
    zkg_graph_free(g);
}

static void fixed_values_are_held_to_their_range(void **state)
{
    zkg_graph *g = sample();
    zkg_srs *srs = read_srs();
    zkg_error err = {0};
    zkg_key key;

    (void)state;
    zkg_array_set_i64(&g->value[1], 0, 100);
    assert_int_equal(zkg_setup(&key, NULL, g, srs, ZKG_PCS_MERCURY, 0, &err),
                     ZKG_ERR_WITNESS);
    assert_non_null(strstr(err.text, "l.w"));
    zkg_srs_free(srs);
    zkg_graph_free(g);
}

static void a_small_srs_makes_k_smaller(void **state)
{
    zkg_graph *g = sample();
    zkg_srs *srs;
    zkg_key key;
    bool capped;

    (void)state;
    OK(zkg_srs_new(&srs, 4, NULL));
    OK(zkg_setup(&key, &capped, g, srs, ZKG_PCS_MERCURY, 0, NULL));
    assert_true(capped);
    assert_int_equal(key.srs.k, 4);
    assert_true(key.srs.development);
    /* w: 4 * 8 padded values, two chunks of 16; b: one. */
    assert_int_equal(key.fixed_points, 3);
    zkg_key_clear(&key);
    zkg_srs_free(srs);
    zkg_graph_free(g);
}

static void containers_know_each_other(void **state)
{
    zkg_error err = {0};
    zkg_writer w;
    zkg_reader r;

    (void)state;
    zkg_writer_init(&w);
    OK(zkg_container_write(&w, ZKG_CONTAINER_KEY, 1));
    assert_int_equal(w.len, ZKG_CONTAINER_BYTES);
    zkg_reader_init(&r, w.data, w.len);
    OK(zkg_container_read(&r, ZKG_CONTAINER_KEY, 1, "f", NULL));
    zkg_reader_init(&r, w.data, w.len);
    assert_int_equal(zkg_container_read(&r, ZKG_CONTAINER_PROOF, 1, "f", &err),
                     ZKG_ERR_MALFORMED);
    assert_string_equal(err.text, "f is a key, a proof is needed");
    zkg_reader_init(&r, w.data, w.len);
    assert_int_equal(zkg_container_read(&r, ZKG_CONTAINER_KEY, 2, "f", NULL),
                     ZKG_ERR_MALFORMED);
    zkg_reader_init(&r, w.data, 15);
    assert_int_equal(zkg_container_read(&r, ZKG_CONTAINER_KEY, 1, "f", NULL),
                     ZKG_ERR_MALFORMED);
    zkg_writer_free(&w);
}

static void a_proof_has_one_size(void **state)
{
    const zkg_proof_sizes sizes = {8, 64, 10, 5};
    const uint8_t digest[32] = {7};
    zkg_proof_view view;
    zkg_writer w;
    uint8_t *rest;

    (void)state;
    zkg_writer_init(&w);
    OK(zkg_proof_write_header(&w, digest));
    OK(zkg_writer_reserve(&w, &rest, 8 + 64 + 10 + 5 + 1));
    assert_int_equal(zkg_proof_bytes(&sizes), w.len - 1);
    for (size_t n = 0; n <= w.len; n++) {
        const zkg_status s =
            zkg_proof_split(&view, w.data, n, &sizes, "p", NULL);

        assert_int_equal(s, n == w.len - 1 ? ZKG_OK : ZKG_ERR_MALFORMED);
    }
    OK(zkg_proof_split(&view, w.data, w.len - 1, &sizes, "p", NULL));
    assert_ptr_equal(view.key_digest, w.data + 16);
    assert_ptr_equal(view.opening, w.data + w.len - 1 - 5);
    zkg_writer_free(&w);
}

static void public_values_are_held_to_their_range(void **state)
{
    zkg_graph *g = sample();
    const uint64_t len[1] = {5}, out[1] = {3};
    zkg_array *back = zkg_alloc(g->st.tensors, sizeof(back[0]));
    const zkg_array **view = zkg_alloc(g->st.tensors, sizeof(view[0]));
    const uint32_t y_id = zkg_statement_tensor_id(&g->st, "y");
    zkg_array x, y;
    zkg_writer w;

    (void)state;
    OK(zkg_array_init(&x, ZKG_I8, 1, len, NULL));
    OK(zkg_array_init(&y, g->st.tensor[y_id].type, 1, out, NULL));
    zkg_array_set_i64(&x, 4, -9);
    view[0] = &x;
    view[y_id] = &y;
    zkg_writer_init(&w);
    OK(zkg_proof_write_public(&w, &g->st, view));
    assert_int_equal(w.len, zkg_proof_public_bytes(&g->st));
    OK(zkg_proof_read_public(back, &g->st, w.data, NULL));
    assert_int_equal(zkg_array_get_i64(&back[0], 4), -9);
    for (uint32_t i = 0; i < g->st.tensors; i++)
        zkg_array_clear(&back[i]);
    w.data[0] = 10; /* x[0]: -9..9 */
    assert_int_equal(zkg_proof_read_public(back, &g->st, w.data, NULL),
                     ZKG_ERR_REJECT);
    for (uint32_t i = 0; i < g->st.tensors; i++)
        zkg_array_clear(&back[i]);
    zkg_writer_free(&w);
    zkg_array_clear(&x);
    zkg_array_clear(&y);
    zkg_free(back);
    zkg_free(view);
    zkg_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_deterministic_and_survives_its_bytes),
        cmocka_unit_test(damaged_keys_are_refused),
        cmocka_unit_test(fixed_values_are_held_to_their_range),
        cmocka_unit_test(a_small_srs_makes_k_smaller),
        cmocka_unit_test(containers_know_each_other),
        cmocka_unit_test(a_proof_has_one_size),
        cmocka_unit_test(public_values_are_held_to_their_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
