/* SPDX-License-Identifier: Apache-2.0 */
/* A small graph's proof: what is not the proof, bit for bit, is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "graph/setup.h"
#include "harness.h"
#include "pcs/srs.h"
#include "zkgkr/verify.h"

#define POWER 5

/* An honest proof of a statement, and room to change it. */
typedef struct honest {
    fx f;
    uint8_t *proof;
    size_t len;
    fx_layout at;
} honest;

static void make(honest *h, const fx_shape *shape, uint64_t seed)
{
    zkg_error err = {0};
    zkg_verdict v = {0};

    fx_init(&h->f, shape, POWER, seed);
    if (fx_prove(&h->f, NULL, &h->proof, &h->len, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    if (fx_verify(&h->f, h->proof, h->len, NULL, &v) != ZKG_OK)
        fail_msg("%s: %s", zkg_check_name(v.check), v.text);
    h->at = fx_layout_of(&h->f);
    assert_int_equal(h->at.end, h->len);
}

static void unmake(honest *h)
{
    free(h->proof);
    fx_clear(&h->f);
}

static int setup(void **state)
{
    static const fx_shape shape = {.private_x = true, .virtual_acc = true};
    honest *h = calloc(1, sizeof(*h));

    if (h == NULL)
        return -1;
    make(h, &shape, 1);
    *state = h;
    return 0;
}

static int teardown(void **state)
{
    unmake(*state);
    free(*state);
    return 0;
}

/* Refused, by a check that has a name, and not by running out of memory. */
static bool refused(const fx *f, const uint8_t *proof, size_t len)
{
    zkg_verdict v = {0};
    const zkg_status s = fx_judge(f, proof, len, &v);

    return (s == ZKG_ERR_REJECT || s == ZKG_ERR_MALFORMED) &&
           v.check != ZKG_CHECK_NONE;
}

static void honest_proofs_of_all_shapes_verify(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 32; i++) {
        const fx_shape shape = {
            .private_x = (i & 1) != 0,
            .private_w = (i & 2) != 0,
            .odd_table = (i & 4) != 0,
            .virtual_acc = (i & 8) != 0,
            .copies = (i & 16) != 0 ? 3 : 1,
        };
        honest h = {0};

        make(&h, &shape, i);
        unmake(&h);
    }
}

static void a_proof_is_the_same_every_time(void **state)
{
    honest *h = *state;
    uint8_t *again = NULL;
    size_t len = 0;

    assert_int_equal(fx_prove(&h->f, NULL, &again, &len, NULL), ZKG_OK);
    assert_int_equal(len, h->len);
    assert_memory_equal(again, h->proof, len);
    free(again);
}

static bool bit_is_refused(void *user, uint64_t bit)
{
    honest *h = user;
    bool ok;

    h->proof[bit / 8] ^= (uint8_t)(1u << bit % 8);
    ok = refused(&h->f, h->proof, h->len);
    h->proof[bit / 8] ^= (uint8_t)(1u << bit % 8);
    return ok;
}

static void every_flipped_bit_is_refused(void **state)
{
    honest *h = *state;
    const uint64_t step = SLOW_BUILD ? 37 : 1;

    print_message("%zu bytes\n", h->len);
    assert_int_equal(harness_run(bit_is_refused, h, 0, 8 * h->len, step), 0);
}

static bool length_is_refused(void *user, uint64_t len)
{
    honest *h = user;
    /* Exactly as long as it says, so that a sanitizer sees a step too far. */
    uint8_t *cut = malloc(len > 0 ? len : 1);
    bool ok;

    if (cut == NULL)
        return false;
    memcpy(cut, h->proof, len < h->len ? len : h->len);
    for (size_t i = h->len; i < len; i++)
        cut[i] = (uint8_t)(i * 0x55);
    ok = refused(&h->f, cut, len);
    free(cut);
    return ok;
}

static void every_truncation_is_refused(void **state)
{
    honest *h = *state;

    assert_int_equal(harness_run(length_is_refused, h, 0, h->len, 1), 0);
}

static void extensions_are_refused(void **state)
{
    honest *h = *state;

    for (uint64_t more = 1; more <= 64; more++)
        assert_true(length_is_refused(h, h->len + more));
    assert_true(length_is_refused(h, 2 * h->len));
    assert_true(length_is_refused(h, 2 * h->len + 4096));
}

static void a_wrong_size_is_called_that(void **state)
{
    honest *h = *state;
    zkg_verdict v = {0};
    uint8_t *longer = malloc(h->len + 32);

    assert_non_null(longer);
    memcpy(longer, h->proof, h->len);
    memset(longer + h->len, 0, 32);
    assert_int_not_equal(fx_verify(&h->f, longer, h->len + 32, NULL, &v),
                         ZKG_OK);
    assert_int_equal(v.check, ZKG_CHECK_SIZE);
    v = (zkg_verdict){0};
    assert_int_not_equal(fx_verify(&h->f, h->proof, h->len - 32, NULL, &v),
                         ZKG_OK);
    assert_int_equal(v.check, ZKG_CHECK_SIZE);
    free(longer);
}

/* out = in + m, both 32 bytes little-endian; false: it does not fit. */
static bool add256(uint8_t out[32], const uint8_t in[32], const char *m)
{
    unsigned carry = 0;

    for (size_t i = 0; i < 32; i++) {
        unsigned byte = 0;

        (void)sscanf(m + 62 - 2 * i, "%2x", &byte);
        carry += in[i] + byte;
        out[i] = (uint8_t)carry;
        carry >>= 8;
    }
    return carry == 0;
}

static const char fr_order[] =
    "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
static const char fp_order[] =
    "30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47";

static void other_encodings_of_elements_are_refused(void **state)
{
    honest *h = *state;
    uint8_t *proof = malloc(h->len);
    size_t tried = 0;

    assert_non_null(proof);
    for (size_t at = h->at.segments; at + 32 <= h->at.opening; at += 32) {
        memcpy(proof, h->proof, h->len);
        if (!add256(proof + at, h->proof + at, fr_order))
            continue;
        assert_true(refused(&h->f, proof, h->len));
        tried++;
    }
    assert_true(tried > 10);
    free(proof);
}

static void other_encodings_of_points_are_refused(void **state)
{
    honest *h = *state;
    uint8_t *proof = malloc(h->len);
    size_t tried = 0;

    assert_non_null(proof);
    for (size_t at = h->at.commitments; at + 32 <= h->at.segments; at += 32) {
        uint8_t x[32], sum[32];

        memcpy(x, h->proof + at, 32);
        x[31] &= 0x3f;
        memcpy(proof, h->proof, h->len);
        if (add256(sum, x, fp_order) && (sum[31] & 0xc0) == 0) {
            sum[31] |= h->proof[at + 31] & 0xc0;
            memcpy(proof + at, sum, 32);
            assert_true(refused(&h->f, proof, h->len));
            tried++;
        }
        /* Infinity: with y odd, and with an x. */
        memset(proof + at, 0, 32);
        proof[at + 31] = 0xc0;
        assert_true(refused(&h->f, proof, h->len));
        memset(proof + at, 0, 32);
        proof[at] = 1;
        proof[at + 31] = 0x40;
        assert_true(refused(&h->f, proof, h->len));
        /* (0, .) is not on the curve: 3 is no square. */
        memset(proof + at, 0, 32);
        assert_true(refused(&h->f, proof, h->len));
    }
    assert_true(tried > 0);
    free(proof);
}

/* O and [1]_1 where another point, or an element, should be. */
static void special_points_are_refused(void **state)
{
    honest *h = *state;
    uint8_t *proof = malloc(h->len);

    assert_non_null(proof);
    for (size_t at = h->at.commitments; at + 32 <= h->len; at += 32) {
        static const uint8_t infinity[32] = {[31] = 0x40};
        static const uint8_t one[32] = {1};

        memcpy(proof, h->proof, h->len);
        memcpy(proof + at, infinity, 32);
        assert_true(memcmp(proof, h->proof, h->len) == 0 ||
                    refused(&h->f, proof, h->len));
        memcpy(proof + at, one, 32);
        assert_true(memcmp(proof, h->proof, h->len) == 0 ||
                    refused(&h->f, proof, h->len));
    }
    free(proof);
}

static void a_proof_is_for_its_key(void **state)
{
    honest *h = *state, other = {0};
    uint8_t *proof = malloc(h->len);
    zkg_verdict v = {0};

    /* The same shapes, other weights. */
    assert_non_null(proof);
    make(&other, &h->f.shape, 2);
    assert_int_equal(other.len, h->len);
    assert_int_not_equal(fx_verify(&other.f, h->proof, h->len, NULL, &v),
                         ZKG_OK);
    assert_int_equal(v.check, ZKG_CHECK_KEY);

    /* And it is not the digest in front alone that says so. */
    memcpy(proof, h->proof, h->len);
    memcpy(proof, other.proof, h->at.publics);
    assert_true(refused(&other.f, proof, h->len));
    free(proof);
    unmake(&other);
}

/* A graph's digest says nothing of weights: a stranger's key has the graph that
 * was asked for, and other ones. */
static void weights_are_the_keys_word(void **state)
{
    honest *h = *state, other = {0};
    zkg_verify_options options = {.graph_digest = h->f.made.statement.digest};
    zkg_verdict v = {0};
    zkg_error err = {0};

    make(&other, &h->f.shape, 2);
    assert_memory_equal(h->f.made.statement.digest,
                        other.f.made.statement.digest, 32);
    assert_int_equal(zkg_verify(&v, other.f.key, other.f.key_len, other.proof,
                                other.len, &options, &err),
                     ZKG_OK);
    options.key_digest = h->f.made.digest;
    assert_int_equal(zkg_verify(&v, other.f.key, other.f.key_len, other.proof,
                                other.len, &options, &err),
                     ZKG_ERR_REJECT);
    assert_int_equal(v.check, ZKG_CHECK_KEY);
    v = (zkg_verdict){0};
    assert_int_equal(zkg_verify(&v, h->f.key, h->f.key_len, h->proof, h->len,
                                &options, &err),
                     ZKG_OK);
    unmake(&other);
}

static void other_public_values_are_refused(void **state)
{
    static const fx_shape shape = {.private_x = false};
    honest a = {0};
    uint8_t *proof;
    zkg_verdict v = {0};

    (void)state;
    make(&a, &shape, 3);
    for (uint64_t i = 0; i < FX_K; i++) {
        uint8_t byte = 0;

        proof = malloc(a.len);
        assert_non_null(proof);
        memcpy(proof, a.proof, a.len);
        byte = proof[a.at.publics + i];
        proof[a.at.publics + i] = byte == 3 ? 4 : 3; /* within min..max */
        assert_true(refused(&a.f, proof, a.len));
        proof[a.at.publics + i] = 100; /* beyond them */
        v = (zkg_verdict){0};
        assert_int_not_equal(fx_verify(&a.f, proof, a.len, NULL, &v), ZKG_OK);
        assert_int_equal(v.check, ZKG_CHECK_PUBLIC);
        free(proof);
    }
    unmake(&a);
}

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const uint8_t t = a[i];

        a[i] = b[i];
        b[i] = t;
    }
}

