/* Every layer, loss and optimiser against PyTorch in double precision; the vectors and
 * what they hold are made by make_layers_vectors.py. */
#include "nn/harness.h"

#include <math.h>

#include "model/tensors.h"
#include "nn/optimiser.h"

enum { BATCH = 6, CLASSES = 4 };

/* f32 is measured by the largest element of each array; bf16, of which each number carries
 * 8 bits, by the length of the difference, and gradients apart, since a ReLU close to 0 may
 * change its mind. */
static const double F32 = 1e-5, BF16_FORWARD = 0.02, BF16_BACKWARD = 0.08;

static weft__tensors vectors;

static const char *meta(const char *name, const char *key)
{
    char full[128];
    snprintf(full, sizeof full, "%s:%s", name, key);
    const char *text = weft__tensors_get(&vectors, full);
    assert_non_null(text);
    return text;
}

/* NULL when the case has none. */
static const weft__tensor *find(const char *name, const char *key)
{
    char full[128];
    snprintf(full, sizeof full, "%s:%s", name, key);
    return weft__tensors_find(&vectors, full);
}

static const float *numbers(const weft__tensor *tensor, size_t count)
{
    assert_non_null(tensor);
    assert_int_equal(tensor->dtype, WEFT__F32);
    assert_int_equal(tensor->bytes, count * sizeof(float));
    return tensor->data;
}

static void compare(const char *name, const char *what, const float *found,
    const float *expected, size_t count, weft__real real, double bf16)
{
    double largest = 0, apart = 0, length = 0, off = 0;
    for (size_t i = 0; i < count; i++) {
        double e = (double)expected[i], d = fabs((double)found[i] - e);
        largest = fmax(largest, fabs(e));
        apart = isnan(d) ? INFINITY : fmax(apart, d);
        length += e * e;
        off += d * d;
    }
    double error = real == WEFT__REAL_F32 ? apart / largest : sqrt(off / length);
    double allowed = real == WEFT__REAL_F32 ? F32 : bf16;
    if (!(largest > 0) || !(error <= allowed))
        fail_msg("%s, %s: off by %.3g, allowed %.3g", name, what, error, allowed);
}

/* One case, opened: the network with the case's parameters and pictures. */
static void open_case(
    struct harness *h, const char *name, int threads, weft__real real, bool training)
{
    const char *pictures = meta(name, "pictures");
    weft__dims dims =
        strcmp(pictures, "grey") == 0 ? (weft__dims){9, 7, 1} : (weft__dims){7, 6, 3};
    harness_open(h, meta(name, "text"), dims, CLASSES, BATCH, threads, real, training);
    size_t count = BATCH * weft__dims_size(dims);
    memcpy(h->input, numbers(weft__tensors_find(&vectors, pictures), count),
        count * sizeof(float));
    const float *labels = numbers(weft__tensors_find(&vectors, "labels"), BATCH);
    for (size_t i = 0; i < BATCH; i++)
        h->targets[i] = (weft__target){(uint16_t)labels[i], (uint16_t)labels[i], 1};
    h->loss.kind =
        strcmp(meta(name, "loss"), "mse") == 0 ? WEFT__SQUARED_ERROR : WEFT__CROSS_ENTROPY;
    h->loss.smoothing = strtof(meta(name, "smoothing"), NULL);
    const weft__tensor *weights = find(name, "class-weights");
    h->loss.class_weight = weights ? numbers(weights, CLASSES) : NULL;
}

static void set_parameters(struct harness *h, const char *name, const char *when)
{
    for (size_t i = 0; i < h->network.parameter_count; i++) {
        const weft__parameter *p = &h->network.parameters[i];
        char key[80];
        snprintf(key, sizeof key, "%s:%s", when, p->name);
        const weft__tensor *tensor = find(name, key);
        memcpy(h->block + p->offset, numbers(tensor, p->count), p->count * sizeof(float));
    }
}

static void compare_logits(struct harness *h, const char *name, const char *what)
{
    const float *expected = numbers(find(name, what), BATCH * CLASSES);
    for (int m = 0; m < h->plan->members; m++)
        compare(name, what, weft__rows(h->plan, m, h->plan->logits),
            expected + h->plan->first_row[m] * CLASSES,
            weft__row_count(h->plan, m) * CLASSES, h->plan->real, BF16_FORWARD);
}

static void compare_gradients(struct harness *h, const char *name)
{
    for (size_t which = 0; which < h->network.parameter_count; which++) {
        const weft__parameter *p = &h->network.parameters[which];
        if (!p->trained)
            continue;
        char key[80];
        float *gradient;
        snprintf(key, sizeof key, "gradient:%s", p->name);
        assert_ok(weft__alloc(&gradient, p->count, sizeof *gradient, "a gradient"));
        for (size_t i = 0; i < p->count; i++)
            gradient[i] = (float)harness_gradient(h, which, i);
        compare(name, key, gradient, numbers(find(name, key), p->count), p->count,
            h->plan->real, BF16_BACKWARD);
        free(gradient);
    }
}

/* One step of SGD, as the script takes it. */
static void step(struct harness *h)
{
    weft__update u = {.values = h->block,
        .mirror = h->plan->mirror,
        .gradients = h->plan->gradients,
        .gradient_scale = 1,
        .learning_rate = 0.1f,
        .momentum = 0.9f,
        .step = 1};
    assert_ok(weft__calloc(&u.slots[0], h->network.block, sizeof(float), "velocity"));
    for (size_t i = 0; i < h->network.parameter_count; i++) {
        const weft__parameter *p = &h->network.parameters[i];
        u.parts = h->plan->reduced[i] ? 1 : h->plan->members;
        u.weight_decay = p->decayed ? 0.01f : 0;
        if (p->trained)
            weft__optimisers[0].update(&u, p->offset, p->offset + p->count);
    }
    free(u.slots[0]);
}

