/* The pictures that a report shows, scaled down and laid out on one sheet. */
#ifndef WEFT_REPORT_GALLERY_H
#define WEFT_REPORT_GALLERY_H

#include <jansson.h>

#include "weft/dataset.h"

/* Zero-initialised is none; begin, add, then make JSON of it. */
typedef struct weft__gallery {
    weft_view train, test; /* borrowed */
    weft_recipe thumbnail;
    size_t count, limit;
    uint8_t *pixels; /* limit thumbnails */
    struct weft__shown {
        bool test;
        size_t at;    /* in the view */
    } * shown;        /* limit */
    int32_t *of_test; /* each test picture's place in the gallery, or -1 */
} weft__gallery;

WEFT_MUST weft_status weft__gallery_begin(
    weft__gallery *gallery, const weft_view *train, const weft_view *test);
void weft__gallery_clear(weft__gallery *gallery);

/* Shows a picture and gives its place; -1 when the gallery is full. */
WEFT_MUST weft_status weft__gallery_add_test(weft__gallery *gallery, size_t at, int *place);
WEFT_MUST weft_status weft__gallery_add_train(
    weft__gallery *gallery, size_t at, int *place);

/* {"sheet": data URI of a PNG, "width", "height", "columns", "truth": [], "origin": []}. */
WEFT_MUST weft_status weft__gallery_json(json_t **out, const weft__gallery *gallery);

#endif
