/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZKG_RELATION_RELATION_H
#define ZKG_RELATION_RELATION_H

/**
 * @file
 * The relations of one bound task, and its proof: a child of the root.
 *
 * A child's messages: the batched tree of its lookup sites (lookup.h), then its
 * einsums in order (einsum.h), then its circuits in order (circuit.h; a
 * statement's task has one at most).  It leaves claims on fixed and private
 * tensors in its ledger, and one fraction a site.  docs/protocol.md, sections
 * 3, 5, 6, 7.
 *
 * Axes of length 1 own no variables.  They may be named anywhere and are left
 * out of every comparison of axes below.
 */

#include "base/arena.h"
#include "base/hooks.h"
#include "field/fr.h"
#include "relation/ledger.h"
#include "tape/tape.h"
#include "tensor/array.h"
#include "tensor/dtype.h"
#include "zkgkr/status.h"
#include "zkgkr/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zkg_comm;
struct zkg_backend;
struct zkg_task_circuit;

/** No axis. */
#define ZKG_NO_AXIS UINT32_MAX

/** Most axes of one task, all relations together. */
#define ZKG_MAX_TASK_AXES 256

/** Most columns of a lookup. */
#define ZKG_MAX_COLUMNS 64

/** An axis: 0 <= i < len, padded to 2^bits, bits = ceil(log2 len). */
typedef struct zkg_axis {
    uint64_t len; /**< >= 1 */
    uint32_t bits;
} zkg_axis;

/**
 * A tensor bound to a parameter, as the relations see it.
 *
 * axis[k] names the task's axis that the tensor's k-th axis is (highest first;
 * no name twice, but for axes of length 1).  A view by permuting, splitting or
 * merging axes is an operand whose array header is relabelled.  One tensor may
 * be several operands.
 */
typedef struct zkg_operand {
    uint32_t tensor; /**< id in the graph: the ledger's key */
    zkg_visibility vis;
    uint32_t axes;
    uint32_t axis[ZKG_MAX_AXES];
    const zkg_array *array; /**< prover: always (virtual too); verifier: the
                                 public ones, else NULL.  Not owned.  array->len
                                 are the axes' lengths, one for one. */
} zkg_operand;

/**
 * An index of a factor: s*a + d*b + e.  Plain: s = 1, b = ZKG_NO_AXIS, e = 0.
 * Anything else is affine: it reads 0 where it leads out of the tensor's real
 * entries.  One of axes of length 1 is the constant e.
 */
typedef struct zkg_index {
    uint32_t a; /**< axis id */
    uint32_t b; /**< axis id or ZKG_NO_AXIS */
    int64_t s, d, e;
} zkg_index;

/** Most pairs (a,b) of an affine index, and the longest axis it may index:
 *  the verifier walks both. */
#define ZKG_MAX_AFFINE_PAIRS (UINT64_C(1) << 22)
#define ZKG_MAX_AFFINE_LEN (UINT64_C(1) << 20)

/** Most that |s|, |d|, |e| may be. */
#define ZKG_MAX_AFFINE_FACTOR (INT64_C(1) << 31)

static inline bool zkg_index_is_affine(const zkg_index *i)
{
    return i->s != 1 || i->e != 0 || i->b != ZKG_NO_AXIS;
}

/** c * sum over the contracted axes of a product of at most two factors. */
typedef struct zkg_term {
    zkg_fr c;
    uint32_t factors;    /**< 0, 1 or 2 */
    uint32_t operand[2]; /**< indices into zkg_task_relations.operand */
    zkg_index index[2][ZKG_MAX_AXES]; /**< one for each axis of the operand; it,
                                           not operand.axis, names the axes */
    uint32_t indices[2];              /**< = the operand's axes */
} zkg_term;

/** For all o: sum of terms = 0, or = V[o]. */
typedef struct zkg_einsum {
    uint32_t relation; /**< index in the kernel, for verdicts */
    uint32_t out_axes;
    uint32_t out[ZKG_MAX_AXES]; /**< axis ids, highest first, copies included */
    uint32_t terms;
    const zkg_term *term;
    int32_t virtual_operand; /**< -1, or the operand V whose k-th axis is
                                  out[k] */
} zkg_einsum;

/** For all real rows of the site: the columns are a row of the table. */
typedef struct zkg_site {
    uint32_t relation; /**< index in the kernel, for verdicts */
    uint32_t table;    /**< id in the graph */
    uint32_t columns;
    const uint32_t *operand; /**< `columns` indices into operand; their axes are
                                  the operands' own */
} zkg_site;

