/* What two runs differ in. */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "store/stored.h"

static bool begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

/* What differs between any two runs says nothing, nor do the options of another command and
 * what was measured of one alone. */
static bool is_told(const char *name, const json_t *first, const json_t *second)
{
    static const char *const not_told[] = {"run", "parent", "command", "began", "ended",
        "folder", "model", "status", "error", "test_openings", "command_options.out",
        "command_options.store"};
    for (size_t i = 0; i < sizeof not_told / sizeof *not_told; i++)
        if (strcmp(name, not_told[i]) == 0)
            return false;
    return (first && second) ||
           !(begins(name, "command_options.") || begins(name, "figures."));
}

static weft_status add(json_t *into, const char *name, json_t *first, json_t *second)
{
    json_t *pair = json_array();
    json_array_append(pair, first ? first : json_null());
    json_array_append(pair, second ? second : json_null());
    if (json_object_set_new(into, name, pair) != 0)
        return weft_fail(WEFT_ENOMEM, "no memory for a difference");
    return WEFT_OK;
}

static weft_status compare(json_t *into, const json_t *first, const json_t *second)
{
    const char *name;
    json_t *value, *other;
    json_object_foreach((json_t *)(uintptr_t)first, name, value)
    {
        other = json_object_get(second, name);
        if (is_told(name, value, other) && !json_equal(value, other))
            WEFT_TRY(add(into, name, value, other));
    }
    json_object_foreach((json_t *)(uintptr_t)second, name, value)
    {
        if (!json_object_get(first, name) && is_told(name, NULL, value))
            WEFT_TRY(add(into, name, NULL, value));
    }
    return WEFT_OK;
}

static weft_status flat_run(json_t **out, weft_store *store, int64_t run)
{
    json_t *json;
    WEFT_TRY(weft__stored_json(&json, store, run));
    *out = weft__flat_json(json);
    json_decref(json);
    return *out ? WEFT_OK : weft_fail(WEFT_ENOMEM, "no memory for a run");
}

/* {"options.k": ["3", "11"], ...} */
static weft_status difference(
    json_t **out, weft_store *store, int64_t first, int64_t second)
{
    json_t *a = NULL, *b = NULL, *found = json_object();
    weft_status status = flat_run(&a, store, first);
    if (status == WEFT_OK)
        status = flat_run(&b, store, second);
    if (status == WEFT_OK)
        status = compare(found, a, b);
    json_decref(a);
    json_decref(b);
    if (status != WEFT_OK)
        json_decref(found);
    else
        *out = found;
    return status;
}

weft_status weft_store_diff_json(
    char **out, weft_store *store, int64_t first, int64_t second)
{
    json_t *found;
    WEFT_TRY(difference(&found, store, first, second));
    return weft__dump_json(out, json_pack("{s:[I,I], s:o}", "runs", (json_int_t)first,
                                    (json_int_t)second, "differences", found));
}

/* "options.k" as it is shown: what it is of goes without saying. */
static const char *shown_name(const char *name)
{
    static const char *const prefixes[] = {"options.", "command_options.", "figures."};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (begins(name, prefixes[i]))
            return name + strlen(prefixes[i]);
    return name;
}

/* Of a digest as much as tells it from another. */
static weft_status value_cell(weft__text *text, const char *name, const json_t *value)
{
    char shown[512], number[64];
    const char *whole =
        json_is_null(value) ? "-" : weft__flat_text(value, number, sizeof number);
    if (json_is_real(value))
        weft__format_fixed(json_real_value(value), 4, shown, sizeof shown);
    else
        snprintf(shown, sizeof shown, "%.*s", strstr(name, "digest") ? 12 : 500,
            *whole ? whole : "\"\"");
    WEFT_TRY(weft__text_append(text, "  ", 2));
    return weft__text_cell(text, shown, 14, true);
}

/* Second less first, of figures. */
static weft_status change_cell(weft__text *text, const json_t *first, const json_t *second)
{
    char number[32], change[40];
    if (!json_is_real(first) || !json_is_real(second))
        return WEFT_OK;
    double value = json_real_value(second) - json_real_value(first);
    weft__format_fixed(value, 4, number, sizeof number);
    snprintf(change, sizeof change, "%s%s", number[0] == '-' ? "" : "+", number);
    WEFT_TRY(weft__text_append(text, "  ", 2));
    return weft__text_cell(text, change, 9, true);
}

static weft_status table(
    weft__text *text, const json_t *found, int64_t first, int64_t second)
{
    const char *name;
    json_t *pair;
    if (json_object_size(found) == 0)
        return weft__text_printf(text,
            "runs %lld and %lld have the same options and figures\n", (long long)first,
            (long long)second);
    WEFT_TRY(weft__text_printf(
        text, "%-35s  %14lld  %14lld\n", "run", (long long)first, (long long)second));
    json_object_foreach((json_t *)(uintptr_t)found, name, pair)
    {
        const json_t *a = json_array_get(pair, 0), *b = json_array_get(pair, 1);
        WEFT_TRY(weft__text_cell(text, shown_name(name), 35, false));
        WEFT_TRY(value_cell(text, name, a));
        WEFT_TRY(value_cell(text, name, b));
        WEFT_TRY(change_cell(text, a, b));
        WEFT_TRY(weft__text_append(text, "\n", 1));
    }
    return WEFT_OK;
}

weft_status weft_store_diff_text(
    char **out, weft_store *store, int64_t first, int64_t second)
{
    json_t *found;
    weft__text text = {0};
    WEFT_TRY(difference(&found, store, first, second));
    weft_status status = table(&text, found, first, second);
    json_decref(found);
    if (status != WEFT_OK)
        weft__text_clear(&text);
    else
        *out = text.data;
    return status;
}
