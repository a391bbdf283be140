#include "classic/made.h"

#include <math.h>

#include "classic/tree_cut.h"
#include "core/mem.h"
#include "model/tensors.h"
#include "weft/classifier.h"
#include "weft/forest.h"

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

/* ---- cuts against counting -------------------------------------------------------- */

enum { MANY = 300, CLASSES = 5 };

/* The best cut of values of `count` pictures, as anyone would find it. */
static weft__cut best_cut(
    const uint8_t *value, const uint8_t *label, size_t count, size_t min_leaf)
{
    weft__cut best = {0};
    for (unsigned t = 0; t < 255; t++) {
        double left[CLASSES] = {0}, right[CLASSES] = {0}, n = 0, score = 0;
        bool occurs = false;
        unsigned next = 256;
        for (size_t i = 0; i < count; i++) {
            (value[i] <= t ? left : right)[label[i]]++;
            n += value[i] <= t;
            occurs |= value[i] == t;
            if (value[i] > t && value[i] < next)
                next = value[i];
        }
        double rest = (double)count - n;
        if (!occurs || n < (double)min_leaf || rest < (double)min_leaf || next == 256)
            continue;
        for (size_t c = 0; c < CLASSES; c++)
            score += left[c] * left[c] / n + right[c] * right[c] / rest;
        if (score > (double)best.score * (1 + 1e-6))
            best = (weft__cut){(float)score, 0, (uint8_t)((t + next) / 2), true};
    }
    return best;
}

static void same_cut(const weft__cut *found, const weft__cut *expected)
{
    assert_int_equal(found->found, expected->found);
    if (!expected->found)
        return;
    assert_true(fabsf(found->score - expected->score) <= 1e-5f * expected->score);
}

/* Random values, of few or many kinds, sorted by class. */
static void draw_node(uint8_t *value, uint8_t *label, size_t count, uint32_t *seed)
{
    unsigned kinds = 1 + made_byte(seed) % 16;
    for (size_t i = 0; i < count; i++) {
        value[i] = kinds == 16 ? made_byte(seed) : (uint8_t)(made_byte(seed) % kinds * 17);
        label[i] = (uint8_t)(i * CLASSES / count);
    }
}

static void small_nodes_are_cut_best(void **state)
{
    (void)state;
    uint32_t seed = 3;
    for (int round = 0; round < 2000; round++) {
        uint8_t value[WEFT__SMALL_NODE], label[WEFT__SMALL_NODE];
        unsigned count = 2 + made_byte(&seed) % (WEFT__SMALL_NODE - 1);
        draw_node(value, label, count, &seed);
        weft__small_node node = {.count = count,
            .min_leaf = 1 + made_byte(&seed) % 4,
            .columns = value,
            .stride = WEFT__SMALL_NODE};
        for (unsigned i = 0; i < count; i++) {
            if (i == 0 || label[i] != label[i - 1])
                node.label[node.present++] = label[i];
            node.of_class[node.present - 1] |= (uint64_t)1 << i;
            node.row[i] = i;
        }
        weft__cut cut = {0}, portable = {0};
        weft__cut expected = best_cut(value, label, count, node.min_leaf);
        bool varies = weft__cut_small(&cut, &node, 0, NULL);
        assert_int_equal(weft__cut_small_portable(&portable, &node, 0, NULL), varies);
        same_cut(&cut, &expected);
        assert_int_equal(cut.threshold, portable.threshold);
        assert_true(cut.score == portable.score);
        weft_rng a = weft_rng_create(1, (uint64_t)round), b = a;
        weft__cut random = {0}, again = {0};
        weft__cut_small(&random, &node, 0, &a);
        weft__cut_small_portable(&again, &node, 0, &b);
        assert_int_equal(random.threshold, again.threshold);
        assert_true(random.score == again.score && random.score <= cut.score);
    }
}

static void large_nodes_are_cut_best(void **state)
{
    (void)state;
    uint32_t seed = 4;
    for (int round = 0; round < 500; round++) {
        uint8_t value[MANY], label[MANY];
        draw_node(value, label, MANY, &seed);
        _Alignas(64) uint32_t histogram[CLASSES * (WEFT__BINS + 16)] = {0};
        uint32_t mass[CLASSES] = {0};
        for (size_t i = 0; i < MANY; i++) {
            histogram[label[i] * WEFT__BINS + weft__bin_of(value[i])]++;
            mass[label[i]]++;
        }
        weft__cut_node node = {mass, CLASSES, MANY, 1 + (uint32_t)round % 50};
        weft__cut cut = {0}, expected = best_cut(value, label, MANY, node.min_leaf);
        weft__cut_histogram(&cut, &node, 0, histogram);
        same_cut(&cut, &expected);
        if (cut.found)
            assert_int_equal(cut.threshold, expected.threshold);
    }
}

