/* An exploration on a terminal: at most 80 columns, bars of characters. */
#include <math.h>
#include <string.h>

#include "core/text.h"
#include "data/dataset.h"
#include "data/describe.h"
#include "explore/exploration.h"

enum {
    NAME = 20,
    BAR = 36,
    BINS = 16,
    COMPONENTS = 10,
    PAIRS = 10,
    GROUPS = 8,
    LISTED = 3
};

static weft_status put_bar(weft__text *text, double share, size_t width)
{
    static const char bar[] =
        "############################################################";
    size_t length = (size_t)(share * (double)width + 0.5);
    if (share > 0 && length == 0)
        return weft__text_append(text, ".", 1);
    return weft__text_append(text, bar, length < sizeof bar ? length : sizeof bar - 1);
}

static weft_status put_number(weft__text *text, double value, int decimals, int columns)
{
    char number[64];
    weft__format_fixed(value, decimals, number, sizeof number);
    return weft__text_printf(text, "%*s", columns, number);
}

/* A name cut to NAME columns; what it is cut from may be any bytes. */
static weft_status put_name(weft__text *text, const char *name)
{
    weft__text whole = {0};
    weft_status status = weft__text_cell(&whole, name, NAME, false);
    if (status == WEFT_OK && weft__text_columns(whole.data) > NAME) {
        size_t bytes = whole.length;
        while (bytes && (weft__text_columns(whole.data) > NAME - 1)) {
            do
                bytes--;
            while (bytes && ((unsigned char)whole.data[bytes] & 0xC0) == 0x80);
            whole.data[bytes] = 0;
        }
        status = weft__text_append(text, whole.data, bytes);
        if (status == WEFT_OK)
            status = weft__text_append(text, "~", 1);
    } else if (status == WEFT_OK)
        status = weft__text_append(text, whole.data, whole.length);
    weft__text_clear(&whole);
    return status;
}

static weft_status put_classes(weft__text *text, const weft_exploration *e)
{
    const weft_dataset *train = e->splits[WEFT__TRAIN];
    size_t most = 1;
    for (size_t c = 0; c < train->classes; c++)
        most = e->counts[WEFT__TRAIN][c] > most ? e->counts[WEFT__TRAIN][c] : most;
    WEFT_TRY(weft__text_printf(text, "\nclasses (bars: share of the largest in train)\n"));
    for (size_t c = 0; c < train->classes; c++) {
        size_t n = e->counts[WEFT__TRAIN][c];
        WEFT_TRY(weft__text_append(text, "  ", 2));
        WEFT_TRY(put_name(text, train->class_names[c]));
        WEFT_TRY(weft__text_printf(text, "%9zu  ", n));
        WEFT_TRY(put_bar(text, (double)n / (double)most, BAR));
        WEFT_TRY(weft__text_append(text, "\n", 1));
    }
    return WEFT_OK;
}

static weft_status put_sizes(weft__text *text, const weft__sizes *s)
{
    if (!s->files)
        return WEFT_OK;
    WEFT_TRY(weft__text_printf(text, "\nfiles:"));
    for (int f = 0; f < WEFT__FILE_FORMATS; f++)
        if (s->formats[f])
            WEFT_TRY(weft__text_printf(
                text, " %zu %s,", s->formats[f], weft__file_format_names[f]));
    WEFT_TRY(weft__text_printf(
        text, " %zu colour, %zu grey, %zu sizes\n", s->colour, s->grey, s->distinct_count));
    WEFT_TRY(weft__text_printf(
        text, "  width   %u to %u, median %u\n", s->width[0], s->width[2], s->width[1]));
    return weft__text_printf(
        text, "  height  %u to %u, median %u\n", s->height[0], s->height[2], s->height[1]);
}

