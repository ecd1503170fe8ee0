/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_CURVE_G1_H
#define ZKG_CURVE_G1_H

/** @file The name that tape/tape.h needs; no point is ever sent here. */
typedef struct zkg_g1 {
    int unused;
} zkg_g1;

#endif
