/* The page of an exploration: its figures, and two sheets of pictures, one to look at and
 * one of small ones for the scatter. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/folder.h"
#include "core/mem.h"
#include "data/dataset.h"
#include "explore/exploration.h"
#include "report/gallery.h"
#include "report/page.h"

enum { LARGE_SIDE = 48, SMALL_SIDE = 24, WHOLE_SIDE = 32 };
/* Bytes before compression. With Plotly's 1.4 MB, and a third more as text, the page stays
 * under 10 MB even where pictures cannot be compressed at all. */
enum { LARGE_BUDGET = 2800000, SMALL_BUDGET = 2600000 };
enum { GROUPS = 20, OF_A_GROUP = 8, COMPONENTS = 12, CLASSES = 100 };

struct page {
    const weft_exploration *e;
    size_t views[WEFT__SPLITS]; /* a split's number among the galleries' views */
    weft__gallery large, small;
    uint8_t *made; /* one picture, of the training split's shape */
};

static json_t *place_json(int place)
{
    return place < 0 ? json_null() : json_integer(place);
}

/* Appends the picture's place to `to`. */
static weft_status show(weft__gallery *gallery, size_t view, size_t at, json_t *to)
{
    int place;
    WEFT_TRY(weft__gallery_add(gallery, view, at, &place));
    (void)json_array_append_new(to, place_json(place));
    return WEFT_OK;
}

static weft_status show_made(
    struct page *p, weft_shape shape, const char *what, const char *of, json_t *to)
{
    char origin[512];
    int place;
    snprintf(origin, sizeof origin, "%s%s", what, of);
    WEFT_TRY(weft__gallery_add_made(&p->large, p->made, shape, origin, &place));
    (void)json_array_append_new(to, place_json(place));
    return WEFT_OK;
}

/* Mean and spread of every class; all spreads on one scale. */
static weft_status show_means(struct page *p, json_t *page)
{
    const weft_exploration *e = p->e;
    const weft_dataset *train = e->splits[WEFT__TRAIN];
    size_t dims = weft_shape_bytes(train->recipe.shape);
    json_t *means = json_array(), *spreads = json_array();
    double widest = 0;
    json_object_set_new(page, "means", means);
    json_object_set_new(page, "spreads", spreads);
    for (size_t i = 0; i < train->classes * dims; i++)
        widest = fmax(widest, e->pixels.spread[i]);
    for (size_t c = 0; c < train->classes && c < CLASSES; c++) {
        const char *name = train->class_names[c];
        for (size_t i = 0; i < dims; i++)
            p->made[i] = (uint8_t)lrint(e->pixels.mean[c * dims + i]);
        WEFT_TRY(show_made(p, train->recipe.shape, "mean of ", name, means));
        for (size_t i = 0; i < dims; i++)
            p->made[i] = widest > 0
                             ? (uint8_t)lrint(255 * e->pixels.spread[c * dims + i] / widest)
                             : 0;
        WEFT_TRY(show_made(p, train->recipe.shape, "spread of ", name, spreads));
    }
    json_object_set_new(page, "widest", json_real(widest));
    return WEFT_OK;
}

/* Components as pictures: 0 is middle grey, the largest element black or white. */
static weft_status show_components(struct page *p, json_t *page)
{
    const weft__space *space = &p->e->space;
    json_t *components = json_array();
    json_object_set_new(page, "components", components);
    if (!space->pca)
        return WEFT_OK;
    const weft_dataset *seen = space->scaled ? space->scaled : p->e->splits[WEFT__TRAIN];
    for (size_t k = 0; k < COMPONENTS && k < weft_pca_count(space->pca); k++) {
        const float *component = weft_pca_component(space->pca, k);
        float largest = 0;
        char number[32];
        for (size_t i = 0; i < weft_pca_dims(space->pca); i++)
            largest = fmaxf(largest, fabsf(component[i]));
        for (size_t i = 0; i < weft_pca_dims(space->pca); i++)
            p->made[i] = (uint8_t)lrintf(
                127.5f + (largest > 0 ? 127.5f * component[i] / largest : 0));
        snprintf(number, sizeof number, "%zu", k + 1);
        WEFT_TRY(
            show_made(p, seen->recipe.shape, "principal component ", number, components));
    }
    return WEFT_OK;
}

static weft_status show_samples(struct page *p, json_t *page)
{
    const weft__samples *s = &p->e->samples;
    json_t *first = json_array(), *random = json_array();
    json_object_set_new(page, "first", first);
    json_object_set_new(page, "random", random);
    for (size_t c = 0; c < p->e->splits[WEFT__TRAIN]->classes && c < CLASSES; c++) {
        json_t *of_first = json_array(), *of_random = json_array();
        json_array_append_new(first, of_first);
        json_array_append_new(random, of_random);
        for (size_t i = 0; i < s->counts[c]; i++) {
            WEFT_TRY(show(&p->large, 0, s->first[c][i], of_first));
            WEFT_TRY(show(&p->large, 0, s->random[c][i], of_random));
        }
    }
    return WEFT_OK;
}

