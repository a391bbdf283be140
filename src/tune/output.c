/* A search as a terminal's table, JSON, CSV, and in its folder. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/machine.h"
#include "core/text.h"
#include "eval/evaluation.h"
#include "tune/tuning.h"
#include "weft/weft.h"

enum { SCREEN = 80, FIGURES = 41, ROWS = 30 };

static const char *const statuses[] = {"waiting", "running", "done", "failed"};

/* "k=3 weights=distance" */
static weft_status write_values(
    weft__text *text, const weft_tuning *t, const weft_trial *trial)
{
    for (size_t i = 0; i < t->space.count; i++)
        WEFT_TRY(weft__text_printf(
            text, "%s%s=%s", i ? " " : "", t->space.dimensions[i].name, trial->values[i]));
    return WEFT_OK;
}

static weft_status figure(weft__text *text, double value, size_t columns)
{
    char number[32];
    weft__format_fixed(value, 4, number, sizeof number);
    return weft__text_cell(text, number, columns, true);
}

static weft_status seconds_cell(weft__text *text, double seconds)
{
    char number[32], value[40];
    weft__format_fixed(seconds, seconds < 10 ? 2 : 0, number, sizeof number);
    snprintf(value, sizeof value, "%s s", number);
    return weft__text_cell(text, value, 9, true);
}

static weft_status figures(weft__text *text, const weft_tuning *t, const weft_trial *trial)
{
    if (trial->status != WEFT_TRIAL_DONE)
        return weft__text_printf(
            text, "  %s", trial->error ? trial->error : statuses[trial->status]);
    WEFT_TRY(figure(text, trial->mean_test_score, 12));
    if (t->splits > 1)
        WEFT_TRY(figure(text, trial->std_test_score, 10));
    WEFT_TRY(seconds_cell(text, trial->mean_fit_time));
    if (t->rung_count < 2)
        return WEFT_OK;
    char share[32];
    weft__format_fixed(100 * trial->resource, 0, share, sizeof share);
    return weft__text_printf(text, "  %5s %%", share);
}

/* What is longer than its column gets a line of its own. */
static weft_status row(
    weft__text *text, const weft_tuning *t, const weft_trial *trial, size_t columns)
{
    char rank[24] = "-";
    if (trial->rank_test_score)
        snprintf(rank, sizeof rank, "%zu", trial->rank_test_score);
    WEFT_TRY(weft__text_cell(text, rank, 4, true));
    WEFT_TRY(weft__text_append(text, "  ", 2));
    weft__text values = {0};
    weft_status status = write_values(&values, t, trial);
    if (status == WEFT_OK)
        status = weft__text_cell(text, values.data, columns, false);
    bool longer = values.data && weft__text_columns(values.data) > columns;
    weft__text_clear(&values);
    WEFT_TRY(status);
    if (longer) {
        WEFT_TRY(weft__text_append(text, "\n", 1));
        WEFT_TRY(weft__text_cell(text, "", columns + 6, false));
    }
    WEFT_TRY(figures(text, t, trial));
    return weft__text_append(text, "\n", 1);
}

static weft_status heading(weft__text *text, const weft_tuning *t, size_t columns)
{
    const char *scoring = weft__scoring_name(t->options.scoring);
    char how[64];
    if (t->options.folds)
        snprintf(how, sizeof how, "%zu folds of the training pictures", t->splits);
    else
        snprintf(how, sizeof how, "held-out training pictures");
    WEFT_TRY(weft__text_cell(text, t->options.classifier, 0, false));
    WEFT_TRY(weft__text_printf(text,
        ": %zu trials by %s on %s, "
        "seed %" PRIu64 "\n\nrank  ",
        t->trial_count, scoring, how, t->options.seed));
    WEFT_TRY(weft__text_cell(text, "", columns, false));
    WEFT_TRY(weft__text_cell(text, "mean score", 12, true));
    if (t->splits > 1)
        WEFT_TRY(weft__text_cell(text, "std", 10, true));
    WEFT_TRY(weft__text_cell(text, "fit", 9, true));
    return weft__text_printf(text, "%s\n",
        t->rung_count < 2 ? ""
        : t->by_epochs    ? "  epochs"
                          : "    data");
}

