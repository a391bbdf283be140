#include "score.h"

#include <stdlib.h>
#include <string.h>

static weft_status find_class(uint16_t *out, const weft_classifier *model, const char *name)
{
    for (size_t k = 0; k < weft_classifier_classes(model); k++)
        if (strcmp(weft_classifier_class_name(model, k), name) == 0) {
            *out = (uint16_t)k;
            return WEFT_OK;
        }
    return weft_fail(WEFT_EINVAL,
        "the model does not know the class '%s': its %zu classes begin with '%s'", name,
        weft_classifier_classes(model), weft_classifier_class_name(model, 0));
}

/* The view's labels as the model numbers them. Only classes that occur must be known. */
static weft_status translate_labels(
    uint16_t *truth, const weft_classifier *model, const weft_view *view)
{
    enum { UNKNOWN = -1 };
    static int32_t model_class[WEFT_MAX_CLASSES];
    size_t classes = weft_dataset_classes(view->data);
    for (size_t k = 0; k < classes; k++)
        model_class[k] = UNKNOWN;
    for (size_t i = 0; i < view->count; i++) {
        uint16_t label = weft_view_label(view, i);
        if (model_class[label] == UNKNOWN) {
            WEFT_TRY(
                find_class(&truth[i], model, weft_dataset_class_name(view->data, label)));
            model_class[label] = truth[i];
        }
        truth[i] = (uint16_t)model_class[label];
    }
    return WEFT_OK;
}

static weft_status fill(weft_evaluation **out, const weft_classifier *model,
    const weft_view *view, float *probabilities, uint16_t *truth, const char **names,
    weft_context *context)
{
    size_t classes = weft_classifier_classes(model);
    for (size_t k = 0; k < classes; k++)
        names[k] = weft_classifier_class_name(model, k);
    WEFT_TRY(translate_labels(truth, model, view));
    WEFT_TRY(weft_classifier_predict_proba(model, view, probabilities, context));
    return weft_evaluation_create(out, probabilities, truth, view->count, classes, names);
}

weft_status score(weft_evaluation **out, const weft_classifier *model,
    const weft_view *view, weft_context *context)
{
    if (view->count == 0)
        return weft_fail(WEFT_EINVAL, "no pictures to evaluate");
    if (!weft_dataset_labels(view->data))
        return weft_fail(WEFT_EINVAL, "the pictures have no labels to compare with");
    size_t classes = weft_classifier_classes(model);
    float *probabilities = calloc(view->count, classes * sizeof *probabilities);
    uint16_t *truth = calloc(view->count, sizeof *truth);
    const char **names = calloc(classes, sizeof *names);
    weft_status status = weft_fail(WEFT_ENOMEM, "no memory for %zu pictures", view->count);
    if (probabilities && truth && names)
        status = fill(out, model, view, probabilities, truth, names, context);
    free(probabilities);
    free(truth);
    free(names);
    return status;
}
