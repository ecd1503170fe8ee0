/* SPDX-License-Identifier: Apache-2.0
 * What circuits take in memory: as forecast, and less where that is asked for,
 * for the same messages.  Under mpirun the copies are dealt out. */
#include "base/cpu.h"
#include "base/mem.h"
#include "circuit/values.h"
#include "relation/circuit.h"
#include "relation/circuit_memory.h"
#include "relation_fixture.h"

#include <math.h>

enum { BITS, GROWING, ELEMENTWISE, LINEAR, MANY, KINDS };

static const char *const kind_name[KINDS] = {"bits", "growing", "elementwise",
                                             "linear", "many inputs"};

/* Inputs of MANY, of one entry each. */
enum { INPUTS = FX_OPERANDS };

static zkg_comm *world;

typedef struct shape {
    int kind;
    uint32_t layers, gates; /* beside the top layer; of a layer */
    uint64_t copies;
    bool shared;   /* the second input is broadcast */
    bool elements; /* the second input is of field elements */
} shape;

/* A circuit of equal layers; of the top one two gates, and the first is
 * asserted: it is a difference of equals. */
typedef struct built {
    fixture f;
    zkg_circuit c;
    zkg_circuit_shape input[INPUTS];
    zkg_circuit_layer *layer;
    zkg_circuit_mul *mul;
    zkg_circuit_add *add;
    zkg_circuit_coeff coeff[3];
    uint32_t assertion[1], operand[INPUTS];
    zkg_task_circuit bound;
    zkg_circuit_range range[INPUTS]; /* of the inputs, as a statement has it */
} built;

enum { ONE, MINUS_ONE, MINUS_TWO };

static zkg_circuit_wire wire(uint32_t source, uint32_t index)
{
    return (zkg_circuit_wire){source, index};
}

/* Gate o of a layer reads a wire below and one of the second input; of MANY two
 * inputs. */
static void fill_layer(built *b, const shape *s, uint32_t i)
{
    zkg_circuit_layer *l = &b->layer[i];
    zkg_circuit_mul *mul = b->mul + (size_t)i * s->gates;
    zkg_circuit_add *add = b->add + (size_t)i * 2 * s->gates;

    *l = (zkg_circuit_layer){.gates = s->gates, .mul = mul, .add = add};
    for (uint32_t o = 0; o < s->gates; o++) {
        const uint32_t other =
            s->kind == ELEMENTWISE ? o : (o * 7 + 3) % s->gates;
        const bool many = s->kind == MANY;
        const zkg_circuit_wire x =
            many ? wire(1 + o, 0) : wire(i == 0 ? 1 : 0, other);
        const zkg_circuit_wire y = many ? wire(1 + other, 0) : wire(2, o);

        if (s->kind != LINEAR)
            mul[l->muls++] = (zkg_circuit_mul){
                o, s->kind == GROWING ? MINUS_TWO : ONE, x, y};
        if (s->kind == GROWING || s->kind == LINEAR) {
            add[l->adds++] = (zkg_circuit_add){o, ONE, x};
            add[l->adds++] = (zkg_circuit_add){o, ONE, y};
        }
    }
}

static void fill_top(built *b, const shape *s)
{
    zkg_circuit_layer *l = &b->layer[s->layers];
    zkg_circuit_add *add = b->add + (size_t)s->layers * 2 * s->gates;

    add[0] = (zkg_circuit_add){0, ONE, wire(1, 0)};
    add[1] = (zkg_circuit_add){0, MINUS_ONE, wire(1, 0)};
    add[2] = (zkg_circuit_add){1, ONE, wire(0, 0)};
    *l = (zkg_circuit_layer){.gates = 2, .adds = 3, .add = add};
}

/* Over that axis, and the copies unless they share it. */
static void add_input(built *b, uint32_t entries, bool shared, zkg_dtype type)
{
    const uint32_t k = b->c.inputs++;
    const zkg_array *a = &b->f.array[b->f.t.operands];
    uint32_t axis[2] = {0};

    axis[shared ? 0 : 1] = entries;
    b->range[k] = (zkg_circuit_range){
        .low = 0, .high = 1, .elements = type == ZKG_FR, .shared = shared};
    b->input[k] =
        (zkg_circuit_shape){.axes = 1, .len = {b->f.axis[entries].len}};
    b->operand[k] =
        fx_tensor(&b->f, ZKG_PRIVATE, type, 0, 1, shared ? 1 : 2, axis);
    /* Elements that are no small integers. */
    for (uint64_t i = 0; type == ZKG_FR && i < zkg_array_count(a); i++)
        fx_fr(&b->f, (zkg_fr *)a->data + i);
}

