/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_TAPE_TAPE_H
#define ZKG_TAPE_TAPE_H

/**
 * @file
 * The tape: transcript and proof bytes in one (docs/protocol.md 2).
 *
 * Three verbs.  `public`: both sides know it, it is absorbed.  A message
 * (zkg_tape_fr, zkg_tape_g1): a proving tape appends it, a verifying tape reads
 * it, both absorb it.  `challenge`: drawn from the state.  The code that puts a
 * protocol on the tape is therefore written once, for both sides; nothing can
 * be sent and not absorbed.
 *
 *     item         state = H(state | tag as one byte | length as u64 | bytes)
 *     challenge    c = H(state | 'C') mod p, then state = H(state | 'R')
 *
 * H is BLAKE2b-512, numbers are little-endian, hashes as numbers too.  One call
 * puts one item, however many elements or points it has, none included;
 * challenges are drawn one by one.  Field elements and points stand in an item
 * as in a proof: docs/protocol.md 2 and 12.1.
 *
 * Not thread-safe; not collective: every rank of a group holds a tape of its
 * own and makes the same calls.  Bytes read by a verifying tape are untrusted:
 * it allocates nothing and is safe on any input.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "curve/g1.h"
#include "field/fr.h"
#include "zkgkr/status.h"

#define ZKG_TAPE_STATE_BYTES 64
#define ZKG_TAPE_FR_BYTES 32
#define ZKG_TAPE_G1_BYTES 32

/** Domain tags, from tags.def: ZKG_TAG_ROUND and so on. */
typedef enum zkg_tag {
#define TAG(name, value, where) ZKG_TAG_##name = value,
#include "tape/tags.def"
#undef TAG
} zkg_tag;

/** Read-only outside tape.c. */
typedef struct zkg_tape {
    bool proving;
    bool sizing;    /**< counts bytes; verifying otherwise */
    uint64_t drawn; /**< sizing: challenges so far */
    uint8_t state[ZKG_TAPE_STATE_BYTES];
    uint8_t *buf;      /**< proving: the bytes so far; owned */
    size_t len;        /**< proving: bytes so far; verifying: input length */
    size_t cap;        /**< proving: bytes allocated */
    const uint8_t *in; /**< verifying: the input; not owned */
    size_t pos;        /**< verifying: bytes read, or counted */
} zkg_tape;

/** Start an empty proving tape; state = 64 zero bytes.  zkg_tape_clear it. */
void zkg_tape_init_prove(zkg_tape *tape);

/** Start a proving tape without messages where another one stands. */
void zkg_tape_init_prove_at(zkg_tape *tape,
                            const uint8_t state[ZKG_TAPE_STATE_BYTES]);

/** Start a verifying tape over bytes, which are borrowed and must outlive it;
 *  state = 64 zero bytes. */
void zkg_tape_init_verify(zkg_tape *tape, const uint8_t *bytes, size_t len);

/** Start a verifying tape that reads any number of zeros and hashes nothing:
 * pos says how many.  Challenges are neither 0 nor 1, and no two are equal. */
void zkg_tape_init_sizing(zkg_tape *tape);

/**
 * Start the tape of a child: state = H(seed | kind | index as u64).
 *
 * @param kind  "task" or "table"
 * @param bytes NULL: a proving tape; else the child's slice of the proof,
 *              borrowed, for a verifying one
 */
void zkg_tape_init_child(zkg_tape *child, const uint8_t seed[64],
                         const char *kind, uint64_t index, const uint8_t *bytes,
                         size_t len);

/** Free what a tape owns.  A zeroed struct may be cleared. */
void zkg_tape_clear(zkg_tape *tape);

bool zkg_tape_is_proving(const zkg_tape *tape);

/** Absorb what both sides know: one item of len bytes. */
void zkg_tape_public(zkg_tape *tape, zkg_tag tag, const void *bytes,
                     size_t len);
/** One item of 32 n bytes. */
void zkg_tape_public_fr(zkg_tape *tape, zkg_tag tag, const zkg_fr *v, size_t n);
/** One item of 32 n bytes, compressed points. */
void zkg_tape_public_g1(zkg_tape *tape, zkg_tag tag, const zkg_g1 *p, size_t n);
/** One item of 8 bytes. */
void zkg_tape_public_u64(zkg_tape *tape, zkg_tag tag, uint64_t v);
/** One item of n zero bytes, which need no memory. */
void zkg_tape_public_zeros(zkg_tape *tape, zkg_tag tag, uint64_t n);

/**
 * Message of n field elements, one item.
 *
 * @param[in,out] v proving: sent; verifying: filled in
 *
 * @retval ZKG_ERR_MALFORMED the input ended, or an element is not below p;
 *                           v is then 0 where it was not read
 * @retval ZKG_ERR_NOMEM     the proving tape cannot grow
 */
ZKG_MUST_CHECK zkg_status zkg_tape_fr(zkg_tape *tape, zkg_tag tag, zkg_fr *v,
                                      size_t n);

/**
 * Message of n points of G1, compressed to 32 bytes each, one item.
 *
 * @retval ZKG_ERR_MALFORMED the input ended, or is no canonical encoding of a
 *                           point of the curve
 * @retval ZKG_ERR_NOMEM     the proving tape cannot grow
 */
ZKG_MUST_CHECK zkg_status zkg_tape_g1(zkg_tape *tape, zkg_tag tag, zkg_g1 *p,
                                      size_t n);

/** Draw n challenges, one after the other.  The tag is not hashed: it says in
 *  the list of sites (tests/cli/tape_sites.txt) what is drawn. */
void zkg_tape_challenge(zkg_tape *tape, zkg_tag tag, zkg_fr *out, size_t n);

/** out = H(state | 'C'), then state = H(state | 'R'). */
void zkg_tape_squeeze(zkg_tape *tape, uint8_t out[64]);

/** state = H(state | 'R'), times over. */
void zkg_tape_ratchet(zkg_tape *tape, uint32_t times);

/** A copy of the state; the tape does not change. */
void zkg_tape_state(const zkg_tape *tape, uint8_t out[64]);

/**
 * The end.
 * @retval ZKG_ERR_MALFORMED a verifying tape has input left
 */
ZKG_MUST_CHECK zkg_status zkg_tape_finish(zkg_tape *tape);

#endif
