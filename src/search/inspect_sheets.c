/* Pictures at several sizes, and a network's feature maps, as sheets of places. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "data/resize.h"
#include "model/family.h"
#include "search/inspect.h"

enum { STEP = 4 /* pixels between patches: half of them overlap */ };

static weft_status lay_out(weft__inspect_sheet *s)
{
    s->rows = (s->shape.height - s->side) / s->step + 1;
    s->columns = (s->shape.width - s->side) / s->step + 1;
    s->dims = (size_t)s->side * s->side * s->shape.channels;
    return weft__calloc(&s->places, s->rows * s->columns, sizeof *s->places, "places");
}

/* Sizes double while the picture has that much to show; sides are made a multiple of the
 * step so that patches cover all. */
static weft_status plan_pixels(weft_inspector *self)
{
    weft_shape shape = self->recipe.shape;
    uint32_t side = WEFT__INSPECT_PATCH;
    for (size_t l = 0; l < WEFT__INSPECT_LEVELS; l++, side *= 2) {
        uint32_t longest = shape.height > shape.width ? shape.height : shape.width;
        if (l > 0 && side / 2 >= longest)
            break;
        weft__inspect_sheet *s = &self->sheets[self->sheet_count++];
        s->shape = (weft_shape){side, side, shape.channels};
        s->side = WEFT__INSPECT_PATCH;
        s->step = STEP;
        WEFT_TRY(lay_out(s));
    }
    return WEFT_OK;
}

static weft_status plan_network(weft_inspector *self)
{
    const weft_classifier *model = self->model;
    const char *layer;
    size_t shape[3];
    if (!model->family->derivatives_shape)
        return weft_fail(WEFT_EUNSUPPORTED,
            "%s: has no feature maps: --features takes a network's model",
            model->info.name);
    WEFT_TRY(model->family->derivatives_shape(model, NULL, &layer, shape));
    if (shape[2] > WEFT__NORMAL_DIMS || shape[0] > WEFT_MAX_SIDE ||
        shape[1] > WEFT_MAX_SIDE)
        return weft_fail(WEFT_EUNSUPPORTED, "%s: layer %s has %zu feature maps, at most %d",
            model->info.name, layer, shape[2], WEFT__NORMAL_DIMS);
    weft__inspect_sheet *s = &self->sheets[self->sheet_count++];
    s->shape = (weft_shape){(uint32_t)shape[0], (uint32_t)shape[1], (uint32_t)shape[2]};
    s->side = s->step = 1;
    self->network = true;
    return lay_out(s);
}

weft_status weft__inspect_plan(weft_inspector *self)
{
    WEFT_TRY(plan_pixels(self));
    return self->model ? plan_network(self) : WEFT_OK;
}

static weft_status take_activations(float *points, const weft_classifier *model,
    const weft_view *view, weft_context *context)
{
    size_t bytes = weft_shape_bytes(model->recipe.shape), count = view->count;
    float *pictures = NULL, *logits = NULL;
    weft_status status =
        weft__alloc(&pictures, count * bytes, sizeof *pictures, "pictures");
    if (status == WEFT_OK)
        status = weft__alloc(&logits, count * model->classes, sizeof *logits, "logits");
    for (size_t i = 0; status == WEFT_OK && i < count; i++) {
        const uint8_t *pixels = weft_view_pixels(view, i);
        for (size_t b = 0; b < bytes; b++)
            pictures[i * bytes + b] = pixels[b];
    }
    const weft__derivatives job = {
        .count = count, .pictures = pictures, .logits = logits, .activations = points};
    if (status == WEFT_OK)
        status = model->family->differentiate(model, &job, context);
    free(pictures);
    free(logits);
    return status;
}

weft_status weft__inspect_points(float **out, const weft_inspector *self, size_t sheet,
    const weft_view *view, weft_context *context)
{
    const weft__inspect_sheet *s = &self->sheets[sheet];
    size_t size = (size_t)s->shape.height * s->shape.width * s->shape.channels;
    float *points;
    if (!weft__mul(&size, size, view->count))
        return weft_fail(WEFT_ENOMEM, "%zu pictures are too many", view->count);
    WEFT_TRY(weft__alloc(&points, size, sizeof *points, "patches"));
    weft_recipe recipe = {.shape = s->shape, .fit = WEFT_FIT_STRETCH};
    bool network = self->network && sheet + 1 == self->sheet_count;
    weft_status status = network ? take_activations(points, self->model, view, context)
                                 : weft__resize_points(points, &recipe, view, context);
    if (status == WEFT_OK)
        *out = points;
    else
        free(points);
    return status;
}

void weft__inspect_take(
    float *point, const weft__inspect_sheet *s, const float *picture, size_t place)
{
    size_t y = place / s->columns * s->step, x = place % s->columns * s->step;
    size_t row = (size_t)s->side * s->shape.channels;
    for (size_t r = 0; r < s->side; r++)
        memcpy(point + r * row,
            picture + ((y + r) * s->shape.width + x) * s->shape.channels,
            row * sizeof *point);
}
