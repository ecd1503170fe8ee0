/* SPDX-License-Identifier: Apache-2.0 */
/* Statements as data: names, coefficients, tables, memory. */
#include "graph/statement.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "circuit/own.h"
#include "pcs/kzg.h"

/* ---- names ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool only(const char *name, const char *more)
{
    const size_t n = strlen(name);

    for (size_t i = 0; i < n; i++) {
        if (!is_letter(name[i]) && !is_digit(name[i]) &&
            strchr(more, name[i]) == NULL)
            return false;
    }
    return n >= 1 && n <= ZKG_MAX_NAME;
}

bool zkg_name_is_valid(const char *name)
{
    return only(name, ".:/-");
}

bool zkg_task_name_is_valid(const char *name)
{
    return only(name, ".");
}

bool zkg_ident_is_valid(const char *name)
{
    return only(name, "") && is_letter(name[0]);
}

uint32_t zkg_statement_tensor_id(const zkg_statement *st, const char *name)
{
    for (uint32_t i = 0; i < st->tensors; i++) {
        if (strcmp(st->tensor[i].name, name) == 0)
            return i;
    }
    return ZKG_NO_ID;
}

uint32_t zkg_statement_table_id(const zkg_statement *st, const char *name)
{
    for (uint32_t i = 0; i < st->tables; i++) {
        if (strcmp(st->table[i].name, name) == 0)
            return i;
    }
    return ZKG_NO_ID;
}

uint32_t zkg_statement_kernel_id(const zkg_statement *st, const char *name)
{
    for (uint32_t i = 0; i < st->kernels; i++) {
        if (strcmp(st->kernel[i].name, name) == 0)
            return i;
    }
    return ZKG_NO_ID;
}

uint32_t zkg_statement_task_id(const zkg_statement *st, const char *name)
{
    for (uint32_t i = 0; i < st->tasks; i++) {
        if (strcmp(st->task[i].name, name) == 0)
            return i;
    }
    return ZKG_NO_ID;
}

uint32_t zkg_kernel_axis_id(const zkg_kernel *k, const char *name)
{
    for (uint32_t i = 0; i < k->axes; i++) {
        if (strcmp(k->axis[i].name, name) == 0)
            return i;
    }
    return ZKG_NO_ID;
}

uint32_t zkg_kernel_param_id(const zkg_kernel *k, const char *name)
{
    for (uint32_t i = 0; i < k->params; i++) {
        if (strcmp(k->param[i].name, name) == 0)
            return i;
    }
    return ZKG_NO_ID;
}

/* ---- coefficients ---- */

static bool is_zero(const zkg_coeff *c)
{
    uint32_t any = 0;

    for (int i = 0; i < 8; i++)
        any |= c->limb[i];
    return any == 0;
}

