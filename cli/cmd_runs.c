/* weft runs, and runs show, diff, delete, export: what the store remembers. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "record.h"

/* Prints `text`, consumed. */
static weft_status print(char *text)
{
    fputs(text, stdout);
    size_t n = strlen(text);
    if (n == 0 || text[n - 1] != '\n')
        putchar('\n');
    free(text);
    return WEFT_OK;
}

/* ---- Which runs: shared by list and export ---- */

struct filter_options {
    struct store_options store;
    char *classifier, *data, *kind, *status, *since, *metric;
    uint64_t of, best;
    int split;
    bool parts;
    int format; /* of export alone */
};

#define FILTER_OPTIONS \
    {"classifier", WEFT_PARAM_TEXT, offsetof(struct filter_options, classifier), NULL, 0, \
        0, NULL, "a classifier's name, or the run's: knn, knn:k=11"}, \
        {"data", WEFT_PARAM_TEXT, offsetof(struct filter_options, data), NULL, 0, 0, NULL, \
            "as it was given, or how its digest begins"}, \
        {"kind", WEFT_PARAM_TEXT, offsetof(struct filter_options, kind), NULL, 0, 0, NULL, \
            "train, compare, entry, val, cv, tune, ..."}, \
        {"status", WEFT_PARAM_TEXT, offsetof(struct filter_options, status), NULL, 0, 0, \
            NULL, "running, done, failed, interrupted or died"}, \
        {"since", WEFT_PARAM_TEXT, offsetof(struct filter_options, since), NULL, 0, 0, \
            NULL, "a date (UTC) such as 2026-11-20, or an age: 90m, 36h, 7d"}, \
        {"of", WEFT_PARAM_COUNT, offsetof(struct filter_options, of), "0", 0, 1e15, NULL, \
            "the parts of this run; 0: any"}, \
        {"parts", WEFT_PARAM_FLAG, offsetof(struct filter_options, parts), "false", 0, 0, \
            NULL, "parts of comparisons and searches too"}, \
        {"best", WEFT_PARAM_COUNT, offsetof(struct filter_options, best), "0", 0, 1e9, \
            NULL, "the best N by --metric; 0: no order but time"}, \
        {"metric", WEFT_PARAM_TEXT, offsetof(struct filter_options, metric), NULL, 0, 0, \
            NULL, "the figure that --best goes by; accuracy when not given"}, \
        {"split", WEFT_PARAM_CHOICE, offsetof(struct filter_options, split), "validation", \
            0, 0, "validation|test|train|none", \
            "what the figure is of; none: fit_seconds and its like"}, \
        STORE_WHERE(struct filter_options, store)

static weft_status open_store(weft_store **out, const struct store_options *o)
{
    return weft_store_open(out, o->path, false);
}

/* A filter that cannot be meant is the user's command line. */
static weft_status find(weft_run_list **out, weft_store *store,
    const struct filter_options *o, struct call *call)
{
    static const char *const splits[] = {"validation", "test", "train", ""};
    weft_run_filter filter = {.kind = o->kind,
        .status = o->status,
        .classifier = o->classifier,
        .data = o->data,
        .since = o->since,
        .parent = (int64_t)o->of,
        .parts = o->parts,
        .best = o->best,
        .metric = o->metric ? o->metric
                  : o->best ? "accuracy"
                            : NULL,
        .split = splits[o->split]};
    weft_status status = weft_store_list(out, store, &filter);
    if (status == WEFT_EINVAL && filter.metric && !o->metric)
        return call_misused(call, "%s: --split names another", weft_error());
    return status == WEFT_EINVAL ? call_misused(call, "%s", weft_error()) : status;
}

/* ---- list ---- */

static const weft_param list_table[] = {FILTER_OPTIONS, {0}};

static void set_real(json_t *object, const char *name, double value)
{
    if (value == value) /* what was not measured is left out */
        json_object_set_new(object, name, json_real(value));
}

static json_t *row_json(const weft_run_row *row, const char *metric)
{
    json_t *json = json_pack("{s:I, s:s, s:s*, s:s*, s:s*, s:s, s:s, s:s*}", "run",
        (json_int_t)row->id, "kind", row->kind, "name", row->name, "classifier",
        row->classifier, "data", row->data, "status", row->status, "began", row->began,
        "folder", row->folder);
    if (row->parent)
        json_object_set_new(json, "parent", json_integer(row->parent));
    set_real(json, "seconds", row->seconds);
    set_real(json, "validation_accuracy", row->validation_accuracy);
    set_real(json, "test_accuracy", row->test_accuracy);
    if (metric)
        set_real(json, metric, row->figure);
    return json;
}

