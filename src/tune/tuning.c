#include "tune/tuning.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/mem.h"
#include "eval/evaluation.h"

/* Between looks at whether another process has ended its trial. */
static const long POLL_NANOSECONDS = 100 * 1000 * 1000;

weft_tune_options weft_tune_defaults(void)
{
    return (weft_tune_options){.validation = 0.2, .factor = 3, .seed = 1};
}

/* ---- Opening ---- */

static weft_status check_options(const weft_tune_options *o, const weft_view *train)
{
    if (!weft_dataset_labels(train->data))
        return weft_fail(WEFT_EINVAL, "the training pictures have no labels to tune by");
    if (o->folds == 1 || o->folds > 255)
        return weft_fail(
            WEFT_EINVAL, "%zu folds: expected 2 to 255, or 0 to hold out", o->folds);
    if (!(o->validation > 0 && o->validation < 1))
        return weft_fail(WEFT_EINVAL, "validation share %g: expected above 0 and below 1",
            o->validation);
    if (o->groups && !o->folds)
        return weft_fail(WEFT_EINVAL, "groups need folds");
    if (o->halving && (o->factor < 2 || o->factor > 100))
        return weft_fail(WEFT_EINVAL, "factor %zu: expected 2 to 100", o->factor);
    if (o->threads < 0 || !(o->budget >= 0))
        return weft_fail(WEFT_EINVAL,
            "%d threads, a budget of %g seconds: expected none "
            "or more",
            o->threads, o->budget);
    return WEFT_OK;
}

static weft_status copy_texts(
    const char *const **out, const char *const *texts, size_t count)
{
    char **copies;
    WEFT_TRY(weft__calloc(&copies, count, sizeof *copies, "options"));
    *out = (const char *const *)copies;
    for (size_t i = 0; i < count; i++)
        WEFT_TRY(weft__strdup(&copies[i], texts[i]));
    return WEFT_OK;
}

static weft_status copy_text(const char **out, const char *text)
{
    char *copy;
    WEFT_TRY(weft__strdup(&copy, text));
    *out = copy;
    return WEFT_OK;
}

static weft_status copy_options(weft_tuning *t, const weft_tune_options *o)
{
    weft_tune_options *to = &t->options;
    *to = *o;
    to->classifier = to->store = to->source = to->command = NULL;
    to->fixed = to->space = NULL;
    to->groups = NULL;
    WEFT_TRY(copy_text(&to->classifier, o->classifier));
    WEFT_TRY(copy_text(&to->store, o->store));
    WEFT_TRY(copy_text(&to->source, o->source));
    WEFT_TRY(copy_text(&to->command, o->command));
    WEFT_TRY(copy_texts(&to->fixed, o->fixed, o->fixed_count));
    return copy_texts(&to->space, o->space, o->space_count);
}

/* A wrong option is told now, not by a trial. */
static weft_status check_classifier(const weft_tuning *t)
{
    weft_classifier *classifier;
    WEFT_TRY(weft__trial_classifier(&classifier, t, 0));
    weft_classifier_free(classifier);
    for (size_t i = 0; i < t->options.fixed_count; i++)
        for (size_t d = 0; d < t->space.count; d++) {
            const char *name = t->space.dimensions[d].name, *fixed = t->options.fixed[i];
            size_t n = strlen(name);
            if (strncmp(fixed, name, n) == 0 && fixed[n] == '=')
                return weft_fail(WEFT_EINVAL, "%s: is both given and searched over", name);
        }
    return WEFT_OK;
}

static weft_status divide(weft_tuning *t, const weft_tune_options *o)
{
    const double ratios[] = {1 - o->validation, o->validation};
    t->splits = o->folds ? o->folds : 1;
    if (!o->folds && t->validation.count)
        return WEFT_OK;
    t->validation = (weft_view){0};
    WEFT_TRY(weft__alloc(&t->assignment, t->train.count, 1, "a split"));
    if (o->groups)
        return weft_split_groups(t->assignment, &t->train, o->groups, o->folds, o->seed);
    if (o->folds)
        return weft_split_folds(t->assignment, &t->train, o->folds, o->seed);
    return weft_split_ratios(t->assignment, &t->train, ratios, 2, o->seed);
}

/* ["3","uniform"] */
static weft_status values_json(char **out, const weft_tuning *t, size_t number)
{
    json_t *values = json_object();
    for (size_t i = 0; i < t->space.count; i++)
        json_object_set_new(values, t->space.dimensions[i].name,
            weft__json_text(t->values[number * t->space.count + i]));
    *out = json_dumps(values, JSON_COMPACT);
    json_decref(values);
    return *out ? WEFT_OK : weft_fail(WEFT_ENOMEM, "no memory for a trial's options");
}

static weft_status create_trials(
    weft_tuning *t, const char *identity, const weft_run_start *start)
{
    char **values;
    WEFT_TRY(weft__calloc(&values, t->trial_count, sizeof *values, "trials"));
    weft_status status = WEFT_OK;
    for (size_t i = 0; status == WEFT_OK && i < t->trial_count; i++)
        status = values_json(&values[i], t, i);
    if (status == WEFT_OK)
        status = weft__trials_create(&t->trials, t->store, identity, start,
            (const char *const *)values, t->trial_count, t->rungs[0].resource);
    weft__values_free(values, t->trial_count);
    return status;
}

