/* What the writers of explanations share. */
#ifndef WEFT_REPORT_EXPLAIN_PAGE_H
#define WEFT_REPORT_EXPLAIN_PAGE_H

#include <jansson.h>

#include "report/gallery.h"
#include "weft/explain.h"

/* What is being written. */
typedef struct weft__explain_saving {
    const weft_explanation *e;
    const char *folder;
    weft_shape shape, panel;
    uint32_t zoom;
    uint8_t *pixels;        /* a panel */
    weft__gallery panels;   /* what the page shows of the PNG files */
    weft__gallery examples; /* training pictures and weights, a tile each */
    json_t *json;           /* explain.json */
} weft__explain_saving;

/* Writes an RGB picture as NAME-NNNN.png. `file` receives its name. */
WEFT_MUST weft_status weft__explain_write_png(const weft__explain_saving *s, char file[64],
    const char *name, size_t number, const uint8_t *rgb, weft_shape shape);

/* What explanation->evidence, which may be NULL, says: of the model to s->json, with
 * weights-NNNN.png and boundary-NNNN.png of classes; of its n-th picture to `entry`, with a
 * strip of its examples as examples-NNNN.png. */
WEFT_MUST weft_status weft__explain_save_weights(weft__explain_saving *s);
WEFT_MUST weft_status weft__explain_save_boundary(weft__explain_saving *s);
WEFT_MUST weft_status weft__explain_save_evidence(
    weft__explain_saving *s, size_t n, json_t *entry);

#endif
