/* Memory: sizes are multiplied through checked helpers, failures carry a message. */
#ifndef WEFT_CORE_MEM_H
#define WEFT_CORE_MEM_H

#include <stdbool.h>
#include <stddef.h>

#include "weft/status.h"

/* *out = a * b or a + b; false on overflow, *out untouched. */
static inline bool weft__mul(size_t *out, size_t a, size_t b)
{
    return !__builtin_mul_overflow(a, b, out);
}
static inline bool weft__add(size_t *out, size_t a, size_t b)
{
    return !__builtin_add_overflow(a, b, out);
}

/* count * size bytes, 64-byte aligned. `what` names the thing in the message:
 * "no memory for 4.7 GB of pictures". Freed with free(). count * size may be 0. */
WEFT_MUST weft_status weft__alloc(void *out, size_t count, size_t size, const char *what);
/* The same, zeroed. */
WEFT_MUST weft_status weft__calloc(void *out, size_t count, size_t size, const char *what);
/* Grows *block, holding *capacity elements of `size` bytes, to hold at least `need`. Not
 * for aligned use. */
WEFT_MUST weft_status weft__grow(
    void *block, size_t *capacity, size_t need, size_t size, const char *what);
/* A copy of `text`; NULL stays NULL. */
WEFT_MUST weft_status weft__strdup(char **out, const char *text);

/* Tests: the n-th allocation from now on (1 is the next) fails, once; 0 switches off. */
void weft__alloc_fail_at(long n);
/* How many allocations are left until the one that fails; 0 or less: it has failed. */
long weft__alloc_fail_pending(void);

/* The process's peak resident memory since it began or since the last restart, bytes. */
size_t weft__peak_memory(void);
/* Gives freed memory back, lets the peak begin anew where the kernel allows it, and returns
 * what it begins from. */
size_t weft__peak_memory_restart(void);

#endif
