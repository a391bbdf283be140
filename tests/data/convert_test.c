#include "support.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/folder.h"
#include "core/mem.h"
#include "data/class_folder.h"
#include "data/dataset.h"
#include "weft/convert.h"

static char root[64];

static int make_root(void **state)
{
    (void)state;
    strcpy(root, "/tmp/weft-convert-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    (void)state;
    weft__remove_tree(root);
    return 0;
}

static const char *at(const char *name)
{
    static char paths[4][128];
    static int next;
    next = (next + 1) % 4;
    snprintf(paths[next], sizeof paths[next], "%s/%s", root, name);
    return paths[next];
}

static size_t entries(const char *folder)
{
    char command[256];
    snprintf(command, sizeof command, "ls -A '%s' | wc -l", folder);
    FILE *pipe = popen(command, "r");
    size_t count = 999;
    assert_int_equal(fscanf(pipe, "%zu", &count), 1);
    pclose(pipe);
    return count;
}

static weft_context *context;

static weft_data load(const char *where)
{
    weft_data data;
    weft_load_options options = weft_load_defaults();
    options.no_cache = 1;
    assert_ok(weft_data_load(&data, where, &options, context));
    return data;
}

static void assert_same(const weft_data *a, const weft_data *b)
{
    assert_string_equal(weft_dataset_digest(a->train), weft_dataset_digest(b->train));
    assert_int_equal(!a->validation, !b->validation);
    if (a->validation)
        assert_string_equal(
            weft_dataset_digest(a->validation), weft_dataset_digest(b->validation));
    assert_int_equal(!a->test, !b->test);
    if (a->test)
        assert_string_equal(weft_dataset_digest(weft__test_data(a->test)),
            weft_dataset_digest(weft__test_data(b->test)));
}

/* Each format is written from what the one before gave back. */
static void round_trip(const char *source, const weft_format *chain, size_t count)
{
    weft_data original = load(source), now = load(source);
    for (size_t i = 0; i < count; i++) {
        assert_ok(weft_data_save(&now, at("chain"), chain[i], i > 0, context));
        weft_data_clear(&now);
        now = load(at("chain"));
        assert_same(&original, &now);
        if (now.test)
            assert_int_equal(weft_test_openings(now.test), 0);
    }
    weft_data_clear(&original);
    weft_data_clear(&now);
    weft__remove_tree(at("chain"));
    assert_int_equal(entries(root), 0);
}

static void every_format_keeps_the_digest(void **state)
{
    (void)state;
    const weft_format all[] = {WEFT_FORMAT_IDX, WEFT_FORMAT_CSV, WEFT_FORMAT_PNG,
        WEFT_FORMAT_IDX_GZ, WEFT_FORMAT_CSV_GZ, WEFT_FORMAT_PNG};
    round_trip("synth:n=120,validation=30,test=40,size=20", all, 6);
    round_trip("synth:n=40,test=0,size=16,colour", all, 6);
}

static void what_is_there_is_kept(void **state)
{
    (void)state;
    weft_data data = load("synth:n=20,test=10"), other = load("synth:n=20,test=10,seed=2");
    assert_ok(weft_data_save(&data, at("out"), WEFT_FORMAT_IDX, false, context));
    assert_fails(weft_data_save(&other, at("out"), WEFT_FORMAT_IDX, false, context),
        WEFT_EIO, "not empty");
    assert_ok(weft_data_save(&other, at("out/"), WEFT_FORMAT_IDX, true, context));
    weft_data now = load(at("out"));
    assert_same(&now, &other);
    weft_data_clear(&now);
    /* A folder in which anything else lies is never replaced. */
    FILE *diary = fopen(at("out/diary.txt"), "w");
    assert_non_null(diary);
    fclose(diary);
    assert_fails(weft_data_save(&data, at("out"), WEFT_FORMAT_IDX, true, context), WEFT_EIO,
        "diary.txt");
    assert_fails(weft_data_save(&data, at("out/diary.txt"), WEFT_FORMAT_IDX, true, context),
        WEFT_EIO, "no folder");
    assert_int_equal(access(at("out/diary.txt"), F_OK), 0);
    /* An empty folder may be filled. */
    assert_int_equal(mkdir(at("empty"), 0777), 0);
    assert_ok(weft_data_save(&data, at("empty"), WEFT_FORMAT_CSV_GZ, false, context));
    assert_int_equal(entries(at("empty")), 3);
    assert_fails(weft_data_save(&data, at("none/there"), WEFT_FORMAT_CSV, false, context),
        WEFT_EIO, "none/there");
    assert_int_equal(entries(root), 2);
    weft__remove_tree(at("out"));
    weft__remove_tree(at("empty"));
    weft_data_clear(&data);
    weft_data_clear(&other);
}

/* Writes fail as on a full disk beyond so many bytes a file. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_leaves_nothing(void **state)
{
    (void)state;
    weft_data data = load("synth:n=100,test=10,size=32"), old = load("synth:n=20,test=0");
    assert_ok(weft_data_save(&old, at("old"), WEFT_FORMAT_IDX, false, context));
    signal(SIGXFSZ, SIG_IGN);
    const rlim_t sizes[] = {0, 150, 700, 9000};
    for (weft_format f = WEFT_FORMAT_IDX; f <= WEFT_FORMAT_PNG; f++)
        for (size_t i = 0; i < 4; i++) {
            if (f == WEFT_FORMAT_PNG && i > 1)
                continue; /* these files are smaller than that */
            limit_files(sizes[i]);
            weft_status fresh = weft_data_save(&data, at("new"), f, false, context);
            weft_status over = weft_data_save(&data, at("old"), f, true, context);
            limit_files(RLIM_INFINITY);
            assert_int_equal(fresh, WEFT_EIO);
            assert_int_equal(over, WEFT_EIO);
            assert_non_null(strstr(weft_error(), "File too large"));
            assert_int_equal(entries(root), 1);
        }
    weft_data now = load(at("old"));
    assert_same(&now, &old);
    weft_data_clear(&now);
    weft_data_clear(&old);
    weft_data_clear(&data);
    weft__remove_tree(at("old"));
}

