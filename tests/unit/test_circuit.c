/* SPDX-License-Identifier: Apache-2.0
 * Circuits: random ones against a gate-by-gate evaluation, through prover and
 * verifier, and all that must be refused. */
#include "relation/circuit.h"
#include "relation_fixture.h"

enum { INPUTS = 5, LAYERS = 4, TERMS = 64, GATES = 8, COEFFS = 12 };

static zkg_comm *world;

/* A circuit and its fixture. */
typedef struct built {
    fixture f;
    zkg_circuit c;
    zkg_circuit_shape input[INPUTS];
    zkg_circuit_layer layer[LAYERS];
    zkg_circuit_mul mul[LAYERS][TERMS];
    zkg_circuit_add add[LAYERS][TERMS];
    zkg_circuit_constant constant[LAYERS][TERMS];
    zkg_circuit_coeff coeff[COEFFS];
    uint32_t assertion[2 * GATES];
    zkg_circuit_output output[2];
    zkg_task_circuit bound;
    uint32_t operand[INPUTS], out[2];
    zkg_fr challenge[2]; /* for plain evaluation */
} built;

/* What the random circuits have met. */
typedef struct seen {
    uint32_t kind[3], two_points, broadcast, merged, plain;
} seen;

enum { MINUS_ONE = 1, CHALLENGES = 8 };

static void set_coeffs(built *b)
{
    for (uint32_t k = 0; k < CHALLENGES; k++) {
        b->coeff[k].challenge = ZKG_CIRCUIT_PLAIN;
        fx_fr(&b->f, &b->coeff[k].value);
    }
    b->coeff[0].value = zkg_fr_one;
    zkg_fr_neg(&b->coeff[MINUS_ONE].value, &zkg_fr_one);
    /* Pairs that cancel. */
    for (uint32_t k = 0; k < 2; k++) {
        b->coeff[CHALLENGES + 2 * k] = (zkg_circuit_coeff){zkg_fr_one, k};
        b->coeff[CHALLENGES + 2 * k + 1] =
            (zkg_circuit_coeff){b->coeff[MINUS_ONE].value, k};
        fx_fr(&b->f, &b->challenge[k]);
    }
    b->c.coeffs = COEFFS;
    b->c.coeff = b->coeff;
}

static void built_init(built *b, uint64_t copies, uint64_t seed)
{
    memset(b, 0, sizeof(*b));
    fx_init(&b->f, copies);
    b->f.random.state += seed;
    set_coeffs(b);
    b->c.input = b->input;
    b->c.layer = b->layer;
    b->c.assertion = b->assertion;
    b->c.output = b->output;
    b->bound = (zkg_task_circuit){.relation = 3,
                                  .circuit = &b->c,
                                  .operand = b->operand,
                                  .output = b->out};
    b->f.t.circuits = 1;
    b->f.t.circuit = &b->bound;
    for (uint32_t i = 0; i < LAYERS; i++) {
        b->layer[i].mul = b->mul[i];
        b->layer[i].add = b->add[i];
        b->layer[i].constant = b->constant[i];
    }
}

static uint32_t below(built *b, uint32_t n)
{
    return (uint32_t)rng_below(&b->f.random, n);
}

/* An input of n axes; its source. */
static uint32_t add_input(built *b, zkg_visibility vis, zkg_dtype type,
                          bool broadcast, uint32_t n, const uint64_t *len)
{
    const uint32_t k = b->c.inputs++;
    uint32_t axis[3] = {0};

    b->input[k].axes = n;
    for (uint32_t i = 0; i < n; i++) {
        b->input[k].len[i] = len[i];
        axis[(broadcast ? 0 : 1) + i] = fx_axis(&b->f, len[i]);
    }
    b->operand[k] =
        fx_tensor(&b->f, vis, type, -9, 99, n + (broadcast ? 0 : 1), axis);
    return k + 1;
}

static uint32_t entries(const built *b, uint32_t i, uint32_t source)
{
    uint32_t n = 1;

    if (source == ZKG_CIRCUIT_PREVIOUS)
        return b->layer[i - 1].gates;
    for (uint32_t k = 0; k < b->input[source - 1].axes; k++)
        n *= (uint32_t)b->input[source - 1].len[k];
    return n;
}

static zkg_circuit_wire random_wire(built *b, uint32_t i)
{
    const uint32_t first = i > 0 ? 0 : 1;
    zkg_circuit_wire w = {.source = first + below(b, b->c.inputs + 1 - first)};

    if (i > 0 && below(b, 2) == 0)
        w.source = ZKG_CIRCUIT_PREVIOUS;
    w.index = below(b, entries(b, i, w.source));
    return w;
}

static void put_add(built *b, uint32_t i, uint32_t gate, uint32_t coeff,
                    zkg_circuit_wire a)
{
    b->add[i][b->layer[i].adds++] = (zkg_circuit_add){gate, coeff, a};
}

static void put_mul(built *b, uint32_t i, uint32_t gate, uint32_t coeff,
                    zkg_circuit_wire x, zkg_circuit_wire y)
{
    b->mul[i][b->layer[i].muls++] = (zkg_circuit_mul){gate, coeff, x, y};
}

static void put_constant(built *b, uint32_t i, uint32_t gate, uint32_t coeff)
{
    b->constant[i][b->layer[i].constants++] =
        (zkg_circuit_constant){gate, coeff};
}