static weft_status table(weft__text *text, const weft_tuning *t)
{
    size_t columns = 8;
    for (size_t i = 0; i < t->order_count && i < ROWS; i++) {
        weft__text values = {0};
        weft_status status = write_values(&values, t, weft_tuning_trial(t, i));
        size_t n = status == WEFT_OK ? weft__text_columns(values.data) : 0;
        weft__text_clear(&values);
        WEFT_TRY(status);
        columns = n > columns ? n : columns;
    }
    if (columns > SCREEN - FIGURES - 6)
        columns = SCREEN - FIGURES - 6;
    WEFT_TRY(heading(text, t, columns));
    size_t shown = t->order_count < ROWS ? t->order_count : ROWS;
    for (size_t i = 0; i < shown; i++)
        WEFT_TRY(row(text, t, weft_tuning_trial(t, i), columns));
    if (shown < t->order_count)
        WEFT_TRY(weft__text_printf(
            text, "      and %zu more in results.csv\n", t->order_count - shown));
    return WEFT_OK;
}

/* A field quoted as RFC 4180 has it. */
static weft_status csv_text(weft__text *text, const char *value)
{
    WEFT_TRY(weft__text_append(text, ",\"", 2));
    for (const char *c = value; *c; c++)
        WEFT_TRY(weft__text_append(text, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1));
    return weft__text_append(text, "\"", 1);
}

static weft_status csv_real(weft__text *text, double value)
{
    char number[32] = "";
    if (isfinite(value))
        weft__format_real(value, number, sizeof number);
    return weft__text_printf(text, ",%s", number);
}

static weft_status csv_row(weft__text *text, const weft_tuning *t, const weft_trial *r)
{
    WEFT_TRY(weft__text_printf(text, "%zu,%zu", r->number, r->rank_test_score));
    for (size_t i = 0; i < t->space.count; i++)
        WEFT_TRY(csv_text(text, r->values[i]));
    WEFT_TRY(csv_real(text, r->mean_test_score));
    WEFT_TRY(csv_real(text, r->std_test_score));
    for (size_t i = 0; i < t->splits; i++)
        WEFT_TRY(csv_real(text, r->splits ? r->split_test_scores[i] : NAN));
    WEFT_TRY(csv_real(text, r->accuracy));
    WEFT_TRY(csv_real(text, r->f1_macro));
    WEFT_TRY(csv_real(text, r->log_loss));
    WEFT_TRY(weft__text_printf(text, ",%zu", r->rung));
    WEFT_TRY(csv_real(text, r->resource));
    WEFT_TRY(csv_text(text, statuses[r->status]));
    WEFT_TRY(csv_real(text, r->mean_fit_time));
    WEFT_TRY(csv_real(text, r->mean_score_time));
    return weft__text_append(text, "\n", 1);
}

static weft_status csv(weft__text *text, const weft_tuning *t)
{
    WEFT_TRY(weft__text_printf(text, "trial,rank_test_score"));
    for (size_t i = 0; i < t->space.count; i++)
        WEFT_TRY(weft__text_printf(text, ",param_%s", t->space.dimensions[i].name));
    WEFT_TRY(weft__text_printf(text, ",mean_test_score,std_test_score"));
    for (size_t i = 0; i < t->splits; i++)
        WEFT_TRY(weft__text_printf(text, ",split%zu_test_score", i));
    WEFT_TRY(weft__text_printf(text, ",accuracy,f1_macro,log_loss,iter,resource,status,"
                                     "mean_fit_time,mean_score_time\n"));
    for (size_t i = 0; i < t->order_count; i++)
        WEFT_TRY(csv_row(text, t, weft_tuning_trial(t, i)));
    return WEFT_OK;
}

static weft_status written(char **out, const weft_tuning *t,
    weft_status (*write)(weft__text *text, const weft_tuning *t))
{
    weft__text text = {0};
    weft_status status = write(&text, t);
    if (status == WEFT_OK)
        *out = text.data;
    else
        weft__text_clear(&text);
    return status;
}

weft_status weft_tuning_text(char **out, const weft_tuning *t)
{
    return written(out, t, table);
}

