#include "store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"

enum {
    PATIENCE = 30000,        /* milliseconds to wait for other writers */
    APPLICATION = 0x77656674 /* "weft": PRAGMA application_id of every store */
};

/* What SQLite says of its last failure, as a person should read it. */
static weft_status failed(weft__database *db)
{
    const char *path = db->path;
    int code = sqlite3_errcode(db->sqlite), error = sqlite3_system_errno(db->sqlite);
    switch (code & 0xff) {
    case SQLITE_NOTADB:
        return weft_fail(WEFT_EFORMAT, "%s: is no store: not an SQLite database", path);
    case SQLITE_CORRUPT:
        return weft_fail(
            WEFT_EFORMAT, "%s: the store is damaged: %s", path, sqlite3_errmsg(db->sqlite));
    case SQLITE_NOMEM:
        return weft_fail(WEFT_ENOMEM, "%s: no memory for the store", path);
    case SQLITE_FULL:
        return weft_fail(WEFT_EIO, "%s: cannot write the store: the disk is full", path);
    case SQLITE_READONLY:
        return weft_fail(WEFT_EIO, "%s: cannot write the store: it is read-only", path);
    case SQLITE_BUSY:
        return weft_fail(WEFT_EIO,
            "%s: another process has kept the store locked for %d seconds", path,
            PATIENCE / 1000);
    case SQLITE_CANTOPEN:
        return weft_fail(WEFT_EIO, "%s: cannot open the store: %s", path,
            error ? strerror(error) : sqlite3_errmsg(db->sqlite));
    case SQLITE_IOERR:
        return weft_fail(WEFT_EIO, "%s: cannot %s the store: %s", path,
            code == SQLITE_IOERR_READ || code == SQLITE_IOERR_SHORT_READ ? "read" : "write",
            error ? strerror(error) : sqlite3_errmsg(db->sqlite));
    default:
        return weft_fail(WEFT_EIO, "%s: %s", path, sqlite3_errmsg(db->sqlite));
    }
}

static int bind(sqlite3_stmt *statement, int at, const weft__value *value)
{
    switch (value->type) {
    case WEFT__INTEGER:
        return sqlite3_bind_int64(statement, at, value->integer);
    case WEFT__REAL:
        return sqlite3_bind_double(statement, at, value->real);
    case WEFT__TEXT:
        return sqlite3_bind_text(statement, at, value->text, -1, SQLITE_STATIC);
    default:
        return sqlite3_bind_null(statement, at);
    }
}

weft_status weft__query(weft__rows *rows, weft__database *db, const char *sql,
    const weft__value *values, size_t count)
{
    *rows = (weft__rows){.db = db};
    int code = sqlite3_prepare_v2(db->sqlite, sql, -1, &rows->statement, NULL);
    for (size_t i = 0; code == SQLITE_OK && i < count; i++)
        code = bind(rows->statement, (int)i + 1, &values[i]);
    if (code == SQLITE_OK)
        return WEFT_OK;
    weft_status status = failed(db);
    weft__rows_close(rows);
    return status;
}

