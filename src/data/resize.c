#include "data/resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/simd.h"
#include "core/team.h"

/* Weights are whole numbers of this many bits behind the point; 255 times their sum still
 * fits 31 bits. */
enum { WEIGHT_BITS = 22 };

/* For each place of one output axis, the input places that it is a weighted mean of. */
typedef struct filter {
    uint32_t *first, *length; /* size */
    int32_t *weights;         /* size x taps */
    size_t size, taps;
} filter;

static void filter_clear(filter *f)
{
    free(f->first);
    free(f->length);
    free(f->weights);
}

static void filter_place(
    filter *f, size_t i, uint32_t in_size, double center, double support)
{
    double begin = floor(center - support + 0.5), end = floor(center + support + 0.5);
    uint32_t first = begin < 0 ? 0 : (uint32_t)begin;
    uint32_t last = end > in_size ? in_size : (uint32_t)end;
    int32_t *weights = f->weights + i * f->taps;
    double sum = 0;
    for (uint32_t x = first; x < last; x++)
        sum += fmax(0, 1 - fabs((x - center + 0.5) / support));
    for (uint32_t x = first; x < last; x++) {
        double weight = fmax(0, 1 - fabs((x - center + 0.5) / support)) / sum;
        weights[x - first] = (int32_t)(0.5 + weight * (1 << WEIGHT_BITS));
    }
    f->first[i] = first;
    f->length[i] = last - first;
}

/* Maps from..to of an axis of in_size places onto `size` places. */
static weft_status filter_init(
    filter *f, uint32_t in_size, double from, double to, uint32_t size)
{
    double scale = (to - from) / size, support = fmax(scale, 1);
    *f = (filter){.size = size, .taps = (size_t)ceil(support) * 2 + 1};
    WEFT_TRY(weft__alloc(&f->first, size, sizeof *f->first, "a resizing filter"));
    WEFT_TRY(weft__alloc(&f->length, size, sizeof *f->length, "a resizing filter"));
    WEFT_TRY(
        weft__alloc(&f->weights, size, f->taps * sizeof *f->weights, "a resizing filter"));
    for (uint32_t i = 0; i < size; i++)
        filter_place(f, i, in_size, from + (i + 0.5) * scale, support);
    return WEFT_OK;
}

static uint8_t rounded(int32_t sum)
{
    sum = (sum + (1 << (WEIGHT_BITS - 1))) >> WEIGHT_BITS;
    return (uint8_t)(sum > 255 ? 255 : sum);
}

static void shrink_row(uint8_t *out, const uint8_t *in, const filter *f, size_t channels)
{
    for (size_t i = 0; i < f->size; i++)
        for (size_t c = 0; c < channels; c++) {
            const int32_t *weights = f->weights + i * f->taps;
            const uint8_t *from = in + f->first[i] * channels + c;
            int32_t sum = 0;
            for (size_t t = 0; t < f->length[i]; t++)
                sum += weights[t] * from[t * channels];
            out[i * channels + c] = rounded(sum);
        }
}

/* One output row from `length` rows below each other. */
WEFT__SIMD static void mix_rows(uint8_t *out, const uint8_t *rows, size_t row_bytes,
    const int32_t *weights, size_t length)
{
    enum { BLOCK = 64 };
    for (size_t begin = 0; begin < row_bytes; begin += BLOCK) {
        size_t n = row_bytes - begin < BLOCK ? row_bytes - begin : BLOCK;
        int32_t sums[BLOCK] = {0};
        for (size_t t = 0; t < length; t++)
            for (size_t x = 0; x < n; x++)
                sums[x] += weights[t] * rows[t * row_bytes + begin + x];
        for (size_t x = 0; x < n; x++)
            out[begin + x] = rounded(sums[x]);
    }
}

/* A part of the input, in its own coordinates. */
typedef struct box {
    double top, left, bottom, right;
} box;

static weft_status resample(uint8_t *out, size_t stride, uint32_t height, uint32_t width,
    const uint8_t *in, weft_shape from, box part)
{
    filter across = {0}, down = {0};
    uint8_t *narrow = NULL;
    size_t channels = from.channels, row_bytes = width * channels;
    weft_status status = filter_init(&across, from.width, part.left, part.right, width);
    if (status == WEFT_OK)
        status = filter_init(&down, from.height, part.top, part.bottom, height);
    if (status == WEFT_OK) {
        uint32_t first = down.first[0];
        uint32_t rows = down.first[height - 1] + down.length[height - 1] - first;
        status = weft__alloc(&narrow, rows, row_bytes, "a resized picture");
        for (uint32_t y = 0; status == WEFT_OK && y < rows; y++)
            shrink_row(narrow + y * row_bytes,
                in + (size_t)(first + y) * from.width * channels, &across, channels);
        for (uint32_t y = 0; status == WEFT_OK && y < height; y++)
            mix_rows(out + y * stride, narrow + (down.first[y] - first) * row_bytes,
                row_bytes, down.weights + y * down.taps, down.length[y]);
    }
    free(narrow);
    filter_clear(&across);
    filter_clear(&down);
    return status;
}

