/* The file of an index: this header, zeros up to a page, the points as floats. Numbers are
 * in the machine's own order; the mark tells another machine's. */
#include "search/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/events.h"
#include "core/file.h"
#include "core/mem.h"
#include "model/family.h"
#include "search/seen.h"

static const char MARK[8] = "weftidx";
static const uint32_t ORDER = 0x01020304, VERSION = 1;
enum { PAGE = 4096, DIGITS = WEFT__DIGEST_TEXT - 1 };

struct header {
    char mark[8];
    uint32_t order, version;
    uint64_t count, dims;
    /* SHA-256 of the model, the pictures and the points, in hexadecimal digits. */
    char model[DIGITS], pictures[DIGITS], points[DIGITS];
};

static void sum_points(char text[WEFT__DIGEST_TEXT], const float *points, size_t bytes)
{
    weft__digest digest;
    weft__digest_begin(&digest);
    weft__digest_add(&digest, points, bytes);
    weft__digest_end(&digest, text);
}

/* The header that the index's file must have, but for the digest of the points. */
static weft_status expected_header(struct header *h, const weft_index *index)
{
    char model[WEFT__DIGEST_TEXT];
    WEFT_TRY(weft__classifier_digest(index->classifier, model));
    *h = (struct header){
        .order = ORDER, .version = VERSION, .count = index->count, .dims = index->dims};
    memcpy(h->mark, MARK, sizeof MARK);
    memcpy(h->model, model, DIGITS);
    memcpy(h->pictures, weft_dataset_digest(index->catalogue), DIGITS);
    return WEFT_OK;
}

/* ---- reading ---- */

/* Maps a plain file; false when there is none to map, errno telling why. An empty one is
 * there with nothing mapped. */
