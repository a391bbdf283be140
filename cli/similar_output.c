#include "similar_output.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"

static const char *class_name(const weft_dataset *data, size_t position)
{
    const uint16_t *labels = weft_dataset_labels(data);
    const char *name = labels ? weft_dataset_class_name(data, labels[position]) : NULL;
    return name ? name : "";
}

static json_t *alike_json(const struct similar_answer *x, const weft_alike *alike)
{
    char origin[4096];
    weft_dataset_origin(x->catalogue, alike->position, origin, sizeof origin);
    json_t *json = json_pack("{s:o, s:I, s:f}", "picture", output_name(origin), "position",
        (json_int_t)alike->position, "similarity", (double)alike->similarity);
    if (weft_dataset_labels(x->catalogue))
        json_object_set_new(
            json, "class", output_name(class_name(x->catalogue, alike->position)));
    return json;
}

static json_t *queries_json(const struct similar_answer *x)
{
    json_t *list = json_array();
    char origin[4096];
    for (size_t i = 0; i < x->queries.count; i++) {
        size_t count;
        const weft_alike *alike = weft_similar_of(x->found, i, &count);
        json_t *similar = json_array();
        for (size_t n = 0; n < count; n++)
            json_array_append_new(similar, alike_json(x, &alike[n]));
        weft_dataset_origin(
            x->queries.data, weft_view_at(&x->queries, i), origin, sizeof origin);
        json_array_append_new(list,
            json_pack("{s:o, s:o}", "picture", output_name(origin), "similar", similar));
    }
    return list;
}

static weft_status print_json(const struct similar_answer *x)
{
    json_t *json = json_pack("{s:{s:I, s:I, s:s, s:b, s:s?}, s:I, s:f, s:f}", "index",
        "count", (json_int_t)weft_index_count(x->index), "dims",
        (json_int_t)weft_index_dims(x->index), "kind", weft_index_kind(x->index), "kept",
        weft_index_was_kept(x->index), "file", weft_index_path(x->index), "queries",
        (json_int_t)x->queries.count, "index_seconds", x->index_seconds, "seconds",
        x->seconds);
    if (!json)
        return weft_fail(WEFT_ENOMEM, "no memory for the answer");
    if (x->retrieval) {
        char *text;
        weft_status status = weft_retrieval_json(&text, x->retrieval);
        if (status != WEFT_OK) {
            json_decref(json);
            return status;
        }
        json_object_set_new(json, "evaluation", json_loads(text, 0, NULL));
        free(text);
    }
    if (x->folder)
        json_object_set_new(json, "folder", output_name(x->folder));
    if (x->listed)
        json_object_set_new(json, "similar", queries_json(x));
    return output_json(json);
}

/* Names that no terminal is steered by. */
static void print_name(const char *text)
{
    for (; *text; text++)
        putchar((unsigned char)*text < ' ' || *text == 127 ? '?' : *text);
}

static void print_query(const struct similar_answer *x, size_t query)
{
    char origin[4096];
    size_t count, width = strlen("class");
    const weft_alike *alike = weft_similar_of(x->found, query, &count);
    for (size_t n = 0; n < count; n++) {
        size_t length = strlen(class_name(x->catalogue, alike[n].position));
        width = length > width ? length : width;
    }
    width = width < 32 ? width : 32;
    if (!weft_dataset_labels(x->catalogue))
        width = 0;
    print_name(weft_dataset_origin(
        x->queries.data, weft_view_at(&x->queries, query), origin, sizeof origin));
    printf("\n      similarity  %-*s%spicture\n", (int)width, width ? "class" : "",
        width ? "  " : "");
    for (size_t n = 0; n < count; n++) {
        printf("%4zu      %8.4f  ", n + 1, (double)alike[n].similarity);
        if (width)
            printf("%-*.*s  ", (int)width, (int)width,
                class_name(x->catalogue, alike[n].position));
        print_name(
            weft_dataset_origin(x->catalogue, alike[n].position, origin, sizeof origin));
        putchar('\n');
    }
}

weft_status similar_print(const struct similar_answer *x, const struct call *call)
{
    if (call->json)
        return print_json(x);
    if (x->listed)
        for (size_t i = 0; i < x->queries.count; i++)
            print_query(x, i);
    if (x->retrieval) {
        char *text;
        WEFT_TRY(weft_retrieval_text(&text, x->retrieval));
        fputs(text, stdout);
        free(text);
    }
    if (!call->quiet)
        fprintf(stderr,
            "%zu pictures among %zu by %s of %zu numbers: index %s%.2f s, search %.2f s\n",
            x->queries.count, weft_index_count(x->index), weft_index_kind(x->index),
            weft_index_dims(x->index), weft_index_was_kept(x->index) ? "found, " : "",
            x->index_seconds, x->seconds);
    if (x->folder)
        printf("%s/similar.html\n", x->folder);
    return WEFT_OK;
}
