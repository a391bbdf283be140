/* Copies within train and across splits. */
#include "audit/audit.h"

weft_status weft__audit_copies(weft_audit *a, weft_context *context)
{
    weft_duplicates_options options = weft_duplicates_defaults();
    options.similarity = a->options.similarity;
    WEFT_TRY(weft_duplicates_find(&a->copies, a->data, &options, context));
    for (size_t g = 0; g < weft_duplicates_count(a->copies); g++) {
        const weft_duplicate_group *group = weft_duplicates_group(a->copies, g);
        size_t train = 0;
        for (size_t i = 0; i < group->count; i++)
            train += group->pictures[i].split == WEFT_SPLIT_TRAIN;
        for (size_t i = 0; i < group->count; i++) {
            if (group->pictures[i].split != WEFT_SPLIT_TRAIN)
                continue;
            weft_audited *p = &a->pictures[group->pictures[i].index];
            p->suspicions |= group->across ? 1u << WEFT_SUSPECT_LEAK : 0;
            p->suspicions |= train > 1 ? 1u << WEFT_SUSPECT_COPY : 0;
        }
    }
    return WEFT_OK;
}
