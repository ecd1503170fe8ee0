/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/ptau.h"
#include "base/bytes.h"
#include "base/io.h"
#include "curve/msm.h"
#include "pcs/srs.h"

enum { POWER = 5, G1_POINTS = 2 * (1 << POWER) - 1, G2_POINTS = 1 << POWER };

/* Where things stand in the file that ptau_make writes. */
enum {
    AT_HEADER = 12 + 12,
    AT_Q = AT_HEADER + 4,
    AT_G1 = AT_HEADER + 44 + 12,
    AT_G2 = AT_G1 + 64 * G1_POINTS + 12,
    AT_HISTORY = AT_G2 + 128 * G2_POINTS + 12,
    FILE_BYTES = AT_HISTORY + 4
};

static void set_tau(zkg_fr *tau, int64_t v)
{
    zkg_fr_from_i64(tau, v);
}

static void make_good(uint8_t out[FILE_BYTES])
{
    zkg_fr tau;

    set_tau(&tau, 1234567);
    assert_int_equal(ptau_bytes(POWER), FILE_BYTES);
    ptau_make(out, POWER, &tau);
}

static void refused(const uint8_t *file, size_t len, const char *part)
{
    zkg_error err = {0};
    zkg_srs *srs = NULL;

    assert_int_equal(zkg_srs_import_bytes(&srs, file, len, 0, "f.ptau", &err),
                     ZKG_ERR_MALFORMED);
    assert_null(srs);
    if (strstr(err.text, part) == NULL)
        fail_msg("`%s` does not say `%s`", err.text, part);
    assert_memory_equal(err.text, "f.ptau: ", 8);
}

static void a_ptau_file_is_imported(void **state)
{
    static uint8_t file[FILE_BYTES];
    zkg_error err = {0};
    zkg_srs_info info;
    zkg_srs *srs, *known;
    zkg_fr tau;

    (void)state;
    make_good(file);
    set_tau(&tau, 1234567);
    for (uint32_t power = 1; power <= POWER; power++) {
        if (zkg_srs_import_bytes(&srs, file, FILE_BYTES, power, "f", &err) !=
            ZKG_OK)
            fail_msg("%s", err.text);
        assert_int_equal(zkg_srs_from_tau(&known, power, &tau, NULL), ZKG_OK);
        assert_int_equal(srs->g1_len, (1u << power) + 8);
        assert_memory_equal(srs->g1, known->g1, srs->g1_len * sizeof(zkg_g1));
        assert_true(zkg_g2_equal(&srs->tau_g2, &known->tau_g2));
        zkg_srs_describe(&info, srs);
        assert_int_equal(info.contributions, 3);
        assert_false(info.development);
        assert_int_equal(zkg_srs_check(srs, 0, NULL), ZKG_OK);
        zkg_srs_free(srs);
        zkg_srs_free(known);
    }
    assert_int_equal(
        zkg_srs_import_bytes(&srs, file, FILE_BYTES, POWER + 1, "f", NULL),
        ZKG_ERR_USAGE);
}

static void truncated_files_are_refused(void **state)
{
    static uint8_t file[FILE_BYTES + 8];

    (void)state;
    make_good(file);
    refused(file, FILE_BYTES - 1, "truncated");
    refused(file, AT_G2, "truncated");
    refused(file, AT_G1 + 100, "truncated");
    refused(file, AT_HEADER, "truncated");
    refused(file, 13, "truncated");
    refused(file, 3, "not a .ptau file");
    file[0] = 'q';
    refused(file, FILE_BYTES, "not a .ptau file");
    make_good(file);
    file[4] = 2;
    refused(file, FILE_BYTES, "version 2");
    make_good(file);
    zkg_store_u64le(file + AT_G1 - 8, 64 * G1_POINTS - 64);
    refused(file, FILE_BYTES, "f.ptau");
    make_good(file);
    zkg_store_u32le(file + AT_G2 - 12, 2);
    refused(file, FILE_BYTES, "two sections");
    make_good(file);
    zkg_store_u32le(file + AT_G2 - 12, 9);
    refused(file, FILE_BYTES, "no section of G2");
    make_good(file);
    zkg_store_u32le(file + AT_HEADER + 36, POWER - 1);
    refused(file, FILE_BYTES, "takes");
    zkg_store_u32le(file + AT_HEADER + 36, 64);
    refused(file, FILE_BYTES, "power 64");
}

