/* SPDX-License-Identifier: Apache-2.0
 * Field elements from rank to rank by memory that they share. */
#include "comm/desk.h"

#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"

#if ATOMIC_INT_LOCK_FREE != 2
#error "processes share flags"
#endif

/* Elements of all pieces that a rank puts in a step of all seats; a test of
 * many pieces compiles this file with less. */
#ifndef DESK_ELEMENTS
#define DESK_ELEMENTS 4096
#endif

enum {
    SLOTS = 4,  /* a box */
    SHORT = 64, /* the longest sum that each of three or more makes of all */
    TURN = 16,  /* pieces of a seat that were there at once, until idle */
};

/* A line of its own.  Numbers of pieces may wrap: those in a box differ by less
 * than SLOTS. */
typedef struct slot {
    _Alignas(64) atomic_uint flag;
    uint32_t length;                   /* elements of the piece */
    _Alignas(32) unsigned char data[]; /* a piece of elements */
} slot;

struct zkg_desk {
    unsigned char *mem; /* not owned */
    uint32_t seats, seat, spins;
    double *waited; /* not owned */
    zkg_desk_idle_fn idle;
    void *user;
    unsigned count[]; /* one a seat: pieces put for it, and taken from it */
};

/* Elements of a piece.  One more than a power of two: slots of whole pages
 * would all begin in the same sets of a cache. */
static size_t piece_of(uint32_t seats)
{
    return (DESK_ELEMENTS / seats) | 1;
}

static size_t slot_bytes(uint32_t seats)
{
    const size_t bytes =
        offsetof(slot, data) + piece_of(seats) * sizeof(zkg_fr);

    return (bytes + _Alignof(slot) - 1) / _Alignof(slot) * _Alignof(slot);
}

size_t zkg_desk_bytes(uint32_t seats)
{
    return (size_t)seats * (seats - 1) * SLOTS * slot_bytes(seats);
}

zkg_desk *zkg_desk_new(unsigned char *mem, uint32_t seats, uint32_t seat,
                       uint32_t spins, double *waited, zkg_desk_idle_fn idle,
                       void *user)
{
    zkg_desk *d = zkg_alloc(1, sizeof(*d) + seats * sizeof(d->count[0]));

    if (d == NULL)
        return NULL;
    d->mem = mem;
    d->seats = seats;
    d->seat = seat;
    d->spins = spins;
    d->waited = waited;
    d->idle = idle;
    d->user = user;
    return d;
}

void zkg_desk_free(zkg_desk *desk)
{
    zkg_free(desk);
}

/* ---- one piece ----------------------------------------------------------- */

/* A writer's boxes lie one after the other, one a reader, itself left out. */
static slot *slot_of(const zkg_desk *d, uint32_t from, uint32_t to,
                     unsigned count)
{
    const size_t box =
        (size_t)from * (d->seats - 1) + (to < from ? to : to - 1);

    return (slot *)(void *)(d->mem + (box * SLOTS + count % SLOTS) *
                                         slot_bytes(d->seats));
}

static void put(zkg_desk *d, uint32_t to, const zkg_fr *v, size_t n)
{
    const unsigned count = ++d->count[to];
    slot *s = slot_of(d, d->seat, to, count);

    memcpy(s->data, v, n * sizeof(*v));
    s->length = (uint32_t)n;
    atomic_store_explicit(&s->flag, count, memory_order_release);
}

/* Let a processor's other thread have it for a moment. */
static inline void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static bool is_there(const slot *s, unsigned count)
{
    return atomic_load_explicit(&s->flag, memory_order_acquire) == count;
}

static zkg_status wait_for(zkg_desk *d, const slot *s, unsigned count)
{
    const double since = zkg_seconds();
    uint32_t left = d->spins;

    while (!is_there(s, count)) {
        pause_briefly();
        if (--left > 0)
            continue;
        ZKG_TRY(d->idle(d->user, true));
        left = d->spins;
    }
    *d->waited += zkg_seconds() - since;
    return ZKG_OK;
}

/* The piece of this step, of n elements: as many were put for it.  A seat whose
 * pieces are always there calls idle too, as in each collective of MPI what is
 * on its way goes on. */
