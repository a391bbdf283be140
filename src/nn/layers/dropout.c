/* Dropout (Srivastava et al. 2014), inverted: what is kept is scaled by 1 / (1 - rate),
 * so that prediction does nothing. What is dropped depends on the seed, the layer, the
 * step and the place in the batch alone. */
#include "core/simd.h"
#include "nn/layers/layers.h"
#include "nn/plan.h"
#include "nn/real.h"
#include "nn/streams.h"
#include "weft/rng.h"

struct options {
    double rate;
};

static const weft_param params[] = {
    {"rate", WEFT_PARAM_REAL, offsetof(struct options, rate), "0.5", 0, 0.99, NULL,
        "share of the values set to zero"},
    {0},
};

static weft_status infer(weft__network *network, weft__node *node)
{
    (void)network;
    node->out = node->in[0];
    return WEFT_OK;
}

static weft_status plan(weft__plan_node *p)
{
    bool drops = p->plan->training && !p->plan->explaining;
    p->skip_forward = p->skip_backward = !drops;
    if (drops)
        p->workspace_row = weft__dims_size(p->node->out); /* a byte each: kept or not */
    return WEFT_OK;
}

static inline __attribute__((always_inline)) void mask_any(void *out, const void *in,
    const uint8_t *kept, size_t count, float scale, weft__real real)
{
    for (size_t i = 0; i < count; i++)
        weft__put(out, i, kept[i] ? weft__get(in, i, real) * scale : 0, real);
}

WEFT__SIMD static void mask(void *out, const void *in, const uint8_t *kept, size_t count,
    float scale, weft__real real)
{
    if (real == WEFT__REAL_BF16)
        mask_any(out, in, kept, count, scale, WEFT__REAL_BF16);
    else
        mask_any(out, in, kept, count, scale, WEFT__REAL_F32);
}

static float scale_of(const weft__plan_node *p)
{
    const struct options *o = p->node->options;
    return (float)(1 / (1 - o->rate));
}

/* Kept or not for the values of one picture: sixteen bits each, the lower half of a random
 * word before the upper. */
WEFT__SIMD static void keep(
    uint8_t *kept, const uint32_t *words, size_t count, uint32_t threshold)
{
    for (size_t j = 0; j + 1 < count; j += 2) {
        kept[j] = (words[j / 2] & 0xffff) >= threshold;
        kept[j + 1] = (words[j / 2] >> 16) >= threshold;
    }
    if (count & 1)
        kept[count - 1] = (words[count / 2] & 0xffff) >= threshold;
}

enum { DRAWN_AT_ONCE = 512 }; /* values: half as many words */

static void draw(uint8_t *kept, size_t count, double rate, weft_rng rng)
{
    uint32_t threshold = (uint32_t)(rate * 65536 + 0.5), words[DRAWN_AT_ONCE / 2];
    for (size_t i = 0; i < count; i += DRAWN_AT_ONCE) {
        size_t here = count - i < DRAWN_AT_ONCE ? count - i : DRAWN_AT_ONCE;
        weft_rng_fill(&rng, words, (here + 1) / 2);
        keep(kept + i, words, here, threshold);
    }
}

static weft_status forward(const weft__exec *x, weft__plan_node *p)
{
    weft__plan *plan = p->plan;
    const struct options *o = p->node->options;
    int m = x->self->rank;
    size_t row = weft__dims_size(p->node->out);
    uint8_t *kept = weft__rows(plan, m, p->workspace);
    uint64_t layer = (uint64_t)(p - plan->nodes);
    for (size_t i = 0; i < x->rows; i++) {
        weft_rng rng = weft_rng_create(x->seed, WEFT__STREAM_DROPOUT + layer);
        rng.position = (x->step * plan->batch + x->first + i) *
                       ((row + DRAWN_AT_ONCE - 1) / DRAWN_AT_ONCE * (DRAWN_AT_ONCE / 2));
        draw(kept + i * row, row, o->rate, rng);
    }
    mask(weft__rows(plan, m, p->out), weft__rows(plan, m, p->in[0]), kept, x->rows * row,
        scale_of(p), plan->real);
    return WEFT_OK;
}

static weft_status backward(const weft__exec *x, weft__plan_node *p)
{
    weft__plan *plan = p->plan;
    int m = x->self->rank;
    if (p->diff_in[0] == WEFT__NO_BUFFER)
        return WEFT_OK;
    mask(weft__rows(plan, m, p->diff_in[0]), weft__rows(plan, m, p->diff_out),
        weft__rows(plan, m, p->workspace), x->rows * weft__dims_size(p->node->out),
        scale_of(p), plan->real);
    return WEFT_OK;
}

const weft__layer_kind weft__layer_dropout = {
    .name = "dropout",
    .argument = "rate",
    .params = params,
    .options_size = sizeof(struct options),
    .infer = infer,
    .in_place = true,
    .identity_predicting = true,
    .keeps_sign = true,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