static weft_status list_json(const weft_run_list *list, const struct filter_options *o)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < weft_run_list_count(list); i++)
        json_array_append_new(rows, row_json(weft_run_list_row(list, i), o->metric));
    return output_json(rows);
}

static weft_status list_text(const weft_run_list *list, bool quiet)
{
    char *text;
    if (weft_run_list_count(list) == 0) {
        if (!quiet)
            fprintf(stderr, "weft: no run is like that\n");
        return WEFT_OK;
    }
    WEFT_TRY(weft_run_list_text(&text, list));
    return print(text);
}

static weft_status run_list(struct call *call)
{
    const struct filter_options *o = call->options;
    weft_store *store;
    weft_run_list *list;
    WEFT_TRY(open_store(&store, &o->store));
    weft_status status = find(&list, store, o, call);
    weft_store_close(store);
    WEFT_TRY(status);
    status = call->json ? list_json(list, o) : list_text(list, call->quiet);
    weft_run_list_free(list);
    return status;
}

const struct command command_runs = {
    .name = "runs",
    .summary = "list the runs that the store remembers, newest first",
    .arguments = "",
    .details =
        "Accuracies are of the validation and the test split. The parts of comparisons and "
        "searches are listed with --parts, --of, --classifier and --best. A run that died "
        "was ended by kill -9 or with the machine. See also 'weft runs show', 'diff', "
        "'delete' and 'export'.",
    .example = "weft runs --since 7d\n"
               "weft runs --best 10 --metric macro_f1 --data fashion-mnist",
    .options = list_table,
    .options_size = sizeof(struct filter_options),
    .json = true,
    .run = run_list,
};

/* ---- export ---- */

enum { JSON, CSV };

static const weft_param export_table[] = {
    {"format", WEFT_PARAM_CHOICE, offsetof(struct filter_options, format), "json", 0, 0,
        "json|csv", "json: everything; csv: a row each, without epochs and classes"},
    FILTER_OPTIONS,
    {0},
};

static weft_status run_export(struct call *call)
{
    const struct filter_options *o = call->options;
    weft_store *store;
    weft_run_list *list = NULL;
    char *text;
    if (call->json && o->format == CSV)
        return call_misused(call, "--json and --format csv exclude one another");
    WEFT_TRY(open_store(&store, &o->store));
    weft_status status = find(&list, store, o, call);
    if (status == WEFT_OK)
        status = o->format == CSV ? weft_store_export_csv(&text, store, list)
                                  : weft_store_export_json(&text, store, list);
    weft_run_list_free(list);
    weft_store_close(store);
    WEFT_TRY(status);
    return print(text);
}

const struct command command_runs_export = {
    .name = "runs export",
    .summary = "write runs with all that is known of them, as JSON or CSV",
    .arguments = "",
    .example = "weft runs export --parts > runs.json\n"
               "weft runs export --format csv --classifier knn > knn.csv",
    .options = export_table,
    .options_size = sizeof(struct filter_options),
    .json = true,
    .run = run_export,
};

/* ---- show, diff, delete ---- */

struct options {
    struct store_options store;
    bool files;
};

static const weft_param read_table[] = {STORE_WHERE(struct options, store), {0}};

static weft_status parse_run(int64_t *out, const char *text, struct call *call)
{
    char *end;
    long long run = strtoll(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || run < 1)
        return call_misused(call, "'%s' is no run's number", text);
    *out = run;
    return WEFT_OK;
}

static weft_status run_show(struct call *call)
{
    const struct options *o = call->options;
    weft_store *store;
    int64_t run = 0;
    char *text;
    WEFT_TRY(parse_run(&run, call->arguments[0], call));
    WEFT_TRY(open_store(&store, &o->store));
    weft_status status = call->json ? weft_store_run_json(&text, store, run)
                                    : weft_store_run_text(&text, store, run);
    weft_store_close(store);
    WEFT_TRY(status);
    return print(text);
}

