/* SPDX-License-Identifier: Apache-2.0
 * The witness once per host.
 *
 * It is computed in a rank's own memory, then moved to shared memory tensor by
 * tensor, each freed as it goes: the host holds it once, and one tensor twice
 * for a moment. */
#include "prover/share.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "zkgkr/prove.h"

enum { ALIGNMENT = 64 };

/* What a host's first rank tells the others; bytes 0: nothing is shared. */
typedef struct offer {
    uint64_t bytes;
    int64_t pid;
    int32_t fd;
} offer;

/* Where tensor t stands, and what is after it; fixed tensors are everybody's
 * own.  SIZE_MAX: too much to hold. */
static size_t place(size_t *at, size_t *next, const zkg_statement *st,
                    uint32_t t)
{
    const zkg_tensor *tensor = &st->tensor[t];
    const uint64_t count = zkg_tensor_count(tensor);
    const size_t unit = zkg_dtype_size(tensor->type);
    size_t bytes = 0;

    *at = *next;
    if (tensor->vis == ZKG_FIXED)
        return 0;
    if (count > (SIZE_MAX / 4 - *next) / unit)
        return SIZE_MAX;
    bytes = (size_t)count * unit;
    *next += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return bytes;
}

/* 0: nothing to share, or more than fits. */
static size_t total_bytes(const zkg_statement *st)
{
    size_t at, next = 0;

    for (uint32_t t = 0; t < st->tensors; t++)
        if (place(&at, &next, st, t) == SIZE_MAX)
            return 0;
    return next;
}

static void borrow(zkg_array *a, const zkg_tensor *t, void *data)
{
    zkg_array_borrow(a, t->type, t->axes, t->len, data);
}

/* All of it was there, or nothing is moved. */
static bool is_complete(const zkg_witness *w, const zkg_statement *st)
{
    for (uint32_t t = 0; t < st->tensors; t++)
        if (st->tensor[t].vis != ZKG_FIXED &&
            (w->array[t].data == NULL || zkg_array_stored_count(&w->array[t]) !=
                                             zkg_tensor_count(&st->tensor[t])))
            return false;
    return true;
}

static zkg_status move(zkg_witness *w, zkg_shared *mem, const zkg_statement *st)
{
    size_t at, next = 0;

    for (uint32_t t = 0; t < st->tensors; t++) {
        const size_t bytes = place(&at, &next, st, t);

        if (st->tensor[t].vis == ZKG_FIXED)
            continue;
        ZKG_TRY(zkg_shared_reserve(mem, at, bytes));
        if (bytes > 0)
            memcpy(mem->data + at, w->array[t].data, bytes);
        zkg_array_clear(&w->array[t]);
        borrow(&w->array[t], &st->tensor[t], mem->data + at);
    }
    zkg_witness_refresh(w);
    return ZKG_OK;
}

/* Whatever stands in the way, this rank can do without. */
static zkg_status map(zkg_witness *w, zkg_shared *mem, const zkg_graph *g,
                      const offer *o)
{
    size_t at, next = 0;

    ZKG_TRY(zkg_shared_open(mem, (long)o->pid, o->fd, (size_t)o->bytes, false));
    ZKG_TRY(zkg_witness_init(w, g, NULL));
    for (uint32_t t = 0; t < g->st.tensors; t++) {
        (void)place(&at, &next, &g->st, t);
        if (g->st.tensor[t].vis != ZKG_FIXED)
            borrow(&w->array[t], &g->st.tensor[t], mem->data + at);
    }
    zkg_witness_refresh(w);
    return ZKG_OK;
}

/* After the first rank has made its witness: the host's others get it, if they
 * can.  *alone: they cannot.  Collective over the host. */
static zkg_status hand_out(bool *alone, zkg_witness *w, zkg_shared *mem,
                           const zkg_comm *host, const zkg_graph *g,
                           zkg_error *err)
{
    const bool is_first = zkg_comm_rank(host) == 0;
    const size_t bytes = total_bytes(&g->st);
    offer o = {0};
    uint64_t has = 1;
    zkg_status status = ZKG_OK;

    if (is_first && bytes > 0 && is_complete(w, &g->st) &&
        zkg_shared_make(mem, "zkgkr-witness", bytes) == ZKG_OK) {
        status = move(w, mem, &g->st);
        if (status == ZKG_OK)
            o = (offer){bytes, getpid(), mem->fd};
        else
            (void)zkg_fail(err, status, "no memory to share the witness");
    }
    if (zkg_comm_broadcast(host, &o, sizeof(o), 0) != ZKG_OK)
        return zkg_fail(err, ZKG_ERR_COMM, "the witness cannot be shared");
    if (!is_first)
        has = o.bytes != 0 && o.bytes == bytes && map(w, mem, g, &o) == ZKG_OK;
    if (zkg_comm_min_u64(host, &has) != ZKG_OK)
        return zkg_fail(err, ZKG_ERR_COMM, "the witness cannot be shared");
    zkg_shared_seal(mem);
    *alone = has == 0 || o.bytes == 0;
    return status;
}

static zkg_status compute(zkg_witness *out, zkg_shared *mem,
                          const zkg_comm *host, const zkg_graph *g,
                          zkg_witness_fn make, void *user, const zkg_comm *all,
                          zkg_error *err)
{
    const bool is_first = zkg_comm_rank(host) == 0;
    bool alone = false;
    zkg_status status = is_first ? make(out, user, err) : ZKG_OK;

    ZKG_TRY(zkg_ranks_agree(all, status, err));
    status = zkg_comm_size(host) > 1 ? hand_out(&alone, out, mem, host, g, err)
                                     : ZKG_OK;
    ZKG_TRY(zkg_ranks_agree(all, status, err));
    if (alone && !is_first) {
        zkg_witness_clear(out);
        zkg_shared_clear(mem);
        status = make(out, user, err);
    }
    return zkg_ranks_agree(all, status, err);
}

zkg_status zkg_witness_once_a_host(zkg_witness *out, zkg_shared *mem,
                                   const zkg_comm *c, const zkg_graph *g,
                                   zkg_witness_fn make, void *user,
                                   zkg_error *err)
{
    zkg_comm *host = NULL;
    zkg_status status = zkg_comm_host(&host, c);

    *mem = (zkg_shared){.fd = -1};
    status = zkg_ranks_agree(
        c,
        status == ZKG_OK
            ? ZKG_OK
            : zkg_fail(err, status, "the ranks of a host cannot be found"),
        err);
    if (status == ZKG_OK)
        status = compute(out, mem, host, g, make, user, c, err);
    zkg_comm_free(host);
    return status;
}
