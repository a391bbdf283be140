/* From splits stored as plain bytes to datasets. */
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/team.h"
#include "data/dataset.h"
#include "data/garment.h"
#include "data/loader.h"
#include "data/resize.h"

enum { NAMES_LIMIT = 1 << 24 }; /* bytes of class-names.txt */

const char *const weft__split_names[WEFT__SPLITS] = {"train", "validation", "test"};

void weft__class_names_free(char **names, size_t count)
{
    for (size_t i = 0; names && i < count; i++)
        free(names[i]);
    free(names);
}

static void part_clear(weft__part *part)
{
    free(part->source);
    free(part->pixels);
    free(part->labels);
    free(part->stored);
    *part = (weft__part){0};
}

void weft__parts_clear(weft__parts *parts)
{
    for (int s = 0; s < WEFT__SPLITS; s++)
        part_clear(&parts->part[s]);
    weft__class_names_free(parts->names, parts->classes);
    *parts = (weft__parts){0};
}

weft_status weft__class_names_fashion(char ***names, size_t *count)
{
    size_t n = WEFT__GARMENTS;
    char **copy;
    WEFT_TRY(weft__calloc(&copy, n, sizeof *copy, "class names"));
    for (size_t i = 0; i < n; i++) {
        weft_status status = weft__strdup(&copy[i], weft__garment_names[i]);
        if (status != WEFT_OK) {
            weft__class_names_free(copy, n);
            return status;
        }
    }
    *names = copy;
    *count = n;
    return WEFT_OK;
}

/* Cuts `text` into its lines. */
static weft_status split_lines(char ***names, size_t *count, char *text, const char *path)
{
    char **lines = NULL;
    size_t n = 0, capacity = 0;
    weft_status status = WEFT_OK;
    for (char *line = text, *next; status == WEFT_OK && *line; line = next) {
        size_t length = strcspn(line, "\n");
        next = line + length + (line[length] == '\n');
        if (length && line[length - 1] == '\r')
            length--;
        line[length] = 0;
        if (!length)
            status = weft_fail(
                WEFT_EFORMAT, "%s: line %zu is empty: expected a class name", path, n + 1);
        if (status == WEFT_OK)
            status = weft__grow(&lines, &capacity, n + 1, sizeof *lines, "class names");
        if (status == WEFT_OK)
            status = weft__strdup(&lines[n], line);
        n += status == WEFT_OK;
    }
    if (status == WEFT_OK && (n == 0 || n > WEFT_MAX_CLASSES))
        status = weft_fail(WEFT_EFORMAT, "%s: %zu class names: expected 1 to %d", path, n,
            WEFT_MAX_CLASSES);
    if (status != WEFT_OK) {
        weft__class_names_free(lines, n);
        return status;
    }
    *names = lines;
    *count = n;
    return WEFT_OK;
}

weft_status weft__class_names_read(char ***names, size_t *count, const char *folder)
{
    char *path;
    uint8_t *text = NULL;
    size_t size;
    *names = NULL;
    WEFT_TRY(weft__path_join(&path, folder, "class-names.txt"));
    weft_status status = weft__file_read(path, NAMES_LIMIT, &text, &size);
    if (status == WEFT_OK && memchr(text, 0, size))
        status =
            weft_fail(WEFT_EFORMAT, "%s: holds a NUL byte: expected class names", path);
    if (status == WEFT_OK)
        status = split_lines(names, count, (char *)text, path);
    else if (status == WEFT_ENOTFOUND)
        status = WEFT_OK;
    free(text);
    free(path);
    return status;
}

weft_status weft__limit(uint32_t *index, size_t *chosen, const uint16_t *labels,
    size_t count, size_t classes, size_t limit)
{
    if (limit == 0 || limit >= count) {
        for (size_t i = 0; i < count; i++)
            index[i] = (uint32_t)i;
        *chosen = count;
        return WEFT_OK;
    }
    size_t *quota, *members;
    WEFT_TRY(weft__calloc(&quota, 2 * classes, sizeof *quota, "a limit"));
    members = quota + classes;
    for (size_t i = 0; i < count; i++)
        members[labels[i]]++;
    /* One picture a class and round, until the limit is reached. */
    for (size_t given = 0; given < limit;)
        for (size_t c = 0; c < classes && given < limit; c++)
            if (quota[c] < members[c]) {
                quota[c]++;
                given++;
            }
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (quota[labels[i]] > 0) {
            quota[labels[i]]--;
            index[n++] = (uint32_t)i;
        }
    free(quota);
    *chosen = n;
    return WEFT_OK;
}

static weft_status check_agreement(const weft__parts *parts, size_t classes)
{
    const weft__part *train = &parts->part[WEFT__TRAIN];
    for (int s = 0; s < WEFT__SPLITS; s++) {
        const weft__part *part = &parts->part[s];
        if (!part->pixels)
            continue;
        if (part->count == 0)
            return weft_fail(WEFT_EFORMAT, "%s: holds no picture", part->source);
        if (memcmp(&part->shape, &train->shape, sizeof part->shape))
            return weft_fail(WEFT_EFORMAT,
                "%s: pictures of %u x %u x %u, but %s has %u x %u x %u", part->source,
                part->shape.height, part->shape.width, part->shape.channels, train->source,
                train->shape.height, train->shape.width, train->shape.channels);
        for (size_t i = 0; i < part->count; i++)
            if (part->labels[i] >= classes)
                return weft_fail(WEFT_EFORMAT,
                    "%s: picture %zu has label %u: expected below %zu", part->source, i,
                    part->labels[i], classes);
    }
    return WEFT_OK;
}

