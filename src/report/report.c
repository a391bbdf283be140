#include "weft/report.h"

#include <stdlib.h>

#include "core/mem.h"
#include "eval/evaluation.h"
#include "report/mistakes.h"
#include "report/page.h"

enum { SAMPLES = 10, SAMPLES_IN_ALL = 400 };
enum { LONGEST_SIDE = 56, BUDGET = 3000000 }; /* pixels; bytes of all thumbnails */

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
        status = weft__gallery_add(gallery, WEFT__SHOWN_TRAIN, i, &place);
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
static weft_status fill_page(json_t *page, const weft_comparison *c)
{
    json_t *results;
    WEFT_TRY(weft__comparison_json(&results, c));
    json_object_set_new(page, "results", results);
    const weft_view views[] = {
        [WEFT__SHOWN_TRAIN] = c->train, [WEFT__SHOWN_TEST] = c->test};
    weft__gallery gallery;
    WEFT_TRY(weft__gallery_begin(&gallery, views, 2, LONGEST_SIDE, BUDGET));
    weft_status status = fill_gallery(page, c, &gallery);
    weft__gallery_clear(&gallery);
    return status;
}

weft_status weft_report_write(const char *path, const weft_comparison *comparison)
{
    json_t *page = json_object();
    weft_status status = fill_page(page, comparison);
    if (status == WEFT_OK)
        status = weft__page_write(path, "report", page);
    json_decref(page);
    return status;
}
