/* inspect: learn, pass, fail with exit 3, and the folder it leaves. */
#include <jansson.h>

#include "cli/weft.h"
#include "weft/picture.h"
#include "weft/weft.h"

/* Discs with noise in good/; two more in new/, of which one has a corner
 * painted. */
static void make_pictures(void) {
  uint8_t pixels[24 * 24];
  weft_rng rng = weft_rng_create(1, 0);
  char path[64];
  assert_int_equal(mkdir("good", 0700), 0);
  assert_int_equal(mkdir("new", 0700), 0);
  for (int i = 0; i < 102; i++) {
    for (int p = 0; p < 24 * 24; p++) {
      int y = p / 24 - 12, x = p % 24 - 12;
      pixels[p] = (uint8_t)((y * y + x * x < 81 ? 180 : 40) +
                            (int)weft_rng_below(&rng, 30));
    }
    for (int p = 0; i == 101 && p < 5 * 24; p++)
      if (p % 24 < 5)
        pixels[p] = 250;
    if (i < 100)
      snprintf(path, sizeof path, "good/%03d.png", i);
    else
      snprintf(path, sizeof path, "new/%03d.png", i);
    assert_ok(weft_picture_write_png(path, pixels, (weft_shape){24, 24, 1}));
  }
}

static void a_painted_corner_fails(void **state) {
  (void)state;
  make_pictures();
  assert_outcome(weft("inspect", "m.safetensors", "--learn", "good", "--size",
                      "24", "--channels", "1", "--reject", "0.1"),
                 0, "");
  const struct outcome *o =
      weft("inspect", "m.safetensors", "new", "--json", "--out", "found");
  assert_outcome(o, 3, "");
  json_t *json = json_loads(o->out, 0, NULL);
  json_t *bad = json_array_get(json_object_get(json, "pictures"), 1);
  assert_string_equal(json_string_value(json_object_get(bad, "verdict")),
                      "fail");
  assert_true(json_integer_value(json_object_get(bad, "row")) < 8);
  assert_true(json_integer_value(json_object_get(bad, "column")) < 8);
  json_decref(json);
  assert_true(exists("found/inspect.html") && exists("found/inspect.json") &&
              exists("found/picture-0001.png"));
  o = weft("inspect", "m.safetensors", "new/101.png");
  assert_outcome(o, 3, "");
  assert_non_null(strstr(o->out, "1 of 1 failed"));
}

static void the_page_works_in_chromium(void **state) {
  (void)state;
  if (system("command -v chromium >/dev/null && command -v node >/dev/null") !=
          0 ||
      system("test -d \"$WEFT_TEST_SOURCE/../web/node_modules\"") != 0)
    skip();
  make_pictures();
  assert_outcome(weft("inspect", "m.safetensors", "--learn", "good", "--size",
                      "24", "--channels", "1", "--reject", "0.1"),
                 0, "");
  assert_outcome(weft("inspect", "m.safetensors", "new", "--out", "found"), 3,
                 "");
  assert_int_equal(system("node \"$WEFT_TEST_SOURCE/report/drive_plain.mjs\" "
                          "found/inspect.html"),
                   0);
}

static void wrong_uses_are_told(void **state) {
  (void)state;
  make_pictures();
  assert_outcome(weft("inspect", "m.safetensors"), 2, "--learn");
  assert_failure(weft("inspect", "none.safetensors", "new"),
                 "none.safetensors");
  assert_failure(weft("inspect", "m.safetensors", "--learn", "new"),
                 "2 good pictures");
  assert_false(exists("m.safetensors"));
  assert_outcome(weft("train", "knn", "--k", "1", "--data", "synth:n=200",
                      "--out", "k.safetensors", "--no-store"),
                 0, "");
  assert_failure(weft("inspect", "k.safetensors", "new"),
                 "not what 'weft inspect");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      folder_test(a_painted_corner_fails),
      folder_test(the_page_works_in_chromium),
      folder_test(wrong_uses_are_told),
  };
  return cmocka_run_group_tests_name("inspect", tests, NULL, NULL);
}
