/* weft/run.h: a run is the record of one experiment, kept as a folder of plain files.
 *
 *     args.json          what was asked: command, options, data and its digest, seed
 *                        and where: version, processor, threads
 *     results.csv        a row for each epoch, of families that learn in passes
 *     results.json       seconds to fit, evaluations
 *     split.csv          which picture was in which part, where weft made the split
 *     model.safetensors  what was learnt
 *     checkpoint.safetensors  while a network's training is unfinished: all it needs to
 *                        go on */
#ifndef WEFT_RUN_H
#define WEFT_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "weft/classifier.h"
#include "weft/context.h"
#include "weft/dataset.h"
#include "weft/evaluation.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_RUN_MODEL "model.safetensors"
#define WEFT_RUN_CHECKPOINT "checkpoint.safetensors"

/* All borrowed. What may be NULL is left out of the files. */
typedef struct weft_run {
    const char *command; /* how it was started, for people; may be NULL */
    const char *data;    /* what weft_data_load was given */
    uint64_t seed;
    const weft_classifier *classifier; /* fitted */
    double fit_seconds;
    const weft_view *train;
    const weft_view *validation; /* may be NULL; over train's dataset: a split by weft */
    const weft_evaluation *validation_scores, *test_scores; /* may be NULL */
    bool unfinished; /* the folder's checkpoint is kept */
} weft_run;

/* Writes the run's folder, whole or not at all, making what is missing above it. NULL for
 * `folder` means runs/NAME, or runs/NAME-2 and so on, the first that does not exist; one
 * that is there and not empty is WEFT_EIO, but an unfinished run's is replaced. *saved,
 * owned by the caller, receives its path.
 */
WEFT_API WEFT_MUST weft_status weft_run_save(
    char **saved, const weft_run *run, const char *folder, weft_context *context);

/* Makes runs/NAME, or runs/NAME-2 and so on, the first that does not exist, so that no other
 * process takes it; whoever leaves it empty removes it. The path is owned by the caller. Of
 * a name like "a.net" the part before the dot counts.
 */
WEFT_API WEFT_MUST weft_status weft_run_folder(char **out, const char *name);
/* The last of those that holds a checkpoint, owned by the caller; NULL when there is none.
 */
WEFT_API WEFT_MUST weft_status weft_run_unfinished(char **out, const char *name);

#ifdef __cplusplus
}
#endif
#endif
