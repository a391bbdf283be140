/* weft/inspect.h: quality control: what good pictures look like, and where one differs.
 *
 *     weft_inspect_options options = weft_inspect_defaults();
 *     WEFT_TRY(weft_inspector_fit(&inspector, &good, NULL, &options, context));
 *     WEFT_TRY(weft_inspector_score(scores, maps, inspector, &view, context));
 *     if (scores[i] > 1) ... defective ...
 *
 * Learns from good pictures: at several sizes of the picture, for each place, the normal
 * distribution of what a patch there looks like (PaDiM: Defard et al. 2020), of pixels and,
 * where a network is given, of its last feature maps. */
#ifndef WEFT_INSPECT_H
#define WEFT_INSPECT_H

#include "weft/classifier.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_inspector weft_inspector;

typedef struct weft_inspect_options {
    double reject;        /* the share of good pictures that may be rejected, 0 to 1 */
    double held_out;      /* the share of the good that only sets the threshold */
    uint64_t seed;        /* of which they are */
    const char *features; /* a weft model's file, a network's; NULL: pixels alone */
} weft_inspect_options;

/* 0.05, 0.2, 1, NULL. */
WEFT_API weft_inspect_options weft_inspect_defaults(void);

/* `defective`, of the same shape, may be NULL; where it is given, of the ways to join what
 * was found that is taken which tells it best from the held-out good pictures. The labels
 * of neither are looked at. WEFT_EINVAL for fewer good pictures than 20, or fewer held out
 * than 1/reject - 1. */
WEFT_API WEFT_MUST weft_status weft_inspector_fit(weft_inspector **out,
    const weft_view *good, const weft_view *defective, const weft_inspect_options *options,
    weft_context *context);
WEFT_API void weft_inspector_free(weft_inspector *inspector); /* NULL-safe */

/* One safetensors file, whole or not at all. A network's model is kept within. */
WEFT_API WEFT_MUST weft_status weft_inspector_save(
    const weft_inspector *inspector, const char *path);
WEFT_API WEFT_MUST weft_status weft_inspector_load(weft_inspector **out, const char *path);

/* How its pictures are read; the rate of false rejects it was made for. */
WEFT_API weft_recipe weft_inspector_recipe(const weft_inspector *inspector);
WEFT_API double weft_inspector_reject(const weft_inspector *inspector);

/* Writes count scores, above 1: not as good ones are. `maps`, count x height x width, NULL
 * where not wanted: how far each pixel is from what its surroundings let expect, in squared
 * standard deviations, summed over sizes. */
WEFT_API WEFT_MUST weft_status weft_inspector_score(float *scores, float *maps,
    const weft_inspector *inspector, const weft_view *view, weft_context *context);

/* What was found, for files. All borrowed. */
typedef struct weft_inspection {
    const weft_inspector *inspector;
    const weft_view *view;
    const float *scores, *maps; /* as weft_inspector_score writes them */
    const char *command;        /* that makes the same again; may be NULL */
    size_t pictures; /* at most so many get a panel: the highest scores, in order */
} weft_inspection;

/* Writes inspect.json, inspect.html and panels (picture, map, overlay) as a new folder. */
WEFT_API WEFT_MUST weft_status weft_inspection_save(
    const char *folder, const weft_inspection *inspection);

#ifdef __cplusplus
}
#endif
#endif
