#include "weft/audit.h"

#include <math.h>
#include <string.h>

#include "../support.h"
#include "data/dataset.h"
#include "weft/weft.h"

enum { TRAIN = 600, FLIPS = 30, SIDE = 28, BYTES = SIDE * SIDE, CLASSES = 10 };

static weft_context *context;
static weft_dataset *garments;

static int set_up(void **state)
{
    (void)state;
    weft_data data;
    weft_load_options load = weft_load_defaults();
    if (weft_context_create(&context, 2) != WEFT_OK ||
        weft_data_load(&data, "synth:n=600,test=0,size=28,seed=5", &load, context) !=
            WEFT_OK)
        return -1;
    garments = data.train;
    data.train = NULL;
    weft_data_clear(&data);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    weft_dataset_free(garments);
    weft_context_free(context);
    return 0;
}

static weft_audit *audit(const weft_data *data, const char *classifier, bool refit)
{
    weft_audit_options options = weft_audit_defaults();
    weft_audit *found;
    options.classifiers = &classifier;
    options.classifier_count = 1;
    options.refit = refit;
    assert_ok(weft_audit_run(&found, data, &options, context));
    return found;
}

/* The garments with every twentieth label moved on by one to nine classes. */
static weft_data flipped(void)
{
    uint16_t labels[TRAIN];
    weft_data data = {0};
    memcpy(labels, weft_dataset_labels(garments), sizeof labels);
    for (size_t i = 0; i < TRAIN; i += TRAIN / FLIPS)
        labels[i] =
            (uint16_t)((labels[i] + 1 + i / (TRAIN / FLIPS) % (CLASSES - 1)) % CLASSES);
    assert_ok(weft_dataset_create(&data.train, weft_dataset_shape(garments), TRAIN,
        weft_dataset_pixels(garments), labels, CLASSES, NULL));
    return data;
}

static void ranks_flipped_labels_first(void **state)
{
    (void)state;
    weft_data data = flipped();
    weft_audit *a = audit(&data,
        "kugler-cnn:epochs=12,batch=32,optimizer=adamw,"
        "learning-rate=0.003,schedule=one-cycle,warmup=0.3",
        true);
    const weft_audited *pictures = weft_audit_pictures(a);
    size_t found = 0, relabelled = 0, right = 0, count;
    for (size_t i = 0; i < TRAIN; i += TRAIN / FLIPS)
        found += pictures[i].rank <= FLIPS;
    assert_true(found >= 0.8 * FLIPS);
    const weft_fix *fixes = weft_audit_fixes(a, &count);
    for (size_t i = 0; i < count; i++) {
        if (fixes[i].action != WEFT_FIX_RELABEL)
            continue;
        assert_true(fixes[i].confidence >= 0.95);
        relabelled++;
        right += fixes[i].to == weft_dataset_labels(garments)[fixes[i].index];
    }
    assert_true(relabelled > FLIPS / 3);
    assert_true(right > relabelled / 2);
    assert_true(weft_audit_wrong_labels(a) > FLIPS / 2.0);
    const weft_audit_refit *refit = weft_audit_refitted(a);
    assert_true(refit->left_out >= relabelled && refit->after > 0.5);
    weft_audit_free(a);
    weft_data_clear(&data);
}

/* Ranks, suspicions, the joint and the costs say the same of the same pictures. */
static void agrees_with_itself(void **state)
{
    (void)state;
    weft_data data = flipped();
    weft_audit *a = audit(&data, "knn:k=9", false);
    const weft_audited *pictures = weft_audit_pictures(a);
    const uint32_t *order = weft_audit_order(a);
    size_t right = 0, suspected = 0, off = 0;
    for (size_t i = 0; i < TRAIN; i++) {
        assert_int_equal(pictures[order[i]].rank, i + 1);
        assert_true(i == 0 || pictures[order[i - 1]].given <= pictures[order[i]].given);
        right += pictures[i].predicted == pictures[i].label;
        bool wrong = pictures[i].suspicions >> WEFT_SUSPECT_LABEL & 1;
        assert_int_equal(wrong, pictures[i].suggested != pictures[i].label);
        suspected += wrong;
    }
    for (size_t c = 0; c < CLASSES * CLASSES; c++)
        off += c % (CLASSES + 1) ? weft_audit_joint(a)[c] : 0;
    assert_int_equal(off, suspected);
    assert_true(fabs(weft_audit_accuracy(a) - (double)right / TRAIN) < 1e-12);
    const weft_audit_cost *costs = weft_audit_costs(a);
    assert_int_equal(costs[WEFT_SUSPECT_LABEL].count, suspected);
    double all = costs[WEFT_SUSPECT_LABEL].among * (double)suspected +
                 costs[WEFT_SUSPECT_LABEL].left_out * (double)(TRAIN - suspected);
    assert_true(fabs(all - (double)right) < 1e-6);
    weft_audit_free(a);
    weft_data_clear(&data);
}

