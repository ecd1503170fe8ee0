/* SPDX-License-Identifier: Apache-2.0 */
#include "pcs_fixture.h"

#include "comm/comm.h"
#include "pcs/batch.h"
#include "pcs/hyperkzg.h"
#include "poly/array_mle.h"

enum { POWER = 5, ARRAYS = 9, CLAIMS = 13 };

typedef struct shape {
    zkg_dtype type;
    uint32_t axes;
    uint64_t len[4];
} shape;

/* n = 0, n < k, n = k, n > k, odd lengths, several axes */
static const shape shapes[ARRAYS] = {
    {ZKG_I8, 1, {1}},    {ZKG_I16, 1, {3}},       {ZKG_I32, 1, {16}},
    {ZKG_I8, 2, {3, 6}}, {ZKG_U8, 1, {32}},       {ZKG_I8, 2, {5, 33}},
    {ZKG_FR, 2, {4, 2}}, {ZKG_I64, 3, {3, 2, 9}}, {ZKG_I8, 1, {200}},
};

/* which array a claim is on; some have several, at new or equal points */
static const size_t claim_array[CLAIMS] = {0, 1, 2, 3, 4, 5, 6,
                                           7, 8, 5, 4, 8, 2};

typedef struct fixture {
    zkg_srs *srs;
    zkg_srs_key key;
    uint32_t k;
    zkg_array array[ARRAYS];
    zkg_g1 *commitment[ARRAYS];
    zkg_fr point[CLAIMS][ZKG_MAX_VARS];
    zkg_open_claim claim[CLAIMS];
    size_t count;
    zkg_tape tape;
} fixture;

static void absorb(zkg_tape *tape, const fixture *f)
{
    for (size_t j = 0; j < f->count; j++) {
        zkg_tape_public_fr(tape, ZKG_TAG_CLAIM, f->claim[j].point,
                           f->claim[j].vars);
        zkg_tape_public_fr(tape, ZKG_TAG_CLAIM, &f->claim[j].value, 1);
    }
}

static zkg_status open_with(zkg_tape *tape, const fixture *f,
                            const zkg_backend *backend, const zkg_hooks *hooks)
{
    zkg_tape_init_prove(tape);
    absorb(tape, f);
    return zkg_batch_open(tape, zkg_comm_self(), backend, f->srs, f->key.pcs,
                          f->k, f->claim, f->count, hooks);
}

static void start(fixture *f, void *const *state, uint32_t k)
{
    zkg_fr tau;

    memset(f, 0, sizeof(*f));
    f->srs = fixture_srs(POWER, &tau);
    f->k = k;
    f->count = CLAIMS;
    assert_int_equal(
        zkg_srs_key_init(&f->key, f->srs, *(const zkg_pcs *)*state, k, NULL),
        ZKG_OK);
    for (size_t i = 0; i < ARRAYS; i++) {
        uint64_t chunks;

        fixture_array(&f->array[i], shapes[i].type, shapes[i].axes,
                      shapes[i].len, 50 + i);
        chunks = zkg_kzg_chunks(zkg_array_vars(&f->array[i]), k);
        f->commitment[i] = calloc(chunks, sizeof(zkg_g1));
        assert_non_null(f->commitment[i]);
        assert_int_equal(
            zkg_kzg_commit(f->commitment[i], f->srs, k, &f->array[i], 0),
            ZKG_OK);
    }
    for (size_t j = 0; j < CLAIMS; j++) {
        const size_t i = claim_array[j];
        zkg_open_claim *c = &f->claim[j];

        c->array = &f->array[i];
        c->commitment = f->commitment[i];
        c->vars = zkg_array_vars(c->array);
        c->chunks = zkg_kzg_chunks(c->vars, k);
        /* the lowest coordinates are those of claim 8 for some others */
        fixture_point(f->point[j], c->vars, j % 3 == 0 ? 8 : j);
        c->point = f->point[j];
        assert_int_equal(zkg_array_mle(&c->value, c->array, c->point), ZKG_OK);
    }
}

static void end(fixture *f)
{
    for (size_t i = 0; i < ARRAYS; i++) {
        zkg_array_clear(&f->array[i]);
        free(f->commitment[i]);
    }
    zkg_tape_clear(&f->tape);
    zkg_srs_free(f->srs);
}

