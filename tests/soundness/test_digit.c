/* SPDX-License-Identifier: Apache-2.0 */
/* The proof of a handwritten digit, and what is not it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"
#include "graph/setup.h"
#include "harness.h"
#include "tensor/safetensors.h"
#include "zkgkr/verify.h"

typedef struct digit {
    fx f;
    zkg_witness other; /* of another image */
    uint8_t *proof, *other_proof;
    size_t len, other_len;
    fx_layout at;
    char folder[64];
} digit;

static void must(zkg_status s, const zkg_error *err)
{
    if (s != ZKG_OK)
        fail_msg("%s: %s", zkg_status_name(s), err->text);
}

static const char *setting(const char *name)
{
    const char *v = getenv(name);

    return v != NULL ? v : ".";
}

/* Image `index` of the test set, as an input. */
static void write_image(const char *path, const zkg_safetensors *set,
                        uint64_t index)
{
    const zkg_st_entry *e = zkg_safetensors_find(set, "images");
    FILE *f = fopen(path, "w");

    assert_non_null(e);
    assert_non_null(f);
    (void)fputs("{\"input_data\": [[", f);
    for (uint64_t i = 0; i < 64; i++)
        (void)fprintf(f, "%s%.4f", i > 0 ? ", " : "",
                      (double)zkg_st_entry_i64(e, 64 * index + i) / 16);
    (void)fputs("]]}\n", f);
    assert_int_equal(fclose(f), 0);
}

static void prove(digit *d)
{
    zkg_error err = {0};
    zkg_witness mine = d->f.witness;

    must(fx_prove(&d->f, NULL, &d->proof, &d->len, &err), &err);
    d->f.witness = d->other;
    must(fx_prove(&d->f, NULL, &d->other_proof, &d->other_len, &err), &err);
    d->f.witness = mine;
}

static int setup(void **state)
{
    const char *source = setting("ZKG_SOURCE_ROOT");
    const char *program = getenv("ZKG_MAKE_GRAPH");
    char line[8192], path[4096];
    zkg_error err = {0};
    zkg_safetensors set = {0};
    digit *d = calloc(1, sizeof(*d));

    if (d == NULL)
        return -1;
    *state = d;
    if (program == NULL || access(program, X_OK) != 0) {
        print_message("no make-graph in this build\n");
        return 0;
    }
    (void)snprintf(d->folder, sizeof(d->folder), "/tmp/zkgkr-digit-XXXXXX");
    if (mkdtemp(d->folder) == NULL)
        return -1;
    (void)snprintf(line, sizeof(line),
                   "'%s' --weights '%s/examples/01-digits/weights.safetensors'"
                   " --scale 7 -o '%s/d.zkg' >/dev/null",
                   program, source, d->folder);
    if (system(line) != 0)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/d.zkg", d->folder);
    must(zkg_graph_load(&d->f.graph, path, &err), &err);
    (void)snprintf(path, sizeof(path), "%s/examples/srs/pot12.srs", source);
    must(zkg_srs_read(&d->f.srs, path, &err), &err);
    must(zkg_setup(&d->f.made, NULL, d->f.graph, d->f.srs, fx_pcs(), 0, &err),
         &err);
    must(zkg_key_encode(&d->f.key, &d->f.key_len, &d->f.made, &err), &err);
    (void)snprintf(path, sizeof(path),
                   "%s/examples/01-digits/digits.safetensors", source);
    must(zkg_safetensors_read(&set, path, &err), &err);
    (void)snprintf(path, sizeof(path), "%s/image.json", d->folder);
    write_image(path, &set, 0);
    must(zkg_witness_from_input(&d->f.witness, d->f.graph, path, &err), &err);
    write_image(path, &set, 1);
    must(zkg_witness_from_input(&d->other, d->f.graph, path, &err), &err);
    zkg_safetensors_clear(&set);
    prove(d);
    d->at = fx_layout_of(&d->f);
    return 0;
}

