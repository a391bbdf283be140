#include "classic/tree_paths.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/team.h"

/* ---- the nodes' means --------------------------------------------------------------- */

/* Trees first, first + step, ... speak of a class; means are of every node of these. */
struct means {
    const weft__trees *trees;
    size_t class, first, step;
    double *mean, *cover; /* nodes */
};

static void clear(struct means *m)
{
    free(m->mean);
    free(m->cover);
}

/* Children come after their parent, so a walk from the end meets them first. */
static void average(struct means *m, size_t tree)
{
    const weft__trees *t = m->trees;
    size_t root = (size_t)t->roots[tree];
    for (size_t i = (size_t)t->roots[tree + 1]; i-- > root;) {
        int32_t child = t->nodes[i].child;
        if (child < 0)
            continue;
        size_t left = root + (size_t)child;
        double a = m->cover[left], b = m->cover[left + 1];
        m->cover[i] = a + b;
        m->mean[i] = (a * m->mean[left] + b * m->mean[left + 1]) / (a + b);
    }
}

static weft_status make(struct means *m, const weft__trees *t, size_t class)
{
    size_t nodes = (size_t)t->roots[t->count], leaf = 0;
    *m = (struct means){.trees = t, .class = class, .step = 1};
    if (t->by_class) {
        m->first = class;
        m->step = t->classes;
    }
    WEFT_TRY(weft__alloc(&m->mean, nodes, sizeof *m->mean, "trees"));
    WEFT_TRY(weft__alloc(&m->cover, nodes, sizeof *m->cover, "trees"));
    for (size_t i = 0; i < nodes; i++) {
        if (t->nodes[i].child >= 0)
            continue;
        size_t row = (size_t)(-1 - (int64_t)t->nodes[i].child);
        m->cover[i] = (double)t->covers[leaf++];
        m->mean[i] = (double)t->answers[t->by_class ? row : row * t->classes + class];
    }
    for (size_t tree = m->first; tree < t->count; tree += m->step)
        average(m, tree);
    return WEFT_OK;
}

static weft_status check(const weft__trees *t)
{
    WEFT_TRY(weft__features_need_pixels(
        t->features, "a tree's cuts are of these features and not of pixels"));
    if (!t->covers)
        return weft_fail(WEFT_EUNSUPPORTED,
            "the model's file does not say how many pictures came to each leaf, as those "
            "of "
            "an earlier weft do not: train it again");
    return WEFT_OK;
}

/* ---- contributions ------------------------------------------------------------------- */

struct contributing {
    const weft__contributions *job;
    const struct means *means;
    const size_t *at; /* the positions of the class's pictures */
    size_t values;
};

static void walk(const struct contributing *c, size_t i)
{
    const struct means *m = c->means;
    const weft__trees *t = m->trees;
    const uint8_t *x = weft_view_pixels(c->job->view, i);
    float *values = c->job->values + i * c->values;
    double base = t->base ? (double)t->base[m->class] : 0, score = base;
    memset(values, 0, c->values * sizeof *values);
    for (size_t tree = m->first; tree < t->count; tree += m->step) {
        size_t root = (size_t)t->roots[tree], at = root;
        base += t->scale * m->mean[root];
        while (t->nodes[at].child >= 0) {
            const weft__tree_node *node = &t->nodes[at];
            size_t next = root + (size_t)(node->child + weft__tree_side(node, x));
            values[node->test >> 8] += (float)(t->scale * (m->mean[next] - m->mean[at]));
            at = next;
        }
        score += t->scale * m->mean[at];
    }
    c->job->bases[i] = base;
    c->job->scores[i] = score;
}

static weft_status walk_some(size_t begin, size_t end, int rank, void *arg)
{
    const struct contributing *c = arg;
    (void)rank;
    for (size_t i = begin; i < end; i++)
        walk(c, c->at[i]);
    return WEFT_OK;
}

/* The pictures of one class; `at` has room for all positions. */
static weft_status contribute_class(const weft__trees *t, const weft__contributions *job,
    size_t class, size_t *at, weft_context *context)
{
    struct means means = {0};
    size_t count = 0;
    for (size_t i = 0; i < job->view->count; i++)
        if (job->classes[i] == class)
            at[count++] = i;
    if (!count)
        return WEFT_OK;
    weft_status status = make(&means, t, class);
    struct contributing c = {
        job, &means, at, weft_shape_bytes(weft_dataset_shape(job->view->data))};
    if (status == WEFT_OK)
        status = weft__parallel(context, count, 8, walk_some, &c, NULL, NULL);
    clear(&means);
    return status;
}

