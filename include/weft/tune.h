/* weft/tune.h: which options of a classifier do best on pictures it has not seen.
 *
 *     const char *space[] = {"k=3..11", "weights=uniform,distance"};
 *     weft_tune_options options = weft_tune_defaults();
 *     options.classifier = "knn";
 *     options.space = space;
 *     options.space_count = 2;
 *     weft_tuning *tuning;
 *     WEFT_TRY(weft_tune(&tuning, &options, &train, NULL, context));
 *     const weft_trial *best = weft_tuning_trial(tuning, 0);
 *     ... best->values[0], best->mean_test_score ...
 *     weft_tuning_free(tuning);
 *
 * A trial fits the classifier with one combination and scores it on held-out training
 * pictures: a share of them, or one fold after another. No function here takes a test
 * split: what is named "test" is scikit-learn's GridSearchCV's word for the held-out part.
 *
 * Trials are written to the store as they end. The same options and pictures find the same
 * search again, so that one that was killed goes on where it was, and any number of
 * processes may work on one at a time: a trial whose worker died is run again, one that was
 * written down never is. */
#ifndef WEFT_TUNE_H
#define WEFT_TUNE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weft/classifier.h"
#include "weft/context.h"
#include "weft/dataset.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* More is better for all of them. */
typedef enum weft_scoring {
    WEFT_SCORING_ACCURACY,
    WEFT_SCORING_F1_MACRO,
    WEFT_SCORING_NEG_LOG_LOSS
} weft_scoring;
/* For WEFT_PARAM_CHOICE tables, in the order above; scikit-learn's names. */
#define WEFT_SCORING_CHOICES "accuracy|f1_macro|neg_log_loss"

/* All borrowed during weft_tuning_open. */
typedef struct weft_tune_options {
    const char *classifier;   /* as for weft_classifier_create */
    const char *const *fixed; /* "epochs=5": options that every trial has */
    size_t fixed_count;
    /* "k=3,5,7"; "k=3..11"; "c=0.1..100:log:4", 4 values; "c=0.1..100:log", any value, at
     * random alone; "filters=16,32", a size that the network's text names;
     * "network=a.net,b.net". */
    const char *const *space;
    size_t space_count;
    size_t trials;     /* so many at random, without repetition; 0: every combination */
    size_t folds;      /* stratified; 0: hold out */
    double validation; /* share held out where the caller gives no validation pictures */
    const uint32_t *groups; /* with folds: as for weft_split_groups; may be NULL */
    weft_scoring scoring;
    /* Successive halving (Jamieson and Talwalkar 2016): all trials on a small share of the
     * epochs, or of the training pictures where there are none; the best 1 / factor of them
     * on factor times as much; and so on, the last on all. */
    bool halving;
    size_t factor; /* 2 to 100 */
    uint64_t seed; /* of the division, the draws, and every classifier's own option seed */
    int threads;   /* of each trial; 0: the context's. A search keeps its first. */
    double budget; /* begin no trial after so many seconds; 0: no end */
    bool resume;   /* WEFT_ENOTFOUND where this search was not begun before */
    bool helper;   /* works for a search that another process leads */
    const char *store;            /* as for weft_store_open */
    const char *source, *command; /* for the record; may be NULL */
} weft_tune_options;

/* Hold out a fifth; accuracy; factor 3; seed 1. The classifier and space must be set. */
WEFT_API weft_tune_options weft_tune_defaults(void);

typedef enum weft_trial_status {
    WEFT_TRIAL_WAITING,
    WEFT_TRIAL_RUNNING,
    WEFT_TRIAL_DONE,
    WEFT_TRIAL_FAILED
} weft_trial_status;

/* A trial as far as it got; everything is borrowed from the tuning until it is refreshed.
 * Figures are NaN unless it is done. */
typedef struct weft_trial {
    size_t number;             /* from 0, in the order of the grid or of the draws */
    const char *const *values; /* weft_tuning_dimensions texts */
    weft_trial_status status;
    const char *error; /* why it failed; else NULL */
    size_t rung;       /* of successive halving, from 0 */
    double resource;   /* share of the epochs or pictures that it was given */
    double mean_test_score;
    double std_test_score;  /* over splits, divided by their number: GridSearchCV's */
    size_t rank_test_score; /* 1 is best, equal scores share the lower; 0: not done. A
                               trial that reached a later rung ranks before those that did
                               not. */
    const double *split_test_scores; /* one a split */
    size_t splits;
    double accuracy, f1_macro, log_loss;   /* means over splits */
    double mean_fit_time, mean_score_time; /* seconds */
    size_t attempts;                       /* how often it was begun */
} weft_trial;

