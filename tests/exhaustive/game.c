/* SPDX-License-Identifier: Apache-2.0
 * The value of a game, by trying everything. */
#include "game.h"

#include <stdio.h>
#include <stdlib.h>

static uint32_t values(const game_step *step)
{
    return step->values > 0 ? step->values : TINY_P;
}

static uint64_t power(uint64_t base, uint32_t n)
{
    uint64_t r = 1;

    while (n-- > 0)
        r *= base;
    return r;
}

uint64_t game_total(const game *g)
{
    uint64_t total = 1;

    for (uint32_t k = 0; k < g->steps; k++)
        total *= power(values(&g->step[k]), g->step[k].challenges);
    return total;
}

uint64_t game_lost(const game *g)
{
    uint64_t lost = 1;

    for (uint32_t k = 0; k < g->steps; k++)
        lost *= power(values(&g->step[k]) - g->step[k].degree,
                      g->step[k].challenges);
    return lost;
}

static void put(zkg_fr *out, uint32_t n, uint64_t number, uint32_t base)
{
    for (uint32_t i = 0; i < n; i++, number /= base)
        out[i].v = (uint32_t)(number % base);
}

static uint64_t run(game *g)
{
    zkg_tape tape;

    script_start(&tape, &g->script);
    g->accepted = g->accepts(g->user, &tape);
    g->runs++;
    if (g->accepted && (g->script.read != g->script.messages ||
                        g->script.drawn != g->script.challenges)) {
        printf("a run was accepted before its script's end\n");
        exit(1);
    }
    return g->accepted;
}

static uint64_t best(game *g, uint32_t k)
{
    const game_step *step = &g->step[k];
    script *s = &g->script;
    const size_t message = s->messages, challenge = s->challenges;
    uint64_t messages, challenges, most = 0;

    if (k == g->steps)
        return run(g);
    messages = power(TINY_P, step->messages);
    challenges = power(values(step), step->challenges);
    for (uint64_t m = 0; m < messages; m++) {
        uint64_t wins = 0;

        /* deeper steps write behind these only */
        put(&s->message[message], step->messages, m, TINY_P);
        for (uint64_t c = 0; c < challenges; c++) {
            put(&s->challenge[challenge], step->challenges, c, values(step));
            s->messages = message + step->messages;
            s->challenges = challenge + step->challenges;
            wins += best(g, k + 1);
            /* Rejected whatever these challenges are? */
            if (!g->accepted && s->drawn <= challenge)
                break;
        }
        most = wins > most ? wins : most;
        /* Rejected whatever these messages are? */
        if (!g->accepted && s->drawn <= challenge && s->read <= message)
            break;
    }
    s->messages = message;
    s->challenges = challenge;
    return most;
}

uint64_t game_best(game *g)
{
    return best(g, 0);
}
