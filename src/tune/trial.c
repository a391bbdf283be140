/* A trial: fits and scores on every split. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "eval/classifier_json.h"
#include "eval/evaluation.h"
#include "eval/fold.h"
#include "tune/tuning.h"

weft_status weft__plan_rungs(weft_tuning *t)
{
    const weft_tune_options *o = &t->options;
    weft_classifier *first;
    char epochs[32] = "";
    size_t classes = weft_dataset_classes(t->train.data);
    t->rungs[0] = (weft__rung){t->trial_count, 1};
    t->rung_count = 1;
    if (!o->halving)
        return WEFT_OK;
    WEFT_TRY(weft__trial_classifier(&first, t, 0));
    t->by_epochs = weft_param_find(weft_classifier_describe(first)->params, "epochs");
    weft_status status = t->by_epochs
                             ? weft_classifier_get(first, "epochs", epochs, sizeof epochs)
                             : WEFT_OK;
    weft_classifier_free(first);
    WEFT_TRY(status);
    for (size_t i = 0; i < t->space.count; i++)
        if (t->by_epochs && strcmp(t->space.dimensions[i].name, "epochs") == 0)
            return weft_fail(WEFT_EINVAL,
                "epochs: cannot be searched over and be halved at the same time");
    /* The least that makes sense: an epoch, or scikit-learn's `smallest`. */
    double all = t->by_epochs ? strtod(epochs, NULL) : (double)t->train.count;
    double least = t->by_epochs ? 1 : (double)(2 * classes * t->splits);
    double factor = (double)o->factor, resource = 1;
    for (size_t n = t->trial_count; n >= o->factor && resource * all / factor >= least &&
                                    t->rung_count < WEFT__MOST_RUNGS;
         n = (n + o->factor - 1) / o->factor) {
        resource /= factor;
        t->rung_count++;
    }
    size_t count = t->trial_count;
    for (size_t r = 0; r < t->rung_count; r++) {
        t->rungs[r] = (weft__rung){count, r + 1 == t->rung_count ? 1 : resource};
        resource *= factor;
        count = (count + o->factor - 1) / o->factor;
    }
    return WEFT_OK;
}

weft_status weft__trial_classifier(
    weft_classifier **out, const weft_tuning *t, size_t number)
{
    const weft_tune_options *o = &t->options;
    const char *const *values = (const char *const *)t->values + number * t->space.count;
    return weft__space_classifier(
        out, o->classifier, o->fixed, o->fixed_count, &t->space, values, o->seed);
}

/* What a trial works with. */
struct work {
    const weft_tuning *tuning;
    const weft__claim *claim;
    weft_classifier *classifier;
    uint32_t *train_index, *validation_index, *share_index; /* train.count each */
    uint8_t *share;
    weft__overall *overall;
    weft_fold *folds; /* tuning->splits */
};

static weft_status set_epochs(struct work *w)
{
    char text[32];
    if (!w->tuning->by_epochs || !w->tuning->options.halving)
        return WEFT_OK;
    WEFT_TRY(weft_classifier_get(w->classifier, "epochs", text, sizeof text));
    double epochs = fmax(1, round(strtod(text, NULL) * w->claim->resource));
    snprintf(text, sizeof text, "%.0f", epochs);
    return weft_classifier_set(w->classifier, "epochs", text);
}

/* A share of the training pictures, class by class. */
static weft_status take_share(struct work *w, weft_view *train)
{
    double resource = w->claim->resource;
    const double ratios[] = {resource, 1 - resource};
    if (resource >= 1 || w->tuning->by_epochs)
        return WEFT_OK;
    WEFT_TRY(weft_split_ratios(w->share, train, ratios, 2, w->tuning->options.seed));
    *train = weft_view_part(train, w->share, 0, 1, w->share_index);
    return WEFT_OK;
}

