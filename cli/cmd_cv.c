/* weft cv: every picture judged by a classifier that has not seen it. */
#include <jansson.h>
#include <stdlib.h>

#include "again.h"
#include "data_options.h"
#include "folder.h"
#include "output.h"
#include "record.h"

struct options {
    struct data_options data;
    struct store_options store;
    char *out, *groups;
    uint64_t folds, seed;
    bool pool, watch, train_scores;
};

static const weft_param table[] = {
    DATA_WHERE(struct options, data),
    {"folds", WEFT_PARAM_COUNT, offsetof(struct options, folds), "5", 2, 255, NULL,
        "so many parts, each judged by what was learnt from the others"},
    {"groups", WEFT_PARAM_TEXT, offsetof(struct options, groups), NULL, 0, 0, NULL,
        "a CSV file of picture,group: no group is split; a picture is its number or path"},
    {"pool", WEFT_PARAM_FLAG, offsetof(struct options, pool), "false", 0, 0, NULL,
        "divide the pictures of all splits, the test split too"},
    {"watch", WEFT_PARAM_FLAG, offsetof(struct options, watch), "false", 0, 0, NULL,
        "networks: evaluate the fold after every epoch, for learning curves"},
    {"train-scores", WEFT_PARAM_FLAG, offsetof(struct options, train_scores), "false", 0, 0,
        NULL, "evaluate on the training pictures too, once fitted"},
    {"out", WEFT_PARAM_TEXT, offsetof(struct options, out), NULL, 0, 0, NULL,
        "a new folder; runs/cv-NAME when not given"},
    {"seed", WEFT_PARAM_COUNT, offsetof(struct options, seed), "1", 0, 4294967295.0, NULL,
        "what is drawn by chance depends on this alone"},
    STORE_OPTIONS(struct options, store),
    DATA_OPTIONS(struct options, data),
    {0},
};

struct validating {
    weft_data data;
    weft_dataset *pooled;
    uint32_t *groups;
    struct folder folder;
    char *command; /* owned */
    weft_crossvalidation *cv;
    struct record record;
};

static void clear(struct validating *v)
{
    weft_crossvalidation_free(v->cv);
    weft_dataset_free(v->pooled);
    weft_data_clear(&v->data);
    free(v->groups);
    folder_clear(&v->folder);
    free(v->command);
}

static weft_status choose_folder(struct validating *v, const struct call *call)
{
    const struct options *o = call->options;
    char name[128];
    const char *classifier = weft_classifier_describe(call->classifier)->name;
    snprintf(name, sizeof name, "cv-%s", classifier);
    return folder_choose(&v->folder, o->out, name);
}

static weft_status print(const struct validating *v, const struct call *call)
{
    char *text;
    if (call->json) {
        WEFT_TRY(weft_crossvalidation_json(&text, v->cv));
        json_t *json = json_loads(text, 0, NULL);
        free(text);
        if (json)
            json_object_set_new(json, "folder", json_string(v->folder.path));
        return output_json(json);
    }
    WEFT_TRY(weft_crossvalidation_text(&text, v->cv));
    printf("%s\n%s/report.html\n", text, v->folder.path);
    free(text);
    return WEFT_OK;
}

/* Everything between the beginning and the end of the record. */
static weft_status work(struct validating *v, const weft_view *view, struct call *call)
{
    const struct options *o = call->options;
    weft_crossvalidation_options options = weft_crossvalidation_defaults();
    options.folds = o->folds;
    options.seed = o->seed;
    options.groups = v->groups;
    options.watch = o->watch;
    options.train_scores = o->train_scores;
    options.source = o->data.where;
    options.command = v->command;
    if (o->pool && v->data.test) {
        weft_view test = weft_test_open(v->data.test);
        record_opened_test(&v->record, &test);
    }
    WEFT_TRY(weft_crossvalidate(&v->cv, call->classifier, view, &options, call->context));
    record_evaluation(&v->record, "validation", weft_crossvalidation_evaluation(v->cv));
    WEFT_TRY(weft_crossvalidation_save(v->cv, v->folder.path));
    WEFT_TRY(weft_report_folder(v->folder.path));
    record_folder(&v->record, v->folder.path);
    return WEFT_OK;
}

static weft_status validate(struct validating *v, struct call *call)
{
    const struct options *o = call->options;
    WEFT_TRY(again(&v->command, call));
    WEFT_TRY(data_options_load(&v->data, o->data.where, &o->data, call));
    if (o->pool)
        WEFT_TRY(weft_data_pool(&v->pooled, &v->data));
    weft_view view = weft_view_all(o->pool ? v->pooled : v->data.train);
    if (o->groups)
        WEFT_TRY(weft_groups_load(&v->groups, view.data, o->groups));
    WEFT_TRY(choose_folder(v, call)); /* after the data, which may lie in the present one */
    const weft_run_start start = {.data = o->data.where, .train = &view, .seed = o->seed};
    WEFT_TRY(record_begin(&v->record, &o->store, call, &start));
    weft_status status = work(v, &view, call);
    bool done = status == WEFT_OK;
    status = record_end(&v->record, status); /* before anybody is told that it is done */
    if (done)
        WEFT_TRY(print(v, call));
    return status;
}

static weft_status run(struct call *call)
{
    struct validating v = {0};
    weft_status status = validate(&v, call);
    clear(&v);
    return status;
}

const struct command command_cv = {
    .name = "cv",
    .summary = "cross-validate one classifier",
    .arguments = "CLASSIFIER --data WHERE",
    .min_arguments = 1,
    .max_arguments = 1,
    .details =
        "Divides the training pictures into stratified folds, fits anew on all but one and "
        "judges that one, for each. Ends with a row a fold, their mean and standard "
        "deviation. The folder keeps every picture's probabilities from the classifier "
        "that had not seen it. The columns loss and accuracy are of the training pictures: "
        "the last epoch's of a network, while it learnt; of any classifier, once fitted, "
        "with --train-scores.",
    .example = "weft cv kugler-cnn --data fashion-mnist --pool\n"
               "weft cv knn --k 5 --data photos/ --groups products.csv",
    .options = table,
    .options_size = sizeof(struct options),
    .json = true,
    .classifier = true,
    .run = run,
};
