/* Garments drawn by the program, in any number and size: "synth:n=1000,size=28". Each
 * picture depends on the seed, its split and its number alone. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/team.h"
#include "data/dataset.h"
#include "data/loader.h"
#include "data/scene.h"
#include "weft/param.h"

struct options {
    uint64_t n, validation, test; /* pictures in each split */
    uint64_t size;                /* pixels, height and width */
    bool colour;                  /* on cluttered ground, else grey on black */
    uint64_t seed;
};

static const weft_param params[] = {
    {"n", WEFT_PARAM_COUNT, offsetof(struct options, n), "6000", WEFT__GARMENTS, UINT32_MAX,
        NULL, "training pictures"},
    {"validation", WEFT_PARAM_COUNT, offsetof(struct options, validation), "0", 0,
        UINT32_MAX, NULL, "validation pictures"},
    {"test", WEFT_PARAM_COUNT, offsetof(struct options, test), "1000", 0, UINT32_MAX, NULL,
        "test pictures"},
    {"size", WEFT_PARAM_COUNT, offsetof(struct options, size), "28", 16, 512, NULL,
        "height and width in pixels"},
    {"colour", WEFT_PARAM_FLAG, offsetof(struct options, colour), "false", 0, 0, NULL,
        "in colour on cluttered ground instead of grey on black"},
    {"seed", WEFT_PARAM_COUNT, offsetof(struct options, seed), "1", 0, 9007199254740992.0,
        NULL, "other seeds draw other pictures"},
    {0},
};

static weft_status set_one(struct options *options, const char *where, char *item)
{
    char *equals = strchr(item, '=');
    if (equals)
        *equals = 0;
    weft_status status =
        weft_param_set(params, options, item, equals ? equals + 1 : "true");
    if (status == WEFT_OK)
        return WEFT_OK;
    char why[512];
    strncpy(why, weft_error(), sizeof why - 1);
    why[sizeof why - 1] = 0;
    return weft_fail(WEFT_EINVAL, "%s: %s", where, why);
}

/* Reads "synth" or "synth:n=1000,size=28,colour,seed=1". */
static weft_status parse(struct options *options, const char *where)
{
    WEFT_TRY(weft_param_defaults(params, options));
    const char *colon = strchr(where, ':');
    if (!colon || !colon[1])
        return WEFT_OK;
    char *text;
    WEFT_TRY(weft__strdup(&text, colon + 1));
    weft_status status = WEFT_OK;
    char *rest = text, *item;
    while (status == WEFT_OK && (item = strsep(&rest, ",")))
        status = set_one(options, where, item);
    free(text);
    return status;
}

/* Streams of random numbers: a split's pictures, and the order of classes within each ten
 * of them. */
enum { PICTURES = 0, ORDER = 1 };

static weft_rng stream(uint64_t seed, uint64_t split, uint64_t use, uint64_t index)
{
    return weft_rng_create(seed, (split * 2 + use) << 40 | index);
}

struct drawing_job {
    const struct options *options;
    weft_dataset *dataset;
    weft__scene **scenes; /* one a thread */
    uint64_t split;
    size_t picture; /* bytes */
};

static uint16_t class_of(const struct drawing_job *job, size_t i)
{
    uint32_t order[WEFT__GARMENTS];
    for (uint32_t c = 0; c < WEFT__GARMENTS; c++)
        order[c] = c;
    weft_rng rng = stream(job->options->seed, job->split, ORDER, i / WEFT__GARMENTS);
    weft_rng_shuffle(&rng, order, WEFT__GARMENTS);
    return (uint16_t)order[i % WEFT__GARMENTS];
}

static weft_status draw_some(size_t begin, size_t end, int rank, void *arg)
{
    const struct drawing_job *job = arg;
    for (size_t i = begin; i < end; i++) {
        weft_rng rng = stream(job->options->seed, job->split, PICTURES, i);
        uint16_t label = class_of(job, i);
        job->dataset->labels[i] = label;
        weft__scene_draw(job->scenes[rank], label, job->options->colour, &rng,
            job->dataset->pixels + i * job->picture);
    }
    return WEFT_OK;
}

/* One split; *out is written only on success. */
static weft_status draw_split(weft_dataset **out, const struct options *options,
    weft_shape shape, int split, size_t count, weft_context *context)
{
    static const char *const source[] = {"synth-train", "synth-validation", "synth-test"};
    int threads = weft_context_threads(context);
    struct drawing_job job = {
        options, NULL, NULL, (uint64_t)split, weft_shape_bytes(shape)};
    weft_recipe recipe = {.shape = shape, .fit = WEFT_FIT_PAD};
    weft_status status = weft__dataset_reserve(
        &job.dataset, &recipe, count, WEFT__GARMENTS, weft__garment_names);
    if (status == WEFT_OK)
        status = weft__strdup(&job.dataset->source, source[split]);
    if (status == WEFT_OK)
        status = weft__calloc(&job.scenes, (size_t)threads, sizeof *job.scenes, "scenes");
    for (int i = 0; status == WEFT_OK && i < threads; i++)
        status =
            weft__scene_create(&job.scenes[i], shape.height, shape.width, shape.channels);
    if (status == WEFT_OK)
        status = weft__parallel(
            context, count, 16, draw_some, &job, "drawing garments", "pictures");
    for (int i = 0; job.scenes && i < threads; i++)
        weft__scene_free(job.scenes[i]);
    free(job.scenes);
    if (status == WEFT_OK)
        *out = job.dataset;
    else
        weft_dataset_free(job.dataset);
    return status;
}

static size_t limited(uint64_t count, size_t limit)
{
    return limit && limit < count ? limit : (size_t)count;
}

/* The load options' size and channels, where set, go before the text's own: a garment is
 * drawn at that size, never resized. */
static weft_status load(
    weft_data *out, const char *where, const weft_load_options *load, weft_context *context)
{
    struct options options;
    WEFT_TRY(parse(&options, where));
    if (load->limit && load->limit < WEFT__GARMENTS)
        return weft_fail(WEFT_EINVAL, "limit %zu: expected at least the %d classes",
            load->limit, (int)WEFT__GARMENTS);
    weft_shape shape = {
        (uint32_t)options.size, (uint32_t)options.size, options.colour ? 3 : 1};
    if (load->height)
        shape.height = load->height;
    if (load->width)
        shape.width = load->width;
    if (load->channels)
        shape.channels = load->channels;
    const uint64_t counts[WEFT__SPLITS] = {options.n, options.validation, options.test};
    weft_dataset *test = NULL,
                 **splits[WEFT__SPLITS] = {&out->train, &out->validation, &test};
    for (int s = 0; s < WEFT__SPLITS; s++)
        if (counts[s])
            WEFT_TRY(draw_split(
                splits[s], &options, shape, s, limited(counts[s], load->limit), context));
    return test ? weft__test_create(&out->test, test) : WEFT_OK;
}

static bool recognise(const char *where)
{
    return strcmp(where, "synth") == 0 || strncmp(where, "synth:", 6) == 0;
}

const weft__loader weft__synth_loader = {recognise, load};
