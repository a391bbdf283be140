#include "store/stored.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/text.h"
#include "eval/evaluation.h"
#include "store/list.h"

static json_t *text_json(const char *text)
{
    return text ? weft__json_text(text) : json_null();
}

/* Calls `add` for every row of a query about the run. */
static weft_status each(weft_store *store, int64_t run, const char *sql,
    weft_status (*add)(json_t *into, weft_store *store, const weft__rows *rows),
    json_t *into)
{
    weft__rows rows;
    weft_status status =
        weft__query(&rows, store->db, sql, WEFT__VALUES(weft__integer_value(run)));
    while (weft__next(&rows, &status))
        status = add(into, store, &rows);
    weft__rows_close(&rows);
    return status;
}

/* The member, made where it is not there yet; borrowed. */
static json_t *member(json_t *object, const char *name, json_t *(*make)(void))
{
    json_t *found = json_object_get(object, name);
    if (found)
        return found;
    json_object_set_new(object, name, make());
    return json_object_get(object, name);
}

static weft_status add_option(json_t *into, weft_store *store, const weft__rows *rows)
{
    (void)store;
    const char *scope = weft__column_text(rows, 0);
    json_t *options = member(
        into, strcmp(scope, "command") == 0 ? "command_options" : "options", json_object);
    json_object_set_new(
        options, weft__column_text(rows, 1), text_json(weft__column_text(rows, 2)));
    return WEFT_OK;
}

static weft_status add_epoch(json_t *into, weft_store *store, const weft__rows *rows)
{
    static const char *const names[] = {
        "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds", "rate"};
    (void)store;
    json_t *epoch = json_object();
    json_object_set_new(epoch, "epoch", json_integer(weft__column_integer(rows, 0)));
    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++) {
        double value = weft__column_real(rows, i + 1);
        if (!isnan(value))
            json_object_set_new(epoch, names[i], weft__json_real(value));
    }
    json_array_append_new(member(into, "history", json_array), epoch);
    return WEFT_OK;
}

/* Counts are stored as reals and read as what they were. */
static json_t *figure_json(double value)
{
    bool whole = value == (double)(int64_t)value && value > -1e15 && value < 1e15;
    return whole && value > 1 ? json_integer((json_int_t)value) : weft__json_real(value);
}

static weft_status add_figure(json_t *into, weft_store *store, const weft__rows *rows)
{
    (void)store;
    const char *split = weft__column_text(rows, 0);
    json_t *figures = member(into, "figures", json_object);
    if (*split)
        figures = member(figures, split, json_object);
    json_object_set_new(
        figures, weft__column_text(rows, 1), figure_json(weft__column_real(rows, 2)));
    return WEFT_OK;
}

static weft_status add_class(json_t *into, weft_store *store, const weft__rows *rows)
{
    (void)store;
    json_t *splits = member(into, "classes", json_object);
    json_array_append_new(member(splits, weft__column_text(rows, 0), json_array),
        json_pack("{s:o, s:f, s:f, s:f, s:I}", "name",
            text_json(weft__column_text(rows, 1)), "precision", weft__column_real(rows, 2),
            "recall", weft__column_real(rows, 3), "f1-score", weft__column_real(rows, 4),
            "support", (json_int_t)weft__column_integer(rows, 5)));
    return WEFT_OK;
}

static weft_status add_file(json_t *into, weft_store *store, const weft__rows *rows)
{
    char *path;
    WEFT_TRY(weft__store_path_of(&path, store, weft__column_text(rows, 0)));
    json_array_append_new(member(into, "files", json_array),
        json_pack("{s:o, s:I, s:s}", "path", text_json(path), "bytes",
            (json_int_t)weft__column_integer(rows, 1), "digest",
            weft__column_text(rows, 2)));
    free(path);
    return WEFT_OK;
}

static weft_status add_part(json_t *into, weft_store *store, const weft__rows *rows)
{
    (void)store;
    json_array_append_new(
        member(into, "parts", json_array), json_integer(weft__column_integer(rows, 0)));
    return WEFT_OK;
}

