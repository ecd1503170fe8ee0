/* SPDX-License-Identifier: Apache-2.0
 * Circuits in a witness: what they make, and whether they hold. */
#include "graph/rule_circuit.h"

#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/mem.h"
#include "graph/statement_circuit.h"

/* Does the program make a parameter that the circuit does not? */
static bool program_makes(const zkg_graph *g, const zkg_task *t, uint32_t param)
{
    const zkg_program *p = &g->program[t->kernel];

    return param < p->params && p->param[param].made &&
           !zkg_kernel_circuit_makes(&g->st.kernel[t->kernel], param);
}

bool zkg_rule_circuit_makes(uint32_t *id, const zkg_graph *g, uint32_t task,
                            uint32_t k)
{
    const zkg_task *t = &g->st.task[task];
    const zkg_kernel *kernel = &g->st.kernel[t->kernel];

    if (k < kernel->outputs) {
        *id = t->bind[kernel->output[k]];
        return true;
    }
    k -= kernel->outputs;
    for (uint32_t p = 0; p < kernel->params; p++) {
        if (program_makes(g, t, p) && k-- == 0) {
            *id = t->bind[p];
            return true;
        }
    }
    return false;
}

/* ---- programs ---- */

/* The array of a parameter for the program to read or write; a virtual tensor
 * that the circuit makes has none. */
static zkg_status find_param(zkg_array **out, zkg_array *arrays,
                             const zkg_graph *g, const zkg_task *t, uint32_t p,
                             zkg_error *err)
{
    const zkg_program_param *q = &g->program[t->kernel].param[p];
    const uint32_t id = t->bind[p];
    const zkg_tensor *x = &g->st.tensor[id];

    *out = NULL;
    if (q->count == 0)
        return ZKG_OK;
    if (program_makes(g, t, p)) {
        if (arrays[id].data != NULL)
            return zkg_fail(err, ZKG_ERR_INVALID, "tensor %s is made twice",
                            x->name);
        ZKG_TRY(zkg_array_init(&arrays[id], x->type, x->axes, x->len, err));
    } else if (arrays[id].data == NULL) {
        return zkg_fail(err, ZKG_ERR_WITNESS,
                        "task %s: its program reads tensor %s before any rule "
                        "makes it",
                        t->name, x->name);
    }
    *out = &arrays[id];
    return ZKG_OK;
}

