/* weft val: how well a model does on labelled pictures. */
#include <stdlib.h>
#include <string.h>

#include "data_options.h"
#include "output.h"
#include "record.h"
#include "unknown.h"

enum { TEST, VALIDATION, TRAIN };
enum { TEXT, JSON, CSV, LATEX };

struct options {
    struct data_options data;
    struct store_options store;
    char *foreign;
    int split, format;
    uint64_t digits;
};

static const weft_param table[] = {
    DATA_WHERE(struct options, data),
    {"split", WEFT_PARAM_CHOICE, offsetof(struct options, split), "test", 0, 0,
        "test|validation|train", "which part of the data"},
    {"foreign", WEFT_PARAM_TEXT, offsetof(struct options, foreign), NULL, 0, 0, NULL,
        "also measure how well the model tells these data, all unknown, from the split's"},
    {"digits", WEFT_PARAM_COUNT, offsetof(struct options, digits), "4", 0, 9, NULL,
        "decimals of the table"},
    {"format", WEFT_PARAM_CHOICE, offsetof(struct options, format), "text", 0, 0,
        "text|json|csv|latex", "what to print; LaTeX needs the booktabs package"},
    {"limit", WEFT_PARAM_COUNT, offsetof(struct options, data.limit), "0", 0, 4294967295.0,
        NULL, "at most N pictures a split, evenly over classes; 0: all"},
    {"download", WEFT_PARAM_FLAG, offsetof(struct options, data.download), "false", 0, 0,
        NULL, "fetch a named dataset from its publisher where it is missing"},
    {"no-cache", WEFT_PARAM_FLAG, offsetof(struct options, data.no_cache), "false", 0, 0,
        NULL, "decode folders anew and leave no cache file"},
    STORE_OPTIONS(struct options, store),
    {0},
};

/* Pictures are read the way the model's were. */
static weft_load_options load_options(const weft_classifier *model, const struct options *o)
{
    weft_recipe recipe = weft_classifier_recipe(model);
    weft_load_options load = data_options_get(&o->data);
    load.height = recipe.shape.height;
    load.width = recipe.shape.width;
    load.channels = recipe.shape.channels;
    load.fit = recipe.fit;
    load.background = recipe.background;
    return load;
}

static weft_status load(weft_data *data, const weft_classifier *model, struct call *call)
{
    const struct options *o = call->options;
    if (!o->data.where)
        return call_misused(call, "no data: give --data WHERE");
    weft_load_options load = load_options(model, o);
    return weft_data_load(data, o->data.where, &load, call->context);
}

static const char *const split_names[] = {"test", "validation", "train"};

static weft_status choose(weft_view *view, const weft_data *data, const struct options *o)
{
    if (o->split == TEST && data->test)
        *view = weft_test_open(data->test);
    else if (o->split == VALIDATION && data->validation)
        *view = weft_view_all(data->validation);
    else if (o->split == TRAIN)
        *view = weft_view_all(data->train);
    else
        return weft_fail(WEFT_ENOTFOUND, "%s: no %s split: --split takes another",
            o->data.where, split_names[o->split]);
    return WEFT_OK;
}

/* One evaluation, and what is told of it. */
struct validating {
    weft_evaluation *evaluation;
    double seconds;
    struct record record;
    int64_t run;     /* its number in the store; 0: not recorded */
    size_t openings; /* of the test split for this model; 0: none, or not known */
    weft_novelty_figures unknown; /* known 0: not asked for */
};

static weft_status print_json(const struct validating *v)
{
    char *text;
    WEFT_TRY(weft_evaluation_json(&text, v->evaluation));
    json_t *json = json_loads(text, 0, NULL);
    free(text);
    if (v->run)
        json_object_set_new(json, "run", json_integer(v->run));
    if (v->openings)
        json_object_set_new(json, "test_openings", json_integer((json_int_t)v->openings));
    if (v->unknown.known)
        json_object_set_new(json, "unknown",
            json_pack("{s:f, s:f, s:f, s:I, s:I}", "auroc", v->unknown.auroc,
                "false_alarms", v->unknown.false_alarms, "found", v->unknown.found, "known",
                (json_int_t)v->unknown.known, "foreign", (json_int_t)v->unknown.foreign));
    return output_json(json);
}

