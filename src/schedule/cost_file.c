/* SPDX-License-Identifier: Apache-2.0
 * Constants of the cost model: the built-in ones, and their file. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "schedule/cost.h"
#include "schedule/nearest.h"

enum { COSTS_FILE_MAX = 1 << 16 };

/* Far above all that any machine takes or has; sums of products with counts
 * stay finite. */
#define COST_MAX 1e15

const zkg_costs zkg_costs_builtin = {
    .child = 14e-6,
    .leaf = 37e-9,
    .column = 5.7e-9,
    .numerator = 9.7e-9,
    .byte = 0.19e-9,
    .dot = 2e-9,
    .place = 25e-9,
    .line = 76e-9,
    .element = 2e-9,
    .entry = 8e-9,
    .weighted = 7e-9,
    .lifted = 12e-9,
    .masked = 36e-9,
    .merged = 1.9e-9,
    .circuit_layer = 7.4e-6,
    .wire = 38e-9,
    .gate = 20e-9,
    .small_gate = 4.7e-9,
    .sumcheck = 9.5e-6,
    .tree = 4e-6,
    .pass = 1.5e-6,
    .term = 2.7e-6,
    .fold = 3.5e-6,
    .affine = 15e-6,
    .round = 0.6e-6,
    .group = 12e-6,
    .message = 0.9e-6,
    .fresh = 0.12e-9,
    .freed = 0.0025e-9,
    .addition = 32e-9,
    .value = 2.6e-9,
    .chunk = 8.2e-6,
    .hash = 1.2e-9,
    .point = 120e-9,
    .ratchet = 190e-9,
    .write = 0.2e-9,
    .open = 1.4e-3,
    .open_byte = 0.2e-9,
    .open_column = 1e-9,
    .open_point = 17e-9,
    .open_round = 1.7e-6,
    .open_root = 2.2e-6,
    .open_claim = 0.1e-6,
    .rank_bytes = 6e6,
    .mpi_bytes = 8e6,
};

typedef struct entry {
    const char *name;
    size_t at; /* of a double in zkg_costs */
    const char *what;
} entry;

#define AT(member) offsetof(zkg_costs, member)

static const entry entries[] = {
    {"child", AT(child), "a task or table of no size"},
    {"leaf", AT(leaf), "a row of a lookup"},
    {"column", AT(column), "a further column of one"},
    {"numerator", AT(numerator), "a numerator of one, of tables and padding"},
    {"byte", AT(byte), "a byte of integers folded line by line"},
    {"dot", AT(dot), "an integer folded along its own line"},
    {"place", AT(place), "an entry of a window, put in its place"},
    {"line", AT(line), "a line of a tensor that is folded"},
    {"element", AT(element), "a field element folded"},
    {"entry", AT(entry), "an entry of a sum of products"},
    {"weighted", AT(weighted), "more for one of a sum with an eq"},
    {"lifted", AT(lifted), "more where it is not of small integers"},
    {"masked", AT(masked), "more where an indicator is a third factor"},
    {"merged", AT(merged), "more for each claim, where claims are merged"},
    {"circuit_layer", AT(circuit_layer), "a layer of a circuit"},
    {"wire", AT(wire), "a gate or term of a circuit, once for all copies"},
    {"gate", AT(gate), "of a copy, where a layer is of field elements"},
    {"small_gate", AT(small_gate), "of a copy, where it is of integers"},
    {"sumcheck", AT(sumcheck), "a sumcheck beside its rounds"},
    {"tree", AT(tree), "a lookup's tree, or a table's"},
    {"pass", AT(pass), "a round of a tree's layer, or of a sum, by itself"},
    {"term", AT(term), "a term of a sum"},
    {"fold", AT(fold), "a tensor folded, beside its cells"},
    {"affine", AT(affine), "an axis read through a map"},
    {"round", AT(round), "a round of a sumcheck, its hashing"},
    {"group", AT(group), "a communicator of two ranks, made and freed"},
    {"message", AT(message), "one sum between two ranks"},
    {"fresh", AT(fresh), "a byte of a rank's largest task, had first"},
    {"freed", AT(freed), "the same, given back"},
    {"addition", AT(addition), "an addition of points by a commitment"},
    {"value", AT(value), "a value read by a commitment"},
    {"chunk", AT(chunk), "a commitment beside its additions"},
    {"hash", AT(hash), "a byte of public tensors hashed"},
    {"point", AT(point), "a commitment hashed"},
    {"ratchet", AT(ratchet), "a hash in a row of them"},
    {"write", AT(write), "a byte of public tensors in the proof"},
    {"open", AT(open), "an opening of no size, on every rank"},
    {"open_byte", AT(open_byte), "a byte of integers folded by the opening"},
    {"open_column", AT(open_column), "a column of a claim's chunks"},
    {"open_point", AT(open_point), "an entry of the opening's sum"},
    {"open_round", AT(open_round), "a round of it at one of its points"},
    {"open_root", AT(open_root), "an entry of what is left to open"},
    {"open_claim", AT(open_claim), "a claim, on every rank"},
    {"rank_bytes", AT(rank_bytes), "bytes of a process that proves nothing"},
    {"mpi_bytes", AT(mpi_bytes), "bytes more under MPI"},
};

