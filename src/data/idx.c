/* IDX files (LeCun, Cortes, Burges: the MNIST database), plain or gzipped, under the
 * published names.
 *
 * An image file is the bytes 0 0 8 3, then big-endian count, height, width, then the
 * pixels; with 0 0 8 4 the channels follow the width. A label file is 0 0 8 1, count,
 * labels. Sizes are believed only as far as the file's own length allows. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/digest.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/team.h"
#include "data/loader.h"

/* deflate never packs tighter than this (zlib's technical details). */
enum { MAX_DEFLATE_RATIO = 1032 };
enum { GZ_BUFFER = 1 << 17 };

/* SHA-256 of Fashion-MNIST's unpacked label files; whoever has either has its classes. */
static const char *const fashion_labels[] = {
    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
};

static const char *const prefixes[WEFT__SPLITS] = {"train", "validation", "t10k"};

/* One file to read. */
typedef struct idx_file {
    char *path;
    bool labels; /* else pictures */
    size_t count;
    weft_shape shape;
    uint8_t *bytes;
    bool fashion; /* labels: they are Fashion-MNIST's */
} idx_file;

static void idx_file_clear(idx_file *file)
{
    free(file->path);
    free(file->bytes);
}

/* The path of a split's file as it lies there, plain before gzipped; NULL when neither
 * does. */
static weft_status find_file(char **out, const char *folder, int split, bool labels)
{
    static const char *const kinds[2][2] = {
        {"images-idx3-ubyte", "images-idx4-ubyte"}, {"labels-idx1-ubyte", NULL}};
    for (int kind = 0; kind < 2 && kinds[labels][kind]; kind++)
        for (int gz = 0; gz < 2; gz++) {
            char name[64], *path;
            snprintf(name, sizeof name, "%s-%s%s", prefixes[split], kinds[labels][kind],
                gz ? ".gz" : "");
            WEFT_TRY(weft__path_join(&path, folder, name));
            if (access(path, F_OK) == 0) {
                *out = path;
                return WEFT_OK;
            }
            free(path);
        }
    *out = NULL;
    return WEFT_OK;
}

static weft_status read_exactly(
    gzFile stream, const char *path, void *bytes, size_t size, const char *what)
{
    for (size_t done = 0; done < size;) {
        size_t left = size - done;
        int got = gzread(
            stream, (uint8_t *)bytes + done, left > 1 << 30 ? 1 << 30 : (unsigned)left);
        int error;
        const char *message = gzerror(stream, &error);
        if (got < 0 && error != Z_BUF_ERROR)
            return weft_fail(error == Z_ERRNO ? WEFT_EIO : WEFT_EFORMAT,
                "%s: cannot unpack: %s", path,
                error == Z_ERRNO ? strerror(errno) : message);
        if (got <= 0)
            return weft_fail(WEFT_EFORMAT, "%s: truncated: %zu bytes of %s, expected %zu",
                path, done, what, size);
        done += (size_t)got;
    }
    return WEFT_OK;
}

static uint32_t big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
           bytes[3];
}

/* Reads count and shape and checks them; *size receives the bytes that must follow. */
static weft_status read_header(idx_file *file, gzFile stream, size_t *size)
{
    uint8_t head[20] = {0};
    WEFT_TRY(read_exactly(stream, file->path, head, 4, "magic number"));
    unsigned dimensions = head[3];
    bool known = file->labels ? dimensions == 1 : dimensions == 3 || dimensions == 4;
    if (head[0] || head[1] || head[2] != 8 || !known)
        return weft_fail(WEFT_EFORMAT,
            "%s: begins with %02x %02x %02x %02x: expected 00 00 08 %s", file->path,
            head[0], head[1], head[2], head[3], file->labels ? "01" : "03");
    WEFT_TRY(read_exactly(stream, file->path, head, 4 * dimensions, "header"));
    file->count = big_endian(head);
    *size = file->count;
    if (file->labels)
        return WEFT_OK;
    weft_shape *shape = &file->shape;
    *shape = (weft_shape){big_endian(head + 4), big_endian(head + 8),
        dimensions == 4 ? big_endian(head + 12) : 1};
    if (shape->height < 1 || shape->width < 1 || shape->height > WEFT_MAX_SIDE ||
        shape->width > WEFT_MAX_SIDE || (shape->channels != 1 && shape->channels != 3))
        return weft_fail(WEFT_EFORMAT,
            "%s: pictures of %u x %u x %u: expected 1 to %d a side, 1 or 3 channels",
            file->path, shape->height, shape->width, shape->channels, WEFT_MAX_SIDE);
    if (!weft__mul(size, file->count, weft_shape_bytes(*shape)))
        return weft_fail(WEFT_EFORMAT, "%s: %zu pictures are more than memory can address",
            file->path, file->count);
    return WEFT_OK;
}

static weft_status read_body(idx_file *file, gzFile stream, size_t stored)
{
    size_t size = 0;
    WEFT_TRY(read_header(file, stream, &size));
    /* A header may promise anything; memory is only set aside for what can be there. */
    if (size / MAX_DEFLATE_RATIO > stored)
        return weft_fail(WEFT_EFORMAT, "%s: truncated: %zu bytes cannot hold %zu %s",
            file->path, stored, file->count, file->labels ? "labels" : "pictures");
    WEFT_TRY(weft__alloc(&file->bytes, size, 1, file->labels ? "labels" : "pictures"));
    WEFT_TRY(read_exactly(
        stream, file->path, file->bytes, size, file->labels ? "labels" : "pictures"));
    uint8_t more;
    int got = gzread(stream, &more, 1);
    if (got == 1)
        return weft_fail(WEFT_EFORMAT,
            "%s: goes on after the %zu %s that its header counts", file->path, file->count,
            file->labels ? "labels" : "pictures");
    if (got < 0) {
        int error;
        return weft_fail(
            WEFT_EFORMAT, "%s: cannot unpack: %s", file->path, gzerror(stream, &error));
    }
    return WEFT_OK;
}

