/* One-versus-one support vector machines as data: what predicts, and is saved. */
#ifndef WEFT_CLASSIC_SVM_MACHINE_H
#define WEFT_CLASSIC_SVM_MACHINE_H

#include "classic/kernel.h"
#include "classic/platt.h"
#include "model/tensors.h"

/* Pair (a, b), a < b, is number a classes - a (a + 1) / 2 + b - a - 1; a is its positive
 * class. Support vectors are sorted by class; each has a coefficient for every other class,
 * in order. Zero-initialised is empty. */
typedef struct weft__svm_machine {
    weft__kernel kernel;
    size_t classes, dims;
    weft__points vectors;    /* owned */
    weft__kernel_set set;    /* the same, as products want them */
    int64_t *class_end;      /* classes: where each class's vectors end */
    float *coefficients;     /* vectors x (classes - 1) */
    double *rho;             /* pairs */
    weft__sigmoid *sigmoids; /* pairs */
    bool by_votes;           /* the class with most votes is made the likeliest */
} weft__svm_machine;

static inline size_t weft__svm_pair(size_t classes, size_t a, size_t b)
{
    return a * classes - a * (a + 1) / 2 + b - a - 1;
}

void weft__svm_machine_clear(weft__svm_machine *machine);

/* count x classes probabilities of points. */
WEFT_MUST weft_status weft__svm_predict(const weft__svm_machine *machine,
    const weft__points *points, float *probabilities, weft_context *context);
/* count x pairs decision values. */
WEFT_MUST weft_status weft__svm_decide(const weft__svm_machine *machine,
    const weft__points *points, double *decisions, weft_context *context);

WEFT_MUST weft_status weft__svm_machine_save(
    const weft__svm_machine *machine, weft__tensors *tensors);
WEFT_MUST weft_status weft__svm_machine_load(weft__svm_machine *out,
    const weft__tensors *tensors, size_t dims, bool bytes, size_t classes);

#endif