static void another_field_is_refused(void **state)
{
    static uint8_t file[FILE_BYTES];

    (void)state;
    make_good(file);
    file[AT_Q] ^= 2;
    refused(file, FILE_BYTES, "not BN254's");
    make_good(file);
    zkg_store_u32le(file + AT_HEADER, 48);
    refused(file, FILE_BYTES, "48 bytes");
}

static void bad_points_are_refused(void **state)
{
    static uint8_t file[FILE_BYTES];

    (void)state;
    make_good(file);
    file[AT_G1 + 64 * 7] ^= 1;
    refused(file, FILE_BYTES, "G1 point 7 is not on the curve");
    make_good(file);
    memset(file + AT_G1 + 64 * 5 + 32, 0xff, 32);
    refused(file, FILE_BYTES, "G1 point 5 has a coordinate");
    make_good(file);
    memcpy(file + AT_G1 + 64 * 3, file + AT_Q, 32);
    refused(file, FILE_BYTES, "G1 point 3 has a coordinate");
    make_good(file);
    file[AT_G2 + 128 + 64] ^= 1;
    refused(file, FILE_BYTES, "G2 point 1 is not on the curve");
    make_good(file);
    memset(file + AT_G2 + 32, 0xff, 32);
    refused(file, FILE_BYTES, "G2 point 0 has a coordinate");
    make_good(file);
    memset(file + AT_G1 + 64 * 3, 0, 64);
    refused(file, FILE_BYTES, "not consecutive powers");
}

static void other_generators_are_refused(void **state)
{
    static uint8_t file[FILE_BYTES];

    (void)state;
    make_good(file);
    memcpy(file + AT_G1, file + AT_G1 + 64, 64);
    refused(file, FILE_BYTES, "first G1 point is not the generator");
    make_good(file);
    memcpy(file + AT_G2, file + AT_G2 + 128, 128);
    refused(file, FILE_BYTES, "first G2 point is not the generator");
}

/* A square root in Fp2, by way of the norm. */
static bool fp2_sqrt(zkg_fp2 *r, const zkg_fp2 *a)
{
    zkg_fp norm, t, s;
    zkg_fp2 square;

    zkg_fp_sqr(&norm, &a->c0);
    zkg_fp_sqr(&t, &a->c1);
    zkg_fp_add(&norm, &norm, &t);
    if (!zkg_fp_sqrt(&s, &norm))
        return false;
    zkg_fp_add(&t, &a->c0, &s);
    zkg_fp_half(&t, &t);
    if (!zkg_fp_sqrt(&r->c0, &t)) {
        zkg_fp_sub(&t, &a->c0, &s);
        zkg_fp_half(&t, &t);
        if (!zkg_fp_sqrt(&r->c0, &t))
            return false;
    }
    zkg_fp_double(&t, &r->c0);
    zkg_fp_inv(&t, &t);
    zkg_fp_mul(&r->c1, &a->c1, &t);
    zkg_fp2_sqr(&square, r);
    return zkg_fp2_equal(&square, a);
}

/* The first point on the twist with x = 1 + i u that is not in the subgroup:
 * nearly all are not, the cofactor being about q. */
static void outside_subgroup(zkg_g2 *p)
{
    zkg_fp2 b, t;

    zkg_fp2_sqr(&b, &zkg_g2_generator.x);
    zkg_fp2_mul(&b, &b, &zkg_g2_generator.x);
    zkg_fp2_sqr(&t, &zkg_g2_generator.y);
    zkg_fp2_sub(&b, &t, &b);
    p->x.c0 = zkg_fp_one;
    for (uint64_t i = 1; i < 100; i++) {
        zkg_fp_from_u64(&p->x.c1, i);
        zkg_fp2_sqr(&t, &p->x);
        zkg_fp2_mul(&t, &t, &p->x);
        zkg_fp2_add(&t, &t, &b);
        if (fp2_sqrt(&p->y, &t) && !zkg_g2_in_subgroup(p)) {
            assert_true(zkg_g2_on_curve(p));
            return;
        }
    }
    fail();
}

