/* SPDX-License-Identifier: Apache-2.0 */
/* From a graph and an SRS to a key. */
#include "graph/setup.h"

#include <string.h>

#include "base/mem.h"
#include "pcs/kzg.h"

static zkg_status check_fixed(const zkg_graph *g, zkg_error *err)
{
    for (uint32_t i = 0; i < g->st.tensors; i++)
        if (g->st.tensor[i].vis == ZKG_FIXED)
            ZKG_TRY(
                zkg_values_check_range(&g->st.tensor[i], &g->value[i], err));
    return ZKG_OK;
}

/* The key owns a statement of its own. */
static zkg_status copy_statement(zkg_statement *out, const zkg_statement *in,
                                 zkg_error *err)
{
    uint8_t *bytes;
    size_t len;
    zkg_status s;

    ZKG_TRY(zkg_statement_encode(&bytes, &len, in, err));
    s = zkg_statement_decode(out, bytes, len, err);
    zkg_free(bytes);
    return s;
}

static zkg_status copy_display(zkg_display **out, const zkg_graph *g,
                               zkg_error *err)
{
    zkg_writer w;
    zkg_reader r;
    zkg_status s;

    zkg_writer_init(&w);
    zkg_displays_write(&w, g->display, g->st.tensors);
    s = w.status;
    if (s == ZKG_OK) {
        zkg_reader_init(&r, w.data, w.len);
        s = zkg_displays_read(out, &r, g->st.tensors, err);
    }
    zkg_writer_free(&w);
    return s == ZKG_OK ? s : zkg_fail(err, s, "no memory");
}

static zkg_status commit_fixed(zkg_key *key, const zkg_graph *g,
                               const zkg_srs *srs, uint32_t cpu_flags,
                               zkg_error *err)
{
    uint64_t at = 0;

    key->fixed_points = zkg_statement_chunks(&g->st, ZKG_FIXED, key->srs.k);
    key->fixed = zkg_alloc(key->fixed_points, sizeof(key->fixed[0]));
    if (key->fixed == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for the key");
    for (uint32_t i = 0; i < g->st.tensors; i++) {
        zkg_status s;

        if (g->st.tensor[i].vis != ZKG_FIXED)
            continue;
        s = zkg_kzg_commit(&key->fixed[at], srs, key->srs.k, &g->value[i],
                           cpu_flags);
        if (s != ZKG_OK)
            return zkg_fail(err, s, "tensor %s cannot be committed to (%s)",
                            g->st.tensor[i].name, zkg_status_name(s));
        at += zkg_kzg_chunks(zkg_tensor_vars(&g->st.tensor[i]), key->srs.k);
    }
    return ZKG_OK;
}

static zkg_status set_digest(zkg_key *key, zkg_error *err)
{
    uint8_t *bytes;
    size_t len;

    ZKG_TRY(zkg_key_encode(&bytes, &len, key, err));
    zkg_free(bytes);
    return ZKG_OK;
}

static zkg_status setup(zkg_key *out, const zkg_graph *g, const zkg_srs *srs,
                        zkg_pcs pcs, uint32_t k, uint32_t cpu_flags,
                        zkg_error *err)
{
    ZKG_TRY(check_fixed(g, err));
    ZKG_TRY(zkg_srs_check(srs, k, err));
    ZKG_TRY(zkg_srs_key_init(&out->srs, srs, pcs, k, err));
    ZKG_TRY(copy_statement(&out->statement, &g->st, err));
    ZKG_TRY(copy_display(&out->display, g, err));
    ZKG_TRY(commit_fixed(out, g, srs, cpu_flags, err));
    return set_digest(out, err);
}

zkg_status zkg_setup(zkg_key *out, bool *k_capped, const zkg_graph *g,
                     const zkg_srs *srs, zkg_pcs pcs, uint32_t cpu_flags,
                     zkg_error *err)
{
    uint32_t k = zkg_statement_default_k(&g->st);
    zkg_status s;

    *out = (zkg_key){.fixed = NULL};
    if (!g->finished)
        return zkg_fail(err, ZKG_ERR_INVALID, "the graph is not finished");
    if (k_capped != NULL)
        *k_capped = k > srs->power;
    if (k > srs->power)
        k = srs->power;
    s = setup(out, g, srs, pcs, k, cpu_flags, err);
    if (s != ZKG_OK)
        zkg_key_clear(out);
    return s;
}
