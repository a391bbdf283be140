#include "record_compare.h"

#include <stdlib.h>

static void begin(struct record *entry, const struct compare_record *record,
    const weft_comparison *comparison, const weft_entry *e)
{
    const weft_view train = weft_comparison_train(comparison),
                    validation = weft_comparison_validation(comparison);
    const weft_run_start start = {.kind = "entry",
        .name = e->name,
        .command = record->options->command,
        .classifier = e->classifier,
        .data = record->options->source,
        .train = &train,
        .validation = validation.count ? &validation : NULL,
        .seed = record->options->seed};
    record_begin_part(entry, &record->whole, &start);
    record_watch(entry, e->classifier);
}

static void fitted(struct record *entry, const weft_entry *e)
{
    record_watch(entry, NULL);
    record_figure(entry, "", "fit_seconds", e->fit_seconds);
    if (e->model)
        record_model(entry, e->model);
}

/* A part that the store refuses fails the whole, at its end. */
static void end(struct record *whole, struct record *part, weft_status status)
{
    weft_status ended = record_end(part, status);
    if (status == WEFT_OK)
        record_fail(whole, ended);
}

/* The entry's own run is the first seed's; each further one is a part of it. */
static void further_seeds(struct record *entry, const weft_entry *e, const char *data)
{
    record_figure(entry, "test", "accuracy_mean", e->accuracy.mean);
    record_figure(entry, "test", "accuracy_sd", e->accuracy.sd);
    record_figure(entry, "test", "macro_f1_mean", e->macro_f1.mean);
    record_figure(entry, "test", "macro_f1_sd", e->macro_f1.sd);
    for (size_t i = 1; i < e->fit_count; i++) {
        const weft_seed_fit *fit = &e->fits[i];
        struct record part;
        const weft_run_start start = {.kind = "seed",
            .name = e->name,
            .classifier = fit->classifier,
            .data = data,
            .data_digest = weft_classifier_data_digest(fit->classifier),
            .seed = fit->seed};
        record_begin_part(&part, entry, &start);
        record_watch(&part, fit->classifier);
        record_evaluation(&part, "test", fit->evaluation);
        record_figure(&part, "", "fit_seconds", fit->fit_seconds);
        end(entry, &part, WEFT_OK);
    }
}

static void scored(struct record *entry, const weft_entry *e, const char *data)
{
    record_evaluation(entry, "test", e->evaluation);
    record_figure(entry, "test", "macro_f1_low", e->f1.low);
    record_figure(entry, "test", "macro_f1_high", e->f1.high);
    record_figure(entry, "", "predict_seconds", e->predict_seconds);
    record_figure(entry, "", "pictures_per_second", e->rate);
    record_figure(entry, "", "peak_memory", (double)e->peak_memory);
    if (e->fit_count > 1)
        further_seeds(entry, e, data);
}

static void on_step(
    void *user, weft_compare_step step, const weft_comparison *comparison, size_t index)
{
    struct compare_record *record = user;
    struct record *entry = &record->entries[index];
    const weft_entry *e = weft_comparison_entry(comparison, index);
    const weft_view test = weft_comparison_test(comparison);
    switch (step) {
    case WEFT_COMPARE_FITTING:
        begin(entry, record, comparison, e);
        break;
    case WEFT_COMPARE_FITTED:
        fitted(entry, e);
        break;
    case WEFT_COMPARE_SCORING:
        record_opened_test(entry, &test);
        break;
    case WEFT_COMPARE_SCORED:
        scored(entry, e, record->options->source);
        end(&record->whole, entry, WEFT_OK);
        break;
    case WEFT_COMPARE_FAILED:
        end(&record->whole, entry,
            weft_context_cancelled(record->whole.call->context)
                ? WEFT_ECANCELLED
                : weft_fail(WEFT_EINVAL, "%s", e->error));
        break;
    }
}

weft_status compare_record_begin(struct compare_record *record,
    const struct store_options *store, struct call *call, const weft_data *data,
    size_t count, weft_compare_options *options)
{
    const weft_view train = weft_view_all(data->train);
    const weft_run_start start = {.command = options->command,
        .data = options->source,
        .train = &train,
        .seed = options->seed};
    *record = (struct compare_record){.count = count, .options = options};
    record->entries = calloc(count, sizeof *record->entries);
    if (!record->entries)
        return weft_fail(WEFT_ENOMEM, "no memory for %zu records", count);
    options->on_step = on_step;
    options->user = record;
    return record_begin(&record->whole, store, call, &start);
}

weft_status compare_record_end(struct compare_record *record, weft_status status)
{
    for (size_t i = 0; record->entries && i < record->count; i++)
        if (record->entries[i].run)
            end(&record->whole, &record->entries[i], status);
    free(record->entries);
    status = record_end(&record->whole, status);
    *record = (struct compare_record){0};
    return status;
}
