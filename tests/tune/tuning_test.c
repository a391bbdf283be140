/* Searches on small real classifiers. */
#include "store/folder.h"

#include "eval/families.h"
#include "store/trials.h"
#include "weft/crossvalidation.h"
#include "weft/tune.h"

enum { COUNT = 240, CLASSES = 4 };

static const char *const space[] = {"sharpness=2,8,32", "noise=0,0.3"};

static weft_tune_options options_of(const char *classifier)
{
    weft_tune_options options = weft_tune_defaults();
    options.classifier = classifier;
    options.space = space;
    options.space_count = 2;
    return options;
}

static weft_context *context_of(int threads)
{
    weft_context *context;
    assert_ok(weft_context_create(&context, threads));
    return context;
}

static void scores_are_those_of_cross_validation(void **state)
{
    (void)state;
    weft_dataset *d = make_pictures(COUNT, CLASSES, 8, 1, 5, NULL);
    weft_view view = weft_view_all(d);
    weft_context *context = context_of(1);
    weft_tune_options options = options_of("centroid");
    options.folds = 3;
    options.seed = 4;
    weft_tuning *tuning;
    assert_ok(weft_tune(&tuning, &options, &view, NULL, context));
    assert_int_equal(weft_tuning_count(tuning), 6);
    assert_string_equal(weft_tuning_dimension(tuning, 1), "noise");
    assert_null(weft_tuning_dimension(tuning, 2));
    for (size_t i = 0; i < 6; i++) {
        const weft_trial *trial = weft_tuning_trial(tuning, i);
        weft_crossvalidation_options cv_options = weft_crossvalidation_defaults();
        cv_options.folds = 3;
        cv_options.seed = 4;
        weft_crossvalidation *cv;
        weft_classifier *c;
        assert_ok(weft_classifier_create(&c, "centroid"));
        assert_ok(weft_classifier_set(c, "seed", "4"));
        assert_ok(weft_classifier_set(c, "sharpness", trial->values[0]));
        assert_ok(weft_classifier_set(c, "noise", trial->values[1]));
        assert_ok(weft_crossvalidate(&cv, c, &view, &cv_options, context));
        double squares = 0, mean = 0;
        for (size_t f = 0; f < 3; f++) {
            double score =
                weft_evaluation_scores(weft_crossvalidation_fold(cv, f)->evaluation)
                    ->accuracy;
            assert_true(score == trial->split_test_scores[f]);
            mean += score / 3;
        }
        for (size_t f = 0; f < 3; f++)
            squares += pow(trial->split_test_scores[f] - mean, 2);
        assert_true(trial->mean_test_score == mean);
        assert_true(fabs(trial->std_test_score - sqrt(squares / 3)) < 1e-15);
        assert_true(trial->status == WEFT_TRIAL_DONE && trial->attempts == 1);
        if (i == 0) {
            assert_int_equal(trial->rank_test_score, 1);
        } else {
            const weft_trial *before = weft_tuning_trial(tuning, i - 1);
            assert_true(before->mean_test_score >= mean);
            assert_int_equal(trial->rank_test_score,
                before->mean_test_score == mean ? before->rank_test_score : i + 1);
        }
        weft_crossvalidation_free(cv);
        weft_classifier_free(c);
    }
    weft_tuning_free(tuning);
    weft_context_free(context);
    weft_dataset_free(d);
}

static size_t fits_told;

static void count_progress(void *user, const weft_event *event)
{
    (void)user;
    fits_told += event->kind == WEFT_EVENT_PROGRESS;
}

/* The same options find the same search, whatever order they came in time; nothing is run
 * again. */
static void a_search_is_found_again(void **state)
{
    (void)state;
    weft_dataset *d = make_pictures(COUNT, CLASSES, 8, 1, 5, NULL);
    weft_view view = weft_view_all(d);
    weft_context *context = context_of(1), *two = context_of(2);
    weft_tune_options options = options_of("centroid");
    weft_tuning *tuning;
    options.resume = true;
    assert_fails(weft_tuning_open(&tuning, &options, &view, NULL, context), WEFT_ENOTFOUND,
        "not begun before");
    options.resume = false;
    options.budget = 1e-9; /* spent at once */
    assert_ok(weft_tune(&tuning, &options, &view, NULL, context));
    weft_tuning_state progress;
    assert_ok(weft_tuning_progress(&progress, tuning));
    assert_true(progress.trials == 6 && progress.ended == 0 && !progress.complete);
    weft_classifier *c;
    assert_fails(weft_tuning_fit(&c, tuning, context), WEFT_ENOTFOUND, "no trial is done");
    weft_tuning_free(tuning);

    options.budget = 0;
    options.resume = true;
    assert_ok(weft_tune(&tuning, &options, &view, NULL, context));
    assert_ok(weft_tuning_progress(&progress, tuning));
    assert_true(progress.ended == 6 && progress.complete);
    assert_fails(weft_tuning_work(tuning, two), WEFT_EINVAL, "with 1 threads a trial");
    weft_tuning_free(tuning);

    weft_context_on_event(context, count_progress, NULL);
    fits_told = 0;
    assert_ok(weft_tune(&tuning, &options, &view, NULL, context));
    assert_int_equal(fits_told, 0);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(weft_tuning_trial(tuning, i)->attempts, 1);
    weft_tuning_free(tuning);
    assert_int_equal(number_in("runs/runs.db", "SELECT count(*) FROM run"), 1);
    assert_int_equal(
        number_in("runs/runs.db", "SELECT count(*) FROM run WHERE status = 'done'"), 1);

    /* Other pictures, other seeds: other searches. */
    options.seed = 2;
    assert_fails(weft_tuning_open(&tuning, &options, &view, NULL, context), WEFT_ENOTFOUND,
        "not begun before");
    options.seed = 1;
    weft_view fewer = {d, NULL, COUNT - 1};
    assert_fails(weft_tuning_open(&tuning, &options, &fewer, NULL, context), WEFT_ENOTFOUND,
        "not begun before");
    weft_context_free(context);
    weft_context_free(two);
    weft_dataset_free(d);
}

