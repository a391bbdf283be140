/* What a result was made on, for its record. */
#ifndef WEFT_CORE_MACHINE_H
#define WEFT_CORE_MACHINE_H

#include <stddef.h>

typedef struct weft__machine {
    char processor[128]; /* as weft_processor gives it */
    char system[256];    /* "Linux 6.1.0 x86_64" */
    char compiler[64];
    int cores;     /* that this process may use */
    size_t memory; /* bytes of the whole machine, 0 when not known */
} weft__machine;

weft__machine weft__this_machine(void);

/* "2026-11-20T18:44:05Z" of now. */
void weft__utc_now(char text[32]);

#endif
