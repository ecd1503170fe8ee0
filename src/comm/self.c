/* SPDX-License-Identifier: Apache-2.0
 * One rank alone: no MPI call.  Most collectives end in comm.c already. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "comm/ops.h"

/* A world of one, or a subgroup of one, which has no use for the queue. */
typedef struct alone {
    zkg_comm base;
    zkg_comm_tally own;
    uint64_t *tokens;
    size_t head, len, cap;
} alone;

static zkg_status gather_lens(const zkg_comm *c, size_t len, size_t *lens)
{
    (void)c;
    lens[0] = len;
    return ZKG_OK;
}

static zkg_status gather_bytes(const zkg_comm *c, const void *mine, size_t len,
                               uint8_t *all, const size_t *lens,
                               const uint32_t *root)
{
    (void)c;
    (void)lens;
    (void)root;
    if (len > 0)
        memcpy(all, mine, len);
    return ZKG_OK;
}

static zkg_status send_token(zkg_comm *world, uint32_t dest, uint64_t value)
{
    alone *a = (alone *)world;

    (void)dest;
    if (a->head == a->len)
        a->head = a->len = 0;
    if (a->len == a->cap) {
        const size_t cap = a->cap > 0 ? 2 * a->cap : 16;
        uint64_t *grown = zkg_realloc(a->tokens, cap, sizeof(*grown));

        if (grown == NULL)
            return ZKG_ERR_NOMEM;
        a->tokens = grown;
        a->cap = cap;
    }
    a->tokens[a->len++] = value;
    return ZKG_OK;
}

static zkg_status recv_token(zkg_comm *world, uint64_t *value)
{
    alone *a = (alone *)world;

    if (a->head == a->len)
        return ZKG_ERR_INTERNAL;
    *value = a->tokens[a->head++];
    return ZKG_OK;
}

static void abort_alone(const zkg_comm *c, int code)
{
    (void)c;
    exit(code);
}

static void free_alone(zkg_comm *c)
{
    alone *a = (alone *)c;

    if (c->tally != &a->own)
        c->tally->freed++;
    zkg_free(a->tokens);
    zkg_free(a);
}

static const zkg_comm_ops alone_ops = {
    .gather_lens = gather_lens,
    .gather_bytes = gather_bytes,
    .send_token = send_token,
    .recv_token = recv_token,
    .abort = abort_alone,
    .free = free_alone,
};

zkg_comm *zkg_comm_alone_new(zkg_comm_tally *tally)
{
    alone *a = zkg_alloc(1, sizeof(*a));

    if (a == NULL)
        return NULL;
    a->base.ops = &alone_ops;
    a->base.size = 1;
    a->base.tally = tally != NULL ? tally : &a->own;
    a->base.tally->made++;
    return &a->base;
}

/* ---- the constant object: no queue, no subgroups, never freed ---- */

static zkg_status no_token(zkg_comm *world, uint32_t dest, uint64_t value)
{
    (void)world;
    (void)dest;
    (void)value;
    return ZKG_ERR_INVALID;
}

static zkg_status nothing_to_receive(zkg_comm *world, uint64_t *value)
{
    (void)world;
    (void)value;
    return ZKG_ERR_INVALID;
}

static void never_freed(zkg_comm *c)
{
    (void)c;
}

static const zkg_comm_ops self_ops = {
    .gather_lens = gather_lens,
    .gather_bytes = gather_bytes,
    .send_token = no_token,
    .recv_token = nothing_to_receive,
    .abort = abort_alone,
    .free = never_freed,
};

static const zkg_comm self = {.ops = &self_ops, .size = 1};

const zkg_comm *zkg_comm_self(void)
{
    return &self;
}
