#include "support.h"

#include "core/file.h"
#include "model/tensors.h"

static char path[] = "/tmp/weft-tensors-XXXXXX";

static void write_text(const char *header, size_t declared, const char *body, size_t size)
{
    uint8_t bytes[1024];
    size_t length = strlen(header);
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)declared >> (8 * i));
    memcpy(bytes + 8, header, length);
    if (size)
        memcpy(bytes + 8 + length, body, size);
    assert_ok(weft__file_write(path, bytes, 8 + length + size));
}

static void round_trip(void **state)
{
    (void)state;
    const float weights[6] = {1, 2, 3, 4, 5, -6.5f};
    const uint8_t pixels[3] = {1, 2, 255};
    weft__tensors out = {0}, in;
    assert_ok(weft__tensors_add(&out, "pixels", WEFT__U8, 1, (size_t[]){3}, pixels));
    assert_ok(weft__tensors_add(&out, "weights", WEFT__F32, 2, (size_t[]){2, 3}, weights));
    assert_ok(weft__tensors_add(&out, "nothing", WEFT__F32, 2, (size_t[]){0, 3}, weights));
    assert_ok(weft__tensors_set(&out, "note", "caf\xc3\xa9"));
    assert_ok(weft__tensors_write(&out, path));
    weft__tensors_clear(&out);

    assert_ok(weft__tensors_read(&in, path));
    const weft__tensor *found;
    assert_ok(
        weft__tensors_need(&in, "weights", WEFT__F32, 2, (size_t[]){2, SIZE_MAX}, &found));
    assert_int_equal((uintptr_t)found->data % sizeof(float), 0);
    assert_memory_equal(found->data, weights, sizeof weights);
    assert_string_equal(weft__tensors_get(&in, "note"), "caf\xc3\xa9");
    assert_null(weft__tensors_get(&in, "absent"));
    assert_fails(weft__tensors_need(&in, "weights", WEFT__F32, 2, (size_t[]){3, 2}, &found),
        WEFT_EFORMAT, "is F32 [2, 3], expected F32 [3, 2]");
    assert_fails(weft__tensors_need(&in, "weigths", WEFT__F32, 2, (size_t[]){2, 3}, &found),
        WEFT_EFORMAT, "no array 'weigths'");
    weft__tensors_clear(&in);
}

static void hostile_files_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header, *message;
        size_t body;
    } cases[] = {
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", "bytes 0 to 8",
            4},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", "do not give",
            8},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", "bytes 8 to 0",
            8},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
            "whole number", 8},
        {"{\"a\":{\"dtype\":\"F99\",\"shape\":[2],\"data_offsets\":[0,8]}}", "F99", 8},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],"
         "\"data_offsets\":[0,0]}}",
            "do not give", 0},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
         "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
            "overlaps", 3},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}",
            "behind the last", 3},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":7,\"data_offsets\":[0,2]}}", "no list", 2},
        {"{\"a\":7}", "expected dtype", 0},
        {"{\"__metadata__\":{\"k\":7}}", "'k' is no text", 0},
        {"{\"__metadata__\":[]}", "no object", 0},
        {"[]", "no object", 0},
        {"{\"a\":", "header, byte", 0},
    };
    const char body[16] = {0};
    weft__tensors in;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_text(cases[i].header, strlen(cases[i].header), body, cases[i].body);
        weft_status status = weft__tensors_read(&in, path);
        if (status == WEFT_OK || !strstr(weft_error(), cases[i].message) ||
            !strstr(weft_error(), path))
            fail_msg("case %zu: status %d, '%s' lacks '%s'", i, (int)status, weft_error(),
                cases[i].message);
    }
    write_text("{}", 1000, body, 0);
    assert_fails(weft__tensors_read(&in, path), WEFT_EFORMAT, "not a safetensors file");
    write_text("{}", SIZE_MAX, body, 0);
    assert_fails(weft__tensors_read(&in, path), WEFT_EFORMAT, "not a safetensors file");
    assert_ok(weft__file_write(path, body, 3));
    assert_fails(weft__tensors_read(&in, path), WEFT_EFORMAT, "3 bytes");
    assert_fails(weft__tensors_read(&in, "/nowhere/x"), WEFT_ENOTFOUND, "/nowhere/x");
}

static void foreign_alignment_is_mended(void **state)
{
    (void)state;
    /* A header whose length leaves the body at an odd address. */
    const char *header =
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}} ";
    const float one = 1;
    char bytes[4];
    memcpy(bytes, &one, 4);
    for (int spaces = 0; spaces < 8; spaces++) {
        char padded[128];
        snprintf(padded, sizeof padded, "%s%*s", header, spaces, "");
        write_text(padded, strlen(padded), bytes, 4);
        weft__tensors in;
        const weft__tensor *found;
        assert_ok(weft__tensors_read(&in, path));
        assert_ok(weft__tensors_need(&in, "a", WEFT__F32, 1, (size_t[]){1}, &found));
        assert_int_equal((uintptr_t)found->data % 4, 0);
        assert_true(*(const float *)found->data == 1);
        weft__tensors_clear(&in);
    }
}

static int make_path(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : fclose(fdopen(fd, "w"));
}

static int remove_path(void **state)
{
    (void)state;
    return remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(hostile_files_are_refused),
        cmocka_unit_test(foreign_alignment_is_mended),
    };
    return cmocka_run_group_tests_name("tensors", tests, make_path, remove_path);
}
