#include "nn/sizes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/text.h"

static const char name_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "0123456789-_";

static const char *name_at(const void *state, size_t i)
{
    const weft__sizes *sizes = state;
    return i < sizes->count ? sizes->items[i].name : NULL;
}

static weft__size *find(const weft__sizes *sizes, const char *name)
{
    for (size_t i = 0; i < sizes->count; i++)
        if (strcmp(sizes->items[i].name, name) == 0)
            return (weft__size *)(uintptr_t)&sizes->items[i];
    return NULL;
}

static weft_status unknown(const weft__sizes *sizes, const char *name)
{
    const char *near = weft__nearest(name, name_at, sizes);
    if (near)
        return weft_fail(WEFT_EFORMAT, "no size '%s': did you mean '%s'?", name, near);
    return weft_fail(WEFT_EFORMAT, "no size '%s'", name);
}

static weft_status read_one(weft__sizes *out, char *item)
{
    char *equals = strchr(item, '=');
    size_t length = equals ? (size_t)(equals - item) : 0;
    if (!equals || length == 0 || length >= WEFT__SIZE_NAME ||
        strspn(item, name_letters) != length || (*item >= '0' && *item <= '9'))
        return weft_fail(WEFT_EFORMAT, "'%s': expected name=number", item);
    *equals = 0;
    uint64_t value;
    if (!weft__parse_count(equals + 1, &value) || value < 1 || value > WEFT__LARGEST_SIZE)
        return weft_fail(WEFT_EFORMAT, "%s=%s: expected a whole number from 1 to %d", item,
            equals + 1, WEFT__LARGEST_SIZE);
    if (find(out, item))
        return weft_fail(WEFT_EFORMAT, "size '%s' is given twice", item);
    if (out->count == WEFT__MOST_SIZES)
        return weft_fail(WEFT_EFORMAT, "more sizes than the %d allowed", WEFT__MOST_SIZES);
    weft__size *size = &out->items[out->count++];
    memcpy(size->name, item, length + 1);
    size->value = value;
    return WEFT_OK;
}

weft_status weft__sizes_read(weft__sizes *out, const char *text)
{
    char *copy, *rest;
    weft_status status = WEFT_OK;
    *out = (weft__sizes){0};
    WEFT_TRY(weft__strdup(&copy, text));
    for (char *item = strtok_r(copy, " \t,", &rest); status == WEFT_OK && item;
         item = strtok_r(NULL, " \t,", &rest))
        status = read_one(out, item);
    free(copy);
    return status;
}

/* The value of a name or a number. */
static weft_status factor_value(
    const weft__sizes *sizes, const char *text, size_t length, uint64_t *out)
{
    char factor[WEFT__SIZE_NAME];
    if (length == 0 || length >= sizeof factor)
        return weft_fail(
            WEFT_EFORMAT, "'%.*s': expected a size or a number", (int)length, text);
    memcpy(factor, text, length);
    factor[length] = 0;
    const weft__size *size = find(sizes, factor);
    if (size)
        *out = size->value;
    else if (!weft__parse_count(factor, out))
        return unknown(sizes, factor);
    else if (*out < 1 || *out > WEFT__LARGEST_SIZE)
        return weft_fail(
            WEFT_EFORMAT, "'%s': expected 1 to %d", factor, WEFT__LARGEST_SIZE);
    return WEFT_OK;
}

static weft_status evaluate(
    const weft__sizes *sizes, const char *text, size_t length, uint64_t *out)
{
    const char *at = text, *end = text + length;
    uint64_t result = 1;
    char operation = '*';
    while (operation) {
        size_t n = strspn(at, name_letters);
        uint64_t value;
        WEFT_TRY(factor_value(sizes, at, n, &value));
        at += n;
        if (operation == '/' && result % value)
            return weft_fail(WEFT_EFORMAT,
                "{%.*s}: %" PRIu64 " / %" PRIu64 " is no whole number", (int)length, text,
                result, value);
        result = operation == '*' ? result * value : result / value;
        if (result > WEFT__LARGEST_SIZE)
            return weft_fail(WEFT_EFORMAT, "{%.*s}: more than %d", (int)length, text,
                WEFT__LARGEST_SIZE);
        operation = at < end ? *at++ : 0;
        if (operation && operation != '*' && operation != '/')
            return weft_fail(WEFT_EFORMAT, "{%.*s}: expected * or / instead of '%c'",
                (int)length, text, operation);
    }
    *out = result;
    return WEFT_OK;
}

