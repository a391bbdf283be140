/* A folder of its own for each test, and what most of them record. */
#ifndef WEFT_TESTS_STORE_FOLDER_H
#define WEFT_TESTS_STORE_FOLDER_H

#include <dirent.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/database.h"
#include "support.h"
#include "weft/weft.h"

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
    strcpy(test_folder, "/tmp/weft-test-XXXXXX");
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

#endif
