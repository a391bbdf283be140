#include "eval/crossvalidation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "eval/classifier_json.h"
#include "eval/fold.h"

/* Until a fold has shown how the time divides between fitting and predicting. */
static const double FIT_SHARE = 0.9;

weft_crossvalidation_options weft_crossvalidation_defaults(void)
{
    return (weft_crossvalidation_options){.folds = 5, .seed = 1};
}

static weft_status remember(weft_crossvalidation *cv, const weft_classifier *classifier,
    const weft_view *view, const weft_crossvalidation_options *options)
{
    cv->options = *options;
    cv->options.groups = NULL;
    cv->options.source = cv->options.command = NULL;
    cv->grouped = options->groups != NULL;
    WEFT_TRY(weft__strdup(&cv->source, options->source));
    WEFT_TRY(weft__strdup(&cv->command, options->command));
    WEFT_TRY(weft__strdup(&cv->name, weft_classifier_describe(classifier)->name));
    cv->classifier_options = weft__options_json(classifier);
    cv->view = *view;
    if (view->index) {
        WEFT_TRY(weft__alloc(&cv->index, view->count, sizeof *cv->index, "a view"));
        memcpy(cv->index, view->index, view->count * sizeof *cv->index);
        cv->view.index = cv->index;
    }
    WEFT_TRY(weft__alloc(&cv->assignment, view->count, 1, "folds"));
    return weft__calloc(&cv->folds, options->folds, sizeof *cv->folds, "folds");
}

static weft_status divide(
    weft_crossvalidation *cv, const weft_crossvalidation_options *options)
{
    if (options->groups)
        WEFT_TRY(weft_split_groups(
            cv->assignment, &cv->view, options->groups, options->folds, options->seed));
    else
        WEFT_TRY(
            weft_split_folds(cv->assignment, &cv->view, options->folds, options->seed));
    size_t counts[256] = {0};
    for (size_t i = 0; i < cv->view.count; i++)
        counts[cv->assignment[i]]++;
    for (size_t f = 0; f < options->folds; f++)
        if (counts[f] == 0)
            return weft_fail(WEFT_EINVAL, "%zu pictures in %zu folds: fold %zu has none",
                cv->view.count, options->folds, f + 1);
    return WEFT_OK;
}

static weft_status run_folds(weft_crossvalidation *cv, weft_classifier *classifier,
    uint32_t *train_index, uint32_t *fold_index, weft__overall *overall,
    weft_context *context)
{
    double share = FIT_SHARE;
    for (size_t f = 0; f < cv->options.folds; f++) {
        weft_view train =
            weft_view_part(&cv->view, cv->assignment, (uint8_t)f, 0, train_index);
        weft_view fold =
            weft_view_part(&cv->view, cv->assignment, (uint8_t)f, 1, fold_index);
        const weft__fold_task task = {.train = &train,
            .validation = &fold,
            .watch = cv->options.watch,
            .train_scores = cv->options.train_scores,
            .overall = overall,
            .from = (double)f,
            .fit_share = share};
        double began = weft__now();
        WEFT_TRY(weft__fold_run(&cv->folds[f], classifier, &task, context));
        share = cv->folds[f].fit_seconds / fmax(weft__now() - began, 1e-9);
    }
    return WEFT_OK;
}

/* Every picture's probabilities from the fold it was in. */
static weft_status assemble(weft_crossvalidation *cv)
{
    size_t classes = weft_dataset_classes(cv->view.data), cells;
    float *probabilities = NULL;
    uint16_t *truth = NULL;
    const char **names = NULL;
    size_t next[256] = {0}; /* each fold's row */
    if (!weft__mul(&cells, cv->view.count, classes))
        return weft_fail(WEFT_ENOMEM, "%zu pictures of %zu classes are too many",
            cv->view.count, classes);
    weft_status status =
        weft__alloc(&probabilities, cells, sizeof *probabilities, "probabilities");
    if (status == WEFT_OK)
        status = weft__alloc(&truth, cv->view.count, sizeof *truth, "labels");
    if (status == WEFT_OK)
        status = weft__alloc(&names, classes, sizeof *names, "class names");
    for (size_t i = 0; status == WEFT_OK && i < cv->view.count; i++) {
        const weft_evaluation *e = cv->folds[cv->assignment[i]].evaluation;
        memcpy(probabilities + i * classes,
            weft_evaluation_probabilities(e) + next[cv->assignment[i]]++ * classes,
            classes * sizeof *probabilities);
        truth[i] = weft_view_label(&cv->view, i);
    }
    for (size_t k = 0; status == WEFT_OK && k < classes; k++)
        names[k] = weft_dataset_class_name(cv->view.data, k);
    if (status == WEFT_OK)
        status = weft_evaluation_create(
            &cv->evaluation, probabilities, truth, cv->view.count, classes, names);
    free(probabilities);
    free(truth);
    free(names);
    return status;
}

