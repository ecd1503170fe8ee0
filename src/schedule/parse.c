/* SPDX-License-Identifier: Apache-2.0
 * The three schedule files.  Grammar (spaces free, '#' starts a comment):
 *
 *   schedule      "Rank" number ":" step { "->" step }     a line a rank
 *   mapping       name ":" number                          a line a task
 *   dependencies  name ":" name { "," name }               a line a task
 *
 * A name is printable ASCII without space, ':', ',', '#' and "->".  Nothing
 * is skipped: what a line does not explain is an error, and all errors of all
 * files are reported before the files are refused. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schedule/nearest.h"
#include "schedule/plan_internal.h"

enum { NOTES_MAX = 200 }; /* after that many errors the rest is counted only */
enum { LISTED = 8 };      /* ranks or tasks that are left out, by name */

typedef struct name_ref {
    const char *at;
    size_t len;
} name_ref;

typedef struct symbol {
    name_ref name;
    uint32_t child, line;
} symbol;

typedef struct place {
    uint32_t line, column;
} place;

typedef struct parser {
    const zkg_job *job;
    zkg_draft *draft;
    zkg_notes *notes;
    const zkg_schedule_text *file; /* the one being read */
    const zkg_schedule_text *schedule, *mapping, *dependencies;
    bool nomem;
    size_t at, end; /* the rest of the line, without its comment */
    size_t line_start;
    uint32_t line;
    bool has_mapping;
    symbol *symbols; /* from the mapping file, an open-addressed table */
    size_t symbols_cap, symbols_len;
    uint32_t *rank_line;   /* [rank] 0 = none */
    uint32_t *mapped_line; /* [task] 0 = none */
    uint32_t *needs_line;  /* [child] 0 = none */
    place *first_use;      /* [child] line 0 = nowhere */
    uint32_t *users;       /* [child] ranks that run it */
    uint32_t *seen;        /* [child] the last line of the file that lists it */
} parser;

/* ---- messages ---------------------------------------------------------- */

void zkg_notes_clear(zkg_notes *notes)
{
    free(notes->text);
    memset(notes, 0, sizeof(*notes));
}

static bool notes_append(zkg_notes *notes, const char *fmt, va_list args)
{
    va_list again;
    int n;

    va_copy(again, args);
    n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (n < 0)
        return false;
    if (notes->len + (size_t)n + 1 > notes->cap) {
        const size_t cap = 2 * (notes->len + (size_t)n + 1) + 256;
        char *text = realloc(notes->text, cap);

        if (text == NULL)
            return false;
        notes->text = text;
        notes->cap = cap;
    }
    (void)vsnprintf(notes->text + notes->len, (size_t)n + 1, fmt, args);
    notes->len += (size_t)n;
    return true;
}

ZKG_PRINTF(2, 3) static void put(parser *p, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    if (!notes_append(p->notes, fmt, args))
        p->nomem = true;
    va_end(args);
}

ZKG_PRINTF(5, 6)
static void note(parser *p, const zkg_schedule_text *file, place where,
                 bool is_error, const char *fmt, ...)
{
    va_list args;

    if (is_error)
        p->notes->errors++;
    else
        p->notes->warnings++;
    if (p->notes->errors > NOTES_MAX)
        return;
    put(p, "%s:%" PRIu32 ":%" PRIu32 ": %s: ", file->name, where.line,
        where.column, is_error ? "error" : "warning");
    va_start(args, fmt);
    if (!notes_append(p->notes, fmt, args))
        p->nomem = true;
    va_end(args);
    put(p, "\n");
}

static int shown(name_ref name)
{
    return name.len > 60 ? 60 : (int)name.len;
}

