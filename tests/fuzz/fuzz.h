/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_FUZZ_FUZZ_H
#define ZKG_FUZZ_FUZZ_H

/**
 * @file
 * Readers of files against mutated files: what a target is, and what holds for
 * all of them.
 *
 * A reader takes an input or refuses it.  A refusal has a status that its
 * header names, and one line of printable words that names the file.  What was
 * taken, the writer writes so that it is read again as the same.  Memory is
 * bounded by the input's length.
 */

#include "mutate.h"
#include "zkgkr/status.h"

/** A target reads bytes. */
typedef struct fuzz_target {
    const char *name;
    const fuzz_words *words; /**< of its text; NULL: it is none */
    uint64_t share;          /**< of the rounds, in per cent */
    /** Input number `which` < variants, which is fine. */
    void (*corpus)(void *world, fuzz_bytes *out, uint64_t which);
    /** true when it took them */
    bool (*read)(void *world, const fuzz_bytes *b);
    uint64_t variants;
    void (*begin)(void *world); /**< before all others; or NULL */
    size_t tail;  /**< half of the rounds leave all but so many bytes alone */
    bool refused; /**< even what corpus() gives is: it is not whole */
} fuzz_target;

/** All targets, or the one that argv[1] names, each for its rounds, after what
 *  is in its folder below ZKG_FUZZ_CORPUS.  @return main()'s */
int fuzz_main(const char *program, const fuzz_target *all, size_t targets,
              void *world, int argc, char **argv);

/** End the test with words unless the status is ZKG_OK. */
void fuzz_must(zkg_status s, const zkg_error *err);
/** End the test: something that must hold does not. */
_Noreturn ZKG_PRINTF(1, 2) void fuzz_broken(const char *fmt, ...);

#define FUZZ_MAY(status) (1u << (status))

/**
 * Judge a reader's answer.
 *
 * @param file stands in the message; NULL: the reader knows no name
 * @param may  FUZZ_MAY() of the statuses that the reader's header names
 * @return whether it took the input
 */
bool fuzz_said(zkg_status s, const zkg_error *err, const char *file,
               unsigned may);

/** Is it one line of printable text? */
bool fuzz_is_printable(const char *text, size_t len);

/**
 * Count the bytes that malloc() and its like are asked for from here to
 * fuzz_metered(), which ends the test when they are more than
 * base + each * len.
 */
void fuzz_meter(void);
void fuzz_metered(size_t base, size_t each, size_t len);

#endif
