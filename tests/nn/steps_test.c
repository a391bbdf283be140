/* What a step is made of: several batches, and an average of the weights it leads to. */
#include "nn/training.h"

#include "core/mem.h"
#include "model/tensors.h"
#include "nn/network.h"
#include "nn/options.h"
#include "nn/optimiser.h"
#include "nn/real.h"

enum { PICTURES = 300, CLASSES = 4 };

static const char PLAIN[] = "conv 6 kernel=3\nrelu\nmaxpool 2\nflatten\ndense 16\nrelu\n"
                            "dense classes\n";

/* Fits on 300 pictures with 2 threads; the model is kept as `out`. */
static void fit(const char *const *options, const char *out)
{
    weft_context *context;
    assert_ok(weft_context_create(&context, 2));
    weft_dataset *data = bands(PICTURES, CLASSES, 1, false);
    weft_view view = weft_view_all(data);
    weft_classifier *c = network_with("n.net", options);
    assert_ok(weft_classifier_fit(c, &view, NULL, context));
    assert_ok(weft_classifier_save(c, out, context));
    weft_classifier_free(c);
    weft_dataset_free(data);
    weft_context_free(context);
}

/* The network of n.net, and the parameters of a model file in its block. */
struct weights {
    weft__network network;
    float *block;
};

