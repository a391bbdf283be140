#include "support.h"

#include <jansson.h>
#include <nettle/base64.h>
#include <spng.h>
#include <unistd.h>

#include "../eval/families.h"
#include "core/file.h"
#include "weft/weft.h"

/* The first class name tries to leave its script, the second is no UTF-8. */
static const char *const names[] = {"</script><script>document.title='broken'</script>",
    "bro\xffken", "Größe & <b>Farbe</b>", "T-shirt/top", "上着"};
enum { CLASSES = 5 };
static const char *const classifiers[] = {
    "centroid", "centroid:sharpness=2,passes=7", "centroid:noise=0.3", "prior", "broken"};

static char folder[] = "/tmp/weft-report-XXXXXX", path[64];
static weft_context *context;
static weft_data data;
static weft_comparison *comparison;
static char *page;
static size_t page_size;

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder) || weft_context_create(&context, 1) != WEFT_OK)
        return -1;
    data = make_data(200, 50, 300, CLASSES, 16, 3, names);
    weft_compare_options options = weft_compare_defaults();
    options.source = "shapes";
    options.command = "weft compare centroid --data shapes";
    /* "broken" fails, which the report must tell. */
    weft_status status =
        weft_compare(&comparison, &data, classifiers, 5, &options, context);
    snprintf(path, sizeof path, "%s/report.html", folder);
    if (status != WEFT_ENUMERIC || weft_report_write(path, comparison) != WEFT_OK)
        return -1;
    return weft__file_read(path, 1 << 25, (uint8_t **)&page, &page_size) == WEFT_OK ? 0
                                                                                    : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[256];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0)
        return -1;
    free(page);
    weft_comparison_free(comparison);
    weft_data_clear(&data);
    weft_context_free(context);
    return 0;
}

static json_t *payload(void)
{
    static const char mark[] = "id=\"payload\">";
    char *begin = strstr(page, mark);
    assert_non_null(begin);
    begin += strlen(mark);
    char *end = strstr(begin, "</script>");
    assert_non_null(end);
    json_error_t error;
    json_t *json = json_loadb(begin, (size_t)(end - begin), 0, &error);
    if (!json)
        fail_msg("the page's JSON: %s", error.text);
    return json;
}

static void is_one_safe_file(void **state)
{
    (void)state;
    assert_true(page_size < 6000000);
    assert_null(strstr(page, "@@data"));
    assert_null(strstr(page, "@@report"));
    assert_null(strstr(page, "@@plotly"));
    assert_null(strstr(page, "<script>document.title"));
    assert_non_null(strstr(page, "</html>"));
    /* Nothing is fetched by the page's own markup and styles. */
    const char *end = strstr(page, "id=\"payload\"");
    static const char *const fetching[] = {" src=", "@import", "url(http", "<link rel=\"s"};
    for (size_t i = 0; i < sizeof fetching / sizeof *fetching; i++) {
        const char *found = strstr(page, fetching[i]);
        assert_true(!found || found > end);
    }
}

static void holds_the_same_figures(void **state)
{
    (void)state;
    json_t *json = payload();
    char *text;
    assert_ok(weft_comparison_json(&text, comparison));
    json_t *results = json_loads(text, 0, NULL);
    assert_true(json_equal(json_object_get(json, "results"), results));
    json_decref(results);
    free(text);
    json_decref(json);
}

/* The sheet of the page, decoded. */
static uint8_t *decode_sheet(const json_t *pictures, struct spng_ihdr *header)
{
    static const char prefix[] = "data:image/png;base64,";
    const char *uri = json_string_value(json_object_get(pictures, "sheet"));
    assert_memory_equal(uri, prefix, sizeof prefix - 1);
    uri += sizeof prefix - 1;
    struct base64_decode_ctx base64;
    base64_decode_init(&base64);
    size_t size = BASE64_DECODE_LENGTH(strlen(uri));
    uint8_t *png = malloc(size + 1);
    assert_true(base64_decode_update(&base64, &size, png, strlen(uri), uri));
    assert_true(base64_decode_final(&base64));
    spng_ctx *decoder = spng_ctx_new(0);
    assert_int_equal(spng_set_png_buffer(decoder, png, size), 0);
    assert_int_equal(spng_get_ihdr(decoder, header), 0);
    size_t bytes;
    assert_int_equal(spng_decoded_image_size(decoder, SPNG_FMT_RGB8, &bytes), 0);
    uint8_t *pixels = malloc(bytes);
    assert_int_equal(spng_decode_image(decoder, pixels, bytes, SPNG_FMT_RGB8, 0), 0);
    spng_ctx_free(decoder);
    free(png);
    return pixels;
}

