/* CSV files: a line a picture, label,pixel1,...,pixelN, with or without a header line,
 * plain or gzipped.
 *
 * Labels are whole numbers from 0, pixels 0 to 255, rows from the top, colour as R,G,B for
 * each pixel. N = s*s is a grey square, N = 3*s*s a colour one; other shapes are those of
 * options->height, width and channels when these give N. The file is read in blocks, whose
 * lines the threads share. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/team.h"
#include "data/loader.h"

enum {
    BLOCK = 8 << 20,      /* bytes read at a time */
    LINE_LIMIT = 1 << 28, /* bytes */
    LINES_A_CHUNK = 64,
    CELL_SHOWN = 24, /* bytes of a wrong cell in the message */
};

static const char *const file_names[WEFT__SPLITS][3] = {
    {"train.csv", "fashion-mnist_train.csv", "mnist_train.csv"},
    {"validation.csv", "val.csv", "valid.csv"},
    {"test.csv", "fashion-mnist_test.csv", "mnist_test.csv"},
};

typedef struct csv {
    const char *path;
    const weft_load_options *options;
    weft_context *context;
    weft__part *part;
    gzFile stream;
    char *block; /* whole lines, then what is read of the next; owned */
    size_t filled, capacity;
    size_t *lines;   /* where the block's lines begin, blank ones left out; owned */
    size_t *numbers; /* and which lines of the file they are, from 1; owned */
    size_t count, lines_capacity, numbers_capacity;
    size_t line;         /* of the file, read so far */
    size_t pixels;       /* a picture; 0: no picture seen yet */
    size_t room, stored; /* pictures that the part has memory for, and holds */
} csv;

static weft_status wrong_cell(
    const csv *c, size_t number, size_t column, const char *cell, unsigned largest)
{
    int length = (int)strcspn(cell, ",\r\n");
    if (length == 0)
        return weft_fail(WEFT_EFORMAT,
            "%s: line %zu, column %zu: missing: expected 0 to %u", c->path, number, column,
            largest);
    return weft_fail(WEFT_EFORMAT, "%s: line %zu, column %zu: '%.*s': expected 0 to %u",
        c->path, number, column, length > CELL_SHOWN ? CELL_SHOWN : length, cell, largest);
}

/* Reads a whole number up to `largest`, perhaps written as 12.0 or between blanks, and
 * moves *at behind it. The block ends with a line end, so reading stops in time. */
static bool read_cell(const char **at, unsigned largest, unsigned *value)
{
    const char *p = *at;
    while (*p == ' ')
        p++;
    const char *digits = p;
    unsigned v = 0, digit;
    for (; (digit = (unsigned)*p - '0') < 10; p++) {
        v = v * 10 + digit;
        if (v > largest)
            return false;
    }
    if (p == digits)
        return false;
    if (*p == '.')
        for (p++; *p == '0'; p++)
            ;
    while (*p == ' ')
        p++;
    *value = v;
    *at = p;
    return *p == ',' || *p == '\n' || *p == '\r';
}

static weft_status read_line(csv *c, size_t i)
{
    const char *p = c->block + c->lines[i], *cell = p;
    size_t number = c->numbers[i], at = c->stored + i;
    uint8_t *out = c->part->pixels + at * c->pixels;
    unsigned value;
    if (!read_cell(&p, WEFT_MAX_CLASSES - 1, &value))
        return wrong_cell(c, number, 1, cell, WEFT_MAX_CLASSES - 1);
    c->part->labels[at] = (uint16_t)value;
    size_t column = 0;
    for (; column < c->pixels && *p == ','; column++) {
        cell = ++p;
        if (!read_cell(&p, 255, &value))
            return wrong_cell(c, number, column + 2, cell, 255);
        out[column] = (uint8_t)value;
    }
    if (column < c->pixels)
        return weft_fail(WEFT_EFORMAT, "%s: line %zu: %zu pixels: expected %zu", c->path,
            number, column, c->pixels);
    if (*p == ',')
        return weft_fail(WEFT_EFORMAT, "%s: line %zu: more than the %zu pixels expected",
            c->path, number, c->pixels);
    return WEFT_OK;
}

