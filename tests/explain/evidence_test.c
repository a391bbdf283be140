/* What each family rests an answer on: sums that are its scores, the pictures it learnt
 * from, ways through trees. */
#include "classic/made.h"

#include <math.h>
#include <unistd.h>

#include "model/family.h"
#include "weft/explain.h"
#include "weft/knn.h"
#include "weft/svm.h"

enum { TRAIN = 120, COUNT = 12, CLASSES = 3, EVERY = 1000 };
static const weft_shape GREY = {8, 9, 1}, COLOUR = {8, 8, 3};

static weft_context *context;
static char folder[] = "/tmp/weft-evidence-XXXXXX";

static int setup(void **state)
{
    (void)state;
    return weft_context_create(&context, 2) != WEFT_OK || !mkdtemp(folder) || chdir(folder);
}

static int teardown(void **state)
{
    (void)state;
    weft_context_free(context);
    return chdir("/") || rmdir(folder);
}

struct fixture {
    weft_dataset *train, *other;
    weft_view all, view; /* of train, of other */
    weft_classifier *model;
    uint16_t classes[COUNT];
    weft_explain_options options;
};

/* `options`: names and values, ended by NULL. */
static void set_up(
    struct fixture *f, weft_shape shape, const char *name, const char *const *options)
{
    f->train = made_pictures(TRAIN, shape, CLASSES, 250, 1);
    f->other = made_pictures(COUNT, shape, CLASSES, 250, 2);
    f->all = weft_view_all(f->train);
    f->view = weft_view_all(f->other);
    assert_ok(weft_classifier_create(&f->model, name));
    for (; options && options[0]; options += 2)
        assert_ok(weft_classifier_set(f->model, options[0], options[1]));
    assert_ok(weft_classifier_fit(f->model, &f->all, NULL, context));
    assert_ok(weft_param_defaults(weft_explain_params, &f->options));
    for (size_t i = 0; i < COUNT; i++)
        f->classes[i] = (uint16_t)(i / 4 % CLASSES);
}

static void tear_down(struct fixture *f)
{
    weft_param_clear(weft_explain_params, &f->options);
    weft_classifier_free(f->model);
    weft_dataset_free(f->train);
    weft_dataset_free(f->other);
}

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- sums ---------------------------------------------------------------------------- */

/* Each picture's score of each class, having checked that base and values sum to it. */
static void scores_of(const struct fixture *f, double scores[COUNT][CLASSES])
{
    size_t values = weft_shape_bytes(weft_dataset_shape(f->other));
    float *parts = malloc(COUNT * values * sizeof *parts);
    for (uint16_t c = 0; c < CLASSES; c++) {
        uint16_t classes[COUNT];
        double bases[COUNT], found[COUNT];
        for (size_t i = 0; i < COUNT; i++)
            classes[i] = c;
        const weft__contributions job = {.view = &f->view,
            .classes = classes,
            .baseline = 30,
            .values = parts,
            .bases = bases,
            .scores = found};
        assert_ok(f->model->family->contribute(f->model, &job, context));
        for (size_t i = 0; i < COUNT; i++) {
            double sum = bases[i];
            for (size_t p = 0; p < values; p++)
                sum += (double)parts[i * values + p];
            if (!(fabs(sum - found[i]) < 2e-5 * (1 + fabs(found[i]))))
                fail_msg("%s: picture %zu, class %u: %g, but the sum is %g",
                    f->model->info.name, i, c, found[i], sum);
            scores[i][c] = found[i];
        }
    }
    free(parts);
}

static void softmax(double *scores)
{
    double sum = 0;
    for (size_t c = 0; c < CLASSES; c++)
        sum += scores[c] = exp(scores[c]);
    for (size_t c = 0; c < CLASSES; c++)
        scores[c] /= sum;
}

