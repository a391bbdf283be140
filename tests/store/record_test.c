/* What is recorded is there, also for who reads while it is written. */
#include "store/folder.h"

#include "store/alive.h"

#define STORE "runs/runs.db"

static int64_t begin(weft_store *store, const char *kind)
{
    int64_t run = 0;
    weft_run_start start = {.kind = kind, .seed = 7, .threads = 2, .data = "synth"};
    assert_ok(weft_store_begin(&run, store, &start));
    return run;
}

static void a_run_is_seen_as_it_goes_on(void **state)
{
    (void)state;
    weft_store *store, *reader;
    bool alive;
    assert_ok(weft_store_open(&store, NULL, true));
    assert_string_equal(weft_store_path(store), STORE);
    int64_t run = begin(store, "train");
    assert_true(run > 0);
    assert_ok(weft_store_open(&reader, STORE, false));
    assert_int_equal(
        number_in(STORE, "SELECT count(*) FROM run WHERE status = 'running'"), 1);
    assert_ok(weft__alive(&alive, reader, run));
    assert_true(alive);
    assert_ok(weft__alive(&alive, store, run));
    assert_true(alive);
    assert_ok(weft_store_figure(store, run, "", "fit_seconds", 1.5));
    assert_ok(weft_store_figure(store, run, "", "nothing", NAN));
    assert_int_equal(number_in(STORE, "SELECT count(*) FROM figure WHERE value = 1.5"), 1);
    assert_int_equal(number_in(STORE, "SELECT count(*) FROM figure"), 1);
    assert_ok(weft_store_end(store, run, WEFT_OK));
    assert_ok(weft__alive(&alive, reader, run));
    assert_false(alive);
    assert_int_equal(number_in(STORE, "SELECT count(*) FROM run WHERE status = 'done'"), 1);
    weft_store_close(reader);
    weft_store_close(store);
    assert_int_equal(names_in("runs"), 2); /* the store and its locks */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(a_run_is_seen_as_it_goes_on),
    };
    return cmocka_run_group_tests_name("store record", tests, NULL, NULL);
}