static weft_status run_split(
    struct work *w, size_t split, double from, weft_context *context)
{
    const weft_tuning *t = w->tuning;
    weft_view train = t->train, validation = t->validation;
    if (t->assignment) {
        uint8_t held = t->options.folds ? (uint8_t)split : 1;
        train = weft_view_part(&t->train, t->assignment, held, 0, w->train_index);
        validation = weft_view_part(&t->train, t->assignment, held, 1, w->validation_index);
    }
    WEFT_TRY(take_share(w, &train));
    const weft__fold_task task = {.train = &train,
        .validation = &validation,
        .watch = true,
        .overall = w->overall,
        .from = from,
        .fit_share = 0.9};
    return weft__fold_run(&w->folds[split], w->classifier, &task, context);
}

static json_t *column(const struct work *w, double (*figure)(const weft_fold *fold))
{
    json_t *values = json_array();
    for (size_t i = 0; i < w->tuning->splits; i++)
        json_array_append_new(values, weft__json_real(figure(&w->folds[i])));
    return values;
}

static double accuracy_of(const weft_fold *fold)
{
    return weft_evaluation_scores(fold->evaluation)->accuracy;
}

static double f1_of(const weft_fold *fold)
{
    return weft_evaluation_scores(fold->evaluation)->macro.f1;
}

static double log_loss_of(const weft_fold *fold)
{
    return -weft_evaluation_scores(fold->evaluation)->log_loss;
}

static double fit_time_of(const weft_fold *fold)
{
    return fold->fit_seconds;
}

static double score_time_of(const weft_fold *fold)
{
    return fold->predict_seconds;
}

/* Under the names of weft_scoring, so that a score is found by its name. */
static weft_status write_result(char **out, double *score, const struct work *w)
{
    static double (*const scorings[])(const weft_fold *) = {
        accuracy_of, f1_of, log_loss_of};
    json_t *curves = json_array();
    size_t splits = w->tuning->splits;
    for (size_t i = 0; i < splits; i++)
        json_array_append_new(
            curves, weft__history_json(w->folds[i].history, w->folds[i].epochs));
    json_t *json =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:o}", "accuracy", column(w, accuracy_of),
            "f1_macro", column(w, f1_of), "neg_log_loss", column(w, log_loss_of),
            "fit_time", column(w, fit_time_of), "score_time", column(w, score_time_of),
            "train_count", (json_int_t)w->folds[0].train_count, "history", curves);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    if (!text)
        return weft_fail(WEFT_ENOMEM, "no memory for a trial's results");
    *score = 0;
    for (size_t i = 0; i < splits; i++)
        *score += scorings[w->tuning->options.scoring](&w->folds[i]) / (double)splits;
    *out = text;
    return WEFT_OK;
}

static weft_status allocate(struct work *w)
{
    size_t count = w->tuning->train.count;
    WEFT_TRY(weft__alloc(&w->train_index, count, sizeof(uint32_t), "a split"));
    WEFT_TRY(weft__alloc(&w->validation_index, count, sizeof(uint32_t), "a split"));
    WEFT_TRY(weft__alloc(&w->share_index, count, sizeof(uint32_t), "a split"));
    WEFT_TRY(weft__alloc(&w->share, count, 1, "a split"));
    return weft__calloc(&w->folds, w->tuning->splits, sizeof *w->folds, "splits");
}

static weft_status run(struct work *w, double from, weft_context *context)
{
    WEFT_TRY(allocate(w));
    WEFT_TRY(weft__trial_classifier(&w->classifier, w->tuning, (size_t)w->claim->number));
    WEFT_TRY(set_epochs(w));
    for (size_t i = 0; i < w->tuning->splits; i++)
        WEFT_TRY(run_split(w, i, from + (double)i, context));
    return WEFT_OK;
}

weft_status weft__run_trial(char **result, double *score, const weft_tuning *tuning,
    const weft__claim *claim, weft__overall *overall, double from, weft_context *context)
{
    struct work w = {.tuning = tuning, .claim = claim, .overall = overall};
    weft_status status = run(&w, from, context);
    if (status == WEFT_OK)
        status = write_result(result, score, &w);
    for (size_t i = 0; w.folds && i < tuning->splits; i++)
        weft__fold_clear(&w.folds[i]);
    weft_classifier_free(w.classifier);
    free(w.folds);
    free(w.train_index);
    free(w.validation_index);
    free(w.share_index);
    free(w.share);
    return status;
}