static void random_gate(built *b, uint32_t i, uint32_t gate, bool products,
                        bool challenges)
{
    for (uint32_t n = below(b, 4); n > 0; n--) {
        const uint32_t kind = below(b, products ? 4 : 2);
        const uint32_t coeff = below(b, CHALLENGES);

        if (kind >= 2)
            put_mul(b, i, gate, coeff, random_wire(b, i), random_wire(b, i));
        else if (kind == 1)
            put_add(b, i, gate, coeff, random_wire(b, i));
        else
            put_constant(b, i, gate, coeff);
    }
    if (challenges && below(b, 2) == 0) {
        const uint32_t pair = CHALLENGES + 2 * below(b, 2);
        const zkg_circuit_wire x = random_wire(b, i), y = random_wire(b, i);

        for (uint32_t k = 0; k < 2; k++) {
            if (products)
                put_mul(b, i, gate, pair + k, x, y);
            put_add(b, i, gate, pair + k, x);
        }
    }
}

/* Layer i as w S S', where something fits; else false. */
static bool elementwise(built *b, uint32_t i)
{
    uint32_t fit[INPUTS + 1], fits = 0, gates = 0, coeff, x, y;

    if (i > 0)
        gates = b->layer[i - 1].gates;
    for (uint32_t s = 1; s <= b->c.inputs && i == 0; s++)
        if (b->input[s - 1].axes == 1 && below(b, 2) == 0)
            gates = entries(b, i, s);
    if (!zkg_is_pow2(gates))
        return false;
    for (uint32_t s = i > 0 ? 0 : 1; s <= b->c.inputs; s++)
        if (entries(b, i, s) == gates &&
            zkg_circuit_source_vars(&b->c, i, s) == zkg_log2_ceil(gates))
            fit[fits++] = s;
    b->layer[i].gates = gates;
    coeff = below(b, CHALLENGES);
    x = i > 0 ? 0 : fit[below(b, fits)];
    y = fit[below(b, fits)];
    if (below(b, 2) == 0) {
        const uint32_t swap = x;

        x = y;
        y = swap;
    }
    for (uint32_t k = 0; k < gates; k++)
        put_mul(b, i, k, coeff, (zkg_circuit_wire){x, k},
                (zkg_circuit_wire){y, k});
    return true;
}

static void random_layer(built *b, uint32_t i, bool top, bool challenges)
{
    const uint32_t kind = below(b, 3);

    if (!top && kind == 0 && elementwise(b, i))
        return;
    b->layer[i].gates = 1 + below(b, GATES);
    for (uint32_t o = 0; o < b->layer[i].gates; o++) {
        if (o == 0 && i > 0)
            put_add(b, i, o, 2,
                    (zkg_circuit_wire){ZKG_CIRCUIT_PREVIOUS,
                                       below(b, b->layer[i - 1].gates)});
        random_gate(b, i, o, kind != 1, challenges);
    }
}

/* ---- evaluation gate by gate, straight from the arrays ---- */

static zkg_fr gate_value(const built *b, uint32_t layers, uint32_t gate,
                         uint64_t copy);

static zkg_fr wire_value(const built *b, uint32_t i, zkg_circuit_wire w,
                         uint64_t copy)
{
    const zkg_circuit_shape *s;
    uint64_t index[FX_MAX] = {0}, left = w.index;
    const zkg_operand *o;

    if (w.source == ZKG_CIRCUIT_PREVIOUS)
        return gate_value(b, i, w.index, copy);
    s = &b->input[w.source - 1];
    o = &b->f.operand[b->operand[w.source - 1]];
    index[0] = copy;
    for (uint32_t k = s->axes; k-- > 0;) {
        index[o->axis[o->axes - s->axes + k]] = left % s->len[k];
        left /= s->len[k];
    }
    return fx_get(&b->f, b->operand[w.source - 1], o->axis, index);
}

static zkg_fr coeff_value(const built *b, uint32_t k)
{
    zkg_fr v = b->coeff[k].value;

    if (b->coeff[k].challenge != ZKG_CIRCUIT_PLAIN)
        zkg_fr_mul(&v, &v, &b->challenge[b->coeff[k].challenge]);
    return v;
}

/* A gate of the layer below `layers`. */
static zkg_fr gate_value(const built *b, uint32_t layers, uint32_t gate,
                         uint64_t copy)
{
    const uint32_t i = layers - 1;
    const zkg_circuit_layer *l = &b->layer[i];
    zkg_fr sum = zkg_fr_zero, v, w;

    for (uint32_t k = 0; k < l->muls; k++) {
        if (l->mul[k].gate != gate)
            continue;
        v = wire_value(b, i, l->mul[k].a, copy);
        w = wire_value(b, i, l->mul[k].b, copy);
        zkg_fr_mul(&v, &v, &w);
        w = coeff_value(b, l->mul[k].coeff);
        zkg_fr_mul(&v, &v, &w);
        zkg_fr_add(&sum, &sum, &v);
    }
    for (uint32_t k = 0; k < l->adds; k++) {
        if (l->add[k].gate != gate)
            continue;
        v = wire_value(b, i, l->add[k].a, copy);
        w = coeff_value(b, l->add[k].coeff);
        zkg_fr_mul(&v, &v, &w);
        zkg_fr_add(&sum, &sum, &v);
    }
    for (uint32_t k = 0; k < l->constants; k++) {
        w = coeff_value(b, l->constant[k].coeff);
        if (l->constant[k].gate == gate)
            zkg_fr_add(&sum, &sum, &w);
    }
    return sum;
}

