/* Reading many picture files at once. */
#include <stdlib.h>
#include <string.h>

#include "core/events.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/team.h"
#include "data/dataset.h"
#include "data/picture.h"

enum { FILES_A_CHUNK = 8, NAMED = 10 /* unreadable files named by events */ };

struct reading {
    weft_dataset *data;
    char **reasons;
};

static weft_status read_one(struct reading *r, size_t i)
{
    weft_dataset *d = r->data;
    const char *path = d->paths + d->path_at[i];
    char *joined = NULL;
    if (d->source)
        WEFT_TRY(weft__path_join(&joined, d->source, path));
    weft_status status =
        weft_picture_read(d->pixels + i * weft_shape_bytes(d->recipe.shape),
            joined ? joined : path, &d->recipe);
    free(joined);
    /* A file's fault is that file's; want of memory is everybody's. */
    if (status == WEFT_OK || status == WEFT_ENOMEM)
        return status;
    return weft__strdup(&r->reasons[i], weft_error());
}

static weft_status read_chunk(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    for (size_t i = begin; i < end; i++)
        WEFT_TRY(read_one(arg, i));
    return WEFT_OK;
}

weft_status weft__leave_out(
    weft_dataset *dataset, char *const *reasons, weft_context *context)
{
    weft_dataset *d = dataset;
    size_t bytes = weft_shape_bytes(d->recipe.shape), kept = 0;
    for (size_t i = 0; i < d->count; i++) {
        if (reasons[i]) {
            WEFT_TRY(weft__dataset_skip(d, d->paths + d->path_at[i], reasons[i]));
            if (d->skipped_count <= NAMED)
                weft__note(context, "left out: %s", reasons[i]);
            continue;
        }
        if (kept != i) {
            if (!d->mapping)
                memcpy(d->pixels + kept * bytes, d->pixels + i * bytes, bytes);
            d->path_at[kept] = d->path_at[i];
            if (d->labels)
                d->labels[kept] = d->labels[i];
        }
        kept++;
    }
    if (d->skipped_count > NAMED)
        weft__note(context, "left out: %zu of %zu files could not be read",
            d->skipped_count, d->count);
    d->count = kept;
    return WEFT_OK;
}

weft_status weft__read_pictures(
    weft_dataset *dataset, char **reasons, const char *task, weft_context *context)
{
    struct reading r = {dataset, reasons};
    WEFT_TRY(weft__alloc(&dataset->pixels, dataset->count,
        weft_shape_bytes(dataset->recipe.shape), "pictures"));
    return weft__parallel(
        context, dataset->count, FILES_A_CHUNK, read_chunk, &r, task, "pictures");
}

static weft_status take_paths(weft_dataset *d, const char *const *paths)
{
    size_t size = 0, at = 0;
    for (size_t i = 0; i < d->count; i++)
        if (!weft__add(&size, size, strlen(paths[i]) + 1))
            return weft_fail(WEFT_ENOMEM, "no memory for %zu file names", d->count);
    WEFT_TRY(weft__alloc(&d->paths, size, 1, "file names"));
    WEFT_TRY(weft__alloc(&d->path_at, d->count, sizeof *d->path_at, "file names"));
    for (size_t i = 0; i < d->count; i++) {
        size_t length = strlen(paths[i]) + 1;
        memcpy(d->paths + at, paths[i], length);
        d->path_at[i] = at;
        at += length;
    }
    return WEFT_OK;
}

weft_status weft_dataset_from_files(weft_dataset **out, const char *const *paths,
    size_t count, const weft_recipe *recipe, weft_context *context)
{
    weft_dataset *d;
    WEFT_TRY(weft__dataset_describe(&d, recipe, count, 0, NULL));
    char **reasons = NULL;
    weft_status status = weft__calloc(&reasons, count, sizeof *reasons, "messages");
    if (status == WEFT_OK)
        status = take_paths(d, paths);
    if (status == WEFT_OK)
        status = weft__read_pictures(d, reasons, "reading pictures", context);
    if (status == WEFT_OK)
        status = weft__leave_out(d, reasons, context);
    for (size_t i = 0; reasons && i < count; i++)
        free(reasons[i]);
    free(reasons);
    if (status != WEFT_OK) {
        weft_dataset_free(d);
        return status;
    }
    *out = d;
    return WEFT_OK;
}

size_t weft_dataset_skipped(const weft_dataset *dataset)
{
    return dataset->skipped_count;
}

const char *weft_dataset_skipped_path(const weft_dataset *dataset, size_t index)
{
    return index < dataset->skipped_count ? dataset->skipped[index].path : NULL;
}

const char *weft_dataset_skipped_reason(const weft_dataset *dataset, size_t index)
{
    return index < dataset->skipped_count ? dataset->skipped[index].reason : NULL;
}
