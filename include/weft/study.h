/* weft/study.h: a published study as a list of experiments, run again beside its figures.
 *
 *     weft_study *study;
 *     WEFT_TRY(weft_study_load(&study, "paper-2"));
 *     weft_study_options options = weft_study_defaults();
 *     options.folder = "runs/paper-2";
 *     weft_study_results *results = NULL;
 *     weft_status status = weft_study_run(&results, study, &data, &options, context);
 *     if (results)
 *         ... weft_study_text ...
 *
 * A study is a short text under recipes/ that a person writes by hand; what it may hold is
 * said at the head of src/eval/study_read.c. Nothing is chosen by any figure: each run
 * trains with the options that its line gives and is scored once. Every run is written down
 * as it ends, so that a study that was stopped, however it was stopped, goes on where it
 * was. */
#ifndef WEFT_STUDY_H
#define WEFT_STUDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weft/classifier.h"
#include "weft/context.h"
#include "weft/dataset.h"
#include "weft/evaluation.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Which pictures are divided, and so where the test pictures come from. */
typedef enum weft_division {
    WEFT_DIVIDE_PUBLISHED, /* training pictures may be held out; the test split tests */
    WEFT_DIVIDE_TRAIN,     /* training pictures alone: the test split stays closed */
    WEFT_DIVIDE_POOLED     /* all splits together, as one dataset */
} weft_division;

enum { WEFT_PROTOCOL_PARTS = 3 };

/* "published 80:20", "train 5 folds", "pooled 60:20:20". */
typedef struct weft_protocol {
    weft_division division;
    unsigned folds; /* 0: parts by percentages */
    unsigned parts; /* 1: nothing is divided */
    /* Train, validation, test where there are three; of two the second is validation when
     * the test split tests, else test. They sum to 100. */
    unsigned percent[WEFT_PROTOCOL_PARTS];
    char text[48]; /* as it was written */
} weft_protocol;

/* How the study words a figure. */
typedef enum weft_wording {
    WEFT_REPORTED, /* 0.925 */
    WEFT_ABOUT,    /* ~0.91 */
    WEFT_ABOVE     /* >0.93 */
} weft_wording;

typedef struct weft_reported {
    char *figure; /* "accuracy", "f1:Shirt" */
    char *where;  /* "table 2"; may be empty */
    weft_wording wording;
    double value, sd; /* sd: NaN where none is given */
    double unit;      /* of the last digit that is printed: 0.001 */
    int line;
} weft_reported;

typedef struct weft_experiment {
    char *name;       /* "knn-5" */
    char *classifier; /* "knn:k=5" */
    char *note;       /* why ours may differ; "" where there is nothing to say */
    weft_protocol protocol;
    uint64_t first_seed, last_seed;
    weft_reported *reported;
    size_t reported_count;
    int line;
} weft_experiment;

/* "knn-5 has the highest accuracy of knn-*". */
typedef struct weft_claim {
    char *figure, *name, *pattern, *where;
    bool lowest;
    int line;
} weft_claim;

typedef struct weft_study {
    char *path; /* what it was loaded as */
    char *title, *source, *data;
    weft_experiment *experiments;
    size_t experiment_count;
    weft_claim *claims;
    size_t claim_count;
} weft_study;

/* The studies that are built in, by index; NULL behind the last. */
WEFT_API const char *weft_study_name(size_t index);
/* Reads a built-in study or a file (its name holds a slash or a dot). Every classifier's
 * name and options are checked. WEFT_EFORMAT names the file, the line, what was found and
 * what was expected; WEFT_ENOTFOUND suggests the nearest name. */
WEFT_API WEFT_MUST weft_status weft_study_load(weft_study **out, const char *name);
WEFT_API void weft_study_free(weft_study *study); /* NULL-safe */

/* What happens to a run; for whoever keeps records of their own. All borrowed. */
typedef enum weft_study_moment {
    WEFT_STUDY_BEGIN, /* the classifier is about to be fitted */
    WEFT_STUDY_TEST,  /* the test pictures are about to be opened */
    WEFT_STUDY_SCORE, /* `split` was scored */
    WEFT_STUDY_END    /* with `status`, and fit_seconds where it is WEFT_OK */
} weft_study_moment;

typedef struct weft_study_event {
    weft_study_moment moment;
    const weft_experiment *experiment;
    uint64_t seed;
    unsigned fold; /* from 1; 0: the protocol has none */
    const weft_classifier *classifier;
    const weft_view *train, *validation; /* validation may be NULL */
    const weft_view *test;               /* TEST */
    const char *split;                   /* SCORE: "validation" or "test" */
    const weft_evaluation *evaluation;   /* SCORE */
    weft_status status;                  /* END */
    double fit_seconds;
} weft_study_event;

/* A failure fails the run; at its end it is only forwarded. */
typedef weft_status (*weft_study_event_fn)(void *user, const weft_study_event *event);

typedef struct weft_study_options {
    const char *folder; /* where runs are written down, made when missing; borrowed */
    const char *only;   /* experiments, as in "cnn,knn-*"; NULL: all; borrowed */
    uint64_t seeds;     /* runs of each experiment; 0: as the study says */
    bool quick; /* one seed and a fifth of the epochs: to see it work, not to quote */
    bool plan;  /* run nothing: only take up what is written down */
    weft_study_event_fn on_event; /* NULL: nobody listens */
    void *user;
} weft_study_options;

WEFT_API weft_study_options weft_study_defaults(void);

typedef struct weft_study_results weft_study_results;

/* Runs what is not yet written down in the folder, by the same options, data and seed, one
 * run after the other. A network that was stopped goes on from its checkpoint there.
 * The test pictures of a run are opened once, when it is fitted.
 *
 * study and data are borrowed by the results. *out is set whenever the study fits the data
 * and the folder, also when the status tells of a failed run or a cancellation: a run that
 * fails does not stop those behind it. */
WEFT_API WEFT_MUST weft_status weft_study_run(weft_study_results **out,
    const weft_study *study, const weft_data *data, const weft_study_options *options,
    weft_context *context);
WEFT_API void weft_study_results_free(weft_study_results *results); /* NULL-safe */

/* Writes results.json, results.csv and results.md into the folder. */
WEFT_API WEFT_MUST weft_status weft_study_save(
    const weft_study_results *results, const char *folder);

/* Runs asked for and runs there are. */
WEFT_API size_t weft_study_runs(const weft_study_results *results);
WEFT_API size_t weft_study_finished(const weft_study_results *results);
/* The same of one experiment; 0 runs where it was not asked for. */
WEFT_API void weft_study_progress(const weft_study_results *results,
    const weft_experiment *experiment, size_t *runs, size_t *finished);
/* How long the rest may take, seconds; a rough guess until a run was timed. */
WEFT_API double weft_study_seconds_left(const weft_study_results *results);

/* The study's figures beside ours: n, mean and standard deviation, and whether they differ
 * by more than the spread. For a terminal of 80 columns, as Markdown, as CSV (one row a
 * figure), and with every run as JSON. Freed by the caller with free(). */
WEFT_API WEFT_MUST weft_status weft_study_text(
    char **out, const weft_study_results *results);
WEFT_API WEFT_MUST weft_status weft_study_markdown(
    char **out, const weft_study_results *results);
WEFT_API WEFT_MUST weft_status weft_study_csv(
    char **out, const weft_study_results *results);
WEFT_API WEFT_MUST weft_status weft_study_json(
    char **out, const weft_study_results *results);

#ifdef __cplusplus
}
#endif
#endif
