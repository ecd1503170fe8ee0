/* SPDX-License-Identifier: Apache-2.0
 * One case of a suite: its steps as processes. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "suite.h"
#include "suite_process.h"
#include "zkgkr/zkgkr.h"

#define MAX_FILE ((size_t)1 << 32)
#define MAX_ARGS 32
#define PATH ZKG_SUITE_PATH

/* One input of the case: its files, in the model's folder and in the case's. */
typedef struct input {
    char name[128], tag[100]; /* "input<tag>.json" */
    char path[PATH], expect[PATH];
    char proof[PATH], report[PATH], accuracy[PATH];
} input;

/* A case under way. */
typedef struct work {
    const zkg_suite_case *c;
    const zkg_suite_options *o;
    const char *srs;
    char models[PATH], model[PATH], calibrate[PATH];
    char graph[PATH], key[PATH], bad[PATH];
    input *in; /* owned */
    uint32_t inputs;
    zkg_suite_result *r;
} work;

/* ---- files ---- */

static const char *const endings[] = {".json", ".npy", ".safetensors"};

#define ENDINGS (sizeof(endings) / sizeof(endings[0]))

/* The tag of `<stem><tag><ending>`; false: another name. */
static bool tag_of(char tag[100], const char *name, const char *stem)
{
    const size_t n = strlen(name), s = strlen(stem);

    for (size_t i = 0; i < ENDINGS; i++) {
        const size_t e = strlen(endings[i]);

        if (strncmp(name, stem, s) != 0 || n < s + e || n - s - e >= 100 ||
            strcmp(name + n - e, endings[i]) != 0)
            continue;
        snprintf(tag, 100, "%.*s", (int)(n - s - e), name + s);
        return true;
    }
    return false;
}

/* folder/<stem><tag> with the first ending that is there; "" when none is. */
static void find_file(char out[PATH], const char *folder, const char *stem,
                      const char *tag)
{
    for (size_t i = 0; i < ENDINGS; i++) {
        char name[150];

        snprintf(name, sizeof(name), "%.20s%.99s%s", stem, tag, endings[i]);
        zkg_suite_path(out, folder, name);
        if (zkg_file_exists(out))
            return;
    }
    out[0] = 0;
}

static int by_tag(const void *a, const void *b)
{
    return strcmp(((const input *)a)->tag, ((const input *)b)->tag);
}

static void name_files(input *in, const work *w)
{
    char name[150];

    zkg_suite_path(in->path, w->models, in->name);
    find_file(in->expect, w->models, "output", in->tag);
    snprintf(name, sizeof(name), "case%.99s.proof", in->tag);
    zkg_suite_path(in->proof, w->c->folder, name);
    snprintf(name, sizeof(name), "report%.99s.json", in->tag);
    zkg_suite_path(in->report, w->c->folder, name);
    snprintf(name, sizeof(name), "accuracy%.99s.json", in->tag);
    zkg_suite_path(in->accuracy, w->c->folder, name);
}

/* The inputs of the model, `input.json` first. */
static zkg_status find_inputs(work *w, zkg_error *err)
{
    DIR *d = opendir(w->models);
    struct dirent *e;

    w->in = zkg_alloc(ZKG_SUITE_MAX_INPUTS, sizeof(w->in[0]));
    if (d == NULL || w->in == NULL) {
        if (d != NULL)
            (void)closedir(d);
        return zkg_fail(err, d == NULL ? ZKG_ERR_IO : ZKG_ERR_NOMEM,
                        "%s cannot be read", w->models);
    }
    while ((e = readdir(d)) != NULL && w->inputs < ZKG_SUITE_MAX_INPUTS) {
        input *in = &w->in[w->inputs];

        if (!tag_of(in->tag, e->d_name, "input"))
            continue;
        snprintf(in->name, sizeof(in->name), "%.120s", e->d_name);
        name_files(in, w);
        w->inputs++;
    }
    (void)closedir(d);
    if (w->inputs > 0)
        qsort(w->in, w->inputs, sizeof(w->in[0]), by_tag);
    find_file(w->calibrate, w->models, "calibrate", "");
    if (w->calibrate[0] == 0 && w->inputs > 0)
        memcpy(w->calibrate, w->in[0].path, sizeof(w->calibrate));
    return ZKG_OK;
}

/* ---- the digest of what a result came from ---- */

