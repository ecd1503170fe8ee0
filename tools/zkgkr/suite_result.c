/* SPDX-License-Identifier: Apache-2.0
 * What became of a case of a suite, as a file. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/json.h"
#include "suite.h"
#include "zkgkr/zkgkr.h"

#define MAX_RESULT ((size_t)1 << 24)

void zkg_suite_path(char out[ZKG_SUITE_PATH], const char *folder,
                    const char *name)
{
    snprintf(out, ZKG_SUITE_PATH, "%.4000s/%.150s", folder, name);
}

/* ---- now, and logs ---- */

zkg_status zkg_suite_write_now(const char *folder, const char *step,
                               zkg_error *err)
{
    char path[ZKG_SUITE_PATH], text[100];

    zkg_suite_path(path, folder, "now");
    snprintf(text, sizeof(text), "%ld %s %lld\n", (long)getpid(), step,
             (long long)time(NULL));
    return zkg_file_write_atomic(path, text, strlen(text), err);
}

/* Does the process that `now` names still run? */
static bool read_now(zkg_suite_result *out, const char *folder)
{
    char path[ZKG_SUITE_PATH], text[100] = "";
    long pid = 0;
    long long since = 0;
    FILE *f;

    zkg_suite_path(path, folder, "now");
    f = fopen(path, "r");
    if (f == NULL)
        return false;
    if (fgets(text, sizeof(text), f) == NULL)
        text[0] = 0;
    (void)fclose(f);
    if (sscanf(text, "%ld %15s %lld", &pid, out->step, &since) != 3)
        return false;
    out->since = (double)since;
    return pid > 0 && kill((pid_t)pid, 0) == 0;
}

void zkg_suite_last_line(char out[256], const char *log)
{
    FILE *f = fopen(log, "r");
    char line[2048];

    out[0] = 0;
    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        line[strcspn(line, "\r\n")] = 0;
        if (line[0] != 0)
            snprintf(out, 256, "%.250s", line);
    }
    if (f != NULL)
        (void)fclose(f);
}

/* ---- inputs into the case ---- */

static double larger(double a, double b)
{
    return a > b ? a : b;
}

void zkg_suite_add_run(zkg_suite_result *r, const zkg_suite_run *x)
{
    zkg_suite_run *s = &r->sum;

    if (r->inputs++ == 0) {
        *s = *x;
        return;
    }
    if (x->prove_s > s->prove_s) {
        s->prove_s = x->prove_s;
        s->prove_least_s = x->prove_least_s;
        s->prove_most_s = x->prove_most_s;
        s->witness_s = x->witness_s;
        s->commit_s = x->commit_s;
        s->tasks_s = x->tasks_s;
        s->open_s = x->open_s;
    }
    s->verify_s = larger(s->verify_s, x->verify_s);
    s->peak_rss = x->peak_rss > s->peak_rss ? x->peak_rss : s->peak_rss;
    s->verify_rss =
        x->verify_rss > s->verify_rss ? x->verify_rss : s->verify_rss;
    s->max_error = larger(s->max_error, x->max_error);
    s->mean_error = larger(s->mean_error, x->mean_error);
    s->rmse = larger(s->rmse, x->rmse);
    s->rows += x->rows;
    s->same_argmax += x->same_argmax;
    if (x->layer_error > s->layer_error) {
        s->layer_error = x->layer_error;
        memcpy(s->layer, x->layer, sizeof(s->layer));
    }
    s->tampered_refused = s->tampered_refused && x->tampered_refused;
}

/* ---- writing ---- */

static void put_double(zkg_json_out *o, const char *key, double v)
{
    zkg_json_out_key(o, key);
    zkg_json_out_double(o, v);
}

static void put_u64(zkg_json_out *o, const char *key, uint64_t v)
{
    zkg_json_out_key(o, key);
    zkg_json_out_u64(o, v);
}

static void put_string(zkg_json_out *o, const char *key, const char *v)
{
    zkg_json_out_key(o, key);
    zkg_json_out_string(o, v);
}

/* An input's figures, or the sum of all of them. */
static void put_run(zkg_json_out *o, const zkg_suite_run *x)
{
    put_double(o, "prove_s", x->prove_s);
    put_double(o, "prove_least_s", x->prove_least_s);
    put_double(o, "prove_most_s", x->prove_most_s);
    put_double(o, "witness_s", x->witness_s);
    put_double(o, "commit_s", x->commit_s);
    put_double(o, "tasks_s", x->tasks_s);
    put_double(o, "open_s", x->open_s);
    put_double(o, "verify_s", x->verify_s);
    put_u64(o, "peak_rss_bytes", x->peak_rss);
    put_u64(o, "verify_rss_bytes", x->verify_rss);
    put_double(o, "max_error", x->max_error);
    put_double(o, "mean_error", x->mean_error);
    put_double(o, "rmse", x->rmse);
    put_u64(o, "rows", x->rows);
    put_u64(o, "same_argmax", x->same_argmax);
    put_string(o, "worst_layer", x->layer);
    put_double(o, "worst_layer_error", x->layer_error);
    zkg_json_out_key(o, "tampered_refused");
    zkg_json_out_bool(o, x->tampered_refused);
}

