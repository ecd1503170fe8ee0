/* SPDX-License-Identifier: Apache-2.0
 * Collectives, subgroups, tokens and a shared-out sumcheck on the ranks that
 * mpirun gives: test_comm_ranks [EXPECTED-RANKS].  Prints the digest of the
 * sumcheck's proof, which must not depend on the number of ranks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "check.h"
#include "sumcheck/prove.h"

static int64_t value_of(const zkg_fr *v)
{
    int64_t out = INT64_MIN;

    (void)zkg_fr_to_i64(&out, v);
    return out;
}

static void check_collectives(const zkg_comm *c)
{
    enum { N = 1000 };
    const uint32_t rank = zkg_comm_rank(c), size = zkg_comm_size(c);
    zkg_fr *v = malloc(N * sizeof(*v));
    uint64_t *first = calloc(size + 1, sizeof(*first));
    uint8_t *all, mine[64];
    size_t *lens, at = 0;
    int64_t sum_of_ranks = (int64_t)size * (size - 1) / 2;

    CHECK(v != NULL && first != NULL);
    for (int64_t i = 0; i < N; i++)
        zkg_fr_from_i64(&v[i], (i % 3 ? i : -i) * (rank + 1));
    CHECK(zkg_comm_sum_fr(c, v, N) == ZKG_OK);
    for (int64_t i = 0; i < N; i++)
        CHECK(value_of(&v[i]) == (i % 3 ? i : -i) * (sum_of_ranks + size));

    for (uint32_t root = 0; root < size; root++) {
        memset(mine, (int)root + (rank == root), sizeof(mine));
        CHECK(zkg_comm_broadcast(c, mine, sizeof(mine), root) == ZKG_OK);
        CHECK(mine[63] == root + 1);
    }

    /* shares of 4 are more than a chunk, those of r are not */
    for (int wide = 1; wide >= 0; wide--) {
        for (uint32_t r = 0; r < size; r++)
            first[r + 1] = first[r] + (wide ? 4 : r);
        for (uint64_t i = 0; i < first[size]; i++)
            zkg_fr_from_i64(&v[i], ((int64_t)i - 3) * (rank + 1));
        CHECK(zkg_comm_scatter_sum_fr(c, v, first) == ZKG_OK);
        for (uint64_t i = first[rank]; i < first[rank + 1]; i++)
            CHECK(value_of(&v[i]) == ((int64_t)i - 3) * (sum_of_ranks + size));
    }
    /* rank r brings r elements, so rank 0 none */
    for (uint64_t i = first[rank]; i < first[rank + 1]; i++)
        zkg_fr_from_u64(&v[i], 100 + i);
    CHECK(zkg_comm_allgather_fr(c, v, first) == ZKG_OK);
    for (uint64_t i = 0; i < first[size]; i++)
        CHECK(value_of(&v[i]) == (int64_t)(100 + i));

    memset(mine, (int)rank, sizeof(mine));
    for (uint32_t root = 0; root <= size; root++) {
        const bool to_all = root == size;

        if (to_all)
            CHECK(zkg_comm_allgather_bytes(c, mine, rank % 64, &all, &lens) ==
                  ZKG_OK);
        else
            CHECK(zkg_comm_gather_bytes(c, mine, rank % 64, &all, &lens,
                                        root) == ZKG_OK);
        CHECK((all != NULL) == (to_all || root == rank));
        at = 0;
        for (uint32_t r = 0; all != NULL && r < size; r++) {
            CHECK(lens[r] == r % 64);
            for (size_t i = 0; i < lens[r]; i++)
                CHECK(all[at++] == r);
        }
        free(all);
        free(lens);
    }
    free(v);
    free(first);
}

/* Groups of ranks that overlap, made and freed while others are alive. */
static void check_subgroups(zkg_comm *world)
{
    const uint32_t rank = zkg_comm_rank(world), size = zkg_comm_size(world);
    uint32_t *list = malloc(size * sizeof(*list));
    uint64_t made, freed;

    CHECK(list != NULL);
    for (uint32_t tag = 0; tag < 3; tag++) {
        for (uint32_t from = 0; from < size; from++) {
            const uint32_t n = size - from;
            zkg_comm *group;

            if (rank < from)
                continue;
            for (uint32_t i = 0; i < n; i++)
                list[i] = tag % 2 ? size - 1 - i : from + i;
            CHECK(zkg_comm_subgroup(&group, world, list, n, tag) == ZKG_OK);
            CHECK(zkg_comm_size(group) == n);
            CHECK(list[zkg_comm_rank(group)] == rank);
            check_collectives(group);
            zkg_comm_free(group);
        }
    }
    zkg_comm_counts(world, &made, &freed);
    CHECK(made == freed + 1);
    CHECK(made == 1 + 3 * (rank + 1));
    free(list);
}