static void cancelling_leaves_nothing(void **state)
{
    (void)state;
    weft_data data = load("synth:n=100,test=10,size=32");
    weft_context *stopped;
    assert_ok(weft_context_create(&stopped, 2));
    weft_context_cancel(stopped);
    for (weft_format f = WEFT_FORMAT_IDX; f <= WEFT_FORMAT_PNG; f++)
        assert_fails(weft_data_save(&data, at("new"), f, false, stopped), WEFT_ECANCELLED,
            "cancelled");
    assert_int_equal(entries(root), 0);
    weft_context_free(stopped);
    weft_data_clear(&data);
}

static void without_memory_nothing_is_left(void **state)
{
    (void)state;
    weft_data data = load("synth:n=20,test=10,size=16");
    for (weft_format f = WEFT_FORMAT_IDX; f <= WEFT_FORMAT_PNG; f++) {
        bool reached = true;
        for (long n = 1; reached; n++) {
            weft__alloc_fail_at(n);
            weft_status status = weft_data_save(&data, at("new"), f, false, context);
            reached = weft__alloc_fail_pending() <= 0;
            weft__alloc_fail_at(0);
            assert_int_equal(status, reached ? WEFT_ENOMEM : WEFT_OK);
            assert_int_equal(entries(root), reached ? 0 : 1);
            weft__remove_tree(at("new"));
        }
    }
    weft_data_clear(&data);
}

