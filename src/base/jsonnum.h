/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_BASE_JSONNUM_H
#define ZKGKR_BASE_JSONNUM_H

/**
 * @file
 * Numbers in bulk: `{"input_data": [[...], [...]]}`, read as a stream.
 *
 * Entry i of input_data is the i-th input, a flat array or one nested as its
 * shape says.  No tree is built: the callback gets each number with where it
 * stood.
 */

#include <stddef.h>
#include <stdint.h>

#include "zkgkr/status.h"

#define ZKG_JSON_NUMBERS_MAX_DEPTH 8

/**
 * One number.
 *
 * Numbers come in order, and nothing is ragged, so the number count of an
 * entry is its size, and the last index of an entry plus one, in each place,
 * is its shape: depth 1 is a flat entry.
 *
 * @param[in] entry which input
 * @param[in] index where in it: index[0] is the outermost
 * @param[in] depth how many indices, from 1
 * @param[in] value finite, as near to the text as a double can be
 * @param[out] err  say what is wrong with the value, without the place: the
 *                  reader adds file:line:column and the path
 * @return anything but ZKG_OK ends the reading with that status
 */
typedef zkg_status zkg_json_number_fn(void *user, uint32_t entry,
                                      const uint64_t *index, uint32_t depth,
                                      double value, zkg_error *err);

#define ZKG_JSON_WORD_MAX 100 /**< bytes of a string among numbers */

/** A string where a number could stand, of at most ZKG_JSON_WORD_MAX bytes; all
 *  else as of a number. */
typedef zkg_status zkg_json_word_fn(void *user, uint32_t entry,
                                    const uint64_t *index, uint32_t depth,
                                    const char *word, zkg_error *err);

/**
 * Read every number of `input_data`.
 *
 * @param[in] word takes strings; NULL: they are refused
 *
 * Refused as malformed, with file:line:column and the path, such as
 * `input_data[0][3]`: anything that is not a finite number, ragged or empty
 * arrays, numbers at different depths, a missing or repeated input_data, an
 * unknown key (input_shapes and output_data are known, and skipped).
 */
ZKG_MUST_CHECK zkg_status zkg_json_numbers(const char *text, size_t len,
                                           const char *file,
                                           zkg_json_number_fn *each,
                                           zkg_json_word_fn *word, void *user,
                                           zkg_error *err);

#endif
