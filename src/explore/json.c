/* An exploration as JSON. Where memory is exhausted jansson gives NULL, and so does what
 * would hold it. */
#include <math.h>
#include <stdlib.h>

#include "data/dataset.h"
#include "data/describe.h"
#include "explore/exploration.h"
#include "weft/weft.h"

enum { SIZES = 200, COMPONENTS = 100, PAIRS = 100, CLASSES = 100 };

static size_t at_most(size_t count, size_t most)
{
    return count < most ? count : most;
}

static void push(json_t *array, json_t *item)
{
    (void)json_array_append_new(array, item);
}

static json_t *sizes_json(const weft__sizes *s)
{
    json_t *formats = json_object(), *distinct = json_array();
    for (int f = 0; f < WEFT__FILE_FORMATS; f++)
        if (s->formats[f])
            json_object_set_new(formats, weft__file_format_names[f],
                json_integer((json_int_t)s->formats[f]));
    for (size_t i = 0; i < at_most(s->distinct_count, SIZES); i++)
        push(distinct, json_pack("[i,i,I]", (int)s->distinct[i].width,
                           (int)s->distinct[i].height, (json_int_t)s->distinct[i].count));
    return json_pack("{s:s, s:I, s:o, s:{s:I, s:I}, s:{s:i, s:i, s:i}, s:{s:i, s:i, s:i}, "
                     "s:I, s:o}",
        "of", s->files ? "files" : "stored", "pictures", (json_int_t)s->pictures, "formats",
        formats, "modes", "grey", (json_int_t)s->grey, "colour", (json_int_t)s->colour,
        "width", "least", (int)s->width[0], "median", (int)s->width[1], "most",
        (int)s->width[2], "height", "least", (int)s->height[0], "median", (int)s->height[1],
        "most", (int)s->height[2], "distinct_count", (json_int_t)s->distinct_count,
        "distinct", distinct);
}

static json_t *levels_json(const char *name, const uint64_t *levels)
{
    double mean, deviation;
    json_t *histogram = json_array();
    weft__level_moments(levels, &mean, &deviation);
    for (int l = 0; l < WEFT__LEVELS; l++)
        push(histogram, json_integer((json_int_t)levels[l]));
    return json_pack("{s:o, s:f, s:f, s:o}", "name", weft__json_name(name), "mean", mean,
        "standard_deviation", deviation, "histogram", histogram);
}

static json_t *pixels_json(const weft_exploration *e)
{
    static const char *const names[] = {"red", "green", "blue"};
    const weft_dataset *train = e->splits[WEFT__TRAIN];
    json_t *channels = json_array(), *classes = json_array();
    for (uint32_t c = 0; c < train->recipe.shape.channels; c++)
        push(channels, levels_json(train->recipe.shape.channels == 1 ? "grey" : names[c],
                           e->pixels.channels[c]));
    for (size_t c = 0; c < at_most(train->classes, CLASSES); c++)
        push(classes, levels_json(train->class_names[c], e->pixels.classes[c]));
    return json_pack("{s:o, s:o}", "channels", channels, "classes", classes);
}

static json_t *positions_json(const uint32_t *positions, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        push(array, json_integer(positions[i]));
    return array;
}

static json_t *samples_json(const weft_exploration *e)
{
    const weft__samples *s = &e->samples;
    json_t *first = json_array(), *random = json_array();
    for (size_t c = 0; c < e->splits[WEFT__TRAIN]->classes; c++) {
        push(first, positions_json(s->first[c], s->counts[c]));
        push(random, positions_json(s->random[c], s->counts[c]));
    }
    return json_pack("{s:o, s:o}", "first", first, "random", random);
}

static json_t *pca_json(const weft_exploration *e)
{
    const weft__space *s = &e->space;
    if (!s->pca)
        return json_null();
    const weft_dataset *seen = s->scaled ? s->scaled : e->splits[WEFT__TRAIN];
    weft_shape shape = seen->recipe.shape;
    json_t *explained = json_array(), *cumulative = json_array();
    double sum = 0;
    for (size_t i = 0; i < at_most(weft_pca_count(s->pca), COMPONENTS); i++) {
        sum += weft_pca_explained(s->pca, i);
        push(explained, json_real(weft_pca_explained(s->pca, i)));
        push(cumulative, json_real(sum));
    }
    return json_pack("{s:[i,i,i], s:b, s:I, s:o, s:o, s:{s:I, s:I, s:I, s:I}}", "shape",
        (int)shape.height, (int)shape.width, (int)shape.channels, "scaled",
        s->scaled != NULL, "components", (json_int_t)weft_pca_count(s->pca), "explained",
        explained, "cumulative", cumulative, "needed", "0.8",
        (json_int_t)weft__components_for(s->pca, 0.8), "0.9",
        (json_int_t)weft__components_for(s->pca, 0.9), "0.95",
        (json_int_t)weft__components_for(s->pca, 0.95), "0.99",
        (json_int_t)weft__components_for(s->pca, 0.99));
}

