/* Uneven classes: the order and the weights by hand, and what they do to a rare class. */
#include "nn/training.h"

#include "nn/loss.h"
#include "nn/sampling.h"

/* 1,000 pictures of one byte: 600 of class 0, 300 of class 1, none of class 2, 100 of 3. */
enum { COUNT = 1000, CLASSES = 4 };
static const size_t SIZES[CLASSES] = {600, 300, 0, 100};

static weft_dataset *uneven(void)
{
    uint8_t pixels[COUNT] = {0};
    uint16_t labels[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        labels[i] = (uint16_t)(i % 10 < 6 ? 0 : i % 10 < 9 ? 1 : 3);
    weft_dataset *data;
    assert_ok(weft_dataset_create(&data, (weft_shape){1, 1, 1}, COUNT, pixels, labels,
        CLASSES, (const char *const[]){"a", "b", "c", "d"}));
    return data;
}

static void balanced_weights_are_scikit_learns(void **state)
{
    (void)state;
    weft_dataset *data = uneven();
    weft_view view = weft_view_all(data);
    float weights[CLASSES];
    assert_ok(weft__balanced_weights(weights, &view, CLASSES));
    for (size_t c = 0; c < CLASSES; c++)
        assert_true(weights[c] == (SIZES[c] ? 1000.0f / (3 * (float)SIZES[c]) : 0));
    weft_dataset_free(data);
}

static void uniform_order_has_every_picture_once(void **state)
{
    (void)state;
    weft_dataset *data = uneven();
    weft_view view = weft_view_all(data);
    uint32_t order[COUNT], other[COUNT];
    bool seen[COUNT] = {0};
    assert_ok(weft__epoch_order(order, &view, CLASSES, WEFT__SAMPLING_UNIFORM, 1, 0));
    for (size_t i = 0; i < COUNT; i++) {
        assert_false(seen[order[i]]);
        seen[order[i]] = true;
    }
    assert_ok(weft__epoch_order(other, &view, CLASSES, WEFT__SAMPLING_UNIFORM, 1, 1));
    assert_memory_not_equal(order, other, sizeof order);
    weft_dataset_free(data);
}

static void balanced_order_has_every_class_alike(void **state)
{
    (void)state;
    weft_dataset *data = uneven();
    weft_view view = weft_view_all(data);
    uint32_t order[COUNT];
    size_t by_class[CLASSES] = {0}, by_picture[COUNT] = {0};
    enum { EPOCHS = 100 };
    for (uint64_t epoch = 0; epoch < EPOCHS; epoch++) {
        assert_ok(
            weft__epoch_order(order, &view, CLASSES, WEFT__SAMPLING_BALANCED, 1, epoch));
        for (size_t i = 0; i < COUNT; i++) {
            assert_in_range(order[i], 0, COUNT - 1);
            by_class[weft_view_label(&view, order[i])]++;
            by_picture[order[i]]++;
        }
    }
    /* Five standard deviations of 100,000 draws of a third: 745; of a picture's count,
     * 333 for class 3: 91. */
    for (size_t c = 0; c < CLASSES; c++)
        assert_in_range(by_class[c], SIZES[c] ? 32588 : 0, SIZES[c] ? 34078 : 0);
    for (size_t i = 0; i < COUNT; i++) {
        double expected = EPOCHS * 1000 / 3.0 / (double)SIZES[weft_view_label(&view, i)];
        assert_true(fabs((double)by_picture[i] - expected) < 5 * sqrt(expected));
    }
    weft_dataset_free(data);
}

/* The weight of a mixed picture is mixed as its labels are. */
static void mixed_labels_mix_their_weights(void **state)
{
    (void)state;
    const float logits[] = {0.3f, -1, 2}, weights[] = {0.5f, 9, 3};
    const weft__target mixed = {0, 2, 0.75f};
    weft__loss_options o = {.kind = WEFT__CROSS_ENTROPY, .batch = 1};
    weft__loss_sums plain = {0}, weighted = {0};
    float diff[3], scaled[3];
    weft__loss_rows(&plain, diff, WEFT__REAL_F32, logits, &mixed, 1, 3, &o);
    o.class_weight = weights;
    weft__loss_rows(&weighted, scaled, WEFT__REAL_F32, logits, &mixed, 1, 3, &o);
    double factor = 0.75 * 0.5 + 0.25 * 3;
    assert_true(fabs(weighted.loss - factor * plain.loss) < 1e-6);
    for (int c = 0; c < 3; c++)
        assert_true(fabs((double)scaled[c] - factor * (double)diff[c]) < 1e-6);
}

/* Noise around two means that overlap; one class is twenty times as frequent. */
static weft_dataset *overlapping(size_t rare_every, uint64_t seed)
{
    enum { PICTURES = 1200, PIXELS = 4 };
    uint8_t pixels[PICTURES * PIXELS];
    uint16_t labels[PICTURES];
    weft_rng rng = weft_rng_create(seed, 1);
    for (size_t i = 0; i < PICTURES; i++) {
        labels[i] = i % rare_every == 0;
        for (size_t k = 0; k < PIXELS; k++)
            pixels[i * PIXELS + k] = (uint8_t)fminf(
                255, fmaxf(0, (labels[i] ? 145 : 110) + 35 * weft_rng_normal(&rng)));
    }
    weft_dataset *data;
    assert_ok(weft_dataset_create(&data, (weft_shape){2, 2, 1}, PICTURES, pixels, labels, 2,
        (const char *const[]){"common", "rare"}));
    return data;
}

/* The share of the rare class's pictures that are found. */
static double recall(const char *option, const char *value)
{
    weft_context *context;
    assert_ok(weft_context_create(&context, 2));
    weft_dataset *data = overlapping(20, 1), *even = overlapping(2, 2);
    weft_view view = weft_view_all(data), unseen = weft_view_all(even);
    weft_classifier *c =
        network_with("n.net", OPTIONS("epochs", "20", "batch", "32", "learning-rate",
                                  "0.02", "normalise", "standard", option, value));
    assert_ok(weft_classifier_fit(c, &view, NULL, context));
    float *p = calloc(unseen.count, 2 * sizeof *p);
    assert_ok(weft_classifier_predict_proba(c, &unseen, p, context));
    double found = 0, rare = 0;
    for (size_t i = 0; i < unseen.count; i++)
        if (weft_view_label(&unseen, i)) {
            rare++;
            found += p[2 * i + 1] > 0.5f;
        }
    free(p);
    weft_classifier_free(c);
    weft_dataset_free(data);
    weft_dataset_free(even);
    weft_context_free(context);
    return found / rare;
}

static void a_rare_class_is_found(void **state)
{
    (void)state;
    write_network("n.net", "flatten\ndense classes\n");
    double plain = recall("sampling", "uniform");
    double weighted = recall("class-weights", "balanced");
    double sampled = recall("sampling", "balanced");
    if (!(plain < 0.6 && weighted > 0.75 && sampled > 0.75))
        fail_msg("recall %g, with weights %g, with sampling %g", plain, weighted, sampled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(balanced_weights_are_scikit_learns),
        cmocka_unit_test(uniform_order_has_every_picture_once),
        cmocka_unit_test(balanced_order_has_every_class_alike),
        cmocka_unit_test(mixed_labels_mix_their_weights),
        folder_test(a_rare_class_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
