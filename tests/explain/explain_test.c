/* Explanations: against PyTorch's, and that they mean something. */
#include "nn/training.h"

#include "model/family.h"
#include "weft/explain.h"

enum { HEIGHT = 14, WIDTH = 12, CHANNELS = 3, CLASSES = 4, COUNT = 3 };

static const char text[] = "conv 8 padding=same\n"
                           "batchnorm\n"
                           "relu\n"
                           "residual\n"
                           "  conv 8 padding=same\n"
                           "  leaky-relu 0.1\n"
                           "end\n"
                           "maxpool 2\n"
                           "conv 10 padding=same\n"
                           "relu\n"
                           "dropout 0.5\n"
                           "avgpool 2\n"
                           "flatten\n"
                           "dense classes\n"
                           "softmax\n";

struct fixture {
    weft_context *context;
    weft__tensors expected;
    weft_dataset *data;
    weft_view view;
    weft_classifier *model;
    uint16_t classes[COUNT];
    weft_explain_options options;
};

static const void *array(const struct fixture *f, const char *name)
{
    const weft__tensor *t = weft__tensors_find(&f->expected, name);
    assert_non_null(t);
    return t->data;
}

/* The network with the vectors' weights: a training that changes nothing. */
static void set_up(struct fixture *f)
{
    char path[4096];
    const uint16_t labels[COUNT] = {0, 1, 2};
    static const char *const names[] = {"a", "b", "c", "d"};
    *f = (struct fixture){0};
    snprintf(path, sizeof path, "%s/explain/vectors/explain.safetensors",
        getenv("WEFT_TEST_SOURCE"));
    assert_ok(weft_context_create(&f->context, 2));
    assert_ok(weft__tensors_read(&f->expected, path));
    assert_ok(weft_dataset_create(&f->data, (weft_shape){HEIGHT, WIDTH, CHANNELS}, COUNT,
        array(f, "pictures"), labels, CLASSES, names));
    f->view = weft_view_all(f->data);
    write_network("explain.net", text);
    f->model = network_with("./explain.net",
        OPTIONS("epochs", "1", "learning-rate", "0", "freeze", "batchnorm*", "init-layout",
            "weft", "precision", "f32", "init-from", path));
    assert_ok(weft_classifier_fit(f->model, &f->view, NULL, f->context));
    const uint8_t *classes = array(f, "classes");
    for (size_t i = 0; i < COUNT; i++)
        f->classes[i] = classes[i];
    assert_ok(weft_param_defaults(weft_explain_params, &f->options));
}

static void tear_down(struct fixture *f)
{
    weft_param_clear(weft_explain_params, &f->options);
    weft_classifier_free(f->model);
    weft_dataset_free(f->data);
    weft__tensors_clear(&f->expected);
    weft_context_free(f->context);
}

static void set(struct fixture *f, const char *option, const char *value)
{
    assert_ok(weft_param_set(weft_explain_params, &f->options, option, value));
}

/* Largest difference over the largest value. */
static void check(struct fixture *f, const char *method)
{
    static float maps[COUNT * HEIGHT * WIDTH];
    const float *expected = array(f, method);
    double largest = 0, off = 0;
    set(f, "method", method);
    assert_ok(
        weft_explain(maps, f->classes, NULL, f->model, &f->view, &f->options, f->context));
    for (size_t i = 0; i < COUNT * HEIGHT * WIDTH; i++) {
        largest = fmax(largest, fabs((double)expected[i]));
        off = fmax(off, fabs((double)expected[i] - (double)maps[i]));
    }
    if (!(off <= 1e-4 * largest))
        fail_msg("%s: off by %g of %g", method, off, largest);
}

static void equals_pytorch(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f);
    check(&f, "grad-cam");
    set(&f, "layer", "relu2");
    check(&f, "grad-cam++");
    set(&f, "baseline", "40");
    set(&f, "steps", "32");
    check(&f, "integrated");
    set(&f, "patch", "4");
    set(&f, "stride", "3");
    check(&f, "occlusion");
    tear_down(&f);
}

static void explains_what_was_predicted_unless_told(void **state)
{
    struct fixture f;
    static float maps[COUNT * HEIGHT * WIDTH], own[COUNT * HEIGHT * WIDTH];
    (void)state;
    set_up(&f);
    uint16_t first = f.classes[0]; /* the vectors' first class is the one predicted */
    uint16_t predicted[COUNT] = {WEFT_EXPLAIN_PREDICTED, f.classes[1], f.classes[2]};
    assert_ok(weft_explain(maps, f.classes, NULL, f.model, &f.view, &f.options, f.context));
    assert_ok(weft_explain(own, predicted, NULL, f.model, &f.view, &f.options, f.context));
    assert_int_equal(predicted[0], first);
    assert_memory_equal(maps, own, sizeof maps);
    uint16_t wrong[COUNT] = {0, 4, 0};
    assert_fails(weft_explain(maps, wrong, NULL, f.model, &f.view, &f.options, f.context),
        WEFT_EINVAL, "class 4 of picture 1");
    tear_down(&f);
}

