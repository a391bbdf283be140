/* Writing data sets: one function a format for one split, into a folder that gets its name
 * when all of them are done. */
#include "weft/convert.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "core/file.h"
#include "core/folder.h"
#include "core/mem.h"
#include "core/team.h"
#include "core/text.h"
#include "data/class_folder.h"
#include "data/dataset.h"
#include "data/loader.h"
#include "data/picture.h"

enum { BLOCK = 1 << 20 }; /* bytes written between two looks at cancellation */

static const char NAMES_FILE[] = "class-names.txt";

/* A split on its way into `folder`. */
struct split {
    const weft_dataset *data;
    const char *folder;
    int split; /* WEFT__TRAIN, ... */
    bool gz;
    weft_context *context;
};

static weft_status cannot_write(const char *path)
{
    return weft_fail(WEFT_EIO, "%s: cannot write: %s", path, strerror(errno));
}

/* A file of the folder, gzipped or plain. */
struct file {
    char *path; /* owned */
    gzFile stream;
};

static weft_status file_open(struct file *file, const struct split *s, const char *name)
{
    char full[64];
    snprintf(full, sizeof full, "%s%s", name, s->gz ? ".gz" : "");
    *file = (struct file){0};
    WEFT_TRY(weft__path_join(&file->path, s->folder, full));
    file->stream = gzopen(file->path, s->gz ? "wbe" : "wbeT"); /* T: as it is */
    if (file->stream)
        return WEFT_OK;
    weft_status status = cannot_write(file->path);
    free(file->path);
    return status;
}

static weft_status file_write(struct file *file, const void *bytes, size_t size)
{
    errno = 0;
    if (size && gzwrite(file->stream, bytes, (unsigned)size) != (int)size)
        return cannot_write(file->path);
    return WEFT_OK;
}

/* Closes in any case; `status` is what happened so far. */
static weft_status file_close(struct file *file, weft_status status)
{
    errno = 0;
    if (gzclose(file->stream) != Z_OK && status == WEFT_OK)
        status = cannot_write(file->path);
    free(file->path);
    return status;
}

static weft_status still_wanted(const struct split *s)
{
    if (weft_context_cancelled(s->context))
        return weft_fail(WEFT_ECANCELLED, "cancelled while writing %s", s->folder);
    return WEFT_OK;
}

