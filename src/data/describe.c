#include "data/describe.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "data/dataset.h"
#include "data/loader.h"
#include "weft/check.h"

void weft__data_splits(const weft_dataset **splits, const weft_data *data)
{
    splits[WEFT__TRAIN] = data->train;
    splits[WEFT__VALIDATION] = data->validation;
    splits[WEFT__TEST] = data->test ? weft__test_data(data->test) : NULL;
}

weft_status weft__class_counts(size_t **out, const weft_dataset *dataset)
{
    size_t *counts;
    WEFT_TRY(weft__calloc(&counts, dataset->classes, sizeof *counts, "class sizes"));
    for (size_t i = 0; dataset->labels && i < dataset->count; i++)
        counts[dataset->labels[i]]++;
    *out = counts;
    return WEFT_OK;
}

/* One row: a name, then a number for each split that is there. */
static weft_status put_row(
    weft__text *text, const char *name, size_t width, const size_t *const *counts, size_t k)
{
    WEFT_TRY(weft__text_cell(text, name, width, false));
    for (int s = 0; s < WEFT__SPLITS; s++)
        if (counts[s])
            WEFT_TRY(weft__text_printf(text, "%12zu", counts[s][k]));
    return weft__text_append(text, "\n", 1);
}

static weft_status put_table(weft__text *text, const weft_dataset *const *splits,
    const size_t *const *counts, const size_t *const *totals)
{
    const weft_dataset *train = splits[WEFT__TRAIN];
    size_t width = strlen("class");
    for (size_t c = 0; c < train->classes; c++) {
        size_t columns = weft__text_columns(train->class_names[c]);
        width = columns > width ? columns : width;
    }
    WEFT_TRY(weft__text_cell(text, "class", width, false));
    for (int s = 0; s < WEFT__SPLITS; s++)
        if (splits[s])
            WEFT_TRY(weft__text_printf(text, "%12s", weft__split_names[s]));
    WEFT_TRY(weft__text_append(text, "\n", 1));
    for (size_t c = 0; c < train->classes; c++)
        WEFT_TRY(put_row(text, train->class_names[c], width, counts, c));
    return put_row(text, "total", width, totals, 0);
}

static weft_status put_counts(weft__text *text, const weft_dataset *const *splits)
{
    size_t *counts[WEFT__SPLITS] = {NULL};
    const size_t *totals[WEFT__SPLITS] = {NULL};
    weft_status status = WEFT_OK;
    for (int s = 0; s < WEFT__SPLITS && status == WEFT_OK; s++)
        if (splits[s]) {
            status = weft__class_counts(&counts[s], splits[s]);
            totals[s] = &splits[s]->count;
        }
    if (status == WEFT_OK)
        status = put_table(text, splits, (const size_t *const *)counts, totals);
    for (int s = 0; s < WEFT__SPLITS; s++)
        free(counts[s]);
    return status;
}

weft_status weft__data_describe(weft__text *text, const weft_data *data)
{
    const weft_dataset *splits[WEFT__SPLITS];
    weft__data_splits(splits, data);
    weft_shape shape = data->train->recipe.shape;
    WEFT_TRY(weft__text_printf(text, "%u x %u %s, %zu classes\n\n", shape.height,
        shape.width, shape.channels == 1 ? "grey" : "colour", data->train->classes));
    WEFT_TRY(put_counts(text, splits));
    for (int s = 0; s < WEFT__SPLITS; s++)
        if (splits[s])
            WEFT_TRY(
                weft__text_printf(text, "%s%-11s%s\n", s == 0 ? "\ndigests, SHA-256\n" : "",
                    weft__split_names[s], weft_dataset_digest(splits[s])));
    for (int s = 0; s < WEFT__SPLITS; s++)
        if (splits[s] && splits[s]->skipped_count)
            WEFT_TRY(weft__text_printf(text, "%zu files of %s could not be read\n",
                splits[s]->skipped_count, weft__split_names[s]));
    return WEFT_OK;
}

json_t *weft__json_name(const char *name)
{
    weft__text clean = {0};
    json_t *json = NULL;
    if (weft__text_cell(&clean, name, 0, false) == WEFT_OK)
        json = json_string(clean.data ? clean.data : "");
    weft__text_clear(&clean);
    return json;
}

static json_t *split_json(const weft_dataset *d)
{
    size_t *counts;
    if (weft__class_counts(&counts, d) != WEFT_OK)
        return NULL;
    json_t *classes = json_array();
    for (size_t c = 0; c < d->classes; c++)
        json_array_append_new(classes, json_integer((json_int_t)counts[c]));
    free(counts);
    return json_pack("{s:I, s:o, s:s, s:I}", "count", (json_int_t)d->count, "class_counts",
        classes, "digest", weft_dataset_digest(d), "unreadable",
        (json_int_t)d->skipped_count);
}

json_t *weft__json_names(char *const *names, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(array, weft__json_name(names[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static json_t *splits_json(const weft_data *data)
{
    const weft_dataset *splits[WEFT__SPLITS];
    weft__data_splits(splits, data);
    json_t *json = json_object();
    for (int s = 0; s < WEFT__SPLITS; s++)
        if (splits[s] &&
            json_object_set_new(json, weft__split_names[s], split_json(splits[s])) != 0) {
            json_decref(json);
            return NULL;
        }
    return json;
}

json_t *weft__data_describe_json(const weft_data *data)
{
    const weft_dataset *train = data->train;
    weft_shape shape = train->recipe.shape;
    return json_pack("{s:i, s:i, s:i, s:o, s:o}", "height", (int)shape.height, "width",
        (int)shape.width, "channels", (int)shape.channels, "classes",
        weft__json_names(train->class_names, train->classes), "splits", splits_json(data));
}

weft_status weft__json_dump(char **out, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    if (!text)
        return weft_fail(WEFT_ENOMEM, "no memory for JSON");
    *out = text;
    return WEFT_OK;
}

weft_status weft_data_text(char **out, const weft_data *data)
{
    weft__text text = {0};
    weft_status status = weft__data_describe(&text, data);
    if (status == WEFT_OK)
        *out = text.data;
    else
        weft__text_clear(&text);
    return status;
}

weft_status weft_data_json(char **out, const weft_data *data)
{
    return weft__json_dump(out, weft__data_describe_json(data));
}
