#include "classic/made.h"

#include <math.h>

#include "classic/boost_tree.h"
#include "model/tensors.h"
#include "weft/weft.h"

static weft_context *context;

static int setup(void **state)
{
    (void)state;
    return weft_context_create(&context, 3) != WEFT_OK;
}

static int teardown(void **state)
{
    (void)state;
    weft_context_free(context);
    return 0;
}

enum { COUNT = 400, DIMS = 6 };

/* The gain and the cut that anyone would find at the root. */
static double best_gain(const uint8_t *columns, const float *g, const float *h,
    double penalty, double weight, size_t *feature, unsigned *threshold)
{
    double best = 0, all_g = 0, all_h = 0;
    for (size_t i = 0; i < COUNT; i++) {
        all_g += (double)g[i];
        all_h += (double)h[i];
    }
    for (size_t f = 0; f < DIMS; f++)
        for (unsigned t = 0; t < 255; t++) {
            double left_g = 0, left_h = 0;
            for (size_t i = 0; i < COUNT; i++)
                if (columns[f * COUNT + i] <= t) {
                    left_g += (double)g[i];
                    left_h += (double)h[i];
                }
            double right_g = all_g - left_g, right_h = all_h - left_h;
            double gain = left_g * left_g / (left_h + penalty) +
                          right_g * right_g / (right_h + penalty) -
                          all_g * all_g / (all_h + penalty);
            if (left_h >= weight && right_h >= weight && gain > best * (1 + 1e-5)) {
                best = gain;
                *feature = f;
                *threshold = t;
            }
        }
    return best;
}

static void a_stump_is_the_best_there_is(void **state)
{
    (void)state;
    uint8_t columns[DIMS * COUNT];
    float gradient[COUNT], hessian[COUNT], score[COUNT] = {0};
    uint32_t seed = 5, end = COUNT;
    weft_rng rng = weft_rng_create(3, 0);
    for (size_t i = 0; i < DIMS * COUNT; i++)
        columns[i] = made_byte(&seed);
    for (size_t i = 0; i < COUNT; i++) {
        gradient[i] =
            0.3f * weft_rng_normal(&rng) + (columns[2 * COUNT + i] > 90 ? 0.4f : 0);
        hessian[i] = 0.25f * weft_rng_uniform(&rng);
    }
    weft__tree_data data = {COUNT, DIMS, 1, NULL, columns, &end};
    weft__boost_options options = {.leaves = 2,
        .features = DIMS,
        .large = 1,
        .small = 1,
        .penalty = 1,
        .weight = 2,
        .learning_rate = 1};
    weft__booster *booster;
    weft__tree_node nodes[3];
    float values[2], covers[2];
    double gain[DIMS] = {0}, left_g = 0, left_h = 0;
    weft__boost_tree tree = {nodes, values, covers, 0, 0};
    assert_ok(weft__booster_create(&booster, &data, &options));
    weft__boost_grow(booster, rng, gradient, hessian, &tree, gain);
    size_t feature = 0;
    unsigned threshold = 0;
    double expected = best_gain(columns, gradient, hessian, 1, 2, &feature, &threshold);
    assert_int_equal(tree.leaf_count, 2);
    assert_int_equal(nodes[0].test >> 8, feature);
    assert_int_equal(nodes[0].test & 255, threshold);
    assert_true(fabs(gain[feature] - expected) < 1e-3 * expected);
    for (size_t i = 0; i < COUNT; i++)
        if (columns[feature * COUNT + i] <= threshold) {
            left_g += (double)gradient[i];
            left_h += (double)hessian[i];
        }
    weft__boost_add(&data, &tree, score);
    for (size_t i = 0; i < COUNT; i++)
        if (columns[feature * COUNT + i] <= threshold)
            assert_true(fabs((double)score[i] + left_g / (left_h + 1)) < 1e-4);
    weft__booster_free(booster);
}

static weft_classifier *fitted(const weft_view *train)
{
    weft_classifier *model;
    assert_ok(weft_classifier_create(&model, "boost"));
    assert_ok(weft_classifier_set(model, "rounds", "20"));
    assert_ok(weft_classifier_fit(model, train, NULL, context));
    return model;
}

