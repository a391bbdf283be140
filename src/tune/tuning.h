/* The inside of a search for options; only src/tune includes this. */
#ifndef WEFT_TUNE_TUNING_H
#define WEFT_TUNE_TUNING_H

#include <jansson.h>

#include "core/digest.h"
#include "core/overall.h"
#include "store/trials.h"
#include "tune/space.h"
#include "weft/tune.h"

enum { WEFT__MOST_RUNGS = 20 };

typedef struct weft__rung {
    size_t count;    /* of trials */
    double resource; /* share of the epochs or pictures */
} weft__rung;

/* A row of the store, and what it says. */
typedef struct weft__result {
    weft_trial trial;
    json_t *result; /* NULL: none */
    double *scores; /* one a split; NULL: none */
    char *error;
} weft__result;

struct weft_tuning {
    weft_tune_options options; /* texts owned */
    weft__space space;
    char **values; /* trial_count x space.count */
    size_t trial_count;

    weft_view train, validation; /* validation.count 0: held out by `assignment` */
    uint8_t *assignment;         /* train.count: fold, or 1 held out; NULL: neither */
    size_t splits;

    weft__rung rungs[WEFT__MOST_RUNGS];
    size_t rung_count;
    bool by_epochs; /* what resources are a share of; else pictures */

    weft_store *store;
    weft__trials trials;
    double began;

    weft__result *results; /* every row */
    size_t result_count, result_capacity;
    size_t *order; /* trial_count positions in results: each trial's last row, ranked */
    size_t order_count;
};

/* A digest of all that decides the figures but the number of threads. */
WEFT_MUST weft_status weft__tuning_identity(
    char text[WEFT__DIGEST_TEXT], const weft_tuning *tuning);

/* Fills tuning->rungs. */
WEFT_MUST weft_status weft__plan_rungs(weft_tuning *tuning);

/* One trial: its figures as JSON text, owned by the caller, and its score. `overall` counts
 * fits, of which splits from `from` on are this trial's. */
WEFT_MUST weft_status weft__run_trial(char **result, double *score,
    const weft_tuning *tuning, const weft__claim *claim, weft__overall *overall,
    double from, weft_context *context);
/* The classifier of the trial with this number. */
WEFT_MUST weft_status weft__trial_classifier(
    weft_classifier **out, const weft_tuning *tuning, size_t number);

/* "f1_macro" */
const char *weft__scoring_name(weft_scoring scoring);

/* Reads every row and orders them by their rank. */
WEFT_MUST weft_status weft__read_results(weft_tuning *tuning);
void weft__clear_results(weft_tuning *tuning);
/* The numbers of the best `count` done trials of a rung, fewer where fewer are done. */
size_t weft__best_of_rung(
    const weft_tuning *tuning, size_t rung, int64_t *numbers, size_t count);

#endif
