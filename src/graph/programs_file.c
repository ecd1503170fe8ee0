/* SPDX-License-Identifier: Apache-2.0
 * programs.bin: header, u32 kernels, for each u64 length, that many bytes. */
#include "graph/programs_file.h"

#include <stdio.h>

#include "base/io.h"
#include "base/mem.h"
#include "graph/container.h"
#include "graph/graph_circuit.h"

#define PROGRAMS_VERSION 1
#define MAX_FILE ((size_t)1 << 34)

static bool has_programs(const zkg_graph *g)
{
    for (uint32_t i = 0; i < g->st.kernels; i++) {
        if (g->program[i].params > 0)
            return true;
    }
    return false;
}

static zkg_status write_program(zkg_writer *w, const zkg_program *p,
                                zkg_error *err)
{
    uint8_t *bytes;
    size_t len;

    if (p->params == 0) {
        (void)zkg_writer_u64(w, 0);
        return ZKG_OK;
    }
    ZKG_TRY(zkg_program_encode(&bytes, &len, p, err));
    (void)zkg_writer_u64(w, len);
    (void)zkg_writer_bytes(w, bytes, len);
    zkg_free(bytes);
    return ZKG_OK;
}

zkg_status zkg_programs_save(const zkg_graph *g, const char *path,
                             zkg_error *err)
{
    zkg_writer w;
    zkg_status s = ZKG_OK;

    if (!has_programs(g)) {
        if (zkg_file_exists(path) && remove(path) != 0)
            return zkg_fail(err, ZKG_ERR_IO, "%s: cannot be removed", path);
        return ZKG_OK;
    }
    zkg_writer_init(&w);
    (void)zkg_container_write(&w, ZKG_CONTAINER_PROGRAMS, PROGRAMS_VERSION);
    (void)zkg_writer_u32(&w, g->st.kernels);
    for (uint32_t i = 0; i < g->st.kernels && s == ZKG_OK; i++)
        s = write_program(&w, &g->program[i], err);
    if (s == ZKG_OK && w.status != ZKG_OK)
        s = zkg_fail(err, w.status, "%s: no memory", path);
    if (s == ZKG_OK)
        s = zkg_file_write_atomic(path, w.data, w.len, err);
    zkg_writer_free(&w);
    return s;
}

static zkg_status read_program(zkg_graph *g, zkg_reader *r, uint32_t kernel,
                               const char *path, zkg_error *err)
{
    const char *name = g->st.kernel[kernel].name;
    zkg_program p = {.params = 0};
    const uint8_t *bytes = NULL;
    uint64_t len = 0;
    zkg_error why = {0};
    zkg_status s;

    if (zkg_reader_u64(r, &len) != ZKG_OK || len > zkg_reader_left(r) ||
        zkg_reader_view(r, &bytes, (size_t)len) != ZKG_OK)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s is truncated (save the graph again)", path);
    if (len == 0)
        return ZKG_OK;
    s = zkg_program_decode(&p, bytes, (size_t)len, &why);
    if (s == ZKG_OK)
        s = zkg_graph_kernel_program(g, name, &p, &why);
    zkg_program_clear(&p);
    if (s != ZKG_OK)
        return zkg_fail(err, s, "%s: kernel %s: %s", path, name, why.text);
    return ZKG_OK;
}

static zkg_status read_all(zkg_graph *g, const uint8_t *bytes, size_t len,
                           const char *path, zkg_error *err)
{
    zkg_reader r;
    uint32_t n = 0;

    zkg_reader_init(&r, bytes, len);
    ZKG_TRY(zkg_container_read(&r, ZKG_CONTAINER_PROGRAMS, PROGRAMS_VERSION,
                               path, err));
    if (zkg_reader_u32(&r, &n) != ZKG_OK || n != g->st.kernels)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s is for %u kernels, the graph has %u (save the "
                        "graph again)",
                        path, n, g->st.kernels);
    for (uint32_t i = 0; i < n; i++)
        ZKG_TRY(read_program(g, &r, i, path, err));
    return zkg_reader_end(&r) == ZKG_OK
               ? ZKG_OK
               : zkg_fail(err, ZKG_ERR_MALFORMED,
                          "%s has bytes left (save the graph again)", path);
}

zkg_status zkg_programs_load(zkg_graph *g, const char *path, zkg_error *err)
{
    uint8_t *bytes;
    size_t len;
    zkg_status s;

    if (!zkg_file_exists(path))
        return ZKG_OK;
    ZKG_TRY(zkg_file_read(&bytes, &len, path, MAX_FILE, err));
    s = read_all(g, bytes, len, path, err);
    zkg_free(bytes);
    return s;
}
