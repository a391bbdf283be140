/* A comparison as JSON and in its files. */
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/text.h"
#include "eval/classifier_json.h"
#include "eval/compare.h"
#include "eval/evaluation.h"
#include "weft/weft.h"

static json_t *seeds_json(const weft_entry *e)
{
    json_t *seeds = json_array();
    for (size_t i = 0; i < e->fit_count; i++) {
        const weft_scores *s = weft_evaluation_scores(e->fits[i].evaluation);
        json_array_append_new(seeds,
            json_pack("{s:I, s:f, s:f, s:f, s:f}", "seed", (json_int_t)e->fits[i].seed,
                "accuracy", s->accuracy, "macro_f1", s->macro.f1, "log_loss", s->log_loss,
                "fit_seconds", e->fits[i].fit_seconds));
    }
    return seeds;
}

static json_t *spread_json(const weft_entry *e, size_t offset)
{
    double accuracy, macro_f1;
    memcpy(&accuracy, (const char *)&e->accuracy + offset, sizeof accuracy);
    memcpy(&macro_f1, (const char *)&e->macro_f1 + offset, sizeof macro_f1);
    return json_pack("{s:o, s:o}", "accuracy", weft__json_real(accuracy), "macro_f1",
        weft__json_real(macro_f1));
}

/* The figures of a finished entry, into its object. */
static weft_status add_figures(json_t *json, const weft_entry *e)
{
    json_t *evaluation, *uncalibrated = NULL;
    WEFT_TRY(weft__evaluation_json(&evaluation, e->evaluation));
    json_object_set_new(json, "evaluation", evaluation);
    if (e->uncalibrated)
        WEFT_TRY(weft__evaluation_json(&uncalibrated, e->uncalibrated));
    if (uncalibrated)
        json_object_set_new(json, "uncalibrated", uncalibrated);
    size_t epoch_count;
    const weft_epoch *epochs = weft_classifier_history(e->classifier, &epoch_count);
    double temperature = weft_classifier_temperature(e->classifier);
    json_t *figures =
        json_pack("{s:I, s:b, s:o, s:o, s:o, s:o, s:f, s:f, s:f, s:[f,f], s:I, s:I, s:o}",
            "place", (json_int_t)e->place, "by_chance", e->by_chance, "seeds",
            seeds_json(e), "mean", spread_json(e, offsetof(weft_spread, mean)), "sd",
            spread_json(e, offsetof(weft_spread, sd)), "temperature",
            temperature == 1 ? json_null() : json_real(temperature), "fit_seconds",
            e->fit_seconds, "predict_seconds", e->predict_seconds, "pictures_per_second",
            e->rate, "macro_f1_interval", e->f1.low, e->f1.high, "model_bytes",
            (json_int_t)e->model_bytes, "peak_memory", (json_int_t)e->peak_memory,
            "history", weft__history_json(epochs, epoch_count));
    if (!figures)
        return weft_fail(WEFT_ENOMEM, "no memory for a comparison's JSON");
    json_object_update_new(json, figures);
    return WEFT_OK;
}

static weft_status entry_json(json_t **out, const weft_entry *e)
{
    const weft_classifier_info *info = weft_classifier_describe(e->classifier);
    json_t *json = json_pack("{s:o, s:o, s:s, s:o}", "name", weft__json_text(e->name),
        "title", weft__json_text(info->title), "source", info->source ? info->source : "",
        "options", weft__options_json(e->classifier));
    if (!json)
        return weft_fail(WEFT_ENOMEM, "no memory for a comparison's JSON");
    if (e->error)
        json_object_set_new(json, "error", weft__json_text(e->error));
    weft_status status = e->evaluation ? add_figures(json, e) : WEFT_OK;
    if (status != WEFT_OK)
        json_decref(json);
    else
        *out = json;
    return status;
}

static json_t *pairs_json(const weft_comparison *c)
{
    json_t *pairs = json_array();
    for (size_t i = 0; i < c->finished; i++)
        for (size_t j = i + 1; j < c->finished; j++) {
            const weft_pair *p = weft_comparison_pair(c, i, j);
            json_array_append_new(pairs,
                json_pack("{s:o, s:o, s:I, s:I, s:b, s:f, s:f, s:[f,f], s:s, s:f, s:f}",
                    "first", weft__json_text(c->contenders[i].name), "second",
                    weft__json_text(c->contenders[j].name), "only_first",
                    (json_int_t)p->test.only_first, "only_second",
                    (json_int_t)p->test.only_second, "exact", p->test.exact, "statistic",
                    p->of_all_seeds ? p->crossed.statistic : p->test.statistic,
                    "difference", p->crossed.difference, "difference_interval",
                    p->crossed.interval.low, p->crossed.interval.high, "test",
                    p->of_all_seeds ? "seeds and pictures crossed" : "McNemar", "p_value",
                    p->p_value, "p_holm", p->adjusted));
        }
    return pairs;
}

static json_t *split_json(const weft_view *view)
{
    if (!view->data)
        return json_null();
    json_t *counts = json_array();
    size_t classes = weft_dataset_classes(view->data);
    size_t *tally = NULL;
    if (weft__calloc(&tally, classes, sizeof *tally, "class counts") == WEFT_OK) {
        for (size_t i = 0; i < view->count; i++)
            tally[weft_view_label(view, i)]++;
        for (size_t k = 0; k < classes; k++)
            json_array_append_new(counts, json_integer((json_int_t)tally[k]));
    }
    free(tally);
    return json_pack("{s:I, s:o, s:s}", "count", (json_int_t)view->count, "per_class",
        counts, "digest", weft_dataset_digest(view->data));
}

