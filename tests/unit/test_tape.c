/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "tape/tape.h"

#define ELEMENTS 3
#define POINTS 2
#define PROOF_BYTES (32 * (ELEMENTS + POINTS))

/* A small protocol with every kind of item, the same code for both sides. */
static zkg_status wire(zkg_tape *tape, zkg_fr *v, zkg_g1 *p, zkg_fr *challenge)
{
    zkg_tape_public(tape, ZKG_TAG_TEST, "statement", 9);
    zkg_tape_public_u64(tape, ZKG_TAG_TEST, 7);
    ZKG_TRY(zkg_tape_fr(tape, ZKG_TAG_TEST, v, ELEMENTS));
    zkg_tape_challenge(tape, ZKG_TAG_TEST, challenge, 1);
    ZKG_TRY(zkg_tape_g1(tape, ZKG_TAG_TEST, p, POINTS));
    zkg_tape_challenge(tape, ZKG_TAG_TEST, challenge + 1, 2);
    return zkg_tape_finish(tape);
}

typedef struct proof {
    zkg_tape tape;
    zkg_fr v[ELEMENTS], challenge[3];
    zkg_g1 p[POINTS];
} proof;

static void make(proof *out)
{
    memset(out, 0, sizeof(*out));
    zkg_tape_init_prove(&out->tape);
    for (int i = 0; i < ELEMENTS; i++)
        zkg_fr_from_i64(&out->v[i], i - 1);
    out->p[0] = zkg_g1_generator;
    out->p[1] = zkg_g1_infinity;
    assert_int_equal(wire(&out->tape, out->v, out->p, out->challenge), ZKG_OK);
    assert_int_equal(out->tape.len, PROOF_BYTES);
}

static zkg_status check(const uint8_t *bytes, size_t len, proof *out)
{
    memset(out, 0, sizeof(*out));
    zkg_tape_init_verify(&out->tape, bytes, len);
    return wire(&out->tape, out->v, out->p, out->challenge);
}

static void a_verifier_reads_what_was_sent(void **state)
{
    proof sent, read;

    (void)state;
    make(&sent);
    assert_int_equal(check(sent.tape.buf, sent.tape.len, &read), ZKG_OK);
    assert_memory_equal(sent.v, read.v, sizeof(read.v));
    assert_memory_equal(sent.p, read.p, sizeof(read.p));
    assert_memory_equal(sent.challenge, read.challenge, sizeof(read.challenge));
    assert_memory_equal(sent.tape.state, read.tape.state, 64);
    zkg_tape_clear(&sent.tape);
}

static void every_flipped_bit_is_seen(void **state)
{
    uint8_t bytes[PROOF_BYTES];
    proof sent, read;

    (void)state;
    make(&sent);
    for (size_t bit = 0; bit < 8 * sizeof(bytes); bit++) {
        zkg_status s;

        memcpy(bytes, sent.tape.buf, sizeof(bytes));
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        s = check(bytes, sizeof(bytes), &read);
        assert_true(s == ZKG_OK || s == ZKG_ERR_MALFORMED);
        if (s == ZKG_OK)
            assert_memory_not_equal(&read.challenge[1], &sent.challenge[1], 32);
        if (s == ZKG_OK && bit < 8 * 32 * ELEMENTS)
            assert_memory_not_equal(&read.challenge[0], &sent.challenge[0], 32);
    }
    zkg_tape_clear(&sent.tape);
}

static void only_the_exact_length_will_do(void **state)
{
    uint8_t bytes[PROOF_BYTES + 1] = {0};
    proof sent, read;

    (void)state;
    make(&sent);
    memcpy(bytes, sent.tape.buf, PROOF_BYTES);
    for (size_t len = 0; len < sizeof(bytes); len++)
        assert_int_equal(check(bytes, len, &read),
                         len == PROOF_BYTES ? ZKG_OK : ZKG_ERR_MALFORMED);
    assert_int_equal(check(bytes, sizeof(bytes), &read), ZKG_ERR_MALFORMED);
    zkg_tape_clear(&sent.tape);
}

static void elements_not_reduced_are_refused(void **state)
{
    zkg_fr minus_one, v;
    uint8_t bytes[32];
    zkg_tape tape;

    (void)state;
    zkg_fr_from_i64(&minus_one, -1);
    zkg_fr_to_bytes(bytes, &minus_one);
    zkg_tape_init_verify(&tape, bytes, 32);
    assert_int_equal(zkg_tape_fr(&tape, ZKG_TAG_TEST, &v, 1), ZKG_OK);
    assert_true(zkg_fr_equal(&v, &minus_one));
    bytes[0]++; /* p */
    zkg_tape_init_verify(&tape, bytes, 32);
    assert_int_equal(zkg_tape_fr(&tape, ZKG_TAG_TEST, &v, 1),
                     ZKG_ERR_MALFORMED);
    memset(bytes, 0xff, 32);
    zkg_tape_init_verify(&tape, bytes, 32);
    assert_int_equal(zkg_tape_fr(&tape, ZKG_TAG_TEST, &v, 1),
                     ZKG_ERR_MALFORMED);
}

