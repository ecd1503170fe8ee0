/* SPDX-License-Identifier: Apache-2.0
 * What a circuit's wires are told to hold: cones against all values of the
 * inputs, bits that stay bits, inputs that are asserted to be bits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "circuit/cone.h"
#include "circuit/types.h"

enum { BITS = 5, GATES = 12, LAYERS = 40, TERMS = 3 };
enum { ONE, MINUS_ONE, TWO, MINUS_TWO, COEFFS };

static const int64_t coeffs[COEFFS] = {1, -1, 2, -2};

/* One input of BITS entries, layers of GATES gates of up to TERMS products,
 * linear terms and constants each. */
typedef struct built {
    zkg_circuit c;
    zkg_circuit_shape input;
    zkg_circuit_layer layer[LAYERS];
    zkg_circuit_mul mul[LAYERS][GATES * TERMS];
    zkg_circuit_add add[LAYERS][GATES * TERMS];
    zkg_circuit_constant constant[LAYERS][GATES];
    zkg_circuit_coeff coeff[COEFFS];
    uint32_t assertion[GATES];
} built;

static void begin(built *b)
{
    memset(b, 0, sizeof(*b));
    b->input = (zkg_circuit_shape){.axes = 1, .len = {BITS}};
    for (uint32_t k = 0; k < COEFFS; k++) {
        zkg_fr_from_i64(&b->coeff[k].value, coeffs[k]);
        b->coeff[k].challenge = ZKG_CIRCUIT_PLAIN;
    }
    b->c = (zkg_circuit){.inputs = 1,
                         .input = &b->input,
                         .layer = b->layer,
                         .coeffs = COEFFS,
                         .coeff = b->coeff,
                         .assertion = b->assertion};
}

static zkg_circuit_layer *add_layer(built *b)
{
    const uint32_t i = b->c.layers++;

    b->layer[i] = (zkg_circuit_layer){
        .mul = b->mul[i], .add = b->add[i], .constant = b->constant[i]};
    return &b->layer[i];
}

static void add_mul(built *b, uint32_t coeff, zkg_circuit_wire x,
                    zkg_circuit_wire y)
{
    zkg_circuit_layer *l = &b->layer[b->c.layers - 1];

    b->mul[b->c.layers - 1][l->muls++] =
        (zkg_circuit_mul){l->gates, coeff, x, y};
}

static void add_linear(built *b, uint32_t coeff, zkg_circuit_wire x)
{
    zkg_circuit_layer *l = &b->layer[b->c.layers - 1];

    b->add[b->c.layers - 1][l->adds++] = (zkg_circuit_add){l->gates, coeff, x};
}

static void add_constant(built *b, uint32_t coeff)
{
    zkg_circuit_layer *l = &b->layer[b->c.layers - 1];

    b->constant[b->c.layers - 1][l->constants++] =
        (zkg_circuit_constant){l->gates, coeff};
}

static void end_gate(built *b)
{
    b->layer[b->c.layers - 1].gates++;
}

static zkg_circuit_wire wire(uint32_t source, uint32_t index)
{
    return (zkg_circuit_wire){source, index};
}

static uint64_t next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return *state >> 33;
}

/* ---- cones -------------------------------------------------------------- */

/* All gates of all layers, the inputs being the bits of x. */
static void evaluate(int64_t (*value)[GATES], const zkg_circuit *c, uint32_t x)
{
    for (uint32_t i = 0; i < c->layers; i++) {
        const zkg_circuit_layer *l = &c->layer[i];

#define AT(w) ((w).source == 0 ? value[i - 1][(w).index] : x >> (w).index & 1)
        for (uint32_t o = 0; o < l->gates; o++)
            value[i][o] = 0;
        for (uint32_t t = 0; t < l->muls; t++)
            value[i][l->mul[t].gate] +=
                coeffs[l->mul[t].coeff] * AT(l->mul[t].a) * AT(l->mul[t].b);
        for (uint32_t t = 0; t < l->adds; t++)
            value[i][l->add[t].gate] +=
                coeffs[l->add[t].coeff] * AT(l->add[t].a);
        for (uint32_t t = 0; t < l->constants; t++)
            value[i][l->constant[t].gate] += coeffs[l->constant[t].coeff];
#undef AT
    }
}

