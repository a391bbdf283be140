/* A training run as a file, from which it goes on to the same bits.
 *
 * A checkpoint is one safetensors file: the arrays that the run lists, its history, and in
 * the metadata what the run is: options, network, data, threads. A run whose any of these
 * differs would end elsewhere, so it is refused. */
#ifndef WEFT_NN_CHECKPOINT_H
#define WEFT_NN_CHECKPOINT_H

#include "model/family.h"
#include "nn/network.h"

/* Memory that must be found again: `count` elements at `data`. */
typedef struct weft__kept {
    const char *name;
    weft__dtype dtype;
    size_t count;
    void *data;
} weft__kept;

/* What tells this run from others. */
typedef struct weft__run_facts {
    const weft__network *network;
    const weft_view *train, *validation; /* validation may be NULL */
    int threads;
    const char *precision;
} weft__run_facts;

/* The facts as a checkpoint's metadata, owned by the caller. */
WEFT_MUST weft_status weft__checkpoint_facts(
    json_t **out, const weft_classifier *self, const weft__run_facts *facts);

/* Writes the `count` arrays and the classifier's history, whole or not at all; the folder
 * is made where it is missing. */
WEFT_MUST weft_status weft__checkpoint_save(const char *path, json_t *facts,
    const weft_classifier *self, const weft__kept *kept, size_t count);

/* Fills the arrays and the history from a checkpoint with the same facts. WEFT_ENOTFOUND
 * when there is no such file; WEFT_EINVAL names the fact that differs. */
WEFT_MUST weft_status weft__checkpoint_load(const char *path, json_t *facts,
    weft_classifier *self, const weft__kept *kept, size_t count);

#endif
