/* Runs with all that is known of them, as JSON and as CSV. */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "store/stored.h"

static weft_status all_runs(json_t **out, weft_store *store, const weft_run_list *list)
{
    json_t *runs = json_array(), *run;
    weft_status status = WEFT_OK;
    for (size_t i = 0; status == WEFT_OK && i < weft_run_list_count(list); i++) {
        status = weft__stored_json(&run, store, weft_run_list_row(list, i)->id);
        if (status == WEFT_OK)
            json_array_append_new(runs, run);
    }
    if (status != WEFT_OK)
        json_decref(runs);
    else
        *out = runs;
    return status;
}

weft_status weft_store_export_json(char **out, weft_store *store, const weft_run_list *list)
{
    json_t *runs;
    WEFT_TRY(all_runs(&runs, store, list));
    return weft__dump_json(out, runs);
}

/* Each run made flat, in its place; the columns are the keys of `columns`, in the order in
 * which they first occur. */
static void flatten_all(json_t *runs, json_t *columns)
{
    size_t i;
    const char *name;
    json_t *run, *value;
    json_array_foreach(runs, i, run)
    {
        json_t *flat = weft__flat_json(run);
        json_object_foreach(flat, name, value)
            json_object_set_new(columns, name, json_null());
        json_array_set_new(runs, i, flat);
    }
}

/* The names where `run` is NULL. */
static weft_status csv_row(weft__text *text, const json_t *columns, const json_t *run)
{
    const char *name, *comma = "";
    json_t *unused;
    json_object_foreach((json_t *)(uintptr_t)columns, name, unused)
    {
        char number[64];
        (void)unused;
        WEFT_TRY(weft__text_append(text, comma, strlen(comma)));
        WEFT_TRY(weft__text_csv(
            text, run ? weft__flat_text(json_object_get(run, name), number, sizeof number)
                      : name));
        comma = ",";
    }
    return weft__text_append(text, "\n", 1);
}

static weft_status csv(weft__text *text, const json_t *columns, const json_t *runs)
{
    size_t i;
    json_t *run;
    WEFT_TRY(csv_row(text, columns, NULL));
    json_array_foreach((json_t *)(uintptr_t)runs, i, run)
        WEFT_TRY(csv_row(text, columns, run));
    return WEFT_OK;
}

weft_status weft_store_export_csv(char **out, weft_store *store, const weft_run_list *list)
{
    json_t *runs, *columns = json_object();
    weft__text text = {0};
    weft_status status = all_runs(&runs, store, list);
    if (status == WEFT_OK) {
        flatten_all(runs, columns);
        status = csv(&text, columns, runs);
        json_decref(runs);
    }
    json_decref(columns);
    if (status != WEFT_OK)
        weft__text_clear(&text);
    else
        *out = text.data;
    return status;
}
