/* audit, and its fix list applied to a copy. */
#include <jansson.h>

#include "cli/weft.h"

static void fixes_are_applied_to_a_copy(void **state)
{
    (void)state;
    assert_outcome(
        weft("data", "convert", "synth:n=200,test=40,size=20", "data", "--to", "png"), 0,
        "");
    const struct outcome *o = weft("audit", "data", "knn", "extratrees:trees=20", "--json",
        "--confidence", "0.7", "--out", "audit");
    assert_outcome(o, 0, "");
    json_t *told = json_loads(o->out, 0, NULL);
    assert_non_null(told);
    json_t *actions = json_object_get(json_object_get(told, "fixes"), "actions");
    size_t dropped = (size_t)json_integer_value(json_object_get(actions, "drop"));
    size_t relabelled = (size_t)json_integer_value(json_object_get(actions, "relabel"));
    assert_string_equal(
        json_string_value(json_object_get(told, "classifiers")), "knn extratrees:trees=20");
    json_decref(told);
    static const char *const files[] = {
        "audit/audit.html", "audit/audit.json", "audit/pictures.csv", "audit/fixes.csv"};
    for (size_t i = 0; i < 4; i++)
        assert_true(exists(files[i]));
    bool can =
        system("command -v chromium >/dev/null && command -v node >/dev/null") == 0 &&
        system("test -d \"$WEFT_TEST_SOURCE/../web/node_modules\"") == 0;
    if (can)
        assert_int_equal(system("node \"$WEFT_TEST_SOURCE/report/drive_plain.mjs\" "
                                "audit/audit.html"),
            0);
    /* The list holds wherever the data lies. */
    assert_int_equal(rename("data", "elsewhere"), 0);
    o = weft("data", "convert", "elsewhere", "fixed", "--to", "idx", "--apply",
        "audit/fixes.csv", "--json");
    char expected[64];
    snprintf(expected, sizeof expected, "%zu dropped, %zu relabelled", dropped, relabelled);
    assert_outcome(o, 0, expected);
    told = json_loads(o->out, 0, NULL);
    assert_non_null(told);
    json_t *train = json_object_get(json_object_get(told, "splits"), "train");
    assert_int_equal(json_integer_value(json_object_get(train, "count")), 200 - dropped);
    json_decref(told);
}

static void wrong_use_is_told(void **state)
{
    (void)state;
    assert_failure(weft("audit", "nowhere"), "nowhere");
    assert_failure(weft("audit", "synth:n=60", "knm"), "knn");
    assert_outcome(weft("audit", "synth:n=60", "--similarity", "0.2"), 2, "similarity");
    assert_outcome(weft("audit", "synth:n=60", "--folds", "1"), 2, "folds");
    assert_failure(
        weft("data", "convert", "synth:n=60", "copy", "--apply", "none.csv"), "none.csv");
    assert_false(exists("copy"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(fixes_are_applied_to_a_copy),
        folder_test(wrong_use_is_told),
    };
    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