static zkg_status verify(const fixture *f, const uint8_t *bytes, size_t len,
                         zkg_verdict *verdict)
{
    zkg_tape tape;
    zkg_status s;

    memset(verdict, 0, sizeof(*verdict));
    zkg_tape_init_verify(&tape, bytes, len);
    absorb(&tape, f);
    s = zkg_batch_verify(&tape, &f->key, f->claim, f->count, 0, verdict);
    if (s == ZKG_OK)
        s = zkg_tape_finish(&tape);
    zkg_tape_clear(&tape);
    return s;
}

static zkg_status verify_same(const fixture *f, zkg_verdict *verdict)
{
    return verify(f, f->tape.buf, f->tape.len, verdict);
}

static void prove(fixture *f, void *const *state, uint32_t k)
{
    start(f, state, k);
    assert_int_equal(open_with(&f->tape, f, zkg_backend_ref(), NULL), ZKG_OK);
}

/* Mercury sends no value that the verifier could compute: its values that do
 * not fit are not the polynomials'. */
static zkg_check value_check(const fixture *f)
{
    return f->key.pcs == ZKG_PCS_HYPERKZG ? ZKG_CHECK_BATCH : ZKG_CHECK_PAIRING;
}

static void mixed_claims_are_accepted(void **state)
{
    zkg_verdict v;
    fixture f;

    for (uint32_t k = 1; k <= POWER; k++) {
        prove(&f, state, k);
        assert_int_equal(f.tape.len, zkg_batch_bytes(f.key.pcs, k, CLAIMS));
        if (verify_same(&f, &v) != ZKG_OK)
            fail_msg("k = %u: %s", k, v.text);
        end(&f);
    }
}

/* Parts of more variables than one sum of products takes at once, and of one
 * less. */
static void parts_of_many_variables(void **state)
{
    enum { K = 12, PARTS = 3 };
    static const uint64_t len[2] = {3, 1500};
    zkg_tape tape;
    zkg_verdict verdict;
    zkg_fr tau;
    fixture f;

    memset(&f, 0, sizeof(f));
    f.srs = fixture_srs(K, &tau);
    f.k = K;
    f.count = PARTS;
    assert_int_equal(
        zkg_srs_key_init(&f.key, f.srs, *(const zkg_pcs *)*state, K, NULL),
        ZKG_OK);
    fixture_array(&f.array[0], ZKG_I8, 2, len, 60);
    fixture_array(&f.array[1], ZKG_I16, 1, len + 1, 61);
    for (size_t j = 0; j < PARTS; j++) {
        zkg_open_claim *c = &f.claim[j];
        const size_t i = j % 2;

        c->array = &f.array[i];
        c->vars = zkg_array_vars(c->array);
        c->chunks = zkg_kzg_chunks(c->vars, K);
        if (j < 2) {
            f.commitment[i] = calloc(c->chunks, sizeof(zkg_g1));
            assert_non_null(f.commitment[i]);
            assert_int_equal(
                zkg_kzg_commit(f.commitment[i], f.srs, K, c->array, 0), ZKG_OK);
        }
        c->commitment = f.commitment[i];
        fixture_point(f.point[j], c->vars, 70 + j);
        c->point = f.point[j];
        assert_int_equal(zkg_array_mle(&c->value, c->array, c->point), ZKG_OK);
    }
    assert_int_equal(open_with(&f.tape, &f, zkg_backend_ref(), NULL), ZKG_OK);
    assert_int_equal(verify_same(&f, &verdict), ZKG_OK);
    assert_int_equal(open_with(&tape, &f, zkg_backend_get(UINT32_MAX), NULL),
                     ZKG_OK);
    assert_int_equal(tape.len, f.tape.len);
    assert_memory_equal(tape.buf, f.tape.buf, tape.len);
    zkg_tape_clear(&tape);
    end(&f);
}

static void each_claim_alone_is_accepted(void **state)
{
    zkg_verdict v;
    fixture f;

    for (size_t j = 0; j < CLAIMS; j++) {
        start(&f, state, 3);
        f.claim[0] = f.claim[j];
        f.count = 1;
        assert_int_equal(open_with(&f.tape, &f, zkg_backend_ref(), NULL),
                         ZKG_OK);
        assert_int_equal(verify_same(&f, &v), ZKG_OK);
        end(&f);
    }
}