static void expect_probabilities(
    const struct fixture *f, double scores[COUNT][CLASSES], bool logits)
{
    float p[COUNT * CLASSES];
    assert_ok(weft_classifier_predict_proba(f->model, &f->view, p, context));
    for (size_t i = 0; i < COUNT; i++) {
        if (logits)
            softmax(scores[i]);
        for (size_t c = 0; c < CLASSES; c++)
            if (!(fabs((double)p[i * CLASSES + c] - scores[i][c]) < 1e-4))
                fail_msg("%s: picture %zu: %g, predicted %g", f->model->info.name, i,
                    scores[i][c], (double)p[i * CLASSES + c]);
    }
}

static void contributions_sum_to_what_is_predicted(void **state)
{
    static const struct {
        const char *name;
        bool logits;
        const char *options[7];
    } models[] = {
        {"logreg", true, {NULL}},
        {"logreg", true, {"features", "pca:9", NULL}},
        {"boost", true, {"rounds", "7", NULL}},
        {"forest", false, {"trees", "9", NULL}},
        {"forest", false, {"trees", "3", "max-depth", "2", "bootstrap", "false", NULL}},
        {"extratrees", false, {"trees", "9", NULL}},
    };
    const weft_shape shapes[] = {GREY, COLOUR};
    (void)state;
    for (size_t m = 0; m < sizeof models / sizeof *models; m++)
        for (size_t s = 0; s < 2; s++) {
            struct fixture f;
            double scores[COUNT][CLASSES];
            set_up(&f, shapes[s], models[m].name, models[m].options);
            scores_of(&f, scores);
            expect_probabilities(&f, scores, models[m].logits);
            tear_down(&f);
        }
}

/* The mean of a class's decisions against the others. */
static double mean_decision(const double *pairs, size_t class)
{
    double sum = 0;
    size_t pair = 0;
    for (size_t a = 0; a < CLASSES; a++)
        for (size_t b = a + 1; b < CLASSES; b++, pair++)
            sum += a == class ? pairs[pair] : b == class ? -pairs[pair] : 0;
    return sum / (CLASSES - 1);
}

static void a_linear_machine_is_a_sum_too(void **state)
{
    const char *const *const options[] = {
        OPTIONS("kernel", "linear"), OPTIONS("kernel", "linear", "features", "pca:9")};
    (void)state;
    for (size_t o = 0; o < 2; o++) {
        struct fixture f;
        double scores[COUNT][CLASSES], pairs[COUNT * CLASSES];
        set_up(&f, GREY, "svm", options[o]);
        scores_of(&f, scores);
        assert_ok(weft_svm_decide(f.model, &f.view, pairs, context));
        for (size_t i = 0; i < COUNT; i++)
            for (size_t c = 0; c < CLASSES; c++)
                assert_float_equal(
                    scores[i][c], mean_decision(pairs + i * CLASSES, c), 1e-3);
        tear_down(&f);
    }
}

/* ---- neighbours ------------------------------------------------------------------------
 */

static double distance(
    const uint8_t *a, const uint8_t *b, size_t values, weft_knn_metric metric)
{
    double sum = 0, aa = 0, bb = 0;
    for (size_t p = 0; p < values; p++) {
        double x = a[p] / 255.0, y = b[p] / 255.0;
        sum += metric == WEFT_KNN_EUCLIDEAN   ? (x - y) * (x - y)
               : metric == WEFT_KNN_MANHATTAN ? fabs(x - y)
                                              : -x * y;
        aa += x * x;
        bb += y * y;
    }
    return metric == WEFT_KNN_COSINE ? 1 + sum / sqrt(aa * bb) : sum;
}

