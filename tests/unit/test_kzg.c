/* SPDX-License-Identifier: Apache-2.0 */
#include "pcs_fixture.h"

#include "base/cpu.h"
#include "pcs/kzg_walk.h"
#include "poly/array_mle.h"
#include "poly/eq.h"

typedef struct shape {
    zkg_dtype type;
    uint32_t axes;
    uint64_t len[5];
} shape;

static const shape shapes[] = {
    {ZKG_I8, 0, {0}},
    {ZKG_I32, 1, {1}},
    {ZKG_U8, 1, {5}},
    {ZKG_I16, 1, {8}},
    {ZKG_I8, 1, {37}},
    {ZKG_I8, 2, {3, 5}},
    {ZKG_U16, 2, {5, 4}},
    {ZKG_I32, 2, {4, 16}},
    {ZKG_I64, 3, {3, 1, 7}},
    {ZKG_I16, 3, {2, 3, 3}},
    {ZKG_FR, 2, {3, 6}},
    {ZKG_I8, 4, {1, 6, 1, 9}},
    {ZKG_I8, 5, {2, 3, 1, 5, 2}},
    {ZKG_U8, 2, {33, 2}},
};

enum { SHAPES = sizeof(shapes) / sizeof(shapes[0]), POWER = 6 };

/* sum_i P[cK + i] tau^i */
static void chunk_at_tau(zkg_fr *out, const zkg_array *a, uint32_t k,
                         uint64_t chunk, const zkg_fr *tau)
{
    const uint32_t n = zkg_array_vars(a);
    const uint64_t len = (uint64_t)1 << (n < k ? n : k);

    *out = zkg_fr_zero;
    for (uint64_t i = len; i-- > 0;) {
        zkg_fr v;

        zkg_fr_mul(out, out, tau);
        fixture_padded(&v, a, (chunk << k) + i);
        zkg_fr_add(out, out, &v);
    }
}

/* Chunk by chunk and all at once. */
static void check_commitments(const zkg_array *a, const zkg_srs *srs,
                              const zkg_fr *tau, uint32_t flags)
{
    for (uint32_t k = 1; k <= POWER; k++) {
        const uint64_t chunks = zkg_kzg_chunks(zkg_array_vars(a), k);
        zkg_g1 *all = malloc(chunks * sizeof(*all));
        uint64_t cells = 0;

        assert_non_null(all);
        assert_int_equal(zkg_kzg_commit(all, srs, k, a, flags), ZKG_OK);
        for (uint64_t c = 0; c < chunks; c++) {
            const zkg_kzg_chunk chunk = {a, c};
            zkg_g1 got, want;
            zkg_fr v;

            assert_int_equal(
                zkg_kzg_commit_chunks(&got, srs, k, &chunk, 1, flags), ZKG_OK);
            chunk_at_tau(&v, a, k, c, tau);
            zkg_g1_mul(&want, &zkg_g1_generator, &v);
            assert_true(zkg_g1_equal(&got, &want));
            assert_true(zkg_g1_equal(&all[c], &want));
            cells += zkg_kzg_chunk_cells(a, k, c);
        }
        assert_int_equal(cells, zkg_array_stored_count(a));
        free(all);
    }
}

/* Of all tensors together, as a prover commits. */
static void chunks_of_many_tensors(void **state)
{
    enum { K = 3, MOST = 200 };
    zkg_g1 got[MOST], want[MOST];
    zkg_kzg_chunk chunk[MOST];
    zkg_array a[SHAPES];
    size_t n = 0;
    zkg_fr tau;
    zkg_srs *srs = fixture_srs(POWER, &tau);

    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        const size_t first = n;

        fixture_array(&a[i], shapes[i].type, shapes[i].axes, shapes[i].len, i);
        for (uint64_t c = 0; c < zkg_kzg_chunks(zkg_array_vars(&a[i]), K); c++)
            chunk[n++] = (zkg_kzg_chunk){&a[i], c};
        assert_true(n <= MOST);
        assert_int_equal(zkg_kzg_commit(want + first, srs, K, &a[i], 0),
                         ZKG_OK);
    }
    assert_int_equal(zkg_kzg_commit_chunks(got, srs, K, chunk, n,
                                           zkg_cpu_features(ZKG_CPU_ALL)),
                     ZKG_OK);
    for (size_t i = 0; i < n; i++)
        assert_true(zkg_g1_equal(&got[i], &want[i]));
    for (size_t i = 0; i < SHAPES; i++)
        zkg_array_clear(&a[i]);
    zkg_srs_free(srs);
}

