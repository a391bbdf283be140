/* weft/report.h: results as one HTML file that needs nothing else.
 *
 * Charts, pictures and figures lie in the file: it opens offline in any browser, and no
 * request leaves it. */
#ifndef WEFT_REPORT_H
#define WEFT_REPORT_H

#include "weft/compare.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the page to `path`, whole or not at all. It holds at most about 3 MB of pictures,
 * scaled down to 56 pixels a side: samples, the most wrong, and some of each cell of
 * each confusion matrix. */
WEFT_API WEFT_MUST weft_status weft_report_write(
    const char *path, const weft_comparison *comparison);

/* Writes FOLDER/report.html, whole or not at all, from the plain files that a command left
 * in the folder:
 *
 *     compare   results.json; its pictures are kept from the report that is there, and are
 *               left out when there is none or it is of other results
 *     cv, tune  results.json
 *     train     args.json, results.json and results.csv
 *
 * WEFT_ENOTFOUND when there is no results.json; WEFT_EFORMAT names the file, and the line,
 * when it is no JSON or not one of these. */
WEFT_API WEFT_MUST weft_status weft_report_folder(const char *folder);

#ifdef __cplusplus
}
#endif
#endif
