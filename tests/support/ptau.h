/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_SUPPORT_PTAU_H
#define ZKG_SUPPORT_PTAU_H

/**
 * @file
 * Small .ptau files as snarkjs writes them: sections 1 (header), 2
 * (2^{power+1} - 1 powers in G1), 3 (2^power in G2) and 7 (the number of
 * contributions, which is 3), one after another.
 */

#include <stddef.h>
#include <stdint.h>

#include "curve/g2.h"
#include "field/fr.h"

/** How long a file of that power is. */
size_t ptau_bytes(uint32_t power);

/** The file of tau into ptau_bytes(power) bytes. */
void ptau_make(uint8_t *out, uint32_t power, const zkg_fr *tau);

/** A point of G2 as it stands there: 128 bytes in Montgomery form. */
void ptau_put_g2(uint8_t *out, const zkg_g2 *p);

#endif
