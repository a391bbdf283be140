/* Functions of one number. */
#include "core/exp.h"
#include "core/simd.h"
#include "nn/layers/layers.h"
#include "nn/plan.h"
#include "nn/real.h"

static weft_status same_shape(weft__network *network, weft__node *node)
{
    (void)network;
    node->out = node->in[0];
    return WEFT_OK;
}

/* The member's rows of one layer as plain arrays. */
struct arrays {
    void *in, *out, *diff_in, *diff_out;
    size_t count;
    weft__real real;
};

static struct arrays arrays_of(const weft__exec *x, const weft__plan_node *p)
{
    weft__plan *plan = p->plan;
    int m = x->self->rank;
    struct arrays a = {.in = weft__rows(plan, m, p->in[0]),
        .out = weft__rows(plan, m, p->out),
        .count = x->rows * weft__dims_size(p->node->out),
        .real = plan->real};
    if (p->diff_in[0] != WEFT__NO_BUFFER) {
        a.diff_in = weft__rows(plan, m, p->diff_in[0]);
        a.diff_out = weft__rows(plan, m, p->diff_out);
    }
    return a;
}

/* max(x, 0), and for the leaky one slope * x below 0 (Maas et al. 2013). Both keep the
 * sign, so that backward needs the output alone. */
struct leaky_options {
    double slope;
};

static const weft_param leaky_params[] = {
    {"slope", WEFT_PARAM_REAL, offsetof(struct leaky_options, slope), "0.01", 1e-6, 1, NULL,
        "factor below zero"},
    {0},
};

static inline __attribute__((always_inline)) void rectify_any(
    void *out, const void *in, size_t count, float slope, weft__real real)
{
    for (size_t i = 0; i < count; i++) {
        float v = weft__get(in, i, real);
        weft__put(out, i, v > 0 ? v : slope * v, real);
    }
}

WEFT__SIMD static void rectify(const struct arrays *a, float slope)
{
    if (a->real == WEFT__REAL_BF16)
        rectify_any(a->out, a->in, a->count, slope, WEFT__REAL_BF16);
    else
        rectify_any(a->out, a->in, a->count, slope, WEFT__REAL_F32);
}

static inline __attribute__((always_inline)) void rectify_back_any(void *diff_in,
    const void *diff_out, const void *out, size_t count, float slope, weft__real real)
{
    for (size_t i = 0; i < count; i++) {
        float d = weft__get(diff_out, i, real);
        weft__put(diff_in, i, weft__get(out, i, real) > 0 ? d : slope * d, real);
    }
}

WEFT__SIMD static void rectify_back(const struct arrays *a, float slope)
{
    if (a->real == WEFT__REAL_BF16)
        rectify_back_any(a->diff_in, a->diff_out, a->out, a->count, slope, WEFT__REAL_BF16);
    else
        rectify_back_any(a->diff_in, a->diff_out, a->out, a->count, slope, WEFT__REAL_F32);
}

static weft_status relu_forward(const weft__exec *x, weft__plan_node *p)
{
    struct arrays a = arrays_of(x, p);
    rectify(&a, 0);
    return WEFT_OK;
}

static weft_status relu_backward(const weft__exec *x, weft__plan_node *p)
{
    struct arrays a = arrays_of(x, p);
    if (a.diff_in)
        rectify_back(&a, 0);
    return WEFT_OK;
}

const weft__layer_kind weft__layer_relu = {
    .name = "relu",
    .infer = same_shape,
    .in_place = true,
    .in_place_predicting = true,
    .keeps_sign = true,
    .keeps_output = true,
    .forward = relu_forward,
    .backward = relu_backward,
};

static weft_status leaky_forward(const weft__exec *x, weft__plan_node *p)
{
    const struct leaky_options *o = p->node->options;
    struct arrays a = arrays_of(x, p);
    rectify(&a, (float)o->slope);
    return WEFT_OK;
}

static weft_status leaky_backward(const weft__exec *x, weft__plan_node *p)
{
    const struct leaky_options *o = p->node->options;
    struct arrays a = arrays_of(x, p);
    if (a.diff_in)
        rectify_back(&a, (float)o->slope);
    return WEFT_OK;
}