weft_status weft__trees_contribute(
    const weft__trees *trees, const weft__contributions *job, weft_context *context)
{
    size_t *at;
    WEFT_TRY(check(trees));
    if (!job)
        return WEFT_OK;
    WEFT_TRY(weft__alloc(&at, job->view->count, sizeof *at, "pictures"));
    weft_status status = WEFT_OK;
    for (size_t c = 0; status == WEFT_OK && c < trees->classes; c++)
        status = contribute_class(trees, job, c, at, context);
    free(at);
    return status;
}

/* ---- paths -----------------------------------------------------------------------------
 */

/* How many cuts, and in *moved how far the way moves the score. */
static size_t measure(const struct means *m, size_t tree, const uint8_t *x, double *moved)
{
    const weft__trees *t = m->trees;
    size_t root = (size_t)t->roots[tree], at = root, cuts = 0;
    while (t->nodes[at].child >= 0) {
        at = root + (size_t)(t->nodes[at].child + weft__tree_side(&t->nodes[at], x));
        cuts++;
    }
    *moved = fabs(m->mean[at] - m->mean[root]);
    return cuts;
}

static size_t most_telling(const struct means *m, const uint8_t *x, size_t *cuts)
{
    size_t best = m->first;
    double farthest = -1;
    for (size_t tree = m->first; tree < m->trees->count; tree += m->step) {
        double moved;
        size_t here = measure(m, tree, x, &moved);
        if (moved > farthest + 1e-6 || (moved > farthest - 1e-6 && here < *cuts)) {
            best = tree;
            farthest = moved;
            *cuts = here;
        }
    }
    return best;
}

static void write_steps(
    weft_explain_step *steps, const struct means *m, size_t tree, const uint8_t *x)
{
    const weft__trees *t = m->trees;
    size_t root = (size_t)t->roots[tree], at = root;
    for (; t->nodes[at].child >= 0; steps++) {
        const weft__tree_node *node = &t->nodes[at];
        size_t next = root + (size_t)(node->child + weft__tree_side(node, x));
        *steps = (weft_explain_step){.value = (uint32_t)node->test >> 8,
            .found = x[node->test >> 8],
            .cut = (uint8_t)(node->test & 255),
            .before = (float)m->mean[at],
            .after = (float)m->mean[next]};
        at = next;
    }
}

weft_status weft__trees_find_path(const weft__trees *trees, const weft__path_job *job)
{
    struct means means = {0};
    WEFT_TRY(check(trees));
    if (!job)
        return WEFT_OK;
    const uint8_t *x = weft_view_pixels(job->view, job->at);
    weft_explain_path path = {0};
    weft_status status = make(&means, trees, job->class);
    if (status == WEFT_OK) {
        size_t tree = most_telling(&means, x, &path.count);
        path.tree = (tree - means.first) / means.step;
        path.trees = (trees->count - means.first + means.step - 1) / means.step;
        status = weft__alloc(&path.steps, path.count, sizeof *path.steps, "a path");
        if (status == WEFT_OK) {
            write_steps(path.steps, &means, tree, x);
            *job->path = path;
        }
    }
    clear(&means);
    return status;
}

weft_status weft__trees_weigh(
    const weft__trees *trees, const float *importance, size_t dims, weft__weights *job)
{
    float *values;
    WEFT_TRY(
        weft__features_need_pixels(trees->features, "what they weigh belongs to no pixel"));
    if (!job)
        return WEFT_OK;
    WEFT_TRY(weft__alloc(&values, dims, sizeof *values, "importances"));
    memcpy(values, importance, dims * sizeof *values);
    *job = (weft__weights){
        values, 1, "importance: a pixel's share of what all cuts gained in the fit"};
    return WEFT_OK;
}

/* ---- files ------------------------------------------------------------------------------
 */

size_t weft__tree_leaves(const weft__tree_node *nodes, size_t count)
{
    size_t leaves = 0;
    for (size_t i = 0; i < count; i++)
        leaves += nodes[i].child < 0;
    return leaves;
}

weft_status weft__tree_covers_load(
    float **out, const weft__tensors *tensors, const weft__tree_node *nodes, size_t count)
{
    size_t leaves = weft__tree_leaves(nodes, count);
    const weft__tensor *found;
    *out = NULL;
    if (!weft__tensors_find(tensors, "trees.covers"))
        return WEFT_OK;
    WEFT_TRY(weft__tensors_need(tensors, "trees.covers", WEFT__F32, 1, &leaves, &found));
    const float *covers = found->data;
    for (size_t i = 0; i < leaves; i++)
        if (!(covers[i] > 0 && covers[i] < 1e15f))
            return weft_fail(WEFT_EFORMAT,
                "array 'trees.covers': value %zu is %g, expected a positive number", i,
                (double)covers[i]);
    WEFT_TRY(weft__alloc(out, leaves, sizeof **out, "trees"));
    memcpy(*out, covers, leaves * sizeof **out);
    return WEFT_OK;
}
