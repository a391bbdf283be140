#include "fuzz.h"

#include "model/family.h"
#include "weft/explain.h"

enum { LARGEST = 64 * 64 * 3 };

/* What a model that loads says of a black picture, and why. Everything may be refused. */
static void explain(const weft_classifier *model, weft_context *context)
{
    static const uint8_t black[LARGEST];
    static float map[LARGEST], probabilities[65536];
    uint16_t class = WEFT_EXPLAIN_PREDICTED;
    weft_explain_options options;
    weft_evidence evidence;
    weft_dataset *data;
    weft_shape shape = weft_classifier_recipe(model).shape;
    if (weft_shape_bytes(shape) > LARGEST ||
        weft_param_defaults(weft_explain_params, &options) != WEFT_OK)
        return;
    options.steps = options.samples = 2;
    if (weft_dataset_create(&data, shape, 1, black, NULL, 0, NULL) != WEFT_OK)
        abort();
    weft_view view = weft_view_all(data);
    if (weft_explain(map, &class, probabilities, model, &view, &options, context) ==
        WEFT_OK) {
        if (weft_explain_evidence(
                &evidence, model, &view, &class, 1, 2, &options, context) != WEFT_OK &&
            weft_error()[0] == 0)
            abort();
        weft_evidence_clear(&evidence);
    }
    weft_dataset_free(data);
    weft_param_clear(weft_explain_params, &options);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static weft_context *context;
    weft__tensors tensors;
    weft_classifier *model;
    double difference;
    if (!context && weft_context_create(&context, 1) != WEFT_OK)
        abort();
    if (weft__tensors_parse(&tensors, "input", bytes, size) != WEFT_OK)
        return 0;
    if (weft__classifier_from_tensors(&model, &tensors) == WEFT_OK) {
        if (weft_classifier_verify(model, 1, NULL, &difference, context) != WEFT_OK &&
            weft_error()[0] == 0)
            abort();
        explain(model, context);
        weft_classifier_free(model);
    }
    weft__tensors_clear(&tensors);
    return 0;
}
