/* A fix list is read whole before anything is copied: each picture of each split gets the
 * split and the label that it will have. */
#include "weft/fixes.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "data/dataset.h"
#include "data/describe.h"
#include "data/loader.h"
#include "data/origins.h"

static const size_t LARGEST_FILE = (size_t)1 << 30;
enum { FIELDS = 64, GONE = WEFT__SPLITS };

/* A picture and what becomes of it. */
struct picture {
    char *name; /* owned: its origin behind what all share */
    uint32_t index;
    uint16_t label;
    uint8_t split, to; /* `to` may be GONE */
    bool relabelled, moved, kept;
};

struct fixing {
    const char *file;
    size_t line;
    const weft_dataset *splits[WEFT__SPLITS];
    size_t shared;
    struct picture *pictures; /* count, by name while the list is read */
    size_t count;
    size_t picture, action, to; /* which field is which */
    weft_fixes_applied applied;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct picture *)a)->name, ((const struct picture *)b)->name);
}

static int by_place(const void *a, const void *b)
{
    const struct picture *p = a, *q = b;
    if (p->split != q->split)
        return p->split < q->split ? -1 : 1;
    return p->index < q->index ? -1 : p->index > q->index;
}

static weft_status list_pictures(struct fixing *f, const weft_data *data)
{
    char origin[WEFT__ORIGIN];
    size_t total = 0;
    weft__data_splits(f->splits, data);
    f->shared = weft__origins_shared(data);
    for (int s = 0; s < WEFT__SPLITS; s++) {
        if (f->splits[s] && !f->splits[s]->labels)
            return weft_fail(
                WEFT_EINVAL, "the %s split has no labels", weft__split_names[s]);
        total += f->splits[s] ? f->splits[s]->count : 0;
    }
    WEFT_TRY(weft__calloc(&f->pictures, total, sizeof *f->pictures, "fixes"));
    for (int s = 0; s < WEFT__SPLITS; s++)
        for (size_t i = 0; f->splits[s] && i < f->splits[s]->count; i++) {
            struct picture *p = &f->pictures[f->count];
            weft_dataset_origin(f->splits[s], i, origin, sizeof origin);
            WEFT_TRY(weft__strdup(&p->name, origin + f->shared));
            p->index = (uint32_t)i;
            p->label = f->splits[s]->labels[i];
            p->split = p->to = (uint8_t)s;
            f->count++;
        }
    qsort(f->pictures, f->count, sizeof *f->pictures, by_name);
    return WEFT_OK;
}

/* Takes one line's fields apart, quotes taken off (RFC 4180), and moves *at behind it. */
static weft_status take_line(struct fixing *f, char **at, char **fields, size_t *count)
{
    char *from = *at;
    bool more = true;
    f->line++;
    for (*count = 0; more; (*count)++) {
        if (*count == FIELDS)
            return weft_fail(WEFT_EFORMAT, "%s, line %zu: more than %d fields", f->file,
                f->line, FIELDS);
        bool quoted = *from == '"';
        char *to = from += quoted;
        fields[*count] = to;
        for (; *from && (quoted || (*from != ',' && *from != '\n')); from++)
            if (!quoted || *from != '"')
                *to++ = *from;
            else if (from[1] == '"')
                *to++ = *from++;
            else
                quoted = false;
        if (quoted)
            return weft_fail(
                WEFT_EFORMAT, "%s, line %zu: a quote is not closed", f->file, f->line);
        more = *from == ',';
        if (!more && to > fields[*count] && to[-1] == '\r')
            to--;
        from += *from != 0;
        *to = 0;
    }
    *at = from;
    return WEFT_OK;
}

static weft_status take_headings(struct fixing *f, char **at)
{
    char *fields[FIELDS];
    size_t count, found = 0;
    WEFT_TRY(take_line(f, at, fields, &count));
    for (size_t i = 0; i < count; i++) {
        size_t *place = strcmp(fields[i], "picture") == 0  ? &f->picture
                        : strcmp(fields[i], "action") == 0 ? &f->action
                        : strcmp(fields[i], "to") == 0     ? &f->to
                                                           : NULL;
        found += place != NULL;
        if (place)
            *place = i;
    }
    if (found != 3)
        return weft_fail(WEFT_EFORMAT,
            "%s, line 1: expected the headings picture, action and to", f->file);
    return WEFT_OK;
}

static weft_status find_class(const struct fixing *f, const char *name, uint16_t *out)
{
    const weft_dataset *d = f->splits[WEFT__TRAIN];
    for (size_t c = 0; c < d->classes; c++)
        if (strcmp(d->class_names[c], name) == 0) {
            *out = (uint16_t)c;
            return WEFT_OK;
        }
    return weft_fail(WEFT_EFORMAT, "%s, line %zu: '%s' is none of the %zu classes", f->file,
        f->line, name, d->classes);
}

static weft_status find_split(const struct fixing *f, const char *name, uint8_t *out)
{
    for (uint8_t s = 0; s < WEFT__SPLITS; s++)
        if (strcmp(weft__split_names[s], name) == 0) {
            *out = s;
            return WEFT_OK;
        }
    return weft_fail(WEFT_EFORMAT,
        "%s, line %zu: split '%s': expected train, validation or test", f->file, f->line,
        name);
}

static weft_status given_twice(const struct fixing *f, const char *name)
{
    return weft_fail(WEFT_EFORMAT,
        "%s, line %zu: '%s' is given before, with the same or a contrary action", f->file,
        f->line, name);
}

