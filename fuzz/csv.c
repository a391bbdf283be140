#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_put("train.csv", bytes, size);
    fuzz_load();
    return 0;
}