static void swapped_commitments_are_refused(void **state)
{
    honest *h = *state;
    const size_t first = h->at.commitments, end = h->at.segments;
    uint8_t *proof = malloc(h->len);

    assert_non_null(proof);
    assert_true(end - first >= 64);
    for (size_t i = first; i + 32 <= end; i += 32)
        for (size_t j = i + 32; j + 32 <= end; j += 32) {
            if (memcmp(h->proof + i, h->proof + j, 32) == 0)
                continue;
            memcpy(proof, h->proof, h->len);
            swap(proof + i, proof + j, 32);
            assert_true(refused(&h->f, proof, h->len));
        }
    free(proof);
}

static void swapped_segments_are_refused(void **state)
{
    static const fx_shape shape = {.private_x = true, .private_w = true};
    honest h = {0};
    uint8_t *proof;
    size_t table;

    (void)state;
    make(&h, &shape, 4);
    proof = malloc(h.len);
    assert_non_null(proof);

    /* Two table sides of the same shape: rem4 and s4 have 16 rows each. */
    table = h.at.opening;
    for (uint32_t t = h.f.graph->st.tables; t-- > 0;)
        table -= h.at.table_bytes[t];
    assert_int_equal(h.at.table_bytes[0], h.at.table_bytes[1]);
    memcpy(proof, h.proof, h.len);
    swap(proof + table, proof + table + h.at.table_bytes[0],
         h.at.table_bytes[0]);
    assert_true(refused(&h.f, proof, h.len));

    /* Two tasks, the second's bytes first. */
    memcpy(proof + h.at.segments, h.proof + h.at.segments + h.at.task_bytes[0],
           h.at.task_bytes[1]);
    memcpy(proof + h.at.segments + h.at.task_bytes[1], h.proof + h.at.segments,
           h.at.task_bytes[0]);
    assert_true(refused(&h.f, proof, h.len));
    free(proof);
    unmake(&h);
}