/* c = 10 c + digit; false when that does not fit. */
static bool push_digit(zkg_coeff *c, uint32_t digit)
{
    uint64_t carry = digit;

    for (int i = 0; i < 8; i++) {
        carry += (uint64_t)c->limb[i] * 10;
        c->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return carry == 0;
}

bool zkg_coeff_parse(zkg_coeff *out, const char *text)
{
    *out = (zkg_coeff){.negative = text[0] == '-'};
    if (text[0] == '-')
        text++;
    if (!is_digit(text[0]) || (text[0] == '0' && text[1] != 0))
        return false;
    for (; *text != 0; text++) {
        if (!is_digit(*text) || !push_digit(out, (uint32_t)(*text - '0')))
            return false;
    }
    return !(out->negative && is_zero(out));
}

void zkg_coeff_format(char *out, const zkg_coeff *c)
{
    zkg_coeff rest = *c;
    char digits[80];
    size_t n = 0;

    do {
        uint64_t left = 0;

        for (int i = 8; i-- > 0;) {
            left = left << 32 | rest.limb[i];
            rest.limb[i] = (uint32_t)(left / 10);
            left %= 10;
        }
        digits[n++] = (char)('0' + left);
    } while (!is_zero(&rest));
    if (c->negative)
        *out++ = '-';
    while (n > 0)
        *out++ = digits[--n];
    *out = 0;
}

void zkg_coeff_from_i64(zkg_coeff *out, int64_t v)
{
    const uint64_t m = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

    *out = (zkg_coeff){.negative = v < 0};
    out->limb[0] = (uint32_t)m;
    out->limb[1] = (uint32_t)(m >> 32);
}

bool zkg_coeff_to_i64(int64_t *out, const zkg_coeff *c)
{
    const uint64_t m = (uint64_t)c->limb[0] | (uint64_t)c->limb[1] << 32;

    for (int i = 2; i < 8; i++) {
        if (c->limb[i] != 0)
            return false;
    }
    if (m > (uint64_t)INT64_MAX + (c->negative ? 1 : 0))
        return false;
    *out = c->negative ? (int64_t)(0 - m) : (int64_t)m;
    return true;
}

/* ---- tensors ---- */

void zkg_cell_text(char *out, const zkg_array *a, uint64_t i)
{
    zkg_coeff c = {.negative = false};
    int64_t v;

    if (zkg_array_try_i64(&v, a, i)) {
        zkg_coeff_from_i64(&c, v);
    } else {
        uint64_t limb[4];

        zkg_fr_to_scalar(limb, (const zkg_fr *)a->data + i);
        for (int k = 0; k < 8; k++)
            c.limb[k] = (uint32_t)(limb[k / 2] >> (k % 2 * 32));
    }
    zkg_coeff_format(out, &c);
}

uint64_t zkg_tensor_count(const zkg_tensor *t)
{
    uint64_t n = 1;

    for (uint32_t i = 0; i < t->axes; i++)
        n *= t->len[i];
    return n;
}

uint32_t zkg_tensor_vars(const zkg_tensor *t)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < t->axes; i++)
        n += zkg_axis_bits(t->len[i]);
    return n;
}

uint32_t zkg_tensor_bits(const zkg_tensor *t)
{
    const int64_t low = t->min < 0 ? -(t->min + 1) : 0;

    if (t->type == ZKG_FR)
        return 254;
    return 1 + zkg_log2_floor((uint64_t)(t->max > low ? t->max : low) | 1);
}

void zkg_tensor_shape_text(char *out, const zkg_tensor *t)
{
    int n = sprintf(out, "[");

    for (uint32_t i = 0; i < t->axes; i++)
        n += sprintf(out + n, "%s%llu", i > 0 ? "," : "",
                     (unsigned long long)t->len[i]);
    sprintf(out + n, "]");
}

bool zkg_statement_is_hinted_counts(const zkg_statement *st, uint32_t id)
{
    for (uint32_t i = 0; i < st->tables; i++) {
        if (st->table[i].hinted && st->table[i].counts == id)
            return true;
    }
    return false;
}

uint32_t zkg_statement_default_k(const zkg_statement *st)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < st->tensors; i++) {
        if (st->tensor[i].vis == ZKG_FIXED || st->tensor[i].vis == ZKG_PRIVATE)
            n += (uint64_t)1 << zkg_tensor_vars(&st->tensor[i]);
    }
    return zkg_kzg_default_k(n);
}

/* ---- tables ---- */

static const char *const kinds[] = {
    [ZKG_KIND_RANGE] = "range",
    [ZKG_KIND_SIGNED_RANGE] = "signed_range",
    [ZKG_KIND_RELU] = "relu",
    [ZKG_KIND_COLUMNS] = "columns",
};

uint32_t zkg_table_kind_columns(zkg_table_kind kind)
{
    return kind == ZKG_KIND_COLUMNS ? 0 : kind == ZKG_KIND_RELU ? 2 : 1;
}

const char *zkg_table_kind_name(zkg_table_kind kind)
{
    return (unsigned)kind <= ZKG_KIND_COLUMNS ? kinds[kind] : "?";
}

bool zkg_table_kind_parse(zkg_table_kind *out, const char *name)
{
    for (unsigned i = 0; i <= ZKG_KIND_COLUMNS; i++) {
        if (strcmp(kinds[i], name) == 0) {
            *out = (zkg_table_kind)i;
            return true;
        }
    }
    return false;
}

