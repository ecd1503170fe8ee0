/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_ONNX_PB_H
#define ZKGKR_ONNX_PB_H

/**
 * @file
 * The wire format of protocol buffers, as far as ONNX files use it: varints,
 * fixed 32 and 64 bits, and bytes with a length.  Groups are refused.
 *
 * Nothing is copied and nothing is allocated; a message is a range of the
 * file's bytes, and every field lies within it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zkgkr/status.h"

/** A message that is being read. */
typedef struct zkg_pb {
    const uint8_t *file; /**< first byte of the file, for messages */
    const uint8_t *at, *end;
    const char *name; /**< of the file */
} zkg_pb;

typedef enum zkg_pb_wire {
    ZKG_PB_VARINT = 0,
    ZKG_PB_FIXED64 = 1,
    ZKG_PB_BYTES = 2,
    ZKG_PB_FIXED32 = 5
} zkg_pb_wire;

/** One field. */
typedef struct zkg_pb_field {
    uint32_t number;
    zkg_pb_wire wire;
    uint64_t value;       /**< varint and fixed */
    const uint8_t *bytes; /**< ZKG_PB_BYTES */
    size_t len;
} zkg_pb_field;

/** Begin with a whole file; name is not copied. */
void zkg_pb_init(zkg_pb *out, const uint8_t *bytes, size_t len,
                 const char *name);

/**
 * The next field.
 *
 * @param[out] more false: the message ended
 * @retval ZKG_ERR_MALFORMED a field that leaves its message, a varint of more
 *                           than ten bytes, an unknown wire type
 */
ZKG_MUST_CHECK zkg_status zkg_pb_next(bool *more, zkg_pb_field *f, zkg_pb *r,
                                      zkg_error *err);

/** The message that a field of bytes holds; anything else is malformed. */
ZKG_MUST_CHECK zkg_status zkg_pb_message(zkg_pb *out, const zkg_pb_field *f,
                                         const zkg_pb *r, const char *what,
                                         zkg_error *err);

/** A copy of a field's string, to be freed with zkg_free(): at most 4096
 * bytes; bytes that do not print become '?'. */
ZKG_MUST_CHECK zkg_status zkg_pb_string(char **out, const zkg_pb_field *f,
                                        const zkg_pb *r, const char *what,
                                        zkg_error *err);

/** The next varint of a packed field, which is read as a message. */
ZKG_MUST_CHECK zkg_status zkg_pb_varint(uint64_t *out, zkg_pb *r,
                                        zkg_error *err);

/** zkg_fail(), malformed, with file and byte before the message. */
zkg_status zkg_pb_fail(const zkg_pb *r, zkg_error *err, const char *fmt, ...)
    ZKG_PRINTF(3, 4);

#endif
