/* SPDX-License-Identifier: Apache-2.0
 * Ranks by MPI 3.1, which of the library this file and host.c know alone.
 *
 * Every call returns its error code (MPI_ERRORS_RETURN), and every code is
 * looked at.  Counts are int in MPI: long arrays go in chunks. */
#include <limits.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "comm/host.h"
#include "comm/ops.h"

/* MPICH's MPI_STATUSES_IGNORE is no array, and says so to gcc only from 4.1 on.
 */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#endif

enum {
    TAG_TOKEN = 1,
    TAG_BYTES = 2,
    TAG_PARCEL = 3,
    TAG_NONE = 4, /* nobody sends it */
    TAG_GROUP = 0x1000,
};

/* In one MPI call at most; a test of long arrays compiles this file with less.
 */
#ifndef CHUNK_FR
#define CHUNK_FR ((size_t)1 << 24)
#endif
#ifndef CHUNK_BYTES
#define CHUNK_BYTES ((size_t)1 << 30)
#endif

/* A token on its way. */
typedef struct token {
    uint64_t value;
    MPI_Request request;
    struct token *next;
} token;

/* A parcel on its way, in one part or more. */
typedef struct parcel {
    uint8_t *bytes; /* owned */
    MPI_Request *part;
    int parts;
    struct parcel *next;
} parcel;

/* What the world's communicators share. */
typedef struct shared {
    zkg_comm_tally tally;
    MPI_Datatype fr;
    MPI_Op add;
    bool finalize;
    zkg_host_desk host;
    token *flying;
    parcel *parcels;
} shared;

typedef struct ranks {
    zkg_comm base;
    MPI_Comm comm;
    shared *world;
    bool is_world;
} ranks;

static const ranks *ranks_of(const zkg_comm *c)
{
    return (const ranks *)c;
}

/* The reduction: exact and canonical, so it commutes and associates. */
static void add_fr(void *in, void *inout, int *len, MPI_Datatype *type)
{
    const zkg_fr *a = in;
    zkg_fr *b = inout;

    (void)type;
    for (int i = 0; i < *len; i++)
        zkg_fr_add(&b[i], &b[i], &a[i]);
}

static int chunk(size_t left, size_t most)
{
    return (int)(left < most ? left : most);
}

static zkg_status sum_fr(const zkg_comm *c, zkg_fr *v, size_t n)
{
    const ranks *r = ranks_of(c);

    for (size_t i = 0; i < n; i += CHUNK_FR)
        MPI_TRY(MPI_Allreduce(MPI_IN_PLACE, v + i, chunk(n - i, CHUNK_FR),
                              r->world->fr, r->world->add, r->comm));
    return ZKG_OK;
}

static zkg_status broadcast(const zkg_comm *c, void *bytes, size_t len,
                            uint32_t root)
{
    for (size_t i = 0; i < len; i += CHUNK_BYTES)
        MPI_TRY(MPI_Bcast((uint8_t *)bytes + i, chunk(len - i, CHUNK_BYTES),
                          MPI_BYTE, (int)root, ranks_of(c)->comm));
    return ZKG_OK;
}

/* counts and displacements for elements first[i] .. first[i+1] */
static void offsets(int *count, int *at, const uint64_t *first, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        count[i] = (int)(first[i + 1] - first[i]);
        at[i] = (int)first[i];
    }
}

/* Rank i's share from every other rank: got has one a rank, this rank's own
 * left out. */
