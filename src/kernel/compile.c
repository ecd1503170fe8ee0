/* SPDX-License-Identifier: Apache-2.0 */
/* What a kernel proves, and what that needs. */
#include "kernel/compile.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "kernel/compiler.h"

#define TRY_ADD(c, list, item)                                                 \
    ZKG_TRY(zkg_compiler_add(c, list, sizeof(item), &(item)))

zkg_status zkg_compiler_no_memory(zkg_compiler *c)
{
    return zkg_fail(c->err, ZKG_ERR_NOMEM, "kernel %s: no memory to compile it",
                    c->r->name);
}

zkg_status zkg_compiler_add(zkg_compiler *c, zkg_list *l, size_t size,
                            const void *from)
{
    return zkg_list_add(l, size, 1, from) != NULL ? ZKG_OK
                                                  : zkg_compiler_no_memory(c);
}

/* ---- tops ---- */

/* Of a kernel's tables, those that the graph has. */
static bool is_site(const zkg_recorded_table *t)
{
    return t->row_var.count == 0 && t->query.count > 0;
}

static zkg_status add_made_cell(zkg_compiler *c, uint32_t *operand,
                                uint32_t param, uint32_t entry)
{
    const zkg_made_cell cell = {param, entry};

    *operand = c->nodes + c->cell.count;
    TRY_ADD(c, &c->cell, cell);
    return ZKG_OK;
}

/* Column `column` of a table's queries: gates in a block of their own. */
static zkg_status add_column(zkg_compiler *c, const zkg_recorded_table *t,
                             uint32_t column)
{
    const uint32_t width = 1 + t->values, n = t->query.count / width;
    const uint32_t *node = t->query.data;

    for (uint32_t i = 0; i < n; i++) {
        const zkg_top top = {
            .node = node[(size_t)i * width + column],
            .minus = ZKG_NO_OPERAND,
        };

        TRY_ADD(c, &c->top, top);
    }
    return ZKG_OK;
}

static zkg_status add_columns(zkg_compiler *c)
{
    for (uint32_t i = 0; i < c->r->table.count; i++) {
        const zkg_recorded_table *t = zkg_recorder_table(c->r, i);

        for (uint32_t k = 0; is_site(t) && k <= t->values; k++)
            ZKG_TRY(add_column(c, t, k));
    }
    return ZKG_OK;
}

static zkg_status add_outputs(zkg_compiler *c)
{
    for (uint32_t i = 0; i < c->params; i++) {
        const zkg_recorded_param *p = zkg_recorder_param(c->r, i);

        for (uint32_t k = 0; p->role == ZKG_ROLE_OUTPUT && k < p->count; k++) {
            const uint32_t node = p->set[k];
            const zkg_node_kind kind = zkg_recorder_node(c->r, node)->kind;
            zkg_top top = {.node = node, .asserted = true};

            ZKG_TRY(add_made_cell(c, &top.minus, i, k));
            TRY_ADD(c, &c->top, top);
            if (kind == ZKG_NODE_SUM || kind == ZKG_NODE_PRODUCT)
                c->instead[node] = top.minus;
        }
    }
    return ZKG_OK;
}

static zkg_status add_assertions(zkg_compiler *c)
{
    const zkg_recorded_assertion *a = c->r->assertion.data;
    bool *seen = zkg_alloc(c->nodes, sizeof(seen[0]));
    zkg_status s = ZKG_OK;

    if (seen == NULL)
        return zkg_compiler_no_memory(c);
    for (uint32_t i = 0; i < c->r->assertion.count && s == ZKG_OK; i++) {
        const zkg_top top = {
            .node = a[i].node, .minus = ZKG_NO_OPERAND, .asserted = true};

        if (a[i].program_only || seen[a[i].node])
            continue;
        seen[a[i].node] = true;
        s = zkg_compiler_add(c, &c->top, sizeof(top), &top);
    }
    zkg_free(seen);
    return s;
}

/* ---- liveness ---- */

uint32_t zkg_compiler_hint_of(const zkg_compiler *c, const zkg_node *cell)
{
    const zkg_recorded_hint *h = c->r->hint.data;
    uint32_t low = 0, high = c->r->hint.count;

    if (zkg_recorder_param(c->r, cell->a)->role != ZKG_ROLE_HINT)
        return UINT32_MAX;
    /* Nodes are numbered as hints are called: the last hint that was called
     * before the cell's node and has cells of this parameter is it. */
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;

        if (h[middle].node <= (uint32_t)(cell - zkg_recorder_node(c->r, 0)))
            low = middle;
        else
            high = middle;
    }
    return low;
}