enum { ENTRIES = sizeof(entries) / sizeof(entries[0]) };

static double *member(zkg_costs *costs, const entry *e)
{
    return (double *)(void *)((char *)costs + e->at);
}

/* A file while it is read. */
typedef struct reading {
    const char *path;
    uint32_t number;        /* of the line */
    uint32_t seen[ENTRIES]; /* the line of each constant; 0: none */
    zkg_costs costs;
} reading;

static zkg_status set_entry(reading *r, size_t i, const char *value,
                            zkg_error *err)
{
    const char *name = entries[i].name;
    char *end;
    const double v = strtod(value, &end);

    if (*end != '\0' || !(v >= 0 && v <= COST_MAX))
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s:%" PRIu32 ": `%.40s` is no number from 0 to %g",
                        r->path, r->number, value, COST_MAX);
    if (r->seen[i] != 0)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s:%" PRIu32 ": `%s` stands on line %" PRIu32
                        " already (keep one of them)",
                        r->path, r->number, name, r->seen[i]);
    r->seen[i] = r->number;
    *member(&r->costs, &entries[i]) = v;
    return ZKG_OK;
}

static zkg_status read_line(reading *r, char *line, zkg_error *err)
{
    const char *names[ENTRIES], *near;
    char *name, *value, *save = NULL;

    line[strcspn(line, "#")] = '\0';
    name = strtok_r(line, " \t\r", &save);
    if (name == NULL)
        return ZKG_OK;
    value = strtok_r(NULL, " \t\r", &save);
    if (value == NULL || strtok_r(NULL, " \t\r", &save) != NULL)
        return zkg_fail(err, ZKG_ERR_MALFORMED,
                        "%s:%" PRIu32 ": expected `name number`", r->path,
                        r->number);
    for (size_t i = 0; i < ENTRIES; i++) {
        names[i] = entries[i].name;
        if (strcmp(name, names[i]) == 0)
            return set_entry(r, i, value, err);
    }
    near = zkg_nearest(name, names, ENTRIES);
    return zkg_fail(err, ZKG_ERR_MALFORMED,
                    "%s:%" PRIu32 ": unknown constant `%.40s`%s%s%s", r->path,
                    r->number, name, near == NULL ? "" : " (did you mean `",
                    near == NULL ? "" : near, near == NULL ? "" : "`?)");
}

/* text[len] is a zero. */
static zkg_status read_lines(reading *r, char *text, size_t len, zkg_error *err)
{
    char *const end = text + len;

    for (char *line = text, *stop; line < end; line = stop + 1) {
        stop = memchr(line, '\n', (size_t)(end - line));
        if (stop == NULL)
            stop = end;
        r->number++;
        if (memchr(line, 0, (size_t)(stop - line)) != NULL)
            return zkg_fail(err, ZKG_ERR_MALFORMED,
                            "%s:%" PRIu32
                            ": byte 0x00 is not text (use plain ASCII)",
                            r->path, r->number);
        *stop = '\0';
        ZKG_TRY(read_line(r, line, err));
    }
    return ZKG_OK;
}

zkg_status zkg_costs_read(zkg_costs *out, const char *path, zkg_error *err)
{
    reading r = {.path = path, .costs = zkg_costs_builtin};
    zkg_status status;
    uint8_t *bytes;
    size_t len;

    ZKG_TRY(zkg_file_read(&bytes, &len, path, COSTS_FILE_MAX, err));
    status = read_lines(&r, (char *)bytes, len, err);
    zkg_free(bytes);
    if (status == ZKG_OK)
        *out = r.costs;
    return status;
}

zkg_status zkg_costs_text(char **text, const zkg_costs *costs, zkg_error *err)
{
    zkg_costs copy = *costs;
    size_t len = 0;
    FILE *f = open_memstream(text, &len);

    if (f == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for constants");
    fprintf(f, "# What operations cost here: seconds on one core, unless "
               "bytes.\n# For zkgkr schedule plan and prove, as --costs.\n");
    for (size_t i = 0; i < ENTRIES; i++)
        fprintf(f, "%-13s %-12.4g # %s\n", entries[i].name,
                *member(&copy, &entries[i]), entries[i].what);
    if (fclose(f) != 0) {
        free(*text);
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for constants");
    }
    return ZKG_OK;
}
