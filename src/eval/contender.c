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

static weft_status set_seed(weft_classifier *classifier, uint64_t seed)
{
    const weft_param *params = weft_classifier_describe(classifier)->params;
    if (!weft_param_find(params, "seed"))
        return WEFT_OK;
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    return weft_classifier_set(classifier, "seed", text);
}

static weft_status create(weft__contender *c, char *copy, uint64_t seed)
{
    char *options = find_options(copy);
    if (options)
        *options++ = 0;
    WEFT_TRY(weft_classifier_create(&c->classifier, copy));
    WEFT_TRY(set_seed(c->classifier, seed));
    if (options)
        WEFT_TRY(set_options(c->classifier, options));
    c->entry.name = c->name;
    c->entry.classifier = c->classifier;
    return WEFT_OK;
}

weft_status weft__contender_create(weft__contender *out, const char *text, uint64_t seed)
{
    weft__contender contender = {0};
    char *copy = NULL;
    weft_status status = weft__strdup(&contender.name, text);
    if (status == WEFT_OK)
        status = weft__strdup(&copy, text);
    if (status == WEFT_OK)
        status = create(&contender, copy, seed);
    free(copy);
    if (status != WEFT_OK)
        weft__contender_clear(&contender);
    else
        *out = contender;
    return status;
}

void weft__contender_clear(weft__contender *contender)
{
    weft_classifier_free(contender->classifier);
    weft_evaluation_free(contender->evaluation);
    free(contender->name);
    free(contender->error);
    free(contender->model);
    *contender = (weft__contender){0};
}
