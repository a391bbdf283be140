/* The inside of an exploration. Each part is measured by one file and told by json.c,
 * text.c and the page. */
#ifndef WEFT_EXPLORE_EXPLORATION_H
#define WEFT_EXPLORE_EXPLORATION_H

#include <jansson.h>
#include <stdbool.h>

#include "data/loader.h"
#include "weft/explore.h"
#include "weft/pca.h"

enum { WEFT__LEVELS = 256 };

/* Sizes of the pictures of all splits, as files hold them where there are files. */
typedef struct weft__size {
    uint32_t width, height;
    size_t count;
} weft__size;

typedef enum weft__file_format {
    WEFT__JPEG,
    WEFT__PNG,
    WEFT__WEBP,
    WEFT__FILE_FORMATS
} weft__file_format;
extern const char *const weft__file_format_names[WEFT__FILE_FORMATS];

typedef struct weft__sizes {
    bool files; /* else as stored: one size */
    size_t pictures;
    size_t formats[WEFT__FILE_FORMATS];
    size_t grey, colour;
    weft__size *distinct; /* the most frequent first; owned */
    size_t distinct_count;
    uint32_t width[3], height[3]; /* least, median, most */
} weft__sizes;

/* Pixel values of the training split. The mean and the standard deviation (of the
 * population: divided by n) of each class at each place. */
typedef struct weft__pixels {
    uint64_t channels[3][WEFT__LEVELS];
    uint64_t (*classes)[WEFT__LEVELS]; /* classes, over all channels; owned */
    double *mean, *spread;             /* classes x dims, 0 to 255; owned */
} weft__pixels;

/* Positions in train of pictures of each class. */
enum { WEFT__SAMPLES = 10 };
typedef struct weft__samples {
    uint32_t (*first)[WEFT__SAMPLES], (*random)[WEFT__SAMPLES]; /* classes; owned */
    uint8_t *counts;                                            /* classes; owned */
} weft__samples;

/* Principal components of training pictures, scaled down where they are large. */
enum { WEFT__NEIGHBOUR_COMPONENTS = 50 };
typedef struct weft__space {
    weft_dataset *scaled; /* owned; NULL: train itself */
    weft_pca *pca;        /* NULL: fewer than two pictures */
    uint32_t *drawn; /* drawn_count positions in train of the scatter, by class; owned */
    size_t drawn_count;
    float (*places)[3]; /* drawn_count: along the first components; owned */
} weft__space;

/* Which classes lie near each other. */
typedef struct weft__class_pair {
    uint16_t a, b;
    double
        confused; /* mean share of either's pictures whose nearest other is the other's */
    double distance; /* of the mean pictures, in within-class standard deviations */
} weft__class_pair;

typedef struct weft__nearness {
    size_t asked;      /* pictures whose nearest other was looked up */
    size_t components; /* in so many components; 0: not looked up */
    size_t *
        confusion; /* classes x classes: a row's pictures by their nearest's class; owned */
    double *distances;       /* classes x classes; owned */
    weft__class_pair *pairs; /* the nearest first; owned */
    size_t pair_count;
} weft__nearness;

struct weft_exploration {
    const weft_data *data; /* borrowed */
    const weft_dataset *splits[WEFT__SPLITS];
    size_t *counts[WEFT__SPLITS]; /* of each class; NULL where there is no split; owned */
    weft__sizes sizes;
    weft__pixels pixels;
    weft__samples samples;
    weft__space space;
    weft__nearness nearness;
    weft_duplicates *duplicates;
    uint64_t seed;
    double seconds;
    char *source, *command; /* owned; NULL: not given */
};

/* Each measures its part; what was allocated by then is freed with the exploration. */
WEFT_MUST weft_status weft__explore_sizes(weft_exploration *e, weft_context *context);
WEFT_MUST weft_status weft__explore_pixels(weft_exploration *e, weft_context *context);
WEFT_MUST weft_status weft__explore_samples(weft_exploration *e);
WEFT_MUST weft_status weft__explore_space(weft_exploration *e, weft_context *context);
WEFT_MUST weft_status weft__explore_nearness(weft_exploration *e, weft_context *context);

/* As few components as explain that share of the variance; 0 when there are none. */
size_t weft__components_for(const weft_pca *pca, double share);
/* Mean and standard deviation of what a histogram counts. */
void weft__level_moments(const uint64_t *levels, double *mean, double *deviation);

/* Everything but pictures, with at most `most` groups of duplicates (0: all). */
WEFT_MUST weft_status weft__exploration_json(
    json_t **out, const weft_exploration *e, size_t most);

#endif
