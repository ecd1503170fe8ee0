/* SPDX-License-Identifier: Apache-2.0
 * What all communicators share, and the choice between one rank, the host's
 * desk and MPI. */
#include "comm/comm.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "comm/ops.h"

bool zkg_comm_is_launched(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK",
                                        "PMI_RANK", "PMI_SIZE"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (getenv(names[i]) != NULL)
            return true;
    }
    return false;
}

zkg_status zkg_comm_init(zkg_comm **world, int *argc, char ***argv,
                         zkg_error *err)
{
    if (zkg_comm_is_launched())
        return zkg_comm_mpi_init(world, argc, argv, err);
    *world = zkg_comm_alone_new(NULL);
    return *world != NULL ? ZKG_OK
                          : zkg_fail(err, ZKG_ERR_NOMEM, "out of memory");
}

/* The pulse is odd inside a call that waits for other ranks.  One thread
 * writes it. */
static zkg_status beat(const zkg_comm *c, zkg_status s)
{
    atomic_uint *pulse;

    if (c->tally == NULL)
        return s;
    pulse = &c->tally->pulse;
    atomic_store_explicit(pulse,
                          atomic_load_explicit(pulse, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    return s;
}

static void begin(const zkg_comm *c)
{
    (void)beat(c, ZKG_OK);
    if (c->tally != NULL)
        c->tally->since = zkg_seconds();
}

static zkg_status end(const zkg_comm *c, zkg_status s)
{
    if (c->tally != NULL)
        c->tally->seconds += zkg_seconds() - c->tally->since;
    return beat(c, s);
}

static void hand_over(const zkg_comm *c, uint64_t bytes)
{
    if (c->tally != NULL && c->size > 1)
        c->tally->bytes += bytes;
}

/* Whether n elements in all go over the desk: the same on all ranks. */
static bool is_for_desk(const zkg_comm *c, uint64_t n)
{
    return c->desk.desk != NULL && n <= ZKG_DESK_LONGEST;
}

void zkg_comm_traffic(const zkg_comm *world, double *seconds, uint64_t *bytes)
{
    *seconds = world->tally != NULL ? world->tally->seconds : 0;
    *bytes = world->tally != NULL ? world->tally->bytes : 0;
}

/* Evaluate a call of c between two beats, by the clock; or at the desk, which
 * looks at the clock itself, and only where it has to wait. */
#define WAITING(c, call) (begin(c), end((c), (call)))
#define AT_DESK(c, call) ((void)beat((c), ZKG_OK), beat((c), (call)))

const atomic_uint *zkg_comm_pulse(const zkg_comm *world)
{
    return world->tally == NULL ? NULL : &world->tally->pulse;
}

uint32_t zkg_comm_rank(const zkg_comm *c)
{
    return c->rank;
}

uint32_t zkg_comm_size(const zkg_comm *c)
{
    return c->size;
}

void zkg_comm_abort(const zkg_comm *world, int code)
{
    world->ops->abort(world, code);
    exit(code);
}

void zkg_comm_free(zkg_comm *c)
{
    if (c != NULL)
        c->ops->free(c);
}

zkg_status zkg_comm_sum_fr(const zkg_comm *c, zkg_fr *v, size_t n)
{
    hand_over(c, n * sizeof(*v));
    if (c->size == 1)
        return ZKG_OK;
    return is_for_desk(c, n) ? AT_DESK(c, zkg_desk_sum(&c->desk, v, n))
                             : WAITING(c, c->ops->sum_fr(c, v, n));
}

zkg_status zkg_comm_scatter_sum_fr(const zkg_comm *c, zkg_fr *v,
                                   const uint64_t *first)
{
    hand_over(c, first[c->size] * sizeof(*v));
    if (c->size == 1)
        return ZKG_OK;
    return is_for_desk(c, first[c->size])
               ? AT_DESK(c, zkg_desk_scatter_sum(&c->desk, v, first))
               : WAITING(c, c->ops->scatter_sum_fr(c, v, first));
}

zkg_status zkg_comm_allgather_fr(const zkg_comm *c, zkg_fr *v,
                                 const uint64_t *first)
{
    hand_over(c, (first[c->rank + 1] - first[c->rank]) * sizeof(*v));
    if (c->size == 1)
        return ZKG_OK;
    return is_for_desk(c, first[c->size])
               ? AT_DESK(c, zkg_desk_allgather(&c->desk, v, first))
               : WAITING(c, c->ops->allgather_fr(c, v, first));
}

zkg_status zkg_comm_min_u64(const zkg_comm *c, uint64_t *v)
{
    return c->size == 1 ? ZKG_OK : WAITING(c, c->ops->min_u64(c, v));
}

static zkg_status gather(const zkg_comm *c, const void *mine, size_t len,
                         uint8_t **all, size_t **lens, const uint32_t *root)
{
    size_t *each = malloc(c->size * sizeof(*each)), total = 0;
    uint8_t *bytes = NULL;
    zkg_status s = ZKG_ERR_NOMEM;

    hand_over(c, len);
    *all = NULL;
    *lens = NULL;
    if (each == NULL)
        return ZKG_ERR_NOMEM;
    s = WAITING(c, c->ops->gather_lens(c, len, each));
    if (s != ZKG_OK)
        goto free_each;
    for (uint32_t i = 0; i < c->size; i++)
        total += each[i];
    if (root == NULL || *root == c->rank) {
        bytes = malloc(total > 0 ? total : 1);
        if (bytes == NULL) {
            s = ZKG_ERR_NOMEM;
            goto free_each;
        }
    }
    s = WAITING(c, c->ops->gather_bytes(c, mine, len, bytes, each, root));
    if (s != ZKG_OK || bytes == NULL)
        goto free_bytes;
    *all = bytes;
    *lens = each;
    return ZKG_OK;

free_bytes:
    free(bytes);
free_each:
    free(each);
    return s;
}

zkg_status zkg_comm_allgather_bytes(const zkg_comm *c, const void *mine,
                                    size_t len, uint8_t **all, size_t **lens)
{
    return gather(c, mine, len, all, lens, NULL);
}

zkg_status zkg_comm_gather_bytes(const zkg_comm *c, const void *mine,
                                 size_t len, uint8_t **all, size_t **lens,
                                 uint32_t root)
{
    return root < c->size ? gather(c, mine, len, all, lens, &root)
                          : ZKG_ERR_INVALID;
}

zkg_status zkg_comm_broadcast(const zkg_comm *c, void *bytes, size_t len,
                              uint32_t root)
{
    if (root >= c->size)
        return ZKG_ERR_INVALID;
    hand_over(c, root == c->rank ? len : 0);
    return c->size == 1 ? ZKG_OK
                        : WAITING(c, c->ops->broadcast(c, bytes, len, root));
}

zkg_status zkg_comm_subgroup(zkg_comm **out, const zkg_comm *world,
                             const uint32_t *ranks, uint32_t n, uint32_t tag)
{
    bool member = false, ascending = true; /* then all are distinct */

    *out = NULL;
    if (world->tally == NULL || n == 0 || n > world->size)
        return ZKG_ERR_INVALID;
    for (uint32_t i = 0; i < n; i++) {
        member = member || ranks[i] == world->rank;
        if (ranks[i] >= world->size)
            return ZKG_ERR_INVALID;
        if (i > 0 && ranks[i] > ranks[i - 1] && ascending)
            continue;
        ascending = i == 0;
        for (uint32_t j = 0; j < i; j++) {
            if (ranks[i] == ranks[j])
                return ZKG_ERR_INVALID;
        }
    }
    if (!member)
        return ZKG_ERR_INVALID;
    if (n > 1)
        return WAITING(world, world->ops->subgroup(out, world, ranks, n, tag));
    *out = zkg_comm_alone_new(world->tally);
    return *out != NULL ? ZKG_OK : ZKG_ERR_NOMEM;
}

zkg_status zkg_comm_host(zkg_comm **out, const zkg_comm *c)
{
    *out = NULL;
    if (c->size > 1)
        return WAITING(c, c->ops->host(out, c));
    *out = zkg_comm_alone_new(c->tally);
    return *out != NULL ? ZKG_OK : ZKG_ERR_NOMEM;
}

void zkg_comm_counts(const zkg_comm *world, uint64_t *made, uint64_t *freed)
{
    *made = world->tally != NULL ? world->tally->made : 0;
    *freed = world->tally != NULL ? world->tally->freed : 0;
}

zkg_status zkg_comm_send_token(zkg_comm *world, uint32_t dest, uint64_t value)
{
    hand_over(world, sizeof(value));
    return dest < world->size ? world->ops->send_token(world, dest, value)
                              : ZKG_ERR_INVALID;
}

zkg_status zkg_comm_recv_token(zkg_comm *world, uint64_t *value)
{
    return WAITING(world, world->ops->recv_token(world, value));
}

zkg_status zkg_comm_send_parcel(zkg_comm *world, uint32_t dest, void *bytes,
                                size_t len)
{
    hand_over(world, len);
    if (dest < world->size && dest != world->rank)
        return world->ops->send_parcel(world, dest, bytes, len);
    zkg_free(bytes);
    return ZKG_ERR_INVALID;
}

zkg_status zkg_comm_next_parcel(zkg_comm *world, bool *found, uint32_t *source,
                                bool wait)
{
    *found = false;
    if (world->size == 1)
        return wait ? ZKG_ERR_INTERNAL : ZKG_OK;
    return wait ? WAITING(world,
                          world->ops->next_parcel(world, found, source, true))
                : world->ops->next_parcel(world, found, source, false);
}

zkg_status zkg_comm_recv_parcel(zkg_comm *world, uint32_t source, void *bytes,
                                size_t len)
{
    return source < world->size && source != world->rank
               ? WAITING(world,
                         world->ops->recv_parcel(world, source, bytes, len))
               : ZKG_ERR_INVALID;
}

zkg_status zkg_comm_flush_parcels(zkg_comm *world)
{
    return world->size == 1 ? ZKG_OK
                            : WAITING(world, world->ops->flush_parcels(world));
}