/* A trial whose worker is gone is claimed again; one under way, or recorded, never is. */
static void claims_follow_the_living(void **state)
{
    (void)state;
    weft_dataset *d = make_pictures(COUNT, CLASSES, 8, 1, 5, NULL);
    weft_view view = weft_view_all(d);
    weft_store *one, *other;
    const weft_run_start start = {.kind = "tune", .train = &view, .threads = 1};
    const char *values[] = {"{}", "{}"};
    weft__trials a, b;
    weft__claim first, second, third;
    assert_ok(weft_store_open(&one, NULL, true));
    assert_ok(weft_store_open(&other, NULL, true));
    assert_ok(weft__trials_create(&a, one, "x", &start, values, 2, 1));
    assert_ok(weft__trials_find(&b, other, "x"));
    assert_ok(weft__trials_claim(&first, &a));
    assert_ok(weft__trials_claim(&second, &b));
    assert_true(first.number == 0 && second.number == 1);
    assert_ok(weft__trials_claim(&third, &b));
    assert_true(third.trial == 0 && third.others);
    weft_store_close(one); /* as a death would */
    assert_ok(weft__trials_claim(&third, &b));
    assert_int_equal(third.trial, first.trial);
    assert_ok(weft__trials_record(&b, &third, 0.5, "{}", NULL));
    assert_ok(weft__trials_release(&b, &second));
    assert_ok(weft__trials_claim(&third, &b));
    assert_int_equal(third.trial, second.trial);
    assert_ok(weft__trials_record(&b, &third, NAN, NULL, "cannot"));
    assert_fails(weft__trials_record(&b, &third, 0.7, "{}", NULL), WEFT_ENOTFOUND,
        "the search was deleted");
    assert_ok(weft__trials_claim(&third, &b));
    assert_true(third.trial == 0 && !third.others);
    weft_store_close(other);
    assert_int_equal(
        number_in("runs/runs.db", "SELECT group_concat(attempts, '') FROM trial"), 22);
    weft_dataset_free(d);
}

static void halving_gives_the_best_more(void **state)
{
    (void)state;
    static const char *const wide[] = {"sharpness=1..27"};
    weft_dataset *d = make_pictures(COUNT, CLASSES, 8, 1, 5, NULL);
    weft_view view = weft_view_all(d);
    weft_context *context = context_of(1);
    weft_tune_options options = options_of("centroid");
    options.scoring = WEFT_SCORING_NEG_LOG_LOSS;
    options.halving = true;
    options.trials = 9;
    options.space = wide;
    options.space_count = 1;
    weft_tuning *tuning;
    assert_ok(weft_tune(&tuning, &options, &view, NULL, context));
    size_t rungs[3] = {0};
    for (size_t i = 0; i < 9; i++) {
        const weft_trial *trial = weft_tuning_trial(tuning, i);
        rungs[trial->rung]++;
        const double resources[] = {1.0 / 9, 1.0 / 3, 1};
        assert_true(fabs(trial->resource - resources[trial->rung]) < 1e-12);
        if (i > 0)
            assert_true(trial->rung <= weft_tuning_trial(tuning, i - 1)->rung);
    }
    assert_true(rungs[0] == 6 && rungs[1] == 2 && rungs[2] == 1);
    assert_int_equal(
        number_in("runs/runs.db", "SELECT count(*) FROM trial WHERE status = 'done'"), 13);
    char *json;
    assert_ok(weft_tuning_json(&json, tuning));
    json_t *parsed = json_loads(json, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(parsed, "trials")), 13);
    const json_t *small = json_array_get(json_object_get(parsed, "trials"), 0);
    assert_in_range(json_integer_value(json_object_get(small, "train_count")), 18, 26);
    json_decref(parsed);
    free(json);
    weft_tuning_free(tuning);
    weft_context_free(context);
    weft_dataset_free(d);
}

