/* SPDX-License-Identifier: Apache-2.0
 * Ends of children to all ranks.
 *
 * The ranks run one program on one kind of machine: structs travel as they
 * lie in memory. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "base/time.h"
#include "prover/prover.h"

static void write_end(zkg_writer *w, const zkg_led_child *led)
{
    (void)zkg_writer_u32(w, led->child);
    (void)zkg_writer_u32(w, led->end.fractions);
    (void)zkg_writer_u64(w, led->end.claims);
    (void)zkg_writer_bytes(w, led->end.state, sizeof(led->end.state));
    (void)zkg_writer_bytes(w, led->end.claim,
                           led->end.claims * sizeof(*led->end.claim));
    (void)zkg_writer_bytes(w, led->end.fraction,
                           led->end.fractions * sizeof(*led->end.fraction));
}

static zkg_status read_end(zkg_prover *p, zkg_reader *r)
{
    zkg_child_end end = {{0}, NULL, 0, NULL, 0};
    uint32_t child;
    uint64_t claims;

    (void)zkg_reader_u32(r, &child);
    (void)zkg_reader_u32(r, &end.fractions);
    (void)zkg_reader_u64(r, &claims);
    (void)zkg_reader_bytes(r, end.state, sizeof(end.state));
    if (r->status != ZKG_OK || child >= p->layout.children ||
        claims > zkg_reader_left(r) / sizeof(zkg_claim) ||
        p->ends[child].claim != NULL || p->ends[child].fraction != NULL)
        return ZKG_ERR_INTERNAL;
    end.claims = (size_t)claims;
    end.claim = zkg_alloc(end.claims, sizeof(*end.claim));
    end.fraction = zkg_alloc(end.fractions, sizeof(*end.fraction));
    p->ends[child] = end;
    if (end.claim == NULL || end.fraction == NULL)
        return ZKG_ERR_NOMEM;
    (void)zkg_reader_bytes(r, end.claim, end.claims * sizeof(*end.claim));
    return zkg_reader_bytes(r, end.fraction,
                            end.fractions * sizeof(*end.fraction));
}

static zkg_status gather_ends(zkg_prover *p)
{
    zkg_writer w;
    zkg_reader r;
    uint8_t *all = NULL;
    size_t *lens = NULL, total = 0;
    zkg_status status;

    zkg_writer_init(&w);
    for (uint32_t i = 0; i < p->led_len; i++)
        write_end(&w, &p->led[i]);
    status = w.status;
    if (status == ZKG_OK)
        status =
            zkg_comm_allgather_bytes(p->active, w.data, w.len, &all, &lens);
    zkg_writer_free(&w);
    if (status != ZKG_OK)
        return status;
    for (uint32_t i = 0; i < p->size; i++)
        total += lens[i];
    zkg_reader_init(&r, all, total);
    p->ends = zkg_alloc(p->layout.children, sizeof(*p->ends));
    if (p->ends == NULL)
        status = ZKG_ERR_NOMEM;
    for (uint32_t c = 0; status == ZKG_OK && c < p->layout.children; c++)
        status = read_end(p, &r);
    if (status == ZKG_OK)
        status = zkg_reader_end(&r) == ZKG_OK ? ZKG_OK : ZKG_ERR_INTERNAL;
    free(all);
    free(lens);
    return status;
}

zkg_status zkg_prover_gather(zkg_prover *p, zkg_error *err)
{
    const double start = zkg_seconds();
    const zkg_status status = gather_ends(p);

    p->wait_s += zkg_seconds() - start;
    if (status != ZKG_OK)
        return zkg_fail(err, status, "results cannot be gathered (%s)",
                        zkg_status_words(status));
    return ZKG_OK;
}
