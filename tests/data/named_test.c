#include "data/files.h"

#include <zlib.h>

#include "core/digest.h"
#include "data/download.h"

static weft_context *context;
static char folder[64];

static int setup(void **state)
{
    (void)state;
    scratch_folder(folder);
    return weft_context_create(&context, 2) == WEFT_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    remove_folder(folder);
    weft_context_free(context);
    return 0;
}

static void put_pictures(const char *where)
{
    const uint8_t images[18] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 5, 6};
    const uint8_t labels[10] = {0, 0, 8, 1, 0, 0, 0, 2, 0, 1};
    char name[64];
    snprintf(name, sizeof name, "%s/train-images-idx3-ubyte", where);
    put_file(folder, name, images, sizeof images);
    snprintf(name, sizeof name, "%s/train-labels-idx1-ubyte", where);
    put_file(folder, name, labels, sizeof labels);
}

static void found_at_or_below_the_root(void **state)
{
    (void)state;
    char root[128];
    weft_data data;
    weft_load_options options = weft_load_defaults();
    options.root = root;
    put_pictures("here/fashion-mnist");
    snprintf(root, sizeof root, "%s/here", folder);
    assert_ok(weft_data_load(&data, "fashion-mnist", &options, context));
    weft_data_clear(&data);
    snprintf(root, sizeof root, "%s/here/fashion-mnist", folder);
    assert_ok(weft_data_load(&data, "fashion-mnist", &options, context));
    weft_data_clear(&data);
    snprintf(root, sizeof root, "%s/there", folder);
    assert_fails(weft_data_load(&data, "fashion-mnist", &options, context), WEFT_ENOTFOUND,
        "there: does not hold fashion-mnist");
}

static void nowhere_and_no_download(void **state)
{
    (void)state;
    const char *kept = getenv("WEFT_DATA");
    char *copy = kept ? strdup(kept) : NULL;
    weft_data data;
    weft_load_options options = weft_load_defaults();
    setenv("WEFT_DATA", folder, 1); /* holds none, so the cache is looked at */
    assert_fails(weft_data_load(&data, "fashion-mnist", &options, context), WEFT_ENOTFOUND,
        "no download was asked for");
    copy ? setenv("WEFT_DATA", copy, 1) : unsetenv("WEFT_DATA");
    free(copy);
}

static void put_gz(char *path, size_t size)
{
    snprintf(path, size, "%s/source.gz", folder);
    gzFile f = gzopen(path, "wb");
    assert_int_equal(gzwrite(f, "pictures", 8), 8);
    assert_int_equal(gzclose(f), Z_OK);
}

static void downloads_are_checked_and_whole(void **state)
{
    (void)state;
    char source[128], url[160], target[128], sha256[WEFT__DIGEST_TEXT];
    put_gz(source, sizeof source);
    snprintf(url, sizeof url, "file://%s", source);
    snprintf(target, sizeof target, "%s/target.gz", folder);
    weft__digest digest;
    weft__digest_begin(&digest);
    weft__digest_add(&digest, "pictures", 8);
    weft__digest_end(&digest, sha256);

    /* The second publisher is asked when the first has nothing. Port 1 answers nobody. */
    const char *urls[] = {"http://127.0.0.1:1/x.gz", url, NULL};
    assert_ok(weft__download_gz(target, urls, sha256, "downloading", context));
    assert_int_equal(access(target, R_OK), 0);
    assert_int_equal(unlink(target), 0);

    sha256[0] ^= 1;
    assert_fails(weft__download_gz(target, urls, sha256, "downloading", context),
        WEFT_EFORMAT, "its content has SHA-256");
    urls[1] = NULL;
    assert_fails(weft__download_gz(target, urls, sha256, "downloading", context), WEFT_EIO,
        "http://127.0.0.1:1/x.gz: cannot download");
    put_text(folder, "source.gz", "a page that says not found");
    urls[0] = url;
    assert_fails(weft__download_gz(target, urls, sha256, "downloading", context),
        WEFT_EFORMAT, "no gzip file");
    weft_context_cancel(context);
    assert_fails(weft__download_gz(target, urls, sha256, "downloading", context),
        WEFT_ECANCELLED, "cancelled while downloading");
    assert_int_not_equal(access(target, F_OK), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(found_at_or_below_the_root),
        TEST(nowhere_and_no_download),
        TEST(downloads_are_checked_and_whole),
    };
    return cmocka_run_group_tests_name("named", tests, NULL, NULL);
}
