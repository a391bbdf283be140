/* Networks as a family of classifiers. */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "nn/differentiate.h"
#include "nn/named.h"
#include "nn/predict.h"
#include "nn/trainer.h"
#include "nn/transfer.h"
#include "nn/whiten.h"

/* A trained network. */
struct state {
    weft__network network;
    float *block; /* network.block floats, owned */
    weft__normalisation normalisation;

    /* Plans for prediction, made when first needed and kept: of many pictures and of one.
     */
    pthread_mutex_t lock;
    weft__plan *many, *one;
};

/* A path is shown by its last part, without the ending. */
static weft_status entitle(
    weft_classifier *self, const weft__network *network, const char *name)
{
    const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
    size_t length = strlen(base);
    if (length > 4 && strcmp(base + length - 4, ".net") == 0)
        length -= 4;
    char *shown = strndup(base, length);
    if (!shown)
        return weft_fail(WEFT_ENOMEM, "no memory for a name");
    weft_status status = weft__classifier_entitle(self, shown,
        *network->title ? network->title : NULL, *network->source ? network->source : NULL);
    free(shown);
    return status;
}

static weft_status choose(weft_classifier *self, const char *name)
{
    weft__network network;
    WEFT_TRY(weft__network_named(&network, name, NULL));
    weft__train_options *options = self->options;
    weft_status status = weft__take_train_line(options, network.train, name);
    if (status == WEFT_OK)
        status = weft_param_set(weft__train_params, options, "network", name);
    if (status == WEFT_OK)
        status = entitle(self, &network, name);
    weft__network_clear(&network);
    return status;
}

static weft_status prefer(const weft_classifier *self, weft_load_options *load)
{
    const weft__train_options *o = self->options;
    weft__network network;
    if (!o->network)
        return WEFT_OK; /* fit says so */
    WEFT_TRY(weft__network_named(&network, o->network, o->sizes));
    weft_status status = weft__take_pictures_line(load, network.pictures, o->network);
    weft__network_clear(&network);
    return status;
}

static void forget(weft_classifier *self)
{
    struct state *s = self->state;
    if (!s)
        return;
    weft__plan_free(s->many);
    weft__plan_free(s->one);
    weft__network_clear(&s->network);
    free(s->block);
    pthread_mutex_destroy(&s->lock);
    free(s);
    self->state = NULL;
}

static weft__dims input_of(weft_shape shape)
{
    return (weft__dims){shape.height, shape.width, shape.channels};
}

/* An empty state with its lock, as self->state. */
static weft_status new_state(weft_classifier *self, struct state **out)
{
    struct state *s;
    WEFT_TRY(weft__calloc(&s, 1, sizeof *s, "a network"));
    pthread_mutex_init(&s->lock, NULL);
    self->state = s;
    *out = s;
    return WEFT_OK;
}

/* The network before its first step, as self->state. */
static weft_status begin(
    weft_classifier *self, const weft_view *train, weft_context *context)
{
    const weft__train_options *o = self->options;
    struct state *s;
    if (!o->network)
        return weft_fail(WEFT_EINVAL, "network: which? give network=NAME or a path; 'weft "
                                      "models' lists what there is");
    WEFT_TRY(new_state(self, &s));
    WEFT_TRY(weft__network_named(&s->network, o->network, o->sizes));
    WEFT_TRY(weft__network_infer(
        &s->network, input_of(self->recipe.shape), self->classes, o->network));
    WEFT_TRY(weft__calloc(&s->block, s->network.block, sizeof *s->block, "parameters"));
    s->normalisation = o->normalise == WEFT__NORMALISE_STANDARD
                           ? weft__normalise_standard(train)
                           : weft__normalise_unit();
    weft__network_initialise(&s->network, s->block, o->seed);
    WEFT_TRY(weft__whiten(&s->network, s->block, train, &s->normalisation));
    WEFT_TRY(weft__choose_rates(&s->network, o, false));
    WEFT_TRY(weft__init_from(&s->network, s->block, o, context));
    return WEFT_OK;
}

static weft_status fit(weft_classifier *self, const weft_view *train,
    const weft_view *validation, weft_context *context)
{
    WEFT_TRY(begin(self, train, context));
    struct state *s = self->state;
    return weft__train(
        self, &s->network, s->block, &s->normalisation, train, validation, context);
}

