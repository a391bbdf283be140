#include "support.h"

#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#include "families.h"
#include "weft/weft.h"

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

static const char *const names[] = {"north", "east", "south", "west"};

static weft_comparison *compare(const weft_data *data, const char *const *classifiers,
    size_t count, const weft_compare_options *options)
{
    weft_comparison *c = NULL;
    assert_ok(weft_compare(&c, data, classifiers, count, options, context));
    return c;
}

static void ranks_and_ties(void **state)
{
    (void)state;
    weft_data data = make_data(120, 0, 200, 4, 12, 1, names);
    const char *classifiers[] = {
        "prior", "centroid:noise=0.4", "centroid", "centroid:sharpness=4,passes=7"};
    weft_compare_options options = weft_compare_defaults();
    weft_comparison *c = compare(&data, classifiers, 4, &options);
    assert_int_equal(weft_test_openings(data.test), 1);
    assert_int_equal(weft_comparison_finished(c), 4);
    for (size_t i = 1; i < 4; i++)
        assert_true(
            weft_evaluation_scores(weft_comparison_entry(c, i - 1)->evaluation)->accuracy >=
            weft_evaluation_scores(weft_comparison_entry(c, i)->evaluation)->accuracy);
    /* The same means twice: only the confidence differs. */
    assert_int_equal(weft_comparison_entry(c, 0)->place, 1);
    assert_int_equal(weft_comparison_entry(c, 1)->place, 1);
    const weft_entry *last = weft_comparison_entry(c, 3);
    assert_string_equal(last->name, "prior");
    assert_true(last->place >= 3);
    assert_true(weft_comparison_pair(c, 0, 3)->adjusted < 1e-6);
    assert_null(weft_comparison_pair(c, 3, 0));
    assert_null(weft_comparison_entry(c, 4));
    assert_true(last->f1.low <= weft_evaluation_scores(last->evaluation)->macro.f1);

    char *text;
    assert_ok(weft_comparison_text(&text, c));
    assert_non_null(strstr(text, " 1= "));
    assert_non_null(strstr(text, "centroid:sharpness=4,passes=7\n"));
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        assert_true(strcspn(line, "\n") <= 80);
    }
    free(text);
    weft_comparison_free(c);
    weft_data_clear(&data);
}

/* What draws by chance is fitted for every seed, the rest once. */
static void several_seeds(void **state)
{
    (void)state;
    weft_data data = make_data(120, 0, 200, 4, 12, 1, names);
    const char *classifiers[] = {
        "prior", "centroid:noise=0.35", "centroid:noise=0.35,seed=9", "centroid"};
    weft_compare_options options = weft_compare_defaults();
    options.seeds = 3;
    options.seed = 5;
    weft_comparison *c = compare(&data, classifiers, 4, &options);
    assert_int_equal(weft_test_openings(data.test), 1);
    for (size_t i = 0; i < 4; i++) {
        const weft_entry *e = weft_comparison_entry(c, i);
        bool chance = strcmp(e->name, "prior") != 0 && !strstr(e->name, "seed=");
        assert_int_equal(e->by_chance, chance);
        assert_int_equal(e->fit_count, chance ? 3 : 1);
        assert_ptr_equal(e->fits[0].evaluation, e->evaluation);
        double mean = 0, squares = 0, n = (double)e->fit_count;
        for (size_t s = 0; s < e->fit_count; s++) {
            char seed[24];
            assert_int_equal(e->fits[s].seed, 5 + s);
            if (chance) {
                assert_ok(
                    weft_classifier_get(e->fits[s].classifier, "seed", seed, sizeof seed));
                assert_int_equal(atoi(seed), 5 + s);
            }
            mean += weft_evaluation_scores(e->fits[s].evaluation)->accuracy / n;
        }
        for (size_t s = 0; s < e->fit_count; s++)
            squares +=
                pow(weft_evaluation_scores(e->fits[s].evaluation)->accuracy - mean, 2);
        assert_true(fabs(e->accuracy.mean - mean) < 1e-12);
        if (chance)
            assert_true(fabs(e->accuracy.sd - sqrt(squares / 2)) < 1e-12);
        else
            assert_true(isnan(e->accuracy.sd));
        assert_true(i == 0 || weft_comparison_entry(c, i - 1)->accuracy.mean >= mean);
        for (size_t j = i + 1; j < 4; j++) {
            const weft_pair *pair = weft_comparison_pair(c, i, j);
            const weft_entry *other = weft_comparison_entry(c, j);
            assert_int_equal(pair->of_all_seeds, chance || other->by_chance);
            assert_true(pair->p_value ==
                        (pair->of_all_seeds ? pair->crossed.p_value : pair->test.p_value));
            assert_true(fabs(pair->crossed.difference -
                             (e->accuracy.mean - other->accuracy.mean)) < 1e-12);
        }
    }
    weft_comparison_free(c);
    weft_data_clear(&data);
}

