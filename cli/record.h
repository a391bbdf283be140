/* The run that a command records in the store.
 *
 *     struct options { struct store_options store; ... };
 *     static const weft_param table[] = {STORE_OPTIONS(struct options, store), ..., {0}};
 *     ...
 *     struct record record = {0};
 *     WEFT_TRY(record_begin(&record, &o->store, call, &start));
 *     weft_status status = work(...);      with record_evaluation, record_folder, ...
 *     status = record_end(&record, status);
 *
 * A store that cannot be written is a failure before the work begins. Afterwards the work
 * goes on, and the command fails at its end, its results safe in their files. With
 * --no-store nothing is recorded, and all of these do nothing. */
#ifndef WEFT_CLI_RECORD_H
#define WEFT_CLI_RECORD_H

#include "command.h"

struct store_options {
    char *path;
    bool none;
};

#define STORE_FIELD(type, member, field) \
    (offsetof(type, member) + offsetof(struct store_options, field))

/* --store alone, for commands that read. */
#define STORE_WHERE(type, member) \
    { \
        "store", WEFT_PARAM_TEXT, STORE_FIELD(type, member, path), NULL, 0, 0, NULL, \
            "the store's file; runs/runs.db, or what WEFT_STORE names, when not given" \
    }

#define STORE_OPTIONS(type, member) \
    STORE_WHERE(type, member), \
    { \
        "no-store", WEFT_PARAM_FLAG, STORE_FIELD(type, member, none), "false", 0, 0, NULL, \
            "record nothing in the store" \
    }

/* Zeroed: nothing is recorded. */
struct record {
    weft_store *store;
    int64_t run;
    const weft_classifier *watched; /* its epochs are written as they end */
    struct call *call;
    bool part;           /* the store belongs to another */
    weft_status failure; /* the store's first; nothing is written from then on */
    char why[1024];
};

/* Opens the store and begins a run. What the call tells is filled in where `start` leaves
 * it: kind, command line, options, threads, the call's classifier. */
WEFT_MUST weft_status record_begin(struct record *record,
    const struct store_options *options, struct call *call, const weft_run_start *start);
/* Begins a part of the run in the same store; parts end before it. */
void record_begin_part(
    struct record *part, const struct record *whole, const weft_run_start *start);

/* Writes the classifier's epochs from now on as they end; NULL: no more. */
void record_watch(struct record *record, const weft_classifier *classifier);
void record_evaluation(
    struct record *record, const char *split, const weft_evaluation *evaluation);
void record_figure(
    struct record *record, const char *split, const char *name, double value);
void record_folder(struct record *record, const char *folder);
void record_model(struct record *record, const char *path);
/* Before anything is predicted on the test split. */
void record_opened_test(struct record *record, const weft_view *test);
/* Has the command fail at its end as if the store had, unless `status` is WEFT_OK. */
void record_fail(struct record *record, weft_status status);
/* How often the test split was opened for this model; 0 when that is not known. */
size_t record_openings(struct record *record);

/* Ends the run, and closes the store unless the run is a part. Returns `status` with its
 * message, or what the store failed with when all else went well. A second end of the same
 * run does nothing. */
WEFT_MUST weft_status record_end(struct record *record, weft_status status);

#endif
