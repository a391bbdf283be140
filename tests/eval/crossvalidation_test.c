/* Cross-validation on small real classifiers. */
#include "support.h"

#include <jansson.h>
#include <unistd.h>

#include "core/file.h"
#include "core/folder.h"
#include "eval/families.h"
#include "weft/crossvalidation.h"

enum { COUNT = 203, CLASSES = 4 };

static const char *const names[] = {"north", "east", "south", "west"};

static weft_crossvalidation *validate(const char *classifier, const weft_view *view,
    const weft_crossvalidation_options *options)
{
    weft_context *context;
    weft_classifier *c;
    weft_crossvalidation *cv;
    assert_ok(weft_context_create(&context, 2));
    assert_ok(weft_classifier_create(&c, classifier));
    assert_ok(weft_crossvalidate(&cv, c, view, options, context));
    weft_classifier_free(c);
    weft_context_free(context);
    return cv;
}

/* A picture's out-of-fold row is what a fit on the other folds alone gives it. */
static void rows_come_from_fits_that_have_not_seen_them(void **state)
{
    (void)state;
    weft_dataset *d = make_pictures(COUNT, CLASSES, 8, 1, 5, names);
    uint32_t order[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        order[i] = (uint32_t)((i * 17) % COUNT);
    weft_view view = {d, order, COUNT - 20};
    weft_crossvalidation_options options = weft_crossvalidation_defaults();
    options.folds = 4;
    weft_crossvalidation *cv = validate("centroid", &view, &options);
    const weft_evaluation *whole = weft_crossvalidation_evaluation(cv);
    const uint8_t *fold = weft_crossvalidation_assignment(cv);
    assert_int_equal(weft_evaluation_scores(whole)->count, view.count);

    weft_context *context;
    weft_classifier *c;
    assert_ok(weft_context_create(&context, 1));
    assert_ok(weft_classifier_create(&c, "centroid"));
    for (uint8_t f = 0; f < 4; f++) {
        uint32_t index[COUNT];
        weft_view others = weft_view_part(&view, fold, f, 0, index);
        assert_int_equal(weft_crossvalidation_fold(cv, f)->train_count, others.count);
        assert_ok(weft_classifier_fit(c, &others, NULL, context));
        for (size_t i = 0; i < view.count; i++) {
            float row[CLASSES];
            weft_view one = {d, &order[i], 1};
            if (fold[i] != f)
                continue;
            assert_ok(weft_classifier_predict_proba(c, &one, row, context));
            assert_memory_equal(
                row, weft_evaluation_probabilities(whole) + i * CLASSES, sizeof row);
            assert_int_equal(weft_evaluation_truth(whole)[i], weft_view_label(&view, i));
        }
    }
    weft_classifier_free(c);
    weft_context_free(context);
    weft_crossvalidation_free(cv);
    weft_dataset_free(d);
}

static void figures_are_the_folds(void **state)
{
    (void)state;
    weft_dataset *d = make_pictures(COUNT, CLASSES, 8, 1, 5, names);
    weft_view view = weft_view_all(d);
    weft_crossvalidation_options options = weft_crossvalidation_defaults();
    weft_crossvalidation *cv = validate("centroid", &view, &options);
    double mean = 0, squares = 0;
    for (size_t f = 0; f < 5; f++) {
        const weft_fold *fold = weft_crossvalidation_fold(cv, f);
        mean += weft_evaluation_scores(fold->evaluation)->accuracy / 5;
        assert_int_equal(fold->epochs, 6);
        assert_true(fold->loss == fold->history[5].loss);
        assert_true(isnan(fold->history[5].val_loss)); /* not watched */
    }
    for (size_t f = 0; f < 5; f++) {
        const weft_fold *fold = weft_crossvalidation_fold(cv, f);
        double off = weft_evaluation_scores(fold->evaluation)->accuracy - mean;
        squares += off * off;
    }
    weft_spread spread = weft_crossvalidation_spread(cv, WEFT_FOLD_VAL_ACCURACY);
    assert_true(fabs(spread.mean - mean) < 1e-15);
    assert_true(fabs(spread.sd - sqrt(squares / 4)) < 1e-15);
    assert_null(weft_crossvalidation_fold(cv, 5));
    weft_crossvalidation_free(cv);

    cv = validate("prior", &view, &options);
    assert_true(isnan(weft_crossvalidation_spread(cv, WEFT_FOLD_LOSS).mean));
    weft_crossvalidation_free(cv);
    options.watch = options.train_scores = true;
    cv = validate("prior", &view, &options);
    assert_true(weft_crossvalidation_spread(cv, WEFT_FOLD_ACCURACY).mean > 0.2);
    weft_crossvalidation_free(cv);
    cv = validate("centroid", &view, &options);
    assert_false(isnan(weft_crossvalidation_fold(cv, 0)->history[5].val_loss));
    weft_crossvalidation_free(cv);
    weft_dataset_free(d);
}

static void groups_stay_together(void **state)
{
    (void)state;
    weft_dataset *d = make_pictures(COUNT, CLASSES, 8, 1, 5, names);
    weft_view view = weft_view_all(d);
    uint32_t groups[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        groups[i] = (uint32_t)(i * 7 % 23);
    weft_crossvalidation_options options = weft_crossvalidation_defaults();
    options.groups = groups;
    weft_crossvalidation *cv = validate("centroid", &view, &options);
    const uint8_t *fold = weft_crossvalidation_assignment(cv);
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < i; j++)
            assert_true(groups[i] != groups[j] || fold[i] == fold[j]);
    weft_crossvalidation_free(cv);
    weft_dataset_free(d);
}

static void one_progress_for_the_whole(void *user, const weft_event *event)
{
    double *last = user;
    if (event->kind == WEFT_EVENT_NOTE)
        return;
    assert_string_equal(event->task, "cross-validating centroid");
    assert_string_equal(event->unit, "folds");
    assert_true(event->total == 5 && event->done >= *last && event->done <= 5);
    *last = event->done;
}

static void failures_leave_nothing(void **state)
{
    (void)state;
    weft_dataset *d = make_pictures(40, CLASSES, 8, 1, 5, names);
    weft_view view = weft_view_all(d), few = {d, NULL, 3};
    weft_crossvalidation_options options = weft_crossvalidation_defaults();
    weft_context *context;
    weft_crossvalidation *cv = NULL;
    double last = 0;
    assert_ok(weft_context_create(&context, 1));
    weft_context_on_event(context, one_progress_for_the_whole, &last);
    weft_classifier *c[3];
    assert_ok(weft_classifier_create(&c[0], "centroid"));
    assert_ok(weft_classifier_create(&c[1], "broken"));
    assert_ok(weft_classifier_create(&c[2], "interrupted"));
    assert_ok(weft_crossvalidate(&cv, c[0], &view, &options, context));
    assert_true(last == 5);
    weft_crossvalidation_free(cv);
    cv = NULL;
    last = 0;
    assert_fails(weft_crossvalidate(&cv, c[0], &few, &options, context), WEFT_EINVAL,
        "fold 4 has none");
    options.folds = 1;
    assert_fails(
        weft_crossvalidate(&cv, c[0], &view, &options, context), WEFT_EINVAL, "1 folds");
    options.folds = 5;
    for (long n = 1, reached = 1; reached; n++) {
        last = 0;
        weft__alloc_fail_at(n);
        weft_status status = weft_crossvalidate(&cv, c[0], &view, &options, context);
        reached = weft__alloc_fail_pending() <= 0;
        weft__alloc_fail_at(0);
        assert_int_equal(status, reached ? WEFT_ENOMEM : WEFT_OK);
    }
    weft_crossvalidation_free(cv);
    cv = NULL;
    weft_context_on_event(context, NULL, NULL);
    assert_fails(weft_crossvalidate(&cv, c[1], &view, &options, context), WEFT_ENUMERIC,
        "the loss is nan");
    assert_fails(weft_crossvalidate(&cv, c[2], &view, &options, context), WEFT_ECANCELLED,
        "cancelled");
    assert_null(cv);
    for (size_t i = 0; i < 3; i++)
        weft_classifier_free(c[i]);
    weft_context_free(context);
    weft_dataset_free(d);
}

static void the_folder_holds_every_probability(void **state)
{
    (void)state;
    weft_dataset *d = make_pictures(COUNT, CLASSES, 8, 1, 5, names);
    weft_view view = weft_view_all(d);
    weft_crossvalidation_options options = weft_crossvalidation_defaults();
    options.source = "made";
    weft_crossvalidation *cv = validate("centroid", &view, &options);
    char folder[] = "/tmp/weft-test-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a/b", folder);
    assert_ok(weft_crossvalidation_save(cv, path));
    assert_fails(weft_crossvalidation_save(cv, path), WEFT_EIO, "a/b");

    weft__tensors tensors;
    const weft__tensor *t;
    snprintf(path, sizeof path, "%s/a/b/probabilities.safetensors", folder);
    assert_ok(weft__tensors_read(&tensors, path));
    size_t shape[] = {COUNT, CLASSES};
    assert_ok(weft__tensors_need(&tensors, "probabilities", WEFT__F32, 2, shape, &t));
    assert_memory_equal(t->data,
        weft_evaluation_probabilities(weft_crossvalidation_evaluation(cv)), t->bytes);
    assert_ok(weft__tensors_need(&tensors, "labels", WEFT__U16, 1, shape, &t));
    assert_memory_equal(t->data, weft_dataset_labels(d), t->bytes);
    assert_ok(weft__tensors_need(&tensors, "fold", WEFT__U8, 1, shape, &t));
    assert_memory_equal(t->data, weft_crossvalidation_assignment(cv), t->bytes);
    assert_string_equal(weft__tensors_get(&tensors, "weft.classes"),
        "[\"north\",\"east\",\"south\",\"west\"]");
    weft__tensors_clear(&tensors);

    snprintf(path, sizeof path, "%s/a/b/results.json", folder);
    json_t *json = json_load_file(path, 0, NULL);
    assert_non_null(json);
    const json_t *spread =
        json_object_get(json_object_get(json, "over_folds"), "val_accuracy");
    assert_true(json_real_value(json_object_get(spread, "mean")) ==
                weft_crossvalidation_spread(cv, WEFT_FOLD_VAL_ACCURACY).mean);
    assert_int_equal(json_array_size(json_object_get(json, "folds")), 5);
    json_decref(json);

    char *text;
    assert_ok(weft_crossvalidation_text(&text, cv));
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        assert_true(strcspn(line, "\n") <= 80);
    }
    free(text);
    weft__remove_tree(folder);
    weft_crossvalidation_free(cv);
    weft_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_from_fits_that_have_not_seen_them),
        cmocka_unit_test(figures_are_the_folds),
        cmocka_unit_test(groups_stay_together),
        cmocka_unit_test(failures_leave_nothing),
        cmocka_unit_test(the_folder_holds_every_probability),
    };
    return cmocka_run_group_tests_name("cross-validation", tests, NULL, NULL);
}
