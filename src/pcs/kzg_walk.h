/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_PCS_KZG_WALK_H
#define ZKGKR_PCS_KZG_WALK_H

/**
 * @file
 * The stored cells of a part of a padded array: inside pcs/ only.
 */

#include "pcs/kzg.h"

/**
 * An array as blocks of 2^pad_bits padded cells.  A block has `run` stored
 * cells, at its start and one after the other, or none: the lower axes are
 * stored in full, but for the highest of them.  The axes above number the
 * blocks.
 */
typedef struct zkg_kzg_layout {
    const zkg_array *array;
    uint32_t outer; /**< axes 0 .. outer-1 number the blocks */
    uint32_t pad_bits;
    uint64_t run;
    uint64_t padded; /**< 2^n */
    /** Of each outer axis: blocks that a step takes, and blocks that are
     * padding behind its last stored place. */
    uint64_t unit[ZKG_MAX_AXES], skip[ZKG_MAX_AXES];
} zkg_kzg_layout;

void zkg_kzg_layout_init(zkg_kzg_layout *l, const zkg_array *a);

/** Stored cells flat .. flat + len - 1 stand at `at` of what is walked. */
typedef struct zkg_kzg_run {
    uint64_t at, flat, len;
} zkg_kzg_run;

/** Walks the runs among the padded cells [begin, end). */
typedef struct zkg_kzg_walk {
    const zkg_kzg_layout *layout;
    uint64_t begin, end;
    uint64_t next;                /**< padded cell to go on at */
    uint64_t flat;                /**< of the block of next */
    uint64_t index[ZKG_MAX_AXES]; /**< of the block of next: all are stored */
} zkg_kzg_walk;

/** Start at padded cell begin; len is cut at the array's end. */
void zkg_kzg_walk_init(zkg_kzg_walk *w, const zkg_kzg_layout *l, uint64_t begin,
                       uint64_t len);

/** The next run; false when there is none. */
bool zkg_kzg_walk_next(zkg_kzg_run *out, zkg_kzg_walk *w);

/** Behind what zkg_kzg_gather writes to, this may be written as well. */
#define ZKG_KZG_SLACK 8

/**
 * Copy all runs of a walk to where they stand, zeros between and behind.
 *
 * @param[out] out len cells and ZKG_KZG_SLACK bytes, len at least the walk's
 * @return cells up to the last run's end
 */
uint64_t zkg_kzg_gather(uint8_t *out, zkg_kzg_walk *w, uint64_t len);

/** Stored cells in front of padded cell `at`, at <= 2^n. */
uint64_t zkg_kzg_cells_before(const zkg_array *a, uint64_t at);

static inline const uint8_t *zkg_kzg_cell(const zkg_array *a, uint64_t flat)
{
    return (const uint8_t *)a->data + flat * zkg_dtype_size(a->type);
}

#endif
