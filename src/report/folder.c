/* Pages made from what commands left in their folders. */
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "report/page.h"
#include "weft/report.h"

enum { LARGEST = 1 << 28 }; /* bytes of a file that is read */

/* Whose results.json has a member `key`. */
static const struct kind {
    const char *key, *page;
} kinds[] = {
    {"classifiers", "report"},
    {"folds", "cv"},
    {"ranking", "tune"},
    {"fit_seconds", "run"},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static weft_status read_text(char **out, const char *folder, const char *name)
{
    char *path;
    size_t size;
    WEFT_TRY(weft__path_join(&path, folder, name));
    weft_status status = weft__file_read(path, LARGEST, (uint8_t **)out, &size);
    free(path);
    return status;
}

static weft_status read_json(json_t **out, const char *folder, const char *name)
{
    char *text;
    json_error_t error;
    WEFT_TRY(read_text(&text, folder, name));
    json_t *json = json_loads(text, 0, &error);
    free(text);
    if (!json)
        return weft_fail(
            WEFT_EFORMAT, "%s/%s:%d: %s", folder, name, error.line, error.text);
    *out = json;
    return WEFT_OK;
}

/* WEFT_ENOTFOUND becomes *out = NULL. */
static weft_status maybe(weft_status status, void *out)
{
    if (status != WEFT_ENOTFOUND)
        return status;
    memset(out, 0, sizeof(void *));
    return WEFT_OK;
}

static weft_status read_results(json_t **out, const struct kind **kind, const char *folder)
{
    json_t *json;
    WEFT_TRY(read_json(&json, folder, "results.json"));
    for (size_t k = 0; k < KINDS; k++)
        if (json_object_get(json, kinds[k].key)) {
            *out = json;
            *kind = &kinds[k];
            return WEFT_OK;
        }
    json_decref(json);
    return weft_fail(WEFT_EFORMAT,
        "%s/results.json: expected what compare, cv, tune or train writes", folder);
}

/* The JSON in a page that weft__page_write made, or NULL. */
static json_t *payload_of(const char *page)
{
    static const char begin[] = "id=\"payload\">", end[] = "</script>";
    const char *from = strstr(page, begin);
    const char *to = from ? strstr(from, end) : NULL;
    if (!to)
        return NULL;
    from += sizeof begin - 1;
    return json_loadb(from, (size_t)(to - from), 0, NULL);
}

static bool same_results(const json_t *a, const json_t *b)
{
    static const char *const parts[] = {"run", "data", "pairs"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!json_equal(json_object_get(a, parts[i]), json_object_get(b, parts[i])))
            return false;
    return true;
}

/* No other file holds the pictures of a comparison. */
static weft_status keep_pictures(json_t *page, const char *folder)
{
    static const char *const parts[] = {"samples", "mistakes", "pictures"};
    char *text;
    WEFT_TRY(maybe(read_text(&text, folder, "report.html"), &text));
    json_t *old = text ? payload_of(text) : NULL;
    free(text);
    if (same_results(json_object_get(old, "results"), json_object_get(page, "results")))
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
            json_object_set(page, parts[i], json_object_get(old, parts[i]));
    json_decref(old);
    return WEFT_OK;
}

/* args.json and results.csv of one training. */
static weft_status add_training(json_t *page, const char *folder)
{
    json_t *args;
    char *csv;
    WEFT_TRY(read_json(&args, folder, "args.json"));
    json_object_set_new(page, "args", args);
    WEFT_TRY(maybe(read_text(&csv, folder, "results.csv"), &csv));
    if (csv)
        json_object_set_new(page, "csv", json_string(csv));
    free(csv);
    return WEFT_OK;
}

static weft_status write_page(
    const char *folder, const struct kind *kind, const json_t *page)
{
    char *path;
    WEFT_TRY(weft__path_join(&path, folder, "report.html"));
    weft_status status = weft__page_write(path, kind->page, page);
    free(path);
    return status;
}

weft_status weft_report_folder(const char *folder)
{
    const struct kind *kind = NULL;
    json_t *results = NULL;
    WEFT_TRY(read_results(&results, &kind, folder));
    json_t *page = json_pack("{s:o}", "results", results);
    weft_status status = WEFT_OK;
    if (strcmp(kind->page, "report") == 0)
        status = keep_pictures(page, folder);
    else if (strcmp(kind->page, "run") == 0)
        status = add_training(page, folder);
    if (status == WEFT_OK)
        status = write_page(folder, kind, page);
    json_decref(page);
    return status;
}