int64_t zkg_stmt_table_entry(const zkg_stmt_table *t, uint32_t c, uint64_t i)
{
    int64_t x = (int64_t)i;

    if (t->kind == ZKG_KIND_COLUMNS)
        return zkg_array_get_i64(&t->column[c], i);
    if (t->kind != ZKG_KIND_RANGE)
        x -= (int64_t)1 << (t->bits - 1);
    return c == 0 || x > 0 ? x : 0;
}

void zkg_stmt_table_bounds(int64_t *min, int64_t *max, const zkg_stmt_table *t,
                           uint32_t c)
{
    *min = zkg_stmt_table_entry(t, c, 0);
    *max = zkg_stmt_table_entry(t, c, t->rows - 1);
    if (t->kind != ZKG_KIND_COLUMNS)
        return; /* the closed forms rise */
    for (uint64_t i = 0; i < t->rows; i++) {
        const int64_t v = zkg_stmt_table_entry(t, c, i);

        *min = v < *min ? v : *min;
        *max = v > *max ? v : *max;
    }
}

/* ---- kernels and circuits ---- */

zkg_kernel zkg_kernel_empty(char *name)
{
    return (zkg_kernel){.name = name, .circuit = ZKG_NO_ID};
}

uint32_t zkg_kernel_relations(const zkg_kernel *k)
{
    return k->lookups + k->einsums + (k->circuit != ZKG_NO_ID ? 1 : 0);
}

uint64_t zkg_statement_most_gates(const zkg_statement *st)
{
    uint64_t most = 0;

    for (uint32_t i = 0; i < st->circuits; i++) {
        uint64_t gates = 0;

        for (uint32_t l = 0; l < st->circuit[i].layers; l++)
            gates += st->circuit[i].layer[l].gates;
        most = gates > most ? gates : most;
    }
    return most;
}

uint32_t zkg_statement_most_layers(const zkg_statement *st)
{
    uint32_t most = 0;

    for (uint32_t i = 0; i < st->circuits; i++)
        most = st->circuit[i].layers > most ? st->circuit[i].layers : most;
    return most;
}

uint32_t zkg_statement_ratchets(const zkg_statement *st)
{
    enum { LEAST_RATCHETS = 1000, RATCHETS_PER_LAYER = 4 };
    const uint32_t deep = RATCHETS_PER_LAYER * zkg_statement_most_layers(st);

    return deep > LEAST_RATCHETS ? deep : LEAST_RATCHETS;
}

/* ---- memory ---- */

static void kernel_clear(zkg_kernel *k)
{
    for (uint32_t i = 0; i < k->axes; i++)
        zkg_free(k->axis[i].name);
    for (uint32_t i = 0; i < k->params; i++)
        zkg_free(k->param[i].name);
    for (uint32_t i = 0; i < k->einsums; i++)
        zkg_free(k->einsum[i].term);
    zkg_free(k->axis);
    zkg_free(k->param);
    zkg_free(k->lookup);
    zkg_free(k->einsum);
    zkg_free(k->input);
    zkg_free(k->output);
    zkg_free(k->name);
}

void zkg_statement_clear(zkg_statement *st)
{
    for (uint32_t i = 0; i < st->tensors; i++)
        zkg_free(st->tensor[i].name);
    for (uint32_t i = 0; i < st->tables; i++) {
        for (uint32_t c = 0;
             st->table[i].column != NULL && c < st->table[i].columns; c++)
            zkg_array_clear(&st->table[i].column[c]);
        zkg_free(st->table[i].column);
        zkg_free(st->table[i].name);
    }
    for (uint32_t i = 0; i < st->circuits; i++)
        zkg_circuit_clear(&st->circuit[i]);
    for (uint32_t i = 0; i < st->kernels; i++)
        kernel_clear(&st->kernel[i]);
    for (uint32_t i = 0; i < st->tasks; i++) {
        zkg_free(st->task[i].name);
        zkg_free(st->task[i].bind);
        zkg_free(st->task[i].broadcast);
    }
    zkg_free(st->tensor);
    zkg_free(st->table);
    zkg_free(st->circuit);
    zkg_free(st->kernel);
    zkg_free(st->task);
    *st = (zkg_statement){0};
}
