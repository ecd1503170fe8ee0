/* SPDX-License-Identifier: Apache-2.0 */
/* What a statement must be, docs/protocol.md, 1: data alone decides. */
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/hash.h"
#include "base/mem.h"
#include "graph/bind.h"
#include "graph/statement.h"
#include "graph/statement_circuit.h"
#include "graph/u256.h"

#define BAD(...) zkg_fail(err, ZKG_ERR_MALFORMED, __VA_ARGS__)
#define MAX_ELEMENTS ((uint64_t)1 << ZKG_MAX_TENSOR_VARS)

/* What the checks learn about each tensor. */
typedef struct use {
    bool bound;        /* to a parameter of some task */
    bool in_einsum;    /* as a factor */
    bool ranged;       /* a lookup holds it within its min..max */
    bool tried;        /* some lookup has it as a column .. */
    uint32_t table;    /* .. of this table, */
    int64_t low, high; /* whose column has this range */
    bool counts;       /* of a table */
    uint32_t tasks;    /* that bind it */
    uint32_t last;     /* task that binds it */
} use;

/* The range of one column of a table; found once, tables are long. */
typedef struct column_range {
    int64_t low, high;
} column_range;

/* Everything that the checks carry along. */
typedef struct notes {
    use *used;           /* one a tensor */
    bool *kernel_used;   /* one a kernel */
    bool *table_used;    /* one a table */
    column_range *range; /* ZKG_MAX_TABLE_COLUMNS a table */
} notes;