/* The first input holds what asserted gates are asserted equal to. */
static void solve_assertions(built *b)
{
    zkg_fr *t = b->f.array[b->operand[0]].data;
    const uint64_t stride = b->f.array[b->operand[0]].stored[1];

    for (uint64_t copy = 0; copy < b->f.axis[0].len; copy++)
        for (uint32_t k = 0; k < b->c.asserted; k++) {
            zkg_fr *at = &t[copy * stride + k];

            *at = zkg_fr_zero;
            *at = gate_value(b, b->c.layers, b->assertion[k], copy);
        }
}

static void plain_is_gate_by_gate(const built *b)
{
    const uint32_t gates = b->layer[b->c.layers - 1].gates;
    const uint64_t copies = b->f.axis[0].len;
    const zkg_array *input[INPUTS];
    zkg_fr *top = calloc(copies * gates, sizeof(*top));
    zkg_error err = {0};

    assert_non_null(top);
    for (uint32_t k = 0; k < b->c.inputs; k++)
        input[k] = &b->f.array[b->operand[k]];
    if (zkg_circuit_eval(top, &b->c, b->challenge, input, copies, &err) !=
        ZKG_OK)
        fail_msg("%s", err.text);
    for (uint64_t copy = 0; copy < copies; copy++)
        for (uint32_t o = 0; o < gates; o++) {
            const zkg_fr v = gate_value(b, b->c.layers, o, copy);

            assert_true(zkg_fr_equal(&v, &top[copy * gates + o]));
        }
    free(top);
}

/* ---- outputs ---- */

/* A virtual tensor: wires [first, first + 2^bits), with readers. */
static void add_output(built *b, uint32_t first, uint32_t bits)
{
    const uint32_t gates = b->layer[b->c.layers - 1].gates;
    const uint32_t k = b->c.outputs++;
    const uint64_t copies = (uint64_t)1 << b->f.axis[0].bits;
    const bool garbage = b->f.garbage;
    uint32_t readers = below(b, 3);
    /* The real length may be less than the block. */
    const uint32_t axis[2] = {
        0, fx_axis(&b->f, bits > 1 ? ((uint64_t)1 << bits) - below(b, 2)
                                   : (uint64_t)1 << bits)};
    uint32_t e;
    bool one = false;

    b->output[k] = (zkg_circuit_output){first, bits};
    b->f.garbage = true;
    b->out[k] = fx_tensor(&b->f, ZKG_VIRTUAL, ZKG_FR, 0, 0, 2, axis);
    for (uint64_t copy = 0; copy < copies; copy++)
        for (uint32_t o = 0; o < 1u << bits; o++) {
            zkg_fr *v = b->f.array[b->out[k]].data;

            v += (copy << bits) + o;
            if (first + o < gates)
                *v = gate_value(b, b->c.layers, first + o, copy);
            one = one || zkg_fr_equal(v, &zkg_fr_one);
        }
    /* A 1 in the padding of a lone column is a denominator 0. */
    readers = one ? 0 : readers;
    if (readers != 0)
        fx_site(&b->f, 0, 1, &b->out[k]);
    if (readers != 1) {
        /* Its sum is a column of its own. */
        const uint32_t t = fx_tensor(&b->f, ZKG_PRIVATE, ZKG_FR, 0, 0, 1, axis);

        e = fx_einsum(&b->f, 1, axis, -1);
        fx_term1(&b->f, e, 3, b->out[k]);
        fx_solve(&b->f, e, t, 1);
        fx_term1(&b->f, e, -1, t);
    }
    b->f.garbage = garbage;
}

/* ---- random circuits ---- */

static void random_built(built *b, uint64_t copies, uint64_t seed, bool garbage,
                         bool challenges)
{
    static const zkg_dtype type[3] = {ZKG_I8, ZKG_I64, ZKG_FR};
    static const zkg_visibility vis[3] = {ZKG_PRIVATE, ZKG_FIXED, ZKG_PUBLIC};
    const uint64_t room = 2 * GATES;
    uint32_t top, bits, extra;
    bool all;

    built_init(b, copies, seed);
    b->f.garbage = garbage;
    add_input(b, ZKG_PRIVATE, ZKG_FR, false, 1, &room);
    extra = 1 + below(b, INPUTS - 1);
    for (uint32_t k = 0; k < extra; k++) {
        const uint64_t len[2] = {1 + below(b, 4), 1 + below(b, 5)};
        const zkg_visibility v = vis[below(b, 3)];

        add_input(b, v, v == ZKG_PUBLIC ? ZKG_I16 : type[below(b, 3)],
                  below(b, 3) == 0, below(b, 3), len);
    }
    b->c.challenges = challenges ? 2 : 0;
    if (!challenges)
        for (uint32_t k = CHALLENGES; k < COEFFS; k++)
            b->coeff[k].challenge = ZKG_CIRCUIT_PLAIN;
    b->c.layers = 1 + below(b, LAYERS);
    top = b->c.layers - 1;
    /* Only the top may read the first input: it is solved for. */
    for (uint32_t i = 0; i < b->c.layers; i++)
        random_layer(b, i, i == top, challenges);
    for (uint32_t i = 0; i < b->c.layers; i++) {
#define AWAY(w)                                                                \
    if ((w).source == 1)                                                       \
        (w) = (zkg_circuit_wire)                                               \
        {                                                                      \
            2, 0                                                               \
        }
        for (uint32_t k = 0; k < b->layer[i].muls; k++) {
            AWAY(b->mul[i][k].a);
            AWAY(b->mul[i][k].b);
        }
        for (uint32_t k = 0; k < b->layer[i].adds; k++)
            AWAY(b->add[i][k].a);
#undef AWAY
    }
    all = below(b, 2) == 0;
    for (uint32_t o = 0; o < b->layer[top].gates; o++)
        if (all || below(b, 2) == 0)
            b->assertion[b->c.asserted++] = o;
    bits = zkg_circuit_layer_vars(&b->c, top);
    if (challenges && b->c.asserted == 0)
        b->assertion[b->c.asserted++] = 0;
    /* Their terms, in the order of gates. */
    for (uint32_t k = 0; k < b->c.asserted; k++) {
        const uint32_t gate = b->assertion[k];
        uint32_t at = b->layer[top].adds++;

        for (; at > 0 && b->add[top][at - 1].gate > gate; at--)
            b->add[top][at] = b->add[top][at - 1];
        b->add[top][at] =
            (zkg_circuit_add){gate, MINUS_ONE, (zkg_circuit_wire){1, k}};
    }
    solve_assertions(b);
    if (challenges)
        return;
    for (uint32_t n = b->c.asserted == 0 ? 1 + below(b, 2) : below(b, 3); n > 0;
         n--) {
        const uint32_t size = below(b, bits + 1);

        add_output(b, below(b, 1u << (bits - size)) << size, size);
    }
}

