/* SPDX-License-Identifier: Apache-2.0 */
/* The .srs file: writer and reader, field for field. */
#include "pcs/srs.h"

#include <string.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"

#define HEAD_BYTES ((size_t)16 + 16 + 128)
#define FLAG_DEVELOPMENT UINT32_C(1)

static const uint8_t magic[8] = {'Z', 'K', 'G', 'K', 'R', '\r', '\n', 0x1a};

static size_t file_bytes(uint32_t power)
{
    return HEAD_BYTES + 64 * (((size_t)1 << power) + ZKG_SRS_SPARE) + 32;
}

zkg_status zkg_srs_encode(zkg_writer *w, const zkg_srs *srs)
{
    const size_t start = w->len;
    uint8_t raw[128], digest[32];
    uint8_t *points;

    (void)zkg_writer_bytes(w, magic, sizeof(magic));
    (void)zkg_writer_u32(w, ZKG_SRS_FILE_KIND);
    (void)zkg_writer_u32(w, ZKG_SRS_FILE_VERSION);
    (void)zkg_writer_u32(w, srs->power);
    (void)zkg_writer_u32(w, srs->development ? FLAG_DEVELOPMENT : 0);
    (void)zkg_writer_u32(w, srs->contributions);
    (void)zkg_writer_u32(w, 0);
    zkg_g2_to_raw(raw, &srs->tau_g2);
    (void)zkg_writer_bytes(w, raw, 128);
    ZKG_TRY(zkg_writer_reserve(w, &points, 64 * srs->g1_len));
    for (size_t i = 0; i < srs->g1_len; i++)
        zkg_g1_to_raw(points + 64 * i, &srs->g1[i]);
    zkg_blake2b_256(digest, w->data + start, w->len - start);
    return zkg_writer_bytes(w, digest, sizeof(digest));
}

/* What stands before the points. */
static zkg_status decode_head(zkg_srs *head, const uint8_t *data, size_t len,
                              const char *name, zkg_error *err)
{
    uint32_t kind, version, flags, zero;
    uint8_t start[8];
    const uint8_t *tau;
    zkg_reader r;

    zkg_reader_init(&r, data, len);
    (void)zkg_reader_bytes(&r, start, sizeof(start));
    (void)zkg_reader_u32(&r, &kind);
    if (zkg_reader_u32(&r, &version) != ZKG_OK ||
        memcmp(start, magic, sizeof(magic)) != 0 || kind != ZKG_SRS_FILE_KIND)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "%s: not an .srs file%s", name,
                        len >= 4 && memcmp(data, "ptau", 4) == 0
                            ? "; `zkgkr srs import` reads .ptau files"
                            : "");
    if (version != ZKG_SRS_FILE_VERSION)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: .srs version %u; this program reads version %u",
                        name, version, ZKG_SRS_FILE_VERSION);
    (void)zkg_reader_u32(&r, &head->power);
    (void)zkg_reader_u32(&r, &flags);
    (void)zkg_reader_u32(&r, &head->contributions);
    (void)zkg_reader_u32(&r, &zero);
    if (zkg_reader_view(&r, &tau, 128) != ZKG_OK)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "%s: truncated", name);
    if (head->power == 0 || head->power > ZKG_SRS_MAX_POWER ||
        flags > FLAG_DEVELOPMENT || zero != 0)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "%s: the header is damaged",
                        name);
    if (len != file_bytes(head->power))
        return zkg_fail(
            err, ZKG_ERR_MALFORMED,
            "%s: %s: power %u takes %zu bytes, the file has %zu", name,
            len < file_bytes(head->power) ? "truncated" : "too long",
            head->power, file_bytes(head->power), len);
    head->development = flags == FLAG_DEVELOPMENT;
    if (!zkg_g2_from_raw(&head->tau_g2, tau))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: [tau]_2 is not a point of the curve", name);
    return ZKG_OK;
}

zkg_status zkg_srs_decode(zkg_srs **out, const uint8_t *data, size_t len,
                          const char *name, zkg_error *err)
{
    zkg_srs head = {0};
    zkg_srs *srs = NULL;
    uint8_t digest[32];

    ZKG_TRY(decode_head(&head, data, len, name, err));
    zkg_blake2b_256(digest, data, len - 32);
    if (memcmp(digest, data + len - 32, 32) != 0)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: damaged: its digest does not match", name);
    ZKG_TRY(zkg_srs_alloc(&srs, head.power, err));
    srs->contributions = head.contributions;
    srs->development = head.development;
    srs->tau_g2 = head.tau_g2;
    for (size_t i = 0; i < srs->g1_len; i++) {
        if (!zkg_g1_from_raw(&srs->g1[i], data + HEAD_BYTES + 64 * i)) {
            zkg_srs_free(srs);
            return zkg_fail(err, ZKG_ERR_MALFORMED,
                            "%s: G1 point %zu is not on the curve", name, i);
        }
    }
    *out = srs;
    return ZKG_OK;
}

zkg_status zkg_srs_read(zkg_srs **out, const char *path, zkg_error *err)
{
    uint8_t *data;
    size_t len;
    zkg_status s;

    ZKG_TRY(
        zkg_file_read(&data, &len, path, file_bytes(ZKG_SRS_MAX_POWER), err));
    s = zkg_srs_decode(out, data, len, path, err);
    zkg_free(data);
    return s;
}

zkg_status zkg_srs_write(const zkg_srs *srs, const char *path, zkg_error *err)
{
    zkg_writer w;
    zkg_status s;

    zkg_writer_init(&w);
    s = zkg_srs_encode(&w, srs);
    if (s == ZKG_OK)
        s = zkg_file_write_atomic(path, w.data, w.len, err);
    else
        (void)zkg_fail(err, s, "%s: no memory to write the SRS", path);
    zkg_writer_free(&w);
    return s;
}
