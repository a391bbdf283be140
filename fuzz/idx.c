#include "fuzz.h"

/* The first two bytes say how many of the others are the label file. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2)
        return 0;
    size_t labels = (size_t)bytes[0] << 8 | bytes[1];
    bytes += 2;
    size -= 2;
    if (labels > size)
        labels = size;
    fuzz_put("train-labels-idx1-ubyte", bytes, labels);
    fuzz_put("train-images-idx3-ubyte", bytes + labels, size - labels);
    fuzz_load();
    return 0;
}
