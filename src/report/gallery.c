#include "report/gallery.h"

#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/text.h"
#include "data/picture.h"
#include "data/resize.h"
#include "eval/evaluation.h"

enum { LONGEST_SIDE = 56, COLUMNS = 64 };
static const size_t BUDGET = 3000000; /* bytes of all thumbnails */

static weft_recipe thumbnail_of(weft_shape shape)
{
    uint32_t longest = shape.height > shape.width ? shape.height : shape.width;
    if (longest > LONGEST_SIDE) {
        shape.height = (shape.height * LONGEST_SIDE + longest / 2) / longest;
        shape.width = (shape.width * LONGEST_SIDE + longest / 2) / longest;
        shape.height += shape.height == 0;
        shape.width += shape.width == 0;
    }
    return (weft_recipe){.shape = shape, .fit = WEFT_FIT_STRETCH};
}

weft_status weft__gallery_begin(
    weft__gallery *g, const weft_view *train, const weft_view *test)
{
    *g = (weft__gallery){.train = *train, .test = *test};
    g->thumbnail = thumbnail_of(weft_dataset_shape(test->data));
    size_t bytes = weft_shape_bytes(g->thumbnail.shape);
    g->limit = BUDGET / bytes;
    weft_status status = weft__alloc(&g->pixels, g->limit, bytes, "thumbnails");
    if (status == WEFT_OK)
        status = weft__alloc(&g->shown, g->limit, sizeof *g->shown, "thumbnails");
    if (status == WEFT_OK)
        status = weft__alloc(&g->of_test, test->count, sizeof *g->of_test, "thumbnails");
    if (status != WEFT_OK) {
        weft__gallery_clear(g);
        return status;
    }
    memset(g->of_test, -1, test->count * sizeof *g->of_test);
    return WEFT_OK;
}

void weft__gallery_clear(weft__gallery *g)
{
    free(g->pixels);
    free(g->shown);
    free(g->of_test);
    *g = (weft__gallery){0};
}

static weft_status add(weft__gallery *g, bool test, size_t at, int *place)
{
    const weft_view *view = test ? &g->test : &g->train;
    if (g->count == g->limit) {
        *place = -1;
        return WEFT_OK;
    }
    uint8_t *out = g->pixels + g->count * weft_shape_bytes(g->thumbnail.shape);
    WEFT_TRY(weft__resize(
        out, &g->thumbnail, weft_view_pixels(view, at), weft_dataset_shape(view->data)));
    g->shown[g->count] = (struct weft__shown){test, at};
    *place = (int)g->count++;
    return WEFT_OK;
}

weft_status weft__gallery_add_train(weft__gallery *g, size_t at, int *place)
{
    return add(g, false, at, place);
}

weft_status weft__gallery_add_test(weft__gallery *g, size_t at, int *place)
{
    if (g->of_test[at] < 0) {
        int new_place;
        WEFT_TRY(add(g, true, at, &new_place));
        g->of_test[at] = new_place;
    }
    *place = g->of_test[at];
    return WEFT_OK;
}

/* A PNG as "data:image/png;base64,...", owned by the caller. */
static weft_status png_uri(char **out, const uint8_t *pixels, weft_shape shape)
{
    static const char prefix[] = "data:image/png;base64,";
    const size_t start = sizeof prefix - 1;
    uint8_t *bytes;
    size_t size;
    WEFT_TRY(weft__png_encode(&bytes, &size, pixels, shape));
    char *text;
    weft_status status = weft__alloc(
        &text, start + BASE64_ENCODE_RAW_LENGTH(size) + 1, 1, "a picture's text");
    if (status == WEFT_OK) {
        memcpy(text, prefix, start);
        base64_encode_raw(text + start, size, bytes);
        text[start + BASE64_ENCODE_RAW_LENGTH(size)] = 0;
        *out = text;
    }
    free(bytes);
    return status;
}

/* Row by row from the top left; what is left of the last row stays black. */
static weft_status make_sheet(const weft__gallery *g, size_t columns, char **uri)
{
    weft_shape one = g->thumbnail.shape;
    size_t rows = (g->count + columns - 1) / columns;
    weft_shape all = {
        (uint32_t)(one.height * rows), (uint32_t)(one.width * columns), one.channels};
    size_t line = (size_t)one.width * one.channels, stride = line * columns;
    uint8_t *pixels;
    WEFT_TRY(weft__calloc(&pixels, all.height, stride, "a sheet of pictures"));
    for (size_t i = 0; i < g->count; i++) {
        const uint8_t *from = g->pixels + i * weft_shape_bytes(one);
        uint8_t *to = pixels + i / columns * one.height * stride + i % columns * line;
        for (size_t y = 0; y < one.height; y++)
            memcpy(to + y * stride, from + y * line, line);
    }
    weft_status status = png_uri(uri, pixels, all);
    free(pixels);
    return status;
}

weft_status weft__gallery_json(json_t **out, const weft__gallery *g)
{
    if (g->count == 0) {
        *out = json_null();
        return WEFT_OK;
    }
    size_t columns = g->count < COLUMNS ? g->count : COLUMNS;
    char *uri;
    WEFT_TRY(make_sheet(g, columns, &uri));
    json_t *truth = json_array(), *origin = json_array();
    for (size_t i = 0; i < g->count; i++) {
        const weft_view *view = g->shown[i].test ? &g->test : &g->train;
        char text[512];
        weft_dataset_origin(
            view->data, weft_view_at(view, g->shown[i].at), text, sizeof text);
        json_array_append_new(truth, json_integer(weft_view_label(view, g->shown[i].at)));
        json_array_append_new(origin, weft__json_text(text));
    }
    json_t *json = json_pack("{s:s, s:i, s:i, s:i, s:o, s:o}", "sheet", uri, "width",
        (int)g->thumbnail.shape.width, "height", (int)g->thumbnail.shape.height, "columns",
        (int)columns, "truth", truth, "origin", origin);
    free(uri);
    if (!json)
        return weft_fail(WEFT_ENOMEM, "no memory for the report's pictures");
    *out = json;
    return WEFT_OK;
}