static void integrated_gradients_are_complete(void **state)
{
    struct fixture f;
    static float maps[COUNT * HEIGHT * WIDTH];
    (void)state;
    set_up(&f);
    set(&f, "method", "integrated");
    set(&f, "steps", "512");
    assert_ok(weft_explain(maps, f.classes, NULL, f.model, &f.view, &f.options, f.context));
    static float nothing[COUNT * HEIGHT * WIDTH * CHANNELS];
    float blank[COUNT * CLASSES];
    weft__derivatives job = {.count = COUNT, .pictures = nothing, .logits = blank};
    assert_ok(f.model->family->differentiate(f.model, &job, f.context));
    const float *logits = array(&f, "logits");
    for (size_t i = 0; i < COUNT; i++) {
        size_t at = i * CLASSES + f.classes[i];
        double sum = 0;
        for (size_t p = 0; p < HEIGHT * WIDTH; p++)
            sum += (double)maps[i * HEIGHT * WIDTH + p];
        assert_float_equal(sum, (double)logits[at] - (double)blank[at], 5e-3);
    }
    tear_down(&f);
}

static void refuses_what_cannot_be(void **state)
{
    struct fixture f;
    float maps[COUNT * HEIGHT * WIDTH];
    (void)state;
    set_up(&f);
    set(&f, "layer", "relu7");
    assert_fails(weft_explain(maps, NULL, NULL, f.model, &f.view, &f.options, f.context),
        WEFT_ENOTFOUND, "no layer 'relu7'");
    weft_classifier *knn;
    assert_ok(weft_classifier_create(&knn, "knn"));
    assert_fails(weft_explain(maps, NULL, NULL, knn, &f.view, &f.options, f.context),
        WEFT_EINVAL, "not fitted");
    assert_ok(weft_classifier_set(knn, "k", "1"));
    assert_ok(weft_classifier_fit(knn, &f.view, NULL, f.context));
    assert_int_equal(weft_explain_choose(knn), WEFT_EXPLAIN_CONTRIBUTIONS);
    set(&f, "method", "grad-cam");
    assert_fails(weft_explain(maps, NULL, NULL, knn, &f.view, &f.options, f.context),
        WEFT_EUNSUPPORTED, "knn: has no layers for grad-cam: use method=contributions");
    weft_classifier_free(knn);
    tear_down(&f);
}

/* Where the class is written into a bright band, taking the band away must cost the class
 * its probability sooner than taking random pixels does, whatever the classifier. */
static void a_map_beats_random_order(const char *name, const char *method)
{
    enum { MANY = 40 };
    static float maps[MANY * SIDE * SIDE], noise[MANY * SIDE * SIDE];
    uint16_t classes[MANY];
    weft_context *context;
    weft_explain_options options;
    weft_faithfulness good, bad;
    assert_ok(weft_context_create(&context, 2));
    assert_ok(weft_param_defaults(weft_explain_params, &options));
    weft_dataset *data = bands(600, CLASSES, 5, false);
    weft_view all = weft_view_all(data), few = {data, NULL, MANY};
    weft_classifier *model = network_with(name, NULL);
    assert_ok(weft_classifier_fit(model, &all, NULL, context));
    for (size_t i = 0; i < MANY; i++)
        classes[i] = weft_view_label(&few, i);
    assert_ok(weft_param_set(weft_explain_params, &options, "method", method));
    assert_ok(weft_explain(maps, classes, NULL, model, &few, &options, context));
    options.method = WEFT_EXPLAIN_RANDOM;
    assert_ok(weft_explain(noise, classes, NULL, model, &few, &options, context));
    assert_ok(weft_explain_faithfulness(&good, maps, classes, model, &few, 0, context));
    assert_ok(weft_explain_faithfulness(&bad, noise, classes, model, &few, 0, context));
    if (!(good.deletion_area < bad.deletion_area - 0.02 &&
            good.insertion_area > bad.insertion_area + 0.02))
        fail_msg("%s, %s: deletion %.3f, random %.3f; insertion %.3f, random %.3f", name,
            method, good.deletion_area, bad.deletion_area, good.insertion_area,
            bad.insertion_area);
    assert_float_equal(good.deletion[0], good.insertion[WEFT_EXPLAIN_POINTS - 1], 1e-6);
    weft_param_clear(weft_explain_params, &options);
    weft_classifier_free(model);
    weft_dataset_free(data);
    weft_context_free(context);
}

static void maps_beat_random_order(void **state)
{
    (void)state;
    write_network("bands.net", "train epochs=6 batch=32\nconv 16 padding=same\nrelu\n"
                               "conv 16 padding=same\nrelu\nmaxpool 2\nflatten\n"
                               "dense classes\nsoftmax\n");
    a_map_beats_random_order("./bands.net", "grad-cam");
    a_map_beats_random_order("./bands.net", "grad-cam++");
    a_map_beats_random_order("./bands.net", "integrated");
    a_map_beats_random_order("./bands.net", "smooth-grad");
    a_map_beats_random_order("./bands.net", "occlusion");
    a_map_beats_random_order("logreg", "occlusion");
}

