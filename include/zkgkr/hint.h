/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_HINT_H
#define ZKGKR_HINT_H

/**
 * @file
 * Hints: functions that find values which a kernel then checks, such as the
 * bits of a number.  A hint is no part of what is proven: a wrong one only
 * fails to make a witness.
 *
 * A graph names the hints that it needs.  Those built in are there always; a
 * program that brings others passes them to whatever makes a witness.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zkgkr/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A field element as a number below
 *
 *   p = 2188824287183927522224640574525727508854836440041603434369820418657580\
 *       8495617,
 *
 * limbs of 64 bits, lowest first.
 */
typedef struct zkg_scalar {
    uint64_t limb[4];
} zkg_scalar;

/** A negative v is p - |v|. */
ZKG_API void zkg_scalar_from_i64(zkg_scalar *out, int64_t v);

/** The inverse of zkg_scalar_from_i64(); false, and *out unchanged, when no
 *  number of 64 bits maps to v. */
ZKG_API bool zkg_scalar_to_i64(int64_t *out, const zkg_scalar *v);

/**
 * A decimal number, or a hexadecimal one after "0x", either with a minus sign
 * before it or not, mod p.
 *
 * @retval ZKG_ERR_MALFORMED no such number, or 512 bits and more
 */
ZKG_API ZKG_MUST_CHECK zkg_status zkg_scalar_parse(zkg_scalar *out,
                                                   const char *text,
                                                   zkg_error *err);

/** Decimal digits; out holds at least 80 bytes. */
ZKG_API void zkg_scalar_format(char *out, const zkg_scalar *v);

/**
 * A hint: from `ins` values, `outs` others, for one copy of a kernel.  Called
 * on every rank, in the order of copies, and must give the same on all of
 * them.
 *
 * @return ZKG_OK, or what zkg_fail() said: ZKG_ERR_WITNESS where there are no
 *         such values
 */
typedef zkg_status (*zkg_hint_fn)(void *user, zkg_scalar *out, size_t outs,
                                  const zkg_scalar *in, size_t ins,
                                  zkg_error *err);

/** A hint by its name. */
typedef struct zkg_hint {
    const char *name;
    zkg_hint_fn fn;
    void *user;
} zkg_hint;

/** The hints of a program.  Borrowed; the first of a name counts. */
typedef struct zkg_hints {
    const zkg_hint *hint;
    size_t count;
} zkg_hints;

#ifdef __cplusplus
}
#endif

#endif
