/* What a network learns with each kind of augmentation and does not without it. */
#include "support.h"

#include <math.h>

#include "weft/classifier.h"

/* Learning: four noisy copies of each of two classes' pictures, and validation pictures as
 * only the augmentation shows them. */
enum { SIDE = 12, BYTES = SIDE * SIDE, LEARNT = 128 };

typedef void (*painter)(uint8_t *picture, int label, bool validation);

static void fill_box(
    uint8_t *picture, int left, int right, int top, int bottom, uint8_t level)
{
    for (int y = top < 0 ? 0 : top; y < bottom && y < SIDE; y++)
        for (int x = left < 0 ? 0 : left; x < right && x < SIDE; x++)
            picture[y * SIDE + x] = level;
}

/* A bar low on the left or high on the left; for validation on the right. */
static void paint_sides(uint8_t *p, int label, bool validation)
{
    int left = validation ? 8 : 1;
    fill_box(p, left, left + 3, label ? 1 : 7, label ? 5 : 11, 220);
}

/* Three dark lines standing or lying; for validation two pixels on, where the other
 * lines were not. */
static void paint_lines(uint8_t *p, int label, bool validation)
{
    for (int i = 0; i < 3; i++) {
        int at = 1 + 4 * i + (validation ? 2 : 0);
        if (label)
            fill_box(p, at, at + 1, 0, SIDE, 220);
        else
            fill_box(p, 0, SIDE, at, at + 1, 220);
    }
}

/* A bar in the upper half or in the lower one that, for validation, is turned past the
 * corner by some 60 degrees clockwise. */
static void paint_hands(uint8_t *p, int label, bool validation)
{
    double turn = validation ? 60 / 57.29577951 : 0, sign = label ? -1 : 1;
    for (double r = 1.5; r < 5.4; r += 0.25) {
        int x = (int)lrint(5.5 - sign * r * sin(turn)),
            y = (int)lrint(5.5 + sign * r * cos(turn));
        fill_box(p, x, x + 2, y, y + 2, 220);
    }
}

/* A frame of half of the picture's side or of three quarters; half as large again. */
static void paint_rings(uint8_t *p, int label, bool validation)
{
    int from_middle = label ? (validation ? 4 : 5) : (validation ? 2 : 3);
    fill_box(p, 6 - from_middle, 6 + from_middle, 6 - from_middle, 6 + from_middle, 220);
    fill_box(p, 7 - from_middle, 5 + from_middle, 7 - from_middle, 5 + from_middle, 0);
}

/* A strong sign on the left, which validation lacks, and a weak one on the right. */
static void paint_signs(uint8_t *p, int label, bool validation)
{
    if (!validation)
        fill_box(p, 0, 5, label ? 0 : 7, label ? 5 : 12, 255);
    fill_box(p, 10, 12, label ? 4 : 6, label ? 6 : 8, 130);
}

/* The upper or the lower half is a little lighter; class 1 is darker in training and
 * lighter in validation. */
static void paint_light(uint8_t *p, int label, bool validation)
{
    int level = label == validation ? 180 : 110;
    fill_box(p, 0, SIDE, 0, SIDE, (uint8_t)level);
    fill_box(p, 0, SIDE, label ? 0 : 6, label ? 6 : 12, (uint8_t)(level * 5 / 4));
}

/* The upper or the lower half is lighter; for validation hardly so. */
static void paint_contrast(uint8_t *p, int label, bool validation)
{
    int away = validation ? 8 : 60;
    fill_box(p, 0, SIDE, 0, SIDE, (uint8_t)(125 - away));
    fill_box(p, 0, SIDE, label ? 0 : 6, label ? 6 : 12, (uint8_t)(125 + away));
}

static weft_dataset *painted(painter paint, bool validation)
{
    static uint8_t pixels[LEARNT * BYTES];
    uint16_t labels[LEARNT];
    weft_rng rng = weft_rng_create(validation, 5);
    for (int i = 0; i < LEARNT; i++) {
        uint8_t *p = pixels + i * BYTES;
        memset(p, 0, BYTES);
        labels[i] = (uint16_t)(i % 2);
        paint(p, i % 2, validation);
        for (int k = 0; k < BYTES; k++)
            p[k] = (uint8_t)(p[k] > 245 ? 255 : p[k] + weft_rng_below(&rng, 10));
    }
    weft_dataset *data;
    assert_ok(weft_dataset_create(&data, (weft_shape){SIDE, SIDE, 1}, LEARNT, pixels,
        labels, 2, (const char *const[]){"a", "b"}));
    return data;
}

/* A fitted network's validation loss. */
static double learn(painter paint, const char *option, const char *value)
{
    weft_context *context;
    weft_classifier *model;
    assert_ok(weft_context_create(&context, 2));
    weft_dataset *train = painted(paint, false), *validation = painted(paint, true);
    weft_view seen = weft_view_all(train), unseen = weft_view_all(validation);
    assert_ok(weft_classifier_create(&model, "ann"));
    const char *const settings[][2] = {
        {"epochs", "30"}, {"batch", "16"}, {"learning-rate", "0.003"}, {option, value}};
    for (size_t i = 0; i < 4; i++)
        assert_ok(weft_classifier_set(model, settings[i][0], settings[i][1]));
    assert_ok(weft_classifier_fit(model, &seen, &unseen, context));
    size_t count;
    const weft_epoch *history = weft_classifier_history(model, &count);
    double loss = history[count - 1].val_loss;
    weft_classifier_free(model);
    weft_dataset_free(train);
    weft_dataset_free(validation);
    weft_context_free(context);
    return loss;
}

