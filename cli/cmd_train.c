/* weft train: fits one classifier, and keeps it with the record of how it was made. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "budget.h"
#include "data_options.h"
#include "lr_find.h"
#include "output.h"
#include "place.h"
#include "record.h"

struct options {
    struct data_options data;
    struct store_options store;
    char *out;
    double validation, unknown;
    uint64_t seed;
    double checkpoint_seconds;
    bool resume, test, lr_find;
    char *recipe, *budget;
};

static const weft_param table[] = {
    DATA_WHERE(struct options, data),
    {"recipe", WEFT_PARAM_TEXT, offsetof(struct options, recipe), NULL, 0, 0, NULL,
        "in place of CLASSIFIER: fast, balanced or best, or a network's text with its "
        "training"},
    {"budget", WEFT_PARAM_TEXT, offsetof(struct options, budget), NULL, 0, 0, NULL,
        "networks: plan for so much time, such as 60s or 15m; without CLASSIFIER it "
        "chooses "
        "the recipe too"},
    {"out", WEFT_PARAM_TEXT, offsetof(struct options, out), NULL, 0, 0, NULL,
        "a run's folder, or a model's file ending in .safetensors; runs/NAME when not "
        "given"},
    {"validation", WEFT_PARAM_REAL, offsetof(struct options, validation), "0", 0, 0.9, NULL,
        "hold out this share of every class; 0: only what the data has set apart"},
    {"unknown", WEFT_PARAM_REAL, offsetof(struct options, unknown), "0", 0, 0.9, NULL,
        "also learn what is unlike training, with this share of false alarms, set on "
        "validation pictures; 0: not"},
    {"seed", WEFT_PARAM_COUNT, offsetof(struct options, seed), "1", 0, 4294967295.0, NULL,
        "what is drawn by chance depends on this alone"},
    {"test", WEFT_PARAM_FLAG, offsetof(struct options, test), "false", 0, 0, NULL,
        "open the test split at the end"},
    {"resume", WEFT_PARAM_FLAG, offsetof(struct options, resume), "false", 0, 0, NULL,
        "go on where an unfinished run of a network was stopped"},
    {"checkpoint-seconds", WEFT_PARAM_REAL, offsetof(struct options, checkpoint_seconds),
        "30", 0, 1e6, NULL, "networks: keep what is needed to resume this often"},
    {"lr-find", WEFT_PARAM_FLAG, offsetof(struct options, lr_find), "false", 0, 0, NULL,
        "networks: try rising learning rates instead; --out names the curve's CSV file"},
    STORE_OPTIONS(struct options, store),
    DATA_OPTIONS(struct options, data),
    {0},
};

/* One training, from the views to what is printed. */
struct training {
    weft_data data;
    weft_view train, validation; /* validation.count 0: none */
    uint32_t *train_index, *validation_index;
    weft_evaluation *validation_scores, *test_scores;
    double seconds, began; /* of the fit; when the command began */
    struct budget budget;  /* seconds 0: none was given */
    struct place place;
    char *saved; /* the run's folder; NULL when only a file was written */
    struct record record;
    int64_t run;     /* its number in the store; 0: not recorded */
    size_t openings; /* of the test split for this model; 0: not known */
};

static void clear(struct training *t)
{
    weft_evaluation_free(t->validation_scores);
    weft_evaluation_free(t->test_scores);
    free(t->train_index);
    free(t->validation_index);
    free(t->saved);
    place_clear(&t->place);
    weft_data_clear(&t->data);
}

static weft_status split(struct training *t, double ratio, uint64_t seed)
{
    const double ratios[] = {1 - ratio, ratio};
    size_t count = t->train.count;
    weft_view all = t->train;
    uint8_t *parts = malloc(count + 1);
    t->train_index = calloc(count + 1, sizeof *t->train_index);
    t->validation_index = calloc(count + 1, sizeof *t->validation_index);
    weft_status status = weft_fail(WEFT_ENOMEM, "no memory for a split");
    if (parts && t->train_index && t->validation_index)
        status = weft_split_ratios(parts, &all, ratios, 2, seed);
    if (status == WEFT_OK) {
        t->train = weft_view_part(&all, parts, 0, 1, t->train_index);
        t->validation = weft_view_part(&all, parts, 1, 1, t->validation_index);
    }
    free(parts);
    return status;
}

static weft_status make_views(struct training *t, const struct options *o)
{
    t->train = weft_view_all(t->data.train);
    if (o->validation > 0)
        return split(t, o->validation, o->seed);
    if (t->data.validation)
        t->validation = weft_view_all(t->data.validation);
    return WEFT_OK;
}