const weft__layer_kind weft__layer_leaky_relu = {
    .name = "leaky-relu",
    .argument = "slope",
    .params = leaky_params,
    .options_size = sizeof(struct leaky_options),
    .infer = same_shape,
    .in_place = true,
    .in_place_predicting = true,
    .keeps_sign = true,
    .keeps_output = true,
    .forward = leaky_forward,
    .backward = leaky_backward,
};

/* The normal distribution function at v, given e^(-v^2/2): Abramowitz and Stegun 1964,
 * 7.1.26, whose error is below 1e-7 of 1. */
static inline __attribute__((always_inline)) float normal(float v, float bell)
{
    float x = 0.70710678f * __builtin_fabsf(v), t = 1 / (1 + 0.3275911f * x);
    float p = 1.061405429f;
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    float tail = 0.5f * p * t * bell;
    return v < 0 ? tail : 1 - tail;
}

/* x times the normal distribution function (Hendrycks and Gimpel 2016). */
static inline __attribute__((always_inline)) float gelu(float v)
{
    return v * normal(v, weft__exp(-0.5f * v * v));
}

static inline __attribute__((always_inline)) float gelu_slope(float v)
{
    static const float DENSITY_AT_0 = 0.39894228f; /* 1 / sqrt(2 pi) */
    float bell = weft__exp(-0.5f * v * v);
    return normal(v, bell) + v * DENSITY_AT_0 * bell;
}

/* 1 / (1 + e^-v); e^-v may not overflow. */
static inline __attribute__((always_inline)) float logistic(float v)
{
    return 1 / (1 + weft__exp(v < -80.0f ? 80.0f : -v));
}

/* x times the logistic function (Elfwing et al. 2018, also called swish). */
static inline __attribute__((always_inline)) float silu(float v)
{
    return v * logistic(v);
}

static inline __attribute__((always_inline)) float silu_slope(float v)
{
    float s = logistic(v);
    return s * (1 + v * (1 - s));
}

/* The loops of one function, over both kinds of numbers. */
#define CURVE(NAME) \
    static inline __attribute__((always_inline)) void NAME##_any( \
        void *restrict out, const void *in, size_t count, weft__real real) \
    { \
        _Pragma("omp simd") for (size_t i = 0; i < count; i++) \
            weft__put(out, i, NAME(weft__get(in, i, real)), real); \
    } \
    static inline __attribute__((always_inline)) void NAME##_back_any(void *diff_in, \
        const void *diff_out, const void *in, size_t count, weft__real real) \
    { \
        _Pragma("omp simd") for (size_t i = 0; i < count; i++) weft__put(diff_in, i, \
            weft__get(diff_out, i, real) * NAME##_slope(weft__get(in, i, real)), real); \
    } \
    WEFT__SIMD static void NAME##_all(const struct arrays *a) \
    { \
        a->real == WEFT__REAL_BF16 ? NAME##_any(a->out, a->in, a->count, WEFT__REAL_BF16) \
                                   : NAME##_any(a->out, a->in, a->count, WEFT__REAL_F32); \
    } \
    WEFT__SIMD static void NAME##_back(const struct arrays *a) \
    { \
        if (a->real == WEFT__REAL_BF16) \
            NAME##_back_any(a->diff_in, a->diff_out, a->in, a->count, WEFT__REAL_BF16); \
        else \
            NAME##_back_any(a->diff_in, a->diff_out, a->in, a->count, WEFT__REAL_F32); \
    } \
    static weft_status NAME##_forward(const weft__exec *x, weft__plan_node *p) \
    { \
        struct arrays a = arrays_of(x, p); \
        NAME##_all(&a); \
        return WEFT_OK; \
    } \
    static weft_status NAME##_backward(const weft__exec *x, weft__plan_node *p) \
    { \
        struct arrays a = arrays_of(x, p); \
        if (a.diff_in) \
            NAME##_back(&a); \
        return WEFT_OK; \
    }

CURVE(gelu)
CURVE(silu)

const weft__layer_kind weft__layer_gelu = {
    .name = "gelu",
    .infer = same_shape,
    .in_place_predicting = true,
    .keeps_input = true,
    .forward = gelu_forward,
    .backward = gelu_backward,
};

const weft__layer_kind weft__layer_silu = {
    .name = "silu",
    .infer = same_shape,
    .in_place_predicting = true,
    .keeps_input = true,
    .forward = silu_forward,
    .backward = silu_backward,
};