static void recognise_fashion(idx_file *file)
{
    char text[WEFT__DIGEST_TEXT];
    uint8_t head[8] = {0, 0, 8, 1, (uint8_t)(file->count >> 24),
        (uint8_t)(file->count >> 16), (uint8_t)(file->count >> 8), (uint8_t)file->count};
    weft__digest digest;
    weft__digest_begin(&digest);
    weft__digest_add(&digest, head, sizeof head);
    weft__digest_add(&digest, file->bytes, file->count);
    weft__digest_end(&digest, text);
    file->fashion = !strcmp(text, fashion_labels[0]) || !strcmp(text, fashion_labels[1]);
}

static weft_status read_file(idx_file *file)
{
    struct stat found;
    gzFile stream = stat(file->path, &found) == 0 ? gzopen(file->path, "rbe") : NULL;
    if (!stream)
        return weft_fail(WEFT_EIO, "%s: cannot open: %s", file->path, strerror(errno));
    gzbuffer(stream, GZ_BUFFER);
    weft_status status = read_body(file, stream, (size_t)found.st_size);
    gzclose(stream);
    if (status == WEFT_OK && file->labels)
        recognise_fashion(file);
    return status;
}

static weft_status read_files(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    idx_file *files = arg;
    for (size_t i = begin; i < end; i++)
        if (files[i].path)
            WEFT_TRY(read_file(&files[i]));
    return WEFT_OK;
}

/* A split from its two files. */
static weft_status join(weft__part *part, idx_file *images, const idx_file *labels)
{
    if (images->count != labels->count)
        return weft_fail(WEFT_EFORMAT, "%s: %zu labels for the %zu pictures of %s",
            labels->path, labels->count, images->count, images->path);
    part->source = images->path;
    part->pixels = images->bytes;
    part->count = images->count;
    part->shape = images->shape;
    images->path = NULL;
    images->bytes = NULL;
    WEFT_TRY(weft__alloc(&part->labels, part->count, sizeof *part->labels, "labels"));
    for (size_t i = 0; i < part->count; i++)
        part->labels[i] = labels->bytes[i];
    return WEFT_OK;
}

static weft_status find_files(idx_file *images, idx_file *labels, const char *folder)
{
    for (int s = 0; s < WEFT__SPLITS; s++) {
        labels[s].labels = true;
        WEFT_TRY(find_file(&images[s].path, folder, s, false));
        WEFT_TRY(find_file(&labels[s].path, folder, s, true));
        if (images[s].path && !labels[s].path)
            return weft_fail(WEFT_EFORMAT,
                "%s: %s-labels-idx1-ubyte[.gz] is missing beside it", images[s].path,
                prefixes[s]);
        if (!images[s].path && labels[s].path)
            return weft_fail(WEFT_EFORMAT,
                "%s: %s-images-idx3-ubyte[.gz] is missing beside it", labels[s].path,
                prefixes[s]);
    }
    if (!images[WEFT__TRAIN].path)
        return weft_fail(
            WEFT_EFORMAT, "%s: train-images-idx3-ubyte[.gz] is missing", folder);
    return WEFT_OK;
}

static weft_status read_parts(
    weft__parts *parts, idx_file *files, const char *folder, weft_context *context)
{
    idx_file *images = files, *labels = files + WEFT__SPLITS;
    WEFT_TRY(find_files(images, labels, folder));
    WEFT_TRY(weft__class_names_read(&parts->names, &parts->classes, folder));
    WEFT_TRY(weft__parallel(
        context, (size_t)2 * WEFT__SPLITS, 1, read_files, files, NULL, NULL));
    bool fashion = false;
    for (int s = 0; s < WEFT__SPLITS; s++)
        if (images[s].path) {
            WEFT_TRY(join(&parts->part[s], &images[s], &labels[s]));
            fashion = fashion || labels[s].fashion;
        }
    if (fashion && !parts->names)
        WEFT_TRY(weft__class_names_fashion(&parts->names, &parts->classes));
    return WEFT_OK;
}

static weft_status load(weft_data *out, const char *where, const weft_load_options *options,
    weft_context *context)
{
    idx_file files[2 * WEFT__SPLITS] = {0};
    weft__parts parts = {0};
    weft_status status = read_parts(&parts, files, where, context);
    for (int i = 0; i < 2 * WEFT__SPLITS; i++)
        idx_file_clear(&files[i]);
    if (status == WEFT_OK)
        return weft__parts_finish(out, &parts, options, context);
    weft__parts_clear(&parts);
    return status;
}

/* A folder in which one of the published names lies. */
static bool recognise(const char *where)
{
    for (int s = 0; s < WEFT__SPLITS; s++)
        for (int labels = 0; labels < 2; labels++) {
            char *path = NULL;
            if (find_file(&path, where, s, labels) == WEFT_OK && path) {
                free(path);
                return true;
            }
        }
    return false;
}

const weft__loader weft__idx_loader = {recognise, load};
