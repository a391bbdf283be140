#include "record.h"

#include <stdlib.h>

#include "again.h"
#include "progress.h"

static bool is_open(const struct record *record)
{
    return record->run && record->failure == WEFT_OK;
}

void record_fail(struct record *record, weft_status status)
{
    if (status == WEFT_OK || record->failure != WEFT_OK)
        return;
    record->failure = status;
    snprintf(record->why, sizeof record->why, "%s", weft_error());
}

static void on_event(void *user, const weft_event *event)
{
    struct record *record = user;
    if (event->kind == WEFT_EVENT_EPOCH && is_open(record) && record->watched)
        record_fail(
            record, weft_store_history(record->store, record->run, record->watched));
    progress_event(record->call->progress, event);
}

static weft_status begin(struct record *record, const weft_run_start *given)
{
    struct call *call = record->call;
    char *command;
    weft_run_start start = *given;
    WEFT_TRY(again(&command, call));
    start.kind = start.kind ? start.kind : call->command->name;
    start.command = start.command ? start.command : command;
    start.params = call->command->options;
    start.options = call->options;
    start.classifier = start.classifier ? start.classifier : call->classifier;
    start.threads = weft_context_threads(call->context);
    weft_status status = weft_store_begin(&record->run, record->store, &start);
    free(command);
    return status;
}

weft_status record_begin(struct record *record, const struct store_options *options,
    struct call *call, const weft_run_start *start)
{
    *record = (struct record){.call = call};
    if (options->none)
        return WEFT_OK;
    WEFT_TRY(weft_store_open(&record->store, options->path, true));
    weft_status status = begin(record, start);
    if (status != WEFT_OK) {
        weft_store_close(record->store);
        *record = (struct record){0};
    }
    return status;
}

void record_begin_part(
    struct record *part, const struct record *whole, const weft_run_start *given)
{
    *part = (struct record){.store = whole->store, .call = whole->call, .part = true};
    if (!is_open(whole))
        return;
    weft_run_start start = *given;
    start.parent = whole->run;
    start.threads = weft_context_threads(whole->call->context);
    record_fail(part, weft_store_begin(&part->run, part->store, &start));
}

void record_watch(struct record *record, const weft_classifier *classifier)
{
    if (!is_open(record))
        return;
    if (record->watched) /* what was learnt since the last event */
        record_fail(
            record, weft_store_history(record->store, record->run, record->watched));
    record->watched = classifier;
    weft_context_on_event(record->call->context, classifier ? on_event : progress_event,
        classifier ? (void *)record : record->call->progress);
}

void record_evaluation(
    struct record *record, const char *split, const weft_evaluation *evaluation)
{
    if (is_open(record) && evaluation)
        record_fail(
            record, weft_store_evaluation(record->store, record->run, split, evaluation));
}

void record_figure(struct record *record, const char *split, const char *name, double value)
{
    if (is_open(record))
        record_fail(
            record, weft_store_figure(record->store, record->run, split, name, value));
}

void record_folder(struct record *record, const char *folder)
{
    if (is_open(record))
        record_fail(record, weft_store_folder(record->store, record->run, folder));
}

void record_model(struct record *record, const char *path)
{
    if (is_open(record))
        record_fail(record, weft_store_model(record->store, record->run, path));
}

void record_opened_test(struct record *record, const weft_view *test)
{
    if (is_open(record))
        record_fail(record, weft_store_opened_test(record->store, record->run, test));
}

size_t record_openings(struct record *record)
{
    size_t count = 0;
    if (is_open(record))
        record_fail(record, weft_store_openings(&count, record->store, record->run));
    return count;
}

weft_status record_end(struct record *record, weft_status status)
{
    char why[1024];
    snprintf(why, sizeof why, "%s", weft_error());
    record_watch(record, NULL);
    if (is_open(record)) {
        if (status != WEFT_OK) /* what the run failed of */
            (void)weft_fail(status, "%s", why);
        record_fail(record, weft_store_end(record->store, record->run, status));
    }
    if (status == WEFT_OK && record->failure != WEFT_OK) {
        status = record->failure;
        snprintf(why, sizeof why, "%s%.960s",
            record->part ? "" : "done, but not recorded: ", record->why);
    }
    if (!record->part)
        weft_store_close(record->store);
    *record = (struct record){0};
    return status == WEFT_OK ? WEFT_OK : weft_fail(status, "%s", why);
}
