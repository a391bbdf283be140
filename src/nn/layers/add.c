/* The end of a residual block: the sum of its two paths (He et al. 2016, equation 1),
 * with the ReLU that often follows done in the same pass. */
#include "core/simd.h"
#include "nn/layers/layers.h"
#include "nn/plan.h"
#include "nn/real.h"

static weft_status infer(weft__network *network, weft__node *node)
{
    (void)network;
    weft__dims a = node->in[0], b = node->in[1];
    if (a.height != b.height || a.width != b.width || a.channels != b.channels)
        return weft__misfit(node,
            "the block's other path gives %zux%zux%zu: add a 'shortcut' with a projection",
            b.height, b.width, b.channels);
    node->out = a;
    return WEFT_OK;
}

static weft_status plan(weft__plan_node *p)
{
    weft__plan_node *next = weft__sole_consumer(p);
    if (next && next->node->kind == &weft__layer_relu) {
        p->relu_fused = true;
        next->skip_forward = true;
    }
    return WEFT_OK;
}

static inline __attribute__((always_inline)) void add_any(
    void *out, const void *a, const void *b, size_t count, bool relu, weft__real real)
{
    for (size_t i = 0; i < count; i++) {
        float v = weft__get(a, i, real) + weft__get(b, i, real);
        weft__put(out, i, relu && v < 0 ? 0 : v, real);
    }
}

WEFT__SIMD static void add_rectified(
    void *out, const void *a, const void *b, size_t count, weft__real real)
{
    if (real == WEFT__REAL_BF16)
        add_any(out, a, b, count, true, WEFT__REAL_BF16);
    else
        add_any(out, a, b, count, true, WEFT__REAL_F32);
}

static weft_status forward(const weft__exec *x, weft__plan_node *p)
{
    weft__plan *plan = p->plan;
    int m = x->self->rank;
    size_t count = x->rows * weft__dims_size(p->node->out);
    (p->relu_fused ? add_rectified : weft__add_reals)(weft__rows(plan, m, p->out),
        weft__rows(plan, m, p->in[0]), weft__rows(plan, m, p->in[1]), count, plan->real);
    return WEFT_OK;
}

/* Both paths' gradients are the output's: the planner gives them its buffer. */
static weft_status backward(const weft__exec *x, weft__plan_node *p)
{
    (void)x;
    (void)p;
    return WEFT_OK;
}

const weft__layer_kind weft__layer_add = {
    .name = "add",
    .infer = infer,
    .copies_gradient = true,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
