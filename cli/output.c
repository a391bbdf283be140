#include "output.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

weft_status output_json(json_t *value)
{
    if (!value)
        return weft_fail(WEFT_ENOMEM, "no memory for the results");
    (void)json_dumpf(value, stdout, JSON_INDENT(2)); /* main looks at stdout's error */
    putchar('\n');
    json_decref(value);
    return WEFT_OK;
}

/* Cuts the last part off; what remains of "a" is ".", of "/a" is "/". */
static void to_parent(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash && slash != path)
        *slash = 0;
    else
        strcpy(path, slash ? "/" : ".");
}

/* Whether a file could be made in `folder`, or in the nearest folder above it that is
 * there. 0, or the system's error. */
static int folder_error(char *folder)
{
    struct stat found;
    while (stat(folder, &found) != 0) {
        if (errno != ENOENT || strcmp(folder, ".") == 0 || strcmp(folder, "/") == 0)
            return errno;
        to_parent(folder);
    }
    if (!S_ISDIR(found.st_mode))
        return ENOTDIR;
    return access(folder, W_OK | X_OK) == 0 ? 0 : errno;
}

static weft_status check(const char *path, bool is_folder)
{
    char *folder = malloc(strlen(path) + 2); /* room for "." */
    if (!folder)
        return weft_fail(WEFT_ENOMEM, "no memory for a file name");
    strcpy(folder, path);
    if (!is_folder)
        to_parent(folder);
    int error = folder_error(folder);
    free(folder);
    if (error)
        return weft_fail(WEFT_EIO, "%s: cannot write: %s", path, strerror(error));
    return WEFT_OK;
}

weft_status output_check_file(const char *path)
{
    struct stat found;
    if (stat(path, &found) == 0 && S_ISDIR(found.st_mode))
        return weft_fail(WEFT_EIO, "%s: cannot write: it is a folder", path);
    return check(path, false);
}

static bool has_names(const char *path)
{
    DIR *folder = opendir(path);
    size_t names = 0;
    while (folder && readdir(folder))
        names++;
    if (folder)
        closedir(folder);
    return names > 2; /* itself and the one above */
}

weft_status output_check_new_folder(const char *path)
{
    if (has_names(path))
        return weft_fail(WEFT_EIO, "%s: cannot write: it is there and not empty", path);
    return check(path, true);
}

json_t *output_name(const char *name)
{
    json_t *value = json_string(name);
    if (value)
        return value;
    char *plain = strdup(name);
    for (char *c = plain; c && *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    value = json_string(plain ? plain : "?");
    free(plain);
    return value;
}
