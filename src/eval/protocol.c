/* A protocol: its text, and the parts of the pictures that it speaks of. */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/text.h"
#include "eval/study.h"

static const char BLANKS[] = " \t";
enum { MOST_FOLDS = 100 };

/* "80:20" or "60:20:20". */
static bool read_percent(weft_protocol *p, char *text)
{
    unsigned sum = 0;
    char *rest = text;
    for (char *part; (part = strsep(&rest, ":"));) {
        uint64_t percent;
        if (p->parts == WEFT_PROTOCOL_PARTS || !weft__parse_count(part, &percent) ||
            percent < 1 || percent > 99)
            return false;
        p->percent[p->parts++] = (unsigned)percent;
        sum += (unsigned)percent;
    }
    return p->parts >= 2 && sum == 100;
}

/* What stands behind the division: nothing, percentages, or "N folds". */
static bool read_parts(weft_protocol *p, char *rest)
{
    char *first = strtok_r(NULL, BLANKS, &rest), *second = strtok_r(NULL, BLANKS, &rest);
    uint64_t folds;
    if (strtok_r(NULL, BLANKS, &rest))
        return false;
    if (!first) {
        p->parts = 1;
        return p->division == WEFT_DIVIDE_PUBLISHED;
    }
    if (!second)
        return read_percent(p, first) &&
               !(p->division == WEFT_DIVIDE_PUBLISHED && p->parts > 2);
    if (p->division == WEFT_DIVIDE_PUBLISHED || strcmp(second, "folds") != 0 ||
        !weft__parse_count(first, &folds) || folds < 2 || folds > MOST_FOLDS)
        return false;
    p->folds = (unsigned)folds;
    return true;
}

weft_status weft__protocol_read(weft_protocol *out, const char *text)
{
    static const char *const divisions[] = {[WEFT_DIVIDE_PUBLISHED] = "published",
        [WEFT_DIVIDE_TRAIN] = "train",
        [WEFT_DIVIDE_POOLED] = "pooled"};
    weft_protocol p = {0};
    char copy[sizeof p.text];
    if (strlen(text) < sizeof copy) {
        strcpy(p.text, text);
        strcpy(copy, text);
        char *rest, *word = strtok_r(copy, BLANKS, &rest);
        for (size_t i = 0; word && i < sizeof divisions / sizeof *divisions; i++) {
            p.division = (weft_division)i;
            if (strcmp(word, divisions[i]) == 0 && read_parts(&p, rest)) {
                *out = p;
                return WEFT_OK;
            }
        }
    }
    return weft_fail(WEFT_EFORMAT,
        "protocol '%s': expected published, published 80:20, or train or pooled with "
        "80:20, 60:20:20 or '5 folds'",
        text);
}

static weft_status divide_folds(weft__division *d, const weft_protocol *p,
    const weft_view *all, uint64_t seed, unsigned fold)
{
    WEFT_TRY(weft_split_folds(d->assignment, all, p->folds, seed));
    d->test = weft_view_part(all, d->assignment, (uint8_t)fold, 1, d->index);
    d->train =
        weft_view_part(all, d->assignment, (uint8_t)fold, 0, d->index + d->test.count);
    return WEFT_OK;
}

static weft_status divide_parts(
    weft__division *d, const weft_protocol *p, const weft_view *all, uint64_t seed)
{
    double ratios[WEFT_PROTOCOL_PARTS];
    weft_view views[WEFT_PROTOCOL_PARTS] = {0};
    for (unsigned i = 0; i < p->parts; i++)
        ratios[i] = p->percent[i] / 100.0;
    WEFT_TRY(weft_split_ratios(d->assignment, all, ratios, p->parts, seed));
    uint32_t *index = d->index;
    for (unsigned i = 0; i < p->parts; i++) {
        views[i] = weft_view_part(all, d->assignment, (uint8_t)i, 1, index);
        index += views[i].count;
    }
    bool test_is_last = p->division != WEFT_DIVIDE_PUBLISHED;
    d->train = views[0];
    if (p->parts == 3 || !test_is_last)
        d->validation = views[1];
    if (test_is_last)
        d->test = views[p->parts - 1];
    return WEFT_OK;
}

weft_status weft__divide(weft__division *out, const weft_protocol *p, const weft_data *data,
    const weft_dataset *pooled, uint64_t seed, unsigned fold)
{
    weft__division d = {0};
    if (p->division == WEFT_DIVIDE_PUBLISHED)
        d.published = data->test;
    weft_view all = weft_view_all(p->division == WEFT_DIVIDE_POOLED ? pooled : data->train);
    weft_status status = WEFT_OK;
    if (!p->folds && p->parts == 1) {
        d.train = all;
    } else {
        status = weft__alloc(&d.assignment, all.count, 1, "a split");
        if (status == WEFT_OK)
            status = weft__alloc(&d.index, all.count, sizeof *d.index, "a split");
        if (status == WEFT_OK)
            status = p->folds ? divide_folds(&d, p, &all, seed, fold)
                              : divide_parts(&d, p, &all, seed);
    }
    if (status != WEFT_OK)
        weft__division_clear(&d);
    else
        *out = d;
    return status;
}

weft_view weft__division_test(weft__division *d)
{
    if (d->published)
        d->test = weft_test_open(d->published);
    return d->test;
}

void weft__division_clear(weft__division *d)
{
    free(d->assignment);
    free(d->index);
    *d = (weft__division){0};
}