static void commitments_are_polynomials_at_tau(void **state)
{
    zkg_fr tau;
    zkg_srs *srs = fixture_srs(POWER, &tau);

    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        zkg_array a;

        fixture_array(&a, shapes[i].type, shapes[i].axes, shapes[i].len, i);
        check_commitments(&a, srs, &tau, 0);
        check_commitments(&a, srs, &tau, zkg_cpu_features(ZKG_CPU_ALL));
        zkg_array_clear(&a);
    }
    zkg_srs_free(srs);
}

static void garbage_in_the_padding_is_committed(void **state)
{
    const uint64_t len[2] = {3, 5}, stored[2] = {4, 8};
    zkg_fr tau;
    zkg_srs *srs = fixture_srs(POWER, &tau);
    zkg_array a;

    (void)state;
    fixture_array(&a, ZKG_I16, 2, stored, 5);
    memcpy(a.len, len, sizeof(len));
    check_commitments(&a, srs, &tau, 0);
    zkg_array_clear(&a);
    zkg_srs_free(srs);
}

static void zeros_commit_to_infinity(void **state)
{
    const uint64_t len[1] = {40};
    zkg_g1 out[10];
    zkg_kzg_chunk chunk[2];
    zkg_fr tau;
    zkg_srs *srs = fixture_srs(POWER, &tau);
    zkg_array a;

    (void)state;
    assert_int_equal(zkg_array_init(&a, ZKG_I8, 1, len, NULL), ZKG_OK);
    assert_int_equal(zkg_kzg_commit(out, srs, 3, &a, 0), ZKG_OK);
    for (int i = 0; i < 8; i++)
        assert_true(zkg_g1_is_infinity(&out[i]));
    chunk[0] = (zkg_kzg_chunk){&a, 0};
    chunk[1] = (zkg_kzg_chunk){&a, 8};
    zkg_array_set_i64(&a, 39, -3);
    assert_int_equal(zkg_kzg_commit(out, srs, 3, &a, 0), ZKG_OK);
    assert_false(zkg_g1_is_infinity(&out[4]));
    assert_true(zkg_g1_is_infinity(&out[5]));
    assert_int_equal(zkg_kzg_commit_chunks(out, srs, 3, chunk, 2, 0),
                     ZKG_ERR_INVALID);
    assert_int_equal(zkg_kzg_commit_chunks(out, srs, POWER + 1, chunk, 1, 0),
                     ZKG_ERR_INVALID);
    zkg_array_clear(&a);
    zkg_srs_free(srs);
}

/* All of it. */
static void fold_whole(zkg_fr *out, const zkg_backend *backend,
                       const zkg_array *a, uint32_t k, const zkg_fr *point)
{
    const uint32_t n = zkg_array_vars(a);
    const uint64_t len = (uint64_t)1 << (n < k ? n : k);

    memset(out, 0, (size_t)len * sizeof(*out));
    assert_int_equal(
        zkg_kzg_fold_add(out, backend, a, k, point, 0, len, &zkg_fr_one),
        ZKG_OK);
}

