/* SPDX-License-Identifier: Apache-2.0 */
/* The .srs file: writer and reader, field for field. */
#include "pcs/srs.h"

#include <string.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"

#define HEAD_BYTES ((size_t)16 + 16 + 128)
#define POINT_BYTES ((size_t)64)
#define BLOCK_POINTS 1024
#define FLAG_DEVELOPMENT UINT32_C(1)

static const uint8_t magic[8] = {'Z', 'K', 'G', 'K', 'R', '\r', '\n', 0x1a};

static size_t file_bytes(uint32_t power)
{
    return HEAD_BYTES + POINT_BYTES * (((size_t)1 << power) + ZKG_SRS_SPARE) +
           32;
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

/* What stands before the points of a file of len bytes, of which data are the
 * first HEAD_BYTES, or all where it is shorter. */
static zkg_status decode_head(zkg_srs *head, const uint8_t *data, size_t len,
                              const char *name, zkg_error *err)
{
    uint32_t kind, version, flags, zero;
    uint8_t start[8];
    const uint8_t *tau;
    zkg_reader r;

    zkg_reader_init(&r, data, len < HEAD_BYTES ? len : HEAD_BYTES);
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

/* The bytes of a file in memory, or of one that is open: at most a block at a
 * time. */
typedef struct source {
    const uint8_t *data;  /* what is left of it */
    const zkg_file *file; /* NULL: in memory */
    uint8_t *block;       /* of a file: BLOCK_POINTS * POINT_BYTES, owned */
} source;

static zkg_status take(const uint8_t **out, source *from, size_t n,
                       zkg_error *err)
{
    if (from->file == NULL) {
        *out = from->data;
        from->data += n;
        return ZKG_OK;
    }
    *out = from->block;
    return zkg_file_next(from->file, from->block, n, err);
}

/* All of the file's points go into the hash, the first ones into srs.
 * *bad: the first of these that is none; g1_len: all are. */
static zkg_status take_points(zkg_srs *srs, size_t *bad, zkg_hash *h,
                              source *from, size_t points, zkg_error *err)
{
    *bad = srs->g1_len;
    for (size_t i = 0; i < points;) {
        const size_t n =
            points - i < BLOCK_POINTS ? points - i : (size_t)BLOCK_POINTS;
        const uint8_t *raw;

        ZKG_TRY(take(&raw, from, POINT_BYTES * n, err));
        zkg_hash_update(h, raw, POINT_BYTES * n);
        for (size_t k = 0; k < n && i + k < *bad; k++)
            if (!zkg_g1_from_raw(&srs->g1[i + k], raw + POINT_BYTES * k))
                *bad = i + k;
        i += n;
    }
    return ZKG_OK;
}

static zkg_status decode(zkg_srs *srs, zkg_hash *h, source *from, size_t points,
                         const char *name, zkg_error *err)
{
    const uint8_t *said;
    uint8_t digest[32];
    size_t bad;

    ZKG_TRY(take_points(srs, &bad, h, from, points, err));
    ZKG_TRY(take(&said, from, sizeof(digest), err));
    zkg_hash_final(h, digest);
    if (memcmp(digest, said, sizeof(digest)) != 0)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: damaged: its digest does not match", name);
    if (bad < srs->g1_len)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: G1 point %zu is not on the curve", name, bad);
    return ZKG_OK;
}

/* From a file of len bytes, at its beginning. */
static zkg_status decode_all(zkg_srs **out, source *from, size_t len,
                             uint32_t power, const char *name, zkg_error *err)
{
    const uint8_t *start;
    zkg_srs head = {0};
    zkg_srs *srs = NULL;
    zkg_hash h;
    zkg_status s;

    ZKG_TRY(take(&start, from, len < HEAD_BYTES ? len : HEAD_BYTES, err));
    ZKG_TRY(decode_head(&head, start, len, name, err));
    zkg_hash_init(&h, 32);
    zkg_hash_update(&h, start, HEAD_BYTES);
    ZKG_TRY(zkg_srs_alloc(&srs, head.power < power ? head.power : power, err));
    srs->contributions = head.contributions;
    srs->development = head.development;
    srs->tau_g2 = head.tau_g2;
    s = decode(srs, &h, from, ((size_t)1 << head.power) + ZKG_SRS_SPARE, name,
               err);
    if (s != ZKG_OK) {
        zkg_srs_free(srs);
        return s;
    }
    *out = srs;
    return ZKG_OK;
}

zkg_status zkg_srs_decode(zkg_srs **out, const uint8_t *data, size_t len,
                          const char *name, zkg_error *err)
{
    source from = {.data = data};

    return decode_all(out, &from, len, ZKG_SRS_MAX_POWER, name, err);
}

zkg_status zkg_srs_read_part(zkg_srs **out, const char *path, uint32_t power,
                             zkg_error *err)
{
    source from = {0};
    zkg_file file = {.fd = -1};
    zkg_status s;

    ZKG_TRY(zkg_file_open(&file, path, file_bytes(ZKG_SRS_MAX_POWER), err));
    from.file = &file;
    from.block = zkg_alloc_raw(BLOCK_POINTS, POINT_BYTES);
    if (from.block == NULL)
        s = zkg_fail(err, ZKG_ERR_NOMEM, "%s: no memory to read it", path);
    else
        s = decode_all(out, &from, file.len, power, path, err);
    zkg_free(from.block);
    zkg_file_close(&file);
    return s;
}

zkg_status zkg_srs_read(zkg_srs **out, const char *path, zkg_error *err)
{
    return zkg_srs_read_part(out, path, ZKG_SRS_MAX_POWER, err);
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
