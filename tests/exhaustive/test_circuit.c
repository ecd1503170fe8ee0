/* SPDX-License-Identifier: Apache-2.0
 * The verifier of circuits over a field of TINY_P elements, against every
 * prover there is (game.h).  Inputs are public: the verifier evaluates them, so
 * a run's end is all its own; of a private one, whose padded copies hold
 * garbage, the claims that it leaves are held to the values.
 *
 *     circuit            all games, of which no lie may win more than its bound
 *     circuit mutant     of a verifier that somebody has broken: some lie must
 */
#include <stdio.h>
#include <string.h>

#include "../unit/rng.h"
#include "base/mem.h"
#include "game.h"
#include "poly/array_mle.h"
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

/* Operands: two inputs, then what the circuit makes. */
enum { MADE = 2 };

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
    zkg_tape idle; /* before a game begins */
    zkg_error err;
} bound;

static const uint32_t operands[] = {0, 1};

static void fill(bound *b, const circuit_case *c)
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
    b->child.tape = &b->idle;
}

static bool bind(bound *b, const circuit_case *c)
{
    fill(b, c);
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
                 rng *seed)
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
                (uint32_t)(rng_u64(seed) % 4 == 0 ? 0 : rng_u64(seed) % TINY_P);
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

/* ---- two claims on a layer, at two points ---- */

static const zkg_circuit_mul across[] = {{0, 0, BELOW(0), BELOW(1)}};
static const zkg_circuit_add each[] = {{0, 0, A(0)}, {1, 1, B(0)}};
/* a0 b0 a1 b1, the layer below elementwise */
static const zkg_circuit_layer crossing[] = {{2, 2, 0, 0, pairs, NULL, NULL},
                                             {1, 1, 0, 0, across, NULL, NULL}};
/* a * 2 b, the layer below linear */
static const zkg_circuit_layer crossing_sums[] = {
    {2, 0, 2, 0, NULL, each, NULL}, {1, 1, 0, 0, across, NULL, NULL}};

typedef struct two_points {
    const char *name;
    zkg_circuit circuit;
    uint32_t steps;
    game_step step[GAME_MAX_STEPS];
} two_points;

/* The challenge that joins them, then the rounds of the layer below. */
static const two_points joined[] = {
    {"two claims on an elementwise layer",
     CIRCUIT(2, crossing, two_entries, 1),
     2,
     {{0, 1, 1, 0}, {3, 1, 3, 0}}},
    {"two claims on a linear layer",
     CIRCUIT(2, crossing_sums, one_entry, 1),
     1,
     {{0, 1, 1, 0}}},
};

static zkg_fr blend(uint32_t a, uint32_t b, uint32_t at)
{
    return (zkg_fr){(a * (TINY_P + 1 - at) + b * at) % TINY_P};
}

/* Up to the challenge that joins them: x = 2, y = 3, values that are off by
 * `by`, and rounds that lead there.  False: no rounds do. */
static bool lead_there(game *g, const bound *b, const zkg_circuit *c,
                       const uint32_t by[2])
{
    const uint32_t at[2] = {2, 3};
    uint32_t v[2];
    script *s = &g->script;

    for (uint32_t k = 0; k < 2; k++) {
        for (uint32_t i = 0; i < 2; i++)
            v[i] = wire(b, c, 1, 0, (zkg_circuit_wire)BELOW(i));
        s->message[3 * k + 2] = blend(v[0] + by[k], v[1] + by[k], at[k]);
        s->challenge[k].v = at[k];
    }
    s->messages = SCRIPT_MAX;
    s->challenges = SCRIPT_MAX;
    for (uint32_t m = 0; m < TINY_P * TINY_P; m++) {
        zkg_tape tape;

        s->message[0].v = s->message[3].v = m / TINY_P;
        s->message[1].v = s->message[4].v = m % TINY_P;
        script_start(&tape, s);
        (void)accepts(g->user, &tape);
        if (s->drawn < 3)
            continue;
        s->messages = 6;
        s->challenges = 2;
        return true;
    }
    return false;
}

