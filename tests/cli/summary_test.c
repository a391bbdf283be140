/* weft summary: what a network is made of. */
#include <jansson.h>

#include "cli/weft.h"

static void a_table_of_layers_ends_with_totals(void **state)
{
    (void)state;
    const struct outcome *o = weft("summary", "threads-3");
    assert_int_equal(o->code, 0);
    assert_non_null(strstr(o->out, "\nconv2                 11x11x64"));
    assert_non_null(strstr(o->out, "225,034         2,631,040\n"));
    for (const char *line = o->out, *end; (end = strchr(line, '\n')); line = end + 1)
        assert_true(end - line <= 80);
}

/* The memory of training with these options, from the JSON. */
static json_int_t working_bytes(const char *batch, const char *precision)
{
    const struct outcome *o = weft("summary", "resnet-20", "--json", "--shape", "32x40x3",
        "--classes", "7", "--batch", batch, "--precision", precision);
    assert_int_equal(o->code, 0);
    json_t *root = json_loads(o->out, 0, NULL);
    const char *used;
    json_int_t weights, layer, bytes, sum = 0;
    json_t *layers, *row;
    size_t i;
    assert_int_equal(
        json_unpack(root, "{s:I, s:o, s:s, s:{s:I}}", "weights", &weights, "layers",
            &layers, "precision", &used, "training_memory", "working_bytes", &bytes),
        0);
    assert_string_equal(used, precision);
    json_array_foreach(layers, i, row)
    {
        assert_int_equal(json_unpack(row, "{s:I}", "weights", &layer), 0);
        sum += layer;
    }
    assert_int_equal(sum, weights);
    assert_int_equal(weights, 272186 + 16 * 9 * 2 - 64 * 3 - 3);
    json_decref(root);
    return bytes;
}

static void shape_classes_and_batch_count(void **state)
{
    (void)state;
    json_int_t small = working_bytes("16", "f32"), large = working_bytes("64", "f32");
    assert_true(large > 3 * small && large < 4 * small);
}

static void what_does_not_fit_is_named(void **state)
{
    (void)state;
    assert_outcome(weft("summary", "thread-3"), 2, "did you mean 'threads-3'?");
    assert_outcome(weft("summary", "ann", "--shape", "28x28"), 2, "--shape 28x28");
    assert_outcome(weft("summary", "ann", "--shape", "8x8x2"), 2, "1 or 3 channels");
    assert_outcome(weft("summary", "ann", "--shape", "0x8x1"), 2, "sides of 1 to");
    assert_outcome(weft("summary", "ann", "--precision", "f16"), 2, "f16");
    assert_outcome(weft("summary", "threads-3", "--shape", "4x4x1"), 1, "conv2 on 1x1x32");
    assert_outcome(weft("summary", "./none.net"), 2, "none.net");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_of_layers_ends_with_totals),
        cmocka_unit_test(shape_classes_and_batch_count),
        folder_test(what_does_not_fit_is_named),
    };
    return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