/* ---- names ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names at `stride` bytes from each other are valid and different. */
static zkg_status check_names(const char *what, const void *first, size_t n,
                              size_t stride, bool is_valid(const char *),
                              zkg_error *err)
{
    const char **name = zkg_alloc(n, sizeof(name[0]));
    zkg_status s = ZKG_OK;

    if (name == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (size_t i = 0; i < n; i++)
        name[i] = *(char *const *)((const char *)first + i * stride);
    for (size_t i = 0; i < n && s == ZKG_OK; i++) {
        if (!is_valid(name[i]))
            s = BAD("%s name \"%s\" is empty, too long, or has a character "
                    "that names may not have",
                    what, name[i]);
    }
    qsort(name, n, sizeof(name[0]), by_name);
    for (size_t i = 1; i < n && s == ZKG_OK; i++) {
        if (strcmp(name[i - 1], name[i]) == 0)
            s = BAD("two %ss are named %s", what, name[i]);
    }
    zkg_free(name);
    return s;
}

/* ---- tensors ---- */

static zkg_status check_tensor(const zkg_tensor *t, zkg_error *err)
{
    uint64_t n = 1;

    if ((unsigned)t->type > ZKG_FR || (unsigned)t->vis > ZKG_VIRTUAL ||
        t->axes > ZKG_MAX_AXES)
        return BAD("tensor %s: bad type, visibility or axes", t->name);
    for (uint32_t i = 0; i < t->axes; i++) {
        if (t->len[i] == 0)
            return BAD("tensor %s: axis %u has length 0", t->name, i);
        if (!zkg_mul_ok(&n, n, t->len[i]) || n > MAX_ELEMENTS)
            return BAD("tensor %s has more than 2^%d elements", t->name,
                       ZKG_MAX_TENSOR_VARS);
    }
    if (zkg_tensor_vars(t) > ZKG_MAX_TENSOR_VARS)
        return BAD("tensor %s has more than 2^%d padded elements", t->name,
                   ZKG_MAX_TENSOR_VARS);
    if (t->type == ZKG_FR && (t->min != 0 || t->max != 0))
        return BAD("tensor %s: type fr has no range; its min and max are 0",
                   t->name);
    if (t->min > t->max)
        return BAD("tensor %s: min %lld is above max %lld", t->name,
                   (long long)t->min, (long long)t->max);
    if (t->min < zkg_dtype_min(t->type) || t->max > zkg_dtype_max(t->type))
        return BAD("tensor %s: %lld..%lld does not fit type %s", t->name,
                   (long long)t->min, (long long)t->max,
                   zkg_dtype_name(t->type));
    return ZKG_OK;
}

static zkg_status check_tensors(const zkg_statement *st, zkg_error *err)
{
    if (st->tensors > ZKG_MAX_TENSORS)
        return BAD("%u tensors are too many", st->tensors);
    ZKG_TRY(check_names("tensor", &st->tensor[0].name, st->tensors,
                        sizeof(st->tensor[0]), zkg_name_is_valid, err));
    for (uint32_t i = 0; i < st->tensors; i++)
        ZKG_TRY(check_tensor(&st->tensor[i], err));
    return ZKG_OK;
}

/* ---- tables ---- */

/* Order of rows, for finding equal ones. */
typedef struct row_ref {
    const zkg_stmt_table *t;
    uint64_t i;
} row_ref;

static int row_order(const void *a, const void *b)
{
    const row_ref *x = a, *y = b;

    for (uint32_t c = 0; c < x->t->columns; c++) {
        const int64_t u = zkg_stmt_table_entry(x->t, c, x->i);
        const int64_t v = zkg_stmt_table_entry(y->t, c, y->i);

        if (u != v)
            return u < v ? -1 : 1;
    }
    return 0;
}

static zkg_status check_rows_differ(const zkg_stmt_table *t, zkg_error *err)
{
    row_ref *row = zkg_alloc(t->rows, sizeof(row[0]));
    zkg_status s = ZKG_OK;

    if (row == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (uint64_t i = 0; i < t->rows; i++)
        row[i] = (row_ref){t, i};
    qsort(row, t->rows, sizeof(row[0]), row_order);
    for (uint64_t i = 1; i < t->rows && s == ZKG_OK; i++) {
        if (row_order(&row[i - 1], &row[i]) == 0)
            s = BAD("table %s: two equal rows, %llu and %llu, while its "
                    "counts are a tensor of the graph",
                    t->name, (unsigned long long)row[i - 1].i,
                    (unsigned long long)row[i].i);
    }
    zkg_free(row);
    return s;
}

static zkg_status check_counts(const zkg_statement *st, const zkg_stmt_table *t,
                               use *used, zkg_error *err)
{
    const zkg_tensor *m;

    if (t->counts >= st->tensors)
        return BAD("table %s has no tensor for its counts", t->name);
    m = &st->tensor[t->counts];
    if (m->vis != ZKG_PRIVATE || m->type != ZKG_I64 || m->axes != 1 ||
        m->len[0] != t->rows || m->min != 0)
        return BAD("table %s: its counts %s must be private, i64, of shape "
                   "[%llu], with min 0",
                   t->name, m->name, (unsigned long long)t->rows);
    if (used[t->counts].counts)
        return BAD("tensor %s holds the counts of two tables", m->name);
    used[t->counts].counts = true;
    return ZKG_OK;
}

static zkg_status check_table(const zkg_statement *st, const zkg_stmt_table *t,
                              use *used, zkg_error *err)
{
    if (t->kind == ZKG_KIND_COLUMNS) {
        if (t->bits != 0 || t->columns < 1 ||
            t->columns > ZKG_MAX_TABLE_COLUMNS || t->rows < 1 ||
            t->rows > ZKG_MAX_TABLE_ROWS)
            return BAD("table %s: columns are 1 to %d, rows 1 to 2^20", t->name,
                       ZKG_MAX_TABLE_COLUMNS);
    } else if ((unsigned)t->kind > ZKG_KIND_COLUMNS || t->bits < 1 ||
               t->bits > ZKG_MAX_TABLE_BITS ||
               t->rows != (uint64_t)1 << t->bits ||
               t->columns != zkg_table_kind_columns(t->kind)) {
        return BAD("table %s: bits are 1 to %d", t->name, ZKG_MAX_TABLE_BITS);
    }
    if (t->kind == ZKG_KIND_COLUMNS && !t->hinted)
        ZKG_TRY(check_rows_differ(t, err));
    return check_counts(st, t, used, err);
}

static zkg_status check_tables(const zkg_statement *st, notes *n,
                               zkg_error *err)
{
    if (st->tables > ZKG_MAX_TABLES)
        return BAD("%u tables are too many", st->tables);
    if (st->tables == 0)
        return ZKG_OK;
    ZKG_TRY(check_names("table", &st->table[0].name, st->tables,
                        sizeof(st->table[0]), zkg_task_name_is_valid, err));
    for (uint32_t i = 0; i < st->tables; i++) {
        const zkg_stmt_table *t = &st->table[i];

        ZKG_TRY(check_table(st, t, n->used, err));
        for (uint32_t c = 0; c < t->columns; c++) {
            column_range *r = &n->range[i * ZKG_MAX_TABLE_COLUMNS + c];

            zkg_stmt_table_bounds(&r->low, &r->high, t, c);
        }
    }
    return ZKG_OK;
}

/* ---- kernels ---- */

static bool holds(const uint32_t *list, uint32_t n, uint32_t v)
{
    for (uint32_t i = 0; i < n; i++) {
        if (list[i] == v)
            return true;
    }
    return false;
}

/* Axes in range and all different. */
static bool are_axes(const zkg_kernel *k, const uint32_t *axis, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (axis[i] >= k->axes || holds(axis, i, axis[i]))
            return false;
    }
    return true;
}

static bool factor_has(const zkg_stmt_factor *f, uint32_t axis)
{
    for (uint32_t i = 0; i < f->indices; i++) {
        if (f->index[i].a == axis || f->index[i].b == axis)
            return true;
    }
    return false;
}

static bool is_affine(const zkg_stmt_index *x)
{
    return x->b != ZKG_NO_ID || x->s != 1 || x->e != 0;
}

/* Does an affine index of the factor name the axis? */
static bool factor_maps(const zkg_stmt_factor *f, uint32_t axis)
{
    for (uint32_t i = 0; i < f->indices; i++) {
        if (is_affine(&f->index[i]) &&
            (f->index[i].a == axis || f->index[i].b == axis))
            return true;
    }
    return false;
}

static bool fits_factor(int64_t v)
{
    return v >= -ZKG_MAX_AFFINE_FACTOR && v <= ZKG_MAX_AFFINE_FACTOR;
}

/* Pairs of values of an affine index's axes, whose product fits. */
static uint64_t index_pairs(const zkg_kernel *k, const zkg_stmt_index *x)
{
    return k->axis[x->a].len * (x->b == ZKG_NO_ID ? 1 : k->axis[x->b].len);
}

/* An affine index of an axis of length len. */
static zkg_status check_affine(const zkg_kernel *k, const zkg_stmt_index *x,
                               const char *param, uint64_t len, zkg_error *err)
{
    const uint64_t n = k->axis[x->a].len;
    const uint64_t m = x->b == ZKG_NO_ID ? 1 : k->axis[x->b].len;

    if (!fits_factor(x->s) || !fits_factor(x->d) || !fits_factor(x->e) ||
        (x->b == ZKG_NO_ID && x->d != 0))
        return BAD("kernel %s: an affine index of %s has a number beyond 2^31",
                   k->name, param);
    if ((x->s == 0 && n > 1) || (x->d == 0 && m > 1))
        return BAD("kernel %s: an affine index of %s has a factor of 0 for "
                   "an axis longer than 1",
                   k->name, param);
    if (n > ZKG_MAX_AFFINE_PAIRS || m > ZKG_MAX_AFFINE_PAIRS ||
        n * m > ZKG_MAX_AFFINE_PAIRS || len > ZKG_MAX_AFFINE_LEN)
        return BAD("kernel %s: an affine index of %s runs over %llu x %llu "
                   "values of an axis of %llu; the verifier walks at most "
                   "%llu, of an axis of %llu",
                   k->name, param, (unsigned long long)n, (unsigned long long)m,
                   (unsigned long long)len,
                   (unsigned long long)ZKG_MAX_AFFINE_PAIRS,
                   (unsigned long long)ZKG_MAX_AFFINE_LEN);
    return ZKG_OK;
}

/* Axes that are there, and none longer than 1 twice in one factor. */
static zkg_status check_once(const zkg_kernel *k, const zkg_stmt_factor *f,
                             zkg_error *err)
{
    uint32_t seen[2 * ZKG_MAX_AXES], n = 0;

    for (uint32_t i = 0; i < f->indices; i++) {
        const uint32_t axis[2] = {f->index[i].a, f->index[i].b};

        if (axis[0] >= k->axes || (axis[1] != ZKG_NO_ID && axis[1] >= k->axes))
            return BAD("kernel %s: an index without an axis", k->name);
        for (uint32_t j = 0; j < 2 && axis[j] != ZKG_NO_ID; j++) {
            if (k->axis[axis[j]].len > 1 && holds(seen, n, axis[j]))
                return BAD("kernel %s: axis %s occurs twice in one factor, "
                           "of %s",
                           k->name, k->axis[axis[j]].name,
                           k->param[f->param].name);
            seen[n++] = axis[j];
        }
    }
    return ZKG_OK;
}

static zkg_status check_factor(const zkg_kernel *k, const zkg_stmt_factor *f,
                               zkg_error *err)
{
    const zkg_stmt_param *p;

    if (f->param >= k->params)
        return BAD("kernel %s: a factor without a parameter", k->name);
    p = &k->param[f->param];
    if (f->indices != p->axes)
        return BAD("kernel %s: parameter %s has %u axes, a factor gives it "
                   "%u indices",
                   k->name, p->name, p->axes, f->indices);
    ZKG_TRY(check_once(k, f, err));
    for (uint32_t i = 0; i < f->indices; i++) {
        const zkg_stmt_index *x = &f->index[i];
        const uint64_t len = k->axis[p->axis[i]].len;

        if (is_affine(x))
            ZKG_TRY(check_affine(k, x, p->name, len, err));
        else if (x->d != 0)
            return BAD("kernel %s: an index of %s has a factor without an "
                       "axis",
                       k->name, p->name);
        else if (k->axis[x->a].len != len)
            return BAD("kernel %s: parameter %s has length %llu where its "
                       "index %s has %llu",
                       k->name, p->name, (unsigned long long)len,
                       k->axis[x->a].name,
                       (unsigned long long)k->axis[x->a].len);
    }
    return ZKG_OK;
}

/* One axis of a product of two tensors, docs/protocol.md, 5. */
static zkg_status check_product_axis(const zkg_kernel *k,
                                     const zkg_stmt_einsum *e,
                                     const zkg_stmt_term *t, uint32_t a,
                                     zkg_error *err)
{
    const bool in[2] = {factor_has(&t->factor[0], a),
                        factor_has(&t->factor[1], a)};
    const bool maps =
        factor_maps(&t->factor[0], a) || factor_maps(&t->factor[1], a);
    const bool out = holds(e->out, e->out_axes, a);

    if (!out && in[0] != in[1])
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "kernel %s: axis %s is contracted in one "
                        "factor of a product alone: sum it in an "
                        "einsum of its own",
                        k->name, k->axis[a].name);
    if (out && in[0] && in[1] && maps)
        return zkg_fail(err, ZKG_ERR_UNSUPPORTED,
                        "kernel %s: output axis %s is in an affine index of "
                        "one factor of a product and in the other: gather "
                        "one into a virtual tensor in an einsum of its own",
                        k->name, k->axis[a].name);
    return ZKG_OK;
}

