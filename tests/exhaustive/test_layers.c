/* SPDX-License-Identifier: Apache-2.0 */
/* What the layers say has one witness for each input: the one that the rules
 * make, with the outputs of the plain integer models; or none, where there is
 * no output.  witnesses.h seeks all there are.
 *
 * And each relation is needed: without any one of them some input has more, or
 * a cell is bounded by nothing.  Statements weakened as others have been prove
 * outputs that are wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/special.h"
#include "nn/weights.h"
#include "onnx/lower.h"
#include "witnesses.h"

#if defined(__SANITIZE_ADDRESS__)
#define EVERY 256 /* inputs: all of them, up to so many */
#define SOME 20   /* else that many, mixed from edges and others */
#else
#define EVERY 1024
#define SOME 60
#endif
#define MODEL_INPUTS 5
#define TRIES 20       /* inputs without a relation */
#define STEPS 10000000 /* of one search */
#define FEW_STEPS 8000 /* the same, without a relation */
#define SEED 20261122
#define MOST 64 /* elements of all inputs, or of the output */

static void must(zkg_status s, const zkg_error *err)
{
    if (s != ZKG_OK)
        fail_msg("%s: %s", zkg_status_name(s), err->text);
}

/* ---- a layer and its inputs ---- */

/* y of all inputs, one after the other; false: there is none. */
typedef bool model_fn(int64_t *y, const void *user, const int64_t *x);

typedef struct layer {
    const char *name;
    zkg_graph *g;
    model_fn *model; /* NULL: none */
    const void *user;
    int64_t x[MOST], min[MOST], max[MOST]; /* elements of all inputs */
    uint32_t n;
    uint64_t inputs; /* to be tried */
    bool every;
} layer;

static uint64_t draw(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

static void begin(layer *l, const char *name)
{
    zkg_error err = {0};

    *l = (layer){.name = name};
    must(zkg_graph_new(&l->g, &err), &err);
}

static void add_input(layer *l, const char *name, uint32_t axes,
                      const uint64_t *len, int64_t min, int64_t max)
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
        assert_true(l->n < MOST);
        l->min[l->n] = min;
        l->max[l->n++] = max;
    }
    must(zkg_graph_add_tensor(l->g, &spec, &err), &err);
    must(zkg_nn_range(l->g, name, &err), &err);
    must(zkg_graph_add_input(l->g, name, &err), &err);
}

