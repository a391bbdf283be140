#include "data/dataset.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/mem.h"

/* dataset->digested: one thread computes, the others wait for it. */
enum { NOT_YET, COMPUTING, DONE };

weft_status weft__check_recipe(const weft_recipe *recipe)
{
    weft_shape shape = recipe->shape;
    if (shape.height < 1 || shape.width < 1 || shape.height > WEFT_MAX_SIDE ||
        shape.width > WEFT_MAX_SIDE)
        return weft_fail(WEFT_EINVAL, "pictures of %u x %u: expected 1 to %d a side",
            shape.height, shape.width, WEFT_MAX_SIDE);
    if (shape.channels != 1 && shape.channels != 3)
        return weft_fail(WEFT_EINVAL,
            "pictures of %u channels: expected 1 (grey) or 3 (RGB)", shape.channels);
    if ((int)recipe->fit < WEFT_FIT_PAD || (int)recipe->fit > WEFT_FIT_PRODUCT)
        return weft_fail(
            WEFT_EINVAL, "fit %d is none of " WEFT_FIT_CHOICES, (int)recipe->fit);
    if (recipe->fit == WEFT_FIT_PRODUCT && shape.channels != 1)
        return weft_fail(WEFT_EINVAL,
            "fit product makes grey pictures: expected 1 channel, not %u", shape.channels);
    return WEFT_OK;
}

static weft_status copy_names(weft_dataset *d, const char *const *names)
{
    WEFT_TRY(
        weft__calloc(&d->class_names, d->classes, sizeof *d->class_names, "class names"));
    for (size_t i = 0; i < d->classes; i++) {
        char number[24];
        snprintf(number, sizeof number, "%zu", i);
        WEFT_TRY(weft__strdup(&d->class_names[i], names ? names[i] : number));
    }
    return WEFT_OK;
}

static weft_status reserve(weft_dataset *d, const weft_recipe *recipe, size_t count,
    size_t classes, const char *const *names)
{
    WEFT_TRY(weft__check_recipe(recipe));
    if (count > UINT32_MAX)
        return weft_fail(WEFT_EINVAL, "%zu pictures: at most %u", count, UINT32_MAX);
    if (classes > WEFT_MAX_CLASSES)
        return weft_fail(WEFT_EINVAL, "%zu classes: at most %d", classes, WEFT_MAX_CLASSES);
    d->recipe = *recipe;
    d->count = count;
    d->classes = classes;
    if (classes)
        WEFT_TRY(weft__calloc(&d->labels, count, sizeof *d->labels, "labels"));
    return copy_names(d, names);
}

weft_status weft__dataset_describe(weft_dataset **out, const weft_recipe *recipe,
    size_t count, size_t classes, const char *const *names)
{
    weft_dataset *d;
    WEFT_TRY(weft__calloc(&d, 1, sizeof *d, "a dataset"));
    weft_status status = reserve(d, recipe, count, classes, names);
    if (status != WEFT_OK) {
        weft_dataset_free(d);
        return status;
    }
    *out = d;
    return WEFT_OK;
}

weft_status weft__dataset_reserve(weft_dataset **out, const weft_recipe *recipe,
    size_t count, size_t classes, const char *const *names)
{
    weft_dataset *d;
    WEFT_TRY(weft__dataset_describe(&d, recipe, count, classes, names));
    weft_status status =
        weft__alloc(&d->pixels, count, weft_shape_bytes(recipe->shape), "pictures");
    if (status != WEFT_OK) {
        weft_dataset_free(d);
        return status;
    }
    *out = d;
    return WEFT_OK;
}

weft_status weft_dataset_create(weft_dataset **out, weft_shape shape, size_t count,
    const uint8_t *pixels, const uint16_t *labels, size_t classes,
    const char *const *class_names)
{
    if ((classes != 0) != (labels != NULL))
        return weft_fail(WEFT_EINVAL, "%zu classes, but labels are %s", classes,
            labels ? "given" : "missing");
    for (size_t i = 0; labels && i < count; i++)
        if (labels[i] >= classes)
            return weft_fail(WEFT_EINVAL, "picture %zu has label %u: expected below %zu", i,
                labels[i], classes);
    weft_dataset *d;
    weft_recipe recipe = {.shape = shape};
    WEFT_TRY(weft__dataset_reserve(&d, &recipe, count, classes, class_names));
    if (count)
        memcpy(d->pixels, pixels, count * weft_shape_bytes(shape));
    if (labels && count)
        memcpy(d->labels, labels, count * sizeof *labels);
    *out = d;
    return WEFT_OK;
}

void weft_dataset_free(weft_dataset *dataset)
{
    if (!dataset)
        return;
    if (dataset->mapping)
        munmap(dataset->mapping, dataset->mapping_size);
    else
        free(dataset->pixels);
    for (size_t i = 0; dataset->class_names && i < dataset->classes; i++)
        free(dataset->class_names[i]);
    for (size_t i = 0; i < dataset->skipped_count; i++) {
        free(dataset->skipped[i].path);
        free(dataset->skipped[i].reason);
    }
    free(dataset->class_names);
    free(dataset->labels);
    free(dataset->stored);
    free(dataset->source);
    free(dataset->paths);
    free(dataset->path_at);
    free(dataset->skipped);
    free(dataset);
}

