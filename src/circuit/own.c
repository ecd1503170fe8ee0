/* SPDX-License-Identifier: Apache-2.0
 * Circuits that own their arrays: copies and bytes. */
#include "circuit/own.h"

#include "base/mem.h"

#include <string.h>

/* ---- memory ---- */

static void free_const(const void *p)
{
    zkg_free((void *)(uintptr_t)p);
}

void zkg_circuit_clear(zkg_circuit *c)
{
    zkg_circuit_unseal(c);
    for (uint32_t i = 0; c->layer != NULL && i < c->layers; i++) {
        free_const(c->layer[i].mul);
        free_const(c->layer[i].add);
        free_const(c->layer[i].constant);
    }
    free_const(c->input);
    free_const(c->layer);
    free_const(c->coeff);
    free_const(c->assertion);
    free_const(c->output);
    *c = (zkg_circuit){0};
}

/* *out = n elements of size like `from`; false without memory. */
static bool copy_list(const void **out, const void *from, size_t n, size_t size)
{
    void *copy = zkg_alloc(n, size);

    if (copy != NULL && n > 0)
        memcpy(copy, from, n * size);
    *out = copy;
    return copy != NULL;
}

#define COPY(to, from, list, n)                                                \
    copy_list((const void **)&(to)->list, (from)->list, (n),                   \
              sizeof(*(from)->list))

static bool copy_layers(zkg_circuit *out, const zkg_circuit *c)
{
    zkg_circuit_layer *layer = zkg_alloc(c->layers, sizeof(*layer));

    if (layer == NULL)
        return false;
    out->layer = layer;
    for (uint32_t i = 0; i < c->layers; i++) {
        const zkg_circuit_layer *l = &c->layer[i];

        out->layers = i + 1;
        layer[i] = (zkg_circuit_layer){.gates = l->gates,
                                       .muls = l->muls,
                                       .adds = l->adds,
                                       .constants = l->constants};
        if (!COPY(&layer[i], l, mul, l->muls) ||
            !COPY(&layer[i], l, add, l->adds) ||
            !COPY(&layer[i], l, constant, l->constants))
            return false;
    }
    return true;
}

zkg_status zkg_circuit_copy(zkg_circuit *out, const zkg_circuit *c,
                            zkg_error *err)
{
    *out = (zkg_circuit){.inputs = c->inputs,
                         .coeffs = c->coeffs,
                         .challenges = c->challenges,
                         .asserted = c->asserted,
                         .outputs = c->outputs};
    if (COPY(out, c, input, c->inputs) && COPY(out, c, coeff, c->coeffs) &&
        COPY(out, c, assertion, c->asserted) &&
        COPY(out, c, output, c->outputs) && copy_layers(out, c))
        return ZKG_OK;
    zkg_circuit_clear(out);
    return zkg_fail(err, ZKG_ERR_NOMEM, "no memory for a circuit");
}

/* ---- writing ---- */

static void write_wire(zkg_writer *w, zkg_circuit_wire x)
{
    (void)zkg_writer_u8(w, (uint8_t)x.source);
    (void)zkg_writer_u32(w, x.index);
}

static void write_layer(zkg_writer *w, const zkg_circuit_layer *l)
{
    (void)zkg_writer_u32(w, l->gates);
    (void)zkg_writer_u32(w, l->muls);
    for (uint32_t k = 0; k < l->muls; k++) {
        (void)zkg_writer_u32(w, l->mul[k].gate);
        (void)zkg_writer_u32(w, l->mul[k].coeff);
        write_wire(w, l->mul[k].a);
        write_wire(w, l->mul[k].b);
    }
    (void)zkg_writer_u32(w, l->adds);
    for (uint32_t k = 0; k < l->adds; k++) {
        (void)zkg_writer_u32(w, l->add[k].gate);
        (void)zkg_writer_u32(w, l->add[k].coeff);
        write_wire(w, l->add[k].a);
    }
    (void)zkg_writer_u32(w, l->constants);
    for (uint32_t k = 0; k < l->constants; k++) {
        (void)zkg_writer_u32(w, l->constant[k].gate);
        (void)zkg_writer_u32(w, l->constant[k].coeff);
    }
}

