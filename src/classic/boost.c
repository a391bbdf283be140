/* Gradient boosting: each round adds a tree for every class that follows the gradient of
 * the multinomial log loss (Friedman 2001), by second-order steps. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classic/bins.h"
#include "classic/boost.h"
#include "classic/boost_tree.h"
#include "classic/forest_data.h"
#include "classic/tree_paths.h"
#include "core/events.h"
#include "core/mem.h"
#include "core/team.h"
#include "model/family.h"

struct options {
    uint64_t rounds, leaves, seed;
    double learning_rate, feature_share, large_share, small_share, penalty, weight;
    char *features;
    int calibrate;
};

static const weft_param params[] = {
    {"rounds", WEFT_PARAM_COUNT, offsetof(struct options, rounds), "100", 1, 100000, NULL,
        "rounds, each a tree for every class"},
    {"learning-rate", WEFT_PARAM_REAL, offsetof(struct options, learning_rate), "0.1", 1e-6,
        1, NULL, "share of each tree's answer that is taken"},
    {"leaves", WEFT_PARAM_COUNT, offsetof(struct options, leaves), "31", 2, 4096, NULL,
        "leaves of a tree at most"},
    {"feature-share", WEFT_PARAM_REAL, offsetof(struct options, feature_share), "0.25",
        1e-6, 1, NULL, "share of the features drawn for each tree"},
    {"large-share", WEFT_PARAM_REAL, offsetof(struct options, large_share), "0.2", 0, 1,
        NULL,
        "pictures with the largest gradients that each tree sees; of up to 20000 it sees "
        "all"},
    {"small-share", WEFT_PARAM_REAL, offsetof(struct options, small_share), "0.1", 1e-6, 1,
        NULL, "pictures drawn from the others; with large-share 1 or more: all are seen"},
    {"l2", WEFT_PARAM_REAL, offsetof(struct options, penalty), "1", 0, 1e9, NULL,
        "penalty on the square of a leaf's value"},
    {"min-weight", WEFT_PARAM_REAL, offsetof(struct options, weight), "1", 1e-9, 1e9, NULL,
        "sum of second derivatives in a leaf at least"},
    {"seed", WEFT_PARAM_COUNT, offsetof(struct options, seed), "1", 0, 1e15, NULL,
        "of the random numbers"},
    WEFT__FEATURES_PARAM(struct options, features),
    WEFT__CALIBRATE_PARAM(struct options),
    {0},
};

struct state {
    weft__features *features;
    weft__bins bins;
    size_t classes, rounds, dims;
    /* Tree round x classes + class begins at node roots[] and at value leaves[]. */
    int64_t *roots;         /* trees + 1 */
    weft__tree_node *nodes; /* leaves count over all trees */
    float *values;          /* leaves */
    float *covers;          /* leaves, in the order of nodes; NULL: not known */
    size_t leaf_count;
    float *base;       /* classes: log of the classes' shares */
    float *importance; /* dims */
};

/* ---- fitting ----------------------------------------------------------------------------
 */

struct fit {
    const struct options *options;
    const weft__tree_data *data;
    weft__boost_options tree_options;
    size_t threads, round;
    weft__booster **boosters;  /* threads */
    float *score;              /* classes x count */
    float *gradient, *hessian; /* classes x count */
    uint16_t *label;           /* count */
    weft__boost_tree *trees;   /* rounds x classes */
    double *gain;              /* classes x features */
    double *loss;              /* count / ROWS + 1: partial sums */
};

enum {
    ROWS = 1024,        /* pictures at once */
    SEEN_WHOLE = 20000, /* so few pictures are all seen by each tree */
};

/* Gradients and hessians of the loss at the present scores. */
static weft_status derive(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    struct fit *fit = arg;
    size_t n = fit->data->count, k = fit->data->classes;
    double loss = 0;
    for (size_t i = begin; i < end; i++) {
        float top = -INFINITY, sum = 0;
        for (size_t c = 0; c < k; c++)
            top = fit->score[c * n + i] > top ? fit->score[c * n + i] : top;
        for (size_t c = 0; c < k; c++)
            sum += fit->gradient[c * n + i] = expf(fit->score[c * n + i] - top);
        for (size_t c = 0; c < k; c++) {
            float p = fit->gradient[c * n + i] / sum;
            fit->hessian[c * n + i] = p * (1 - p);
            fit->gradient[c * n + i] = p - (c == fit->label[i] ? 1.0f : 0.0f);
        }
        loss += (double)(logf(sum) + top - fit->score[fit->label[i] * n + i]);
    }
    fit->loss[begin / ROWS] = loss;
    return WEFT_OK;
}

