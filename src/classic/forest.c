/* Random forests and extra-trees: many trees on the same bytes, each by its own stream of
 * random numbers, so that no answer depends on the number of threads. */
#include "weft/forest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classic/bins.h"
#include "classic/boost.h"
#include "classic/forest_data.h"
#include "classic/tree.h"
#include "classic/tree_paths.h"
#include "core/mem.h"
#include "core/team.h"
#include "model/family.h"

struct options {
    uint64_t trees, max_features, max_depth, min_samples_leaf, seed;
    bool bootstrap;
    char *features;
    int calibrate;
};

#define PARAMS(bootstrap_default) \
    {"trees", WEFT_PARAM_COUNT, offsetof(struct options, trees), "100", 1, 100000, NULL, \
        "how many trees vote"}, \
        {"max-features", WEFT_PARAM_COUNT, offsetof(struct options, max_features), "0", 0, \
            1 << 23, NULL, \
            "features drawn at each cut; 0: the square root of their number"}, \
        {"max-depth", WEFT_PARAM_COUNT, offsetof(struct options, max_depth), "0", 0, \
            1000000, NULL, "cuts above a leaf at most; 0: no limit"}, \
        {"min-samples-leaf", WEFT_PARAM_COUNT, offsetof(struct options, min_samples_leaf), \
            "1", 1, 1000000, NULL, "pictures in a leaf at least"}, \
        {"bootstrap", WEFT_PARAM_FLAG, offsetof(struct options, bootstrap), \
            bootstrap_default, 0, 0, NULL, \
            "each tree on as many pictures drawn with replacement"}, \
        {"seed", WEFT_PARAM_COUNT, offsetof(struct options, seed), "1", 0, 1e15, NULL, \
            "of the random numbers"}, \
        WEFT__FEATURES_PARAM(struct options, features), \
        WEFT__CALIBRATE_PARAM(struct options), \
    { \
        0 \
    }

static const weft_param forest_params[] = {PARAMS("true")};
static const weft_param extra_params[] = {PARAMS("false")};

struct state {
    weft__features *features;
    weft__bins bins;
    weft__forest forest;
    float *importance; /* features */
    double out_of_bag; /* NaN: not known */
};

extern const weft__family weft__forest_family, weft__extratrees_family;

/* ---- fitting ------------------------------------------------------------------------ */

/* Growing all trees; what each thread needs is made when it first comes. */
struct growth {
    const weft__forest_data *data;
    weft__tree_data tree_data;
    weft__tree_options options;
    uint64_t seed;
    weft__tree *trees;
    weft__grower **growers; /* threads */
    uint8_t *in_bag;        /* trees x count bits, or NULL; by rows of forest_data */
    size_t bag_bytes;       /* of one tree */
    uint8_t *drawn;         /* threads x count */
    double *importance;     /* trees x features */
};

static weft_status grow_trees(size_t begin, size_t end, int rank, void *arg)
{
    struct growth *g = arg;
    size_t features = g->tree_data.features, count = g->tree_data.count;
    weft__grower **grower = &g->growers[rank];
    if (!*grower)
        WEFT_TRY(weft__grower_create(grower, &g->tree_data, &g->options));
    uint8_t *drawn = g->drawn + (size_t)rank * count;
    for (size_t t = begin; t < end; t++) {
        WEFT_TRY(weft__tree_grow(*grower, weft_rng_create(g->seed, t), &g->trees[t], drawn,
            g->importance + t * features));
        for (size_t r = 0; g->in_bag && r < count; r++)
            g->in_bag[t * g->bag_bytes + r / 8] |= (uint8_t)((drawn[r] > 0) << r % 8);
    }
    return WEFT_OK;
}

static void free_growth(struct growth *g, size_t trees, size_t threads)
{
    for (size_t t = 0; g->trees && t < trees; t++)
        weft__tree_clear(&g->trees[t]);
    for (size_t i = 0; g->growers && i < threads; i++)
        weft__grower_free(g->growers[i]);
    free(g->trees);
    free(g->growers);
    free(g->in_bag);
    free(g->drawn);
    free(g->importance);
}

