/* weft/compare.h: several classifiers on the same pictures, and what can be said of them.
 *
 *     const char *names[] = {"knn", "knn:k=11,weights=distance", "ann"};
 *     weft_compare_options options = weft_compare_defaults();
 *     weft_comparison *comparison = NULL;
 *     weft_status status =
 *         weft_compare(&comparison, &data, names, 3, &options, context);
 *     if (comparison)
 *         ... weft_comparison_text, weft_comparison_save, weft_report_write ...
 *     weft_comparison_free(comparison);
 *
 * Every classifier is fitted on training pictures alone; the test split is opened once, at
 * the end, for all. Nothing is selected, so by default nothing is held out of training:
 * where the data brings a validation split it is watched, never learnt from. */
#ifndef WEFT_COMPARE_H
#define WEFT_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weft/classifier.h"
#include "weft/context.h"
#include "weft/dataset.h"
#include "weft/evaluation.h"
#include "weft/statistics.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_comparison weft_comparison;

/* How far a classifier has come. A failure may follow upon either beginning. */
typedef enum weft_compare_step {
    WEFT_COMPARE_FITTING,
    WEFT_COMPARE_FITTED,  /* and its model saved */
    WEFT_COMPARE_SCORING, /* the test pictures are there and nothing is predicted yet */
    WEFT_COMPARE_SCORED,
    WEFT_COMPARE_FAILED /* or cancelled */
} weft_compare_step;

/* Called from the thread that called weft_compare; `index` is that of the entry, which are
 * in the order asked for until all are scored. */
typedef void (*weft_compare_fn)(
    void *user, weft_compare_step step, const weft_comparison *comparison, size_t index);

typedef struct weft_compare_options {
    uint64_t seed; /* of splits, the bootstrap, and every classifier's own option "seed" */
    double validation;  /* share of the training pictures held out to be watched */
    double test;        /* share held out as test where the data has neither test nor
                           validation split */
    uint64_t resamples; /* of the bootstrap */
    uint64_t seeds;     /* how often each classifier that draws by chance is fitted, with
                           the seeds seed, seed + 1, ...; the others are fitted once */
    /* For the record; borrowed, may be NULL. */
    const char *source;      /* what the data is called: "fashion-mnist" */
    const char *command;     /* that makes the comparison again */
    const char *models;      /* a folder: every model is saved there once fitted */
    weft_compare_fn on_step; /* told of every step, with `user`; NULL: nobody */
    void *user;
} weft_compare_options;

WEFT_API weft_compare_options weft_compare_defaults(void);

/* One fit of one classifier. */
typedef struct weft_seed_fit {
    uint64_t seed;
    const weft_classifier *classifier;
    const weft_evaluation *evaluation;
    double fit_seconds;
} weft_seed_fit;

/* What became of one classifier. Where it was fitted with several seeds, what is not said
 * to be of all is of the first. */
typedef struct weft_entry {
    const char *name; /* as it was asked for: "knn:k=11" */
    const weft_classifier *classifier;
    const weft_evaluation *evaluation; /* NULL: not finished, `error` says why */
    /* The same before its temperature; NULL where it has none. */
    const weft_evaluation *uncalibrated;
    const char *error;
    bool by_chance;            /* the seed may change it */
    const weft_seed_fit *fits; /* of all seeds, in their order; fit_count */
    size_t fit_count;
    weft_spread accuracy, macro_f1; /* of all seeds */
    double fit_seconds, predict_seconds;
    double rate;        /* pictures predicted per second */
    weft_interval f1;   /* of the macro F1, by bootstrap */
    const char *model;  /* the path of its file; NULL when not saved */
    size_t model_bytes; /* 0 when not saved */
    size_t peak_memory; /* bytes taken at most to fit or to predict, data aside */
    /* 1 is best, by the mean accuracy. Those that the pairs' tests with Holm's correction
     * at 5 % cannot tell from the best of a place share it: a tie. 0 when not finished. */
    size_t place;
} weft_entry;

typedef struct weft_pair {
    weft_mcnemar test;    /* of the first seeds */
    weft_crossed crossed; /* of all seeds */
    bool of_all_seeds; /* the p-value is crossed's: one of the two was fitted repeatedly */
    double p_value;
    double adjusted; /* the p-value after Holm's correction over all pairs */
} weft_pair;

/* Each of the `count` classifiers is a catalogue name or the path of a network text, alone
 * or followed by options: "knn:k=11,weights=distance". Whether all of them are, before any
 * data is read. */
WEFT_API WEFT_MUST weft_status weft_compare_check(
    const char *const *classifiers, size_t count);

/* All are checked before the first is fitted. `data` is borrowed and must outlive the
 * comparison.
 *
 * *out is set whenever at least one classifier was evaluated, also when the status tells of
 * another's failure or of a cancellation: what had been fitted by then is still scored. */
WEFT_API WEFT_MUST weft_status weft_compare(weft_comparison **out, const weft_data *data,
    const char *const *classifiers, size_t count, const weft_compare_options *options,
    weft_context *context);
WEFT_API void weft_comparison_free(weft_comparison *comparison); /* NULL-safe */

/* Entries from best to worst mean accuracy, then the unfinished ones. */
WEFT_API size_t weft_comparison_count(const weft_comparison *comparison);
WEFT_API size_t weft_comparison_finished(const weft_comparison *comparison);
WEFT_API const weft_entry *weft_comparison_entry(
    const weft_comparison *comparison, size_t index);
/* Of two finished entries, first < second. */
WEFT_API const weft_pair *weft_comparison_pair(
    const weft_comparison *comparison, size_t first, size_t second);

/* The pictures used; counts of 0 where there were none. Borrowed. */
WEFT_API weft_view weft_comparison_train(const weft_comparison *comparison);
WEFT_API weft_view weft_comparison_validation(const weft_comparison *comparison);
WEFT_API weft_view weft_comparison_test(const weft_comparison *comparison);

/* The table for a terminal of 80 columns, and every figure as JSON and as CSV (one row an
 * entry). Freed by the caller with free(). */
WEFT_API WEFT_MUST weft_status weft_comparison_text(
    char **out, const weft_comparison *comparison);
WEFT_API WEFT_MUST weft_status weft_comparison_json(
    char **out, const weft_comparison *comparison);
WEFT_API WEFT_MUST weft_status weft_comparison_csv(
    char **out, const weft_comparison *comparison);
/* The terminal's table for LaTeX with booktabs, names escaped. */
WEFT_API WEFT_MUST weft_status weft_comparison_latex(
    char **out, const weft_comparison *comparison);

/* Writes args.json, results.json, results.csv, results.tex and splits.json into the folder.
 */
WEFT_API WEFT_MUST weft_status weft_comparison_save(
    const weft_comparison *comparison, const char *folder);

#ifdef __cplusplus
}
#endif
#endif
