/* A cross-validation as a terminal's table, JSON, CSV, and as a folder. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/folder.h"
#include "core/text.h"
#include "eval/classifier_json.h"
#include "eval/crossvalidation.h"
#include "eval/evaluation.h"
#include "model/tensors.h"
#include "weft/weft.h"

static const struct {
    const char *name;
    weft_fold_figure figure;
} columns[] = {
    {"loss", WEFT_FOLD_LOSS},
    {"accuracy", WEFT_FOLD_ACCURACY},
    {"val_loss", WEFT_FOLD_VAL_LOSS},
    {"val_accuracy", WEFT_FOLD_VAL_ACCURACY},
    {"val_f1", WEFT_FOLD_VAL_F1},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

/* In the order of `columns`. */
static void figures_of(const weft_fold *fold, double figures[COLUMNS])
{
    const weft_scores *s = weft_evaluation_scores(fold->evaluation);
    const double values[COLUMNS] = {
        fold->loss, fold->accuracy, s->log_loss, s->accuracy, s->macro.f1};
    memcpy(figures, values, sizeof values);
}

static weft_status cells(weft__text *text, const double figures[COLUMNS])
{
    for (size_t c = 0; c < COLUMNS; c++) {
        char number[32] = "-";
        if (isfinite(figures[c]))
            weft__format_fixed(figures[c], 4, number, sizeof number);
        WEFT_TRY(weft__text_cell(text, number, 14, true));
    }
    return weft__text_append(text, "\n", 1);
}

static weft_status footing(weft__text *text, const weft_crossvalidation *cv)
{
    double means[COLUMNS], deviations[COLUMNS];
    for (size_t c = 0; c < COLUMNS; c++) {
        weft_spread spread = weft_crossvalidation_spread(cv, columns[c].figure);
        means[c] = spread.mean;
        deviations[c] = spread.sd;
    }
    WEFT_TRY(weft__text_cell(text, "mean", 6, false));
    WEFT_TRY(cells(text, means));
    WEFT_TRY(weft__text_cell(text, "sd", 6, false));
    WEFT_TRY(cells(text, deviations));
    const weft_scores *s = weft_evaluation_scores(cv->evaluation);
    char accuracy[32], low[32], high[32], f1[32];
    weft__format_fixed(s->accuracy, 4, accuracy, sizeof accuracy);
    weft__format_fixed(s->accuracy_low, 4, low, sizeof low);
    weft__format_fixed(s->accuracy_high, 4, high, sizeof high);
    weft__format_fixed(s->macro.f1, 4, f1, sizeof f1);
    return weft__text_printf(text,
        "\nout of fold: accuracy %s (%s to %s), macro f1 %s, %zu pictures\n", accuracy, low,
        high, f1, s->count);
}

static weft_status table(weft__text *text, const weft_crossvalidation *cv)
{
    WEFT_TRY(weft__text_cell(text, cv->name, 0, false));
    WEFT_TRY(weft__text_printf(text, ": %zu %s folds of %zu pictures, seed %" PRIu64 "\n\n",
        cv->options.folds, cv->grouped ? "grouped" : "stratified", cv->view.count,
        cv->options.seed));
    WEFT_TRY(weft__text_cell(text, "fold", 6, false));
    for (size_t c = 0; c < COLUMNS; c++)
        WEFT_TRY(weft__text_cell(text, columns[c].name, 14, true));
    WEFT_TRY(weft__text_append(text, "\n", 1));
    for (size_t f = 0; f < cv->options.folds; f++) {
        double figures[COLUMNS];
        figures_of(&cv->folds[f], figures);
        WEFT_TRY(weft__text_printf(text, "%-6zu", f + 1));
        WEFT_TRY(cells(text, figures));
    }
    return footing(text, cv);
}

static weft_status csv(weft__text *text, const weft_crossvalidation *cv)
{
    WEFT_TRY(weft__text_printf(text, "fold,train_count,val_count"));
    for (size_t c = 0; c < COLUMNS; c++)
        WEFT_TRY(weft__text_printf(text, ",%s", columns[c].name));
    WEFT_TRY(weft__text_printf(text, ",fit_seconds,predict_seconds\n"));
    for (size_t f = 0; f < cv->options.folds; f++) {
        const weft_fold *fold = &cv->folds[f];
        double figures[COLUMNS + 2];
        figures_of(fold, figures);
        figures[COLUMNS] = fold->fit_seconds;
        figures[COLUMNS + 1] = fold->predict_seconds;
        WEFT_TRY(weft__text_printf(text, "%zu,%zu,%zu", f + 1, fold->train_count,
            weft_evaluation_scores(fold->evaluation)->count));
        for (size_t c = 0; c < COLUMNS + 2; c++) {
            char number[32] = ""; /* what was not measured is empty */
            if (isfinite(figures[c]))
                weft__format_real(figures[c], number, sizeof number);
            WEFT_TRY(weft__text_printf(text, ",%s", number));
        }
        WEFT_TRY(weft__text_append(text, "\n", 1));
    }
    return WEFT_OK;
}

static weft_status written(char **out, const weft_crossvalidation *cv,
    weft_status (*write)(weft__text *text, const weft_crossvalidation *cv))
{
    weft__text text = {0};
    weft_status status = write(&text, cv);
    if (status == WEFT_OK)
        *out = text.data;
    else
        weft__text_clear(&text);
    return status;
}

weft_status weft_crossvalidation_text(char **out, const weft_crossvalidation *cv)
{
    return written(out, cv, table);
}

weft_status weft_crossvalidation_csv(char **out, const weft_crossvalidation *cv)
{
    return written(out, cv, csv);
}