/* ---- lines and tokens -------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void skip_space(parser *p)
{
    while (p->at < p->end && is_space(p->file->text[p->at]))
        p->at++;
}

static place here(const parser *p)
{
    return (place){p->line, (uint32_t)(p->at - p->line_start) + 1};
}

/* The next line that holds anything; false at the end of the file. */
static bool next_line(parser *p, size_t *next)
{
    static const char mark[] = "\xef\xbb\xbf"; /* some editors' first bytes */
    const char *text = p->file->text;

    if (*next == 0 && p->file->len >= 3 && memcmp(text, mark, 3) == 0)
        *next = 3;
    while (*next < p->file->len) {
        size_t stop = *next;

        p->at = p->line_start = *next;
        p->line++;
        while (stop < p->file->len && text[stop] != '\n')
            stop++;
        *next = stop + 1;
        p->end = p->at;
        while (p->end < stop && text[p->end] != '#')
            p->end++;
        skip_space(p);
        if (p->at < p->end)
            return true;
    }
    return false;
}

static bool at_arrow(const parser *p)
{
    return p->at + 1 < p->end && p->file->text[p->at] == '-' &&
           p->file->text[p->at + 1] == '>';
}

static bool take(parser *p, const char *word)
{
    const size_t n = strlen(word);

    skip_space(p);
    if (p->end - p->at < n || memcmp(p->file->text + p->at, word, n) != 0)
        return false;
    p->at += n;
    return true;
}

static name_ref take_name(parser *p)
{
    name_ref name = {p->file->text + p->at, 0};

    skip_space(p);
    name.at = p->file->text + p->at;
    while (p->at < p->end && !at_arrow(p)) {
        const char c = p->file->text[p->at];

        if (c <= ' ' || c > '~' || c == ':' || c == ',')
            break;
        p->at++;
        name.len++;
    }
    return name;
}

/* A decimal number below 2^32 - 1. */
static bool number_of(uint32_t *out, name_ref name)
{
    uint64_t v = 0;

    if (name.len == 0 || name.len > 10)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] < '0' || name.at[i] > '9')
            return false;
        v = 10 * v + (uint64_t)(name.at[i] - '0');
    }
    if (v >= UINT32_MAX)
        return false;
    *out = (uint32_t)v;
    return true;
}

static bool same(name_ref a, const char *b)
{
    return strlen(b) == a.len && memcmp(a.at, b, a.len) == 0;
}

/* Say what stands at the cursor where something else should. */
static void malformed(parser *p, const char *wanted, const char *example)
{
    const place where = here(p);
    const name_ref got = take_name(p);

    if (got.len > 0)
        note(p, p->file, where, true,
             "expected %s, found `%.*s` (a line reads `%s`)", wanted,
             shown(got), got.at, example);
    else if (p->at >= p->end)
        note(p, p->file, where, true,
             "expected %s, found the end of the line (a line reads `%s`)",
             wanted, example);
    else if (at_arrow(p))
        note(p, p->file, where, true,
             "expected %s, found `->` (a line reads `%s`)", wanted, example);
    else if (p->file->text[p->at] > ' ' && p->file->text[p->at] <= '~')
        note(p, p->file, where, true,
             "expected %s, found `%c` (a line reads `%s`)", wanted,
             p->file->text[p->at], example);
    else
        note(p, p->file, where, true,
             "byte 0x%02x is not text (use plain ASCII)",
             (unsigned)(unsigned char)p->file->text[p->at]);
}

/* ---- names ------------------------------------------------------------- */

static size_t slot_of(const parser *p, name_ref name)
{
    uint64_t h = 1469598103934665603u;

    for (size_t i = 0; i < name.len; i++)
        h = (h ^ (unsigned char)name.at[i]) * 1099511628211u;
    for (size_t i = (size_t)h & (p->symbols_cap - 1);;
         i = (i + 1) & (p->symbols_cap - 1)) {
        const symbol *s = &p->symbols[i];

        if (s->name.at == NULL || (s->name.len == name.len &&
                                   memcmp(s->name.at, name.at, name.len) == 0))
            return i;
    }
}

static bool grow_symbols(parser *p)
{
    symbol *old = p->symbols;
    const size_t cap = p->symbols_cap;

    if (2 * (p->symbols_len + 1) <= cap)
        return true;
    p->symbols_cap = cap == 0 ? 64 : 2 * cap;
    p->symbols = calloc(p->symbols_cap, sizeof(*p->symbols));
    if (p->symbols == NULL) {
        p->symbols = old;
        p->symbols_cap = cap;
        p->nomem = true;
        return false;
    }
    for (size_t i = 0; i < cap; i++)
        if (old[i].name.at != NULL)
            p->symbols[slot_of(p, old[i].name)] = old[i];
    free(old);
    return true;
}

