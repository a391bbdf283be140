/* One fit and its evaluation, of which cross-validation and tuning are made. */
#ifndef WEFT_EVAL_FOLD_H
#define WEFT_EVAL_FOLD_H

#include "core/overall.h"
#include "weft/crossvalidation.h"

typedef struct weft__fold_task {
    const weft_view *train, *validation;
    bool watch, train_scores; /* as in weft_crossvalidation_options */
    weft__overall *overall;   /* told from `from` to `from` + 1 */
    double from;
    double fit_share; /* guess at how much of the time is the fit's */
} weft__fold_task;

/* Owns the evaluation and the history that it points to. */
WEFT_MUST weft_status weft__fold_run(weft_fold *out, weft_classifier *classifier,
    const weft__fold_task *task, weft_context *context);
void weft__fold_clear(weft_fold *fold);

#endif
