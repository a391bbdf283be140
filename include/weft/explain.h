/* weft/explain.h: where on a picture a classifier found its answer.
 *
 *     weft_explain_options options;
 *     WEFT_TRY(weft_param_defaults(weft_explain_params, &options));
 *     float *maps = ...;      // count x height x width
 *     uint16_t *classes = ...; // count
 *     WEFT_TRY(weft_explain(maps, classes, NULL, model, &view, &options, context));
 *     weft_param_clear(weft_explain_params, &options);
 *
 * A map has a number for each pixel of the picture as the classifier sees it. Networks are
 * explained by Grad-CAM and other derivatives, nearest neighbours, logistic regression and
 * trees by what each pixel adds, all by occlusion, which asks for nothing but predictions.
 * weft_explain_evidence finds what else there is: the training pictures that an answer
 * rests on, a way through a tree, the model's own weights. */
#ifndef WEFT_EXPLAIN_H
#define WEFT_EXPLAIN_H

#include <stddef.h>
#include <stdint.h>

#include "weft/classifier.h"
#include "weft/context.h"
#include "weft/dataset.h"
#include "weft/param.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weft_explain_method {
    WEFT_EXPLAIN_AUTO,     /* Grad-CAM where there are layers with height or width, else
                            * contributions, else integrated gradients, else occlusion */
    WEFT_EXPLAIN_GRAD_CAM, /* Selvaraju et al. 2017, equations 1 and 2 */
    WEFT_EXPLAIN_GRAD_CAM_PLUS_PLUS,   /* Chattopadhyay et al. 2018, equations 5 and 19 */
    WEFT_EXPLAIN_INTEGRATED_GRADIENTS, /* Sundararajan et al. 2017, equation 3 */
    WEFT_EXPLAIN_SMOOTH_GRAD,          /* Smilkov et al. 2017, section 3 */
    WEFT_EXPLAIN_OCCLUSION,            /* Zeiler and Fergus 2014, section 4.2 */
    WEFT_EXPLAIN_RANDOM,               /* uniform noise: what a map must be better than */
    WEFT_EXPLAIN_CONTRIBUTIONS /* what each pixel adds to the class's score, exactly:
                                * the family's own sum, see weft_explain */
} weft_explain_method;

typedef struct weft_explain_options {
    int method;             /* weft_explain_method */
    char *layer;            /* Grad-CAM's; NULL: the last with height or width */
    uint64_t steps;         /* integrated gradients: points on the way from the baseline */
    double baseline;        /* a byte: what stands for "nothing there" */
    uint64_t samples;       /* SmoothGrad */
    double noise;           /* SmoothGrad: deviation, as a share of the byte's range */
    uint64_t patch, stride; /* occlusion, pixels; 0: a quarter of the shorter side, and a
                             * quarter of the patch */
    bool untrained; /* with random weights in place of the fitted: a map that looks the same
                     * explains nothing (Adebayo et al. 2018); networks alone */
    uint64_t seed;  /* of noise and random weights */
} weft_explain_options;

/* The options of a weft_explain_options that is the member `member` of the struct `type`,
 * for a table of weft_param. */
#define WEFT_EXPLAIN_FIELD(type, member, field) \
    (offsetof(type, member) + offsetof(weft_explain_options, field))
#define WEFT_EXPLAIN_PARAMS(type, member) \
    {"method", WEFT_PARAM_CHOICE, WEFT_EXPLAIN_FIELD(type, member, method), "auto", 0, 0, \
        "auto|grad-cam|grad-cam++|integrated|smooth-grad|occlusion|random|contributions", \
        "how the map is made; auto: the first that the model has of grad-cam, " \
        "contributions, integrated, occlusion"}, \
        {"layer", WEFT_PARAM_TEXT, WEFT_EXPLAIN_FIELD(type, member, layer), NULL, 0, 0, \
            NULL, "grad-cam: the layer looked at; else the last with height or width"}, \
        {"steps", WEFT_PARAM_COUNT, WEFT_EXPLAIN_FIELD(type, member, steps), "64", 1, \
            100000, NULL, "integrated gradients: points on the way from the baseline"}, \
        {"baseline", WEFT_PARAM_REAL, WEFT_EXPLAIN_FIELD(type, member, baseline), "0", 0, \
            255, NULL, "grey level that stands for nothing there"}, \
        {"samples", WEFT_PARAM_COUNT, WEFT_EXPLAIN_FIELD(type, member, samples), "32", 1, \
            100000, NULL, "smooth-grad: noisy copies"}, \
        {"noise", WEFT_PARAM_REAL, WEFT_EXPLAIN_FIELD(type, member, noise), "0.15", 0, 10, \
            NULL, "smooth-grad: deviation of the noise, 1 is white from black"}, \
        {"patch", WEFT_PARAM_COUNT, WEFT_EXPLAIN_FIELD(type, member, patch), "0", 0, 4096, \
            NULL, "occlusion: side of the patch in pixels; 0: a quarter of the picture"}, \
        {"stride", WEFT_PARAM_COUNT, WEFT_EXPLAIN_FIELD(type, member, stride), "0", 0, \
            4096, NULL, "occlusion: pixels to the next patch; 0: a quarter of the patch"}, \
        {"untrained", WEFT_PARAM_FLAG, WEFT_EXPLAIN_FIELD(type, member, untrained), \
            "false", 0, 0, NULL, \
            "with random weights: a map that looks the same explains nothing"}, \
    { \
        "seed", WEFT_PARAM_COUNT, WEFT_EXPLAIN_FIELD(type, member, seed), "1", 0, \
            9007199254740992.0, NULL, "of noise and random weights" \
    }

