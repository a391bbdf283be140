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
        status = weft__grow(
            &text->data, &text->capacity, text->length + (size_t)length + 1, 1, "text");
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

/* Decodes one character of UTF-8, at least one byte; a control character or a byte that
 * is no UTF-8 gives '?'. */
static uint32_t next_character(const char **utf8)
{
    const unsigned char *c = (const unsigned char *)*utf8;
    *utf8 += 1;
    if (c[0] < 0x80)
        return c[0] < 0x20 || c[0] == 0x7F ? '?' : c[0];
    size_t more = c[0] >= 0xF0 ? 3 : c[0] >= 0xE0 ? 2 : 1;
    uint32_t code = c[0] & (0x3Fu >> more);
    if (c[0] < 0xC2 || c[0] > 0xF4)
        return '?';
    for (size_t i = 1; i <= more; i++) {
        if ((c[i] & 0xC0) != 0x80)
            return '?';
        code = code << 6 | (c[i] & 0x3Fu);
    }
    static const uint32_t shortest[] = {0, 0x80, 0x800, 0x10000};
    if (code < shortest[more] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return '?';
    *utf8 += more;
    return code < 0xA0 ? '?' : code;
}

/* Combining marks take no column, East Asian wide characters and pictographs two: the
 * broad blocks of Unicode's tables. */
static size_t columns_of(uint32_t code)
{
    static const struct {
        uint32_t first, last;
        size_t columns;
    } blocks[] = {
        {0x300, 0x36F, 0},
        {0x1100, 0x115F, 2},
        {0x1AB0, 0x1AFF, 0},
        {0x200B, 0x200F, 0},
        {0x202A, 0x202E, 0},
        {0x2E80, 0x303E, 2},
        {0x3041, 0xA4CF, 2},
        {0xAC00, 0xD7A3, 2},
        {0xF900, 0xFAFF, 2},
        {0xFE00, 0xFE0F, 0},
        {0xFE30, 0xFE6F, 2},
        {0xFF00, 0xFF60, 2},
        {0xFFE0, 0xFFE6, 2},
        {0x1F300, 0x1FAFF, 2},
        {0x20000, 0x3FFFD, 2},
    };
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (code >= blocks[i].first && code <= blocks[i].last)
            return blocks[i].columns;
    return 1;
}

size_t weft__text_columns(const char *utf8)
{
    size_t columns = 0;
    while (*utf8)
        columns += columns_of(next_character(&utf8));
    return columns;
}

static weft_status append_spaces(weft__text *text, size_t count)
{
    while (count-- > 0)
        WEFT_TRY(weft__text_append(text, " ", 1));
    return WEFT_OK;
}

weft_status weft__text_cell(weft__text *text, const char *utf8, size_t columns, bool right)
{
    size_t taken = weft__text_columns(utf8), space = taken < columns ? columns - taken : 0;
    if (right)
        WEFT_TRY(append_spaces(text, space));
    while (*utf8) {
        const char *from = utf8;
        uint32_t code = next_character(&utf8);
        bool kept = code != '?';
        WEFT_TRY(
            weft__text_append(text, kept ? from : "?", kept ? (size_t)(utf8 - from) : 1));
    }
    return right ? WEFT_OK : append_spaces(text, space);
}

bool weft__parse_count(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10, &value) ||
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

void weft__format_fixed(double value, int decimals, char *text, size_t size)
{
    locale_t before = uselocale(plain_locale());
    snprintf(text, size, "%.*f", decimals, value);
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
            int ca = tolower((unsigned char)a[i - 1]),
                cb = tolower((unsigned char)b[j - 1]);
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

void weft__format_seconds(double seconds, char *text, size_t size)
{
    char number[32];
    double value = seconds < 0.9995 ? seconds * 1000
                   : seconds < 120  ? seconds
                                    : seconds / 60;
    const char *unit = seconds < 0.9995 ? "ms" : seconds < 120 ? "s" : "min";
    weft__format_fixed(value, value < 10 ? 1 : 0, number, sizeof number);
    snprintf(text, size, "%s %s", number, unit);
}

void weft__format_bytes(size_t bytes, char *text, size_t size)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 999.5 && unit + 1 < sizeof units / sizeof *units; unit++)
        value /= 1000;
    char number[32];
    weft__format_fixed(value, unit > 0 && value < 10 ? 1 : 0, number, sizeof number);
    snprintf(text, size, "%s %s", number, units[unit]);
}

weft_status weft__text_csv(weft__text *text, const char *value)
{
    if (!strpbrk(value, ",\"\r\n"))
        return weft__text_append(text, value, strlen(value));
    WEFT_TRY(weft__text_append(text, "\"", 1));
    for (; *value; value++)
        WEFT_TRY(
            weft__text_append(text, *value == '"' ? "\"\"" : value, *value == '"' ? 2 : 1));
    return weft__text_append(text, "\"", 1);
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
