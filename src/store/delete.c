/* Forgetting runs, and removing what they wrote where it is still theirs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/folder.h"
#include "core/mem.h"
#include "core/text.h"
#include "store/list.h"
#include "store/seal.h"

void weft_deletion_clear(weft_deletion *d)
{
    for (size_t i = 0; i < d->path_count; i++)
        free(d->paths[i]);
    for (size_t i = 0; i < d->kept_count; i++)
        free(d->kept[i]);
    free(d->runs);
    free(d->paths);
    free(d->kept);
    *d = (weft_deletion){0};
}

/* Takes `text` over, also on failure. */
static weft_status append_text(char ***texts, size_t *count, char *text)
{
    size_t capacity = *count;
    weft_status status =
        text ? weft__grow(texts, &capacity, *count + 1, sizeof **texts, "file names")
             : weft_fail(WEFT_ENOMEM, "no memory for a file name");
    if (status == WEFT_OK)
        (*texts)[(*count)++] = text;
    else
        free(text);
    return status;
}

static weft_status keep(weft_deletion *d, const char *path, const char *why)
{
    weft__text text = {0};
    weft_status status = weft__text_printf(&text, "%s: %s", path, why);
    if (status != WEFT_OK) {
        weft__text_clear(&text);
        return status;
    }
    return append_text(&d->kept, &d->kept_count, text.data);
}

static weft_status removed(weft_deletion *d, const char *path)
{
    char *copy;
    WEFT_TRY(weft__strdup(&copy, path));
    return append_text(&d->paths, &d->path_count, copy);
}

/* ---- Which runs ---- */

static bool is_chosen(const weft_deletion *d, int64_t run)
{
    for (size_t i = 0; i < d->run_count; i++)
        if (d->runs[i] == run)
            return true;
    return false;
}

static weft_status choose(weft_deletion *d, weft_store *store, int64_t run);

static weft_status choose_parts(weft_deletion *d, weft_store *store, int64_t run)
{
    weft__rows rows;
    weft_status status =
        weft__query(&rows, store->db, "SELECT id FROM run WHERE parent = ? ORDER BY id",
            WEFT__VALUES(weft__integer_value(run)));
    while (weft__next(&rows, &status))
        status = choose(d, store, weft__column_integer(&rows, 0));
    weft__rows_close(&rows);
    return status;
}

static weft_status check_ended(weft_store *store, int64_t run)
{
    weft__rows rows;
    const char *seen = NULL;
    weft_status status = weft__query(&rows, store->db,
        "SELECT status FROM run WHERE id = ?", WEFT__VALUES(weft__integer_value(run)));
    if (weft__next(&rows, &status)) {
        status = weft__seen_status(&seen, store, run, weft__column_text(&rows, 0));
        if (status == WEFT_OK && strcmp(seen, "running") == 0)
            status =
                weft_fail(WEFT_EINVAL, "run %" PRId64 " is running: stop it first", run);
    } else if (status == WEFT_OK) {
        status = weft_fail(WEFT_ENOTFOUND, "%s: no run %" PRId64, store->db->path, run);
    }
    weft__rows_close(&rows);
    return status;
}

static weft_status choose(weft_deletion *d, weft_store *store, int64_t run)
{
    size_t capacity = d->run_count;
    if (is_chosen(d, run))
        return WEFT_OK;
    WEFT_TRY(check_ended(store, run));
    WEFT_TRY(weft__grow(&d->runs, &capacity, d->run_count + 1, sizeof *d->runs, "runs"));
    d->runs[d->run_count++] = run;
    return choose_parts(d, store, run);
}

/* ---- What they wrote ---- */

/* Whether a run that stays refers to the place, as its folder or one of its files. What
 * was only evaluated belongs to whoever wrote it. */
static weft_status is_shared(
    bool *out, const weft_deletion *d, weft_store *store, const char *place)
{
    weft__rows rows;
    *out = false;
    weft_status status = weft__query(&rows, store->db,
        "SELECT id FROM run WHERE folder = ?1"
        " UNION SELECT run FROM file, run AS r"
        "  WHERE path = ?1 AND r.id = run AND r.kind <> 'val'",
        WEFT__VALUES(weft__text_value(place)));
    while (weft__next(&rows, &status))
        *out = *out || !is_chosen(d, weft__column_integer(&rows, 0));
    weft__rows_close(&rows);
    return status;
}

/* Whether the file at `path` is still the one that was written down. */
static bool is_same(const char *path, const char *digest)
{
    struct weft__seal seal;
    return weft__seal_file(&seal, path) == WEFT_OK && strcmp(seal.digest, digest) == 0;
}

