/* SPDX-License-Identifier: Apache-2.0
 * The batch opening on the ranks that mpirun gives: test_batch_ranks
 * [EXPECTED-RANKS].  Every rank holds the proof, which is the one that a rank
 * alone makes, and which is accepted.  A false claim is refused on every rank.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "check.h"
#include "pcs/batch.h"
#include "pcs/kzg.h"
#include "poly/array_mle.h"

/* The last array is in statements of chunks of 2^LARGE only: worth cutting,
 * into slices that some ranks have more of than others. */
enum { ARRAYS = 6, CLAIMS = 9, SMALL = 4, LARGE = 10 };

static const struct {
    zkg_dtype type;
    uint64_t len[2];
} shapes[ARRAYS] = {
    {ZKG_I8, {1, 1}},    {ZKG_I16, {3, 3}}, {ZKG_I32, {5, 700}},
    {ZKG_I8, {33, 150}}, {ZKG_U8, {2, 8}},  {ZKG_I8, {4096, 1000}},
};

static const size_t claim_array[CLAIMS] = {0, 1, 2, 3, 4, 2, 3, 1, 5};

typedef struct statement {
    uint32_t k;
    size_t arrays, claims;
    zkg_srs *srs;
    zkg_srs_key key;
    zkg_array array[ARRAYS];
    zkg_g1 *commitment[ARRAYS];
    zkg_fr point[CLAIMS][ZKG_MAX_VARS];
    zkg_open_claim claim[CLAIMS];
} statement;

static void make_array(zkg_array *a, size_t i)
{
    CHECK(zkg_array_init(a, shapes[i].type, 2, shapes[i].len, NULL) == ZKG_OK);
    /* many zeros in the last one, which is large */
    for (uint64_t j = 0; j < zkg_array_count(a); j += i == 5 ? 997 : 1)
        zkg_array_set_i64(a, j, (int64_t)((j * j * 31 + i) % 120));
}

static void make_statement(statement *s, zkg_pcs pcs, uint32_t k)
{
    zkg_fr tau;

    s->k = k;
    s->arrays = k == LARGE ? ARRAYS : ARRAYS - 1;
    s->claims = k == LARGE ? CLAIMS : CLAIMS - 1;

    zkg_fr_from_u64(&tau, 987654321);
    CHECK(zkg_srs_from_tau(&s->srs, k, &tau, NULL) == ZKG_OK);
    CHECK(zkg_srs_key_init(&s->key, s->srs, pcs, k, NULL) == ZKG_OK);
    for (size_t i = 0; i < s->arrays; i++) {
        zkg_array *a = &s->array[i];

        make_array(a, i);
        s->commitment[i] =
            calloc(zkg_kzg_chunks(zkg_array_vars(a), k), sizeof(zkg_g1));
        CHECK(s->commitment[i] != NULL);
        CHECK(zkg_kzg_commit(s->commitment[i], s->srs, k, a, 0) == ZKG_OK);
    }
    for (size_t j = 0; j < s->claims; j++) {
        /* some share a point; the last one's is its own */
        const uint64_t point = j + 1 == CLAIMS ? 3 : j % 3;
        zkg_open_claim *c = &s->claim[j];

        c->array = &s->array[claim_array[j]];
        c->commitment = s->commitment[claim_array[j]];
        c->vars = zkg_array_vars(c->array);
        c->chunks = zkg_kzg_chunks(c->vars, k);
        c->point = s->point[j];
        for (uint32_t t = 0; t < c->vars; t++) {
            zkg_fr_from_u64(&s->point[j][t], 1000 * point + t + 3);
            zkg_fr_inv(&s->point[j][t], &s->point[j][t]);
        }
        CHECK(zkg_array_mle(&c->value, c->array, c->point) == ZKG_OK);
    }
}

static void clear_statement(statement *s)
{
    for (size_t i = 0; i < s->arrays; i++) {
        zkg_array_clear(&s->array[i]);
        free(s->commitment[i]);
    }
    zkg_srs_free(s->srs);
}

static zkg_status open_on(zkg_tape *tape, const zkg_comm *comm,
                          const statement *s)
{
    zkg_tape_init_prove(tape);
    return zkg_batch_open(tape, comm, zkg_backend_ref(), s->srs, s->key.pcs,
                          s->k, s->claim, s->claims, NULL);
}

static void check_proof(const statement *s, const zkg_tape *proof)
{
    zkg_verdict verdict = {0};
    zkg_tape alone, tape;
    uint8_t digest[32];
    char text[65];

    CHECK(open_on(&alone, zkg_comm_self(), s) == ZKG_OK);
    CHECK(alone.len == proof->len &&
          memcmp(alone.buf, proof->buf, alone.len) == 0);
    zkg_tape_clear(&alone);
    zkg_tape_init_verify(&tape, proof->buf, proof->len);
    CHECK(zkg_batch_verify(&tape, &s->key, s->claim, s->claims, 0, &verdict) ==
          ZKG_OK);
    CHECK(zkg_tape_finish(&tape) == ZKG_OK);
    zkg_tape_clear(&tape);
    zkg_blake2b_256(digest, proof->buf, proof->len);
    zkg_digest_hex(text, digest);
    if (zkg_comm_rank(the_world) == 0)
        printf("%u ranks: %s\n", zkg_comm_size(the_world), text);
}

static void run(const zkg_comm *world, zkg_pcs pcs, uint32_t k)
{
    static statement s;
    zkg_tape tape;

    memset(&s, 0, sizeof(s));
    make_statement(&s, pcs, k);
    CHECK(open_on(&tape, world, &s) == ZKG_OK);
    check_proof(&s, &tape);
    zkg_tape_clear(&tape);
    zkg_fr_add(&s.claim[3].value, &s.claim[3].value, &zkg_fr_one);
    CHECK(open_on(&tape, world, &s) == ZKG_ERR_WITNESS);
    zkg_tape_clear(&tape);
    clear_statement(&s);
}

int main(int argc, char **argv)
{
    zkg_comm *world;

    if (zkg_comm_init(&world, &argc, &argv, NULL) != ZKG_OK)
        return 1;
    the_world = world;
    CHECK(argc < 2 || zkg_comm_size(world) == strtoul(argv[1], NULL, 10));
    run(world, ZKG_PCS_MERCURY, SMALL);
    run(world, ZKG_PCS_HYPERKZG, SMALL);
    run(world, ZKG_PCS_MERCURY, LARGE);
    zkg_comm_free(world);
    return 0;
}