/* A column of the run's own row: text where it is text, a number where it is one. */
static weft_status add_run(json_t *into, weft_store *store, const weft__rows *rows)
{
    static const struct {
        const char *name;
        bool number;
    } columns[] = {{"run", true}, {"parent", true}, {"kind", false}, {"name", false},
        {"classifier", false}, {"command", false}, {"data", false}, {"data_digest", false},
        {"split_digest", false}, {"train_count", true}, {"validation_count", true},
        {"seed", true}, {"threads", true}, {"processor", false}, {"system", false},
        {"compiler", false}, {"version", false}, {"began", false}, {"ended", false},
        {"error", false}, {"model", false}};
    enum { COLUMNS = sizeof columns / sizeof *columns };
    for (int i = 0; i < COLUMNS; i++) {
        const char *text = weft__column_text(rows, i);
        if (text)
            json_object_set_new(into, columns[i].name,
                columns[i].number ? json_integer(weft__column_integer(rows, i))
                                  : text_json(text));
    }
    const char *seen;
    char *folder = NULL;
    WEFT_TRY(weft__seen_status(
        &seen, store, weft__column_integer(rows, 0), weft__column_text(rows, COLUMNS)));
    json_object_set_new(into, "status", json_string(seen));
    if (weft__column_text(rows, COLUMNS + 1))
        WEFT_TRY(weft__store_path_of(&folder, store, weft__column_text(rows, COLUMNS + 1)));
    if (folder)
        json_object_set_new(into, "folder", text_json(folder));
    free(folder);
    return WEFT_OK;
}

static const struct {
    const char *sql;
    weft_status (*add)(json_t *into, weft_store *store, const weft__rows *rows);
} parts[] = {
    {"SELECT id, parent, kind, name, classifier, command, data, data_digest, split_digest,"
     " train_count, validation_count, seed, threads, processor, system, compiler, version,"
     " began, ended, error, model, status, folder FROM run WHERE id = ?",
        add_run},
    {"SELECT scope, name, value FROM option WHERE run = ? ORDER BY scope, name",
        add_option},
    {"SELECT split, name, value FROM figure WHERE run = ?"
     " ORDER BY split = '' DESC, split DESC, name",
        add_figure},
    {"SELECT split, name, precision, recall, f1, support FROM class_figure WHERE run = ?"
     " ORDER BY split DESC, class",
        add_class},
    {"SELECT epoch, loss, accuracy, val_loss, val_accuracy, learning_rate, seconds, rate"
     " FROM epoch WHERE run = ? ORDER BY epoch",
        add_epoch},
    {"SELECT path, bytes, digest FROM file WHERE run = ? ORDER BY path", add_file},
    {"SELECT id FROM run WHERE parent = ? ORDER BY id", add_part},
};

static weft_status read_parts(json_t *json, weft_store *store, int64_t run)
{
    size_t openings;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        WEFT_TRY(each(store, run, parts[i].sql, parts[i].add, json));
        if (json_object_size(json) == 0)
            return weft_fail(WEFT_ENOTFOUND, "%s: no run %" PRId64, store->db->path, run);
    }
    WEFT_TRY(weft_store_openings(&openings, store, run));
    if (openings)
        json_object_set_new(json, "test_openings", json_integer((json_int_t)openings));
    return WEFT_OK;
}

/* All of one moment: nobody writes between the queries. */
weft_status weft__stored_json(json_t **out, weft_store *store, int64_t run)
{
    json_t *json = json_object();
    if (!json)
        return weft_fail(WEFT_ENOMEM, "no memory for a run");
    weft_status status = weft__execute(store->db, "BEGIN", WEFT__NONE);
    if (status == WEFT_OK)
        status = weft__transaction_end(store->db, read_parts(json, store, run));
    if (status != WEFT_OK)
        json_decref(json);
    else
        *out = json;
    return status;
}

static void flatten(json_t *into, const char *prefix, const json_t *object)
{
    const char *key;
    json_t *value;
    char name[512];
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "." : "", key);
        if (json_is_object(value))
            flatten(into, name, value);
        else if (!json_is_array(value))
            json_object_set(into, name, value);
    }
}

json_t *weft__flat_json(const json_t *object)
{
    json_t *flat = json_object();
    flatten(flat, "", object);
    return flat;
}

const char *weft__flat_text(const json_t *value, char *text, size_t size)
{
    text[0] = 0;
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_integer(value))
        snprintf(text, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        weft__format_real(json_real_value(value), text, size);
    return text;
}

weft_status weft__dump_json(char **out, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    if (!text)
        return weft_fail(WEFT_ENOMEM, "no memory for a run's JSON");
    *out = text;
    return WEFT_OK;
}

weft_status weft_store_run_json(char **out, weft_store *store, int64_t run)
{
    json_t *json;
    WEFT_TRY(weft__stored_json(&json, store, run));
    return weft__dump_json(out, json);
}
