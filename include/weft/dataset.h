/* weft/dataset.h: labelled pictures, and views of them.
 *
 * A dataset is immutable once made: N pictures of height x width x channels bytes
 * (channels last; 1 is grey, 3 is RGB), a label for each, the class names. A view is
 * a dataset and a list of indices; it copies no pixel and owns nothing. */
#ifndef WEFT_DATASET_H
#define WEFT_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "weft/context.h"
#include "weft/rng.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_shape {
    uint32_t height, width, channels;
} weft_shape;

/* Bytes of one picture. */
static inline size_t weft_shape_bytes(weft_shape shape)
{
    return (size_t)shape.height * shape.width * shape.channels;
}

/* How a picture file becomes bytes of `shape`: kept in every model, so that training
 * and prediction agree. */
typedef enum weft_fit {
    WEFT_FIT_PAD,     /* keep the aspect, fill with `background` */
    WEFT_FIT_STRETCH, /* ignore the aspect */
    WEFT_FIT_CROP,    /* keep the aspect, cut what stands out */
    /* Photos: what is on it, found, grey and negative on black, its longest edge the
     * picture's, as Fashion-MNIST's pictures were made (weft/photo.h). One channel. */
    WEFT_FIT_PRODUCT
} weft_fit;
/* Their names on command lines and in model files, with bars between them. */
#define WEFT_FIT_CHOICES "pad|stretch|crop|product"

typedef struct weft_recipe {
    weft_shape shape;
    weft_fit fit;
    uint8_t background; /* grey level of the padding */
} weft_recipe;

typedef struct weft_dataset weft_dataset;

enum { WEFT_MAX_CLASSES = 65535, WEFT_MAX_SIDE = 4096 };

/* Makes a dataset in memory. `pixels` holds count pictures back to back and `labels`
 * count labels below `classes`; both are copied, and so are the names. `labels` may be
 * NULL: the pictures are unlabelled and `classes` is 0. */
WEFT_API WEFT_MUST weft_status weft_dataset_create(weft_dataset **out, weft_shape shape,
    size_t count, const uint8_t *pixels, const uint16_t *labels, size_t classes,
    const char *const *class_names);
WEFT_API void weft_dataset_free(weft_dataset *dataset); /* NULL-safe */

WEFT_API size_t weft_dataset_count(const weft_dataset *dataset);
WEFT_API weft_shape weft_dataset_shape(const weft_dataset *dataset);
WEFT_API weft_recipe weft_dataset_recipe(const weft_dataset *dataset);
WEFT_API size_t weft_dataset_classes(const weft_dataset *dataset);
/* Borrowed; NULL when index >= classes. */
WEFT_API const char *weft_dataset_class_name(const weft_dataset *dataset, size_t index);
/* All pixels, count x height x width x channels; one picture starts at
 * i * weft_shape_bytes(shape). Borrowed. */
WEFT_API const uint8_t *weft_dataset_pixels(const weft_dataset *dataset);
/* count labels, or NULL when unlabelled. Borrowed. */
WEFT_API const uint16_t *weft_dataset_labels(const weft_dataset *dataset);
/* Where picture i came from, for people: a file's path, or "train-images[12]". Written
 * to `text` of `size` bytes; returns text. */
WEFT_API const char *weft_dataset_origin(
    const weft_dataset *dataset, size_t i, char *text, size_t size);
/* SHA-256, as 64 hexadecimal digits, of shape, class names, labels and pixels: the
 * same for the same pictures in whatever format they were stored. Borrowed. */
WEFT_API const char *weft_dataset_digest(const weft_dataset *dataset);

typedef struct weft_view {
    const weft_dataset *data; /* borrowed */
    const uint32_t *index;    /* count positions in data; NULL: 0, 1, 2, ...; borrowed */
    size_t count;
} weft_view;

WEFT_API weft_view weft_view_all(const weft_dataset *dataset);

/* The position in the dataset of the view's i-th picture. */
static inline size_t weft_view_at(const weft_view *view, size_t i)
{
    return view->index ? view->index[i] : i;
}
WEFT_API const uint8_t *weft_view_pixels(const weft_view *view, size_t i);
WEFT_API uint16_t weft_view_label(const weft_view *view, size_t i);

/* A test split is a type of its own, so that nothing that selects or tunes can be given
 * one. Opening it is counted. */
typedef struct weft_test weft_test;

