/* Derivatives for explanations: against finite differences of the logits. */
#include "training.h"

#include "model/family.h"

static const char small[] = "conv 5 kernel=3 padding=same\n"
                            "batchnorm\n"
                            "relu\n"
                            "residual\n"
                            "  conv 5 kernel=3 padding=same\n"
                            "  leaky-relu 0.1\n"
                            "end\n"
                            "maxpool 2\n"
                            "dropout 0.5\n"
                            "conv 4 kernel=2 stride=2\n"
                            "silu\n"
                            "flatten\n"
                            "dense 7\n"
                            "relu\n"
                            "dropout 0.3\n"
                            "dense classes\n"
                            "softmax\n";

enum { COUNT = 5, PIXELS = SIDE * SIDE, CLASSES = 4 };

struct fixture {
    weft_context *context;
    weft_dataset *data;
    weft_classifier *model;
    float pictures[COUNT * PIXELS];
    uint16_t classes[COUNT];
};

static void set_up(struct fixture *f)
{
    write_network("small.net", small);
    assert_ok(weft_context_create(&f->context, 2));
    f->data = bands(200, CLASSES, 3, false);
    f->model = network_with(
        "./small.net", OPTIONS("epochs", "2", "precision", "f32", "normalise", "standard"));
    weft_view view = weft_view_all(f->data);
    assert_ok(weft_classifier_fit(f->model, &view, NULL, f->context));
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t k = 0; k < PIXELS; k++)
            f->pictures[i * PIXELS + k] = (float)weft_view_pixels(&view, i)[k];
        f->classes[i] = (uint16_t)(i % CLASSES);
    }
}

static void tear_down(struct fixture *f)
{
    weft_classifier_free(f->model);
    weft_dataset_free(f->data);
    weft_context_free(f->context);
}

static double logit(struct fixture *f, size_t picture)
{
    float logits[COUNT * CLASSES];
    weft__derivatives job = {.count = COUNT, .pictures = f->pictures, .logits = logits};
    assert_ok(f->model->family->differentiate(f->model, &job, f->context));
    return (double)logits[picture * CLASSES + f->classes[picture]];
}

static void logits_are_those_of_prediction(void **state)
{
    struct fixture f;
    float logits[COUNT * CLASSES], probabilities[COUNT * CLASSES];
    (void)state;
    set_up(&f);
    weft__derivatives job = {.count = COUNT, .pictures = f.pictures, .logits = logits};
    assert_ok(f.model->family->differentiate(f.model, &job, f.context));
    uint32_t first[] = {0, 1, 2, 3, 4};
    weft_view view = {f.data, first, COUNT};
    assert_ok(weft_classifier_predict_proba(f.model, &view, probabilities, f.context));
    for (size_t i = 0; i < COUNT; i++) {
        double sum = 0;
        for (size_t c = 0; c < CLASSES; c++)
            sum += exp((double)logits[i * CLASSES + c]);
        for (size_t c = 0; c < CLASSES; c++)
            assert_float_equal(exp((double)logits[i * CLASSES + c]) / sum,
                (double)probabilities[i * CLASSES + c], 1e-5);
    }
    tear_down(&f);
}

static void picture_gradients_equal_finite_differences(void **state)
{
    struct fixture f;
    static float gradients[COUNT * PIXELS];
    (void)state;
    set_up(&f);
    weft__derivatives job = {.count = COUNT,
        .pictures = f.pictures,
        .classes = f.classes,
        .input_gradients = gradients};
    assert_ok(f.model->family->differentiate(f.model, &job, f.context));
    double largest = 0;
    size_t off = 0;
    for (size_t i = 0; i < COUNT * PIXELS; i++)
        largest = fmax(largest, fabs((double)gradients[i]));
    assert_true(largest > 0);
    for (size_t n = 0; n < 60; n++) {
        size_t at = n * 104729 % (COUNT * PIXELS), picture = at / PIXELS;
        float was = f.pictures[at];
        f.pictures[at] = was + 0.25f;
        double above = logit(&f, picture);
        f.pictures[at] = was - 0.25f;
        double below = logit(&f, picture);
        f.pictures[at] = was;
        off += fabs((above - below) / 0.5 - (double)gradients[at]) > 0.01 * largest;
    }
    assert_in_range(off, 0, 3); /* beside a kink of a ReLU or a maximum */
    tear_down(&f);
}

/* Of the layer before the last dense ones, whose gradient flows through known weights: the
 * sum over its values of gradient times change tells the logit's change. */
static void layers_are_found_by_name_and_have_gradients(void **state)
{
    struct fixture f;
    const char *name;
    size_t shape[3];
    (void)state;
    set_up(&f);
    assert_ok(f.model->family->derivatives_shape(f.model, NULL, &name, shape));
    assert_string_equal(name, "silu1");
    assert_int_equal(shape[0] * shape[1] * shape[2], 3 * 3 * 4);
    assert_fails(f.model->family->derivatives_shape(f.model, "silu2", &name, shape),
        WEFT_ENOTFOUND, "did you mean 'silu1'");

    /* A small step of the picture along its gradient changes the layer's output; to first
     * order the logit changes by the layer's gradient times that change. */
    static float before[COUNT * 36], after[COUNT * 36], by_layer[COUNT * 36];
    static float by_pixel[COUNT * PIXELS];
    weft__derivatives job = {.count = COUNT,
        .pictures = f.pictures,
        .classes = f.classes,
        .input_gradients = by_pixel,
        .activations = before,
        .gradients = by_layer};
    assert_ok(f.model->family->differentiate(f.model, &job, f.context));
    double length = 0;
    for (size_t k = 0; k < PIXELS; k++)
        length += (double)by_pixel[k] * (double)by_pixel[k];
    double step = 1e-3 / length, was = logit(&f, 0);
    for (size_t k = 0; k < PIXELS; k++)
        f.pictures[k] += (float)step * by_pixel[k];
    job.activations = after;
    job.gradients = NULL;
    assert_ok(f.model->family->differentiate(f.model, &job, f.context));
    double change = 0;
    for (size_t k = 0; k < 36; k++)
        change += (double)by_layer[k] * ((double)after[k] - (double)before[k]);
    assert_float_equal(logit(&f, 0) - was, change, 1e-4);
    assert_float_equal(change, 1e-3, 2e-4);
    tear_down(&f);
}

static void untrained_weights_give_other_gradients(void **state)
{
    struct fixture f;
    static float fitted[COUNT * PIXELS], random[COUNT * PIXELS];
    (void)state;
    set_up(&f);
    weft__derivatives job = {.count = COUNT,
        .pictures = f.pictures,
        .classes = f.classes,
        .input_gradients = fitted};
    assert_ok(f.model->family->differentiate(f.model, &job, f.context));
    job.input_gradients = random;
    job.untrained = true;
    job.seed = 9;
    assert_ok(f.model->family->differentiate(f.model, &job, f.context));
    assert_memory_not_equal(fitted, random, sizeof fitted);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_are_those_of_prediction),
        cmocka_unit_test(picture_gradients_equal_finite_differences),
        cmocka_unit_test(layers_are_found_by_name_and_have_gradients),
        cmocka_unit_test(untrained_weights_give_other_gradients),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