static void build(built *b, const shape *s)
{
    const size_t gates = ((size_t)s->layers + 1) * s->gates;
    uint32_t entries;

    memset(b, 0, sizeof(*b));
    fx_init(&b->f, s->copies);
    b->layer = zkg_alloc((size_t)s->layers + 1, sizeof(*b->layer));
    b->mul = zkg_alloc(gates, sizeof(*b->mul));
    b->add = zkg_alloc(2 * gates + 3, sizeof(*b->add));
    assert_true(b->layer != NULL && b->mul != NULL && b->add != NULL);
    for (uint32_t k = 0; k < 3; k++)
        b->coeff[k].challenge = ZKG_CIRCUIT_PLAIN;
    zkg_fr_from_i64(&b->coeff[ONE].value, 1);
    zkg_fr_from_i64(&b->coeff[MINUS_ONE].value, -1);
    zkg_fr_from_i64(&b->coeff[MINUS_TWO].value, -2);
    b->c = (zkg_circuit){.input = b->input,
                         .layers = s->layers + 1,
                         .layer = b->layer,
                         .coeffs = 3,
                         .coeff = b->coeff,
                         .asserted = 1,
                         .assertion = b->assertion};
    entries = fx_axis(&b->f, s->kind == MANY ? 1 : s->gates);
    add_input(b, entries, false, ZKG_I16);
    for (uint32_t k = 1; k < (s->kind == MANY ? INPUTS : 2); k++)
        add_input(b, entries, s->shared, s->elements ? ZKG_FR : ZKG_U8);
    for (uint32_t i = 0; i < s->layers; i++)
        fill_layer(b, s, i);
    fill_top(b, s);
    b->bound = (zkg_task_circuit){.circuit = &b->c, .operand = b->operand};
    b->f.t.circuits = 1;
    b->f.t.circuit = &b->bound;
}

static void built_clear(built *b)
{
    fx_clear(&b->f);
    zkg_free(b->layer);
    zkg_free(b->mul);
    zkg_free(b->add);
}

static void forecast(zkg_circuit_sizes *z, const built *b)
{
    assert_int_equal(zkg_circuit_sizes_init(z, &b->c, b->range, 0, true),
                     ZKG_OK);
}

/* Prove with so much room; *most: what was there at most, where it is counted.
 */
static void prove(outcome *o, double *most, const built *b, double room,
                  const zkg_backend *backend)
{
    const uint8_t seed[64] = {1};
#ifdef ZKG_TEST_HOOKS
    size_t before, now, peak;

    zkg_mem_live(&before, &peak);
#endif
    memset(o, 0, sizeof(*o));
    zkg_tape_init_child(&o->tape, seed, "task", 7, NULL, 0);
    o->c = (zkg_child){.tape = &o->tape,
                       .comm = world,
                       .backend = backend,
                       .challenge = b->f.challenge,
                       .room = room};
    o->status = zkg_task_prove(&o->c, &b->f.t, &o->err);
    if (o->status != ZKG_OK)
        fail_msg("prove: %s (%s)", zkg_status_name(o->status), o->err.text);
    *most = 0;
#ifdef ZKG_TEST_HOOKS
    zkg_mem_live(&now, &peak);
    *most = (double)peak - (double)before;
#endif
}

static const shape shapes[] = {
    {BITS, 6, 64, 256, false, false},
    {BITS, 12, 37, 300, false, false},
    {BITS, 5, 64, 256, true, false},
    {BITS, 4, 64, 256, false, true},
    {BITS, 4, 64, 64, true, true},
    {BITS, 3, 4096, 1, false, false},
    {BITS, 2, 4096, 1, true, false},
    {BITS, 16, 33, 1024, false, false},
    {GROWING, 16, 64, 128, false, false},
    {GROWING, 3, 1024, 2, false, false},
    {GROWING, 5, 100, 63, true, false},
    {GROWING, 30, 16, 512, false, false},
    {ELEMENTWISE, 5, 64, 256, false, false},
    {ELEMENTWISE, 3, 4096, 1, false, false},
    {ELEMENTWISE, 4, 256, 65, false, true},
    {LINEAR, 6, 64, 256, false, false},
    {LINEAR, 3, 4096, 1, false, false},
    {LINEAR, 5, 31, 1000, true, false},
    {LINEAR, 1, 1, 1, false, false},
    {MANY, 1, INPUTS, 256, false, false},
};

/* Copies of a rank; ranks are a power of two. */
static double share_of(const shape *s)
{
    const double copies = ldexp(1, (int)zkg_log2_ceil(s->copies));

    return fmax(1, copies / zkg_comm_size(world));
}

/* Forecast within [real, 1.5 real + ZKG_CHILD_BYTES], whatever the stride. */
static void check_bytes(const shape *s, uint32_t stride, double real,
                        double said)
{
    printf("# %s%s%s, %u layers of %u, %llu copies, stride %u: %.0f KiB, "
           "forecast %.0f (%.2f)\n",
           kind_name[s->kind], s->shared ? ", shared" : "",
           s->elements ? ", elements" : "", s->layers, s->gates,
           (unsigned long long)s->copies, stride, real / 1024, said / 1024,
           said / real);
    if (real > 0 &&
        (said + ZKG_CHILD_BYTES < real || said > 1.5 * real + ZKG_CHILD_BYTES))
        fail_msg("the forecast is not near");
}

