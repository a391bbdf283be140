/* weft compare: several classifiers on the same pictures, to a table and a report. */
#include <jansson.h>
#include <stdlib.h>

#include "again.h"
#include "data_options.h"
#include "folder.h"
#include "output.h"
#include "record_compare.h"

struct options {
    struct data_options data;
    struct store_options store;
    char *out;
    double validation, test;
    uint64_t seed, seeds;
    bool full;
};

static const weft_param table[] = {
    DATA_WHERE(struct options, data),
    {"out", WEFT_PARAM_TEXT, offsetof(struct options, out), NULL, 0, 0, NULL,
        "a new folder for report, figures and models; runs/compare when not given"},
    {"validation", WEFT_PARAM_REAL, offsetof(struct options, validation), "0", 0, 0.9, NULL,
        "hold this share of the training pictures out, for learning curves"},
    {"test", WEFT_PARAM_REAL, offsetof(struct options, test), "0.2", 0.01, 0.9, NULL,
        "share held out to score on, where the data has no split of its own"},
    {"seed", WEFT_PARAM_COUNT, offsetof(struct options, seed), "1", 0, 4294967295.0, NULL,
        "what is drawn by chance depends on this alone"},
    {"full", WEFT_PARAM_FLAG, offsetof(struct options, full), "false", 0, 0, NULL,
        "paper 1's large network too, which takes longer than all others together"},
    STORE_OPTIONS(struct options, store),
    {"seeds", WEFT_PARAM_COUNT, offsetof(struct options, seeds), "1", 1, 1000, NULL,
        "fit each classifier that draws by chance so often, with seeds from --seed on"},
    DATA_OPTIONS(struct options, data),
    {0},
};

/* Every family, each paper's network and our fast recipe; --full adds the last. Two
 * networks learn for fewer epochs than their texts say, along a schedule made for it:
 * options that training pictures held out have chosen (docs/results/compare.md). */
static const char *const standard[] = {"knn", "logreg", "svm", "forest", "extratrees",
    "boost", "mlp", "ann", "threads-1", "threads-3", "pipeline-cnn", "kugler-cnn",
    "augmented-cnn:epochs=4,schedule=one-cycle,learning-rate=0.003",
    "resnet-20:epochs=3,schedule=one-cycle", "fast", "tamu-cnn"};

/* One comparison, from the data to the files. */
struct comparing {
    weft_data data;
    struct folder folder;
    char *models, *report, *command; /* owned */
    weft_comparison *comparison;
    struct compare_record record;
    int64_t run; /* its number in the store; 0: not recorded */
};

static void clear(struct comparing *c)
{
    weft_comparison_free(c->comparison);
    weft_data_clear(&c->data);
    folder_clear(&c->folder);
    free(c->models);
    free(c->report);
    free(c->command);
}

static weft_status join(char **out, const char *folder, const char *name)
{
    if (asprintf(out, "%s/%s", folder, name) < 0) {
        *out = NULL;
        return weft_fail(WEFT_ENOMEM, "no memory for a file name");
    }
    return WEFT_OK;
}

static weft_status choose_folder(struct comparing *c, const struct options *o)
{
    WEFT_TRY(folder_choose(&c->folder, o->out, "compare"));
    WEFT_TRY(join(&c->models, c->folder.path, "models"));
    return join(&c->report, c->folder.path, "report.html");
}

static weft_status print_json(const struct comparing *c)
{
    char *text;
    WEFT_TRY(weft_comparison_json(&text, c->comparison));
    json_t *json = json_loads(text, 0, NULL);
    free(text);
    if (json)
        json_object_set_new(json, "report", json_string(c->report));
    if (json && c->run)
        json_object_set_new(json, "run", json_integer(c->run));
    return output_json(json);
}

static weft_status print(const struct comparing *c, const struct call *call)
{
    if (call->json)
        return print_json(c);
    char *text;
    WEFT_TRY(weft_comparison_text(&text, c->comparison));
    printf("%s\n%s\n", text, c->report);
    free(text);
    return WEFT_OK;
}

/* Everything between the beginning and the end of the record. What failed or was
 * interrupted is told after what was finished is safe. */
static weft_status work(struct comparing *c, const char *const *names, size_t count,
    const weft_compare_options *options, struct call *call)
{
    weft_status status =
        weft_compare(&c->comparison, &c->data, names, count, options, call->context);
    if (!c->comparison)
        return status;
    char why[1024];
    snprintf(why, sizeof why, "%s", weft_error());
    WEFT_TRY(weft_comparison_save(c->comparison, c->folder.path));
    WEFT_TRY(weft_report_write(c->report, c->comparison));
    record_folder(&c->record.whole, c->folder.path);
    return status == WEFT_OK ? WEFT_OK : weft_fail(status, "%s", why);
}

static weft_status compare(struct comparing *c, struct call *call)
{
    const struct options *o = call->options;
    size_t all = sizeof standard / sizeof *standard, count = call->count;
    const char *const *names = (const char *const *)call->arguments;
    if (count > 0 && o->full)
        return call_misused(call, "--full adds to the standard classifiers: name none");
    if (count == 0) {
        names = standard;
        count = o->full ? all : all - 1;
    }
    if (weft_compare_check(names, count) != WEFT_OK)
        return call_misused(call, "%s", weft_error());
    WEFT_TRY(data_options_load(&c->data, o->data.where, &o->data, call));
    WEFT_TRY(choose_folder(c, o)); /* after the data, which may lie in the present one */
    WEFT_TRY(again(&c->command, call));
    weft_compare_options options = weft_compare_defaults();
    options.seed = o->seed;
    options.seeds = o->seeds;
    options.validation = o->validation;
    options.test = o->test;
    options.source = o->data.where;
    options.command = c->command;
    options.models = c->models;
    weft_status status =
        compare_record_begin(&c->record, &o->store, call, &c->data, count, &options);
    c->run = c->record.whole.run;
    bool begun = status == WEFT_OK;
    if (begun)
        status = work(c, names, count, &options, call);
    bool worth_telling = begun && c->comparison;
    status = compare_record_end(&c->record, status);
    if (!worth_telling)
        return status;
    char why[1024];
    snprintf(why, sizeof why, "%s", weft_error());
    WEFT_TRY(print(c, call));
    return status == WEFT_OK ? WEFT_OK : weft_fail(status, "%s", why);
}

static weft_status run(struct call *call)
{
    struct comparing c = {0};
    weft_status status = compare(&c, call);
    clear(&c);
    return status;
}

const struct command command_compare = {
    .name = "compare",
    .summary = "fit several classifiers and report which is best",
    .arguments = "[CLASSIFIER...] --data WHERE",
    .max_arguments = ANY_NUMBER,
    .details =
        "CLASSIFIER is a name that 'weft models' lists, or a network's text file, alone or "
        "with options: knn:k=11,weights=distance. Without any: every family and the "
        "papers' networks. All learn from the same training pictures; the test split is "
        "opened once, when all "
        "have. Ends with a table and the path of report.html, one file that opens offline; "
        "beside it lie the figures as JSON, CSV and LaTeX, and the models. An interrupt "
        "scores "
        "what is fitted by then.",
    .example = "weft compare --data fashion-mnist\n"
               "weft compare knn knn:k=11,weights=distance --data photos/ --size 64",
    .options = table,
    .options_size = sizeof(struct options),
    .json = true,
    .run = run,
};