static weft_status make_tree(weft__boost_tree *tree, size_t leaves)
{
    WEFT_TRY(weft__alloc(&tree->nodes, 2 * leaves - 1, sizeof *tree->nodes, "a tree"));
    WEFT_TRY(weft__alloc(&tree->covers, leaves, sizeof *tree->covers, "a tree"));
    return weft__alloc(&tree->values, leaves, sizeof *tree->values, "a tree");
}

/* Grows the round's trees of classes begin..end and adds their answers to the scores. */
static weft_status grow_classes(size_t begin, size_t end, int rank, void *arg)
{
    struct fit *fit = arg;
    size_t n = fit->data->count, k = fit->data->classes;
    weft__booster **booster = &fit->boosters[rank];
    if (!*booster)
        WEFT_TRY(weft__booster_create(booster, fit->data, &fit->tree_options));
    for (size_t c = begin; c < end; c++) {
        weft__boost_tree *tree = &fit->trees[fit->round * k + c];
        WEFT_TRY(make_tree(tree, fit->tree_options.leaves));
        weft__boost_grow(*booster, weft_rng_create(fit->options->seed, fit->round * k + c),
            fit->gradient + c * n, fit->hessian + c * n, tree,
            fit->gain + c * fit->data->features);
        weft__boost_add(fit->data, tree, fit->score + c * n);
    }
    return WEFT_OK;
}

static double mean_loss(const struct fit *fit)
{
    double sum = 0;
    for (size_t i = 0; i * ROWS < fit->data->count; i++)
        sum += fit->loss[i];
    return sum / (double)fit->data->count;
}

static weft_status run_rounds(struct fit *fit, weft_classifier *self, weft_context *context)
{
    weft__task task =
        weft__task_begin(context, "boosting", "rounds", (double)fit->options->rounds);
    weft_status status = WEFT_OK;
    double began = weft__now();
    for (; status == WEFT_OK && fit->round < fit->options->rounds; fit->round++) {
        status = weft__parallel(context, fit->data->count, ROWS, derive, fit, NULL, NULL);
        double loss = mean_loss(fit);
        if (status == WEFT_OK)
            status = weft__parallel(
                context, fit->data->classes, 1, grow_classes, fit, NULL, NULL);
        if (status == WEFT_OK && weft_context_cancelled(context))
            status = weft_fail(WEFT_ECANCELLED, "cancelled while boosting");
        weft_epoch row = {.epoch = (uint32_t)fit->round + 1,
            .loss = loss,
            .accuracy = NAN,
            .val_loss = NAN,
            .val_accuracy = NAN,
            .learning_rate = fit->options->learning_rate,
            .seconds = weft__now() - began,
            .rate = NAN};
        if (status == WEFT_OK)
            status = weft__classifier_log(self, &row);
        weft__task_progress(&task, (double)fit->round + 1);
    }
    weft__task_end(&task);
    return status;
}

static weft_status allocate(struct fit *fit)
{
    size_t n = fit->data->count, k = fit->data->classes, cells, trees, gains;
    if (!weft__mul(&cells, n, k) || !weft__mul(&trees, fit->options->rounds, k) ||
        !weft__mul(&gains, k, fit->data->features))
        cells = trees = gains = SIZE_MAX;
    const char *what = "boosting";
    WEFT_TRY(weft__calloc(&fit->boosters, fit->threads, sizeof *fit->boosters, what));
    WEFT_TRY(weft__alloc(&fit->score, cells, sizeof *fit->score, what));
    WEFT_TRY(weft__alloc(&fit->gradient, cells, sizeof *fit->gradient, what));
    WEFT_TRY(weft__alloc(&fit->hessian, cells, sizeof *fit->hessian, what));
    WEFT_TRY(weft__alloc(&fit->label, n, sizeof *fit->label, what));
    WEFT_TRY(weft__calloc(&fit->trees, trees, sizeof *fit->trees, what));
    WEFT_TRY(weft__calloc(&fit->gain, gains, sizeof *fit->gain, what));
    return weft__calloc(&fit->loss, n / ROWS + 1, sizeof *fit->loss, what);
}

static void release(struct fit *fit)
{
    for (size_t i = 0; fit->boosters && i < fit->threads; i++)
        weft__booster_free(fit->boosters[i]);
    size_t trees = fit->options->rounds * fit->data->classes;
    for (size_t t = 0; fit->trees && t < trees; t++) {
        free(fit->trees[t].nodes);
        free(fit->trees[t].values);
        free(fit->trees[t].covers);
    }
    free(fit->boosters);
    free(fit->score);
    free(fit->gradient);
    free(fit->hessian);
    free(fit->label);
    free(fit->trees);
    free(fit->gain);
    free(fit->loss);
}

