/* What is recorded is there, also for who reads while it is written. */
#include "store/alive.h"
#include "store/folder.h"

static const uint8_t pixels[6 * 16] = {0};
static const uint16_t labels[6] = {0, 1, 2, 0, 1, 2};
static const char *const names[] = {"bag", "coat", "shirt"};

static weft_dataset *data_of(size_t count)
{
    weft_dataset *data;
    assert_ok(
        weft_dataset_create(&data, (weft_shape){4, 4, 1}, count, pixels, labels, 3, names));
    return data;
}

static void a_run_is_seen_as_it_goes_on(void **state)
{
    (void)state;
    weft_store *store, *reader;
    bool alive;
    assert_ok(weft_store_open(&store, NULL, true));
    assert_string_equal(weft_store_path(store), STORE);
    int64_t run = begin_named(store, "train", NULL, 0);
    assert_true(run > 0);
    assert_ok(weft_store_open(&reader, STORE, false));
    assert_int_equal(
        number_in(STORE, "SELECT count(*) FROM run WHERE status = 'running'"), 1);
    assert_ok(weft__alive(&alive, reader, run));
    assert_true(alive);
    assert_ok(weft__alive(&alive, store, run));
    assert_true(alive);
    assert_ok(weft_store_figure(store, run, "", "fit_seconds", 1.5));
    assert_ok(weft_store_figure(store, run, "", "nothing", NAN));
    assert_int_equal(number_in(STORE, "SELECT count(*) FROM figure WHERE value = 1.5"), 1);
    assert_int_equal(number_in(STORE, "SELECT count(*) FROM figure"), 1);
    assert_ok(weft_store_end(store, run, WEFT_OK));
    assert_ok(weft__alive(&alive, reader, run));
    assert_false(alive);
    assert_int_equal(number_in(STORE, "SELECT count(*) FROM run WHERE status = 'done'"), 1);
    weft_store_close(reader);
    weft_store_close(store);
    assert_int_equal(names_in("runs"), 2); /* the store and its locks */
}

static void an_end_says_how(void **state)
{
    (void)state;
    weft_store *store;
    char *text;
    assert_ok(weft_store_open(&store, NULL, true));
    int64_t failed = begin_named(store, "train", NULL, 0);
    (void)weft_fail(WEFT_ENUMERIC, "the loss is not finite");
    assert_ok(weft_store_end(store, failed, WEFT_ENUMERIC));
    assert_string_equal(weft_error(), "the loss is not finite");
    assert_ok(weft_store_end(store, begin_named(store, "x", NULL, 0), WEFT_ECANCELLED));
    assert_ok(weft_store_run_text(&text, store, failed));
    assert_non_null(
        strstr(text, "run 1: train, failed\n  error       the loss is not fin"));
    free(text);
    assert_int_equal(
        number_in(STORE, "SELECT count(*) FROM run WHERE status = 'interrupted'"), 1);
    weft_store_close(store);
}

/* A handle that is closed no longer holds what it began. */
static void a_run_left_behind_has_died(void **state)
{
    (void)state;
    weft_store *store;
    weft_run_list *list;
    assert_ok(weft_store_open(&store, NULL, true));
    (void)begin_named(store, "train", NULL, 0);
    weft_run_filter all = {0};
    assert_ok(weft_store_list(&list, store, &all));
    assert_string_equal(weft_run_list_row(list, 0)->status, "running");
    weft_run_list_free(list);
    weft_store_close(store);
    assert_ok(weft_store_open(&store, NULL, false));
    assert_ok(weft_store_list(&list, store, &all));
    assert_string_equal(weft_run_list_row(list, 0)->status, "died");
    weft_run_list_free(list);
    weft_store_close(store);
}

/* Every scalar that the evaluation has, under the names of the comparison's CSV. */
static void an_evaluation_is_kept(void **state)
{
    (void)state;
    static const float probabilities[] = {.7f, .2f, .1f, .1f, .8f, .1f, .5f, .3f, .2f, .6f,
        .2f, .2f, .2f, .5f, .3f, .1f, .1f, .8f};
    weft_store *store;
    weft_evaluation *e;
    assert_ok(weft_store_open(&store, NULL, true));
    assert_ok(weft_evaluation_create(&e, probabilities, labels, 6, 3, names));
    int64_t run = begin_named(store, "val", NULL, 0);
    assert_ok(weft_store_evaluation(store, run, "test", e));
    assert_ok(weft_store_evaluation(store, run, "test", e)); /* replaces the first */
    const weft_scores *s = weft_evaluation_scores(e);
    const struct {
        const char *name;
        double value;
    } expected[] = {{"accuracy", s->accuracy}, {"accuracy_low", s->accuracy_low},
        {"accuracy_high", s->accuracy_high}, {"macro_f1", s->macro.f1},
        {"macro_precision", s->macro.precision}, {"weighted_recall", s->weighted.recall},
        {"log_loss", s->log_loss}, {"brier_score", s->brier}, {"top_3_accuracy", s->top3},
        {"matthews_corrcoef", s->mcc}, {"cohen_kappa", s->kappa},
        {"expected_calibration_error", s->calibration_error}, {"count", 6}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        char sql[200];
        snprintf(sql, sizeof sql,
            "SELECT count(*) FROM figure WHERE split = 'test' AND name = '%s'"
            " AND abs(value - %.17g) < 1e-12",
            expected[i].name, expected[i].value);
        if (number_in(STORE, sql) != 1)
            fail_msg("%s is not %.17g", expected[i].name, expected[i].value);
    }
    assert_int_equal(number_in(STORE, "SELECT count(*) FROM class_figure"), 3);
    assert_int_equal(number_in(STORE, "SELECT count(*) FROM class_figure"
                                      " WHERE name = 'shirt' AND support = 2"),
        1);
    weft_evaluation_free(e);
    weft_store_close(store);
}

