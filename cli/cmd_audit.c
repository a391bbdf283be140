/* weft audit: what is likely wrong with labelled pictures, and a list of fixes. */
#include <jansson.h>
#include <stdlib.h>

#include "again.h"
#include "data_options.h"
#include "folder.h"
#include "output.h"

struct options {
    struct data_options data;
    char *out;
    uint64_t folds, repeats, seed;
    double confidence, similarity;
    bool refit;
};

static const weft_param table[] = {
    {"out", WEFT_PARAM_TEXT, offsetof(struct options, out), NULL, 0, 0, NULL,
        "a new folder for page, figures and fix list; runs/audit when not given"},
    {"folds", WEFT_PARAM_COUNT, offsetof(struct options, folds), "3", 2, 255, NULL,
        "so many parts, each judged by what was learnt from the others"},
    {"repeats", WEFT_PARAM_COUNT, offsetof(struct options, repeats), "1", 1, 100, NULL,
        "judge so often, with other folds and seeds, and average"},
    {"seed", WEFT_PARAM_COUNT, offsetof(struct options, seed), "1", 0, 4294967295.0, NULL,
        "what is drawn by chance depends on this alone"},
    {"confidence", WEFT_PARAM_REAL, offsetof(struct options, confidence), "0.95", 0.5, 1,
        NULL, "from here on the fix list relabels; below it only asks to look"},
    {"similarity", WEFT_PARAM_REAL, offsetof(struct options, similarity), "0", 0, 1, NULL,
        "from here on pictures are copies, 0.5 to 1; 1: exact ones alone; 0: by the data"},
    {"refit", WEFT_PARAM_FLAG, offsetof(struct options, refit), "false", 0, 0, NULL,
        "judge once more without what the fix list drops or relabels"},
    DATA_OPTIONS(struct options, data),
    {0},
};

struct auditing {
    weft_data data;
    weft_audit *audit;
    struct folder folder;
    char *command; /* owned */
};

static void clear(struct auditing *x)
{
    weft_audit_free(x->audit);
    weft_data_clear(&x->data);
    folder_clear(&x->folder);
    free(x->command);
}

static weft_status print(const struct auditing *x, const struct call *call)
{
    char *text;
    if (!call->json) {
        WEFT_TRY(weft_audit_text(&text, x->audit));
        printf("%s\n%s/fixes.csv\n%s/audit.html\n", text, x->folder.path, x->folder.path);
        free(text);
        return WEFT_OK;
    }
    WEFT_TRY(weft_audit_json(&text, x->audit));
    json_t *json = json_loads(text, 0, NULL);
    free(text);
    if (json)
        json_object_set_new(json, "folder", json_string(x->folder.path));
    return output_json(json);
}

static weft_status audit(struct auditing *x, struct call *call)
{
    const struct options *o = call->options;
    weft_audit_options options = weft_audit_defaults();
    if (o->similarity > 0 && o->similarity < 0.5)
        return call_misused(
            call, "--similarity %g: expected 0, or 0.5 to 1", o->similarity);
    WEFT_TRY(data_options_load(&x->data, call->arguments[0], &o->data, call));
    /* After the data, which may lie in the present one. */
    WEFT_TRY(folder_choose(&x->folder, o->out, "audit"));
    WEFT_TRY(again(&x->command, call));
    options.classifiers = (const char *const *)call->arguments + 1;
    options.classifier_count = call->count - 1;
    options.folds = o->folds;
    options.repeats = o->repeats;
    options.seed = o->seed;
    options.confidence = o->confidence;
    options.similarity = o->similarity;
    options.refit = o->refit;
    options.source = call->arguments[0];
    options.command = x->command;
    WEFT_TRY(weft_audit_run(&x->audit, &x->data, &options, call->context));
    WEFT_TRY(weft_audit_save(x->folder.path, x->audit));
    return print(x, call);
}

static weft_status run(struct call *call)
{
    struct auditing x = {0};
    weft_status status = audit(&x, call);
    clear(&x);
    return status;
}

const struct command command_audit = {
    .name = "audit",
    .summary = "find wrong labels, copies and odd pictures",
    .arguments = "WHERE [CLASSIFIER...]",
    .min_arguments = 1,
    .max_arguments = ANY_NUMBER,
    .details =
        "Judges every training picture by classifiers that have not seen it (NAME or "
        "NAME:OPTION=VALUE,..., averaged; a small network that suits the pictures' size "
        "when none is given) and ranks the labels by how likely they are wrong. Also finds "
        "copies within and across splits, outliers, dark, pale, flat, blurred and "
        "odd-sized "
        "pictures, classes that overlap, and what the border alone tells of the label. "
        "Leaves audit.html, a contact sheet; audit.json; pictures.csv, a row a training "
        "picture; and fixes.csv, which weft data convert --apply applies to a copy once "
        "you "
        "have looked it through. Of the test split copies alone are looked at.",
    .example = "weft audit photos/\n"
               "weft audit fashion-mnist kugler-cnn:epochs=5 threads-3:epochs=5 --folds 5\n"
               "weft data convert photos/ fixed --apply runs/audit/fixes.csv",
    .options = table,
    .options_size = sizeof(struct options),
    .json = true,
    .run = run,
};