static zkg_status push(zkg_compiler *c, bool *mark, uint32_t node)
{
    if (mark[node])
        return ZKG_OK;
    mark[node] = true;
    return zkg_compiler_add(c, &c->stack, sizeof(node), &node);
}

static bool pop(zkg_compiler *c, uint32_t *node)
{
    if (c->stack.count == 0)
        return false;
    *node = ((const uint32_t *)c->stack.data)[--c->stack.count];
    return true;
}

/* What the circuit reads of a node. */
static zkg_status reach_node(zkg_compiler *c, const zkg_node *n)
{
    const bool sum = n->kind == ZKG_NODE_SUM;
    const uint32_t count = sum ? n->b : n->kind == ZKG_NODE_PRODUCT ? 2 : 0;

    for (uint32_t k = 0; k < count; k++) {
        const uint32_t x = sum     ? zkg_recorder_terms(c->r, n)[k].node
                           : k > 0 ? n->b
                                   : n->a;
        const uint32_t used = zkg_compiler_used(c, x);

        if (used < c->nodes)
            ZKG_TRY(push(c, c->live, used));
    }
    return ZKG_OK;
}

static zkg_status find_live(zkg_compiler *c)
{
    const zkg_top *top = c->top.data;
    uint32_t node;

    for (uint32_t i = 0; i < c->top.count; i++) {
        /* An output is made by its node; others may read it instead. */
        const uint32_t x = top[i].minus != ZKG_NO_OPERAND
                               ? top[i].node
                               : zkg_compiler_used(c, top[i].node);

        if (x < c->nodes)
            ZKG_TRY(push(c, c->live, x));
    }
    while (pop(c, &node))
        ZKG_TRY(reach_node(c, zkg_recorder_node(c->r, node)));
    return ZKG_OK;
}

/* What the program computes for a node. */
static zkg_status reach_run(zkg_compiler *c, const zkg_node *n)
{
    if (n->kind == ZKG_NODE_SUM) {
        for (uint32_t k = 0; k < n->b; k++)
            ZKG_TRY(push(c, c->run, zkg_recorder_terms(c->r, n)[k].node));
    } else if (n->kind == ZKG_NODE_PRODUCT) {
        ZKG_TRY(push(c, c->run, n->a));
        ZKG_TRY(push(c, c->run, n->b));
    } else if (n->kind == ZKG_NODE_CELL) {
        const uint32_t h = zkg_compiler_hint_of(c, n);
        const zkg_recorded_hint *hint = c->r->hint.data;
        const uint32_t *word = c->r->word.data;

        for (uint32_t k = 0; h != UINT32_MAX && k < hint[h].ins; k++)
            ZKG_TRY(push(c, c->run, word[hint[h].in + k]));
    }
    return ZKG_OK;
}

static zkg_status find_run(zkg_compiler *c)
{
    const zkg_recorded_assertion *a = c->r->assertion.data;
    const zkg_top *top = c->top.data;
    uint32_t node;

    for (uint32_t i = 0; i < c->top.count; i++) {
        if (top[i].minus != ZKG_NO_OPERAND)
            ZKG_TRY(push(c, c->run, top[i].node));
    }
    for (uint32_t i = 0; i < c->r->assertion.count; i++) {
        if (!zkg_recorder_node(c->r, a[i].node)->random)
            ZKG_TRY(push(c, c->run, a[i].node));
    }
    for (uint32_t i = 0; i < c->nodes; i++) {
        const zkg_node *n = zkg_recorder_node(c->r, i);

        if (c->live[i] && n->kind == ZKG_NODE_CELL &&
            zkg_recorder_param(c->r, n->a)->role == ZKG_ROLE_HINT)
            ZKG_TRY(push(c, c->run, i));
    }
    while (pop(c, &node))
        ZKG_TRY(reach_run(c, zkg_recorder_node(c->r, node)));
    return ZKG_OK;
}

/* ---- parameters ---- */

static zkg_status add_param(zkg_compiler *c, uint32_t *id,
                            const zkg_compiled_param *p)
{
    *id = c->out->param.count;
    ZKG_TRY(zkg_compiler_add(c, &c->out->param, sizeof(*p), p));
    return zkg_compiler_add(
        c, p->role == ZKG_COMPILED_VIRTUAL ? &c->out->output : &c->out->input,
        sizeof(*id), id);
}

/* Entries of live hints move together; cells[p]: how many entries of p the
 * circuit reads. */
