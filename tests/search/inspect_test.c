/* Inspectors: good pictures pass at the rate asked for, a planted spot is found where it
 * is, and the file keeps all. */
#include <unistd.h>

#include "support.h"
#include "weft/weft.h"

enum { SIDE = 24, GOOD = 400, BYTES = SIDE * SIDE };

static weft_context *context;
static weft_dataset *good, *others, *spotted;

/* A bright disc on a dark ground, with noise; with a spot at (6, 15) where asked. */
static weft_dataset *make(size_t count, uint64_t seed, bool spot)
{
    weft_dataset *out;
    uint8_t *pixels = malloc(count * BYTES);
    weft_rng rng = weft_rng_create(seed, 0);
    for (size_t i = 0; i < count; i++)
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                int in = (y - 12) * (y - 12) + (x - 12) * (x - 12) < 81;
                int value = (in ? 180 : 40) + (int)weft_rng_below(&rng, 30);
                if (spot && y >= 5 && y <= 7 && x >= 14 && x <= 16)
                    value = 60;
                pixels[i * BYTES + (size_t)(y * SIDE + x)] = (uint8_t)value;
            }
    assert_ok(weft_dataset_create(
        &out, (weft_shape){SIDE, SIDE, 1}, count, pixels, NULL, 0, NULL));
    free(pixels);
    return out;
}

static int begin(void **state)
{
    (void)state;
    assert_ok(weft_context_create(&context, 2));
    good = make(GOOD, 1, false);
    others = make(GOOD, 2, false);
    spotted = make(50, 3, true);
    return 0;
}

static int end(void **state)
{
    (void)state;
    weft_dataset_free(good);
    weft_dataset_free(others);
    weft_dataset_free(spotted);
    weft_context_free(context);
    return 0;
}

static weft_inspector *learnt(bool with_defects)
{
    weft_inspector *inspector;
    weft_inspect_options options = weft_inspect_defaults();
    weft_view view = weft_view_all(good), bad = weft_view_all(spotted);
    assert_ok(weft_inspector_fit(
        &inspector, &view, with_defects ? &bad : NULL, &options, context));
    return inspector;
}

static void a_spot_fails_and_is_shown(void **state)
{
    (void)state;
    static float scores[GOOD], maps[50 * BYTES];
    for (int defects = 0; defects < 2; defects++) {
        weft_inspector *inspector = learnt(defects);
        weft_view pass = weft_view_all(others), fail = weft_view_all(spotted);
        size_t rejected = 0, near = 0;
        assert_ok(weft_inspector_score(scores, NULL, inspector, &pass, context));
        for (size_t i = 0; i < pass.count; i++)
            rejected += scores[i] > 1;
        assert_in_range(rejected, 1, GOOD * 0.15);
        assert_ok(weft_inspector_score(scores, maps, inspector, &fail, context));
        for (size_t i = 0; i < fail.count; i++) {
            size_t most = 0;
            assert_true(scores[i] > 1);
            for (size_t p = 1; p < BYTES; p++)
                most = maps[i * BYTES + p] > maps[i * BYTES + most] ? p : most;
            near +=
                labs((long)(most / SIDE) - 6) <= 4 && labs((long)(most % SIDE) - 15) <= 4;
        }
        assert_true(near >= 45);
        weft_inspector_free(inspector);
    }
}

static void the_file_keeps_it_bit_for_bit(void **state)
{
    (void)state;
    char path[] = "/tmp/weft-inspect-XXXXXX";
    static float before[50], after[50];
    assert_true(close(mkstemp(path)) == 0);
    weft_inspector *inspector = learnt(false), *loaded;
    weft_view view = weft_view_all(spotted);
    assert_ok(weft_inspector_save(inspector, path));
    assert_ok(weft_inspector_load(&loaded, path));
    unlink(path);
    assert_ok(weft_inspector_score(before, NULL, inspector, &view, context));
    assert_ok(weft_inspector_score(after, NULL, loaded, &view, context));
    assert_memory_equal(before, after, sizeof before);
    assert_true(weft_inspector_reject(loaded) == 0.05);
    weft_inspector_free(inspector);
    weft_inspector_free(loaded);
}

static void what_cannot_be_is_said(void **state)
{
    (void)state;
    weft_inspector *inspector;
    weft_inspect_options options = weft_inspect_defaults();
    weft_view view = weft_view_all(good);
    view.count = 19;
    assert_fails(weft_inspector_fit(&inspector, &view, NULL, &options, context),
        WEFT_EINVAL, "at least 20");
    view.count = 50;
    assert_fails(weft_inspector_fit(&inspector, &view, NULL, &options, context),
        WEFT_EINVAL, "needs 19");
    options.features = "none.safetensors";
    assert_fails(weft_inspector_fit(&inspector, &view, NULL, &options, context),
        WEFT_ENOTFOUND, "none.safetensors");
}

static void other_files_are_refused(void **state)
{
    (void)state;
    char path[] = "/tmp/weft-inspect-XXXXXX";
    weft_inspector *inspector;
    assert_true(close(mkstemp(path)) == 0);
    FILE *stream = fopen(path, "wb");
    const char header[] = "{\"__metadata__\":{\"weft.inspect\":\"{}\"}}";
    const uint64_t length = sizeof header - 1;
    fwrite(&length, 8, 1, stream);
    fwrite(header, 1, sizeof header - 1, stream);
    fclose(stream);
    assert_fails(weft_inspector_load(&inspector, path), WEFT_EFORMAT, "damaged");
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spot_fails_and_is_shown),
        cmocka_unit_test(the_file_keeps_it_bit_for_bit),
        cmocka_unit_test(what_cannot_be_is_said),
        cmocka_unit_test(other_files_are_refused),
    };
    return cmocka_run_group_tests_name("inspect", tests, begin, end);
}