weft_status weft__dataset_skip(weft_dataset *dataset, const char *path, const char *reason)
{
    WEFT_TRY(weft__grow(&dataset->skipped, &dataset->skipped_capacity,
        dataset->skipped_count + 1, sizeof *dataset->skipped, "file names"));
    weft__skipped skipped = {0};
    WEFT_TRY(weft__strdup(&skipped.path, path));
    weft_status status = weft__strdup(&skipped.reason, reason);
    if (status != WEFT_OK) {
        free(skipped.path);
        return status;
    }
    dataset->skipped[dataset->skipped_count++] = skipped;
    return WEFT_OK;
}

size_t weft_dataset_count(const weft_dataset *dataset)
{
    return dataset->count;
}

weft_shape weft_dataset_shape(const weft_dataset *dataset)
{
    return dataset->recipe.shape;
}

weft_recipe weft_dataset_recipe(const weft_dataset *dataset)
{
    return dataset->recipe;
}

size_t weft_dataset_classes(const weft_dataset *dataset)
{
    return dataset->classes;
}

const char *weft_dataset_class_name(const weft_dataset *dataset, size_t index)
{
    return index < dataset->classes ? dataset->class_names[index] : NULL;
}

const uint8_t *weft_dataset_pixels(const weft_dataset *dataset)
{
    return dataset->pixels;
}

const uint16_t *weft_dataset_labels(const weft_dataset *dataset)
{
    return dataset->labels;
}

const char *weft_dataset_origin(
    const weft_dataset *dataset, size_t i, char *text, size_t size)
{
    const char *source = dataset->source ? dataset->source : "picture";
    if (!dataset->path_at || i >= dataset->count)
        snprintf(text, size, "%s[%zu]", source,
            dataset->stored && i < dataset->count ? dataset->stored[i] : i);
    else if (dataset->source)
        snprintf(text, size, "%s/%s", source, dataset->paths + dataset->path_at[i]);
    else
        snprintf(text, size, "%s", dataset->paths + dataset->path_at[i]);
    return text;
}

/* Each part is preceded by its length, so that no two datasets give the same bytes. */
static void compute_digest(const weft_dataset *d, char text[WEFT__DIGEST_TEXT])
{
    weft__digest digest;
    weft__digest_begin(&digest);
    weft__digest_add_u64(&digest, d->recipe.shape.height);
    weft__digest_add_u64(&digest, d->recipe.shape.width);
    weft__digest_add_u64(&digest, d->recipe.shape.channels);
    weft__digest_add_u64(&digest, d->count);
    weft__digest_add_u64(&digest, d->classes);
    for (size_t i = 0; i < d->classes; i++) {
        weft__digest_add_u64(&digest, strlen(d->class_names[i]));
        weft__digest_add(&digest, d->class_names[i], strlen(d->class_names[i]));
    }
    for (size_t i = 0; d->labels && i < d->count; i++) {
        uint8_t bytes[2] = {(uint8_t)d->labels[i], (uint8_t)(d->labels[i] >> 8)};
        weft__digest_add(&digest, bytes, sizeof bytes);
    }
    weft__digest_add(&digest, d->pixels, d->count * weft_shape_bytes(d->recipe.shape));
    weft__digest_end(&digest, text);
}

const char *weft_dataset_digest(const weft_dataset *dataset)
{
    /* Computed when first asked for; to every caller the dataset is unchanged. */
    weft_dataset *d = (weft_dataset *)dataset;
    int expected = NOT_YET;
    if (atomic_compare_exchange_strong(&d->digested, &expected, COMPUTING)) {
        compute_digest(d, d->digest);
        atomic_store(&d->digested, DONE);
    }
    while (atomic_load(&d->digested) != DONE)
        sched_yield();
    return d->digest;
}

weft_view weft_view_all(const weft_dataset *dataset)
{
    return (weft_view){dataset, NULL, dataset->count};
}

const uint8_t *weft_view_pixels(const weft_view *view, size_t i)
{
    return view->data->pixels +
           weft_view_at(view, i) * weft_shape_bytes(view->data->recipe.shape);
}

uint16_t weft_view_label(const weft_view *view, size_t i)
{
    return view->data->labels[weft_view_at(view, i)];
}

weft_view weft_view_part(const weft_view *view, const uint8_t *assignment, uint8_t part,
    int keep, uint32_t *index)
{
    size_t count = 0;
    for (size_t i = 0; i < view->count; i++)
        if ((assignment[i] == part) == (keep != 0))
            index[count++] = (uint32_t)weft_view_at(view, i);
    return (weft_view){view->data, index, count};
}

struct weft_test {
    weft_dataset *data; /* owned */
    atomic_size_t openings;
};

weft_status weft__test_create(weft_test **out, weft_dataset *dataset)
{
    weft_test *test;
    weft_status status = weft__calloc(&test, 1, sizeof *test, "a test split");
    if (status != WEFT_OK) {
        weft_dataset_free(dataset);
        return status;
    }
    test->data = dataset;
    *out = test;
    return WEFT_OK;
}

void weft__test_free(weft_test *test)
{
    if (!test)
        return;
    weft_dataset_free(test->data);
    free(test);
}

const weft_dataset *weft__test_data(const weft_test *test)
{
    return test->data;
}

weft_view weft_test_open(weft_test *test)
{
    atomic_fetch_add(&test->openings, 1);
    return weft_view_all(test->data);
}

size_t weft_test_count(const weft_test *test)
{
    return test->data->count;
}

size_t weft_test_openings(const weft_test *test)
{
    return atomic_load(&test->openings);
}

void weft_data_clear(weft_data *data)
{
    weft_dataset_free(data->train);
    weft_dataset_free(data->validation);
    weft__test_free(data->test);
    *data = (weft_data){0};
}