void zkg_circuit_write(zkg_writer *w, const zkg_circuit *c)
{
    (void)zkg_writer_u32(w, c->inputs);
    for (uint32_t k = 0; k < c->inputs; k++) {
        (void)zkg_writer_u8(w, (uint8_t)c->input[k].axes);
        for (uint32_t a = 0; a < c->input[k].axes; a++)
            (void)zkg_writer_u64(w, c->input[k].len[a]);
    }
    (void)zkg_writer_u32(w, c->coeffs);
    for (uint32_t k = 0; k < c->coeffs; k++) {
        uint8_t value[32];

        zkg_fr_to_bytes(value, &c->coeff[k].value);
        (void)zkg_writer_bytes(w, value, sizeof(value));
        (void)zkg_writer_u32(w, c->coeff[k].challenge);
    }
    (void)zkg_writer_u32(w, c->challenges);
    (void)zkg_writer_u32(w, c->layers);
    for (uint32_t i = 0; i < c->layers; i++)
        write_layer(w, &c->layer[i]);
    (void)zkg_writer_u32(w, c->asserted);
    for (uint32_t k = 0; k < c->asserted; k++)
        (void)zkg_writer_u32(w, c->assertion[k]);
    (void)zkg_writer_u32(w, c->outputs);
    for (uint32_t k = 0; k < c->outputs; k++) {
        (void)zkg_writer_u32(w, c->output[k].first);
        (void)zkg_writer_u32(w, c->output[k].bits);
    }
}

/* ---- reading ---- */

/* A count of things of at least `least` bytes each, and memory for them. */
static zkg_status read_list(void **out, uint32_t *count, zkg_reader *r,
                            size_t size, size_t least, uint32_t max)
{
    uint32_t n;

    ZKG_TRY(zkg_reader_u32(r, &n));
    if (n > max || n > zkg_reader_left(r) / least)
        return ZKG_ERR_MALFORMED;
    *out = zkg_alloc(n, size);
    if (*out == NULL)
        return ZKG_ERR_NOMEM;
    *count = n;
    return ZKG_OK;
}

static zkg_status read_wire(zkg_circuit_wire *out, zkg_reader *r)
{
    uint8_t source;

    ZKG_TRY(zkg_reader_u8(r, &source));
    out->source = source;
    return zkg_reader_u32(r, &out->index);
}

enum { MUL_BYTES = 18, ADD_BYTES = 13, CONSTANT_BYTES = 8, LAYER_BYTES = 16 };

static zkg_status read_layer(zkg_circuit_layer *l, zkg_reader *r)
{
    zkg_circuit_mul *mul = NULL;
    zkg_circuit_add *add = NULL;
    zkg_circuit_constant *constant = NULL;

    ZKG_TRY(zkg_reader_u32(r, &l->gates));
    ZKG_TRY(read_list((void **)&mul, &l->muls, r, sizeof(*mul), MUL_BYTES,
                      UINT32_MAX));
    l->mul = mul;
    for (uint32_t k = 0; k < l->muls; k++) {
        ZKG_TRY(zkg_reader_u32(r, &mul[k].gate));
        ZKG_TRY(zkg_reader_u32(r, &mul[k].coeff));
        ZKG_TRY(read_wire(&mul[k].a, r));
        ZKG_TRY(read_wire(&mul[k].b, r));
    }
    ZKG_TRY(read_list((void **)&add, &l->adds, r, sizeof(*add), ADD_BYTES,
                      UINT32_MAX));
    l->add = add;
    for (uint32_t k = 0; k < l->adds; k++) {
        ZKG_TRY(zkg_reader_u32(r, &add[k].gate));
        ZKG_TRY(zkg_reader_u32(r, &add[k].coeff));
        ZKG_TRY(read_wire(&add[k].a, r));
    }
    ZKG_TRY(read_list((void **)&constant, &l->constants, r, sizeof(*constant),
                      CONSTANT_BYTES, UINT32_MAX));
    l->constant = constant;
    for (uint32_t k = 0; k < l->constants; k++) {
        ZKG_TRY(zkg_reader_u32(r, &constant[k].gate));
        ZKG_TRY(zkg_reader_u32(r, &constant[k].coeff));
    }
    return ZKG_OK;
}