static zkg_status exchange_shares(const zkg_comm *c, const zkg_fr *v,
                                  const uint64_t *first, zkg_fr *got)
{
    const MPI_Datatype fr = ranks_of(c)->world->fr;
    const int mine = (int)(first[c->rank + 1] - first[c->rank]);
    int *count = zkg_alloc(4 * (size_t)c->size, sizeof(*count));
    int *const to = count + c->size, *const in = to + c->size;
    int *const from = in + c->size, result;

    if (count == NULL)
        return ZKG_ERR_NOMEM;
    offsets(count, to, first, c->size);
    count[c->rank] = 0;
    for (uint32_t i = 0; i < c->size; i++) {
        in[i] = i == c->rank ? 0 : mine;
        from[i] = (int)i * mine;
    }
    result =
        MPI_Alltoallv(v, count, to, fr, got, in, from, fr, ranks_of(c)->comm);
    zkg_free(count);
    return result == MPI_SUCCESS ? ZKG_OK : ZKG_ERR_COMM;
}

static zkg_status scatter_sum_fr(const zkg_comm *c, zkg_fr *v,
                                 const uint64_t *first)
{
    const size_t n = (size_t)(first[c->rank + 1] - first[c->rank]);
    size_t most = 0;
    zkg_status status;
    zkg_fr *got;

    for (uint32_t i = 0; i < c->size; i++)
        if (first[i + 1] - first[i] > most)
            most = (size_t)(first[i + 1] - first[i]);
    if (first[c->size] > CHUNK_FR || most > CHUNK_FR / c->size)
        return sum_fr(c, v, (size_t)first[c->size]);
    got = zkg_alloc_raw(n * c->size, sizeof(*got));
    if (got == NULL)
        return ZKG_ERR_NOMEM;
    status = exchange_shares(c, v, first, got);
    for (uint32_t i = 0; i < c->size && status == ZKG_OK; i++)
        for (size_t k = 0; i != c->rank && k < n; k++)
            zkg_fr_add(&v[first[c->rank] + k], &v[first[c->rank] + k],
                       &got[i * n + k]);
    zkg_free(got);
    return status;
}

/* Every rank's share of a common array, to all; unit is type's size. */
static zkg_status allgather(const zkg_comm *c, void *v, const uint64_t *first,
                            MPI_Datatype type, size_t unit, size_t most)
{
    int *count, result;

    if (first[c->size] > most) {
        for (uint32_t i = 0; i < c->size; i++)
            ZKG_TRY(broadcast(c, (uint8_t *)v + first[i] * unit,
                              (size_t)(first[i + 1] - first[i]) * unit, i));
        return ZKG_OK;
    }
    count = zkg_alloc(2 * (size_t)c->size, sizeof(*count));
    if (count == NULL)
        return ZKG_ERR_NOMEM;
    offsets(count, count + c->size, first, c->size);
    result = MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, v, count,
                            count + c->size, type, ranks_of(c)->comm);
    zkg_free(count);
    return result == MPI_SUCCESS ? ZKG_OK : ZKG_ERR_COMM;
}

static zkg_status allgather_fr(const zkg_comm *c, zkg_fr *v,
                               const uint64_t *first)
{
    return allgather(c, v, first, ranks_of(c)->world->fr, sizeof(zkg_fr),
                     CHUNK_FR);
}

static zkg_status gather_lens(const zkg_comm *c, size_t len, size_t *lens)
{
    uint64_t mine = len, *all = zkg_alloc(c->size, sizeof(*all));
    int result;

    if (all == NULL)
        return ZKG_ERR_NOMEM;
    result = MPI_Allgather(&mine, 1, MPI_UINT64_T, all, 1, MPI_UINT64_T,
                           ranks_of(c)->comm);
    for (uint32_t i = 0; i < c->size; i++)
        lens[i] = (size_t)all[i];
    zkg_free(all);
    return result == MPI_SUCCESS ? ZKG_OK : ZKG_ERR_COMM;
}

static zkg_status send_bytes(const zkg_comm *c, uint32_t dest,
                             const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i += CHUNK_BYTES)
        MPI_TRY(MPI_Send((const uint8_t *)bytes + i,
                         chunk(len - i, CHUNK_BYTES), MPI_BYTE, (int)dest,
                         TAG_BYTES, ranks_of(c)->comm));
    return ZKG_OK;
}