static void place_hints(zkg_compiler *c, uint64_t *cells)
{
    const zkg_recorded_hint *h = c->r->hint.data;

    for (uint32_t i = 0; i < c->nodes; i++) {
        const zkg_node *n = zkg_recorder_node(c->r, i);
        uint32_t hint;

        if (n->kind != ZKG_NODE_CELL || !c->live[i])
            continue;
        hint = zkg_compiler_hint_of(c, n);
        if (hint == UINT32_MAX) {
            cells[n->a]++;
        } else if (c->hint_first[hint] == ZKG_NO_OPERAND) {
            c->hint_first[hint] = (uint32_t)cells[n->a];
            cells[n->a] += h[hint].outs;
        }
    }
}

static zkg_status add_recorded(zkg_compiler *c, uint32_t id, uint64_t cells)
{
    const zkg_recorded_param *p = zkg_recorder_param(c->r, id);
    const zkg_param_view *view =
        c->options->view != NULL ? &c->options->view[id] : NULL;
    zkg_compiled_param made = {
        .role =
            p->role == ZKG_ROLE_INPUT ? ZKG_COMPILED_READ : ZKG_COMPILED_MADE,
        .type = p->type,
        .axes = p->axes,
        .count = p->count,
        .recorded = id,
    };

    if (p->role == ZKG_ROLE_COUNTS || (p->role == ZKG_ROLE_HINT && cells == 0))
        return ZKG_OK;
    if (p->role == ZKG_ROLE_INPUT && cells == 0)
        return zkg_fail(c->err, ZKG_ERR_INVALID,
                        "kernel %s: nothing that is proven reads parameter %s",
                        c->r->name, p->name);
    snprintf(made.name, sizeof(made.name), "%s", p->name);
    memcpy(made.len, p->len, sizeof(made.len));
    if (p->role == ZKG_ROLE_HINT) {
        made.len[0] = made.count = cells;
    } else if (p->role == ZKG_ROLE_INPUT && view != NULL) {
        made.axes = view->axes;
        memcpy(made.len, view->len, sizeof(made.len));
        made.count = 1;
        for (uint32_t k = 0; k < made.axes; k++)
            made.count *= made.len[k];
    }
    return add_param(c, &c->param[id], &made);
}

static zkg_status add_site(zkg_compiler *c, uint32_t table)
{
    const zkg_recorded_table *t = zkg_recorder_table(c->r, table);
    zkg_compiled_site site = {.table = table, .columns = 1 + t->values};

    if (!is_site(t))
        return ZKG_OK;
    for (uint32_t k = 0; k <= t->values; k++) {
        zkg_compiled_param p = {
            .role = ZKG_COMPILED_VIRTUAL,
            .type = ZKG_FR,
            .axes = 1,
            .count = t->query.count / (1 + t->values),
            .recorded = ZKG_NO_PARAM,
        };

        p.len[0] = p.count;
        snprintf(p.name, sizeof(p.name), "query_%u_%u", table, k);
        ZKG_TRY(add_param(c, &site.param[k], &p));
    }
    c->out->cost.queries += t->query.count / (1 + t->values);
    return zkg_compiler_add(c, &c->out->site, sizeof(site), &site);
}

static zkg_status add_params(zkg_compiler *c)
{
    uint64_t *cells = zkg_alloc(c->params, sizeof(cells[0]));
    zkg_status s = ZKG_OK;

    if (cells == NULL)
        return zkg_compiler_no_memory(c);
    place_hints(c, cells);
    for (uint32_t i = 0; i < c->params && s == ZKG_OK; i++)
        s = add_recorded(c, i, cells[i]);
    zkg_free(cells);
    for (uint32_t i = 0; i < c->r->table.count && s == ZKG_OK; i++)
        s = add_site(c, i);
    if (s == ZKG_OK && c->out->input.count > ZKG_CIRCUIT_MAX_INPUTS)
        s = zkg_fail(c->err, ZKG_ERR_UNSUPPORTED,
                     "kernel %s: %u tensors, hints included; at most %d",
                     c->r->name, c->out->input.count, ZKG_CIRCUIT_MAX_INPUTS);
    return s;
}

