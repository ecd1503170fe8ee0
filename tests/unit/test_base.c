/* SPDX-License-Identifier: Apache-2.0
 * The small parts of base: memory, bits, hash, cpu, time, log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bits.h"
#include "base/cpu.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"

static void memory_is_zeroed_and_checked(void **state)
{
    uint8_t *p = zkg_alloc(100, 3);
    uint8_t *q = zkg_alloc_aligned(5, 13);
    uint8_t *none = zkg_alloc(0, 8);

    (void)state;
    assert_non_null(p);
    assert_non_null(q);
    assert_non_null(none); /* nothing asked for is no failure */
    assert_int_equal((uintptr_t)q % 64, 0);
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(p[i], 0);
    for (size_t i = 0; i < 65; i++)
        assert_int_equal(q[i], 0);
    zkg_free(p);
    zkg_free(q);
    zkg_free(none);
    zkg_free(NULL);
    assert_null(zkg_alloc(SIZE_MAX / 2, 3));
    assert_null(zkg_alloc(SIZE_MAX, 1));
    assert_null(zkg_alloc_aligned(SIZE_MAX / 2, 3));
    assert_null(zkg_realloc(NULL, SIZE_MAX / 2, 3));
}

static void logarithms_at_the_edges(void **state)
{
    (void)state;
    assert_int_equal(zkg_log2_ceil(0), 0);
    assert_int_equal(zkg_log2_ceil(1), 0);
    assert_int_equal(zkg_log2_ceil(2), 1);
    assert_int_equal(zkg_log2_ceil(3), 2);
    assert_int_equal(zkg_log2_ceil(4), 2);
    assert_int_equal(zkg_log2_ceil((uint64_t)1 << 63), 63);
    assert_int_equal(zkg_log2_ceil(UINT64_MAX), 64);
    assert_int_equal(zkg_log2_floor(0), 0);
    assert_int_equal(zkg_log2_floor(7), 2);
    assert_int_equal(zkg_log2_floor(8), 3);
    assert_int_equal(zkg_log2_floor(UINT64_MAX), 63);
    assert_false(zkg_is_pow2(0));
    assert_true(zkg_is_pow2(1));
    assert_false(zkg_is_pow2(6));
    assert_true(zkg_is_pow2((uint64_t)1 << 63));
    assert_int_equal(zkg_div_ceil(0, 3), 0);
    assert_int_equal(zkg_div_ceil(7, 3), 3);
    assert_true(zkg_div_ceil(UINT64_MAX, 1) == UINT64_MAX);
}

static void overflow_is_noticed(void **state)
{
    uint64_t u;
    int64_t i;

    (void)state;
    assert_true(zkg_add_ok(&u, UINT64_MAX - 1, 1));
    assert_false(zkg_add_ok(&u, UINT64_MAX, 1));
    assert_true(zkg_mul_ok(&u, UINT32_MAX, UINT32_MAX));
    assert_false(zkg_mul_ok(&u, (uint64_t)1 << 32, (uint64_t)1 << 32));
    assert_false(zkg_add_i64_ok(&i, INT64_MIN, -1));
    assert_false(zkg_mul_i64_ok(&i, INT64_MIN, -1));
    assert_true(zkg_mul_i64_ok(&i, INT64_MIN, 1));
}

static void blake2b_is_the_standard_one(void **state)
{
    /* RFC 7693, appendix A: BLAKE2b-512 of "abc". */
    static const uint8_t abc[8] = {0xba, 0x80, 0xa5, 0x3f,
                                   0x98, 0x1c, 0x4d, 0x0d};
    uint8_t wide[64], a[32], b[32];
    char hex[65];
    zkg_hash h;

    (void)state;
    zkg_blake2b_512(wide, "abc", 3);
    assert_memory_equal(wide, abc, sizeof(abc));

    zkg_blake2b_256(a, "\x01\x02\0\0\0", 5);
    zkg_hash_init(&h, 32);
    zkg_hash_update(&h, "\x01", 1);
    zkg_hash_u32(&h, 2);
    zkg_hash_final(&h, b);
    assert_memory_equal(a, b, 32); /* in pieces or whole */

    zkg_blake2b_256(a, NULL, 0);
    zkg_digest_hex(hex, a);
    assert_string_equal(hex, "0e5751c026e543b2e8ab2eb06099daa1"
                             "d1e5df47778f7787faab45cdf12fe3a8");
}

static void cpu_features_can_be_masked(void **state)
{
    char names[64];

    (void)state;
    assert_int_equal(zkg_cpu_features(0), 0);
    assert_int_equal(zkg_cpu_features(ZKG_CPU_ALL) & ~UINT32_C(7), 0);
    zkg_cpu_names(names, 0);
    assert_string_equal(names, "portable");
    zkg_cpu_names(names, ZKG_CPU_MULX | ZKG_CPU_AVX2 | ZKG_CPU_AVX512IFMA);
    assert_string_equal(names, "mulx avx2 avx512ifma");
}

static void time_goes_on(void **state)
{
    const double a = zkg_seconds();

    (void)state;
    assert_true(zkg_seconds() >= a);
    assert_true(zkg_peak_rss() > 100000);
}

static void log_lines(char out[4096], uint32_t rank, zkg_log_level level)
{
    char text[4096] = "";
    FILE *f = fmemopen(text, sizeof(text), "w");
    char filler[3000];
    zkg_log log;

    assert_non_null(f);
    memset(filler, 'x', sizeof(filler) - 1);
    filler[sizeof(filler) - 1] = '\0';
    zkg_log_init(&log, f, level, rank, 8);
    strcpy(log.host, "host");
    zkg_log_info(&log, "made %d", 5);
    zkg_log_warn(&log, "odd");
    zkg_log_debug(&log, "detail");
    zkg_log_error(&log, "bad %s", filler);
    (void)fclose(f);
    strcpy(out, text);
}

static void a_log_line_names_its_rank(void **state)
{
    char out[4096];

    (void)state;
    log_lines(out, 0, ZKG_LOG_INFO);
    assert_memory_equal(out,
                        "[zkgkr 0/8 host] made 5\n"
                        "[zkgkr 0/8 host] warning: odd\n"
                        "[zkgkr 0/8 host] error: bad xxx",
                        85);
    assert_int_equal(out[strlen(out) - 1], '\n'); /* cut, but a line */
    log_lines(out, 3, ZKG_LOG_INFO);
    assert_memory_equal(out, "[zkgkr 3/8 host] error: bad", 27);
    log_lines(out, 3, ZKG_LOG_DEBUG);
    assert_memory_equal(out, "[zkgkr 3/8 host] debug: detail\n", 31);
    log_lines(out, 0, ZKG_LOG_QUIET);
    assert_string_equal(out, "");
    zkg_log_info(NULL, "nowhere");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_checked),
        cmocka_unit_test(logarithms_at_the_edges),
        cmocka_unit_test(overflow_is_noticed),
        cmocka_unit_test(blake2b_is_the_standard_one),
        cmocka_unit_test(cpu_features_can_be_masked),
        cmocka_unit_test(time_goes_on),
        cmocka_unit_test(a_log_line_names_its_rank),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
