#include "explore/exploration.h"

#include <jansson.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support.h"
#include "core/folder.h"
#include "core/text.h"
#include "data/dataset.h"
#include "explore_vectors.h"
#include "weft/weft.h"

enum { DIMS = HEIGHT * WIDTH };

static weft_context *context;

static int set_up(void **state)
{
    (void)state;
    return weft_context_create(&context, 2) == WEFT_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    weft_context_free(context);
    return 0;
}

/* As make_explore.py draws them; one class name tries to be markup. */
static weft_data made(void)
{
    static const char *const names[] = {
        "<b>bold</b>", "bro\xffken", "\xe4\xb8\x8a\xe7\x9d\x80"};
    uint8_t pixels[COUNT * DIMS];
    uint16_t labels[COUNT];
    uint32_t state = 12345;
    for (size_t i = 0; i < COUNT; i++) {
        labels[i] = (uint16_t)(i % CLASSES);
        for (size_t p = 0; p < DIMS; p++) {
            state = state * 1664525u + 1013904223u;
            pixels[i * DIMS + p] =
                (uint8_t)((state >> 24) % 120 + (p % CLASSES == labels[i] ? 60 : 0) + p);
        }
    }
    weft_data data = {0};
    assert_ok(weft_dataset_create(&data.train, (weft_shape){HEIGHT, WIDTH, 1}, COUNT,
        pixels, labels, CLASSES, names));
    return data;
}

static void measures_as_numpy_does(void **state)
{
    (void)state;
    weft_data data = made();
    weft_exploration *e;
    double mean, deviation;
    assert_ok(weft_explore(&e, &data, NULL, context));
    for (size_t i = 0; i < CLASSES * DIMS; i++) {
        assert_true(fabs(e->pixels.mean[i] - expected_mean[i]) < 1e-10);
        assert_true(fabs(e->pixels.spread[i] - expected_spread[i]) < 1e-10);
    }
    for (int l = 0; l < WEFT__LEVELS; l++)
        assert_int_equal(e->pixels.channels[0][l], expected_levels[l]);
    weft__level_moments(e->pixels.channels[0], &mean, &deviation);
    assert_true(fabs(mean - expected_level_moments[0]) < 1e-10);
    assert_true(fabs(deviation - expected_level_moments[1]) < 1e-10);
    weft_exploration_free(e);
    weft_data_clear(&data);
}

static void finds_the_space_of_scikit_learn(void **state)
{
    (void)state;
    static const double shares[] = {0.8, 0.9, 0.95, 0.99};
    weft_data data = made();
    weft_exploration *e;
    assert_ok(weft_explore(&e, &data, NULL, context));
    assert_int_equal(weft_pca_count(e->space.pca), DIMS);
    for (size_t i = 0; i < DIMS; i++)
        assert_true(
            fabs(weft_pca_explained(e->space.pca, i) - expected_explained[i]) < 1e-9);
    for (int i = 0; i < 4; i++)
        assert_int_equal(weft__components_for(e->space.pca, shares[i]), expected_needed[i]);
    assert_int_equal(e->nearness.asked, COUNT);
    for (size_t i = 0; i < CLASSES * CLASSES; i++) {
        assert_int_equal(e->nearness.confusion[i], expected_confusion[i]);
        assert_true(fabs(e->nearness.distances[i] - expected_distances[i]) < 1e-10);
    }
    for (size_t i = 1; i < e->nearness.pair_count; i++)
        assert_true(e->nearness.pairs[i - 1].confused >= e->nearness.pairs[i].confused);
    weft_exploration_free(e);
    weft_data_clear(&data);
}

/* Every picture of a class, or as many as are shown, each once and of that class. */
static void samples_are_of_their_class(void **state)
{
    (void)state;
    weft_data data = made();
    weft_exploration *e;
    assert_ok(weft_explore(&e, &data, NULL, context));
    for (size_t c = 0; c < CLASSES; c++) {
        assert_int_equal(e->samples.counts[c], WEFT__SAMPLES);
        for (size_t i = 0; i < WEFT__SAMPLES; i++) {
            assert_int_equal(e->samples.first[c][i], c + i * CLASSES);
            assert_int_equal(e->samples.random[c][i] % CLASSES, c);
            assert_true(i == 0 || e->samples.random[c][i] > e->samples.random[c][i - 1]);
        }
    }
    size_t met[COUNT] = {0};
    for (size_t i = 0; i < e->space.drawn_count; i++)
        met[e->space.drawn[i]]++;
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(met[i], 1);
    weft_exploration_free(e);
    weft_data_clear(&data);
}

