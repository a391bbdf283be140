#include "support.h"

#include <jansson.h>
#include <math.h>

#include "weft/evaluation.h"

enum { MOST = 2000 };
static const double TOLERANCE = 1e-12;

static json_t *vectors(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/eval/%s", getenv("WEFT_TEST_SOURCE"), name);
    json_error_t error;
    json_t *json = json_load_file(path, 0, &error);
    if (!json)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    return json;
}

/* Two NaN are equal here: null in the vectors. */
static void near(const char *name, const char *what, double ours, const json_t *theirs)
{
    double expected = json_is_null(theirs) ? NAN : json_number_value(theirs);
    if (isnan(expected) ? !isnan(ours) : !(fabs(ours - expected) <= TOLERANCE))
        fail_msg("%s: %s is %.17g, expected %.17g", name, what, ours, expected);
}

static weft_evaluation *from_case(const json_t *json)
{
    const json_t *p = json_object_get(json, "probabilities");
    const json_t *t = json_object_get(json, "truth"), *c = json_object_get(json, "classes");
    float probabilities[MOST];
    uint16_t truth[MOST];
    const char *names[16];
    assert_true(json_array_size(p) <= MOST);
    for (size_t i = 0; i < json_array_size(p); i++)
        probabilities[i] = (float)json_number_value(json_array_get(p, i));
    for (size_t i = 0; i < json_array_size(t); i++)
        truth[i] = (uint16_t)json_integer_value(json_array_get(t, i));
    for (size_t i = 0; i < json_array_size(c); i++)
        names[i] = json_string_value(json_array_get(c, i));
    weft_evaluation *e;
    assert_ok(weft_evaluation_create(
        &e, probabilities, truth, json_array_size(t), json_array_size(c), names));
    return e;
}

static void check_scores(const char *name, const json_t *json, const weft_class_scores *s)
{
    near(name, "precision", s->precision, json_array_get(json, 0));
    near(name, "recall", s->recall, json_array_get(json, 1));
    near(name, "f1", s->f1, json_array_get(json, 2));
}

static void check_case(const json_t *json)
{
    const char *name = json_string_value(json_object_get(json, "name"));
    weft_evaluation *e = from_case(json);
    const weft_scores *s = weft_evaluation_scores(e);
    near(name, "accuracy", s->accuracy, json_object_get(json, "accuracy"));
    near(name, "log loss", s->log_loss, json_object_get(json, "log_loss"));
    near(name, "brier", s->brier, json_object_get(json, "brier"));
    const json_t *top = json_object_get(json, "top");
    size_t classes = weft_evaluation_classes(e);
    for (size_t k = 1; k <= classes; k++)
        near(name, "top", weft_evaluation_top(e, k), json_array_get(top, k - 1));
    near(name, "top 3", s->top3, json_array_get(top, classes < 3 ? classes - 1 : 2));
    near(name, "top 5", s->top5, json_array_get(top, classes < 5 ? classes - 1 : 4));
    near(name, "aurc", s->aurc, json_object_get(json, "aurc"));
    near(name, "mcc", s->mcc, json_object_get(json, "mcc"));
    near(name, "kappa", s->kappa, json_object_get(json, "kappa"));
    near(name, "calibration", s->calibration_error,
        json_object_get(json, "calibration_error"));
    check_scores(name, json_object_get(json, "macro"), &s->macro);
    check_scores(name, json_object_get(json, "weighted"), &s->weighted);
    for (size_t k = 0; k < weft_evaluation_classes(e); k++) {
        const json_t *theirs = json_array_get(json_object_get(json, "per_class"), k);
        const json_t *row = json_array_get(json_object_get(json, "confusion"), k);
        check_scores(name, theirs, weft_evaluation_class(e, k));
        near(name, "support", (double)weft_evaluation_class(e, k)->support,
            json_array_get(theirs, 3));
        for (size_t j = 0; j < weft_evaluation_classes(e); j++)
            near(name, "confusion",
                (double)weft_evaluation_confusion(e)[k * weft_evaluation_classes(e) + j],
                json_array_get(row, j));
    }
    const json_t *reports = json_object_get(json, "report");
    for (int digits = 2; digits <= 4 && json_is_object(reports); digits += 2) {
        char key[2] = {(char)('0' + digits), 0}, *text;
        assert_ok(weft_evaluation_text(&text, e, digits));
        const char *report = json_string_value(json_object_get(reports, key));
        if (strncmp(text, report, strlen(report)) != 0)
            fail_msg("%s: scikit-learn prints\n%s\nnot\n%s", name, report, text);
        free(text);
    }
    weft_evaluation_free(e);
}

static void equals_scikit_learn(void **state)
{
    (void)state;
    json_t *cases = vectors("evaluation.json");
    assert_true(json_array_size(cases) >= 17);
    for (size_t i = 0; i < json_array_size(cases); i++)
        check_case(json_array_get(cases, i));
    json_decref(cases);
}

