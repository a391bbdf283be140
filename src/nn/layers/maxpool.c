/* The maximum over windows. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/simd.h"
#include "nn/layers/layers.h"
#include "nn/layers/window.h"
#include "nn/plan.h"
#include "nn/real.h"

enum { CHUNK = 64 }; /* channels held at once */

/* Any window. */
static inline __attribute__((always_inline)) void window(void *out, uint8_t *chosen,
    const void *in, const weft__window *g, size_t oy, size_t ox, weft__real real)
{
    size_t y0, y1, x0, x1, channels = g->in.channels;
    weft__window_clip(oy * g->stride, g->size, g->pad, g->in.height, &y0, &y1);
    weft__window_clip(ox * g->stride, g->size, g->pad, g->in.width, &x0, &x1);
    for (size_t c0 = 0; c0 < channels; c0 += CHUNK) {
        size_t width = channels - c0 < CHUNK ? channels - c0 : CHUNK;
        float best[CHUNK];
        uint32_t where[CHUNK];
        for (size_t c = 0; c < width; c++) {
            best[c] = -__builtin_inff();
            where[c] = (uint32_t)(y0 * g->size + x0);
        }
        for (size_t y = y0; y < y1; y++)
            for (size_t x = x0; x < x1; x++) {
                size_t pixel = (oy * g->stride + y - g->pad) * g->in.width +
                               (ox * g->stride + x - g->pad);
                uint32_t here = (uint32_t)(y * g->size + x);
                for (size_t c = 0; c < width; c++) {
                    float v = weft__get(in, pixel * channels + c0 + c, real);
                    bool more = v > best[c];
                    best[c] = more ? v : best[c];
                    where[c] = more ? here : where[c];
                }
            }
        size_t at = (oy * g->out.width + ox) * channels + c0;
        for (size_t c = 0; c < width; c++)
            weft__put(out, at + c, best[c], real);
        if (chosen)
            for (size_t c = 0; c < width; c++)
                chosen[at + c] = (uint8_t)where[c];
    }
}

WEFT__SIMD static void picture(
    void *out, uint8_t *chosen, const void *in, const weft__window *g, weft__real real)
{
    for (size_t oy = 0; oy < g->out.height; oy++)
        for (size_t ox = 0; ox < g->out.width; ox++)
            if (real == WEFT__REAL_BF16)
                window(out, chosen, in, g, oy, ox, WEFT__REAL_BF16);
            else
                window(out, chosen, in, g, oy, ox, WEFT__REAL_F32);
}

/* A pixel's gradient is gathered from the windows that cover it; where `out` is given, only
 * from those that the ReLU before let through. */
static inline __attribute__((always_inline)) void pixel_back(void *diff_in,
    const void *diff, const void *out, const uint8_t *chosen, const weft__window *g,
    size_t iy, size_t ix, weft__real real)
{
    size_t y0, y1, x0, x1, channels = g->in.channels;
    weft__window_covering(g, iy, g->out.height, &y0, &y1);
    weft__window_covering(g, ix, g->out.width, &x0, &x1);
    for (size_t c0 = 0; c0 < channels; c0 += CHUNK) {
        size_t width = channels - c0 < CHUNK ? channels - c0 : CHUNK;
        float sum[CHUNK];
        memset(sum, 0, sizeof sum);
        for (size_t oy = y0; oy < y1; oy++)
            for (size_t ox = x0; ox < x1; ox++) {
                size_t at = (oy * g->out.width + ox) * channels + c0;
                uint32_t here = (uint32_t)((iy + g->pad - oy * g->stride) * g->size +
                                           (ix + g->pad - ox * g->stride));
                for (size_t c = 0; c < width; c++) {
                    bool mine = chosen[at + c] == here &&
                                (!out || weft__get(out, at + c, real) > 0);
                    sum[c] += mine ? weft__get(diff, at + c, real) : 0;
                }
            }
        size_t at = (iy * g->in.width + ix) * channels + c0;
        for (size_t c = 0; c < width; c++)
            weft__put(diff_in, at + c, sum[c], real);
    }
}