/* ---- against scikit-learn --------------------------------------------------------- */

static weft_classifier *fitted(
    const char *family, const weft_view *train, const char *const *options)
{
    weft_classifier *model;
    assert_ok(weft_classifier_create(&model, family));
    for (; *options; options += 2)
        assert_ok(weft_classifier_set(model, options[0], options[1]));
    assert_ok(weft_classifier_fit(model, train, NULL, context));
    return model;
}

static double next_number(FILE *file)
{
    double value;
    assert_int_equal(fscanf(file, "%lf", &value), 1);
    return value;
}

static void one_tree_is_scikit_learns(void **state)
{
    (void)state;
    enum { QUERIES = 120, DIMS = 48, KINDS = 6 };
    const char *const options[][11] = {
        {"trees", "1", "bootstrap", "false", "max-features", "48", "max-depth", "4", NULL},
        {"trees", "1", "bootstrap", "false", "max-features", "48", "max-depth", "5",
            "min-samples-leaf", "60", NULL}};
    weft_dataset *train = made_pictures(1500, (weft_shape){6, 8, 1}, KINDS, 900, 1);
    weft_dataset *query = made_pictures(QUERIES, (weft_shape){6, 8, 1}, KINDS, 900, 2);
    weft_view a = weft_view_all(train), b = weft_view_all(query);
    FILE *file = open_beside("tree_vectors.txt");
    for (size_t i = 0; i < 2; i++) {
        weft_classifier *tree = fitted("forest", &a, options[i]);
        float shares[QUERIES * KINDS];
        assert_ok(weft_classifier_predict_proba(tree, &b, shares, context));
        for (size_t j = 0; j < QUERIES * KINDS; j++)
            assert_true(fabs(next_number(file) - (double)shares[j]) < 1e-5);
        size_t count;
        const float *importance = weft_forest_importance(tree, &count);
        assert_int_equal(count, DIMS);
        for (size_t f = 0; f < DIMS; f++)
            assert_true(fabs(next_number(file) - (double)importance[f]) < 1e-5);
        assert_true(isnan(weft_forest_out_of_bag(tree)));
        weft_classifier_free(tree);
    }
    fclose(file);
    weft_dataset_free(train);
    weft_dataset_free(query);
}

/* ---- forests ---------------------------------------------------------------------- */

static double accuracy(const weft_classifier *model, const weft_view *view)
{
    size_t classes = weft_classifier_classes(model), right = 0;
    float *shares = malloc(view->count * classes * sizeof *shares);
    assert_ok(weft_classifier_predict_proba(model, view, shares, context));
    for (size_t i = 0; i < view->count; i++) {
        size_t best = 0;
        for (size_t c = 1; c < classes; c++)
            best = shares[i * classes + c] > shares[i * classes + best] ? c : best;
        right += best == weft_view_label(view, i);
    }
    free(shares);
    return (double)right / (double)view->count;
}

static const char *const families[] = {"forest", "extratrees"};

static void trees_learn_by_heart_and_more(void **state)
{
    (void)state;
    weft_dataset *train = made_pictures(3000, (weft_shape){6, 8, 1}, 6, 500, 1);
    weft_dataset *query = made_pictures(500, (weft_shape){6, 8, 1}, 6, 500, 2);
    weft_view a = weft_view_all(train), b = weft_view_all(query);
    const char *const exact[] = {"trees", "3", "bootstrap", "false", NULL};
    const char *const bagged[] = {"trees", "100", "bootstrap", "true", NULL};
    for (size_t f = 0; f < 2; f++) {
        weft_classifier *model = fitted(families[f], &a, exact);
        assert_true(accuracy(model, &a) == 1); /* distinct pictures, pure leaves */
        weft_classifier_free(model);
        model = fitted(families[f], &a, bagged);
        double there = accuracy(model, &b), left_out = weft_forest_out_of_bag(model);
        if (!(there > 0.8 && left_out > 0.8))
            fail_msg("%s: %g on new pictures, %g out of bag", families[f], there, left_out);
        assert_true(fabs(there - left_out) < 0.05);
        weft_classifier_free(model);
    }
    weft_dataset_free(train);
    weft_dataset_free(query);
}