static weft_status find_rate(weft_rate_curve *out, weft_classifier *self,
    const weft_view *train, const weft_rate_range *range, weft_context *context)
{
    WEFT_TRY(begin(self, train, context));
    struct state *s = self->state;
    weft__rate_search search = {.range = *range, .points = out->points};
    WEFT_TRY(weft__search_rates(
        &search, self, &s->network, s->block, &s->normalisation, train, context));
    out->count = search.count;
    out->suggestion = weft__search_suggestion(out->points, out->count);
    return WEFT_OK;
}

static double training_work(const weft_classifier *self, size_t pictures)
{
    return weft__training_work(self->options, pictures);
}

/* A plan for so many pictures, made on first use. */
static weft_status plan_for(
    struct state *s, size_t count, weft_context *context, weft__plan **out, bool *prepare)
{
    weft__plan **slot = count == 1 ? &s->one : &s->many;
    int members = count == 1 ? 1 : weft_context_threads(context);
    if (*slot && (*slot)->members != members) {
        weft__plan_free(*slot);
        *slot = NULL;
    }
    *prepare = !*slot;
    if (!*slot)
        WEFT_TRY(weft__plan_create(slot, &s->network, count == 1 ? 1 : WEFT__PREDICT_BATCH,
            false, WEFT__REAL_F32, s->block, count == 1 ? NULL : context));
    *out = *slot;
    return WEFT_OK;
}

/* The last dense layer's place among the nodes, or SIZE_MAX. */
static size_t last_dense(const weft__network *network)
{
    size_t i = network->node_count;
    while (i-- > 0)
        if (network->nodes[i].kind->gives_logits)
            return i;
    return SIZE_MAX;
}

/* One forward pass; `embedded` asks for the last dense layer's input instead of logits. */
static weft_status run_forward(const weft_classifier *self, const weft_view *view,
    bool embedded, float *rows, weft_context *context)
{
    struct state *s = self->state;
    weft__plan *plan;
    bool prepare;
    pthread_mutex_lock(&s->lock);
    weft_status status = plan_for(s, view->count, context, &plan, &prepare);
    if (status == WEFT_OK) {
        plan->context = context;
        const weft__train_options *o = self->options;
        const weft__prediction wanted = {.view = view,
            .normalisation = &s->normalisation,
            .views = embedded ? WEFT__VIEWS_1 : (weft__views)o->views,
            .prepare = prepare,
            .buffer = embedded ? plan->nodes[last_dense(&s->network)].in[0] : plan->logits};
        status = weft__predict_rows(plan, &wanted, rows, context);
    }
    pthread_mutex_unlock(&s->lock);
    return status;
}

static weft_status predict_proba(const weft_classifier *self, const weft_view *view,
    float *probabilities, weft_context *context)
{
    WEFT_TRY(run_forward(self, view, false, probabilities, context));
    weft__logits_to_probabilities(probabilities, probabilities, view->count, self->classes);
    return WEFT_OK;
}

static size_t embedding_size(const weft_classifier *self)
{
    const struct state *s = self->state;
    size_t last = last_dense(&s->network);
    return last == SIZE_MAX ? 0 : weft__dims_size(s->network.nodes[last].in[0]);
}

static weft_status embed(const weft_classifier *self, const weft_view *view,
    float *embeddings, weft_context *context)
{
    return run_forward(self, view, true, embeddings, context);
}

static weft_status derivatives_shape(
    const weft_classifier *self, const char *layer, const char **name, size_t shape[3])
{
    const struct state *s = self->state;
    size_t i;
    WEFT_TRY(weft__layer_to_explain(&i, &s->network, layer));
    const weft__node *node = &s->network.nodes[i];
    *name = node->name;
    shape[0] = node->out.height;
    shape[1] = node->out.width;
    shape[2] = node->out.channels;
    return WEFT_OK;
}

/* A plan of its own for every call: what it costs is little beside the passes. */
static weft_status differentiate(
    const weft_classifier *self, const weft__derivatives *job, weft_context *context)
{
    const struct state *s = self->state;
    weft__plan *plan = NULL;
    float *block = NULL;
    if (!job)
        return WEFT_OK;
    size_t layer = 0, most = WEFT__DIFFERENTIATE_BATCH;
    if (job->activations || job->gradients)
        WEFT_TRY(weft__layer_to_explain(&layer, &s->network, job->layer));
    WEFT_TRY(weft__calloc(&block, s->network.block, sizeof *block, "parameters"));
    if (job->untrained)
        weft__network_initialise(&s->network, block, job->seed);
    else
        memcpy(block, s->block, s->network.block * sizeof *block);
    weft_status status = weft__plan_create_explaining(
        &plan, &s->network, job->count < most ? job->count : most, block, context);
    if (status == WEFT_OK)
        status = weft__differentiate(plan, &s->normalisation, layer, job, context);
    weft__plan_free(plan);
    free(block);
    return status;
}

