/* SPDX-License-Identifier: Apache-2.0
 * What lookup_prove.c, einsum_prove.c, window.c and fold.c do, counted. */
#include "schedule/cost_relations.h"

#include <math.h>

#include "backend/backend.h"
#include "relation/shape.h"
#include "sumcheck/slices.h"

/* Beside the tables of a sum of what is no small integer, one fold's sums
 * before they are spread, or its integers in parts: an element an entry. */
enum { FOLD_ENTRY_BYTES = 32 };

/* Of small integers both columns, which are copied where they are padded. */
enum { ROW_BYTES = 8 };

/* No site has the point. */
#define NO_SITE (-1)

typedef struct counting {
    zkg_work *w;
    const zkg_statement *st;
    const zkg_task_relations *t;
    double most; /* bytes of one sum at a time, counted so far */
} counting;

static const zkg_tensor *tensor_of(const counting *c, const zkg_operand *o)
{
    return &c->st->tensor[o->tensor];
}

static uint64_t len_of(const counting *c, uint32_t axis)
{
    return axis == ZKG_NO_AXIS ? 1 : c->t->axis[axis].len;
}

static const zkg_operand *factor_of(const counting *c, const zkg_term *term,
                                    uint32_t f)
{
    return &c->t->operand[term->operand[f]];
}

/* Cells folded along the lines that they lie in, or line by line. */
static void add_cells(zkg_work *w, zkg_dtype type, double cells, bool by_lines)
{
    if (type == ZKG_FR) {
        w->elements += cells;
    } else if (by_lines) {
        w->bytes += cells * (double)zkg_dtype_size(type);
    } else {
        w->dots += cells;
    }
}

/* A fold along the axes that are not kept.  Neighbouring axes of which both are
 * kept or neither is are one: the lowest such run is a line. */
static void add_fold(const counting *c, const zkg_operand *o, const bool *kept)
{
    double cells = 1, lines = 1;
    bool in_line = true, by_lines = false;
    uint32_t seen = 0;

    for (uint32_t k = o->axes; k-- > 0;) {
        const double len = (double)len_of(c, o->axis[k]);

        if (len == 1)
            continue;
        by_lines = seen++ == 0 ? kept[k] : by_lines;
        in_line = in_line && kept[k] == by_lines;
        cells *= len;
        lines *= in_line ? 1 : len;
    }
    add_cells(c->w, tensor_of(c, o)->type, cells, by_lines);
    c->w->lines += lines;
    c->w->folds += 1;
}

static void fold_whole(const counting *c, const zkg_operand *o)
{
    const bool kept[ZKG_MAX_AXES] = {false};

    add_fold(c, o, kept);
}

/* ---- rows ------------------------------------------------------------------
 */

/* A lookup's tree. */
static uint32_t count_site(const counting *c, const zkg_site *site)
{
    zkg_work *w = c->w;
    double row_bytes = 1, rows;
    zkg_axes axes;

    (void)zkg_axes_of_site(&axes, c->t, site);
    rows = ldexp(1, (int)axes.vars);
    w->leaves += rows;
    w->columns += (site->columns - 1) * rows;
    w->trees += 1;
    w->passes += 0.5 * axes.vars * (axes.vars - 1.0);
    for (uint32_t q = 0; q < site->columns; q++)
        row_bytes += (double)zkg_dtype_size(
            tensor_of(c, &c->t->operand[site->operand[q]])->type);
    if (zkg_axes_full(&axes, c->t))
        return axes.vars;
    /* Padded rows are copied, and have an indicator. */
    w->numerators += rows;
    w->split_bytes += row_bytes * rows;
    return axes.vars;
}

double zkg_work_layers_sums(uint32_t height)
{
    double sums = 0;

    for (uint32_t d = 0; d < height; d++)
        sums += zkg_slices_rounds(d, 4, 2);
    return sums;
}

