/* The random streams of a training run, so that no two draw the same numbers. */
#ifndef WEFT_NN_STREAMS_H
#define WEFT_NN_STREAMS_H

#include <stdint.h>

#define WEFT__STREAM_INIT ((uint64_t)0)          /* + parameter */
#define WEFT__STREAM_SHUFFLE ((uint64_t)1 << 32) /* + epoch */
#define WEFT__STREAM_DROPOUT ((uint64_t)2 << 32) /* + layer */
#define WEFT__STREAM_AUGMENT ((uint64_t)3 << 32) /* + epoch */
#define WEFT__STREAM_FLIP ((uint64_t)4 << 32)
#define WEFT__STREAM_SELECT ((uint64_t)5 << 32) /* + epoch */
#define WEFT__STREAM_PHOTO ((uint64_t)6 << 32) /* + epoch */

#endif
