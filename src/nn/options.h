/* How a network is trained: the options of the `network` family. */
#ifndef WEFT_NN_OPTIONS_H
#define WEFT_NN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "weft/param.h"
#include "weft/preview.h"

enum { WEFT__PRECISION_AUTO, WEFT__PRECISION_F32, WEFT__PRECISION_BF16 };
enum { WEFT__CLASS_WEIGHTS_NONE, WEFT__CLASS_WEIGHTS_BALANCED };
enum { WEFT__NORMALISE_UNIT, WEFT__NORMALISE_STANDARD };

typedef struct weft__train_options {
    char *network; /* a built-in's name or a path */
    char *sizes;   /* what its text names, changed */
    char *init_from, *init_map, *freeze, *rates;
    int init_layout;
    uint64_t epochs, batch, seed;
    int optimizer, schedule, loss, precision, normalise;
    double learning_rate, momentum, weight_decay, beta1, beta2, epsilon;
    bool nesterov;
    double warmup, final_rate, clip_norm, label_smoothing;
    uint64_t patience;
    weft_augmentation augmentation;
    int class_weights, sampling;
    double ema, swa;
    uint64_t lookahead;
    double skip_easy;
    double grow_from, grow_until;
    char *freeze_late;
    double freeze_at;
    int views;
    uint64_t accumulate;
    int calibrate;
} weft__train_options;

extern const weft_param weft__train_params[];

#endif