static zkg_status check_term(const zkg_kernel *k, const zkg_stmt_einsum *e,
                             const zkg_stmt_term *t, zkg_error *err)
{
    zkg_u256 c = {.over = false};

    if (t->factors > 2)
        return BAD("kernel %s: a term of more than two factors", k->name);
    memcpy(c.limb, t->c.limb, sizeof(c.limb));
    if (!zkg_u256_is_below_half_p(&c))
        return BAD("kernel %s: a coefficient is not below p/2", k->name);
    for (int i = 0; i < 8; i++)
        c.limb[0] |= c.limb[i];
    if (c.limb[0] == 0)
        return BAD("kernel %s: a coefficient is 0", k->name);
    for (uint32_t i = 0; i < t->factors; i++)
        ZKG_TRY(check_factor(k, &t->factor[i], err));
    for (uint32_t a = 0; t->factors == 2 && a < k->axes; a++) {
        if (k->axis[a].len > 1)
            ZKG_TRY(check_product_axis(k, e, t, a, err));
    }
    return ZKG_OK;
}

static zkg_status check_einsum(const zkg_kernel *k, const zkg_stmt_einsum *e,
                               zkg_error *err)
{
    if (e->out_axes + 1 > ZKG_MAX_AXES || !are_axes(k, e->out, e->out_axes))
        return BAD("kernel %s: the axes of an einsum's out are not axes of "
                   "the kernel, each once",
                   k->name);
    if (e->terms < 1 || e->terms > ZKG_MAX_TERMS)
        return BAD("kernel %s: an einsum of %u terms", k->name, e->terms);
    if (e->equals != ZKG_NO_ID) {
        const zkg_stmt_param *p;

        if (e->equals >= k->params)
            return BAD("kernel %s: an einsum equals no parameter", k->name);
        p = &k->param[e->equals];
        if (p->axes != e->out_axes ||
            memcmp(p->axis, e->out, p->axes * sizeof(p->axis[0])) != 0)
            return BAD("kernel %s: parameter %s equals an einsum with other "
                       "axes than its own",
                       k->name, p->name);
    }
    for (uint32_t i = 0; i < e->terms; i++)
        ZKG_TRY(check_term(k, e, &e->term[i], err));
    return ZKG_OK;
}

