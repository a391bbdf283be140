#include "data/listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/mem.h"
#include "data/loader.h"

void weft__listing_clear(weft__listing *listing)
{
    free(listing->folder);
    free(listing->items);
    weft__text_clear(&listing->text);
    *listing = (weft__listing){0};
}

/* Calls `take` for every visible entry of a folder, in no order. */
typedef weft_status (*take_fn)(void *user, const char *name, const struct stat *found);

static weft_status each_entry(const char *folder, size_t *hidden, take_fn take, void *user)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return weft_fail(errno == ENOENT ? WEFT_ENOTFOUND : WEFT_EIO, "%s: cannot list: %s",
            folder, strerror(errno));
    weft_status status = WEFT_OK;
    while (status == WEFT_OK) {
        errno = 0;
        struct dirent *entry = readdir(dir);
        if (!entry) {
            if (errno)
                status =
                    weft_fail(WEFT_EIO, "%s: cannot list: %s", folder, strerror(errno));
            break;
        }
        const char *name = entry->d_name;
        if (!strcmp(name, ".") || !strcmp(name, ".."))
            continue;
        if (name[0] == '.') {
            ++*hidden;
            continue;
        }
        /* What cannot be looked at, such as a broken link, is a file of no size: reading
         * it will say why. */
        struct stat found = {0};
        (void)fstatat(dirfd(dir), name, &found, 0);
        status = take(user, name, &found);
    }
    closedir(dir);
    return status;
}

struct names {
    char **list;
    size_t count, capacity;
};

static weft_status take_folder(void *user, const char *name, const struct stat *found)
{
    struct names *names = user;
    if (!S_ISDIR(found->st_mode))
        return WEFT_OK;
    WEFT_TRY(weft__grow(&names->list, &names->capacity, names->count + 1,
        sizeof *names->list, "folder names"));
    WEFT_TRY(weft__strdup(&names->list[names->count], name));
    names->count++;
    return WEFT_OK;
}

static weft_status see_folder(void *user, const char *name, const struct stat *found)
{
    (void)name;
    if (S_ISDIR(found->st_mode))
        *(bool *)user = true;
    return WEFT_OK;
}

bool weft__has_folder(const char *folder)
{
    bool seen = false;
    size_t hidden = 0;
    struct stat found;
    return stat(folder, &found) == 0 && S_ISDIR(found.st_mode) &&
           each_entry(folder, &hidden, see_folder, &seen) == WEFT_OK && seen;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

weft_status weft__list_folders(
    char ***names, size_t *count, size_t *hidden, const char *folder)
{
    struct names found = {0};
    weft_status status = each_entry(folder, hidden, take_folder, &found);
    if (status != WEFT_OK) {
        weft__class_names_free(found.list, found.count);
        return status;
    }
    if (found.count)
        qsort(found.list, found.count, sizeof *found.list, compare_names);
    *names = found.list;
    *count = found.count;
    return WEFT_OK;
}

struct files {
    weft__listing *listing;
    const char *class_name;
    size_t label;
};

static weft_status take_file(void *user, const char *name, const struct stat *found)
{
    struct files *files = user;
    weft__listing *l = files->listing;
    WEFT_TRY(weft__grow(
        &l->items, &l->capacity, l->count + 1, sizeof *l->items, "a list of files"));
    weft__listed item = {.path = l->text.length,
        .label = (uint16_t)files->label,
        .size = (uint64_t)found->st_size,
        .modified = (int64_t)found->st_mtim.tv_sec * 1000000000 + found->st_mtim.tv_nsec};
    item.file = item.path + strlen(files->class_name) + 1;
    WEFT_TRY(weft__text_printf(&l->text, "%s/%s", files->class_name, name));
    WEFT_TRY(weft__text_append(&l->text, "", 1)); /* the NUL, counted */
    l->items[l->count++] = item;
    return WEFT_OK;
}

static int compare_files(const void *a, const void *b, void *text)
{
    const weft__listed *x = a, *y = b;
    const char *names = text;
    int order = strcmp(names + x->file, names + y->file);
    return order ? order : (x->label > y->label) - (x->label < y->label);
}

weft_status weft__list_files(
    weft__listing *out, const char *folder, char *const *classes, size_t count)
{
    WEFT_TRY(weft__strdup(&out->folder, folder));
    for (size_t c = 0; c < count; c++) {
        struct files files = {out, classes[c], c};
        char *path;
        WEFT_TRY(weft__path_join(&path, folder, classes[c]));
        weft_status status = each_entry(path, &out->hidden, take_file, &files);
        free(path);
        if (status != WEFT_OK && status != WEFT_ENOTFOUND)
            return status;
    }
    if (out->count)
        qsort_r(out->items, out->count, sizeof *out->items, compare_files, out->text.data);
    return WEFT_OK;
}

weft_status weft__listing_limit(weft__listing *listing, size_t classes, size_t limit)
{
    if (limit == 0 || limit >= listing->count)
        return WEFT_OK;
    if (limit < classes)
        return weft_fail(
            WEFT_EINVAL, "limit %zu: expected at least the %zu classes", limit, classes);
    uint16_t *labels = NULL;
    uint32_t *index = NULL;
    size_t chosen = 0;
    weft_status status = weft__alloc(&labels, listing->count, sizeof *labels, "a limit");
    if (status == WEFT_OK)
        status = weft__alloc(&index, listing->count, sizeof *index, "a limit");
    if (status == WEFT_OK) {
        for (size_t i = 0; i < listing->count; i++)
            labels[i] = listing->items[i].label;
        status = weft__limit(index, &chosen, labels, listing->count, classes, limit);
    }
    if (status == WEFT_OK) {
        for (size_t i = 0; i < chosen; i++)
            listing->items[i] = listing->items[index[i]];
        listing->count = chosen;
    }
    free(labels);
    free(index);
    return status;
}

void weft__listing_digest(const weft__listing *listing, weft__digest *digest)
{
    weft__digest_add_u64(digest, listing->count);
    for (size_t i = 0; i < listing->count; i++) {
        const weft__listed *item = &listing->items[i];
        const char *path = listing->text.data + item->path;
        weft__digest_add(digest, path, strlen(path) + 1);
        weft__digest_add_u64(digest, item->label);
        weft__digest_add_u64(digest, item->size);
        weft__digest_add_u64(digest, (uint64_t)item->modified);
    }
}