static void formats_say_what_they_cannot_hold(void **state)
{
    (void)state;
    enum { CLASSES = 300 };
    static uint8_t pixels[CLASSES * 2];
    static uint16_t labels[CLASSES];
    for (size_t i = 0; i < CLASSES; i++)
        labels[i] = (uint16_t)i;
    weft_data data = {0};
    assert_ok(weft_dataset_create(
        &data.train, (weft_shape){1, 2, 1}, CLASSES, pixels, labels, CLASSES, NULL));
    assert_fails(weft_data_save(&data, at("new"), WEFT_FORMAT_IDX, false, context),
        WEFT_EUNSUPPORTED, "at most 256");
    assert_fails(weft_data_save(&data, at("new"), WEFT_FORMAT_CSV, false, context),
        WEFT_EUNSUPPORTED, "square");
    weft_data_clear(&data);
    const char *const twins[] = {"a", "a"};
    assert_ok(weft_dataset_create(
        &data.train, (weft_shape){2, 2, 1}, 2, pixels, labels, 2, twins));
    assert_fails(weft_data_save(&data, at("new"), WEFT_FORMAT_PNG, false, context),
        WEFT_EUNSUPPORTED, "the same folder: a");
    weft_data_clear(&data);
    const char *const names[] = {"a\nb"};
    assert_ok(weft_dataset_create(
        &data.train, (weft_shape){2, 2, 1}, 1, pixels, labels, 1, names));
    assert_fails(weft_data_save(&data, at("new"), WEFT_FORMAT_IDX, false, context),
        WEFT_EUNSUPPORTED, "one line");
    weft_data_clear(&data);
    assert_ok(
        weft_dataset_create(&data.train, (weft_shape){2, 2, 1}, 1, pixels, NULL, 0, NULL));
    assert_fails(weft_data_save(&data, at("new"), WEFT_FORMAT_IDX, false, context),
        WEFT_EINVAL, "no labels");
    weft_data_clear(&data);
    assert_int_equal(entries(root), 0);
}

static void class_names_survive_png_folders(void **state)
{
    (void)state;
    const char *const sets[][3] = {{"boots", "hats", "scarves"}, {"hats", "boots", "a/b"},
        {".hidden", "..", "-"}, {"0", "1", "2"}, {"two words", "\xc3\xa9t\xc3\xa9", "x"}};
    uint8_t pixels[6 * 4];
    const uint16_t labels[] = {2, 0, 1, 1, 2, 0};
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * 10);
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        weft_data data = {0};
        assert_ok(weft_dataset_create(
            &data.train, (weft_shape){2, 2, 1}, 6, pixels, labels, 3, sets[i]));
        assert_ok(weft_data_save(&data, at("named"), WEFT_FORMAT_PNG, i > 0, context));
        weft_data now = load(at("named"));
        assert_same(&data, &now);
        weft_data_clear(&now);
        weft_data_clear(&data);
    }
    weft__remove_tree(at("named"));
}

static void class_names_are_folders_and_back(void **state)
{
    (void)state;
    const char *const pairs[][2] = {{"T-shirt/top", "T-shirt%2Ftop"},
        {".hidden", "%2Ehidden"}, {"..", "%2E."}, {"100%", "100%25"}, {"a.b c", "a.b c"},
        {"%2F", "%252F"}, {"", ""}};
    char *folder, *name;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        assert_ok(weft__class_to_folder(&folder, pairs[i][0]));
        assert_string_equal(folder, pairs[i][1]);
        assert_ok(weft__class_from_folder(&name, folder));
        assert_string_equal(name, pairs[i][0]);
        free(folder);
        free(name);
    }
    assert_ok(weft__class_from_folder(&name, "50%off%2"));
    assert_string_equal(name, "50%off%2");
    free(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_keeps_the_digest),
        cmocka_unit_test(what_is_there_is_kept),
        cmocka_unit_test(a_full_disk_leaves_nothing),
        cmocka_unit_test(cancelling_leaves_nothing),
        cmocka_unit_test(without_memory_nothing_is_left),
        cmocka_unit_test(formats_say_what_they_cannot_hold),
        cmocka_unit_test(class_names_survive_png_folders),
        cmocka_unit_test(class_names_are_folders_and_back),
    };
    if (weft_context_create(&context, 2) != WEFT_OK)
        return 1;
    int failed = cmocka_run_group_tests_name("convert", tests, make_root, remove_root);
    weft_context_free(context);
    return failed;
}
