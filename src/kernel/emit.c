/* SPDX-License-Identifier: Apache-2.0 */
/* The layered circuit, and the witness program. */
#include <string.h>

#include "base/mem.h"
#include "kernel/compiler.h"

/* ---- circuit ---- */

/* A layer under construction. */
typedef struct layer_lists {
    zkg_list mul, add, constant;
} layer_lists;

typedef struct emitter {
    zkg_compiler *c;
    layer_lists at;
    zkg_list coeff, layer, shape, output, assertion;
    zkg_index index;
    uint32_t *source; /* one a compiled parameter: which input */
    zkg_status status;
} emitter;

static void append(emitter *e, zkg_list *l, size_t size, const void *from)
{
    if (e->status == ZKG_OK)
        e->status = zkg_compiler_add(e->c, l, size, from);
}

static uint32_t coefficient(emitter *e, const zkg_fr *v, uint32_t challenge)
{
    const zkg_circuit_coeff k = {*v, challenge};
    const uint32_t hash = zkg_hash_bytes(challenge, v, sizeof(*v));
    uint32_t at, id;

    zkg_index_find(&e->index, hash, &at);
    while (zkg_index_next(&e->index, hash, &at, &id)) {
        const zkg_circuit_coeff *m =
            &((const zkg_circuit_coeff *)e->coeff.data)[id];

        if (m->challenge == challenge && zkg_fr_equal(&m->value, v))
            return id;
    }
    append(e, &e->coeff, sizeof(k), &k);
    if (e->status == ZKG_OK &&
        !zkg_index_add(&e->index, hash, e->coeff.count - 1))
        e->status = zkg_compiler_no_memory(e->c);
    return e->coeff.count - 1;
}

static zkg_circuit_wire wire(const emitter *e, uint32_t operand)
{
    uint32_t param, entry;

    if (!zkg_compiler_is_cell(e->c, operand))
        return (zkg_circuit_wire){ZKG_CIRCUIT_PREVIOUS, e->c->place[operand]};
    zkg_compiler_cell(&param, &entry, e->c, operand);
    return (zkg_circuit_wire){1 + e->source[param], entry};
}

static void emit_gate(emitter *e, uint32_t gate, const zkg_gate *g)
{
    const zkg_gate_term *t = (const zkg_gate_term *)e->c->term.data + g->first;

    for (uint32_t i = 0; i < g->products; i++, t++) {
        const zkg_circuit_mul m = {gate, coefficient(e, &t->c, t->challenge),
                                   wire(e, t->a), wire(e, t->b)};

        append(e, &e->at.mul, sizeof(m), &m);
    }
    for (uint32_t i = 0; i < g->linear; i++, t++) {
        const zkg_circuit_add a = {gate, coefficient(e, &t->c, t->challenge),
                                   wire(e, t->a)};

        append(e, &e->at.add, sizeof(a), &a);
    }
    for (uint32_t i = 0; i < g->constants; i++, t++) {
        const zkg_circuit_constant k = {gate,
                                        coefficient(e, &t->c, t->challenge)};

        append(e, &e->at.constant, sizeof(k), &k);
    }
}

static void emit_relay(emitter *e, uint32_t gate, uint32_t node)
{
    const zkg_circuit_add a = {
        gate, coefficient(e, &zkg_fr_one, ZKG_CIRCUIT_PLAIN), wire(e, node)};

    append(e, &e->at.add, sizeof(a), &a);
}

static void end_layer(emitter *e, uint32_t gates)
{
    zkg_kernel_cost *cost = &e->c->out->cost;
    const zkg_circuit_layer l = {
        .gates = gates,
        .muls = e->at.mul.count,
        .adds = e->at.add.count,
        .constants = e->at.constant.count,
        .mul = e->at.mul.data,
        .add = e->at.add.data,
        .constant = e->at.constant.data,
    };

    append(e, &e->layer, sizeof(l), &l);
    if (e->status != ZKG_OK)
        return;
    e->at = (layer_lists){.mul = {NULL}};
    cost->layers++;
    cost->gates += gates;
    cost->widest = gates > cost->widest ? gates : cost->widest;
    cost->products += l.muls;
    cost->linear += l.adds;
    cost->constants += l.constants;
}

/* Layers below the top. */
static void emit_layers(emitter *e)
{
    zkg_compiler *c = e->c;
    const zkg_placed *p = c->placed.data;
    uint32_t first = 0;

    for (uint32_t l = 1; l < c->layers && e->status == ZKG_OK; l++) {
        uint32_t end = first;

        for (; end < c->placed.count && p[end].layer == l; end++) {
            if (p[end].relay) {
                emit_relay(e, end - first, p[end].node);
                c->out->relays[l - 1]++;
            } else {
                emit_gate(e, end - first, &c->gate[p[end].node]);
            }
        }
        c->out->cost.relays += c->out->relays[l - 1];
        end_layer(e, end - first);
        for (uint32_t i = first; i < end; i++)
            c->place[p[i].node] = i - first;
        first = end;
    }
}