static void hash_text(zkg_hash *h, const char *text)
{
    zkg_hash_u64(h, text == NULL ? 0 : strlen(text) + 1);
    if (text != NULL)
        zkg_hash_update(h, text, strlen(text));
}

/* Piece by piece: what this process holds counts for its children's peak. */
static zkg_status hash_file(zkg_hash *h, const char *path, zkg_error *err)
{
    FILE *f = fopen(path, "rb");
    uint8_t bytes[1 << 14];
    uint64_t total = 0;
    size_t n;

    zkg_hash_u32(h, f != NULL);
    if (f == NULL)
        return errno == ENOENT
                   ? ZKG_OK
                   : zkg_fail(err, ZKG_ERR_IO, "%s cannot be read", path);
    while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0) {
        zkg_hash_update(h, bytes, n);
        total += n;
    }
    n = (size_t)ferror(f);
    (void)fclose(f);
    zkg_hash_u64(h, total);
    return n == 0 ? ZKG_OK
                  : zkg_fail(err, ZKG_ERR_IO, "%s cannot be read", path);
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
    ZKG_TRY(hash_file(&h, w->calibrate, err));
    ZKG_TRY(hash_file(&h, w->srs, err));
    for (uint32_t i = 0; i < w->inputs; i++) {
        hash_text(&h, w->in[i].name);
        ZKG_TRY(hash_file(&h, w->in[i].path, err));
        ZKG_TRY(hash_file(&h, w->in[i].expect, err));
    }
    zkg_hash_u32(&h, w->c->scale);
    zkg_hash_u32(&h, w->o->ranks);
    zkg_hash_u32(&h, w->o->runs);
    hash_text(&h, w->o->param_scale);
    hash_text(&h, w->o->margin);
    hash_text(&h, w->o->memory);
    hash_text(&h, w->o->max_error);
    zkg_hash_final(&h, digest);
    zkg_digest_hex(key, digest);
    return ZKG_OK;
}

/* ---- steps ---- */

/* The words of a command. */
typedef struct command {
    const char *argv[MAX_ARGS];
    int n;
} command;

static void word(command *k, const char *text)
{
    k->argv[k->n++] = text;
}

/* `option value`, where there is a value. */
static void option(command *k, const char *name, const char *value)
{
    if (value == NULL || value[0] == 0)
        return;
    word(k, name);
    word(k, value);
}

/* How a step failed, in words. */
static void say(work *w, const zkg_process_end *end, const char *log)
{
    char line[256];

    zkg_suite_last_line(line, log);
    if (end->timed_out)
        snprintf(w->r->message, sizeof(w->r->message),
                 "no end after %" PRIu32 " s (--timeout)", w->o->timeout_s);
    else if (end->signal != 0)
        snprintf(w->r->message, sizeof(w->r->message),
                 "killed by signal %d (%.40s)", end->signal,
                 strsignal(end->signal));
    else
        snprintf(w->r->message, sizeof(w->r->message), "%s", line);
}

static zkg_status run(zkg_process_end *end, work *w, const char *step,
                      const char *tag, const command *k, zkg_error *err)
{
    char log[PATH], name[150];

    ZKG_TRY(zkg_suite_write_now(w->c->folder, step, err));
    snprintf(name, sizeof(name), "%.20s%.99s.log", step, tag);
    zkg_suite_path(log, w->c->folder, name);
    (void)fflush(NULL);
    ZKG_TRY(zkg_process_run(end, k->argv, log, w->o->timeout_s, &w->o->held,
                            &w->o->before, err));
    if (end->interrupted)
        return zkg_fail(err, ZKG_ERR_INTERRUPTED,
                        "stopped at %s, scale %" PRIu32 ", %s; run the same "
                        "again to go on from there",
                        w->c->name, w->c->scale, step);
    if (end->exit_code != 0 || end->timed_out)
        say(w, end, log);
    return ZKG_OK;
}

static void fail(work *w, const char *step, int code)
{
    snprintf(w->r->status, sizeof(w->r->status), "failed");
    snprintf(w->r->step, sizeof(w->r->step), "%s", step);
    w->r->exit_code = code;
}

static bool is_ok(const work *w)
{
    return strcmp(w->r->status, "ok") == 0;
}