void weft__fitted_size(const weft_recipe *recipe, uint32_t height, uint32_t width,
    uint32_t *fitted_height, uint32_t *fitted_width)
{
    *fitted_height = recipe->shape.height;
    *fitted_width = recipe->shape.width;
    if (recipe->fit == WEFT_FIT_STRETCH)
        return;
    double down = (double)recipe->shape.height / height;
    double across = (double)recipe->shape.width / width;
    double scale = recipe->fit == WEFT_FIT_CROP ? fmax(down, across) : fmin(down, across);
    *fitted_height = (uint32_t)fmax(1, floor(height * scale + 0.5));
    *fitted_width = (uint32_t)fmax(1, floor(width * scale + 0.5));
}

/* Same channels, another size. */
static weft_status resize(
    uint8_t *out, const weft_recipe *recipe, const uint8_t *in, weft_shape from)
{
    weft_shape to = {recipe->shape.height, recipe->shape.width, from.channels};
    size_t stride = (size_t)to.width * to.channels;
    if (from.height == to.height && from.width == to.width) {
        memcpy(out, in, weft_shape_bytes(to));
        return WEFT_OK;
    }
    box part = {0, 0, from.height, from.width};
    if (recipe->fit == WEFT_FIT_CROP) {
        double scale = fmax((double)to.height / from.height, (double)to.width / from.width);
        double height = to.height / scale, width = to.width / scale;
        part.top = fmax(0, (from.height - height) / 2);
        part.left = fmax(0, (from.width - width) / 2);
        part.bottom = fmin(from.height, part.top + height);
        part.right = fmin(from.width, part.left + width);
    } else if (recipe->fit != WEFT_FIT_STRETCH) {
        uint32_t height, width;
        weft__fitted_size(recipe, from.height, from.width, &height, &width);
        memset(out, recipe->background, weft_shape_bytes(to));
        out += (to.height - height) / 2 * stride + (to.width - width) / 2 * to.channels;
        to.height = height;
        to.width = width;
    }
    return resample(out, stride, to.height, to.width, in, from, part);
}

weft_status weft__resize(
    uint8_t *out, const weft_recipe *recipe, const uint8_t *in, weft_shape from)
{
    if (from.channels == recipe->shape.channels)
        return resize(out, recipe, in, from);
    /* Grey is the cheaper one to resize, whether it comes or goes. */
    size_t pixels = (size_t)from.height * from.width;
    size_t out_pixels = (size_t)recipe->shape.height * recipe->shape.width;
    weft_shape grey_from = {from.height, from.width, 1};
    uint8_t *grey;
    if (from.channels == 3) {
        WEFT_TRY(weft__alloc(&grey, pixels, 1, "a grey picture"));
        for (size_t i = 0; i < pixels; i++)
            grey[i] = weft__grey(in[3 * i], in[3 * i + 1], in[3 * i + 2]);
        weft_status status = resize(out, recipe, grey, grey_from);
        free(grey);
        return status;
    }
    WEFT_TRY(weft__alloc(&grey, out_pixels, 1, "a grey picture"));
    weft_status status = resize(grey, recipe, in, grey_from);
    for (size_t i = 0; status == WEFT_OK && i < out_pixels; i++)
        memset(out + 3 * i, grey[i], 3);
    free(grey);
    return status;
}

struct points_job {
    const weft_view *view;
    const weft_recipe *recipe;
    float *points;
};

static weft_status make_points(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    const struct points_job *job = arg;
    weft_shape from = weft_dataset_shape(job->view->data);
    size_t dims = weft_shape_bytes(job->recipe->shape);
    uint8_t *bytes;
    WEFT_TRY(weft__alloc(&bytes, dims, 1, "a picture"));
    weft_status status = WEFT_OK;
    for (size_t i = begin; status == WEFT_OK && i < end; i++) {
        status = weft__resize(bytes, job->recipe, weft_view_pixels(job->view, i), from);
        for (size_t d = 0; status == WEFT_OK && d < dims; d++)
            job->points[i * dims + d] = (float)bytes[d] / 255;
    }
    free(bytes);
    return status;
}

weft_status weft__resize_points(
    float *points, const weft_recipe *recipe, const weft_view *view, weft_context *context)
{
    struct points_job job = {view, recipe, points};
    return weft__parallel(context, view->count, 64, make_points, &job, NULL, NULL);
}