static weft_status sum_importance(struct state *state, const struct growth *g, size_t trees)
{
    size_t features = g->tree_data.features;
    WEFT_TRY(weft__calloc(
        &state->importance, features, sizeof *state->importance, "importances"));
    double total = 0;
    for (size_t i = 0; i < trees * features; i++)
        total += g->importance[i];
    for (size_t f = 0; total > 0 && f < features; f++) {
        double sum = 0;
        for (size_t t = 0; t < trees; t++)
            sum += g->importance[t * features + f];
        state->importance[f] = (float)(sum / total);
    }
    return WEFT_OK;
}

/* Sums of the out-of-bag votes, and who was right. */
struct judging {
    const struct growth *growth;
    const weft__forest *forest;
    uint8_t *verdict; /* count: 1 right, 2 wrong, 0 in every bag */
};

static weft_status judge(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    const struct judging *j = arg;
    const weft__forest *forest = j->forest;
    const struct growth *g = j->growth;
    float *votes;
    WEFT_TRY(weft__alloc(&votes, forest->classes, sizeof *votes, "votes"));
    for (size_t r = begin; r < end; r++) {
        size_t voters = 0, best = 0;
        memset(votes, 0, forest->classes * sizeof *votes);
        for (size_t t = 0; t < forest->trees; t++)
            if (!(g->in_bag[t * g->bag_bytes + r / 8] >> r % 8 & 1)) {
                weft__forest_vote(forest, t, g->tree_data.rows[r], votes);
                voters++;
            }
        for (size_t c = 1; c < forest->classes; c++)
            best = votes[c] > votes[best] ? c : best;
        if (voters)
            j->verdict[r] = r < g->tree_data.class_end[best] &&
                                    (best == 0 || r >= g->tree_data.class_end[best - 1])
                                ? 1
                                : 2;
    }
    free(votes);
    return WEFT_OK;
}

static weft_status judge_out_of_bag(
    struct state *state, const struct growth *growth, weft_context *context)
{
    state->out_of_bag = NAN;
    if (!growth->in_bag)
        return WEFT_OK;
    size_t count = growth->tree_data.count, right = 0, judged = 0;
    struct judging judging = {growth, &state->forest, NULL};
    WEFT_TRY(weft__calloc(&judging.verdict, count, 1, "out-of-bag verdicts"));
    weft_status status = weft__parallel(
        context, count, 512, judge, &judging, "judging left-out pictures", "pictures");
    for (size_t r = 0; r < count; r++) {
        right += judging.verdict[r] == 1;
        judged += judging.verdict[r] != 0;
    }
    if (judged)
        state->out_of_bag = (double)right / (double)judged;
    free(judging.verdict);
    return status;
}

static weft_status allocate_growth(struct growth *g, size_t trees, size_t threads)
{
    size_t count = g->tree_data.count, features = g->tree_data.features, shares;
    g->bag_bytes = (count + 7) / 8;
    if (!weft__mul(&shares, trees, features))
        shares = SIZE_MAX;
    WEFT_TRY(weft__calloc(&g->trees, trees, sizeof *g->trees, "trees"));
    WEFT_TRY(weft__calloc(&g->growers, threads, sizeof *g->growers, "growing trees"));
    WEFT_TRY(weft__alloc(&g->drawn, threads, count, "growing trees"));
    WEFT_TRY(weft__alloc(&g->importance, shares, sizeof *g->importance, "importances"));
    if (g->options.bootstrap)
        WEFT_TRY(weft__calloc(&g->in_bag, trees, g->bag_bytes, "drawn pictures"));
    return WEFT_OK;
}