static void compare_parameters(struct harness *h, const char *name)
{
    for (size_t i = 0; i < h->network.parameter_count; i++) {
        const weft__parameter *p = &h->network.parameters[i];
        char key[80];
        snprintf(key, sizeof key, "stepped:%s", p->name);
        compare(name, key, h->block + p->offset, numbers(find(name, key), p->count),
            p->count, h->plan->real, BF16_FORWARD);
    }
}

static void check_training(const char *name, int threads, weft__real real)
{
    struct harness h;
    open_case(&h, name, threads, real, true);
    set_parameters(&h, name, "start");
    float loss = (float)harness_run(&h, false);
    compare_logits(&h, name, "logits"); /* before backward reuses their place */
    compare(name, "loss", &loss, numbers(find(name, "loss"), 1), 1, real, BF16_FORWARD);
    set_parameters(&h, name, "start"); /* running statistics moved */
    (void)harness_run(&h, true);
    compare_gradients(&h, name);
    step(&h);
    compare_parameters(&h, name);
    harness_close(&h);
}

/* Prediction folds norms into convolutions and uses the running statistics. */
static void check_predicting(const char *name, int threads, weft__real real)
{
    struct harness h;
    open_case(&h, name, threads, real, false);
    set_parameters(&h, name, "stepped");
    (void)harness_run(&h, false);
    compare_logits(&h, name, "predicted");
    harness_close(&h);
}

static void for_all(const char *list, void (*check)(const char *, int, weft__real),
    int threads, weft__real real)
{
    char *names = strdup(weft__tensors_get(&vectors, list)), *rest;
    assert_non_null(names);
    size_t count = 0;
    for (char *name = strtok_r(names, " ", &rest); name;
         name = strtok_r(NULL, " ", &rest), count++)
        check(name, threads, real);
    assert_true(count > 5);
    free(names);
}

static void training(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 4; threads++)
        for_all("cases", check_training, threads, WEFT__REAL_F32);
}

static void predicting(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 2; threads++)
        for_all("cases", check_predicting, threads, WEFT__REAL_F32);
}

static void training_in_bf16(void **state)
{
    (void)state;
    if (!weft__has_bf16())
        skip();
    for_all("cases", check_training, 2, WEFT__REAL_BF16);
}

static void predicting_in_bf16(void **state)
{
    (void)state;
    if (!weft__has_bf16())
        skip();
    for_all("cases", check_predicting, 2, WEFT__REAL_BF16);
}

static float option(const char *name, const char *key)
{
    return strtof(meta(name, key), NULL);
}

static const weft__optimiser *optimiser_named(const char *name)
{
    for (int i = 0; i < WEFT__OPTIMISERS; i++)
        if (strcmp(weft__optimisers[i].name, name) == 0)
            return &weft__optimisers[i];
    fail_msg("no optimiser %s", name);
    return NULL;
}

/* Three steps on given gradients, which arrive in `parts` parts. */
static void check_optimiser(const char *name, int parts, weft__real real)
{
    enum { COUNT = 37, STEPS = 3, MOST_PARTS = 4 };
    const float *gradients = numbers(find(name, "gradients"), STEPS * COUNT);
    const float *after = numbers(find(name, "after"), STEPS * COUNT);
    float values[COUNT], slots[WEFT__MAX_SLOTS][COUNT] = {{0}}, split[MOST_PARTS][COUNT];
    float *const lists[] = {split[0], split[1], split[2], split[3]};
    memcpy(values, numbers(find(name, "start"), COUNT), sizeof values);
    weft__update u = {.values = values,
        .gradients = lists,
        .parts = parts,
        .slots = {slots[0], slots[1]},
        .gradient_scale = 1,
        .learning_rate = option(name, "learning-rate"),
        .momentum = option(name, "momentum"),
        .nesterov = option(name, "nesterov") > 0,
        .beta1 = option(name, "beta1"),
        .beta2 = option(name, "beta2"),
        .epsilon = option(name, "epsilon"),
        .weight_decay = option(name, "weight-decay")};
    for (u.step = 1; u.step <= STEPS; u.step++) {
        const float *gradient = gradients + (u.step - 1) * COUNT;
        for (size_t i = 0; i < COUNT; i++)
            for (int p = 0; p < parts; p++)
                split[p][i] = gradient[i] / (float)parts;
        /* In two ranges, as two members would. */
        optimiser_named(meta(name, "optimizer"))->update(&u, 0, 16);
        optimiser_named(meta(name, "optimizer"))->update(&u, 16, COUNT);
        compare(name, "values", values, after + (u.step - 1) * COUNT, COUNT, real, 0);
    }
}

static void optimisers(void **state)
{
    (void)state;
    for (int parts = 1; parts <= 4; parts++)
        for_all("optimisers", check_optimiser, parts, WEFT__REAL_F32);
}

static int read_vectors(void **state)
{
    (void)state;
    char path[4096];
    const char *source = getenv("WEFT_TEST_SOURCE");
    snprintf(
        path, sizeof path, "%s/nn/vectors/layers.safetensors", source ? source : "tests");
    assert_ok(weft__tensors_read(&vectors, path));
    return 0;
}

static int clear_vectors(void **state)
{
    (void)state;
    weft__tensors_clear(&vectors);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training),
        cmocka_unit_test(predicting),
        cmocka_unit_test(training_in_bf16),
        cmocka_unit_test(predicting_in_bf16),
        cmocka_unit_test(optimisers),
    };
    return cmocka_run_group_tests_name("layers", tests, read_vectors, clear_vectors);
}