static void points_off_the_curve_are_refused(void **state)
{
    uint8_t bytes[32] = {0};
    zkg_tape tape;
    zkg_g1 p;
    int refused = 0;

    (void)state;
    for (uint8_t x = 0; x < 32; x++) {
        bytes[0] = x;
        zkg_tape_init_verify(&tape, bytes, 32);
        refused += zkg_tape_g1(&tape, ZKG_TAG_TEST, &p, 1) != ZKG_OK;
    }
    assert_in_range(refused, 8, 24);
    memset(bytes, 0, 32);
    bytes[31] = 0x40; /* infinity */
    zkg_tape_init_verify(&tape, bytes, 32);
    assert_int_equal(zkg_tape_g1(&tape, ZKG_TAG_TEST, &p, 1), ZKG_OK);
    bytes[3] = 1;
    zkg_tape_init_verify(&tape, bytes, 32);
    assert_int_equal(zkg_tape_g1(&tape, ZKG_TAG_TEST, &p, 1),
                     ZKG_ERR_MALFORMED);
}

static void items_are_kept_apart(void **state)
{
    zkg_tape a, b;

    (void)state;
    zkg_tape_init_prove(&a);
    zkg_tape_init_prove(&b);
    zkg_tape_public(&a, ZKG_TAG_TEST, "ab", 2);
    zkg_tape_public(&b, ZKG_TAG_TEST, "a", 1);
    zkg_tape_public(&b, ZKG_TAG_TEST, "b", 1);
    assert_memory_not_equal(a.state, b.state, 64);

    zkg_tape_init_prove(&a);
    zkg_tape_init_prove(&b);
    zkg_tape_public(&a, ZKG_TAG_TEST, "", 0);
    zkg_tape_public(&b, ZKG_TAG_ROUND, "", 0);
    assert_memory_not_equal(a.state, b.state, 64);

    zkg_tape_init_prove(&a);
    zkg_tape_init_prove(&b);
    zkg_tape_public_zeros(&a, ZKG_TAG_TEST, 5000);
    zkg_tape_public_zeros(&b, ZKG_TAG_TEST, 5001);
    assert_memory_not_equal(a.state, b.state, 64);
}

/* What one tape absorbed another goes on from. */
static void a_tape_goes_on_elsewhere(void **state)
{
    uint8_t at[64];
    zkg_tape a, b;

    (void)state;
    zkg_tape_init_prove(&a);
    zkg_tape_public(&a, ZKG_TAG_TEST, "ab", 2);
    zkg_tape_state(&a, at);
    zkg_tape_init_prove_at(&b, at);
    assert_true(zkg_tape_is_proving(&b));
    for (int i = 0; i < 2; i++) {
        zkg_tape *tape = i == 0 ? &a : &b;
        zkg_fr message = zkg_fr_one;

        assert_int_equal(zkg_tape_fr(tape, ZKG_TAG_TEST, &message, 1), ZKG_OK);
        assert_int_equal(tape->len, 32);
    }
    assert_memory_equal(a.state, b.state, 64);
    zkg_tape_clear(&a);
    zkg_tape_clear(&b);
}

static void children_are_kept_apart(void **state)
{
    uint8_t seed[64] = {1}, other[64] = {2};
    zkg_tape a, b;

    (void)state;
    zkg_tape_init_child(&a, seed, "task", 3, NULL, 0);
    zkg_tape_init_child(&b, seed, "task", 3, (const uint8_t *)"", 0);
    assert_true(zkg_tape_is_proving(&a));
    assert_false(zkg_tape_is_proving(&b));
    assert_memory_equal(a.state, b.state, 64);
    zkg_tape_init_child(&b, seed, "table", 3, NULL, 0);
    assert_memory_not_equal(a.state, b.state, 64);
    zkg_tape_init_child(&b, seed, "task", 4, NULL, 0);
    assert_memory_not_equal(a.state, b.state, 64);
    zkg_tape_init_child(&b, other, "task", 3, NULL, 0);
    assert_memory_not_equal(a.state, b.state, 64);
}