static void unknown(parser *p, place where, name_ref name)
{
    char word[64];
    const char **names, *near = NULL;

    if (p->notes->errors >= NOTES_MAX) { /* a search for each may take long */
        p->notes->errors++;
        return;
    }
    names = calloc(p->draft->children + 1u, sizeof(*names));
    (void)snprintf(word, sizeof(word), "%.*s", shown(name), name.at);
    if (names != NULL) {
        for (uint32_t c = 0; c < p->draft->children; c++)
            names[c] = p->draft->name[c];
        near = zkg_nearest(word, names, p->draft->children);
    }
    if (near != NULL)
        note(p, p->file, where, true, "unknown task `%s` (did you mean `%s`?)",
             word, near);
    else if (p->has_mapping)
        note(p, p->file, where, true,
             "unknown task `%s` (add `%s: <index>` to %s)", word, word,
             p->mapping->name);
    else
        note(p, p->file, where, true,
             "unknown task `%s` (without a task_mapping.txt tasks are called "
             "Task<index>)",
             word);
    free(names);
}

/* Table<name> of a table. */
static bool table_of(uint32_t *child, const parser *p, name_ref name)
{
    const zkg_job *job = p->job;

    if (name.len <= 5 || memcmp(name.at, "Table", 5) != 0)
        return false;
    for (uint32_t t = 0; t < job->tables; t++)
        if (same((name_ref){name.at + 5, name.len - 5}, job->table_name[t])) {
            *child = job->tasks + t;
            return true;
        }
    return false;
}

/* The child that a name means; false after saying that there is none. */
static bool child_of(parser *p, uint32_t *child, place where, name_ref name)
{
    const zkg_job *job = p->job;
    uint32_t index;

    if (p->has_mapping && p->symbols_len > 0) {
        const symbol *s = &p->symbols[slot_of(p, name)];

        if (s->name.at != NULL) {
            *child = s->child;
            return s->child != UINT32_MAX; /* else it was refused there */
        }
    }
    if (table_of(child, p, name))
        return true;
    if (!p->has_mapping) {
        const name_ref tail = {name.at + 4, name.len - (name.len > 4 ? 4 : 0)};

        if (name.len > 4 && memcmp(name.at, "Task", 4) == 0 &&
            number_of(&index, tail)) {
            if (index < job->tasks) {
                *child = index;
                return true;
            }
            note(p, p->file, where, true,
                 "`%.*s` is out of range: the graph has %" PRIu32
                 " tasks (Task0 to Task%" PRIu32 ")",
                 shown(name), name.at, job->tasks,
                 job->tasks == 0 ? 0 : job->tasks - 1);
            return false;
        }
        if (p->symbols_len > 0) {
            const symbol *s = &p->symbols[slot_of(p, name)];

            if (s->name.at != NULL) {
                *child = s->child;
                return true;
            }
        }
    }
    unknown(p, where, name);
    return false;
}

/* ---- the files --------------------------------------------------------- */

static void start(parser *p, const zkg_schedule_text *file)
{
    p->file = file;
    p->line = 0;
    memset(p->seen, 0, p->draft->children * sizeof(*p->seen));
}

