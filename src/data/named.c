/* Data sets known by name: looked for where the user keeps data, then in the cache, then
 * fetched from their publisher. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"
#include "data/download.h"
#include "data/loader.h"

static const char NAME[] = "fashion-mnist";

/* Fashion-MNIST (Xiao, Rasul, Vollgraf 2017): its files, what they unpack to, and who
 * publishes them. */
static const struct {
    const char *name, *sha256;
} files[] = {
    {"train-images-idx3-ubyte.gz",
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"},
    {"train-labels-idx1-ubyte.gz",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"},
    {"t10k-images-idx3-ubyte.gz",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"},
    {"t10k-labels-idx1-ubyte.gz",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"},
};
enum { FILES = sizeof files / sizeof *files };
static const char *const publishers[] = {
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
};
enum { PUBLISHERS = sizeof publishers / sizeof *publishers };

/* *found: `folder` itself or the folder of the set's name in it, owned by the caller;
 * NULL when neither holds the set. */
static weft_status look_in(char **found, const char *folder)
{
    char *inner;
    *found = NULL;
    if (weft__idx_loader.recognise(folder))
        return weft__strdup(found, folder);
    WEFT_TRY(weft__path_join(&inner, folder, NAME));
    if (weft__idx_loader.recognise(inner))
        *found = inner;
    else
        free(inner);
    return WEFT_OK;
}

static weft_status fetch_file(const char *folder, size_t i, weft_context *context)
{
    char urls[PUBLISHERS][160];
    const char *list[PUBLISHERS + 1] = {NULL};
    for (size_t p = 0; p < PUBLISHERS; p++) {
        snprintf(urls[p], sizeof urls[p], "%s%s", publishers[p], files[i].name);
        list[p] = urls[p];
    }
    char *path;
    WEFT_TRY(weft__path_join(&path, folder, files[i].name));
    weft_status status = WEFT_OK;
    if (access(path, R_OK) != 0)
        status = weft__download_gz(
            path, list, files[i].sha256, "downloading fashion-mnist", context);
    free(path);
    return status;
}

/* The cache's folder holds all files: an interrupted download leaves some of them. */
static bool complete(const char *folder)
{
    for (size_t i = 0; i < FILES; i++) {
        char *path;
        if (weft__path_join(&path, folder, files[i].name) != WEFT_OK)
            return false;
        bool there = access(path, R_OK) == 0;
        free(path);
        if (!there)
            return false;
    }
    return true;
}

static weft_status cached(
    char **found, const weft_load_options *options, weft_context *context)
{
    char *cache, *folder = NULL;
    WEFT_TRY(weft__cache_folder(&cache));
    weft_status status = weft__path_join(&folder, cache, NAME);
    free(cache);
    if (status == WEFT_OK && !complete(folder)) {
        if (!options->download)
            status = weft_fail(WEFT_ENOTFOUND,
                "%s: neither $WEFT_DATA nor %s holds it, and no download was asked for",
                NAME, folder);
        else
            status = weft__make_folder(folder);
        for (size_t i = 0; status == WEFT_OK && i < FILES; i++)
            status = fetch_file(folder, i, context);
    }
    if (status != WEFT_OK) {
        free(folder);
        return status;
    }
    *found = folder;
    return WEFT_OK;
}

static weft_status find(
    char **found, const weft_load_options *options, weft_context *context)
{
    if (options->root) {
        WEFT_TRY(look_in(found, options->root));
        return *found
                   ? WEFT_OK
                   : weft_fail(WEFT_ENOTFOUND, "%s: does not hold %s", options->root, NAME);
    }
    const char *folder = getenv("WEFT_DATA");
    *found = NULL;
    if (folder && *folder)
        WEFT_TRY(look_in(found, folder));
    return *found ? WEFT_OK : cached(found, options, context);
}

static weft_status load(weft_data *out, const char *where, const weft_load_options *options,
    weft_context *context)
{
    (void)where;
    char *folder = NULL;
    WEFT_TRY(find(&folder, options, context));
    weft_status status = weft__idx_loader.load(out, folder, options, context);
    free(folder);
    return status;
}

static bool recognise(const char *where)
{
    return !strcmp(where, NAME);
}

const weft__loader weft__named_loader = {recognise, load};