static zkg_status recv_part(const zkg_comm *c, uint32_t source, int tag,
                            void *part, int want)
{
    MPI_Status status;
    int got = 0;

    MPI_TRY(MPI_Recv(part, want, MPI_BYTE, (int)source, tag, ranks_of(c)->comm,
                     &status));
    MPI_TRY(MPI_Get_count(&status, MPI_BYTE, &got));
    return got == want ? ZKG_OK : ZKG_ERR_COMM;
}

static zkg_status recv_bytes(const zkg_comm *c, uint32_t source, void *bytes,
                             size_t len)
{
    for (size_t i = 0; i < len; i += CHUNK_BYTES)
        ZKG_TRY(recv_part(c, source, TAG_BYTES, (uint8_t *)bytes + i,
                          chunk(len - i, CHUNK_BYTES)));
    return ZKG_OK;
}

static zkg_status gather_bytes(const zkg_comm *c, const void *mine, size_t len,
                               uint8_t *all, const size_t *lens,
                               const uint32_t *root)
{
    uint64_t *first;
    zkg_status s = ZKG_OK;

    if (root != NULL && *root != c->rank)
        return send_bytes(c, *root, mine, len);
    first = zkg_alloc((size_t)c->size + 1, sizeof(*first));
    if (first == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t i = 0; i < c->size; i++)
        first[i + 1] = first[i] + lens[i];
    if (len > 0)
        memcpy(all + first[c->rank], mine, len);
    if (root == NULL)
        s = allgather(c, all, first, MPI_BYTE, 1, CHUNK_BYTES);
    for (uint32_t i = 0; root != NULL && i < c->size && s == ZKG_OK; i++) {
        if (i != c->rank)
            s = recv_bytes(c, i, all + first[i], lens[i]);
    }
    zkg_free(first);
    return s;
}

/* MPICH 4.0 compares unsigned numbers as signed ones: with the top bit turned
 * over, the order of these is that of those. */
static zkg_status min_u64(const zkg_comm *c, uint64_t *v)
{
    const uint64_t top = (uint64_t)1 << 63;
    uint64_t least = *v ^ top;

    MPI_TRY(MPI_Allreduce(MPI_IN_PLACE, &least, 1, MPI_INT64_T, MPI_MIN,
                          ranks_of(c)->comm));
    *v = least ^ top;
    return ZKG_OK;
}

/* ---- tokens ---- */

/* Free the tokens that have left; all of them, waiting, with `wait`. */
static zkg_status reap(shared *w, bool wait)
{
    token **link = &w->flying;

    while (*link != NULL) {
        token *t = *link;
        int done = 1;

        if (wait)
            MPI_TRY(MPI_Wait(&t->request, MPI_STATUS_IGNORE));
        else
            MPI_TRY(MPI_Test(&t->request, &done, MPI_STATUS_IGNORE));
        if (!done) {
            link = &t->next;
            continue;
        }
        *link = t->next;
        zkg_free(t);
    }
    return ZKG_OK;
}

static zkg_status send_token(zkg_comm *world, uint32_t dest, uint64_t value)
{
    const ranks *r = ranks_of(world);
    token *t;

    if (!r->is_world)
        return ZKG_ERR_INVALID;
    ZKG_TRY(reap(r->world, false));
    t = zkg_alloc(1, sizeof(*t));
    if (t == NULL)
        return ZKG_ERR_NOMEM;
    t->value = value;
    if (MPI_Isend(&t->value, 1, MPI_UINT64_T, (int)dest, TAG_TOKEN, r->comm,
                  &t->request) != MPI_SUCCESS) {
        zkg_free(t);
        return ZKG_ERR_COMM;
    }
    t->next = r->world->flying;
    r->world->flying = t;
    return ZKG_OK;
}

