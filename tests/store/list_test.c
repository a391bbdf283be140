/* Lists, pages, differences, exports. */
#include <jansson.h>

#include "store/folder.h"

static weft_store *filled(void)
{
    weft_store *store;
    assert_ok(weft_store_open(&store, NULL, true));
    add_done(store, "knn", 0.8);                            /* 1 */
    add_done(store, "forest", 0.9);                         /* 2 */
    int64_t whole = begin_named(store, "compare", NULL, 0); /* 3 */
    int64_t part = begin_named(store, "entry", "knn", whole);
    assert_ok(weft_store_figure(store, part, "test", "accuracy", 0.85));
    assert_ok(weft_store_end(store, part, WEFT_OK));
    assert_ok(weft_store_end(store, whole, WEFT_OK));
    add_done(store, "svm", 0.9);                 /* 5 */
    (void)begin_named(store, "train", "ann", 0); /* 6 */
    return store;
}

/* The runs that the filter leaves, as text: "6 5 ". */
static const char *found(weft_store *store, weft_run_filter filter)
{
    static char text[200];
    weft_run_list *list;
    assert_ok(weft_store_list(&list, store, &filter));
    text[0] = 0;
    for (size_t i = 0; i < weft_run_list_count(list); i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%lld ",
            (long long)weft_run_list_row(list, i)->id);
    weft_run_list_free(list);
    return text;
}

static void filters_leave_what_they_say(void **state)
{
    (void)state;
    weft_store *s = filled();
    assert_string_equal(found(s, (weft_run_filter){0}), "6 5 3 2 1 ");
    assert_string_equal(found(s, (weft_run_filter){.parts = true}), "6 5 4 3 2 1 ");
    assert_string_equal(found(s, (weft_run_filter){.classifier = "knn"}), "4 1 ");
    assert_string_equal(found(s, (weft_run_filter){.parent = 3}), "4 ");
    assert_string_equal(found(s, (weft_run_filter){.kind = "compare"}), "3 ");
    assert_string_equal(found(s, (weft_run_filter){.status = "running"}), "6 ");
    assert_string_equal(found(s, (weft_run_filter){.status = "failed"}), "");
    assert_string_equal(found(s, (weft_run_filter){.data = "synth"}), "6 5 3 2 1 ");
    assert_string_equal(found(s, (weft_run_filter){.data = "syn"}), "");
    assert_string_equal(found(s, (weft_run_filter){.since = "1h"}), "6 5 3 2 1 ");
    assert_string_equal(found(s, (weft_run_filter){.since = "2001-01-01"}), "6 5 3 2 1 ");
    assert_string_equal(found(s, (weft_run_filter){.since = "9999-01-01T00:00:00Z"}), "");
    weft_store_close(s);
}

static void the_best_come_first(void **state)
{
    (void)state;
    weft_store *s = filled();
    assert_string_equal(
        found(s, (weft_run_filter){.metric = "accuracy", .split = "validation"}), "2 5 1 ");
    assert_string_equal(
        found(s, (weft_run_filter){.metric = "accuracy", .split = "validation", .best = 1}),
        "2 ");
    /* Of a loss less is better. */
    assert_string_equal(
        found(s, (weft_run_filter){.metric = "log_loss", .split = "validation"}), "2 5 1 ");
    assert_string_equal(
        found(s, (weft_run_filter){.metric = "accuracy", .split = "test"}), "4 ");
    weft_store_close(s);
}