static void neighbours_differ_by_their_pixels(void **state)
{
    static const char *const metrics[] = {"euclidean", "manhattan", "cosine"};
    (void)state;
    for (int m = 0; m < 3; m++) {
        struct fixture f;
        double scores[COUNT][CLASSES];
        set_up(&f, COLOUR, "knn", OPTIONS("metric", metrics[m]));
        scores_of(&f, scores);
        for (size_t i = 0; i < COUNT; i++)
            for (size_t c = 0; c < CLASSES; c++) {
                double own = INFINITY, other = INFINITY;
                for (size_t t = 0; t < TRAIN; t++) {
                    double d =
                        distance(weft_view_pixels(&f.view, i), weft_view_pixels(&f.all, t),
                            weft_shape_bytes(COLOUR), (weft_knn_metric)m);
                    double *least = weft_view_label(&f.all, t) == c ? &own : &other;
                    *least = fmin(*least, d);
                }
                assert_float_equal(scores[i][c], other - own, 1e-5);
            }
        tear_down(&f);
    }
}

static void components_keep_the_sum_of_neighbours(void **state)
{
    struct fixture f, whole;
    double scores[COUNT][CLASSES], exact[COUNT][CLASSES];
    (void)state;
    set_up(&f, GREY, "knn", OPTIONS("features", "pca:9"));
    scores_of(&f, scores);
    tear_down(&f);
    /* All components there are: the distances of the pictures themselves, of which the
     * others' parts outside the training pictures' span cancel. */
    set_up(&f, GREY, "knn", OPTIONS("features", "pca:72"));
    set_up(&whole, GREY, "knn", NULL);
    scores_of(&f, scores);
    scores_of(&whole, exact);
    for (size_t i = 0; i < COUNT; i++)
        for (size_t c = 0; c < CLASSES; c++)
            assert_float_equal(scores[i][c], exact[i][c], 1e-3);
    tear_down(&f);
    tear_down(&whole);
}

static void examples_are_the_nearest(void **state)
{
    enum { SHOWN = 4 };
    struct fixture f;
    weft_evidence e;
    uint32_t nearest[COUNT * SHOWN];
    float distances[COUNT * SHOWN];
    size_t bytes = weft_shape_bytes(GREY);
    (void)state;
    set_up(&f, GREY, "knn", OPTIONS("k", "3"));
    assert_ok(weft_knn_neighbours(
        nearest, distances, &f.all, &f.view, SHOWN, WEFT_KNN_EUCLIDEAN, context));
    assert_ok(weft_explain_evidence(
        &e, f.model, &f.view, f.classes, COUNT, SHOWN, &f.options, context));
    assert_int_equal(e.count, COUNT);
    assert_int_equal(e.examples, SHOWN);
    assert_null(e.paths);
    assert_int_equal(e.weights, 0);
    for (size_t i = 0; i < COUNT; i++) {
        float p[COUNT * CLASSES], votes = 0;
        for (size_t k = 0; k < SHOWN; k++) {
            const weft_explain_example *x = &e.example[i * SHOWN + k];
            uint32_t at = nearest[i * SHOWN + k];
            assert_int_equal(x->label, weft_view_label(&f.all, at));
            assert_float_equal(x->distance, distances[i * SHOWN + k], 1e-3);
            assert_memory_equal(
                e.pixels + (i * SHOWN + k) * bytes, weft_view_pixels(&f.all, at), bytes);
            assert_float_equal(fabsf(x->weight), k < 3 ? 1.0f / 3 : 0, 1e-6);
            votes += x->weight > 0 ? x->weight : 0;
        }
        assert_ok(weft_classifier_predict_proba(f.model, &f.view, p, context));
        assert_float_equal(votes, p[i * CLASSES + f.classes[i]], 1e-5);
    }
    weft_evidence_clear(&e);
    tear_down(&f);
}

/* ---- support vectors --------------------------------------------------------------------
 */