static void mapping_line(parser *p)
{
    static const char example[] = "Task14: 3";
    const place where = here(p);
    const name_ref name = take_name(p);
    uint32_t index = UINT32_MAX, table;
    place at;
    name_ref number;
    symbol *s;

    if (name.len == 0) {
        malformed(p, "a task's name", example);
        return;
    }
    if (!take(p, ":")) {
        malformed(p, "`:`", example);
        return;
    }
    skip_space(p);
    at = here(p);
    number = take_name(p);
    if (!number_of(&index, number)) {
        p->at = p->line_start + at.column - 1;
        malformed(p, "a task index", example);
        return;
    }
    skip_space(p);
    if (p->at < p->end) {
        malformed(p, "the end of the line", example);
        return;
    }
    if (same(name, "idle") || same(name, "...")) {
        note(p, p->file, where, true,
             "`%.*s` is a step without work, not a task (use another name)",
             shown(name), name.at);
        return;
    }
    if (table_of(&table, p, name)) {
        note(p, p->file, where, true,
             "`%.*s` is a table of the graph (use another name)", shown(name),
             name.at);
        return;
    }
    if (!grow_symbols(p))
        return;
    s = &p->symbols[slot_of(p, name)];
    if (s->name.at != NULL) {
        note(p, p->file, where, true,
             "`%.*s` is mapped twice, first on line %" PRIu32
             " (keep one of them)",
             shown(name), name.at, s->line);
        return;
    }
    *s = (symbol){name, UINT32_MAX, p->line};
    p->symbols_len++;
    if (index >= p->job->tasks) {
        note(p, p->file, at, true,
             "index %" PRIu32 " is out of range: the graph has %" PRIu32
             " tasks (0 to %" PRIu32 ")",
             index, p->job->tasks, p->job->tasks == 0 ? 0 : p->job->tasks - 1);
        return;
    }
    if (p->mapped_line[index] != 0) {
        note(p, p->file, at, true,
             "index %" PRIu32 " has a name already, on line %" PRIu32
             " (give each task one name)",
             index, p->mapped_line[index]);
        return;
    }
    p->mapped_line[index] = p->line;
    s->child = index;
    if (zkg_draft_rename(p->draft, index, name.at, name.len) != ZKG_OK)
        p->nomem = true;
}

static void add_step(parser *p, uint32_t rank, place where, name_ref name)
{
    uint32_t child;

    if (same(name, "idle") || same(name, "..."))
        return;
    if (!child_of(p, &child, where, name))
        return;
    if (p->first_use[child].line == 0)
        p->first_use[child] = where;
    if (rank >= p->job->ranks) {
        p->users[child] += 1; /* refused, but not also as run by nobody */
        return;
    }
    if (p->seen[child] == p->line) { /* a rank has one line */
        note(p, p->file, where, true,
             "`%.*s` is on rank %" PRIu32 " twice (a task runs once)",
             shown(name), name.at, rank);
        return;
    }
    p->seen[child] = p->line;
    p->users[child]++;
    if (zkg_u32_push(&p->draft->order[rank], child) != ZKG_OK)
        p->nomem = true;
}

static void schedule_line(parser *p)
{
    static const char example[] = "Rank 0: Task1 -> idle -> Task2";
    place where = here(p);
    uint32_t rank;
    bool again = false;

    if (!take(p, "Rank") || p->at >= p->end ||
        !is_space(p->file->text[p->at])) {
        p->at = p->line_start + where.column - 1;
        malformed(p, "`Rank <number>:`", example);
        return;
    }
    skip_space(p);
    where = here(p);
    if (!number_of(&rank, take_name(p))) {
        p->at = p->line_start + where.column - 1;
        malformed(p, "a rank's number", example);
        return;
    }
    if (!take(p, ":")) {
        malformed(p, "`:`", example);
        return;
    }
    if (rank >= p->job->ranks) {
        note(p, p->file, where, true,
             "rank %" PRIu32 ": only %" PRIu32
             " ranks take part (start more processes with mpirun -n, raise "
             "ZKML_NUM_CPUS, or set ZKML_FORCE_OVERSUBSCRIBE=1 where cores "
             "are few)",
             rank, p->job->ranks);
    } else if (p->rank_line[rank] != 0) {
        note(p, p->file, where, true,
             "rank %" PRIu32 " has a line already, line %" PRIu32
             " (join the two lines)",
             rank, p->rank_line[rank]);
        again = true;
    } else {
        p->rank_line[rank] = p->line;
    }
    for (;;) {
        name_ref name;

        skip_space(p);
        where = here(p);
        name = take_name(p);
        if (name.len == 0) {
            malformed(p, "a task or `idle`", example);
            return;
        }
        add_step(p, again ? UINT32_MAX : rank, where, name);
        skip_space(p);
        if (p->at >= p->end)
            return;
        if (!take(p, "->")) {
            malformed(p, "`->`", example);
            return;
        }
    }
}

