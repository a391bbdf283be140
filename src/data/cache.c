#include "data/cache.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/events.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/text.h"
#include "data/dataset.h"

/* The file: this header, the table of what was left out, zeros up to a page, pixels. The
 * table has a record for each: position (4 bytes), length (4), message. Numbers are in the
 * machine's own order; the mark tells another machine's. */
static const char MARK[8] = "weftpix";
static const uint32_t ORDER = 0x01020304;
enum { PAGE = 4096 };

typedef struct header {
    char mark[8];
    uint32_t order, height, width, channels;
    uint64_t listed, left_out, table; /* table: bytes */
    char content[64];
} header;

static size_t pixels_at(const header *h)
{
    return (sizeof *h + h->table + PAGE - 1) / PAGE * PAGE;
}

static weft_status cache_path(char **out, const weft__cache_key *key, bool make)
{
    char *cache, *folder = NULL, name[WEFT__DIGEST_TEXT + 16];
    WEFT_TRY(weft__cache_folder(&cache));
    weft_status status = weft__path_join(&folder, cache, "pictures");
    if (status == WEFT_OK && make)
        status = weft__make_folder(folder);
    if (status == WEFT_OK) {
        snprintf(name, sizeof name, "%.32s.pixels", key->place);
        status = weft__path_join(out, folder, name);
    }
    free(folder);
    free(cache);
    return status;
}

/* Whether the header is one of ours, for these files, and the file as long as it says. */
static bool believable(
    const header *h, size_t size, size_t listed, const weft__cache_key *key)
{
    weft_shape shape = {h->height, h->width, h->channels};
    size_t pixels;
    return !memcmp(h->mark, MARK, sizeof MARK) && h->order == ORDER &&
           !memcmp(h->content, key->content, sizeof h->content) && h->height >= 1 &&
           h->width >= 1 && h->height <= WEFT_MAX_SIDE && h->width <= WEFT_MAX_SIDE &&
           (h->channels == 1 || h->channels == 3) && h->listed == listed &&
           h->left_out <= h->listed && h->table <= size &&
           weft__mul(&pixels, h->listed - h->left_out, weft_shape_bytes(shape)) &&
           pixels_at(h) <= size && size - pixels_at(h) == pixels;
}

/* Reads the table; false when it is not what it should be. Messages copied so far are the
 * caller's to free in any case. */
static weft_status read_table(bool *good, char **reasons, const header *h)
{
    const uint8_t *table = (const uint8_t *)(h + 1);
    size_t at = 0;
    *good = false;
    for (uint64_t n = 0, next = 0; n < h->left_out; n++) {
        uint32_t record[2]; /* position, length */
        if (h->table - at < sizeof record)
            return WEFT_OK;
        memcpy(record, table + at, sizeof record);
        at += sizeof record;
        if (record[0] < next || record[0] >= h->listed || h->table - at < record[1])
            return WEFT_OK;
        next = (uint64_t)record[0] + 1;
        char **reason = &reasons[record[0]];
        WEFT_TRY(weft__calloc(reason, (size_t)record[1] + 1, 1, "messages"));
        memcpy(*reason, table + at, record[1]);
        at += record[1];
    }
    *good = at == h->table;
    return WEFT_OK;
}

static void *map_file(const char *path, size_t *size)
{
    struct stat found;
    void *mapping = MAP_FAILED;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &found) == 0 && S_ISREG(found.st_mode) &&
        (size_t)found.st_size >= sizeof(header)) {
        *size = (size_t)found.st_size;
        mapping = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    close(fd);
    return mapping == MAP_FAILED ? NULL : mapping;
}

weft_status weft__cache_find(
    bool *hit, weft_dataset *dataset, char **reasons, const weft__cache_key *key)
{
    char *path;
    *hit = false;
    weft_status status = cache_path(&path, key, false);
    if (status != WEFT_OK)
        return status == WEFT_ENOMEM ? status : WEFT_OK;
    size_t size = 0;
    header *h = map_file(path, &size);
    free(path);
    if (!h)
        return WEFT_OK;
    if (believable(h, size, dataset->count, key))
        status = read_table(hit, reasons, h);
    if (status != WEFT_OK || !*hit) {
        for (size_t i = 0; i < dataset->count; i++) {
            free(reasons[i]);
            reasons[i] = NULL;
        }
        munmap(h, size);
        return status;
    }
    dataset->recipe.shape = (weft_shape){h->height, h->width, h->channels};
    dataset->mapping = h;
    dataset->mapping_size = size;
    dataset->pixels = (uint8_t *)h + pixels_at(h);
    return WEFT_OK;
}

static weft_status make_table(weft__text *table, char *const *reasons, size_t listed)
{
    for (size_t i = 0; i < listed; i++) {
        if (!reasons[i])
            continue;
        const uint32_t record[2] = {(uint32_t)i, (uint32_t)strlen(reasons[i])};
        WEFT_TRY(weft__text_append(table, (const char *)record, sizeof record));
        WEFT_TRY(weft__text_append(table, reasons[i], record[1]));
    }
    return WEFT_OK;
}

static weft_status write_file(const char *path, const weft_dataset *dataset,
    const weft__text *table, size_t listed, const weft__cache_key *key)
{
    static const char zeros[PAGE];
    weft_shape shape = dataset->recipe.shape;
    header h = {.order = ORDER,
        .height = shape.height,
        .width = shape.width,
        .channels = shape.channels,
        .listed = listed,
        .left_out = listed - dataset->count,
        .table = table->length};
    memcpy(h.mark, MARK, sizeof MARK);
    memcpy(h.content, key->content, sizeof h.content);
    weft__file_writer writer;
    WEFT_TRY(weft__file_begin(&writer, path));
    fwrite(&h, sizeof h, 1, writer.stream);
    if (table->length)
        fwrite(table->data, 1, table->length, writer.stream);
    fwrite(zeros, 1, pixels_at(&h) - sizeof h - table->length, writer.stream);
    fwrite(dataset->pixels, weft_shape_bytes(shape), dataset->count, writer.stream);
    return weft__file_commit(&writer);
}

void weft__cache_keep(const weft_dataset *dataset, char *const *reasons, size_t listed,
    const weft__cache_key *key, weft_context *context)
{
    char *path = NULL;
    weft__text table = {0};
    weft_status status = cache_path(&path, key, true);
    if (status == WEFT_OK)
        status = make_table(&table, reasons, listed);
    if (status == WEFT_OK)
        status = write_file(path, dataset, &table, listed, key);
    if (status != WEFT_OK)
        weft__note(context, "the decoded pictures are not kept: %s", weft_error());
    weft__text_clear(&table);
    free(path);
}