static weft_status run(
    weft_crossvalidation *cv, weft_classifier *classifier, weft_context *context)
{
    uint32_t *index;
    size_t room;
    weft__overall overall;
    char task[96];
    if (!weft__mul(&room, cv->view.count, 2))
        return weft_fail(WEFT_ENOMEM, "%zu pictures are too many", cv->view.count);
    WEFT_TRY(weft__alloc(&index, room, sizeof *index, "folds"));
    snprintf(task, sizeof task, "cross-validating %s", cv->name);
    weft__overall_begin(&overall, context, task, "folds", (double)cv->options.folds);
    weft_status status =
        run_folds(cv, classifier, index, index + cv->view.count, &overall, context);
    weft__overall_end(&overall);
    free(index);
    WEFT_TRY(status);
    return assemble(cv);
}

weft_status weft_crossvalidate(weft_crossvalidation **out, weft_classifier *classifier,
    const weft_view *view, const weft_crossvalidation_options *options,
    weft_context *context)
{
    weft_crossvalidation *cv;
    if (options->folds < 2 || options->folds > 255)
        return weft_fail(WEFT_EINVAL, "%zu folds: expected 2 to 255", options->folds);
    if (!weft_dataset_labels(view->data))
        return weft_fail(WEFT_EINVAL, "the pictures have no labels to validate against");
    WEFT_TRY(weft__calloc(&cv, 1, sizeof *cv, "a cross-validation"));
    cv->machine = weft__this_machine();
    cv->threads = weft_context_threads(context);
    weft__utc_now(cv->began);
    weft_status status = remember(cv, classifier, view, options);
    if (status == WEFT_OK)
        status = divide(cv, options);
    if (status == WEFT_OK)
        status = run(cv, classifier, context);
    if (status == WEFT_OK)
        *out = cv;
    else
        weft_crossvalidation_free(cv);
    return status;
}

void weft_crossvalidation_free(weft_crossvalidation *cv)
{
    if (!cv)
        return;
    for (size_t f = 0; cv->folds && f < cv->options.folds; f++)
        weft__fold_clear(&cv->folds[f]);
    free(cv->folds);
    weft_evaluation_free(cv->evaluation);
    json_decref(cv->classifier_options);
    free(cv->assignment);
    free(cv->index);
    free(cv->source);
    free(cv->command);
    free(cv->name);
    free(cv);
}

size_t weft_crossvalidation_count(const weft_crossvalidation *cv)
{
    return cv->options.folds;
}

const weft_fold *weft_crossvalidation_fold(const weft_crossvalidation *cv, size_t index)
{
    return index < cv->options.folds ? &cv->folds[index] : NULL;
}

const weft_evaluation *weft_crossvalidation_evaluation(const weft_crossvalidation *cv)
{
    return cv->evaluation;
}

const uint8_t *weft_crossvalidation_assignment(const weft_crossvalidation *cv)
{
    return cv->assignment;
}

static double figure_of(const weft_fold *fold, weft_fold_figure figure)
{
    const weft_scores *scores = weft_evaluation_scores(fold->evaluation);
    switch (figure) {
    case WEFT_FOLD_LOSS:
        return fold->loss;
    case WEFT_FOLD_ACCURACY:
        return fold->accuracy;
    case WEFT_FOLD_VAL_LOSS:
        return scores->log_loss;
    case WEFT_FOLD_VAL_ACCURACY:
        return scores->accuracy;
    case WEFT_FOLD_VAL_F1:
        return scores->macro.f1;
    }
    return NAN;
}

weft_spread weft_crossvalidation_spread(
    const weft_crossvalidation *cv, weft_fold_figure figure)
{
    double values[256];
    for (size_t f = 0; f < cv->options.folds; f++)
        values[f] = figure_of(&cv->folds[f], figure);
    return weft_spread_of(values, cv->options.folds);
}
