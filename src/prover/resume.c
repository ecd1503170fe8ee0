/* SPDX-License-Identifier: Apache-2.0
 * Children that an earlier run proved.
 *
 *   key of a segment = H(seed, child)
 *
 * The seed binds graph, key, public values and all commitments, so a segment
 * found under its key belongs to this proof.  It is taken only when the
 * verifier of a child replays it, which also gives back how the child ended;
 * what a journal says is never believed. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "prover/prover.h"
#include "verifier/replay.h"

static void segment_key(uint8_t key[ZKG_DIGEST_BYTES], const zkg_prover *p,
                        uint32_t child)
{
    zkg_hash h;

    zkg_journal_key_begin(&h, ZKG_JOURNAL_SEGMENT);
    zkg_hash_update(&h, p->seed.seed, sizeof(p->seed.seed));
    zkg_hash_u32(&h, child);
    zkg_hash_final(&h, key);
}

zkg_status zkg_prover_save(const zkg_prover *p, uint32_t child,
                           const uint8_t *segment, zkg_error *err)
{
    uint8_t key[ZKG_DIGEST_BYTES];

    if (p->options->journal == NULL)
        return ZKG_OK;
    segment_key(key, p, child);
    return zkg_journal_put(p->options->journal, ZKG_JOURNAL_SEGMENT, key,
                           segment, p->layout.segment_bytes[child], err);
}

/* What a verifier would hold: the public tensors alone. */
static const zkg_array **public_view(const zkg_prover *p)
{
    const zkg_array **view = zkg_alloc(p->st->tensors, sizeof(*view));

    for (uint32_t t = 0; view != NULL && t < p->st->tensors; t++)
        if (p->st->tensor[t].vis == ZKG_PUBLIC)
            view[t] = p->arrays[t];
    return view;
}

/* Keep what was replayed; frees segment. */
static zkg_status take(zkg_prover *p, uint32_t c, zkg_child_end end)
{
    p->led[p->led_len++] = (zkg_led_child){c, end};
    p->have[c] = true;
    return ZKG_OK;
}

/* *segment: NULL when there is none that stands. */
static zkg_status find(uint8_t **segment, zkg_child_end *end, zkg_prover *p,
                       uint32_t c, const zkg_array *const *view, zkg_error *err)
{
    uint8_t key[ZKG_DIGEST_BYTES];
    zkg_verdict verdict = {0};
    zkg_error why = {0};
    zkg_status status;

    segment_key(key, p, c);
    status = zkg_journal_get(segment, p->options->journal, ZKG_JOURNAL_SEGMENT,
                             key, p->layout.segment_bytes[c], &why);
    if (status == ZKG_OK && *segment == NULL)
        return ZKG_OK;
    if (status == ZKG_OK) {
        status = zkg_child_replay(end, &verdict, &p->seed, p->st, c, *segment,
                                  p->layout.segment_bytes[c], view,
                                  p->options->hooks, err);
        if (status == ZKG_ERR_REJECT)
            (void)zkg_fail(&why, status, "%s", verdict.text);
    }
    if (status == ZKG_OK)
        return ZKG_OK;
    zkg_free(end->claim);
    zkg_free(end->fraction);
    zkg_free(*segment);
    *segment = NULL;
    if (status == ZKG_ERR_NOMEM)
        return zkg_fail(err, status, "%s: no memory to replay it",
                        p->plan->name[c]);
    zkg_log_warn_here(
        p->options->log, "%s is proven again: %s", p->plan->name[c],
        why.text[0] == '\0' ? zkg_status_words(status) : why.text);
    return ZKG_OK;
}

/* All ranks learn what each has. */
static zkg_status share_have(zkg_prover *p)
{
    uint32_t *mine = zkg_alloc(p->led_len, sizeof(*mine));
    uint8_t *all = NULL;
    size_t *lens = NULL, total = 0;
    zkg_status status;

    if (mine == NULL)
        return ZKG_ERR_NOMEM;
    for (uint32_t i = 0; i < p->led_len; i++)
        mine[i] = p->led[i].child;
    status = zkg_comm_allgather_bytes(p->active, mine,
                                      p->led_len * sizeof(*mine), &all, &lens);
    for (uint32_t r = 0; status == ZKG_OK && r < p->size; r++)
        total += lens[r];
    for (size_t i = 0; i + sizeof(*mine) <= total; i += sizeof(*mine)) {
        uint32_t c;

        memcpy(&c, all + i, sizeof(c));
        if (c < p->layout.children)
            p->have[c] = true;
    }
    p->have_len = (uint32_t)(total / sizeof(*mine));
    zkg_free(mine);
    free(all);
    free(lens);
    return status;
}

static zkg_status replay_mine(uint8_t **segment, zkg_prover *p, zkg_error *err)
{
    const zkg_array **view = public_view(p);
    zkg_status status = view == NULL ? ZKG_ERR_NOMEM : ZKG_OK;

    for (uint32_t c = p->rank; status == ZKG_OK && c < p->layout.children;
         c += p->size) {
        zkg_child_end end = {{0}, NULL, 0, NULL, 0};

        status = find(&segment[p->led_len], &end, p, c, view, err);
        if (status == ZKG_OK && segment[p->led_len] != NULL)
            status = take(p, c, end);
    }
    zkg_free(view);
    return status;
}

zkg_status zkg_prover_resume(zkg_prover *p, zkg_error *err)
{
    const uint32_t share = p->layout.children / p->size + 1;
    uint8_t **segment = zkg_alloc(share, sizeof(*segment));
    zkg_status status = ZKG_OK;

    p->have = zkg_alloc(p->layout.children, sizeof(*p->have));
    /* No more than all children are led by one rank. */
    p->led = zkg_alloc(p->layout.children, sizeof(*p->led));
    if (segment == NULL || p->have == NULL || p->led == NULL)
        status = ZKG_ERR_NOMEM;
    if (status == ZKG_OK && p->options->journal != NULL && p->options->resume) {
        status = replay_mine(segment, p, err);
        if (status == ZKG_OK)
            status = share_have(p);
        if (status == ZKG_OK)
            zkg_log_info(p->options->log,
                         "%" PRIu32 " of %" PRIu32
                         " tasks and tables come from the journal",
                         p->have_len, p->layout.children);
    }
    if (status == ZKG_OK)
        status = zkg_prover_mail_init(p, err);
    for (uint32_t i = 0; segment != NULL && i < p->led_len; i++) {
        if (status == ZKG_OK)
            status = zkg_prover_post(p, p->led[i].child, segment[i]);
        else
            zkg_free(segment[i]);
    }
    zkg_free(segment);
    if (status != ZKG_OK)
        return zkg_fail(err, status, "the journal cannot be read (%s)",
                        zkg_status_words(status));
    return ZKG_OK;
}