static weft_status apply(
    struct fixing *f, struct picture *p, const char *action, const char *to)
{
    bool changed = p->relabelled || p->moved;
    if (strcmp(action, "keep") == 0) {
        f->applied.kept += !p->kept;
        p->kept = true;
        return WEFT_OK;
    }
    if (strcmp(action, "drop") == 0) {
        if (p->to == GONE || changed)
            return given_twice(f, p->name);
        p->to = GONE;
        f->applied.dropped++;
        return WEFT_OK;
    }
    if (strcmp(action, "relabel") == 0) {
        if (p->to == GONE || p->relabelled)
            return given_twice(f, p->name);
        p->relabelled = true;
        f->applied.relabelled++;
        return find_class(f, to, &p->label);
    }
    if (strcmp(action, "move") == 0) {
        if (p->to == GONE || p->moved)
            return given_twice(f, p->name);
        p->moved = true;
        f->applied.moved++;
        return find_split(f, to, &p->to);
    }
    return weft_fail(WEFT_EFORMAT,
        "%s, line %zu: action '%s': expected drop, relabel, move or keep", f->file, f->line,
        action);
}

static weft_status take_fix(struct fixing *f, char **at)
{
    char *fields[FIELDS];
    size_t count, last = f->picture;
    WEFT_TRY(take_line(f, at, fields, &count));
    if (count == 1 && !*fields[0])
        return WEFT_OK;
    last = f->action > last ? f->action : last;
    last = f->to > last ? f->to : last;
    if (count <= last)
        return weft_fail(WEFT_EFORMAT, "%s, line %zu: %zu fields: expected at least %zu",
            f->file, f->line, count, last + 1);
    const struct picture key = {.name = fields[f->picture]};
    struct picture *p = bsearch(&key, f->pictures, f->count, sizeof *f->pictures, by_name);
    if (!p)
        return weft_fail(WEFT_EFORMAT, "%s, line %zu: '%s' is none of the %zu pictures",
            f->file, f->line, key.name, f->count);
    return apply(f, p, fields[f->action], fields[f->to]);
}

static weft_status read_list(struct fixing *f)
{
    uint8_t *bytes;
    size_t size;
    WEFT_TRY(weft__file_read(f->file, LARGEST_FILE, &bytes, &size));
    char *at = (char *)bytes, *end = at + size;
    weft_status status =
        memchr(bytes, 0, size)
            ? weft_fail(WEFT_EFORMAT, "%s: not a text: it holds a NUL byte", f->file)
            : take_headings(f, &at);
    while (status == WEFT_OK && at < end)
        status = take_fix(f, &at);
    free(bytes);
    return status;
}

/* The pictures that end in split `s`, in the order of where they were. */
static weft_status fill(weft_dataset **out, const struct fixing *f, int s, size_t count)
{
    const weft_dataset *train = f->splits[WEFT__TRAIN];
    size_t bytes = weft_shape_bytes(train->recipe.shape), n = 0;
    weft_dataset *d;
    WEFT_TRY(weft__dataset_reserve(&d, &train->recipe, count, train->classes,
        (const char *const *)train->class_names));
    for (size_t i = 0; i < f->count; i++) {
        const struct picture *p = &f->pictures[i];
        if (p->to != s)
            continue;
        memcpy(
            d->pixels + n * bytes, f->splits[p->split]->pixels + p->index * bytes, bytes);
        d->labels[n++] = p->label;
    }
    *out = d;
    return WEFT_OK;
}

static weft_status check_classes(const weft_dataset *train)
{
    size_t *counts;
    WEFT_TRY(weft__class_counts(&counts, train));
    for (size_t c = 0; c < train->classes; c++)
        if (!counts[c]) {
            free(counts);
            return weft_fail(WEFT_EINVAL,
                "the fixes leave class %s without training pictures",
                train->class_names[c]);
        }
    free(counts);
    return WEFT_OK;
}

static weft_status rebuild(weft_data *out, struct fixing *f)
{
    qsort(f->pictures, f->count, sizeof *f->pictures, by_place);
    for (int s = 0; s < WEFT__SPLITS; s++) {
        size_t count = 0;
        weft_dataset *made;
        for (size_t i = 0; i < f->count; i++)
            count += f->pictures[i].to == s;
        if (!f->splits[s] && !count)
            continue;
        WEFT_TRY(fill(&made, f, s, count));
        if (s == WEFT__TEST)
            WEFT_TRY(weft__test_create(&out->test, made));
        else
            *(s == WEFT__TRAIN ? &out->train : &out->validation) = made;
    }
    return check_classes(out->train);
}

weft_status weft_data_fix(
    weft_data *out, weft_fixes_applied *applied, const weft_data *data, const char *path)
{
    struct fixing f = {.file = path};
    weft_data fixed = {0};
    weft_status status = list_pictures(&f, data);
    if (status == WEFT_OK)
        status = read_list(&f);
    if (status == WEFT_OK)
        status = rebuild(&fixed, &f);
    for (size_t i = 0; f.pictures && i < f.count; i++)
        free(f.pictures[i].name);
    free(f.pictures);
    if (status != WEFT_OK) {
        weft_data_clear(&fixed);
        return status;
    }
    *out = fixed;
    *applied = f.applied;
    return WEFT_OK;
}
