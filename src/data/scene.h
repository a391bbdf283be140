/* One synthetic picture: a garment, its place in the frame, the ground and the light. */
#ifndef WEFT_DATA_SCENE_H
#define WEFT_DATA_SCENE_H

#include <stdbool.h>

#include "data/draw.h"
#include "data/garment.h"
#include "weft/rng.h"

/* What drawing a picture needs; one for each thread. */
typedef struct weft__scene {
    weft__canvas canvas;
    weft__drawing garment, ground;
} weft__scene;

WEFT_MUST weft_status weft__scene_create(
    weft__scene **out, uint32_t height, uint32_t width, uint32_t channels);
void weft__scene_free(weft__scene *scene); /* NULL-safe */

/* Draws a garment of class `label` into `pixels`, height x width x channels bytes: grey on
 * black and upright like Fashion-MNIST's, or as a photo on cluttered ground. */
void weft__scene_draw(
    weft__scene *scene, unsigned label, bool photo, weft_rng *rng, uint8_t *pixels);

#endif
