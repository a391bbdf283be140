/* weft/evaluation.h: probabilities and truth, and everything computed from them.
 *
 * Names are scikit-learn's. A class that was never predicted has precision 0, a class
 * that never occurs has recall 0, and both have F1 0, as its zero_division=0. Averages
 * are over all classes, as with its labels=range(classes). */
#ifndef WEFT_EVALUATION_H
#define WEFT_EVALUATION_H

#include <stddef.h>
#include <stdint.h>

#include "weft/classifier.h"
#include "weft/context.h"
#include "weft/dataset.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_evaluation weft_evaluation;

typedef struct weft_class_scores {
    double precision, recall, f1;
    size_t support;
} weft_class_scores;

typedef struct weft_scores {
    size_t count; /* pictures */
    double accuracy;
    double accuracy_low, accuracy_high; /* Wilson's 95 % interval (1927) */
    weft_class_scores macro, weighted;
    /* Natural logarithm; probabilities clipped at 1e-15, then each row scaled to sum 1. */
    double log_loss;
    double brier; /* sum over classes of squared error, mean over pictures */
    double top3;  /* share of pictures whose class is among the three likeliest */
    double top5;  /* among the five likeliest */
    double mcc;   /* Matthews correlation, Gorodkin's for many classes (2004) */
    double kappa; /* Cohen's (1960); NaN when truth and predictions are one class */
    double calibration_error; /* expected, over the bins below (Guo et al. 2017) */
    /* Area under the risk-coverage curve: the mean share of errors among the m pictures of
     * the highest confidence, over all m (Geifman and El-Yaniv 2017). */
    double aurc;
} weft_scores;

/* Pictures whose likeliest class had a probability within (i, i + 1] / WEFT_BINS. */
enum { WEFT_BINS = 15 };
typedef struct weft_bin {
    size_t count;
    double confidence, accuracy; /* means; 0 in an empty bin */
} weft_bin;

/* How many are right of those that are answered, when only the share `coverage` of the
 * pictures, with the highest confidence, is. */
typedef struct weft_coverage {
    double coverage, accuracy;
    double confidence; /* the least among them */
} weft_coverage;

/* Copies everything. probabilities: count x classes, finite and not negative; truth: count
 * labels below classes. The prediction is the likeliest class, the lower index on ties.
 * WEFT_EINVAL for no pictures or a label out of range, WEFT_ENUMERIC for a probability
 * that is none. */
WEFT_API WEFT_MUST weft_status weft_evaluation_create(weft_evaluation **out,
    const float *probabilities, const uint16_t *truth, size_t count, size_t classes,
    const char *const *class_names);
WEFT_API void weft_evaluation_free(weft_evaluation *evaluation); /* NULL-safe */

/* Predicts the whole view and evaluates it. Classes are matched by name: the data's order
 * need not be the model's, and WEFT_EINVAL names a class that the model does not know.
 * *seconds, when not NULL, receives the time that prediction took. */
WEFT_API WEFT_MUST weft_status weft_evaluate(weft_evaluation **out,
    const weft_classifier *classifier, const weft_view *view, double *seconds,
    weft_context *context);

WEFT_API const weft_scores *weft_evaluation_scores(const weft_evaluation *evaluation);
WEFT_API size_t weft_evaluation_classes(const weft_evaluation *evaluation);
WEFT_API const char *weft_evaluation_class_name(const weft_evaluation *e, size_t index);
WEFT_API const weft_class_scores *weft_evaluation_class(
    const weft_evaluation *evaluation, size_t index);
/* classes x classes counts; row is the truth, column the prediction. Borrowed. */
WEFT_API const size_t *weft_evaluation_confusion(const weft_evaluation *evaluation);
/* count predictions, count truths, count x classes probabilities. Borrowed. */
WEFT_API const uint16_t *weft_evaluation_predicted(const weft_evaluation *evaluation);
WEFT_API const uint16_t *weft_evaluation_truth(const weft_evaluation *evaluation);
WEFT_API const float *weft_evaluation_probabilities(const weft_evaluation *evaluation);
/* WEFT_BINS bins, the data of a reliability diagram. Borrowed. */
WEFT_API const weft_bin *weft_evaluation_bins(const weft_evaluation *evaluation);
/* Share of pictures whose class is among the k likeliest, lower indices first on ties. */
WEFT_API double weft_evaluation_top(const weft_evaluation *evaluation, size_t k);
/* *count points, coverage rising in equal steps to 1: 50, or one a picture where there are
 * fewer. Pictures of one confidence are taken in no order: each counts as right as they are
 * on average. Borrowed. */
WEFT_API const weft_coverage *weft_evaluation_coverage(
    const weft_evaluation *evaluation, size_t *count);

/* The table that scikit-learn's classification_report prints with the other figures below
 * it; every figure as JSON; every figure as CSV (group,name,figure,value: a row a figure);
 * the text as tables for LaTeX with booktabs, names escaped. They agree: digits, the
 * decimals, 0 to 9, is all that text and LaTeX leave out. Freed by the caller with free().
 */
WEFT_API WEFT_MUST weft_status weft_evaluation_text(
    char **out, const weft_evaluation *evaluation, int digits);
WEFT_API WEFT_MUST weft_status weft_evaluation_json(
    char **out, const weft_evaluation *evaluation);
WEFT_API WEFT_MUST weft_status weft_evaluation_csv(
    char **out, const weft_evaluation *evaluation);
WEFT_API WEFT_MUST weft_status weft_evaluation_latex(
    char **out, const weft_evaluation *evaluation, int digits);

#ifdef __cplusplus
}
#endif
#endif