static weft_status put_levels(weft__text *text, const weft_exploration *e)
{
    static const char *const names[] = {"red", "green", "blue"};
    uint64_t all[WEFT__LEVELS] = {0}, bins[BINS] = {0}, total = 0, most = 1;
    double mean, deviation;
    uint32_t channels = e->splits[WEFT__TRAIN]->recipe.shape.channels;
    for (uint32_t c = 0; c < channels; c++)
        for (int l = 0; l < WEFT__LEVELS; l++)
            all[l] += e->pixels.channels[c][l];
    for (int l = 0; l < WEFT__LEVELS; l++) {
        bins[l * BINS / WEFT__LEVELS] += all[l];
        total += all[l];
    }
    for (int b = 0; b < BINS; b++)
        most = bins[b] > most ? bins[b] : most;
    WEFT_TRY(weft__text_printf(text, "\npixel values of train\n"));
    for (uint32_t c = 0; c < channels; c++) {
        weft__level_moments(e->pixels.channels[c], &mean, &deviation);
        WEFT_TRY(weft__text_printf(text, "  %-8smean", channels == 1 ? "grey" : names[c]));
        WEFT_TRY(put_number(text, mean, 2, 7));
        WEFT_TRY(weft__text_printf(text, ", standard deviation"));
        WEFT_TRY(put_number(text, deviation, 2, 7));
        WEFT_TRY(weft__text_printf(text, " of 255\n"));
    }
    for (int b = 0; b < BINS; b++) {
        int width = WEFT__LEVELS / BINS;
        WEFT_TRY(weft__text_printf(text, "  %3d-%-3d", b * width, (b + 1) * width - 1));
        WEFT_TRY(put_number(text, 100 * (double)bins[b] / (double)total, 1, 6));
        WEFT_TRY(weft__text_append(text, " %  ", 4));
        WEFT_TRY(put_bar(text, (double)bins[b] / (double)most, BAR + 16));
        WEFT_TRY(weft__text_append(text, "\n", 1));
    }
    return WEFT_OK;
}

static weft_status put_components(weft__text *text, const weft__space *s)
{
    if (!s->pca || weft_pca_explained(s->pca, 0) == 0)
        return WEFT_OK;
    WEFT_TRY(weft__text_printf(text, "\nprincipal components (of train"));
    if (s->scaled)
        WEFT_TRY(weft__text_printf(text, ", scaled to %u x %u",
            s->scaled->recipe.shape.width, s->scaled->recipe.shape.height));
    WEFT_TRY(weft__text_printf(text, "; bars: variance explained)\n"));
    double sum = 0, most = weft_pca_explained(s->pca, 0);
    for (size_t i = 0; i < COMPONENTS && i < weft_pca_count(s->pca); i++) {
        double share = weft_pca_explained(s->pca, i);
        sum += share;
        WEFT_TRY(weft__text_printf(text, "  %2zu", i + 1));
        WEFT_TRY(put_number(text, 100 * share, 1, 7));
        WEFT_TRY(weft__text_append(text, " %, in all", 10));
        WEFT_TRY(put_number(text, 100 * sum, 1, 6));
        WEFT_TRY(weft__text_append(text, " %  ", 4));
        WEFT_TRY(put_bar(text, share / most, BAR));
        WEFT_TRY(weft__text_append(text, "\n", 1));
    }
    return weft__text_printf(text,
        "  80 %% takes %zu, 90 %% %zu, 95 %% %zu, 99 %% %zu of %zu\n",
        weft__components_for(s->pca, 0.8), weft__components_for(s->pca, 0.9),
        weft__components_for(s->pca, 0.95), weft__components_for(s->pca, 0.99),
        weft_pca_count(s->pca));
}