static zkg_status check_param_used(const zkg_kernel *k, uint32_t p,
                                   zkg_error *err)
{
    for (uint32_t i = 0; i < k->lookups; i++) {
        if (holds(k->lookup[i].param, k->lookup[i].columns, p))
            return ZKG_OK;
    }
    for (uint32_t i = 0; i < k->einsums; i++) {
        for (uint32_t j = 0; j < k->einsum[i].terms; j++) {
            const zkg_stmt_term *t = &k->einsum[i].term[j];

            for (uint32_t f = 0; f < t->factors; f++) {
                if (t->factor[f].param == p)
                    return ZKG_OK;
            }
        }
    }
    if (zkg_kernel_circuit_reads(k, p) || zkg_kernel_circuit_makes(k, p))
        return ZKG_OK;
    return BAD("kernel %s: parameter %s is in no relation", k->name,
               k->param[p].name);
}

static zkg_status check_kernel(const zkg_statement *st, const zkg_kernel *k,
                               zkg_error *err)
{
    if (k->axes > ZKG_MAX_KERNEL_AXES || k->params > ZKG_MAX_PARAMS ||
        k->lookups > ZKG_MAX_RELATIONS || k->einsums > ZKG_MAX_RELATIONS)
        return BAD("kernel %s is too large", k->name);
    if (zkg_kernel_relations(k) == 0)
        return BAD("kernel %s has no relations", k->name);
    if (k->axes > 0)
        ZKG_TRY(check_names("axis", &k->axis[0].name, k->axes,
                            sizeof(k->axis[0]), zkg_ident_is_valid, err));
    if (k->params > 0)
        ZKG_TRY(check_names("parameter", &k->param[0].name, k->params,
                            sizeof(k->param[0]), zkg_ident_is_valid, err));
    for (uint32_t i = 0; i < k->axes; i++) {
        if (k->axis[i].len < 1 || k->axis[i].len > MAX_ELEMENTS)
            return BAD("kernel %s: axis %s has length %llu", k->name,
                       k->axis[i].name, (unsigned long long)k->axis[i].len);
    }
    for (uint32_t i = 0; i < k->params; i++) {
        const zkg_stmt_param *p = &k->param[i];

        if (p->axes > ZKG_MAX_AXES || !are_axes(k, p->axis, p->axes))
            return BAD("kernel %s: the axes of parameter %s are not axes of "
                       "the kernel, each once",
                       k->name, p->name);
    }
    for (uint32_t i = 0; i < k->lookups; i++) {
        const zkg_stmt_lookup *l = &k->lookup[i];

        if (l->table >= st->tables)
            return BAD("kernel %s: a lookup without a table", k->name);
        if (l->columns != st->table[l->table].columns)
            return BAD("kernel %s: table %s has %u columns, a lookup names "
                       "%u",
                       k->name, st->table[l->table].name,
                       st->table[l->table].columns, l->columns);
        for (uint32_t c = 0; c < l->columns; c++) {
            if (l->param[c] >= k->params)
                return BAD("kernel %s: a lookup without a parameter", k->name);
        }
    }
    for (uint32_t i = 0; i < k->einsums; i++)
        ZKG_TRY(check_einsum(k, &k->einsum[i], err));
    ZKG_TRY(zkg_stmt_check_kernel_circuit(st, k, err));
    for (uint32_t i = 0; i < k->params; i++)
        ZKG_TRY(check_param_used(k, i, err));
    return ZKG_OK;
}

/* How many of the n values i have 0 <= s i + e < len. */
static uint64_t reads(int64_t s, int64_t e, uint64_t n, uint64_t len)
{
    const int64_t top = (int64_t)len - 1, step = s < 0 ? -s : s;
    /* Counted from the end that i = 0, 1, .. moves away from. */
    const int64_t at = s < 0 ? top - e : e;
    int64_t first, end;

    if (step == 0)
        return at >= 0 && at <= top ? n : 0;
    first = at >= 0 ? 0 : (-at + step - 1) / step;
    end = at > top ? 0 : (top - at) / step + 1;
    end = end < (int64_t)n ? end : (int64_t)n;
    return end > first ? (uint64_t)(end - first) : 0;
}

/* The most cells that one output reads through an affine index of an axis of
 * length len, of those axes that it sums. */
