/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TESTS_EXHAUSTIVE_RELATIONS_H
#define ZKG_TESTS_EXHAUSTIVE_RELATIONS_H

/**
 * @file
 * The inside of a `wit` (witnesses.h): equations, sites and what cells may be.
 */

#include "witnesses.h"

#define NONE UINT32_MAX

typedef __int128 wide;

/* Beyond it a bound is none; sums of 2^16 terms below it stay exact. */
#define FAR ((wide)1 << 110)

typedef struct span {
    wide lo, hi;
} span;

typedef struct term {
    wide c;
    uint32_t a, b; /* cells; NONE: 1 */
} term;

typedef struct equation {
    uint32_t first, terms;
    uint32_t makes; /* the virtual cell that it makes, or NONE */
} equation;

typedef struct site {
    uint32_t table, first; /* columns: consecutive cells of `column` */
} site;

/* A table's columns, row by row. */
typedef struct rows {
    uint32_t columns;
    uint64_t n;
    int64_t *at; /* at[i * columns + c] */
    span whole[ZKG_MAX_TABLE_COLUMNS];
    bool even; /* column 0 has no gaps */
} rows;

typedef struct step {
    uint32_t cell;
    span was;
} step;

struct wit {
    const zkg_statement *st;
    const zkg_array *fixed;
    uint32_t cells, *base; /* first cell of each tensor, and one more */
    term *term;
    equation *eq;
    site *site;
    uint32_t *column;
    uint32_t terms, eqs, sites, columns, term_room, eq_room, site_room,
        column_room;
    rows *table;
    uint32_t *from, *in; /* relations of each cell: in[from[c] .. from[c+1]) */
    span *at;            /* what each cell may be */
    step *trail;
    uint32_t trails, trail_room;
    uint32_t *queue; /* a ring of relations */
    uint32_t head, queued;
    bool *waits;
    span *scratch;
    uint32_t *group; /* union-find over cells */
    uint64_t steps;  /* relations looked at since give() */
    wide *value;     /* the first witness */
    char unbounded[300], text[300];
};

/** End the program: what, and why. */
_Noreturn void wit_stop(const char *why, const char *what);

/** Zeros for n elements and one more. */
void *wit_room(size_t n, size_t size);

/** The list with room for one more than n; *have: how many fit. */
void *wit_grow(void *list, uint32_t n, uint32_t *have, size_t size);

/** All that a new `wit` has but `unbounded`: st and fixed are set before. */
void wit_read(wit *w);

#endif