static json_t *fold_json(const weft_fold *fold)
{
    json_t *json = json_pack("{s:I, s:f, s:f, s:o}", "train_count",
        (json_int_t)fold->train_count, "fit_seconds", fold->fit_seconds, "predict_seconds",
        fold->predict_seconds, "history", weft__history_json(fold->history, fold->epochs));
    double figures[COLUMNS];
    figures_of(fold, figures);
    for (size_t c = 0; c < COLUMNS; c++)
        json_object_set_new(json, columns[c].name, weft__json_real(figures[c]));
    json_t *evaluation;
    if (json && weft__evaluation_json(&evaluation, fold->evaluation) == WEFT_OK)
        json_object_set_new(json, "evaluation", evaluation);
    return json;
}

static json_t *spread_json(const weft_crossvalidation *cv)
{
    json_t *json = json_object();
    for (size_t c = 0; c < COLUMNS; c++) {
        weft_spread spread = weft_crossvalidation_spread(cv, columns[c].figure);
        json_object_set_new(json, columns[c].name,
            json_pack("{s:o, s:o}", "mean", weft__json_real(spread.mean), "sd",
                weft__json_real(spread.sd)));
    }
    return json;
}

static json_t *run_json(const weft_crossvalidation *cv)
{
    const weft__machine *m = &cv->machine;
    return json_pack("{s:o, s:o, s:o, s:o, s:s, s:I, s:I, s:b, s:s, s:i, s:s, s:o, s:o}",
        "command", weft__json_text(cv->command ? cv->command : ""), "classifier",
        weft__json_text(cv->name), "options", json_incref(cv->classifier_options), "data",
        weft__json_text(cv->source ? cv->source : ""), "data_digest",
        weft_dataset_digest(cv->view.data), "folds", (json_int_t)cv->options.folds, "seed",
        (json_int_t)cv->options.seed, "grouped", cv->grouped, "began", cv->began, "threads",
        cv->threads, "version", weft_version(), "processor", weft__json_text(m->processor),
        "system", weft__json_text(m->system));
}

weft_status weft_crossvalidation_json(char **out, const weft_crossvalidation *cv)
{
    json_t *folds = json_array(), *whole = NULL;
    for (size_t f = 0; f < cv->options.folds; f++)
        json_array_append_new(folds, fold_json(&cv->folds[f]));
    weft_status status = weft__evaluation_json(&whole, cv->evaluation);
    json_t *json = json_pack("{s:o, s:o, s:o, s:o}", "run", run_json(cv), "folds", folds,
        "over_folds", spread_json(cv), "out_of_fold", whole);
    char *text = json && status == WEFT_OK ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    WEFT_TRY(status);
    if (!text)
        return weft_fail(WEFT_ENOMEM, "no memory for a cross-validation's JSON");
    *out = text;
    return WEFT_OK;
}

static weft_status fill_tensors(weft__tensors *tensors, const weft_crossvalidation *cv)
{
    const weft_evaluation *e = cv->evaluation;
    size_t shape[] = {cv->view.count, weft_evaluation_classes(e)};
    WEFT_TRY(weft__tensors_add(
        tensors, "probabilities", WEFT__F32, 2, shape, weft_evaluation_probabilities(e)));
    WEFT_TRY(weft__tensors_add(
        tensors, "labels", WEFT__U16, 1, shape, weft_evaluation_truth(e)));
    WEFT_TRY(weft__tensors_add(tensors, "fold", WEFT__U8, 1, shape, cv->assignment));
    json_t *names = json_array();
    for (size_t k = 0; k < shape[1]; k++)
        json_array_append_new(names, weft__json_text(weft_evaluation_class_name(e, k)));
    char *text = json_dumps(names, JSON_COMPACT);
    json_decref(names);
    if (!text)
        return weft_fail(WEFT_ENOMEM, "no memory for class names");
    weft_status status = weft__tensors_set(tensors, "weft.classes", text);
    free(text);
    WEFT_TRY(status);
    WEFT_TRY(weft__tensors_set(tensors, "weft.name", cv->name));
    return weft__tensors_set(tensors, "weft.digest", weft_dataset_digest(cv->view.data));
}

static weft_status write_probabilities(const char *path, const weft_crossvalidation *cv)
{
    weft__tensors tensors = {0};
    weft_status status = fill_tensors(&tensors, cv);
    if (status == WEFT_OK)
        status = weft__tensors_write(&tensors, path);
    weft__tensors_clear(&tensors);
    return status;
}

static weft_status write_text(const char *path, const weft_crossvalidation *cv,
    weft_status (*make)(char **out, const weft_crossvalidation *cv))
{
    char *text;
    WEFT_TRY(make(&text, cv));
    weft_status status = weft__file_write(path, text, strlen(text));
    free(text);
    return status;
}

static weft_status fill(const char *folder, const weft_crossvalidation *cv)
{
    static const char *const names[] = {
        "results.json", "results.csv", "probabilities.safetensors"};
    for (size_t i = 0; i < 3; i++) {
        char *path;
        WEFT_TRY(weft__path_join(&path, folder, names[i]));
        weft_status status = i == 0   ? write_text(path, cv, weft_crossvalidation_json)
                             : i == 1 ? write_text(path, cv, weft_crossvalidation_csv)
                                      : write_probabilities(path, cv);
        free(path);
        WEFT_TRY(status);
    }
    return WEFT_OK;
}

weft_status weft_crossvalidation_save(const weft_crossvalidation *cv, const char *folder)
{
    weft__folder_writer writer = {0};
    WEFT_TRY(weft__make_parent(folder));
    weft_status status = weft__folder_begin(&writer, folder);
    if (status == WEFT_OK)
        status = fill(writer.temporary, cv);
    if (status == WEFT_OK)
        status = weft__folder_commit(&writer, false);
    weft__folder_abandon(&writer);
    return status;
}
