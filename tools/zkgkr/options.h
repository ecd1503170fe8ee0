/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TOOLS_OPTIONS_H
#define ZKG_TOOLS_OPTIONS_H

/**
 * @file
 * Long options: `--name value`, `--name=value`, `-o value`, flags.
 *
 *     const char *graph = NULL;
 *     bool json = false, done;
 *     const zkg_option options[] = {
 *         {"graph", "G.zkg", "the graph", &graph, NULL, true},
 *         {"json", NULL, "print JSON", NULL, &json, false},
 *     };
 *     ZKG_TRY(zkg_options_parse(&done, NULL, NULL, 0, options, 2,
 *                               "zkgkr x [options]", argc, argv, err));
 *     if (done)
 *         return ZKG_OK;
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zkgkr/status.h"

typedef struct zkg_option {
    const char *name;   /**< without dashes; one letter: `-o` */
    const char *arg;    /**< what its value is called; NULL: a flag */
    const char *help;   /**< one line */
    const char **value; /**< set when given */
    bool *flag;         /**< set when given */
    bool required;
} zkg_option;

/**
 * Parse argv[1..].  An unknown option, a missing value, an option twice, a
 * missing required option or too many operands is ZKG_ERR_USAGE, with the
 * nearest known name.  --help prints usage and options to stdout.
 *
 * @param[out] done     --help was asked for and printed: return ZKG_OK
 * @param[out] operands at most max_operands words that are no options; NULL
 *                      when there are none
 * @param[out] count    how many
 */
ZKG_MUST_CHECK zkg_status zkg_options_parse(bool *done, const char **operands,
                                            size_t *count, size_t max_operands,
                                            const zkg_option *options, size_t n,
                                            const char *usage, int argc,
                                            char **argv, zkg_error *err);

/** A decimal number min..max, or ZKG_ERR_USAGE naming the option. */
ZKG_MUST_CHECK zkg_status zkg_option_u32(uint32_t *out, const char *name,
                                         const char *text, uint32_t min,
                                         uint32_t max, zkg_error *err);

/** Bytes: a number with K, M, G or T (of 1024) behind it, or none. */
ZKG_MUST_CHECK zkg_status zkg_option_bytes(uint64_t *out, const char *name,
                                           const char *text, zkg_error *err);

#endif