/* Fits on the whole training split unless told otherwise; the parts never overlap. */
static void splits(void **state)
{
    (void)state;
    const char *classifiers[] = {"centroid"};
    weft_compare_options options = weft_compare_defaults();

    weft_data data = make_data(120, 40, 60, 4, 8, 1, names);
    weft_comparison *c = compare(&data, classifiers, 1, &options);
    assert_int_equal(weft_comparison_train(c).count, 120);
    assert_int_equal(weft_comparison_validation(c).count, 40);
    assert_int_equal(weft_comparison_test(c).count, 60);
    weft_comparison_free(c);
    weft_data_clear(&data);

    data = make_data(120, 40, 0, 4, 8, 1, names); /* scored on validation, not watched */
    c = compare(&data, classifiers, 1, &options);
    assert_int_equal(weft_comparison_train(c).count, 120);
    assert_int_equal(weft_comparison_validation(c).count, 0);
    assert_ptr_equal(weft_comparison_test(c).data, data.validation);
    weft_comparison_free(c);
    weft_data_clear(&data);

    data = make_data(120, 0, 0, 4, 8, 1, names); /* cut in three */
    options.validation = 0.1;
    c = compare(&data, classifiers, 1, &options);
    weft_view parts[] = {
        weft_comparison_train(c), weft_comparison_validation(c), weft_comparison_test(c)};
    assert_int_equal(parts[1].count, 12);
    assert_int_equal(parts[2].count, 24);
    int seen[120] = {0};
    for (size_t p = 0; p < 3; p++)
        for (size_t i = 0; i < parts[p].count; i++)
            seen[weft_view_at(&parts[p], i)]++;
    for (size_t i = 0; i < 120; i++)
        assert_int_equal(seen[i], 1);
    size_t epochs;
    const weft_epoch *history =
        weft_classifier_history(weft_comparison_entry(c, 0)->classifier, &epochs);
    assert_int_equal(epochs, 6);
    assert_true(isfinite(history[0].val_accuracy));
    weft_comparison_free(c);

    weft_comparison *none = NULL;
    options.validation = 0.9;
    assert_fails(weft_compare(&none, &data, classifiers, 1, &options, context), WEFT_EINVAL,
        "together below 1");
    options.validation = 0;
    options.test = 0;
    assert_fails(weft_compare(&none, &data, classifiers, 1, &options, context), WEFT_EINVAL,
        "shares");
    assert_null(none);
    weft_data_clear(&data);
}

/* Nothing is fitted when any name or option is wrong. */
static void refuses(void **state)
{
    (void)state;
    weft_data data = make_data(40, 0, 20, 4, 8, 1, names);
    weft_compare_options options = weft_compare_defaults();
    weft_comparison *c = NULL;
    const char *unknown[] = {"centroid", "centroit"}, *option[] = {"centroid:passs=2"},
               *range[] = {"centroid:passes=0"}, *shape[] = {"centroid:passes=2,noise"},
               *colon[] = {"centroid:passes"};
    assert_fails(weft_compare(&c, &data, unknown, 2, &options, context), WEFT_ENOTFOUND,
        "did you mean 'centroid'");
    assert_fails(
        weft_compare(&c, &data, option, 1, &options, context), WEFT_ENOTFOUND, "passes");
    assert_fails(
        weft_compare(&c, &data, range, 1, &options, context), WEFT_EINVAL, "passes");
    assert_fails(
        weft_compare(&c, &data, shape, 1, &options, context), WEFT_EINVAL, "passes");
    assert_fails(weft_compare(&c, &data, unknown, 0, &options, context), WEFT_EINVAL,
        "no classifiers");
    assert_fails(weft_compare(&c, &data, colon, 1, &options, context), WEFT_ENOTFOUND,
        "centroid:passes");
    assert_null(c);
    assert_int_equal(weft_test_openings(data.test), 0);
    weft_data_clear(&data);
}

