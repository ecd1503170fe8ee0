/* SPDX-License-Identifier: Apache-2.0 */
/* The search for all values of the cells that fit the relations. */
#include "relations.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- spans ---- */

static bool is_far(wide v)
{
    return v >= FAR || v <= -FAR;
}

static wide times(wide a, wide b)
{
    const wide far = (a < 0) == (b < 0) ? FAR : -FAR;
    wide v;

    if (a == 0 || b == 0)
        return 0;
    if (is_far(a) || is_far(b) || __builtin_mul_overflow(a, b, &v))
        return far;
    return is_far(v) ? far : v;
}

static span span_times(span a, span b)
{
    const wide v[4] = {times(a.lo, b.lo), times(a.lo, b.hi), times(a.hi, b.lo),
                       times(a.hi, b.hi)};
    span s = {v[0], v[0]};

    for (int i = 1; i < 4; i++) {
        s.lo = v[i] < s.lo ? v[i] : s.lo;
        s.hi = v[i] > s.hi ? v[i] : s.hi;
    }
    return s;
}

static wide floor_div(wide a, wide b)
{
    const wide q = a / b;

    return q - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

static wide ceil_div(wide a, wide b)
{
    return -floor_div(-a, b);
}

/* What x may be where d x lies in s, d one number but 0. */
static span span_over(span s, wide d)
{
    const wide low = d > 0 ? s.lo : s.hi, high = d > 0 ? s.hi : s.lo;

    return (span){is_far(low) ? -FAR : ceil_div(low, d),
                  is_far(high) ? FAR : floor_div(high, d)};
}

/* The same with d anything in a span that has no 0. */
static span span_quotient(span s, span d)
{
    const span a = span_over(s, d.lo), b = span_over(s, d.hi);
    span x = {a.lo < b.lo ? a.lo : b.lo, a.hi > b.hi ? a.hi : b.hi};

    /* Where the quotient's sign is open, 0 lies between the two. */
    if (is_far(d.lo) || is_far(d.hi))
        return (span){-FAR, FAR};
    x.lo = s.lo <= 0 && s.hi >= 0 && x.lo > 0 ? 0 : x.lo;
    x.hi = s.lo <= 0 && s.hi >= 0 && x.hi < 0 ? 0 : x.hi;
    return x;
}

/* floor(sqrt v), v >= 0. */
static wide root(wide v)
{
    wide r = 0;

    for (wide bit = (wide)1 << 56; bit > 0; bit >>= 1) {
        if ((r + bit) * (r + bit) <= v)
            r += bit;
    }
    return r;
}

static span term_span(const wit *w, const term *x)
{
    const span one = {1, 1};
    const span a = x->a == NONE ? one : w->at[x->a];
    span s = span_times(a, x->b == NONE ? one : w->at[x->b]);

    if (x->a == x->b && s.lo < 0)
        s.lo = 0; /* a square; or 1 */
    return span_times(s, (span){x->c, x->c});
}

/* ---- propagation ---- */

static void enqueue(wit *w, uint32_t relation)
{
    const uint32_t all = w->eqs + w->sites;

    if (w->waits[relation])
        return;
    w->waits[relation] = true;
    w->queue[(w->head + w->queued++) % all] = relation;
}

/* false: nothing is left. */
static bool narrow(wit *w, uint32_t cell, span s)
{
    span *now = &w->at[cell];

    if (s.lo <= now->lo && s.hi >= now->hi)
        return true;
    w->trail =
        wit_grow(w->trail, w->trails, &w->trail_room, sizeof(w->trail[0]));
    w->trail[w->trails++] = (step){cell, *now};
    now->lo = s.lo > now->lo ? s.lo : now->lo;
    now->hi = s.hi < now->hi ? s.hi : now->hi;
    if (now->lo > now->hi)
        return false;
    for (uint32_t i = w->from[cell]; i < w->from[cell + 1]; i++)
        enqueue(w, w->in[i]);
    return true;
}

static bool is_open(const wit *w, uint32_t cell)
{
    return cell != NONE && w->at[cell].lo != w->at[cell].hi;
}

/* c a b = a value in s: what a and b may be. */
static bool narrow_term(wit *w, const term *x, span s)
{
    s = span_over(s, x->c);
    if (x->b == NONE)
        return narrow(w, x->a, s);
    if (x->a == x->b) {
        const wide most = s.hi < 0 ? -1 : is_far(s.hi) ? FAR : root(s.hi);

        return most >= 0 && narrow(w, x->a, (span){-most, most});
    }
    for (int k = 0; k < 2; k++) {
        const uint32_t a = k == 0 ? x->a : x->b, b = k == 0 ? x->b : x->a;
        const span d = w->at[b];

        if (is_open(w, a) && (d.lo > 0 || d.hi < 0) &&
            !narrow(w, a, span_quotient(s, d)))
            return false;
    }
    return true;
}

static wide gcd(wide a, wide b)
{
    while (b != 0) {
        const wide r = a % b;

        a = b;
        b = r;
    }
    return a < 0 ? -a : a;
}

#define MOST_OPEN 8

/* What is open of an equation, where that is little: sum c x + rest = 0. */
typedef struct opened {
    uint32_t n, cell[MOST_OPEN]; /* NONE: a product of two open cells */
    wide c[MOST_OPEN], rest;
} opened;

static bool find_open(opened *o, const wit *w, const equation *q)
{
    *o = (opened){.n = 0};
    for (uint32_t i = 0; i < q->terms; i++) {
        const term *x = &w->term[q->first + i];
        const bool a = is_open(w, x->a), b = is_open(w, x->b);
        const uint32_t shut = a ? x->b : x->a;

        if (!a && !b) {
            o->rest += term_span(w, x).lo;
            continue;
        }
        if (o->n == MOST_OPEN)
            return false;
        o->cell[o->n] = a && b ? NONE : a ? x->a : x->b;
        o->c[o->n] =
            (a && b) || shut == NONE ? x->c : times(x->c, w->at[shut].lo);
        if (is_far(o->c[o->n]))
            return false;
        o->n += o->c[o->n] != 0;
    }
    return !is_far(o->rest);
}

/* An open cell whose coefficient divides those of the others, but for a
 * factor: what it is modulo that factor. */
static bool run_residues(wit *w, const equation *q)
{
    opened o;

    if (!find_open(&o, w, q) || o.n < 2)
        return true;
    for (uint32_t i = 0; i < o.n; i++) {
        const wide c = o.c[i] < 0 ? -o.c[i] : o.c[i];
        wide g = 0, r, m;
        span s;

        for (uint32_t k = 0; k < o.n; k++)
            g = k == i ? g : gcd(g, o.c[k]);
        if (o.rest % gcd(g, c) != 0)
            return false;
        if (o.cell[i] == NONE || g % c != 0 || g == c)
            continue;
        /* x = r mod m */
        m = g / c;
        r = -o.rest / o.c[i];
        s = w->at[o.cell[i]];
        if (is_far(s.lo) || is_far(s.hi))
            continue;
        s.lo = r + m * ceil_div(s.lo - r, m);
        s.hi = r + m * floor_div(s.hi - r, m);
        if (!narrow(w, o.cell[i], s))
            return false;
    }
    return true;
}

static bool run_equation(wit *w, const equation *q)
{
    const term *x = &w->term[q->first];
    wide lo = 0, hi = 0;
    uint32_t no_lo = 0, no_hi = 0;

    for (uint32_t i = 0; i < q->terms; i++) {
        const span s = term_span(w, &x[i]);

        w->scratch[i] = s;
        no_lo += is_far(s.lo);
        no_hi += is_far(s.hi);
        lo += is_far(s.lo) ? 0 : s.lo;
        hi += is_far(s.hi) ? 0 : s.hi;
    }
    if ((no_lo == 0 && lo > 0) || (no_hi == 0 && hi < 0))
        return false;
    for (uint32_t i = 0; i < q->terms; i++) {
        const span s = w->scratch[i];
        const bool far_lo = no_lo > is_far(s.lo), far_hi = no_hi > is_far(s.hi);
        /* The others' sum, negated. */
        const span rest = {far_hi ? -FAR : -(hi - (is_far(s.hi) ? 0 : s.hi)),
                           far_lo ? FAR : -(lo - (is_far(s.lo) ? 0 : s.lo))};

        if ((is_open(w, x[i].a) || is_open(w, x[i].b)) &&
            !narrow_term(w, &x[i], rest))
            return false;
    }
    return run_residues(w, q);
}

/* The first row whose column 0 is v or more. */
static uint64_t row_from(const rows *r, wide v)
{
    uint64_t low = 0, high = r->n;

    if (r->even)
        return v <= r->whole[0].lo  ? 0
               : v > r->whole[0].hi ? r->n
                                    : (uint64_t)(v - r->whole[0].lo);
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;

        if (r->at[middle * r->columns] < v)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool run_site(wit *w, const site *s)
{
    const rows *r = &w->table[s->table];
    const uint32_t *cell = &w->column[s->first];
    span left[ZKG_MAX_TABLE_COLUMNS];
    bool any = false, all = true;

    for (uint32_t c = 0; c < r->columns; c++)
        all = all && w->at[cell[c]].lo <= r->whole[c].lo &&
              w->at[cell[c]].hi >= r->whole[c].hi;
    if (all || (r->columns == 1 && r->even)) {
        for (uint32_t c = 0; c < r->columns; c++) {
            if (!narrow(w, cell[c], r->whole[c]))
                return false;
        }
        return true;
    }
    for (uint64_t i = row_from(r, w->at[cell[0]].lo); i < r->n; i++) {
        const int64_t *row = &r->at[i * r->columns];
        bool fits = true;

        if (row[0] > w->at[cell[0]].hi)
            break;
        for (uint32_t c = 1; c < r->columns; c++)
            fits = fits && row[c] >= w->at[cell[c]].lo &&
                   row[c] <= w->at[cell[c]].hi;
        for (uint32_t c = 0; fits && c < r->columns; c++) {
            left[c].lo = !any || row[c] < left[c].lo ? row[c] : left[c].lo;
            left[c].hi = !any || row[c] > left[c].hi ? row[c] : left[c].hi;
        }
        any = any || fits;
    }
    for (uint32_t c = 0; any && c < r->columns; c++)
        any = narrow(w, cell[c], left[c]);
    return any;
}

/* Forget what waits. */
static void drain(wit *w)
{
    for (; w->queued > 0; w->queued--) {
        w->waits[w->queue[w->head]] = false;
        w->head = (w->head + 1) % (w->eqs + w->sites);
    }
}

/* Until nothing moves; false: no witness is left. */
static bool propagate(wit *w)
{
    while (w->queued > 0) {
        const uint32_t r = w->queue[w->head];

        w->head = (w->head + 1) % (w->eqs + w->sites);
        w->queued--;
        w->waits[r] = false;
        w->steps++;
        if (r < w->eqs ? !run_equation(w, &w->eq[r])
                       : !run_site(w, &w->site[r - w->eqs])) {
            drain(w);
            return false;
        }
    }
    return true;
}

static void undo(wit *w, uint32_t mark)
{
    while (w->trails > mark) {
        const step *s = &w->trail[--w->trails];

        w->at[s->cell] = s->was;
    }
}

/* ---- texts ---- */

static uint32_t tensor_of(const wit *w, uint32_t cell)
{
    uint32_t t = 0;

    while (w->base[t + 1] <= cell)
        t++;
    return t;
}

/* "name[3]", the row-major number of the entry. */
static void cell_text(char out[200], const wit *w, uint32_t cell)
{
    const uint32_t t = tensor_of(w, cell);

    snprintf(out, 200, "%.150s[%" PRIu32 "]", w->st->tensor[t].name,
             cell - w->base[t]);
}

/* ---- what bounds the cells ---- */

/* Spans before any equation: of fixed, public and looked-up cells. */
static void start(wit *w)
{
    w->trails = 0;
    for (uint32_t t = 0; t < w->st->tensors; t++) {
        const zkg_tensor *x = &w->st->tensor[t];

        for (uint32_t c = w->base[t]; c < w->base[t + 1]; c++) {
            w->at[c] = x->vis == ZKG_PUBLIC ? (span){x->min, x->max}
                                            : (span){-FAR, FAR};
            if (x->vis == ZKG_FIXED)
                w->at[c].lo = w->at[c].hi =
                    zkg_array_get_i64(&w->fixed[t], c - w->base[t]);
        }
    }
}

/* The span of an equation's terms, without the cell that it makes. */
static span equation_span(const wit *w, const equation *q)
{
    span sum = {0, 0};

    for (uint32_t k = 0; k + (q->makes != NONE) < q->terms; k++) {
        const span s = term_span(w, &w->term[q->first + k]);

        sum.lo = is_far(sum.lo) || is_far(s.lo) ? -FAR : sum.lo + s.lo;
        sum.hi = is_far(sum.hi) || is_far(s.hi) ? FAR : sum.hi + s.hi;
    }
    return sum;
}

/* Say which cell of an equation has no bounds. */
static void blame(wit *w, const equation *q)
{
    snprintf(w->unbounded, sizeof(w->unbounded), "a sum is too large");
    for (uint32_t k = 0; k < 2 * q->terms; k++) {
        const term *x = &w->term[q->first + k / 2];
        const uint32_t cell = k % 2 == 0 ? x->a : x->b;
        char text[200];

        if (cell == NONE ||
            (!is_far(w->at[cell].lo) && !is_far(w->at[cell].hi)))
            continue;
        cell_text(text, w, cell);
        snprintf(w->unbounded, sizeof(w->unbounded), "nothing bounds %s", text);
        return;
    }
}

/* Sites, then virtual cells from those that are there, then every equation:
 * makers stand behind their readers. */
static void find_unbounded(wit *w)
{
    start(w);
    for (uint32_t i = 0; i < w->sites; i++)
        (void)run_site(w, &w->site[i]);
    for (uint32_t i = w->eqs; i-- > 0;) {
        const equation *q = &w->eq[i];
        const span sum = equation_span(w, q);

        if (q->makes != NONE) {
            span *s = &w->at[q->makes];

            s->lo = is_far(s->lo) ? sum.lo : s->lo;
            s->hi = is_far(s->hi) ? sum.hi : s->hi;
        }
        if ((is_far(sum.lo) || is_far(sum.hi)) && w->unbounded[0] == 0)
            blame(w, q);
    }
    drain(w);
}

const char *wit_unbounded(const wit *w)
{
    return w->unbounded[0] != 0 ? w->unbounded : NULL;
}

uint64_t wit_relations(const wit *w)
{
    return (uint64_t)w->eqs + w->sites;
}

wit *wit_new(const zkg_statement *st, const zkg_array *fixed)
{
    wit *w = wit_room(1, sizeof(*w));

    w->st = st;
    w->fixed = fixed;
    wit_read(w);
    find_unbounded(w);
    return w;
}

/* ---- the search ---- */

static uint32_t group_of(wit *w, uint32_t cell)
{
    while (w->group[cell] != cell)
        cell = w->group[cell] = w->group[w->group[cell]];
    return cell;
}

static void join_cells(wit *w, uint32_t *last, uint32_t cell)
{
    if (!is_open(w, cell))
        return;
    if (*last != NONE)
        w->group[group_of(w, cell)] = group_of(w, *last);
    *last = cell;
}

/* Open cells of one relation belong together. */
static void join_groups(wit *w)
{
    for (uint32_t c = 0; c < w->cells; c++)
        w->group[c] = c;
    for (uint32_t e = 0; e < w->eqs; e++) {
        uint32_t last = NONE;

        for (uint32_t i = 0; i < w->eq[e].terms; i++) {
            const term *x = &w->term[w->eq[e].first + i];

            join_cells(w, &last, x->a);
            join_cells(w, &last, x->b);
        }
    }
    for (uint32_t s = 0; s < w->sites; s++) {
        uint32_t last = NONE;

        for (uint32_t c = 0; c < w->table[w->site[s].table].columns; c++)
            join_cells(w, &last, w->column[w->site[s].first + c]);
    }
}

/* The search of one part. */
typedef struct part {
    const uint32_t *cell;
    uint32_t n;
    uint64_t found, limit, steps;
    wit_answer *answer;
} part;

static void say(wit_answer *a, const char *text)
{
    const size_t n = strlen(a->text);

    snprintf(a->text + n, sizeof(a->text) - n, "%s%s", n > 0 ? "; " : "", text);
}

/* All cells have a value, and every relation holds. */
static void take(wit *w, part *p)
{
    for (uint32_t i = 0; i < p->n; i++) {
        const wide v = w->at[p->cell[i]].lo;
        char name[200], text[300];

        if (p->found == 0) {
            w->value[p->cell[i]] = v;
        } else if (p->found == 1 && v != w->value[p->cell[i]]) {
            cell_text(name, w, p->cell[i]);
            snprintf(text, sizeof(text), "%s is %" PRId64 " or %" PRId64, name,
                     (int64_t)w->value[p->cell[i]], (int64_t)v);
            say(p->answer, text);
        }
    }
    p->found++;
}

/* The open cell of the fewest values; NONE: none is open. */
static uint32_t narrowest(const wit *w, const part *p)
{
    uint32_t best = NONE;

    for (uint32_t i = 0; i < p->n; i++) {
        const span s = w->at[p->cell[i]];

        if (s.lo != s.hi &&
            (best == NONE || s.hi - s.lo < w->at[best].hi - w->at[best].lo))
            best = p->cell[i];
    }
    return best;
}

static void search(wit *w, part *p)
{
    const uint32_t cell = narrowest(w, p), mark = w->trails;
    wide middle;
    span s;

    if (cell == NONE) {
        take(w, p);
        return;
    }
    s = w->at[cell];
    if (is_far(s.lo) || is_far(s.hi)) {
        char name[200], text[300];

        cell_text(name, w, cell);
        snprintf(text, sizeof(text), "%s may be anything", name);
        say(p->answer, text);
        p->answer->free = true;
        p->found = p->limit;
        return;
    }
    middle = s.lo + floor_div(s.hi - s.lo, 2);
    for (int half = 0; half < 2 && p->found < p->limit; half++) {
        if (w->steps > p->steps) {
            p->answer->cut = true;
            return;
        }
        p->answer->nodes++;
        if (narrow(w, cell,
                   half == 0 ? (span){s.lo, middle}
                             : (span){middle + 1, s.hi}) &&
            propagate(w))
            search(w, p);
        undo(w, mark);
    }
}

/* Does every relation hold at w->value, evaluated anew? */
static bool all_hold(wit *w)
{
    for (uint32_t c = 0; c < w->cells; c++)
        w->at[c] = (span){w->value[c], w->value[c]};
    for (uint32_t e = 0; e < w->eqs; e++) {
        wide sum = 0;

        for (uint32_t i = 0; i < w->eq[e].terms; i++) {
            const term *x = &w->term[w->eq[e].first + i];
            const wide a = x->a == NONE ? 1 : w->value[x->a];
            const wide b = x->b == NONE ? 1 : w->value[x->b];

            sum += x->c * a * b;
        }
        if (sum != 0)
            return false;
    }
    for (uint32_t s = 0; s < w->sites; s++) {
        if (!run_site(w, &w->site[s]))
            return false;
    }
    return true;
}

static int by_group(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return x[0] != y[0] ? (x[0] < y[0] ? -1 : 1)
                        : (x[1] > y[1]) - (x[1] < y[1]);
}

/* Search the parts one after the other; their numbers multiply. */
static void search_parts(wit *w, wit_answer *a, uint64_t limit, uint64_t steps)
{
    uint32_t(*open)[2] = wit_room(w->cells, sizeof(open[0]));
    uint32_t *cell = wit_room(w->cells, sizeof(cell[0])), n = 0;

    join_groups(w);
    for (uint32_t c = 0; c < w->cells; c++) {
        if (is_open(w, c)) {
            open[n][0] = group_of(w, c);
            open[n++][1] = c;
        }
        w->value[c] = w->at[c].lo;
    }
    a->open = n;
    qsort(open, n, sizeof(open[0]), by_group);
    for (uint32_t i = 0; i < n; i++)
        cell[i] = open[i][1];
    for (uint32_t i = 0; i < n && a->found > 0;) {
        part p = {
            .cell = cell + i, .limit = limit, .steps = steps, .answer = a};

        while (i + p.n < n && open[i + p.n][0] == open[i][0])
            p.n++;
        search(w, &p);
        a->found = p.found == 0                 ? 0
                   : a->found > limit / p.found ? limit
                                                : a->found * p.found;
        i += p.n;
    }
    free(open);
    free(cell);
}

/* Spans of what is given, nothing propagated; returns the cells left. */
static uint64_t give(wit *w, const zkg_array *array)
{
    uint64_t left = 0;

    w->steps = 0;
    start(w);
    for (uint32_t t = 0; t < w->st->tensors; t++) {
        const bool given =
            array[t].data != NULL || w->st->tensor[t].vis == ZKG_FIXED;
        const bool counts = zkg_statement_is_hinted_counts(w->st, t);

        for (uint32_t c = w->base[t]; c < w->base[t + 1]; c++) {
            if (counts)
                w->at[c] = (span){0, 0};
            else if (w->st->tensor[t].vis != ZKG_FIXED && given)
                w->at[c].lo = w->at[c].hi =
                    zkg_array_get_i64(&array[t], c - w->base[t]);
        }
        if (!given && !counts)
            left += w->base[t + 1] - w->base[t];
    }
    for (uint32_t r = 0; r < w->eqs + w->sites; r++)
        enqueue(w, r);
    return left;
}

wit_answer wit_find(wit *w, const zkg_array *array, uint64_t limit,
                    uint64_t steps)
{
    wit_answer a = {.found = 1};

    a.cells = give(w, array);
    if (!propagate(w))
        a.found = 0;
    else
        search_parts(w, &a, limit, steps);
    if (a.found > 0 && !a.free && !all_hold(w))
        wit_stop("what was found does not hold", "search");
    return a;
}

bool wit_has_other(wit *w, const zkg_array *array, uint32_t t, uint64_t i,
                   int64_t v)
{
    const uint32_t cell = w->base[t] + (uint32_t)i;

    for (int side = 0; side < 2; side++) {
        const span s =
            side == 0 ? (span){-FAR, (wide)v - 1} : (span){(wide)v + 1, FAR};
        wit_answer a = {.found = 1};

        (void)give(w, array);
        if (!narrow(w, cell, s) || !propagate(w)) {
            drain(w);
            continue;
        }
        search_parts(w, &a, 1, UINT64_MAX);
        if (a.found > 0 && !a.free) {
            if (!all_hold(w))
                wit_stop("what was found does not hold", "search");
            return true;
        }
    }
    return false;
}

const char *wit_differs(wit *w, const zkg_array *array)
{
    for (uint32_t t = 0; t < w->st->tensors; t++) {
        const bool left =
            array[t].data == NULL || zkg_statement_is_hinted_counts(w->st, t);

        for (uint32_t c = w->base[t]; !left && c < w->base[t + 1]; c++) {
            const int64_t v = zkg_array_get_i64(&array[t], c - w->base[t]);
            char name[200];

            if (v == w->value[c])
                continue;
            cell_text(name, w, c);
            snprintf(w->text, sizeof(w->text),
                     "%s is %" PRId64 ", not %" PRId64, name,
                     (int64_t)w->value[c], v);
            return w->text;
        }
    }
    return NULL;
}

void wit_given(zkg_array *out, const zkg_graph *g, const zkg_array *array)
{
    for (uint32_t t = 0; t < g->st.tensors; t++)
        out[t] = (zkg_array){.data = NULL};
    for (uint32_t i = 0; i < g->inputs; i++)
        out[g->input[i]] = array[g->input[i]];
    for (uint32_t i = 0; i < g->rules; i++) {
        if (g->rule[i].kind == ZKG_RULE_VALUES)
            out[g->rule[i].to] = g->value[g->rule[i].to];
    }
}