static void dependency_line(parser *p)
{
    static const char example[] = "Task22: Task9, Task23";
    place where = here(p);
    const place first = where;
    const name_ref name = take_name(p);
    uint32_t child = UINT32_MAX, on;
    bool known, twice = false;

    if (name.len == 0) {
        malformed(p, "a task's name", example);
        return;
    }
    if (!take(p, ":")) {
        malformed(p, "`:`", example);
        return;
    }
    known = child_of(p, &child, where, name);
    if (known && p->needs_line[child] != 0) {
        note(p, p->file, first, true,
             "`%.*s` has a line already, line %" PRIu32 " (join the two lines)",
             shown(name), name.at, p->needs_line[child]);
        twice = true;
    } else if (known) {
        p->needs_line[child] = p->line;
    }
    for (;;) {
        name_ref other;

        skip_space(p);
        where = here(p);
        other = take_name(p);
        if (other.len == 0) {
            malformed(p, "a task's name", example);
            return;
        }
        if (child_of(p, &on, where, other) && known && !twice) {
            if (on == child)
                note(p, p->file, where, true,
                     "`%.*s` depends on itself (take it out)", shown(other),
                     other.at);
            else if (p->seen[on] != p->line &&
                     zkg_u32_push(&p->draft->need[child], on) != ZKG_OK)
                p->nomem = true;
            p->seen[on] = p->line; /* once is enough */
        }
        skip_space(p);
        if (p->at >= p->end)
            return;
        if (!take(p, ",")) {
            malformed(p, "`,`", example);
            return;
        }
    }
}

/* Without a mapping the graph's own names count: of equal ones the first. */
static void name_tasks(parser *p)
{
    for (uint32_t t = 0; p->job->task_name != NULL && t < p->job->tasks; t++) {
        const char *text = p->job->task_name[t];
        const name_ref name = {text, strlen(text)};
        symbol *s;

        if (!grow_symbols(p))
            return;
        s = &p->symbols[slot_of(p, name)];
        if (s->name.at == NULL) {
            *s = (symbol){name, t, 0};
            p->symbols_len++;
        }
    }
}

static void each_line(parser *p, const zkg_schedule_text *file,
                      void (*line)(parser *))
{
    size_t next = 0;

    if (file == NULL || file->text == NULL)
        return;
    start(p, file);
    while (next_line(p, &next) && !p->nomem)
        line(p);
}

/* ---- what only the whole shows ----------------------------------------- */

static place last_place(const zkg_schedule_text *file)
{
    place where = {1, 1};

    for (size_t i = 0; i + 1 < file->len; i++)
        if (file->text[i] == '\n')
            where.line++;
    return where;
}

/* Ranks without a line; in the schedule of another job these may be many. */
static void check_ranks(parser *p, place end)
{
    uint32_t missing = 0;

    for (uint32_t r = 0; r < p->job->ranks; r++)
        if (p->rank_line[r] == 0 && missing++ < LISTED)
            note(p, p->schedule, end, true,
                 "rank %" PRIu32 " takes part but has no line (add `Rank "
                 "%" PRIu32 ": idle`, or start fewer processes)",
                 r, r);
    if (missing > LISTED)
        note(p, p->schedule, end, true, "%" PRIu32 " more ranks have no line",
             missing - LISTED);
}

static void check_tasks(parser *p, place end)
{
    uint32_t missing = 0;

    for (uint32_t t = 0; t < p->job->tasks; t++)
        if (p->users[t] == 0 && missing++ < LISTED)
            note(p, p->schedule, end, true,
                 "no rank runs `%s`, task %" PRIu32
                 " of the graph (add it to a rank's line)",
                 p->draft->name[t], t);
    if (missing > LISTED)
        note(p, p->schedule, end, true,
             "no rank runs %" PRIu32 " more tasks of the graph",
             missing - LISTED);
}

