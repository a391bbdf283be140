/* A sheet of augmented pictures. */
#include "weft/preview.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "nn/augment.h"
#include "weft/picture.h"

enum { GAP = 4, GAP_LEVEL = 128, LEAST_SIDE = 84, LARGEST_SHEET = 16384 };

weft_augmentation weft_augmentation_defaults(void)
{
    return (weft_augmentation){0};
}

weft_preview_options weft_preview_defaults(void)
{
    return (weft_preview_options){.pictures = 8, .epochs = 8, .seed = 1};
}

/* Within what the options allow: a caller may have filled the struct by hand. */
static weft_status check(const weft_augmentation *given)
{
    struct options {
        weft_augmentation augmentation;
    } copy = {*given};
    static const weft_param table[] = {
        WEFT_AUGMENTATION_PARAMS(struct options, augmentation), {0}};
    char text[64];
    if (given->flip < WEFT_FLIP_NONE || given->flip > WEFT_FLIP_ALTERNATE)
        return weft_fail(WEFT_EINVAL, "flip %d: expected 0 to %d", given->flip,
            (int)WEFT_FLIP_ALTERNATE);
    for (const weft_param *p = table; p->name; p++) {
        WEFT_TRY(weft_param_get(table, &copy, p->name, text, sizeof text));
        WEFT_TRY(weft_param_set(table, &copy, p->name, text));
    }
    return WEFT_OK;
}

struct sheet {
    uint8_t *pixels; /* owned */
    weft_shape shape, tile;
    uint32_t factor; /* every pixel becomes a square of this side, to be seen at all */
};

static weft_status make_sheet(
    struct sheet *sheet, weft_shape tile, size_t rows, size_t columns)
{
    uint32_t side = tile.height < tile.width ? tile.height : tile.width;
    uint32_t factor = side < LEAST_SIDE ? LEAST_SIDE / side : 1;
    size_t height = (size_t)tile.height * factor + GAP;
    size_t width = (size_t)tile.width * factor + GAP;
    if (rows < 1 || columns < 1 || rows > (LARGEST_SHEET - GAP) / height ||
        columns > (LARGEST_SHEET - GAP) / width)
        return weft_fail(WEFT_EINVAL,
            "a sheet of %zu x %zu pictures of %u x %u: expected 1 x 1 to %zu x %zu", rows,
            columns, tile.height, tile.width, (LARGEST_SHEET - GAP) / height,
            (LARGEST_SHEET - GAP) / width);
    sheet->tile = tile;
    sheet->factor = factor;
    sheet->shape = (weft_shape){
        (uint32_t)(rows * height + GAP), (uint32_t)(columns * width + GAP), tile.channels};
    WEFT_TRY(weft__alloc(&sheet->pixels, weft_shape_bytes(sheet->shape), 1, "a sheet"));
    memset(sheet->pixels, GAP_LEVEL, weft_shape_bytes(sheet->shape));
    return WEFT_OK;
}

static void put(struct sheet *sheet, size_t row, size_t column, const uint8_t *picture)
{
    size_t f = sheet->factor, n = sheet->shape.channels;
    size_t height = sheet->tile.height * f, width = sheet->tile.width * f;
    size_t top = GAP + row * (height + GAP), left = GAP + column * (width + GAP);
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            memcpy(sheet->pixels + ((top + y) * sheet->shape.width + left + x) * n,
                picture + (y / f * sheet->tile.width + x / f) * n, n);
}

static void fill(struct sheet *sheet, const weft__batch *batch,
    const weft_augmentation *augmentation, const weft_preview_options *options,
    uint8_t *scratch)
{
    for (size_t row = 0; row < batch->count; row++) {
        put(sheet, row, 0, weft_view_pixels(batch->view, batch->order[row]));
        for (size_t e = 0; e < options->epochs; e++) {
            weft__target target;
            weft__augmenter a = {augmentation, options->seed, e};
            put(sheet, row, e + 1, weft__augmented_row(&target, &a, batch, row, scratch));
        }
    }
}

weft_status weft_preview_save(const char *path, const weft_view *view,
    const weft_augmentation *augmentation, const weft_preview_options *options)
{
    const weft_augmentation none = weft_augmentation_defaults();
    const weft_preview_options standard = weft_preview_defaults();
    augmentation = augmentation ? augmentation : &none;
    options = options ? options : &standard;
    WEFT_TRY(check(augmentation));
    if (!view->count)
        return weft_fail(WEFT_EINVAL, "a preview of no pictures");
    if (options->epochs >= LARGEST_SHEET)
        return weft_fail(WEFT_EINVAL, "a preview of %zu epochs: expected fewer than %d",
            options->epochs, LARGEST_SHEET);
    weft_shape shape = weft_dataset_shape(view->data);
    size_t count = options->pictures < view->count ? options->pictures : view->count;
    struct sheet sheet = {0};
    uint8_t *scratch = NULL;
    uint32_t *order = NULL;
    weft_status status = make_sheet(&sheet, shape, count, options->epochs + 1);
    if (status == WEFT_OK)
        status = weft__alloc(&scratch, weft__augment_scratch(shape), 1, "augmentation");
    if (status == WEFT_OK)
        status = weft__alloc(&order, view->count, sizeof *order, "an order");
    if (status == WEFT_OK) {
        for (size_t i = 0; i < view->count; i++)
            order[i] = (uint32_t)i;
        weft_rng rng = weft_rng_create(options->seed, 0);
        weft_rng_shuffle(&rng, order, view->count);
        const weft__batch batch = {view, order, 0, count};
        fill(&sheet, &batch, augmentation, options, scratch);
        status = weft_picture_write_png(path, sheet.pixels, sheet.shape);
    }
    free(sheet.pixels);
    free(scratch);
    free(order);
    return status;
}
