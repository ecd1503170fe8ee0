/* SPDX-License-Identifier: Apache-2.0
 * One case of a suite: its steps as processes, its result as a file. */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/time.h"
#include "suite.h"
#include "zkgkr/zkgkr.h"

#define MAX_FILE ((size_t)1 << 32)
#define MAX_ARGS 32
#define PATH (PATH_MAX + 64)

/* A case under way. */
typedef struct work {
    const zkg_suite_case *c;
    const zkg_suite_options *o;
    const char *srs;
    char model[PATH], input[PATH], expect[PATH];
    char graph[PATH], key[PATH], proof[PATH], bad[PATH], report[PATH];
    zkg_suite_result *r;
} work;

static void in_folder(char out[PATH], const char *folder, const char *name)
{
    snprintf(out, PATH, "%s/%s", folder, name);
}

/* ---- the digest of what a result came from ---- */

static void hash_text(zkg_hash *h, const char *text)
{
    zkg_hash_u64(h, text == NULL ? 0 : strlen(text) + 1);
    if (text != NULL)
        zkg_hash_update(h, text, strlen(text));
}

static zkg_status hash_file(zkg_hash *h, const char *path, zkg_error *err)
{
    uint8_t *bytes;
    size_t len;

    zkg_hash_u32(h, zkg_file_exists(path));
    if (!zkg_file_exists(path))
        return ZKG_OK;
    ZKG_TRY(zkg_file_read(&bytes, &len, path, MAX_FILE, err));
    zkg_hash_u64(h, len);
    zkg_hash_update(h, bytes, len);
    zkg_free(bytes);
    return ZKG_OK;
}

/* This program's own bytes are in it: a new build runs everything again. */
static zkg_status case_key(char key[65], const work *w, zkg_error *err)
{
    uint8_t digest[32];
    zkg_hash h;

    zkg_hash_init(&h, sizeof(digest));
    hash_text(&h, zkg_version());
    ZKG_TRY(hash_file(&h, "/proc/self/exe", err));
    ZKG_TRY(hash_file(&h, w->model, err));
    ZKG_TRY(hash_file(&h, w->input, err));
    ZKG_TRY(hash_file(&h, w->expect, err));
    ZKG_TRY(hash_file(&h, w->srs, err));
    zkg_hash_u32(&h, w->c->scale);
    zkg_hash_u32(&h, w->o->ranks);
    hash_text(&h, w->o->param_scale);
    hash_text(&h, w->o->memory);
    zkg_hash_final(&h, digest);
    zkg_digest_hex(key, digest);
    return ZKG_OK;
}

/* ---- steps ---- */

/* `now`: which step runs, of which process, since when. */
static zkg_status write_now(const work *w, const char *step, zkg_error *err)
{
    char path[PATH], text[100];

    in_folder(path, w->c->folder, "now");
    snprintf(text, sizeof(text), "%ld %s\n", (long)getpid(), step);
    return zkg_file_write_atomic(path, text, strlen(text), err);
}

/* The last line of a log, which is what a failed program had to say. */
static void last_line(char out[256], const char *log)
{
    FILE *f = fopen(log, "r");
    char line[2048];

    out[0] = 0;
    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        line[strcspn(line, "\n")] = 0;
        if (line[0] != 0)
            snprintf(out, 256, "%.250s", line);
    }
    if (f != NULL)
        (void)fclose(f);
}

/* In the child: stdout and stderr to the log, then the program. */
static void become(char *const *argv, const char *log)
{
    const int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
        _exit(127);
    (void)execv("/proc/self/exe", argv);
    _exit(127);
}

/* Run this program with these words; its exit code, seconds and peak memory.
 * A killed process has the code 128 + signal. */
static zkg_status run(int *code, double *seconds, uint64_t *rss, const work *w,
                      const char *step, const char **argv, zkg_error *err)
{
    const double start = zkg_seconds();
    char log[PATH], name[40];
    struct rusage use;
    int status = 0;
    pid_t pid;

    ZKG_TRY(write_now(w, step, err));
    snprintf(name, sizeof(name), "%s.log", step);
    in_folder(log, w->c->folder, name);
    (void)fflush(NULL);
    pid = fork();
    if (pid == 0)
        become((char *const *)argv, log);
    if (pid < 0 || wait4(pid, &status, 0, &use) != pid)
        return zkg_fail(err, ZKG_ERR_COMM, "a process could not be started");
    *seconds = zkg_seconds() - start;
    *rss = (uint64_t)use.ru_maxrss * 1024;
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (*code != 0)
        last_line(w->r->message, log);
    return ZKG_OK;
}