static void count_lookups(const counting *c)
{
    uint32_t height = 0;

    for (uint32_t j = 0; j < c->t->sites; j++) {
        const uint32_t vars = count_site(c, &c->t->site[j]);

        height = vars > height ? vars : height;
    }
    c->w->rounds += 0.5 * height * (height + 1.0);
    c->w->sums += zkg_work_layers_sums(height);
    c->w->sumchecks += height;
}

/* ---- values that are known ------------------------------------------------
 */

/* Whether site j gives the tensor's value where the axes' coordinates are those
 * of site `at`. */
static bool site_gives(const counting *c, uint32_t j, const zkg_axes *at,
                       const zkg_operand *o, const uint32_t *axis)
{
    const zkg_site *site = &c->t->site[j];
    zkg_axes rows;

    (void)zkg_axes_of_site(&rows, c->t, site);
    for (uint32_t q = 0; q < site->columns; q++) {
        const zkg_operand *column = &c->t->operand[site->operand[q]];
        bool same = column->tensor == o->tensor && column->axes == o->axes;

        for (uint32_t k = 0; same && k < o->axes; k++) {
            const int32_t x = zkg_axes_find(&rows, column->axis[k]);
            const int32_t y = zkg_axes_find(at, axis[k]);

            same = c->t->axis[axis[k]].bits == 0 ||
                   (x >= 0 && y >= 0 && rows.shift[x] == at->shift[y]);
        }
        if (same)
            return true;
    }
    return false;
}

/* Whether the first `sites` sites give it; a public tensor's value is made each
 * time. */
static bool is_known(const counting *c, uint32_t sites, const zkg_axes *at,
                     const zkg_operand *o, const uint32_t *axis)
{
    if (o->vis == ZKG_PUBLIC)
        return false;
    for (uint32_t j = 0; j < sites; j++)
        if (site_gives(c, j, at, o, axis))
            return true;
    return false;
}

/* How often a tensor is read; by lookups, all at one point, once. */
static uint32_t reads_of(const zkg_task_relations *t, uint32_t tensor)
{
    uint32_t n = 0;
    bool looked_up = false;

    for (uint32_t i = 0; i < t->einsums; i++)
        for (uint32_t k = 0; k < t->einsum[i].terms; k++) {
            const zkg_term *term = &t->einsum[i].term[k];

            for (uint32_t f = 0; f < term->factors; f++)
                n += t->operand[term->operand[f]].tensor == tensor;
        }
    for (uint32_t j = 0; j < t->sites; j++)
        for (uint32_t q = 0; q < t->site[j].columns; q++)
            looked_up =
                looked_up || t->operand[t->site[j].operand[q]].tensor == tensor;
    return n + looked_up;
}

/* The site in whose rows' point an einsum's output axes lie. */
static int32_t site_of(const counting *c, const zkg_einsum *e,
                       const zkg_axes *out)
{
    for (uint32_t j = 0; j < c->t->sites; j++) {
        const zkg_operand *v =
            e->virtual_operand < 0 ? NULL : &c->t->operand[e->virtual_operand];
        zkg_axes rows;

        (void)zkg_axes_of_site(&rows, c->t, &c->t->site[j]);
        if (!zkg_axes_same_set(&rows, out))
            continue;
        if (v == NULL || (reads_of(c->t, v->tensor) == 1 &&
                          site_gives(c, j, &rows, v, v->axis)))
            return (int32_t)j;
    }
    return NO_SITE;
}

/* A term that is a tensor's value at the einsum's point. */
static void count_value(const counting *c, const zkg_term *term, int32_t site)
{
    const zkg_operand *o = factor_of(c, term, 0);
    uint32_t axis[ZKG_MAX_AXES];
    zkg_axes at;

    c->w->terms += 1;
    for (uint32_t k = 0; k < o->axes; k++) {
        axis[k] = term->index[0][k].a;
        if (zkg_index_is_affine(&term->index[0][k]))
            site = NO_SITE;
    }
    if (site != NO_SITE) {
        (void)zkg_axes_of_site(&at, c->t, &c->t->site[site]);
        if (is_known(c, c->t->sites, &at, o, axis))
            return;
    }
    fold_whole(c, o);
}

