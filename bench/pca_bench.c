/* Times principal components that explain 95 % of the variance.
 *
 *     pca_bench FOLDER THREADS REPEATS
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "weft/weft.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static weft_status run(const weft_view *train, weft_context *context)
{
    const weft_pca_options options = {.variance = 0.95};
    weft_pca *pca;
    double began = now();
    WEFT_TRY(weft_pca_fit(&pca, train, &options, context));
    printf("%.3f s: %zu components, the first explain %.5f %.5f %.5f\n", now() - began,
        weft_pca_count(pca), weft_pca_explained(pca, 0), weft_pca_explained(pca, 1),
        weft_pca_explained(pca, 2));
    weft_pca_free(pca);
    return WEFT_OK;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s FOLDER THREADS REPEATS\n", argv[0]);
        return 2;
    }
    weft_context *context = NULL;
    weft_data data = {0};
    weft_load_options options = weft_load_defaults();
    weft_status status = weft_context_create(&context, atoi(argv[2]));
    if (status == WEFT_OK)
        status = weft_data_load(&data, argv[1], &options, context);
    for (int r = 0; status == WEFT_OK && r < atoi(argv[3]); r++) {
        weft_view train = weft_view_all(data.train);
        status = run(&train, context);
    }
    if (status != WEFT_OK)
        fprintf(stderr, "%s\n", weft_error());
    weft_data_clear(&data);
    weft_context_free(context);
    return status == WEFT_OK ? 0 : 1;
}
