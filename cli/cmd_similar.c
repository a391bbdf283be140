/* weft similar: pictures of a catalogue that look like others, or like each other. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "again.h"
#include "data_options.h"
#include "names.h"
#include "output.h"
#include "record.h"
#include "similar_output.h"
#include "weft/picture.h"
#include "weft/similar.h"

enum { TEST, VALIDATION, TRAIN };
static const char *const split_names[] = {"test", "validation", "train"};

struct options {
    weft_similar_options similar;
    struct data_options data; /* where: the queries */
    struct store_options store;
    char *in, *index, *export;
    int in_split, split;
    bool evaluate, no_index;
    uint64_t pictures;
};

#define AT(field) offsetof(struct options, field)

static const weft_param table[] = {
    {"in", WEFT_PARAM_TEXT, AT(in), NULL, 0, 0, NULL,
        "the catalogue: a folder of pictures or of classes, a CSV file, fashion-mnist, "
        "synth"},
    {"in-split", WEFT_PARAM_CHOICE, AT(in_split), "train", 0, 0, "test|validation|train",
        "which part of the catalogue's data"},
    WEFT_SIMILAR_PARAMS(struct options, similar),
    {"data", WEFT_PARAM_TEXT, AT(data.where), NULL, 0, 0, NULL,
        "look for what is like this data, in place of picture files"},
    {"split", WEFT_PARAM_CHOICE, AT(split), "test", 0, 0, "test|validation|train",
        "data: which part"},
    {"evaluate", WEFT_PARAM_FLAG, AT(evaluate), "false", 0, 0, NULL,
        "say how many of the similar pictures are of the same class: precision, recall, "
        "mean average precision"},
    {"export", WEFT_PARAM_TEXT, AT(export), NULL, 0, 0, NULL,
        "a new folder for similar.json and the page similar.html"},
    {"pictures", WEFT_PARAM_COUNT, AT(pictures), "600", 0, 100000, NULL,
        "export: how many the page shows, spread evenly, where they fit in 10 MB"},
    {"index", WEFT_PARAM_TEXT, AT(index), NULL, 0, 0, NULL,
        "keep the catalogue's points in this file; in the cache when not given"},
    {"no-index", WEFT_PARAM_FLAG, AT(no_index), "false", 0, 0, NULL, "keep them nowhere"},
    {"limit", WEFT_PARAM_COUNT, AT(data.limit), "0", 0, 4294967295.0, NULL,
        "at most N pictures a split, evenly over classes; 0: all"},
    {"download", WEFT_PARAM_FLAG, AT(data.download), "false", 0, 0, NULL,
        "fetch a named dataset from its publisher where it is missing"},
    {"no-cache", WEFT_PARAM_FLAG, AT(data.no_cache), "false", 0, 0, NULL,
        "decode folders anew and leave no cache file"},
    STORE_OPTIONS(struct options, store),
    {0},
};

/* One use of the command. */
struct looking {
    weft_classifier *model;
    weft_data in, data;         /* of --in and --data */
    weft_dataset *flat, *files; /* a folder of pictures; picture files */
    bool own;                   /* the queries are the catalogue's pictures */
    struct similar_answer answer;
    weft_index *index;
    weft_similar *found;
    weft_retrieval retrieval; /* of --evaluate */
    struct record record;
    char *command; /* owned */
};

static void clear(struct looking *x)
{
    weft_retrieval_clear(&x->retrieval);
    weft_similar_free(x->found);
    weft_index_free(x->index);
    weft_data_clear(&x->in);
    weft_data_clear(&x->data);
    weft_dataset_free(x->flat);
    weft_dataset_free(x->files);
    weft_classifier_free(x->model);
    free(x->command);
}

/* ---- reading ---- */

/* Whether it is a folder of files alone, of which none is a table or IDX: pictures. */
static bool is_flat(const char *where)
{
    DIR *folder = opendir(where);
    bool flat = folder != NULL, any = false;
    for (struct dirent *e; flat && (e = readdir(folder));) {
        struct stat found;
        if (e->d_name[0] == '.')
            continue;
        size_t length = strlen(e->d_name);
        flat = fstatat(dirfd(folder), e->d_name, &found, 0) == 0 &&
               S_ISREG(found.st_mode) && !strstr(e->d_name, "-ubyte") &&
               !strstr(e->d_name, ".csv") &&
               !(length > 3 && strcmp(e->d_name + length - 3, ".gz") == 0);
        any = true;
    }
    if (folder)
        closedir(folder);
    return flat && any;
}

