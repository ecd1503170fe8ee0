/* SPDX-License-Identifier: Apache-2.0
 * Schedule files from disk. */
#include <stddef.h>
#include <stdint.h>

#include "base/io.h"
#include "base/mem.h"
#include "zkgkr/schedule.h"

enum { FILE_MAX = 64 << 20 }; /* far above a line for each of 10^5 tasks */

static zkg_status read_text(zkg_schedule_text *text, const char *path,
                            zkg_error *err)
{
    uint8_t *bytes;

    ZKG_TRY(zkg_file_read(&bytes, &text->len, path, FILE_MAX, err));
    text->name = path;
    text->text = (const char *)bytes;
    return ZKG_OK;
}

/* A folder's file, if it is there. */
static zkg_status beside(char **path, const char *folder, const char *file,
                         zkg_error *err)
{
    char *p = zkg_path_join(folder, file);

    if (p == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a path");
    if (!zkg_file_exists(p)) {
        zkg_free(p);
        p = NULL;
    }
    *path = p;
    return ZKG_OK;
}

zkg_status zkg_plan_read(zkg_plan **out, zkg_notes *notes, const char *schedule,
                         const char *mapping, const char *dependencies,
                         const zkg_job *job, zkg_error *err)
{
    zkg_schedule_text text[3] = {{0}};
    char *found[3] = {NULL, NULL, NULL};
    const char *path[3] = {schedule, mapping, dependencies};
    zkg_status status = ZKG_OK;

    if (zkg_dir_exists(schedule)) {
        found[0] = zkg_path_join(schedule, "schedule.txt");
        if (found[0] == NULL)
            return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a path");
        path[0] = found[0];
        if (mapping == NULL) {
            status = beside(&found[1], schedule, "task_mapping.txt", err);
            path[1] = found[1];
        }
        if (status == ZKG_OK && dependencies == NULL) {
            status = beside(&found[2], schedule, "task_dependencies.txt", err);
            path[2] = found[2];
        }
    }
    for (int i = 0; i < 3 && status == ZKG_OK; i++)
        if (path[i] != NULL)
            status = read_text(&text[i], path[i], err);
    if (status == ZKG_OK)
        status =
            zkg_plan_parse(out, notes, &text[0], &text[1], &text[2], job, err);
    for (int i = 0; i < 3; i++) {
        zkg_free((void *)(uintptr_t)text[i].text);
        zkg_free(found[i]);
    }
    return status;
}
