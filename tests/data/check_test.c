#include "support.h"

#include <jansson.h>

#include "core/mem.h"
#include "data/dataset.h"
#include "weft/check.h"

static weft_context *context;

enum { N = 60, BYTES = 784 };

/* Garments whose pixels and labels a test may spoil before they become data. */
struct plot {
    uint8_t pixels[3][N * BYTES];
    uint16_t labels[3][N];
    size_t classes;
};

static struct plot *prepare(void)
{
    struct plot *plot = malloc(sizeof *plot);
    weft_data data;
    weft_load_options options = weft_load_defaults();
    assert_non_null(plot);
    assert_ok(weft_data_load(&data, "synth:n=60,validation=60,test=60", &options, context));
    const weft_dataset *splits[] = {
        data.train, data.validation, weft__test_data(data.test)};
    for (int s = 0; s < 3; s++) {
        memcpy(plot->pixels[s], weft_dataset_pixels(splits[s]), N * BYTES);
        memcpy(plot->labels[s], weft_dataset_labels(splits[s]), N * sizeof(uint16_t));
    }
    plot->classes = 10;
    weft_data_clear(&data);
    return plot;
}

static weft_dataset *one(const struct plot *plot, int split)
{
    weft_dataset *d;
    assert_ok(weft_dataset_create(&d, (weft_shape){28, 28, 1}, N, plot->pixels[split],
        plot->labels[split], plot->classes, NULL));
    return d;
}

/* Frees the plot. */
static weft_check *check(struct plot *plot)
{
    weft_data data = {one(plot, 0), one(plot, 1), NULL};
    weft_check *result;
    assert_ok(weft__test_create(&data.test, one(plot, 2)));
    assert_ok(weft__dataset_skip(data.train, "a/b.jpg", "a/b.jpg: not a picture"));
    assert_ok(weft_data_check(&result, &data, context));
    assert_int_equal(weft_test_openings(data.test), 0);
    weft_data_clear(&data);
    free(plot);
    return result;
}

static void assert_finding(const weft_check *result, const char *kind, const char *message,
    const char *first, const char *second)
{
    for (size_t i = 0; i < weft_check_count(result); i++) {
        const weft_finding *f = weft_check_finding(result, i);
        if (strcmp(f->kind, kind) != 0 || !strstr(f->message, message))
            continue;
        assert_int_equal(f->where_count, !!first + !!second);
        if (first)
            assert_string_equal(f->where[0], first);
        if (second)
            assert_string_equal(f->where[1], second);
        return;
    }
    fail_msg("no finding %s '%s'", kind, message);
}

static void copy(struct plot *plot, int from_split, size_t from, int to_split, size_t to)
{
    memcpy(plot->pixels[to_split] + to * BYTES, plot->pixels[from_split] + from * BYTES,
        BYTES);
}

static void nothing_is_found_in_sound_data(void **state)
{
    (void)state;
    weft_check *result = check(prepare());
    assert_int_equal(weft_check_count(result), 1); /* the file that check() adds */
    assert_finding(result, "unreadable", "not a picture", "a/b.jpg", NULL);
    assert_null(weft_check_finding(result, 1));
    weft_check_free(result);
}

static void planted_faults_are_found(void **state)
{
    (void)state;
    struct plot *plot = prepare();
    copy(plot, 0, 3, 0, 50);
    plot->labels[0][50] = plot->labels[0][3];
    copy(plot, 0, 8, 0, 41);
    plot->labels[0][8] = 2;
    plot->labels[0][41] = 6;
    copy(plot, 0, 20, 2, 7);
    plot->labels[2][7] = plot->labels[0][20];
    copy(plot, 1, 30, 2, 31);
    plot->labels[1][30] = 4;
    plot->labels[2][31] = 3;
    memset(plot->pixels[1] + 9 * BYTES, 77, BYTES);
    /* One bit apart is another picture. */
    copy(plot, 0, 11, 0, 12);
    plot->pixels[0][12 * BYTES + 400] ^= 1;
    weft_check *result = check(plot);
    assert_int_equal(weft_check_count(result), 7);
    assert_finding(result, "duplicate", "2 times in train", "picture[3]", "picture[50]");
    assert_finding(result, "conflict", "labelled 2 and 6", "picture[8]", "picture[41]");
    assert_finding(result, "leak", "in train and test", "picture[20]", "picture[7]");
    assert_finding(result, "leak", "in validation and test", "picture[30]", "picture[31]");
    assert_finding(result, "conflict", "labelled 4 and 3", "picture[30]", "picture[31]");
    assert_finding(
        result, "constant", "of validation in which every value is 77", "picture[9]", NULL);
    /* The worst come first. */
    for (size_t i = 1; i < weft_check_count(result); i++)
        assert_true(weft_check_finding(result, i - 1)->severity >=
                    weft_check_finding(result, i)->severity);
    weft_check_free(result);
}