static void end(layer *l, const char *y)
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
    uint64_t seed = SEED + i;

    for (uint32_t k = 0; k < l->n; k++) {
        const uint64_t values = (uint64_t)(l->max[k] - l->min[k] + 1);
        const int64_t edge[4] = {l->min[k], l->max[k],
                                 l->min[k] > 0 ? l->min[k] : 0,
                                 k > 0 ? l->x[k - 1] : l->min[k]};
        const uint64_t how = draw(&seed) % 8;

        if (l->every) {
            l->x[k] = l->min[k] + (int64_t)(i % values);
            i /= values;
        } else if (i < 3 || how < 4) {
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
    int64_t want[MOST];

    assert_true(zkg_array_count(y) <= MOST);
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
    a = wit_find(all, given, 2, STEPS);
    sum->with += *found;
    sum->cells += a.cells;
    sum->open += a.open;
    sum->nodes += a.nodes;
    if (a.cut)
        fail_msg("%s: of%s more than %d steps", l->name, input_text(l), STEPS);
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
static void drop_each(layer *l, const bool *found, zkg_array *given,
                      uint32_t needless)
{
    uint32_t how[4] = {0};

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
}

/* All of it; takes the graph.  needless: relations that say what others say. */
static void hold(layer *l, uint32_t needless)
{
    zkg_array *given = calloc(l->g->st.tensors, sizeof(given[0]));
    bool *found = calloc(l->inputs, sizeof(found[0]));
    wit *all = wit_new(&l->g->st, l->g->value);
    tally sum = {0};

    assert_non_null(given);
    assert_non_null(found);
    if (wit_unbounded(all) != NULL)
        fail_msg("%s: %s", l->name, wit_unbounded(all));
    for (uint64_t i = 0; i < l->inputs; i++) {
        set_input(l, i);
        check_input(l, all, given, &found[i], &sum);
    }
    assert_true(sum.with > 0);
    printf("%s: %llu%s inputs, %llu of which have a witness, and one; %llu "
           "relations, %llu cells; %llu open, %llu nodes\n",
           l->name, (unsigned long long)l->inputs, l->every ? " (all)" : "",
           (unsigned long long)sum.with, (unsigned long long)wit_relations(all),
           (unsigned long long)(sum.cells / l->inputs),
           (unsigned long long)sum.open, (unsigned long long)sum.nodes);
    wit_free(all);
    drop_each(l, found, given, needless);
    zkg_graph_free(l->g);
    free(found);
    free(given);
}

/* ---- sums, rescaled ---- */

/* y = q or f(q), q = round((3 x0 - 2 x1 + 1) / D) */
typedef struct divided {
    int64_t divisor;
    zkg_nn_function *f; /* or NULL */
} divided;

static bool divided_model(int64_t *y, const void *user, const int64_t *x)
{
    const divided *d = user;
    const int64_t q = zkg_nn_round_div(3 * x[0] - 2 * x[1] + 1, d->divisor);

    *y = q;
    return d->f == NULL || d->f(y, NULL, q);
}

static void divided_layer(layer *l, const char *name, const divided *d,
                          zkg_interval x, zkg_interval q, zkg_visibility vis)
{
    zkg_nn_layer sum = {.name = "sum",
                        .out = "o",
                        .divisor = (uint64_t)d->divisor,
                        .q = q,
                        .y = "y",
                        .y_visibility = vis};
    char table[ZKG_NN_TABLE_NAME];
    zkg_error err = {0};

    begin(l, name);
    add_input(l, "x", 1, (uint64_t[]){2}, x.min, x.max);
    zkg_nn_axis_push(&sum, "o", 1);
    zkg_nn_axis_push(&sum, "k", 2);
    zkg_nn_param_push(&sum, "x", "k", "x");
    zkg_nn_term_push(&sum, 3, "x[0*o+0]", NULL);
    zkg_nn_term_push(&sum, -2, "x[0*o+1]", NULL);
    zkg_nn_term_push(&sum, 1, NULL, NULL);
    if (d->f != NULL) {
        must(zkg_nn_function_table(table, l->g, q, d->f, NULL, &err), &err);
        sum.table = table;
    }
    must(zkg_nn_layer_add(l->g, &sum, &err), &err);
    l->model = divided_model;
    l->user = d;
    end(l, "y");
}

static void quotients_by_numbers(void **state)
{
    const int64_t divisors[] = {1, 2, 3, 4, 5, 6, 7, 8, 12, 21, 512};

    (void)state;
    for (size_t i = 0; i < sizeof(divisors) / sizeof(divisors[0]); i++) {
        const divided d = {.divisor = divisors[i]};
        char name[40];
        layer l;

        snprintf(name, sizeof(name), "sum / %lld", (long long)d.divisor);
        divided_layer(&l, name, &d, (zkg_interval){-16, 15},
                      (zkg_interval){-80, 80},
                      i % 2 == 0 ? ZKG_PRIVATE : ZKG_PUBLIC);
        hold(&l, 0);
    }
}

/* 60 / q: none of 0. */
static bool reciprocal(int64_t *y, void *user, int64_t q)
{
    (void)user;
    if (q != 0)
        *y = 60 / q;
    return q != 0;
}

/* 0 where that is largest: many q for one y. */
static bool bump(int64_t *y, void *user, int64_t q)
{
    (void)user;
    *y = q * q > 9 ? 0 : 9 - q * q;
    return true;
}

static void functions(void **state)
{
    const divided hole = {.divisor = 3, .f = reciprocal};
    const divided flat = {.divisor = 4, .f = bump};
    layer l;

    (void)state;
    divided_layer(&l, "60 / (sum / 3)", &hole, (zkg_interval){-8, 7},
                  (zkg_interval){-14, 13}, ZKG_PUBLIC);
    hold(&l, 0);
    divided_layer(&l, "bump(sum / 4)", &flat, (zkg_interval){-8, 7},
                  (zkg_interval){-9, 9}, ZKG_PRIVATE);
    hold(&l, 0);
}

/* ---- dense layers ---- */

typedef struct dense {
    zkg_nn_dense d;
    bool relu;
} dense;

static bool dense_model(int64_t *y, const void *user, const int64_t *x)
{
    const dense *d = user;
    zkg_error err = {0};

    must(zkg_nn_dense_model(NULL, NULL, y, &d->d, d->relu, x, &err), &err);
    return true;
}

static void dense_layers(void **state)
{
    const int64_t small[] = {3, -2, -5, 1}, bias[] = {-7, 4};
    const int64_t large[] = {70000, -40001, 123457, 99991};
    const int64_t large_bias[] = {-300001, 131072};
    const struct {
        const char *name;
        const int64_t *w, *b;
        uint32_t shift;
        bool relu;
        zkg_visibility y, param;
    } of[] = {
        {"dense", small, bias, 2, false, ZKG_PRIVATE, ZKG_FIXED},
        {"dense, public weights", small, bias, 3, false, ZKG_PUBLIC,
         ZKG_PUBLIC},
        {"dense, relu, private weights", small, bias, 1, true, ZKG_PUBLIC,
         ZKG_PRIVATE},
        {"dense in limbs", large, large_bias, 18, false, ZKG_PUBLIC, ZKG_FIXED},
        {"dense in limbs, relu, private weights in digits", large, large_bias,
         33, true, ZKG_PRIVATE, ZKG_PRIVATE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
        const zkg_interval range[] = {{-16, 15}, {-16, 15}};
        const dense d = {.d = {.name = "fc",
                               .x = "x",
                               .y = "y",
                               .out = 2,
                               .in = 2,
                               .w = of[i].w,
                               .b = of[i].b,
                               .shift = of[i].shift,
                               .y_visibility = of[i].y,
                               .param_visibility = of[i].param},
                         .relu = of[i].relu};
        zkg_error err = {0};
        layer l;

        begin(&l, of[i].name);
        add_input(&l, "x", 1, (uint64_t[]){2}, -16, 15);
        must(d.relu ? zkg_nn_dense_rescale_relu(l.g, NULL, &d.d, range, &err)
                    : zkg_nn_dense_rescale(l.g, NULL, &d.d, range, &err),
             &err);
        l.model = dense_model;
        l.user = &d;
        end(&l, "y");
        hold(&l, 0);
    }
}

/* ---- convolutions ---- */

static bool conv_model(int64_t *y, const void *user, const int64_t *x)
{
    zkg_error err = {0};

    must(zkg_nn_conv2d_model(y, user, x, &err), &err);
    return true;
}

static void convolutions(void **state)
{
    const int64_t w[] = {3, -2, 1, 5, -4, 2, 1, -1, 6, -3, 2, 2,
                         1, 0,  7, 3, -5, 1, 4, 2,  1, -2, 3, 1};
    const int64_t b[] = {-9, 14};
    const struct {
        const char *name;
        uint64_t batch, in, out, groups, rows, columns, kernel, stride, before,
            after, pool[2];
        uint32_t shift;
        bool relu;
        zkg_visibility y, param;
    } of[] = {
        {"conv",
         0,
         1,
         2,
         1,
         2,
         2,
         2,
         1,
         1,
         0,
         {0, 0},
         2,
         false,
         ZKG_PRIVATE,
         ZKG_FIXED},
        {"conv, strided, batch",
         2,
         2,
         1,
         1,
         3,
         3,
         2,
         2,
         0,
         1,
         {0, 0},
         0,
         true,
         ZKG_PUBLIC,
         ZKG_PRIVATE},
        {"conv, depthwise",
         0,
         2,
         2,
         2,
         2,
         2,
         2,
         1,
         1,
         0,
         {0, 0},
         3,
         true,
         ZKG_PRIVATE,
         ZKG_FIXED},
        {"conv, maximum",
         0,
         1,
         1,
         1,
         2,
         2,
         2,
         1,
         1,
         0,
         {2, 2},
         2,
         false,
         ZKG_PRIVATE,
         ZKG_FIXED},
        {"conv, maximum, relu",
         0,
         1,
         2,
         1,
         3,
         2,
         2,
         1,
         0,
         1,
         {3, 2},
         3,
         true,
         ZKG_PUBLIC,
         ZKG_FIXED},
        {"conv, maximum of two, remainder in digits",
         0,
         2,
         2,
         2,
         2,
         2,
         1,
         1,
         0,
         0,
         {1, 2},
         18,
         false,
         ZKG_PUBLIC,
         ZKG_PRIVATE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
        const uint64_t rows = of[i].rows, columns = of[i].columns;
        const zkg_nn_conv2d c = {
            .name = "conv",
            .x = "x",
            .y = "y",
            .batch = of[i].batch,
            .in_channels = of[i].in,
            .out_channels = of[i].out,
            .groups = of[i].groups,
            .window = {.in = {rows, columns},
                       .kernel = {of[i].kernel, of[i].kernel},
                       .stride = {of[i].stride, of[i].stride},
                       .before = {of[i].before, of[i].before},
                       .after = {of[i].after, of[i].after}},
            .w = w,
            .b = b,
            .shift = of[i].shift,
            .relu = of[i].relu,
            .pool = {of[i].pool[0], of[i].pool[1]},
            .y_visibility = of[i].y,
            .param_visibility = of[i].param};
        const uint64_t shape[] = {2, of[i].in, rows, columns};
        const uint32_t from = of[i].batch > 0 ? 0 : 1;
        zkg_error err = {0};
        layer l;

        begin(&l, of[i].name);
        add_input(&l, "x", 4 - from, shape + from, -4, 3);
        must(zkg_nn_conv2d_add(l.g, NULL, &c, (zkg_interval){-4, 3}, &err),
             &err);
        l.model = conv_model;
        l.user = &c;
        end(&l, "y");
        hold(&l, 0);
    }
}

/* ---- pools ---- */

static bool max_model(int64_t *y, const void *user, const int64_t *x)
{
    zkg_error err = {0};

    must(zkg_nn_max_pool2d_model(y, user, x, &err), &err);
    return true;
}

static bool mean_model(int64_t *y, const void *user, const int64_t *x)
{
    zkg_error err = {0};

    must(zkg_nn_avg_pool2d_model(y, user, x, &err), &err);
    return true;
}

static void pools(void **state)
{
    const struct {
        const char *name;
        bool mean;
        uint64_t channels, in[2], kernel[2], stride[2], dilation[2], before[2],
            after[2];
        int64_t min, max;
        zkg_visibility y;
    } of[] = {
        {"max pool",
         false,
         1,
         {2, 2},
         {2, 2},
         {2, 2},
         {1, 1},
         {0, 0},
         {0, 0},
         -4,
         3,
         ZKG_PRIVATE},
        {"max pool of one",
         false,
         1,
         {2, 2},
         {1, 1},
         {1, 1},
         {1, 1},
         {0, 0},
         {0, 0},
         -4,
         3,
         ZKG_PUBLIC},
        {"max pool, overlapping",
         false,
         1,
         {1, 4},
         {1, 3},
         {1, 1},
         {1, 1},
         {0, 0},
         {0, 0},
         -4,
         3,
         ZKG_PUBLIC},
        {"max pool, padded, negative",
         false,
         1,
         {1, 3},
         {1, 2},
         {1, 1},
         {1, 1},
         {0, 1},
         {0, 1},
         -8,
         -1,
         ZKG_PRIVATE},
        {"max pool, padded, positive",
         false,
         1,
         {1, 3},
         {1, 2},
         {1, 1},
         {1, 1},
         {0, 1},
         {0, 1},
         3,
         10,
         ZKG_PRIVATE},
        {"max pool, padded, overlapping, dilated",
         false,
         2,
         {3, 2},
         {2, 2},
         {1, 1},
         {2, 1},
         {1, 1},
         {1, 1},
         -100,
         27,
         ZKG_PUBLIC},
        {"max pool, one axis after the other",
         false,
         1,
         {4, 4},
         {4, 4},
         {1, 1},
         {1, 1},
         {1, 0},
         {0, 1},
         -300,
         211,
         ZKG_PRIVATE},
        {"max pool, a long axis in parts",
         false,
         1,
         {1, 19},
         {1, 17},
         {1, 1},
         {1, 1},
         {0, 0},
         {0, 0},
         -128,
         127,
         ZKG_PUBLIC},
        {"mean of 2",
         true,
         1,
         {1, 2},
         {1, 2},
         {1, 1},
         {1, 1},
         {0, 0},
         {0, 0},
         -16,
         15,
         ZKG_PRIVATE},
        {"mean of 3, padded",
         true,
         1,
         {1, 3},
         {1, 3},
         {1, 1},
         {1, 1},
         {0, 1},
         {0, 1},
         -8,
         7,
         ZKG_PUBLIC},
        {"mean of 6, overlapping",
         true,
         2,
         {3, 3},
         {2, 3},
         {1, 1},
         {1, 1},
         {0, 1},
         {1, 0},
         -100,
         27,
         ZKG_PRIVATE},
        {"mean of 9",
         true,
         1,
         {3, 3},
         {3, 3},
         {1, 1},
         {1, 1},
         {0, 0},
         {0, 0},
         -64,
         63,
         ZKG_PUBLIC},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
        zkg_nn_pool2d p = {.name = "pool",
                           .x = "x",
                           .y = "y",
                           .channels = of[i].channels,
                           .y_visibility = of[i].y};
        const uint64_t shape[] = {of[i].channels, of[i].in[0], of[i].in[1]};
        zkg_error err = {0};
        layer l;

        memcpy(p.window.in, of[i].in, sizeof(p.window.in));
        memcpy(p.window.kernel, of[i].kernel, sizeof(p.window.kernel));
        memcpy(p.window.stride, of[i].stride, sizeof(p.window.stride));
        memcpy(p.window.dilation, of[i].dilation, sizeof(p.window.dilation));
        memcpy(p.window.before, of[i].before, sizeof(p.window.before));
        memcpy(p.window.after, of[i].after, sizeof(p.window.after));
        begin(&l, of[i].name);
        add_input(&l, "x", 3, shape, of[i].min, of[i].max);
        must(of[i].mean ? zkg_nn_avg_pool2d_add(l.g, &p, &err)
                        : zkg_nn_max_pool2d_add(l.g, &p, &err),
             &err);
        l.model = of[i].mean ? mean_model : max_model;
        l.user = &p;
        end(&l, "y");
        /* Of one tap d is 0: its lookup says nothing. */
        hold(&l, of[i].mean || of[i].kernel[0] * of[i].kernel[1] > 1 ? 0 : 1);
    }
}

/* ---- division, softmax, layer normalisation ---- */

typedef struct ratio {
    uint32_t shift;
    zkg_interval x, z, y;
} ratio;

static bool ratio_model(int64_t *y, const void *user, const int64_t *x)
{
    const ratio *r = user;

    return zkg_nn_model_divide(y, x[0], x[1], r->shift) && *y >= r->y.min &&
           *y <= r->y.max;
}

static void ratio_layer(layer *l, const char *name, const ratio *r,
                        zkg_visibility vis)
{
    zkg_nn_layer q = {
        .name = "div", .out = "o", .q = r->y, .y = "y", .y_visibility = vis};
    zkg_error err = {0};

    begin(l, name);
    add_input(l, "x", 1, (uint64_t[]){1}, r->x.min, r->x.max);
    add_input(l, "z", 1, (uint64_t[]){1}, r->z.min, r->z.max);
    zkg_nn_axis_push(&q, "o", 1);
    zkg_nn_param_push(&q, "x", "o", "x");
    zkg_nn_param_push(&q, "z", "o", "z");
    must(zkg_nn_divide_add(l->g, &q, r->shift, &err), &err);
    l->model = ratio_model;
    l->user = r;
    end(l, "y");
}

static void quotients_by_tensors(void **state)
{
    const ratio small = {2, {-16, 15}, {-8, 7}, {-64, 63}};
    const ratio tight = {3, {-8, 7}, {-4, 3}, {-20, 40}};
    const ratio wide = {4, {-5, 5}, {-1200, 1200}, {-128, 127}};
    const ratio digits = {4, {-3000, 3000}, {-40000 / 2, 32767}, {-128, 127}};
    layer l;

    (void)state;
    /* The table of signs holds z to its range as well. */
    ratio_layer(&l, "x / z", &small, ZKG_PUBLIC);
    hold(&l, 1);
    ratio_layer(&l, "x / z, out of range", &tight, ZKG_PRIVATE);
    hold(&l, 1);
    ratio_layer(&l, "x / z, z large", &wide, ZKG_PUBLIC);
    hold(&l, 1);
    ratio_layer(&l, "x / z, remainder in digits", &digits, ZKG_PRIVATE);
    hold(&l, 1);
}

typedef struct row_softmax {
    uint64_t rows, n;
    uint32_t scale, bits;
} row_softmax;

static bool softmax_model(int64_t *y, const void *user, const int64_t *x)
{
    const row_softmax *s = user;

    for (uint64_t r = 0; r < s->rows; r++)
        zkg_nn_model_softmax(y + r * s->n, x + r * s->n, s->n, 1, s->scale,
                             s->bits);
    return true;
}

static void softmax_layer(layer *l, const char *name, const row_softmax *r,
                          zkg_interval x, zkg_visibility vis)
{
    const zkg_nn_softmax s = {.name = "soft",
                              .x = "x",
                              .y = "y",
                              .over = {false, true},
                              .scale = r->scale,
                              .exp_bits = r->bits,
                              .y_visibility = vis};
    zkg_error err = {0};

    begin(l, name);
    add_input(l, "x", 2, (uint64_t[]){r->rows, r->n}, x.min, x.max);
    must(zkg_nn_softmax_add(l->g, &s, &err), &err);
    l->model = softmax_model;
    l->user = r;
    end(l, "y");
}

static void softmaxes(void **state)
{
    const struct {
        const char *name;
        row_softmax r;
        zkg_interval x;
        zkg_visibility y;
    } of[] = {
        {"softmax of 1", {1, 1, 2, 6}, {-8, 7}, ZKG_PUBLIC},
        {"softmax of 2", {1, 2, 2, 7}, {-16, 15}, ZKG_PRIVATE},
        {"softmax of 3", {1, 3, 2, 8}, {-8, 7}, ZKG_PUBLIC},
        {"softmax of 5, two rows", {2, 5, 3, 10}, {-60, 67}, ZKG_PRIVATE},
        {"softmax, sums in digits", {1, 4, 4, 15}, {-64, 63}, ZKG_PUBLIC},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
        layer l;

        softmax_layer(&l, of[i].name, &of[i].r, of[i].x, of[i].y);
        hold(&l, 0);
    }
}

typedef struct normed {
    zkg_nn_layer_norm l;
    const int64_t *gain, *bias;
    zkg_interval y;
} normed;

static bool norm_model(int64_t *y, const void *user, const int64_t *x)
{
    const normed *o = user;
    const zkg_nn_norm *h = &o->l.how;
    int64_t acc[MOST], m, v, u;

    for (uint64_t r = 0; r < h->rows; r++) {
        if (!zkg_nn_model_layer_norm(acc, &m, &v, &u, h, o->gain, o->bias,
                                     x + r * h->n))
            return false;
        zkg_nn_model_rescale(acc, h->n,
                             (int64_t)1
                                 << (h->mean_bits + h->root_bits -
                                     h->variance_scale + h->param_scale));
        memcpy(y + r * h->n, acc, h->n * sizeof(y[0]));
    }
    return true;
}

static void norm_layer(layer *l, const char *name, const normed *o,
                       zkg_interval x)
{
    const zkg_nn_norm *h = &o->l.how;
    const int64_t top = (int64_t)1 << 60;
    zkg_nn_layer y = {.name = "norm.out",
                      .divisor = (uint64_t)1
                                 << (h->mean_bits + h->root_bits -
                                     h->variance_scale + h->param_scale),
                      .t = {-top, top},
                      .q = o->y,
                      .y = "y",
                      .y_visibility = ZKG_PUBLIC};
    char names[3][160];
    zkg_error err = {0};

    begin(l, name);
    add_input(l, "x", 2, (uint64_t[]){h->rows, h->n}, x.min, x.max);
    if (o->gain != NULL)
        must(zkg_nn_fixed(l->g, "g", 1, &h->n, o->gain, &err), &err);
    if (o->bias != NULL)
        must(zkg_nn_fixed(l->g, "b", 1, &h->n, o->bias, &err), &err);
    must(zkg_nn_layer_norm_rows(l->g, &o->l, &err), &err);
    zkg_nn_layer_norm_elements(
        &y, names, &o->l,
        &l->g->st.tensor[zkg_statement_tensor_id(&l->g->st, "x")],
        o->gain != NULL ? "g" : NULL, o->bias != NULL ? "b" : NULL);
    must(zkg_nn_layer_add(l->g, &y, &err), &err);
    l->model = norm_model;
    l->user = o;
    end(l, "y");
}

static void layer_norms(void **state)
{
    const int64_t gain[] = {9, -4, 1, 3}, bias[] = {-70, 0, 33, 5};
    const struct {
        const char *name;
        normed o;
        zkg_interval x;
    } of[] = {
        {"layer norm of 2",
         {{.name = "norm",
           .x = "x",
           .row_axes = 1,
           .how = {.rows = 1,
                   .n = 2,
                   .scale = 3,
                   .mean_bits = 1,
                   .variance_scale = 4,
                   .root_bits = 10,
                   .epsilon = 3},
           .m = {-32, 31},
           .v_bits = 10,
           .u_bits = 11},
          NULL,
          NULL,
          {-64, 63}},
         {-16, 15}},
        {"layer norm of 3, gain, bias",
         {{.name = "norm",
           .x = "x",
           .row_axes = 1,
           .how = {.rows = 1,
                   .n = 3,
                   .scale = 3,
                   .mean_bits = 2,
                   .variance_scale = 4,
                   .root_bits = 12,
                   .param_scale = 3,
                   .epsilon = 1},
           .m = {-32, 31},
           .v_bits = 10,
           .u_bits = 13},
          gain,
          bias,
          {-128, 127}},
         {-8, 7}},
        {"layer norm of 4, root of 31 bits",
         {{.name = "norm",
           .x = "x",
           .row_axes = 1,
           .how = {.rows = 2,
                   .n = 4,
                   .scale = 4,
                   .mean_bits = 4,
                   .variance_scale = 8,
                   .root_bits = 31,
                   .param_scale = 3,
                   .epsilon = 7},
           .m = {-1024, 1023},
           .v_bits = 20,
           .u_bits = 31},
          gain,
          NULL,
          {-128, 127}},
         {-64, 63}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
        layer l;

        norm_layer(&l, of[i].name, &of[i].o, of[i].x);
        hold(&l, 0);
    }
}

/* ---- shapes ---- */

static bool same(int64_t *y, const void *user, const int64_t *x)
{
    memcpy(y, x, *(const uint32_t *)user * sizeof(y[0]));
    return true;
}

static void reshapes(void **state)
{
    const struct {
        uint32_t n, from_axes, axes;
        uint64_t from[4], to[4];
    } of[] = {
        {6, 2, 2, {2, 3}, {3, 2}},        {12, 3, 2, {2, 2, 3}, {4, 3}},
        {30, 3, 3, {5, 2, 3}, {3, 5, 2}}, {36, 2, 4, {6, 6}, {3, 2, 3, 2}},
        {2, 1, 2, {2}, {1, 2}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
        char y[ZKG_NN_TASK_NAME], name[40];
        zkg_error err = {0};
        layer l;

        snprintf(name, sizeof(name), "reshape of %u", of[i].n);
        begin(&l, name);
        add_input(&l, "x", of[i].from_axes, of[i].from, -5, 6);
        must(zkg_nn_reshape_add(y, l.g, "shape", "x", of[i].axes, of[i].to,
                                &err),
             &err);
        l.model = same;
        l.user = &of[i].n;
        end(&l, y);
        hold(&l, 0);
    }
}

/* ---- ranges, and models of many layers ---- */

/* With the input left open there is a witness for each value of its range. */
static void ranges_hold_exactly(void **state)
{
    const zkg_interval range[] = {{-8, 7}, {0, 15}, {-5, 6}, {3, 10}, {4, 4}};

    (void)state;
    for (size_t i = 0; i < sizeof(range) / sizeof(range[0]); i++) {
        const zkg_array open[8] = {{.data = NULL}};
        wit_answer a;
        layer l;
        wit *all;

        begin(&l, "range");
        add_input(&l, "x", 1, (uint64_t[]){1}, range[i].min, range[i].max);
        end(&l, "x");
        assert_true(l.g->st.tensors <= 8);
        all = wit_new(&l.g->st, l.g->value);
        a = wit_find(all, open, 1000, STEPS);
        assert_int_equal(a.found, range[i].max - range[i].min + 1);
        wit_free(all);
        zkg_graph_free(l.g);
    }
}

/* One of the models that have one of every kind of node between them. */
static zkg_graph *compile(const char *model)
{
    const zkg_onnx_options options = {.scale = 4,
                                      .param_scale = 5,
                                      .input = ZKG_PRIVATE,
                                      .output = ZKG_PUBLIC,
                                      .param = ZKG_PRIVATE};
    const char *root = getenv("ZKG_SOURCE_ROOT");
    zkg_onnx_report report;
    zkg_error err = {0};
    zkg_onnx_model m;
    zkg_onnx_plan p;
    zkg_graph *g;
    char path[4096];

    snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/%s",
             root == NULL ? "." : root, model);
    must(zkg_onnx_read(&m, path, &err), &err);
    must(zkg_onnx_infer(&m, &err), &err);
    must(zkg_onnx_plan_init(&p, &m, &err), &err);
    must(zkg_onnx_compile(&g, &report, &m, &p, &options, &err), &err);
    zkg_onnx_report_clear(&report);
    zkg_onnx_plan_clear(&p);
    zkg_onnx_clear(&m);
    return g;
}

/* Inputs of a size that calibration saw; the second one, which divides,
 * positive. */
static void set_mild_input(layer *l, uint64_t seed)
{
    for (uint32_t k = 0; k < l->n; k++)
        l->x[k] = l->min[k] + (int64_t)(draw(&seed) %
                                        (uint64_t)(l->max[k] - l->min[k] + 1));
}

static void whole_models(void **state)
{
    const char *const model[] = {"small.onnx", "pairs.onnx"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        layer l = {.name = model[i], .g = compile(model[i])};
        zkg_array *given = calloc(l.g->st.tensors, sizeof(given[0]));
        wit *all = wit_new(&l.g->st, l.g->value);
        tally sum = {0};

        assert_non_null(given);
        if (wit_unbounded(all) != NULL)
            fail_msg("%s: %s", l.name, wit_unbounded(all));
        for (uint32_t k = 0; k < l.g->inputs; k++) {
            const zkg_tensor *t = &l.g->st.tensor[l.g->input[k]];

            for (uint64_t j = 0; j < zkg_tensor_count(t); j++, l.n++) {
                l.min[l.n] = k == 0 ? -16 : 4;
                l.max[l.n] = k == 0 ? 15 : 35;
            }
        }
        for (uint64_t k = 0; k < MODEL_INPUTS; k++) {
            bool found;

            set_mild_input(&l, SEED + k);
            check_input(&l, all, given, &found, &sum);
        }
        assert_true(sum.with > 0);
        printf("%s: %d inputs, %llu of which have a witness, and one; %llu "
               "relations, %llu cells; %llu open, %llu nodes\n",
               l.name, MODEL_INPUTS, (unsigned long long)sum.with,
               (unsigned long long)wit_relations(all),
               (unsigned long long)(sum.cells / MODEL_INPUTS),
               (unsigned long long)sum.open, (unsigned long long)sum.nodes);
        wit_free(all);
        zkg_graph_free(l.g);
        free(given);
    }
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
        int64_t want[MOST];
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
static void expect_needed(layer *l, const char *kernel, bool lookup, uint32_t r,
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
static void expect_exact(layer *l, const char *table, const int64_t *row,
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

static const divided fourth = {.divisor = 4}, third = {.divisor = 3};

static void divided_by(layer *l, const divided *d)
{
    divided_layer(l, d->divisor == 3 ? "sum / 3" : "sum / 4", d,
                  (zkg_interval){-4, 3}, (zkg_interval){-8, 7}, ZKG_PUBLIC);
}

static void remainders_need_exactly_their_range(void **state)
{
    const int64_t row[] = {0, 1, 2, 3, 4, 5, 6, 7};
    layer l;

    (void)state;
    divided_by(&l, &fourth);
    expect_exact(&l, "range2", row, 5, "a remainder too many");
    divided_by(&l, &fourth);
    expect_exact(&l, "range2", row, 8, "remainders declared, not held");
    divided_by(&l, &third);
    expect_exact(&l, "from_0_to_5", row, 8, "a power of two of remainders");
    divided_by(&l, &fourth);
    expect_needed(&l, "sum", true, 0, "remainders held by nothing");
}

static void means_need_exactly_their_remainders(void **state)
{
    const int64_t row[] = {0, 1, 2, 3, 4, 5, 6, 7};
    const zkg_nn_pool2d p = {.name = "pool",
                             .x = "x",
                             .y = "y",
                             .channels = 1,
                             .window = {.in = {1, 3}, .kernel = {1, 3}},
                             .y_visibility = ZKG_PUBLIC};
    zkg_error err = {0};
    layer l;

    (void)state;
    begin(&l, "mean of 3");
    add_input(&l, "x", 3, (uint64_t[]){1, 1, 3}, -4, 3);
    must(zkg_nn_avg_pool2d_add(l.g, &p, &err), &err);
    l.model = mean_model;
    l.user = &p;
    end(&l, "y");
    expect_exact(&l, "from_0_to_5", row, 8, "a power of two of remainders");
}

static void maxima_need_their_product(void **state)
{
    const int64_t w[] = {3, -2, 1, 5};
    const zkg_nn_pool2d p = {.name = "pool",
                             .x = "x",
                             .y = "y",
                             .channels = 1,
                             .window = {.in = {1, 3}, .kernel = {1, 3}},
                             .y_visibility = ZKG_PUBLIC};
    const zkg_nn_conv2d c = {.name = "conv",
                             .x = "x",
                             .y = "y",
                             .in_channels = 1,
                             .out_channels = 1,
                             .window = {.in = {1, 3}, .kernel = {1, 2}},
                             .w = w,
                             .shift = 2,
                             .pool = {1, 2},
                             .y_visibility = ZKG_PUBLIC,
                             .param_visibility = ZKG_FIXED};
    zkg_error err = {0};
    layer l;

    (void)state;
    begin(&l, "max pool");
    add_input(&l, "x", 3, (uint64_t[]){1, 1, 3}, -4, 3);
    must(zkg_nn_max_pool2d_add(l.g, &p, &err), &err);
    l.model = max_model;
    l.user = &p;
    end(&l, "y");
    expect_needed(&l, "pool", false, 0, "no product");
    begin(&l, "conv, maximum");
    add_input(&l, "x", 3, (uint64_t[]){1, 1, 3}, -4, 3);
    must(zkg_nn_conv2d_add(l.g, NULL, &c, (zkg_interval){-4, 3}, &err), &err);
    l.model = conv_model;
    l.user = &c;
    end(&l, "y");
    expect_needed(&l, "conv", false, 0, "no product");
}

static void quotients_need_their_gap(void **state)
{
    const ratio r = {2, {-8, 7}, {-4, 3}, {-64, 63}};
    layer l;

    (void)state;
    ratio_layer(&l, "x / z", &r, ZKG_PUBLIC);
    expect_needed(&l, "div", false, 1, "no gap");
}

static void softmaxes_need_a_zero(void **state)
{
    const row_softmax r = {1, 2, 2, 6};
    layer l;

    (void)state;
    softmax_layer(&l, "softmax", &r, (zkg_interval){-8, 7}, ZKG_PUBLIC);
    expect_needed(&l, "soft", false, 2, "a maximum that is too large");
}

static void roots_need_both_sides(void **state)
{
    const normed o = {{.name = "norm",
                       .x = "x",
                       .row_axes = 1,
                       .how = {.rows = 1,
                               .n = 2,
                               .scale = 3,
                               .mean_bits = 1,
                               .variance_scale = 4,
                               .root_bits = 8,
                               .epsilon = 3},
                       .m = {-16, 15},
                       .v_bits = 8,
                       .u_bits = 9},
                      NULL,
                      NULL,
                      {-64, 63}};
    layer l;

    (void)state;
    for (uint32_t side = 2; side < 4; side++) {
        norm_layer(&l, "layer norm", &o, (zkg_interval){-4, 3});
        expect_needed(&l, "norm.rows", false, side,
                      side == 2 ? "a root too large" : "a root too small");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotients_by_numbers),
        cmocka_unit_test(functions),
        cmocka_unit_test(dense_layers),
        cmocka_unit_test(convolutions),
        cmocka_unit_test(pools),
        cmocka_unit_test(quotients_by_tensors),
        cmocka_unit_test(softmaxes),
        cmocka_unit_test(layer_norms),
        cmocka_unit_test(reshapes),
        cmocka_unit_test(ranges_hold_exactly),
        cmocka_unit_test(whole_models),
        cmocka_unit_test(remainders_need_exactly_their_range),
        cmocka_unit_test(means_need_exactly_their_remainders),
        cmocka_unit_test(maxima_need_their_product),
        cmocka_unit_test(quotients_need_their_gap),
        cmocka_unit_test(softmaxes_need_a_zero),
        cmocka_unit_test(roots_need_both_sides),
    };

    printf("seed %d\n", SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
