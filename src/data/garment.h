/* Garments of Fashion-MNIST's ten classes, each drawn anew from random numbers. */
#ifndef WEFT_DATA_GARMENT_H
#define WEFT_DATA_GARMENT_H

#include <stdbool.h>

#include "data/draw.h"
#include "weft/rng.h"

enum { WEFT__GARMENTS = 10 };

/* Fashion-MNIST's class names in its order. */
extern const char *const weft__garment_names[WEFT__GARMENTS];

/* Draws one garment of class `label` into an empty drawing, upright, in units of its own
 * (about 1 to 3 high); the same numbers give the same garment in grey and in colour. */
void weft__garment_draw(weft__drawing *drawing, unsigned label, bool colour, weft_rng *rng);

/* For those who draw: uniform from `low` to `high`; true with this probability. */
float weft__between(weft_rng *rng, float low, float high);
bool weft__chance(weft_rng *rng, float probability);
/* A colour of this hue (in turns), saturation and value; grey of the value alone when
 * not `colour`. */
void weft__tint(float out[3], bool colour, float hue, float saturation, float value);

/* What a garment is made of. */
typedef struct weft__cloth {
    weft__paint fabric;
    weft__paint side; /* the fabric in a little less or more light: sleeves, far legs */
    weft__paint dark; /* inside of a neck, gaps */
    weft__paint seam; /* thin lines */
    weft__paint trim; /* buttons, soles, prints: stands out from the fabric */
    bool colour;
} weft__cloth;

/* One function for each shape, in garment.c and footwear.c. */
void weft__draw_sandal(weft__drawing *drawing, const weft__cloth *cloth, weft_rng *rng);
void weft__draw_sneaker(weft__drawing *drawing, const weft__cloth *cloth, weft_rng *rng);
void weft__draw_boot(weft__drawing *drawing, const weft__cloth *cloth, weft_rng *rng);

#endif
