/* weft summary: a network's layers, weights, work and memory. */
#include <inttypes.h>
#include <jansson.h>

#include "command.h"
#include "output.h"

enum { NAME_COLUMNS = 22, SHAPE_COLUMNS = 16, NUMBER_COLUMNS = 18 };

struct options {
    char *shape, *precision, *sizes;
    uint64_t classes, batch;
};

static const weft_param table[] = {
    {"shape", WEFT_PARAM_TEXT, offsetof(struct options, shape), "28x28x1", 0, 0, NULL,
        "of a picture: height x width x channels"},
    {"classes", WEFT_PARAM_COUNT, offsetof(struct options, classes), "10", 1,
        WEFT_MAX_CLASSES, NULL, "how many there are to tell apart"},
    {"batch", WEFT_PARAM_COUNT, offsetof(struct options, batch), "0", 0, 65536, NULL,
        "pictures a step; 0: as the network's text says"},
    {"precision", WEFT_PARAM_TEXT, offsetof(struct options, precision), NULL, 0, 0, NULL,
        "auto, f32 or bf16; by default as the network's text says"},
    {"sizes", WEFT_PARAM_TEXT, offsetof(struct options, sizes), NULL, 0, 0, NULL,
        "other values of the sizes that the network's text names, as in filters=64"},
    {0},
};

/* "28x28x1" */
static bool read_shape(const char *text, weft_shape *out)
{
    unsigned side[3];
    int end = 0;
    if (sscanf(text, "%5ux%5ux%5u%n", &side[0], &side[1], &side[2], &end) != 3 || text[end])
        return false;
    *out = (weft_shape){side[0], side[1], side[2]};
    return true;
}

/* Digits in threes, to the right of `columns`. */
static void print_number(uint64_t number, int columns)
{
    char plain[24], grouped[40];
    int length = snprintf(plain, sizeof plain, "%" PRIu64, number), at = 0;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            grouped[at++] = ',';
        grouped[at++] = plain[i];
    }
    grouped[at] = 0;
    printf("%*s", columns, grouped);
}

static void print_row(const char *name, const char *shape, uint64_t weights, uint64_t work)
{
    printf("%-*s%-*s", NAME_COLUMNS, name, SHAPE_COLUMNS, shape);
    print_number(weights, NUMBER_COLUMNS);
    print_number(work, NUMBER_COLUMNS);
    putchar('\n');
}

static void shape_text(weft_shape shape, char *text, size_t size)
{
    snprintf(text, size, "%ux%ux%u", shape.height, shape.width, shape.channels);
}

static double megabytes(size_t bytes)
{
    return (double)bytes / 1e6;
}

static void print_text(const weft_network_summary *s, weft_shape input)
{
    char shape[48];
    if (*s->title)
        printf("%s\n", s->title);
    if (*s->source)
        printf("from %s\n", s->source);
    shape_text(input, shape, sizeof shape);
    printf("\n%-*s%-*s%*s%*s\n", NAME_COLUMNS, "layer", SHAPE_COLUMNS, "output",
        NUMBER_COLUMNS, "weights", NUMBER_COLUMNS, "multiply-adds");
    printf("%-*s%s\n", NAME_COLUMNS, "picture", shape);
    for (size_t i = 0; i < s->layer_count; i++) {
        shape_text(s->layers[i].out, shape, sizeof shape);
        print_row(
            s->layers[i].name, shape, s->layers[i].weights, s->layers[i].multiply_adds);
    }
    print_row("total", "", s->weights, s->multiply_adds);
    printf("\nMemory of training in %s, batches of %zu, by %s:\n", s->precision, s->batch,
        s->optimizer);
    printf("%12.1f MB  activations and gradients\n", megabytes(s->working_bytes));
    printf("%12.1f MB  weights\n", megabytes(s->weight_bytes));
    printf("%12.1f MB  the optimiser's state\n", megabytes(s->optimiser_bytes));
    printf("%12.1f MB  together\n",
        megabytes(s->working_bytes + s->weight_bytes + s->optimiser_bytes));
}

static json_t *shape_json(weft_shape shape)
{
    return json_pack("[i, i, i]", (int)shape.height, (int)shape.width, (int)shape.channels);
}

static weft_status print_json(
    const weft_network_summary *s, const weft_network_use *use, const char *name)
{
    json_t *layers = json_array();
    for (size_t i = 0; i < s->layer_count; i++) {
        const weft_network_layer *layer = &s->layers[i];
        json_array_append_new(
            layers, json_pack("{s:s, s:o, s:I, s:I}", "name", layer->name, "output",
                        shape_json(layer->out), "weights", (json_int_t)layer->weights,
                        "multiply_adds", (json_int_t)layer->multiply_adds));
    }
    json_t *memory = json_pack("{s:I, s:I, s:I}", "working_bytes",
        (json_int_t)s->working_bytes, "weight_bytes", (json_int_t)s->weight_bytes,
        "optimiser_bytes", (json_int_t)s->optimiser_bytes);
    return output_json(json_pack(
        "{s:s, s:s, s:s, s:o, s:I, s:o, s:I, s:I, s:I, s:s, s:s, s:o}", "network", name,
        "title", s->title, "source", s->source, "input", shape_json(use->shape), "classes",
        (json_int_t)use->classes, "layers", layers, "weights", (json_int_t)s->weights,
        "multiply_adds", (json_int_t)s->multiply_adds, "batch", (json_int_t)s->batch,
        "precision", s->precision, "optimizer", s->optimizer, "training_memory", memory));
}

static weft_status run(struct call *call)
{
    const struct options *o = call->options;
    weft_network_use use = weft_network_use_defaults();
    weft_network_summary summary;
    use.classes = o->classes;
    use.batch = o->batch;
    use.precision = o->precision;
    use.sizes = o->sizes;
    if (!read_shape(o->shape, &use.shape))
        return call_misused(
            call, "--shape %s: expected height x width x channels, as 28x28x1", o->shape);
    weft_status status =
        weft_network_summarise(&summary, call->arguments[0], &use, call->context);
    if (status == WEFT_EINVAL || status == WEFT_ENOTFOUND)
        return call_misused(call, "%s", weft_error());
    WEFT_TRY(status);
    if (call->json)
        status = print_json(&summary, &use, call->arguments[0]);
    else
        print_text(&summary, use.shape);
    weft_network_summary_clear(&summary);
    return status;
}

const struct command command_summary = {
    .name = "summary",
    .summary = "show a network's layers, weights, work and memory",
    .arguments = "NETWORK",
    .min_arguments = 1,
    .max_arguments = 1,
    .details = "NETWORK is a built-in network's name, as 'weft models' lists them, or the "
               "path of a network text. Multiply-adds are those of one picture's forward "
               "pass; training takes three times as many.",
    .example = "weft summary resnet-20\n"
               "weft summary photo-resnet --shape 96x96x3 --batch 32 --precision f32\n"
               "weft summary mine.net --json",
    .options = table,
    .options_size = sizeof(struct options),
    .json = true,
    .run = run,
};
