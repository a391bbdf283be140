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

/* Those of them that a method takes at once. */
typedef struct weft__explain_run {
    float *maps;           /* count x height x width: written */
    const uint8_t *pixels; /* count pictures */
    uint16_t *classes;     /* count: whose score is explained */
    float *probabilities;  /* count x classes. NULL: not asked for, and no class is
                            * WEFT_EXPLAIN_PREDICTED. Else written, and the likeliest takes
                            * that one's place; only methods that predict on the way are
                            * asked */
    size_t count;
} weft__explain_run;

/* One method. */
typedef weft_status (*weft__explain_fn)(
    const weft__explaining *e, const weft__explain_run *run);

weft_status weft__grad_cam(const weft__explaining *e, const weft__explain_run *run);
weft_status weft__grad_cam_plus_plus(
    const weft__explaining *e, const weft__explain_run *run);
weft_status weft__integrated_gradients(
    const weft__explaining *e, const weft__explain_run *run);
weft_status weft__smooth_grad(const weft__explaining *e, const weft__explain_run *run);
weft_status weft__occlusion(const weft__explaining *e, const weft__explain_run *run);

weft_status weft__explain_contributions(
    const weft__explaining *e, const weft__explain_run *run);

/* Of the view's pictures, whose family can: a map of each, and scores = bases + the map's
 * sum. */
WEFT_MUST weft_status weft__contribute(float *maps, double *bases, double *scores,
    const weft__explaining *e, const weft_view *view, const uint16_t *classes);
/* `pixels` values from as many times `channels`. */
void weft__sum_channels(float *maps, const float *values, size_t pixels, size_t channels);

/* count x classes probabilities of pictures that are bytes of `shape`. */
WEFT_MUST weft_status weft__explain_predict(
    float *probabilities, const weft__explaining *e, const uint8_t *pixels, size_t count);

/* Puts the class of the largest score, of count x classes, where classes[i] is
 * WEFT_EXPLAIN_PREDICTED. */
void weft__explain_take_likeliest(
    const weft__explaining *e, const weft__explain_run *run, const float *scores);

/* Bytes at most that a method sets aside for what it works on at once. */
enum { WEFT__EXPLAIN_BYTES = 64 << 20 };

#endif
