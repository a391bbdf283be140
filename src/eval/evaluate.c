#include <stdlib.h>
#include <string.h>

#include "core/events.h"
#include "core/mem.h"
#include "weft/evaluation.h"

/* The model's class of the same name as the data's class k; an equal order is likely. */
static weft_status find_class(
    uint16_t *out, const weft_classifier *classifier, const weft_dataset *data, size_t k)
{
    const char *name = weft_dataset_class_name(data, k);
    size_t classes = weft_classifier_classes(classifier);
    for (size_t i = 0; i < classes; i++) {
        size_t at = (k + i) % classes;
        if (strcmp(weft_classifier_class_name(classifier, at), name) == 0) {
            *out = (uint16_t)at;
            return WEFT_OK;
        }
    }
    return weft_fail(WEFT_EINVAL, "class '%s' is none of the model's %zu", name, classes);
}

/* What is allocated for one evaluation. */
struct work {
    float *probabilities;      /* view->count x the model's classes */
    uint16_t *truth, *same_as; /* view->count; the data's classes */
    const char **names;
};

static weft_status allocate(
    struct work *w, const weft_view *view, size_t classes, size_t data_classes)
{
    size_t cells;
    if (!weft__mul(&cells, view->count, classes))
        return weft_fail(
            WEFT_ENOMEM, "%zu pictures of %zu classes are too many", view->count, classes);
    WEFT_TRY(
        weft__alloc(&w->probabilities, cells, sizeof *w->probabilities, "probabilities"));
    WEFT_TRY(weft__alloc(&w->truth, view->count, sizeof *w->truth, "labels"));
    WEFT_TRY(weft__alloc(&w->same_as, data_classes, sizeof *w->same_as, "class names"));
    return weft__alloc(&w->names, classes, sizeof *w->names, "class names");
}

/* The labels as the model numbers its classes; only those that occur must be known to it.
 */
static weft_status translate_labels(struct work *w, const weft_classifier *classifier,
    const weft_view *view, size_t data_classes)
{
    enum { UNKNOWN = UINT16_MAX }; /* there are at most as many classes, counted from 0 */
    for (size_t k = 0; k < data_classes; k++)
        w->same_as[k] = UNKNOWN;
    for (size_t i = 0; i < view->count; i++) {
        uint16_t label = weft_view_label(view, i);
        if (w->same_as[label] == UNKNOWN)
            WEFT_TRY(find_class(&w->same_as[label], classifier, view->data, label));
        w->truth[i] = w->same_as[label];
    }
    return WEFT_OK;
}

static weft_status evaluate(weft_evaluation **out, const weft_classifier *classifier,
    const weft_view *view, double *seconds, struct work *w, weft_context *context)
{
    size_t classes = weft_classifier_classes(classifier);
    size_t data_classes = weft_dataset_classes(view->data);
    WEFT_TRY(allocate(w, view, classes, data_classes));
    WEFT_TRY(translate_labels(w, classifier, view, data_classes));
    for (size_t k = 0; k < classes; k++)
        w->names[k] = weft_classifier_class_name(classifier, k);
    double began = weft__now();
    WEFT_TRY(weft_classifier_predict_proba(classifier, view, w->probabilities, context));
    double took = weft__now() - began;
    WEFT_TRY(weft_evaluation_create(
        out, w->probabilities, w->truth, view->count, classes, w->names));
    if (seconds)
        *seconds = took;
    return WEFT_OK;
}

weft_status weft_evaluate(weft_evaluation **out, const weft_classifier *classifier,
    const weft_view *view, double *seconds, weft_context *context)
{
    if (!weft_classifier_is_fitted(classifier))
        return weft_fail(WEFT_EINVAL, "the classifier is not fitted");
    if (!weft_dataset_labels(view->data))
        return weft_fail(WEFT_EINVAL, "the pictures have no labels to evaluate against");
    struct work w = {0};
    weft_status status = evaluate(out, classifier, view, seconds, &w, context);
    free(w.probabilities);
    free(w.truth);
    free(w.same_as);
    free(w.names);
    return status;
}