static void check_complete(parser *p)
{
    const place end = last_place(p->schedule);

    check_ranks(p, end);
    check_tasks(p, end);
    for (uint32_t d = 0; d < p->draft->children; d++)
        for (size_t i = 0; i < p->draft->need[d].len; i++) {
            const uint32_t c = p->draft->need[d].at[i];

            if (c >= p->job->tasks && p->users[c] == 0)
                note(p, p->dependencies, (place){p->needs_line[d], 1}, true,
                     "`%s` depends on `%s`, which the schedule does not "
                     "name (add it to a rank's line)",
                     p->draft->name[d], p->draft->name[c]);
        }
    for (uint32_t c = 0; p->job->width != NULL && c < p->draft->children; c++)
        if (p->users[c] > p->job->width[c] && p->first_use[c].line != 0)
            note(p, p->schedule, p->first_use[c], false,
                 "`%s` is given to %" PRIu32 " ranks but can use %" PRIu32
                 " (the others only follow it)",
                 p->draft->name[c], p->users[c], p->job->width[c]);
}

static const char *base_name(const zkg_schedule_text *file)
{
    const char *slash = strrchr(file->name, '/');

    return slash == NULL ? file->name : slash + 1;
}

static void put_need(parser *p, uint32_t child, uint32_t on)
{
    put(p, "%s needs %s (%s:%" PRIu32 ")", p->draft->name[child],
        p->draft->name[on], base_name(p->dependencies), p->needs_line[child]);
}

static void ring_begins(parser *p, const zkg_schedule_text *file, uint32_t line,
                        const char *what)
{
    p->notes->errors++;
    put(p, "%s:%" PRIu32 ":1: error: %s: ", file->name, line, what);
}

static void describe_needs(parser *p, const zkg_u32_list *ring)
{
    ring_begins(p, p->dependencies, p->needs_line[ring->at[0]],
                "tasks depend on each other in a ring");
    for (size_t i = 0; i < ring->len; i++) {
        put(p, "%s", i == 0 ? "" : ", ");
        put_need(p, ring->at[i], ring->at[(i + 1) % ring->len]);
    }
    put(p, " (take one of these out)\n");
}

/* Child i waits for child i + 1.  Told from the end, so that each link starts
 * with the child that the last one ended with; links of one rank are one. */
static void describe_ring(parser *p, const zkg_u32_list *ring,
                          const zkg_u32_list *through)
{
    const size_t n = ring->len;
    bool has_need = false;
    size_t turn = 0;

    /* Begin where the rank changes, or links of one rank would be cut. */
    while (turn < n && through->at[turn] == through->at[(turn + 1) % n])
        turn++;
    turn = turn == n ? 0 : turn;
    for (size_t done = 0, links = 1; done < n; done += links, links = 1) {
        const size_t i = (turn + n - done) % n;
        const uint32_t rank = through->at[i];
        const uint32_t before = ring->at[(i + 1) % n];
        uint32_t after;

        while (rank != UINT32_MAX && done + links < n &&
               through->at[(i + n - links) % n] == rank)
            links++;
        after = ring->at[(i + n + 1 - links) % n];
        if (done > 0)
            put(p, ", ");
        else if (rank == UINT32_MAX)
            ring_begins(p, p->dependencies, p->needs_line[after],
                        "ranks wait for each other for ever");
        else
            ring_begins(p, p->schedule, p->rank_line[rank],
                        "ranks wait for each other for ever");
        has_need = has_need || rank == UINT32_MAX;
        if (rank == UINT32_MAX)
            put_need(p, after, before);
        else
            put(p, "rank %" PRIu32 " runs %s before %s (%s:%" PRIu32 ")", rank,
                p->draft->name[before], p->draft->name[after],
                base_name(p->schedule), p->rank_line[rank]);
    }
    put(p, " (%s)\n",
        has_need ? "run what is needed first, or take a need out"
                 : "put the tasks in one order on all ranks");
}

static zkg_status check_order(parser *p)
{
    zkg_u32_list ring = {0}, through = {0};
    bool found = false;
    zkg_status status =
        zkg_draft_find_ring(&found, &ring, &through, p->draft, true);

    if (status == ZKG_OK && found)
        describe_needs(p, &ring);
    else if (status == ZKG_OK) {
        status = zkg_draft_find_ring(&found, &ring, &through, p->draft, false);
        if (status == ZKG_OK && found)
            describe_ring(p, &ring, &through);
    }
    free(ring.at);
    free(through.at);
    return status;
}