/* Of a lookup's columns the leaves give the first. */
static void count_columns(const counting *c)
{
    for (uint32_t j = 0; j < c->t->sites; j++) {
        const zkg_site *site = &c->t->site[j];
        zkg_axes at;

        (void)zkg_axes_of_site(&at, c->t, site);
        for (uint32_t q = 1; q < site->columns; q++) {
            const zkg_operand *o = &c->t->operand[site->operand[q]];

            if (!is_known(c, j, &at, o, o->axis))
                fold_whole(c, o);
        }
    }
}

/* ---- sums ------------------------------------------------------------------
 */

/* What a sum's factor is made of. */
typedef enum source {
    ROWS,   /* small integers as they lie: no table */
    PARTS,  /* wider ones, in parts */
    LIFTED, /* elements */
} source;

/* A factor that is not folded. */
static source source_of(const counting *c, const zkg_operand *o)
{
    const zkg_tensor *t = tensor_of(c, o);
    const int64_t most = ((int64_t)1 << ZKG_ROWS_BITS) - 1;

    if (t->type == ZKG_FR)
        return LIFTED;
    return t->min < -most || t->max > most ? PARTS : ROWS;
}

/* The memory of one sum at a time. */
static void hold_bytes(counting *c, double bytes)
{
    if (bytes > c->most) {
        c->w->each_bytes += bytes - c->most;
        c->most = bytes;
    }
}

/* A sum of two factors of 2^vars. */
static void count_sum(counting *c, uint32_t vars, source s, bool has_eq)
{
    const double n = ldexp(1, (int)vars);

    c->w->entries += n;
    c->w->rounds += vars;
    c->w->sums += zkg_slices_rounds(vars, 2, 2);
    c->w->passes += vars;
    c->w->sumchecks += 1;
    c->w->terms += 1;
    c->w->weighted += has_eq ? n : 0;
    c->w->lifted += s == ROWS ? 0 : n;
    hold_bytes(c, (s == ROWS ? ROW_BYTES : FOLD_ENTRY_BYTES) * n);
}

static bool is_kept(const zkg_term_shape *s, uint32_t axis)
{
    return axis != ZKG_NO_AXIS && (zkg_axes_find(&s->contracted, axis) >= 0 ||
                                   zkg_axes_find(&s->batch, axis) >= 0);
}

/* Lengths along an affine index: of what is kept, or of what is summed. */
static double affine_len(const counting *c, const zkg_index *i,
                         const zkg_term_shape *s, bool kept)
{
    return (is_kept(s, i->a) == kept ? (double)len_of(c, i->a) : 1) *
           (is_kept(s, i->b) == kept ? (double)len_of(c, i->b) : 1);
}

/* A factor behind affine indices (window.c): plain axes that are not kept are
 * folded first; then one affine axis after the other, each of the kept places
 * being a sum along it of lines of all that is there.  What is left is put in
 * its place entry by entry. */
static void count_window(const counting *c, const zkg_term *term, uint32_t f,
                         const zkg_term_shape *s)
{
    const zkg_operand *o = factor_of(c, term, f);
    zkg_dtype type = tensor_of(c, o)->type;
    bool kept[ZKG_MAX_AXES];
    double there = 1;

    for (uint32_t k = 0; k < o->axes; k++) {
        const zkg_index *i = &term->index[f][k];
        const double len = (double)len_of(c, o->axis[k]);

        kept[k] = zkg_index_is_affine(i) || is_kept(s, i->a);
        there *= kept[k] ? len : 1;
    }
    for (uint32_t k = 0; k < o->axes; k++)
        if (!kept[k] && len_of(c, o->axis[k]) > 1) {
            add_fold(c, o, kept);
            type = ZKG_FR;
            break;
        }
    for (uint32_t k = 0; k < o->axes; k++) {
        const zkg_index *i = &term->index[f][k];
        const double len = (double)len_of(c, o->axis[k]);
        const double rows = affine_len(c, i, s, true);

        if (!zkg_index_is_affine(i))
            continue;
        there *= rows / len;
        add_cells(c->w, type, there * fmin(affine_len(c, i, s, false), len),
                  true);
        type = ZKG_FR;
        c->w->affine += 1;
    }
    c->w->places += there;
}

