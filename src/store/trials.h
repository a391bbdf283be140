/* Searches and their trials in the store, shared by any number of processes.
 *
 * A study hangs on the run of a search. Its trials wait in rungs (of successive halving;
 * else there is one). Who claims a trial locks its byte in the store's lock file (see
 * store/alive.h), so that a trial whose worker died, however it died, can be claimed again;
 * one that was recorded never is. Every function is a transaction of its own. */
#ifndef WEFT_STORE_TRIALS_H
#define WEFT_STORE_TRIALS_H

#include "weft/store.h"

typedef struct weft__trials {
    weft_store *store; /* borrowed */
    int64_t run;
    int threads; /* that every trial is given */
    bool leads;  /* this process holds the run */
} weft__trials;

/* The study of this identity, a text that tells apart what must not be mixed.
 * WEFT_ENOTFOUND when there is none. */
WEFT_MUST weft_status weft__trials_find(
    weft__trials *out, weft_store *store, const char *identity);
/* Makes it, with a run as `start` says and `count` waiting trials in rung 0; `values` is a
 * JSON text each. Where another process has made it by now, finds it. */
WEFT_MUST weft_status weft__trials_create(weft__trials *out, weft_store *store,
    const char *identity, const weft_run_start *start, const char *const *values,
    size_t count, double resource);
/* Holds the run as running, unless another process does: then trials->leads stays false. */
WEFT_MUST weft_status weft__trials_lead(weft__trials *trials);

/* The trials `numbers` of rung 0 wait in this later rung, too, unless they are there. */
WEFT_MUST weft_status weft__trials_promote(weft__trials *trials, int64_t rung,
    const int64_t *numbers, size_t count, double resource);

typedef struct weft__claim {
    int64_t trial; /* 0: none is to be had now */
    int64_t rung, number;
    double resource;
    bool others; /* none to be had, but living processes are at work on some */
} weft__claim;

WEFT_MUST weft_status weft__trials_claim(weft__claim *out, weft__trials *trials);
/* Writes down how the trial ended: with `result`, or with `error` and NULL. */
WEFT_MUST weft_status weft__trials_record(weft__trials *trials, const weft__claim *claim,
    double score, const char *result, const char *error);
/* Puts a trial that was not finished back. */
WEFT_MUST weft_status weft__trials_release(weft__trials *trials, const weft__claim *claim);

typedef struct weft__trial_row {
    int64_t rung, number, attempts;
    double resource, score; /* score NaN where there is none */
    const char *status;     /* "waiting", "running", "done" or "failed" */
    const char *values, *result, *error, *ended; /* NULL where there is none; borrowed */
} weft__trial_row;

/* Calls fn for every trial by rung and number, until it fails. */
WEFT_MUST weft_status weft__trials_read(weft__trials *trials,
    weft_status (*fn)(void *user, const weft__trial_row *row), void *user);

typedef struct weft__trials_progress {
    int64_t trials, ended;
    int64_t rung;   /* the last that has trials */
    bool none_done; /* all of that rung have failed */
    double best;    /* score of the last rung that has one; NaN */
} weft__trials_progress;

WEFT_MUST weft_status weft__trials_progress_of(
    weft__trials_progress *out, weft__trials *trials);

/* The run's folder, owned by the caller; NULL: none yet. */
WEFT_MUST weft_status weft__trials_folder(char **out, weft__trials *trials);

#endif