static int teardown(void **state)
{
    digit *d = *state;
    char line[128];

    if (d->folder[0] != '\0') {
        (void)snprintf(line, sizeof(line), "rm -rf '%s'", d->folder);
        if (system(line) != 0)
            return -1;
    }
    if (d->f.graph != NULL) {
        zkg_witness_clear(&d->other);
        fx_clear(&d->f);
    }
    free(d->proof);
    free(d->other_proof);
    free(d);
    return 0;
}

static digit *need(void **state)
{
    digit *d = *state;

    if (d->proof == NULL)
        skip();
    return d;
}

static bool refused(const digit *d, const uint8_t *proof, size_t len)
{
    zkg_verdict v = {0};
    const zkg_status s = fx_judge(&d->f, proof, len, &v);

    return (s == ZKG_ERR_REJECT || s == ZKG_ERR_MALFORMED) &&
           v.check != ZKG_CHECK_NONE;
}

static void both_images_verify(void **state)
{
    digit *d = need(state);
    zkg_verdict v = {0};

    assert_int_equal(d->len, d->at.end);
    assert_int_equal(d->len, d->other_len);
    assert_int_equal(fx_verify(&d->f, d->proof, d->len, NULL, &v), ZKG_OK);
    assert_int_equal(fx_verify(&d->f, d->other_proof, d->other_len, NULL, &v),
                     ZKG_OK);
    print_message("%zu bytes\n", d->len);
    /* The reference string comes from a ceremony, and the key says so. */
    assert_false(d->f.made.srs.development);
}

/* Ten scans from all over the test set: the public values that are verified
 * are that scan's pixels and what the plain integer rules make of them. */
static void ten_images_prove_and_verify(void **state)
{
    enum { IMAGES = 10, APART = 29 };
    digit *d = need(state);
    const zkg_witness mine = d->f.witness;
    char set_path[4096], path[128];
    zkg_error err = {0};
    zkg_safetensors set = {0};

    (void)snprintf(set_path, sizeof(set_path),
                   "%s/examples/01-digits/digits.safetensors",
                   setting("ZKG_SOURCE_ROOT"));
    (void)snprintf(path, sizeof(path), "%s/ten.json", d->folder);
    must(zkg_safetensors_read(&set, set_path, &err), &err);
    for (uint64_t i = 0; i < IMAGES; i++) {
        const zkg_array *want[64] = {NULL};
        zkg_verify_options options = {0};
        zkg_witness w = {0};
        zkg_verdict v = {0};
        uint8_t *proof = NULL;
        size_t len = 0;

        write_image(path, &set, APART * i);
        must(zkg_witness_from_input(&w, d->f.graph, path, &err), &err);
        d->f.witness = w;
        must(fx_prove(&d->f, NULL, &proof, &len, &err), &err);
        d->f.witness = mine;
        assert_true(d->f.made.statement.tensors <= 64);
        for (uint32_t t = 0; t < d->f.made.statement.tensors; t++)
            if (d->f.made.statement.tensor[t].vis == ZKG_PUBLIC)
                want[t] = &w.array[t];
        options.expected = want;
        must(zkg_verify(&v, d->f.key, d->f.key_len, proof, len, &options, &err),
             &err);
        zkg_witness_clear(&w);
        free(proof);
    }
    zkg_safetensors_clear(&set);
}

static bool sampled_bit_is_refused(void *user, uint64_t i)
{
    digit *d = user;
    uint64_t z = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    uint64_t bit;
    bool ok;

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    bit = (z ^ (z >> 31)) % (8 * d->len);
    d->proof[bit / 8] ^= (uint8_t)(1u << bit % 8);
    ok = refused(d, d->proof, d->len);
    d->proof[bit / 8] ^= (uint8_t)(1u << bit % 8);
    return ok;
}

static void sampled_flipped_bits_are_refused(void **state)
{
    digit *d = need(state);

    assert_int_equal(
        harness_run(sampled_bit_is_refused, d, 0, SLOW_BUILD ? 100 : 2000, 1),
        0);
}

