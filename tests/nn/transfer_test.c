/* Starting from another model's arrays, freezing layers, and rates of their own. */
#include "nn/training.h"

#include "model/tensors.h"

static const char NETWORK[] = "conv 4 kernel=3\nbatchnorm\nrelu\nmaxpool 2\nflatten\n"
                              "dense 6\nrelu\ndense classes\nsoftmax\n";
static const char MAP[] = "conv1=0,batchnorm1=1,dense1=5,dense2=7";

/* What was noted, one line each. */
struct notes {
    char text[8192];
};

static void note(void *user, const weft_event *event)
{
    struct notes *notes = user;
    size_t used = strlen(notes->text);
    if (event->kind == WEFT_EVENT_NOTE)
        snprintf(notes->text + used, sizeof notes->text - used, "%s\n", event->text);
}

static weft_status try_fit(
    const char *const *options, uint16_t classes, const char *out, struct notes *notes)
{
    weft_context *context;
    assert_ok(weft_context_create(&context, 2));
    memset(notes, 0, sizeof *notes);
    weft_context_on_event(context, note, notes);
    weft_dataset *data = bands(64, classes, 1, false);
    weft_view view = weft_view_all(data);
    weft_classifier *c = network_with("n.net", options);
    assert_ok(weft_classifier_set(c, "precision", "f32"));
    weft_status status = weft_classifier_fit(c, &view, NULL, context);
    if (status == WEFT_OK)
        assert_ok(weft_classifier_save(c, out, context));
    weft_classifier_free(c);
    weft_dataset_free(data);
    weft_context_free(context);
    return status;
}

static struct notes fit(const char *const *options, uint16_t classes, const char *out)
{
    struct notes notes;
    write_network("n.net", NETWORK);
    assert_ok(try_fit(options, classes, out, &notes));
    return notes;
}

/* The largest difference between an array of two models; INFINITY when shapes differ. */
static double difference(const char *a, const char *b, const char *name)
{
    weft__tensors x, y;
    assert_ok(weft__tensors_read(&x, a));
    assert_ok(weft__tensors_read(&y, b));
    const weft__tensor *s = weft__tensors_find(&x, name), *t = weft__tensors_find(&y, name);
    assert_non_null(s);
    assert_non_null(t);
    double largest = s->bytes == t->bytes ? 0 : (double)INFINITY;
    for (size_t i = 0; s->bytes == t->bytes && i < s->bytes / sizeof(float); i++) {
        double d =
            fabs((double)((const float *)s->data)[i] - (double)((const float *)t->data)[i]);
        largest = d > largest ? d : largest;
    }
    weft__tensors_clear(&x);
    weft__tensors_clear(&y);
    return largest;
}

static void another_head_takes_the_rest(void **state)
{
    (void)state;
    fit(OPTIONS("epochs", "3"), 4, "base.safetensors");
    const char *const *from = OPTIONS(
        "init-from", "base.safetensors", "learning-rate", "0", "epochs", "1", "seed", "9");
    struct notes notes = fit(from, 6, "new.safetensors");
    assert_true(difference("base.safetensors", "new.safetensors", "conv1.weight") == 0);
    assert_true(difference("base.safetensors", "new.safetensors", "dense1.weight") == 0);
    assert_non_null(strstr(notes.text, "dense2.weight: begins anew: it is 6x4 there, 6x6"));
    assert_non_null(strstr(notes.text, "8 of 10 arrays"));
    notes = fit(from, 4, "same.safetensors");
    assert_true(difference("base.safetensors", "same.safetensors", "dense2.weight") == 0);
    assert_non_null(strstr(notes.text, "10 of 10 arrays"));
}

static void frozen_layers_stay(void **state)
{
    (void)state;
    static const char *const still[] = {"conv1.weight", "conv1.bias", "batchnorm1.gamma",
        "batchnorm1.beta", "batchnorm1.mean", "batchnorm1.variance"};
    fit(OPTIONS("epochs", "1"), 4, "base.safetensors");
    fit(OPTIONS(
            "epochs", "2", "init-from", "base.safetensors", "freeze", "conv*,batchnorm1"),
        4, "frozen.safetensors");
    fit(OPTIONS("epochs", "2", "init-from", "base.safetensors"), 4, "free.safetensors");
    for (size_t i = 0; i < sizeof still / sizeof *still; i++) {
        assert_true(difference("base.safetensors", "frozen.safetensors", still[i]) == 0);
        assert_true(difference("base.safetensors", "free.safetensors", still[i]) > 0);
    }
    assert_true(difference("base.safetensors", "frozen.safetensors", "dense1.weight") > 0);
}

