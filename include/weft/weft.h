/* weft/weft.h: the whole public interface.
 *
 *     #include <stdio.h>
 *     #include <weft/weft.h>
 *
 *     static weft_status run(weft_context *context, weft_data *data, weft_classifier **model)
 *     {
 *         weft_load_options options = weft_load_defaults();
 *         WEFT_TRY(weft_data_load(data, "fashion-mnist", &options, context));
 *         WEFT_TRY(weft_classifier_create(model, "knn"));
 *         weft_view train = weft_view_all(data->train);
 *         WEFT_TRY(weft_classifier_fit(*model, &train, NULL, context));
 *         return weft_classifier_save(*model, "knn.safetensors", context);
 *     }
 *
 * Link with pkg-config's `weft`. Every function that can fail returns a weft_status; the
 * message is weft_error(). Whoever creates an object frees it. */
#ifndef WEFT_WEFT_H
#define WEFT_WEFT_H

#include "weft/audit.h"
#include "weft/check.h"
#include "weft/classifier.h"
#include "weft/compare.h"
#include "weft/context.h"
#include "weft/convert.h"
#include "weft/crossvalidation.h"
#include "weft/dataset.h"
#include "weft/duplicates.h"
#include "weft/evaluation.h"
#include "weft/explore.h"
#include "weft/explain.h"
#include "weft/fixes.h"
#include "weft/forest.h"
#include "weft/inspect.h"
#include "weft/knn.h"
#include "weft/network.h"
#include "weft/novelty.h"
#include "weft/param.h"
#include "weft/pca.h"
#include "weft/photo.h"
#include "weft/picture.h"
#include "weft/preview.h"
#include "weft/report.h"
#include "weft/rng.h"
#include "weft/run.h"
#include "weft/similar.h"
#include "weft/statistics.h"
#include "weft/status.h"
#include "weft/store.h"
#include "weft/study.h"
#include "weft/svm.h"
#include "weft/tune.h"

#ifdef __cplusplus
extern "C" {
#endif

/* "0.1.0" */
WEFT_API const char *weft_version(void);

/* The processor's name as its maker gives it, or "unknown". Written to `text` of `size`
 * bytes; returns text. */
WEFT_API const char *weft_processor(char *text, size_t size);

/* Where downloads and decoded folders are kept: $XDG_CACHE_HOME/weft or ~/.cache/weft,
 * owned by the caller, freed with free(); not created. */
WEFT_API WEFT_MUST weft_status weft_cache_folder(char **out);

/* Removes the temporary files that this process is writing under. For a signal handler
 * about to end the process, and safe there; nothing may be written after it. */
WEFT_API void weft_abandon_files(void);

#ifdef __cplusplus
}
#endif
#endif
