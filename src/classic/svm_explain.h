/* What a support vector machine rests an answer on.
 *
 * A class's score is the mean of its decisions against every other class, positive where
 * they are for it: sum over vectors v of beta_v K(x, v), plus a bias. */
#ifndef WEFT_CLASSIC_SVM_EXPLAIN_H
#define WEFT_CLASSIC_SVM_EXPLAIN_H

#include "classic/svm_machine.h"
#include "model/family.h"

/* weft__family's differentiate, of the class's score by the pixels. */
WEFT_MUST weft_status weft__svm_differentiate(const weft__svm_machine *machine,
    const weft__features *features, const weft__derivatives *job, weft_context *context);
/* weft__family's find_examples: the support vectors of the largest beta_v K(x, v). */
WEFT_MUST weft_status weft__svm_find_examples(const weft__svm_machine *machine,
    const weft__features *features, weft__examples *job, weft_context *context);
/* weft__family's find_boundary: of each class the support vectors whose decision against
 * some other class is nearest to 0. `picture`: bytes of one. */
WEFT_MUST weft_status weft__svm_find_boundary(const weft__svm_machine *machine,
    const weft__features *features, size_t picture, weft__examples *job,
    weft_context *context);
/* weft__family's contribute and weigh, for the linear kernel; either job may be NULL, and
 * both ask whether it can be done. */
WEFT_MUST weft_status weft__svm_explain_linear(const weft__svm_machine *machine,
    const weft__features *features, size_t values, const weft__contributions *contributions,
    weft__weights *weights, weft_context *context);

#endif
