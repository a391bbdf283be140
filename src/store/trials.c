#include "store/trials.h"

#include <stdlib.h>
#include <string.h>

#include "core/machine.h"
#include "store/alive.h"

/* Trials' locks lie behind all that runs' numbers could reach. */
static const int64_t TRIAL_LOCKS = (int64_t)1 << 40;

static int64_t lock_of(int64_t trial)
{
    return TRIAL_LOCKS + trial;
}

weft_status weft__trials_find(weft__trials *out, weft_store *store, const char *identity)
{
    weft__rows rows;
    weft_status status =
        weft__query(&rows, store->db, "SELECT run, threads FROM study WHERE identity = ?",
            WEFT__VALUES(weft__text_value(identity)));
    bool found = weft__next(&rows, &status);
    if (found)
        *out = (weft__trials){.store = store,
            .run = weft__column_integer(&rows, 0),
            .threads = (int)weft__column_integer(&rows, 1)};
    weft__rows_close(&rows);
    WEFT_TRY(status);
    return found ? WEFT_OK
                 : weft_fail(WEFT_ENOTFOUND, "%s: no such search", store->db->path);
}

static weft_status add_trials(weft_store *store, int64_t run, const char *const *values,
    size_t count, double resource)
{
    for (size_t i = 0; i < count; i++)
        WEFT_TRY(weft__execute(store->db,
            "INSERT INTO trial (study, rung, number, status, resource, value)"
            " VALUES (?, 0, ?, 'waiting', ?, ?)",
            WEFT__VALUES(weft__integer_value(run), weft__integer_value((int64_t)i),
                weft__real_value(resource), weft__text_value(values[i]))));
    return WEFT_OK;
}

static weft_status add_study(weft_store *store, int64_t run, const char *identity,
    int threads, const char *const *values, size_t count, double resource)
{
    WEFT_TRY(weft__execute(store->db,
        "INSERT INTO study (run, identity, threads) VALUES (?, ?, ?)",
        WEFT__VALUES(weft__integer_value(run), weft__text_value(identity),
            weft__integer_value(threads))));
    return add_trials(store, run, values, count, resource);
}

static weft_status drop_run(weft_store *store, int64_t run)
{
    WEFT_TRY(weft__execute(
        store->db, "DELETE FROM run WHERE id = ?", WEFT__VALUES(weft__integer_value(run))));
    weft__alive_let_go(store, run);
    return WEFT_OK;
}

weft_status weft__trials_create(weft__trials *out, weft_store *store, const char *identity,
    const weft_run_start *start, const char *const *values, size_t count, double resource)
{
    int64_t run;
    weft__trials other;
    WEFT_TRY(weft_store_begin(&run, store, start));
    WEFT_TRY(weft__transaction_begin(store->db));
    weft_status status = weft__trials_find(&other, store, identity);
    bool late = status == WEFT_OK;
    if (status == WEFT_ENOTFOUND)
        status = add_study(store, run, identity, start->threads, values, count, resource);
    else if (late)
        status = drop_run(store, run);
    WEFT_TRY(weft__transaction_end(store->db, status));
    *out = late ? other
                : (weft__trials){
                      .store = store, .run = run, .threads = start->threads, .leads = true};
    return WEFT_OK;
}

weft_status weft__trials_lead(weft__trials *trials)
{
    bool alive;
    if (trials->leads)
        return WEFT_OK;
    WEFT_TRY(weft__transaction_begin(trials->store->db));
    weft_status status = weft__alive(&alive, trials->store, trials->run);
    if (status == WEFT_OK && !alive)
        status = weft__alive_hold(trials->store, trials->run);
    if (status == WEFT_OK && !alive)
        status = weft__execute(trials->store->db,
            "UPDATE run SET status = 'running', error = NULL, ended = NULL WHERE id = ?",
            WEFT__VALUES(weft__integer_value(trials->run)));
    WEFT_TRY(weft__transaction_end(trials->store->db, status));
    trials->leads = !alive;
    return WEFT_OK;
}

