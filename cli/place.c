#include "place.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"

static bool is_model_file(const char *path)
{
    static const char suffix[] = ".safetensors";
    size_t n = strlen(path);
    return n >= sizeof suffix && strcmp(path + n - (sizeof suffix - 1), suffix) == 0;
}

static weft_status joined(char **out, const char *a, const char *b)
{
    size_t size = strlen(a) + strlen(b) + 1;
    *out = malloc(size);
    if (!*out)
        return weft_fail(WEFT_ENOMEM, "no memory for a file name");
    snprintf(*out, size, "%s%s", a, b);
    return WEFT_OK;
}

static weft_status choose_folder(struct place *place, const char *name, bool resume)
{
    WEFT_TRY(output_check_new_folder("runs/new"));
    if (resume)
        WEFT_TRY(weft_run_unfinished(&place->folder, name));
    if (place->folder)
        return WEFT_OK;
    WEFT_TRY(weft_run_folder(&place->folder, name));
    place->made = true;
    return WEFT_OK;
}

weft_status place_choose(
    struct place *place, const char *out, const char *name, bool resume)
{
    bool file = out && is_model_file(out);
    if (file) {
        WEFT_TRY(joined(&place->model, out, ""));
        WEFT_TRY(joined(&place->checkpoint, out, ".checkpoint"));
    } else {
        if (out)
            WEFT_TRY(joined(&place->folder, out, ""));
        else
            WEFT_TRY(choose_folder(place, name, resume));
        WEFT_TRY(joined(&place->checkpoint, place->folder, "/" WEFT_RUN_CHECKPOINT));
    }
    if (place_unfinished(place) && !resume)
        return weft_fail(WEFT_EIO,
            "%s: an unfinished run: go on with --resume, or remove it to begin anew",
            place->checkpoint);
    if (file)
        return output_check_file(out);
    return place_unfinished(place) ? WEFT_OK : output_check_new_folder(place->folder);
}

bool place_unfinished(const struct place *place)
{
    return access(place->checkpoint, F_OK) == 0;
}

void place_remove_checkpoint(const struct place *place)
{
    (void)unlink(place->checkpoint);
    if (place->folder)
        (void)rmdir(place->folder);
}

void place_clear(struct place *place)
{
    if (place->made)
        (void)rmdir(place->folder);
    free(place->model);
    free(place->folder);
    free(place->checkpoint);
}