WEFT__SIMD static void picture_back(void *diff_in, const void *diff, const void *out,
    const uint8_t *chosen, const weft__window *g, weft__real real)
{
    for (size_t iy = 0; iy < g->in.height; iy++)
        for (size_t ix = 0; ix < g->in.width; ix++)
            if (real == WEFT__REAL_BF16)
                pixel_back(diff_in, diff, out, chosen, g, iy, ix, WEFT__REAL_BF16);
            else
                pixel_back(diff_in, diff, out, chosen, g, iy, ix, WEFT__REAL_F32);
}

/* Windows of 2 x 2 that do not overlap, as most networks have them, are done on the bits:
 * floats order like integers once the magnitude of the negative ones is turned round. */
#define DEFINE_PAIRS(NAME, WORD, LARGEST) \
    static inline WORD NAME##_key(WORD bits) \
    { \
        return (WORD)(bits ^ ((bits >> (8 * sizeof bits - 1)) & LARGEST)); \
    } \
    WEFT__SIMD static void NAME##_pairs(WORD *restrict out, uint8_t *restrict chosen, \
        const WORD *in, const weft__window *g) \
    { \
        size_t channels = g->in.channels, row = g->in.width * channels; \
        for (size_t oy = 0; oy < g->out.height; oy++) \
            for (size_t ox = 0; ox < g->out.width; ox++) { \
                const WORD *a = in + 2 * oy * row + 2 * ox * channels, *b = a + channels; \
                const WORD *c = a + row, *d = c + channels; \
                WORD where[CHUNK]; \
                for (size_t k0 = 0; k0 < channels; k0 += CHUNK) { \
                    size_t width = channels - k0 < CHUNK ? channels - k0 : CHUNK; \
                    for (size_t k = 0; k < width; k++) { \
                        WORD best = NAME##_key(a[k0 + k]), at = 0; \
                        WORD second = NAME##_key(b[k0 + k]); \
                        WORD third = NAME##_key(c[k0 + k]); \
                        WORD fourth = NAME##_key(d[k0 + k]); \
                        at = second > best ? 1 : at; \
                        best = second > best ? second : best; \
                        at = third > best ? 2 : at; \
                        best = third > best ? third : best; \
                        at = fourth > best ? 3 : at; \
                        best = fourth > best ? fourth : best; \
                        out[k0 + k] = NAME##_key(best); \
                        where[k] = at; \
                    } \
                    if (chosen) \
                        for (size_t k = 0; k < width; k++) \
                            chosen[k0 + k] = (uint8_t)where[k]; \
                } \
                out += channels; \
                chosen = chosen ? chosen + channels : NULL; \
            } \
    } \
    WEFT__SIMD static void NAME##_pairs_back(WORD *restrict diff_in, \
        const WORD *restrict diff, const WORD *restrict out, \
        const uint8_t *restrict chosen, const weft__window *g) \
    { \
        size_t channels = g->in.channels, row = g->in.width * channels; \
        for (size_t oy = 0; oy < g->out.height; oy++) { \
            WORD *line = diff_in + 2 * oy * row; \
            for (size_t ox = 0; ox < g->out.width; ox++) { \
                WORD *restrict a = line + 2 * ox * channels; \
                _Pragma("GCC ivdep") /* the four pixels do not overlap */ \
                    for (size_t k = 0; k < channels; k++) \
                { \
                    WORD d = out && out[k] <= 0 ? 0 : diff[k], at = chosen[k]; \
                    a[k] = at == 0 ? d : 0; \
                    a[channels + k] = at == 1 ? d : 0; \
                    a[row + k] = at == 2 ? d : 0; \
                    a[row + channels + k] = at == 3 ? d : 0; \
                } \
                diff += channels; \
                out = out ? out + channels : NULL; \
                chosen += channels; \
            } \
            size_t covered = 2 * g->out.width * channels, left = row - covered; \
            memset(line + covered, 0, left * sizeof *line); \
            memset(line + row + covered, 0, left * sizeof *line); \
        } \
        size_t covered = 2 * g->out.height; \
        memset( \
            diff_in + covered * row, 0, (g->in.height - covered) * row * sizeof *diff_in); \
    }