/* All public: no commitment, no message, no opening.  2 a = b is checked all
 * the same. */
static void a_proof_without_messages_is_judged(void **state)
{
    const zkg_tensor_spec a = {"a", ZKG_I8, ZKG_PUBLIC, 1, {3}, -60, 60};
    const zkg_tensor_spec b = {"b", ZKG_I8, ZKG_PUBLIC, 1, {3}, -120, 120};
    zkg_error err = {0};
    zkg_verdict v = {0};
    uint8_t *proof = NULL;
    size_t len = 0;
    zkg_array *x;
    zkg_fr tau;
    fx f = {0};

    (void)state;
#define MUST(call) assert_int_equal((call), ZKG_OK)
    MUST(zkg_graph_new(&f.graph, &err));
    MUST(zkg_graph_add_tensor(f.graph, &a, &err));
    MUST(zkg_graph_add_tensor(f.graph, &b, &err));
    MUST(zkg_graph_add_kernel(f.graph, "k", &err));
    MUST(zkg_graph_kernel_axis(f.graph, "k", "i", 3, &err));
    MUST(zkg_graph_kernel_param(f.graph, "k", "a", "i", &err));
    MUST(zkg_graph_kernel_param(f.graph, "k", "b", "i", &err));
    MUST(zkg_graph_kernel_einsum(f.graph, "k", "i", NULL, &err));
    MUST(zkg_graph_kernel_term(f.graph, "k", "2", "a[i]", NULL, &err));
    MUST(zkg_graph_kernel_term(f.graph, "k", "-1", "b[i]", NULL, &err));
    MUST(zkg_graph_add_task(f.graph, "t", "k", 1, &err));
    MUST(zkg_graph_bind(f.graph, "a", "a", false, &err));
    MUST(zkg_graph_bind(f.graph, "b", "b", false, &err));
    MUST(zkg_graph_add_input(f.graph, "a", &err));
    MUST(zkg_graph_add_output(f.graph, "b", &err));
    MUST(zkg_graph_rule_solve(f.graph, "t", 0, "b", &err));
    MUST(zkg_graph_finish(f.graph, &err));
    zkg_fr_from_u64(&tau, 12345);
    MUST(zkg_srs_from_tau(&f.srs, POWER, &tau, &err));
    MUST(zkg_setup(&f.made, NULL, f.graph, f.srs, fx_pcs(), 0, &err));
    MUST(zkg_key_encode(&f.key, &f.key_len, &f.made, &err));
    MUST(zkg_witness_init(&f.witness, f.graph, &err));
    x = fx_array(&f, "a");
    MUST(zkg_array_init(x, ZKG_I8, 1, a.len, &err));
    for (uint64_t i = 0; i < 3; i++)
        zkg_array_set_i64(x, i, 20 * (int64_t)i - 7);
    zkg_witness_refresh(&f.witness);
    MUST(zkg_witness_solve(&f.witness, f.graph, &err));
    zkg_witness_refresh(&f.witness);
    MUST(fx_prove(&f, NULL, &proof, &len, &err));
    MUST(fx_verify(&f, proof, len, NULL, &v));
#undef MUST
    assert_int_equal(len, 16 + 32 + 6);
    for (size_t i = 0; i < 6; i++) {
        proof[48 + i] ^= 2;
        v = (zkg_verdict){0};
        assert_int_equal(fx_verify(&f, proof, len, NULL, &v), ZKG_ERR_REJECT);
        assert_int_equal(v.check, ZKG_CHECK_EINSUM_END);
        proof[48 + i] ^= 2;
    }
    free(proof);
    fx_clear(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_proofs_of_all_shapes_verify),
        cmocka_unit_test(a_proof_is_the_same_every_time),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(extensions_are_refused),
        cmocka_unit_test(a_wrong_size_is_called_that),
        cmocka_unit_test(other_encodings_of_elements_are_refused),
        cmocka_unit_test(other_encodings_of_points_are_refused),
        cmocka_unit_test(special_points_are_refused),
        cmocka_unit_test(a_proof_is_for_its_key),
        cmocka_unit_test(weights_are_the_keys_word),
        cmocka_unit_test(other_public_values_are_refused),
        cmocka_unit_test(swapped_commitments_are_refused),
        cmocka_unit_test(swapped_segments_are_refused),
        cmocka_unit_test(a_proof_without_messages_is_judged),
        cmocka_unit_test(every_flipped_bit_is_refused),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
