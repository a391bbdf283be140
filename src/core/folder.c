#include "core/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"

enum { OPEN_FOLDERS = 16 };

static int remove_one(const char *path, const struct stat *found, int kind, struct FTW *at)
{
    (void)found;
    (void)kind;
    (void)at;
    (void)remove(path); /* the rest is removed all the same */
    return 0;
}

void weft__remove_tree(const char *path)
{
    (void)nftw(path, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

static weft_status cannot_write(const char *path)
{
    return weft_fail(WEFT_EIO, "%s: cannot write the folder: %s", path, strerror(errno));
}

/* "path.XXXXXX", owned. */
static weft_status beside(char **out, const char *path)
{
    if (asprintf(out, "%s.XXXXXX", path) < 0) {
        *out = NULL;
        return weft_fail(WEFT_ENOMEM, "no memory for a file name");
    }
    return WEFT_OK;
}

weft_status weft__folder_begin(weft__folder_writer *writer, const char *path)
{
    *writer = (weft__folder_writer){0};
    weft_status status = weft__strdup(&writer->path, path);
    if (status == WEFT_OK) {
        size_t length = strlen(writer->path);
        while (length > 1 && writer->path[length - 1] == '/')
            writer->path[--length] = 0;
        status = beside(&writer->temporary, writer->path);
    }
    if (status == WEFT_OK && !mkdtemp(writer->temporary)) {
        status = cannot_write(writer->path);
        free(writer->temporary);
        writer->temporary = NULL;
    }
    if (status == WEFT_OK) {
        mode_t mask = umask(0);
        umask(mask);
        (void)chmod(writer->temporary, 0777 & ~mask);
    } else {
        weft__folder_abandon(writer);
    }
    return status;
}

static bool sync_all(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool synced = syncfs(fd) == 0;
    return close(fd) == 0 && synced;
}

/* Puts the new folder in the old one's place, at once where the file system can, and the
 * old one away. */
static weft_status swap(const weft__folder_writer *writer)
{
    if (renameat2(AT_FDCWD, writer->temporary, AT_FDCWD, writer->path, RENAME_EXCHANGE) ==
        0)
        return WEFT_OK; /* the old one is the temporary now, to be abandoned */
    char *aside;
    WEFT_TRY(beside(&aside, writer->path));
    weft_status status = WEFT_OK;
    bool removable = true;
    if (!mkdtemp(aside) || rename(writer->path, aside) != 0)
        status = cannot_write(writer->path);
    else if (rename(writer->temporary, writer->path) != 0) {
        status = cannot_write(writer->path);
        removable = rename(aside, writer->path) == 0;
        if (!removable)
            status = weft_fail(WEFT_EIO,
                "%s: cannot be replaced; what it held is now in %s", writer->path, aside);
    }
    if (removable)
        weft__remove_tree(aside);
    free(aside);
    return status;
}

weft_status weft__folder_commit(weft__folder_writer *writer, bool replace)
{
    weft_status status = WEFT_OK;
    if (!sync_all(writer->temporary))
        status = cannot_write(writer->path);
    else if (rename(writer->temporary, writer->path) == 0) {
        free(writer->temporary);
        writer->temporary = NULL;
    } else if (replace && (errno == ENOTEMPTY || errno == EEXIST))
        status = swap(writer);
    else
        status = cannot_write(writer->path);
    weft__folder_abandon(writer);
    return status;
}

void weft__folder_abandon(weft__folder_writer *writer)
{
    if (writer->temporary)
        weft__remove_tree(writer->temporary);
    free(writer->temporary);
    free(writer->path);
    *writer = (weft__folder_writer){0};
}