static zkg_status recv_token(zkg_comm *world, uint64_t *value)
{
    const ranks *r = ranks_of(world);

    if (!r->is_world)
        return ZKG_ERR_INVALID;
    MPI_TRY(MPI_Recv(value, 1, MPI_UINT64_T, MPI_ANY_SOURCE, TAG_TOKEN, r->comm,
                     MPI_STATUS_IGNORE));
    return ZKG_OK;
}

/* ---- parcels ---- */

static void free_parcel(parcel *p)
{
    zkg_free(p->bytes);
    zkg_free(p->part);
    zkg_free(p);
}

/* Free what has left; all of it, waiting, with `wait`. */
static zkg_status reap_parcels(shared *w, bool wait)
{
    parcel **link = &w->parcels;

    while (*link != NULL) {
        parcel *p = *link;
        int done = 1;

        if (wait)
            MPI_TRY(MPI_Waitall(p->parts, p->part, MPI_STATUSES_IGNORE));
        else
            MPI_TRY(MPI_Testall(p->parts, p->part, &done, MPI_STATUSES_IGNORE));
        if (!done) {
            link = &p->next;
            continue;
        }
        *link = p->next;
        free_parcel(p);
    }
    return ZKG_OK;
}

/* Parts of a parcel: one at least, which may be empty. */
static size_t count_parts(size_t len)
{
    return len == 0 ? 1 : (len + CHUNK_BYTES - 1) / CHUNK_BYTES;
}

static zkg_status send_parcel(zkg_comm *world, uint32_t dest, void *bytes,
                              size_t len)
{
    const ranks *r = ranks_of(world);
    const size_t parts = count_parts(len);
    parcel *p = zkg_alloc(1, sizeof(*p));
    zkg_status s = ZKG_OK;

    if (p == NULL) {
        zkg_free(bytes);
        return ZKG_ERR_NOMEM;
    }
    p->bytes = bytes;
    p->part = zkg_alloc(parts, sizeof(*p->part));
    if (!r->is_world)
        s = ZKG_ERR_INVALID;
    else if (p->part == NULL || parts > INT_MAX)
        s = ZKG_ERR_NOMEM;
    else
        s = reap_parcels(r->world, false);
    for (size_t i = 0; s == ZKG_OK && i < parts; i++) {
        const size_t at = i * CHUNK_BYTES;

        if (MPI_Isend(p->bytes + at, chunk(len - at, CHUNK_BYTES), MPI_BYTE,
                      (int)dest, TAG_PARCEL, r->comm,
                      &p->part[p->parts]) != MPI_SUCCESS)
            s = ZKG_ERR_COMM;
        else
            p->parts++;
    }
    if (s != ZKG_OK && p->parts == 0) {
        free_parcel(p);
        return s;
    }
    p->next = r->world->parcels;
    r->world->parcels = p;
    return s;
}

static zkg_status next_parcel(zkg_comm *world, bool *found, uint32_t *source,
                              bool wait)
{
    const ranks *r = ranks_of(world);
    MPI_Status status;
    int there = 1;

    if (wait)
        MPI_TRY(MPI_Probe(MPI_ANY_SOURCE, TAG_PARCEL, r->comm, &status));
    else
        MPI_TRY(
            MPI_Iprobe(MPI_ANY_SOURCE, TAG_PARCEL, r->comm, &there, &status));
    *found = there != 0;
    if (there)
        *source = (uint32_t)status.MPI_SOURCE;
    return ZKG_OK;
}

static zkg_status recv_parcel(zkg_comm *world, uint32_t source, void *bytes,
                              size_t len)
{
    const size_t parts = count_parts(len);

    for (size_t i = 0; i < parts; i++)
        ZKG_TRY(recv_part(world, source, TAG_PARCEL,
                          (uint8_t *)bytes + i * CHUNK_BYTES,
                          chunk(len - i * CHUNK_BYTES, CHUNK_BYTES)));
    return ZKG_OK;
}

