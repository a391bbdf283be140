#include "weft/similar.h"

#include <jansson.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support.h"
#include "core/file.h"
#include "core/folder.h"
#include "search/nearest.h"
#include "search/seen.h"
#include "search/similar.h"
#include "weft/rng.h"

enum { TRAIN = 400, TEST = 60, SIDE = 16 };

static weft_context *context;
static weft_data data; /* drawn garments */
static weft_dataset *queries;
static weft_classifier *pixels, *components, *network;
static char folder[] = "/tmp/weft-similar-XXXXXX", file[64];

static weft_classifier *fitted(const char *name, const char *option, const char *value)
{
    weft_classifier *classifier;
    weft_view train = weft_view_all(data.train);
    assert_ok(weft_classifier_create(&classifier, name));
    if (option)
        assert_ok(weft_classifier_set(classifier, option, value));
    assert_ok(weft_classifier_fit(classifier, &train, NULL, context));
    return classifier;
}

static int set_up(void **state)
{
    (void)state;
    weft_load_options load = weft_load_defaults();
    if (!mkdtemp(folder) || weft_context_create(&context, 2) != WEFT_OK ||
        weft_data_load(&data, "synth:n=400,test=60,size=16", &load, context) != WEFT_OK)
        return -1;
    weft_view test = weft_test_open(data.test);
    queries = (weft_dataset *)test.data;
    snprintf(file, sizeof file, "%s/kept.index", folder);
    pixels = fitted("knn", NULL, NULL);
    components = fitted("logreg", "features", "pca:12");
    network = fitted("ann", "epochs", "1");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    weft_classifier_free(pixels);
    weft_classifier_free(components);
    weft_classifier_free(network);
    weft_data_clear(&data);
    weft_context_free(context);
    weft__remove_tree(folder);
    return 0;
}

static weft_similar *find(
    const weft_index *index, const weft_view *view, weft_similar_options options)
{
    weft_similar *found;
    assert_ok(weft_similar_find(&found, index, view, &options, context));
    return found;
}

/* ---- the search alone ---- */

/* Every product in double precision, the best first, of equal ones the first. */
static void assert_exact(const weft__alike_request *r, const weft_alike *alike,
    const uint32_t *found, double slack)
{
    for (size_t q = 0; q < r->query_count; q++) {
        bool taken[512] = {false};
        size_t allowed = 0;
        for (size_t i = 0; i < r->count; i++)
            allowed += r->items[i] != r->query_items[q];
        assert_int_equal(found[q], allowed < r->k ? allowed : r->k);
        for (size_t n = 0; n < found[q]; n++) {
            size_t best = SIZE_MAX;
            double most = -INFINITY;
            for (size_t i = 0; i < r->count; i++) {
                double product = weft__seen_product(
                    r->queries + q * r->dims, r->points + i * r->dims, r->dims);
                if (!taken[i] && r->items[i] != r->query_items[q] && product > most) {
                    most = product;
                    best = i;
                }
            }
            taken[best] = true;
            assert_int_equal(alike[q * r->k + n].position, best);
            assert_true(fabs((double)alike[q * r->k + n].similarity - most) <= slack);
        }
    }
}

static void search_is_exact(void **state)
{
    (void)state;
    enum { COUNT = 500, DIMS = 33, K = 9 };
    static float points[COUNT * DIMS];
    static weft_alike alike[COUNT * K], again[COUNT * K];
    uint32_t items[COUNT], found[COUNT], found_again[COUNT];
    weft_rng rng = weft_rng_create(3, 0);
    for (size_t i = 0; i < COUNT; i++) {
        double square = 0;
        for (size_t d = 0; d < DIMS; d++) {
            /* Half of them are few different ones, so that there are ties. */
            points[i * DIMS + d] =
                i % 2 ? weft_rng_normal(&rng) : (float)(i % 16 == d % 16) + 0.25f;
            square += (double)points[i * DIMS + d] * (double)points[i * DIMS + d];
        }
        for (size_t d = 0; d < DIMS; d++)
            points[i * DIMS + d] /= (float)sqrt(square);
        items[i] = (uint32_t)(i / 3);
    }
    weft__alike_request r = {.points = points,
        .queries = points,
        .count = COUNT,
        .query_count = COUNT,
        .dims = DIMS,
        .items = items,
        .query_items = items,
        .k = K};
    assert_ok(weft__most_alike(alike, found, &r, context));
    assert_exact(&r, alike, found, 1e-6);
    weft_context *alone;
    assert_ok(weft_context_create(&alone, 1));
    for (int diversity = 0; diversity < 2; diversity++) {
        r.diversity = diversity * 0.3;
        assert_ok(weft__most_alike(alike, found, &r, context));
        assert_ok(weft__most_alike(again, found_again, &r, alone));
        assert_memory_equal(found, found_again, sizeof found);
        assert_memory_equal(alike, again, sizeof alike);
    }
    weft_context_free(alone);
}

