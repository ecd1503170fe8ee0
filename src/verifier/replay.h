/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_VERIFIER_REPLAY_H
#define ZKG_VERIFIER_REPLAY_H

/**
 * @file
 * One child of a proof, verified alone: what the verifier does with each
 * segment, and a prover with a segment that it finds in a journal.
 */

#include "base/hooks.h"
#include "verifier/root.h"

/**
 * Verify one segment up to what the root takes over.
 *
 * @param[out] end     claims and fractions are to be freed, also on failure
 * @param[out] verdict the first check that failed, where none had before
 * @param      c       the child: tasks, then tables
 * @param      bytes   its segment, layout.segment_bytes[c] bytes of it
 * @param      arrays  one a tensor; the public ones are read
 * @param      hooks   tests, or NULL
 *
 * @retval ZKG_ERR_REJECT    it does not prove its relations
 * @retval ZKG_ERR_MALFORMED it is not a segment of this child
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_child_replay(
    zkg_child_end *end, zkg_verdict *verdict, const zkg_root_seed *seed,
    const zkg_statement *st, uint32_t c, const uint8_t *bytes, size_t len,
    const zkg_array *const *arrays, const zkg_hooks *hooks, zkg_error *err);

#endif
