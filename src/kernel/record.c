/* SPDX-License-Identifier: Apache-2.0 */
/* Recording: parameters, arithmetic, assertions. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "graph/statement.h"
#include "kernel/recorder.h"

/* A sum of at most so many terms is taken into the sum that uses it. */
#define MERGED_TERMS 2
#define MAX_TEXT 200 /* of a label; more is cut */

bool zkg_recorder_open(zkg_recorder *r)
{
    if (r->finished)
        zkg_recorder_fail(r, ZKG_ERR_INVALID, "it is finished already");
    return r->failed.status == ZKG_OK;
}

void zkg_recorder_fail(zkg_recorder *r, zkg_status s, const char *fmt, ...)
{
    char text[800];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    (void)zkg_fail(&r->failed, s, "kernel %s: %s", r->name, text);
}

static void no_memory(zkg_recorder *r)
{
    zkg_recorder_fail(r, ZKG_ERR_NOMEM, "no memory, or more than 2^31 parts");
}

/* ---- its life ---- */

zkg_status zkg_recorder_new(zkg_recorder **out, const char *name,
                            zkg_error *err)
{
    zkg_recorder *r;

    if (!zkg_name_is_valid(name))
        return zkg_fail(err, ZKG_ERR_INVALID,
                        "\"%.130s\" is no name for a kernel: letters, digits "
                        "and _.:/-, at most %d",
                        name, ZKG_MAX_NAME);
    r = zkg_alloc(1, sizeof(*r));
    if (r == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for kernel %s", name);
    snprintf(r->name, sizeof(r->name), "%s", name);
    for (int i = 0; i <= ZKG_FR; i++)
        r->hint_param[i] = ZKG_NO_PARAM;
    (void)zkg_constant(r, 0); /* node 0 */
    if (r->failed.status != ZKG_OK) {
        zkg_recorder_free(r);
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for kernel %s", name);
    }
    *out = r;
    return ZKG_OK;
}

void zkg_recorder_free(zkg_recorder *r)
{
    if (r == NULL)
        return;
    for (uint32_t i = 0; i < r->param.count; i++) {
        zkg_free(zkg_recorder_param(r, i)->set);
        zkg_free(zkg_recorder_param(r, i)->is_set);
    }
    for (uint32_t i = 0; i < r->table.count; i++) {
        zkg_free(zkg_recorder_table(r, i)->row);
        zkg_list_free(&zkg_recorder_table(r, i)->row_var);
        zkg_list_free(&zkg_recorder_table(r, i)->query);
    }
    for (uint32_t i = 0; i < r->text.count; i++)
        zkg_free(((char **)r->text.data)[i]);
    zkg_list_free(&r->node);
    zkg_list_free(&r->term);
    zkg_list_free(&r->constant);
    zkg_list_free(&r->param);
    zkg_list_free(&r->hint);
    zkg_list_free(&r->assertion);
    zkg_list_free(&r->table);
    zkg_list_free(&r->text);
    zkg_list_free(&r->word);
    zkg_index_free(&r->node_index);
    zkg_index_free(&r->constant_index);
    zkg_index_free(&r->text_index);
    zkg_free(r);
}

/* ---- pieces ---- */

uint32_t zkg_recorder_add_text(zkg_recorder *r, const char *text)
{
    const size_t len = strnlen(text, MAX_TEXT);
    const uint32_t hash = zkg_hash_bytes(3, text, len);
    uint32_t at, id;
    char *copy;

    zkg_index_find(&r->text_index, hash, &at);
    while (zkg_index_next(&r->text_index, hash, &at, &id)) {
        const char *s = zkg_recorder_text(r, id);

        if (strncmp(s, text, len) == 0 && s[len] == 0)
            return id;
    }
    copy = zkg_alloc(len + 1, 1);
    if (copy != NULL)
        memcpy(copy, text, len);
    if (copy == NULL ||
        zkg_list_add(&r->text, sizeof(copy), 1, &copy) == NULL) {
        zkg_free(copy);
        no_memory(r);
        return UINT32_MAX;
    }
    if (!zkg_index_add(&r->text_index, hash, r->text.count - 1))
        no_memory(r);
    return r->text.count - 1;
}

uint32_t zkg_recorder_add_constant(zkg_recorder *r, const zkg_fr *v)
{
    const uint32_t hash = zkg_hash_bytes(1, v, sizeof(*v));
    uint32_t at, id;

    zkg_index_find(&r->constant_index, hash, &at);
    while (zkg_index_next(&r->constant_index, hash, &at, &id)) {
        if (zkg_fr_equal(zkg_recorder_constant(r, id), v))
            return id;
    }
    if (zkg_list_add(&r->constant, sizeof(*v), 1, v) == NULL ||
        !zkg_index_add(&r->constant_index, hash, r->constant.count - 1)) {
        no_memory(r);
        return UINT32_MAX;
    }
    return r->constant.count - 1;
}

/* Is node id the same as n, whose terms are `term`? */
static bool same_node(const zkg_recorder *r, uint32_t id, const zkg_node *n,
                      const zkg_node_term *term)
{
    const zkg_node *m = zkg_recorder_node(r, id);

    if (m->kind != n->kind || m->b != n->b || m->c != n->c)
        return false;
    if (n->kind != ZKG_NODE_SUM)
        return m->a == n->a;
    return memcmp(zkg_recorder_terms(r, m), term, n->b * sizeof(term[0])) == 0;
}

/* The node n, new or one that is there; of a sum, `term` has its n->b terms. */
static uint32_t intern(zkg_recorder *r, const zkg_node *n,
                       const zkg_node_term *term)
{
    const bool sum = n->kind == ZKG_NODE_SUM;
    const uint32_t key[4] = {(uint32_t)n->kind, sum ? 0 : n->a, n->b, n->c};
    uint32_t hash = zkg_hash_bytes(2, key, sizeof(key));
    zkg_node made = *n;
    uint32_t at, id;

    if (r->failed.status != ZKG_OK)
        return 0;
    if (sum)
        hash = zkg_hash_bytes(hash, term, n->b * sizeof(term[0]));
    zkg_index_find(&r->node_index, hash, &at);
    while (zkg_index_next(&r->node_index, hash, &at, &id)) {
        if (same_node(r, id, n, term))
            return id;
    }
    if (sum) {
        made.a = r->term.count;
        if (zkg_list_add(&r->term, sizeof(term[0]), n->b, term) == NULL) {
            no_memory(r);
            return 0;
        }
    }
    if (zkg_list_add(&r->node, sizeof(made), 1, &made) == NULL ||
        !zkg_index_add(&r->node_index, hash, r->node.count - 1)) {
        no_memory(r);
        return 0;
    }
    return r->node.count - 1;
}

bool zkg_recorder_check_var(zkg_recorder *r, zkg_var x)
{
    if (!zkg_recorder_open(r))
        return false;
    if (x.id < r->node.count)
        return true;
    zkg_recorder_fail(r, ZKG_ERR_INVALID,
                      "a variable that is not of this kernel");
    return false;
}

/* ---- parameters ---- */

uint32_t zkg_recorder_add_param(zkg_recorder *r, const char *name,
                                zkg_role role, zkg_dtype type, uint32_t axes,
                                const uint64_t *len)
{
    zkg_recorded_param p = {
        .role = role,
        .type = type,
        .axes = axes,
        .count = 1,
        .pair = ZKG_NO_PARAM,
    };

    if (!zkg_ident_is_valid(name)) {
        zkg_recorder_fail(r, ZKG_ERR_INVALID,
                          "\"%.130s\" is no name for a parameter: letters, "
                          "digits and _, not beginning with a digit",
                          name);
        return UINT32_MAX;
    }
    snprintf(p.name, sizeof(p.name), "%s", name);
    for (uint32_t i = 0; i < r->param.count; i++) {
        if (strcmp(zkg_recorder_param(r, i)->name, name) == 0)
            zkg_recorder_fail(r, ZKG_ERR_INVALID, "two parameters are named %s",
                              name);
    }
    if ((unsigned)type > ZKG_FR || axes >= ZKG_MAX_AXES) {
        zkg_recorder_fail(r, ZKG_ERR_INVALID,
                          "parameter %s: no such type, or more than %d axes",
                          name, ZKG_MAX_AXES - 1);
        return UINT32_MAX;
    }
    for (uint32_t i = 0; i < axes; i++) {
        p.len[i] = len[i];
        if (len[i] == 0 || len[i] > INT32_MAX || p.count > INT32_MAX / len[i]) {
            zkg_recorder_fail(r, ZKG_ERR_INVALID,
                              "parameter %s: axis %u has length %llu; none is "
                              "empty, and all together hold less than 2^31",
                              name, i, (unsigned long long)len[i]);
            return UINT32_MAX;
        }
        p.count *= len[i];
    }
    if (role == ZKG_ROLE_OUTPUT) {
        p.set = zkg_alloc(p.count, sizeof(p.set[0]));
        p.is_set = zkg_alloc(p.count, sizeof(p.is_set[0]));
    }
    if ((role == ZKG_ROLE_OUTPUT && (p.set == NULL || p.is_set == NULL)) ||
        zkg_list_add(&r->param, sizeof(p), 1, &p) == NULL) {
        zkg_free(p.set);
        zkg_free(p.is_set);
        no_memory(r);
        return UINT32_MAX;
    }
    return r->param.count - 1;
}

zkg_param zkg_input(zkg_recorder *r, const char *name, zkg_dtype type,
                    uint32_t axes, const uint64_t *len)
{
    if (!zkg_recorder_open(r))
        return (zkg_param){0};
    return (zkg_param){
        zkg_recorder_add_param(r, name, ZKG_ROLE_INPUT, type, axes, len)};
}

zkg_param zkg_output(zkg_recorder *r, const char *name, zkg_dtype type,
                     uint32_t axes, const uint64_t *len)
{
    if (!zkg_recorder_open(r))
        return (zkg_param){0};
    return (zkg_param){
        zkg_recorder_add_param(r, name, ZKG_ROLE_OUTPUT, type, axes, len)};
}

zkg_param zkg_inout(zkg_recorder *r, const char *name, zkg_dtype type,
                    uint32_t axes, const uint64_t *len)
{
    const zkg_param in = zkg_input(r, name, type, axes, len);
    char other[136];
    zkg_param out;

    snprintf(other, sizeof(other), "%.120s_out", name);
    out = zkg_output(r, other, type, axes, len);
    if (r->failed.status != ZKG_OK)
        return in;
    zkg_recorder_param(r, in.id)->pair = out.id;
    zkg_recorder_param(r, out.id)->pair = in.id;
    return in;
}

static bool check_entry(zkg_recorder *r, zkg_param p, uint64_t i)
{
    if (!zkg_recorder_open(r))
        return false;
    if (p.id >= r->param.count) {
        zkg_recorder_fail(r, ZKG_ERR_INVALID,
                          "a parameter that is not of this kernel");
        return false;
    }
    if (i >= zkg_recorder_param(r, p.id)->count) {
        zkg_recorder_fail(
            r, ZKG_ERR_INVALID, "entry %llu of parameter %s, which has %llu",
            (unsigned long long)i, zkg_recorder_param(r, p.id)->name,
            (unsigned long long)zkg_recorder_param(r, p.id)->count);
        return false;
    }
    return true;
}

uint32_t zkg_recorder_cell(zkg_recorder *r, uint32_t param, uint64_t i)
{
    const zkg_node n = {.kind = ZKG_NODE_CELL, .a = param, .b = (uint32_t)i};

    return intern(r, &n, NULL);
}

zkg_var zkg_get(zkg_recorder *r, zkg_param p, uint64_t i)
{
    if (!check_entry(r, p, i))
        return (zkg_var){0};
    if (zkg_recorder_param(r, p.id)->role != ZKG_ROLE_INPUT) {
        zkg_recorder_fail(r, ZKG_ERR_INVALID,
                          "parameter %s is read, and is no input",
                          zkg_recorder_param(r, p.id)->name);
        return (zkg_var){0};
    }
    return (zkg_var){zkg_recorder_cell(r, p.id, i)};
}

void zkg_set(zkg_recorder *r, zkg_param p, uint64_t i, zkg_var x)
{
    zkg_recorded_param *q;

    if (!check_entry(r, p, i) || !zkg_recorder_check_var(r, x))
        return;
    q = zkg_recorder_param(r, p.id);
    if (q->role == ZKG_ROLE_INPUT && q->pair != ZKG_NO_PARAM)
        q = zkg_recorder_param(r, q->pair);
    if (q->role != ZKG_ROLE_OUTPUT)
        zkg_recorder_fail(r, ZKG_ERR_INVALID,
                          "parameter %s is set, and is no output", q->name);
    else if (q->is_set[i])
        zkg_recorder_fail(r, ZKG_ERR_INVALID, "%s[%llu] is set twice", q->name,
                          (unsigned long long)i);
    else if (zkg_recorder_node(r, x.id)->random)
        zkg_recorder_fail(r, ZKG_ERR_INVALID,
                          "%s[%llu] depends on a challenge, and outputs are "
                          "committed before",
                          q->name, (unsigned long long)i);
    else {
        q->set[i] = x.id;
        q->is_set[i] = true;
    }
}

/* ---- constants and sums ---- */

zkg_var zkg_recorder_field_constant(zkg_recorder *r, const zkg_fr *v)
{
    zkg_node n = {.kind = ZKG_NODE_CONSTANT};

    if (!zkg_recorder_open(r))
        return (zkg_var){0};
    n.a = zkg_recorder_add_constant(r, v);
    return (zkg_var){intern(r, &n, NULL)};
}

zkg_var zkg_constant(zkg_recorder *r, int64_t v)
{
    zkg_fr f;

    zkg_fr_from_i64(&f, v);
    return zkg_recorder_field_constant(r, &f);
}

static bool to_field(zkg_recorder *r, zkg_fr *out, const zkg_scalar *v)
{
    if (zkg_fr_from_scalar(out, v->limb))
        return true;
    zkg_recorder_fail(r, ZKG_ERR_INVALID, "a constant that is not below p");
    return false;
}

zkg_var zkg_constant_scalar(zkg_recorder *r, const zkg_scalar *v)
{
    zkg_fr f;

    if (!zkg_recorder_open(r) || !to_field(r, &f, v))
        return (zkg_var){0};
    return zkg_recorder_field_constant(r, &f);
}

zkg_var zkg_constant_text(zkg_recorder *r, const char *text)
{
    zkg_error err = {0};
    zkg_scalar v;

    if (!zkg_recorder_open(r))
        return (zkg_var){0};
    if (zkg_scalar_parse(&v, text, &err) != ZKG_OK) {
        zkg_recorder_fail(r, ZKG_ERR_INVALID, "%s", err.text);
        return (zkg_var){0};
    }
    return zkg_constant_scalar(r, &v);
}

/* A term being collected. */
typedef struct term {
    uint32_t node;
    zkg_fr c;
} term;

static int by_node(const void *a, const void *b)
{
    const uint32_t x = ((const term *)a)->node, y = ((const term *)b)->node;

    return (x > y) - (x < y);
}

/* Terms of one node together, zeros left out. */
static size_t merge_terms(term *t, size_t n)
{
    size_t kept = 0;

    qsort(t, n, sizeof(t[0]), by_node);
    for (size_t i = 0; i < n;) {
        term sum = t[i++];

        while (i < n && t[i].node == sum.node)
            zkg_fr_add(&sum.c, &sum.c, &t[i++].c);
        if (!zkg_fr_is_zero(&sum.c))
            t[kept++] = sum;
    }
    return kept;
}

/* Whether a sum is taken into the one that uses it. */
static bool is_merged(const zkg_node *n)
{
    return n->kind == ZKG_NODE_SUM && n->b <= MERGED_TERMS;
}

/* The node of c0 + sum of n collected terms. */
static zkg_var finish_sum(zkg_recorder *r, const zkg_fr *c0, term *t, size_t n)
{
    zkg_node node = {.kind = ZKG_NODE_SUM};
    zkg_node_term *list;

    n = merge_terms(t, n);
    if (n == 0)
        return zkg_recorder_field_constant(r, c0);
    if (n == 1 && zkg_fr_is_zero(c0) && zkg_fr_equal(&t[0].c, &zkg_fr_one))
        return (zkg_var){t[0].node};
    list = zkg_alloc(n, sizeof(list[0]));
    if (list == NULL) {
        no_memory(r);
        return (zkg_var){0};
    }
    for (size_t i = 0; i < n; i++) {
        list[i].node = t[i].node;
        list[i].constant = zkg_recorder_add_constant(r, &t[i].c);
        node.random |= zkg_recorder_node(r, t[i].node)->random;
    }
    node.b = (uint32_t)n;
    node.c = zkg_recorder_add_constant(r, c0);
    node.a = intern(r, &node, list);
    zkg_free(list);
    return (zkg_var){node.a};
}

zkg_var zkg_recorder_combine(zkg_recorder *r, const zkg_fr *c0, size_t n,
                             const zkg_fr *c, const zkg_var *x)
{
    zkg_fr constant = *c0, v;
    zkg_var made = {0};
    size_t terms = 0;
    term *t;

    if (n > INT32_MAX / (MERGED_TERMS + 1))
        no_memory(r);
    for (size_t i = 0; i < n; i++) {
        if (!zkg_recorder_check_var(r, x[i]))
            return made;
    }
    if (!zkg_recorder_open(r))
        return made;
    t = zkg_alloc(n * MERGED_TERMS, sizeof(t[0]));
    if (t == NULL) {
        no_memory(r);
        return made;
    }
    for (size_t i = 0; i < n; i++) {
        const zkg_node *m = zkg_recorder_node(r, x[i].id);

        if (m->kind == ZKG_NODE_CONSTANT) {
            zkg_fr_mul(&v, &c[i], zkg_recorder_constant(r, m->a));
            zkg_fr_add(&constant, &constant, &v);
        } else if (!is_merged(m)) {
            t[terms++] = (term){x[i].id, c[i]};
        } else {
            const zkg_node_term *inner = zkg_recorder_terms(r, m);

            zkg_fr_mul(&v, &c[i], zkg_recorder_constant(r, m->c));
            zkg_fr_add(&constant, &constant, &v);
            for (uint32_t k = 0; k < m->b; k++) {
                t[terms].node = inner[k].node;
                zkg_fr_mul(&t[terms++].c, &c[i],
                           zkg_recorder_constant(r, inner[k].constant));
            }
        }
    }
    made = finish_sum(r, &constant, t, terms);
    zkg_free(t);
    return made;
}

/* The same with coefficients converted one by one by `get`. */
static zkg_var combine(zkg_recorder *r, const zkg_fr *c0, size_t n,
                       const int64_t *small, const zkg_scalar *big,
                       const zkg_var *x)
{
    zkg_var made = {0};
    zkg_fr *c;

    if (!zkg_recorder_open(r))
        return made;
    c = zkg_alloc(n, sizeof(c[0]));
    if (c == NULL) {
        no_memory(r);
        return made;
    }
    for (size_t i = 0; i < n; i++) {
        if (small != NULL)
            zkg_fr_from_i64(&c[i], small[i]);
        else if (big == NULL)
            c[i] = zkg_fr_one;
        else
            (void)to_field(r, &c[i], &big[i]);
    }
    made = zkg_recorder_combine(r, c0, n, c, x);
    zkg_free(c);
    return made;
}

zkg_var zkg_combine(zkg_recorder *r, int64_t c0, size_t n, const int64_t *c,
                    const zkg_var *x)
{
    zkg_fr f;

    zkg_fr_from_i64(&f, c0);
    return combine(r, &f, n, c, NULL, x);
}

zkg_var zkg_combine_scalar(zkg_recorder *r, const zkg_scalar *c0, size_t n,
                           const zkg_scalar *c, const zkg_var *x)
{
    zkg_fr f = zkg_fr_zero;

    if (c0 != NULL && !to_field(r, &f, c0))
        return (zkg_var){0};
    return combine(r, &f, n, NULL, c, x);
}

zkg_var zkg_sum(zkg_recorder *r, size_t n, const zkg_var *x)
{
    return combine(r, &zkg_fr_zero, n, NULL, NULL, x);
}

zkg_var zkg_add(zkg_recorder *r, zkg_var x, zkg_var y)
{
    return zkg_combine(r, 0, 2, (int64_t[]){1, 1}, (zkg_var[]){x, y});
}

zkg_var zkg_sub(zkg_recorder *r, zkg_var x, zkg_var y)
{
    return zkg_combine(r, 0, 2, (int64_t[]){1, -1}, (zkg_var[]){x, y});
}

zkg_var zkg_neg(zkg_recorder *r, zkg_var x)
{
    return zkg_combine(r, 0, 1, (int64_t[]){-1}, &x);
}

zkg_var zkg_scale(zkg_recorder *r, int64_t c, zkg_var x)
{
    return zkg_combine(r, 0, 1, &c, &x);
}

/* ---- products ---- */

/* x as c node + c0. */
typedef struct factor {
    uint32_t node;
    zkg_fr c, c0;
} factor;

static factor take_factor(const zkg_recorder *r, uint32_t x)
{
    const zkg_node *n = zkg_recorder_node(r, x);
    const zkg_node_term *t;

    if (n->kind != ZKG_NODE_SUM || n->b != 1)
        return (factor){x, zkg_fr_one, zkg_fr_zero};
    t = zkg_recorder_terms(r, n);
    return (factor){t->node, *zkg_recorder_constant(r, t->constant),
                    *zkg_recorder_constant(r, n->c)};
}

/* (c x + c0)(d y + d0) = c d xy + c d0 x + c0 d y + c0 d0: a product of nodes,
 * so that a factor such as 1 - x costs no layer. */
static zkg_var multiply(zkg_recorder *r, const factor *f, const factor *g)
{
    const zkg_node n = {
        .kind = ZKG_NODE_PRODUCT,
        .random = zkg_recorder_node(r, f->node)->random ||
                  zkg_recorder_node(r, g->node)->random,
        .a = f->node < g->node ? f->node : g->node,
        .b = f->node < g->node ? g->node : f->node,
    };
    zkg_var x[3] = {{intern(r, &n, NULL)}, {f->node}, {g->node}};
    zkg_fr c[3], c0;

    zkg_fr_mul(&c[0], &f->c, &g->c);
    zkg_fr_mul(&c[1], &f->c, &g->c0);
    zkg_fr_mul(&c[2], &f->c0, &g->c);
    zkg_fr_mul(&c0, &f->c0, &g->c0);
    return zkg_recorder_combine(r, &c0, 3, c, x);
}

zkg_var zkg_mul(zkg_recorder *r, zkg_var x, zkg_var y)
{
    const zkg_node *a, *b;
    factor f, g;

    if (!zkg_recorder_check_var(r, x) || !zkg_recorder_check_var(r, y))
        return (zkg_var){0};
    a = zkg_recorder_node(r, x.id);
    b = zkg_recorder_node(r, y.id);
    if (a->kind == ZKG_NODE_CONSTANT) {
        const zkg_fr c = *zkg_recorder_constant(r, a->a);

        return zkg_recorder_combine(r, &zkg_fr_zero, 1, &c, &y);
    }
    if (b->kind == ZKG_NODE_CONSTANT)
        return zkg_mul(r, y, x);
    f = take_factor(r, x.id);
    g = take_factor(r, y.id);
    return multiply(r, &f, &g);
}

zkg_var zkg_challenge(zkg_recorder *r)
{
    const zkg_node n = {
        .kind = ZKG_NODE_CHALLENGE, .random = true, .a = r->challenges};

    if (!zkg_recorder_open(r))
        return (zkg_var){0};
    r->challenges++;
    return (zkg_var){intern(r, &n, NULL)};
}

/* ---- assertions ---- */

static void add_assertion(zkg_recorder *r, zkg_var x, const char *label,
                          bool program_only)
{
    zkg_recorded_assertion a = {.node = x.id, .program_only = program_only};
    const zkg_node *n;
    char text[32];

    if (!zkg_recorder_check_var(r, x))
        return;
    snprintf(text, sizeof(text), "%u", r->assertion.count);
    if (label == NULL)
        label = text;
    n = zkg_recorder_node(r, x.id);
    if (n->kind == ZKG_NODE_CONSTANT) {
        if (!zkg_fr_is_zero(zkg_recorder_constant(r, n->a)))
            zkg_recorder_fail(r, ZKG_ERR_INVALID,
                              "assertion %s never holds: it is a constant",
                              label);
        return;
    }
    a.label = zkg_recorder_add_text(r, label);
    a.nodes = r->node.count;
    if (zkg_list_add(&r->assertion, sizeof(a), 1, &a) == NULL)
        no_memory(r);
}

void zkg_assert_zero(zkg_recorder *r, zkg_var x, const char *label)
{
    add_assertion(r, x, label, false);
}

void zkg_assert_equal(zkg_recorder *r, zkg_var x, zkg_var y, const char *label)
{
    add_assertion(r, zkg_sub(r, x, y), label, false);
}

void zkg_recorder_assert_in_program(zkg_recorder *r, zkg_var x,
                                    const char *label)
{
    add_assertion(r, x, label, true);
}
