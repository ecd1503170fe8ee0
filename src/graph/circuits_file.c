/* SPDX-License-Identifier: Apache-2.0
 * circuits.bin: header, u32 n, n circuits as in the canonical encoding. */
#include "graph/circuits_file.h"

#include <stdio.h>

#include "base/io.h"
#include "base/mem.h"
#include "circuit/own.h"
#include "graph/container.h"

#define CIRCUITS_VERSION 1
#define LEAST_CIRCUIT 24
#define MAX_FILE ((size_t)1 << 34)

zkg_status zkg_circuits_save(const zkg_statement *st, const char *path,
                             zkg_error *err)
{
    zkg_writer w;
    zkg_status s;

    if (st->circuits == 0) {
        if (zkg_file_exists(path) && remove(path) != 0)
            return zkg_fail(err, ZKG_ERR_IO, "%s: cannot be removed", path);
        return ZKG_OK;
    }
    zkg_writer_init(&w);
    (void)zkg_container_write(&w, ZKG_CONTAINER_CIRCUITS, CIRCUITS_VERSION);
    (void)zkg_writer_u32(&w, st->circuits);
    for (uint32_t i = 0; i < st->circuits; i++)
        zkg_circuit_write(&w, &st->circuit[i]);
    s = w.status;
    if (s == ZKG_OK)
        s = zkg_file_write_atomic(path, w.data, w.len, err);
    else
        (void)zkg_fail(err, s, "%s: no memory", path);
    zkg_writer_free(&w);
    return s;
}

static zkg_status read_all(zkg_statement *st, zkg_reader *r)
{
    uint32_t n;

    ZKG_TRY(zkg_reader_u32(r, &n));
    if (n > ZKG_MAX_CIRCUITS || n > zkg_reader_left(r) / LEAST_CIRCUIT)
        return ZKG_ERR_MALFORMED;
    st->circuit = zkg_alloc(n, sizeof(st->circuit[0]));
    if (st->circuit == NULL)
        return ZKG_ERR_NOMEM;
    st->circuits = n;
    for (uint32_t i = 0; i < n; i++)
        ZKG_TRY(zkg_circuit_read(&st->circuit[i], r));
    return zkg_reader_end(r);
}

zkg_status zkg_circuits_parse(zkg_statement *st, const uint8_t *bytes,
                              size_t len, const char *name, zkg_error *err)
{
    zkg_reader r;
    zkg_status s;

    zkg_reader_init(&r, bytes, len);
    ZKG_TRY(zkg_container_read(&r, ZKG_CONTAINER_CIRCUITS, CIRCUITS_VERSION,
                               name, err));
    s = read_all(st, &r);
    if (s == ZKG_ERR_NOMEM)
        return zkg_fail(err, s, "%s: no memory for its circuits", name);
    return s == ZKG_OK ? s
                       : zkg_fail(err, s, "%s is truncated or damaged", name);
}

zkg_status zkg_circuits_load(zkg_statement *st, const char *path,
                             zkg_error *err)
{
    uint8_t *bytes;
    size_t len;
    zkg_status s;

    if (!zkg_file_exists(path))
        return ZKG_OK;
    ZKG_TRY(zkg_file_read(&bytes, &len, path, MAX_FILE, err));
    s = zkg_circuits_parse(st, bytes, len, path, err);
    zkg_free(bytes);
    return s;
}
