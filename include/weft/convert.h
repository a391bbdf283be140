/* weft/convert.h: writing a data set down in another format.
 *
 *     weft_load_options options = weft_load_defaults();
 *     WEFT_TRY(weft_data_load(&data, "synth:n=1000", &options, context));
 *     WEFT_TRY(weft_data_save(&data, "garments", WEFT_FORMAT_PNG, false, context));
 *
 * Reading the result gives data of the same digests. */
#ifndef WEFT_CONVERT_H
#define WEFT_CONVERT_H

#include <stdbool.h>

#include "weft/context.h"
#include "weft/dataset.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Each is a folder. Class names that the format itself cannot tell stand in its
 * class-names.txt, one a line. */
typedef enum weft_format {
    WEFT_FORMAT_IDX,    /* train-images-idx3-ubyte, t10k-labels-idx1-ubyte, ... */
    WEFT_FORMAT_IDX_GZ, /* the same, each gzipped */
    WEFT_FORMAT_CSV,    /* train.csv, ...: label,pixel1,...; square pictures alone */
    WEFT_FORMAT_CSV_GZ, /* the same, each gzipped */
    WEFT_FORMAT_PNG     /* train/CLASS/00000.png, ... */
} weft_format;

/* Writes every split of `data` into the new folder `folder`, which appears under its name
 * when it is complete and not before. Where something lies there already: WEFT_EIO,
 * unless `overwrite` is set and it is a folder with nothing in it but a data set, which
 * is then replaced. WEFT_EUNSUPPORTED when the format cannot hold the data. Moving the
 * test split does not count as opening it. */
WEFT_API WEFT_MUST weft_status weft_data_save(const weft_data *data, const char *folder,
    weft_format format, bool overwrite, weft_context *context);

#ifdef __cplusplus
}
#endif
#endif