static weft_status save(
    struct training *t, struct call *call, bool unfinished, weft_context *context)
{
    const struct options *o = call->options;
    const struct place *place = &t->place;
    bool checkpoint = place_unfinished(place);
    if (place->model) {
        WEFT_TRY(weft_classifier_save(call->classifier, place->model, context));
        record_model(&t->record, place->model);
        if (checkpoint && !unfinished)
            place_remove_checkpoint(place);
        return WEFT_OK;
    }
    const weft_run run = {.command = "train",
        .data = o->data.where,
        .seed = o->seed,
        .classifier = call->classifier,
        .fit_seconds = t->seconds,
        .train = &t->train,
        .validation = t->validation.count ? &t->validation : NULL,
        .validation_scores = t->validation_scores,
        .test_scores = t->test_scores,
        .unfinished = checkpoint && unfinished};
    WEFT_TRY(weft_run_save(&t->saved, &run, place->folder, context));
    record_folder(&t->record, t->saved);
    return WEFT_OK;
}

/* What was learnt until the interrupt is kept, where the family can be used half-way. The
 * interrupted context would refuse to work. */
static weft_status save_interrupted(struct training *t, struct call *call)
{
    weft_context *context;
    if (!weft_classifier_is_fitted(call->classifier))
        return WEFT_ECANCELLED;
    WEFT_TRY(weft_context_create(&context, weft_context_threads(call->context)));
    weft_status status = save(t, call, true, context);
    weft_context_free(context);
    WEFT_TRY(status);
    fprintf(stderr, "weft: what was learnt so far is in %s\n",
        t->saved ? t->saved : t->place.model);
    if (place_unfinished(&t->place))
        fprintf(stderr, "weft: the same command with --resume goes on from there\n");
    return weft_fail(WEFT_ECANCELLED, "interrupted");
}

static void print_scores(const char *split, const weft_evaluation *e)
{
    if (!e)
        return;
    const weft_scores *s = weft_evaluation_scores(e);
    printf(
        "%-10s  accuracy %.4f (%.4f to %.4f)  macro f1 %.4f  log loss %.4f  %zu pictures\n",
        split, s->accuracy, s->accuracy_low, s->accuracy_high, s->macro.f1, s->log_loss,
        s->count);
}

static void print_text(const struct training *t, const struct call *call)
{
    const struct options *o = call->options;
    const char *name = weft_classifier_describe(call->classifier)->name;
    printf("%-10s  fitted on %zu pictures in %.1f s\n", name, t->train.count, t->seconds);
    print_scores("validation", t->validation_scores);
    print_scores("test", t->test_scores);
    if (t->saved)
        printf("%-10s  %s/model.safetensors\n", "model", t->saved);
    else
        printf("%-10s  %s\n", "model", o->out);
    if (t->budget.seconds > 0)
        budget_print(&t->budget, seconds_now() - t->began);
    if (t->openings > 1)
        printf("test split opened %zu times for this model\n", t->openings);
    if (!t->validation_scores && !t->test_scores && !call->quiet)
        fprintf(stderr, "weft: nothing was evaluated: --validation 0.2 holds a fifth out, "
                        "--test opens the test split\n");
}

static weft_status add_scores(json_t *into, const char *split, const weft_evaluation *e)
{
    if (!e)
        return WEFT_OK;
    char *text;
    WEFT_TRY(weft_evaluation_json(&text, e));
    json_object_set_new(into, split, json_loads(text, 0, NULL));
    free(text);
    return WEFT_OK;
}

static weft_status print_json(const struct training *t, const struct call *call)
{
    const struct options *o = call->options;
    json_t *result = json_pack("{s:s, s:I, s:f}", "classifier",
        weft_classifier_describe(call->classifier)->name, "train_count",
        (json_int_t)t->train.count, "fit_seconds", t->seconds);
    weft_status status = add_scores(result, "validation", t->validation_scores);
    if (status == WEFT_OK)
        status = add_scores(result, "test", t->test_scores);
    if (status != WEFT_OK) {
        json_decref(result);
        return status;
    }
    json_object_set_new(result, "model",
        t->saved ? json_sprintf("%s/model.safetensors", t->saved) : json_string(o->out));
    if (t->budget.seconds > 0)
        json_object_set_new(
            result, "budget", budget_json(&t->budget, seconds_now() - t->began));
    if (t->run)
        json_object_set_new(result, "run", json_integer(t->run));
    if (t->openings)
        json_object_set_new(result, "test_openings", json_integer((json_int_t)t->openings));
    return output_json(result);
}

static weft_status evaluate(struct training *t, struct call *call)
{
    const struct options *o = call->options;
    if (t->validation.count) {
        WEFT_TRY(weft_evaluate(
            &t->validation_scores, call->classifier, &t->validation, NULL, call->context));
        record_evaluation(&t->record, "validation", t->validation_scores);
    }
    if (o->test) {
        weft_view test = weft_test_open(t->data.test);
        record_opened_test(&t->record, &test);
        WEFT_TRY(
            weft_evaluate(&t->test_scores, call->classifier, &test, NULL, call->context));
        record_evaluation(&t->record, "test", t->test_scores);
    }
    return WEFT_OK;
}