/* The top layer, its gates in order. */
static void emit_top(emitter *e)
{
    zkg_compiler *c = e->c;
    const zkg_top *top = c->top.data;
    uint32_t *order = zkg_alloc(c->top_gates, sizeof(order[0]));

    if (order == NULL) {
        e->status = zkg_compiler_no_memory(c);
        return;
    }
    for (uint32_t i = 0; i < c->top.count; i++)
        order[top[i].place] = i + 1;
    for (uint32_t g = 0; g < c->top_gates; g++) {
        if (order[g] == 0)
            continue; /* behind the queries of a block: 0 */
        emit_gate(e, g, &top[order[g] - 1].gate);
        if (top[order[g] - 1].asserted)
            append(e, &e->assertion, sizeof(g), &g);
    }
    c->out->cost.asserted = e->assertion.count;
    zkg_free(order);
    end_layer(e, c->top_gates);
}

static void emit_inputs(emitter *e)
{
    zkg_compiled *out = e->c->out;
    const uint32_t *input = out->input.data;

    for (uint32_t i = 0; i < out->input.count; i++) {
        const zkg_compiled_param *p = zkg_compiled_param_at(out, input[i]);
        zkg_circuit_shape s = {.axes = p->axes};

        memcpy(s.len, p->len, p->axes * sizeof(s.len[0]));
        e->source[input[i]] = i;
        append(e, &e->shape, sizeof(s), &s);
        if (p->role == ZKG_COMPILED_MADE)
            out->cost.committed += p->count;
    }
}

/* Blocks of virtual tensors: where the first of their queries is. */
static void emit_outputs(emitter *e)
{
    const zkg_top *top = e->c->top.data;
    const uint32_t *output = e->c->out->output.data;

    for (uint32_t i = 0; i < e->c->out->output.count; i++) {
        const zkg_compiled_param *p =
            zkg_compiled_param_at(e->c->out, output[i]);
        const zkg_circuit_output o = {top->place, zkg_axis_bits(p->count)};

        append(e, &e->output, sizeof(o), &o);
        top += p->count;
    }
}

zkg_status zkg_compile_circuit(zkg_compiler *c)
{
    emitter e = {.c = c};
    zkg_compiled *out = c->out;

    e.source = zkg_alloc(out->param.count, sizeof(e.source[0]));
    out->relays = zkg_alloc(c->layers, sizeof(out->relays[0]));
    if (e.source == NULL || out->relays == NULL)
        e.status = zkg_compiler_no_memory(c);
    if (e.status == ZKG_OK) {
        emit_inputs(&e);
        emit_outputs(&e);
        emit_layers(&e);
        emit_top(&e);
    }
    zkg_free(e.source);
    zkg_index_free(&e.index);
    zkg_list_free(&e.at.mul);
    zkg_list_free(&e.at.add);
    zkg_list_free(&e.at.constant);
    out->circuit = (zkg_circuit){
        .inputs = e.shape.count,
        .input = e.shape.data,
        .layers = e.layer.count,
        .layer = e.layer.data,
        .coeffs = e.coeff.count,
        .coeff = e.coeff.data,
        .challenges = c->r->challenges,
        .asserted = e.assertion.count,
        .assertion = e.assertion.data,
        .outputs = e.output.count,
        .output = e.output.data,
    };
    ZKG_TRY(e.status);
    return zkg_circuit_check(&out->circuit, c->err);
}

void zkg_compiled_clear(zkg_compiled *c)
{
    for (uint32_t i = 0; i < c->circuit.layers; i++) {
        zkg_free((void *)c->circuit.layer[i].mul);
        zkg_free((void *)c->circuit.layer[i].add);
        zkg_free((void *)c->circuit.layer[i].constant);
    }
    zkg_free((void *)c->circuit.input);
    zkg_free((void *)c->circuit.layer);
    zkg_free((void *)c->circuit.coeff);
    zkg_free((void *)c->circuit.assertion);
    zkg_free((void *)c->circuit.output);
    zkg_list_free(&c->param);
    zkg_list_free(&c->site);
    zkg_list_free(&c->input);
    zkg_list_free(&c->output);
    zkg_program_clear(&c->program);
    zkg_free(c->relays);
    *c = (zkg_compiled){.param = {NULL}};
}

/* ---- program ---- */

typedef struct writer {
    zkg_compiler *c;
    zkg_program *p;
    uint32_t values;
    zkg_status status;
} writer;

static void words(writer *w, uint32_t n, const uint32_t *word)
{
    if (w->status == ZKG_OK)
        w->status = zkg_program_add_words(w->p, word, n, w->c->err);
}
#define WORDS(w, ...)                                                          \
    words(w, sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t),             \
          (uint32_t[]){__VA_ARGS__})

