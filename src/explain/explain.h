/* What the methods share. */
#ifndef WEFT_EXPLAIN_EXPLAIN_H
#define WEFT_EXPLAIN_EXPLAIN_H

#include "model/family.h"
#include "weft/explain.h"

/* Pictures that are explained. */
typedef struct weft__explaining {
    const weft_classifier *classifier;
    const weft_explain_options *options;
    weft_shape shape;
    weft_context *context;
} weft__explaining;

/* One method: maps of `count` pictures, whose bytes are `pixels`, for the given classes. */
typedef weft_status (*weft__explain_fn)(float *maps, const weft__explaining *e,
    const uint8_t *pixels, const uint16_t *classes, size_t count);

weft_status weft__grad_cam(float *maps, const weft__explaining *e, const uint8_t *pixels,
    const uint16_t *classes, size_t count);
weft_status weft__grad_cam_plus_plus(float *maps, const weft__explaining *e,
    const uint8_t *pixels, const uint16_t *classes, size_t count);
weft_status weft__integrated_gradients(float *maps, const weft__explaining *e,
    const uint8_t *pixels, const uint16_t *classes, size_t count);
weft_status weft__smooth_grad(float *maps, const weft__explaining *e, const uint8_t *pixels,
    const uint16_t *classes, size_t count);
weft_status weft__occlusion(float *maps, const weft__explaining *e, const uint8_t *pixels,
    const uint16_t *classes, size_t count);

/* count x classes probabilities of pictures that are bytes of `shape`. */
WEFT_MUST weft_status weft__explain_predict(
    float *probabilities, const weft__explaining *e, const uint8_t *pixels, size_t count);

/* Bytes at most that a method sets aside for what it works on at once. */
enum { WEFT__EXPLAIN_BYTES = 64 << 20 };

#endif
