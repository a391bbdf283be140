/* The average over windows, and over the whole picture. */
#include <stdint.h>
#include <string.h>

#include "core/simd.h"
#include "nn/layers/window.h"
#include "nn/plan.h"
#include "nn/real.h"

enum { CHUNK = 64 }; /* channels held at once */

extern const weft__layer_kind weft__layer_globalpool;

/* Averages: each window's pixels that lie in the picture count alike. */
static inline __attribute__((always_inline)) void mean_window(
    void *out, const void *in, const weft__window *g, size_t oy, size_t ox, weft__real real)
{
    size_t y0, y1, x0, x1, channels = g->in.channels;
    weft__window_clip(oy * g->stride, g->size, g->pad, g->in.height, &y0, &y1);
    weft__window_clip(ox * g->stride, g->size, g->pad, g->in.width, &x0, &x1);
    float share = 1 / (float)((y1 - y0) * (x1 - x0));
    for (size_t c0 = 0; c0 < channels; c0 += CHUNK) {
        size_t width = channels - c0 < CHUNK ? channels - c0 : CHUNK;
        float sum[CHUNK];
        memset(sum, 0, sizeof sum);
        for (size_t y = y0; y < y1; y++)
            for (size_t x = x0; x < x1; x++) {
                size_t pixel = (oy * g->stride + y - g->pad) * g->in.width +
                               (ox * g->stride + x - g->pad);
                for (size_t c = 0; c < width; c++)
                    sum[c] += weft__get(in, pixel * channels + c0 + c, real);
            }
        size_t at = (oy * g->out.width + ox) * channels + c0;
        for (size_t c = 0; c < width; c++)
            weft__put(out, at + c, sum[c] * share, real);
    }
}

WEFT__SIMD static void mean_picture(
    void *out, const void *in, const weft__window *g, weft__real real)
{
    for (size_t oy = 0; oy < g->out.height; oy++)
        for (size_t ox = 0; ox < g->out.width; ox++)
            if (real == WEFT__REAL_BF16)
                mean_window(out, in, g, oy, ox, WEFT__REAL_BF16);
            else
                mean_window(out, in, g, oy, ox, WEFT__REAL_F32);
}

static inline __attribute__((always_inline)) void mean_pixel(void *diff_in,
    const void *diff, const weft__window *g, size_t iy, size_t ix, weft__real real)
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
                size_t v0, v1, u0, u1, at = (oy * g->out.width + ox) * channels + c0;
                weft__window_clip(oy * g->stride, g->size, g->pad, g->in.height, &v0, &v1);
                weft__window_clip(ox * g->stride, g->size, g->pad, g->in.width, &u0, &u1);
                float share = 1 / (float)((v1 - v0) * (u1 - u0));
                for (size_t c = 0; c < width; c++)
                    sum[c] += share * weft__get(diff, at + c, real);
            }
        size_t at = (iy * g->in.width + ix) * channels + c0;
        for (size_t c = 0; c < width; c++)
            weft__put(diff_in, at + c, sum[c], real);
    }
}

WEFT__SIMD static void mean_picture_back(
    void *diff_in, const void *diff, const weft__window *g, weft__real real)
{
    for (size_t iy = 0; iy < g->in.height; iy++)
        for (size_t ix = 0; ix < g->in.width; ix++)
            if (real == WEFT__REAL_BF16)
                mean_pixel(diff_in, diff, g, iy, ix, WEFT__REAL_BF16);
            else
                mean_pixel(diff_in, diff, g, iy, ix, WEFT__REAL_F32);
}

static void mean_rows(const weft__exec *x, weft__plan_node *p, const weft__window *g)
{
    weft__plan *plan = p->plan;
    int m = x->self->rank;
    for (size_t i = 0; i < x->rows; i++)
        mean_picture(weft__advance(weft__rows(plan, m, p->out), i * weft__dims_size(g->out),
                         plan->real),
            weft__advance(
                weft__rows(plan, m, p->in[0]), i * weft__dims_size(g->in), plan->real),
            g, plan->real);
}

