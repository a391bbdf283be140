/* A folder of its own for each test, and what most of them record. */
#ifndef WEFT_TESTS_STORE_FOLDER_H
#define WEFT_TESTS_STORE_FOLDER_H

#include <dirent.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/database.h"
#include "support.h"
#include "weft/weft.h"

#define STORE "runs/runs.db"

static char test_folder[64];

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *at)
{
    (void)s, (void)type, (void)at;
    return remove(path);
}

static inline int enter_folder(void **state)
{
    (void)state;
    unsetenv("WEFT_STORE");
    /* In memory where there is such a place: waiting for a disk tests nothing here. */
    strcpy(test_folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/weft-test-XXXXXX"
                                                      : "/tmp/weft-test-XXXXXX");
    return mkdtemp(test_folder) && chdir(test_folder) == 0 ? 0 : -1;
}

static inline int leave_folder(void **state)
{
    (void)state;
    return chdir("/") == 0 && nftw(test_folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0
               ? 0
               : -1;
}

#define folder_test(function) \
    cmocka_unit_test_setup_teardown(function, enter_folder, leave_folder)

/* One number out of the store's file, through a connection of its own. */
static inline int64_t number_in(const char *path, const char *sql)
{
    weft__database *db;
    int64_t number = -1;
    assert_ok(weft__database_open(&db, path, false));
    assert_ok(weft__query_integer(&number, db, sql, WEFT__NONE));
    weft__database_close(db);
    return number;
}

static inline int names_in(const char *folder)
{
    int count = 0;
    DIR *names = opendir(folder);
    assert_non_null(names);
    for (struct dirent *e; (e = readdir(names));)
        count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(names);
    return count;
}

static inline bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static inline void write_text(const char *path, const char *text)
{
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    fputs(text, stream);
    assert_int_equal(fclose(stream), 0);
}

static inline int64_t begin_named(
    weft_store *store, const char *kind, const char *name, int64_t parent)
{
    int64_t run = 0;
    weft_run_start start = {.kind = kind,
        .name = name,
        .parent = parent,
        .seed = 7,
        .threads = 2,
        .data = "synth"};
    assert_ok(weft_store_begin(&run, store, &start));
    return run;
}

/* A run that is done and reached the accuracy. */
static inline int64_t add_done(weft_store *store, const char *name, double accuracy)
{
    int64_t run = begin_named(store, "train", name, 0);
    assert_ok(weft_store_figure(store, run, "validation", "accuracy", accuracy));
    assert_ok(weft_store_figure(store, run, "validation", "log_loss", 1 - accuracy));
    assert_ok(weft_store_end(store, run, WEFT_OK));
    return run;
}

/* What happens in a process of its own, which ends without cleaning up. */
#define IN_CHILD(child, ...) \
    do { \
        fflush(NULL); \
        (child) = fork(); \
        if ((child) == 0) { \
            __VA_ARGS__; \
            _exit(0); \
        } \
    } while (0)

#endif
