/* SPDX-License-Identifier: Apache-2.0 */
#include "relation/ledger.h"

#include "base/mem.h"

#include <string.h>

void zkg_ledger_clear(zkg_ledger *ledger)
{
    zkg_free(ledger->claim);
    *ledger = (zkg_ledger){0};
}

const zkg_claim *zkg_ledger_find(const zkg_ledger *ledger, uint32_t tensor,
                                 uint32_t vars, const zkg_fr *point)
{
    for (size_t i = 0; i < ledger->claims; i++) {
        const zkg_claim *c = &ledger->claim[i];
        uint32_t t = 0;

        if (c->tensor != tensor || c->vars != vars)
            continue;
        while (t < vars && zkg_fr_equal(&c->point[t], &point[t]))
            t++;
        if (t == vars)
            return c;
    }
    return NULL;
}

zkg_status zkg_ledger_add(zkg_ledger *ledger, uint32_t tensor,
                          zkg_visibility vis, uint32_t vars,
                          const zkg_fr *point, const zkg_fr *value)
{
    zkg_claim *c;

    if (vars > ZKG_MAX_VARS)
        return ZKG_ERR_INVALID;
    if (ledger->claims == ledger->room) {
        const size_t room = ledger->room == 0 ? 16 : 2 * ledger->room;

        c = zkg_realloc(ledger->claim, room, sizeof(*c));
        if (c == NULL)
            return ZKG_ERR_NOMEM;
        ledger->claim = c;
        ledger->room = room;
    }
    c = &ledger->claim[ledger->claims++];
    memset(c, 0, sizeof(*c));
    c->tensor = tensor;
    c->vis = vis;
    c->vars = vars;
    for (uint32_t t = 0; t < vars; t++)
        c->point[t] = point[t];
    c->value = *value;
    return ZKG_OK;
}

size_t zkg_ledger_count(const zkg_ledger *ledger, uint32_t tensor)
{
    size_t n = 0;

    for (size_t i = 0; i < ledger->claims; i++)
        n += ledger->claim[i].tensor == tensor;
    return n;
}

void zkg_ledger_strike(zkg_ledger *ledger, uint32_t tensor)
{
    size_t kept = 0;

    for (size_t i = 0; i < ledger->claims; i++)
        if (ledger->claim[i].tensor != tensor)
            ledger->claim[kept++] = ledger->claim[i];
    ledger->claims = kept;
}

const zkg_claim *zkg_ledger_undischarged(const zkg_ledger *ledger)
{
    for (size_t i = 0; i < ledger->claims; i++)
        if (ledger->claim[i].vis == ZKG_VIRTUAL)
            return &ledger->claim[i];
    return NULL;
}