static zkg_status flush_parcels(zkg_comm *world)
{
    return reap_parcels(ranks_of(world)->world, true);
}

/* ---- life ---- */

static void abort_job(const zkg_comm *c, int code)
{
    (void)c;
    (void)MPI_Abort(MPI_COMM_WORLD, code);
}

static void free_shared(shared *w)
{
    const bool finalize = w->finalize;

    while (w->flying != NULL) {
        token *next = w->flying->next;

        zkg_free(w->flying);
        w->flying = next;
    }
    while (w->parcels != NULL) {
        parcel *next = w->parcels->next;

        free_parcel(w->parcels);
        w->parcels = next;
    }
    zkg_host_desk_clear(&w->host);
    if (w->add != MPI_OP_NULL)
        (void)MPI_Op_free(&w->add);
    if (w->fr != MPI_DATATYPE_NULL)
        (void)MPI_Type_free(&w->fr);
    zkg_free(w);
    if (finalize)
        (void)MPI_Finalize();
}

static void free_ranks(zkg_comm *c)
{
    ranks *r = (ranks *)c;

    if (r->is_world) {
        (void)reap(r->world, true);
        (void)reap_parcels(r->world, true);
    }
    (void)MPI_Comm_free(&r->comm);
    r->world->tally.freed++;
    if (r->is_world)
        free_shared(r->world);
    zkg_free(r);
}

static zkg_status subgroup(zkg_comm **out, const zkg_comm *world,
                           const uint32_t *list, uint32_t n, uint32_t tag);
static zkg_status host(zkg_comm **out, const zkg_comm *c);

static const zkg_comm_ops mpi_ops = {
    .sum_fr = sum_fr,
    .scatter_sum_fr = scatter_sum_fr,
    .allgather_fr = allgather_fr,
    .gather_lens = gather_lens,
    .gather_bytes = gather_bytes,
    .broadcast = broadcast,
    .min_u64 = min_u64,
    .subgroup = subgroup,
    .host = host,
    .send_token = send_token,
    .recv_token = recv_token,
    .send_parcel = send_parcel,
    .next_parcel = next_parcel,
    .recv_parcel = recv_parcel,
    .flush_parcels = flush_parcels,
    .abort = abort_job,
    .free = free_ranks,
};

/* Take over comm, also when this fails. */
static zkg_status wrap(zkg_comm **out, MPI_Comm comm, shared *w, bool is_world)
{
    ranks *r = zkg_alloc(1, sizeof(*r));
    zkg_desk_group desk;
    int rank, size;

    if (r == NULL) {
        (void)MPI_Comm_free(&comm);
        return ZKG_ERR_NOMEM;
    }
    if (MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN) != MPI_SUCCESS ||
        MPI_Comm_rank(comm, &rank) != MPI_SUCCESS ||
        MPI_Comm_size(comm, &size) != MPI_SUCCESS ||
        zkg_host_desk_group(&desk, &w->host, comm) != ZKG_OK) {
        (void)MPI_Comm_free(&comm);
        zkg_free(r);
        return ZKG_ERR_COMM;
    }
    r->base =
        (zkg_comm){&mpi_ops, (uint32_t)rank, (uint32_t)size, desk, &w->tally};
    r->comm = comm;
    r->world = w;
    r->is_world = is_world;
    w->tally.made++;
    *out = &r->base;
    return ZKG_OK;
}

static zkg_status subgroup(zkg_comm **out, const zkg_comm *world,
                           const uint32_t *list, uint32_t n, uint32_t tag)
{
    const ranks *r = ranks_of(world);
    int *members = zkg_alloc(n, sizeof(*members)), result;
    MPI_Group all, some;
    MPI_Comm comm;

    if (members == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t i = 0; i < n; i++)
        members[i] = (int)list[i];
    if (MPI_Comm_group(r->comm, &all) != MPI_SUCCESS) {
        zkg_free(members);
        return ZKG_ERR_COMM;
    }
    result = MPI_Group_incl(all, (int)n, members, &some);
    zkg_free(members);
    (void)MPI_Group_free(&all);
    MPI_TRY(result);
    result = MPI_Comm_create_group(r->comm, some,
                                   TAG_GROUP + (int)(tag % TAG_GROUP), &comm);
    (void)MPI_Group_free(&some);
    MPI_TRY(result);
    return wrap(out, comm, r->world, false);
}

