/* SPDX-License-Identifier: Apache-2.0
 * The verifier of lookups over a field of TINY_P elements, against every prover
 * there is (game.h), where there is more than one tree of powers of two: sites
 * of one task in one batch, of unlike heights; rows that are padded, their
 * padding filled with garbage.
 *
 * A game begins after the roots, or after the first layer's end: what was sent
 * until then is given, true or false.  With false ones the prover is lost
 * against the challenges that game_lost() counts, at least; with true ones
 * against none.  Where a challenge is drawn and not used, false ones win more:
 * the test sees what it is for.
 *
 *     batch            all games, of which no lie may win more than its bound
 *     batch mutant     of a verifier that somebody has broken: some lie must
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "game.h"
#include "relation/lookup.h"

#define MOST_SITES 2
#define MOST_ROWS 4

/* A lie about p0, p1, q0, q1 of a tree's first layer, or of p and q. */
typedef struct lie {
    uint32_t p, q;
} lie;

typedef struct batch_case {
    const char *name;
    uint32_t sites;
    uint64_t rows[MOST_SITES];
    bool private_columns; /* then their padding is not 0 */
    bool inner;           /* begins at the second layer of site 0 */
    lie of[MOST_SITES];   /* site 0 of an inner one: of both its children */
    bool counts_padding;  /* roots and children as if all rows were real */
    zkg_tag stuck;        /* this lie must win: the challenge is not used */
    uint32_t field;       /* of so many elements; 0: of any */
} batch_case;

static const batch_case cases[] = {
    {"two sites of 2 rows", 2, {2, 2}, .field = 3},
    {"two sites of 2 rows, one root false",
     2,
     {2, 2},
     .of = {{1, 0}},
     .field = 3},
    {"two sites of 2 rows, false by one up and one down",
     2,
     {2, 2},
     .of = {{1, 0}, {2, 0}},
     .field = 3},
    {"two sites of 2 rows, both denominators false",
     2,
     {2, 2},
     .of = {{0, 2}, {0, 2}},
     .field = 3},
    {"two sites of 2 rows, one by both parts",
     2,
     {2, 2},
     .of = {{0, 0}, {1, 2}},
     .field = 3},
    {"the same without nu",
     2,
     {2, 2},
     .of = {{1, 0}, {2, 0}},
     .stuck = ZKG_TAG_LOOKUP_NU,
     .field = 3},
    {"the same without lambda",
     2,
     {2, 2},
     .of = {{0, 0}, {1, 2}},
     .stuck = ZKG_TAG_LOOKUP_LAMBDA,
     .field = 3},
    {"the same without mu",
     2,
     {2, 2},
     .of = {{1, 0}},
     .stuck = ZKG_TAG_LOOKUP_MU,
     .field = 3},
    {"two sites of 2 rows, false by one up and one down",
     2,
     {2, 2},
     .of = {{1, 0}, {4, 0}},
     .field = 5},

    {"sites of 4 and 2 rows, the new root false",
     2,
     {4, 2},
     .inner = true,
     .of = {{0, 0}, {1, 0}},
     .field = 3},
    {"sites of 4 and 2 rows, false by one up and one down",
     2,
     {4, 2},
     .inner = true,
     .of = {{1, 0}, {2, 0}},
     .field = 3},
    {"the same without nu",
     2,
     {4, 2},
     .inner = true,
     .of = {{1, 0}, {2, 0}},
     .stuck = ZKG_TAG_LOOKUP_NU,
     .field = 3},
    {"the same without the rounds' challenge",
     2,
     {4, 2},
     .inner = true,
     .of = {{1, 0}},
     .stuck = ZKG_TAG_ROUND_POINT,
     .field = 3},
    {"sites of 3 and 2 rows", 2, {3, 2}, .inner = true, .field = 3},
    {"sites of 3 and 2 rows, the layer above false",
     2,
     {3, 2},
     .inner = true,
     .of = {{2, 0}},
     .field = 3},

    {"3 rows, garbage in the fourth",
     1,
     {3},
     .private_columns = true,
     .inner = true},
    {"3 rows, the fourth counted as one",
     1,
     {3},
     .private_columns = true,
     .inner = true,
     .counts_padding = true},
    {"3 rows, garbage in the fourth, false",
     1,
     {3},
     .private_columns = true,
     .inner = true,
     .of = {{1, 0}}},
    {"3 rows, garbage in the fourth, denominators false",
     1,
     {3},
     .private_columns = true,
     .inner = true,
     .of = {{0, 2}}},
};

