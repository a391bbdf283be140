/* Drawing: filled and stroked outlines with woven, striped and shaded paints.
 *
 * A drawing is a list of layers in units of its own, bottom first; a canvas renders it
 * through an affine map with exact area coverage. Nothing allocates while drawing: a
 * canvas is made once for each thread and used for many pictures. */
#ifndef WEFT_DATA_DRAW_H
#define WEFT_DATA_DRAW_H

#include <stddef.h>
#include <stdint.h>

#include "weft/rng.h"
#include "weft/status.h"

typedef struct weft__point {
    float x, y; /* y grows downwards */
} weft__point;

typedef enum weft__pattern {
    WEFT__PLAIN,
    WEFT__STRIPES,
    WEFT__CHECKS,
    WEFT__DOTS,
    WEFT__HEATHER, /* mottled yarn */
    WEFT__BLOTCHES,
    WEFT__FADE, /* from `colour` at the top to `other` at the bottom */
    WEFT__PATTERNS
} weft__pattern;

typedef struct weft__paint {
    float colour[3], other[3]; /* 0..1; a grey canvas uses the first of each */
    weft__pattern pattern;     /* mixes `other` into `colour` */
    float period;              /* of the pattern, in drawing units */
    float cosine, sine;        /* its direction */
    float folds;               /* depth of soft folds in the light, 0..1 */
    float alpha;
    uint32_t seed; /* of folds and mottling */
} weft__paint;

enum { WEFT__POINTS = 8192, WEFT__LAYERS = 96 };

typedef struct weft__layer {
    size_t first, count; /* closed outline in `points` */
    weft__paint paint;
} weft__layer;

typedef struct weft__drawing {
    weft__point points[WEFT__POINTS];
    weft__layer layers[WEFT__LAYERS];
    size_t point_count, layer_count;
    size_t start; /* of the outline being drawn */
    int steps;    /* lines that a curve becomes */
} weft__drawing;

/* Empties the drawing; `side`, pixels, decides how finely curves are cut. */
void weft__draw_reset(weft__drawing *drawing, uint32_t side);
void weft__draw_line(weft__drawing *drawing, float x, float y);
/* Quadratic Bezier curve from the last point, bent towards (bx, by). */
void weft__draw_bend(weft__drawing *drawing, float bx, float by, float x, float y);
/* Cubic Bezier curve. */
void weft__draw_curve(
    weft__drawing *drawing, float ax, float ay, float bx, float by, float x, float y);
void weft__draw_ellipse(weft__drawing *drawing, float x, float y, float rx, float ry);
/* The outline drawn so far becomes a layer; the next begins. */
void weft__draw_fill(weft__drawing *drawing, const weft__paint *paint);
/* The open line drawn so far becomes a layer `width` thick. */
void weft__draw_stroke(weft__drawing *drawing, float width, const weft__paint *paint);

/* Smallest and largest coordinates over all layers. */
void weft__draw_bounds(const weft__drawing *drawing, weft__point *low, weft__point *high);

/* Drawing units to pixels: (x, y) -> (xx x + xy y + x0, yx x + yy y + y0). */
typedef struct weft__map {
    float xx, xy, x0, yx, yy, y0;
} weft__map;

typedef struct weft__canvas {
    uint32_t height, width, channels;
    float *colour; /* height x width x channels, 0..1 */
    float *cover;  /* (height + 1) x (width + 2): differences, then coverage, of a layer */
    float *shade;  /* height x width: silhouettes, for shadows */
} weft__canvas;

WEFT_MUST weft_status weft__canvas_create(
    weft__canvas *canvas, uint32_t height, uint32_t width, uint32_t channels);
void weft__canvas_clear(weft__canvas *canvas); /* frees; safe on a zeroed canvas */

/* Paints every layer over what is there. */
void weft__canvas_draw(
    weft__canvas *canvas, const weft__drawing *drawing, const weft__map *map);
/* Darkens what is there under the drawing's silhouette, blurred over `blur` pixels. */
void weft__canvas_shadow(weft__canvas *canvas, const weft__drawing *drawing,
    const weft__map *map, uint32_t blur, float strength);

/* Smooth noise in 0..1 with features of about one unit. */
float weft__noise(float x, float y, uint32_t seed);
/* A well mixed word. */
uint32_t weft__mix(uint32_t word);

#endif