weft_status weft_tuning_csv(char **out, const weft_tuning *t)
{
    return written(out, t, csv);
}

/* ---- JSON ---- */

/* A value as the number that it is. */
static json_t *value_json(const weft__dimension *d, const char *value)
{
    double real;
    uint64_t count;
    if (d->param.type == WEFT_PARAM_COUNT && weft__parse_count(value, &count))
        return json_integer((json_int_t)count);
    if (d->param.type == WEFT_PARAM_REAL && weft__parse_real(value, &real))
        return json_real(real);
    return weft__json_text(value);
}

static json_t *trial_json(const weft_tuning *t, const weft__result *r)
{
    const weft_trial *trial = &r->trial;
    json_t *params = json_object(), *scores = json_array();
    for (size_t i = 0; i < t->space.count; i++)
        json_object_set_new(params, t->space.dimensions[i].name,
            value_json(&t->space.dimensions[i], trial->values[i]));
    for (size_t i = 0; i < trial->splits; i++)
        json_array_append_new(scores, weft__json_real(trial->split_test_scores[i]));
    json_t *json = json_pack("{s:I, s:o, s:s, s:I, s:f, s:o, s:o, s:o, s:o, s:I}", "trial",
        (json_int_t)trial->number, "params", params, "status", statuses[trial->status],
        "iter", (json_int_t)trial->rung, "resource", trial->resource, "mean_test_score",
        weft__json_real(trial->mean_test_score), "std_test_score",
        weft__json_real(trial->std_test_score), "rank_test_score",
        trial->rank_test_score ? json_integer((json_int_t)trial->rank_test_score)
                               : json_null(),
        "split_test_scores", scores, "attempts", (json_int_t)trial->attempts);
    if (json && trial->error)
        json_object_set_new(json, "error", weft__json_text(trial->error));
    if (json && r->result)
        json_object_update(json, r->result);
    return json;
}

static json_t *texts_json(const char *const *texts, size_t count)
{
    json_t *json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, weft__json_text(texts[i]));
    return json;
}

static json_t *dimensions_json(const weft_tuning *t)
{
    json_t *json = json_array();
    for (size_t i = 0; i < t->space.count; i++) {
        const weft__dimension *d = &t->space.dimensions[i];
        bool number = d->param.type == WEFT_PARAM_COUNT || d->param.type == WEFT_PARAM_REAL;
        json_array_append_new(
            json, json_pack("{s:o, s:b, s:b}", "name", weft__json_text(d->name), "number",
                      number, "log", d->log));
    }
    return json;
}

static json_t *rungs_json(const weft_tuning *t)
{
    json_t *json = json_array();
    for (size_t i = 0; i < t->rung_count; i++)
        json_array_append_new(
            json, json_pack("{s:I, s:f}", "trials", (json_int_t)t->rungs[i].count,
                      "resource", t->rungs[i].resource));
    return json;
}

static json_t *run_json(const weft_tuning *t)
{
    const weft_tune_options *o = &t->options;
    weft__machine machine = weft__this_machine();
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:I, s:I, s:o, s:s, s:I, s:o, s:s, "
                     "s:i, s:s, s:o, s:I}",
        "command", weft__json_text(o->command ? o->command : ""), "classifier",
        weft__json_text(o->classifier), "options", texts_json(o->fixed, o->fixed_count),
        "space", texts_json(o->space, o->space_count), "data",
        weft__json_text(o->source ? o->source : ""), "data_digest",
        weft_dataset_digest(t->train.data), "train_count", (json_int_t)t->train.count,
        "folds", (json_int_t)o->folds, "validation",
        t->validation.count ? json_integer((json_int_t)t->validation.count)
        : o->folds          ? json_null()
                            : json_real(o->validation),
        "scoring", weft__scoring_name(o->scoring), "seed", (json_int_t)o->seed, "rungs",
        rungs_json(t), "resource", t->by_epochs ? "epochs" : "pictures", "threads",
        t->trials.threads, "version", weft_version(), "processor",
        weft__json_text(machine.processor), "run", (json_int_t)t->trials.run);
}