static void note(seen *s, const built *b)
{
    uint32_t points = 1;

    for (uint32_t i = b->c.layers; i-- > 0;) {
        zkg_circuit_plan plan;

        zkg_circuit_plan_layer(&plan, &b->c, i);
        s->kind[plan.kind]++;
        if (plan.kind == ZKG_CIRCUIT_ELEMENTWISE)
            s->two_points += points == 2;
        points = 0;
        points += plan.first.sources > 0 && plan.first.source[0] == 0;
        points += plan.second.sources > 0 && plan.second.source[0] == 0;
        if (plan.kind == ZKG_CIRCUIT_ELEMENTWISE)
            points = 1;
    }
    for (uint32_t k = 0; k < b->c.inputs; k++)
        s->broadcast += zkg_task_circuit_broadcast(&b->bound, &b->f.t, k);
    s->merged += b->c.outputs > 0 && b->c.asserted > 0;
    s->plain += b->c.outputs == 0 && zkg_circuit_asserts_all(&b->c) &&
                zkg_is_pow2(b->f.axis[0].len);
}

static const uint64_t all_copies[] = {1, 2, 3, 4, 5, 7, 8};

/* Where a product's first operand is among those of its layer. */
static uint64_t place_of(const zkg_circuit_plan *plan, const zkg_circuit *c,
                         const zkg_circuit_mul *m)
{
    uint64_t slot = 0;

    while (plan->first.source[slot] != m->a.source)
        slot++;
    return slot << 32 | zkg_circuit_position(c, m->a);
}

/* by_first: every product once, by place, those of one place in order. */
static void check_order(const zkg_circuit *c)
{
    for (uint32_t i = 0; i < c->layers; i++) {
        const zkg_circuit_plan *plan = &c->plan[i];
        const zkg_circuit_layer *l = &c->layer[i];
        uint64_t sum = 0;

        assert_int_equal(plan->by_first != NULL,
                         plan->kind == ZKG_CIRCUIT_PRODUCTS);
        for (uint32_t k = 0; plan->by_first != NULL && k < l->muls; k++) {
            const uint32_t *at = plan->by_first + k;
            uint64_t before, now;

            assert_true(*at < l->muls);
            sum += *at;
            if (k == 0)
                continue;
            before = place_of(plan, c, &l->mul[at[-1]]);
            now = place_of(plan, c, &l->mul[at[0]]);
            assert_true(before < now || (before == now && at[-1] < at[0]));
        }
        if (plan->by_first != NULL)
            assert_true(sum == (uint64_t)l->muls * (l->muls - 1) / 2);
    }
}

/* terms: no gate has more. */
static void check_terms(const zkg_circuit *c)
{
    for (uint32_t i = 0; i < c->layers; i++) {
        const zkg_circuit_layer *l = &c->layer[i];
        uint32_t *of = calloc(l->gates, sizeof(*of)), muls = 0, total = 0;

        assert_non_null(of);
        for (uint32_t k = 0; k < l->muls; k++) {
            of[l->mul[k].gate]++;
            muls = of[l->mul[k].gate] > muls ? of[l->mul[k].gate] : muls;
        }
        for (uint32_t k = 0; k < l->adds; k++)
            of[l->add[k].gate]++;
        for (uint32_t o = 0; o < l->gates; o++) {
            assert_true(of[o] <= c->plan[i].terms);
            total = of[o] > total ? of[o] : total;
        }
        assert_true(c->plan[i].terms <= total + muls);
        free(of);
    }
}

