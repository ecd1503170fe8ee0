/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TESTS_EXHAUSTIVE_SCRIPT_H
#define ZKG_TESTS_EXHAUSTIVE_SCRIPT_H

/**
 * @file
 * A verifying tape whose messages and challenges are both given beforehand:
 * stands for src/tape/tape.c.  A run that reads beyond its script aborts.
 *
 * A challenge whose tag is `stuck` is drawn as any other, and is then 1: what a
 * verifier would be that does without it.  No game may be won as rarely then,
 * or it would not have seen what the challenge is for.
 */

#include "tape/tape.h"

#define SCRIPT_MAX 32

typedef struct script {
    zkg_fr message[SCRIPT_MAX], challenge[SCRIPT_MAX];
    size_t messages, challenges; /* given */
    size_t read, drawn;          /* used so far */
    zkg_tag stuck;               /* 0: none */
} script;

/** Start the tape at the script's beginning; the script is not copied. */
void script_start(zkg_tape *tape, script *s);

#endif
