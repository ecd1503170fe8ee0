/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_BACKEND_WIRES_H
#define ZKG_BACKEND_WIRES_H

/**
 * @file
 * Wires of a circuit in many copies: tables over (x, c), wire x of copy c,
 * without padding in x.
 *
 * Copies stand in groups of `lanes`, side by side, so that a gate of a whole
 * group is one vector operation:
 *
 *   V[group lanes + j][x] = at[(group count + x) lanes + j],  j < lanes
 *
 * for integers of a type; elements (ZKG_FR) take the same 32 lanes bytes a
 * wire and group, which the backend lays out as it likes.  Memory is aligned to
 * 64 bytes (zkg_alloc_raw).
 */

#include <stddef.h>
#include <stdint.h>

#include "field/fr.h"
#include "tensor/dtype.h"

/** Copies of a full group; where there are fewer, lanes is 1, 2 or 4. */
#define ZKG_WIRE_LANES 8

/** Integers of wires are not larger than this: so are sums of two, times limbs
 *  of 52 bits, exact. */
#define ZKG_WIRE_MOST ((INT64_C(1) << 50) - 1)

typedef struct zkg_wires {
    void *at;
    zkg_dtype type;
    uint32_t lanes;
    size_t count;  /**< wires of a copy */
    size_t groups; /**< copies / lanes */
} zkg_wires;

/** zkg_wire_term.b of a term without a second wire. */
#define ZKG_WIRE_LINEAR UINT32_MAX

/** to += weight a b, or weight a. */
typedef struct zkg_wire_term {
    uint32_t to, weight;
    uint32_t a, b;
    uint16_t a_source, b_source;
} zkg_wire_term;

/** Bytes of all of w. */
static inline size_t zkg_wires_bytes(const zkg_wires *w)
{
    return w->groups * w->count * w->lanes * zkg_dtype_size(w->type);
}

/** What value (x, group lanes) of w is stored at. */
static inline void *zkg_wires_at(const zkg_wires *w, size_t group, size_t x)
{
    return (char *)w->at +
           (group * w->count + x) * w->lanes * zkg_dtype_size(w->type);
}

#endif