/* One step of plain descent goes a quarter of the way where the rate is a quarter. */
static void rates_scale_the_step(void **state)
{
    (void)state;
#define ONE_STEP \
    "epochs", "1", "batch", "64", "optimizer", "sgd", "momentum", "0", "learning-rate"
    fit(OPTIONS(ONE_STEP, "0"), 4, "start.safetensors");
    fit(OPTIONS(ONE_STEP, "0.1"), 4, "whole.safetensors");
    fit(OPTIONS(ONE_STEP, "0.1", "rates", "conv1=0.25,dense2=0"), 4, "part.safetensors");
    double whole = difference("start.safetensors", "whole.safetensors", "conv1.weight");
    double part = difference("start.safetensors", "part.safetensors", "conv1.weight");
    assert_true(whole > 1e-4);
    assert_true(fabs(part / whole - 0.25) < 1e-3);
    assert_true(difference("start.safetensors", "part.safetensors", "dense2.weight") == 0);
    assert_true(difference("whole.safetensors", "part.safetensors", "dense1.weight") == 0);
    fit(OPTIONS(ONE_STEP, "0.1", "rates", "*.bias=0"), 4, "biases.safetensors");
    assert_true(difference("start.safetensors", "biases.safetensors", "dense1.bias") == 0);
    assert_true(
        difference("whole.safetensors", "biases.safetensors", "dense1.weight") == 0);
}

static char *vectors(char *path, size_t size)
{
    snprintf(path, size, "%s/nn/vectors/transfer.safetensors", getenv("WEFT_TEST_SOURCE"));
    return path;
}

/* PyTorch's names, layouts and order of flattening give PyTorch's probabilities. */
static void a_network_of_pytorch_answers_as_there(void **state)
{
    (void)state;
    char path[512];
    vectors(path, sizeof path);
    struct notes notes = fit(OPTIONS("init-from", path, "init-map", MAP, "learning-rate",
                                 "0", "epochs", "1", "freeze", "batchnorm1"),
        4, "torch.safetensors");
    assert_non_null(strstr(notes.text, "10 of 10 arrays"));
    assert_non_null(strstr(notes.text, "1.num_batches_tracked"));

    weft__tensors expected;
    assert_ok(weft__tensors_read(&expected, path));
    const weft__tensor *pixels = weft__tensors_find(&expected, "expected.pictures");
    const weft__tensor *p = weft__tensors_find(&expected, "expected.probabilities");
    weft_context *context;
    weft_classifier *c;
    weft_dataset *data;
    assert_ok(weft_context_create(&context, 1));
    assert_ok(weft_classifier_load(&c, "torch.safetensors"));
    assert_ok(weft_dataset_create(
        &data, (weft_shape){SIDE, SIDE, 1}, 8, pixels->data, NULL, 0, NULL));
    weft_view view = weft_view_all(data);
    float found[8 * 4];
    assert_ok(weft_classifier_predict_proba(c, &view, found, context));
    for (size_t i = 0; i < 8 * 4; i++)
        assert_true(fabsf(found[i] - ((const float *)p->data)[i]) < 1e-5f);
    weft_dataset_free(data);
    weft_classifier_free(c);
    weft_context_free(context);
    weft__tensors_clear(&expected);
}

static void what_cannot_be_is_told(void **state)
{
    (void)state;
    char path[512];
    struct notes notes;
    vectors(path, sizeof path);
    write_network("n.net", NETWORK);
#define FAILS(status, text, ...) \
    assert_fails(try_fit(OPTIONS("epochs", "1", __VA_ARGS__), 4, "x", &notes), status, text)
    FAILS(WEFT_ENOTFOUND, "did you mean 'conv1'", "freeze", "conv11");
    FAILS(WEFT_EINVAL, "nothing to train", "freeze", "*");
    FAILS(WEFT_EINVAL, "expected layers' names", "freeze", "conv1=2");
    FAILS(WEFT_ENOTFOUND, "rates: no layer 'cnv1'", "rates", "cnv1=2");
    FAILS(WEFT_EINVAL, "layer=factor", "rates", "conv1");
    FAILS(WEFT_EINVAL, "layer=factor", "rates", "conv1=-1");
    FAILS(WEFT_ENOTFOUND, "nowhere", "init-from", "nowhere.safetensors");
    FAILS(WEFT_EFORMAT, "none of its", "init-from", path);
    FAILS(WEFT_ENOTFOUND, "init-map: no layer 'conv7'", "init-from", path, "init-map",
        "conv7=0");
    FAILS(WEFT_EINVAL, "init-map", "init-from", path, "init-map", "conv1");

    /* The wrong layout is named. */
    assert_ok(try_fit(
        OPTIONS("epochs", "1", "init-from", path, "init-map", MAP, "init-layout", "weft"),
        4, "x", &notes));
    assert_non_null(strstr(notes.text, "fit init-layout=torch"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(another_head_takes_the_rest),
        folder_test(frozen_layers_stay),
        folder_test(rates_scale_the_step),
        folder_test(a_network_of_pytorch_answers_as_there),
        folder_test(what_cannot_be_is_told),
    };
    return cmocka_run_group_tests_name("transfer", tests, NULL, NULL);
}