static void folds_are_partial_evaluations(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        zkg_fr z[ZKG_MAX_VARS], folded[64], parts[64], weights[64], want, got;
        zkg_array a;
        uint32_t n;

        fixture_array(&a, shapes[i].type, shapes[i].axes, shapes[i].len, i);
        n = zkg_array_vars(&a);
        fixture_point(z, n, 100 + i);
        assert_int_equal(zkg_array_mle(&want, &a, z), ZKG_OK);
        for (uint32_t k = 1; k <= POWER; k++) {
            const uint32_t low = n < k ? n : k;
            const uint64_t len = (uint64_t)1 << low;

            fold_whole(folded, zkg_backend_ref(), &a, k, z);
            zkg_eq_expand(weights, z, low, NULL);
            got = zkg_fr_zero;
            for (uint32_t j = 0; j < 1u << low; j++) {
                zkg_fr t;

                zkg_fr_mul(&t, &weights[j], &folded[j]);
                zkg_fr_add(&got, &got, &t);
            }
            assert_true(zkg_fr_equal(&got, &want));

            memset(parts, 0, sizeof(parts));
            for (uint64_t c = 0; c < len; c += 3)
                assert_int_equal(
                    zkg_kzg_fold_add(
                        parts + c,
                        zkg_backend_get(zkg_cpu_features(ZKG_CPU_ALL)), &a, k,
                        z, c, c + 3 < len ? 3 : len - c, &zkg_fr_one),
                    ZKG_OK);
            assert_memory_equal(parts, folded, sizeof(zkg_fr) << low);
        }
        zkg_array_clear(&a);
    }
}

/* Several strips, several calls of rows, chunks that end with an axis and
 * chunks that lie behind it. */
static void large_folds_are_partial_evaluations(void **state)
{
    static const shape large[] = {
        {ZKG_I8, 4, {21, 30, 3, 3}},  {ZKG_I16, 4, {9, 20, 5, 3}},
        {ZKG_I32, 3, {90, 9, 5}},     {ZKG_I64, 2, {700, 3}},
        {ZKG_U8, 2, {700, 5}},        {ZKG_U16, 2, {5, 1500}},
        {ZKG_I8, 4, {3, 1, 1100, 2}}, {ZKG_I8, 1, {8192}},
        {ZKG_FR, 2, {300, 3}},        {ZKG_I8, 5, {7, 5, 3, 2, 1}},
        {ZKG_I16, 4, {2, 13, 7, 5}},  {ZKG_I64, 5, {2, 1, 6, 14, 14}},
        {ZKG_U8, 4, {1, 97, 3, 1}},   {ZKG_I8, 3, {5, 1, 333}},
    };
    enum { MOST = 12 };
    zkg_fr *folded = malloc(sizeof(*folded) << MOST);
    zkg_fr *weights = malloc(sizeof(*weights) << MOST);

    (void)state;
    assert_true(folded != NULL && weights != NULL);
    for (size_t i = 0; i < sizeof(large) / sizeof(*large); i++) {
        zkg_fr z[ZKG_MAX_VARS], want, got, t;
        zkg_array a;
        uint32_t n;

        fixture_array(&a, large[i].type, large[i].axes, large[i].len, i);
        n = zkg_array_vars(&a);
        fixture_point(z, n, 300 + i);
        assert_int_equal(zkg_array_mle(&want, &a, z), ZKG_OK);
        for (uint32_t k = 1; k <= MOST; k += k == 1 ? 2 : 3) {
            const zkg_backend *b =
                zkg_backend_get(k % 2 == 1 ? zkg_cpu_features(ZKG_CPU_ALL) : 0);
            const uint32_t low = n < k ? n : k;

            fold_whole(folded, b, &a, k, z);
            zkg_eq_expand(weights, z, low, NULL);
            got = zkg_fr_zero;
            for (uint32_t j = 0; j < 1u << low; j++) {
                zkg_fr_mul(&t, &weights[j], &folded[j]);
                zkg_fr_add(&got, &got, &t);
            }
            assert_true(zkg_fr_equal(&got, &want));
        }
        zkg_array_clear(&a);
    }
    free(folded);
    free(weights);
}

/* Cells in front of a place, against walking there; a chunk's cells are the
 * first ones of chunk 0's places. */
static void cells_of_a_chunk_lie_side_by_side(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        zkg_kzg_layout l;
        zkg_kzg_walk w;
        zkg_kzg_run r;
        zkg_array a;
        uint64_t before = 0, at = 0;

        fixture_array(&a, shapes[i].type, shapes[i].axes, shapes[i].len, i);
        zkg_kzg_layout_init(&l, &a);
        zkg_kzg_walk_init(&w, &l, 0, l.padded);
        while (zkg_kzg_walk_next(&r, &w)) {
            for (; at <= r.at; at++)
                assert_int_equal(zkg_kzg_cells_before(&a, at), before);
            for (; at < r.at + r.len; at++)
                assert_int_equal(zkg_kzg_cells_before(&a, at), ++before);
            before++;
        }
        for (; at <= l.padded; at++)
            assert_int_equal(zkg_kzg_cells_before(&a, at), before);
        assert_int_equal(before, zkg_array_stored_count(&a));
        zkg_array_clear(&a);
    }
}

