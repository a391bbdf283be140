#include "report/gallery.h"

#include <assert.h>
#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "data/picture.h"
#include "data/resize.h"
#include "eval/evaluation.h"

enum { COLUMNS = 64 };

static weft_recipe thumbnail_of(weft_shape shape, uint32_t side)
{
    uint32_t longest = shape.height > shape.width ? shape.height : shape.width;
    if (longest > side) {
        shape.height = (shape.height * side + longest / 2) / longest;
        shape.width = (shape.width * side + longest / 2) / longest;
        shape.height += shape.height == 0;
        shape.width += shape.width == 0;
    }
    return (weft_recipe){.shape = shape, .fit = WEFT_FIT_STRETCH};
}

weft_status weft__gallery_begin(
    weft__gallery *g, const weft_view *views, size_t count, uint32_t longest, size_t budget)
{
    assert(count > 0 && count <= WEFT__GALLERY_VIEWS);
    *g = (weft__gallery){.view_count = count};
    for (size_t i = 0; i < count; i++)
        g->views[i].view = views[i];
    g->thumbnail = thumbnail_of(weft_dataset_shape(views[0].data), longest);
    size_t bytes = weft_shape_bytes(g->thumbnail.shape);
    g->limit = budget / bytes;
    g->truth = json_array();
    g->origin = json_array();
    weft_status status = weft__alloc(&g->pixels, g->limit, bytes, "thumbnails");
    if (status == WEFT_OK && !(g->truth && g->origin))
        status = weft_fail(WEFT_ENOMEM, "no memory for a page's pictures");
    if (status != WEFT_OK)
        weft__gallery_clear(g);
    return status;
}

void weft__gallery_clear(weft__gallery *g)
{
    free(g->pixels);
    for (size_t i = 0; i < g->view_count; i++)
        free(g->views[i].places);
    json_decref(g->truth);
    json_decref(g->origin);
    *g = (weft__gallery){0};
}

/* Takes `truth`. */
static weft_status add(weft__gallery *g, const uint8_t *pixels, weft_shape shape,
    json_t *truth, const char *origin, int *place)
{
    if (g->count == g->limit) {
        json_decref(truth);
        *place = -1;
        return WEFT_OK;
    }
    uint8_t *out = g->pixels + g->count * weft_shape_bytes(g->thumbnail.shape);
    weft_status status = weft__resize(out, &g->thumbnail, pixels, shape);
    json_t *text = status == WEFT_OK ? weft__json_text(origin) : NULL;
    if (json_array_append_new(g->truth, truth) || json_array_append_new(g->origin, text)) {
        WEFT_TRY(status);
        return weft_fail(WEFT_ENOMEM, "no memory for a page's pictures");
    }
    *place = (int)g->count++;
    return WEFT_OK;
}

int weft__gallery_find(const weft__gallery *g, size_t view, size_t at)
{
    const int32_t *places = g->views[view].places;
    return places ? places[at] : -1;
}

weft_status weft__gallery_add(weft__gallery *g, size_t number, size_t at, int *place)
{
    struct weft__gallery_view *v = &g->views[number];
    if (!v->places) {
        WEFT_TRY(weft__alloc(
            &v->places, v->view.count, sizeof *v->places, "thumbnails' places"));
        memset(v->places, -1, v->view.count * sizeof *v->places);
    }
    if (v->places[at] < 0) {
        char origin[512];
        weft_dataset_origin(
            v->view.data, weft_view_at(&v->view, at), origin, sizeof origin);
        json_t *truth = weft_dataset_labels(v->view.data)
                            ? json_integer(weft_view_label(&v->view, at))
                            : json_null();
        int new_place = -1;
        WEFT_TRY(add(g, weft_view_pixels(&v->view, at), weft_dataset_shape(v->view.data),
            truth, origin, &new_place));
        v->places[at] = new_place;
    }
    *place = v->places[at];
    return WEFT_OK;
}

weft_status weft__gallery_add_made(weft__gallery *g, const uint8_t *pixels,
    weft_shape shape, const char *origin, int *place)
{
    return add(g, pixels, shape, json_null(), origin, place);
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
    json_t *json = json_pack("{s:s, s:i, s:i, s:i, s:O, s:O}", "sheet", uri, "width",
        (int)g->thumbnail.shape.width, "height", (int)g->thumbnail.shape.height, "columns",
        (int)columns, "truth", g->truth, "origin", g->origin);
    free(uri);
    if (!json)
        return weft_fail(WEFT_ENOMEM, "no memory for a page's pictures");
    *out = json;
    return WEFT_OK;
}
