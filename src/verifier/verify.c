/* SPDX-License-Identifier: Apache-2.0
 * The verifier: size, key, public tensors, root, children, fractions, ledger,
 * opening.  Nothing is allocated by what a proof says: every length is the
 * key's. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "graph/container.h"
#include "graph/key.h"
#include "graph/proof.h"
#include "verifier/replay.h"
#include "zkgkr/verify.h"

typedef struct verifier {
    const zkg_key *key;
    const zkg_verify_options *options;
    const uint8_t *proof;
    size_t len;
    zkg_verdict *verdict;
    zkg_root_layout layout;
    zkg_proof_sizes sizes;
    zkg_proof_view parts;
    zkg_array *array;       /* one a tensor: the public ones */
    const zkg_array **view; /* of those, else NULL */
    zkg_g1 *commitments;
    uint8_t *root_bytes; /* commitments and opening, side by side */
    zkg_tape root;
    zkg_root_seed seed;
    zkg_child_end *ends;
} verifier;

static zkg_status no_memory(zkg_error *err)
{
    return zkg_fail(err, ZKG_ERR_NOMEM, "no memory to verify");
}

/* ---- what is checked before any cryptography --------------------------- */

enum { DIGEST_AT = ZKG_CONTAINER_BYTES, DIGEST_END = DIGEST_AT + 32 };

static zkg_status check_head(verifier *v)
{
    const size_t want = zkg_proof_bytes(&v->sizes);
    zkg_error err = {0};

    if (v->len >= DIGEST_END &&
        zkg_container_kind_of(v->proof, v->len) == ZKG_CONTAINER_PROOF) {
        if (memcmp(v->proof + DIGEST_AT, v->key->digest, 32) != 0)
            return zkg_verdict_fail(v->verdict, ZKG_CHECK_KEY, -1, -1,
                                    "the proof was made for another key");
        if (v->len != want)
            return zkg_verdict_fail(v->verdict, ZKG_CHECK_SIZE, -1, -1,
                                    "%zu bytes instead of %zu", v->len, want);
    }
    if (zkg_proof_split(&v->parts, v->proof, v->len, &v->sizes, "the proof",
                        &err) != ZKG_OK)
        return zkg_verdict_fail(v->verdict, ZKG_CHECK_MALFORMED, -1, -1, "%s",
                                err.text);
    return ZKG_OK;
}

static zkg_status check_key(verifier *v)
{
    const zkg_verify_options *o = v->options;

    if (o->graph_digest != NULL &&
        memcmp(o->graph_digest, v->key->statement.digest, 32) != 0)
        return zkg_verdict_fail(v->verdict, ZKG_CHECK_KEY, -1, -1,
                                "the key is for another graph than the one "
                                "asked for");
    if (o->srs_digest != NULL &&
        memcmp(o->srs_digest, v->key->srs.digest, 32) != 0)
        return zkg_verdict_fail(v->verdict, ZKG_CHECK_KEY, -1, -1,
                                "the key stands on another SRS than the one "
                                "asked for");
    if (o->key_digest != NULL && memcmp(o->key_digest, v->key->digest, 32) != 0)
        return zkg_verdict_fail(v->verdict, ZKG_CHECK_KEY, -1, -1,
                                "the key is another than the one asked for");
    return ZKG_OK;
}

/* ---- public tensors ---------------------------------------------------- */

