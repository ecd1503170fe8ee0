/* SPDX-License-Identifier: Apache-2.0
 * Sums, shared-out sums and gathers of all sizes on the ranks that mpirun
 * gives, by the desk of their host or without one: test_desk_ranks RANKS
 * desk|none|refused. What must come out each rank computes for itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "check.h"
#include "comm/ops.h"

enum { MOST = 70000 }; /* more than goes over a desk */

/* Numbers that all ranks draw alike. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* What rank r of a group brings for element i; half of them are negative, so
 * that sums pass 0 in both directions. */
static int64_t brought(uint64_t op, uint32_t r, uint64_t i)
{
    uint64_t state = op * 0x10001 + r * 131 + i * 0x1000003;

    return (int64_t)(draw(&state) >> 16) - ((int64_t)1 << 47);
}

static bool is_value(const zkg_fr *v, int64_t want)
{
    zkg_fr w;

    zkg_fr_from_i64(&w, want);
    return zkg_fr_equal(v, &w);
}

static int64_t sum_of(uint64_t op, uint32_t size, uint64_t i)
{
    int64_t sum = 0;

    for (uint32_t r = 0; r < size; r++)
        sum += brought(op, r, i);
    return sum;
}

static void bring(zkg_fr *v, uint64_t from, uint64_t to, uint64_t op,
                  uint32_t rank)
{
    for (uint64_t i = from; i < to; i++)
        zkg_fr_from_i64(&v[i], brought(op, rank, i));
}

/* Up to about most in all, dealt out at random: also to nobody, or to one. */
static void deal_out(uint64_t *first, uint32_t size, uint64_t most,
                     uint64_t *state)
{
    first[0] = 0;
    for (uint32_t r = 0; r < size; r++) {
        const uint64_t kind = draw(state) % 4;
        const uint64_t some = draw(state) % (most / size + 1);

        first[r + 1] = first[r] + (kind == 0 ? 0 : kind == 1 ? 1 : some);
    }
}

static void check_op(const zkg_comm *c, zkg_fr *v, uint64_t most, uint64_t op,
                     uint64_t *state)
{
    const uint32_t rank = zkg_comm_rank(c), size = zkg_comm_size(c);
    const uint64_t kind = draw(state) % 3, n = draw(state) % (most + 1);
    uint64_t first[64];

    deal_out(first, size, most, state);
    switch (kind) {
    case 0:
        bring(v, 0, n, op, rank);
        CHECK(zkg_comm_sum_fr(c, v, (size_t)n) == ZKG_OK);
        for (uint64_t i = 0; i < n; i++)
            CHECK(is_value(&v[i], sum_of(op, size, i)));
        break;
    case 1:
        bring(v, 0, first[size], op, rank);
        CHECK(zkg_comm_scatter_sum_fr(c, v, first) == ZKG_OK);
        for (uint64_t i = first[rank]; i < first[rank + 1]; i++)
            CHECK(is_value(&v[i], sum_of(op, size, i)));
        break;
    default:
        memset(v, 1, (size_t)first[size] * sizeof(*v));
        bring(v, first[rank], first[rank + 1], op, rank);
        CHECK(zkg_comm_allgather_fr(c, v, first) == ZKG_OK);
        for (uint32_t r = 0; r < size; r++)
            for (uint64_t i = first[r]; i < first[r + 1]; i++)
                CHECK(is_value(&v[i], brought(op, r, i)));
    }
}

/* Other collectives between them, which are MPI's. */
static void check_others(const zkg_comm *c, uint64_t op)
{
    uint64_t least = op * 100 + 1 + zkg_comm_rank(c), said = op;
    const uint32_t root = (uint32_t)(op % zkg_comm_size(c));

    CHECK(zkg_comm_min_u64(c, &least) == ZKG_OK && least == op * 100 + 1);
    if (zkg_comm_rank(c) != root)
        said = 0;
    CHECK(zkg_comm_broadcast(c, &said, sizeof(said), root) == ZKG_OK);
    CHECK(said == op);
}

/* Sizes 0, 1, 2, 3 and a few; some thousands; more than goes over a desk. */
static void check_random(const zkg_comm *c, uint32_t times, uint64_t seed)
{
    static const uint64_t most[] = {3, 3, 8, 70, 600, 5000};
    zkg_fr *v = zkg_alloc(MOST + 64, sizeof(*v));
    uint64_t state = seed;

    CHECK(v != NULL);
    for (uint64_t op = 0; op < times; op++) {
        const bool long_one = op == times / 2 && times > 100;

        check_op(c, v, long_one ? MOST : most[op % 6], op, &state);
        if (op % 17 == 3)
            check_others(c, op);
    }
    zkg_free(v);
}

