/* SPDX-License-Identifier: Apache-2.0
 * The desk of a host's ranks, by MPI 3.1. */
#include "comm/host.h"

#include <sched.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

/* Looks at a flag, some microseconds, before others on this processor get a
 * turn: most of what is waited for comes sooner. */
enum { SPINS = 100 };

/* What a host's first rank tells the others; bytes 0: there is no memory. */
typedef struct offer {
    uint64_t bytes;
    int64_t pid;
    int32_t fd;
    uint8_t mark[32]; /* what the memory begins with: it is the same one */
} offer;

enum { DESK_AT = 64 };

/* A rank at the desk does for MPI what it would do inside a collective: what
 * this rank has sent goes on, and what it is sent is taken in.  A probe that
 * finds nothing does that. */
static zkg_status idle(void *user, bool waits)
{
    const zkg_host_desk *h = user;
    int there;

    MPI_TRY(MPI_Iprobe(MPI_ANY_SOURCE, h->unused_tag, h->all, &there,
                       MPI_STATUS_IGNORE));
    if (waits)
        (void)sched_yield();
    return ZKG_OK;
}

static uint32_t spins(uint32_t ranks)
{
    return (long)ranks > sysconf(_SC_NPROCESSORS_ONLN) ? 1 : SPINS;
}

/* The first rank's part: nothing that fails is an error. */
static offer make(zkg_host_desk *h, size_t bytes)
{
    offer o = {0};

    if (zkg_shared_make(&h->mem, "zkgkr-desk", bytes) != ZKG_OK)
        return o;
    if (zkg_shared_reserve(&h->mem, 0, bytes) != ZKG_OK) {
        zkg_shared_clear(&h->mem);
        return o;
    }
    o = (offer){.bytes = bytes, .pid = getpid(), .fd = h->mem.fd};
    randombytes_buf(o.mark, sizeof(o.mark));
    memcpy(h->mem.data, o.mark, sizeof(o.mark));
    return o;
}

/* Sit down at what was offered. */
static bool join(zkg_host_desk *h, const offer *o, uint32_t seats,
                 uint32_t seat, double *waited)
{
    if (o->bytes == 0)
        return false;
    if (seat > 0 && zkg_shared_open(&h->mem, (long)o->pid, o->fd,
                                    (size_t)o->bytes, true) != ZKG_OK)
        return false;
    if (memcmp(h->mem.data, o->mark, sizeof(o->mark)) != 0)
        return false;
    h->desk = zkg_desk_new(h->mem.data + DESK_AT, seats, seat, spins(seats),
                           waited, idle, h);
    return h->desk != NULL;
}

static void leave(zkg_host_desk *h)
{
    zkg_desk_free(h->desk);
    h->desk = NULL;
    zkg_shared_clear(&h->mem);
}

/* All ranks of a host, or none. */
static zkg_status open_desk(zkg_host_desk *h, MPI_Comm host, double *waited)
{
    offer o = {0};
    int seat, seats, has;

    MPI_TRY(MPI_Comm_rank(host, &seat));
    MPI_TRY(MPI_Comm_size(host, &seats));
    if (seats < 2 || seats > ZKG_DESK_SEATS)
        return ZKG_OK;
    if (seat == 0)
        o = make(h, DESK_AT + zkg_desk_bytes((uint32_t)seats));
    MPI_TRY(MPI_Bcast(&o, (int)sizeof(o), MPI_BYTE, 0, host));
    has = join(h, &o, (uint32_t)seats, (uint32_t)seat, waited);
    MPI_TRY(MPI_Allreduce(MPI_IN_PLACE, &has, 1, MPI_INT, MPI_MIN, host));
    zkg_shared_seal(&h->mem);
    if (!has)
        leave(h);
    return ZKG_OK;
}

zkg_status zkg_host_desk_init(zkg_host_desk *out, MPI_Comm all, int unused_tag,
                              double *waited)
{
    MPI_Comm host;
    zkg_status s;

    *out = (zkg_host_desk){.mem = {.fd = -1},
                           .seated = MPI_GROUP_NULL,
                           .all = all,
                           .unused_tag = unused_tag};
    MPI_TRY(MPI_Comm_split_type(all, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL,
                                &host));
    s = open_desk(out, host, waited);
    if (s == ZKG_OK && MPI_Comm_group(host, &out->seated) != MPI_SUCCESS)
        s = ZKG_ERR_COMM;
    (void)MPI_Comm_free(&host);
    return s;
}

void zkg_host_desk_clear(zkg_host_desk *h)
{
    leave(h);
    if (h->seated != MPI_GROUP_NULL)
        (void)MPI_Group_free(&h->seated);
}

zkg_status zkg_host_desk_group(zkg_desk_group *out, const zkg_host_desk *h,
                               MPI_Comm comm)
{
    int rank, size, ranks[ZKG_DESK_GROUP], seat[ZKG_DESK_GROUP], result;
    MPI_Group group;

    *out = (zkg_desk_group){0};
    MPI_TRY(MPI_Comm_rank(comm, &rank));
    MPI_TRY(MPI_Comm_size(comm, &size));
    if (h->desk == NULL || size > ZKG_DESK_GROUP)
        return ZKG_OK;
    for (int i = 0; i < size; i++)
        ranks[i] = i;
    MPI_TRY(MPI_Comm_group(comm, &group));
    result = MPI_Group_translate_ranks(group, size, ranks, h->seated, seat);
    (void)MPI_Group_free(&group);
    MPI_TRY(result);
    for (int i = 0; i < size; i++) {
        if (seat[i] == MPI_UNDEFINED)
            return ZKG_OK;
        out->seat[i] = (uint32_t)seat[i];
    }
    out->rank = (uint32_t)rank;
    out->size = (uint32_t)size;
    out->desk = h->desk;
    return ZKG_OK;
}
