#include "nn/loss.h"

#include <math.h>

#include "nn/real.h"

static size_t largest(const float *values, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        best = values[i] > values[best] ? i : best;
    return best;
}

void weft__logits_to_probabilities(
    float *probabilities, const float *logits, size_t rows, size_t classes)
{
    for (size_t r = 0; r < rows; r++) {
        const float *z = logits + r * classes;
        float *p = probabilities + r * classes, top = z[largest(z, classes)], sum = 0;
        for (size_t c = 0; c < classes; c++) {
            p[c] = expf(z[c] - top);
            sum += p[c];
        }
        for (size_t c = 0; c < classes; c++)
            p[c] /= sum;
    }
}

/* What class c should get. */
static float wanted(const weft__target *t, size_t c, size_t classes, float smoothing)
{
    float hard = (c == t->a ? t->share : 0) + (c == t->b ? 1 - t->share : 0);
    return (1 - smoothing) * hard + smoothing / (float)classes;
}

/* -sum t log softmax(z); its gradient is softmax(z) sum(t) - t, and the t sum to 1. */
static double cross_entropy_row(void *diff, size_t at, weft__real real, const float *z,
    const weft__target *t, size_t classes, float weight, const weft__loss_options *o)
{
    float top = z[largest(z, classes)], sum = 0;
    for (size_t c = 0; c < classes; c++)
        sum += expf(z[c] - top);
    float log_sum = logf(sum) + top, scale = weight / (float)o->batch;
    double loss = 0;
    for (size_t c = 0; c < classes; c++) {
        float log_p = z[c] - log_sum, want = wanted(t, c, classes, o->smoothing);
        loss -= (double)(want * log_p);
        if (diff)
            weft__put(diff, at + c, (expf(log_p) - want) * scale, real);
    }
    return loss;
}

/* The mean over classes of (z - t)^2. */
static double squared_error_row(void *diff, size_t at, weft__real real, const float *z,
    const weft__target *t, size_t classes, float weight, const weft__loss_options *o)
{
    float scale = 2 * weight / ((float)o->batch * (float)classes);
    double loss = 0;
    for (size_t c = 0; c < classes; c++) {
        float error = z[c] - wanted(t, c, classes, o->smoothing);
        loss += (double)(error * error);
        if (diff)
            weft__put(diff, at + c, error * scale, real);
    }
    return loss / (double)classes;
}

void weft__loss_rows(weft__loss_sums *sums, void *diff, weft__real real,
    const float *logits, const weft__target *targets, size_t rows, size_t classes,
    const weft__loss_options *o)
{
    for (size_t r = 0; r < rows; r++) {
        const float *z = logits + r * classes;
        const weft__target *t = &targets[r];
        float weight = o->class_weight ? t->share * o->class_weight[t->a] +
                                             (1 - t->share) * o->class_weight[t->b]
                                       : 1;
        double loss =
            o->kind == WEFT__CROSS_ENTROPY
                ? cross_entropy_row(diff, r * classes, real, z, t, classes, weight, o)
                : squared_error_row(diff, r * classes, real, z, t, classes, weight, o);
        if (o->each)
            o->each[r] = (float)loss;
        sums->loss += loss * (double)weight;
        sums->weight += 1;
        sums->correct += largest(z, classes) == t->a;
    }
}
