/* Folders of pictures: SPLIT/CLASS/picture, or CLASS/picture, which is all train.
 *
 * A class is a folder's whole name, in which %2F, %25 and %2E stand for a slash, a percent
 * sign and a dot. Classes are in bytewise order of their folders, or in that of
 * class-names.txt beside them, which then has a line for each. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/events.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/team.h"
#include "core/text.h"
#include "data/cache.h"
#include "data/class_folder.h"
#include "data/dataset.h"
#include "data/listing.h"
#include "data/loader.h"
#include "data/picture.h"

/* Photos become this size where none is asked for; pictures that all are of one size up to
 * it stay as they are. */
enum { STANDARD_SIDE = 64 };

static const char *const aliases[WEFT__SPLITS][4] = {
    {"train", "training"},
    {"validation", "val", "valid", "dev"},
    {"test", "testing"},
};

typedef struct folder_set {
    const char *where;
    weft_load_options options;
    weft_context *context;
    char *split[WEFT__SPLITS]; /* each split's folder, or NULL */
    char **folders;            /* of the classes in train, bytewise */
    uint16_t *place;           /* the class that each of them is */
    char **names;              /* the classes' names, in their order */
    size_t classes;
    weft__listing listing[WEFT__SPLITS];
    size_t hidden;
} folder_set;

static void folder_set_clear(folder_set *set)
{
    for (int s = 0; s < WEFT__SPLITS; s++) {
        free(set->split[s]);
        weft__listing_clear(&set->listing[s]);
    }
    weft__class_names_free(set->folders, set->classes);
    weft__class_names_free(set->names, set->classes);
    free(set->place);
}

/* Which split a folder of this name is, or -1. */
static int split_called(const char *name)
{
    for (int s = 0; s < WEFT__SPLITS; s++)
        for (int a = 0; a < 4 && aliases[s][a]; a++)
            if (!strcasecmp(name, aliases[s][a]))
                return s;
    return -1;
}

/* Takes the splits' folders; without any, the whole is train. */
static weft_status find_splits(folder_set *set)
{
    char **names;
    size_t count;
    WEFT_TRY(weft__list_folders(&names, &count, &set->hidden, set->where));
    weft_status status = WEFT_OK;
    size_t others = 0, splits = 0;
    for (size_t i = 0; status == WEFT_OK && i < count; i++) {
        int s = split_called(names[i]);
        if (s < 0)
            others++;
        else if (set->split[s])
            status = weft_fail(WEFT_EFORMAT,
                "%s: both %s and %s are there: expected one %s", set->where,
                strrchr(set->split[s], '/') + 1, names[i], weft__split_names[s]);
        else
            status = weft__path_join(&set->split[s], set->where, names[i]);
        splits += s >= 0;
    }
    if (status == WEFT_OK && splits == 0)
        status = weft__strdup(&set->split[WEFT__TRAIN], set->where);
    else if (status == WEFT_OK && !set->split[WEFT__TRAIN])
        status = weft_fail(WEFT_EFORMAT, "%s: holds %s but no train folder", set->where,
            set->split[WEFT__TEST] ? "test" : "validation");
    else if (status == WEFT_OK && others)
        weft__note(set->context,
            "%s: %zu folders beside train, validation and test left out", set->where,
            others);
    weft__class_names_free(names, count);
    return status;
}

/* What a class is called, and the folder that holds it. */
struct called {
    char *name; /* owned */
    size_t folder;
};

static int compare_called(const void *a, const void *b)
{
    return strcmp(((const struct called *)a)->name, ((const struct called *)b)->name);
}

/* Gives each folder its place in class-names.txt: every folder has one line there, every
 * line one folder. `called` is in order of names. */
static weft_status place_by_list(folder_set *set, const struct called *called)
{
    for (size_t c = 0; c < set->classes; c++)
        set->place[c] = WEFT_MAX_CLASSES;
    for (size_t c = 0; c < set->classes; c++) {
        struct called wanted = {set->names[c], 0};
        const struct called *found =
            bsearch(&wanted, called, set->classes, sizeof *called, compare_called);
        if (!found || set->place[found->folder] != WEFT_MAX_CLASSES)
            return weft_fail(WEFT_EFORMAT, "%s/class-names.txt: line %zu: '%s' %s of train",
                set->where, c + 1, set->names[c],
                found ? "has come before, with the folder" : "is no folder");
        set->place[found->folder] = (uint16_t)c;
    }
    return WEFT_OK;
}

