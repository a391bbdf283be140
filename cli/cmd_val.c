/* weft val: how well a model does on labelled pictures. */
#include <stdlib.h>
#include <string.h>

#include "data_options.h"
#include "output.h"

enum { TEST, VALIDATION, TRAIN };

struct options {
    struct data_options data;
    int split;
    uint64_t digits;
};

static const weft_param table[] = {
    DATA_WHERE(struct options, data),
    {"split", WEFT_PARAM_CHOICE, offsetof(struct options, split), "test", 0, 0,
        "test|validation|train", "which part of the data"},
    {"digits", WEFT_PARAM_COUNT, offsetof(struct options, digits), "4", 0, 9, NULL,
        "decimals of the table"},
    {"limit", WEFT_PARAM_COUNT, offsetof(struct options, data.limit), "0", 0, 4294967295.0,
        NULL, "at most N pictures a split, evenly over classes; 0: all"},
    {"download", WEFT_PARAM_FLAG, offsetof(struct options, data.download), "false", 0, 0,
        NULL, "fetch a named dataset from its publisher where it is missing"},
    {"no-cache", WEFT_PARAM_FLAG, offsetof(struct options, data.no_cache), "false", 0, 0,
        NULL, "decode folders anew and leave no cache file"},
    {0},
};

/* Pictures are read the way the model's were. */
static weft_status load(weft_data *data, const weft_classifier *model, struct call *call)
{
    const struct options *o = call->options;
    if (!o->data.where)
        return call_misused(call, "no data: give --data WHERE");
    weft_recipe recipe = weft_classifier_recipe(model);
    weft_load_options load = data_options_get(&o->data);
    load.height = recipe.shape.height;
    load.width = recipe.shape.width;
    load.channels = recipe.shape.channels;
    load.fit = recipe.fit;
    load.background = recipe.background;
    return weft_data_load(data, o->data.where, &load, call->context);
}

static weft_status choose(weft_view *view, const weft_data *data, const struct options *o)
{
    static const char *const names[] = {"test", "validation", "train"};
    if (o->split == TEST && data->test)
        *view = weft_test_open(data->test);
    else if (o->split == VALIDATION && data->validation)
        *view = weft_view_all(data->validation);
    else if (o->split == TRAIN)
        *view = weft_view_all(data->train);
    else
        return weft_fail(WEFT_ENOTFOUND, "%s: no %s split: --split takes another",
            o->data.where, names[o->split]);
    return WEFT_OK;
}

static weft_status print(const weft_evaluation *e, double seconds, struct call *call)
{
    const struct options *o = call->options;
    char *text;
    if (call->json)
        WEFT_TRY(weft_evaluation_json(&text, e));
    else
        WEFT_TRY(weft_evaluation_text(&text, e, (int)o->digits));
    fputs(text, stdout);
    size_t n = strlen(text);
    if (n == 0 || text[n - 1] != '\n')
        putchar('\n');
    free(text);
    if (!call->quiet && !call->json) {
        const weft_scores *s = weft_evaluation_scores(e);
        fprintf(stderr, "%zu pictures in %.2f s, %.0f a second\n", s->count, seconds,
            seconds > 0 ? (double)s->count / seconds : 0);
    }
    return WEFT_OK;
}

static weft_status evaluate(
    const weft_data *data, const weft_classifier *model, struct call *call)
{
    weft_view view;
    weft_evaluation *e;
    WEFT_TRY(choose(&view, data, call->options));
    if (!call->quiet &&
        strcmp(weft_dataset_digest(view.data), weft_classifier_data_digest(model)) == 0)
        fprintf(stderr, "weft: the model was fitted on pictures of this split\n");
    double began = seconds_now();
    WEFT_TRY(weft_evaluate(&e, model, &view, NULL, call->context));
    weft_status status = print(e, seconds_now() - began, call);
    weft_evaluation_free(e);
    return status;
}

static weft_status run(struct call *call)
{
    weft_classifier *model;
    weft_data data = {0};
    WEFT_TRY(weft_classifier_load(&model, call->arguments[0]));
    weft_status status = load(&data, model, call);
    if (status == WEFT_OK)
        status = evaluate(&data, model, call);
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
    .details = "Prints the table that scikit-learn's classification_report prints; --json "
               "gives every figure. Pictures are read as the model's were.",
    .example = "weft val runs/knn/model.safetensors --data fashion-mnist",
    .options = table,
    .options_size = sizeof(struct options),
    .json = true,
    .run = run,
};