static weft_status promote(weft__trials *trials, int64_t rung, const int64_t *numbers,
    size_t count, double resource)
{
    for (size_t i = 0; i < count; i++)
        WEFT_TRY(weft__execute(trials->store->db,
            "INSERT INTO trial (study, rung, number, status, resource, value)"
            " SELECT study, ?, number, 'waiting', ?, value FROM trial"
            " WHERE study = ? AND rung = 0 AND number = ?"
            " ON CONFLICT (study, rung, number) DO NOTHING",
            WEFT__VALUES(weft__integer_value(rung), weft__real_value(resource),
                weft__integer_value(trials->run), weft__integer_value(numbers[i]))));
    return WEFT_OK;
}

weft_status weft__trials_promote(weft__trials *trials, int64_t rung, const int64_t *numbers,
    size_t count, double resource)
{
    WEFT_TRY(weft__transaction_begin(trials->store->db));
    return weft__transaction_end(
        trials->store->db, promote(trials, rung, numbers, count, resource));
}

/* The first trial that waits or whose worker is gone. */
static weft_status find_trial(weft__claim *claim, weft__trials *trials)
{
    weft__rows rows;
    weft_status status = weft__query(&rows, trials->store->db,
        "SELECT id, rung, number, resource, status = 'running' FROM trial"
        " WHERE study = ? AND status IN ('waiting', 'running') ORDER BY rung, number",
        WEFT__VALUES(weft__integer_value(trials->run)));
    *claim = (weft__claim){0};
    while (claim->trial == 0 && weft__next(&rows, &status)) {
        int64_t trial = weft__column_integer(&rows, 0);
        bool alive = false;
        if (weft__column_integer(&rows, 4))
            status = weft__alive(&alive, trials->store, lock_of(trial));
        claim->others = claim->others || alive;
        if (status == WEFT_OK && !alive)
            *claim = (weft__claim){.trial = trial,
                .rung = weft__column_integer(&rows, 1),
                .number = weft__column_integer(&rows, 2),
                .resource = weft__column_real(&rows, 3)};
    }
    weft__rows_close(&rows);
    return status;
}

static weft_status claim_trial(weft__claim *claim, weft__trials *trials)
{
    WEFT_TRY(find_trial(claim, trials));
    if (claim->trial == 0)
        return WEFT_OK;
    WEFT_TRY(weft__alive_hold(trials->store, lock_of(claim->trial)));
    char now[32];
    weft__utc_now(now);
    return weft__execute(trials->store->db,
        "UPDATE trial SET status = 'running', attempts = attempts + 1, began = ?"
        " WHERE id = ?",
        WEFT__VALUES(weft__text_value(now), weft__integer_value(claim->trial)));
}

weft_status weft__trials_claim(weft__claim *out, weft__trials *trials)
{
    WEFT_TRY(weft__transaction_begin(trials->store->db));
    weft_status status = weft__transaction_end(trials->store->db, claim_trial(out, trials));
    if (status != WEFT_OK && out->trial)
        weft__alive_let_go(trials->store, lock_of(out->trial));
    return status;
}

/* The claim holds its trial, so that nobody else can have touched it; but its search may
 * have been deleted. */
static weft_status update(weft__trials *trials, const weft__claim *claim,
    const char *status, double score, const char *result, const char *error)
{
    char now[32];
    int64_t changed;
    bool ended = result || error;
    weft__utc_now(now);
    WEFT_TRY(weft__execute(trials->store->db,
        "UPDATE trial SET status = ?, score = ?, result = ?, error = ?, ended = ?"
        " WHERE id = ? AND status = 'running'",
        WEFT__VALUES(weft__text_value(status), weft__real_value(score),
            weft__text_value(result), weft__text_value(error),
            weft__text_value(ended ? now : NULL), weft__integer_value(claim->trial))));
    WEFT_TRY(
        weft__query_integer(&changed, trials->store->db, "SELECT changes()", WEFT__NONE));
    if (changed != 1)
        return weft_fail(
            WEFT_ENOTFOUND, "%s: the search was deleted", trials->store->db->path);
    return WEFT_OK;
}

