#include "core/text.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

weft_status weft__text_append(weft__text *text, const char *bytes, size_t length)
{
    size_t need;
    if (!weft__add(&need, text->length, length) || !weft__add(&need, need, 1))
        return weft_fail(WEFT_ENOMEM, "text of %zu bytes is too long", length);
    WEFT_TRY(weft__grow(&text->data, &text->capacity, need, 1, "text"));
    memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = 0;
    return WEFT_OK;
}

weft_status weft__text_printf(weft__text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    weft_status status = WEFT_OK;
    if (length < 0)
        status = weft_fail(WEFT_EINVAL, "text cannot be formatted");
    else
        status = weft__grow(&text->data, &text->capacity,
            text->length + (size_t)length + 1, 1, "text");
    if (status == WEFT_OK) {
        vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
    return status;
}

void weft__text_clear(weft__text *text)
{
    free(text->data);
    *text = (weft__text){0};
}

bool weft__parse_count(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' ||
            __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

static locale_t plain;
static pthread_once_t plain_once = PTHREAD_ONCE_INIT;

static void make_plain(void)
{
    plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* The plain locale, made once; strtod would take the embedding program's. */
static locale_t plain_locale(void)
{
    pthread_once(&plain_once, make_plain);
    return plain;
}

bool weft__parse_real(const char *text, double *out)
{
    for (const char *c = text; *c; c++)
        if (!strchr("0123456789+-.eE", *c))
            return false;
    if (!*text)
        return false;
    char *end;
    locale_t before = uselocale(plain_locale());
    double value = strtod(text, &end);
    uselocale(before);
    if (*end || !isfinite(value))
        return false;
    *out = value;
    return true;
}

void weft__format_real(double value, char *text, size_t size)
{
    locale_t before = uselocale(plain_locale());
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, size, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    uselocale(before);
}

/* Damerau and Levenshtein's distance, restricted to names of at most 63 bytes, upper and
 * lower case alike. */
static size_t edit_distance(const char *a, const char *b)
{
    enum { LONGEST = 63 };
    size_t n = strlen(a), m = strlen(b);
    if (n > LONGEST || m > LONGEST)
        return LONGEST;
    size_t d[3][LONGEST + 1];
    for (size_t j = 0; j <= m; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *row = d[i % 3], *up = d[(i + 2) % 3], *two_up = d[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            int ca = tolower((unsigned char)a[i - 1]), cb = tolower((unsigned char)b[j - 1]);
            size_t best = up[j - 1] + (ca != cb);
            if (up[j] + 1 < best)
                best = up[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                two_up[j - 2] + 1 < best)
                best = two_up[j - 2] + 1;
            row[j] = best;
        }
    }
    return d[n % 3][m];
}

const char *weft__nearest(
    const char *name, const char *(*next)(const void *state, size_t i), const void *state)
{
    const char *best = NULL, *candidate;
    size_t best_distance = strlen(name) / 3 + 2; /* farther is no likely slip */
    for (size_t i = 0; (candidate = next(state, i)) != NULL; i++) {
        size_t distance = edit_distance(name, candidate);
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}
