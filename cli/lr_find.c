#include "lr_find.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"

enum { LINES = 24, BAR = 40 };

static weft_status write_csv(const char *path, const weft_rate_curve *curve)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return weft_fail(WEFT_EIO, "%s: cannot write: %s", path, strerror(errno));
    fprintf(file, "learning_rate,loss\n");
    for (size_t i = 0; i < curve->count; i++)
        fprintf(file, "%.9g,%.9g\n", curve->points[i].learning_rate, curve->points[i].loss);
    bool written = !ferror(file);
    if (fclose(file) != 0 || !written)
        return weft_fail(WEFT_EIO, "%s: cannot write: %s", path, strerror(errno));
    return WEFT_OK;
}

/* Some of the points, each with a bar as long as its loss. */
static void print_curve(const weft_rate_curve *curve)
{
    double highest = 0;
    size_t lines = curve->count < LINES ? curve->count : LINES;
    /* What blew up at the end would make all other bars short. */
    for (size_t i = 0; i < curve->count; i++)
        if (isfinite(curve->points[i].loss) &&
            curve->points[i].loss < 2 * curve->points[0].loss)
            highest = fmax(highest, curve->points[i].loss);
    printf("learning rate        loss\n");
    for (size_t i = 0; i < lines; i++) {
        const weft_rate *p =
            &curve->points[lines > 1 ? i * (curve->count - 1) / (lines - 1) : 0];
        double share = p->loss < highest ? p->loss / highest : 1;
        printf("%13.3g  %10.4f  ", p->learning_rate, p->loss);
        for (int k = 0; k < (int)(share * BAR + 0.5); k++)
            putchar('#');
        putchar('\n');
    }
}

static weft_status print_json(const weft_rate_curve *curve, const char *path)
{
    json_t *points = json_array();
    for (size_t i = 0; i < curve->count; i++)
        if (isfinite(curve->points[i].loss))
            json_array_append_new(
                points, json_pack("{s:f,s:f}", "learning_rate",
                            curve->points[i].learning_rate, "loss", curve->points[i].loss));
    return output_json(json_pack("{s:o, s:o, s:s}", "suggestion",
        isfinite(curve->suggestion) ? json_real(curve->suggestion) : json_null(), "curve",
        points, "file", path));
}

static weft_status show(
    const struct call *call, const weft_rate_curve *curve, const char *path)
{
    WEFT_TRY(write_csv(path, curve));
    if (call->json)
        return print_json(curve, path);
    print_curve(curve);
    printf("curve       %s\n", path);
    if (isfinite(curve->suggestion))
        printf("suggestion  --learning-rate %.2g, where the loss falls fastest\n",
            curve->suggestion);
    else
        printf("suggestion  none: the loss falls at no rate\n");
    return WEFT_OK;
}

weft_status lr_find(struct call *call, const weft_view *train, const char *out)
{
    const char *path = out ? out : "lr-find.csv";
    weft_rate_range range = weft_rate_range_defaults();
    weft_rate_curve curve = {0};
    WEFT_TRY(output_check_file(path));
    weft_status status =
        weft_classifier_find_rate(&curve, call->classifier, train, &range, call->context);
    if (status == WEFT_OK)
        status = show(call, &curve, path);
    weft_rate_curve_clear(&curve);
    return status;
}