static zkg_status check_expected(verifier *v, uint32_t t)
{
    const zkg_array *want =
        v->options->expected == NULL ? NULL : v->options->expected[t];
    const zkg_tensor *x = &v->key->statement.tensor[t];
    const uint64_t n = zkg_array_count(&v->array[t]);

    if (want == NULL)
        return ZKG_OK;
    if (x->vis != ZKG_PUBLIC)
        return zkg_verdict_fail(v->verdict, ZKG_CHECK_PUBLIC, -1, -1,
                                "%s is %s: a proof does not hold its values",
                                x->name, zkg_visibility_name(x->vis));
    if (zkg_array_count(want) != n)
        return zkg_verdict_fail(v->verdict, ZKG_CHECK_PUBLIC, -1, -1,
                                "%s has another shape than asked for", x->name);
    for (uint64_t i = 0; i < n; i++) {
        int64_t has = 0, asked = 0;

        if (zkg_array_same_cell(&v->array[t], want, i))
            continue;
        if (zkg_array_try_i64(&has, &v->array[t], i) &&
            zkg_array_try_i64(&asked, want, i))
            return zkg_verdict_fail(v->verdict, ZKG_CHECK_PUBLIC, -1, -1,
                                    "%s[%" PRIu64 "] is %" PRId64
                                    " in the proof, %" PRId64 " was asked for",
                                    x->name, i, has, asked);
        return zkg_verdict_fail(v->verdict, ZKG_CHECK_PUBLIC, -1, -1,
                                "%s[%" PRIu64 "] is another field element in "
                                "the proof than was asked for",
                                x->name, i);
    }
    return ZKG_OK;
}

static zkg_status check_public(verifier *v, zkg_error *err)
{
    const zkg_statement *st = &v->key->statement;
    zkg_error why = {0};
    zkg_status status;

    v->array = zkg_alloc(st->tensors, sizeof(*v->array));
    v->view = zkg_alloc(st->tensors, sizeof(*v->view));
    if (v->array == NULL || v->view == NULL)
        return no_memory(err);
    status = zkg_proof_read_public(v->array, st, v->parts.publics, &why);
    if (status == ZKG_ERR_REJECT || status == ZKG_ERR_MALFORMED)
        return zkg_verdict_fail(v->verdict, ZKG_CHECK_PUBLIC, -1, -1, "%s",
                                why.text);
    if (status != ZKG_OK)
        return no_memory(err);
    for (uint32_t t = 0; t < st->tensors; t++) {
        if (st->tensor[t].vis == ZKG_PUBLIC)
            v->view[t] = &v->array[t];
        ZKG_TRY(check_expected(v, t));
    }
    return ZKG_OK;
}

/* ---- the protocol ------------------------------------------------------ */

/* The root's messages stand before and after the segments: put them side by
 * side, for one tape. */
static zkg_status start_root(verifier *v, zkg_error *err)
{
    const size_t head = v->layout.commit_bytes;
    zkg_error why = {0};
    zkg_status status;

    v->root_bytes = zkg_alloc(head + v->layout.opening_bytes, 1);
    v->commitments =
        zkg_alloc((size_t)v->layout.private_points, sizeof(*v->commitments));
    if (v->root_bytes == NULL || v->commitments == NULL)
        return no_memory(err);
    memcpy(v->root_bytes, v->parts.commitments, head);
    memcpy(v->root_bytes + head, v->parts.opening, v->layout.opening_bytes);
    zkg_tape_init_verify(&v->root, v->root_bytes,
                         head + v->layout.opening_bytes);
    status = zkg_root_begin(&v->root, &v->key->statement, &v->key->srs,
                            &v->layout, v->key->fixed, v->view, &why);
    if (status == ZKG_OK)
        status =
            zkg_root_start(&v->seed, &v->root, &v->key->statement,
                           v->key->srs.k, &v->layout, v->commitments, &why);
    if (status == ZKG_ERR_MALFORMED)
        return zkg_verdict_fail(v->verdict, ZKG_CHECK_MALFORMED, -1, -1, "%s",
                                why.text);
    if (status != ZKG_OK)
        return no_memory(err);
    return ZKG_OK;
}

static zkg_status verify_children(verifier *v, zkg_error *err)
{
    const uint8_t *at = v->parts.segments;

    v->ends = zkg_alloc(v->layout.children, sizeof(*v->ends));
    if (v->ends == NULL)
        return no_memory(err);
    for (uint32_t c = 0; c < v->layout.children; c++) {
        ZKG_TRY(zkg_child_replay(
            &v->ends[c], v->verdict, &v->seed, &v->key->statement, c, at,
            v->layout.segment_bytes[c], v->view, v->options->hooks, err));
        at += v->layout.segment_bytes[c];
    }
    return ZKG_OK;
}