static void g2_outside_the_subgroup_is_refused(void **state)
{
    static uint8_t file[FILE_BYTES];
    zkg_srs_key key = {.k = 3, .pcs = ZKG_PCS_MERCURY};
    zkg_error err = {0};
    zkg_g2 p;

    (void)state;
    outside_subgroup(&p);
    make_good(file);
    ptau_put_g2(file + AT_G2 + 128, &p);
    refused(file, FILE_BYTES, "outside the subgroup");
    key.tau_g2 = p;
    zkg_srs_key_digest(key.digest, &key);
    assert_int_equal(zkg_srs_key_check(&key, &err), ZKG_ERR_MALFORMED);
    assert_non_null(strstr(err.text, "outside the subgroup"));
}

static void a_tau_of_0_or_1_or_minus_1_is_refused(void **state)
{
    static uint8_t file[FILE_BYTES];

    (void)state;
    for (int64_t v = -1; v <= 1; v++) {
        zkg_fr tau;

        set_tau(&tau, v);
        ptau_make(file, POWER, &tau);
        refused(file, FILE_BYTES, "0, 1 or -1");
    }
}

static void powers_of_several_tau_are_refused(void **state)
{
    static uint8_t file[FILE_BYTES], other[FILE_BYTES];
    zkg_fr tau;

    (void)state;
    set_tau(&tau, 77);
    ptau_make(other, POWER, &tau);
    make_good(file);
    memcpy(file + AT_G2 + 128, other + AT_G2 + 128, 128);
    refused(file, FILE_BYTES, "different tau");
    for (int i = 2; i < (1 << POWER) + 8; i += 9) {
        make_good(file);
        memcpy(file + AT_G1 + 64 * i, other + AT_G1 + 64 * i, 64);
        refused(file, FILE_BYTES, "not consecutive powers");
    }
    /* a permutation: the plain sums agree, the weighted ones do not */
    make_good(file);
    memcpy(other, file + AT_G1 + 64 * 9, 64);
    memmove(file + AT_G1 + 64 * 9, file + AT_G1 + 64 * 10, 64);
    memcpy(file + AT_G1 + 64 * 10, other, 64);
    refused(file, FILE_BYTES, "not consecutive powers");
}

static void an_srs_file_comes_back(void **state)
{
    char path[] = "/tmp/zkgkr-srs-XXXXXX";
    const int fd = mkstemp(path);
    zkg_error err = {0};
    zkg_srs_info a, b;
    zkg_srs *srs, *again;
    uint8_t *data;
    size_t len;

    (void)state;
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(zkg_srs_new(&srs, 6, &err), ZKG_OK);
    assert_true(srs->development);
    assert_int_equal(zkg_srs_check(srs, 0, NULL), ZKG_OK);
    assert_int_equal(zkg_srs_check(srs, 3, NULL), ZKG_OK);
    assert_int_equal(zkg_srs_check(srs, 7, NULL), ZKG_ERR_USAGE);
    assert_int_equal(zkg_srs_write(srs, path, &err), ZKG_OK);
    assert_int_equal(zkg_srs_read(&again, path, &err), ZKG_OK);
    zkg_srs_describe(&a, srs);
    zkg_srs_describe(&b, again);
    assert_memory_equal(&a, &b, sizeof(a));
    assert_int_equal(again->g1_len, srs->g1_len);
    assert_memory_equal(again->g1, srs->g1, srs->g1_len * sizeof(zkg_g1));
    zkg_srs_free(again);
    zkg_srs_free(srs);

    assert_int_equal(zkg_file_read(&data, &len, path, 1 << 20, &err), ZKG_OK);
    for (size_t i = 0; i < len; i += i < 200 ? 1 : 37) {
        data[i] ^= 1;
        assert_int_equal(zkg_srs_decode(&srs, data, len, "f", NULL),
                         ZKG_ERR_MALFORMED);
        data[i] ^= 1;
    }
    for (size_t cut = 0; cut < len; cut += 31)
        assert_int_equal(zkg_srs_decode(&srs, data, cut, "f", NULL),
                         ZKG_ERR_MALFORMED);
    free(data);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(zkg_srs_read(&srs, path, &err), ZKG_ERR_IO);
}

/* What proving keeps of a file: the same points, whatever their number, and
 * none of them unless the whole file is as it was. */
