/* Holds the places of what the library does not define yet, so that the program links;
 * weak, so that the definitions win as soon as they are there. Goes away with them. */
#include "weft/weft.h"

#define PENDING __attribute__((weak))

PENDING weft_status weft_classifier_create(weft_classifier **out, const char *name)
{
    *out = NULL;
    return weft_fail(WEFT_ENOTFOUND, "no classifier '%s'", name);
}
PENDING void weft_classifier_free(weft_classifier *classifier)
{
    (void)classifier;
}
PENDING weft_status weft_classifier_set(
    weft_classifier *classifier, const char *option, const char *value)
{
    (void)classifier, (void)value;
    return weft_fail(WEFT_ENOTFOUND, "no option '%s'", option);
}
PENDING const weft_classifier_info *weft_classifier_describe(
    const weft_classifier *classifier)
{
    (void)classifier;
    return NULL;
}
PENDING size_t weft_classifier_catalogue_size(void)
{
    return 0;
}
PENDING const weft_classifier_info *weft_classifier_catalogue(size_t index)
{
    (void)index;
    return NULL;
}
PENDING weft_load_options weft_load_defaults(void)
{
    return (weft_load_options){0};
}
PENDING weft_status weft_data_load(weft_data *out, const char *where,
    const weft_load_options *options, weft_context *context)
{
    *out = (weft_data){0};
    (void)options, (void)context;
    return weft_fail(WEFT_ENOTFOUND, "%s: no data", where);
}
