#include "support.h"

#include <jansson.h>
#include <math.h>

#include "eval/student.h"
#include "weft/rng.h"
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

static void spread(void **state)
{
    (void)state;
    const double equal[] = {0.1, 0.1, 0.1}, some[] = {1, 2, 4};
    weft_spread s = weft_spread_of(equal, 3);
    assert_true(s.mean == 0.1 && s.sd == 0);
    s = weft_spread_of(some, 3);
    close_to(s.mean, 7.0 / 3);
    close_to(s.sd, sqrt(7.0 / 3));
    s = weft_spread_of(some, 1);
    assert_true(s.mean == 1 && isnan(s.sd));
    assert_true(isnan(weft_spread_of(some, 0).mean));
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

/* Relative: p may be tiny. */
static void near(double ours, double theirs)
{
    if (!(fabs(ours - theirs) <= 1e-10 * fabs(theirs)))
        fail_msg("%.17g, expected %.17g", ours, theirs);
}

static void student(void **state)
{
    (void)state;
    const json_t *cases = json_object_get(vectors, "student"), *c;
    size_t i;
    json_array_foreach((json_t *)cases, i, c)
    {
        near(weft__student_two_sided(at(c, 0), at(c, 1)), at(c, 2));
        near(weft__student_two_sided(-at(c, 0), at(c, 1)), at(c, 2));
        near(weft__student_quantile975(at(c, 1)), at(c, 3));
    }
    assert_true(i >= 50);
    near(weft__student_two_sided(1.959963984540054, INFINITY), 0.05);
}

/* One evaluation of pictures of class 0 for each row of rights. */
static void from_rights(weft_evaluation **out, const double *rights, size_t seeds, size_t n)
{
    static const char *const names[] = {"a", "b"};
    float p[2 * 200];
    uint16_t truth[200] = {0};
    for (size_t s = 0; s < seeds; s++) {
        for (size_t i = 0; i < n; i++) {
            p[2 * i] = (float)rights[s * n + i];
            p[2 * i + 1] = 1 - p[2 * i];
        }
        assert_ok(weft_evaluation_create(&out[s], p, truth, n, 2, names));
    }
}

static void free_all(weft_evaluation **evaluations, size_t count)
{
    for (size_t i = 0; i < count; i++)
        weft_evaluation_free(evaluations[i]);
}

static size_t read_side(weft_evaluation **out, const json_t *rows)
{
    double rights[5 * 200];
    size_t seeds = json_array_size(rows), n = json_array_size(json_array_get(rows, 0));
    for (size_t i = 0; i < seeds * n; i++)
        rights[i] = at(json_array_get(rows, i / n), i % n);
    from_rights(out, rights, seeds, n);
    return seeds;
}

#define CONST(side) ((const weft_evaluation *const *)(side))

static void crossed(void **state)
{
    (void)state;
    const json_t *cases = json_object_get(vectors, "crossed"), *c;
    size_t i;
    weft_evaluation *first[5], *second[5];
    json_array_foreach((json_t *)cases, i, c)
    {
        size_t a = read_side(first, json_object_get(c, "first"));
        size_t b = read_side(second, json_object_get(c, "second"));
        weft_crossed ours, turned;
        assert_ok(weft_crossed_compare(&ours, CONST(first), a, CONST(second), b));
        close_to(ours.difference, json_number_value(json_object_get(c, "difference")));
        near(ours.statistic, json_number_value(json_object_get(c, "statistic")));
        near(ours.freedom, json_number_value(json_object_get(c, "freedom")));
        near(ours.p_value, json_number_value(json_object_get(c, "p")));
        close_to(ours.interval.low, json_number_value(json_object_get(c, "low")));
        close_to(ours.interval.high, json_number_value(json_object_get(c, "high")));
        assert_ok(weft_crossed_compare(&turned, CONST(second), b, CONST(first), a));
        close_to(turned.difference, -ours.difference);
        near(turned.p_value, ours.p_value);
        assert_fails(weft_crossed_compare(&turned, CONST(first), 0, CONST(second), b),
            WEFT_EINVAL, "without any");
        free_all(first, a);
        free_all(second, b);
    }
    assert_true(i >= 4);
}

/* Equal fits, and a difference that nothing varies. */
static void crossed_without_variance(void **state)
{
    (void)state;
    double right[] = {1, 1, 1, 1}, wrong[] = {0, 0, 0, 0}, longer[] = {1, 1, 1, 1, 1};
    weft_evaluation *a, *b, *c;
    weft_crossed out;
    from_rights(&a, right, 1, 4);
    from_rights(&b, wrong, 1, 4);
    from_rights(&c, longer, 1, 5);
    assert_ok(weft_crossed_compare(&out, CONST(&a), 1, CONST(&a), 1));
    assert_true(out.difference == 0 && out.p_value == 1 && isinf(out.freedom));
    assert_ok(weft_crossed_compare(&out, CONST(&a), 1, CONST(&b), 1));
    assert_true(out.difference == 1 && out.p_value == 1);
    assert_fails(weft_crossed_compare(&out, CONST(&a), 1, CONST(&c), 1), WEFT_EINVAL,
        "same pictures");
    weft_evaluation_free(a);
    weft_evaluation_free(b);
    weft_evaluation_free(c);
}

/* Two names for one way to learn, whose seeds differ much: at 5 % the crossed test must
 * speak about as often as it says. 500 trials: 0.05 +- 0.01 by chance alone. Judging by the
 * first seeds' pictures, as McNemar's test must, speaks several times as often. */
static void crossed_keeps_its_level(void **state)
{
    (void)state;
    enum { TRIALS = 500, SEEDS = 4, N = 150 };
    size_t spoke = 0, first_spoke = 0;
    for (size_t trial = 0; trial < TRIALS; trial++) {
        weft_rng rng = weft_rng_create(9, trial);
        double rights[2 * SEEDS * N], hard[N];
        for (size_t i = 0; i < N; i++)
            hard[i] = (double)weft_rng_normal(&rng);
        for (size_t s = 0; s < 2 * SEEDS; s++) {
            double level = 1 + 0.6 * (double)weft_rng_normal(&rng);
            for (size_t i = 0; i < N; i++)
                rights[s * N + i] =
                    level + hard[i] + 0.3 * (double)weft_rng_normal(&rng) > 0;
        }
        weft_evaluation *all[2 * SEEDS];
        from_rights(all, rights, 2 * SEEDS, N);
        weft_crossed out;
        weft_mcnemar first;
        assert_ok(weft_crossed_compare(&out, CONST(all), SEEDS, CONST(all + SEEDS), SEEDS));
        assert_ok(weft_mcnemar_compare(&first, all[0], all[SEEDS]));
        spoke += out.p_value < 0.05;
        first_spoke += first.p_value < 0.05;
        free_all(all, 2 * SEEDS);
    }
    assert_in_range(spoke, TRIALS / 100, TRIALS * 8 / 100);
    assert_true(first_spoke > TRIALS / 5);
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
        cmocka_unit_test(spread),
        cmocka_unit_test(mcnemar),
        cmocka_unit_test(holm),
        cmocka_unit_test(student),
        cmocka_unit_test(crossed),
        cmocka_unit_test(crossed_without_variance),
        cmocka_unit_test(crossed_keeps_its_level),
        cmocka_unit_test(bootstrap),
        cmocka_unit_test(compares_pictures),
    };
    return cmocka_run_group_tests_name("statistics", tests, load_vectors, drop_vectors);
}