static void mean_rows_back(const weft__exec *x, weft__plan_node *p, const weft__window *g)
{
    weft__plan *plan = p->plan;
    int m = x->self->rank;
    if (p->diff_in[0] == WEFT__NO_BUFFER)
        return;
    for (size_t i = 0; i < x->rows; i++)
        mean_picture_back(weft__advance(weft__rows(plan, m, p->diff_in[0]),
                              i * weft__dims_size(g->in), plan->real),
            weft__advance(
                weft__rows(plan, m, p->diff_out), i * weft__dims_size(g->out), plan->real),
            g, plan->real);
}

static weft_status mean_forward(const weft__exec *x, weft__plan_node *p)
{
    weft__window g = weft__window_of(p->node);
    mean_rows(x, p, &g);
    return WEFT_OK;
}

static weft_status mean_backward(const weft__exec *x, weft__plan_node *p)
{
    weft__window g = weft__window_of(p->node);
    mean_rows_back(x, p, &g);
    return WEFT_OK;
}

const weft__layer_kind weft__layer_avgpool = {
    .name = "avgpool",
    .argument = "size",
    .params = weft__window_params,
    .options_size = sizeof(struct weft__window_options),
    .infer = weft__window_infer,
    .forward = mean_forward,
    .backward = mean_backward,
};

/* The whole picture as one window, which need not be square. */
static weft_status global_infer(weft__network *network, weft__node *node)
{
    (void)network;
    node->out = (weft__dims){1, 1, node->in[0].channels};
    return WEFT_OK;
}

static inline __attribute__((always_inline)) void global_any(
    void *out, const void *in, size_t pixels, size_t channels, weft__real real)
{
    for (size_t c0 = 0; c0 < channels; c0 += CHUNK) {
        size_t width = channels - c0 < CHUNK ? channels - c0 : CHUNK;
        float sum[CHUNK];
        memset(sum, 0, sizeof sum);
        for (size_t i = 0; i < pixels; i++)
            for (size_t c = 0; c < width; c++)
                sum[c] += weft__get(in, i * channels + c0 + c, real);
        for (size_t c = 0; c < width; c++)
            weft__put(out, c0 + c, sum[c] / (float)pixels, real);
    }
}

WEFT__SIMD static void global_picture(
    void *out, const void *in, size_t pixels, size_t channels, weft__real real)
{
    if (real == WEFT__REAL_BF16)
        global_any(out, in, pixels, channels, WEFT__REAL_BF16);
    else
        global_any(out, in, pixels, channels, WEFT__REAL_F32);
}

WEFT__SIMD static void global_picture_back(
    void *diff_in, const void *diff, size_t pixels, size_t channels, weft__real real)
{
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < channels; c++)
            weft__put(
                diff_in, i * channels + c, weft__get(diff, c, real) / (float)pixels, real);
}

static weft_status global_forward(const weft__exec *x, weft__plan_node *p)
{
    weft__plan *plan = p->plan;
    int m = x->self->rank;
    weft__dims in = p->node->in[0];
    for (size_t i = 0; i < x->rows; i++)
        global_picture(
            weft__advance(weft__rows(plan, m, p->out), i * in.channels, plan->real),
            weft__advance(
                weft__rows(plan, m, p->in[0]), i * weft__dims_size(in), plan->real),
            in.height * in.width, in.channels, plan->real);
    return WEFT_OK;
}

static weft_status global_backward(const weft__exec *x, weft__plan_node *p)
{
    weft__plan *plan = p->plan;
    int m = x->self->rank;
    weft__dims in = p->node->in[0];
    if (p->diff_in[0] == WEFT__NO_BUFFER)
        return WEFT_OK;
    for (size_t i = 0; i < x->rows; i++)
        global_picture_back(weft__advance(weft__rows(plan, m, p->diff_in[0]),
                                i * weft__dims_size(in), plan->real),
            weft__advance(weft__rows(plan, m, p->diff_out), i * in.channels, plan->real),
            in.height * in.width, in.channels, plan->real);
    return WEFT_OK;
}

const weft__layer_kind weft__layer_globalpool = {
    .name = "globalpool",
    .infer = global_infer,
    .forward = global_forward,
    .backward = global_backward,
};