static void json_agrees(void **state)
{
    (void)state;
    json_t *cases = vectors("evaluation.json");
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        weft_evaluation *e = from_case(c);
        char *text;
        assert_ok(weft_evaluation_json(&text, e));
        json_t *json = json_loads(text, 0, NULL);
        assert_non_null(json);
        const char *name = json_string_value(json_object_get(c, "name"));
        near(name, "accuracy", json_number_value(json_object_get(json, "accuracy")),
            json_object_get(c, "accuracy"));
        assert_int_equal(json_is_null(json_object_get(json, "cohen_kappa")),
            json_is_null(json_object_get(c, "kappa")));
        assert_true(json_equal(
            json_object_get(json, "confusion_matrix"), json_object_get(c, "confusion")));
        const json_t *macro = json_object_get(json, "macro avg");
        near(name, "f1-score", json_number_value(json_object_get(macro, "f1-score")),
            json_array_get(json_object_get(c, "macro"), 2));
        size_t pictures = 0;
        for (size_t b = 0; b < WEFT_BINS; b++)
            pictures += (size_t)json_integer_value(json_object_get(
                json_array_get(json_object_get(json, "reliability"), b), "count"));
        assert_int_equal(pictures, weft_evaluation_scores(e)->count);
        json_decref(json);
        free(text);
        weft_evaluation_free(e);
    }
    json_decref(cases);
}

/* The 30 most confident are tied, one in two of them wrong; of the others one in four. */
static void coverage(void **state)
{
    (void)state;
    enum { N = 130 };
    const char *names[] = {"a", "b"};
    float p[2 * N];
    uint16_t truth[N];
    for (size_t i = 0; i < N; i++) {
        bool tie = i >= 100;
        p[2 * i] = tie ? 0.75f : 0.5f + 0.002f * (float)(i + 1);
        p[2 * i + 1] = 1 - p[2 * i];
        truth[i] = tie ? i % 2 : i % 4 == 0;
    }
    weft_evaluation *e;
    assert_ok(weft_evaluation_create(&e, p, truth, N, 2, names));
    size_t count;
    const weft_coverage *c = weft_evaluation_coverage(e, &count);
    assert_int_equal(count, 50);
    assert_true(c[49].coverage == 1);
    assert_true(fabs(c[49].accuracy - weft_evaluation_scores(e)->accuracy) < TOLERANCE);
    assert_true(c[49].confidence == (double)0.502f);
    for (size_t i = 0; i + 1 < count; i++) {
        size_t taken = (N * (i + 1) + 49) / 50;
        assert_true(c[i].coverage == (double)taken / N);
        if (taken <= 30)
            assert_true(fabs(c[i].accuracy - 0.5) < TOLERANCE);
        assert_true(c[i].confidence >= c[i + 1].confidence);
    }
    weft_evaluation_free(e);

    /* The five ties alone, two wrong: every share of them is as right as all. */
    for (size_t i = 0; i < 5; i++) {
        p[2 * i] = 0.75f;
        p[2 * i + 1] = 0.25f;
        truth[i] = i < 2;
    }
    assert_ok(weft_evaluation_create(&e, p, truth, 5, 2, names));
    c = weft_evaluation_coverage(e, &count);
    assert_int_equal(count, 5);
    for (size_t i = 0; i < count; i++)
        assert_true(fabs(c[i].accuracy - 0.6) < TOLERANCE);
    assert_true(fabs(weft_evaluation_scores(e)->aurc - 0.4) < TOLERANCE);
    weft_evaluation_free(e);
}

static void refuses(void **state)
{
    (void)state;
    const char *names[] = {"a", "b"};
    weft_evaluation *e = NULL;
    float p[] = {0.5f, 0.5f, 1, 0};
    uint16_t truth[] = {0, 2};
    assert_fails(
        weft_evaluation_create(&e, p, truth, 0, 2, names), WEFT_EINVAL, "no pictures");
    assert_fails(
        weft_evaluation_create(&e, p, truth, 2, 0, names), WEFT_EINVAL, "0 classes");
    assert_fails(weft_evaluation_create(&e, p, truth, 2, 2, names), WEFT_EINVAL,
        "picture 1 has label 2, expected below 2");
    truth[1] = 1;
    p[3] = NAN;
    assert_fails(weft_evaluation_create(&e, p, truth, 2, 2, names), WEFT_ENUMERIC,
        "picture 1: class 'b'");
    p[3] = -1;
    assert_fails(weft_evaluation_create(&e, p, truth, 2, 2, names), WEFT_ENUMERIC, "-1");
    assert_null(e);
    p[3] = 0;
    assert_ok(weft_evaluation_create(&e, p, truth, 2, 2, names));
    char *text;
    assert_fails(weft_evaluation_text(&text, e, 10), WEFT_EINVAL, "10 decimals");
    weft_evaluation_free(e);
}

/* Names that are wide, hostile or no UTF-8 neither break the table nor the JSON. */
static void odd_names(void **state)
{
    (void)state;
    const char *names[] = {"Größe", "上着", "red\x1b[31m\n", "broken \xff\xc3"};
    float p[16] = {0};
    uint16_t truth[] = {0, 1, 2, 3};
    for (size_t i = 0; i < 4; i++)
        p[i * 5] = 1;
    weft_evaluation *e;
    assert_ok(weft_evaluation_create(&e, p, truth, 4, 4, names));
    char *text;
    assert_ok(weft_evaluation_text(&text, e, 2));
    assert_non_null(strstr(text, "\n       Größe       1.00"));
    assert_non_null(strstr(text, "\n        上着       1.00"));
    assert_non_null(strstr(text, "\n   red?[31m?       1.00"));
    assert_non_null(strstr(text, "\n   broken ??       1.00"));
    free(text);
    assert_ok(weft_evaluation_json(&text, e));
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(
                            json_array_get(json_object_get(json, "classes"), 1), "name")),
        "上着");
    json_decref(json);
    free(text);
    weft_evaluation_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_scikit_learn),
        cmocka_unit_test(json_agrees),
        cmocka_unit_test(coverage),
        cmocka_unit_test(refuses),
        cmocka_unit_test(odd_names),
    };
    return cmocka_run_group_tests_name("evaluation", tests, NULL, NULL);
}