typedef struct batch {
    zkg_axis axis[1 + MOST_SITES];
    zkg_operand operand[MOST_SITES];
    zkg_site site[MOST_SITES];
    zkg_task_relations t;
    zkg_array column[MOST_SITES];
    zkg_fr cell[MOST_SITES][MOST_ROWS]; /* padding included */
    zkg_lookup_challenges challenge;
    zkg_task_run run;
    zkg_child child;
    zkg_error err;
} batch;

static const uint32_t operands[] = {0, 1};

static bool make(batch *b, const batch_case *c)
{
    memset(b, 0, sizeof(*b));
    b->axis[0] = (zkg_axis){1, 0};
    b->challenge.alpha.v = TINY_P - 1;
    b->t = (zkg_task_relations){.axes = 1 + c->sites,
                                .axis = b->axis,
                                .operands = c->sites,
                                .operand = b->operand,
                                .sites = c->sites,
                                .site = b->site};
    for (uint32_t j = 0; j < c->sites; j++) {
        b->axis[1 + j] = (zkg_axis){c->rows[j], zkg_axis_bits(c->rows[j])};
        zkg_array_borrow(&b->column[j], ZKG_FR, 1, &c->rows[j], b->cell[j]);
        b->operand[j] =
            (zkg_operand){.tensor = j,
                          .vis = c->private_columns ? ZKG_PRIVATE : ZKG_PUBLIC,
                          .axes = 1,
                          .axis = {1 + j},
                          .array = &b->column[j]};
        b->site[j] = (zkg_site){.columns = 1, .operand = &operands[j]};
        /* No cell is alpha; padding is none of a public column's. */
        for (uint32_t i = 0; i < MOST_ROWS; i++)
            b->cell[j][i].v = i < c->rows[j] || c->private_columns
                                  ? (i + j) % (TINY_P - 1)
                                  : 0;
    }
    b->child.tape = &(zkg_tape){0};
    return zkg_task_run_init(&b->run, &b->child, &b->t, &b->err) == ZKG_OK;
}

/* T~(point) of a column, its padding included. */
static uint32_t value_at(const batch *b, const zkg_claim *claim)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < 1u << claim->vars; i++) {
        uint32_t weight = b->cell[claim->tensor][i].v;

        for (uint32_t t = 0; t < claim->vars; t++)
            weight = weight *
                     (i >> t & 1 ? claim->point[t].v
                                 : TINY_P + 1 - claim->point[t].v) %
                     TINY_P;
        sum += weight;
    }
    return sum % TINY_P;
}

static bool accepts(void *user, zkg_tape *tape)
{
    batch *b = user;

    zkg_child_clear(&b->child);
    b->child = (zkg_child){.tape = tape, .challenge = &b->challenge};
    if (zkg_lookup_verify(&b->run) != ZKG_OK)
        return false;
    for (size_t i = 0; i < b->child.ledger.claims; i++)
        if (value_at(b, &b->child.ledger.claim[i]) !=
            b->child.ledger.claim[i].value.v)
            return false;
    return true;
}

/* Nodes of a tree from its leaves up: node[0] the root. */
typedef struct node {
    uint32_t p, q;
} node;

static node parent(node a, node b)
{
    return (node){(a.p * b.q + b.p * a.q) % TINY_P, a.q * b.q % TINY_P};
}