static zkg_status take(const zkg_fr **v, zkg_desk *d, uint32_t from, size_t n)
{
    const unsigned count = d->count[from];
    const slot *s = slot_of(d, from, d->seat, count);

    if (!is_there(s, count))
        ZKG_TRY(wait_for(d, s, count));
    else if (count % TURN == 0)
        ZKG_TRY(d->idle(d->user, false));
    *v = (const zkg_fr *)(const void *)s->data;
    return s->length == n ? ZKG_OK : ZKG_ERR_COMM;
}

/* ---- all pieces ---------------------------------------------------------- */

static void add(zkg_fr *v, const zkg_fr *w, size_t n)
{
    for (size_t i = 0; i < n; i++)
        zkg_fr_add(&v[i], &v[i], &w[i]);
}

/* A part of an array. */
typedef struct span {
    zkg_fr *v;
    size_t n;
} span;

static span part(zkg_fr *v, const uint64_t *first, uint32_t r)
{
    return (span){v + first[r], (size_t)(first[r + 1] - first[r])};
}

/* What of it is the piece from `at` on. */
static span piece_at(span s, size_t at, size_t most)
{
    const size_t n = at < s.n ? s.n - at : 0;

    return n == 0 ? (span){s.v, 0} : (span){s.v + at, n < most ? n : most};
}

static size_t longest(const uint64_t *first, uint32_t size)
{
    uint64_t most = 0;

    for (uint32_t r = 0; r < size; r++)
        if (first[r + 1] - first[r] > most)
            most = first[r + 1] - first[r];
    return (size_t)most;
}

zkg_status zkg_desk_scatter_sum(const zkg_desk_group *g, zkg_fr *v,
                                const uint64_t *first)
{
    const size_t most = longest(first, g->size);
    const size_t piece = piece_of(g->desk->seats);

    for (size_t at = 0; at < most; at += piece) {
        const span mine = piece_at(part(v, first, g->rank), at, piece);
        const zkg_fr *theirs;

        for (uint32_t r = 0; r < g->size; r++) {
            const span s = piece_at(part(v, first, r), at, piece);

            if (r != g->rank)
                put(g->desk, g->seat[r], s.v, s.n);
        }
        for (uint32_t r = 0; r < g->size; r++) {
            if (r == g->rank)
                continue;
            ZKG_TRY(take(&theirs, g->desk, g->seat[r], mine.n));
            add(mine.v, theirs, mine.n);
        }
    }
    return ZKG_OK;
}

zkg_status zkg_desk_allgather(const zkg_desk_group *g, zkg_fr *v,
                              const uint64_t *first)
{
    const size_t most = longest(first, g->size);
    const size_t piece = piece_of(g->desk->seats);

    for (size_t at = 0; at < most; at += piece) {
        const span mine = piece_at(part(v, first, g->rank), at, piece);
        const zkg_fr *theirs;

        for (uint32_t r = 0; r < g->size; r++)
            if (r != g->rank)
                put(g->desk, g->seat[r], mine.v, mine.n);
        for (uint32_t r = 0; r < g->size; r++) {
            const span s = piece_at(part(v, first, r), at, piece);

            if (r == g->rank)
                continue;
            ZKG_TRY(take(&theirs, g->desk, g->seat[r], s.n));
            memcpy(s.v, theirs, s.n * sizeof(*s.v));
        }
    }
    return ZKG_OK;
}

/* At most a piece: all to all, and each adds. */
static zkg_status sum_short(const zkg_desk_group *g, zkg_fr *v, size_t n)
{
    const zkg_fr *theirs;

    for (uint32_t r = 0; r < g->size; r++)
        if (r != g->rank)
            put(g->desk, g->seat[r], v, n);
    for (uint32_t r = 0; r < g->size; r++) {
        if (r == g->rank)
            continue;
        ZKG_TRY(take(&theirs, g->desk, g->seat[r], n));
        add(v, theirs, n);
    }
    return ZKG_OK;
}

zkg_status zkg_desk_sum(const zkg_desk_group *g, zkg_fr *v, size_t n)
{
    uint64_t first[ZKG_DESK_GROUP + 1];

    if ((n <= SHORT || g->size == 2) && n <= piece_of(g->desk->seats))
        return n > 0 ? sum_short(g, v, n) : ZKG_OK;
    for (uint32_t r = 0; r <= g->size; r++)
        first[r] = n / g->size * r + n % g->size * r / g->size;
    ZKG_TRY(zkg_desk_scatter_sum(g, v, first));
    return zkg_desk_allgather(g, v, first);
}
