/* Which runs there are. */
#include "store/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/mem.h"
#include "core/text.h"
#include "store/alive.h"

static const char *const statuses[] = {
    "running", "done", "failed", "interrupted", "died", NULL};

static const char *status_at(const void *state, size_t i)
{
    (void)state;
    return statuses[i];
}

static weft_status check_status(const char *status)
{
    for (size_t i = 0; status && statuses[i]; i++)
        if (strcmp(status, statuses[i]) == 0)
            return WEFT_OK;
    const char *near = status ? weft__nearest(status, status_at, NULL) : NULL;
    return !status ? WEFT_OK
                   : weft_fail(WEFT_EINVAL,
                         "status '%s': expected running, done, failed, interrupted or "
                         "died%s%s%s",
                         status, near ? ": did you mean '" : "", near ? near : "",
                         near ? "'?" : "");
}

/* Whether `text` has a digit where `form` has a 0, and else the same; it may be shorter by
 * whole parts. */
static bool is_moment(const char *text)
{
    static const char form[] = "0000-00-00T00:00:00Z";
    size_t n = strlen(text);
    if (n != 10 && n != sizeof form - 1)
        return false;
    for (size_t i = 0; i < n; i++)
        if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
    return true;
}

/* The moment that `since` means, as the store writes moments. */
static weft_status since_when(char moment[32], const char *since)
{
    static const char units[] = "smhdw";
    static const uint64_t seconds[] = {1, 60, 3600, 86400, 604800};
    size_t n = strlen(since);
    const char *unit = n > 1 ? strchr(units, since[n - 1]) : NULL;
    char number[16] = "";
    uint64_t count;
    if (is_moment(since)) {
        snprintf(moment, 32, "%s", since);
        return WEFT_OK;
    }
    if (unit && n < sizeof number)
        memcpy(number, since, n - 1);
    if (!weft__parse_count(number, &count) || count > 100000000)
        return weft_fail(WEFT_EINVAL,
            "since '%s': expected a date such as 2026-11-20 or 2026-11-20T18:44:05Z, or an "
            "age such as 90m, 36h, 7d",
            since);
    time_t then = time(NULL) - (time_t)(count * seconds[unit - units]);
    struct tm utc;
    gmtime_r(&then, &utc);
    strftime(moment, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return WEFT_OK;
}

/* ---- Status ---- */

static weft_status reread_status(const char **out, weft_store *store, int64_t run)
{
    weft__rows rows;
    *out = "died";
    weft_status status = weft__query(&rows, store->db,
        "SELECT status FROM run WHERE id = ?", WEFT__VALUES(weft__integer_value(run)));
    if (weft__next(&rows, &status))
        for (size_t i = 1; statuses[i]; i++)
            if (strcmp(weft__column_text(&rows, 0), statuses[i]) == 0)
                *out = statuses[i];
    weft__rows_close(&rows);
    return status;
}

/* A run that nobody holds may have ended since its status was read. */
weft_status weft__seen_status(
    const char **out, weft_store *store, int64_t run, const char *status)
{
    bool alive;
    *out = status;
    if (strcmp(status, "running") != 0)
        return WEFT_OK;
    WEFT_TRY(weft__alive(&alive, store, run));
    return alive ? WEFT_OK : reread_status(out, store, run);
}

void weft__run_label(char *text, size_t size, const char *kind, const char *name)
{
    snprintf(text, size, "%s%s%s", kind, name && *name ? " " : "", name ? name : "");
}

/* ---- Rows ---- */

static void clear_row(weft_run_row *row)
{
    const char *const texts[] = {row->kind, row->name, row->classifier, row->data,
        row->status, row->began, row->folder};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free((void *)(uintptr_t)texts[i]);
}

static weft_status take_text(const char **out, const weft__rows *rows, int column)
{
    char *copy;
    WEFT_TRY(weft__strdup(&copy, weft__column_text(rows, column)));
    *out = copy;
    return WEFT_OK;
}

static weft_status take_status(const char **out, weft_store *store, const weft__rows *rows)
{
    const char *seen;
    char *copy;
    WEFT_TRY(weft__seen_status(
        &seen, store, weft__column_integer(rows, 0), weft__column_text(rows, 6)));
    WEFT_TRY(weft__strdup(&copy, seen));
    *out = copy;
    return WEFT_OK;
}

static weft_status take_folder(const char **out, weft_store *store, const weft__rows *rows)
{
    const char *place = weft__column_text(rows, 8);
    char *path = NULL;
    if (place)
        WEFT_TRY(weft__store_path_of(&path, store, place));
    *out = path;
    return WEFT_OK;
}

static weft_status fill_row(weft_run_row *row, weft_store *store, const weft__rows *rows)
{
    row->id = weft__column_integer(rows, 0);
    row->parent = weft__column_integer(rows, 1);
    WEFT_TRY(take_text(&row->kind, rows, 2));
    WEFT_TRY(take_text(&row->name, rows, 3));
    WEFT_TRY(take_text(&row->classifier, rows, 4));
    WEFT_TRY(take_text(&row->data, rows, 5));
    WEFT_TRY(take_status(&row->status, store, rows));
    WEFT_TRY(take_text(&row->began, rows, 7));
    WEFT_TRY(take_folder(&row->folder, store, rows));
    row->seconds = weft__column_real(rows, 9);
    row->validation_accuracy = weft__column_real(rows, 10);
    row->test_accuracy = weft__column_real(rows, 11);
    row->figure = weft__column_real(rows, 12);
    return WEFT_OK;
}

/* Adds the row that the query stands at, where it is wanted. */
static weft_status add_row(weft_run_list *list, weft_store *store, const weft__rows *rows,
    const weft_run_filter *filter)
{
    weft_run_row row = {0};
    weft_status status = fill_row(&row, store, rows);
    bool wanted = status == WEFT_OK &&
                  (!filter->status || strcmp(row.status, filter->status) == 0) &&
                  (!filter->metric || !isnan(row.figure));
    if (wanted)
        status = weft__grow(
            &list->rows, &list->capacity, list->count + 1, sizeof *list->rows, "runs");
    if (wanted && status == WEFT_OK)
        list->rows[list->count++] = row;
    else
        clear_row(&row);
    return status;
}

#define FIGURE(split, name) \
    "(SELECT value FROM figure WHERE run = r.id AND split = " split " AND name = " name ")"

static weft_status fill(
    weft_run_list *list, weft_store *store, const weft_run_filter *f, const char *since)
{
    bool parts = f->parts || f->parent || f->classifier || f->metric;
    weft__rows rows;
    /* clang-format off */
    weft_status status = weft__query(&rows, store->db,
        "SELECT r.id, parent, kind, name, classifier, data, status, began, folder,"
        " coalesce(" FIGURE("''", "'fit_seconds'") "," FIGURE("''", "'predict_seconds'") ","
        "  round((julianday(ended) - julianday(began)) * 86400)),"
        " " FIGURE("'validation'", "'accuracy'") ", " FIGURE("'test'", "'accuracy'") ","
        " " FIGURE("?2", "?1") " FROM run AS r"
        " WHERE (?3 IS NULL OR kind = ?3)"
        " AND (?4 IS NULL OR classifier = ?4 OR name = ?4)"
        " AND (?5 IS NULL OR data = ?5"
        "  OR (length(?5) >= 6 AND substr(data_digest, 1, length(?5)) = ?5))"
        " AND (?6 IS NULL OR began >= ?6)"
        " AND (?7 IS NULL OR parent = ?7)"
        " AND (?8 OR parent IS NULL)"
        " ORDER BY r.id DESC",
        WEFT__VALUES(weft__text_value(f->metric),
            weft__text_value(f->split ? f->split : ""), weft__text_value(f->kind),
            weft__text_value(f->classifier), weft__text_value(f->data),
            weft__text_value(since), weft__id_value(f->parent),
            weft__integer_value(parts)));
    /* clang-format on */
    while (weft__next(&rows, &status))
        status = add_row(list, store, &rows, f);
    weft__rows_close(&rows);
    return status;
}

/* ---- The best ---- */

static bool lower_is_better(const char *metric)
{
    static const char *const names[] = {"log_loss", "loss", "brier_score",
        "expected_calibration_error", "aurc", "accuracy_sd", "macro_f1_sd", "fit_seconds",
        "predict_seconds", "peak_memory", "model_bytes"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(metric, names[i]) == 0)
            return true;
    return false;
}

static int by_figure(const void *a, const void *b, void *lower)
{
    const weft_run_row *x = a, *y = b;
    double difference = *(bool *)lower ? x->figure - y->figure : y->figure - x->figure;
    if (difference != 0)
        return difference < 0 ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id; /* who was there first */
}

static void keep_best(weft_run_list *list, const weft_run_filter *filter)
{
    bool lower = lower_is_better(filter->metric);
    qsort_r(list->rows, list->count, sizeof *list->rows, by_figure, &lower);
    while (filter->best && list->count > filter->best)
        clear_row(&list->rows[--list->count]);
}

/* The figures' names, for a near one. */
struct names {
    char **names;
    size_t count, capacity;
};

static const char *name_at(const void *state, size_t i)
{
    const struct names *names = state;
    return i < names->count ? names->names[i] : NULL;
}

static weft_status read_names(struct names *names, weft__database *db, const char *split)
{
    weft__rows rows;
    weft_status status =
        weft__query(&rows, db, "SELECT DISTINCT name FROM figure WHERE split = ?",
            WEFT__VALUES(weft__text_value(split)));
    while (weft__next(&rows, &status)) {
        status = weft__grow(&names->names, &names->capacity, names->count + 1,
            sizeof *names->names, "names");
        if (status == WEFT_OK)
            status = weft__strdup(&names->names[names->count], weft__column_text(&rows, 0));
        names->count += status == WEFT_OK;
    }
    weft__rows_close(&rows);
    return status;
}

/* No run has the figure: a slip, or nothing was evaluated on that split. */
static weft_status no_such_figure(weft_store *store, const weft_run_filter *filter)
{
    struct names names = {0};
    const char *split = filter->split ? filter->split : "";
    weft_status status = read_names(&names, store->db, split);
    const char *near =
        status == WEFT_OK ? weft__nearest(filter->metric, name_at, &names) : NULL;
    if (status == WEFT_OK && names.count == 0 && *split)
        status = weft_fail(WEFT_EINVAL, "no run was evaluated on a %s split", split);
    else if (status == WEFT_OK)
        status = weft_fail(WEFT_EINVAL, "no run has the figure '%s'%s%s%s%s%s",
            filter->metric, *split ? " of the split " : "", split,
            near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
    for (size_t i = 0; i < names.count; i++)
        free(names.names[i]);
    free(names.names);
    return status;
}

static weft_status check_metric(weft_store *store, const weft_run_filter *filter)
{
    int64_t known;
    if (!filter->metric)
        return WEFT_OK;
    WEFT_TRY(weft__query_integer(&known, store->db,
        "SELECT EXISTS (SELECT 1 FROM figure WHERE split = ? AND name = ?)",
        WEFT__VALUES(weft__text_value(filter->split ? filter->split : ""),
            weft__text_value(filter->metric))));
    return known ? WEFT_OK : no_such_figure(store, filter);
}

static weft_status list_runs(
    weft_run_list *list, weft_store *store, const weft_run_filter *filter)
{
    char since[32];
    WEFT_TRY(weft__strdup(&list->metric, filter->metric));
    WEFT_TRY(weft__strdup(&list->split, filter->split));
    WEFT_TRY(check_status(filter->status));
    if (filter->since)
        WEFT_TRY(since_when(since, filter->since));
    WEFT_TRY(check_metric(store, filter));
    WEFT_TRY(fill(list, store, filter, filter->since ? since : NULL));
    if (filter->metric)
        keep_best(list, filter);
    return WEFT_OK;
}

weft_status weft_store_list(
    weft_run_list **out, weft_store *store, const weft_run_filter *filter)
{
    weft_run_list *list;
    WEFT_TRY(weft__calloc(&list, 1, sizeof *list, "a list of runs"));
    weft_status status = list_runs(list, store, filter);
    if (status != WEFT_OK)
        weft_run_list_free(list);
    else
        *out = list;
    return status;
}

void weft_run_list_free(weft_run_list *list)
{
    if (!list)
        return;
    for (size_t i = 0; i < list->count; i++)
        clear_row(&list->rows[i]);
    free(list->rows);
    free(list->metric);
    free(list->split);
    free(list);
}

size_t weft_run_list_count(const weft_run_list *list)
{
    return list->count;
}

const weft_run_row *weft_run_list_row(const weft_run_list *list, size_t index)
{
    return index < list->count ? &list->rows[index] : NULL;
}
