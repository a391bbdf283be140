/* weft data: info, check, convert. */
#include <jansson.h>

#include "cli/weft.h"

/* The digest that info prints for a split. */
static void digest_of(char digest[65], const char *where, const char *split)
{
    const struct outcome *o = weft("data", "info", where, "--no-cache", "--json");
    assert_int_equal(o->code, 0);
    json_t *json = json_loads(o->out, 0, NULL);
    assert_non_null(json);
    json_t *part = json_object_get(json_object_get(json, "splits"), split);
    snprintf(digest, 65, "%s", json_string_value(json_object_get(part, "digest")));
    json_decref(json);
}

static void converted_data_is_the_same_data(void **state)
{
    (void)state;
    char first[65], again[65];
    const char *const spec = "synth:n=50,test=20,validation=20,size=16";
    assert_outcome(weft("data", "convert", spec, "png"), 0, "");
    assert_outcome(
        weft("data", "convert", "png", "idx", "--to", "idx.gz", "--no-cache"), 0, "");
    assert_true(exists("png/class-names.txt") && exists("png/train/T-shirt%2Ftop"));
    assert_true(exists("idx/t10k-labels-idx1-ubyte.gz"));
    const char *const splits[] = {"train", "validation", "test"};
    for (size_t s = 0; s < 3; s++) {
        digest_of(first, spec, splits[s]);
        digest_of(again, "png", splits[s]);
        assert_string_equal(first, again);
        digest_of(again, "idx", splits[s]);
        assert_string_equal(first, again);
        assert_int_equal(strlen(first), 64);
    }
    assert_failure(weft("data", "convert", spec, "idx"), "exists and is not empty");
    assert_outcome(
        weft("data", "convert", spec, "idx", "--overwrite", "--to", "csv"), 0, "");
    assert_true(exists("idx/train.csv") && !exists("idx/t10k-labels-idx1-ubyte.gz"));
}

static void strict_checks_are_a_gate(void **state)
{
    (void)state;
    assert_outcome(weft("data", "check", "synth:n=50", "--strict"), 0, "");
    assert_outcome(weft("data", "convert", "synth:n=50,test=0", "d"), 0, "");
    /* A copy under another label, and a file that is no picture. */
    assert_int_equal(
        system("cp d/train/Bag/$(ls d/train/Bag | head -n 1) d/train/Coat/99998.png"), 0);
    assert_int_equal(system("echo nothing > d/train/Coat/99999.png"), 0);
    assert_outcome(weft("data", "check", "d"), 0, "99999.png");
    const struct outcome *o = weft("data", "check", "d", "--strict");
    assert_int_equal(o->code, 3);
    assert_non_null(strstr(o->out, "conflict: the same picture labelled Bag and Coat"));
    assert_non_null(strstr(o->out, "2 errors, 0 warnings"));
    o = weft("data", "check", "d", "--strict", "--json");
    assert_int_equal(o->code, 3);
    json_t *json = json_loads(o->out, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(json, "findings")), 2);
    json_decref(json);
}

static void what_cannot_be_done_is_said_in_one_line(void **state)
{
    (void)state;
    assert_failure(weft("data", "info", "nowhere"), "nowhere");
    assert_failure(weft("data", "info", "synth:size=3"), "from 16 to 512");
    assert_outcome(weft("data", "convert", "synth", "x", "--to", "tiff"), 2, "idx|idx.gz");
    assert_outcome(weft("data", "convert", "synth"), 2, "FOLDER");
    assert_failure(weft("data", "convert", "synth:n=10", "no/such/place"), "no/such/place");
    assert_failure(
        weft_as((struct manner){.file_bytes = 5000},
            WORDS("data", "convert", "synth:n=100,test=0", "full", "--to", "idx")),
        "File too large");
    assert_true(!exists("full"));
    assert_int_equal(system("test \"$(ls | wc -l)\" = 0"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(converted_data_is_the_same_data),
        folder_test(strict_checks_are_a_gate),
        folder_test(what_cannot_be_done_is_said_in_one_line),
    };
    return cmocka_run_group_tests_name("data", tests, NULL, NULL);
}
