/* Evidence as files: examples, ways through trees, the model's own weights. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "eval/evaluation.h"
#include "report/explain_page.h"

enum { TILE = 84, TILES_BUDGET = 4000000, GAP = 4 };

/* Tiles are RGB pictures of the recipe's size. */
static weft_status add_tile(
    weft__explain_saving *s, const uint8_t *rgb, const char *origin, json_t *entry)
{
    weft_shape shape = {s->shape.height, s->shape.width, 3};
    int place;
    if (!s->examples.limit) {
        weft_dataset *blank;
        WEFT_TRY(weft_dataset_create(&blank, shape, 1, rgb, NULL, 0, NULL));
        weft_view view = weft_view_all(blank);
        weft_status status =
            weft__gallery_begin(&s->examples, &view, 1, TILE, TILES_BUDGET);
        weft_dataset_free(blank);
        WEFT_TRY(status);
    }
    WEFT_TRY(weft__gallery_add_made(&s->examples, rgb, shape, origin, &place));
    json_object_set_new(entry, "place", place < 0 ? json_null() : json_integer(place));
    return WEFT_OK;
}

static void to_rgb(uint8_t *rgb, const uint8_t *pixels, weft_shape shape)
{
    for (size_t p = 0; p < (size_t)shape.height * shape.width; p++)
        for (size_t k = 0; k < 3; k++)
            rgb[p * 3 + k] = pixels[p * shape.channels + k % shape.channels];
}

/* Puts an RGB picture of the recipe's size, enlarged, at the n-th place of a strip. */
static void put(uint8_t *strip, weft_shape whole, const weft__explain_saving *s, size_t n,
    const uint8_t *rgb)
{
    size_t side = (size_t)s->shape.width * s->zoom, left = n * (side + GAP);
    for (size_t y = 0; y < whole.height; y++)
        for (size_t x = 0; x < side; x++)
            memcpy(strip + (y * whole.width + left + x) * 3,
                rgb + (y / s->zoom * s->shape.width + x / s->zoom) * 3, 3);
}

static weft_shape strip_shape(const weft__explain_saving *s, size_t count)
{
    return (weft_shape){s->shape.height * s->zoom,
        (uint32_t)(count * ((size_t)s->shape.width * s->zoom + GAP) - GAP), 3};
}

/* ---- examples -------------------------------------------------------------------------
 */

static json_t *example_json(const weft_explain_example *x)
{
    json_t *json =
        json_pack("{s:i, s:f}", "label", (int)x->label, "weight", (double)x->weight);
    if (json && isfinite(x->distance))
        json_object_set_new(json, "distance", json_real((double)x->distance));
    return json;
}

/* A row of training pictures. */
struct row {
    const weft_explain_example *examples;
    const uint8_t *pixels; /* count pictures, or NULL */
    size_t count;
    const char *name; /* of its PNG file */
    size_t number;
};

/* `rgb` has room for one picture, `strip` for all of them. */
static weft_status draw_row(weft__explain_saving *s, const struct row *row, json_t *list,
    json_t *entry, uint8_t *rgb, uint8_t *strip)
{
    weft_shape whole = strip_shape(s, row->count);
    size_t bytes = weft_shape_bytes(s->shape);
    char file[64];
    memset(strip, 255, weft_shape_bytes(whole));
    for (size_t k = 0; k < row->count; k++) {
        to_rgb(rgb, row->pixels + k * bytes, s->shape);
        put(strip, whole, s, k, rgb);
        WEFT_TRY(add_tile(s, rgb,
            weft_classifier_class_name(s->e->classifier, row->examples[k].label),
            json_array_get(list, k)));
    }
    WEFT_TRY(weft__explain_write_png(s, file, row->name, row->number, strip, whole));
    json_object_set_new(entry, "strip", json_string(file));
    return WEFT_OK;
}

/* The row as entry's "examples", and drawn where it has pictures. */
static weft_status save_row(weft__explain_saving *s, const struct row *row, json_t *entry)
{
    json_t *list = json_array();
    json_object_set_new(entry, "examples", list);
    for (size_t k = 0; k < row->count; k++)
        if (json_array_append_new(list, example_json(&row->examples[k])))
            return weft_fail(WEFT_ENOMEM, "no memory for a page");
    if (!row->pixels || !row->count)
        return WEFT_OK;
    uint8_t *rgb = NULL, *strip = NULL;
    weft_status status =
        weft__alloc(&rgb, (size_t)s->shape.height * s->shape.width, 3, "a picture");
    if (status == WEFT_OK)
        status = weft__alloc(
            &strip, weft_shape_bytes(strip_shape(s, row->count)), 1, "pictures");
    if (status == WEFT_OK)
        status = draw_row(s, row, list, entry, rgb, strip);
    free(rgb);
    free(strip);
    return status;
}

static weft_status save_examples(weft__explain_saving *s, size_t n, json_t *entry)
{
    const weft_evidence *v = s->e->evidence;
    size_t at = n * v->examples, bytes = weft_shape_bytes(s->shape);
    const struct row row = {v->example + at, v->pixels ? v->pixels + at * bytes : NULL,
        v->examples, "examples", n + 1};
    return save_row(s, &row, entry);
}

