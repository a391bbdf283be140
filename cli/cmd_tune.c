/* weft tune: which options of a classifier do best on pictures it has not seen. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "again.h"
#include "data_options.h"
#include "output.h"
#include "record.h"
#include "workers.h"

struct options {
    struct data_options data;
    struct store_options store;
    char *out, *groups, *budget;
    double validation;
    uint64_t trials, folds, factor, workers, seed;
    int scoring;
    bool halving, resume, fit_best;
};

static const weft_param table[] = {
    DATA_WHERE(struct options, data),
    {"trials", WEFT_PARAM_COUNT, offsetof(struct options, trials), "0", 0, 100000, NULL,
        "so many at random; 0: every combination"},
    {"validation", WEFT_PARAM_REAL, offsetof(struct options, validation), "0.2", 0.01, 0.9,
        NULL,
        "judge by this share of every class, held out; the data's own where it has "
        "one and this is not given"},
    {"folds", WEFT_PARAM_COUNT, offsetof(struct options, folds), "0", 0, 255, NULL,
        "judge by so many folds in turn; 0: hold out"},
    {"groups", WEFT_PARAM_TEXT, offsetof(struct options, groups), NULL, 0, 0, NULL,
        "folds: a CSV file of picture,group: no group is split"},
    {"scoring", WEFT_PARAM_CHOICE, offsetof(struct options, scoring), "accuracy", 0, 0,
        WEFT_SCORING_CHOICES, "what is best"},
    {"halving", WEFT_PARAM_FLAG, offsetof(struct options, halving), "false", 0, 0, NULL,
        "all on a small share of the epochs, or of the pictures; the best on more"},
    {"factor", WEFT_PARAM_COUNT, offsetof(struct options, factor), "3", 2, 100, NULL,
        "halving: one in so many goes on, with so many times as much"},
    {"budget", WEFT_PARAM_TEXT, offsetof(struct options, budget), NULL, 0, 0, NULL,
        "begin no trial after this time, as in 90s, 30m or 2h"},
    {"workers", WEFT_PARAM_COUNT, offsetof(struct options, workers), "1", 1, 256, NULL,
        "processes that share the trials, and the threads"},
    {"fit-best", WEFT_PARAM_FLAG, offsetof(struct options, fit_best), "false", 0, 0, NULL,
        "fit the best on all training pictures and keep the model"},
    {"resume", WEFT_PARAM_FLAG, offsetof(struct options, resume), "false", 0, 0, NULL,
        "only go on with a search; the same command does so anyhow"},
    {"out", WEFT_PARAM_TEXT, offsetof(struct options, out), NULL, 0, 0, NULL,
        "a folder; the search's own, or runs/tune-NAME, when not given"},
    {"seed", WEFT_PARAM_COUNT, offsetof(struct options, seed), "1", 0, 4294967295.0, NULL,
        "what is drawn by chance depends on this alone"},
    STORE_WHERE(struct options, store),
    DATA_OPTIONS(struct options, data),
    {0},
};

struct tuning {
    weft_data data;
    weft_view train, validation;
    uint32_t *groups;
    char **fixed; /* the classifier's own options as they were given; owned, each too */
    size_t fixed_count;
    char *command, *folder, *model; /* owned */
    weft_tuning *tuning;
    weft_tune_options options;
};

static void clear(struct tuning *t)
{
    weft_tuning_free(t->tuning);
    weft_data_clear(&t->data);
    for (size_t i = 0; i < t->fixed_count; i++)
        free(t->fixed[i]);
    free(t->fixed);
    free(t->groups);
    free(t->command);
    free(t->folder);
    free(t->model);
}

/* "90", "90s", "30m", "2h" in seconds. */
static bool read_budget(const char *text, double *seconds)
{
    static const weft_param number[] = {
        {"budget", WEFT_PARAM_REAL, 0, NULL, 0.001, 1e9, NULL, NULL}, {0}};
    char copy[32];
    size_t n = strlen(text);
    if (n == 0 || n >= sizeof copy)
        return false;
    strcpy(copy, text);
    double unit = copy[n - 1] == 'h' ? 3600 : copy[n - 1] == 'm' ? 60 : 1;
    if (strchr("smh", copy[n - 1]))
        copy[n - 1] = 0;
    if (weft_param_set(number, seconds, "budget", copy) != WEFT_OK)
        return false;
    *seconds *= unit;
    return true;
}

