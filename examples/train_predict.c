/* Fits a classifier on pictures drawn by the library and asks it about three of them.
 *
 *     cc train_predict.c $(pkg-config --cflags --libs weft) -o train_predict
 */
#include <stdio.h>
#include <stdlib.h>

#include <weft/weft.h>

static weft_status answer(const weft_classifier *model, weft_context *context)
{
    weft_data data;
    weft_load_options options = weft_load_defaults();
    WEFT_TRY(weft_data_load(&data, "synth:n=30,seed=2", &options, context));
    weft_view view = weft_view_all(data.train);
    size_t classes = weft_classifier_classes(model);
    float *probabilities = calloc(view.count, classes * sizeof *probabilities);
    weft_status status = weft_fail(WEFT_ENOMEM, "no memory");
    if (probabilities)
        status = weft_classifier_predict_proba(model, &view, probabilities, context);
    for (size_t i = 0; status == WEFT_OK && i < 3; i++) {
        size_t best = 0;
        for (size_t k = 1; k < classes; k++)
            if (probabilities[i * classes + k] > probabilities[i * classes + best])
                best = k;
        printf("picture %zu: %s, %.2f\n", i, weft_classifier_class_name(model, best),
            (double)probabilities[i * classes + best]);
    }
    free(probabilities);
    weft_data_clear(&data);
    return status;
}

static weft_status run(weft_classifier *model, weft_context *context)
{
    weft_data data;
    weft_load_options options = weft_load_defaults();
    WEFT_TRY(weft_classifier_set(model, "k", "3"));
    WEFT_TRY(weft_data_load(&data, "synth:n=300,seed=1", &options, context));
    weft_view train = weft_view_all(data.train);
    weft_status status = weft_classifier_fit(model, &train, NULL, context);
    weft_data_clear(&data);
    WEFT_TRY(status);
    return answer(model, context);
}

int main(void)
{
    weft_context *context = NULL;
    weft_classifier *model = NULL;
    weft_status status = weft_context_create(&context, 0);
    if (status == WEFT_OK)
        status = weft_classifier_create(&model, "knn");
    if (status == WEFT_OK)
        status = run(model, context);
    if (status != WEFT_OK)
        fprintf(stderr, "train_predict: %s\n", weft_error());
    weft_classifier_free(model);
    weft_context_free(context);
    return status == WEFT_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