static bool predicts_by_logits(const weft_classifier *self)
{
    const weft__train_options *o = self->options;
    return o->views == WEFT__VIEWS_1;
}

static weft_status save(const weft_classifier *self, weft__tensors *tensors)
{
    const struct state *s = self->state;
    for (size_t i = 0; i < s->network.parameter_count; i++) {
        const weft__parameter *p = &s->network.parameters[i];
        WEFT_TRY(weft__tensors_add(
            tensors, p->name, WEFT__F32, p->rank, p->shape, s->block + p->offset));
    }
    WEFT_TRY(weft__tensors_add(tensors, "input.scale", WEFT__F32, 1,
        (size_t[]){WEFT__MAX_CHANNELS}, s->normalisation.scale));
    WEFT_TRY(weft__tensors_add(tensors, "input.shift", WEFT__F32, 1,
        (size_t[]){WEFT__MAX_CHANNELS}, s->normalisation.shift));
    return weft__tensors_set(tensors, "network.text", s->network.text);
}

static weft_status load_arrays(struct state *s, const weft__tensors *tensors)
{
    const weft__tensor *found;
    for (size_t i = 0; i < s->network.parameter_count; i++) {
        const weft__parameter *p = &s->network.parameters[i];
        WEFT_TRY(
            weft__tensors_need(tensors, p->name, WEFT__F32, p->rank, p->shape, &found));
        memcpy(s->block + p->offset, found->data, found->bytes);
    }
    size_t channels[] = {WEFT__MAX_CHANNELS};
    WEFT_TRY(weft__tensors_need(tensors, "input.scale", WEFT__F32, 1, channels, &found));
    memcpy(s->normalisation.scale, found->data, found->bytes);
    WEFT_TRY(weft__tensors_need(tensors, "input.shift", WEFT__F32, 1, channels, &found));
    memcpy(s->normalisation.shift, found->data, found->bytes);
    return WEFT_OK;
}

static weft_status load(weft_classifier *self, const weft__tensors *tensors)
{
    struct state *s;
    const char *text = weft__tensors_get(tensors, "network.text");
    if (!text)
        return weft_fail(
            WEFT_EFORMAT, "%s: no 'network.text' in its metadata", tensors->path);
    WEFT_TRY(new_state(self, &s));
    WEFT_TRY(weft__network_parse(&s->network, text, tensors->path));
    WEFT_TRY(entitle(self, &s->network, self->info.name));
    WEFT_TRY(weft__network_infer(
        &s->network, input_of(self->recipe.shape), self->classes, tensors->path));
    WEFT_TRY(weft__calloc(&s->block, s->network.block, sizeof *s->block, "parameters"));
    return load_arrays(s, tensors);
}

/* The catalogue's entries, made from the texts' headings on first use. */
enum { MOST_BUILTINS = 64 };
static weft_classifier_info variants[MOST_BUILTINS];
static size_t variant_count;
static pthread_once_t variants_once = PTHREAD_ONCE_INIT;

/* A heading's line in a text, copied for the life of the process; "" when absent. */
static const char *heading(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, word, length) == 0 && (line[length] == ' ')) {
            line += length + strspn(line + length, " ");
            char *copy = strndup(line, strcspn(line, "\n"));
            return copy ? copy : "";
        }
    }
    return "";
}

static void make_variants(void)
{
    for (const weft__builtin *b = weft__builtin_networks;
         b->name && variant_count < MOST_BUILTINS; b++)
        variants[variant_count++] = (weft_classifier_info){b->name,
            heading(b->text, "title"), heading(b->text, "source"), weft__train_params};
}

static const weft_classifier_info *variant(size_t i)
{
    pthread_once(&variants_once, make_variants);
    return i < variant_count ? &variants[i] : NULL;
}

extern const weft__family weft__network_family;
const weft__family weft__network_family = {
    .name = "network",
    .title = "Neural network from a text",
    .source = "",
    .params = weft__train_params,
    .options_size = sizeof(weft__train_options),
    .variant = variant,
    .choose = choose,
    .prefer = prefer,
    .fit = fit,
    .find_rate = find_rate,
    .training_work = training_work,
    .predict_proba = predict_proba,
    .embedding_size = embedding_size,
    .embed = embed,
    .derivatives_shape = derivatives_shape,
    .differentiate = differentiate,
    .predicts_by_logits = predicts_by_logits,
    .save = save,
    .load = load,
    .forget = forget,
};
