/* Disjoint sets: whatever says that two pictures are one item joins theirs. */
#include "search/items.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "data/dataset.h"
#include "weft/duplicates.h"

static uint32_t root_of(uint32_t *item, uint32_t picture)
{
    while (item[picture] != picture) {
        item[picture] = item[item[picture]];
        picture = item[picture];
    }
    return picture;
}

static void join(uint32_t *item, uint32_t a, uint32_t b)
{
    uint32_t x = root_of(item, a), y = root_of(item, b);
    item[x > y ? x : y] = x > y ? y : x;
}

static weft_status join_copies(uint32_t *item, const weft_dataset *catalogue,
    const weft_dataset *others, weft_same same, weft_context *context)
{
    /* Only read: the splits of data have no const of their own. */
    weft_data data = {
        .train = (weft_dataset *)catalogue, .validation = (weft_dataset *)others};
    weft_duplicates_options options = weft_duplicates_defaults();
    weft_duplicates *found;
    if (same == WEFT_SAME_EXACT)
        options.similarity = 1;
    WEFT_TRY(weft_duplicates_find(&found, &data, &options, context));
    for (size_t g = 0; g < weft_duplicates_count(found); g++) {
        const weft_duplicate_group *group = weft_duplicates_group(found, g);
        uint32_t first = 0;
        for (size_t i = 0; i < group->count; i++) {
            uint32_t picture = group->pictures[i].index;
            if (group->pictures[i].split != WEFT_SPLIT_TRAIN)
                picture += (uint32_t)catalogue->count;
            first = i == 0 ? picture : first;
            join(item, first, picture);
        }
    }
    weft_duplicates_free(found);
    return WEFT_OK;
}

/* ---- numbers and names that agree ---- */

/* What pictures of one item have in common; of one kind, all texts or all numbers. */
struct key {
    const char *text; /* NULL: the number tells */
    size_t length;
    uint32_t number, picture;
};

static int compare_keys(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    if (!x->text)
        return x->number < y->number ? -1 : x->number > y->number;
    size_t shorter = x->length < y->length ? x->length : y->length;
    int order = memcmp(x->text, y->text, shorter);
    return order ? order : x->length < y->length ? -1 : x->length > y->length;
}

static void join_equal(uint32_t *item, struct key *keys, size_t count)
{
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 1; i < count; i++)
        if (compare_keys(&keys[i - 1], &keys[i]) == 0)
            join(item, keys[i - 1].picture, keys[i].picture);
}

static weft_status join_groups(uint32_t *item, const weft_dataset *d, const char *path)
{
    uint32_t *groups;
    struct key *keys;
    WEFT_TRY(weft_groups_load(&groups, d, path));
    weft_status status = weft__alloc(&keys, d->count, sizeof *keys, "groups of pictures");
    if (status == WEFT_OK) {
        for (uint32_t i = 0; i < d->count; i++)
            keys[i] = (struct key){.number = groups[i], .picture = i};
        join_equal(item, keys, d->count);
        free(keys);
    }
    free(groups);
    return status;
}

/* The file's path up to the last of the characters `ends`, in its last part; without one
 * the whole name stands alone. */
static size_t item_length(const char *path, const char *ends)
{
    const char *name = strrchr(path, '/'), *end = NULL;
    for (const char *at = name ? name + 1 : path; *at; at++)
        if (strchr(ends, *at) && at > (name ? name + 1 : path))
            end = at;
    return end ? (size_t)(end - path) : strlen(path);
}

static weft_status join_names(uint32_t *item, const weft_dataset *d, const char *ends)
{
    struct key *keys;
    if (!d->path_at)
        return weft_fail(WEFT_EINVAL,
            "item-ends=%s: these pictures are no files, so no name tells their item", ends);
    WEFT_TRY(weft__alloc(&keys, d->count, sizeof *keys, "file names"));
    for (uint32_t i = 0; i < d->count; i++) {
        const char *path = d->paths + d->path_at[i];
        keys[i] =
            (struct key){.text = path, .length = item_length(path, ends), .picture = i};
    }
    join_equal(item, keys, d->count);
    free(keys);
    return WEFT_OK;
}

/* ---- all ---- */

static weft_status join_all(uint32_t *item, const weft_dataset *catalogue,
    const weft_dataset *others, const weft_similar_options *options, weft_context *context)
{
    if (options->same != WEFT_SAME_NONE)
        WEFT_TRY(join_copies(item, catalogue, others, (weft_same)options->same, context));
    if (options->groups)
        WEFT_TRY(join_groups(item, catalogue, options->groups));
    if (options->item_ends && *options->item_ends)
        WEFT_TRY(join_names(item, catalogue, options->item_ends));
    return WEFT_OK;
}

weft_status weft__items(uint32_t **out, const weft_dataset *catalogue,
    const weft_dataset *others, const weft_similar_options *options, weft_context *context)
{
    uint32_t *item;
    size_t total = catalogue->count + (others ? others->count : 0);
    if (total >= UINT32_MAX)
        return weft_fail(WEFT_EINVAL, "%zu pictures to compare: expected at most %u", total,
            UINT32_MAX - 1);
    WEFT_TRY(weft__alloc(&item, total, sizeof *item, "items"));
    for (size_t i = 0; i < total; i++)
        item[i] = (uint32_t)i;
    weft_status status = join_all(item, catalogue, others, options, context);
    if (status != WEFT_OK) {
        free(item);
        return status;
    }
    for (size_t i = 0; i < total; i++)
        item[i] = root_of(item, (uint32_t)i);
    *out = item;
    return WEFT_OK;
}
