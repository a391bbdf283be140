/* Which pictures belong together, from a CSV file. */
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/text.h"
#include "data/dataset.h"

static const size_t LARGEST_FILE = (size_t)1 << 30;
static const uint32_t NONE = UINT32_MAX;

/* A picture's path below the data's folder. */
struct path {
    const char *text;
    uint32_t picture;
};

/* A picture's group as the file names it; `name` points into the file's text. */
struct row {
    const char *name;
    uint32_t picture;
};

struct reading {
    const weft_dataset *data;
    const char *file;
    size_t line;
    struct path *paths; /* by text; NULL until a picture is given by its path */
    struct row *rows;   /* one a picture; name NULL: not yet given */
};

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct path *)a)->text, ((const struct path *)b)->text);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->name, ((const struct row *)b)->name);
}

static weft_status sort_paths(struct reading *r)
{
    size_t count = r->data->count;
    WEFT_TRY(weft__alloc(&r->paths, count, sizeof *r->paths, "file names"));
    for (size_t i = 0; i < count; i++)
        r->paths[i] = (struct path){r->data->paths + r->data->path_at[i], (uint32_t)i};
    qsort(r->paths, count, sizeof *r->paths, by_text);
    return WEFT_OK;
}

static weft_status find_picture(struct reading *r, const char *text, uint32_t *out)
{
    uint64_t number;
    const weft_dataset *d = r->data;
    if (weft__parse_count(text, &number)) {
        if (number >= d->count)
            return weft_fail(WEFT_EFORMAT,
                "%s, line %zu: picture %s: expected a number below %zu", r->file, r->line,
                text, d->count);
        *out = (uint32_t)number;
        return WEFT_OK;
    }
    if (!d->path_at)
        return weft_fail(WEFT_EFORMAT,
            "%s, line %zu: '%s': expected a number below %zu, as these pictures are no "
            "files",
            r->file, r->line, text, d->count);
    if (!r->paths)
        WEFT_TRY(sort_paths(r));
    size_t n = d->source ? strlen(d->source) : 0;
    if (n && strncmp(text, d->source, n) == 0 && text[n] == '/')
        text += n + 1;
    const struct path key = {text, 0};
    const struct path *found = bsearch(&key, r->paths, d->count, sizeof *r->paths, by_text);
    if (!found)
        return weft_fail(WEFT_EFORMAT, "%s, line %zu: '%s' is none of the %zu pictures",
            r->file, r->line, text, d->count);
    *out = found->picture;
    return WEFT_OK;
}

/* Ends the field at *at in its place, quotes taken off (RFC 4180), and moves *at behind
 * it. */
static weft_status take_field(
    const struct reading *r, char **at, char end, const char **field)
{
    char *from = *at, *to = *at;
    *field = to;
    bool quoted = *from == '"';
    from += quoted;
    while (*from && (quoted || *from != end)) {
        if (quoted && *from == '"' && *++from != '"') {
            quoted = false;
            continue;
        }
        *to++ = *from++;
    }
    if (quoted || *from != end)
        return weft_fail(
            WEFT_EFORMAT, "%s, line %zu: expected 'picture,group'", r->file, r->line);
    *at = from + (end != 0);
    *to = 0;
    return WEFT_OK;
}

static weft_status take_line(struct reading *r, char *line)
{
    const char *picture, *group;
    uint32_t at = 0;
    if (*line == 0)
        return WEFT_OK;
    WEFT_TRY(take_field(r, &line, ',', &picture));
    WEFT_TRY(take_field(r, &line, 0, &group));
    if (r->line == 1 && strcmp(picture, "picture") == 0)
        return WEFT_OK;
    WEFT_TRY(find_picture(r, picture, &at));
    if (!*group)
        return weft_fail(
            WEFT_EFORMAT, "%s, line %zu: '%s' has no group", r->file, r->line, picture);
    if (r->rows[at].name)
        return weft_fail(WEFT_EFORMAT, "%s, line %zu: '%s' is given a second time", r->file,
            r->line, picture);
    r->rows[at].name = group;
    return WEFT_OK;
}

static weft_status read_lines(struct reading *r, char *text)
{
    while (text) {
        char *newline = strchr(text, '\n');
        if (newline)
            *newline = 0;
        size_t n = strlen(text);
        if (n && text[n - 1] == '\r')
            text[n - 1] = 0;
        r->line++;
        WEFT_TRY(take_line(r, text));
        text = newline ? newline + 1 : NULL;
    }
    for (size_t i = 0; i < r->data->count; i++)
        if (!r->rows[i].name) {
            char origin[512];
            return weft_fail(WEFT_EFORMAT, "%s: no group for picture %zu, %s", r->file, i,
                weft_dataset_origin(r->data, i, origin, sizeof origin));
        }
    return WEFT_OK;
}

/* Numbers the names in bytewise order. */
static void number_groups(struct reading *r, uint32_t *groups)
{
    size_t count = r->data->count;
    uint32_t number = NONE;
    qsort(r->rows, count, sizeof *r->rows, by_name);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(r->rows[i].name, r->rows[i - 1].name) != 0)
            number++;
        groups[r->rows[i].picture] = number;
    }
}

static weft_status load(struct reading *r, char *text, size_t size, uint32_t **out)
{
    uint32_t *groups;
    if (memchr(text, 0, size))
        return weft_fail(WEFT_EFORMAT, "%s: not a text: it holds a NUL byte", r->file);
    WEFT_TRY(weft__calloc(&r->rows, r->data->count, sizeof *r->rows, "groups"));
    for (size_t i = 0; i < r->data->count; i++)
        r->rows[i].picture = (uint32_t)i;
    WEFT_TRY(read_lines(r, text));
    WEFT_TRY(weft__alloc(&groups, r->data->count, sizeof *groups, "groups"));
    number_groups(r, groups);
    *out = groups;
    return WEFT_OK;
}

weft_status weft_groups_load(uint32_t **out, const weft_dataset *data, const char *path)
{
    uint8_t *bytes;
    size_t size;
    struct reading r = {.data = data, .file = path};
    WEFT_TRY(weft__file_read(path, LARGEST_FILE, &bytes, &size));
    weft_status status = load(&r, (char *)bytes, size, out);
    free(r.paths);
    free(r.rows);
    free(bytes);
    return status;
}
