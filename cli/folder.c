#include "folder.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "weft/run.h"

weft_status folder_choose(struct folder *folder, const char *out, const char *name)
{
    if (!out) {
        WEFT_TRY(weft_run_folder(&folder->path, name));
        folder->made = true;
        return WEFT_OK;
    }
    folder->path = strdup(out);
    if (!folder->path)
        return weft_fail(WEFT_ENOMEM, "no memory for a file name");
    return output_check_new_folder(folder->path);
}

void folder_clear(struct folder *folder)
{
    if (folder->made)
        (void)rmdir(folder->path); /* fails where it was filled */
    free(folder->path);
    *folder = (struct folder){0};
}
