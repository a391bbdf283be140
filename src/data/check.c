/* Looking at every picture once: its pixels' range and their SHA-256. What is alike is
 * found by sorting the sums. */
#include "weft/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "core/mem.h"
#include "core/team.h"
#include "core/text.h"
#include "data/dataset.h"
#include "data/describe.h"
#include "data/loader.h"

/* A class this many times as large as another is worth a word. */
static const double IMBALANCE = 3;
/* Pictures that use fewer grey levels than this were likely scaled by mistake. */
enum { NARROW = 64 };
enum { SUM = 32 /* hexadecimal digits kept of a SHA-256 */ };

static const char *const severities[] = {"note", "warning", "error"};

/* The kinds in the order in which they are told. */
enum kind {
    UNREADABLE,
    LEAK,
    CONFLICT,
    MISSING,
    CONSTANT,
    RANGE,
    DUPLICATE,
    UNEVEN,
    KINDS
};
static const struct {
    const char *name;
    weft_severity severity;
} kinds[KINDS] = {
    [UNREADABLE] = {"unreadable", WEFT_SEVERITY_ERROR},
    [LEAK] = {"leak", WEFT_SEVERITY_ERROR},
    [CONFLICT] = {"conflict", WEFT_SEVERITY_ERROR},
    [MISSING] = {"missing-class", WEFT_SEVERITY_ERROR},
    [CONSTANT] = {"constant", WEFT_SEVERITY_WARNING},
    [RANGE] = {"range", WEFT_SEVERITY_WARNING},
    [DUPLICATE] = {"duplicate", WEFT_SEVERITY_WARNING},
    [UNEVEN] = {"imbalance", WEFT_SEVERITY_NOTE},
};

struct levels {
    uint8_t low, high;
    double mean, deviation; /* of pixels in 0..1 */
};

struct weft_check {
    weft__text summary; /* what weft__data_describe says, and the levels */
    json_t *json;       /* the same; owned */
    struct list {
        weft_finding *items;
        size_t count, capacity;
    } found[KINDS];
    size_t count; /* of all findings */
};

/* A picture as it is compared. */
struct picture {
    char sum[SUM];
    uint64_t total, squares; /* over its pixels */
    uint32_t index;
    uint8_t split, low, high;
};

/* What a check works on. */
struct job {
    weft_check *check;
    const weft_dataset *splits[WEFT__SPLITS];
    size_t first[WEFT__SPLITS + 1]; /* where in pictures a split begins */
    struct picture *pictures;       /* of all splits, in order; later sorted by sum */
};

/* Adds a finding without places; *out is borrowed. */
static weft_status found(weft_check *check, enum kind kind, weft_finding **out,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

static weft_status found(
    weft_check *check, enum kind kind, weft_finding **out, const char *format, ...)
{
    struct list *list = &check->found[kind];
    WEFT_TRY(weft__grow(
        &list->items, &list->capacity, list->count + 1, sizeof *list->items, "findings"));
    weft_finding *finding = &list->items[list->count];
    *finding = (weft_finding){kinds[kind].severity, kinds[kind].name, NULL, NULL, 0};
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&finding->message, format, arguments);
    va_end(arguments);
    if (length < 0)
        return weft_fail(WEFT_ENOMEM, "no memory for a message");
    list->count++;
    check->count++;
    if (out)
        *out = finding;
    return WEFT_OK;
}

/* The finding is about these pictures. */
static weft_status at_pictures(const struct job *job, weft_finding *finding,
    const struct picture *pictures, size_t count)
{
    char origin[4096];
    WEFT_TRY(weft__calloc(&finding->where, count, sizeof *finding->where, "findings"));
    for (; finding->where_count < count; finding->where_count++) {
        const struct picture *p = &pictures[finding->where_count];
        weft_dataset_origin(job->splits[p->split], p->index, origin, sizeof origin);
        WEFT_TRY(weft__strdup(&finding->where[finding->where_count], origin));
    }
    return WEFT_OK;
}

static uint16_t label_of(const struct job *job, const struct picture *p)
{
    const weft_dataset *d = job->splits[p->split];
    return d->labels ? d->labels[p->index] : 0;
}

