/* What is written down while a run goes on. */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/digest.h"
#include "core/file.h"
#include "core/machine.h"
#include "core/mem.h"
#include "eval/evaluation.h"
#include "store/alive.h"
#include "store/seal.h"
#include "store/store.h"
#include "weft/run.h"
#include "weft/weft.h"

enum { OPTION_TEXT = 65536 };

/* ---- Beginning ---- */

static void digest_positions(weft__digest *digest, const weft_view *view)
{
    size_t count = view ? view->count : 0;
    weft__digest_add_u64(digest, count);
    for (size_t i = 0; i < count; i++)
        weft__digest_add_u64(digest, weft_view_at(view, i));
}

/* Which pictures were used, where not all were; else "". */
static void digest_split(char text[WEFT__DIGEST_TEXT], const weft_run_start *start)
{
    weft__digest digest;
    text[0] = 0;
    if (!start->train || !start->train->index)
        return;
    weft__digest_begin(&digest);
    digest_positions(&digest, start->train);
    digest_positions(&digest, start->validation);
    weft__digest_end(&digest, text);
}

static weft_status add_option(
    weft_store *store, int64_t run, const char *scope, const char *name, const char *value)
{
    return weft__execute(store->db, "INSERT INTO option VALUES (?, ?, ?, ?)",
        WEFT__VALUES(weft__integer_value(run), weft__text_value(scope),
            weft__text_value(name), weft__text_value(value)));
}

static weft_status add_options(
    weft_store *store, int64_t run, const weft_run_start *start, char *text)
{
    if (start->options)
        for (const weft_param *p = start->params; p && p->name; p++) {
            WEFT_TRY(
                weft_param_get(start->params, start->options, p->name, text, OPTION_TEXT));
            WEFT_TRY(add_option(store, run, "command", p->name, text));
        }
    if (!start->classifier)
        return WEFT_OK;
    const weft_param *p = weft_classifier_describe(start->classifier)->params;
    for (; p && p->name; p++) {
        WEFT_TRY(weft_classifier_get(start->classifier, p->name, text, OPTION_TEXT));
        WEFT_TRY(add_option(store, run, "classifier", p->name, text));
    }
    return WEFT_OK;
}

static weft_status add_run(weft_store *store, const weft_run_start *start)
{
    char now[32], split[WEFT__DIGEST_TEXT];
    const weft_view *train = start->train, *validation = start->validation;
    const char *classifier =
        start->classifier ? weft_classifier_describe(start->classifier)->name : NULL;
    const char *digest = start->data_digest ? start->data_digest
                         : train            ? weft_dataset_digest(train->data)
                                            : NULL;
    weft__machine machine = weft__this_machine();
    weft__utc_now(now);
    digest_split(split, start);
    return weft__execute(store->db,
        "INSERT INTO run (parent, kind, name, command, classifier, data, data_digest,"
        " split_digest, train_count, validation_count, seed, processor, system, compiler,"
        " version, threads, began, status)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running')",
        WEFT__VALUES(weft__id_value(start->parent), weft__text_value(start->kind),
            weft__text_value(start->name ? start->name : classifier),
            weft__text_value(start->command), weft__text_value(classifier),
            weft__text_value(start->data), weft__text_value(digest),
            weft__text_value(*split ? split : NULL),
            weft__id_value(train ? (int64_t)train->count : 0),
            weft__id_value(validation ? (int64_t)validation->count : 0),
            weft__integer_value((int64_t)start->seed), weft__text_value(machine.processor),
            weft__text_value(machine.system), weft__text_value(machine.compiler),
            weft__text_value(weft_version()), weft__id_value(start->threads),
            weft__text_value(now)));
}

/* The run is held before anybody can see it. */
static weft_status begin(
    int64_t *run, weft_store *store, const weft_run_start *start, char *text)
{
    WEFT_TRY(add_run(store, start));
    *run = weft__inserted(store->db);
    WEFT_TRY(weft__alive_hold(store, *run));
    return add_options(store, *run, start, text);
}