/* A step that must give 0; *go is false when it did not. */
static zkg_status step(bool *go, double *seconds, uint64_t *rss, work *w,
                       const char *name, const char **argv, zkg_error *err)
{
    int code;

    if (!*go)
        return ZKG_OK;
    ZKG_TRY(run(&code, seconds, rss, w, name, argv, err));
    if (code == 0)
        return ZKG_OK;
    *go = false;
    snprintf(w->r->status, sizeof(w->r->status), "failed");
    snprintf(w->r->step, sizeof(w->r->step), "%s", name);
    w->r->exit_code = code;
    return ZKG_OK;
}

static zkg_status compile(bool *go, work *w, zkg_error *err)
{
    char scale[16];
    uint64_t rss;
    const char *argv[MAX_ARGS] = {"zkgkr", "compile", w->model, "--scale",
                                  scale,   "-o",      w->graph};
    int n = 7;

    snprintf(scale, sizeof(scale), "%" PRIu32, w->c->scale);
    if (zkg_file_exists(w->input)) {
        argv[n++] = "--calibrate";
        argv[n++] = w->input;
    }
    if (w->o->param_scale != NULL) {
        argv[n++] = "--param-scale";
        argv[n++] = w->o->param_scale;
    }
    return step(go, &w->r->compile_s, &rss, w, "compile", argv, err);
}

static zkg_status setup(bool *go, work *w, zkg_error *err)
{
    const char *argv[MAX_ARGS] = {"zkgkr", "setup", "--graph", w->graph,
                                  "--srs", w->srs,  "-o",      w->key};

    return step(go, &w->r->setup_s, &w->r->setup_rss, w, "setup", argv, err);
}

static zkg_status prove(bool *go, work *w, zkg_error *err)
{
    const char *argv[MAX_ARGS] = {"zkgkr"};
    char ranks[16];
    double wall;
    int n = 1;

    if (w->o->ranks > 1) {
        snprintf(ranks, sizeof(ranks), "%" PRIu32, w->o->ranks);
        argv[n++] = "launch";
        argv[n++] = "-n";
        argv[n++] = ranks;
        argv[n++] = "--";
    }
    argv[n++] = "prove";
    argv[n++] = "--graph";
    argv[n++] = w->graph;
    argv[n++] = "--key";
    argv[n++] = w->key;
    argv[n++] = "--srs";
    argv[n++] = w->srs;
    argv[n++] = "--input";
    argv[n++] = w->input;
    argv[n++] = "--no-schedule";
    argv[n++] = "--report";
    argv[n++] = w->report;
    argv[n++] = "-o";
    argv[n++] = w->proof;
    if (zkg_file_exists(w->expect)) {
        argv[n++] = "--expect";
        argv[n++] = w->expect;
    }
    if (w->o->memory != NULL) {
        argv[n++] = "--memory-limit";
        argv[n++] = w->o->memory;
    }
    return step(go, &wall, &w->r->peak_rss, w, "prove", argv, err);
}

static zkg_status verify(bool *go, work *w, zkg_error *err)
{
    const char *argv[MAX_ARGS] = {"zkgkr",   "verify", "--key",   w->key,
                                  "--proof", w->proof, "--graph", w->graph};

    return step(go, &w->r->verify_s, &w->r->verify_rss, w, "verify", argv, err);
}

/* One bit flipped in the middle, and one in the last byte: both are refused,
 * as proofs (exit 1). */
static zkg_status tamper(bool *go, work *w, zkg_error *err)
{
    const char *argv[MAX_ARGS] = {"zkgkr", "verify",  "--key",
                                  w->key,  "--proof", w->bad};
    uint8_t *proof;
    size_t len;
    int code = 0;

    if (!*go)
        return ZKG_OK;
    w->r->tampered_refused = true;
    for (int which = 0; which < 2; which++) {
        double seconds;
        uint64_t rss;
        zkg_status s;

        ZKG_TRY(zkg_file_read(&proof, &len, w->proof, MAX_FILE, err));
        proof[which == 0 ? len / 2 : len - 1] ^= 1;
        s = zkg_file_write_atomic(w->bad, proof, len, err);
        zkg_free(proof);
        ZKG_TRY(s);
        ZKG_TRY(run(&code, &seconds, &rss, w, "tamper", argv, err));
        w->r->tampered_refused = w->r->tampered_refused && code == 1;
    }
    (void)unlink(w->bad);
    w->r->message[0] = 0;
    if (!w->r->tampered_refused) {
        *go = false;
        snprintf(w->r->status, sizeof(w->r->status), "failed");
        snprintf(w->r->step, sizeof(w->r->step), "tamper");
        w->r->exit_code = code;
    }
    return ZKG_OK;
}

/* ---- the prover's report ---- */