static void no_claims_are_no_messages(void **state)
{
    zkg_verdict v;
    fixture f;

    start(&f, state, 3);
    f.count = 0;
    assert_int_equal(open_with(&f.tape, &f, zkg_backend_ref(), NULL), ZKG_OK);
    assert_int_equal(f.tape.len, 0);
    assert_int_equal(zkg_batch_bytes(f.key.pcs, 3, 0), 0);
    assert_int_equal(verify_same(&f, &v), ZKG_OK);
    end(&f);
}

static void the_backend_changes_no_byte(void **state)
{
    zkg_tape tape;
    fixture f;

    prove(&f, state, 4);
    assert_int_equal(open_with(&tape, &f, zkg_backend_get(UINT32_MAX), NULL),
                     ZKG_OK);
    assert_int_equal(tape.len, f.tape.len);
    assert_memory_equal(tape.buf, f.tape.buf, tape.len);
    zkg_tape_clear(&tape);
    end(&f);
}

static void false_claims_are_refused(void **state)
{
    zkg_tape tape;
    zkg_verdict v;
    fixture f;

    prove(&f, state, 3);
    for (size_t j = 0; j < CLAIMS; j++) {
        const zkg_fr keep = f.claim[j].value;

        zkg_fr_add(&f.claim[j].value, &keep, &zkg_fr_one);
        assert_int_equal(open_with(&tape, &f, zkg_backend_ref(), NULL),
                         ZKG_ERR_WITNESS);
        zkg_tape_clear(&tape);
        assert_int_equal(verify_same(&f, &v), ZKG_ERR_REJECT);
        assert_int_equal(v.check, value_check(&f));
        f.claim[j].value = keep;
        for (uint32_t t = 0; t < f.claim[j].vars; t++) {
            const zkg_fr coordinate = f.point[j][t];

            zkg_fr_add(&f.point[j][t], &coordinate, &zkg_fr_one);
            assert_int_equal(verify_same(&f, &v), ZKG_ERR_REJECT);
            f.point[j][t] = coordinate;
        }
    }
    assert_int_equal(verify_same(&f, &v), ZKG_OK);
    end(&f);
}

/* The claims as they are, but commitments in other places. */
static void swapped_commitments_are_refused(void **state)
{
    zkg_verdict v;
    zkg_g1 keep;
    fixture f;

    prove(&f, state, 3);
    keep = f.commitment[5][1];
    f.commitment[5][1] = f.commitment[5][2];
    f.commitment[5][2] = keep;
    assert_int_equal(verify_same(&f, &v), ZKG_ERR_REJECT);
    assert_int_equal(v.check, ZKG_CHECK_PAIRING);
    f.commitment[5][2] = f.commitment[5][1];
    f.commitment[5][1] = keep;
    assert_int_equal(verify_same(&f, &v), ZKG_OK);
    f.claim[1].commitment = f.commitment[0];
    f.claim[0].commitment = f.commitment[1];
    assert_int_equal(verify_same(&f, &v), ZKG_ERR_REJECT);
    assert_int_equal(v.check, ZKG_CHECK_PAIRING);
    end(&f);
}

static void dropped_or_reordered_claims_are_refused(void **state)
{
    zkg_open_claim keep;
    zkg_verdict v;
    fixture f;

    prove(&f, state, 3);
    f.count--;
    assert_int_equal(verify_same(&f, &v), ZKG_ERR_REJECT);
    f.count++;
    keep = f.claim[3];
    f.claim[3] = f.claim[4];
    f.claim[4] = keep;
    assert_int_equal(verify_same(&f, &v), ZKG_ERR_REJECT);
    end(&f);
}

static void flipped_bytes_are_refused(void **state)
{
    zkg_verdict v;
    fixture f;

    prove(&f, state, 2);
    for (size_t i = 0; i < f.tape.len; i++) {
        const uint8_t keep = f.tape.buf[i];
        zkg_status s;

        f.tape.buf[i] ^= (uint8_t)(1u << (i % 8));
        s = verify_same(&f, &v);
        assert_true(s == ZKG_ERR_REJECT || s == ZKG_ERR_MALFORMED);
        assert_int_not_equal(v.check, ZKG_CHECK_NONE);
        f.tape.buf[i] = keep;
    }
    for (size_t len = 0; len < f.tape.len; len += 32)
        assert_int_equal(verify(&f, f.tape.buf, len, &v), ZKG_ERR_MALFORMED);
    assert_int_equal(verify_same(&f, &v), ZKG_OK);
    end(&f);
}

