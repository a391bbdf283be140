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

enum {
    EACH = 2 * WEFT_EXPLAIN_POINTS, /* pictures made of one: as many deleted as inserted */
    AT_ONCE = 12                    /* pictures: networks predict batches of 256 */
};

struct curves {
    struct ranked *order;
    uint8_t *pixels;      /* AT_ONCE x EACH pictures */
    float *probabilities; /* of them */
};

static void clear(struct curves *c)
{
    free(c->order);
    free(c->pixels);
    free(c->probabilities);
}

static weft_status make(struct curves *c, const weft__explaining *e)
{
    size_t pixels = (size_t)e->shape.height * e->shape.width, made = AT_ONCE * EACH;
    WEFT_TRY(weft__alloc(&c->order, pixels, sizeof *c->order, "a map"));
    WEFT_TRY(weft__alloc(&c->pixels, made, weft_shape_bytes(e->shape), "pictures"));
    return weft__alloc(&c->probabilities, made * weft_classifier_classes(e->classifier),
        sizeof(float), "probabilities");
}

/* The pictures at every point of both curves, EACH of them, to `to`. */
static void draw_points(uint8_t *to, struct curves *c, const weft__explaining *e,
    const float *map, const uint8_t *picture, int blank)
{
    size_t pixels = (size_t)e->shape.height * e->shape.width, channels = e->shape.channels;
    size_t bytes = pixels * channels;
    for (size_t p = 0; p < pixels; p++)
        c->order[p] = (struct ranked){map[p], (uint32_t)p};
    qsort(c->order, pixels, sizeof *c->order, compare);
    for (size_t n = 0; n < WEFT_EXPLAIN_POINTS; n++) {
        uint8_t *deleted = to + n * bytes;
        uint8_t *inserted = to + (WEFT_EXPLAIN_POINTS + n) * bytes;
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

/* Adds a picture's curves, by the probabilities of its EACH pictures. */
static void add(
    weft_faithfulness *out, const float *probabilities, size_t outputs, double share)
{
    for (size_t n = 0; n < WEFT_EXPLAIN_POINTS; n++) {
        const float *p = probabilities + n * outputs;
        out->deletion[n] += share * (double)p[0];
        out->insertion[n] += share * (double)p[WEFT_EXPLAIN_POINTS * outputs];
    }
}

weft_status weft_explain_faithfulness(weft_faithfulness *out, const float *maps,
    const uint16_t *classes, const weft_classifier *classifier, const weft_view *view,
    double baseline, weft_context *context)
{
    const weft__explaining e = {
        classifier, NULL, weft_classifier_recipe(classifier).shape, context};
    size_t pixels = (size_t)e.shape.height * e.shape.width;
    size_t outputs = weft_classifier_classes(classifier);
    size_t bytes = EACH * weft_shape_bytes(e.shape);
    struct curves c = {0};
    *out = (weft_faithfulness){0};
    weft_status status = make(&c, &e);
    weft__task task = weft__task_begin(context, "taking pixels away and putting them back",
        "pictures", (double)view->count);
    for (size_t at = 0; status == WEFT_OK && at < view->count; at += AT_ONCE) {
        size_t here = view->count - at < AT_ONCE ? view->count - at : AT_ONCE;
        for (size_t i = 0; i < here; i++)
            draw_points(c.pixels + i * bytes, &c, &e, maps + (at + i) * pixels,
                weft_view_pixels(view, at + i), (int)(baseline + 0.5));
        status = weft__explain_predict(c.probabilities, &e, c.pixels, here * EACH);
        for (size_t i = 0; status == WEFT_OK && i < here; i++)
            add(out, c.probabilities + i * EACH * outputs + classes[at + i], outputs,
                1 / (double)view->count);
        if (status == WEFT_OK && weft_context_cancelled(context))
            status = weft_fail(WEFT_ECANCELLED, "cancelled");
        weft__task_progress(&task, (double)(at + here));
    }
    weft__task_end(&task);
    clear(&c);
    out->deletion_area = area(out->deletion);
    out->insertion_area = area(out->insertion);
    return status;
}