static weft_status place_classes(folder_set *set, struct called *called)
{
    size_t listed;
    for (size_t c = 0; c < set->classes; c++) {
        called[c].folder = c;
        WEFT_TRY(weft__class_from_folder(&called[c].name, set->folders[c]));
    }
    WEFT_TRY(weft__class_names_read(&set->names, &listed, set->where));
    if (set->names && listed != set->classes) {
        weft__class_names_free(set->names, listed);
        set->names = NULL;
        return weft_fail(WEFT_EFORMAT,
            "%s/class-names.txt: %zu names for %zu class folders", set->where, listed,
            set->classes);
    }
    if (set->names) {
        qsort(called, set->classes, sizeof *called, compare_called);
        return place_by_list(set, called);
    }
    WEFT_TRY(weft__calloc(&set->names, set->classes, sizeof *set->names, "class names"));
    for (size_t c = 0; c < set->classes; c++) {
        set->place[c] = (uint16_t)c;
        set->names[c] = called[c].name;
        called[c].name = NULL;
    }
    return WEFT_OK;
}

static weft_status find_classes(folder_set *set)
{
    const char *train = set->split[WEFT__TRAIN];
    struct called *called;
    WEFT_TRY(weft__list_folders(&set->folders, &set->classes, &set->hidden, train));
    if (set->classes == 0)
        return weft_fail(WEFT_EFORMAT, "%s: holds no class folder", train);
    if (set->classes > WEFT_MAX_CLASSES)
        return weft_fail(WEFT_EFORMAT, "%s: %zu class folders: expected at most %d", train,
            set->classes, WEFT_MAX_CLASSES);
    WEFT_TRY(weft__alloc(&set->place, set->classes, sizeof *set->place, "class names"));
    WEFT_TRY(weft__calloc(&called, set->classes, sizeof *called, "class names"));
    weft_status status = place_classes(set, called);
    for (size_t c = 0; c < set->classes; c++)
        free(called[c].name);
    free(called);
    return status;
}

static weft_status check_known(const folder_set *set, const char *folder)
{
    char **names;
    size_t count, hidden = 0;
    WEFT_TRY(weft__list_folders(&names, &count, &hidden, folder));
    weft_status status = WEFT_OK;
    for (size_t i = 0, c = 0; status == WEFT_OK && i < count; i++) {
        while (c < set->classes && strcmp(set->folders[c], names[i]) < 0)
            c++;
        if (c == set->classes || strcmp(set->folders[c], names[i]))
            status = weft_fail(WEFT_EFORMAT, "%s/%s: there is no such class in %s", folder,
                names[i], set->split[WEFT__TRAIN]);
    }
    weft__class_names_free(names, count);
    return status;
}

static weft_status list(folder_set *set)
{
    for (int s = 0; s < WEFT__SPLITS; s++) {
        if (!set->split[s])
            continue;
        weft__listing *l = &set->listing[s];
        if (s != WEFT__TRAIN)
            WEFT_TRY(check_known(set, set->split[s]));
        WEFT_TRY(weft__list_files(l, set->split[s], set->folders, set->classes));
        for (size_t i = 0; i < l->count; i++)
            l->items[i].label = set->place[l->items[i].label];
        WEFT_TRY(weft__listing_limit(l, set->classes, set->options.limit));
        set->hidden += l->hidden;
    }
    if (set->hidden)
        weft__note(set->context, "%s: %zu hidden files left out", set->where, set->hidden);
    return WEFT_OK;
}

/* Looking at headers: are all pictures of one small size? */
struct survey {
    const weft__listing *listing;
    weft_shape first;
    atomic_bool differ, colour;
};