/* One's failure leaves the others standing and is told. */
static void survives_a_failure(void **state)
{
    (void)state;
    weft_data data = make_data(40, 0, 20, 4, 8, 1, names);
    weft_compare_options options = weft_compare_defaults();
    const char *classifiers[] = {"broken", "centroid"};
    weft_comparison *c = NULL;
    assert_fails(weft_compare(&c, &data, classifiers, 2, &options, context), WEFT_ENUMERIC,
        "broken: the loss is nan");
    assert_non_null(c);
    assert_int_equal(weft_comparison_finished(c), 1);
    assert_int_equal(weft_comparison_count(c), 2);
    assert_string_equal(weft_comparison_entry(c, 1)->error, "the loss is nan in epoch 1");
    char *text;
    assert_ok(weft_comparison_text(&text, c));
    assert_non_null(strstr(text, "broken: the loss is nan"));
    free(text);
    weft_comparison_free(c);

    c = NULL;
    assert_fails(weft_compare(&c, &data, classifiers, 1, &options, context), WEFT_ENUMERIC,
        "broken");
    assert_null(c);
    weft_data_clear(&data);
}

static void cancelled_scores_what_is_fitted(void **state)
{
    (void)state;
    weft_data data = make_data(40, 0, 20, 4, 8, 1, names);
    weft_compare_options options = weft_compare_defaults();
    const char *classifiers[] = {"centroid", "interrupted", "prior"};
    weft_context *own;
    assert_ok(weft_context_create(&own, 1));
    weft_comparison *c = NULL;
    assert_fails(
        weft_compare(&c, &data, classifiers, 3, &options, own), WEFT_ECANCELLED, "1 of 3");
    assert_non_null(c);
    assert_int_equal(weft_comparison_finished(c), 1);
    assert_string_equal(weft_comparison_entry(c, 0)->name, "centroid");
    assert_string_equal(weft_comparison_entry(c, 2)->error, "cancelled");
    weft_comparison_free(c);
    weft_context_free(own);
    weft_data_clear(&data);
}

/* A model meets data whose classes are ordered otherwise, or are others. */
static void evaluates_by_class_name(void **state)
{
    (void)state;
    static const char *const turned[] = {"west", "south", "east", "north"};
    static const char *const other[] = {"north", "east", "south", "up"};
    weft_dataset *data = make_pictures(40, 4, 8, 1, 1, names);
    uint16_t labels[40];
    for (size_t i = 0; i < 40; i++)
        labels[i] = (uint16_t)(i % 4 == 0 ? 3 : i % 4 == 1 ? 2 : i % 4 == 2 ? 1 : 0);
    weft_dataset *same, *unknown;
    weft_shape shape = weft_dataset_shape(data);
    const uint8_t *pixels = weft_dataset_pixels(data);
    assert_ok(weft_dataset_create(&same, shape, 40, pixels, labels, 4, turned));
    assert_ok(weft_dataset_create(&unknown, shape, 40, pixels, labels, 4, other));
    weft_classifier *model;
    assert_ok(weft_classifier_create(&model, "centroid"));
    weft_view view = weft_view_all(data), turned_view = weft_view_all(same),
              unknown_view = weft_view_all(unknown);
    weft_evaluation *first, *second, *none = NULL;
    assert_fails(
        weft_evaluate(&none, model, &view, NULL, context), WEFT_EINVAL, "not fitted");
    assert_ok(weft_classifier_fit(model, &view, NULL, context));
    double seconds = -1;
    assert_ok(weft_evaluate(&first, model, &view, &seconds, context));
    assert_true(seconds >= 0);
    assert_ok(weft_evaluate(&second, model, &turned_view, NULL, context));
    assert_memory_equal(
        weft_evaluation_truth(first), weft_evaluation_truth(second), 40 * sizeof(uint16_t));
    assert_fails(weft_evaluate(&none, model, &unknown_view, NULL, context), WEFT_EINVAL,
        "class 'up'");
    assert_null(none);
    weft_evaluation_free(first);
    weft_evaluation_free(second);
    weft_classifier_free(model);
    weft_dataset_free(data);
    weft_dataset_free(same);
    weft_dataset_free(unknown);
}