/* Scores begin at the log of the classes' shares; one that does not occur counts as a
 * thousandth of a picture. */
static weft_status begin_scores(struct fit *fit, struct state *state)
{
    size_t n = fit->data->count, k = fit->data->classes, at = 0;
    WEFT_TRY(weft__alloc(&state->base, k, sizeof *state->base, "boosting"));
    for (size_t c = 0; c < k; c++) {
        size_t in = fit->data->class_end[c] - at;
        state->base[c] = (float)log((in ? (double)in : 1e-3) / (double)n);
        for (; at < fit->data->class_end[c]; at++)
            fit->label[at] = (uint16_t)c;
        for (size_t i = 0; i < n; i++)
            fit->score[c * n + i] = state->base[c];
    }
    return WEFT_OK;
}

static weft_status join_trees(const struct fit *fit, struct state *state)
{
    size_t trees = fit->options->rounds * fit->data->classes, nodes = 0, leaves = 0;
    for (size_t t = 0; t < trees; t++) {
        nodes += fit->trees[t].node_count;
        leaves += fit->trees[t].leaf_count;
    }
    if (leaves > INT32_MAX)
        return weft_fail(
            WEFT_EUNSUPPORTED, "%zu leaves: at most %d are possible", leaves, INT32_MAX);
    WEFT_TRY(weft__calloc(&state->roots, trees + 1, sizeof *state->roots, "trees"));
    WEFT_TRY(weft__alloc(&state->nodes, nodes, sizeof *state->nodes, "trees"));
    WEFT_TRY(weft__alloc(&state->values, leaves, sizeof *state->values, "trees"));
    WEFT_TRY(weft__alloc(&state->covers, leaves, sizeof *state->covers, "trees"));
    float *cover = state->covers;
    for (size_t t = 0; t < trees; t++) {
        const weft__boost_tree *tree = &fit->trees[t];
        weft__tree_node *to = state->nodes + state->roots[t];
        state->roots[t + 1] = state->roots[t] + (int64_t)tree->node_count;
        memcpy(to, tree->nodes, tree->node_count * sizeof *to);
        for (size_t i = 0; i < tree->node_count; i++)
            if (to[i].child < 0) {
                *cover++ = tree->covers[-1 - to[i].child];
                to[i].child -= (int32_t)state->leaf_count;
            }
        memcpy(state->values + state->leaf_count, tree->values,
            tree->leaf_count * sizeof *tree->values);
        state->leaf_count += tree->leaf_count;
    }
    return WEFT_OK;
}

static weft_status share_importance(const struct fit *fit, struct state *state)
{
    size_t features = fit->data->features, cells = features * fit->data->classes;
    double total = 0;
    WEFT_TRY(weft__calloc(&state->importance, features, sizeof(float), "importances"));
    for (size_t i = 0; i < cells; i++)
        total += fit->gain[i];
    for (size_t f = 0; total > 0 && f < features; f++) {
        double sum = 0;
        for (size_t i = f; i < cells; i += features)
            sum += fit->gain[i];
        state->importance[f] = (float)(sum / total);
    }
    return WEFT_OK;
}

static weft_status fit_data(
    weft_classifier *self, const weft__tree_data *data, weft_context *context)
{
    const struct options *o = self->options;
    struct state *state = self->state;
    struct fit fit = {
        .options = o, .data = data, .threads = (size_t)weft_context_threads(context)};
    double drawn = ceil((double)data->features * o->feature_share);
    fit.tree_options = (weft__boost_options){.leaves = o->leaves,
        .features = (size_t)drawn,
        .large = data->count <= SEEN_WHOLE ? 1 : o->large_share,
        .small = o->small_share,
        .penalty = o->penalty,
        .weight = o->weight,
        .learning_rate = o->learning_rate};
    state->classes = data->classes;
    state->rounds = o->rounds;
    state->dims = data->features;
    weft_status status = allocate(&fit);
    if (status == WEFT_OK)
        status = begin_scores(&fit, state);
    if (status == WEFT_OK)
        status = run_rounds(&fit, self, context);
    if (status == WEFT_OK)
        status = join_trees(&fit, state);
    if (status == WEFT_OK)
        status = share_importance(&fit, state);
    release(&fit);
    return status;
}

