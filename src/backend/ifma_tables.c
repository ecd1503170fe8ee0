/* SPDX-License-Identifier: Apache-2.0
 * Tables in lanes: making, filling, reading, folding. */
#include "backend/lanes.h"
#include "base/mem.h"

/* ---- places ---- */

/* Pointers to the eight lanes of an array that stands for a block of 2^k. */
V8_INLINE void lane_rows(zkg_fr *p[8], zkg_fr *block, uint32_t k, size_t step)
{
    for (size_t l = 0; l < 8; l++)
        p[l] = block + (l << (k - 3)) * step;
}

V8_INLINE void lane_const_rows(const zkg_fr *p[8], const zkg_fr *block,
                               uint32_t k, size_t step)
{
    for (size_t l = 0; l < 8; l++)
        p[l] = block + (l << (k - 3)) * step;
}

/* Limb 0 of entry i; the others follow at distances of eight words. */
V8_INLINE uint64_t *lane_word(const zkg_table *t, uint64_t i)
{
    const uint32_t k = lane_block(t);
    const uint64_t in = i & (((uint64_t)1 << k) - 1);
    const uint64_t lane = in >> (k - 3);
    const uint64_t group = (i >> k << (k - 3)) | (in & ((1u << (k - 3)) - 1));

    return (uint64_t *)t->data + 32 * group + lane;
}

static void put_one(zkg_table *t, uint64_t i, const zkg_fr *v)
{
    uint64_t *w = lane_word(t, i);

    for (int k = 0; k < 4; k++)
        w[8 * k] = v->l[k];
}

static void get_one(zkg_fr *out, const zkg_table *t, uint64_t i)
{
    const uint64_t *w = lane_word(t, i);
    zkg_fr lane[8] = {{{w[0], w[8], w[16], w[24]}}};

    v8_store(lane, v8_finish(v8_load(lane)));
    *out = lane[0];
}

static void put_block(zkg_table *t, uint64_t at, const zkg_fr *v, size_t step)
{
    const uint32_t k = lane_block(t);
    const zkg_fr *rows[8];
    __m512i *w = lane_at(t, at >> 3);

    lane_const_rows(rows, v, k, step);
    for (size_t g = 0; g < (size_t)1 << (k - 3); g++, w += 4)
        v8_gather(w, rows, g * step);
}

static void get_block(zkg_fr *out, const zkg_table *t, uint64_t at)
{
    const uint32_t k = lane_block(t);
    const __m512i *w = lane_at(t, at >> 3);
    zkg_fr *rows[8];

    lane_rows(rows, out, k, 1);
    for (size_t g = 0; g < (size_t)1 << (k - 3); g++, w += 4) {
        __m512i words[4];

        v8_pack(words, v8_finish(lane_read(w)));
        v8_scatter(rows, g, words);
    }
}

void zkg_lane_put(zkg_table *t, uint64_t at, const zkg_fr *v, size_t step,
                  size_t n)
{
    const uint64_t block = (uint64_t)1 << lane_block(t);
    size_t i = 0;

    if (n == lane_len(t))
        lane_overwrite(t);
    lane_open(t);
    if (lane_is_plain(t)) {
        for (; i < n; i++)
            ((zkg_fr *)t->data)[at + i] = v[i * step];
        return;
    }
    while (i < n) {
        if (((at + i) & (block - 1)) == 0 && n - i >= block) {
            put_block(t, at + i, v + i * step, step);
            i += block;
        } else {
            put_one(t, at + i, &v[i * step]);
            i++;
        }
    }
}

/* ---- layout ---- */

/* Groups of eight neighbours (k = 3) become plain. */
static void make_plain(zkg_table *t)
{
    for (size_t g = 0; g < lane_groups(t); g++) {
        const v8 a = lane_read(lane_at(t, g));

        v8_store((zkg_fr *)t->data + 8 * g, v8_finish(a));
    }
    t->layout = 0;
}

