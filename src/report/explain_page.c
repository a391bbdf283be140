/* Explanations as files: panels, explain.json and a page. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/folder.h"
#include "core/mem.h"
#include "data/dataset.h"
#include "eval/evaluation.h"
#include "report/explain_page.h"
#include "report/page.h"
#include "weft/explain.h"
#include "weft/picture.h"

enum { PANEL_SIDE = 168, PANELS_BUDGET = 9000000 };

static void clear(weft__explain_saving *s)
{
    weft__gallery_clear(&s->panels);
    weft__gallery_clear(&s->examples);
    free(s->pixels);
    json_decref(s->json);
}

static weft_status begin(weft__explain_saving *s)
{
    uint32_t longest = s->shape.height > s->shape.width ? s->shape.height : s->shape.width;
    s->zoom = longest < PANEL_SIDE ? PANEL_SIDE / longest : 1;
    s->panel = weft_explain_panel_shape(s->shape, s->zoom);
    WEFT_TRY(weft__calloc(&s->pixels, weft_shape_bytes(s->panel), 1, "a panel"));
    s->json = json_object();
    return s->json ? WEFT_OK : weft_fail(WEFT_ENOMEM, "no memory for a page");
}

weft_status weft__explain_write_png(const weft__explain_saving *s, char file[64],
    const char *name, size_t number, const uint8_t *rgb, weft_shape shape)
{
    char *path;
    snprintf(file, 64, "%s-%04zu.png", name, number);
    if (asprintf(&path, "%s/%s", s->folder, file) < 0)
        return weft_fail(WEFT_ENOMEM, "no memory for a file name");
    weft_status status = weft_picture_write_png(path, rgb, shape);
    free(path);
    return status;
}

/* Writes a panel as NAME-NNNN.png, and *entry, an object, learns where. */
static weft_status save_panel(weft__explain_saving *s, json_t *entry, const char *name,
    size_t number, const float *map, const uint8_t *picture)
{
    char file[64];
    int place;
    WEFT_TRY(weft_explain_panel(s->pixels, map, picture, s->shape, s->zoom));
    WEFT_TRY(weft__explain_write_png(s, file, name, number, s->pixels, s->panel));
    json_object_set_new(entry, "panel", json_string(file));
    const char *origin = json_string_value(json_object_get(entry, "picture"));
    WEFT_TRY(weft__gallery_add_made(
        &s->panels, s->pixels, s->panel, origin ? origin : file, &place));
    json_object_set_new(entry, "place", place < 0 ? json_null() : json_integer(place));
    return WEFT_OK;
}

/* The picture at i of the view, the n-th that is shown. */
static weft_status picture_json(weft__explain_saving *s, size_t i, size_t n, json_t *to)
{
    const weft_explanation *e = s->e;
    size_t classes = weft_classifier_classes(e->classifier);
    size_t pixels = (size_t)s->shape.height * s->shape.width;
    const float *p = e->probabilities + i * classes;
    char origin[4096];
    size_t best = 0;
    for (size_t c = 1; c < classes; c++)
        best = p[c] > p[best] ? c : best;
    weft_dataset_origin(e->view->data, weft_view_at(e->view, i), origin, sizeof origin);
    json_t *entry =
        json_pack("{s:o, s:i, s:f, s:i, s:f}", "picture", weft__json_text(origin),
            "explained", (int)e->classes[i], "probability", (double)p[e->classes[i]],
            "predicted", (int)best, "predicted_probability", (double)p[best]);
    if (!entry || json_array_append_new(to, entry))
        return weft_fail(WEFT_ENOMEM, "no memory for a page");
    if (weft_dataset_labels(e->view->data))
        json_object_set_new(entry, "label", json_integer(weft_view_label(e->view, i)));
    WEFT_TRY(save_panel(
        s, entry, "picture", n + 1, e->maps + i * pixels, weft_view_pixels(e->view, i)));
    return weft__explain_save_evidence(s, n, entry);
}

