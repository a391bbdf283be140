/* An audit as JSON. Where memory is exhausted jansson gives NULL, and so does what would
 * hold it. */
#include <math.h>
#include <stdlib.h>

#include "audit/audit.h"
#include "data/describe.h"
#include "data/origins.h"
#include "weft/weft.h"

enum { CLASSES = 100 /* a joint of more is left out */ };

static void push(json_t *array, json_t *item)
{
    (void)json_array_append_new(array, item);
}

static json_t *real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *given(const char *text)
{
    return text ? weft__json_name(text) : json_null();
}

static size_t at_most(size_t count, size_t most)
{
    return most && most < count ? most : count;
}

static json_t *costs_json(const weft_audit *a)
{
    json_t *costs = json_array();
    for (int s = 0; s < WEFT_SUSPICIONS; s++) {
        const weft_audit_cost *c = &a->costs[s];
        push(costs,
            json_pack("{s:s, s:I, s:o, s:o}", "suspicion",
                weft_suspicion_name((weft_suspicion)s), "count", (json_int_t)c->count,
                "accuracy_among", real(c->among), "accuracy_left_out", real(c->left_out)));
    }
    return costs;
}

static json_t *overlaps_json(const weft_audit *a, size_t most)
{
    json_t *overlaps = json_array();
    for (size_t i = 0; i < at_most(a->overlap_count, most); i++) {
        const weft_overlap *o = &a->overlaps[i];
        push(overlaps, json_pack("{s:i, s:i, s:I, s:I, s:I, s:I, s:f}", "a", (int)o->a, "b",
                           (int)o->b, "a_as_b", (json_int_t)o->a_as_b, "b_as_a",
                           (json_int_t)o->b_as_a, "a_likely_b", (json_int_t)o->a_likely_b,
                           "b_likely_a", (json_int_t)o->b_likely_a, "gain", o->gain));
    }
    return overlaps;
}

static json_t *joint_json(const weft_audit *a)
{
    size_t classes = a->train->classes;
    json_t *joint = json_array();
    for (size_t i = 0; classes <= CLASSES && i < classes; i++) {
        json_t *row = json_array();
        for (size_t j = 0; j < classes; j++)
            push(row, json_integer((json_int_t)a->joint[i * classes + j]));
        push(joint, row);
    }
    return joint;
}

static json_t *fix_json(const weft_audit *a, const weft_fix *fix)
{
    char name[WEFT__ORIGIN];
    return json_pack("{s:o, s:s, s:I, s:s, s:o, s:s, s:o}", "picture",
        weft__json_name(weft__audit_picture(a, fix->split, fix->index, name)), "split",
        weft_split_name(fix->split), "index", (json_int_t)fix->index, "action",
        weft_fix_action_name(fix->action), "to",
        weft__json_name(weft__audit_fix_to(a, fix)), "reason",
        weft_suspicion_name(fix->suspicion), "confidence", real(fix->confidence));
}

static json_t *fixes_json(const weft_audit *a, size_t most)
{
    json_t *list = json_array(), *actions = json_object();
    for (int k = 0; k < WEFT_FIX_ACTIONS; k++) {
        size_t count = 0;
        for (size_t i = 0; i < a->fix_count; i++)
            count += a->fixes[i].action == (weft_fix_action)k;
        json_object_set_new(actions, weft_fix_action_name((weft_fix_action)k),
            json_integer((json_int_t)count));
    }
    for (size_t i = 0; i < at_most(a->fix_count, most); i++)
        push(list, fix_json(a, &a->fixes[i]));
    return json_pack("{s:I, s:o, s:o}", "count", (json_int_t)a->fix_count, "actions",
        actions, "list", list);
}

static json_t *group_json(const weft_audit *a, const weft_duplicate_group *group)
{
    json_t *pictures = json_array();
    char name[WEFT__ORIGIN];
    for (size_t i = 0; i < group->count; i++) {
        const weft_duplicate *p = &group->pictures[i];
        push(
            pictures, json_pack("{s:o, s:s, s:I, s:i, s:f}", "picture",
                          weft__json_name(weft__audit_picture(a, p->split, p->index, name)),
                          "split", weft_split_name(p->split), "index", (json_int_t)p->index,
                          "label", (int)p->label, "similarity", p->similarity));
    }
    return json_pack("{s:b, s:b, s:b, s:f, s:o}", "exact", group->exact, "across",
        group->across, "conflict", group->conflict, "similarity", group->similarity,
        "pictures", pictures);
}

static json_t *copies_json(const weft_audit *a, size_t most)
{
    const weft_duplicates *d = a->copies;
    size_t count = weft_duplicates_count(d), exact = 0, across = 0, conflict = 0;
    json_t *groups = json_array();
    for (size_t i = 0; i < count; i++) {
        const weft_duplicate_group *group = weft_duplicates_group(d, i);
        exact += group->exact;
        across += group->across;
        conflict += group->conflict;
        if (i < at_most(count, most))
            push(groups, group_json(a, group));
    }
    return json_pack("{s:f, s:I, s:I, s:I, s:I, s:o}", "similarity",
        weft_duplicates_similarity(d), "count", (json_int_t)count, "exact",
        (json_int_t)exact, "across", (json_int_t)across, "conflict", (json_int_t)conflict,
        "groups", groups);
}

static json_t *findings_json(const weft_audit *a)
{
    char *text;
    if (weft_check_json(&text, a->check) != WEFT_OK)
        return NULL;
    json_t *check = json_loads(text, 0, NULL);
    free(text);
    json_t *findings = json_incref(json_object_get(check, "findings"));
    json_decref(check);
    return findings;
}

weft_status weft__audit_json(json_t **out, const weft_audit *a, size_t most)
{
    const weft_border_cue *b = &a->border;
    json_t *json = json_pack("{s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:f, s:f, s:o, s:f, s:f, "
                             "s:o, s:o, s:o, s:{s:I, s:f, s:f, s:f, s:f}, s:o, s:o, s:o, "
                             "s:{s:b, s:I, s:o, s:o}}",
        "weft", weft_version(), "source", given(a->source), "command", given(a->command),
        "classifiers", weft__json_name(a->names), "folds", (json_int_t)a->options.folds,
        "repeats", (json_int_t)a->options.repeats, "seed", (json_int_t)a->options.seed,
        "seconds", a->seconds, "confidence", a->options.confidence, "data",
        weft__data_describe_json(a->data), "accuracy", a->accuracy, "wrong_labels",
        a->wrong, "costs", costs_json(a), "overlaps", overlaps_json(a, most), "joint",
        joint_json(a), "border", "count", (json_int_t)b->count, "accuracy", b->accuracy,
        "low", b->low, "high", b->high, "chance", b->chance, "copies", copies_json(a, most),
        "findings", findings_json(a), "fixes", fixes_json(a, most), "refit", "asked",
        a->options.refit, "left_out", (json_int_t)a->refit.left_out, "before",
        real(a->refit.before), "after", real(a->refit.after));
    if (!json)
        return weft_fail(WEFT_ENOMEM, "no memory for JSON");
    *out = json;
    return WEFT_OK;
}

weft_status weft_audit_json(char **out, const weft_audit *audit)
{
    json_t *json;
    WEFT_TRY(weft__audit_json(&json, audit, 0));
    return weft__json_dump(out, json);
}