static weft_status fit(weft_classifier *self, const weft_view *train,
    const weft_view *validation, weft_context *context)
{
    (void)validation;
    const struct options *o = self->options;
    struct state *state;
    weft__points points = {0};
    weft__forest_data data = {0};
    WEFT_TRY(weft__calloc(&state, 1, sizeof *state, "boosting"));
    self->state = state;
    weft_status status = weft__features_fit(&state->features, o->features, train, context);
    if (status == WEFT_OK)
        status = weft__features_apply(state->features, train, &points, context);
    if (status == WEFT_OK)
        status = weft__bins_fit(&state->bins, &points, context);
    if (status == WEFT_OK)
        status = weft__bins_apply(&state->bins, &points, context);
    if (status == WEFT_OK)
        status = weft__forest_data_create(&data, &points, train, self->classes, context);
    if (status == WEFT_OK)
        status = fit_data(self, &data.tree_data, context);
    weft__forest_data_clear(&data);
    weft__points_clear(&points);
    if (status == WEFT_ECANCELLED)
        self->family->forget(self);
    return status;
}

/* ---- predicting
 * -------------------------------------------------------------------------- */

struct prediction {
    const struct state *state;
    const uint8_t *pictures;
    float *probabilities;
};

static void softmax(float *scores, size_t count)
{
    float top = scores[0], sum = 0;
    for (size_t c = 1; c < count; c++)
        top = scores[c] > top ? scores[c] : top;
    for (size_t c = 0; c < count; c++)
        sum += scores[c] = expf(scores[c] - top);
    for (size_t c = 0; c < count; c++)
        scores[c] /= sum;
}

static weft_status predict_some(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    const struct prediction *p = arg;
    const struct state *state = p->state;
    size_t k = state->classes;
    for (size_t i = begin; i < end; i++)
        memcpy(p->probabilities + i * k, state->base, k * sizeof *state->base);
    for (size_t t = 0; t < state->rounds * k; t++)
        for (size_t i = begin; i < end; i++)
            p->probabilities[i * k + t % k] += state->values[weft__tree_leaf(
                state->nodes + state->roots[t], p->pictures + i * state->dims)];
    for (size_t i = begin; i < end; i++)
        softmax(p->probabilities + i * k, k);
    return WEFT_OK;
}

static weft_status predict_proba(const weft_classifier *self, const weft_view *view,
    float *probabilities, weft_context *context)
{
    const struct state *state = self->state;
    weft__points points;
    WEFT_TRY(weft__features_apply(state->features, view, &points, context));
    weft_status status = weft__bins_apply(&state->bins, &points, context);
    struct prediction p = {state, points.bytes, probabilities};
    if (status == WEFT_OK)
        status = weft__parallel(
            context, points.count, 256, predict_some, &p, "predicting", "pictures");
    weft__points_clear(&points);
    return status;
}

/* ---- explaining --------------------------------------------------------------------- */

static weft__trees trees_of(const struct state *s)
{
    return (weft__trees){.features = s->features,
        .count = s->rounds * s->classes,
        .classes = s->classes,
        .roots = s->roots,
        .nodes = s->nodes,
        .covers = s->covers,
        .answers = s->values,
        .by_class = true,
        .scale = 1,
        .base = s->base};
}

static weft_status contribute(
    const weft_classifier *self, const weft__contributions *job, weft_context *context)
{
    weft__trees trees = trees_of(self->state);
    return weft__trees_contribute(&trees, job, context);
}

static weft_status find_path(const weft_classifier *self, const weft__path_job *job)
{
    weft__trees trees = trees_of(self->state);
    return weft__trees_find_path(&trees, job);
}

static weft_status weigh(const weft_classifier *self, weft__weights *job)
{
    const struct state *state = self->state;
    weft__trees trees = trees_of(state);
    return weft__trees_weigh(&trees, state->importance, state->dims, job);
}

/* ---- files
 * --------------------------------------------------------------------------------- */

static weft_status save(const weft_classifier *self, weft__tensors *tensors)
{
    const struct state *state = self->state;
    size_t trees = state->rounds * state->classes, roots = trees + 1;
    WEFT_TRY(weft__features_save(state->features, tensors));
    WEFT_TRY(weft__bins_save(&state->bins, tensors));
    WEFT_TRY(weft__tensors_add(tensors, "trees.roots", WEFT__I64, 1, &roots, state->roots));
    WEFT_TRY(weft__tensors_add(tensors, "trees.nodes", WEFT__I32, 2,
        (const size_t[]){(size_t)state->roots[trees], 2}, state->nodes));
    if (state->covers)
        WEFT_TRY(weft__tensors_add(
            tensors, "trees.covers", WEFT__F32, 1, &state->leaf_count, state->covers));
    WEFT_TRY(weft__tensors_add(
        tensors, "trees.values", WEFT__F32, 1, &state->leaf_count, state->values));
    WEFT_TRY(
        weft__tensors_add(tensors, "base", WEFT__F32, 1, &state->classes, state->base));
    return weft__tensors_add(
        tensors, "importance", WEFT__F32, 1, &state->dims, state->importance);
}