static void put_big_endian(uint8_t *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* The header's numbers, then the bytes. */
static weft_status write_idx(const struct split *s, const char *name,
    const uint32_t *dimensions, size_t rank, const uint8_t *bytes, size_t size)
{
    struct file file;
    uint8_t head[20] = {0, 0, 8 /* unsigned bytes */, (uint8_t)rank};
    for (size_t i = 0; i < rank; i++)
        put_big_endian(head + 4 + 4 * i, dimensions[i]);
    WEFT_TRY(file_open(&file, s, name));
    weft_status status = file_write(&file, head, 4 + 4 * rank);
    for (size_t done = 0; status == WEFT_OK && done < size; done += BLOCK) {
        status = still_wanted(s);
        if (status == WEFT_OK)
            status =
                file_write(&file, bytes + done, size - done < BLOCK ? size - done : BLOCK);
    }
    return file_close(&file, status);
}

static weft_status save_idx(const struct split *s)
{
    static const char *const prefixes[] = {"train", "validation", "t10k"};
    const weft_dataset *d = s->data;
    weft_shape shape = d->recipe.shape;
    if (d->classes > 256)
        return weft_fail(WEFT_EUNSUPPORTED,
            "%zu classes: labels of IDX files are bytes, expected at most 256", d->classes);
    uint8_t *labels;
    WEFT_TRY(weft__alloc(&labels, d->count, 1, "labels"));
    for (size_t i = 0; i < d->count; i++)
        labels[i] = (uint8_t)d->labels[i];
    char images_name[64], labels_name[64];
    size_t rank = shape.channels == 1 ? 3 : 4;
    snprintf(images_name, sizeof images_name, "%s-images-idx%zu-ubyte", prefixes[s->split],
        rank);
    snprintf(labels_name, sizeof labels_name, "%s-labels-idx1-ubyte", prefixes[s->split]);
    uint32_t dimensions[4] = {
        (uint32_t)d->count, shape.height, shape.width, shape.channels};
    weft_status status = write_idx(s, labels_name, dimensions, 1, labels, d->count);
    free(labels);
    if (status == WEFT_OK)
        status = write_idx(s, images_name, dimensions, rank, d->pixels,
            d->count * weft_shape_bytes(shape));
    return status;
}

static char *put_number(char *at, unsigned value)
{
    char digits[8];
    int n = 0;
    do
        digits[n++] = (char)('0' + value % 10);
    while (value /= 10);
    while (n)
        *at++ = digits[--n];
    return at;
}

/* label,pixel1,...: rows of `line`, which is long enough for any. */
static weft_status write_rows(const struct split *s, struct file *file, char *line)
{
    const weft_dataset *d = s->data;
    size_t bytes = weft_shape_bytes(d->recipe.shape);
    WEFT_TRY(file_write(file, "label", 5));
    for (size_t k = 1; k <= bytes; k++) {
        char name[32];
        WEFT_TRY(
            file_write(file, name, (size_t)snprintf(name, sizeof name, ",pixel%zu", k)));
    }
    WEFT_TRY(file_write(file, "\n", 1));
    for (size_t i = 0; i < d->count; i++) {
        const uint8_t *pixels = d->pixels + i * bytes;
        char *end = put_number(line, d->labels[i]);
        for (size_t k = 0; k < bytes; k++) {
            *end++ = ',';
            end = put_number(end, pixels[k]);
        }
        *end++ = '\n';
        WEFT_TRY(still_wanted(s));
        WEFT_TRY(file_write(file, line, (size_t)(end - line)));
    }
    return WEFT_OK;
}

static weft_status save_csv(const struct split *s)
{
    weft_shape shape = s->data->recipe.shape;
    if (shape.height != shape.width)
        return weft_fail(WEFT_EUNSUPPORTED,
            "pictures of %u x %u: CSV tells no shape, expected square ones", shape.height,
            shape.width);
    char name[32], *line;
    snprintf(name, sizeof name, "%s.csv", weft__split_names[s->split]);
    WEFT_TRY(weft__alloc(&line, weft_shape_bytes(shape) + 2, 4, "a CSV line"));
    struct file file;
    weft_status status = file_open(&file, s, name);
    if (status == WEFT_OK)
        status = file_close(&file, write_rows(s, &file, line));
    free(line);
    return status;
}

struct pictures {
    const struct split *split;
    char **folders; /* one a class, owned */
    int digits;
};

static weft_status write_picture(const struct pictures *p, size_t i)
{
    const weft_dataset *d = p->split->data;
    uint8_t *bytes;
    size_t size;
    char *path;
    if (asprintf(&path, "%s/%0*zu.png", p->folders[d->labels[i]], p->digits, i) < 0)
        return weft_fail(WEFT_ENOMEM, "no memory for a file name");
    weft_status status = weft__png_encode(
        &bytes, &size, d->pixels + i * weft_shape_bytes(d->recipe.shape), d->recipe.shape);
    if (status == WEFT_OK) {
        FILE *stream = fopen(path, "wbe");
        bool written = stream && fwrite(bytes, 1, size, stream) == size;
        if (stream && fclose(stream) != 0)
            written = false;
        if (!written)
            status = cannot_write(path);
        free(bytes);
    }
    free(path);
    return status;
}

static weft_status write_pictures(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    for (size_t i = begin; i < end; i++)
        WEFT_TRY(write_picture(arg, i));
    return WEFT_OK;
}

static weft_status make_class_folder(struct pictures *p, const char *split, size_t c)
{
    const char *name = p->split->data->class_names[c];
    char *folder;
    WEFT_TRY(weft__class_to_folder(&folder, name));
    weft_status status = weft__path_join(&p->folders[c], split, folder);
    free(folder);
    if (status == WEFT_OK && mkdir(p->folders[c], 0777) != 0)
        status = errno == EEXIST
                     ? weft_fail(WEFT_EUNSUPPORTED,
                           "class %zu: another has the same folder: %s", c, name)
                     : cannot_write(p->folders[c]);
    return status;
}

/* Every class has one, empty or not, for the classes of a split are its folders. */
static weft_status make_class_folders(struct pictures *p)
{
    char *split;
    WEFT_TRY(weft__path_join(&split, p->split->folder, weft__split_names[p->split->split]));
    weft_status status = weft__make_folder(split);
    for (size_t c = 0; status == WEFT_OK && c < p->split->data->classes; c++)
        status = make_class_folder(p, split, c);
    free(split);
    return status;
}

/* A picture's file is named by its place in the split, so that sorting the names gives the
 * split's order again. */
static weft_status save_png(const struct split *s)
{
    struct pictures p = {s, NULL, snprintf(NULL, 0, "%zu", s->data->count)};
    if (p.digits < 5)
        p.digits = 5;
    WEFT_TRY(weft__calloc(&p.folders, s->data->classes, sizeof *p.folders, "file names"));
    weft_status status = make_class_folders(&p);
    if (status == WEFT_OK)
        status = weft__parallel(s->context, s->data->count, 32, write_pictures, &p,
            "writing pictures", "pictures");
    for (size_t c = 0; c < s->data->classes; c++)
        free(p.folders[c]);
    free(p.folders);
    return status;
}

static const struct {
    weft_status (*save)(const struct split *);
    bool gz;
} formats[] = {
    [WEFT_FORMAT_IDX] = {save_idx, false},
    [WEFT_FORMAT_IDX_GZ] = {save_idx, true},
    [WEFT_FORMAT_CSV] = {save_csv, false},
    [WEFT_FORMAT_CSV_GZ] = {save_csv, true},
    [WEFT_FORMAT_PNG] = {save_png, false},
};

/* Names that only count, "0", "1", ..., are what a reader assumes without a file. */
static bool names_count(const weft_dataset *d)
{
    for (size_t c = 0; c < d->classes; c++) {
        char number[24];
        snprintf(number, sizeof number, "%zu", c);
        if (strcmp(number, d->class_names[c]) != 0)
            return false;
    }
    return true;
}

static weft_status save_names(const weft_dataset *d, const char *folder)
{
    weft__text text = {0};
    char *path = NULL;
    weft_status status = WEFT_OK;
    for (size_t c = 0; status == WEFT_OK && c < d->classes; c++) {
        const char *name = d->class_names[c];
        if (!*name || strchr(name, '\n') || strchr(name, '\r'))
            status = weft_fail(WEFT_EUNSUPPORTED,
                "class %zu has the name '%s': expected one line of text", c, name);
        else
            status = weft__text_printf(&text, "%s\n", name);
    }
    if (status == WEFT_OK)
        status = weft__path_join(&path, folder, NAMES_FILE);
    if (status == WEFT_OK)
        status = weft__file_write(path, text.data, text.length);
    weft__text_clear(&text);
    free(path);
    return status;
}

static weft_status save_all(
    const weft_data *data, const char *folder, weft_format format, weft_context *context)
{
    const weft_dataset *splits[WEFT__SPLITS] = {
        data->train, data->validation, data->test ? weft__test_data(data->test) : NULL};
    for (int s = 0; s < WEFT__SPLITS; s++) {
        if (!splits[s])
            continue;
        if (!splits[s]->labels)
            return weft_fail(
                WEFT_EINVAL, "the %s split has no labels", weft__split_names[s]);
        struct split split = {splits[s], folder, s, formats[format].gz, context};
        WEFT_TRY(formats[format].save(&split));
    }
    /* Folders are in bytewise order unless the list says otherwise. */
    bool told = format != WEFT_FORMAT_PNG && names_count(data->train);
    return told ? WEFT_OK : save_names(data->train, folder);
}

/* Whether an entry of a folder is what weft_data_save itself writes there. */
static bool is_ours(const char *name)
{
    static const char *const splits[] = {"train", "validation", "test", "t10k"};
    static const char *const ends[] = {"", ".csv", ".csv.gz", "-images-idx3-ubyte",
        "-images-idx4-ubyte", "-labels-idx1-ubyte", "-images-idx3-ubyte.gz",
        "-images-idx4-ubyte.gz", "-labels-idx1-ubyte.gz"};
    if (strcmp(name, NAMES_FILE) == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return true;
    for (size_t s = 0; s < sizeof splits / sizeof *splits; s++) {
        size_t length = strlen(splits[s]);
        for (size_t e = 0; e < sizeof ends / sizeof *ends; e++)
            if (strncmp(name, splits[s], length) == 0 &&
                strcmp(name + length, ends[e]) == 0)
                return true;
    }
    return false;
}

/* Refuses a target in which more than a data set would be lost. */
static weft_status check_target(const char *folder, bool overwrite)
{
    struct stat found;
    if (lstat(folder, &found) != 0)
        return WEFT_OK;
    DIR *entries = S_ISDIR(found.st_mode) ? opendir(folder) : NULL;
    if (!entries)
        return weft_fail(WEFT_EIO, "%s: exists and is no folder that can be read", folder);
    weft_status status = WEFT_OK;
    for (struct dirent *entry; status == WEFT_OK && (entry = readdir(entries));) {
        bool itself = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        if (!itself && !overwrite)
            status = weft_fail(WEFT_EIO, "%s: exists and is not empty", folder);
        else if (!is_ours(entry->d_name))
            status = weft_fail(WEFT_EIO,
                "%s: holds %s, which is no part of a data set: not replaced", folder,
                entry->d_name);
    }
    closedir(entries);
    return status;
}

weft_status weft_data_save(const weft_data *data, const char *folder, weft_format format,
    bool overwrite, weft_context *context)
{
    if ((size_t)format >= sizeof formats / sizeof *formats)
        return weft_fail(WEFT_EINVAL, "format %d is unknown", (int)format);
    WEFT_TRY(check_target(folder, overwrite));
    weft__folder_writer writer;
    WEFT_TRY(weft__folder_begin(&writer, folder));
    weft_status status = save_all(data, writer.temporary, format, context);
    if (status == WEFT_OK)
        return weft__folder_commit(&writer, overwrite);
    weft__folder_abandon(&writer);
    return status;
}