static void build(node tree[2 * MOST_ROWS], const batch *b, const batch_case *c,
                  uint32_t site)
{
    const uint32_t leaves = 1u << b->axis[1 + site].bits;

    for (uint32_t i = 0; i < leaves; i++)
        tree[leaves - 1 + i] = (node){
            i < c->rows[site] || c->counts_padding,
            (b->challenge.alpha.v + TINY_P - b->cell[site][i].v) % TINY_P};
    for (uint32_t i = leaves - 1; i-- > 0;)
        tree[i] = parent(tree[2 * i + 1], tree[2 * i + 2]);
}

static void put(script *s, uint32_t v)
{
    s->message[s->messages++].v = v % TINY_P;
}

/* What stands before the game: roots; of an inner one the first layer. */
static void begin(script *s, const batch *b, const batch_case *c)
{
    node tree[MOST_SITES][2 * MOST_ROWS];
    node low = {0, 0}, high = {0, 0};

    for (uint32_t j = 0; j < c->sites; j++) {
        lie by = c->of[j];
        node root;

        build(tree[j], b, c, j);
        root = tree[j][0];
        if (c->inner && j == 0) {
            low = (node){tree[0][1].p + by.p, tree[0][1].q + by.q};
            high = (node){tree[0][2].p + by.p, tree[0][2].q + by.q};
            root = parent(low, high);
            by = (lie){0, 0};
        }
        put(s, root.p + by.p);
        put(s, root.q + by.q);
    }
    if (!c->inner)
        return;
    put(s, low.p);
    put(s, high.p);
    put(s, low.q);
    put(s, high.q);
    for (uint32_t k = 0; k < 3; k++) /* lambda, nu, mu */
        s->challenge[s->challenges++].v = 2;
}

static void steps(game *g, const batch_case *c)
{
    /* Of one site nu is idle. */
    const game_step layer[] = {{0, 1, 1, 0},
                               {0, 1, c->sites - 1, c->sites > 1 ? 0 : 1},
                               {2, 1, 2, 0},
                               {4 * c->sites, 1, 1, 0},
                               {1, 0, 0, 0}};

    for (uint32_t k = 0; k < 5; k++) {
        if ((k == 2 && !c->inner) || (k == 4 && !c->private_columns))
            continue;
        g->step[g->steps++] = layer[k];
    }
}

static bool is_lie(const batch_case *c)
{
    bool any = c->counts_padding;

    for (uint32_t j = 0; j < c->sites; j++)
        any = any || c->of[j].p != 0 || c->of[j].q != 0;
    return any;
}

static bool play(const batch_case *c)
{
    const bool lies = is_lie(c);
    game g = {.accepts = accepts};
    uint64_t wins, total, bound;
    bool good;
    batch b;

    if (!make(&b, c)) {
        printf("%s: %s\n", c->name, b.err.text);
        return false;
    }
    g.user = &b;
    g.script.stuck = c->stuck;
    begin(&g.script, &b, c);
    steps(&g, c);
    wins = game_best(&g);
    total = game_total(&g);
    bound = lies ? total - game_lost(&g) : total;
    good = c->stuck != 0 ? wins > bound : lies ? wins <= bound : wins == total;
    printf(
        "F_%d, %s: wins %llu of %llu challenges, bound %llu%s; %llu runs%s\n",
        TINY_P, c->name, (unsigned long long)wins, (unsigned long long)total,
        (unsigned long long)bound, c->stuck != 0 ? ", which it must pass" : "",
        (unsigned long long)g.runs, good ? "" : ": WRONG");
    zkg_child_clear(&b.child);
    zkg_task_run_clear(&b.run);
    return good;
}

int main(int argc, char **argv)
{
    const bool mutant = argc > 1 && strcmp(argv[1], "mutant") == 0;
    bool good = true;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const batch_case *c = &cases[i];

        if (c->field != 0 && c->field != TINY_P)
            continue;
        if (mutant && (c->stuck != 0 || (c->inner && c->sites > 1)))
            continue; /* the others are enough */
        good = play(c) && good;
    }
    if (mutant)
        printf("a broken verifier was %s\n", good ? "NOT SEEN" : "seen");
    return good != mutant ? 0 : 1;
}