static void shows_the_right_pictures(void **state)
{
    (void)state;
    json_t *json = payload();
    const json_t *pictures = json_object_get(json, "pictures");
    const json_t *mistakes = json_array_get(json_object_get(json, "mistakes"), 0);
    const weft_evaluation *e = weft_comparison_entry(comparison, 0)->evaluation;
    size_t columns = (size_t)json_integer_value(json_object_get(pictures, "columns"));
    struct spng_ihdr header;
    uint8_t *sheet = decode_sheet(pictures, &header);
    assert_int_equal(header.width, columns * 16);

    /* The most wrong one: wrong, and none that is wrong was surer. */
    const json_t *worst = json_array_get(json_object_get(mistakes, "worst"), 0);
    size_t place = (size_t)json_integer_value(json_array_get(worst, 0)), found = SIZE_MAX;
    float surest = -1;
    for (size_t i = 0; i < 300; i++) {
        uint16_t said = weft_evaluation_predicted(e)[i];
        float p = weft_evaluation_probabilities(e)[i * CLASSES + said];
        if (said != weft_evaluation_truth(e)[i] && p > surest) {
            surest = p;
            found = i;
        }
    }
    assert_int_equal(
        json_integer_value(json_array_get(worst, 1)), weft_evaluation_predicted(e)[found]);
    assert_true(fabs(json_number_value(json_array_get(worst, 2)) - (double)surest) < 1e-4);
    weft_view test = weft_comparison_test(comparison);
    const uint8_t *pixels = weft_view_pixels(&test, found);
    for (size_t y = 0; y < 16; y++)
        assert_memory_equal(pixels + y * 48,
            sheet + ((place / columns * 16 + y) * header.width + place % columns * 16) * 3,
            48);
    free(sheet);

    /* As many pictures of a cell as there are, up to its limit, all of that cell. */
    const size_t *confusion = weft_evaluation_confusion(e);
    for (size_t i = 0; i < CLASSES; i++)
        for (size_t j = 0; j < CLASSES; j++) {
            char key[16];
            snprintf(key, sizeof key, "%zu-%zu", i, j);
            const json_t *cell = json_object_get(json_object_get(mistakes, "cells"), key);
            size_t most = i == j ? 6 : 12, n = confusion[i * CLASSES + j];
            assert_int_equal(json_array_size(cell), n < most ? n : most);
            for (size_t k = 0; k < json_array_size(cell); k++) {
                const json_t *shown = json_array_get(json_array_get(cell, k), 0);
                assert_int_equal(
                    json_integer_value(json_array_get(json_object_get(pictures, "truth"),
                        (size_t)json_integer_value(shown))),
                    i);
            }
        }
    for (size_t k = 0; k < CLASSES; k++)
        assert_int_equal(
            json_array_size(json_array_get(json_object_get(json, "samples"), k)), 10);
    json_decref(json);
}

static void refuses(void **state)
{
    (void)state;
    assert_fails(weft_report_write("/nowhere/report.html", comparison), WEFT_ENOTFOUND,
        "/nowhere/report.html");
}

/* ---- pages of folders ---- */

static void in_folder(char out[256], const char *name, const char *file)
{
    snprintf(out, 256, "%s/%s%s%s", folder, name, *file ? "/" : "", file);
}

static void write_text(const char *name, const char *file, const char *text)
{
    char at[256];
    in_folder(at, name, "");
    assert_ok(weft__make_folder(at));
    in_folder(at, name, file);
    assert_ok(weft__file_write(at, text, strlen(text)));
}