static void measure(struct picture *p, const uint8_t *pixels, size_t bytes)
{
    char text[WEFT__DIGEST_TEXT];
    weft__digest digest;
    weft__digest_begin(&digest);
    weft__digest_add(&digest, pixels, bytes);
    weft__digest_end(&digest, text);
    memcpy(p->sum, text, SUM);
    p->low = 255;
    for (size_t i = 0; i < bytes; i++) {
        p->total += pixels[i];
        p->squares += (unsigned)pixels[i] * pixels[i];
        p->low = pixels[i] < p->low ? pixels[i] : p->low;
        p->high = pixels[i] > p->high ? pixels[i] : p->high;
    }
}

static weft_status measure_some(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    const struct job *job = arg;
    for (size_t i = begin; i < end; i++) {
        uint8_t split = 0;
        while (i >= job->first[split + 1])
            split++;
        const weft_dataset *d = job->splits[split];
        size_t bytes = weft_shape_bytes(d->recipe.shape), index = i - job->first[split];
        job->pictures[i] = (struct picture){.split = split, .index = (uint32_t)index};
        measure(&job->pictures[i], d->pixels + index * bytes, bytes);
    }
    return WEFT_OK;
}

static struct levels levels_of(const struct job *job, int split)
{
    const weft_dataset *d = job->splits[split];
    struct levels levels = {.low = 255};
    double total = 0, squares = 0; /* whole numbers: exact in any order up to 2^53 */
    double n = (double)d->count * (double)weft_shape_bytes(d->recipe.shape);
    for (size_t i = job->first[split]; i < job->first[split + 1]; i++) {
        const struct picture *p = &job->pictures[i];
        total += (double)p->total;
        squares += (double)p->squares;
        levels.low = p->low < levels.low ? p->low : levels.low;
        levels.high = p->high > levels.high ? p->high : levels.high;
    }
    double mean = n > 0 ? total / n : 0, variance = n > 0 ? squares / n - mean * mean : 0;
    levels.mean = mean / 255;
    levels.deviation = sqrt(variance > 0 ? variance : 0) / 255;
    return levels;
}

/* Decimals that look the same in every locale; 0 <= value < 10. */
static weft_status put_decimals(weft__text *text, const char *before, double value)
{
    unsigned scaled = (unsigned)(value * 10000 + 0.5);
    return weft__text_printf(text, "%s%u.%04u", before, scaled / 10000, scaled % 10000);
}

static weft_status check_levels(struct job *job, int split)
{
    struct levels levels = levels_of(job, split);
    const char *name = weft__split_names[split];
    weft__text *text = &job->check->summary;
    WEFT_TRY(weft__text_printf(text, "%s%-11spixels %u to %u", split == 0 ? "\n" : "", name,
        levels.low, levels.high));
    WEFT_TRY(put_decimals(text, ", mean ", levels.mean));
    WEFT_TRY(put_decimals(text, ", standard deviation ", levels.deviation));
    WEFT_TRY(weft__text_append(text, " of 255\n", 8));
    json_t *json = json_object_get(json_object_get(job->check->json, "splits"), name);
    json_t *more = json_pack("{s:i, s:i, s:f, s:f}", "low", levels.low, "high", levels.high,
        "mean", levels.mean, "standard_deviation", levels.deviation);
    json_object_update_new(json, more);
    if (job->splits[split]->count && levels.high - levels.low < NARROW)
        return found(job->check, RANGE, NULL,
            "pixels of %s lie between %u and %u: expected most of 0 to 255", name,
            levels.low, levels.high);
    return WEFT_OK;
}

static weft_status check_constant(struct job *job, int split)
{
    for (size_t i = job->first[split]; i < job->first[split + 1]; i++) {
        const struct picture *p = &job->pictures[i];
        weft_finding *finding;
        if (p->low != p->high)
            continue;
        WEFT_TRY(found(job->check, CONSTANT, &finding,
            "a picture of %s in which every value is %u", weft__split_names[split],
            p->low));
        WEFT_TRY(at_pictures(job, finding, p, 1));
    }
    return WEFT_OK;
}

static weft_status check_files(struct job *job, int split)
{
    const weft_dataset *d = job->splits[split];
    for (size_t i = 0; i < d->skipped_count; i++) {
        weft_finding *finding;
        WEFT_TRY(found(job->check, UNREADABLE, &finding, "%s", d->skipped[i].reason));
        WEFT_TRY(weft__calloc(&finding->where, 1, sizeof *finding->where, "findings"));
        WEFT_TRY(weft__strdup(&finding->where[0], d->skipped[i].path));
        finding->where_count = 1;
    }
    return WEFT_OK;
}

