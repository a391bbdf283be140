/* What is alike as files: similar.json for all queries, and a page of some. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/folder.h"
#include "core/mem.h"
#include "eval/evaluation.h"
#include "report/gallery.h"
#include "report/page.h"
#include "search/similar.h"

/* Bytes of thumbnails before compression: with a third more as text and Plotly's 1.5 MB the
 * page stays below 10 MB even where pictures cannot be compressed at all. */
enum { SIDE = 64, BUDGET = 5200000 };
enum { ORIGIN = 4096 };

/* What is being written. */
struct saving {
    const weft_similar_page *page;
    const weft_similar *similar;
    const char *folder;
    bool own;      /* the queries are the catalogue's pictures */
    json_t *head;  /* what both files begin with */
    json_t *items; /* of the page */
    weft__gallery gallery;
};

static json_t *names_json(const weft_dataset *data)
{
    json_t *names = json_array();
    for (size_t c = 0; c < weft_dataset_classes(data); c++)
        json_array_append_new(names, weft__json_text(weft_dataset_class_name(data, c)));
    return names;
}

static json_t *text_or_null(const char *text)
{
    return text ? weft__json_text(text) : json_null();
}

static weft_status add_retrieval(json_t *head, const weft_retrieval *retrieval)
{
    char *text;
    if (!retrieval)
        return WEFT_OK;
    WEFT_TRY(weft_retrieval_json(&text, retrieval));
    json_object_set_new(head, "evaluation", json_loads(text, 0, NULL));
    free(text);
    return WEFT_OK;
}

static weft_status make_head(struct saving *s)
{
    static const char *const same[] = {"none", "exact", "near"};
    const weft_similar *x = s->similar;
    const weft_index *index = x->index;
    s->head = json_pack(
        "{s:o, s:o, s:s, s:s, s:I, s:I, s:I, s:I, s:f, s:s, s:b, s:o, s:o, s:o}", "source",
        text_or_null(s->page->source), "command", text_or_null(s->page->command),
        "classifier", weft_classifier_describe(index->classifier)->name, "kind",
        weft_index_kind(index), "dims", (json_int_t)index->dims, "count",
        (json_int_t)index->count, "queries", (json_int_t)x->queries.count, "k",
        (json_int_t)x->k, "diversity", x->diversity, "same", same[x->same], "own", s->own,
        "classes", names_json(index->catalogue), "query_classes",
        names_json(x->queries.data), "evaluation", json_null());
    if (!s->head)
        return weft_fail(WEFT_ENOMEM, "no memory for a page");
    return add_retrieval(s->head, s->page->retrieval);
}

/* ---- similar.json ---- */

/* {"picture", "label"}, the latter null where there is none. */
static json_t *picture_json(const weft_dataset *data, size_t position)
{
    char origin[ORIGIN];
    const uint16_t *labels = weft_dataset_labels(data);
    weft_dataset_origin(data, position, origin, sizeof origin);
    return json_pack("{s:o, s:o}", "picture", weft__json_text(origin), "label",
        labels ? json_integer(labels[position]) : json_null());
}

/* To five decimals, which is finer than single precision means. */
static json_t *similarity_json(float similarity)
{
    return json_real(round((double)similarity * 1e5) / 1e5);
}

static void write_value(FILE *out, json_t *value)
{
    if (value)
        (void)json_dumpf(value, out,
            JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(7) | JSON_SORT_KEYS);
    json_decref(value);
}

static json_t *found_json(const weft_similar *x, size_t query)
{
    size_t count;
    const weft_alike *alike = weft_similar_of(x, query, &count);
    json_t *positions = json_array(), *similarities = json_array();
    for (size_t n = 0; n < count; n++) {
        json_array_append_new(positions, json_integer(alike[n].position));
        json_array_append_new(similarities, similarity_json(alike[n].similarity));
    }
    return json_pack("{s:o, s:o}", "similar", positions, "similarity", similarities);
}

/* A picture a line, so that a catalogue of millions needs no memory of its size. */
static void write_pictures(
    FILE *out, const char *name, const weft_view *view, const weft_similar *found)
{
    fprintf(out, ",\n\"%s\": [", name);
    for (size_t i = 0; i < view->count; i++) {
        json_t *line = picture_json(view->data, weft_view_at(view, i));
        if (found) {
            json_t *more = found_json(found, i);
            json_object_update(line, more);
            json_decref(more);
        }
        fputs(i ? ",\n" : "\n", out);
        write_value(out, line);
    }
    fputs("\n]", out);
}

static weft_status write_json(struct saving *s)
{
    char *path, *head = json_dumps(s->head, JSON_INDENT(2));
    if (!head)
        return weft_fail(WEFT_ENOMEM, "no memory for similar.json");
    weft_status status = weft__path_join(&path, s->folder, "similar.json");
    weft__file_writer writer = {0};
    if (status == WEFT_OK) {
        status = weft__file_begin(&writer, path);
        free(path);
    }
    if (status == WEFT_OK) {
        fwrite(head, 1, strlen(head) - 2, writer.stream); /* without its "\n}" */
        weft_view all = weft_view_all(s->similar->index->catalogue);
        if (s->own) {
            write_pictures(writer.stream, "pictures", &all, s->similar);
        } else {
            write_pictures(writer.stream, "pictures", &all, NULL);
            write_pictures(
                writer.stream, "query_pictures", &s->similar->queries, s->similar);
        }
        fputs("\n}\n", writer.stream);
        status = weft__file_commit(&writer);
    }
    weft__file_abandon(&writer);
    free(head);
    return status;
}