/* The same as a table of its own. */
extern WEFT_API const weft_param weft_explain_params[];

/* The method that AUTO stands for with this classifier. */
WEFT_API weft_explain_method weft_explain_choose(const weft_classifier *classifier);
/* "grad-cam". */
WEFT_API const char *weft_explain_name(weft_explain_method method);

/* Writes one map of height x width for each picture of the view to `maps`. classes[i] is
 * the class whose score is explained; where `classes` is NULL, or classes[i] is
 * WEFT_EXPLAIN_PREDICTED, it is the one predicted, which classes[i] then receives.
 * `probabilities` (count x classes; may be NULL) receives what
 * weft_classifier_predict_proba gives, within rounding; methods that see the scores anyway
 * save the time of predicting.
 *
 * Grad-CAM gives what is 0 or more; the others what speaks for the class as positive and
 * what speaks against it as negative. Integrated gradients of a picture sum to the logit's
 * difference from the baseline's. SmoothGrad is never negative: it tells how much a pixel
 * matters. Contributions of a picture sum to its score's difference from a base:
 * - logistic regression: coefficient x (pixel - baseline), sum: the logit's difference from
 *   the baseline's, through principal components too;
 * - forests: along every tree's path, by how much each cut changes the class's share among
 *   the training pictures below (Saabas 2014, "Interpreting random forests"), sum: the
 *   probability's difference from the share in the whole; boosted trees: the same of the
 *   class's score before the softmax, training pictures weighed by their hessians;
 * - k nearest neighbours: by how much a pixel brings the picture nearer to the nearest of
 *   the class than to the nearest of all others, sum: the difference of the two distances
 *   (Euclidean ones squared), pixels as 0 to 1.
 * WEFT_EUNSUPPORTED for a method that the classifier has no derivatives or layers for,
 * WEFT_ENOTFOUND for a layer that is not there. */
enum { WEFT_EXPLAIN_PREDICTED = 65535 };
WEFT_API WEFT_MUST weft_status weft_explain(float *maps, uint16_t *classes,
    float *probabilities, const weft_classifier *classifier, const weft_view *view,
    const weft_explain_options *options, weft_context *context);

/* How the class's probability changes as the pixels that a map ranks highest are taken
 * away (deletion) from the picture or put (insertion) on an empty one: Petsiuk et al. 2018,
 * section 4.2. */
enum { WEFT_EXPLAIN_POINTS = 21 }; /* 0, 5, ... 100 % of the pixels */
typedef struct weft_faithfulness {
    double deletion[WEFT_EXPLAIN_POINTS], insertion[WEFT_EXPLAIN_POINTS]; /* means */
    double deletion_area, insertion_area; /* under the curves: small and large are good */
} weft_faithfulness;

/* Over all pictures of the view; `classes` as weft_explain left them. */
WEFT_API WEFT_MUST weft_status weft_explain_faithfulness(weft_faithfulness *out,
    const float *maps, const uint16_t *classes, const weft_classifier *classifier,
    const weft_view *view, double baseline, weft_context *context);

/* A training picture that an answer rests on. */
enum { WEFT_EXPLAIN_NOBODY = 65535 };
typedef struct weft_explain_example {
    uint16_t label;
    float weight;   /* what it adds to the class's score; negative: takes away */
    float distance; /* as the classifier measures it; NaN where it does not */
} weft_explain_example;