weft_status weft_store_begin(int64_t *run, weft_store *store, const weft_run_start *start)
{
    char *text;
    int64_t id = 0;
    WEFT_TRY(weft__alloc(&text, OPTION_TEXT, 1, "options"));
    weft_status status = weft__transaction_begin(store->db);
    if (status == WEFT_OK)
        status = weft__transaction_end(store->db, begin(&id, store, start, text));
    free(text);
    if (status != WEFT_OK && id > 0)
        weft__alive_let_go(store, id);
    if (status == WEFT_OK)
        *run = id;
    return status;
}

/* ---- Figures ---- */

static weft_status add_epoch(weft_store *store, int64_t run, const weft_epoch *e)
{
    return weft__execute(store->db, "INSERT INTO epoch VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        WEFT__VALUES(weft__integer_value(run), weft__integer_value(e->epoch),
            weft__real_value(e->loss), weft__real_value(e->accuracy),
            weft__real_value(e->val_loss), weft__real_value(e->val_accuracy),
            weft__real_value(e->learning_rate), weft__real_value(e->seconds),
            weft__real_value(e->rate)));
}

static weft_status add_epochs(
    weft_store *store, int64_t run, const weft_epoch *epochs, size_t count)
{
    int64_t last;
    WEFT_TRY(weft__query_integer(&last, store->db,
        "SELECT coalesce(max(epoch), 0) FROM epoch WHERE run = ?",
        WEFT__VALUES(weft__integer_value(run))));
    for (size_t i = 0; i < count; i++)
        if (epochs[i].epoch > last)
            WEFT_TRY(add_epoch(store, run, &epochs[i]));
    return WEFT_OK;
}

/* Safe from kill -9, but the disk is not waited for: a small network's epoch takes less
 * time than that. The end of the run brings them to the disk with it. */
weft_status weft_store_history(
    weft_store *store, int64_t run, const weft_classifier *classifier)
{
    size_t count;
    const weft_epoch *epochs = weft_classifier_history(classifier, &count);
    if (count == 0)
        return WEFT_OK;
    WEFT_TRY(weft__execute(store->db, "PRAGMA synchronous = NORMAL", WEFT__NONE));
    weft_status status = weft__transaction_begin(store->db);
    if (status == WEFT_OK)
        status = weft__transaction_end(store->db, add_epochs(store, run, epochs, count));
    weft_status restored =
        weft__execute(store->db, "PRAGMA synchronous = FULL", WEFT__NONE);
    return status == WEFT_OK ? restored : status;
}

weft_status weft_store_figure(
    weft_store *store, int64_t run, const char *split, const char *name, double value)
{
    if (isnan(value))
        return WEFT_OK;
    return weft__execute(store->db, "INSERT OR REPLACE INTO figure VALUES (?, ?, ?, ?)",
        WEFT__VALUES(weft__integer_value(run), weft__text_value(split),
            weft__text_value(name), weft__real_value(value)));
}

/* "macro avg" and "f1-score" are macro_f1; "accuracy_interval" and "low" accuracy_low. */
static void short_name(char *text, size_t size, const char *a, const char *b)
{
    const char *end = strstr(a, "_interval");
    int length = end ? (int)(end - a) : (int)strcspn(a, " ");
    snprintf(text, size, "%.*s_%.*s", length, a, (int)strcspn(b, "-"), b);
}