/* ---- the page ---- */

/* Puts a query and what was found for it into the gallery. */
static weft_status show(struct saving *s, size_t query, int *place)
{
    size_t count;
    int other;
    const weft_alike *alike = weft_similar_of(s->similar, query, &count);
    WEFT_TRY(weft__gallery_add(&s->gallery, s->own ? 0 : 1, query, place));
    for (size_t n = 0; n < count; n++)
        WEFT_TRY(weft__gallery_add(&s->gallery, 0, alike[n].position, &other));
    return WEFT_OK;
}

static size_t common_divisor(size_t a, size_t b)
{
    while (b) {
        size_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Shows as many as are asked for and fit. Steps of about the golden section's share of all
 * spread them evenly, however early the gallery is full. */
static weft_status show_some(struct saving *s, bool *shown)
{
    const weft_similar *x = s->similar;
    size_t count = x->queries.count, step = (size_t)((double)count * 0.6180339887);
    int place;
    for (step += step == 0; common_divisor(step, count) != 1;)
        step++;
    for (size_t n = 0, query = 0; n < count && n < s->page->pictures; n++) {
        if (s->gallery.limit - s->gallery.count < x->k + 1)
            break;
        WEFT_TRY(show(s, query, &place));
        shown[query] = true;
        query = (query + step) % count;
    }
    return WEFT_OK;
}

/* {"place", "label", "similar": [[place, similarity, label]]} */
static weft_status add_item(struct saving *s, size_t query)
{
    const weft_similar *x = s->similar;
    const uint16_t *labels = weft_dataset_labels(x->index->catalogue);
    size_t count;
    const weft_alike *alike = weft_similar_of(x, query, &count);
    int place;
    WEFT_TRY(show(s, query, &place));
    json_t *list = json_array();
    json_t *item = json_pack("{s:i, s:o, s:o}", "place", place, "label",
        weft_dataset_labels(x->queries.data)
            ? json_integer(weft_view_label(&x->queries, query))
            : json_null(),
        "similar", list);
    if (!item || json_array_append_new(s->items, item))
        return weft_fail(WEFT_ENOMEM, "no memory for a page");
    for (size_t n = 0; n < count; n++)
        json_array_append_new(list,
            json_pack("[i, o, o]", weft__gallery_find(&s->gallery, 0, alike[n].position),
                similarity_json(alike[n].similarity),
                labels ? json_integer(labels[alike[n].position]) : json_null()));
    return WEFT_OK;
}

/* The catalogue is the gallery's first view, queries that are none of it the second. */
static weft_status add_items(struct saving *s)
{
    const weft_similar *x = s->similar;
    weft_view views[2] = {weft_view_all(x->index->catalogue), x->queries};
    bool *shown;
    WEFT_TRY(weft__gallery_begin(&s->gallery, views, s->own ? 1 : 2, SIDE, BUDGET));
    s->items = json_array();
    WEFT_TRY(weft__calloc(&shown, x->queries.count, sizeof *shown, "a page"));
    weft_status status = show_some(s, shown);
    for (size_t i = 0; status == WEFT_OK && i < x->queries.count; i++)
        if (shown[i])
            status = add_item(s, i);
    free(shown);
    return status;
}

static weft_status write_page(struct saving *s)
{
    json_t *sheet;
    char *path;
    WEFT_TRY(weft__gallery_json(&sheet, &s->gallery));
    json_t *page = json_pack(
        "{s:O, s:O, s:o}", "results", s->head, "items", s->items, "pictures", sheet);
    if (!page)
        return weft_fail(WEFT_ENOMEM, "no memory for a page");
    weft_status status = weft__path_join(&path, s->folder, "similar.html");
    if (status == WEFT_OK) {
        status = weft__page_write(path, "similar", page);
        free(path);
    }
    json_decref(page);
    return status;
}

static weft_status fill_folder(const char *folder, const weft_similar_page *page)
{
    struct saving s = {.page = page,
        .similar = page->similar,
        .folder = folder,
        .own = page->similar->queries.data == page->similar->index->catalogue &&
               !page->similar->queries.index};
    weft_status status = make_head(&s);
    if (status == WEFT_OK)
        status = write_json(&s);
    if (status == WEFT_OK)
        status = add_items(&s);
    if (status == WEFT_OK)
        status = write_page(&s);
    weft__gallery_clear(&s.gallery);
    json_decref(s.head);
    json_decref(s.items);
    return status;
}

weft_status weft_similar_save(const char *folder, const weft_similar_page *page)
{
    weft__folder_writer writer;
    WEFT_TRY(weft__folder_begin(&writer, folder));
    weft_status status = fill_folder(writer.temporary, page);
    if (status == WEFT_OK)
        status = weft__folder_commit(&writer, false);
    weft__folder_abandon(&writer);
    return status;
}
