#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "weft/weft.h"

/* Temporary names under way, for weft_abandon_files; a full table only means that a
 * name is not removed on an interrupt. */
enum { OPEN_FILES = 32 };
static _Atomic(char *) under_way[OPEN_FILES];

static void remember(char *temporary)
{
    for (int i = 0; i < OPEN_FILES; i++) {
        char *none = NULL;
        if (atomic_compare_exchange_strong(&under_way[i], &none, temporary))
            return;
    }
}

static void forget(char *temporary)
{
    for (int i = 0; i < OPEN_FILES; i++) {
        char *expected = temporary;
        if (atomic_compare_exchange_strong(&under_way[i], &expected, NULL))
            return;
    }
}

void weft_abandon_files(void)
{
    for (int i = 0; i < OPEN_FILES; i++) {
        char *temporary = atomic_load(&under_way[i]);
        if (temporary)
            unlink(temporary);
    }
}

static weft_status system_failure(const char *doing, const char *path)
{
    int error = errno;
    return weft_fail(error == ENOENT ? WEFT_ENOTFOUND : WEFT_EIO, "%s: cannot %s: %s", path,
        doing, strerror(error));
}

static weft_status read_stream(
    FILE *stream, const char *path, size_t limit, uint8_t **bytes, size_t *size)
{
    uint8_t *data = NULL;
    size_t used = 0, capacity = 0;
    weft_status status = WEFT_OK;
    for (;;) {
        status = weft__grow(&data, &capacity, used + (1 << 16) + 1, 1, "a file's bytes");
        if (status != WEFT_OK)
            break;
        size_t got = fread(data + used, 1, capacity - used - 1, stream);
        used += got;
        if (used > limit) {
            status = weft_fail(
                WEFT_EFORMAT, "%s: larger than the %zu bytes allowed", path, limit);
            break;
        }
        if (got == 0) {
            if (ferror(stream))
                status = system_failure("read", path);
            break;
        }
    }
    if (status != WEFT_OK) {
        free(data);
        return status;
    }
    data[used] = 0;
    *bytes = data;
    *size = used;
    return WEFT_OK;
}

weft_status weft__file_read(const char *path, size_t limit, uint8_t **bytes, size_t *size)
{
    FILE *stream = fopen(path, "rbe");
    if (!stream)
        return system_failure("open", path);
    weft_status status = read_stream(stream, path, limit, bytes, size);
    fclose(stream);
    return status;
}

weft_status weft__file_begin(weft__file_writer *writer, const char *path)
{
    *writer = (weft__file_writer){0};
    weft_status status = weft__strdup(&writer->path, path);
    if (status == WEFT_OK && asprintf(&writer->temporary, "%s.XXXXXX", path) < 0) {
        writer->temporary = NULL;
        status = weft_fail(WEFT_ENOMEM, "no memory for a file name");
    }
    if (status == WEFT_OK) {
        int fd = mkostemp(writer->temporary, O_CLOEXEC);
        if (fd < 0) {
            status = system_failure("write", path);
            free(writer->temporary);
            writer->temporary = NULL;
        } else {
            mode_t mask = umask(0);
            umask(mask);
            (void)fchmod(fd, 0666 & ~mask);
            remember(writer->temporary);
            writer->stream = fdopen(fd, "wb");
            if (!writer->stream) {
                status = system_failure("write", path);
                close(fd);
            }
        }
    }
    if (status != WEFT_OK)
        weft__file_abandon(writer);
    return status;
}

static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    if (!folder)
        return;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    free(folder);
}

weft_status weft__file_commit(weft__file_writer *writer)
{
    bool written = !ferror(writer->stream) && fflush(writer->stream) == 0 &&
                   fsync(fileno(writer->stream)) == 0;
    weft_status status = WEFT_OK;
    if (!written)
        status = system_failure("write", writer->path);
    if (fclose(writer->stream) != 0 && status == WEFT_OK)
        status = system_failure("write", writer->path);
    writer->stream = NULL;
    if (status == WEFT_OK && rename(writer->temporary, writer->path) != 0)
        status = system_failure("write", writer->path);
    if (status == WEFT_OK) {
        forget(writer->temporary);
        free(writer->temporary);
        writer->temporary = NULL;
        sync_folder(writer->path);
    }
    weft__file_abandon(writer);
    return status;
}

void weft__file_abandon(weft__file_writer *writer)
{
    if (writer->stream)
        fclose(writer->stream);
    if (writer->temporary) {
        unlink(writer->temporary);
        forget(writer->temporary);
    }
    free(writer->temporary);
    free(writer->path);
    *writer = (weft__file_writer){0};
}

weft_status weft__file_write(const char *path, const void *bytes, size_t size)
{
    weft__file_writer writer;
    WEFT_TRY(weft__file_begin(&writer, path));
    fwrite(bytes, 1, size, writer.stream); /* commit sees the stream's error */
    return weft__file_commit(&writer);
}

weft_status weft__make_folder(const char *path)
{
    char *copy;
    WEFT_TRY(weft__strdup(&copy, path));
    weft_status status = WEFT_OK;
    for (char *c = copy + 1; status == WEFT_OK; c++) {
        if (*c && *c != '/')
            continue;
        char kept = *c;
        *c = 0;
        struct stat found;
        if (mkdir(copy, 0777) != 0 &&
            (errno != EEXIST || stat(copy, &found) != 0 || !S_ISDIR(found.st_mode))) {
            if (errno == EEXIST)
                errno = ENOTDIR;
            status = system_failure("make the folder", copy);
        }
        *c = kept;
        if (!kept)
            break;
    }
    free(copy);
    return status;
}

weft_status weft__make_parent(const char *path)
{
    char *copy;
    WEFT_TRY(weft__strdup(&copy, path));
    size_t length = strlen(copy);
    while (length > 1 && copy[length - 1] == '/')
        copy[--length] = 0;
    char *slash = strrchr(copy, '/');
    weft_status status = WEFT_OK;
    if (slash && slash != copy) {
        *slash = 0;
        status = weft__make_folder(copy);
    }
    free(copy);
    return status;
}

weft_status weft__path_join(char **out, const char *a, const char *b)
{
    size_t n = strlen(a);
    const char *separator = n && a[n - 1] != '/' ? "/" : "";
    if (asprintf(out, "%s%s%s", a, separator, b) < 0) {
        *out = NULL;
        return weft_fail(WEFT_ENOMEM, "no memory for a file name");
    }
    return WEFT_OK;
}

weft_status weft__cache_folder(char **out)
{
    const char *base = getenv("XDG_CACHE_HOME");
    if (base && *base == '/')
        return weft__path_join(out, base, "weft");
    const char *home = getenv("HOME");
    if (!home || *home != '/')
        return weft_fail(WEFT_ENOTFOUND, "no cache folder: neither XDG_CACHE_HOME nor HOME "
                                         "is an absolute path");
    return weft__path_join(out, home, ".cache/weft");
}

weft_status weft_cache_folder(char **out)
{
    return weft__cache_folder(out);
}