static uint64_t window(const zkg_kernel *k, const zkg_stmt_einsum *e,
                       const zkg_stmt_index *x, uint64_t len)
{
    const bool a = !holds(e->out, e->out_axes, x->a);
    const bool b = x->b != ZKG_NO_ID && !holds(e->out, e->out_axes, x->b);
    const uint64_t na = k->axis[x->a].len;
    const uint64_t nb = x->b == ZKG_NO_ID ? 1 : k->axis[x->b].len;
    /* The inner axis is one that is summed. */
    const uint64_t n = b ? na : nb, m = b ? nb : na;
    const int64_t s = b ? x->s : x->d, d = b ? x->d : x->s;
    uint64_t most = 0, all = 0;

    if (!a && !b)
        return 1;
    for (uint64_t i = 0; i < n; i++) {
        const uint64_t r = reads(d, x->e + s * (int64_t)i, m, len);

        most = r > most ? r : most;
        all += r;
    }
    return a && b ? all : most;
}

/* What n would be with m times as many: UINT64_MAX if that or more. */
static uint64_t times(uint64_t n, uint64_t m)
{
    return zkg_mul_ok(&n, n, m) ? n : UINT64_MAX;
}

/* Whether a term sums a plain axis: it is named, not by an affine index, and
 * not of out. */
static bool sums_axis(const zkg_stmt_einsum *e, const zkg_stmt_term *t,
                      uint32_t axis)
{
    bool named = false;

    for (uint32_t f = 0; f < t->factors; f++) {
        if (factor_maps(&t->factor[f], axis))
            return false;
        named = named || factor_has(&t->factor[f], axis);
    }
    return named && !holds(e->out, e->out_axes, axis);
}

/* Sets summed and maps of a term; *pairs: what its affine indices run over is
 * added.  The walk is the kernel's, not each task's: a statement of some
 * kilobytes may bind one kernel many times. */
static zkg_status count_term(const zkg_kernel *k, const zkg_stmt_einsum *e,
                             zkg_stmt_term *t, uint64_t *pairs, zkg_error *err)
{
    t->summed = 1;
    t->maps = false;
    for (uint32_t a = 0; a < k->axes; a++) {
        if (sums_axis(e, t, a))
            t->summed = times(t->summed, k->axis[a].len);
    }
    for (uint32_t f = 0; f < t->factors; f++) {
        const zkg_stmt_factor *x = &t->factor[f];

        for (uint32_t i = 0; i < x->indices; i++) {
            const zkg_stmt_index *at = &x->index[i];

            if (!is_affine(at))
                continue;
            *pairs += index_pairs(k, at);
            if (*pairs > ZKG_MAX_ALL_PAIRS)
                return BAD("kernel %s: with its affine indices, those of all "
                           "kernels run over more than %u pairs of values, "
                           "which is as many as the verifier walks",
                           k->name, ZKG_MAX_ALL_PAIRS);
            t->maps = true;
            t->summed = times(
                t->summed,
                window(k, e, at, k->axis[k->param[x->param].axis[i]].len));
        }
    }
    return ZKG_OK;
}

static zkg_status count_kernel(const zkg_kernel *k, uint64_t *pairs,
                               zkg_error *err)
{
    for (uint32_t i = 0; i < k->einsums; i++) {
        zkg_stmt_einsum *e = &k->einsum[i];

        for (uint32_t j = 0; j < e->terms; j++)
            ZKG_TRY(count_term(k, e, &e->term[j], pairs, err));
    }
    return ZKG_OK;
}

static zkg_status check_kernels(const zkg_statement *st, zkg_error *err)
{
    uint64_t pairs = 0;

    if (st->kernels > ZKG_MAX_KERNELS)
        return BAD("%u kernels are too many", st->kernels);
    if (st->kernels == 0)
        return ZKG_OK;
    ZKG_TRY(check_names("kernel", &st->kernel[0].name, st->kernels,
                        sizeof(st->kernel[0]), zkg_name_is_valid, err));
    for (uint32_t i = 0; i < st->kernels; i++) {
        ZKG_TRY(check_kernel(st, &st->kernel[i], err));
        ZKG_TRY(count_kernel(&st->kernel[i], &pairs, err));
    }
    return ZKG_OK;
}

/* ---- tasks ---- */

static zkg_status check_shape(const zkg_statement *st, const zkg_task *t,
                              uint32_t p, zkg_error *err)
{
    const zkg_kernel *k = &st->kernel[t->kernel];
    const zkg_stmt_param *param = &k->param[p];
    const zkg_tensor *x = &st->tensor[t->bind[p]];
    const bool own_copies =
        !t->broadcast[p] && (t->copies > 1 || x->axes == param->axes + 1);
    const uint32_t skip = own_copies ? 1 : 0;
    bool ok = x->axes == param->axes + skip &&
              (!own_copies || x->len[0] == t->copies);
    char shape[300];

    for (uint32_t i = 0; ok && i < param->axes; i++)
        ok = x->len[i + skip] == k->axis[param->axis[i]].len;
    if (ok)
        return ZKG_OK;
    zkg_tensor_shape_text(shape, x);
    return BAD("task %s: tensor %s of shape %s does not fit parameter %s of "
               "kernel %s, %s %llu copies",
               t->name, x->name, shape, param->name, k->name,
               t->broadcast[p] ? "broadcast over" : "with",
               (unsigned long long)t->copies);
}