static zkg_status read_inputs(zkg_circuit *out, zkg_reader *r)
{
    zkg_circuit_shape *input = NULL;

    ZKG_TRY(read_list((void **)&input, &out->inputs, r, sizeof(*input), 1,
                      ZKG_CIRCUIT_MAX_INPUTS));
    out->input = input;
    for (uint32_t k = 0; k < out->inputs; k++) {
        uint8_t axes;

        ZKG_TRY(zkg_reader_u8(r, &axes));
        if (axes > ZKG_MAX_AXES)
            return ZKG_ERR_MALFORMED;
        input[k].axes = axes;
        for (uint32_t a = 0; a < axes; a++)
            ZKG_TRY(zkg_reader_u64(r, &input[k].len[a]));
    }
    return ZKG_OK;
}

static zkg_status read_coeffs(zkg_circuit *out, zkg_reader *r)
{
    zkg_circuit_coeff *coeff = NULL;

    ZKG_TRY(read_list((void **)&coeff, &out->coeffs, r, sizeof(*coeff), 36,
                      ZKG_CIRCUIT_MAX_COEFFS));
    out->coeff = coeff;
    for (uint32_t k = 0; k < out->coeffs; k++) {
        uint8_t value[32];

        ZKG_TRY(zkg_reader_bytes(r, value, sizeof(value)));
        if (!zkg_fr_from_bytes(&coeff[k].value, value))
            return ZKG_ERR_MALFORMED;
        ZKG_TRY(zkg_reader_u32(r, &coeff[k].challenge));
    }
    ZKG_TRY(zkg_reader_u32(r, &out->challenges));
    return out->challenges <= ZKG_CIRCUIT_MAX_CHALLENGES ? ZKG_OK
                                                         : ZKG_ERR_MALFORMED;
}

static zkg_status read_top(zkg_circuit *out, zkg_reader *r)
{
    zkg_circuit_output *output = NULL;
    uint32_t *assertion = NULL;

    ZKG_TRY(read_list((void **)&assertion, &out->asserted, r,
                      sizeof(*assertion), 4, UINT32_MAX));
    out->assertion = assertion;
    for (uint32_t k = 0; k < out->asserted; k++)
        ZKG_TRY(zkg_reader_u32(r, &assertion[k]));
    ZKG_TRY(read_list((void **)&output, &out->outputs, r, sizeof(*output), 8,
                      UINT32_MAX));
    out->output = output;
    for (uint32_t k = 0; k < out->outputs; k++) {
        ZKG_TRY(zkg_reader_u32(r, &output[k].first));
        ZKG_TRY(zkg_reader_u32(r, &output[k].bits));
    }
    return ZKG_OK;
}

zkg_status zkg_circuit_read(zkg_circuit *out, zkg_reader *r)
{
    zkg_circuit_layer *layer = NULL;

    *out = (zkg_circuit){0};
    ZKG_TRY(read_inputs(out, r));
    ZKG_TRY(read_coeffs(out, r));
    ZKG_TRY(read_list((void **)&layer, &out->layers, r, sizeof(*layer),
                      LAYER_BYTES, ZKG_CIRCUIT_MAX_LAYERS));
    out->layer = layer;
    for (uint32_t i = 0; i < out->layers; i++)
        ZKG_TRY(read_layer(&layer[i], r));
    return read_top(out, r);
}