static weft_status put_nearness(weft__text *text, const weft_exploration *e)
{
    const weft__nearness *n = &e->nearness;
    const weft_dataset *train = e->splits[WEFT__TRAIN];
    if (n->pair_count == 0)
        return WEFT_OK;
    WEFT_TRY(weft__text_printf(text,
        "\nnearest classes (confused: nearest other picture is of the other class;\n"
        "  apart: of the mean pictures, in standard deviations within a class)\n"
        "%42s  confused  apart\n",
        ""));
    for (size_t i = 0; i < PAIRS && i < n->pair_count; i++) {
        const weft__class_pair *p = &n->pairs[i];
        WEFT_TRY(weft__text_append(text, "  ", 2));
        WEFT_TRY(put_name(text, train->class_names[p->a]));
        WEFT_TRY(weft__text_append(text, " ", 1));
        WEFT_TRY(put_name(text, train->class_names[p->b]));
        WEFT_TRY(put_number(text, 100 * p->confused, 1, 7));
        WEFT_TRY(weft__text_append(text, " %", 2));
        if (isfinite(p->distance))
            WEFT_TRY(put_number(text, p->distance, 2, 7));
        WEFT_TRY(weft__text_append(text, "\n", 1));
    }
    return WEFT_OK;
}

static weft_status put_group(
    weft__text *text, const weft_exploration *e, const weft_duplicate_group *group)
{
    char origin[4096];
    WEFT_TRY(weft__text_printf(text, "  %zu pictures%s%s%s\n", group->count,
        group->exact ? ", the same pixels" : "",
        group->across ? ", in different splits" : "",
        group->conflict ? ", with different labels" : ""));
    for (size_t i = 0; i < group->count && i < LISTED; i++) {
        const weft_duplicate *p = &group->pictures[i];
        weft_dataset_origin(e->splits[p->split], p->index, origin, sizeof origin);
        WEFT_TRY(weft__text_append(text, "   ", 3));
        WEFT_TRY(put_number(text, p->similarity, 4, 7));
        WEFT_TRY(weft__text_append(text, "  ", 2));
        WEFT_TRY(weft__text_cell(text, origin, 0, false));
        WEFT_TRY(weft__text_append(text, "\n", 1));
    }
    if (group->count > LISTED)
        WEFT_TRY(weft__text_printf(text, "    and %zu more\n", group->count - LISTED));
    return WEFT_OK;
}

static weft_status put_duplicates(weft__text *text, const weft_exploration *e)
{
    const weft_duplicates *d = e->duplicates;
    size_t count = weft_duplicates_count(d), pictures = 0, across = 0, conflict = 0;
    for (size_t i = 0; i < count; i++) {
        const weft_duplicate_group *group = weft_duplicates_group(d, i);
        pictures += group->count;
        across += group->across;
        conflict += group->conflict;
    }
    WEFT_TRY(weft__text_printf(text, "\ncopies and near-copies (similarity from"));
    WEFT_TRY(put_number(text, weft_duplicates_similarity(d), 4, 7));
    WEFT_TRY(weft__text_printf(text, ")\n  %zu groups of %zu pictures, ", count, pictures));
    WEFT_TRY(weft__text_printf(
        text, "%zu across splits, %zu with different labels\n", across, conflict));
    for (size_t i = 0; i < count && i < GROUPS; i++)
        WEFT_TRY(put_group(text, e, weft_duplicates_group(d, i)));
    if (count > GROUPS)
        WEFT_TRY(weft__text_printf(text, "  and %zu groups more\n", count - GROUPS));
    return WEFT_OK;
}

static weft_status put_all(weft__text *text, const weft_exploration *e)
{
    WEFT_TRY(weft__data_describe(text, e->data));
    WEFT_TRY(put_classes(text, e));
    WEFT_TRY(put_sizes(text, &e->sizes));
    WEFT_TRY(put_levels(text, e));
    WEFT_TRY(put_components(text, &e->space));
    WEFT_TRY(put_nearness(text, e));
    return put_duplicates(text, e);
}

weft_status weft_exploration_text(char **out, const weft_exploration *exploration)
{
    weft__text text = {0};
    weft_status status = put_all(&text, exploration);
    if (status == WEFT_OK)
        *out = text.data;
    else
        weft__text_clear(&text);
    return status;
}