weft_status weft__sizes_expand(
    const weft__sizes *sizes, const char *item, char *out, size_t size)
{
    size_t used = 0;
    while (*item) {
        size_t plain = strcspn(item, "{");
        if (plain + 24 >= size - used)
            return weft_fail(WEFT_EFORMAT, "'%s': too long", item);
        memcpy(out + used, item, plain);
        used += plain;
        item += plain;
        if (!*item)
            break;
        const char *end = strchr(++item, '}');
        if (!end)
            return weft_fail(WEFT_EFORMAT, "'{%s': without '}'", item);
        uint64_t value = 0;
        WEFT_TRY(evaluate(sizes, item, (size_t)(end - item), &value));
        used += (size_t)snprintf(out + used, size - used, "%" PRIu64, value);
        item = end + 1;
    }
    out[used] = 0;
    return WEFT_OK;
}

/* The line whose first word is `sizes`, from behind that word, and its length without what
 * is a comment; NULL: there is none. */
static const char *find_line(const char *text, size_t *length)
{
    while (text) {
        text += strspn(text, " \t");
        if (strncmp(text, "sizes", 5) == 0 && strchr(" \t", text[5]) && text[5]) {
            text += 5;
            *length = strcspn(text, "#\r\n");
            while (*length && strchr(" \t", text[*length - 1]))
                --*length;
            return text;
        }
        text = strchr(text, '\n');
        text += text ? 1 : 0;
    }
    return NULL;
}

weft_status weft__sizes_find(char **out, const char *text)
{
    size_t length = 0;
    const char *line = find_line(text, &length);
    size_t blank = line ? strspn(line, " \t") : 0;
    WEFT_TRY(weft__strdup(out, line ? line + (blank < length ? blank : length) : ""));
    if (line)
        (*out)[blank < length ? length - blank : 0] = 0;
    return WEFT_OK;
}

/* The changed line, written behind what stands before it. */
static weft_status write_changed(weft__text *out, const char *text, const char *line,
    size_t length, const weft__sizes *sizes)
{
    WEFT_TRY(weft__text_append(out, text, (size_t)(line - text)));
    for (size_t i = 0; i < sizes->count; i++)
        WEFT_TRY(weft__text_printf(
            out, " %s=%" PRIu64, sizes->items[i].name, sizes->items[i].value));
    return weft__text_append(out, line + length, strlen(line + length));
}

static weft_status change(
    weft__text *out, const char *text, const weft__sizes *changes, const char *where)
{
    size_t length;
    const char *line = find_line(text, &length);
    char *own;
    weft__sizes sizes;
    if (!line)
        return weft_fail(WEFT_EINVAL, "%s: the network's text names no sizes", where);
    WEFT_TRY(weft__sizes_find(&own, text));
    weft_status status = weft__sizes_read(&sizes, own);
    free(own);
    if (status != WEFT_OK)
        return weft_fail(WEFT_EFORMAT, "%s: sizes: %s", where, weft_error());
    for (size_t i = 0; i < changes->count; i++) {
        weft__size *size = find(&sizes, changes->items[i].name);
        if (!size && unknown(&sizes, changes->items[i].name) != WEFT_OK)
            return weft_fail(WEFT_EINVAL, "%s: %s", where, weft_error());
        size->value = changes->items[i].value;
    }
    return write_changed(out, text, line, length, &sizes);
}

weft_status weft__sizes_change(
    char **out, const char *text, const char *changes, const char *where)
{
    weft__sizes wanted;
    if (!changes || !*changes)
        return weft__strdup(out, text);
    if (weft__sizes_read(&wanted, changes) != WEFT_OK)
        return weft_fail(WEFT_EINVAL, "sizes: %s", weft_error());
    weft__text changed = {0};
    weft_status status = change(&changed, text, &wanted, where);
    if (status == WEFT_OK)
        *out = changed.data;
    else
        weft__text_clear(&changed);
    return status;
}