static void random_weights_give_another_map(void **state)
{
    struct fixture f;
    static float maps[COUNT * HEIGHT * WIDTH], other[COUNT * HEIGHT * WIDTH];
    (void)state;
    set_up(&f);
    assert_ok(weft_explain(maps, f.classes, NULL, f.model, &f.view, &f.options, f.context));
    set(&f, "untrained", "true");
    assert_ok(
        weft_explain(other, f.classes, NULL, f.model, &f.view, &f.options, f.context));
    assert_memory_not_equal(maps, other, sizeof maps);
    set(&f, "method", "occlusion");
    assert_fails(
        weft_explain(other, f.classes, NULL, f.model, &f.view, &f.options, f.context),
        WEFT_EUNSUPPORTED, "no random weights");
    tear_down(&f);
}

/* A picture's map and probabilities must not depend on how many threads share the batch,
 * nor on the pictures beside it. */
static void a_map_is_the_same_alone_and_in_any_batch(void **state)
{
    enum { MANY = 150 };
    static const int threads[] = {2, 3, 4};
    static float maps[MANY * SIDE * SIDE], other[MANY * SIDE * SIDE];
    static float p[MANY * CLASSES], q[MANY * CLASSES], proper[MANY * CLASSES];
    uint16_t classes[MANY], again[MANY];
    weft_context *context;
    weft_explain_options options;
    (void)state;
    write_network("batches.net",
        "train epochs=1 batch=32\nconv 32 padding=same\nbatchnorm\nrelu\nconv 64\nrelu\n"
        "maxpool 2\nflatten\ndense 96\nrelu\ndense classes\nsoftmax\n");
    assert_ok(weft_context_create(&context, 1));
    assert_ok(weft_param_defaults(weft_explain_params, &options));
    weft_dataset *data = bands(MANY, CLASSES, 5, false);
    weft_view all = weft_view_all(data);
    weft_classifier *model = network_with("./batches.net", NULL);
    assert_ok(weft_classifier_fit(model, &all, NULL, context));
    for (size_t i = 0; i < MANY; i++)
        classes[i] = WEFT_EXPLAIN_PREDICTED;
    assert_ok(weft_explain(maps, classes, p, model, &all, &options, context));
    assert_ok(weft_classifier_predict_proba(model, &all, proper, context));
    for (size_t i = 0; i < MANY * CLASSES; i++)
        assert_float_equal(p[i], proper[i], 1e-5);
    for (size_t i = 0; i < MANY; i++) {
        const weft_view one = {data, (const uint32_t[]){(uint32_t)i}, 1};
        assert_ok(weft_explain(other, NULL, q, model, &one, &options, context));
        assert_memory_equal(other, maps + i * SIDE * SIDE, SIDE * SIDE * sizeof *maps);
        assert_memory_equal(q, p + i * CLASSES, CLASSES * sizeof *p);
    }
    weft_context_free(context);
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
        assert_ok(weft_context_create(&context, threads[t]));
        for (size_t i = 0; i < MANY; i++)
            again[i] = WEFT_EXPLAIN_PREDICTED;
        assert_ok(weft_explain(other, again, q, model, &all, &options, context));
        assert_memory_equal(other, maps, sizeof maps);
        assert_memory_equal(q, p, sizeof p);
        assert_memory_equal(again, classes, sizeof classes);
        weft_context_free(context);
    }
    weft_param_clear(weft_explain_params, &options);
    weft_classifier_free(model);
    weft_dataset_free(data);
}

static void maps_are_drawn(void **state)
{
    const float rising[4] = {0, 1, 2, 4}, signed_[4] = {-4, 0, 2, 4};
    const uint8_t grey[4] = {0, 100, 200, 255};
    uint8_t pixels[12], over[12];
    (void)state;
    weft_explain_draw(pixels, rising, NULL, (weft_shape){2, 2, 1});
    for (size_t p = 0; p + 1 < 4; p++) { /* ever lighter */
        int here = pixels[3 * p] + pixels[3 * p + 1] + pixels[3 * p + 2];
        int next = pixels[3 * p + 3] + pixels[3 * p + 4] + pixels[3 * p + 5];
        assert_true(next > here);
    }
    weft_explain_draw(pixels, signed_, NULL, (weft_shape){2, 2, 1});
    assert_true(pixels[2] > pixels[0]);                /* against: blue */
    assert_true(pixels[9] > pixels[11]);               /* for: red */
    assert_in_range(abs(pixels[3] - pixels[5]), 0, 1); /* zero: no colour */
    weft_explain_draw(over, rising, grey, (weft_shape){2, 2, 1});
    assert_true(over[9] >= 153 && over[9] <= 255);
    weft_explain_draw(over, (const float[4]){0}, grey, (weft_shape){2, 2, 1});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_pytorch),
        cmocka_unit_test(explains_what_was_predicted_unless_told),
        cmocka_unit_test(integrated_gradients_are_complete),
        cmocka_unit_test(refuses_what_cannot_be),
        cmocka_unit_test(maps_beat_random_order),
        cmocka_unit_test(random_weights_give_another_map),
        cmocka_unit_test(a_map_is_the_same_alone_and_in_any_batch),
        cmocka_unit_test(maps_are_drawn),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