/** A table: rows and how its columns are known (zkg_table_kind).  Range: row i
 *  is i; signed range: i - 2^(bits-1), bits >= 1; ReLU: (x, max(0, x)), x as in
 *  a signed range: 2^bits rows; columns: the columns' values, any number of
 *  rows.  docs/protocol.md, section 6. */
typedef struct zkg_lookup_table {
    uint32_t table; /**< id in the graph */
    zkg_table_kind kind;
    uint32_t bits; /**< closed forms: log2 rows, <= 30 */
    uint64_t rows; /**< kind columns: L >= 1 */
    uint32_t columns;
    const zkg_array *const *column; /**< kind columns: `columns` public arrays
                                         of one axis, L; both sides */
    uint32_t counts_tensor;         /**< id of the multiplicities' tensor */
    zkg_visibility counts_vis;
    const zkg_array *counts; /**< one axis, the rows; prover, and
                                         verifier when public */
} zkg_lookup_table;

/** One bound task. */
typedef struct zkg_task_relations {
    int64_t task; /**< index, for verdicts and messages */
    uint32_t axes;
    const zkg_axis *axis; /**< axis[0]: the copies (length 1: one copy) */
    uint32_t operands;
    const zkg_operand *operand;
    uint32_t sites;
    const zkg_site *site; /**< the order of the batched tree */
    uint32_t einsums;
    const zkg_einsum *einsum; /**< in order; of a virtual tensor the consumer
                                   comes before the producer */
    uint32_t circuits;
    const struct zkg_task_circuit *circuit; /**< relation/circuit.h; in order,
                                                 after the einsums, likewise */
} zkg_task_relations;

/** A lookup's challenges; the root draws one pair a table. */
typedef struct zkg_lookup_challenges {
    zkg_fr alpha, beta;
} zkg_lookup_challenges;

/** p/q: the sum of a site's, or a table's, fractions. */
typedef struct zkg_fraction {
    uint32_t table;
    bool table_side; /**< the table's own, else a site's */
    int64_t task, relation;
    zkg_fr p, q;
} zkg_fraction;

/**
 * A child while it runs.  The caller sets the first group of members, from
 * zeros; the child fills the second; zkg_child_clear frees that.  Every rank of
 * comm has a tape in the same state and ends with the same ledger.
 */
typedef struct zkg_child {
    zkg_tape *tape;                    /**< proving or verifying */
    const struct zkg_comm *comm;       /**< prover's group; verifier: NULL */
    const struct zkg_backend *backend; /**< prover; verifier: NULL */
    const zkg_lookup_challenges *challenge; /**< indexed by table id */
    const zkg_hooks *hooks;                 /**< or NULL */
    double room; /**< prover: bytes that it should fit, where a relation has a
                      choice; 0: no limit */
    zkg_arena *scratch; /**< prover's tables, of which nothing is taken between
                             children; NULL: an arena of the child's own */
    bool sizing; /**< count bytes only: messages read 0, nothing is checked */

    zkg_ledger ledger;
    zkg_fraction *fraction; /**< one a site in order, or the table side's */
    uint32_t fractions;
    zkg_verdict verdict; /**< verifier: the first check that failed */
} zkg_child;

/** Bytes that any child takes, whatever its size: its tape, its claims, points,
 *  the runs and the split weights of a sumcheck. */
#define ZKG_CHILD_BYTES (1 << 18)

/** Free what a child made (not its tape). */
void zkg_child_clear(zkg_child *c);

/**
 * Whether the relations are of a shape that this protocol takes: ids in range,
 * lengths that agree, no operand's axis twice, an axis contracted in both
 * factors of a product, an output axis in an affine index of one factor absent
 * from the other, V's consumers.  Both sides' entry points call it; a graph may
 * call it when it is built.
 *
 * @retval ZKG_ERR_INVALID     ids, lengths, affine indices
 * @retval ZKG_ERR_UNSUPPORTED a product that contracts an axis of one factor
 *                             alone, or indexes one by an axis of both
 */
ZKG_MUST_CHECK zkg_status zkg_task_check(const zkg_task_relations *t,
                                         zkg_error *err);