static weft_status print_text(const struct validating *v, struct call *call)
{
    const struct options *o = call->options;
    char *text;
    if (o->format == CSV)
        WEFT_TRY(weft_evaluation_csv(&text, v->evaluation));
    else if (o->format == LATEX)
        WEFT_TRY(weft_evaluation_latex(&text, v->evaluation, (int)o->digits));
    else
        WEFT_TRY(weft_evaluation_text(&text, v->evaluation, (int)o->digits));
    fputs(text, stdout);
    free(text);
    if (v->unknown.known)
        fprintf(o->format == TEXT ? stdout : stderr,
            "\nunknown: AUROC %.4f, false alarms %.2f %% of %zu, found %.2f %% of %zu\n",
            v->unknown.auroc, 100 * v->unknown.false_alarms, v->unknown.known,
            100 * v->unknown.found, v->unknown.foreign);
    if (v->openings > 1)
        fprintf(o->format == TEXT ? stdout : stderr,
            "\ntest split opened %zu times for this model\n", v->openings);
    if (!call->quiet) {
        const weft_scores *s = weft_evaluation_scores(v->evaluation);
        fprintf(stderr, "%zu pictures in %.2f s, %.0f a second\n", s->count, v->seconds,
            v->seconds > 0 ? (double)s->count / v->seconds : 0);
    }
    return WEFT_OK;
}

/* Everything between the beginning and the end of the record. */
static weft_status work(struct validating *v, const weft_classifier *model,
    const weft_view *view, struct call *call)
{
    const struct options *o = call->options;
    record_model(&v->record, call->arguments[0]);
    if (o->split == TEST)
        record_opened_test(&v->record, view);
    WEFT_TRY(weft_evaluate(&v->evaluation, model, view, &v->seconds, call->context));
    record_evaluation(&v->record, split_names[o->split], v->evaluation);
    record_figure(&v->record, "", "predict_seconds", v->seconds);
    if (o->foreign) {
        weft_load_options foreign = load_options(model, o);
        WEFT_TRY(
            unknown_measure(&v->unknown, model, view, o->foreign, &foreign, call->context));
        record_figure(&v->record, "", "unknown_auroc", v->unknown.auroc);
        record_figure(&v->record, "", "unknown_false_alarms", v->unknown.false_alarms);
        record_figure(&v->record, "", "unknown_found", v->unknown.found);
    }
    v->openings = record_openings(&v->record);
    return WEFT_OK;
}

static weft_status validate(struct validating *v, const weft_data *data,
    const weft_classifier *model, struct call *call)
{
    const struct options *o = call->options;
    weft_view view;
    WEFT_TRY(choose(&view, data, o));
    if (!call->quiet &&
        strcmp(weft_dataset_digest(view.data), weft_classifier_data_digest(model)) == 0)
        fprintf(stderr, "weft: the model was fitted on pictures of this split\n");
    const weft_run_start start = {.data = o->data.where,
        .classifier = model,
        .data_digest = weft_dataset_digest(view.data)};
    WEFT_TRY(record_begin(&v->record, &o->store, call, &start));
    v->run = v->record.run;
    weft_status status = work(v, model, &view, call);
    bool done = status == WEFT_OK;
    status = record_end(&v->record, status); /* before anybody is told that it is done */
    if (done)
        WEFT_TRY(call->json || o->format == JSON ? print_json(v) : print_text(v, call));
    return status;
}

static weft_status run(struct call *call)
{
    weft_classifier *model;
    weft_data data = {0};
    struct validating v = {0};
    WEFT_TRY(weft_classifier_load(&model, call->arguments[0]));
    weft_status status = load(&data, model, call);
    if (status == WEFT_OK)
        status = validate(&v, &data, model, call);
    weft_evaluation_free(v.evaluation);
    weft_data_clear(&data);
    weft_classifier_free(model);
    return status;
}

const struct command command_val = {
    .name = "val",
    .summary = "evaluate a model on labelled pictures",
    .arguments = "MODEL --data WHERE",
    .min_arguments = 1,
    .max_arguments = 1,
    .details = "Prints the table that scikit-learn's classification_report prints and the "
               "figures of the whole; JSON and CSV have all their digits. Pictures are "
               "read as the model's were.",
    .example = "weft val runs/knn/model.safetensors --data fashion-mnist",
    .options = table,
    .options_size = sizeof(struct options),
    .json = true,
    .run = run,
};