static void write_node(writer *w, uint32_t id)
{
    zkg_compiler *c = w->c;
    const zkg_node *n = zkg_recorder_node(c->r, id);
    uint32_t param, entry;

    switch (n->kind) {
    case ZKG_NODE_CONSTANT:
        WORDS(w, ZKG_OP_CONSTANT, n->a);
        break;
    case ZKG_NODE_CELL:
        zkg_compiler_cell(&param, &entry, c, id);
        WORDS(w, ZKG_OP_GET, param, entry);
        break;
    case ZKG_NODE_PRODUCT:
        WORDS(w, ZKG_OP_MUL, c->number[n->a], c->number[n->b]);
        break;
    default:
        WORDS(w, ZKG_OP_SUM, n->c, n->b);
        for (uint32_t k = 0; k < n->b; k++) {
            const zkg_node_term *t = &zkg_recorder_terms(c->r, n)[k];

            WORDS(w, t->constant, c->number[t->node]);
        }
        break;
    }
    c->number[id] = w->values++;
}

/* A hint whose cells are nodes from `first` on. */
static void write_hint(writer *w, const zkg_recorded_hint *h, uint32_t first)
{
    zkg_compiler *c = w->c;
    const uint32_t *word = c->r->word.data;

    WORDS(w, ZKG_OP_HINT, h->name, h->constants);
    words(w, h->constants, word + h->constant);
    WORDS(w, h->ins);
    for (uint32_t k = 0; k < h->ins; k++)
        WORDS(w, c->number[word[h->in + k]]);
    WORDS(w, h->outs);
    for (uint32_t k = 0; k < h->outs; k++)
        c->number[first + k] = w->values++;
}

static void put_hints(writer *w)
{
    const zkg_compiler *c = w->c;
    const zkg_recorded_hint *h = c->r->hint.data;

    for (uint32_t i = 0; i < c->r->hint.count; i++) {
        for (uint32_t k = 0;
             c->hint_first[i] != ZKG_NO_OPERAND && k < h[i].outs; k++)
            WORDS(w, ZKG_OP_PUT, c->param[h[i].param], c->hint_first[i] + k,
                  c->number[h[i].node + k]);
    }
}

static void put_tops(writer *w)
{
    const zkg_compiler *c = w->c;
    const zkg_top *top = c->top.data;
    uint32_t param, entry;

    for (uint32_t i = 0; i < c->top.count; i++) {
        if (top[i].minus == ZKG_NO_OPERAND)
            continue;
        zkg_compiler_cell(&param, &entry, c, top[i].minus);
        WORDS(w, ZKG_OP_PUT, param, entry, c->number[top[i].node]);
    }
}

/* Does any cell of a hint run? */
static bool hint_runs(const zkg_compiler *c, const zkg_recorded_hint *h)
{
    for (uint32_t k = 0; k < h->outs; k++) {
        if (c->run[h->node + k])
            return true;
    }
    return false;
}

/* Nodes as they were recorded, hints and assertions between them. */
static void write_code(writer *w)
{
    zkg_compiler *c = w->c;
    const zkg_recorded_hint *h = c->r->hint.data;
    const zkg_recorded_assertion *a = c->r->assertion.data;
    uint32_t hint = 0, assertion = 0;

    for (uint32_t i = 0; i <= c->nodes && w->status == ZKG_OK; i++) {
        for (; assertion < c->r->assertion.count && a[assertion].nodes <= i;
             assertion++) {
            if (!zkg_recorder_node(c->r, a[assertion].node)->random)
                WORDS(w, ZKG_OP_ZERO, c->number[a[assertion].node],
                      a[assertion].label);
        }
        if (hint < c->r->hint.count && h[hint].node == i) {
            if (hint_runs(c, &h[hint]))
                write_hint(w, &h[hint], i);
            i += h[hint].outs - 1;
            hint++;
        } else if (i < c->nodes && c->run[i]) {
            write_node(w, i);
        }
    }
    put_tops(w);
    put_hints(w);
}

zkg_status zkg_compile_program(zkg_compiler *c)
{
    zkg_program *p = &c->out->program;
    writer w = {.c = c, .p = p};

    for (uint32_t i = 0; i < c->out->param.count; i++) {
        const zkg_compiled_param *q = zkg_compiled_param_at(c->out, i);
        const bool none = q->role == ZKG_COMPILED_VIRTUAL;

        ZKG_TRY(zkg_program_add_param(p, q->name, none ? 0 : (uint32_t)q->count,
                                      q->role == ZKG_COMPILED_MADE, c->err));
    }
    for (uint32_t i = 0; i < c->r->constant.count; i++)
        ZKG_TRY(zkg_program_add_constant(p, zkg_recorder_constant(c->r, i),
                                         c->err));
    for (uint32_t i = 0; i < c->r->text.count; i++)
        ZKG_TRY(zkg_program_add_text(p, zkg_recorder_text(c->r, i), c->err));
    write_code(&w);
    ZKG_TRY(w.status);
    return zkg_program_check(p, c->err);
}