DEFINE_PAIRS(f32, int32_t, 0x7fffffff)
DEFINE_PAIRS(bf16, int16_t, 0x7fff)

static bool in_pairs(const weft__window *g)
{
    return g->size == 2 && g->stride == 2 && g->pad == 0;
}

static void take_maximum(
    void *out, uint8_t *chosen, const void *in, const weft__window *g, weft__real real)
{
    if (!in_pairs(g))
        picture(out, chosen, in, g, real);
    else if (real == WEFT__REAL_BF16)
        bf16_pairs(out, chosen, in, g);
    else
        f32_pairs(out, chosen, in, g);
}

static void give_back(void *diff_in, const void *diff, const void *out,
    const uint8_t *chosen, const weft__window *g, weft__real real)
{
    if (!in_pairs(g))
        picture_back(diff_in, diff, out, chosen, g, real);
    else if (real == WEFT__REAL_BF16)
        bf16_pairs_back(diff_in, diff, out, chosen, g);
    else
        f32_pairs_back(diff_in, diff, out, chosen, g);
}

/* What a plan holds. */
struct state {
    bool rectified; /* a ReLU comes before, and its backward pass is done here */
};

static weft_status plan(weft__plan_node *p)
{
    struct state *s;
    WEFT_TRY(weft__calloc(&s, 1, sizeof *s, "a plan"));
    p->state = s;
    if (!p->plan->training || p->skip_forward)
        return WEFT_OK;
    p->workspace_row = weft__dims_size(p->node->out);
    weft__plan_node *before =
        p->node->input[0] ? &p->plan->nodes[p->node->input[0] - 1] : NULL;
    if (before && before->node->kind == &weft__layer_relu && !p->plan->explaining &&
        !p->passes_gradient && !before->skip_backward && weft__sole_consumer(before) == p) {
        s->rectified = true;
        before->skip_backward = true;
    }
    return WEFT_OK;
}

static weft_status forward(const weft__exec *x, weft__plan_node *p)
{
    weft__plan *owner = p->plan;
    weft__window g = weft__window_of(p->node);
    int m = x->self->rank;
    size_t in = weft__dims_size(g.in), out = weft__dims_size(g.out);
    uint8_t *chosen =
        p->workspace == WEFT__NO_BUFFER ? NULL : weft__rows(owner, m, p->workspace);
    for (size_t i = 0; i < x->rows; i++)
        take_maximum(weft__advance(weft__rows(owner, m, p->out), i * out, owner->real),
            chosen ? chosen + i * out : NULL,
            weft__advance(weft__rows(owner, m, p->in[0]), i * in, owner->real), &g,
            owner->real);
    return WEFT_OK;
}

static weft_status backward(const weft__exec *x, weft__plan_node *p)
{
    weft__plan *owner = p->plan;
    const struct state *s = p->state;
    weft__window g = weft__window_of(p->node);
    int m = x->self->rank;
    size_t in = weft__dims_size(g.in), out = weft__dims_size(g.out);
    if (p->diff_in[0] == WEFT__NO_BUFFER)
        return WEFT_OK;
    const uint8_t *chosen = weft__rows(owner, m, p->workspace);
    for (size_t i = 0; i < x->rows; i++)
        give_back(weft__advance(weft__rows(owner, m, p->diff_in[0]), i * in, owner->real),
            weft__advance(weft__rows(owner, m, p->diff_out), i * out, owner->real),
            s->rectified ? weft__advance(weft__rows(owner, m, p->out), i * out, owner->real)
                         : NULL,
            chosen + i * out, &g, owner->real);
    return WEFT_OK;
}

static void release(weft__plan_node *p)
{
    free(p->state);
}

const weft__layer_kind weft__layer_maxpool = {
    .name = "maxpool",
    .argument = "size",
    .params = weft__window_params,
    .options_size = sizeof(struct weft__window_options),
    .infer = weft__window_infer,
    .keeps_output = true,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .release = release,
};
