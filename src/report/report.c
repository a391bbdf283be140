#include "weft/report.h"

#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "eval/evaluation.h"
#include "report/assets.h"
#include "report/mistakes.h"

enum { SAMPLES = 10, SAMPLES_IN_ALL = 400 };

/* Pictures of every class, evenly spread over its training pictures: an array for each
 * class of places in the gallery. */
static weft_status samples_json(
    json_t **out, const weft_comparison *c, weft__gallery *gallery)
{
    const weft_view *train = &c->train;
    size_t classes = weft_dataset_classes(train->data), *total = NULL;
    size_t each = SAMPLES_IN_ALL / classes;
    each = each > SAMPLES ? SAMPLES : each < 1 ? 1 : each;
    WEFT_TRY(weft__calloc(&total, 2 * classes, sizeof *total, "class counts"));
    size_t *met = total + classes;
    json_t *samples = json_array();
    for (size_t k = 0; k < classes; k++)
        json_array_append_new(samples, json_array());
    for (size_t i = 0; i < train->count; i++)
        total[weft_view_label(train, i)]++;
    weft_status status = WEFT_OK;
    for (size_t i = 0; status == WEFT_OK && i < train->count; i++) {
        size_t k = weft_view_label(train, i), n = met[k]++;
        json_t *of_class = json_array_get(samples, k);
        /* The picture after which another share of the class lies behind. */
        if (n * each / total[k] == (n + 1) * each / total[k] && total[k] > each)
            continue;
        int place;
        status = weft__gallery_add_train(gallery, i, &place);
        if (status == WEFT_OK && place >= 0)
            json_array_append_new(of_class, json_integer(place));
    }
    free(total);
    if (status != WEFT_OK)
        json_decref(samples);
    else
        *out = samples;
    return status;
}

static weft_status fill_gallery(json_t *page, const weft_comparison *c, weft__gallery *g)
{
    json_t *part = NULL;
    WEFT_TRY(samples_json(&part, c, g));
    json_object_set_new(page, "samples", part);
    WEFT_TRY(weft__mistakes_json(&part, c, g));
    json_object_set_new(page, "mistakes", part);
    WEFT_TRY(weft__gallery_json(&part, g));
    json_object_set_new(page, "pictures", part);
    return WEFT_OK;
}

/* Everything the page's script reads. */
static weft_status page_json(char **out, const weft_comparison *c)
{
    json_t *page, *results = NULL;
    weft__gallery gallery;
    WEFT_TRY(weft__comparison_json(&results, c));
    page = json_pack("{s:o}", "results", results);
    weft_status status = weft__gallery_begin(&gallery, &c->train, &c->test);
    if (status == WEFT_OK)
        status = fill_gallery(page, c, &gallery);
    weft__gallery_clear(&gallery);
    char *text = NULL;
    if (status == WEFT_OK && !(text = json_dumps(page, JSON_COMPACT)))
        status = weft_fail(WEFT_ENOMEM, "no memory for a report");
    json_decref(page);
    if (status == WEFT_OK)
        *out = text;
    return status;
}

/* Within <script>, "<" could begin its end or a comment; JSON has another way to say it. */
static void write_json(FILE *out, const char *json)
{
    for (;;) {
        size_t plain = strcspn(json, "<");
        fwrite(json, 1, plain, out);
        if (!json[plain])
            return;
        fputs("\\u003c", out);
        json += plain + 1;
    }
}

static const weft__asset *find_asset(const char *name, size_t length)
{
    for (const weft__asset *asset = weft__assets; asset->name; asset++)
        if (strlen(asset->name) == length && memcmp(asset->name, name, length) == 0)
            return asset;
    return NULL;
}

/* The template's "@@NAME@@" become the asset of that name, "@@data@@" the JSON. */
static void write_page(FILE *out, const char *json)
{
    const weft__asset *page = find_asset("report.html", strlen("report.html"));
    const char *at = page->bytes;
    for (;;) {
        const char *mark = strstr(at, "@@"), *end = mark ? strstr(mark + 2, "@@") : NULL;
        if (!end) {
            fputs(at, out);
            return;
        }
        fwrite(at, 1, (size_t)(mark - at), out);
        const weft__asset *asset = find_asset(mark + 2, (size_t)(end - mark - 2));
        if (asset)
            fwrite(asset->bytes, 1, asset->size, out);
        else
            write_json(out, json);
        at = end + 2;
    }
}

weft_status weft_report_write(const char *path, const weft_comparison *comparison)
{
    char *json;
    weft__file_writer writer;
    WEFT_TRY(page_json(&json, comparison));
    weft_status status = weft__file_begin(&writer, path);
    if (status == WEFT_OK) {
        write_page(writer.stream, json);
        status = weft__file_commit(&writer);
    }
    free(json);
    return status;
}