static void open_weights(struct weights *w, const char *path)
{
    char text[512] = "";
    FILE *file = fopen("n.net", "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    assert_ok(weft__network_parse(&w->network, text, "n.net"));
    assert_ok(
        weft__network_infer(&w->network, (weft__dims){SIDE, SIDE, 1}, CLASSES, "n.net"));
    assert_ok(weft__calloc(&w->block, w->network.block, sizeof(float), "weights"));
    weft__network_initialise(&w->network, w->block, 1);
    if (!path)
        return;
    weft__tensors tensors = {0};
    assert_ok(weft__tensors_read(&tensors, path));
    for (size_t i = 0; i < w->network.parameter_count; i++) {
        const weft__parameter *p = &w->network.parameters[i];
        const weft__tensor *found = weft__tensors_find(&tensors, p->name);
        assert_non_null(found);
        assert_int_equal(found->bytes, p->count * sizeof(float));
        memcpy(w->block + p->offset, found->data, found->bytes);
    }
    weft__tensors_clear(&tensors);
}

static void close_weights(struct weights *w)
{
    weft__network_clear(&w->network);
    free(w->block);
}

/* The largest difference of any weight. */
static double distance(const char *a, const char *b)
{
    struct weights wa, wb;
    open_weights(&wa, a);
    open_weights(&wb, b);
    double largest = 0;
    for (size_t i = 0; i < wa.network.block; i++)
        largest = fmax(largest, fabs((double)wa.block[i] - (double)wb.block[i]));
    close_weights(&wa);
    close_weights(&wb);
    return largest;
}

#define SGD \
    "epochs", "3", "optimizer", "sgd", "learning-rate", "0.1", "precision", "f32", \
        "schedule", "cosine"

/* 300 pictures are nine steps of 32 and one of 12: 8 and 4. */
static void batches_add_up_to_a_large_one(void **state)
{
    (void)state;
    write_network("n.net", PLAIN);
    fit(OPTIONS(SGD, "batch", "32"), "large");
    fit(OPTIONS(SGD, "batch", "8", "accumulate", "4"), "small");
    fit(OPTIONS(SGD, "batch", "8"), "alone");
    assert_true(distance("large", "small") < 2e-4);
    assert_true(distance("large", "alone") > 2e-2);
    /* The gradient's length is taken of the whole step's. */
    fit(OPTIONS(SGD, "batch", "32", "clip-norm", "0.1"), "large");
    fit(OPTIONS(SGD, "batch", "8", "accumulate", "4", "clip-norm", "0.1"), "clipped");
    assert_true(distance("large", "clipped") < 2e-4);
    assert_true(distance("small", "clipped") > 1e-2);
    /* One step an epoch, however much is asked for. */
    fit(OPTIONS(SGD, "batch", "300"), "large");
    fit(OPTIONS(SGD, "batch", "77", "accumulate", "60000"), "small");
    assert_true(distance("large", "small") < 2e-4);
}

/* One step an epoch: the weights after each are those of shorter runs. */
static void the_average_is_the_formulas(void **state)
{
    (void)state;
    static const char *const epochs[] = {"1", "2", "3"};
    struct weights average, kept, step;
    write_network("n.net", "conv 4 kernel=3\nbatchnorm\nrelu\nflatten\ndense classes\n");
    fit(OPTIONS("batch", "300", "precision", "f32", "learning-rate", "0.01", "epochs", "3",
            "ema", "0.24"),
        "average");
    open_weights(&kept, "average");
    open_weights(&average, NULL); /* from the initial weights on */
    for (int t = 1; t <= 3; t++) {
        fit(OPTIONS("batch", "300", "precision", "f32", "learning-rate", "0.01", "epochs",
                epochs[t - 1]),
            "step");
        open_weights(&step, "step");
        double decay = t == 1 ? 2 / 11.0 : 0.24; /* (1 + t) / (10 + t) is 0.25 at 2 */
        for (size_t i = 0; i < average.network.block; i++)
            average.block[i] = (float)(decay * (double)average.block[i] +
                                       (1 - decay) * (double)step.block[i]);
        close_weights(&step);
    }
    double largest = 0, moved = 0;
    for (size_t i = 0; i < average.network.parameter_count; i++) {
        const weft__parameter *p = &average.network.parameters[i];
        for (size_t k = p->offset; k < p->offset + p->count; k++)
            largest = fmax(largest, fabs((double)kept.block[k] - (double)average.block[k]));
    }
    close_weights(&kept);
    close_weights(&average);
    moved = distance("average", "step");
    if (!(largest < 1e-5 && moved > 1e-3))
        fail_msg("average off by %g; %g from the last weights", largest, moved);
}

/* The weights after so many steps of one epoch each. */
static void after(
    struct weights *w, const char *epochs, const char *option, const char *value)
{
    fit(OPTIONS("batch", "300", "precision", "f32", "learning-rate", "0.01", "optimizer",
            "sgd", "momentum", "0", "epochs", epochs, option, value),
        "step");
    open_weights(w, "step");
}

static double largest_difference(const struct weights *w, const float *expected)
{
    double largest = 0;
    for (size_t i = 0; i < w->network.parameter_count; i++) {
        const weft__parameter *p = &w->network.parameters[i];
        for (size_t k = p->offset; k < p->offset + p->count; k++)
            largest = fmax(largest, fabs((double)w->block[k] - (double)expected[k]));
    }
    return largest;
}

/* Over the last half of four steps: the mean of the third and the fourth. */
static void the_mean_is_of_the_last_steps(void **state)
{
    (void)state;
    struct weights third, fourth, mean;
    write_network("n.net", "conv 4 kernel=3\nbatchnorm\nrelu\nflatten\ndense classes\n");
    after(&third, "3", "swa", "0");
    after(&fourth, "4", "swa", "0");
    after(&mean, "4", "swa", "0.5");
    assert_true(largest_difference(&mean, fourth.block) > 1e-4);
    for (size_t i = 0; i < mean.network.block; i++)
        fourth.block[i] = (fourth.block[i] + third.block[i]) / 2;
    assert_true(largest_difference(&mean, fourth.block) < 1e-6);
    close_weights(&third);
    close_weights(&fourth);
    close_weights(&mean);
}

/* After two steps, and after the last, half of the way back to where they began. */
static void looking_ahead_goes_half_of_the_way(void **state)
{
    (void)state;
    struct weights begin, two, ahead;
    write_network("n.net", "conv 4 kernel=3\nrelu\nflatten\ndense classes\n");
    open_weights(&begin, NULL);
    after(&two, "2", "lookahead", "0");
    after(&ahead, "2", "lookahead", "2");
    assert_true(largest_difference(&ahead, two.block) > 1e-4);
    for (size_t i = 0; i < two.network.block; i++)
        two.block[i] = (two.block[i] + begin.block[i]) / 2;
    assert_true(largest_difference(&ahead, two.block) < 1e-6);
    close_weights(&ahead);
    after(&ahead, "2", "lookahead", "100");
    assert_true(largest_difference(&ahead, two.block) < 1e-6);
    close_weights(&begin);
    close_weights(&two);
    close_weights(&ahead);
}

/* Bands of which a third have any label. */
static weft_dataset *doubtful(uint64_t seed)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    weft_dataset *sure = bands(PICTURES, CLASSES, seed, false), *data;
    uint16_t labels[PICTURES];
    weft_rng rng = weft_rng_create(seed, 9);
    for (size_t i = 0; i < PICTURES; i++)
        labels[i] =
            i % 3 ? weft_dataset_labels(sure)[i] : (uint16_t)weft_rng_below(&rng, CLASSES);
    assert_ok(weft_dataset_create(&data, (weft_shape){SIDE, SIDE, 1}, PICTURES,
        weft_dataset_pixels(sure), labels, CLASSES, names));
    weft_dataset_free(sure);
    return data;
}