/* A virtual tensor: one producer, and consumers, all before it. */
static zkg_status check_virtual(const zkg_statement *st, const zkg_task *t,
                                uint32_t p, zkg_error *err)
{
    const zkg_kernel *k = &st->kernel[t->kernel];
    const char *name = st->tensor[t->bind[p]].name;
    uint32_t producer = ZKG_NO_ID, consumers = 0;

    for (uint32_t i = 0; i < k->einsums; i++) {
        if (k->einsum[i].equals != p)
            continue;
        if (producer != ZKG_NO_ID)
            return BAD("task %s: virtual tensor %s has two producers", t->name,
                       name);
        producer = i;
    }
    if (zkg_kernel_circuit_makes(k, p)) {
        if (producer != ZKG_NO_ID)
            return BAD("task %s: virtual tensor %s has two producers", t->name,
                       name);
        producer = k->einsums;
    }
    if (producer == ZKG_NO_ID)
        return BAD("task %s: virtual tensor %s has no producer", t->name, name);
    if (zkg_kernel_circuit_reads(k, p))
        return BAD("task %s: virtual tensor %s is used by the circuit, which "
                   "does not come before what makes it",
                   t->name, name);
    for (uint32_t i = 0; i < k->lookups; i++)
        consumers += holds(k->lookup[i].param, k->lookup[i].columns, p);
    for (uint32_t i = 0; i < k->einsums; i++) {
        for (uint32_t j = 0; j < k->einsum[i].terms; j++) {
            const zkg_stmt_term *m = &k->einsum[i].term[j];

            for (uint32_t f = 0; f < m->factors; f++) {
                if (m->factor[f].param != p)
                    continue;
                if (i >= producer)
                    return BAD("task %s: virtual tensor %s is used by an "
                               "einsum that does not come before the one "
                               "that makes it",
                               t->name, name);
                consumers++;
            }
        }
    }
    if (consumers == 0)
        return BAD("task %s: virtual tensor %s has no consumer", t->name, name);
    if (t->broadcast[p] && t->copies > 1)
        return BAD("task %s: virtual tensor %s cannot be broadcast", t->name,
                   name);
    return ZKG_OK;
}

/* What the parameters' uses say about the tensors bound to them. */
static void note_uses(const zkg_statement *st, const zkg_task *t, uint32_t id,
                      notes *n)
{
    const zkg_kernel *k = &st->kernel[t->kernel];
    use *used = n->used;

    for (uint32_t p = 0; p < k->params; p++) {
        use *u = &used[t->bind[p]];

        if (!u->bound || u->last != id)
            u->tasks++;
        u->bound = true;
        u->last = id;
    }
    for (uint32_t i = 0; i < k->lookups; i++) {
        const zkg_stmt_lookup *l = &k->lookup[i];

        for (uint32_t c = 0; c < l->columns; c++) {
            const zkg_tensor *x = &st->tensor[t->bind[l->param[c]]];
            use *u = &used[t->bind[l->param[c]]];
            const column_range *r =
                &n->range[l->table * ZKG_MAX_TABLE_COLUMNS + c];

            if (u->ranged)
                continue;
            u->tried = true;
            u->table = l->table;
            u->low = r->low;
            u->high = r->high;
            u->ranged = x->min <= r->low && r->high <= x->max;
        }
    }
    for (uint32_t i = 0; i < k->einsums; i++) {
        for (uint32_t j = 0; j < k->einsum[i].terms; j++) {
            const zkg_stmt_term *m = &k->einsum[i].term[j];

            for (uint32_t f = 0; f < m->factors; f++)
                used[t->bind[m->factor[f].param]].in_einsum = true;
        }
    }
}

/* Variables of the copies and of some axes of the kernel, each once. */
static uint32_t axes_vars(const zkg_kernel *k, const zkg_task *t,
                          const bool *has)
{
    uint32_t n = zkg_axis_bits(t->copies);

    for (uint32_t a = 0; a < k->axes; a++)
        n += has[a] ? zkg_axis_bits(k->axis[a].len) : 0;
    return n;
}

/* No lookup and no term runs over more than 2^40 padded index values. */
static zkg_status check_sizes(const zkg_kernel *k, const zkg_task *t,
                              zkg_error *err)
{
    bool has[ZKG_MAX_KERNEL_AXES];
    uint32_t most = 0;

    for (uint32_t i = 0; i < k->lookups; i++) {
        memset(has, 0, sizeof(has));
        for (uint32_t c = 0; c < k->lookup[i].columns; c++) {
            const zkg_stmt_param *p = &k->param[k->lookup[i].param[c]];

            for (uint32_t a = 0; a < p->axes; a++)
                has[p->axis[a]] = true;
        }
        most = axes_vars(k, t, has) > most ? axes_vars(k, t, has) : most;
    }
    for (uint32_t i = 0; i < k->einsums; i++) {
        const zkg_stmt_einsum *e = &k->einsum[i];

        for (uint32_t j = 0; j < e->terms; j++) {
            memset(has, 0, sizeof(has));
            for (uint32_t a = 0; a < e->out_axes; a++)
                has[e->out[a]] = true;
            for (uint32_t a = 0; a < k->axes; a++) {
                for (uint32_t f = 0; f < e->term[j].factors; f++)
                    has[a] = has[a] || factor_has(&e->term[j].factor[f], a);
            }
            most = axes_vars(k, t, has) > most ? axes_vars(k, t, has) : most;
        }
    }
    if (most > ZKG_MAX_TENSOR_VARS)
        return BAD("task %s: a relation of kernel %s runs over more than "
                   "2^%d padded index values",
                   t->name, k->name, ZKG_MAX_TENSOR_VARS);
    return ZKG_OK;
}