static weft_status grow(struct state *state, const struct options *o, struct growth *g,
    size_t threads, weft_context *context)
{
    WEFT_TRY(allocate_growth(g, o->trees, threads));
    WEFT_TRY(weft__parallel(context, o->trees, 1, grow_trees, g, "growing trees", "trees"));
    WEFT_TRY(weft__forest_join(
        &state->forest, g->trees, o->trees, g->tree_data.features, g->tree_data.classes));
    WEFT_TRY(sum_importance(state, g, o->trees));
    return judge_out_of_bag(state, g, context);
}

static weft__tree_options tree_options(const weft_classifier *self, size_t features)
{
    const struct options *o = self->options;
    size_t drawn = o->max_features ? o->max_features : (size_t)sqrt((double)features);
    return (weft__tree_options){
        .max_features = drawn < 1          ? 1
                        : drawn > features ? features
                                           : drawn,
        .max_depth = o->max_depth,
        .min_leaf = o->min_samples_leaf,
        .bootstrap = o->bootstrap,
        .random_cuts = self->family == &weft__extratrees_family,
    };
}

static weft_status fit_points(weft_classifier *self, const weft__points *points,
    const weft_view *train, weft_context *context)
{
    const struct options *o = self->options;
    size_t threads = (size_t)weft_context_threads(context);
    weft__forest_data data;
    WEFT_TRY(weft__forest_data_create(&data, points, train, self->classes, context));
    struct growth g = {.data = &data, .tree_data = data.tree_data, .seed = o->seed};
    g.options = tree_options(self, points->dims);
    weft_status status = grow(self->state, o, &g, threads, context);
    free_growth(&g, o->trees, threads);
    weft__forest_data_clear(&data);
    return status;
}

static weft_status fit(weft_classifier *self, const weft_view *train,
    const weft_view *validation, weft_context *context)
{
    (void)validation;
    const struct options *o = self->options;
    struct state *state;
    weft__points points = {0};
    WEFT_TRY(weft__calloc(&state, 1, sizeof *state, "a forest"));
    self->state = state;
    weft_status status = weft__features_fit(&state->features, o->features, train, context);
    if (status == WEFT_OK)
        status = weft__features_apply(state->features, train, &points, context);
    if (status == WEFT_OK)
        status = weft__bins_fit(&state->bins, &points, context);
    if (status == WEFT_OK)
        status = weft__bins_apply(&state->bins, &points, context);
    if (status == WEFT_OK)
        status = fit_points(self, &points, train, context);
    weft__points_clear(&points);
    if (status == WEFT_ECANCELLED) /* half a forest is none */
        self->family->forget(self);
    return status;
}

/* ---- predicting --------------------------------------------------------------------- */

struct prediction {
    const weft__forest *forest;
    const weft__points *points;
    float *probabilities;
};

static weft_status predict_some(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    const struct prediction *p = arg;
    size_t classes = p->forest->classes, dims = p->points->dims;
    float *shares = p->probabilities + begin * classes;
    memset(shares, 0, (end - begin) * classes * sizeof *shares);
    weft__forest_votes(p->forest, p->points->bytes + begin * dims, end - begin, shares);
    for (size_t i = 0; i < (end - begin) * classes; i++)
        shares[i] /= (float)p->forest->trees;
    return WEFT_OK;
}

static weft_status predict_proba(const weft_classifier *self, const weft_view *view,
    float *probabilities, weft_context *context)
{
    const struct state *state = self->state;
    weft__points points;
    WEFT_TRY(weft__features_apply(state->features, view, &points, context));
    weft_status status = weft__bins_apply(&state->bins, &points, context);
    struct prediction p = {&state->forest, &points, probabilities};
    if (status == WEFT_OK)
        status = weft__parallel(
            context, points.count, 512, predict_some, &p, "predicting", "pictures");
    weft__points_clear(&points);
    return status;
}

/* ---- explaining --------------------------------------------------------------------- */

static weft__trees trees_of(const struct state *s)
{
    return (weft__trees){.features = s->features,
        .count = s->forest.trees,
        .classes = s->forest.classes,
        .roots = s->forest.roots,
        .nodes = s->forest.nodes,
        .covers = s->forest.covers,
        .answers = s->forest.leaves,
        .scale = 1 / (double)s->forest.trees};
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
    return weft__trees_weigh(&trees, state->importance, state->forest.features, job);
}