bool weft__next(weft__rows *rows, weft_status *status)
{
    if (*status != WEFT_OK)
        return false;
    int code = sqlite3_step(rows->statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        *status = failed(rows->db);
    return code == SQLITE_ROW;
}

void weft__rows_close(weft__rows *rows)
{
    sqlite3_finalize(rows->statement);
    rows->statement = NULL;
}

int64_t weft__column_integer(const weft__rows *rows, int column)
{
    return sqlite3_column_int64(rows->statement, column);
}

double weft__column_real(const weft__rows *rows, int column)
{
    if (sqlite3_column_type(rows->statement, column) == SQLITE_NULL)
        return NAN;
    return sqlite3_column_double(rows->statement, column);
}

const char *weft__column_text(const weft__rows *rows, int column)
{
    return (const char *)sqlite3_column_text(rows->statement, column);
}

weft_status weft__execute(
    weft__database *db, const char *sql, const weft__value *values, size_t count)
{
    weft__rows rows;
    weft_status status = weft__query(&rows, db, sql, values, count);
    while (weft__next(&rows, &status)) /* some pragmas answer */
        ;
    weft__rows_close(&rows);
    return status;
}

int64_t weft__inserted(const weft__database *db)
{
    return sqlite3_last_insert_rowid(db->sqlite);
}

weft_status weft__query_integer(int64_t *out, weft__database *db, const char *sql,
    const weft__value *values, size_t count)
{
    weft__rows rows;
    weft_status status = weft__query(&rows, db, sql, values, count);
    if (weft__next(&rows, &status))
        *out = weft__column_integer(&rows, 0);
    else if (status == WEFT_OK)
        status = weft_fail(WEFT_ENOTFOUND, "%s: nothing found", db->path);
    weft__rows_close(&rows);
    return status;
}

weft_status weft__transaction_begin(weft__database *db)
{
    return weft__execute(db, "BEGIN IMMEDIATE", WEFT__NONE);
}

weft_status weft__transaction_end(weft__database *db, weft_status status)
{
    if (status == WEFT_OK)
        status = weft__execute(db, "COMMIT", WEFT__NONE);
    if (status != WEFT_OK && !sqlite3_get_autocommit(db->sqlite))
        (void)sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

/* Several statements in one text. */
static weft_status run_script(weft__database *db, const char *script)
{
    return sqlite3_exec(db->sqlite, script, NULL, NULL, NULL) == SQLITE_OK ? WEFT_OK
                                                                           : failed(db);
}

static weft_status upgrade(weft__database *db, int64_t from)
{
    char script[64];
    for (int64_t i = from; i < weft__schema_version(); i++)
        WEFT_TRY(run_script(db, weft__schema[i]));
    snprintf(script, sizeof script, "PRAGMA user_version = %d", weft__schema_version());
    return run_script(db, script);
}

static weft_status read_version(int64_t *out, weft__database *db)
{
    int64_t application = 0;
    WEFT_TRY(weft__query_integer(&application, db, "PRAGMA application_id", WEFT__NONE));
    if (application != APPLICATION)
        return weft_fail(WEFT_EFORMAT,
            "%s: is no store: an SQLite database of another program", db->path);
    WEFT_TRY(weft__query_integer(out, db, "PRAGMA user_version", WEFT__NONE));
    if (*out > weft__schema_version())
        return weft_fail(WEFT_EUNSUPPORTED,
            "%s: the store's schema is version %lld and this weft knows up to %d: use a "
            "newer weft",
            db->path, (long long)*out, weft__schema_version());
    return WEFT_OK;
}

/* Another process may upgrade at the same time: who comes second looks again. */
static weft_status check_schema(weft__database *db)
{
    int64_t version;
    WEFT_TRY(read_version(&version, db));
    if (version == weft__schema_version())
        return WEFT_OK;
    WEFT_TRY(weft__transaction_begin(db));
    weft_status status = read_version(&version, db);
    if (status == WEFT_OK)
        status = upgrade(db, version);
    return weft__transaction_end(db, status);
}

/* What holds for a connection, not for the file. */
static weft_status configure(weft__database *db)
{
    sqlite3_busy_timeout(db->sqlite, PATIENCE);
    sqlite3_extended_result_codes(db->sqlite, 1);
    /* FULL: a transaction is on the disk when it returns. */
    return run_script(db, "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL");
}

static weft_status connect(weft__database *db, const char *name, int flags)
{
    if (sqlite3_open_v2(name, &db->sqlite, flags, NULL) == SQLITE_OK)
        return configure(db);
    return db->sqlite ? failed(db)
                      : weft_fail(WEFT_ENOMEM, "%s: no memory for the store", db->path);
}

static void disconnect(weft__database *db)
{
    sqlite3_close(db->sqlite);
    db->sqlite = NULL;
}

static void remove_database(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char *name;
        if (asprintf(&name, "%s%s", path, suffixes[i]) < 0)
            continue;
        (void)unlink(name);
        free(name);
    }
}

/* An empty store at `path`, closed again. */
static weft_status fill_new(weft__database *db, const char *path)
{
    char script[80];
    snprintf(script, sizeof script, "PRAGMA journal_mode = WAL; PRAGMA application_id = %d",
        APPLICATION);
    weft_status status = connect(
        db, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW);
    if (status == WEFT_OK)
        status = run_script(db, script);
    if (status == WEFT_OK)
        status = weft__transaction_begin(db);
    if (status == WEFT_OK)
        status = weft__transaction_end(db, upgrade(db, 0));
    disconnect(db);
    return status;
}

/* Gives the file its name unless another process has made a store there by now. */
static weft_status publish(const char *temporary, const char *path)
{
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0 ||
        errno == EEXIST)
        return WEFT_OK;
    if ((errno == EINVAL || errno == ENOSYS) && /* the file system cannot */
        (access(path, F_OK) == 0 || rename(temporary, path) == 0))
        return WEFT_OK;
    return weft_fail(WEFT_EIO, "%s: cannot make the store: %s", path, strerror(errno));
}

