/* One run's page, and what two differ in, for a terminal of 80 columns. */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "store/list.h"
#include "store/stored.h"

enum { SCREEN = 80, INDENT = 14, EPOCHS = 20 };

static const char *text_of(const json_t *run, const char *name)
{
    const char *text = json_string_value(json_object_get(run, name));
    return text ? text : "";
}

static json_int_t number_of(const json_t *run, const char *name)
{
    return json_integer_value(json_object_get(run, name));
}

static weft_status label(weft__text *text, const char *name)
{
    WEFT_TRY(weft__text_append(text, "  ", 2));
    return weft__text_cell(text, name, INDENT - 2, false);
}

/* "  command     weft train knn", when there is something to say. */
static weft_status line(weft__text *text, const char *name, const char *value)
{
    if (!*value)
        return WEFT_OK;
    WEFT_TRY(label(text, name));
    WEFT_TRY(weft__text_cell(text, value, 0, false));
    return weft__text_append(text, "\n", 1);
}

/* Words one after another, a new line where the screen ends. */
struct words {
    weft__text *text;
    size_t column;
};

static weft_status word(struct words *w, const char *value)
{
    size_t columns = weft__text_columns(value);
    if (w->column > INDENT && w->column + 2 + columns > SCREEN) {
        WEFT_TRY(weft__text_printf(w->text, "\n%*s", INDENT, ""));
        w->column = INDENT;
    } else if (w->column > INDENT) {
        WEFT_TRY(weft__text_append(w->text, "  ", 2));
        w->column += 2;
    }
    w->column += columns;
    return weft__text_cell(w->text, value, 0, false);
}

static weft_status options(weft__text *text, const char *name, const json_t *values)
{
    const char *key;
    json_t *value;
    struct words words = {text, INDENT};
    if (json_object_size(values) == 0)
        return WEFT_OK;
    WEFT_TRY(label(text, name));
    json_object_foreach((json_t *)(uintptr_t)values, key, value)
    {
        weft__text one = {0};
        if (!*json_string_value(value))
            continue;
        weft_status status =
            weft__text_printf(&one, "%s=%s", key, json_string_value(value));
        if (status == WEFT_OK)
            status = word(&words, one.data);
        weft__text_clear(&one);
        WEFT_TRY(status);
    }
    return weft__text_append(text, "\n", 1);
}

static weft_status data(weft__text *text, const json_t *run)
{
    weft__text value = {0};
    json_int_t train = number_of(run, "train_count"),
               validation = number_of(run, "validation_count");
    weft_status status = weft__text_printf(&value, "%s", text_of(run, "data"));
    if (status == WEFT_OK && *text_of(run, "data_digest"))
        status = weft__text_printf(&value, "  %.12s", text_of(run, "data_digest"));
    if (status == WEFT_OK && train)
        status = weft__text_printf(&value, "  %lld to train", (long long)train);
    if (status == WEFT_OK && validation)
        status = weft__text_printf(&value, ", %lld to validate", (long long)validation);
    if (status == WEFT_OK)
        status = line(text, "data", value.data);
    weft__text_clear(&value);
    return status;
}

static weft_status machine(weft__text *text, const json_t *run)
{
    weft__text value = {0};
    weft_status status = weft__text_printf(&value, "%s", text_of(run, "processor"));
    if (status == WEFT_OK && number_of(run, "threads"))
        status = weft__text_printf(
            &value, ", %lld threads", (long long)number_of(run, "threads"));
    if (status == WEFT_OK)
        status = line(text, "machine", value.data);
    weft__text_clear(&value);
    if (status == WEFT_OK)
        status = weft__text_printf(&value, "weft %s, %s, %s", text_of(run, "version"),
            text_of(run, "compiler"), text_of(run, "system"));
    if (status == WEFT_OK)
        status = line(text, "versions", value.data);
    weft__text_clear(&value);
    return status;
}

static weft_status moments(weft__text *text, const json_t *run)
{
    weft__text value = {0};
    weft_status status = weft__text_printf(&value, "%s%s%s", text_of(run, "began"),
        *text_of(run, "ended") ? " to " : "", text_of(run, "ended"));
    if (status == WEFT_OK)
        status = line(text, "time", value.data);
    weft__text_clear(&value);
    return status;
}

static weft_status head(weft__text *text, const json_t *run)
{
    char name[256];
    weft__run_label(name, sizeof name, text_of(run, "kind"), text_of(run, "name"));
    WEFT_TRY(weft__text_printf(text, "run %lld: ", (long long)number_of(run, "run")));
    WEFT_TRY(weft__text_cell(text, name, 0, false));
    WEFT_TRY(weft__text_printf(text, ", %s", text_of(run, "status")));
    if (number_of(run, "parent"))
        WEFT_TRY(weft__text_printf(
            text, ", part of run %lld", (long long)number_of(run, "parent")));
    WEFT_TRY(weft__text_append(text, "\n", 1));
    WEFT_TRY(line(text, "error", text_of(run, "error")));
    WEFT_TRY(line(text, "command", text_of(run, "command")));
    WEFT_TRY(data(text, run));
    WEFT_TRY(moments(text, run));
    WEFT_TRY(machine(text, run));
    WEFT_TRY(line(text, "folder", text_of(run, "folder")));
    char model[16];
    snprintf(model, sizeof model, "%.12s", text_of(run, "model"));
    WEFT_TRY(line(text, "model", model));
    WEFT_TRY(options(text, text_of(run, "kind"), json_object_get(run, "command_options")));
    return options(text, text_of(run, "classifier"), json_object_get(run, "options"));
}