/* More points that are the same than are kept: only exact products and positions tell. */
static void equal_points_come_in_order(void **state)
{
    (void)state;
    enum { COUNT = 300, DIMS = 5, K = 4 };
    float points[COUNT * DIMS];
    weft_alike alike[COUNT * K];
    uint32_t items[COUNT], found[COUNT];
    for (size_t i = 0; i < COUNT * DIMS; i++)
        points[i] = 1 / sqrtf(DIMS);
    for (uint32_t i = 0; i < COUNT; i++)
        items[i] = i;
    const weft__alike_request r = {.points = points,
        .queries = points,
        .count = COUNT,
        .query_count = COUNT,
        .dims = DIMS,
        .items = items,
        .query_items = items,
        .k = K};
    assert_ok(weft__most_alike(alike, found, &r, context));
    assert_exact(&r, alike, found, 1e-6);
}

/* ---- against faiss ---- */

static float *read_floats(FILE *from, size_t count)
{
    float *values = calloc(count, sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(fscanf(from, "%f", &values[i]), 1);
    return values;
}

static uint16_t *read_labels(FILE *from, size_t count)
{
    uint16_t *labels = calloc(count, sizeof *labels);
    assert_non_null(labels);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(fscanf(from, "%hu", &labels[i]), 1);
    return labels;
}

/* A dataset of nothing but labels. */
static weft_dataset *labelled(const uint16_t *labels, size_t count, size_t classes)
{
    weft_dataset *out;
    uint8_t *blank = calloc(count, 1);
    assert_non_null(blank);
    assert_ok(weft_dataset_create(
        &out, (weft_shape){1, 1, 1}, count, blank, labels, classes, NULL));
    free(blank);
    return out;
}

static void agrees_with_faiss(void **state)
{
    (void)state;
    char path[512];
    size_t count, query_count, dims, k, classes;
    snprintf(
        path, sizeof path, "%s/search/similar_vectors.txt", getenv("WEFT_TEST_SOURCE"));
    FILE *from = fopen(path, "r");
    assert_non_null(from);
    assert_int_equal(
        fscanf(from, "%zu %zu %zu %zu %zu", &count, &query_count, &dims, &k, &classes), 5);
    float *points = read_floats(from, (count + query_count) * dims);
    uint16_t *labels = read_labels(from, count + query_count);
    uint32_t items[200], found[20];
    weft_alike alike[200];
    for (uint32_t i = 0; i < count + query_count; i++)
        items[i] = i;
    const weft__alike_request r = {.points = points,
        .queries = points + count * dims,
        .count = count,
        .query_count = query_count,
        .dims = dims,
        .items = items,
        .query_items = items + count,
        .k = k};
    assert_ok(weft__most_alike(alike, found, &r, context));
    for (size_t q = 0; q < query_count; q++) {
        uint32_t position;
        float similarity;
        for (size_t n = 0; n < k; n++) {
            assert_int_equal(fscanf(from, "%u", &position), 1);
            assert_int_equal(alike[q * k + n].position, position);
        }
        for (size_t n = 0; n < k; n++) {
            assert_int_equal(fscanf(from, "%f", &similarity), 1);
            assert_true(fabsf(alike[q * k + n].similarity - similarity) < 1e-6f);
        }
    }

    /* The same points under labels, and figures by their definitions. */
    double expected[3];
    assert_int_equal(
        fscanf(from, "%lf %lf %lf", &expected[0], &expected[1], &expected[2]), 3);
    fclose(from);
    weft_dataset *catalogue = labelled(labels, count, classes);
    weft_dataset *asked = labelled(labels + count, query_count, classes);
    struct weft_index index = {
        .catalogue = catalogue, .count = count, .dims = dims, .points = points};
    struct weft_similar similar = {.index = &index,
        .queries = weft_view_all(asked),
        .k = k,
        .points = points + count * dims,
        .items = items,
        .query_items = items + count,
        .alike = alike,
        .found = found};
    weft_retrieval figures;
    assert_ok(weft_similar_evaluate(&figures, &similar, context));
    assert_int_equal(figures.all.queries, query_count);
    assert_true(fabs(figures.all.precision[1] - expected[0]) < 1e-8);
    assert_true(fabs(figures.all.recall[1] - expected[1]) < 1e-8);
    assert_true(fabs(figures.all.average_precision - expected[2]) < 1e-8);
    weft_retrieval_clear(&figures);
    weft_dataset_free(catalogue);
    weft_dataset_free(asked);
    free(points);
    free(labels);
}

/* ---- what classifiers see ---- */

static void every_family_has_points(void **state)
{
    (void)state;
    const struct {
        const weft_classifier *classifier;
        const char *kind;
        size_t dims;
    } cases[] = {{pixels, "pixels", SIDE * SIDE}, {components, "features", 12},
        {network, "embedding", weft_classifier_embedding_size(network)}};
    for (size_t c = 0; c < 3; c++) {
        weft_index *index;
        assert_ok(
            weft_index_create(&index, cases[c].classifier, data.train, NULL, context));
        assert_string_equal(weft_index_kind(index), cases[c].kind);
        assert_int_equal(weft_index_dims(index), cases[c].dims);
        assert_int_equal(weft_index_count(index), TRAIN);
        const float *points = weft_index_points(index);
        for (size_t i = 0; i < TRAIN; i++) {
            double square = weft__seen_product(
                points + i * cases[c].dims, points + i * cases[c].dims, cases[c].dims);
            assert_true(square == 0 || fabs(square - 1) < 1e-6);
        }
        weft_similar *found = find(index, NULL, weft_similar_defaults());
        weft_retrieval figures;
        assert_ok(weft_similar_evaluate(&figures, found, context));
        assert_true(figures.all.precision[2] > 0.3); /* by chance 0.1 */
        weft_retrieval_clear(&figures);
        weft_similar_free(found);
        weft_index_free(index);
    }
    weft_index *index;
    weft_classifier *unfitted;
    assert_ok(weft_classifier_create(&unfitted, "knn"));
    assert_fails(weft_index_create(&index, unfitted, data.train, NULL, context),
        WEFT_EINVAL, "not fitted");
    weft_classifier_free(unfitted);
}

/* Pictures of any size are seen at one that comparing can bear. */
static void large_pictures_are_scaled_down(void **state)
{
    (void)state;
    weft_data large;
    weft_classifier *knn;
    weft_index *index;
    weft_load_options load = weft_load_defaults();
    assert_ok(weft_data_load(&large, "synth:n=40,test=0,size=64,colour", &load, context));
    weft_view train = weft_view_all(large.train);
    assert_ok(weft_classifier_create(&knn, "knn"));
    assert_ok(weft_classifier_fit(knn, &train, NULL, context));
    assert_ok(weft_index_create(&index, knn, large.train, NULL, context));
    assert_int_equal(weft_index_dims(index), 24 * 24 * 3);
    assert_fails(
        weft_index_create(&index, knn, data.train, NULL, context), WEFT_EINVAL, "64x64x3");
    weft_index_free(index);
    weft_classifier_free(knn);
    weft_data_clear(&large);
}

/* ---- items and diversity ---- */

static bool contains(const weft_similar *found, size_t query, uint32_t position)
{
    size_t count;
    const weft_alike *alike = weft_similar_of(found, query, &count);
    for (size_t n = 0; n < count; n++)
        if (alike[n].position == position)
            return true;
    return false;
}

/* The catalogue twice over: every picture's copy is `TRAIN` further on. */
static weft_dataset *doubled(void)
{
    size_t bytes = TRAIN * SIDE * SIDE;
    uint8_t *twice = malloc(2 * bytes);
    uint16_t labels[2 * TRAIN];
    weft_dataset *out;
    assert_non_null(twice);
    for (int half = 0; half < 2; half++) {
        memcpy(twice + half * bytes, weft_dataset_pixels(data.train), bytes);
        memcpy(labels + half * TRAIN, weft_dataset_labels(data.train), sizeof labels / 2);
    }
    assert_ok(weft_dataset_create(&out, weft_dataset_shape(data.train), 2 * TRAIN, twice,
        labels, weft_dataset_classes(data.train), NULL));
    free(twice);
    return out;
}

static void copies_are_left_out(void **state)
{
    (void)state;
    weft_dataset *twice = doubled();
    weft_index *index;
    weft_similar_options options = weft_similar_defaults();
    assert_ok(weft_index_create(&index, pixels, twice, NULL, context));
    options.same = WEFT_SAME_NONE;
    weft_similar *with = find(index, NULL, options);
    options.same = WEFT_SAME_EXACT;
    weft_similar *without = find(index, NULL, options);
    weft_view outside = weft_view_all(data.train);
    weft_similar *strange = find(index, &outside, options);
    size_t count;
    for (uint32_t i = 0; i < TRAIN; i++) {
        assert_true(contains(with, i, i + TRAIN));
        assert_int_equal(weft_similar_of(with, i, &count)->position, i + TRAIN);
        assert_false(contains(with, i, i));
        assert_false(contains(without, i, i + TRAIN) || contains(without, i, i));
        assert_false(contains(strange, i, i + TRAIN) || contains(strange, i, i));
    }
    weft_similar_free(with);
    weft_similar_free(without);
    weft_similar_free(strange);
    weft_index_free(index);
    weft_dataset_free(twice);
}

static void groups_are_left_out(void **state)
{
    (void)state;
    char path[96];
    snprintf(path, sizeof path, "%s/groups.csv", folder);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs("picture,group\n", to);
    for (int i = 0; i < TRAIN; i++)
        fprintf(to, "%d,g%d\n", i, i % 7);
    assert_int_equal(fclose(to), 0);
    weft_index *index;
    weft_similar_options options = weft_similar_defaults();
    options.groups = path;
    assert_ok(weft_index_create(&index, components, data.train, NULL, context));
    weft_similar *found = find(index, NULL, options);
    for (size_t i = 0; i < TRAIN; i++) {
        size_t count;
        const weft_alike *alike = weft_similar_of(found, i, &count);
        assert_int_equal(count, 10);
        for (size_t n = 0; n < count; n++)
            assert_true(alike[n].position % 7 != i % 7);
    }
    weft_similar_free(found);
    options.groups = NULL;
    options.item_ends = "_";
    assert_fails(
        weft_similar_find(&found, index, NULL, &options, context), WEFT_EINVAL, "no files");
    weft_index_free(index);
}

/* The mean similarity of what is shown, to the query and among each other. */
static void measure(const weft_index *index, const weft_similar *found, double means[2])
{
    size_t count, dims = weft_index_dims(index), pairs = 0, all = 0;
    const float *points = weft_index_points(index);
    means[0] = means[1] = 0;
    for (size_t i = 0; i < TRAIN; i++) {
        const weft_alike *alike = weft_similar_of(found, i, &count);
        for (size_t n = 0; n < count; n++) {
            means[0] += (double)alike[n].similarity;
            all++;
            for (size_t m = 0; m < n; m++, pairs++)
                means[1] += weft__seen_product(points + alike[n].position * dims,
                    points + alike[m].position * dims, dims);
        }
    }
    means[0] /= (double)all;
    means[1] /= (double)pairs;
}

static void diversity_spreads(void **state)
{
    (void)state;
    weft_index *index;
    weft_similar_options options = weft_similar_defaults();
    assert_ok(weft_index_create(&index, components, data.train, NULL, context));
    double before[2] = {2, 2};
    for (int step = 0; step < 4; step++) {
        options.diversity = 0.25 * step;
        weft_similar *found = find(index, NULL, options);
        double now[2];
        measure(index, found, now);
        assert_true(now[0] < before[0] && now[1] < before[1]);
        memcpy(before, now, sizeof now);
        /* The first is the most similar whatever comes behind it. */
        size_t count;
        weft_similar_options plain = weft_similar_defaults();
        plain.k = 1;
        weft_similar *first = find(index, NULL, plain);
        for (size_t i = 0; i < TRAIN; i++)
            assert_int_equal(weft_similar_of(found, i, &count)->position,
                weft_similar_of(first, i, &count)->position);
        weft_similar_free(first);
        weft_similar_free(found);
    }
    weft_index_free(index);
}

/* ---- the file ---- */

static weft_index *open_kept(const weft_classifier *classifier, const weft_dataset *of)
{
    weft_index *index;
    const weft_index_options options = {.path = file};
    assert_ok(weft_index_create(&index, classifier, of, &options, context));
    return index;
}

static void index_is_kept_and_used(void **state)
{
    (void)state;
    (void)unlink(file);
    weft_index *made = open_kept(network, data.train), *kept, *other;
    assert_false(weft_index_was_kept(made));
    kept = open_kept(network, data.train);
    assert_true(weft_index_was_kept(kept));
    assert_memory_equal(weft_index_points(kept), weft_index_points(made),
        TRAIN * weft_index_dims(made) * sizeof(float));
    /* A model saved and loaded is the same model. */
    char path[96];
    weft_classifier *loaded;
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    assert_ok(weft_classifier_save(network, path, context));
    assert_ok(weft_classifier_load(&loaded, path));
    other = open_kept(loaded, data.train);
    assert_true(weft_index_was_kept(other));
    weft_index_free(other);
    weft_classifier_free(loaded);
    /* Another model, and other pictures, are not. */
    other = open_kept(components, data.train);
    assert_false(weft_index_was_kept(other));
    weft_index_free(other);
    other = open_kept(components, queries);
    assert_false(weft_index_was_kept(other));
    weft_index_free(other);
    /* What was mapped before stays as it was. */
    assert_memory_equal(weft_index_points(kept), weft_index_points(made),
        TRAIN * weft_index_dims(made) * sizeof(float));
    weft_index_free(made);
    weft_index_free(kept);
}

/* Whatever happened to the file, the points are right afterwards. */
static void damaged_index_is_made_anew(void **state)
{
    (void)state;
    (void)unlink(file);
    weft_index *made = open_kept(components, data.train);
    uint8_t *bytes;
    size_t size;
    assert_ok(weft__file_read(file, 1 << 24, &bytes, &size));
    for (size_t at = 8; at < size + 64; at += at < 240 ? 1 : size / 17) {
        uint8_t was = at < size ? bytes[at] : 0;
        if (at < size)
            bytes[at] ^= 0x40; /* turned, or the file cut or longer */
        assert_ok(weft__file_write(file, bytes, at % 3 == 0 && at > 4096 ? at : size));
        weft_index *index = open_kept(components, data.train);
        /* Between header and points lies what nobody reads. */
        if (at < 16 + 16 + 3 * 64 || at >= 4096)
            assert_false(at < size && weft_index_was_kept(index));
        assert_memory_equal(weft_index_points(index), weft_index_points(made),
            TRAIN * weft_index_dims(made) * sizeof(float));
        weft_index_free(index);
        if (at < size)
            bytes[at] = was;
    }
    /* What is no index is not overwritten. */
    const char *const strange[] = {"no index", "", "weftidx"};
    const weft_index_options options = {.path = file};
    for (size_t i = 0; i < 3; i++) {
        weft_index *index;
        struct stat found;
        assert_ok(weft__file_write(file, strange[i], strlen(strange[i])));
        assert_fails(weft_index_create(&index, components, data.train, &options, context),
            WEFT_EFORMAT, "left as it is");
        assert_int_equal(stat(file, &found), 0);
        assert_int_equal(found.st_size, strlen(strange[i]));
    }
    free(bytes);
    weft_index_free(made);
}

/* ---- what is refused ---- */

static void refuses(void **state)
{
    (void)state;
    weft_index *index;
    weft_similar *found;
    weft_retrieval figures;
    assert_ok(weft_index_create(&index, components, data.train, NULL, context));
    const struct {
        weft_similar_options options;
        const char *says;
    } cases[] = {{{.k = 0}, "k=0"}, {{.k = 2000}, "k=2000"},
        {{.k = 1, .diversity = NAN}, "diversity"}, {{.k = 1, .diversity = 2}, "diversity"},
        {{.k = 1, .same = 7}, "same=7"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_fails(weft_similar_find(&found, index, NULL, &cases[i].options, context),
            WEFT_EINVAL, cases[i].says);
    /* More than there are is all there are. */
    weft_similar_options all = {.k = 1000, .same = WEFT_SAME_NONE};
    found = find(index, NULL, all);
    size_t count;
    for (size_t i = 0; i < TRAIN; i++) {
        (void)weft_similar_of(found, i, &count);
        assert_int_equal(count, TRAIN - 1);
    }
    assert_null(weft_similar_of(found, TRAIN, &count));
    weft_similar_free(found);
    /* Nothing is relevant to pictures without labels. */
    weft_dataset *bare;
    assert_ok(weft_dataset_create(&bare, weft_dataset_shape(queries), TEST,
        weft_dataset_pixels(queries), NULL, 0, NULL));
    weft_view view = weft_view_all(bare);
    found = find(index, &view, weft_similar_defaults());
    assert_fails(weft_similar_evaluate(&figures, found, context), WEFT_EINVAL, "no labels");
    weft_similar_free(found);
    weft_dataset_free(bare);
    weft_index_free(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(search_is_exact),
        cmocka_unit_test(equal_points_come_in_order),
        cmocka_unit_test(agrees_with_faiss),
        cmocka_unit_test(every_family_has_points),
        cmocka_unit_test(large_pictures_are_scaled_down),
        cmocka_unit_test(copies_are_left_out),
        cmocka_unit_test(groups_are_left_out),
        cmocka_unit_test(diversity_spreads),
        cmocka_unit_test(index_is_kept_and_used),
        cmocka_unit_test(damaged_index_is_made_anew),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests_name("similar", tests, set_up, tear_down);
}
