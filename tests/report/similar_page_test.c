/* The files of weft_similar_save: what they hold, their size, and the page in a browser. */
#include "support.h"

#include <jansson.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/folder.h"
#include "weft/weft.h"

/* The second class name tries to leave its script. */
static const char *const names[] = {
    "Größe & <b>Farbe</b>", "</script><script>document.title='broken'</script>", "bag"};
enum { CLASSES = 3 };

static char folder[] = "/tmp/weft-similar-page-XXXXXX";
static weft_context *context;

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) && weft_context_create(&context, 2) == WEFT_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    weft__remove_tree(folder);
    weft_context_free(context);
    return 0;
}

/* Noise, which no compression makes smaller, with a band whose place is the class. */
static weft_dataset *noise(size_t count, uint32_t side, bool labelled)
{
    weft_shape shape = {side, side, 3};
    size_t bytes = weft_shape_bytes(shape);
    uint8_t *pixels = malloc(count * bytes);
    uint16_t *labels = calloc(count, sizeof *labels);
    weft_rng rng = weft_rng_create(5, 0);
    weft_dataset *out;
    assert_true(pixels && labels);
    for (size_t i = 0; i < count; i++) {
        labels[i] = (uint16_t)(i % CLASSES);
        for (size_t k = 0; k < bytes; k++)
            pixels[i * bytes + k] = (uint8_t)weft_rng_below(&rng, 256);
        memset(pixels + i * bytes + labels[i] * (bytes / CLASSES), 250, bytes / CLASSES);
    }
    assert_ok(weft_dataset_create(&out, shape, count, pixels, labelled ? labels : NULL,
        labelled ? CLASSES : 0, names));
    free(pixels);
    free(labels);
    return out;
}

/* Writes FOLDER/name; returns similar.json. */
static json_t *save(const char *name, const weft_dataset *train,
    const weft_dataset *catalogue, const weft_view *queries)
{
    weft_classifier *knn;
    weft_index *index;
    weft_similar *found;
    weft_retrieval retrieval = {0};
    char path[128];
    weft_view all = weft_view_all(train);
    bool judged = weft_dataset_labels(catalogue) && !queries;
    assert_ok(weft_classifier_create(&knn, "knn"));
    assert_ok(weft_classifier_fit(knn, &all, NULL, context));
    assert_ok(weft_index_create(&index, knn, catalogue, NULL, context));
    assert_ok(weft_similar_find(&found, index, queries, NULL, context));
    if (judged)
        assert_ok(weft_similar_evaluate(&retrieval, found, context));
    snprintf(path, sizeof path, "%s/%s", folder, name);
    const weft_similar_page page = {.similar = found,
        .retrieval = judged ? &retrieval : NULL,
        .source = "photos",
        .command = "weft similar knn.safetensors --in photos",
        .pictures = 600};
    assert_ok(weft_similar_save(path, &page));
    weft_retrieval_clear(&retrieval);
    weft_similar_free(found);
    weft_index_free(index);
    weft_classifier_free(knn);
    snprintf(path, sizeof path, "%s/%s/similar.json", folder, name);
    json_t *json = json_load_file(path, 0, NULL);
    assert_non_null(json);
    return json;
}

static size_t size_of(const char *name)
{
    char path[128];
    struct stat found;
    snprintf(path, sizeof path, "%s/%s/similar.html", folder, name);
    assert_int_equal(stat(path, &found), 0);
    return (size_t)found.st_size;
}

/* More pictures, of a larger size, than any page can hold. */
static void a_large_catalogue_stays_small(void **state)
{
    (void)state;
    weft_dataset *many = noise(1500, 64, true);
    json_t *json = save("large", many, many, NULL);
    const json_t *pictures = json_object_get(json, "pictures");
    assert_int_equal(json_array_size(pictures), 1500);
    for (size_t i = 0; i < 1500; i++) {
        const json_t *one = json_array_get(pictures, i);
        assert_int_equal(json_array_size(json_object_get(one, "similar")), 10);
        assert_int_equal(json_array_size(json_object_get(one, "similarity")), 10);
        assert_int_equal(json_integer_value(json_object_get(one, "label")), i % CLASSES);
    }
    assert_true(size_of("large") < 10000000);
    json_decref(json);
    weft_dataset_free(many);
}

/* Queries of their own, and pictures without labels. */
static void others_are_saved(void **state)
{
    (void)state;
    weft_dataset *train = noise(90, 16, true), *bare = noise(70, 16, false);
    weft_view queries = weft_view_all(train);
    json_t *json = save("bare", train, bare, NULL);
    assert_true(json_is_null(
        json_object_get(json_array_get(json_object_get(json, "pictures"), 0), "label")));
    json_decref(json);
    json = save("others", train, bare, &queries);
    assert_int_equal(json_array_size(json_object_get(json, "pictures")), 70);
    assert_int_equal(json_array_size(json_object_get(json, "query_pictures")), 90);
    json_decref(json);
    weft_dataset_free(train);
    weft_dataset_free(bare);
}

static void pages_work_in_chromium(void **state)
{
    (void)state;
    char command[4096];
    if (system("command -v chromium >/dev/null && command -v node >/dev/null") != 0 ||
        system("test -d \"$WEFT_TEST_SOURCE/../web/node_modules\"") != 0)
        skip();
    snprintf(command, sizeof command,
        "cd '%s' && node '%s/report/drive_similar.mjs' large/similar.html "
        "bare/similar.html others/similar.html",
        folder, getenv("WEFT_TEST_SOURCE"));
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_catalogue_stays_small),
        cmocka_unit_test(others_are_saved),
        cmocka_unit_test(pages_work_in_chromium),
    };
    return cmocka_run_group_tests_name("similar page", tests, set_up, tear_down);
}
