/* SPDX-License-Identifier: Apache-2.0
 * Entries: head, kind, key, length, bytes, digest of all that. */
#include "journal/journal.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/io.h"
#include "base/mem.h"
#include "graph/container.h"

struct zkg_journal {
    char *dir;
};

enum { ENTRY_HEAD = ZKG_CONTAINER_BYTES + 4 + ZKG_DIGEST_BYTES + 8 };

static const char *const names[] = {
    [ZKG_JOURNAL_COMMITMENTS] = "commitments",
    [ZKG_JOURNAL_SEGMENT] = "segment",
};

zkg_status zkg_journal_open(zkg_journal **out, const char *dir, zkg_error *err)
{
    char *probe = zkg_path_join(dir, "x");
    zkg_journal *j = zkg_alloc(1, sizeof(*j));
    zkg_status s = ZKG_ERR_NOMEM;

    if (probe == NULL || j == NULL || (j->dir = zkg_strdup(dir)) == NULL)
        (void)zkg_fail(err, s, "%s: no memory to open this folder", dir);
    else if ((s = zkg_make_dir(dir, err)) == ZKG_OK)
        s = zkg_file_check_writable(probe, err);
    zkg_free(probe);
    if (s == ZKG_OK)
        *out = j;
    else
        zkg_journal_free(j);
    return s;
}

void zkg_journal_free(zkg_journal *j)
{
    if (j != NULL)
        zkg_free(j->dir);
    zkg_free(j);
}

/* "segment-<hex>.tmp-<any>" */
static bool is_half_written(const char *name)
{
    for (size_t k = 1; k < sizeof(names) / sizeof(names[0]); k++) {
        const size_t len = strlen(names[k]);

        if (strncmp(name, names[k], len) == 0 && name[len] == '-' &&
            strspn(name + len + 1, "0123456789abcdef") == 64 &&
            strncmp(name + len + 65, ".tmp-", 5) == 0)
            return true;
    }
    return false;
}

void zkg_journal_sweep(const zkg_journal *j)
{
    DIR *d = opendir(j->dir);
    const struct dirent *e;

    while (d != NULL && (e = readdir(d)) != NULL)
        if (is_half_written(e->d_name))
            (void)unlinkat(dirfd(d), e->d_name, 0);
    if (d != NULL)
        (void)closedir(d);
}

void zkg_journal_key_begin(zkg_hash *h, zkg_journal_kind kind)
{
    static const char domain[] = "zkgkr journal";

    zkg_hash_init(h, ZKG_DIGEST_BYTES);
    zkg_hash_update(h, domain, sizeof(domain) - 1);
    zkg_hash_u32(h, ZKG_JOURNAL_VERSION);
    zkg_hash_u32(h, (uint32_t)kind);
}

/* "segment-<hex>", in the folder; NULL without memory. */
static char *entry_path(const zkg_journal *j, zkg_journal_kind kind,
                        const uint8_t key[ZKG_DIGEST_BYTES])
{
    char hex[65], name[96];

    zkg_digest_hex(hex, key);
    (void)snprintf(name, sizeof(name), "%s-%s", names[kind], hex);
    return zkg_path_join(j->dir, name);
}

static void write_entry(zkg_writer *w, zkg_journal_kind kind,
                        const uint8_t key[ZKG_DIGEST_BYTES], const void *bytes,
                        size_t len)
{
    uint8_t digest[ZKG_DIGEST_BYTES];

    (void)zkg_container_write(w, ZKG_CONTAINER_JOURNAL, ZKG_JOURNAL_VERSION);
    (void)zkg_writer_u32(w, (uint32_t)kind);
    (void)zkg_writer_bytes(w, key, ZKG_DIGEST_BYTES);
    (void)zkg_writer_u64(w, len);
    if (zkg_writer_bytes(w, bytes, len) != ZKG_OK)
        return;
    zkg_blake2b_256(digest, w->data, w->len);
    (void)zkg_writer_bytes(w, digest, sizeof(digest));
}