static void failures_of_trials_and_of_the_rest(void **state)
{
    (void)state;
    static const char *const seeds[] = {"seed=1,2"};
    weft_dataset *d = make_pictures(COUNT, CLASSES, 8, 1, 5, NULL);
    weft_view view = weft_view_all(d), bare = view;
    weft_context *context = context_of(1);
    weft_tune_options options = options_of("centroid");
    weft_tuning *tuning;
    options.folds = 1;
    assert_fails(weft_tune(&tuning, &options, &view, NULL, context), WEFT_EINVAL,
        "1 folds: expected 2 to 255");
    options.folds = 0;
    options.validation = 1;
    assert_fails(weft_tune(&tuning, &options, &view, NULL, context), WEFT_EINVAL,
        "validation share 1");
    options = options_of("centroid");
    options.fixed = (const char *const[]){"noise=1"};
    options.fixed_count = 1;
    assert_fails(weft_tune(&tuning, &options, &view, NULL, context), WEFT_EINVAL,
        "noise: is both given and searched over");
    assert_int_equal(access("runs", F_OK), -1);

    /* A failed trial is written down with its reason; a cancelled one waits again. */
    options = options_of("broken");
    options.space = seeds;
    options.space_count = 1;
    assert_fails(weft_tune(&tuning, &options, &bare, NULL, context), WEFT_ENOTFOUND,
        "no option 'seed'");
    options = options_of("stubborn");
    assert_ok(weft_tune(&tuning, &options, &view, NULL, context));
    assert_int_equal(weft_tuning_trial(tuning, 0)->status, WEFT_TRIAL_FAILED);
    assert_string_equal(weft_tuning_trial(tuning, 5)->error, "the loss is nan in epoch 1");
    char *text;
    assert_ok(weft_tuning_text(&text, tuning));
    assert_non_null(strstr(text, "the loss is nan in epoch 1"));
    free(text);
    weft_tuning_free(tuning);
    options = options_of("hasty");
    tuning = NULL;
    assert_fails(
        weft_tune(&tuning, &options, &view, NULL, context), WEFT_ECANCELLED, "cancelled");
    assert_int_equal(weft_tuning_trial(tuning, 0)->status, WEFT_TRIAL_WAITING);
    weft_tuning_free(tuning);
    weft_context_free(context);
    weft_dataset_free(d);
}

static void tables_are_complete(void **state)
{
    (void)state;
    weft_dataset *d = make_pictures(COUNT, CLASSES, 8, 1, 5, NULL);
    weft_dataset *v = make_pictures(60, CLASSES, 8, 1, 6, NULL);
    weft_view view = weft_view_all(d), validation = weft_view_all(v);
    weft_context *context = context_of(1);
    weft_tune_options options = options_of("centroid");
    weft_tuning *tuning;
    weft_classifier *best;
    assert_ok(weft_tune(&tuning, &options, &view, &validation, context));
    assert_ok(weft_tuning_fit(&best, tuning, context));
    char text[32];
    assert_ok(weft_classifier_get(best, "sharpness", text, sizeof text));
    assert_string_equal(text, weft_tuning_trial(tuning, 0)->values[0]);
    weft_classifier_free(best);
    assert_ok(weft_tuning_place(tuning, "out/a"));
    assert_ok(weft_tuning_save(tuning, "out/a"));
    char *folder;
    assert_ok(weft_tuning_folder(&folder, tuning));
    assert_non_null(strstr(folder, "out/a"));
    free(folder);

    json_t *json = json_load_file("out/a/results.json", 0, NULL);
    json_t *trials = json_object_get(json, "trials");
    assert_int_equal(json_array_size(trials), 6);
    for (size_t i = 0; i < 6; i++) {
        json_t *trial = json_array_get(trials, i);
        json_t *curve = json_array_get(json_object_get(trial, "history"), 0);
        assert_int_equal(json_array_size(json_object_get(curve, "val_accuracy")), 6);
        assert_true(json_real_value(json_object_get(trial, "mean_test_score")) ==
                    json_real_value(json_array_get(json_object_get(trial, "accuracy"), 0)));
    }
    json_decref(json);
    char *table;
    assert_ok(weft_tuning_text(&table, tuning));
    for (const char *line = table; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        assert_true(strcspn(line, "\n") <= 80);
    }
    free(table);
    weft_tuning_free(tuning);
    weft_context_free(context);
    weft_dataset_free(d);
    weft_dataset_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(scores_are_those_of_cross_validation),
        folder_test(a_search_is_found_again),
        folder_test(claims_follow_the_living),
        folder_test(halving_gives_the_best_more),
        folder_test(failures_of_trials_and_of_the_rest),
        folder_test(tables_are_complete),
    };
    return cmocka_run_group_tests_name("tuning", tests, NULL, NULL);
}