static void sealed_products_are_in_order(void **state)
{
    built *b = malloc(sizeof(*b));
    zkg_circuit_shape wide[2] = {{1, {3}}, {2, {5, 1u << 20}}};
    zkg_circuit_mul mul[300];
    zkg_circuit_layer layer = {.gates = 300, .muls = 300, .mul = mul};
    zkg_circuit_coeff one = {zkg_fr_one, ZKG_CIRCUIT_PLAIN};
    uint32_t assertion = 7;
    zkg_circuit c = {.inputs = 2,
                     .input = wide,
                     .layers = 1,
                     .layer = &layer,
                     .coeffs = 1,
                     .coeff = &one,
                     .asserted = 1,
                     .assertion = &assertion};

    (void)state;
    assert_non_null(b);
    for (uint64_t seed = 0; seed < 20; seed++) {
        random_built(b, 1, seed, false, false);
        assert_int_equal(zkg_circuit_seal(&b->c, NULL), ZKG_OK);
        check_order(&b->c);
        check_terms(&b->c);
        /* Once more: the same. */
        assert_int_equal(zkg_circuit_seal(&b->c, NULL), ZKG_OK);
        check_order(&b->c);
        check_terms(&b->c);
        zkg_circuit_unseal(&b->c);
        assert_null(b->c.plan);
        fx_clear(&b->f);
    }
    for (uint32_t k = 0; k < 300; k++) {
        const uint32_t index = k % 7 == 0 ? 5 : k * 2654435761u % (5u << 20);

        mul[k] = (zkg_circuit_mul){
            k, 0, {1 + k % 3 / 2, k % 3 == 2 ? index : k % 3}, {1, 0}};
    }
    assert_int_equal(zkg_circuit_seal(&c, NULL), ZKG_OK);
    check_order(&c);
    check_terms(&c);
    zkg_circuit_unseal(&c);
    /* One that is none is not sealed, nor stays so. */
    assert_int_equal(zkg_circuit_seal(&c, NULL), ZKG_OK);
    mul[9].coeff = 1;
    assert_int_equal(zkg_circuit_seal(&c, NULL), ZKG_ERR_INVALID);
    assert_null(c.plan);
    free(b);
}

static void random_circuits(void **state)
{
    seen s = {{0}};
    built *b = malloc(sizeof(*b));

    (void)state;
    assert_non_null(b);
    for (uint32_t n = 0; n < 7; n++)
        for (uint32_t trial = 0; trial < 48; trial++) {
            random_built(b, all_copies[n], 1000 * n + trial, trial & 1,
                         trial & 2);
            plain_is_gate_by_gate(b);
            fx_check(&b->f);
            note(&s, b);
            fx_clear(&b->f);
        }
    free(b);
    printf("# linear %u, elementwise %u (two points %u), products %u, "
           "broadcast %u, merged %u, plain %u\n",
           s.kind[0], s.kind[1], s.two_points, s.kind[2], s.broadcast, s.merged,
           s.plain);
    assert_true(s.kind[0] && s.kind[1] && s.kind[2] && s.two_points &&
                s.broadcast && s.merged && s.plain);
}

/* The same bytes from any group of ranks (under mpirun, or alone). */
static void ranks_agree(void **state)
{
    const uint8_t seed[64] = {1};
    built *b = malloc(sizeof(*b));

    (void)state;
    assert_non_null(b);
    for (uint32_t n = 0; n < 7; n++)
        for (uint32_t trial = 0; trial < 8; trial++) {
            outcome alone, shared;

            random_built(b, all_copies[n], 3000 + 100 * n + trial, trial & 1,
                         trial & 2);
            fx_prove(&alone, &b->f, NULL);
            assert_int_equal(alone.status, ZKG_OK);
            memset(&shared, 0, sizeof(shared));
            zkg_tape_init_child(&shared.tape, seed, "task", 7, NULL, 0);
            shared.c = (zkg_child){.tape = &shared.tape,
                                   .comm = world,
                                   .backend = zkg_backend_ref(),
                                   .challenge = b->f.challenge};
            shared.status = zkg_task_prove(&shared.c, &b->f.t, &shared.err);
            assert_int_equal(shared.status, ZKG_OK);
            assert_int_equal(shared.tape.len, alone.tape.len);
            assert_memory_equal(shared.tape.buf, alone.tape.buf,
                                alone.tape.len);
            same_claims(&shared.c.ledger, &alone.c.ledger);
            outcome_clear(&alone);
            outcome_clear(&shared);
            fx_clear(&b->f);
        }
    free(b);
}

/* ---- tampering ---- */

static bool claims_hold(const fixture *f, const zkg_ledger *ledger)
{
    for (size_t i = 0; i < ledger->claims; i++) {
        const zkg_claim *c = &ledger->claim[i];
        zkg_fr v;

        assert_int_equal(
            zkg_array_mle(&v, &f->array[c->tensor - 100], c->point), ZKG_OK);
        if (!zkg_fr_equal(&v, &c->value))
            return false;
    }
    return true;
}

/* Every element changed by one bit: refused by the circuit, or (where what it
 * is multiplied by happens to be 0) left as a false claim on a tensor. */
static void tamper(const built *b, uint32_t *refused, uint32_t *left)
{
    outcome prover, verifier;
    uint8_t *bytes;

    fx_prove(&prover, &b->f, NULL);
    assert_int_equal(prover.status, ZKG_OK);
    bytes = malloc(prover.tape.len + 1);
    assert_non_null(bytes);
    memcpy(bytes, prover.tape.buf, prover.tape.len);
    for (size_t i = 0; i < prover.tape.len; i += 32) {
        const size_t at = i + (i / 32) % 31;

        bytes[at] ^= (uint8_t)(1u << (i / 32 % 8));
        fx_verify(&verifier, &b->f, bytes, prover.tape.len, NULL);
        if (verifier.status == ZKG_OK) {
            assert_false(claims_hold(&b->f, &verifier.c.ledger));
            (*left)++;
        } else {
            const zkg_check check = verifier.c.verdict.check;

            assert_true(check == ZKG_CHECK_CIRCUIT_END ||
                        check == ZKG_CHECK_SUMCHECK_END ||
                        check == ZKG_CHECK_MALFORMED);
            (*refused)++;
        }
        outcome_clear(&verifier);
        bytes[at] ^= (uint8_t)(1u << (i / 32 % 8));
    }
    for (size_t len = 0; len < prover.tape.len; len += 32) {
        fx_verify(&verifier, &b->f, bytes, len, NULL);
        assert_int_equal(verifier.status, ZKG_ERR_MALFORMED);
        outcome_clear(&verifier);
    }
    outcome_clear(&prover);
    free(bytes);
}

