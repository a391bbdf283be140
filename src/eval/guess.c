#include "eval/guess.h"

#include <string.h>

#include "core/text.h"
#include "weft/network.h"

/* Of the families with their standard options, for Fashion-MNIST's 60,000 pictures of 784
 * bytes; docs/results has the measurements. */
static const struct {
    const char *name;
    double seconds;
} families[] = {
    {"knn", 0.1},
    {"logreg", 1.2},
    {"svm", 2.9},
    {"forest", 2.7},
    {"extratrees", 1.7},
    {"boost", 8},
};
static const double OTHERS = 3, PICTURES = 60000, BYTES = 784;

/* A network's epoch: so many operations a second, and so much for every picture. */
static const double OPERATIONS = 4.5e11, A_PICTURE = 1e-6;
enum { PASSES = 3, OPERATIONS_EACH = 2 }; /* forward and both backward; multiply and add */

static double network_seconds(const weft_classifier *classifier, const char *name,
    const weft_view *train, weft_context *context)
{
    char text[32];
    uint64_t epochs = 1;
    if (weft_classifier_get(classifier, "epochs", text, sizeof text) == WEFT_OK)
        (void)weft__parse_count(text, &epochs);
    weft_network_use use = weft_network_use_defaults();
    use.shape = weft_dataset_shape(train->data);
    use.classes = weft_dataset_classes(train->data);
    weft_network_summary summary;
    double each = A_PICTURE;
    if (weft_network_summarise(&summary, name, &use, context) == WEFT_OK) {
        each += PASSES * OPERATIONS_EACH * (double)summary.multiply_adds / OPERATIONS;
        weft_network_summary_clear(&summary);
    }
    return (double)epochs * (double)train->count * each;
}

double weft__guess_seconds(
    const weft_classifier *classifier, const weft_view *train, weft_context *context)
{
    char network[4096];
    const weft_classifier_info *info = weft_classifier_describe(classifier);
    if (weft_param_find(info->params, "network") &&
        weft_classifier_get(classifier, "network", network, sizeof network) == WEFT_OK)
        return network_seconds(classifier, network, train, context);
    double seconds = OTHERS;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strcmp(families[i].name, info->name) == 0)
            seconds = families[i].seconds;
    double bytes = (double)weft_shape_bytes(weft_dataset_shape(train->data));
    return seconds * (double)train->count / PICTURES * bytes / BYTES;
}