static void part_of_an_srs_file_is_its_beginning(void **state)
{
    char path[] = "/tmp/zkgkr-srs-XXXXXX";
    const int fd = mkstemp(path);
    zkg_srs_key want, got;
    zkg_error err = {0};
    zkg_srs *srs, *part;
    uint8_t *data;
    size_t len;

    (void)state;
    assert_true(fd >= 0);
    (void)close(fd);
    /* More than one block of points. */
    assert_int_equal(zkg_srs_new(&srs, 11, &err), ZKG_OK);
    assert_int_equal(zkg_srs_write(srs, path, &err), ZKG_OK);
    for (uint32_t power = 1; power <= 13; power++) {
        const uint32_t k = power < 11 ? power : 11;

        assert_int_equal(zkg_srs_read_part(&part, path, power, &err), ZKG_OK);
        assert_int_equal(part->power, k);
        assert_int_equal(part->g1_len, ((size_t)1 << k) + ZKG_SRS_SPARE);
        assert_memory_equal(part->g1, srs->g1, part->g1_len * sizeof(zkg_g1));
        assert_int_equal(zkg_srs_key_init(&want, srs, 2, k, &err), ZKG_OK);
        assert_int_equal(zkg_srs_key_init(&got, part, 2, k, &err), ZKG_OK);
        assert_memory_equal(got.digest, want.digest, 32);
        zkg_srs_free(part);
    }
    zkg_srs_free(srs);
    assert_int_equal(zkg_file_read(&data, &len, path, 1 << 20, &err), ZKG_OK);
    data[len - 40] ^= 1; /* far behind what is kept */
    assert_int_equal(zkg_file_write_atomic(path, data, len, &err), ZKG_OK);
    assert_int_equal(zkg_srs_read_part(&part, path, 2, &err),
                     ZKG_ERR_MALFORMED);
    assert_non_null(strstr(err.text, "digest"));
    data[len - 40] ^= 1;
    data[400] ^= 1; /* no point of the curve: the digest is said all the same */
    assert_int_equal(zkg_file_write_atomic(path, data, len, &err), ZKG_OK);
    err = (zkg_error){0};
    assert_int_equal(zkg_srs_read_part(&part, path, 11, &err),
                     ZKG_ERR_MALFORMED);
    assert_non_null(strstr(err.text, "digest"));
    free(data);
    assert_int_equal(unlink(path), 0);
}

static void two_new_ones_differ(void **state)
{
    zkg_srs *a, *b;

    (void)state;
    assert_int_equal(zkg_srs_new(&a, 1, NULL), ZKG_OK);
    assert_int_equal(zkg_srs_new(&b, 1, NULL), ZKG_OK);
    assert_false(zkg_g2_equal(&a->tau_g2, &b->tau_g2));
    zkg_srs_free(a);
    zkg_srs_free(b);
    assert_int_equal(zkg_srs_new(&a, 0, NULL), ZKG_ERR_USAGE);
    assert_int_equal(zkg_srs_new(&a, 29, NULL), ZKG_ERR_USAGE);
}

static void a_key_part_comes_back(void **state)
{
    zkg_srs_key key, again;
    zkg_writer w;
    zkg_reader r;
    zkg_srs *srs;
    zkg_fr tau;

    (void)state;
    set_tau(&tau, 991);
    assert_int_equal(zkg_srs_from_tau(&srs, 5, &tau, NULL), ZKG_OK);
    assert_int_equal(zkg_srs_key_init(&key, srs, ZKG_PCS_MERCURY, 6, NULL),
                     ZKG_ERR_USAGE);
    assert_int_equal(zkg_srs_key_init(&key, srs, ZKG_PCS_MERCURY, 0, NULL),
                     ZKG_ERR_USAGE);
    assert_int_equal(zkg_srs_key_init(&key, srs, ZKG_PCS_MERCURY, 4, NULL),
                     ZKG_OK);
    assert_int_equal(zkg_srs_key_check(&key, NULL), ZKG_OK);
    zkg_writer_init(&w);
    assert_int_equal(zkg_srs_key_write(&w, &key), ZKG_OK);
    assert_int_equal(w.len, ZKG_SRS_KEY_BYTES);
    zkg_reader_init(&r, w.data, w.len);
    assert_int_equal(zkg_srs_key_read(&again, &r, NULL), ZKG_OK);
    assert_int_equal(zkg_reader_end(&r), ZKG_OK);
    assert_int_equal(again.k, 4);
    assert_true(again.development);
    assert_memory_equal(again.digest, key.digest, 32);
    for (size_t i = 0; i < w.len; i++) {
        /* the development mark is the maker's word, and not in the digest */
        if (i == 64 + 128 + 128 + 4 + 4)
            continue;
        w.data[i] ^= 1;
        zkg_reader_init(&r, w.data, w.len);
        assert_int_equal(zkg_srs_key_read(&again, &r, NULL), ZKG_ERR_MALFORMED);
        w.data[i] ^= 1;
    }
    zkg_reader_init(&r, w.data, w.len - 1);
    assert_int_equal(zkg_srs_key_read(&again, &r, NULL), ZKG_ERR_MALFORMED);
    zkg_writer_free(&w);

    key.tau_g2 = zkg_g2_infinity;
    zkg_srs_key_digest(key.digest, &key);
    assert_int_equal(zkg_srs_key_check(&key, NULL), ZKG_ERR_MALFORMED);
    key.tau_g2 = zkg_g2_generator;
    zkg_srs_key_digest(key.digest, &key);
    assert_int_equal(zkg_srs_key_check(&key, NULL), ZKG_ERR_MALFORMED);
    zkg_g2_neg(&key.tau_g2, &key.tau_g2);
    zkg_srs_key_digest(key.digest, &key);
    assert_int_equal(zkg_srs_key_check(&key, NULL), ZKG_ERR_MALFORMED);
    zkg_srs_free(srs);
}