/**
 * Prove a task's relations.  Collective over c->comm.
 *
 * @retval ZKG_ERR_INVALID, ZKG_ERR_UNSUPPORTED as zkg_task_check; a tensor
 *                         without values (all ranks)
 * @retval ZKG_ERR_WITNESS an einsum or an assertion of a circuit does not hold
 *                         (all ranks)
 * @retval ZKG_ERR_INTERNAL a fault of ours (all ranks)
 * @retval ZKG_ERR_NOMEM, ZKG_ERR_DEVICE, ZKG_ERR_COMM (one rank: end the job)
 */
ZKG_MUST_CHECK zkg_status zkg_task_prove(zkg_child *c,
                                         const zkg_task_relations *t,
                                         zkg_error *err);

/**
 * Replay a task's segment.  Any bytes are safe.  c->verdict names what failed.
 * Bytes behind the segment are the caller's to find: zkg_tape_finish.
 *
 * @retval ZKG_ERR_MALFORMED the segment ended early, or an element >= p
 * @retval ZKG_ERR_REJECT    it does not prove the relations
 * @retval ZKG_ERR_INVALID, ZKG_ERR_UNSUPPORTED as zkg_task_check; a public
 *                           tensor without values
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_task_verify(zkg_child *c,
                                          const zkg_task_relations *t,
                                          zkg_error *err);

/**
 * Bytes of scratch that a rank takes to prove a task of a shape that
 * zkg_task_check() passed, or a table's side, in a group of `size` ranks: the
 * tables of its lookups' layers, or of one sumcheck of its einsums.
 *
 * @return SIZE_MAX when no memory can hold them
 */
size_t zkg_task_scratch(const zkg_task_relations *t, uint32_t size);
size_t zkg_tableside_scratch(const zkg_lookup_table *table, uint32_t size);

/** Prove the multiplicity side of a table.  Collective over c->comm.
 *  @retval ZKG_ERR_INVALID the table's shape, or it has no values (all ranks)
 *  @retval ZKG_ERR_NOMEM, ZKG_ERR_DEVICE, ZKG_ERR_COMM (one rank) */
ZKG_MUST_CHECK zkg_status zkg_tableside_prove(zkg_child *c,
                                              const zkg_lookup_table *table,
                                              zkg_error *err);

/** Replay a table side's segment, as zkg_task_verify. */
ZKG_MUST_CHECK zkg_status zkg_tableside_verify(zkg_child *c,
                                               const zkg_lookup_table *table,
                                               zkg_error *err);

/**
 * Exact length of a segment in bytes, and the claims it will leave, from the
 * statement alone: the verifier's own walk over a segment of zeros, whose
 * challenges differ exactly where the real ones do.
 *
 * @param[out] claims may be NULL: open claims left, hence opened
 * @return SIZE_MAX when the relations are refused (zkg_task_check says why) or
 *         memory is short; 0 is the length of a task that sends nothing
 */
size_t zkg_task_segment_bytes(const zkg_task_relations *t, size_t *claims);
size_t zkg_tableside_segment_bytes(const zkg_lookup_table *table,
                                   size_t *claims);

/** Those claims, in their order, at points that are equal where the real ones
 *  are; none where the length would be SIZE_MAX.
 *  @param out zkg_ledger_clear */
void zkg_task_claims(zkg_ledger *out, const zkg_task_relations *t);
void zkg_tableside_claims(zkg_ledger *out, const zkg_lookup_table *table);

/**
 * The root's check of all fractions: every q != 0 (lookup_zero), and for each
 * table the sites' sum equals the table's side (lookup_sum), by cross
 * multiplication.  A table with no site needs p = 0.
 *
 * @param tables number of tables; every f[i].table is below it
 * @retval ZKG_ERR_REJECT  verdict says which check failed
 * @retval ZKG_ERR_INVALID a fraction of no table
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_fractions_check(zkg_verdict *verdict,
                                              const zkg_fraction *f, size_t n,
                                              uint32_t tables);

/**
 * Put T~(point) = value into the child, as docs/protocol.md's ledger says:
 * public: the verifier evaluates it, nothing is sent; an open claim at this
 * tensor and point: that one; else a message, and a new claim.
 *
 * @param         vars  the tensor's variables
 * @param         point vars coordinates, lowest first
 * @param[in,out] value prover: in; verifier: out
 *
 * @retval ZKG_ERR_MALFORMED the tape ended, or an element >= p
 * @retval ZKG_ERR_NOMEM
 */
ZKG_MUST_CHECK zkg_status zkg_child_wire_value(zkg_child *c, zkg_tag tag,
                                               const zkg_operand *operand,
                                               uint32_t vars,
                                               const zkg_fr *point,
                                               zkg_fr *value);

#endif
