/* Learning rates against values worked out by hand. */
#include "support.h"

#include "nn/schedule.h"

static weft__train_options with(const char *schedule, const char *warmup, const char *last)
{
    weft__train_options o;
    assert_ok(weft_param_defaults(weft__train_params, &o));
    assert_ok(weft_param_set(weft__train_params, &o, "schedule", schedule));
    assert_ok(weft_param_set(weft__train_params, &o, "learning-rate", "2"));
    assert_ok(weft_param_set(weft__train_params, &o, "warmup", warmup));
    assert_ok(weft_param_set(weft__train_params, &o, "final-rate", last));
    return o;
}

static void check(weft__train_options o, uint64_t step, uint64_t total, double expected)
{
    double rate = weft__learning_rate(&o, step, total);
    if (!(rate > expected - 1e-9 && rate < expected + 1e-9))
        fail_msg("step %u of %u: %g, expected %g", (unsigned)step, (unsigned)total, rate,
            expected);
    weft_param_clear(weft__train_params, &o);
}

static void triangles_rise_from_a_fifth_and_fall(void **state)
{
    (void)state;
    check(with("triangular", "0.5", "0.1"), 0, 101, 2 * (0.2 + 0.8 / 51.5));
    check(with("triangular", "0.5", "0.1"), 50, 101, 2);
    check(with("triangular", "0.5", "0.1"), 75, 101, 2 * (1 - 0.5 * 0.9));
    check(with("triangular", "0.5", "0.1"), 100, 101, 2 * 0.1);
    check(with("triangular", "0", "0"), 23, 101, 2); /* of itself after 23 % */
}

static void others_as_they_are_named(void **state)
{
    (void)state;
    check(with("constant", "0", "0"), 70, 101, 2);
    check(with("linear", "0", "0.5"), 50, 101, 1.5);
    check(with("cosine", "0", "0"), 50, 101, 1);
    check(with("step", "0", "0"), 60, 101, 0.2);
    check(with("one-cycle", "0", "0"), 100, 101, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(triangles_rise_from_a_fifth_and_fall),
        cmocka_unit_test(others_as_they_are_named),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