static void the_digest_depends_on_k_and_tau_alone(void **state)
{
    zkg_srs_key a, b;
    zkg_srs *small, *large;
    zkg_fr tau;

    (void)state;
    set_tau(&tau, 5);
    assert_int_equal(zkg_srs_from_tau(&small, 4, &tau, NULL), ZKG_OK);
    assert_int_equal(zkg_srs_from_tau(&large, 6, &tau, NULL), ZKG_OK);
    assert_int_equal(zkg_srs_key_init(&a, small, ZKG_PCS_MERCURY, 4, NULL),
                     ZKG_OK);
    assert_int_equal(zkg_srs_key_init(&b, large, ZKG_PCS_MERCURY, 4, NULL),
                     ZKG_OK);
    assert_memory_equal(a.digest, b.digest, 32);
    assert_int_equal(zkg_srs_key_init(&b, large, ZKG_PCS_MERCURY, 5, NULL),
                     ZKG_OK);
    assert_memory_not_equal(a.digest, b.digest, 32);
    zkg_srs_free(small);
    zkg_srs_free(large);
}

/* A file that snarkjs made, when there is one. */
static void a_file_of_snarkjs_is_imported(void **state)
{
    const char *root = getenv("ZKG_SOURCE_ROOT");
    char path[1024];
    zkg_error err = {0};
    zkg_srs_info info;
    zkg_srs *srs;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/../shared/vectors/pot14.ptau",
                   root == NULL ? "." : root);
    if (!zkg_file_exists(path)) {
        print_message("%s is not there: skipped\n", path);
        skip();
    }
    if (zkg_srs_import_ptau(&srs, path, 12, &err) != ZKG_OK)
        fail_msg("%s", err.text);
    zkg_srs_describe(&info, srs);
    assert_int_equal(info.power, 12);
    assert_int_equal(info.contributions, 1);
    zkg_srs_free(srs);
    assert_int_equal(zkg_srs_import_ptau(&srs, path, 15, &err), ZKG_ERR_USAGE);
    assert_int_equal(zkg_srs_import_ptau(&srs, "/nowhere", 0, NULL),
                     ZKG_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ptau_file_is_imported),
        cmocka_unit_test(truncated_files_are_refused),
        cmocka_unit_test(another_field_is_refused),
        cmocka_unit_test(bad_points_are_refused),
        cmocka_unit_test(other_generators_are_refused),
        cmocka_unit_test(g2_outside_the_subgroup_is_refused),
        cmocka_unit_test(a_tau_of_0_or_1_or_minus_1_is_refused),
        cmocka_unit_test(powers_of_several_tau_are_refused),
        cmocka_unit_test(an_srs_file_comes_back),
        cmocka_unit_test(part_of_an_srs_file_is_its_beginning),
        cmocka_unit_test(two_new_ones_differ),
        cmocka_unit_test(a_key_part_comes_back),
        cmocka_unit_test(the_digest_depends_on_k_and_tau_alone),
        cmocka_unit_test(a_file_of_snarkjs_is_imported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
