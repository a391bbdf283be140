#include "names.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static weft_status no_memory(void)
{
    return weft_fail(WEFT_ENOMEM, "no memory for the names of pictures");
}

/* Takes `name` over, also on failure. */
static weft_status append(struct names *names, char *name)
{
    if (name && names->count == names->capacity) {
        size_t capacity = names->capacity * 2 + 64;
        char **items = reallocarray(names->items, capacity, sizeof *items);
        if (items) {
            names->items = items;
            names->capacity = capacity;
        }
    }
    if (!name || names->count == names->capacity) {
        free(name);
        return no_memory();
    }
    names->items[names->count++] = name;
    return WEFT_OK;
}

static bool is_picture(const char *name)
{
    static const char *const suffixes[] = {".jpg", ".jpeg", ".png", ".webp"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof suffixes / sizeof *suffixes; i++)
        if (strcasecmp(dot, suffixes[i]) == 0)
            return true;
    return false;
}

static weft_status add_folder(struct names *names, const char *path, int depth);

static weft_status add_entry(
    struct names *names, const char *folder, const char *name, int depth)
{
    char *path;
    struct stat found;
    if (name[0] == '.')
        return WEFT_OK;
    const char *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";
    if (asprintf(&path, "%s%s%s", folder, slash, name) < 0)
        return no_memory();
    bool there = stat(path, &found) == 0;
    if (there && S_ISDIR(found.st_mode)) {
        weft_status status = add_folder(names, path, depth + 1);
        free(path);
        return status;
    }
    if (is_picture(name))
        return append(names, path);
    free(path);
    return WEFT_OK;
}

/* Links may lead round in a circle: their depth is bounded. */
static weft_status add_folder(struct names *names, const char *path, int depth)
{
    enum { DEEPEST = 32 };
    struct dirent **entries;
    if (depth > DEEPEST)
        return weft_fail(
            WEFT_EIO, "%s: more than %d folders deep: a link to itself?", path, DEEPEST);
    int count = scandir(path, &entries, NULL, NULL);
    if (count < 0)
        return weft_fail(WEFT_EIO, "%s: cannot read the folder: %s", path, strerror(errno));
    weft_status status = WEFT_OK;
    for (int i = 0; i < count; i++) {
        if (status == WEFT_OK)
            status = add_entry(names, path, entries[i]->d_name, depth);
        free(entries[i]);
    }
    free(entries);
    return status;
}

static weft_status add_lines(struct names *names, FILE *stream)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    weft_status status = WEFT_OK;
    while (status == WEFT_OK && (length = getline(&line, &size, stream)) > 0) {
        line[strcspn(line, "\r\n")] = 0;
        if (*line)
            status = append(names, strdup(line));
    }
    free(line);
    if (status == WEFT_OK && ferror(stream))
        status = weft_fail(WEFT_EIO, "cannot read standard input: %s", strerror(errno));
    return status;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

weft_status names_add(struct names *names, const char *argument)
{
    struct stat found;
    if (strcmp(argument, "-") == 0)
        return add_lines(names, stdin);
    if (stat(argument, &found) != 0 || !S_ISDIR(found.st_mode))
        return append(names, strdup(argument)); /* what is wrong is told with the others */
    size_t before = names->count;
    WEFT_TRY(add_folder(names, argument, 0));
    if (names->count > before)
        qsort(names->items + before, names->count - before, sizeof *names->items, by_bytes);
    return WEFT_OK;
}

void names_clear(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    *names = (struct names){0};
}