static json_t *data_json(const weft_comparison *c)
{
    const weft_dataset *train = c->data->train;
    weft_shape shape = weft_dataset_shape(train);
    json_t *names = json_array();
    for (size_t k = 0; k < weft_dataset_classes(train); k++)
        json_array_append_new(names, weft__json_text(weft_dataset_class_name(train, k)));
    return json_pack("{s:o, s:[i,i,i], s:o, s:o, s:o, s:o, s:s}", "source",
        weft__json_text(c->source ? c->source : ""), "shape", (int)shape.height,
        (int)shape.width, (int)shape.channels, "classes", names, "train",
        split_json(&c->train), "validation", split_json(&c->validation), "test",
        split_json(&c->test), "test_origin", c->test_origin);
}

static json_t *run_json(const weft_comparison *c)
{
    const weft__machine *m = &c->machine;
    return json_pack(
        "{s:o, s:I, s:I, s:f, s:f, s:I, s:s, s:i, s:s, s:{s:o, s:o, s:i, s:I, s:s}}",
        "command", weft__json_text(c->command ? c->command : ""), "seed",
        (json_int_t)c->options.seed, "seeds", (json_int_t)c->options.seeds, "validation",
        c->options.validation, "test", c->options.test, "resamples",
        (json_int_t)c->options.resamples, "began", c->began, "threads", c->threads, "weft",
        weft_version(), "machine", "processor", weft__json_text(m->processor), "system",
        weft__json_text(m->system), "cores", m->cores, "memory", (json_int_t)m->memory,
        "compiler", m->compiler);
}

weft_status weft__comparison_json(json_t **out, const weft_comparison *c)
{
    json_t *entries = json_array();
    for (size_t i = 0; i < c->count; i++) {
        json_t *entry = NULL;
        weft_status status = entry_json(&entry, &c->contenders[i].entry);
        if (status != WEFT_OK) {
            json_decref(entries);
            return status;
        }
        json_array_append_new(entries, entry);
    }
    json_t *json = json_pack("{s:o, s:o, s:o, s:o}", "run", run_json(c), "data",
        data_json(c), "classifiers", entries, "pairs", pairs_json(c));
    if (!json)
        return weft_fail(WEFT_ENOMEM, "no memory for a comparison's JSON");
    *out = json;
    return WEFT_OK;
}

/* Takes `json`; NULL is out of memory. */
static weft_status dump(char **out, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    if (!text)
        return weft_fail(WEFT_ENOMEM, "no memory for a comparison's JSON");
    *out = text;
    return WEFT_OK;
}

weft_status weft_comparison_json(char **out, const weft_comparison *c)
{
    json_t *json;
    WEFT_TRY(weft__comparison_json(&json, c));
    return dump(out, json);
}

/* What was asked for. */
static weft_status args_json(char **out, const weft_comparison *c)
{
    json_t *names = json_array();
    for (size_t i = 0; i < c->count; i++)
        json_array_append_new(
            names, json_pack("{s:o, s:o}", "name", weft__json_text(c->contenders[i].name),
                       "options", weft__options_json(c->contenders[i].entry.classifier)));
    json_t *json = run_json(c);
    json_object_set_new(json, "source", weft__json_text(c->source ? c->source : ""));
    json_object_set_new(json, "classifiers", names);
    return dump(out, json);
}

/* One letter a picture of the training split as it was loaded, where it was cut. */
static weft_status splits_json(char **out, const weft_comparison *c)
{
    static const char letters[] = {
        [WEFT__TRAIN] = 't', [WEFT__VALIDATION] = 'v', [WEFT__TEST] = 'e'};
    json_t *json = json_pack("{s:I, s:s, s:{s:s, s:s, s:s}, s:n}", "seed",
        (json_int_t)c->options.seed, "digest", weft_dataset_digest(c->data->train),
        "letters", "t", "train", "v", "validation", "e", "test", "assignment");
    if (c->assignment) {
        size_t count = weft_dataset_count(c->data->train);
        char *text;
        weft_status status = weft__alloc(&text, count, 1, "a split");
        if (status != WEFT_OK) {
            json_decref(json);
            return status;
        }
        for (size_t i = 0; i < count; i++)
            text[i] = letters[c->assignment[i]];
        json_object_set_new(json, "assignment", json_stringn(text, count));
        free(text);
    }
    return dump(out, json);
}

weft_status weft_comparison_save(const weft_comparison *c, const char *folder)
{
    static const struct {
        const char *name;
        weft_status (*make)(char **out, const weft_comparison *c);
    } files[] = {
        {"args.json", args_json},
        {"results.json", weft_comparison_json},
        {"results.csv", weft_comparison_csv},
        {"results.tex", weft_comparison_latex},
        {"splits.json", splits_json},
    };
    WEFT_TRY(weft__make_folder(folder));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = NULL, *text = NULL;
        weft_status status = weft__path_join(&path, folder, files[i].name);
        if (status == WEFT_OK)
            status = files[i].make(&text, c);
        if (status == WEFT_OK)
            status = weft__file_write(path, text, strlen(text));
        free(path);
        free(text);
        WEFT_TRY(status);
    }
    return WEFT_OK;
}