weft_status weft__explain_save_boundary(weft__explain_saving *s)
{
    const weft_evidence *v = s->e->evidence;
    json_t *list = json_array();
    json_object_set_new(s->json, "boundary", list);
    if (!v || !v->boundary)
        return WEFT_OK;
    json_object_set_new(s->json, "boundary_is", json_string(v->boundary_meaning));
    for (size_t c = 0; c < weft_classifier_classes(s->e->classifier); c++) {
        size_t at = c * v->boundary, bytes = weft_shape_bytes(s->shape);
        struct row row = {v->boundary_example + at,
            v->boundary_pixels ? v->boundary_pixels + at * bytes : NULL, 0, "boundary", c};
        while (
            row.count < v->boundary && row.examples[row.count].label != WEFT_EXPLAIN_NOBODY)
            row.count++;
        json_t *entry = json_pack("{s:i}", "class", (int)c);
        if (!entry || json_array_append_new(list, entry))
            return weft_fail(WEFT_ENOMEM, "no memory for a page");
        WEFT_TRY(save_row(s, &row, entry));
    }
    return WEFT_OK;
}

/* ---- paths ------------------------------------------------------------------------------
 */

static weft_status save_path(const weft__explain_saving *s, size_t n, json_t *entry)
{
    const weft_explain_path *path = &s->e->evidence->paths[n];
    json_t *steps = json_array();
    for (size_t k = 0; k < path->count; k++) {
        const weft_explain_step *x = &path->steps[k];
        size_t pixel = x->value / s->shape.channels;
        json_array_append_new(steps,
            json_pack("{s:i, s:i, s:i, s:i, s:i, s:f, s:f}", "row",
                (int)(pixel / s->shape.width), "column", (int)(pixel % s->shape.width),
                "channel", (int)(x->value % s->shape.channels), "pixel", (int)x->found,
                "cut", (int)x->cut, "before", (double)x->before, "after",
                (double)x->after));
    }
    json_t *json = json_pack("{s:I, s:I, s:o}", "tree", (json_int_t)path->tree, "trees",
        (json_int_t)path->trees, "steps", steps);
    return json && json_object_set_new(entry, "path", json) == 0
               ? WEFT_OK
               : weft_fail(WEFT_ENOMEM, "no memory for a page");
}

weft_status weft__explain_save_evidence(weft__explain_saving *s, size_t n, json_t *entry)
{
    const weft_evidence *v = s->e->evidence;
    if (!v || n >= v->count)
        return WEFT_OK;
    if (v->scores) {
        json_object_set_new(entry, "base", json_real(v->bases[n]));
        json_object_set_new(entry, "score", json_real(v->scores[n]));
    }
    if (v->examples)
        WEFT_TRY(save_examples(s, n, entry));
    return v->paths ? save_path(s, n, entry) : WEFT_OK;
}

/* ---- weights
 * ------------------------------------------------------------------------------ */

/* `rgb` has room for one map, `large` for it enlarged. */
static weft_status draw_weights(
    weft__explain_saving *s, json_t *list, uint8_t *rgb, uint8_t *large)
{
    const weft_evidence *v = s->e->evidence;
    weft_shape whole = strip_shape(s, 1);
    char file[64];
    for (size_t c = 0; c < v->weights; c++) {
        const float *map = v->weight + c * s->shape.height * s->shape.width;
        json_t *entry = json_object();
        if (!entry || json_array_append_new(list, entry))
            return weft_fail(WEFT_ENOMEM, "no memory for a page");
        if (v->weights > 1)
            json_object_set_new(entry, "class", json_integer((json_int_t)c));
        weft_explain_draw(rgb, map, NULL, s->shape);
        put(large, whole, s, 0, rgb);
        WEFT_TRY(weft__explain_write_png(s, file, "weights", c, large, whole));
        json_object_set_new(entry, "map", json_string(file));
        WEFT_TRY(add_tile(s, rgb, file, entry));
    }
    return WEFT_OK;
}

weft_status weft__explain_save_weights(weft__explain_saving *s)
{
    const weft_evidence *v = s->e->evidence;
    json_t *list = json_array();
    uint8_t *rgb = NULL, *large = NULL;
    json_object_set_new(s->json, "weights", list);
    if (!v)
        return WEFT_OK;
    if (v->examples)
        json_object_set_new(s->json, "examples_are", json_string(v->example_meaning));
    if (v->why_not[0])
        json_object_set_new(s->json, "why_not", weft__json_text(v->why_not));
    if (!v->weights)
        return WEFT_OK;
    json_object_set_new(s->json, "weights_are", json_string(v->weight_meaning));
    weft_status status =
        weft__alloc(&rgb, (size_t)s->shape.height * s->shape.width, 3, "a map");
    if (status == WEFT_OK)
        status = weft__alloc(&large, weft_shape_bytes(strip_shape(s, 1)), 1, "a map");
    if (status == WEFT_OK)
        status = draw_weights(s, list, rgb, large);
    free(rgb);
    free(large);
    return status;
}
