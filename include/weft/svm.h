/* weft/svm.h: what a support vector machine tells beyond probabilities. */
#ifndef WEFT_SVM_H
#define WEFT_SVM_H

#include <stddef.h>

#include "weft/classifier.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What fitting found. Pairs of classes (0, 1), (0, 2), ... (1, 2), ...; a pair of which one
 * class had no picture has objective 0. */
typedef struct weft_svm_summary {
    size_t vectors; /* support vectors, each counted once */
    size_t pairs;
    const double *objectives; /* pairs: the dual's, as libsvm prints it; NULL after load */
    const double *rho;        /* pairs: libsvm's offsets */
    double gamma;             /* the one used, for pixels / 255 */
} weft_svm_summary;

/* Borrowed until the next fit. WEFT_EINVAL when the classifier is no fitted svm. */
WEFT_API WEFT_MUST weft_status weft_svm_summarise(
    weft_svm_summary *out, const weft_classifier *classifier);

/* Decision values of the view's pictures, view->count x pairs; positive votes for the
 * pair's first class. */
WEFT_API WEFT_MUST weft_status weft_svm_decide(const weft_classifier *classifier,
    const weft_view *view, double *decisions, weft_context *context);

#ifdef __cplusplus
}
#endif
#endif