zkg_status zkg_journal_put(const zkg_journal *j, zkg_journal_kind kind,
                           const uint8_t key[ZKG_DIGEST_BYTES],
                           const void *bytes, size_t len, zkg_error *err)
{
    char *path = entry_path(j, kind, key);
    zkg_writer w;
    zkg_status s;

    zkg_writer_init(&w);
    write_entry(&w, kind, key, bytes, len);
    s = path == NULL ? ZKG_ERR_NOMEM : w.status;
    if (s != ZKG_OK)
        (void)zkg_fail(err, s, "%s: no memory for an entry", j->dir);
    else
        s = zkg_file_write_atomic(path, w.data, w.len, err);
    zkg_writer_free(&w);
    zkg_free(path);
    return s;
}

zkg_status zkg_journal_decode(const uint8_t **bytes, const uint8_t *data,
                              size_t data_len, zkg_journal_kind kind,
                              const uint8_t key[ZKG_DIGEST_BYTES], size_t len,
                              const char *name, zkg_error *err)
{
    uint8_t digest[ZKG_DIGEST_BYTES];
    const uint8_t *has_key, *has_digest, *at;
    uint32_t has_kind;
    uint64_t has_len;
    zkg_reader r;

    zkg_reader_init(&r, data, data_len);
    ZKG_TRY(zkg_container_read(&r, ZKG_CONTAINER_JOURNAL, ZKG_JOURNAL_VERSION,
                               name, err));
    (void)zkg_reader_u32(&r, &has_kind);
    (void)zkg_reader_view(&r, &has_key, ZKG_DIGEST_BYTES);
    (void)zkg_reader_u64(&r, &has_len);
    if (r.status != ZKG_OK)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "%s: it ends early", name);
    if (has_kind != (uint32_t)kind || memcmp(has_key, key, sizeof(digest)) != 0)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: it is the entry of another key", name);
    if (has_len != len)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: it keeps %" PRIu64 " bytes instead of %zu", name,
                        has_len, len);
    (void)zkg_reader_view(&r, &at, len);
    if (zkg_reader_view(&r, &has_digest, sizeof(digest)) != ZKG_OK)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "%s: it ends early", name);
    if (zkg_reader_end(&r) != ZKG_OK)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "%s: it has %zu bytes too many",
                        name, zkg_reader_left(&r));
    zkg_blake2b_256(digest, data, ENTRY_HEAD + len);
    if (memcmp(has_digest, digest, sizeof(digest)) != 0)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: its digest is another: it was changed", name);
    *bytes = at;
    return ZKG_OK;
}

static zkg_status get(uint8_t **bytes, const char *path, zkg_journal_kind kind,
                      const uint8_t key[ZKG_DIGEST_BYTES], size_t len,
                      zkg_error *err)
{
    const uint8_t *at;
    uint8_t *data;
    size_t data_len;
    zkg_status s;

    if (!zkg_file_exists(path))
        return ZKG_OK;
    ZKG_TRY(zkg_file_read(&data, &data_len, path,
                          ENTRY_HEAD + len + ZKG_DIGEST_BYTES, err));
    s = zkg_journal_decode(&at, data, data_len, kind, key, len, path, err);
    if (s != ZKG_OK) {
        zkg_free(data);
        return s;
    }
    memmove(data, at, len);
    *bytes = data;
    return ZKG_OK;
}

zkg_status zkg_journal_get(uint8_t **bytes, const zkg_journal *j,
                           zkg_journal_kind kind,
                           const uint8_t key[ZKG_DIGEST_BYTES], size_t len,
                           zkg_error *err)
{
    char *path = entry_path(j, kind, key);
    zkg_status s;

    *bytes = NULL;
    if (path == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "%s: no memory for an entry",
                        j->dir);
    s = get(bytes, path, kind, key, len, err);
    zkg_free(path);
    return s;
}