/* Pictures by name, read as the model's were. */
static weft_status read_pictures(weft_dataset **out, char **arguments, size_t count,
    struct looking *x, struct call *call)
{
    struct names names = {0};
    weft_recipe recipe = weft_classifier_recipe(x->model);
    weft_status status = WEFT_OK;
    for (size_t i = 0; status == WEFT_OK && i < count; i++)
        status = names_add(&names, arguments[i]);
    if (status == WEFT_OK)
        status = weft_dataset_from_files(
            out, (const char *const *)names.items, names.count, &recipe, call->context);
    names_clear(&names);
    WEFT_TRY(status);
    if (weft_dataset_count(*out) == 0)
        return weft_fail(
            WEFT_ENOTFOUND, "%s: no pictures that can be read there", arguments[0]);
    return WEFT_OK;
}

static weft_status read_data(
    weft_data *out, const char *where, const struct looking *x, struct call *call)
{
    const struct options *o = call->options;
    weft_recipe recipe = weft_classifier_recipe(x->model);
    weft_load_options load = data_options_get(&o->data);
    load.height = recipe.shape.height;
    load.width = recipe.shape.width;
    load.channels = recipe.shape.channels;
    load.fit = recipe.fit;
    load.background = recipe.background;
    return weft_data_load(out, where, &load, call->context);
}

static weft_status choose(weft_view *view, const weft_data *data, int split,
    const char *where, const char *option)
{
    if (split == TEST && data->test)
        *view = weft_test_open(data->test);
    else if (split == VALIDATION && data->validation)
        *view = weft_view_all(data->validation);
    else if (split == TRAIN)
        *view = weft_view_all(data->train);
    else
        return weft_fail(WEFT_ENOTFOUND, "%s: no %s split: %s takes another", where,
            split_names[split], option);
    return WEFT_OK;
}

static weft_status read_catalogue(struct looking *x, struct call *call)
{
    const struct options *o = call->options;
    char *where[] = {o->in};
    weft_view view;
    if (is_flat(o->in)) {
        WEFT_TRY(read_pictures(&x->flat, where, 1, x, call));
        x->answer.catalogue = x->flat;
        return WEFT_OK;
    }
    WEFT_TRY(read_data(&x->in, o->in, x, call));
    WEFT_TRY(choose(&view, &x->in, o->in_split, o->in, "--in-split"));
    x->answer.catalogue = view.data;
    return WEFT_OK;
}

static weft_status read_queries(struct looking *x, struct call *call)
{
    const struct options *o = call->options;
    if (x->own) {
        x->answer.queries = weft_view_all(x->answer.catalogue);
        return WEFT_OK;
    }
    if (!o->data.where) {
        WEFT_TRY(read_pictures(&x->files, call->arguments + 1, call->count - 1, x, call));
        x->answer.queries = weft_view_all(x->files);
        return WEFT_OK;
    }
    WEFT_TRY(read_data(&x->data, o->data.where, x, call));
    return choose(&x->answer.queries, &x->data, o->split, o->data.where, "--split");
}

/* ---- the work ---- */

static weft_status evaluate(struct looking *x, struct call *call)
{
    const struct options *o = call->options;
    const char *split = x->own ? split_names[o->in_split] : split_names[o->split];
    WEFT_TRY(weft_similar_evaluate(&x->retrieval, x->found, call->context));
    const weft_retrieval_figures *f = &x->retrieval.all;
    for (int c = 0; c < WEFT_RETRIEVAL_CUTS; c++) {
        char name[64];
        snprintf(name, sizeof name, "precision@%zu", weft_retrieval_cuts[c]);
        record_figure(&x->record, split, name, f->precision[c]);
        snprintf(name, sizeof name, "recall@%zu", weft_retrieval_cuts[c]);
        record_figure(&x->record, split, name, f->recall[c]);
    }
    record_figure(&x->record, split, "mean_average_precision", f->average_precision);
    return WEFT_OK;
}

static weft_status export(struct looking *x, struct call *call)
{
    const struct options *o = call->options;
    WEFT_TRY(again(&x->command, call));
    const weft_similar_page page = {.similar = x->found,
        .retrieval = o->evaluate ? &x->retrieval : NULL,
        .source = o->in,
        .command = x->command,
        .pictures = o->pictures};
    return weft_similar_save(o->export, &page);
}

