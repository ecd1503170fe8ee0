/* SPDX-License-Identifier: Apache-2.0
 * A proof whose children are timed. */
#include "calibrate_children.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "bench/bench.h"
#include "comm/comm.h"
#include "graph/key.h"

enum {
    EVICTED = 1 << 22, /* bytes that push all else out of a core's caches */
    LINE = 64
};

/* The child that runs, and since when. */
typedef struct watch {
    const zkg_statement *st;
    double *least;
    uint32_t child; /* all there are: none */
    double since;
    volatile uint8_t *others; /* EVICTED bytes; owned */
} watch;

/* The prover says with which task it begins, or with "Table" and which. */
static uint32_t child_of(const zkg_statement *st, const char *what)
{
    for (uint32_t i = 0; i < st->tasks; i++)
        if (strcmp(st->task[i].name, what) == 0)
            return i;
    for (uint32_t i = 0; i < st->tables; i++)
        if (strncmp(what, "Table", 5) == 0 &&
            strcmp(st->table[i].name, what + 5) == 0)
            return st->tasks + i;
    return st->tasks + st->tables;
}

static zkg_status next_stage(void *user, zkg_stage stage, const char *what,
                             zkg_error *err)
{
    watch *w = user;
    const uint32_t none = w->st->tasks + w->st->tables;
    const double now = zkg_bench_now();

    (void)err;
    if (w->child < none)
        w->least[w->child] = fmin(w->least[w->child], now - w->since);
    w->child = stage == ZKG_STAGE_TASK ? child_of(w->st, what) : none;
    for (size_t i = 0; i < EVICTED; i += LINE)
        w->others[i]++;
    w->since = zkg_bench_now();
    return ZKG_OK;
}

zkg_status zkg_children_time(double *least, const zkg_prove_input *input,
                             zkg_error *err)
{
    zkg_comm *self = (zkg_comm *)(uintptr_t)zkg_comm_self();
    const zkg_statement *st = &input->key->statement;
    watch now = {.st = st, .least = least, .child = st->tasks + st->tables};
    const zkg_prove_options options = {.stage = next_stage, .stage_user = &now};
    uint8_t *proof = NULL;
    zkg_status status;
    size_t len;

    now.others = zkg_alloc_aligned(EVICTED, 1);
    if (now.others == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a calibration");
    status = zkg_prove(&proof, &len, NULL, self, self, input, &options, err);
    zkg_free(proof);
    zkg_free((void *)(uintptr_t)now.others);
    return status;
}
