/* The optimisers by hand, whatever the number of parts that a gradient comes in. PyTorch's
 * answers are in layers_test.c. */
#include "support.h"

#include <math.h>

#include "nn/optimiser.h"
#include "nn/real.h"

enum { COUNT = 37 }; /* no multiple of a vector */

static const weft__optimiser *named(const char *name)
{
    for (int i = 0; i < WEFT__OPTIMISERS; i++)
        if (strcmp(weft__optimisers[i].name, name) == 0)
            return &weft__optimisers[i];
    fail_msg("no optimiser '%s'", name);
    return NULL;
}

/* One step from weight 1 with state 0.3, where the parts of the gradient add up to 0.5. */
static void step(const char *name, int parts, bool mirrored, float expected)
{
    float values[COUNT], slots[WEFT__MAX_SLOTS][COUNT], gradients[3][COUNT];
    uint16_t mirror[COUNT];
    float *blocks[] = {gradients[0], gradients[1], gradients[2]};
    for (int i = 0; i < COUNT; i++) {
        values[i] = 1;
        slots[0][i] = slots[1][i] = 0.3f;
        for (int m = 0; m < parts; m++)
            gradients[m][i] = 1.0f / (float)parts;
    }
    weft__update u = {.values = values,
        .mirror = mirrored ? mirror : NULL,
        .gradients = blocks,
        .parts = parts,
        .slots = {slots[0], slots[1]},
        .gradient_scale = 0.5f,
        .learning_rate = 0.1f,
        .momentum = 0.9f,
        .weight_decay = 0.2f,
        .beta1 = 0.9f,
        .beta2 = 0.99f,
        .epsilon = 1e-8f,
        .step = 1};
    named(name)->update(&u, 1, COUNT);
    assert_true(values[0] == 1); /* outside the range */
    for (int i = 1; i < COUNT; i++) {
        if (fabsf(values[i] - expected) > 1e-6f)
            fail_msg("%s, %d parts: %.8f, expected %.8f", name, parts, (double)values[i],
                (double)expected);
        if (mirrored)
            assert_int_equal(mirror[i], weft__to_bf16(values[i]));
    }
}

static void by_hand(void **state)
{
    (void)state;
    /* v = 0.27 + 0.5 + 0.2 = 0.97, and 0.77 when the decay is apart: 1 - 0.02 - 0.077. */
    const float sgd = 1 - 0.097f, sgdw = 0.98f - 0.077f;
    /* m = 0.27 + 0.1 g, v = 0.297 + 0.01 g^2, each over 1 - beta. */
    double mean = (0.27 + 0.07) / 0.1, square = (0.297 + 0.0049) / 0.01;
    double mean_w = (0.27 + 0.05) / 0.1, square_w = (0.297 + 0.0025) / 0.01;
    const float adam = (float)(1 - 0.1 * mean / sqrt(square));
    const float adamw = (float)(0.98 - 0.1 * mean_w / sqrt(square_w));
    for (int parts = 1; parts <= 3; parts++)
        for (int mirrored = 0; mirrored < 2; mirrored++) {
            step("sgd", parts, mirrored, sgd);
            step("sgdw", parts, mirrored, sgdw);
            step("adam", parts, mirrored, adam);
            step("adamw", parts, mirrored, adamw);
        }
}

static void table_and_choices_agree(void **state)
{
    (void)state;
    char choices[64] = WEFT__OPTIMISER_CHOICES;
    int i = 0;
    for (char *rest, *name = strtok_r(choices, "|", &rest); name;
         name = strtok_r(NULL, "|", &rest))
        assert_string_equal(name, weft__optimisers[i++].name);
    assert_int_equal(i, WEFT__OPTIMISERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(table_and_choices_agree),
    };
    return cmocka_run_group_tests_name("optimiser", tests, NULL, NULL);
}
