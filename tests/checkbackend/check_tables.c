/* SPDX-License-Identifier: Apache-2.0
 * Tables: made, moved, folded. */
#include "base/mem.h"
#include "check.h"

void check_table_new(context *c)
{
    for (uint32_t vars = 0; vars < 12; vars++) {
        pair p;

        pair_zero(c, &p, vars);
        pair_same(c, &p, "zeros");
        pair_clear(c, &p);
    }
}

/* Where a table is placed; the elements are those of v. */
static zkg_fr *place_of(const zkg_fr *v, uint32_t vars)
{
    zkg_fr *place = zkg_alloc_aligned((size_t)1 << vars, sizeof(*v));

    if (place == NULL)
        abort();
    memcpy(place, v, sizeof(*v) << vars);
    return place;
}

void check_table_place(context *c)
{
    for (uint32_t vars = 0; vars < 12; vars++) {
        zkg_fr *v = elements(c, (size_t)1 << vars), *place = place_of(v, vars);
        pair p;

        must(c->ref->table_new(&p.ref, vars));
        must(c->b->table_place(&p.b, vars, place));
        pair_same(c, &p, "zeros");
        verdict(c, p.b.data == place, "in place", vars);
        pair_clear(c, &p);
        zkg_free(place);
        free(v);
    }
}

void check_table_adopt(context *c)
{
    for (uint32_t vars = 0; vars < 12; vars++) {
        zkg_fr *v = elements(c, (size_t)1 << vars), *place = place_of(v, vars);
        pair p;

        must(zkg_table_from_fr(c->ref, &p.ref, vars, v, (size_t)1 << vars));
        must(c->b->table_adopt(&p.b, vars, place));
        pair_same(c, &p, "elements");
        verdict(c, p.b.data == place, "in place", vars);
        pair_clear(c, &p);
        zkg_free(place);
        free(v);
    }
}

void check_table_clear(context *c)
{
    pair p;

    pair_zero(c, &p, 3);
    pair_clear(c, &p);
    verdict(c, p.b.data == NULL && p.b.vars == 0, "cleared", 0);
    pair_clear(c, &p);
}

void check_table_import(context *c)
{
    for (int type = ZKG_I8; type <= ZKG_FR; type++) {
        for (uint32_t vars = 0; vars < 10; vars++) {
            const size_t len = (size_t)1 << vars, at = len / 3;
            void *v = integers(c, (zkg_dtype)type, len);
            pair p;

            pair_draw(c, &p, vars);
            must(
                c->ref->table_import(&p.ref, at, v, (zkg_dtype)type, len - at));
            must(c->b->table_import(&p.b, at, v, (zkg_dtype)type, len - at));
            pair_same(c, &p, zkg_dtype_name((zkg_dtype)type));
            pair_clear(c, &p);
            free(v);
        }
    }
    if (c->bench) {
        void *v = integers(c, ZKG_I8, BENCH_LEN);
        zkg_table t;

        must(c->b->table_new(&t, BENCH_VARS));
        BENCH(c, "i8", BENCH_LEN, (void)0,
              c->b->table_import(&t, 0, v, ZKG_I8, BENCH_LEN));
        must(c->b->table_clear(&t));
        free(v);
    }
}

void check_table_export(context *c)
{
    for (uint32_t vars = 0; vars < 10; vars++) {
        const size_t len = (size_t)1 << vars, at = len / 2, n = (len + 1) / 3;
        zkg_fr *x = elements(c, n), *y = copy(x, n);
        pair p;

        pair_draw(c, &p, vars);
        must(c->ref->table_export(x, &p.ref, at, n));
        must(c->b->table_export(y, &p.b, at, n));
        same(c, x, y, n, "part");
        pair_clear(c, &p);
        free(x);
        free(y);
    }
}

void check_table_fill(context *c)
{
    for (uint32_t vars = 0; vars < 10; vars++) {
        const size_t len = (size_t)1 << vars, at = len / 3;
        zkg_fr *v = elements(c, 1);
        pair p;

        pair_draw(c, &p, vars);
        must(c->ref->table_fill(&p.ref, at, len / 2, v));
        must(c->b->table_fill(&p.b, at, len / 2, v));
        pair_same(c, &p, "part");
        pair_clear(c, &p);
        free(v);
    }
}

void check_table_affine(context *c)
{
    for (uint32_t vars = 0; vars < 10; vars++) {
        zkg_fr *v = elements(c, 2);
        pair p;

        pair_draw(c, &p, vars);
        must(c->ref->table_affine(&p.ref, &v[0], &v[1]));
        must(c->b->table_affine(&p.b, &v[0], &v[1]));
        pair_same(c, &p, "all");
        for (int again = 0; again < 3; again++) {
            must(c->ref->table_affine(&p.ref, &zkg_fr_one, &v[1]));
            must(c->b->table_affine(&p.b, &zkg_fr_one, &v[1]));
            pair_same(c, &p, "added");
        }
        pair_clear(c, &p);
        free(v);
    }
    if (c->bench) {
        zkg_fr *v = elements(c, 2);
        pair p;

        pair_draw(c, &p, BENCH_VARS);
        BENCH(c, "", BENCH_LEN, (void)0,
              c->b->table_affine(&p.b, &v[0], &v[1]));
        BENCH(c, "added", BENCH_LEN, (void)0,
              c->b->table_affine(&p.b, &zkg_fr_one, &v[1]));
        pair_clear(c, &p);
        free(v);
    }
}

void check_table_axpy(context *c)
{
    for (uint32_t vars = 0; vars < 10; vars++) {
        zkg_fr *v = elements(c, 1);
        pair p, x;

        pair_draw(c, &p, vars);
        pair_draw(c, &x, vars);
        must(c->ref->table_axpy(&p.ref, v, &x.ref));
        must(c->b->table_axpy(&p.b, v, &x.b));
        pair_same(c, &p, "all");
        pair_clear(c, &p);
        pair_clear(c, &x);
        free(v);
    }
}

void check_table_fold(context *c)
{
    for (uint32_t vars = 1; vars < 12; vars++) {
        zkg_fr *v = elements(c, 1);
        pair p;

        pair_draw(c, &p, vars);
        must(c->ref->table_fold(&p.ref, v));
        must(c->b->table_fold(&p.b, v));
        pair_same(c, &p, "folded");
        pair_clear(c, &p);
        free(v);
    }
    if (c->bench) {
        zkg_fr *v = elements(c, 1);
        zkg_table t;
        pair p;

        pair_draw(c, &p, BENCH_VARS);
        BENCH(c, "a new entry", BENCH_LEN / 2, t = p.b,
              c->b->table_fold(&t, v));
        pair_clear(c, &p);
        free(v);
    }
}

void check_table_eq(context *c)
{
    for (uint32_t vars = 0; vars < 12; vars++) {
        zkg_fr *u = elements(c, vars + 1);
        pair p;

        pair_draw(c, &p, vars);
        must(c->ref->table_eq(&p.ref, u, vars % 2 ? &u[vars] : NULL));
        must(c->b->table_eq(&p.b, u, vars % 2 ? &u[vars] : NULL));
        pair_same(c, &p, "eq");
        pair_clear(c, &p);
        free(u);
    }
}
