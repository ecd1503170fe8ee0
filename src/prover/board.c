/* SPDX-License-Identifier: Apache-2.0
 * What each rank is at. */
#include "prover/board.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"

/* A child at work is never shown as done. */
#define MOST_OF_A_CHILD 0.95

static uint64_t now_ns(void)
{
    return (uint64_t)(1e9 * zkg_seconds());
}

static void put(atomic_uint_least64_t *at, uint64_t value)
{
    atomic_store_explicit(at, value, memory_order_relaxed);
}

static double seconds_since(uint64_t since)
{
    const uint64_t now = now_ns();

    return since == 0 || now < since ? 0 : 1e-9 * (double)(now - since);
}

/* ---- life -------------------------------------------------------------- */

/* What the first rank of a host tells its others; bytes 0: nothing. */
typedef struct offer {
    uint64_t bytes;
    int64_t pid;
    int32_t fd;
} offer;

/* The cells of rank 0's host in memory that its ranks share, where that can be
 * had.  Collective over the host. */
static zkg_status share(zkg_board *b, const zkg_comm *host, bool has_zero)
{
    const size_t bytes = b->ranks * sizeof(*b->cell);
    offer o = {0};

    if (has_zero && zkg_shared_make(&b->mem, "zkgkr-board", bytes) == ZKG_OK) {
        if (zkg_shared_reserve(&b->mem, 0, bytes) == ZKG_OK)
            o = (offer){bytes, getpid(), b->mem.fd};
        else
            zkg_shared_clear(&b->mem);
    }
    ZKG_TRY(zkg_comm_broadcast(host, &o, sizeof(o), 0));
    if (zkg_comm_rank(host) != 0 && o.bytes == bytes &&
        zkg_shared_open(&b->mem, (long)o.pid, o.fd, bytes, true) != ZKG_OK)
        b->mem.data = NULL; /* rank 0 hears of it by its segments */
    return ZKG_OK;
}

/* Rank 0 learns who writes its own cell; nobody else asks. */
static zkg_status learn(zkg_board *b, const zkg_comm *host, uint32_t rank)
{
    const uint32_t mine = b->mem.data != NULL ? rank : ZKG_NOT_RUNNING;
    uint8_t *all = NULL;
    size_t *lens = NULL;

    ZKG_TRY(zkg_comm_gather_bytes(host, &mine, sizeof(mine), &all, &lens, 0));
    for (uint32_t i = 0; all != NULL && i < zkg_comm_size(host); i++) {
        uint32_t who;

        memcpy(&who, all + i * sizeof(who), sizeof(who));
        if (who < b->ranks)
            b->writes[who] = true;
    }
    b->writes[rank] = true;
    free(all);
    free(lens);
    zkg_shared_seal(&b->mem);
    return ZKG_OK;
}

zkg_status zkg_board_init(zkg_board *out, const zkg_comm *active,
                          const zkg_plan *plan, zkg_error *err)
{
    const uint32_t rank = zkg_comm_rank(active), ranks = zkg_comm_size(active);
    const uint32_t children = plan->tasks + plan->tables;
    zkg_comm *host = NULL;
    zkg_status status;

    *out = (zkg_board){
        .ranks = ranks,
        .children = children,
        .plan = plan,
        .mem = {.fd = -1},
        .own = zkg_alloc(ranks, sizeof(*out->own)),
        .writes = zkg_alloc(ranks, sizeof(*out->writes)),
        .resumed = zkg_alloc(children, sizeof(*out->resumed)),
    };
    status = out->own == NULL || out->writes == NULL || out->resumed == NULL
                 ? zkg_fail(err, ZKG_ERR_NOMEM, "no memory for the progress")
                 : ZKG_OK;
    ZKG_TRY(zkg_ranks_agree(active, status, err));
    status = zkg_comm_host(&host, active);
    if (status == ZKG_OK)
        status = share(out, host, rank == 0);
    if (status == ZKG_OK)
        status = learn(out, host, rank);
    zkg_comm_free(host);
    if (status != ZKG_OK)
        return zkg_fail(err, status, "the ranks of a host cannot be found");
    out->cell = out->mem.data != NULL ? (zkg_board_cell *)(void *)out->mem.data
                                      : out->own;
    return ZKG_OK;
}

void zkg_board_clear(zkg_board *board)
{
    zkg_shared_clear(&board->mem);
    zkg_free(board->own);
    zkg_free(board->writes);
    zkg_free(board->resumed);
    *board = (zkg_board){.mem = {.fd = -1}};
}

/* ---- writing ----------------------------------------------------------- */

