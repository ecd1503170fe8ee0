/* SPDX-License-Identifier: Apache-2.0
 * Threads at a desk, which are what processes are to it. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "comm/desk.h"

enum { MOST_SEATS = 5, MOST = 9000 };

typedef struct sitter {
    unsigned char *mem;
    uint32_t seats, seat, spins;
    zkg_status idle; /* what idle says */
    uint64_t idled;  /* calls of it */
    bool has_waited; /* by the clock */
    unsigned wrong;  /* results */
} sitter;

static zkg_status idle(void *user, bool waits)
{
    sitter *s = user;

    s->idled++;
    if (waits)
        (void)sched_yield();
    return s->idle;
}

static void fill(zkg_fr *v, size_t n, uint32_t seat, uint32_t op)
{
    for (size_t i = 0; i < n; i++)
        zkg_fr_from_i64(&v[i], ((int64_t)(i + 3 * op) - 40) * (seat + 1));
}

/* Times what the seats of a group bring together. */
static bool is(const zkg_fr *v, size_t i, uint32_t op, int64_t times)
{
    zkg_fr want;

    zkg_fr_from_i64(&want, ((int64_t)(i + 3 * op) - 40) * times);
    return zkg_fr_equal(&v[i], &want);
}

static int64_t times_of(const zkg_desk_group *g)
{
    int64_t times = 0;

    for (uint32_t r = 0; r < g->size; r++)
        times += g->seat[r] + 1;
    return times;
}

/* One of each kind, of n elements. */
static unsigned all_kinds(const zkg_desk_group *g, zkg_fr *v, size_t n)
{
    const uint32_t mine = g->seat[g->rank];
    uint64_t first[MOST_SEATS + 1] = {0};
    unsigned wrong = 0;

    fill(v, n, mine, 1);
    wrong += zkg_desk_sum(g, v, n) != ZKG_OK;
    for (size_t i = 0; i < n; i++)
        wrong += !is(v, i, 1, times_of(g));
    for (uint32_t r = 0; r < g->size; r++) /* the last gets what is left */
        first[r + 1] = r + 1 == g->size ? n : first[r] + n / (r + 2) / 2;
    fill(v, n, mine, 2);
    wrong += zkg_desk_scatter_sum(g, v, first) != ZKG_OK;
    for (size_t i = first[g->rank]; i < first[g->rank + 1]; i++)
        wrong += !is(v, i, 2, times_of(g));
    memset(v, 0, n * sizeof(*v));
    for (size_t i = first[g->rank]; i < first[g->rank + 1]; i++)
        zkg_fr_from_u64(&v[i], 5 * i + mine);
    wrong += zkg_desk_allgather(g, v, first) != ZKG_OK;
    for (uint32_t r = 0; r < g->size; r++)
        for (size_t i = first[r]; i < first[r + 1]; i++) {
            zkg_fr want;

            zkg_fr_from_u64(&want, 5 * i + g->seat[r]);
            wrong += !zkg_fr_equal(&v[i], &want);
        }
    return wrong;
}

/* All seats, then those from each one on, backwards; sizes about those where
 * pieces begin. */
static void *sit(void *user)
{
    static const size_t sizes[] = {0,    1,    2,    3,    64,   65,   819,
                                   820,  1024, 1365, 2048, 2049, 2050, 2051,
                                   4096, 4097, 4098, 4099, 8192, MOST};
    sitter *s = user;
    double waited = 0;
    zkg_fr *v = malloc(MOST * sizeof(*v));
    zkg_desk *d =
        zkg_desk_new(s->mem, s->seats, s->seat, s->spins, &waited, idle, s);

    for (uint32_t k = 0; d != NULL && v != NULL && k < 2 * s->seats; k++) {
        const uint32_t from = k % s->seats, n = s->seats - from;
        zkg_desk_group g = {.desk = d, .size = n};

        if (s->seat < from || n == 1)
            continue;
        g.rank = k % 2 ? n - 1 - (s->seat - from) : s->seat - from;
        for (uint32_t r = 0; r < n; r++)
            g.seat[r] = from + (k % 2 ? n - 1 - r : r);
        for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
            s->wrong += all_kinds(&g, v, sizes[i]);
    }
    s->wrong += d == NULL || v == NULL;
    s->has_waited = waited > 0;
    zkg_desk_free(d);
    free(v);
    return NULL;
}

static unsigned char *new_memory(uint32_t seats)
{
    const size_t bytes = zkg_desk_bytes(seats);
    unsigned char *mem = aligned_alloc(64, bytes);

    assert_non_null(mem);
    assert_int_equal(bytes % 64, 0);
    assert_true(bytes < (size_t)600 * 1024 * seats);
    memset(mem, 0, bytes);
    return mem;
}