static void put_result(zkg_json_out *o, const zkg_suite_case *c,
                       const zkg_suite_result *r, uint32_t ranks)
{
    zkg_json_out_object(o);
    put_string(o, "case", c->name);
    put_u64(o, "scale", c->scale);
    put_string(o, "version", zkg_version());
    put_string(o, "key", r->key);
    put_string(o, "status", r->status);
    put_string(o, "step", r->step);
    put_u64(o, "exit_code", (uint64_t)r->exit_code);
    put_string(o, "message", r->message);
    put_u64(o, "ranks", ranks);
    put_double(o, "compile_s", r->compile_s);
    put_double(o, "setup_s", r->setup_s);
    put_u64(o, "setup_rss_bytes", r->setup_rss);
    put_u64(o, "proof_bytes", r->proof_bytes);
    put_u64(o, "public_bytes", r->public_bytes);
    put_u64(o, "key_bytes", r->key_bytes);
    put_run(o, &r->sum);
    zkg_json_out_key(o, "inputs");
    zkg_json_out_array(o);
    for (uint32_t i = 0; i < r->inputs; i++) {
        zkg_json_out_line_object(o);
        put_string(o, "input", r->run[i].input);
        put_run(o, &r->run[i]);
        zkg_json_out_end(o);
    }
    zkg_json_out_end(o);
    zkg_json_out_end(o);
}

zkg_status zkg_suite_write(const zkg_suite_case *c, const zkg_suite_result *r,
                           uint32_t ranks, zkg_error *err)
{
    char path[ZKG_SUITE_PATH];
    zkg_json_out o;
    zkg_status s;

    zkg_json_out_init(&o);
    put_result(&o, c, r, ranks);
    s = zkg_json_out_finish(&o);
    zkg_suite_path(path, c->folder, "result.json");
    s = s == ZKG_OK
            ? zkg_file_write_atomic(path, o.bytes.data, o.bytes.len, err)
            : zkg_fail(err, s, "%s: a result that cannot be written", path);
    zkg_json_out_free(&o);
    return s;
}

/* ---- reading ---- */

static double number(const zkg_json *v, const char *key)
{
    const zkg_json *x = zkg_json_get(v, key);
    double d = 0;

    return x != NULL && zkg_json_double(&d, x, NULL) == ZKG_OK ? d : 0;
}

/* An infinite error is null in JSON. */
static double error_of(const zkg_json *v, const char *key)
{
    const zkg_json *x = zkg_json_get(v, key);

    return x != NULL && zkg_json_kind_of(x) == ZKG_JSON_NULL ? INFINITY
                                                             : number(v, key);
}

static void get_text(char *out, size_t bytes, const zkg_json *v,
                     const char *key)
{
    const zkg_json *x = zkg_json_get(v, key);
    const char *text = "";

    if (x != NULL)
        (void)!zkg_json_string(&text, x, NULL);
    snprintf(out, bytes, "%s", text);
}

static void get_run(zkg_suite_run *x, const zkg_json *v)
{
    const zkg_json *refused = zkg_json_get(v, "tampered_refused");

    x->prove_s = number(v, "prove_s");
    x->prove_least_s = number(v, "prove_least_s");
    x->prove_most_s = number(v, "prove_most_s");
    x->witness_s = number(v, "witness_s");
    x->commit_s = number(v, "commit_s");
    x->tasks_s = number(v, "tasks_s");
    x->open_s = number(v, "open_s");
    x->verify_s = number(v, "verify_s");
    x->peak_rss = (uint64_t)number(v, "peak_rss_bytes");
    x->verify_rss = (uint64_t)number(v, "verify_rss_bytes");
    x->max_error = error_of(v, "max_error");
    x->mean_error = error_of(v, "mean_error");
    x->rmse = error_of(v, "rmse");
    x->rows = (uint64_t)number(v, "rows");
    x->same_argmax = (uint64_t)number(v, "same_argmax");
    get_text(x->layer, sizeof(x->layer), v, "worst_layer");
    x->layer_error = error_of(v, "worst_layer_error");
    if (refused != NULL)
        (void)!zkg_json_bool(&x->tampered_refused, refused, NULL);
}

zkg_status zkg_suite_read(zkg_suite_result *out, const char *folder,
                          zkg_error *err)
{
    char path[ZKG_SUITE_PATH];
    const zkg_json *v;
    zkg_json_doc *doc;

    *out = (zkg_suite_result){.status = "none", .sum.max_error = -1};
    if (read_now(out, folder)) {
        snprintf(out->status, sizeof(out->status), "running");
        return ZKG_OK;
    }
    out->step[0] = 0;
    zkg_suite_path(path, folder, "result.json");
    if (!zkg_file_exists(path))
        return ZKG_OK;
    ZKG_TRY(zkg_json_read(&doc, path, MAX_RESULT, err));
    v = zkg_json_root(doc);
    get_text(out->key, sizeof(out->key), v, "key");
    get_text(out->status, sizeof(out->status), v, "status");
    get_text(out->step, sizeof(out->step), v, "step");
    get_text(out->message, sizeof(out->message), v, "message");
    out->exit_code = (int)number(v, "exit_code");
    out->compile_s = number(v, "compile_s");
    out->setup_s = number(v, "setup_s");
    out->setup_rss = (uint64_t)number(v, "setup_rss_bytes");
    out->proof_bytes = (uint64_t)number(v, "proof_bytes");
    out->public_bytes = (uint64_t)number(v, "public_bytes");
    out->key_bytes = (uint64_t)number(v, "key_bytes");
    get_run(&out->sum, v);
    if (zkg_json_get(v, "inputs") != NULL)
        out->inputs = (uint32_t)zkg_json_count(zkg_json_get(v, "inputs"));
    zkg_json_free(doc);
    return ZKG_OK;
}