static weft_status show_group(
    struct page *p, const weft_duplicate_group *group, json_t *groups)
{
    json_t *pictures = json_array();
    json_t *json = json_pack("{s:b, s:b, s:b, s:I, s:o}", "exact", group->exact, "across",
        group->across, "conflict", group->conflict, "count", (json_int_t)group->count,
        "pictures", pictures);
    if (!json || json_array_append_new(groups, json))
        return weft_fail(WEFT_ENOMEM, "no memory for a page");
    for (size_t i = 0; i < group->count && i < OF_A_GROUP; i++) {
        const weft_duplicate *d = &group->pictures[i];
        int place;
        WEFT_TRY(weft__gallery_add(&p->large, p->views[d->split], d->index, &place));
        json_array_append_new(
            pictures, json_pack("{s:o, s:s, s:I, s:i, s:f}", "place", place_json(place),
                          "split", weft_split_name(d->split), "index", (json_int_t)d->index,
                          "label", (int)d->label, "similarity", d->similarity));
    }
    return WEFT_OK;
}

static weft_status show_groups(struct page *p, json_t *page)
{
    const weft_duplicates *d = p->e->duplicates;
    json_t *groups = json_array();
    json_object_set_new(page, "groups", groups);
    for (size_t i = 0; i < weft_duplicates_count(d) && i < GROUPS; i++)
        WEFT_TRY(show_group(p, weft_duplicates_group(d, i), groups));
    return WEFT_OK;
}

/* Rounded: a thousandth of the widest is less than a pixel. */
static double rounded(float value, double unit)
{
    return unit > 0 ? round((double)value / unit * 1000) / 1000 : 0;
}

/* {"points": [[class, place, x, y, z]], "unit": what 1 stands for} */
static weft_status show_scatter(struct page *p, json_t *page)
{
    const weft__space *s = &p->e->space;
    json_t *points = json_array();
    double unit = 0;
    for (size_t i = 0; i < s->drawn_count; i++)
        for (int k = 0; k < 3; k++)
            unit = fmax(unit, fabs((double)s->places[i][k]));
    json_object_set_new(
        page, "scatter", json_pack("{s:o, s:f}", "points", points, "unit", unit));
    for (size_t i = 0; i < s->drawn_count; i++) {
        const float *at = s->places[i];
        int place;
        WEFT_TRY(weft__gallery_add(&p->small, 0, s->drawn[i], &place));
        json_array_append_new(points,
            json_pack("[i,o,f,f,f]", (int)p->e->splits[WEFT__TRAIN]->labels[s->drawn[i]],
                place_json(place), rounded(at[0], unit), rounded(at[1], unit),
                rounded(at[2], unit)));
    }
    return WEFT_OK;
}

static weft_status begin_galleries(struct page *p)
{
    weft_view views[WEFT__SPLITS];
    size_t count = 0;
    weft_shape shape = p->e->splits[WEFT__TRAIN]->recipe.shape;
    for (int s = 0; s < WEFT__SPLITS; s++)
        if (p->e->splits[s]) {
            p->views[s] = count;
            views[count++] = weft_view_all(p->e->splits[s]);
        }
    bool whole = shape.height <= WHOLE_SIDE && shape.width <= WHOLE_SIDE;
    WEFT_TRY(weft__gallery_begin(&p->large, views, count, LARGE_SIDE, LARGE_BUDGET));
    WEFT_TRY(weft__gallery_begin(
        &p->small, views, 1, whole ? WHOLE_SIDE : SMALL_SIDE, SMALL_BUDGET));
    return weft__alloc(&p->made, weft_shape_bytes(shape), 1, "a page's pictures");
}

static weft_status fill(struct page *p, json_t *page)
{
    static weft_status (*const parts[])(struct page *, json_t *) = {
        show_means, show_components, show_samples, show_groups, show_scatter};
    json_t *json;
    WEFT_TRY(weft__exploration_json(&json, p->e, 1));
    json_object_set_new(page, "results", json);
    WEFT_TRY(begin_galleries(p));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        WEFT_TRY(parts[i](p, page));
    WEFT_TRY(weft__gallery_json(&json, &p->large));
    json_object_set_new(page, "pictures", json);
    WEFT_TRY(weft__gallery_json(&json, &p->small));
    json_object_set_new(page, "thumbnails", json);
    return WEFT_OK;
}

weft_status weft_exploration_page(const char *path, const weft_exploration *exploration)
{
    struct page p = {.e = exploration};
    json_t *page = json_object();
    weft_status status = fill(&p, page);
    if (status == WEFT_OK)
        status = weft__page_write(path, "explore", page);
    weft__gallery_clear(&p.large);
    weft__gallery_clear(&p.small);
    free(p.made);
    json_decref(page);
    return status;
}

static weft_status fill_folder(const char *folder, const weft_exploration *exploration)
{
    char *path = NULL, *json = NULL;
    WEFT_TRY(weft__path_join(&path, folder, "explore.html"));
    weft_status status = weft_exploration_page(path, exploration);
    free(path);
    WEFT_TRY(status);
    WEFT_TRY(weft_exploration_json(&json, exploration));
    status = weft__path_join(&path, folder, "explore.json");
    if (status == WEFT_OK) {
        status = weft__file_write(path, json, strlen(json));
        free(path);
    }
    free(json);
    return status;
}

weft_status weft_exploration_save(const char *folder, const weft_exploration *exploration)
{
    weft__folder_writer writer;
    WEFT_TRY(weft__folder_begin(&writer, folder));
    weft_status status = fill_folder(writer.temporary, exploration);
    if (status == WEFT_OK)
        status = weft__folder_commit(&writer, false);
    weft__folder_abandon(&writer);
    return status;
}