/* Factor f of a product: what it is made of, its folds being counted. */
static source count_factor(const counting *c, const zkg_term *term, uint32_t f,
                           const zkg_term_shape *s)
{
    const zkg_operand *o = factor_of(c, term, f);
    bool kept[ZKG_MAX_AXES];
    bool folded = false;

    if (s->weighted[f].axes > 0) {
        count_window(c, term, f, s);
        return LIFTED;
    }
    for (uint32_t k = 0; k < o->axes; k++) {
        const zkg_index *i = &term->index[f][k];

        /* of constants one cell is read */
        kept[k] = zkg_index_is_affine(i) || is_kept(s, i->a);
        folded = folded || (!kept[k] && len_of(c, o->axis[k]) > 1);
    }
    if (!folded)
        return source_of(c, o);
    add_fold(c, o, kept);
    return LIFTED;
}

/* The sum over a factor's weighted axes, of the weights and the tensor folded
 * along the others. */
static void count_weighted(counting *c, const zkg_term *term, uint32_t f,
                           const zkg_term_shape *s)
{
    const zkg_weighted *w = &s->weighted[f];
    const zkg_operand *o = factor_of(c, term, f);
    source made = source_of(c, o);
    bool kept[ZKG_MAX_AXES];
    bool folded = false, plain = true;

    for (uint32_t k = 0; k < o->axes; k++) {
        kept[k] = zkg_weighted_find(w, k) >= 0;
        plain = plain && !(kept[k] && zkg_index_is_affine(&term->index[f][k]));
        folded = folded || (!kept[k] && len_of(c, o->axis[k]) > 1);
    }
    if (folded)
        add_fold(c, o, kept);
    if (folded || !plain)
        made = LIFTED;
    c->w->affine += plain ? 0 : w->axes;
    count_sum(c, w->vars, made, false);
}

static source worse(source a, source b)
{
    return a > b ? a : b;
}

static void count_product(counting *c, const zkg_term *term,
                          const zkg_term_shape *s)
{
    source made =
        worse(count_factor(c, term, 0, s), count_factor(c, term, 1, s));

    if (s->masked.axes > 0) {
        made = LIFTED;
        c->w->masked += ldexp(1, (int)s->vars);
    }
    count_sum(c, s->vars, made, s->batch.vars > 0);
    for (uint32_t f = 0; f < 2; f++)
        if (s->weighted[f].axes > 0)
            count_weighted(c, term, f, s);
}

static void count_einsum(counting *c, const zkg_einsum *e)
{
    zkg_axes out;
    uint32_t claims = 1;
    int32_t site;

    (void)zkg_axes_init(&out, c->t, e->out, e->out_axes);
    site = site_of(c, e, &out);
    if (e->virtual_operand >= 0)
        claims = reads_of(c->t, c->t->operand[e->virtual_operand].tensor);
    /* Claims on a virtual tensor are merged: a sum of it times eq's. */
    if (claims > 1) {
        count_sum(c, out.vars, LIFTED, false);
        c->w->merged += claims * ldexp(1, (int)out.vars);
    }
    for (uint32_t i = 0; i < e->terms; i++) {
        const zkg_term *term = &e->term[i];
        zkg_term_shape s;

        zkg_term_shape_init(&s, c->t, &out, term);
        if (term->factors == 0)
            continue;
        if (zkg_term_is_plain(term, &s))
            count_value(c, term, site);
        else if (term->factors == 1)
            count_weighted(c, term, 0, &s);
        else
            count_product(c, term, &s);
    }
}

void zkg_work_add_relations(zkg_work *w, const zkg_statement *st,
                            const zkg_task_relations *t)
{
    counting c = {.w = w, .st = st, .t = t};

    count_lookups(&c);
    count_columns(&c);
    for (uint32_t i = 0; i < t->einsums; i++)
        count_einsum(&c, &t->einsum[i]);
}