/* The tensor bound to parameter p. */
static zkg_status check_binding(const zkg_statement *st, const zkg_task *t,
                                uint32_t p, const use *used, zkg_error *err)
{
    const zkg_kernel *k = &st->kernel[t->kernel];
    const uint32_t x = t->bind[p];

    if (x >= st->tensors)
        return BAD("task %s: parameter %s has no tensor", t->name,
                   k->param[p].name);
    if (k->param[p].axes + 1 > ZKG_MAX_AXES)
        return BAD("task %s: parameter %s has no room for the copies' axis",
                   t->name, k->param[p].name);
    ZKG_TRY(check_shape(st, t, p, err));
    if (st->tensor[x].vis == ZKG_VIRTUAL) {
        if (used[x].bound)
            return BAD("virtual tensor %s is bound in two tasks, %s and %s",
                       st->tensor[x].name, st->task[used[x].last].name,
                       t->name);
        if (holds(t->bind, p, x))
            return BAD("task %s: virtual tensor %s is bound twice", t->name,
                       st->tensor[x].name);
        ZKG_TRY(check_virtual(st, t, p, err));
    }
    if (zkg_statement_is_hinted_counts(st, x))
        return BAD("task %s: tensor %s is a hint, the counts of a table, "
                   "and nothing else",
                   t->name, st->tensor[x].name);
    return ZKG_OK;
}

static zkg_status check_task(const zkg_statement *st, uint32_t id, notes *n,
                             zkg_error *err)
{
    const zkg_task *t = &st->task[id];
    const zkg_kernel *k;

    if (t->kernel >= st->kernels)
        return BAD("task %s has no kernel", t->name);
    k = &st->kernel[t->kernel];
    n->kernel_used[t->kernel] = true;
    if (t->copies < 1 || t->copies > MAX_ELEMENTS)
        return BAD("task %s: %llu copies", t->name,
                   (unsigned long long)t->copies);
    if (t->params != k->params)
        return BAD("task %s binds %u tensors, kernel %s has %u parameters",
                   t->name, t->params, k->name, k->params);
    for (uint32_t p = 0; p < k->params; p++)
        ZKG_TRY(check_binding(st, t, p, n->used, err));
    for (uint32_t i = 0; i < k->einsums; i++) {
        const uint32_t p = k->einsum[i].equals;

        if (p != ZKG_NO_ID && st->tensor[t->bind[p]].vis != ZKG_VIRTUAL)
            return BAD("task %s: an einsum equals tensor %s, which is not "
                       "virtual",
                       t->name, st->tensor[t->bind[p]].name);
    }
    ZKG_TRY(zkg_stmt_check_task_circuit(st, t, err));
    for (uint32_t i = 0; i < k->lookups; i++)
        n->table_used[k->lookup[i].table] = true;
    note_uses(st, t, id, n);
    return check_sizes(k, t, err);
}

/* ---- integers ---- */

static uint64_t magnitude(const zkg_tensor *t)
{
    const uint64_t a = t->min < 0 ? 0 - (uint64_t)t->min : (uint64_t)t->min;
    const uint64_t b = t->max < 0 ? 0 - (uint64_t)t->max : (uint64_t)t->max;

    return a > b ? a : b;
}

/* An interval; known is false when it left 64 bits. */
typedef struct interval {
    int64_t low, high;
    bool known;
} interval;

static interval interval_mul(interval a, interval b)
{
    interval r = {0, 0, a.known && b.known};
    const int64_t x[2] = {a.low, a.high}, y[2] = {b.low, b.high};

    for (int i = 0; i < 4 && r.known; i++) {
        int64_t v;

        r.known = zkg_mul_i64_ok(&v, x[i / 2], y[i % 2]);
        if (!r.known)
            break;
        if (i == 0 || v < r.low)
            r.low = v;
        if (i == 0 || v > r.high)
            r.high = v;
    }
    return r;
}

/* The bound of one einsum in one task, and the interval of its sum. */
static zkg_u256 einsum_bound(const zkg_statement *st, const zkg_task *t,
                             const zkg_stmt_einsum *e, interval *sum)
{
    zkg_u256 total = {.over = false};

    *sum = (interval){0, 0, true};
    for (uint32_t i = 0; i < e->terms; i++) {
        const zkg_stmt_term *m = &e->term[i];
        zkg_u256 b = {.over = false};
        interval v = {0, 0, true};
        const uint64_t n = m->summed;

        memcpy(b.limb, m->c.limb, sizeof(b.limb));
        v.known = zkg_coeff_to_i64(&v.low, &m->c) && n <= INT64_MAX;
        v.high = v.low;
        v = interval_mul(v, (interval){(int64_t)n, (int64_t)n, true});
        zkg_u256_mul_u64(&b, n);
        b.over = b.over || n == UINT64_MAX;
        for (uint32_t f = 0; f < m->factors; f++) {
            const zkg_tensor *x = &st->tensor[t->bind[m->factor[f].param]];

            zkg_u256_mul_u64(&b, magnitude(x));
            v = interval_mul(v, (interval){x->min, x->max, true});
        }
        /* What is read outside is 0. */
        if (m->maps && v.low > 0)
            v.low = 0;
        if (m->maps && v.high < 0)
            v.high = 0;
        zkg_u256_add(&total, &b);
        sum->known = sum->known && v.known &&
                     zkg_add_i64_ok(&sum->low, sum->low, v.low) &&
                     zkg_add_i64_ok(&sum->high, sum->high, v.high);
    }
    return total;
}

