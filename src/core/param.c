#include "weft/param.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/text.h"

static void *field(void *options, const weft_param *param)
{
    return (char *)options + param->offset;
}

static const void *const_field(const void *options, const weft_param *param)
{
    return (const char *)options + param->offset;
}

const weft_param *weft_param_find(const weft_param *table, const char *name)
{
    for (; table->name; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

static const char *name_at(const void *table, size_t i)
{
    return ((const weft_param *)table)[i].name;
}

static weft_status unknown_option(const weft_param *table, const char *name)
{
    const char *near = weft__nearest(name, name_at, table);
    if (near)
        return weft_fail(WEFT_ENOTFOUND, "no option '%s': did you mean '%s'?", name, near);
    return weft_fail(WEFT_ENOTFOUND, "no option '%s'", name);
}

static weft_status set_flag(const weft_param *param, bool *out, const char *value)
{
    if (strcmp(value, "true") == 0 || strcmp(value, "1") == 0 || strcmp(value, "yes") == 0)
        *out = true;
    else if (strcmp(value, "false") == 0 || strcmp(value, "0") == 0 ||
             strcmp(value, "no") == 0)
        *out = false;
    else
        return weft_fail(WEFT_EINVAL, "%s=%s: expected true or false", param->name, value);
    return WEFT_OK;
}

static weft_status out_of_range(const weft_param *param, const char *value)
{
    char low[32], high[32];
    weft__format_real(param->min, low, sizeof low);
    weft__format_real(param->max, high, sizeof high);
    return weft_fail(WEFT_EINVAL, "%s=%s: expected a %snumber from %s to %s", param->name,
        value, param->type == WEFT_PARAM_COUNT ? "whole " : "", low, high);
}

static weft_status set_choice(const weft_param *param, int *out, const char *value)
{
    size_t length = strlen(value);
    int position = 0;
    for (const char *c = param->choices; c; position++) {
        const char *bar = strchr(c, '|');
        size_t n = bar ? (size_t)(bar - c) : strlen(c);
        if (n == length && memcmp(c, value, n) == 0) {
            *out = position;
            return WEFT_OK;
        }
        c = bar ? bar + 1 : NULL;
    }
    return weft_fail(
        WEFT_EINVAL, "%s=%s: expected one of %s", param->name, value, param->choices);
}

static weft_status set_field(const weft_param *param, void *at, const char *value)
{
    uint64_t count;
    double real;
    char *text;
    switch (param->type) {
    case WEFT_PARAM_FLAG:
        return set_flag(param, at, value);
    case WEFT_PARAM_COUNT:
        if (!weft__parse_count(value, &count) || (double)count < param->min ||
            (double)count > param->max)
            return out_of_range(param, value);
        memcpy(at, &count, sizeof count);
        return WEFT_OK;
    case WEFT_PARAM_REAL:
        if (!weft__parse_real(value, &real) || real < param->min || real > param->max)
            return out_of_range(param, value);
        memcpy(at, &real, sizeof real);
        return WEFT_OK;
    case WEFT_PARAM_CHOICE:
        return set_choice(param, at, value);
    case WEFT_PARAM_TEXT:
        WEFT_TRY(weft__strdup(&text, value));
        free(*(char **)at);
        *(char **)at = text;
        return WEFT_OK;
    }
    return weft_fail(WEFT_EINVAL, "option '%s' has an unknown type", param->name);
}

weft_status weft_param_set(
    const weft_param *table, void *options, const char *name, const char *value)
{
    const weft_param *param = weft_param_find(table, name);
    if (!param)
        return unknown_option(table, name);
    return set_field(param, field(options, param), value);
}

weft_status weft_param_defaults(const weft_param *table, void *options)
{
    for (const weft_param *p = table; p->name; p++) {
        if (p->type == WEFT_PARAM_TEXT)
            *(char **)field(options, p) = NULL;
        if (p->standard)
            WEFT_TRY(set_field(p, field(options, p), p->standard));
    }
    return WEFT_OK;
}

static void choice_name(const char *choices, int position, char *text, size_t size)
{
    for (; position > 0; position--)
        choices = strchr(choices, '|') + 1;
    snprintf(text, size, "%.*s", (int)strcspn(choices, "|"), choices);
}

weft_status weft_param_get(
    const weft_param *table, const void *options, const char *name, char *text, size_t size)
{
    const weft_param *param = weft_param_find(table, name);
    if (!param)
        return unknown_option(table, name);
    const void *at = const_field(options, param);
    switch (param->type) {
    case WEFT_PARAM_FLAG:
        snprintf(text, size, "%s", *(const bool *)at ? "true" : "false");
        break;
    case WEFT_PARAM_COUNT:
        snprintf(text, size, "%llu", (unsigned long long)*(const uint64_t *)at);
        break;
    case WEFT_PARAM_REAL:
        weft__format_real(*(const double *)at, text, size);
        break;
    case WEFT_PARAM_CHOICE:
        choice_name(param->choices, *(const int *)at, text, size);
        break;
    case WEFT_PARAM_TEXT:
        snprintf(text, size, "%s", *(char *const *)at ? *(char *const *)at : "");
        break;
    }
    return WEFT_OK;
}

weft_status weft_param_copy(const weft_param *table, void *to, const void *from)
{
    for (const weft_param *p = table; p->name; p++) {
        void *target = field(to, p);
        const void *source = const_field(from, p);
        switch (p->type) {
        case WEFT_PARAM_FLAG:
            memcpy(target, source, sizeof(bool));
            break;
        case WEFT_PARAM_COUNT:
            memcpy(target, source, sizeof(uint64_t));
            break;
        case WEFT_PARAM_REAL:
            memcpy(target, source, sizeof(double));
            break;
        case WEFT_PARAM_CHOICE:
            memcpy(target, source, sizeof(int));
            break;
        case WEFT_PARAM_TEXT:
            WEFT_TRY(weft__strdup(target, *(char *const *)source));
            break;
        }
    }
    return WEFT_OK;
}

void weft_param_clear(const weft_param *table, void *options)
{
    for (const weft_param *p = table; p->name; p++)
        if (p->type == WEFT_PARAM_TEXT) {
            char **at = field(options, p);
            free(*at);
            *at = NULL;
        }
}

const char *weft_nearest(
    const char *name, const char *(*next)(const void *state, size_t i), const void *state)
{
    return weft__nearest(name, next, state);
}
