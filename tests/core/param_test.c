#include "support.h"

#include <locale.h>

#include "weft/param.h"

struct options {
    bool shout;
    uint64_t k;
    double rate;
    int weights;
    char *name;
};

static const weft_param table[] = {
    {"shout", WEFT_PARAM_FLAG, offsetof(struct options, shout), "false", 0, 0, NULL, ""},
    {"k", WEFT_PARAM_COUNT, offsetof(struct options, k), "5", 1, 1000, NULL, ""},
    {"learning-rate", WEFT_PARAM_REAL, offsetof(struct options, rate), "0.01", 0, 1, NULL,
        ""},
    {"weights", WEFT_PARAM_CHOICE, offsetof(struct options, weights), "uniform", 0, 0,
        "uniform|distance", ""},
    {"name", WEFT_PARAM_TEXT, offsetof(struct options, name), NULL, 0, 0, NULL, ""},
    {0},
};

static void defaults_then_text_and_back(void **state)
{
    (void)state;
    struct options o, copy = {0};
    assert_ok(weft_param_defaults(table, &o));
    assert_int_equal(o.k, 5);
    assert_true(o.rate == 0.01 && !o.shout && o.weights == 0 && !o.name);
    assert_ok(weft_param_set(table, &o, "weights", "distance"));
    assert_ok(weft_param_set(table, &o, "learning-rate", "5e-4"));
    assert_ok(weft_param_set(table, &o, "name", "x"));
    assert_ok(weft_param_set(table, &o, "name", "boots"));
    assert_ok(weft_param_copy(table, &copy, &o));
    for (const weft_param *p = table; p->name; p++) {
        char a[32], b[32];
        assert_ok(weft_param_get(table, &o, p->name, a, sizeof a));
        assert_ok(weft_param_get(table, &copy, p->name, b, sizeof b));
        assert_string_equal(a, b);
        assert_ok(weft_param_set(table, &copy, p->name, a));
    }
    assert_true(copy.rate == 5e-4 && copy.weights == 1);
    weft_param_clear(table, &o);
    weft_param_clear(table, &copy);
}

static void wrong_values_say_what_is_allowed(void **state)
{
    (void)state;
    struct options o;
    assert_ok(weft_param_defaults(table, &o));
    assert_fails(weft_param_set(table, &o, "k", "0"), WEFT_EINVAL, "from 1 to 1000");
    assert_fails(weft_param_set(table, &o, "k", "5x"), WEFT_EINVAL, "whole number");
    assert_fails(weft_param_set(table, &o, "k", "-1"), WEFT_EINVAL, "k=-1");
    assert_fails(weft_param_set(table, &o, "learning-rate", "nan"), WEFT_EINVAL, "nan");
    assert_fails(weft_param_set(table, &o, "learning-rate", ""), WEFT_EINVAL, "number");
    assert_fails(
        weft_param_set(table, &o, "weights", "dist"), WEFT_EINVAL, "uniform|distance");
    assert_fails(weft_param_set(table, &o, "shout", "maybe"), WEFT_EINVAL, "true or false");
    assert_fails(weft_param_set(table, &o, "learning-rte", "1"), WEFT_ENOTFOUND,
        "did you mean 'learning-rate'");
    assert_fails(weft_param_set(table, &o, "zzzzzz", "1"), WEFT_ENOTFOUND, "no option");
}

static void a_comma_locale_changes_nothing(void **state)
{
    (void)state;
    struct options o;
    char text[32];
    assert_ok(weft_param_defaults(table, &o));
    (void)setlocale(LC_ALL, "de_DE.UTF-8"); /* where it is installed */
    assert_ok(weft_param_set(table, &o, "learning-rate", "0.5"));
    assert_ok(weft_param_get(table, &o, "learning-rate", text, sizeof text));
    assert_string_equal(text, "0.5");
    (void)setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_then_text_and_back),
        cmocka_unit_test(wrong_values_say_what_is_allowed),
        cmocka_unit_test(a_comma_locale_changes_nothing),
    };
    return cmocka_run_group_tests_name("param", tests, NULL, NULL);
}