static bool map_file(void **mapping, size_t *size, const char *path)
{
    struct stat found;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    *mapping = NULL;
    *size = 0;
    if (fd < 0)
        return false;
    bool good = fstat(fd, &found) == 0;
    if (good && S_ISREG(found.st_mode) && found.st_size > 0) {
        *mapping = mmap(NULL, (size_t)found.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        good = *mapping != MAP_FAILED;
        *mapping = good ? *mapping : NULL;
        *size = good ? (size_t)found.st_size : 0;
    }
    close(fd);
    return good;
}

/* Why the file's content is of no use, or NULL. `expected` lacks the points' digest. */
static const char *objection(
    const void *mapping, size_t size, const struct header *expected)
{
    struct header h;
    char sum[WEFT__DIGEST_TEXT];
    size_t values, bytes;
    memcpy(&h, mapping, sizeof h);
    if (h.order != ORDER || h.version != VERSION)
        return "is of another machine or version";
    if (memcmp(h.model, expected->model, DIGITS) != 0)
        return "is of another model";
    if (memcmp(h.pictures, expected->pictures, DIGITS) != 0)
        return "is of other pictures";
    if (h.count != expected->count || h.dims != expected->dims ||
        !weft__mul(&values, h.count, h.dims) || !weft__mul(&bytes, values, sizeof(float)) ||
        size - PAGE != bytes)
        return "is damaged: its length is not what its header says";
    sum_points(sum, (const float *)((const char *)mapping + PAGE), bytes);
    return memcmp(h.points, sum, DIGITS) == 0 ? NULL : "is damaged: its digest differs";
}

/* A file that is not ours stays as it is, unless it lies in the cache. */
static weft_status refuse(const weft_index *index, bool cache)
{
    if (cache)
        return WEFT_OK;
    return weft_fail(WEFT_EFORMAT,
        "%s: no index: expected one that begins with '%s', or no file; it is left as it is",
        index->path, MARK);
}

/* Takes the points from the file when they are there. */
static weft_status find_kept(
    weft_index *index, const struct header *expected, bool cache, weft_context *context)
{
    void *mapping;
    size_t size;
    if (!map_file(&mapping, &size, index->path))
        return errno == ENOENT || cache ? WEFT_OK
                                        : weft_fail(WEFT_EIO, "%s: cannot open: %s",
                                              index->path, strerror(errno));
    if (size < PAGE || memcmp(mapping, MARK, sizeof MARK) != 0) {
        if (mapping)
            munmap(mapping, size);
        return refuse(index, cache);
    }
    const char *why = objection(mapping, size, expected);
    if (why) {
        munmap(mapping, size);
        weft__note(context, "%s: %s, and is made anew", index->path, why);
        return WEFT_OK;
    }
    index->mapping = mapping;
    index->mapping_size = size;
    index->points = (const float *)((const char *)mapping + PAGE);
    return WEFT_OK;
}

/* ---- writing ---- */

static weft_status write_file(const weft_index *index, struct header *h)
{
    static const char zeros[PAGE - sizeof *h];
    char sum[WEFT__DIGEST_TEXT];
    weft__file_writer writer;
    sum_points(sum, index->points, index->count * index->dims * sizeof(float));
    memcpy(h->points, sum, DIGITS);
    WEFT_TRY(weft__file_begin(&writer, index->path));
    fwrite(h, sizeof *h, 1, writer.stream);
    fwrite(zeros, 1, sizeof zeros, writer.stream);
    fwrite(index->points, sizeof(float) * index->dims, index->count, writer.stream);
    return weft__file_commit(&writer);
}

/* The file in the user's cache: one for the classifier's name and the pictures, so that a
 * model trained again takes its predecessor's place. */
static weft_status cache_path(
    char **out, const weft_classifier *classifier, const weft_dataset *catalogue)
{
    char *cache = NULL, *folder = NULL, sum[WEFT__DIGEST_TEXT],
         name[WEFT__DIGEST_TEXT + 16];
    const char *called = classifier->info.name;
    weft__digest digest;
    weft__digest_begin(&digest);
    weft__digest_add(&digest, called, strlen(called) + 1);
    weft__digest_add(&digest, weft_dataset_digest(catalogue), DIGITS);
    weft__digest_end(&digest, sum);
    snprintf(name, sizeof name, "%.32s.index", sum);
    weft_status status = weft__cache_folder(&cache);
    if (status == WEFT_OK)
        status = weft__path_join(&folder, cache, "similar");
    if (status == WEFT_OK)
        status = weft__make_folder(folder);
    if (status == WEFT_OK)
        status = weft__path_join(out, folder, name);
    free(folder);
    free(cache);
    return status;
}

/* Goes on without the cache after a failure of its own. */
static void give_up_cache(weft_index *index, weft_context *context)
{
    weft__note(context, "the index is not kept: %s", weft_error());
    free(index->path);
    index->path = NULL;
}

static weft_status choose_path(
    weft_index *index, const weft_index_options *options, weft_context *context)
{
    if (options->path)
        return weft__strdup(&index->path, options->path);
    if (!options->cache)
        return WEFT_OK;
    weft_status status = cache_path(&index->path, index->classifier, index->catalogue);
    if (status == WEFT_OK || status == WEFT_ENOMEM)
        return status;
    give_up_cache(index, context);
    return WEFT_OK;
}

/* ---- making ---- */

static weft_status make_points(weft_index *index, weft_context *context)
{
    size_t values;
    if (!weft__mul(&values, index->count, index->dims))
        values = SIZE_MAX;
    WEFT_TRY(weft__alloc(&index->made, values, sizeof(float), "an index"));
    index->points = index->made;
    weft_view all = weft_view_all(index->catalogue);
    return weft__seen_points(index->made, index->classifier, &all, context);
}

static weft_status fill(
    weft_index *index, const weft_index_options *options, weft_context *context)
{
    struct header header;
    WEFT_TRY(choose_path(index, options, context));
    if (index->path) {
        WEFT_TRY(expected_header(&header, index));
        WEFT_TRY(find_kept(index, &header, !options->path, context));
    }
    if (index->points)
        return WEFT_OK;
    WEFT_TRY(make_points(index, context));
    if (!index->path)
        return WEFT_OK;
    weft_status status = write_file(index, &header);
    if (status != WEFT_OK && !options->path) {
        give_up_cache(index, context);
        status = WEFT_OK;
    }
    return status;
}

weft_status weft_index_create(weft_index **out, const weft_classifier *classifier,
    const weft_dataset *catalogue, const weft_index_options *options, weft_context *context)
{
    static const weft_index_options nothing_kept = {0};
    weft_index *index;
    if (!weft_classifier_is_fitted(classifier))
        return weft_fail(WEFT_EINVAL, "%s: not fitted yet", classifier->info.name);
    if (weft_dataset_count(catalogue) == 0 || weft_dataset_count(catalogue) >= UINT32_MAX)
        return weft_fail(WEFT_EINVAL, "an index of %zu pictures: expected 1 to %u",
            weft_dataset_count(catalogue), UINT32_MAX - 1);
    WEFT_TRY(weft__calloc(&index, 1, sizeof *index, "an index"));
    index->classifier = classifier;
    index->catalogue = catalogue;
    index->count = weft_dataset_count(catalogue);
    index->dims = weft__seen_dims(classifier);
    weft_status status = fill(index, options ? options : &nothing_kept, context);
    if (status == WEFT_OK)
        *out = index;
    else
        weft_index_free(index);
    return status;
}

void weft_index_free(weft_index *index)
{
    if (!index)
        return;
    if (index->mapping)
        munmap(index->mapping, index->mapping_size);
    free(index->made);
    free(index->path);
    free(index);
}

size_t weft_index_count(const weft_index *index)
{
    return index->count;
}

size_t weft_index_dims(const weft_index *index)
{
    return index->dims;
}

const char *weft_index_kind(const weft_index *index)
{
    return weft__seen_kind(index->classifier);
}

bool weft_index_was_kept(const weft_index *index)
{
    return index->mapping != NULL;
}

const char *weft_index_path(const weft_index *index)
{
    return index->path;
}

const float *weft_index_points(const weft_index *index)
{
    return index->points;
}
