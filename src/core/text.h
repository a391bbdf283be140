/* Text: growing buffers, numbers that read the same in every locale, nearest names. */
#ifndef WEFT_CORE_TEXT_H
#define WEFT_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weft/status.h"

/* A growing text; zero-initialised is empty. Owns `data`, which is NUL-terminated once
 * something was appended. */
typedef struct weft__text {
    char *data;
    size_t length, capacity;
} weft__text;

WEFT_MUST weft_status weft__text_append(weft__text *text, const char *bytes, size_t length);
WEFT_MUST weft_status weft__text_printf(weft__text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void weft__text_clear(weft__text *text);

/* The columns that UTF-8 takes on a terminal; a byte that is none of it counts as one. */
size_t weft__text_columns(const char *utf8);
/* Appends `utf8` in at least `columns` columns, to the right when `right`. Control
 * characters and broken UTF-8 become '?', so that no name can steer a terminal. */
WEFT_MUST weft_status weft__text_cell(
    weft__text *text, const char *utf8, size_t columns, bool right);

/* The whole of `text` is the number, or false. No locale, no hexadecimal, no spaces. */
bool weft__parse_count(const char *text, uint64_t *out);
bool weft__parse_real(const char *text, double *out); /* finite */

/* The shortest decimal text that reads back as `value`. */
void weft__format_real(double value, char *text, size_t size);
/* With so many decimals. */
void weft__format_fixed(double value, int decimals, char *text, size_t size);

/* "812 ms", "3.4 s", "12 min": at most 7 columns up to 69 days. */
void weft__format_seconds(double seconds, char *text, size_t size);
/* "47.5 MB", in powers of 1000: at most 6 columns. */
void weft__format_bytes(size_t bytes, char *text, size_t size);

/* Appends the value as a field of CSV, quoted as RFC 4180 says where it must be. */
WEFT_MUST weft_status weft__text_csv(weft__text *text, const char *value);

/* The candidate closest to `name` by edit distance, or NULL when none is near. The
 * candidates are given one by one: next(state, i) returns NULL at the end. */
const char *weft__nearest(
    const char *name, const char *(*next)(const void *state, size_t i), const void *state);

#endif
