/* SPDX-License-Identifier: Apache-2.0 */
/* Commitments and folds of chunks, over the cells that exist. */
#include "pcs/kzg.h"

#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "curve/msm.h"
#include "poly/eq.h"

uint32_t zkg_kzg_cpu_flags(const zkg_backend *backend)
{
    return backend == zkg_backend_ref() ? 0 : zkg_cpu_features(ZKG_CPU_ALL);
}

/* An array as blocks of 2^pad_bits padded cells.  A block has `run` stored
 * cells, at its start and one after the other, or none: the lower axes are
 * stored in full, but for the highest of them.  The axes above number the
 * blocks. */
typedef struct layout {
    const zkg_array *array;
    uint32_t outer; /* axes 0 .. outer-1 number the blocks */
    uint32_t pad_bits;
    uint64_t run;
    uint64_t padded; /* 2^n */
} layout;

static void layout_init(layout *l, const zkg_array *a)
{
    bool is_full = true;

    l->array = a;
    l->outer = a->axes;
    l->pad_bits = 0;
    l->run = 1;
    while (l->outer > 0 && is_full) {
        const uint32_t axis = --l->outer;
        const uint32_t bits = zkg_axis_bits(a->len[axis]);

        is_full = a->stored[axis] == (uint64_t)1 << bits;
        l->run *= a->stored[axis];
        l->pad_bits += bits;
    }
    l->padded = (uint64_t)1 << zkg_array_vars(a);
}

/* The first stored cell of a block; false when nothing of it is stored. */
static bool block_start(uint64_t *flat, const layout *l, uint64_t block)
{
    const zkg_array *a = l->array;
    uint64_t stride = l->run;

    *flat = 0;
    for (uint32_t axis = l->outer; axis-- > 0;) {
        const uint32_t bits = zkg_axis_bits(a->len[axis]);
        const uint64_t i = block & (((uint64_t)1 << bits) - 1);

        if (i >= a->stored[axis])
            return false;
        *flat += i * stride;
        stride *= a->stored[axis];
        block >>= bits;
    }
    return true;
}

/* Stored cells flat .. flat + len - 1 stand at `at` of a chunk. */
typedef struct run {
    uint64_t at, flat, len;
} run;

/* Walks the runs of one chunk; start with next = begin. */
typedef struct walk {
    const layout *layout;
    uint64_t begin, end; /* of the chunk, in padded cells */
    uint64_t next;
} walk;

static void walk_init(walk *w, const layout *l, uint32_t k, uint64_t chunk)
{
    w->layout = l;
    w->begin = w->next = chunk << k;
    w->end = w->begin + ((uint64_t)1 << k);
    if (w->end > l->padded)
        w->end = l->padded;
}

static bool walk_next(run *out, walk *w)
{
    const layout *l = w->layout;

    while (w->next < w->end) {
        const uint64_t block = w->next >> l->pad_bits;
        const uint64_t base = block << l->pad_bits;
        const uint64_t from = w->next;
        uint64_t to = base + l->run, flat;

        w->next = base + ((uint64_t)1 << l->pad_bits);
        if (to > w->end)
            to = w->end;
        if (from >= to || !block_start(&flat, l, block))
            continue;
        *out = (run){from - w->begin, flat + (from - base), to - from};
        return true;
    }
    return false;
}

uint64_t zkg_kzg_chunk_cells(const zkg_array *a, uint32_t k, uint64_t chunk)
{
    uint64_t cells = 0;
    layout l;
    walk w;
    run r;

    layout_init(&l, a);
    walk_init(&w, &l, k, chunk);
    while (walk_next(&r, &w))
        cells += r.len;
    return cells;
}

static const uint8_t *cell(const zkg_array *a, uint64_t flat)
{
    return (const uint8_t *)a->data + flat * zkg_dtype_size(a->type);
}

static zkg_scalar_type scalar_type(zkg_dtype type)
{
    switch (type) {
    case ZKG_I8:
        return ZKG_SCALAR_I8;
    case ZKG_U8:
        return ZKG_SCALAR_U8;
    case ZKG_I16:
        return ZKG_SCALAR_I16;
    case ZKG_U16:
        return ZKG_SCALAR_U16;
    case ZKG_I32:
        return ZKG_SCALAR_I32;
    case ZKG_I64:
        return ZKG_SCALAR_I64;
    case ZKG_FR:
        return ZKG_SCALAR_FR;
    }
    return ZKG_SCALAR_FR;
}

/* The runs of a chunk side by side, zeros between: padding costs a zero in
 * this copy, and nothing in the MSM. */