/* Options, data and, epoch by epoch, figures of a network. */
static void a_training_is_kept(void **state)
{
    (void)state;
    weft_store *store;
    weft_context *context;
    weft_classifier *model;
    weft_dataset *data = data_of(6);
    const uint32_t index[] = {0, 1, 2, 3};
    weft_view train = {data, index, 4};
    int64_t run = 0;
    assert_ok(weft_store_open(&store, NULL, true));
    assert_ok(weft_context_create(&context, 1));
    assert_ok(weft_classifier_create(&model, "ann"));
    assert_ok(weft_classifier_set(model, "epochs", "3"));
    weft_run_start start = {.kind = "train", .classifier = model, .train = &train};
    assert_ok(weft_store_begin(&run, store, &start));
    assert_ok(weft_classifier_fit(model, &train, NULL, context));
    assert_ok(weft_store_history(store, run, model));
    assert_ok(weft_store_history(store, run, model)); /* nothing is new */
    assert_int_equal(number_in(STORE, "SELECT count(*) FROM epoch WHERE loss > 0"), 3);
    assert_int_equal(number_in(STORE, "SELECT value FROM option WHERE scope = 'classifier'"
                                      " AND name = 'epochs'"),
        3);
    assert_int_equal(number_in(STORE, "SELECT train_count FROM run"), 4);
    assert_int_equal(number_in(STORE, "SELECT length(split_digest) FROM run"), 64);
    weft_classifier_free(model);
    weft_context_free(context);
    weft_dataset_free(data);
    weft_store_close(store);
}

static size_t openings(weft_store *store, int64_t run)
{
    size_t count;
    assert_ok(weft_store_openings(&count, store, run));
    return count;
}

/* A model is its file's bytes, a test split its pictures; runs may be forgotten, openings
 * not. */
static void openings_are_counted(void **state)
{
    (void)state;
    weft_store *store;
    weft_dataset *data = data_of(6), *other = data_of(5);
    weft_view test = weft_view_all(data), smaller = weft_view_all(other);
    weft_deletion deletion;
    assert_ok(weft_store_open(&store, NULL, true));
    write_text("one", "a model");
    write_text("two", "another");

    int64_t train = begin_named(store, "train", NULL, 0);
    assert_int_equal(openings(store, train), 0);
    assert_ok(weft_store_opened_test(store, train, &test)); /* before there is a file */
    assert_int_equal(openings(store, train), 1);
    assert_ok(weft_store_model(store, train, "one"));
    assert_ok(weft_store_end(store, train, WEFT_OK));
    assert_int_equal(openings(store, train), 1);

    int64_t val = begin_named(store, "val", NULL, 0);
    assert_ok(weft_store_model(store, val, "one"));
    assert_ok(weft_store_opened_test(store, val, &test));
    assert_int_equal(openings(store, val), 2);
    assert_int_equal(openings(store, train), 2);

    int64_t another = begin_named(store, "val", NULL, 0);
    assert_ok(weft_store_model(store, another, "two"));
    assert_ok(weft_store_opened_test(store, another, &test));
    assert_int_equal(openings(store, another), 1);

    int64_t on_other_data = begin_named(store, "val", NULL, 0);
    assert_ok(weft_store_model(store, on_other_data, "one"));
    assert_ok(weft_store_opened_test(store, on_other_data, &smaller));
    assert_int_equal(openings(store, on_other_data), 1);

    assert_ok(weft_store_delete(&deletion, store, &train, 1, false));
    weft_deletion_clear(&deletion);
    assert_int_equal(openings(store, val), 2);
    weft_dataset_free(data);
    weft_dataset_free(other);
    weft_store_close(store);
}

/* A store moved with its runs finds their files again. */
static void files_below_the_store_move_with_it(void **state)
{
    (void)state;
    weft_store *store;
    weft_run_list *list;
    assert_ok(weft_store_open(&store, NULL, true));
    assert_int_equal(mkdir("runs/ann", 0700), 0);
    write_text("runs/ann/args.json", "{}");
    write_text("runs/ann/model.safetensors", "bytes");
    write_text("runs/ann/checkpoint.safetensors", "for a while");
    int64_t run = begin_named(store, "train", "ann", 0);
    assert_ok(weft_store_folder(store, run, "runs/ann"));
    assert_ok(weft_store_end(store, run, WEFT_OK));
    weft_store_close(store);
    assert_int_equal(number_in(STORE, "SELECT count(*) FROM file"), 2);
    assert_int_equal(number_in(STORE, "SELECT count(*) FROM run, file WHERE model = digest"
                                      " AND bytes = 5"),
        1);
    assert_int_equal(rename("runs", "moved"), 0);
    assert_ok(weft_store_open(&store, "moved/runs.db", false));
    weft_run_filter all = {0};
    assert_ok(weft_store_list(&list, store, &all));
    assert_string_equal(weft_run_list_row(list, 0)->folder, "moved/ann");
    weft_run_list_free(list);
    assert_fails(weft_store_file(store, run, "runs/none"), WEFT_EIO, "runs/none");
    weft_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(a_run_is_seen_as_it_goes_on),
        folder_test(an_end_says_how),
        folder_test(a_run_left_behind_has_died),
        folder_test(an_evaluation_is_kept),
        folder_test(a_training_is_kept),
        folder_test(openings_are_counted),
        folder_test(files_below_the_store_move_with_it),
    };
    return cmocka_run_group_tests_name("store record", tests, NULL, NULL);
}