static weft_status add_figures(
    weft_store *store, int64_t run, const char *split, const json_t *json)
{
    const char *key, *inner_key;
    json_t *value, *inner;
    char name[128];
    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        if (json_is_number(value))
            WEFT_TRY(weft_store_figure(store, run, split, key, json_number_value(value)));
        json_object_foreach(value, inner_key, inner)
        {
            short_name(name, sizeof name, key, inner_key);
            if (json_is_number(inner) && strcmp(inner_key, "support") != 0)
                WEFT_TRY(
                    weft_store_figure(store, run, split, name, json_number_value(inner)));
        }
        if (!strstr(key, "_interval") || json_array_size(value) != 2)
            continue;
        for (size_t i = 0; i < 2; i++) {
            short_name(name, sizeof name, key, i ? "high" : "low");
            WEFT_TRY(weft_store_figure(
                store, run, split, name, json_number_value(json_array_get(value, i))));
        }
    }
    return WEFT_OK;
}

static weft_status add_class(weft_store *store, int64_t run, const char *split,
    const weft_evaluation *evaluation, size_t k)
{
    const weft_class_scores *s = weft_evaluation_class(evaluation, k);
    return weft__execute(store->db,
        "INSERT INTO class_figure VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        WEFT__VALUES(weft__integer_value(run), weft__text_value(split),
            weft__integer_value((int64_t)k),
            weft__text_value(weft_evaluation_class_name(evaluation, k)),
            weft__real_value(s->precision), weft__real_value(s->recall),
            weft__real_value(s->f1), weft__integer_value((int64_t)s->support)));
}

static weft_status add_evaluation(weft_store *store, int64_t run, const char *split,
    const weft_evaluation *evaluation, const json_t *figures)
{
    WEFT_TRY(weft__execute(store->db, "DELETE FROM figure WHERE run = ? AND split = ?",
        WEFT__VALUES(weft__integer_value(run), weft__text_value(split))));
    WEFT_TRY(
        weft__execute(store->db, "DELETE FROM class_figure WHERE run = ? AND split = ?",
            WEFT__VALUES(weft__integer_value(run), weft__text_value(split))));
    WEFT_TRY(add_figures(store, run, split, figures));
    for (size_t k = 0; k < weft_evaluation_classes(evaluation); k++)
        WEFT_TRY(add_class(store, run, split, evaluation, k));
    return WEFT_OK;
}

weft_status weft_store_evaluation(
    weft_store *store, int64_t run, const char *split, const weft_evaluation *evaluation)
{
    json_t *figures;
    WEFT_TRY(weft__evaluation_json(&figures, evaluation));
    weft_status status = weft__transaction_begin(store->db);
    if (status == WEFT_OK)
        status = weft__transaction_end(
            store->db, add_evaluation(store, run, split, evaluation, figures));
    json_decref(figures);
    return status;
}

/* ---- Files ---- */

static weft_status add_file(
    weft_store *store, int64_t run, const char *path, const struct weft__seal *seal)
{
    char *place;
    WEFT_TRY(weft__store_place(&place, store, path));
    weft_status status =
        weft__execute(store->db, "INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?)",
            WEFT__VALUES(weft__integer_value(run), weft__text_value(place),
                weft__integer_value((int64_t)seal->bytes), weft__text_value(seal->digest)));
    free(place);
    return status;
}

/* The run's openings so far were of this model. */
static weft_status name_model(weft_store *store, int64_t run, const char *digest)
{
    WEFT_TRY(weft__execute(store->db, "UPDATE run SET model = ? WHERE id = ?",
        WEFT__VALUES(weft__text_value(digest), weft__integer_value(run))));
    return weft__execute(store->db, "UPDATE opening SET model = ? WHERE run = ?",
        WEFT__VALUES(weft__text_value(digest), weft__integer_value(run)));
}

static weft_status add_sealed(weft_store *store, int64_t run, const char *path,
    const struct weft__seal *seal, bool model)
{
    WEFT_TRY(weft__transaction_begin(store->db));
    weft_status status = add_file(store, run, path, seal);
    if (status == WEFT_OK && model)
        status = name_model(store, run, seal->digest);
    return weft__transaction_end(store->db, status);
}

weft_status weft_store_file(weft_store *store, int64_t run, const char *path)
{
    struct weft__seal seal;
    WEFT_TRY(weft__seal_file(&seal, path));
    return add_sealed(store, run, path, &seal, false);
}

