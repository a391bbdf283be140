/* SQLite, as the store uses it: statements with typed values, transactions, one schema.
 *
 *     WEFT_TRY(weft__execute(db, "UPDATE run SET model = ? WHERE id = ?",
 *         WEFT__VALUES(weft__text_value(digest), weft__integer_value(run))));
 *
 *     weft__rows rows;
 *     weft_status status = weft__query(&rows, db, "SELECT id, name FROM run", WEFT__NONE);
 *     while (weft__next(&rows, &status))
 *         use(weft__column_integer(&rows, 0), weft__column_text(&rows, 1));
 *     weft__rows_close(&rows);
 *     return status;
 */
#ifndef WEFT_STORE_DATABASE_H
#define WEFT_STORE_DATABASE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weft/status.h"

struct sqlite3;
struct sqlite3_stmt;

typedef struct weft__database {
    struct sqlite3 *sqlite;
    char *path; /* owned */
} weft__database;

/* Opens the store's file, in WAL mode, and brings an older schema up to date. Made whole or
 * not at all where there is none and `create` is set. Failures as for weft_store_open. */
WEFT_MUST weft_status weft__database_open(
    weft__database **out, const char *path, bool create);
void weft__database_close(weft__database *db); /* NULL-safe */

typedef struct weft__value {
    enum { WEFT__NULL, WEFT__INTEGER, WEFT__REAL, WEFT__TEXT } type;
    int64_t integer;
    double real;
    const char *text; /* borrowed until the call returns, or of a query the rows close */
} weft__value;

static inline weft__value weft__integer_value(int64_t integer)
{
    return (weft__value){.type = WEFT__INTEGER, .integer = integer};
}
static inline weft__value weft__real_value(double real) /* NaN is NULL */
{
    return (weft__value){.type = isnan(real) ? WEFT__NULL : WEFT__REAL, .real = real};
}
static inline weft__value weft__text_value(const char *text) /* NULL is NULL */
{
    return (weft__value){.type = text ? WEFT__TEXT : WEFT__NULL, .text = text};
}
/* NULL where the number refers to no row. */
static inline weft__value weft__id_value(int64_t id)
{
    return (weft__value){.type = id ? WEFT__INTEGER : WEFT__NULL, .integer = id};
}

/* Two arguments: the values of the statement's question marks, and how many. */
#define WEFT__VALUES(...) \
    (const weft__value[]){__VA_ARGS__}, \
        sizeof((const weft__value[]){__VA_ARGS__}) / sizeof(weft__value)
#define WEFT__NONE NULL, 0

/* Runs one statement that gives no rows. */
WEFT_MUST weft_status weft__execute(
    weft__database *db, const char *sql, const weft__value *values, size_t count);
/* The number of the row inserted last. */
int64_t weft__inserted(const weft__database *db);

/* A query under way; closed it may be closed again. */
typedef struct weft__rows {
    weft__database *db;
    struct sqlite3_stmt *statement;
} weft__rows;

WEFT_MUST weft_status weft__query(weft__rows *rows, weft__database *db, const char *sql,
    const weft__value *values, size_t count);
/* Steps to the first or next row. False at the end, when *status is a failure already, and
 * when stepping fails, which *status then tells. */
bool weft__next(weft__rows *rows, weft_status *status);
void weft__rows_close(weft__rows *rows);

int64_t weft__column_integer(const weft__rows *rows, int column); /* 0 of NULL */
double weft__column_real(const weft__rows *rows, int column);     /* NaN of NULL */
/* Borrowed until the next row; NULL of NULL. */
const char *weft__column_text(const weft__rows *rows, int column);

/* The query's first column in its first row: WEFT_ENOTFOUND, without a message of use to
 * a person, when there is none. */
WEFT_MUST weft_status weft__query_integer(int64_t *out, weft__database *db, const char *sql,
    const weft__value *values, size_t count);

/* Between the two nobody else writes; waits for whoever does. Every begin is followed by
 * one end, which commits when `status` is WEFT_OK and else undoes everything and returns
 * `status` with its message. */
WEFT_MUST weft_status weft__transaction_begin(weft__database *db);
WEFT_MUST weft_status weft__transaction_end(weft__database *db, weft_status status);

/* src/store/schema.c: the statements that lead from each version to the next. */
extern const char *const weft__schema[];
int weft__schema_version(void);

#endif
