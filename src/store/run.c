#include "weft/run.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/folder.h"
#include "core/mem.h"
#include "core/text.h"
#include "weft/weft.h"

enum { RUNS = 1000000, OPTION_TEXT = 65536 };

/* The name without what a path or a suffix adds: "nets/a.net" is "a". */
static weft_status short_name(char **out, const char *name)
{
    const char *slash = strrchr(name, '/');
    WEFT_TRY(weft__strdup(out, slash ? slash + 1 : name));
    char *dot = strrchr(*out, '.');
    if (dot && dot > *out)
        *dot = 0;
    return WEFT_OK;
}

/* runs/NAME or runs/NAME-i, owned by the caller. */
static weft_status numbered(char **out, const char *name, int i)
{
    char *base, suffix[16] = "";
    if (i > 1)
        snprintf(suffix, sizeof suffix, "-%d", i);
    WEFT_TRY(short_name(&base, name));
    weft__text path = {0};
    weft_status status = weft__text_printf(&path, "runs/%s%s", base, suffix);
    free(base);
    *out = path.data;
    return status;
}

static bool is_there(const char *path)
{
    struct stat found;
    return lstat(path, &found) == 0;
}

weft_status weft_run_folder(char **out, const char *name)
{
    WEFT_TRY(weft__make_folder("runs"));
    for (int i = 1; i < RUNS; i++) {
        char *path;
        WEFT_TRY(numbered(&path, name, i));
        if (mkdir(path, 0777) == 0) {
            *out = path;
            return WEFT_OK;
        }
        weft_status status = WEFT_OK;
        if (errno != EEXIST)
            status = weft_fail(
                WEFT_EIO, "%s: cannot make the folder: %s", path, strerror(errno));
        free(path);
        WEFT_TRY(status);
    }
    return weft_fail(WEFT_EIO, "runs: no free name for '%s'", name);
}

static weft_status is_unfinished(bool *out, const char *folder)
{
    char *checkpoint;
    WEFT_TRY(weft__path_join(&checkpoint, folder, WEFT_RUN_CHECKPOINT));
    *out = is_there(checkpoint);
    free(checkpoint);
    return WEFT_OK;
}

weft_status weft_run_unfinished(char **out, const char *name)
{
    char *last = NULL;
    weft_status status = WEFT_OK;
    bool there = true, unfinished;
    for (int i = 1; status == WEFT_OK && there && i < RUNS; i++) {
        char *path = NULL;
        status = numbered(&path, name, i);
        if (status == WEFT_OK)
            status = is_unfinished(&unfinished, path);
        there = status == WEFT_OK && is_there(path);
        if (there && unfinished) {
            free(last);
            last = path;
        } else {
            free(path);
        }
    }
    if (status == WEFT_OK)
        *out = last;
    else
        free(last);
    return status;
}

/* Where the run goes; above it everything is there. */
static weft_status choose_folder(char **out, const weft_run *run, const char *folder)
{
    if (!folder)
        return weft_run_folder(out, weft_classifier_describe(run->classifier)->name);
    WEFT_TRY(weft__strdup(out, folder));
    size_t length = strlen(*out);
    while (length > 1 && (*out)[length - 1] == '/')
        (*out)[--length] = 0;
    return weft__make_parent(*out);
}

static weft_status write_file(
    const char *folder, const char *name, const void *bytes, size_t size)
{
    char *path;
    WEFT_TRY(weft__path_join(&path, folder, name));
    weft_status status = weft__file_write(path, bytes, size);
    free(path);
    return status;
}

/* Writes `value`, consumed. */
static weft_status write_json(const char *folder, const char *name, json_t *value)
{
    char *text = value ? json_dumps(value, JSON_INDENT(2)) : NULL;
    json_decref(value);
    if (!text)
        return weft_fail(WEFT_ENOMEM, "%s/%s: no memory", folder, name);
    weft_status status = write_file(folder, name, text, strlen(text));
    free(text);
    return status;
}

static weft_status options_json(json_t **out, const weft_classifier *classifier)
{
    char *text;
    WEFT_TRY(weft__alloc(&text, OPTION_TEXT, 1, "options"));
    json_t *options = json_object();
    weft_status status = WEFT_OK;
    const weft_param *p = weft_classifier_describe(classifier)->params;
    for (; status == WEFT_OK && p->name; p++) {
        status = weft_classifier_get(classifier, p->name, text, OPTION_TEXT);
        if (status == WEFT_OK)
            json_object_set_new(options, p->name, json_string(text));
    }
    free(text);
    *out = options;
    return status;
}

static weft_status write_arguments(
    const char *folder, const weft_run *run, weft_context *context)
{
    json_t *options;
    WEFT_TRY(options_json(&options, run->classifier));
    char processor[128];
    json_t *value =
        json_pack("{s:s, s:s?, s:s?, s:s, s:I, s:o, s:s, s:s, s:i}", "classifier",
            weft_classifier_describe(run->classifier)->name, "command", run->command,
            "data", run->data, "data_digest", weft_classifier_data_digest(run->classifier),
            "seed", (json_int_t)run->seed, "options", options, "version", weft_version(),
            "processor", weft_processor(processor, sizeof processor), "threads",
            weft_context_threads(context));
    return write_json(folder, "args.json", value);
}

static weft_status evaluation_json(json_t *into, const char *key, const weft_evaluation *e)
{
    if (!e)
        return WEFT_OK;
    char *text;
    WEFT_TRY(weft_evaluation_json(&text, e));
    json_t *value = json_loads(text, 0, NULL);
    free(text);
    if (json_object_set_new(into, key, value) != 0)
        return weft_fail(WEFT_ENOMEM, "no memory for an evaluation");
    return WEFT_OK;
}