const struct command command_runs_show = {
    .name = "runs show",
    .summary = "show all that is known of one run",
    .arguments = "RUN",
    .min_arguments = 1,
    .max_arguments = 1,
    .example = "weft runs show 12\nweft runs show 12 --json",
    .options = read_table,
    .options_size = sizeof(struct options),
    .json = true,
    .run = run_show,
};

static weft_status run_diff(struct call *call)
{
    const struct options *o = call->options;
    weft_store *store;
    int64_t first = 0, second = 0;
    char *text;
    WEFT_TRY(parse_run(&first, call->arguments[0], call));
    WEFT_TRY(parse_run(&second, call->arguments[1], call));
    WEFT_TRY(open_store(&store, &o->store));
    weft_status status = call->json ? weft_store_diff_json(&text, store, first, second)
                                    : weft_store_diff_text(&text, store, first, second);
    weft_store_close(store);
    WEFT_TRY(status);
    return print(text);
}

const struct command command_runs_diff = {
    .name = "runs diff",
    .summary = "show the options and figures in which two runs differ",
    .arguments = "RUN RUN",
    .min_arguments = 2,
    .max_arguments = 2,
    .example = "weft runs diff 12 15",
    .options = read_table,
    .options_size = sizeof(struct options),
    .json = true,
    .run = run_diff,
};

static const weft_param delete_table[] = {
    {"files", WEFT_PARAM_FLAG, offsetof(struct options, files), "false", 0, 0, NULL,
        "remove the folders and files that they wrote too"},
    STORE_WHERE(struct options, store),
    {0},
};

static weft_status deletion_json(const weft_deletion *d)
{
    json_t *runs = json_array(), *paths = json_array(), *kept = json_array();
    for (size_t i = 0; i < d->run_count; i++)
        json_array_append_new(runs, json_integer(d->runs[i]));
    for (size_t i = 0; i < d->path_count; i++)
        json_array_append_new(paths, json_string(d->paths[i]));
    for (size_t i = 0; i < d->kept_count; i++)
        json_array_append_new(kept, json_string(d->kept[i]));
    return output_json(
        json_pack("{s:o, s:o, s:o}", "runs", runs, "removed", paths, "kept", kept));
}

static void deletion_text(const weft_deletion *d, bool deleted)
{
    for (size_t i = 0; i < d->path_count; i++)
        printf("removed %s\n", d->paths[i]);
    for (size_t i = 0; i < d->kept_count; i++)
        printf("kept %s\n", d->kept[i]);
    for (size_t i = 0; deleted && i < d->run_count; i++)
        printf("deleted run %" PRId64 "\n", d->runs[i]);
}

static weft_status delete_runs(const int64_t *runs, struct call *call)
{
    const struct options *o = call->options;
    weft_store *store;
    weft_deletion deletion;
    WEFT_TRY(weft_store_open(&store, o->store.path, false));
    weft_status status = weft_store_delete(&deletion, store, runs, call->count, o->files);
    if (!call->json)
        deletion_text(&deletion, status == WEFT_OK);
    else if (status == WEFT_OK)
        status = deletion_json(&deletion);
    weft_deletion_clear(&deletion);
    weft_store_close(store);
    return status;
}

static weft_status run_delete(struct call *call)
{
    int64_t *runs = calloc(call->count, sizeof *runs);
    weft_status status =
        runs ? WEFT_OK : weft_fail(WEFT_ENOMEM, "no memory for the command line");
    for (size_t i = 0; status == WEFT_OK && i < call->count; i++)
        status = parse_run(&runs[i], call->arguments[i], call);
    if (status == WEFT_OK)
        status = delete_runs(runs, call);
    free(runs);
    return status;
}

const struct command command_runs_delete = {
    .name = "runs delete",
    .summary = "forget runs, and remove their files where told to",
    .arguments = "RUN...",
    .min_arguments = 1,
    .max_arguments = ANY_NUMBER,
    .details =
        "Asks nothing and names what it removes. The parts of a run go with it. With "
        "--files, what another run has too, or what is no longer as the run wrote it, is "
        "kept. How often a test split was opened stays counted.",
    .example = "weft runs delete 12 13 --files",
    .options = delete_table,
    .options_size = sizeof(struct options),
    .json = true,
    .run = run_delete,
};