/* The classifier's options that the command line gives, but the seed, which is shared. */
static weft_status take_fixed(struct tuning *t, const struct call *call)
{
    enum { VALUE = 65536 };
    const weft_param *params = weft_classifier_describe(call->classifier)->params;
    char *value = malloc(VALUE);
    t->fixed = calloc(call->given_count + 1, sizeof *t->fixed);
    weft_status status =
        value && t->fixed ? WEFT_OK : weft_fail(WEFT_ENOMEM, "no memory for options");
    for (const weft_param *p = params; status == WEFT_OK && p->name; p++) {
        if (!call_given(call, p->name) || strcmp(p->name, "seed") == 0)
            continue;
        status = weft_classifier_get(call->classifier, p->name, value, VALUE);
        char **fixed = &t->fixed[t->fixed_count];
        if (status == WEFT_OK && asprintf(fixed, "%s=%s", p->name, value) < 0)
            status = weft_fail(WEFT_ENOMEM, "no memory for options");
        t->fixed_count += status == WEFT_OK;
    }
    free(value);
    return status;
}

static weft_status set_options(struct tuning *t, struct call *call)
{
    const struct options *o = call->options;
    weft_tune_options *to = &t->options;
    *to = weft_tune_defaults();
    to->classifier = call->arguments[0];
    to->space = (const char *const *)call->arguments + 1;
    to->space_count = call->count - 1;
    WEFT_TRY(take_fixed(t, call));
    to->fixed = (const char *const *)t->fixed;
    to->fixed_count = t->fixed_count;
    to->trials = o->trials;
    to->folds = o->folds;
    to->validation = o->validation;
    to->scoring = (weft_scoring)o->scoring;
    to->halving = o->halving;
    to->factor = o->factor;
    to->seed = o->seed;
    to->resume = o->resume;
    to->store = o->store.path;
    to->source = o->data.where;
    int threads = weft_context_threads(call->context) / (int)o->workers;
    to->threads = threads > 0 ? threads : 1;
    if (o->budget && !read_budget(o->budget, &to->budget))
        return call_misused(
            call, "--budget=%s: expected a time, as in 90s, 30m or 2h", o->budget);
    if (o->folds == 1)
        return call_misused(call, "--folds=1: expected 2 or more, or 0 to hold out");
    WEFT_TRY(again(&t->command, call));
    to->command = t->command;
    return WEFT_OK;
}

/* No test split is looked at here, nor could one be given to a search. */
static weft_status load(struct tuning *t, struct call *call)
{
    const struct options *o = call->options;
    WEFT_TRY(data_options_load(&t->data, o->data.where, &o->data, call));
    t->train = weft_view_all(t->data.train);
    if (t->data.validation && !o->folds && !call_given(call, "validation"))
        t->validation = weft_view_all(t->data.validation);
    if (o->groups)
        WEFT_TRY(weft_groups_load(&t->groups, t->data.train, o->groups));
    t->options.groups = t->groups;
    return WEFT_OK;
}

static weft_status open_search(struct tuning *t, struct call *call)
{
    const weft_view *validation = t->validation.count ? &t->validation : NULL;
    weft_status status =
        weft_tuning_open(&t->tuning, &t->options, &t->train, validation, call->context);
    if (status == WEFT_EINVAL || (status == WEFT_ENOTFOUND && !t->options.resume))
        /* the space or the options */
        return call_misused(call, "%s", weft_error());
    return status;
}

/* The search's folder is known to the store before the first trial. */
static weft_status place(struct tuning *t, const struct call *call)
{
    const struct options *o = call->options;
    char name[128];
    const char *classifier = weft_classifier_describe(call->classifier)->name;
    snprintf(name, sizeof name, "tune-%s", classifier);
    if (o->out) {
        t->folder = strdup(o->out);
        if (!t->folder)
            return weft_fail(WEFT_ENOMEM, "no memory for a file name");
    } else {
        WEFT_TRY(weft_tuning_folder(&t->folder, t->tuning));
        if (!t->folder)
            WEFT_TRY(weft_run_folder(&t->folder, name));
    }
    return weft_tuning_place(t->tuning, t->folder);
}

/* In this process where it alone is asked for and has the threads; else in others. */
static weft_status work(struct tuning *t, struct call *call)
{
    const struct options *o = call->options;
    weft_tuning_state state;
    int threads = weft_tuning_threads(t->tuning);
    WEFT_TRY(weft_tuning_progress(&state, t->tuning));
    if (state.complete)
        return WEFT_OK;
    if (o->workers == 1 && threads == weft_context_threads(call->context))
        return weft_tuning_work(t->tuning, call->context);
    const struct search search = {.options = &t->options,
        .train = &t->train,
        .validation = t->validation.count ? &t->validation : NULL};
    weft_tuning_free(t->tuning);
    t->tuning = NULL;
    return workers_run(&t->tuning, call, &search, o->workers, threads);
}