static zkg_circuit_wire any_wire(uint64_t *state, uint32_t i)
{
    if (i == 0 || next(state) % 4 == 0)
        return wire(1, (uint32_t)(next(state) % BITS));
    return wire(0, (uint32_t)(next(state) % GATES));
}

static void random_circuit(built *b, uint64_t *state, uint32_t layers)
{
    begin(b);
    for (uint32_t i = 0; i < layers; i++) {
        add_layer(b);
        for (uint32_t o = 0; o < GATES; o++) {
            const uint64_t muls = next(state) % TERMS;
            const uint64_t adds = next(state) % (TERMS + 1);

            for (uint64_t t = 0; t < muls; t++) {
                const zkg_circuit_wire x = any_wire(state, i);

                add_mul(b, (uint32_t)(next(state) % COEFFS), x,
                        any_wire(state, i));
            }
            for (uint64_t t = 0; t < adds; t++)
                add_linear(b, (uint32_t)(next(state) % COEFFS),
                           any_wire(state, i));
            if (next(state) % 3 == 0)
                add_constant(b, (uint32_t)(next(state) % COEFFS));
            end_gate(b);
        }
    }
}

/* A cone down to the inputs is exact; one that ends above them holds all. */
static void cones_hold_all_values(void **state)
{
    enum { DEEP = 3 };
    static built b;
    uint64_t seed = 20260101;
    uint32_t exact = 0, tried = 0;

    (void)state;
    printf("# seed %llu\n", (unsigned long long)seed);
    for (int n = 0; n < 200; n++) {
        static int64_t value[1 << BITS][LAYERS][GATES];
        const zkg_circuit_span bit = {0, 1};
        static zkg_circuit_terms terms[DEEP][GATES];
        zkg_circuit_terms *const by_layer[DEEP] = {terms[0], terms[1],
                                                   terms[2]};
        zkg_circuit_span layer[DEEP];

        random_circuit(&b, &seed, DEEP);
        for (uint32_t x = 0; x < 1u << BITS; x++)
            evaluate(value[x], &b.c, x);
        for (uint32_t i = 0; i < DEEP; i++) {
            zkg_circuit_terms g = {0};

            for (uint32_t o = 0; o < GATES; o++) {
                zkg_circuit_next_terms(&g, &b.c.layer[i], o);
                terms[i][o] = g;
            }
            layer[i] = (zkg_circuit_span){0, 0};
            for (uint32_t k = 0; k < GATES << BITS; k++) {
                const int64_t v = value[k / GATES][i][k % GATES];

                layer[i].low = v < layer[i].low ? v : layer[i].low;
                layer[i].high = v > layer[i].high ? v : layer[i].high;
            }
        }
        for (uint32_t k = 0; k < DEEP * GATES * DEEP; k++) {
            const uint32_t i = k / GATES / DEEP, o = k / DEEP % GATES;
            const uint32_t depth = k % DEEP;
            const zkg_circuit_cones cones = {&b.c, coeffs, &bit, layer,
                                             by_layer};
            zkg_circuit_span real = {value[0][i][o], value[0][i][o]}, said;

            for (uint32_t x = 1; x < 1u << BITS; x++) {
                const int64_t v = value[x][i][o];

                real.low = v < real.low ? v : real.low;
                real.high = v > real.high ? v : real.high;
            }
            if (depth > i || !zkg_circuit_cone_span(&said, &cones, i, o, depth))
                continue;
            tried++;
            assert_true(said.low <= real.low && said.high >= real.high);
            if (depth < i)
                continue;
            exact++;
            assert_true(said.low == real.low && said.high == real.high);
        }
    }
    printf("# %u cones, %u of them down to the inputs\n", tried, exact);
    assert_true(exact > 1000 && tried > exact);
}