/* "kugler-cnn:epochs=4,learning-rate=0.01,sizes=filters=8", as weft_compare takes it. */
static weft_status write_best(weft__text *text, const weft_tuning *t)
{
    const weft_trial *best = weft_tuning_trial(t, 0);
    const char *name = t->options.classifier, *separator = ":";
    bool sizes = false;
    if (!best || best->status != WEFT_TRIAL_DONE)
        return WEFT_OK;
    for (size_t i = 0; i < t->space.count; i++)
        name = t->space.dimensions[i].kind == WEFT__NETWORK ? best->values[i] : name;
    WEFT_TRY(weft__text_printf(text, "%s", name));
    for (size_t i = 0; i < t->options.fixed_count; i++, separator = ",")
        WEFT_TRY(weft__text_printf(text, "%s%s", separator, t->options.fixed[i]));
    for (size_t i = 0; i < t->space.count; i++) {
        const weft__dimension *d = &t->space.dimensions[i];
        if (d->kind != WEFT__OPTION)
            continue;
        WEFT_TRY(weft__text_printf(text, "%s%s=%s", separator, d->name, best->values[i]));
        separator = ",";
    }
    for (size_t i = 0; i < t->space.count; i++) {
        const weft__dimension *d = &t->space.dimensions[i];
        if (d->kind != WEFT__SIZE)
            continue;
        WEFT_TRY(weft__text_printf(text, "%s%s%s=%s", sizes ? " " : separator,
            sizes ? "" : "sizes=", d->name, best->values[i]));
        sizes = true;
    }
    return WEFT_OK;
}

weft_status weft_tuning_json(char **out, const weft_tuning *t)
{
    weft__text best = {0};
    weft_status status = write_best(&best, t);
    if (status != WEFT_OK) {
        weft__text_clear(&best);
        return status;
    }
    json_t *trials = json_array(), *order = json_array();
    for (size_t i = 0; i < t->result_count; i++)
        json_array_append_new(trials, trial_json(t, &t->results[i]));
    for (size_t i = 0; i < t->order_count; i++)
        json_array_append_new(order, json_integer((json_int_t)t->order[i]));
    json_t *json = json_pack("{s:o, s:o, s:o, s:o, s:o}", "run", run_json(t), "dimensions",
        dimensions_json(t), "trials", trials, "ranking", order, "best",
        best.data ? weft__json_text(best.data) : json_null());
    weft__text_clear(&best);
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    if (!text)
        return weft_fail(WEFT_ENOMEM, "no memory for a search's JSON");
    *out = text;
    return WEFT_OK;
}

/* ---- The folder ---- */

weft_status weft_tuning_folder(char **out, weft_tuning *t)
{
    return weft__trials_folder(out, &t->trials);
}

weft_status weft_tuning_place(weft_tuning *t, const char *folder)
{
    WEFT_TRY(weft__make_folder(folder));
    return weft_store_folder(t->store, t->trials.run, folder);
}

static weft_status write(const char *folder, const char *name, const weft_tuning *t,
    weft_status (*make)(char **out, const weft_tuning *t))
{
    char *path, *text = NULL;
    WEFT_TRY(weft__path_join(&path, folder, name));
    weft_status status = make(&text, t);
    if (status == WEFT_OK)
        status = weft__file_write(path, text, strlen(text));
    free(text);
    free(path);
    return status;
}

weft_status weft_tuning_save(weft_tuning *t, const char *folder)
{
    const weft_trial *best = weft_tuning_trial(t, 0);
    WEFT_TRY(weft__make_folder(folder));
    WEFT_TRY(write(folder, "results.json", t, weft_tuning_json));
    WEFT_TRY(write(folder, "results.csv", t, weft_tuning_csv));
    if (best && best->status == WEFT_TRIAL_DONE) {
        const struct {
            const char *name;
            double value;
        } figures_of[] = {{"accuracy", best->accuracy}, {"macro_f1", best->f1_macro},
            {"log_loss", best->log_loss}};
        for (size_t i = 0; i < 3; i++)
            WEFT_TRY(weft_store_figure(t->store, t->trials.run, "validation",
                figures_of[i].name, figures_of[i].value));
    }
    return weft_store_folder(t->store, t->trials.run, folder);
}
