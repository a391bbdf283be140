#include "fuzz.h"

#include <string.h>

#include "nn/network.h"

/* A network's text: parsed, and its shapes inferred for two kinds of pictures. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const weft__dims inputs[] = {{28, 28, 1}, {9, 32, 3}};
    char *text = malloc(size + 1);
    if (!text)
        abort();
    memcpy(text, bytes, size);
    text[size] = 0;
    weft__network network = {0};
    if (weft__network_parse(&network, text, "input") == WEFT_OK) {
        for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
            if (weft__network_infer(&network, inputs[i], 10, "input") == WEFT_OK)
                if (network.block == 0 && weft__network_trained_count(&network) != 0)
                    abort();
        weft__network_clear(&network);
    }
    free(text);
    return 0;
}