static void check_tokens(zkg_comm *world)
{
    const uint32_t rank = zkg_comm_rank(world), size = zkg_comm_size(world);
    uint64_t sum = 0, value = 0;

    for (uint32_t round = 0; round < 50; round++) {
        for (uint32_t dest = 0; dest < size; dest++)
            CHECK(zkg_comm_send_token(world, dest, rank + 1) == ZKG_OK);
    }
    for (uint32_t i = 0; i < 50 * size; i++) {
        CHECK(zkg_comm_recv_token(world, &value) == ZKG_OK);
        sum += value;
    }
    CHECK(sum == 50 * (uint64_t)size * (size + 1) / 2);
    /* once all have theirs */
    CHECK(zkg_comm_min_u64(world, &value) == ZKG_OK);
    CHECK(zkg_comm_send_token(world, (rank + 1) % size, 9) == ZKG_OK);
    CHECK(zkg_comm_recv_token(world, &value) == ZKG_OK && value == 9);
}

/* entry i of table k of part j, the same everywhere */
/* Every rank but 0 sends it parcels of many lengths, also none, while rank 0
 * has not asked; they come in order and whole. */
static void check_parcels(zkg_comm *world)
{
    static const size_t lens[] = {1, 0, 4, 5, 6, 1000, 100000};
    enum { PARCELS = sizeof(lens) / sizeof(lens[0]) };
    const uint32_t rank = zkg_comm_rank(world), size = zkg_comm_size(world);
    const atomic_uint *pulse = zkg_comm_pulse(world);
    const unsigned before = pulse == NULL ? 0 : *pulse;
    size_t *next = calloc(size, sizeof(*next));
    uint8_t *got = malloc(100000);
    uint32_t source = 0;
    bool found = true;

    CHECK(next != NULL && got != NULL && before % 2 == 0);
    for (size_t i = 0; rank != 0 && i < PARCELS; i++) {
        uint8_t *bytes = malloc(lens[i] + 1);

        CHECK(bytes != NULL);
        memset(bytes, (int)(rank + i), lens[i]);
        CHECK(zkg_comm_send_parcel(world, 0, bytes, lens[i]) == ZKG_OK);
    }
    for (size_t left = (size - 1) * PARCELS; rank == 0 && left > 0; left--) {
        CHECK(zkg_comm_next_parcel(world, &found, &source, true) == ZKG_OK);
        CHECK(found && source > 0 && next[source] < PARCELS);
        CHECK(zkg_comm_recv_parcel(world, source, got, lens[next[source]]) ==
              ZKG_OK);
        for (size_t i = 0; i < lens[next[source]]; i++)
            CHECK(got[i] == source + next[source]);
        next[source]++;
    }
    CHECK(zkg_comm_flush_parcels(world) == ZKG_OK);
    CHECK(zkg_comm_next_parcel(world, &found, &source, false) == ZKG_OK);
    CHECK(!found);
    CHECK(size == 1 || (*pulse != before && *pulse % 2 == 0));
    CHECK(zkg_comm_send_parcel(world, rank, malloc(1), 1) == ZKG_ERR_INVALID);
    free(next);
    free(got);
}

static void check_min(const zkg_comm *c)
{
    const uint32_t rank = zkg_comm_rank(c), size = zkg_comm_size(c);

    static const uint64_t values[] = {0, 190, INT64_MAX,
                                      (uint64_t)INT64_MAX + 1, UINT64_MAX - 1};

    for (uint32_t i = 0; i < 5 * size; i++) {
        const uint64_t least = values[i % 5];
        uint64_t v = rank == i / 5 ? least : UINT64_MAX;

        CHECK(zkg_comm_min_u64(c, &v) == ZKG_OK && v == least);
    }
}

static void entry(zkg_fr *out, uint32_t j, uint32_t k, uint64_t i)
{
    zkg_fr_from_i64(out, (int64_t)(i * i * 7919 + 31 * k + 7 * j) - 1000000);
    zkg_fr_mul(out, out, out);
}

/* f at entry i of part j's tables. */
static void summand(zkg_fr *out, const zkg_part *p, uint32_t j, uint64_t i)
{
    zkg_fr f[4];

    for (uint32_t k = 0; k < 4; k++)
        entry(&f[k], j, k, i);
    if (p->kind == ZKG_FORM_PRODUCT) {
        zkg_fr_mul(out, &f[0], &f[1]);
        return;
    }
    zkg_fr_mul(out, &p->lambda, &f[2]);
    zkg_fr_add(out, out, &f[0]);
    zkg_fr_mul(out, out, &f[3]);
    zkg_fr_mul(&f[1], &f[1], &f[2]);
    zkg_fr_add(out, out, &f[1]);
}

