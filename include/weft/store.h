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
 * Each call is a transaction of its own and is on the disk when it returns: what was
 * written survives kill -9. Several processes may write at once. Fitting itself records
 * nothing: whoever wants a record asks for it here.
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

#ifdef __cplusplus
}
#endif
#endif