void zkg_compiler_cell(uint32_t *param, uint32_t *entry, const zkg_compiler *c,
                       uint32_t operand)
{
    const zkg_recorded_hint *h = c->r->hint.data;
    const zkg_node *n;
    uint32_t hint;

    if (operand >= c->nodes) {
        const zkg_made_cell *m = c->cell.data;

        *param = c->param[m[operand - c->nodes].param];
        *entry = m[operand - c->nodes].entry;
        return;
    }
    n = zkg_recorder_node(c->r, operand);
    *param = c->param[n->a];
    *entry = n->b;
    hint = zkg_compiler_hint_of(c, n);
    if (hint != UINT32_MAX)
        *entry = c->hint_first[hint] + n->b - h[hint].first;
    else if (c->options->view != NULL && c->options->view[n->a].order != NULL)
        *entry = c->options->view[n->a].order[n->b];
}

/* ---- the whole ---- */

static bool allocate(zkg_compiler *c)
{
    const size_t n = c->nodes;

    c->live = zkg_alloc(n, sizeof(c->live[0]));
    c->run = zkg_alloc(n, sizeof(c->run[0]));
    c->value = zkg_alloc(n, sizeof(c->value[0]));
    c->operand = zkg_alloc(n, sizeof(c->operand[0]));
    c->pure = zkg_alloc(n, sizeof(c->pure[0]));
    c->instead = zkg_alloc(n, sizeof(c->instead[0]));
    c->uses = zkg_alloc(n, sizeof(c->uses[0]));
    c->size = zkg_alloc(n, sizeof(c->size[0]));
    c->level = zkg_alloc(n, sizeof(c->level[0]));
    c->earliest = zkg_alloc(n, sizeof(c->earliest[0]));
    c->place = zkg_alloc(n, sizeof(c->place[0]));
    c->number = zkg_alloc(n, sizeof(c->number[0]));
    c->gate = zkg_alloc(n, sizeof(c->gate[0]));
    c->param = zkg_alloc(c->params, sizeof(c->param[0]));
    c->hint_first = zkg_alloc(c->r->hint.count, sizeof(c->hint_first[0]));
    if (c->live == NULL || c->run == NULL || c->value == NULL ||
        c->operand == NULL || c->pure == NULL || c->instead == NULL ||
        c->uses == NULL || c->size == NULL || c->level == NULL ||
        c->earliest == NULL || c->place == NULL || c->number == NULL ||
        c->gate == NULL || c->param == NULL || c->hint_first == NULL)
        return false;
    memset(c->instead, 0xff, n * sizeof(c->instead[0]));
    memset(c->earliest, 0xff, n * sizeof(c->earliest[0]));
    memset(c->hint_first, 0xff, c->r->hint.count * sizeof(c->hint_first[0]));
    return true;
}

static void release(zkg_compiler *c)
{
    zkg_free(c->live);
    zkg_free(c->run);
    zkg_free(c->value);
    zkg_free(c->operand);
    zkg_free(c->pure);
    zkg_free(c->instead);
    zkg_free(c->uses);
    zkg_free(c->size);
    zkg_free(c->level);
    zkg_free(c->earliest);
    zkg_free(c->place);
    zkg_free(c->number);
    zkg_free(c->gate);
    zkg_free(c->param);
    zkg_free(c->hint_first);
    zkg_list_free(&c->cell);
    zkg_list_free(&c->term);
    zkg_list_free(&c->top);
    zkg_list_free(&c->use);
    zkg_list_free(&c->placed);
    zkg_list_free(&c->stack);
}

static zkg_status compile(zkg_compiler *c)
{
    if (!allocate(c))
        return zkg_compiler_no_memory(c);
    ZKG_TRY(add_columns(c));
    ZKG_TRY(add_outputs(c));
    ZKG_TRY(add_assertions(c));
    if (c->top.count == 0)
        return zkg_fail(c->err, ZKG_ERR_INVALID,
                        "kernel %s proves nothing: it has no outputs, "
                        "assertions or queries",
                        c->r->name);
    ZKG_TRY(find_live(c));
    ZKG_TRY(find_run(c));
    ZKG_TRY(add_params(c));
    ZKG_TRY(zkg_compile_gates(c));
    ZKG_TRY(zkg_compile_layers(c));
    ZKG_TRY(zkg_compile_circuit(c));
    return zkg_compile_program(c);
}

zkg_status zkg_compile(zkg_compiled *out, const zkg_recorder *r,
                       const zkg_compile_options *options, zkg_error *err)
{
    zkg_compiler c = {
        .r = r,
        .options = options,
        .out = out,
        .err = err,
        .nodes = r->node.count,
        .params = r->param.count,
    };
    zkg_status s;

    *out = (zkg_compiled){.param = {NULL}};
    s = compile(&c);
    release(&c);
    if (s != ZKG_OK)
        zkg_compiled_clear(out);
    return s;
}
