/* SPDX-License-Identifier: Apache-2.0
 * Long options. */
#include "options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schedule/nearest.h"

enum { OPTIONS_MAX = 64 };

static const char *dashes(const zkg_option *o)
{
    return strlen(o->name) == 1 ? "-" : "--";
}

static void print_help(const zkg_option *options, size_t n, const char *usage)
{
    printf("usage: %s\n", usage);
    for (size_t i = 0; i < n; i++) {
        char left[64];

        (void)snprintf(left, sizeof(left), "%s%s%s%s", dashes(&options[i]),
                       options[i].name, options[i].arg == NULL ? "" : " ",
                       options[i].arg == NULL ? "" : options[i].arg);
        printf("  %-26s %s%s\n", left, options[i].help,
               options[i].required ? " (required)" : "");
    }
    printf("  %-26s %s\n", "--help", "this text");
}

static zkg_status unknown(const char *word, size_t len,
                          const zkg_option *options, size_t n, zkg_error *err)
{
    const char *names[OPTIONS_MAX];
    char given[64];
    const char *near;

    for (size_t i = 0; i < n; i++)
        names[i] = options[i].name;
    (void)snprintf(given, sizeof(given), "%.*s", len > 60 ? 60 : (int)len,
                   word);
    near = zkg_nearest(given, names, n);
    if (near == NULL)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "unknown option --%s (--help lists them)", given);
    return zkg_fail(err, ZKG_ERR_USAGE,
                    "unknown option --%s (did you mean %s%s?)", given,
                    strlen(near) == 1 ? "-" : "--", near);
}

static zkg_status parse_one(int *i, bool *given, const zkg_option *options,
                            size_t n, int argc, char **argv, zkg_error *err)
{
    const char *word = argv[*i] + 1;
    const char *equals;
    size_t len, k;

    if (*word == '-')
        word++;
    equals = strchr(word, '=');
    len = equals == NULL ? strlen(word) : (size_t)(equals - word);
    for (k = 0; k < n; k++)
        if (strlen(options[k].name) == len &&
            strncmp(options[k].name, word, len) == 0 &&
            (len == 1) == (argv[*i][1] != '-'))
            break;
    if (k == n)
        return unknown(word, len, options, n, err);
    if (given[k])
        return zkg_fail(err, ZKG_ERR_USAGE, "%s%s is given twice",
                        dashes(&options[k]), options[k].name);
    given[k] = true;
    if (options[k].arg == NULL) {
        if (equals != NULL)
            return zkg_fail(err, ZKG_ERR_USAGE, "%s%s takes no value",
                            dashes(&options[k]), options[k].name);
        *options[k].flag = true;
        return ZKG_OK;
    }
    if (equals == NULL && *i + 1 >= argc)
        return zkg_fail(err, ZKG_ERR_USAGE, "%s%s needs a value: %s",
                        dashes(&options[k]), options[k].name, options[k].arg);
    *options[k].value = equals != NULL ? equals + 1 : argv[++*i];
    return ZKG_OK;
}

zkg_status zkg_options_parse(bool *done, const char **operands, size_t *count,
                             size_t max_operands, const zkg_option *options,
                             size_t n, const char *usage, int argc, char **argv,
                             zkg_error *err)
{
    bool given[OPTIONS_MAX] = {false};
    size_t operands_len = 0;
    bool only_operands = false;

    *done = false;
    if (n > OPTIONS_MAX)
        return zkg_fail(err, ZKG_ERR_INTERNAL, "too many options");
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help(options, n, usage);
            *done = true;
            return ZKG_OK;
        }
    for (int i = 1; i < argc; i++) {
        if (!only_operands && strcmp(argv[i], "--") == 0) {
            only_operands = true;
        } else if (!only_operands && argv[i][0] == '-' && argv[i][1] != '\0') {
            ZKG_TRY(parse_one(&i, given, options, n, argc, argv, err));
        } else if (operands_len < max_operands) {
            operands[operands_len++] = argv[i];
        } else {
            return zkg_fail(err, ZKG_ERR_USAGE, "unexpected `%s` (usage: %s)",
                            argv[i], usage);
        }
    }
    for (size_t k = 0; k < n; k++)
        if (options[k].required && !given[k])
            return zkg_fail(err, ZKG_ERR_USAGE, "missing %s%s %s (usage: %s)",
                            dashes(&options[k]), options[k].name,
                            options[k].arg == NULL ? "" : options[k].arg,
                            usage);
    if (count != NULL)
        *count = operands_len;
    return ZKG_OK;
}

zkg_status zkg_option_u32(uint32_t *out, const char *name, const char *text,
                          uint32_t min, uint32_t max, zkg_error *err)
{
    uint64_t v = 0;
    size_t len = strlen(text);

    for (size_t i = 0; i < len && len <= 10; i++) {
        if (text[i] < '0' || text[i] > '9') {
            len = 0;
            break;
        }
        v = 10 * v + (uint64_t)(text[i] - '0');
    }
    if (len == 0 || len > 10 || v < min || v > max)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "%s: `%s` is not a number from %" PRIu32 " to %" PRIu32,
                        name, text, min, max);
    *out = (uint32_t)v;
    return ZKG_OK;
}

zkg_status zkg_option_bytes(uint64_t *out, const char *name, const char *text,
                            zkg_error *err)
{
    static const char units[] = "KMGT";
    const char *unit;
    char *end;
    double v = strtod(text, &end);

    unit = *end == '\0' ? NULL : strchr(units, *end & ~0x20);
    if (unit != NULL) {
        v *= (double)((uint64_t)1 << 10 * (unit - units + 1));
        end++;
        end += *end == 'i' ? 1 : 0;
        end += *end == 'B' ? 1 : 0;
    }
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || !(v >= 1 && v < 1e18))
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "%s: `%s` is not a number of bytes (512M, 4G)", name,
                        text);
    *out = (uint64_t)v;
    return ZKG_OK;
}
