/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_SOUNDNESS_CONV_FIXTURE_H
#define ZKG_SOUNDNESS_CONV_FIXTURE_H

/**
 * @file
 * A small network of images: convolution (padded, strided and dilated, or with
 * its maximum in one task, or in groups), depthwise convolution, maximum,
 * mean, and a convolution over all that is left, whose y is public.
 */

#include "fixture.h"

/** seed chooses the layers and all values.  Clear with fx_clear(). */
void vx_init(fx *f, uint64_t seed, uint32_t power);

#endif
