#include "weft/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "eval/evaluation.h"
#include "weft/rng.h"

static const double Z95 = 1.959963984540054; /* the normal's quantile at 0.975 */
enum { FEW = 25 };                           /* discordant pictures below which exact */
static const double TAIL = 0.025;            /* of the bootstrap, on either side */

weft_spread weft_spread_of(const double *values, size_t count)
{
    if (count == 0)
        return (weft_spread){NAN, NAN};
    double n = (double)count, above = 0,
           squares = 0; /* above the first: exact for equals */
    for (size_t i = 0; i < count; i++)
        above += values[i] - values[0];
    double mean = values[0] + above / n;
    for (size_t i = 0; i < count; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return (weft_spread){mean, count > 1 ? sqrt(squares / (n - 1)) : NAN};
}

weft_interval weft_wilson_interval(size_t successes, size_t count)
{
    if (count == 0)
        return (weft_interval){0, 1};
    double n = (double)count, p = (double)successes / n, z2 = Z95 * Z95;
    double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
    double half = Z95 / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n));
    /* At none and all the formula meets the border but for rounding. */
    return (weft_interval){
        successes == 0 ? 0 : middle - half, successes == count ? 1 : middle + half};
}

/* Twice the chance of at most `least` heads in n fair throws, n < FEW. */
static double two_sided_binomial(size_t least, size_t n)
{
    double ways = 1, sum = 0; /* ways: n over i */
    for (size_t i = 0; i <= least; i++) {
        sum += ways;
        ways = ways * (double)(n - i) / (double)(i + 1);
    }
    return fmin(1, 2 * ldexp(sum, -(int)n));
}

weft_mcnemar weft_mcnemar_test(size_t only_first, size_t only_second)
{
    weft_mcnemar test = {.only_first = only_first, .only_second = only_second};
    size_t n = only_first + only_second;
    size_t least = only_first < only_second ? only_first : only_second;
    test.exact = n < FEW;
    if (test.exact) {
        test.statistic = (double)least;
        test.p_value = two_sided_binomial(least, n);
    } else {
        double difference = fmax(0, (double)(n - 2 * least) - 1);
        test.statistic = difference * difference / (double)n;
        test.p_value = erfc(sqrt(test.statistic / 2)); /* chi-square, one degree */
    }
    return test;
}

weft_status weft_mcnemar_compare(
    weft_mcnemar *out, const weft_evaluation *first, const weft_evaluation *second)
{
    if (first->count != second->count ||
        memcmp(first->truth, second->truth, first->count * sizeof *first->truth) != 0)
        return weft_fail(WEFT_EINVAL, "the two evaluations are not of the same pictures");
    size_t only_first = 0, only_second = 0;
    for (size_t i = 0; i < first->count; i++) {
        bool one = first->predicted[i] == first->truth[i];
        bool two = second->predicted[i] == second->truth[i];
        only_first += one && !two;
        only_second += two && !one;
    }
    *out = weft_mcnemar_test(only_first, only_second);
    return WEFT_OK;
}

void weft_holm(double *adjusted, const double *p_values, size_t count)
{
    const double PENDING = -1;
    for (size_t i = 0; i < count; i++)
        adjusted[i] = PENDING;
    double largest = 0; /* adjusted values never fall as the p-values rise */
    for (size_t left = count; left > 0; left--) {
        size_t smallest = count;
        for (size_t i = 0; i < count; i++)
            if (adjusted[i] == PENDING &&
                (smallest == count || p_values[i] < p_values[smallest]))
                smallest = i;
        largest = fmax(largest, fmin(1, (double)left * p_values[smallest]));
        adjusted[smallest] = largest;
    }
}

/* Macro F1 of as many pictures drawn with replacement. tally: 3 x classes counts. */
static double draw_macro_f1(const weft_evaluation *e, weft_rng *rng, size_t *tally)
{
    size_t n = e->classes, *correct = tally, *predicted = tally + n,
           *support = tally + 2 * n;
    memset(tally, 0, 3 * n * sizeof *tally);
    for (size_t i = 0; i < e->count; i++) {
        size_t j = weft_rng_below(rng, (uint32_t)e->count);
        correct[e->truth[j]] += e->predicted[j] == e->truth[j];
        predicted[e->predicted[j]]++;
        support[e->truth[j]]++;
    }
    double sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += weft__class_scores(correct[k], predicted[k], support[k]).f1;
    return sum / (double)n;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Linear between the two nearest of `count` sorted values. */
static double quantile(const double *sorted, size_t count, double q)
{
    double place = q * (double)(count - 1);
    size_t below = (size_t)place;
    double above = below + 1 < count ? sorted[below + 1] : sorted[below];
    return sorted[below] + (place - (double)below) * (above - sorted[below]);
}

weft_status weft_bootstrap_macro_f1(
    weft_interval *out, const weft_evaluation *e, size_t resamples, uint64_t seed)
{
    if (resamples == 0)
        return weft_fail(WEFT_EINVAL, "a bootstrap needs at least one resample");
    if (e->count > UINT32_MAX)
        return weft_fail(WEFT_EUNSUPPORTED, "a bootstrap of %zu pictures", e->count);
    double *values = NULL;
    size_t *tally = NULL;
    weft_status status = weft__alloc(&values, resamples, sizeof *values, "a bootstrap");
    if (status == WEFT_OK)
        status = weft__alloc(&tally, 3 * e->classes, sizeof *tally, "a bootstrap");
    if (status == WEFT_OK) {
        for (size_t r = 0; r < resamples; r++) {
            weft_rng rng = weft_rng_create(seed, r);
            values[r] = draw_macro_f1(e, &rng, tally);
        }
        qsort(values, resamples, sizeof *values, by_value);
        *out = (weft_interval){
            quantile(values, resamples, TAIL), quantile(values, resamples, 1 - TAIL)};
    }
    free(values);
    free(tally);
    return status;
}