static zkg_status host(zkg_comm **out, const zkg_comm *c)
{
    const ranks *r = ranks_of(c);
    MPI_Comm comm;

    MPI_TRY(MPI_Comm_split_type(r->comm, MPI_COMM_TYPE_SHARED, (int)c->rank,
                                MPI_INFO_NULL, &comm));
    return wrap(out, comm, r->world, false);
}

static zkg_status make_shared(shared **out, bool finalize)
{
    shared *w = zkg_alloc(1, sizeof(*w));

    *out = w;
    if (w == NULL)
        return ZKG_ERR_NOMEM;
    w->fr = MPI_DATATYPE_NULL;
    w->add = MPI_OP_NULL;
    w->finalize = finalize;
    w->host.seated = MPI_GROUP_NULL;
    MPI_TRY(MPI_Type_contiguous((int)sizeof(zkg_fr), MPI_BYTE, &w->fr));
    MPI_TRY(MPI_Type_commit(&w->fr));
    MPI_TRY(MPI_Op_create(add_fr, 1, &w->add));
    return ZKG_OK;
}

/* More ranks than processors on this host: an idle one must let the others
 * run, which Open MPI knows of itself only when its mpirun was told.  Others
 * do not know the setting. */
static void yield_when_crowded(void)
{
    const char *ranks_here = getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (ranks_here != NULL && processors > 0 &&
        strtol(ranks_here, NULL, 10) > processors)
        (void)setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
}

void zkg_comm_library(char *out, size_t size)
{
    char text[MPI_MAX_LIBRARY_VERSION_STRING + 1] = {0};
    size_t n;
    int len = 0;

    if (MPI_Get_library_version(text, &len) != MPI_SUCCESS)
        text[0] = '\0';
    n = strcspn(text, ",\n"); /* the rest is how it was built */
    n = n < size ? n : size - 1;
    memcpy(out, text, n);
    out[n] = '\0';
    for (char *tab = out; (tab = strchr(tab, '\t')) != NULL;)
        *tab = ' ';
}

zkg_status zkg_comm_mpi_init(zkg_comm **world, int *argc, char ***argv,
                             zkg_error *err)
{
    shared *w = NULL;
    MPI_Comm comm;
    int started = 0, level;
    zkg_status s;

    *world = NULL;
    yield_when_crowded();
    /* Funneled: the program may have threads that make no MPI call. */
    if (MPI_Initialized(&started) != MPI_SUCCESS ||
        (!started && MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &level) !=
                         MPI_SUCCESS))
        return zkg_fail(err, ZKG_ERR_COMM, "MPI does not start");
    (void)MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    s = make_shared(&w, !started);
    if (s == ZKG_OK && MPI_Comm_dup(MPI_COMM_WORLD, &comm) != MPI_SUCCESS)
        s = ZKG_ERR_COMM;
    if (s == ZKG_OK) {
        s = zkg_host_desk_init(&w->host, comm, TAG_NONE, &w->tally.seconds);
        if (s != ZKG_OK)
            (void)MPI_Comm_free(&comm);
    }
    if (s == ZKG_OK)
        s = wrap(world, comm, w, true);
    if (s == ZKG_OK)
        return ZKG_OK;
    if (w != NULL)
        free_shared(w);
    return zkg_fail(err, s,
                    s == ZKG_ERR_NOMEM ? "out of memory"
                                       : "MPI refuses to set up the ranks");
}
