#include "core/mem.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum { ALIGNMENT = 64, HUGE_PAGE = 1 << 21 };

static atomic_long fail_countdown;

void weft__alloc_fail_at(long n)
{
    atomic_store(&fail_countdown, n);
}

long weft__alloc_fail_pending(void)
{
    return atomic_load(&fail_countdown);
}

static bool chosen_to_fail(void)
{
    return atomic_load_explicit(&fail_countdown, memory_order_relaxed) > 0 &&
           atomic_fetch_sub(&fail_countdown, 1) == 1;
}

static weft_status out_of_memory(size_t count, size_t size, const char *what)
{
    double bytes = (double)count * (double)size;
    const char *unit = bytes >= 1e9 ? "GB" : bytes >= 1e6 ? "MB" : "kB";
    double scale = bytes >= 1e9 ? 1e9 : bytes >= 1e6 ? 1e6 : 1e3;
    return weft_fail(WEFT_ENOMEM, "no memory for %.1f %s of %s", bytes / scale, unit, what);
}

weft_status weft__alloc(void *out, size_t count, size_t size, const char *what)
{
    size_t bytes, padded;
    /* aligned_alloc wants a multiple of the alignment, and never nothing. */
    if (!weft__mul(&bytes, count, size) || !weft__add(&padded, bytes, ALIGNMENT) ||
        chosen_to_fail())
        return out_of_memory(count, size, what);
    size_t alignment = bytes >= HUGE_PAGE ? HUGE_PAGE : ALIGNMENT;
    if (!weft__add(&padded, bytes, alignment))
        return out_of_memory(count, size, what);
    padded = padded / alignment * alignment;
    void *block = aligned_alloc(alignment, padded);
    if (!block)
        return out_of_memory(count, size, what);
    if (alignment == HUGE_PAGE) /* large arrays are walked by many rows: spare the TLB */
        (void)madvise(block, padded, MADV_HUGEPAGE);
    memcpy(out, &block, sizeof block);
    return WEFT_OK;
}

weft_status weft__calloc(void *out, size_t count, size_t size, const char *what)
{
    WEFT_TRY(weft__alloc(out, count, size, what));
    void *block;
    memcpy(&block, out, sizeof block);
    memset(block, 0, count * size);
    return WEFT_OK;
}

weft_status weft__grow(
    void *block, size_t *capacity, size_t need, size_t size, const char *what)
{
    if (need <= *capacity)
        return WEFT_OK;
    size_t wanted = *capacity < 8 ? 8 : *capacity, bytes;
    while (wanted < need)
        if (!weft__mul(&wanted, wanted, 2))
            return out_of_memory(need, size, what);
    if (!weft__mul(&bytes, wanted, size) || chosen_to_fail())
        return out_of_memory(wanted, size, what);
    void *old;
    memcpy(&old, block, sizeof old);
    void *grown = realloc(old, bytes);
    if (!grown)
        return out_of_memory(wanted, size, what);
    memcpy(block, &grown, sizeof grown);
    *capacity = wanted;
    return WEFT_OK;
}

weft_status weft__strdup(char **out, const char *text)
{
    if (!text) {
        *out = NULL;
        return WEFT_OK;
    }
    size_t bytes = strlen(text) + 1;
    char *copy = NULL;
    WEFT_TRY(weft__alloc(&copy, bytes, 1, "text"));
    memcpy(copy, text, bytes);
    *out = copy;
    return WEFT_OK;
}

size_t weft__peak_memory(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) ? 0 : (size_t)usage.ru_maxrss * 1024;
}

size_t weft__peak_memory_restart(void)
{
    malloc_trim(0);
    FILE *stream = fopen("/proc/self/clear_refs", "we");
    if (stream) {
        fputs("5", stream); /* proc(5): sets the peak to what is resident now */
        fclose(stream);
    }
    return weft__peak_memory();
}