static zkg_status run_program(zkg_array *arrays, const zkg_graph *g,
                              const zkg_task *t, const zkg_hints *hints,
                              zkg_error *err)
{
    const zkg_program *p = &g->program[t->kernel];
    zkg_array **array = zkg_alloc(p->params, sizeof(*array));
    zkg_error why = {0};
    zkg_status s = ZKG_OK;

    if (array == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (uint32_t i = 0; i < p->params && s == ZKG_OK; i++)
        s = find_param(&array[i], arrays, g, t, i, err);
    if (s == ZKG_OK) {
        s = zkg_program_run(p, g->st.kernel[t->kernel].name, t->copies, array,
                            t->broadcast, hints, &why);
        if (s != ZKG_OK)
            (void)zkg_fail(err, s, "task %s: %s", t->name, why.text);
    }
    zkg_free(array);
    return s;
}

/* Run it if a tensor that it makes is missing, or if it makes none. */
static zkg_status make_by_program(zkg_array *arrays, const zkg_graph *g,
                                  const zkg_task *t, const zkg_hints *hints,
                                  zkg_error *err)
{
    bool made = false;

    for (uint32_t p = 0; p < t->params; p++) {
        if (!program_makes(g, t, p))
            continue;
        made = true;
        if (arrays[t->bind[p]].data == NULL)
            return run_program(arrays, g, t, hints, err);
    }
    return made || g->program[t->kernel].params == 0
               ? ZKG_OK
               : run_program(arrays, g, t, hints, err);
}

/* The arrays of a circuit's inputs, to be freed with zkg_free(). */
static zkg_status find_inputs(const zkg_array ***out, const zkg_array *arrays,
                              const zkg_graph *g, uint32_t task, zkg_error *err)
{
    const zkg_task *t = &g->st.task[task];
    const zkg_kernel *k = &g->st.kernel[t->kernel];
    const zkg_array **list = zkg_alloc(k->inputs, sizeof(*list));

    if (list == NULL)
        return zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    for (uint32_t i = 0; i < k->inputs; i++) {
        const uint32_t id = t->bind[k->input[i]];

        list[i] = &arrays[id];
        if (arrays[id].data == NULL) {
            zkg_free(list);
            return zkg_fail(err, ZKG_ERR_WITNESS,
                            "task %s: its circuit reads tensor %s before any "
                            "rule makes it",
                            t->name, g->st.tensor[id].name);
        }
    }
    *out = list;
    return ZKG_OK;
}

/* ---- outputs ---- */

/* A virtual tensor with all its padding, in its own type if that holds it. */
static zkg_status store_output(zkg_array *out, const zkg_tensor *t,
                               zkg_fr *value, zkg_error *err)
{
    uint64_t padded[ZKG_MAX_AXES], n = 1;
    bool fits = t->type != ZKG_FR;
    zkg_status s;

    for (uint32_t a = 0; a < t->axes; a++) {
        padded[a] = (uint64_t)1 << zkg_axis_bits(t->len[a]);
        n *= padded[a];
    }
    for (uint64_t i = 0; i < n && fits; i++) {
        int64_t v;

        fits = zkg_fr_to_i64(&v, &value[i]) && v >= zkg_dtype_min(t->type) &&
               v <= zkg_dtype_max(t->type);
    }
    if (!fits) {
        zkg_array_borrow(out, ZKG_FR, t->axes, t->len, value);
        memcpy(out->stored, padded, t->axes * sizeof(padded[0]));
        out->owned = true;
        return ZKG_OK;
    }
    s = zkg_array_init(out, t->type, t->axes, padded, err);
    for (uint64_t i = 0; i < n && s == ZKG_OK; i++) {
        int64_t v = 0;

        (void)zkg_fr_to_i64(&v, &value[i]);
        zkg_array_set_i64(out, i, v);
    }
    if (s == ZKG_OK && t->axes > 0)
        memcpy(out->len, t->len, t->axes * sizeof(t->len[0]));
    zkg_free(value);
    return s;
}

static zkg_status make_outputs(zkg_array *arrays, const zkg_graph *g,
                               uint32_t task, const zkg_array *const *input,
                               zkg_fr **out, zkg_error *err)
{
    const zkg_task *t = &g->st.task[task];
    const zkg_kernel *k = &g->st.kernel[t->kernel];
    const zkg_circuit *c = &g->st.circuit[k->circuit];
    const uint64_t copies = (uint64_t)1 << zkg_axis_bits(t->copies);

    for (uint32_t i = 0; i < k->outputs; i++) {
        out[i] = zkg_alloc((size_t)copies << c->output[i].bits, sizeof(**out));
        if (out[i] == NULL)
            return zkg_fail(err, ZKG_ERR_NOMEM,
                            "task %s: no memory for its circuit's outputs",
                            t->name);
    }
    ZKG_TRY(zkg_circuit_eval_outputs(out, c, input, copies, err));
    for (uint32_t i = 0; i < k->outputs; i++) {
        const uint32_t id = t->bind[k->output[i]];
        zkg_fr *value = out[i];

        out[i] = NULL;
        ZKG_TRY(store_output(&arrays[id], &g->st.tensor[id], value, err));
    }
    return ZKG_OK;
}

zkg_status zkg_rule_circuit(zkg_array *arrays, const zkg_graph *g,
                            uint32_t task, const zkg_hints *hints,
                            zkg_error *err)
{
    const zkg_kernel *k = &g->st.kernel[g->st.task[task].kernel];
    const zkg_array **input = NULL;
    zkg_fr **out;
    zkg_status s;

    ZKG_TRY(make_by_program(arrays, g, &g->st.task[task], hints, err));
    if (k->outputs == 0)
        return ZKG_OK;
    ZKG_TRY(find_inputs(&input, arrays, g, task, err));
    out = zkg_alloc(k->outputs, sizeof(*out));
    if (out == NULL)
        s = zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    else
        s = make_outputs(arrays, g, task, input, out, err);
    for (uint32_t i = 0; out != NULL && i < k->outputs; i++)
        zkg_free(out[i]);
    zkg_free(out);
    zkg_free(input);
    return s;
}

/* ---- assertions ---- */

/* Challenges that no witness was made for; a stand-in for the tape's. */
static void draw(zkg_fr *out, uint32_t n, const uint8_t digest[32],
                 uint32_t task)
{
    for (uint32_t i = 0; i < n; i++) {
        uint8_t seed[32 + 8], wide[64];

        memcpy(seed, digest, 32);
        zkg_store_u32le(seed + 32, task);
        zkg_store_u32le(seed + 36, i);
        zkg_blake2b_512(wide, seed, sizeof(seed));
        zkg_fr_from_wide_bytes(&out[i], wide);
    }
}

/* ---- why a circuit does not hold ---- */

/* Is what the program makes of parameter p what stands there?  Else say so. */
static bool is_as_made(const zkg_array *made, const zkg_array *has,
                       const zkg_graph *g, const zkg_task *t, uint32_t p,
                       zkg_error *why)
{
    const zkg_kernel *k = &g->st.kernel[t->kernel];
    const uint64_t each = g->program[t->kernel].param[p].count;

    for (uint64_t i = 0; i < zkg_array_count(made); i++)
        if (!zkg_array_same_cell(made, has, zkg_array_real(made, i))) {
            (void)zkg_fail(why, ZKG_ERR_WITNESS,
                           "kernel %s, copy %llu: entry %llu of %s (tensor %s) "
                           "is not what the kernel's program makes",
                           k->name, (unsigned long long)(i / each),
                           (unsigned long long)(i % each), k->param[p].name,
                           g->st.tensor[t->bind[p]].name);
            return false;
        }
    return true;
}

/* Run the program of a task whose circuit does not hold, beside the values that
 * stand there: its assertions have names, the circuit's gates have not.  false,
 * and *why as it was, where the program knows no better. */
static bool explain(zkg_error *why, const zkg_array *arrays, const zkg_graph *g,
                    const zkg_task *t)
{
    const zkg_program *p = &g->program[t->kernel];
    zkg_array *made = zkg_alloc(p->params, sizeof(*made));
    zkg_array **array = zkg_alloc(p->params, sizeof(*array));
    zkg_error says = {0};
    zkg_status s = made == NULL || array == NULL ? ZKG_ERR_NOMEM : ZKG_OK;

    for (uint32_t i = 0; i < p->params && s == ZKG_OK; i++) {
        const zkg_tensor *x = &g->st.tensor[t->bind[i]];

        if (p->param[i].count == 0)
            continue;
        array[i] = program_makes(g, t, i)
                       ? &made[i]
                       : (zkg_array *)(uintptr_t)&arrays[t->bind[i]];
        if (array[i] == &made[i])
            s = zkg_array_init(&made[i], x->type, x->axes, x->len, &says);
    }
    if (p->params > 0 && s == ZKG_OK)
        s = zkg_program_run(p, g->st.kernel[t->kernel].name, t->copies, array,
                            t->broadcast, NULL, &says);
    for (uint32_t i = 0; i < p->params && s == ZKG_OK; i++)
        if (array[i] == &made[i] &&
            !is_as_made(&made[i], &arrays[t->bind[i]], g, t, i, &says))
            s = ZKG_ERR_WITNESS;
    if (s == ZKG_ERR_WITNESS)
        *why = says;
    for (uint32_t i = 0; made != NULL && i < p->params; i++)
        zkg_array_clear(&made[i]);
    zkg_free(array);
    zkg_free(made);
    return s == ZKG_ERR_WITNESS;
}

zkg_status zkg_circuit_holds(const zkg_array *arrays, const zkg_graph *g,
                             uint32_t task, zkg_error *err)
{
    const zkg_task *t = &g->st.task[task];
    const zkg_kernel *k = &g->st.kernel[t->kernel];
    const zkg_circuit *c;
    const zkg_array **input;
    zkg_fr *challenge;
    zkg_error why = {0};
    zkg_status s;

    if (k->circuit == ZKG_NO_ID)
        return ZKG_OK;
    c = &g->st.circuit[k->circuit];
    ZKG_TRY(find_inputs(&input, arrays, g, task, err));
    challenge = zkg_alloc((size_t)c->challenges + 1, sizeof(*challenge));
    if (challenge == NULL) {
        s = zkg_fail(err, ZKG_ERR_NOMEM, "no memory");
    } else {
        draw(challenge, c->challenges, g->st.digest, task);
        s = zkg_circuit_eval(NULL, c, challenge, input, t->copies, &why);
        if (s == ZKG_ERR_WITNESS && explain(&why, arrays, g, t))
            (void)zkg_fail(err, s, "task %s: %s", t->name, why.text);
        else if (s != ZKG_OK)
            (void)zkg_fail(err, s, "task %s (kernel %s): %s", t->name, k->name,
                           why.text);
    }
    zkg_free(challenge);
    zkg_free(input);
    return s;
}
