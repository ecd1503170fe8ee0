/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_BASE_INLINE_H
#define ZKGKR_BASE_INLINE_H

/**
 * @file
 * What is inlined at every call, whatever the compiler makes of its size.
 *
 * Field elements then stay in registers from one operation to the next, and a
 * text for many types or forms is compiled for each.  It makes code long, and
 * sanitizers make it several times as long: where ZKG_INLINE_SPARINGLY is
 * defined, the compiler decides.
 */
#ifdef ZKG_INLINE_SPARINGLY
#define ZKG_INLINE static inline __attribute__((unused))
#else
#define ZKG_INLINE static inline __attribute__((always_inline, unused))
#endif

#endif