static void shapes_that_do_not_fit_are_invalid(void **state)
{
    zkg_tape tape;
    zkg_verdict v;
    fixture f;

    prove(&f, state, 3);
    f.claim[5].chunks++;
    assert_int_equal(open_with(&tape, &f, zkg_backend_ref(), NULL),
                     ZKG_ERR_INVALID);
    zkg_tape_clear(&tape);
    assert_int_equal(verify_same(&f, &v), ZKG_ERR_INVALID);
    f.claim[5].chunks--;
    f.k = POWER + 1;
    assert_int_equal(open_with(&tape, &f, zkg_backend_ref(), NULL),
                     ZKG_ERR_INVALID);
    zkg_tape_clear(&tape);
    end(&f);
}

/* Garbage in padding is part of what is committed, and of the claim. */
static void garbage_in_the_padding_is_opened(void **state)
{
    const uint64_t len[2] = {3, 5};
    zkg_verdict v;
    fixture f;

    start(&f, state, 2);
    zkg_array_clear(&f.array[0]);
    fixture_array(&f.array[0], ZKG_I16, 2, (const uint64_t[]){4, 8}, 77);
    memcpy(f.array[0].len, len, sizeof(len));
    free(f.commitment[0]);
    f.commitment[0] = calloc(8, sizeof(zkg_g1));
    assert_int_equal(zkg_kzg_commit(f.commitment[0], f.srs, 2, &f.array[0], 0),
                     ZKG_OK);
    f.claim[0].commitment = f.commitment[0];
    f.claim[0].vars = 5;
    f.claim[0].chunks = 8;
    fixture_point(f.point[0], 5, 3);
    assert_int_equal(zkg_array_mle(&f.claim[0].value, &f.array[0], f.point[0]),
                     ZKG_OK);
    assert_int_equal(open_with(&f.tape, &f, zkg_backend_ref(), NULL), ZKG_OK);
    assert_int_equal(verify_same(&f, &v), ZKG_OK);
    end(&f);
}

static void a_cheating_prover_is_named(void **state)
{
#ifdef ZKG_TEST_HOOKS
    zkg_hooks hooks = {.cheat = ZKG_CHEAT_WRONG_BATCH_VALUE, .task = -1};
    zkg_verdict v;
    fixture f;

    start(&f, state, 3);
    assert_int_equal(open_with(&f.tape, &f, zkg_backend_ref(), &hooks), ZKG_OK);
    assert_int_equal(verify_same(&f, &v), ZKG_ERR_REJECT);
    assert_int_equal(v.check, value_check(&f));
    zkg_tape_clear(&f.tape);
    hooks.cheat = ZKG_CHEAT_WRONG_OPENING;
    assert_int_equal(open_with(&f.tape, &f, zkg_backend_ref(), &hooks), ZKG_OK);
    assert_int_equal(verify_same(&f, &v), ZKG_ERR_REJECT);
    assert_int_equal(v.check, ZKG_CHECK_PAIRING);
    end(&f);
#else
    (void)state;
    skip();
#endif
}

#define BOTH(f)                                                                \
    {#f " (mercury)", f, NULL, NULL, &mercury},                                \
    {                                                                          \
#f " (hyperkzg)", f, NULL, NULL, &hyperkzg                             \
    }

int main(void)
{
    zkg_pcs mercury = ZKG_PCS_MERCURY, hyperkzg = ZKG_PCS_HYPERKZG;
    const struct CMUnitTest tests[] = {
        BOTH(mixed_claims_are_accepted),
        BOTH(parts_of_many_variables),
        BOTH(each_claim_alone_is_accepted),
        BOTH(no_claims_are_no_messages),
        BOTH(the_backend_changes_no_byte),
        BOTH(false_claims_are_refused),
        BOTH(swapped_commitments_are_refused),
        BOTH(dropped_or_reordered_claims_are_refused),
        BOTH(flipped_bytes_are_refused),
        BOTH(shapes_that_do_not_fit_are_invalid),
        BOTH(garbage_in_the_padding_is_opened),
        BOTH(a_cheating_prover_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