static void vectors_weights_sum_to_the_decision(void **state)
{
    struct fixture f;
    weft_evidence e;
    weft_svm_summary svm;
    double pairs[COUNT * CLASSES];
    (void)state;
    set_up(&f, GREY, "svm", NULL);
    assert_ok(weft_svm_decide(f.model, &f.view, pairs, context));
    assert_ok(weft_svm_summarise(&svm, f.model));
    assert_ok(weft_explain_evidence(
        &e, f.model, &f.view, f.classes, COUNT, EVERY, &f.options, context));
    assert_int_equal(e.examples, svm.vectors);
    assert_true(e.why_not[0] != '\0');
    for (size_t i = 0; i < COUNT; i++) {
        const weft_explain_example *x = e.example + i * e.examples;
        double sum = -mean_decision(svm.rho, f.classes[i]);
        for (size_t k = 0; k < e.examples; k++) {
            sum += (double)x[k].weight;
            assert_true(k == 0 || fabsf(x[k].weight) <= fabsf(x[k - 1].weight));
        }
        assert_float_equal(sum, mean_decision(pairs + i * CLASSES, f.classes[i]), 1e-3);
    }
    weft_evidence_clear(&e);
    tear_down(&f);
}

/* By the decisions of all training pictures, among which the vectors are. */
static void the_boundarys_vectors_are_the_nearest(void **state)
{
    enum { SHOWN = 3 };
    struct fixture f;
    weft_evidence e;
    double pairs[TRAIN * CLASSES];
    size_t bytes = weft_shape_bytes(GREY);
    (void)state;
    set_up(&f, GREY, "svm", OPTIONS("c", "0.1"));
    assert_ok(weft_svm_decide(f.model, &f.all, pairs, context));
    assert_ok(weft_explain_evidence(
        &e, f.model, &f.view, f.classes, 1, SHOWN, &f.options, context));
    assert_int_equal(e.boundary, SHOWN);
    for (size_t c = 0; c < CLASSES; c++) {
        double nearest = INFINITY;
        size_t at = 0;
        for (size_t t = 0; t < TRAIN; t++) {
            const double *d = pairs + t * CLASSES; /* 0 1, 0 2, 1 2 */
            double own[CLASSES] = {c == 0   ? INFINITY
                                   : c == 1 ? -d[0]
                                            : -d[1],
                c == 0   ? d[0]
                : c == 1 ? INFINITY
                         : -d[2],
                c == 0   ? d[1]
                : c == 1 ? d[2]
                         : INFINITY};
            for (size_t o = 0; o < CLASSES && weft_view_label(&f.all, t) == c; o++)
                if (fabs(own[o]) < fabs(nearest)) {
                    nearest = own[o];
                    at = t;
                }
        }
        const weft_explain_example *x = e.boundary_example + c * SHOWN;
        assert_float_equal(x[0].weight, nearest, 1e-4);
        assert_true(fabsf(x[0].weight) <= fabsf(x[1].weight));
        assert_true(fabsf(x[1].weight) <= fabsf(x[2].weight));
        assert_int_not_equal(x[0].label, c);
        assert_memory_equal(
            e.boundary_pixels + c * SHOWN * bytes, weft_view_pixels(&f.all, at), bytes);
    }
    weft_evidence_clear(&e);
    tear_down(&f);
}

/* Integrated gradients sum to the score's way from the baseline, whatever the kernel. */
static void a_machines_gradients_are_complete(void **state)
{
    const char *const *const options[] = {OPTIONS("kernel", "rbf"),
        OPTIONS("kernel", "linear"),
        OPTIONS("kernel", "poly", "coef0", "1", "degree", "3")};
    static const uint8_t black[8 * 9];
    (void)state;
    for (size_t o = 0; o < 3; o++) {
        struct fixture f;
        float maps[COUNT * 8 * 9];
        double pairs[COUNT * CLASSES], blank[CLASSES];
        weft_dataset *nothing;
        set_up(&f, GREY, "svm", options[o]);
        assert_ok(weft_dataset_create(&nothing, GREY, 1, black, NULL, 0, NULL));
        weft_view dark = weft_view_all(nothing);
        f.options.method = WEFT_EXPLAIN_INTEGRATED_GRADIENTS;
        f.options.steps = 200;
        assert_ok(
            weft_explain(maps, f.classes, NULL, f.model, &f.view, &f.options, context));
        assert_ok(weft_svm_decide(f.model, &f.view, pairs, context));
        assert_ok(weft_svm_decide(f.model, &dark, blank, context));
        for (size_t i = 0; i < COUNT; i++) {
            double sum = 0;
            for (size_t p = 0; p < 8 * 9; p++)
                sum += (double)maps[i * 8 * 9 + p];
            assert_float_equal(sum,
                mean_decision(pairs + i * CLASSES, f.classes[i]) -
                    mean_decision(blank, f.classes[i]),
                2e-3);
        }
        weft_dataset_free(nothing);
        tear_down(&f);
    }
}