/* *readable is false when it is no picture; reading it later will say so. */
static weft_status probe(
    weft_shape *shape, bool *readable, const weft__listing *listing, size_t i)
{
    char *path;
    uint8_t *bytes = NULL;
    size_t size;
    WEFT_TRY(weft__path_join(
        &path, listing->folder, listing->text.data + listing->items[i].path));
    weft_status status = weft__picture_bytes(path, &bytes, &size);
    if (status == WEFT_OK)
        status = weft__picture_probe(shape, path, bytes, size);
    free(bytes);
    free(path);
    *readable = status == WEFT_OK;
    return status == WEFT_ENOMEM ? status : WEFT_OK;
}

static weft_status survey_chunk(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    struct survey *s = arg;
    for (size_t i = begin; i < end && !atomic_load(&s->differ); i++) {
        weft_shape shape;
        bool readable;
        WEFT_TRY(probe(&shape, &readable, s->listing, i));
        if (!readable)
            continue;
        if (shape.height != s->first.height || shape.width != s->first.width)
            atomic_store(&s->differ, true);
        if (shape.channels == 3)
            atomic_store(&s->colour, true);
    }
    return WEFT_OK;
}

static weft_status choose_shape(weft_shape *shape, const folder_set *set)
{
    const weft_load_options *o = &set->options;
    struct survey s = {.listing = &set->listing[WEFT__TRAIN]};
    bool readable = false;
    uint32_t side = o->photo_side ? o->photo_side : STANDARD_SIDE;
    *shape = (weft_shape){side, side, 3};
    if (!o->height || !o->width || !o->channels) {
        for (size_t i = 0; i < s.listing->count && !readable; i++)
            WEFT_TRY(probe(&s.first, &readable, s.listing, i));
        if (readable && s.first.height <= STANDARD_SIDE && s.first.width <= STANDARD_SIDE) {
            WEFT_TRY(weft__parallel(
                set->context, s.listing->count, 64, survey_chunk, &s, NULL, NULL));
            if (!atomic_load(&s.differ))
                *shape = (weft_shape){
                    s.first.height, s.first.width, atomic_load(&s.colour) ? 3 : 1};
        }
    }
    if (o->height || o->width) {
        shape->height = o->height ? o->height : o->width;
        shape->width = o->width ? o->width : o->height;
    }
    if (o->channels)
        shape->channels = o->channels;
    else if (o->fit == WEFT_FIT_PRODUCT)
        shape->channels = 1;
    return WEFT_OK;
}

static weft_status make_key(
    weft__cache_key *key, const weft__listing *listing, const weft_load_options *o)
{
    char *place = realpath(listing->folder, NULL);
    if (!place)
        return weft_fail(WEFT_EIO, "%s: cannot be looked up", listing->folder);
    weft__digest digest;
    weft__digest_begin(&digest);
    weft__digest_add(&digest, place, strlen(place) + 1);
    free(place);
    const uint64_t how[] = {o->height, o->width, o->channels, o->photo_side,
        (uint64_t)o->fit, o->background, o->limit};
    for (size_t i = 0; i < sizeof how / sizeof *how; i++)
        weft__digest_add_u64(&digest, how[i]);
    weft__digest inner = digest;
    weft__digest_end(&digest, key->place);
    /* Another version may decode differently. */
    weft__digest_add(&inner, WEFT_VERSION, sizeof WEFT_VERSION);
    weft__listing_digest(listing, &inner);
    weft__digest_end(&inner, key->content);
    return WEFT_OK;
}

/* A dataset with labels and paths, and a first guess at its shape. */
static weft_status describe(weft_dataset **out, const folder_set *set, int split)
{
    const weft__listing *l = &set->listing[split];
    uint32_t channels = set->options.fit == WEFT_FIT_PRODUCT ? 1 : 3;
    weft_recipe recipe = {{STANDARD_SIDE, STANDARD_SIDE, channels}, set->options.fit,
        set->options.background};
    weft_dataset *d;
    WEFT_TRY(weft__dataset_describe(
        &d, &recipe, l->count, set->classes, (const char *const *)set->names));
    weft_status status = weft__strdup(&d->source, l->folder);
    if (status == WEFT_OK)
        status = weft__alloc(&d->path_at, l->count, sizeof *d->path_at, "file names");
    if (status == WEFT_OK)
        status = weft__alloc(&d->paths, l->text.length, 1, "file names");
    if (status != WEFT_OK) {
        weft_dataset_free(d);
        return status;
    }
    for (size_t i = 0; i < l->count; i++) {
        d->labels[i] = l->items[i].label;
        d->path_at[i] = l->items[i].path;
    }
    if (l->text.length)
        memcpy(d->paths, l->text.data, l->text.length);
    *out = d;
    return WEFT_OK;
}

