/* SPDX-License-Identifier: Apache-2.0
 * The verifier of sumchecks over a field of TINY_P elements, against every
 * prover there is.
 *
 * A prover's best chance against random challenges is the value of a game: in
 * each round the best message, over all challenges alike.  It is computed by
 * trying every message and every challenge; src/sumcheck/ decides each run, and
 * the sum's own definition judges what it leaves.  A true claim is won against
 * all challenges.  With a false one the round's polynomial cannot be the true
 * one, and agrees with it at degree_t challenges at most: it is lost against
 * prod_t (TINY_P - degree_t) of them, and against no more by the best prover.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/rng.h"
#include "script.h"
#include "sumcheck/sumcheck.h"

#define MOST_VARS 3
#define MOST_FACTORS 3

/* f = the product of multilinear factors, of the lowest vars[k] variables. */
typedef struct game {
    zkg_sumcheck_shape shape;
    zkg_fr eq_point[MOST_VARS];
    uint32_t factors, vars[MOST_FACTORS];
    zkg_fr factor[MOST_FACTORS][1 << MOST_VARS];
    zkg_fr claim;
    script script;
    uint64_t runs;
} game;

/* eq(u, x) by its definition */
static zkg_fr eq_value(const zkg_fr *u, const zkg_fr *x, uint32_t n)
{
    uint32_t product = 1;

    for (uint32_t t = 0; t < n; t++) {
        const uint32_t both = u[t].v * x[t].v;
        const uint32_t none =
            (TINY_P + 1 - u[t].v) * (TINY_P + 1 - x[t].v) % TINY_P;

        product = product * ((both + none) % TINY_P) % TINY_P;
    }
    return (zkg_fr){product};
}

/* f at a point: each factor is sum_i table[i] eq(i, x). */
static zkg_fr value_at(const game *g, const zkg_fr *x)
{
    uint32_t product = 1;

    for (uint32_t k = 0; k < g->factors; k++) {
        uint32_t sum = 0;

        for (uint32_t i = 0; i < 1u << g->vars[k]; i++) {
            zkg_fr bits[MOST_VARS];

            for (uint32_t t = 0; t < g->vars[k]; t++)
                bits[t].v = i >> t & 1;
            sum += g->factor[k][i].v * eq_value(bits, x, g->vars[k]).v;
        }
        product = product * (sum % TINY_P) % TINY_P;
    }
    return (zkg_fr){product};
}

/* sum over the cube of E f */
static zkg_fr true_sum(const game *g)
{
    const uint32_t from = g->shape.eq_from;
    uint32_t sum = 0;

    for (uint32_t i = 0; i < 1u << g->shape.vars; i++) {
        zkg_fr x[MOST_VARS];

        for (uint32_t t = 0; t < g->shape.vars; t++)
            x[t].v = i >> t & 1;
        sum += eq_value(g->eq_point, x + from, g->shape.vars - from).v *
               value_at(g, x).v;
    }
    return (zkg_fr){sum % TINY_P};
}

/* Whether the verifier is content with a full script. */
static uint64_t judge(game *g)
{
    zkg_fr claim = g->claim, point[MOST_VARS], end;
    zkg_tape tape;

    script_start(&tape, &g->script);
    if (zkg_sumcheck_verify(&tape, &g->shape, &claim, point) != ZKG_OK ||
        g->script.read != g->script.messages ||
        g->script.drawn != g->script.challenges) {
        printf("a run did not end with its script\n");
        exit(1);
    }
    end = value_at(g, point);
    g->runs++;
    return zkg_fr_equal(&claim, &end);
}

/* Challenges from round t on, of all TINY_P^(n-t), that the best prover wins
 * after the script so far. */