/* Each rank in turn is late or early. */
static void check_order(const zkg_comm *c)
{
    const uint32_t rank = zkg_comm_rank(c), size = zkg_comm_size(c);

    for (uint64_t op = 0; op < 3 * size; op++) {
        zkg_fr v[3];

        if (op % size == rank)
            (void)usleep(1000);
        for (uint64_t again = 0; again < 4; again++) {
            bring(v, 0, 3, 4 * op + again, rank);
            CHECK(zkg_comm_sum_fr(c, v, 3) == ZKG_OK);
            for (uint64_t i = 0; i < 3; i++)
                CHECK(is_value(&v[i], sum_of(4 * op + again, size, i)));
        }
    }
}

/* Groups that share ranks, in use by turns, backwards too. */
static void check_groups(zkg_comm *world, bool has_desk)
{
    const uint32_t rank = zkg_comm_rank(world), size = zkg_comm_size(world);
    uint32_t list[64];

    for (uint32_t k = 0; k < 40; k++) {
        const uint32_t from = k % size, n = size - from;
        zkg_comm *group = NULL, *again = NULL;

        if (rank < from)
            continue;
        for (uint32_t i = 0; i < n; i++)
            list[i] = k % 2 ? size - 1 - i : from + i;
        CHECK(zkg_comm_subgroup(&group, world, list, n, k) == ZKG_OK);
        CHECK((group->desk.desk != NULL) == (has_desk && n > 1));
        check_random(group, 12, k);
        CHECK(zkg_comm_host(&again, group) == ZKG_OK);
        CHECK((again->desk.desk != NULL) == (has_desk && n > 1));
        for (uint32_t i = 0; i < 6; i++) {
            check_random(again, 2, k + i);
            check_random(group, 1, k + i + 100);
        }
        zkg_comm_free(again);
        check_random(group, 3, k);
        zkg_comm_free(group);
    }
}

/* A parcel that leaves while its sender waits at the desk for who is to get it,
 * longer than MPI sends at once. */
static void check_parcel_on_its_way(zkg_comm *world)
{
    enum { LEN = 3 << 20 };
    const uint32_t rank = zkg_comm_rank(world), size = zkg_comm_size(world);
    uint8_t *bytes = zkg_alloc(LEN, 1);
    zkg_fr one = zkg_fr_one;

    CHECK(bytes != NULL);
    memset(bytes, (int)rank, LEN);
    if (rank > 0) {
        CHECK(zkg_comm_send_parcel(world, 0, bytes, LEN) == ZKG_OK);
    } else {
        for (uint32_t r = 1; r < size; r++) {
            CHECK(zkg_comm_recv_parcel(world, r, bytes, LEN) == ZKG_OK);
            CHECK(bytes[0] == r && bytes[LEN - 1] == r);
        }
        zkg_free(bytes);
    }
    CHECK(zkg_comm_sum_fr(world, &one, 1) == ZKG_OK);
    CHECK(is_value(&one, size));
    CHECK(zkg_comm_flush_parcels(world) == ZKG_OK);
}

/* Who waits for a late rank has waited, and its pulse shows that it was in a
 * call. */
static void check_waiting(zkg_comm *world)
{
    const atomic_uint *pulse = zkg_comm_pulse(world);
    const unsigned before = *pulse;
    double since, seconds;
    zkg_fr v = zkg_fr_one;
    uint64_t bytes;

    CHECK(zkg_comm_sum_fr(world, &v, 1) == ZKG_OK);
    CHECK(zkg_comm_size(world) == 1 || *pulse - before == 2);
    zkg_comm_traffic(world, &since, &bytes);
    if (zkg_comm_rank(world) == 0)
        (void)usleep(60000);
    CHECK(zkg_comm_sum_fr(world, &v, 1) == ZKG_OK);
    zkg_comm_traffic(world, &seconds, &bytes);
    CHECK(zkg_comm_rank(world) == 0 || seconds - since > 0.03);
}

int main(int argc, char **argv)
{
    bool has_desk;
    zkg_comm *world;

    if (argc != 3)
        return 1;
    has_desk = strcmp(argv[2], "desk") == 0;
#ifdef ZKG_TEST_HOOKS
    /* The last rank, by either MPI's name for it, cannot map the memory. */
    if (strcmp(argv[2], "refused") == 0) {
        const char *rank = getenv("OMPI_COMM_WORLD_RANK");

        rank = rank != NULL ? rank : getenv("PMI_RANK");
        if (rank == NULL || atol(rank) == atol(argv[1]) - 1)
            zkg_shared_refuse();
    }
#endif
    if (zkg_comm_init(&world, &argc, &argv, NULL) != ZKG_OK)
        return 1;
    the_world = world;
    CHECK(zkg_comm_size(world) == strtoul(argv[1], NULL, 10));
    CHECK(zkg_comm_size(world) < 64);
    has_desk = has_desk && zkg_comm_size(world) > 1;
    CHECK((world->desk.desk != NULL) ==
          (has_desk && zkg_comm_size(world) <= ZKG_DESK_GROUP));
    check_random(world, 400, 1);
    check_order(world);
    check_groups(world, has_desk);
    check_parcel_on_its_way(world);
    check_waiting(world);
    check_random(world, 50, 2);
    zkg_comm_free(world);
    return 0;
}
