/* Runs are forgotten with their parts; files only where they are still theirs. */
#include "store/folder.h"

static int64_t with_folder(weft_store *store, const char *folder)
{
    char path[64];
    assert_int_equal(mkdir(folder, 0700), 0);
    snprintf(path, sizeof path, "%s/args.json", folder);
    write_text(path, folder);
    int64_t run = begin_named(store, "train", "ann", 0);
    assert_ok(weft_store_folder(store, run, folder));
    assert_ok(weft_store_end(store, run, WEFT_OK));
    return run;
}

static void delete_one(weft_deletion *deletion, weft_store *store, int64_t run)
{
    assert_ok(weft_store_delete(deletion, store, &run, 1, true));
}

static void parts_go_with_the_whole(void **state)
{
    (void)state;
    weft_store *store;
    weft_deletion deletion;
    assert_ok(weft_store_open(&store, NULL, true));
    int64_t whole = begin_named(store, "compare", NULL, 0);
    int64_t part = begin_named(store, "entry", "knn", whole);
    assert_fails(weft_store_delete(&deletion, store, &whole, 1, true), WEFT_EINVAL,
        "run 1 is running");
    weft_deletion_clear(&deletion);
    assert_ok(weft_store_end(store, whole, WEFT_OK));
    assert_fails(weft_store_delete(&deletion, store, &whole, 1, true), WEFT_EINVAL,
        "run 2 is running");
    weft_deletion_clear(&deletion);
    assert_ok(weft_store_end(store, part, WEFT_OK));
    const int64_t none = 77, asked[] = {part, whole, part};
    assert_fails(
        weft_store_delete(&deletion, store, &none, 1, true), WEFT_ENOTFOUND, "no run 77");
    weft_deletion_clear(&deletion);
    assert_int_equal(number_in(STORE, "SELECT count(*) FROM run"), 2);
    assert_ok(weft_store_delete(&deletion, store, asked, 3, false));
    assert_int_equal(deletion.run_count, 2);
    weft_deletion_clear(&deletion);
    assert_int_equal(number_in(STORE, "SELECT count(*) FROM run"), 0);
    assert_int_equal(begin_named(store, "train", NULL, 0), 3); /* no number comes twice */
    weft_store_close(store);
}

static void a_folder_goes_where_it_is_still_the_run_s(void **state)
{
    (void)state;
    weft_store *store;
    weft_deletion d;
    assert_ok(weft_store_open(&store, NULL, true));
    int64_t plain = with_folder(store, "runs/plain"),
            kept = with_folder(store, "runs/kept"),
            changed = with_folder(store, "runs/changed"),
            shared = with_folder(store, "both");

    delete_one(&d, store, plain);
    assert_int_equal(d.path_count, 1);
    assert_string_equal(d.paths[0], "runs/plain");
    weft_deletion_clear(&d);
    assert_false(exists("runs/plain"));

    assert_ok(weft_store_delete(&d, store, &kept, 1, false));
    weft_deletion_clear(&d);
    assert_true(exists("runs/kept/args.json"));

    write_text("runs/changed/args.json", "somebody else's");
    delete_one(&d, store, changed);
    assert_int_equal(d.path_count, 0);
    assert_string_equal(d.kept[0], "runs/changed: no longer what the run wrote");
    weft_deletion_clear(&d);
    assert_true(exists("runs/changed"));

    int64_t again = begin_named(store, "train", "resumed", 0);
    assert_ok(weft_store_folder(store, again, "both"));
    assert_ok(weft_store_end(store, again, WEFT_OK));
    delete_one(&d, store, shared);
    assert_non_null(strstr(d.kept[0], "both: another run has it too"));
    weft_deletion_clear(&d);
    delete_one(&d, store, again);
    assert_int_equal(d.path_count, 1);
    weft_deletion_clear(&d);
    assert_false(exists("both"));
    weft_store_close(store);
}

/* What was only evaluated belongs to who wrote it. */
static void a_model_goes_with_the_run_that_wrote_it(void **state)
{
    (void)state;
    weft_store *store;
    weft_deletion d;
    assert_ok(weft_store_open(&store, NULL, true));
    write_text("m.safetensors", "a model");
    int64_t train = begin_named(store, "train", NULL, 0),
            val = begin_named(store, "val", NULL, 0);
    assert_ok(weft_store_model(store, train, "m.safetensors"));
    assert_ok(weft_store_model(store, val, "m.safetensors"));
    assert_ok(weft_store_end(store, train, WEFT_OK));
    assert_ok(weft_store_end(store, val, WEFT_OK));
    delete_one(&d, store, val);
    assert_int_equal(d.path_count + d.kept_count, 0);
    weft_deletion_clear(&d);
    assert_true(exists("m.safetensors"));
    write_text("m.safetensors", "made anew");
    delete_one(&d, store, train);
    assert_int_equal(d.kept_count, 1);
    weft_deletion_clear(&d);
    assert_true(exists("m.safetensors"));
    weft_store_close(store);
}

/* A run whose folder the store itself lies in keeps it. */
static void the_store_stays(void **state)
{
    (void)state;
    weft_store *store;
    weft_deletion d;
    assert_ok(weft_store_open(&store, "run/s.db", true));
    write_text("run/args.json", "{}");
    int64_t run = begin_named(store, "train", NULL, 0);
    assert_ok(weft_store_folder(store, run, "run"));
    assert_ok(weft_store_end(store, run, WEFT_OK));
    delete_one(&d, store, run);
    assert_int_equal(d.path_count, 0);
    assert_non_null(strstr(d.kept[0], "the store lies in it"));
    weft_deletion_clear(&d);
    assert_true(exists("run/s.db"));
    weft_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(parts_go_with_the_whole),
        folder_test(a_folder_goes_where_it_is_still_the_run_s),
        folder_test(a_model_goes_with_the_run_that_wrote_it),
        folder_test(the_store_stays),
    };
    return cmocka_run_group_tests_name("store delete", tests, NULL, NULL);
}