static void a_filter_that_cannot_be_meant_is_told(void **state)
{
    (void)state;
    weft_run_list *list;
    weft_store *s = filled();
    static const struct {
        weft_run_filter filter;
        const char *message;
    } wrong[] = {
        {{.status = "dead"}, "did you mean 'died'"},
        {{.since = "yesterday"}, "since 'yesterday'"},
        {{.since = "2026-13"}, "since '2026-13'"},
        {{.since = "d"}, "since 'd'"},
        {{.since = "99999999999999999999d"}, "since '9999"},
        {{.metric = "acuracy", .split = "test"}, "did you mean 'accuracy'"},
        {{.metric = "accuracy", .split = "train"}, "no run was evaluated on a train split"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_fails(
            weft_store_list(&list, s, &wrong[i].filter), WEFT_EINVAL, wrong[i].message);
    weft_store_close(s);
}

static void lines_fit_a_terminal(void **state)
{
    (void)state;
    weft_store *store = filled();
    weft_run_list *list;
    char *text;
    weft_run_filter all = {.parts = true};
    (void)begin_named(
        store, "train", "h\xc3\xbctte:k=11,weights=distance,metric=manhattan", 0);
    (void)begin_named(store, "train", "steers\033[2Ja terminal", 0);
    assert_ok(weft_store_list(&list, store, &all));
    assert_ok(weft_run_list_text(&text, list));
    assert_null(strchr(text, '\033'));
    assert_non_null(strstr(text, "train h\xc3\xbctte:k=11,weight..."));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (strlen(line) > 81) /* one letter takes two bytes */
            fail_msg("%zu bytes: %s", strlen(line), line);
    free(text);
    weft_run_list_free(list);
    weft_store_close(store);
}

/* A file from elsewhere may say anything. */
static void odd_rows_are_shown(void **state)
{
    (void)state;
    weft_store *store;
    weft_run_list *list;
    char *text;
    assert_ok(weft_store_open(&store, "odd.db", true));
    weft_store_close(store);
    weft__database *db;
    assert_ok(weft__database_open(&db, "odd.db", true));
    assert_ok(weft__execute(db,
        "INSERT INTO run (kind, began, status, folder) VALUES ('', 'y', 'done', ''),"
        " (cast(x'ff1b' AS TEXT), '', 'running', '../../..')",
        WEFT__NONE));
    weft__database_close(db);
    assert_ok(weft_store_open(&store, "odd.db", false));
    weft_run_filter all = {0};
    assert_ok(weft_store_list(&list, store, &all));
    assert_int_equal(weft_run_list_count(list), 2);
    assert_ok(weft_run_list_text(&text, list));
    assert_null(strchr(text, '\033'));
    free(text);
    for (int64_t run = 1; run <= 2; run++) {
        assert_ok(weft_store_run_text(&text, store, run));
        assert_null(strchr(text, '\033'));
        free(text);
    }
    assert_ok(weft_store_export_csv(&text, store, list));
    free(text);
    weft_run_list_free(list);
    weft_store_close(store);
}

static json_t *parsed(char *text)
{
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    free(text);
    return json;
}

static void what_differs_is_told(void **state)
{
    (void)state;
    weft_store *store = filled();
    char *text;
    assert_ok(weft_store_diff_json(&text, store, 1, 2));
    json_t *json = parsed(text), *differences = json_object_get(json, "differences");
    assert_int_equal(json_object_size(differences), 3); /* name, accuracy, log loss */
    json_t *pair = json_object_get(differences, "figures.validation.accuracy");
    assert_true(json_real_value(json_array_get(pair, 0)) == 0.8);
    assert_true(json_real_value(json_array_get(pair, 1)) == 0.9);
    json_decref(json);
    assert_ok(weft_store_diff_text(&text, store, 2, 1));
    assert_non_null(
        strstr(text, "validation.accuracy                          0.9000          "
                     "0.8000    -0.1000\n"));
    free(text);
    assert_ok(weft_store_diff_text(&text, store, 2, 2));
    assert_non_null(strstr(text, "the same options and figures"));
    free(text);
    assert_fails(weft_store_diff_text(&text, store, 1, 99), WEFT_ENOTFOUND, "no run 99");
    weft_store_close(store);
}

static void an_export_has_everything(void **state)
{
    (void)state;
    weft_store *store = filled();
    weft_run_list *list;
    weft_run_filter all = {.parts = true};
    char *text;
    assert_ok(weft_store_list(&list, store, &all));
    assert_ok(weft_store_export_json(&text, store, list));
    json_t *json = parsed(text);
    assert_int_equal(json_array_size(json), 6);
    const json_t *whole = json_array_get(json, 3);
    assert_int_equal(
        json_integer_value(json_array_get(json_object_get(whole, "parts"), 0)), 4);
    json_decref(json);
    assert_ok(weft_store_export_csv(&text, store, list));
    size_t lines = 0, commas[8] = {0};
    for (const char *c = text; *c; c++) {
        commas[lines] += *c == ',';
        lines += *c == '\n';
    }
    assert_int_equal(lines, 7);
    for (size_t i = 1; i < lines; i++)
        assert_int_equal(commas[i], commas[0]);
    assert_non_null(strstr(text, ",figures.validation.accuracy,"));
    assert_non_null(strstr(text, ",0.85"));
    free(text);
    weft_run_list_free(list);
    weft_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(filters_leave_what_they_say),
        folder_test(the_best_come_first),
        folder_test(a_filter_that_cannot_be_meant_is_told),
        folder_test(lines_fit_a_terminal),
        folder_test(odd_rows_are_shown),
        folder_test(what_differs_is_told),
        folder_test(an_export_has_everything),
    };
    return cmocka_run_group_tests_name("store list", tests, NULL, NULL);
}
