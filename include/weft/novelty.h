/* weft/novelty.h: whether a picture is like those that a classifier learnt from.
 *
 *     WEFT_TRY(weft_classifier_fit(model, &train, &validation, context));
 *     WEFT_TRY(weft_novelty_fit(model, &train, &validation, 0.05, context));
 *     ...
 *     WEFT_TRY(weft_novelty_score(found, model, &view, probabilities, context));
 *     if (found[i].score > 1) ... unknown ...
 *
 * What is learnt belongs to the model and is kept in its file. A score joins the
 * Mahalanobis distance to the nearest class, with one covariance for all (Lee et al. 2018),
 * of what a network makes of the picture before it decides and of the picture's own pixels,
 * and how sure the classifier is (Hendrycks and Gimpel 2017). */
#ifndef WEFT_NOVELTY_H
#define WEFT_NOVELTY_H

#include "weft/classifier.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { WEFT_NOVELTY_NEAREST = 3 };

typedef struct weft_novelty {
    float score; /* 0 upwards; above 1: unlike the training pictures */
    uint16_t nearest[WEFT_NOVELTY_NEAREST]; /* classes, the nearest first */
    size_t nearest_count;                   /* fewer where there are fewer classes */
} weft_novelty;

/* Learns from `train`, the pictures that the classifier was fitted on, or an even part of
 * many, and sets the threshold so that the share `rate`, above 0 and below 1, of pictures
 * like `held_out` is above it (as conformal prediction does: Vovk et al. 2005). held_out
 * are pictures of the same classes that were not learnt from, at least 1/rate - 1 of them,
 * else WEFT_EINVAL. What was learnt before is replaced. */
WEFT_API WEFT_MUST weft_status weft_novelty_fit(weft_classifier *classifier,
    const weft_view *train, const weft_view *held_out, double rate, weft_context *context);
/* The rate it was fitted for; 0: it was not fitted. */
WEFT_API double weft_novelty_rate(const weft_classifier *classifier);

/* Writes view->count scores. `probabilities` are those that the classifier gives the view,
 * count x classes. WEFT_EUNSUPPORTED where nothing was fitted. */
WEFT_API WEFT_MUST weft_status weft_novelty_score(weft_novelty *out,
    const weft_classifier *classifier, const weft_view *view, const float *probabilities,
    weft_context *context);

/* How well scores tell known pictures from foreign ones. */
typedef struct weft_novelty_figures {
    size_t known, foreign; /* pictures */
    double auroc;          /* chance that a foreign one has the higher score, ties half */
    double false_alarms;   /* share of the known above 1 */
    double found;          /* share of the foreign above 1 */
} weft_novelty_figures;

/* Of finite or infinite scores, some on both sides, else WEFT_EINVAL. */
WEFT_API WEFT_MUST weft_status weft_novelty_measure(weft_novelty_figures *out,
    const float *known, size_t known_count, const float *foreign, size_t foreign_count);

#ifdef __cplusplus
}
#endif
#endif