static bool length_is_refused(void *user, uint64_t len)
{
    digit *d = user;
    uint8_t *cut = malloc(len > 0 ? len : 1);
    bool ok;

    if (cut == NULL)
        return false;
    memcpy(cut, d->proof, len < d->len ? len : d->len);
    for (size_t i = d->len; i < len; i++)
        cut[i] = 0;
    ok = refused(d, cut, len);
    free(cut);
    return ok;
}

static void every_truncation_and_some_extensions_are_refused(void **state)
{
    digit *d = need(state);

    assert_int_equal(
        harness_run(length_is_refused, d, 0, d->len, SLOW_BUILD ? 97 : 1), 0);
    assert_int_equal(
        harness_run(length_is_refused, d, d->len + 1, d->len + 100, 1), 0);
}

static void another_images_public_bytes_are_refused(void **state)
{
    digit *d = need(state);
    const size_t from = d->at.publics, bytes = d->at.commitments - from;
    uint8_t *proof = malloc(d->len);

    assert_non_null(proof);
    assert_memory_not_equal(d->proof + from, d->other_proof + from, bytes);
    memcpy(proof, d->proof, d->len);
    memcpy(proof + from, d->other_proof + from, bytes);
    assert_true(refused(d, proof, d->len));

    /* The image alone, or one pixel of it. */
    for (uint64_t i = 0; i < bytes; i++) {
        if (d->proof[from + i] == d->other_proof[from + i])
            continue;
        memcpy(proof, d->proof, d->len);
        proof[from + i] = d->other_proof[from + i];
        assert_true(refused(d, proof, d->len));
    }
    free(proof);
}

static void parts_of_another_proof_are_refused(void **state)
{
    digit *d = need(state);
    const size_t part[] = {d->at.publics, d->at.commitments, d->at.segments,
                           d->at.opening, d->at.end};
    uint8_t *proof = malloc(d->len);

    assert_non_null(proof);
    for (size_t i = 0; i + 1 < sizeof(part) / sizeof(part[0]); i++) {
        memcpy(proof, d->proof, d->len);
        memcpy(proof + part[i], d->other_proof + part[i],
               part[i + 1] - part[i]);
        assert_true(refused(d, proof, d->len));
    }
    free(proof);
}

static void swapped_commitments_are_refused(void **state)
{
    digit *d = need(state);
    uint8_t *proof = malloc(d->len);

    assert_non_null(proof);
    for (size_t i = d->at.commitments; i + 64 <= d->at.segments; i += 32) {
        if (memcmp(d->proof + i, d->proof + i + 32, 32) == 0)
            continue;
        memcpy(proof, d->proof, d->len);
        memcpy(proof + i, d->proof + i + 32, 32);
        memcpy(proof + i + 32, d->proof + i, 32);
        assert_true(refused(d, proof, d->len));
    }
    free(proof);
}

/* What verify --public asks for. */
static void public_values_that_were_asked_for_must_be_there(void **state)
{
    digit *d = need(state);
    const zkg_statement *st = &d->f.graph->st;
    const zkg_array **want = calloc(st->tensors, sizeof(*want));
    zkg_verify_options options = {0};
    zkg_verdict v = {0};
    zkg_error err = {0};

    assert_non_null(want);
    options.expected = want;
    for (uint32_t t = 0; t < st->tensors; t++)
        if (st->tensor[t].vis == ZKG_PUBLIC)
            want[t] = &d->f.witness.array[t];
    assert_int_equal(
        zkg_verify_with_key(&v, &d->f.made, d->proof, d->len, &options, &err),
        ZKG_OK);
    for (uint32_t t = 0; t < st->tensors; t++)
        if (st->tensor[t].vis == ZKG_PUBLIC)
            want[t] = &d->other.array[t];
    assert_int_equal(
        zkg_verify_with_key(&v, &d->f.made, d->proof, d->len, &options, &err),
        ZKG_ERR_REJECT);
    assert_int_equal(v.check, ZKG_CHECK_PUBLIC);
    free(want);
}

