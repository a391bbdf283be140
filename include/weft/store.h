/* weft/store.h: the store remembers every run, in one SQLite file.
 *
 *     weft_store *store;
 *     int64_t run;
 *     WEFT_TRY(weft_store_open(&store, NULL, true));
 *     weft_run_start start = {.kind = "train", .classifier = model, .train = &train};
 *     WEFT_TRY(weft_store_begin(&run, store, &start));
 *     weft_status status = weft_classifier_fit(model, &train, NULL, context);
 *     ... weft_store_history, weft_store_evaluation, weft_store_folder ...
 *     WEFT_TRY(weft_store_end(store, run, status));
 *     weft_store_close(store);
 *
 * Each call is a transaction of its own: once it has returned, kill -9 undoes nothing, nor,
 * epochs aside, does a power cut. Several processes may write at once. Fitting itself
 * records nothing: whoever wants a record asks for it here.
 *
 * One handle serves one thread at a time and must not be used after fork(). Unless said
 * otherwise a failure is WEFT_EIO: the disk is full, the store is read-only, or another
 * process has kept it locked for half a minute. */
#ifndef WEFT_STORE_H
#define WEFT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weft/classifier.h"
#include "weft/dataset.h"
#include "weft/evaluation.h"
#include "weft/param.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_store weft_store;

/* Opens the store at `path`; NULL: $WEFT_STORE, else "runs/runs.db". Where there is none,
 * `create` makes it, with the folders above; without, it is WEFT_ENOTFOUND. WEFT_EFORMAT
 * when the file is no store, WEFT_EUNSUPPORTED when a newer weft has changed its schema.
 * A store that may not be written can be read: opened without `create`. */
WEFT_API WEFT_MUST weft_status weft_store_open(
    weft_store **out, const char *path, bool create);
/* A run that this handle began and did not end is seen as died from then on. NULL-safe. */
WEFT_API void weft_store_close(weft_store *store);
WEFT_API const char *weft_store_path(const weft_store *store); /* borrowed */

/* ---- Recording ---- */

/* What is known of a run when it begins. All borrowed; what is NULL or 0 is not known. */
typedef struct weft_run_start {
    const char *kind;    /* "train", "compare", "val", "cv", "tune", ...; not NULL */
    int64_t parent;      /* the comparison, search or reproduction that it is a part of */
    const char *name;    /* as it was asked for: "knn:k=11"; NULL: the classifier's name */
    const char *command; /* the command line that makes it again */
    const weft_param *params; /* of the command's own options, with `options` */
    const void *options;
    const weft_classifier *classifier; /* its name and options are kept */
    const char *data;                  /* what weft_data_load was given */
    const weft_view *train, *validation;
    const char *data_digest; /* NULL: of train's data set */
    uint64_t seed;
    int threads;
} weft_run_start;

/* Writes the run down as running, with this machine and the time. It counts as running
 * while this process lives and holds the store open; a lock tells, not a guess. *run is a
 * number above 0 that no other run of this store gets, even once deleted. */
WEFT_API WEFT_MUST weft_status weft_store_begin(
    int64_t *run, weft_store *store, const weft_run_start *start);

/* The epochs that the classifier has learnt since the last call for this run; for an event
 * callback (WEFT_EVENT_EPOCH) and once more after fitting. */
WEFT_API WEFT_MUST weft_status weft_store_history(
    weft_store *store, int64_t run, const weft_classifier *classifier);

/* Every scalar figure and those of each class; `split` is "validation", "test", ... An
 * earlier evaluation of the same split is replaced. */
WEFT_API WEFT_MUST weft_status weft_store_evaluation(
    weft_store *store, int64_t run, const char *split, const weft_evaluation *evaluation);
/* One figure more, such as "fit_seconds"; split "" is of none. NaN is not kept. */
WEFT_API WEFT_MUST weft_status weft_store_figure(
    weft_store *store, int64_t run, const char *split, const char *name, double value);

/* A file that the run wrote: its path, size and SHA-256. */
WEFT_API WEFT_MUST weft_status weft_store_file(
    weft_store *store, int64_t run, const char *path);
/* The run's folder, and every file directly in it; model.safetensors is its model. */
WEFT_API WEFT_MUST weft_status weft_store_folder(
    weft_store *store, int64_t run, const char *folder);
/* The model file that the run wrote, or, of kind "val", that it evaluates. The same bytes
 * are the same model. */
WEFT_API WEFT_MUST weft_status weft_store_model(
    weft_store *store, int64_t run, const char *path);

/* To be called when a test split is opened for the run, before anything is predicted. The
 * model may be told of later: an opening counts for whatever model the run has then. */