static weft_status write_results(const char *folder, const weft_run *run)
{
    json_t *value = json_pack("{s:f, s:I}", "fit_seconds", run->fit_seconds, "train_count",
        (json_int_t)run->train->count);
    weft_status status = evaluation_json(value, "validation", run->validation_scores);
    if (status == WEFT_OK)
        status = evaluation_json(value, "test", run->test_scores);
    if (status != WEFT_OK) {
        json_decref(value);
        return status;
    }
    return write_json(folder, "results.json", value);
}

static weft_status add_figure(weft__text *text, double value, const char *end)
{
    char number[32] = ""; /* what was not measured is empty */
    if (isfinite(value))
        weft__format_real(value, number, sizeof number);
    return weft__text_printf(text, "%s%s", number, end);
}

static weft_status history_csv(weft__text *text, const weft_epoch *epochs, size_t count)
{
    WEFT_TRY(weft__text_printf(
        text, "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,rate\n"));
    for (size_t i = 0; i < count; i++) {
        const weft_epoch *e = &epochs[i];
        const double figures[] = {e->loss, e->accuracy, e->val_loss, e->val_accuracy,
            e->learning_rate, e->seconds, e->rate};
        const size_t n = sizeof figures / sizeof *figures;
        WEFT_TRY(weft__text_printf(text, "%" PRIu32 ",", e->epoch));
        for (size_t f = 0; f < n; f++)
            WEFT_TRY(add_figure(text, figures[f], f + 1 < n ? "," : "\n"));
    }
    return WEFT_OK;
}

static weft_status write_history(const char *folder, const weft_run *run)
{
    size_t count;
    const weft_epoch *epochs = weft_classifier_history(run->classifier, &count);
    if (count == 0)
        return WEFT_OK;
    weft__text text = {0};
    weft_status status = history_csv(&text, epochs, count);
    if (status == WEFT_OK)
        status = write_file(folder, "results.csv", text.data, text.length);
    weft__text_clear(&text);
    return status;
}

/* One picture's row, its origin quoted as RFC 4180 has it. */
static weft_status split_row(
    weft__text *text, const weft_view *view, size_t i, const char *part)
{
    char origin[4096];
    size_t at = weft_view_at(view, i);
    weft_dataset_origin(view->data, at, origin, sizeof origin);
    WEFT_TRY(weft__text_printf(text, "%zu,%s,\"", at, part));
    for (const char *c = origin; *c; c++)
        WEFT_TRY(weft__text_append(text, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1));
    return weft__text_append(text, "\"\n", 2);
}

static weft_status split_csv(weft__text *text, const weft_run *run)
{
    WEFT_TRY(weft__text_printf(text, "picture,split,origin\n"));
    for (size_t i = 0; i < run->train->count; i++)
        WEFT_TRY(split_row(text, run->train, i, "train"));
    for (size_t i = 0; i < run->validation->count; i++)
        WEFT_TRY(split_row(text, run->validation, i, "validation"));
    return WEFT_OK;
}

static weft_status write_split(const char *folder, const weft_run *run)
{
    if (!run->validation || run->validation->data != run->train->data)
        return WEFT_OK;
    weft__text text = {0};
    weft_status status = split_csv(&text, run);
    if (status == WEFT_OK)
        status = write_file(folder, "split.csv", text.data, text.length);
    weft__text_clear(&text);
    return status;
}

static weft_status write_model(
    const char *folder, const weft_run *run, weft_context *context)
{
    char *path;
    WEFT_TRY(weft__path_join(&path, folder, WEFT_RUN_MODEL));
    weft_status status = weft_classifier_save(run->classifier, path, context);
    free(path);
    return status;
}

static weft_status keep_checkpoint(const char *from, const char *to)
{
    char *path;
    uint8_t *bytes = NULL;
    size_t size;
    WEFT_TRY(weft__path_join(&path, from, WEFT_RUN_CHECKPOINT));
    weft_status status = weft__file_read(path, SIZE_MAX, &bytes, &size);
    free(path);
    WEFT_TRY(status);
    status = write_file(to, WEFT_RUN_CHECKPOINT, bytes, size);
    free(bytes);
    return status;
}

static weft_status fill(const char *folder, const weft_run *run, weft_context *context)
{
    WEFT_TRY(write_arguments(folder, run, context));
    WEFT_TRY(write_results(folder, run));
    WEFT_TRY(write_history(folder, run));
    WEFT_TRY(write_split(folder, run));
    return write_model(folder, run, context);
}

weft_status weft_run_save(
    char **saved, const weft_run *run, const char *folder, weft_context *context)
{
    char *path = NULL;
    weft__folder_writer writer = {0};
    bool replace = false;
    weft_status status = choose_folder(&path, run, folder);
    if (status == WEFT_OK)
        status = is_unfinished(&replace, path);
    if (status == WEFT_OK)
        status = weft__folder_begin(&writer, path);
    if (status == WEFT_OK)
        status = fill(writer.temporary, run, context);
    if (status == WEFT_OK && run->unfinished)
        status = keep_checkpoint(path, writer.temporary);
    if (status == WEFT_OK)
        status = weft__folder_commit(&writer, replace);
    weft__folder_abandon(&writer);
    if (status != WEFT_OK) {
        if (!folder && path)
            (void)rmdir(path);
        free(path);
        return status;
    }
    *saved = path;
    return WEFT_OK;
}
