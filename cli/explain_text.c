#include "explain_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CELLS = 36, /* of a drawn map's width, two characters each */
    FEW = 20,   /* pictures that get a line each */
    NAME = 24,  /* columns of a picture's or a class's name */
    CUTS = 40,  /* steps of a path that are printed */
};

/* What a map says in numbers. */
struct summary {
    double half;        /* the smallest share of pixels that holds half of the map */
    double row, column; /* the middle of its magnitudes, in pixels */
};

static int larger_first(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

/* `room`: as many floats as the map has. */
static struct summary summarise(const float *map, weft_shape shape, float *room)
{
    size_t count = (size_t)shape.height * shape.width, n = 0;
    double total = 0, row = 0, column = 0, sum = 0;
    for (size_t p = 0; p < count; p++) {
        double size = fabs((double)map[p]);
        room[p] = (float)size;
        total += size;
        row += size * (double)(p / shape.width);
        column += size * (double)(p % shape.width);
    }
    if (total <= 0)
        return (struct summary){NAN, NAN, NAN};
    qsort(room, count, sizeof *room, larger_first);
    while (n < count && sum < total / 2)
        sum += (double)room[n++];
    return (struct summary){(double)n / (double)count, row / total, column / total};
}

/* ---- one picture ------------------------------------------------------------------------
 */

/* Two characters for a share of the largest magnitude. Maps with signs have + and -. */
static const char *cell(double share, bool has_signs)
{
    static const char *const dark[] = {"  ", " .", "..", "++", "##"};
    static const char *const against[] = {"  ", " -", "--", "==", "=="};
    static const char *const support[] = {"  ", " +", "++", "**", "##"};
    double size = fabs(share);
    size_t level = size < 0.1 ? 0 : size < 0.25 ? 1 : size < 0.45 ? 2 : size < 0.7 ? 3 : 4;
    return !has_signs ? dark[level] : share < 0 ? against[level] : support[level];
}

/* The mean of the pixels that a cell stands for. */
static double mean_of(const float *map, weft_shape shape, size_t step, size_t y, size_t x)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = y * step; i < (y + 1) * step && i < shape.height; i++)
        for (size_t j = x * step; j < (x + 1) * step && j < shape.width; j++, count++)
            sum += (double)map[i * shape.width + j];
    return count ? sum / (double)count : 0;
}

static void draw(const float *map, weft_shape shape)
{
    size_t step = (shape.width + CELLS - 1) / CELLS;
    size_t rows = (shape.height + step - 1) / step,
           columns = (shape.width + step - 1) / step;
    double largest = 0;
    bool has_signs = false;
    for (size_t y = 0; y < rows; y++)
        for (size_t x = 0; x < columns; x++) {
            double mean = mean_of(map, shape, step, y, x);
            largest = fmax(largest, fabs(mean));
            has_signs |= mean < 0;
        }
    for (size_t y = 0; largest > 0 && y < rows; y++) {
        char line[2 * CELLS + 1] = "";
        for (size_t x = 0; x < columns; x++)
            memcpy(line + 2 * x, cell(mean_of(map, shape, step, y, x) / largest, has_signs),
                2);
        size_t length = 2 * columns;
        while (length && line[length - 1] == ' ')
            length--;
        printf("  %.*s\n", (int)length, line);
    }
    if (has_signs)
        printf("  + * # speaks for the class, - = against it\n");
}

static void print_examples(const weft_explanation *e)
{
    const weft_evidence *v = e->evidence;
    bool far = v->examples && isfinite(v->example[0].distance);
    printf("\n%s\n  %-*s %9s%s\n", v->example_meaning, NAME, "class", "weight",
        far ? "   distance" : "");
    for (size_t k = 0; k < v->examples; k++) {
        const weft_explain_example *x = &v->example[k];
        printf("  %-*.*s %+9.4f", NAME, NAME,
            weft_classifier_class_name(e->classifier, x->label), (double)x->weight);
        if (far)
            printf(" %10.2f", (double)x->distance);
        printf("\n");
    }
}

static void print_path(const weft_explanation *e, weft_shape shape)
{
    const weft_explain_path *path = &e->evidence->paths[0];
    printf("\nthe way through tree %zu of %zu, of those that say most the shortest\n"
           "  row column%s  pixel       score\n",
        path->tree + 1, path->trees, shape.channels > 1 ? " channel" : "");
    for (size_t k = 0; k < path->count && k < CUTS; k++) {
        const weft_explain_step *x = &path->steps[k];
        size_t pixel = x->value / shape.channels;
        printf("%5zu %6zu", pixel / shape.width, pixel % shape.width);
        if (shape.channels > 1)
            printf(" %7u", x->value % shape.channels);
        printf("  %3d %s %3d  %+.3f to %+.3f\n", x->found,
            x->found > x->cut ? "> " : "<=", x->cut, (double)x->before, (double)x->after);
    }
    if (path->count > CUTS)
        printf("  and %zu cuts more\n", path->count - CUTS);
}

