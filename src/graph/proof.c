/* SPDX-License-Identifier: Apache-2.0 */
/* Proof files: where the parts lie. */
#include "graph/proof.h"

#include "base/mem.h"
#include "graph/container.h"

#define DIGEST 32

static size_t public_bytes(const zkg_tensor *t)
{
    return (size_t)zkg_tensor_count(t) * zkg_dtype_size(t->type);
}

size_t zkg_proof_public_bytes(const zkg_statement *st)
{
    size_t n = 0;

    for (uint32_t i = 0; i < st->tensors; i++) {
        if (st->tensor[i].vis == ZKG_PUBLIC)
            n += public_bytes(&st->tensor[i]);
    }
    return n;
}

size_t zkg_proof_bytes(const zkg_proof_sizes *sizes)
{
    return ZKG_CONTAINER_BYTES + DIGEST + sizes->public_bytes +
           sizes->commit_bytes + sizes->segments_bytes + sizes->opening_bytes;
}

zkg_status zkg_proof_write_header(zkg_writer *w, const uint8_t key_digest[32])
{
    (void)zkg_container_write(w, ZKG_CONTAINER_PROOF, ZKG_PROOF_VERSION);
    return zkg_writer_bytes(w, key_digest, DIGEST);
}

zkg_status zkg_proof_write_public(zkg_writer *w, const zkg_statement *st,
                                  const zkg_array *const *arrays)
{
    for (uint32_t i = 0; i < st->tensors; i++) {
        const uint8_t *bytes;
        uint8_t *copy;

        if (st->tensor[i].vis != ZKG_PUBLIC)
            continue;
        bytes = zkg_array_le_bytes(&copy, arrays[i]);
        if (bytes == NULL)
            return w->status = ZKG_ERR_NOMEM;
        (void)zkg_writer_bytes(w, bytes, public_bytes(&st->tensor[i]));
        zkg_free(copy);
    }
    return w->status;
}

zkg_status zkg_proof_split(zkg_proof_view *out, const uint8_t *bytes,
                           size_t len, const zkg_proof_sizes *sizes,
                           const char *name, zkg_error *err)
{
    const size_t want = zkg_proof_bytes(sizes);
    zkg_reader r;

    zkg_reader_init(&r, bytes, len);
    ZKG_TRY(zkg_container_read(&r, ZKG_CONTAINER_PROOF, ZKG_PROOF_VERSION, name,
                               err));
    if (len != want)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s has %zu bytes, a proof for this key has %zu", name,
                        len, want);
    ZKG_TRY(zkg_reader_view(&r, &out->key_digest, DIGEST));
    ZKG_TRY(zkg_reader_view(&r, &out->publics, sizes->public_bytes));
    ZKG_TRY(zkg_reader_view(&r, &out->commitments, sizes->commit_bytes));
    ZKG_TRY(zkg_reader_view(&r, &out->segments, sizes->segments_bytes));
    ZKG_TRY(zkg_reader_view(&r, &out->opening, sizes->opening_bytes));
    return zkg_reader_end(&r);
}

zkg_status zkg_proof_read_public(zkg_array *out, const zkg_statement *st,
                                 const uint8_t *bytes, zkg_error *err)
{
    for (uint32_t i = 0; i < st->tensors; i++) {
        const zkg_tensor *t = &st->tensor[i];
        const uint64_t n = zkg_tensor_count(t);
        uint64_t bad = 0;

        if (t->vis != ZKG_PUBLIC)
            continue;
        ZKG_TRY(zkg_array_init(&out[i], t->type, t->axes, t->len, err));
        if (!zkg_array_from_le(&out[i], bytes, &bad))
            return zkg_fail(err, ZKG_ERR_REJECT,
                            "public tensor %s: element %llu is no field "
                            "element below p",
                            t->name, (unsigned long long)bad);
        bytes += public_bytes(t);
        for (uint64_t k = 0; t->type != ZKG_FR && k < n; k++) {
            const int64_t v = zkg_array_get_i64(&out[i], k);

            if (v < t->min || v > t->max)
                return zkg_fail(err, ZKG_ERR_REJECT,
                                "public tensor %s: element %llu is %lld, "
                                "outside %lld..%lld",
                                t->name, (unsigned long long)k, (long long)v,
                                (long long)t->min, (long long)t->max);
        }
    }
    return ZKG_OK;
}