static zkg_status gather(uint8_t **out, size_t *len, walk w, uint32_t k)
{
    const zkg_array *a = w.layout->array;
    const size_t size = zkg_dtype_size(a->type);
    uint8_t *copy = zkg_alloc((size_t)1 << k, size);
    run r;

    if (copy == NULL)
        return ZKG_ERR_NOMEM;
    *len = 0;
    while (walk_next(&r, &w)) {
        memcpy(copy + r.at * size, cell(a, r.flat), r.len * size);
        *len = r.at + r.len;
    }
    *out = copy;
    return ZKG_OK;
}

zkg_status zkg_kzg_commit_chunk(zkg_g1 *out, const zkg_srs *srs, uint32_t k,
                                const zkg_array *a, uint64_t chunk,
                                uint32_t cpu_flags)
{
    const zkg_scalar_type type = scalar_type(a->type);
    uint8_t *copy;
    size_t len;
    zkg_status s;
    layout l;
    walk w, ahead;
    run r, second;

    if (k > srs->power || chunk >= zkg_kzg_chunks(zkg_array_vars(a), k))
        return ZKG_ERR_INVALID;
    layout_init(&l, a);
    walk_init(&w, &l, k, chunk);
    ahead = w;
    if (!walk_next(&r, &ahead)) {
        *out = zkg_g1_infinity;
        return ZKG_OK;
    }
    if (!walk_next(&second, &ahead))
        return zkg_msm_g1(out, srs->g1 + r.at, cell(a, r.flat), type, r.len,
                          cpu_flags);
    ZKG_TRY(gather(&copy, &len, w, k));
    s = zkg_msm_g1(out, srs->g1, copy, type, len, cpu_flags);
    zkg_free(copy);
    return s;
}

zkg_status zkg_kzg_commit(zkg_g1 *out, const zkg_srs *srs, uint32_t k,
                          const zkg_array *a, uint32_t cpu_flags)
{
    const uint64_t chunks = zkg_kzg_chunks(zkg_array_vars(a), k);

    for (uint64_t c = 0; c < chunks; c++)
        ZKG_TRY(zkg_kzg_commit_chunk(&out[c], srs, k, a, c, cpu_flags));
    return ZKG_OK;
}

/* Add the weighted chunks to acc. */
static zkg_status fold_chunks(zkg_fr_wide *acc, const zkg_backend *backend,
                              const zkg_array *a, uint32_t k,
                              const zkg_fr *point, uint64_t first, uint64_t end,
                              const zkg_fr *scale)
{
    const uint32_t n = zkg_array_vars(a);
    layout l;

    layout_init(&l, a);
    for (uint64_t c = first; c < end; c++) {
        zkg_fr weight = *scale;
        walk w;
        run r;

        if (n > k) {
            zkg_eq_at(&weight, point + k, n - k, c);
            zkg_fr_mul(&weight, &weight, scale);
        }
        walk_init(&w, &l, k, c);
        while (walk_next(&r, &w))
            ZKG_TRY(backend->int_axpy(acc + r.at, &weight, cell(a, r.flat),
                                      a->type, r.len));
    }
    return ZKG_OK;
}

zkg_status zkg_kzg_fold_add(zkg_fr *out, const zkg_backend *backend,
                            const zkg_array *a, uint32_t k, const zkg_fr *point,
                            uint64_t first, uint64_t end, const zkg_fr *scale)
{
    const uint32_t n = zkg_array_vars(a);
    const size_t len = (size_t)1 << (n < k ? n : k);
    zkg_fr_wide *acc = zkg_alloc_aligned(len, sizeof(*acc));
    zkg_fr *sum = zkg_alloc_aligned(len, sizeof(*sum));
    zkg_status s = acc != NULL && sum != NULL ? ZKG_OK : ZKG_ERR_NOMEM;

    if (s == ZKG_OK)
        s = fold_chunks(acc, backend, a, k, point, first, end, scale);
    if (s == ZKG_OK)
        s = backend->wide_reduce(sum, acc, len);
    if (s == ZKG_OK)
        for (size_t i = 0; i < len; i++)
            zkg_fr_add(&out[i], &out[i], &sum[i]);
    zkg_free(sum);
    zkg_free(acc);
    return s;
}

zkg_status zkg_kzg_fold(zkg_fr *out, const zkg_backend *backend,
                        const zkg_array *a, uint32_t k, const zkg_fr *point)
{
    const uint32_t n = zkg_array_vars(a);

    memset(out, 0, sizeof(*out) << (n < k ? n : k));
    return zkg_kzg_fold_add(out, backend, a, k, point, 0, zkg_kzg_chunks(n, k),
                            &zkg_fr_one);
}