static json_t *load(const char *folder, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    json_t *json = json_load_file(path, 0, NULL);
    if (!json)
        fail_msg("%s is no JSON", path);
    return json;
}

static void remove_tree(const char *folder)
{
    char command[600];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    assert_int_equal(system(command), 0);
}

static void saves(void **state)
{
    (void)state;
    char folder[] = "/tmp/weft-compare-XXXXXX", models[64], path[128];
    assert_non_null(mkdtemp(folder));
    snprintf(models, sizeof models, "%s/models", folder);
    weft_data data = make_data(40, 0, 0, 4, 8, 1, names);
    weft_compare_options options = weft_compare_defaults();
    options.models = models;
    options.seed = 7;
    options.command = "weft compare centroid";
    const char *classifiers[] = {"prior", "centroid:noise=0.1", "centroid:noise=0.1"};
    weft_comparison *c = compare(&data, classifiers, 3, &options);
    assert_ok(weft_comparison_save(c, folder));

    json_t *results = load(folder, "results.json"), *args = load(folder, "args.json"),
           *cut = load(folder, "splits.json");
    const json_t *first = json_array_get(json_object_get(results, "classifiers"), 0);
    assert_true(json_number_value(
                    json_object_get(json_object_get(first, "evaluation"), "accuracy")) ==
                weft_evaluation_scores(weft_comparison_entry(c, 0)->evaluation)->accuracy);
    assert_int_equal(json_array_size(json_object_get(results, "pairs")), 3);
    const json_t *given =
        json_object_get(json_array_get(json_object_get(args, "classifiers"), 0), "options");
    assert_int_equal(json_integer_value(json_object_get(given, "seed")), 7);
    assert_true(json_number_value(json_object_get(given, "noise")) == 0.1);
    const char *assignment = json_string_value(json_object_get(cut, "assignment"));
    assert_int_equal(strlen(assignment), 40);
    size_t tests = 0;
    for (size_t i = 0; i < 40; i++)
        tests += assignment[i] == 'e';
    assert_int_equal(tests, weft_comparison_test(c).count);
    json_decref(results);
    json_decref(args);
    json_decref(cut);

    snprintf(path, sizeof path, "%s/prior.safetensors", models);
    assert_int_equal(access(path, R_OK), 0);
    snprintf(path, sizeof path, "%s/centroid-noise-0.1-2.safetensors", models);
    assert_int_equal(access(path, R_OK), 0);
    assert_true(weft_comparison_entry(c, 0)->model_bytes > 0);

    char *csv;
    assert_ok(weft_comparison_csv(&csv, c));
    size_t lines = 0, commas = 0;
    for (const char *p = csv; *p; p++) {
        lines += *p == '\n';
        commas += *p == ',';
    }
    assert_int_equal(lines, 4);
    assert_int_equal(commas, 4 * 31);
    free(csv);
    assert_fails(weft_comparison_save(c, "/proc/nowhere"), WEFT_ENOTFOUND, "/proc/nowhere");
    weft_comparison_free(c);
    weft_data_clear(&data);
    remove_tree(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_and_ties),
        cmocka_unit_test(several_seeds),
        cmocka_unit_test(splits),
        cmocka_unit_test(refuses),
        cmocka_unit_test(survives_a_failure),
        cmocka_unit_test(cancelled_scores_what_is_fitted),
        cmocka_unit_test(evaluates_by_class_name),
        cmocka_unit_test(saves),
    };
    return cmocka_run_group_tests_name("compare", tests, set_up, tear_down);
}
