/* SPDX-License-Identifier: Apache-2.0
 * Wires of circuits; a part of ops_tmpl.c.  Elements are zkg_fr in order. */

/* out = value i of w, in all. */
OP_INLINE void wire_value(zkg_fr *out, const zkg_wires *w, size_t i)
{
    if (w->type == ZKG_FR)
        *out = ((const zkg_fr *)w->at)[i];
    else
        zkg_fr_mul_i64(out, &zkg_fr_one, int_at(w->at, w->type, i));
}

/* out = v a; of bits without a branch that depends on them */
OP_INLINE void int_times(zkg_fr *out, int64_t v, const zkg_fr *a)
{
    if ((uint64_t)v > 1) {
        zkg_fr_mul_i64(out, a, v);
        return;
    }
    for (int k = 0; k < 4; k++)
        out->l[k] = a->l[k] & -(uint64_t)v;
}

/* out = value i of w, times a */
OP_INLINE void wire_times(zkg_fr *out, const zkg_wires *w, size_t i,
                          const zkg_fr *a)
{
    if (w->type == ZKG_FR)
        zkg_fr_mul(out, &((const zkg_fr *)w->at)[i], a);
    else
        int_times(out, int_at(w->at, w->type, i), a);
}

static zkg_status op_wires_import(zkg_wires *w, size_t group, const zkg_fr *v)
{
    if (w->count > 0)
        memcpy(zkg_wires_at(w, group, 0), v,
               w->count * w->lanes * sizeof(zkg_fr));
    return ZKG_OK;
}

static zkg_status op_wires_export(zkg_fr *out, const zkg_wires *w, size_t group)
{
    const size_t n = w->count * w->lanes;

    for (size_t i = 0; i < n; i++)
        wire_value(&out[i], w, group * n + i);
    return ZKG_OK;
}

/* ---- gates ---- */

/* One term in one group of copies, added to out[0..lanes-1]. */
static void add_term(zkg_fr *out, const zkg_wire_term *t, const zkg_fr *weight,
                     const zkg_wires *source, size_t group, uint32_t lanes)
{
    const zkg_wires *a = &source[t->a_source];
    const size_t at_a = (group * a->count + t->a) * lanes;
    const bool one = zkg_fr_equal(weight, &zkg_fr_one);

    for (uint32_t j = 0; j < lanes; j++) {
        zkg_fr v;

        if (one)
            wire_value(&v, a, at_a + j);
        else
            wire_times(&v, a, at_a + j, weight);
        if (t->b != ZKG_WIRE_LINEAR) {
            const zkg_wires *b = &source[t->b_source];

            wire_times(&v, b, (group * b->count + t->b) * lanes + j, &v);
        }
        zkg_fr_add(&out[j], &out[j], &v);
    }
}

static zkg_status op_wires_terms(zkg_wires *out, const zkg_fr *base,
                                 const zkg_wire_term *term, size_t n,
                                 const zkg_fr *weight, size_t weights,
                                 const zkg_wires *source)
{
    const uint32_t lanes = out->lanes;

    (void)weights;
    for (size_t g = 0; g < out->groups; g++) {
        zkg_fr *to = zkg_wires_at(out, g, 0);

        for (size_t x = 0; x < out->count; x++)
            for (uint32_t j = 0; j < lanes; j++)
                to[x * lanes + j] = base[x];
        for (size_t k = 0; k < n; k++)
            add_term(to + (size_t)term[k].to * lanes, &term[k],
                     &weight[term[k].weight], source, g, lanes);
    }
    return ZKG_OK;
}

static void put_int(const zkg_wires *w, size_t i, int64_t v)
{
    switch (w->type) {
    case ZKG_I8:
    case ZKG_U8:
        ((uint8_t *)w->at)[i] = (uint8_t)v;
        break;
    case ZKG_I16:
    case ZKG_U16:
        ((uint16_t *)w->at)[i] = (uint16_t)v;
        break;
    case ZKG_I32:
        ((int32_t *)w->at)[i] = (int32_t)v;
        break;
    default:
        ((int64_t *)w->at)[i] = v;
    }
}

static int64_t int_term(const zkg_wire_term *t, int64_t weight,
                        const zkg_wires *source, size_t group, uint32_t j)
{
    const zkg_wires *a = &source[t->a_source], *b = &source[t->b_source];
    const int64_t v = weight * int_at(a->at, a->type,
                                      (group * a->count + t->a) * a->lanes + j);

    return t->b == ZKG_WIRE_LINEAR
               ? v
               : v * int_at(b->at, b->type,
                            (group * b->count + t->b) * b->lanes + j);
}