weft_status weft_store_model(weft_store *store, int64_t run, const char *path)
{
    struct weft__seal seal;
    WEFT_TRY(weft__seal_file(&seal, path));
    return add_sealed(store, run, path, &seal, true);
}

static weft_status add_member(
    weft_store *store, int64_t run, const char *folder, const char *name)
{
    char *path;
    struct stat found;
    weft_status status = WEFT_OK;
    WEFT_TRY(weft__path_join(&path, folder, name));
    bool kept = lstat(path, &found) == 0 && S_ISREG(found.st_mode) &&
                strcmp(name, WEFT_RUN_CHECKPOINT) != 0; /* gone once the run is finished */
    if (kept)
        status = strcmp(name, WEFT_RUN_MODEL) == 0 ? weft_store_model(store, run, path)
                                                   : weft_store_file(store, run, path);
    free(path);
    return status;
}

weft_status weft_store_folder(weft_store *store, int64_t run, const char *folder)
{
    char *place;
    WEFT_TRY(weft__store_place(&place, store, folder));
    weft_status status = weft__execute(store->db, "UPDATE run SET folder = ? WHERE id = ?",
        WEFT__VALUES(weft__text_value(place), weft__integer_value(run)));
    free(place);
    WEFT_TRY(status);
    DIR *names = opendir(folder);
    if (!names)
        return weft_fail(
            WEFT_EIO, "%s: cannot read the folder: %s", folder, strerror(errno));
    for (struct dirent *e; status == WEFT_OK && (e = readdir(names));)
        status = add_member(store, run, folder, e->d_name);
    closedir(names);
    return status;
}

/* ---- The test split, and the end ---- */

weft_status weft_store_opened_test(weft_store *store, int64_t run, const weft_view *test)
{
    char digest[WEFT__DIGEST_TEXT], now[32];
    weft__digest part;
    snprintf(digest, sizeof digest, "%s", weft_dataset_digest(test->data));
    if (test->index) {
        weft__digest_begin(&part);
        weft__digest_add(&part, digest, strlen(digest));
        digest_positions(&part, test);
        weft__digest_end(&part, digest);
    }
    weft__utc_now(now);
    return weft__execute(store->db,
        "INSERT INTO opening (run, data_digest, model, at)"
        " VALUES (?1, ?2, (SELECT model FROM run WHERE id = ?1), ?3)",
        WEFT__VALUES(
            weft__integer_value(run), weft__text_value(digest), weft__text_value(now)));
}

weft_status weft_store_openings(size_t *out, weft_store *store, int64_t run)
{
    int64_t count;
    WEFT_TRY(weft__query_integer(&count, store->db,
        "SELECT count(*) FROM opening AS all_, opening AS mine"
        " WHERE mine.id = (SELECT max(id) FROM opening WHERE run = ?)"
        " AND all_.data_digest = mine.data_digest"
        " AND (all_.model = mine.model OR all_.id = mine.id)",
        WEFT__VALUES(weft__integer_value(run))));
    *out = (size_t)count;
    return WEFT_OK;
}

weft_status weft_store_end(weft_store *store, int64_t run, weft_status outcome)
{
    char now[32];
    bool failed = outcome != WEFT_OK && outcome != WEFT_ECANCELLED;
    weft__utc_now(now);
    weft_status status = weft__execute(store->db,
        "UPDATE run SET status = ?, error = ?, ended = ? WHERE id = ?",
        WEFT__VALUES(weft__text_value(outcome == WEFT_OK           ? "done"
                                      : outcome == WEFT_ECANCELLED ? "interrupted"
                                                                   : "failed"),
            weft__text_value(failed ? weft_error() : NULL), weft__text_value(now),
            weft__integer_value(run)));
    if (status == WEFT_OK)
        weft__alive_let_go(store, run);
    return status;
}