static weft_status copy(void *to, const weft__tensor *array)
{
    WEFT_TRY(weft__alloc(to, array->bytes, 1, "trees"));
    void *block;
    memcpy(&block, to, sizeof block);
    memcpy(block, array->data, array->bytes);
    return WEFT_OK;
}

static weft_status check_finite(const char *name, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(values[i]) < 1e15f))
            return weft_fail(
                WEFT_EFORMAT, "array '%s': value %zu is %g", name, i, (double)values[i]);
    return WEFT_OK;
}

static weft_status load_trees(struct state *state, const weft__tensors *tensors)
{
    const weft__tensor *roots, *nodes, *values, *base, *importance;
    size_t k = state->classes;
    WEFT_TRY(weft__tensors_need(
        tensors, "trees.roots", WEFT__I64, 1, (const size_t[]){SIZE_MAX}, &roots));
    WEFT_TRY(weft__tensors_need(
        tensors, "trees.nodes", WEFT__I32, 2, (const size_t[]){SIZE_MAX, 2}, &nodes));
    WEFT_TRY(weft__tensors_need(
        tensors, "trees.values", WEFT__F32, 1, (const size_t[]){SIZE_MAX}, &values));
    WEFT_TRY(weft__tensors_need(tensors, "base", WEFT__F32, 1, &k, &base));
    WEFT_TRY(
        weft__tensors_need(tensors, "importance", WEFT__F32, 1, &state->dims, &importance));
    if (roots->shape[0] < 2 || k == 0 || (roots->shape[0] - 1) % k)
        return weft_fail(WEFT_EFORMAT, "array 'trees.roots': %zu trees of %zu classes",
            roots->shape[0] - 1, k);
    state->rounds = (roots->shape[0] - 1) / k;
    state->leaf_count = values->shape[0];
    WEFT_TRY(copy(&state->roots, roots));
    WEFT_TRY(copy(&state->nodes, nodes));
    WEFT_TRY(copy(&state->values, values));
    WEFT_TRY(copy(&state->base, base));
    WEFT_TRY(copy(&state->importance, importance));
    WEFT_TRY(check_finite("trees.values", state->values, state->leaf_count));
    WEFT_TRY(check_finite("base", state->base, k));
    weft__forest trees = {.trees = roots->shape[0] - 1,
        .features = state->dims,
        .roots = state->roots,
        .nodes = state->nodes,
        .leaf_count = state->leaf_count};
    WEFT_TRY(weft__forest_check(&trees, nodes->shape[0]));
    return weft__tree_covers_load(&state->covers, tensors, state->nodes, nodes->shape[0]);
}

static weft_status load(weft_classifier *self, const weft__tensors *tensors)
{
    struct state *state;
    WEFT_TRY(weft__calloc(&state, 1, sizeof *state, "boosting"));
    self->state = state;
    WEFT_TRY(weft__features_load(&state->features, tensors, self->recipe.shape));
    WEFT_TRY(weft__bins_load(&state->bins, state->features, tensors));
    state->classes = self->classes;
    state->dims = weft__features_dims(state->features);
    return load_trees(state, tensors);
}

static void forget(weft_classifier *self)
{
    struct state *state = self->state;
    if (!state)
        return;
    weft__features_free(state->features);
    weft__bins_clear(&state->bins);
    free(state->roots);
    free(state->nodes);
    free(state->values);
    free(state->covers);
    free(state->base);
    free(state->importance);
    free(state);
    self->state = NULL;
}

const weft__family weft__boost = {
    .name = "boost",
    .title = "gradient boosting",
    .source = "Friedman, Greedy function approximation: a gradient boosting machine, 2001",
    .params = params,
    .options_size = sizeof(struct options),
    .fit = fit,
    .predict_proba = predict_proba,
    .contribute = contribute,
    .find_path = find_path,
    .weigh = weigh,
    .save = save,
    .load = load,
    .forget = forget,
};

const float *weft__boost_importance(const weft_classifier *classifier, size_t *count)
{
    const struct state *state =
        classifier->family == &weft__boost ? classifier->state : NULL;
    *count = state ? state->dims : 0;
    return state ? state->importance : NULL;
}