/* The same pictures and figures give the same page, byte for byte. */
static void remakes_a_comparison(void **state)
{
    (void)state;
    char at[256], there[256];
    in_folder(at, "compare", "");
    in_folder(there, "compare", "report.html");
    assert_ok(weft_comparison_save(comparison, at));
    assert_ok(weft__file_write(there, page, page_size));
    assert_ok(weft_report_folder(at));
    uint8_t *again;
    size_t size;
    assert_ok(weft__file_read(there, 1 << 25, &again, &size));
    assert_int_equal(size, page_size);
    assert_memory_equal(again, page, size);
    free(again);

    /* Pictures of other results are not taken over. */
    write_text("other", "results.json", "{\"classifiers\": [], \"run\": {\"seed\": 2}}");
    in_folder(at, "other", "report.html");
    assert_ok(weft__file_write(at, page, page_size));
    in_folder(at, "other", "");
    assert_ok(weft_report_folder(at));
    in_folder(at, "other", "report.html");
    assert_ok(weft__file_read(at, 1 << 25, &again, &size));
    assert_null(strstr((char *)again, "\"sheet\""));
    free(again);
}

static void makes_pages_of_folders(void **state)
{
    (void)state;
    char at[256], *text;
    weft_classifier *classifier;
    assert_ok(weft_classifier_create(&classifier, "centroid"));
    weft_crossvalidation *cv;
    weft_crossvalidation_options options = weft_crossvalidation_defaults();
    options.watch = true;
    options.source = "shapes";
    options.command = "weft cv centroid --data shapes";
    weft_view view = weft_view_all(data.train);
    assert_ok(weft_crossvalidate(&cv, classifier, &view, &options, context));
    in_folder(at, "cv", "");
    assert_ok(weft_crossvalidation_save(cv, at));
    assert_ok(weft_report_folder(at));
    weft_crossvalidation_free(cv);
    weft_classifier_free(classifier);

    assert_ok(
        weft_evaluation_json(&text, weft_comparison_entry(comparison, 0)->evaluation));
    json_t *results = json_pack("{s:f, s:i, s:o}", "fit_seconds", 1.5, "train_count", 200,
        "test", json_loads(text, 0, NULL));
    free(text);
    text = json_dumps(results, 0);
    write_text("train", "results.json", text);
    write_text("train", "args.json",
        "{\"classifier\": \"centroid\", \"data\": \"shapes\", \"seed\": 1, \"options\": "
        "{\"passes\": \"2\"}}");
    write_text("train", "results.csv",
        "epoch,loss,accuracy,val_loss,val_accuracy\n1,0.5,0.8,,\n2,0.4,0.9,,\n");
    free(text);
    json_decref(results);
    in_folder(at, "train", "");
    assert_ok(weft_report_folder(at));

    /* Three trials, one of them failed; values that are numbers and texts. */
    write_text("tune", "results.json",
        "{\"run\": {\"command\": \"weft tune x\", \"classifier\": \"x\", \"options\": [], "
        "\"space\": [\"rate=0.0001,0.01,10\"], \"data\": \"shapes\", \"data_digest\": "
        "\"ab\", "
        "\"train_count\": 200, \"folds\": 2, \"scoring\": \"accuracy\", \"seed\": 1, "
        "\"rungs\": "
        "[], \"threads\": 1, \"version\": \"1\", \"processor\": \"any\"},"
        "\"dimensions\": [{\"name\": \"rate\", \"number\": true, \"log\": false}, "
        "{\"name\": \"net\", \"number\": false, \"log\": false}], \"ranking\": [1, 0, 2], "
        "\"trials\": ["
        "{\"trial\": 0, \"params\": {\"rate\": 0.0001, \"net\": \"a,b\"}, \"status\": "
        "\"done\", "
        "\"mean_test_score\": 0.6, \"std_test_score\": 0.1, \"rank_test_score\": 2, "
        "\"split_test_scores\": [0.5, 0.7], \"fit_time\": [1, 2], \"history\": [{\"loss\": "
        "[2, "
        "1]}, {\"loss\": [3, 2]}]},"
        "{\"trial\": 1, \"params\": {\"rate\": 0.01, \"net\": \"<b>c</b>\"}, \"status\": "
        "\"done\", \"mean_test_score\": 0.85, \"std_test_score\": 0.05, "
        "\"rank_test_score\": 1, "
        "\"split_test_scores\": [0.8, 0.9], \"fit_time\": [1, 1], \"history\": [{\"loss\": "
        "[1, "
        "0.5]}, {\"loss\": [1, 0.7]}]},"
        "{\"trial\": 2, \"params\": {\"rate\": 10, \"net\": \"a,b\"}, \"status\": "
        "\"failed\", "
        "\"error\": \"the loss became NaN\", \"split_test_scores\": []}]}");
    in_folder(at, "tune", "");
    assert_ok(weft_report_folder(at));
}

