/* Pixel values: how often each occurs, and mean and spread of each class at each place.
 * All sums are whole numbers, so they are exact and the same for any number of threads. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/simd.h"
#include "core/team.h"
#include "data/dataset.h"
#include "explore/exploration.h"

struct work {
    const weft_dataset *train;
    const size_t *counts;
    weft__pixels *pixels;
    uint64_t (*rooms)[WEFT__LEVELS]; /* threads x (3 + classes) histograms */
    uint64_t *sums, *squares;        /* classes x dims */
};

static weft_status count_some(size_t begin, size_t end, int rank, void *arg)
{
    const struct work *w = arg;
    const weft_dataset *d = w->train;
    uint64_t(*room)[WEFT__LEVELS] = w->rooms + (size_t)rank * (3 + d->classes);
    size_t dims = weft_shape_bytes(d->recipe.shape), channels = d->recipe.shape.channels;
    for (size_t i = begin; i < end; i++) {
        const uint8_t *x = d->pixels + i * dims;
        uint32_t mine[3][WEFT__LEVELS] = {{0}};
        for (size_t p = 0; p < dims; p += channels)
            for (size_t c = 0; c < channels; c++)
                mine[c][x[p + c]]++;
        uint64_t *of_class = room[3 + d->labels[i]];
        for (size_t c = 0; c < channels; c++)
            for (int l = 0; l < WEFT__LEVELS; l++) {
                room[c][l] += mine[c][l];
                of_class[l] += mine[c][l];
            }
    }
    return WEFT_OK;
}

static weft_status count_levels(struct work *w, weft_context *context)
{
    size_t threads = (size_t)weft_context_threads(context), each = 3 + w->train->classes;
    WEFT_TRY(weft__calloc(&w->rooms, threads * each, sizeof *w->rooms, "histograms"));
    WEFT_TRY(weft__parallel(
        context, w->train->count, 64, count_some, w, "counting pixel values", "pictures"));
    for (size_t r = 0; r < threads; r++)
        for (size_t h = 0; h < each; h++) {
            uint64_t *to = h < 3 ? w->pixels->channels[h] : w->pixels->classes[h - 3];
            for (int l = 0; l < WEFT__LEVELS; l++)
                to[l] += w->rooms[r * each + h][l];
        }
    return WEFT_OK;
}

WEFT__SIMD static void add_bytes(
    uint64_t *sums, uint64_t *squares, const uint8_t *x, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sums[i] += x[i];
        squares[i] += (uint32_t)x[i] * x[i];
    }
}

/* Members share the places within a picture, so that each sum has one owner. */
static weft_status sum_places(const weft__member *self, void *arg)
{
    const struct work *w = arg;
    const weft_dataset *d = w->train;
    size_t dims = weft_shape_bytes(d->recipe.shape), begin, end;
    weft__team_share(self, dims, 64, &begin, &end);
    for (size_t i = 0; i < d->count; i++) {
        size_t at = d->labels[i] * dims + begin;
        add_bytes(w->sums + at, w->squares + at, d->pixels + i * dims + begin, end - begin);
    }
    for (size_t c = 0; c < d->classes; c++)
        for (size_t p = begin; p < end; p++) {
            double n = w->counts[c] ? (double)w->counts[c] : 1;
            double mean = (double)w->sums[c * dims + p] / n;
            double variance = (double)w->squares[c * dims + p] / n - mean * mean;
            w->pixels->mean[c * dims + p] = mean;
            w->pixels->spread[c * dims + p] = sqrt(variance > 0 ? variance : 0);
        }
    return WEFT_OK;
}

static weft_status measure(struct work *w, weft_context *context)
{
    static const char what[] = "mean pictures";
    size_t classes = w->train->classes, cells;
    if (!weft__mul(&cells, classes, weft_shape_bytes(w->train->recipe.shape)))
        cells = SIZE_MAX;
    WEFT_TRY(weft__calloc(
        &w->pixels->classes, classes, sizeof *w->pixels->classes, "histograms"));
    WEFT_TRY(weft__alloc(&w->pixels->mean, cells, sizeof(double), what));
    WEFT_TRY(weft__alloc(&w->pixels->spread, cells, sizeof(double), what));
    WEFT_TRY(weft__calloc(&w->sums, cells, sizeof *w->sums, what));
    WEFT_TRY(weft__calloc(&w->squares, cells, sizeof *w->squares, what));
    WEFT_TRY(count_levels(w, context));
    return weft__team_run(context, sum_places, w);
}

weft_status weft__explore_pixels(weft_exploration *e, weft_context *context)
{
    struct work w = {.train = e->splits[WEFT__TRAIN],
        .counts = e->counts[WEFT__TRAIN],
        .pixels = &e->pixels};
    weft_status status = measure(&w, context);
    free(w.rooms);
    free(w.sums);
    free(w.squares);
    return status;
}

void weft__level_moments(const uint64_t *levels, double *mean, double *deviation)
{
    double n = 0, sum = 0, squares = 0;
    for (int l = 0; l < WEFT__LEVELS; l++) {
        n += (double)levels[l];
        sum += (double)levels[l] * l;
        squares += (double)levels[l] * l * l;
    }
    *mean = n > 0 ? sum / n : 0;
    double variance = n > 0 ? squares / n - *mean * *mean : 0;
    *deviation = sqrt(variance > 0 ? variance : 0);
}
