/* A network's embedding in front of the classical families. */
#include "support.h"

#include <unistd.h>

#include "weft/weft.h"

static char folder[] = "/tmp/weft-features-XXXXXX";
static char network_path[64], model_path[64];
static weft_context *context;
static weft_data data;

enum { TRAIN = 400, TEST = 200, CLASSES = 10 };

static int setup(void **state)
{
    (void)state;
    weft_load_options options = weft_load_defaults();
    if (!mkdtemp(folder) || weft_context_create(&context, 2) != WEFT_OK ||
        weft_data_load(&data, "synth:n=400,test=200,size=20,seed=4", &options, context))
        return -1;
    snprintf(network_path, sizeof network_path, "%s/network.safetensors", folder);
    snprintf(model_path, sizeof model_path, "%s/model.safetensors", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(network_path);
    unlink(model_path);
    rmdir(folder);
    weft_data_clear(&data);
    weft_context_free(context);
    return 0;
}

static weft_classifier *fitted(const char *name, const char *option, const char *value)
{
    weft_classifier *model;
    weft_view train = weft_view_all(data.train);
    assert_ok(weft_classifier_create(&model, name));
    if (option)
        assert_ok(weft_classifier_set(model, option, value));
    assert_ok(weft_classifier_fit(model, &train, NULL, context));
    return model;
}

static double accuracy(const weft_classifier *model)
{
    weft_evaluation *evaluation;
    weft_view test = weft_test_open(data.test);
    assert_ok(weft_evaluate(&evaluation, model, &test, NULL, context));
    double answer = weft_evaluation_scores(evaluation)->accuracy;
    weft_evaluation_free(evaluation);
    return answer;
}

/* The embedding, multiplied by the last layer, is what the network itself decides by; here
 * it is enough that it is the last hidden layer's ReLU and tells classes apart. */
static void embeddings_are_of_the_last_hidden_layer(void **state)
{
    (void)state;
    weft_classifier *network = fitted("ann", "epochs", "20"), *other;
    assert_ok(weft_classifier_save(network, network_path, context));
    assert_int_equal(weft_classifier_embedding_size(network), 128);
    float *all = calloc(TEST * 128, sizeof *all), *one = calloc(128, sizeof *one);
    weft_view test = weft_test_open(data.test);
    assert_ok(weft_classifier_embed(network, &test, all, context));
    double positive = 0;
    for (size_t i = 0; i < TEST * 128; i++) {
        assert_true(all[i] >= 0);
        positive += all[i] > 0;
    }
    assert_true(positive > TEST);
    uint32_t index = 7;
    weft_view seventh = {test.data, &index, 1};
    assert_ok(weft_classifier_embed(network, &seventh, one, context));
    for (size_t i = 0; i < 128; i++)
        assert_true(one[i] - all[7 * 128 + i] < 1e-4f && all[7 * 128 + i] - one[i] < 1e-4f);
    other = fitted("knn", NULL, NULL);
    assert_int_equal(weft_classifier_embedding_size(other), 0);
    assert_fails(weft_classifier_embed(other, &test, all, context), WEFT_EUNSUPPORTED,
        "no embedding");
    weft_classifier_free(network);
    weft_classifier_free(other);
    free(all);
    free(one);
}

static void classical_families_use_them_and_keep_them(void **state)
{
    (void)state;
    static const char *const families[] = {"knn", "logreg", "svm"};
    char spec[80];
    snprintf(spec, sizeof spec, "model:%s", network_path);
    weft_classifier *plain = fitted("knn", NULL, NULL);
    double pixels = accuracy(plain);
    weft_classifier_free(plain);
    for (size_t i = 0; i < 3; i++) {
        weft_classifier *model = fitted(families[i], "features", spec), *loaded;
        double hybrid = accuracy(model);
        assert_true(hybrid > 0.5);
        if (i == 0)
            assert_true(hybrid > pixels);
        assert_ok(weft_classifier_save(model, model_path, context));
        assert_ok(weft_classifier_load(&loaded, model_path));
        weft_view test = weft_test_open(data.test);
        float *a = calloc(TEST * CLASSES, sizeof *a),
              *b = calloc(TEST * CLASSES, sizeof *b);
        assert_ok(weft_classifier_predict_proba(model, &test, a, context));
        assert_ok(weft_classifier_predict_proba(loaded, &test, b, context));
        assert_memory_equal(a, b, TEST * CLASSES * sizeof *a);
        free(a);
        free(b);
        weft_classifier_free(model);
        weft_classifier_free(loaded);
    }
}

static void what_cannot_serve_is_told(void **state)
{
    (void)state;
    weft_classifier *knn = fitted("knn", NULL, NULL), *model;
    char spec[80];
    weft_view train = weft_view_all(data.train);
    assert_ok(weft_classifier_save(knn, model_path, context));
    assert_ok(weft_classifier_create(&model, "logreg"));
    snprintf(spec, sizeof spec, "model:%s", model_path);
    assert_ok(weft_classifier_set(model, "features", spec));
    assert_fails(weft_classifier_fit(model, &train, NULL, context), WEFT_EUNSUPPORTED,
        "ends in a dense layer");
    assert_ok(weft_classifier_set(model, "features", "model"));
    assert_fails(
        weft_classifier_fit(model, &train, NULL, context), WEFT_EINVAL, "model:PATH");
    assert_ok(weft_classifier_set(model, "features", "model:/nowhere"));
    assert_fails(
        weft_classifier_fit(model, &train, NULL, context), WEFT_ENOTFOUND, "/nowhere");

    weft_data small;
    weft_load_options options = weft_load_defaults();
    assert_ok(weft_data_load(&small, "synth:n=50,size=16", &options, context));
    weft_view other = weft_view_all(small.train);
    snprintf(spec, sizeof spec, "model:%s", network_path);
    assert_ok(weft_classifier_set(model, "features", spec));
    assert_fails(weft_classifier_fit(model, &other, NULL, context), WEFT_EINVAL,
        "takes pictures of 20x20x1, these are 16x16x1");
    weft_data_clear(&small);
    weft_classifier_free(model);
    weft_classifier_free(knn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(embeddings_are_of_the_last_hidden_layer),
        cmocka_unit_test(classical_families_use_them_and_keep_them),
        cmocka_unit_test(what_cannot_serve_is_told),
    };
    return cmocka_run_group_tests_name("model_features", tests, setup, teardown);
}