/* The hash as docs/protocol.md 2 says it, put together by hand. */
static void the_hash_is_the_documented_one(void **state)
{
    uint8_t in[64 + 9 + 3] = {0}, wide[64], mine[64], next[64];
    zkg_fr drawn, expected;
    zkg_tape tape;

    (void)state;
    zkg_tape_init_prove(&tape);
    zkg_tape_public(&tape, ZKG_TAG_TEST, "abc", 3);
    in[64] = ZKG_TAG_TEST;
    in[65] = 3;
    memcpy(in + 73, "abc", 3);
    zkg_blake2b_512(mine, in, sizeof(in));
    assert_memory_equal(mine, tape.state, 64);

    memcpy(in, mine, 64);
    in[64] = 'C';
    zkg_blake2b_512(wide, in, 65);
    zkg_fr_from_wide_bytes(&expected, wide);
    zkg_tape_challenge(&tape, ZKG_TAG_TEST, &drawn, 1);
    assert_true(zkg_fr_equal(&expected, &drawn));
    in[64] = 'R';
    zkg_blake2b_512(mine, in, 65);
    assert_memory_equal(mine, tape.state, 64);

    memcpy(in, mine, 64);
    zkg_blake2b_512(next, in, 65);
    zkg_tape_ratchet(&tape, 1);
    zkg_tape_state(&tape, mine);
    assert_memory_equal(mine, next, 64);
}

static void a_long_proof_grows(void **state)
{
    zkg_tape tape, verify;
    zkg_fr v;

    (void)state;
    zkg_tape_init_prove(&tape);
    for (uint64_t i = 0; i < 1000; i++) {
        zkg_fr_from_u64(&v, i);
        assert_int_equal(zkg_tape_fr(&tape, ZKG_TAG_TEST, &v, 1), ZKG_OK);
    }
    assert_int_equal(tape.len, 32000);
    zkg_tape_init_verify(&verify, tape.buf, tape.len);
    for (uint64_t i = 0; i < 1000; i++) {
        int64_t read = -1;

        assert_int_equal(zkg_tape_fr(&verify, ZKG_TAG_TEST, &v, 1), ZKG_OK);
        assert_true(zkg_fr_to_i64(&read, &v));
        assert_int_equal(read, i);
    }
    assert_int_equal(zkg_tape_finish(&verify), ZKG_OK);
    assert_int_equal(zkg_tape_fr(&verify, ZKG_TAG_TEST, &v, 1),
                     ZKG_ERR_MALFORMED);
    zkg_tape_clear(&tape);
}

/* What a sizing tape counts is what a proving one sends. */
static void sizing_counts_what_is_sent(void **state)
{
    zkg_tape tape[2];
    zkg_fr c[2][4], v[3] = {zkg_fr_one, zkg_fr_one, zkg_fr_one};
    zkg_g1 p[2] = {zkg_g1_generator, zkg_g1_generator};

    (void)state;
    zkg_tape_init_prove(&tape[0]);
    zkg_tape_init_sizing(&tape[1]);
    for (int i = 0; i < 2; i++) {
        zkg_tape_public_fr(&tape[i], ZKG_TAG_CLAIM, v, 3);
        zkg_tape_public_zeros(&tape[i], ZKG_TAG_PADDING, 7);
        assert_int_equal(zkg_tape_fr(&tape[i], ZKG_TAG_ROUND, v, 3), ZKG_OK);
        zkg_tape_challenge(&tape[i], ZKG_TAG_ALPHA, c[i], 3);
        assert_int_equal(zkg_tape_g1(&tape[i], ZKG_TAG_COMMIT, p, 2), ZKG_OK);
        zkg_tape_challenge(&tape[i], ZKG_TAG_BETA, &c[i][3], 1);
    }
    assert_int_equal(tape[1].pos, tape[0].len);
    for (int i = 0; i < 3; i++)
        assert_true(zkg_fr_is_zero(&v[i]));
    assert_true(zkg_g1_is_infinity(&p[0]) && zkg_g1_is_infinity(&p[1]));
    for (int i = 0; i < 4; i++) {
        assert_false(zkg_fr_is_zero(&c[1][i]));
        assert_false(zkg_fr_equal(&c[1][i], &zkg_fr_one));
        for (int j = 0; j < i; j++)
            assert_false(zkg_fr_equal(&c[1][i], &c[1][j]));
    }
    zkg_tape_clear(&tape[0]);
    zkg_tape_clear(&tape[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_verifier_reads_what_was_sent),
        cmocka_unit_test(every_flipped_bit_is_seen),
        cmocka_unit_test(only_the_exact_length_will_do),
        cmocka_unit_test(elements_not_reduced_are_refused),
        cmocka_unit_test(points_off_the_curve_are_refused),
        cmocka_unit_test(items_are_kept_apart),
        cmocka_unit_test(a_tape_goes_on_elsewhere),
        cmocka_unit_test(children_are_kept_apart),
        cmocka_unit_test(the_hash_is_the_documented_one),
        cmocka_unit_test(a_long_proof_grows),
        cmocka_unit_test(sizing_counts_what_is_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