static void any_group_of_seats_gets_all_sums(void **state)
{
    (void)state;
    for (uint32_t seats = 2; seats <= MOST_SEATS; seats++) {
        unsigned char *mem = new_memory(seats);
        sitter s[MOST_SEATS] = {{0}};
        pthread_t thread[MOST_SEATS];
        bool waited = false;

        for (uint32_t i = 0; i < seats; i++) {
            s[i] = (sitter){
                .mem = mem, .seats = seats, .seat = i, .spins = 1 + 30 * i};
            assert_int_equal(pthread_create(&thread[i], NULL, sit, &s[i]), 0);
        }
        for (uint32_t i = 0; i < seats; i++) {
            assert_int_equal(pthread_join(thread[i], NULL), 0);
            assert_int_equal(s[i].wrong, 0);
            waited = waited || s[i].has_waited;
        }
        assert_true(waited);
        free(mem);
    }
}

/* Nobody comes: the first call of idle ends it. */
static void what_idle_says_ends_a_wait(void **state)
{
    unsigned char *mem = new_memory(2);
    sitter s = {.mem = mem, .seats = 2, .idle = ZKG_ERR_COMM};
    double waited = 0;
    zkg_desk *d = zkg_desk_new(mem, 2, 0, 7, &waited, idle, &s);
    const zkg_desk_group g = {.desk = d, .size = 2, .seat = {0, 1}};
    zkg_fr v = zkg_fr_one;

    (void)state;
    assert_non_null(d);
    assert_int_equal(zkg_desk_sum(&g, &v, 0), ZKG_OK);
    assert_int_equal(s.idled, 0);
    assert_int_equal(zkg_desk_sum(&g, &v, 1), ZKG_ERR_COMM);
    assert_int_equal(s.idled, 1);
    zkg_desk_free(d);
    zkg_desk_free(NULL);
    free(mem);
}

/* One seat after the other: pieces are there before they are taken. */
static void put_and_take(zkg_desk *const d[2], size_t n, zkg_status want)
{
    const zkg_desk_group late = {
        .desk = d[1], .rank = 1, .size = 2, .seat = {0, 1}};
    const zkg_desk_group early = {.desk = d[0], .size = 2, .seat = {0, 1}};
    zkg_fr v[3] = {zkg_fr_one, zkg_fr_one, zkg_fr_one};

    assert_int_equal(zkg_desk_sum(&early, v, 2), ZKG_ERR_COMM); /* idle says */
    assert_int_equal(zkg_desk_sum(&late, v, n), want);
}

/* Both call the same, but for the number of elements. */
static void calls_that_do_not_match_are_told(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 3; n++) {
        unsigned char *mem = new_memory(2);
        sitter s[2] = {{.idle = ZKG_ERR_COMM}, {.idle = ZKG_OK}};
        double waited = 0;
        zkg_desk *const d[2] = {
            zkg_desk_new(mem, 2, 0, 1, &waited, idle, &s[0]),
            zkg_desk_new(mem, 2, 1, 1, &waited, idle, &s[1])};

        assert_non_null(d[0]);
        assert_non_null(d[1]);
        put_and_take(d, n, n == 2 ? ZKG_OK : ZKG_ERR_COMM);
        zkg_desk_free(d[0]);
        zkg_desk_free(d[1]);
        free(mem);
    }
}

/* Who finds all pieces there lets others go on now and then, too. */
static void who_never_waits_calls_idle(void **state)
{
    unsigned char *mem = new_memory(2);
    sitter s[2] = {{.idle = ZKG_ERR_COMM}, {.idle = ZKG_OK}};
    double waited = 0;
    zkg_desk *const d[2] = {zkg_desk_new(mem, 2, 0, 1, &waited, idle, &s[0]),
                            zkg_desk_new(mem, 2, 1, 1, &waited, idle, &s[1])};

    (void)state;
    assert_non_null(d[0]);
    assert_non_null(d[1]);
    for (int k = 0; k < 160; k++)
        put_and_take(d, 2, ZKG_OK);
    assert_in_range(s[1].idled, 5, 40);
    zkg_desk_free(d[0]);
    zkg_desk_free(d[1]);
    free(mem);
}

/* Less than 600 KiB a seat, however many there are. */
static void a_desk_is_small(void **state)
{
    (void)state;
    for (uint32_t seats = 2; seats <= ZKG_DESK_SEATS; seats++)
        assert_true(zkg_desk_bytes(seats) < (size_t)600 * 1024 * seats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_group_of_seats_gets_all_sums),
        cmocka_unit_test(what_idle_says_ends_a_wait),
        cmocka_unit_test(calls_that_do_not_match_are_told),
        cmocka_unit_test(who_never_waits_calls_idle),
        cmocka_unit_test(a_desk_is_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