static void flipped_messages(void **state)
{
    built *b = malloc(sizeof(*b));
    uint32_t refused = 0, left = 0;

    (void)state;
    assert_non_null(b);
    for (uint32_t n = 0; n < 7; n++)
        for (uint32_t trial = 0; trial < 24; trial++) {
            random_built(b, all_copies[n], 7000 + 100 * n + trial, trial & 1,
                         trial & 2);
            if (b->c.outputs == 0)
                tamper(b, &refused, &left);
            fx_clear(&b->f);
        }
    free(b);
    printf("# %u refused, %u left as false claims\n", refused, left);
    assert_true(refused > 20 * left);
}

/* ---- assertions ---- */

/* Gate o asserts (a_o - b_o) ch + a_o b_o - y_o = 0, a = b. */
static void small_built(built *b, uint64_t copies, uint32_t gates)
{
    const uint64_t len = gates;

    built_init(b, copies, 5);
    add_input(b, ZKG_PRIVATE, ZKG_FR, false, 1, &len);
    add_input(b, ZKG_PRIVATE, ZKG_I16, false, 1, &len);
    add_input(b, ZKG_PRIVATE, ZKG_I16, false, 1, &len);
    memcpy(b->f.array[b->operand[2]].data, b->f.array[b->operand[1]].data,
           copies * gates * 2);
    b->c.challenges = 2;
    b->c.layers = 2;
    b->layer[0].gates = 2 * gates;
    b->layer[1].gates = gates;
    b->c.asserted = gates;
    for (uint32_t o = 0; o < gates; o++) {
        const zkg_circuit_wire x = {2, o}, y = {3, o};

        put_add(b, 0, 2 * o, CHALLENGES, x);
        put_add(b, 0, 2 * o, CHALLENGES + 1, y);
        put_mul(b, 0, 2 * o + 1, 0, x, y);
        put_add(b, 1, o, 0, (zkg_circuit_wire){0, 2 * o});
        put_add(b, 1, o, 0, (zkg_circuit_wire){0, 2 * o + 1});
        put_add(b, 1, o, MINUS_ONE, (zkg_circuit_wire){1, o});
        b->assertion[o] = o;
    }
    solve_assertions(b);
}

/* A layer of constants, one of them `value`, while elements are read above. */
static void constants_built(built *b, int64_t value)
{
    const uint64_t len = 2;

    built_init(b, 16, 6);
    zkg_fr_from_i64(&b->coeff[2].value, value);
    add_input(b, ZKG_PRIVATE, ZKG_FR, false, 1, &len);
    b->c.challenges = 2;
    b->c.layers = 2;
    b->layer[0].gates = b->layer[1].gates = b->c.asserted = 2;
    for (uint32_t o = 0; o < 2; o++) {
        put_constant(b, 0, o, o == 0 ? 2 : 0);
        put_add(b, 1, o, 0, (zkg_circuit_wire){0, o});
        put_add(b, 1, o, MINUS_ONE, (zkg_circuit_wire){1, o});
        b->assertion[o] = o;
    }
    solve_assertions(b);
}

/* value x y + x + z and value y x + x, of bits, z = 0: their difference is 0.
 */
static void bits_built(built *b, int64_t value)
{
    const zkg_circuit_wire x = {1, 0}, y = {1, 1};
    const uint64_t len = 2, copies = 16;
    int8_t *bit;

    built_init(b, copies, 6);
    zkg_fr_from_i64(&b->coeff[2].value, value);
    add_input(b, ZKG_PRIVATE, ZKG_I8, false, 1, &len);
    bit = b->f.array[b->operand[0]].data;
    for (uint64_t c = 0; c < copies; c++)
        for (uint32_t k = 0; k < len; k++)
            bit[c * b->f.array[b->operand[0]].stored[1] + k] =
                (int8_t)(c >> k & 1);
    b->c.challenges = 2;
    b->c.layers = 2;
    b->layer[0].gates = 2;
    b->layer[1].gates = b->c.asserted = 1;
    for (uint32_t o = 0; o < 2; o++) {
        put_mul(b, 0, o, 2, x, y);
        put_add(b, 0, o, 0, x);
        put_add(b, 0, o, 0, y);
    }
    put_add(b, 1, 0, 0, (zkg_circuit_wire){0, 0});
    put_add(b, 1, 0, MINUS_ONE, (zkg_circuit_wire){0, 1});
    b->assertion[0] = 0;
}

/* Layers that do and do not fit the smallest types, or any. */
static void values_around_types(void **state)
{
    static const int64_t most[] = {0,
                                   122,
                                   INT8_MAX,
                                   INT16_MAX,
                                   INT32_MAX,
                                   INT64_C(1) << 33,
                                   INT64_C(1) << 50,
                                   INT64_C(1) << 60,
                                   INT64_MAX - 9};
    built *b = malloc(sizeof(*b));

    (void)state;
    assert_non_null(b);
    for (size_t k = 0; k < sizeof(most) / sizeof(*most); k++)
        for (int64_t v = most[k] - 4; v <= most[k] + 4; v++)
            for (int sign = -1; sign <= 1; sign += 2) {
                constants_built(b, sign * v);
                fx_check(&b->f);
                fx_clear(&b->f);
                bits_built(b, sign * v);
                fx_check(&b->f);
                fx_clear(&b->f);
            }
    free(b);
}