static weft_status save_pictures(weft__explain_saving *s)
{
    const weft_explanation *e = s->e;
    json_t *list = json_array();
    json_object_set_new(s->json, "pictures", list);
    size_t shown = e->view->count < e->pictures ? e->view->count : e->pictures;
    for (size_t n = 0; n < shown; n++)
        WEFT_TRY(picture_json(s, weft_explain_spread(e->view->count, shown, n), n, list));
    return WEFT_OK;
}

/* The mean of a class's maps, each to its own largest, over the mean of its pictures. */
struct mean {
    size_t count;
    double *map, *picture;
};

static void add(struct mean *mean, const weft__explain_saving *s, size_t i)
{
    size_t pixels = (size_t)s->shape.height * s->shape.width;
    const float *map = s->e->maps + i * pixels;
    const uint8_t *picture = weft_view_pixels(s->e->view, i);
    double largest = 0;
    for (size_t p = 0; p < pixels; p++)
        largest = fmax(largest, fabs((double)map[p]));
    for (size_t p = 0; p < pixels && largest > 0; p++)
        mean->map[p] += (double)map[p] / largest;
    for (size_t p = 0; p < weft_shape_bytes(s->shape); p++)
        mean->picture[p] += picture[p];
    mean->count++;
}

static weft_status save_mean(
    weft__explain_saving *s, size_t class, struct mean *mean, float *map, uint8_t *picture)
{
    size_t pixels = (size_t)s->shape.height * s->shape.width;
    memset(mean->map, 0, pixels * sizeof *mean->map);
    memset(mean->picture, 0, weft_shape_bytes(s->shape) * sizeof *mean->picture);
    mean->count = 0;
    for (size_t i = 0; i < s->e->view->count; i++)
        if (s->e->classes[i] == class)
            add(mean, s, i);
    if (mean->count < 2)
        return WEFT_OK;
    double count = (double)mean->count;
    for (size_t p = 0; p < pixels; p++)
        map[p] = (float)(mean->map[p] / count);
    for (size_t p = 0; p < weft_shape_bytes(s->shape); p++)
        picture[p] = (uint8_t)lrint(mean->picture[p] / count);
    json_t *entry =
        json_pack("{s:i, s:I}", "class", (int)class, "count", (json_int_t)mean->count);
    if (!entry || json_array_append_new(json_object_get(s->json, "averages"), entry))
        return weft_fail(WEFT_ENOMEM, "no memory for a page");
    return save_panel(s, entry, "class", class, map, picture);
}

static weft_status save_means(weft__explain_saving *s)
{
    size_t pixels = (size_t)s->shape.height * s->shape.width;
    size_t bytes = weft_shape_bytes(s->shape);
    struct mean mean = {0};
    float *map = NULL;
    uint8_t *picture = NULL;
    json_object_set_new(s->json, "averages", json_array());
    weft_status status = weft__alloc(&mean.map, pixels, sizeof *mean.map, "a map");
    if (status == WEFT_OK)
        status = weft__alloc(&mean.picture, bytes, sizeof *mean.picture, "a picture");
    if (status == WEFT_OK)
        status = weft__alloc(&map, pixels, sizeof *map, "a map");
    if (status == WEFT_OK)
        status = weft__alloc(&picture, bytes, 1, "a picture");
    for (size_t c = 0; status == WEFT_OK && c < weft_classifier_classes(s->e->classifier);
         c++)
        status = save_mean(s, c, &mean, map, picture);
    free(mean.map);
    free(mean.picture);
    free(map);
    free(picture);
    return status;
}

static json_t *faithfulness_json(const weft_faithfulness *f)
{
    json_t *deletion = json_array(), *insertion = json_array();
    if (!f) {
        json_decref(deletion);
        json_decref(insertion);
        return json_null();
    }
    for (size_t n = 0; n < WEFT_EXPLAIN_POINTS; n++) {
        json_array_append_new(deletion, json_real(f->deletion[n]));
        json_array_append_new(insertion, json_real(f->insertion[n]));
    }
    return json_pack("{s:o, s:o, s:f, s:f}", "deletion", deletion, "insertion", insertion,
        "deletion_area", f->deletion_area, "insertion_area", f->insertion_area);
}

