/* SPDX-License-Identifier: Apache-2.0 */
/* Keys: one file, field for field. */
#include "graph/key.h"

#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "graph/container.h"
#include "graph/statement.h"

#define MAX_KEY ((size_t)1 << 34)

uint64_t zkg_statement_chunks(const zkg_statement *st, zkg_visibility vis,
                              uint32_t k)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < st->tensors; i++) {
        const uint32_t vars = zkg_tensor_vars(&st->tensor[i]);

        if (st->tensor[i].vis == vis)
            n += vars <= k ? 1 : (uint64_t)1 << (vars - k);
    }
    return n;
}

void zkg_key_clear(zkg_key *key)
{
    zkg_displays_free(key->display, key->statement.tensors);
    zkg_statement_clear(&key->statement);
    zkg_free(key->fixed);
    *key = (zkg_key){.fixed = NULL};
}

zkg_status zkg_key_encode(uint8_t **bytes, size_t *len, zkg_key *key,
                          zkg_error *err)
{
    zkg_writer w;
    uint8_t *statement;
    size_t statement_len;
    zkg_status s;

    ZKG_TRY(
        zkg_statement_encode(&statement, &statement_len, &key->statement, err));
    zkg_writer_init(&w);
    (void)zkg_container_write(&w, ZKG_CONTAINER_KEY, ZKG_KEY_VERSION);
    (void)zkg_writer_u64(&w, statement_len);
    (void)zkg_writer_bytes(&w, statement, statement_len);
    zkg_displays_write(&w, key->display, key->statement.tensors);
    s = zkg_srs_key_write(&w, &key->srs);
    for (uint64_t i = 0; i < key->fixed_points; i++) {
        uint8_t raw[64];

        zkg_g1_to_raw(raw, &key->fixed[i]);
        (void)zkg_writer_bytes(&w, raw, sizeof(raw));
    }
    zkg_free(statement);
    if (s == ZKG_OK)
        s = w.status;
    if (s != ZKG_OK) {
        zkg_writer_free(&w);
        return zkg_fail(err, s, "no memory for the key");
    }
    *bytes = zkg_writer_take(&w, len);
    zkg_blake2b_256(key->digest, *bytes, *len);
    return ZKG_OK;
}

static zkg_status read_points(zkg_key *key, zkg_reader *r, const char *name,
                              zkg_error *err)
{
    const uint64_t n =
        zkg_statement_chunks(&key->statement, ZKG_FIXED, key->srs.k);

    if (zkg_reader_left(r) % 64 != 0 || n != zkg_reader_left(r) / 64)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: %zu bytes for %llu commitments of 64", name,
                        zkg_reader_left(r), (unsigned long long)n);
    key->fixed = zkg_alloc(n, sizeof(key->fixed[0]));
    if (key->fixed == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for the key");
    key->fixed_points = n;
    for (uint64_t i = 0; i < n; i++) {
        const uint8_t *raw;

        ZKG_TRY(zkg_reader_view(r, &raw, 64));
        if (!zkg_g1_from_raw(&key->fixed[i], raw))
            return zkg_fail(err, ZKG_ERR_MALFORMED,
                            "%s: commitment %llu is not a point of the curve",
                            name, (unsigned long long)i);
    }
    return ZKG_OK;
}

static zkg_status decode(zkg_key *out, zkg_reader *r, const char *name,
                         zkg_error *err)
{
    const uint8_t *statement;
    uint64_t statement_len;
    zkg_error why = {0};
    zkg_status s;

    ZKG_TRY(
        zkg_container_read(r, ZKG_CONTAINER_KEY, ZKG_KEY_VERSION, name, err));
    if (zkg_reader_u64(r, &statement_len) != ZKG_OK ||
        statement_len > zkg_reader_left(r))
        return zkg_fail(err, ZKG_ERR_MALFORMED, "%s: the key is truncated",
                        name);
    ZKG_TRY(zkg_reader_view(r, &statement, (size_t)statement_len));
    s = zkg_statement_decode(&out->statement, statement, (size_t)statement_len,
                             &why);
    if (s == ZKG_OK)
        s = zkg_displays_read(&out->display, r, out->statement.tensors, &why);
    if (s == ZKG_OK)
        s = zkg_srs_key_read(&out->srs, r, &why);
    if (s != ZKG_OK)
        return zkg_fail(err, s, "%s: %s", name, why.text);
    return read_points(out, r, name, err);
}

zkg_status zkg_key_decode(zkg_key *out, const uint8_t *bytes, size_t len,
                          const char *name, zkg_error *err)
{
    zkg_reader r;
    zkg_status s;

    *out = (zkg_key){.fixed = NULL};
    zkg_reader_init(&r, bytes, len);
    s = decode(out, &r, name, err);
    if (s != ZKG_OK) {
        zkg_key_clear(out);
        return zkg_fail(err, s, "%s: the key is damaged", name);
    }
    zkg_blake2b_256(out->digest, bytes, len);
    return ZKG_OK;
}

zkg_status zkg_key_read(zkg_key *out, const char *path, zkg_error *err)
{
    uint8_t *bytes;
    size_t len;
    zkg_status s;

    *out = (zkg_key){.fixed = NULL};
    ZKG_TRY(zkg_file_read(&bytes, &len, path, MAX_KEY, err));
    s = zkg_key_decode(out, bytes, len, path, err);
    zkg_free(bytes);
    return s;
}

zkg_status zkg_key_write(zkg_key *key, const char *path, zkg_error *err)
{
    uint8_t *bytes;
    size_t len;
    zkg_status s;

    ZKG_TRY(zkg_key_encode(&bytes, &len, key, err));
    s = zkg_file_write_atomic(path, bytes, len, err);
    zkg_free(bytes);
    return s;
}