void zkg_board_begin(zkg_board *board, uint32_t rank, zkg_stage stage)
{
    if (board == NULL)
        return;
    put(&board->cell[rank].since, now_ns());
    /* What rank 0 wrote before it, resumed, is seen by who sees the stage. */
    atomic_store_explicit(&board->cell[rank].stage, (unsigned)stage,
                          memory_order_release);
}

void zkg_board_end(zkg_board *board, uint32_t rank, uint32_t steps,
                   uint32_t child, double seconds)
{
    const uint64_t took = (uint64_t)(1e9 * seconds);
    zkg_board_cell *cell;

    if (board == NULL)
        return;
    cell = &board->cell[rank];
    put(&cell->since, 0);
    atomic_store_explicit(&cell->steps, steps, memory_order_relaxed);
    if (took > atomic_load_explicit(&cell->longest, memory_order_relaxed)) {
        atomic_store_explicit(&cell->slowest, child, memory_order_relaxed);
        put(&cell->longest, took);
    }
}

void zkg_board_resume(zkg_board *board, const bool *have)
{
    if (board == NULL)
        return;
    memcpy(board->resumed, have, board->children * sizeof(*have));
    for (uint32_t r = 0; r < board->ranks; r++)
        if (!board->writes[r])
            zkg_board_begin(board, r, ZKG_STAGE_TASK);
}

void zkg_board_hear(zkg_board *board, uint32_t rank, uint32_t child)
{
    const zkg_plan *plan;
    zkg_board_cell *cell;

    if (board == NULL || board->writes[rank] || board->resumed[child])
        return;
    plan = board->plan;
    cell = &board->cell[rank];
    for (uint32_t i = plan->step_first[rank]; i < plan->step_first[rank + 1];
         i++)
        if (plan->step[i] == child) {
            atomic_store_explicit(&cell->steps, i + 1 - plan->step_first[rank],
                                  memory_order_relaxed);
            put(&cell->since, now_ns());
            return;
        }
}

/* ---- looking ----------------------------------------------------------- */

static void consider(zkg_board_view *out, uint32_t child, double seconds,
                     uint32_t rank)
{
    if (seconds <= out->slowest_s)
        return;
    out->slowest = child;
    out->slowest_s = seconds;
    out->runs_on = rank;
}

static void look_at(zkg_board_view *out, const zkg_board *b, uint32_t rank,
                    const double *cost, const double *seconds)
{
    const zkg_plan *plan = b->plan;
    const zkg_board_cell *cell = &b->cell[rank];
    const uint32_t first = plan->step_first[rank];
    const uint32_t len = plan->step_first[rank + 1] - first;
    const unsigned stage =
        atomic_load_explicit(&cell->stage, memory_order_relaxed);
    const unsigned steps =
        atomic_load_explicit(&cell->steps, memory_order_relaxed);
    const uint64_t since =
        atomic_load_explicit(&cell->since, memory_order_relaxed);
    const uint64_t longest =
        atomic_load_explicit(&cell->longest, memory_order_relaxed);
    uint32_t i;

    if (longest > 0)
        consider(out,
                 atomic_load_explicit(&cell->slowest, memory_order_relaxed),
                 1e-9 * (double)longest, ZKG_NOT_RUNNING);
    for (i = 0; i < len && i < steps; i++) {
        const uint32_t c = plan->step[first + i];

        if (!b->resumed[c] && plan->group[plan->group_first[c]] == rank) {
            out->done++;
            out->done_cost += cost[c];
        }
    }
    while (i < len && b->resumed[plan->step[first + i]])
        i++;
    if (i < len && since != 0 && stage == ZKG_STAGE_TASK) {
        const uint32_t c = plan->step[first + i];
        const double at = seconds_since(since);
        const double part = at < MOST_OF_A_CHILD * seconds[c] ? at / seconds[c]
                                                              : MOST_OF_A_CHILD;

        consider(out, c, at, rank);
        if (plan->group[plan->group_first[c]] == rank)
            out->part_cost += part * cost[c];
    }
}

void zkg_board_look(zkg_board_view *out, const zkg_board *board,
                    const double *cost, const double *seconds)
{
    const zkg_stage stage = (zkg_stage)atomic_load_explicit(
        &board->cell[0].stage, memory_order_acquire);

    *out = (zkg_board_view){
        .stage = stage,
        .stage_s = seconds_since(
            atomic_load_explicit(&board->cell[0].since, memory_order_relaxed)),
        .runs_on = ZKG_NOT_RUNNING,
    };
    for (uint32_t c = 0; c < board->children; c++)
        out->all_cost += cost[c];
    if (stage < ZKG_STAGE_TASK)
        return;
    for (uint32_t c = 0; c < board->children; c++)
        if (board->resumed[c]) {
            out->done++;
            out->all_cost -= cost[c];
        }
    for (uint32_t r = 0; r < board->ranks; r++)
        look_at(out, board, r, cost, seconds);
}
