/* Runs a study's experiments, one after the other, and writes each down as it ends. */
#include <stdlib.h>
#include <unistd.h>

#include "core/events.h"
#include "core/file.h"
#include "core/machine.h"
#include "core/mem.h"
#include "core/text.h"
#include "eval/classifier_json.h"
#include "eval/evaluation.h"
#include "eval/study.h"
#include "weft/weft.h"

static const double CHECKPOINT_SECONDS = 30;

weft_study_options weft_study_defaults(void)
{
    return (weft_study_options){0};
}

/* What is needed while runs are made. */
struct running {
    weft_study_results *results;
    const weft_study_options *options;
    weft_context *context;
};

/* One run under way. */
struct attempt {
    struct running *running;
    weft__study_run *run;
    weft__contender contender;
    weft__division division;
    char *path, *checkpoint; /* of the record; of what a stopped training needs to go on */
    json_t *record;
    double fit_seconds;
};

static weft_status say(const struct attempt *a, weft_study_event event)
{
    const weft_study_options *o = a->running->options;
    if (!o->on_event)
        return WEFT_OK;
    event.experiment = a->run->experiment;
    event.seed = a->run->seed;
    event.fold = a->run->experiment->protocol.folds ? a->run->fold + 1 : 0;
    event.classifier = a->contender.classifier;
    event.train = &a->division.train;
    event.validation = a->division.validation.count ? &a->division.validation : NULL;
    event.fit_seconds = a->fit_seconds;
    return o->on_event(o->user, &event);
}

static weft_status take_written(struct running *w, weft__study_run *run)
{
    weft__contender contender;
    char key[65], *path = NULL;
    WEFT_TRY(weft__study_classifier(&contender, run, w->results->quick));
    run->expected =
        weft__study_guess(run, contender.classifier, w->results->data, w->context);
    weft_status status = weft__record_key(
        key, run, contender.classifier, w->results->data, w->results->quick);
    if (status == WEFT_OK)
        status = weft__path_join(&path, w->options->folder, run->file);
    if (status == WEFT_OK)
        status = weft__record_load(&run->record, path, key, contender.classifier);
    free(path);
    weft__contender_clear(&contender);
    return status;
}

/* A checkpoint that was made otherwise, or is damaged, is of no use: begins anew. */
static weft_status fit(struct attempt *a)
{
    weft_context *context = a->running->context;
    weft_classifier *classifier = a->contender.classifier;
    const weft_view *train = &a->division.train;
    const weft_view *validation =
        a->division.validation.count ? &a->division.validation : NULL;
    bool resumes = access(a->checkpoint, F_OK) == 0;
    WEFT_TRY(
        weft_classifier_checkpoint(classifier, a->checkpoint, CHECKPOINT_SECONDS, resumes));
    double began = weft__now();
    weft_status status = weft_classifier_fit(classifier, train, validation, context);
    if (resumes && (status == WEFT_EINVAL || status == WEFT_EFORMAT)) {
        weft__note(context, "begins anew: %s", weft_error());
        (void)unlink(a->checkpoint);
        status = weft_classifier_fit(classifier, train, validation, context);
    }
    if (status == WEFT_ENUMERIC)
        (void)unlink(a->checkpoint);
    a->fit_seconds = weft__now() - began;
    return status;
}

/* Keras' Precision() and Recall(): over all pictures and classes, where a class counts as
 * predicted when its probability is above one half. */
static void add_half_figures(json_t *json, const weft_evaluation *e)
{
    size_t count = weft_evaluation_scores(e)->count, classes = weft_evaluation_classes(e);
    const float *row = weft_evaluation_probabilities(e);
    const uint16_t *truth = weft_evaluation_truth(e);
    size_t predicted = 0, correct = 0;
    for (size_t i = 0; i < count; i++, row += classes)
        for (size_t k = 0; k < classes; k++)
            if (row[k] > 0.5f) {
                predicted++;
                correct += truth[i] == k;
            }
    double precision = predicted ? (double)correct / (double)predicted : 0;
    json_object_set_new(json, "precision_half", json_real(precision));
    json_object_set_new(json, "recall_half", json_real((double)correct / (double)count));
}