/* A step that must give 0; nothing once one did not. */
static zkg_status step(zkg_process_end *end, work *w, const char *name,
                       const char *tag, const command *k, zkg_error *err)
{
    *end = (zkg_process_end){.exit_code = 0};
    if (!is_ok(w))
        return ZKG_OK;
    ZKG_TRY(run(end, w, name, tag, k, err));
    if (end->exit_code != 0 || end->timed_out)
        fail(w, name, end->exit_code);
    return ZKG_OK;
}

static zkg_status compile(work *w, zkg_error *err)
{
    command k = {{"zkgkr", "compile", w->model}, 3};
    zkg_process_end end;
    char scale[16];

    snprintf(scale, sizeof(scale), "%" PRIu32, w->c->scale);
    option(&k, "--scale", scale);
    option(&k, "-o", w->graph);
    option(&k, "--calibrate", w->calibrate);
    option(&k, "--param-scale", w->o->param_scale);
    option(&k, "--margin", w->o->margin);
    ZKG_TRY(step(&end, w, "compile", "", &k, err));
    w->r->compile_s = end.seconds;
    return ZKG_OK;
}

static zkg_status setup(work *w, zkg_error *err)
{
    command k = {{"zkgkr", "setup"}, 2};
    zkg_process_end end;
    struct stat st;

    option(&k, "--graph", w->graph);
    option(&k, "--srs", w->srs);
    option(&k, "-o", w->key);
    ZKG_TRY(step(&end, w, "setup", "", &k, err));
    w->r->setup_s = end.seconds;
    w->r->setup_rss = end.peak_rss;
    w->r->key_bytes = stat(w->key, &st) == 0 ? (uint64_t)st.st_size : 0;
    return ZKG_OK;
}

/* ---- an input ---- */

static double number(const zkg_json *v, const char *key)
{
    const zkg_json *x = zkg_json_get(v, key);
    double d = 0;

    return x != NULL && zkg_json_double(&d, x, NULL) == ZKG_OK ? d : 0;
}

/* The worst output, and the worst layer, which comes first. */
static zkg_status read_accuracy(zkg_suite_run *x, const char *path,
                                zkg_error *err)
{
    const zkg_json *a, *name;
    const char *layer = "";
    zkg_json_doc *doc;

    ZKG_TRY(zkg_json_read(&doc, path, MAX_FILE, err));
    a = zkg_json_first(zkg_json_get(zkg_json_root(doc), "accuracy"));
    for (; a != NULL; a = zkg_json_next(a)) {
        const double worst = number(a, "max_error");

        x->max_error = worst > x->max_error ? worst : x->max_error;
        x->mean_error = number(a, "mean_error") > x->mean_error
                            ? number(a, "mean_error")
                            : x->mean_error;
        x->rmse = number(a, "rmse") > x->rmse ? number(a, "rmse") : x->rmse;
        x->rows += (uint64_t)number(a, "rows");
        x->same_argmax += (uint64_t)number(a, "same_argmax");
    }
    a = zkg_json_first(zkg_json_get(zkg_json_root(doc), "layers"));
    name = a == NULL ? NULL : zkg_json_get(a, "tensor");
    if (name != NULL && zkg_json_string(&layer, name, NULL) == ZKG_OK) {
        snprintf(x->layer, sizeof(x->layer), "%.120s", layer);
        x->layer_error = number(a, "max_error");
    }
    zkg_json_free(doc);
    return ZKG_OK;
}

/* Against the float model, in a process of its own: what it takes is not the
 * prover's. */
static zkg_status compare(work *w, const input *in, zkg_suite_run *x,
                          zkg_error *err)
{
    command k = {{"zkgkr", "witness"}, 2};
    zkg_process_end end;

    option(&k, "--graph", w->graph);
    option(&k, "--input", in->path);
    option(&k, "--model", w->model);
    option(&k, "--expect", in->expect);
    option(&k, "--report", in->accuracy);
    option(&k, "--max-error", w->o->max_error);
    (void)unlink(in->accuracy);
    ZKG_TRY(step(&end, w, "accuracy", in->tag, &k, err));
    return zkg_file_exists(in->accuracy) ? read_accuracy(x, in->accuracy, err)
                                         : ZKG_OK;
}