/* A picture each that is black, dark, pale and blurred, in places 0 to 3. */
static void finds_odd_pictures(void **state)
{
    (void)state;
    static uint8_t pixels[TRAIN * BYTES];
    weft_data data = {0};
    memcpy(pixels, weft_dataset_pixels(garments), sizeof pixels);
    memset(pixels, 0, BYTES);
    for (size_t i = 0; i < BYTES; i++) {
        pixels[BYTES + i] = (uint8_t)(pixels[BYTES + i] / 5);
        pixels[2 * BYTES + i] = (uint8_t)(200 + pixels[2 * BYTES + i] / 5);
        pixels[3 * BYTES + i] = (uint8_t)(5 * (i % SIDE) + 3 * (i / SIDE));
    }
    assert_ok(weft_dataset_create(&data.train, weft_dataset_shape(garments), TRAIN, pixels,
        weft_dataset_labels(garments), CLASSES, NULL));
    weft_audit *a = audit(&data, "knn", false);
    static const weft_suspicion expected[] = {
        WEFT_SUSPECT_FLAT, WEFT_SUSPECT_DARK, WEFT_SUSPECT_PALE, WEFT_SUSPECT_BLURRED};
    for (size_t i = 0; i < 4; i++)
        assert_true(weft_audit_pictures(a)[i].suspicions >> expected[i] & 1);
    size_t count;
    const weft_fix *fixes = weft_audit_fixes(a, &count);
    bool dropped = false;
    for (size_t i = 0; i < count; i++)
        dropped |= fixes[i].index == 0 && fixes[i].action == WEFT_FIX_DROP;
    assert_true(dropped);
    for (int s = WEFT_SUSPECT_FLAT; s < WEFT_SUSPICIONS; s++)
        assert_true(weft_audit_costs(a)[s].count < TRAIN / 20);
    weft_audit_free(a);
    weft_data_clear(&data);
}

/* The label is the level of the border, or it is nowhere near it. */
static void hears_what_the_border_tells(void **state)
{
    (void)state;
    static uint8_t pixels[TRAIN * BYTES];
    uint16_t labels[TRAIN];
    for (int told = 0; told < 2; told++) {
        weft_rng rng = weft_rng_create(11, (uint64_t)told);
        weft_data data = {0};
        for (size_t i = 0; i < TRAIN; i++) {
            labels[i] = (uint16_t)(i % 2);
            for (size_t p = 0; p < BYTES; p++) {
                bool inside =
                    p / SIDE > 8 && p / SIDE < 20 && p % SIDE > 8 && p % SIDE < 20;
                pixels[i * BYTES + p] =
                    (uint8_t)(weft_rng_below(&rng, 100) +
                              (inside != (told == 1) ? 100 * labels[i] : 0));
            }
        }
        assert_ok(weft_dataset_create(
            &data.train, weft_dataset_shape(garments), TRAIN, pixels, labels, 2, NULL));
        weft_audit *a = audit(&data, "knn", false);
        const weft_border_cue *border = weft_audit_border(a);
        assert_int_equal(border->count, TRAIN);
        assert_true(border->chance == 0.5);
        assert_true(told ? border->low > 0.95 : border->low < 0.52 && border->high < 0.65);
        weft_audit_free(a);
        weft_data_clear(&data);
    }
}

/* Copies of ten training pictures, in validation and in test. */
static void copies_leave_the_right_split(void **state)
{
    (void)state;
    enum { COPIES = 10 };
    for (int test = 0; test < 2; test++) {
        weft_data data = {0};
        weft_dataset *copies;
        weft_audit_options options = weft_audit_defaults();
        const char *knn = "knn";
        weft_audit *a;
        options.similarity = 1;
        options.classifiers = &knn;
        options.classifier_count = 1;
        assert_ok(weft_dataset_create(&data.train, weft_dataset_shape(garments), TRAIN,
            weft_dataset_pixels(garments), weft_dataset_labels(garments), CLASSES, NULL));
        assert_ok(weft_dataset_create(&copies, weft_dataset_shape(garments), COPIES,
            weft_dataset_pixels(garments), weft_dataset_labels(garments), CLASSES, NULL));
        if (test)
            assert_ok(weft__test_create(&data.test, copies));
        else
            data.validation = copies;
        assert_ok(weft_audit_run(&a, &data, &options, context));
        size_t count, dropped = 0;
        const weft_fix *fixes = weft_audit_fixes(a, &count);
        for (size_t i = 0; i < count; i++)
            if (fixes[i].suspicion == WEFT_SUSPECT_LEAK) {
                assert_int_equal(fixes[i].action, WEFT_FIX_DROP);
                assert_int_equal(
                    fixes[i].split, test ? WEFT_SPLIT_TRAIN : WEFT_SPLIT_VALIDATION);
                dropped++;
            }
        assert_int_equal(dropped, COPIES);
        assert_int_equal(weft_audit_costs(a)[WEFT_SUSPECT_LEAK].count, COPIES);
        if (test)
            assert_int_equal(weft_test_openings(data.test), 0);
        weft_audit_free(a);
        weft_data_clear(&data);
    }
}

static void refuses(void **state)
{
    (void)state;
    weft_data data = {.train = garments};
    weft_audit *a;
    weft_audit_options options = weft_audit_defaults();
    options.folds = 1;
    assert_fails(weft_audit_run(&a, &data, &options, context), WEFT_EINVAL, "folds");
    options = weft_audit_defaults();
    options.confidence = NAN;
    assert_fails(weft_audit_run(&a, &data, &options, context), WEFT_EINVAL, "confidence");
    options = weft_audit_defaults();
    const char *unknown = "no-such-thing";
    options.classifiers = &unknown;
    options.classifier_count = 1;
    assert_fails(
        weft_audit_run(&a, &data, &options, context), WEFT_ENOTFOUND, "no-such-thing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_flipped_labels_first),
        cmocka_unit_test(agrees_with_itself),
        cmocka_unit_test(finds_odd_pictures),
        cmocka_unit_test(hears_what_the_border_tells),
        cmocka_unit_test(copies_leave_the_right_split),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests_name("audit", tests, set_up, tear_down);
}