static weft_status fit_best(struct tuning *t, struct call *call)
{
    weft_classifier *classifier;
    WEFT_TRY(weft_tuning_fit(&classifier, t->tuning, call->context));
    weft_status status = WEFT_OK;
    if (asprintf(&t->model, "%s/" WEFT_RUN_MODEL, t->folder) < 0) {
        t->model = NULL;
        status = weft_fail(WEFT_ENOMEM, "no memory for a file name");
    }
    if (status == WEFT_OK)
        status = weft_classifier_save(classifier, t->model, call->context);
    weft_classifier_free(classifier);
    return status;
}

static weft_status print(const struct tuning *t, const struct call *call)
{
    char *text;
    if (call->json) {
        WEFT_TRY(weft_tuning_json(&text, t->tuning));
        json_t *json = json_loads(text, 0, NULL);
        free(text);
        if (json)
            json_object_set_new(json, "folder", json_string(t->folder));
        return output_json(json);
    }
    WEFT_TRY(weft_tuning_text(&text, t->tuning));
    printf("%s\n", text);
    if (t->model)
        printf("%s\n", t->model);
    printf("%s/report.html\n", t->folder);
    free(text);
    return WEFT_OK;
}

/* What is done is written and shown, however the work ended. */
static weft_status conclude(struct tuning *t, struct call *call, weft_status status)
{
    const struct options *o = call->options;
    weft_tuning_state state;
    char why[1024];
    snprintf(why, sizeof why, "%s", weft_error());
    if (status != WEFT_OK && status != WEFT_ECANCELLED)
        return status;
    WEFT_TRY(weft_tuning_refresh(t->tuning));
    WEFT_TRY(weft_tuning_progress(&state, t->tuning));
    if (o->fit_best && status == WEFT_OK && state.ended)
        WEFT_TRY(fit_best(t, call));
    WEFT_TRY(weft_tuning_save(t->tuning, t->folder));
    WEFT_TRY(weft_report_folder(t->folder));
    WEFT_TRY(print(t, call));
    if (!state.complete && !call->quiet)
        fprintf(stderr, "weft: %zu of %zu trials are done: the same command goes on\n",
            state.ended, state.trials);
    return status == WEFT_OK ? WEFT_OK : weft_fail(status, "%s", why);
}

static weft_status tune(struct tuning *t, struct call *call)
{
    WEFT_TRY(set_options(t, call));
    WEFT_TRY(load(t, call));
    WEFT_TRY(open_search(t, call));
    weft_status status = place(t, call);
    if (status == WEFT_OK)
        status = work(t, call);
    if (!t->tuning)
        return status;
    return weft_tuning_end(t->tuning, conclude(t, call, status));
}

static weft_status run(struct call *call)
{
    struct tuning t = {0};
    weft_status status = tune(&t, call);
    clear(&t);
    return status;
}

const struct command command_tune = {
    .name = "tune",
    .summary = "find the options that do best on held-out training pictures",
    .arguments = "CLASSIFIER OPTION=VALUES... --data WHERE",
    .min_arguments = 2,
    .max_arguments = ANY_NUMBER,
    .details =
        "VALUES is a list, k=3,5,7; a range of whole numbers, k=3..11; so many values of "
        "a range, c=0.1..100:log:4; or any of a range, c=0.1..100:log, with --trials. A "
        "network's named sizes are searched over like options: filters=16,32; and "
        "network=a.net,b.net tries networks. Options that all trials share are given as to "
        "'weft train'. Every trial is written to the store as it ends: the same command "
        "goes on after an interrupt or a kill, and runs nothing twice. Ends with a table, "
        "and a folder with every score and curve under the names of scikit-learn's "
        "GridSearchCV, whose \"test\" is the held-out part; no test split is used.",
    .example = "weft tune knn k=3..11 weights=uniform,distance --data fashion-mnist\n"
               "weft tune tamu-cnn filters=16,32,64 --epochs 5 --workers 2 --data photos/\n"
               "weft tune svm c=0.1..100:log --trials 20 --folds 5 --data photos/",
    .options = table,
    .options_size = sizeof(struct options),
    .json = true,
    .classifier = true,
    .run = run,
};