static zkg_status read_report(work *w, const input *in, zkg_suite_run *x,
                              zkg_error *err)
{
    const zkg_json *root, *a;
    zkg_json_doc *doc;

    ZKG_TRY(zkg_json_read(&doc, in->report, MAX_FILE, err));
    root = zkg_json_root(doc);
    x->prove_s = number(root, "prove_s");
    x->witness_s = number(root, "witness_s");
    w->r->proof_bytes = (uint64_t)number(root, "proof_bytes");
    w->r->public_bytes = (uint64_t)number(root, "public_bytes");
    for (a = zkg_json_first(zkg_json_get(root, "ranks")); a != NULL;
         a = zkg_json_next(a)) {
        const uint64_t rss = (uint64_t)number(a, "peak_rss_bytes");

        if (zkg_json_get(a, "rank") != NULL && number(a, "rank") == 0) {
            x->commit_s = number(a, "commit_s");
            x->tasks_s = number(a, "tasks_s");
            x->open_s = number(a, "open_s");
        }
        if (w->o->ranks > 1 && rss > x->peak_rss)
            x->peak_rss = rss;
    }
    zkg_json_free(doc);
    return ZKG_OK;
}

static zkg_status prove_once(work *w, const input *in, zkg_suite_run *x,
                             zkg_error *err)
{
    command k = {{"zkgkr"}, 1};
    zkg_process_end end;
    char ranks[16];

    if (w->o->ranks > 1) {
        snprintf(ranks, sizeof(ranks), "%" PRIu32, w->o->ranks);
        word(&k, "launch");
        option(&k, "-n", ranks);
        word(&k, "--");
    }
    word(&k, "prove");
    option(&k, "--graph", w->graph);
    option(&k, "--key", w->key);
    option(&k, "--srs", w->srs);
    option(&k, "--input", in->path);
    word(&k, "--no-schedule");
    option(&k, "--progress", "plain");
    option(&k, "--report", in->report);
    option(&k, "-o", in->proof);
    option(&k, "--memory-limit", w->o->memory);
    ZKG_TRY(step(&end, w, "prove", in->tag, &k, err));
    if (!is_ok(w))
        return ZKG_OK;
    x->peak_rss = w->o->ranks > 1 ? 0 : end.peak_rss;
    return read_report(w, in, x, err);
}

static int by_seconds(const void *a, const void *b)
{
    const double x = ((const zkg_suite_run *)a)->prove_s;
    const double y = ((const zkg_suite_run *)b)->prove_s;

    return (x > y) - (x < y);
}

/* As often as asked for: the median's figures, the most memory. */
static zkg_status prove(work *w, const input *in, zkg_suite_run *x,
                        zkg_error *err)
{
    zkg_suite_run each[ZKG_SUITE_MAX_RUNS];
    uint64_t peak = 0;

    for (uint32_t i = 0; i < w->o->runs; i++) {
        each[i] = *x;
        ZKG_TRY(prove_once(w, in, &each[i], err));
        if (!is_ok(w))
            return ZKG_OK;
        peak = each[i].peak_rss > peak ? each[i].peak_rss : peak;
    }
    qsort(each, w->o->runs, sizeof(each[0]), by_seconds);
    *x = each[w->o->runs / 2];
    x->prove_least_s = each[0].prove_s;
    x->prove_most_s = each[w->o->runs - 1].prove_s;
    x->peak_rss = peak;
    return ZKG_OK;
}

static zkg_status verify(work *w, const input *in, zkg_suite_run *x,
                         zkg_error *err)
{
    command k = {{"zkgkr", "verify"}, 2};
    zkg_process_end end;

    option(&k, "--key", w->key);
    option(&k, "--proof", in->proof);
    option(&k, "--graph", w->graph);
    ZKG_TRY(step(&end, w, "verify", in->tag, &k, err));
    x->verify_s = end.seconds;
    x->verify_rss = end.peak_rss;
    return ZKG_OK;
}

/* A copy of the proof with one bit flipped. */
static zkg_status write_bad(const work *w, const char *proof, bool at_end,
                            zkg_error *err)
{
    uint8_t *bytes;
    size_t len;
    zkg_status s;

    ZKG_TRY(zkg_file_read(&bytes, &len, proof, MAX_FILE, err));
    bytes[at_end ? len - 1 : len / 2] ^= 1;
    s = zkg_file_write_atomic(w->bad, bytes, len, err);
    zkg_free(bytes);
    return s;
}

/* One bit flipped in the middle, and one in the last byte: both are refused,
 * as proofs (exit 1). */