/* ---- trees
 * -------------------------------------------------------------------------------- */

/* Of a forest of one tree the way is the contributions. */
static void a_path_adds_up(void **state)
{
    struct fixture f;
    weft_evidence e;
    float maps[COUNT * 8 * 9];
    (void)state;
    set_up(&f, GREY, "forest", OPTIONS("trees", "1", "max-depth", "4"));
    assert_int_equal(weft_explain_choose(f.model), WEFT_EXPLAIN_CONTRIBUTIONS);
    assert_ok(weft_explain(maps, f.classes, NULL, f.model, &f.view, &f.options, context));
    assert_ok(weft_explain_evidence(
        &e, f.model, &f.view, f.classes, COUNT, 0, &f.options, context));
    for (size_t i = 0; i < COUNT; i++) {
        const weft_explain_path *path = &e.paths[i];
        float *map = maps + i * 8 * 9;
        assert_int_equal(path->tree, 0);
        assert_int_equal(path->trees, 1);
        assert_in_range(path->count, 1, 4);
        assert_float_equal(path->steps[0].before, e.bases[i], 1e-6);
        assert_float_equal(path->steps[path->count - 1].after, e.scores[i], 1e-6);
        for (size_t k = 0; k < path->count; k++) {
            const weft_explain_step *x = &path->steps[k];
            assert_int_equal(x->found, weft_view_pixels(&f.view, i)[x->value]);
            assert_true(k == 0 || x->before == path->steps[k - 1].after);
            map[x->value] -= x->after - x->before;
        }
        for (size_t p = 0; p < 8 * 9; p++)
            assert_float_equal(map[p], 0, 1e-6);
    }
    assert_int_equal(e.weights, 1);
    weft_evidence_clear(&e);
    tear_down(&f);
}

/* Two pixels, four kinds of picture, as many of each as said: the root's mean is known. */
static void means_weigh_by_training_pictures(void **state)
{
    static const uint8_t kinds[4][2] = {{0, 0}, {0, 200}, {200, 0}, {200, 200}};
    static const size_t times[4] = {1, 2, 3, 14};
    static const char *const names[] = {"a", "b"};
    uint8_t pixels[20][2];
    uint16_t labels[20], class[4] = {1, 1, 1, 1};
    size_t n = 0;
    double bases[4], scores[4];
    float values[8];
    weft_dataset *data, *query;
    weft_classifier *model;
    (void)state;
    for (size_t k = 0; k < 4; k++)
        for (size_t t = 0; t < times[k]; t++, n++) {
            memcpy(pixels[n], kinds[k], 2);
            labels[n] = k == 3;
        }
    assert_ok(
        weft_dataset_create(&data, (weft_shape){1, 2, 1}, 20, pixels[0], labels, 2, names));
    assert_ok(
        weft_dataset_create(&query, (weft_shape){1, 2, 1}, 4, kinds[0], NULL, 0, NULL));
    weft_view all = weft_view_all(data), four = weft_view_all(query);
    assert_ok(weft_classifier_create(&model, "forest"));
    assert_ok(weft_classifier_set(model, "trees", "1"));
    assert_ok(weft_classifier_set(model, "bootstrap", "false"));
    assert_ok(weft_classifier_set(model, "max-features", "2"));
    assert_ok(weft_classifier_fit(model, &all, NULL, context));
    const weft__contributions job = {.view = &four,
        .classes = class,
        .values = values,
        .bases = bases,
        .scores = scores};
    assert_ok(model->family->contribute(model, &job, context));
    /* The best first cut is of pixel 1: on its right 14 of 16 are of class b; the second
     * of pixel 0 there. */
    const double expected[4][2] = {
        {0, -0.7}, {-0.875, 0.875 - 0.7}, {0, -0.7}, {0.125, 0.875 - 0.7}};
    for (size_t i = 0; i < 4; i++) {
        assert_float_equal(bases[i], 0.7, 1e-9);
        assert_float_equal(scores[i], i == 3, 1e-9);
        for (size_t p = 0; p < 2; p++)
            assert_float_equal(values[2 * i + p], expected[i][p], 1e-6);
    }
    weft_classifier_free(model);
    weft_dataset_free(data);
    weft_dataset_free(query);
}