static zkg_status op_wires_int_terms(zkg_wires *out, uint64_t *most,
                                     const int64_t *base,
                                     const zkg_wire_term *term, size_t n,
                                     const int64_t *weight,
                                     const zkg_wires *source)
{
    const uint32_t lanes = out->lanes;
    uint64_t largest = 0;

    for (size_t g = 0; g < out->groups; g++) {
        size_t k = 0;

        for (size_t x = 0; x < out->count; x++) {
            int64_t sum[ZKG_WIRE_LANES];

            for (uint32_t j = 0; j < lanes; j++)
                sum[j] = base[x];
            for (; k < n && term[k].to == x; k++)
                for (uint32_t j = 0; j < lanes; j++)
                    sum[j] += int_term(&term[k], weight[term[k].weight], source,
                                       g, j);
            for (uint32_t j = 0; j < lanes; j++) {
                const uint64_t size =
                    sum[j] < 0 ? -(uint64_t)sum[j] : (uint64_t)sum[j];

                largest = size > largest ? size : largest;
                put_int(out, (g * out->count + x) * lanes + j, sum[j]);
            }
        }
    }
    *most = largest;
    return ZKG_OK;
}

/* ---- rounds ---- */

/* to = from folded by r, a group; may be the same memory. */
static void fold_group(zkg_fr *to, const zkg_wires *from, size_t group,
                       const zkg_fr *r)
{
    const uint32_t lanes = from->lanes;

    for (size_t x = 0; x < from->count; x += 2) {
        for (uint32_t j = 0; j < lanes; j++) {
            const size_t i = (group * from->count + x) * lanes + j;
            zkg_fr lo, hi = zkg_fr_zero;

            wire_value(&lo, from, i);
            if (x + 1 < from->count)
                wire_value(&hi, from, i + lanes);
            blend(&to[x / 2 * lanes + j], &lo, &hi, r);
        }
    }
}

static zkg_wires fold_wires(const zkg_wires *to, const zkg_wires *from,
                            const zkg_fr *r)
{
    zkg_wires out = *from;

    out.at = to->at;
    out.type = ZKG_FR;
    out.count = (from->count + 1) / 2;
    for (size_t g = 0; g < from->groups; g++)
        fold_group(zkg_wires_at(&out, g, 0), from, g, r);
    return out;
}

/* at1 and c2 of one pair of wires in one copy */
OP_INLINE void pair_terms(zkg_fr *at1, zkg_fr *c2, const zkg_wires *v,
                          const zkg_wires *h, size_t i, bool last)
{
    const zkg_fr *k = (const zkg_fr *)h->at + i;
    zkg_fr dh, product;

    if (last) {
        wire_times(&product, v, i, k);
        zkg_fr_add(c2, c2, &product);
        return;
    }
    wire_times(&product, v, i + v->lanes, &k[v->lanes]);
    zkg_fr_add(at1, at1, &product);
    zkg_fr_sub(&dh, &k[v->lanes], &k[0]);
    if (v->type == ZKG_FR) {
        const zkg_fr *e = (const zkg_fr *)v->at + i;
        zkg_fr dv;

        zkg_fr_sub(&dv, &e[v->lanes], &e[0]);
        zkg_fr_mul(&product, &dv, &dh);
    } else {
        zkg_fr_mul_i64(&product, &dh,
                       int_at(v->at, v->type, i + v->lanes) -
                           int_at(v->at, v->type, i));
    }
    zkg_fr_add(c2, c2, &product);
}

static void sum_wires(zkg_sums *out, const zkg_wires *v, const zkg_wires *h,
                      const zkg_fr *weight)
{
    const uint32_t lanes = v->lanes;

    out->at1 = zkg_fr_zero;
    out->c2 = zkg_fr_zero;
    for (size_t g = 0; g < v->groups; g++) {
        for (uint32_t j = 0; j < lanes; j++) {
            zkg_fr at1 = zkg_fr_zero, c2 = zkg_fr_zero;

            for (size_t x = 0; x < v->count; x += 2)
                pair_terms(&at1, &c2, v, h, (g * v->count + x) * lanes + j,
                           x + 1 == v->count);
            if (weight != NULL) {
                zkg_fr_mul(&at1, &at1, &weight[g * lanes + j]);
                zkg_fr_mul(&c2, &c2, &weight[g * lanes + j]);
            }
            zkg_fr_add(&out->at1, &out->at1, &at1);
            zkg_fr_add(&out->c2, &out->c2, &c2);
        }
    }
}

static zkg_status op_wires_round(zkg_sums *sums, zkg_wires *v, zkg_wires *h,
                                 const zkg_wires *from, const zkg_fr *r,
                                 const zkg_fr *weight)
{
    if (r != NULL) {
        *v = fold_wires(v, from, r);
        *h = fold_wires(h, h, r);
        from = v;
    }
    if (sums != NULL)
        sum_wires(sums, from, h, weight);
    return ZKG_OK;
}

static zkg_status op_wires_dot(zkg_fr *out, const zkg_wires *v,
                               const zkg_fr *weight)
{
    memset(out, 0, v->count * sizeof(*out));
    for (size_t g = 0; g < v->groups; g++) {
        for (size_t i = 0; i < v->count * v->lanes; i++) {
            zkg_fr term;

            wire_times(&term, v, g * v->count * v->lanes + i,
                       &weight[g * v->lanes + i % v->lanes]);
            zkg_fr_add(&out[i / v->lanes], &out[i / v->lanes], &term);
        }
    }
    return ZKG_OK;
}