/* Twelve classifiers of 10,000 pictures of noise, which no compression makes smaller. */
static void stays_small(void **state)
{
    (void)state;
    enum { MANY = 12 };
    const char *many[MANY];
    for (size_t i = 0; i < MANY; i++)
        many[i] = i % 2 ? "prior" : "centroid:passes=1";
    weft_data large = make_data(200, 0, 10000, CLASSES, 28, 1, names);
    weft_compare_options options = weft_compare_defaults();
    options.resamples = 10;
    weft_comparison *c;
    assert_ok(weft_compare(&c, &large, many, MANY, &options, context));
    char at[256];
    in_folder(at, "large.html", "");
    assert_ok(weft_report_write(at, c));
    uint8_t *bytes;
    size_t size;
    assert_ok(weft__file_read(at, 1 << 25, &bytes, &size));
    assert_true(size < 10000000);
    free(bytes);
    weft_comparison_free(c);
    weft_data_clear(&large);
}

static void refuses_folders(void **state)
{
    (void)state;
    char at[256];
    in_folder(at, "nowhere", "");
    assert_fails(weft_report_folder(at), WEFT_ENOTFOUND, "nowhere");
    write_text("broken", "results.json", "{\"ranking\":\n[1,]}");
    in_folder(at, "broken", "");
    assert_fails(weft_report_folder(at), WEFT_EFORMAT, "results.json:2");
    write_text("foreign", "results.json", "{\"winner\": \"me\"}");
    in_folder(at, "foreign", "");
    assert_fails(weft_report_folder(at), WEFT_EFORMAT, "foreign/results.json");
}

/* ---- in the browser ---- */

static void drive(const char *program, const char *pages)
{
    if (system("command -v chromium >/dev/null && command -v node >/dev/null") != 0 ||
        system("test -d \"$WEFT_TEST_SOURCE/../web/node_modules\"") != 0)
        skip();
    char command[4096];
    snprintf(command, sizeof command, "cd '%s' && node '%s/report/%s' %s", folder,
        getenv("WEFT_TEST_SOURCE"), program, pages);
    assert_int_equal(system(command), 0);
}

/* Draws, answers clicks and keys, asks the network for nothing: as drive.mjs says in full.
 */
static void works_in_chromium(void **state)
{
    (void)state;
    drive("drive.mjs", "report.html");
}

static void other_pages_work_in_chromium(void **state)
{
    (void)state;
    drive("drive_plain.mjs", "cv/report.html train/report.html tune/report.html");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_one_safe_file),
        cmocka_unit_test(holds_the_same_figures),
        cmocka_unit_test(shows_the_right_pictures),
        cmocka_unit_test(refuses),
        cmocka_unit_test(remakes_a_comparison),
        cmocka_unit_test(makes_pages_of_folders),
        cmocka_unit_test(stays_small),
        cmocka_unit_test(refuses_folders),
        cmocka_unit_test(works_in_chromium),
        cmocka_unit_test(other_pages_work_in_chromium),
    };
    return cmocka_run_group_tests_name("report", tests, set_up, tear_down);
}
