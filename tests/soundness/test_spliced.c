/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of statements with circuits, lookups, einsums and convolutions: with
 * a byte changed, cut anywhere, or put together from two of the same key,
 * each honest, they are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "circuit_fixture.h"
#include "conv_fixture.h"
#include "harness.h"
#include "random_graph.h"

/* A byte in so many; of elements and points all of them are met. */
static uint64_t step(void)
{
    return SLOW_BUILD ? 41 : fx_pcs() == ZKG_PCS_HYPERKZG ? 13 : 3;
}

typedef struct honest {
    fx f;
    uint8_t *proof;
    size_t len;
} honest;

static void prove(fx *f, uint8_t **proof, size_t *len)
{
    zkg_error err = {0};
    zkg_verdict v = {0};

    if (fx_prove(f, NULL, proof, len, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    if (fx_judge(f, *proof, *len, &v) != ZKG_OK)
        fail_msg("%s: %s", zkg_check_name(v.check), v.text);
}

/* Refused, by a check that has a name. */
static bool refused(const fx *f, const uint8_t *proof, size_t len)
{
    zkg_verdict v = {0};
    const zkg_status s = fx_judge(f, proof, len, &v);

    return (s == ZKG_ERR_REJECT || s == ZKG_ERR_MALFORMED) &&
           v.check != ZKG_CHECK_NONE;
}

static bool byte_is_refused(void *user, uint64_t i)
{
    honest *h = user;
    const uint8_t was = h->proof[i];
    bool ok;

    /* One bit, or all of them. */
    h->proof[i] ^= i % 2 == 0 ? 0xff : (uint8_t)(1u << i % 8);
    ok = refused(&h->f, h->proof, h->len);
    h->proof[i] = was;
    return ok;
}

static bool cut_is_refused(void *user, uint64_t len)
{
    const honest *h = user;

    return refused(&h->f, h->proof, len);
}

static void tamper(honest *h, uint64_t every)
{
    prove(&h->f, &h->proof, &h->len);
    print_message("%zu bytes\n", h->len);
    assert_int_equal(harness_run(byte_is_refused, h, 0, h->len, every), 0);
    assert_int_equal(harness_run(cut_is_refused, h, 0, h->len, every), 0);
    free(h->proof);
    fx_clear(&h->f);
}

/* A circuit with a virtual tensor, lookups, and an einsum that reads it. */
static void any_byte_of_a_circuits_proof_counts(void **state)
{
    const cx_shape shape = {.copies = 4};
    honest h = {.proof = NULL};

    (void)state;
    cx_init(&h.f, &shape, 5, 1);
    tamper(&h, step());
}

/* 30 kB. */
static void bytes_of_a_convolutions_proof_count(void **state)
{
    honest h = {.proof = NULL};

    (void)state;
    vx_init(&h.f, 1, 6);
    tamper(&h, 47 * step());
}

/* Kernels with hints, counts and tables; public and private views. */
static void any_byte_of_a_graphs_proof_counts(void **state)
{
    honest h = {.proof = NULL};

    (void)state;
    rg_init(&h.f, 6, 5);
    tamper(&h, step());
}

/* ---- two proofs ---- */

#define PARTS 5

/* Where public tensors, commitments, the task, the tables and the opening
 * begin, and the end. */
static void part_starts(size_t at[PARTS + 1], const fx *f)
{
    const fx_layout l = fx_layout_of(f);

    at[0] = l.publics;
    at[1] = l.commitments;
    at[2] = l.segments;
    at[3] = l.segments + l.task_bytes[0];
    at[4] = l.opening;
    at[5] = l.end;
}

/* All but the key's own: another witness follows. */
static void forget(fx *f)
{
    for (uint32_t t = 0; t < f->graph->st.tensors; t++)
        if (f->graph->st.tensor[t].vis != ZKG_FIXED)
            zkg_array_clear(&f->witness.array[t]);
    zkg_witness_refresh(&f->witness);
}

static void parts_of_two_proofs_are_no_proof(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        const cx_shape shape = {.copies = 1 + i, .private_y = i % 2 == 1};
        uint8_t *one = NULL, *other = NULL, *mixed;
        size_t len = 0, other_len = 0, at[PARTS + 1];
        fx f = {0};

        cx_init(&f, &shape, 5, 7);
        prove(&f, &one, &len);
        forget(&f);
        cx_witness(&f, 8);
        prove(&f, &other, &other_len);
        assert_int_equal(len, other_len);
        part_starts(at, &f);
        assert_int_equal(at[PARTS], len);
        mixed = malloc(len);
        assert_non_null(mixed);
        for (unsigned from = 1; from + 1 < 1u << PARTS; from++) {
            memcpy(mixed, one, len);
            for (unsigned k = 0; k < PARTS; k++)
                if (from >> k & 1)
                    memcpy(mixed + at[k], other + at[k], at[k + 1] - at[k]);
            assert_true(memcmp(mixed, one, len) == 0 ||
                        memcmp(mixed, other, len) == 0 ||
                        refused(&f, mixed, len));
        }
        /* Halfway through the task's segment, too. */
        for (size_t cut = at[2] + 32; cut < at[3]; cut += 32) {
            memcpy(mixed, one, cut);
            memcpy(mixed + cut, other + cut, len - cut);
            assert_true(refused(&f, mixed, len));
        }
        free(one);
        free(other);
        free(mixed);
        fx_clear(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_two_proofs_are_no_proof),
        cmocka_unit_test(any_byte_of_a_circuits_proof_counts),
        cmocka_unit_test(any_byte_of_a_graphs_proof_counts),
        cmocka_unit_test(bytes_of_a_convolutions_proof_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
