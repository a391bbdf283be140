/* weft inspect with each class in turn as good and all others as defects:
 *     inspect_bench DATA [GOOD]
 * learns at most GOOD (6000) training pictures of a class and prints AUROC over all test
 * pictures, the share of good ones rejected, of the others found, and seconds of learning.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "weft/weft.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The positions of a class's pictures, or of all others', at most `most`. */
static size_t take(
    uint32_t *index, const weft_dataset *data, size_t class, int own, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < weft_dataset_count(data) && count < most; i++)
        if ((weft_dataset_labels(data)[i] == class) == own)
            index[count++] = (uint32_t)i;
    return count;
}

static weft_status measure(double *auroc, const weft_data *data, weft_view test,
    size_t class, size_t most, uint32_t *index, float *scores, weft_context *context)
{
    weft_inspector *inspector;
    weft_novelty_figures f;
    weft_inspect_options options = weft_inspect_defaults();
    weft_view good = {data->train, index, take(index, data->train, class, 1, most)};
    double began = now();
    WEFT_TRY(weft_inspector_fit(&inspector, &good, NULL, &options, context));
    double seconds = now() - began;
    size_t count = take(index, test.data, class, 1, test.count);
    size_t rest = take(index + count, test.data, class, 0, test.count);
    weft_view all = {test.data, index, count + rest};
    weft_status status = weft_inspector_score(scores, NULL, inspector, &all, context);
    weft_inspector_free(inspector);
    WEFT_TRY(status);
    WEFT_TRY(weft_novelty_measure(&f, scores, count, scores + count, rest));
    printf("%-12s  %5zu  %.4f  %.4f  %.4f  %6.2f\n",
        weft_dataset_class_name(data->train, class), good.count, f.auroc, f.false_alarms,
        f.found, seconds);
    fflush(stdout);
    *auroc += f.auroc;
    return WEFT_OK;
}

static weft_status run(const char *where, size_t most, weft_context *context)
{
    weft_data data;
    weft_load_options options = weft_load_defaults();
    double sum = 0;
    WEFT_TRY(weft_data_load(&data, where, &options, context));
    weft_view test = weft_test_open(data.test);
    size_t classes = weft_dataset_classes(data.train);
    size_t room = weft_dataset_count(data.train) + test.count;
    uint32_t *index = malloc(room * sizeof *index);
    float *scores = malloc(room * sizeof *scores);
    weft_status status =
        index && scores ? WEFT_OK : weft_fail(WEFT_ENOMEM, "no memory for scores");
    printf("%-12s  %5s  %6s  %6s  %6s  %6s\n", "good", "count", "AUROC", "reject", "found",
        "s");
    for (size_t c = 0; status == WEFT_OK && c < classes; c++)
        status = measure(&sum, &data, test, c, most, index, scores, context);
    if (status == WEFT_OK)
        printf("%-12s  %5s  %.4f\n", "mean", "", sum / (double)classes);
    free(index);
    free(scores);
    weft_data_clear(&data);
    return status;
}

int main(int count, char **arguments)
{
    weft_context *context;
    if (count < 2) {
        fprintf(stderr, "inspect_bench DATA [GOOD]\n");
        return 2;
    }
    weft_status status = weft_context_create(&context, 0);
    if (status == WEFT_OK) {
        status =
            run(arguments[1], count > 2 ? strtoul(arguments[2], NULL, 10) : 6000, context);
        weft_context_free(context);
    }
    if (status != WEFT_OK)
        fprintf(stderr, "inspect_bench: %s\n", weft_error());
    return status != WEFT_OK;
}
