#include "model/calibrate.h"

#include <math.h>
#include <stdlib.h>

#include "core/mem.h"

static const double LEAST = 1e-15;     /* of a probability, before its logarithm */
static const double TOLERANCE = 1e-12; /* of the last step, in log T */
enum { MOST_STEPS = 200 };

/* Logarithms of probabilities, and what is asked of them. */
struct problem {
    const double *logs; /* count x classes */
    const uint16_t *labels;
    size_t count, classes;
};

/* The mean loss as a function of b = 1/T, which is convex, and its derivatives. */
struct at {
    double loss, slope, curvature;
};

static double logarithm(float p)
{
    return log(fmax((double)p, LEAST));
}

static struct at look(const struct problem *problem, double b)
{
    struct at sum = {0};
    for (size_t i = 0; i < problem->count; i++) {
        const double *z = problem->logs + i * problem->classes;
        double most = z[0], weights = 0, first = 0, second = 0;
        for (size_t k = 1; k < problem->classes; k++)
            most = fmax(most, z[k]);
        for (size_t k = 0; k < problem->classes; k++) {
            double d = z[k] - most, w = exp(b * d);
            weights += w;
            first += w * d;
            second += w * d * d;
        }
        double mean = first / weights, truth = z[problem->labels[i]] - most;
        sum.loss += log(weights) - b * truth;
        sum.slope += mean - truth;
        sum.curvature += second / weights - mean * mean;
    }
    double n = (double)problem->count;
    return (struct at){sum.loss / n, sum.slope / n, sum.curvature / n};
}

/* Newton's method on the slope over b, kept within a bracket that bisection in log b closes
 * wherever a step would leave it. */
static double minimise(const struct problem *problem)
{
    double low = 1 / WEFT__TEMPERATURE_MAX, high = 1 / WEFT__TEMPERATURE_MIN, b = 1;
    if (!(look(problem, low).slope < 0))
        return look(problem, 1).slope == 0 ? 1 : low; /* 0: T changes nothing */
    if (!(look(problem, high).slope > 0))
        return high;
    for (int step = 0; step < MOST_STEPS; step++) {
        struct at here = look(problem, b);
        if (here.slope == 0)
            return b;
        *(here.slope < 0 ? &low : &high) = b;
        double next = b - here.slope / here.curvature;
        if (!(next > low && next < high))
            next = sqrt(low * high);
        double moved = fabs(log(next / b));
        b = next;
        if (moved < TOLERANCE)
            break;
    }
    return b;
}

weft_status weft__temperature_fit(weft__temperature *out, const float *probabilities,
    const uint16_t *labels, size_t count, size_t classes)
{
    double *logs;
    size_t cells;
    if (!weft__mul(&cells, count, classes))
        return weft_fail(
            WEFT_ENOMEM, "%zu pictures of %zu classes are too many", count, classes);
    WEFT_TRY(weft__alloc(&logs, cells, sizeof *logs, "logarithms of probabilities"));
    for (size_t i = 0; i < cells; i++)
        logs[i] = logarithm(probabilities[i]);
    struct problem problem = {logs, labels, count, classes};
    double b = minimise(&problem);
    *out = (weft__temperature){1 / b, look(&problem, 1).loss, look(&problem, b).loss};
    free(logs);
    return WEFT_OK;
}

static void scale_row(double b, float *row, size_t classes)
{
    size_t best = 0;
    for (size_t k = 1; k < classes; k++)
        best = row[k] > row[best] ? k : best;
    double sum = 0, top = logarithm(row[best]);
    for (size_t k = 0; k < classes; k++)
        sum += exp(b * (logarithm(row[k]) - top));
    for (size_t k = 0; k < classes; k++)
        row[k] = (float)(exp(b * (logarithm(row[k]) - top)) / sum);
    for (size_t k = 0; k < best; k++) /* what rounding made equal comes first on ties */
        if (row[k] == row[best])
            row[best] = nextafterf(row[best], 2);
}

void weft__temperature_apply(
    double temperature, float *probabilities, size_t count, size_t classes)
{
    if (temperature == 1)
        return;
    for (size_t i = 0; i < count; i++)
        scale_row(1 / temperature, probabilities + i * classes, classes);
}
