/* SPDX-License-Identifier: Apache-2.0 */
/* In which layers values are computed, or carried on. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "kernel/compiler.h"

#define MANY 64

static const zkg_gate_term *terms_of(const zkg_compiler *c, const zkg_gate *g)
{
    return (const zkg_gate_term *)c->term.data + g->first;
}

static uint32_t reading_terms(const zkg_gate *g)
{
    return g->products + g->linear;
}

/* One above the highest level that a gate reads. */
static uint32_t level_of(const zkg_compiler *c, const zkg_gate *g)
{
    const zkg_gate_term *t = terms_of(c, g);
    uint32_t level = 0;

    for (uint32_t i = 0; i < reading_terms(g); i++) {
        const uint32_t operand[2] = {t[i].a, t[i].b};

        for (int k = 0; k < 2 && operand[k] != ZKG_NO_OPERAND; k++) {
            if (!zkg_compiler_is_cell(c, operand[k]) &&
                c->level[operand[k]] > level)
                level = c->level[operand[k]];
        }
    }
    return level + 1;
}

/* What a gate in `layer` reads must be in the one below. */
static zkg_status need(zkg_compiler *c, const zkg_gate *g, uint32_t layer)
{
    const uint32_t n = reading_terms(g);

    for (uint32_t i = 0; i < n; i++) {
        const zkg_gate_term *t = &terms_of(c, g)[i];
        const uint32_t operand[2] = {t->a, t->b};

        for (int k = 0; k < 2 && operand[k] != ZKG_NO_OPERAND; k++) {
            const uint32_t v = operand[k];
            const zkg_placed use = {layer - 1, v, false};

            if (zkg_compiler_is_cell(c, v) || (k == 1 && v == operand[0]))
                continue;
            ZKG_TRY(zkg_compiler_add(c, &c->use, sizeof(use), &use));
            if (c->earliest[v] > layer - 1)
                c->earliest[v] = layer - 1;
        }
    }
    return ZKG_OK;
}

/* ---- earlier than as late as can be ---- */

/* Who reads each value, those of v from first[v] on. */
typedef struct readers {
    uint32_t *first; /* nodes + 1 */
    uint32_t *by;    /* a value, or nodes: the top layer */
} readers;

static void readers_free(readers *r)
{
    zkg_free(r->first);
    zkg_free(r->by);
}

/* reader: who each of c->use is of. */
static zkg_status readers_init(readers *r, zkg_compiler *c,
                               const uint32_t *reader)
{
    const zkg_placed *use = c->use.data;
    uint32_t at = 0;

    r->first = zkg_alloc((size_t)c->nodes + 1, sizeof(r->first[0]));
    r->by = zkg_alloc(c->use.count, sizeof(r->by[0]));
    if (r->first == NULL || r->by == NULL)
        return zkg_compiler_no_memory(c);
    for (uint32_t i = 0; i < c->use.count; i++)
        r->first[use[i].node]++;
    for (uint32_t v = 0; v <= c->nodes; v++) {
        const uint32_t n = r->first[v];

        r->first[v] = at;
        at += v < c->nodes ? n : 0;
    }
    for (uint32_t i = 0; i < c->use.count; i++)
        r->by[r->first[use[i].node]++] = reader[i];
    for (uint32_t v = c->nodes; v > 0; v--)
        r->first[v] = r->first[v - 1];
    r->first[0] = 0;
    return ZKG_OK;
}

/* Readers of value v above a layer; many are as good as more. */
static uint32_t readers_above(const zkg_compiler *c, const readers *r,
                              uint32_t v, uint32_t layer)
{
    uint32_t n = 0;

    for (uint32_t i = r->first[v]; i < r->first[v + 1] && n < MANY; i++) {
        const uint32_t by = r->by[i];

        n += (by == c->nodes ? c->layers : c->earliest[by]) > layer;
    }
    return n;
}

/*
 * Compute v in the first layer where all that it reads is there, if carrying v
 * up from there costs less than carrying what it reads, each of which is shared
 * with others that might be computed there as well.
 */
static void settle(zkg_compiler *c, const readers *r, uint32_t v)
{
    const zkg_gate_term *t = terms_of(c, &c->gate[v]);
    const uint32_t n = reading_terms(&c->gate[v]);
    uint32_t layer = 1;
    double saved = 0;

    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < n; i++) {
            const uint32_t operand[2] = {t[i].a, t[i].b};

            for (int k = 0; k < 2 && operand[k] != ZKG_NO_OPERAND; k++) {
                const uint32_t x = operand[k];

                if (zkg_compiler_is_cell(c, x) || (k == 1 && x == operand[0]))
                    continue;
                if (pass == 0 && c->earliest[x] >= layer)
                    layer = c->earliest[x] + 1;
                if (pass == 1)
                    saved += 1.0 / readers_above(c, r, x, layer);
            }
        }
        if (layer >= c->earliest[v])
            return;
    }
    if (saved > 1)
        c->earliest[v] = layer;
}

/* Note who the new uses are of. */
static zkg_status note_reader(zkg_compiler *c, zkg_list *reader, uint32_t by)
{
    while (reader->count < c->use.count)
        ZKG_TRY(zkg_compiler_add(c, reader, sizeof(by), &by));
    return ZKG_OK;
}

