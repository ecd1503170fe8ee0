/* SPDX-License-Identifier: Apache-2.0
 * zkgkr srs: make, import, check and describe a reference string. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/io.h"
#include "commands.h"
#include "options.h"
#include "schedule/nearest.h"
#include "zkgkr/srs.h"

static const char usage[] =
    "zkgkr srs new --power N -o FILE.srs      for development only\n"
    "       zkgkr srs import FILE.ptau [--power N] -o FILE.srs\n"
    "       zkgkr srs check FILE.srs\n"
    "       zkgkr srs info FILE.srs [--json]";

static void print_info(const zkg_srs *srs)
{
    zkg_srs_info info;
    char hex[65];

    zkg_srs_describe(&info, srs);
    zkg_digest_hex(hex, info.digest);
    printf("power         %" PRIu32 "\n"
           "points        %" PRIu64 "\n"
           "digest        %s (of a key with k = %" PRIu32 ")\n",
           info.power, info.points, hex, info.power);
    if (info.development)
        printf("development   yes: made here; whoever made it may know its "
               "tau\n");
    else
        printf("contributions %" PRIu32 " (as its ceremony file stated; "
               "history not checked)\n",
               info.contributions);
}

static void print_json(const zkg_srs *srs)
{
    zkg_srs_info info;
    char hex[65];

    zkg_srs_describe(&info, srs);
    zkg_digest_hex(hex, info.digest);
    printf("{\"zkgkr\":\"srs\",\"power\":%" PRIu32 ",\"points\":%" PRIu64
           ",\"digest\":\"%s\",\"development\":%s,\"contributions\":%" PRIu32
           "}\n",
           info.power, info.points, hex, info.development ? "true" : "false",
           info.contributions);
}

static zkg_status srs_new(int argc, char **argv, zkg_error *err)
{
    const char *power_text = NULL, *out = NULL;
    const zkg_option options[] = {
        {"power", "N", "serve chunks of up to 2^N values", &power_text, NULL,
         true},
        {"o", "FILE", "the .srs file to write", &out, NULL, true},
    };
    bool done;
    uint32_t power;
    zkg_srs *srs;
    zkg_status s;

    ZKG_TRY(zkg_options_parse(&done, NULL, NULL, 0, options, 2,
                              "zkgkr srs new --power N -o FILE.srs", argc, argv,
                              err));
    if (done)
        return ZKG_OK;
    ZKG_TRY(zkg_option_u32(&power, "--power", power_text, 1, ZKG_SRS_MAX_POWER,
                           err));
    ZKG_TRY(zkg_file_check_writable(out, err));
    ZKG_TRY(zkg_srs_new(&srs, power, err));
    s = zkg_srs_write(srs, out, err);
    if (s == ZKG_OK)
        print_info(srs);
    zkg_srs_free(srs);
    return s;
}

static zkg_status srs_import(int argc, char **argv, zkg_error *err)
{
    const char *power_text = NULL, *out = NULL, *path = NULL;
    const zkg_option options[] = {
        {"power", "N", "keep 2^N + 8 G1 points (default: the file's power)",
         &power_text, NULL, false},
        {"o", "FILE", "the .srs file to write", &out, NULL, true},
    };
    size_t count = 0;
    bool done;
    uint32_t power = 0;
    zkg_srs *srs;
    zkg_status s;

    ZKG_TRY(zkg_options_parse(
        &done, &path, &count, 1, options, 2,
        "zkgkr srs import FILE.ptau [--power N] -o FILE.srs", argc, argv, err));
    if (done)
        return ZKG_OK;
    if (count == 0)
        return zkg_fail(err, ZKG_ERR_USAGE, "import: name a .ptau file");
    if (power_text != NULL)
        ZKG_TRY(zkg_option_u32(&power, "--power", power_text, 1,
                               ZKG_SRS_MAX_POWER, err));
    ZKG_TRY(zkg_file_check_writable(out, err));
    ZKG_TRY(zkg_srs_import_ptau(&srs, path, power, err));
    s = zkg_srs_write(srs, out, err);
    if (s == ZKG_OK) {
        print_info(srs);
        printf("All points were checked.  The ceremony's history was not: that "
               "its\ncontributors were who they say, and threw their secrets "
               "away.\n");
    }
    zkg_srs_free(srs);
    return s;
}

static zkg_status srs_check(int argc, char **argv, zkg_error *err)
{
    const char *path = NULL;
    size_t count = 0;
    bool done;
    zkg_error why = {0};
    zkg_srs *srs;
    zkg_status s;

    ZKG_TRY(zkg_options_parse(&done, &path, &count, 1, NULL, 0,
                              "zkgkr srs check FILE.srs", argc, argv, err));
    if (done)
        return ZKG_OK;
    if (count == 0)
        return zkg_fail(err, ZKG_ERR_USAGE, "check: name an .srs file");
    ZKG_TRY(zkg_srs_read(&srs, path, err));
    s = zkg_srs_check(srs, 0, &why);
    if (s == ZKG_OK) {
        print_info(srs);
        printf("%s: consecutive powers of one tau, which is [tau]_2's\n", path);
    } else {
        (void)zkg_fail(err, s, "%s: %s", path, why.text);
    }
    zkg_srs_free(srs);
    return s;
}

static zkg_status srs_info(int argc, char **argv, zkg_error *err)
{
    const char *path = NULL;
    bool json = false, done;
    const zkg_option options[] = {
        {"json", NULL, "one JSON object on stdout", NULL, &json, false},
    };
    size_t count = 0;
    zkg_srs *srs;

    ZKG_TRY(zkg_options_parse(&done, &path, &count, 1, options, 1,
                              "zkgkr srs info FILE.srs [--json]", argc, argv,
                              err));
    if (done)
        return ZKG_OK;
    if (count == 0)
        return zkg_fail(err, ZKG_ERR_USAGE, "info: name an .srs file");
    ZKG_TRY(zkg_srs_read(&srs, path, err));
    if (json)
        print_json(srs);
    else
        print_info(srs);
    zkg_srs_free(srs);
    return ZKG_OK;
}

zkg_status zkg_cmd_srs(zkg_cli *cli, int argc, char **argv, zkg_error *err)
{
    static const struct {
        const char *name;
        zkg_status (*run)(int argc, char **argv, zkg_error *err);
    } verbs[] = {
        {"new", srs_new},
        {"import", srs_import},
        {"check", srs_check},
        {"info", srs_info},
    };
    const char *names[4];
    const char *near;

    (void)cli;
    if (argc >= 2 &&
        (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        printf("usage: %s\n", usage);
        return ZKG_OK;
    }
    if (argc < 2)
        return zkg_fail(err, ZKG_ERR_USAGE,
                        "one of new, import, check, info (zkgkr srs --help)");
    for (size_t i = 0; i < 4; i++) {
        names[i] = verbs[i].name;
        if (strcmp(argv[1], names[i]) == 0)
            return verbs[i].run(argc - 1, argv + 1, err);
    }
    near = zkg_nearest(argv[1], names, 4);
    return zkg_fail(err, ZKG_ERR_USAGE, "unknown command `%s`%s%s%s", argv[1],
                    near != NULL ? " (did you mean `" : "",
                    near != NULL ? near : "", near != NULL ? "`?)" : "");
}