static weft_status compare_sizes(struct job *job, int split, const size_t *counts)
{
    const weft_dataset *d = job->splits[split];
    const char *name = weft__split_names[split];
    size_t small = 0, large = 0;
    for (size_t c = 0; c < d->classes; c++) {
        if (!counts[c])
            WEFT_TRY(found(job->check, MISSING, NULL, "no picture of class %s in %s",
                d->class_names[c], name));
        if (counts[c] > counts[large])
            large = c;
        if (counts[c] && (!counts[small] || counts[c] < counts[small]))
            small = c;
    }
    if (d->count && (double)counts[large] >= IMBALANCE * (double)counts[small])
        return found(job->check, UNEVEN, NULL,
            "%s has %zu pictures of %s and %zu of %s: class weights may help", name,
            counts[large], d->class_names[large], counts[small], d->class_names[small]);
    return WEFT_OK;
}

static weft_status check_classes(struct job *job, int split)
{
    size_t *counts;
    WEFT_TRY(weft__class_counts(&counts, job->splits[split]));
    weft_status status = compare_sizes(job, split, counts);
    free(counts);
    return status;
}

static int by_sum(const void *a, const void *b)
{
    const struct picture *p = a, *q = b;
    int order = memcmp(p->sum, q->sum, SUM);
    if (order)
        return order;
    if (p->split != q->split)
        return p->split < q->split ? -1 : 1;
    return p->index < q->index ? -1 : p->index > q->index;
}

/* count > 1 pictures with the same pixels. */
static weft_status tell_alike(struct job *job, const struct picture *alike, size_t count)
{
    weft_check *check = job->check;
    weft_finding *finding;
    uint16_t label = label_of(job, alike);
    size_t other = 0;
    while (other < count && label_of(job, &alike[other]) == label)
        other++;
    const struct picture *last = &alike[count - 1];
    bool leak = alike->split != last->split, conflict = other < count;
    char *const *names = job->splits[alike->split]->class_names;
    if (leak) {
        WEFT_TRY(found(check, LEAK, &finding, "the same picture in %s and %s",
            weft__split_names[alike->split], weft__split_names[last->split]));
        WEFT_TRY(at_pictures(job, finding, alike, count));
    }
    if (conflict) {
        WEFT_TRY(found(check, CONFLICT, &finding, "the same picture labelled %s and %s",
            names[label], names[label_of(job, &alike[other])]));
        WEFT_TRY(at_pictures(job, finding, alike, count));
    }
    if (leak || conflict)
        return WEFT_OK;
    WEFT_TRY(found(check, DUPLICATE, &finding, "the same picture %zu times in %s", count,
        weft__split_names[alike->split]));
    return at_pictures(job, finding, alike, count);
}

static weft_status check_alike(struct job *job)
{
    size_t total = job->first[WEFT__SPLITS];
    qsort(job->pictures, total, sizeof *job->pictures, by_sum);
    for (size_t i = 0, end; i < total; i = end) {
        for (end = i + 1; end < total; end++)
            if (memcmp(job->pictures[i].sum, job->pictures[end].sum, SUM) != 0)
                break;
        if (end - i > 1)
            WEFT_TRY(tell_alike(job, &job->pictures[i], end - i));
    }
    return WEFT_OK;
}

static weft_status check_all(struct job *job, weft_context *context)
{
    static weft_status (*const checks[])(struct job *, int) = {
        check_files, check_classes, check_levels, check_constant};
    size_t total = job->first[WEFT__SPLITS];
    WEFT_TRY(weft__alloc(&job->pictures, total, sizeof *job->pictures, "checksums"));
    WEFT_TRY(weft__parallel(
        context, total, 64, measure_some, job, "checking pictures", "pictures"));
    for (size_t c = 0; c < sizeof checks / sizeof *checks; c++)
        for (int s = 0; s < WEFT__SPLITS; s++)
            if (job->splits[s])
                WEFT_TRY(checks[c](job, s));
    return check_alike(job);
}