static weft_status remove_file(weft_deletion *d, weft_store *store, const weft__rows *rows)
{
    char *path;
    bool shared;
    const char *place = weft__column_text(rows, 0);
    WEFT_TRY(is_shared(&shared, d, store, place));
    WEFT_TRY(weft__store_path_of(&path, store, place));
    weft_status status = WEFT_OK;
    if (access(path, F_OK) != 0)
        ; /* gone already */
    else if (shared)
        status = keep(d, path, "another run has it too");
    else if (!is_same(path, weft__column_text(rows, 1)))
        status = keep(d, path, "no longer what the run wrote");
    else if (unlink(path) != 0)
        status = keep(d, path, "cannot be removed");
    else
        status = removed(d, path);
    free(path);
    return status;
}

static weft_status remove_files(weft_deletion *d, weft_store *store, int64_t run)
{
    weft__rows rows;
    weft_status status = weft__query(&rows, store->db,
        "SELECT path, digest FROM file, run AS r"
        " WHERE run = ? AND r.id = run AND r.kind <> 'val' ORDER BY path",
        WEFT__VALUES(weft__integer_value(run)));
    while (weft__next(&rows, &status))
        status = remove_file(d, store, &rows);
    weft__rows_close(&rows);
    return status;
}

/* The folder goes as a whole when its args.json is still the run's. */
static weft_status is_own_folder(
    bool *out, weft_store *store, int64_t run, const char *path)
{
    char *arguments;
    weft__rows rows;
    WEFT_TRY(weft__path_join(&arguments, path, "args.json"));
    weft_status status = weft__query(&rows, store->db,
        "SELECT digest FROM file, run AS r WHERE run = ? AND r.id = run"
        " AND path = r.folder || '/args.json'",
        WEFT__VALUES(weft__integer_value(run)));
    *out = weft__next(&rows, &status) && is_same(arguments, weft__column_text(&rows, 0));
    weft__rows_close(&rows);
    free(arguments);
    return status;
}

/* Whether the store lies in the folder. */
static bool holds_store(const weft_store *store, const char *path)
{
    char *real = realpath(path, NULL);
    size_t n = real ? strlen(real) : 0;
    bool holds = real && strncmp(store->folder, real, n) == 0 &&
                 (store->folder[n] == '/' || store->folder[n] == 0);
    free(real);
    return holds;
}

static weft_status remove_folder(
    weft_deletion *d, weft_store *store, int64_t run, const char *place, const char *path)
{
    bool shared, own;
    if (access(path, F_OK) != 0)
        return WEFT_OK; /* gone already */
    if (holds_store(store, path))
        return keep(d, path, "the store lies in it");
    WEFT_TRY(is_shared(&shared, d, store, place));
    WEFT_TRY(is_own_folder(&own, store, run, path));
    if (shared)
        return keep(d, path, "another run has it too");
    if (!own)
        return keep(d, path, "no longer what the run wrote");
    weft__remove_tree(path);
    return access(path, F_OK) == 0 ? keep(d, path, "cannot be removed") : removed(d, path);
}

static weft_status remove_written(weft_deletion *d, weft_store *store, int64_t run)
{
    weft__rows rows;
    char *path = NULL;
    weft_status status = weft__query(&rows, store->db,
        "SELECT folder FROM run WHERE id = ? AND folder IS NOT NULL",
        WEFT__VALUES(weft__integer_value(run)));
    if (weft__next(&rows, &status)) {
        status = weft__store_path_of(&path, store, weft__column_text(&rows, 0));
        if (status == WEFT_OK)
            status = remove_folder(d, store, run, weft__column_text(&rows, 0), path);
        free(path);
        weft__rows_close(&rows);
        return status;
    }
    weft__rows_close(&rows);
    return status == WEFT_OK ? remove_files(d, store, run) : status;
}

/* ---- Both ---- */

static weft_status delete_rows(const weft_deletion *d, weft_store *store)
{
    for (size_t i = 0; i < d->run_count; i++)
        WEFT_TRY(weft__execute(store->db, "DELETE FROM run WHERE id = ?",
            WEFT__VALUES(weft__integer_value(d->runs[i]))));
    return WEFT_OK;
}

/* Files go first: what fails or is killed half-way can be deleted again. */
weft_status weft_store_delete(
    weft_deletion *out, weft_store *store, const int64_t *runs, size_t count, bool files)
{
    *out = (weft_deletion){0};
    WEFT_TRY(weft__transaction_begin(store->db));
    weft_status status = WEFT_OK;
    for (size_t i = 0; status == WEFT_OK && i < count; i++)
        status = choose(out, store, runs[i]);
    for (size_t i = 0; files && status == WEFT_OK && i < out->run_count; i++)
        status = remove_written(out, store, out->runs[i]);
    if (status == WEFT_OK)
        status = delete_rows(out, store);
    return weft__transaction_end(store->db, status);
}
