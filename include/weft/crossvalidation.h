/* weft/crossvalidation.h: every picture judged by a classifier that has not seen it.
 *
 *     weft_crossvalidation_options options = weft_crossvalidation_defaults();
 *     weft_crossvalidation *cv;
 *     WEFT_TRY(weft_crossvalidate(&cv, classifier, &view, &options, context));
 *     const weft_evaluation *e = weft_crossvalidation_evaluation(cv);
 *     ... weft_evaluation_probabilities(e) ...
 *     weft_crossvalidation_free(cv);
 *
 * The pictures are divided into k folds (Stone 1974); for each, the classifier is fitted
 * anew on the other folds and evaluated on this one. */
#ifndef WEFT_CROSSVALIDATION_H
#define WEFT_CROSSVALIDATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weft/classifier.h"
#include "weft/context.h"
#include "weft/dataset.h"
#include "weft/evaluation.h"
#include "weft/statistics.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_crossvalidation_options {
    size_t folds;           /* 2 to 255 */
    uint64_t seed;          /* of the division; a classifier's own is its option */
    const uint32_t *groups; /* of weft_split_groups, one a picture; NULL: stratified alone
                               (weft_split_folds). Borrowed during the call */
    bool watch; /* families that learn in passes: evaluate the fold after every pass. Their
                   option `patience` then chooses the pass by the very fold that is
                   evaluated */
    bool train_scores; /* evaluate on the training pictures too, which takes about k - 1
                          times as long as on the folds */
    /* For the record; borrowed until the cross-validation is freed, may be NULL. */
    const char *source;  /* what the data is called */
    const char *command; /* that makes it again */
} weft_crossvalidation_options;

/* 5 folds by seed 1. */
WEFT_API weft_crossvalidation_options weft_crossvalidation_defaults(void);

/* One fold; everything is borrowed from the cross-validation. */
typedef struct weft_fold {
    size_t train_count;
    /* Of the training pictures: after the fit where options.train_scores was set; else the
     * last pass's means while it learnt; NaN for families without passes. */
    double loss, accuracy;
    const weft_evaluation *evaluation; /* of the fold's pictures, in the view's order */
    const weft_epoch *history;         /* epochs rows */
    size_t epochs;
    double fit_seconds, predict_seconds; /* predicting the fold */
} weft_fold;

typedef struct weft_crossvalidation weft_crossvalidation;

/* `classifier` needs not be fitted; its options hold, and it is left as the last fold's fit
 * leaves it. `view` must be labelled; it is borrowed and its dataset must outlive the
 * result. WEFT_EINVAL when a fold would have no pictures or its training pictures are of
 * one class; WEFT_ECANCELLED leaves nothing. */
WEFT_API WEFT_MUST weft_status weft_crossvalidate(weft_crossvalidation **out,
    weft_classifier *classifier, const weft_view *view,
    const weft_crossvalidation_options *options, weft_context *context);
WEFT_API void weft_crossvalidation_free(weft_crossvalidation *cv); /* NULL-safe */

WEFT_API size_t weft_crossvalidation_count(const weft_crossvalidation *cv); /* folds */
WEFT_API const weft_fold *weft_crossvalidation_fold(
    const weft_crossvalidation *cv, size_t index);
/* Of all pictures in the view's order, each as the classifier that had not seen it judged
 * it: the out-of-fold probabilities are weft_evaluation_probabilities of this. */
WEFT_API const weft_evaluation *weft_crossvalidation_evaluation(
    const weft_crossvalidation *cv);
/* Which fold each of the view's pictures is in. Borrowed. */
WEFT_API const uint8_t *weft_crossvalidation_assignment(const weft_crossvalidation *cv);

typedef enum weft_fold_figure {
    WEFT_FOLD_LOSS,
    WEFT_FOLD_ACCURACY,
    WEFT_FOLD_VAL_LOSS,
    WEFT_FOLD_VAL_ACCURACY,
    WEFT_FOLD_VAL_F1 /* macro */
} weft_fold_figure;

/* Over the folds; NaN where it was not measured. */
WEFT_API weft_spread weft_crossvalidation_spread(
    const weft_crossvalidation *cv, weft_fold_figure figure);

/* The table of folds for a terminal, every figure as JSON, and a row a fold as CSV. Freed
 * by the caller with free(). */
WEFT_API WEFT_MUST weft_status weft_crossvalidation_text(
    char **out, const weft_crossvalidation *cv);
WEFT_API WEFT_MUST weft_status weft_crossvalidation_json(
    char **out, const weft_crossvalidation *cv);
WEFT_API WEFT_MUST weft_status weft_crossvalidation_csv(
    char **out, const weft_crossvalidation *cv);

/* Writes a folder, whole or not at all, with what is missing above it:
 *
 *     results.json              everything above
 *     results.csv               a row a fold
 *     probabilities.safetensors `probabilities` f32 count x classes, `labels` u16 count and
 *                               `fold` u8 count, in the order of the pictures; class names
 *                               and data digest in its metadata
 *
 * One that is there and not empty is WEFT_EIO. */
WEFT_API WEFT_MUST weft_status weft_crossvalidation_save(
    const weft_crossvalidation *cv, const char *folder);

#ifdef __cplusplus
}
#endif
#endif