/* ---- all families
 * ---------------------------------------------------------------------------- */

static void evidence_survives_saving_and_threads(void **state)
{
    static const char *const names[] = {"knn", "logreg", "svm", "forest", "boost"};
    (void)state;
    for (size_t m = 0; m < sizeof names / sizeof *names; m++) {
        struct fixture f;
        weft_classifier *back;
        weft_context *alone;
        float maps[2][COUNT * 8 * 9];
        weft_evidence e[2];
        set_up(&f, GREY, names[m],
            strcmp(names[m], "boost") == 0 ? OPTIONS("rounds", "4") : NULL);
        assert_ok(weft_context_create(&alone, 1));
        assert_ok(weft_classifier_save(f.model, "m.safetensors", context));
        assert_ok(weft_classifier_load(&back, "m.safetensors"));
        assert_ok(
            weft_explain(maps[0], f.classes, NULL, f.model, &f.view, &f.options, context));
        assert_ok(weft_explain(maps[1], f.classes, NULL, back, &f.view, &f.options, alone));
        assert_memory_equal(maps[0], maps[1], sizeof maps[0]);
        assert_ok(weft_explain_evidence(
            &e[0], f.model, &f.view, f.classes, 5, 3, &f.options, context));
        assert_ok(weft_explain_evidence(
            &e[1], back, &f.view, f.classes, 5, 3, &f.options, alone));
        assert_int_equal(e[0].count, 5);
        assert_int_equal(e[0].weights, e[1].weights);
        assert_int_equal(e[0].examples, e[1].examples);
        if (e[0].weights)
            assert_memory_equal(
                e[0].weight, e[1].weight, e[0].weights * 8 * 9 * sizeof *e[0].weight);
        for (size_t k = 0; k < 5 * e[0].examples; k++)
            assert_float_equal(e[0].example[k].weight, e[1].example[k].weight, 1e-6);
        weft_evidence_clear(&e[0]);
        weft_evidence_clear(&e[1]);
        assert_int_equal(remove("m.safetensors"), 0);
        weft_classifier_free(back);
        weft_context_free(alone);
        tear_down(&f);
    }
}

static void what_is_no_sum_says_why(void **state)
{
    struct fixture f;
    weft_evidence e;
    float maps[COUNT * 12 * 12];
    const weft_shape large = {12, 12, 1};
    (void)state;
    set_up(&f, large, "forest", OPTIONS("trees", "3", "features", "hog"));
    assert_int_equal(weft_explain_choose(f.model), WEFT_EXPLAIN_OCCLUSION);
    f.options.method = WEFT_EXPLAIN_CONTRIBUTIONS;
    assert_fails(weft_explain(maps, f.classes, NULL, f.model, &f.view, &f.options, context),
        WEFT_EUNSUPPORTED,
        "forest by contributions: features=hog: a tree's cuts are of these features and "
        "not of pixels: use method=occlusion");
    assert_ok(weft_explain_evidence(
        &e, f.model, &f.view, f.classes, COUNT, 3, &f.options, context));
    assert_non_null(strstr(e.why_not, "features=hog"));
    assert_null(e.scores);
    assert_null(e.paths);
    weft_evidence_clear(&e);
    tear_down(&f);
    set_up(&f, large, "logreg", OPTIONS("features", "hog"));
    f.options.method = WEFT_EXPLAIN_CONTRIBUTIONS;
    assert_fails(weft_explain(maps, f.classes, NULL, f.model, &f.view, &f.options, context),
        WEFT_EUNSUPPORTED, "features=hog are no linear map of the pixels");
    tear_down(&f);
    set_up(&f, large, "knn", OPTIONS("features", "hog"));
    assert_ok(weft_explain_evidence(
        &e, f.model, &f.view, f.classes, COUNT, 3, &f.options, context));
    assert_int_equal(e.examples, 3);
    assert_null(e.pixels); /* a histogram is no picture */
    weft_evidence_clear(&e);
    tear_down(&f);
}