static weft_status fill_head(weft__explain_saving *s)
{
    const weft_explanation *e = s->e;
    weft_explain_method method = e->options->method == WEFT_EXPLAIN_AUTO
                                     ? weft_explain_choose(e->classifier)
                                     : (weft_explain_method)e->options->method;
    json_t *names = json_array();
    for (size_t c = 0; c < weft_classifier_classes(e->classifier); c++)
        json_array_append_new(
            names, weft__json_text(weft_classifier_class_name(e->classifier, c)));
    json_t *head = json_pack("{s:s, s:s, s:i, s:i, s:b, s:s?, s:o, s:o, s:o}", "classifier",
        weft_classifier_describe(e->classifier)->name, "method", weft_explain_name(method),
        "count", (int)e->view->count, "channels", (int)s->shape.channels, "untrained",
        e->options->untrained, "command", e->command, "classes", names, "faithfulness",
        faithfulness_json(e->faithfulness), "random", faithfulness_json(e->random));
    if (!head)
        return weft_fail(WEFT_ENOMEM, "no memory for a page");
    json_object_update(s->json, head);
    json_decref(head);
    return WEFT_OK;
}

static weft_status write_json(weft__explain_saving *s)
{
    char *path, *text = json_dumps(s->json, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    if (!text)
        return weft_fail(WEFT_ENOMEM, "no memory for explain.json");
    if (asprintf(&path, "%s/explain.json", s->folder) < 0) {
        free(text);
        return weft_fail(WEFT_ENOMEM, "no memory for a file name");
    }
    weft_status status = weft__file_write(path, text, strlen(text));
    free(path);
    free(text);
    return status;
}

static weft_status write_page(weft__explain_saving *s)
{
    json_t *sheet, *tiles;
    char *path;
    WEFT_TRY(weft__gallery_json(&sheet, &s->panels));
    weft_status made = weft__gallery_json(&tiles, &s->examples);
    if (made != WEFT_OK) {
        json_decref(sheet);
        return made;
    }
    json_t *page = json_pack(
        "{s:O, s:o, s:o}", "results", s->json, "pictures", sheet, "examples", tiles);
    if (!page || asprintf(&path, "%s/explain.html", s->folder) < 0) {
        json_decref(page);
        return weft_fail(WEFT_ENOMEM, "no memory for a page");
    }
    weft_status status = weft__page_write(path, "explain", page);
    free(path);
    json_decref(page);
    return status;
}

/* A gallery wants a view of the shape that its pictures have. */
static weft_status begin_gallery(weft__explain_saving *s)
{
    weft_dataset *blank;
    WEFT_TRY(weft_dataset_create(&blank, s->panel, 1, s->pixels, NULL, 0, NULL));
    weft_view view = weft_view_all(blank);
    weft_status status =
        weft__gallery_begin(&s->panels, &view, 1, s->panel.width, PANELS_BUDGET);
    weft_dataset_free(blank);
    return status;
}

static weft_status fill_folder(const char *folder, const weft_explanation *e)
{
    weft__explain_saving s = {
        .e = e, .folder = folder, .shape = weft_classifier_recipe(e->classifier).shape};
    static weft_status (*const steps[])(weft__explain_saving *) = {begin, begin_gallery,
        fill_head, save_pictures, save_means, weft__explain_save_weights,
        weft__explain_save_boundary, write_json, write_page};
    weft_status status = WEFT_OK;
    for (size_t i = 0; status == WEFT_OK && i < sizeof steps / sizeof *steps; i++)
        status = steps[i](&s);
    clear(&s);
    return status;
}

weft_status weft_explain_save(const char *folder, const weft_explanation *e)
{
    weft__folder_writer writer;
    WEFT_TRY(weft__folder_begin(&writer, folder));
    weft_status status = fill_folder(writer.temporary, e);
    if (status == WEFT_OK)
        status = weft__folder_commit(&writer, false);
    weft__folder_abandon(&writer);
    return status;
}
