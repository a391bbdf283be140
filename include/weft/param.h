/* weft/param.h: one table describes a struct of options.
 *
 * The table feeds defaults, range checks, command-line flags, --help, JSON, the run's
 * record and the search grid; an option is written down once. */
#ifndef WEFT_PARAM_H
#define WEFT_PARAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weft_param_type {
    WEFT_PARAM_FLAG,   /* bool */
    WEFT_PARAM_COUNT,  /* uint64_t */
    WEFT_PARAM_REAL,   /* double */
    WEFT_PARAM_CHOICE, /* int: position in `choices` */
    WEFT_PARAM_TEXT    /* char *, owned by the struct; NULL when not given */
} weft_param_type;

typedef struct weft_param {
    const char *name; /* "learning-rate"; NULL ends a table */
    weft_param_type type;
    size_t offset;        /* of the field in the options struct */
    const char *standard; /* the default, as text; NULL for WEFT_PARAM_TEXT: not given */
    double min, max;      /* COUNT and REAL: allowed values, both included */
    const char *choices;  /* CHOICE: "uniform|distance" */
    const char *help;     /* one line, without a full stop */
} weft_param;

/* Writes every default into `options`; text fields are overwritten, not freed. */
WEFT_API WEFT_MUST weft_status weft_param_defaults(const weft_param *table, void *options);
/* Reads `value` into the named field. WEFT_EINVAL says what is allowed, WEFT_ENOTFOUND
 * names the nearest option. The same in every locale. */
WEFT_API WEFT_MUST weft_status weft_param_set(
    const weft_param *table, void *options, const char *name, const char *value);
/* Writes the field as text that weft_param_set reads back to the same value. */
WEFT_API WEFT_MUST weft_status weft_param_get(const weft_param *table, const void *options,
    const char *name, char *text, size_t size);
/* NULL when there is none of that name. Borrowed from the table. */
WEFT_API const weft_param *weft_param_find(const weft_param *table, const char *name);
/* Copies every field, text included. */
WEFT_API WEFT_MUST weft_status weft_param_copy(
    const weft_param *table, void *to, const void *from);
/* Frees the text fields. */
WEFT_API void weft_param_clear(const weft_param *table, void *options);

/* The candidate closest to `name` by edit distance, or NULL when none is near; for "did
 * you mean". The candidates are given one by one: next(state, i) returns NULL at the end. */
WEFT_API const char *weft_nearest(
    const char *name, const char *(*next)(const void *state, size_t i), const void *state);

#ifdef __cplusplus
}
#endif
#endif
