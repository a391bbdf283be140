/* Text, JSON, CSV and LaTeX say the same: every line of text and LaTeX is written here anew
 * from the JSON, and every row of CSV is looked up in it. */
#include "support.h"

#include <jansson.h>

#include "families.h"
#include "weft/weft.h"

enum { CLASSES = 4, MOST = 1024 };

static const char *const names[CLASSES] = {
    "50 % & #1_{x}", "a, \"b\"", "c~^\\$", "T-shirt/top"};
static const char *const escaped[CLASSES] = {"50 \\% \\& \\#1\\_\\{x\\}", "a, \"b\"",
    "c\\textasciitilde{}\\textasciicircum{}\\textbackslash{}\\$", "T-shirt/top"};

static const json_t *get(const json_t *json, const char *key)
{
    const json_t *value = json_object_get(json, key);
    if (!value)
        fail_msg("no '%s' in the JSON", key);
    return value;
}

static double number(const json_t *json, const char *key)
{
    return json_number_value(get(json, key));
}

static json_t *parse(char *text)
{
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    free(text);
    return json;
}

/* `line`, between line ends, in `text`. */
static void has_line(const char *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void has_line(const char *text, const char *format, ...)
{
    char line[MOST];
    va_list arguments;
    va_start(arguments, format);
    line[0] = '\n';
    int n = vsnprintf(line + 1, sizeof line - 2, format, arguments);
    va_end(arguments);
    strcpy(line + 1 + n, "\n");
    if (strncmp(text, line + 1, strlen(line + 1)) != 0 && !strstr(text, line))
        fail_msg("no line '%.*s' in\n%s", n, line + 1, text);
}

/* Takes the next field off *at, quotes and all; false at the end of a line. */
static bool next_field(const char **at, char field[MOST])
{
    size_t n = 0;
    bool quoted = **at == '"';
    const char *c = *at + quoted;
    for (; *c && (quoted || (*c != ',' && *c != '\n')); c++) {
        if (quoted && *c == '"' && *++c != '"')
            break;
        field[n++] = *c;
    }
    field[n] = 0;
    *at = c + (*c != 0);
    return *c == ',';
}

static size_t read_row(const char **at, char fields[][MOST], size_t most)
{
    size_t n = 0;
    while (next_field(at, fields[n++]))
        assert_true(n < most);
    return n;
}

/* Equal to the last bit; nothing stands for null. */
static void same(const char *what, const char *field, const json_t *json)
{
    if (json_is_null(json) ? *field != 0 : strtod(field, NULL) != json_number_value(json))
        fail_msg("%s: CSV has '%s', JSON %.17g", what, field, json_number_value(json));
}

static const json_t *find_class(const json_t *evaluation, const char *name)
{
    const json_t *classes = get(evaluation, "classes"), *c;
    size_t i;
    json_array_foreach((json_t *)classes, i,
        c) if (strcmp(json_string_value(get(c, "name")), name) == 0) return c;
    fail_msg("no class '%s'", name);
    return NULL;
}

static const json_t *interval_end(const json_t *evaluation, const char *figure)
{
    return json_array_get(
        get(evaluation, "accuracy_interval"), strcmp(figure, "accuracy_high") == 0);
}

static const json_t *whole_figure(const json_t *evaluation, const char *figure)
{
    return strcmp(figure, "accuracy_low") == 0 || strcmp(figure, "accuracy_high") == 0
               ? interval_end(evaluation, figure)
               : get(evaluation, figure);
}

static void check_csv(const char *csv, const json_t *json)
{
    static char fields[8][MOST];
    assert_int_equal(read_row(&csv, fields, 8), 4);
    assert_string_equal(fields[2], "figure");
    size_t rows = 0;
    for (; *csv; rows++) {
        assert_int_equal(read_row(&csv, fields, 8), 4);
        const json_t *of = strcmp(fields[0], "class") == 0     ? find_class(json, fields[1])
                           : strcmp(fields[0], "average") == 0 ? get(json, fields[1])
                                                               : NULL;
        same(fields[2], fields[3], of ? get(of, fields[2]) : whole_figure(json, fields[2]));
    }
    assert_int_equal(rows, 4 * (CLASSES + 2) + 12);
}

static const struct {
    const char *key, *title;
} whole[] = {{"accuracy", "accuracy"}, {"accuracy_low", "95 % interval, low"},
    {"accuracy_high", "95 % interval, high"}, {"top_3_accuracy", "top-3 accuracy"},
    {"top_5_accuracy", "top-5 accuracy"}, {"matthews_corrcoef", "Matthews correlation"},
    {"cohen_kappa", "Cohen's kappa"}, {"log_loss", "log loss"},
    {"brier_score", "Brier score"}, {"expected_calibration_error", "calibration error"},
    {"aurc", "area under risk-coverage"}};

static void check_rows(const char *text, const char *latex, const char *name,
    const char *plain, const json_t *s)
{
    double p = number(s, "precision"), r = number(s, "recall"), f = number(s, "f1-score");
    int n = (int)number(s, "support");
    has_line(text, "%13s  %9.4f %9.4f %9.4f %9d", plain, p, r, f, n);
    has_line(latex, "  %s & %.4f & %.4f & %.4f & %d \\\\", name, p, r, f, n);
}

static void check_evaluation(const weft_evaluation *e)
{
    char *text, *latex, *csv, *json_text;
    assert_ok(weft_evaluation_json(&json_text, e));
    assert_ok(weft_evaluation_text(&text, e, 4));
    assert_ok(weft_evaluation_latex(&latex, e, 4));
    assert_ok(weft_evaluation_csv(&csv, e));
    json_t *json = parse(json_text);
    check_csv(csv, json);
    for (size_t k = 0; k < CLASSES; k++)
        check_rows(text, latex, escaped[k], names[k], find_class(json, names[k]));
    check_rows(text, latex, "macro avg", "macro avg", get(json, "macro avg"));
    check_rows(text, latex, "weighted avg", "weighted avg", get(json, "weighted avg"));
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        const json_t *value = whole_figure(json, whole[i].key);
        char shown[32] = "-";
        if (!json_is_null(value))
            snprintf(shown, sizeof shown, "%.4f", json_number_value(value));
        has_line(text, "%24s %9s", whole[i].title, shown);
        char title[64];
        snprintf(title, sizeof title, "%s", whole[i].title);
        if (strstr(title, " %"))
            snprintf(title, sizeof title, "95 \\%%%s", strstr(whole[i].title, "%") + 1);
        has_line(latex, "  %s & %s \\\\", title, json_is_null(value) ? "--" : shown);
    }
    json_decref(json);
    free(text);
    free(latex);
    free(csv);
}

