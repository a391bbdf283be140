/* weft verify: does this model still answer here as it did where it was made? */
#include "command.h"

struct options {
    double tolerance;
};

static const weft_param table[] = {
    {"tolerance", WEFT_PARAM_REAL, offsetof(struct options, tolerance), "0.001", 0, 1, NULL,
        "largest difference of a probability that is let pass"},
    {0},
};

static weft_status verify(struct call *call, const weft_classifier *model)
{
    const struct options *o = call->options;
    size_t checked = 0;
    double largest = 0;
    weft_status status =
        weft_classifier_verify(model, o->tolerance, &checked, &largest, call->context);
    if (status == WEFT_ENUMERIC) { /* the answer, not an accident */
        fprintf(stderr, "weft: %s: %s\n", call->arguments[0], weft_error());
        call_gate(call);
        return WEFT_OK;
    }
    WEFT_TRY(status);
    if (call->json)
        printf("{\"model\": \"%s\", \"pictures\": %zu, \"largest_difference\": %.9g}\n",
            weft_classifier_describe(model)->name, checked, largest);
    else
        printf("%s: %s, %zu classes, %zu golden pictures agree, largest difference %.2g\n",
            call->arguments[0], weft_classifier_describe(model)->name,
            weft_classifier_classes(model), checked, largest);
    return WEFT_OK;
}

static weft_status run(struct call *call)
{
    weft_classifier *model;
    WEFT_TRY(weft_classifier_load(&model, call->arguments[0]));
    weft_status status = verify(call, model);
    weft_classifier_free(model);
    return status;
}

const struct command command_verify = {
    .name = "verify",
    .summary = "replay the pictures kept in a model and compare the answers",
    .arguments = "MODEL",
    .min_arguments = 1,
    .max_arguments = 1,
    .details = "Exit code 3 says that an answer differs by more than the tolerance.",
    .example = "weft verify runs/knn/model.safetensors",
    .options = table,
    .options_size = sizeof(struct options),
    .json = true,
    .run = run,
};