/* A cut of a tree: a picture whose value is above `cut` goes right. */
typedef struct weft_explain_step {
    uint32_t value;      /* (row x width + column) x channels + channel */
    uint8_t found, cut;  /* the picture's value there; the threshold */
    float before, after; /* the class's score above and below the cut */
} weft_explain_step;

/* A picture's way through the tree that says most about its class: of the trees that move
 * the class's score farthest, that of fewest cuts. */
typedef struct weft_explain_path {
    size_t tree, trees; /* which, from 0, of how many that speak of the class */
    size_t count;
    weft_explain_step *steps; /* owned */
} weft_explain_path;

/* What the classifier has besides maps. Of each picture, where the family has it. */
typedef struct weft_evidence {
    size_t count;           /* pictures: see weft_explain_spread */
    double *bases, *scores; /* count: contributions + base = score; NULL: no such thing */
    char why_not[256];      /* why there are no contributions, where they might be expected;
                             * else empty */
    size_t examples;        /* of each picture; 0: no such thing */
    weft_explain_example *example; /* count x examples */
    uint8_t *pixels;               /* count x examples pictures of the recipe's shape; NULL:
                                    * its features cannot be drawn */
    const char *example_meaning;   /* static */
    size_t boundary; /* of each class: the training pictures nearest to where it becomes
                      * another, label being that other; 0: no such thing */
    weft_explain_example *boundary_example; /* classes x boundary; label
                                             * WEFT_EXPLAIN_NOBODY: there are fewer */
    uint8_t *boundary_pixels;               /* the same, pictures; NULL: cannot be drawn */
    const char *boundary_meaning;           /* static */
    weft_explain_path *paths;               /* count; NULL: no trees on pixels */
    size_t weights;             /* maps of the model itself: one for each class, 1 for all,
                                 * or 0 */
    float *weight;              /* weights x height x width, summed over channels */
    const char *weight_meaning; /* static */
} weft_evidence;

/* The position in a view of `count` pictures of the n-th of `shown` spread evenly. */
static inline size_t weft_explain_spread(size_t count, size_t shown, size_t n)
{
    return n * count / shown;
}

/* Gathers it for at most `pictures` pictures spread evenly over the view, with at most
 * `examples` training pictures for each; `classes`, those explained, is of the whole view,
 * as weft_explain left it. Cleared by weft_evidence_clear, also after failure. */
WEFT_API WEFT_MUST weft_status weft_explain_evidence(weft_evidence *out,
    const weft_classifier *classifier, const weft_view *view, const uint16_t *classes,
    size_t pictures, size_t examples, const weft_explain_options *options,
    weft_context *context);
WEFT_API void weft_evidence_clear(weft_evidence *evidence); /* NULL-safe */

/* A map as colours: `pixels` receives height x width x 3 bytes. With `picture` (a picture
 * of `shape`), the map lies over it, else it stands alone. Zero is the scale's start, or
 * its middle where a value is negative; the largest magnitude is its end. */
WEFT_API void weft_explain_draw(
    uint8_t *pixels, const float *map, const uint8_t *picture, weft_shape shape);

/* Picture, map and overlay side by side, each pixel a square of `zoom`, on white. */
WEFT_API weft_shape weft_explain_panel_shape(weft_shape shape, uint32_t zoom);
WEFT_API WEFT_MUST weft_status weft_explain_panel(uint8_t *pixels, const float *map,
    const uint8_t *picture, weft_shape shape, uint32_t zoom);

/* What weft_explain found, for files. All borrowed; what may be NULL is left out. */
typedef struct weft_explanation {
    const weft_classifier *classifier;
    const weft_view *view;
    const weft_explain_options *options;
    const float *maps;                              /* count x height x width */
    const uint16_t *classes;                        /* count: explained */
    const float *probabilities;                     /* count x classes */
    const weft_faithfulness *faithfulness, *random; /* of the maps, and of noise; may be
                                                     * NULL */
    const weft_evidence *evidence; /* for the same number of pictures; may be NULL */
    const char *command;           /* that makes the same again; may be NULL */
    size_t pictures; /* at most so many get a panel, spread evenly over the view */
} weft_explanation;

/* Writes explain.json, explain.html and PNG panels as a new folder, whole or not at all:
 * one for each picture (picture-NNNN.png), and for each class the mean of its maps over the
 * mean of its pictures (class-NNNN.png). */
WEFT_API WEFT_MUST weft_status weft_explain_save(
    const char *folder, const weft_explanation *explanation);

#ifdef __cplusplus
}
#endif
#endif
