/* The built-in networks: every one is what its paper says, trains, and can be chosen by
 * name. Weights and multiply-adds are those of the same networks written in PyTorch, those
 * of the recipes reckoned by hand. */
#include "nn/harness.h"

#include <math.h>

#include "weft/classifier.h"

static const weft__dims GREY = {28, 28, 1}, COLOUR = {96, 96, 3};
enum { CLASSES = 10 };

static const struct expected {
    const char *name;
    bool colour;
    size_t weights;
    uint64_t multiply_adds;
} networks[] = {
    {"ann", false, 59850, 59648},
    {"augmented-cnn", false, 1747882, 23510016},
    {"balanced", false, 291978, 29132288},
    {"best", false, 291978, 29132288},
    {"fast", false, 278858, 10585856},
    {"kugler-cnn", false, 701578, 895744},
    {"mlp", false, 109386, 109184},
    {"photo-resnet", true, 1598378, 228485632},
    {"pipeline-cnn", false, 93322, 2794240},
    {"pipeline-resnet", false, 77754, 9345920},
    {"resnet-20", false, 272186, 31021952},
    {"tamu-cnn", false, 2117130, 154035968},
    {"tamu-cnn-16-32", false, 181882, 2640192},
    {"tamu-cnn-32-64", false, 361578, 10001792},
    {"tamu-cnn-64-128", false, 817738, 38991360},
    {"threads-1", false, 591786, 911104},
    {"threads-2", false, 591786, 911104},
    {"threads-3", false, 225034, 2631040},
};

static const struct expected *expected_of(const char *name)
{
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
        if (strcmp(networks[i].name, name) == 0)
            return &networks[i];
    fail_msg("%s: add it to this test's list", name);
    return NULL;
}

static void counts(void **state)
{
    (void)state;
    size_t seen = 0;
    for (const weft__builtin *b = weft__builtin_networks; b->name; b++, seen++) {
        const struct expected *e = expected_of(b->name);
        weft__network network;
        assert_ok(weft__network_parse(&network, b->text, b->name));
        assert_ok(
            weft__network_infer(&network, e->colour ? COLOUR : GREY, CLASSES, b->name));
        if (weft__network_trained_count(&network) != e->weights ||
            weft__network_multiply_adds(&network) != e->multiply_adds)
            fail_msg("%s: %zu weights, %llu multiply-adds", b->name,
                weft__network_trained_count(&network),
                (unsigned long long)weft__network_multiply_adds(&network));
        assert_true(*network.title && *network.source && *network.train);
        weft__network_clear(&network);
    }
    assert_int_equal(seen, sizeof networks / sizeof *networks);
}

/* Colour pictures and another number of classes fit as well. */
static void other_pictures(void **state)
{
    (void)state;
    for (const weft__builtin *b = weft__builtin_networks; b->name; b++) {
        weft__network network;
        assert_ok(weft__network_parse(&network, b->text, b->name));
        assert_ok(weft__network_infer(&network, (weft__dims){64, 48, 3}, 3, b->name));
        weft__network_clear(&network);
    }
}

/* The `train` line holds options that exist. */
static void chosen_by_name(void **state)
{
    (void)state;
    for (const weft__builtin *b = weft__builtin_networks; b->name; b++) {
        weft_classifier *classifier;
        assert_ok(weft_classifier_create(&classifier, b->name));
        assert_string_equal(weft_classifier_describe(classifier)->name, b->name);
        weft_classifier_free(classifier);
    }
}

/* A step down the gradient lowers the loss of the pictures that it was taken on. */
static void learns(void **state)
{
    (void)state;
    enum { BATCH = 4 };
    for (const weft__builtin *b = weft__builtin_networks; b->name; b++) {
        struct harness h;
        const struct expected *e = expected_of(b->name);
        harness_open(&h, b->text, e->colour ? COLOUR : GREY, CLASSES, BATCH, 2,
            WEFT__REAL_F32, true);
        double before = harness_run(&h, true), square = 0;
        for (int twice = 0; twice < 2; twice++)
            for (size_t which = 0; which < h.network.parameter_count; which++) {
                const weft__parameter *p = &h.network.parameters[which];
                for (size_t i = 0; p->trained && i < p->count; i++) {
                    double g = harness_gradient(&h, which, i);
                    if (twice == 0)
                        square += g * g;
                    else
                        h.block[p->offset + i] -= (float)(0.02 * g / sqrt(square));
                }
            }
        double after = harness_run(&h, false);
        if (!(after < before))
            fail_msg("%s: loss %.6f, then %.6f", b->name, before, after);
        harness_close(&h);
    }
}

/* A plan's account of its time: every layer that works has some. */
static void time_is_accounted_by_layer(void **state)
{
    (void)state;
    struct harness h;
    double seconds[12] = {0};
    harness_open(&h, "conv 8\nrelu\nmaxpool 2\nflatten\ndense 32\ndense classes", GREY,
        CLASSES, 16, 2, WEFT__REAL_F32, true);
    (void)harness_run(&h, true); /* unmeasured, as always by default */
    h.plan->profile = seconds;
    (void)harness_run(&h, true);
    for (size_t i = 0; i < h.network.node_count; i++) {
        bool works = strcmp(h.network.nodes[i].kind->name, "conv") == 0 ||
                     strcmp(h.network.nodes[i].kind->name, "dense") == 0;
        if (works)
            assert_true(seconds[2 * i] > 0 && seconds[2 * i + 1] > 0);
        assert_true(seconds[2 * i] >= 0 && seconds[2 * i + 1] >= 0);
    }
    harness_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts),
        cmocka_unit_test(other_pictures),
        cmocka_unit_test(chosen_by_name),
        cmocka_unit_test(learns),
        cmocka_unit_test(time_is_accounted_by_layer),
    };
    return cmocka_run_group_tests_name("networks", tests, NULL, NULL);
}