static double number(const zkg_json *v, const char *key)
{
    const zkg_json *x = zkg_json_get(v, key);
    double d = 0;

    return x != NULL && zkg_json_double(&d, x, NULL) == ZKG_OK ? d : 0;
}

static zkg_status read_report(work *w, zkg_error *err)
{
    const zkg_json *root, *a;
    zkg_suite_result *r = w->r;
    zkg_json_doc *doc;
    struct stat st;

    ZKG_TRY(zkg_json_read(&doc, w->report, MAX_FILE, err));
    root = zkg_json_root(doc);
    r->prove_s = number(root, "prove_s");
    r->witness_s = number(root, "witness_s");
    r->proof_bytes = (uint64_t)number(root, "proof_bytes");
    r->public_bytes = (uint64_t)number(root, "public_bytes");
    for (a = zkg_json_first(zkg_json_get(root, "ranks")); a != NULL;
         a = zkg_json_next(a)) {
        const double rss = number(a, "peak_rss_bytes");

        if (zkg_json_get(a, "rank") != NULL && number(a, "rank") == 0) {
            r->commit_s = number(a, "commit_s");
            r->tasks_s = number(a, "tasks_s");
            r->open_s = number(a, "open_s");
        }
        if (w->o->ranks > 1 && (uint64_t)rss > r->peak_rss)
            r->peak_rss = (uint64_t)rss;
    }
    a = zkg_json_first(zkg_json_get(root, "accuracy"));
    if (a != NULL) {
        r->max_error = number(a, "max_error");
        r->mean_error = number(a, "mean_error");
        r->rmse = number(a, "rmse");
        r->rows = (uint64_t)number(a, "rows");
        r->same_argmax = (uint64_t)number(a, "same_argmax");
    }
    zkg_json_free(doc);
    r->key_bytes = stat(w->key, &st) == 0 ? (uint64_t)st.st_size : 0;
    return ZKG_OK;
}

/* ---- result.json ---- */

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