static bool play_two(const two_points *c, zkg_tag stuck, rng *seed)
{
    const circuit_case plain = {.copies = 1, .circuit = c->circuit};
    uint64_t most = 0, lost;
    bool good = true;
    bound b;
    game g = {.steps = c->steps, .accepts = accepts, .user = &b};

    if (!bind(&b, &plain)) {
        printf("%s: %s\n", c->name, b.err.text);
        return false;
    }
    memcpy(g.step, c->step, sizeof(g.step));
    g.script.stuck = stuck;
    lost = game_lost(&g);
    for (uint32_t i = 0; i < 2 * MOST_CELLS; i++)
        b.cell[i / MOST_CELLS][i % MOST_CELLS].v =
            1 + (uint32_t)(rng_u64(seed) % (TINY_P - 1));
    for (uint32_t n = 0; n < TINY_P * TINY_P; n++) {
        const uint32_t by[2] = {n % TINY_P, n / TINY_P};
        uint64_t wins;

        if (!lead_there(&g, &b, &c->circuit, by)) {
            printf("%s: no rounds lead there\n", c->name);
            return false;
        }
        wins = game_best(&g);
        if (n == 0)
            good = wins == game_total(&g);
        else
            most = wins > most ? wins : most;
    }
    good = good && (stuck != 0 ? most > game_total(&g) - lost
                               : most <= game_total(&g) - lost);
    printf("F_%d, %s%s: false values win %llu of %llu challenges, bound %llu; "
           "%llu runs%s\n",
           TINY_P, c->name, stuck != 0 ? ", not joined at random" : "",
           (unsigned long long)most, (unsigned long long)game_total(&g),
           (unsigned long long)(game_total(&g) - lost),
           (unsigned long long)g.runs, good ? "" : ": WRONG");
    zkg_child_clear(&b.child);
    zkg_task_run_clear(&b.run);
    return good;
}

/* ---- claims on the top layer ---- */

static const zkg_circuit_add doubled[] = {{0, 1, A(0)}};
static const zkg_circuit_add both[] = {{0, 1, A(0)}, {1, 1, B(0)}};
static const uint32_t upper[] = {1};
static const zkg_circuit_output outputs[] = {{0, 0}, {1, 0}};

/* 2 a */
static const zkg_circuit_layer doubling[] = {{1, 0, 1, 0, NULL, doubled, NULL}};
/* 2 a and 2 b: put out, or asserted */
static const zkg_circuit_layer put_out[] = {{2, 0, 2, 0, NULL, both, NULL}};

typedef struct top_case {
    const char *name;
    zkg_circuit circuit;
    uint32_t copies;
    bool private_a;    /* its padded copy holds garbage */
    uint32_t a, b;     /* 0, or what is the last real copy's */
    uint32_t claim[2]; /* how far they are off */
    zkg_tag stuck;
    uint32_t steps;
    game_step step[GAME_MAX_STEPS];
} top_case;

/* Of larger fields two values do: a point is one of the cube's, or not. */
#define SOME_POINT                                                             \
    {                                                                          \
        0, 1, 1, TINY_P > 3 ? 2 : 0                                            \
    }
#define COPIES_OF_3                                                            \
    .copies = 3, .private_a = true, .steps = 5,                                \
    .step = {SOME_POINT, SOME_POINT, ROUND, ROUND, {2, 0, 0, 0}}
#define PUT_OUT                                                                \
    .circuit = {.inputs = 2,                                                   \
                .input = one_entry,                                            \
                .layers = 1,                                                   \
                .layer = put_out,                                              \
                .coeffs = 2,                                                   \
                .coeff = coeff,                                                \
                .asserted = 1,                                                 \
                .assertion = upper,                                            \
                .outputs = 1,                                                  \
                .output = outputs},                                            \
    .copies = 1, .steps = 4, .step = {POINT, POINT, ROUND, {1, 0, 0, 0}}

#define TWO_OUT                                                                \
    .circuit = {.inputs = 2,                                                   \
                .input = one_entry,                                            \
                .layers = 1,                                                   \
                .layer = put_out,                                              \
                .coeffs = 2,                                                   \
                .coeff = coeff,                                                \
                .outputs = 2,                                                  \
                .output = outputs},                                            \
    .copies = 1, .steps = 3, .step = {POINT, ROUND, {1, 0, 0, 0}}

static const top_case tops[] = {
    {"3 copies, garbage in the fourth", CIRCUIT(1, doubling, one_entry, 1),
     COPIES_OF_3},
    {"3 copies, false in the last", CIRCUIT(1, doubling, one_entry, 1),
     COPIES_OF_3, .a = 1},
    {"an output and an assertion", PUT_OUT},
    {"an output's claim false", PUT_OUT, .claim = {1}},
    {"an assertion false", PUT_OUT, .b = 1},
    {"both false", PUT_OUT, .b = 1, .claim = {TINY_P - 2}},
    {"two outputs", TWO_OUT},
    {"two outputs' claims false", TWO_OUT, .claim = {1, TINY_P - 1}},
    {"two outputs' claims false, not merged at random", TWO_OUT,
     .claim = {1, TINY_P - 1}, .stuck = ZKG_TAG_CIRCUIT_MERGE},
};

typedef struct top {
    bound b;
    zkg_fr claim[2];
    zkg_operand operand[MADE + 2];
    zkg_site site;
} top;

static const uint32_t made[] = {MADE, MADE + 1};

