/* SPDX-License-Identifier: Apache-2.0
 * Who did what for how long, from all ranks to rank 0. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "base/time.h"
#include "prover/prover.h"

static void describe_rank(zkg_rank_report *mine, const zkg_prover *p)
{
    memset(mine, 0, sizeof(*mine));
    if (gethostname(mine->host, sizeof(mine->host) - 1) != 0)
        strcpy(mine->host, "?");
    mine->peak_rss = zkg_peak_rss();
    zkg_comm_counts(p->world, &mine->comms_made, &mine->comms_freed);
    mine->commit_s = p->commit_s;
    mine->walk_s = p->walk_s;
    mine->wait_s = p->wait_s;
    mine->open_s = p->open_s;
    mine->walk_at = p->walk_at;
    mine->open_at = p->open_at;
    zkg_comm_traffic(p->world, &mine->comm_s, &mine->comm_bytes);
    mine->comm_s -= p->comm_s0;
    mine->comm_bytes -= p->comm_bytes0;
}

/* Steps before the first look have what that saw, or the rank's. */
static void fill_peaks(zkg_prover *p, uint64_t most)
{
    for (uint32_t i = p->step_len; i-- > 0; most = p->step[i].peak_rss)
        if (p->step[i].peak_rss == 0)
            p->step[i].peak_rss = most;
}

/* Each rank sends its zkg_rank_report, then its steps. */
static zkg_status unpack(zkg_prove_report *out, const uint8_t *all,
                         const size_t *lens, uint32_t ranks)
{
    size_t at = 0, steps = 0;

    for (uint32_t r = 0; r < ranks; r++) {
        if (lens[r] < sizeof(zkg_rank_report))
            return ZKG_ERR_INTERNAL;
        steps += (lens[r] - sizeof(zkg_rank_report)) / sizeof(*out->step);
    }
    out->rank = zkg_alloc(ranks, sizeof(*out->rank));
    out->step = zkg_alloc(steps, sizeof(*out->step));
    if (out->rank == NULL || out->step == NULL)
        return ZKG_ERR_NOMEM;
    out->ranks = ranks;
    for (uint32_t r = 0; r < ranks; r++) {
        const size_t len = lens[r] - sizeof(zkg_rank_report);

        memcpy(&out->rank[r], all + at, sizeof(zkg_rank_report));
        memcpy(&out->step[out->steps], all + at + sizeof(zkg_rank_report), len);
        out->steps += (uint32_t)(len / sizeof(*out->step));
        at += lens[r];
    }
    return ZKG_OK;
}

zkg_status zkg_prover_report(zkg_prove_report *out, zkg_prover *p,
                             zkg_error *err)
{
    zkg_rank_report mine;
    zkg_writer w;
    uint8_t *all = NULL;
    size_t *lens = NULL;
    zkg_status status;

    describe_rank(&mine, p);
    fill_peaks(p, mine.peak_rss);
    zkg_writer_init(&w);
    (void)zkg_writer_bytes(&w, &mine, sizeof(mine));
    (void)zkg_writer_bytes(&w, p->step, p->step_len * sizeof(*p->step));
    status = w.status;
    if (status == ZKG_OK)
        status =
            zkg_comm_gather_bytes(p->active, w.data, w.len, &all, &lens, 0);
    zkg_writer_free(&w);
    if (status == ZKG_OK && p->rank == 0)
        status = unpack(out, all, lens, p->size);
    free(all);
    free(lens);
    if (status != ZKG_OK)
        return zkg_fail(err, status, "the report cannot be gathered (%s)",
                        zkg_status_words(status));
    if (p->rank == 0) {
        out->arrived = p->mail.arrived;
        out->children = p->layout.children;
        p->mail.arrived = NULL;
    }
    out->public_bytes = p->layout.public_bytes;
    out->commit_bytes = p->layout.commit_bytes;
    out->segment_bytes = p->layout.segments_bytes;
    out->opening_bytes = p->layout.opening_bytes;
    return ZKG_OK;
}

void zkg_prove_report_clear(zkg_prove_report *report)
{
    zkg_free(report->rank);
    zkg_free(report->step);
    zkg_free(report->arrived);
    memset(report, 0, sizeof(*report));
}
