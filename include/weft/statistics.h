/* weft/statistics.h: how far a difference between classifiers can be trusted.
 *
 * Intervals are at 95 %. Nothing here draws a conclusion; weft/compare.h does. */
#ifndef WEFT_STATISTICS_H
#define WEFT_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weft/evaluation.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_spread {
    double mean;
    double sd; /* of the sample: divided by count - 1; NaN for one value */
} weft_spread;

/* NaN of none. */
WEFT_API weft_spread weft_spread_of(const double *values, size_t count);

typedef struct weft_interval {
    double low, high;
} weft_interval;

/* Wilson's score interval for `successes` of `count` (1927); 0 to 1 for none of none. */
WEFT_API weft_interval weft_wilson_interval(size_t successes, size_t count);

/* McNemar's test (1947) that two classifiers err equally often on the same pictures. */
typedef struct weft_mcnemar {
    size_t only_first, only_second; /* pictures that one alone has right */
    bool exact;                     /* binomial, under 25 such pictures; else chi-square */
    double statistic; /* the smaller count, or chi-square with Edwards' correction (1948) */
    double p_value;   /* two-sided */
} weft_mcnemar;

WEFT_API weft_mcnemar weft_mcnemar_test(size_t only_first, size_t only_second);
/* The same from two evaluations of the same pictures; WEFT_EINVAL when their truths
 * differ. */
WEFT_API WEFT_MUST weft_status weft_mcnemar_compare(
    weft_mcnemar *out, const weft_evaluation *first, const weft_evaluation *second);

/* The difference in accuracy between two ways to learn, each fitted with several seeds and
 * scored on the same pictures. Pictures and seeds are crossed random effects: the variance
 * of the difference is that over pictures, of their differences averaged over seeds, plus
 * that over each side's seeds (Owen 2007, "The pigeonhole bootstrap", section 3: with their
 * interaction counted twice, which errs towards no difference). Degrees of freedom as
 * Satterthwaite has them (1946), the reference is Student's t. */
typedef struct weft_crossed {
    double difference;       /* first minus second, of the means */
    weft_interval interval;  /* of the difference */
    double statistic;        /* t; 0 where nothing varies and nothing differs */
    double freedom, p_value; /* two-sided; freedom is infinite where nothing varies */
} weft_crossed;

/* A side of one evaluation alone counts as one that no seed changes. WEFT_EINVAL for a side
 * without any, and when truths differ. */
WEFT_API WEFT_MUST weft_status weft_crossed_compare(weft_crossed *out,
    const weft_evaluation *const *first, size_t first_count,
    const weft_evaluation *const *second, size_t second_count);

/* Holm's correction (1979) of `count` p-values for being many, in their order. */
WEFT_API void weft_holm(double *adjusted, const double *p_values, size_t count);

/* Percentile bootstrap of the macro F1 (Efron 1979): pictures are drawn with replacement
 * `resamples` times, 1000 being usual. Depends on the seed alone. */
WEFT_API WEFT_MUST weft_status weft_bootstrap_macro_f1(
    weft_interval *out, const weft_evaluation *evaluation, size_t resamples, uint64_t seed);

#ifdef __cplusplus
}
#endif
#endif
