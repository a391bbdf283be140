/* The store's file: what it must be, who may write it, what a failure leaves. */
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include "store/folder.h"

static weft_status open_at(const char *path, bool create)
{
    weft_store *store;
    weft_status status = weft_store_open(&store, path, create);
    if (status == WEFT_OK)
        weft_store_close(store);
    return status;
}

/* Another program's hand in an SQLite file. */
static void tamper(const char *path, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void there_is_none_until_it_is_made(void **state)
{
    (void)state;
    assert_fails(open_at(NULL, false), WEFT_ENOTFOUND, "runs/runs.db: no store yet");
    assert_int_equal(names_in("."), 0);
    assert_ok(open_at(NULL, true));
    assert_int_equal(names_in("runs"), 1);
    assert_ok(open_at(NULL, false));
    setenv("WEFT_STORE", "a/b/c.db", 1);
    assert_ok(open_at(NULL, true));
    assert_true(exists("a/b/c.db"));
    assert_ok(open_at("d.db", true));
    assert_true(exists("d.db"));
    unsetenv("WEFT_STORE");
}

static void what_is_no_store_is_told(void **state)
{
    (void)state;
    write_text("text.db", "these are no runs, however long a text one may write here\n");
    assert_fails(
        open_at("text.db", true), WEFT_EFORMAT, "text.db: is no store: not an SQL");
    write_text("empty.db", "");
    assert_fails(open_at("empty.db", true), WEFT_EFORMAT, "empty.db: is no store");
    tamper("other.db", "CREATE TABLE cat (name)");
    assert_fails(open_at("other.db", true), WEFT_EFORMAT, "of another program");
    assert_int_equal(mkdir("folder.db", 0700), 0);
    assert_fails(open_at("folder.db", true), WEFT_EIO, "it is a folder");
    assert_fails(open_at("text.db/runs.db", true), WEFT_EIO, "text.db");
    assert_fails(open_at("/proc/runs.db", true), WEFT_EIO, "/proc/runs.db: cannot make");
    assert_int_equal(names_in("."), 4);
}

static void a_newer_schema_is_left_alone(void **state)
{
    (void)state;
    assert_ok(open_at("s.db", true));
    tamper("s.db", "PRAGMA user_version = 999");
    assert_fails(open_at("s.db", true), WEFT_EUNSUPPORTED, "version 999");
    assert_fails(open_at("s.db", false), WEFT_EUNSUPPORTED, "newer weft");
}

/* Each older version is brought up to the present one, its rows kept. */
static void an_older_schema_is_upgraded(void **state)
{
    (void)state;
    char version[96];
    for (int from = 1; from < weft__schema_version(); from++) {
        (void)unlink("old.db");
        snprintf(version, sizeof version,
            "PRAGMA application_id = %d; PRAGMA user_version = %d", 0x77656674, from);
        for (int i = 0; i < from; i++)
            tamper("old.db", weft__schema[i]);
        tamper("old.db", "INSERT INTO run (kind, began, status) VALUES ('x', 'y', 'done')");
        tamper("old.db", version);
        assert_ok(open_at("old.db", true));
        assert_int_equal(
            number_in("old.db", "PRAGMA user_version"), weft__schema_version());
        assert_int_equal(number_in("old.db", "SELECT count(*) FROM run"), 1);
    }
}

static void a_damaged_store_is_told(void **state)
{
    (void)state;
    assert_ok(open_at("s.db", true));
    int fd = open("s.db", O_RDWR);
    char junk[2000];
    memset(junk, 0x5a, sizeof junk);
    assert_int_equal(pwrite(fd, junk, sizeof junk, 110), sizeof junk);
    close(fd);
    weft_store *store;
    weft_status status = weft_store_open(&store, "s.db", true);
    assert_int_equal(status, WEFT_EFORMAT);
    assert_non_null(strstr(weft_error(), "s.db: the store is damaged"));
}

static int in_child_without_rights(const char *folder, bool create)
{
    pid_t child;
    int status;
    IN_CHILD(child, {
        if (chdir(folder) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
            _exit(100);
        weft_status opened = open_at("s.db", create);
        _exit(opened == WEFT_OK && !create                                             ? 1
              : opened == WEFT_EIO && strstr(weft_error(), "cannot write the store: ") ? 2
                                                                                       : 3);
    });
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

/* Reading needs no right to write, not even beside the store; recording says what it lacks.
 */
static void a_read_only_store_can_be_read(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip(); /* only root can give up its rights */
    assert_ok(open_at("s.db", true));
    assert_int_equal(chmod("s.db", 0444), 0);
    assert_int_equal(chmod(".", 0755), 0);
    assert_int_equal(in_child_without_rights(".", false), 1);
    assert_int_equal(in_child_without_rights(".", true), 2);
    assert_int_equal(names_in("."), 1);
}

static int in_child_with_little_room(rlim_t bytes, int rows)
{
    pid_t child;
    int status;
    IN_CHILD(child, {
        struct rlimit limit = {bytes, bytes};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        weft_store *store;
        weft_status opened = weft_store_open(&store, "in/s.db", true);
        weft_status written = opened;
        for (int i = 0; written == WEFT_OK && i < rows; i++) {
            int64_t run;
            weft_run_start start = {.kind = "train", .name = "a name for a run"};
            written = weft_store_begin(&run, store, &start);
        }
        bool told = strstr(weft_error(), "in/s.db: cannot write the store: ") != NULL;
        _exit(opened != WEFT_OK ? 10 + told : 20 + (written == WEFT_EIO && told));
    });
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static void a_full_disk_leaves_no_half_store(void **state)
{
    (void)state;
    assert_int_equal(in_child_with_little_room(1 << 14, 0), 11);
    assert_int_equal(names_in("."), 0);
    /* Later it stops a run from being written, and keeps those that were. */
    assert_int_equal(in_child_with_little_room(1 << 18, 100000), 21);
    int64_t kept = number_in("in/s.db", "SELECT count(*) FROM run");
    assert_true(kept > 0);
    assert_int_equal(number_in("in/s.db", "SELECT count(*) FROM pragma_integrity_check"
                                          " WHERE integrity_check = 'ok'"),
        1);
}

/* All make the store at once: one file, and everybody's rows in it. */
static void many_processes_write_at_once(void **state)
{
    (void)state;
    enum { PROCESSES = 6, ROWS = 15 };
    pid_t children[PROCESSES];
    for (int p = 0; p < PROCESSES; p++)
        IN_CHILD(children[p], {
            weft_store *store;
            if (weft_store_open(&store, NULL, true) != WEFT_OK)
                _exit(1);
            for (int i = 0; i < ROWS; i++) {
                int64_t run;
                weft_run_start start = {.kind = "train", .seed = (uint64_t)p};
                if (weft_store_begin(&run, store, &start) != WEFT_OK ||
                    weft_store_figure(store, run, "", "i", i) != WEFT_OK ||
                    weft_store_end(store, run, WEFT_OK) != WEFT_OK)
                    _exit(2);
            }
            weft_store_close(store);
        });
    for (int p = 0; p < PROCESSES; p++) {
        int status;
        waitpid(children[p], &status, 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(number_in(STORE, "SELECT count(*) FROM run WHERE status = 'done'"),
        PROCESSES * ROWS);
    assert_int_equal(
        number_in(STORE, "SELECT count(DISTINCT seed * 1000 + value) FROM run, figure"
                         " WHERE run = id"),
        PROCESSES * ROWS);
    assert_int_equal(names_in("runs"), 2); /* the store and its locks: no temporary file */
}

/* One of two writers is killed: what it had said was done is there, and the other goes on.
 */
static void a_kill_loses_nothing_that_was_done(void **state)
{
    (void)state;
    enum { ROUNDS = 5 };
    int64_t done = 0;
    for (int round = 0; round < ROUNDS; round++) {
        int told[2], ended;
        pid_t victim, other;
        assert_int_equal(pipe(told), 0);
        IN_CHILD(victim, {
            weft_store *store;
            if (weft_store_open(&store, NULL, true) != WEFT_OK)
                _exit(1);
            for (;;) {
                int64_t run = begin_named(store, "victim", "v", 0);
                if (weft_store_figure(store, run, "", "x", 1) != WEFT_OK ||
                    weft_store_end(store, run, WEFT_OK) != WEFT_OK ||
                    write(told[1], ".", 1) != 1)
                    _exit(2);
            }
        });
        IN_CHILD(other, {
            weft_store *store;
            if (weft_store_open(&store, NULL, true) != WEFT_OK)
                _exit(1);
            for (int i = 0; i < 10; i++)
                add_done(store, "other", 0.5);
            weft_store_close(store);
        });
        close(told[1]);
        char dot;
        for (int i = 0; i < 3 + round; i++) {
            assert_int_equal(read(told[0], &dot, 1), 1);
            done++;
        }
        kill(victim, SIGKILL);
        waitpid(victim, &ended, 0);
        assert_int_equal(WTERMSIG(ended), SIGKILL);
        while (read(told[0], &dot, 1) == 1) /* told before the kill arrived */
            done++;
        close(told[0]);
        waitpid(other, &ended, 0);
        assert_int_equal(ended, 0);
    }
    int64_t kept = number_in(STORE, "SELECT count(*) FROM run, figure WHERE kind = 'victim'"
                                    " AND status = 'done' AND run = id");
    assert_true(kept >= done && kept <= done + ROUNDS); /* done, not yet told */
    assert_int_equal(
        number_in(
            STORE, "SELECT count(*) FROM run WHERE name = 'other' AND status = 'done'"),
        10 * ROUNDS);

    /* What was begun and not ended is seen as died. */
    weft_store *store;
    weft_run_list *list;
    assert_ok(weft_store_open(&store, NULL, false));
    weft_run_filter died = {.status = "died"}, running = {.status = "running"};
    assert_ok(weft_store_list(&list, store, &died));
    assert_int_equal(weft_run_list_count(list),
        number_in(STORE, "SELECT count(*) FROM run WHERE status = 'running'"));
    weft_run_list_free(list);
    assert_ok(weft_store_list(&list, store, &running));
    assert_int_equal(weft_run_list_count(list), 0);
    weft_run_list_free(list);
    weft_store_close(store);
}

/* Two runs that begin at the same moment never share a folder. */
static void default_folders_are_never_shared(void **state)
{
    (void)state;
    enum { PROCESSES = 4, FOLDERS = 50 };
    pid_t children[PROCESSES];
    for (int p = 0; p < PROCESSES; p++)
        IN_CHILD(children[p], {
            for (int i = 0; i < FOLDERS; i++) {
                char *folder, *mark;
                if (weft_run_folder(&folder, "nets/ann.net") != WEFT_OK ||
                    asprintf(&mark, "%s/mine", folder) < 0)
                    _exit(1);
                if (open(mark, O_CREAT | O_EXCL | O_WRONLY, 0600) < 0)
                    _exit(2);
                free(mark);
                free(folder);
            }
        });
    for (int p = 0; p < PROCESSES; p++) {
        int status;
        waitpid(children[p], &status, 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(names_in("runs"), PROCESSES * FOLDERS);
    assert_true(exists("runs/ann") && exists("runs/ann-200"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(there_is_none_until_it_is_made),
        folder_test(what_is_no_store_is_told),
        folder_test(a_newer_schema_is_left_alone),
        folder_test(an_older_schema_is_upgraded),
        folder_test(a_damaged_store_is_told),
        folder_test(a_read_only_store_can_be_read),
        folder_test(a_full_disk_leaves_no_half_store),
        folder_test(many_processes_write_at_once),
        folder_test(a_kill_loses_nothing_that_was_done),
        folder_test(default_folders_are_never_shared),
    };
    return cmocka_run_group_tests_name("store database", tests, NULL, NULL);
}
