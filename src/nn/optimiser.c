#include "nn/optimiser.h"

#include <math.h>
#include <string.h>

#include "core/simd.h"
#include "nn/muon.h"
#include "nn/real.h"

static float unbias(float beta, uint64_t step)
{
    return (float)(1 / (1 - pow((double)beta, (double)step)));
}

void weft__update_unbias(weft__update *u)
{
    u->unbias1 = unbias(u->beta1, u->step);
    u->unbias2 = unbias(u->beta2, u->step);
}

weft__update weft__update_at(
    const weft__update *u, float rate, bool decayed, size_t begin, float *const *gradient)
{
    weft__update at = *u;
    at.values += begin;
    at.mirror = at.mirror ? at.mirror + begin : NULL;
    for (int s = 0; s < WEFT__MAX_SLOTS; s++)
        at.slots[s] = at.slots[s] ? at.slots[s] + begin : NULL;
    at.gradients = gradient;
    at.parts = 1;
    at.learning_rate *= rate;
    at.weight_decay = decayed ? at.weight_decay : 0;
    return at;
}

/* The arrays of an update, so that the loops know that none overlaps another. */
struct arrays {
    float *restrict values;
    uint16_t *restrict mirror;
    const float *restrict first, *restrict second;
};

static inline __attribute__((always_inline)) struct arrays arrays_of(const weft__update *u)
{
    return (struct arrays){u->values, u->mirror, u->gradients[0],
        u->parts > 1 ? u->gradients[1] : u->gradients[0]};
}

/* The first two parts are the common case and vectorise; more are added one by one. */
static inline __attribute__((always_inline)) float gradient(
    const struct arrays *a, const weft__update *u, int parts, size_t i)
{
    float sum = a->first[i];
    if (parts > 1)
        sum += a->second[i];
    for (int m = 2; m < parts; m++)
        sum += u->gradients[m][i];
    return sum;
}

static inline __attribute__((always_inline)) void store(
    const struct arrays *a, size_t i, float value, bool mirrored)
{
    a->values[i] = value;
    if (mirrored)
        a->mirror[i] = weft__to_bf16(value);
}

/* Stochastic gradient descent with momentum as Keras and PyTorch have it: v = momentum v +
 * g; w -= lr v, or with Nesterov w -= lr (g + momentum v). Coupled weight decay adds to
 * the gradient; decoupled (SGDW: Loshchilov and Hutter 2019, algorithm 1) shrinks the
 * weight. */
static inline __attribute__((always_inline)) void sgd_any(const weft__update *u, int parts,
    bool mirrored, bool decoupled, size_t begin, size_t end)
{
    const struct arrays a = arrays_of(u);
    float *restrict velocity = u->slots[0];
    const float rate = u->learning_rate, keep = u->momentum, scale = u->gradient_scale;
    const float coupled = decoupled ? 0 : u->weight_decay;
    const float shrink = decoupled ? 1 - rate * u->weight_decay : 1;
    const float ahead = u->nesterov ? keep : 1, now = u->nesterov ? 1.0f : 0.0f;
#pragma GCC ivdep /* the arrays do not overlap: too many for the compiler to check */
    for (size_t i = begin; i < end; i++) {
        float w = a.values[i];
        float g = gradient(&a, u, parts, i) * scale + coupled * w;
        float v = keep * velocity[i] + g;
        velocity[i] = v;
        store(&a, i, w * shrink - rate * (now * g + ahead * v), mirrored);
    }
}

/* The cases that occur are compiled apart, so that their loops vectorise. */
#define FOR_PARTS(FUNCTION, DECOUPLED) \
    do { \
        if (u->mirror) \
            u->parts == 1   ? FUNCTION(u, 1, true, DECOUPLED, begin, end) \
            : u->parts == 2 ? FUNCTION(u, 2, true, DECOUPLED, begin, end) \
                            : FUNCTION(u, u->parts, true, DECOUPLED, begin, end); \
        else \
            u->parts == 1   ? FUNCTION(u, 1, false, DECOUPLED, begin, end) \
            : u->parts == 2 ? FUNCTION(u, 2, false, DECOUPLED, begin, end) \
                            : FUNCTION(u, u->parts, false, DECOUPLED, begin, end); \
    } while (0)