static void the_forecast_is_what_is_taken(void **state)
{
    const zkg_backend *const backend[2] = {
        zkg_backend_ref(), zkg_backend_get(zkg_cpu_features(ZKG_CPU_ALL))};
    built *b = zkg_alloc(1, sizeof(*b));

    (void)state;
    assert_non_null(b);
    for (size_t k = 0; k < sizeof(shapes) / sizeof(shapes[0]); k++) {
        const shape *s = &shapes[k];
        const double copies = share_of(s);
        zkg_circuit_sizes z;
        outcome want, got;
        double most;

        build(b, s);
        forecast(&z, b);
        prove(&want, &most, b, 0, backend[1]);
        check_bytes(s, 1, most, zkg_circuit_bytes(&z, copies, 1));
        /* Just not enough for one stride is what the next one takes. */
        for (uint32_t stride = 1; stride < s->layers; stride *= 2) {
            const double room = zkg_circuit_bytes(&z, copies, stride) - 1;
            const uint32_t next = zkg_circuit_stride(&z, copies, room);

            assert_true(next == 1 || zkg_circuit_bytes(&z, copies, next) <
                                         zkg_circuit_bytes(&z, copies, 1));
            prove(&got, &most, b, room, backend[stride % 3 != 0]);
            if (stride % 3 != 0)
                check_bytes(s, next, most, zkg_circuit_bytes(&z, copies, next));
            assert_int_equal(got.tape.len, want.tape.len);
            assert_memory_equal(got.tape.buf, want.tape.buf, want.tape.len);
            outcome_clear(&got);
        }
        outcome_clear(&want);
        zkg_circuit_sizes_clear(&z);
        built_clear(b);
    }
    zkg_free(b);
}

/* The s-th layer from the lowest, and each s-th above it: so that what is made
 * again, from i / s * s on, begins above a kept one. */
static void every_sth_layer_is_kept(void **state)
{
    (void)state;
    for (uint32_t stride = 1; stride <= 9; stride++)
        for (uint32_t i = 0; i < 40; i++)
            assert_int_equal(zkg_circuit_keeps(stride, i),
                             i % stride == stride - 1);
}

/* A deep circuit: far less than all of it is there. */
static void checkpoints_save_most_of_it(void **state)
{
    const shape s = {GROWING, 64, 64, 256, false, true};
    built *b = zkg_alloc(1, sizeof(*b));
    zkg_circuit_sizes z;
    double all, least;

    (void)state;
    assert_non_null(b);
    build(b, &s);
    forecast(&z, b);
    all = zkg_circuit_bytes(&z, 256, 1);
    least = zkg_circuit_bytes(&z, 256, zkg_circuit_stride(&z, 256, 1));
    printf("# all %.0f KiB, least %.0f KiB\n", all / 1024, least / 1024);
    assert_true(least < 0.4 * all);
    /* Room for all keeps all. */
    assert_int_equal(zkg_circuit_stride(&z, 256, all), 1);
    assert_true(zkg_circuit_stride(&z, 256, all - 1) > 1);
    zkg_circuit_sizes_clear(&z);
    built_clear(b);
    zkg_free(b);
}

/* Wires are never wider than the types that were told beforehand. */
static void types_are_bounds(void **state)
{
    built *b = zkg_alloc(1, sizeof(*b));

    (void)state;
    assert_non_null(b);
    for (size_t k = 0; k < sizeof(shapes) / sizeof(shapes[0]); k++) {
        const zkg_array *input[INPUTS];
        zkg_fr coeff[3];
        zkg_circuit_values v;
        zkg_circuit_sizes z;

        build(b, &shapes[k]);
        forecast(&z, b);
        zkg_circuit_coefficients(coeff, &b->c, NULL);
        for (uint32_t n = 0; n < b->c.inputs; n++)
            input[n] = b->f.operand[b->operand[n]].array;
        assert_int_equal(zkg_circuit_values_init(&v, zkg_backend_ref(), &b->c,
                                                 coeff, input, 0, 1, 1),
                         ZKG_OK);
        for (uint32_t i = 0; i < b->c.layers; i++) {
            assert_int_equal(zkg_circuit_values_eval(&v, i), ZKG_OK);
            assert_true(zkg_dtype_size(v.layer[i].type) <=
                        zkg_dtype_size(z.types.layer[i]));
        }
        zkg_circuit_values_clear(&v);
        zkg_circuit_sizes_clear(&z);
        built_clear(b);
    }
    zkg_free(b);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_forecast_is_what_is_taken),
        cmocka_unit_test(every_sth_layer_is_kept),
        cmocka_unit_test(checkpoints_save_most_of_it),
        cmocka_unit_test(types_are_bounds),
    };

    int failed;

    if (zkg_comm_init(&world, &argc, &argv, NULL) != ZKG_OK)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed)
        zkg_comm_abort(world, 1);
    zkg_comm_free(world);
    return 0;
}
