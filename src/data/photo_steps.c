/* The steps from a photo to a product, drawn. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/events.h"
#include "core/file.h"
#include "core/folder.h"
#include "core/mem.h"
#include "core/team.h"
#include "data/dataset.h"
#include "data/picture.h"
#include "data/product.h"
#include "data/resize.h"
#include "weft/photo.h"

/* Every step is fitted into a square of this side. */
enum { STEPS = 5, TILE = 2 * WEFT__PRODUCT_SIDE, GAP = 4, PAPER = 255 };

struct drawing {
    const char *folder;
    const char *const *paths;
    weft_shape shape;
    weft_context *context;
};

/* A step's picture, enlarged or not, in the middle of its square. */
static weft_status put(uint8_t *sheet, int step, const uint8_t *picture, weft_shape from)
{
    enum { WIDTH = STEPS * (TILE + GAP) - GAP };
    static const weft_recipe recipe = {{TILE, TILE, 3}, WEFT_FIT_PAD, PAPER};
    uint8_t *tile;
    WEFT_TRY(weft__alloc(&tile, weft_shape_bytes(recipe.shape), 1, "a drawing"));
    weft_status status = weft__resize(tile, &recipe, picture, from);
    for (size_t y = 0; status == WEFT_OK && y < TILE; y++)
        memcpy(sheet + (y * WIDTH + (size_t)step * (TILE + GAP)) * 3, tile + y * TILE * 3,
            (size_t)TILE * 3);
    free(tile);
    return status;
}

/* The photo where the mask is; the rest pale. */
static void show_mask(uint8_t *rgb, const weft__product *p)
{
    size_t count = (size_t)p->cutout.height * p->cutout.width;
    for (size_t i = 0; i < 3 * count; i++)
        rgb[i] =
            p->cutout.mask[i / 3] ? p->small[i] : (uint8_t)(PAPER - 40 + p->small[i] / 7);
}

static weft_status draw_steps(
    uint8_t *sheet, const weft__product *p, const uint8_t *made, weft_shape shape)
{
    const weft__cutout *c = &p->cutout;
    weft_shape grey = {c->height, c->width, 1}, colour = {c->height, c->width, 3};
    size_t count = (size_t)c->height * c->width;
    uint8_t *work;
    WEFT_TRY(weft__alloc(&work, 3 * count, 1, "a drawing"));
    weft_status status = put(sheet, 0, p->small, colour);
    for (size_t i = 0; i < count; i++) {
        float level = c->likely[i] < 0 ? 0 : c->likely[i] > 1 ? 1 : c->likely[i];
        work[i] = (uint8_t)(255 * level + 0.5f);
    }
    if (status == WEFT_OK)
        status = put(sheet, 1, work, grey);
    show_mask(work, p);
    if (status == WEFT_OK)
        status = put(sheet, 2, work, colour);
    if (status == WEFT_OK)
        status = put(sheet, 3, p->grey, grey);
    if (status == WEFT_OK)
        status = put(sheet, 4, made, shape);
    free(work);
    return status;
}

static weft_status draw_file(const char *path, const char *photo, weft_shape shape)
{
    const weft_shape whole = {TILE, STEPS * (TILE + GAP) - GAP, 3};
    weft__product steps = {0};
    uint8_t *sheet = NULL, *made;
    WEFT_TRY(weft__alloc(&made, weft_shape_bytes(shape), 1, "a drawing"));
    weft_status status = weft__picture_product(made, shape, photo, &steps);
    if (status == WEFT_OK)
        status = weft__alloc(&sheet, weft_shape_bytes(whole), 1, "a drawing");
    if (status == WEFT_OK) {
        memset(sheet, PAPER, weft_shape_bytes(whole));
        status = draw_steps(sheet, &steps, made, shape);
    }
    if (status == WEFT_OK)
        status = weft_picture_write_png(path, sheet, whole);
    weft__product_clear(&steps);
    free(sheet);
    free(made);
    return status;
}

static weft_status draw_chunk(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    const struct drawing *d = arg;
    for (size_t i = begin; i < end; i++) {
        char name[32], *path;
        snprintf(name, sizeof name, "%zu.png", i + 1);
        WEFT_TRY(weft__path_join(&path, d->folder, name));
        weft_status status = draw_file(path, d->paths[i], d->shape);
        free(path);
        if (status == WEFT_EFORMAT || status == WEFT_EUNSUPPORTED ||
            status == WEFT_ENOTFOUND)
            weft__note(d->context, "%s", weft_error());
        else
            WEFT_TRY(status);
    }
    return WEFT_OK;
}

weft_status weft_photo_save_steps(const char *folder, const char *const *paths,
    size_t count, weft_shape shape, weft_context *context)
{
    weft_recipe recipe = {shape, WEFT_FIT_PRODUCT, 0};
    weft__folder_writer writer;
    WEFT_TRY(weft__check_recipe(&recipe));
    WEFT_TRY(weft__folder_begin(&writer, folder));
    struct drawing d = {writer.temporary, paths, shape, context};
    weft_status status =
        weft__parallel(context, count, 1, draw_chunk, &d, "drawing steps", "photos");
    if (status == WEFT_OK)
        status = weft__folder_commit(&writer, false);
    weft__folder_abandon(&writer);
    return status;
}