static zkg_status verify_opening(verifier *v, zkg_error *err)
{
    zkg_open_claim *claims = NULL;
    size_t count = 0;
    zkg_status status;

    ZKG_TRY(zkg_root_finish(&claims, &count, &v->root, &v->key->statement,
                            &v->layout, v->key->srs.k, v->ends, NULL,
                            v->key->fixed, v->commitments, v->verdict, err));
    status = zkg_batch_verify(&v->root, &v->key->srs, claims, count,
                              zkg_cpu_features(ZKG_CPU_ALL), v->verdict);
    zkg_free(claims);
    ZKG_TRY(status);
    if (zkg_tape_finish(&v->root) != ZKG_OK)
        return zkg_verdict_fail(v->verdict, ZKG_CHECK_SIZE, -1, -1,
                                "the opening has bytes left");
    return ZKG_OK;
}

static zkg_status judge(verifier *v, zkg_error *err)
{
    ZKG_TRY(check_key(v));
    ZKG_TRY(check_head(v));
    ZKG_TRY(check_public(v, err));
    ZKG_TRY(start_root(v, err));
    ZKG_TRY(verify_children(v, err));
    return verify_opening(v, err);
}

static void clear(verifier *v)
{
    for (uint32_t c = 0; v->ends != NULL && c < v->layout.children; c++) {
        zkg_free(v->ends[c].claim);
        zkg_free(v->ends[c].fraction);
    }
    for (uint32_t t = 0; v->array != NULL && t < v->key->statement.tensors; t++)
        zkg_array_clear(&v->array[t]);
    zkg_free(v->ends);
    zkg_free(v->array);
    zkg_free(v->view);
    zkg_free(v->commitments);
    zkg_free(v->root_bytes);
    zkg_tape_clear(&v->root);
    zkg_root_seed_clear(&v->seed);
    zkg_root_layout_clear(&v->layout);
}

zkg_status zkg_verify_with_key(zkg_verdict *verdict, const zkg_key *key,
                               const uint8_t *proof, size_t proof_len,
                               const zkg_verify_options *options,
                               zkg_error *err)
{
    static const zkg_verify_options none = {.hooks = NULL};
    zkg_verdict unused = {0};
    verifier v = {.key = key,
                  .options = options == NULL ? &none : options,
                  .proof = proof,
                  .len = proof_len,
                  .verdict = verdict == NULL ? &unused : verdict};
    zkg_status status =
        zkg_root_layout_init(&v.layout, &key->statement, &key->srs, err);

    if (status == ZKG_OK) {
        zkg_root_proof_sizes(&v.sizes, &v.layout);
        status = judge(&v, err);
    }
    clear(&v);
    if (status == ZKG_ERR_REJECT || status == ZKG_ERR_MALFORMED)
        (void)zkg_fail(err, status, "%s", v.verdict->text);
    else if (status != ZKG_OK)
        (void)zkg_fail(err, status, "not judged: %s", zkg_status_name(status));
    return status;
}

zkg_status zkg_verify(zkg_verdict *verdict, const uint8_t *key, size_t key_len,
                      const uint8_t *proof, size_t proof_len,
                      const zkg_verify_options *options, zkg_error *err)
{
    zkg_key k = {0};
    zkg_error why = {0};
    zkg_status status = zkg_key_decode(&k, key, key_len, "the key", &why);

    if (status != ZKG_OK) {
        if (status == ZKG_ERR_MALFORMED)
            (void)zkg_verdict_fail(verdict, ZKG_CHECK_KEY, -1, -1, "%s",
                                   why.text);
        return zkg_fail(err, status, "%s", why.text);
    }
    status = zkg_verify_with_key(verdict, &k, proof, proof_len, options, err);
    zkg_key_clear(&k);
    return status;
}
