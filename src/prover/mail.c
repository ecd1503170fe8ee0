/* SPDX-License-Identifier: Apache-2.0
 * Segments travel to rank 0 while others still prove.
 *
 * A rank sends its segments in an order that rank 0 knows: first those it found
 * in the journal, by index, then those of its list.  So they need no address,
 * and rank 0 receives each into its place among all of them: it holds the bytes
 * of the proof and nothing else, and a rank its own until they have left. */
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "prover/board.h"
#include "prover/prover.h"

static uint32_t leader_of(const zkg_prover *p, uint32_t c)
{
    return p->have[c] ? c % p->size : p->plan->group[p->plan->group_first[c]];
}

static void count_lead(uint32_t *first, const zkg_prover *p)
{
    for (uint32_t c = 0; c < p->layout.children; c++)
        first[leader_of(p, c) + 1]++;
    for (uint32_t r = 0; r < p->size; r++)
        first[r + 1] += first[r];
}

static void list_lead(uint32_t *lead, const zkg_prover *p, uint32_t *end)
{
    const zkg_plan *plan = p->plan;

    for (uint32_t c = 0; c < p->layout.children; c++)
        if (p->have[c])
            lead[end[c % p->size]++] = c;
    for (uint32_t r = 0; r < p->size; r++)
        for (uint32_t i = plan->step_first[r]; i < plan->step_first[r + 1]; i++)
            if (!p->have[plan->step[i]] && leader_of(p, plan->step[i]) == r)
                lead[end[r]++] = plan->step[i];
}

zkg_status zkg_prover_mail_init(zkg_prover *p, zkg_error *err)
{
    zkg_prover_mail *m = &p->mail;
    size_t at = 0;

    if (p->rank != 0)
        return ZKG_OK;
    m->segments = zkg_alloc(p->layout.segments_bytes, 1);
    m->at = zkg_alloc(p->layout.children, sizeof(*m->at));
    m->first = zkg_alloc((size_t)p->size + 1, sizeof(*m->first));
    m->lead = zkg_alloc(p->layout.children, sizeof(*m->lead));
    m->next = zkg_alloc(p->size, sizeof(*m->next));
    m->arrived = zkg_alloc(p->layout.children, sizeof(*m->arrived));
    if (m->segments == NULL || m->at == NULL || m->first == NULL ||
        m->lead == NULL || m->next == NULL || m->arrived == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for %zu bytes of proof",
                        p->layout.segments_bytes);
    for (uint32_t c = 0; c < p->layout.children; c++) {
        m->at[c] = at;
        at += p->layout.segment_bytes[c];
    }
    count_lead(m->first, p);
    memcpy(m->next, m->first, p->size * sizeof(*m->next));
    list_lead(m->lead, p, m->next);
    memset(m->next, 0, p->size * sizeof(*m->next));
    m->missing = p->layout.children - m->first[1];
    zkg_board_resume(p->options->board, p->have);
    return ZKG_OK;
}

void zkg_prover_mail_clear(zkg_prover_mail *m)
{
    zkg_free(m->segments);
    zkg_free(m->at);
    zkg_free(m->first);
    zkg_free(m->lead);
    zkg_free(m->next);
    zkg_free(m->arrived);
    *m = (zkg_prover_mail){NULL};
}

zkg_status zkg_prover_post(zkg_prover *p, uint32_t child, uint8_t *segment)
{
    const size_t len = p->layout.segment_bytes[child];

    if (p->rank != 0)
        return zkg_comm_send_parcel(p->world, 0, segment, len);
    if (len > 0)
        memcpy(p->mail.segments + p->mail.at[child], segment, len);
    p->mail.arrived[child] = zkg_seconds() - p->start;
    zkg_free(segment);
    return ZKG_OK;
}

static zkg_status take_in(zkg_prover *p, bool wait)
{
    zkg_prover_mail *m = &p->mail;

    while (m->missing > 0) {
        uint32_t from = 0, child;
        bool found;

        ZKG_TRY(zkg_comm_next_parcel(p->world, &found, &from, wait));
        if (!found)
            return ZKG_OK;
        if (from >= p->size ||
            m->next[from] >= m->first[from + 1] - m->first[from])
            return ZKG_ERR_INTERNAL;
        child = m->lead[m->first[from] + m->next[from]++];
        ZKG_TRY(zkg_comm_recv_parcel(p->world, from, m->segments + m->at[child],
                                     p->layout.segment_bytes[child]));
        m->missing--;
        m->arrived[child] = zkg_seconds() - p->start;
        zkg_board_hear(p->options->board, from, child);
    }
    return ZKG_OK;
}

zkg_status zkg_prover_collect(zkg_prover *p, bool wait, zkg_error *err)
{
    const double start = zkg_seconds();
    zkg_status status = ZKG_OK;

    if (p->rank == 0)
        status = take_in(p, wait);
    else if (wait)
        status = zkg_comm_flush_parcels(p->world);
    if (wait)
        p->wait_s += zkg_seconds() - start;
    if (status != ZKG_OK)
        return zkg_fail(err, status, "segments cannot be gathered (%s)",
                        zkg_status_words(status));
    return ZKG_OK;
}