static weft_status end_claim(weft__trials *trials, const weft__claim *claim,
    const char *status, double score, const char *result, const char *error)
{
    WEFT_TRY(weft__transaction_begin(trials->store->db));
    WEFT_TRY(weft__transaction_end(
        trials->store->db, update(trials, claim, status, score, result, error)));
    weft__alive_let_go(trials->store, lock_of(claim->trial));
    return WEFT_OK;
}

weft_status weft__trials_record(weft__trials *trials, const weft__claim *claim,
    double score, const char *result, const char *error)
{
    return end_claim(trials, claim, error ? "failed" : "done", score, result, error);
}

weft_status weft__trials_release(weft__trials *trials, const weft__claim *claim)
{
    return end_claim(trials, claim, "waiting", NAN, NULL, NULL);
}

weft_status weft__trials_read(weft__trials *trials,
    weft_status (*fn)(void *user, const weft__trial_row *row), void *user)
{
    weft__rows rows;
    weft_status status = weft__query(&rows, trials->store->db,
        "SELECT rung, number, attempts, resource, score, status, value, result, error,"
        " ended FROM trial WHERE study = ? ORDER BY rung, number",
        WEFT__VALUES(weft__integer_value(trials->run)));
    while (weft__next(&rows, &status)) {
        const weft__trial_row row = {.rung = weft__column_integer(&rows, 0),
            .number = weft__column_integer(&rows, 1),
            .attempts = weft__column_integer(&rows, 2),
            .resource = weft__column_real(&rows, 3),
            .score = weft__column_real(&rows, 4),
            .status = weft__column_text(&rows, 5),
            .values = weft__column_text(&rows, 6),
            .result = weft__column_text(&rows, 7),
            .error = weft__column_text(&rows, 8),
            .ended = weft__column_text(&rows, 9)};
        status = fn(user, &row);
    }
    weft__rows_close(&rows);
    return status;
}

weft_status weft__trials_progress_of(weft__trials_progress *out, weft__trials *trials)
{
    weft__rows rows;
    weft_status status = weft__query(&rows, trials->store->db,
        "SELECT count(*), count(*) FILTER (WHERE status IN ('done', 'failed')),"
        " (SELECT max(score) FROM trial WHERE study = ?1 AND rung ="
        "  (SELECT max(rung) FROM trial WHERE study = ?1 AND score IS NOT NULL)),"
        " max(rung),"
        " NOT EXISTS (SELECT 1 FROM trial WHERE study = ?1 AND status <> 'failed'"
        "  AND rung = (SELECT max(rung) FROM trial WHERE study = ?1))"
        " FROM trial WHERE study = ?1",
        WEFT__VALUES(weft__integer_value(trials->run)));
    if (weft__next(&rows, &status))
        *out = (weft__trials_progress){.trials = weft__column_integer(&rows, 0),
            .ended = weft__column_integer(&rows, 1),
            .best = weft__column_real(&rows, 2),
            .rung = weft__column_integer(&rows, 3),
            .none_done = weft__column_integer(&rows, 4)};
    weft__rows_close(&rows);
    return status;
}

weft_status weft__trials_folder(char **out, weft__trials *trials)
{
    weft__rows rows;
    weft_status status =
        weft__query(&rows, trials->store->db, "SELECT folder FROM run WHERE id = ?",
            WEFT__VALUES(weft__integer_value(trials->run)));
    char *path = NULL;
    bool found = weft__next(&rows, &status);
    const char *place = found ? weft__column_text(&rows, 0) : NULL;
    if (place)
        status = weft__store_path_of(&path, trials->store, place);
    weft__rows_close(&rows);
    if (status == WEFT_OK)
        *out = path;
    return status;
}