static zkg_status parser_init(parser *p)
{
    const size_t n = (size_t)p->draft->children + 1;

    p->has_mapping = p->mapping != NULL && p->mapping->text != NULL;
    p->rank_line = calloc((size_t)p->job->ranks + 1, sizeof(uint32_t));
    p->mapped_line = calloc(n, sizeof(uint32_t));
    p->needs_line = calloc(n, sizeof(uint32_t));
    p->users = calloc(n, sizeof(uint32_t));
    p->seen = calloc(n, sizeof(uint32_t));
    p->first_use = calloc(n, sizeof(place));
    return p->rank_line == NULL || p->mapped_line == NULL ||
                   p->needs_line == NULL || p->users == NULL ||
                   p->seen == NULL || p->first_use == NULL
               ? ZKG_ERR_NOMEM
               : ZKG_OK;
}

static void parser_clear(parser *p)
{
    free(p->symbols);
    free(p->rank_line);
    free(p->mapped_line);
    free(p->needs_line);
    free(p->users);
    free(p->seen);
    free(p->first_use);
}

static zkg_status judge(parser *p)
{
    if (p->notes->errors > NOTES_MAX)
        put(p, "%s:1:1: error: %" PRIu32 " errors in all\n", p->file->name,
            p->notes->errors);
    if (p->nomem)
        return ZKG_ERR_NOMEM;
    return p->notes->errors > 0 ? ZKG_ERR_USAGE : ZKG_OK;
}

static zkg_status parse_all(parser *p)
{
    ZKG_TRY(parser_init(p));
    each_line(p, p->mapping, mapping_line);
    if (!p->has_mapping)
        name_tasks(p);
    each_line(p, p->schedule, schedule_line);
    each_line(p, p->dependencies, dependency_line);
    if (p->nomem)
        return ZKG_ERR_NOMEM;
    check_complete(p);
    ZKG_TRY(check_order(p));
    p->file = p->schedule;
    return judge(p);
}

zkg_status zkg_draft_parse_needs(zkg_draft *draft, zkg_notes *notes,
                                 const zkg_schedule_text *mapping,
                                 const zkg_schedule_text *dependencies)
{
    zkg_u32_list ring = {0}, through = {0};
    bool found = false;
    parser p = {.job = draft->job,
                .draft = draft,
                .notes = notes,
                .mapping = mapping,
                .dependencies = dependencies,
                .file = dependencies};
    zkg_status status = parser_init(&p);

    if (status == ZKG_OK) {
        each_line(&p, p.mapping, mapping_line);
        if (!p.has_mapping)
            name_tasks(&p);
        each_line(&p, p.dependencies, dependency_line);
        status = zkg_draft_find_ring(&found, &ring, &through, draft, true);
    }
    if (status == ZKG_OK && found)
        describe_needs(&p, &ring);
    if (status == ZKG_OK)
        status = judge(&p);
    free(ring.at);
    free(through.at);
    parser_clear(&p);
    return status;
}

zkg_status zkg_plan_parse(zkg_plan **out, zkg_notes *notes,
                          const zkg_schedule_text *schedule,
                          const zkg_schedule_text *mapping,
                          const zkg_schedule_text *dependencies,
                          const zkg_job *job, zkg_error *err)
{
    zkg_draft draft;
    parser p = {0};
    zkg_status status = zkg_draft_init(&draft, job);

    p.job = job;
    p.draft = &draft;
    p.notes = notes;
    p.schedule = schedule;
    p.mapping = mapping;
    p.dependencies = dependencies;
    if (status == ZKG_OK)
        status = parse_all(&p);
    if (status == ZKG_OK)
        status = zkg_draft_deal_tables(&draft);
    if (status == ZKG_OK)
        status = zkg_draft_finish(out, &draft);
    parser_clear(&p);
    zkg_draft_clear(&draft);
    if (status == ZKG_ERR_USAGE)
        return zkg_fail(err, status,
                        "the schedule is refused: %" PRIu32 " error%s",
                        notes->errors, notes->errors == 1 ? "" : "s");
    if (status != ZKG_OK)
        return zkg_fail(err, status, "no memory for a schedule");
    return ZKG_OK;
}