static zkg_status tamper(work *w, const input *in, zkg_suite_run *x,
                         zkg_error *err)
{
    command k = {{"zkgkr", "verify"}, 2};
    zkg_process_end end = {.exit_code = 1};

    if (!is_ok(w))
        return ZKG_OK;
    option(&k, "--key", w->key);
    option(&k, "--proof", w->bad);
    x->tampered_refused = true;
    for (int which = 0; which < 2 && x->tampered_refused; which++) {
        ZKG_TRY(write_bad(w, in->proof, which == 1, err));
        ZKG_TRY(run(&end, w, "tamper", in->tag, &k, err));
        x->tampered_refused = end.exit_code == 1 && !end.timed_out;
    }
    (void)unlink(w->bad);
    if (x->tampered_refused)
        w->r->message[0] = 0;
    else
        fail(w, "tamper", end.exit_code);
    return ZKG_OK;
}

/* ---- a case ---- */

static void remove_graph(const char *folder)
{
    static const char *const files[] = {"graph.json", "tensors.safetensors",
                                        "circuits.bin", "programs.bin"};
    char path[PATH];

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        zkg_suite_path(path, folder, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

static zkg_status prove_input(work *w, const input *in, zkg_error *err)
{
    zkg_suite_run *x = &w->r->run[w->r->inputs];

    *x = (zkg_suite_run){.max_error = -1};
    memcpy(x->input, in->name, sizeof(x->input));
    ZKG_TRY(compare(w, in, x, err));
    ZKG_TRY(prove(w, in, x, err));
    ZKG_TRY(verify(w, in, x, err));
    ZKG_TRY(tamper(w, in, x, err));
    zkg_suite_add_run(w->r, x);
    if (!w->o->keep)
        (void)unlink(in->proof);
    return ZKG_OK;
}

static zkg_status all_steps(work *w, zkg_error *err)
{
    snprintf(w->r->status, sizeof(w->r->status), "ok");
    w->r->sum.max_error = -1;
    w->r->run = zkg_alloc(w->inputs, sizeof(w->r->run[0]));
    if (w->r->run == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    if (w->inputs == 0) {
        fail(w, "compile", 3);
        snprintf(w->r->message, sizeof(w->r->message),
                 "%.200s has no input*.json, .npy or .safetensors", w->models);
        return ZKG_OK;
    }
    ZKG_TRY(compile(w, err));
    ZKG_TRY(setup(w, err));
    for (uint32_t i = 0; i < w->inputs && is_ok(w); i++)
        ZKG_TRY(prove_input(w, &w->in[i], err));
    return ZKG_OK;
}

static zkg_status run_case(work *w, bool *skipped, zkg_error *err)
{
    char key[65], now[PATH];
    zkg_status s;

    ZKG_TRY(find_inputs(w, err));
    ZKG_TRY(case_key(key, w, err));
    ZKG_TRY(zkg_suite_read(w->r, w->c->folder, err));
    *skipped = is_ok(w) && strcmp(w->r->key, key) == 0;
    if (*skipped)
        return ZKG_OK;
    *w->r = (zkg_suite_result){.exit_code = 0};
    memcpy(w->r->key, key, sizeof(key));
    s = all_steps(w, err);
    if (s == ZKG_OK)
        s = zkg_suite_write(w->c, w->r, w->o->ranks, err);
    zkg_free(w->r->run);
    w->r->run = NULL;
    zkg_suite_path(now, w->c->folder, "now");
    (void)unlink(now);
    if (!w->o->keep) {
        remove_graph(w->graph);
        (void)unlink(w->key);
    }
    return s;
}

zkg_status zkg_suite_run_case(zkg_suite_result *result, bool *skipped,
                              const zkg_suite_case *c,
                              const zkg_suite_options *o, const char *srs,
                              zkg_error *err)
{
    work w = {.c = c, .o = o, .srs = srs, .r = result};
    zkg_status s;

    snprintf(w.models, sizeof(w.models), "%.3000s/%.127s", o->models, c->name);
    zkg_suite_path(w.model, w.models, "model.onnx");
    zkg_suite_path(w.graph, c->folder, "graph.zkg");
    zkg_suite_path(w.key, c->folder, "key.vk");
    zkg_suite_path(w.bad, c->folder, "tampered.proof");
    s = run_case(&w, skipped, err);
    zkg_free(w.in);
    return s;
}
