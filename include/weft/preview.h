/* weft/preview.h: augmentation, and a look at what it does.
 *
 *     weft_augmentation a = weft_augmentation_defaults();
 *     a.rotate = 15;
 *     weft_view train = weft_view_all(data.train);
 *     WEFT_TRY(weft_preview_save("sheet.png", &train, &a, NULL));
 *
 * Networks learn from pictures that are changed a little, anew in every epoch. The steps
 * are taken in this order, each where its option is not 0:
 *
 *     photo       as a photo of the thing would have given it (WEFT_FIT_PRODUCT)
 *     crop-pad    a random cut of the picture with a black border around it
 *     flip        left and right exchanged
 *     rotate, zoom   about the middle; bilinear, the edge's pixels go on outside
 *     shift       by whole pixels; outside, the edge's pixels go on or are mirrored
 *     brightness, contrast
 *     tint        each of the three colours lighter or darker by itself
 *     erase       a square becomes the picture's mean
 *     mixup, cutmix   with another picture of the batch that went through all the above */
#ifndef WEFT_PREVIEW_H
#define WEFT_PREVIEW_H

#include <stddef.h>
#include <stdint.h>

#include "weft/dataset.h"
#include "weft/param.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* In the order of the `flip` option. Alternate flips half of the pictures in one epoch and
 * the other half in the next (Jordan 2024, "94% on CIFAR-10 in 3.29 seconds", section 3.6).
 */
typedef enum weft_flip { WEFT_FLIP_NONE, WEFT_FLIP_RANDOM, WEFT_FLIP_ALTERNATE } weft_flip;

/* What comes in from outside when a picture is shifted, in the order of the `border`
 * option: the edge's pixels over and over, or the picture mirrored at them. */
typedef enum weft_border { WEFT_BORDER_EDGE, WEFT_BORDER_REFLECT } weft_border;

/* Zero is off. */
typedef struct weft_augmentation {
    int flip;                    /* weft_flip */
    uint64_t shift, crop_pad;    /* pixels */
    int border;                  /* weft_border */
    double photo;                /* the share of pictures: of a thing on black */
    double rotate;               /* degrees */
    double zoom;                 /* sizes from 1 - zoom to 1 + zoom */
    double erase;                /* the square's side as a share of the picture's */
    double brightness, contrast; /* factors from 1 - x to 1 + x */
    double tint;                 /* of the full scale; pictures in colour alone */
    double mixup, cutmix;        /* alpha of the beta distribution of the shares */
} weft_augmentation;

/* The options of an augmentation that is the member `member` of the struct `type`, for a
 * table of weft_param. */
#define WEFT_AUGMENTATION_FIELD(type, member, field) \
    (offsetof(type, member) + offsetof(weft_augmentation, field))
#define WEFT_AUGMENTATION_PARAMS(type, member) \
    {"photo", WEFT_PARAM_REAL, WEFT_AUGMENTATION_FIELD(type, member, photo), "0", 0, 1, \
        NULL, \
        "show this share as photos would give them: for pictures on black, such as " \
        "Fashion-MNIST's, and 'weft predict --photo'"}, \
    {"flip", WEFT_PARAM_CHOICE, WEFT_AUGMENTATION_FIELD(type, member, flip), "none", 0, 0, \
        "none|random|alternate", "exchange left and right; alternate: every other epoch"}, \
        {"shift", WEFT_PARAM_COUNT, WEFT_AUGMENTATION_FIELD(type, member, shift), "0", 0, \
            WEFT_MAX_SIDE, NULL, "move by up to so many pixels each way"}, \
        {"border", WEFT_PARAM_CHOICE, WEFT_AUGMENTATION_FIELD(type, member, border), \
            "edge", 0, 0, "edge|reflect", \
            "what a shift brings in: the edge goes on, or a mirror image"}, \
        {"crop-pad", WEFT_PARAM_COUNT, WEFT_AUGMENTATION_FIELD(type, member, crop_pad), \
            "0", 0, WEFT_MAX_SIDE, NULL, \
            "cut at random from the picture with so many black pixels around it"}, \
        {"rotate", WEFT_PARAM_REAL, WEFT_AUGMENTATION_FIELD(type, member, rotate), "0", 0, \
            180, NULL, "turn by up to so many degrees each way"}, \
        {"zoom", WEFT_PARAM_REAL, WEFT_AUGMENTATION_FIELD(type, member, zoom), "0", 0, \
            0.5, NULL, "shrink or grow by up to this share"}, \
        {"brightness", WEFT_PARAM_REAL, WEFT_AUGMENTATION_FIELD(type, member, brightness), \
            "0", 0, 1, NULL, "darken or lighten by up to this share"}, \
        {"contrast", WEFT_PARAM_REAL, WEFT_AUGMENTATION_FIELD(type, member, contrast), \
            "0", 0, 1, NULL, "weaken or strengthen contrast by up to this share"}, \
        {"tint", WEFT_PARAM_REAL, WEFT_AUGMENTATION_FIELD(type, member, tint), "0", 0, 1, \
            NULL, "move each colour by itself by up to this share of the full scale"}, \
        {"erase", WEFT_PARAM_REAL, WEFT_AUGMENTATION_FIELD(type, member, erase), "0", 0, \
            1, NULL, "blank a square whose side is this share of the picture's"}, \
        {"mixup", WEFT_PARAM_REAL, WEFT_AUGMENTATION_FIELD(type, member, mixup), "0", 0, \
            1, NULL, \
            "blend two pictures and their labels; the beta distribution's alpha"}, \
    { \
        "cutmix", WEFT_PARAM_REAL, WEFT_AUGMENTATION_FIELD(type, member, cutmix), "0", 0, \
            1, NULL, "paste a part of another picture; the beta distribution's alpha" \
    }

WEFT_API weft_augmentation weft_augmentation_defaults(void);

typedef struct weft_preview_options {
    size_t pictures; /* how many of the view's, drawn by the seed */
    size_t epochs;   /* how often each is shown */
    uint64_t seed;
} weft_preview_options;

WEFT_API weft_preview_options weft_preview_defaults(void);

/* Writes a PNG sheet, one row for each picture: the picture as it is, then as `epochs`
 * epochs of training would see it. NULL options are the defaults. WEFT_EINVAL when an
 * option is out of its range, the view is empty or a side would exceed 16384 pixels. */
WEFT_API WEFT_MUST weft_status weft_preview_save(const char *path, const weft_view *view,
    const weft_augmentation *augmentation, const weft_preview_options *options);

#ifdef __cplusplus
}
#endif
#endif