static void threads_and_files_change_nothing(void **state)
{
    (void)state;
    enum { QUERIES = 203, KINDS = 4 };
    const char *const options[] = {"trees", "7", "bootstrap", "true", "seed", "5", NULL};
    const char *path = "forest_test.safetensors";
    weft_dataset *train = made_pictures(1200, (weft_shape){5, 5, 3}, KINDS, 700, 1);
    weft_dataset *query = made_pictures(QUERIES, (weft_shape){5, 5, 3}, KINDS, 700, 2);
    weft_view a = weft_view_all(train), b = weft_view_all(query);
    weft_context *alone, *team = context;
    assert_ok(weft_context_create(&alone, 1));
    for (size_t f = 0; f < 2; f++) {
        float shares[3][QUERIES * KINDS];
        weft_classifier *model = fitted(families[f], &a, options), *other, *back;
        assert_ok(weft_classifier_predict_proba(model, &b, shares[0], context));
        context = alone;
        other = fitted(families[f], &a, options);
        assert_ok(weft_classifier_predict_proba(other, &b, shares[1], context));
        context = team;
        assert_memory_equal(shares[0], shares[1], sizeof shares[0]);
        assert_true(weft_forest_out_of_bag(model) == weft_forest_out_of_bag(other));
        size_t count;
        const float *x = weft_forest_importance(model, &count);
        assert_memory_equal(x, weft_forest_importance(other, &count), count * sizeof *x);
        assert_ok(weft_classifier_save(model, path, context));
        assert_ok(weft_classifier_load(&back, path));
        assert_ok(weft_classifier_predict_proba(back, &b, shares[2], context));
        assert_memory_equal(shares[0], shares[2], sizeof shares[0]);
        assert_true(weft_forest_out_of_bag(model) == weft_forest_out_of_bag(back));
        weft_classifier_free(model);
        weft_classifier_free(other);
        weft_classifier_free(back);
        remove(path);
    }
    weft_context_free(alone);
    weft_dataset_free(train);
    weft_dataset_free(query);
}

/* ---- hostile files ---------------------------------------------------------------- */

/* Overwrites one value of an array of a saved model and expects loading to refuse. */
static void refused(const weft_classifier *model, const char *array, size_t at,
    int64_t value, const char *says)
{
    const char *path = "forest_hostile.safetensors";
    assert_ok(weft_classifier_save(model, path, context));
    weft__tensors tensors;
    assert_ok(weft__tensors_read(&tensors, path));
    const weft__tensor *found = weft__tensors_find(&tensors, array);
    assert_non_null(found);
    uint8_t *bytes = tensors.file + ((const uint8_t *)found->data - tensors.file);
    size_t size = weft__dtype_size(found->dtype);
    memcpy(bytes + at * size, &value, size); /* little-endian, as the file is */
    assert_ok(weft__tensors_write(&tensors, "forest_hostile2.safetensors"));
    weft__tensors_clear(&tensors);
    weft_classifier *loaded;
    assert_fails(
        weft_classifier_load(&loaded, "forest_hostile2.safetensors"), WEFT_EFORMAT, says);
    remove(path);
    remove("forest_hostile2.safetensors");
}

static void hostile_files_are_refused(void **state)
{
    (void)state;
    const char *const options[] = {"trees", "2", "max-depth", "3", NULL};
    weft_dataset *train = made_pictures(300, (weft_shape){3, 3, 1}, 3, 400, 1);
    weft_view view = weft_view_all(train);
    weft_classifier *model = fitted("forest", &view, options);
    refused(model, "trees.nodes", 0, 0, "its child is 0");     /* its own child */
    refused(model, "trees.nodes", 0, 1 << 30, "its child is"); /* outside */
    refused(model, "trees.nodes", 0, -100000, "its child is"); /* no such leaf */
    refused(model, "trees.nodes", 1, 9 << 8, "tests feature 9 of 9");
    refused(model, "trees.nodes", 1, -1, "tests feature");
    refused(model, "trees.roots", 0, 1, "does not cover");
    refused(model, "trees.roots", 1, 0, "tree 0 begins");
    refused(model, "trees.roots", 1, INT64_MAX, "trees.roots");
    refused(model, "trees.roots", 2, -1, "does not cover");
    refused(model, "trees.leaves", 9, 0x7fc00000, "row 3 sums to"); /* NaN */
    weft_classifier_free(model);
    weft_dataset_free(train);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_nodes_are_cut_best),
        cmocka_unit_test(large_nodes_are_cut_best),
        cmocka_unit_test(one_tree_is_scikit_learns),
        cmocka_unit_test(trees_learn_by_heart_and_more),
        cmocka_unit_test(threads_and_files_change_nothing),
        cmocka_unit_test(hostile_files_are_refused),
    };
    return cmocka_run_group_tests_name("forest", tests, setup, teardown);
}
