/* What the border of the pictures tells of their labels: where it tells much, a classifier
 * may learn the ground instead of the thing. A forest is asked, for what it takes is little
 * and it finds what is not linear. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "core/mem.h"
#include "data/describe.h"
#include "data/resized.h"
#include "weft/statistics.h"

enum {
    SIDE = 28,    /* pictures are scaled down to this */
    MOST = 10000, /* pictures that are asked: a share of them is known to a percent */
    PART = 8,     /* the border is so great a part of the shorter side */
};
static const char FOREST[] = "forest:trees=60";

/* Copies the pixels of the border, row by row; returns how many. */
static size_t take_border(uint8_t *to, const uint8_t *from, weft_shape shape)
{
    uint32_t shorter = shape.height < shape.width ? shape.height : shape.width;
    uint32_t wide = shorter / PART ? shorter / PART : 1;
    size_t n = 0;
    for (uint32_t y = 0; y < shape.height; y++)
        for (uint32_t x = 0; x < shape.width; x++) {
            bool inside =
                y >= wide && x >= wide && y + wide < shape.height && x + wide < shape.width;
            if (inside)
                continue;
            if (to)
                memcpy(to + n * shape.channels,
                    from + ((size_t)y * shape.width + x) * shape.channels, shape.channels);
            n++;
        }
    return n;
}

static weft_status make_borders(
    weft_dataset **out, const weft_audit *a, const weft_dataset *small, size_t asked)
{
    weft_shape shape = small->recipe.shape;
    size_t bytes = weft_shape_bytes(shape);
    weft_recipe recipe = small->recipe;
    recipe.shape.height = 1;
    recipe.shape.width = (uint32_t)take_border(NULL, NULL, shape);
    WEFT_TRY(weft__dataset_reserve(out, &recipe, asked, a->train->classes,
        (const char *const *)a->train->class_names));
    for (size_t i = 0; i < asked; i++) {
        size_t at = i * a->train->count / asked;
        take_border((*out)->pixels + i * weft_shape_bytes(recipe.shape),
            small->pixels + at * bytes, shape);
        (*out)->labels[i] = a->train->labels[at];
    }
    return WEFT_OK;
}

static weft_status ask(weft_audit *a, const weft_dataset *borders, weft_context *context)
{
    const weft__prediction how = {FOREST, a->options.folds, 1, a->options.seed};
    size_t classes = borders->classes, right = 0, largest = 0, *counts;
    weft_view view = weft_view_all(borders);
    float *probabilities;
    WEFT_TRY(weft__class_counts(&counts, borders));
    for (size_t c = 0; c < classes; c++)
        largest = counts[c] > largest ? counts[c] : largest;
    free(counts);
    WEFT_TRY(weft__alloc(
        &probabilities, view.count * classes, sizeof *probabilities, "what borders tell"));
    weft_status status = weft__predict_out_of_fold(probabilities, &how, &view, context);
    for (size_t i = 0; status == WEFT_OK && i < view.count; i++) {
        const float *row = probabilities + i * classes;
        size_t best = 0;
        for (size_t c = 1; c < classes; c++)
            best = row[c] > row[best] ? c : best;
        right += best == borders->labels[i];
    }
    free(probabilities);
    weft_interval interval = weft_wilson_interval(right, view.count);
    double count = (double)view.count;
    a->border = (weft_border_cue){view.count, (double)right / count, interval.low,
        interval.high, (double)largest / count};
    return status;
}

weft_status weft__audit_border(weft_audit *a, weft_context *context)
{
    weft_shape shape = a->train->recipe.shape;
    size_t asked = a->train->count < MOST ? a->train->count : MOST;
    weft_dataset *small = NULL, *borders = NULL;
    shape.height = shape.height < SIDE ? shape.height : SIDE;
    shape.width = shape.width < SIDE ? shape.width : SIDE;
    weft_status status = weft__dataset_resized(&small, a->train, shape, context);
    if (status == WEFT_OK)
        status = make_borders(&borders, a, small, asked);
    if (status == WEFT_OK)
        status = ask(a, borders, context);
    weft_dataset_free(small);
    weft_dataset_free(borders);
    return status;
}
