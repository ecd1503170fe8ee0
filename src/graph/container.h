/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_GRAPH_CONTAINER_H
#define ZKGKR_GRAPH_CONTAINER_H

/**
 * @file
 * The 16 bytes that begin every binary file: `ZKGKR\r\n\x1a`, u32 kind, u32
 * version.
 */

#include "base/bytes.h"
#include "zkgkr/status.h"

#define ZKG_CONTAINER_BYTES 16

/** Numbers in files: they never change. */
typedef enum zkg_container_kind {
    ZKG_CONTAINER_SRS = 1,
    ZKG_CONTAINER_KEY = 2,
    ZKG_CONTAINER_PROOF = 3,
    ZKG_CONTAINER_JOURNAL = 4,
    ZKG_CONTAINER_CIRCUITS = 5,
    ZKG_CONTAINER_PROGRAMS = 6
} zkg_container_kind;

zkg_status zkg_container_write(zkg_writer *w, zkg_container_kind kind,
                               uint32_t version);

/**
 * Refuse anything but this kind and version; name stands in messages, which
 * say what the file is instead.
 */
ZKG_MUST_CHECK zkg_status zkg_container_read(zkg_reader *r,
                                             zkg_container_kind kind,
                                             uint32_t version, const char *name,
                                             zkg_error *err);

/** The kind of a file that begins with these bytes; 0 when it is none. */
uint32_t zkg_container_kind_of(const uint8_t *bytes, size_t len);

#endif