static void evaluations_agree(void **state)
{
    (void)state;
    enum { N = 60 };
    float p[N * CLASSES];
    uint16_t truth[N];
    weft_rng rng = weft_rng_create(3, 0);
    for (size_t i = 0; i < N; i++) {
        truth[i] = (uint16_t)weft_rng_below(&rng, CLASSES);
        double sum = 0;
        for (size_t k = 0; k < CLASSES; k++) {
            p[i * CLASSES + k] = weft_rng_uniform(&rng) + (k == truth[i] ? 0.4f : 0);
            sum += (double)p[i * CLASSES + k];
        }
        for (size_t k = 0; k < CLASSES; k++)
            p[i * CLASSES + k] = (float)((double)p[i * CLASSES + k] / sum);
    }
    weft_evaluation *e;
    assert_ok(weft_evaluation_create(&e, p, truth, N, CLASSES, names));
    check_evaluation(e);
    weft_evaluation_free(e);
    float one[CLASSES] = {1}; /* kappa is no number */
    uint16_t zero = 0;
    assert_ok(weft_evaluation_create(&e, one, &zero, 1, CLASSES, names));
    check_evaluation(e);
    char *text = NULL;
    assert_fails(weft_evaluation_latex(&text, e, 10), WEFT_EINVAL, "10 decimals");
    assert_null(text);
    weft_evaluation_free(e);
}

/* A column of the row of CSV, by the header's name. */
static const char *column(char header[][MOST], char row[][MOST], size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(header[i], name) == 0)
            return row[i];
    fail_msg("no column '%s'", name);
    return NULL;
}