static weft_status read_lines(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    for (size_t i = begin; i < end; i++)
        WEFT_TRY(read_line(arg, i));
    return WEFT_OK;
}

/* The shape of pictures of c->pixels bytes. */
static weft_status find_shape(const csv *c, weft_shape *shape)
{
    const weft_load_options *o = c->options;
    uint32_t grey = (uint32_t)lround(sqrt((double)c->pixels));
    uint32_t colour = (uint32_t)lround(sqrt((double)c->pixels / 3));
    if ((size_t)grey * grey == c->pixels)
        *shape = (weft_shape){grey, grey, 1};
    else if (3 * (size_t)colour * colour == c->pixels)
        *shape = (weft_shape){colour, colour, 3};
    else {
        *shape = (weft_shape){o->height, o->width, o->channels ? o->channels : 1};
        if (weft_shape_bytes(*shape) != c->pixels)
            return weft_fail(WEFT_EFORMAT,
                "%s: line %zu: %zu pixels make no square: expected the height and width to "
                "be given",
                c->path, c->numbers[0], c->pixels);
    }
    if (shape->height < 1 || shape->height > WEFT_MAX_SIDE)
        return weft_fail(WEFT_EFORMAT, "%s: pictures of %u x %u: expected 1 to %d a side",
            c->path, shape->height, shape->width, WEFT_MAX_SIDE);
    return WEFT_OK;
}

/* Finds the block's lines up to `end`, which lies behind a line end. */
static weft_status find_lines(csv *c, size_t end)
{
    c->count = 0;
    for (size_t at = 0, next; at < end; at = next) {
        const char *stop = memchr(c->block + at, '\n', end - at);
        next = (size_t)(stop - c->block) + 1;
        c->line++;
        size_t length = next - 1 - at;
        if (length && c->block[next - 2] == '\r')
            length--;
        if (!length)
            continue;
        WEFT_TRY(weft__grow(
            &c->lines, &c->lines_capacity, c->count + 1, sizeof *c->lines, "lines"));
        WEFT_TRY(weft__grow(
            &c->numbers, &c->numbers_capacity, c->count + 1, sizeof *c->numbers, "lines"));
        c->lines[c->count] = at;
        c->numbers[c->count++] = c->line;
    }
    return WEFT_OK;
}

/* The file's first line: a byte order mark and a header are left out, a line of numbers
 * gives the count of pixels. */
static weft_status start(csv *c)
{
    const char *first = c->block + c->lines[0];
    if (!strncmp(first, "\xef\xbb\xbf", 3))
        first += 3;
    unsigned label;
    size_t name = strspn(first, " \"") + (size_t)(first - c->block);
    if ((c->block[name] >= 'a' && c->block[name] <= 'z') ||
        (c->block[name] >= 'A' && c->block[name] <= 'Z')) {
        memmove(c->lines, c->lines + 1, (c->count - 1) * sizeof *c->lines);
        memmove(c->numbers, c->numbers + 1, (c->count - 1) * sizeof *c->numbers);
        c->count--;
    } else {
        const char *p = first;
        if (!read_cell(&p, WEFT_MAX_CLASSES - 1, &label))
            return wrong_cell(c, c->numbers[0], 1, first, WEFT_MAX_CLASSES - 1);
        c->lines[0] = (size_t)(first - c->block);
    }
    if (c->count == 0)
        return WEFT_OK;
    for (const char *p = c->block + c->lines[0]; *p != '\n'; p++)
        c->pixels += *p == ',';
    if (c->pixels == 0)
        return weft_fail(
            WEFT_EFORMAT, "%s: line %zu: a label and no pixels", c->path, c->numbers[0]);
    return find_shape(c, &c->part->shape);
}

