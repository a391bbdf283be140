#include "support.h"

#include <jansson.h>
#include <math.h>

#include "weft/statistics.h"

static json_t *vectors;

static int load_vectors(void **state)
{
    (void)state;
    char path[4096];
    snprintf(path, sizeof path, "%s/eval/statistics.json", getenv("WEFT_TEST_SOURCE"));
    vectors = json_load_file(path, 0, NULL);
    return vectors ? 0 : -1;
}

static int drop_vectors(void **state)
{
    (void)state;
    json_decref(vectors);
    return 0;
}

static double at(const json_t *array, size_t i)
{
    return json_number_value(json_array_get(array, i));
}

static void close_to(double ours, double theirs)
{
    if (!(fabs(ours - theirs) <= 1e-12 * fmax(1, fabs(theirs))))
        fail_msg("%.17g, expected %.17g", ours, theirs);
}

static void wilson(void **state)
{
    (void)state;
    const json_t *cases = json_object_get(vectors, "wilson"), *c;
    size_t i;
    json_array_foreach((json_t *)cases, i, c)
    {
        weft_interval interval = weft_wilson_interval((size_t)at(c, 0), (size_t)at(c, 1));
        close_to(interval.low, at(c, 2));
        close_to(interval.high, at(c, 3));
    }
    assert_true(i >= 8);
    weft_interval nothing = weft_wilson_interval(0, 0);
    assert_true(nothing.low == 0 && nothing.high == 1);
}

static void mcnemar(void **state)
{
    (void)state;
    const json_t *cases = json_object_get(vectors, "mcnemar"), *c;
    size_t i;
    json_array_foreach((json_t *)cases, i, c)
    {
        weft_mcnemar test = weft_mcnemar_test((size_t)at(c, 0), (size_t)at(c, 1));
        assert_int_equal(test.exact, json_is_true(json_array_get(c, 2)));
        close_to(test.statistic, at(c, 3));
        double p = at(c, 4);
        if (!(fabs(test.p_value - p) <= 1e-11 * p)) /* relative: p may be tiny */
            fail_msg("p is %.17g, expected %.17g", test.p_value, p);
    }
    assert_true(i >= 12);
}

static void holm(void **state)
{
    (void)state;
    const json_t *cases = json_object_get(vectors, "holm"), *c;
    size_t i;
    json_array_foreach((json_t *)cases, i, c)
    {
        const json_t *given = json_array_get(c, 0), *expected = json_array_get(c, 1);
        double p[8], adjusted[8];
        size_t count = json_array_size(given);
        for (size_t j = 0; j < count; j++)
            p[j] = at(given, j);
        weft_holm(adjusted, p, count);
        for (size_t j = 0; j < count; j++)
            close_to(adjusted[j], at(expected, j));
    }
    assert_true(i >= 5);
}

static weft_evaluation *one_hot(const json_t *truths, const json_t *predictions)
{
    enum { N = 400, CLASSES = 4 };
    static const char *const names[CLASSES] = {"a", "b", "c", "d"};
    float p[N * CLASSES] = {0};
    uint16_t truth[N];
    assert_int_equal(json_array_size(truths), N);
    for (size_t i = 0; i < N; i++) {
        truth[i] = (uint16_t)at(truths, i);
        p[i * CLASSES + (size_t)at(predictions, i)] = 1;
    }
    weft_evaluation *e;
    assert_ok(weft_evaluation_create(&e, p, truth, N, CLASSES, names));
    return e;
}

/* Both ends are themselves random: with 4000 resamples they wander by about 0.001. */
static void bootstrap(void **state)
{
    (void)state;
    const json_t *c = json_object_get(vectors, "bootstrap");
    weft_evaluation *e =
        one_hot(json_object_get(c, "truth"), json_object_get(c, "predicted"));
    weft_interval interval, again, other;
    assert_ok(weft_bootstrap_macro_f1(&interval, e, 4000, 1));
    assert_true(fabs(interval.low - json_number_value(json_object_get(c, "low"))) < 0.006);
    assert_true(
        fabs(interval.high - json_number_value(json_object_get(c, "high"))) < 0.006);
    assert_ok(weft_bootstrap_macro_f1(&again, e, 4000, 1));
    assert_true(again.low == interval.low && again.high == interval.high);
    assert_ok(weft_bootstrap_macro_f1(&other, e, 4000, 2));
    assert_true(other.low != interval.low);
    assert_fails(weft_bootstrap_macro_f1(&other, e, 0, 2), WEFT_EINVAL, "resample");
    weft_evaluation_free(e);
}

static void compares_pictures(void **state)
{
    (void)state;
    const char *names[] = {"a", "b"};
    float first[] = {1, 0, 1, 0, 0, 1}, second[] = {0, 1, 1, 0, 0, 1};
    uint16_t truth[] = {0, 0, 0}, other[] = {0, 0, 1};
    weft_evaluation *a, *b, *c;
    assert_ok(weft_evaluation_create(&a, first, truth, 3, 2, names));
    assert_ok(weft_evaluation_create(&b, second, truth, 3, 2, names));
    assert_ok(weft_evaluation_create(&c, second, other, 3, 2, names));
    weft_mcnemar test;
    assert_ok(weft_mcnemar_compare(&test, a, b));
    assert_int_equal(test.only_first, 1);
    assert_int_equal(test.only_second, 0);
    assert_fails(weft_mcnemar_compare(&test, a, c), WEFT_EINVAL, "same pictures");
    weft_evaluation_free(a);
    weft_evaluation_free(b);
    weft_evaluation_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wilson),
        cmocka_unit_test(mcnemar),
        cmocka_unit_test(holm),
        cmocka_unit_test(bootstrap),
        cmocka_unit_test(compares_pictures),
    };
    return cmocka_run_group_tests_name("statistics", tests, load_vectors, drop_vectors);
}
