/* The inside of an inspector, for whoever saves it. */
#ifndef WEFT_SEARCH_INSPECT_H
#define WEFT_SEARCH_INSPECT_H

#include "model/normal.h"
#include "weft/inspect.h"

enum {
    WEFT__INSPECT_PATCH = 8,  /* pixels on a side */
    WEFT__INSPECT_LEVELS = 4, /* sizes of the picture at most: 8, 16, 32, 64 */
    WEFT__INSPECT_SHEETS = WEFT__INSPECT_LEVELS + 1 /* and a network's feature maps */
};

/* A picture at one size, or a network's feature maps: rows x columns places, each with the
 * distribution of what is there. */
typedef struct weft__inspect_sheet {
    weft_shape shape;    /* of the picture at this size; feature maps: their own */
    uint32_t side, step; /* of a patch, and between patches; feature maps: 1 and 1 */
    size_t rows, columns, dims;
    weft__normal *places; /* rows x columns, owned */
} weft__inspect_sheet;

/* Logarithms of the mean and of the largest distance of a sheet: their median and 95th
 * percentile over held-out good pictures. */
enum { WEFT__INSPECT_MEAN, WEFT__INSPECT_LARGEST, WEFT__INSPECT_WAYS };
typedef struct weft__inspect_scale {
    double middle, far;
} weft__inspect_scale;

struct weft_inspector {
    weft_recipe recipe;
    double reject, threshold;
    int join; /* which of a sheet's two are added up: WEFT__INSPECT_WAYS is both */
    size_t sheet_count;
    bool network; /* the last sheet is a network's */
    weft__inspect_sheet sheets[WEFT__INSPECT_SHEETS];
    weft__inspect_scale scales[WEFT__INSPECT_SHEETS][WEFT__INSPECT_WAYS];
    weft_classifier *model; /* owned; NULL: pixels alone */
    uint8_t *model_file;    /* its bytes, owned */
    size_t model_size;
};

/* Lays the sheets of pictures of the recipe's shape out, places without distributions. */
WEFT_MUST weft_status weft__inspect_plan(weft_inspector *self);

/* The sheet's points of a view, all of one place: count x dims. */
WEFT_MUST weft_status weft__inspect_points(float **out, const weft_inspector *self,
    size_t sheet, const weft_view *view, weft_context *context);
/* Takes a network's model from a file, whose pictures are of the recipe's shape. */
WEFT_MUST weft_status weft__inspect_take_model(weft_inspector *self, const char *path);
/* Copies what is at one place of one picture, dims values, from weft__inspect_points. */
void weft__inspect_take(
    float *point, const weft__inspect_sheet *sheet, const float *picture, size_t place);

#endif