/* Memory for `more` pictures beyond those stored; aligned, so moved by hand. */
static weft_status make_room(csv *c, size_t more)
{
    size_t need = c->stored + more;
    if (need <= c->room)
        return WEFT_OK;
    size_t room = c->room * 2 > need ? c->room * 2 : need;
    uint8_t *pixels;
    uint16_t *labels;
    WEFT_TRY(weft__alloc(&pixels, room, c->pixels, "pictures"));
    if (c->stored)
        memcpy(pixels, c->part->pixels, c->stored * c->pixels);
    free(c->part->pixels);
    c->part->pixels = pixels;
    WEFT_TRY(weft__alloc(&labels, room, sizeof *labels, "labels"));
    if (c->stored)
        memcpy(labels, c->part->labels, c->stored * sizeof *labels);
    free(c->part->labels);
    c->part->labels = labels;
    c->room = room;
    return WEFT_OK;
}

static weft_status take_block(csv *c, size_t end)
{
    WEFT_TRY(find_lines(c, end));
    if (c->pixels == 0 && c->count)
        WEFT_TRY(start(c));
    if (c->count == 0)
        return WEFT_OK;
    WEFT_TRY(make_room(c, c->count));
    weft_status status =
        weft__parallel(c->context, c->count, LINES_A_CHUNK, read_lines, c, NULL, NULL);
    if (status !=
        WEFT_OK) /* once more in order, so that the first fault is the one named */
        return read_lines(0, c->count, 0, c);
    c->stored += c->count;
    if (weft_context_cancelled(c->context))
        return weft_fail(WEFT_ECANCELLED, "cancelled while reading %s", c->path);
    return WEFT_OK;
}

/* Reads on until the block is full or the file ends. */
static weft_status fill_block(csv *c, bool *ended)
{
    while (c->filled + 1 < c->capacity) {
        int got = gzread(
            c->stream, c->block + c->filled, (unsigned)(c->capacity - 1 - c->filled));
        if (got < 0) {
            int code, error = errno;
            const char *message = gzerror(c->stream, &code);
            return code == Z_ERRNO
                       ? weft_fail(
                             WEFT_EIO, "%s: cannot read: %s", c->path, strerror(error))
                       : weft_fail(WEFT_EFORMAT, "%s: cannot unpack: %s", c->path, message);
        }
        c->filled += (size_t)got;
        if (got == 0) {
            *ended = true;
            int code;
            (void)gzerror(c->stream, &code);
            if (code == Z_BUF_ERROR)
                return weft_fail(WEFT_EFORMAT, "%s: truncated gzip file", c->path);
            if (c->filled && c->block[c->filled - 1] != '\n')
                c->block[c->filled++] = '\n';
            break;
        }
    }
    return WEFT_OK;
}

static weft_status read_all(csv *c)
{
    WEFT_TRY(weft__grow(&c->block, &c->capacity, BLOCK, 1, "a CSV file"));
    for (bool ended = false; !ended;) {
        WEFT_TRY(fill_block(c, &ended));
        const char *last = c->filled ? memrchr(c->block, '\n', c->filled) : NULL;
        size_t end = last ? (size_t)(last - c->block) + 1 : 0;
        if (end == 0 && !ended) { /* one line fills the block */
            if (c->capacity >= LINE_LIMIT)
                return weft_fail(WEFT_EFORMAT, "%s: line %zu is longer than %d bytes",
                    c->path, c->line + 1, LINE_LIMIT);
            WEFT_TRY(weft__grow(&c->block, &c->capacity, c->capacity + 1, 1, "a CSV file"));
            continue;
        }
        WEFT_TRY(take_block(c, end));
        memmove(c->block, c->block + end, c->filled - end);
        c->filled -= end;
    }
    if (c->stored == 0)
        return weft_fail(WEFT_EFORMAT, "%s: holds no picture", c->path);
    c->part->count = c->stored;
    return WEFT_OK;
}

