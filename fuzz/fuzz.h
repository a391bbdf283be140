/* What the fuzzers of file readers share: a folder in memory, and loading from it. */
#ifndef WEFT_FUZZ_FUZZ_H
#define WEFT_FUZZ_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "weft/dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* One folder a process, left for the system to clean. */
static inline const char *fuzz_folder(void)
{
    static char folder[] = "/dev/shm/weft-fuzz-XXXXXX";
    static int made;
    if (!made && !mkdtemp(folder))
        abort();
    made = 1;
    return folder;
}

static inline void fuzz_put(const char *name, const uint8_t *bytes, size_t size)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, size, f) != size || fclose(f) != 0)
        abort();
}

/* Loads the folder; what loads must have a digest. */
static inline void fuzz_load(void)
{
    static weft_context *context;
    if (!context && weft_context_create(&context, 1) != WEFT_OK)
        abort();
    weft_load_options options = weft_load_defaults();
    options.limit = 1000;
    weft_data data;
    if (weft_data_load(&data, fuzz_folder(), &options, context) == WEFT_OK)
        if (weft_dataset_digest(data.train)[0] == 0)
            abort();
    weft_data_clear(&data);
}

#endif