/* The fraction layer of three trees, or three products, the larger ones in
 * slices. */
static void check_sumcheck(const zkg_comm *c, zkg_form_kind kind, bool eq,
                           const zkg_backend *b, uint8_t digest[32])
{
    const uint32_t arity = zkg_form_arity(kind);
    static const uint32_t vars[] = {10, 8, 3};
    zkg_part part[3] = {{0}};
    zkg_form form = {.parts = part, .part_count = 3};
    zkg_fr u[10], point[10], claim = zkg_fr_zero, end;
    zkg_tape tape;

    form.shape =
        (zkg_sumcheck_shape){.vars = 10, .eq_from = eq ? 0 : 10, .eq_point = u};
    memset(form.shape.degree, 2, 10);
    for (uint32_t t = 0; t < 10; t++)
        zkg_fr_from_u64(&u[t], 1000 + t);
    for (uint32_t j = 0; j < 3; j++) {
        zkg_part *p = &part[j];
        uint64_t len;

        p->kind = kind;
        p->vars = vars[j];
        zkg_fr_from_u64(&p->coeff, 17 + j);
        zkg_fr_from_u64(&p->lambda, 29);
        p->slice_bits = zkg_slices(p->vars, zkg_comm_size(c));
        zkg_slices_of(&p->first, &p->count, p->slice_bits, zkg_comm_rank(c),
                      zkg_comm_size(c));
        p->tables = calloc(arity * (size_t)p->count + 1, sizeof(zkg_table));
        CHECK(p->tables != NULL);
        len = UINT64_C(1) << (p->vars - p->slice_bits);
        for (uint32_t k = 0; k < arity * p->count; k++) {
            zkg_table *t = &p->tables[k];

            CHECK(zkg_table_new(b, t, p->vars - p->slice_bits) == ZKG_OK);
            for (uint64_t i = 0; i < len; i++) {
                zkg_fr v;

                entry(&v, j, k % arity, (p->first + k / arity) * len + i);
                CHECK(b->table_import(t, i, &v, ZKG_FR, 1) == ZKG_OK);
            }
        }
        /* its share of the claim, from whole tables */
        for (uint64_t i = 0; i < UINT64_C(1) << p->vars; i++) {
            zkg_fr e, v;

            summand(&v, p, j, i);
            /* without eq, for all values of the variables it does not have */
            zkg_fr_from_u64(&e, UINT64_C(1) << (10 - p->vars));
            if (eq)
                zkg_eq_at(&e, u, p->vars, i);
            zkg_fr_mul(&v, &v, &e);
            zkg_fr_mul(&v, &v, &p->coeff);
            zkg_fr_add(&claim, &claim, &v);
        }
    }
    zkg_tape_init_prove(&tape);
    CHECK(zkg_sumcheck_prove(&tape, c, b, &form, &claim, point) == ZKG_OK);
    zkg_form_end_value(&end, &form, point);
    CHECK(zkg_fr_equal(&end, &claim));
    zkg_blake2b_256(digest, tape.buf, tape.len);
    zkg_tape_clear(&tape);
    for (uint32_t j = 0; j < 3; j++) {
        for (uint32_t k = 0; k < arity * part[j].count; k++)
            zkg_table_clear(b, &part[j].tables[k]);
        free(part[j].tables);
    }
}

int main(int argc, char **argv)
{
    zkg_backend two_rounds = *zkg_backend_ref();
    uint8_t digest[32], alone[32];
    char text[65];
    zkg_comm *world;

    if (zkg_comm_init(&world, &argc, &argv, NULL) != ZKG_OK)
        return 1;
    the_world = world;
    CHECK(argc < 2 || zkg_comm_size(world) == strtoul(argv[1], NULL, 10));
    check_collectives(world);
    check_subgroups(world);
    check_tokens(world);
    check_min(world);
    check_parcels(world);
    two_rounds.quads_from[0] = two_rounds.quads_from[1] = 0;
    for (int eq = 0; eq < 2; eq++) {
        check_sumcheck(world, ZKG_FORM_PRODUCT, eq, &two_rounds, digest);
        check_sumcheck(zkg_comm_self(), ZKG_FORM_PRODUCT, eq, zkg_backend_ref(),
                       alone);
        CHECK(memcmp(digest, alone, 32) == 0);
    }
    check_sumcheck(world, ZKG_FORM_FRACTION, true, zkg_backend_ref(), digest);
    check_sumcheck(zkg_comm_self(), ZKG_FORM_FRACTION, true, zkg_backend_ref(),
                   alone);
    CHECK(memcmp(digest, alone, 32) == 0);
    zkg_digest_hex(text, digest);
    if (zkg_comm_rank(world) == 0)
        printf("%u ranks: %s\n", zkg_comm_size(world), text);
    zkg_comm_free(world);
    return 0;
}