/* With noisy steps the average is better than where the last step ended, and it is what
 * validation watches. */
static void the_average_is_steadier(void **state)
{
    (void)state;
    double loss[2];
    write_network("n.net", "flatten\ndense classes\n");
    for (int on = 0; on < 2; on++) {
        weft_context *context;
        assert_ok(weft_context_create(&context, 2));
        weft_dataset *data = doubtful(1);
        weft_dataset *unseen = doubtful(2);
        weft_view view = weft_view_all(data), watched = weft_view_all(unseen);
        weft_classifier *c = network_with("n.net",
            OPTIONS("epochs", "4", "batch", "4", "optimizer", "sgd", "learning-rate", "1",
                "momentum", "0.5", "ema", on ? "0.98" : "0"));
        assert_ok(weft_classifier_fit(c, &view, &watched, context));
        size_t count;
        const weft_epoch *history = weft_classifier_history(c, &count);
        loss[on] = history[count - 1].val_loss;
        float p[PICTURES * CLASSES];
        double sum = 0;
        assert_ok(weft_classifier_predict_proba(c, &watched, p, context));
        for (size_t i = 0; i < PICTURES; i++)
            sum -= log((double)p[i * CLASSES + weft_view_label(&watched, i)] + 1e-30);
        assert_true(fabs(sum / PICTURES - loss[on]) < 0.02 + 0.05 * loss[on]);
        weft_classifier_free(c);
        weft_dataset_free(data);
        weft_dataset_free(unseen);
        weft_context_free(context);
    }
    if (!(loss[1] < 0.8 * loss[0]))
        fail_msg("validation loss %g with the average, %g without", loss[1], loss[0]);
}

/* A large dense layer takes the optimiser's step in its backward pass, unless the whole
 * gradient must be known first: a length that it never has changes nothing else. */
static void a_step_in_the_backward_pass_is_the_same(void **state)
{
    (void)state;
    static const char *const precisions[] = {"f32", "bf16"};
    static const char *const optimisers[] = {"sgd", "adamw"};
    write_network("n.net", "flatten\ndense 1000\nrelu\ndense classes\n");
    for (int i = 0; i < 4; i++) {
        const char *precision = precisions[i / 2], *optimiser = optimisers[i % 2];
        if (i / 2 && !weft__has_bf16())
            continue;
        fit(OPTIONS("precision", precision, "optimizer", optimiser, "epochs", "2", "batch",
                "32", "weight-decay", "0.01"),
            "early");
        fit(OPTIONS("precision", precision, "optimizer", optimiser, "epochs", "2", "batch",
                "32", "weight-decay", "0.01", "clip-norm", "1e6"),
            "late");
        assert_true(distance("early", "late") == 0);
        assert_true(distance("early", NULL) > 1e-3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(a_step_in_the_backward_pass_is_the_same),
        folder_test(batches_add_up_to_a_large_one),
        folder_test(the_average_is_the_formulas),
        folder_test(the_mean_is_of_the_last_steps),
        folder_test(looking_ahead_goes_half_of_the_way),
        folder_test(the_average_is_steadier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