weft_status weft_data_check(weft_check **out, const weft_data *data, weft_context *context)
{
    struct job job = {0};
    WEFT_TRY(weft__calloc(&job.check, 1, sizeof *job.check, "a check"));
    weft__data_splits(job.splits, data);
    for (int s = 0; s < WEFT__SPLITS; s++)
        job.first[s + 1] = job.first[s] + (job.splits[s] ? job.splits[s]->count : 0);
    weft_status status = weft__data_describe(&job.check->summary, data);
    job.check->json = weft__data_describe_json(data);
    if (status == WEFT_OK && !job.check->json)
        status = weft_fail(WEFT_ENOMEM, "no memory for JSON");
    if (status == WEFT_OK)
        status = check_all(&job, context);
    free(job.pictures);
    if (status == WEFT_OK)
        *out = job.check;
    else
        weft_check_free(job.check);
    return status;
}

void weft_check_free(weft_check *check)
{
    if (!check)
        return;
    for (int k = 0; k < KINDS; k++) {
        for (size_t i = 0; i < check->found[k].count; i++) {
            weft_finding *finding = &check->found[k].items[i];
            for (size_t w = 0; w < finding->where_count; w++)
                free(finding->where[w]);
            free(finding->where);
            free(finding->message);
        }
        free(check->found[k].items);
    }
    weft__text_clear(&check->summary);
    json_decref(check->json);
    free(check);
}

size_t weft_check_count(const weft_check *check)
{
    return check->count;
}

const weft_finding *weft_check_finding(const weft_check *check, size_t index)
{
    for (int k = 0; k < KINDS; k++) {
        if (index < check->found[k].count)
            return &check->found[k].items[index];
        index -= check->found[k].count;
    }
    return NULL;
}

static weft_status put_finding(weft__text *text, const weft_finding *finding)
{
    enum { SHOWN = 4 /* places of one finding */ };
    WEFT_TRY(
        weft__text_printf(text, "%s, %s: ", severities[finding->severity], finding->kind));
    WEFT_TRY(weft__text_cell(text, finding->message, 0, false));
    WEFT_TRY(weft__text_append(text, "\n", 1));
    /* A file that cannot be read is named by its message. */
    bool named = strcmp(finding->kind, kinds[UNREADABLE].name) == 0;
    for (size_t i = 0; !named && i < finding->where_count; i++) {
        if (i == SHOWN && finding->where_count > SHOWN + 1)
            return weft__text_printf(
                text, "    and %zu more places\n", finding->where_count - SHOWN);
        WEFT_TRY(weft__text_append(text, "    ", 4));
        WEFT_TRY(weft__text_cell(text, finding->where[i], 0, false));
        WEFT_TRY(weft__text_append(text, "\n", 1));
    }
    return WEFT_OK;
}

static weft_status put_findings(weft__text *text, const weft_check *check, size_t most)
{
    size_t of[3] = {0};
    WEFT_TRY(weft__text_append(text, check->summary.data, check->summary.length));
    WEFT_TRY(weft__text_append(text, "\n", 1));
    for (int k = 0; k < KINDS; k++) {
        const struct list *list = &check->found[k];
        size_t shown = most && most < list->count ? most : list->count;
        of[kinds[k].severity] += list->count;
        for (size_t i = 0; i < shown; i++)
            WEFT_TRY(put_finding(text, &list->items[i]));
        if (shown < list->count)
            WEFT_TRY(weft__text_printf(text, "%s, %s: %zu more\n",
                severities[kinds[k].severity], kinds[k].name, list->count - shown));
    }
    return weft__text_printf(text, "%zu errors, %zu warnings, %zu notes\n",
        of[WEFT_SEVERITY_ERROR], of[WEFT_SEVERITY_WARNING], of[WEFT_SEVERITY_NOTE]);
}

weft_status weft_check_text(char **out, const weft_check *check, size_t most)
{
    weft__text text = {0};
    weft_status status = put_findings(&text, check, most);
    if (status == WEFT_OK)
        *out = text.data;
    else
        weft__text_clear(&text);
    return status;
}

static json_t *finding_json(const weft_finding *finding)
{
    return json_pack("{s:s, s:s, s:o, s:o}", "severity", severities[finding->severity],
        "kind", finding->kind, "message", weft__json_name(finding->message), "where",
        weft__json_names(finding->where, finding->where_count));
}

weft_status weft_check_json(char **out, const weft_check *check)
{
    json_t *findings = json_array();
    bool complete = true;
    for (size_t i = 0; complete && i < check->count; i++)
        complete = json_array_append_new(
                       findings, finding_json(weft_check_finding(check, i))) == 0;
    json_t *json = json_pack("{s:O, s:o}", "data", check->json, "findings", findings);
    if (!complete) {
        json_decref(json);
        json = NULL;
    }
    return weft__json_dump(out, json);
}
