/* weft/pca.h: principal components of pictures, exact.
 *
 *     weft_pca *pca;
 *     weft_pca_options options = {.variance = 0.95};
 *     WEFT_TRY(weft_pca_fit(&pca, &train, &options, context));
 *     WEFT_TRY(weft_pca_project(pca, &test, projections, context));
 *
 * Pixels count as 0 to 1. The second moments are summed in integers, so the covariance is
 * exact to double precision (Jolliffe, Principal Component Analysis, 2nd ed., 2002). */
#ifndef WEFT_PCA_H
#define WEFT_PCA_H

#include <stddef.h>

#include "weft/context.h"
#include "weft/dataset.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_pca weft_pca;

/* Keeps `components`; where that is 0, as few as explain the share `variance` of the
 * variance. Both 0: all there are. */
typedef struct weft_pca_options {
    size_t components;
    double variance; /* 0 to 1 */
} weft_pca_options;

/* There are at most min(pixels, pictures - 1) components; WEFT_EINVAL when more are asked
 * for or the view has fewer than two pictures. `options` NULL: all. */
WEFT_API WEFT_MUST weft_status weft_pca_fit(weft_pca **out, const weft_view *view,
    const weft_pca_options *options, weft_context *context);
WEFT_API void weft_pca_free(weft_pca *pca); /* NULL-safe */

WEFT_API size_t weft_pca_count(const weft_pca *pca); /* components kept */
WEFT_API size_t weft_pca_dims(const weft_pca *pca);  /* pixels */
/* The share of the variance that component i explains, largest first; 0 past the end. */
WEFT_API double weft_pca_explained(const weft_pca *pca, size_t i);
/* dims values: the mean picture, and component i, of length 1, its largest element
 * positive; NULL past the end. Borrowed. */
WEFT_API const float *weft_pca_mean(const weft_pca *pca);
WEFT_API const float *weft_pca_component(const weft_pca *pca, size_t i);

/* Writes view->count x count projections. The pictures must have dims pixels. */
WEFT_API WEFT_MUST weft_status weft_pca_project(
    const weft_pca *pca, const weft_view *view, float *projections, weft_context *context);
/* Writes pictures x dims pixels, about 0 to 1, from pictures x count projections. */
WEFT_API WEFT_MUST weft_status weft_pca_reconstruct(const weft_pca *pca,
    const float *projections, size_t pictures, float *pixels, weft_context *context);

#ifdef __cplusplus
}
#endif
#endif
