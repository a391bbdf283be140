/* From "knn:k=11,weights=distance" to a classifier with these options. */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "eval/compare.h"

/* Whether `text` begins with an option's name and '='. */
static bool is_option(const char *text)
{
    size_t name = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return name > 0 && text[name] == '=';
}

/* The colon before the first option, or NULL; paths and values may have colons too. */
static char *find_options(char *text)
{
    while ((text = strchr(text, ':')) && !is_option(text + 1))
        text++;
    return text;
}

/* The comma before the next "name=", so that a value may hold commas; or the end. */
static char *end_of_option(char *option)
{
    char *end = option;
    while ((end = strchr(end, ',')) && !is_option(end + 1))
        end++;
    return end ? end : option + strlen(option);
}

static weft_status set_options(weft_classifier *classifier, char *options)
{
    while (*options) {
        char *end = end_of_option(options);
        bool last = *end == 0;
        *end = 0;
        char *value = strchr(options, '=');
        *value++ = 0;
        WEFT_TRY(weft_classifier_set(classifier, options, value));
        options = last ? end : end + 1;
    }
    return WEFT_OK;
}

/* Whether the seed may change what is learnt: there is one, and nobody has fixed it. */
static bool is_by_chance(const weft_classifier *classifier, const char *options)
{
    if (!weft_param_find(weft_classifier_describe(classifier)->params, "seed"))
        return false;
    for (const char *at = options; at; at = strchr(at, ','))
        if (strncmp(at += *at == ',', "seed=", 5) == 0)
            return false;
    return true;
}

static weft_status set_seed(weft_classifier *classifier, uint64_t seed)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    return weft_classifier_set(classifier, "seed", text);
}

/* "NAME" or "NAME:OPTIONS" without its seed. */
static weft_status make(weft_classifier **out, const char *text, bool *by_chance)
{
    char *copy;
    weft_classifier *classifier = NULL;
    WEFT_TRY(weft__strdup(&copy, text));
    char *options = find_options(copy);
    if (options)
        *options++ = 0;
    weft_status status = weft_classifier_create(&classifier, copy);
    if (status == WEFT_OK) {
        *by_chance = is_by_chance(classifier, options);
        if (options)
            status = set_options(classifier, options);
    }
    free(copy);
    if (status != WEFT_OK)
        weft_classifier_free(classifier);
    else
        *out = classifier;
    return status;
}

static weft_status create(
    weft__contender *c, const char *text, uint64_t seed, uint64_t seeds)
{
    weft_classifier *first;
    WEFT_TRY(weft__strdup(&c->name, text));
    WEFT_TRY(make(&first, text, &c->entry.by_chance));
    c->wanted = c->entry.by_chance && seeds > 1 ? seeds : 1;
    weft_status status = weft__calloc(&c->own, c->wanted, sizeof *c->own, "classifiers");
    if (status != WEFT_OK) {
        weft_classifier_free(first);
        return status;
    }
    c->classifier = c->own[0].classifier = first;
    WEFT_TRY(weft__calloc(&c->fits, c->wanted, sizeof *c->fits, "classifiers"));
    for (size_t i = 0; i < c->wanted; i++) {
        bool by_chance;
        if (i > 0)
            WEFT_TRY(make(&c->own[i].classifier, text, &by_chance));
        if (c->entry.by_chance)
            WEFT_TRY(set_seed(c->own[i].classifier, seed + i));
        c->fits[i] = (weft_seed_fit){.seed = seed + i, .classifier = c->own[i].classifier};
    }
    c->entry.name = c->name;
    c->entry.classifier = first;
    c->entry.fits = c->fits;
    return WEFT_OK;
}

weft_status weft__contender_create(
    weft__contender *out, const char *text, uint64_t seed, uint64_t seeds)
{
    weft__contender contender = {0};
    weft_status status = create(&contender, text, seed, seeds);
    if (status != WEFT_OK)
        weft__contender_clear(&contender);
    else
        *out = contender;
    return status;
}

void weft__contender_clear(weft__contender *contender)
{
    for (size_t i = 0; contender->own && i < contender->wanted; i++) {
        weft_classifier_free(contender->own[i].classifier);
        weft_evaluation_free(contender->own[i].evaluation);
    }
    weft_evaluation_free(contender->uncalibrated);
    free(contender->own);
    free(contender->fits);
    free(contender->name);
    free(contender->error);
    free(contender->model);
    *contender = (weft__contender){0};
}
