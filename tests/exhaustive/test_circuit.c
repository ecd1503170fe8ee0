/* SPDX-License-Identifier: Apache-2.0
 * The verifier of circuits over a field of TINY_P elements, against every
 * prover there is (game.h).  Inputs are public: the verifier evaluates them, so
 * a run's end is all its own.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "game.h"
#include "relation/circuit.h"

#define MOST_CELLS 4

typedef struct circuit_case {
    const char *name;
    uint32_t copies;
    zkg_circuit circuit;
    uint32_t steps;
    game_step step[GAME_MAX_STEPS];
    uint32_t largest_p; /* beyond it there are too many runs */
} circuit_case;

#define A(i)                                                                   \
    {                                                                          \
        1, (i)                                                                 \
    }
#define B(i)                                                                   \
    {                                                                          \
        2, (i)                                                                 \
    }
#define BELOW(i)                                                               \
    {                                                                          \
        ZKG_CIRCUIT_PREVIOUS, (i)                                              \
    }

static const zkg_circuit_shape one_entry[] = {{1, {1}}, {1, {1}}};
static const zkg_circuit_shape two_and_one[] = {{1, {2}}, {1, {1}}};
static const zkg_circuit_shape two_entries[] = {{1, {2}}, {1, {2}}};
static const zkg_circuit_coeff coeff[] = {{{1}, ZKG_CIRCUIT_PLAIN},
                                          {{2}, ZKG_CIRCUIT_PLAIN}};
static const uint32_t gates[] = {0, 1};

static const zkg_circuit_mul cross[] = {{0, 0, A(0), A(1)}};
static const zkg_circuit_mul lone[] = {{0, 0, A(0), B(0)}};
static const zkg_circuit_mul pick[] = {{0, 0, A(1), B(0)}};
static const zkg_circuit_add plus_b[] = {{0, 1, B(0)}};
static const zkg_circuit_add plus[] = {{0, 1, A(0)}};
static const zkg_circuit_mul pairs[] = {{0, 0, A(0), B(0)}, {1, 0, A(1), B(1)}};
static const zkg_circuit_add sum[] = {{0, 0, BELOW(0)}, {0, 1, BELOW(1)}};
static const zkg_circuit_mul square[] = {{0, 0, BELOW(0), BELOW(0)}};

/* x0 x1 */
static const zkg_circuit_layer crossed[] = {{1, 1, 0, 0, cross, NULL, NULL}};
/* a1 b + 2 b */
static const zkg_circuit_layer picked[] = {{1, 1, 1, 0, pick, plus_b, NULL}};
/* a0 a1 + 2 b: where it holds, b is as a rule not 0 */
static const zkg_circuit_layer shifted[] = {{1, 1, 1, 0, cross, plus_b, NULL}};
/* a b + 2 a */
static const zkg_circuit_layer mixed[] = {{1, 1, 1, 0, lone, plus, NULL}};
/* a b of each entry */
static const zkg_circuit_layer paired[] = {{2, 2, 0, 0, pairs, NULL, NULL}};
/* a0 b0 + 2 a1 b1 */
static const zkg_circuit_layer summed[] = {{2, 2, 0, 0, pairs, NULL, NULL},
                                           {1, 0, 2, 0, NULL, sum, NULL}};
/* (x0 x1)^2 */
static const zkg_circuit_layer squared[] = {{1, 1, 0, 0, cross, NULL, NULL},
                                            {1, 1, 0, 0, square, NULL, NULL}};

#define CIRCUIT(in, n, shapes, asserts)                                        \
    {                                                                          \
        .inputs = (in), .input = (shapes),                                     \
        .layers = sizeof(n) / sizeof((n)[0]), .layer = (n), .coeffs = 2,       \
        .coeff = coeff, .asserted = (asserts), .assertion = gates              \
    }

/* A step of one challenge: of a point (1), or a round (2). */
#define POINT                                                                  \
    {                                                                          \
        0, 1, 1, 0                                                             \
    }
#define ROUND                                                                  \
    {                                                                          \
        2, 1, 2, 0                                                             \
    }
#define VALUE_ROUND                                                            \
    {                                                                          \
        3, 1, 2, 0                                                             \
    }

static const circuit_case cases[] = {
    {"product of 1 gate",
     1,
     CIRCUIT(1, crossed, two_entries, 1),
     2,
     {ROUND, ROUND},
     7},
    {"product and sum, 2 copies",
     2,
     CIRCUIT(2, mixed, one_entry, 1),
     2,
     {POINT, ROUND},
     13},
    {"product, and another input of 1",
     1,
     CIRCUIT(2, shifted, two_and_one, 1),
     2,
     {ROUND, ROUND},
     7},
    {"product and sum, inputs of 2 and 1, 2 copies",
     2,
     CIRCUIT(2, picked, two_and_one, 1),
     3,
     {POINT, ROUND, ROUND},
     7},
    {"2 gates, elementwise",
     1,
     CIRCUIT(2, paired, two_entries, 2),
     2,
     {POINT, ROUND},
     13},
    {"2 gates, elementwise, 2 copies",
     2,
     CIRCUIT(2, paired, two_entries, 2),
     4,
     {POINT, POINT, ROUND, ROUND},
     5},
    {"2 gates, 1 of them asserted",
     1,
     CIRCUIT(2, paired, two_entries, 1),
     3,
     {POINT, ROUND, VALUE_ROUND},
     5},
    {"2 layers, linear over elementwise",
     1,
     CIRCUIT(2, summed, two_entries, 1),
     2,
     {ROUND, VALUE_ROUND},
     7},
    {"2 layers, elementwise over a product",
     1,
     CIRCUIT(1, squared, two_entries, 1),
     2,
     {VALUE_ROUND, ROUND},
     7},
};

