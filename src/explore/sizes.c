/* Sizes, kinds and formats of the picture files, from their headers. */
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/team.h"
#include "data/dataset.h"
#include "data/picture.h"
#include "explore/exploration.h"

const char *const weft__file_format_names[WEFT__FILE_FORMATS] = {"JPEG", "PNG", "WebP"};

static const weft__codec *const codecs[WEFT__FILE_FORMATS] = {
    &weft__jpeg_codec, &weft__png_codec, &weft__webp_codec};

/* What a header says; format is WEFT__FILE_FORMATS for a file that has changed since it was
 * read and is no picture any more. */
struct header {
    weft_shape shape;
    weft__file_format format;
};

struct survey {
    const weft_dataset *data;
    struct header *headers;
};

static weft_status look(const weft_dataset *d, size_t i, struct header *out)
{
    const char *path = d->paths + d->path_at[i];
    char *joined = NULL;
    uint8_t *bytes = NULL;
    size_t size;
    if (d->source)
        WEFT_TRY(weft__path_join(&joined, d->source, path));
    path = joined ? joined : path;
    out->format = WEFT__FILE_FORMATS;
    weft_status status = weft__picture_bytes(path, &bytes, &size);
    if (status == WEFT_OK)
        status = weft__picture_probe(&out->shape, path, bytes, size);
    for (int f = 0; status == WEFT_OK && f < WEFT__FILE_FORMATS; f++)
        if (codecs[f]->matches(bytes, size))
            out->format = (weft__file_format)f;
    free(bytes);
    free(joined);
    return status == WEFT_ENOMEM ? status : WEFT_OK;
}

static weft_status look_at_some(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    const struct survey *s = arg;
    for (size_t i = begin; i < end; i++)
        WEFT_TRY(look(s->data, i, &s->headers[i]));
    return WEFT_OK;
}

static int by_width(const void *a, const void *b)
{
    const weft__size *x = a, *y = b;
    if (x->width != y->width)
        return x->width < y->width ? -1 : 1;
    return x->height < y->height ? -1 : x->height > y->height;
}

static int by_height(const void *a, const void *b)
{
    const weft__size *x = a, *y = b;
    return x->height < y->height ? -1 : x->height > y->height;
}

static int by_count(const void *a, const void *b)
{
    const weft__size *x = a, *y = b;
    return x->count != y->count ? (x->count > y->count ? -1 : 1) : by_width(a, b);
}

static weft_status add(weft__sizes *sizes, size_t *capacity, weft__size size)
{
    WEFT_TRY(weft__grow(&sizes->distinct, capacity, sizes->distinct_count + 1,
        sizeof *sizes->distinct, "sizes"));
    sizes->distinct[sizes->distinct_count++] = size;
    return WEFT_OK;
}

static weft_status survey_split(
    weft__sizes *sizes, size_t *capacity, const weft_dataset *d, weft_context *context)
{
    struct survey s = {.data = d};
    WEFT_TRY(weft__calloc(&s.headers, d->count, sizeof *s.headers, "sizes"));
    weft_status status = weft__parallel(
        context, d->count, 16, look_at_some, &s, "looking at files", "pictures");
    for (size_t i = 0; status == WEFT_OK && i < d->count; i++) {
        struct header *h = &s.headers[i];
        if (h->format == WEFT__FILE_FORMATS)
            continue;
        sizes->formats[h->format]++;
        *(h->shape.channels == 1 ? &sizes->grey : &sizes->colour) += 1;
        sizes->pictures++;
        status = add(sizes, capacity, (weft__size){h->shape.width, h->shape.height, 1});
    }
    free(s.headers);
    return status;
}

/* Least, median (the lower one of two) and most. */
static void summarise(weft__sizes *sizes)
{
    size_t n = sizes->distinct_count;
    const size_t at[] = {0, (n - 1) / 2, n - 1};
    qsort(sizes->distinct, n, sizeof *sizes->distinct, by_height);
    for (int i = 0; i < 3; i++)
        sizes->height[i] = sizes->distinct[at[i]].height;
    qsort(sizes->distinct, n, sizeof *sizes->distinct, by_width);
    for (int i = 0; i < 3; i++)
        sizes->width[i] = sizes->distinct[at[i]].width;
}

/* One entry a size, in the order of how many have it; they are sorted by size. */
static void merge(weft__sizes *sizes)
{
    size_t kept = 0;
    for (size_t i = 0; i < sizes->distinct_count; i++)
        if (kept && by_width(&sizes->distinct[kept - 1], &sizes->distinct[i]) == 0)
            sizes->distinct[kept - 1].count++;
        else
            sizes->distinct[kept++] = sizes->distinct[i];
    sizes->distinct_count = kept;
    qsort(sizes->distinct, kept, sizeof *sizes->distinct, by_count);
}

weft_status weft__explore_sizes(weft_exploration *e, weft_context *context)
{
    weft__sizes *sizes = &e->sizes;
    size_t capacity = 0;
    for (int s = 0; s < WEFT__SPLITS; s++)
        if (e->splits[s] && e->splits[s]->path_at)
            WEFT_TRY(survey_split(sizes, &capacity, e->splits[s], context));
    sizes->files = sizes->pictures > 0;
    if (sizes->files) {
        summarise(sizes);
        merge(sizes);
        return WEFT_OK;
    }
    weft_shape shape = e->splits[WEFT__TRAIN]->recipe.shape;
    for (int s = 0; s < WEFT__SPLITS; s++)
        sizes->pictures += e->splits[s] ? e->splits[s]->count : 0;
    *(shape.channels == 1 ? &sizes->grey : &sizes->colour) = sizes->pictures;
    for (int i = 0; i < 3; i++) {
        sizes->width[i] = shape.width;
        sizes->height[i] = shape.height;
    }
    return add(sizes, &capacity, (weft__size){shape.width, shape.height, sizes->pictures});
}
