/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void memory_is_taken_upward_and_given_back_downward(void **state)
{
    zkg_arena a = {0};
    uint8_t *p, *q;
    size_t mark;

    (void)state;
    assert_null(zkg_arena_take(&a, 1));
    assert_int_equal(zkg_arena_reserve(&a, 256), ZKG_OK);
    p = zkg_arena_take(&a, 1);
    mark = a.used;
    q = zkg_arena_take(&a, 65);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % ZKG_ARENA_ALIGN, 0);
    assert_ptr_equal(q, p + 64);
    memset(q, 7, 65);
    assert_null(zkg_arena_take(&a, 65));
    assert_null(zkg_arena_take(&a, SIZE_MAX));
    assert_non_null(zkg_arena_take(&a, 64));
    assert_null(zkg_arena_take(&a, 1));
    assert_int_equal(zkg_arena_reserve(&a, 512), ZKG_ERR_INTERNAL);
    assert_int_equal(*q, 7);
    zkg_arena_release(&a, mark);
    assert_ptr_equal(zkg_arena_take(&a, 192), q);
    zkg_arena_release(&a, 0);
    assert_int_equal(a.most, 256);
    assert_int_equal(zkg_arena_reserve(&a, 100), ZKG_OK);
    assert_ptr_equal(zkg_arena_take(&a, 256), p);
    zkg_arena_release(&a, 0);
    assert_int_equal(zkg_arena_reserve(&a, SIZE_MAX), ZKG_ERR_NOMEM);
    zkg_arena_clear(&a);
    zkg_arena_clear(&a);
}

static void parts_are_arenas(void **state)
{
    zkg_arena a = {0}, part[2], none;
    void *p;

    (void)state;
    assert_int_equal(zkg_arena_reserve(&a, 320), ZKG_OK);
    assert_int_equal(zkg_arena_part(&part[0], &a, 100), ZKG_OK);
    assert_int_equal(zkg_arena_part(&part[1], &a, 192), ZKG_OK);
    assert_int_equal(zkg_arena_part(&none, &a, 1), ZKG_ERR_NOMEM);
    assert_int_equal(zkg_arena_part(&none, &a, 0), ZKG_OK);
    assert_null(zkg_arena_take(&none, 1));
    p = zkg_arena_take(&part[1], 192);
    assert_ptr_equal(p, a.memory + 128);
    assert_null(zkg_arena_take(&part[1], 1));
    assert_non_null(zkg_arena_take(&part[0], 128));
    zkg_arena_release(&part[1], 0);
    assert_int_equal(zkg_arena_reserve(&part[1], 193), ZKG_ERR_NOMEM);
    assert_ptr_equal(zkg_arena_take(&part[1], 1), p);
    zkg_arena_clear(&part[0]);
    zkg_arena_clear(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_taken_upward_and_given_back_downward),
        cmocka_unit_test(parts_are_arenas),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