/* All uses, as values are placed now: from the top layer down. */
static zkg_status find_uses(zkg_compiler *c, zkg_list *reader)
{
    const zkg_top *top = c->top.data;

    c->use.count = reader->count = 0;
    for (uint32_t i = 0; i < c->top.count; i++)
        ZKG_TRY(need(c, &top[i].gate, c->layers));
    ZKG_TRY(note_reader(c, reader, c->nodes));
    for (uint32_t i = c->nodes; i-- > 0;) {
        if (!c->value[i] || c->earliest[i] == UINT32_MAX)
            continue;
        ZKG_TRY(need(c, &c->gate[i], c->earliest[i]));
        ZKG_TRY(note_reader(c, reader, i));
    }
    return ZKG_OK;
}

static zkg_status settle_all(zkg_compiler *c)
{
    readers r = {NULL, NULL};
    zkg_list reader = {NULL};
    zkg_status s = find_uses(c, &reader);

    if (s == ZKG_OK)
        s = readers_init(&r, c, reader.data);
    for (uint32_t i = 0; i < c->nodes && s == ZKG_OK; i++) {
        if (c->value[i] && c->earliest[i] != UINT32_MAX)
            settle(c, &r, i);
    }
    if (s == ZKG_OK)
        s = find_uses(c, &reader);
    readers_free(&r);
    zkg_list_free(&reader);
    return s;
}

/* ---- layers ---- */

static int by_node(const void *left, const void *right)
{
    const zkg_placed *a = left, *b = right;

    if (a->node != b->node)
        return a->node < b->node ? -1 : 1;
    return (a->layer > b->layer) - (a->layer < b->layer);
}

static int by_layer(const void *left, const void *right)
{
    const zkg_placed *a = left, *b = right;

    if (a->layer != b->layer)
        return a->layer < b->layer ? -1 : 1;
    return (a->node > b->node) - (a->node < b->node);
}

/* What computing a value costs, in linear terms; UINT32_MAX where it reads
 * gates, so that it can be computed in one layer only. */
static uint32_t cost_again(const zkg_compiler *c, uint32_t v)
{
    const zkg_gate *g = &c->gate[v];

    return level_of(c, g) > 1 ? UINT32_MAX
                              : 2 * g->products + g->linear + g->constants;
}

static zkg_status place(zkg_compiler *c, uint32_t layer, uint32_t node,
                        bool relay)
{
    const zkg_placed p = {layer, node, relay};

    return zkg_compiler_add(c, &c->placed, sizeof(p), &p);
}

/* Place one value: use[0 .. n) are its layers, ascending, perhaps repeated. */
static zkg_status place_value(zkg_compiler *c, const zkg_placed *use,
                              uint32_t n)
{
    const uint32_t v = use[0].node, again = cost_again(c, v);
    uint32_t at = c->earliest[v];

    ZKG_TRY(place(c, at, v, false));
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t next = use[i].layer;

        if (next == at)
            continue;
        if (again < next - at) {
            ZKG_TRY(place(c, next, v, false));
            at = next;
        }
        for (; at < next; at++)
            ZKG_TRY(place(c, at + 1, v, true));
    }
    return ZKG_OK;
}

/* A block of a virtual tensor: as many gates as its padded axis. */
static uint32_t block_of(uint64_t count)
{
    uint32_t block = 1;

    while (block < count)
        block *= 2;
    return block;
}

/* Gates of the top layer: the blocks, larger ones first and so aligned, then
 * what is asserted. */
static void place_tops(zkg_compiler *c)
{
    zkg_top *top = c->top.data;
    const uint32_t *output = c->out->output.data;
    uint32_t next = 0;

    for (uint32_t block = (uint32_t)1 << 30; block > 0; block /= 2) {
        uint32_t first = 0;

        for (uint32_t i = 0; i < c->out->output.count; i++) {
            const uint32_t n =
                (uint32_t)zkg_compiled_param_at(c->out, output[i])->count;

            if (block_of(n) == block) {
                for (uint32_t k = 0; k < n; k++)
                    top[first + k].place = next + k;
                next += block;
            }
            first += n;
        }
    }
    for (uint32_t i = 0; i < c->top.count; i++) {
        if (top[i].asserted)
            top[i].place = next++;
    }
    c->top_gates = next;
}

zkg_status zkg_compile_layers(zkg_compiler *c)
{
    const zkg_top *top = c->top.data;
    const zkg_placed *use;

    for (uint32_t i = 0; i < c->nodes; i++) {
        if (c->value[i])
            c->level[i] = level_of(c, &c->gate[i]);
    }
    c->layers = 1;
    for (uint32_t i = 0; i < c->top.count; i++) {
        const uint32_t level = level_of(c, &top[i].gate);

        c->layers = level > c->layers ? level : c->layers;
    }
    ZKG_TRY(settle_all(c));
    if (c->use.count > 0)
        qsort(c->use.data, c->use.count, sizeof(zkg_placed), by_node);
    use = c->use.data;
    for (uint32_t i = 0, n; i < c->use.count; i += n) {
        n = 1;
        while (i + n < c->use.count && use[i + n].node == use[i].node)
            n++;
        ZKG_TRY(place_value(c, &use[i], n));
    }
    if (c->placed.count > 0)
        qsort(c->placed.data, c->placed.count, sizeof(zkg_placed), by_layer);
    place_tops(c);
    return ZKG_OK;
}