static zkg_status check_bounds(const zkg_statement *st, const zkg_task *t,
                               use *used, zkg_error *err)
{
    const zkg_kernel *k = &st->kernel[t->kernel];

    for (uint32_t i = 0; i < k->einsums; i++) {
        const zkg_stmt_einsum *e = &k->einsum[i];
        interval sum;
        zkg_u256 bound = einsum_bound(st, t, e, &sum);

        if (e->equals != ZKG_NO_ID) {
            const uint32_t x = t->bind[e->equals];
            zkg_u256 v = {.limb = {1}};

            zkg_u256_mul_u64(&v, magnitude(&st->tensor[x]));
            zkg_u256_add(&bound, &v);
            /* A virtual tensor is what its producer says. */
            if (sum.known && st->tensor[x].min <= sum.low &&
                sum.high <= st->tensor[x].max)
                used[x].ranged = true;
        }
        if (!zkg_u256_is_below_half_p(&bound))
            return BAD("task %s, einsum %u of kernel %s: the sum of its "
                       "terms' bounds is not below p/2, so it could wrap "
                       "mod p; tighten min..max of its tensors",
                       t->name, i, k->name);
    }
    return ZKG_OK;
}

/* Is every tensor used, and every bound one that a lookup enforces? */
static zkg_status check_uses(const zkg_statement *st, const use *used,
                             zkg_error *err)
{
    for (uint32_t i = 0; i < st->tensors; i++) {
        const zkg_tensor *t = &st->tensor[i];
        const use *u = &used[i];

        if (!u->bound && !u->counts)
            return BAD("tensor %s is bound to no parameter", t->name);
        if (t->vis != ZKG_PRIVATE && t->vis != ZKG_VIRTUAL)
            continue;
        /* Nobody relies on the bounds of what only circuits read. */
        if (u->ranged || t->type == ZKG_FR ||
            (!u->in_einsum && (u->counts || !u->tried)))
            continue;
        if (u->tried)
            return BAD("tensor %s: its range %lld..%lld does not contain all "
                       "of %lld..%lld, which is what table %s lets pass",
                       t->name, (long long)t->min, (long long)t->max,
                       (long long)u->low, (long long)u->high,
                       st->table[u->table].name);
        return BAD("tensor %s is %s, and no lookup holds it to its range "
                   "%lld..%lld",
                   t->name, zkg_visibility_name(t->vis), (long long)t->min,
                   (long long)t->max);
    }
    return ZKG_OK;
}

static zkg_status check_tasks(const zkg_statement *st, notes *n, zkg_error *err)
{
    if (st->tasks < 1 || st->tasks > ZKG_MAX_TASKS)
        return BAD("a graph has at least one task");
    ZKG_TRY(check_names("task", &st->task[0].name, st->tasks,
                        sizeof(st->task[0]), zkg_task_name_is_valid, err));
    for (uint32_t i = 0; i < st->tasks; i++)
        ZKG_TRY(check_task(st, i, n, err));
    for (uint32_t i = 0; i < st->tasks; i++)
        ZKG_TRY(check_bounds(st, &st->task[i], n->used, err));
    for (uint32_t i = 0; i < st->kernels; i++) {
        if (!n->kernel_used[i])
            return BAD("kernel %s is used by no task", st->kernel[i].name);
    }
    for (uint32_t i = 0; i < st->tables; i++) {
        if (!n->table_used[i])
            return BAD("table %s is looked up by no task", st->table[i].name);
    }
    return check_uses(st, n->used, err);
}

static zkg_status set_digest(zkg_statement *st, zkg_error *err)
{
    uint8_t *bytes;
    size_t len;

    ZKG_TRY(zkg_statement_encode(&bytes, &len, st, err));
    zkg_blake2b_256(st->digest, bytes, len);
    zkg_free(bytes);
    return ZKG_OK;
}

/* The relations' own opinion of each task's shape. */
static zkg_status check_relations(const zkg_statement *st, zkg_error *err)
{
    for (uint32_t i = 0; i < st->tasks; i++) {
        zkg_bound_task b;
        zkg_status s;

        ZKG_TRY(zkg_statement_task(&b, st, i, NULL, err));
        s = zkg_task_check(&b.relations, err);
        zkg_bound_task_clear(&b);
        if (s != ZKG_OK)
            return zkg_fail(err, s,
                            "task %s has relations that cannot be "
                            "proven",
                            st->task[i].name);
    }
    return ZKG_OK;
}

static zkg_status check_all(zkg_statement *st, notes *n, zkg_error *err)
{
    if (n->used == NULL || n->kernel_used == NULL || n->table_used == NULL ||
        n->range == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    if (st->tensors == 0)
        return BAD("a graph has at least one tensor");
    ZKG_TRY(check_tensors(st, err));
    ZKG_TRY(check_tables(st, n, err));
    ZKG_TRY(zkg_stmt_check_circuits(st, err));
    ZKG_TRY(check_kernels(st, err));
    ZKG_TRY(check_tasks(st, n, err));
    ZKG_TRY(check_relations(st, err));
    return set_digest(st, err);
}

zkg_status zkg_statement_check(zkg_statement *st, zkg_error *err)
{
    notes n = {
        .used = zkg_alloc(st->tensors, sizeof(n.used[0])),
        .kernel_used = zkg_alloc(st->kernels, sizeof(bool)),
        .table_used = zkg_alloc(st->tables, sizeof(bool)),
        .range = zkg_alloc((size_t)st->tables * ZKG_MAX_TABLE_COLUMNS,
                           sizeof(n.range[0])),
    };
    const zkg_status s = check_all(st, &n, err);

    zkg_free(n.used);
    zkg_free(n.kernel_used);
    zkg_free(n.table_used);
    zkg_free(n.range);
    return s;
}
