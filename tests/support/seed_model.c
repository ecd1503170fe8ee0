/* SPDX-License-Identifier: Apache-2.0 */
#include "seed_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

zkg_status onnx_graph(zkg_graph **out, zkg_onnx_report *report,
                      const char *path, const zkg_onnx_options *options,
                      zkg_error *err)
{
    zkg_onnx_model m;
    zkg_onnx_plan p;
    zkg_status s;

    ZKG_TRY(zkg_onnx_read(&m, path, err));
    s = zkg_onnx_infer(&m, err);
    if (s == ZKG_OK)
        s = zkg_onnx_plan_init(&p, &m, err);
    if (s == ZKG_OK) {
        s = zkg_onnx_compile(out, report, &m, &p, options, err);
        zkg_onnx_plan_clear(&p);
    }
    zkg_onnx_clear(&m);
    return s;
}

zkg_graph *seed_model(const char *model, zkg_visibility param)
{
    const zkg_onnx_options options = {.scale = 4,
                                      .param_scale = 5,
                                      .input = ZKG_PRIVATE,
                                      .output = ZKG_PUBLIC,
                                      .param = param};
    const char *root = getenv("ZKG_SOURCE_ROOT");
    zkg_onnx_report report;
    zkg_error err = {0};
    zkg_graph *g = NULL;
    char path[4096];
    zkg_status s;

    snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/%s",
             root == NULL ? "." : root, model);
    s = onnx_graph(&g, &report, path, &options, &err);
    if (s != ZKG_OK)
        fail_msg("%s: %s", zkg_status_name(s), err.text);
    zkg_onnx_report_clear(&report);
    return g;
}
