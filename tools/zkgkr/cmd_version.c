/* SPDX-License-Identifier: Apache-2.0
 * zkgkr version: versions and CPU features. */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "backend/backend.h"
#include "base/cpu.h"
#include "base/json.h"
#include "commands.h"
#include "options.h"
#include "revision.h"
#include "zkgkr/zkgkr.h"

zkg_status zkg_cmd_version(zkg_cli *cli, int argc, char **argv, zkg_error *err)
{
    const uint32_t cpu = zkg_cpu_features(ZKG_CPU_ALL);
    bool json = false, done;
    const zkg_option options[] = {
        {"json", NULL, "print JSON", NULL, &json, false},
    };
    char names[64];

    (void)cli;
    ZKG_TRY(zkg_options_parse(&done, NULL, NULL, 0, options, 1,
                              "zkgkr version [--json]", argc, argv, err));
    if (done)
        return ZKG_OK;
    zkg_cpu_names(names, cpu);
    if (json) {
        zkg_json_out o;
        zkg_status status;

        zkg_json_out_init(&o);
        zkg_json_out_object(&o);
        zkg_json_out_key(&o, "zkgkr");
        zkg_json_out_string(&o, zkg_version());
        zkg_json_out_key(&o, "commit");
        zkg_json_out_string(&o, zkg_revision);
        zkg_json_out_key(&o, "cpu");
        zkg_json_out_string(&o, names);
        zkg_json_out_key(&o, "backend");
        zkg_json_out_string(&o, zkg_backend_get(cpu)->name);
        zkg_json_out_key(&o, "libsodium");
        zkg_json_out_string(&o, sodium_version_string());
        zkg_json_out_end(&o);
        status = zkg_json_out_finish(&o);
        if (status == ZKG_OK)
            fwrite(o.bytes.data, 1, o.bytes.len, stdout);
        zkg_json_out_free(&o);
        return status;
    }
    printf("zkgkr %s, commit %s\ncpu: %s, backend %s\nlibsodium %s\n",
           zkg_version(), zkg_revision, names, zkg_backend_get(cpu)->name,
           sodium_version_string());
    return ZKG_OK;
}