/* ---- files -------------------------------------------------------------------------- */

static weft_status save(const weft_classifier *self, weft__tensors *tensors)
{
    const struct state *state = self->state;
    size_t dims = state->forest.features, one = 1;
    WEFT_TRY(weft__features_save(state->features, tensors));
    WEFT_TRY(weft__bins_save(&state->bins, tensors));
    WEFT_TRY(weft__forest_save(&state->forest, tensors));
    WEFT_TRY(
        weft__tensors_add(tensors, "out-of-bag", WEFT__F64, 1, &one, &state->out_of_bag));
    return weft__tensors_add(tensors, "importance", WEFT__F32, 1, &dims, state->importance);
}

static weft_status load(weft_classifier *self, const weft__tensors *tensors)
{
    struct state *state;
    const weft__tensor *importance, *out_of_bag;
    WEFT_TRY(weft__calloc(&state, 1, sizeof *state, "a forest"));
    self->state = state;
    WEFT_TRY(weft__features_load(&state->features, tensors, self->recipe.shape));
    WEFT_TRY(weft__bins_load(&state->bins, state->features, tensors));
    size_t dims = weft__features_dims(state->features);
    WEFT_TRY(weft__forest_load(&state->forest, tensors, dims, self->classes));
    WEFT_TRY(weft__tensors_need(
        tensors, "out-of-bag", WEFT__F64, 1, (const size_t[]){1}, &out_of_bag));
    memcpy(&state->out_of_bag, out_of_bag->data, sizeof state->out_of_bag);
    WEFT_TRY(weft__tensors_need(tensors, "importance", WEFT__F32, 1, &dims, &importance));
    WEFT_TRY(weft__alloc(&state->importance, dims, sizeof(float), "importances"));
    memcpy(state->importance, importance->data, importance->bytes);
    return WEFT_OK;
}

static void forget(weft_classifier *self)
{
    struct state *state = self->state;
    if (!state)
        return;
    weft__features_free(state->features);
    weft__bins_clear(&state->bins);
    weft__forest_clear(&state->forest);
    free(state->importance);
    free(state);
    self->state = NULL;
}

static const weft__features *features(const weft_classifier *self)
{
    return ((const struct state *)self->state)->features;
}

const weft__family weft__forest_family = {
    .name = "forest",
    .title = "random forest",
    .source = "Breiman, Random forests, 2001",
    .params = forest_params,
    .options_size = sizeof(struct options),
    .fit = fit,
    .predict_proba = predict_proba,
    .contribute = contribute,
    .find_path = find_path,
    .weigh = weigh,
    .features = features,
    .save = save,
    .load = load,
    .forget = forget,
};

const weft__family weft__extratrees_family = {
    .name = "extratrees",
    .title = "extremely randomised trees",
    .source = "Geurts, Ernst and Wehenkel, Extremely randomized trees, 2006",
    .params = extra_params,
    .options_size = sizeof(struct options),
    .fit = fit,
    .predict_proba = predict_proba,
    .contribute = contribute,
    .find_path = find_path,
    .weigh = weigh,
    .features = features,
    .save = save,
    .load = load,
    .forget = forget,
};

static const struct state *forest_of(const weft_classifier *classifier)
{
    bool ours = classifier->family == &weft__forest_family ||
                classifier->family == &weft__extratrees_family;
    return ours ? classifier->state : NULL;
}

const float *weft_forest_importance(const weft_classifier *classifier, size_t *count)
{
    const struct state *state = forest_of(classifier);
    if (!state)
        return weft__boost_importance(classifier, count);
    *count = state->forest.features;
    return state->importance;
}

double weft_forest_out_of_bag(const weft_classifier *classifier)
{
    const struct state *state = forest_of(classifier);
    return state ? state->out_of_bag : NAN;
}
