#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"

static const char *chosen_path(const char *path)
{
    if (path)
        return path;
    const char *named = getenv("WEFT_STORE");
    return named && *named ? named : "runs/runs.db";
}

/* The folder of `path` without links and dots. */
static weft_status real_folder(char **out, const char *path)
{
    char *folder;
    WEFT_TRY(weft__strdup(&folder, path));
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = 0;
    *out = realpath(slash ? folder : ".", NULL);
    free(folder);
    return *out ? WEFT_OK : weft_fail(WEFT_EIO, "%s: %s", path, strerror(errno));
}

weft_status weft_store_open(weft_store **out, const char *path, bool create)
{
    weft_store *store;
    WEFT_TRY(weft__calloc(&store, 1, sizeof *store, "a store"));
    store->locks = -1;
    path = chosen_path(path);
    weft_status status = weft__database_open(&store->db, path, create);
    if (status == WEFT_OK)
        status = real_folder(&store->folder, path);
    if (status != WEFT_OK)
        weft_store_close(store);
    else
        *out = store;
    return status;
}

void weft_store_close(weft_store *store)
{
    if (!store)
        return;
    weft__database_close(store->db);
    if (store->locks >= 0)
        close(store->locks);
    free(store->folder);
    free(store);
}

const char *weft_store_path(const weft_store *store)
{
    return store->db->path;
}

/* What follows the store's folder in the absolute `path`, or the path itself. */
static const char *below(const weft_store *store, const char *path)
{
    size_t n = strlen(store->folder);
    while (n > 0 && store->folder[n - 1] == '/')
        n--;
    return strncmp(path, store->folder, n) == 0 && path[n] == '/' ? path + n + 1 : path;
}

weft_status weft__store_place(char **out, const weft_store *store, const char *path)
{
    char *real = realpath(path, NULL);
    if (!real)
        return weft_fail(WEFT_EIO, "%s: %s", path, strerror(errno));
    weft_status status = weft__strdup(out, below(store, real));
    free(real);
    return status;
}

weft_status weft__store_path_of(char **out, const weft_store *store, const char *place)
{
    const char *path = store->db->path, *slash = strrchr(path, '/');
    if (place[0] == '/' || !slash)
        return weft__strdup(out, place);
    char *folder;
    WEFT_TRY(weft__strdup(&folder, path));
    folder[slash - path + (slash == path)] = 0;
    weft_status status = weft__path_join(out, folder, place);
    free(folder);
    return status;
}
