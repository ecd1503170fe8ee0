/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "comm/comm.h"

/* All collectives of one rank; tests/ranks has those of several. */
static void check_alone(const zkg_comm *c)
{
    const uint64_t first[] = {0, 2};
    zkg_fr v[2];
    uint8_t *all;
    size_t *lens;

    assert_int_equal(zkg_comm_rank(c), 0);
    assert_int_equal(zkg_comm_size(c), 1);
    zkg_fr_from_u64(&v[0], 3);
    zkg_fr_from_i64(&v[1], -4);
    assert_int_equal(zkg_comm_sum_fr(c, v, 2), ZKG_OK);
    assert_int_equal(zkg_comm_scatter_sum_fr(c, v, first), ZKG_OK);
    assert_int_equal(zkg_comm_allgather_fr(c, v, first), ZKG_OK);
    assert_int_equal(zkg_comm_broadcast(c, v, sizeof(v), 0), ZKG_OK);
    assert_int_equal(zkg_comm_allgather_bytes(c, "abc", 3, &all, &lens),
                     ZKG_OK);
    assert_int_equal(lens[0], 3);
    assert_memory_equal(all, "abc", 3);
    free(all);
    free(lens);
    assert_int_equal(zkg_comm_gather_bytes(c, NULL, 0, &all, &lens, 0), ZKG_OK);
    assert_int_equal(lens[0], 0);
    free(all);
    free(lens);
}

static void one_rank_alone(void **state)
{
    (void)state;
    check_alone(zkg_comm_self());
    zkg_comm_free(NULL);
}

static void a_world_without_a_launcher(void **state)
{
    const uint32_t ranks[] = {0, 1};
    uint64_t value, made, freed;
    zkg_comm *world, *group;

    (void)state;
    assert_int_equal(zkg_comm_init(&world, NULL, NULL, NULL), ZKG_OK);
    check_alone(world);
    for (uint64_t i = 0; i < 40; i++)
        assert_int_equal(zkg_comm_send_token(world, 0, i), ZKG_OK);
    for (uint64_t i = 0; i < 40; i++) {
        assert_int_equal(zkg_comm_recv_token(world, &value), ZKG_OK);
        assert_int_equal(value, i);
    }
    assert_int_equal(zkg_comm_recv_token(world, &value), ZKG_ERR_INTERNAL);
    assert_int_equal(zkg_comm_send_token(world, 1, 0), ZKG_ERR_INVALID);

    assert_int_equal(zkg_comm_subgroup(&group, world, ranks, 1, 5), ZKG_OK);
    check_alone(group);
    zkg_comm_counts(world, &made, &freed);
    assert_int_equal(made, 2);
    assert_int_equal(freed, 0);
    zkg_comm_free(group);
    zkg_comm_counts(world, &made, &freed);
    assert_int_equal(freed, 1);
    assert_int_equal(zkg_comm_subgroup(&group, world, ranks, 2, 5),
                     ZKG_ERR_INVALID);
    assert_int_equal(zkg_comm_subgroup(&group, world, ranks + 1, 1, 5),
                     ZKG_ERR_INVALID);
    zkg_comm_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_rank_alone),
        cmocka_unit_test(a_world_without_a_launcher),
    };

    unsetenv("OMPI_COMM_WORLD_SIZE");
    unsetenv("PMIX_RANK");
    unsetenv("PMI_RANK");
    unsetenv("PMI_SIZE");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