static void does_not_depend_on_threads(void **state)
{
    (void)state;
    weft_data data;
    weft_load_options load = weft_load_defaults();
    assert_ok(weft_data_load(&data, "synth:n=300,test=50,size=20", &load, context));
    char *json[2];
    for (int threads = 1; threads <= 2; threads++) {
        weft_context *own;
        weft_exploration *e;
        assert_ok(weft_context_create(&own, threads));
        assert_ok(weft_explore(&e, &data, NULL, own));
        e->seconds = 0;
        assert_ok(weft_exploration_json(&json[threads - 1], e));
        weft_exploration_free(e);
        weft_context_free(own);
    }
    assert_string_equal(json[0], json[1]);
    assert_int_equal(weft_test_openings(data.test), 0);
    free(json[0]);
    free(json[1]);
    weft_data_clear(&data);
}

static void takes_what_is_hardly_data(void **state)
{
    (void)state;
    static const uint8_t pixels[12] = {0};
    static const uint16_t labels[3] = {0, 0, 0};
    static const char *const names[] = {"only"};
    for (size_t count = 1; count <= 3; count++) { /* one; then all alike */
        weft_data data = {0};
        weft_exploration *e;
        char *text;
        assert_ok(weft_dataset_create(
            &data.train, (weft_shape){2, 2, 1}, count, pixels, labels, 1, names));
        assert_ok(weft_explore(&e, &data, NULL, context));
        assert_int_equal(weft_duplicates_count(weft_exploration_duplicates(e)), count > 1);
        assert_ok(weft_exploration_text(&text, e));
        free(text);
        assert_ok(weft_exploration_json(&text, e));
        free(text);
        weft_exploration_free(e);
        weft_data_clear(&data);
    }
}

/* No line of the terminal's text but a file's name is longer than 80 columns. */
static void text_fits_a_terminal(void **state)
{
    (void)state;
    weft_data data = made();
    weft_exploration *e;
    char *text;
    assert_ok(weft_explore(&e, &data, NULL, context));
    assert_ok(weft_exploration_text(&text, e));
    assert_non_null(strstr(text, "principal components"));
    assert_non_null(strstr(text, "nearest classes"));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        assert_true(weft__text_columns(line) <= 80);
    free(text);
    weft_exploration_free(e);
    weft_data_clear(&data);
}

static void page_works_in_chromium(void **state)
{
    (void)state;
    char folder[] = "/tmp/weft-explore-XXXXXX", path[64], command[4096];
    weft_data data;
    weft_exploration *e;
    struct stat found;
    weft_load_options load = weft_load_defaults();
    assert_ok(weft_data_load(&data, "synth:n=200,test=40,size=24,colour", &load, context));
    assert_ok(weft_explore(&e, &data, NULL, context));
    assert_non_null(mkdtemp(folder));
    assert_ok(weft_exploration_save(folder, e));
    weft_exploration_free(e);
    weft_data_clear(&data);
    snprintf(path, sizeof path, "%s/explore.json", folder);
    json_t *json = json_load_file(path, 0, NULL);
    assert_non_null(json_object_get(json, "nearness"));
    json_decref(json);
    snprintf(path, sizeof path, "%s/explore.html", folder);
    assert_int_equal(stat(path, &found), 0);
    assert_true(found.st_size < 10000000);
    bool can =
        system("command -v chromium >/dev/null && command -v node >/dev/null") == 0 &&
        system("test -d \"$WEFT_TEST_SOURCE/../web/node_modules\"") == 0;
    snprintf(command, sizeof command, "node '%s/explore/drive.mjs' '%s'",
        getenv("WEFT_TEST_SOURCE"), path);
    int failed = can ? system(command) : 0;
    weft__remove_tree(folder);
    assert_int_equal(failed, 0);
    if (!can)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures_as_numpy_does),
        cmocka_unit_test(finds_the_space_of_scikit_learn),
        cmocka_unit_test(samples_are_of_their_class),
        cmocka_unit_test(does_not_depend_on_threads),
        cmocka_unit_test(takes_what_is_hardly_data),
        cmocka_unit_test(text_fits_a_terminal),
        cmocka_unit_test(page_works_in_chromium),
    };
    return cmocka_run_group_tests_name("explore", tests, set_up, tear_down);
}
