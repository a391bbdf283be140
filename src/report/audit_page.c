/* The folder of an audit: its contact sheet as a page, its figures as JSON, its pictures
 * and its fix list as CSV. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "core/file.h"
#include "core/folder.h"
#include "data/describe.h"
#include "data/origins.h"
#include "report/gallery.h"
#include "report/page.h"

enum {
    SIDE = 64,
    BUDGET = 4500000, /* bytes of pictures before they are compressed */
    LABELS = 300,
    LOOKS = 48, /* of each suspicion */
    GROUPS = 40,
    OF_A_GROUP = 6,
    LISTED = 100, /* overlaps of the page's copy of the JSON */
};

struct page {
    const weft_audit *a;
    size_t views[WEFT__SPLITS]; /* a split's number among the gallery's views */
    weft__gallery gallery;
};

/* Where the picture is, or null. */
static weft_status show(struct page *p, weft_split split, size_t index, json_t **out)
{
    int place;
    WEFT_TRY(weft__gallery_add(&p->gallery, p->views[split], index, &place));
    *out = place < 0 ? json_null() : json_integer(place);
    return WEFT_OK;
}

/* A training picture with all that is said of it. */
static weft_status push_picture(struct page *p, size_t i, json_t *to)
{
    const weft_audit *a = p->a;
    const weft_audited *x = &a->pictures[i];
    double other = (double)a->probabilities[i * a->train->classes + x->suggested];
    char name[WEFT__ORIGIN];
    json_t *place;
    WEFT_TRY(show(p, WEFT_SPLIT_TRAIN, i, &place));
    json_t *json =
        json_pack("{s:o, s:o, s:i, s:i, s:f, s:f, s:i, s:i, s:f}", "place", place,
            "picture", weft__json_name(weft__audit_picture(a, WEFT_SPLIT_TRAIN, i, name)),
            "label", (int)x->label, "suggested", (int)x->suggested, "given",
            (double)x->given, "other", other, "rank", (int)x->rank, "predicted",
            (int)x->predicted, "likeliest", (double)x->likeliest);
    if (!json || json_array_append_new(to, json))
        return weft_fail(WEFT_ENOMEM, "no memory for a page");
    return WEFT_OK;
}

static weft_status show_labels(struct page *p, json_t *page)
{
    json_t *labels = json_array();
    json_object_set_new(page, "labels", labels);
    for (size_t r = 0; r < p->a->train->count && json_array_size(labels) < LABELS; r++)
        if (weft__suspected(&p->a->pictures[p->a->order[r]], WEFT_SUSPECT_LABEL))
            WEFT_TRY(push_picture(p, p->a->order[r], labels));
    return WEFT_OK;
}

static weft_status show_looks(struct page *p, json_t *page)
{
    json_t *looks = json_object();
    json_object_set_new(page, "looks", looks);
    for (int s = WEFT_SUSPECT_OUTLIER; s < WEFT_SUSPICIONS; s++) {
        json_t *list = json_array();
        json_object_set_new(looks, weft_suspicion_name((weft_suspicion)s), list);
        for (size_t i = 0; i < p->a->train->count && json_array_size(list) < LOOKS; i++)
            if (weft__suspected(&p->a->pictures[i], (weft_suspicion)s))
                WEFT_TRY(push_picture(p, i, list));
    }
    return WEFT_OK;
}

static weft_status show_group(
    struct page *p, const weft_duplicate_group *group, json_t *groups)
{
    json_t *places = json_array();
    if (json_array_append_new(groups, places))
        return weft_fail(WEFT_ENOMEM, "no memory for a page");
    for (size_t i = 0; i < group->count && i < OF_A_GROUP; i++) {
        json_t *place;
        WEFT_TRY(show(p, group->pictures[i].split, group->pictures[i].index, &place));
        json_array_append_new(places, place);
    }
    return WEFT_OK;
}

/* Places alone: the rest is in the results' groups, in the same order. */
static weft_status show_groups(struct page *p, json_t *page)
{
    json_t *groups = json_array();
    json_object_set_new(page, "groups", groups);
    for (size_t g = 0; g < weft_duplicates_count(p->a->copies) && g < GROUPS; g++)
        WEFT_TRY(show_group(p, weft_duplicates_group(p->a->copies, g), groups));
    return WEFT_OK;
}

static weft_status begin_gallery(struct page *p)
{
    weft_view views[WEFT__SPLITS];
    size_t count = 0;
    for (int s = 0; s < WEFT__SPLITS; s++)
        if (p->a->splits[s]) {
            p->views[s] = count;
            views[count++] = weft_view_all(p->a->splits[s]);
        }
    return weft__gallery_begin(&p->gallery, views, count, SIDE, BUDGET);
}

static weft_status fill(struct page *p, json_t *page)
{
    static weft_status (*const parts[])(struct page *, json_t *) = {
        show_labels, show_groups, show_looks};
    json_t *json;
    WEFT_TRY(weft__audit_json(&json, p->a, LISTED));
    json_object_set_new(page, "results", json);
    WEFT_TRY(begin_gallery(p));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        WEFT_TRY(parts[i](p, page));
    WEFT_TRY(weft__gallery_json(&json, &p->gallery));
    json_object_set_new(page, "pictures", json);
    return WEFT_OK;
}

static weft_status write_page(const char *path, const weft_audit *audit)
{
    struct page p = {.a = audit};
    json_t *page = json_object();
    weft_status status = fill(&p, page);
    if (status == WEFT_OK)
        status = weft__page_write(path, "audit", page);
    weft__gallery_clear(&p.gallery);
    json_decref(page);
    return status;
}

static weft_status write_text(const char *path, const weft_audit *audit,
    weft_status (*make)(char **out, const weft_audit *audit))
{
    char *text;
    WEFT_TRY(make(&text, audit));
    weft_status status = weft__file_write(path, text, strlen(text));
    free(text);
    return status;
}

static weft_status fill_folder(const char *folder, const weft_audit *audit)
{
    static const struct {
        const char *name;
        weft_status (*make)(char **out, const weft_audit *audit);
    } files[] = {{"audit.json", weft_audit_json}, {"pictures.csv", weft_audit_pictures_csv},
        {"fixes.csv", weft_audit_fixes_csv}, {"audit.html", NULL}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path;
        WEFT_TRY(weft__path_join(&path, folder, files[i].name));
        weft_status status = files[i].make ? write_text(path, audit, files[i].make)
                                           : write_page(path, audit);
        free(path);
        WEFT_TRY(status);
    }
    return WEFT_OK;
}

weft_status weft_audit_save(const char *folder, const weft_audit *audit)
{
    weft__folder_writer writer;
    WEFT_TRY(weft__folder_begin(&writer, folder));
    weft_status status = fill_folder(writer.temporary, audit);
    if (status == WEFT_OK)
        status = weft__folder_commit(&writer, false);
    weft__folder_abandon(&writer);
    return status;
}
