/* A row a training picture, and the fix list as weft/fixes.h reads it. */
#include <math.h>
#include <stdlib.h>

#include "audit/audit.h"
#include "core/text.h"
#include "data/origins.h"

/* After a comma; nothing where it is not finite. */
static weft_status put_real(weft__text *text, double value)
{
    char number[32] = "";
    if (isfinite(value))
        weft__format_fixed(value, 6, number, sizeof number);
    return weft__text_printf(text, ",%s", number);
}

static weft_status put_text(weft__text *text, const char *value)
{
    WEFT_TRY(weft__text_append(text, ",", 1));
    return weft__text_csv(text, value);
}

static weft_status put_suspicions(weft__text *text, const weft_audited *p)
{
    const char *before = ",";
    if (!p->suspicions)
        return weft__text_append(text, ",", 1);
    for (int s = 0; s < WEFT_SUSPICIONS; s++)
        if (weft__suspected(p, (weft_suspicion)s)) {
            WEFT_TRY(weft__text_printf(
                text, "%s%s", before, weft_suspicion_name((weft_suspicion)s)));
            before = " ";
        }
    return WEFT_OK;
}

static weft_status put_picture(weft__text *text, const weft_audit *a, size_t i)
{
    const weft_audited *p = &a->pictures[i];
    char *const *names = a->train->class_names;
    char name[WEFT__ORIGIN];
    WEFT_TRY(weft__text_printf(text, "%zu", i));
    WEFT_TRY(put_text(text, weft__audit_picture(a, WEFT_SPLIT_TRAIN, i, name)));
    WEFT_TRY(put_text(text, names[p->label]));
    WEFT_TRY(weft__text_printf(text, ",%u", p->rank));
    WEFT_TRY(put_real(text, (double)p->given));
    WEFT_TRY(put_text(text, names[p->predicted]));
    WEFT_TRY(put_real(text, (double)p->likeliest));
    WEFT_TRY(put_text(text, names[p->suggested]));
    WEFT_TRY(put_real(text, (double)p->brightness));
    WEFT_TRY(put_real(text, (double)p->sharpness));
    WEFT_TRY(put_real(text, (double)p->distance));
    WEFT_TRY(put_suspicions(text, p));
    return weft__text_append(text, "\n", 1);
}

/* Hands the text over, or clears it. */
static weft_status give(char **out, weft__text *text, weft_status status)
{
    if (status == WEFT_OK)
        *out = text->data;
    else
        weft__text_clear(text);
    return status;
}

weft_status weft_audit_pictures_csv(char **out, const weft_audit *a)
{
    weft__text text = {0};
    weft_status status = weft__text_printf(&text,
        "index,picture,label,rank,p_label,predicted,p_predicted,suggested,brightness,"
        "sharpness,distance,suspicions\n");
    for (size_t i = 0; status == WEFT_OK && i < a->train->count; i++)
        status = put_picture(&text, a, i);
    return give(out, &text, status);
}

static weft_status put_fix(weft__text *text, const weft_audit *a, const weft_fix *fix)
{
    char name[WEFT__ORIGIN];
    const weft_dataset *d = a->splits[fix->split];
    WEFT_TRY(weft__text_csv(text, weft__audit_picture(a, fix->split, fix->index, name)));
    WEFT_TRY(weft__text_printf(text, ",%s", weft_fix_action_name(fix->action)));
    WEFT_TRY(put_text(text, weft__audit_fix_to(a, fix)));
    WEFT_TRY(weft__text_printf(text, ",%s", weft_suspicion_name(fix->suspicion)));
    WEFT_TRY(put_real(text, fix->confidence));
    WEFT_TRY(put_text(text, d->class_names[d->labels[fix->index]]));
    return weft__text_append(text, "\n", 1);
}

weft_status weft_audit_fixes_csv(char **out, const weft_audit *a)
{
    weft__text text = {0};
    weft_status status =
        weft__text_printf(&text, "picture,action,to,reason,confidence,label\n");
    for (size_t i = 0; status == WEFT_OK && i < a->fix_count; i++)
        status = put_fix(&text, a, &a->fixes[i]);
    return give(out, &text, status);
}
