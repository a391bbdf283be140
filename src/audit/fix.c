/* The fix list. Copies first, as what is dropped needs no other label:
 * - train and test: the training picture goes, the test split stays as it is;
 * - train and validation: the same pixels go from validation; a near-copy moves to train,
 *   where it is of use, and no longer flatters;
 * - validation and test: the validation picture goes;
 * - within train: the same pixels are kept once, under the label that the classifiers find
 *   likeliest; near-copies with different labels are listed and kept.
 * Then what is one colour, which goes; labels, in the order of suspicion; and what looks
 * odd, for people to look at. */
#include <math.h>
#include <stdlib.h>

#include "audit/audit.h"
#include "core/mem.h"

const char *weft_fix_action_name(weft_fix_action action)
{
    static const char *const names[WEFT_FIX_ACTIONS] = {"keep", "drop", "relabel", "move"};
    return (size_t)action < WEFT_FIX_ACTIONS ? names[action] : NULL;
}

const char *weft__audit_fix_to(const weft_audit *a, const weft_fix *fix)
{
    if (fix->action == WEFT_FIX_MOVE)
        return weft_split_name((weft_split)fix->to);
    return fix->suspicion == WEFT_SUSPECT_LABEL ? a->train->class_names[fix->to] : "";
}

static weft_status add(weft_audit *a, weft_fix fix)
{
    WEFT_TRY(weft__grow(
        &a->fixes, &a->fix_capacity, a->fix_count + 1, sizeof *a->fixes, "the fix list"));
    a->fixes[a->fix_count++] = fix;
    return WEFT_OK;
}

/* Of a group's training pictures the one to keep: whose label is likeliest, the first on
 * ties. */
static size_t best_of(const weft_audit *a, const weft_duplicate_group *group)
{
    size_t best = SIZE_MAX;
    float most = -1;
    for (size_t i = 0; i < group->count; i++) {
        const weft_duplicate *p = &group->pictures[i];
        if (p->split == WEFT_SPLIT_TRAIN && a->pictures[p->index].given > most) {
            most = a->pictures[p->index].given;
            best = i;
        }
    }
    return best;
}

/* What to do about picture i of the group. */
static weft_fix fix_of(
    const weft_audit *a, const weft_duplicate_group *group, size_t i, const bool *in)
{
    const weft_duplicate *p = &group->pictures[i];
    weft_fix fix = {.split = p->split,
        .index = p->index,
        .action = WEFT_FIX_KEEP,
        .suspicion = group->across ? WEFT_SUSPECT_LEAK : WEFT_SUSPECT_COPY,
        .confidence = p->similarity};
    bool same = p->similarity == 1;
    if (in[WEFT_SPLIT_TEST]) {
        if (p->split != WEFT_SPLIT_TEST)
            fix.action = WEFT_FIX_DROP;
    } else if (group->across) {
        if (p->split == WEFT_SPLIT_VALIDATION) {
            fix.action = same ? WEFT_FIX_DROP : WEFT_FIX_MOVE;
            fix.to = WEFT_SPLIT_TRAIN;
        }
    } else if (p->split == WEFT_SPLIT_TRAIN && group->exact && i != best_of(a, group))
        fix.action = WEFT_FIX_DROP;
    if (fix.action != WEFT_FIX_MOVE)
        fix.to = 0;
    return fix;
}

static weft_status fix_copies(weft_audit *a, bool *gone)
{
    for (size_t g = 0; g < weft_duplicates_count(a->copies); g++) {
        const weft_duplicate_group *group = weft_duplicates_group(a->copies, g);
        bool in[WEFT_SPLITS] = {false};
        for (size_t i = 0; i < group->count; i++)
            in[group->pictures[i].split] = true;
        if (!in[WEFT_SPLIT_TRAIN] && !in[WEFT_SPLIT_VALIDATION])
            continue;
        for (size_t i = 0; i < group->count; i++) {
            weft_fix fix = fix_of(a, group, i, in);
            /* Of others it is known that they go, or they do no harm. */
            if (fix.action == WEFT_FIX_KEEP &&
                (group->exact || group->across || !group->conflict))
                continue;
            WEFT_TRY(add(a, fix));
            if (fix.split == WEFT_SPLIT_TRAIN && fix.action == WEFT_FIX_DROP)
                gone[fix.index] = true;
        }
    }
    return WEFT_OK;
}

static weft_status fix_labels(weft_audit *a, const bool *gone)
{
    for (size_t r = 0; r < a->train->count; r++) {
        uint32_t i = a->order[r];
        const weft_audited *p = &a->pictures[i];
        if (!weft__suspected(p, WEFT_SUSPECT_LABEL) || gone[i])
            continue;
        double other = (double)a->probabilities[i * a->train->classes + p->suggested];
        weft_fix fix = {.split = WEFT_SPLIT_TRAIN,
            .index = i,
            .to = p->suggested,
            .suspicion = WEFT_SUSPECT_LABEL,
            .confidence = (1 + other - (double)p->given) / 2};
        fix.action =
            fix.confidence >= a->options.confidence ? WEFT_FIX_RELABEL : WEFT_FIX_KEEP;
        WEFT_TRY(add(a, fix));
    }
    return WEFT_OK;
}

/* Lists the pictures with this suspicion that are still there. */
static weft_status fix_look(
    weft_audit *a, weft_suspicion why, weft_fix_action action, bool *gone)
{
    for (size_t i = 0; i < a->train->count; i++) {
        if (!weft__suspected(&a->pictures[i], why) || gone[i])
            continue;
        WEFT_TRY(add(a, (weft_fix){.split = WEFT_SPLIT_TRAIN,
                            .index = (uint32_t)i,
                            .action = action,
                            .suspicion = why,
                            .confidence = NAN}));
        gone[i] = action == WEFT_FIX_DROP;
    }
    return WEFT_OK;
}

weft_status weft__audit_fix(weft_audit *a)
{
    static const weft_suspicion looks[] = {WEFT_SUSPECT_DARK, WEFT_SUSPECT_PALE,
        WEFT_SUSPECT_BLURRED, WEFT_SUSPECT_SIZE, WEFT_SUSPECT_OUTLIER};
    bool *gone;
    WEFT_TRY(weft__calloc(&gone, a->train->count, sizeof *gone, "the fix list"));
    weft_status status = fix_copies(a, gone);
    if (status == WEFT_OK)
        status = fix_look(a, WEFT_SUSPECT_FLAT, WEFT_FIX_DROP, gone);
    if (status == WEFT_OK)
        status = fix_labels(a, gone);
    for (size_t s = 0; status == WEFT_OK && s < sizeof looks / sizeof *looks; s++)
        status = fix_look(a, looks[s], WEFT_FIX_KEEP, gone);
    free(gone);
    return status;
}
