/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKGKR_BASE_BYTES_H
#define ZKGKR_BASE_BYTES_H

/**
 * @file
 * Bytes in and out, little-endian.
 *
 * A writer grows; a reader never leaves its bytes.  Both are sticky: after the
 * first failure every call does nothing and returns that failure, a reader's
 * values being 0, so that a run of calls may be checked once at its end.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "zkgkr/status.h"

static inline uint32_t zkg_load_u32le(const uint8_t b[4])
{
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
           (uint32_t)b[3] << 24;
}

static inline uint64_t zkg_load_u64le(const uint8_t b[8])
{
    return (uint64_t)zkg_load_u32le(b) | (uint64_t)zkg_load_u32le(b + 4) << 32;
}

static inline void zkg_store_u32le(uint8_t b[4], uint32_t v)
{
    for (int i = 0; i < 4; i++)
        b[i] = (uint8_t)(v >> (8 * i));
}

static inline void zkg_store_u64le(uint8_t b[8], uint64_t v)
{
    for (int i = 0; i < 8; i++)
        b[i] = (uint8_t)(v >> (8 * i));
}

/** A growing buffer.  Start with zkg_writer_init(); data is owned. */
typedef struct zkg_writer {
    uint8_t *data;
    size_t len;
    size_t capacity;
    zkg_status status; /**< the first failure, or ZKG_OK */
} zkg_writer;

void zkg_writer_init(zkg_writer *w);

/** The same with room for len bytes, which are expected: in huge pages where
 *  they are many.  Without memory for them w->status says so. */
void zkg_writer_init_room(zkg_writer *w, size_t len);

/** Free the bytes; w is empty afterwards and may be used again. */
void zkg_writer_free(zkg_writer *w);

/** Hand the bytes to the caller (free with zkg_free()); w is empty after. */
uint8_t *zkg_writer_take(zkg_writer *w, size_t *len);

/** All of these: ZKG_OK, or ZKG_ERR_NOMEM, now and in every later call. */
zkg_status zkg_writer_u8(zkg_writer *w, uint8_t v);
zkg_status zkg_writer_u32(zkg_writer *w, uint32_t v);
zkg_status zkg_writer_u64(zkg_writer *w, uint64_t v);
zkg_status zkg_writer_i64(zkg_writer *w, int64_t v);
zkg_status zkg_writer_bytes(zkg_writer *w, const void *bytes, size_t len);

/** A u32 length and the string's bytes, without the zero. */
zkg_status zkg_writer_string(zkg_writer *w, const char *s);

/** len zero bytes; *at points to them until the next call that writes. */
zkg_status zkg_writer_reserve(zkg_writer *w, uint8_t **at, size_t len);

/** Bytes to be read; the bytes are not owned. */
typedef struct zkg_reader {
    const uint8_t *data;
    size_t len;
    size_t pos;
    zkg_status status; /**< ZKG_OK, or ZKG_ERR_MALFORMED: it ended early */
} zkg_reader;

void zkg_reader_init(zkg_reader *r, const uint8_t *data, size_t len);

/** How many bytes are left; 0 after a failure. */
size_t zkg_reader_left(const zkg_reader *r);

/** All of these: ZKG_OK, or ZKG_ERR_MALFORMED, now and in every later call. */
zkg_status zkg_reader_u8(zkg_reader *r, uint8_t *v);
zkg_status zkg_reader_u32(zkg_reader *r, uint32_t *v);
zkg_status zkg_reader_u64(zkg_reader *r, uint64_t *v);
zkg_status zkg_reader_i64(zkg_reader *r, int64_t *v);
zkg_status zkg_reader_bytes(zkg_reader *r, void *out, size_t len);

/** Point into the reader's bytes and step over len of them. */
zkg_status zkg_reader_view(zkg_reader *r, const uint8_t **at, size_t len);

/**
 * A string that zkg_writer_string() wrote, as a view without a zero; longer
 * than max, or with a zero byte inside, is malformed.
 */
zkg_status zkg_reader_string(zkg_reader *r, const char **s, size_t *len,
                             size_t max);

/** ZKG_OK when nothing failed and nothing is left. */
zkg_status zkg_reader_end(zkg_reader *r);

#endif
