/* SPDX-License-Identifier: Apache-2.0 */
#include "relation_fixture.h"

/* ---- sites ---- */

static void one_column_of_any_length(void **state)
{
    (void)state;
    for (uint32_t garbage = 0; garbage < 2; garbage++) {
        for (uint64_t copies = 1; copies <= 5; copies++) {
            for (uint64_t len = 1; len <= 17; len += len < 9 ? 1 : 4) {
                fixture f;
                uint32_t axes[2] = {0}, x;

                fx_init(&f, copies);
                f.garbage = garbage;
                axes[1] = fx_axis(&f, len);
                x = fx_tensor(&f, ZKG_PRIVATE, ZKG_I16, -900, 900, 2, axes);
                fx_site(&f, 2, 1, &x);
                fx_check(&f);
                fx_clear(&f);
            }
        }
    }
}

/* Columns that lack axes, in another order of axes, of any type and
 * visibility; some repeat in other sites; trees of height 0 to 9. */
static void sites_of_all_shapes(void **state)
{
    static const uint64_t len[][4] = {
        {1, 1, 1, 1}, {3, 5, 2, 7}, {4, 8, 2, 16}, {2, 3, 4, 1}, {1, 9, 1, 5}};

    (void)state;
    for (uint32_t shape = 0; shape < 5; shape++) {
        for (uint32_t garbage = 0; garbage < 2; garbage++) {
            fixture f;
            uint32_t i, j, k, x, y, z, w, v, s, b;

            fx_init(&f, len[shape][0]);
            f.garbage = garbage;
            i = fx_axis(&f, len[shape][1]);
            j = fx_axis(&f, len[shape][2]);
            k = fx_axis(&f, len[shape][3]);
            x = fx_tensor(&f, ZKG_PRIVATE, ZKG_I8, -100, 100, 4,
                          (uint32_t[]){0, i, j, k});
            y = fx_tensor(&f, ZKG_FIXED, ZKG_U16, 0, 60000, 3,
                          (uint32_t[]){k, j, i});
            z = fx_tensor(&f, ZKG_PUBLIC, ZKG_I32, -7, 70000, 2,
                          (uint32_t[]){j, 0});
            w = fx_tensor(&f, ZKG_PRIVATE, ZKG_I64, -5, 5, 2,
                          (uint32_t[]){0, j});
            v = fx_tensor(&f, ZKG_PRIVATE, ZKG_FR, -5, 5, 3,
                          (uint32_t[]){i, j, k});
            b = fx_tensor(&f, ZKG_PRIVATE, ZKG_U8, 0, 255, 1, &i);
            s = fx_tensor(&f, ZKG_PRIVATE, ZKG_I64, 9, 9, 0, NULL);
            fx_site(&f, 0, 3, (uint32_t[]){x, y, z});
            fx_site(&f, 1, 1, &s);
            fx_site(&f, 1, 2, (uint32_t[]){b, x});
            fx_site(&f, 3, 4, (uint32_t[]){w, v, z, s});
            fx_site(&f, 0, 2, (uint32_t[]){v, y});
            fx_site(&f, 5, 1, &x);
            fx_site(&f, 5, 1, &x);
            fx_check(&f);
            fx_clear(&f);
        }
    }
}

static void sites_tampered_with(void **state)
{
    fixture f;
    uint32_t i, x, y;

    (void)state;
    fx_init(&f, 1);
    i = fx_axis(&f, 3);
    x = fx_tensor(&f, ZKG_PRIVATE, ZKG_I8, 0, 9, 1, &i);
    y = fx_tensor(&f, ZKG_PRIVATE, ZKG_I8, 0, 9, 2, (uint32_t[]){0, i});
    fx_site(&f, 0, 2, (uint32_t[]){x, y});
    fx_site(&f, 1, 1, &y);
    fx_check_tampering(&f, "does not follow from the one above");
    fx_clear(&f);
}

/* alpha that hits a column's value, real or padded: the tree is proven, and Q
 * is 0. */
static void zero_denominator(uint64_t alpha)
{
    fixture f;
    outcome prover, verifier;
    zkg_fraction fraction;
    zkg_verdict verdict = {0};
    uint32_t i, x;

    fx_init(&f, 1);
    i = fx_axis(&f, 5);
    x = fx_tensor(&f, ZKG_PRIVATE, ZKG_I8, 4, 4, 1, &i);
    fx_site(&f, 0, 1, &x);
    zkg_fr_from_u64(&f.challenge[0].alpha, alpha);
    fx_prove(&prover, &f, NULL);
    assert_int_equal(prover.status, ZKG_OK);
    fx_verify(&verifier, &f, prover.tape.buf, prover.tape.len, NULL);
    assert_int_equal(verifier.status, ZKG_ERR_REJECT);
    assert_int_equal(verifier.c.verdict.check, ZKG_CHECK_LOOKUP_ZERO);
    fraction = prover.c.fraction[0];
    assert_int_equal(zkg_fractions_check(&verdict, &fraction, 1, 1),
                     ZKG_ERR_REJECT);
    assert_int_equal(verdict.check, ZKG_CHECK_LOOKUP_ZERO);
    assert_int_equal(verdict.task, 7);
    outcome_clear(&prover);
    outcome_clear(&verifier);
    fx_clear(&f);
}