static weft_status find_or_create(weft_tuning *t, weft_context *context)
{
    const weft_tune_options *o = &t->options;
    char identity[WEFT__DIGEST_TEXT];
    WEFT_TRY(weft__tuning_identity(identity, t));
    weft_status status = weft__trials_find(&t->trials, t->store, identity);
    if (status == WEFT_ENOTFOUND && (o->resume || o->helper))
        return weft_fail(WEFT_ENOTFOUND,
            "%s: this search was not begun before: nothing to resume",
            weft_store_path(t->store));
    if (status == WEFT_ENOTFOUND) {
        const weft_run_start start = {.kind = "tune",
            .name = o->classifier,
            .command = o->command,
            .data = o->source,
            .train = &t->train,
            .validation = t->validation.count ? &t->validation : NULL,
            .seed = o->seed,
            .threads = o->threads ? o->threads : weft_context_threads(context)};
        status = create_trials(t, identity, &start);
    }
    WEFT_TRY(status);
    return o->helper ? WEFT_OK : weft__trials_lead(&t->trials);
}

static weft_status open_tuning(weft_tuning *t, const weft_tune_options *options,
    const weft_view *train, const weft_view *validation, weft_context *context)
{
    WEFT_TRY(check_options(options, train));
    WEFT_TRY(copy_options(t, options));
    t->train = *train;
    if (validation)
        t->validation = *validation;
    WEFT_TRY(weft__space_read(
        &t->space, options->space, options->space_count, options->classifier));
    WEFT_TRY(weft__space_trials(
        &t->values, &t->trial_count, &t->space, options->trials, options->seed));
    WEFT_TRY(check_classifier(t));
    WEFT_TRY(divide(t, options));
    WEFT_TRY(weft__plan_rungs(t));
    WEFT_TRY(weft_store_open(&t->store, options->store, true));
    WEFT_TRY(find_or_create(t, context));
    return weft__read_results(t);
}

weft_status weft_tuning_open(weft_tuning **out, const weft_tune_options *options,
    const weft_view *train, const weft_view *validation, weft_context *context)
{
    weft_tuning *t;
    WEFT_TRY(weft__calloc(&t, 1, sizeof *t, "a search"));
    t->began = weft__now();
    weft_status status = open_tuning(t, options, train, validation, context);
    if (status == WEFT_OK)
        *out = t;
    else
        weft_tuning_free(t);
    return status;
}

void weft_tuning_free(weft_tuning *t)
{
    if (!t)
        return;
    weft__clear_results(t);
    weft_store_close(t->store);
    weft__values_free(t->values, t->trial_count * t->space.count);
    weft__space_clear(&t->space);
    free(t->assignment);
    /* Copies made by copy_options. */
    const weft_tune_options *o = &t->options;
    weft__values_free((char **)(uintptr_t)o->fixed, o->fixed_count);
    weft__values_free((char **)(uintptr_t)o->space, o->space_count);
    free((char *)(uintptr_t)o->classifier);
    free((char *)(uintptr_t)o->store);
    free((char *)(uintptr_t)o->source);
    free((char *)(uintptr_t)o->command);
    free(t);
}

/* ---- Working ---- */

/* Whether the trial itself cannot work, rather than the machine it runs on. */
static bool is_trials_own(weft_status status)
{
    return status == WEFT_EINVAL || status == WEFT_EFORMAT || status == WEFT_ENUMERIC ||
           status == WEFT_EUNSUPPORTED || status == WEFT_ENOTFOUND;
}

static weft_status run_claim(weft_tuning *t, const weft__claim *claim,
    weft__overall *overall, double from, weft_context *context)
{
    char *result = NULL, why[1024];
    double score = NAN;
    weft_status status = weft__run_trial(&result, &score, t, claim, overall, from, context);
    if (status == WEFT_OK)
        status = weft__trials_record(&t->trials, claim, score, result, NULL);
    else if (is_trials_own(status)) {
        snprintf(why, sizeof why, "%s", weft_error());
        status = weft__trials_record(&t->trials, claim, NAN, NULL, why);
    } else {
        snprintf(why, sizeof why, "%s", weft_error());
        if (weft__trials_release(&t->trials, claim) == WEFT_OK)
            (void)weft_fail(status, "%s", why);
    }
    free(result);
    return status;
}

/* The best of the last rung wait in the next; *more tells whether there are any. */
static weft_status promote(weft_tuning *t, bool *more)
{
    *more = false;
    WEFT_TRY(weft__read_results(t));
    size_t rung = 0;
    for (size_t i = 0; i < t->result_count; i++)
        rung = t->results[i].trial.rung > rung ? t->results[i].trial.rung : rung;
    if (rung + 1 >= t->rung_count)
        return WEFT_OK;
    const weft__rung *next = &t->rungs[rung + 1];
    int64_t *numbers;
    WEFT_TRY(weft__alloc(&numbers, next->count, sizeof *numbers, "trials"));
    size_t count = weft__best_of_rung(t, rung, numbers, next->count);
    weft_status status =
        weft__trials_promote(&t->trials, (int64_t)rung + 1, numbers, count, next->resource);
    free(numbers);
    *more = count > 0;
    return status;
}