WEFT_API WEFT_MUST weft_status weft_store_opened_test(
    weft_store *store, int64_t run, const weft_view *test);
/* How often the test split that this run opened last was opened for the run's model, by
 * this or any other run, deleted ones too; 0 when it opened none. */
WEFT_API WEFT_MUST weft_status weft_store_openings(
    size_t *out, weft_store *store, int64_t run);

/* WEFT_OK is "done", WEFT_ECANCELLED "interrupted", anything else "failed" with this
 * thread's weft_error(), which is left as it is. */
WEFT_API WEFT_MUST weft_status weft_store_end(
    weft_store *store, int64_t run, weft_status status);

/* ---- Reading ----
 *
 * A run's status is "running", "done", "failed", "interrupted", or "died": its process
 * ended without a word, by kill -9 or with the machine. What is not known is NULL or NaN.
 * WEFT_ENOTFOUND for a number that no run has. */

/* NULL and 0: any. */
typedef struct weft_run_filter {
    const char *kind, *status;
    const char *classifier; /* its name, or the run's */
    const char *data;  /* as it was given, or the first 6 or more digits of its digest */
    const char *since; /* "2026-11-20", with "T18:44:05Z", or an age: "90m" "36h" "7d" */
    int64_t parent;    /* the parts of this run alone */
    bool parts; /* parts of other runs too; implied by parent, classifier and metric */
    /* Only runs that have this figure, the best first; `best` of them, 0: all. Figures bear
     * the names of weft_comparison_csv's columns. */
    const char *metric, *split;
    size_t best;
} weft_run_filter;

typedef struct weft_run_row {
    int64_t id, parent; /* parent 0: none */
    const char *kind, *name, *classifier, *data, *status, *began, *folder;
    double seconds; /* to fit, else to predict, else from begin to end */
    double validation_accuracy, test_accuracy;
    double figure; /* the filter's metric */
} weft_run_row;

typedef struct weft_run_list weft_run_list;

/* Newest first. WEFT_EINVAL for a filter that can match nothing: no such status, no date,
 * a figure that no run has. */
WEFT_API WEFT_MUST weft_status weft_store_list(
    weft_run_list **out, weft_store *store, const weft_run_filter *filter);
WEFT_API void weft_run_list_free(weft_run_list *list); /* NULL-safe */
WEFT_API size_t weft_run_list_count(const weft_run_list *list);
/* Borrowed from the list. */
WEFT_API const weft_run_row *weft_run_list_row(const weft_run_list *list, size_t index);

/* In all that follows *out is freed by the caller with free(). */

/* A table for a terminal of 80 columns. */
WEFT_API WEFT_MUST weft_status weft_run_list_text(char **out, const weft_run_list *list);

/* All that is known of one run: an object; text for a terminal of 80 columns. */
WEFT_API WEFT_MUST weft_status weft_store_run_json(
    char **out, weft_store *store, int64_t run);
WEFT_API WEFT_MUST weft_status weft_store_run_text(
    char **out, weft_store *store, int64_t run);

/* The options, circumstances and figures in which two runs differ. */
WEFT_API WEFT_MUST weft_status weft_store_diff_json(
    char **out, weft_store *store, int64_t first, int64_t second);
WEFT_API WEFT_MUST weft_status weft_store_diff_text(
    char **out, weft_store *store, int64_t first, int64_t second);

/* The list's runs with all that is known of them: an array of weft_store_run_json's
 * objects; a row each, with a column for every option and figure that any of them has. */
WEFT_API WEFT_MUST weft_status weft_store_export_json(
    char **out, weft_store *store, const weft_run_list *list);
WEFT_API WEFT_MUST weft_status weft_store_export_csv(
    char **out, weft_store *store, const weft_run_list *list);

/* ---- Forgetting ---- */

typedef struct weft_deletion {
    int64_t *runs; /* run_count, the parts of those asked for included */
    size_t run_count;
    char **paths; /* path_count folders and files that were removed */
    size_t path_count;
    char **kept; /* kept_count sentences: what was not removed, and why */
    size_t kept_count;
} weft_deletion;

/* Deletes runs with their parts; with `files` the folders and files that they wrote as
 * well, unless another run has them too or they are no longer what was written. Openings of
 * the test split stay counted. WEFT_EINVAL, and nothing is deleted, when one is running. On
 * failure *out, to be cleared all the same, tells what was removed by then. */
WEFT_API WEFT_MUST weft_status weft_store_delete(
    weft_deletion *out, weft_store *store, const int64_t *runs, size_t count, bool files);
WEFT_API void weft_deletion_clear(weft_deletion *deletion);

#ifdef __cplusplus
}
#endif
#endif