/* "accuracy 0.81  log_loss 0.62 ...", of one split or of none. */
static weft_status figures(weft__text *text, const char *name, const json_t *values)
{
    const char *key;
    json_t *value;
    struct words words = {text, INDENT};
    bool begun = false;
    json_object_foreach((json_t *)(uintptr_t)values, key, value)
    {
        char number[32], one[160];
        if (!json_is_number(value))
            continue;
        if (!begun)
            WEFT_TRY(label(text, name));
        begun = true;
        if (json_is_integer(value))
            snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        else
            weft__format_fixed(json_number_value(value), 4, number, sizeof number);
        snprintf(one, sizeof one, "%.100s %s", key, number);
        WEFT_TRY(word(&words, one));
    }
    return begun ? weft__text_append(text, "\n", 1) : WEFT_OK;
}

static weft_status all_figures(weft__text *text, const json_t *run)
{
    const char *split;
    json_t *values, *all = json_object_get(run, "figures");
    WEFT_TRY(figures(text, "figures", all));
    json_object_foreach(all, split, values)
    {
        if (json_is_object(values))
            WEFT_TRY(figures(text, split, values));
    }
    json_int_t openings = number_of(run, "test_openings");
    if (openings > 1)
        WEFT_TRY(weft__text_printf(text, "%*stest split opened %lld times for this model\n",
            INDENT, "", (long long)openings));
    return WEFT_OK;
}

static weft_status real_cell(
    weft__text *text, const json_t *row, const char *name, size_t columns)
{
    const json_t *value = json_object_get(row, name);
    char number[32] = "";
    if (json_is_number(value))
        weft__format_fixed(json_number_value(value), 4, number, sizeof number);
    WEFT_TRY(weft__text_append(text, "  ", 2));
    return weft__text_cell(text, number, columns, true);
}

static weft_status classes(weft__text *text, const char *split, const json_t *rows)
{
    static const char *const names[] = {"precision", "recall", "f1-score"};
    size_t i;
    json_t *row;
    WEFT_TRY(weft__text_printf(text, "\n%-30s  %9s  %9s  %9s  %9s\n", split, names[0],
        names[1], names[2], "support"));
    json_array_foreach((json_t *)(uintptr_t)rows, i, row)
    {
        WEFT_TRY(weft__text_cell(text, text_of(row, "name"), 30, false));
        for (size_t k = 0; k < 3; k++)
            WEFT_TRY(real_cell(text, row, names[k], 9));
        WEFT_TRY(
            weft__text_printf(text, "  %9lld\n", (long long)number_of(row, "support")));
    }
    return WEFT_OK;
}

static weft_status history(weft__text *text, const json_t *rows)
{
    static const char *const names[] = {"loss", "accuracy", "val_loss", "val_accuracy"};
    size_t count = json_array_size(rows), first = count > EPOCHS ? count - EPOCHS : 0;
    if (count == 0)
        return WEFT_OK;
    WEFT_TRY(weft__text_printf(text, "\n%5s", "epoch"));
    for (size_t k = 0; k < 4; k++)
        WEFT_TRY(weft__text_printf(text, "  %12s", names[k]));
    WEFT_TRY(weft__text_append(text, "\n", 1));
    if (first > 0)
        WEFT_TRY(weft__text_printf(text, "  ...  the first %zu are in --json\n", first));
    for (size_t i = first; i < count; i++) {
        const json_t *row = json_array_get(rows, i);
        WEFT_TRY(weft__text_printf(text, "%5lld", (long long)number_of(row, "epoch")));
        for (size_t k = 0; k < 4; k++)
            WEFT_TRY(real_cell(text, row, names[k], 12));
        WEFT_TRY(weft__text_append(text, "\n", 1));
    }
    return WEFT_OK;
}

static weft_status files(weft__text *text, const json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach((json_t *)(uintptr_t)rows, i, row)
    {
        char bytes[32];
        weft__format_bytes((size_t)number_of(row, "bytes"), bytes, sizeof bytes);
        WEFT_TRY(weft__text_printf(
            text, "%s%8s  %.12s  ", i ? "" : "\n", bytes, text_of(row, "digest")));
        WEFT_TRY(weft__text_cell(text, text_of(row, "path"), 0, false));
        WEFT_TRY(weft__text_append(text, "\n", 1));
    }
    return WEFT_OK;
}

static weft_status page(weft__text *text, const json_t *run)
{
    const char *split;
    json_t *rows;
    WEFT_TRY(head(text, run));
    WEFT_TRY(all_figures(text, run));
    json_object_foreach(json_object_get(run, "classes"), split, rows)
        WEFT_TRY(classes(text, split, rows));
    WEFT_TRY(history(text, json_object_get(run, "history")));
    return files(text, json_object_get(run, "files"));
}

static weft_status parts(weft__text *text, weft_store *store, const json_t *run)
{
    weft_run_list *list;
    char *table;
    weft_run_filter filter = {.parent = number_of(run, "run")};
    if (!json_object_get(run, "parts"))
        return WEFT_OK;
    WEFT_TRY(weft_store_list(&list, store, &filter));
    weft_status status = weft_run_list_text(&table, list);
    weft_run_list_free(list);
    WEFT_TRY(status);
    status = weft__text_printf(text, "\n%s", table);
    free(table);
    return status;
}

weft_status weft_store_run_text(char **out, weft_store *store, int64_t run)
{
    json_t *json;
    weft__text text = {0};
    WEFT_TRY(weft__stored_json(&json, store, run));
    weft_status status = page(&text, json);
    if (status == WEFT_OK)
        status = parts(&text, store, json);
    json_decref(json);
    if (status != WEFT_OK)
        weft__text_clear(&text);
    else
        *out = text.data;
    return status;
}