/* ---- files
 * -------------------------------------------------------------------------------------- */

/* Saves the model without its covers, or with one of them replaced. */
static void tamper(const weft_classifier *model, const float *cover)
{
    weft__tensors tensors;
    assert_ok(weft_classifier_save(model, "m.safetensors", context));
    assert_ok(weft__tensors_read(&tensors, "m.safetensors"));
    for (size_t i = 0; i < tensors.count; i++) {
        weft__tensor *t = &tensors.items[i];
        if (strcmp(t->name, "trees.covers") != 0)
            continue;
        if (cover)
            memcpy(tensors.file + ((const uint8_t *)t->data - tensors.file), cover,
                sizeof *cover);
        else
            memcpy(strstr(t->name, "covers"), "others", 6);
    }
    assert_ok(weft__tensors_write(&tensors, "m.safetensors"));
    weft__tensors_clear(&tensors);
}

static void files_without_covers_predict_and_say_so(void **state)
{
    static const char *const names[] = {"forest", "boost"};
    static const float wrong[] = {NAN, 0, -1, 1e20f};
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        struct fixture f;
        weft_classifier *back;
        float maps[COUNT * 8 * 9], p[COUNT * CLASSES];
        set_up(&f, GREY, names[m], m ? OPTIONS("rounds", "2") : OPTIONS("trees", "2"));
        tamper(f.model, NULL);
        assert_ok(weft_classifier_load(&back, "m.safetensors"));
        assert_int_equal(weft_explain_choose(back), WEFT_EXPLAIN_OCCLUSION);
        f.options.method = WEFT_EXPLAIN_CONTRIBUTIONS;
        assert_ok(weft_classifier_predict_proba(back, &f.view, p, context));
        assert_fails(
            weft_explain(maps, f.classes, NULL, back, &f.view, &f.options, context),
            WEFT_EUNSUPPORTED, "train it again");
        weft_classifier_free(back);
        for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++) {
            tamper(f.model, &wrong[w]);
            assert_fails(weft_classifier_load(&back, "m.safetensors"), WEFT_EFORMAT,
                "'trees.covers': value 0 is");
        }
        assert_int_equal(remove("m.safetensors"), 0);
        tear_down(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contributions_sum_to_what_is_predicted),
        cmocka_unit_test(a_linear_machine_is_a_sum_too),
        cmocka_unit_test(neighbours_differ_by_their_pixels),
        cmocka_unit_test(components_keep_the_sum_of_neighbours),
        cmocka_unit_test(examples_are_the_nearest),
        cmocka_unit_test(vectors_weights_sum_to_the_decision),
        cmocka_unit_test(the_boundarys_vectors_are_the_nearest),
        cmocka_unit_test(a_machines_gradients_are_complete),
        cmocka_unit_test(a_path_adds_up),
        cmocka_unit_test(means_weigh_by_training_pictures),
        cmocka_unit_test(evidence_survives_saving_and_threads),
        cmocka_unit_test(what_is_no_sum_says_why),
        cmocka_unit_test(files_without_covers_predict_and_say_so),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