/* A lookup, say, left a claim on what the circuit puts out. */
static bool accepts_top(void *user, zkg_tape *tape)
{
    top *t = user;
    bound *b = &t->b;
    zkg_ledger *left = &b->child.ledger;

    zkg_child_clear(&b->child);
    b->child = (zkg_child){.tape = tape};
    for (uint32_t k = 0; k < b->circuit.circuit->outputs; k++)
        if (zkg_ledger_add(left, made[k], ZKG_VIRTUAL, 0, NULL, &t->claim[k]) !=
            ZKG_OK)
            return false;
    if (zkg_circuit_verify(&b->run, &b->circuit) != ZKG_OK)
        return false;
    for (size_t i = 0; i < left->claims; i++) {
        zkg_array padded = {.data = NULL};
        const uint64_t len[2] = {4, 1};
        zkg_fr value;

        zkg_array_borrow(&padded, ZKG_FR, 2, len, b->cell[0]);
        if (left->claim[i].tensor != 0 ||
            zkg_array_mle(&value, &padded, left->claim[i].point) != ZKG_OK ||
            !zkg_fr_equal(&value, &left->claim[i].value))
            return false;
    }
    return true;
}

static bool bind_top(top *t, const top_case *c)
{
    const circuit_case plain = {.copies = c->copies, .circuit = c->circuit};
    bound *b = &t->b;

    memset(t, 0, sizeof(*t));
    fill(b, &plain);
    memcpy(t->operand, b->operand, sizeof(b->operand));
    t->operand[0].vis = c->private_a ? ZKG_PRIVATE : ZKG_PUBLIC;
    t->site = (zkg_site){.columns = c->circuit.outputs, .operand = made};
    b->t.operand = t->operand;
    for (uint32_t k = 0; k < c->circuit.outputs; k++)
        t->operand[made[k]] =
            (zkg_operand){.tensor = made[k], .vis = ZKG_VIRTUAL, .axes = 1};
    if (c->circuit.outputs > 0) {
        b->t.operands = MADE + c->circuit.outputs;
        b->t.sites = 1;
        b->t.site = &t->site;
        b->circuit.output = made;
    }
    b->circuit.circuit = &c->circuit;
    for (uint32_t i = 0; i < MOST_CELLS; i++)
        b->cell[0][i].v = i < c->copies ? 0 : 2; /* garbage */
    b->cell[0][c->copies - 1].v = c->a;
    b->cell[1][c->copies - 1].v = c->b;
    for (uint32_t k = 0; k < 2; k++)
        t->claim[k].v = (2 * b->cell[k][0].v + c->claim[k]) % TINY_P;
    return zkg_task_run_init(&b->run, &b->child, &b->t, &b->err) == ZKG_OK;
}

static bool play_top(const top_case *c)
{
    const bool lies = c->a != 0 || c->b != 0 || c->claim[0] != 0;
    game g = {
        .steps = c->steps, .accepts = accepts_top, .script.stuck = c->stuck};
    uint64_t wins, total, most;
    bool good;
    top t;

    if (!bind_top(&t, c)) {
        printf("%s: %s\n", c->name, t.b.err.text);
        return false;
    }
    memcpy(g.step, c->step, sizeof(g.step));
    g.user = &t;
    wins = game_best(&g);
    total = game_total(&g);
    most = lies ? total - game_lost(&g) : total;
    good = c->stuck != 0 ? wins > most : lies ? wins <= most : wins == total;
    printf("F_%d, %s: wins %llu of %llu challenges, bound %llu; %llu runs%s\n",
           TINY_P, c->name, (unsigned long long)wins, (unsigned long long)total,
           (unsigned long long)most, (unsigned long long)g.runs,
           good ? "" : ": WRONG");
    zkg_child_clear(&t.b.child);
    zkg_task_run_clear(&t.b.run);
    return good;
}

/* Every circuit's games, one statement of each kind for a broken verifier. */
static bool play_circuits(bool mutant, rng *seed)
{
    bool good = true;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (cases[i].largest_p < TINY_P || (mutant && cases[i].steps > 2))
            continue;
        good = play(&cases[i], true, mutant ? 1 : 3, seed) && good;
        good = play(&cases[i], false, mutant ? 1 : 2, seed) && good;
    }
    return good;
}

int main(int argc, char **argv)
{
    const bool mutant = argc > 1 && strcmp(argv[1], "mutant") == 0;
    rng seed = {1};
    bool good;

    printf("seed %llu\n", (unsigned long long)seed.state);
    good = TINY_P == 3 || play_circuits(mutant, &seed);
    for (size_t i = 0; i < 2 && !mutant && TINY_P > 3 && TINY_P < 13; i++) {
        good = play_two(&joined[i], 0, &seed) && good;
        good = play_two(&joined[i], ZKG_TAG_CIRCUIT_MERGE, &seed) && good;
    }
    for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
        if (!mutant && (TINY_P < 7 || (TINY_P == 7 && tops[i].copies == 1)))
            good = play_top(&tops[i]) && good;
    if (mutant)
        printf("a broken verifier was %s\n", good ? "NOT SEEN" : "seen");
    return good != mutant ? 0 : 1;
}