static weft_status score(struct attempt *a, const char *split, const weft_view *view)
{
    weft_evaluation *evaluation;
    json_t *json = NULL;
    double seconds;
    WEFT_TRY(weft_evaluate(
        &evaluation, a->contender.classifier, view, &seconds, a->running->context));
    weft_status status = weft__evaluation_json(&json, evaluation);
    if (status == WEFT_OK) {
        add_half_figures(json, evaluation);
        json_object_set_new(json, "seconds", json_real(seconds));
        json_object_set_new(a->record, split, json);
        status = say(
            a, (weft_study_event){
                   .moment = WEFT_STUDY_SCORE, .split = split, .evaluation = evaluation});
    }
    weft_evaluation_free(evaluation);
    return status;
}

/* What was asked, of what, and where. */
static weft_status describe_run(struct attempt *a)
{
    const weft_study_results *r = a->running->results;
    const weft__study_run *run = a->run;
    char key[65], now[32];
    size_t epoch_count;
    const weft_epoch *epochs =
        weft_classifier_history(a->contender.classifier, &epoch_count);
    weft__machine machine = weft__this_machine();
    weft__utc_now(now);
    WEFT_TRY(weft__record_key(key, run, a->contender.classifier, r->data, r->quick));
    a->record = json_pack(
        "{s:s, s:s, s:o, s:s, s:I, s:b, s:I, s:I, s:o, s:s, s:s, s:s, s:o, s:i, s:f, s:o}",
        "key", key, "experiment", run->experiment->name, "classifier",
        weft__json_text(a->contender.name), "protocol", run->experiment->protocol.text,
        "seed", (json_int_t)run->seed, "quick", r->quick, "train_count",
        (json_int_t)a->division.train.count, "validation_count",
        (json_int_t)a->division.validation.count, "options",
        weft__options_json(a->contender.classifier), "digest",
        weft_dataset_digest(r->data->train), "fitted", now, "weft", weft_version(),
        "processor", weft__json_text(machine.processor), "threads",
        weft_context_threads(a->running->context), "fit_seconds", a->fit_seconds, "history",
        weft__history_json(epochs, epoch_count));
    if (!a->record)
        return weft_fail(WEFT_ENOMEM, "no memory for a run's record");
    if (run->experiment->protocol.folds)
        json_object_set_new(a->record, "fold", json_integer(run->fold + 1));
    return WEFT_OK;
}

static weft_status fit_and_score(struct attempt *a)
{
    WEFT_TRY(say(a, (weft_study_event){.moment = WEFT_STUDY_BEGIN}));
    WEFT_TRY(fit(a));
    WEFT_TRY(describe_run(a));
    if (a->division.validation.count)
        WEFT_TRY(score(a, "validation", &a->division.validation));
    weft_view test = weft__division_test(&a->division);
    WEFT_TRY(say(a, (weft_study_event){.moment = WEFT_STUDY_TEST, .test = &test}));
    WEFT_TRY(score(a, "test", &test));
    return weft__record_save(a->record, a->path);
}

static weft_status prepare_attempt(struct attempt *a)
{
    weft_study_results *r = a->running->results;
    const weft_protocol *p = &a->run->experiment->protocol;
    WEFT_TRY(weft__study_classifier(&a->contender, a->run, r->quick));
    if (p->division == WEFT_DIVIDE_POOLED && !r->pooled)
        WEFT_TRY(weft_data_pool(&r->pooled, r->data));
    WEFT_TRY(weft__divide(&a->division, p, r->data, r->pooled, a->run->seed, a->run->fold));
    WEFT_TRY(weft__path_join(&a->path, a->running->options->folder, a->run->file));
    if (asprintf(&a->checkpoint, "%s.checkpoint", a->path) < 0) {
        a->checkpoint = NULL;
        return weft_fail(WEFT_ENOMEM, "no memory for a file name");
    }
    return WEFT_OK;
}

