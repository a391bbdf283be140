#include "store/alive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static weft_status open_locks(int *fd, const weft_store *store, int flags)
{
    char *path;
    if (asprintf(&path, "%s-lock", store->db->path) < 0)
        return weft_fail(WEFT_ENOMEM, "no memory for a file name");
    *fd = open(path, flags | O_CLOEXEC, 0666);
    int error = errno;
    weft_status status = WEFT_OK;
    if (*fd < 0 && !(error == ENOENT && !(flags & O_CREAT)))
        status = weft_fail(WEFT_EIO, "%s: cannot open: %s", path, strerror(error));
    free(path);
    return status;
}

static struct flock byte_of(int64_t run, short type)
{
    return (struct flock){
        .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)run, .l_len = 1};
}

weft_status weft__alive_hold(weft_store *store, int64_t run)
{
    if (store->locks < 0)
        WEFT_TRY(open_locks(&store->locks, store, O_RDWR | O_CREAT));
    struct flock lock = byte_of(run, F_WRLCK);
    if (fcntl(store->locks, F_OFD_SETLK, &lock) == 0)
        return WEFT_OK;
    return weft_fail(WEFT_EIO, "%s-lock: cannot lock run %lld: %s", store->db->path,
        (long long)run, strerror(errno));
}

void weft__alive_let_go(weft_store *store, int64_t run)
{
    struct flock lock = byte_of(run, F_UNLCK);
    if (store->locks >= 0)
        (void)fcntl(store->locks, F_OFD_SETLK, &lock);
}

/* Through a description of its own: a lock does not stand in its holder's way. */
weft_status weft__alive(bool *out, weft_store *store, int64_t run)
{
    int fd = -1;
    struct flock lock = byte_of(run, F_WRLCK);
    WEFT_TRY(open_locks(&fd, store, O_RDONLY));
    *out = false;
    if (fd < 0) /* nobody has ever begun a run here */
        return WEFT_OK;
    weft_status status = WEFT_OK;
    if (fcntl(fd, F_OFD_GETLK, &lock) != 0)
        status = weft_fail(WEFT_EIO, "%s-lock: %s", store->db->path, strerror(errno));
    else
        *out = lock.l_type != F_UNLCK;
    close(fd);
    return status;
}
