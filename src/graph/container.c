/* SPDX-License-Identifier: Apache-2.0 */
/* The head of binary files. */
#include "graph/container.h"

#include <string.h>

static const uint8_t magic[8] = {'Z', 'K', 'G', 'K', 'R', '\r', '\n', 0x1a};

static const char *const names[] = {
    [0] = "no file of this program",
    [ZKG_CONTAINER_SRS] = "an SRS",
    [ZKG_CONTAINER_KEY] = "a key",
    [ZKG_CONTAINER_PROOF] = "a proof",
    [ZKG_CONTAINER_JOURNAL] = "a journal",
    [ZKG_CONTAINER_CIRCUITS] = "a graph's circuits",
    [ZKG_CONTAINER_PROGRAMS] = "a graph's programs",
};

zkg_status zkg_container_write(zkg_writer *w, zkg_container_kind kind,
                               uint32_t version)
{
    (void)zkg_writer_bytes(w, magic, sizeof(magic));
    (void)zkg_writer_u32(w, (uint32_t)kind);
    return zkg_writer_u32(w, version);
}

uint32_t zkg_container_kind_of(const uint8_t *bytes, size_t len)
{
    uint32_t kind;

    if (len < ZKG_CONTAINER_BYTES || memcmp(bytes, magic, 8) != 0)
        return 0;
    kind = zkg_load_u32le(bytes + 8);
    return kind <= ZKG_CONTAINER_PROGRAMS ? kind : 0;
}

zkg_status zkg_container_read(zkg_reader *r, zkg_container_kind kind,
                              uint32_t version, const char *name,
                              zkg_error *err)
{
    const uint8_t *at;
    uint32_t found, v;

    if (zkg_reader_view(r, &at, ZKG_CONTAINER_BYTES) != ZKG_OK)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s: too short to be %s of this program", name,
                        names[kind]);
    found = zkg_container_kind_of(at, ZKG_CONTAINER_BYTES);
    if (found != (uint32_t)kind)
        return zkg_fail(err, ZKG_ERR_MALFORMED, "%s is %s, %s is needed", name,
                        names[found], names[kind]);
    v = zkg_load_u32le(at + 12);
    if (v != version)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s has format version %u, this program reads %u", name,
                        v, version);
    return ZKG_OK;
}
