/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_INPUTS_H
#define ZKGKR_GRAPH_INPUTS_H

/**
 * @file
 * Real numbers for a graph's inputs, from what users have:
 *
 *     NAME.json         {"input_data": [[..], ..]}: entry i is input i
 *     NAME.npy          one array: the graph has one input
 *     NAME.safetensors  a tensor for each input, by name
 *
 * The kind is told by the first bytes, not by the name.  An input is flat, or
 * of its exact shape.  Where several samples are wanted they follow each other:
 * flat, along the first axis, or along one more axis before it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "tensor/dtype.h"
#include "zkgkr/dtype.h"
#include "zkgkr/status.h"

/** An input, and its numbers once read. */
typedef struct zkg_real_input {
    const char *name;
    uint32_t axes;
    uint64_t len[ZKG_MAX_AXES];
    bool any_shape;   /**< arrays of any shape of as many elements will do */
    bool many;        /**< one sample or several, as many of each input */
    uint64_t samples; /**< that were read */
    double *value;    /**< row-major; owned after reading */
    uint64_t room;    /**< elements that value holds */
} zkg_real_input;

/** One number; at is its row-major place in input `entry`. */
typedef zkg_status zkg_input_number_fn(void *user, uint32_t entry, uint64_t at,
                                       double value, zkg_error *err);

/** A string in JSON where a number could stand. */
typedef zkg_status zkg_input_word_fn(void *user, uint32_t entry, uint64_t at,
                                     const char *word, zkg_error *err);

/**
 * Give each number of each input to a callback, once.
 *
 * @param[in] word takes strings; NULL: they are refused
 *
 * @retval ZKG_ERR_MALFORMED a wrong shape or count, not a finite number
 * @retval ZKG_ERR_IO        cannot be read
 */
ZKG_MUST_CHECK zkg_status zkg_inputs_read(const zkg_real_input *in, uint32_t n,
                                          const char *path,
                                          zkg_input_number_fn *each,
                                          zkg_input_word_fn *word, void *user,
                                          zkg_error *err);

/** The same into `value` of each input. */
ZKG_MUST_CHECK zkg_status zkg_real_inputs_read(zkg_real_input *in, uint32_t n,
                                               const char *path,
                                               zkg_error *err);
void zkg_real_inputs_clear(zkg_real_input *in, uint32_t n);

#endif