/* Pixels from the cache, or from the files and then into the cache. */
static weft_status fill(
    weft_dataset *d, folder_set *set, int split, const weft__cache_key *key, char **reasons)
{
    bool cached = !set->options.no_cache, hit = false;
    size_t listed = d->count;
    if (cached)
        WEFT_TRY(weft__cache_find(&hit, d, reasons, key));
    if (!hit) {
        char task[256];
        snprintf(task, sizeof task, "reading %s", set->split[split]);
        WEFT_TRY(choose_shape(&d->recipe.shape, set));
        WEFT_TRY(weft__read_pictures(d, reasons, task, set->context));
    }
    WEFT_TRY(weft__leave_out(d, reasons, set->context));
    if (cached && !hit && d->count)
        weft__cache_keep(d, reasons, listed, key, set->context);
    return WEFT_OK;
}

static weft_status check_left(const weft_dataset *d, const folder_set *set, int split)
{
    const char *reason = d->skipped_count ? d->skipped[0].reason : "its folders are empty";
    if (d->count == 0)
        return weft_fail(
            WEFT_EFORMAT, "%s: no picture that can be read: %s", set->split[split], reason);
    if (split != WEFT__TRAIN)
        return WEFT_OK;
    size_t *members;
    WEFT_TRY(weft__calloc(&members, set->classes, sizeof *members, "class sizes"));
    for (size_t i = 0; i < d->count; i++)
        members[d->labels[i]]++;
    weft_status status = WEFT_OK;
    for (size_t c = 0; status == WEFT_OK && c < set->classes; c++)
        if (!members[c])
            status = weft_fail(WEFT_EFORMAT, "%s: no picture of class %s that can be read",
                set->split[split], set->names[c]);
    free(members);
    return status;
}

static weft_status load_split(weft_dataset **out, folder_set *set, int split)
{
    weft__cache_key key;
    weft_dataset *d;
    char **reasons;
    size_t listed = set->listing[split].count;
    WEFT_TRY(make_key(&key, &set->listing[split], &set->options));
    WEFT_TRY(describe(&d, set, split));
    weft_status status = weft__calloc(&reasons, listed, sizeof *reasons, "messages");
    if (status == WEFT_OK) {
        status = fill(d, set, split, &key, reasons);
        for (size_t i = 0; i < listed; i++)
            free(reasons[i]);
        free(reasons);
    }
    if (status == WEFT_OK)
        status = check_left(d, set, split);
    if (status != WEFT_OK) {
        weft_dataset_free(d);
        return status;
    }
    *out = d;
    return WEFT_OK;
}

static weft_status load_all(weft_data *out, folder_set *set)
{
    WEFT_TRY(find_splits(set));
    WEFT_TRY(find_classes(set));
    WEFT_TRY(list(set));
    WEFT_TRY(load_split(&out->train, set, WEFT__TRAIN));
    /* The others get train's shape. */
    weft_shape shape = out->train->recipe.shape;
    set->options.height = shape.height;
    set->options.width = shape.width;
    set->options.channels = shape.channels;
    if (set->split[WEFT__VALIDATION])
        WEFT_TRY(load_split(&out->validation, set, WEFT__VALIDATION));
    if (set->split[WEFT__TEST]) {
        weft_dataset *test;
        WEFT_TRY(load_split(&test, set, WEFT__TEST));
        WEFT_TRY(weft__test_create(&out->test, test));
    }
    return WEFT_OK;
}

static weft_status load(weft_data *out, const char *where, const weft_load_options *options,
    weft_context *context)
{
    folder_set set = {.where = where, .options = *options, .context = context};
    weft_status status = load_all(out, &set);
    folder_set_clear(&set);
    return status;
}

static bool recognise(const char *where)
{
    return weft__has_folder(where);
}

const weft__loader weft__folder_loader = {recognise, load};
