/* Trials as the store has them, ranked. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "tune/tuning.h"

static weft_status broken(const weft_tuning *t, const weft__trial_row *row)
{
    return weft_fail(WEFT_EFORMAT, "%s: trial %lld of run %lld is not as it was written",
        weft_store_path(t->store), (long long)row->number, (long long)t->trials.run);
}

static weft_trial_status status_of(const char *text)
{
    return strcmp(text, "done") == 0      ? WEFT_TRIAL_DONE
           : strcmp(text, "failed") == 0  ? WEFT_TRIAL_FAILED
           : strcmp(text, "running") == 0 ? WEFT_TRIAL_RUNNING
                                          : WEFT_TRIAL_WAITING;
}

static double mean_of(const json_t *result, const char *name)
{
    const json_t *values = json_object_get(result, name);
    double sum = 0;
    for (size_t i = 0; i < json_array_size(values); i++)
        sum += json_number_value(json_array_get(values, i));
    return json_array_size(values) ? sum / (double)json_array_size(values) : NAN;
}

const char *weft__scoring_name(weft_scoring scoring)
{
    static const char *const names[] = {"accuracy", "f1_macro", "neg_log_loss"};
    return names[scoring];
}

static weft_status take_scores(weft_tuning *t, weft__result *r, const weft__trial_row *row)
{
    const json_t *scores =
        json_object_get(r->result, weft__scoring_name(t->options.scoring));
    if (json_array_size(scores) != t->splits)
        return broken(t, row);
    WEFT_TRY(weft__alloc(&r->scores, t->splits, sizeof *r->scores, "scores"));
    double mean = 0, squares = 0, n = (double)t->splits;
    for (size_t i = 0; i < t->splits; i++) {
        r->scores[i] = json_number_value(json_array_get(scores, i));
        mean += r->scores[i] / n;
    }
    for (size_t i = 0; i < t->splits; i++)
        squares += (r->scores[i] - mean) * (r->scores[i] - mean);
    weft_trial *trial = &r->trial;
    trial->split_test_scores = r->scores;
    trial->splits = t->splits;
    trial->mean_test_score = mean;
    trial->std_test_score = sqrt(squares / n);
    trial->accuracy = mean_of(r->result, "accuracy");
    trial->f1_macro = mean_of(r->result, "f1_macro");
    trial->log_loss = -mean_of(r->result, "neg_log_loss");
    trial->mean_fit_time = mean_of(r->result, "fit_time");
    trial->mean_score_time = mean_of(r->result, "score_time");
    return WEFT_OK;
}

static weft_status take_row(void *user, const weft__trial_row *row)
{
    weft_tuning *t = user;
    if (row->number < 0 || (size_t)row->number >= t->trial_count || row->rung < 0)
        return broken(t, row);
    WEFT_TRY(weft__grow(&t->results, &t->result_capacity, t->result_count + 1,
        sizeof *t->results, "trials"));
    weft__result *r = &t->results[t->result_count++];
    *r = (weft__result){
        .trial = {.number = (size_t)row->number,
            .values = (const char *const *)t->values + (size_t)row->number * t->space.count,
            .status = status_of(row->status),
            .rung = (size_t)row->rung,
            .resource = row->resource,
            .mean_test_score = NAN,
            .std_test_score = NAN,
            .accuracy = NAN,
            .f1_macro = NAN,
            .log_loss = NAN,
            .mean_fit_time = NAN,
            .mean_score_time = NAN,
            .attempts = (size_t)row->attempts}};
    WEFT_TRY(weft__strdup(&r->error, row->error));
    r->trial.error = r->error;
    if (r->trial.status != WEFT_TRIAL_DONE)
        return WEFT_OK;
    r->result = row->result ? json_loads(row->result, 0, NULL) : NULL;
    return r->result ? take_scores(t, r, row) : broken(t, row);
}

/* Done before failed before the rest; later rungs first; better scores first; then by
 * number, so that there is one order. */
static int by_rank(const void *a, const void *b, void *user)
{
    const weft_tuning *t = user;
    const weft_trial *x = &t->results[*(const size_t *)a].trial;
    const weft_trial *y = &t->results[*(const size_t *)b].trial;
    int done_x = x->status == WEFT_TRIAL_DONE, done_y = y->status == WEFT_TRIAL_DONE;
    if (done_x != done_y)
        return done_y - done_x;
    if (x->status != y->status)
        return (int)y->status - (int)x->status;
    if (x->rung != y->rung)
        return x->rung < y->rung ? 1 : -1;
    if (done_x && x->mean_test_score != y->mean_test_score)
        return x->mean_test_score < y->mean_test_score ? 1 : -1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Each trial's last row that has ended, else its last. Rows come by rung and number. */
static weft_status rank(weft_tuning *t)
{
    size_t *last;
    WEFT_TRY(weft__calloc(&last, t->trial_count, sizeof *last, "trials"));
    for (size_t i = 0; i < t->result_count; i++) {
        const weft_trial *trial = &t->results[i].trial;
        if (last[trial->number] == 0 || trial->status == WEFT_TRIAL_DONE)
            last[trial->number] = i + 1;
    }
    t->order = last;
    t->order_count = 0;
    for (size_t n = 0; n < t->trial_count; n++)
        if (last[n])
            t->order[t->order_count++] = last[n] - 1;
    qsort_r(t->order, t->order_count, sizeof *t->order, by_rank, t);
    for (size_t i = 0; i < t->order_count; i++) {
        weft_trial *trial = &t->results[t->order[i]].trial;
        const weft_trial *before = i ? &t->results[t->order[i - 1]].trial : NULL;
        bool equal = before && before->rung == trial->rung &&
                     before->mean_test_score == trial->mean_test_score;
        if (trial->status == WEFT_TRIAL_DONE)
            trial->rank_test_score = equal ? before->rank_test_score : i + 1;
    }
    return WEFT_OK;
}

weft_status weft__read_results(weft_tuning *t)
{
    weft__clear_results(t);
    WEFT_TRY(weft__trials_read(&t->trials, take_row, t));
    return rank(t);
}

void weft__clear_results(weft_tuning *t)
{
    for (size_t i = 0; i < t->result_count; i++) {
        json_decref(t->results[i].result);
        free(t->results[i].scores);
        free(t->results[i].error);
    }
    free(t->results);
    free(t->order);
    t->results = NULL;
    t->order = NULL;
    t->result_count = t->result_capacity = t->order_count = 0;
}

size_t weft__best_of_rung(const weft_tuning *t, size_t rung, int64_t *numbers, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < t->order_count && found < count; i++) {
        const weft_trial *trial = &t->results[t->order[i]].trial;
        if (trial->rung == rung && trial->status == WEFT_TRIAL_DONE)
            numbers[found++] = (int64_t)trial->number;
    }
    return found;
}
