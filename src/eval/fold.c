#include "eval/fold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

static weft_status keep_history(weft_fold *fold, const weft_classifier *classifier)
{
    const weft_epoch *epochs = weft_classifier_history(classifier, &fold->epochs);
    weft_epoch *copy;
    WEFT_TRY(weft__alloc(&copy, fold->epochs, sizeof *copy, "epochs"));
    if (fold->epochs) {
        memcpy(copy, epochs, fold->epochs * sizeof *copy);
        fold->loss = epochs[fold->epochs - 1].loss;
        fold->accuracy = epochs[fold->epochs - 1].accuracy;
    }
    fold->history = copy;
    return WEFT_OK;
}

static weft_status score_training(weft_fold *fold, const weft_classifier *classifier,
    const weft_view *train, weft_context *context)
{
    weft_evaluation *evaluation;
    WEFT_TRY(weft_evaluate(&evaluation, classifier, train, NULL, context));
    fold->loss = weft_evaluation_scores(evaluation)->log_loss;
    fold->accuracy = weft_evaluation_scores(evaluation)->accuracy;
    weft_evaluation_free(evaluation);
    return WEFT_OK;
}

/* A temperature would be fitted on the pictures that judge it. */
static weft_status check_calibration(const weft_classifier *classifier)
{
    char value[16];
    if (weft_classifier_get(classifier, "calibrate", value, sizeof value) == WEFT_OK &&
        strcmp(value, "none") != 0)
        return weft_fail(WEFT_EINVAL,
            "%s: calibrate=%s has no pictures of its own here: calibrate the final model",
            weft_classifier_describe(classifier)->name, value);
    return WEFT_OK;
}

static weft_status run(weft_fold *fold, weft_classifier *classifier,
    const weft__fold_task *task, weft_context *context)
{
    WEFT_TRY(check_calibration(classifier));
    double fitted = task->from + task->fit_share, began = weft__now();
    weft__overall_part(task->overall, task->from, fitted);
    WEFT_TRY(weft_classifier_fit(
        classifier, task->train, task->watch ? task->validation : NULL, context));
    fold->fit_seconds = weft__now() - began;
    WEFT_TRY(keep_history(fold, classifier));
    weft__overall_part(task->overall, fitted, task->from + 1);
    weft_evaluation *evaluation;
    WEFT_TRY(weft_evaluate(
        &evaluation, classifier, task->validation, &fold->predict_seconds, context));
    fold->evaluation = evaluation;
    if (task->train_scores)
        WEFT_TRY(score_training(fold, classifier, task->train, context));
    weft__overall_part(task->overall, task->from + 1, task->from + 1);
    return WEFT_OK;
}

weft_status weft__fold_run(weft_fold *out, weft_classifier *classifier,
    const weft__fold_task *task, weft_context *context)
{
    weft_fold fold = {.train_count = task->train->count, .loss = NAN, .accuracy = NAN};
    weft_status status = run(&fold, classifier, task, context);
    if (status == WEFT_OK)
        *out = fold;
    else
        weft__fold_clear(&fold);
    return status;
}

void weft__fold_clear(weft_fold *fold)
{
    /* Made by weft__fold_run, read-only to everybody else. */
    weft_evaluation_free((weft_evaluation *)(uintptr_t)fold->evaluation);
    free((void *)(uintptr_t)fold->history);
    *fold = (weft_fold){0};
}