static void zero_denominators_are_refused(void **state)
{
    (void)state;
    zero_denominator(4);
    zero_denominator(0);
}

static void cheats_are_named(void **state)
{
#ifdef ZKG_TEST_HOOKS
    static const struct {
        zkg_cheat cheat;
        zkg_check check;
    } cases[] = {{ZKG_CHEAT_ZERO_DENOMINATOR, ZKG_CHECK_LOOKUP_ZERO},
                 {ZKG_CHEAT_WRONG_LEAF, ZKG_CHECK_LOOKUP_LEAF}};

    for (uint32_t n = 0; n < 2; n++) {
        const zkg_hooks hooks = {.cheat = cases[n].cheat, .task = -1};
        fixture f;
        outcome prover, verifier;
        uint32_t i, x;

        fx_init(&f, 2);
        i = fx_axis(&f, 5);
        x = fx_tensor(&f, ZKG_PRIVATE, ZKG_I8, -9, 9, 2, (uint32_t[]){0, i});
        fx_site(&f, 0, 1, &x);
        fx_prove(&prover, &f, &hooks);
        assert_int_equal(prover.status, ZKG_OK);
        fx_verify(&verifier, &f, prover.tape.buf, prover.tape.len, NULL);
        assert_int_equal(verifier.status, ZKG_ERR_REJECT);
        assert_int_equal(verifier.c.verdict.check, cases[n].check);
        assert_int_equal(verifier.c.verdict.task, 7);
        outcome_clear(&prover);
        outcome_clear(&verifier);
        fx_clear(&f);
    }
#endif
    (void)state;
}

/* ---- tables ---- */

typedef struct side {
    zkg_lookup_table table;
    zkg_array counts, column[2];
    const zkg_array *columns[2];
} side;

/* Row i of the table's column c. */
static int64_t row(const zkg_lookup_table *t, uint32_t c, uint64_t i)
{
    int64_t x = (int64_t)i;

    if (t->kind == ZKG_KIND_COLUMNS)
        return c == 0 ? 3 * x - 50 : x * x % 101;
    if (t->kind != ZKG_KIND_RANGE)
        x -= (int64_t)1 << (t->bits - 1);
    return c == 0 || x > 0 ? x : 0;
}

static uint64_t rows_of(const zkg_lookup_table *t)
{
    return t->kind == ZKG_KIND_COLUMNS ? t->rows : (uint64_t)1 << t->bits;
}

static void side_init(side *s, zkg_table_kind kind, uint32_t bits,
                      uint64_t rows, uint64_t stored)
{
    memset(s, 0, sizeof(*s));
    s->table = (zkg_lookup_table){
        .table = 4,
        .kind = kind,
        .bits = bits,
        .rows = rows,
        .columns = kind == ZKG_KIND_RELU || kind == ZKG_KIND_COLUMNS ? 2 : 1,
        .counts_tensor = 77,
        .counts_vis = ZKG_PRIVATE,
        .counts = &s->counts};
    rows = rows_of(&s->table);
    stored = stored == 0 ? rows : stored;
    assert_int_equal(zkg_array_init(&s->counts, ZKG_I32, 1, &stored, NULL),
                     ZKG_OK);
    s->counts.len[0] = rows;
    for (uint32_t c = 0; kind == ZKG_KIND_COLUMNS && c < 2; c++) {
        assert_int_equal(zkg_array_init(&s->column[c], ZKG_I16, 1, &rows, NULL),
                         ZKG_OK);
        for (uint64_t i = 0; i < rows; i++)
            zkg_array_set_i64(&s->column[c], i, row(&s->table, c, i));
        s->columns[c] = &s->column[c];
        s->table.column = s->columns;
    }
}

static void side_clear(side *s)
{
    zkg_array_clear(&s->counts);
    zkg_array_clear(&s->column[0]);
    zkg_array_clear(&s->column[1]);
}

static void side_prove(outcome *o, const side *s, const fixture *f)
{
    const uint8_t seed[64] = {1};

    memset(o, 0, sizeof(*o));
    zkg_tape_init_child(&o->tape, seed, "table", 4, NULL, 0);
    o->c = (zkg_child){.tape = &o->tape,
                       .comm = zkg_comm_self(),
                       .backend = zkg_backend_ref(),
                       .challenge = f->challenge};
    o->status = zkg_tableside_prove(&o->c, &s->table, &o->err);
}