static void print_one(const weft_explanation *e, weft_shape shape)
{
    const weft_evidence *v = e->evidence;
    size_t class = e->classes[0];
    printf("%s %.1f %%", weft_classifier_class_name(e->classifier, class),
        100 * (double)e->probabilities[class]);
    if (weft_dataset_labels(e->view->data))
        printf(", labelled %s",
            weft_classifier_class_name(e->classifier, weft_view_label(e->view, 0)));
    printf("\n");
    draw(e->maps, shape);
    if (!v || !v->count)
        return;
    if (v->scores)
        printf("score %.4f = %.4f + %.4f from the pixels\n", v->scores[0], v->bases[0],
            v->scores[0] - v->bases[0]);
    if (v->examples)
        print_examples(e);
    if (v->paths)
        print_path(e, shape);
}

/* ---- several
 * ------------------------------------------------------------------------------ */

/* The rest of a line. `right` NaN: no labels. */
static void print_figures(double probability, double right, struct summary s)
{
    printf(" %11.3f", probability);
    if (isfinite(right))
        printf(" %5.0f %%", 100 * right);
    if (isfinite(s.half))
        printf(" %6.0f %% %4.0f %6.0f", 100 * s.half, s.row, s.column);
    printf("\n");
}

/* The end of a path: what tells it from others. */
static const char *tail(const char *name)
{
    size_t length = strlen(name);
    return length <= NAME ? name : name + length - NAME;
}

static void print_few(const weft_explanation *e, weft_shape shape, float *room)
{
    size_t pixels = (size_t)shape.height * shape.width;
    size_t classes = weft_classifier_classes(e->classifier);
    printf("%-*s %-16s %11s %8s %4s %6s\n", NAME, "picture", "class", "probability",
        "half in", "row", "column");
    for (size_t i = 0; i < e->view->count; i++) {
        char origin[4096];
        weft_dataset_origin(e->view->data, weft_view_at(e->view, i), origin, sizeof origin);
        printf("%-*s %-16.16s", NAME, tail(origin),
            weft_classifier_class_name(e->classifier, e->classes[i]));
        print_figures((double)e->probabilities[i * classes + e->classes[i]], NAN,
            summarise(e->maps + i * pixels, shape, room));
    }
}

static void print_class(
    const weft_explanation *e, weft_shape shape, size_t class, float *room)
{
    size_t pixels = (size_t)shape.height * shape.width, count = 0, right = 0, told = 0;
    size_t classes = weft_classifier_classes(e->classifier);
    double probability = 0;
    struct summary mean = {0};
    for (size_t i = 0; i < e->view->count; i++) {
        if (e->classes[i] != class)
            continue;
        struct summary s = summarise(e->maps + i * pixels, shape, room);
        count++;
        probability += (double)e->probabilities[i * classes + class];
        right += weft_dataset_labels(e->view->data) && weft_view_label(e->view, i) == class;
        if (isfinite(s.half)) {
            told++;
            mean.half += s.half;
            mean.row += s.row;
            mean.column += s.column;
        }
    }
    if (!count)
        return;
    double n = told ? (double)told : NAN;
    printf(
        "%-*.*s %8zu", NAME, NAME, weft_classifier_class_name(e->classifier, class), count);
    print_figures(probability / (double)count,
        weft_dataset_labels(e->view->data) ? (double)right / (double)count : NAN,
        (struct summary){mean.half / n, mean.row / n, mean.column / n});
}

void explain_print(const weft_explanation *e)
{
    weft_shape shape = weft_classifier_recipe(e->classifier).shape;
    float *room = malloc((size_t)shape.height * shape.width * sizeof *room);
    if (!room || e->view->count == 0) {
        free(room);
        return;
    }
    if (e->view->count == 1) {
        print_one(e, shape);
    } else if (e->view->count <= FEW) {
        print_few(e, shape, room);
    } else {
        bool labels = weft_dataset_labels(e->view->data) != NULL;
        printf("%-*s %8s %11s%s %8s %4s %6s\n", NAME, "class", "pictures", "probability",
            labels ? "   right" : "", "half in", "row", "column");
        for (size_t c = 0; c < weft_classifier_classes(e->classifier); c++)
            print_class(e, shape, c, room);
    }
    if (e->view->count > 1)
        printf("half in: the share of pixels that holds half of the map; row, column: its "
               "middle\n");
    free(room);
}
