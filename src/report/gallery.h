/* The pictures that a page shows, scaled down and laid out on one sheet. */
#ifndef WEFT_REPORT_GALLERY_H
#define WEFT_REPORT_GALLERY_H

#include <jansson.h>

#include "weft/dataset.h"

enum { WEFT__GALLERY_VIEWS = 4 };

/* Zero-initialised is none; begin, add, then make JSON of it. */
typedef struct weft__gallery {
    weft_recipe thumbnail;
    size_t count, limit;
    uint8_t *pixels; /* limit thumbnails */
    json_t *truth, *origin;
    struct weft__gallery_view {
        weft_view view;  /* borrowed */
        int32_t *places; /* each picture's place in the gallery, or -1; made when needed */
    } views[WEFT__GALLERY_VIEWS];
    size_t view_count;
} weft__gallery;

/* Pictures will come from these views, at most WEFT__GALLERY_VIEWS, all of the shape of the
 * first one's. Their longer side becomes at most `longest` pixels; all together take at
 * most `budget` bytes before they are compressed. */
WEFT_MUST weft_status weft__gallery_begin(weft__gallery *gallery, const weft_view *views,
    size_t count, uint32_t longest, size_t budget);
void weft__gallery_clear(weft__gallery *gallery);

/* Shows the picture at `at` of view number `view`, once however often it is asked for.
 * *place receives where it is, -1 when the gallery is full. */
WEFT_MUST weft_status weft__gallery_add(
    weft__gallery *gallery, size_t view, size_t at, int *place);
/* The picture's place, -1 when it is not shown. */
int weft__gallery_find(const weft__gallery *gallery, size_t view, size_t at);
/* Shows a picture that is in no view, such as a mean; `origin` says what it is. */
WEFT_MUST weft_status weft__gallery_add_made(weft__gallery *gallery, const uint8_t *pixels,
    weft_shape shape, const char *origin, int *place);

/* {"sheet": data URI of a PNG, "width", "height", "columns", "truth": [label, null for a
 * made one and where there is none], "origin": [text]}, or null when empty; web/pictures.js
 * reads it. */
WEFT_MUST weft_status weft__gallery_json(json_t **out, const weft__gallery *gallery);

#endif