/* Everything between the beginning and the end of the record. */
static weft_status work(struct training *t, struct call *call)
{
    const struct options *o = call->options;
    WEFT_TRY(weft_classifier_checkpoint(
        call->classifier, t->place.checkpoint, o->checkpoint_seconds, o->resume));
    record_watch(&t->record, call->classifier);
    double began = seconds_now();
    weft_status status = weft_classifier_fit(call->classifier, &t->train,
        t->validation.count ? &t->validation : NULL, call->context);
    t->seconds = seconds_now() - began;
    record_figure(&t->record, "", "fit_seconds", t->seconds);
    if (status == WEFT_ENUMERIC) /* nobody wants to go on to where this went */
        place_remove_checkpoint(&t->place);
    if (status == WEFT_OK && o->unknown > 0)
        status = weft_novelty_fit(
            call->classifier, &t->train, &t->validation, o->unknown, call->context);
    if (status == WEFT_OK)
        status = evaluate(t, call);
    if (status == WEFT_OK)
        status = save(t, call, false, call->context);
    if (status == WEFT_ECANCELLED)
        return save_interrupted(t, call);
    WEFT_TRY(status);
    t->openings = record_openings(&t->record);
    return WEFT_OK;
}

static weft_status begin_record(struct training *t, struct call *call)
{
    const struct options *o = call->options;
    const weft_run_start start = {.data = o->data.where,
        .train = &t->train,
        .validation = t->validation.count ? &t->validation : NULL,
        .seed = o->seed};
    WEFT_TRY(record_begin(&t->record, &o->store, call, &start));
    t->run = t->record.run;
    return WEFT_OK;
}

static weft_status plan(struct training *t, struct call *call)
{
    const struct options *o = call->options;
    /* Not opened by being counted. */
    size_t tested = o->test ? weft_test_count(t->data.test) : 0;
    return budget_plan(
        &t->budget, call, &t->train, t->validation.count, tested, seconds_now() - t->began);
}

/* Before anything is fitted. */
static weft_status check_unknown(const struct training *t, const struct options *o)
{
    if (o->unknown == 0 || o->lr_find)
        return WEFT_OK;
    double needed = ceil(1 / o->unknown - 1 - 1e-9);
    if ((double)t->validation.count >= needed && t->validation.count > 0)
        return WEFT_OK;
    return weft_fail(WEFT_EINVAL,
        "--unknown %g needs %.0f validation pictures, there are %zu: --validation 0.1 "
        "holds some out of training",
        o->unknown, needed < 1 ? 1 : needed, t->validation.count);
}

static weft_status train(struct training *t, struct call *call)
{
    const struct options *o = call->options;
    t->began = seconds_now();
    if (o->budget)
        WEFT_TRY(budget_read(&t->budget, o->budget, call));
    else if (!call->classifier)
        return call_misused(call, "'train' needs CLASSIFIER, --recipe or --budget");
    WEFT_TRY(data_options_load(&t->data, o->data.where, &o->data, call));
    if (o->test && !t->data.test)
        return weft_fail(WEFT_ENOTFOUND, "%s: no test split to open", o->data.where);
    WEFT_TRY(make_views(t, o));
    WEFT_TRY(check_unknown(t, o));
    if (t->budget.seconds > 0)
        WEFT_TRY(plan(t, call));
    if (o->lr_find)
        return lr_find(call, &t->train, o->out);
    /* After the data were read: they may lie in the present folder. */
    WEFT_TRY(place_choose(
        &t->place, o->out, weft_classifier_describe(call->classifier)->name, o->resume));
    WEFT_TRY(begin_record(t, call));
    weft_status status = work(t, call);
    bool done = status == WEFT_OK;
    status = record_end(&t->record, status); /* before anybody is told that it is done */
    if (done && call->json)
        WEFT_TRY(print_json(t, call));
    else if (done)
        print_text(t, call);
    return status;
}

static weft_status run(struct call *call)
{
    struct training t = {0};
    weft_status status = train(&t, call);
    clear(&t);
    return status;
}

const struct command command_train = {
    .name = "train",
    .summary = "fit one classifier and keep it",
    .arguments = "[CLASSIFIER] --data WHERE",
    .min_arguments = 0,
    .max_arguments = 1,
    .classifier_option = "recipe",
    .details =
        "CLASSIFIER is a name that 'weft models' lists, or a network's text file. Its "
        "own options are given in the same way, after its name. An option that both "
        "have, such as --seed, means both.",
    .example = "weft train --recipe fast --data fashion-mnist --test\n"
               "weft train --budget 60s --data photos/ --validation 0.2\n"
               "weft train knn --k 7 --data fashion-mnist --validation 0.2\n"
               "weft train kugler-cnn --data photos/ --size 64 --out runs/photos",
    .options = table,
    .options_size = sizeof(struct options),
    .json = true,
    .classifier = true,
    .run = run,
};