WEFT_API weft_view weft_test_open(weft_test *test);
WEFT_API size_t weft_test_count(const weft_test *test); /* pictures; does not open */
WEFT_API size_t weft_test_openings(const weft_test *test);

/* What loading gives. train is always there; the others may be NULL. Owns all three. */
typedef struct weft_data {
    weft_dataset *train, *validation;
    weft_test *test;
} weft_data;

WEFT_API void weft_data_clear(weft_data *data);

/* Every picture of all splits as one dataset, copied, for protocols that divide "the
 * dataset" anew: training, validation, then test pictures. Opens the test split. */
WEFT_API WEFT_MUST weft_status weft_data_pool(weft_dataset **out, const weft_data *data);

/* How to read pictures. Zero means: as they are stored (IDX, CSV, synth; folders whose
 * pictures all have one size of at most 64 x 64), or photo_side squared in colour (other
 * folders). */
typedef struct weft_load_options {
    uint32_t height, width; /* resize to this; folders: one alone makes squares */
    uint32_t channels;      /* 1 or 3 */
    uint32_t photo_side;    /* of folders of photos when no size is given; 0: 64 */
    weft_fit fit;
    uint8_t background;
    size_t limit;     /* at most this many pictures a split, evenly over classes; 0: all */
    int download;     /* may fetch a named dataset from its publisher */
    int no_cache;     /* decode folders anew, leave no cache file */
    const char *root; /* where named datasets lie; NULL: $WEFT_DATA, then the cache */
} weft_load_options;

WEFT_API weft_load_options weft_load_defaults(void);

/* Reads `where`:
 * - "fashion-mnist"; "synth" or "synth:n=1000,size=28,colour,seed=1";
 * - a folder with IDX files, train-images-idx3-ubyte, t10k-labels-idx1-ubyte, ..., also
 *   .gz; labels are numbers;
 * - a folder with train.csv (fashion-mnist_train.csv), test.csv, validation.csv, or one CSV
 *   file, also .gz: label,pixel1,...,pixelN. N = s*s is grey, N = 3*s*s colour, any other
 *   N must be the options' height x width x channels;
 * - a folder train|val|test/CLASS/picture or CLASS/picture, in the order of the pictures'
 *   names. Classes are the folders' names in bytewise order. Pictures that cannot be read
 *   are left out, named by events and listed by weft_dataset_skipped.
 * class-names.txt beside numbered classes names them, one a line. Every class must occur in
 * train. On failure *out is cleared. WEFT_ENOTFOUND when nothing is there, WEFT_EFORMAT
 * when it is not what it should be. */
WEFT_API WEFT_MUST weft_status weft_data_load(weft_data *out, const char *where,
    const weft_load_options *options, weft_context *context);

/* Splits `view` class by class (stratified) into `parts` of the given ratios, which sum
 * to 1 within 1e-6, by the seed. `assignment`, view->count bytes owned by the caller,
 * receives each picture's part. Part sizes within a class differ from the exact ratio
 * by less than one picture. */
WEFT_API WEFT_MUST weft_status weft_split_ratios(uint8_t *assignment, const weft_view *view,
    const double *ratios, size_t parts, uint64_t seed);
/* The same for k folds of equal size, 2 <= k <= 255. */
WEFT_API WEFT_MUST weft_status weft_split_folds(
    uint8_t *assignment, const weft_view *view, size_t folds, uint64_t seed);

/* k folds that never split a group: groups[i], below view->count, is that of the view's
 * picture i. As scikit-learn's StratifiedGroupKFold: classes are spread as evenly as whole
 * groups allow. WEFT_EINVAL for fewer groups than folds. */
WEFT_API WEFT_MUST weft_status weft_split_groups(uint8_t *assignment, const weft_view *view,
    const uint32_t *groups, size_t folds, uint64_t seed);
/* Reads such numbers, one a picture of `data`, from a CSV file of `picture,group`, with or
 * without these headings: a picture is given by its number from 0 or by its path, from
 * where weft was started or below the data's folder; a group by any name. Every picture
 * must have one. Freed by the caller with free(). */
WEFT_API WEFT_MUST weft_status weft_groups_load(
    uint32_t **out, const weft_dataset *data, const char *path);

/* Writes the positions i with (assignment[i] == part) == (keep != 0) as positions in
 * view->data to `index` (room for view->count) and returns the view over them. */
WEFT_API weft_view weft_view_part(const weft_view *view, const uint8_t *assignment,
    uint8_t part, int keep, uint32_t *index);

#ifdef __cplusplus
}
#endif
#endif