typedef struct bound {
    zkg_task_circuit circuit;
    zkg_task_relations t;
    zkg_axis axis[3]; /* copies; of each input its own */
    zkg_operand operand[2];
    zkg_array array[2];
    zkg_fr cell[2][MOST_CELLS];
    zkg_task_run run;
    zkg_child child;
    zkg_error err;
} bound;

static const uint32_t operands[] = {0, 1};

static uint64_t next(uint64_t *seed)
{
    uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static bool bind(bound *b, const circuit_case *c)
{
    memset(b, 0, sizeof(*b));
    b->axis[0] = (zkg_axis){c->copies, zkg_axis_bits(c->copies)};
    for (uint32_t k = 0; k < 2; k++) {
        const uint64_t len[2] = {c->copies, c->circuit.input[k].len[0]};

        b->axis[1 + k] = (zkg_axis){len[1], zkg_axis_bits(len[1])};
        zkg_array_borrow(&b->array[k], ZKG_FR, 2, len, b->cell[k]);
        b->operand[k] = (zkg_operand){.tensor = k,
                                      .vis = ZKG_PUBLIC,
                                      .axes = 2,
                                      .axis = {0, 1 + k},
                                      .array = &b->array[k]};
    }
    b->circuit =
        (zkg_task_circuit){.circuit = &c->circuit, .operand = operands};
    b->t = (zkg_task_relations){.axes = 3,
                                .axis = b->axis,
                                .operands = 2,
                                .operand = b->operand,
                                .circuits = 1,
                                .circuit = &b->circuit};
    b->child.tape = &(zkg_tape){0};
    return zkg_task_run_init(&b->run, &b->child, &b->t, &b->err) == ZKG_OK;
}

/* A wire's value by its definition. */
static uint32_t wire(const bound *b, const zkg_circuit *c, uint32_t layer,
                     uint64_t copy, zkg_circuit_wire w)
{
    const zkg_circuit_layer *l;
    uint32_t value = 0;

    if (w.source > 0)
        return b->cell[w.source - 1][copy * b->axis[w.source].len + w.index].v;
    l = &c->layer[layer - 1];
    for (uint32_t k = 0; k < l->muls; k++)
        if (l->mul[k].gate == w.index)
            value += coeff[l->mul[k].coeff].value.v *
                     wire(b, c, layer - 1, copy, l->mul[k].a) *
                     wire(b, c, layer - 1, copy, l->mul[k].b);
    for (uint32_t k = 0; k < l->adds; k++)
        if (l->add[k].gate == w.index)
            value += coeff[l->add[k].coeff].value.v *
                     wire(b, c, layer - 1, copy, l->add[k].a);
    return value % TINY_P;
}

/* Whether what is asserted is 0 in every copy. */
static bool holds(const bound *b, const zkg_circuit *c)
{
    for (uint64_t copy = 0; copy < b->axis[0].len; copy++)
        for (uint32_t k = 0; k < c->asserted; k++)
            if (wire(b, c, c->layers, copy,
                     (zkg_circuit_wire)BELOW(c->assertion[k])) != 0)
                return false;
    return true;
}

static bool accepts(void *user, zkg_tape *tape)
{
    bound *b = user;

    zkg_child_clear(&b->child);
    b->child = (zkg_child){.tape = tape};
    return zkg_circuit_verify(&b->run, &b->circuit) == ZKG_OK &&
           b->child.ledger.claims == 0;
}

/* Statements of one kind, drawn until there are enough. */
static bool play(const circuit_case *c, bool kind, uint32_t statements,
                 uint64_t *seed)
{
    uint64_t worst = kind ? UINT64_MAX : 0, total, lost;
    game g = {.steps = c->steps, .accepts = accepts};
    bool good;
    bound b;

    if (!bind(&b, c)) {
        printf("%s: %s\n", c->name, b.err.text);
        return false;
    }
    memcpy(g.step, c->step, sizeof(g.step));
    g.user = &b;
    total = game_total(&g);
    lost = game_lost(&g);
    for (uint32_t n = 0; n < statements;) {
        uint64_t wins;

        /* A quarter of 0: else true statements are few. */
        for (uint32_t i = 0; i < 2 * MOST_CELLS; i++)
            b.cell[i / MOST_CELLS][i % MOST_CELLS].v =
                (uint32_t)(next(seed) % 4 == 0 ? 0 : next(seed) % TINY_P);
        if (holds(&b, &c->circuit) != kind)
            continue;
        wins = game_best(&g);
        worst = (wins < worst) == kind ? wins : worst;
        n++;
    }
    good = kind ? worst == total : worst == total - lost;
    printf("F_%d, %s: a %s statement wins %llu of %llu challenges, bound %llu; "
           "%llu runs%s\n",
           TINY_P, c->name, kind ? "true" : "false", (unsigned long long)worst,
           (unsigned long long)total,
           (unsigned long long)(kind ? total : total - lost),
           (unsigned long long)g.runs, good ? "" : ": WRONG");
    zkg_child_clear(&b.child);
    zkg_task_run_clear(&b.run);
    return good;
}

int main(void)
{
    uint64_t seed = 1;
    bool good = true;

    printf("seed %llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (cases[i].largest_p < TINY_P)
            continue;
        good = play(&cases[i], true, 3, &seed) && good;
        good = play(&cases[i], false, 2, &seed) && good;
    }
    return good ? 0 : 1;
}