/* Two classes without any spread are infinitely far apart, which JSON cannot say. */
static json_t *distance_json(double distance)
{
    return isfinite(distance) ? json_real(distance) : json_null();
}

static json_t *nearness_json(const weft_exploration *e)
{
    const weft__nearness *n = &e->nearness;
    size_t classes = e->splits[WEFT__TRAIN]->classes, right = 0;
    json_t *pairs = json_array(), *confusion = json_array(), *distances = json_array();
    for (size_t c = 0; c < classes; c++)
        right += n->confusion[c * classes + c];
    for (size_t i = 0; i < at_most(n->pair_count, PAIRS); i++)
        push(pairs, json_pack("{s:i, s:i, s:f, s:o}", "a", (int)n->pairs[i].a, "b",
                        (int)n->pairs[i].b, "confused", n->pairs[i].confused, "distance",
                        distance_json(n->pairs[i].distance)));
    for (size_t r = 0; classes <= CLASSES && r < classes; r++) {
        json_t *row = json_array(), *apart = json_array();
        for (size_t c = 0; c < classes; c++) {
            push(row, json_integer((json_int_t)n->confusion[r * classes + c]));
            push(apart, distance_json(n->distances[r * classes + c]));
        }
        push(confusion, row);
        push(distances, apart);
    }
    return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o}", "asked", (json_int_t)n->asked,
        "components", (json_int_t)n->components, "accuracy",
        n->asked ? json_real((double)right / (double)n->asked) : json_null(), "pairs",
        pairs, "confusion", confusion, "distances", distances);
}

static json_t *group_json(const weft_exploration *e, const weft_duplicate_group *group)
{
    json_t *pictures = json_array();
    for (size_t i = 0; i < group->count; i++) {
        const weft_duplicate *p = &group->pictures[i];
        char origin[4096];
        weft_dataset_origin(e->splits[p->split], p->index, origin, sizeof origin);
        push(pictures,
            json_pack("{s:s, s:I, s:i, s:f, s:o}", "split", weft_split_name(p->split),
                "index", (json_int_t)p->index, "label", (int)p->label, "similarity",
                p->similarity, "origin", weft__json_name(origin)));
    }
    return json_pack("{s:b, s:b, s:b, s:I, s:o}", "exact", group->exact, "across",
        group->across, "conflict", group->conflict, "count", (json_int_t)group->count,
        "pictures", pictures);
}

static json_t *duplicates_json(const weft_exploration *e, size_t most)
{
    const weft_duplicates *d = e->duplicates;
    size_t count = weft_duplicates_count(d), pictures = 0, exact = 0, across = 0,
           conflict = 0;
    json_t *groups = json_array();
    for (size_t i = 0; i < count; i++) {
        const weft_duplicate_group *group = weft_duplicates_group(d, i);
        pictures += group->count;
        exact += group->exact;
        across += group->across;
        conflict += group->conflict;
        if (most == 0 || i < most)
            push(groups, group_json(e, group));
    }
    return json_pack("{s:f, s:I, s:I, s:I, s:I, s:I, s:o}", "similarity",
        weft_duplicates_similarity(d), "count", (json_int_t)count, "pictures",
        (json_int_t)pictures, "exact", (json_int_t)exact, "across", (json_int_t)across,
        "conflict", (json_int_t)conflict, "groups", groups);
}

static json_t *given(const char *text)
{
    return text ? weft__json_name(text) : json_null();
}

weft_status weft__exploration_json(json_t **out, const weft_exploration *e, size_t most)
{
    json_t *json = json_pack("{s:s, s:o, s:o, s:I, s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
        "weft", weft_version(), "source", given(e->source), "command", given(e->command),
        "seed", (json_int_t)e->seed, "seconds", e->seconds, "data",
        weft__data_describe_json(e->data), "sizes", sizes_json(&e->sizes), "pixels",
        pixels_json(e), "samples", samples_json(e), "pca", pca_json(e), "nearness",
        nearness_json(e), "duplicates", duplicates_json(e, most));
    if (!json)
        return weft_fail(WEFT_ENOMEM, "no memory for JSON");
    *out = json;
    return WEFT_OK;
}

weft_status weft_exploration_json(char **out, const weft_exploration *exploration)
{
    json_t *json;
    WEFT_TRY(weft__exploration_json(&json, exploration, 0));
    return weft__json_dump(out, json);
}
