/* SPDX-License-Identifier: Apache-2.0
 * On any number of ranks (under mpirun, or alone): a task's segment is the same
 * bytes as one rank's. */
#include "../soundness/harness.h"
#include "relation_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define AXES(...) ((uint32_t[]){__VA_ARGS__})

static zkg_comm *world;

static void same(const fixture *f)
{
    outcome alone, shared;
    const uint8_t seed[64] = {1};

    fx_prove(&alone, f, NULL);
    assert_int_equal(alone.status, ZKG_OK);
    memset(&shared, 0, sizeof(shared));
    zkg_tape_init_child(&shared.tape, seed, "task", 7, NULL, 0);
    shared.c = (zkg_child){.tape = &shared.tape,
                           .comm = world,
                           .backend = zkg_backend_ref(),
                           .challenge = f->challenge};
    shared.status = zkg_task_prove(&shared.c, &f->t, &shared.err);
    if (shared.status != ZKG_OK)
        fail_msg("%s: %s", zkg_status_name(shared.status), shared.err.text);
    assert_int_equal(shared.tape.len, alone.tape.len);
    assert_memory_equal(shared.tape.buf, alone.tape.buf, alone.tape.len);
    assert_memory_equal(shared.tape.state, alone.tape.state, 64);
    same_claims(&shared.c.ledger, &alone.c.ledger);
    outcome_clear(&alone);
    outcome_clear(&shared);
}

/* With garbage in the padding and without; in a slow build one of them. */
static void segments_are_the_same(void **state)
{
    static const uint64_t size[][4] = {{1, 3, 2, 5},
                                       {3, 17, 16, 33},
                                       {2, 40, 130, 7},
                                       {5, 64, 32, 16},
                                       {1, 129, 40, 64}};
    (void)state;
    for (uint32_t n = 0; n < 5; n++) {
        for (uint32_t garbage = SLOW_BUILD ? n % 2 : 0; garbage < 2;
             garbage += 1 + SLOW_BUILD) {
            fixture f;
            uint32_t i, j, k, h, a, b, x, y, z, v, e;

            fx_init(&f, size[n][0]);
            f.garbage = garbage;
            i = fx_axis(&f, size[n][1]);
            k = fx_axis(&f, size[n][2]);
            j = fx_axis(&f, size[n][3]);
            h = fx_axis(&f, 3);
            a = fx_tensor(&f, ZKG_PRIVATE, ZKG_I8, -128, 127, 4,
                          AXES(0, h, i, k));
            b = fx_tensor(&f, ZKG_FIXED, ZKG_I32, -70000, 70000, 3,
                          AXES(k, h, j));
            x = fx_tensor(&f, ZKG_PRIVATE, ZKG_I16, -99, 99, 3, AXES(0, i, j));
            y = fx_tensor(&f, ZKG_PRIVATE, ZKG_U16, 0, 999, 3, AXES(j, i, 0));
            z = fx_tensor(&f, ZKG_PUBLIC, ZKG_I16, 0, 999, 1, AXES(j));
            f.garbage = true;
            v = fx_tensor(&f, ZKG_VIRTUAL, ZKG_FR, 0, 0, 3, AXES(0, i, j));
            f.garbage = garbage;
            fx_site(&f, 0, 3, AXES(x, y, z));
            fx_site(&f, 1, 1, &a);
            fx_site(&f, 2, 2, AXES(v, y));
            fx_site(&f, 3, 1, &z);
            fx_site(&f, 3, 2, AXES(y, x));
            e = fx_einsum(&f, 3, AXES(0, i, j), (int32_t)v);
            fx_term2(&f, e, 1, a, b);
            fx_term2(&f, e, 2, x, y);
            fx_term1(&f, e, 1, x);
            fx_solve(&f, e, v, 1);
            /* Sums over axes whose padding holds garbage. */
            e = fx_einsum(&f, 1, AXES(0), -1);
            fx_term2(&f, e, 1, x, y);
            fx_term1(&f, e, 5, x);
            fx_term2(&f, e, 1, a, a);
            f.garbage = true;
            v = fx_tensor(&f, ZKG_PRIVATE, ZKG_FR, 0, 0, 1, AXES(0));
            fx_solve(&f, e, v, 1);
            fx_term1(&f, e, -1, v);
            same(&f);
            if (zkg_comm_rank(world) == 0)
                fx_check(&f);
            fx_clear(&f);
        }
    }
}

/* Convolutions dealt out by channels (many), by rows (few channels; the image
 * first), after a fold of the batch, and a sum of windows; short lines of so
 * many channels that these are added up in strips. */
static void convolutions_are_the_same(void **state)
{
    static const uint64_t size[][4] = {/* batch, channels, rows, columns */
                                       {1, 40, 12, 11},
                                       {1, 2, 70, 41},
                                       {3, 9, 20, 17},
                                       {1, 1, 9, 500},
                                       {1, 150, 4, 8}};

    (void)state;
    for (uint32_t n = 0; n < 5; n++) {
        for (uint32_t last = 0; last < 2; last++) {
            const uint32_t at = last ? 1 : 2;
            fixture f;
            uint32_t o, c, y, x, i, j, u, w, a, b, v, e;

            fx_init(&f, size[n][0]);
            f.garbage = n % 2;
            o = fx_axis(&f, 5);
            c = fx_axis(&f, size[n][1]);
            u = fx_axis(&f, size[n][2]);
            w = fx_axis(&f, size[n][3]);
            i = fx_axis(&f, 3);
            j = fx_axis(&f, 2);
            y = fx_axis(&f, 4);
            x = fx_axis(&f, 7);
            a = fx_tensor(&f, ZKG_FIXED, ZKG_I8, -128, 127, 4,
                          AXES(o, c, i, j));
            b = last ? fx_tensor(&f, ZKG_PRIVATE, ZKG_I16, -999, 999, 4,
                                 AXES(0, u, w, c))
                     : fx_tensor(&f, ZKG_PRIVATE, ZKG_I16, -999, 999, 4,
                                 AXES(0, c, u, w));
            e = fx_einsum(&f, 4, AXES(0, o, y, x), -1);
            fx_term2(&f, e, 1, a, b);
            fx_affine(&f, e, 1, at, 2, y, 1, i, -1);
            fx_affine(&f, e, 1, at + 1, 1, x, 2, j, 0);
            fx_term1(&f, e, 3, b);
            fx_affine(&f, e, 0, at, 3, y, 1, i, 0);
            fx_affine(&f, e, 0, at + 1, 1, x, 1, j, -1);
            f.garbage = true;
            v = fx_tensor(&f, ZKG_PRIVATE, ZKG_FR, 0, 0, 4, AXES(0, o, y, x));
            fx_solve(&f, e, v, 1);
            fx_term1(&f, e, -1, v);
            same(&f);
            if (zkg_comm_rank(world) == 0)
                fx_check(&f);
            fx_clear(&f);
        }
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_are_the_same),
        cmocka_unit_test(convolutions_are_the_same),
    };
    int failed;

    if (zkg_comm_init(&world, &argc, &argv, NULL) != ZKG_OK)
        return 1;
    if (argc > 1 && zkg_comm_size(world) != strtoul(argv[1], NULL, 10)) {
        fprintf(stderr, "%u ranks take part, not %s\n", zkg_comm_size(world),
                argv[1]);
        zkg_comm_abort(world, 1);
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed)
        zkg_comm_abort(world, 1);
    zkg_comm_free(world);
    return 0;
}