static zkg_status write_result(const work *w, zkg_error *err)
{
    const zkg_suite_result *r = w->r;
    char path[PATH];
    zkg_json_out o;
    zkg_status s;

    zkg_json_out_init(&o);
    zkg_json_out_object(&o);
    put_string(&o, "case", w->c->name);
    put_u64(&o, "scale", w->c->scale);
    put_string(&o, "key", r->key);
    put_string(&o, "status", r->status);
    put_string(&o, "step", r->step);
    put_u64(&o, "exit_code", (uint64_t)r->exit_code);
    put_string(&o, "message", r->message);
    put_u64(&o, "ranks", w->o->ranks);
    put_double(&o, "compile_s", r->compile_s);
    put_double(&o, "setup_s", r->setup_s);
    put_double(&o, "prove_s", r->prove_s);
    put_double(&o, "witness_s", r->witness_s);
    put_double(&o, "commit_s", r->commit_s);
    put_double(&o, "tasks_s", r->tasks_s);
    put_double(&o, "open_s", r->open_s);
    put_double(&o, "verify_s", r->verify_s);
    put_u64(&o, "peak_rss_bytes", r->peak_rss);
    put_u64(&o, "setup_rss_bytes", r->setup_rss);
    put_u64(&o, "verify_rss_bytes", r->verify_rss);
    put_u64(&o, "proof_bytes", r->proof_bytes);
    put_u64(&o, "public_bytes", r->public_bytes);
    put_u64(&o, "key_bytes", r->key_bytes);
    put_double(&o, "max_error", r->max_error);
    put_double(&o, "mean_error", r->mean_error);
    put_double(&o, "rmse", r->rmse);
    put_u64(&o, "rows", r->rows);
    put_u64(&o, "same_argmax", r->same_argmax);
    zkg_json_out_key(&o, "tampered_refused");
    zkg_json_out_bool(&o, r->tampered_refused);
    zkg_json_out_end(&o);
    s = zkg_json_out_finish(&o);
    in_folder(path, w->c->folder, "result.json");
    if (s == ZKG_OK)
        s = zkg_file_write_atomic(path, o.bytes.data, o.bytes.len, err);
    zkg_json_out_free(&o);
    return s;
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

/* Does the process that `now` names still run? */
static bool read_now(zkg_suite_result *out, const char *folder)
{
    char path[PATH], text[100] = "";
    long pid = 0;
    FILE *f;

    in_folder(path, folder, "now");
    f = fopen(path, "r");
    if (f == NULL)
        return false;
    if (fgets(text, sizeof(text), f) == NULL)
        text[0] = 0;
    (void)fclose(f);
    if (sscanf(text, "%ld %15s", &pid, out->step) != 2)
        return false;
    return pid > 0 && kill((pid_t)pid, 0) == 0;
}

zkg_status zkg_suite_read(zkg_suite_result *out, const char *folder,
                          zkg_error *err)
{
    char path[PATH];
    const zkg_json *v, *x;
    zkg_json_doc *doc;

    *out = (zkg_suite_result){.status = "none", .max_error = -1};
    if (read_now(out, folder)) {
        snprintf(out->status, sizeof(out->status), "running");
        return ZKG_OK;
    }
    out->step[0] = 0;
    in_folder(path, folder, "result.json");
    if (!zkg_file_exists(path))
        return ZKG_OK;
    ZKG_TRY(zkg_json_read(&doc, path, (size_t)1 << 20, err));
    v = zkg_json_root(doc);
    get_text(out->key, sizeof(out->key), v, "key");
    get_text(out->status, sizeof(out->status), v, "status");
    get_text(out->step, sizeof(out->step), v, "step");
    get_text(out->message, sizeof(out->message), v, "message");
    out->exit_code = (int)number(v, "exit_code");
    out->compile_s = number(v, "compile_s");
    out->setup_s = number(v, "setup_s");
    out->prove_s = number(v, "prove_s");
    out->witness_s = number(v, "witness_s");
    out->commit_s = number(v, "commit_s");
    out->tasks_s = number(v, "tasks_s");
    out->open_s = number(v, "open_s");
    out->verify_s = number(v, "verify_s");
    out->peak_rss = (uint64_t)number(v, "peak_rss_bytes");
    out->setup_rss = (uint64_t)number(v, "setup_rss_bytes");
    out->verify_rss = (uint64_t)number(v, "verify_rss_bytes");
    out->proof_bytes = (uint64_t)number(v, "proof_bytes");
    out->public_bytes = (uint64_t)number(v, "public_bytes");
    out->key_bytes = (uint64_t)number(v, "key_bytes");
    out->max_error = number(v, "max_error");
    out->mean_error = number(v, "mean_error");
    out->rmse = number(v, "rmse");
    out->rows = (uint64_t)number(v, "rows");
    out->same_argmax = (uint64_t)number(v, "same_argmax");
    x = zkg_json_get(v, "tampered_refused");
    if (x != NULL)
        (void)!zkg_json_bool(&out->tampered_refused, x, NULL);
    zkg_json_free(doc);
    return ZKG_OK;
}

/* ---- a case ---- */

static void remove_graph(const char *folder)
{
    static const char *const files[] = {"graph.json", "tensors.safetensors",
                                        "circuits.bin", "programs.bin"};
    char path[PATH + 32];

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

static zkg_status all_steps(work *w, zkg_error *err)
{
    bool go = true;

    snprintf(w->r->status, sizeof(w->r->status), "ok");
    ZKG_TRY(compile(&go, w, err));
    ZKG_TRY(setup(&go, w, err));
    ZKG_TRY(prove(&go, w, err));
    if (go)
        ZKG_TRY(read_report(w, err));
    ZKG_TRY(verify(&go, w, err));
    return tamper(&go, w, err);
}

zkg_status zkg_suite_run_case(zkg_suite_result *result, bool *skipped,
                              const zkg_suite_case *c,
                              const zkg_suite_options *o, const char *srs,
                              zkg_error *err)
{
    work w = {.c = c, .o = o, .srs = srs, .r = result};
    char now[PATH], model_folder[PATH_MAX + 8], key[65];
    zkg_status s;

    snprintf(model_folder, sizeof(model_folder), "%.3000s/%s", o->models,
             c->name);
    in_folder(w.model, model_folder, "model.onnx");
    in_folder(w.input, model_folder, "input.json");
    in_folder(w.expect, model_folder, "output.npy");
    in_folder(w.graph, c->folder, "graph.zkg");
    in_folder(w.key, c->folder, "key.vk");
    in_folder(w.proof, c->folder, "case.proof");
    in_folder(w.bad, c->folder, "tampered.proof");
    in_folder(w.report, c->folder, "report.json");
    in_folder(now, c->folder, "now");
    ZKG_TRY(zkg_make_dir(c->folder, err));
    ZKG_TRY(case_key(key, &w, err));
    ZKG_TRY(zkg_suite_read(result, c->folder, err));
    *skipped =
        strcmp(result->status, "ok") == 0 && strcmp(result->key, key) == 0;
    if (*skipped)
        return ZKG_OK;
    *result = (zkg_suite_result){.max_error = -1};
    memcpy(result->key, key, sizeof(key));
    s = all_steps(&w, err);
    if (s == ZKG_OK)
        s = write_result(&w, err);
    (void)unlink(now);
    if (!o->keep) {
        remove_graph(w.graph);
        (void)unlink(w.key);
        (void)unlink(w.proof);
    }
    return s;
}