static weft_status find(struct looking *x, struct call *call)
{
    const struct options *o = call->options;
    const weft_index_options kept = {.path = o->index, .cache = !o->no_index && !o->index};
    double began = seconds_now();
    WEFT_TRY(
        weft_index_create(&x->index, x->model, x->answer.catalogue, &kept, call->context));
    x->answer.index_seconds = seconds_now() - began;
    began = seconds_now();
    WEFT_TRY(weft_similar_find(&x->found, x->index, x->own ? NULL : &x->answer.queries,
        &o->similar, call->context));
    x->answer.seconds = seconds_now() - began;
    if (o->evaluate)
        WEFT_TRY(evaluate(x, call));
    return o->export ? export(x, call) : WEFT_OK;
}

/* An evaluation is a run, and one on test pictures opens their split. */
static weft_status find_recorded(struct looking *x, struct call *call)
{
    const struct options *o = call->options;
    if (!o->evaluate)
        return find(x, call);
    const weft_run_start start = {.data = x->own ? o->in : o->data.where,
        .classifier = x->model,
        .data_digest = weft_dataset_digest(x->answer.queries.data)};
    WEFT_TRY(record_begin(&x->record, &o->store, call, &start));
    record_model(&x->record, call->arguments[0]);
    if (x->own ? o->in_split == TEST && x->in.test : o->split == TEST)
        record_opened_test(&x->record, &x->answer.queries);
    return record_end(&x->record, find(x, call));
}

static weft_status check_usage(struct looking *x, struct call *call)
{
    const struct options *o = call->options;
    if (!o->in)
        return call_misused(call, "no catalogue: give --in WHERE");
    if (call->count > 1 && o->data.where)
        return call_misused(call, "give pictures, or --data WHERE, and not both");
    x->own = call->count == 1 && !o->data.where;
    if ((x->own || o->data.where) && !o->export && !o->evaluate)
        return call_misused(call,
            "give pictures to look for, or say what to do with a whole catalogue: "
            "--export FOLDER, --evaluate");
    if (call->count > 1 && o->evaluate)
        return call_misused(
            call, "--evaluate needs labels: give --data WHERE in place of picture files");
    if (o->index && o->no_index)
        return call_misused(call, "give --index or --no-index, and not both");
    return WEFT_OK;
}

static weft_status look(struct looking *x, struct call *call)
{
    const struct options *o = call->options;
    WEFT_TRY(check_usage(x, call));
    if (o->export)
        WEFT_TRY(output_check_new_folder(o->export));
    WEFT_TRY(weft_classifier_load(&x->model, call->arguments[0]));
    WEFT_TRY(read_catalogue(x, call));
    WEFT_TRY(read_queries(x, call));
    WEFT_TRY(find_recorded(x, call));
    x->answer.index = x->index;
    x->answer.found = x->found;
    x->answer.retrieval = o->evaluate ? &x->retrieval : NULL;
    x->answer.folder = o->export;
    x->answer.listed = call->count > 1;
    return similar_print(&x->answer, call);
}

static weft_status run(struct call *call)
{
    struct looking x = {0};
    weft_status status = look(&x, call);
    clear(&x);
    return status;
}

const struct command command_similar = {
    .name = "similar",
    .summary = "find pictures of a catalogue that look alike",
    .arguments = "MODEL [PICTURE...] --in WHERE",
    .min_arguments = 1,
    .max_arguments = ANY_NUMBER,
    .details =
        "A picture is compared by what the model sees of it: a network's layer before the "
        "last, the features that another classifier was fitted on, else its pixels. The "
        "nearest are found exactly. Copies of the picture itself are left out, and with "
        "--groups or --item-ends whatever shows the same item; --diversity spreads what "
        "is shown. Without pictures the whole catalogue is taken, each picture against all "
        "others: --export writes what was found as JSON and as a page that opens offline. "
        "The catalogue's points are kept in a file and used again as long as model and "
        "pictures are the same.",
    .example = "weft similar cnn.safetensors shoe.jpg --in photos/\n"
               "weft similar cnn.safetensors --in photos/ --export similar-items\n"
               "weft similar cnn.safetensors --in fashion-mnist "
               "--evaluate",
    .options = table,
    .options_size = sizeof(struct options),
    .json = true,
    .run = run,
};
