/* Finding out what `where` is, and handing it to its loader. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "data/loader.h"

/* The first that recognises the place reads it. */
static const weft__loader *const loaders[] = {
    &weft__named_loader,
    &weft__synth_loader,
    &weft__idx_loader,
    &weft__csv_loader,
    &weft__folder_loader,
};

weft_load_options weft_load_defaults(void)
{
    return (weft_load_options){.fit = WEFT_FIT_PAD, .background = 255};
}

static weft_status check_options(const weft_load_options *o)
{
    if (o->height > WEFT_MAX_SIDE || o->width > WEFT_MAX_SIDE)
        return weft_fail(WEFT_EINVAL, "size %u x %u: expected 1 to %d a side", o->height,
            o->width, WEFT_MAX_SIDE);
    if (o->photo_side > WEFT_MAX_SIDE)
        return weft_fail(WEFT_EINVAL, "photos to %u a side: expected at most %d",
            o->photo_side, WEFT_MAX_SIDE);
    if (o->channels != 0 && o->channels != 1 && o->channels != 3)
        return weft_fail(
            WEFT_EINVAL, "%u channels: expected 1 (grey) or 3 (colour)", o->channels);
    if ((int)o->fit < WEFT_FIT_PAD || (int)o->fit > WEFT_FIT_PRODUCT)
        return weft_fail(
            WEFT_EINVAL, "fit %d is none of " WEFT_FIT_CHOICES, (int)o->fit);
    return WEFT_OK;
}

static weft_status not_recognised(const char *where)
{
    struct stat found;
    if (stat(where, &found) != 0)
        return weft_fail(errno == ENOENT ? WEFT_ENOTFOUND : WEFT_EIO,
            "%s: %s; expected a folder, a CSV file, fashion-mnist or synth", where,
            strerror(errno));
    return weft_fail(WEFT_EFORMAT,
        "%s: holds no data set: expected IDX files (train-images-idx3-ubyte), CSV files "
        "(train.csv) or folders of pictures (CLASS/picture or train/CLASS/picture)",
        where);
}

weft_status weft_data_load(weft_data *out, const char *where,
    const weft_load_options *options, weft_context *context)
{
    *out = (weft_data){0};
    WEFT_TRY(check_options(options));
    for (size_t i = 0; i < sizeof loaders / sizeof *loaders; i++) {
        if (!loaders[i]->recognise(where))
            continue;
        weft_status status = loaders[i]->load(out, where, options, context);
        if (status != WEFT_OK)
            weft_data_clear(out);
        return status;
    }
    return not_recognised(where);
}