static zkg_fr *target(built *b, uint64_t copy, uint32_t gate)
{
    return &((zkg_fr *)b->f.array[b->operand[0]]
                 .data)[copy * b->layer[1].gates + gate];
}

static void false_assertions(void **state)
{
    built *b = malloc(sizeof(*b));

    (void)state;
    assert_non_null(b);
    for (uint32_t n = 0; n < 7; n++) {
        const uint64_t copies = all_copies[n];
        const zkg_array *input[3];
        zkg_error err = {0};
        outcome prover;
        char words[64];

        small_built(b, copies, 3);
        fx_check(&b->f);
        for (uint32_t k = 0; k < 3; k++)
            input[k] = &b->f.array[b->operand[k]];
        zkg_fr_add(target(b, copies - 1, 1), target(b, copies - 1, 1),
                   &zkg_fr_one);
        snprintf(words, sizeof(words), "copy %u: gate 1 ",
                 (unsigned)copies - 1);
        assert_int_equal(
            zkg_circuit_eval(NULL, &b->c, b->challenge, input, copies, &err),
            ZKG_ERR_WITNESS);
        assert_non_null(strstr(err.text, words));
        fx_prove(&prover, &b->f, NULL);
        assert_int_equal(prover.status, ZKG_ERR_WITNESS);
        assert_non_null(strstr(prover.err.text, words));
        outcome_clear(&prover);
        fx_clear(&b->f);
    }
    free(b);
}

/* A prover of one copy less, its last copy holding anything, proves just that:
 * not the statement with that copy. */
static void last_copy_is_held(void **state)
{
    static const uint64_t copies[] = {3, 4, 6, 7, 8};
    built *b = malloc(sizeof(*b));

    (void)state;
    assert_non_null(b);
    for (uint32_t n = 0; n < 10; n++) {
        const uint64_t full = copies[n / 2];
        outcome prover, fewer, all;

        small_built(b, full, 2 + n % 2);
        zkg_fr_add(target(b, full - 1, 0), target(b, full - 1, 0), &zkg_fr_one);
        b->f.axis[0].len = full - 1;
        for (uint32_t k = 0; k < 3; k++)
            b->f.array[b->operand[k]].len[0] = full - 1;
        if (zkg_log2_ceil(full - 1) == b->f.axis[0].bits) {
            fx_prove(&prover, &b->f, NULL);
            assert_int_equal(prover.status, ZKG_OK);
            fx_verify(&fewer, &b->f, prover.tape.buf, prover.tape.len, NULL);
            assert_int_equal(fewer.status, ZKG_OK);
            b->f.axis[0].len = full;
            fx_verify(&all, &b->f, prover.tape.buf, prover.tape.len, NULL);
            assert_true(all.status != ZKG_OK);
            assert_true(all.c.verdict.check == ZKG_CHECK_SUMCHECK_END ||
                        all.c.verdict.check == ZKG_CHECK_CIRCUIT_END);
            outcome_clear(&prover);
            outcome_clear(&fewer);
            outcome_clear(&all);
        }
        fx_clear(&b->f);
    }
    free(b);
}

#ifdef ZKG_TEST_HOOKS
/* A prover that goes on with a false witness is met by the circuit's checks. */
static void cheats(void **state)
{
    const zkg_hooks hooks = {.cheat = ZKG_CHEAT_FALSE_WITNESS, .task = -1};
    built *b = malloc(sizeof(*b));

    (void)state;
    assert_non_null(b);
    for (uint32_t n = 0; n < 7; n++)
        for (uint32_t last = 0; last < 2; last++) {
            outcome prover, verifier;
            zkg_fr *t;

            small_built(b, all_copies[n], 3);
            t = target(b, last != 0 ? all_copies[n] - 1 : 0, 1);
            zkg_fr_add(t, t, &zkg_fr_one);
            fx_prove(&prover, &b->f, &hooks);
            assert_int_equal(prover.status, ZKG_OK);
            fx_verify(&verifier, &b->f, prover.tape.buf, prover.tape.len, NULL);
            assert_int_equal(verifier.status, ZKG_ERR_REJECT);
            assert_true(verifier.c.verdict.check == ZKG_CHECK_SUMCHECK_END ||
                        verifier.c.verdict.check == ZKG_CHECK_CIRCUIT_END);
            assert_int_equal(verifier.c.verdict.relation, 3);
            outcome_clear(&prover);
            outcome_clear(&verifier);
            fx_clear(&b->f);
        }
    free(b);
}
#endif

/* Two copies' outputs swapped: nothing but the assertions holds them. */
static void swapped_copies(void **state)
{
    built *b = malloc(sizeof(*b));
    outcome prover;

    (void)state;
    assert_non_null(b);
    small_built(b, 5, 3);
    for (uint32_t o = 0; o < 3; o++) {
        const zkg_fr v = *target(b, 1, o);

        *target(b, 1, o) = *target(b, 4, o);
        *target(b, 4, o) = v;
    }
    fx_prove(&prover, &b->f, NULL);
    assert_int_equal(prover.status, ZKG_ERR_WITNESS);
    assert_non_null(strstr(prover.err.text, "copy 1"));
    outcome_clear(&prover);
    fx_clear(&b->f);
    free(b);
}

