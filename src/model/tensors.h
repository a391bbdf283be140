/* Named arrays and text metadata, in memory and as a safetensors file.
 *
 * The format: 8 bytes little-endian length, a JSON header, then the arrays back to back.
 * Reading trusts nothing: lengths, offsets, shapes, overlaps and types are checked before
 * any is used, and every message names the file and the array. */
#ifndef WEFT_MODEL_TENSORS_H
#define WEFT_MODEL_TENSORS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "weft/status.h"

typedef enum weft__dtype {
    WEFT__U8,
    WEFT__I8,
    WEFT__U16,
    WEFT__I16,
    WEFT__I32,
    WEFT__I64,
    WEFT__BF16,
    WEFT__F16,
    WEFT__F32,
    WEFT__F64
} weft__dtype;

enum { WEFT__MAX_RANK = 8 };

typedef struct weft__tensor {
    char *name; /* owned */
    weft__dtype dtype;
    size_t rank, shape[WEFT__MAX_RANK];
    const void *data; /* borrowed from whoever added it, or from the file's bytes */
    size_t bytes;
} weft__tensor;

/* A set of arrays with metadata; zero-initialised is empty. */
typedef struct weft__tensors {
    weft__tensor *items;
    size_t count, capacity;
    json_t *metadata; /* an object of strings, owned; NULL: none yet */
    uint8_t *file;    /* the bytes read, owned; NULL when built in memory */
    char *path;       /* owned; for messages; NULL when built in memory */
} weft__tensors;

size_t weft__dtype_size(weft__dtype dtype);
const char *weft__dtype_name(weft__dtype dtype); /* "F32" */

/* Adds an array; `data` is borrowed until the tensors are written or cleared. */
WEFT_MUST weft_status weft__tensors_add(weft__tensors *tensors, const char *name,
    weft__dtype dtype, size_t rank, const size_t *shape, const void *data);
/* Text metadata. */
WEFT_MUST weft_status weft__tensors_set(
    weft__tensors *tensors, const char *key, const char *value);
/* NULL when there is none. Borrowed. */
const char *weft__tensors_get(const weft__tensors *tensors, const char *key);

/* NULL when there is none of that name. Borrowed. */
const weft__tensor *weft__tensors_find(const weft__tensors *tensors, const char *name);
/* The array of that name, which must have this type, rank and shape; SIZE_MAX in `shape`
 * allows any size there. WEFT_EFORMAT says what was found and what expected. The data is
 * aligned for its type. */
WEFT_MUST weft_status weft__tensors_need(const weft__tensors *tensors, const char *name,
    weft__dtype dtype, size_t rank, const size_t *shape, const weft__tensor **out);

/* Arrays are written in the order of their names, so that equal contents are equal files.
 */
WEFT_MUST weft_status weft__tensors_write(const weft__tensors *tensors, const char *path);
WEFT_MUST weft_status weft__tensors_read(weft__tensors *out, const char *path);
/* The same from a file's bytes, copied; `where` names them in messages. */
WEFT_MUST weft_status weft__tensors_parse(
    weft__tensors *out, const char *where, const void *bytes, size_t size);
void weft__tensors_clear(weft__tensors *tensors);

#endif