static weft_status make_beside(weft__database *db, char *temporary)
{
    int fd = mkstemp(temporary);
    if (fd < 0)
        return weft_fail(
            WEFT_EIO, "%s: cannot make the store: %s", db->path, strerror(errno));
    mode_t mask = umask(0);
    umask(mask);
    (void)fchmod(fd, 0666 & ~mask);
    close(fd);
    weft_status status = fill_new(db, temporary);
    if (status == WEFT_OK)
        status = publish(temporary, db->path);
    remove_database(temporary);
    return status;
}

/* Makes the store under another name first, so that it is there whole or not at all. */
static weft_status make(weft__database *db)
{
    char *folder, *temporary;
    WEFT_TRY(weft__strdup(&folder, db->path));
    char *slash = strrchr(folder, '/');
    bool made = false;
    weft_status status = WEFT_OK;
    if (slash && slash != folder) {
        *slash = 0;
        made = access(folder, F_OK) != 0;
        status = weft__make_folder(folder);
    }
    if (status == WEFT_OK && asprintf(&temporary, "%s.XXXXXX", db->path) < 0)
        status = weft_fail(WEFT_ENOMEM, "no memory for a file name");
    else if (status == WEFT_OK) {
        status = make_beside(db, temporary);
        free(temporary);
    }
    if (status != WEFT_OK && made)
        (void)rmdir(folder);
    free(folder);
    return status;
}

/* "file:PATH?immutable=1", what would be read otherwise escaped. */
static weft_status immutable_name(char **out, const char *path)
{
    static const char digits[] = "0123456789abcdef";
    char *name;
    WEFT_TRY(weft__alloc(&name, strlen(path) + 8, 3, "a file name"));
    char *to = stpcpy(name, "file:");
    for (const char *c = path; *c; c++) {
        if (!strchr("%?#", *c)) {
            *to++ = *c;
            continue;
        }
        *to++ = '%';
        *to++ = digits[(unsigned char)*c >> 4];
        *to++ = digits[*c & 15];
    }
    strcpy(to, "?immutable=1");
    *out = name;
    return WEFT_OK;
}

/* SQLite reads a database in WAL mode only where it can write beside it, or is told that
 * nobody writes. That is so in a folder we may not write where no log lies. */
static weft_status connect_to_read(weft__database *db)
{
    char *name;
    WEFT_TRY(immutable_name(&name, db->path));
    weft_status status = connect(db, name, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
    free(name);
    return status;
}

static bool is_frozen(const char *path)
{
    char *log, *folder = strdup(path);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash)
        slash[slash == folder] = 0;
    bool frozen = folder && access(slash ? folder : ".", W_OK) != 0;
    free(folder);
    if (!frozen || asprintf(&log, "%s-wal", path) < 0)
        return false;
    frozen = access(log, F_OK) != 0;
    free(log);
    return frozen;
}

static weft_status open_existing(weft__database *db, bool write)
{
    struct stat found;
    if (stat(db->path, &found) != 0)
        return errno == ENOENT
                   ? weft_fail(WEFT_ENOTFOUND,
                         "%s: no store yet: the first 'weft train' makes it", db->path)
                   : weft_fail(WEFT_EIO, "%s: cannot open the store: %s", db->path,
                         strerror(errno));
    if (S_ISDIR(found.st_mode))
        return weft_fail(WEFT_EIO, "%s: cannot open the store: it is a folder", db->path);
    if (write && access(db->path, W_OK) != 0)
        return weft_fail(
            WEFT_EIO, "%s: cannot write the store: %s", db->path, strerror(errno));
    if (!write && is_frozen(db->path))
        WEFT_TRY(connect_to_read(db));
    else
        WEFT_TRY(connect(db, db->path, SQLITE_OPEN_READWRITE));
    return check_schema(db);
}

static weft_status open_or_make(weft__database *db, bool create)
{
    struct stat found;
    if (create && stat(db->path, &found) != 0 && errno == ENOENT)
        WEFT_TRY(make(db));
    return open_existing(db, create);
}

weft_status weft__database_open(weft__database **out, const char *path, bool create)
{
    weft__database *db;
    WEFT_TRY(weft__calloc(&db, 1, sizeof *db, "a store"));
    weft_status status = weft__strdup(&db->path, path);
    if (status == WEFT_OK)
        status = open_or_make(db, create);
    if (status != WEFT_OK)
        weft__database_close(db);
    else
        *out = db;
    return status;
}

void weft__database_close(weft__database *db)
{
    if (!db)
        return;
    disconnect(db);
    free(db->path);
    free(db);
}
