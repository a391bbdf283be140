/* Which pictures an epoch leaves out. */
#include "nn/training.h"

#include "nn/selection.h"

enum { COUNT = 1000, SHOWN = 700 };

static void whole_batches_of_the_epochs_between_are_left_out(void **state)
{
    (void)state;
    assert_int_equal(weft__shown(1000, 64, 0.3, 0, 5), 1000);
    assert_int_equal(weft__shown(1000, 64, 0.3, 1, 5), 1000 - 4 * 64);
    assert_int_equal(weft__shown(1000, 64, 0.3, 3, 5), 1000 - 4 * 64);
    assert_int_equal(weft__shown(1000, 64, 0.3, 4, 5), 1000);
    assert_int_equal(weft__shown(1000, 64, 0, 2, 5), 1000);
    assert_int_equal(weft__shown(10, 10, 0.5, 1, 3), 10);
    assert_int_equal(weft__shown(1000, 64, 0.5, 1, 2), 1000);
}

/* Picture p of 1000 has the loss p, so that 0 to 599 are easy; those that stay keep their
 * order. */
static void choose(uint32_t order[COUNT], uint64_t seed, uint64_t epoch)
{
    float losses[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        losses[i] = (float)i;
        order[i] = (i * 387 + 11) % COUNT; /* prime to 1000: a permutation */
    }
    assert_ok(weft__leave_easy(order, COUNT, SHOWN, losses, seed, epoch));
}

static void half_of_the_easy_ones_go(void **state)
{
    (void)state;
    uint32_t order[COUNT], other[COUNT], places[COUNT];
    choose(order, 1, 1);
    size_t hard = 0;
    bool seen[COUNT] = {false};
    for (uint32_t i = 0; i < COUNT; i++)
        places[(i * 387 + 11) % COUNT] = i;
    for (size_t i = 0; i < SHOWN; i++) {
        assert_true(order[i] < COUNT && !seen[order[i]]);
        assert_true(i == 0 || places[order[i - 1]] < places[order[i]]);
        seen[order[i]] = true;
        hard += order[i] >= 600;
    }
    assert_int_equal(hard, 400);
    choose(other, 1, 1);
    assert_memory_equal(order, other, SHOWN * sizeof *order);
    choose(other, 1, 2);
    assert_memory_not_equal(order, other, SHOWN * sizeof *order);
    choose(other, 2, 1);
    assert_memory_not_equal(order, other, SHOWN * sizeof *order);
}

/* What is learnt is there at the end, by fewer steps. */
static void a_network_learns_from_what_is_left(void **state)
{
    (void)state;
    weft_context *context;
    assert_ok(weft_context_create(&context, 2));
    write_network("n.net", "flatten\ndense 32\nrelu\ndense classes\n");
    weft_dataset *data = bands(400, 4, 1, false), *other = bands(200, 4, 2, false);
    weft_view train = weft_view_all(data), held_out = weft_view_all(other);
    weft_classifier *c =
        network_with("n.net", OPTIONS("epochs", "12", "batch", "16", "skip-easy", "0.5"));
    assert_ok(weft_classifier_fit(c, &train, &held_out, context));
    size_t count;
    const weft_epoch *history = weft_classifier_history(c, &count);
    assert_true(history[count - 1].val_accuracy > 0.95);
    /* Hard ones are over-represented between, so that their mean loss is higher there. */
    assert_true(history[count - 2].loss > history[count - 1].loss);
    weft_classifier_free(c);
    weft_dataset_free(data);
    weft_dataset_free(other);
    weft_context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_batches_of_the_epochs_between_are_left_out),
        cmocka_unit_test(half_of_the_easy_ones_go),
        folder_test(a_network_learns_from_what_is_left),
    };
    return cmocka_run_group_tests_name("selection", tests, NULL, NULL);
}