void zkg_lane_settle(zkg_table *t)
{
    const uint32_t k = lane_block_for(t->vars);
    zkg_fr block[1 << LANE_BLOCK_MAX];
    const zkg_fr *rows[8];

    if (lane_block(t) != 3 && k != 0)
        return;
    if (lane_block(t) > 3) {
        /* short before its lanes ran out: 16 entries, k = 4 */
        get_block(block, t, 0);
        memcpy(t->data, block, lane_len(t) * sizeof(zkg_fr));
        t->layout = 0;
        return;
    }
    if (k == 0) {
        make_plain(t);
        return;
    }
    t->layout = k;
    lane_const_rows(rows, block, k, 1);
    for (size_t g = 0; g < lane_groups(t); g += (size_t)1 << (k - 3)) {
        __m512i *w = lane_at(t, g);
        zkg_fr *at[8];

        for (size_t v = 0; v < (size_t)1 << (k - 3); v++) {
            lane_rows(at, block + 8 * v, 3, 1);
            v8_scatter(at, 0, w + 4 * v);
        }
        for (size_t v = 0; v < (size_t)1 << (k - 3); v++)
            v8_gather(w + 4 * v, rows, v);
    }
}

/* ---- slots ---- */

/* Before n entries of t are written, all or some. */
static void open_for(zkg_table *t, size_t n)
{
    if (n == lane_len(t))
        lane_overwrite(t);
    else
        lane_open(t);
}

/* Of n entries from `at` on, those up to the end of a block of the longest
 * kind. */
static size_t piece(uint64_t at, size_t n)
{
    const size_t longest = (size_t)1 << LANE_BLOCK_MAX;
    const size_t room = longest - (size_t)(at & (longest - 1));

    return n < room ? n : room;
}

zkg_status zkg_ifma_table_place(zkg_table *t, uint32_t vars, void *memory)
{
    const uint32_t k = lane_block_for(vars);

    if (k == 0)
        return zkg_backend_table_cpu.table_place(t, vars, memory);
    *t = (zkg_table){.vars = vars, .data = memory, .layout = k | LANE_EMPTY};
    return ZKG_OK;
}

zkg_status zkg_ifma_table_new(zkg_table *t, uint32_t vars)
{
    void *memory;

    if (lane_block_for(vars) == 0)
        return zkg_backend_table_cpu.table_new(t, vars);
    *t = (zkg_table){0};
    if (vars >= 48)
        return ZKG_ERR_NOMEM;
    memory = zkg_alloc_raw((size_t)1 << vars, sizeof(zkg_fr));
    if (memory == NULL)
        return ZKG_ERR_NOMEM;
    (void)zkg_ifma_table_place(t, vars, memory);
    t->bytes = sizeof(zkg_fr) << vars;
    return ZKG_OK;
}

zkg_status zkg_ifma_table_adopt(zkg_table *t, uint32_t vars, zkg_fr *v)
{
    const uint32_t k = lane_block_for(vars);
    zkg_fr block[1 << LANE_BLOCK_MAX];

    *t = (zkg_table){.vars = vars, .data = v, .layout = k};
    if (k == 0)
        return ZKG_OK;
    for (size_t at = 0; at < lane_len(t); at += (size_t)1 << k) {
        memcpy(block, v + at, sizeof(*v) << k);
        put_block(t, at, block, 1);
    }
    return ZKG_OK;
}

zkg_status zkg_ifma_table_import(zkg_table *t, uint64_t at, const void *values,
                                 zkg_dtype type, size_t n)
{
    const zkg_column column = {values, type, 1, zkg_fr_one};
    zkg_fr block[1 << LANE_BLOCK_MAX];
    zkg_leaves leaves;

    if (type == ZKG_FR) {
        zkg_lane_put(t, at, values, 1, n);
        return ZKG_OK;
    }
    open_for(t, n);
    zkg_leaves_init(&leaves, &zkg_fr_zero, &column, 1);
    for (size_t i = 0; i < n;) {
        const size_t len = piece(at + i, n - i);

        zkg_leaves_make(block, &leaves, i, len);
        zkg_lane_put(t, at + i, block, 1, len);
        i += len;
    }
    return ZKG_OK;
}

zkg_status zkg_ifma_table_export(zkg_fr *out, const zkg_table *t, uint64_t at,
                                 size_t n)
{
    const uint64_t block = (uint64_t)1 << lane_block(t);

    if (lane_is_plain(t))
        return zkg_backend_table_cpu.table_export(out, t, at, n);
    lane_materialise(t);
    for (size_t i = 0; i < n;) {
        if (((at + i) & (block - 1)) == 0 && n - i >= block) {
            get_block(out + i, t, at + i);
            i += block;
        } else {
            get_one(&out[i], t, at + i);
            i++;
        }
    }
    return ZKG_OK;
}

