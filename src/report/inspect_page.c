/* An inspection as files: panels, inspect.json and a page. */
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/folder.h"
#include "core/mem.h"
#include "eval/evaluation.h"
#include "report/gallery.h"
#include "report/page.h"
#include "weft/explain.h"
#include "weft/inspect.h"
#include "weft/picture.h"

enum { PANEL_SIDE = 168, PANELS_BUDGET = 9000000 };

struct saving {
    const weft_inspection *found;
    const char *folder;
    weft_shape shape, panel;
    uint32_t zoom;
    uint8_t *pixels; /* a panel */
    uint32_t *order; /* pictures, the worst first */
    weft__gallery gallery;
    json_t *json; /* inspect.json */
};

struct ranked {
    float score;
    uint32_t at;
};

static int worst_first(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    return (x->at > y->at) - (x->at < y->at);
}

static weft_status rank(struct saving *s)
{
    size_t count = s->found->view->count;
    struct ranked *all;
    WEFT_TRY(weft__calloc(&s->order, count, sizeof *s->order, "an order"));
    WEFT_TRY(weft__calloc(&all, count, sizeof *all, "an order"));
    for (size_t i = 0; i < count; i++)
        all[i] = (struct ranked){s->found->scores[i], (uint32_t)i};
    qsort(all, count, sizeof *all, worst_first);
    for (size_t i = 0; i < count; i++)
        s->order[i] = all[i].at;
    free(all);
    return WEFT_OK;
}

/* A gallery wants a view of the shape that its pictures have. */
static weft_status begin(struct saving *s)
{
    uint32_t longest = s->shape.height > s->shape.width ? s->shape.height : s->shape.width;
    s->zoom = longest < PANEL_SIDE ? PANEL_SIDE / longest : 1;
    s->panel = weft_explain_panel_shape(s->shape, s->zoom);
    WEFT_TRY(weft__calloc(&s->pixels, weft_shape_bytes(s->panel), 1, "a panel"));
    weft_dataset *blank;
    WEFT_TRY(weft_dataset_create(&blank, s->panel, 1, s->pixels, NULL, 0, NULL));
    weft_view view = weft_view_all(blank);
    weft_status status =
        weft__gallery_begin(&s->gallery, &view, 1, s->panel.width, PANELS_BUDGET);
    weft_dataset_free(blank);
    return status;
}

static weft_status save_panel(struct saving *s, size_t n, size_t i, json_t *entry)
{
    size_t pixels = (size_t)s->shape.height * s->shape.width;
    char file[64], *path;
    int place;
    WEFT_TRY(weft_explain_panel(s->pixels, s->found->maps + i * pixels,
        weft_view_pixels(s->found->view, i), s->shape, s->zoom));
    snprintf(file, sizeof file, "picture-%04zu.png", n + 1);
    WEFT_TRY(weft__path_join(&path, s->folder, file));
    weft_status status = weft_picture_write_png(path, s->pixels, s->panel);
    free(path);
    WEFT_TRY(status);
    WEFT_TRY(weft__gallery_add_made(&s->gallery, s->pixels, s->panel, file, &place));
    json_object_set_new(entry, "panel", json_string(file));
    json_object_set_new(entry, "place", place < 0 ? json_null() : json_integer(place));
    return WEFT_OK;
}

static weft_status save_pictures(struct saving *s)
{
    const weft_inspection *found = s->found;
    char origin[4096];
    json_t *list = json_array();
    size_t failed = 0;
    for (size_t i = 0; i < found->view->count; i++)
        failed += found->scores[i] > 1;
    s->json =
        json_pack("{s:I, s:I, s:f, s:s?, s:o}", "count", (json_int_t)found->view->count,
            "failed", (json_int_t)failed, "reject", weft_inspector_reject(found->inspector),
            "command", found->command, "pictures", list);
    if (!s->json)
        return weft_fail(WEFT_ENOMEM, "no memory for a page");
    for (size_t n = 0; n < found->view->count; n++) {
        size_t i = s->order[n];
        weft_dataset_origin(
            found->view->data, weft_view_at(found->view, i), origin, sizeof origin);
        json_t *entry = json_pack("{s:o, s:b, s:f}", "picture", weft__json_text(origin),
            "pass", !(found->scores[i] > 1), "score", (double)found->scores[i]);
        if (!entry || json_array_append_new(list, entry))
            return weft_fail(WEFT_ENOMEM, "no memory for a page");
        if (n < found->pictures)
            WEFT_TRY(save_panel(s, n, i, entry));
    }
    return WEFT_OK;
}

static weft_status write_json(struct saving *s)
{
    char *path, *text = json_dumps(s->json, JSON_INDENT(2));
    if (!text)
        return weft_fail(WEFT_ENOMEM, "no memory for inspect.json");
    weft_status status = weft__path_join(&path, s->folder, "inspect.json");
    if (status == WEFT_OK) {
        status = weft__file_write(path, text, strlen(text));
        free(path);
    }
    free(text);
    return status;
}

static weft_status write_page(struct saving *s)
{
    json_t *sheet;
    char *path;
    WEFT_TRY(weft__gallery_json(&sheet, &s->gallery));
    json_t *page = json_pack("{s:O, s:o}", "results", s->json, "pictures", sheet);
    if (!page)
        return weft_fail(WEFT_ENOMEM, "no memory for a page");
    weft_status status = weft__path_join(&path, s->folder, "inspect.html");
    if (status == WEFT_OK) {
        status = weft__page_write(path, "inspect", page);
        free(path);
    }
    json_decref(page);
    return status;
}

static weft_status fill_folder(const char *folder, const weft_inspection *found)
{
    struct saving s = {.found = found,
        .folder = folder,
        .shape = weft_inspector_recipe(found->inspector).shape};
    static weft_status (*const steps[])(struct saving *) = {
        begin, rank, save_pictures, write_json, write_page};
    weft_status status = WEFT_OK;
    for (size_t i = 0; status == WEFT_OK && i < sizeof steps / sizeof *steps; i++)
        status = steps[i](&s);
    weft__gallery_clear(&s.gallery);
    free(s.pixels);
    free(s.order);
    json_decref(s.json);
    return status;
}

weft_status weft_inspection_save(const char *folder, const weft_inspection *inspection)
{
    weft__folder_writer writer;
    WEFT_TRY(weft__folder_begin(&writer, folder));
    weft_status status = fill_folder(writer.temporary, inspection);
    if (status == WEFT_OK)
        status = weft__folder_commit(&writer, false);
    weft__folder_abandon(&writer);
    return status;
}