/* Reads one file into a part. */
static weft_status read_file(weft__part *part, const char *path,
    const weft_load_options *options, weft_context *context)
{
    csv c = {.path = path, .options = options, .context = context, .part = part};
    WEFT_TRY(weft__strdup(&part->source, path));
    c.stream = gzopen(path, "rbe");
    if (!c.stream)
        return weft_fail(WEFT_EIO, "%s: cannot open: %s", path, strerror(errno));
    weft_status status = read_all(&c);
    gzclose(c.stream);
    free(c.block);
    free(c.lines);
    free(c.numbers);
    return status;
}

static bool is_file(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && S_ISREG(found.st_mode);
}

/* Writes the path of the folder's file for a split; false when there is none. */
static bool find_file(char path[4096], const char *folder, int split, bool *fashion)
{
    for (int n = 0; n < 3; n++)
        for (int gz = 0; gz < 2; gz++) {
            int length = snprintf(
                path, 4096, "%s/%s%s", folder, file_names[split][n], gz ? ".gz" : "");
            if (length > 0 && length < 4096 && is_file(path)) {
                *fashion = *fashion || strstr(file_names[split][n], "fashion-mnist_");
                return true;
            }
        }
    return false;
}

/* Whether a path ends in .csv or .csv.gz. */
static bool is_csv_name(const char *path)
{
    size_t n = strlen(path);
    if (n > 3 && !strcasecmp(path + n - 3, ".gz"))
        n -= 3;
    return n > 4 && !strncasecmp(path + n - 4, ".csv", 4);
}

static weft_status read_folder(weft__parts *parts, const char *folder,
    const weft_load_options *options, weft_context *context)
{
    bool fashion = false;
    char path[4096];
    for (int s = 0; s < WEFT__SPLITS; s++) {
        if (find_file(path, folder, s, &fashion))
            WEFT_TRY(read_file(&parts->part[s], path, options, context));
        else if (s == WEFT__TRAIN)
            return weft_fail(WEFT_EFORMAT, "%s: train.csv[.gz] is missing", folder);
    }
    WEFT_TRY(weft__class_names_read(&parts->names, &parts->classes, folder));
    return fashion && !parts->names
               ? weft__class_names_fashion(&parts->names, &parts->classes)
               : WEFT_OK;
}

static weft_status read_single(weft__parts *parts, const char *path,
    const weft_load_options *options, weft_context *context)
{
    WEFT_TRY(read_file(&parts->part[WEFT__TRAIN], path, options, context));
    const char *slash = strrchr(path, '/');
    if (!strncmp(slash ? slash + 1 : path, "fashion-mnist_", 14))
        return weft__class_names_fashion(&parts->names, &parts->classes);
    char *folder;
    WEFT_TRY(weft__strdup(&folder, slash ? path : "."));
    if (slash)
        folder[slash - path + 1] = 0;
    weft_status status = weft__class_names_read(&parts->names, &parts->classes, folder);
    free(folder);
    return status;
}

static weft_status load(weft_data *out, const char *where, const weft_load_options *options,
    weft_context *context)
{
    weft__parts parts = {0};
    weft_status status = is_file(where) ? read_single(&parts, where, options, context)
                                        : read_folder(&parts, where, options, context);
    if (status == WEFT_OK)
        return weft__parts_finish(out, &parts, options, context);
    weft__parts_clear(&parts);
    return status;
}

/* A CSV file, or a folder with one of the names. */
static bool recognise(const char *where)
{
    char path[4096];
    bool fashion = false;
    if (is_file(where))
        return is_csv_name(where);
    for (int s = 0; s < WEFT__SPLITS; s++)
        if (find_file(path, where, s, &fashion))
            return true;
    return false;
}

const weft__loader weft__csv_loader = {recognise, load};