static weft_status check_classes(const weft__parts *parts, size_t classes)
{
    const weft__part *train = &parts->part[WEFT__TRAIN];
    size_t *members;
    WEFT_TRY(weft__calloc(&members, classes, sizeof *members, "class sizes"));
    for (size_t i = 0; i < train->count; i++)
        members[train->labels[i]]++;
    weft_status status = WEFT_OK;
    for (size_t c = 0; status == WEFT_OK && c < classes; c++)
        if (!members[c])
            status =
                weft_fail(WEFT_EFORMAT, "%s: no picture of class %zu (%s), of %zu classes",
                    train->source, c, parts->names ? parts->names[c] : "unnamed", classes);
    free(members);
    return status;
}

/* Keeps the pictures that the limit leaves. */
static weft_status limit_part(weft__part *part, size_t classes, size_t limit)
{
    if (limit == 0 || limit >= part->count)
        return WEFT_OK;
    if (limit < classes)
        return weft_fail(
            WEFT_EINVAL, "limit %zu: expected at least the %zu classes", limit, classes);
    size_t bytes = weft_shape_bytes(part->shape), n;
    uint32_t *index;
    WEFT_TRY(weft__alloc(&index, part->count, sizeof *index, "a limit"));
    weft_status status = weft__limit(index, &n, part->labels, part->count, classes, limit);
    uint8_t *pixels = NULL;
    if (status == WEFT_OK)
        status = weft__alloc(&pixels, n, bytes, "pictures");
    if (status != WEFT_OK) {
        free(index);
        return status;
    }
    for (size_t i = 0; i < n; i++) {
        memcpy(pixels + i * bytes, part->pixels + index[i] * bytes, bytes);
        part->labels[i] = part->labels[index[i]];
    }
    free(part->pixels);
    part->pixels = pixels;
    part->stored = index;
    part->count = n;
    return WEFT_OK;
}

struct reshape {
    const weft__part *part;
    const weft_recipe *recipe;
    uint8_t *pixels;
};

static weft_status reshape_chunk(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    const struct reshape *r = arg;
    for (size_t i = begin; i < end; i++)
        WEFT_TRY(weft__resize(r->pixels + i * weft_shape_bytes(r->recipe->shape), r->recipe,
            r->part->pixels + i * weft_shape_bytes(r->part->shape), r->part->shape));
    return WEFT_OK;
}

/* Brings the part's pictures to the recipe's shape. */
static weft_status reshape_part(
    weft__part *part, const weft_recipe *recipe, weft_context *context)
{
    if (!memcmp(&part->shape, &recipe->shape, sizeof part->shape))
        return WEFT_OK;
    struct reshape r = {part, recipe, NULL};
    WEFT_TRY(weft__alloc(
        &r.pixels, part->count, weft_shape_bytes(recipe->shape), "resized pictures"));
    weft_status status = weft__parallel(
        context, part->count, 256, reshape_chunk, &r, "resizing", "pictures");
    if (status != WEFT_OK) {
        free(r.pixels);
        return status;
    }
    free(part->pixels);
    part->pixels = r.pixels;
    part->shape = recipe->shape;
    return WEFT_OK;
}

/* Moves the part's arrays into a dataset. */
static weft_status part_to_dataset(weft_dataset **out, weft__part *part,
    const weft__parts *parts, size_t classes, const weft_recipe *recipe)
{
    weft_dataset *d;
    WEFT_TRY(weft__dataset_describe(
        &d, recipe, part->count, classes, (const char *const *)parts->names));
    memcpy(d->labels, part->labels, part->count * sizeof *d->labels);
    d->pixels = part->pixels;
    d->source = part->source;
    d->stored = part->stored;
    part->pixels = NULL;
    part->source = NULL;
    part->stored = NULL;
    *out = d;
    return WEFT_OK;
}

static weft_status finish(weft_data *out, weft__parts *parts,
    const weft_load_options *options, weft_context *context)
{
    size_t classes = parts->classes;
    for (int s = 0; s < WEFT__SPLITS && !parts->names; s++)
        for (size_t i = 0; i < parts->part[s].count; i++)
            if (parts->part[s].labels[i] >= classes)
                classes = (size_t)parts->part[s].labels[i] + 1;
    WEFT_TRY(check_agreement(parts, classes));
    WEFT_TRY(check_classes(parts, classes));
    weft_recipe recipe = {
        parts->part[WEFT__TRAIN].shape, options->fit, options->background};
    if (options->height)
        recipe.shape.height = options->height;
    if (options->width)
        recipe.shape.width = options->width;
    if (options->channels)
        recipe.shape.channels = options->channels;
    for (int s = 0; s < WEFT__SPLITS; s++) {
        weft__part *part = &parts->part[s];
        if (!part->pixels)
            continue;
        weft_dataset *d;
        WEFT_TRY(limit_part(part, classes, options->limit));
        WEFT_TRY(reshape_part(part, &recipe, context));
        WEFT_TRY(part_to_dataset(&d, part, parts, classes, &recipe));
        if (s == WEFT__TRAIN)
            out->train = d;
        else if (s == WEFT__VALIDATION)
            out->validation = d;
        else
            WEFT_TRY(weft__test_create(&out->test, d));
    }
    return WEFT_OK;
}

weft_status weft__parts_finish(weft_data *out, weft__parts *parts,
    const weft_load_options *options, weft_context *context)
{
    weft_status status = finish(out, parts, options, context);
    weft__parts_clear(parts);
    return status;
}