static void side_verify(outcome *o, const side *s, const fixture *f,
                        const uint8_t *bytes, size_t len)
{
    const uint8_t seed[64] = {1};
    zkg_lookup_table t = s->table;

    memset(o, 0, sizeof(*o));
    t.counts = t.counts_vis == ZKG_PUBLIC ? t.counts : NULL;
    zkg_tape_init_child(&o->tape, seed, "table", 4, bytes, len);
    o->c = (zkg_child){.tape = &o->tape, .challenge = f->challenge};
    o->status = zkg_tableside_verify(&o->c, &t, &o->err);
    if (o->status == ZKG_OK)
        o->status = zkg_tape_finish(&o->tape);
}

/* Prove and verify the table side; *out is its fraction. */
static void side_check(const side *s, const fixture *f, zkg_fraction *out)
{
    outcome prover, verifier;
    size_t claims;

    side_prove(&prover, s, f);
    assert_int_equal(prover.status, ZKG_OK);
    side_verify(&verifier, s, f, prover.tape.buf, prover.tape.len);
    if (verifier.status != ZKG_OK)
        fail_msg("kind %d, %u bits: %s", (int)s->table.kind, s->table.bits,
                 verifier.c.verdict.text);
    assert_int_equal(zkg_tableside_segment_bytes(&s->table, &claims),
                     prover.tape.len);
    assert_int_equal(claims, verifier.c.ledger.claims);
    same_claims(&prover.c.ledger, &verifier.c.ledger);
    if (s->table.counts_vis == ZKG_PUBLIC) {
        assert_int_equal(claims, 0);
    } else {
        const zkg_claim *claim = verifier.c.ledger.claim;
        zkg_fr v;

        assert_int_equal(claims, 1);
        assert_int_equal(claim->tensor, 77);
        assert_int_equal(zkg_array_mle(&v, &s->counts, claim->point), ZKG_OK);
        assert_true(zkg_fr_equal(&v, &claim->value));
    }
    assert_int_equal(verifier.c.fractions, 1);
    *out = verifier.c.fraction[0];
    outcome_clear(&prover);
    outcome_clear(&verifier);
}

/* Sites of random rows against the table; spoil: 0 honest, 1 a count one too
 * high, 2 a value outside the table, 3 a count moved into the padding.
 * Returns what the root says. */
static zkg_check lookups_and_table(side *s, uint32_t spoil)
{
    const uint64_t n = rows_of(&s->table);
    zkg_verdict verdict = {0};
    zkg_fraction all[3];
    zkg_status status;
    outcome prover;
    fixture f;
    uint32_t i, x[2], first[2];

    fx_init(&f, 3);
    i = fx_axis(&f, 11);
    for (uint32_t c = 0; c < 2; c++)
        x[c] = fx_tensor(&f, ZKG_PRIVATE, ZKG_I32, 0, 0, 2, (uint32_t[]){0, i});
    memcpy(first, x, sizeof(x));
    for (uint64_t cell = 0; cell < 33; cell++) {
        const uint64_t r = rng_below(&f.random, n);

        for (uint32_t c = 0; c < s->table.columns; c++)
            zkg_array_set_i64(&f.array[x[c]], cell, row(&s->table, c, r));
        /* The second site looks the same rows up once more. */
        zkg_array_set_i64(&s->counts, r, zkg_array_get_i64(&s->counts, r) + 2);
        if (cell == 0 && spoil == 3) {
            zkg_array_set_i64(&s->counts, r,
                              zkg_array_get_i64(&s->counts, r) - 1);
            zkg_array_set_i64(&s->counts, n, 1);
        }
    }
    if (spoil == 1)
        zkg_array_set_i64(&s->counts, 0, zkg_array_get_i64(&s->counts, 0) + 1);
    if (spoil == 2)
        zkg_array_set_i64(&f.array[x[0]], 5, 1 << 20);
    fx_site(&f, 4, s->table.columns, x);
    fx_site(&f, 4, s->table.columns, first);
    fx_check(&f);
    fx_prove(&prover, &f, NULL);
    all[0] = prover.c.fraction[0];
    all[1] = prover.c.fraction[1];
    side_check(s, &f, &all[2]);
    status = zkg_fractions_check(&verdict, all, 3, 6);
    assert_int_equal(status,
                     verdict.check == ZKG_CHECK_NONE ? ZKG_OK : ZKG_ERR_REJECT);
    outcome_clear(&prover);
    fx_clear(&f);
    return verdict.check;
}

