/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TESTS_EXHAUSTIVE_GAME_H
#define ZKG_TESTS_EXHAUSTIVE_GAME_H

/**
 * @file
 * The best that any prover does against a verifier on a scripted tape: the
 * value of the game in which each step's messages are chosen, and its
 * challenges then drawn.  Found by trying all of both; the verifier decides
 * each run.
 */

#include <stdbool.h>

#include "script.h"

#define GAME_MAX_STEPS 8

/** Messages, then challenges. */
typedef struct game_step {
    uint32_t messages, challenges;
    uint32_t degree; /**< of TINY_P values of a challenge, how many may save a
                          lie */
    uint32_t values; /**< only so many values of a challenge are tried; 0: all
                      */
} game_step;

typedef struct game {
    uint32_t steps;
    game_step step[GAME_MAX_STEPS];
    bool (*accepts)(void *user, zkg_tape *tape);
    void *user;
    script script; /**< what it holds at the start stands before every run */
    uint64_t runs;
    bool accepted; /**< the last run's end */
} game;

/** Of game_total(), the challenges that the best prover wins. */
uint64_t game_best(game *g);

/** All challenges. */
uint64_t game_total(const game *g);

/** The challenges at which no lie can win: prod (values - degree). */
uint64_t game_lost(const game *g);

#endif