WEFT__SIMD static void sgd(const weft__update *u, size_t begin, size_t end)
{
    FOR_PARTS(sgd_any, false);
}

WEFT__SIMD static void sgdw(const weft__update *u, size_t begin, size_t end)
{
    FOR_PARTS(sgd_any, true);
}

/* Kingma and Ba 2015, algorithm 1, in the order of section 2's last paragraph. Coupled
 * decay adds to the gradient; decoupled (Loshchilov and Hutter 2019) shrinks the weight. */
static inline __attribute__((always_inline)) void adam_any(const weft__update *u, int parts,
    bool mirrored, bool decoupled, size_t begin, size_t end)
{
    const struct arrays a = arrays_of(u);
    float *restrict mean = u->slots[0], *restrict square = u->slots[1];
    const float b1 = u->beta1, b2 = u->beta2, rate = u->learning_rate;
    const float scale = u->gradient_scale, epsilon = u->epsilon;
    const float first = u->unbias1 > 0 ? u->unbias1 : unbias(b1, u->step);
    const float second = u->unbias2 > 0 ? u->unbias2 : unbias(b2, u->step);
    const float coupled = decoupled ? 0 : u->weight_decay;
    const float shrink = decoupled ? 1 - rate * u->weight_decay : 1;
#pragma GCC ivdep /* the arrays do not overlap: too many for the compiler to check */
    for (size_t i = begin; i < end; i++) {
        /* The blocks begin at like addresses, and a read behind a write to the same place
         * in another page waits for it. */
        float w = a.values[i];
        float g = gradient(&a, u, parts, i) * scale + coupled * w;
        float m = b1 * mean[i] + (1 - b1) * g;
        float v = b2 * square[i] + (1 - b2) * g * g;
        float pace = rate * m * first / (__builtin_sqrtf(v * second) + epsilon);
        mean[i] = m;
        square[i] = v;
        store(&a, i, w * shrink - pace, mirrored);
    }
}

WEFT__SIMD static void adam(const weft__update *u, size_t begin, size_t end)
{
    FOR_PARTS(adam_any, false);
}

WEFT__SIMD static void adamw(const weft__update *u, size_t begin, size_t end)
{
    FOR_PARTS(adam_any, true);
}

const weft__optimiser weft__optimisers[WEFT__OPTIMISERS] = {
    {"sgd", 1, sgd, NULL, NULL},
    {"sgdw", 1, sgdw, NULL, NULL},
    {"adam", 2, adam, NULL, NULL},
    {"adamw", 2, adamw, NULL, NULL},
    {"muon", 1, sgd, weft__muon, weft__muon_work},
};

WEFT__SIMD static void add(
    float *restrict sum, const float *restrict part, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++)
        sum[i] += part[i];
}

void weft__gather_gradient(
    float *sum, float *const *gradients, int parts, bool first, size_t begin, size_t end)
{
    if (first)
        memcpy(sum + begin, gradients[0] + begin, (end - begin) * sizeof *sum);
    for (int m = first ? 1 : 0; m < parts; m++)
        add(sum, gradients[m], begin, end);
}

WEFT__SIMD void weft__move_average(float *restrict average, const float *restrict values,
    float decay, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++)
        average[i] = decay * average[i] + (1 - decay) * values[i];
}

float weft__average_decay(double decay, uint64_t step)
{
    double rising = (1 + (double)step) / (10 + (double)step);
    return (float)(rising < decay ? rising : decay);
}

WEFT__SIMD void weft__look_ahead(float *restrict slow, float *restrict values,
    uint16_t *restrict mirror, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++)
        slow[i] = values[i] = 0.5f * (slow[i] + values[i]);
    if (mirror)
        weft__narrow(mirror + begin, values + begin, end - begin);
}