static void the_default_k_grows_with_the_square_root(void **state)
{
    (void)state;
    assert_int_equal(zkg_kzg_default_k(1), 10);
    assert_int_equal(zkg_kzg_default_k(1 << 18), 10);
    assert_int_equal(zkg_kzg_default_k((1 << 18) + 1), 11);
    assert_int_equal(zkg_kzg_default_k(1 << 24), 13);
    assert_int_equal(zkg_kzg_default_k(UINT64_C(1) << 50), 20);
}

/* What all chunks of n cells cost, each cell v or, but for every step-th, 0. */
static uint64_t cost_of(zkg_dtype type, uint64_t n, int64_t v, uint64_t step)
{
    enum { K = 10 };
    zkg_array a;
    uint64_t cost = 0;

    assert_int_equal(zkg_array_init(&a, type, 1, &n, NULL), ZKG_OK);
    for (uint64_t i = 0; i < n && type != ZKG_FR; i++)
        zkg_array_set_i64(&a, i, i % step == 0 ? v : 0);
    for (uint64_t c = 0; c < zkg_kzg_chunks(zkg_array_vars(&a), K); c++)
        cost += zkg_kzg_chunk_cost(&a, K, c);
    zkg_array_clear(&a);
    return cost;
}

/* Only the order of costs is promised: what shares of work go by. */
static void a_chunk_costs_what_its_cells_do(void **state)
{
    const uint64_t sizes[] = {1, 2, 3, 63, 1023, 1024, 1025, 4096, 5000};

    (void)state;
    assert_int_equal(cost_of(ZKG_I16, 0, 0, 1), 0);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const uint64_t n = sizes[i];
        const uint64_t zeros = cost_of(ZKG_I64, n, 0, 1);
        const uint64_t small = cost_of(ZKG_I64, n, -128, 1);
        const uint64_t large = cost_of(ZKG_I64, n, 30000, 1);
        const uint64_t least = cost_of(ZKG_I64, n, INT64_MIN, 1);

        assert_true(zeros <= n / 32);
        assert_true(zeros < small && small < large && large < least);
        assert_true(least < cost_of(ZKG_FR, n, 0, 1));
        assert_true(n < 63 || cost_of(ZKG_I64, n, 30000, 2) < large);
        /* the value counts, not the type */
        assert_int_equal(cost_of(ZKG_I8, n, INT8_MIN, 1), small);
        assert_int_equal(cost_of(ZKG_U16, n, 30000, 1), large);
        assert_int_equal(cost_of(ZKG_I32, n, 30000, 1), large);
    }
    assert_true(cost_of(ZKG_I16, 4096, 99, 1) > cost_of(ZKG_I16, 1025, 99, 1));
}

/* An opening's sums of points take no feature that its backend goes without. */
static void sums_are_of_the_backend(void **state)
{
    const uint32_t masks[] = {0, ZKG_CPU_MULX, ZKG_CPU_ALL};

    (void)state;
    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
        const uint32_t flags = zkg_cpu_features(masks[i]);
        const zkg_backend *b = zkg_backend_get(flags);

        assert_int_equal(zkg_kzg_cpu_flags(b) & ~flags, 0);
        assert_ptr_equal(zkg_backend_get(zkg_kzg_cpu_flags(b)), b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commitments_are_polynomials_at_tau),
        cmocka_unit_test(sums_are_of_the_backend),
        cmocka_unit_test(chunks_of_many_tensors),
        cmocka_unit_test(garbage_in_the_padding_is_committed),
        cmocka_unit_test(zeros_commit_to_infinity),
        cmocka_unit_test(folds_are_partial_evaluations),
        cmocka_unit_test(large_folds_are_partial_evaluations),
        cmocka_unit_test(a_chunk_costs_what_its_cells_do),
        cmocka_unit_test(cells_of_a_chunk_lie_side_by_side),
        cmocka_unit_test(the_default_k_grows_with_the_square_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