static void classes_and_levels_are_looked_at(void **state)
{
    (void)state;
    struct plot *plot = prepare();
    plot->classes = 11;
    for (size_t i = 0; i < N; i++) {
        plot->labels[1][i] = i == 0 ? 10 : (uint16_t)(i % 10);
        plot->labels[0][i] = (uint16_t)(i < 30 ? 0 : i % 11);
        plot->labels[2][i] = (uint16_t)(i % 11);
    }
    for (size_t i = 0; i < N * BYTES; i++)
        plot->pixels[2][i] = plot->pixels[2][i] / 64;
    weft_check *result = check(plot);
    assert_finding(result, "imbalance", "train has 33 pictures of 0 and 2 of", NULL, NULL);
    assert_finding(result, "range", "pixels of test lie between 0 and 3", NULL, NULL);
    weft_check_free(result);
    plot = prepare();
    for (size_t i = 0; i < N; i++)
        if (plot->labels[2][i] == 9)
            plot->labels[2][i] = 0;
    result = check(plot);
    assert_finding(result, "missing-class", "no picture of class 9 in test", NULL, NULL);
    weft_check_free(result);
}

static void text_and_json_agree(void **state)
{
    (void)state;
    struct plot *plot = prepare();
    for (size_t i = 1; i < 12; i++) {
        copy(plot, 0, 0, 0, i);
        plot->labels[0][i] = plot->labels[0][0];
    }
    for (size_t i = 20; i < 30; i += 2)
        copy(plot, 1, i, 1, i + 1);
    weft_check *result = check(plot);
    char *text, *json;
    assert_ok(weft_check_text(&text, result, 2));
    assert_non_null(strstr(text, "12 times in train\n    picture[0]\n    picture[1]\n"));
    assert_non_null(strstr(text, "    and 8 more places\n"));
    assert_non_null(strstr(text, "conflict: 3 more\n"));
    assert_ok(weft_check_json(&json, result));
    json_t *parsed = json_loads(json, 0, NULL);
    assert_non_null(parsed);
    json_t *findings = json_object_get(parsed, "findings");
    assert_int_equal(json_array_size(findings), weft_check_count(result));
    for (size_t i = 0; i < json_array_size(findings); i++) {
        const weft_finding *f = weft_check_finding(result, i);
        json_t *item = json_array_get(findings, i);
        assert_string_equal(json_string_value(json_object_get(item, "kind")), f->kind);
        assert_int_equal(json_array_size(json_object_get(item, "where")), f->where_count);
    }
    json_t *test =
        json_object_get(json_object_get(json_object_get(parsed, "data"), "splits"), "test");
    assert_int_equal(json_integer_value(json_object_get(test, "count")), N);
    assert_int_equal(
        json_integer_value(json_array_get(json_object_get(test, "class_counts"), 3)), 6);
    json_decref(parsed);
    free(text);
    free(json);
    weft_check_free(result);
}

static void without_memory_it_fails_cleanly(void **state)
{
    (void)state;
    struct plot *plot = prepare();
    copy(plot, 0, 3, 2, 50);
    weft_data data = {one(plot, 0), one(plot, 1), NULL};
    assert_ok(weft__test_create(&data.test, one(plot, 2)));
    bool reached = true;
    for (long n = 1; reached; n++) {
        weft_check *result = NULL;
        char *text = NULL, *json = NULL;
        weft__alloc_fail_at(n);
        weft_status status = weft_data_check(&result, &data, context);
        if (status == WEFT_OK)
            status = weft_check_text(&text, result, 0);
        if (status == WEFT_OK)
            status = weft_check_json(&json, result);
        reached = weft__alloc_fail_pending() <= 0;
        weft__alloc_fail_at(0);
        assert_int_equal(status, reached ? WEFT_ENOMEM : WEFT_OK);
        weft_check_free(result);
        free(text);
        free(json);
    }
    weft_data_clear(&data);
    free(plot);
}

static void figures_of_fashion_mnist(void **state)
{
    (void)state;
    const char *folder = fashion_mnist();
    if (!folder)
        skip();
    weft_data data;
    weft_load_options options = weft_load_defaults();
    assert_ok(weft_data_load(&data, folder, &options, context));
    weft_check *result;
    char *text;
    assert_ok(weft_data_check(&result, &data, context));
    assert_ok(weft_check_text(&text, result, 1));
    /* The published mean and deviation of the training pixels. */
    assert_non_null(strstr(text, "mean 0.2860, standard deviation 0.3530"));
    assert_non_null(strstr(text, "Ankle boot         6000        1000\n"));
    free(text);
    weft_check_free(result);
    weft_data_clear(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_found_in_sound_data),
        cmocka_unit_test(planted_faults_are_found),
        cmocka_unit_test(classes_and_levels_are_looked_at),
        cmocka_unit_test(text_and_json_agree),
        cmocka_unit_test(without_memory_it_fails_cleanly),
        cmocka_unit_test(figures_of_fashion_mnist),
    };
    if (weft_context_create(&context, 2) != WEFT_OK)
        return 1;
    int failed = cmocka_run_group_tests_name("check", tests, NULL, NULL);
    weft_context_free(context);
    return failed;
}