static void tables_of_all_kinds_balance(void **state)
{
    static const struct {
        zkg_table_kind kind;
        uint32_t bits;
        uint64_t rows;
    } cases[] = {
        {ZKG_KIND_RANGE, 0, 0},        {ZKG_KIND_RANGE, 1, 0},
        {ZKG_KIND_RANGE, 7, 0},        {ZKG_KIND_SIGNED_RANGE, 1, 0},
        {ZKG_KIND_SIGNED_RANGE, 6, 0}, {ZKG_KIND_RELU, 1, 0},
        {ZKG_KIND_RELU, 2, 0},         {ZKG_KIND_RELU, 8, 0},
        {ZKG_KIND_COLUMNS, 0, 1},      {ZKG_KIND_COLUMNS, 0, 2},
        {ZKG_KIND_COLUMNS, 0, 3},      {ZKG_KIND_COLUMNS, 0, 128},
        {ZKG_KIND_COLUMNS, 0, 129},
    };

    (void)state;
    for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
        for (uint32_t spoil = 0; spoil < 3; spoil++) {
            side s;

            side_init(&s, cases[n].kind, cases[n].bits, cases[n].rows, 0);
            if (n % 3 == 1)
                s.table.counts_vis = ZKG_PUBLIC;
            assert_int_equal(lookups_and_table(&s, spoil),
                             spoil == 0 ? ZKG_CHECK_NONE
                                        : ZKG_CHECK_LOOKUP_SUM);
            side_clear(&s);
        }
    }
}

static void counts_in_padding_do_not_count(void **state)
{
    side s;

    (void)state;
    side_init(&s, ZKG_KIND_COLUMNS, 0, 129, 256);
    assert_int_equal(lookups_and_table(&s, 3), ZKG_CHECK_LOOKUP_SUM);
    side_clear(&s);
}

static void tables_tampered_with(void **state)
{
    outcome prover, verifier;
    uint8_t *bytes;
    fixture f;
    side s;

    (void)state;
    fx_init(&f, 1);
    side_init(&s, ZKG_KIND_COLUMNS, 0, 5, 0);
    for (uint64_t i = 0; i < 5; i++)
        zkg_array_set_i64(&s.counts, i, (int64_t)i + 1);
    side_prove(&prover, &s, &f);
    assert_int_equal(prover.status, ZKG_OK);
    bytes = malloc(prover.tape.len);
    memcpy(bytes, prover.tape.buf, prover.tape.len);
    for (size_t i = 0; i < prover.tape.len; i++) {
        bytes[i] ^= (uint8_t)(128u >> (i % 8));
        side_verify(&verifier, &s, &f, bytes, prover.tape.len);
        assert_true(verifier.status == ZKG_ERR_REJECT ||
                    verifier.status == ZKG_ERR_MALFORMED);
        bytes[i] ^= (uint8_t)(128u >> (i % 8));
        outcome_clear(&verifier);
        side_verify(&verifier, &s, &f, bytes, i);
        assert_int_equal(verifier.status, ZKG_ERR_MALFORMED);
        outcome_clear(&verifier);
    }
    /* Public counts other than the proven ones. */
    s.table.counts_vis = ZKG_PUBLIC;
    zkg_array_set_i64(&s.counts, 2, 9);
    side_verify(&verifier, &s, &f, bytes, prover.tape.len);
    assert_int_equal(verifier.c.verdict.check, ZKG_CHECK_LOOKUP_LEAF);
    outcome_clear(&verifier);
    free(bytes);
    outcome_clear(&prover);
    side_clear(&s);
}

static void tables_of_wrong_shape_are_refused(void **state)
{
    fixture f;
    outcome o;
    side s;

    (void)state;
    fx_init(&f, 1);
    side_init(&s, ZKG_KIND_RELU, 3, 0, 0);
    s.table.columns = 1;
    side_prove(&o, &s, &f);
    assert_int_equal(o.status, ZKG_ERR_INVALID);
    outcome_clear(&o);
    assert_true(zkg_tableside_segment_bytes(&s.table, NULL) == SIZE_MAX);
    s.table.columns = 2;
    s.table.bits = 4;
    side_prove(&o, &s, &f);
    assert_int_equal(o.status, ZKG_ERR_INVALID);
    outcome_clear(&o);
    side_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_column_of_any_length),
        cmocka_unit_test(sites_of_all_shapes),
        cmocka_unit_test(sites_tampered_with),
        cmocka_unit_test(zero_denominators_are_refused),
        cmocka_unit_test(cheats_are_named),
        cmocka_unit_test(tables_of_all_kinds_balance),
        cmocka_unit_test(counts_in_padding_do_not_count),
        cmocka_unit_test(tables_tampered_with),
        cmocka_unit_test(tables_of_wrong_shape_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