/* ---- bits --------------------------------------------------------------- */

/* Two layers that take bits x, y, z to x xor (z and not y), as a recorder cuts
 * it: q = z - y z below, x + z - y z - 2 x q above it. */
static void add_chi(built *b)
{
    const bool lowest = b->c.layers == 0;
    const uint32_t from = lowest ? 1 : 0;

    add_layer(b);
    for (uint32_t o = 0; o < BITS; o++) {
        add_linear(b, ONE, wire(from, o));
        end_gate(b);
    }
    for (uint32_t o = 0; o < BITS; o++) {
        add_mul(b, MINUS_ONE, wire(from, (o + 1) % BITS),
                wire(from, (o + 2) % BITS));
        add_linear(b, ONE, wire(from, (o + 2) % BITS));
        end_gate(b);
    }
    add_layer(b);
    for (uint32_t o = 0; o < BITS; o++) {
        add_mul(b, MINUS_TWO, wire(0, o), wire(0, BITS + o));
        add_mul(b, MINUS_ONE, wire(0, (o + 1) % BITS), wire(0, (o + 2) % BITS));
        add_linear(b, ONE, wire(0, o));
        add_linear(b, ONE, wire(0, (o + 2) % BITS));
        end_gate(b);
    }
}

static void bits_stay_bits(void **state)
{
    const zkg_circuit_range bit = {.low = 0, .high = 1};
    const zkg_circuit_range byte = {.low = 0, .high = 255};
    zkg_circuit_types types;
    static built b;

    (void)state;
    begin(&b);
    while (b.c.layers + 2 <= LAYERS)
        add_chi(&b);
    assert_int_equal(zkg_circuit_types_init(&types, &b.c, &bit, true), ZKG_OK);
    for (uint32_t i = 0; i < b.c.layers; i++)
        assert_int_equal(types.layer[i], ZKG_I8);
    zkg_circuit_types_clear(&types);
    /* Each gate by itself; or of values that are no bits. */
    assert_int_equal(zkg_circuit_types_init(&types, &b.c, &bit, false), ZKG_OK);
    assert_int_equal(types.layer[b.c.layers - 1], ZKG_FR);
    zkg_circuit_types_clear(&types);
    assert_int_equal(zkg_circuit_types_init(&types, &b.c, &byte, true), ZKG_OK);
    assert_int_equal(types.layer[b.c.layers - 1], ZKG_FR);
    zkg_circuit_types_clear(&types);
}

/* One layer that asserts b b - b of each entry, entry `odd` in a way that is
 * not quite that: 0 as it should be. */
static void assert_bits(built *b, uint32_t odd, int how)
{
    begin(b);
    add_layer(b);
    for (uint32_t o = 0; o < BITS; o++) {
        const zkg_circuit_wire x = wire(1, o), y = wire(1, (o + 1) % BITS);
        const int kind = o == odd ? how : 0;

        add_mul(b, kind == 1 ? TWO : ONE, x, kind == 2 ? y : x);
        add_linear(b, MINUS_ONE, kind == 3 ? y : x);
        if (kind == 4)
            add_constant(b, ONE);
        if (kind == 5)
            add_linear(b, MINUS_ONE, y);
        if (kind != 6)
            b->assertion[b->c.asserted++] = o;
        end_gate(b);
    }
}

static void asserted_bits_are_found(void **state)
{
    static built b;

    (void)state;
    for (int how = 0; how <= 6; how++)
        for (uint32_t odd = 0; odd < BITS; odd++) {
            zkg_circuit_range r = {.low = -7, .high = 255};

            assert_bits(&b, odd, how);
            assert_int_equal(zkg_circuit_narrow_ranges(&r, &b.c), ZKG_OK);
            assert_int_equal(r.low, how == 0 ? 0 : -7);
            assert_int_equal(r.high, how == 0 ? 1 : 255);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cones_hold_all_values),
        cmocka_unit_test(bits_stay_bits),
        cmocka_unit_test(asserted_bits_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