static weft_status work(weft_tuning *t, weft__overall *overall, weft_context *context)
{
    double from = 0;
    bool more = true;
    while (more) {
        weft__claim claim;
        if (weft_context_cancelled(context))
            return weft_fail(WEFT_ECANCELLED, "cancelled");
        if (t->options.budget > 0 && weft__now() - t->began >= t->options.budget)
            return WEFT_OK;
        WEFT_TRY(weft__trials_claim(&claim, &t->trials));
        if (claim.trial) {
            WEFT_TRY(run_claim(t, &claim, overall, from, context));
            from += (double)t->splits;
        } else if (claim.others) {
            nanosleep(&(struct timespec){.tv_nsec = POLL_NANOSECONDS}, NULL);
        } else {
            WEFT_TRY(promote(t, &more));
        }
    }
    return WEFT_OK;
}

weft_status weft_tuning_work(weft_tuning *t, weft_context *context)
{
    weft_tuning_state state;
    weft__overall overall;
    char task[96];
    if (weft_context_threads(context) != t->trials.threads)
        return weft_fail(WEFT_EINVAL,
            "this search was begun with %d threads a trial: it cannot go on with %d",
            t->trials.threads, weft_context_threads(context));
    WEFT_TRY(weft_tuning_progress(&state, t));
    snprintf(task, sizeof task, "tuning %s", t->options.classifier);
    weft__overall_begin(&overall, context, task, t->splits > 1 ? "fits" : "trials",
        (double)((state.trials - state.ended) * t->splits));
    overall.silent = true; /* what a trial should have done better is no news */
    weft_status status = work(t, &overall, context);
    weft__overall_end(&overall);
    return status;
}

weft_status weft_tuning_progress(weft_tuning_state *out, weft_tuning *t)
{
    weft__trials_progress progress;
    size_t all = 0;
    WEFT_TRY(weft__trials_progress_of(&progress, &t->trials));
    for (size_t r = 0; r < t->rung_count; r++)
        all += t->rungs[r].count;
    /* Fewer reach a rung where trials have failed. */
    bool complete = progress.ended == progress.trials &&
                    (progress.rung + 1 == (int64_t)t->rung_count || progress.none_done);
    *out = (weft_tuning_state){.trials = complete ? (size_t)progress.trials : all,
        .ended = (size_t)progress.ended,
        .best = progress.best,
        .complete = complete};
    return WEFT_OK;
}

weft_status weft_tuning_refresh(weft_tuning *t)
{
    return weft__read_results(t);
}

weft_status weft_tuning_end(weft_tuning *t, weft_status status)
{
    char why[1024];
    if (!t->trials.leads)
        return status;
    snprintf(why, sizeof why, "%s", weft_error());
    weft_status ended = weft_store_end(t->store, t->trials.run, status);
    t->trials.leads = false;
    return status == WEFT_OK ? ended : weft_fail(status, "%s", why);
}

weft_status weft_tune(weft_tuning **out, const weft_tune_options *options,
    const weft_view *train, const weft_view *validation, weft_context *context)
{
    weft_tuning *t;
    WEFT_TRY(weft_tuning_open(&t, options, train, validation, context));
    weft_status status = weft_tuning_end(t, weft_tuning_work(t, context));
    if (status == WEFT_OK || status == WEFT_ECANCELLED) {
        weft_status read = weft_tuning_refresh(t);
        status = status == WEFT_OK ? read : status;
    }
    if (status == WEFT_OK || status == WEFT_ECANCELLED)
        *out = t;
    else
        weft_tuning_free(t);
    return status;
}

weft_status weft_tuning_fit(
    weft_classifier **out, const weft_tuning *t, weft_context *context)
{
    weft_classifier *classifier;
    const weft_trial *best = weft_tuning_trial(t, 0);
    if (!best || best->status != WEFT_TRIAL_DONE)
        return weft_fail(WEFT_ENOTFOUND, "no trial is done: nothing to fit");
    WEFT_TRY(weft__trial_classifier(&classifier, t, best->number));
    weft_status status = weft_classifier_fit(
        classifier, &t->train, t->validation.count ? &t->validation : NULL, context);
    if (status == WEFT_OK)
        *out = classifier;
    else
        weft_classifier_free(classifier);
    return status;
}

/* ---- What there is ---- */

int weft_tuning_threads(const weft_tuning *t)
{
    return t->trials.threads;
}

size_t weft_tuning_dimensions(const weft_tuning *t)
{
    return t->space.count;
}

const char *weft_tuning_dimension(const weft_tuning *t, size_t index)
{
    return index < t->space.count ? t->space.dimensions[index].name : NULL;
}

size_t weft_tuning_count(const weft_tuning *t)
{
    return t->order_count;
}

const weft_trial *weft_tuning_trial(const weft_tuning *t, size_t index)
{
    return index < t->order_count ? &t->results[t->order[index]].trial : NULL;
}