static void a_key_for_another_graph_is_refused(void **state)
{
    digit *d = need(state);
    uint8_t graph[32];
    zkg_verify_options options = {.graph_digest = graph};
    zkg_verdict v = {0};
    zkg_error err = {0};

    memcpy(graph, d->f.made.statement.digest, 32);
    assert_int_equal(
        zkg_verify_with_key(&v, &d->f.made, d->proof, d->len, &options, &err),
        ZKG_OK);
    graph[7] ^= 1;
    assert_int_equal(
        zkg_verify_with_key(&v, &d->f.made, d->proof, d->len, &options, &err),
        ZKG_ERR_REJECT);
    assert_int_equal(v.check, ZKG_CHECK_KEY);
}

static void another_srs_is_another_key(void **state)
{
    digit *d = need(state);
    zkg_srs *srs = NULL;
    zkg_key key;
    zkg_verdict v = {0};
    zkg_error err = {0};
    uint8_t *bytes = NULL, *proof = malloc(d->len);
    size_t len;

    /* Made here, and marked so. */
    assert_non_null(proof);
    must(zkg_srs_new(&srs, d->f.made.srs.k, &err), &err);
    must(zkg_setup(&key, NULL, d->f.graph, srs, fx_pcs(), 0, &err), &err);
    must(zkg_key_encode(&bytes, &len, &key, &err), &err);
    assert_true(key.srs.development);
    assert_int_equal(
        zkg_verify_with_key(&v, &key, d->proof, d->len, NULL, &err),
        ZKG_ERR_REJECT);
    assert_int_equal(v.check, ZKG_CHECK_KEY);

    memcpy(proof, d->proof, d->len);
    memcpy(proof + d->at.publics - 32, key.digest, 32);
    v = (zkg_verdict){0};
    err = (zkg_error){0};
    assert_int_equal(zkg_verify_with_key(&v, &key, proof, d->len, NULL, &err),
                     ZKG_ERR_REJECT);
    zkg_free(bytes);
    free(proof);
    zkg_key_clear(&key);
    zkg_srs_free(srs);
}

/* What the padding holds is the prover's business alone.  (The last test: it
 * spoils the witness.) */
static void garbage_in_padding_changes_nothing(void **state)
{
    digit *d = need(state);
    uint8_t *dirty = NULL;
    size_t len = 0;
    zkg_verdict v = {0};
    zkg_error err = {0};
    int64_t unit;

    fx_garbage(&d->f, "layer1.q", 0, 0, 1);
    fx_garbage(&d->f, "layer1.rem0", 0, 0, 1);
    fx_garbage(&d->f, "hidden", 20, 100, 1);
    unit = d->f.graph->st
               .tensor[zkg_statement_tensor_id(&d->f.graph->st, "layer1.rem0")]
               .max +
           1;
    /* 0 = 2^s q + rem there. */
    for (uint64_t i = 48; i < 64; i++) {
        fx_set_cell(&d->f, "layer1.q", &i, -(int64_t)(i % 7));
        fx_set_cell(&d->f, "layer1.rem0", &i, unit * (int64_t)(i % 7));
    }
    must(fx_prove(&d->f, NULL, &dirty, &len, &err), &err);
    assert_int_equal(fx_verify(&d->f, dirty, len, NULL, &v), ZKG_OK);
    assert_int_equal(len, d->len);
    assert_memory_equal(dirty, d->proof, d->at.commitments);
    assert_memory_not_equal(dirty + d->at.commitments,
                            d->proof + d->at.commitments,
                            d->at.segments - d->at.commitments);
    free(dirty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_images_verify),
        cmocka_unit_test(ten_images_prove_and_verify),
        cmocka_unit_test(another_images_public_bytes_are_refused),
        cmocka_unit_test(parts_of_another_proof_are_refused),
        cmocka_unit_test(swapped_commitments_are_refused),
        cmocka_unit_test(public_values_that_were_asked_for_must_be_there),
        cmocka_unit_test(a_key_for_another_graph_is_refused),
        cmocka_unit_test(another_srs_is_another_key),
        cmocka_unit_test(every_truncation_and_some_extensions_are_refused),
        cmocka_unit_test(sampled_flipped_bits_are_refused),
        cmocka_unit_test(garbage_in_padding_changes_nothing),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