static void check_entry(const json_t *e, char header[][MOST], char row[][MOST], size_t n,
    const char *text, const char *latex, bool seeds)
{
    const json_t *evaluation = get(e, "evaluation"), *mean = get(e, "mean");
    const json_t *sd = json_object_get(get(e, "sd"), "accuracy");
    const char *name = json_string_value(get(e, "name"));
    assert_string_equal(column(header, row, n, "classifier"), name);
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        same(whole[i].key, column(header, row, n, whole[i].key),
            whole_figure(evaluation, whole[i].key));
    same("place", column(header, row, n, "place"), get(e, "place"));
    same("mean", column(header, row, n, "accuracy_mean"), get(mean, "accuracy"));
    same("mean", column(header, row, n, "macro_f1_mean"), get(mean, "macro_f1"));
    same("sd", column(header, row, n, "accuracy_sd"), sd);
    same("fit", column(header, row, n, "fit_seconds"), get(e, "fit_seconds"));
    size_t count = json_array_size(get(e, "seeds"));
    assert_int_equal(strtol(column(header, row, n, "seeds"), NULL, 10), count);

    char doubt[64] = "-", tex[64] = "", accuracy[32], line[MOST];
    double low = json_number_value(interval_end(evaluation, "accuracy_low"));
    double high = json_number_value(interval_end(evaluation, "accuracy_high"));
    snprintf(accuracy, sizeof accuracy, "%.4f", number(mean, "accuracy"));
    if (!seeds) {
        snprintf(doubt, sizeof doubt, "%.4f-%.4f", low, high);
        snprintf(tex, sizeof tex, " & %.4f--%.4f", low, high);
    } else if (count > 1) {
        snprintf(doubt, sizeof doubt, "%.4f (%zu)", json_number_value(sd), count);
        snprintf(tex, sizeof tex, " $\\pm$ %.4f & %zu", json_number_value(sd), count);
    } else {
        snprintf(doubt, sizeof doubt, "- (1)");
        snprintf(tex, sizeof tex, " & 1");
    }
    snprintf(line, sizeof line, "  %8s  %13s  %8.4f  ", accuracy, doubt,
        number(mean, "macro_f1"));
    const char *own = strstr(text, name);
    if (!own || !strstr(own, line))
        fail_msg("no '%s%s' in\n%s", name, line, text);
    has_line(latex, "  %d & %s & %s%s & %.4f & %.2f & %.2f \\\\", (int)number(e, "place"),
        name, accuracy, tex, number(mean, "macro_f1"), number(e, "fit_seconds"),
        number(e, "predict_seconds"));
}

static void check_comparison(const weft_comparison *c, bool seeds)
{
    static char header[64][MOST], row[64][MOST];
    char *text, *latex, *csv, *json_text;
    assert_ok(weft_comparison_json(&json_text, c));
    assert_ok(weft_comparison_text(&text, c));
    assert_ok(weft_comparison_latex(&latex, c));
    assert_ok(weft_comparison_csv(&csv, c));
    json_t *json = parse(json_text);
    const json_t *entries = get(json, "classifiers"), *e;
    const char *at = csv;
    size_t i, n = read_row(&at, header, 64);
    json_array_foreach((json_t *)entries, i, e)
    {
        assert_int_equal(read_row(&at, row, 64), n);
        check_entry(e, header, row, n, text, latex, seeds);
    }
    assert_int_equal(*at, 0);
    json_decref(json);
    free(text);
    free(latex);
    free(csv);
}

static void comparisons_agree(void **state)
{
    (void)state;
    weft_context *context;
    assert_ok(weft_context_create(&context, 1));
    weft_data data = make_data(80, 0, 120, CLASSES, 12, 1, names);
    const char *classifiers[] = {"prior", "centroid:noise=0.3", "centroid"};
    for (uint64_t seeds = 1; seeds <= 3; seeds += 2) {
        weft_compare_options options = weft_compare_defaults();
        options.seeds = seeds;
        weft_comparison *c = NULL;
        assert_ok(weft_compare(&c, &data, classifiers, 3, &options, context));
        check_comparison(c, seeds > 1);
        weft_comparison_free(c);
    }
    weft_data_clear(&data);
    weft_context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evaluations_agree),
        cmocka_unit_test(comparisons_agree),
    };
    return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