static weft_status run_one(struct running *w, weft__study_run *run)
{
    struct attempt a = {.running = w, .run = run};
    weft_status status = prepare_attempt(&a);
    if (status == WEFT_OK) {
        status = fit_and_score(&a);
        weft_status told =
            say(&a, (weft_study_event){.moment = WEFT_STUDY_END, .status = status});
        status = status == WEFT_OK ? told : status;
    }
    if (status == WEFT_OK) {
        (void)unlink(a.checkpoint);
        run->record = a.record;
    } else {
        json_decref(a.record);
    }
    free(a.path);
    free(a.checkpoint);
    weft__division_clear(&a.division);
    weft__contender_clear(&a.contender);
    return status;
}

static void tell(struct running *w, size_t at)
{
    char name[128], left[32];
    double minutes = weft_study_seconds_left(w->results) / 60;
    weft__study_say(name, sizeof name, &w->results->runs[at]);
    weft__format_fixed(minutes, minutes < 10 ? 1 : 0, left, sizeof left);
    weft__note(w->context, "%s (%zu of %zu), about %s min left in all", name, at + 1,
        w->results->run_count, left);
}

/* One's failure does not stop the others; a cancellation does. */
static weft_status run_all(struct running *w)
{
    weft_study_results *r = w->results;
    for (size_t i = 0; i < r->run_count; i++) {
        weft__study_run *run = &r->runs[i];
        if (run->record)
            continue;
        if (weft_context_cancelled(w->context))
            return weft_fail(WEFT_ECANCELLED, "cancelled: %zu of %zu runs have ended",
                weft_study_finished(r), r->run_count);
        tell(w, i);
        weft_status status = run_one(w, run);
        if (status != WEFT_OK && status != WEFT_ECANCELLED)
            WEFT_TRY(weft__strdup(&run->error, weft_error()));
    }
    for (size_t i = 0; i < r->run_count; i++)
        if (r->runs[i].error) {
            char name[128];
            weft__study_say(name, sizeof name, &r->runs[i]);
            return weft_fail(WEFT_EINVAL, "%s: %s", name, r->runs[i].error);
        }
    if (weft_study_finished(r) < r->run_count)
        return weft_fail(WEFT_ECANCELLED, "cancelled: %zu of %zu runs have ended",
            weft_study_finished(r), r->run_count);
    return WEFT_OK;
}

static weft_status prepare(struct running *w)
{
    const weft_study_options *options = w->options;
    weft_study_results *r = w->results;
    WEFT_TRY(weft__study_check(r->study, r->data));
    WEFT_TRY(weft__study_list(r, options));
    if (!options->plan)
        WEFT_TRY(weft__make_folder(w->options->folder));
    for (size_t i = 0; i < r->run_count; i++)
        WEFT_TRY(take_written(w, &r->runs[i]));
    return WEFT_OK;
}

weft_status weft_study_run(weft_study_results **out, const weft_study *study,
    const weft_data *data, const weft_study_options *options, weft_context *context)
{
    weft_study_results *r;
    WEFT_TRY(weft__calloc(&r, 1, sizeof *r, "a study's results"));
    r->study = study;
    r->data = data;
    r->quick = options->quick;
    struct running w = {.results = r, .options = options, .context = context};
    weft_status status = prepare(&w);
    if (status != WEFT_OK) {
        weft_study_results_free(r);
        return status;
    }
    *out = r;
    return options->plan ? WEFT_OK : run_all(&w);
}

void weft_study_results_free(weft_study_results *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->run_count; i++) {
        free(r->runs[i].file);
        free(r->runs[i].error);
        json_decref(r->runs[i].record);
    }
    free(r->runs);
    weft_dataset_free(r->pooled);
    free(r);
}

size_t weft_study_runs(const weft_study_results *r)
{
    return r->run_count;
}

size_t weft_study_finished(const weft_study_results *r)
{
    size_t finished = 0;
    for (size_t i = 0; i < r->run_count; i++)
        finished += r->runs[i].record != NULL;
    return finished;
}

void weft_study_progress(const weft_study_results *r, const weft_experiment *experiment,
    size_t *runs, size_t *finished)
{
    *runs = *finished = 0;
    for (size_t i = 0; i < r->run_count; i++) {
        bool own = r->runs[i].experiment == experiment;
        *runs += own;
        *finished += own && r->runs[i].record;
    }
}