static void it_learns_alike_on_any_threads(void **state)
{
    (void)state;
    enum { QUERIES = 300, KINDS = 4 };
    weft_dataset *train = made_pictures(1500, (weft_shape){6, 8, 1}, KINDS, 500, 1);
    weft_dataset *query = made_pictures(QUERIES, (weft_shape){6, 8, 1}, KINDS, 500, 2);
    weft_view a = weft_view_all(train), b = weft_view_all(query);
    weft_context *alone, *team = context;
    assert_ok(weft_context_create(&alone, 1));
    weft_classifier *model = fitted(&a), *other, *back;
    context = alone;
    other = fitted(&a);
    context = team;
    static float shares[3][QUERIES * KINDS];
    assert_ok(weft_classifier_predict_proba(model, &b, shares[0], context));
    assert_ok(weft_classifier_predict_proba(other, &b, shares[1], context));
    assert_ok(weft_classifier_save(model, "boost_test.safetensors", context));
    assert_ok(weft_classifier_load(&back, "boost_test.safetensors"));
    assert_ok(weft_classifier_predict_proba(back, &b, shares[2], context));
    assert_memory_equal(shares[0], shares[1], sizeof shares[0]);
    assert_memory_equal(shares[0], shares[2], sizeof shares[0]);
    size_t right = 0, count;
    for (size_t i = 0; i < QUERIES; i++) {
        size_t best = 0;
        for (size_t c = 1; c < KINDS; c++)
            best = shares[0][i * KINDS + c] > shares[0][i * KINDS + best] ? c : best;
        right += best == weft_view_label(&b, i);
    }
    assert_true(right > QUERIES * 85 / 100);
    const weft_epoch *history = weft_classifier_history(model, &count);
    assert_int_equal(count, 20);
    for (size_t i = 1; i < count; i++) /* the loss on what is learnt from falls */
        assert_true(history[i].loss < history[i - 1].loss);
    const float *importance = weft_forest_importance(model, &count);
    double sum = 0;
    assert_int_equal(count, 48);
    for (size_t f = 0; f < count; f++)
        sum += (double)importance[f];
    assert_true(fabs(sum - 1) < 1e-4);
    remove("boost_test.safetensors");
    weft_classifier_free(model);
    weft_classifier_free(other);
    weft_classifier_free(back);
    weft_context_free(alone);
    weft_dataset_free(train);
    weft_dataset_free(query);
}

static void refused(const weft_classifier *model, const char *array, size_t at,
    int64_t value, const char *says)
{
    assert_ok(weft_classifier_save(model, "boost_hostile.safetensors", context));
    weft__tensors tensors;
    assert_ok(weft__tensors_read(&tensors, "boost_hostile.safetensors"));
    const weft__tensor *found = weft__tensors_find(&tensors, array);
    assert_non_null(found);
    uint8_t *bytes = tensors.file + ((const uint8_t *)found->data - tensors.file);
    memcpy(bytes + at * weft__dtype_size(found->dtype), &value,
        weft__dtype_size(found->dtype));
    assert_ok(weft__tensors_write(&tensors, "boost_hostile2.safetensors"));
    weft__tensors_clear(&tensors);
    weft_classifier *loaded;
    assert_fails(
        weft_classifier_load(&loaded, "boost_hostile2.safetensors"), WEFT_EFORMAT, says);
    remove("boost_hostile.safetensors");
    remove("boost_hostile2.safetensors");
}

static void hostile_files_are_refused(void **state)
{
    (void)state;
    weft_dataset *train = made_pictures(300, (weft_shape){3, 3, 1}, 3, 300, 1);
    weft_view view = weft_view_all(train);
    weft_classifier *model = fitted(&view);
    refused(model, "trees.nodes", 0, 0, "its child is 0");
    refused(model, "trees.nodes", 0, INT32_MIN, "its child is");
    refused(model, "trees.nodes", 1, 9 << 8, "tests feature 9 of 9");
    refused(model, "trees.roots", 1, 1 << 30, "trees.roots");
    refused(model, "trees.values", 2, 0x7f800000, "value 2"); /* infinity */
    refused(model, "base", 1, 0x7fc00000, "value 1");         /* not a number */
    weft_classifier_free(model);
    weft_dataset_free(train);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stump_is_the_best_there_is),
        cmocka_unit_test(it_learns_alike_on_any_threads),
        cmocka_unit_test(hostile_files_are_refused),
    };
    return cmocka_run_group_tests_name("boost", tests, setup, teardown);
}