static void check_learning(
    painter paint, const char *option, const char *value, const char *off)
{
    double with = learn(paint, option, value), without = learn(paint, option, off);
    if (!(with < 0.7 * without))
        fail_msg("%s: validation loss %g with it, %g without", option, with, without);
}

static void networks_learn_what_is_shown(void **state)
{
    (void)state;
    check_learning(paint_sides, "flip", "random", "none");
    check_learning(paint_sides, "flip", "alternate", "none");
    check_learning(paint_lines, "shift", "2", "0");
    check_learning(paint_lines, "crop-pad", "2", "0");
    check_learning(paint_hands, "rotate", "70", "0");
    check_learning(paint_rings, "zoom", "0.5", "0");
    check_learning(paint_signs, "erase", "0.8", "0");
    check_learning(paint_light, "brightness", "0.8", "0");
    check_learning(paint_contrast, "contrast", "1", "0");
}

/* The first epoch's loss, with everything drawn by chance. */
static double first_loss(int threads)
{
    weft_context *context;
    weft_classifier *model;
    assert_ok(weft_context_create(&context, threads));
    weft_dataset *data = painted(paint_sides, false);
    weft_view view = weft_view_all(data);
    assert_ok(weft_classifier_create(&model, "ann"));
    static const char *const settings[][2] = {{"epochs", "1"}, {"batch", "25"},
        {"precision", "f32"}, {"flip", "random"}, {"shift", "2"}, {"rotate", "20"},
        {"zoom", "0.2"}, {"erase", "0.3"}, {"mixup", "0.5"}, {"cutmix", "0.5"}};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        assert_ok(weft_classifier_set(model, settings[i][0], settings[i][1]));
    assert_ok(weft_classifier_fit(model, &view, NULL, context));
    size_t count;
    double loss = weft_classifier_history(model, &count)[0].loss;
    weft_classifier_free(model);
    weft_dataset_free(data);
    weft_context_free(context);
    return loss;
}

/* Only the rounding of sums depends on how many share the work. */
static void threads_see_the_same_pictures(void **state)
{
    (void)state;
    double alone = first_loss(1);
    for (int threads = 2; threads <= 4; threads++)
        assert_true(fabs(first_loss(threads) - alone) < 1e-5);
}

/* The upper half or the lower one; validation shows the upper half a third as light as the
 * lower one, or a part of each: between the classes, as mixing shows them. */
static void paint_halves(uint8_t *p, int label, bool validation)
{
    fill_box(p, 0, SIDE, label ? 0 : 6, label ? 6 : 12, validation ? 150 : 220);
    if (validation)
        fill_box(p, 0, SIDE, label ? 6 : 0, label ? 12 : 6, 74);
}

static void paint_parts(uint8_t *p, int label, bool validation)
{
    fill_box(p, 0, SIDE, label ? 0 : 6, label ? 6 : 12, 220);
    if (validation) {
        fill_box(p, 0, 4, 0, SIDE, 0);
        fill_box(p, 0, 4, label ? 6 : 0, label ? 12 : 6, 220);
    }
}

/* The likeliest class's mean probability on pictures between the classes. */
static double confidence(painter paint, const char *option, const char *value)
{
    weft_context *context;
    weft_classifier *model;
    assert_ok(weft_context_create(&context, 1));
    weft_dataset *train = painted(paint, false), *between = painted(paint, true);
    weft_view seen = weft_view_all(train), unseen = weft_view_all(between);
    float p[LEARNT * 2];
    assert_ok(weft_classifier_create(&model, "ann"));
    assert_ok(weft_classifier_set(model, "epochs", "30"));
    assert_ok(weft_classifier_set(model, "batch", "16"));
    assert_ok(weft_classifier_set(model, option, value));
    assert_ok(weft_classifier_fit(model, &seen, NULL, context));
    assert_ok(weft_classifier_predict_proba(model, &unseen, p, context));
    double sum = 0;
    for (int i = 0; i < LEARNT; i++)
        sum += (double)fmaxf(p[2 * i], p[2 * i + 1]);
    weft_classifier_free(model);
    weft_dataset_free(train);
    weft_dataset_free(between);
    weft_context_free(context);
    return sum / LEARNT;
}

static void mixing_teaches_what_lies_between(void **state)
{
    (void)state;
    double with = confidence(paint_halves, "mixup", "1");
    double without = confidence(paint_halves, "mixup", "0");
    if (!(with < 0.8 && without > 0.85))
        fail_msg("mixup: %g with, %g without", with, without);
    with = confidence(paint_parts, "cutmix", "1");
    without = confidence(paint_parts, "cutmix", "0");
    if (!(with < 0.8 && without > 0.85))
        fail_msg("cutmix: %g with, %g without", with, without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_see_the_same_pictures),
        cmocka_unit_test(networks_learn_what_is_shown),
        cmocka_unit_test(mixing_teaches_what_lies_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
