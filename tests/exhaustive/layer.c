/* SPDX-License-Identifier: Apache-2.0 */
#include "layer.h"

#include "nn/special.h"
#include "witnesses.h"

#if defined(__SANITIZE_ADDRESS__)
#define EVERY 256 /* inputs: all of them, up to so many */
#define SOME 20   /* else that many, mixed from edges and others */
#else
#define EVERY 1024
#define SOME 60
#endif
#define TRIES 20       /* inputs without a relation */
#define FEW_STEPS 8000 /* the same, without a relation */

static uint64_t draw(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

void layer_begin(layer *l, const char *name)
{
    zkg_error err = {0};

    *l = (layer){.name = name};
    must(zkg_graph_new(&l->g, &err), &err);
}

void layer_input(layer *l, const char *name, uint32_t axes, const uint64_t *len,
                 int64_t min, int64_t max)
{
    zkg_tensor_spec spec = {.name = name,
                            .type = ZKG_I16,
                            .visibility = ZKG_PRIVATE,
                            .axes = axes,
                            .min = min,
                            .max = max};
    zkg_error err = {0};
    uint64_t n = 1;

    for (uint32_t i = 0; i < axes; i++) {
        spec.len[i] = len[i];
        n *= len[i];
    }
    for (uint64_t i = 0; i < n; i++) {
        assert_true(l->n < LAYER_MOST);
        l->min[l->n] = min;
        l->max[l->n++] = max;
    }
    must(zkg_graph_add_tensor(l->g, &spec, &err), &err);
    must(zkg_nn_range(l->g, name, &err), &err);
    must(zkg_graph_add_input(l->g, name, &err), &err);
}

void layer_end(layer *l, const char *y)
{
    uint64_t all = 1;
    zkg_error err = {0};

    must(zkg_graph_add_output(l->g, y, &err), &err);
    must(zkg_graph_finish(l->g, &err), &err);
    for (uint32_t i = 0; i < l->n && all <= EVERY; i++)
        all *= (uint64_t)(l->max[i] - l->min[i] + 1);
    l->every = all <= EVERY;
    l->inputs = l->every ? all : SOME;
}

/* Input number i: counted, or drawn. */
static void set_input(layer *l, uint64_t i)
{
    uint64_t seed = LAYER_SEED + i;

    for (uint32_t k = 0; k < l->n; k++) {
        const uint64_t values = (uint64_t)(l->max[k] - l->min[k] + 1);
        const int64_t edge[4] = {l->min[k], l->max[k],
                                 l->min[k] > 0 ? l->min[k] : 0,
                                 k > 0 ? l->x[k - 1] : l->min[k]};
        const uint64_t how = l->mild ? 8 : draw(&seed) % 8;

        if (l->every) {
            l->x[k] = l->min[k] + (int64_t)(i % values);
            i /= values;
        } else if (!l->mild && (i < 3 || how < 4)) {
            l->x[k] = edge[i < 3 ? i : how];
            if (l->x[k] < l->min[k] || l->x[k] > l->max[k])
                l->x[k] = l->max[k];
        } else {
            l->x[k] = l->min[k] + (int64_t)(draw(&seed) % values);
        }
    }
}

/* The inputs as arrays of a witness. */
static void give_input(layer *l, zkg_witness *w)
{
    zkg_error err = {0};
    uint32_t k = 0;

    for (uint32_t i = 0; i < l->g->inputs; i++) {
        const uint32_t id = l->g->input[i];
        const zkg_tensor *t = &l->g->st.tensor[id];
        zkg_array *a = &w->array[id];

        must(zkg_array_init(a, t->type, t->axes, t->len, &err), &err);
        for (uint64_t j = 0; j < zkg_array_count(a); j++)
            zkg_array_set_i64(a, j, l->x[k++]);
    }
}

/* The witness by the rules; false: they find none. */
static bool solve(layer *l, zkg_witness *w)
{
    zkg_error err = {0};

    must(zkg_witness_init(w, l->g, &err), &err);
    give_input(l, w);
    return zkg_witness_solve(w, l->g, &err) == ZKG_OK &&
           zkg_witness_check(w, l->g, &err) == ZKG_OK;
}

static const char *input_text(const layer *l)
{
    static char text[600];
    size_t n = 0;

    for (uint32_t k = 0; k < l->n; k++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, " %lld",
                              (long long)l->x[k]);
    return text;
}

/* ---- one witness ---- */

static void check_model(const layer *l, const zkg_witness *w)
{
    const zkg_array *y = &w->array[l->g->output[0]];
    int64_t want[LAYER_MOST];

    assert_true(zkg_array_count(y) <= LAYER_MOST);
    if (!l->model(want, l->user, l->x))
        fail_msg("%s: a witness where there is no output, of%s", l->name,
                 input_text(l));
    for (uint64_t i = 0; i < zkg_array_count(y); i++) {
        if (zkg_array_get_i64(y, i) != want[i])
            fail_msg("%s: output %llu of%s is %lld, not %lld", l->name,
                     (unsigned long long)i, input_text(l),
                     (long long)zkg_array_get_i64(y, i), (long long)want[i]);
    }
}

/* Sums over all inputs. */
typedef struct tally {
    uint64_t with, cells, open, nodes;
} tally;

/* found[i]: the witnesses of input i. */
static void check_input(layer *l, wit *all, zkg_array *given, bool *found,
                        tally *sum)
{
    zkg_witness w;
    wit_answer a;

    *found = solve(l, &w);
    wit_given(given, l->g, w.array);
    a = wit_find(all, given, 2, LAYER_STEPS);
    sum->with += *found;
    sum->cells += a.cells;
    sum->open += a.open;
    sum->nodes += a.nodes;
    if (a.cut)
        fail_msg("%s: of%s more than %d steps", l->name, input_text(l),
                 LAYER_STEPS);
    if (a.found != *found)
        fail_msg("%s: %llu witnesses of%s, where the rules find %d: %s",
                 l->name, (unsigned long long)a.found, input_text(l), *found,
                 a.text);
    if (*found && wit_differs(all, w.array) != NULL)
        fail_msg("%s: of%s %s", l->name, input_text(l),
                 wit_differs(all, w.array));
    if (*found && l->model != NULL)
        check_model(l, &w);
    zkg_witness_clear(&w);
}

void layer_one_witness(layer *l, bool *found)
{
    zkg_array *given = calloc(l->g->st.tensors, sizeof(given[0]));
    wit *all = wit_new(&l->g->st, l->g->value);
    tally sum = {0};

    assert_non_null(given);
    if (wit_unbounded(all) != NULL)
        fail_msg("%s: %s", l->name, wit_unbounded(all));
    for (uint64_t i = 0; i < l->inputs; i++) {
        bool has;

        set_input(l, i);
        check_input(l, all, given, &has, &sum);
        if (found != NULL)
            found[i] = has;
    }
    assert_true(sum.with > 0);
    printf("%s: %llu%s inputs, %llu of which have a witness, and one; %llu "
           "relations, %llu cells; %llu open, %llu nodes\n",
           l->name, (unsigned long long)l->inputs, l->every ? " (all)" : "",
           (unsigned long long)sum.with, (unsigned long long)wit_relations(all),
           (unsigned long long)(sum.cells / l->inputs),
           (unsigned long long)sum.open, (unsigned long long)sum.nodes);
    wit_free(all);
    free(given);
}

/* ---- relations left out ---- */

typedef enum missing { NEEDLESS, UNDECIDED, SECOND_WITNESS, UNBOUNDED } missing;

/* What comes of the statement as it is now. */
static missing judge(layer *l, const bool *found, zkg_array *given)
{
    wit *all = wit_new(&l->g->st, l->g->value);
    const uint64_t tries = l->inputs < TRIES ? l->inputs : TRIES;
    missing m = wit_unbounded(all) != NULL ? UNBOUNDED : NEEDLESS;

    for (uint64_t i = 0; i < tries && m != SECOND_WITNESS; i++) {
        const uint64_t at = l->every ? i * 769 % l->inputs : i;
        zkg_witness w;
        zkg_error err = {0};
        wit_answer a;

        set_input(l, at);
        must(zkg_witness_init(&w, l->g, &err), &err);
        give_input(l, &w);
        wit_given(given, l->g, w.array);
        a = wit_find(all, given, 2, FEW_STEPS);
        if (a.found > found[at])
            m = SECOND_WITNESS;
        else if (a.cut && m == NEEDLESS)
            m = UNDECIDED;
        zkg_witness_clear(&w);
    }
    wit_free(all);
    return m;
}

/* One relation of a kernel, kept while the statement is without it. */
typedef struct dropped {
    zkg_kernel *k;
    uint32_t at;
    bool is_lookup;
    zkg_stmt_lookup lookup;
    zkg_stmt_einsum einsum;
} dropped;

static dropped drop(zkg_kernel *k, uint32_t r)
{
    dropped d = {.k = k, .at = r, .is_lookup = r < k->lookups};

    if (d.is_lookup) {
        d.lookup = k->lookup[r];
        k->lookups--;
        memmove(k->lookup + r, k->lookup + r + 1,
                (k->lookups - r) * sizeof(k->lookup[0]));
        return d;
    }
    d.at -= k->lookups;
    d.einsum = k->einsum[d.at];
    k->einsums--;
    memmove(k->einsum + d.at, k->einsum + d.at + 1,
            (k->einsums - d.at) * sizeof(k->einsum[0]));
    return d;
}

static void restore(const dropped *d)
{
    zkg_kernel *k = d->k;

    if (d->is_lookup) {
        memmove(k->lookup + d->at + 1, k->lookup + d->at,
                (k->lookups - d->at) * sizeof(k->lookup[0]));
        k->lookup[d->at] = d->lookup;
        k->lookups++;
    } else {
        memmove(k->einsum + d->at + 1, k->einsum + d->at,
                (k->einsums - d->at) * sizeof(k->einsum[0]));
        k->einsum[d->at] = d->einsum;
        k->einsums++;
    }
}

/* Of all relations of kernels so many are needless, and no more. */
static void drop_each(layer *l, const bool *found, uint32_t needless)
{
    zkg_array *given = calloc(l->g->st.tensors, sizeof(given[0]));
    uint32_t how[4] = {0};

    assert_non_null(given);
    for (uint32_t i = 0; i < l->g->st.kernels; i++) {
        zkg_kernel *k = &l->g->st.kernel[i];

        for (uint32_t r = 0; r < k->lookups + k->einsums; r++) {
            const dropped d = drop(k, r);
            const missing m = judge(l, found, given);

            restore(&d);
            how[m]++;
            if (m == NEEDLESS)
                printf("  %s: kernel %s does without %s %u\n", l->name, k->name,
                       d.is_lookup ? "lookup" : "einsum", d.at);
        }
    }
    printf("  without one relation: %u times a second witness, %u times an "
           "unbounded cell, %u times not found soon\n",
           how[SECOND_WITNESS], how[UNBOUNDED], how[UNDECIDED]);
    assert_int_equal(how[NEEDLESS], needless);
    assert_true(how[UNDECIDED] <= 1);
    free(given);
}

void layer_hold(layer *l, uint32_t needless)
{
    bool *found = calloc(l->inputs, sizeof(found[0]));

    assert_non_null(found);
    layer_one_witness(l, found);
    drop_each(l, found, needless);
    zkg_graph_free(l->g);
    free(found);
}

/* ---- statements weakened ---- */

/* The number of inputs for which the statement, as it is now, takes another
 * output than the layer's. */
static uint64_t false_outputs(layer *l)
{
    zkg_array *given = calloc(l->g->st.tensors, sizeof(given[0]));
    wit *all = wit_new(&l->g->st, l->g->value);
    const uint32_t y = l->g->output[0];
    uint64_t count = 0;

    assert_non_null(given);
    for (uint64_t i = 0; i < l->inputs; i++) {
        int64_t want[LAYER_MOST];
        zkg_error err = {0};
        zkg_witness w;
        bool other = false;

        set_input(l, i);
        if (!l->model(want, l->user, l->x))
            continue;
        must(zkg_witness_init(&w, l->g, &err), &err);
        give_input(l, &w);
        wit_given(given, l->g, w.array);
        for (uint64_t k = 0; k < zkg_tensor_count(&l->g->st.tensor[y]); k++)
            other = other || wit_has_other(all, given, y, k, want[k]);
        count += other;
        zkg_witness_clear(&w);
    }
    wit_free(all);
    free(given);
    return count;
}

/* None before, some after; takes the graph. */
static void expect_false_outputs(layer *l, const char *how, uint64_t before,
                                 uint64_t after)
{
    printf("%s, %s: another output for %llu of %llu inputs\n", l->name, how,
           (unsigned long long)after, (unsigned long long)l->inputs);
    assert_int_equal(before, 0);
    assert_true(after > 0);
    zkg_graph_free(l->g);
}

/* Without relation r of a kernel, lookups first. */
void layer_expect_needed(layer *l, const char *kernel, bool lookup, uint32_t r,
                         const char *how)
{
    const uint32_t id = zkg_statement_kernel_id(&l->g->st, kernel);
    zkg_kernel *k = &l->g->st.kernel[id];
    const uint64_t before = false_outputs(l);
    const dropped d = drop(k, lookup ? r : k->lookups + r);
    const uint64_t after = false_outputs(l);

    restore(&d);
    expect_false_outputs(l, how, before, after);
}

/* With other rows in a table, the declared ranges as they were. */
void layer_expect_exact(layer *l, const char *table, const int64_t *row,
                        uint64_t rows, const char *how)
{
    zkg_stmt_table *t =
        &l->g->st.table[zkg_statement_table_id(&l->g->st, table)];
    const zkg_stmt_table was = *t;
    const uint64_t before = false_outputs(l);
    zkg_array column;
    uint64_t after;

    zkg_array_borrow(&column, ZKG_I64, 1, &rows, (void *)row);
    *t = (zkg_stmt_table){.name = was.name,
                          .kind = ZKG_KIND_COLUMNS,
                          .rows = rows,
                          .columns = 1,
                          .column = &column,
                          .counts = was.counts,
                          .hinted = true};
    after = false_outputs(l);
    *t = was;
    expect_false_outputs(l, how, before, after);
}