static uint64_t best(game *g, uint32_t t)
{
    const uint32_t d = g->shape.degree[t];
    uint64_t messages = 1, most = 0;
    script *s = &g->script;

    if (t == g->shape.vars)
        return judge(g);
    for (uint32_t i = 0; i < d; i++)
        messages *= TINY_P;
    s->messages += d;
    s->challenges++;
    for (uint64_t m = 0; m < messages; m++) {
        uint64_t wins = 0, rest = m;

        for (uint32_t i = 0; i < d; i++, rest /= TINY_P)
            s->message[s->messages - d + i].v = (uint32_t)(rest % TINY_P);
        for (uint32_t r = 0; r < TINY_P; r++) {
            s->challenge[s->challenges - 1].v = r;
            wins += best(g, t + 1);
            /* deeper rounds wrote behind this message only */
        }
        most = wins > most ? wins : most;
    }
    s->messages -= d;
    s->challenges--;
    return most;
}

typedef struct shape_case {
    const char *name;
    uint32_t vars, eq_from, factors, factor_vars[MOST_FACTORS];
    uint32_t largest_p; /* beyond it there are too many runs */
} shape_case;

static const shape_case cases[] = {
    {"linear, 2 variables", 2, 2, 1, {2}, 13},
    {"linear, 3 variables", 3, 3, 1, {3}, 7},
    {"product, 1 variable", 1, 1, 2, {1, 1}, 13},
    {"product, 2 variables", 2, 2, 2, {2, 2}, 7},
    {"product, second of 1 of 2 variables", 2, 2, 2, {2, 1}, 13},
    {"product of three, 1 variable", 1, 1, 3, {1, 1, 1}, 13},
    {"product of three, 2 variables", 2, 2, 3, {2, 2, 1}, 5},
    {"product with eq, 1 variable", 1, 0, 2, {1, 1}, 13},
    {"product with eq, 2 variables", 2, 0, 2, {2, 2}, 7},
    {"product, eq in the upper variable", 2, 1, 2, {2, 2}, 7},
    {"product of three with eq, 1 variable", 1, 0, 3, {1, 1, 1}, 13},
};

static void draw(game *g, const shape_case *c, rng *seed)
{
    memset(g, 0, sizeof(*g));
    g->shape.vars = c->vars;
    g->shape.eq_from = c->eq_from;
    g->shape.eq_point = g->eq_point;
    g->factors = c->factors;
    memcpy(g->vars, c->factor_vars, sizeof(g->vars));
    for (uint32_t t = 0; t < c->vars; t++) {
        g->eq_point[t].v = (uint32_t)(rng_u64(seed) % TINY_P);
        for (uint32_t k = 0; k < c->factors; k++)
            g->shape.degree[t] =
                (uint8_t)(g->shape.degree[t] + (t < c->factor_vars[k]));
    }
    for (uint32_t k = 0; k < c->factors; k++)
        for (uint32_t i = 0; i < 1u << c->factor_vars[k]; i++)
            g->factor[k][i].v = (uint32_t)(rng_u64(seed) % TINY_P);
}

static bool play(const shape_case *c, uint64_t number)
{
    rng seed = {number};
    uint64_t total = 1, lost = 1, worst = 0;
    zkg_fr truth;
    game g;

    draw(&g, c, &seed);
    for (uint32_t t = 0; t < c->vars; t++) {
        total *= TINY_P;
        lost *= TINY_P - g.shape.degree[t];
    }
    truth = true_sum(&g);
    for (uint32_t v = 0; v < TINY_P; v++) {
        uint64_t wins;

        g.claim.v = v;
        wins = best(&g, 0);
        if (v == truth.v && wins != total) {
            printf("%s: the true claim %u wins %llu of %llu\n", c->name, v,
                   (unsigned long long)wins, (unsigned long long)total);
            return false;
        }
        if (v != truth.v && wins > worst)
            worst = wins;
    }
    printf("F_%d, %s: a lie wins %llu of %llu challenges; %llu runs\n", TINY_P,
           c->name, (unsigned long long)worst, (unsigned long long)total,
           (unsigned long long)g.runs);
    /* Fewer would mean that not every prover was tried. */
    return worst == total - lost;
}

int main(void)
{
    const uint64_t seed = 1;
    bool good = true;

    printf("seed %llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (cases[i].largest_p >= TINY_P)
            good = play(&cases[i], seed + i) && good;
    }
    return good ? 0 : 1;
}