zkg_status zkg_ifma_table_fill(zkg_table *t, uint64_t at, size_t n,
                               const zkg_fr *v)
{
    zkg_fr block[1 << LANE_BLOCK_MAX];

    for (size_t i = 0; i < (1 << LANE_BLOCK_MAX) && i < n; i++)
        block[i] = *v;
    open_for(t, n);
    for (size_t i = 0; i < n;) {
        const size_t len = piece(at + i, n - i);

        zkg_lane_put(t, at + i, block, 1, len);
        i += len;
    }
    return ZKG_OK;
}

zkg_status zkg_ifma_table_affine(zkg_table *t, const zkg_fr *c, const zkg_fr *d)
{
    const bool is_one = zkg_fr_equal(c, &zkg_fr_one);
    const v8 add = v8_of(d);
    mulc8 k;

    if (lane_is_plain(t))
        return zkg_backend_table_cpu.table_affine(t, c, d);
    lane_open(t);
    mulc8_init(&k, c);
    for (size_t g = 0; g < lane_groups(t); g++) {
        __m512i *w = lane_at(t, g);
        const v8 x = lane_read(w);

        lane_fetch(w, 1);
        lane_write(w, is_one ? v8_trim(v8_add_raw(x, add))
                             : v8_mulc_add(x, &k, add));
    }
    return ZKG_OK;
}

zkg_status zkg_ifma_table_axpy(zkg_table *t, const zkg_fr *c,
                               const zkg_table *x)
{
    mulc8 k;

    if (lane_is_plain(t) && lane_is_plain(x))
        return zkg_backend_table_cpu.table_axpy(t, c, x);
    lane_open(t);
    lane_materialise(x);
    if (lane_block(t) != lane_block(x)) {
        /* One of them was folded: entry by entry. */
        for (uint64_t i = 0; i < lane_len(t); i++) {
            zkg_fr a, b;

            ZKG_TRY(zkg_ifma_table_export(&a, t, i, 1));
            ZKG_TRY(zkg_ifma_table_export(&b, x, i, 1));
            zkg_fr_mul(&b, &b, c);
            zkg_fr_add(&a, &a, &b);
            zkg_lane_put(t, i, &a, 1, 1);
        }
        return ZKG_OK;
    }
    mulc8_init(&k, c);
    for (size_t g = 0; g < lane_groups(t); g++) {
        __m512i *w = lane_at(t, g);

        lane_fetch(w, 1);
        lane_fetch(lane_at(x, g), 1);
        lane_write(w, v8_mulc_add(lane_read(lane_at(x, g)), &k, lane_read(w)));
    }
    return ZKG_OK;
}

zkg_status zkg_ifma_table_fold(zkg_table *t, const zkg_fr *r)
{
    mulc8 k;

    if (lane_is_plain(t))
        return zkg_backend_table_cpu.table_fold(t, r);
    lane_open(t);
    mulc8_init(&k, r);
    t->vars--;
    t->layout--;
    for (size_t g = 0; g < lane_groups(t); g++) {
        lane_fetch(lane_at(t, 2 * g), 2);
        lane_write(lane_at(t, g), lane_fold(lane_at(t, 2 * g), &k));
    }
    zkg_lane_settle(t);
    return ZKG_OK;
}

zkg_status zkg_ifma_table_eq(zkg_table *t, const zkg_fr *u, const zkg_fr *scale)
{
    const uint32_t k = lane_block(t);
    zkg_fr block[1 << LANE_BLOCK_MAX];

    if (lane_is_plain(t))
        return zkg_backend_table_cpu.table_eq(t, u, scale);
    lane_overwrite(t);
    ZKG_TRY(zkg_ifma_eq_expand(block, u, k, scale));
    put_block(t, 0, block, 1);
    for (uint32_t i = k; i < t->vars; i++) {
        const size_t half = (size_t)1 << (i - 3);
        const v8 zero = v8_of(&zkg_fr_zero);
        mulc8 c;

        mulc8_init(&c, &u[i]);
        for (size_t g = 0; g < half; g++) {
            __m512i *w = lane_at(t, g);
            const v8 x = lane_read(w);
            const v8 upper = v8_mulc_add(x, &c, zero);

            lane_write(lane_at(t, half + g), upper);
            /* below 4 p */
            lane_write(w, v8_trim(v8_close(v8_diff(x, v8_close(upper)))));
        }
    }
    return ZKG_OK;
}

zkg_status zkg_ifma_table_clear(zkg_table *t)
{
    return zkg_backend_table_cpu.table_clear(t);
}
