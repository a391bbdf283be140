/* Deletion and insertion curves (Petsiuk, Das and Saenko 2018, "RISE", section 4.2). */
#include <stdlib.h>
#include <string.h>

#include "core/events.h"
#include "core/mem.h"
#include "explain/explain.h"

/* A pixel and what the map says of it. */
struct ranked {
    float value;
    uint32_t pixel;
};

/* Highest first; equal ones in the picture's order. */
static int compare(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->value != y->value)
        return x->value > y->value ? -1 : 1;
    return x->pixel < y->pixel ? -1 : x->pixel > y->pixel;
}

struct curves {
    struct ranked *order;
    uint8_t *pixels; /* WEFT_EXPLAIN_POINTS pictures deleted, as many inserted */
    float *probabilities;
};

static void clear(struct curves *c)
{
    free(c->order);
    free(c->pixels);
    free(c->probabilities);
}

static weft_status make(struct curves *c, const weft__explaining *e)
{
    size_t pixels = (size_t)e->shape.height * e->shape.width;
    WEFT_TRY(weft__alloc(&c->order, pixels, sizeof *c->order, "a map"));
    WEFT_TRY(weft__alloc(&c->pixels,
        2 * (size_t)WEFT_EXPLAIN_POINTS * weft_shape_bytes(e->shape), 1, "pictures"));
    return weft__alloc(&c->probabilities,
        2 * (size_t)WEFT_EXPLAIN_POINTS * weft_classifier_classes(e->classifier),
        sizeof(float), "probabilities");
}

/* The pictures at every point of both curves. */
static void draw_points(struct curves *c, const weft__explaining *e, const float *map,
    const uint8_t *picture, int blank)
{
    size_t pixels = (size_t)e->shape.height * e->shape.width, channels = e->shape.channels;
    size_t bytes = pixels * channels;
    for (size_t p = 0; p < pixels; p++)
        c->order[p] = (struct ranked){map[p], (uint32_t)p};
    qsort(c->order, pixels, sizeof *c->order, compare);
    for (size_t n = 0; n < WEFT_EXPLAIN_POINTS; n++) {
        uint8_t *deleted = c->pixels + n * bytes;
        uint8_t *inserted = c->pixels + (WEFT_EXPLAIN_POINTS + n) * bytes;
        size_t taken = n * pixels / (WEFT_EXPLAIN_POINTS - 1);
        memcpy(deleted, picture, bytes);
        memset(inserted, blank, bytes);
        for (size_t k = 0; k < taken; k++) {
            size_t at = c->order[k].pixel * channels;
            memset(deleted + at, blank, channels);
            memcpy(inserted + at, picture + at, channels);
        }
    }
}

/* By the trapezoidal rule over shares 0 to 1. */
static double area(const double *curve)
{
    double sum = (curve[0] + curve[WEFT_EXPLAIN_POINTS - 1]) / 2;
    for (size_t n = 1; n + 1 < WEFT_EXPLAIN_POINTS; n++)
        sum += curve[n];
    return sum / (WEFT_EXPLAIN_POINTS - 1);
}

weft_status weft_explain_faithfulness(weft_faithfulness *out, const float *maps,
    const uint16_t *classes, const weft_classifier *classifier, const weft_view *view,
    double baseline, weft_context *context)
{
    const weft__explaining e = {
        classifier, NULL, weft_classifier_recipe(classifier).shape, context};
    size_t pixels = (size_t)e.shape.height * e.shape.width;
    size_t outputs = weft_classifier_classes(classifier);
    struct curves c = {0};
    *out = (weft_faithfulness){0};
    weft_status status = make(&c, &e);
    weft__task task = weft__task_begin(context, "taking pixels away and putting them back",
        "pictures", (double)view->count);
    for (size_t i = 0; status == WEFT_OK && i < view->count; i++) {
        draw_points(
            &c, &e, maps + i * pixels, weft_view_pixels(view, i), (int)(baseline + 0.5));
        status = weft__explain_predict(
            c.probabilities, &e, c.pixels, 2 * (size_t)WEFT_EXPLAIN_POINTS);
        for (size_t n = 0; status == WEFT_OK && n < WEFT_EXPLAIN_POINTS; n++) {
            const float *p = c.probabilities + n * outputs + classes[i];
            out->deletion[n] += (double)p[0] / (double)view->count;
            out->insertion[n] +=
                (double)p[WEFT_EXPLAIN_POINTS * outputs] / (double)view->count;
        }
        if (status == WEFT_OK && weft_context_cancelled(context))
            status = weft_fail(WEFT_ECANCELLED, "cancelled");
        weft__task_progress(&task, (double)(i + 1));
    }
    weft__task_end(&task);
    clear(&c);
    out->deletion_area = area(out->deletion);
    out->insertion_area = area(out->insertion);
    return status;
}
