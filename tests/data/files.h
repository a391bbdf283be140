/* Scratch folders for tests of what reads files. */
#ifndef WEFT_TESTS_DATA_FILES_H
#define WEFT_TESTS_DATA_FILES_H

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

#include "core/mem.h"
#include "data/loader.h"

/* A new empty folder, which is also the cache's parent until the next call. */
static inline char *scratch_folder(char path[64])
{
    snprintf(path, 64, "%s", "/tmp/weft-test-XXXXXX");
    assert_non_null(mkdtemp(path));
    setenv("XDG_CACHE_HOME", path, 1);
    return path;
}

static inline int remove_one(
    const char *path, const struct stat *s, int kind, struct FTW *ftw)
{
    (void)s;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static inline void remove_folder(const char *path)
{
    assert_int_equal(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* Writes folder/name, making the folders in name. */
static inline void put_file(
    const char *folder, const char *name, const void *bytes, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        (void)mkdir(path, 0777);
        *slash = '/';
    }
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static inline void put_text(const char *folder, const char *name, const char *text)
{
    put_file(folder, name, text, strlen(text));
}

/* Loads `where` with failing allocations, one after another, until it succeeds: each must
 * end in WEFT_ENOMEM or, where the failure was about something unimportant, in success. */
static inline void survive_failing_allocations(
    const char *where, const weft_load_options *options, weft_context *context)
{
    bool reached = true;
    for (long n = 1; reached; n++) {
        assert_true(n < 10000);
        weft_data data;
        weft__alloc_fail_at(n);
        weft_status status = weft_data_load(&data, where, options, context);
        reached = weft__alloc_fail_pending() <= 0;
        weft__alloc_fail_at(0);
        if (status == WEFT_OK)
            weft_data_clear(&data);
        else {
            assert_int_equal(status, WEFT_ENOMEM);
            assert_non_null(strstr(weft_error(), "no memory"));
            assert_true(!data.train && !data.validation && !data.test);
        }
    }
}

#endif