typedef struct weft_tuning weft_tuning;

/* Checks everything, and finds the search in the store or begins it. `train` must be
 * labelled; `validation` may be NULL; both are borrowed, with their datasets, until the
 * tuning is freed. WEFT_EINVAL and WEFT_ENOTFOUND tell what is wrong with the options. */
WEFT_API WEFT_MUST weft_status weft_tuning_open(weft_tuning **out,
    const weft_tune_options *options, const weft_view *train, const weft_view *validation,
    weft_context *context);
/* Runs trials until none is left, waiting for those that other processes run; or until the
 * budget is spent: weft_tuning_progress tells. The context must have weft_tuning_threads.
 * A trial that cannot work (a loss that is no number, sizes that do not fit) is written
 * down as failed; a failure of memory, disk or store ends the work, and its trial waits
 * again. */
WEFT_API WEFT_MUST weft_status weft_tuning_work(weft_tuning *tuning, weft_context *context);
/* Reads every trial as it is now. */
WEFT_API WEFT_MUST weft_status weft_tuning_refresh(weft_tuning *tuning);
/* Ends the run in the store, where this process leads it, with `status`, which is returned
 * with its message. */
WEFT_API WEFT_MUST weft_status weft_tuning_end(weft_tuning *tuning, weft_status status);
WEFT_API void weft_tuning_free(weft_tuning *tuning); /* NULL-safe */

/* open, work, refresh and end. *out is also set when the work was cancelled. */
WEFT_API WEFT_MUST weft_status weft_tune(weft_tuning **out,
    const weft_tune_options *options, const weft_view *train, const weft_view *validation,
    weft_context *context);

/* How far all processes together are, for a progress bar; reads the store. */
typedef struct weft_tuning_state {
    size_t trials, ended; /* a trial counts once a rung */
    double best;          /* score so far; NaN: none */
    bool complete;        /* nothing is left to do */
} weft_tuning_state;
WEFT_API WEFT_MUST weft_status weft_tuning_progress(
    weft_tuning_state *out, weft_tuning *tuning);

WEFT_API int weft_tuning_threads(const weft_tuning *tuning);
WEFT_API size_t weft_tuning_dimensions(const weft_tuning *tuning);
/* "k"; NULL when index is too large. */
WEFT_API const char *weft_tuning_dimension(const weft_tuning *tuning, size_t index);
/* As refreshed last: every trial once, as far as it got, from the best to the worst, then
 * the failed, then those not done. */
WEFT_API size_t weft_tuning_count(const weft_tuning *tuning);
WEFT_API const weft_trial *weft_tuning_trial(const weft_tuning *tuning, size_t index);

/* The best trial's classifier, fitted on all training pictures. WEFT_ENOTFOUND while no
 * trial is done. */
WEFT_API WEFT_MUST weft_status weft_tuning_fit(
    weft_classifier **out, const weft_tuning *tuning, weft_context *context);

/* The table for a terminal; everything as JSON, each trial in each of its rungs, with its
 * curves, epoch by epoch and split by split; a row a trial as CSV, with the columns of
 * GridSearchCV's cv_results_. Freed by the caller with free(). */
WEFT_API WEFT_MUST weft_status weft_tuning_text(char **out, const weft_tuning *tuning);
WEFT_API WEFT_MUST weft_status weft_tuning_json(char **out, const weft_tuning *tuning);
WEFT_API WEFT_MUST weft_status weft_tuning_csv(char **out, const weft_tuning *tuning);

/* The search's folder as the store has it, owned by the caller; NULL: none yet. */
WEFT_API WEFT_MUST weft_status weft_tuning_folder(char **out, weft_tuning *tuning);
/* Makes `folder` the search's. */
WEFT_API WEFT_MUST weft_status weft_tuning_place(weft_tuning *tuning, const char *folder);
/* Writes results.json and results.csv into the folder, each whole or not at all, and notes
 * in the store what lies there. */
WEFT_API WEFT_MUST weft_status weft_tuning_save(weft_tuning *tuning, const char *folder);

#ifdef __cplusplus
}
#endif
#endif