/* ---- shapes ---- */

static void refuse(const built *b, const char *words)
{
    zkg_error err = {0};

    if (zkg_task_check(&b->f.t, &err) != ZKG_ERR_INVALID ||
        strstr(err.text, words) == NULL)
        fail_msg("expected \"%s\", got \"%s\"", words, err.text);
}

static void malformed_circuits(void **state)
{
    static const zkg_circuit_output block[] = {{1, 1}, {0, 3}, {4, 0}};
    built *b = malloc(sizeof(*b));
    const uint32_t outside = 99;
    zkg_circuit_output output = {0, 1};
    zkg_error err = {0};

    (void)state;
    assert_non_null(b);
    small_built(b, 3, 3);
    assert_int_equal(zkg_task_check(&b->f.t, &err), ZKG_OK);
#define REFUSED(place, value, words)                                           \
    do {                                                                       \
        const built kept = *b;                                                 \
        (place) = (value);                                                     \
        refuse(b, words);                                                      \
        *b = kept;                                                             \
    } while (0)
    REFUSED(b->c.layers, 0, "no layers");
    REFUSED(b->c.asserted, 0, "asserts nothing");
    REFUSED(b->c.inputs, ZKG_CIRCUIT_MAX_INPUTS + 1, "inputs");
    REFUSED(b->c.coeffs, CHALLENGES, "coefficient");
    REFUSED(b->c.challenges, 1, "challenge");
    REFUSED(b->layer[0].gates, 5, "");
    REFUSED(b->layer[1].gates, 0, "gates");
    REFUSED(b->mul[0][1].a.index, 3, "no entry");
    REFUSED(b->mul[0][1].b.source, 4, "no entry");
    REFUSED(b->mul[0][1].b.source, ZKG_CIRCUIT_PREVIOUS, "no entry");
    REFUSED(b->mul[0][2].gate, 0, "order");
    REFUSED(b->add[1][0].a.index, 6, "no entry");
    REFUSED(b->layer[1].adds, 0, "does not read");
    REFUSED(b->assertion[1], 0, "order");
    REFUSED(b->assertion[2], 3, "range");
    REFUSED(b->operand[1], outside, "no operand");
    REFUSED(b->input[1].len[0], 2, "");
    REFUSED(b->input[1].len[0], 0, "length 0");
    REFUSED(b->input[1].len[0], (uint64_t)1 << 40, "too large");
    REFUSED(b->input[1].axes, 3, "");
    /* Outputs. */
    b->c.output = &output;
    b->c.outputs = 1;
    REFUSED(b->out[0], outside, "challenge");
    b->c.challenges = 0;
    for (uint32_t k = CHALLENGES; k < COEFFS; k++)
        b->coeff[k].challenge = ZKG_CIRCUIT_PLAIN;
    REFUSED(b->out[0], outside, "no operand");
    REFUSED(b->out[0], b->operand[1], "not virtual");
    for (uint32_t k = 0; k < 3; k++) {
        output = block[k];
        refuse(b, "aligned block");
    }
#undef REFUSED
    fx_clear(&b->f);
    free(b);
}

/* Of a virtual tensor the readers come first, and there is one. */
static void virtual_order(void **state)
{
    built *b = malloc(sizeof(*b));
    zkg_error err = {0};

    (void)state;
    assert_non_null(b);
    for (uint64_t seed = 0;; seed++) {
        random_built(b, 3, seed, true, false);
        if (b->c.outputs > 0)
            break;
        fx_clear(&b->f);
    }
    assert_int_equal(zkg_task_check(&b->f.t, &err), ZKG_OK);
    b->f.t.circuits = 0;
    refuse(b, "nothing makes");
    b->f.t.circuits = 1;
    b->f.t.sites = 0;
    b->f.t.einsums = 0;
    refuse(b, "before it is read");
    fx_clear(&b->f);
    free(b);
}

/* Public tensors alone leave no claims. */
static void public_inputs(void **state)
{
    built *b = malloc(sizeof(*b));
    outcome prover, verifier;

    (void)state;
    assert_non_null(b);
    small_built(b, 5, 3);
    for (uint32_t k = 0; k < 3; k++)
        b->f.operand[b->operand[k]].vis = ZKG_PUBLIC;
    fx_check(&b->f);
    fx_prove(&prover, &b->f, NULL);
    assert_int_equal(prover.c.ledger.claims, 0);
    ((int16_t *)b->f.array[b->operand[1]].data)[4] ^= 1;
    fx_verify(&verifier, &b->f, prover.tape.buf, prover.tape.len, NULL);
    assert_int_equal(verifier.c.verdict.check, ZKG_CHECK_CIRCUIT_END);
    outcome_clear(&prover);
    outcome_clear(&verifier);
    fx_clear(&b->f);
    free(b);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_circuits),
        cmocka_unit_test(sealed_products_are_in_order),
        cmocka_unit_test(ranks_agree),
        cmocka_unit_test(flipped_messages),
        cmocka_unit_test(values_around_types),
        cmocka_unit_test(false_assertions),
        cmocka_unit_test(last_copy_is_held),
#ifdef ZKG_TEST_HOOKS
        cmocka_unit_test(cheats),
#endif
        cmocka_unit_test(swapped_copies),
        cmocka_unit_test(malformed_circuits),
        cmocka_unit_test(virtual_order),
        cmocka_unit_test(public_inputs),
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
