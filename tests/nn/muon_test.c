/* Muon: against the same written down plainly in double precision, and what it promises. */
#include "training.h"

#include <lapacke.h>

#include "nn/muon.h"

enum { MOST = 24 * 24 };

/* c = op(a) b, all small; a is n x k, or k x n where transposed. */
static void product(double *c, const double *a, bool transposed, const double *b, size_t n,
    size_t m, size_t k)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++) {
            double sum = 0;
            for (size_t l = 0; l < k; l++)
                sum += (transposed ? a[l * n + i] : a[i * k + l]) * b[l * m + j];
            c[i * m + j] = sum;
        }
}

/* Five times x <- a x + b x xT x + c x xT x xT x, from the right. */
static void orthogonalise(double *x, size_t rows, size_t columns)
{
    double gram[MOST], cube[MOST], fifth[MOST], length = 0;
    for (size_t i = 0; i < rows * columns; i++)
        length += x[i] * x[i];
    for (size_t i = 0; i < rows * columns; i++)
        x[i] /= sqrt(length);
    for (int n = 0; n < 5; n++) {
        product(gram, x, true, x, columns, columns, rows);
        product(cube, x, false, gram, rows, columns, columns);
        product(fifth, cube, false, gram, rows, columns, columns);
        for (size_t i = 0; i < rows * columns; i++)
            x[i] = 3.4445 * x[i] - 4.775 * cube[i] + 2.0315 * fifth[i];
    }
}

static void equals_the_plain_form(size_t rows, size_t columns)
{
    size_t count = rows * columns;
    float values[MOST], velocity[MOST], one[MOST], two[MOST];
    uint16_t mirror[MOST];
    float *work = calloc(weft__muon_work(rows, columns), sizeof *work);
    double direction[MOST], length = 0, before[MOST];
    weft_rng rng = weft_rng_create(rows, columns);
    assert_non_null(work);
    for (size_t i = 0; i < count; i++) {
        values[i] = weft_rng_normal(&rng);
        velocity[i] = weft_rng_normal(&rng);
        one[i] = weft_rng_normal(&rng);
        two[i] = weft_rng_normal(&rng);
        double g = 0.5 * ((double)one[i] + (double)two[i]);
        direction[i] = g + 0.9 * (0.9 * (double)velocity[i] + g);
        before[i] = (double)values[i];
        length += before[i] * before[i];
    }
    orthogonalise(direction, rows, columns);
    float *blocks[] = {one, two};
    const weft__update u = {.values = values,
        .mirror = mirror,
        .gradients = blocks,
        .parts = 2,
        .slots = {velocity},
        .gradient_scale = 0.5f,
        .learning_rate = 0.1f,
        .momentum = 0.9f,
        .step = 1};
    assert_ok(weft__muon(&u, 0, rows, columns, work));
    for (size_t i = 0; i < count; i++) {
        double expected =
            before[i] / sqrt(length) * sqrt((double)columns) - 0.1 * direction[i];
        assert_float_equal((double)values[i], expected, 2e-5);
    }
    free(work);
}

static void by_the_plain_form(void **state)
{
    (void)state;
    equals_the_plain_form(24, 5);
    equals_the_plain_form(5, 24);
    equals_the_plain_form(7, 7);
    equals_the_plain_form(9, 1);
}

static void directions_are_near_orthogonal(void **state)
{
    enum { ROWS = 24, COLUMNS = 16 };
    static float values[ROWS * COLUMNS], velocity[ROWS * COLUMNS], gradient[ROWS * COLUMNS];
    float *work = calloc(weft__muon_work(ROWS, COLUMNS), sizeof *work), singular[COLUMNS];
    float *blocks[] = {gradient}, unused[COLUMNS], left, right;
    weft_rng rng = weft_rng_create(1, 2);
    (void)state;
    for (size_t i = 0; i < ROWS * COLUMNS; i++)
        gradient[i] = weft_rng_normal(&rng) * (i % COLUMNS ? 1 : 30);
    const weft__update u = {.values = values,
        .gradients = blocks,
        .parts = 1,
        .slots = {velocity},
        .gradient_scale = 1,
        .learning_rate = 1};
    assert_ok(weft__muon(&u, 0, ROWS, COLUMNS, work));
    assert_int_equal(LAPACKE_sgesvd(LAPACK_ROW_MAJOR, 'N', 'N', ROWS, COLUMNS, values,
                         COLUMNS, singular, &left, 1, &right, 1, unused),
        0);
    for (size_t i = 0; i < COLUMNS; i++)
        assert_true(singular[i] > 0.5f && singular[i] < 1.3f);
    free(work);
}

static void a_network_learns_by_it(void **state)
{
    weft_context *context;
    (void)state;
    write_network("muon.net", "conv 8 padding=same bias=no\nbatchnorm\nrelu\nmaxpool 2\n"
                              "conv 16 padding=same bias=no\nbatchnorm\nrelu\nglobalpool\n"
                              "dense classes\nsoftmax\n");
    assert_ok(weft_context_create(&context, 2));
    weft_dataset *data = bands(400, 4, 1, false);
    weft_view view = weft_view_all(data);
    const char *files[] = {"a.safetensors", "b.safetensors"};
    for (int run = 0; run < 2; run++) {
        size_t count;
        weft_classifier *c =
            network_with("./muon.net", OPTIONS("optimizer", "muon", "learning-rate", "0.05",
                                           "epochs", "5", "batch", "40", "ema", "0.9"));
        assert_ok(weft_classifier_fit(c, &view, NULL, context));
        assert_true(weft_classifier_history(c, &count)[4].accuracy > 0.9);
        assert_ok(weft_classifier_save(c, files[run], context));
        weft_classifier_free(c);
    }
    assert_true(same_files(files[0], files[1]));
    weft_dataset_free(data);
    weft_context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_the_plain_form),
        cmocka_unit_test(directions_are_near_orthogonal),
        cmocka_unit_test(a_network_learns_by_it),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
